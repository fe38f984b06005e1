//! The credit of peers: whether they bring the entries they claim to hold.
//!
//! A claim costs ten bytes. We believe a peer that claims and does not deliver a few times. From then on we ask it for
//! one block at a time, which keeps no other peer from being asked, until it brings something.

use std::collections::BTreeMap;

use crate::{defence, ids::PeerId, limits::CLAIMS_IN_VAIN};

/// Linked peers that did not deliver, and how often in a row.
#[derive(Debug, Default)]
pub(super) struct Credit {
    in_vain: BTreeMap<PeerId, u8>,
}

impl Credit {
    /// Whether we ask a peer for all that it claims.
    pub(super) fn trusts(&self, peer: &PeerId) -> bool {
        self.in_vain(peer) < CLAIMS_IN_VAIN || !defence::is_on("credit")
    }

    /// How many wants in a row brought nothing.
    pub(super) fn in_vain(&self, peer: &PeerId) -> u8 {
        self.in_vain.get(peer).copied().unwrap_or(0)
    }

    /// A want brought none of the entries that the peer claims to hold.
    pub(super) fn fail(&mut self, peer: PeerId) {
        let times = self.in_vain.entry(peer).or_default();
        *times = CLAIMS_IN_VAIN.min(*times + 1);
    }

    /// A peer brought something new.
    pub(super) fn deliver(&mut self, peer: &PeerId) {
        self.in_vain.remove(peer);
    }

    /// The link to a peer is gone.
    pub(super) fn forget(&mut self, peer: &PeerId) {
        self.in_vain.remove(peer);
    }
}
