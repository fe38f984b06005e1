//! The bytes of a file of a closed room: sealed piece by piece, so that whoever keeps them cannot read them.
//!
//! Each file has a key of its own, which is in the sealed part of the entry that offers it. What travels and is stored are
//! the sealed bytes; the hash in the entry is theirs, so whoever has them can serve them and prove that they are the right
//! ones.
//!
//! ```text
//! sealed file   its pieces in their order, at least one
//! piece         AES-256-GCM-SIV ciphertext; tag 16; 256 KiB in all, but for the last piece
//!               key that of the file, nonce 4 zeros ++ number of the piece 8 bytes big-endian, data nothing
//! ```

use aes_gcm_siv::{Aes256GcmSiv, KeyInit, Nonce, aead::Aead};

use crate::epochs::Secret;

/// Bytes of a sealed piece, but for the last: those of a piece as it is verified on its way.
pub const SEALED_PIECE: usize = 256 * 1024;

const TAG_BYTES: usize = 16;

/// Bytes that a whole piece seals.
pub const PLAIN_PIECE: usize = SEALED_PIECE - TAG_BYTES;

/// Bytes of a file of `size` once it is sealed.
pub fn sealed_size(size: u64) -> u64 {
    let pieces = size.div_ceil(PLAIN_PIECE as u64).max(1);
    size.saturating_add(pieces * TAG_BYTES as u64)
}

/// Bytes of the file that takes `sealed` bytes; `None` if none takes so many.
pub fn plain_size(sealed: u64) -> Option<u64> {
    let pieces = sealed.div_ceil(SEALED_PIECE as u64);
    let size = sealed.checked_sub(pieces * TAG_BYTES as u64)?;
    (sealed_size(size) == sealed).then_some(size)
}

/// How many bytes of a file are there, of which the first `have` of its sealed bytes are.
pub fn plain_have(have: u64) -> u64 {
    let rest = (have % SEALED_PIECE as u64).saturating_sub(TAG_BYTES as u64);
    have / SEALED_PIECE as u64 * PLAIN_PIECE as u64 + rest
}

fn cipher(key: &Secret, number: u64) -> (Aes256GcmSiv, Nonce) {
    let mut nonce = Nonce::default();
    nonce[4..].copy_from_slice(&number.to_be_bytes());
    (Aes256GcmSiv::new(key.bytes().into()), nonce)
}

/// Seals the piece of this number, from 0.
pub fn seal_piece(key: &Secret, number: u64, plain: &[u8]) -> Vec<u8> {
    let (cipher, nonce) = cipher(key, number);
    // Fails only beyond 64 GiB.
    cipher.encrypt(&nonce, plain).unwrap_or_default()
}

/// Opens the piece of this number; `None` if it was not sealed with this key at this place.
pub fn open_piece(key: &Secret, number: u64, sealed: &[u8]) -> Option<Vec<u8>> {
    let (cipher, nonce) = cipher(key, number);
    cipher.decrypt(&nonce, sealed).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_lead_to_one_another() {
        let (plain, sealed) = (PLAIN_PIECE as u64, SEALED_PIECE as u64);
        for (size, bytes) in
            [(0, 16), (1, 17), (plain, sealed), (plain + 1, sealed + 17), (2 * plain, 2 * sealed), (1 << 29, 0)]
        {
            assert!(bytes == 0 || sealed_size(size) == bytes, "{size}");
            assert_eq!(plain_size(sealed_size(size)), Some(size));
            assert_eq!(plain_have(sealed_size(size)), size);
        }
        for bytes in [0, 15, sealed + 1, sealed + 16] {
            assert_eq!(plain_size(bytes), None, "{bytes}");
        }
        assert_eq!(plain_have(sealed), plain);
    }

    #[test]
    fn a_piece_opens_at_its_place_with_its_key_alone() {
        let key = Secret::new([1; 32]);
        let sealed = seal_piece(&key, 3, b"a photo");
        assert_eq!(sealed.len() as u64, sealed_size(7));
        assert_eq!(open_piece(&key, 3, &sealed).as_deref(), Some(&b"a photo"[..]));
        assert_eq!(open_piece(&key, 4, &sealed), None);
        assert_eq!(open_piece(&Secret::new([2; 32]), 3, &sealed), None);
        assert_eq!(open_piece(&key, 3, &sealed[1..]), None);
    }
}
