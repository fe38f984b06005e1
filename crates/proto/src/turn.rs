//! State that the parts of the engine share while they handle one input.

use crate::{
    frame::Frame,
    ids::PeerId,
    input::{Event, Output, Step},
    random::Random,
    time::Now,
};

/// The handling of one input: its time and its outputs.
///
/// A part that draws a random number or puts something out takes the turn; a part that needs the time alone is given the
/// time alone.
#[derive(Debug)]
pub struct Turn<'a> {
    /// The driver's clocks.
    pub now: Now,
    /// The engine's only source of chance.
    pub random: &'a mut Random,
    /// The outputs for the driver, in order. Outputs of earlier turns may come before those of this one.
    pub out: &'a mut Vec<Output>,
    /// Whether to report steps of the protocol, see [`Config::trace`](crate::config::Config::trace).
    pub trace: bool,
    /// Outputs that were there when the turn began.
    before: usize,
}

impl<'a> Turn<'a> {
    /// A turn that appends to `out` and tells no steps.
    pub fn new(now: Now, random: &'a mut Random, out: &'a mut Vec<Output>) -> Self {
        let before = out.len();
        Self { now, random, out, trace: false, before }
    }

    /// A turn within this one. Earlier outputs do not count as [`said`](Self::said) in it.
    pub(crate) fn within(&mut self) -> Turn<'_> {
        let before = self.out.len();
        Turn { now: self.now, random: self.random, out: self.out, trace: self.trace, before }
    }

    /// The outputs of this turn.
    pub(crate) fn said(&self) -> &[Output] {
        &self.out[self.before..]
    }

    /// How many outputs came before this turn.
    pub(crate) fn before(&self) -> usize {
        self.before
    }

    /// The outputs of this turn, to append to.
    pub(crate) fn said_mut(&mut self) -> &mut [Output] {
        &mut self.out[self.before..]
    }

    /// Says something to a peer.
    pub(crate) fn send(&mut self, to: PeerId, frame: Frame) {
        self.out.push(Output::Send { to, frame });
    }

    /// Tells the interfaces something.
    pub(crate) fn emit(&mut self, event: Event) {
        self.out.push(Output::Emit(event));
    }

    /// Tells a step of the protocol, when steps are traced.
    pub(crate) fn step(&mut self, step: Step) {
        if self.trace {
            self.emit(Event::Step(step));
        }
    }
}
