//! How a peer is reached, as the bytes that contacts carry.
//!
//! ```text
//! address  count   number, at most 8, then as many socket addresses:
//!            family  1 byte, 4 or 6
//!            ip      4 or 16 bytes
//!            port    2 bytes, big-endian
//!          relay   number of bytes, at most 255, then a URL in UTF-8; 0 when there is none
//! ```
//!
//! Addresses come from peers, so those that could only mislead us are left out: port 0, and unspecified, multicast and
//! broadcast addresses.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    str::FromStr,
};

use bytes::Bytes;
use iroh::{EndpointAddr, EndpointId, RelayUrl, SecretKey};
use rumormill_proto::{
    codec::{Reader, put_bytes, put_number},
    frame::Contact,
    ids::PeerId,
    reject::Reject,
};

use crate::limits::{RELAY_URL_BYTES, SOCKET_ADDRS};

/// The id of an endpoint as the engine names it.
pub(crate) fn peer(id: EndpointId) -> PeerId {
    PeerId(*id.as_bytes())
}

/// The contact of the peer at `addr` whose transport key has this secret, for users who set up every peer themselves.
pub fn contact(peer_secret: &[u8; 32], addr: SocketAddr) -> Contact {
    Contact { peer: peer(SecretKey::from_bytes(peer_secret).public()), address: encode_socket(addr) }
}

/// The addresses of `addr` as bytes: the most useful eight and one relay.
pub(crate) fn encode(addr: &EndpointAddr) -> Bytes {
    let mut sockets: Vec<SocketAddr> = addr.ip_addrs().copied().filter(dialable).collect();
    sockets.sort_by_key(|addr| (rank(addr), *addr));
    let relay = addr.relay_urls().map(ToString::to_string).find(|url| url.len() <= RELAY_URL_BYTES);
    put(&sockets, relay.as_deref().unwrap_or_default())
}

/// The address of a peer that was seen at `addr`.
pub(crate) fn encode_socket(addr: SocketAddr) -> Bytes {
    put(&[addr], "")
}

/// The addresses at which this machine itself reaches the sockets that are bound at `sockets`.
pub(crate) fn encode_beside(sockets: &[SocketAddr]) -> Bytes {
    let beside = |socket: &SocketAddr| match socket.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => (Ipv4Addr::LOCALHOST, socket.port()).into(),
        IpAddr::V6(ip) if ip.is_unspecified() => (Ipv6Addr::LOCALHOST, socket.port()).into(),
        _ => *socket,
    };
    put(&sockets.iter().map(beside).collect::<Vec<_>>(), "")
}

fn put(sockets: &[SocketAddr], relay: &str) -> Bytes {
    let sockets = &sockets[..sockets.len().min(SOCKET_ADDRS)];
    let mut out = Vec::new();
    put_number(&mut out, sockets.len() as u64);
    for addr in sockets {
        match addr.ip() {
            IpAddr::V4(ip) => {
                out.push(4);
                out.extend_from_slice(&ip.octets());
            }
            IpAddr::V6(ip) => {
                out.push(6);
                out.extend_from_slice(&ip.octets());
            }
        }
        out.extend_from_slice(&addr.port().to_be_bytes());
    }
    put_bytes(&mut out, relay.as_bytes());
    out.into()
}

/// The addresses at which to dial `contact`. When none is usable the result has no addresses, and only discovery may
/// still find the peer.
///
/// # Errors
/// [`Reject`] when the peer's id is no key or the bytes are malformed.
pub(crate) fn decode(contact: &Contact) -> Result<EndpointAddr, Reject> {
    let id = EndpointId::from_bytes(&contact.peer.0).map_err(|_| Reject::Malformed("peer"))?;
    let (sockets, relay) = parse(contact.address.clone())?;
    let addr = sockets.into_iter().filter(dialable).fold(EndpointAddr::new(id), EndpointAddr::with_ip_addr);
    Ok(relay.into_iter().fold(addr, EndpointAddr::with_relay_url))
}

/// The addresses in `told`, and the one where the peer was seen. `None` when `told` is malformed.
pub(crate) fn join(peer: PeerId, told: &Bytes, seen_at: Option<&Bytes>) -> Option<Bytes> {
    let addr = decode(&Contact { peer, address: told.clone() }).ok()?;
    let seen = seen_at.map(sockets).unwrap_or_default();
    Some(encode(&seen.into_iter().fold(addr, EndpointAddr::with_ip_addr)))
}

/// The socket addresses in a contact's bytes; none when the bytes are malformed.
pub(crate) fn sockets(address: &Bytes) -> Vec<SocketAddr> {
    parse(address.clone()).map(|(sockets, _)| sockets).unwrap_or_default()
}

fn parse(address: Bytes) -> Result<(Vec<SocketAddr>, Option<RelayUrl>), Reject> {
    if address.is_empty() {
        return Ok((Vec::new(), None));
    }
    let mut reader = Reader::new(address);
    let count = reader.count(SOCKET_ADDRS, "socket addresses")?;
    let sockets = (0..count).map(|_| parse_socket(&mut reader)).collect::<Result<_, _>>()?;
    let relay = reader.bytes(RELAY_URL_BYTES, "relay")?;
    reader.end("address")?;
    let relay = std::str::from_utf8(&relay).map_err(|_| Reject::Malformed("relay"))?;
    let relay = (!relay.is_empty()).then(|| RelayUrl::from_str(relay)).transpose();
    Ok((sockets, relay.map_err(|_| Reject::Malformed("relay"))?))
}

fn parse_socket(reader: &mut Reader) -> Result<SocketAddr, Reject> {
    let ip = match reader.byte("family")? {
        4 => IpAddr::V4(Ipv4Addr::from(reader.array::<4>("ip")?)),
        6 => IpAddr::V6(Ipv6Addr::from(reader.array::<16>("ip")?)),
        _ => return Err(Reject::Malformed("family")),
    };
    Ok(SocketAddr::new(ip, u16::from_be_bytes(reader.array("port")?)))
}

fn dialable(addr: &SocketAddr) -> bool {
    let broadcast = addr.ip() == IpAddr::V4(Ipv4Addr::BROADCAST);
    addr.port() != 0 && !addr.ip().is_unspecified() && !addr.ip().is_multicast() && !broadcast
}

/// Whether an address is not routed beyond this machine or its LAN.
pub(crate) fn is_local(ip: IpAddr) -> bool {
    let local = |ip: Ipv4Addr| ip.is_private() || ip.is_link_local() || ip.is_loopback();
    let local6 = |ip: Ipv6Addr| ip.is_unique_local() || ip.is_unicast_link_local() || ip.is_loopback();
    match ip {
        IpAddr::V4(ip) => local(ip),
        IpAddr::V6(ip) => ip.to_ipv4_mapped().map_or_else(|| local6(ip), local),
    }
}

/// Whether an address means the same host everywhere: neither one of a LAN nor one that a provider shares out (RFC 6598).
pub(crate) fn is_worldwide(addr: &SocketAddr) -> bool {
    let shared =
        matches!(addr.ip().to_canonical(), IpAddr::V4(ip) if ip.octets()[0] == 100 && ip.octets()[1] >> 6 == 1);
    dialable(addr) && !is_local(addr.ip()) && !shared
}

/// Sorts addresses by their use to others: IPv4, then IPv6, then those that only mean something on one machine or link.
fn rank(addr: &SocketAddr) -> u8 {
    match addr.ip() {
        ip if ip.is_loopback() => 3,
        IpAddr::V4(ip) if ip.is_link_local() => 2,
        IpAddr::V6(ip) if ip.is_unicast_link_local() => 2,
        IpAddr::V4(_) => 0,
        IpAddr::V6(_) => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id() -> EndpointId {
        SecretKey::from_bytes(&[7; 32]).public()
    }

    fn contact(address: Bytes) -> Contact {
        Contact { peer: peer(id()), address }
    }

    #[test]
    fn addresses_round_trip() {
        let addr = EndpointAddr::new(id())
            .with_ip_addr("192.168.1.2:700".parse().unwrap())
            .with_ip_addr("[2001:db8::1]:9".parse().unwrap())
            .with_relay_url("https://relay.example/".parse().unwrap());
        assert_eq!(decode(&contact(encode(&addr))), Ok(addr));
        assert_eq!(decode(&contact(Bytes::new())), Ok(EndpointAddr::new(id())));
    }

    #[test]
    fn the_most_useful_addresses_are_kept() {
        let many = (0..20u8).map(|at| SocketAddr::from(([127, 0, 0, at], 1)));
        let addr = many.fold(EndpointAddr::new(id()), EndpointAddr::with_ip_addr);
        let addr = addr.with_ip_addr("[fe80::1]:1".parse().unwrap()).with_ip_addr("10.0.0.1:1".parse().unwrap());
        let kept = sockets(&encode(&addr));
        assert_eq!(kept.len(), SOCKET_ADDRS);
        assert_eq!(kept[..2], ["10.0.0.1:1".parse().unwrap(), "[fe80::1]:1".parse().unwrap()]);
    }

    #[test]
    fn sockets_on_every_network_are_reached_over_the_loopback_from_beside() {
        let bound = ["0.0.0.0:7", "[::]:8", "10.0.0.1:9"].map(|addr| addr.parse().unwrap());
        let beside = ["127.0.0.1:7", "[::1]:8", "10.0.0.1:9"].map(|addr| addr.parse().unwrap());
        assert_eq!(sockets(&encode_beside(&bound)), beside);
    }

    #[test]
    fn addresses_that_mislead_are_left_out() {
        for addr in ["0.0.0.0:1", "255.255.255.255:1", "224.0.0.1:1", "1.2.3.4:0", "[ff02::1]:1", "[::]:1"] {
            let address = encode_socket(addr.parse().unwrap());
            assert_eq!(decode(&contact(address)), Ok(EndpointAddr::new(id())), "{addr}");
        }
    }

    #[test]
    fn hostile_bytes_are_refused() {
        let cases: [&[u8]; 8] = [
            &[9],
            &[0xff, 0xff, 0xff, 0xff, 0x0f],
            &[1, 5, 0, 0, 0, 0, 0, 0, 0],
            &[1, 4, 127, 0, 0, 1, 0],
            &[0, 5, b'h'],
            &[0, 2, 0xff, 0xff],
            &[0, 3, b':', b':', b':'],
            &[0, 0, 0],
        ];
        for bytes in cases {
            assert!(decode(&contact(Bytes::from_static(bytes))).is_err(), "{bytes:?}");
        }
        let nobody = Contact { peer: PeerId([2; 32]), address: Bytes::new() };
        assert!(EndpointId::from_bytes(&nobody.peer.0).is_err() == decode(&nobody).is_err());
    }
}
