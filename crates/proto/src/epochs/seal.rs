//! One sealed body.
//!
//! ```text
//! sealed   of a file, its front: hash and size, in plain; first 8 bytes of the epoch's id; AES-256-GCM-SIV ciphertext; tag 16
//! key      keyed_hash(derive_key("rumormill 1 bodies", secret ++ room), author)
//! nonce    4 zeros, seq 8 bytes big-endian
//! data     room 32, author 32, seq 8 bytes big-endian, the number of the sealed kind 1, the front
//! ```
//!
//! A nonce repeats only where an author forks its own log. Then this cipher tells whether two bodies are equal, and
//! nothing else.

use aes_gcm_siv::{Aes256GcmSiv, Key, KeyInit, Nonce, Tag, aead::AeadInPlace};
use bytes::Bytes;
use zeroize::Zeroizing;

use super::{EpochId, Secret};
use crate::{
    entry::Kind,
    ids::{AuthorId, RoomId, Seq},
};

/// Bytes of the epoch's name, in front.
pub(super) const NAME_BYTES: usize = 8;

/// Bytes of the tag, behind.
const TAG_BYTES: usize = 16;

/// By how much a sealed body is longer than what it seals.
pub const SEAL_BYTES: usize = NAME_BYTES + TAG_BYTES;

/// The place that a body is sealed for.
#[derive(Clone, Copy, Debug)]
pub(super) struct For<'a> {
    pub(super) room: &'a RoomId,
    pub(super) author: &'a AuthorId,
    pub(super) seq: Seq,
    /// The sealed kind.
    pub(super) kind: Kind,
    /// What stays in plain.
    pub(super) front: &'a [u8],
}

/// The key of all bodies of one epoch.
pub(super) fn bodies_key(room: &RoomId, secret: &Secret) -> Secret {
    secret.derive("rumormill 1 bodies", &[&room.0])
}

/// The sealed form of a body; `None` if the cipher refuses it, which it does not for bodies of entries.
pub(super) fn seal(key: &Secret, epoch: &EpochId, place: For<'_>, body: &[u8]) -> Option<Bytes> {
    let mut sealed = Vec::with_capacity(place.front.len() + body.len() + SEAL_BYTES);
    sealed.extend_from_slice(place.front);
    sealed.extend_from_slice(&epoch.prefix());
    let begin = sealed.len();
    sealed.extend_from_slice(body);
    let (cipher, nonce) = place.cipher(key);
    let tag = cipher.encrypt_in_place_detached(&nonce, &place.data(), sealed.get_mut(begin..)?).ok()?;
    sealed.extend_from_slice(&tag);
    Some(sealed.into())
}

/// The body that is sealed behind its front, which is in front of it again; `None` if it was not sealed with this key for
/// this place.
pub(super) fn open(key: &Secret, place: For<'_>, sealed: &[u8]) -> Option<Bytes> {
    let (text, tag) = sealed.get(NAME_BYTES..)?.split_last_chunk::<TAG_BYTES>()?;
    let mut body = [place.front, text].concat();
    let (cipher, nonce) = place.cipher(key);
    let opened = body.get_mut(place.front.len()..)?;
    cipher.decrypt_in_place_detached(&nonce, &place.data(), opened, Tag::from_slice(tag)).ok()?;
    Some(body.into())
}

impl For<'_> {
    fn cipher(&self, key: &Secret) -> (Aes256GcmSiv, Nonce) {
        let key = Zeroizing::new(*blake3::keyed_hash(key.bytes(), &self.author.0).as_bytes());
        let mut nonce = Nonce::default();
        nonce[4..].copy_from_slice(&self.seq.to_be_bytes());
        (Aes256GcmSiv::new(Key::<Aes256GcmSiv>::from_slice(&*key)), nonce)
    }

    fn data(&self) -> Vec<u8> {
        let (seq, kind) = (self.seq.to_be_bytes(), [self.kind.number()]);
        [&self.room.0[..], &self.author.0, &seq, &kind, self.front].concat()
    }
}
