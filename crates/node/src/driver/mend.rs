//! Imports, and repairs: damaged parts of a room are taken out, and peers send them again.

use std::collections::BTreeMap;

use rumormill_proto::{
    entry::Kind,
    ids::{AuthorId, RoomId, Seq},
    input::{Import, ImportCounts, Input},
    log::Log,
};
use tokio::sync::oneshot;

use super::Driver;
use crate::{error::Error, links::Inputs, status::Mended};

impl Driver {
    /// Notes the caller that waits for an import. The answer is dropped when the room takes part in nothing.
    pub(crate) fn import(&mut self, room: RoomId, import: Import, answer: oneshot::Sender<ImportCounts>) -> Inputs {
        let Some(seat) = self.seats.get_mut(&room) else { return Inputs::new() };
        seat.imports.push_back(answer);
        vec![(room, Input::Import(import))]
    }

    /// Checks a room, takes out what is damaged, and asks peers for it. Other rooms wait until it is taken out.
    ///
    /// # Errors
    /// [`Error::Store`] when the home cannot be read or written, [`Error::Damaged`], [`Error::Left`] and
    /// [`Error::Closed`].
    pub(crate) fn mend(&mut self, room: &RoomId) -> Result<Mended, Error> {
        if self.damaged.holds(room) {
            return self.mend_damaged(room);
        }
        self.wake(room)?;
        // The engine must hold what the store holds.
        self.settle();
        let before = self.seats.get(room).ok_or_else(|| self.stopped(room))?.logs();
        let report = self.store.mend(room)?;
        let mut kept: BTreeMap<AuthorId, Log> =
            self.store.kept(room)?.into_iter().map(|kept| (kept.author, kept.log)).collect();
        let left = |author: &AuthorId| (*author, kept.remove(author).unwrap_or_default());
        let changed: Vec<(AuthorId, Log)> =
            before.keys().map(left).filter(|(author, log)| before.get(author) != Some(log)).collect();
        let lost: Vec<_> = changed
            .iter()
            .flat_map(|(author, log)| {
                before
                    .get(author)
                    .into_iter()
                    .flat_map(|held| gone(held, log))
                    .map(|(first, last)| (*author, first, last))
            })
            .collect();
        tracing::warn!(room = %room.short(), pieces = lost.len(), "what was damaged is taken out");
        self.appended();
        self.give(vec![(*room, Input::Lost { logs: changed })]);
        self.go_on_above(room, &lost);
        Ok(Mended { report, lost })
    }

    /// When our own log has lost its head, writes an entry above it, so that no place is written a second time, not
    /// after the next start either.
    fn go_on_above(&mut self, room: &RoomId, lost: &[(AuthorId, Seq, Seq)]) {
        let Some(seat) = self.seats.get_mut(room) else { return };
        let own = |(author, ..): &(AuthorId, Seq, Seq)| *author == seat.author;
        if lost.iter().any(own) {
            let nick = seat.board.posted().nick(&seat.author).unwrap_or_default().to_owned();
            seat.again.push_back((Kind::NICK, nick.into()));
        }
    }
}

/// The ranges that were held before and are not held after, ascending.
fn gone(before: &Log, after: &Log) -> Vec<(Seq, Seq)> {
    let mut gone = Vec::new();
    for span in before.spans() {
        let mut at = span.first;
        for left in after.spans().iter().filter(|left| left.last.seq >= span.first && left.first <= span.last.seq) {
            if left.first > at {
                gone.push((at, left.first - 1));
            }
            at = at.max(left.last.seq + 1);
        }
        if at <= span.last.seq {
            gone.push((at, span.last.seq));
        }
    }
    gone
}

#[cfg(test)]
mod tests {
    use rumormill_proto::{
        ids::EntryId,
        log::{Head, Span},
        time::Time,
    };

    use super::*;

    fn log(spans: &[(Seq, Seq)]) -> Log {
        let head = |seq| Head { seq, id: EntryId::default(), time: Time(seq) };
        let span = |&(first, last)| Span { first, prev: EntryId::default(), first_time: Time(first), last: head(last) };
        Log::restored(spans.iter().map(span).collect(), None)
    }

    #[test]
    fn what_is_gone_is_told_by_ranges() {
        type Ranges = &'static [(Seq, Seq)];
        let cases: [(Ranges, Ranges, Ranges); 6] = [
            (&[(0, 99)], &[(0, 99)], &[]),
            (&[(0, 99)], &[], &[(0, 99)]),
            (&[(0, 99)], &[(0, 9), (20, 99)], &[(10, 19)]),
            (&[(0, 99)], &[(5, 90)], &[(0, 4), (91, 99)]),
            (&[(0, 9), (20, 99)], &[(20, 50), (60, 99)], &[(0, 9), (51, 59)]),
            (&[], &[(0, 9)], &[]),
        ];
        for (before, after, expected) in cases {
            assert_eq!(gone(&log(before), &log(after)), expected, "{before:?} to {after:?}");
        }
    }
}
