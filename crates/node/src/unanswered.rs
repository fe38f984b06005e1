//! Addresses from hearsay at which no peer has answered us.
//!
//! A peer that tells of others chooses where our packets go. So an address that is only hearsay is tried once an hour,
//! whichever peer is said to be there, and that dial sends nothing a second time: two packets reach a host that never
//! asked for them, and the second one ends the attempt. Addresses from a ticket, from the LAN, and those where a peer
//! has answered before are not bound by this.

use std::{
    collections::{BTreeMap, VecDeque},
    net::SocketAddr,
};

use iroh::{EndpointAddr, TransportAddr};
use rumormill_proto::{defence, frame::Contact, ids::PeerId};

use crate::{
    address,
    limits::{TOLD_AGAIN, TOLD_TRIED},
};

/// The tried addresses from hearsay.
#[derive(Default)]
pub(crate) struct Unanswered {
    tried: BTreeMap<SocketAddr, Tried>,
    /// In the order in which they were tried; some have answered since.
    order: VecDeque<(SocketAddr, u64)>,
}

struct Tried {
    /// The peer that was said to be there.
    peer: PeerId,
    at_ms: u64,
}

impl Unanswered {
    /// The part of an address that may be tried now, which counts as tried from then on; `None` when nothing is left.
    pub(crate) fn may_try(&mut self, peer: PeerId, addr: EndpointAddr, now_ms: u64) -> Option<EndpointAddr> {
        let is_free = |addr: &TransportAddr| match addr {
            TransportAddr::Ip(socket) => self.is_free(socket, now_ms),
            _ => true,
        };
        let (id, had) = (addr.id, addr.addrs.len());
        let left = EndpointAddr::from_parts(id, addr.addrs.into_iter().filter(is_free));
        for socket in left.ip_addrs() {
            self.tried.insert(*socket, Tried { peer, at_ms: now_ms });
            self.order.push_back((*socket, now_ms));
        }
        while self.order.len() > TOLD_TRIED
            && let Some((socket, at_ms)) = self.order.pop_front()
        {
            if self.tried.get(&socket).is_some_and(|tried| tried.at_ms == at_ms) {
                self.tried.remove(&socket);
            }
        }
        (had == 0 || !left.addrs.is_empty()).then_some(left)
    }

    fn is_free(&self, socket: &SocketAddr, now_ms: u64) -> bool {
        let is_late = |tried: &Tried| now_ms >= tried.at_ms + TOLD_AGAIN.as_millis() as u64;
        self.tried.get(socket).is_none_or(is_late) || !defence::is_on("told-once")
    }

    /// Notes that a peer answered at one of the addresses that were tried for it.
    pub(crate) fn answered(&mut self, peer: &PeerId) {
        self.tried.retain(|_, tried| tried.peer != *peer);
    }

    /// Notes that we found these contacts ourselves: they may be tried.
    pub(crate) fn found(&mut self, contacts: &[Contact]) {
        for socket in contacts.iter().flat_map(|contact| address::sockets(&contact.address)) {
            self.tried.remove(&socket);
        }
    }
}

#[cfg(test)]
mod tests {
    use iroh::SecretKey;

    use super::*;

    fn told(key: u8, ports: &[u16]) -> (PeerId, EndpointAddr) {
        let id = SecretKey::from_bytes(&[key; 32]).public();
        let sockets = ports.iter().map(|port| TransportAddr::Ip(SocketAddr::from(([127, 0, 0, 1], *port))));
        (address::peer(id), EndpointAddr::from_parts(id, sockets))
    }

    fn tries(unanswered: &mut Unanswered, key: u8, ports: &[u16], now_ms: u64) -> Option<usize> {
        let (peer, addr) = told(key, ports);
        unanswered.may_try(peer, addr, now_ms).map(|addr| addr.addrs.len())
    }

    #[test]
    fn an_address_that_others_tell_of_is_tried_once_an_hour_whoever_is_said_to_be_there() {
        let mut unanswered = Unanswered::default();
        assert_eq!(tries(&mut unanswered, 1, &[1, 2], 0), Some(2));
        assert_eq!(tries(&mut unanswered, 2, &[2], 10), None);
        assert_eq!(tries(&mut unanswered, 3, &[2, 3], 20), Some(1), "the other one is new");
        assert_eq!(tries(&mut unanswered, 4, &[], 20), Some(0), "others may find it");
        let hour_ms = TOLD_AGAIN.as_millis() as u64;
        assert_eq!(tries(&mut unanswered, 2, &[2], hour_ms), Some(1));
    }

    #[test]
    fn where_somebody_answered_or_we_found_somebody_is_tried_again() {
        let mut unanswered = Unanswered::default();
        tries(&mut unanswered, 1, &[1], 0);
        unanswered.answered(&told(2, &[]).0);
        assert_eq!(tries(&mut unanswered, 1, &[1], 1), None);
        unanswered.answered(&told(1, &[]).0);
        assert_eq!(tries(&mut unanswered, 1, &[1], 2), Some(1));
        let (peer, addr) = told(1, &[1]);
        unanswered.found(&[Contact { peer, address: address::encode(&addr) }]);
        assert_eq!(tries(&mut unanswered, 1, &[1], 3), Some(1));
    }

    #[test]
    fn so_many_are_remembered() {
        let mut unanswered = Unanswered::default();
        (0..2 * TOLD_TRIED as u16).for_each(|port| _ = tries(&mut unanswered, 1, &[port], 0));
        assert_eq!((unanswered.tried.len(), unanswered.order.len()), (TOLD_TRIED, TOLD_TRIED));
    }
}
