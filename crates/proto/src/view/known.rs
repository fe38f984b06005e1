//! The peers we know: the address of each, the peer that told of it, whether it ever worked, and when to try again.
//!
//! Hearsay of strangers is bounded in three ways: by all that we know, by what one teller may fill, and by eviction,
//! which takes peers that fail first and then peers from the branch that we know most of, so that a flood of ids in one
//! place displaces itself.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;

use super::branch::branch;
use crate::{
    frame::Contact,
    frontier::Branch,
    ids::PeerId,
    limits::{DIAL_FAILURES, KEPT_PEERS, KNOWN_FROM_ONE, KNOWN_PEERS},
    random::Random,
};

/// One peer we know.
#[derive(Clone, Debug)]
pub(super) struct Peer {
    /// How to reach it, as far as we know ourselves.
    address: Bytes,
    /// How others say to reach it, while it does not answer: seldom known, and kept apart.
    hearsay: Option<Box<Bytes>>,
    /// Prefix of the peer that told of it; `None` if we found out ourselves: by a ticket, on the LAN, from the store,
    /// by a link.
    source: Option<u64>,
    /// When a link to it was last up.
    pub(super) worked_ms: Option<u64>,
    /// How many dials failed since.
    pub(super) failures: u32,
    /// We do not dial it before this.
    pub(super) due_ms: u64,
    /// Whether a dial is under way.
    pub(super) dialling: bool,
    /// Whether a link is up.
    pub(super) linked: bool,
    /// Whether it was the first to give us something.
    pub(super) brought: bool,
}

impl Peer {
    /// The address to try next. Hearsay has its turn after every other failure, so that it can help to find a peer that
    /// moved, and never hides one that did not.
    pub(super) fn next_address(&self) -> Bytes {
        let hearsay = self.hearsay.as_deref().filter(|_| self.failures % 2 == 1);
        hearsay.unwrap_or(&self.address).clone()
    }

    pub(super) fn contact(&self, id: &PeerId) -> Contact {
        Contact { peer: *id, address: self.address.clone() }
    }

    /// Whether it can be dialled, or forgotten without closing anything.
    pub(super) fn is_idle(&self) -> bool {
        !self.linked && !self.dialling
    }
}

/// The peers we know.
#[derive(Clone, Debug)]
pub(super) struct Known {
    me: PeerId,
    peers: BTreeMap<PeerId, Peer>,
}

impl Known {
    pub(super) fn new(me: PeerId) -> Self {
        Self { me, peers: BTreeMap::new() }
    }

    pub(super) fn get(&self, peer: &PeerId) -> Option<&Peer> {
        self.peers.get(peer)
    }

    pub(super) fn get_mut(&mut self, peer: &PeerId) -> Option<&mut Peer> {
        self.peers.get_mut(peer)
    }

    pub(super) fn len(&self) -> usize {
        self.peers.len()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&PeerId, &Peer)> {
        self.peers.iter()
    }

    pub(super) fn contact(&self, peer: &PeerId) -> Option<Contact> {
        self.get(peer).map(|known| known.contact(peer))
    }

    /// Notes that `source` told of a peer, to be dialled from `due_ms` on. We believe what we find out ourselves and
    /// try it at once. Others' statements about a known peer are hearsay, which we ignore while the peer works.
    pub(super) fn hear(&mut self, contact: Contact, source: Option<PeerId>, due_ms: u64, random: &mut Random) {
        if contact.peer == self.me {
            return;
        }
        let source = source.map(|teller| teller.prefix());
        if let Some(peer) = self.peers.get_mut(&contact.peer) {
            if source.is_some() {
                peer.hearsay = (peer.failures > 0).then(|| Box::new(contact.address));
            } else {
                (peer.address, peer.source) = (contact.address, None);
                peer.due_ms = peer.due_ms.min(due_ms);
            }
            return;
        }
        let told_by = |source| self.peers.values().filter(|peer| peer.source == Some(source)).count();
        let room = match source {
            Some(teller) if told_by(teller) >= KNOWN_FROM_ONE => self.forget_one(random, |peer| peer.source == source),
            _ if self.peers.len() >= KNOWN_PEERS => self.forget_one(random, |_| true),
            _ => true,
        };
        if room {
            let peer = Peer {
                address: contact.address,
                hearsay: None,
                source,
                worked_ms: None,
                failures: 0,
                due_ms,
                dialling: false,
                linked: false,
                brought: false,
            };
            self.peers.insert(contact.peer, peer);
        }
    }

    /// Notes that a link came up; returns whether we had dialled it. It no longer counts who told of the peer: it has
    /// shown itself.
    pub(super) fn up(&mut self, id: PeerId, address: Option<Bytes>, now_ms: u64, random: &mut Random) -> bool {
        if let Some(address) = address {
            self.hear(Contact { peer: id, address }, None, now_ms, random);
        }
        let Some(peer) = self.peers.get_mut(&id) else { return false };
        let dialled = std::mem::take(&mut peer.dialling);
        (peer.source, peer.worked_ms, peer.linked) = (None, Some(now_ms), true);
        peer.hearsay = None;
        dialled
    }

    /// Notes that a peer was the first to give us something.
    pub(super) fn brought(&mut self, id: &PeerId) {
        if let Some(peer) = self.peers.get_mut(id) {
            peer.brought = true;
        }
    }

    /// Notes that a link ended after it stood long enough to count as working.
    pub(super) fn down(&mut self, id: &PeerId, due_ms: u64, now_ms: u64) {
        if let Some(peer) = self.peers.get_mut(id) {
            (peer.linked, peer.worked_ms, peer.failures, peer.due_ms) = (false, Some(now_ms), 0, due_ms);
        }
    }

    /// Notes that a dial failed, or a link ended as soon as it was up. `retry_ms` gives the pause after that many
    /// failures.
    pub(super) fn failed(&mut self, id: &PeerId, now_ms: u64, retry_ms: impl FnOnce(u32) -> u64) {
        let Some(peer) = self.peers.get_mut(id) else { return };
        (peer.dialling, peer.linked) = (false, false);
        peer.failures = peer.failures.saturating_add(1);
        peer.due_ms = now_ms.saturating_add(retry_ms(peer.failures));
        if peer.failures >= DIAL_FAILURES && !self.kept().contains(id) {
            self.peers.remove(id);
        }
    }

    /// Forgets a peer.
    pub(super) fn forget(&mut self, id: &PeerId) {
        self.peers.remove(id);
    }

    /// The peers that have worked, latest first.
    pub(super) fn worked(&self) -> Vec<PeerId> {
        let mut worked: Vec<_> = self
            .peers
            .iter()
            .filter_map(|(id, peer)| peer.worked_ms.map(|ms| (!peer.linked, u64::MAX - ms, *id)))
            .collect();
        worked.sort_unstable();
        worked.into_iter().map(|(.., id)| id).collect()
    }

    /// The peers that are never forgotten: those that worked last.
    fn kept(&self) -> BTreeSet<PeerId> {
        self.worked().into_iter().take(KEPT_PEERS).collect()
    }

    /// Forgets one of the peers `among` those that may be forgotten: the one that fails most, or if none fails, one in
    /// the branch that we know most of. Returns whether it forgot one.
    fn forget_one(&mut self, random: &mut Random, among: impl Fn(&Peer) -> bool) -> bool {
        let kept = self.kept();
        let idle = self.peers.iter().filter(|(id, peer)| peer.is_idle() && among(peer) && !kept.contains(*id));
        let mut branches: BTreeMap<Branch, Vec<PeerId>> = BTreeMap::new();
        let mut worst: Option<(u32, PeerId)> = None;
        for (id, peer) in idle {
            branches.entry(branch(&self.me, id)).or_default().push(*id);
            worst = worst.max((peer.failures > 0).then_some((peer.failures, *id)));
        }
        let crowded = branches.values().max_by_key(|ids| ids.len());
        let victim = worst.map(|(_, id)| id).or_else(|| crowded.and_then(|ids| random.pick(ids).copied()));
        victim.is_some_and(|id| self.peers.remove(&id).is_some())
    }
}
