//! Repairs JSON of programs that do not escape correctly: control characters in texts, single surrogates, unknown
//! escapes. In texts these are escaped, or replaced by U+FFFD; everything else stays as it is.

use std::io::{self, Read};

use rumormill_server::EXPORT_PIECE_BYTES;

/// Stands for a lost letter.
const LOST: &[u8] = b"\\ufffd";

/// The characters that JSON allows after a backslash, except `u`.
const ESCAPES: &[u8] = b"\"\\/bfnrt";

/// Repairs its input while it is read.
pub(super) struct Mended<R> {
    input: R,
    piece: Vec<u8>,
    /// Repaired bytes, and how many of them were read.
    ready: Vec<u8>,
    taken: usize,
    place: Place,
    /// The escape of a first surrogate, which a second one must follow.
    half: Option<[u8; 4]>,
}

/// The position of the next byte.
#[derive(Clone, Copy)]
enum Place {
    Outside,
    Inside,
    /// After a backslash.
    Escape,
    /// After `\u` and this many digits.
    Digits([u8; 4], usize),
}

impl<R: Read> Mended<R> {
    pub(super) fn new(input: R) -> Self {
        let piece = vec![0; EXPORT_PIECE_BYTES];
        Self { input, piece, ready: Vec::new(), taken: 0, place: Place::Outside, half: None }
    }
}

impl<R> Mended<R> {
    fn mend(&mut self, mut piece: &[u8]) {
        while let [byte, rest @ ..] = piece {
            let plain = match self.place {
                Place::Outside => piece.iter().position(|byte| *byte == b'"'),
                Place::Inside if self.half.is_none() => {
                    piece.iter().position(|byte| *byte < b' ' || matches!(byte, b'"' | b'\\'))
                }
                _ => Some(0),
            };
            match plain.unwrap_or(piece.len()) {
                0 => {
                    self.byte(*byte);
                    piece = rest;
                }
                length => {
                    let (plain, rest) = piece.split_at(length);
                    self.ready.extend_from_slice(plain);
                    piece = rest;
                }
            }
        }
    }

    fn byte(&mut self, byte: u8) {
        match self.place {
            Place::Outside => {
                self.place = Place::Inside;
                self.ready.push(byte);
            }
            Place::Inside if byte == b'\\' => self.place = Place::Escape,
            Place::Inside => self.letter(byte),
            Place::Escape if byte == b'u' => self.place = Place::Digits([0; 4], 0),
            Place::Escape => {
                self.lose_half();
                self.place = Place::Inside;
                self.ready.extend(if ESCAPES.contains(&byte) { &b"\\"[..] } else { &b"\\\\"[..] });
                if ESCAPES.contains(&byte) { self.ready.push(byte) } else { self.letter(byte) }
            }
            Place::Digits(digits, count) if byte.is_ascii_hexdigit() => self.digit(digits, count, byte),
            Place::Digits(digits, count) => {
                self.lose_half();
                self.place = Place::Inside;
                self.ready.extend(b"\\\\u");
                self.ready.extend(&digits[..count]);
                self.byte(byte);
            }
        }
    }

    /// A byte of a text that belongs to no escape.
    fn letter(&mut self, byte: u8) {
        self.lose_half();
        match byte {
            b'"' => {
                self.place = Place::Outside;
                self.ready.push(byte);
            }
            0..b' ' => self.ready.extend(format!("\\u{byte:04x}").bytes()),
            _ => self.ready.push(byte),
        }
    }

    fn digit(&mut self, mut digits: [u8; 4], count: usize, digit: u8) {
        digits[count] = digit;
        if count < 3 {
            self.place = Place::Digits(digits, count + 1);
            return;
        }
        self.place = Place::Inside;
        // `d800` to `dbff` are first surrogates, `dc00` to `dfff` second ones.
        let is_half = digits[0].eq_ignore_ascii_case(&b'd');
        match (is_half, digits[1].to_ascii_lowercase(), self.half) {
            (true, b'8'..=b'9' | b'a'..=b'b', _) => {
                self.lose_half();
                self.half = Some(digits);
            }
            (true, b'c'..=b'f', Some(half)) => {
                self.half = None;
                self.escape(half);
                self.escape(digits);
            }
            (true, b'c'..=b'f', None) => self.ready.extend(LOST),
            _ => {
                self.lose_half();
                self.escape(digits);
            }
        }
    }

    fn escape(&mut self, digits: [u8; 4]) {
        self.ready.extend(b"\\u");
        self.ready.extend(digits);
    }

    /// Replaces a first surrogate that no second one follows.
    fn lose_half(&mut self) {
        if self.half.take().is_some() {
            self.ready.extend(LOST);
        }
    }
}

impl<R: Read> Read for Mended<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        // Input that ends inside an escape is broken anyway.
        while self.taken == self.ready.len() {
            let mut piece = std::mem::take(&mut self.piece);
            let read = self.input.read(&mut piece);
            if let Ok(length) = read {
                self.taken = 0;
                self.ready.clear();
                self.mend(&piece[..length]);
            }
            self.piece = piece;
            if read? == 0 {
                return Ok(0);
            }
        }
        let length = into.len().min(self.ready.len() - self.taken);
        into[..length].copy_from_slice(&self.ready[self.taken..self.taken + length]);
        self.taken += length;
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads one byte at a time.
    struct Slowly<'a>(&'a [u8]);

    impl Read for Slowly<'_> {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            let length = into.len().min(1);
            self.0.read(&mut into[..length])
        }
    }

    #[test]
    fn broken_texts_are_repaired_and_correct_ones_stay() {
        let cases = [
            (r#"{"a": [1, "b\n\"c\" \u00e9 \ud83d\ude00 \\"]}"#, r#"{"a": [1, "b\n\"c\" \u00e9 \ud83d\ude00 \\"]}"#),
            ("[\"a\u{0}\u{1f}\tb\r\n\",\n\t1]", "[\"a\\u0000\\u001f\\u0009b\\u000d\\u000a\",\n\t1]"),
            (r#"["\ud83d"]"#, r#"["\ufffd"]"#),
            (r#"["\ud83dx\ude00"]"#, r#"["\ufffdx\ufffd"]"#),
            (r#"["\ud83d\n\ud83d\ud83d\uDE00"]"#, r#"["\ufffd\n\ufffd\ud83d\uDE00"]"#),
            (r#"["\ud83d\u00e9"]"#, r#"["\ufffd\u00e9"]"#),
            (r#"["\x1b\'\u12"]"#, r#"["\\x1b\\'\\u12"]"#),
            (r#"["\u12\"]"#, r#"["\\u12\"]"#),
            ("[\"é\u{1f600}\"]", "[\"é\u{1f600}\"]"),
        ];
        for (text, expected) in cases {
            let mut mended = String::new();
            Mended::new(text.as_bytes()).read_to_string(&mut mended).unwrap();
            assert_eq!(mended, expected, "{text}");
            mended.clear();
            Mended::new(Slowly(text.as_bytes())).read_to_string(&mut mended).unwrap();
            assert_eq!(mended, expected, "a byte at a time: {text}");
        }
    }
}
