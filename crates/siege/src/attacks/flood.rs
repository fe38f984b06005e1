//! V3, C12: one member says valid things as fast as it can.

use std::time::{Duration, Instant};

use rumormill_node::Room;
use rumormill_proto::{
    admit::{Admission, Author, Trust},
    frame::{Brief, Frame, Heads, Push},
    frontier::Branch,
    ids::AuthorId,
    run::RawRun,
};

use crate::{
    Attack, Bound, Form, Outcome,
    nodes::{Homes, Stop, Town, besiege_with},
    pen::Pen,
    rogue::{Rogue, Server, wall_ms},
};

/// The row of this attack.
pub(super) const ATTACK: Attack = Attack {
    threat: "V3, C12",
    name: "flood",
    says: "a member sends 5,000 valid entries a second, each signed separately and to be passed on; others' lines get \
        through meanwhile, and in the end every node holds all entries",
    defences: &[],
    run,
};

/// Entries a second.
const RATE: u64 = 5_000;

/// Entries said at once, and how often.
const BURST: usize = 50;
const BURST_EVERY: Duration = Duration::from_millis(1_000 * BURST as u64 / RATE);

/// More entries than fit into the time that honest people talk.
const ENTRIES: (u64, u64) = (1_000, 8 * RATE);

/// The part of the id space that holds everybody.
const EVERYBODY: u8 = 0;

/// Interval of announcing the log's end, as in rounds.
const ANNOUNCE_EVERY: Duration = Duration::from_secs(1);

/// After so long without a new entry, none will come.
const QUIET: Duration = Duration::from_secs(30);

/// The flood, and its end.
struct Log {
    author: Author,
    pen: Pen,
    runs: Vec<RawRun>,
}

fn run(form: Form) -> Outcome {
    let prepare = async |town: &Town| {
        let mut pen = Pen::new(town.rooms[0].id(), 1, wall_ms());
        let runs = (0..form.pick(ENTRIES.0, ENTRIES.1))
            .map(|_| pen.line("a line as people write them, more or less"))
            .collect();
        Log { author: pen.author(), pen, runs }
    };
    let mut keepers = 0;
    let mut outcome = besiege_with(form, Homes::Disk, prepare, async |town, stop, log| {
        keepers = town.nodes.len() as u64;
        let mut outcome = Outcome::default();
        let rogue = Rogue::new(&town.nodes[0]).await;
        let wire = rogue.author(&town.rooms[0], &log.author).await.expect("a member is let in");
        let server = wire.read_all();
        let said = say_all(&server, &log.runs, (form, stop)).await;
        let fewest = settle(town, &server, &log, said).await;
        let stands = server.connection.close_reason().is_none();
        outcome.count("entries of the flood", said, Bound::AtLeast(form.pick(ENTRIES.0, RATE)));
        outcome.count("entries of the flood at the node that holds fewest", fewest, Bound::AtLeast(said));
        outcome.count("the flooder, who did nothing wrong, is still linked", u64::from(stands), Bound::Is(1));
        rogue.endpoint.close().await;
        outcome
    });
    // All nodes keep valid entries.
    outcome.measured.iter_mut().for_each(|measured| measured.keepers = keepers);
    outcome
}

/// Sends one run after the other until told to stop; returns the number of entries. The short form sends all as fast as
/// it can.
async fn say_all(server: &Server, runs: &[RawRun], (form, stop): (Form, &Stop)) -> u64 {
    let (mut said, mut tick) = (0, tokio::time::interval(BURST_EVERY));
    for burst in runs.chunks(BURST) {
        if form == Form::Full {
            tick.tick().await;
        }
        for run in burst {
            server.holds(run.clone());
            let push = Push { push: said, part: EVERYBODY, hops: 1, runs: vec![run.clone()] };
            server.say(&Frame::Push(push)).await;
            said += 1;
        }
        if form == Form::Full && stop.is_set() {
            break;
        }
    }
    said
}

/// Announces the end of the log until every node holds all of it or nothing more arrives; returns what the node with
/// the fewest entries holds.
async fn settle(town: &Town, server: &Server, log: &Log, said: u64) -> u64 {
    let (id, last) = (log.pen.id(), &log.runs[said as usize - 1]);
    let last = Admission::new(town.rooms[0].id()).admit(last, Trust::Signature).unwrap().last().id;
    let check = u32::from_be_bytes(*last.0.first_chunk().unwrap());
    let brief = Brief { author: id.prefix(), next: said, check, cut: None };
    let heads = Frame::Heads(Heads { branch: Branch::ROOT, all: false, heads: vec![brief] });
    let mut tick = tokio::time::interval(ANNOUNCE_EVERY);
    let (mut held, mut since) = (0, Instant::now());
    while since.elapsed() < QUIET {
        tick.tick().await;
        // A broken connection shows in the final count.
        server.say(&heads).await;
        let (mut fewest, mut all) = (u64::MAX, 0);
        for room in &town.rooms {
            let here = entries(room, &id).await;
            (fewest, all) = (fewest.min(here), all + here);
        }
        if fewest >= said {
            return fewest;
        }
        if all > held {
            (held, since) = (all, Instant::now());
        }
    }
    let mut fewest = u64::MAX;
    for room in &town.rooms {
        fewest = entries(room, &id).await.min(fewest);
    }
    fewest
}

/// The number of entries held of an author.
async fn entries(room: &Room, author: &AuthorId) -> u64 {
    let logs = room.entries().logs().await.unwrap();
    logs.iter().find(|kept| kept.author == *author).map_or(0, |kept| kept.log.len())
}
