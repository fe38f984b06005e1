//! The peers that a room looks for, and the results of dialling them.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    time::{SystemTime, UNIX_EPOCH},
};

use rumormill_proto::{frame::Contact, ids::PeerId};

use crate::{
    address,
    limits::{SOUGHT, WHY_CHARS},
};

/// A peer that a room looks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sought {
    /// The peer.
    pub peer: PeerId,
    /// Its possible addresses.
    pub sockets: Vec<SocketAddr>,
    /// The relay that may lead to it.
    pub relay: Option<String>,
    /// How often dialling it failed.
    pub tries: u64,
    /// Why it was not reached last; empty when that is not known.
    pub why: String,
}

/// The failed dials of a room.
#[derive(Debug)]
pub(crate) struct Tried {
    /// When the room began to look for peers, in milliseconds since the Unix epoch.
    since_ms: u64,
    /// How often dialling each peer failed, and why it failed last.
    failed: BTreeMap<PeerId, (u64, String)>,
}

impl Default for Tried {
    fn default() -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self { since_ms: since.as_millis() as u64, failed: BTreeMap::new() }
    }
}

impl Tried {
    /// These peers with the results of dialling them, and when the room began to look for peers.
    pub(crate) fn sought(&self, contacts: &[Contact]) -> (Vec<Sought>, u64) {
        let sought = contacts.iter().map(|contact| {
            let addr = address::decode(contact).ok();
            let relay = addr.iter().flat_map(|addr| addr.relay_urls()).next().map(ToString::to_string);
            let (tries, why) = self.failed.get(&contact.peer).cloned().unwrap_or_default();
            Sought { peer: contact.peer, sockets: address::sockets(&contact.address), relay, tries, why }
        });
        (sought.collect(), self.since_ms)
    }

    /// Notes a failed dial. Past the bound only peers that are noted already are counted.
    pub(crate) fn fail(&mut self, peer: PeerId, why: &str) {
        if self.failed.len() >= SOUGHT && !self.failed.contains_key(&peer) {
            return;
        }
        let (tries, last) = self.failed.entry(peer).or_default();
        *tries += 1;
        *last = why.chars().take(WHY_CHARS).collect();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dials_in_vain_are_counted_and_bounded() {
        let mut tried = Tried::default();
        let peer = |at: usize| PeerId([at as u8; 32]);
        (0..SOUGHT + 3).for_each(|at| tried.fail(peer(at), "no answer"));
        tried.fail(peer(0), &"x".repeat(WHY_CHARS + 9));
        assert_eq!(tried.failed.len(), SOUGHT);
        assert_eq!(tried.failed[&peer(0)], (2, "x".repeat(WHY_CHARS)));
        assert_eq!(tried.failed[&peer(1)], (1, "no answer".into()));
    }
}
