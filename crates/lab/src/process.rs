//! `./process <pid> <n> <port>`: one process of a room whose processes form a line.
//!
//! It runs our usual engine and transport. Three things are special: a fixed view, keys derived from the lab's secret,
//! and logs in memory under an author key that is new at every start.

use std::{
    collections::BTreeMap,
    env,
    io::{self, Write},
};

use futures_util::StreamExt as _;
use rumormill_node::{
    Bind, Home, Message, Node, Room, RoomEvent, RoomSetup, Settings, What,
    proto::{
        ids::{AuthorId, PeerId},
        input::Step,
        rumor::{Policy, mongering::Mongering},
        sync::Pace,
        view::Shape,
    },
};
use tokio::{runtime, sync::watch};
use tracing::info;

use crate::{
    Dir,
    command::in_one_line,
    dir::LabDir,
    door::Listener,
    failure::{Cause, Failure},
    keys::{Keys, neighbours},
    limits::LAB_PROCESSES,
    spawn::READY,
    trace,
};

/// UDP port of process 0, unless `RUMORMILL_LAB_UDP` sets another.
const UDP: u16 = 20000;

/// How often neighbours compare: a message crosses a line of 16 as a rumor in milliseconds, or else fifteen comparisons
/// of a tenth of a second late; a quiet lab of 16 costs 40 datagrams a second.
pub(crate) const PACE: Pace = Pace { busy_ms: 100, quiet_ms: 400 };

/// Arguments of `rumormill lab process`.
#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    dir: Dir,
    /// Number of this process in the room, from 0
    pid: u16,
    /// Number of processes in the room
    #[arg(value_parser = clap::value_parser!(u16).range(1..=i64::from(LAB_PROCESSES)))]
    n: u16,
    /// TCP port for consoles
    #[arg(value_parser = clap::value_parser!(u16).range(1..))]
    port: u16,
    /// Do not report events on standard error
    #[arg(long, short)]
    quiet: bool,
}

/// Runs until the process is killed, or until a console sends `crash`.
///
/// # Errors
/// When a port is in use or the lab's directory is unusable.
pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    let udp = udp_base(args)?;
    let door = Listener::bind(args.port).map_err(|error| {
        let what = format!("TCP port {} of process {}: {error}", args.port, args.pid);
        Failure {
            cause: Cause::Ours,
            code: "port".into(),
            what,
            help: "end what uses the port, or take another".into(),
        }
    })?;
    let lab = LabDir::open(&args.dir.dir)?;
    let _record = lab.record(args.pid, args.n, args.port)?;
    let _ = writeln!(io::stdout(), "{READY}");
    trace::begin(args.pid, args.quiet);
    let keys = Keys::new(lab.secret()?, udp);
    // Two threads, so that a console that keeps one busy does not slow the room.
    let runtime = runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.map_err(|error| Failure::internal("runtime", error.to_string()))?;
    runtime.block_on(live(args, door, &keys))
}

fn udp_base(args: &Args) -> Result<u16, Failure> {
    let usage =
        |what: String, help: &str| Failure { cause: Cause::Usage, code: "usage".into(), what, help: help.into() };
    if args.pid >= args.n {
        let what = format!("process {} in a room of {}", args.pid, args.n);
        return Err(usage(what, "the pids of a room are 0 to one less than its processes"));
    }
    let base = match env::var("RUMORMILL_LAB_UDP") {
        Ok(value) => value.parse().ok().filter(|base| *base > 0).ok_or_else(|| {
            usage(format!("RUMORMILL_LAB_UDP is {value:?}, which is no port"), "give a number from 1 to 65535")
        })?,
        Err(_) => UDP,
    };
    match base.checked_add(args.n - 1) {
        Some(_) => Ok(base),
        None => Err(usage(format!("{} UDP ports from {base} on go past 65535", args.n), "lower RUMORMILL_LAB_UDP")),
    }
}

async fn live(args: &Args, door: Listener, keys: &Keys) -> Result<(), Failure> {
    let (entered, entering) = watch::channel(None);
    let door = tokio::spawn(door.serve(entering));
    let room = enter(args, keys).await?;
    info!("in the room as author {}", room.author().short());
    let mut trace = Trace::new(args, keys, &room);
    let mut events = room.events();
    entered.send_replace(Some(room.clone()));
    tokio::select! {
        stopped = async {
            loop {
                match events.next().await {
                    Some(RoomEvent::Stopped { why }) => return why,
                    Some(RoomEvent::Left) | None => return "the room has ended".into(),
                    Some(event) => trace.tell(&room, &event).await,
                }
            }
        } => Err(Failure::internal("room", stopped)),
        closed = door => Err(Failure::internal("console", format!("{closed:?}"))),
    }
}

async fn enter(args: &Args, keys: &Keys) -> Result<Room, Failure> {
    let node = Node::open(Settings {
        home: Home::Memory,
        bind: Bind::Loopback { port: keys.port(args.pid) },
        lan: false,
        relay: false,
        relays: Vec::new(),
        dht: false,
        dht_nodes: Vec::new(),
        lan_only: false,
        peer_secret: Some(keys.peer_secret(args.pid)),
        key: None,
        trace: !args.quiet,
        clock: Default::default(),
    })
    .await?;
    let mut author_secret = [0; 32];
    getrandom::fill(&mut author_secret).map_err(|error| Failure::internal("random", error.to_string()))?;
    let contacts: Vec<_> = neighbours(args.pid, args.n).map(|pid| keys.contact(pid)).collect();
    let setup = RoomSetup {
        id: keys.room(),
        secret: keys.room_secret(),
        author_secret,
        fresh_author: true,
        name: "lab".into(),
        shape: Shape::Fixed(contacts.iter().map(|contact| contact.peer).collect()),
        policy: Policy::Mongering(Mongering::default()),
        pace: PACE,
        contacts,
        keep: false,
        retention: rumormill_node::Keep::default(),
        announced: false,
        closed: None,
        private: None,
        nick: None,
    };
    Ok(node.enter(setup).await?)
}

/// Traces what the engine does, in the words of the protocol.
struct Trace {
    pids: BTreeMap<PeerId, u16>,
    authors: BTreeMap<AuthorId, u16>,
}

impl Trace {
    fn new(args: &Args, keys: &Keys, room: &Room) -> Self {
        let pids = neighbours(args.pid, args.n).map(|pid| (keys.contact(pid).peer, pid)).collect();
        Self { pids, authors: BTreeMap::from([(room.author(), args.pid)]) }
    }

    async fn tell(&mut self, room: &Room, event: &RoomEvent) {
        match event {
            RoomEvent::Message { message, .. } => self.message(message),
            RoomEvent::Inserted { of, .. } => match room.message(*of).await {
                Ok(message) => message.iter().for_each(|message| self.message(message)),
                Err(why) => info!("cannot read entry {} of {}: {why}", of.seq, self.author(&of.author)),
            },
            RoomEvent::Changed { of } => info!("entry {} of {} has changed", of.seq, self.author(&of.author)),
            RoomEvent::Came { peer, author } => {
                if let Some(pid) = self.pids.get(peer) {
                    self.authors.insert(*author, *pid);
                }
                info!("link to {} is up, where {} writes", self.peer(peer), author.short());
            }
            RoomEvent::Went { peer, .. } => info!("link to {} is down", self.peer(peer)),
            RoomEvent::Holds { author, next } => info!("{} holds {next} entries of ours", self.author(author)),
            RoomEvent::Missing { entries: 0 } => info!("nothing is missing"),
            RoomEvent::Missing { entries } => info!("entries missing: {entries}"),
            RoomEvent::Forked { author, at, .. } => info!("log of {} is forked at {at} and cut", self.author(author)),
            RoomEvent::Evicted { author } => info!("log of {} left: the room is full of authors", self.author(author)),
            RoomEvent::Skewed(skew) => info!("clock differs from a neighbour's by {} ms", skew.ms),
            RoomEvent::Rekeyed { author, .. } => info!("writes as author {} from here on", author.short()),
            RoomEvent::Lagged { missed } => info!("{missed} events came too fast to be told"),
            RoomEvent::Step(step) => self.step(step),
            _ => {}
        }
    }

    fn message(&self, message: &Message) {
        let text = match &message.what {
            What::Text(text) => in_one_line(&text.text).collect(),
            other => format!("{other:?}"),
        };
        info!("entry {} of {} is in the log: {text}", message.place.seq, self.author(&message.place.author));
    }

    fn step(&self, step: &Step) {
        match step {
            Step::RumorTo { peer, entries } => info!("rumor sent to {}, entries: {entries}", self.peer(peer)),
            Step::RumorFrom { peer, entries, new } => {
                let news = if *new { "new" } else { "known already" };
                info!("rumor from {}, entries: {entries}, {news}", self.peer(peer));
            }
            Step::AckFrom { peer, new } => {
                let news = if *new { "it was new there" } else { "it was known there" };
                info!("rumor answered by {}: {news}", self.peer(peer));
            }
            Step::Coin { go_on } => info!("coin flip: {}", if *go_on { "go on" } else { "stop" }),
            Step::RoundWith { peer } => info!("anti-entropy with {}", self.peer(peer)),
            Step::StatusFrom { peer, same } => {
                info!("status from {}: {}", self.peer(peer), if *same { "in sync" } else { "it differs" });
            }
            Step::Wanted { peer, entries } => info!("entries wanted from {}: {entries}", self.peer(peer)),
            Step::Served { peer, entries } => info!("entries served to {}: {entries}", self.peer(peer)),
            Step::Pending { author, seq } => {
                info!("entry {seq} of {} waits for what came before it", self.author(author));
            }
        }
    }

    fn peer(&self, peer: &PeerId) -> String {
        self.pids.get(peer).map_or_else(|| peer.short(), |pid| format!("p{pid}"))
    }

    fn author(&self, author: &AuthorId) -> String {
        self.authors.get(author).map_or_else(|| author.short(), |pid| format!("p{pid}"))
    }
}
