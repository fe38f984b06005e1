//! Bodies that entries came without: who is asked for them.

use super::Engine;
use crate::{bodies::ranges, ids::PeerId, input::Output, time::Now};

impl Engine {
    /// Asks linked peers for the bodies whose turn it is.
    pub(super) fn ask_for_bodies(&mut self, now: Now, out: &mut Vec<Output>) {
        let linked: Vec<PeerId> = self.view.active().collect();
        for (peer, keys) in self.bodies.due(&linked, now.ticks_ms, &mut self.random, out) {
            let want = self.sync.ask(peer, 0, ranges(&keys), out);
            self.bodies.asked(want, peer, keys);
        }
    }
}
