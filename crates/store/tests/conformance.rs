//! Behaviour that both forms of the store share.

#![allow(clippy::unwrap_used, clippy::panic, reason = "laws are tests, though not by their attribute")]

#[macro_use]
mod common;

use common::{OTHER_ROOM, ROOM, Script, append, seeing, text, timeline};
use rumormill_proto::{
    admit::{Admission, Trust},
    content::{Content, Imported, Target},
    entry::{Body, Kind, RawEntry},
    fork::Proof,
    frame::Contact,
    governance::TicketId,
    ids::{AuthorId, PeerId, RoomId, Seq},
    limits::SPANS,
    log::{Log, Unfit},
    run::RawRun,
    time::Time,
};
use rumormill_store::{
    By, Change, Closed, Error, Keep, KeepFiles, Once, Pass, Private, Read, RoomRecord, Store, TimelineRow, Wanted,
    limits::{CONTACTS, HOLDER_ENTRIES, ONCE},
};

laws! {
    an_empty_store_has_nothing
    pages_walk_the_timeline_both_ways
    entries_of_one_time_are_ordered_by_author
    times_may_come_again_across_a_gap
    rooms_are_apart
    a_room_that_is_left_leaves_nothing
    runs_come_from_the_top_and_are_admitted
    signatures_stay_on_heads_and_multiples
    a_backfill_needs_no_signature
    what_is_kept_is_the_log_of_the_engine
    a_run_that_does_not_fit_leaves_nothing_of_its_batch
    the_newest_entries_are_told_by_log
    a_cut_keeps_evidence
    a_lower_cut_replaces_a_higher_one
    a_cut_finds_what_its_own_batch_appended
    a_log_may_be_cut_before_it_is_held
    recall_reaches_over_a_cut
    recall_tells_of_the_entry_below_a_span
    what_lies_beyond_a_cut_vouches_for_the_entry_below
    search_finds_words_newest_first
    search_finds_what_somebody_said_and_when
    search_takes_any_words
    holders_are_who_say_so
    holders_are_those_too_who_name_one_who_holds_it
    holders_name_nothing_that_was_said_later
    a_flood_of_those_who_do_not_hold_it_hides_others
    dropped_bodies_stay_dropped
    rooms_are_kept_as_put
    letters_are_found_newest_first
    a_peer_keeps_its_first_secret
    a_call_that_was_carried_out_is_known_with_its_entry
    the_latest_calls_are_known
    a_reader_sees_what_was_committed_before
    a_clean_store_checks_clean
}

fn log(store: &dyn Store, room: &RoomId, author: &AuthorId) -> Log {
    let kept = store.kept(room).unwrap();
    kept.into_iter().find(|kept| kept.author == *author).map(|kept| kept.log).unwrap_or_default()
}

fn spans(log: &Log) -> Vec<(Seq, Seq)> {
    log.spans().iter().map(|span| (span.first, span.last.seq)).collect()
}

fn places(lines: &[TimelineRow]) -> Vec<(AuthorId, Seq)> {
    lines.iter().map(|line| (line.place.author, line.place.seq)).collect()
}

/// First and last seq of a run, and whether it is signed.
fn ends(run: Option<RawRun>) -> Option<(Seq, Seq, bool)> {
    run.map(|run| (run.first(), run.last(), run.signature().is_some()))
}

fn cut(store: &mut dyn Store, proof: &Proof) -> Log {
    let left = store.commit(&[(ROOM, Change::Cut(proof))]).unwrap();
    assert_eq!(left.len(), 1);
    assert_eq!(left[0].0, proof.author());
    left[0].1.clone()
}

fn an_empty_store_has_nothing(store: &mut dyn Store) {
    let author = AuthorId([3; 32]);
    let mut reader = store.reader().unwrap();
    assert!(store.kept(&ROOM).unwrap().is_empty() && store.rooms().unwrap().whole.is_empty());
    assert!(reader.page(&ROOM, None, 10).unwrap().is_empty() && reader.page_after(&ROOM, None, 10).unwrap().is_empty());
    assert_eq!(reader.run(&ROOM, &author, 0, 10).unwrap(), None);
    assert_eq!(reader.recall(&ROOM, &author, 0).unwrap(), None);
    assert_eq!(reader.line(&ROOM, &author, 0).unwrap(), None);
    assert!(reader.newest(&ROOM, 5).unwrap().is_empty() && reader.beyond_cut(&ROOM, &author).unwrap().is_empty());
    assert!(
        reader.search(&ROOM, &"x".into(), 5).unwrap().is_empty()
            && reader.holders(&ROOM, &author, 0).unwrap().is_empty()
    );
    assert_eq!(reader.count(&ROOM).unwrap(), 0);
    assert!(reader.check(&ROOM).unwrap().is_clean());
    assert!(store.commit(&[]).unwrap().is_empty());
    while store.index(10).unwrap() {}
}

fn pages_walk_the_timeline_both_ways(store: &mut dyn Store) {
    let scripts = [Script::lines(1, 70, 1_000, 30), Script::lines(2, 40, 1_500, 17), Script::lines(3, 10, 0, 500)];
    for script in &scripts {
        append(store, ROOM, &script.runs(0, script.len() - 1)).unwrap();
    }
    let mut expected: Vec<_> =
        scripts.iter().flat_map(|script| (0..script.len()).map(|seq| script.line(seq))).collect();
    expected.sort_by_key(|line| line.place);
    assert_eq!(timeline(store, &ROOM), expected);

    let mut reader = store.reader().unwrap();
    let (mut down, mut before) = (Vec::new(), None);
    loop {
        let page = reader.page(&ROOM, before, 7).unwrap();
        let Some(first) = page.first() else { break };
        before = Some(first.place);
        assert!(page.len() == 7 || page.first() == expected.first());
        down.splice(0..0, page);
    }
    let (mut up, mut after) = (Vec::new(), None);
    loop {
        let page = reader.page_after(&ROOM, after, 7).unwrap();
        let Some(last) = page.last() else { break };
        after = Some(last.place);
        up.extend(page);
    }
    assert!(down == expected && up == expected);
    assert_eq!(reader.count(&ROOM).unwrap(), expected.len() as u64);
    assert!(reader.page(&ROOM, None, 0).unwrap().is_empty());
    for line in &expected {
        assert_eq!(reader.line(&ROOM, &line.place.author, line.place.seq).unwrap().as_ref(), Some(line));
    }
}

fn entries_of_one_time_are_ordered_by_author(store: &mut dyn Store) {
    let scripts: Vec<_> = (1..=12).map(|secret| Script::lines(secret, 3, 100, 10)).collect();
    for script in &scripts {
        append(store, ROOM, &script.runs(0, 2)).unwrap();
    }
    let mut expected: Vec<_> = scripts.iter().flat_map(|script| (0..3).map(|seq| script.line(seq))).collect();
    expected.sort_by_key(|line| line.place);
    let mut reader = store.reader().unwrap();
    for at in 0..expected.len() {
        let before = reader.page(&ROOM, Some(expected[at].place), 5).unwrap();
        assert_eq!(before, expected[at.saturating_sub(5)..at], "before {at}");
        let after = reader.page_after(&ROOM, Some(expected[at].place), 5).unwrap();
        assert_eq!(after, expected[at + 1..(at + 6).min(expected.len())], "after {at}");
    }
}

/// An author may sign odd times, and that must not stop anyone else.
fn times_may_come_again_across_a_gap(store: &mut dyn Store) {
    let times = |half: u64| (0..10).map(move |at| text(10 + at * 10, format!("{half} {at}")));
    let script = Script::new(ROOM, 1, times(0).chain(times(1)).collect());
    let other = Script::lines(2, 10, 10, 10);
    append(store, ROOM, &other.runs(0, 9)).unwrap();
    append(store, ROOM, &[script.run(12, 19), script.run(1, 8)]).unwrap();
    let mut expected: Vec<_> = (0..10).map(|seq| other.line(seq)).collect();
    expected.extend((1..9).chain(12..20).map(|seq| script.line(seq)));
    expected.sort_by_key(|line| line.place);
    assert_eq!(timeline(store, &ROOM), expected);
    let mut reader = store.reader().unwrap();
    for at in 0..expected.len() {
        assert_eq!(reader.page(&ROOM, Some(expected[at].place), 3).unwrap(), expected[at.saturating_sub(3)..at]);
    }
    assert_eq!(reader.newest(&ROOM, 26).unwrap().iter().filter(|span| span.0 == script.id()).count(), 1);
    assert!(reader.newest(&ROOM, 26).unwrap().contains(&(script.id(), 1, 19)));
    let gap = append(store, ROOM, &[script.run(9, 9), script.run(10, 11)]).unwrap_err();
    assert_eq!(gap, Error::Unfit { author: script.id(), why: Unfit::TimeBackwards });
    assert!(reader.check(&ROOM).unwrap().is_clean());
    cut(store, &script.proof(&script.forked(14, 1), 14));
    expected.retain(|line| line.place.author == other.id() || line.place.seq < 14);
    assert_eq!(timeline(store, &ROOM), expected);
    assert!(reader.check(&ROOM).unwrap().is_clean());
}

fn rooms_are_apart(store: &mut dyn Store) {
    let here = Script::lines(1, 5, 10, 10);
    let there = Script::new(OTHER_ROOM, 1, (0..3).map(|at| text(at + 1, "there")).collect());
    let (run, other) = (here.run(1, 4), there.run(1, 2));
    store.commit(&[(ROOM, Change::Append(&run)), (OTHER_ROOM, Change::Append(&other))]).unwrap();
    assert_eq!(places(&timeline(store, &ROOM)), (1..=4).map(|seq| (here.id(), seq)).collect::<Vec<_>>());
    assert_eq!(places(&timeline(store, &OTHER_ROOM)), (1..=2).map(|seq| (here.id(), seq)).collect::<Vec<_>>());
    let mut reader = store.reader().unwrap();
    assert!(reader.search(&ROOM, &"there".into(), 9).unwrap().is_empty());
    assert_eq!(reader.search(&OTHER_ROOM, &"there".into(), 9).unwrap().len(), 2);
    assert_eq!((reader.count(&ROOM).unwrap(), reader.count(&OTHER_ROOM).unwrap()), (4, 2));
    assert_eq!(reader.newest(&OTHER_ROOM, 9).unwrap(), vec![(here.id(), 1, 2)]);
}

fn once(number: u64) -> Once {
    let mut key = [7; 32];
    key[..8].copy_from_slice(&number.to_be_bytes());
    Once { key, asks: [9; 32] }
}

fn a_call_that_was_carried_out_is_known_with_its_entry(store: &mut dyn Store) {
    let here = Script::lines(1, 5, 10, 10);
    let (run, call) = (here.run(1, 2), once(1));
    let of = Target { author: run.author(), seq: 2 };
    store.commit(&[(ROOM, Change::Append(&run)), (ROOM, Change::Once(call, of))]).unwrap();
    let mut reader = store.reader().unwrap();
    assert_eq!(reader.once(&ROOM, &call.key).unwrap(), Some((call, of)));
    assert_eq!(reader.once(&OTHER_ROOM, &call.key).unwrap(), None);
    assert_eq!(reader.once(&ROOM, &once(2).key).unwrap(), None);
    // A run that does not fit undoes its whole batch, including the call.
    store.commit(&[(ROOM, Change::Once(once(2), of)), (ROOM, Change::Append(&run))]).unwrap_err();
    assert_eq!(reader.once(&ROOM, &once(2).key).unwrap(), None);
    store.leave(&ROOM).unwrap();
    while store.sweep(1).unwrap() {}
    append(store, ROOM, &here.runs(0, 4)).unwrap();
    assert_eq!(store.reader().unwrap().once(&ROOM, &call.key).unwrap(), None);
}

fn the_latest_calls_are_known(store: &mut dyn Store) {
    let of = Target { author: AuthorId([3; 32]), seq: 0 };
    let calls: Vec<Once> = (0..ONCE + 3).map(once).collect();
    let changes: Vec<_> = calls.iter().map(|call| (ROOM, Change::Once(*call, of))).collect();
    store.commit(&changes).unwrap();
    let mut reader = store.reader().unwrap();
    let mut known = |at: u64| reader.once(&ROOM, &once(at).key).unwrap().is_some();
    assert_eq!([0, 2, 3, ONCE + 2].map(&mut known), [false, false, true, true]);
}

fn a_room_that_is_left_leaves_nothing(store: &mut dyn Store) {
    let here = Script::lines(1, 5, 10, 10);
    let there = Script::new(OTHER_ROOM, 1, (0..3).map(|at| text(at + 1, "there")).collect());
    let record = |id| RoomRecord {
        id,
        secret: [1; 32],
        author_secret: [2; 32],
        name: "lunch".into(),
        contacts: vec![],
        keep: Keep::default(),
        announced: false,
        closed: None,
        private: None,
        nick: None,
    };
    for room in [ROOM, OTHER_ROOM] {
        store.put_room(&record(room)).unwrap();
    }
    let (run, other) = (here.run(1, 4), there.run(1, 2));
    store.commit(&[(ROOM, Change::Append(&run)), (OTHER_ROOM, Change::Append(&other))]).unwrap();
    while store.index(100).unwrap() {}
    store.leave(&ROOM).unwrap();
    assert_eq!(store.rooms().unwrap().whole, vec![record(OTHER_ROOM)]);
    assert_eq!(store.kept(&ROOM).unwrap().len(), 0);
    for _ in 0..2 {
        let mut reader = store.reader().unwrap();
        assert_eq!((reader.count(&ROOM).unwrap(), timeline(store, &ROOM)), (0, vec![]));
        assert_eq!(reader.search(&OTHER_ROOM, &"there".into(), 9).unwrap().len(), 2, "indexed or not");
        assert!(reader.check(&OTHER_ROOM).unwrap().is_clean());
        while store.index(100).unwrap() {}
        store.sweep(1).unwrap();
    }
    // After joining again it is a room like any other.
    append(store, ROOM, &here.runs(0, 4)).unwrap();
    while store.sweep(1).unwrap() {}
    assert_eq!(places(&timeline(store, &ROOM)), (0..=4).map(|seq| (here.id(), seq)).collect::<Vec<_>>());
    assert!(store.reader().unwrap().check(&ROOM).unwrap().is_clean());
    store.leave(&RoomId([99; 32])).unwrap();
}

fn runs_come_from_the_top_and_are_admitted(store: &mut dyn Store) {
    let script = Script::lines(1, 200, 10, 10);
    append(store, ROOM, &script.runs(0, 199)).unwrap();
    let mut reader = store.reader().unwrap();
    let cases = [
        ((0, 199), Some((193, 199, true))),
        ((0, 1_000), Some((193, 199, true))),
        ((0, 192), Some((129, 192, true))),
        ((130, 140), Some((130, 140, false))),
        ((0, 0), Some((0, 0, true))),
        ((200, 300), None),
        ((0, Seq::MAX), Some((193, 199, true))),
    ];
    for ((first, last), expected) in cases {
        let run = reader.run(&ROOM, &script.id(), first, last).unwrap();
        assert_eq!(ends(run), expected, "{first}..={last}");
    }
    let mut door = Admission::new(ROOM);
    let mut top = Some(199);
    let mut served = 0;
    while let Some(last) = top {
        let run = reader.run(&ROOM, &script.id(), 0, last).unwrap().unwrap();
        let run = door.admit(&run, Trust::Signature).unwrap();
        served += run.entries().len();
        top = run.first().seq.checked_sub(1);
    }
    assert_eq!(served, 200);
}

fn signatures_stay_on_heads_and_multiples(store: &mut dyn Store) {
    let script = Script::lines(1, 200, 10, 10);
    let signed = |store: &dyn Store, last| {
        ends(store.reader().unwrap().run(&ROOM, &script.id(), last, last).unwrap()).map(|(_, _, signed)| signed)
    };
    for seq in 0..70 {
        append(store, ROOM, &[script.run(seq, seq)]).unwrap();
        assert_eq!(signed(store, seq), Some(true), "head {seq}");
    }
    for seq in 0..70 {
        assert_eq!(signed(store, seq), Some(seq == 0 || seq >= 64), "seq {seq}");
    }
    append(store, ROOM, &[script.run(75, 79), script.run(72, 74), script.run(70, 71)]).unwrap();
    for (seq, expected) in [(71, true), (72, false), (73, false), (74, true), (78, false), (79, true)] {
        assert_eq!(signed(store, seq), Some(expected), "seq {seq}");
    }
    // A block that becomes whole from the middle.
    append(store, ROOM, &[script.run(129, 140), script.run(160, 192), script.run(141, 159)]).unwrap();
    for seq in 129..=192 {
        assert_eq!(signed(store, seq), Some(seq == 192), "seq {seq}");
    }
}

fn a_backfill_needs_no_signature(store: &mut dyn Store) {
    let script = Script::lines(1, 140, 10, 10);
    append(store, ROOM, &[script.run(129, 139)]).unwrap();
    append(store, ROOM, &[script.run(65, 128)]).unwrap();
    append(store, ROOM, &[script.bare(30, 64)]).unwrap();
    let mut reader = store.reader().unwrap();
    assert_eq!(ends(reader.run(&ROOM, &script.id(), 0, 64).unwrap()), Some((30, 64, false)));
    assert_eq!(ends(reader.run(&ROOM, &script.id(), 0, 128).unwrap()), Some((65, 128, true)));
    assert_eq!(reader.run(&ROOM, &script.id(), 0, 29).unwrap(), None);
    append(store, ROOM, &[script.bare(1, 29), script.bare(0, 0)]).unwrap();
    assert_eq!(spans(&log(store, &ROOM, &script.id())), vec![(0, 139)]);
}

fn what_is_kept_is_the_log_of_the_engine(store: &mut dyn Store) {
    let script = Script::lines(1, 400, 10, 10);
    let mut engine = Log::default();
    for (first, last) in [(390, 399), (129, 192), (1, 10), (321, 384), (193, 256), (0, 0), (11, 64), (385, 389)] {
        let run = script.run(first, last);
        engine.insert(&run).unwrap();
        append(store, ROOM, &[run]).unwrap();
        assert_eq!(log(store, &ROOM, &script.id()), engine);
    }
    assert_eq!(store.reader().unwrap().count(&ROOM).unwrap(), engine.len());
}

fn a_run_that_does_not_fit_leaves_nothing_of_its_batch(store: &mut dyn Store) {
    let script = Script::lines(1, 20, 10, 10);
    let other = Script::lines(2, 20, 10, 10);
    append(store, ROOM, &[script.run(1, 9)]).unwrap();
    let before = (timeline(store, &ROOM), log(store, &ROOM, &script.id()));
    let cases = [
        (script.run(5, 12), Unfit::NoPlace),
        (script.run(9, 9), Unfit::NoPlace),
        (script.forked(9, 1).run(10, 12), Unfit::Forks(9)),
    ];
    for (bad, why) in cases {
        let error = append(store, ROOM, &[other.run(1, 5), script.run(15, 15), bad]).unwrap_err();
        assert_eq!(error, Error::Unfit { author: script.id(), why });
        assert_eq!((timeline(store, &ROOM), log(store, &ROOM, &script.id())), before);
        assert!(log(store, &ROOM, &other.id()).is_empty());
    }
    append(store, ROOM, &[other.run(1, 5), script.run(10, 19)]).unwrap();
    assert_eq!(timeline(store, &ROOM).len(), 24);

    let far = Script::lines(3, 64 * 20, 10, 10);
    let pieces: Vec<_> = (0..SPANS as u64).map(|at| far.run(at * 128 + 1, at * 128 + 1)).collect();
    append(store, ROOM, &pieces).unwrap();
    let one_more = append(store, ROOM, &[far.run(1_200, 1_200)]).unwrap_err();
    assert_eq!(one_more, Error::Unfit { author: far.id(), why: Unfit::NoPlace });
}

fn the_newest_entries_are_told_by_log(store: &mut dyn Store) {
    let (fast, slow) = (Script::lines(1, 100, 1_000, 1), Script::lines(2, 10, 0, 500));
    append(store, ROOM, &fast.runs(0, 99)).unwrap();
    append(store, ROOM, &slow.runs(0, 9)).unwrap();
    let mut reader = store.reader().unwrap();
    let mut sorted = |count| {
        let mut spans = reader.newest(&ROOM, count).unwrap();
        assert!(spans.is_sorted());
        spans.sort_by_key(|(author, ..)| *author != fast.id());
        spans
    };
    // The times of slow are 0, 500, .. 4500; those of fast are 1000 to 1099.
    assert_eq!(sorted(7), vec![(slow.id(), 3, 9)]);
    assert_eq!(sorted(10), vec![(fast.id(), 97, 99), (slow.id(), 3, 9)]);
    assert_eq!(sorted(107), vec![(fast.id(), 0, 99), (slow.id(), 3, 9)]);
    assert_eq!(sorted(1_000), vec![(fast.id(), 0, 99), (slow.id(), 0, 9)]);
    assert_eq!(sorted(0), vec![]);
}

fn a_cut_keeps_evidence(store: &mut dyn Store) {
    let script = Script::lines(1, 100, 10, 10);
    let (witness, fork) = (Script::lines(2, 3, 5, 1_000), script.forked(40, 1));
    append(store, ROOM, &script.runs(0, 99)).unwrap();
    append(store, ROOM, &witness.runs(0, 2)).unwrap();
    let proof = script.proof(&fork, 40);
    let left = cut(store, &proof);
    assert_eq!((spans(&left), left.cut()), (vec![(0, 39)], Some(40)));

    let kept = store.kept(&ROOM).unwrap();
    let kept = kept.iter().find(|kept| kept.author == script.id()).unwrap();
    assert_eq!(kept.log, left);
    let mut reader = store.reader().unwrap();
    assert_eq!(reader.proof(&ROOM, &script.id()).unwrap(), Some(proof));
    assert_eq!(reader.proof(&ROOM, &witness.id()).unwrap(), None);
    assert_eq!(reader.count(&ROOM).unwrap(), 43);
    assert!(timeline(store, &ROOM).iter().all(|line| line.place.author == witness.id() || line.place.seq < 40));
    assert_eq!(reader.line(&ROOM, &script.id(), 40).unwrap(), None);
    assert!(reader.line(&ROOM, &script.id(), 39).unwrap().is_some());
    let beyond: Vec<_> = (40..100).map(|seq| script.line(seq)).collect();
    assert_eq!(reader.beyond_cut(&ROOM, &script.id()).unwrap(), beyond);
    assert!(reader.beyond_cut(&ROOM, &witness.id()).unwrap().is_empty());
    // The rest ends without a signature, and headers prolong it to the next one.
    let run = reader.run(&ROOM, &script.id(), 0, 99).unwrap().unwrap();
    assert_eq!(ends(Some(run.clone())), Some((1, 64, true)));
    assert!(run.entries().iter().zip(1..).all(|(entry, seq)| entry.body.bytes().is_some() == (seq < 40)));
    Admission::new(ROOM).admit(&run, Trust::Signature).unwrap();
    assert_eq!(ends(reader.run(&ROOM, &script.id(), 0, 38).unwrap()), Some((1, 38, false)));
    assert_eq!(places(&reader.search(&ROOM, &"line 99".into(), 9).unwrap()), vec![]);
    assert!(reader.check(&ROOM).unwrap().is_clean());

    let beyond = append(store, ROOM, &[fork.run(40, 50)]).unwrap_err();
    assert_eq!(beyond, Error::Unfit { author: script.id(), why: Unfit::NoPlace });
}

fn a_lower_cut_replaces_a_higher_one(store: &mut dyn Store) {
    let script = Script::lines(1, 100, 10, 10);
    append(store, ROOM, &script.runs(0, 99)).unwrap();
    let (high, low) = (script.proof(&script.forked(80, 1), 80), script.proof(&script.forked(30, 1), 30));
    assert_eq!(cut(store, &high).next(), 80);
    assert_eq!(cut(store, &low).next(), 30);
    assert_eq!(cut(store, &high).next(), 30);
    let kept = store.kept(&ROOM).unwrap();
    assert_eq!(kept[0].log.cut(), Some(30));
    let mut reader = store.reader().unwrap();
    assert_eq!(reader.proof(&ROOM, &script.id()).unwrap(), Some(low));
    assert_eq!(reader.beyond_cut(&ROOM, &script.id()).unwrap().len(), 70);
    assert!(reader.check(&ROOM).unwrap().is_clean());
}

fn a_cut_finds_what_its_own_batch_appended(store: &mut dyn Store) {
    let script = Script::lines(1, 10, 10, 10);
    let (run, proof) = (script.run(1, 9), script.proof(&script.forked(5, 1), 5));
    let left = store.commit(&[(ROOM, Change::Append(&run)), (ROOM, Change::Cut(&proof))]).unwrap();
    assert_eq!(spans(&left[0].1), vec![(1, 4)]);
    assert_eq!(left[0].1, log(store, &ROOM, &script.id()));
    assert_eq!(left[0].1.head().unwrap().id, script.line(4).id);
    assert_eq!(timeline(store, &ROOM).len(), 4);
}

fn a_log_may_be_cut_before_it_is_held(store: &mut dyn Store) {
    let script = Script::lines(1, 100, 10, 10);
    let proof = script.proof(&script.forked(50, 1), 50);
    assert_eq!(cut(store, &proof), Log::restored(vec![], Some(50)));
    assert_eq!(log(store, &ROOM, &script.id()).cut(), Some(50));
    append(store, ROOM, &[script.bare(40, 49)]).unwrap();
    // Two spans, with the cut between them.
    append(store, ROOM, &[script.run(10, 20)]).unwrap();
    let left = cut(store, &script.proof(&script.forked(30, 1), 30));
    assert_eq!((spans(&left), left.cut()), (vec![(10, 20)], Some(30)));
    let mut reader = store.reader().unwrap();
    assert_eq!(reader.beyond_cut(&ROOM, &script.id()).unwrap().len(), 10);
    assert!(reader.check(&ROOM).unwrap().is_clean());
}

fn recall_reaches_over_a_cut(store: &mut dyn Store) {
    let script = Script::lines(1, 100, 10, 10);
    append(store, ROOM, &script.runs(0, 99)).unwrap();
    let mut reader = store.reader().unwrap();
    let before: Vec<_> = (0..110).map(|seq| reader.recall(&ROOM, &script.id(), seq).unwrap()).collect();
    assert_eq!(ends(before[0].clone()), Some((0, 0, true)));
    assert_eq!(ends(before[10].clone()), Some((1, 64, true)));
    assert_eq!(ends(before[99].clone()), Some((65, 99, true)));
    assert_eq!(before[100], None);
    let run = before[10].as_ref().unwrap();
    assert!(run.entries().iter().all(|entry| entry.body.bytes().is_none()));
    Admission::new(ROOM).admit(run, Trust::Signature).unwrap();

    cut(store, &script.proof(&script.forked(90, 1), 90));
    cut(store, &script.proof(&script.forked(40, 1), 40));
    let after: Vec<_> = (0..110).map(|seq| reader.recall(&ROOM, &script.id(), seq).unwrap()).collect();
    assert_eq!(after, before);
}

fn recall_tells_of_the_entry_below_a_span(store: &mut dyn Store) {
    let script = Script::lines(1, 60, 10, 10);
    append(store, ROOM, &[script.run(50, 59)]).unwrap();
    append(store, ROOM, &[script.run(10, 19)]).unwrap();
    let mut reader = store.reader().unwrap();
    let cases = [(3, Some((10, 19))), (15, Some((10, 19))), (30, None), (49, Some((50, 59))), (55, Some((50, 59)))];
    let check = |reader: &mut Box<dyn Read>| {
        for (seq, expected) in cases {
            let run = reader.recall(&ROOM, &script.id(), seq).unwrap();
            assert_eq!(ends(run), expected.map(|(first, last)| (first, last, true)), "seq {seq}");
        }
    };
    check(&mut reader);
    // The store keeps the prev of a span that a cut removes entirely.
    cut(store, &script.proof(&script.forked(40, 1), 40));
    check(&mut reader);
    cut(store, &script.proof(&script.forked(12, 1), 12));
    check(&mut reader);
}

fn what_lies_beyond_a_cut_vouches_for_the_entry_below(store: &mut dyn Store) {
    let (script, room) = (Script::lines(1, 100, 10, 10), ROOM);
    append(store, room, &[script.run(0, 0), script.run(1, 9)]).unwrap();
    append(store, room, &[script.forked(40, 1).run(40, 64)]).unwrap();
    cut(store, &script.proof(&script.forked(11, 1), 11));
    // The log takes one entry of an arriving run, and that entry is unsigned.
    let whole = script.run(10, 64);
    append(store, room, &[whole.clone().part(10, 10).unwrap()]).unwrap();
    let mut reader = store.reader().unwrap();
    assert_eq!(reader.recall(&room, &script.id(), 10).unwrap(), None);

    store.commit(&[(room, Change::Prolong(&whole.part(11, 64).unwrap()))]).unwrap();
    let mut reader = store.reader().unwrap();
    assert_eq!(ends(reader.recall(&room, &script.id(), 10).unwrap()), Some((1, 64, true)));
    assert_eq!(reader.newest(&room, 99).unwrap(), [(script.id(), 0, 10)], "the timeline is as it was");
    assert!(reader.check(&room).unwrap().is_clean());
    // A run that does not begin at the cut changes nothing.
    store.commit(&[(room, Change::Prolong(&script.run(20, 64)))]).unwrap();
    assert_eq!(ends(reader.recall(&room, &script.id(), 10).unwrap()), Some((1, 64, true)));
}

fn search_finds_words_newest_first(store: &mut dyn Store) {
    let says = ["Lunch at noon?", "no lunch today", "Lunchtime!", "dinner, then", "LUNCH"];
    let entries = says.iter().zip(1..).map(|(body, at)| text(at * 10, *body)).collect();
    let script = Script::new(ROOM, 1, entries);
    let nick = RawEntry { kind: Kind::NICK, ..text(1, "lunch") };
    let other = Script::new(ROOM, 2, vec![nick, text(25, "more lunch"), text(26, b"lunch \xff".to_vec())]);
    // History arrives downwards: the newest entry was not written last.
    append(store, ROOM, &[script.run(3, 4)]).unwrap();
    append(store, ROOM, &[script.run(1, 2), script.run(0, 0)]).unwrap();
    append(store, ROOM, &other.runs(0, 2)).unwrap();
    let (me, they) = (script.id(), other.id());
    let cases: [(&str, Vec<(AuthorId, Seq)>); 7] = [
        ("lunch", vec![(me, 4), (me, 2), (they, 2), (they, 1), (me, 1), (me, 0)]),
        ("no lu", vec![(me, 1)]),
        ("lunch no", vec![(me, 1), (me, 0)]),
        ("lunch. AT", vec![(me, 0)]),
        ("breakfast", vec![]),
        ("unch", vec![]),
        ("", vec![]),
    ];
    // With nothing, a part and everything indexed, the answers are the same.
    for _ in 0..5 {
        let mut reader = store.reader().unwrap();
        for (words, expected) in &cases {
            assert_eq!(places(&reader.search(&ROOM, &(*words).into(), 99).unwrap()), *expected, "{words}");
            let two: Vec<_> = expected.iter().take(2).copied().collect();
            assert_eq!(places(&reader.search(&ROOM, &(*words).into(), 2).unwrap()), two, "two of {words}");
        }
        store.index(2).unwrap();
    }
    assert!(!store.index(1).unwrap());
    cut(store, &script.proof(&script.forked(2, 1), 2));
    let found = store.reader().unwrap().search(&ROOM, &"lunch".into(), 99).unwrap();
    assert_eq!(places(&found), vec![(they, 2), (they, 1), (me, 1), (me, 0)]);
    cut(store, &script.proof(&script.forked(0, 1), 0));
    let found = store.reader().unwrap().search(&ROOM, &"lunch".into(), 99).unwrap();
    assert_eq!(places(&found), vec![(they, 2), (they, 1)]);
}

fn search_finds_what_somebody_said_and_when(store: &mut dyn Store) {
    let day = 86_400_000;
    let at = |ms: u64, body: &str| RawEntry { time: Time::from_ms(ms), ..text(0, body.as_bytes().to_vec()) };
    let imported = |ms: u64, name: &str, said_ms: u64, text: &str| {
        let said = Imported { source: "irssi".into(), name: name.into(), time_ms: said_ms, text: text.into() };
        let (kind, body) = Content::Imported(said).encode().unwrap();
        RawEntry { kind, body: Body::Here(body), ..at(ms, "") }
    };
    let says = vec![
        at(day, "soup"),
        at(2 * day, "bread"),
        imported(10 * day, "Bob", day, "old soup"),
        imported(10 * day + 1, "Ann", 3 * day, "older bread"),
        at(11 * day, "soup again"),
    ];
    let mine = Script::new(ROOM, 1, says);
    let theirs =
        Script::new(ROOM, 2, vec![at(4 * day, "their soup"), RawEntry { kind: Kind::NICK, ..at(5 * day, "bob") }]);
    append(store, ROOM, &mine.runs(0, 4)).unwrap();
    append(store, ROOM, &theirs.runs(0, 1)).unwrap();
    let (me, they) = (mine.id(), theirs.id());
    let by = |author, name: &str| Some(By { author, name: name.into() });
    let wanted = |words: &str, by, since_ms, until_ms| Wanted { words: words.into(), by, since_ms, until_ms };
    let cases: [(Wanted, Vec<(AuthorId, Seq)>); 9] = [
        (wanted("soup", by(Some(they), "bob"), None, None), vec![(me, 2), (they, 0)]),
        (wanted("", by(Some(they), "bob"), None, None), vec![(me, 2), (they, 0)]),
        (wanted("", by(Some(me), "me"), None, None), vec![(me, 4), (me, 1), (me, 0)]),
        (wanted("", by(None, "ann"), None, None), vec![(me, 3)]),
        (wanted("soup", None, Some(4 * day), None), vec![(me, 4), (they, 0)]),
        (wanted("", None, Some(2 * day), Some(4 * day)), vec![(me, 3), (me, 1)]),
        (wanted("soup", None, None, Some(2 * day)), vec![(me, 2), (me, 0)]),
        (wanted("...", by(Some(me), "me"), None, None), vec![]),
        (Wanted::default(), vec![]),
    ];
    for _ in 0..4 {
        let mut reader = store.reader().unwrap();
        for (wanted, expected) in &cases {
            assert_eq!(places(&reader.search(&ROOM, wanted, 99).unwrap()), *expected, "{wanted:?}");
            let first: Vec<_> = expected.iter().take(1).copied().collect();
            assert_eq!(places(&reader.search(&ROOM, wanted, 1).unwrap()), first, "one of {wanted:?}");
        }
        store.index(3).unwrap();
    }
}

fn search_takes_any_words(store: &mut dyn Store) {
    let script = Script::new(ROOM, 1, vec![text(1, "AND it's \"quoted\" NEAR(x) col:y a* ^z -w 東京 ü")]);
    append(store, ROOM, &script.runs(0, 0)).unwrap();
    for _ in 0..2 {
        let mut reader = store.reader().unwrap();
        let found =
            ["AND", "\"quoted\"", "NEAR(", "col:y", "a*", "^z", "-w", "'", "東", "京", "u", "it's \"", "OR", "{", "\0"];
        let finds: Vec<_> =
            found.iter().map(|words| reader.search(&ROOM, &(*words).into(), 9).unwrap().len()).collect();
        assert_eq!(finds, [1, 1, 1, 1, 1, 1, 1, 0, 1, 1, 1, 1, 0, 0, 0]);
        assert!(reader.search(&ROOM, &"word ".repeat(10_000).as_str().into(), 9).unwrap().is_empty());
        store.index(9).unwrap();
    }
}

fn holders_are_who_say_so(store: &mut dyn Store) {
    let author = Script::lines(1, 10, 10, 10);
    let id = author.id();
    let near = Script::new(ROOM, 2, vec![text(5, "a"), seeing(text(200, "b"), vec![(id, 3)])]);
    let far = Script::new(ROOM, 3, vec![seeing(text(300, "c"), vec![(id, 9), (near.id(), 1)]), text(301, "d")]);
    append(store, ROOM, &author.runs(0, 9)).unwrap();
    append(store, ROOM, &near.runs(0, 1)).unwrap();
    append(store, ROOM, &far.runs(0, 1)).unwrap();
    let mut both = vec![near.id(), far.id()];
    both.sort_unstable();
    for _ in 0..4 {
        let mut reader = store.reader().unwrap();
        assert_eq!(reader.holders(&ROOM, &id, 0).unwrap(), both);
        assert_eq!(reader.holders(&ROOM, &id, 3).unwrap(), both);
        assert_eq!(reader.holders(&ROOM, &id, 4).unwrap(), vec![far.id()]);
        assert!(reader.holders(&ROOM, &id, 10).unwrap().is_empty());
        assert_eq!(reader.holders(&ROOM, &near.id(), 1).unwrap(), vec![far.id()]);
        assert!(reader.holders(&OTHER_ROOM, &id, 0).unwrap().is_empty());
        store.index(5).unwrap();
    }
    // Entries beyond a cut prove nothing; those below it still do.
    cut(store, &near.proof(&near.forked(1, 2), 1));
    assert_eq!(store.reader().unwrap().holders(&ROOM, &id, 0).unwrap(), vec![far.id()]);
    cut(store, &far.proof(&far.forked(1, 3), 1));
    assert_eq!(store.reader().unwrap().holders(&ROOM, &id, 0).unwrap(), vec![far.id()]);
}

fn holders_are_those_too_who_name_one_who_holds_it(store: &mut dyn Store) {
    let ann = Script::new(ROOM, 1, vec![text(1, "a"), text(10, "did it arrive?")]);
    let said = |store: &dyn Store| store.reader().unwrap().holders(&ROOM, &ann.id(), 1).unwrap();
    // Bob has seen it in his entry 2 only, and not in the one before.
    let bob = Script::new(
        ROOM,
        2,
        vec![seeing(text(2, "b"), vec![(ann.id(), 0)]), text(15, "c"), seeing(text(20, "d"), vec![(ann.id(), 1)])],
    );
    let early = Script::new(ROOM, 3, vec![seeing(text(30, "e"), vec![(bob.id(), 1)])]);
    let late = Script::new(ROOM, 4, vec![text(25, "f"), seeing(text(31, "g"), vec![(bob.id(), 2)])]);
    let last = Script::new(ROOM, 5, vec![text(3, "h"), seeing(text(40, "i"), vec![(late.id(), 1), (early.id(), 0)])]);
    let sorted = |authors: &[&Script]| {
        let mut ids: Vec<_> = authors.iter().map(|author| author.id()).collect();
        ids.sort_unstable();
        ids
    };
    append(store, ROOM, &ann.runs(0, 1)).unwrap();
    append(store, ROOM, &last.runs(0, 1)).unwrap();
    append(store, ROOM, &early.runs(0, 0)).unwrap();
    assert_eq!(said(store), [], "what leads to it is not here");
    append(store, ROOM, &late.runs(1, 1)).unwrap();
    append(store, ROOM, &bob.runs(2, 2)).unwrap();
    assert_eq!(said(store), sorted(&[&bob, &late, &last]));
    append(store, ROOM, &bob.runs(0, 1)).unwrap();
    append(store, ROOM, &late.runs(0, 0)).unwrap();
    assert_eq!(said(store), sorted(&[&bob, &late, &last]));
    store.index(99).unwrap();
    assert_eq!(said(store), sorted(&[&bob, &late, &last]));
    // Nothing is known through what stands beyond a cut.
    cut(store, &bob.proof(&bob.forked(2, 2), 2));
    assert_eq!(said(store), []);
    let below = store.reader().unwrap().holders(&ROOM, &ann.id(), 0).unwrap();
    assert_eq!(below, sorted(&[&bob, &early, &late, &last]));
    cut(store, &ann.proof(&ann.forked(1, 1), 1));
    assert_eq!(store.reader().unwrap().holders(&ROOM, &ann.id(), 0).unwrap(), below);
}

/// A liar who names what will be said makes nobody a holder who names the liar.
fn holders_name_nothing_that_was_said_later(store: &mut dyn Store) {
    let ann = Script::new(ROOM, 1, vec![text(1, "a"), text(50, "later")]);
    let liar = Script::new(ROOM, 2, vec![seeing(text(10, "b"), vec![(ann.id(), 1)]), text(60, "c")]);
    let bob = Script::new(ROOM, 3, vec![seeing(text(70, "d"), vec![(liar.id(), 1)])]);
    append(store, ROOM, &liar.runs(0, 1)).unwrap();
    append(store, ROOM, &bob.runs(0, 0)).unwrap();
    append(store, ROOM, &ann.runs(0, 1)).unwrap();
    let mut reader = store.reader().unwrap();
    assert_eq!(reader.holders(&ROOM, &ann.id(), 1).unwrap(), []);
    let mut both = vec![liar.id(), bob.id()];
    both.sort_unstable();
    assert_eq!(reader.holders(&ROOM, &ann.id(), 0).unwrap(), both);
}

fn a_flood_of_those_who_do_not_hold_it_hides_others(store: &mut dyn Store) {
    let ann = Script::lines(1, 1, 1, 1);
    let bound = HOLDER_ENTRIES as u64;
    let flood = Script::lines(2, bound, 10, 1);
    let bob = Script::new(ROOM, 3, vec![seeing(text(10 + bound, "b"), vec![(ann.id(), 0)])]);
    append(store, ROOM, &ann.runs(0, 0)).unwrap();
    append(store, ROOM, &bob.runs(0, 0)).unwrap();
    append(store, ROOM, &flood.runs(0, bound - 2)).unwrap();
    assert_eq!(store.reader().unwrap().holders(&ROOM, &ann.id(), 0).unwrap(), [bob.id()]);
    append(store, ROOM, &flood.runs(bound - 1, bound - 1)).unwrap();
    assert_eq!(store.reader().unwrap().holders(&ROOM, &ann.id(), 0).unwrap(), []);
}

fn dropped_bodies_stay_dropped(store: &mut dyn Store) {
    let entry = text(10, "secret");
    let dropped = RawEntry { body: entry.body.dropped(), ..entry };
    let script = Script::new(ROOM, 1, vec![dropped, text(20, "said")]);
    append(store, ROOM, &script.runs(0, 1)).unwrap();
    let lines = timeline(store, &ROOM);
    assert_eq!(lines, vec![script.line(0), script.line(1)]);
    assert!(matches!(lines[0].body, Body::Dropped { len: 6, .. }));
    let mut reader = store.reader().unwrap();
    assert!(reader.search(&ROOM, &"secret".into(), 9).unwrap().is_empty());
    let run = reader.run(&ROOM, &script.id(), 0, 0).unwrap().unwrap();
    Admission::new(ROOM).admit(&run, Trust::Signature).unwrap();
    assert!(reader.check(&ROOM).unwrap().is_clean());
}

fn letters_are_found_newest_first(store: &mut dyn Store) {
    let letter = |ms, body: &'static str| RawEntry { kind: Kind::LETTER, ..text(ms, body) };
    let one = Script::new(ROOM, 1, vec![letter(1, "a"), text(2, "b"), letter(5, "c")]);
    let other = Script::new(ROOM, 2, vec![letter(3, "d")]);
    append(store, ROOM, &one.runs(0, 2)).unwrap();
    append(store, ROOM, &other.runs(0, 0)).unwrap();
    let newest = [(one.id(), 2), (other.id(), 0), (one.id(), 0)];
    let mut reader = store.reader().unwrap();
    assert_eq!(places(&reader.letters(&ROOM, 9).unwrap()), newest);
    assert_eq!(places(&reader.letters(&ROOM, 2).unwrap()), newest[..2]);
    assert!(reader.letters(&OTHER_ROOM, 9).unwrap().is_empty());
    assert!(
        reader.messages(&ROOM, None, 9).unwrap().iter().all(|line| line.kind == Kind::TEXT),
        "they are no messages"
    );
}

fn rooms_are_kept_as_put(store: &mut dyn Store) {
    let contact = |at: usize| Contact { peer: PeerId([at as u8; 32]), address: vec![at as u8; at].into() };
    let files = KeepFiles { age_ms: Some(1), count: None, bytes: Some(2) };
    let record = |id, name: &str, contacts: usize| RoomRecord {
        id,
        secret: [5; 32],
        author_secret: [6; 32],
        name: name.to_owned(),
        contacts: (0..contacts).map(contact).collect(),
        keep: Keep { age_ms: Some(name.len() as u64), entries: None, bytes: Some(7), files, share: Some(8_000_000) },
        announced: contacts > 1,
        closed: (contacts > 1).then_some(Closed {
            founder: AuthorId([4; 32]),
            pass: (contacts == 3).then_some(Pass { ticket: TicketId([3; 32]), secret: [5; 32] }),
            device_of: (contacts != 3).then_some(AuthorId([3; 32])),
            keeps: contacts == 3,
        }),
        private: (contacts == 3).then(|| Private {
            of: ROOM,
            people: vec![vec![AuthorId([4; 32])], vec![AuthorId([5; 32]), AuthorId([6; 32])]],
        }),
        nick: (contacts == 3).then(|| "bø".to_owned()),
    };
    store.put_room(&record(OTHER_ROOM, "b ✓", 3)).unwrap();
    store.put_room(&record(ROOM, "a", 0)).unwrap();
    assert_eq!(store.rooms().unwrap().whole, vec![record(ROOM, "a", 0), record(OTHER_ROOM, "b ✓", 3)]);
    store.put_room(&record(ROOM, "", CONTACTS + 9)).unwrap();
    assert_eq!(store.rooms().unwrap().whole[0], record(ROOM, "", CONTACTS));
    // Entries of a room that was never put do not create the room.
    let script = Script::new(RoomId([9; 32]), 1, vec![text(1, "x")]);
    append(store, script.room, &script.runs(0, 0)).unwrap();
    assert_eq!(store.rooms().unwrap().whole.len(), 2);
    assert!(!format!("{:?}", store.rooms().unwrap()).contains("5, 5"));
}

fn a_peer_keeps_its_first_secret(store: &mut dyn Store) {
    assert_eq!(store.peer_secret([7; 32]).unwrap(), [7; 32]);
    assert_eq!(store.peer_secret([8; 32]).unwrap(), [7; 32]);
}

fn a_reader_sees_what_was_committed_before(store: &mut dyn Store) {
    let script = Script::lines(1, 50, 10, 10);
    let mut reader = store.reader().unwrap();
    for seq in 0..50 {
        append(store, ROOM, &[script.run(seq, seq)]).unwrap();
        let elsewhere = || reader.page(&ROOM, None, 1).unwrap();
        let seen = std::thread::scope(|scope| scope.spawn(elsewhere).join().unwrap());
        assert_eq!(seen, vec![script.line(seq)]);
    }
    assert_eq!(reader.count(&ROOM).unwrap(), 50);
}

fn a_clean_store_checks_clean(store: &mut dyn Store) {
    let (whole, parts) = (Script::lines(1, 300, 10, 10), Script::lines(2, 300, 11, 9));
    append(store, ROOM, &whole.runs(0, 299)).unwrap();
    append(store, ROOM, &[parts.run(290, 299), parts.run(257, 289), parts.run(40, 50)]).unwrap();
    cut(store, &whole.proof(&whole.forked(200, 1), 200));
    cut(store, &parts.proof(&parts.forked(280, 2), 280));
    let report = store.reader().unwrap().check(&ROOM).unwrap();
    assert!(report.is_clean(), "{report:?}");
    assert_eq!(report.entries, 300 + 54);
    assert_eq!(report.signatures, 1 + 4 + 1 + 3);
}
