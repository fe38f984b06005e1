//! The networks that this machine is attached to. An address in one of them is reached without a router.

use std::net::{IpAddr, Ipv4Addr};

use nix::{
    ifaddrs::{InterfaceAddress, getifaddrs},
    net::if_::InterfaceFlags,
    sys::socket::SockaddrStorage,
};

use crate::error::Error;

/// Networks, each as the address of this machine in it and the bits that all its addresses share.
#[derive(Debug)]
pub(crate) struct Attached(Vec<(IpAddr, u32)>);

impl Attached {
    /// The networks of the interfaces that are up. Tunnels are none: what goes into one comes out elsewhere.
    ///
    /// # Errors
    /// [`Error::Bind`] when the system does not tell.
    pub(crate) fn now() -> Result<Self, Error> {
        let interfaces = getifaddrs().map_err(|why| Error::Bind { why: why.to_string() })?;
        let mut networks: Vec<(IpAddr, u32)> = interfaces.filter_map(network).collect();
        networks.sort_unstable();
        networks.dedup();
        Ok(Self(networks))
    }

    /// The addresses of this machine, with the bits that all addresses of their network share; the loopback's if there
    /// is no network.
    pub(crate) fn own(&self) -> Vec<(IpAddr, u32)> {
        match self.0.is_empty() {
            true => vec![(Ipv4Addr::LOCALHOST.into(), 8)],
            false => self.0.clone(),
        }
    }

    /// Whether a node that does not leave these networks, if there are any, sends packets to this address. What has no
    /// address yet, as a relay, is beyond them.
    pub(crate) fn allow(networks: Option<&Self>, ip: Option<IpAddr>) -> bool {
        networks.is_none_or(|networks| ip.is_some_and(|ip| networks.holds(ip)))
    }

    /// Whether a packet to this address leaves neither this machine nor its networks.
    fn holds(&self, ip: IpAddr) -> bool {
        let ip = ip.to_canonical();
        ip.is_loopback() || self.0.iter().any(|(own, shared)| are_alike(*own, ip, *shared))
    }
}

/// The network of an interface's address. Those of one link need the link's name too, which no ticket has.
fn network(at: InterfaceAddress) -> Option<(IpAddr, u32)> {
    let apart = InterfaceFlags::IFF_LOOPBACK | InterfaceFlags::IFF_POINTOPOINT;
    let address = ip(at.address.as_ref()?)?;
    let shared = match ip(at.netmask.as_ref()?)? {
        IpAddr::V4(mask) => mask.to_bits().leading_ones(),
        IpAddr::V6(mask) => mask.to_bits().leading_ones(),
    };
    let of_link = matches!(address, IpAddr::V6(ip) if ip.is_unicast_link_local());
    (at.flags.contains(InterfaceFlags::IFF_UP) && !at.flags.intersects(apart) && !of_link).then_some((address, shared))
}

fn ip(of: &SockaddrStorage) -> Option<IpAddr> {
    let v4 = || of.as_sockaddr_in().map(|at| at.ip().into());
    v4().or_else(|| of.as_sockaddr_in6().map(|at| at.ip().into()))
}

/// Whether the first bits of two addresses are the same.
fn are_alike(one: IpAddr, other: IpAddr, bits: u32) -> bool {
    match (one, other) {
        (IpAddr::V4(one), IpAddr::V4(other)) => (one.to_bits() ^ other.to_bits()).leading_zeros() >= bits,
        (IpAddr::V6(one), IpAddr::V6(other)) => (one.to_bits() ^ other.to_bits()).leading_zeros() >= bits,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_router_would_have_to_carry_is_not_attached() {
        let ip = |text: &str| text.parse::<IpAddr>().unwrap();
        let attached = Attached(vec![(ip("10.77.0.2"), 24), (ip("2001:db8:1::2"), 64), (ip("192.0.2.9"), 32)]);
        for near in ["10.77.0.2", "10.77.0.255", "::ffff:10.77.0.9", "2001:db8:1::9", "127.0.0.1", "::1", "192.0.2.9"] {
            assert!(attached.holds(ip(near)), "{near}");
        }
        for far in ["10.77.1.1", "10.76.255.255", "192.0.2.8", "2001:db8:2::1", "1.1.1.1", "::ffff:1.1.1.1"] {
            assert!(!attached.holds(ip(far)), "{far}");
        }
    }

    #[test]
    fn a_machine_without_a_network_has_itself() {
        assert_eq!(Attached(Vec::new()).own(), [(Ipv4Addr::LOCALHOST.into(), 8)]);
    }
}
