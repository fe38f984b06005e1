//! A closed room: what its entries come to, what somebody here does in it, and that nothing leaves that does not count.

use std::collections::BTreeMap;

use super::Parts;
use crate::{
    frame::Frame,
    governance::{Order, Seat, Signed},
    ids::{AuthorId, Seq},
    input::{Event, Look, Output, Saying, Unsaid},
    limits::{BLOCK, LACK_MS},
    logs::Moved,
    own::BY_ITSELF,
    run::RawRun,
    turn::Turn,
};

/// Who sits where in the room, as the interfaces were told last.
pub(super) type Seats = BTreeMap<AuthorId, Seat>;

impl Parts {
    /// Reckons up how far each log counts, tells the interfaces, and wants logs that count from now on. Returns whether
    /// anything changed.
    pub(super) fn govern(&mut self, turn: &mut Turn<'_>) -> bool {
        if !self.logs.may_govern() {
            return false;
        }
        let Some(moved) = self.logs.govern() else { return false };
        (self.gate.stale, self.acts.stale) = (true, true);
        if self.logs.hides_others() {
            self.bodies.look(turn.now.ticks_ms);
        }
        self.release_secrets(turn.now.ticks_ms);
        self.tell_seats(turn);
        self.note_undecided(turn.now.ticks_ms);
        self.note_books(turn.now);
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
        let more = moved.iter().filter(|moved| moved.wanted || moved.counted.0 < moved.counted.1);
        self.read_again(&more.map(|moved| moved.author).collect(), turn);
        self.sync.hurry(turn.now.ticks_ms);
        if let Some(peer) = self.brought_by.filter(|peer| self.view.is_active(peer)) {
            let due_ms = turn.now.ticks_ms + self.sync.patience().ms(LACK_MS);
            let wanted = moved.iter().filter(|moved| moved.wanted);
            wanted.for_each(|moved| self.sync.lack((moved.author, BLOCK), peer, due_ms, &self.logs));
        }
        true
    }

    /// Asks the store for what the fold let go of and needs.
    pub(super) fn look_up(&mut self, turn: &mut Turn<'_>) {
        let looks = self.logs.looks();
        if !looks.is_empty() {
            turn.out.push(Output::Look(looks));
        }
    }

    /// Tells the interfaces who came, went, was given a role or lost it, and by which act.
    fn tell_seats(&mut self, turn: &mut Turn<'_>) {
        let Some(seats) = self.logs.fold().map(|fold| fold.seats()) else { return };
        let before = std::mem::replace(&mut self.seats, seats);
        let me = self.own.id();
        let is_in = |seats: &Seats| seats.get(&me).is_some_and(|seat| seat.knocks.is_none());
        if is_in(&self.seats) && !is_in(&before) {
            // Peers had bodies for members alone.
            let peers: Vec<_> = self.view.active().collect();
            peers.iter().for_each(|peer| self.bodies.up(*peer, turn));
        }
        for (author, seat) in &self.seats {
            if before.get(author) != Some(seat) {
                turn.emit(Event::Seated { author: *author, seat: Some(*seat) });
            }
        }
        for author in before.keys().filter(|author| !self.seats.contains_key(*author)) {
            turn.emit(Event::Seated { author: *author, seat: None });
        }
    }

    /// Does something that nobody asked for, if it can be done now.
    pub(super) fn act_by_itself(&mut self, order: Order, turn: &mut Turn<'_>) {
        let before = turn.out.len();
        self.order(BY_ITSELF, order, turn);
        turn.out.truncate(before);
    }

    /// Asks to be let in, as soon as somebody's clock is known: a first entry that is far ahead could not be read, and
    /// neither could what follows it.
    pub(super) fn join(&mut self, turn: &mut Turn<'_>) {
        if let Some((tag, join)) = self.joins.take_if(|_| self.clock.is_told()) {
            self.order(tag, join, turn);
        }
    }

    /// Does something in a closed room, or says why not.
    pub(super) fn order(&mut self, tag: u64, order: Order, turn: &mut Turn<'_>) {
        if matches!(order, Order::Join { .. }) && self.own_next() == 0 && !self.clock.is_told() {
            let before = self.joins.replace((tag, order));
            turn.out.extend(before.map(|(tag, _)| Output::Unsaid { tag, why: Unsaid::Nothing }));
            return;
        }
        if let Order::Hide { author, last, .. } = &order
            && self.logs.lacks_id(*author, *last)
        {
            let before = self.hides.replace((tag, order));
            turn.out.extend(before.map(|(tag, _)| Output::Unsaid { tag, why: Unsaid::Early }));
            return;
        }
        self.carry_out(tag, order, turn);
    }

    /// Takes what the store tells of entries that the fold let go of, and does what waits for it.
    pub(super) fn looked(&mut self, answer: Vec<(Look, Vec<Signed>)>, turn: &mut Turn<'_>) {
        self.logs.looked(answer);
        if let Some((tag, hide)) = self.hides.take() {
            self.carry_out(tag, hide, turn);
        }
    }

    fn carry_out(&mut self, tag: u64, order: Order, turn: &mut Turn<'_>) {
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
            false if !present => Some(Unsaid::NotMember),
            false => Self::unsealable(saying),
        }
    }

    /// Whether our log ends below what we would write next: we were removed.
    pub(super) fn is_ended(&mut self) -> bool {
        let me = self.own.id();
        self.logs.is_closed() && self.logs.end_of(&me) < Seq::MAX
    }

    /// Takes back from what this turn sends everything that does not count, and what its receiver is not let have. A rumor
    /// may have begun before its entries ceased to count.
    pub(super) fn withhold(&mut self, turn: &mut Turn<'_>) {
        if !self.logs.is_closed() {
            return;
        }
        let (before, said) = (turn.before(), std::mem::take(turn.out));
        let said = self.with_acts(said, before);
        let counts = |run: &RawRun| run.last() < self.logs.end_of(&run.author());
        let bare = |runs: Vec<RawRun>| -> Vec<RawRun> {
            let hidden = self.logs.hidden_of(runs.iter().map(RawRun::author).collect::<Vec<_>>().iter());
            runs.into_iter().filter(counts).filter_map(|run| run.without_hidden(&hidden).ok()).collect()
        };
        turn.out.extend(said.into_iter().enumerate().filter_map(|(at, output)| {
            match output {
                _ if at < before => Some(output),
                Output::Send { to, frame: Frame::Push(mut push) } => {
                    push.runs = bare(push.runs);
                    (!push.runs.is_empty()).then_some(Output::Send { to, frame: Frame::Push(push) })
                }
                Output::Send { to, frame: Frame::Runs { want, runs } } => {
                    let runs = bare(runs);
                    (!runs.is_empty()).then_some(Output::Send { to, frame: Frame::Runs { want, runs } })
                }
                _ => Some(output),
            }
            .and_then(|output| self.admit(output))
        }));
        self.tell_those_out(turn);
    }

    /// Puts before each list of heads the last act of each of these logs.
    fn with_acts(&mut self, said: Vec<Output>, before: usize) -> Vec<Output> {
        let mut all = Vec::with_capacity(said.len());
        for (at, output) in said.into_iter().enumerate() {
            if let Output::Send { to, frame: Frame::Heads(heads) } = &output
                && at >= before
            {
                let frame = self.acts_of(heads.heads.iter().map(|brief| brief.author));
                all.extend(frame.map(|frame| Output::Send { to: *to, frame }));
            }
            all.push(output);
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{
        super::scribe::{OTHER, PEER, Scribe, engine, founded, give, meet},
        *,
    };
    use crate::{
        admit::Author,
        config::Config,
        engine::Engine,
        entry::{Kind, found},
        frame::Push,
        governance::{Appointed, Listed, Role, Says},
        input::Input,
        limits::JOINS,
        random::Random,
        testing::{NOW, engine_of},
    };

    #[test]
    fn of_one_ticket_the_same_sixty_four_wait_whatever_the_order() {
        let (owner, runs, ticket) = founded();
        let join = |number: usize| Scribe::numbered(owner.room, 100 + number as u8).join(ticket);
        let joins: Vec<RawRun> = (0..JOINS + 9).map(join).collect();
        let waiting = |joins: Vec<RawRun>| -> (Vec<AuthorId>, usize) {
            let mut engine = engine(&owner);
            give(&mut engine, &runs);
            let out = give(&mut engine, &joins);
            assert!(!out.iter().any(|output| {
                matches!(output, Output::Emit(Event::Shown { entry, .. }) if entry.kind == Kind::JOIN)
            }));
            let evicted = out.iter().filter(|output| matches!(output, Output::Evict(_))).count();
            (engine.seats().iter().filter(|(_, seat)| seat.knocks.is_some()).map(|(who, _)| *who).collect(), evicted)
        };
        let (one, _) = waiting(joins.clone());
        let mut lowest: Vec<AuthorId> = joins.iter().map(RawRun::author).collect();
        lowest.sort_unstable();
        lowest.truncate(JOINS);
        assert_eq!(one, lowest);
        let mut falling = joins.clone();
        falling.sort_by_key(|run| std::cmp::Reverse(run.author()));
        let (other, evicted) = waiting(falling);
        assert_eq!((other, evicted), (lowest, 9), "those who lost their place leave the store");
    }

    #[test]
    fn the_same_entries_in_any_order_count_alike() {
        let (mut owner, mut runs, ticket) = founded();
        let (mut anna, mut ben, mut cleo) =
            (Scribe::numbered(owner.room, 2), Scribe::numbered(owner.room, 3), Scribe::numbered(owner.room, 4));
        let who = |scribe: &Scribe| vec![scribe.author.id()];
        runs.push(owner.act(Says::Admit { who: who(&anna), ticket: None, despite: vec![] }));
        runs.extend(anna.say(2));
        runs.push(ben.join(ticket));
        runs.push(anna.act(Says::Welcome { who: ben.author.id(), ticket }));
        runs.extend(ben.say(3));
        let ends = vec![anna.ended()];
        let spoken = anna.next;
        runs.push(owner.act(Says::Remove { ends, tickets: vec![], knowing: vec![] }));
        runs.extend(anna.say(4));
        runs.extend(cleo.say(2));
        let mut random = Random::new(7);
        for _ in 0..60 {
            let mut engine = engine(&owner);
            // What was refused when it came too early is brought again, as rounds do.
            for _ in 0..4 {
                let mut left = runs.clone();
                while !left.is_empty() {
                    let at = random.below(left.len() as u64) as usize;
                    give(&mut engine, &[left.swap_remove(at)]);
                }
            }
            let heads: BTreeSet<(AuthorId, Seq)> =
                engine.frontier().logs().filter_map(|(author, log)| Some((*author, log.head()?.seq + 1))).collect();
            let expected = [(&owner, owner.next), (&anna, spoken), (&ben, ben.next)];
            assert_eq!(heads, expected.iter().map(|(scribe, next)| (scribe.author.id(), *next)).collect());
            assert!(
                engine.counts(&anna.author.id(), spoken - 1, Kind::TEXT)
                    && !engine.counts(&anna.author.id(), spoken, Kind::TEXT)
            );
            assert!(!engine.counts(&cleo.author.id(), 0, Kind::TEXT));
            assert_eq!(engine.ended_by(&anna.author.id()), Some((owner.author.id(), owner.next - 1)));
        }
    }

    /// An engine that was told these runs in a random order, six times over, and the acts among them in their own.
    fn told(owner: &Scribe, (runs, acts): (&[RawRun], &[RawRun]), random: &mut Random) -> Engine {
        let mut engine = engine(owner);
        for _ in 0..6 {
            let mut left: Vec<_> = runs.chunks(1).chain([acts]).collect();
            while !left.is_empty() {
                let at = random.below(left.len() as u64) as usize;
                give(&mut engine, left.swap_remove(at));
            }
        }
        engine
    }

    /// Which of these entries of somebody are held and count.
    fn counted(engine: &Engine, who: &Scribe, seqs: &[(Seq, Kind)]) -> Vec<bool> {
        let held = |seq| engine.frontier().log(&who.author.id()).is_some_and(|log| log.holds(seq));
        seqs.iter().map(|(seq, kind)| held(*seq) && engine.counts(&who.author.id(), *seq, *kind)).collect()
    }

    #[test]
    fn in_a_closed_room_that_was_open_words_in_plain_count_as_far_as_they_are_listed() {
        let author = Author::from_secret(&[1; 32]).id();
        let (room, body) = found(&author, "lunch", [3; 16]);
        let [mut owner, mut anna, mut ben, mut cleo] = [1, 2, 3, 4].map(|number| Scribe::numbered(room, number));
        let plain = |scribe: &mut Scribe| scribe.write(Kind::TEXT, "word".into());
        let mut runs = vec![owner.write(Kind::FOUND, body.clone()), plain(&mut owner)];
        runs.extend([plain(&mut anna), plain(&mut anna), plain(&mut ben), plain(&mut cleo)]);
        let mut listed: Vec<Listed> =
            [(&anna, true), (&ben, false)].map(|(who, kept)| Listed { end: who.ended().end, kept }).into();
        listed.sort_by_key(|listed| listed.end.key);
        // Acts are fetched in their order.
        let acts = vec![owner.act(Says::List(listed)), owner.act(Says::close(1, &body, None))];
        runs.extend([plain(&mut anna), plain(&mut ben), plain(&mut cleo), plain(&mut owner)]);
        runs.extend([&mut anna, &mut ben, &mut cleo, &mut owner].map(|who| who.say(1)).concat());
        let (text, sealed) = (Kind::TEXT, Kind::TEXT.sealed().unwrap());
        let mut random = Random::new(7);
        for _ in 0..40 {
            let engine = told(&owner, (&runs, &acts), &mut random);
            let counts = |who: &Scribe, seqs: &[(Seq, Kind)]| counted(&engine, who, seqs);
            assert_eq!(
                counts(&owner, &[(1, text), (3, Kind::CLOSE), (4, text), (5, sealed)]),
                [true, true, false, true]
            );
            assert_eq!(counts(&anna, &[(1, text), (2, text), (3, sealed)]), [true, false, true]);
            assert_eq!(counts(&ben, &[(0, text), (1, text), (2, sealed)]), [true, false, false]);
            assert_eq!(counts(&cleo, &[(0, text), (2, sealed)]), [false, false]);
            let seats: Vec<AuthorId> = engine.seats().keys().copied().collect();
            let mut present = vec![owner.author.id(), anna.author.id()];
            present.sort_unstable();
            assert_eq!(seats, present);
        }
    }

    #[test]
    fn who_was_named_closes_a_room_in_whatever_order_its_entries_come() {
        let author = Author::from_secret(&[1; 32]).id();
        let (room, body) = found(&author, "lunch", [3; 16]);
        let [mut owner, mut anna, mut ben] = [1, 2, 3].map(|number| Scribe::numbered(room, number));
        let plain = |scribe: &mut Scribe| scribe.write(Kind::TEXT, "word".into());
        let mut runs = vec![owner.write(Kind::FOUND, body.clone()), plain(&mut owner)];
        runs.extend([plain(&mut anna), plain(&mut ben)]);
        let keys = vec![Appointed { key: anna.author.id(), from: anna.next }];
        let appoint = owner.act(Says::Appoint { keys, role: Role::CoOwner, despite: vec![] });
        let down = owner.act(Says::StepDown { closer: Some(anna.author.id()) });
        let mut listed: Vec<Listed> =
            [(&owner, true), (&ben, false)].map(|(who, kept)| Listed { end: who.ended().end, kept }).into();
        listed.sort_by_key(|listed| listed.end.key);
        let (list, close) = (anna.act(Says::List(listed)), Says::close(1, &body, Some(down.clone())));
        assert!(close.is_of(&room, &anna.author.id()) && !close.is_of(&room, &ben.author.id()));
        assert!(!Says::close(1, &body, None).is_of(&room, &anna.author.id()), "she did not found it");
        let acts = vec![appoint, down, list, anna.act(close)];
        runs.extend([&mut owner, &mut anna, &mut ben].map(plain));
        runs.extend([&mut owner, &mut anna, &mut ben].map(|who| who.say(1)).concat());
        let (text, sealed) = (Kind::TEXT, Kind::TEXT.sealed().unwrap());
        let mut random = Random::new(7);
        for _ in 0..40 {
            let engine = told(&owner, (&runs, &acts), &mut random);
            let counts = |who: &Scribe, seqs: &[(Seq, Kind)]| counted(&engine, who, seqs);
            assert_eq!(counts(&owner, &[(1, text), (4, text), (5, sealed)]), [true, false, true]);
            assert_eq!(
                counts(&anna, &[(0, text), (2, Kind::CLOSE), (3, text), (4, sealed)]),
                [true, true, false, true]
            );
            assert_eq!(counts(&ben, &[(0, text), (1, text), (2, sealed)]), [true, false, false]);
            let seats: Vec<AuthorId> = engine.seats().keys().copied().collect();
            let mut present = vec![owner.author.id(), anna.author.id()];
            present.sort_unstable();
            assert_eq!(seats, present);
        }
    }

    #[test]
    fn a_run_that_was_on_its_way_is_held_back_once_it_does_not_count() {
        let (mut owner, mut runs, _) = founded();
        let mut anna = Scribe::numbered(owner.room, 2);
        runs.push(owner.act(Says::Admit { who: vec![anna.author.id()], ticket: None, despite: vec![] }));
        let mut engine = engine(&owner);
        give(&mut engine, &runs);
        let remove = owner.act(Says::Remove { ends: vec![anna.ended()], tickets: vec![], knowing: vec![] });
        let words = anna.say(1);
        meet(&mut engine, OTHER, owner.author.id());
        let frame = Frame::Push(Push { push: 1, part: 0, hops: 1, runs: vec![words[0].clone(), remove] });
        let mut out = Vec::new();
        engine.handle(Input::Received { from: PEER, frame }, NOW, &mut out);
        let pushed = out.iter().any(|output| match output {
            Output::Send { frame: Frame::Push(push), .. } => {
                push.runs.iter().any(|run| run.author() == anna.author.id())
            }
            _ => false,
        });
        let told = out.iter().any(|output| matches!(output, Output::Send { frame: Frame::Push(_), .. }));
        assert!(told && !pushed && !engine.counts(&anna.author.id(), 0, Kind::TEXT), "the removal alone goes on");
    }

    #[test]
    fn words_that_came_before_the_welcome_are_shown_with_it_and_those_of_others_are_not() {
        let (mut owner, runs, _) = founded();
        let (mut anna, mut ben) = (Scribe::numbered(owner.room, 2), Scribe::numbered(owner.room, 3));
        let mut engine = engine(&owner);
        give(&mut engine, &runs);
        let of = |who: &Scribe, out: &[Output]| {
            let shown = |output: &&Output| match output {
                Output::Emit(Event::Shown { entry, .. }) => entry.author == who.author.id(),
                Output::Append(run) => run.author() == who.author.id(),
                _ => false,
            };
            out.iter().filter(shown).count()
        };
        let out = give(&mut engine, &[anna.say(3), ben.say(3)].concat());
        assert_eq!((of(&anna, &out), of(&ben, &out)), (0, 0));
        let admit = Says::Admit { who: vec![anna.author.id()], ticket: None, despite: vec![] };
        let out = give(&mut engine, &[owner.act(admit)]);
        assert_eq!((of(&anna, &out), of(&ben, &out)), (6, 0), "appended and shown");
        // A flood fills the share of its link and no more.
        give(&mut engine, &ben.say(2_000));
        let waiting = engine.sizes().into_iter().find(|size| size.what.contains("not in")).unwrap();
        assert_eq!(waiting.count, waiting.bound);
    }

    #[test]
    fn a_welcome_and_the_answer_to_the_welcomed_that_come_in_one_frame_are_both_shown() {
        let (mut owner, runs, ticket) = founded();
        let (mut anna, mut ben) = (Scribe::numbered(owner.room, 2), Scribe::numbered(owner.room, 3));
        let admit = Says::Admit { who: vec![anna.author.id()], ticket: None, despite: vec![] };
        let (admit, join) = (owner.act(admit), ben.join(ticket));
        let welcome = anna.act(Says::Welcome { who: ben.author.id(), ticket });
        let word = ben.say(1).remove(0);
        let seen = vec![(ben.author.id(), 1)];
        let answer = anna.write_seen(seen, Kind::TEXT.sealed().unwrap(), "an answer".into());
        let late = [admit, welcome, answer, join, word];
        for turned in [false, true] {
            let mut engine = engine(&owner);
            give(&mut engine, &runs);
            let mut runs = late.to_vec();
            if turned {
                runs.reverse();
            }
            let mut out = Vec::new();
            // What came before its causes is brought again, as rounds do.
            for _ in 0..2 {
                let frame = Frame::Runs { want: 0, runs: runs.clone() };
                engine.handle(Input::Received { from: PEER, frame }, NOW, &mut out);
            }
            let shown = out.iter().filter_map(|output| match output {
                Output::Emit(Event::Shown { entry, .. }) => Some((entry.author, entry.seq)),
                _ => None,
            });
            let shown: BTreeSet<(AuthorId, Seq)> = shown.collect();
            assert!([&ben, &anna].iter().all(|who| shown.contains(&(who.author.id(), 1))), "{shown:?}");
        }
    }

    #[test]
    fn an_open_room_is_not_founded_as_a_closed_one_nor_the_other_way_round() {
        let (owner, runs, _) = founded();
        let mut open = engine_of(9, |config| Config { room: owner.room, ..config });
        open.handle(Input::Up { peer: PEER, address: None }, NOW, &mut Vec::new());
        give(&mut open, &runs);
        assert!(open.frontier().is_empty());
        let author = Author::from_secret(&[1; 32]).id();
        let (room, body) = found(&author, "lunch", [3; 16]);
        let mut owner = Scribe::numbered(room, 1);
        let found = owner.write(Kind::FOUND, body);
        let mut closed = engine(&owner);
        give(&mut closed, &[found]);
        assert!(closed.frontier().is_empty());
    }
}
