//! What a file or directory seems to be.

use std::{
    fs::{self, File},
    io::Read,
    path::{Path, PathBuf},
};

use super::{Failure, Format, irc, text::plain, unreadable, whatsapp};
use crate::{
    failure::Exit,
    limits::{EXPORT_PIECE_BYTES, IMPORT_FILES},
};

/// Lines that are looked at: some clients begin with much that nobody said.
const LINES: usize = 200;

/// The files that a path means: itself, or the logs in a directory that is no channel of Slack's.
///
/// # Errors
/// When it cannot be read.
pub(crate) fn files(path: &Path) -> Result<Vec<PathBuf>, Failure> {
    let found = path.metadata().map_err(|error| unreadable(path, &error))?;
    if !found.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let inside = fs::read_dir(path).map_err(|error| unreadable(path, &error))?;
    let is_log =
        |path: &PathBuf| path.extension().is_some_and(|end| ["log", "txt", "weechatlog"].iter().any(|log| end == *log));
    let mut logs: Vec<PathBuf> = inside.flatten().map(|entry| entry.path()).filter(is_log).take(IMPORT_FILES).collect();
    logs.sort();
    Ok(if logs.is_empty() { vec![path.to_owned()] } else { logs })
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
    let decoded = encoding_rs_io::DecodeReaderBytes::new(file);
    let read = decoded.take(EXPORT_PIECE_BYTES as u64).read_to_end(&mut beginning);
    read.map_err(|error| unreadable(path, &error))?;
    guess_text(&String::from_utf8_lossy(&beginning)).ok_or_else(|| {
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

fn guess_text(text: &str) -> Option<Format> {
    let text = text.trim_start_matches('\u{feff}');
    let is_json = text.trim_start().starts_with(['{', '[']) && !whatsapp::is_line(text.lines().next()?);
    if let Some(json) = guess_json(text).filter(|_| is_json) {
        return Some(json);
    }
    let mut lines = text.lines().take(LINES).map(plain);
    lines.find_map(|line| if whatsapp::is_line(&line) { Some(Format::Whatsapp) } else { irc::guess(&line) })
}

/// By the names of fields that only one system writes; the first of them decides.
fn guess_json(text: &str) -> Option<Format> {
    let signs = [
        ("\"is\":", Format::Jsonl),
        ("\"origin_server_ts\"", Format::Matrix),
        ("\"room_name\"", Format::Matrix),
        ("\"type\": \"m.", Format::Matrix),
        ("\"type\":\"m.", Format::Matrix),
        ("\"dateRange\"", Format::Discord),
        ("\"timestampEdited\"", Format::Discord),
        ("\"guild\"", Format::Discord),
        ("\"date_unixtime\"", Format::Telegram),
        ("\"from_id\"", Format::Telegram),
        ("\"type\":\"version\"", Format::Mattermost),
        ("\"type\": \"version\"", Format::Mattermost),
        ("\"create_at\"", Format::Mattermost),
        ("\"ts\":", Format::Slack),
    ];
    signs
        .iter()
        .filter_map(|(sign, format)| Some((text.find(sign)?, *format)))
        .min_by_key(|(at, _)| *at)
        .map(|(_, format)| format)
        // Cut off, or without a message: what reads it tells what is wrong.
        .or_else(|| text.contains("\"messages\"").then_some(Format::Matrix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_file_is_can_be_seen() {
        let cases = [
            ("--- Log opened Sat Mar 02 13:55:01 2019\n", Some(Format::Irssi)),
            ("\u{feff}14:02 <@alice> hi\n", Some(Format::Irssi)),
            ("[14:02:11] <alice> hi\n", Some(Format::Znc)),
            ("2019-03-02 14:02:11\talice\thi\n", Some(Format::Weechat)),
            ("[02.03.19, 14:02:11] Alice: hi\n", Some(Format::Whatsapp)),
            ("{\"is\":\"room\",\"version\":1}\n", Some(Format::Jsonl)),
            ("{\n  \"room_name\": \"lunch\", \"messages\": []}", Some(Format::Matrix)),
            ("[{\"type\": \"m.room.message\"}]", Some(Format::Matrix)),
            ("{\"guild\": {}, \"messages\": [{\"timestamp\": \"\"}]}", Some(Format::Discord)),
            ("{\"name\": \"x\", \"messages\": [{\"id\": 1, \"date_unixtime\": \"1\"}]}", Some(Format::Telegram)),
            ("{\"type\":\"version\",\"version\":1}\n", Some(Format::Mattermost)),
            ("[{\"type\":\"message\",\"user\":\"U1\",\"ts\":\"1.2\"}]", Some(Format::Slack)),
            ("{\"a\": 1}", None),
            ("dear diary\n", None),
            ("", None),
        ];
        for (text, format) in cases {
            assert_eq!(guess_text(text), format, "{text}");
        }
    }
}
