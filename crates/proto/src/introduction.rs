//! An introduction: an author key signs the connection that its node speaks over, so that nobody else can pose as the
//! author there.
//!
//! ```text
//! signed  "rumormill 1 author" ++ exported 32 ++ role 1 ++ signer's peer id 32 ++ other's peer id 32 ++ room 32 ++ key 32
//! ```
//!
//! Somebody who comes to a closed room with a ticket signs the same with the ticket's key too, under the label
//! "rumormill 1 ticket"; the key at the end is the author's.
//!
//! `exported` is keying material of the TLS session, never of early data, so a signature is worth nothing on another
//! connection; `role` is 0 for the side that dialled and 1 for the side that accepted, so it cannot be sent back; the
//! room keeps a member of two rooms from being introduced in the wrong one. The label names the version of this
//! layout. No run is signed under it.

use ed25519_dalek::{Signer as _, SigningKey};

use crate::{
    admit::verify,
    governance::TicketKey,
    ids::{AuthorId, PeerId, RoomId},
    reject::Reject,
    run::Signature,
};

/// The label with which the signed bytes begin.
const LABEL: &[u8; 18] = b"rumormill 1 author";

/// The label of what the key of a ticket signs.
const TICKET_LABEL: &[u8; 18] = b"rumormill 1 ticket";

/// Bytes that are signed.
const BYTES: usize = LABEL.len() + 32 + 1 + 4 * 32;

/// Which side of the connection signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The one that dialled.
    Dialler,
    /// The one that accepted.
    Accepter,
}

/// The place where an author key is introduced: a connection, seen from the side that signs, and a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Introduction {
    /// Keying material that both sides of the TLS session export.
    pub exported: [u8; 32],
    /// The signing side.
    pub side: Side,
    /// Transport key of the signing side.
    pub from: PeerId,
    /// Transport key of the other side.
    pub to: PeerId,
    /// The room in which the author writes.
    pub room: RoomId,
}

impl Introduction {
    /// The bytes that the key of `author` signs.
    pub fn bytes(&self, author: &AuthorId) -> [u8; BYTES] {
        self.labelled(LABEL, author)
    }

    /// Signs with the secret of a ticket that an author comes by it.
    pub fn countersign(&self, secret: &[u8; 32], author: &AuthorId) -> Signature {
        SigningKey::from_bytes(secret).sign(&self.labelled(TICKET_LABEL, author)).to_bytes()
    }

    /// Whether the key of a ticket signed that an author comes by it.
    ///
    /// # Errors
    /// [`Reject::Signature`] when it did not.
    pub fn countersigned(&self, key: &TicketKey, author: &AuthorId, signature: &Signature) -> Result<(), Reject> {
        verify(&AuthorId(key.0), &self.labelled(TICKET_LABEL, author), signature)
    }

    fn labelled(&self, label: &[u8; 18], author: &AuthorId) -> [u8; BYTES] {
        let side = match self.side {
            Side::Dialler => 0,
            Side::Accepter => 1,
        };
        let fields: [&[u8]; 7] = [label, &self.exported, &[side], &self.from.0, &self.to.0, &self.room.0, &author.0];
        let mut bytes = [0; BYTES];
        fields.into_iter().flatten().zip(&mut bytes).for_each(|(byte, place)| *place = *byte);
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::admit::Author;

    fn introduction() -> Introduction {
        let (from, to) = (PeerId([2; 32]), PeerId([3; 32]));
        Introduction { exported: [1; 32], side: Side::Accepter, from, to, room: RoomId([4; 32]) }
    }

    #[test]
    fn the_bytes_are_these() {
        let author = Author::from_secret(&[5; 32]);
        let expected =
            [&b"rumormill 1 author"[..], &[1; 32], &[1], &[2; 32], &[3; 32], &[4; 32], &author.id().0].concat();
        assert_eq!(introduction().bytes(&author.id())[..], expected[..]);
        // Ed25519 is deterministic: another program that lays the bytes out alike gets the same signature.
        let signature = author.introduce(&introduction());
        assert_eq!(data_encoding::HEXLOWER.encode(&signature), VECTOR);
        assert_eq!(author.id().introduces(&introduction(), &signature), Ok(()));
    }

    const VECTOR: &str = concat!(
        "b7b54f5ccf7c0bf33304406be4e3191aa2b32e17988c795d9c34373d28cb0bfe",
        "5946aa018e2846d6735d4a3a120c93d237e2a28b1e7654cfa2f5e10084216f0a"
    );

    #[test]
    fn it_holds_for_one_connection_one_direction_one_room_and_one_key() {
        let author = Author::from_secret(&[5; 32]);
        let good = introduction();
        let signature = author.introduce(&good);
        let (from, to) = (good.to, good.from);
        let others = [
            Introduction { exported: [9; 32], ..good },
            Introduction { side: Side::Dialler, ..good },
            Introduction { from, ..good },
            Introduction { to, ..good },
            Introduction { from, to, ..good },
            Introduction { room: RoomId([9; 32]), ..good },
        ];
        for other in others {
            assert_eq!(author.id().introduces(&other, &signature), Err(Reject::Signature), "{other:?}");
        }
        let ticket = good.countersign(&[5; 32], &author.id());
        let key = TicketKey(author.id().0);
        assert_eq!(good.countersigned(&key, &author.id(), &ticket), Ok(()));
        assert_eq!(author.id().introduces(&good, &ticket), Err(Reject::Signature), "the labels differ");
        assert_eq!(good.countersigned(&key, &AuthorId([7; 32]), &ticket), Err(Reject::Signature));
        let stranger = Author::from_secret(&[6; 32]).id();
        assert_eq!(stranger.introduces(&good, &signature), Err(Reject::Signature));
        // The neutral point is a key of small order: it would verify anything that is not checked strictly.
        let mut neutral = [0; 32];
        neutral[0] = 1;
        let mut nothing = [0; 64];
        nothing[0] = 1;
        assert_eq!(AuthorId(neutral).introduces(&good, &nothing), Err(Reject::Signature));
    }
}
