//! `rumormill search`: search the messages of a room.

use rumormill_client::Client;
use rumormill_text::{Clock, Names, show::message_line};

use crate::{
    client,
    commands::{data, json, talk, tell_hidden},
    failure::Failure,
    home::{HomeArgs, Reach},
    limits::PAGE_LINES,
};

/// Arguments of `rumormill search`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Name of the room, or the beginning of its id
    room: String,
    /// Words that a message must contain, the last one may be incomplete; also from:NAME, since:2026-05-01, until:7d
    #[arg(required = true)]
    words: Vec<String>,
    /// Print one JSON object per line, with every field of a message
    #[arg(long)]
    json: bool,
    /// Include messages from people you have hidden
    #[arg(long)]
    all: bool,
}

/// Prints the found messages, newest first.
///
/// # Errors
/// When there is no such room, or the home cannot be opened.
pub(crate) async fn run(args: Args, place: HomeArgs) -> Result<(), Failure> {
    let words = args.words.join(" ");
    let find = async |client: &Client| {
        let room = client.room(args.room.as_str());
        let found = room.search(&words, PAGE_LINES).await?;
        Ok((found.messages, Names::of_people(&room.people().await?)))
    };
    let (messages, mut names) = client::with(&place, Reach::Reading, find).await?;
    messages.iter().for_each(|message| names.meet(message));
    let found = messages.len();
    let messages: Vec<_> = messages.into_iter().filter(|message| args.all || !message.hidden).collect();
    if found == 0 {
        talk("nothing was found");
    }
    tell_hidden(found - messages.len());
    let clock = Clock::local();
    messages.iter().try_for_each(|message| match args.json {
        true => json(message),
        false => data(&message_line(&clock, &names, message)),
    })
}
