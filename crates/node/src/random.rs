//! Entropy, from the system.

use iroh::SecretKey;

/// Bytes that nobody can guess: a fresh signing key is 32 of them.
pub(crate) fn random() -> [u8; 32] {
    SecretKey::generate().to_bytes()
}
