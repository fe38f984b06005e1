//! Which time our words are stamped with, which words are too early to be shown, and whose clock looks wrong.
//!
//! Invariant: whatever others claim or stamp, an honest node never stamps more than a minute ([`UP_MS`] +
//! [`FOLLOW_MS`]) ahead of its own machine's clock, and it never holds an entry that is at most two minutes
//! ([`AHEAD_MS`]) ahead of that clock. So between machines whose clocks differ by less than a minute no entry is ever
//! held.
//!
//! - A *vote* is the clock that a proved author told us, in milliseconds ahead of ours. Each author has one vote, from
//!   its newest link. The vote is remembered when the link is gone.
//! - We *write* by the lowest clock among the votes and ours, raised by [`UP_MS`] at most. A node whose clock is behind
//!   comes up by that much, the others come down the rest, and they meet. A vote does not count if its author could not
//!   read us any time soon.
//! - We *follow* (count as seen, and stamp above) an entry that is at most [`FOLLOW_MS`] ahead of that. An entry
//!   further ahead is shown, but it is no cause of our own entries.
//! - In a closed room nobody can go on under another key, so everybody reads as far as its *owner* has governed: a clock
//!   behind the owner's last act that counts gives way to the lowest vote that is not, or to the act itself. So the
//!   invariant holds there with the owner's time in place of an earlier clock.
//! - Our clock is *refuted* when it is behind our own log, or before this program existed, and at least half of the
//!   votes agree with the log. Then we use the lowest of those votes in its place.

use std::collections::BTreeMap;

use crate::{
    defence,
    ids::{AuthorId, PeerId},
    limits::{AHEAD_MS, CLOCKS, FOLLOW_MS, LATER_MS, LEAVE_MS, RELEASED_MS, SKEW_MS, STEP_MS, UP_MS},
    time::{Now, Time},
};

/// How a clock differs from others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Skew {
    /// Milliseconds by which the other clock is ahead of ours; negative when it is behind.
    pub ms: i64,
    /// The owner of the clock that looks wrong.
    pub whose: Whose,
}

/// The owner of the clock that looks wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Whose {
    /// No clock: all agree.
    #[default]
    Nobodys,
    /// Ours: most others agree with each other, or it is behind our own log.
    Ours,
    /// This author's: others agree with us, or it is behind others' entries.
    Theirs(AuthorId),
    /// Ours or this author's: nothing tells which.
    Unclear(AuthorId),
}

/// The clock and author that the other end of a link reported.
#[derive(Clone, Copy, Debug, Default)]
struct Reading {
    author: Option<AuthorId>,
    offset_ms: Option<i64>,
}

/// The votes of others' clocks, and the time that follows from them. It outlives an engine whose author gets a new key.
#[derive(Clone, Debug, Default)]
pub struct Clock {
    links: BTreeMap<PeerId, Reading>,
    /// By author: how many milliseconds its clock is ahead of ours, and when it told us.
    votes: BTreeMap<AuthorId, (i64, u64)>,
    heard: u64,
    /// When the owner of a closed room governed last, in milliseconds.
    governed_ms: u64,
    /// Wall clock minus ticks when we looked last.
    base_ms: Option<i64>,
    /// The same before the clock was set back.
    before_ms: Option<i64>,
    skew: Skew,
    /// Ticks before which we leave no log again.
    leaves_ms: u64,
}

/// Why others cannot read our own log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stray {
    /// Our entries are too far ahead when they are stamped later than this, in milliseconds.
    pub(crate) after_ms: u64,
    /// Whether our own clock says so too.
    pub(crate) sure: bool,
}

impl Clock {
    /// Looks at the clock; returns whether somebody set it since the last look. The votes move along with it, so that
    /// they keep their meaning: after a machine slept they are wrong until its links are made anew.
    pub(crate) fn look(&mut self, now: Now) -> bool {
        let base = bounded(now.wall_ms) - bounded(now.ticks_ms);
        let step = self.base_ms.map_or(0, |before| base - before);
        if self.base_ms.is_some() && step.abs() < STEP_MS {
            return false;
        }
        if step < 0 {
            self.before_ms = self.before_ms.max(self.base_ms);
        }
        let set = self.base_ms.replace(base).is_some();
        self.votes.values_mut().for_each(|(offset, _)| *offset -= step);
        self.links.values_mut().filter_map(|told| told.offset_ms.as_mut()).for_each(|offset| *offset -= step);
        set
    }

    /// The clock at the other end of a link said `theirs_ms`.
    pub(crate) fn said(&mut self, peer: PeerId, theirs_ms: u64, now: Now) {
        if self.links.len() < CLOCKS || self.links.contains_key(&peer) {
            let told = self.links.entry(peer).or_default();
            told.offset_ms = Some(bounded(theirs_ms) - bounded(now.wall_ms));
            self.count(peer);
        }
    }

    /// This author proved to write at the other end of a link.
    pub(crate) fn proved(&mut self, peer: PeerId, author: AuthorId) {
        if self.links.len() < CLOCKS || self.links.contains_key(&peer) {
            self.links.entry(peer).or_default().author = Some(author);
            self.count(peer);
        }
    }

    /// A link is gone. The vote of its author is remembered.
    pub(crate) fn down(&mut self, peer: &PeerId) {
        self.links.remove(peer);
    }

    /// The owner of a closed room governed at this time, by its own clock.
    pub(crate) fn governed(&mut self, ms: u64) {
        self.governed_ms = ms;
    }

    /// Whether anybody's clock is known.
    pub(crate) fn is_told(&self) -> bool {
        !self.votes.is_empty()
    }

    fn count(&mut self, peer: PeerId) {
        let Some(Reading { author: Some(author), offset_ms: Some(offset_ms) }) = self.links.get(&peer).copied() else {
            return;
        };
        self.heard += 1;
        self.votes.insert(author, (offset_ms, self.heard));
        if self.votes.len() > CLOCKS {
            let linked = |author: &AuthorId| self.links.values().any(|told| told.author == Some(*author));
            let oldest = self.votes.iter().min_by_key(|(author, (_, heard))| (linked(author), *heard));
            oldest.map(|(author, _)| *author).map(|author| self.votes.remove(&author));
        }
    }

    /// The time by each vote.
    fn clocks(&self, wall_ms: u64) -> impl Iterator<Item = u64> {
        self.votes.values().map(move |(offset, _)| wall_ms.saturating_add_signed(*offset))
    }

    /// The time that our clock shows, or that the others agree on when it is refuted. `said_ms` is the time of our own
    /// last entry. An entry more than [`AHEAD_MS`] ahead of this time is held.
    pub(crate) fn now_ms(&self, now: Now, said_ms: u64) -> u64 {
        let ours_ms = self.refuted(now, said_ms).unwrap_or(now.wall_ms);
        if self.follows(ours_ms) {
            return ours_ms;
        }
        self.clocks(now.wall_ms).filter(|clock| self.follows(*clock)).min().unwrap_or(self.governed_ms)
    }

    /// Whether a clock is not behind the owner's last act.
    fn follows(&self, clock_ms: u64) -> bool {
        self.governed_ms <= clock_ms.saturating_add(AHEAD_MS)
    }

    fn refuted(&self, now: Now, said_ms: u64) -> Option<u64> {
        let went_on = self.before_ms.map_or(0, |base| u64::try_from(base + bounded(now.ticks_ms)).unwrap_or(0));
        let ours_ms = said_ms.max(went_on);
        let lowest = |least_ms: u64| self.clocks(now.wall_ms).filter(|clock| *clock >= least_ms).min();
        if now.wall_ms < RELEASED_MS && self.clocks(now.wall_ms).any(|clock| clock >= RELEASED_MS) {
            return lowest(RELEASED_MS.max(ours_ms.saturating_sub(AHEAD_MS))).or_else(|| lowest(RELEASED_MS));
        }
        if ours_ms <= now.wall_ms.saturating_add(AHEAD_MS) {
            return None;
        }
        let least_ms = ours_ms - AHEAD_MS;
        let agree = self.clocks(now.wall_ms).filter(|clock| *clock >= least_ms).count();
        if 2 * agree >= self.votes.len() { lowest(least_ms) } else { None }
    }

    /// The time to stamp our words with, if they follow nothing later than `last`.
    pub(crate) fn write_ms(&self, now: Now, said_ms: u64, last: Time) -> u64 {
        let ours_ms = self.now_ms(now, said_ms);
        let near = |clock: &u64| last.ms() <= clock.saturating_add(AHEAD_MS + LATER_MS) && self.follows(*clock);
        let Some(low_ms) = self.clocks(now.wall_ms).filter(near).min() else { return ours_ms };
        if !defence::is_on("clock-up") {
            return low_ms;
        }
        match low_ms >= ours_ms {
            true => low_ms.min(ours_ms.saturating_add(UP_MS)),
            false => ours_ms.min(low_ms.saturating_add(UP_MS)),
        }
    }

    /// Entries stamped up to this time count as causes of our own entries.
    pub(crate) fn reach_ms(&self, now: Now, said_ms: u64, last: Time) -> u64 {
        let follow_ms = if defence::is_on("follow") { FOLLOW_MS } else { AHEAD_MS };
        self.write_ms(now, said_ms, last).max(self.now_ms(now, said_ms)).saturating_add(follow_ms)
    }

    /// Whether our own log, whose head is stamped `said_ms`, is too far ahead to be read by the peers whose clocks we
    /// know: because our own clock says so too, or because none of them can read it.
    pub(crate) fn stray(&self, now: Now, said_ms: u64) -> Option<Stray> {
        let reads = |clock: &u64| clock.saturating_add(AHEAD_MS) >= said_ms;
        let blind = self.clocks(now.wall_ms).filter(|clock| !reads(clock)).min()?;
        if now.ticks_ms < self.leaves_ms {
            return None;
        }
        let ours_ms = self.now_ms(now, said_ms);
        if !reads(&ours_ms) {
            return Some(Stray { after_ms: ours_ms.saturating_add(AHEAD_MS), sure: true });
        }
        let nobody = !self.clocks(now.wall_ms).any(|clock| reads(&clock));
        let absurd = blind < RELEASED_MS && ours_ms >= RELEASED_MS;
        (nobody && !absurd).then(|| Stray { after_ms: blind.saturating_add(AHEAD_MS), sure: false })
    }

    /// We leave our log for a new key.
    pub(crate) fn leaves(&mut self, now: Now) {
        self.leaves_ms = now.ticks_ms + LEAVE_MS;
    }

    /// Authors whose clocks we know.
    pub(crate) fn knows(&self, author: &AuthorId) -> bool {
        self.votes.contains_key(author)
    }

    /// Returns whose clock looks wrong, when that has changed. `others_ms` is the newest time in the logs of authors
    /// whose clocks we do not know.
    pub(crate) fn judge(&mut self, now: Now, said_ms: u64, others_ms: u64) -> Option<Skew> {
        let skew = self.verdict(now, said_ms, others_ms);
        let changed = skew.whose != self.skew.whose || skew.ms.abs_diff(self.skew.ms) > SKEW_MS.unsigned_abs();
        if changed {
            self.skew = skew;
        }
        changed.then_some(skew)
    }

    fn verdict(&self, now: Now, said_ms: u64, others_ms: u64) -> Skew {
        if let Some(right_ms) = self.refuted(now, said_ms) {
            return Skew { ms: bounded(right_ms) - bounded(now.wall_ms), whose: Whose::Ours };
        }
        let linked = self.links.values().filter_map(|told| told.author);
        let mut votes: Vec<(i64, AuthorId)> =
            linked.filter_map(|author| Some((self.votes.get(&author)?.0, author))).collect();
        votes.sort_unstable();
        votes.dedup_by_key(|(_, author)| *author);
        let mut far: Vec<(i64, AuthorId)> = votes.iter().copied().filter(|(ms, _)| ms.abs() > SKEW_MS).collect();
        let near = votes.len() - far.len();
        far.sort_by_key(|(ms, _)| *ms);
        let Some((ms, author)) = far.get(far.len() / 2).copied() else { return Skew::default() };
        let alike = far.iter().filter(|(other, _)| other.abs_diff(ms) <= SKEW_MS.unsigned_abs()).count();
        let clock_ms = now.wall_ms.saturating_add_signed(ms);
        let behind = others_ms > clock_ms.saturating_add(AHEAD_MS) || clock_ms < RELEASED_MS.min(now.wall_ms);
        let whose = match () {
            () if alike > near + 1 => Whose::Ours,
            () if near >= alike || behind => Whose::Theirs(author),
            () => Whose::Unclear(author),
        };
        Skew { ms, whose }
    }
}

/// A time within the 48 bits of a stamp, so that sums of such times cannot overflow.
fn bounded(ms: u64) -> i64 {
    ms.min(1 << 48) as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    const T: u64 = RELEASED_MS + 1_000_000_000_000 / 8;
    const HOUR: i64 = 3_600_000;
    const YEAR: i64 = 365 * 24 * HOUR;

    fn at(wall_ms: u64) -> Now {
        Now { ticks_ms: 1_000_000, wall_ms }
    }

    fn voted(offsets: &[i64]) -> Clock {
        let mut clock = Clock::default();
        clock.look(at(T));
        for (number, offset) in offsets.iter().enumerate() {
            let id = [number as u8 + 1; 32];
            clock.said(PeerId(id), T.saturating_add_signed(*offset), at(T));
            clock.proved(PeerId(id), AuthorId(id));
        }
        clock
    }

    /// Milliseconds ahead of our own clock at which we write.
    fn writes(offsets: &[i64]) -> i64 {
        voted(offsets).write_ms(at(T), 0, Time::default()) as i64 - T as i64
    }

    #[test]
    fn what_others_say_lifts_a_clock_by_half_a_minute_at_most_and_lowers_it_to_where_all_can_read() {
        let up = UP_MS as i64;
        assert_eq!(writes(&[]), 0);
        assert_eq!(writes(&[5_000]), 5_000, "the lower comes up");
        assert_eq!(writes(&[HOUR]), up);
        assert_eq!(writes(&[YEAR, YEAR, YEAR, YEAR]), up);
        assert_eq!(writes(&[YEAR, YEAR, YEAR, YEAR, 0]), 0, "one who agrees with us is enough");
        assert_eq!(writes(&[-5_000]), 0, "it comes up itself");
        assert_eq!(writes(&[-HOUR]), up - HOUR);
        assert_eq!(writes(&[HOUR, -YEAR]), up - YEAR);
    }

    #[test]
    fn a_clock_behind_the_owner_gives_way_to_others_that_are_not_or_to_the_owner_alone() {
        let (owned, hour) = (T + HOUR as u64, HOUR as u64);
        let at_owner = |offsets: &[i64]| {
            let mut clock = voted(offsets);
            clock.governed(owned);
            let now_ms = clock.now_ms(at(T), 0);
            assert_eq!(clock.write_ms(at(T), 0, Time::default()), now_ms);
            now_ms
        };
        assert_eq!(at_owner(&[]), owned, "the owner is away");
        assert_eq!(at_owner(&[0, 0]), owned);
        assert_eq!(at_owner(&[HOUR + 5_000, 0, 0]), owned + 5_000);
        assert_eq!(voted(&[]).now_ms(at(T), T + hour), T, "our own log alone does not");
        let mut right = voted(&[-HOUR]);
        right.governed(T);
        assert_eq!(right.write_ms(at(T), 0, Time::default()), T, "who could not read the owner lowers nothing");
    }

    #[test]
    fn a_pair_meets_however_far_apart() {
        for apart in [0, 1_000, 59_000, 61_000, HOUR, YEAR] {
            let (ahead, behind) = (writes(&[-apart]) + apart, writes(&[apart]));
            assert_eq!(ahead, behind, "{apart}");
        }
    }

    #[test]
    fn who_could_not_read_what_was_said_already_lowers_nothing() {
        let clock = voted(&[-HOUR]);
        assert_eq!(clock.write_ms(at(T), 0, Time::from_ms(T)), T);
    }

    #[test]
    fn an_author_has_one_vote_however_many_links() {
        let mut clock = voted(&[]);
        for link in 0..4 {
            clock.said(PeerId([link; 32]), T - 1_000, at(T));
            clock.proved(PeerId([link; 32]), AuthorId([9; 32]));
        }
        assert_eq!(clock.votes.len(), 1);
        clock.said(PeerId([7; 32]), 0, at(T));
        assert_eq!(clock.votes.len(), 1, "and none who proved nothing");
    }

    #[test]
    fn a_clock_behind_our_own_log_gives_way_to_others_that_agree_with_the_log() {
        let decade = (10 * YEAR) as u64;
        let clock = voted(&[10 * YEAR]);
        let now = at(T);
        assert_eq!(clock.now_ms(now, T + decade), T + decade);
        assert_eq!(clock.now_ms(now, 0), T, "a fresh log says nothing");
        assert_eq!(voted(&[0]).now_ms(now, T + decade), T, "the log was ahead");
        assert_eq!(voted(&[0, 0, 10 * YEAR]).now_ms(now, T + decade), T);
    }

    #[test]
    fn a_clock_that_is_set_back_is_told_from_one_that_is_set_right() {
        let mut clock = voted(&[0]);
        let back = Now { ticks_ms: 1_060_000, wall_ms: T - 10 * YEAR as u64 };
        assert!(clock.look(back));
        assert_eq!(clock.now_ms(back, 0), T + 60_000);
        let mut clock = voted(&[-HOUR]);
        let right = Now { ticks_ms: 1_000_000, wall_ms: T - HOUR as u64 };
        assert!(clock.look(right));
        assert_eq!(clock.now_ms(right, 0), right.wall_ms);
        assert!(!clock.look(Now { ticks_ms: 1_500_000, wall_ms: right.wall_ms + 500_300 }), "clocks drift");
    }

    #[test]
    fn a_log_is_left_when_our_clock_agrees_or_nobody_can_read_it() {
        let ahead = T + HOUR as u64;
        let stray = |offsets: &[i64], said_ms| voted(offsets).stray(at(T), said_ms);
        assert_eq!(stray(&[], ahead), None, "no proved peer shows it");
        assert_eq!(stray(&[0], ahead), Some(Stray { after_ms: T + AHEAD_MS, sure: true }));
        assert_eq!(stray(&[HOUR], ahead), None, "our clock is behind");
        assert_eq!(stray(&[0], T), None);
        let after_ms = T - HOUR as u64 + AHEAD_MS;
        assert_eq!(stray(&[-HOUR], T), Some(Stray { after_ms, sure: false }));
        assert_eq!(stray(&[-HOUR, 0], T), None, "somebody can read it");
        assert_eq!(stray(&[-30 * YEAR], T), None, "no program of this kind ran then");
    }

    #[test]
    fn whose_clock_looks_wrong() {
        let judged = |offsets: &[i64], others_ms| voted(offsets).verdict(at(T), T, others_ms);
        let (first, last) = (AuthorId([1; 32]), AuthorId([3; 32]));
        assert_eq!(judged(&[20_000, -20_000], 0), Skew::default(), "seconds are not worth a word");
        assert_eq!(judged(&[HOUR], 0), Skew { ms: HOUR, whose: Whose::Unclear(first) });
        assert_eq!(judged(&[-HOUR], T), Skew { ms: -HOUR, whose: Whose::Theirs(first) });
        assert_eq!(judged(&[0, 0, HOUR], 0), Skew { ms: HOUR, whose: Whose::Theirs(last) });
        assert_eq!(judged(&[HOUR, HOUR], 0), Skew { ms: HOUR, whose: Whose::Ours });
        assert_eq!(judged(&[YEAR, YEAR, YEAR, YEAR, 0], 0).whose, Whose::Ours, "whoever is right: told");
    }

    #[test]
    fn hostile_clocks_overflow_nothing_and_are_bounded() {
        let mut clock = Clock::default();
        let now = Now { ticks_ms: u64::MAX, wall_ms: 0 };
        clock.look(now);
        for number in 0..2 * CLOCKS as u64 {
            let mut id = [0; 32];
            id[..8].copy_from_slice(&number.to_be_bytes());
            clock.said(PeerId(id), u64::MAX, now);
            clock.proved(PeerId(id), AuthorId(id));
            clock.down(&PeerId(id));
        }
        assert_eq!(clock.votes.len(), CLOCKS);
        clock.look(Now { ticks_ms: 0, wall_ms: u64::MAX });
        assert!(clock.write_ms(Now::default(), u64::MAX, Time::default()) < u64::MAX);
        clock.verdict(Now::default(), u64::MAX, u64::MAX);
    }
}
