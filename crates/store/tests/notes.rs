//! What entries say about others, the same in both forms: notes, names, topics; and retraction.

#![allow(clippy::unwrap_used, clippy::panic, reason = "laws are tests, though not by their attribute")]

#[macro_use]
mod common;

use common::{
    OTHER_ROOM, ROOM, Script, append,
    chat::{edit, file, nick, react, reply, retract, topic},
    text, timeline,
};
use rumormill_proto::{
    admit::{Admission, Trust},
    content::Target,
    entry::{Body, Kind, RawEntry},
    ids::{AuthorId, FileId, Seq},
    time::Time,
};
use rumormill_store::{Change, Error, Read, Store, TimelineRow};

laws! {
    an_empty_store_has_no_notes
    the_last_edit_stands
    only_what_came_before_is_edited_or_retracted
    a_reaction_stands_until_it_is_taken_back
    notes_of_one_entry_are_bounded_and_its_edit_stays
    a_late_note_is_not_the_last
    names_and_topics_are_the_last_by_place
    a_file_is_named_until_it_is_taken_back_or_cut
    a_cut_takes_notes_away_and_the_ones_before_stand_again
    what_is_retracted_loses_its_body_and_its_edits
    what_is_retracted_is_dropped_when_it_comes
    what_is_retracted_in_its_own_run_is_never_kept
    only_what_a_chat_says_can_be_retracted
    a_retracted_note_says_nothing
    a_retraction_that_is_cut_has_done_its_work
    search_finds_what_an_entry_reads_by_now
    search_forgets_what_was_retracted
    retractions_are_found_among_many
}

fn a_file_is_named_until_it_is_taken_back_or_cut(store: &mut dyn Store) {
    let [one, other, none] = [1, 2, 3].map(|byte| FileId([byte; 32]));
    let ada = Script::new(
        ROOM,
        1,
        vec![file(1, one, "holiday.jpg"), file(2, one, "again.jpg"), retract(3, 0), retract(4, 1), file(5, other, "o")],
    );
    let bea = Script::new(OTHER_ROOM, 2, vec![text(1, "x"), file(6, one, "copy.jpg")]);
    append(store, ROOM, &ada.runs(0, 2)).unwrap();
    let names = |store: &dyn Store, room, file| read(store).names(&room, &file).unwrap();
    assert_eq!(
        [names(store, ROOM, one), names(store, ROOM, none), names(store, OTHER_ROOM, one)],
        [true, false, false]
    );
    assert_eq!((found(store, "holiday"), found(store, "again")), (vec![], vec![1]));
    append(store, ROOM, &ada.runs(3, 4)).unwrap();
    append(store, OTHER_ROOM, &bea.runs(0, 1)).unwrap();
    assert_eq!(
        [names(store, ROOM, one), names(store, OTHER_ROOM, one), names(store, ROOM, other)],
        [false, true, true]
    );
    cut(store, &ada, 4, 1);
    assert!(!names(store, ROOM, other));
    store.leave(&OTHER_ROOM).unwrap();
    assert!(!names(store, OTHER_ROOM, one));
}

fn read(store: &dyn Store) -> Box<dyn Read> {
    store.reader().unwrap()
}

fn seqs(lines: &[TimelineRow]) -> Vec<Seq> {
    lines.iter().map(|line| line.place.seq).collect()
}

fn notes(store: &dyn Store, target: Target) -> Vec<Seq> {
    seqs(&read(store).notes(&ROOM, &[target], 99).unwrap())
}

fn found(store: &dyn Store, words: &str) -> Vec<Seq> {
    seqs(&read(store).search(&ROOM, words, 99).unwrap())
}

fn cut(store: &mut dyn Store, script: &Script, at: Seq, secret: u8) {
    let proof = script.proof(&script.forked(at, secret), at);
    store.commit(&[(ROOM, Change::Cut(&proof))]).unwrap();
}

/// Which bodies of a log are kept.
fn bodies(store: &dyn Store, author: &AuthorId) -> Vec<Seq> {
    let of = |line: &TimelineRow| line.place.author == *author && line.body.bytes().is_some();
    timeline(store, &ROOM).iter().filter(|line| of(line)).map(|line| line.place.seq).collect()
}

/// Everything served verifies, and so does everything stored.
fn sound(store: &mut dyn Store, script: &Script) {
    let mut reader = read(store);
    let mut top = script.len().checked_sub(1);
    while let Some(last) = top {
        let Some(run) = reader.run(&ROOM, &script.id(), 0, last).unwrap() else { break };
        if run.signature().is_some() {
            Admission::new(ROOM).admit(&run, Trust::Signature).unwrap();
        }
        top = run.first().checked_sub(1);
    }
    let report = reader.check(&ROOM).unwrap();
    assert!(report.is_clean(), "{report:?}");
    assert!(store.mend(&ROOM).unwrap().is_clean());
}

fn an_empty_store_has_no_notes(store: &mut dyn Store) {
    let target = Target { author: AuthorId([3; 32]), seq: 0 };
    assert!(notes(store, target).is_empty());
    assert_eq!((read(store).nicks(&ROOM).unwrap(), read(store).topic(&ROOM).unwrap()), (vec![], None));
}

fn the_last_edit_stands(store: &mut dyn Store) {
    let entries = vec![text(1, "one"), edit(2, 0, "two"), text(3, "other"), edit(4, 0, "three"), edit(5, 2, "x")];
    let script = Script::new(ROOM, 1, entries);
    append(store, ROOM, &script.runs(0, 1)).unwrap();
    assert_eq!(notes(store, script.target(0)), [1]);
    append(store, ROOM, &script.runs(2, 4)).unwrap();
    assert_eq!(notes(store, script.target(0)), [3]);
    let both = [script.target(2), script.target(0), script.target(0)];
    assert_eq!(read(store).notes(&ROOM, &both, 9).unwrap(), vec![script.line(3), script.line(4)]);
    assert_eq!(bodies(store, &script.id()), [0, 1, 2, 3, 4], "an edit drops nothing");
}

fn only_what_came_before_is_edited_or_retracted(store: &mut dyn Store) {
    let entries = vec![edit(1, 0, "self"), retract(2, 1), retract(3, 4), edit(4, 5, "x"), text(5, "a"), text(6, "b")];
    let script = Script::new(ROOM, 1, entries);
    append(store, ROOM, &script.runs(0, 5)).unwrap();
    for seq in 0..6 {
        assert!(notes(store, script.target(seq)).is_empty(), "{seq}");
    }
    assert_eq!(bodies(store, &script.id()), [0, 1, 2, 3, 4, 5]);
}

fn a_reaction_stands_until_it_is_taken_back(store: &mut dyn Store) {
    let said = Script::lines(2, 3, 1, 1);
    let to = said.target(1);
    let mut entries = vec![text(1, "hello")];
    // The target is not here yet, and the author sets and removes the sign repeatedly.
    entries.extend((0..7).map(|at| react(10 + at, to, "+", at % 2 == 0)));
    entries.extend([react(20, to, "-", true), react(21, said.target(2), "+", true), react(22, to, "+", false)]);
    let script = Script::new(ROOM, 1, entries);
    for (last, expected) in [(1, vec![1]), (2, vec![]), (7, vec![7]), (9, vec![7, 8]), (10, vec![8])] {
        let first = script_next(store, &script);
        append(store, ROOM, &script.runs(first, last)).unwrap();
        assert_eq!(notes(store, to), expected, "up to {last}");
    }
    assert_eq!(notes(store, said.target(2)), [9]);
    append(store, ROOM, &said.runs(0, 2)).unwrap();
    assert_eq!((notes(store, to), notes(store, said.target(0))), (vec![8], vec![]));
}

/// The next seq of a log.
fn script_next(store: &dyn Store, script: &Script) -> Seq {
    let kept = store.kept(&ROOM).unwrap();
    kept.iter().find(|kept| kept.author == script.id()).map_or(0, |kept| kept.log.next())
}

fn notes_of_one_entry_are_bounded_and_its_edit_stays(store: &mut dyn Store) {
    let entries = vec![text(1, "a"), text(2, "b"), edit(3, 0, "c"), retract(4, 1)];
    let script = Script::new(ROOM, 1, entries);
    let signs = (0..40).map(|at| react(100 + at, script.target(at % 2), &format!("sign {at}"), true));
    let crowd = Script::new(ROOM, 2, signs.collect());
    append(store, ROOM, &script.runs(0, 3)).unwrap();
    append(store, ROOM, &crowd.runs(0, 39)).unwrap();
    let mut reader = read(store);
    let both = [script.target(0), script.target(1)];
    let few = reader.notes(&ROOM, &both, 3).unwrap();
    assert_eq!(few, [script.line(2), script.line(3), crowd.line(36), crowd.line(37), crowd.line(38), crowd.line(39)]);
    assert_eq!(reader.notes(&ROOM, &both[..1], 1).unwrap(), [script.line(2)]);
    assert!(reader.notes(&ROOM, &both, 0).unwrap().is_empty());
    assert_eq!(reader.notes(&ROOM, &both, 99).unwrap().len(), 42);
}

/// History arrives from the newest to the oldest.
fn a_late_note_is_not_the_last(store: &mut dyn Store) {
    let to = Script::lines(2, 1, 1, 1).target(0);
    let entries = vec![
        text(1, "a"),
        nick(2, "old"),
        edit(3, 0, "old"),
        react(4, to, "+", true),
        nick(5, "new"),
        edit(6, 0, "new"),
        react(7, to, "+", false),
    ];
    let script = Script::new(ROOM, 1, entries);
    append(store, ROOM, &[script.run(4, 6)]).unwrap();
    append(store, ROOM, &[script.run(1, 3)]).unwrap();
    assert_eq!((notes(store, script.target(0)), notes(store, to)), (vec![5], vec![]));
    assert_eq!(read(store).nicks(&ROOM).unwrap(), vec![(script.id(), script.place(4), "new".to_owned())]);
}

fn names_and_topics_are_the_last_by_place(store: &mut dyn Store) {
    let ada = Script::new(ROOM, 1, vec![nick(1, "a"), topic(5, "late"), nick(6, "ada"), text(7, "x")]);
    let bob = Script::new(ROOM, 2, vec![topic(2, "early"), nick(3, "bob"), topic(5, "late too")]);
    append(store, ROOM, &ada.runs(0, 3)).unwrap();
    append(store, ROOM, &bob.runs(0, 2)).unwrap();
    let mut expected = vec![(ada.id(), ada.place(2), "ada".to_owned()), (bob.id(), bob.place(1), "bob".to_owned())];
    expected.sort_by_key(|(author, ..)| *author);
    assert_eq!(read(store).nicks(&ROOM).unwrap(), expected);
    let before = |place| read(store).named_before(&ROOM, place).unwrap();
    assert_eq!((before(ada.place(0)), before(bob.place(1))), (None, None), "a first name");
    assert_eq!((before(ada.place(2)).as_deref(), before(ada.place(3)).as_deref()), (Some("a"), Some("ada")));
    let last = if ada.id() > bob.id() { ada.line(1) } else { bob.line(2) };
    assert_eq!(read(store).topic(&ROOM).unwrap(), Some(last));
}

fn a_cut_takes_notes_away_and_the_ones_before_stand_again(store: &mut dyn Store) {
    let to = Script::lines(2, 1, 1, 1).target(0);
    let before = [text(1, "a"), nick(2, "old"), edit(3, 0, "old"), react(4, to, "+", true), topic(5, "old")];
    let after = [nick(6, "new"), edit(7, 0, "new"), react(8, to, "+", false), topic(9, "new"), react(9, to, "-", true)];
    let twice = after.clone().map(|entry| RawEntry { time: Time::from_ms(entry.time.ms() + 10), ..entry });
    let mut entries: Vec<_> = before.into_iter().chain(after).chain(twice).collect();
    entries[14].time = Time::from_ms(30);
    entries[9].time = Time::from_ms(10);
    let script = Script::new(ROOM, 1, entries);
    append(store, ROOM, &script.runs(0, 14)).unwrap();
    let told = |store: &dyn Store| {
        let nicks = read(store).nicks(&ROOM).unwrap();
        let nick: Vec<_> = nicks.into_iter().map(|(_, place, name)| (place.seq, name)).collect();
        let topic = read(store).topic(&ROOM).unwrap().map(|line| line.place.seq);
        (nick, topic, notes(store, script.target(0)), notes(store, to))
    };
    assert_eq!(told(store), (vec![(10, "new".to_owned())], Some(13), vec![11], vec![14]));
    cut(store, &script, 10, 1);
    assert_eq!(told(store), (vec![(5, "new".to_owned())], Some(8), vec![6], vec![9]));
    cut(store, &script, 5, 1);
    assert_eq!(told(store), (vec![(1, "old".to_owned())], Some(4), vec![2], vec![3]));
    cut(store, &script, 1, 1);
    assert_eq!(told(store), (vec![], None, vec![], vec![]));
}

fn secretive() -> Script {
    let mut entries = vec![text(1, "first"), text(2, "hushword one"), edit(3, 1, "hushword two"), text(4, "kept")];
    entries.extend([edit(5, 1, "hushword three"), edit(6, 3, "kept as well"), retract(7, 1), text(8, "after")]);
    entries.extend([edit(9, 1, "hushword four"), retract(10, 1)]);
    Script::new(ROOM, 1, entries)
}

fn what_is_retracted_loses_its_body_and_its_edits(store: &mut dyn Store) {
    let script = secretive();
    for run in (0..6).map(|seq| script.run(seq, seq)) {
        append(store, ROOM, &[run]).unwrap();
    }
    assert_eq!(bodies(store, &script.id()), [0, 1, 2, 3, 4, 5]);
    append(store, ROOM, &[script.run(6, 7)]).unwrap();
    assert_eq!(bodies(store, &script.id()), [0, 3, 5, 6, 7]);
    assert_eq!(notes(store, script.target(1)), [6]);
    let line = read(store).line(&ROOM, &script.id(), 1).unwrap().unwrap();
    assert_eq!((line.id, line.body), (script.line(1).id, script.line(1).body.dropped()));
    // Nothing restores it.
    append(store, ROOM, &[script.run(8, 9)]).unwrap();
    assert_eq!(bodies(store, &script.id()), [0, 3, 5, 6, 7, 9]);
    assert_eq!(notes(store, script.target(1)), [9]);
    assert!(matches!(append(store, ROOM, &[script.run(1, 9)]), Err(Error::Unfit { .. })));
    assert_eq!(bodies(store, &script.id()), [0, 3, 5, 6, 7, 9]);
    sound(store, &script);
    assert_eq!(bodies(store, &script.id()), [0, 3, 5, 6, 7, 9]);
}

fn what_is_retracted_is_dropped_when_it_comes(store: &mut dyn Store) {
    let script = secretive();
    append(store, ROOM, &[script.run(6, 7)]).unwrap();
    append(store, ROOM, &[script.bare(4, 5)]).unwrap();
    append(store, ROOM, &[script.bare(1, 3), script.bare(0, 0)]).unwrap();
    assert_eq!(bodies(store, &script.id()), [0, 3, 5, 6, 7]);
    assert_eq!((notes(store, script.target(1)), notes(store, script.target(3))), (vec![6], vec![5]));
    sound(store, &script);
}

fn what_is_retracted_in_its_own_run_is_never_kept(store: &mut dyn Store) {
    let script = secretive();
    append(store, ROOM, &script.runs(0, 9)).unwrap();
    assert_eq!(bodies(store, &script.id()), [0, 3, 5, 6, 7, 9]);
    sound(store, &script);
}

fn only_what_a_chat_says_can_be_retracted(store: &mut dyn Store) {
    let to = Script::lines(2, 1, 1, 1).target(0);
    let unknown = RawEntry { kind: Kind::new(99).unwrap(), ..text(8, "?") };
    let mut entries = vec![text(1, "a"), reply(2, to, "b"), edit(3, 0, "c"), react(4, to, "+", true), nick(5, "d")];
    entries.extend([topic(6, "e"), retract(7, 0), unknown]);
    let kept: Vec<_> = (0..8).map(|of| retract(20 + of, of)).collect();
    let script = Script::new(ROOM, 1, entries.into_iter().chain(kept).collect());
    append(store, ROOM, &script.runs(0, 15)).unwrap();
    assert_eq!(bodies(store, &script.id()), (6..16).collect::<Vec<_>>());
    sound(store, &script);
}

fn a_retracted_note_says_nothing(store: &mut dyn Store) {
    let to = Script::lines(2, 1, 1, 1).target(0);
    let mut entries = vec![text(1, "a"), nick(2, "old"), nick(3, "new"), topic(4, "old"), topic(5, "new")];
    entries.extend([react(6, to, "+", true), react(7, to, "+", false), edit(8, 0, "old"), edit(9, 0, "new")]);
    entries.extend([2, 4, 6, 8].map(|of| retract(10 + of, of)));
    let script = Script::new(ROOM, 1, entries);
    append(store, ROOM, &[script.run(0, 0), script.run(1, 8)]).unwrap();
    assert!(notes(store, to).is_empty());
    append(store, ROOM, &[script.run(9, 12)]).unwrap();
    assert_eq!(read(store).nicks(&ROOM).unwrap()[0].2, "old");
    assert_eq!(read(store).topic(&ROOM).unwrap(), Some(script.line(3)));
    assert_eq!((notes(store, to), notes(store, script.target(0))), (vec![5], vec![7]));
}

fn a_retraction_that_is_cut_has_done_its_work(store: &mut dyn Store) {
    let script = Script::new(ROOM, 1, vec![text(1, "a"), text(2, "b"), text(3, "c"), retract(4, 0), retract(5, 1)]);
    append(store, ROOM, &[script.run(1, 4)]).unwrap();
    cut(store, &script, 3, 1);
    assert!(notes(store, script.target(1)).is_empty());
    append(store, ROOM, &[script.run(0, 0)]).unwrap();
    assert_eq!(bodies(store, &script.id()), [2]);
    sound(store, &script);
}

fn search_finds_what_an_entry_reads_by_now(store: &mut dyn Store) {
    let to = Script::lines(2, 1, 1, 1).target(0);
    let mut entries = vec![text(1, "breakfast"), reply(2, to, "lunch"), text(3, "lunch"), edit(4, 2, "dinner")];
    entries.extend([edit(5, 2, "supper"), edit(6, 0, "lunch"), nick(7, "lunch"), edit(8, 6, "lunch")]);
    let script = Script::new(ROOM, 1, entries);
    append(store, ROOM, &[script.run(3, 4)]).unwrap();
    assert!(found(store, "supper").is_empty(), "its target is not here");
    append(store, ROOM, &script.runs(0, 2)).unwrap();
    append(store, ROOM, &[script.run(5, 7)]).unwrap();
    for _ in 0..3 {
        assert_eq!(found(store, "lunch"), [1, 0]);
        assert_eq!(read(store).search(&ROOM, "supper", 9).unwrap(), vec![script.line(2)]);
        assert!(found(store, "dinner").is_empty() && found(store, "breakfast").is_empty());
        store.index(3).unwrap();
    }
    cut(store, &script, 4, 1);
    assert_eq!((found(store, "lunch"), found(store, "dinner")), (vec![1], vec![2]));
    assert_eq!(found(store, "breakfast"), [0]);
}

fn search_forgets_what_was_retracted(store: &mut dyn Store) {
    let script = secretive();
    append(store, ROOM, &[script.run(0, 0), script.run(1, 2), script.run(3, 5)]).unwrap();
    while store.index(3).unwrap() {}
    assert_eq!(found(store, "hushword"), [1]);
    append(store, ROOM, &[script.run(6, 6)]).unwrap();
    for _ in 0..2 {
        assert!(found(store, "hushword").is_empty());
        assert_eq!((found(store, "kept"), found(store, "first")), (vec![3], vec![0]));
        store.index(99).unwrap();
    }
    append(store, ROOM, &[script.run(7, 9)]).unwrap();
    while store.index(3).unwrap() {}
    assert!(found(store, "hushword").is_empty());
    assert_eq!(found(store, "after"), [7]);
}

fn retractions_are_found_among_many(store: &mut dyn Store) {
    let mut entries: Vec<RawEntry> = (0..300).map(|seq| text(1 + seq, format!("word{seq} common"))).collect();
    entries.extend((0..300).filter(|of| of % 7 == 0).map(|of| retract(1000 + of, of)));
    let script = Script::new(ROOM, 1, entries);
    let last = script.len() - 1;
    append(store, ROOM, &script.runs(0, 299)).unwrap();
    while store.index(40).unwrap() {}
    append(store, ROOM, &script.runs(300, last)).unwrap();
    let left: Vec<Seq> = (0..=last).filter(|seq| *seq >= 300 || seq % 7 != 0).collect();
    assert_eq!(bodies(store, &script.id()), left);
    for seq in 0..300 {
        let expected = if seq % 7 == 0 { vec![] } else { vec![seq] };
        let whole = format!("common word{seq}");
        let exact: Vec<_> = found(store, &whole).into_iter().filter(|found| *found == seq).collect();
        assert_eq!(exact, expected, "{whole}");
    }
    assert!(matches!(read(store).line(&ROOM, &script.id(), 7).unwrap().unwrap().body, Body::Dropped { .. }));
    sound(store, &script);
}
