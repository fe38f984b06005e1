//! Plumtree over HyParView by the `iroh-gossip` crate, in the simulator that it is published with.
//!
//! Its peers, links, timers and deaths are those of that simulator, with its default configuration; senders, times and
//! measures are ours. It simulates neither loss nor bytes, and peers notice a death one latency later.

use std::{collections::BTreeMap, time::Duration};

use bytes::Bytes;
use iroh_gossip::proto::{
    Command, Config, DeliveryScope, Event, Scope, TopicId,
    sim::{BootstrapMode, LatencyConfig, NetworkConfig, Simulator, SimulatorConfig},
};
use rumormill_proto::random::Random;
use rumormill_sim::{
    Story,
    study::{
        crash::{Crash, LINES, Mortal, Survival},
        spread::{Contender, LINE_BYTES, Point, Senders, Spread, WINDOW_MS, mean},
    },
};

/// The topic that the simulator's peers join.
const TOPIC: TopicId = TopicId::from_bytes([0; 32]);

/// Number of peers that join each other before all others join one of them.
const FIRST: u64 = 10;

/// Milliseconds that a room rests before the first line, as in our studies.
const REST_MS: u64 = 60_000;

/// More hops than any message takes.
const HOPS: u16 = 1_000;

/// Latency in rooms that die, in milliseconds.
const LATENCY_MS: (u64, u64) = (10, 50);

/// Milliseconds for which a message is kept; a peer that lacks it then never gets it.
const KEPT_MS: u64 = 30_000;

/// Its simulator cannot simulate such a room.
const NOT_SIMULATED: Survival = Survival {
    first_1s: f64::NAN,
    first_2s: f64::NAN,
    first: f64::NAN,
    second: f64::NAN,
    thirtieth: f64::NAN,
    eventually: f64::NAN,
    all_s: f64::NAN,
};

/// How its peers are configured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Gossip {
    /// With the defaults.
    AsItComes,
    /// With the timers that announcements wait for scaled to longer round trips than the defaults assume.
    Scaled,
}

impl Gossip {
    fn config(self, most_ms: u64) -> Config {
        let mut config = Config::default();
        if self == Self::Scaled {
            config.broadcast.graft_timeout_1 = Duration::from_millis(4 * most_ms);
            config.broadcast.graft_timeout_2 = Duration::from_millis(2 * most_ms);
        }
        config
    }
}

impl Contender for Gossip {
    fn name(&self) -> &str {
        match self {
            Self::AsItComes => "iroh-gossip 0.101",
            Self::Scaled => "iroh-gossip, scaled",
        }
    }

    fn enters(&self, point: &Point) -> bool {
        let slow = point.latency_ms.0 > 50;
        point.resend_percent == 0 && point.peers <= 10_000 && (slow || *self == Self::AsItComes)
    }

    fn spread(&self, point: &Point, seed: u64) -> Story<Spread> {
        let mut room = Room::new(point.peers, point.latency_ms, self.config(point.latency_ms.1), seed);
        let mut rounds = Vec::new();
        for round in 0..point.warm_up + point.rounds {
            let before = room.sent();
            room.heard.clear();
            let since_ms = room.now_ms();
            let lines = room.say(point.senders, round);
            room.run_ms(WINDOW_MS);
            if round >= point.warm_up {
                rounds.push(room.spread(since_ms, lines, before));
            }
        }
        Ok(mean(&rounds))
    }
}

impl Mortal for Gossip {
    fn crash(&self, point: &Crash, seed: u64) -> Story<Survival> {
        // Its links to dead peers break after one latency, whatever the transport notices.
        if point.silence_ms != LATENCY_MS {
            return Ok(NOT_SIMULATED);
        }
        let mut room = Room::new(point.peers, LATENCY_MS, self.config(LATENCY_MS.1), seed);
        let mut order: Vec<u64> = (0..point.peers as u64).collect();
        Random::new(seed).shuffle(&mut order);
        let survivors = order.split_off(point.peers * point.percent / 100);
        order.iter().for_each(|peer| room.simulator.network.remove(peer));
        room.heard.clear();
        let crash_ms = room.now_ms();
        let mut said_ms = Vec::new();
        for line in 0..LINES {
            let since_ms = room.now_ms();
            said_ms.push(since_ms);
            let text = room.say_one(survivors[line % survivors.len()], line);
            while room.now_ms() < since_ms + WINDOW_MS && room.times(&text).len() < survivors.len() - 1 {
                room.run_ms(1);
            }
        }
        let all = LINES * (survivors.len() - 1);
        // It keeps a message for 30 s: one that has not arrived by then never will.
        let end_ms = room.now_ms() + KEPT_MS;
        while room.now_ms() < end_ms && room.heard.values().map(Vec::len).sum::<usize>() < all {
            room.run_ms(WINDOW_MS);
        }
        let others = (survivors.len() - 1) as f64;
        let share = |line: usize, within_ms: u64| {
            let times = room.times(&text(line));
            times.iter().filter(|hearing| hearing.at_ms <= said_ms[line] + within_ms).count() as f64 / others
        };
        let hearings = || room.heard.values().flatten();
        let last_ms = hearings().map(|hearing| hearing.at_ms).max().unwrap_or(crash_ms);
        Ok(Survival {
            first_1s: share(0, 1_000),
            first_2s: share(0, 2_000),
            first: share(0, WINDOW_MS),
            second: share(1, WINDOW_MS),
            thirtieth: share(LINES - 1, WINDOW_MS),
            eventually: hearings().count() as f64 / all as f64,
            all_s: if hearings().count() == all { (last_ms - crash_ms) as f64 / 1_000.0 } else { f64::NAN },
        })
    }
}

/// A peer received a line.
#[derive(Clone, Copy, Debug)]
struct Hearing {
    at_ms: u64,
    hops: u16,
}

/// Payload and control messages.
#[derive(Clone, Copy, Debug)]
struct Sent {
    payloads: u64,
    controls: u64,
}

/// A room in that simulator.
struct Room {
    simulator: Simulator,
    /// Receivers by line, in order of arrival.
    heard: BTreeMap<Bytes, Vec<Hearing>>,
}

impl Room {
    fn new(peers: usize, (least, most): (u64, u64), config: Config, seed: u64) -> Self {
        let latency = if least == most {
            LatencyConfig::Static(Duration::from_millis(least))
        } else {
            LatencyConfig::random_ms(least, most)
        };
        let gossip_round_timeout = Duration::from_millis(WINDOW_MS);
        let simulator_config = SimulatorConfig { rng_seed: seed, peers, gossip_round_timeout };
        let mut simulator = Simulator::new(simulator_config, NetworkConfig { latency, proto: config });
        simulator.bootstrap(BootstrapMode::Set { count: FIRST.min(peers as u64) });
        simulator.network.run_duration(Duration::from_millis(REST_MS));
        simulator.network.events().for_each(drop);
        Self { simulator, heard: BTreeMap::new() }
    }

    fn now_ms(&self) -> u64 {
        self.simulator.network.elapsed().as_millis() as u64
    }

    /// Lets time pass, and records which peer receives what and when.
    fn run_ms(&mut self, ms: u64) {
        for _ in 0..ms {
            self.simulator.network.run_duration(Duration::from_millis(1));
            let at_ms = self.now_ms();
            for (_, _, event) in self.simulator.network.events() {
                if let Event::Received(heard) = event {
                    let hearing = Hearing { at_ms, hops: hops(heard.scope) };
                    self.heard.entry(heard.content).or_default().push(hearing);
                }
            }
        }
    }

    /// Lets the senders of a round speak; returns the number of lines.
    fn say(&mut self, senders: Senders, round: usize) -> usize {
        let peers = self.simulator.peer_count();
        let speakers = senders.in_round(round, peers);
        for &speaker in &speakers {
            self.say_one(speaker as u64, round * peers + speaker);
        }
        speakers.len()
    }

    fn say_one(&mut self, speaker: u64, line: usize) -> Bytes {
        let text = text(line);
        self.simulator.network.command(speaker, TOPIC, Command::Broadcast(text.clone(), Scope::Swarm));
        text
    }

    /// When a line reached the peers that have it.
    fn times(&self, line: &Bytes) -> &[Hearing] {
        self.heard.get(line).map_or(&[], Vec::as_slice)
    }

    fn sent(&self) -> Sent {
        let states = self.simulator.network.peer_states();
        let stats = states.filter_map(|state| state.state(&TOPIC)).map(|topic| topic.gossip_stats());
        stats.fold(Sent { payloads: 0, controls: 0 }, |sent, stats| Sent {
            payloads: sent.payloads + stats.payload_messages_received,
            controls: sent.controls + stats.control_messages_received,
        })
    }

    fn spread(&self, since_ms: u64, lines: usize, before: Sent) -> Spread {
        let deliveries = (lines * (self.simulator.peer_count() - 1)) as f64;
        let mut times: Vec<_> = self.heard.values().flatten().map(|hearing| hearing.at_ms - since_ms).collect();
        times.sort_unstable();
        let at = |share: f64| {
            let place = ((deliveries * share).ceil() as usize).saturating_sub(1);
            times.get(place).map_or(WINDOW_MS as f64, |ms| *ms as f64)
        };
        let sent = self.sent();
        let (payloads, controls) = (sent.payloads - before.payloads, sent.controls - before.controls);
        let reached = times.len() as f64 / deliveries;
        let most_hops = self.heard.values().flatten().map(|hearing| hearing.hops).max();
        Spread {
            copies: payloads as f64 / deliveries,
            bytes: f64::NAN,
            frames: (payloads + controls) as f64 / deliveries,
            hops: most_hops.map_or(0.0, f64::from),
            median_ms: at(0.5),
            last_ms: at(1.0),
            worst_ms: at(1.0),
            reached,
            told: reached,
        }
    }
}

/// A unique line, as long as ours.
fn text(line: usize) -> Bytes {
    format!("{line:>LINE_BYTES$}").into()
}

/// Links crossed: one more than the rounds in a message, which can only be compared.
fn hops(scope: DeliveryScope) -> u16 {
    (0..HOPS).find(|hops| scope == DeliveryScope::Swarm((*hops).into())).map_or(HOPS, |hops| hops + 1)
}
