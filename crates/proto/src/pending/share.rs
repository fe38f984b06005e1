//! The share that each peer has in the space for waiting runs, so that a peer that floods pushes out only the runs that
//! it brought itself.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    defence,
    ids::{AuthorId, PeerId},
    limits::{PENDING_BYTES, PENDING_RUNS_OF_ONE},
};

/// The runs of one peer.
#[derive(Debug, Default)]
struct Share {
    bytes: usize,
    runs: BTreeSet<u64>,
}

#[derive(Debug, Default)]
pub(super) struct Shares {
    bytes: usize,
    /// Runs written here, which no peer brought, are under `None`.
    peers: BTreeMap<Option<PeerId>, Share>,
    /// Peers by the size of their share.
    sizes: BTreeSet<(usize, Option<PeerId>)>,
    authors: BTreeMap<AuthorId, BTreeSet<u64>>,
}

impl Shares {
    /// Notes a run that came, or that went.
    pub(super) fn add(&mut self, run: u64, author: AuthorId, (peer, bytes): (Option<PeerId>, usize)) {
        self.authors.entry(author).or_default().insert(run);
        self.change(peer, |share| {
            share.runs.insert(run);
            share.bytes += bytes;
        });
    }

    pub(super) fn remove(&mut self, run: u64, author: AuthorId, (peer, bytes): (Option<PeerId>, usize)) {
        if let Some(runs) = self.authors.get_mut(&author) {
            runs.remove(&run);
            if runs.is_empty() {
                self.authors.remove(&author);
            }
        }
        self.change(peer, |share| {
            share.runs.remove(&run);
            share.bytes -= bytes;
        });
    }

    fn change(&mut self, peer: Option<PeerId>, change: impl FnOnce(&mut Share)) {
        let share = self.peers.entry(peer).or_default();
        self.sizes.remove(&(share.bytes, peer));
        self.bytes -= share.bytes;
        change(share);
        self.bytes += share.bytes;
        if share.runs.is_empty() {
            self.peers.remove(&peer);
        } else {
            self.sizes.insert((share.bytes, peer));
        }
    }

    /// The run that has to go so that all bounds hold: the oldest of an author with too many, otherwise the oldest of
    /// the peer with the largest share.
    pub(super) fn surplus(&self, author: &AuthorId) -> Option<u64> {
        let of_one = self.authors.get(author).filter(|runs| runs.len() > PENDING_RUNS_OF_ONE);
        if of_one.is_some() || self.bytes <= PENDING_BYTES {
            return of_one.and_then(|runs| runs.first().copied());
        }
        if !defence::is_on("pending-shares") {
            return self.peers.values().filter_map(|share| share.runs.first().copied()).min();
        }
        let (_, peer) = self.sizes.last()?;
        self.peers.get(peer)?.runs.first().copied()
    }

    /// The runs that a peer brought.
    pub(super) fn of_peer(&self, peer: PeerId) -> Vec<u64> {
        self.peers.get(&Some(peer)).map(|share| share.runs.iter().copied().collect()).unwrap_or_default()
    }

    /// The runs of an author.
    pub(super) fn of_author(&self, author: &AuthorId) -> Vec<u64> {
        self.authors.get(author).map(|runs| runs.iter().copied().collect()).unwrap_or_default()
    }
}
