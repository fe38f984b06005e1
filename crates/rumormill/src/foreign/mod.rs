//! Readers for exports of other systems: each reads line by line or event by event and writes lines of one form. Only
//! messages are imported; everything else is counted by kind, so the user always learns which words are missing.

mod dates;
mod discord;
mod guess;
mod irc;
mod json;
mod matrix;
mod mattermost;
mod mended;
mod own;
mod scan;
mod slack;
mod sorted;
mod stamp;
mod telegram;
mod text;
mod whatsapp;
mod zulip;

use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, Read},
    path::Path,
};

use bytes::Bytes;
use rumormill_api::{NICK_BYTES, Said};
use rumormill_server::{EXPORT_PIECE_BYTES, cut, parts};
use rumormill_text::Clock;
use serde_json::Value;
use tokio::sync::mpsc;

use dates::Order;
use json::Event;
use stamp::When;

pub(crate) use guess::{files, guess};

use crate::{
    failure::{Exit, Failure},
    limits::{FOREIGN_EVENT_BYTES, MALFORMED_NAMED},
    progress::Progress,
};

/// The result of reading a message of another system.
enum Verdict {
    Said(Said),
    /// The message has nothing to import, for this reason.
    LeftOut(&'static str),
    Malformed,
}

/// The format of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// An export of Rumormill, or lines in the form that its API accepts
    Jsonl,
    /// A log of irssi
    Irssi,
    /// A log of WeeChat
    Weechat,
    /// A log of ZNC
    Znc,
    /// A log of HexChat
    Hexchat,
    /// A text log of The Lounge
    Thelounge,
    /// A channel's directory of an unpacked Slack export, or one file of it
    Slack,
    /// A room exported by Element, or events from the Matrix API
    Matrix,
    /// A channel in the JSON of DiscordChatExporter
    Discord,
    /// A chat in the JSON export of Telegram Desktop
    Telegram,
    /// A chat in the text export of WhatsApp
    Whatsapp,
    /// A channel of a Mattermost bulk export
    Mattermost,
    /// Messages from the Zulip API, or a file of messages of a Zulip export
    Zulip,
}

impl Format {
    /// The value of `--format`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Jsonl => "jsonl",
            Self::Irssi => "irssi",
            Self::Weechat => "weechat",
            Self::Znc => "znc",
            Self::Hexchat => "hexchat",
            Self::Thelounge => "thelounge",
            Self::Slack => "slack",
            Self::Matrix => "matrix",
            Self::Discord => "discord",
            Self::Telegram => "telegram",
            Self::Whatsapp => "whatsapp",
            Self::Mattermost => "mattermost",
            Self::Zulip => "zulip",
        }
    }

    /// The name of the system as shown beside its messages.
    fn source(self) -> &'static str {
        match self {
            Self::Weechat => "WeeChat",
            Self::Znc => "ZNC",
            Self::Hexchat => "HexChat",
            Self::Thelounge => "The Lounge",
            _ => "irssi",
        }
    }

    /// How many passes a reader makes over such a file.
    fn walks(self) -> u64 {
        match self {
            Self::Jsonl | Self::Slack | Self::Discord => 1,
            _ => 2,
        }
    }
}

/// The result of reading a file.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    /// What [`Tally::named`] counts: lines or events.
    pub(crate) unit: &'static str,
    /// Messages that were passed on.
    pub(crate) taken: u64,
    /// Unreadable lines or events.
    pub(crate) malformed: u64,
    /// The first of them, by number from 1 on.
    pub(crate) named: Vec<u64>,
    /// Counts of left-out items, by kind.
    pub(crate) left_out: BTreeMap<&'static str, u64>,
    /// Messages whose time has no zone.
    pub(crate) local: u64,
    /// Messages in an hour that the zone has twice or not at all.
    pub(crate) unsure: u64,
    /// The assumed order of numeric dates, if nothing in the file proves it.
    pub(crate) assumed: Option<&'static str>,
    /// Lines that were not UTF-8, and their encoding; no count if that is the whole file.
    pub(crate) decoded: Option<(u64, &'static str)>,
    /// The errors of unreadable files in a directory, up to a bound.
    pub(crate) passed_over: Vec<Failure>,
}

/// The output of a reader: messages, and a tally of the rest.
pub(super) struct Out {
    /// None if messages are only counted.
    pieces: Option<mpsc::Sender<io::Result<Bytes>>>,
    gathered: Vec<u8>,
    tally: Tally,
}

/// The receiver takes no more, and reports the reason itself.
#[derive(Debug)]
pub(super) struct Refused;

impl Out {
    /// Passes on a message, in as many lines as its length needs.
    fn say(&mut self, said: &Said) -> Result<(), Refused> {
        let text = text::plain(&said.text);
        let text = text.trim_end().trim_start_matches('\n');
        if text.trim().is_empty() {
            self.left_out("without text");
            return Ok(());
        }
        let name = text::plain(&said.name);
        let name = name.trim_matches(|char| scan::blank(char) || char.is_control());
        let (name, _) = cut(if name.is_empty() { "unknown" } else { name }, NICK_BYTES);
        self.tally.taken += 1;
        for part in parts(text) {
            let line = Said { name: name.into(), text: part.into(), ..said.clone() };
            serde_json::to_writer(&mut self.gathered, &line).map_err(|_| Refused)?;
            self.put(b"\n")?;
        }
        Ok(())
    }

    /// Adds a line to a message; a message that is too long is split.
    fn go_on(&mut self, said: &mut Said, line: &str) -> Result<(), Refused> {
        if said.text.len() + line.len() < FOREIGN_EVENT_BYTES {
            said.text.push('\n');
        } else {
            self.say(said)?;
            said.text.clear();
        }
        said.text.push_str(line);
        Ok(())
    }

    fn left_out(&mut self, what: &'static str) {
        self.left_out_all(what, 1);
    }

    fn left_out_all(&mut self, what: &'static str, number: usize) {
        if number > 0 {
            *self.tally.left_out.entry(what).or_default() += number as u64;
        }
    }

    /// Takes back one count of a left-out item that was imported after all.
    fn left_out_back(&mut self, what: &'static str) {
        if let Some(number) = self.tally.left_out.get_mut(what) {
            *number = number.saturating_sub(1);
        }
        self.tally.left_out.retain(|_, number| *number > 0);
    }

    fn malformed(&mut self, at: u64) {
        self.tally.malformed += 1;
        if self.tally.named.len() < MALFORMED_NAMED {
            self.tally.named.push(at);
        }
    }

    fn placed(&mut self, when: When) {
        self.tally.local += u64::from(when.local);
        self.tally.unsure += u64::from(when.unsure);
    }

    fn assume(&mut self, order: Order, sure: bool) {
        self.tally.assumed = (!sure).then(|| order.words());
    }

    fn decoded(&mut self, lines: u64, encoding: &'static str) {
        self.tally.decoded = (lines > 0).then_some((lines, encoding));
    }

    fn pass_over(&mut self, failure: Failure) {
        self.left_out("files that cannot be read");
        if self.tally.passed_over.len() < MALFORMED_NAMED {
            self.tally.passed_over.push(failure);
        }
    }

    fn put(&mut self, bytes: &[u8]) -> Result<(), Refused> {
        self.gathered.extend_from_slice(bytes);
        if self.gathered.len() >= EXPORT_PIECE_BYTES { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<(), Refused> {
        let piece = std::mem::take(&mut self.gathered);
        let sent = self.pieces.as_ref().map(|pieces| pieces.blocking_send(Ok(piece.into())));
        sent.transpose().map(|_| ()).map_err(|_| Refused)
    }
}

/// The result of a reader.
pub(super) enum Stopped {
    Refused,
    Failed(Failure),
}

impl From<Refused> for Stopped {
    fn from(_: Refused) -> Self {
        Self::Refused
    }
}

impl From<Failure> for Stopped {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

/// Reads a file or a directory and sends its messages, or only counts them if `pieces` is none. This blocks.
///
/// # Errors
/// When it cannot be read.
pub(crate) fn pour(
    path: &Path,
    format: Format,
    clock: &Clock,
    pieces: Option<mpsc::Sender<io::Result<Bytes>>>,
    progress: &Progress,
) -> Result<Tally, Failure> {
    let mut out = Out { pieces, gathered: Vec::new(), tally: Tally::default() };
    let read = read(path, format, clock, progress, &mut out);
    // The receiver reports why it refused the rest. Lines sent before a failure were whole, and stay.
    let _ = out.flush();
    match read {
        Ok(()) | Err(Stopped::Refused) => Ok(out.tally),
        Err(Stopped::Failed(failure)) => Err(failure),
    }
}

fn read(path: &Path, format: Format, clock: &Clock, progress: &Progress, out: &mut Out) -> Result<(), Stopped> {
    out.tally.unit = "events";
    if !path.is_dir() {
        let bytes = path.metadata().map_err(|error| unreadable(path, &error))?.len();
        progress.more(bytes.saturating_mul(format.walks()));
    }
    match format {
        Format::Slack => slack::read(path, out, progress),
        Format::Matrix => matrix::read(path, out, progress),
        Format::Discord => discord::read(path, out, progress),
        Format::Telegram => telegram::read(path, clock, out, progress),
        Format::Mattermost => mattermost::read(path, out, progress),
        Format::Zulip => zulip::read(path, out, progress),
        Format::Jsonl => own::read(path, out, progress),
        Format::Whatsapp => {
            out.tally.unit = "lines";
            whatsapp::read(path, clock, out, progress)
        }
        Format::Irssi | Format::Weechat | Format::Znc | Format::Hexchat | Format::Thelounge => {
            out.tally.unit = "lines";
            irc::read(path, format, clock, out, progress)
        }
    }
}

/// A file that reports the progress of reading.
struct Counted {
    file: File,
    progress: Progress,
}

impl Read for Counted {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let length = self.file.read(into)?;
        self.progress.add(length as u64);
        Ok(length)
    }
}

fn open(path: &Path, progress: &Progress) -> Result<Counted, Failure> {
    let file = File::open(path).map_err(|error| unreadable(path, &error))?;
    Ok(Counted { file, progress: progress.clone() })
}

/// A visitor of an event and its number, from 1 on.
type Visit<'a> = &'a mut dyn FnMut(&mut Out, u64, Event) -> Result<(), Stopped>;

/// Visits the events that [`json::each`] finds in a JSON file.
fn each_event(
    path: &Path,
    names: &[&str],
    out: &mut Out,
    progress: &Progress,
    visit: Visit<'_>,
) -> Result<(), Stopped> {
    let (input, encoding) = text::utf_8(path, progress)?;
    out.tally.decoded = encoding.map(|encoding| (0, encoding));
    let (mut at, mut visited) = (0, Ok(()));
    let read = json::each(input, names, &mut |event| {
        at += 1;
        visited = visit(out, at, event);
        visited.is_ok()
    });
    visited.map_err(|stopped| match stopped {
        Stopped::Failed(failure) => {
            Stopped::Failed(Failure { what: format!("{}: {}", path.display(), failure.what), ..failure })
        }
        refused @ Stopped::Refused => refused,
    })?;
    Ok(read.map_err(|error| broken_json(path, &error))?)
}

/// Two of the chats in a file with several, because a room takes only one; none if the file has one chat.
fn two_chats<T: PartialEq>(
    path: &Path,
    names: &[&str],
    out: &mut Out,
    progress: &Progress,
    of: impl Fn(&Event) -> Option<T>,
) -> Result<Option<(T, T)>, Stopped> {
    let (mut one, mut other) = (None, None);
    each_event(path, names, out, progress, &mut |_, _, event| {
        match (&one, of(&event)) {
            (None, first) => one = first,
            (Some(one), Some(of)) if *one != of => other = Some(of),
            (Some(_), _) => {}
        }
        Ok(())
    })?;
    Ok(one.zip(other))
}

/// The elements of a list; none if the value is no list.
fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// The first of the given fields with a non-empty text; `/` separates nested fields.
fn first<'a>(value: &'a Value, paths: &[&str]) -> Option<&'a str> {
    paths.iter().find_map(|path| value.pointer(path)?.as_str().filter(|text| !text.trim().is_empty()))
}

/// Joins the non-empty pieces of a message, one below the other.
fn joined(pieces: Vec<String>) -> String {
    let pieces: Vec<String> = pieces.into_iter().filter(|piece| !piece.trim().is_empty()).collect();
    pieces.join("\n")
}

/// The question of a poll and its answers.
fn asked<'a>(question: &str, answers: impl Iterator<Item = &'a str>) -> String {
    answers.fold(format!("[poll] {question}"), |poll, answer| format!("{poll}\n- {answer}"))
}

fn broken_json(path: &Path, error: &serde_json::Error) -> Failure {
    match error.io_error_kind() {
        Some(io::ErrorKind::Other) | None => {
            let help = "this must be JSON: a list of events, an object with one, or an event a line";
            wrong("file", format!("{}: {error}", path.display()), help)
        }
        Some(kind) => unreadable(path, &kind.into()),
    }
}

fn unreadable(path: &Path, error: &io::Error) -> Failure {
    wrong("file", format!("{}: {error}", path.display()), "name a file that can be read")
}

/// An error about a path to import.
fn wrong(code: &'static str, what: String, help: impl Into<String>) -> Failure {
    Failure { exit: Exit::Usage, code: code.into(), what, help: help.into() }
}
