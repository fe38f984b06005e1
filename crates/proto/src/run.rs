//! A contiguous piece of one log as it travels: many entries, one signature.
//!
//! Position implies author, seq and prev, so an entry costs its body and about six bytes:
//!
//! ```text
//! run     author     32 bytes
//!         first      number, seq of the first entry
//!         count      number, 1..=64; no seq but the last may be a multiple of 64
//!         signed     1 byte, 0 or 1
//!         prev       32 bytes, id of entry first-1; absent when first is 0
//!         entries    count times:
//!           kind     1 byte, bit 7 set when the body was dropped
//!           ms       number: milliseconds, less those of the entry before in this run
//!           counter  number; when ms is 0 and another entry stands before: less that entry's, less one
//!           seen     number n, then n times
//!                      which   number: 0, a new author follows in 32 bytes; k, the k-th named so far
//!                      seq     number
//!           body     number of bytes, then the bytes; when dropped, their BLAKE3 hash instead
//!         signature  64 bytes when signed is 1: Ed25519 by the author over the last entry's id
//! ```
//!
//! The signature of the last entry vouches for all entries, because each entry's id covers the id before it.

use std::sync::Arc;

use bytes::Bytes;

use crate::{
    codec::{Reader, put_bytes, put_number},
    entry::{Body, Kind, RawEntry, Seen},
    epochs::SEAL_BYTES,
    ids::{AuthorId, EntryId, Seq},
    limits::{BLOCK, BODY_BYTES, RUN_BYTES, RUN_ENTRIES, SEEN_PAIRS, SEQ_END},
    reject::Reject,
    time::Time,
};

/// An Ed25519 signature.
pub type Signature = [u8; 64];

/// A run as it came: in canonical form, but not verified. Clones share the entries and the bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawRun {
    author: AuthorId,
    first: Seq,
    prev: EntryId,
    entries: Arc<[RawEntry]>,
    signature: Option<Signature>,
    wire: Bytes,
}

/// The last seq of the block of `seq`: the next multiple of [`BLOCK`], which may be `seq` itself.
pub fn block_end(seq: Seq) -> Seq {
    seq.checked_next_multiple_of(BLOCK).unwrap_or(Seq::MAX)
}

impl RawRun {
    /// A run of `entries` from seq `first` on that follows `prev`, signed or not.
    ///
    /// # Errors
    /// The same as [`RawRun::parse`].
    pub fn new(
        author: AuthorId,
        first: Seq,
        prev: EntryId,
        entries: Vec<RawEntry>,
        signature: Option<Signature>,
    ) -> Result<Self, Reject> {
        let wire = encode(&author, first, &prev, &entries, signature.as_ref());
        Self::parse(wire)
    }

    /// Reads a run that takes up all of `wire`. Nothing is verified.
    ///
    /// # Errors
    /// [`Reject::Malformed`] when the bytes are not canonical, [`Reject::Limit`] past a bound.
    pub fn parse(wire: Bytes) -> Result<Self, Reject> {
        if wire.len() > RUN_BYTES {
            return Err(Reject::Limit("run"));
        }
        let mut reader = Reader::new(wire.clone());
        let author = AuthorId(reader.array("author")?);
        let first = reader.number("first seq")?;
        let count = reader.count(RUN_ENTRIES, "entries of a run")?;
        check_span(first, count)?;
        let signed = match reader.byte("signed")? {
            0 => false,
            1 => true,
            _ => return Err(Reject::Malformed("signed")),
        };
        let prev = match first {
            0 => EntryId::default(),
            _ => EntryId(reader.array("prev")?),
        };
        let entries = read_entries(&mut reader, count)?.into();
        let signature = signed.then(|| reader.array("signature")).transpose()?;
        reader.end("run")?;
        Ok(Self { author, first, prev, entries, signature, wire })
    }

    /// The author of the log.
    pub fn author(&self) -> AuthorId {
        self.author
    }

    /// Seq of the first entry.
    pub fn first(&self) -> Seq {
        self.first
    }

    /// Seq of the last entry.
    pub fn last(&self) -> Seq {
        self.first + (self.entries.len() as u64 - 1)
    }

    /// Id of the entry before the first; zeros when the first is seq 0.
    pub fn prev(&self) -> EntryId {
        self.prev
    }

    /// The entries, in order, at least one.
    pub fn entries(&self) -> &[RawEntry] {
        &self.entries
    }

    /// The signature over the last entry's id.
    pub fn signature(&self) -> Option<&Signature> {
        self.signature.as_ref()
    }

    /// The bytes as which this run travels; a clone of them copies nothing.
    pub fn wire(&self) -> &Bytes {
        &self.wire
    }

    /// Whether its last entry is an act.
    pub fn ends_with_act(&self) -> bool {
        self.entries.last().is_some_and(|entry| entry.kind.is_act())
    }

    /// The same run with all bodies dropped, as a proof needs it.
    ///
    /// # Errors
    /// None in practice: a canonical run stays canonical.
    pub fn without_bodies(&self) -> Result<Self, Reject> {
        self.with_bodies(|_, _| false)
    }

    /// The same run with the bodies of acts alone.
    ///
    /// # Errors
    /// None in practice: a canonical run stays canonical.
    pub fn with_acts(&self) -> Result<Self, Reject> {
        self.with_bodies(|_, kind| kind.is_act())
    }

    /// The same run without the bodies of words in plain.
    ///
    /// # Errors
    /// None in practice: a canonical run stays canonical.
    pub(crate) fn without_words(&self) -> Result<Self, Reject> {
        self.with_bodies(|_, kind| !kind.is_word())
    }

    /// The same run without the bodies of what was taken back in these parts of logs: author, first and last seq.
    ///
    /// # Errors
    /// None in practice: a canonical run stays canonical.
    pub fn without_hidden(self, hidden: &[(AuthorId, Seq, Seq)]) -> Result<Self, Reject> {
        let meets = |(author, first, last): &&(AuthorId, Seq, Seq)| {
            *author == self.author && *first <= self.last() && self.first <= *last
        };
        let here: Vec<_> = hidden.iter().filter(meets).collect();
        if here.is_empty() {
            return Ok(self);
        }
        let is_hidden = |seq: Seq| here.iter().any(|(_, first, last)| (*first..=*last).contains(&seq));
        self.with_bodies(|seq, kind| !kind.can_be_hidden() || !is_hidden(seq))
    }

    pub(crate) fn with_bodies(&self, keeps: impl Fn(Seq, Kind) -> bool) -> Result<Self, Reject> {
        let entries = self.entries.iter().zip(self.first..).map(|(entry, seq)| match keeps(seq, entry.kind) {
            true => entry.clone(),
            false => RawEntry { body: entry.body.dropped(), ..entry.clone() },
        });
        Self::new(self.author, self.first, self.prev, entries.collect(), self.signature)
    }
}

/// A run has an entry, ends below [`SEQ_END`], and holds a multiple of [`BLOCK`] only at its end.
pub(crate) fn check_span(first: Seq, count: usize) -> Result<(), Reject> {
    let last = (count as u64).checked_sub(1).and_then(|more| first.checked_add(more));
    match last {
        Some(last) if last < SEQ_END && last <= block_end(first) => Ok(()),
        _ => Err(Reject::Malformed("span of a run")),
    }
}

fn read_entries(reader: &mut Reader, count: usize) -> Result<Vec<RawEntry>, Reject> {
    let mut entries: Vec<RawEntry> = Vec::with_capacity(count);
    let mut named = Vec::new();
    for _ in 0..count {
        let tag = reader.byte("kind")?;
        let kind = Kind::new(tag & 0x7f).ok_or(Reject::Malformed("kind"))?;
        let time = read_time(reader, entries.last().map(|entry| entry.time))?;
        let seen = read_seen(reader, &mut named)?;
        let body = read_body(reader, kind, tag & 0x80 != 0)?;
        entries.push(RawEntry { time, seen, kind, body });
    }
    Ok(entries)
}

fn read_time(reader: &mut Reader, before: Option<Time>) -> Result<Time, Reject> {
    let ms = reader.number("time")?;
    let counter = reader.number("time counter")?;
    let (base_ms, base_counter) = match before {
        Some(time) if ms == 0 => (time.ms(), u64::from(time.counter()) + 1),
        Some(time) => (time.ms(), 0),
        None => (0, 0),
    };
    let counter = counter.checked_add(base_counter).and_then(|counter| u16::try_from(counter).ok());
    let ms = ms.checked_add(base_ms);
    ms.zip(counter).and_then(|(ms, counter)| Time::new(ms, counter)).ok_or(Reject::Malformed("time"))
}

fn read_seen(reader: &mut Reader, named: &mut Vec<AuthorId>) -> Result<Seen, Reject> {
    let pairs = reader.count(SEEN_PAIRS, "seen")?;
    let mut seen = Seen::new();
    for _ in 0..pairs {
        let author = match reader.count(named.len(), "seen author")? {
            0 => {
                let author = AuthorId(reader.array("seen author")?);
                if named.contains(&author) {
                    return Err(Reject::Malformed("seen author"));
                }
                named.push(author);
                author
            }
            which => named[which - 1],
        };
        if seen.last().is_some_and(|(before, _)| *before >= author) {
            return Err(Reject::Malformed("order of seen"));
        }
        let seq = reader.number("seen seq")?;
        if seq >= SEQ_END {
            return Err(Reject::Limit("seen seq"));
        }
        seen.push((author, seq));
    }
    Ok(seen)
}

fn read_body(reader: &mut Reader, kind: Kind, dropped: bool) -> Result<Body, Reject> {
    // Sealed words are as long as others, and their seal comes on top.
    let most = if kind.opened().is_some() { BODY_BYTES + SEAL_BYTES } else { BODY_BYTES };
    let len = reader.count(most, "body")?;
    Ok(match dropped {
        true => Body::Dropped { len, hash: reader.array("body hash")? },
        false => Body::Here(reader.slice(len, "body")?),
    })
}

fn encode(author: &AuthorId, first: Seq, prev: &EntryId, entries: &[RawEntry], signature: Option<&Signature>) -> Bytes {
    let bodies: usize = entries.iter().map(|entry| entry.body.len()).sum();
    let mut out = Vec::with_capacity(bodies + 16 * entries.len() + 160);
    out.extend_from_slice(&author.0);
    put_number(&mut out, first);
    put_number(&mut out, entries.len() as u64);
    out.push(u8::from(signature.is_some()));
    if first > 0 {
        out.extend_from_slice(&prev.0);
    }
    let mut named = Vec::new();
    let mut before = None;
    for entry in entries {
        out.push(entry.kind.number() | (u8::from(entry.body.bytes().is_none()) << 7));
        put_time(&mut out, before, entry.time);
        put_seen(&mut out, &mut named, &entry.seen);
        match &entry.body {
            Body::Here(bytes) => put_bytes(&mut out, bytes),
            Body::Dropped { len, hash } => {
                put_number(&mut out, *len as u64);
                out.extend_from_slice(hash);
            }
        }
        before = Some(entry.time);
    }
    if let Some(signature) = signature {
        out.extend_from_slice(signature);
    }
    out.into()
}

/// Times that do not increase are written as if they wrapped, which no reader accepts.
fn put_time(out: &mut Vec<u8>, before: Option<Time>, time: Time) {
    let ms = time.ms().wrapping_sub(before.map_or(0, Time::ms));
    let counter = match before {
        Some(before) if ms == 0 => u64::from(time.counter()).wrapping_sub(u64::from(before.counter()) + 1),
        _ => u64::from(time.counter()),
    };
    put_number(out, ms);
    put_number(out, counter);
}

fn put_seen(out: &mut Vec<u8>, named: &mut Vec<AuthorId>, seen: &Seen) {
    put_number(out, seen.len() as u64);
    for (author, seq) in seen {
        match named.iter().position(|known| known == author) {
            Some(at) => put_number(out, at as u64 + 1),
            None => {
                put_number(out, 0);
                out.extend_from_slice(&author.0);
                named.push(*author);
            }
        }
        put_number(out, *seq);
    }
}
