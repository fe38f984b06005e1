//! Proof that an author wrote two logs.
//!
//! Two verified runs of one author that tell different ids for one seq prove a fork: the author signed both.
//! A run tells the ids of its entries and, by its prev, the id of the entry before. The lowest seq on which
//! the two disagree is where every node cuts the log; cuts only move down, so all honest nodes end alike,
//! whatever order the proofs arrive in.

use bytes::Bytes;

use crate::{
    admit::{Admission, Run, Trust},
    codec::{Reader, put_bytes},
    ids::{AuthorId, EntryId, Seq},
    limits::RUN_BYTES,
    reject::Reject,
    run::RawRun,
};

/// Two runs of one author, without bodies, that disagree; verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    author: AuthorId,
    at: Seq,
    wire: Bytes,
}

impl Proof {
    /// Verifies that `one` and `other` prove a fork. Both must be signed.
    ///
    /// # Errors
    /// [`Reject::Signature`] or [`Reject::Unlinked`] when one of them is not the author's,
    /// [`Reject::Malformed`] when they agree or are not of one author.
    pub fn new(door: &mut Admission, one: &RawRun, other: &RawRun) -> Result<Self, Reject> {
        let (one, other) = (one.without_bodies()?, other.without_bodies()?);
        if one.author() != other.author() {
            return Err(Reject::Malformed("fork of two authors"));
        }
        let mut wire = Vec::with_capacity(one.wire().len() + other.wire().len() + 8);
        put_bytes(&mut wire, one.wire());
        put_bytes(&mut wire, other.wire());
        let author = one.author();
        let one = door.admit(&one, Trust::Signature)?;
        let other = door.admit(&other, Trust::Signature)?;
        let at = disagreement(&one, &other).ok_or(Reject::Malformed("fork without disagreement"))?;
        Ok(Self { author, at, wire: wire.into() })
    }

    /// Reads and verifies a proof.
    ///
    /// # Errors
    /// As [`Proof::new`], and what [`RawRun::parse`] refuses.
    pub fn parse(door: &mut Admission, wire: Bytes) -> Result<Self, Reject> {
        let mut reader = Reader::new(wire);
        let one = RawRun::parse(reader.bytes(RUN_BYTES, "fork")?)?;
        let other = RawRun::parse(reader.bytes(RUN_BYTES, "fork")?)?;
        reader.end("fork")?;
        Self::new(door, &one, &other)
    }

    /// Whose log is forked.
    pub fn author(&self) -> AuthorId {
        self.author
    }

    /// The lowest seq that this proves to be forked.
    pub fn at(&self) -> Seq {
        self.at
    }

    /// The bytes it travels as.
    pub fn wire(&self) -> &Bytes {
        &self.wire
    }
}

/// The lowest seq for which both runs tell an id, and not the same one.
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
    use crate::testing::{ROOM, Writer};

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
