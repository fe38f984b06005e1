//! What the parts of the engine decide becomes outputs.

use super::Engine;
use crate::{
    ids::PeerId,
    input::{Event, Output, Step},
    limits::PUSHES_OF_OWN,
    message::{Message, Push},
    random::Random,
    rumor::{Action, Rumors},
    time::Now,
    view::{Move, View},
};

impl Engine {
    pub(super) fn step(&self, step: Step, out: &mut Vec<Output>) {
        if self.trace {
            out.push(Output::Emit(Event::Step(step)));
        }
    }

    pub(super) fn moves(
        &mut self,
        now: Now,
        out: &mut Vec<Output>,
        act: impl FnOnce(&mut View, u64, &mut Random, &mut Vec<Move>),
    ) {
        let mut moves = Vec::new();
        act(&mut self.view, now.ticks_ms, &mut self.random, &mut moves);
        for a_move in moves {
            match a_move {
                Move::Dial(contact) => {
                    self.own.dialled(contact.peer);
                    out.push(Output::Dial(contact));
                }
                Move::Send { to, message } => out.push(Output::Send { to, message }),
                Move::Close(peer) => {
                    self.lose(peer, now, out);
                    out.push(Output::Close { peer, reject: None });
                }
            }
        }
    }

    pub(super) fn rumor(
        &mut self,
        now: Now,
        out: &mut Vec<Output>,
        act: impl FnOnce(&mut Rumors, &View, u64, &mut Random, &mut Vec<Action>),
    ) {
        let mut actions = Vec::new();
        act(&mut self.rumors, &self.view, now.ticks_ms, &mut self.random, &mut actions);
        for action in actions {
            let (to, message) = match action {
                Action::Push { to, push } => {
                    self.note_push(to, &push);
                    (to, Message::Push(push))
                }
                Action::Pull { to } => (to, Message::Pull),
                Action::Have { to, heads } => (to, Message::Have { heads }),
                Action::Step(step) => {
                    self.step(step, out);
                    continue;
                }
            };
            out.push(Output::Send { to, message });
        }
    }

    /// Remembers which of our own entries a push carries, for its answer tells that the peer holds them.
    fn note_push(&mut self, to: PeerId, push: &Push) {
        let own = push.runs.iter().filter(|run| run.author() == self.own.id()).map(|run| run.last() + 1);
        if let Some(next) = own.max() {
            if self.pushed.len() >= PUSHES_OF_OWN {
                self.pushed.pop_first();
            }
            self.pushed.insert((to, push.push), next);
        }
    }
}
