//! The weather of closed rooms: a seed picks who governs, what they do to one another while the network is parted, and who
//! lies. When all is quiet, everybody knows the same members and shows the same.

use bytes::Bytes;
use rumormill_proto::{
    entry::Kind,
    governance::{Act, Appointed, Order, Role, Says},
    random::Random,
};

use crate::{
    closed::Made,
    nature::Nature,
    network::Weather,
    violation::Story,
    weather::any_weather,
    world::{Setup, World},
};

/// The properties that hold in a closed room. A person that was removed loses words that it said, and nobody waits for
/// words that do not count.
const PROPERTIES: [&str; 7] = [
    "no honest peer is barred",
    "everything is bounded",
    "durable before shown or sent",
    "no honest author forks",
    "same timeline everywhere",
    "nothing is shown twice",
    "sent frames are readable",
];

/// A closed room with these checks.
pub fn world(seed: u64) -> World {
    World::with(Setup { closed: true, ..Setup::new(seed) }).watching(&PROPERTIES)
}

/// Runs the unrest of this seed.
///
/// # Errors
/// The first property that breaks.
pub fn pass(seed: u64) -> Story {
    Unrest::new(seed, false).pass()
}

/// As [`pass`], printing a trace line for every event.
///
/// # Errors
/// As [`pass`].
pub fn print(seed: u64) -> Story {
    Unrest::new(seed, true).pass()
}

fn words(text: &'static str, count: usize) -> Vec<(Kind, Bytes)> {
    vec![(Kind::TEXT, Bytes::from_static(text.as_bytes())); count]
}

/// The kind of texts in a closed room. A body that was not sealed is taken like any other, and shown as damaged.
pub fn sealed_text() -> Kind {
    Kind::TEXT.sealed().unwrap_or(Kind::TEXT)
}

struct Unrest {
    random: Random,
    room: World,
    /// Peers from here on are newcomers.
    members: usize,
    tickets: Vec<Made>,
    asleep: Vec<usize>,
}

impl Unrest {
    fn new(seed: u64, print: bool) -> Self {
        let mut random = Random::new(seed);
        let members = 4 + random.below(5) as usize;
        let mut room = world(seed);
        if print {
            room.print_trace();
        }
        Self { random, room, members, tickets: Vec::new(), asleep: Vec::new() }
    }

    fn pass(&mut self) -> Story {
        self.begin()?;
        // Anybody may lie but the owner, for only a co-owner's node ends a fork of the owner's log.
        let liars = [(); 2].map(|()| 1 + self.random.below(self.members as u64 - 1) as usize);
        let lies = self.random.coin(2);
        for _ in 0..15 + self.random.below(25) {
            let ms = self.random.below(1_500);
            self.room.run_ms(ms)?;
            self.happen();
            if lies && self.random.coin(5) {
                self.lie(liars);
            }
        }
        self.clear();
        // A word that nobody has would be missed for ever.
        self.room.run_ms(2_000)?;
        self.room.show_what_was_kept_back();
        self.room.settle()?;
        self.room.same_members()?;
        self.room.same_timeline()?;
        // A secret whose frame was lost is asked for.
        self.room.run_ms(10_000)?;
        self.room.members_read_all()?;
        self.room.who_is_out_reads_nothing()?;
        self.newcomer()
    }

    /// The owner founds the room, lets the others in, and appoints some of them.
    fn begin(&mut self) -> Story {
        self.room.begin_closed();
        self.room.join(self.members - 1);
        self.room.run_ms(2_000)?;
        for peer in 1..self.members {
            self.room.admit(0, peer);
        }
        self.room.settle()?;
        self.room.appoint(0, 1, Role::CoOwner);
        self.room.appoint(0, 2, Role::Moderator);
        self.room.settle()?;
        if self.random.coin(2) {
            let weather = any_weather(&mut self.random);
            self.room.set_weather(weather);
        }
        Ok(())
    }

    fn happen(&mut self) {
        let all = self.room.peer_count() as u64;
        let (peer, other) = (self.random.below(all) as usize, self.random.below(all) as usize);
        if !self.room.is_up(peer) {
            if self.room.is_crashed(peer) {
                self.room.restart(peer);
            }
            return;
        }
        match self.random.below(26) {
            0 => self.room.admit(peer, other),
            1 | 2 => self.room.remove(peer, other),
            3 => self.room.appoint(peer, other, Role::CoOwner),
            4 => self.room.appoint(peer, other, Role::Moderator),
            5 => self.room.dismiss(peer, other),
            6 if self.random.coin(2) => self.room.order(peer, Order::StepDown),
            6 => self.room.vouch(peer, other),
            7 => {
                let uses = 1 + self.random.below(3);
                let made = self.room.make_ticket(peer, uses);
                self.tickets.push(made);
            }
            8 | 9 if all < 14 => self.knock(),
            10 | 11 => self.room.welcome_all(peer),
            12 => {
                let made = self.random.pick(&self.tickets).copied();
                if let Some(ticket) = made.and_then(|made| self.room.ticket_id(made)) {
                    self.room.order(peer, Order::Revoke(ticket));
                }
            }
            13 => {
                let side: Vec<_> = (0..self.room.peer_count()).filter(|_| self.random.coin(2)).collect();
                self.room.partition(&[&side]);
            }
            14 | 15 => self.room.heal(),
            16 => self.room.crash(peer),
            17 => {
                self.room.pause(peer);
                self.asleep.push(peer);
            }
            18 => {
                let said = self.room.written(other).max(1);
                let last = self.random.below(said);
                self.room.hide(peer, other, (last.saturating_sub(self.random.below(9)), last));
            }
            19 => {
                let lines = vec!["one of many lines"; 1 + self.random.below(90) as usize];
                self.room.say_all(peer, &lines);
            }
            _ => self.room.say(peer, "a line"),
        }
    }

    /// Somebody comes with a ticket.
    fn knock(&mut self) {
        let Some(made) = self.random.pick(&self.tickets).copied() else { return };
        let newcomer = self.room.join(1)[0];
        self.room.use_ticket(newcomer, made);
    }

    /// Says or does something by hand, whether or not the room lets the liars. They hold the secrets and help each other,
    /// also when one of them was removed.
    fn lie(&mut self, liars: [usize; 2]) {
        let at = usize::from(self.random.coin(3));
        let [liar, other] = [liars[at], liars[1 - at]];
        if !self.room.is_up(liar) {
            return;
        }
        self.room.turn_into(liar, Nature::Hand);
        match self.random.below(8) {
            0 => _ = self.room.flood(liar, 5),
            1 => self.room.write_by_hand(liar, u64::MAX, words("still here", 3)),
            2 => self.room.write_by_hand(liar, u64::MAX, words("one of very many lines", 100)),
            3 => self.room.pass_on_by_hand(liar, other),
            4 | 5 => self.act(liar),
            _ => self.fork(liar),
        }
    }

    /// Does something that nobody asked the liar for.
    fn act(&mut self, liar: usize) {
        let other = self.random.below(self.room.peer_count() as u64) as usize;
        let (which, key) = (self.random.number(), self.room.author(other));
        let end = self.room.some_end(liar, other, which);
        let made = self.random.pick(&self.tickets).copied();
        let ticket = made.and_then(|made| self.room.ticket_id(made));
        let keys = vec![Appointed { key, from: 0 }];
        let says = match self.random.below(10) {
            0 => Says::Admit { who: vec![key], ticket: None, despite: Vec::new() },
            1 => Says::Dismiss { ends: vec![end], tickets: ticket.into_iter().collect() },
            2 | 3 => Says::Remove { ends: vec![end], tickets: Vec::new(), knowing: Vec::new() },
            4 => Says::Vouch(end),
            5 => Says::Appoint { role: Role::CoOwner, keys, despite: Vec::new() },
            6 => Says::Appoint { role: Role::Moderator, keys, despite: Vec::new() },
            7 => Says::End(end),
            8 => ticket.map_or(Says::StepDown { closer: None }, Says::Revoke),
            _ => match end.end.last {
                Some(last) => Says::Hide { author: key, first: 0, last },
                None => Says::StepDown { closer: None },
            },
        };
        let hides = self.random.coin(3);
        self.room.act_by_hand(liar, says, hides);
    }

    /// Takes back what the liar said and did, by words or by another act in its place.
    fn fork(&mut self, liar: usize) {
        let said = self.room.written(liar);
        let from = self.random.below(said + 1);
        let other = self.room.author(self.random.below(self.members as u64) as usize);
        let act = Act { before: None, says: Says::Admit { who: vec![other], ticket: None, despite: Vec::new() } };
        let entries = match act.encode() {
            Ok(act) if self.random.coin(2) => vec![act],
            _ => words("I never did that", 1 + self.random.below(70) as usize),
        };
        self.room.fork_by_hand(liar, from, entries);
    }

    fn clear(&mut self) {
        self.room.set_weather(Weather::clear());
        self.room.heal();
        for peer in 0..self.room.peer_count() {
            self.room.spare(peer);
            if self.room.is_crashed(peer) {
                self.room.restart(peer);
            }
        }
        self.asleep.drain(..).for_each(|peer| self.room.resume(peer));
    }

    /// Somebody who was never there comes to the same state from what is passed on.
    fn newcomer(&mut self) -> Story {
        let governs =
            |at: &usize| self.room.seats(*at).get(&self.room.author(*at)).is_some_and(|seat| seat.role.is_some());
        // Everybody may have given up its role.
        let Some(governor) = self.room.expected_all().into_iter().find(governs) else { return Ok(()) };
        let newcomer = self.room.join_by(&[governor], 1)[0];
        self.room.run_ms(2_000)?;
        self.room.admit(governor, newcomer);
        self.room.settle()?;
        if !self.room.is_member(newcomer, newcomer) {
            return Err(self.room.violation("who is let in knows it", format!("peer {newcomer} does not")));
        }
        self.room.same_members()?;
        self.room.same_timeline().map(|_| ())
    }
}
