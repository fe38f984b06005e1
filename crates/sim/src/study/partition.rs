//! Heals two halves of a room that talked on while apart: `partition`.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use rumormill_proto::{frame::Frame, limits::BLOCK};
use rumormill_store::Store as _;

use super::{Lot, Measure, Plot, Row, Table};
use crate::{
    checkers::{Checker, Verdict},
    fact::Fact,
    serving::Serving,
    violation::Story,
    world::{Setup, World},
};

/// Peers on each side.
const PEERS: usize = 10;

/// Lines that a peer says at once: two runs.
const AT_ONCE: usize = 2 * BLOCK as usize;

/// Bytes of a line.
const LINE_BYTES: usize = 100;

/// Milliseconds until both sides know that the other is gone.
const APART_MS: u64 = 30_000;

/// Milliseconds between two rounds in which all say something.
const PAUSE_MS: u64 = 100;

/// Splits rooms into two halves of ten, lets each say lines, and joins them again.
///
/// # Errors
/// When a room does not heal.
pub fn study(lot: &Lot<'_>) -> Story<Vec<Table>> {
    let sizes: &[usize] = if lot.quick { &[1_280] } else { &[1_280, 10_240, 102_400] };
    let figures = lot.figures(sizes, |entries, seed| {
        let Healed { ms, bytes, entries, missing_bytes, missing } = heal(*entries, seed)?;
        Ok([ms as f64 / 1_000.0, bytes as f64 / missing_bytes as f64, entries as f64 / missing as f64])
    })?;
    let row = |(entries, figures): (&usize, [_; 3])| Row { keys: vec![entries.to_string()], figures: figures.to_vec() };
    Ok(vec![Table {
        file: "partition",
        caption: format!(
            "Two sides of {PEERS} peers, each of which said this many lines of {LINE_BYTES} bytes while apart: seconds \
             from healing until all hold everything, all bytes on the wire in that time over the bytes of the missing \
             runs, and entries sent over entries missing. Links have 5 to 30 ms of latency and carry 10 MB/s of \
             answers each."
        ),
        keys: &["entries a side"],
        measures: &[
            Measure { name: "healed s", digits: 1 },
            Measure { name: "bytes over missing", digits: 3 },
            Measure { name: "entries over missing", digits: 3 },
        ],
        rows: sizes.iter().zip(figures).map(row).collect(),
        plots: &[Plot { file: "partition-healed", x: 0, y: 0, log_x: true, log_y: false, only: &[] }],
    }])
}

/// The results of one healing.
struct Healed {
    ms: u64,
    bytes: u64,
    entries: u64,
    missing_bytes: u64,
    missing: u64,
}

fn heal(entries: usize, seed: u64) -> Story<Healed> {
    let sent = Sent::default();
    let mut room = World::with(Setup::new(seed)).watching(&[]).with_checker(Box::new(sent.clone()));
    let all = room.found(2 * PEERS);
    let (one, other) = all.split_at(PEERS);
    room.partition(&[one, other]);
    room.run_ms(APART_MS)?;
    let line = "x".repeat(LINE_BYTES);
    for _ in 0..entries / PEERS / AT_ONCE {
        all.iter().for_each(|peer| room.say_all(*peer, &[line.as_str(); AT_ONCE]));
        room.run_ms(PAUSE_MS)?;
    }
    room.settle_among(one)?;
    room.settle_among(other)?;
    let of_both = held_bytes(&room, one[0])? + held_bytes(&room, other[0])?;
    let (since_ms, before) = (room.now_ms(), (room.traffic().bytes, sent.count()));
    room.heal();
    room.settle()?;
    Ok(Healed {
        ms: room.now_ms() - since_ms,
        bytes: room.traffic().bytes - before.0,
        entries: sent.count() - before.1,
        missing_bytes: of_both * PEERS as u64,
        missing: 2 * (PEERS * entries) as u64,
    })
}

/// Bytes of the runs of everything that a peer holds.
fn held_bytes(room: &World, peer: usize) -> Story<u64> {
    let Some(process) = room.process(peer) else { return Ok(0) };
    let logs = process.engine.frontier().logs();
    let ranges = logs.filter_map(|(author, log)| Some((*author, 0, log.head()?.seq))).collect();
    let broken = |error| room.violation("stored entries are readable", format!("peer {peer}: {error}"));
    let mut reader = room.peers[peer].home.store.reader().map_err(broken)?;
    let (mut serving, mut bytes) = (Serving::new(0, Vec::new(), ranges), 0);
    while let Some(frame) = serving.next(&mut *reader, &room.room).map_err(broken)? {
        if let Frame::Runs { runs, .. } = frame {
            bytes += runs.iter().map(|run| run.wire().len() as u64).sum::<u64>();
        }
    }
    Ok(bytes)
}

/// Counts entries sent, as rumors or as answers.
#[derive(Clone, Default)]
struct Sent(Arc<AtomicU64>);

impl Sent {
    fn count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Checker for Sent {
    fn property(&self) -> &'static str {
        "sent entries are counted"
    }

    fn see(&mut self, fact: &Fact<'_>) -> Verdict {
        if let Fact::Sent { frame, .. } = fact {
            let entries: usize = frame.runs().iter().map(|run| run.entries().len()).sum();
            self.0.fetch_add(entries as u64, Ordering::Relaxed);
        }
        Ok(())
    }
}
