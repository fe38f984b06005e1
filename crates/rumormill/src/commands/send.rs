//! `rumormill send`: say something and leave.

use std::{
    io::{self, BufRead, Read},
    path::PathBuf,
    time::Duration,
};

use futures_util::{Stream, StreamExt as _};
use rumormill_api::{Event, Holders, LINES_AT_ONCE, Message, TEXT_BYTES};
use rumormill_client::{Client, RoomHandle};
use rumormill_text::show::count;
use rumormill_tui::transfer;
use tokio::time::{Instant, timeout_at};

use crate::{
    client,
    commands::talk,
    failure::{Exit, Failure},
    home::{Place, Reach},
    limits::{LEAVE_MS, TYPED_BYTES},
};

/// What to give `rumormill send`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Name of the room, or the beginning of its id
    room: String,
    /// Text to send; without text and file, every line of standard input is sent
    text: Vec<String>,
    /// File to send; can be given more than once
    #[arg(long, value_name = "PATH")]
    file: Vec<PathBuf>,
}

/// Says it, waits for somebody to take it, and tells how many have it. Nobody there is no failure: it is kept, and
/// goes out when the home is open and somebody is there.
///
/// # Errors
/// When there is no such room, a text is too long, or the home cannot be opened.
pub(crate) async fn run(args: Args, place: Place) -> Result<(), Failure> {
    client::with(&place, Reach::Peers, async |client| say(client, &args).await).await
}

async fn say(client: &Client, args: &Args) -> Result<(), Failure> {
    let mut events = client.events().await?.until_gone();
    let room = client.room(args.room.as_str());
    let mut last = match args.text.is_empty() {
        false => Some(room.say(args.text.join(" ")).await?),
        true if args.file.is_empty() => say_input(&room).await?,
        true => None,
    };
    let id = args.room.as_str().into();
    for file in &args.file {
        let bar = transfer::bar(0, &file.file_name().unwrap_or_default().to_string_lossy());
        let sent = transfer::send(client, &id, file, &bar).await;
        bar.finish_and_clear();
        last = Some(sent.map_err(|failure| in_part(last.as_ref(), failure.into()))?);
    }
    let Some(last) = last else {
        return Err(Failure {
            exit: Exit::Usage,
            code: "nothing".into(),
            what: "there was nothing to say".into(),
            help: "give a text, or lines on standard input".into(),
        });
    };
    let deadline = Instant::now() + Duration::from_millis(LEAVE_MS);
    let holders = loop {
        // What was said stays said, whoever holds it: an error here would have a program say it again.
        let (Ok(Holders { holders, .. }), Ok(room)) = (room.holders(&last.r#ref).await, room.status().await) else {
            talk("said; who has it is not known");
            return Ok(());
        };
        let has = |author| holders.iter().any(|holder| holder.author == author);
        let everyone = !room.peers.is_empty() && room.peers.iter().all(|peer| has(peer.author.clone()));
        if everyone || !timeout_at(deadline, news(&mut events)).await.unwrap_or(false) {
            break holders.len();
        }
    };
    match holders {
        0 => talk("said; nobody is here now, it goes out when somebody is"),
        others => talk(&format!("said; {}", count(others, "other has it", "others have it"))),
    }
    Ok(())
}

/// A failure that tells whether some of it was said before, so that nobody says that again.
fn in_part(said: Option<&Message>, failure: Failure) -> Failure {
    if said.is_none() {
        return failure;
    }
    let Failure { exit, code, what, help } = failure;
    Failure { exit, code, what: format!("what came before was said, the rest was not: {what}"), help }
}

/// Says every line that is not empty, many at once; the answer is the last one.
async fn say_input(room: &RoomHandle) -> Result<Option<Message>, Failure> {
    let mut input = io::stdin().lock();
    let mut last = None;
    loop {
        let (mut lines, ended) = read_lines(&mut input).map_err(|failure| in_part(last.as_ref(), failure))?;
        while !lines.is_empty() {
            let said = room.say_lines(lines.join("\n")).await;
            let messages = said.map_err(|error| in_part(last.as_ref(), error.into()))?;
            // Those that had no place any more are said again, for nobody has heard them.
            let count = messages.len().min(lines.len());
            if count == 0 {
                return Err(in_part(last.as_ref(), rumormill_node::Error::Busy.into()));
            }
            lines.drain(..count);
            last = messages.into_iter().last();
        }
        if ended {
            return Ok(last);
        }
    }
}

/// The next lines that are not empty, and whether there are no more.
fn read_lines(input: &mut impl BufRead) -> Result<(Vec<String>, bool), Failure> {
    let mut lines: Vec<String> = Vec::new();
    while lines.len() < LINES_AT_ONCE && lines.iter().map(String::len).sum::<usize>() < 2 * TEXT_BYTES {
        let mut line = Vec::new();
        let length = input.by_ref().take(TYPED_BYTES).read_until(b'\n', &mut line);
        if length.map_err(|error| Failure::internal("input", error.to_string()))? == 0 {
            return Ok((lines, true));
        }
        let text = String::from_utf8_lossy(&line).trim_end_matches(['\r', '\n']).to_owned();
        if text.len() > TEXT_BYTES {
            return Err(rumormill_node::Error::TooLong.into());
        }
        if !text.trim().is_empty() {
            lines.push(text);
        }
    }
    Ok((lines, false))
}

/// Waits for something by which more may have it; false when nothing comes any more.
async fn news(events: &mut (impl Stream<Item = Event> + Unpin)) -> bool {
    while let Some(event) = events.next().await {
        if matches!(event, Event::Held { .. } | Event::Person { .. } | Event::Room { .. }) {
            return true;
        }
    }
    false
}
