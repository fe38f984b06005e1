//! Reads a closed room as people see it: only what counts, and nothing that governors took back.

use std::sync::Arc;

use rumormill_proto::{
    content::{Target, Vouch},
    entry::Kind,
    epochs::Secret,
    fork::Proof,
    governance::Shown,
    ids::{AuthorId, FileId, RoomId, Seq},
    input::{Bare, Kept},
    log::Head,
    run::RawRun,
    timeline::Place,
};
use rumormill_store::{CheckReport, Error, Filled, Once, Read, Shared, TimelineRow, Wanted};

use crate::limits::PAGE_LINES;

/// A read handle that leaves out what is not shown. What peers exchange, such as runs and proofs, stays whole.
pub(crate) struct Counting<'a> {
    read: &'a mut dyn Read,
    shown: Arc<Shown>,
}

impl<'a> Counting<'a> {
    pub(crate) fn new(read: &'a mut dyn Read, shown: Arc<Shown>) -> Self {
        Self { read, shown }
    }

    fn shows(&self, line: &TimelineRow) -> bool {
        let (author, seq) = (&line.place.author, line.place.seq);
        !self.shown.voids(author, seq, line.signed_kind()) && self.shown.shows(author, seq, line.kind)
    }

    /// Whether an entry says something in plain after the room was closed.
    fn is_void(&mut self, room: &RoomId, (author, seq): (&AuthorId, Seq)) -> Result<bool, Error> {
        if !self.shown.voids(author, seq, Kind::NICK) {
            return Ok(false);
        }
        let line = self.read.line(room, author, seq)?;
        Ok(line.is_some_and(|line| self.shown.voids(author, seq, line.signed_kind())))
    }

    /// The entries nearest to a place that are shown, `limit` at most. `page` reads entries beyond a place, the nearest
    /// first.
    fn nearest(
        &mut self,
        mut from: Option<Place>,
        limit: usize,
        page: impl Fn(&mut dyn Read, Option<Place>, usize) -> Result<Vec<TimelineRow>, Error>,
    ) -> Result<Vec<TimelineRow>, Error> {
        let mut lines: Vec<TimelineRow> = Vec::new();
        while lines.len() < limit {
            let wanted = (limit - lines.len()).min(PAGE_LINES);
            let more = page(&mut *self.read, from, wanted)?;
            let Some(farthest) = more.last() else { break };
            from = Some(farthest.place);
            lines.extend(more.into_iter().filter(|line| self.shows(line)));
        }
        Ok(lines)
    }

    /// The last entries below a place that are shown, ascending as `page` reads them.
    fn down(
        &mut self,
        before: Option<Place>,
        limit: usize,
        page: impl Fn(&mut dyn Read, Option<Place>, usize) -> Result<Vec<TimelineRow>, Error>,
    ) -> Result<Vec<TimelineRow>, Error> {
        let reversed = |mut lines: Vec<TimelineRow>| {
            lines.reverse();
            lines
        };
        self.nearest(before, limit, |read, before, limit| page(read, before, limit).map(reversed)).map(reversed)
    }

    /// The last entry of a log that counts, given its last one.
    fn head(&mut self, room: &RoomId, (author, head): (AuthorId, Head)) -> Result<Option<(AuthorId, Head)>, Error> {
        let Some(end) = self.shown.ends.get(&author) else { return Ok(None) };
        if head.seq < *end {
            return Ok(Some((author, head)));
        }
        let Some(last) = end.checked_sub(1) else { return Ok(None) };
        let line = self.read.line(room, &author, last)?;
        Ok(line.map(|line| (author, Head { seq: last, id: line.id, time: line.place.time })))
    }
}

impl Read for Counting<'_> {
    fn page(&mut self, room: &RoomId, before: Option<Place>, limit: usize) -> Result<Vec<TimelineRow>, Error> {
        self.down(before, limit, |read, before, limit| read.page(room, before, limit))
    }

    fn page_after(&mut self, room: &RoomId, after: Option<Place>, limit: usize) -> Result<Vec<TimelineRow>, Error> {
        self.nearest(after, limit, |read, after, limit| read.page_after(room, after, limit))
    }

    fn messages(&mut self, room: &RoomId, before: Option<Place>, limit: usize) -> Result<Vec<TimelineRow>, Error> {
        self.down(before, limit, |read, before, limit| read.messages(room, before, limit))
    }

    fn messages_after(&mut self, room: &RoomId, after: Option<Place>, limit: usize) -> Result<Vec<TimelineRow>, Error> {
        self.nearest(after, limit, |read, after, limit| read.messages_after(room, after, limit))
    }

    fn run(&mut self, room: &RoomId, author: &AuthorId, first: Seq, last: Seq) -> Result<Option<RawRun>, Error> {
        self.read.run(room, author, first, last)
    }

    fn act_seqs(&mut self, room: &RoomId, author: &AuthorId) -> Result<Vec<Seq>, Error> {
        self.read.act_seqs(room, author)
    }

    fn recall(&mut self, room: &RoomId, author: &AuthorId, seq: Seq) -> Result<Option<RawRun>, Error> {
        self.read.recall(room, author, seq)
    }

    fn proofs(&mut self, room: &RoomId, author: &AuthorId) -> Result<Vec<Proof>, Error> {
        self.read.proofs(room, author)
    }

    fn newest(&mut self, room: &RoomId, count: usize) -> Result<Vec<(AuthorId, Seq, Seq)>, Error> {
        self.read.newest(room, count)
    }

    fn line(&mut self, room: &RoomId, author: &AuthorId, seq: Seq) -> Result<Option<TimelineRow>, Error> {
        Ok(self.read.line(room, author, seq)?.filter(|line| self.shows(line)))
    }

    fn notes(&mut self, room: &RoomId, targets: &[Target], limit: usize) -> Result<Vec<TimelineRow>, Error> {
        let mut notes = self.read.notes(room, targets, limit)?;
        notes.retain(|note| self.shows(note));
        Ok(notes)
    }

    fn vouches(&mut self, room: &RoomId, author: &AuthorId, most: usize) -> Result<Vec<Vouch>, Error> {
        self.read.vouches(room, author, most)
    }

    fn bare(&mut self, room: &RoomId, most: usize) -> Result<(Vec<Bare>, u64), Error> {
        self.read.bare(room, most)
    }

    fn is_bare(&mut self, room: &RoomId, author: &AuthorId, seq: Seq) -> Result<bool, Error> {
        self.read.is_bare(room, author, seq)
    }

    fn once(&mut self, room: &RoomId, key: &[u8; 32]) -> Result<Option<(Once, Target)>, Error> {
        self.read.once(room, key)
    }

    fn carried(&mut self, room: &RoomId, most: usize) -> Result<Vec<(FileId, u64)>, Error> {
        self.read.carried(room, most)
    }

    fn secrets(&mut self, room: &RoomId) -> Result<Vec<Secret>, Error> {
        self.read.secrets(room)
    }

    fn shares(&mut self, room: &RoomId) -> Result<Vec<Shared>, Error> {
        self.read.shares(room)
    }

    fn filled(&mut self, room: &RoomId) -> Result<Filled, Error> {
        self.read.filled(room)
    }

    fn nicks(&mut self, room: &RoomId) -> Result<Vec<(AuthorId, Place, String)>, Error> {
        let mut nicks = Vec::new();
        for (author, place, nick) in self.read.nicks(room)? {
            let Some(end) = self.shown.ends.get(&author).copied() else { continue };
            let end = match place.seq < end {
                true if !self.is_void(room, (&author, place.seq))? => {
                    nicks.push((author, place, nick));
                    continue;
                }
                true => self.shown.closing.as_ref().map_or(0, |closing| closing.plain(&author)),
                false => end,
            };
            // The name that somebody took beyond the end of its log, or in plain after the room was closed, gives way to the
            // one before.
            let Some(line) = self.read.line(room, &author, end)? else { continue };
            let before = self.read.named_before(room, line.place)?;
            nicks.extend(before.map(|nick| (author, line.place, nick)));
        }
        Ok(nicks)
    }

    fn named_before(&mut self, room: &RoomId, place: Place) -> Result<Option<String>, Error> {
        self.read.named_before(room, place)
    }

    fn kept(&mut self, room: &RoomId) -> Result<Vec<Kept>, Error> {
        self.read.kept(room)
    }

    fn heads(&mut self, room: &RoomId) -> Result<Vec<(AuthorId, Head)>, Error> {
        let mut heads = Vec::new();
        for head in self.read.heads(room)? {
            heads.extend(self.head(room, head)?);
        }
        Ok(heads)
    }

    fn letters(&mut self, room: &RoomId, most: usize) -> Result<Vec<TimelineRow>, Error> {
        let mut letters = self.read.letters(room, most)?;
        letters.retain(|letter| self.shows(letter));
        Ok(letters)
    }

    fn topic(&mut self, room: &RoomId) -> Result<Option<TimelineRow>, Error> {
        match self.read.topic(room)? {
            Some(last) if !self.shows(&last) => {}
            shown => return Ok(shown),
        }
        let mut before = None;
        loop {
            let lines = self.messages(room, before, PAGE_LINES)?;
            let Some(first) = lines.first() else { return Ok(None) };
            before = Some(first.place);
            if let Some(topic) = lines.into_iter().rfind(|line| line.kind == Kind::TOPIC) {
                return Ok(Some(topic));
            }
        }
    }

    fn offerers(&mut self, room: &RoomId, file: &FileId, most: usize) -> Result<Vec<AuthorId>, Error> {
        let mut offerers = self.read.offerers(room, file, most)?;
        offerers.retain(|author| self.shown.ends.contains_key(author));
        Ok(offerers)
    }

    fn beyond_cut(&mut self, room: &RoomId, author: &AuthorId) -> Result<Vec<TimelineRow>, Error> {
        self.read.beyond_cut(room, author)
    }

    fn search(&mut self, room: &RoomId, wanted: &Wanted, limit: usize) -> Result<Vec<TimelineRow>, Error> {
        let mut asked = limit;
        loop {
            let mut lines = self.read.search(room, wanted, asked)?;
            let all = lines.len() < asked;
            lines.retain(|line| self.shows(line));
            if all || lines.len() >= limit {
                lines.truncate(limit);
                return Ok(lines);
            }
            asked = asked.saturating_mul(2);
        }
    }

    fn count(&mut self, room: &RoomId) -> Result<u64, Error> {
        self.read.count(room)
    }

    fn holders(&mut self, room: &RoomId, author: &AuthorId, seq: Seq) -> Result<Vec<AuthorId>, Error> {
        let mut holders = self.read.holders(room, author, seq)?;
        holders.retain(|holder| self.shown.ends.contains_key(holder));
        Ok(holders)
    }

    fn check_telling(&mut self, room: &RoomId, tell: &mut dyn FnMut(u64)) -> Result<CheckReport, Error> {
        self.read.check_telling(room, tell)
    }
}
