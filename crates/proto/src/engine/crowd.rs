//! What becomes of authors when there are more of them than there is space: logs that leave, and those that are wanted
//! because somebody vouches for their author from now on.

use super::Parts;
use crate::{
    ids::{AuthorId, PeerId, Seq},
    input::{Event, Output},
    limits::{BLOCK, LACK_MS, SERVE_AT_ONCE},
    log::Log,
    turn::Turn,
};

impl Parts {
    /// The store cut a log, or took one out.
    pub(super) fn cut_done(&mut self, author: AuthorId, log: Log, turn: &mut Turn<'_>) {
        if self.logs.replace(author, log) {
            self.own.forget(&author);
            turn.emit(Event::Evicted { author });
        }
    }

    /// Nobody writes as this author from one of the peers any more; perhaps from another.
    pub(super) fn parted(&mut self, author: AuthorId) {
        if author != self.own.id() && !self.authors.values().any(|other| *other == author) {
            self.logs.part(author);
        }
    }

    /// Tells a peer what it lacks of our own log, at most a block, when no comparison does: our log has no place in the
    /// room, but it has one with whoever is linked with us.
    pub(super) fn introduce(&mut self, peer: PeerId, next: Seq, turn: &mut Turn<'_>) {
        let (own, ours) = (self.own.id(), self.own_next());
        if next < ours && self.logs.frontier().is_aside(&own) {
            let first = next.max(ours.saturating_sub(SERVE_AT_ONCE));
            self.sync.serve(peer, 0, 0, vec![(own, first, ours - 1)], turn);
        }
    }

    /// Reckons up who has a place, and says what follows from it.
    pub(super) fn reckon(&mut self, turn: &mut Turn<'_>) {
        let news = self.logs.reckon(turn.now.ticks_ms);
        if !news.is_empty() {
            // Whoever told of them did so when nobody vouched for them, and was not listened to.
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
