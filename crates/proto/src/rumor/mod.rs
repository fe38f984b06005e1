//! Rumors: new runs that are still being pushed.
//!
//! A peer that gets something new pushes it on, and the receivers' answers, "new to me" or "already knew", tell it when
//! to stop. [`mongering`] and [`delegating`] are two ways to choose whom to tell and how long. Neither needs to be
//! certain: whatever a rumor misses, anti-entropy finds.
//!
//! The code that the two share is here and in two modules below: the rumors that are hot (`hot`), and the pushes whose
//! answers are awaited (`awaited`), which measure round trips and show silence.

mod awaited;
pub mod delegating;
mod hot;
pub mod mongering;

use crate::{
    frame::{Frame, Push},
    ids::PeerId,
    input::{Output, Step},
    limits::{MERGE_PUSHES, PUSH_BYTES, PUSH_RUNS},
    run::RawRun,
    turn::Turn,
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

/// The source of runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Source {
    /// The peer that pushed or served them.
    pub peer: PeerId,
    /// The part of the id space that came with them, as in [`Push::part`]; [`delegating::NOBODY`] when they
    /// did not come as a rumor.
    pub part: u8,
    /// How many links they crossed, as in [`Push::hops`]; 0 when they did not come as a rumor.
    pub hops: u8,
}

/// The rumors of one room.
///
/// Every method gets the view after the change that the call reports. Pushes to the same peer within one call are
/// merged where that costs nothing.
pub struct Rumors {
    spread: Box<dyn Spread + Send>,
}

impl Rumors {
    /// No rumors, to be spread by `policy` from `me`.
    pub fn new(policy: &Policy, me: PeerId) -> Self {
        let spread: Box<dyn Spread + Send> = match policy {
            Policy::Mongering(mongering) => Box::new(mongering::Monger::new(mongering.clone())),
            Policy::Delegating(delegating) => Box::new(delegating::Delegate::new(delegating.clone(), me)),
        };
        Self { spread }
    }

    /// Spreads runs that were new to us; `from` is `None` when they were written here.
    pub fn hot(&mut self, runs: Vec<RawRun>, from: Option<Source>, view: &View, turn: &mut Turn<'_>) {
        self.spread.hot(runs, from, view, &mut turn.within());
    }

    /// A push without anything new came.
    pub fn known(&mut self, runs: Vec<RawRun>, from: Source, view: &View, turn: &mut Turn<'_>) {
        self.spread.known(runs, from, view, &mut turn.within());
    }

    /// The newest entries of a log came to a node that was far behind and told no peer of them. If it is handed them as
    /// a rumor later, it tells its part, as with any other rumor.
    pub fn untold(&mut self, run: &RawRun) {
        self.spread.untold(run);
    }

    /// A push was answered: whether anything in it was `new` to `from`.
    pub fn ack(&mut self, from: PeerId, (push, new): (u64, bool), view: &View, turn: &mut Turn<'_>) {
        self.spread.ack(from, (push, new), view, &mut turn.within());
    }

    /// A peer asks for hot rumors.
    pub fn pull(&mut self, from: PeerId, turn: &mut Turn<'_>) {
        self.spread.pull(from, &mut turn.within());
    }

    /// A link to `peer` is up; if there was one before, its last frames may be lost.
    pub fn up(&mut self, peer: PeerId, view: &View, turn: &mut Turn<'_>) {
        self.spread.up(peer, view, &mut turn.within());
    }

    /// A peer answered the greeting that went out when its link came up.
    pub fn greeted(&mut self, peer: PeerId, now_ms: u64) {
        self.spread.greeted(&peer, now_ms);
    }

    /// Whether the sender of a push waits for its answer, by the part that came with it.
    pub fn is_urgent(&self, part: u8) -> bool {
        self.spread.is_urgent(part)
    }

    /// The link to `peer` is gone, and its last frames may be lost.
    pub fn down(&mut self, peer: PeerId, view: &View, turn: &mut Turn<'_>) {
        self.spread.down(peer, view, &mut turn.within());
    }

    /// The deadline has come.
    pub fn wake(&mut self, view: &View, turn: &mut Turn<'_>) {
        self.spread.wake(view, &mut turn.within());
    }

    /// When to wake the rumors.
    pub fn next_deadline(&self) -> Option<u64> {
        self.spread.next_deadline()
    }
}

/// A way of spreading rumors: the methods of [`Rumors`]; each policy is one implementation. Each call begins a new
/// turn, so only outputs of the same call count as [`said`](Turn::said).
trait Spread {
    fn hot(&mut self, runs: Vec<RawRun>, from: Option<Source>, view: &View, turn: &mut Turn<'_>);
    fn known(&mut self, runs: Vec<RawRun>, from: Source, view: &View, turn: &mut Turn<'_>);
    fn untold(&mut self, _run: &RawRun) {}
    fn ack(&mut self, from: PeerId, answer: (u64, bool), view: &View, turn: &mut Turn<'_>);
    fn pull(&mut self, from: PeerId, turn: &mut Turn<'_>);
    fn up(&mut self, peer: PeerId, view: &View, turn: &mut Turn<'_>);
    fn greeted(&mut self, peer: &PeerId, now_ms: u64);
    fn is_urgent(&self, part: u8) -> bool;
    fn down(&mut self, peer: PeerId, view: &View, turn: &mut Turn<'_>);
    fn wake(&mut self, view: &View, turn: &mut Turn<'_>);
    fn next_deadline(&self) -> Option<u64>;
}

/// Pushes rumors to a peer and awaits the answer. Joins a push of this turn to the same peer for the same part, if there
/// is one with room.
fn push<T>(sent: Sent, hot: &Hot<T>, awaited: &mut Awaited, turn: &mut Turn<'_>) {
    let mut runs = Vec::new();
    let mut hops = 0;
    for rumor in sent.rumors.iter().filter_map(|number| hot.get(*number)) {
        runs.extend(rumor.runs.iter().cloned());
        hops = hops.max(rumor.hops);
    }
    if runs.is_empty() {
        return;
    }
    turn.step(Step::RumorTo { peer: sent.to, entries: runs.iter().map(|run| run.entries().len()).sum() });
    if let Some(push) = room_in(turn.said_mut(), &sent, hops, &runs) {
        push.runs.append(&mut runs);
        awaited.join(push.push, &sent.rumors);
        return;
    }
    let (to, part) = (sent.to, sent.part);
    let push = Push { push: awaited.send(sent, turn.now.ticks_ms), part, hops, runs };
    turn.send(to, Frame::Push(push));
}

/// The push, among the outputs of this turn, that can take these runs along.
fn room_in<'a>(said: &'a mut [Output], sent: &Sent, hops: u8, runs: &[RawRun]) -> Option<&'a mut Push> {
    let fits = |push: &Push| {
        let bytes: usize = push.runs.iter().chain(runs).map(|run| run.wire().len()).sum();
        push.runs.len() + runs.len() <= PUSH_RUNS && bytes <= PUSH_BYTES
    };
    let pushes = said.iter_mut().rev().filter_map(|output| match output {
        Output::Send { to, frame: Frame::Push(push) } => Some((*to, push)),
        _ => None,
    });
    let same = |to, push: &Push| to == sent.to && push.part == sent.part && push.hops == hops;
    pushes.take(MERGE_PUSHES).filter(|(to, push)| same(*to, push) && fits(push)).map(|(_, push)| push).next()
}
