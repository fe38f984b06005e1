//! Delegation: every push hands over a part of the id space.
//!
//! A rumor has to reach n peers, which takes n-1 copies, and log n hops if the receivers share the work. A tree does
//! both, but a tree that is kept up has to be repaired. Here each rumor draws its own tree from the peers' ids, as a
//! broadcast does in a prefix-routed overlay (El-Ansary et al. 2003; Rowstron and Druschel 2001):
//!
//! ```text
//! ids are read as digits of three bits; `part` is a number of leading digits, see [`crate::frame::Push`]
//!
//! I am 263...           I write: part 0, everybody is mine to tell
//!   0.. 1.. 3.. ... 7..   one contact in each of these branches gets the rumor and part 1: all in its branch
//!   20. 21. 22. ... 27.   one contact in each of these gets part 2
//!   260 261 262 264 ...   ... part 3, and so on, until nobody I have a link with shares more digits
//!
//! Contact 517... was handed part 1: all of 5.. are its to tell
//!   50. 52. 53. ... 57.   one contact in each gets part 2
//!   510 511 512 513 ...   ... part 3, and so on
//! ```
//!
//! The parts handed over are disjoint and together make up the part received. So everybody is told exactly once if
//! everybody has a link into every branch where there is anyone: the [`View`] keeps those links. A peer is linked with
//! its whole neighbourhood, the largest part of the id space around it that holds few enough peers. So where a part
//! ends in a neighbourhood nothing needs handing over any more: all peers in it are told directly, with [`NOBODY`] as
//! the part. A full mesh is the neighbourhood of no digits, and the writer tells everybody. Before that each hop
//! settles at least one digit: two hops for 100 peers, three for 1,000. Of several contacts in a branch the one that
//! answers soonest is handed the part.
//!
//! With a fixed view ids say nothing about links, and a rumor goes to all links except the one it came by.
//!
//! Latency can be traded for frames: with [`Delegating::gather_ms`] a peer that has to tell others gathers for that
//! long what there is to tell. In a mesh, where everybody tells everybody, that alone saves little. So the writer hands
//! all it has gathered to one other peer, the *relay*, which gathers what comes from all writers and tells everybody.
//! The relay follows from the time of the entry, and changes every `RELAY_MS`: no peer is a hub. If a relay does not
//! answer, the writer tells everybody itself.
//!
//! What can go wrong, and what is done:
//!
//! - *A contact is dead or slow:* its part goes to another contact in the same branch, as soon as the link breaks or
//!   three measured round trips go by without an answer. A receiver that knows the rumor already still takes over the
//!   part that it had not been handed before, and only that.
//! - *A contact lies, a branch has no contact, a view is wrong:* a peer that gets something new announces its head, an
//!   author and a number, to a few random links a little later. A peer that lacks it asks.
//! - *Many are dead at once, or many lie:* a peer that finds that a rumor misses peers, because nobody in a branch
//!   answers or because it got something otherwise, announces it to all links. So the announcement floods what is left
//!   of the room, at ten bytes a link.
//! - *All that fails:* anti-entropy.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::{
    frame::Frame,
    frontier::Branch,
    ids::{AuthorId, PeerId, Seq},
    limits::{GATHERED_RUNS, HEADS, PUSH_TRIES, RECEIPT_MS, TOLD_RUNS},
    random::Random,
    run::RawRun,
    turn::Turn,
    view::{View, branch::branch},
};

use super::{
    Source, Spread,
    awaited::{Awaited, Sent},
    hot::{Hot, portions},
};

/// The part of the id space that holds nobody but the receiver.
pub const NOBODY: u8 = Branch::DEEPEST;

/// The part of the id space that holds everybody: its receiver is a relay.
const EVERYBODY: u8 = 0;

/// Milliseconds, by the time of entries, for which one peer is the relay.
const RELAY_MS: u64 = 10_000;

/// Bounds of the pause before heads are announced. Two round trips let a rumor cross four more links first; below 100
/// ms announcements of the same head to the same peer are no longer batched. In a mesh, where the writer has told
/// everybody it knows of, the pause is always the longest.
const ANNOUNCE_MS: (u64, u64) = (100, 2_000);

/// The most heads that are announced to all links at once, 320 bytes each; a peer that comes back after a day and
/// catches up with more does not tell all of it to everybody.
const ALARM_HEADS: usize = 32;

/// Parameters of delegation.
#[derive(Clone, Debug, PartialEq)]
pub struct Delegating {
    /// How many links are told the head of what is new here.
    pub announced: usize,
    /// Milliseconds for which the writer, and every peer that was handed a part, gathers what it has to tell.
    pub gather_ms: u64,
}

impl Default for Delegating {
    /// Two, at ten bytes each: then about two announcements reach every peer, and of the peers that a rumor missed one
    /// in seven (e^-2) gets none.
    fn default() -> Self {
        Self { announced: 2, gather_ms: 0 }
    }
}

/// Depths of branches: the branches of a part all lie below its number of digits.
type Depths = std::ops::RangeInclusive<u8>;

/// What we keep on a rumor until every push that handed over a part of it is answered.
#[derive(Debug, Default)]
struct Telling {
    /// How many pushes are not answered.
    open: usize,
    /// The peers that answered.
    having: BTreeSet<PeerId>,
}

/// Runs to tell to all peers in the branches at some depths.
struct Gathered {
    runs: Vec<RawRun>,
    depths: Depths,
    from: Option<Source>,
}

/// The rumors whose pushes are not all answered, and what was told lately.
pub(super) struct Delegate {
    policy: Delegating,
    me: PeerId,
    gathered: Vec<Gathered>,
    /// When the gathered runs are told.
    tell_ms: Option<u64>,
    hot: Hot<Telling>,
    awaited: Awaited,
    told: Reached,
    news: News,
}

impl Delegate {
    pub(super) fn new(policy: Delegating, me: PeerId) -> Self {
        Self {
            policy,
            me,
            gathered: Vec::new(),
            tell_ms: None,
            hot: Hot::new(),
            awaited: Awaited::new(),
            told: Reached::default(),
            news: News::default(),
        }
    }

    /// The part that we take over with a push. No peer hands over a part that it lies in itself, so the part is at most
    /// the branch in which the sender sees us, unless we are its relay.
    fn taken_over(&self, from: Source) -> u8 {
        if from.part == EVERYBODY && self.policy.gather_ms > 0 {
            return EVERYBODY;
        }
        from.part.clamp(branch(&from.peer, &self.me).depth(), NOBODY)
    }

    /// Tells all peers in the branches at these depths, now or when more has been gathered.
    fn gather(&mut self, runs: Vec<RawRun>, depths: Depths, from: Option<Source>, view: &View, turn: &mut Turn<'_>) {
        if self.policy.gather_ms == 0 || depths.is_empty() {
            return self.tell(runs, depths, from, view, turn);
        }
        self.gathered.push(Gathered { runs, depths, from });
        let full = self.gathered.iter().map(|gathered| gathered.runs.len()).sum::<usize>() >= GATHERED_RUNS;
        let due_ms = if full { turn.now.ticks_ms } else { turn.now.ticks_ms + self.policy.gather_ms };
        self.tell_ms = Some(self.tell_ms.map_or(due_ms, |ms| ms.min(due_ms)));
    }

    /// Tells the gathered runs; those that were written here are left to a relay, if there is one.
    fn tell_gathered(&mut self, view: &View, turn: &mut Turn<'_>) {
        self.tell_ms = None;
        for Gathered { runs, depths, from } in std::mem::take(&mut self.gathered) {
            match relay(&self.me, &runs, view).filter(|_| from.is_none()) {
                Some(relay) => self.tell_these(runs, &[(relay, EVERYBODY)], 1, turn),
                None => self.tell(runs, depths, from, view, turn),
            }
        }
    }

    /// Tells all peers in the branches at these depths, except the source itself.
    fn tell(&mut self, runs: Vec<RawRun>, depths: Depths, from: Option<Source>, view: &View, turn: &mut Turn<'_>) {
        let targets = self.targets(depths, from.map(|from| from.peer), view, turn);
        let hops = from.map_or(0, |from| from.hops).saturating_add(1);
        self.tell_these(runs, &targets, hops, turn);
    }

    fn tell_these(&mut self, runs: Vec<RawRun>, targets: &[(PeerId, u8)], hops: u8, turn: &mut Turn<'_>) {
        if targets.is_empty() {
            return;
        }
        for runs in portions(runs) {
            let number = self.hot.insert(runs, hops, Telling::default());
            for &(to, part) in targets {
                let leisure_ms = if self.is_urgent(part) { 0 } else { RECEIPT_MS };
                let sent = Sent { to, rumors: vec![number], part, tried: Vec::new(), pulled: false, leisure_ms };
                self.push(sent, turn);
            }
        }
        while let Some(sent) = self.awaited.excess() {
            self.settle(&sent.rumors);
        }
    }

    /// Whom to tell, and what part to hand over to each.
    fn targets(&self, depths: Depths, source: Option<PeerId>, view: &View, turn: &mut Turn<'_>) -> Vec<(PeerId, u8)> {
        let links = view.branches().filter(|(peer, _)| source.is_none_or(|source| source != *peer));
        if view.is_fixed() {
            return links.map(|(peer, _)| (peer, NOBODY)).collect();
        }
        let mut told = Vec::new();
        let mut branches: BTreeMap<Branch, Vec<PeerId>> = BTreeMap::new();
        for (peer, branch) in links.filter(|(_, branch)| depths.contains(&branch.depth())) {
            match view.is_whole(branch) {
                true => told.push((peer, NOBODY)),
                false => branches.entry(branch).or_default().push(peer),
            }
        }
        let one = |(branch, peers): (Branch, Vec<PeerId>)| {
            Some((*self.awaited.quickest(&peers, turn.random)?, branch.depth()))
        };
        told.extend(branches.into_iter().filter_map(one));
        told
    }

    fn push(&mut self, sent: Sent, turn: &mut Turn<'_>) {
        for &number in &sent.rumors {
            if let Some(rumor) = self.hot.get_mut(number) {
                rumor.state.open += 1;
            }
        }
        super::push(sent, &self.hot, &mut self.awaited, turn);
    }

    /// We await one push fewer for these rumors; those for which we await none are done.
    fn settle(&mut self, rumors: &[u64]) {
        for &number in rumors {
            let Some(rumor) = self.hot.get_mut(number) else { continue };
            rumor.state.open = rumor.state.open.saturating_sub(1);
            if rumor.state.open == 0 {
                self.hot.remove(number);
            }
        }
    }

    /// Hands what `sent` handed over to another contact in the same branch, if there is one.
    fn hand_on(&mut self, mut sent: Sent, view: &View, turn: &mut Turn<'_>) {
        let rumors = sent.rumors.clone();
        let lost = branch(&self.me, &sent.to);
        sent.tried.push(sent.to);
        let others = view.branches().filter(|(peer, branch)| *branch == lost && !sent.tried.contains(peer));
        let others: Vec<_> = others.map(|(peer, _)| peer).collect();
        if sent.part == EVERYBODY {
            let runs = rumors.iter().filter_map(|number| self.hot.get(*number)).flat_map(|rumor| rumor.runs.clone());
            self.tell(runs.collect(), 1..=NOBODY, None, view, turn);
            return self.settle(&rumors);
        }
        let handed_over = sent.part < NOBODY && sent.tried.len() <= PUSH_TRIES;
        match self.awaited.quickest(&others, turn.random) {
            Some(&to) if handed_over => self.push(Sent { to, ..sent }, turn),
            _ if sent.part < NOBODY => self.give_up(&rumors, turn),
            _ => {}
        }
        self.settle(&rumors);
    }

    /// Nobody in a branch answers: perhaps all there are dead, perhaps others know somebody.
    fn give_up(&mut self, rumors: &[u64], turn: &mut Turn<'_>) {
        for rumor in rumors.iter().filter_map(|number| self.hot.get(*number)) {
            for run in &rumor.runs {
                self.news.add(run, None);
                rumor.state.having.iter().for_each(|peer| self.news.has(run, *peer));
            }
        }
        self.alarm(turn);
    }

    /// Lets what is new here be announced soon, and to all links.
    fn alarm(&mut self, turn: &mut Turn<'_>) {
        if self.policy.announced > 0 {
            let soon_ms = turn.now.ticks_ms + turn.random.jitter(ANNOUNCE_MS.0);
            self.news.due_ms = Some(self.news.due_ms.map_or(soon_ms, |ms| ms.min(soon_ms)));
            self.news.alarm = true;
        }
    }

    /// Tells random links the heads that are new here and that they are not known to have. In a mesh, where the writer
    /// has told everybody it knows of, one link is enough. All links are told if a rumor is known to have missed
    /// somebody.
    fn announce(&mut self, view: &View, turn: &mut Turn<'_>) {
        let news = std::mem::take(&mut self.news);
        let links: Vec<_> = view.active().collect();
        let count = match () {
            () if news.alarm && news.heads.len() <= ALARM_HEADS => links.len(),
            () if view.is_mesh() => self.policy.announced.min(1),
            () => self.policy.announced,
        };
        for to in turn.random.sample(links, count) {
            let heads: Vec<_> = news.unknown_to(&to).collect();
            if !heads.is_empty() {
                turn.send(to, Frame::Have { heads });
            }
        }
    }

    /// Remembers what is new here, to be announced two typical round trips later.
    fn remember(&mut self, runs: &[RawRun], source: Option<PeerId>, view: &View, turn: &mut Turn<'_>) {
        for run in runs {
            self.news.add(run, source);
        }
        if self.news.due_ms.is_none() && self.policy.announced > 0 {
            let mut round_trips: Vec<_> = view.active().map(|peer| self.awaited.round_trip_ms(&peer)).collect();
            round_trips.sort_unstable();
            let typical = round_trips.get(round_trips.len() / 2).copied().unwrap_or_default();
            let pause_ms = match view.is_mesh() {
                true => ANNOUNCE_MS.1,
                false => (2 * typical).clamp(ANNOUNCE_MS.0, ANNOUNCE_MS.1),
            };
            let pause_ms = pause_ms + 2 * self.policy.gather_ms;
            self.news.due_ms = Some(turn.now.ticks_ms + turn.random.jitter(pause_ms));
        }
    }
}

impl Spread for Delegate {
    fn hot(&mut self, runs: Vec<RawRun>, from: Option<Source>, view: &View, turn: &mut Turn<'_>) {
        let part = from.map_or(0, |from| self.taken_over(from));
        runs.iter().for_each(|run| self.told.note(run, part));
        self.remember(&runs, from.map(|from| from.peer), view, turn);
        if from.is_some_and(|from| from.hops == 0) && !view.is_mesh() {
            self.alarm(turn);
        }
        self.gather(runs, part + 1..=NOBODY, from, view, turn);
    }

    /// Tells what was told lately to that part of the id space that was not ours before. Anything older is a replay,
    /// and goes nowhere.
    fn known(&mut self, runs: Vec<RawRun>, from: Source, view: &View, turn: &mut Turn<'_>) {
        let part = self.taken_over(from);
        let mut more: BTreeMap<u8, Vec<RawRun>> = BTreeMap::new();
        for run in runs {
            self.news.has(&run, from.peer);
            if let Some(until) = self.told.widen(&run, part) {
                more.entry(until).or_default().push(run);
            }
        }
        for (until, runs) in more {
            self.tell(runs, part + 1..=until, Some(from), view, turn);
        }
    }

    fn untold(&mut self, run: &RawRun) {
        self.told.note(run, NOBODY);
    }

    fn ack(&mut self, from: PeerId, (push, _new): (u64, bool), _view: &View, turn: &mut Turn<'_>) {
        let Some((sent, _)) = self.awaited.answered(&from, push, turn.now.ticks_ms) else { return };
        for number in &sent.rumors {
            let Some(rumor) = self.hot.get_mut(*number) else { continue };
            rumor.state.having.insert(from);
            rumor.runs.iter().for_each(|run| self.news.has(run, from));
        }
        self.settle(&sent.rumors);
    }

    /// Delegating peers never pull, so there is nothing to answer.
    fn pull(&mut self, _from: PeerId, _turn: &mut Turn<'_>) {}

    /// Says again what a former link to the same peer carried last.
    fn up(&mut self, peer: PeerId, _view: &View, turn: &mut Turn<'_>) {
        for sent in self.awaited.lost(&peer) {
            let rumors = sent.rumors.clone();
            self.push(sent, turn);
            self.settle(&rumors);
        }
        self.awaited.greet(peer, turn.now.ticks_ms);
    }

    fn is_urgent(&self, part: u8) -> bool {
        part != EVERYBODY && part < NOBODY
    }

    fn greeted(&mut self, peer: &PeerId, now_ms: u64) {
        self.awaited.greeted(peer, now_ms);
    }

    fn down(&mut self, peer: PeerId, view: &View, turn: &mut Turn<'_>) {
        for sent in self.awaited.lost(&peer) {
            self.hand_on(sent, view, turn);
        }
    }

    fn wake(&mut self, view: &View, turn: &mut Turn<'_>) {
        while let Some(sent) = self.awaited.late(turn.now.ticks_ms) {
            self.hand_on(sent, view, turn);
        }
        if self.tell_ms.is_some_and(|ms| ms <= turn.now.ticks_ms) {
            self.tell_gathered(view, turn);
        }
        if self.news.due_ms.is_some_and(|ms| ms <= turn.now.ticks_ms) {
            self.announce(view, turn);
        }
    }

    fn next_deadline(&self) -> Option<u64> {
        [self.news.due_ms, self.tell_ms, self.awaited.next_deadline()].into_iter().flatten().min()
    }
}

/// The relay, in a mesh, of a run written now: of us and all links, the peer whose id is nearest to a number that
/// follows from the time; `None` if that is us.
fn relay(me: &PeerId, runs: &[RawRun], view: &View) -> Option<PeerId> {
    let ms = runs.last()?.entries().last()?.time.ms();
    let place = Random::new(ms / RELAY_MS).number();
    let all = view.active().chain([*me]);
    all.min_by_key(|peer| peer.prefix() ^ place).filter(|peer| view.is_mesh() && peer != me)
}

/// For the runs that were told last, the smallest number of digits of a part to which they were told.
#[derive(Debug, Default)]
struct Reached {
    parts: BTreeMap<(AuthorId, Seq), u8>,
    order: VecDeque<(AuthorId, Seq)>,
}

impl Reached {
    fn note(&mut self, run: &RawRun, part: u8) {
        let key = (run.author(), run.last());
        if let Some(told) = self.parts.get_mut(&key) {
            *told = part.min(*told);
            return;
        }
        self.parts.insert(key, part);
        self.order.push_back(key);
        if self.order.len() > TOLD_RUNS
            && let Some(oldest) = self.order.pop_front()
        {
            self.parts.remove(&oldest);
        }
    }

    /// Notes that a run is to be told to all of `part`; returns down to which depth that is still to be done, if there
    /// is anything to do.
    fn widen(&mut self, run: &RawRun, part: u8) -> Option<u8> {
        let told = self.parts.get_mut(&(run.author(), run.last())).filter(|told| part < **told)?;
        Some(std::mem::replace(told, part))
    }
}

/// The newest head of each author of whom something is new here, and the peers that are known to have it.
#[derive(Debug, Default)]
struct News {
    heads: BTreeMap<AuthorId, (Seq, BTreeSet<PeerId>)>,
    due_ms: Option<u64>,
    /// Whether a rumor is known to have missed somebody.
    alarm: bool,
}

impl News {
    /// Past the bound, further authors are left to anti-entropy.
    fn add(&mut self, run: &RawRun, source: Option<PeerId>) {
        let full = self.heads.len() >= HEADS;
        let newest = self.heads.get(&run.author()).map(|(seq, _)| *seq);
        if newest.is_some_and(|seq| seq >= run.last()) || (newest.is_none() && full) {
            return;
        }
        self.heads.insert(run.author(), (run.last(), source.into_iter().collect()));
    }

    fn has(&mut self, run: &RawRun, peer: PeerId) {
        if let Some((seq, having)) = self.heads.get_mut(&run.author())
            && *seq <= run.last()
        {
            having.insert(peer);
        }
    }

    fn unknown_to<'a>(&'a self, peer: &'a PeerId) -> impl Iterator<Item = (u64, Seq)> + 'a {
        let heads = self.heads.iter().filter(move |(_, (_, having))| !having.contains(peer));
        heads.map(|(author, (seq, _))| (author.prefix(), *seq))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        entry::{Body, Kind, RawEntry},
        ids::EntryId,
        time::Time,
    };

    fn line(author: u64, seq: Seq) -> RawRun {
        let mut id = AuthorId::default();
        id.0[..8].copy_from_slice(&author.to_be_bytes());
        let entry = RawEntry { time: Time::from_ms(1), seen: vec![], kind: Kind::TEXT, body: Body::Here("".into()) };
        RawRun::new(id, seq, EntryId::default(), vec![entry], None).unwrap()
    }

    #[test]
    fn what_was_told_is_forgotten_oldest_first() {
        let mut told = Reached::default();
        for seq in 0..=TOLD_RUNS as u64 {
            told.note(&line(1, seq), 2);
            told.note(&line(1, seq), 2);
        }
        assert_eq!((told.parts.len(), told.order.len()), (TOLD_RUNS, TOLD_RUNS));
        assert_eq!(told.widen(&line(1, 0), 1), None);
        assert_eq!(told.widen(&line(1, 1), 2), None);
        assert_eq!(told.widen(&line(1, 1), 1), Some(2));
        assert_eq!(told.widen(&line(1, 1), 1), None);
        told.note(&line(2, 0), NOBODY);
        assert_eq!(told.widen(&line(2, 0), 3), Some(NOBODY), "what was told to nobody is told by who is handed a part");
    }

    #[test]
    fn news_hold_the_last_head_of_as_many_authors_as_fit_a_frame() {
        let mut news = News::default();
        let peer = PeerId([1; 32]);
        for author in 0..2 * HEADS as u64 {
            news.add(&line(author, 5), None);
            news.add(&line(author, 4), None);
        }
        assert_eq!(news.heads.len(), HEADS);
        assert!(news.unknown_to(&peer).all(|(_, seq)| seq == 5));
        news.has(&line(0, 4), peer);
        assert_eq!(news.unknown_to(&peer).count(), HEADS, "an older one is not the head");
        news.has(&line(0, 5), peer);
        assert_eq!(news.unknown_to(&peer).count(), HEADS - 1);
        news.add(&line(0, 6), None);
        assert_eq!(news.unknown_to(&peer).count(), HEADS, "and a newer one is new again");
    }
}
