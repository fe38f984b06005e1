//! Drops bodies of authors who exceed their share of the room.

use rumormill_proto::{
    defence,
    entry::Kind,
    ids::{AuthorId, Seq},
    log::Log,
    run::block_end,
    time::Time,
};

use super::{Shelf, group};
use crate::{
    limits::SHARE_BLOCKS,
    row::{Row, block_start},
    share::{Shared, stands_out, weight},
};

/// How much of its share an author uses.
#[derive(Clone, Default)]
pub(super) struct Taken {
    pub(super) bytes: i64,
    /// The seq below which bodies were dropped.
    pub(super) floor: Seq,
    let_go: u64,
    newest: Option<Time>,
}

impl Shelf {
    /// Applies the author's share after entries from `first` on, or a body, arrived.
    pub(super) fn came(&mut self, author: AuthorId, (first, last): (Seq, Seq), share: i64) {
        if first < self.taken(&author).floor {
            self.let_go(author, (first, last));
        }
        self.hold(author, share);
    }

    fn taken(&mut self, author: &AuthorId) -> &mut Taken {
        self.taken.entry(*author).or_default()
    }

    /// Drops the bodies of some blocks; returns whether more wait.
    fn hold(&mut self, author: AuthorId, share: i64) -> bool {
        let Some(head) = self.log(&author).and_then(Log::head).filter(|_| defence::is_on("disk-share")) else {
            return false;
        };
        for blocks in 0..=SHARE_BLOCKS {
            let Taken { bytes, floor, .. } = *self.taken(&author);
            let lowest = self.rows(&author, floor, head.seq).next().map(|row| row.seq);
            let end = lowest.map(block_end).filter(|end| *end < block_start(head.seq));
            let Some(end) = end.filter(|_| bytes > share) else { return false };
            if blocks == SHARE_BLOCKS {
                return true;
            }
            self.let_go(author, (floor, end));
            self.taken(&author).floor = end + 1;
        }
        false
    }

    /// Drops some bodies of one author over its share; returns whether more wait.
    pub(super) fn share(&mut self, share: i64) -> bool {
        let mut over: Vec<(i64, AuthorId)> =
            self.taken.iter().filter(|(_, taken)| taken.bytes > share).map(|(of, taken)| (taken.bytes, *of)).collect();
        over.sort_unstable();
        over.into_iter().rev().any(|(_, author)| self.hold(author, share))
    }

    fn let_go(&mut self, author: AuthorId, (first, last): (Seq, Seq)) {
        let going: Vec<(Seq, Time)> = self
            .rows(&author, first, last)
            .filter(|row| weight(&row.raw) > 0 && !(stands_out(row.raw.kind) && self.stands(author, row)))
            .map(|row| (row.seq, row.raw.time))
            .collect();
        let found = |shelf: &Self, seq| shelf.rows.get(&(author, seq)).is_some_and(|row| row.raw.kind == Kind::FOUND);
        let places: Vec<_> = self.rows(&author, first, last).map(|row| row.place(author)).collect();
        for place in places {
            if !found(self, place.seq) {
                self.bare.remove(&place);
            }
        }
        for (seq, time) in going {
            self.drop_body(author, seq);
            let taken = self.taken(&author);
            taken.let_go += 1;
            taken.newest = taken.newest.max(Some(time));
        }
    }

    /// Whether what an entry says about its author or the room is in effect.
    fn stands(&self, author: AuthorId, row: &Row) -> bool {
        let last = group(&self.ring, author, row).and_then(|(group, _)| self.notes.get(&group)?.last_key_value());
        last.is_some_and(|(place, says)| *says && *place == (row.raw.time, row.seq))
    }

    pub(super) fn shares(&self) -> Vec<Shared> {
        let told = |(author, taken): (&AuthorId, &Taken)| {
            let bytes = u64::try_from(taken.bytes).unwrap_or(0);
            Some(Shared { author: *author, bytes, let_go: taken.let_go, newest: taken.newest? })
        };
        self.taken.iter().filter_map(told).collect()
    }
}
