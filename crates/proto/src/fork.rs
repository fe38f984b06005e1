//! Proof that an author wrote two logs.
//!
//! Two verified runs of one author that tell different ids for one seq prove a fork: the author signed both. A run
//! tells the ids of its entries and, by its prev, the id of the entry before them. Every node cuts the log at the
//! lowest seq on which the two disagree. Cuts only move down, so all honest nodes end alike, in whatever order the
//! proofs arrive.
//!
//! A proof is stored and sent in one form, whatever form it came in: without bodies, and without the entries of either
//! run below the disagreement. The run whose bytes sort lower comes first.

use bytes::Bytes;

use crate::{
    admit::{Admission, Run, Trust},
    codec::{Reader, put_bytes},
    entry::Kind,
    ids::{AuthorId, EntryId, Seq},
    limits::HEADERS_BYTES,
    reject::Reject,
    run::RawRun,
};

/// Two runs of one author that disagree, verified and trimmed to the entries that prove the fork.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    author: AuthorId,
    at: Seq,
    wire: Bytes,
}

impl Proof {
    /// Verifies that `one` and `other` prove a fork, and trims them to the entries that prove it. Both must be signed.
    ///
    /// # Errors
    /// [`Reject::Signature`] or [`Reject::Unlinked`] when the author did not sign one of them, [`Reject::Malformed`]
    /// when they agree or are not of one author.
    pub fn new(door: &mut Admission, one: &RawRun, other: &RawRun) -> Result<Self, Reject> {
        if one.author() != other.author() {
            return Err(Reject::Malformed("fork of two authors"));
        }
        let (one, other) = (one.without_bodies()?, other.without_bodies()?);
        let (here, there) = (door.admit(&one, Trust::Signature)?, door.admit(&other, Trust::Signature)?);
        let at = disagreement(&here, &there).ok_or(Reject::Malformed("fork without disagreement"))?;
        let mut runs = [trim(one, &here, at)?, trim(other, &there, at)?];
        runs.sort_by(|one, other| one.wire().cmp(other.wire()));
        let mut wire = Vec::with_capacity(runs.iter().map(|run| run.wire().len() + 4).sum());
        runs.iter().for_each(|run| put_bytes(&mut wire, run.wire()));
        Ok(Self { author: here.author(), at, wire: wire.into() })
    }

    /// Reads and verifies a proof, even if it contains more than it needs.
    ///
    /// # Errors
    /// As [`Proof::new`] and [`RawRun::parse`].
    pub fn parse(door: &mut Admission, wire: Bytes) -> Result<Self, Reject> {
        let (one, other) = read(wire)?;
        Self::new(door, &one, &other)
    }

    /// Reads proofs, one after the other.
    ///
    /// # Errors
    /// As [`Proof::parse`].
    pub fn parse_all(door: &mut Admission, wire: Bytes) -> Result<Vec<Self>, Reject> {
        let mut reader = Reader::new(wire);
        let mut all = Vec::new();
        while reader.left() > 0 {
            let (one, other) = read_next(&mut reader)?;
            all.push(Self::new(door, &one, &other)?);
        }
        Ok(all)
    }

    /// Reads a proof, and verifies it unless the forks that it may prove are of no use: author, the lowest and the highest
    /// seq.
    ///
    /// # Errors
    /// As [`Proof::parse`].
    pub(crate) fn parse_useful(
        door: &mut Admission,
        wire: Bytes,
        useful: impl FnOnce(&AuthorId, (Seq, Seq)) -> bool,
    ) -> Result<Option<Self>, Reject> {
        let (one, other) = read(wire)?;
        let lowest = one.first().max(other.first()).saturating_sub(1);
        match useful(&one.author(), (lowest, one.last().min(other.last()))) {
            true => Self::new(door, &one, &other).map(Some),
            false => Ok(None),
        }
    }

    /// The author of the forked log.
    pub fn author(&self) -> AuthorId {
        self.author
    }

    /// The lowest seq that this proves to be forked.
    pub fn at(&self) -> Seq {
        self.at
    }

    /// Whether the author forked its own log to leave it, because clocks differ: one of the two runs is an entry that
    /// says nothing. Anybody can write such an entry under an own key, so this only chooses the words for people.
    pub(crate) fn is_left(&self) -> bool {
        let says_nothing = |run: RawRun| match run.entries() {
            [entry] => {
                run.first() == self.at && entry.kind == Kind::TEXT && entry.seen.is_empty() && entry.body.is_empty()
            }
            _ => false,
        };
        read(self.wire.clone()).is_ok_and(|(one, other)| says_nothing(one) || says_nothing(other))
    }

    /// The bytes as which it travels.
    pub fn wire(&self) -> &Bytes {
        &self.wire
    }
}

fn read(wire: Bytes) -> Result<(RawRun, RawRun), Reject> {
    let mut reader = Reader::new(wire);
    let runs = read_next(&mut reader)?;
    reader.end("fork")?;
    Ok(runs)
}

fn read_next(reader: &mut Reader) -> Result<(RawRun, RawRun), Reject> {
    let one = RawRun::parse(reader.bytes(HEADERS_BYTES, "fork")?)?;
    Ok((one, RawRun::parse(reader.bytes(HEADERS_BYTES, "fork")?)?))
}

/// The shortest signed part of a run that tells its id at `at`, where it disagrees with another run: the entries from
/// the one that follows `at` and names it, or else from the entry at `at` itself.
fn trim(raw: RawRun, run: &Run, at: Seq) -> Result<RawRun, Reject> {
    let first = if raw.last() > at { at + 1 } else { at };
    let Some(entry) = run.entries().iter().find(|entry| entry.seq == first && first > raw.first()) else {
        return Ok(raw);
    };
    let kept = raw.entries().iter().zip(raw.first()..).filter(|(_, seq)| *seq >= first);
    let kept = kept.map(|(entry, _)| entry.clone()).collect();
    RawRun::new(raw.author(), first, entry.prev, kept, raw.signature().copied())
}

/// The lowest seq for which both runs tell an id and the ids differ.
fn disagreement(one: &Run, other: &Run) -> Option<Seq> {
    let other_first = other.first().seq;
    let told_by_other = |seq: Seq| -> Option<EntryId> {
        match (seq + 1).checked_sub(other_first)? {
            0 => Some(other.first().prev),
            at => other.entries().get(at as usize - 1).map(|entry| entry.id),
        }
    };
    let below = one.first().seq.checked_sub(1).map(|seq| (seq, one.first().prev));
    let told = below.into_iter().chain(one.entries().iter().map(|entry| (entry.seq, entry.id)));
    told.filter(|(seq, id)| told_by_other(*seq).is_some_and(|other| other != *id)).map(|(seq, _)| seq).next()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        limits::{BLOCK, BODY_BYTES, SEEN_PAIRS, SEQ_END},
        testing::{ROOM, Writer},
    };

    fn proved(one: &RawRun, other: &RawRun) -> Result<Seq, Reject> {
        let mut door = Admission::new(ROOM);
        let proof = Proof::new(&mut door, one, other)?;
        assert_eq!(Proof::parse(&mut door, proof.wire().clone()).as_ref(), Ok(&proof));
        assert_eq!(Proof::new(&mut door, other, one).map(|proof| proof.at()), Ok(proof.at()));
        Ok(proof.at())
    }

    #[test]
    fn the_lowest_disagreement_counts() {
        let mut writer = Writer::new(1);
        writer.write(1, "x");
        let mut twin = writer.clone();
        let ours = [writer.write(3, "ours"), writer.write(3, "ours")];
        let theirs = [twin.write(2, "theirs"), twin.write(5, "theirs")];
        assert_eq!(proved(&ours[0], &theirs[0]), Ok(1));
        assert_eq!(proved(&ours[1], &theirs[1]), Ok(3), "by the prev of the upper one");
        assert_eq!(proved(&ours[0], &theirs[1]), Ok(2));
    }

    #[test]
    fn a_proof_has_one_form_whatever_it_came_as() {
        let mut writer = Writer::new(1);
        writer.write(1, "x");
        let mut twin = writer.clone();
        let before = writer.clone();
        let same = |writer: &mut Writer| writer.write(20, "the same");
        same(&mut writer);
        same(&mut twin);
        let (ours, theirs) = (writer.write(30, "ours"), twin.write(30, "theirs"));
        let long = |words: &str, at: usize| {
            let mut whole = before.clone();
            let bodies: Vec<&str> = (0..50).map(|seq| if seq < at { "the same" } else { words }).collect();
            whole.write_each(&bodies)
        };
        let mut door = Admission::new(ROOM);
        let short = Proof::new(&mut door, &ours, &theirs).unwrap();
        let trimmed = Proof::new(&mut door, &long("theirs", 20), &long("ours", 20)).unwrap();
        assert_eq!((short.at(), &short), (21, &trimmed));
        let (one, other) = read(short.wire().clone()).unwrap();
        assert_eq!([one.first(), other.first()], [22, 22], "the lowest entries named are those that differ");
        let mut untrimmed = Vec::new();
        for run in [long("ours", 20), long("theirs", 20)] {
            put_bytes(&mut untrimmed, run.without_bodies().unwrap().wire());
        }
        assert_eq!(Proof::parse(&mut door, untrimmed.into()), Ok(short.clone()), "as the first versions tell it");
        for (cut, read) in [(None, true), (Some(22), true), (Some(21), false), (Some(3), false)] {
            let useful = |_: &AuthorId, (lowest, _)| cut.is_none_or(|cut| lowest < cut);
            let lower = Proof::parse_useful(&mut door, short.wire().clone(), useful);
            assert_eq!(lower, Ok(read.then(|| short.clone())), "cut at {cut:?}");
        }
    }

    #[test]
    fn the_largest_proof_is_read_and_no_larger_one() {
        let named = |entry: u64, author: u8| {
            let mut id = [author; 32];
            id[0] = entry as u8;
            (AuthorId(id), SEQ_END - 1)
        };
        let all = |entry| (0..SEEN_PAIRS as u8).map(|author| named(entry, author)).collect();
        let mut writer = Writer::new(1).later(1 << 47);
        writer.write(1, "x");
        let mut twin = writer.clone();
        let write = |writer: &mut Writer, body| writer.write_seen((0..BLOCK).map(all).collect(), body);
        let runs = [write(&mut writer, "ours"), write(&mut twin, "theirs")];
        assert_eq!(proved(&runs[0], &runs[1]), Ok(1));
        let bare = runs[0].without_bodies().unwrap();
        assert!(bare.wire().len() <= HEADERS_BYTES && bare.wire().len() > HEADERS_BYTES * 9 / 10);
        let bodies = "x".repeat(BODY_BYTES);
        let runs = [write(&mut writer, &bodies), write(&mut twin, &bodies)];
        let mut wire = Vec::new();
        runs.iter().for_each(|run| put_bytes(&mut wire, run.wire()));
        let read = Proof::parse(&mut Admission::new(ROOM), wire.into());
        assert_eq!(read, Err(Reject::Limit("fork")), "bodies prove nothing");
    }

    #[test]
    fn one_log_proves_nothing() {
        let mut writer = Writer::new(1);
        let runs = [writer.write(1, "x"), writer.write(3, "x"), writer.write(3, "x")];
        for (one, other) in [(0, 0), (1, 1), (0, 1), (1, 2), (0, 2)] {
            assert!(proved(&runs[one], &runs[other]).is_err(), "{one} and {other}");
        }
        let stranger = Writer::new(2).write(1, "y");
        assert_eq!(proved(&runs[0], &stranger), Err(Reject::Malformed("fork of two authors")));
    }

    #[test]
    fn what_nobody_signed_proves_nothing() {
        let writer = Writer::new(1);
        let (one, other) = (writer.clone().write(1, "a"), writer.clone().write(1, "b"));
        let bare = RawRun::new(other.author(), 0, other.prev(), other.entries().to_vec(), None).unwrap();
        assert_eq!(proved(&one, &bare), Err(Reject::Unlinked));
        let wrong = RawRun::new(other.author(), 0, other.prev(), other.entries().to_vec(), one.signature().copied());
        assert_eq!(proved(&one, &wrong.unwrap()), Err(Reject::Signature));
    }
}
