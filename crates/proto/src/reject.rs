//! Why bytes from outside were refused, and whose fault that is.

use std::fmt;

/// The culprit of a [`Reject`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blame {
    /// The peer that sent the bytes could have seen that they are bad: close the connection and bar the peer.
    Peer,
    /// The author signed nonsense; the peer that passed it on may be honest.
    Author,
}

/// The reason why bytes were refused. A refusal does not change the engine's state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reject {
    /// The bytes are not of the form, or not of its one canonical form.
    Malformed(&'static str),
    /// A count or length is past the bound in `limits.rs` that is named.
    Limit(&'static str),
    /// The signature is not the author's over this run.
    Signature,
    /// The run has no signature and does not lead to a hash we trust.
    Unlinked,
    /// The author's times do not increase along its log.
    TimeBackwards,
    /// A founding entry whose hash is not the room's id.
    NotFounder,
}

impl Reject {
    /// The culprit.
    pub fn blame(self) -> Blame {
        match self {
            Self::TimeBackwards | Self::NotFounder => Blame::Author,
            _ => Blame::Peer,
        }
    }
}

impl fmt::Display for Reject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(what) => write!(f, "malformed {what}"),
            Self::Limit(what) => write!(f, "{what} past its limit"),
            Self::Signature => write!(f, "signature does not verify"),
            Self::Unlinked => write!(f, "no signature and no trusted hash"),
            Self::TimeBackwards => write!(f, "time runs backwards in a log"),
            Self::NotFounder => write!(f, "founding entry is not this room's"),
        }
    }
}

impl std::error::Error for Reject {}
