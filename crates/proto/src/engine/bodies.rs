//! Asking peers for bodies of entries that came without them.

use super::Parts;
use crate::{bodies::ranges, ids::PeerId, turn::Turn};

impl Parts {
    /// Asks linked peers for the bodies whose turn it is.
    pub(super) fn ask_for_bodies(&mut self, turn: &mut Turn<'_>) {
        let linked: Vec<PeerId> = self.view.active().collect();
        for (peer, keys) in self.bodies.due(&linked, turn) {
            let want = self.sync.ask(peer, 0, ranges(&keys), turn);
            self.bodies.asked(want, peer, keys);
        }
    }
}
