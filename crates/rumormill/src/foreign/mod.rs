//! What other systems wrote: read line by line or event by event, and put into lines of one form. Only what somebody said
//! comes along; everything else is counted by what it is, so that nobody misses words without being told.

mod discord;
mod guess;
mod irc;
mod json;
mod matrix;
mod mattermost;
mod slack;
mod stamp;
mod telegram;
mod text;
mod whatsapp;

use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, BufReader, Read},
    path::Path,
};

use bytes::Bytes;
use rumormill_api::Said;
use rumormill_text::Clock;
use serde_json::Value;
use tokio::sync::mpsc;

pub(crate) use guess::{files, guess};

use crate::{
    commands::Progress,
    failure::{Exit, Failure},
    limits::{EXPORT_PIECE_BYTES, MALFORMED_NAMED},
};

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// An export of Rumormill's own, or lines in the form that its API takes
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
    /// A room's export of Element, or events as the Matrix API gives them
    Matrix,
    /// A channel as DiscordChatExporter writes it in JSON
    Discord,
    /// A chat as Telegram Desktop exports it in JSON
    Telegram,
    /// A chat as WhatsApp exports it as text
    Whatsapp,
    /// A channel of a Mattermost bulk export
    Mattermost,
}

impl Format {
    /// As `--format` takes it.
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
        }
    }

    /// As people read it beside what was said there.
    fn source(self) -> &'static str {
        match self {
            Self::Weechat => "WeeChat",
            Self::Znc => "ZNC",
            Self::Hexchat => "HexChat",
            Self::Thelounge => "The Lounge",
            _ => "irssi",
        }
    }

    /// Whether the times in such a file may name no zone.
    pub(crate) fn has_local_times(self) -> bool {
        !matches!(self, Self::Jsonl | Self::Slack | Self::Matrix | Self::Discord | Self::Mattermost)
    }
}

/// What a file came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// What [`Tally::named`] counts: lines or events.
    pub(crate) unit: &'static str,
    /// Messages that were handed on.
    pub(crate) taken: u64,
    /// What made no sense.
    pub(crate) malformed: u64,
    /// The first of it, by number from 1 on.
    pub(crate) named: Vec<u64>,
    /// What was left out, by what it is.
    pub(crate) left_out: BTreeMap<&'static str, u64>,
    /// Messages of an hour that comes twice in the zone.
    pub(crate) twice: u64,
    /// Lines that were no UTF-8, and what they were read as.
    pub(crate) decoded: Option<(u64, &'static str)>,
}

/// Where messages go, and what is told of the rest.
pub(super) struct Out {
    /// None where nobody takes them, and they are only counted.
    pieces: Option<mpsc::Sender<io::Result<Bytes>>>,
    gathered: Vec<u8>,
    tally: Tally,
}

/// Nobody takes any more: what became of the rest is told by who refused it.
#[derive(Debug)]
pub(super) struct Refused;

impl Out {
    /// Hands on what somebody said.
    fn say(&mut self, said: &Said) -> Result<(), Refused> {
        if said.text.trim().is_empty() {
            self.left_out("without words");
            return Ok(());
        }
        self.tally.taken += 1;
        serde_json::to_writer(&mut self.gathered, said).map_err(|_| Refused)?;
        self.put(b"\n")
    }

    fn left_out(&mut self, what: &'static str) {
        *self.tally.left_out.entry(what).or_default() += 1;
    }

    fn malformed(&mut self, at: u64) {
        self.tally.malformed += 1;
        if self.tally.named.len() < MALFORMED_NAMED {
            self.tally.named.push(at);
        }
    }

    fn twice(&mut self, twice: bool) {
        self.tally.twice += u64::from(twice);
    }

    fn decoded(&mut self, lines: u64, encoding: &'static str) {
        self.tally.decoded = (lines > 0).then_some((lines, encoding));
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

/// How far a reader of some format came.
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

/// Reads a file, or a directory, and sends what was said on, or only counts it where `pieces` is none. To be called where
/// it may block.
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
    // Whoever refused the last of it tells why. What was read before a failure came in whole lines, and stays.
    let _ = out.flush();
    match read {
        Ok(()) | Err(Stopped::Refused) => Ok(out.tally),
        Err(Stopped::Failed(failure)) => Err(failure),
    }
}

fn read(path: &Path, format: Format, clock: &Clock, progress: &Progress, out: &mut Out) -> Result<(), Stopped> {
    out.tally.unit = "events";
    match format {
        Format::Slack => slack::read(path, out, progress),
        Format::Matrix => matrix::read(path, out, progress),
        Format::Discord => discord::read(path, out, progress),
        Format::Telegram => telegram::read(path, clock, out, progress),
        Format::Mattermost => mattermost::read(path, out, progress),
        Format::Jsonl => copy(path, out, progress),
        Format::Whatsapp => {
            out.tally.unit = "lines";
            let order = whatsapp::order(&mut text::lines(path, progress)?)?;
            whatsapp::read(&mut text::lines(path, progress)?, order, clock, out)
        }
        Format::Irssi | Format::Weechat | Format::Znc | Format::Hexchat | Format::Thelounge => {
            out.tally.unit = "lines";
            irc::read(&mut text::lines(path, progress)?, format, clock, out)
        }
    }
}

fn copy(path: &Path, out: &mut Out, progress: &Progress) -> Result<(), Stopped> {
    let mut file = open(path, progress)?;
    let mut piece = vec![0; EXPORT_PIECE_BYTES];
    out.tally.unit = "lines";
    loop {
        let length = file.read(&mut piece).map_err(|error| unreadable(path, &error))?;
        if length == 0 {
            return Ok(());
        }
        out.tally.taken += piece[..length].iter().filter(|byte| **byte == b'\n').count() as u64;
        out.put(&piece[..length])?;
    }
}

/// A file whose reading is shown.
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
    let opened = File::open(path).and_then(|file| Ok((file.metadata()?.len(), file)));
    let (bytes, file) = opened.map_err(|error| unreadable(path, &error))?;
    progress.more(bytes);
    Ok(Counted { file, progress: progress.clone() })
}

/// Visits the events of a file of JSON, as [`json::each`] finds them.
fn each_event(
    path: &Path,
    names: &[&str],
    progress: &Progress,
    visit: &mut dyn FnMut(Value) -> bool,
) -> Result<(), Failure> {
    json::each(BufReader::new(open(path, progress)?), names, visit).map_err(|error| broken_json(path, &error))
}

fn broken_json(path: &Path, error: &serde_json::Error) -> Failure {
    match error.io_error_kind() {
        Some(io::ErrorKind::Other) | None => Failure {
            exit: Exit::Usage,
            code: "file".into(),
            what: format!("{}: {error}", path.display()),
            help: "this must be JSON: a list of events, an object with one, or an event a line".into(),
        },
        Some(kind) => unreadable(path, &kind.into()),
    }
}

fn unreadable(path: &Path, error: &io::Error) -> Failure {
    Failure {
        exit: Exit::Usage,
        code: "file".into(),
        what: format!("{}: {error}", path.display()),
        help: "name a file that can be read".into(),
    }
}
