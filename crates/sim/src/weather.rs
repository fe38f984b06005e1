//! The weather: a seed picks a room and everything that happens to it. After the weather clears, every property must
//! hold.
//!
//! The seed picks: how many peers join and when, how rumors spread and how often peers compare; latency, jitter, loss,
//! duplicates, reordering and bandwidth of the network, and changes of them; cuts both ways and one way, partitions and
//! clogs; crashes anywhere in a turn, restarts with or without the store, pauses, wrong clocks; a key that writes from
//! two homes; a liar. Then the weather clears, every honest peer comes back, and all must become quiet with one
//! timeline.

use rumormill_proto::{
    limits::MESH_PEERS,
    random::Random,
    rumor::{
        Policy,
        delegating::Delegating,
        mongering::{Direction, Mongering, Stop},
    },
    sync::Pace,
};

use crate::{
    nature::Nature,
    network::Weather,
    peer::Stage,
    violation::Story,
    world::{Form, Setup, World},
};

/// Runs the weather of this seed.
///
/// # Errors
/// The first property that breaks.
pub fn pass(seed: u64) -> Story {
    Storm::new(seed).pass()
}

/// As [`pass`], printing a trace line for every event.
///
/// # Errors
/// As [`pass`].
pub fn print(seed: u64) -> Story {
    let mut storm = Storm::new(seed);
    storm.room.print_trace();
    storm.pass()
}

/// As [`pass`]; returns the trace.
///
/// # Errors
/// As [`pass`].
pub fn trace(seed: u64) -> Story<String> {
    let mut storm = Storm::new(seed);
    storm.room.keep_trace();
    storm.pass()?;
    Ok(storm.room.trace().to_owned())
}

/// A room and its weather.
struct Storm {
    random: Random,
    room: World,
    size: usize,
    open: bool,
    /// Percentage of peers that say something in each step.
    chatty_percent: u64,
    /// Paused peers.
    asleep: Vec<usize>,
}

impl Storm {
    fn new(seed: u64) -> Self {
        let mut random = Random::new(seed);
        // Most rooms are small, because a small one shows the same in less time; some are larger than a mesh.
        let large = random.coin(50);
        let size = 2 + random.below(11) as usize + if large { MESH_PEERS } else { 0 };
        let form = if random.coin(3) && !large { Form::Line(size) } else { Form::Open };
        let setup = Setup {
            form,
            policy: any_policy(&mut random),
            pace: any_pace(&mut random),
            weather: any_weather(&mut random),
            turn_us: random.below(5_000),
            ..Setup::new(seed)
        };
        let chatty_percent = if random.coin(4) { random.below(60) } else { 0 };
        let (room, open) = (World::with(setup), form == Form::Open);
        Self { random, room, size, open, chatty_percent, asleep: Vec::new() }
    }

    fn pass(&mut self) -> Story {
        let (size, setup) = (self.size, self.room.setup.clone());
        self.room.note("seed", || format!("{}: {size} peers, {:?}, {:?}", setup.seed, setup.form, setup.policy));
        self.room.note("weather", || setup.weather.to_string());
        let begin = 1 + self.random.below(self.size as u64) as usize;
        self.room.join(begin);
        let mut joined = begin;
        for _ in 0..10 + self.random.below(30) {
            let ms = self.random.below(1_000);
            self.room.run_ms(ms)?;
            if joined < self.size && self.random.coin(3) {
                self.room.join(1);
                joined += 1;
            }
            self.happen(joined);
            self.chat(joined);
        }
        self.room.join(self.size - joined);
        if self.random.coin(3) {
            self.befall_last()?;
        }
        self.clear();
        self.room.settle()?;
        self.room.same_timeline().map(|_| ())
    }

    fn chat(&mut self, joined: usize) {
        for peer in 0..joined {
            if self.room.is_up(peer) && self.random.below(100) < self.chatty_percent {
                self.room.say(peer, "chatter");
            }
        }
    }

    fn happen(&mut self, joined: usize) {
        let peer = self.random.below(joined as u64) as usize;
        let other = self.random.below(joined as u64) as usize;
        match self.random.below(20) {
            0 if self.room.is_up(peer) => self.room.crash(peer),
            1 if self.room.is_up(peer) => {
                let stages = [Stage::BeforeAppend, Stage::BeforeSend, Stage::BeforeEmit];
                let stage = *self.random.pick(&stages).unwrap_or(&Stage::BeforeSend);
                self.room.crash_in_turn(peer, stage);
            }
            2 | 3 => self.come_back(peer),
            4 => self.room.cut(peer, other),
            5 => self.room.cut_one_way(peer, other),
            6 => {
                let side: Vec<_> = (0..joined).filter(|_| self.random.coin(2)).collect();
                self.room.partition(&[&side]);
            }
            7 => self.room.heal(),
            8 if peer != other => self.room.clog(peer, other, self.random.below(10_000)),
            9 if self.room.is_up(peer) => {
                self.room.pause(peer);
                self.asleep.push(peer);
            }
            10 => {
                let sleepers = std::mem::take(&mut self.asleep);
                sleepers.into_iter().for_each(|peer| self.room.resume(peer));
            }
            11 => self.room.set_weather(any_weather(&mut self.random)),
            12 => self.room.set_clock(peer, self.random.below(200_000) as i64 - 100_000),
            13 if self.room.is_up(peer) => {
                let most = if self.random.coin(5) { 500 } else { 100 };
                let lines = vec!["one of many lines"; 1 + self.random.below(most) as usize];
                self.room.say_all(peer, &lines);
            }
            _ if self.room.is_up(peer) => self.room.say(peer, "a line"),
            _ => {}
        }
    }

    /// The last peer, which no ticket names, lies; or its home is copied and both continue.
    fn befall_last(&mut self) -> Story {
        let last = self.size - 1;
        if !self.open || last == 0 {
            return Ok(());
        }
        let liar = *self.random.pick(&Nature::LIARS).unwrap_or(&Nature::Mute);
        let twin = self.random.coin(4).then(|| self.room.twin(last));
        match twin {
            Some(_) => self.size += 1,
            None => self.room.turn_into(last, liar),
        }
        for _ in 0..10 {
            let ms = self.random.below(500);
            self.room.run_ms(ms)?;
            self.happen(self.size);
            let speaker = twin.filter(|_| self.random.coin(2)).unwrap_or(last);
            if self.room.is_up(speaker) {
                self.room.say(speaker, "it is me");
            }
        }
        Ok(())
    }

    /// Restarts a peer that is down, usually with its store.
    fn come_back(&mut self, peer: usize) {
        if self.room.is_crashed(peer) {
            match self.random.coin(4) {
                true => self.room.restart_empty(peer),
                false => self.room.restart(peer),
            }
        }
    }

    fn clear(&mut self) {
        self.room.set_weather(Weather::clear());
        self.room.heal();
        for peer in 0..self.size {
            self.room.spare(peer);
            if self.room.is_crashed(peer) {
                self.room.restart(peer);
            }
        }
        self.asleep.drain(..).for_each(|peer| self.room.resume(peer));
    }
}

pub(crate) fn any_weather(random: &mut Random) -> Weather {
    let least = random.below(50_000);
    Weather {
        latency_us: (least, least + random.below(200_000)),
        jitter_us: random.below(50_000),
        slow_percent: if random.coin(3) { random.below(20) } else { 0 },
        slow_us: random.below(1_000_000),
        reorder: random.coin(2),
        loss_percent: if random.coin(2) { random.below(31) } else { 0 },
        resend_percent: if random.coin(3) { random.below(31) } else { 0 },
        duplicate_percent: if random.coin(2) { random.below(31) } else { 0 },
        live_bytes_per_second: if random.coin(3) { 5_000 + random.below(200_000) } else { 10_000_000 },
        bulk_bytes_per_second: 10_000 + random.below(5_000_000),
        ..Weather::clear()
    }
}

fn any_pace(random: &mut Random) -> Pace {
    let busy_ms = 100 + random.below(1_000);
    Pace { busy_ms, quiet_ms: busy_ms + random.below(10_000) }
}

fn any_policy(random: &mut Random) -> Policy {
    if random.coin(3) {
        return Policy::Delegating(Delegating::default());
    }
    let directions = [Direction::Push, Direction::Pull, Direction::PushPull];
    let k = 1 + random.below(5) as u32;
    Policy::Mongering(Mongering {
        direction: *random.pick(&directions).unwrap_or(&Direction::Push),
        feedback: random.coin(2),
        stop: if random.coin(2) { Stop::Counter(k) } else { Stop::Coin(k) },
        every_ms: 5 + random.below(200),
    })
}
