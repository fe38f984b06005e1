//! Imports lines into a room: an export that still verifies, or messages of other systems.
//!
//! Everything before a refused line stays, because it was verified or said. A repeated import adds nothing twice and
//! continues where this one ended.

use std::collections::HashMap;

use axum::body::{Body, BodyDataStream, Bytes};
use futures_util::StreamExt as _;
use rumormill_api::{self as api, IMPORT_LINE_BYTES, Said, codes};
use rumormill_node::{
    Room,
    proto::{
        content::{Content, Imported, Target},
        entry::Kind,
        input::Import,
        limits::{BODY_BYTES, NAME_BYTES, SOURCE_BYTES},
        run::block_end,
    },
};
use serde::Deserialize;

use super::reader::{Bad, Piece, Reader};
use crate::{
    Refusal,
    limits::{IMPORT_SAYING_BYTES, IMPORT_SAYINGS, IMPORT_STEP_BYTES},
};

/// The form in which a foreign line is read; [`Said`] itself writes the tag.
#[derive(Deserialize)]
#[serde(tag = "is", rename_all = "lowercase")]
enum Foreign {
    Said(Said),
}

/// Reads one line of the API's own form.
///
/// # Errors
/// When it does not have that form.
pub fn read_said(line: &[u8]) -> serde_json::Result<Said> {
    serde_json::from_slice(line).map(|Foreign::Said(said)| said)
}

/// Brings all lines of `body` into `room`.
///
/// # Errors
/// When a line is invalid, or the room cannot be written; the error says how many entries came in before.
pub(crate) async fn import(room: &Room, body: Body) -> Result<api::ImportCounts, Refusal> {
    let mut lines = Lines::new(body);
    let mut done = api::ImportCounts::default();
    let imported = match lines.next().await? {
        // The file had no messages.
        None => Ok(()),
        Some(first) if read_said(&first).is_ok() => said(room, first, &mut lines, &mut done).await,
        Some(first) => verified(room, first, &mut lines, &mut done).await,
    };
    match imported {
        Ok(()) => Ok(done),
        Err(mut why) => {
            if done.new > 0 {
                why.refused.what += &format!("; {} entries before it were imported and stay", done.new);
            }
            Err(why)
        }
    }
}

/// The refusal of an invalid line.
pub fn broken(Bad { line, what }: &Bad) -> Refusal {
    let help = "use another copy of the file, or export again where the room is whole";
    Refusal::new(codes::INTEGRITY, format!("line {line}: {what}"), help)
}

/// The lines of a body, each of bounded length.
struct Lines {
    body: BodyDataStream,
    read: Vec<u8>,
    /// The start of the next line in it, and the position up to which no line ends.
    begins: usize,
    looked: usize,
    number: u64,
}

impl Lines {
    fn new(body: Body) -> Self {
        Self { body: body.into_data_stream(), read: Vec::new(), begins: 0, looked: 0, number: 0 }
    }

    /// The next line that is not empty.
    async fn next(&mut self) -> Result<Option<Vec<u8>>, Refusal> {
        loop {
            if let Some(length) = self.read[self.looked..].iter().position(|byte| *byte == b'\n') {
                let end = self.looked + length;
                let line = &self.read[self.begins..end];
                self.number += 1;
                (self.begins, self.looked) = (end + 1, end + 1);
                if !line.trim_ascii().is_empty() {
                    return Ok(Some(line.to_vec()));
                }
                continue;
            }
            self.read.drain(..self.begins);
            (self.begins, self.looked) = (0, self.read.len());
            if self.read.len() > IMPORT_LINE_BYTES {
                let what = format!("longer than the {IMPORT_LINE_BYTES} bytes of any line of an export");
                return Err(broken(&Bad { line: self.number + 1, what }));
            }
            match self.body.next().await {
                Some(Ok(piece)) => self.read.extend_from_slice(&piece),
                Some(Err(error)) => return Err(Refusal::internal("import", error.to_string())),
                None if self.read.trim_ascii().is_empty() => return Ok(None),
                None => {
                    self.number += 1;
                    self.looked = 0;
                    return Ok(Some(std::mem::take(&mut self.read)));
                }
            }
        }
    }
}

/// Verifies an export and passes it to the room, some runs at a time.
async fn verified(room: &Room, first: Vec<u8>, lines: &mut Lines, done: &mut api::ImportCounts) -> Result<(), Refusal> {
    let mut reader = Reader::default();
    let (mut import, mut bytes) = (Import::default(), 0);
    // The proof that cuts the log whose entries come next.
    let mut cut = None;
    let mut line = Some(first);
    while let Some(text) = line {
        let piece = reader.line(&text).map_err(|bad| broken(&Bad { line: lines.number, ..bad }));
        if piece.is_err() {
            give(room, std::mem::take(&mut import), done).await?;
        }
        match piece? {
            Some(Piece::Proof(author, wire)) => {
                let before = cut.replace((author, wire));
                import.proofs.extend(before.map(|(_, wire)| wire));
            }
            Some(Piece::Run(run)) => {
                let ended = cut.take_if(|(author, _)| *author != run.author());
                import.proofs.extend(ended.map(|(_, wire)| wire));
                bytes += run.wire().len();
                import.runs.push(run);
            }
            None => {}
        }
        if let Some(other) = reader.room().filter(|id| *id != room.id()) {
            let what = format!("this is an export of another room, {}", other.short());
            let help = "join that room first: an export holds messages, but no ticket";
            return Err(Refusal::new(codes::ROOM, what, help));
        }
        if bytes >= IMPORT_STEP_BYTES {
            bytes = 0;
            give(room, std::mem::take(&mut import), done).await?;
        }
        line = lines.next().await?;
    }
    import.proofs.extend(cut.map(|(_, wire)| wire));
    give(room, import, done).await?;
    reader.finish().map(|_| ()).map_err(|bad| broken(&Bad { line: lines.number, ..bad }))
}

async fn give(room: &Room, import: Import, done: &mut api::ImportCounts) -> Result<(), Refusal> {
    if import == Import::default() {
        return Ok(());
    }
    let imported = room.entries().import(import).await?;
    done.new += imported.new;
    done.known += imported.known;
    done.refused += imported.refused;
    match imported.reject {
        // The room verifies everything once more, and its decision counts.
        Some(why) => Err(Refusal::internal("import", format!("the room refuses verified entries: {why}"))),
        None => Ok(()),
    }
}

/// Says messages of other systems, except those imported before.
async fn said(room: &Room, first: Vec<u8>, lines: &mut Lines, done: &mut api::ImportCounts) -> Result<(), Refusal> {
    let mut brought = brought(room).await?;
    let (mut sayings, mut bytes) = (Vec::new(), 0);
    let mut line = Some(first);
    while let Some(text) = line {
        let said = match read_said(&text) {
            Ok(said) => said,
            Err(error) => {
                say(room, std::mem::take(&mut sayings), done).await?;
                return Err(broken(&Bad { line: lines.number, what: error.to_string() }));
            }
        };
        for content in contents(&said) {
            let (kind, body) = content.encode().map_err(|_| rumormill_node::Error::TooLong)?;
            match brought.get_mut(&key(&blake3::hash(&body).into())) {
                Some(left) if *left > 0 => {
                    *left -= 1;
                    done.known += 1;
                }
                _ => {
                    bytes += body.len();
                    sayings.push((kind, body));
                }
            }
        }
        if sayings.len() >= IMPORT_SAYINGS || bytes >= IMPORT_SAYING_BYTES {
            bytes = 0;
            say(room, std::mem::take(&mut sayings), done).await?;
        }
        line = lines.next().await?;
    }
    say(room, sayings, done).await
}

async fn say(room: &Room, sayings: Vec<(Kind, Bytes)>, done: &mut api::ImportCounts) -> Result<(), Refusal> {
    done.new += room.entries().say(sayings).await?.len() as u64;
    Ok(())
}

/// A short key of a body: half of its hash, too long to collide by chance.
type Key = [u8; 16];

fn key(hash: &[u8; 32]) -> Key {
    std::array::from_fn(|at| hash[at])
}

/// The messages that I imported before, with counts, including those too old to be kept.
async fn brought(room: &Room) -> Result<HashMap<Key, u32>, Refusal> {
    let me = room.author();
    let mut brought = HashMap::new();
    let Some(mine) = room.entries().logs().await?.into_iter().find(|kept| kept.author == me) else {
        return Ok(brought);
    };
    for span in mine.log.spans() {
        let mut at = span.first;
        while at <= span.last.seq {
            let last = block_end(at).min(span.last.seq);
            let run = room.entries().run(me, at, last).await?;
            for (seq, entry) in run.iter().flat_map(|run| (run.first()..).zip(run.entries())) {
                let hash = match entry.kind {
                    Kind::IMPORTED => Some(entry.body.hash()),
                    // What is sealed is known again by what it says, as long as that is kept.
                    kind if kind.opened() == Some(Kind::IMPORTED) => {
                        let line = room.entries().one(Target { author: me, seq }).await?;
                        line.map(|line| line.body.hash())
                    }
                    _ => None,
                };
                hash.into_iter().for_each(|hash| *brought.entry(key(&hash)).or_default() += 1);
            }
            at = last + 1;
        }
    }
    Ok(brought)
}

/// Bytes of a text that fit beside everything else in a body.
const TEXT_BYTES: usize = BODY_BYTES - SOURCE_BYTES - NAME_BYTES - 24;

/// The message of one line, in several parts when it is longer than an entry.
fn contents(said: &Said) -> Vec<Content> {
    let Said { source, name, time_ms, text } = said;
    let (source, name) = (cut(source, SOURCE_BYTES).0.to_owned(), cut(name, NAME_BYTES).0.to_owned());
    let imported =
        |text: &str| Imported { source: source.clone(), name: name.clone(), time_ms: *time_ms, text: text.into() };
    parts(text).map(|part| Content::Imported(imported(part))).collect()
}

/// Splits a text into parts that each fit into an entry.
pub fn parts(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let (part, more) = cut(rest, TEXT_BYTES);
        rest = more;
        (!part.is_empty()).then_some(part)
    })
}

/// Splits a text after at most the given number of bytes.
pub fn cut(text: &str, bytes: usize) -> (&str, &str) {
    text.split_at(text.floor_char_boundary(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_messages_are_split() {
        let long = Said { source: "s".repeat(99), name: "ä".repeat(99), time_ms: u64::MAX, text: "ü".repeat(10_000) };
        let contents = contents(&long);
        let texts: String = contents
            .iter()
            .map(|content| {
                assert!(content.encode().is_ok());
                match content {
                    Content::Imported(said) => said.text.clone(),
                    other => format!("{other:?}"),
                }
            })
            .collect();
        assert_eq!((contents.len(), texts == long.text), (3, true));
    }
}
