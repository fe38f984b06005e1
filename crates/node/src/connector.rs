//! How connections begin: we dial peers, or accept them within bounds.

use std::{
    collections::{BTreeMap, VecDeque},
    net::{IpAddr, SocketAddr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use iroh::{
    Endpoint, TransportAddr,
    endpoint::{ConnectOptions, Connection, Incoming, IncomingAddr},
};
use rumormill_proto::ids::PeerId;
use tokio::{runtime::Handle, sync::oneshot, time::timeout};

use crate::{
    attached::Attached,
    board::Boards,
    budget::Budget,
    command::Command,
    dials::Way,
    endpoint::{ALPN, ALPN_FIRST, transport},
    greeting::Role,
    limits::{
        DIAL_DEADLINE, FAMILIAR, FAMILIAR_AT_ONCE, FAMILIAR_PER_S, GREETING_DEADLINE, HANDSHAKES, HANDSHAKES_AT_ONCE,
        HANDSHAKES_LEFT_BY_HOST, HANDSHAKES_LEFT_BY_SOCKET, HANDSHAKES_PER_S, LATELY, TOLD_DEADLINE, TOLD_ROUND_TRIP,
    },
    link,
    linking::{self, Shown},
    nearby,
    settings::Relay,
    wires::Wires,
};

/// The endpoint, and how far it goes.
#[derive(Clone)]
pub(crate) struct Outside {
    pub(crate) endpoint: Endpoint,
    /// The networks that the node does not leave, if it is to stay in them.
    pub(crate) attached: Option<Arc<Attached>>,
    /// The relays that the node was told to use.
    pub(crate) relays: Vec<Relay>,
}

/// Dials peers, and accepts those who dial us.
#[derive(Clone)]
pub(crate) struct Connector {
    runtime: Handle,
    outside: Outside,
    wires: Wires,
    boards: Boards,
    shown: Shown,
    familiar: Arc<Mutex<Familiar>>,
}

impl Connector {
    /// A connector that accepts from now on, until the endpoint closes. Its tasks run on the caller's runtime.
    pub(crate) fn open(outside: Outside, wires: Wires, boards: Boards, shown: Shown) -> Self {
        let (runtime, familiar) = (Handle::current(), Arc::default());
        let connector = Self { runtime, outside, wires, boards, shown, familiar };
        connector.runtime.spawn(connector.clone().accept());
        connector
    }

    /// Notes that a room was shared from these addresses: peers from there do not queue with strangers.
    pub(crate) fn know(&self, addrs: impl IntoIterator<Item = SocketAddr>) {
        let mut familiar = self.familiar();
        addrs.into_iter().for_each(|addr| familiar.insert(addr));
    }

    /// Forgets these addresses, because a peer there was not honest.
    pub(crate) fn forget(&self, addrs: impl IntoIterator<Item = SocketAddr>) {
        let mut familiar = self.familiar();
        addrs.into_iter().for_each(|addr| familiar.remove(&addr));
    }

    fn familiar(&self) -> MutexGuard<'_, Familiar> {
        self.familiar.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Dials a peer. The driver gets a connection or a failure.
    pub(crate) fn dial(&self, peer: PeerId, way: Way) {
        self.runtime.spawn(self.clone().connect(peer, way));
    }

    /// Closes the endpoint.
    pub(crate) fn close(&self) {
        let endpoint = self.outside.endpoint.clone();
        self.runtime.spawn(async move { endpoint.close().await });
    }

    async fn connect(self, peer: PeerId, way: Way) {
        let deadline = if way.told { TOLD_DEADLINE } else { DIAL_DEADLINE };
        match timeout(deadline, self.shake(way)).await {
            Ok(Ok(connection)) => link::run(connection, Role::Dialler, self.wires).await,
            Ok(Err(why)) => {
                tracing::debug!(peer = %peer.short(), %why, "unreachable");
                self.wires.tell(Command::Unreachable { peer, why }).await;
            }
            Err(_) => self.wires.tell(Command::Unreachable { peer, why: "it does not answer".into() }).await,
        }
    }

    /// A connection under the newest version that both sides know. People who use several relays use the same ones, and
    /// whoever finds theirs dead goes to another without being able to tell: so each of ours is tried too.
    async fn shake(&self, Way { mut addr, told }: Way) -> Result<Connection, String> {
        let given = addr.addrs.len();
        addr.addrs.retain(|addr| self.goes_to(addr));
        if addr.addrs.is_empty() && given > 0 {
            return Err("its addresses are beyond the LAN, and this node stays there".into());
        }
        addr.addrs.extend(self.outside.relays.iter().map(|Relay(url)| TransportAddr::Relay(url.clone())));
        let mut options = ConnectOptions::new().with_additional_alpns(vec![ALPN_FIRST.to_vec()]);
        if told {
            let transport = transport(TOLD_ROUND_TRIP).map_err(|error| error.to_string())?;
            options = options.with_transport_config(transport);
        }
        let connecting = self.outside.endpoint.connect_with_opts(addr, ALPN, options).await;
        connecting.map_err(|error| error.to_string())?.await.map_err(|error| error.to_string())
    }

    /// Whether the node sends packets there.
    fn goes_to(&self, addr: &TransportAddr) -> bool {
        let ip = if let TransportAddr::Ip(addr) = addr { Some(addr.ip()) } else { None };
        Attached::allow(self.outside.attached.as_deref(), ip)
    }

    async fn accept(self) {
        let (mut strangers, mut guests) = (Gate::new(), Shaking::default());
        let start = Instant::now();
        while let Some(incoming) = self.outside.endpoint.accept().await {
            let from = match incoming.remote_addr() {
                IncomingAddr::Ip(addr) => Some(addr),
                _ => None,
            };
            if from.is_some_and(|addr| !self.goes_to(&TransportAddr::Ip(addr))) {
                incoming.ignore();
                continue;
            }
            let now_ms = start.elapsed().as_millis() as u64;
            let ousted = match from.filter(|addr| self.familiar().lets_in(addr, now_ms)) {
                Some(_) => guests.take(),
                None => match strangers.judge(from, incoming.remote_addr_validated(), now_ms) {
                    Verdict::Prove => {
                        // Fails only for an address that is validated.
                        let _ = incoming.retry();
                        continue;
                    }
                    Verdict::Ignore => {
                        incoming.ignore();
                        continue;
                    }
                    Verdict::Take => strangers.shaking.take(),
                },
            };
            tokio::spawn(self.clone().take(incoming, ousted));
        }
    }

    /// Shakes hands, unless a later handshake takes the slot.
    async fn take(self, incoming: Incoming, ousted: Ousted) {
        let wires = self.wires.clone();
        let met = tokio::select! {
            biased;
            met = self.meet(incoming) => met,
            _ = ousted => None,
        };
        if let Some(connection) = met {
            link::run(connection, Role::Accepter, wires).await;
        }
    }

    /// A connection over which rooms may be shared.
    async fn meet(self, incoming: Incoming) -> Option<Connection> {
        match timeout(GREETING_DEADLINE, incoming).await {
            // A peer that looks for rooms nearby is answered at once, and counts as a handshake until then.
            Ok(Ok(connection)) if connection.alpn() == nearby::ALPN => {
                nearby::tell(connection, self.outside.endpoint, self.boards).await;
                return None;
            }
            Ok(Ok(connection)) if connection.alpn() == linking::ALPN => {
                self.shown.meet(connection).await;
                return None;
            }
            Ok(Ok(connection)) => return Some(connection),
            Ok(Err(why)) => tracing::debug!(%why, "a handshake failed"),
            Err(_) => tracing::debug!("a handshake took too long"),
        }
        None
    }
}

/// The last addresses from which a room was shared, and the handshakes that each still gets.
#[derive(Default)]
struct Familiar {
    addrs: BTreeMap<SocketAddr, Budget>,
    order: VecDeque<SocketAddr>,
}

impl Familiar {
    fn insert(&mut self, addr: SocketAddr) {
        if self.addrs.contains_key(&addr) {
            return;
        }
        self.addrs.insert(addr, Budget::new(FAMILIAR_AT_ONCE, FAMILIAR_PER_S));
        self.order.push_back(addr);
        if self.order.len() > FAMILIAR {
            self.order.pop_front().map(|oldest| self.addrs.remove(&oldest));
        }
    }

    fn remove(&mut self, addr: &SocketAddr) {
        if self.addrs.remove(addr).is_some() {
            self.order.retain(|known| known != addr);
        }
    }

    fn lets_in(&mut self, addr: &SocketAddr, now_ms: u64) -> bool {
        self.addrs.get_mut(addr).is_some_and(|budget| budget.take(now_ms))
    }
}

/// Resolves when a handshake must give its slot to a later one.
type Ousted = oneshot::Receiver<()>;

/// Handshakes under way, oldest first. When all slots are taken, the next handshake takes that of the oldest, so that
/// no peer holds a slot by staying silent.
#[derive(Default)]
struct Shaking(VecDeque<oneshot::Sender<()>>);

impl Shaking {
    fn take(&mut self) -> Ousted {
        self.0.retain(|slot| !slot.is_closed());
        if self.0.len() >= HANDSHAKES {
            self.0.pop_front();
        }
        let (holder, slot) = oneshot::channel();
        self.0.push_back(holder);
        slot
    }
}

/// Admits strangers.
struct Gate {
    budget: Budget,
    shaking: Shaking,
    /// Addresses that had a handshake lately, newest last.
    lately: VecDeque<SocketAddr>,
}

impl Gate {
    fn new() -> Self {
        let budget = Budget::new(HANDSHAKES_AT_ONCE, HANDSHAKES_PER_S);
        Self { budget, shaking: Shaking::default(), lately: VecDeque::new() }
    }

    /// Judges a stranger's first packet. Forged sender addresses cannot use up the handshakes of others: below half of
    /// the budget, an address has to be validated first. An address that comes again and again leaves some handshakes
    /// for addresses that come for the first time.
    fn judge(&mut self, from: Option<SocketAddr>, proved: bool, now_ms: u64) -> Verdict {
        let kept = from.map_or(0, |addr| self.kept_from(&addr));
        if !self.budget.spares(now_ms, kept) {
            return Verdict::Ignore;
        }
        if !proved && self.budget.is_low(now_ms) {
            return Verdict::Prove;
        }
        self.budget.take(now_ms);
        self.lately.extend(from);
        if self.lately.len() > LATELY {
            self.lately.pop_front();
        }
        Verdict::Take
    }

    /// Handshakes that this address has to leave for others.
    fn kept_from(&self, addr: &SocketAddr) -> u32 {
        match self.lately.iter().filter(|known| host(known) == host(addr)).map(|known| known == addr).max() {
            Some(true) => HANDSHAKES_LEFT_BY_SOCKET,
            Some(false) => HANDSHAKES_LEFT_BY_HOST,
            None => 0,
        }
    }
}

/// The part of an address that a host cannot choose.
fn host(addr: &SocketAddr) -> u128 {
    match addr.ip() {
        IpAddr::V4(ip) => ip.to_ipv6_mapped().to_bits(),
        IpAddr::V6(ip) => ip.to_bits() >> 64 << 64,
    }
}

/// The verdict on a stranger's first packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    /// Shake hands.
    Take,
    /// Make it validate its address first.
    Prove,
    /// Ignore it: an honest stranger tries again by itself.
    Ignore,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addr(host: u8, port: u16) -> SocketAddr {
        SocketAddr::from(([10, 0, 0, host], port))
    }

    /// The number of handshakes that validated strangers get in a number of tries, each from the address that `from`
    /// gives.
    fn taken(gate: &mut Gate, now_ms: u64, tries: u16, from: impl Fn(u16) -> SocketAddr) -> u32 {
        (0..tries).filter(|at| gate.judge(Some(from(*at)), true, now_ms) == Verdict::Take).count() as u32
    }

    #[test]
    fn strangers_get_a_burst_and_then_a_rate() {
        let mut gate = Gate::new();
        let mut anywhere = |now_ms| taken(&mut gate, now_ms, 1000, |at| addr((at >> 2) as u8, at));
        assert_eq!(anywhere(0), HANDSHAKES_AT_ONCE);
        assert_eq!((1..=100).map(|tenth| anywhere(tenth * 100)).sum::<u32>(), 10 * HANDSHAKES_PER_S);
    }

    #[test]
    fn false_addresses_leave_half_for_those_who_prove_theirs() {
        let mut gate = Gate::new();
        let verdicts: Vec<_> = (0..100).map(|at| gate.judge(Some(addr(at, 1)), false, 0)).collect();
        let taken = verdicts.iter().filter(|verdict| **verdict == Verdict::Take).count();
        assert_eq!(taken, HANDSHAKES_AT_ONCE as usize / 2 + 1);
        assert_eq!(verdicts.last(), Some(&Verdict::Prove));
        assert_eq!(gate.judge(Some(addr(200, 1)), true, 0), Verdict::Take);
    }

    #[test]
    fn whoever_comes_again_and_again_leaves_some_for_those_who_come_for_the_first_time() {
        let mut gate = Gate::new();
        // A hundred ports of one host, over and over, for a minute.
        for now_ms in (0..60_000).step_by(50) {
            taken(&mut gate, now_ms, 100, |at| addr(1, at));
        }
        assert!(taken(&mut gate, 60_000, 100, |at| addr(1, at)) <= 1, "one came in since");
        let from_there = taken(&mut gate, 60_000, 100, |at| addr(1, 1_000 + at));
        assert!((1..=HANDSHAKES_LEFT_BY_SOCKET).contains(&from_there), "{from_there}");
        assert_eq!(taken(&mut gate, 60_000, 100, |at| addr(at as u8 + 2, 1)), HANDSHAKES_LEFT_BY_HOST);
    }

    #[test]
    fn a_handshake_that_says_nothing_yields_to_later_ones() {
        let mut shaking = Shaking::default();
        let mut slots: VecDeque<Ousted> = (0..=HANDSHAKES).map(|_| shaking.take()).collect();
        assert!(slots[0].try_recv().is_err_and(|why| why == oneshot::error::TryRecvError::Closed));
        assert!(slots[1].try_recv().is_err_and(|why| why == oneshot::error::TryRecvError::Empty));
        slots.drain(1..HANDSHAKES);
        drop(shaking.take());
        assert!(shaking.0.len() <= 3, "those that ended hold nothing");
    }

    #[test]
    fn familiar_addresses_are_bounded_and_so_is_what_each_gets() {
        let mut familiar = Familiar::default();
        let addr = |at: usize| SocketAddr::from(([10, 0, (at >> 8) as u8, at as u8], 1));
        (0..=FAMILIAR).for_each(|at| familiar.insert(addr(at)));
        familiar.insert(addr(FAMILIAR));
        assert!(
            !familiar.lets_in(&addr(0), 0) && familiar.lets_in(&addr(1), 0) && familiar.lets_in(&addr(FAMILIAR), 0)
        );
        familiar.remove(&addr(1));
        assert!(!familiar.lets_in(&addr(1), 0));
        let gets = |familiar: &mut Familiar, now_ms| (0..100).filter(|_| familiar.lets_in(&addr(2), now_ms)).count();
        assert_eq!((gets(&mut familiar, 0), gets(&mut familiar, 2_000)), (FAMILIAR_AT_ONCE as usize, 2));
    }
}
