//! What a node has done since it was opened, and what waits in it: figures for the people who keep it running.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

use rumormill_proto::{
    ids::PeerId,
    reject::{Blame, Reject},
};

use crate::status::Path;

/// Upper bounds of the classes of a [`Spread`], in milliseconds: three for each power of ten from the time of a fast
/// commit up to a minute, then ten minutes, an hour, and a day that a laptop was shut.
pub const SPREAD_MS: [u64; 18] =
    [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 60_000, 600_000, 3_600_000, 86_400_000];

/// How long something took, each time that it was done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spread {
    /// How many took at most the bound of [`SPREAD_MS`] at the same index, and longer than the bound before.
    pub counts: [u64; SPREAD_MS.len()],
    /// How many took longer than all bounds.
    pub longer: u64,
    /// The sum of all, in microseconds.
    pub sum_us: u64,
}

/// What a node has done since it was opened, and what waits in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// How long the node has been open.
    pub up: Duration,
    /// Bytes of all files in the home; `None` for a home in memory, and when they cannot be read.
    pub home_bytes: Option<u64>,
    /// Bytes that are free on the home's disk; `None` as for `home_bytes`.
    pub free_bytes: Option<u64>,
    /// The time from an author's clock to ours, for each entry that came as a rumor.
    pub rumor_lag: Spread,
    /// The same for each entry that anti-entropy brought, without those of the past that a backfill brings.
    pub repair_lag: Spread,
    /// The time that each commit took. A commit makes all entries of one turn durable, with one fsync.
    pub commits: Spread,
    /// Peers that were barred, by the kind of [`Reject`].
    pub rejected: [(&'static str, u64); KINDS.len()],
    /// Pushes that were dropped because their author pushed too many.
    pub flooded: u64,
    /// Bytes of datagrams.
    pub carried: Carried,
    /// What waits.
    pub queues: Queues,
    /// The linked peers, ascending.
    pub links: Vec<LinkFigures>,
}

/// A linked peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LinkFigures {
    /// The peer.
    pub peer: PeerId,
    /// How it is reached now.
    pub path: Path,
    /// Round trip in milliseconds; 0 when it is below one.
    pub rtt_ms: u32,
    /// Bytes of datagrams received over this connection, and bytes sent.
    pub carried: [u64; 2],
    /// Bytes that wait for the peer to read them.
    pub unsent_bytes: u64,
    /// Rooms that the connection carries.
    pub rooms: usize,
}

/// Bytes of datagrams since the node was opened, by the path that carried them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Carried {
    /// Received from address to address.
    pub direct_in: u64,
    /// Sent from address to address.
    pub direct_out: u64,
    /// Received through relays.
    pub relayed_in: u64,
    /// Sent through relays.
    pub relayed_out: u64,
}

/// What waits in a node.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Queues {
    /// Commands of users and of the node itself that wait for the driver.
    pub commands: u64,
    /// Frames of peers that wait for the driver.
    pub frames: u64,
    /// The memory that these frames take, as an estimate in bytes.
    pub frame_bytes: u64,
}

/// The kinds of [`Reject`] for which a peer is barred.
const KINDS: [&str; 4] = ["malformed", "limit", "signature", "unlinked"];

/// The live form of a [`Spread`].
#[derive(Default)]
pub(crate) struct Stopwatch {
    counts: [AtomicU64; SPREAD_MS.len()],
    longer: AtomicU64,
    sum_us: AtomicU64,
}

/// Counts what is done.
pub(crate) struct Tally {
    opened: Instant,
    pub(crate) rumor_lag: Stopwatch,
    pub(crate) repair_lag: Stopwatch,
    pub(crate) commits: Stopwatch,
    rejected: [AtomicU64; KINDS.len()],
    flooded: AtomicU64,
}

impl Spread {
    /// How many times it was done.
    pub fn count(&self) -> u64 {
        self.counts.iter().fold(self.longer, |sum, count| sum.saturating_add(*count))
    }
}

impl Stopwatch {
    /// Counts one that took this long.
    pub(crate) fn note(&self, took: Duration) {
        let at = SPREAD_MS.iter().position(|bound_ms| took <= Duration::from_millis(*bound_ms));
        let class = at.and_then(|at| self.counts.get(at)).unwrap_or(&self.longer);
        class.fetch_add(1, Ordering::Relaxed);
        self.sum_us.fetch_add(u64::try_from(took.as_micros()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    fn spread(&self) -> Spread {
        Spread { counts: self.counts.each_ref().map(read), longer: read(&self.longer), sum_us: read(&self.sum_us) }
    }
}

impl Tally {
    pub(crate) fn new() -> Self {
        Self {
            opened: Instant::now(),
            rumor_lag: Stopwatch::default(),
            repair_lag: Stopwatch::default(),
            commits: Stopwatch::default(),
            rejected: Default::default(),
            flooded: AtomicU64::new(0),
        }
    }

    /// Counts a peer that was barred.
    pub(crate) fn rejected(&self, reject: Reject) {
        let kind = match reject {
            Reject::Malformed(_) => "malformed",
            Reject::Limit(_) => "limit",
            Reject::Signature => "signature",
            Reject::Unlinked => "unlinked",
            Reject::TimeBackwards | Reject::NotFounder => return debug_assert_eq!(reject.blame(), Blame::Author),
        };
        let counts = KINDS.iter().zip(&self.rejected).filter(|(known, _)| **known == kind);
        counts.for_each(|(_, count)| _ = count.fetch_add(1, Ordering::Relaxed));
    }

    /// Counts a push that was dropped because its author pushes too many.
    pub(crate) fn flooded(&self) {
        self.flooded.fetch_add(1, Ordering::Relaxed);
    }

    /// The figures that are counted here; the others are 0.
    pub(crate) fn figures(&self) -> Figures {
        let mut rejected = KINDS.map(|kind| (kind, 0));
        rejected.iter_mut().zip(&self.rejected).for_each(|((_, count), counted)| *count = read(counted));
        Figures {
            up: self.opened.elapsed(),
            rumor_lag: self.rumor_lag.spread(),
            repair_lag: self.repair_lag.spread(),
            commits: self.commits.spread(),
            rejected,
            flooded: read(&self.flooded),
            ..Figures::default()
        }
    }
}

fn read(count: &AtomicU64) -> u64 {
    count.load(Ordering::Relaxed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_duration_is_in_the_class_of_the_next_bound() {
        let stopwatch = Stopwatch::default();
        let last = Duration::from_millis(SPREAD_MS[SPREAD_MS.len() - 1]);
        for took in [Duration::ZERO, Duration::from_millis(1), Duration::from_micros(1_001), last, 2 * last] {
            stopwatch.note(took);
        }
        let spread = stopwatch.spread();
        assert_eq!((spread.counts[0], spread.counts[1], spread.counts[SPREAD_MS.len() - 1]), (2, 1, 1));
        assert_eq!((spread.longer, spread.count()), (1, 5));
        assert_eq!(spread.sum_us, 2_001 + 3 * last.as_micros() as u64);
        assert!(SPREAD_MS.is_sorted());
    }

    #[test]
    fn peers_are_counted_by_what_they_sent() {
        let tally = Tally::new();
        let rejects = [Reject::Malformed("a"), Reject::Malformed("b"), Reject::Signature, Reject::Limit("c")];
        rejects.into_iter().for_each(|reject| tally.rejected(reject));
        tally.rejected(Reject::TimeBackwards);
        assert_eq!(tally.rejected.each_ref().map(read), [2, 1, 1, 0]);
    }
}
