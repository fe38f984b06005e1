//! The peers that are announced on the LAN. Anyone there can announce any number of peers, at any addresses.

use std::{collections::BTreeMap, net::IpAddr};

use iroh::{EndpointId, TransportAddr, address_lookup::EndpointInfo};

use crate::limits::LAN_PEERS;

/// The peers that are announced now. Past the bound a peer that shares no room with us yields: the first that was found
/// of those at the most crowded address. So an announcer of many peers yields to itself.
#[derive(Default)]
pub(crate) struct Found {
    peers: BTreeMap<EndpointId, Peer>,
    count: u64,
}

struct Peer {
    info: EndpointInfo,
    /// How many peers had been found before.
    at: u64,
    is_member: bool,
}

impl Found {
    /// Takes in a peer's announcement, and whether it names a room of ours. Returns whether the peer is new.
    pub(crate) fn insert(&mut self, info: EndpointInfo, names_ours: Names) -> bool {
        let is_member = names_ours == Names::Ours;
        if let Some(known) = self.peers.get_mut(&info.endpoint_id) {
            (known.info, known.is_member) = (info, is_member);
            return false;
        }
        if self.peers.len() >= LAN_PEERS {
            let least = self.least();
            least.map(|id| self.peers.remove(&id));
        }
        self.peers.insert(info.endpoint_id, Peer { info, at: self.count, is_member });
        self.count += 1;
        true
    }

    /// Forgets a peer that is announced no more.
    pub(crate) fn remove(&mut self, id: &EndpointId) {
        self.peers.remove(id);
    }

    /// All announcements.
    pub(crate) fn infos(&self) -> impl Iterator<Item = &EndpointInfo> {
        self.peers.values().map(|peer| &peer.info)
    }

    /// The peer that yields.
    fn least(&self) -> Option<EndpointId> {
        let mut crowds: BTreeMap<Option<IpAddr>, usize> = BTreeMap::new();
        self.peers.values().for_each(|peer| *crowds.entry(host(&peer.info)).or_default() += 1);
        let crowd = |peer: &Peer| crowds.get(&host(&peer.info)).copied().unwrap_or(0);
        let least = self.peers.iter().min_by_key(|(_, peer)| (peer.is_member, std::cmp::Reverse(crowd(peer)), peer.at));
        least.map(|(id, _)| *id)
    }
}

/// The rooms that a peer's announcement names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Names {
    /// A room that we are in is among them.
    Ours,
    /// None of ours is.
    Others,
}

fn host(info: &EndpointInfo) -> Option<IpAddr> {
    info.to_endpoint_addr().addrs.iter().find_map(|addr| match addr {
        TransportAddr::Ip(addr) => Some(addr.ip()),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, SocketAddr};

    use iroh::{EndpointAddr, SecretKey};

    use super::*;

    fn info(number: u16, ip: [u8; 4]) -> EndpointInfo {
        let mut secret = [7; 32];
        secret[..2].copy_from_slice(&number.to_be_bytes());
        let id = SecretKey::from_bytes(&secret).public();
        let addr = SocketAddr::from((Ipv4Addr::from(ip), 1_000));
        EndpointInfo::from(EndpointAddr::new(id).with_ip_addr(addr))
    }

    fn knows(found: &Found, peer: &EndpointInfo) -> bool {
        found.infos().any(|known| known.endpoint_id == peer.endpoint_id)
    }

    #[test]
    fn a_crowd_at_one_address_yields_to_itself() {
        let mut found = Found::default();
        let honest: Vec<_> = (0..20).map(|at| info(at, [10, 0, 0, 10 + at as u8])).collect();
        honest[..10].iter().for_each(|peer| assert!(found.insert(peer.clone(), Names::Others)));
        (0..600).for_each(|at| _ = found.insert(info(1_000 + at, [10, 0, 0, 1]), Names::Others));
        honest[10..].iter().for_each(|peer| assert!(found.insert(peer.clone(), Names::Others), "whoever comes later"));
        assert!(honest.iter().all(|peer| knows(&found, peer)));
        assert_eq!(found.infos().count(), LAN_PEERS);
        assert!(!found.insert(honest[0].clone(), Names::Others), "it is no news");
        found.remove(&honest[0].endpoint_id);
        assert!(!knows(&found, &honest[0]));
    }

    #[test]
    fn whoever_shares_a_room_yields_to_nobody_who_does_not() {
        let mut found = Found::default();
        let member = info(0, [10, 0, 0, 1]);
        found.insert(member.clone(), Names::Ours);
        // An announcement can name any address.
        (0..600u16)
            .for_each(|at| _ = found.insert(info(1_000 + at, [10, 0, (at >> 8) as u8, at as u8]), Names::Others));
        assert!(knows(&found, &member));
        let late = info(1, [10, 0, 9, 9]);
        assert!(found.insert(late.clone(), Names::Others) && knows(&found, &late));
    }
}
