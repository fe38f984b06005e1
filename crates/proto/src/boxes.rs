//! Boxes that one author's key opens, and nobody else's.
//!
//! A box is HPKE of RFC 9180 in its base mode. The receiver's X25519 key is the author's Ed25519 key in its other form,
//! so whoever knows an author can seal to it, also when that author has never said anything.
//!
//! ```text
//! box     key of this box 32; ChaCha20-Poly1305 ciphertext; tag 16
//! suite   DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, ChaCha20-Poly1305
//! info    a label that says what the box is for
//! data    what the box belongs to
//! ```

use hpke::{
    Deserializable, Kem, OpModeR, OpModeS, Serializable, aead::ChaCha20Poly1305, kdf::HkdfSha256,
    kem::X25519HkdfSha256, rand_core::SeedableRng, single_shot_open, single_shot_seal_with_rng,
};
use rand_chacha::ChaCha20Rng;
use zeroize::Zeroizing;

use crate::{epochs::Secret, reject::Reject};

/// Bytes of the key that is made for a box, in front.
const KEY_BYTES: usize = 32;

/// By how much a box is longer than what it holds.
pub const BOX_BYTES: usize = KEY_BYTES + 16;

type Sealed = X25519HkdfSha256;

/// Seals `text` to the owner of an X25519 key. The key of the box comes from `entropy`, which must be used for nothing
/// else.
///
/// # Errors
/// [`Reject::Malformed`] when nobody can own this key.
pub fn seal(to: &[u8; 32], info: &[u8], data: &[u8], text: &[u8], entropy: &Secret) -> Result<Vec<u8>, Reject> {
    let refused = |_| Reject::Malformed("exchange key");
    let to = <Sealed as Kem>::PublicKey::from_bytes(to).map_err(refused)?;
    let mut random = ChaCha20Rng::from_seed(*entropy.bytes());
    let (key, text) = single_shot_seal_with_rng::<ChaCha20Poly1305, HkdfSha256, Sealed>(
        &OpModeS::Base,
        &to,
        info,
        text,
        data,
        &mut random,
    )
    .map_err(refused)?;
    Ok([&key.to_bytes()[..], &text].concat())
}

/// Opens a box with the X25519 key in its secret form; `None` if it was sealed to another key, for another purpose or for
/// another place.
pub fn open(secret: &Secret, info: &[u8], data: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (key, text) = sealed.split_at_checked(KEY_BYTES)?;
    let key = <Sealed as Kem>::EncappedKey::from_bytes(key).ok()?;
    let secret = <Sealed as Kem>::PrivateKey::from_bytes(secret.bytes()).ok()?;
    let text =
        single_shot_open::<ChaCha20Poly1305, HkdfSha256, Sealed>(&OpModeR::Base, &secret, &key, info, text, data);
    text.ok().map(Zeroizing::new)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{admit::Author, ids::AuthorId};

    fn anna() -> Author {
        Author::from_secret(&[5; 32])
    }

    fn sealed(text: &[u8]) -> Vec<u8> {
        seal(&anna().exchange(), b"a test", b"room", text, &Secret::new([7; 32])).unwrap()
    }

    #[test]
    fn an_author_opens_what_was_sealed_to_its_id() {
        let anna = anna();
        assert_eq!(anna.id().exchange(), Some(anna.exchange()));
        let sealed = sealed(b"noon");
        assert_eq!(sealed.len(), 4 + BOX_BYTES);
        let opened = |author: &Author, info: &[u8], data: &[u8]| open(&author.exchange_secret(), info, data, &sealed);
        assert_eq!(opened(&anna, b"a test", b"room").as_deref(), Some(&b"noon".to_vec()));
        assert_eq!(opened(&anna, b"a text", b"room"), None, "for another purpose");
        assert_eq!(opened(&anna, b"a test", b"moor"), None, "for another place");
        assert_eq!(opened(&Author::from_secret(&[6; 32]), b"a test", b"room"), None, "to somebody else");
    }

    #[test]
    fn nothing_is_sealed_to_what_is_no_key() {
        let seal = |to| seal(to, b"a test", b"room", b"noon", &Secret::new([7; 32]));
        assert_eq!(seal(&[0; 32]), Err(Reject::Malformed("exchange key")));
        assert_eq!(AuthorId([2; 32]).exchange(), None, "not on the curve");
    }

    proptest! {
        #[test]
        fn a_changed_or_missing_byte_does_not_open(text: Vec<u8>, at: usize, by in 1u8..) {
            let mut changed = sealed(&text);
            let at = at % changed.len();
            changed[at] ^= by;
            let secret = anna().exchange_secret();
            prop_assert_eq!(open(&secret, b"a test", b"room", &changed), None);
            prop_assert_eq!(open(&secret, b"a test", b"room", &sealed(&text)[..at]), None);
        }
    }
}
