//! Whom entries vouch for, and eviction of logs when a room has more authors than it has space for.

use std::collections::{BTreeMap, BTreeSet};

use rumormill_proto::{
    admit::Entry,
    content::Vouch,
    ids::{AuthorId, EntryId, RoomId, Seq},
    log::{Log, Span},
    time::Time,
};

use super::{Shelf, unnote};
use crate::{
    Change,
    keep::Tally,
    row::{Row, evicted_end},
    share::weight,
};

/// The entries that the changes append to a log.
pub(super) fn came<'a>(
    changes: &'a [(RoomId, Change<'_>)],
    room: &RoomId,
    author: &AuthorId,
) -> impl Iterator<Item = &'a Entry> {
    changes.iter().filter(move |(of, _)| of == room).flat_map(move |(_, change)| match change {
        Change::Append(run) if run.author() == *author => run.entries(),
        _ => &[],
    })
}

/// The rest of an evicted log, given its stored rows and the entries about to be appended.
pub(super) fn without_lowest<'a>(
    log: &Log,
    rows: Option<impl Iterator<Item = &'a Row>>,
    came: impl Iterator<Item = &'a Entry>,
) -> Log {
    let rows = rows.into_iter().flatten().map(|row| (row.seq, (row.prev, row.raw.time)));
    let rows: BTreeMap<Seq, (EntryId, Time)> =
        rows.chain(came.map(|entry| (entry.seq, (entry.prev, entry.time)))).collect();
    let Some((lowest, _)) = rows.first_key_value() else { return Log::default() };
    let Some((&first, &(prev, first_time))) = rows.range(evicted_end(*lowest) + 1..).next() else {
        return Log::default();
    };
    let above = log.spans().iter().filter(|span| first <= span.last.seq);
    let spans = above.map(|span| if span.first < first { Span { first, prev, first_time, ..*span } } else { *span });
    Log::restored(spans.collect(), log.cut())
}

impl Shelf {
    /// Removes the lowest entries of a log; `log` is the result.
    pub(super) fn evict(&mut self, author: &AuthorId, log: Log) {
        let lowest = self.rows(author, 0, Seq::MAX).next().map_or(0, |row| row.seq);
        let going: Vec<Row> = self.rows(author, lowest, evicted_end(lowest)).cloned().collect();
        let cut = log.cut().or_else(|| self.log(author)?.cut()).unwrap_or(Seq::MAX);
        for row in going {
            self.rows.remove(&(*author, row.seq));
            if row.seq < cut {
                self.timeline.remove(&row.place(*author));
                self.bare.remove(&row.place(*author));
                self.messages.remove(&row.place(*author));
                unnote(&mut self.notes, &self.ring, *author, &row);
                self.tally -= Tally::of(&row.raw);
                self.taken.entry(*author).or_default().bytes -= weight(&row.raw);
            }
        }
        self.vouches.retain(|(of, _), _| of != author);
        if self.rows(author, 0, Seq::MAX).next().is_none() {
            self.logs.remove(author);
            self.taken.remove(author);
            self.gone.retain(|(of, _)| of != author);
        } else {
            self.logs.entry(*author).or_default().log = log;
        }
    }

    /// Whom an author vouches for, each author once at its first vouch.
    pub(super) fn vouches_of(&self, author: &AuthorId, most: usize) -> Vec<Vouch> {
        let entries = self.vouches.range((*author, 0)..=(*author, Seq::MAX));
        let vouches = entries.flat_map(|((_, seq), named)| named.iter().map(|of| Vouch { seq: *seq, of: *of }));
        let mut named = BTreeSet::new();
        vouches.filter(|vouch| named.insert(vouch.of)).take(most).collect()
    }
}
