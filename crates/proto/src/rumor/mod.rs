//! Rumors: new runs that are still being pushed.
//!
//! A peer that gets something new pushes it on, and what the receivers answer, "new to me" or "already knew",
//! tells it when to stop. [`mongering`] and [`delegating`] are two ways to choose whom to tell and how long. Neither
//! needs to be certain: whatever a rumor misses, anti-entropy finds.
//!
//! What the two share is here and below: the rumors that are hot (`hot`), and the pushes whose answer is awaited
//! (`awaited`), by which round trips are measured and silence is noticed.

mod awaited;
pub mod delegating;
mod hot;
pub mod mongering;

use crate::{
    ids::{PeerId, Seq},
    input::Step,
    limits::{MERGE_PUSHES, PUSH_BYTES, PUSH_RUNS},
    message::Push,
    random::Random,
    run::RawRun,
    view::View,
};

use awaited::{Awaited, Sent};
use hot::Hot;

/// How rumors spread.
#[derive(Clone, Debug, PartialEq)]
pub enum Policy {
    /// As in Demers et al. 1987.
    Mongering(mongering::Mongering),
    /// Each push hands over a part of the id space.
    Delegating(delegating::Delegating),
}

impl Default for Policy {
    fn default() -> Self {
        Self::Delegating(delegating::Delegating::default())
    }
}

/// From whom runs came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Source {
    /// Who pushed them, or served them.
    pub peer: PeerId,
    /// The part of the id space that came with them, as in [`Push::part`]; [`delegating::NOBODY`] when they
    /// did not come as a rumor.
    pub part: u8,
    /// Links crossed, as in [`Push::hops`]; 0 when they did not come as a rumor.
    pub hops: u8,
}

/// What the rumors want done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Push this to a peer.
    Push {
        /// To whom.
        to: PeerId,
        /// What.
        push: Push,
    },
    /// Ask a peer for what is hot with it.
    Pull {
        /// Whom.
        to: PeerId,
    },
    /// Announce heads to a peer.
    Have {
        /// To whom.
        to: PeerId,
        /// Author prefixes and seqs.
        heads: Vec<(u64, Seq)>,
    },
    /// A step to be told, when steps are traced: [`Step::RumorTo`] or [`Step::Coin`].
    Step(Step),
}

/// The rumors of one room.
///
/// Every method takes the view as it is after the change that is told of, the driver's monotonic milliseconds,
/// and appends to `out`. Pushes to the same peer within one `out` are merged where that costs nothing.
pub struct Rumors {
    spread: Box<dyn Spread + Send>,
    trace: bool,
}

impl Rumors {
    /// No rumors, to be spread by `policy` from `me`; with `trace`, steps are told.
    pub fn new(policy: &Policy, me: PeerId, trace: bool) -> Self {
        let spread: Box<dyn Spread + Send> = match policy {
            Policy::Mongering(mongering) => Box::new(mongering::Monger::new(mongering.clone())),
            Policy::Delegating(delegating) => Box::new(delegating::Delegate::new(delegating.clone(), me)),
        };
        Self { spread, trace }
    }

    /// Spreads runs that were new to us; `from` is `None` when they were written here.
    pub fn hot(
        &mut self,
        runs: Vec<RawRun>,
        from: Option<Source>,
        view: &View,
        now_ms: u64,
        random: &mut Random,
        out: &mut Vec<Action>,
    ) {
        self.spread.hot(runs, from, &mut Turn { view, now_ms, random, out, trace: self.trace });
    }

    /// A push came of which nothing was new.
    pub fn known(
        &mut self,
        runs: Vec<RawRun>,
        from: Source,
        view: &View,
        now_ms: u64,
        random: &mut Random,
        out: &mut Vec<Action>,
    ) {
        self.spread.known(runs, from, &mut Turn { view, now_ms, random, out, trace: self.trace });
    }

    /// The newest entries of a log came to a node that was far behind and told nobody. Whoever is handed them as a rumor
    /// later tells its part, as for any other.
    pub fn untold(&mut self, run: &RawRun) {
        self.spread.untold(run);
    }

    /// A push was answered: whether anything in it was `new` to `from`.
    #[expect(clippy::too_many_arguments, reason = "two for what was said, four for the turn, as everywhere here")]
    pub fn ack(
        &mut self,
        from: PeerId,
        push: u64,
        new: bool,
        view: &View,
        now_ms: u64,
        random: &mut Random,
        out: &mut Vec<Action>,
    ) {
        self.spread.ack(from, push, new, &mut Turn { view, now_ms, random, out, trace: self.trace });
    }

    /// A peer asks for what is hot.
    pub fn pull(&mut self, from: PeerId, view: &View, now_ms: u64, random: &mut Random, out: &mut Vec<Action>) {
        self.spread.pull(from, &mut Turn { view, now_ms, random, out, trace: self.trace });
    }

    /// A link to `peer` is up; when there was one before, what it carried last may be lost.
    pub fn up(&mut self, peer: PeerId, view: &View, now_ms: u64, random: &mut Random, out: &mut Vec<Action>) {
        self.spread.up(peer, &mut Turn { view, now_ms, random, out, trace: self.trace });
    }

    /// A peer answered the greeting that went out when its link came up.
    pub fn greeted(&mut self, peer: PeerId, now_ms: u64) {
        self.spread.greeted(&peer, now_ms);
    }

    /// Whether the sender of a push waits for its answer, by the part that came with it.
    pub fn is_urgent(&self, part: u8) -> bool {
        self.spread.is_urgent(part)
    }

    /// The link to `peer` is gone, and what it carried last may be lost.
    pub fn down(&mut self, peer: PeerId, view: &View, now_ms: u64, random: &mut Random, out: &mut Vec<Action>) {
        self.spread.down(peer, &mut Turn { view, now_ms, random, out, trace: self.trace });
    }

    /// The deadline has come.
    pub fn wake(&mut self, view: &View, now_ms: u64, random: &mut Random, out: &mut Vec<Action>) {
        self.spread.wake(&mut Turn { view, now_ms, random, out, trace: self.trace });
    }

    /// When to wake the rumors.
    pub fn next_deadline(&self) -> Option<u64> {
        self.spread.next_deadline()
    }
}

/// A way of spreading rumors: the methods of [`Rumors`], of which each policy is one implementation.
trait Spread {
    fn hot(&mut self, runs: Vec<RawRun>, from: Option<Source>, turn: &mut Turn<'_>);
    fn known(&mut self, runs: Vec<RawRun>, from: Source, turn: &mut Turn<'_>);
    fn untold(&mut self, _run: &RawRun) {}
    fn ack(&mut self, from: PeerId, push: u64, new: bool, turn: &mut Turn<'_>);
    fn pull(&mut self, from: PeerId, turn: &mut Turn<'_>);
    fn up(&mut self, peer: PeerId, turn: &mut Turn<'_>);
    fn greeted(&mut self, peer: &PeerId, now_ms: u64);
    fn is_urgent(&self, part: u8) -> bool;
    fn down(&mut self, peer: PeerId, turn: &mut Turn<'_>);
    fn wake(&mut self, turn: &mut Turn<'_>);
    fn next_deadline(&self) -> Option<u64>;
}

/// What a policy may look at during one call, and where it says what it wants done.
struct Turn<'a> {
    view: &'a View,
    now_ms: u64,
    random: &'a mut Random,
    out: &'a mut Vec<Action>,
    trace: bool,
}

impl Turn<'_> {
    /// Pushes rumors to a peer and awaits the answer. Joins a push of this turn to the same peer for the same
    /// part, if there is one with room.
    fn push<T>(&mut self, sent: Sent, hot: &Hot<T>, awaited: &mut Awaited) {
        let mut runs = Vec::new();
        let mut hops = 0;
        for rumor in sent.rumors.iter().filter_map(|number| hot.get(*number)) {
            runs.extend(rumor.runs.iter().cloned());
            hops = hops.max(rumor.hops);
        }
        if runs.is_empty() {
            return;
        }
        self.step(Step::RumorTo { peer: sent.to, entries: runs.iter().map(|run| run.entries().len()).sum() });
        if let Some(push) = self.room_in(&sent, hops, &runs) {
            push.runs.append(&mut runs);
            awaited.join(push.push, &sent.rumors);
            return;
        }
        let (to, part) = (sent.to, sent.part);
        let push = Push { push: awaited.send(sent, self.now_ms), part, hops, runs };
        self.out.push(Action::Push { to, push });
    }

    fn room_in(&mut self, sent: &Sent, hops: u8, runs: &[RawRun]) -> Option<&mut Push> {
        let fits = |push: &Push| {
            let bytes: usize = push.runs.iter().chain(runs).map(|run| run.wire().len()).sum();
            push.runs.len() + runs.len() <= PUSH_RUNS && bytes <= PUSH_BYTES
        };
        let pushes = self.out.iter_mut().rev().filter_map(|action| match action {
            Action::Push { to, push } => Some((*to, push)),
            _ => None,
        });
        let same = |to, push: &Push| to == sent.to && push.part == sent.part && push.hops == hops;
        pushes.take(MERGE_PUSHES).filter(|(to, push)| same(*to, push) && fits(push)).map(|(_, push)| push).next()
    }

    fn step(&mut self, step: Step) {
        if self.trace {
            self.out.push(Action::Step(step));
        }
    }
}
