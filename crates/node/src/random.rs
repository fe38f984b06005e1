//! Random bytes from the system.

use iroh::SecretKey;

/// Bytes that cannot be guessed: a fresh signing key is 32 of them.
pub(crate) fn random() -> [u8; 32] {
    SecretKey::generate().to_bytes()
}
