//! Splits a byte stream into lines: one piece may contain several lines, and one line may span several pieces.

use crate::limits::{LINE_BYTES, PIECE_BYTES};

/// A line was longer than [`LINE_BYTES`]; the rest of it is discarded as it arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TooLong;

/// Splits incoming bytes into lines. Holds at most [`LINE_BYTES`] and one piece.
#[derive(Default)]
pub(crate) struct Lines {
    buffer: Vec<u8>,
    /// Start of the next line.
    start: usize,
    /// Position up to which there is no line end, so that a line that arrives byte by byte is searched once.
    searched: usize,
    /// Whether the position is inside a line that was too long.
    skipping: bool,
}

impl Lines {
    /// Takes a piece of at most [`PIECE_BYTES`], once [`Lines::next`] has nothing left.
    pub(crate) fn feed(&mut self, piece: &[u8]) {
        assert!(piece.len() <= PIECE_BYTES, "a piece is read into a buffer of that size");
        self.buffer.drain(..self.start);
        self.searched -= self.start;
        self.start = 0;
        self.buffer.extend_from_slice(piece);
    }

    /// The next complete line, without its line end and a carriage return before that.
    pub(crate) fn next(&mut self) -> Option<Result<&[u8], TooLong>> {
        loop {
            let Some(length) = self.buffer[self.searched..].iter().position(|byte| *byte == b'\n') else {
                return self.unfinished();
            };
            let (start, end) = (self.start, self.searched + length);
            self.start = end + 1;
            self.searched = self.start;
            if !std::mem::take(&mut self.skipping) {
                let line = &self.buffer[start..end];
                return Some(Ok(line.strip_suffix(b"\r").unwrap_or(line)));
            }
        }
    }

    fn unfinished(&mut self) -> Option<Result<&[u8], TooLong>> {
        self.searched = self.buffer.len();
        let too_long = self.buffer.len() - self.start > LINE_BYTES;
        if self.skipping || too_long {
            self.start = self.buffer.len();
        }
        if self.skipping || !too_long {
            return None;
        }
        self.skipping = true;
        Some(Err(TooLong))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The lines of `input` when it arrives in pieces of `size` bytes; `!` stands for a line that is too long.
    fn split(input: &[u8], size: usize) -> Vec<String> {
        let mut lines = Lines::default();
        let mut out = Vec::new();
        for piece in input.chunks(size) {
            lines.feed(piece);
            while let Some(line) = lines.next() {
                out.push(line.map_or_else(|TooLong| "!".into(), |line| String::from_utf8_lossy(line).into_owned()));
            }
            assert!(lines.buffer.len() <= LINE_BYTES + PIECE_BYTES);
        }
        out
    }

    #[test]
    fn pieces_do_not_matter() {
        let cases: [(&[u8], &[&str]); 7] = [
            (b"get chatLog\n", &["get chatLog"]),
            (b"a\nb\nc\n", &["a", "b", "c"]),
            (b"a\r\nb\n", &["a", "b"]),
            (b"\n\r\n\n", &["", "", ""]),
            (b"a\rb\r\r\n", &["a\rb\r"]),
            (b"whole\nhalf", &["whole"]),
            ("msg 1 grüße\n".as_bytes(), &["msg 1 grüße"]),
        ];
        for (input, want) in cases {
            for size in 1..=input.len() {
                assert_eq!(split(input, size), want, "{input:?} in pieces of {size}");
            }
        }
    }

    #[test]
    fn a_line_too_long_is_answered_once_and_the_next_one_counts() {
        let mut input = vec![b'x'; LINE_BYTES];
        input.extend_from_slice(b"\nfits above\n");
        assert_eq!(split(&input, PIECE_BYTES).last().map(String::as_str), Some("fits above"));
        assert_eq!(split(&input, PIECE_BYTES).len(), 2);

        let mut input = vec![b'x'; 50 * LINE_BYTES];
        input.extend_from_slice(b"\nafter\n");
        for size in [1, 7, PIECE_BYTES] {
            assert_eq!(split(&input, size), ["!", "after"], "in pieces of {size}");
        }
    }
}
