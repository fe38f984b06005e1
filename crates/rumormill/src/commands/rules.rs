//! `rumormill rules`: print or change the rules of a closed room, or what is held back in an open one.

use rumormill_api::{Room, endpoints};
use rumormill_client::Client;
use rumormill_text::{DISPLAY_HELP, NO_RULES, RULES_HELP, read_display, read_rules, rules_here};

use crate::{
    client::{self, pick},
    commands::{data, json},
    failure::{Exit, Failure},
    home::{HomeArgs, Reach},
};

/// Arguments of `rumormill rules`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Name of the room, or the beginning of its id
    room: String,
    /// What to change: `slow 30`, `slow off`, `newcomers held`, `newcomers shown`, `tickets governors`, `tickets members`; in an
    /// open room, for yourself alone: `newcomers held`, `newcomers shown`, `flood 10`, `flood off`
    change: Vec<String>,
    /// Print the rules as JSON
    #[arg(long)]
    json: bool,
}

/// Changes a rule, if one is given, and prints the rules.
///
/// # Errors
/// When there is no such room, the words are no rule there, the person may not, or the home cannot be opened.
pub(crate) async fn run(args: Args, place: HomeArgs) -> Result<(), Failure> {
    let words = args.change.join(" ");
    if !words.is_empty() && read_rules(&words).is_none() && read_display(&words).is_none() {
        return Err(no_rule(&words, RULES_HELP));
    }
    let asked = async |client: &Client| -> Result<Room, Failure> {
        let room = pick(client, Some(&args.room)).await?;
        change(client, room, &words).await
    };
    let room = client::with(&place, Reach::Reading, asked).await?;
    let Some((told, _)) = rules_here(&room) else { return data(NO_RULES) };
    match (room.rules, room.display) {
        (Some(rules), _) if args.json => json(&rules),
        (None, Some(display)) if args.json => json(&display),
        _ => told.iter().try_for_each(|rule| data(rule)),
    }
}

/// Changes a rule, if one is given; returns the room.
async fn change(client: &Client, room: Room, words: &str) -> Result<Room, Failure> {
    if words.is_empty() {
        return Ok(room);
    }
    let id = [room.id.as_str()];
    if room.rules.is_some() {
        let change = read_rules(words).ok_or_else(|| no_rule(words, RULES_HELP))?;
        return Ok(client.call(&endpoints::SET_RULES, &id, &[], &change).await?);
    }
    let change = read_display(words).ok_or_else(|| no_rule(words, DISPLAY_HELP))?;
    Ok(client.call(&endpoints::SET_DISPLAY, &id, &[], &change).await?)
}

fn no_rule(words: &str, help: &str) -> Failure {
    Failure {
        exit: Exit::Usage,
        code: "usage".into(),
        what: format!("{words:?} is no rule of this room"),
        help: format!("say one of: {help}"),
    }
}
