//! The timeline of a room in memory: its pages, and the bodies over the bounds.

use std::{
    cmp::Reverse,
    collections::BTreeSet,
    ops::Bound::{Excluded, Unbounded},
};

use rumormill_proto::{
    content::{Target, carried},
    entry::Kind,
    ids::{AuthorId, FileId, Seq},
    knows::Knows,
    timeline::Place,
};

use super::Shelf;
use crate::{
    TimelineRow,
    keep::{Expiry, Tally},
    lapsed,
    limits::HOLDER_ENTRIES,
    note::is_said,
    wanted::Sought,
};

impl Shelf {
    pub(super) fn page(&self, of: &BTreeSet<Place>, before: Option<Place>, limit: usize) -> Vec<TimelineRow> {
        let places = of.range((Unbounded, before.map_or(Unbounded, Excluded))).rev().take(limit);
        let mut page: Vec<_> = places.filter_map(|place| self.line(place)).collect();
        page.reverse();
        page
    }

    pub(super) fn page_after(&self, of: &BTreeSet<Place>, after: Option<Place>, limit: usize) -> Vec<TimelineRow> {
        let places = of.range((after.map_or(Unbounded, Excluded), Unbounded)).take(limit);
        places.filter_map(|place| self.line(place)).collect()
    }

    /// Whether an entry, as it reads now, matches a search.
    pub(super) fn finds(&self, sought: &Sought<'_>, line: &TimelineRow) -> bool {
        let target = Target { author: line.place.author, seq: line.place.seq };
        let edit = self.about(Some(target), Kind::EDIT..=Kind::EDIT).next();
        let edit = edit.and_then(|(_, place)| self.line(&place));
        let (kind, body) = edit.as_ref().map_or((line.kind, &line.body), |edit| (edit.kind, &edit.body));
        let fits = || sought.fits(line.place.author, (line.kind, &line.body), line.place.time.ms());
        is_said(line.kind) && sought.finds_in(kind, body) && fits()
    }

    /// The first `most` authors whose entries name a file, ascending.
    pub(super) fn offerers(&self, file: &FileId, most: usize) -> Vec<AuthorId> {
        let sign = file.to_string();
        let named = self.about(None, Kind::FILE..=Kind::FILE).filter(|(group, _)| group.sign == sign);
        named.map(|(group, _)| group.author).take(most).collect()
    }

    /// The files that unretracted entries offer and whose bytes are sealed, newest first.
    pub(super) fn carried(&self, most: usize) -> Vec<(FileId, u64)> {
        let mut places: Vec<Place> = self.about(None, Kind::FILE..=Kind::FILE).map(|(_, place)| place).collect();
        places.sort_by_key(|place| Reverse(*place));
        let rows = places.iter().filter_map(|place| self.rows(&place.author, place.seq, place.seq).next());
        let sealed = rows.filter(|row| row.raw.kind == Kind::CARRIED);
        let named = sealed.filter_map(|row| carried(row.raw.body.bytes()?));
        named.map(|(hash, size, _)| (hash, size)).take(most).collect()
    }

    pub(super) fn expire(&mut self, mut expiry: Expiry) -> bool {
        let body = |place: &Place| self.rows.get(&(place.author, place.seq)).map(|row| Tally::of(&row.raw));
        let start = self.floor.map_or(Unbounded, Excluded);
        let mut places = self.timeline.range((start, Unbounded));
        while places.next().is_some_and(|place| expiry.visit(*place, body(place).unwrap_or_default())) {}
        let Some((floor, more)) = expiry.end(self.floor) else { return false };
        self.floor = floor;
        self.bared = self.bared.max(floor);
        self.expire_bare();
        for (author, seqs) in expiry.over {
            seqs.into_iter().for_each(|seq| self.drop_body(author, seq));
        }
        more
    }

    /// The authors whose entries name this one, or one above it in its log.
    pub(super) fn holders(&self, author: &AuthorId, seq: Seq) -> Vec<AuthorId> {
        let held = self.rows.get(&(*author, seq)).map(|row| row.place(*author));
        let Some(said) = held.filter(|place| self.timeline.contains(place)) else { return Vec::new() };
        let mut knows = Knows::new(*author);
        let mut left = HOLDER_ENTRIES;
        for place in self.timeline.range((Excluded(said), Unbounded)) {
            if place.author == *author || knows.has(&place.author, seq) {
                continue;
            }
            let Some(row) = self.rows.get(&(place.author, place.seq)).filter(|_| left > 0) else { break };
            left -= 1;
            knows.look((place.author, place.seq), &row.raw.seen);
        }
        knows.holders(seq)
    }

    /// Notes which parts do not count, and drops what has not counted for long; returns whether more waits.
    pub(super) fn lapse(&mut self, parts: &[(AuthorId, Seq, Seq)], now_ms: u64, most: usize) -> bool {
        self.lapsed = lapsed::renewed(&self.lapsed, parts, now_ms);
        let (due, more) = lapsed::take_due(&mut self.lapsed, now_ms, most);
        for part in due {
            let rows = self.rows(&part.author, part.first, part.last).filter(|row| lapsed::lapses(&row.raw));
            let going: Vec<Seq> = rows.map(|row| row.seq).collect();
            going.into_iter().for_each(|seq| self.drop_body(part.author, seq));
        }
        more
    }
}
