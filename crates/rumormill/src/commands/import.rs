//! `rumormill import`: bring in what was exported, here or from another system.

use std::path::PathBuf;

use axum::body::Body;
use futures_util::stream;
use tokio::sync::mpsc;

use crate::{
    api::words::Imported,
    archive::foreign::{Format, Tally, guess, pour},
    chat::show::count,
    client::Client,
    clock::Clock,
    commands::{Progress, data, json},
    failure::{Exit, Failure},
    home::{Place, Reach},
    limits::{EXPORT_PIECES, MALFORMED_NAMED},
};

/// What to give `rumormill import`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Name of the room, or the beginning of its id
    room: String,
    /// Export from Rumormill, log from irssi or WeeChat, channel directory of a Slack export, or Matrix export
    file: PathBuf,
    /// Format of the file, where it cannot be recognised
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// Time zone of a log that names none, such as Europe/Berlin; this machine's if omitted
    #[arg(long, value_name = "ZONE")]
    zone: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Brings it in, and tells how much that was.
///
/// # Errors
/// When there is no such room, the file cannot be read, or something in it is not as it was written.
pub(crate) async fn run(args: Args, place: Place) -> Result<(), Failure> {
    let format = match args.format {
        Some(format) => format,
        None => guess(&args.file)?,
    };
    let clock = args.zone.as_deref().map_or(Ok(Clock::local()), |zone| {
        Clock::at(zone).map_err(|error| Failure {
            exit: Exit::Usage,
            code: "zone".into(),
            what: error.to_string(),
            help: "name it as Europe/Berlin or America/New_York".into(),
        })
    })?;
    let import = async |client: &Client| import(client, &args, format, clock).await;
    Client::with(&place, Reach::Nobody, import).await
}

async fn import(client: &Client, args: &Args, format: Format, clock: Clock) -> Result<(), Failure> {
    let room = client.pick(Some(&args.room)).await?;
    let (pieces, ready) = mpsc::channel(EXPORT_PIECES);
    let (file, progress) = (args.file.clone(), Progress::bytes("importing"));
    let counter = progress.clone();
    let reading = tokio::task::spawn_blocking(move || pour(&file, format, &clock, pieces, &counter));
    let body =
        Body::from_stream(stream::unfold(
            ready,
            |mut ready| async move { ready.recv().await.map(|piece| (piece, ready)) },
        ));
    let imported: Result<Imported, Failure> = client.upload(&format!("/v1/rooms/{}/import", room.id), body).await;
    let read = reading.await.map_err(|error| Failure::internal("import", error.to_string()))?;
    progress.end();
    // What could not be read is the cause when both fail; nobody took more when only the room did.
    let (tally, imported) = match (read, imported) {
        (Ok(tally), imported) => (tally, imported?),
        (Err(failure), _) => return Err(failure),
    };
    if args.json {
        return json(&serde_json::json!({
            "room": room.id, "format": format.name(), "new": imported.new, "known": imported.known,
            "refused": imported.refused, "malformed": tally.malformed, "unreadable": tally.unreadable,
        }));
    }
    tell(&imported, &tally).iter().try_for_each(|line| data(line))
}

fn tell(imported: &Imported, tally: &Tally) -> Vec<String> {
    let Imported { new, known, refused } = imported;
    let several = |number: &u64, one, more| count(*number as usize, one, more);
    let mut lines =
        vec![format!("{} imported, {} here before", several(new, "entry", "entries"), several(known, "was", "were"))];
    if *refused > 0 {
        lines.push(format!("{} no place here: beyond a fork, or from the future", several(refused, "has", "have")));
    }
    if tally.malformed > 0 {
        let named: Vec<String> = tally.named.iter().map(u64::to_string).collect();
        let more = if tally.malformed > MALFORMED_NAMED as u64 { ", ..." } else { "" };
        let at = named.join(", ");
        lines.push(format!("{} not understood: {} {at}{more}", several(&tally.malformed, "was", "were"), tally.unit));
    }
    if tally.unreadable > 0 {
        lines.push(format!("{} sealed and cannot be read", several(&tally.unreadable, "is", "are")));
    }
    lines
}
