//! Engines, authors and runs for the tests of this crate.

use bytes::Bytes;

use crate::{
    admit::{Admission, Author, Run, Trust},
    config::Config,
    engine::Engine,
    entry::{Body, Kind, RawEntry, Seen},
    ids::{AuthorId, EntryId, PeerId, RoomId, Seq},
    input::Output,
    random::Random,
    rumor::Policy,
    run::RawRun,
    standing::Crowd,
    sync::Pace,
    time::{Now, Time},
    turn::Turn,
    view::Shape,
};

pub(crate) const ROOM: RoomId = RoomId([1; 32]);

/// The time at which [`engine`] begins.
pub(crate) const NOW: Now = Now { ticks_ms: 100_000, wall_ms: 5_000 };

/// A peer alone in a room, with an empty store. It writes under this key.
pub(crate) fn engine(secret: u8) -> Engine {
    engine_of(secret, |config| config)
}

/// The same, set up otherwise.
pub(crate) fn engine_of(secret: u8, other: impl FnOnce(Config) -> Config) -> Engine {
    let config = Config {
        room: ROOM,
        me: PeerId([1; 32]),
        policy: Policy::Delegating(Default::default()),
        shape: Shape::Open,
        pace: Pace::default(),
        crowd: Crowd::default(),
        closed: None,
        fresh_author: true,
        trace: false,
        seed: 1,
    };
    Engine::new(other(config), Author::from_secret(&[secret; 32]), vec![], None, NOW)
}

/// Gives a part a turn at this time; returns its result and its outputs.
pub(crate) fn turn<T>(ticks_ms: u64, act: impl FnOnce(&mut Turn<'_>) -> T) -> (T, Vec<Output>) {
    let mut out = Vec::new();
    let returned = act(&mut Turn::new(Now { ticks_ms, ..NOW }, &mut Random::new(1), &mut out));
    (returned, out)
}

/// Writes one author's log, and can write another one from the same place.
#[derive(Clone)]
pub(crate) struct Writer {
    secret: [u8; 32],
    pub(crate) next: Seq,
    prev: EntryId,
    time: Time,
}

impl Writer {
    pub(crate) fn new(secret: u8) -> Self {
        Self::with_secret([secret; 32])
    }

    /// One of many authors.
    pub(crate) fn numbered(number: u32) -> Self {
        let mut secret = [0xee; 32];
        secret[..4].copy_from_slice(&number.to_be_bytes());
        Self::with_secret(secret)
    }

    fn with_secret(secret: [u8; 32]) -> Self {
        Self { secret, next: 0, prev: EntryId::default(), time: Time::from_ms(1_000) }
    }

    pub(crate) fn id(&self) -> AuthorId {
        Author::from_secret(&self.secret).id()
    }

    /// The same author, whose clock is ahead.
    pub(crate) fn later(mut self, ms: u64) -> Self {
        self.time = Time::from_ms(self.time.ms() + ms);
        self
    }

    /// The next `count` entries as one run.
    pub(crate) fn write(&mut self, count: usize, body: &str) -> RawRun {
        self.write_seen(vec![vec![]; count], body)
    }

    /// One entry for each `seen`.
    pub(crate) fn write_seen(&mut self, seen: Vec<Seen>, body: &str) -> RawRun {
        self.write_entries(seen.into_iter().map(|seen| (seen, body)).collect())
    }

    /// One entry for each body.
    pub(crate) fn write_each(&mut self, bodies: &[&str]) -> RawRun {
        self.write_entries(bodies.iter().map(|body| (Seen::default(), *body)).collect())
    }

    fn write_entries(&mut self, entries: Vec<(Seen, &str)>) -> RawRun {
        let entry = |(seen, body): (Seen, &str)| {
            self.time = self.time.next(0);
            let body = Body::Here(Bytes::copy_from_slice(body.as_bytes()));
            RawEntry { time: self.time, seen, kind: Kind::TEXT, body }
        };
        let entries = entries.into_iter().map(entry).collect();
        let run = Author::from_secret(&self.secret).sign(&ROOM, self.next, self.prev, entries).unwrap();
        let last = admit(&run);
        (self.next, self.prev) = (run.last() + 1, last.last().id);
        run
    }

    /// `count` entries as runs of one block each.
    pub(crate) fn write_blocks(&mut self, count: u64, body: &str) -> Vec<RawRun> {
        let end = self.next + count;
        let mut runs = Vec::new();
        while self.next < end {
            let left = end.min(crate::run::block_end(self.next) + 1) - self.next;
            runs.push(self.write(left as usize, body));
        }
        runs
    }
}

pub(crate) fn admit(run: &RawRun) -> Run {
    Admission::new(ROOM).admit(run, Trust::Signature).unwrap()
}
