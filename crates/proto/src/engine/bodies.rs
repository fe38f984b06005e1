//! Asking peers for bodies of entries that came without them.

use super::Parts;
use crate::{
    bodies::ranges,
    entry::Kind,
    frame::{Frame, Push},
    ids::PeerId,
    input::Bare,
    limits::HIDDEN_BARE,
    run::RawRun,
    turn::Turn,
};

impl Parts {
    /// The store wants `all` bodies, the newest of which are `bare`. Nobody serves those of words that were taken back, and
    /// a keeper takes none of what was said before a room was closed.
    pub(super) fn bare(&mut self, mut bare: Vec<Bare>, all: u64, now_ms: u64) {
        let before = bare.len();
        let plain = self.logs.closing().filter(|_| self.keys.is_none());
        let plain = |bare: &Bare| plain.is_some_and(|closing| bare.seq < closing.plain(&bare.author));
        bare.retain(|bare| !self.logs.is_taken_back(&bare.author, bare.seq, Kind::TEXT) && !plain(bare));
        let hidden = before - bare.len();
        self.bodies.tell(bare, all.saturating_sub(hidden as u64), now_ms);
    }

    /// What a peer says, as we take it: a keeper takes no words in plain, which were said before a room was closed.
    pub(super) fn as_kept(&self, frame: Frame) -> Frame {
        if self.keys.is_some() || self.logs.closing().is_none() {
            return frame;
        }
        let bare = |runs: Vec<RawRun>| runs.into_iter().filter_map(|run| run.without_words().ok()).collect();
        match frame {
            Frame::Push(push) => Frame::Push(Push { runs: bare(push.runs), ..push }),
            Frame::Runs { want, runs } => Frame::Runs { want, runs: bare(runs) },
            frame => frame,
        }
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
