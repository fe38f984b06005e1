//! Which logs have a place here, see [`crate::standing`], and how logs leave that have lost theirs.

use super::{Held, Logs, Under};
use crate::{
    admit::Run,
    content::Vouch,
    ids::{AuthorId, Seq},
    limits::EVICTED_AT_ONCE,
    log::Log,
    standing::Shift,
};

impl Held<'_> {
    /// Whether we take entries of this author.
    pub(super) fn has_place(&self, author: &AuthorId) -> bool {
        if let Some(closed) = self.closed {
            return closed.has_place(author);
        }
        let held = self.frontier.log(author).is_some();
        if held { !self.standing.is_leaving(author) } else { self.standing.admits(author) }
    }
}

impl Logs {
    /// The author that founded the room, once that is known.
    pub(crate) fn founder(&self) -> Option<AuthorId> {
        self.standing.founder()
    }

    /// No entry of the log is taken from this seq on: where it is cut, or 0 when it has no place.
    pub(crate) fn end_of(&self, author: &AuthorId) -> Seq {
        let reach = self.closed.as_ref().map_or(Seq::MAX, |closed| closed.end_of(author));
        if self.has_place(author) { self.cut(author).unwrap_or(Seq::MAX).min(reach) } else { 0 }
    }

    /// The seq from which on nothing of the log is taken. In a closed room that may lie above its end: acts may count there.
    pub(crate) fn takes_to(&self, author: &AuthorId) -> Seq {
        match &self.closed {
            Some(closed) => closed.takes_to(author),
            None => self.end_of(author),
        }
    }

    /// Our knowledge of all logs whose authors' ids begin with these eight bytes.
    pub(crate) fn under(&self, prefix: u64) -> Under {
        let mut under = Under { count: 0, next: 0, end: 0 };
        for (author, _) in self.frontier.with_prefix(prefix) {
            under.count += 1;
            under.next = self.next_wanted(*author).max(under.next);
            under.end = self.takes_to(author).max(under.end);
        }
        let admits = || match &self.closed {
            Some(closed) => closed.has_place_under(prefix),
            None => self.standing.admits_prefix(prefix),
        };
        if under.count == 0 && admits() {
            under.end = Seq::MAX;
        }
        under
    }

    /// Whether we take entries of this author.
    pub(super) fn has_place(&self, author: &AuthorId) -> bool {
        self.held().has_place(author)
    }

    /// Whether our entries should name the entries of this author that we saw.
    pub(crate) fn is_regarded(&self, author: &AuthorId) -> bool {
        match &self.closed {
            Some(closed) => closed.is_member(author),
            None => self.standing.is_regarded(author),
        }
    }

    /// An author writes here or from a linked peer: its log is held, whether or not anybody vouches for it.
    pub(crate) fn befriend(&mut self, author: AuthorId) {
        if self.is_closed() {
            return;
        }
        self.standing.befriend(author);
        self.shift();
    }

    /// No linked peer writes as this author any more.
    pub(crate) fn part(&mut self, author: AuthorId) {
        if self.is_closed() {
            return;
        }
        self.standing.part(author);
        self.shift();
    }

    /// A run has its place in the log; `head` was the last seq before it came.
    pub(super) fn took(&mut self, run: &Run, head: Option<Seq>) {
        if self.is_closed() {
            return;
        }
        self.standing.enter(run.author());
        self.standing.note(run, head);
        self.shift();
    }

    /// `log` is the stored part after the store cut the log, or removed as much of it as it can at once. Returns
    /// whether nothing is left of an evicted log.
    pub(crate) fn replace(&mut self, author: AuthorId, log: Log) -> bool {
        if self.is_closed() {
            self.pending.forget(author, 0);
            return self.replace_closed(author, log);
        }
        let evicted = self.standing.is_leaving(&author);
        if evicted {
            self.standing.left(&author);
        }
        let nothing = log.is_empty() && log.cut().is_none();
        self.pending.forget(author, 0);
        self.frontier.update(author, |held| *held = log);
        self.note_gaps(author);
        if nothing && evicted {
            self.forget(author);
            return true;
        }
        self.frontier.take_up(author);
        self.standing.enter(author);
        self.shift();
        false
    }

    pub(super) fn forget(&mut self, author: AuthorId) {
        self.frontier.remove(author);
        self.cuts.remove(&author);
        self.gaps.forget(&author);
    }

    /// Reckons up which authors are vouched for; returns those that newly are and whose logs are not held.
    pub(crate) fn reckon(&mut self, now_ms: u64) -> Vec<AuthorId> {
        if self.is_closed() {
            return Vec::new();
        }
        let news = self.standing.reckon(now_ms);
        self.shift();
        news
    }

    /// Lets the digest count the logs that have a place.
    fn shift(&mut self) {
        for shift in self.standing.shifts() {
            match shift {
                Shift::Up(author) => self.frontier.take_up(author),
                Shift::Aside(author) => {
                    self.frontier.set_aside(author);
                    if self.standing.is_leaving(&author) {
                        self.pending.cut(author, 0);
                    }
                }
            }
        }
    }

    /// The logs that the store is to take out next, and the authors whose vouches it is to tell, with how many of each.
    pub(crate) fn wishes(&mut self) -> (Vec<AuthorId>, Vec<(AuthorId, usize)>) {
        let mut going = self.leaving();
        going.extend(self.standing.evict(EVICTED_AT_ONCE));
        (going, self.standing.asks(EVICTED_AT_ONCE))
    }

    /// The store tells whom an author vouches for.
    pub(crate) fn vouches(&mut self, author: AuthorId, vouches: Vec<Vouch>) {
        self.standing.told(author, vouches);
    }

    /// When there is something to do about who has a place.
    pub(crate) fn next_reckoning(&self) -> Option<u64> {
        if self.is_closed() { None } else { self.standing.next_deadline() }
    }

    /// A log that the store kept finds its place.
    pub(super) fn restore(&mut self, author: AuthorId, log: Log, vouches: Vec<Vouch>) {
        self.frontier.update(author, |held| *held = log);
        self.note_gaps(author);
        self.standing.restore(author, vouches);
    }
}
