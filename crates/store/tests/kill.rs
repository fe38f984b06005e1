//! A process that is killed while writing: everything it acknowledged is there when the store is opened again.
//!
//! `RUMORMILL_KILLS` sets the number of kills, `RUMORMILL_SEED` their times.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

mod common;

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, Command, Stdio},
};

use common::{Dice, ROOM, number_from, text};
use rumormill_proto::{
    admit::{Admission, Author, Run, Trust},
    ids::{EntryId, Seq},
    log::Log,
    run::block_end,
};
use rumormill_store::{Change, Disk, Store};

const HOME: &str = "RUMORMILL_TEST_WRITES_IN";
const SEED: &str = "RUMORMILL_TEST_WRITES_BY";

fn author() -> Author {
    Author::from_secret(&[1; 32])
}

fn log(disk: &Disk) -> Log {
    disk.kept(&ROOM).unwrap().pop().map(|kept| kept.log).unwrap_or_default()
}

/// Continues the log that it finds, and prints which entries are stored, with their ids.
#[test]
#[ignore = "run by the test that kills it"]
fn writes_until_killed() {
    let Some(home) = std::env::var_os(HOME) else { return };
    let mut dice = Dice::new(number_from(SEED, 0));
    let mut out = std::io::stdout();
    let mut say = move |line: String| {
        out.write_all(format!("\n{line}\n").as_bytes()).unwrap();
        out.flush().unwrap();
    };
    say("starts".into());
    let mut disk = Disk::open(Path::new(&home)).unwrap();
    let mut log = log(&disk);
    loop {
        let runs: Vec<_> = (0..=dice.below(3)).map(|_| go_on(&mut log, &mut dice)).collect();
        let changes: Vec<_> = runs.iter().map(|run| (ROOM, Change::Append(run))).collect();
        disk.commit(&changes).unwrap();
        if dice.below(5) == 0 {
            disk.index(64).unwrap();
        }
        let head = log.head().unwrap();
        say(format!("kept {} {}", head.seq, head.id));
    }
}

fn go_on(log: &mut Log, dice: &mut Dice) -> Run {
    let (first, prev) = log.head().map_or((0, EntryId::default()), |head| (head.seq + 1, head.id));
    let last = block_end(first).min(first + dice.below(30) as u64);
    // The text differs from process to process, so that an entry written twice is a fork.
    let said = |seq: Seq| "x".repeat(1 + dice.below(3000)) + &format!("{seq} by {}", std::process::id());
    let entries = (first..=last).map(said).zip(first..).map(|(said, seq)| text(100 + seq, said)).collect();
    let raw = author().sign(&ROOM, first, prev, entries).unwrap();
    let run = Admission::new(ROOM).admit(&raw, Trust::Signature).unwrap();
    log.insert(&run).unwrap();
    run
}

fn spawn(home: &Path, seed: u64) -> Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--ignored", "--exact", "writes_until_killed", "--nocapture", "--test-threads=1"]);
    command.env(HOME, home).env(SEED, seed.to_string()).stdout(Stdio::piped()).stderr(Stdio::null());
    command.spawn().unwrap()
}

#[test]
fn what_was_acknowledged_outlives_the_process() {
    let (seed, kills) = (number_from("RUMORMILL_SEED", 1), number_from("RUMORMILL_KILLS", 60));
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path().join("home");
    let mut dice = Dice::new(seed);
    let mut acknowledged: BTreeMap<Seq, String> = BTreeMap::new();
    for kill in 0..kills {
        let mut child = spawn(&home, dice.next());
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        // At once, while it opens the store, or after some commits; then the lines still in the pipe count too.
        let patience = dice.below(12);
        let mut said: Vec<String> =
            lines.by_ref().map(Result::unwrap).filter(|line| is_word(line)).take(patience).collect();
        child.kill().unwrap();
        child.wait().unwrap();
        said.extend(lines.map(Result::unwrap).filter(|line| is_word(line)));
        for line in said {
            if let Some((seq, id)) = line.strip_prefix("kept ").and_then(|kept| kept.split_once(' ')) {
                acknowledged.insert(seq.parse().unwrap(), id.to_owned());
            }
        }
        // In most cases only the next process opens the store, so that it finds the state after the kill.
        if kill % 4 == 3 || kill + 1 == kills {
            verify(&home, &acknowledged, &format!("kill {kill} of RUMORMILL_SEED={seed}"));
        }
    }
    assert!(acknowledged.len() as u64 > kills, "the processes wrote next to nothing");
}

/// Complete lines only: the last one may be truncated.
fn is_word(line: &str) -> bool {
    line == "starts" || (line.starts_with("kept ") && line.len() >= 5 + 1 + 1 + 64)
}

fn verify(home: &Path, acknowledged: &BTreeMap<Seq, String>, when: &str) {
    let Some((newest, _)) = acknowledged.last_key_value() else { return };
    let disk = Disk::open(home).unwrap();
    let log = log(&disk);
    assert_eq!(log.spans().len(), 1, "{when}");
    assert!(log.spans()[0].first == 0 && log.next() > *newest, "{when}: {newest} was acknowledged");
    let mut reader = disk.reader().unwrap();
    for (seq, id) in acknowledged {
        let line = reader.line(&ROOM, &author().id(), *seq).unwrap();
        assert_eq!(line.map(|line| line.id.to_string()).as_ref(), Some(id), "{when}: entry {seq}");
    }
    assert_eq!(reader.count(&ROOM).unwrap(), log.next(), "{when}");
    let report = reader.check(&ROOM).unwrap();
    assert!(report.is_clean(), "{when}: {report:?}");
}
