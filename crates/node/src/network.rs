//! A probe of the node's network: it tests what works.

use std::{
    net::{SocketAddr, SocketAddrV4, SocketAddrV6},
    time::Duration,
};

use iroh::{EndpointAddr, TransportAddr, Watcher as _};
use tokio::time::timeout;

use crate::{
    dht::Standing,
    limits::{INTERNET_MS, PROBE_MS},
    nearby,
    node::Node,
    settings::{Bind, Reach, Settings},
};

/// The results of a probe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Network {
    /// The sockets that the node listens on.
    pub sockets: Vec<SocketAddr>,
    /// The results for the LAN; `None` if the node does not use LAN discovery.
    pub lan: Option<LanProbe>,
    /// The results for the internet; `None` if the node uses no relays, because the probe asks those.
    pub internet: Option<Internet>,
    /// How far the node has come in the Mainline DHT; `None` if it does not enter it.
    pub dht: Option<DhtProbe>,
}

/// The results of a second node on this machine, which the probe opens and closes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LanProbe {
    /// Whether its mDNS announcement was received.
    pub heard: bool,
    /// The address where it was reached over UDP, which others on the LAN can reach too.
    pub reached: Option<SocketAddr>,
    /// Other nodes that are announced on the LAN.
    pub others: usize,
    /// The error if it could not be opened.
    pub failed: Option<String>,
}

/// How far a node has come in the Mainline DHT.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DhtProbe {
    /// Nodes of it that answered.
    pub nodes: usize,
    /// The relay or addresses that are stored there, which may be none; `None` if storing them has failed.
    pub stored: Option<Vec<String>>,
}

/// The reports of relays about the path to them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Internet {
    /// Whether a datagram over IPv4 went out and its answer came in, and the address that it came from.
    pub udp_v4: Option<SocketAddrV4>,
    /// The same over IPv6.
    pub udp_v6: Option<SocketAddrV6>,
    /// Whether two relays see different addresses of this node; `None` if fewer than two have answered.
    pub varies: Option<bool>,
    /// The nearest relay that answered, and how long that took.
    pub relay: Option<(String, Duration)>,
    /// Whether there is a captive portal between this machine and the internet, if that is known.
    pub captive: Option<bool>,
}

impl Node {
    /// Tests what works in the network. Takes some seconds if something does not.
    pub async fn network(&self) -> Network {
        let (lan, internet, dht) = tokio::join!(self.probe_lan(), self.ask_relays(), self.ask_dht());
        Network { sockets: self.local_addrs(), lan, internet, dht }
    }

    /// Opens a second node and checks whether it can be found and reached.
    async fn probe_lan(&self) -> Option<LanProbe> {
        let lan = self.inner.lan.as_ref()?;
        let mut news = lan.news();
        let probe = match Node::open(on_lan(self.inner.reach == Reach::Lan)).await {
            Ok(probe) => probe,
            Err(why) => return Some(LanProbe { failed: Some(why.to_string()), ..LanProbe::default() }),
        };
        let addr = probe.inner.endpoint.addr();
        let hear = async {
            // The sender lives as long as the node.
            while !lan.found().iter().any(|found| found.id == addr.id) && news.changed().await.is_ok() {}
        };
        let patience = Duration::from_millis(PROBE_MS);
        // One after the other: while a peer is dialled, discovery reports it only to the dial and not to other
        // listeners.
        let heard = timeout(patience, hear).await;
        let reached = timeout(patience, self.meet(addr.clone())).await;
        probe.close().await;
        let others = lan.found().iter().filter(|found| found.id != addr.id).count();
        Some(LanProbe { heard: heard.is_ok(), reached: reached.ok().flatten(), others, failed: None })
    }

    /// The address where a peer is reached over UDP, except loopback.
    async fn meet(&self, mut addr: EndpointAddr) -> Option<SocketAddr> {
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

    /// Waits until how this node is reached is stored in the DHT.
    async fn ask_dht(&self) -> Option<DhtProbe> {
        let Standing { nodes, stored } = self.inner.mainline.as_ref()?.standing().await;
        Some(DhtProbe { nodes, stored: stored.map(|addrs| addrs.into_iter().map(text).collect()) })
    }

    /// Waits for the reports of relays.
    async fn ask_relays(&self) -> Option<Internet> {
        if !matches!(self.inner.reach, Reach::Relays { .. } | Reach::Public { .. }) {
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

fn text(addr: TransportAddr) -> String {
    match addr {
        TransportAddr::Relay(url) => url.to_string(),
        TransportAddr::Ip(addr) => addr.to_string(),
        other => format!("{other:?}"),
    }
}

/// A node that keeps nothing and is on the LAN.
fn on_lan(lan_only: bool) -> Settings {
    let mut settings = Settings::memory();
    (settings.bind, settings.lan, settings.lan_only) = (Bind::Any, true, lan_only);
    settings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_node_on_loopback_has_no_network_to_find_out_about() {
        let node = Node::open(Settings::memory()).await.unwrap();
        let Network { sockets, lan, internet, dht } = node.network().await;
        assert!(sockets.iter().all(|socket| socket.ip().is_loopback()) && !sockets.is_empty(), "{sockets:?}");
        assert_eq!((lan, internet, dht), (None, None, None));
        node.close().await;
    }

    #[tokio::test]
    async fn a_node_says_whether_it_is_reached_and_heard_on_the_lan() {
        let node = Node::open(on_lan(false)).await.unwrap();
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
