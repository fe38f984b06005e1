//! Secrets that let programs in. They are kept and compared as hashes, so that no comparison tells by its time how far they
//! agree.

use blake3::Hash;
use data_encoding::BASE32_NOPAD;

use crate::Refusal;

/// 160 random bits, which nobody guesses, as 32 letters.
///
/// # Errors
/// When the system gives no random bytes.
pub(crate) fn secret() -> Result<String, Refusal> {
    let mut bytes = [0; 20];
    getrandom::fill(&mut bytes).map_err(|error| Refusal::internal("random", error.to_string()))?;
    Ok(BASE32_NOPAD.encode(&bytes).to_ascii_lowercase())
}

/// The stored form of a secret.
pub(crate) fn hash(secret: &str) -> Hash {
    blake3::hash(secret.as_bytes())
}
