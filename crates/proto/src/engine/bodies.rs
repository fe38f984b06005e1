//! Asking peers for bodies of entries that came without them.

use super::Parts;
use crate::{bodies::ranges, entry::Kind, ids::PeerId, input::Bare, limits::HIDDEN_BARE, turn::Turn};

impl Parts {
    /// The store wants `all` bodies, the newest of which are `bare`. Nobody serves those of words that were taken back.
    pub(super) fn bare(&mut self, mut bare: Vec<Bare>, all: u64, now_ms: u64) {
        let before = bare.len();
        bare.retain(|bare| !self.logs.is_hidden(&bare.author, bare.seq, Kind::TEXT));
        let hidden = before - bare.len();
        self.bodies.tell(bare, all.saturating_sub(hidden as u64), now_ms);
    }

    /// Asks linked peers for the bodies whose turn it is.
    pub(super) fn ask_for_bodies(&mut self, turn: &mut Turn<'_>) {
        let (linked, more): (Vec<PeerId>, _) = (self.view.active().collect(), self.logs.hidden().min(HIDDEN_BARE));
        for (peer, keys) in self.bodies.due(&linked, more, turn) {
            let want = self.sync.ask(peer, 0, ranges(&keys), turn);
            self.bodies.asked(want, peer, keys);
        }
    }
}
