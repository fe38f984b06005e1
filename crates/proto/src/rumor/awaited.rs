//! Pushes whose answers we await. Answered pushes measure round trips. Unanswered ones are given back after three round
//! trips, or as soon as the link breaks.

use std::collections::{BTreeMap, BTreeSet};

use crate::{ids::PeerId, limits::PUSHES, random::Random};

/// The round trip that we assume for a peer that has answered nothing so far: a slow one on the internet.
const FIRST_ROUND_TRIP_MS: u64 = 300;

/// Bounds of the round trip that we wait for. An answer comes after a durable commit and from a busy machine, so the
/// least is far above the round trip of loopback; the most keeps a deadline within half a minute.
const ROUND_TRIP_MS: (u64, u64) = (50, 10_000);

/// Round trips after which a push counts as unanswered.
const PATIENCE: u64 = 3;

/// A push that was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Sent {
    /// To whom.
    pub(super) to: PeerId,
    /// Numbers of the rumors in it.
    pub(super) rumors: Vec<u64>,
    /// The part handed over with it, 0 where parts mean nothing.
    pub(super) part: u8,
    /// The peers it was sent to before, without an answer.
    pub(super) tried: Vec<PeerId>,
    /// Whether the peer asked for it.
    pub(super) pulled: bool,
    /// Milliseconds that its answer may wait for company.
    pub(super) leisure_ms: u64,
}

impl Sent {
    /// Whether the peer answers it at once, so that it measures a round trip.
    pub(super) fn is_urgent(&self) -> bool {
        self.leisure_ms == 0
    }
}

#[derive(Debug)]
struct Waiting {
    sent: Sent,
    sent_ms: u64,
    late_ms: u64,
}

/// Pushes whose answers we await, by number, and the measured round trips.
#[derive(Debug)]
pub(super) struct Awaited {
    waiting: BTreeMap<u64, Waiting>,
    late: BTreeSet<(u64, u64)>,
    /// The pushes that each peer was sent.
    sent: BTreeSet<(PeerId, u64)>,
    round_trips: BTreeMap<PeerId, u64>,
    /// Peers that have not answered our greeting, and when their links came up.
    greeted: BTreeMap<PeerId, u64>,
    next: u64,
}

impl Awaited {
    pub(super) fn new() -> Self {
        Self {
            waiting: BTreeMap::new(),
            late: BTreeSet::new(),
            sent: BTreeSet::new(),
            round_trips: BTreeMap::new(),
            greeted: BTreeMap::new(),
            next: 0,
        }
    }

    /// Numbers a push that goes out, and awaits its answer.
    pub(super) fn send(&mut self, sent: Sent, now_ms: u64) -> u64 {
        let number = self.next;
        self.next += 1;
        let late_ms = now_ms + sent.leisure_ms + PATIENCE * self.round_trip_ms(&sent.to);
        self.late.insert((late_ms, number));
        self.sent.insert((sent.to, number));
        self.waiting.insert(number, Waiting { sent, sent_ms: now_ms, late_ms });
        number
    }

    /// Adds rumors to a push that has not left yet.
    pub(super) fn join(&mut self, number: u64, rumors: &[u64]) {
        if let Some(waiting) = self.waiting.get_mut(&number) {
            waiting.sent.rumors.extend_from_slice(rumors);
        }
    }

    /// The push that was answered, if we awaited that from this peer.
    pub(super) fn answered(&mut self, from: &PeerId, number: u64, now_ms: u64) -> Option<(Sent, u64)> {
        if self.waiting.get(&number)?.sent.to != *from {
            return None;
        }
        let Waiting { sent, sent_ms, .. } = self.take(number)?;
        if sent.is_urgent() {
            self.measure(from, now_ms.saturating_sub(sent_ms));
        }
        Some((sent, sent_ms))
    }

    /// A link came up, and we greet the peer at its other end.
    pub(super) fn greet(&mut self, peer: PeerId, now_ms: u64) {
        self.greeted.insert(peer, now_ms);
    }

    /// Our greeting was answered: that measures the first round trip.
    pub(super) fn greeted(&mut self, peer: &PeerId, now_ms: u64) {
        if let Some(up_ms) = self.greeted.remove(peer) {
            self.measure(peer, now_ms.saturating_sub(up_ms));
        }
    }

    fn measure(&mut self, peer: &PeerId, took_ms: u64) {
        let smoothed = self.round_trips.entry(*peer).or_insert(took_ms);
        *smoothed = (7 * *smoothed + took_ms) / 8;
    }

    /// The peer among these that answers soonest; one at random if that is unknown.
    pub(super) fn quickest<'a>(&self, peers: &'a [PeerId], random: &mut Random) -> Option<&'a PeerId> {
        let round_trip = |peer: &PeerId| self.round_trips.get(peer).copied().unwrap_or(FIRST_ROUND_TRIP_MS);
        let least = peers.iter().map(round_trip).min()?;
        let first: Vec<_> = peers.iter().filter(|peer| round_trip(peer) == least).collect();
        random.pick(&first).copied()
    }

    /// A push whose answer is late. From then on its peer gets twice the time, until an answer shows its round trip: a
    /// peer that is merely slow should not get everything twice.
    pub(super) fn late(&mut self, now_ms: u64) -> Option<Sent> {
        let &(_, number) = self.late.first().filter(|(late_ms, _)| *late_ms <= now_ms)?;
        let sent = self.take(number)?.sent;
        if sent.is_urgent() {
            let doubled = ROUND_TRIP_MS.1.min(2 * self.round_trip_ms(&sent.to));
            self.round_trips.insert(sent.to, doubled);
        }
        Some(sent)
    }

    /// The pushes to a peer whose link broke, which may not have arrived.
    pub(super) fn lost(&mut self, peer: &PeerId) -> Vec<Sent> {
        self.round_trips.remove(peer);
        self.greeted.remove(peer);
        let numbers: Vec<_> = self.sent.range((*peer, 0)..=(*peer, u64::MAX)).map(|(_, number)| *number).collect();
        numbers.into_iter().filter_map(|number| self.take(number)).map(|waiting| waiting.sent).collect()
    }

    /// The oldest push if we await more than [`PUSHES`]: we no longer await it.
    pub(super) fn excess(&mut self) -> Option<Sent> {
        let (&oldest, _) = self.waiting.first_key_value().filter(|_| self.waiting.len() > PUSHES)?;
        self.take(oldest).map(|waiting| waiting.sent)
    }

    /// The round trip to this peer, smoothed as TCP does (RFC 6298: an eighth of each new one).
    pub(super) fn round_trip_ms(&self, peer: &PeerId) -> u64 {
        let known = self.round_trips.get(peer).copied().unwrap_or(FIRST_ROUND_TRIP_MS);
        known.clamp(ROUND_TRIP_MS.0, ROUND_TRIP_MS.1)
    }

    /// When the next answer is late.
    pub(super) fn next_deadline(&self) -> Option<u64> {
        self.late.first().map(|(late_ms, _)| *late_ms)
    }

    fn take(&mut self, number: u64) -> Option<Waiting> {
        let waiting = self.waiting.remove(&number)?;
        self.late.remove(&(waiting.late_ms, number));
        self.sent.remove(&(waiting.sent.to, number));
        Some(waiting)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: PeerId = PeerId([1; 32]);
    const B: PeerId = PeerId([2; 32]);

    fn to(to: PeerId) -> Sent {
        Sent { to, rumors: vec![1], part: 0, tried: vec![], pulled: false, leisure_ms: 0 }
    }

    #[test]
    fn only_who_was_told_can_answer_and_once() {
        let mut awaited = Awaited::new();
        let number = awaited.send(to(A), 0);
        assert_eq!(awaited.answered(&B, number, 10), None);
        assert_eq!(awaited.answered(&A, number + 1, 10), None);
        assert_eq!(awaited.answered(&A, number, 10), Some((to(A), 0)));
        assert_eq!(awaited.answered(&A, number, 10), None);
        assert_eq!(awaited.next_deadline(), None);
    }

    #[test]
    fn silence_lasts_three_round_trips_within_bounds() {
        let cases = [(1, 150), (50, 150), (200, 600), (60_000, 30_000)];
        for (took_ms, patience_ms) in cases {
            let mut awaited = Awaited::new();
            for _ in 0..40 {
                let number = awaited.send(to(A), 0);
                awaited.answered(&A, number, took_ms);
            }
            awaited.send(to(A), 0);
            assert_eq!(awaited.next_deadline(), Some(patience_ms), "{took_ms}");
            assert_eq!(awaited.late(patience_ms - 1), None);
            assert_eq!(awaited.late(patience_ms), Some(to(A)));
        }
    }

    #[test]
    fn a_broken_link_gives_back_what_it_carried_and_is_forgotten() {
        let mut awaited = Awaited::new();
        let answered = awaited.send(to(A), 0);
        awaited.answered(&A, answered, 1000);
        awaited.send(to(A), 0);
        awaited.send(to(B), 0);
        assert_eq!(awaited.lost(&A), [to(A)]);
        assert_eq!(awaited.lost(&A), []);
        assert_eq!(awaited.round_trip_ms(&A), FIRST_ROUND_TRIP_MS);
        assert_eq!(awaited.waiting.len(), 1);
    }

    #[test]
    fn past_the_bound_the_oldest_is_given_back() {
        let mut awaited = Awaited::new();
        (0..PUSHES as u64).for_each(|ms| _ = awaited.send(to(A), ms));
        assert_eq!(awaited.excess(), None);
        awaited.send(to(B), 0);
        assert_eq!(awaited.excess(), Some(to(A)));
        assert_eq!(awaited.excess(), None);
        assert_eq!((awaited.waiting.len(), awaited.late.len(), awaited.sent.len()), (PUSHES, PUSHES, PUSHES));
    }
}
