//! Mainline, the DHT of BitTorrent: a node stores there how it is reached, and looks up how others are, without a service
//! that anybody runs. An item is signed by the node's key, and some twenty nodes of the DHT keep it for two hours (BEP 44);
//! its bytes are those of n0's DNS (pkarr), with no word about rooms.
//!
//! We ask and do not serve. The DHT is full of strangers, so nothing that they answer is trusted: items are verified,
//! addresses that only mean something in a LAN are left out, and a question that does not end in time, because somebody
//! names ever closer nodes, ends our stay. A stay ends after a while anyway, and the next begins with fresh tables.

use std::{
    net::{IpAddr, SocketAddr, SocketAddrV4},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use iroh::{
    Endpoint, EndpointId, SecretKey, TransportAddr,
    address_lookup::{AddressLookup, AddressLookupBuilder, AddressLookupBuilderError, EndpointData, Error, Item},
    dns::{DNS_TIMEOUT, DnsResolver},
    endpoint_info::EndpointInfo,
};
use iroh_dns::pkarr::{SignedPacket, Timestamp};
use n0_future::{StreamExt as _, boxed::BoxStream, stream, task::AbortOnDropHandle};
use n0_mainline::{Dht, MutableItem, RequestFilter, RequestSpecific, ServerSettings};
use tokio::{
    sync::{Notify, mpsc, watch},
    time::{sleep, timeout, timeout_at},
};

use crate::{
    address::is_worldwide,
    budget::Budget,
    limits::{
        DHT_ASKED_AT_ONCE, DHT_ASKED_PER_S, DHT_DEADLINE, DHT_ITEMS, DHT_SETTLE, DHT_STAY, DHT_TTL_S, INTERNET_MS,
        LOOK_UP_AGAIN_MOST_MS, LOOK_UP_AGAIN_MS, RELAY_URL_BYTES, SOCKET_ADDRS,
    },
    settings::DhtNode,
};

/// Nodes that programs enter the DHT by, whoever runs them.
const USUAL: [&str; 4] =
    ["router.bittorrent.com:6881", "dht.transmissionbt.com:6881", "dht.libtorrent.org:25401", "relay.pkarr.org:6881"];

/// What this node is in the DHT.
#[derive(Clone, Debug)]
pub(crate) struct Mainline(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    /// The nodes that the DHT is entered by.
    entrances: Vec<DhtNode>,
    says: Says,
    /// How this node is reached, as far as it says so.
    reached: watch::Sender<Vec<TransportAddr>>,
    /// The DHT, while we are in it.
    dht: watch::Sender<Option<Dht>>,
    standing: watch::Sender<Standing>,
    /// Told when a question did not end in time.
    endless: Notify,
    budget: Mutex<Budget>,
    start: Instant,
}

/// What a node says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Says {
    /// Its relay, which tells its addresses to those alone who meet it there.
    Relay,
    /// Its addresses, because it has no relay.
    Addresses,
}

/// How far we have come.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Standing {
    /// Nodes of the DHT that answered.
    pub(crate) nodes: usize,
    /// What is stored, which may be nothing; `None` until then, and when storing it failed.
    pub(crate) stored: Option<Vec<TransportAddr>>,
}

/// What an endpoint looks peers up with, and is told its own addresses by.
#[derive(Debug)]
struct Lookup {
    mainline: Mainline,
    _stays: AbortOnDropHandle<()>,
}

impl Mainline {
    /// Enters the DHT by these nodes, or by the usual ones if there are none, as soon as an endpoint is bound with it.
    pub(crate) fn new(entrances: &[DhtNode], says: Says) -> Self {
        let usual = || USUAL.iter().filter_map(|node| node.parse().ok()).collect();
        Self(Arc::new(Shared {
            entrances: if entrances.is_empty() { usual() } else { entrances.to_vec() },
            says,
            reached: watch::Sender::default(),
            dht: watch::Sender::default(),
            standing: watch::Sender::default(),
            endless: Notify::new(),
            budget: Mutex::new(Budget::new(DHT_ASKED_AT_ONCE, DHT_ASKED_PER_S)),
            start: Instant::now(),
        }))
    }

    /// How far we have come when something is stored, or that takes too long.
    pub(crate) async fn standing(&self) -> Standing {
        let mut standing = self.0.standing.subscribe();
        let settled = standing.wait_for(|standing| standing.stored.as_ref().is_some_and(|stored| !stored.is_empty()));
        let _ = timeout(Duration::from_millis(INTERNET_MS), settled).await;
        self.0.standing.borrow().clone()
    }

    /// One stay after the other. Where nothing can be stored it is tried ever less often, and at once when our addresses
    /// change, because what failed in one network may work in the next.
    async fn stays(self, secret: SecretKey, resolver: DnsResolver) {
        let mut reached = self.0.reached.subscribe();
        let mut wait_ms = LOOK_UP_AGAIN_MS;
        loop {
            let stayed = self.stay(&secret, &resolver, &mut reached).await;
            self.0.dht.send_replace(None);
            wait_ms = if stayed.is_some() { LOOK_UP_AGAIN_MS } else { (2 * wait_ms).min(LOOK_UP_AGAIN_MOST_MS) };
            let _ = timeout(Duration::from_millis(wait_ms), reached.changed()).await;
        }
    }

    /// Enters the DHT and stores how we are reached; `None` if that fails. The stay ends when we are reached in another way:
    /// what its nodes let us store holds for the address that we had.
    async fn stay(
        &self,
        secret: &SecretKey,
        resolver: &DnsResolver,
        reached: &mut watch::Receiver<Vec<TransportAddr>>,
    ) -> Option<()> {
        self.0.standing.send_replace(Standing::default());
        let addrs = reached.borrow_and_update().clone();
        let dht = enter(&self.look_up_entrances(resolver).await)?;
        // Whoever looks a peer up need not wait for our table to fill.
        self.0.dht.send_replace(Some(dht.clone()));
        let stored = timeout(DHT_DEADLINE, self.store(&dht, item(secret, &addrs))).await;
        self.0
            .standing
            .send_modify(|standing| standing.stored = stored.is_ok_and(|stored| stored.is_some()).then_some(addrs));
        self.0.standing.borrow().stored.as_ref()?;
        let moved = async {
            // The sender lives as long as we do.
            let _ = reached.changed().await;
            sleep(DHT_SETTLE).await;
        };
        tokio::select! {
            () = moved => {}
            () = self.0.endless.notified() => tracing::debug!("a question to the DHT had no end"),
            () = sleep(DHT_STAY) => {}
        }
        Some(())
    }

    /// Fills our table, and stores an item if there is one.
    async fn store(&self, dht: &Dht, item: Option<MutableItem>) -> Option<()> {
        dht.bootstrapped().await.ok()?;
        let nodes = dht.info().await.ok()?.routing_table_size();
        self.0.standing.send_modify(|standing| standing.nodes = nodes);
        (nodes > 0).then_some(())?;
        if let Some(item) = item {
            dht.put_mutable(item, None).await.inspect_err(|why| tracing::debug!(%why, "not stored in the DHT")).ok()?;
        }
        Some(())
    }

    /// The addresses of the nodes that the DHT is entered by.
    async fn look_up_entrances(&self, resolver: &DnsResolver) -> Vec<SocketAddrV4> {
        let look_up = async |DhtNode { host, port }: &DhtNode| {
            if let Ok(ip) = host.parse() {
                return vec![SocketAddrV4::new(ip, *port)];
            }
            let found = resolver.lookup_ipv4(host, DNS_TIMEOUT).await.map(Vec::from_iter).unwrap_or_default();
            let v4 = |ip| if let IpAddr::V4(ip) = ip { Some(SocketAddrV4::new(ip, *port)) } else { None };
            found.into_iter().filter_map(v4).collect::<Vec<_>>()
        };
        let found = n0_future::join_all(self.0.entrances.iter().map(look_up)).await;
        found.into_iter().flat_map(|addrs| addrs.into_iter().take(SOCKET_ADDRS)).collect()
    }

    /// What the DHT has of a peer, as it comes in. The question goes on when nobody waits for the answers any more, so that
    /// its end is noticed.
    fn ask(&self, peer: EndpointId) -> mpsc::Receiver<Item> {
        let (answers, answered) = mpsc::channel(DHT_ITEMS);
        let (shared, mut dht) = (self.0.clone(), self.0.dht.subscribe());
        tokio::spawn(async move {
            let dht = timeout(DHT_DEADLINE, dht.wait_for(Option::is_some)).await.ok()?.ok()?.clone()?;
            let asked = async {
                let mut items = dht.get_mutable(peer.as_bytes(), None, None).await.ok()?;
                let mut newest = None;
                while let Some(item) = items.next().await {
                    if newest < Some(item.seq()) {
                        newest = Some(item.seq());
                        read(peer, &item).and_then(|item| answers.try_send(item).ok());
                    }
                }
                Some(())
            };
            if timeout(DHT_DEADLINE, asked).await.is_err() {
                shared.endless.notify_one();
            }
            Some(())
        });
        answered
    }
}

impl AddressLookupBuilder for Mainline {
    fn into_address_lookup(self, endpoint: &Endpoint) -> Result<impl AddressLookup, AddressLookupBuilderError> {
        let resolver = endpoint.dns_resolver().map_err(|error| AddressLookupBuilderError::from_err("dht", error))?;
        Ok(Lookup::begin(self, endpoint.secret_key(), resolver))
    }
}

impl Lookup {
    fn begin(mainline: Mainline, secret: &SecretKey, resolver: &DnsResolver) -> Self {
        let stays = tokio::spawn(mainline.clone().stays(secret.clone(), resolver.clone()));
        Self { mainline, _stays: AbortOnDropHandle::new(stays) }
    }
}

impl AddressLookup for Lookup {
    fn publish(&self, data: &EndpointData) {
        let shared = &self.mainline.0;
        let said = |addr: &TransportAddr| matches!(addr, TransportAddr::Relay(_)) == (shared.says == Says::Relay);
        let addrs = useful(data.addrs().filter(|addr| said(addr)));
        shared.reached.send_if_modified(|reached| {
            let is_news = *reached != addrs;
            *reached = addrs;
            is_news
        });
    }

    fn resolve(&self, peer: EndpointId) -> Option<BoxStream<Result<Item, Error>>> {
        let shared = &self.mainline.0;
        let now_ms = shared.start.elapsed().as_millis() as u64;
        if !shared.budget.lock().unwrap_or_else(PoisonError::into_inner).take(now_ms) {
            return None;
        }
        let until = tokio::time::Instant::now() + DHT_DEADLINE;
        let answers = stream::unfold(self.mainline.ask(peer), move |mut answers| async move {
            let item = timeout_at(until, answers.recv()).await.ok()??;
            Some((Ok(item), answers))
        });
        Some(Box::pin(answers))
    }
}

/// A node of the DHT at a port of its own. Nothing here waits: the addresses are no names.
fn enter(entrances: &[SocketAddrV4]) -> Option<Dht> {
    if entrances.is_empty() {
        return None;
    }
    let serves_nobody = ServerSettings { filter: Box::new(ServesNobody), ..ServerSettings::default() };
    let entered = Dht::builder().bootstrap(entrances).port(0).server_settings(serves_nobody).build();
    entered.inspect_err(|why| tracing::debug!(%why, "no socket for the DHT")).ok()
}

/// Answers no question: a node that is reached from everywhere would keep items of strangers after a while.
#[derive(Clone, Debug)]
struct ServesNobody;

impl RequestFilter for ServesNobody {
    fn allow_request(&self, _request: &RequestSpecific, _from: SocketAddrV4) -> bool {
        false
    }
}

/// How a node is reached, signed; `None` when there is nothing to say.
fn item(secret: &SecretKey, addrs: &[TransportAddr]) -> Option<MutableItem> {
    if addrs.is_empty() {
        return None;
    }
    let info = EndpointInfo::from_parts(secret.public(), addrs.iter().cloned().collect());
    let packet = info.to_pkarr_signed_packet(secret, DHT_TTL_S).ok()?;
    let seq = i64::try_from(packet.timestamp().as_micros()).ok()?;
    let (key, signature) = (*packet.public_key().as_bytes(), packet.signature().to_bytes());
    Some(MutableItem::new_signed_unchecked(key, signature, packet.encoded_packet(), seq, None))
}

/// How a peer is reached by an item, whose signature was verified when it came in.
fn read(peer: EndpointId, item: &MutableItem) -> Option<Item> {
    let at = Timestamp::from_micros(u64::try_from(item.seq()).ok()?);
    let packet = SignedPacket::from_parts_unchecked(item.key(), item.signature(), at, item.value()).ok()?;
    let info = EndpointInfo::from_pkarr_signed_packet(&packet).ok()?;
    let addrs = useful(info.addrs());
    let is_told = info.endpoint_id == peer && !addrs.is_empty();
    is_told.then(|| Item::new(EndpointInfo::from_parts(peer, addrs.into_iter().collect()), "dht", None))
}

/// The addresses that mean something everywhere: as many as a contact has, and one relay.
fn useful<'a>(addrs: impl Iterator<Item = &'a TransportAddr>) -> Vec<TransportAddr> {
    let (mut sockets, mut relays): (Vec<SocketAddr>, Vec<TransportAddr>) = Default::default();
    for addr in addrs {
        match addr {
            TransportAddr::Ip(addr) if is_worldwide(addr) => sockets.push(*addr),
            TransportAddr::Relay(url) if url.as_str().len() <= RELAY_URL_BYTES => relays.push(addr.clone()),
            _ => {}
        }
    }
    sockets.sort();
    relays.into_iter().take(1).chain(sockets.into_iter().take(SOCKET_ADDRS).map(TransportAddr::Ip)).collect()
}

#[cfg(test)]
mod tests {
    use std::slice::from_ref;

    use iroh::address_lookup::UserData;
    use n0_mainline::Testnet;

    use super::*;
    use crate::resolver;

    fn secret(of: u8) -> SecretKey {
        SecretKey::from_bytes(&[of; 32])
    }

    fn ip(addr: &str) -> TransportAddr {
        TransportAddr::Ip(addr.parse().unwrap())
    }

    fn relay(host: &str) -> TransportAddr {
        TransportAddr::Relay(format!("https://{host}").parse().unwrap())
    }

    /// Somebody in a DHT on this machine.
    fn enters(testnet: &Testnet, of: u8, says: Says) -> Lookup {
        let entrances: Vec<DhtNode> = testnet.bootstrap.iter().map(|node| node.parse().unwrap()).collect();
        Lookup::begin(Mainline::new(&entrances, says), &secret(of), &resolver::patient())
    }

    /// Asks for a peer until the answer is this.
    async fn until_found(lookup: &Lookup, of: u8, addrs: &[TransportAddr]) {
        loop {
            let mut answers = lookup.mainline.ask(secret(of).public());
            while let Some(item) = answers.recv().await {
                assert_eq!((item.endpoint_id(), item.user_data()), (secret(of).public(), None));
                if item.endpoint_info().addrs().eq(addrs) {
                    return;
                }
            }
        }
    }

    #[tokio::test]
    async fn what_one_stores_another_finds_and_then_what_it_stores_next() {
        let testnet = Testnet::new(4).await.unwrap();
        let [ada, bob] = [1, 2].map(|of| enters(&testnet, of, Says::Addresses));
        let tagged = |addrs: &[TransportAddr]| {
            let data: EndpointData = addrs.iter().cloned().collect();
            data.with_user_data(UserData::try_from("tags of rooms".to_owned()).unwrap())
        };
        let (first, next) = (ip("203.0.113.7:1"), ip("[2001:db8::1]:1"));
        ada.publish(&tagged(&[ip("192.168.1.2:1"), first.clone(), relay("example.org")]));
        until_found(&bob, 1, from_ref(&first)).await;
        assert_eq!(ada.mainline.standing().await.stored, Some(vec![first]));
        ada.publish(&tagged(from_ref(&next)));
        until_found(&bob, 1, &[next]).await;
        let mut answers = bob.resolve(secret(1).public()).unwrap();
        assert_eq!(answers.next().await.unwrap().unwrap().endpoint_id(), secret(1).public());
        assert!(bob.resolve(secret(3).public()).unwrap().next().await.is_none(), "nobody has stored that");
    }

    #[tokio::test]
    async fn whoever_has_a_relay_stores_it_and_no_address() {
        let testnet = Testnet::new(4).await.unwrap();
        let [ada, bob] = [1, 2].map(|of| enters(&testnet, of, Says::Relay));
        ada.publish(&[ip("203.0.113.7:1"), relay("example.org")].into_iter().collect());
        until_found(&bob, 1, &[relay("example.org")]).await;
    }

    #[tokio::test]
    async fn look_ups_are_bounded_and_nothing_waits_for_a_dht_that_is_silent() {
        let silent = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        let entrance = silent.local_addr().unwrap().to_string().parse().unwrap();
        let lookup = Lookup::begin(Mainline::new(&[entrance], Says::Addresses), &secret(1), &resolver::patient());
        lookup.publish(&[ip("203.0.113.7:1")].into_iter().collect());
        let begun = (0..1_000).filter(|_| lookup.resolve(secret(2).public()).is_some()).count();
        assert!((DHT_ASKED_AT_ONCE as usize..DHT_ASKED_AT_ONCE as usize + 10).contains(&begun), "{begun}");
        assert_eq!(*lookup.mainline.0.standing.borrow(), Standing::default());
    }

    #[tokio::test]
    async fn a_question_without_an_end_ends_the_stay_and_another_begins() {
        let testnet = Testnet::new(4).await.unwrap();
        let ada = enters(&testnet, 1, Says::Addresses);
        ada.publish(&[ip("203.0.113.7:1")].into_iter().collect());
        let mut standing = ada.mainline.0.standing.subscribe();
        let mut dht = ada.mainline.0.dht.subscribe();
        standing.wait_for(|standing| standing.stored.is_some()).await.unwrap();
        let first = ada.mainline.0.dht.borrow().clone().unwrap().info().await.unwrap().local_addr();
        ada.mainline.0.endless.notify_one();
        dht.wait_for(Option::is_none).await.unwrap();
        let next = dht.wait_for(Option::is_some).await.unwrap().clone().unwrap();
        let next = next.info().await.unwrap().local_addr();
        assert_ne!(first.port(), next.port(), "nothing of the first is left");
    }

    #[test]
    fn an_item_says_how_its_signer_is_reached_from_everywhere_and_nothing_else() {
        let reads = |of: u8, addrs: &[TransportAddr]| read(secret(1).public(), &item(&secret(of), addrs).unwrap());
        let told = |item: Item| item.endpoint_info().addrs().cloned().collect::<Vec<_>>();
        let good = [relay("example.org"), ip("203.0.113.7:1"), ip("[2001:db8::1]:1")];
        assert_eq!(reads(1, &good).map(told), Some(good.to_vec()));
        assert!(reads(2, &good).is_none(), "somebody else signed it");
        for addr in
            ["127.0.0.1:1", "10.0.0.1:1", "100.64.0.1:1", "169.254.0.1:1", "0.0.0.0:1", "203.0.113.7:0", "224.0.0.1:1"]
        {
            assert!(reads(1, &[ip(addr)]).is_none(), "{addr}");
        }
        for addr in ["[::1]:1", "[fe80::1]:1", "[fd00::1]:1", "[::ffff:192.168.1.1]:1", "[ff02::1]:1"] {
            assert!(reads(1, &[ip(addr)]).is_none(), "{addr}");
        }
        let many: Vec<TransportAddr> = (0..20).map(|at| ip(&format!("203.0.113.{at}:1"))).collect();
        assert_eq!(reads(1, &many).map(told), Some(many[..SOCKET_ADDRS].to_vec()));
        assert!(item(&secret(1), &[]).is_none());
    }
}
