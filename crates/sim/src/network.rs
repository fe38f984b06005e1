//! The network between the peers: who can reach whom, with what delay, and what gets lost.
//!
//! This module knows nothing of engines. A link has two lanes, as a real connection has: a live lane, and a bulk lane
//! for answers to wants, so that live frames never wait behind history.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use rumormill_proto::{ids::PeerId, random::Random};

use crate::queue::{Index, LinkId};

/// What the network does to frames.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Weather {
    /// Latency one way in microseconds, least and most; each pair of peers has its own within this range.
    pub latency_us: (u64, u64),
    /// Additional delay of a frame in microseconds, at most.
    pub jitter_us: u64,
    /// Percentage of frames that are held up, as by a sleeping radio.
    pub slow_percent: u64,
    /// Additional delay of those frames in microseconds, at most.
    pub slow_us: u64,
    /// Whether jitter lets frames of one link overtake each other.
    pub reorder: bool,
    /// Percentage of frames lost for good, and of first packets of dials.
    pub loss_percent: u64,
    /// Percentage of frames whose packets are lost and resent by the transport. They arrive late, and so does
    /// everything behind them.
    pub resend_percent: u64,
    /// Percentage of frames that arrive twice.
    pub duplicate_percent: u64,
    /// Bytes a second that a link carries of live frames.
    pub live_bytes_per_second: u64,
    /// Bytes a second that a link carries of answers to wants.
    pub bulk_bytes_per_second: u64,
    /// Milliseconds until one end of a link notices that the other is silent, least and most.
    pub silence_ms: (u64, u64),
}

impl Weather {
    /// A good network between houses: it loses nothing.
    pub fn clear() -> Self {
        Self {
            latency_us: (5_000, 30_000),
            jitter_us: 2_000,
            slow_percent: 0,
            slow_us: 0,
            reorder: false,
            loss_percent: 0,
            resend_percent: 0,
            duplicate_percent: 0,
            live_bytes_per_second: 10_000_000,
            bulk_bytes_per_second: 10_000_000,
            silence_ms: (2_000, 8_000),
        }
    }
}

impl fmt::Display for Weather {
    /// Prints one line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ((least, most), Self { jitter_us, slow_percent, slow_us, .. }) = (self.latency_us, self);
        write!(f, "{least}-{most} us, jitter {jitter_us}, slow {slow_percent} % by {slow_us}")?;
        let Self { loss_percent, resend_percent, duplicate_percent, reorder, .. } = self;
        write!(f, ", lost {loss_percent} %, resent {resend_percent} %, twice {duplicate_percent} %")?;
        let Self { live_bytes_per_second, bulk_bytes_per_second, .. } = self;
        write!(f, "{}", if *reorder { ", any order" } else { "" })?;
        write!(f, ", live {live_bytes_per_second} B/s, bulk {bulk_bytes_per_second} B/s")
    }
}

/// Microseconds beyond the round trip for which a transport waits for an acknowledgement: the receiver's maximum delay.
const RESEND_US: u64 = 25_000;

/// Microseconds without any progress after which a connection would have ended anyway.
const RESENDS_END_US: u64 = 8_000_000;

/// Bytes queued on a live lane beyond which new frames are dropped, as in a node.
const LIVE_QUEUE_BYTES: u64 = 256 * 1024;

/// The lane of a link that carries a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lane {
    Live,
    Bulk,
}

/// One end of a link, with the frames that later frames must not overtake.
#[derive(Clone, Debug)]
pub(crate) struct End {
    pub(crate) link: LinkId,
    /// The peer at the other end, by its name at the time the link was made.
    pub(crate) peer: PeerId,
    live: Queued,
    bulk: Queued,
}

/// What a frame on one lane has to wait for.
#[derive(Clone, Copy, Debug, Default)]
struct Queued {
    /// When the last byte of the previous frame has left.
    left_us: u64,
    /// When the previous frame arrives.
    arrival_us: u64,
}

impl End {
    pub(crate) fn new(link: LinkId, peer: PeerId) -> Self {
        Self { link, peer, live: Queued::default(), bulk: Queued::default() }
    }
}

/// Who can reach whom, and how.
pub(crate) struct Network {
    pub(crate) weather: Weather,
    seed: u64,
    /// Peers on different sides of a partition cannot reach each other; all begin on side 0.
    sides: Vec<u32>,
    /// Directions, sender first, in which nothing passes.
    cuts: BTreeSet<(Index, Index)>,
    /// Directions, sender first, in which nothing passes before this time.
    clogs: BTreeMap<(Index, Index), u64>,
}

impl Network {
    pub(crate) fn new(weather: Weather, seed: u64) -> Self {
        Self { weather, seed, sides: Vec::new(), cuts: BTreeSet::new(), clogs: BTreeMap::new() }
    }

    pub(crate) fn cut(&mut self, from: Index, to: Index) {
        self.cuts.insert((from, to));
    }

    pub(crate) fn clog(&mut self, from: Index, to: Index, until_us: u64) {
        self.clogs.insert((from, to), until_us);
    }

    /// Puts all peers on one side again.
    pub(crate) fn join_sides(&mut self) {
        self.sides.clear();
    }

    pub(crate) fn put_on_side(&mut self, peer: Index, side: u32) {
        let peer = peer as usize;
        if self.sides.len() <= peer {
            self.sides.resize(peer + 1, 0);
        }
        self.sides[peer] = side;
    }

    /// Removes every cut, partition and clog.
    pub(crate) fn heal(&mut self) {
        self.join_sides();
        self.cuts.clear();
        self.clogs.clear();
    }

    /// Whether frames pass from one peer to the other.
    pub(crate) fn carries(&self, from: Index, to: Index) -> bool {
        self.side(from) == self.side(to) && !self.cuts.contains(&(from, to))
    }

    /// Whether the two peers can make and keep a link.
    pub(crate) fn connects(&self, one: Index, other: Index) -> bool {
        self.carries(one, other) && self.carries(other, one)
    }

    fn side(&self, peer: Index) -> u32 {
        self.sides.get(peer as usize).copied().unwrap_or(0)
    }

    /// Latency one way in microseconds between two peers; constant for a pair.
    pub(crate) fn latency_us(&self, one: Index, other: Index) -> u64 {
        let (least, most) = self.weather.latency_us;
        let pair = u64::from(one.min(other)) << 32 | u64::from(one.max(other));
        let share = mix(self.seed ^ pair) >> 32;
        least + ((most.saturating_sub(least) * share) >> 32)
    }

    /// Decides whether to lose this frame.
    pub(crate) fn loses(&self, random: &mut Random) -> bool {
        random.below(100) < self.weather.loss_percent
    }

    /// Decides whether to double this frame.
    pub(crate) fn doubles(&self, random: &mut Random) -> bool {
        random.below(100) < self.weather.duplicate_percent
    }

    /// When a sent frame comes out of the link: it waits until earlier frames have left, and overtakes them only if the
    /// weather reorders. `None` when the live lane's queue is full.
    pub(crate) fn arrival_us(&self, end: &mut End, sent: &Sent, random: &mut Random) -> Option<u64> {
        let latency_us = self.latency_us(sent.from, sent.to);
        let late_us = self.late_us(random) + self.resends_us(latency_us, random);
        let clogged_us = self.clogs.get(&(sent.from, sent.to)).copied().unwrap_or(0);
        let (queued, rate) = match sent.lane {
            Lane::Live => (&mut end.live, self.weather.live_bytes_per_second),
            Lane::Bulk => (&mut end.bulk, self.weather.bulk_bytes_per_second),
        };
        let waiting_us = queued.left_us.saturating_sub(sent.now_us);
        if sent.lane == Lane::Live && waiting_us.saturating_mul(rate) / 1_000_000 > LIVE_QUEUE_BYTES {
            return None;
        }
        let carried_us = (sent.bytes as u64).saturating_mul(1_000_000) / rate.max(1);
        queued.left_us = queued.left_us.max(sent.now_us) + carried_us;
        let arrival_us = (queued.left_us + latency_us + late_us).max(clogged_us);
        if self.weather.reorder {
            return Some(arrival_us);
        }
        queued.arrival_us = arrival_us.max(queued.arrival_us);
        Some(queued.arrival_us)
    }

    /// Delay of a frame beyond the latency, in microseconds.
    fn late_us(&self, random: &mut Random) -> u64 {
        let Weather { jitter_us, slow_percent, slow_us, .. } = self.weather;
        let slow = slow_percent > 0 && random.below(100) < slow_percent;
        random.below(jitter_us + 1) + if slow { random.below(slow_us + 1) } else { 0 }
    }

    /// Microseconds lost to resent packets: one and a half round trips for the first, and twice as much for each
    /// further one, as QUIC's probe timeout prescribes (RFC 9002, section 6.2).
    fn resends_us(&self, latency_us: u64, random: &mut Random) -> u64 {
        let mut pause_us = 3 * latency_us + RESEND_US;
        let mut lost_us = 0;
        while lost_us < RESENDS_END_US && random.below(100) < self.weather.resend_percent {
            lost_us += pause_us;
            pause_us *= 2;
        }
        lost_us
    }

    /// Microseconds until one end notices that the other is silent.
    pub(crate) fn silence_us(&self, random: &mut Random) -> u64 {
        let (least, most) = self.weather.silence_ms;
        (least + random.below(most.saturating_sub(least) + 1)) * 1_000
    }
}

/// What the delivery of a frame depends on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sent {
    pub(crate) from: Index,
    pub(crate) to: Index,
    pub(crate) lane: Lane,
    pub(crate) bytes: usize,
    pub(crate) now_us: u64,
}

/// Spreads a number over all 64 bits: the finalizer of SplitMix64 (Steele et al. 2014).
pub(crate) fn mix(mut x: u64) -> u64 {
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}
