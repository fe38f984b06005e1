//! The authors that a peer has introduced over one connection, and their signatures.

use std::collections::BTreeMap;

use rumormill_proto::{
    ids::{AuthorId, RoomId},
    introduction::Introduction,
    reject::Reject,
    run::Signature,
};

use crate::limits::INTRODUCTIONS;

/// The authors who write at the other end, by room.
#[derive(Default)]
pub(crate) struct Introduced(BTreeMap<RoomId, (AuthorId, Signature, usize)>);

impl Introduced {
    /// The author who writes there in a room.
    pub(crate) fn author(&self, room: &RoomId) -> Option<AuthorId> {
        self.0.get(room).map(|(author, ..)| *author)
    }

    /// Takes a signature, unless it is the last one again.
    ///
    /// # Errors
    /// [`Reject::Signature`] when the author did not sign, [`Reject::Limit`] when the peer has introduced too many.
    pub(crate) fn take(&mut self, signed: &Introduction, author: AuthorId, signature: Signature) -> Result<(), Reject> {
        let known = self.0.get(&signed.room).map(|(author, signature, count)| ((*author, *signature), *count));
        let (last, count) = known.unzip();
        if last == Some((author, signature)) {
            return Ok(());
        }
        let count = count.unwrap_or(0) + 1;
        if count > INTRODUCTIONS {
            return Err(Reject::Limit("introductions"));
        }
        author.introduces(signed, &signature)?;
        self.0.insert(signed.room, (author, signature, count));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use rumormill_proto::{admit::Author, ids::PeerId, introduction::Side};

    use super::*;

    #[test]
    fn a_few_authors_are_introduced_and_no_more_and_none_without_its_signature() {
        let room = RoomId([1; 32]);
        let signed =
            Introduction { exported: [1; 32], side: Side::Dialler, from: PeerId([2; 32]), to: PeerId([3; 32]), room };
        let mut introduced = Introduced::default();
        let bob = Author::from_secret(&[9; 32]).id();
        let eve = Author::from_secret(&[8; 32]);
        assert_eq!(introduced.take(&signed, bob, eve.introduce(&signed)), Err(Reject::Signature));
        assert_eq!(introduced.author(&room), None);
        for secret in 0..INTRODUCTIONS as u8 {
            let author = Author::from_secret(&[secret; 32]);
            for _ in 0..3 {
                assert_eq!(introduced.take(&signed, author.id(), author.introduce(&signed)), Ok(()));
            }
            assert_eq!(introduced.author(&room), Some(author.id()));
        }
        let surplus = introduced.take(&signed, bob, Author::from_secret(&[9; 32]).introduce(&signed));
        assert_eq!(surplus, Err(Reject::Limit("introductions")));
    }
}
