//! Bodies that entries came without.
//!
//! A header vouches for its body by a hash, so an entry can come without its body: its author may have retracted it, or
//! a peer may keep bodies for a shorter time. A peer may also drop bodies to make others lose them. So a node asks
//! again for every body whose absence nothing here explains: it asks one linked peer after the other, with growing
//! pauses, by an ordinary want for that entry alone. It takes a body from any peer if the hash is the one that the
//! header names.
//!
//! Invariant: every linked peer is asked for the body until it says that it holds the entry without a body too.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    admit::{Entry, Run},
    defence,
    entry::Kind,
    frame::Range,
    ids::{AuthorId, PeerId, Seq},
    input::{Bare, Event, Output},
    limits::{BODIES, BODY_MS, BODY_PAUSE_MS, FOUNDER_SHARE, RANGES, WANT_MS},
    run::RawRun,
    turn::Turn,
};

type Key = (AuthorId, Seq);

/// A body that is looked for.
#[derive(Debug)]
struct Wanted {
    hash: [u8; 32],
    /// Peers that hold the entry without it.
    without: BTreeSet<PeerId>,
    /// Whether every linked peer is among them.
    lost: bool,
    tries: u32,
    due_ms: u64,
}

/// Wanted bodies, and the peers that were asked for each.
#[derive(Debug)]
pub(crate) struct Bodies {
    wanted: BTreeMap<Key, Wanted>,
    /// How many of the wanted bodies are lost.
    lost: u64,
    /// How many more bodies the store wants.
    beyond: u64,
    asked: BTreeMap<u64, (PeerId, Vec<Key>)>,
    due: BTreeSet<(u64, Key)>,
    /// When the store is asked which bodies it wants.
    look_ms: Option<u64>,
}

impl Bodies {
    /// No body is known to be wanted; the store is asked at `look_ms`.
    pub(crate) fn new(look_ms: Option<u64>) -> Self {
        Self { wanted: BTreeMap::new(), lost: 0, beyond: 0, asked: BTreeMap::new(), due: BTreeSet::new(), look_ms }
    }

    /// Entries were shown. The store may want other bodies now if one of them came without its body or retracts
    /// something.
    pub(crate) fn shown(&mut self, run: &Run, now_ms: u64) {
        let bare = |entry: &Entry| entry.body.bytes().is_none();
        let may_explain = |entry: &Entry| entry.kind == Kind::RETRACTION && !self.wanted.is_empty();
        if run.entries().iter().any(|entry| bare(entry) || may_explain(entry)) {
            self.look(now_ms);
        }
    }

    /// Asks the store before long which bodies it wants.
    pub(crate) fn look(&mut self, now_ms: u64) {
        self.look_ms.get_or_insert(now_ms + BODY_MS);
    }

    /// Bodies that are looked for and that some peer may still have.
    pub(crate) fn missing(&self) -> u64 {
        self.wanted.len() as u64 - self.lost + self.beyond
    }

    /// How many are looked for at once.
    pub(crate) fn len(&self) -> usize {
        self.wanted.len()
    }

    /// Whether every linked peer holds this entry without its body.
    pub(crate) fn is_lost(&self, author: AuthorId, seq: Seq) -> bool {
        self.wanted.get(&(author, seq)).is_some_and(|wanted| wanted.lost)
    }

    /// When the next one is asked for.
    pub(crate) fn next_deadline(&self) -> Option<u64> {
        let due_ms = self.due.first().map(|(due_ms, _)| *due_ms);
        [self.look_ms, due_ms].into_iter().flatten().min()
    }

    /// The store wants `all` bodies; `bare` are the newest of them.
    pub(crate) fn tell(&mut self, bare: Vec<Bare>, all: u64, now_ms: u64) {
        if !defence::is_on("bodies-wanted") {
            return;
        }
        let named: BTreeMap<Key, [u8; 32]> =
            bare.into_iter().take(BODIES).map(|bare| ((bare.author, bare.seq), bare.hash)).collect();
        let gone: Vec<Key> = self.wanted.keys().filter(|key| !named.contains_key(*key)).copied().collect();
        gone.iter().for_each(|key| self.forget(key));
        self.beyond = all.saturating_sub(named.len() as u64);
        for (key, hash) in named {
            if let std::collections::btree_map::Entry::Vacant(vacant) = self.wanted.entry(key) {
                let due_ms = now_ms + BODY_MS;
                vacant.insert(Wanted { hash, without: BTreeSet::new(), lost: false, tries: 0, due_ms });
                self.due.insert((due_ms, key));
            }
        }
    }

    fn forget(&mut self, key: &Key) {
        if let Some(wanted) = self.wanted.remove(key) {
            self.due.remove(&(wanted.due_ms, *key));
            self.lost -= u64::from(wanted.lost);
        }
    }

    fn put_off(&mut self, key: &Key, due_ms: u64) {
        if let Some(wanted) = self.wanted.get_mut(key) {
            self.due.remove(&(wanted.due_ms, *key));
            wanted.due_ms = due_ms;
            self.due.insert((due_ms, *key));
        }
    }

    /// A peer came. It may hold bodies that no other peer has.
    pub(crate) fn up(&mut self, peer: PeerId, turn: &mut Turn<'_>) {
        let keys: Vec<Key> = self.wanted.keys().copied().collect();
        for key in keys {
            if let Some(wanted) = self.wanted.get_mut(&key) {
                wanted.without.remove(&peer);
                wanted.tries = 0;
                if std::mem::take(&mut wanted.lost) {
                    self.lost -= 1;
                    turn.emit(Event::Filled { author: key.0, seq: key.1 });
                }
            }
            self.put_off(&key, turn.now.ticks_ms + BODY_MS);
        }
    }

    /// A peer went. Another peer is asked for the bodies that this one was asked for.
    pub(crate) fn down(&mut self, peer: PeerId, now_ms: u64) {
        self.wanted.values_mut().for_each(|wanted| _ = wanted.without.remove(&peer));
        let asked: Vec<u64> = self.asked.iter().filter(|(_, (of, _))| *of == peer).map(|(want, _)| *want).collect();
        for want in asked {
            let keys = self.asked.remove(&want).map(|(_, keys)| keys).unwrap_or_default();
            keys.iter().for_each(|key| self.put_off(key, now_ms));
        }
    }

    /// The bodies to ask for now, by the peer to ask. The caller passes the number of each want to [`Bodies::asked`]. The
    /// store may name so many `more` that are not to be asked for.
    pub(crate) fn due(&mut self, linked: &[PeerId], more: usize, turn: &mut Turn<'_>) -> Vec<(PeerId, Vec<Key>)> {
        let now_ms = turn.now.ticks_ms;
        let mut of: BTreeMap<PeerId, Vec<Key>> = BTreeMap::new();
        if self.look_ms.take_if(|look_ms| *look_ms <= now_ms).is_some() {
            turn.out.push(Output::Bare { most: BODIES + more });
        }
        while let Some((_, key)) = self.due.first().filter(|(due_ms, _)| *due_ms <= now_ms).copied() {
            let Some(wanted) = self.wanted.get_mut(&key) else {
                self.due.pop_first();
                continue;
            };
            let may: Vec<PeerId> = linked.iter().filter(|peer| !wanted.without.contains(*peer)).copied().collect();
            let pause_ms = (WANT_MS << wanted.tries.min(8)).min(BODY_PAUSE_MS);
            wanted.tries += 1;
            match turn.random.pick(&may) {
                Some(peer) if of.get(peer).is_none_or(|keys| keys.len() < RANGES) => {
                    of.entry(*peer).or_default().push(key);
                }
                Some(_) => {}
                None => {
                    let lost = !linked.is_empty();
                    if lost && !std::mem::replace(&mut wanted.lost, true) {
                        self.lost += 1;
                        turn.emit(Event::Filled { author: key.0, seq: key.1 });
                    }
                }
            }
            self.put_off(&key, now_ms.saturating_add(pause_ms.max(1)));
        }
        of.into_iter().collect()
    }

    /// The want of this number asked a peer for these bodies.
    pub(crate) fn asked(&mut self, want: u64, peer: PeerId, keys: Vec<Key>) {
        // An answer that is long overdue does not count.
        if self.asked.len() >= BODIES {
            self.asked.pop_first();
        }
        self.asked.insert(want, (peer, keys));
    }

    /// Runs came. Takes the wanted bodies from them, whichever peer brought them and for whatever reason.
    pub(crate) fn runs(&mut self, from: PeerId, runs: &[RawRun], turn: &mut Turn<'_>) {
        if self.wanted.is_empty() {
            return;
        }
        for run in runs {
            for (entry, seq) in run.entries().iter().zip(run.first()..) {
                let key = (run.author(), seq);
                let Some(wanted) = self.wanted.get_mut(&key) else { continue };
                match entry.body.bytes() {
                    Some(body) if entry.body.hash() == wanted.hash => {
                        turn.out.push(Output::Fill { author: key.0, seq, body: body.clone() });
                        // The body may vouch for somebody.
                        turn.out.push(Output::Vouches { author: key.0, most: FOUNDER_SHARE as usize / 2 });
                        turn.emit(Event::Filled { author: key.0, seq });
                        self.forget(&key);
                        if self.beyond > 0 {
                            self.look(turn.now.ticks_ms);
                        }
                    }
                    _ => _ = wanted.without.insert(from),
                }
            }
        }
    }

    /// Whether the store wants any body.
    pub(crate) fn wants(&self) -> bool {
        self.beyond > 0 || !self.wanted.is_empty()
    }

    /// A run was imported. Its bodies are no longer looked for, and the store is asked which bodies it still wants.
    pub(crate) fn imported(&mut self, run: &RawRun, turn: &mut Turn<'_>) {
        for (entry, seq) in run.entries().iter().zip(run.first()..) {
            let key = (run.author(), seq);
            let fits = |wanted: &Wanted| entry.body.bytes().is_some() && entry.body.hash() == wanted.hash;
            if self.wanted.get(&key).is_some_and(fits) {
                turn.out.push(Output::Vouches { author: key.0, most: FOUNDER_SHARE as usize / 2 });
                turn.emit(Event::Filled { author: key.0, seq });
                self.forget(&key);
            }
        }
        self.look_ms = Some(0);
    }

    /// A peer answered a want to its end. It does not have the bodies that did not come.
    pub(crate) fn done(&mut self, from: PeerId, want: u64, now_ms: u64) {
        let Some((_, keys)) = self.asked.remove(&want) else { return };
        for key in keys {
            if let Some(wanted) = self.wanted.get_mut(&key) {
                wanted.without.insert(from);
                self.put_off(&key, now_ms);
            }
        }
    }
}

/// The ranges of a want for these bodies.
pub(crate) fn ranges(keys: &[Key]) -> Vec<Range> {
    keys.iter().map(|(author, seq)| Range { author: author.prefix(), first: *seq, last: *seq }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Writer, turn};

    const LIAR: PeerId = PeerId([1; 32]);
    const FRIEND: PeerId = PeerId([2; 32]);
    const STEP_MS: u64 = 10 * BODY_PAUSE_MS;

    /// The bodies of a run, all of them wanted by the store.
    fn wanting(run: &RawRun) -> Bodies {
        let mut bodies = Bodies::new(None);
        let bare = run.entries().iter().zip(run.first()..).map(|(entry, seq)| Bare {
            author: run.author(),
            seq,
            hash: entry.body.hash(),
        });
        bodies.tell(bare.collect(), run.entries().len() as u64, 0);
        bodies
    }

    fn due(bodies: &mut Bodies, linked: &[PeerId], now_ms: u64) -> Vec<(PeerId, Vec<Key>)> {
        turn(now_ms, |turn| bodies.due(linked, 0, turn)).0
    }

    #[test]
    fn a_body_is_taken_from_anybody_when_it_is_the_one() {
        let mut writer = Writer::new(1);
        writer.write(1, "first");
        let mut other = writer.clone();
        let (run, wrong) = (writer.write(2, "hello"), other.write(2, "something else"));
        let blank = run.without_bodies().unwrap();
        let mut bodies = wanting(&run);
        for run in [&blank, &wrong] {
            let ((), out) = turn(0, |turn| bodies.runs(LIAR, std::slice::from_ref(run), turn));
            assert_eq!((out.len(), bodies.missing()), (0, 2));
        }
        let ((), out) = turn(0, |turn| bodies.runs(LIAR, &[run], turn));
        let filled = out.iter().filter(|output| matches!(output, Output::Fill { .. })).count();
        assert_eq!((filled, bodies.missing(), bodies.next_deadline()), (2, 0, None));
    }

    #[test]
    fn one_peer_after_the_other_is_asked_and_a_newcomer_again() {
        let mut writer = Writer::new(1);
        writer.write(1, "first");
        let run = writer.write(1, "hello");
        let mut bodies = wanting(&run);
        assert_eq!(due(&mut bodies, &[LIAR], BODY_MS - 1), [], "it may be under way");
        let key = (run.author(), run.first());
        let mut now_ms = 0;
        for (want, linked) in [(1, vec![LIAR]), (2, vec![LIAR, FRIEND])] {
            now_ms += STEP_MS;
            let asked = due(&mut bodies, &linked, now_ms);
            assert_eq!(asked, [(linked[linked.len() - 1], vec![key])]);
            bodies.asked(want, asked[0].0, asked[0].1.clone());
            bodies.done(asked[0].0, want, now_ms);
        }
        assert_eq!(due(&mut bodies, &[LIAR, FRIEND], now_ms + STEP_MS), []);
        assert!(bodies.is_lost(key.0, key.1) && bodies.missing() == 0, "no longer kept by anybody here");
        let newcomer = PeerId([3; 32]);
        turn(now_ms, |turn| bodies.up(newcomer, turn));
        assert!(!bodies.is_lost(key.0, key.1) && bodies.missing() == 1);
        assert_eq!(due(&mut bodies, &[LIAR, newcomer], now_ms + STEP_MS), [(newcomer, vec![key])]);
    }

    #[test]
    fn what_is_looked_for_is_bounded_and_the_rest_is_counted() {
        let mut bodies = Bodies::new(None);
        let bare = |at: u64| Bare { author: AuthorId([1; 32]), seq: at, hash: [0; 32] };
        bodies.tell((0..10 * BODIES as u64).map(bare).collect(), 10 * BODIES as u64, 0);
        assert_eq!((bodies.len(), bodies.missing()), (BODIES, 10 * BODIES as u64));
        for at in 0..1_000u64 {
            due(&mut bodies, &[LIAR], at * STEP_MS);
            bodies.asked(at, LIAR, vec![]);
        }
        assert!(bodies.asked.len() <= BODIES && bodies.due.len() == BODIES);
        bodies.tell(vec![], 0, 0);
        assert_eq!((bodies.missing(), bodies.next_deadline()), (0, None));
    }
}
