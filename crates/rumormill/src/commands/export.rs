//! `rumormill export`: write a room to a file.

use std::path::PathBuf;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use futures_util::StreamExt as _;
use jiff::Span;
use rumormill_api::{Form, endpoints};
use rumormill_client::Client;
use rumormill_text::Clock;
use rumormill_tui::output::{Output, Present};

use crate::{
    client::{self, pick},
    commands::{check::without, since_ms, talk},
    failure::Failure,
    home::{HomeArgs, Reach},
    progress::Progress,
};

/// Arguments of `rumormill export`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Name of the room, or the beginning of its id; optional when there is only one room
    room: Option<String>,
    /// Output format. jsonl is the archive: it can be verified and imported again, and keeps all entries, also those of a
    /// closed room that no longer count. text and markdown, like `log --json`, have what people are shown
    #[arg(long, value_parser = forms(), default_value = Form::default().word())]
    format: Form,
    /// Write to this file, which appears only once it is complete; pipes and devices are written to as they are
    #[arg(long, value_name = "FILE")]
    to: Option<PathBuf>,
    /// Only messages from this long ago until now: 7d, 12h, 90m
    #[arg(long, value_name = "TIME")]
    since: Option<Span>,
}

/// The formats by their names on the command line.
fn forms() -> impl TypedValueParser<Value = Form> {
    let forms = [
        (Form::Jsonl, "The archive: an entry a line, with everything that its hash and signature cover"),
        (Form::Text, "A message a line, to read"),
        (Form::Markdown, "A document with a heading a day, to read"),
    ];
    let named = forms.map(|(form, says)| PossibleValue::new(form.word()).help(says));
    let read = move |word: String| forms.map(|(form, _)| form).into_iter().find(|form| form.word() == word);
    PossibleValuesParser::new(named).map(move |word| read(word).unwrap_or_default())
}

/// Writes the held part of a room.
///
/// # Errors
/// When there is no such room, the home cannot be read, or the output cannot be written.
pub(crate) async fn run(args: Args, place: HomeArgs) -> Result<(), Failure> {
    client::with(&place, Reach::Reading, async |client| export(client, &args).await).await
}

async fn export(client: &Client, args: &Args) -> Result<(), Failure> {
    let room = pick(client, args.room.as_deref()).await?;
    let since = since_ms(&Clock::local(), args.since.as_ref())?.map(|ms| ms.to_string());
    let since = since.iter().map(|ms| ("since_ms", ms.as_str()));
    let query: Vec<(&str, &str)> = [("format", args.format.word())].into_iter().chain(since).collect();
    let progress = Progress::new("exporting", room.entries);
    let mut pieces = client.call(&endpoints::EXPORT, &[room.id.as_str()], &query, ()).await?.pieces();
    let mut output = match &args.to {
        Some(path) => Output::to(path, Present::Replaced)?,
        None => Output::Stdout,
    };
    let mut tail = Vec::new();
    while let Some(piece) = pieces.next().await {
        let piece = piece?;
        output.write(&piece)?;
        progress.add(piece.iter().filter(|byte| **byte == b'\n').count() as u64);
        keep_tail(&mut tail, &piece);
    }
    output.close()?;
    progress.end();
    if args.format == Form::Jsonl {
        let told = |what| last_says(&tail, what).filter(|entries| *entries > 0);
        if let Some(entries) = told("left_out") {
            talk(&format!(
                "{entries} entries are damaged here and were left out; `rumormill resync` may fetch them again"
            ));
        }
        told("without_body").into_iter().for_each(|entries| talk(&without(entries)));
    }
    Ok(())
}

/// Keeps the end of the export: its last line is shorter than this.
fn keep_tail(tail: &mut Vec<u8>, piece: &[u8]) {
    tail.extend_from_slice(piece);
    let surplus = tail.len().saturating_sub(256);
    tail.drain(..surplus);
}

/// A number in the last line of an export.
fn last_says(tail: &[u8], what: &str) -> Option<u64> {
    let line = tail.trim_ascii_end().rsplit(|byte| *byte == b'\n').next()?;
    serde_json::from_slice::<serde_json::Value>(line).ok()?[what].as_u64()
}
