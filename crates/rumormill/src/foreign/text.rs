//! The lines of a log, as text: whatever it is encoded in, without colours and other controls.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read},
    path::{Path, PathBuf},
};

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::Encoding;
use encoding_rs_io::DecodeReaderBytes;
use rumormill_api::IMPORT_LINE_BYTES;

use super::{Counted, Failure, open, unreadable};
use crate::{commands::Progress, limits::FOREIGN_SAMPLE_BYTES};

/// Lines of a file, each bounded.
pub(super) struct Lines {
    input: BufReader<DecodeReaderBytes<Counted, Vec<u8>>>,
    path: PathBuf,
    /// What lines are in that are no UTF-8.
    encoding: &'static Encoding,
    /// How many were.
    pub(super) decoded: u64,
    /// The number of the line that was read last, from 1 on.
    pub(super) number: u64,
}

/// A line of a log.
pub(super) enum Line {
    Text(String),
    /// Longer than any line that a client writes.
    TooLong,
}

/// The lines of a file.
///
/// # Errors
/// When it cannot be read.
pub(super) fn lines(path: &Path, progress: &Progress) -> Result<Lines, Failure> {
    let encoding = encoding(path).map_err(|error| unreadable(path, &error))?;
    // UTF-16 says so in its first bytes, and becomes UTF-8 here.
    let input = BufReader::new(DecodeReaderBytes::new(open(path, progress)?));
    Ok(Lines { input, path: path.to_owned(), encoding, decoded: 0, number: 0 })
}

/// What the lines that are no UTF-8 seem to be in. Logs of many years are often in several encodings.
fn encoding(path: &Path) -> io::Result<&'static Encoding> {
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    let mut input = BufReader::new(File::open(path)?.take(FOREIGN_SAMPLE_BYTES));
    let mut line = Vec::new();
    while input.read_until(b'\n', &mut line)? > 0 {
        if std::str::from_utf8(&line).is_err() {
            detector.feed(&line, false);
        }
        line.clear();
    }
    detector.feed(b"", true);
    Ok(detector.guess(None, Utf8Detection::Deny))
}

impl Lines {
    /// Where they are.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The name of the encoding of [`Lines::decoded`] lines.
    pub(super) fn encoding(&self) -> &'static str {
        self.encoding.name()
    }

    /// The next line.
    ///
    /// # Errors
    /// When the file cannot be read on.
    pub(super) fn next(&mut self) -> Result<Option<Line>, Failure> {
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
        let text = String::from_utf8(bytes).unwrap_or_else(|broken| {
            self.decoded += 1;
            self.encoding.decode_without_bom_handling(broken.as_bytes()).0.into_owned()
        });
        Ok(Some(Line::Text(plain(text.trim_end_matches(['\n', '\r']).trim_start_matches('\u{feff}')))))
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

/// A text without the colours and styles of mIRC and of terminals.
pub(super) fn plain(text: &str) -> String {
    let text = console::strip_ansi_codes(text);
    let mut out = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(char) = rest.next() {
        match char {
            '\u{2}' | '\u{f}' | '\u{11}' | '\u{16}' | '\u{1d}' | '\u{1e}' | '\u{1f}' => {}
            '\u{3}' => colour(&mut rest, 2, char::is_ascii_digit),
            '\u{4}' => colour(&mut rest, 6, char::is_ascii_hexdigit),
            char => out.push(char),
        }
    }
    out
}

/// Takes a colour away: digits, and behind a comma those of the ground.
fn colour(rest: &mut std::iter::Peekable<std::str::Chars<'_>>, most: usize, is_digit: fn(&char) -> bool) {
    let digits = |rest: &mut std::iter::Peekable<std::str::Chars<'_>>| {
        (0..most).take_while(|_| rest.next_if(is_digit).is_some()).count()
    };
    let mut ground = rest.clone();
    if digits(rest) > 0 {
        ground.clone_from(rest);
        if ground.next() == Some(',') && ground.peek().is_some_and(is_digit) {
            rest.next();
            digits(rest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_and_styles_go() {
        let cases = [
            ("\u{3}4,12red\u{3} and \u{2}bold\u{f}", "red and bold"),
            ("\u{3}04123", "123"),
            ("\u{3}5, a list", ", a list"),
            ("\u{4}ff8800orange", "orange"),
            ("\u{1b}[31mred\u{1b}[0m", "red"),
            ("a\ttab", "a\ttab"),
        ];
        for (text, expected) in cases {
            assert_eq!(plain(text), expected, "{text:?}");
        }
    }
}
