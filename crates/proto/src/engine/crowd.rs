//! A room with more authors than places: logs that leave, and logs that are wanted because somebody now vouches for
//! their author.

use super::Parts;
use crate::{
    ids::{AuthorId, PeerId, Seq},
    input::{Event, Output},
    limits::{BLOCK, LACK_MS, SERVE_AT_ONCE},
    log::Log,
    turn::Turn,
};

impl Parts {
    /// The store has cut a log or taken one out.
    pub(super) fn cut_done(&mut self, author: AuthorId, log: Log, turn: &mut Turn<'_>) {
        if self.logs.replace(author, log) {
            self.own.forget(&author);
            turn.emit(Event::Evicted { author });
        }
    }

    /// One peer no longer writes as this author. Another may still do.
    pub(super) fn parted(&mut self, author: AuthorId) {
        if author != self.own.id() && !self.authors.values().any(|other| *other == author) {
            self.logs.part(author);
        }
    }

    /// Serves a peer the entries it lacks of our own log, a block at most, when no comparison does that: our log has no
    /// place in the room, but every peer that is linked with us holds it.
    pub(super) fn introduce(&mut self, peer: PeerId, next: Seq, turn: &mut Turn<'_>) {
        let (own, ours) = (self.own.id(), self.own_next());
        if next < ours && self.logs.frontier().is_aside(&own) {
            let first = next.max(ours.saturating_sub(SERVE_AT_ONCE));
            self.sync.serve(peer, 0, 0, vec![(own, first, ours - 1)], turn);
        }
    }

    /// Recomputes which authors have a place, and emits the outputs that follow.
    pub(super) fn reckon(&mut self, turn: &mut Turn<'_>) {
        let news = self.logs.reckon(turn.now.ticks_ms);
        if !news.is_empty() {
            // Peers announced these logs when nobody vouched for their authors, so we ignored that.
            self.sync.hurry(turn.now.ticks_ms);
        }
        if let Some(peer) = self.brought_by.filter(|peer| self.view.is_active(peer)) {
            let due_ms = turn.now.ticks_ms + self.sync.patience().ms(LACK_MS);
            news.iter().for_each(|author| self.sync.lack((*author, BLOCK), peer, due_ms, &self.logs));
        }
        let (going, asking) = self.logs.wishes();
        turn.out.extend(going.into_iter().map(Output::Evict));
        turn.out.extend(asking.into_iter().map(|(author, most)| Output::Vouches { author, most }));
    }
}
