//! The `Idempotency-Key` of a request: a request with a key is carried out once, however often it is repeated.

use axum::http::HeaderMap;
use rumormill_api::{KEY_BYTES, endpoint::IDEMPOTENCY_KEY};
use rumormill_node::Once;

use super::words::codes;
use crate::answer::{Answer, Refusal};

/// The key of a request, as a hash.
pub(super) struct Key([u8; 32]);

impl Key {
    /// The key in the headers of a request, if there is one.
    ///
    /// # Errors
    /// When the key is empty, too long or not plain text.
    pub(super) fn of(headers: &HeaderMap) -> Answer<Option<Self>> {
        let Some(key) = headers.get(IDEMPOTENCY_KEY) else { return Ok(None) };
        match key.to_str() {
            Ok(key) if !key.is_empty() && key.len() <= KEY_BYTES => {
                Ok(Some(Self(blake3::derive_key("rumormill 2026 name of a call", key.as_bytes()))))
            }
            _ => {
                let help =
                    format!("give a text of 1 to {KEY_BYTES} letters, digits and signs, a fresh one for each message");
                Err(Refusal::new(codes::KEY, "this is no valid `Idempotency-Key`", &help))
            }
        }
    }

    /// One [`Once`] for each entry that the request writes. `asks` is the whole content of the request.
    pub(super) fn calls(&self, asks: &[&[u8]], entries: usize) -> Vec<Once> {
        let mut hasher = blake3::Hasher::new_keyed(&self.0);
        for piece in asks {
            hasher.update(&(piece.len() as u64).to_be_bytes()).update(piece);
        }
        let asks = hasher.finalize().into();
        let key = |at: u64| blake3::keyed_hash(&self.0, &at.to_be_bytes()).into();
        (0..entries as u64).map(|at| Once { key: key(at), asks }).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(text: &str) -> Answer<Option<Key>> {
        Key::of(&HeaderMap::from_iter([(IDEMPOTENCY_KEY.parse().unwrap(), text.parse().unwrap())]))
    }

    #[test]
    fn a_key_is_short_plain_text() {
        assert!(Key::of(&HeaderMap::new()).unwrap().is_none());
        assert!(key("\"8e03978e-40d5-43dd-bc93-6894a57f9324\"").unwrap().is_some());
        for name in ["", "ünlesbar", &"x".repeat(KEY_BYTES + 1)] {
            assert_eq!(key(name).err().unwrap().refused.code, "key", "{name}");
        }
    }

    #[test]
    fn calls_differ_by_key_entry_and_content() {
        let calls = |name, asks: &[&[u8]]| key(name).unwrap().unwrap().calls(asks, 2);
        let [first, second] = calls("a", &[b"x", b"y"])[..] else { panic!("two calls") };
        assert_eq!(calls("a", &[b"x", b"y"])[0], first);
        assert!(first.key != second.key && first.asks == second.asks);
        assert!(calls("b", &[b"x", b"y"])[0].key != first.key);
        assert!(calls("a", &[b"xy", b""])[0].asks != first.asks && calls("a", &[b"xy", b""])[0].key == first.key);
    }
}
