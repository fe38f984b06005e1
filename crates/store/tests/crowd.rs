//! Eviction of logs when a room has more authors than it has space for, and whom entries vouch for.

#![allow(clippy::unwrap_used, reason = "laws are tests, though not by their attribute")]

#[macro_use]
mod common;

use common::{
    ROOM, Script, append,
    chat::{react, reply, retract},
    record, text, timeline,
};
use rumormill_proto::{
    content::{Target, Vouch},
    ids::{AuthorId, Seq},
    limits::EVICTED_ENTRIES,
};
use rumormill_store::{Change, Keep, Store};

laws! {
    an_evicted_log_goes_in_pieces_and_leaves_nothing
    an_evicted_log_comes_again
    what_comes_after_an_evicted_log_is_found
    whom_entries_vouch_for_is_told_in_order_and_once
    what_is_dropped_for_want_of_room_has_vouched
}

fn evict(store: &mut dyn Store, author: &AuthorId) -> u64 {
    let left = store.commit(&[(ROOM, Change::Evict(author))]).unwrap();
    assert_eq!((left.len(), left[0].0), (1, *author));
    left[0].1.len()
}

fn an_evicted_log_goes_in_pieces_and_leaves_nothing(store: &mut dyn Store) {
    let (script, other) = (Script::lines(1, 700, 1_000, 10), Script::lines(2, 3, 1_000, 10));
    append(store, ROOM, &script.runs(0, 699)).unwrap();
    append(store, ROOM, &other.runs(0, 2)).unwrap();
    while store.index(100).unwrap() {}
    let mut before = 700;
    while before > 0 {
        let left = evict(store, &script.id());
        assert!(left < before && before - left <= EVICTED_ENTRIES, "{before} to {left}");
        assert_eq!(timeline(store, &ROOM).len() as u64, left + 3);
        assert!(store.reader().unwrap().check(&ROOM).unwrap().is_clean());
        before = left;
    }
    let kept = store.kept(&ROOM).unwrap();
    assert_eq!(kept.iter().map(|kept| kept.author).collect::<Vec<_>>(), [other.id()]);
    let mut reader = store.reader().unwrap();
    assert_eq!(reader.search(&ROOM, &"line".into(), 999).unwrap().len(), 3);
    assert_eq!(evict(store, &script.id()), 0, "nothing is left to remove");
}

fn an_evicted_log_comes_again(store: &mut dyn Store) {
    let script = Script::lines(1, 10, 1_000, 10);
    let (run, id) = (script.run(1, 9), script.id());
    let left = store.commit(&[
        (ROOM, Change::Append(&run)),
        (ROOM, Change::Evict(&id)),
        (ROOM, Change::Append(&run)),
        (ROOM, Change::Cut(&script.proof(&script.forked(5, 1), 5))),
    ]);
    assert_eq!(left.unwrap().last().unwrap().1.len(), 4);
    assert_eq!(timeline(store, &ROOM).len(), 4);
    assert_eq!(evict(store, &id), 0, "entries beyond the cut go as well");
    assert!(store.kept(&ROOM).unwrap().is_empty());
    append(store, ROOM, &[run]).unwrap();
    assert_eq!(timeline(store, &ROOM).len(), 9);
    assert!(store.reader().unwrap().check(&ROOM).unwrap().is_clean());
}

fn what_comes_after_an_evicted_log_is_found(store: &mut dyn Store) {
    let (leaves, comes) = (Script::lines(1, 10, 1_000, 10), Script::lines(2, 3, 1_000, 10));
    append(store, ROOM, &leaves.runs(0, 9)).unwrap();
    while store.index(100).unwrap() {}
    assert_eq!(evict(store, &leaves.id()), 0);
    append(store, ROOM, &comes.runs(0, 2)).unwrap();
    for _ in 0..2 {
        assert_eq!(store.reader().unwrap().search(&ROOM, &"line".into(), 9).unwrap().len(), 3);
        while store.index(100).unwrap() {}
    }
}

fn vouches(store: &dyn Store, author: &AuthorId, most: usize) -> Vec<(Seq, u8)> {
    let told = store.reader().unwrap().vouches(&ROOM, author, most).unwrap();
    let kept = store.kept(&ROOM).unwrap();
    let kept = kept.into_iter().find(|kept| kept.author == *author).unwrap();
    assert_eq!(kept.vouches[..told.len()], told[..]);
    told.into_iter().map(|Vouch { seq, of }| (seq, of.0[0])).collect()
}

fn to(author: u8) -> Target {
    Target { author: AuthorId([author; 32]), seq: 0 }
}

fn whom_entries_vouch_for_is_told_in_order_and_once(store: &mut dyn Store) {
    let entries = vec![
        text(1, "hello"),
        reply(2, to(7), "yes"),
        react(3, to(8), "+", true),
        react(4, to(9), "+", false),
        reply(5, to(7), "once more"),
        reply(6, to(6), "and you"),
        retract(7, 1),
    ];
    let script = Script::new(ROOM, 1, entries);
    let id = script.id();
    append(store, ROOM, &[script.run(4, 5)]).unwrap();
    assert_eq!(vouches(store, &id, 9), [(4, 7), (5, 6)]);
    append(store, ROOM, &[script.bare(1, 3), script.bare(0, 0)]).unwrap();
    assert_eq!(vouches(store, &id, 9), [(1, 7), (2, 8), (5, 6)]);
    assert_eq!(vouches(store, &id, 2), [(1, 7), (2, 8)]);
    append(store, ROOM, &[script.run(6, 6)]).unwrap();
    assert_eq!(vouches(store, &id, 9), [(2, 8), (4, 7), (5, 6)], "a retracted entry vouches for nobody");
    let proof = script.proof(&script.forked(5, 1), 5);
    store.commit(&[(ROOM, Change::Cut(&proof))]).unwrap();
    assert_eq!(vouches(store, &id, 9), [(2, 8), (4, 7)]);
}

fn what_is_dropped_for_want_of_room_has_vouched(store: &mut dyn Store) {
    let script = Script::new(ROOM, 1, vec![reply(1, to(7), "yes"), reply(2, to(8), "no"), text(3, "so")]);
    append(store, ROOM, &[script.run(1, 2)]).unwrap();
    store.put_room(&record(ROOM, Keep { entries: Some(0), ..Keep::default() })).unwrap();
    while store.expire(&ROOM, 9, 99).unwrap() {}
    append(store, ROOM, &[script.bare(0, 0)]).unwrap();
    assert!(timeline(store, &ROOM).iter().all(|line| line.body.bytes().is_none()));
    assert_eq!(vouches(store, &script.id(), 9), [(0, 7), (1, 8)]);
}
