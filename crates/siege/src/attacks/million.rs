//! S11: its own process opens a room of a million entries by ten thousand authors.

use std::{path::Path, process::Command};

use rumormill_proto::{
    admit::{Admission, Run, Trust},
    limits::BLOCK,
};
use rumormill_store::{Change, Disk, Keep, RoomRecord, Store};

use crate::{
    Attack, Bound, Form, Outcome,
    engines::{BEGIN_MS, ROOM},
    pen::Pen,
};

/// The row of this attack.
pub(super) const ATTACK: Attack = Attack {
    threat: "S11",
    name: "million",
    says: "a process opens a room of 10^6 entries by 10^4 authors; the full form takes at most 2 s and 256 MiB, and \
        50 ms more for the newest page",
    defences: &[],
    run,
};

/// Lines of a page.
pub const PAGE: usize = 50;

/// Runs of one commit.
const COMMIT: usize = 64;

fn run(form: Form) -> Outcome {
    let (authors, each) = form.pick((200, 20), (10_000, 100));
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path().join("home");
    fill(&home, authors, each);
    let program = std::env::current_exe().unwrap();
    let told = Command::new(program).arg("open").arg(&home).output().unwrap().stdout;
    let told: Vec<u64> = String::from_utf8_lossy(&told).split_whitespace().flat_map(str::parse).collect();
    let &[open_ms, page_ms, mib, entries, by, lines] = &told[..] else { panic!("the home was not opened: {told:?}") };
    let mut outcome = Outcome::default();
    outcome.count("entries of the opened room", entries, Bound::Is(authors * each as u64));
    outcome.count("their authors", by, Bound::Is(authors));
    outcome.count("lines of its newest page", lines, Bound::Is(PAGE as u64));
    outcome.count("MiB that it uses", mib, Bound::AtMost(256));
    if form == Form::Full {
        outcome.count("milliseconds until it is open", open_ms, Bound::AtMost(2_000));
        outcome.count("milliseconds more until its newest page", page_ms, Bound::AtMost(50));
    }
    outcome
}

/// Writes `authors` logs of `each` entries.
fn fill(home: &Path, authors: u64, each: usize) {
    let mut disk = Disk::open(home).unwrap();
    let (id, secret, author_secret, name) = (ROOM, [1; 32], [2; 32], "large".into());
    let record = RoomRecord {
        id,
        secret,
        author_secret,
        name,
        contacts: vec![],
        keep: Keep::default(),
        announced: false,
        closed: None,
        private: None,
        nick: None,
    };
    disk.put_room(&record).unwrap();
    let mut door = Admission::new(ROOM);
    let mut runs: Vec<Run> = Vec::new();
    for author in 0..authors {
        let mut pen = Pen::new(ROOM, author, BEGIN_MS + author);
        let mut left = each;
        while left > 0 {
            // The first entry is a block of its own.
            let count = if pen.next == 0 { 1 } else { left.min(BLOCK as usize) };
            runs.push(
                door.admit(&pen.lines(count, "one line of a million, as long as people write them"), Trust::Signature)
                    .unwrap(),
            );
            left -= count;
        }
        if runs.len() >= COMMIT || author + 1 == authors {
            let changes: Vec<_> = runs.iter().map(|run| (ROOM, Change::Append(run))).collect();
            disk.commit(&changes).unwrap();
            runs.clear();
        }
    }
}
