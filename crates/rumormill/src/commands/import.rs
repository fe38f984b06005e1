//! `rumormill import`: import exports of Rumormill and of other systems.

use std::path::{Path, PathBuf};

use futures_util::stream;
use rumormill_api::{ImportCounts, Room, endpoints};
use rumormill_client::{Body, Client};
use rumormill_server::EXPORT_PIECES;
use rumormill_text::{Clock, show::count};
use tokio::sync::mpsc;

use crate::{
    client::{self, pick},
    commands::{data, json, talk},
    failure::{Exit, Failure},
    foreign::{Format, Tally, files, guess, pour},
    home::{HomeArgs, Reach},
    limits::MALFORMED_NAMED,
    progress::Progress,
};

/// Arguments of `rumormill import`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Name of the room, or the beginning of its id
    room: String,
    /// Exports and logs to import: from Rumormill, IRC clients, Slack, Matrix and others
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Format of the files, where it cannot be recognised
    #[arg(long, value_enum, hide_possible_values = true)]
    format: Option<Format>,
    /// Time zone of times that name none, such as Europe/Berlin; this machine's if omitted
    #[arg(long, value_name = "ZONE")]
    zone: Option<String>,
    /// Read everything and print the summary, but import nothing
    #[arg(long)]
    dry_run: bool,
    /// Print one JSON object per file
    #[arg(long)]
    json: bool,
}

/// Imports files and reports how much came in. Reports a file that cannot be imported, and goes on with the others.
///
/// # Errors
/// When there is no such room, or the error of the last file that could not be imported.
pub(crate) async fn run(args: Args, place: HomeArgs) -> Result<(), Failure> {
    let clock = args.zone.as_deref().map_or(Ok(Clock::local()), |zone| {
        Clock::at(zone).map_err(|error| Failure {
            exit: Exit::Usage,
            code: "zone".into(),
            what: error.to_string(),
            help: "name it as Europe/Berlin or America/New_York".into(),
        })
    })?;
    let named = args.files.len();
    let (mut paths, mut failures) = (Vec::new(), Vec::new());
    for path in &args.files {
        match files(path) {
            Ok(files) => paths.extend(files),
            Err(failure) => failures.push(failure),
        }
    }
    let is_batch = paths.len() > 1 || named > 1;
    let import = async |client: &Client| {
        let room = pick(client, Some(&args.room)).await?;
        for path in &paths {
            match import(client, &args, &room, (path, &clock)).await {
                Ok((lines, passed_over)) => {
                    let lead = if is_batch && !args.json { format!("{}: ", path.display()) } else { String::new() };
                    lines.iter().try_for_each(|line| data(&format!("{lead}{line}")))?;
                    failures.extend(passed_over);
                }
                Err(failure) if failure.exit == Exit::Done => return Err(failure),
                Err(failure) => failures.push(failure),
            }
        }
        let Some(last) = failures.pop() else { return Ok(()) };
        failures.iter().for_each(|failure| talk(&failure.to_string()));
        Err(last)
    };
    client::with(&place, Reach::Nobody, import).await
}

/// Imports one file; returns the report, and the failure if part of the file could not be read.
async fn import(
    client: &Client,
    args: &Args,
    room: &Room,
    (path, clock): (&Path, &Clock),
) -> Result<(Vec<String>, Vec<Failure>), Failure> {
    let format = args.format.map_or_else(|| guess(path), Ok)?;
    let (pieces, mut ready) = mpsc::channel(EXPORT_PIECES);
    let (file, zone, progress) = (path.to_owned(), clock.clone(), Progress::bytes("importing"));
    let (counter, pieces) = (progress.clone(), (!args.dry_run).then_some(pieces));
    let reading = tokio::task::spawn_blocking(move || pour(&file, format, &zone, pieces, &counter));
    let imported: Result<ImportCounts, Failure> = if args.dry_run {
        Ok(ImportCounts::default())
    } else {
        // The first piece shows whether there is anything to import.
        match ready.recv().await {
            None => Ok(ImportCounts::default()),
            Some(first) => {
                let pieces = stream::unfold((Some(first), ready), |(first, mut ready)| async move {
                    let piece = if first.is_some() { first } else { ready.recv().await };
                    piece.map(|piece| (piece, (None, ready)))
                });
                let body = Body::stream(pieces);
                client.call(&endpoints::IMPORT, &[room.id.as_str()], &[], body).await.map_err(Failure::from)
            }
        }
    };
    let read = reading.await.map_err(|error| Failure::internal("import", error.to_string()))?;
    progress.end();
    // When both fail, the reader's failure is the cause; when only the room refuses, the reader has no failure.
    let (mut tally, imported) = match (read, imported) {
        (Ok(tally), imported) => (tally, imported?),
        (Err(failure), Ok(ImportCounts { new, .. })) if new > 0 => {
            let what =
                format!("{}; {} before that and stay", failure.what, count(new, "entry came in", "entries came in"));
            return Err(Failure { what, ..failure });
        }
        (Err(failure), _) => return Err(failure),
    };
    let passed_over = std::mem::take(&mut tally.passed_over);
    if tally.taken == 0 {
        return Err(passed_over.into_iter().next().unwrap_or_else(|| nothing(path, format, &tally)));
    }
    if args.json {
        let line = serde_json::json!({
            "file": path, "room": room.id, "format": format.name(), "new": imported.new, "known": imported.known,
            "refused": imported.refused, "taken": tally.taken, "malformed": tally.malformed,
            "left_out": tally.left_out, "without_zone": tally.local, "zone": clock.zone(), "ambiguous": tally.unsure,
            "dates": tally.assumed, "encoding": tally.decoded.map(|(_, encoding)| encoding), "dry_run": args.dry_run,
        });
        json(&line)?;
        return Ok((Vec::new(), passed_over));
    }
    let mut lines = if args.dry_run {
        vec![format!("{} would be imported; nothing was", count(tally.taken, "message", "messages"))]
    } else {
        told(&imported)
    };
    lines.extend(beside(&tally));
    lines.extend(times(&tally, clock));
    let waits = room.standing.as_ref().is_some_and(|standing| !standing.says.is_empty());
    if waits && format == Format::Jsonl {
        lines.push("words of a closed room can be read here once somebody lets you in".into());
    }
    Ok((lines, passed_over))
}

/// Assumptions about times.
fn times(tally: &Tally, clock: &Clock) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(order) = tally.assumed {
        lines.push(format!("dates were read as {order}; no date in the file tells whether that is right"));
    }
    if tally.local > 0 {
        lines.push(format!("times without a zone were read in the zone {}; --zone names another", clock.zone()));
    }
    if tally.unsure > 0 {
        let hours = count(tally.unsure, "message is", "messages are");
        lines.push(format!("{hours} of an hour that comes twice or never there; of two, the earlier one was taken"));
    }
    lines
}

/// The failure of a file without messages.
fn nothing(path: &Path, format: Format, tally: &Tally) -> Failure {
    let beside = beside(tally);
    let why = if beside.is_empty() { String::new() } else { format!(": {}", beside.join("; ")) };
    Failure {
        exit: Exit::Usage,
        code: "nothing".into(),
        what: format!("nothing was taken from {}, read as {}{why}", path.display(), format.name()),
        help: "say what it is with --format, or name another file".into(),
    }
}

fn told(imported: &ImportCounts) -> Vec<String> {
    let ImportCounts { new, known, refused } = *imported;
    let mut lines =
        vec![format!("{} imported, {} here before", count(new, "entry", "entries"), count(known, "was", "were"))];
    if refused > 0 {
        lines.push(format!("{} no place here: beyond a fork, or from the future", count(refused, "has", "have")));
    }
    lines
}

/// The report about everything but messages.
fn beside(tally: &Tally) -> Vec<String> {
    let mut lines = Vec::new();
    if tally.malformed > 0 {
        let named: Vec<String> = tally.named.iter().map(u64::to_string).collect();
        let more = if tally.malformed > MALFORMED_NAMED as u64 { ", ..." } else { "" };
        let at = named.join(", ");
        lines.push(format!("{} not understood: {} {at}{more}", count(tally.malformed, "was", "were"), tally.unit));
    }
    let left_out: Vec<String> = tally.left_out.iter().map(|(what, number)| format!("{number} {what}")).collect();
    if !left_out.is_empty() {
        lines.push(format!("left out: {}", left_out.join(", ")));
    }
    match tally.decoded {
        Some((0, encoding)) => lines.push(format!("the file was read as {encoding}")),
        Some((number, encoding)) => {
            lines.push(format!("{} no UTF-8 and read as {encoding}", count(number, "line was", "lines were")));
        }
        None => {}
    }
    lines
}
