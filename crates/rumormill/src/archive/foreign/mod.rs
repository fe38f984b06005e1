//! What other systems wrote: read line by line or event by event, and put into lines of one form. Only text that
//! somebody said comes out; who came and went is passed over.

mod irssi;
mod json;
mod matrix;
mod slack;
mod weechat;

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read},
    path::Path,
};

use axum::body::Bytes;
use tokio::sync::mpsc;

use super::import::Said;
use crate::{
    clock::Clock,
    commands::Progress,
    failure::{Exit, Failure},
    limits::{EXPORT_PIECE_BYTES, IMPORT_LINE_BYTES, MALFORMED_NAMED},
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
    /// A channel's directory of an unpacked Slack export
    Slack,
    /// A room's export of Element, or events as the Matrix API gives them
    Matrix,
}

impl Format {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Jsonl => "jsonl",
            Self::Irssi => "irssi",
            Self::Weechat => "weechat",
            Self::Slack => "slack",
            Self::Matrix => "matrix",
        }
    }
}

/// What was found beside what was said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// What [`Tally::named`] counts: lines or events.
    pub(crate) unit: &'static str,
    /// That made no sense.
    pub(crate) malformed: u64,
    /// The first of them, from 1 on.
    pub(crate) named: Vec<u64>,
    /// That are sealed.
    pub(crate) unreadable: u64,
}

impl Tally {
    fn new(unit: &'static str) -> Self {
        Self { unit, ..Self::default() }
    }

    fn malformed(&mut self, at: u64) {
        self.malformed += 1;
        if self.named.len() < MALFORMED_NAMED {
            self.named.push(at);
        }
    }
}

/// Where lines go.
pub(super) struct Sink {
    pieces: mpsc::Sender<io::Result<Bytes>>,
    gathered: Vec<u8>,
}

/// Nobody takes any more: what became of the rest is told by who refused it.
#[derive(Debug)]
pub(super) struct Refused;

impl Sink {
    fn say(&mut self, said: &Said) -> Result<(), Refused> {
        if said.text.trim().is_empty() {
            return Ok(());
        }
        serde_json::to_writer(&mut self.gathered, said).map_err(|_| Refused)?;
        self.put(b"\n")
    }

    fn put(&mut self, bytes: &[u8]) -> Result<(), Refused> {
        self.gathered.extend_from_slice(bytes);
        if self.gathered.len() >= EXPORT_PIECE_BYTES { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<(), Refused> {
        let piece = std::mem::take(&mut self.gathered);
        self.pieces.blocking_send(Ok(piece.into())).map_err(|_| Refused)
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

/// Reads a file, or a directory, and sends what was said on. To be called where it may block.
///
/// # Errors
/// When it cannot be read.
pub(crate) fn pour(
    path: &Path,
    format: Format,
    clock: &Clock,
    pieces: mpsc::Sender<io::Result<Bytes>>,
    progress: &Progress,
) -> Result<Tally, Failure> {
    let mut sink = Sink { pieces, gathered: Vec::new() };
    let read = match format {
        Format::Slack => slack::read(path, &mut sink, progress),
        Format::Matrix => matrix::read(path, &mut sink, progress),
        Format::Jsonl => copy(path, &mut sink, progress),
        Format::Irssi => lines(path, progress).and_then(|mut lines| irssi::read(&mut lines, clock, &mut sink)),
        Format::Weechat => lines(path, progress).and_then(|mut lines| weechat::read(&mut lines, clock, &mut sink)),
    };
    match read {
        Ok(tally) => {
            // Whoever refused the last of it tells why.
            let _ = sink.flush();
            Ok(tally)
        }
        Err(Stopped::Refused) => Ok(Tally::new("")),
        Err(Stopped::Failed(failure)) => {
            // What was read before came in whole lines, and stays; the answer to it is not waited for.
            let _ = sink.flush();
            Err(failure)
        }
    }
}

fn copy(path: &Path, sink: &mut Sink, progress: &Progress) -> Result<Tally, Stopped> {
    let mut file = open(path, progress)?;
    let mut piece = vec![0; EXPORT_PIECE_BYTES];
    loop {
        let length = file.read(&mut piece).map_err(|error| unreadable(path, &error))?;
        if length == 0 {
            return Ok(Tally::new("lines"));
        }
        sink.put(&piece[..length])?;
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

fn open(path: &Path, progress: &Progress) -> Result<Counted, Stopped> {
    let opened = File::open(path).and_then(|file| Ok((file.metadata()?.len(), file)));
    let (bytes, file) = opened.map_err(|error| unreadable(path, &error))?;
    progress.more(bytes);
    Ok(Counted { file, progress: progress.clone() })
}

fn unreadable(path: &Path, error: &io::Error) -> Failure {
    Failure {
        exit: Exit::Usage,
        code: "file".into(),
        what: format!("{}: {error}", path.display()),
        help: "name a file that can be read".into(),
    }
}

/// Lines of a file, each bounded.
struct Lines {
    input: BufReader<Counted>,
    path: std::path::PathBuf,
    number: u64,
}

/// A line of a log.
enum Line {
    Text(String),
    /// Longer than any line that a client writes.
    TooLong,
}

fn lines(path: &Path, progress: &Progress) -> Result<Lines, Stopped> {
    Ok(Lines { input: BufReader::new(open(path, progress)?), path: path.to_owned(), number: 0 })
}

impl Lines {
    /// The next line; what is no UTF-8 in it is shown as such.
    fn next(&mut self) -> Result<Option<Line>, Failure> {
        let mut bytes = Vec::new();
        let most = IMPORT_LINE_BYTES as u64;
        let read = self.input.by_ref().take(most).read_until(b'\n', &mut bytes);
        if read.map_err(|error| unreadable(&self.path, &error))? == 0 {
            return Ok(None);
        }
        self.number += 1;
        if bytes.len() as u64 == most && !bytes.ends_with(b"\n") {
            self.skip()?;
            return Ok(Some(Line::TooLong));
        }
        let text = String::from_utf8_lossy(&bytes);
        Ok(Some(Line::Text(text.trim_end_matches(['\n', '\r']).to_owned())))
    }

    fn skip(&mut self) -> Result<(), Failure> {
        loop {
            let buffer = self.input.fill_buf().map_err(|error| unreadable(&self.path, &error))?;
            let (length, ends) = match buffer.iter().position(|byte| *byte == b'\n') {
                Some(at) => (at + 1, true),
                None => (buffer.len(), buffer.is_empty()),
            };
            self.input.consume(length);
            if ends {
                return Ok(());
            }
        }
    }
}

/// What a file or directory seems to be.
///
/// # Errors
/// When it cannot be read, or cannot be told.
pub(crate) fn guess(path: &Path) -> Result<Format, Failure> {
    let found = path.metadata().map_err(|error| unreadable(path, &error))?;
    if found.is_dir() {
        return Ok(Format::Slack);
    }
    let mut beginning = Vec::new();
    let file = File::open(path).map_err(|error| unreadable(path, &error))?;
    let read = file.take(EXPORT_PIECE_BYTES as u64).read_to_end(&mut beginning);
    read.map_err(|error| unreadable(path, &error))?;
    guess_text(&beginning).ok_or_else(|| {
        let zip = beginning.starts_with(b"PK\x03\x04");
        let (what, help) = match zip {
            true => ("is a zip archive", "unpack it, and name the directory of one channel in it"),
            false => ("is nothing that is known here", "say what it is with --format"),
        };
        Failure {
            exit: Exit::Usage,
            code: "format".into(),
            what: format!("{} {what}", path.display()),
            help: help.into(),
        }
    })
}

fn guess_text(beginning: &[u8]) -> Option<Format> {
    let text = String::from_utf8_lossy(beginning);
    let first = text.lines().find(|line| !line.trim().is_empty())?.trim_start_matches('\u{feff}');
    if first.trim_start().starts_with(['{', '[']) {
        let ours = first.contains("\"is\":\"") || first.contains("\"is\": \"");
        return Some(if ours { Format::Jsonl } else { Format::Matrix });
    }
    let mut lines = text.lines().take(100);
    lines.find_map(|line| match () {
        () if irssi::is_line(line) => Some(Format::Irssi),
        () if weechat::is_line(line) => Some(Format::Weechat),
        () => None,
    })
}

/// A nick without the sign of its rank.
fn bare(nick: &str) -> &str {
    nick.trim_start_matches(['~', '&', '@', '%', '+', ' '])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_file_is_can_be_seen() {
        let cases: [(&str, Option<Format>); 9] = [
            ("--- Log opened Sat Mar 02 13:55:01 2019\n", Some(Format::Irssi)),
            ("14:02 <@alice> hi\n", Some(Format::Irssi)),
            ("2019-03-02 14:02:11\talice\thi\n", Some(Format::Weechat)),
            ("{\"is\":\"room\",\"version\":1}\n", Some(Format::Jsonl)),
            ("{\"is\":\"said\",\"source\":\"x\"}\n", Some(Format::Jsonl)),
            ("{\n  \"room_name\": \"lunch\", \"messages\": []}", Some(Format::Matrix)),
            ("[{\"type\": \"m.room.message\"}]", Some(Format::Matrix)),
            ("dear diary\n", None),
            ("", None),
        ];
        for (text, format) in cases {
            assert_eq!(guess_text(text.as_bytes()), format, "{text}");
        }
    }
}
