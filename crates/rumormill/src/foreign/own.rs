//! What Rumormill itself takes: its exports, and lines of one form. They are handed on as they are; a walk that nobody
//! takes anything from checks them as the room would.

use std::{
    io::{BufRead, BufReader, Read},
    path::Path,
};

use rumormill_api::IMPORT_LINE_BYTES;
use rumormill_server::{Bad, EXPORT_PIECE_BYTES, Reader, broken, read_said};

use super::{Failure, Out, Stopped, text, unreadable};
use crate::progress::Progress;

pub(super) fn read(path: &Path, out: &mut Out, progress: &Progress) -> Result<(), Stopped> {
    out.tally.unit = "lines";
    let (input, _) = text::utf_8(path, progress)?;
    if out.pieces.is_none() {
        return Ok(check(path, BufReader::new(input), out)?);
    }
    copy(path, input, out)
}

fn copy(path: &Path, mut input: impl Read, out: &mut Out) -> Result<(), Stopped> {
    let mut piece = vec![0; EXPORT_PIECE_BYTES];
    loop {
        let length = input.read(&mut piece).map_err(|error| unreadable(path, &error))?;
        if length == 0 {
            return Ok(());
        }
        // The last line may have no end.
        out.tally.taken += piece[..length].split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).count() as u64;
        out.put(&piece[..length])?;
    }
}

fn check(path: &Path, mut input: impl BufRead, out: &mut Out) -> Result<(), Failure> {
    let wrong = |bad: Bad| {
        let failure = Failure::from(broken(&bad));
        Failure { what: format!("{}: {}", path.display(), failure.what), ..failure }
    };
    let (mut reader, mut line, mut number) = (None, Vec::new(), 0);
    loop {
        line.clear();
        let read = input.by_ref().take(IMPORT_LINE_BYTES as u64 + 1).read_until(b'\n', &mut line);
        if read.map_err(|error| unreadable(path, &error))? == 0 {
            break;
        }
        number += 1;
        if line.trim_ascii().is_empty() {
            continue;
        }
        if line.len() > IMPORT_LINE_BYTES {
            return Err(wrong(Bad { line: number, what: format!("longer than {IMPORT_LINE_BYTES} bytes") }));
        }
        let is_said = reader.is_none();
        match read_said(&line) {
            Ok(_) if is_said => out.tally.taken += 1,
            Err(error) if is_said && out.tally.taken > 0 => {
                return Err(wrong(Bad { line: number, what: error.to_string() }));
            }
            _ => {
                let reader: &mut Reader = reader.get_or_insert_default();
                reader.line(&line).map_err(|bad| wrong(Bad { line: number, ..bad }))?;
            }
        }
    }
    if let Some(reader) = reader {
        out.tally.taken = reader.finish().map_err(wrong)?.entries;
    }
    Ok(())
}
