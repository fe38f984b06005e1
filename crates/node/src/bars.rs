//! Peers that are refused for a while because they sent bytes that no honest peer sends.

use std::collections::BTreeMap;

use rumormill_proto::{defence, ids::PeerId};

use crate::limits::{BAR, BAR_LONGEST, BARS};

/// The peers that are refused. Each further fault of a peer doubles its bar.
#[derive(Debug, Default)]
pub(crate) struct Bars(BTreeMap<PeerId, Bar>);

#[derive(Clone, Copy, Debug)]
struct Bar {
    until_ms: u64,
    lasts_ms: u64,
}

impl Bars {
    /// Refuses this peer from now on.
    pub(crate) fn bar(&mut self, peer: PeerId, now_ms: u64) {
        let longest_ms = BAR_LONGEST.as_millis() as u64;
        let lasts_ms = self.0.get(&peer).map_or(BAR.as_millis() as u64, |bar| (bar.lasts_ms * 2).min(longest_ms));
        let first_free = self.0.iter().min_by_key(|(_, bar)| bar.until_ms).map(|(peer, _)| *peer);
        if self.0.len() >= BARS && !self.0.contains_key(&peer) {
            first_free.map(|peer| self.0.remove(&peer));
        }
        self.0.insert(peer, Bar { until_ms: now_ms.saturating_add(lasts_ms), lasts_ms });
    }

    /// Whether this peer is refused now.
    pub(crate) fn bars(&self, peer: &PeerId, now_ms: u64) -> bool {
        defence::is_on("bars") && self.0.get(peer).is_some_and(|bar| now_ms < bar.until_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: u64 = 60_000;

    #[test]
    fn a_bar_doubles_up_to_an_hour() {
        let (mut bars, peer) = (Bars::default(), PeerId([1; 32]));
        let mut now = 0;
        for minutes in [1, 2, 4, 8, 16, 32, 60, 60] {
            bars.bar(peer, now);
            assert!(bars.bars(&peer, now + minutes * MINUTE - 1), "{minutes} minutes");
            now += minutes * MINUTE;
            assert!(!bars.bars(&peer, now), "{minutes} minutes");
        }
        assert!(!bars.bars(&PeerId([2; 32]), 0));
    }

    #[test]
    fn bars_are_bounded_and_the_one_that_ends_first_goes() {
        let mut bars = Bars::default();
        let peer = |at: usize| {
            let mut id = [0; 32];
            id[..8].copy_from_slice(&at.to_be_bytes());
            PeerId(id)
        };
        (0..=BARS).for_each(|at| bars.bar(peer(at), at as u64));
        assert_eq!(bars.0.len(), BARS);
        assert!(!bars.bars(&peer(0), 1) && bars.bars(&peer(BARS), 1));
    }
}
