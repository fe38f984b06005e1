//! Whether our clock agrees with our peers'. When it disagrees with most of them, theirs is used.

use std::collections::BTreeMap;

use crate::{
    ids::PeerId,
    limits::{CLOCKS, SKEW_MS},
};

/// What must be added to our clock.
#[derive(Debug, Default)]
pub(crate) struct Clock {
    /// Milliseconds that each peer's clock was ahead of ours.
    offsets: BTreeMap<PeerId, i64>,
    skew_ms: i64,
}

impl Clock {
    /// The wall clock, corrected.
    pub(crate) fn correct(&self, wall_ms: u64) -> u64 {
        wall_ms.saturating_add_signed(self.skew_ms)
    }

    /// A peer's clock said `theirs_ms` when ours said `ours_ms`; returns the correction when it changed.
    pub(crate) fn compare(&mut self, peer: PeerId, theirs_ms: u64, ours_ms: u64) -> Option<i64> {
        let offset = i64::try_from(i128::from(theirs_ms) - i128::from(ours_ms)).unwrap_or(i64::MAX);
        if self.offsets.len() < CLOCKS || self.offsets.contains_key(&peer) {
            self.offsets.insert(peer, offset);
        }
        self.judge()
    }

    pub(crate) fn forget(&mut self, peer: PeerId) -> Option<i64> {
        self.offsets.remove(&peer);
        self.judge()
    }

    /// The median counts, and only when more than half of at least three peers agree with it that we are off.
    fn judge(&mut self) -> Option<i64> {
        let mut offsets: Vec<i64> = self.offsets.values().copied().collect();
        offsets.sort_unstable();
        let median = match offsets.len() {
            0..3 => 0,
            len => offsets[len / 2],
        };
        let near = offsets.iter().filter(|offset| (**offset).abs_diff(median) <= SKEW_MS.unsigned_abs()).count();
        let off = median.abs() > SKEW_MS && near * 2 > offsets.len();
        let skew_ms = if off { median } else { 0 };
        let changed = skew_ms.abs_diff(self.skew_ms) > 1_000;
        if changed {
            self.skew_ms = skew_ms;
        }
        changed.then_some(self.skew_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(offsets: &[i64]) -> i64 {
        let mut clock = Clock::default();
        for (peer, offset) in offsets.iter().enumerate() {
            clock.compare(PeerId([peer as u8; 32]), 1_000_000_000u64.saturating_add_signed(*offset), 1_000_000_000);
        }
        clock.skew_ms
    }

    #[test]
    fn most_peers_decide() {
        let hour = 3_600_000;
        assert_eq!(judged(&[hour, hour]), 0, "two are not most");
        assert_eq!(judged(&[hour, hour, hour]), hour);
        assert_eq!(judged(&[hour, hour, 0]), hour);
        assert_eq!(judged(&[0, 0, hour]), 0);
        assert_eq!(judged(&[hour, -hour, 2 * hour, 0]), 0, "they disagree with each other");
        assert_eq!(judged(&[5_000; 5]), 0, "seconds are not worth a word");
    }

    #[test]
    fn a_hostile_clock_overflows_nothing() {
        let mut clock = Clock::default();
        for peer in 0..3 {
            clock.compare(PeerId([peer; 32]), u64::MAX, 0);
        }
        assert!(clock.correct(u64::MAX) <= u64::MAX);
        assert!(clock.correct(0) > 0);
    }
}
