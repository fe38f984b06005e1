//! How connections begin: dialled by us, or accepted within bounds.

use std::{
    collections::{BTreeSet, VecDeque},
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use iroh::{
    Endpoint, EndpointAddr,
    endpoint::{ConnectOptions, Connection, Incoming, IncomingAddr},
};
use rumormill_proto::ids::PeerId;
use tokio::{
    runtime::Handle,
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

use crate::{
    budget::Budget,
    command::Command,
    driver::Boards,
    greeting::Role,
    limits::{DIAL_DEADLINE, DIALS, FAMILIAR, GREETING_DEADLINE, HANDSHAKES, HANDSHAKES_AT_ONCE, HANDSHAKES_PER_S},
    link::{self, Wires},
    nearby,
};

/// Name of the protocol in the TLS handshake; another version is another name. Peers of this one skip controls that they
/// do not know.
pub(crate) const ALPN: &[u8] = b"rumormill/1.1";

/// Its first version, whose peers bar whoever sends a control that they do not know.
pub(crate) const ALPN_FIRST: &[u8] = b"rumormill/1";

/// The way in and out.
#[derive(Clone)]
pub(crate) struct Door {
    runtime: Handle,
    endpoint: Endpoint,
    wires: Wires,
    boards: Boards,
    familiar: Arc<Familiar>,
    dials: Arc<Semaphore>,
}

impl Door {
    /// A door that accepts from now on, until the endpoint closes. Its tasks run where this is called.
    pub(crate) fn open(endpoint: Endpoint, wires: Wires, boards: Boards) -> Self {
        let dials = Arc::new(Semaphore::new(DIALS));
        let door = Self { runtime: Handle::current(), endpoint, wires, boards, familiar: Arc::default(), dials };
        door.runtime.spawn(door.clone().accept());
        door
    }

    /// Handshakes from these addresses are not counted from now on.
    pub(crate) fn know(&self, addrs: impl IntoIterator<Item = SocketAddr>) {
        addrs.into_iter().for_each(|addr| self.familiar.insert(addr));
    }

    /// Connects to a peer; the driver hears of a connection or of none.
    pub(crate) fn dial(&self, peer: PeerId, addr: EndpointAddr) {
        self.runtime.spawn(self.clone().connect(peer, addr));
    }

    /// Lets nobody in or out any more.
    pub(crate) fn close(&self) {
        let endpoint = self.endpoint.clone();
        self.runtime.spawn(async move { endpoint.close().await });
    }

    async fn connect(self, peer: PeerId, addr: EndpointAddr) {
        let Ok(permit) = self.dials.clone().acquire_owned().await else { return };
        let dialled = timeout(DIAL_DEADLINE, self.shake(addr)).await;
        drop(permit);
        match dialled {
            Ok(Ok(connection)) => link::run(connection, Role::Dialler, self.wires).await,
            Ok(Err(why)) => {
                tracing::debug!(peer = %peer.short(), %why, "unreachable");
                self.wires.tell(Command::Unreachable { peer }).await;
            }
            Err(_) => self.wires.tell(Command::Unreachable { peer }).await,
        }
    }

    /// A connection under the newest version that both know.
    async fn shake(&self, addr: EndpointAddr) -> Result<Connection, String> {
        let options = ConnectOptions::new().with_additional_alpns(vec![ALPN_FIRST.to_vec()]);
        let connecting = self.endpoint.connect_with_opts(addr, ALPN, options).await;
        connecting.map_err(|error| error.to_string())?.await.map_err(|error| error.to_string())
    }

    async fn accept(self) {
        let handshakes = Arc::new(Semaphore::new(HANDSHAKES));
        let (start, mut budget) = (Instant::now(), Budget::new(HANDSHAKES_AT_ONCE, HANDSHAKES_PER_S));
        while let Some(incoming) = self.endpoint.accept().await {
            let known = matches!(incoming.remote_addr(), IncomingAddr::Ip(addr) if self.familiar.holds(&addr));
            let now_ms = start.elapsed().as_millis() as u64;
            match if known { Verdict::Take } else { judge(&mut budget, now_ms, incoming.remote_addr_validated()) } {
                Verdict::Prove => {
                    // Fails only for an address that has proved itself.
                    let _ = incoming.retry();
                }
                Verdict::Ignore => incoming.ignore(),
                Verdict::Take => match handshakes.clone().try_acquire_owned() {
                    Ok(permit) => drop(tokio::spawn(self.clone().take(incoming, permit))),
                    Err(_) => incoming.ignore(),
                },
            }
        }
    }

    async fn take(self, incoming: Incoming, permit: OwnedSemaphorePermit) {
        match timeout(GREETING_DEADLINE, incoming).await {
            // Whoever looks for rooms is answered at once, and counts as a handshake until then.
            Ok(Ok(connection)) if connection.alpn() == nearby::ALPN => {
                nearby::tell(connection, self.endpoint, self.boards).await;
            }
            Ok(Ok(connection)) => {
                drop(permit);
                link::run(connection, Role::Accepter, self.wires).await;
            }
            Ok(Err(why)) => tracing::debug!(%why, "a handshake failed"),
            Err(_) => tracing::debug!("a handshake took too long"),
        }
    }
}

/// Addresses of peers of our rooms, the last ones that we learned.
#[derive(Default)]
struct Familiar(Mutex<(BTreeSet<SocketAddr>, VecDeque<SocketAddr>)>);

impl Familiar {
    fn insert(&self, addr: SocketAddr) {
        let mut guard = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (addrs, order) = &mut *guard;
        if addrs.insert(addr) {
            order.push_back(addr);
        }
        if order.len() > FAMILIAR {
            order.pop_front().map(|oldest| addrs.remove(&oldest));
        }
    }

    fn holds(&self, addr: &SocketAddr) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).0.contains(addr)
    }
}

/// What is done with a stranger's first packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    /// Shake hands.
    Take,
    /// Ask it to show first that the address is its own.
    Prove,
    /// Say nothing: an honest stranger tries again by itself.
    Ignore,
}

/// Whoever sends from false addresses cannot use up what is for others: below half, addresses are proved first.
fn judge(budget: &mut Budget, now_ms: u64, proved: bool) -> Verdict {
    if !proved && budget.is_low(now_ms) {
        return if budget.has(now_ms) { Verdict::Prove } else { Verdict::Ignore };
    }
    if budget.take(now_ms) { Verdict::Take } else { Verdict::Ignore }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strangers() -> Budget {
        Budget::new(HANDSHAKES_AT_ONCE, HANDSHAKES_PER_S)
    }

    #[test]
    fn strangers_get_a_burst_and_then_a_rate() {
        let mut budget = strangers();
        let mut taken =
            |now_ms, tries| (0..tries).filter(|_| judge(&mut budget, now_ms, true) == Verdict::Take).count();
        assert_eq!(taken(0, 1000), HANDSHAKES_AT_ONCE as usize);
        assert_eq!((1..=100).map(|tenth| taken(tenth * 100, 100)).sum::<usize>(), 10 * HANDSHAKES_PER_S as usize);
        assert_eq!(taken(u64::MAX, 1000), HANDSHAKES_AT_ONCE as usize);
    }

    #[test]
    fn false_addresses_leave_half_for_those_who_prove_theirs() {
        let mut budget = strangers();
        let verdicts: Vec<_> = (0..100).map(|_| judge(&mut budget, 0, false)).collect();
        assert_eq!(
            verdicts.iter().filter(|verdict| **verdict == Verdict::Take).count(),
            HANDSHAKES_AT_ONCE as usize / 2 + 1
        );
        assert_eq!(verdicts.last(), Some(&Verdict::Prove));
        assert_eq!(judge(&mut budget, 0, true), Verdict::Take);
    }

    #[test]
    fn familiar_addresses_are_bounded() {
        let familiar = Familiar::default();
        let addr = |at: usize| SocketAddr::from(([10, 0, (at >> 8) as u8, at as u8], 1));
        (0..=FAMILIAR).for_each(|at| familiar.insert(addr(at)));
        familiar.insert(addr(FAMILIAR));
        assert!(!familiar.holds(&addr(0)) && familiar.holds(&addr(1)) && familiar.holds(&addr(FAMILIAR)));
    }
}
