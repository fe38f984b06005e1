//! Files as text: decoded from any encoding, without colours and other control characters.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read},
    ops::RangeInclusive,
    path::{Path, PathBuf},
};

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, ISO_2022_JP, UTF_8, UTF_16BE, UTF_16LE};
use encoding_rs_io::{DecodeReaderBytes, DecodeReaderBytesBuilder};
use rumormill_api::IMPORT_LINE_BYTES;

use super::{Counted, Failure, open, unreadable};
use crate::{limits::FOREIGN_SAMPLE_BYTES, progress::Progress};

/// The lines of a file, each of bounded length.
pub(super) struct Lines {
    input: BufReader<DecodeReaderBytes<Counted, Vec<u8>>>,
    path: PathBuf,
    encodings: Encodings,
    /// The number of lines that were not UTF-8.
    pub(super) decoded: u64,
    /// The number of the last line read, from 1 on.
    pub(super) number: u64,
}

/// A line of a log.
pub(super) enum LogLine {
    Text(String),
    /// A line longer than any that a client writes.
    TooLong,
}

/// The encoding of a file.
#[derive(Clone, Copy)]
struct Encodings {
    /// The encoding of the whole file, if it has two bytes for each letter and no byte order mark.
    whole: Option<&'static Encoding>,
    /// The encoding of lines that are not UTF-8, if there are any. Logs of many years often mix encodings.
    lines: Option<&'static Encoding>,
    /// Whether most letters beyond ASCII are UTF-8, so that the other bytes are probably damage.
    is_broken_utf_8: bool,
}

impl Encodings {
    fn of(path: &Path) -> io::Result<Self> {
        let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
        let mut input = BufReader::new(File::open(path)?.take(FOREIGN_SAMPLE_BYTES));
        let whole = doubled(input.fill_buf()?);
        let (mut line, mut is_utf_8, mut letters, mut broken) = (Vec::new(), true, 0, 0);
        while input.read_until(b'\n', &mut line)? > 0 {
            // The sample may end in the middle of a letter.
            if std::str::from_utf8(&line).is_err_and(|error| error.error_len().is_some()) {
                detector.feed(&line, false);
                is_utf_8 = false;
            }
            for chunk in line.utf8_chunks() {
                letters += chunk.valid().chars().filter(|letter| !letter.is_ascii()).count();
                broken += usize::from(!chunk.invalid().is_empty());
            }
            line.clear();
        }
        detector.feed(b"", true);
        let lines = (!is_utf_8).then(|| detector.guess(None, Utf8Detection::Deny));
        Ok(Self { whole, lines, is_broken_utf_8: !is_utf_8 && letters >= broken })
    }
}

/// Detects a two-byte encoding of Latin text: every other byte is zero.
fn doubled(beginning: &[u8]) -> Option<&'static Encoding> {
    let zeros = |first: usize| beginning.iter().skip(first).step_by(2).filter(|byte| **byte == 0).count();
    let (even, odd) = (zeros(0), zeros(1));
    let is_most = |these: usize, those: usize| these * 4 > beginning.len() && those * 16 < these;
    match (is_most(even, odd), is_most(odd, even)) {
        (true, _) => Some(UTF_16BE),
        (_, true) => Some(UTF_16LE),
        _ => None,
    }
}

/// The lines of a file.
///
/// # Errors
/// When it cannot be read.
pub(super) fn lines(path: &Path, progress: &Progress) -> Result<Lines, Failure> {
    let encodings = Encodings::of(path).map_err(|error| unreadable(path, &error))?;
    let input = BufReader::new(decoding(encodings.whole, open(path, progress)?));
    Ok(Lines { input, path: path.to_owned(), encodings, decoded: 0, number: 0 })
}

/// Opens a file as UTF-8 from any encoding; returns the encoding too if it was detected without a byte order mark.
///
/// # Errors
/// When it cannot be read.
pub(super) fn utf_8(path: &Path, progress: &Progress) -> Result<(impl Read, Option<&'static str>), Failure> {
    let encodings = Encodings::of(path).map_err(|error| unreadable(path, &error))?;
    let (encoding, told) = match encodings.whole.or(encodings.lines) {
        _ if encodings.is_broken_utf_8 => (None, Some("UTF-8, where some bytes are none")),
        encoding => (encoding, encoding.map(Encoding::name)),
    };
    // Bytes far behind that are not UTF-8 become U+FFFD.
    Ok((decoding(encoding.or(Some(UTF_8)), open(path, progress)?), told))
}

/// The first bytes of a file, as text.
pub(super) fn beginning(path: &Path, bytes: u64) -> io::Result<String> {
    let mut text = Vec::new();
    let encodings = Encodings::of(path)?;
    decoding(encodings.whole, File::open(path)?).take(bytes).read_to_end(&mut text)?;
    Ok(String::from_utf8_lossy(&text).trim_start_matches('\u{feff}').to_owned())
}

/// A byte order mark gives the encoding, unless it is known.
fn decoding<R: Read>(encoding: Option<&'static Encoding>, file: R) -> DecodeReaderBytes<R, Vec<u8>> {
    DecodeReaderBytesBuilder::new().encoding(encoding).bom_override(true).strip_bom(true).build(file)
}

impl Lines {
    /// The name of the encoding of [`Lines::decoded`] lines.
    pub(super) fn encoding(&self) -> &'static str {
        self.encodings.lines.unwrap_or(ISO_2022_JP).name()
    }

    /// The next line.
    ///
    /// # Errors
    /// When reading the file fails.
    pub(super) fn next(&mut self) -> Result<Option<LogLine>, Failure> {
        let mut bytes = Vec::new();
        let most = IMPORT_LINE_BYTES as u64;
        let read = self.input.by_ref().take(most).read_until(b'\n', &mut bytes);
        if read.map_err(|error| unreadable(&self.path, &error))? == 0 {
            return Ok(None);
        }
        self.number += 1;
        if bytes.len() as u64 == most && !bytes.ends_with(b"\n") {
            self.skip()?;
            return Ok(Some(LogLine::TooLong));
        }
        let text = self.decode(bytes);
        Ok(Some(LogLine::Text(plain(text.trim_end_matches(['\n', '\r']).trim_start_matches('\u{feff}')))))
    }

    fn decode(&mut self, bytes: Vec<u8>) -> String {
        // Seven-bit Japanese looks like UTF-8 with escape sequences.
        if bytes.windows(3).any(|sign| matches!(sign, b"\x1b$B" | b"\x1b$@"))
            && let (text, _, false) = ISO_2022_JP.decode(&bytes)
        {
            self.decoded += 1;
            return text.into_owned();
        }
        String::from_utf8(bytes).unwrap_or_else(|broken| {
            self.decoded += 1;
            let encoding = self.encodings.lines.unwrap_or(UTF_8);
            encoding.decode_without_bom_handling(broken.as_bytes()).0.into_owned()
        })
    }

    fn skip(&mut self) -> Result<(), Failure> {
        skip_line(&mut self.input).map_err(|error| unreadable(&self.path, &error))
    }
}

/// Skips the rest of a line.
pub(super) fn skip_line(input: &mut impl BufRead) -> io::Result<()> {
    loop {
        let buffer = input.fill_buf()?;
        let (length, ends) = match buffer.iter().position(|byte| *byte == b'\n') {
            Some(at) => (at + 1, true),
            None => (buffer.len(), buffer.is_empty()),
        };
        input.consume(length);
        if ends {
            return Ok(());
        }
    }
}

/// A text without the colours and styles of mIRC and of terminals, and without other control characters.
pub(super) fn plain(text: &str) -> String {
    let text = console::strip_ansi_codes(text);
    let mut out = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(char) = rest.next() {
        match char {
            '\0' | '\u{2}' | '\u{f}' | '\u{11}' | '\u{16}' | '\u{1b}' | '\u{1d}' | '\u{1e}' | '\u{1f}' => {}
            '\u{3}' => colour(&mut rest, 1..=2, char::is_ascii_digit),
            '\u{4}' => colour(&mut rest, 6..=6, char::is_ascii_hexdigit),
            char => out.push(char),
        }
    }
    out
}

type Rest<'a> = std::iter::Peekable<std::str::Chars<'a>>;

/// Skips a colour: up to the given number of digits, and after a comma those of the background.
fn colour(rest: &mut Rest<'_>, count: RangeInclusive<usize>, is_digit: fn(&char) -> bool) {
    let mut ground = rest.clone();
    if digits(&mut ground, &count, is_digit) {
        rest.clone_from(&ground);
        if ground.next() == Some(',') && digits(&mut ground, &count, is_digit) {
            *rest = ground;
        }
    }
}

/// Skips up to the given number of digits.
fn digits(rest: &mut Rest<'_>, count: &RangeInclusive<usize>, is_digit: fn(&char) -> bool) -> bool {
    let found = (0..*count.end()).take_while(|_| rest.next_if(is_digit).is_some()).count();
    count.contains(&found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_and_styles_are_removed() {
        let cases = [
            ("\u{3}4,12red\u{3} and \u{2}bold\u{f}", "red and bold"),
            ("\u{3}04123", "123"),
            ("\u{3}5, a list", ", a list"),
            ("\u{3}, a list", ", a list"),
            ("\u{4}ff8800orange", "orange"),
            ("\u{4}ff8800,000000orange", "orange"),
            ("\u{4}dead", "dead"),
            ("\u{1b}[31mred\u{1b}[0m", "red"),
            ("\u{1b}[1;38;5;208mred\u{1b}[m", "red"),
            ("a\ttab", "a\ttab"),
        ];
        for (text, expected) in cases {
            assert_eq!(plain(text), expected, "{text:?}");
        }
    }
}
