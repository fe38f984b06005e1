//! Bodies that a room no longer keeps, the same in both forms.

#![allow(clippy::unwrap_used, clippy::panic, reason = "laws are tests, though not by their attribute")]

#[macro_use]
mod common;

use common::{
    OTHER_ROOM, ROOM, Script, append,
    chat::{edit, nick, react, retract, topic},
    record, text, timeline,
};
use rumormill_proto::{
    entry::RawEntry,
    ids::{AuthorId, Seq},
    time::Time,
};
use rumormill_store::{Change, Disk, Error, Keep, Store};

laws! {
    nothing_expires_without_a_bound
    what_is_too_old_expires
    what_is_too_many_expires_oldest_first
    what_is_too_large_expires_oldest_first
    names_topics_and_signs_stay
    a_commit_reaches_over_so_many_entries
    what_comes_later_is_dropped_when_it_comes
    other_bounds_are_held_against_everything
    what_is_retracted_or_cut_does_not_count
    rooms_expire_apart
    search_forgets_what_expired
    many_authors_expire_together
}

fn keep(store: &mut dyn Store, keep: Keep) {
    store.put_room(&record(ROOM, keep)).unwrap();
}

fn entries(entries: u64) -> Keep {
    Keep { entries: Some(entries), ..Keep::default() }
}

/// Expires everything due at this time.
fn expire(store: &mut dyn Store, now_ms: u64) {
    while store.expire(&ROOM, now_ms, 7).unwrap() {}
    assert!(!store.expire(&ROOM, now_ms, 7).unwrap());
    let report = store.reader().unwrap().check(&ROOM).unwrap();
    assert!(report.is_clean(), "{report:?}");
}

/// Which bodies are kept.
fn bodies(store: &dyn Store, author: &AuthorId) -> Vec<Seq> {
    let lines = timeline(store, &ROOM);
    let kept = lines.iter().filter(|line| line.place.author == *author && line.body.bytes().is_some());
    kept.map(|line| line.place.seq).collect()
}

fn nothing_expires_without_a_bound(store: &mut dyn Store) {
    let script = Script::lines(1, 10, 10, 10);
    append(store, ROOM, &script.runs(0, 9)).unwrap();
    expire(store, u64::MAX >> 20);
    keep(store, Keep::default());
    expire(store, u64::MAX >> 20);
    keep(
        store,
        Keep {
            age_ms: Some(u64::MAX >> 1),
            entries: Some(u64::MAX >> 1),
            bytes: Some(u64::MAX >> 1),
            ..Keep::default()
        },
    );
    expire(store, u64::MAX >> 20);
    assert_eq!(bodies(store, &script.id()).len(), 10);
}

fn what_is_too_old_expires(store: &mut dyn Store) {
    let script = Script::lines(1, 30, 1_000, 10);
    append(store, ROOM, &script.runs(0, 29)).unwrap();
    keep(store, Keep { age_ms: Some(100), ..Keep::default() });
    for (now_ms, first) in [(0, 0), (1_100, 0), (1_101, 1), (1_110, 1), (1_205, 11), (1_000, 11), (1_390, 29)] {
        expire(store, now_ms);
        assert_eq!(bodies(store, &script.id()), (first..30).collect::<Vec<_>>(), "at {now_ms}");
    }
    assert_eq!(store.reader().unwrap().count(&ROOM).unwrap(), 30, "the entries stay");
}

fn what_is_too_many_expires_oldest_first(store: &mut dyn Store) {
    let (one, two) = (Script::lines(1, 50, 1_000, 10), Script::lines(2, 50, 1_005, 10));
    keep(store, entries(31));
    append(store, ROOM, &one.runs(0, 49)).unwrap();
    append(store, ROOM, &two.runs(0, 19)).unwrap();
    expire(store, 0);
    // Of 70 in all, 39 go: first 20 of one author, then 19 of two.
    assert_eq!((bodies(store, &one.id()), bodies(store, &two.id())), ((20..50).collect(), vec![19]));
    append(store, ROOM, &two.runs(20, 49)).unwrap();
    expire(store, 0);
    assert_eq!(bodies(store, &one.id()), (35..50).collect::<Vec<_>>());
    assert_eq!(bodies(store, &two.id()), (34..50).collect::<Vec<_>>());
    keep(store, entries(0));
    expire(store, 0);
    assert!(bodies(store, &one.id()).is_empty() && bodies(store, &two.id()).is_empty());
}

fn what_is_too_large_expires_oldest_first(store: &mut dyn Store) {
    let script = Script::new(ROOM, 1, (1..=20u64).map(|at| text(at, "x".repeat(at as usize))).collect());
    append(store, ROOM, &script.runs(0, 19)).unwrap();
    for (bytes, first) in [(210, 0), (209, 1), (39, 18), (38, 19), (19, 20)] {
        keep(store, Keep { bytes: Some(bytes), ..Keep::default() });
        expire(store, 0);
        assert_eq!(bodies(store, &script.id()), (first..20).collect::<Vec<_>>(), "{bytes}");
    }
}

fn names_topics_and_signs_stay(store: &mut dyn Store) {
    let to = Script::lines(2, 1, 1, 1).target(0);
    let mut said = vec![text(1, "a"), nick(2, "n"), topic(3, "t"), react(4, to, "+", true), edit(5, 0, "b")];
    said.extend([retract(6, 0), text(7, "c"), edit(8, 6, "d")]);
    let script = Script::new(ROOM, 1, said);
    append(store, ROOM, &script.runs(0, 7)).unwrap();
    keep(store, entries(1));
    expire(store, 0);
    assert_eq!(bodies(store, &script.id()), [1, 2, 3, 5, 7]);
    keep(store, entries(0));
    expire(store, 0);
    assert_eq!(bodies(store, &script.id()), [1, 2, 3, 5]);
    let mut reader = store.reader().unwrap();
    assert_eq!(reader.notes(&ROOM, &[to], 9).unwrap().len(), 1);
    assert!(reader.notes(&ROOM, &[script.target(6)], 9).unwrap().is_empty());
    assert_eq!((reader.nicks(&ROOM).unwrap().len(), reader.topic(&ROOM).unwrap()), (1, Some(script.line(2))));
}

fn a_commit_reaches_over_so_many_entries(store: &mut dyn Store) {
    let mut said: Vec<RawEntry> = (0..20).map(|at| nick(1 + at, "n")).collect();
    said.extend((0..20).map(|at| text(30 + at, "t")));
    let script = Script::new(ROOM, 1, said);
    append(store, ROOM, &script.runs(0, 39)).unwrap();
    keep(store, entries(5));
    for (more, left) in [(true, 20), (true, 20), (true, 20), (true, 16), (true, 10), (false, 5), (false, 5)] {
        assert_eq!(store.expire(&ROOM, 0, 6).unwrap(), more);
        assert_eq!(bodies(store, &script.id()).len(), 20 + left);
    }
}

fn what_comes_later_is_dropped_when_it_comes(store: &mut dyn Store) {
    let (script, other) = (Script::lines(1, 60, 1_000, 10), Script::lines(2, 5, 1_001, 200));
    keep(store, entries(10));
    append(store, ROOM, &[script.run(20, 59)]).unwrap();
    expire(store, 0);
    assert_eq!(bodies(store, &script.id()), (50..60).collect::<Vec<_>>());
    append(store, ROOM, &[script.bare(1, 19)]).unwrap();
    append(store, ROOM, &other.runs(0, 4)).unwrap();
    assert_eq!(bodies(store, &script.id()), (50..60).collect::<Vec<_>>());
    // The floor is at 1490.
    assert_eq!(bodies(store, &other.id()), [3, 4]);
    assert!(matches!(append(store, ROOM, &[script.run(1, 59)]), Err(Error::Unfit { .. })));
    assert_eq!(bodies(store, &script.id()), (50..60).collect::<Vec<_>>());
    assert!(store.mend(&ROOM).unwrap().is_clean());
    // Expiry by age drops it even where nothing was dropped before.
    keep(store, Keep { age_ms: Some(100), ..Keep::default() });
    let late = Script::new(ROOM, 3, vec![text(1_899, "old"), text(1_900, "new")]);
    expire(store, 2_000);
    append(store, ROOM, &late.runs(0, 1)).unwrap();
    assert_eq!(bodies(store, &late.id()), [1]);
}

fn other_bounds_are_held_against_everything(store: &mut dyn Store) {
    let script = Script::lines(1, 60, 1_000, 10);
    append(store, ROOM, &[script.run(40, 59)]).unwrap();
    keep(store, entries(5));
    expire(store, 0);
    keep(store, entries(5));
    append(store, ROOM, &[script.bare(30, 39)]).unwrap();
    assert_eq!(bodies(store, &script.id()), (55..60).collect::<Vec<_>>(), "the same bounds as before");
    let since = |store: &mut dyn Store| store.reader().unwrap().filled(&ROOM).unwrap().since;
    let gone = since(store);
    assert!(gone.is_some());
    keep(store, entries(12));
    assert_eq!(since(store), gone, "what is gone stays gone");
    append(store, ROOM, &[script.bare(20, 29)]).unwrap();
    assert_eq!(bodies(store, &script.id()).len(), 15);
    expire(store, 0);
    assert_eq!(bodies(store, &script.id()), (23..30).chain(55..60).collect::<Vec<_>>());
}

fn what_is_retracted_or_cut_does_not_count(store: &mut dyn Store) {
    let mut said: Vec<RawEntry> = (0..30).map(|at| text(1 + at, "said")).collect();
    said.extend((20..25).map(|of| retract(100 + of, of)));
    said.extend((0..10).map(|at| text(200 + at, "cut")));
    let script = Script::new(ROOM, 1, said);
    append(store, ROOM, &[script.run(0, 0), script.run(1, 44)]).unwrap();
    let proof = script.proof(&script.forked(35, 1), 35);
    store.commit(&[(ROOM, Change::Cut(&proof))]).unwrap();
    keep(store, entries(25));
    expire(store, 0);
    assert_eq!(bodies(store, &script.id()).len(), 25 + 5);
    keep(store, entries(24));
    expire(store, 0);
    assert_eq!(bodies(store, &script.id())[0], 1);
    let beyond = store.reader().unwrap().beyond_cut(&ROOM, &script.id()).unwrap();
    assert!(beyond.iter().all(|line| line.body.bytes().is_some()), "entries to be repeated keep their bodies");
}

fn rooms_expire_apart(store: &mut dyn Store) {
    let there = Script::new(OTHER_ROOM, 1, (0..3).map(|at| text(at + 1, "there")).collect());
    let here = Script::lines(1, 9, 1, 1);
    append(store, ROOM, &here.runs(0, 8)).unwrap();
    append(store, OTHER_ROOM, &there.runs(0, 2)).unwrap();
    keep(store, entries(2));
    store.put_room(&record(OTHER_ROOM, entries(2))).unwrap();
    expire(store, 0);
    assert_eq!(bodies(store, &here.id()), [7, 8]);
    assert!(timeline(store, &OTHER_ROOM).iter().all(|line| line.body.bytes().is_some()));
    assert!(!store.expire(&OTHER_ROOM, 0, 9).unwrap());
    assert_eq!(timeline(store, &OTHER_ROOM).iter().filter(|line| line.body.bytes().is_some()).count(), 2);
}

fn search_forgets_what_expired(store: &mut dyn Store) {
    let script = Script::lines(1, 40, 1, 1);
    append(store, ROOM, &script.runs(0, 39)).unwrap();
    keep(store, entries(10));
    while store.index(9).unwrap() {}
    expire(store, 0);
    for _ in 0..2 {
        let found = store.reader().unwrap().search(&ROOM, &"line".into(), 99).unwrap();
        assert_eq!(found.len(), 10);
        while store.index(9).unwrap() {}
    }
}

/// Includes entries with the same time.
fn many_authors_expire_together(store: &mut dyn Store) {
    let scripts: Vec<_> = (1..=20).map(|secret| Script::lines(secret, 4, 100, 10)).collect();
    for script in &scripts {
        append(store, ROOM, &script.runs(0, 3)).unwrap();
    }
    let mut places: Vec<_> = scripts.iter().flat_map(|script| (0..4).map(|seq| script.place(seq))).collect();
    places.sort_unstable();
    for left in [70, 61, 33, 1] {
        keep(store, entries(left));
        expire(store, 0);
        let kept: Vec<_> = timeline(store, &ROOM).into_iter().filter(|line| line.body.bytes().is_some()).collect();
        let kept: Vec<_> = kept.iter().map(|line| line.place).collect();
        assert_eq!(kept, places[places.len() - left as usize..]);
    }
    assert_eq!(places[79].time, Time::from_ms(130));
}

#[test]
fn what_expired_stays_so_when_the_store_is_opened_again() {
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path().join("home");
    let script = Script::lines(1, 200, 1_000, 10);
    let mut disk = Disk::open(&home).unwrap();
    keep(&mut disk, entries(50));
    append(&mut disk, ROOM, &[script.run(129, 192), script.run(193, 199)]).unwrap();
    expire(&mut disk, 0);
    drop(disk);

    let mut disk = Disk::open(&home).unwrap();
    assert_eq!(disk.rooms().unwrap().whole, vec![record(ROOM, entries(50))]);
    append(&mut disk, ROOM, &[script.bare(65, 128)]).unwrap();
    assert_eq!(bodies(&disk, &script.id()), (150..200).collect::<Vec<_>>());
    // A recount from the runs gives the same.
    let raw = rusqlite::Connection::open(home.join("rumormill.db")).unwrap();
    let count = || raw.query_row("SELECT entries, bytes FROM room", [], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    let before: (i64, i64) = count();
    let bytes: usize = (150..200).map(|seq| format!("line {seq} of 1").len()).sum();
    assert_eq!(before, (50, bytes as i64));
    raw.execute_batch("DELETE FROM place WHERE seq = 199; UPDATE room SET entries = 7, bytes = 7").unwrap();
    assert!(!disk.mend(&ROOM).unwrap().is_clean());
    assert_eq!(count(), before);
    drop(disk);
    let file = std::fs::read(home.join("rumormill.db")).unwrap();
    let holds = |seq: Seq| file.windows(13).any(|window| window == format!("line {seq} of 1").as_bytes());
    assert!(holds(150) && !(100..150).any(holds));
}
