//! What a store reads for the engine of a closed room, the same in both forms.

#![allow(clippy::unwrap_used, reason = "laws are tests, though not by their attribute")]

#[macro_use]
mod common;

use common::{OTHER_ROOM, ROOM, Script, append, text, timeline};
use rumormill_proto::{
    admit::{Admission, Run, Trust},
    content::{Content, Target},
    entry::{Body, Kind, RawEntry},
    epochs::{Ring, Secret},
    fork::Proof,
    governance::{Act, Says},
    ids::{AuthorId, PeerId, Seq},
    input::{Found, Look, Purpose, Recall},
    time::Time,
};
use rumormill_store::{Change, Disk, Read, Store, Wanted, limits::LAPSED_MS};

laws! {
    a_log_that_ends_below_its_head_is_proved_by_headers
    what_ends_in_a_signature_comes_alone
    a_fold_over_the_store_counts_what_is_held_without_a_hole
    acts_are_found_and_words_are_told_again
    of_the_proofs_of_a_log_two_are_kept_and_none_cuts_it
    another_branch_takes_the_place_of_one
    what_is_sealed_is_read_once_its_secret_is_there
    what_was_taken_back_before_it_could_be_read_stays_gone
    a_body_that_does_not_open_is_damaged
    bodies_go_thirty_days_after_their_entries_ceased_to_count
    what_counts_again_before_that_keeps_its_bodies
}

fn act(ms: u64, says: Says) -> RawEntry {
    let (kind, body) = Act { before: None, says }.encode().unwrap();
    RawEntry { time: Time::from_ms(ms), seen: vec![], kind, body: Body::Here(body) }
}

/// A log of a hundred lines, except for an act at seq 40.
fn spoken() -> Script {
    let line =
        |seq| if seq == 40 { act(seq, Says::StepDown { closer: None }) } else { text(seq, format!("line {seq}")) };
    Script::new(ROOM, 5, (0..100).map(line).collect())
}

/// Its runs: an act ends one.
fn signed(spoken: &Script) -> Vec<Run> {
    [(0, 0), (1, 40), (41, 64), (65, 99)].map(|(first, last)| spoken.run(first, last)).into()
}

fn a_log_that_ends_below_its_head_is_proved_by_headers(store: &mut dyn Store) {
    let spoken = spoken();
    append(store, ROOM, &signed(&spoken)).unwrap();
    let run = store.reader().unwrap().proved_run(&ROOM, &spoken.id(), 10, 30).unwrap().unwrap();
    assert_eq!((run.first(), run.last()), (10, 40), "up to the act, which its author signed");
    Admission::new(ROOM).admit(&run, Trust::Signature).unwrap();
    let has_body = |(entry, seq): (&RawEntry, Seq)| entry.body.bytes().is_some().then_some(seq);
    let bodies: Vec<Seq> = run.entries().iter().zip(run.first()..).filter_map(has_body).collect();
    assert_eq!(bodies, (10..=30).chain([40]).collect::<Vec<_>>());
}

fn what_ends_in_a_signature_comes_alone(store: &mut dyn Store) {
    let spoken = spoken();
    append(store, ROOM, &signed(&spoken)).unwrap();
    let mut reader = store.reader().unwrap();
    // The block is whole, and the act in it is served alone all the same.
    for ((first, last), begin) in
        [((0, 0), 0), ((1, 40), 1), ((40, 40), 40), ((1, 64), 41), ((20, 64), 41), ((65, 99), 65)]
    {
        let proved = reader.proved_run(&ROOM, &spoken.id(), first, last).unwrap();
        assert_eq!(Admission::new(ROOM).admit(&proved.unwrap(), Trust::Signature), Ok(spoken.run(begin, last)));
    }
    assert!(reader.check(&ROOM).unwrap().is_clean());
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
    let counted = |store: &dyn Store| -> Vec<_> {
        let mut governance = store.reader().unwrap().governance(&ROOM, owner.id()).unwrap();
        let fold = governance.fold();
        let last = |script: &Script| fold.last(&script.id()).map(|last| (last.seq, last.id));
        [&owner, &spoken, &stranger].map(last).into()
    };
    let line = |script: &Script, seq: Seq| Some((seq, script.line(seq).id));
    assert_eq!(counted(store), [line(&owner, 1), line(&spoken, 0), None]);
    append(store, ROOM, &[spoken.run(1, 64)]).unwrap();
    assert_eq!(counted(store), [line(&owner, 1), line(&spoken, 99), None]);
}

fn acts_are_found_and_words_are_told_again(store: &mut dyn Store) {
    let (spoken, author) = (spoken(), spoken().id());
    append(store, ROOM, &signed(&spoken)).unwrap();
    let acts = |store: &dyn Store| store.reader().unwrap().act_seqs(&ROOM, &author).unwrap();
    assert_eq!(acts(store), [40]);
    let looked = |store: &dyn Store, first, last| -> Vec<_> {
        let found = store.reader().unwrap().looked(&ROOM, &Look { author, first, last }).unwrap();
        found.into_iter().map(|entry| (entry.seq, entry.id, entry.deed.is_some())).collect()
    };
    let lines = |first, last| -> Vec<_> { (first..=last).map(|seq| (seq, spoken.line(seq).id, seq == 40)).collect() };
    assert_eq!(looked(store, 7, 7), lines(7, 7));
    assert_eq!(looked(store, 38, 66), lines(38, 66), "across two blocks");
    assert_eq!(looked(store, 90, 200), lines(90, 99), "as far as it is held");
    store.commit(&[(ROOM, Change::Part { author: &author, at: 40 })]).unwrap();
    assert_eq!((acts(store), looked(store, 30, 50)), (vec![], lines(30, 39)));
    store.commit(&[(ROOM, Change::Append(&spoken.run(40, 40)))]).unwrap();
    assert!(store.mend(&ROOM).unwrap().is_clean());
    assert_eq!(acts(store), [40]);
}

#[test]
fn a_home_from_before_the_places_of_acts_were_recorded_is_read_for_them() {
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path().join("home");
    let spoken = spoken();
    append(&mut Disk::open(&home).unwrap(), ROOM, &signed(&spoken)).unwrap();
    let raw = rusqlite::Connection::open(home.join("rumormill.db")).unwrap();
    raw.execute_batch("ALTER TABLE room DROP COLUMN nick; ALTER TABLE room DROP COLUMN bared; DROP TABLE act; DROP TABLE lapsed; PRAGMA user_version = 16")
        .unwrap();
    let mut disk = Disk::open(&home).unwrap();
    let mut reader = disk.reader().unwrap();
    assert_eq!(reader.act_seqs(&ROOM, &spoken.id()).unwrap(), [40]);
    assert!(reader.check(&ROOM).unwrap().is_clean());
    raw.execute("DELETE FROM act", []).unwrap();
    assert!(!reader.check(&ROOM).unwrap().is_clean() && !disk.mend(&ROOM).unwrap().is_clean());
    assert_eq!(reader.act_seqs(&ROOM, &spoken.id()).unwrap(), [40]);
}

fn of_the_proofs_of_a_log_two_are_kept_and_none_cuts_it(store: &mut dyn Store) {
    let spoken = spoken();
    append(store, ROOM, &spoken.runs(0, 99)).unwrap();
    let prove = |store: &mut dyn Store, at: Seq| -> Vec<Seq> {
        let proof = spoken.proof(&spoken.forked(at, 5), at);
        store.commit(&[(ROOM, Change::Prove(&proof))]).unwrap();
        let proofs = store.reader().unwrap().proofs(&ROOM, &spoken.id()).unwrap();
        proofs.iter().map(Proof::at).collect()
    };
    for (at, kept) in [(20, vec![20]), (20, vec![20]), (50, vec![20, 50]), (30, vec![20, 30]), (10, vec![10, 30])] {
        assert_eq!(prove(store, at), kept, "after a proof at {at}");
    }
    assert_eq!(timeline(store, &ROOM).len(), 100, "the room's acts say what counts");
    let log = store.kept(&ROOM).unwrap().remove(0).log;
    assert_eq!((log.cut(), log.next()), (None, 100));
    let mut reader = store.reader().unwrap();
    let proof = |reader: &mut dyn Read, seq| {
        let what = Recall { author: spoken.id(), seq, purpose: Purpose::Prove(PeerId([3; 32])) };
        reader.recalled(&ROOM, &what).unwrap()
    };
    let told = [30, 10, 77].map(|seq| match proof(&mut *reader, seq) {
        Some(Found::Proof(wire)) => Proof::parse(&mut Admission::new(ROOM), wire).unwrap().at(),
        _ => 0,
    });
    assert_eq!(told, [30, 10, 10], "the one that ends the log, or else the lowest");
}

fn another_branch_takes_the_place_of_one(store: &mut dyn Store) {
    let spoken = spoken();
    let other = spoken.forked(50, 5);
    append(store, ROOM, &spoken.runs(0, 99)).unwrap();
    while store.index(1_000).unwrap() {}
    let author = spoken.id();
    let rest = [other.run(50, 64), other.run(65, 80)];
    let mut changes = vec![(ROOM, Change::Part { author: &author, at: 50 })];
    changes.extend(rest.iter().map(|run| (ROOM, Change::Append(run))));
    store.commit(&changes).unwrap();
    let expected: Vec<_> = (0..50).map(|seq| spoken.line(seq)).chain((50..=80).map(|seq| other.line(seq))).collect();
    assert_eq!(timeline(store, &ROOM), expected);
    let wanted = |words: &str| Wanted { words: words.into(), ..Wanted::default() };
    let mut reader = store.reader().unwrap();
    let mut found = |words: &str| reader.search(&ROOM, &wanted(words), 100).unwrap().len();
    assert_eq!((found("line"), found("twice")), (49, 31), "words of the branch that went are found no more");
    let run = reader.run(&ROOM, &author, 50, 64).unwrap().unwrap();
    Admission::new(ROOM).admit(&run, Trust::Signature).unwrap();
    assert!(store.mend(&ROOM).unwrap().is_clean());
    // The branch that went comes back.
    store.commit(&[(ROOM, Change::Part { author: &author, at: 50 })]).unwrap();
    append(store, ROOM, &[spoken.run(50, 64), spoken.run(65, 99)]).unwrap();
    assert_eq!(timeline(store, &ROOM).len(), 100);
}

fn secret() -> Secret {
    Secret::new([44; 32])
}

/// A log whose words are sealed; a retraction stays in plain.
fn sealed(contents: &[Content]) -> Script {
    let ring = Ring::new(ROOM, [secret()]);
    let author = Script::new(ROOM, 5, vec![]).id();
    let entry = |(seq, content): (Seq, &Content)| {
        let (kind, body) = content.encode().unwrap();
        let sealed = ring.seal(&secret().id(), (&author, seq), kind, &body);
        let (kind, body) = sealed.unwrap_or((kind, body));
        RawEntry { time: Time::from_ms(1_000 + seq), seen: vec![], kind, body: Body::Here(body) }
    };
    Script::new(ROOM, 5, (0..).zip(contents).map(entry).collect())
}

fn found(store: &dyn Store, words: &str) -> Vec<Seq> {
    let wanted = Wanted { words: words.into(), ..Wanted::default() };
    let lines = store.reader().unwrap().search(&ROOM, &wanted, 100).unwrap();
    lines.iter().map(|line| line.place.seq).collect()
}

fn messages(store: &dyn Store) -> Vec<(Seq, Kind)> {
    let lines = store.reader().unwrap().messages(&ROOM, None, 100).unwrap();
    lines.iter().map(|line| (line.place.seq, line.kind)).collect()
}

fn what_is_sealed_is_read_once_its_secret_is_there(store: &mut dyn Store) {
    let author = Script::new(ROOM, 5, vec![]).id();
    let target = Target { author, seq: 0 };
    let log = sealed(&[
        Content::Text("see you at noon".into()),
        Content::Edit { of: 0, text: "see you at one".into() },
        Content::Nick("Ann".into()),
        Content::Reaction { to: target, sign: "+".into(), on: true },
        Content::Text("bring bread".into()),
    ]);
    append(store, ROOM, &log.runs(0, 4)).unwrap();
    while store.index(1_000).unwrap() {}
    let (text, nick) = (Kind::TEXT.sealed().unwrap(), Kind::NICK.sealed().unwrap());
    assert_eq!(messages(store), [(0, text), (2, nick), (4, text)], "what cannot be read keeps its place");
    assert_eq!((found(store, "bread"), store.reader().unwrap().nicks(&ROOM).unwrap().len()), (vec![], 0));

    store.commit(&[(ROOM, Change::Keep(&secret()))]).unwrap();
    while store.index(1_000).unwrap() {}
    assert_eq!(messages(store), [(0, Kind::TEXT), (2, Kind::NICK), (4, Kind::TEXT)]);
    assert_eq!((found(store, "noon"), found(store, "one"), found(store, "bread")), (vec![], vec![0], vec![4]));
    let mut reader = store.reader().unwrap();
    let names: Vec<String> = reader.nicks(&ROOM).unwrap().into_iter().map(|(.., name)| name).collect();
    assert_eq!(names, ["Ann"]);
    let notes = reader.notes(&ROOM, &[target], 9).unwrap();
    assert_eq!(notes.iter().map(|note| note.kind).collect::<Vec<_>>(), [Kind::EDIT, Kind::REACTION]);
    assert_eq!(reader.secrets(&ROOM).unwrap(), [secret()]);
    assert_eq!(reader.run(&ROOM, &author, 0, 0).unwrap(), Some(log.served(0, 0)), "it is served as it came");
    // What comes later is read at once.
    let more = sealed(&vec![Content::Text("later".into()); 9]);
    let mut fresh = rumormill_store::Memory::new();
    fresh.commit(&[(ROOM, Change::Keep(&secret()))]).unwrap();
    append(&mut fresh, ROOM, &more.runs(0, 8)).unwrap();
    assert_eq!(found(&fresh, "later").len(), 9);
    assert!(store.mend(&ROOM).unwrap().is_clean());
}

fn what_was_taken_back_before_it_could_be_read_stays_gone(store: &mut dyn Store) {
    let log = sealed(&[
        Content::Text("a secret".into()),
        Content::Edit { of: 0, text: "another secret".into() },
        Content::Retraction { of: 0 },
        Content::Edit { of: 0, text: "a third secret".into() },
    ]);
    append(store, ROOM, &log.runs(0, 3)).unwrap();
    store.commit(&[(ROOM, Change::Keep(&secret()))]).unwrap();
    while store.index(1_000).unwrap() {}
    assert_eq!(found(store, "secret"), Vec::<Seq>::new());
    let lines = timeline(store, &ROOM);
    let bodies: Vec<bool> = lines.iter().map(|line| line.body.bytes().is_some()).collect();
    assert_eq!(bodies, [false, false, true, false]);
    assert!(store.mend(&ROOM).unwrap().is_clean());
}

fn a_body_that_does_not_open_is_damaged(store: &mut dyn Store) {
    let mut entry = text(1_000, [&secret().id().prefix()[..], &[7; 40]].concat());
    entry.kind = Kind::TEXT.sealed().unwrap();
    let log = Script::new(ROOM, 5, vec![entry]);
    store.commit(&[(ROOM, Change::Keep(&secret()))]).unwrap();
    append(store, ROOM, &log.runs(0, 0)).unwrap();
    let line = timeline(store, &ROOM).remove(0);
    assert_eq!((line.kind, line.body.bytes()), (Kind::TEXT.sealed().unwrap(), None));
    assert_eq!(messages(store).len(), 1, "it keeps its place");
    assert!(store.mend(&ROOM).unwrap().is_clean());
}

/// The seqs of a log that are held, and those that are there with their bodies.
fn left(store: &dyn Store, author: &AuthorId) -> (usize, Vec<Seq>) {
    let lines = timeline(store, &ROOM);
    let of: Vec<_> = lines.iter().filter(|line| line.place.author == *author).collect();
    (of.len(), of.iter().filter(|line| line.body.bytes().is_some()).map(|line| line.place.seq).collect())
}

/// Notes at this time that these parts do not count, in as many steps as it takes, and checks the store.
fn lapse(store: &mut dyn Store, parts: &[(AuthorId, Seq, Seq)], now_ms: u64) {
    while store.lapse(&ROOM, parts, now_ms, 7).unwrap() {}
    assert!(!store.lapse(&ROOM, parts, now_ms, 7).unwrap());
    assert!(store.reader().unwrap().check(&ROOM).unwrap().is_clean());
}

fn bodies_go_thirty_days_after_their_entries_ceased_to_count(store: &mut dyn Store) {
    let spoken = spoken();
    append(store, ROOM, &signed(&spoken)).unwrap();
    while store.index(1_000).unwrap() {}
    let (author, all) = (spoken.id(), (0..100).collect::<Vec<Seq>>());
    // The last part begins a day later than the others.
    lapse(store, &[(author, 3, 5), (author, 38, 42)], 1_000);
    lapse(store, &[(author, 3, 5), (author, 38, 42), (author, 60, 99)], 1_000 + LAPSED_MS / 30);
    lapse(store, &[(author, 3, 5), (author, 38, 99)], 999 + LAPSED_MS);
    assert_eq!(left(store, &author), (100, all.clone()));
    lapse(store, &[(author, 3, 5), (author, 38, 42), (author, 60, 99)], 1_000 + LAPSED_MS);
    // The act at 40 stays.
    let stays: Vec<Seq> = all.iter().copied().filter(|seq| ![3, 4, 5, 38, 39, 41, 42].contains(seq)).collect();
    assert_eq!(left(store, &author), (100, stays.clone()));
    let wanted = |words: &str| Wanted { words: words.into(), ..Wanted::default() };
    let mut reader = store.reader().unwrap();
    assert_eq!(reader.search(&ROOM, &wanted("line"), 100).unwrap().len(), stays.len() - 1, "nor are they found");
    assert_eq!(reader.bare(&ROOM, 100).unwrap().1, 0, "nobody is asked for them");
    let run = reader.run(&ROOM, &author, 0, 64).unwrap().unwrap();
    Admission::new(ROOM).admit(&run, Trust::Signature).unwrap();
    drop(reader);
    lapse(store, &[(author, 60, 99)], 1_000 + LAPSED_MS / 30 + LAPSED_MS);
    assert_eq!(left(store, &author).1, stays.into_iter().filter(|seq| *seq < 60).collect::<Vec<_>>());
}

fn what_counts_again_before_that_keeps_its_bodies(store: &mut dyn Store) {
    let spoken = spoken();
    append(store, ROOM, &signed(&spoken)).unwrap();
    let author = spoken.id();
    lapse(store, &[(author, 10, 20)], 0);
    lapse(store, &[], LAPSED_MS - 1);
    lapse(store, &[(author, 10, 20)], LAPSED_MS);
    lapse(store, &[(author, 10, 20)], 2 * LAPSED_MS - 1);
    assert_eq!(left(store, &author).1.len(), 100);
    lapse(store, &[(author, 10, 20)], 2 * LAPSED_MS);
    assert_eq!(left(store, &author).1.len(), 89);
    // Another room, one that is not there, and a log that is not held.
    assert!(!store.lapse(&OTHER_ROOM, &[(author, 0, 9)], u64::MAX >> 1, 7).unwrap());
    lapse(store, &[(author, 10, 20), (AuthorId([9; 32]), 0, 5)], 4 * LAPSED_MS);
    assert_eq!(left(store, &author).1.len(), 89);
}
