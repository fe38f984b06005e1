//! What works of the network that a node is in, found out by trying.

use std::{
    net::{SocketAddr, SocketAddrV4, SocketAddrV6},
    time::Duration,
};

use iroh::{EndpointAddr, TransportAddr, Watcher as _};
use tokio::time::timeout;

use crate::{
    limits::{INTERNET_MS, PROBE_MS},
    nearby,
    node::Node,
    settings::{Bind, Settings},
};

/// What was found out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Network {
    /// The sockets that the node listens on.
    pub sockets: Vec<SocketAddr>,
    /// What of the LAN works; `None` where the node neither announces itself nor looks for others there.
    pub lan: Option<LanProbe>,
    /// What of the internet works; `None` where the node uses no relays, which are asked for it.
    pub internet: Option<Internet>,
}

/// What became of a second node on this machine, which was opened for the probe and closed again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LanProbe {
    /// Whether what it announced by mDNS was heard.
    pub heard: bool,
    /// Where it was reached over UDP, at an address that others on the LAN reach as well.
    pub reached: Option<SocketAddr>,
    /// Other nodes that are announced on the LAN.
    pub others: usize,
    /// Why it could not be opened, if it could not.
    pub failed: Option<String>,
}

/// What relays told of the way to them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Internet {
    /// Whether a datagram over IPv4 went out and its answer came in, and the address that it came from.
    pub udp_v4: Option<SocketAddrV4>,
    /// The same over IPv6.
    pub udp_v6: Option<SocketAddrV6>,
    /// Whether the address that others see differs from one of them to the other; `None` where fewer than two have told.
    pub varies: Option<bool>,
    /// The nearest relay that answered, and how long that took.
    pub relay: Option<(String, Duration)>,
    /// Whether a captive portal stands between this machine and the internet, where that could be told.
    pub captive: Option<bool>,
}

impl Node {
    /// Finds out what works of the network. Takes some seconds where something does not.
    pub async fn network(&self) -> Network {
        let (lan, internet) = tokio::join!(self.probe_lan(), self.ask_relays());
        Network { sockets: self.local_addrs(), lan, internet }
    }

    /// Opens a second node and looks whether it is heard and reached.
    async fn probe_lan(&self) -> Option<LanProbe> {
        let lan = self.inner.lan.as_ref()?;
        let mut news = lan.news();
        let probe = match Node::open(on_lan()).await {
            Ok(probe) => probe,
            Err(why) => return Some(LanProbe { failed: Some(why.to_string()), ..LanProbe::default() }),
        };
        let addr = probe.inner.endpoint.addr();
        let hear = async {
            // The other end goes only with the node.
            while !lan.found().iter().any(|found| found.id == addr.id) && news.changed().await.is_ok() {}
        };
        let patience = Duration::from_millis(PROBE_MS);
        // One after the other: a peer that is being dialled is told to the dial alone, and to nobody who listens.
        let heard = timeout(patience, hear).await;
        let reached = timeout(patience, self.reach(addr.clone())).await;
        probe.close().await;
        let others = lan.found().iter().filter(|found| found.id != addr.id).count();
        Some(LanProbe { heard: heard.is_ok(), reached: reached.ok().flatten(), others, failed: None })
    }

    /// Where a peer is reached over UDP, without the loopback.
    async fn reach(&self, mut addr: EndpointAddr) -> Option<SocketAddr> {
        addr.addrs.retain(|addr| matches!(addr, TransportAddr::Ip(addr) if !addr.ip().is_loopback()));
        if addr.addrs.is_empty() {
            return None;
        }
        let connection = self.inner.endpoint.connect(addr, nearby::ALPN).await.ok()?;
        connection.paths().iter().find_map(|path| match path.remote_addr() {
            TransportAddr::Ip(addr) => Some(*addr),
            _ => None,
        })
    }

    /// Waits for what relays tell.
    async fn ask_relays(&self) -> Option<Internet> {
        if !self.inner.relays {
            return None;
        }
        let mut reports = self.inner.endpoint.net_report();
        let report = timeout(Duration::from_millis(INTERNET_MS), reports.initialized()).await;
        let Ok(report) = report else { return Some(Internet::default()) };
        let relay = report.preferred_relay.as_ref().map(|url| {
            let took = report.relay_latency.iter().filter(|(_, of, _)| *of == url).map(|(_, _, took)| took).min();
            (url.to_string(), took.unwrap_or_default())
        });
        Some(Internet {
            udp_v4: report.global_v4.filter(|_| report.udp_v4),
            udp_v6: report.global_v6.filter(|_| report.udp_v6),
            varies: report.mapping_varies_by_dest(),
            relay,
            captive: report.captive_portal,
        })
    }
}

/// A node that keeps nothing and is on the LAN.
fn on_lan() -> Settings {
    let mut settings = Settings::memory();
    (settings.bind, settings.lan) = (Bind::Any, true);
    settings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_node_on_loopback_has_no_network_to_find_out_about() {
        let node = Node::open(Settings::memory()).await.unwrap();
        let Network { sockets, lan, internet } = node.network().await;
        assert!(sockets.iter().all(|socket| socket.ip().is_loopback()) && !sockets.is_empty(), "{sockets:?}");
        assert_eq!((lan, internet), (None, None));
        node.close().await;
    }

    #[tokio::test]
    async fn a_node_says_whether_it_is_reached_and_heard_on_the_lan() {
        let node = Node::open(on_lan()).await.unwrap();
        let lan = node.network().await.lan.unwrap();
        assert_eq!(lan.failed, None);
        let has_network = node.inner.endpoint.addr().addrs.iter().any(|addr| match addr {
            TransportAddr::Ip(addr) => !addr.ip().is_loopback(),
            _ => false,
        });
        assert_eq!(lan.reached.is_some(), has_network, "{lan:?}");
        assert!(lan.reached.is_none_or(|addr| !addr.ip().is_loopback()));
        node.close().await;
    }
}
