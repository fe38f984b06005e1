//! Secrets of epochs for people who are away, in a form that whoever keeps it cannot read.
//!
//! ```text
//! box      the secret of an epoch, sealed to an author's key, see the `boxes` module:
//!          info "rumormill 1 box of an epoch", data room 32 ++ id of the epoch 32
//! before   secrets of other epochs, 32 bytes each: AES-256-GCM-SIV ciphertext; tag 16
//!          key derive_key("rumormill 1 secrets before an epoch", secret of the epoch ++ room 32 ++ author 32), nonce zeros,
//!          data nothing
//! ```
//!
//! An author can seal different secrets under one key: then this cipher tells whether they are equal, and nothing else.

use aes_gcm_siv::{Aes256GcmSiv, KeyInit, Nonce, aead::Aead};
use bytes::Bytes;
use zeroize::Zeroizing;

use super::{EpochId, Secret};
use crate::{
    boxes::{self, BOX_BYTES},
    ids::{AuthorId, RoomId},
};

/// Bytes of a secret.
const SECRET_BYTES: usize = 32;

/// The secret of an epoch, sealed to one key.
pub type EpochBox = [u8; SECRET_BYTES + BOX_BYTES];

const INFO: &[u8] = b"rumormill 1 box of an epoch";

fn place(room: &RoomId, epoch: &EpochId) -> [u8; 64] {
    let mut place = [0; 64];
    place.iter_mut().zip(room.0.iter().chain(&epoch.0)).for_each(|(byte, of)| *byte = *of);
    place
}

/// Seals the secret of an epoch to an author's key; `None` if nobody can own that key. `entropy` is used for nothing else.
pub(crate) fn seal_box(room: &RoomId, secret: &Secret, to: &AuthorId, entropy: &Secret) -> Option<EpochBox> {
    let sealed = boxes::seal(&to.exchange()?, INFO, &place(room, &secret.id()), secret.bytes(), entropy);
    sealed.ok()?.try_into().ok()
}

/// Opens the box of an epoch with the secret form of the key that it was sealed to; `None` if it holds anything else.
pub(crate) fn open_box(room: &RoomId, epoch: &EpochId, key: &Secret, sealed: &EpochBox) -> Option<Secret> {
    let opened = boxes::open(key, INFO, &place(room, epoch), sealed)?;
    let secret = Secret::new(opened.as_slice().try_into().ok()?);
    (secret.id() == *epoch).then_some(secret)
}

fn cipher(room: &RoomId, epoch: &Secret, author: &AuthorId) -> Aes256GcmSiv {
    let key = epoch.derive("rumormill 1 secrets before an epoch", &[&room.0, &author.0]);
    Aes256GcmSiv::new(key.bytes().into())
}

/// Seals secrets under the one of an epoch, as `author` writes them; nothing if there are none.
pub(crate) fn seal_before(room: &RoomId, epoch: &Secret, author: &AuthorId, secrets: &[Secret]) -> Bytes {
    if secrets.is_empty() {
        return Bytes::new();
    }
    let plain = Zeroizing::new(secrets.iter().flat_map(|secret| *secret.bytes()).collect::<Vec<u8>>());
    // Fails only beyond 64 GiB.
    cipher(room, epoch, author).encrypt(&Nonce::default(), plain.as_slice()).unwrap_or_default().into()
}

/// The secrets that an author sealed under the one of an epoch; none if they do not open.
pub(crate) fn open_before(room: &RoomId, epoch: &Secret, author: &AuthorId, sealed: &[u8]) -> Vec<Secret> {
    let Ok(plain) = cipher(room, epoch, author).decrypt(&Nonce::default(), sealed).map(Zeroizing::new) else {
        return Vec::new();
    };
    plain.as_chunks::<SECRET_BYTES>().0.iter().map(|secret| Secret::new(*secret)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::admit::Author;

    const ROOM: RoomId = RoomId([1; 32]);

    #[test]
    fn a_box_is_good_for_its_owner_its_room_and_its_epoch_alone() {
        let (anna, ben) = (Author::from_secret(&[2; 32]), Author::from_secret(&[3; 32]));
        let (secret, entropy) = (Secret::new([4; 32]), Secret::new([5; 32]));
        let sealed = seal_box(&ROOM, &secret, &anna.id(), &entropy).unwrap();
        let open =
            |room: &RoomId, epoch: &EpochId, author: &Author| open_box(room, epoch, &author.exchange_secret(), &sealed);
        assert_eq!(open(&ROOM, &secret.id(), &anna), Some(secret.clone()));
        assert_eq!(open(&ROOM, &secret.id(), &ben), None);
        assert_eq!(open(&RoomId([9; 32]), &secret.id(), &anna), None);
        assert_eq!(open(&ROOM, &EpochId([9; 32]), &anna), None);
        // What does not hash to the id of the epoch is not taken, whoever sealed it.
        let epoch = EpochId([9; 32]);
        let to = anna.id().exchange().unwrap();
        let forged = boxes::seal(&to, INFO, &place(&ROOM, &epoch), secret.bytes(), &entropy).unwrap();
        assert_eq!(open_box(&ROOM, &epoch, &anna.exchange_secret(), &forged.try_into().unwrap()), None);
        assert_eq!(seal_box(&ROOM, &secret, &AuthorId([2; 32]), &entropy), None, "nobody's key");
    }

    #[test]
    fn secrets_are_read_under_the_epoch_that_they_came_before() {
        let (epoch, author) = (Secret::new([4; 32]), AuthorId([2; 32]));
        let secrets = [Secret::new([5; 32]), Secret::new([6; 32])];
        let sealed = seal_before(&ROOM, &epoch, &author, &secrets);
        assert_eq!(sealed.len(), 2 * SECRET_BYTES + 16);
        assert_eq!(open_before(&ROOM, &epoch, &author, &sealed), secrets);
        assert_eq!(open_before(&ROOM, &secrets[0], &author, &sealed), []);
        assert_eq!(open_before(&ROOM, &epoch, &AuthorId([3; 32]), &sealed), []);
        assert_eq!(open_before(&ROOM, &epoch, &author, &sealed[1..]), []);
        assert!(seal_before(&ROOM, &epoch, &author, &[]).is_empty());
    }
}
