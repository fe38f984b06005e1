//! Writes an author's log by hand: correctly signed entries with any time and any `seen`.

use bytes::Bytes;
use rumormill_proto::{
    admit::{Admission, Author, Trust},
    entry::{Body, Kind, RawEntry, Seen},
    ids::{AuthorId, EntryId, RoomId, Seq},
    run::RawRun,
    time::Time,
};

/// One author's log, from its beginning.
#[derive(Clone)]
pub struct Pen {
    room: RoomId,
    secret: [u8; 32],
    /// Seq of the next entry.
    pub next: Seq,
    prev: EntryId,
    /// Time of the last entry.
    pub time: Time,
}

impl Pen {
    /// An author with an empty log; equal numbers are equal authors. Its first entry has the time `ms` since the Unix
    /// epoch.
    pub fn new(room: RoomId, number: u64, ms: u64) -> Self {
        let secret = *blake3::hash(&number.to_le_bytes()).as_bytes();
        Self { room, secret, next: 0, prev: EntryId::default(), time: Time::from_ms(ms) }
    }

    /// The author's id.
    pub fn id(&self) -> AuthorId {
        self.author().id()
    }

    /// The author's key.
    pub fn author(&self) -> Author {
        Author::from_secret(&self.secret)
    }

    /// Gives the next entry this time, or the earliest possible time after the last.
    pub fn at(&mut self, ms: u64) -> &mut Self {
        self.time = self.time.max(Time::from_ms(ms));
        self
    }

    /// One line as a run.
    pub fn line(&mut self, text: &str) -> RawRun {
        self.write(vec![(vec![], Kind::TEXT, Body::Here(Bytes::copy_from_slice(text.as_bytes())))])
    }

    /// One line with this `seen`.
    pub fn line_seen(&mut self, text: &str, seen: Seen) -> RawRun {
        self.write(vec![(seen, Kind::TEXT, Body::Here(Bytes::copy_from_slice(text.as_bytes())))])
    }

    /// Lines as one run; at most up to the end of a block.
    pub fn lines(&mut self, count: usize, text: &str) -> RawRun {
        self.write(vec![(vec![], Kind::TEXT, Body::Here(Bytes::copy_from_slice(text.as_bytes()))); count])
    }

    /// The same, with the last entry stamped `ms` later than the one before.
    pub fn write_ahead(&mut self, entries: Vec<(Seen, Kind, Body)>, ms: u64) -> RawRun {
        let ahead = Time::from_ms(self.time.ms() + ms);
        self.write_at(entries, ahead)
    }

    /// Entries as one signed run.
    pub fn write(&mut self, entries: Vec<(Seen, Kind, Body)>) -> RawRun {
        self.write_at(entries, Time::default())
    }

    /// Writes a run; `last` is the least time of its last entry.
    fn write_at(&mut self, entries: Vec<(Seen, Kind, Body)>, last: Time) -> RawRun {
        let left = entries.len();
        let entry = |(at, (seen, kind, body)): (usize, (Seen, Kind, Body))| {
            self.time = self.time.next(if at + 1 == left { last.ms() } else { 0 });
            RawEntry { time: self.time, seen, kind, body }
        };
        let entries = entries.into_iter().enumerate().map(entry).collect();
        let run = self.author().sign(&self.room, self.next, self.prev, entries).unwrap();
        let admitted = Admission::new(self.room).admit(&run, Trust::Signature).unwrap();
        (self.next, self.prev) = (run.last() + 1, admitted.last().id);
        run
    }
}

/// The same run with this body in its first entry, despite the signature.
pub fn with_body(run: &RawRun, body: Body) -> RawRun {
    let mut entries = run.entries().to_vec();
    entries[0].body = body;
    RawRun::new(run.author(), run.first(), run.prev(), entries, run.signature().copied()).unwrap()
}

/// The same run with one bit of its signature flipped.
pub fn forged(run: &RawRun) -> RawRun {
    let mut signature = *run.signature().unwrap();
    signature[7] ^= 1;
    RawRun::new(run.author(), run.first(), run.prev(), run.entries().to_vec(), Some(signature)).unwrap()
}
