//! Both forms of the store give the same answers whatever arrives in whatever order, and the disk form also after
//! reopening.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod common;

use common::{
    ROOM, Script, append,
    chat::{edit, file, nick, react, reply, retract, topic},
    record, seeing, text,
};
use proptest::{prelude::*, sample::Index};
use rumormill_proto::{
    admit::Run, content::Target, ids::FileId, ids::Seq, input::Kept, log::Log, run::block_end, time::Time,
};
use rumormill_store::{By, Change, Disk, Error, Keep, Memory, Store, Wanted};

const AUTHORS: u8 = 4;
const ENTRIES: u64 = 150;
const FILES: [FileId; 3] = [FileId([1; 32]), FileId([2; 32]), FileId([3; 32])];
const WORDS: [&str; 6] = ["rumor", "rum", "mill", "Café", "the", "mills"];

/// A step, with numbers that are mapped onto what exists.
#[derive(Clone, Debug)]
enum Step {
    /// Append a run of an author that begins at some seq not held.
    Append {
        author: u8,
        first: Index,
        entries: u64,
        signed: bool,
    },
    /// Append the block below the lowest span of an author, like a backfill.
    Backfill {
        author: u8,
    },
    /// Append a run that may not fit.
    Misfit {
        author: u8,
        first: u64,
        entries: u64,
    },
    Cut {
        author: u8,
        at: u64,
    },
    /// Append a run as served by a peer that dropped some of its bodies.
    Blank {
        author: u8,
        first: Index,
        entries: u64,
        drops: u64,
    },
    /// Fill in a wanted body; a wrong body changes nothing.
    Fill {
        at: Index,
        wrong: bool,
    },
    /// Remove the lowest entries of an author.
    Evict {
        author: u8,
    },
    Index {
        entries: usize,
    },
    Expire {
        keep: Keep,
        now_ms: u64,
        most: usize,
    },
    Ask,
}

fn step() -> impl Strategy<Value = Step> {
    let author = 0..AUTHORS;
    prop_oneof![
        8 => (author.clone(), any::<Index>(), 1u64..80, any::<bool>())
            .prop_map(|(author, first, entries, signed)| Step::Append { author, first, entries, signed }),
        8 => author.clone().prop_map(|author| Step::Backfill { author }),
        1 => (author.clone(), 0..ENTRIES, 1u64..10)
            .prop_map(|(author, first, entries)| Step::Misfit { author, first, entries }),
        1 => author.clone().prop_map(|author| Step::Evict { author }),
        4 => (author.clone(), any::<Index>(), 1u64..80, any::<u64>())
            .prop_map(|(author, first, entries, drops)| Step::Blank { author, first, entries, drops }),
        6 => (any::<Index>(), prop::bool::weighted(0.1)).prop_map(|(at, wrong)| Step::Fill { at, wrong }),
        1 => (author, 0..ENTRIES).prop_map(|(author, at)| Step::Cut { author, at }),
        1 => (prop::option::of(50..300u64), prop::option::of(200..600u64), prop::option::of(3_000..20_000u64),
            prop::option::of(0..2_500u64), 900..2_000u64, 1usize..300)
            .prop_map(|(age_ms, entries, bytes, share, now_ms, most)| {
                Step::Expire { keep: Keep { age_ms, entries, bytes, share, ..Keep::default() }, now_ms, most }
            }),
        2 => (1usize..200).prop_map(|entries| Step::Index { entries }),
        1 => Just(Step::Ask),
    ]
}

/// The entries of all authors, the same in every case.
fn scripts() -> Vec<Script> {
    let ids: Vec<_> = (0..AUTHORS).map(|author| Script::lines(author + 1, 0, 0, 0).id()).collect();
    let entry = |author: u8, seq: Seq| {
        let at = (seq * 7 + u64::from(author) * 3) as usize;
        let said = format!("{} {} {}", WORDS[at % 6], WORDS[(at / 6) % 6], seq);
        // Entries of several authors often share a time.
        let ms = 1_000 + seq * u64::from(1 + author / 2);
        let before = |back: u64| seq.saturating_sub(1 + back);
        // Some use more of a share than others, and many nothing.
        let said = if at.is_multiple_of(3) { format!("{said}{}", " and so on".repeat(at % 5)) } else { said };
        let entry = match (at * 5) % 23 {
            0 | 1 => edit(ms, before(seq % 9), &said),
            2 => retract(ms, before(seq % 31)),
            3 | 4 => {
                let to = Target { author: ids[at % 4], seq: before(seq % 3) };
                react(ms, to, WORDS[seq as usize % 2], !seq.is_multiple_of(3))
            }
            5 => nick(ms, &said),
            6 => topic(ms, &said),
            7 => reply(ms, Target { author: ids[0], seq }, &said),
            8 => file(ms, FILES[seq as usize % 2], &said),
            _ => text(ms, said),
        };
        let seen = ids.iter().enumerate().filter(|(other, _)| *other != usize::from(author) && at % 3 == other % 3);
        seeing(entry, seen.map(|(_, id)| (*id, seq / 2)).collect())
    };
    (0..AUTHORS)
        .map(|author| Script::new(ROOM, author + 1, (0..ENTRIES).map(|seq| entry(author, seq)).collect()))
        .collect()
}

/// The pair of stores under test, and the logs they should hold.
struct Pair {
    scripts: Vec<Script>,
    logs: Vec<Log>,
    memory: Memory,
    disk: Disk,
}

impl Pair {
    fn apply(&mut self, step: &Step) {
        match *step {
            Step::Append { author, first, entries, signed } => {
                let log = &self.logs[usize::from(author)];
                let end = log.cut().unwrap_or(ENTRIES);
                let free: Vec<_> = (0..end).filter(|seq| !log.holds(*seq)).collect();
                if free.is_empty() {
                    return;
                }
                let first = *first.get(&free);
                let last = (first..end.min(first + entries)).take_while(|seq| !log.holds(*seq)).last().unwrap_or(first);
                self.append(author, first, last.min(block_end(first)), signed);
            }
            Step::Backfill { author } => {
                let log = &self.logs[usize::from(author)];
                let top = log.spans().first().map_or(log.cut().unwrap_or(ENTRIES), |span| span.first);
                let Some(last) = top.checked_sub(1) else { return };
                let first = last - (last.max(1) - 1) % 64;
                self.append(author, first.min(last), last, log.is_empty());
            }
            Step::Misfit { author, first, entries } => {
                let last = (first + entries - 1).min(ENTRIES - 1).min(block_end(first));
                self.append(author, first, last, true);
            }
            Step::Cut { author, at } => self.cut(author, at),
            Step::Blank { author, first, entries, drops } => self.blank(author, first, entries, drops),
            Step::Fill { at, wrong } => self.fill(at, wrong),
            Step::Evict { author } => self.evict(author),
            Step::Index { entries } => {
                self.disk.index(entries).unwrap();
            }
            Step::Expire { keep, now_ms, most } => self.expire(keep, now_ms, most),
            Step::Ask => self.compare(),
        }
    }

    fn append(&mut self, author: u8, first: Seq, last: Seq, signed: bool) {
        let script = &self.scripts[usize::from(author)];
        let run: Run = if signed { script.run(first, last) } else { script.bare(first, last) };
        let log = &mut self.logs[usize::from(author)];
        let expected = log.insert(&run).map_err(|why| Error::Unfit { author: script.id(), why });
        assert_eq!(append(&mut self.memory, ROOM, std::slice::from_ref(&run)), expected);
        assert_eq!(append(&mut self.disk, ROOM, &[run]), expected);
    }

    fn blank(&mut self, author: u8, first: Index, entries: u64, drops: u64) {
        let (script, log) = (&self.scripts[usize::from(author)], &mut self.logs[usize::from(author)]);
        let end = log.cut().unwrap_or(ENTRIES);
        let free: Vec<_> = (0..end).filter(|seq| !log.holds(*seq)).collect();
        if free.is_empty() {
            return;
        }
        let first = *first.get(&free);
        let last = (first..end.min(first + entries)).take_while(|seq| !log.holds(*seq)).last().unwrap_or(first);
        let run = script.blank(first, last.min(block_end(first)), |seq| drops >> (seq % 64) & 1 == 1);
        if log.insert(&run).is_ok() {
            append(&mut self.memory, ROOM, std::slice::from_ref(&run)).unwrap();
            append(&mut self.disk, ROOM, &[run]).unwrap();
        }
    }

    fn fill(&mut self, at: Index, wrong: bool) {
        let (bare, _) = self.memory.reader().unwrap().bare(&ROOM, usize::MAX).unwrap();
        if bare.is_empty() {
            return;
        }
        let bare = *at.get(&bare);
        let script = self.scripts.iter().find(|script| script.id() == bare.author).unwrap();
        let body = if wrong { "not this".into() } else { script.line(bare.seq).body.bytes().unwrap().clone() };
        let change = [(ROOM, Change::Fill { author: &bare.author, seq: bare.seq, body: &body })];
        assert_eq!(self.memory.commit(&change).unwrap(), []);
        assert_eq!(self.disk.commit(&change).unwrap(), []);
        for mut reader in [self.memory.reader().unwrap(), self.disk.reader().unwrap()] {
            assert_eq!(reader.is_bare(&ROOM, &bare.author, bare.seq).unwrap(), wrong);
        }
        let read = |mut reader: Box<dyn rumormill_store::Read>| reader.line(&ROOM, &bare.author, bare.seq).unwrap();
        assert_eq!(read(self.disk.reader().unwrap()), read(self.memory.reader().unwrap()));
    }

    fn cut(&mut self, author: u8, at: Seq) {
        let script = &self.scripts[usize::from(author)];
        let proof = script.proof(&script.forked(at, author + 1), at);
        let left = self.memory.commit(&[(ROOM, Change::Cut(&proof))]).unwrap();
        assert_eq!(self.disk.commit(&[(ROOM, Change::Cut(&proof))]).unwrap(), left);
        self.logs[usize::from(author)] = left[0].1.clone();
    }

    fn evict(&mut self, author: u8) {
        let id = self.scripts[usize::from(author)].id();
        let left = self.memory.commit(&[(ROOM, Change::Evict(&id))]).unwrap();
        assert_eq!(self.disk.commit(&[(ROOM, Change::Evict(&id))]).unwrap(), left);
        self.logs[usize::from(author)] = left[0].1.clone();
    }

    fn expire(&mut self, keep: Keep, now_ms: u64, most: usize) {
        let room = record(ROOM, keep);
        self.memory.put_room(&room).unwrap();
        self.disk.put_room(&room).unwrap();
        // The bounds hold after the first call, though not everything may be done by then.
        for now_ms in [now_ms, now_ms, now_ms + 50] {
            let more = self.memory.expire(&ROOM, now_ms, most).unwrap();
            assert_eq!(self.disk.expire(&ROOM, now_ms, most).unwrap(), more);
        }
    }

    /// Asks both stores everything.
    fn compare(&self) {
        let kept = self.memory.kept(&ROOM).unwrap();
        let told = |kept: &Kept| (kept.author, kept.log.clone(), kept.vouches.clone());
        let same = |one: &Kept, other: &Kept| told(one) == told(other);
        let on_disk = self.disk.kept(&ROOM).unwrap();
        assert!(kept.len() == on_disk.len() && kept.iter().zip(&on_disk).all(|(one, other)| same(one, other)));
        for (script, log) in self.scripts.iter().zip(&self.logs) {
            let held = kept.iter().find(|kept| kept.author == script.id());
            assert_eq!(held.map(|kept| kept.log.clone()).unwrap_or_default(), *log);
        }

        let (mut memory, mut disk) = (self.memory.reader().unwrap(), self.disk.reader().unwrap());
        macro_rules! alike {
            ($method:ident, $($argument:expr),*) => {{
                let answer = memory.$method(&ROOM, $($argument),*).unwrap();
                assert_eq!(disk.$method(&ROOM, $($argument),*).unwrap(), answer);
                answer
            }};
        }
        alike!(count,);
        let bare = |read: &mut Box<dyn rumormill_store::Read>| {
            let (mut bare, all) = read.bare(&ROOM, usize::MAX).unwrap();
            bare.sort_unstable_by_key(|bare| (bare.author, bare.seq));
            (bare, all)
        };
        let wanted = bare(&mut memory);
        assert_eq!(bare(&mut disk), wanted);
        assert_eq!(wanted.0.len() as u64, wanted.1);
        alike!(shares,);
        let all = alike!(page, None, usize::MAX);
        assert!(all.is_sorted_by_key(|line| line.place));
        for place in all.iter().map(|line| line.place).step_by(7) {
            let (below, above) = (alike!(page, Some(place), 9), alike!(page_after, Some(place), 9));
            let at = all.binary_search_by_key(&place, |line| line.place).unwrap();
            assert!(below == all[at.saturating_sub(9)..at] && above == all[at + 1..(at + 10).min(all.len())]);
            let before = rumormill_proto::timeline::Place { time: Time(place.time.0 - 1), ..place };
            alike!(page_after, Some(before), 3);
        }
        let targets: Vec<_> =
            self.scripts.iter().flat_map(|script| (0..ENTRIES).map(|seq| script.target(seq))).collect();
        for limit in [0, 1, 2, 99] {
            alike!(notes, &targets, limit);
            for targets in targets.chunks(7).step_by(5) {
                alike!(notes, targets, limit);
            }
        }
        alike!(nicks,);
        for line in all.iter().step_by(5) {
            alike!(named_before, line.place);
        }
        alike!(topic,);
        for file in &FILES {
            alike!(names, file);
            alike!(offerers, file, 2);
        }
        for count in [0, 1, 5, 50, 10_000] {
            alike!(newest, count);
        }
        for script in &self.scripts {
            let author = script.id();
            alike!(beyond_cut, &author);
            for most in [1, 3, 99] {
                alike!(vouches, &author, most);
            }
            for seq in (0..ENTRIES + 2).step_by(11) {
                alike!(recall, &author, seq);
                alike!(line, &author, seq);
                alike!(holders, &author, seq);
                alike!(run, &author, seq / 2, seq);
                alike!(run, &author, 0, seq);
            }
        }
        for words in ["rum", "mill", "the rumor", "cafe 1", "rumor mill", "mills the rum"] {
            alike!(search, &words.into(), usize::MAX);
            alike!(search, &words.into(), 3);
        }
        let author = self.scripts.first().map(Script::id);
        for (words, by, since_ms, until_ms) in [
            ("rum", true, None, None),
            ("", true, None, Some(200)),
            ("", false, Some(100), Some(300)),
            ("mill", false, Some(150), None),
        ] {
            let by = by.then(|| By { author, name: "ann".into() });
            let wanted = Wanted { words: words.into(), by, since_ms, until_ms };
            alike!(search, &wanted, usize::MAX);
            alike!(search, &wanted, 3);
        }
        let report = disk.check(&ROOM).unwrap();
        assert!(report.is_clean(), "{report:?}");
        assert_eq!(report.entries, memory.check(&ROOM).unwrap().entries);
    }
}

/// Each case asks several thousand questions; the environment can set more cases.
fn cases() -> u32 {
    std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(12)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), ..Default::default() })]

    #[test]
    fn memory_and_disk_answer_alike(steps in proptest::collection::vec(step(), 1..60)) {
        let dir = tempfile::tempdir().unwrap();
        let home = dir.path().join("home");
        let logs = vec![Log::default(); usize::from(AUTHORS)];
        let mut pair = Pair { scripts: scripts(), logs, memory: Memory::new(), disk: Disk::open(&home).unwrap() };
        for step in &steps {
            pair.apply(step);
        }
        pair.compare();
        let Pair { scripts, logs, memory, disk } = pair;
        drop(disk);
        let pair = Pair { scripts, logs, memory, disk: Disk::open(&home).unwrap() };
        pair.compare();
    }
}
