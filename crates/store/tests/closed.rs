//! What a store reads for the engine of a closed room, the same in both forms.

#![allow(clippy::unwrap_used, reason = "laws are tests, though not by their attribute")]

#[macro_use]
mod common;

use std::collections::BTreeSet;

use common::{ROOM, Script, append, text};
use rumormill_proto::{
    admit::{Admission, Trust},
    entry::{Body, RawEntry},
    governance::{Act, Says},
    ids::{AuthorId, Seq},
    time::Time,
};
use rumormill_store::Store;

laws! {
    a_log_that_ends_below_its_head_is_proved_by_headers
    what_ends_in_a_signature_comes_alone
    a_fold_over_the_store_counts_what_is_held_without_a_hole
}

fn act(ms: u64, says: Says) -> RawEntry {
    let (kind, body) = Act { before: None, says }.encode().unwrap();
    RawEntry { time: Time::from_ms(ms), seen: vec![], kind, body: Body::Here(body) }
}

/// A log of a hundred lines, except for an act at seq 40.
fn spoken() -> Script {
    let line = |seq| if seq == 40 { act(seq, Says::StepDown) } else { text(seq, format!("line {seq}")) };
    Script::new(ROOM, 5, (0..100).map(line).collect())
}

fn a_log_that_ends_below_its_head_is_proved_by_headers(store: &mut dyn Store) {
    let spoken = spoken();
    append(store, ROOM, &spoken.runs(0, 99)).unwrap();
    let run = store.reader().unwrap().proved_run(&ROOM, &spoken.id(), 10, 30).unwrap().unwrap();
    assert_eq!((run.first(), run.last()), (10, 64));
    Admission::new(ROOM).admit(&run, Trust::Signature).unwrap();
    let has_body = |(entry, seq): (&RawEntry, Seq)| entry.body.bytes().is_some().then_some(seq);
    let bodies: Vec<Seq> = run.entries().iter().zip(run.first()..).filter_map(has_body).collect();
    assert_eq!(bodies, (10..=30).chain([40]).collect::<Vec<_>>());
}

fn what_ends_in_a_signature_comes_alone(store: &mut dyn Store) {
    let spoken = spoken();
    append(store, ROOM, &spoken.runs(0, 99)).unwrap();
    let mut reader = store.reader().unwrap();
    for (first, last) in [(0, 0), (1, 64), (20, 64), (65, 99)] {
        let proved = reader.proved_run(&ROOM, &spoken.id(), first, last).unwrap();
        assert_eq!(proved, Some(spoken.served(first, last)));
    }
    assert_eq!(reader.proved_run(&ROOM, &AuthorId([9; 32]), 0, 9).unwrap(), None);
}

fn a_fold_over_the_store_counts_what_is_held_without_a_hole(store: &mut dyn Store) {
    let (spoken, stranger) = (spoken(), Script::lines(6, 3, 1, 1));
    let admit = Says::Admit { who: vec![spoken.id()], ticket: None, despite: vec![] };
    let owner = Script::new(ROOM, 7, vec![text(1, "first"), act(2, admit)]);
    let runs = [owner.run(0, 0), owner.run(1, 1), stranger.run(0, 0), stranger.run(1, 2)];
    append(store, ROOM, &runs).unwrap();
    // The newest block came first, and the one between is missing.
    append(store, ROOM, &[spoken.run(65, 99), spoken.run(0, 0)]).unwrap();
    let counted = |store: &dyn Store| -> BTreeSet<_> {
        store.reader().unwrap().governance(&ROOM, owner.id()).unwrap().fold().counted()
    };
    let lines = |script: &Script, count: Seq| (0..count).map(|seq| script.line(seq).id).collect::<Vec<_>>();
    let of_owner = lines(&owner, 2);
    assert_eq!(counted(store), of_owner.iter().copied().chain(lines(&spoken, 1)).collect());
    append(store, ROOM, &[spoken.run(1, 64)]).unwrap();
    assert_eq!(counted(store), of_owner.into_iter().chain(lines(&spoken, 100)).collect());
}
