//! Reads an export that still verifies, line by line: what comes out of it has passed the one door.

use axum::body::Bytes;
use data_encoding::{BASE64, HEXLOWER};
use rumormill_node::proto::{
    admit::{Admission, Run, Trust},
    entry::{Kind, LogKey, RawEntry, room_name},
    fork::Proof,
    frontier::Frontier,
    ids::{AuthorId, EntryId, RoomId},
    limits::{AUTHORS, BLOCK},
    run::{RawRun, Signature},
};
use serde::{Deserialize, Serialize};

use super::line::{End, Entry, ExportLine, Fork, Head, Nicks, Placed, VERSION, hex};

/// What a line, or some, come to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// Why the log of this author is cut.
    Proof(AuthorId, Bytes),
    /// Entries of one log, verified.
    Run(RawRun),
}

/// What is wrong, and in which line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bad {
    /// From 1 on.
    pub line: u64,
    /// What is wrong.
    pub what: String,
}

/// What an export held.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verified {
    /// The room's id.
    pub room: String,
    /// The room's name.
    pub name: String,
    /// Entries that verify.
    pub entries: u64,
    /// Signatures that verify.
    pub signatures: u64,
    /// Authors of these entries.
    pub authors: u64,
    /// Entries that the room had and that are not in it.
    pub left_out: u64,
    /// Entries in it without what they said.
    pub without_body: u64,
    /// Whether it holds everything that the room's digest stands for.
    pub whole: bool,
}

/// Reads one export.
#[derive(Default)]
pub struct Reader {
    line: u64,
    open: Option<Open>,
    end: Option<End>,
}

/// What is known behind the first line.
struct Open {
    head: Head,
    room: RoomId,
    door: Admission,
    frontier: Frontier,
    nicks: Nicks,
    gathered: Vec<Entry>,
    verified: Verified,
}

impl Reader {
    /// Takes the next line.
    ///
    /// # Errors
    /// When it is not as it was written. Nothing more can be read then.
    pub fn line(&mut self, line: &[u8]) -> Result<Option<Piece>, Bad> {
        self.line += 1;
        self.take(line).map_err(|what| Bad { line: self.line, what })
    }

    fn take(&mut self, line: &[u8]) -> Result<Option<Piece>, String> {
        let line: ExportLine =
            serde_json::from_slice(line).map_err(|error| format!("no line of an export: {error}"))?;
        if self.end.is_some() {
            return Err("something stands behind the end".into());
        }
        match (line, &mut self.open) {
            (ExportLine::Room(head), open @ None) => {
                *open = Some(Open::new(head)?);
                Ok(None)
            }
            (ExportLine::Fork(fork), Some(open)) => open.fork(&fork).map(Some),
            (ExportLine::Entry(entry), Some(open)) => open.entry(*entry),
            (ExportLine::End(end), Some(open)) => {
                open.end(&end)?;
                self.end = Some(end);
                Ok(None)
            }
            (ExportLine::Room(_), Some(_)) => Err("a second room".into()),
            (_, None) => Err("the line that names the room is missing above".into()),
        }
    }

    /// The room, once it was named.
    pub fn room(&self) -> Option<RoomId> {
        self.open.as_ref().map(|open| open.room)
    }

    /// What all of it came to.
    ///
    /// # Errors
    /// When the end is missing.
    pub fn finish(self) -> Result<Verified, Bad> {
        match (self.open, self.end) {
            (Some(open), Some(_)) => Ok(open.verified),
            _ => Err(Bad { line: self.line, what: "it ends before its end: something was cut off".into() }),
        }
    }
}

impl Open {
    fn new(head: Head) -> Result<Self, String> {
        if head.version != VERSION {
            return Err(format!("this export has version {}, and {VERSION} is the one known here", head.version));
        }
        let room = RoomId(hex(&head.room).ok_or("this is no id of a room")?);
        let verified = Verified { room: head.room.clone(), name: head.name.clone(), ..Verified::default() };
        Ok(Self {
            head,
            room,
            door: Admission::new(room),
            frontier: Frontier::default(),
            nicks: Nicks::default(),
            gathered: Vec::new(),
            verified,
        })
    }

    fn fork(&mut self, fork: &Fork) -> Result<Piece, String> {
        self.between()?;
        let wire = BASE64.decode(fork.proof.as_bytes()).map_err(|_| "the proof of a fork is not readable")?;
        let proof = Proof::parse(&mut self.door, wire.into()).map_err(|why| format!("this proves no fork: {why}"))?;
        if proof.author().to_string() != fork.author || proof.at() != fork.at {
            return Err("this proves another fork".into());
        }
        if self.frontier.log(&proof.author()).is_some() {
            return Err("a fork stands behind entries of its log, or twice".into());
        }
        self.known(&proof.author())?;
        self.frontier.update(proof.author(), |log| log.cut_at(proof.at(), None));
        Ok(Piece::Proof(proof.author(), proof.wire().clone()))
    }

    /// Authors are bounded as in a room.
    fn known(&self, author: &AuthorId) -> Result<(), String> {
        let fits = self.frontier.len() < AUTHORS || self.frontier.log(author).is_some();
        fits.then_some(()).ok_or_else(|| "there are more authors than a room may have".into())
    }

    /// Nothing may stand between the entries of a run.
    fn between(&self) -> Result<(), String> {
        let signed = self.gathered.is_empty();
        signed.then_some(()).ok_or_else(|| "the entries before have no signature".into())
    }

    fn entry(&mut self, entry: Entry) -> Result<Option<Piece>, String> {
        let follows = self
            .gathered
            .last()
            .is_none_or(|last| last.author == entry.author && last.seq.checked_add(1) == Some(entry.seq));
        if !follows {
            self.between()?;
        }
        let ends = entry.signature.is_some() || entry.seq.is_multiple_of(BLOCK);
        self.gathered.push(entry);
        if !ends {
            return Ok(None);
        }
        let lines = std::mem::take(&mut self.gathered);
        self.run(&lines).map(|run| Some(Piece::Run(run)))
    }

    fn run(&mut self, lines: &[Entry]) -> Result<RawRun, String> {
        let unreadable = || "a field is not of its form".to_owned();
        let (Some(first), Some(last)) = (lines.first(), lines.last()) else { return Err(unreadable()) };
        let author = AuthorId(hex(&first.author).ok_or_else(unreadable)?);
        let prev = EntryId(hex(&first.prev).ok_or_else(unreadable)?);
        let entries: Option<Vec<RawEntry>> = lines.iter().map(Entry::raw).collect();
        let signature: Option<Signature> = last.signature().ok_or_else(unreadable)?;
        let raw = RawRun::new(author, first.seq, prev, entries.ok_or_else(unreadable)?, signature);
        let raw = raw.map_err(|why| why.to_string())?;
        let run = self.door.admit(&raw, Trust::Signature).map_err(|why| {
            format!("entries {} to {} of {} are not as they were signed ({why})", first.seq, last.seq, author.short())
        })?;
        self.known(&author)?;
        self.same(lines, &raw)?;
        self.founded(&run)?;
        self.place(run)?;
        self.verified.entries += lines.len() as u64;
        self.verified.without_body += raw.entries().iter().filter(|entry| entry.body.bytes().is_none()).count() as u64;
        self.verified.signatures += 1;
        Ok(raw)
    }

    /// What people read must be what was signed.
    fn same(&mut self, lines: &[Entry], raw: &RawRun) -> Result<(), String> {
        let key = LogKey::new(&self.room, &raw.author());
        let (mut prev, mut scratch) = (raw.prev(), Vec::new());
        for ((line, entry), seq) in lines.iter().zip(raw.entries()).zip(raw.first()..) {
            let signature = raw.signature().filter(|_| seq == raw.last());
            let placed = Placed { room: &self.room, author: raw.author(), seq, prev, signature };
            if *line != Entry::of(&placed, entry, &mut self.nicks) {
                return Err(format!("entry {seq} of {} reads differently than it was signed", raw.author().short()));
            }
            prev = key.id(seq, &prev, entry, &mut scratch);
        }
        Ok(())
    }

    fn founded(&self, run: &Run) -> Result<(), String> {
        let founding = run.entries().iter().find(|entry| entry.kind == Kind::FOUND);
        let name = founding.and_then(|entry| room_name(&self.room, &entry.author, entry.body.bytes()?).ok());
        match name {
            Some(name) if name != self.head.name => {
                Err("the first line gives the room another name than its founder".into())
            }
            _ => Ok(()),
        }
    }

    /// Puts a run into its log, without what lies beyond a cut.
    fn place(&mut self, run: Run) -> Result<(), String> {
        let (author, first) = (run.author(), run.first().seq);
        let below = match self.frontier.log(&author).and_then(|log| log.cut()) {
            Some(cut) => cut.checked_sub(1).and_then(|last| run.part(first, last)),
            None => Some(run),
        };
        let below = below.ok_or_else(|| format!("entry {first} of {} lies beyond a fork", author.short()))?;
        let placed = self.frontier.update(author, |log| log.insert(&below));
        placed.map_err(|why| format!("entry {first} of {} does not follow those before it ({why:?})", author.short()))
    }

    fn end(&mut self, end: &End) -> Result<(), String> {
        self.between()?;
        if end.entries != self.verified.entries {
            return Err(format!("{} entries were exported, {} are here", end.entries, self.verified.entries));
        }
        if end.without_body > 0 && end.without_body != self.verified.without_body {
            return Err("the last line tells of another number of entries without text than there are".into());
        }
        let digest = HEXLOWER.encode(&self.frontier.digest());
        self.verified.authors = self.frontier.logs().filter(|(_, log)| !log.is_empty()).count() as u64;
        self.verified.left_out = end.left_out;
        let same = digest == self.head.digest;
        let gapless = self.frontier.logs().all(|(_, log)| log.gaps().next().is_none());
        self.verified.whole = same && gapless && end.left_out == 0;
        if !same && end.left_out == 0 && self.head.since.is_none() {
            return Err("not all of what the digest stands for is here".into());
        }
        Ok(())
    }
}
