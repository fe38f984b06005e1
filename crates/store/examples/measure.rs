//! Measures the store on disk: `cargo run --release -p rumormill-store --example measure [entries] [authors]`.
//!
//! The figures depend on the machine and the moment; on a busy machine CPU time says more than the clock.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "an example that cannot go on has nothing to say")]

use std::{path::Path, time::Instant};

use rumormill_proto::{
    admit::{Admission, Author, Run, Trust},
    entry::{Body, Kind, RawEntry, Seen},
    ids::{AuthorId, EntryId, RoomId, Seq},
    run::block_end,
    time::Time,
};
use rumormill_store::{Change, Disk, Store};

const ROOM: RoomId = RoomId([7; 32]);
const BODY_BYTES: usize = 200;
const COMMIT_ENTRIES: u64 = 4096;
const TALKERS: u64 = 32;

fn main() {
    let mut arguments = std::env::args().skip(1).map(|argument| argument.parse::<u64>().unwrap());
    let entries = arguments.next().unwrap_or(1_000_000);
    let authors = arguments.next().unwrap_or(20);
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path().join("home");
    println!(
        "{entries} entries of {BODY_BYTES} bytes by {authors} authors, commits of {COMMIT_ENTRIES}, in {}",
        home.display()
    );

    let mut disk = Disk::open(&home).unwrap();
    insert(&mut disk, entries, authors);
    println!("  file: {} MB", file_bytes(&home) / 1_000_000);
    one_by_one(&mut disk);
    let said = talk(&mut disk);
    let index = Meter::start();
    while disk.index(COMMIT_ENTRIES as usize).unwrap() {}
    index.stop("index for search", entries, "entries");
    hold(&disk, &said);
    drop(disk);
    println!("  file: {} kB", file_bytes(&home) / 1_000);

    let open = Instant::now();
    let disk = Disk::open(&home).unwrap();
    let kept = disk.kept(&ROOM).unwrap();
    println!("open and kept: {:.1} ms for {} logs", ms(open), kept.len());
    let mut reader = disk.reader().unwrap();
    let first = Instant::now();
    let page = reader.page(&ROOM, None, 50).unwrap();
    println!("first page of {}: {:.1} ms", page.len(), ms(first));
    pages(&disk);
    serve(&disk);
    search(&disk);
    println!("resident memory: {} MB", resident_kib() / 1000);
    let check = Meter::start();
    let report = reader.check(&ROOM).unwrap();
    assert!(report.is_clean());
    check.stop("check", report.entries, "entries");
}

/// Authors take turns with one block each, in the way a fresh peer fetches them.
fn insert(disk: &mut Disk, entries: u64, authors: u64) {
    let mut writers: Vec<_> = (0..authors).map(Writer::new).collect();
    let mut written = 0;
    let (mut clock, mut cpu) = (0.0, 0.0);
    while written < entries {
        let mut runs = Vec::new();
        let mut held = 0;
        while held < COMMIT_ENTRIES.min(entries - written) {
            let run = writers[0].block(authors);
            held += run.entries().len() as u64;
            runs.push(run);
            writers.rotate_left(1);
        }
        let changes: Vec<_> = runs.iter().map(|run| (ROOM, Change::Append(run))).collect();
        let (began, used) = (Instant::now(), cpu_seconds());
        disk.commit(&changes).unwrap();
        clock += began.elapsed().as_secs_f64();
        cpu += cpu_seconds() - used;
        written += held;
    }
    tell("insert", written, "entries", clock, cpu);
}

/// One person writing: a commit for each entry.
fn one_by_one(disk: &mut Disk) {
    let mut writer = Writer::new(1_000_000);
    let runs: Vec<_> = (0..1000).map(|_| writer.run(1, 1)).collect();
    let meter = Meter::start();
    for run in &runs {
        disk.commit(&[(ROOM, Change::Append(run))]).unwrap();
    }
    meter.stop("insert one by one", 1000, "commits");
}

/// People who take turns, each naming the line before: runs of one entry, a hundred in a commit. Returns the lines of
/// the first person.
fn talk(disk: &mut Disk) -> Vec<(AuthorId, Seq)> {
    let mut writers: Vec<_> = (0..TALKERS).map(|number| Writer::new(2_000_000 + number)).collect();
    let (mut runs, mut before) = (Vec::new(), None);
    for at in 0..20_000 {
        let writer = &mut writers[at % TALKERS as usize];
        writer.seen = before.into_iter().collect();
        let run = writer.run(1, TALKERS);
        before = Some((run.author(), run.last().seq));
        runs.push(run);
    }
    let meter = Meter::start();
    for runs in runs.chunks(100) {
        let changes: Vec<_> = runs.iter().map(|run| (ROOM, Change::Append(run))).collect();
        disk.commit(&changes).unwrap();
    }
    meter.stop("insert runs of one", runs.len() as u64, "entries");
    let first = runs[0].author();
    runs.iter().filter(|run| run.author() == first).map(|run| (first, run.last().seq)).collect()
}

/// Finds the holders of the oldest and the newest lines of one of these people.
fn hold(disk: &Disk, said: &[(AuthorId, Seq)]) {
    let mut reader = disk.reader().unwrap();
    for (what, lines) in [("oldest", &said[..50]), ("newest", &said[said.len() - 50..])] {
        let meter = Meter::start();
        let holders: usize = lines.iter().map(|(author, seq)| reader.holders(&ROOM, author, *seq).unwrap().len()).sum();
        meter.stop(&format!("holders of the {what} lines, {holders} in all"), lines.len() as u64, "lines");
    }
}

fn pages(disk: &Disk) {
    let mut reader = disk.reader().unwrap();
    let meter = Meter::start();
    let (mut before, mut lines) = (None, 0);
    while lines < 100_000 {
        let page = reader.page(&ROOM, before, 50).unwrap();
        let Some(first) = page.first() else { break };
        before = Some(first.place);
        lines += page.len() as u64;
    }
    meter.stop("pages of 50, backwards", lines, "lines");
}

fn serve(disk: &Disk) {
    let mut reader = disk.reader().unwrap();
    let meter = Meter::start();
    let mut served = 0;
    for kept in disk.kept(&ROOM).unwrap() {
        let mut top = kept.log.head().map(|head| head.seq);
        while let Some(last) = top {
            let Some(run) = reader.run(&ROOM, &kept.author, 0, last).unwrap() else { break };
            served += run.entries().len() as u64;
            top = run.first().checked_sub(1);
        }
    }
    meter.stop("serve runs", served, "entries");
}

fn search(disk: &Disk) {
    let mut reader = disk.reader().unwrap();
    for words in ["common", "rare77", "common rare7", "absent"] {
        let began = Instant::now();
        let found = reader.search(&ROOM, &words.into(), 50).unwrap();
        println!("search {words:?}: {} found in {:.1} ms", found.len(), ms(began));
    }
}

/// An author who always has something to write.
struct Writer {
    author: Author,
    number: u64,
    next: Seq,
    prev: EntryId,
    door: Admission,
    /// The entries that its next run names as seen.
    seen: Seen,
}

impl Writer {
    fn new(number: u64) -> Self {
        let mut secret = [3; 32];
        secret[..8].copy_from_slice(&number.to_le_bytes());
        let author = Author::from_secret(&secret);
        Self { author, number, next: 0, prev: EntryId::default(), door: Admission::new(ROOM), seen: vec![] }
    }

    fn block(&mut self, authors: u64) -> Run {
        self.run(block_end(self.next) - self.next + 1, authors)
    }

    fn run(&mut self, entries: u64, authors: u64) -> Run {
        let entry = |seq: Seq| {
            let said = format!("number {seq} common rare{} ", seq % 1009);
            let body = said.bytes().chain("lorem ipsum dolor sit amet ".bytes().cycle()).take(BODY_BYTES);
            RawEntry {
                time: Time::from_ms(1_700_000_000_000 + seq * authors + self.number % authors),
                seen: self.seen.clone(),
                kind: Kind::TEXT,
                body: Body::Here(body.collect()),
            }
        };
        let entries = (self.next..self.next + entries).map(entry).collect();
        let raw = self.author.sign(&ROOM, self.next, self.prev, entries).unwrap();
        let run = self.door.admit(&raw, Trust::Signature).unwrap();
        (self.next, self.prev) = (run.last().seq + 1, run.last().id);
        run
    }
}

struct Meter {
    began: Instant,
    cpu: f64,
}

impl Meter {
    fn start() -> Self {
        Self { began: Instant::now(), cpu: cpu_seconds() }
    }

    fn stop(self, what: &str, count: u64, of: &str) {
        tell(what, count, of, self.began.elapsed().as_secs_f64(), cpu_seconds() - self.cpu);
    }
}

fn tell(what: &str, count: u64, of: &str, clock: f64, cpu: f64) {
    let per = |seconds: f64| seconds / count as f64 * 1e6;
    println!("{what}: {:.0} {of}/s; each {:.2} us, of it CPU {:.2} us", count as f64 / clock, per(clock), per(cpu));
}

fn ms(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1e3
}

/// CPU seconds of this thread, from the kernel's scheduler.
fn cpu_seconds() -> f64 {
    let read = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    read.split_whitespace().next().and_then(|ns| ns.parse::<f64>().ok()).unwrap_or_default() / 1e9
}

fn resident_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS"));
    line.and_then(|line| line.split_whitespace().nth(1)).and_then(|kib| kib.parse().ok()).unwrap_or_default()
}

fn file_bytes(dir: &Path) -> u64 {
    std::fs::read_dir(dir).unwrap().filter_map(|entry| entry.ok()?.metadata().ok()).map(|found| found.len()).sum()
}
