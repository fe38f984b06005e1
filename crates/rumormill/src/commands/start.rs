//! `rumormill` alone, at a terminal: open the last room; on the first run, ask two questions and enter a room.

use std::io;

use rumormill_api::{Enter, endpoints};
use rumormill_client::Client;
use rumormill_node::read_nick;
use rumormill_server::{read_name, read_ticket};
use rumormill_text::{founded, holds_ticket};
use rumormill_tui::Visit;
use rustyline::{DefaultEditor, error::ReadlineError};

use crate::{
    client,
    commands::{chat::last, new, nick, talk},
    failure::{Exit, Failure},
    home::{HomeArgs, Reach},
    visit::{Look, visit},
};

/// Opens the last room, or asks how to begin.
///
/// # Errors
/// When the home cannot be opened, or the person ends the input.
pub(crate) async fn run(place: HomeArgs) -> Result<(), Failure> {
    let start = async |client: &Client| match client.rooms().await?.into_iter().next() {
        None => begin(client, &place).await,
        Some(first) => {
            let room = last(client, &place).await.unwrap_or(first);
            visit(client, &room, &place, Look::of(false)).await
        }
    };
    client::with(&place, Reach::Staying, start).await.map(|_| ())
}

/// Asks for a name, and for a room to join or to create.
async fn begin(client: &Client, place: &HomeArgs) -> Result<Visit, Failure> {
    talk("You have no room yet. Two questions, and you are in one; Ctrl-C leaves.");
    let known = place.config()?.nick.or_else(nick::login).unwrap_or_default();
    let nick = ask("Your name: ", &known, |name| Ok(read_nick(name)?.to_owned())).await?;
    let answer = ask(
        "Paste a ticket to join a room, or name a new one (closed; `rumormill new NAME --open` makes an open one): ",
        "",
        check,
    )
    .await?;
    let ticket = holds_ticket(&answer);
    let enter = if ticket { Enter::Invited { ticket: answer } } else { Enter::Founded { name: answer, open: false } };
    let room = client.call(&endpoints::ENTER_ROOM, &[], &[], &enter).await?;
    nick::tell(client, &room, Some(nick)).await?;
    if !ticket {
        let ticket = client.room(room.id.as_str()).ticket().await?;
        talk(founded(&room));
        new::show(&room, &ticket, None)?;
    }
    visit(client, &room, place, Look::of(false)).await
}

/// Checks a ticket or the name of a room.
fn check(answer: &str) -> Result<String, Failure> {
    match holds_ticket(answer) {
        true => Ok(read_ticket(answer)?.to_string()),
        false => Ok(read_name(answer)?.to_owned()),
    }
}

/// Asks until the answer is valid.
async fn ask(
    question: &'static str,
    known: &str,
    check: impl Fn(&str) -> Result<String, Failure>,
) -> Result<String, Failure> {
    let mut known = known.to_owned();
    loop {
        let typed = tokio::task::spawn_blocking(move || {
            DefaultEditor::new().and_then(|mut editor| editor.readline_with_initial(question, (&known, "")))
        });
        let typed = typed.await.map_err(|error| Failure::internal("terminal", error.to_string()))?;
        let typed = typed.map_err(|error| match error {
            ReadlineError::Eof | ReadlineError::Interrupted => Failure::output(&io::ErrorKind::BrokenPipe.into()),
            error => Failure::internal("terminal", error.to_string()),
        })?;
        match check(&typed) {
            Ok(answer) => return Ok(answer),
            Err(failure) if matches!(failure.exit, Exit::Usage | Exit::Ticket) => talk(&failure.to_string()),
            Err(failure) => return Err(failure),
        }
        known = typed;
    }
}
