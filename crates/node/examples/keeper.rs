//! What a keeper costs: `cargo run --release -p rumormill-node --example keeper [rooms] [messages of each]`.
//!
//! It makes the home of somebody who founded rooms and said so many messages in each, through the store, not the network.
//! Then three nodes run, each in a process of its own, because the peak of memory is counted by process: a keeper takes all
//! rooms from the founder, the founder goes, and another member, who was there before the messages, comes and takes all of it
//! from the keeper. At last the keeper opens its home again. Rooms without messages show what a greeting costs.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "an example that cannot go on has nothing to say")]

use std::{
    env, fs,
    io::{self, BufRead as _, BufReader, Write as _},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Instant,
};

use bytes::Bytes;
use rumormill_node::{Bind, Home, Node, Room, Settings, contact};
use rumormill_proto::{
    admit::{Admission, Author, Run, Trust},
    entry::{Body, Kind, RawEntry, found_closed},
    frame::Contact,
    governance::{Act, Appointed, Role, Says},
    ids::{EntryId, RoomId},
    run::block_end,
    time::Time,
};
use rumormill_store::{Change, Closed, Disk, RoomRecord, Store as _};

/// Bytes of a sealed message: 200 and its seal.
const BODY_BYTES: usize = 224;

/// Runs in one commit.
const COMMIT: usize = 64;

/// Entries of a room before its messages: it is founded, the keeper appointed, and the other member let in.
const ACTS: u64 = 3;

/// Who takes part, by the byte that both secrets consist of.
#[derive(Clone, Copy)]
enum Part {
    Founder = 1,
    Member = 2,
    Keeper = 3,
}

impl Part {
    fn secret(self) -> [u8; 32] {
        [self as u8; 32]
    }

    fn author(self) -> Author {
        Author::from_secret(&self.secret())
    }
}

/// A room by its number, founded by the founder.
fn room(number: u64) -> (RoomId, Bytes) {
    let mut nonce = [0; 16];
    nonce[..8].copy_from_slice(&number.to_be_bytes());
    found_closed(&Part::Founder.author().id(), nonce)
}

/// What nobody can compress, as sealed words are.
fn body(number: u64, seq: u64) -> Bytes {
    let mut bytes = vec![0; BODY_BYTES];
    blake3::Hasher::new().update(&number.to_be_bytes()).update(&seq.to_be_bytes()).finalize_xof().fill(&mut bytes);
    bytes.into()
}

/// The runs of a room: its acts, and so many messages.
fn runs(number: u64, messages: u64) -> Vec<Run> {
    let (author, (room, founding)) = (Part::Founder.author(), room(number));
    let appoint = Says::Appoint {
        role: Role::Keeper,
        keys: vec![Appointed { key: Part::Keeper.author().id(), from: 0 }],
        despite: vec![],
    };
    let admit = Says::Admit { who: vec![Part::Member.author().id()], ticket: None, despite: vec![] };
    let text = Kind::TEXT.sealed().unwrap();
    let entry = |seq: u64, (kind, body)| RawEntry {
        time: Time::from_ms(1_700_000_000_000 + seq),
        seen: vec![],
        kind,
        body: Body::Here(body),
    };
    let acts = [appoint, admit].map(|says| Act { before: None, says }.encode().unwrap());
    let acts = [(Kind::FOUND, founding)].into_iter().chain(acts);
    let mut blocks: Vec<_> = (0..).zip(acts).map(|(seq, act)| vec![entry(seq, act)]).collect();
    let (mut next, end) = (ACTS, ACTS + messages);
    while next < end {
        let last = block_end(next).min(end - 1);
        blocks.push((next..=last).map(|seq| entry(seq, (text, body(number, seq)))).collect());
        next = last + 1;
    }
    let (mut door, mut first, mut prev) = (Admission::new(room), 0, EntryId::default());
    let sign = |entries: Vec<RawEntry>| {
        let run = door.admit(&author.sign(&room, first, prev, entries).unwrap(), Trust::Signature).unwrap();
        (first, prev) = (run.last().seq + 1, run.last().id);
        run
    };
    blocks.into_iter().map(sign).collect()
}

/// Makes a home with these rooms, and so many messages in each; a home of the keeper has nothing but the rooms.
fn fill(home: &Path, (part, contacts): (Part, &[Contact]), rooms: u64, messages: u64) {
    let mut disk = Disk::open(home).unwrap();
    for number in 0..rooms {
        let (id, keeps) = (room(number).0, matches!(part, Part::Keeper));
        let founder = Part::Founder.author().id();
        disk.put_room(&RoomRecord {
            private: None,
            nick: None,
            id,
            secret: [1; 32],
            author_secret: part.secret(),
            name: String::new(),
            contacts: contacts.to_vec(),
            keep: Default::default(),
            announced: false,
            closed: Some(Closed { founder, pass: None, device_of: None, keeps }),
        })
        .unwrap();
        let runs = if keeps { vec![] } else { runs(number, messages) };
        for runs in runs.chunks(COMMIT) {
            let changes: Vec<_> = runs.iter().map(|run| (id, Change::Append(run))).collect();
            disk.commit(&changes).unwrap();
        }
    }
}

/// The memory of this process, in MiB.
fn memory_mib(name: &str) -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with(name)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() / 1024
}

/// Waits until all these rooms hold so many entries, and are linked with so many peers.
async fn until(rooms: &[Room], entries: u64, peers: usize) {
    for room in rooms {
        loop {
            let renewed = room.renewed();
            let status = room.status();
            if status.entries >= entries && status.missing == 0 && status.peers.len() >= peers {
                break;
            }
            renewed.await;
        }
    }
}

/// A node on a home. It says its address, and for each line with two numbers what it costs, once all rooms hold so many
/// entries and are linked with so many peers. It ends with its input.
async fn run(home: &str, secret: u8) {
    let mut settings = Settings::memory();
    (settings.home, settings.bind) = (Home::Dir(home.into()), Bind::Loopback { port: 0 });
    settings.peer_secret = Some([secret; 32]);
    let node = Node::open(settings).await.unwrap();
    println!("{}", node.local_addrs()[0]);
    let mut lines = io::stdin().lines();
    while let Some(line) = tokio::task::block_in_place(|| lines.next()) {
        let line = line.unwrap();
        let (entries, peers) = line.split_once(' ').unwrap();
        until(&node.rooms(), entries.parse().unwrap(), peers.parse().unwrap()).await;
        let carried = node.figures().await.carried;
        let [peak, now] = ["VmHWM:", "VmRSS:"].map(memory_mib);
        println!(
            "{peak} MiB at most, {now} MiB now; received {} kB, sent {} kB",
            carried.direct_in / 1_000,
            carried.direct_out / 1_000
        );
    }
    node.close().await;
}

/// Such a node in a process of its own.
struct Running {
    child: Child,
    says: io::Lines<BufReader<std::process::ChildStdout>>,
    part: Part,
    addr: SocketAddr,
}

impl Running {
    fn open(home: &Path, part: Part) -> Self {
        let begin = Instant::now();
        let mut command = Command::new(env::current_exe().unwrap());
        command.arg("run").arg(home).arg((part as u8).to_string()).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut says = BufReader::new(child.stdout.take().unwrap()).lines();
        let addr = says.next().unwrap().unwrap().parse().unwrap();
        println!("    opened after {:.2} s", begin.elapsed().as_secs_f64());
        Self { child, says, part, addr }
    }

    fn contact(&self) -> Contact {
        contact(&self.part.secret(), self.addr)
    }

    /// Prints what it costs, once its rooms hold so many entries and are linked with so many peers.
    fn tell(&mut self, what: &str, entries: u64, peers: usize) {
        let begin = Instant::now();
        writeln!(self.child.stdin.as_mut().unwrap(), "{entries} {peers}").unwrap();
        let says = self.says.next().unwrap().unwrap();
        println!("    {what} after {:.1} s: {says}", begin.elapsed().as_secs_f64());
    }

    fn close(mut self) {
        drop(self.child.stdin.take());
        assert!(self.child.wait().unwrap().success(), "the process fails");
    }
}

fn measure(dir: &Path, rooms: u64, messages: u64) {
    let home = |name: &str| -> PathBuf { dir.join(name) };
    let (founder, keeper, member) = (home("founder"), home("keeper"), home("member"));
    let entries = ACTS + messages;
    let begin = Instant::now();
    fill(&founder, (Part::Founder, &[]), rooms, messages);
    println!("{rooms} rooms of {messages} messages, made in {:.1} s", begin.elapsed().as_secs_f64());
    let bytes: u64 = fs::read_dir(&founder).unwrap().map(|file| file.unwrap().metadata().unwrap().len()).sum();
    println!("    on disk: {} MiB", bytes >> 20);

    println!("the founder");
    let mut founder = Running::open(&founder, Part::Founder);
    println!("the keeper");
    fill(&keeper, (Part::Keeper, &[founder.contact()]), rooms, 0);
    let mut keeps = Running::open(&keeper, Part::Keeper);
    keeps.tell("took all from the founder", entries, 1);
    founder.tell("the founder", entries, 1);
    founder.close();
    println!("the member, once the founder has gone");
    fill(&member, (Part::Member, &[keeps.contact()]), rooms, 0);
    let mut member = Running::open(&member, Part::Member);
    member.tell("took all from the keeper", entries, 1);
    keeps.tell("the keeper", entries, 1);
    member.close();
    keeps.close();
    println!("the keeper again");
    let mut keeps = Running::open(&keeper, Part::Keeper);
    keeps.tell("holds all", entries, 0);
    keeps.close();
}

#[tokio::main]
async fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["run", home, secret] => run(home, secret.parse().unwrap()).await,
        _ => {
            let mut numbers = arguments.iter().map(|number| number.parse().unwrap());
            let (rooms, messages) = (numbers.next().unwrap_or(100), numbers.next().unwrap_or(100_000));
            let dir = tempfile::tempdir().unwrap();
            tokio::task::block_in_place(|| measure(dir.path(), rooms, messages));
        }
    }
}
