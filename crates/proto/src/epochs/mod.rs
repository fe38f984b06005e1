//! Keys of a closed room: the secrets of its epochs, and the bodies that are sealed under them.
//!
//! An *epoch* is a secret of 32 bytes that an act names by its hash, see [`crate::governance`]. Words of a closed room
//! are sealed under an epoch that answers every ending the writer knows of: nobody who was removed has been handed its
//! secret. [`Secret`] and [`Pool`] are the secrets and where they come from, `ring` those that are held, `seal` the
//! cipher of one body, `handed` how secrets reach those who are away.

mod handed;
mod ring;
mod seal;

use std::fmt;

use data_encoding::HEXLOWER;
use zeroize::Zeroizing;

pub use handed::EpochBox;
pub(crate) use handed::{open_before, open_box, seal_before, seal_box};
pub use ring::{Opened, Ring, sealed_under};
pub use seal::SEAL_BYTES;

/// The name of an epoch: the hash of its secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct EpochId(pub [u8; 32]);

impl EpochId {
    /// The eight bytes that stand in front of what is sealed under it.
    pub fn prefix(&self) -> [u8; 8] {
        let [a, b, c, d, e, f, g, h, ..] = self.0;
        [a, b, c, d, e, f, g, h]
    }
}

impl fmt::Display for EpochId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&HEXLOWER.encode(&self.0))
    }
}

/// 32 bytes that only members may know. They are wiped when they are dropped, and never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Zeroizing<[u8; 32]>);

impl Secret {
    /// These bytes as a secret.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The bytes themselves, to be stored or handed to a member.
    pub fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The name of the epoch that this is the secret of.
    pub fn id(&self) -> EpochId {
        EpochId(*self.derive("rumormill 1 epoch", &[]).0)
    }

    /// Another secret, which says nothing about this one. Each purpose has a label of its own.
    pub fn derive(&self, label: &'static str, about: &[&[u8]]) -> Self {
        let mut hasher = blake3::Hasher::new_derive_key(label);
        hasher.update(&*self.0);
        about.iter().for_each(|bytes| _ = hasher.update(bytes));
        Self::new(hasher.finalize().into())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

/// Where new secrets come from: entropy that the driver gave, moved on by a hash with each secret.
#[derive(Clone, Debug)]
pub(crate) struct Pool(Secret);

impl Pool {
    pub(crate) fn new(entropy: Secret) -> Self {
        Self(entropy)
    }

    /// A secret that nobody can foretell.
    pub(crate) fn draw(&mut self) -> Secret {
        let drawn = self.0.derive("rumormill 1 drawn secret", &[]);
        self.0 = self.0.derive("rumormill 1 rest of the entropy", &[]);
        drawn
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_not_printed_and_do_not_repeat() {
        let mut pool = Pool::new(Secret::new([7; 32]));
        let (one, other) = (pool.draw(), pool.draw());
        assert!(one != other && one.id() != other.id());
        assert_eq!(format!("{one:?} {pool:?}"), "Secret Pool(Secret)");
    }
}
