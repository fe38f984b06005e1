//! `rumormill report`: report a message to those who govern a closed room, or list the reports that came.

use rumormill_api::{NewReport, Report, endpoints};
use rumormill_client::Client;
use rumormill_text::{Names, clean};
use rumormill_tui::reports::made;

use crate::{
    client::{self, pick},
    commands::{data, json, talk},
    failure::Failure,
    home::{HomeArgs, Reach},
};

/// Arguments of `rumormill report`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Name of the room, or the beginning of its id
    room: String,
    /// The message, as `rumormill log --json` has it in `ref`; lists the reports that came if omitted
    message: Option<String>,
    /// Why
    words: Vec<String>,
    /// Print the reports as JSON, one per line
    #[arg(long)]
    json: bool,
}

/// Reports a message, or prints a line for each report that came.
///
/// # Errors
/// When there is no such room or message, the room is open, or the home cannot be opened.
pub(crate) async fn run(args: Args, place: HomeArgs) -> Result<(), Failure> {
    let Some(message) = &args.message else {
        let list = async |client: &Client| -> Result<_, Failure> {
            let room = pick(client, Some(&args.room)).await?;
            let reports = client.call(&endpoints::LIST_REPORTS, &[room.id.as_str()], &[], ()).await?.reports;
            Ok((client.room(room.id.as_str()).people().await?, reports))
        };
        let (people, reports) = client::with(&place, Reach::Reading, list).await?;
        let names = Names::of_people(&people);
        return reports.iter().try_for_each(|report| match args.json {
            true => json(report),
            false => data(&line(&names, report)),
        });
    };
    let report = NewReport { message: message.as_str().into(), words: args.words.join(" ") };
    let make = async |client: &Client| -> Result<u64, Failure> {
        let room = pick(client, Some(&args.room)).await?;
        Ok(client.call(&endpoints::MAKE_REPORT, &[room.id.as_str()], &[], &report).await?.told)
    };
    talk(&made(client::with(&place, Reach::Reading, make).await?));
    Ok(())
}

/// `ben on mallory: buy this (spam)`
fn line(names: &Names, Report { by, author, text, words, message, .. }: &Report) -> String {
    let words = if words.is_empty() { String::new() } else { format!(" ({})", clean(words)) };
    let [by, author] = [by, author].map(|who| names.name(&who.author, &who.nick).whole());
    format!("{by} on {author}: {}{words}  {}", clean(text), message.as_str())
}
