//! How much of one author's bodies a room keeps, the same in both forms.

#![allow(clippy::unwrap_used, reason = "laws are tests, though not by their attribute")]

#[macro_use]
mod common;

use common::{
    ROOM, Script, append,
    chat::{nick, topic},
    record, text, timeline,
};
use rumormill_proto::{
    entry::{Body, Kind, RawEntry},
    ids::{AuthorId, Seq},
    limits::BLOCK,
    time::Time,
};
use rumormill_store::{
    Change, Keep, Store,
    limits::{SHARE_BLOCKS, SHARE_BYTES},
};

laws! {
    nobody_notices_a_share_that_is_not_full
    oldest_bodies_go_and_others_stay
    logs_are_the_same_whatever_the_share
    a_flood_keeps_no_more_than_its_share
    what_is_fetched_downwards_stops_at_the_share
    what_a_share_let_go_is_not_wanted
    the_last_name_and_what_is_short_stay
    bodies_of_every_kind_count
    a_smaller_share_is_reached_in_steps
}

/// Bytes of one body in these tests.
const BODY: usize = 100;

fn share(store: &mut dyn Store, share: Option<u64>) {
    store.put_room(&record(ROOM, Keep { share, ..Keep::default() })).unwrap();
}

fn line(ms: u64) -> RawEntry {
    text(ms, format!("{ms:0BODY$}"))
}

fn lines(secret: u8, count: u64) -> Script {
    Script::new(ROOM, secret, (1..=count).map(line).collect())
}

/// Which bodies of an author are kept.
fn bodies(store: &dyn Store, author: &AuthorId) -> Vec<Seq> {
    let report = store.reader().unwrap().check(&ROOM).unwrap();
    assert!(report.is_clean(), "{report:?}");
    let lines = timeline(store, &ROOM);
    let kept = lines.iter().filter(|line| line.place.author == *author && line.body.bytes().is_some());
    kept.map(|line| line.place.seq).collect()
}

fn wanted(store: &dyn Store) -> Vec<Seq> {
    let mut seqs: Vec<Seq> =
        store.reader().unwrap().bare(&ROOM, 9_999).unwrap().0.iter().map(|bare| bare.seq).collect();
    seqs.sort_unstable();
    seqs
}

fn nobody_notices_a_share_that_is_not_full(store: &mut dyn Store) {
    let script = lines(1, 300);
    append(store, ROOM, &script.runs(0, 299)).unwrap();
    for put in [None, Some(SHARE_BYTES), Some(300 * BODY as u64)] {
        share(store, put);
        assert!(!store.expire(&ROOM, 9_999, 9_999).unwrap());
        assert_eq!(bodies(store, &script.id()).len(), 300);
    }
    assert!(store.reader().unwrap().shares(&ROOM).unwrap().is_empty(), "no share was exceeded");
}

fn oldest_bodies_go_and_others_stay(store: &mut dyn Store) {
    let (loud, quiet) = (lines(1, 400), lines(2, 50));
    share(store, Some(200 * BODY as u64));
    append(store, ROOM, &quiet.runs(0, 49)).unwrap();
    append(store, ROOM, &loud.runs(0, 399)).unwrap();
    // Whole blocks lost their bodies: 0, 1 to 64, and two more.
    let first = 3 * BLOCK + 1;
    assert_eq!(bodies(store, &loud.id()), (first + BLOCK..400).collect::<Vec<_>>());
    assert_eq!(bodies(store, &quiet.id()).len(), 50);
    let told = store.reader().unwrap().shares(&ROOM).unwrap();
    assert_eq!(told.len(), 1);
    assert_eq!((told[0].author, told[0].let_go, told[0].newest), (loud.id(), 257, Time::from_ms(257)));
    assert_eq!(told[0].bytes, (400 - 257) * BODY as u64);
    assert!(wanted(store).is_empty());
}

fn logs_are_the_same_whatever_the_share(store: &mut dyn Store) {
    let mut other = rumormill_store::Memory::new();
    let script = lines(1, 400);
    share(store, Some(100 * BODY as u64));
    share(&mut other, Some(u64::MAX >> 1));
    for store in [&mut *store, &mut other] {
        append(store, ROOM, &script.runs(0, 399)).unwrap();
    }
    assert!(bodies(store, &script.id()).len() < bodies(&other, &script.id()).len());
    let told = |store: &dyn Store| -> Vec<_> {
        store.kept(&ROOM).unwrap().into_iter().map(|kept| (kept.author, kept.log)).collect()
    };
    assert_eq!(told(store), told(&other));
}

fn a_flood_keeps_no_more_than_its_share(store: &mut dyn Store) {
    let script = lines(1, 3_000);
    let most = 500 * BODY as u64;
    share(store, Some(most));
    for (run, at) in script.runs(0, 2_999).iter().zip(0..) {
        append(store, ROOM, std::slice::from_ref(run)).unwrap();
        if at % 10 == 0 {
            let kept = bodies(store, &script.id());
            assert!(kept.len() * BODY <= most as usize, "{} bodies", kept.len());
            assert!(kept.contains(&run.last().seq), "the newest stay");
        }
    }
}

fn what_is_fetched_downwards_stops_at_the_share(store: &mut dyn Store) {
    let script = lines(1, 1_000);
    share(store, Some(300 * BODY as u64));
    for run in script.runs(0, 999).iter().rev() {
        append(store, ROOM, std::slice::from_ref(run)).unwrap();
    }
    let kept = bodies(store, &script.id());
    assert!((200..=300).contains(&kept.len()), "{} bodies", kept.len());
    assert_eq!(kept, (1_000 - kept.len() as u64..1_000).collect::<Vec<_>>(), "the newest");
    assert_eq!(store.reader().unwrap().count(&ROOM).unwrap(), 1_000);
}

fn what_a_share_let_go_is_not_wanted(store: &mut dyn Store) {
    let script = lines(1, 400);
    share(store, Some(100 * BODY as u64));
    append(store, ROOM, &[script.blank(1, 64, |seq| seq < 10)]).unwrap();
    assert_eq!(wanted(store), (1..10).collect::<Vec<_>>());
    append(store, ROOM, &script.runs(193, 399)).unwrap();
    assert!(wanted(store).is_empty(), "it is below the floor of the share");
    append(store, ROOM, &[script.blank(65, 128, |_| true)]).unwrap();
    append(store, ROOM, &[script.run(129, 192)]).unwrap();
    assert!(wanted(store).is_empty());
    let kept = bodies(store, &script.id());
    assert!(kept.iter().all(|seq| *seq > 256), "{kept:?}");
    // Missing bodies above the floor are wanted.
    let more = lines(2, 300);
    append(store, ROOM, &[more.blank(1, 64, |seq| seq == 7)]).unwrap();
    assert_eq!(wanted(store), [7]);
    let body = more.line(7).body.bytes().unwrap().clone();
    store.commit(&[(ROOM, Change::Fill { author: &more.id(), seq: 7, body: &body })]).unwrap();
    assert_eq!((wanted(store), bodies(store, &more.id()).len()), (vec![], 64));
}

fn the_last_name_and_what_is_short_stay(store: &mut dyn Store) {
    let long = "n".repeat(60);
    let mut entries = vec![nick(1, &long), nick(2, &long), topic(3, &long), text(4, "short")];
    entries.extend((5..=400).map(line));
    let script = Script::new(ROOM, 1, entries);
    share(store, Some(100 * BODY as u64));
    append(store, ROOM, &script.runs(0, 399)).unwrap();
    assert_eq!(bodies(store, &script.id())[..4], [1, 2, 3, 321]);
    let mut reader = store.reader().unwrap();
    assert_eq!(reader.nicks(&ROOM).unwrap()[0].2, long);
    assert_eq!(reader.topic(&ROOM).unwrap().unwrap().place.seq, 2);
    assert_eq!(reader.search(&ROOM, &"short".into(), 9).unwrap().len(), 1);
}

fn bodies_of_every_kind_count(store: &mut dyn Store) {
    let unknown = |ms: u64| RawEntry {
        time: Time::from_ms(ms),
        seen: vec![],
        kind: Kind::new(99).unwrap(),
        body: Body::Here(vec![7; BODY].into()),
    };
    let script = Script::new(ROOM, 1, (1..=400).map(unknown).collect());
    share(store, Some(100 * BODY as u64));
    append(store, ROOM, &script.runs(0, 399)).unwrap();
    assert!(bodies(store, &script.id()).len() <= 100);
}

fn a_smaller_share_is_reached_in_steps(store: &mut dyn Store) {
    let script = lines(1, 1_000);
    append(store, ROOM, &script.runs(0, 999)).unwrap();
    share(store, Some(100 * BODY as u64));
    let (mut left, mut steps) = (1_000, 0);
    loop {
        let more = store.expire(&ROOM, 9_999, 9_999).unwrap();
        let kept = bodies(store, &script.id()).len();
        assert!(left - kept <= SHARE_BLOCKS * BLOCK as usize, "{left} to {kept}");
        (left, steps) = (kept, steps + 1);
        if !more {
            break;
        }
    }
    assert!(left <= 100 && steps > 5, "{left} bodies after {steps} steps");
}
