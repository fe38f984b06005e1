//! Reads lines, each complete or not at all.

use std::io::{self, BufRead, ErrorKind};

/// A line, without its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    /// The complete line. Invalid UTF-8 is replaced.
    Whole(String),
    /// A line of this many bytes, which is too long.
    TooLong(u64),
}

/// Reads the next line of at most `most` bytes; `None` at the end. A longer line is discarded, and the next call reads
/// the line after it.
///
/// # Errors
/// When reading fails.
pub fn read_line(input: &mut impl BufRead, most: usize) -> io::Result<Option<Line>> {
    let (mut line, mut length, mut last, mut is_ended) = (Vec::new(), 0_u64, None, false);
    while !is_ended {
        let piece = match input.fill_buf() {
            Ok(piece) => piece,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        if piece.is_empty() {
            break;
        }
        let end = piece.iter().position(|byte| *byte == b'\n');
        let part = &piece[..end.unwrap_or(piece.len())];
        // A carriage return before the end does not count as part of the line.
        let room = (most + 1).saturating_sub(line.len());
        line.extend_from_slice(&part[..part.len().min(room)]);
        (length, last, is_ended) = (length + part.len() as u64, part.last().copied().or(last), end.is_some());
        let taken = part.len() + usize::from(is_ended);
        input.consume(taken);
    }
    if !is_ended && length == 0 {
        return Ok(None);
    }
    if last == Some(b'\r') {
        length -= 1;
        line.truncate(usize::try_from(length).unwrap_or(usize::MAX));
    }
    Ok(Some(match length > most as u64 {
        true => Line::TooLong(length),
        false => Line::Whole(String::from_utf8_lossy(&line).into_owned()),
    }))
}

#[cfg(test)]
mod tests {
    use std::io::BufReader;

    use super::*;

    fn lines(input: &[u8], piece: usize) -> Vec<Line> {
        let mut input = BufReader::with_capacity(piece, input);
        std::iter::from_fn(|| read_line(&mut input, 4).unwrap()).collect()
    }

    #[test]
    fn a_line_is_read_or_refused_whole_and_the_next_one_is_read() {
        let whole = |text: &str| Line::Whole(text.into());
        let cases: [(&[u8], Vec<Line>); 9] = [
            (b"", vec![]),
            (b"\n", vec![whole("")]),
            (b"one\ntwo\r\n\nlast", vec![whole("one"), whole("two"), whole(""), whole("last")]),
            (b"four\nfive5\nsix", vec![whole("four"), Line::TooLong(5), whole("six")]),
            (b"four\r\nfive5\r\n", vec![whole("four"), Line::TooLong(5)]),
            (b"a line of many bytes\nnext\n", vec![Line::TooLong(20), whole("next")]),
            (b"next\na line that does not end", vec![whole("next"), Line::TooLong(24)]),
            ("\u{e4}\u{e4}\n\u{e4}\u{e4}\u{e4}\n".as_bytes(), vec![whole("\u{e4}\u{e4}"), Line::TooLong(6)]),
            (b"\xff\n", vec![whole("\u{fffd}")]),
        ];
        for (input, want) in cases {
            for piece in [1, 2, 3, 7, 64] {
                assert_eq!(lines(input, piece), want, "{input:?} in pieces of {piece}");
            }
        }
    }
}
