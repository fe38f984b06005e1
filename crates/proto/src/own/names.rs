//! What our next entries name of what we saw: the newest entry of each author that they have not named, unless another
//! entry that they name already names it.
//!
//! An entry that we will name *spares* us the names of the entries that it names, because every receiver of ours waits for
//! those too. So when people take turns, an entry names the one before, however many they are; of entries said at the
//! same time it names all. If the log of the sparing author is forked or forgotten, we name the spared entries after all.
//! An entry names the newest of an author to whom it is addressed even if that is spared.
//!
//! A peer that gets an entry waits for what the entry names. So our entries name nothing that the next peer cannot get.
//! An entry that came here without its causes, as part of a page of history or after it waited for them in vain,
//! *rests* for [`REST_MS`], and so does everything that follows from it. By then rounds have brought it to everybody. A
//! log rests from some seq on; it was complete below that. A burst of more than [`BURST`] entries of one author rests
//! for [`BURST_MS`]: it is still on its way to other peers, which would hold back every entry that names it until it
//! has come.
//!
//! Each entry costs as many steps as entries came in since the one before, times the logarithm of the number of authors
//! that are not named.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    admit::Entry,
    defence,
    ids::{AuthorId, Seq},
    limits::{BURST, BURST_MS, REST_MS},
    time::Time,
};

/// How our entries treat what we saw of an author.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Regard {
    /// Whether our next entries name it, the newest first. Otherwise only an entry that is addressed to the author
    /// names it, because others may hold nothing of its log.
    pub(crate) named: bool,
    /// Ticks before which nothing names it.
    pub(crate) from_ms: u64,
    /// Whether it is an act of a closed room: our next entry names those before all words.
    pub(crate) act: bool,
}

/// What we saw of one author.
#[derive(Debug, Default)]
struct Seen {
    /// The newest entry that may be named.
    newest: Option<(Time, Seq)>,
    /// Whether an act is among what that stands for.
    act: bool,
    /// The author whose entry names that one, and will be named in its place.
    spared_by: Option<AuthorId>,
    resting: Option<Resting>,
}

/// The place of an author among those that our next entries name.
type Queued = (bool, Time, AuthorId);

impl Seen {
    fn queued(&self, author: AuthorId) -> Option<Queued> {
        self.newest.map(|(time, _)| (self.act, time, author))
    }
}

/// An entry that may not be named yet.
#[derive(Clone, Copy, Debug)]
struct Resting {
    newest: (Time, Seq),
    regard: Regard,
}

/// A log rests from this seq on, until this time.
#[derive(Clone, Copy, Debug)]
struct Rest {
    first: Seq,
    until_ms: u64,
}

/// How many entries of each author came since some moment, [`BURST_MS`] ago at most.
#[derive(Debug, Default)]
struct Lately {
    since_ms: u64,
    entries: BTreeMap<AuthorId, u64>,
}

impl Lately {
    /// One more entry is shown; returns whether that makes it a burst.
    fn is_burst(&mut self, author: AuthorId, now_ms: u64) -> bool {
        if now_ms >= self.since_ms.saturating_add(BURST_MS) {
            *self = Self { since_ms: now_ms, entries: BTreeMap::new() };
        }
        let entries = self.entries.entry(author).or_default();
        *entries += 1;
        *entries > BURST
    }
}

/// What we saw and no entry of ours has named.
#[derive(Debug, Default)]
pub(super) struct Names {
    of: BTreeMap<AuthorId, Seen>,
    /// The authors that our next entries name, those who acted last, and the newest last among them and the others.
    next: BTreeSet<Queued>,
    /// Who spares us whose name.
    spares: BTreeSet<(AuthorId, AuthorId)>,
    /// The authors of whom something rests, by the ticks at which that ends.
    due: BTreeSet<(u64, AuthorId)>,
    rests: BTreeMap<AuthorId, Rest>,
    /// Logs that rest, by the ticks until which they do.
    ends: BTreeSet<(u64, AuthorId)>,
    lately: Lately,
    steps: u64,
}

impl Names {
    /// Steps taken so far.
    pub(super) fn steps(&self) -> u64 {
        self.steps
    }

    /// An entry is shown. It came without its causes if its log is `loose` from some seq on. Returns the ticks before
    /// which no entry of ours names it.
    pub(super) fn shown(&mut self, entry: &Entry, loose: Option<Seq>, now_ms: u64) -> u64 {
        let before = entry.seq.checked_sub(1).map(|before| (entry.author, before));
        let causes = before.iter().chain(&entry.seen);
        let inherited = causes.filter_map(|(author, seq)| self.rests.get(author).filter(|rest| rest.first <= *seq));
        let inherited = inherited.map(|rest| rest.until_ms).max().unwrap_or(0);
        self.steps += 1 + entry.seen.len() as u64;
        let until_ms = if loose.is_some() { now_ms.saturating_add(REST_MS) } else { inherited };
        let is_burst = self.lately.is_burst(entry.author, now_ms);
        let until_ms = if is_burst { until_ms.max(now_ms.saturating_add(BURST_MS)) } else { until_ms };
        if until_ms <= now_ms || !defence::is_on("rest") {
            return 0;
        }
        self.rest(entry.author, loose.unwrap_or(entry.seq), until_ms);
        until_ms
    }

    /// A log rests from `first` on.
    pub(super) fn rest(&mut self, author: AuthorId, first: Seq, until_ms: u64) {
        let rest = self.rests.entry(author).or_insert(Rest { first, until_ms });
        self.ends.remove(&(rest.until_ms, author));
        *rest = Rest { first: first.min(rest.first), until_ms: until_ms.max(rest.until_ms) };
        self.ends.insert((rest.until_ms, author));
    }

    /// We saw an entry of an author.
    pub(super) fn saw(&mut self, author: AuthorId, newest: (Time, Seq), regard: Regard) {
        self.steps += 1;
        if regard.from_ms == 0 {
            return self.ready(author, newest, regard);
        }
        let seen = self.of.entry(author).or_default();
        let before = seen.resting.replace(Resting { newest, regard });
        if let Some(before) = before {
            self.due.remove(&(before.regard.from_ms, author));
            let act = regard.act || before.regard.act;
            seen.resting = Some(Resting { newest: newest.max(before.newest), regard: Regard { act, ..regard } });
        }
        self.due.insert((regard.from_ms, author));
    }

    fn ready(&mut self, author: AuthorId, newest: (Time, Seq), regard: Regard) {
        let seen = self.of.entry(author).or_default();
        match seen.newest {
            Some(before) if before >= newest && seen.spared_by.is_some() => return,
            Some(_) => seen.queued(author).iter().for_each(|queued| _ = self.next.remove(queued)),
            None => {}
        }
        let newest = seen.newest.map_or(newest, |before| newest.max(before));
        seen.newest = Some(newest);
        seen.act |= regard.act;
        if let Some(by) = seen.spared_by.take() {
            self.spares.remove(&(by, author));
        }
        if regard.named {
            self.next.extend(seen.queued(author));
        }
    }

    /// Our next entries name an entry of `by` that names these.
    pub(super) fn spare(&mut self, by: AuthorId, named: &[(AuthorId, Seq)]) {
        let queued = self.of.get(&by).and_then(|seen| seen.queued(by));
        if queued.is_none_or(|queued| !self.next.contains(&queued)) {
            return;
        }
        for (author, up_to) in named.iter().filter(|(author, _)| *author != by) {
            self.steps += 1;
            let Some(seen) = self.of.get_mut(author) else { continue };
            let Some(queued) = seen.queued(*author).filter(|_| seen.newest.is_some_and(|(_, seq)| seq <= *up_to))
            else {
                continue;
            };
            if self.next.remove(&queued) {
                seen.spared_by = Some(by);
                self.spares.insert((by, *author));
            }
        }
    }

    /// What an author spared us is named after all.
    pub(super) fn spare_no_more(&mut self, by: &AuthorId) {
        for author in self.end_spares(by) {
            self.next.extend(self.of.get(&author).and_then(|seen| seen.queued(author)));
        }
    }

    /// Nobody is spared by an author any more; returns who was.
    fn end_spares(&mut self, by: &AuthorId) -> Vec<AuthorId> {
        let pairs = self.spares.range((*by, AuthorId([0; 32]))..=(*by, AuthorId([0xff; 32])));
        let spared: Vec<_> = pairs.map(|(_, author)| *author).collect();
        for author in &spared {
            self.steps += 1;
            self.spares.remove(&(*by, *author));
            self.of.get_mut(author).into_iter().for_each(|seen| seen.spared_by = None);
        }
        spared
    }

    /// Entries that have rested long enough may be named.
    pub(super) fn rested(&mut self, now_ms: u64) {
        while let Some((_, author)) = self.due.first().copied().filter(|(due_ms, _)| *due_ms <= now_ms) {
            self.due.pop_first();
            let resting = self.of.get_mut(&author).and_then(|seen| seen.resting.take());
            resting.into_iter().for_each(|resting| self.ready(author, resting.newest, resting.regard));
        }
        while let Some((_, author)) = self.ends.first().copied().filter(|(ends_ms, _)| *ends_ms <= now_ms) {
            self.ends.pop_first();
            self.rests.remove(&author);
        }
    }

    /// The author of the newest entry that may be named; of the newest act, if there is one.
    pub(super) fn newest(&self) -> Option<AuthorId> {
        self.next.last().map(|(.., author)| *author)
    }

    /// Takes the entry of an author that may be named, to name it now.
    pub(super) fn take(&mut self, author: &AuthorId) -> Option<Seq> {
        self.steps += 1;
        let seen = self.of.get_mut(author)?;
        let queued = seen.queued(*author);
        let (newest, spared_by) = (seen.newest.take(), seen.spared_by.take());
        seen.act = false;
        if seen.resting.is_none() {
            self.of.remove(author);
        }
        spared_by.into_iter().for_each(|by| _ = self.spares.remove(&(by, *author)));
        let (_, seq) = newest?;
        queued.iter().for_each(|queued| _ = self.next.remove(queued));
        self.end_spares(author);
        Some(seq)
    }

    /// Forgets what we saw of an author.
    pub(super) fn forget(&mut self, author: &AuthorId) {
        self.spare_no_more(author);
        self.take(author);
        let resting = self.of.remove(author).and_then(|seen| seen.resting);
        resting.into_iter().for_each(|resting| _ = self.due.remove(&(resting.regard.from_ms, *author)));
        let rest = self.rests.remove(author);
        rest.into_iter().for_each(|rest| _ = self.ends.remove(&(rest.until_ms, *author)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Writer, admit};

    const AT_ONCE: Regard = Regard { named: true, from_ms: 0, act: false };

    fn id(number: u64) -> AuthorId {
        let mut id = [0; 32];
        id[..8].copy_from_slice(&number.to_be_bytes());
        AuthorId(id)
    }

    fn named(names: &mut Names, now_ms: u64) -> Vec<(AuthorId, Seq)> {
        names.rested(now_ms);
        std::iter::from_fn(|| {
            let author = names.newest()?;
            names.take(&author).map(|seq| (author, seq))
        })
        .collect()
    }

    #[test]
    fn what_came_without_its_causes_is_named_when_it_has_rested() {
        let (mut loose, mut other) = (Writer::new(1), Writer::new(2));
        let (below, far) = (admit(&loose.write(1, "x")), admit(&loose.write(1, "x")));
        let follows = admit(&other.write_seen(vec![vec![(loose.id(), 1)]], "x"));
        let apart = admit(&Writer::new(3).write_seen(vec![vec![(loose.id(), 0)]], "x"));
        let mut names = Names::default();
        for (run, from, rests) in
            [(&below, None, 0), (&far, Some(1), REST_MS), (&follows, None, REST_MS), (&apart, None, 0)]
        {
            let entry = run.first();
            let from_ms = names.shown(entry, from, 0);
            assert_eq!(from_ms, rests);
            names.saw(entry.author, (entry.time, entry.seq), Regard { named: true, from_ms, act: false });
        }
        let mut at_once = vec![(loose.id(), 0), (apart.author(), 0)];
        at_once.sort();
        let mut first = named(&mut names, REST_MS - 1);
        first.sort();
        assert_eq!(first, at_once);
        let mut later = vec![(loose.id(), 1), (other.id(), 0)];
        later.sort();
        let mut rested = named(&mut names, REST_MS);
        rested.sort();
        assert_eq!(rested, later);
        assert!(names.of.is_empty() && names.rests.is_empty() && names.due.is_empty() && names.ends.is_empty());
    }

    #[test]
    fn a_burst_is_named_a_second_after_its_end_and_so_is_what_follows_from_it() {
        let (mut fast, mut other) = (Writer::new(1), Writer::new(2));
        let mut names = Names::default();
        for at in 0..=2 * BURST {
            let entry = admit(&fast.write(1, "x")).first().clone();
            let from_ms = names.shown(&entry, None, 10 + at);
            assert_eq!(from_ms, if at < BURST { 0 } else { 10 + at + BURST_MS });
            names.saw(entry.author, (entry.time, entry.seq), Regard { named: true, from_ms, act: false });
        }
        let follows = admit(&other.write_seen(vec![vec![(fast.id(), BURST)]], "x")).first().clone();
        let from_ms = names.shown(&follows, None, 100);
        names.saw(follows.author, (follows.time, 0), Regard { named: true, from_ms, act: false });
        let end_ms = 10 + 2 * BURST + BURST_MS;
        assert_eq!(named(&mut names, end_ms - 1), [(fast.id(), BURST - 1)], "what came before the burst");
        let mut later = vec![(fast.id(), 2 * BURST), (other.id(), 0)];
        later.sort();
        let mut rested = named(&mut names, end_ms);
        rested.sort();
        assert_eq!(rested, later);
    }

    /// Shows a line of a writer that names these, and what our next entry would name then.
    fn say(names: &mut Names, writer: &mut Writer, seen: Vec<(AuthorId, Seq)>) -> (AuthorId, Seq) {
        let run = admit(&writer.write_seen(vec![seen], "x"));
        let entry = run.first();
        names.saw(entry.author, (entry.time, entry.seq), AT_ONCE);
        names.spare(entry.author, &entry.seen);
        (entry.author, entry.seq)
    }

    #[test]
    fn what_a_named_entry_names_need_not_be_named() {
        let (mut names, [mut ann, mut bob, mut carl]) = (Names::default(), [1, 2, 3].map(Writer::new));
        let before = say(&mut names, &mut ann, vec![]);
        let after = say(&mut names, &mut bob, vec![before]);
        let beside = say(&mut names, &mut carl, vec![before]);
        let mut both = vec![after, beside];
        both.sort();
        let mut named_now = named(&mut names, 0);
        named_now.sort();
        assert_eq!(named_now, both);
        // It is named to whom an entry is addressed to, and when there is news of its author.
        assert_eq!((names.take(&before.0), names.take(&before.0)), (Some(before.1), None));
        let news = say(&mut names, &mut ann, vec![after, beside]);
        let older = say(&mut names, &mut bob, vec![before]);
        let mut both = vec![news, older];
        both.sort();
        let mut named_now = named(&mut names, 0);
        named_now.sort();
        assert_eq!(named_now, both, "Bob named the entry before the news");
        assert!(names.next.is_empty() && names.spares.is_empty() && names.of.len() <= 3);
    }

    #[test]
    fn what_a_forked_log_spared_us_is_named_after_all() {
        let (mut names, [mut ann, mut bob]) = (Names::default(), [1, 2].map(Writer::new));
        let before = say(&mut names, &mut ann, vec![]);
        let after = say(&mut names, &mut bob, vec![before]);
        names.spare_no_more(&after.0);
        assert!(names.spares.is_empty());
        let mut both = vec![before, after];
        both.sort();
        let mut named_now = named(&mut names, 0);
        named_now.sort();
        assert_eq!(named_now, both);
        let before = say(&mut names, &mut ann, vec![]);
        let after = say(&mut names, &mut bob, vec![before]);
        names.forget(&after.0);
        assert_eq!(named(&mut names, 0), [before]);
    }

    #[test]
    fn of_two_entries_that_name_each_other_one_is_named() {
        let (mut names, [mut ann, mut bob]) = (Names::default(), [1, 2].map(Writer::new));
        say(&mut names, &mut ann, vec![(bob.id(), 0)]);
        let (ann, bob) = (ann.id(), say(&mut names, &mut bob, vec![(ann.id(), 0)]).0);
        // An old line of hers that comes late is no news, and spares nobody.
        names.saw(ann, (Time::default(), 0), AT_ONCE);
        names.spare(ann, &[(bob, 9)]);
        assert_eq!(named(&mut names, 0), [(bob, 0)]);
    }

    #[test]
    fn acts_are_named_before_words_and_the_newest_of_each_first() {
        let mut names = Names::default();
        for (number, ms, act) in [(1, 10, true), (2, 20, false), (3, 30, true), (4, 40, false), (1, 50, false)] {
            names.saw(id(number), (Time::from_ms(ms), ms), Regard { act, ..AT_ONCE });
        }
        assert_eq!(named(&mut names, 0), [(id(1), 50), (id(3), 30), (id(4), 40), (id(2), 20)]);
        assert_eq!(names.next.len(), 0);
    }

    #[test]
    fn what_is_forgotten_leaves_nothing() {
        let run = admit(&Writer::new(1).write(1, "x"));
        let mut names = Names::default();
        let from_ms = names.shown(run.first(), Some(0), 0);
        names.saw(run.author(), (run.first().time, 0), AT_ONCE);
        names.saw(run.author(), (run.first().time, 0), Regard { named: true, from_ms, act: false });
        names.forget(&run.author());
        assert!(names.of.is_empty() && names.next.is_empty() && names.due.is_empty());
        assert!(names.rests.is_empty() && names.ends.is_empty());
    }

    #[test]
    fn an_entry_costs_what_came_in_since_the_one_before() {
        let mut names = Names::default();
        (0..60_000).for_each(|number| names.saw(id(number), (Time::from_ms(number), 0), AT_ONCE));
        let before = names.steps();
        for number in 0..100 {
            names.rested(0);
            names.saw(id(number), (Time::from_ms(100_000 + number), 1), AT_ONCE);
            let author = names.newest().unwrap();
            assert_eq!((author, names.take(&author)), (id(number), Some(1)));
        }
        assert_eq!(names.steps() - before, 200);
    }
}
