//! A closed room: what its entries come to, what somebody here does in it, and that nothing leaves that does not count.

use std::collections::BTreeMap;

use super::Parts;
use crate::{
    frame::Frame,
    governance::{Order, Seat},
    ids::{AuthorId, Seq},
    input::{Event, Output, Saying, Unsaid},
    limits::{BLOCK, LACK_MS},
    logs::Moved,
    run::RawRun,
    turn::Turn,
};

/// Who sits where in the room, as the interfaces were told last.
pub(super) type Seats = BTreeMap<AuthorId, Seat>;

impl Parts {
    /// Reckons up how far each log counts, tells the interfaces, and wants logs that count from now on. Returns whether
    /// anything changed.
    pub(super) fn govern(&mut self, turn: &mut Turn<'_>) -> bool {
        let Some(moved) = self.logs.govern() else { return false };
        self.tell_seats(turn);
        for Moved { author, counted: (before, now), .. } in moved.iter().filter(|moved| moved.shows) {
            turn.emit(Event::Counts { author: *author, before: *before, now: *now });
            if now < before {
                // Others do not wait for what we saw beyond the end, and neither do those who read us.
                self.own.forget(author);
            }
        }
        if moved.is_empty() {
            return false;
        }
        self.sync.hurry(turn.now.ticks_ms);
        if let Some(peer) = self.brought_by.filter(|peer| self.view.is_active(peer)) {
            let due_ms = turn.now.ticks_ms + self.sync.patience().ms(LACK_MS);
            let wanted = moved.iter().filter(|moved| moved.wanted);
            wanted.for_each(|moved| self.sync.lack((moved.author, BLOCK), peer, due_ms, &self.logs));
        }
        true
    }

    /// Tells the interfaces who came, went, was given a role or lost it, and by which act.
    fn tell_seats(&mut self, turn: &mut Turn<'_>) {
        let Some(seats) = self.logs.fold().map(|fold| fold.seats()) else { return };
        let before = std::mem::replace(&mut self.seats, seats);
        for (author, seat) in &self.seats {
            if before.get(author) != Some(seat) {
                turn.emit(Event::Seated { author: *author, seat: Some(*seat) });
            }
        }
        for author in before.keys().filter(|author| !self.seats.contains_key(*author)) {
            turn.emit(Event::Seated { author: *author, seat: None });
        }
    }

    /// Does something in a closed room, or says why not.
    pub(super) fn order(&mut self, tag: u64, order: Order, turn: &mut Turn<'_>) {
        let me = self.own.id();
        let begins = matches!(order, Order::Join { .. } | Order::Device { .. });
        let late = begins && self.own_next() > 0;
        let body = match (self.own.waiting(), self.logs.fold()) {
            (_, None) => Err(Unsaid::Refused),
            // An act names the act before it, and an ending the last entry.
            (1.., _) => Err(Unsaid::Early),
            _ if late => Err(Unsaid::Nothing),
            (0, Some(fold)) => fold.act(&me, order).and_then(|act| act.encode().map_err(|_| Unsaid::TooLong)),
        };
        let refused = match body {
            Ok((kind, body)) => {
                let cut = self.logs.cut(&me).is_some();
                self.own.say(vec![Saying { tag, kind, body }], cut)
            }
            Err(why) => vec![(tag, why)],
        };
        turn.out.extend(refused.into_iter().map(|(tag, why)| Output::Unsaid { tag, why }));
    }

    /// Why these words cannot be said in a closed room.
    pub(super) fn unsayable(&mut self, saying: &Saying) -> Option<Unsaid> {
        let me = self.own.id();
        let present = self.logs.fold()?.is_present(&me);
        match saying.kind.is_act() {
            true => Some(Unsaid::Refused),
            false => (!present).then_some(Unsaid::NotMember),
        }
    }

    /// Whether our log ends below what we would write next: we were removed.
    pub(super) fn is_ended(&mut self) -> bool {
        let me = self.own.id();
        self.logs.is_closed() && self.logs.end_of(&me) < Seq::MAX
    }

    /// Takes back from what this turn sends everything that does not count. A rumor may have begun before its entries
    /// ceased to.
    pub(super) fn withhold(&self, turn: &mut Turn<'_>) {
        if !self.logs.is_closed() {
            return;
        }
        let counts = |run: &RawRun| run.last() < self.logs.end_of(&run.author());
        let out = std::mem::take(turn.out);
        let (before, said) = (turn.before(), out);
        turn.out.extend(said.into_iter().enumerate().filter_map(|(at, output)| match output {
            _ if at < before => Some(output),
            Output::Send { to, frame: Frame::Push(mut push) } => {
                push.runs.retain(counts);
                (!push.runs.is_empty()).then_some(Output::Send { to, frame: Frame::Push(push) })
            }
            Output::Send { to, frame: Frame::Runs { want, mut runs } } => {
                runs.retain(counts);
                (!runs.is_empty()).then_some(Output::Send { to, frame: Frame::Runs { want, runs } })
            }
            Output::Serve { to, want, ranges, .. } => Some(Output::Serve { to, want, newest: 0, ranges, proved: true }),
            _ => Some(output),
        }));
    }
}
