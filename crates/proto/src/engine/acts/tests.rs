use super::*;
use crate::{
    engine::{
        Engine,
        scribe::{PEER, Scribe, engine, founded, give},
    },
    governance::{Says, Signed},
    input::{Event, Input},
    testing::NOW,
};

fn hears(engine: &mut Engine, frame: Frame) -> Vec<Output> {
    let mut out = Vec::new();
    engine.handle(Input::Received { from: PEER, frame }, NOW, &mut out);
    out
}

fn wanted_acts(out: &[Output]) -> Option<(u64, Vec<(u64, Seq)>)> {
    out.iter().find_map(|output| match output {
        Output::Send { frame: Frame::WantActs { want, from }, .. } => Some((*want, from.clone())),
        _ => None,
    })
}

fn wants(out: &[Output]) -> usize {
    out.iter().filter(|output| matches!(output, Output::Send { frame: Frame::Want(_), .. })).count()
}

fn admits(who: &Scribe) -> Says {
    Says::Admit { who: vec![who.author.id()], ticket: None, despite: vec![] }
}

fn removes(who: &Scribe) -> Says {
    Says::Remove { ends: vec![who.ended()], tickets: vec![], knowing: vec![] }
}

/// The log of an owner who lets in Anna and Ben, says a hundred lines behind each act, and removes Anna; its acts, and
/// all of it.
fn long() -> (Scribe, [Scribe; 2], Vec<RawRun>, Vec<RawRun>) {
    let (mut owner, mut runs, _) = founded();
    let people = [2, 3].map(|number| Scribe::numbered(owner.room, number));
    let mut acts = vec![runs[1].clone()];
    for says in [admits(&people[0]), admits(&people[1]), removes(&people[0])] {
        acts.push(owner.act(says));
        runs.extend(acts.last().cloned());
        runs.extend(owner.say(100));
    }
    (owner, people, acts, runs)
}

fn is_in(engine: &mut Engine, who: &Scribe) -> bool {
    engine.fold().unwrap().is_present(&who.author.id())
}

#[test]
fn acts_come_first_and_count_before_the_words_between_them() {
    let (owner, [anna, ben], acts, runs) = long();
    let mut engine = engine(&owner);
    let prefix = owner.author.id().prefix();
    let out = hears(&mut engine, Frame::Acts { heads: vec![(prefix, acts[3].last() + 1)] });
    let (want, from) = wanted_acts(&out).unwrap();
    assert_eq!(from, [(prefix, 0)]);
    let brief = crate::frame::Brief { author: prefix, next: owner.next, check: 7, cut: None };
    let heads = crate::frame::Heads { branch: crate::frontier::Branch::ROOT, all: true, heads: vec![brief] };
    assert_eq!(wants(&hears(&mut engine, Frame::Heads(heads))), 0, "acts first");
    hears(&mut engine, Frame::Runs { want, runs: acts[..3].to_vec() });
    assert!(is_in(&mut engine, &anna) && is_in(&mut engine, &ben));
    let out = hears(&mut engine, Frame::Runs { want, runs: acts[3..].to_vec() });
    assert!(!is_in(&mut engine, &anna) && is_in(&mut engine, &ben));
    assert!(engine.frontier().head(&owner.author.id()).is_none(), "nothing of the log is held");
    assert!(!out.iter().any(|output| matches!(output, Output::Append(_) | Output::Emit(Event::Shown { .. }))));
    let digest = engine.frontier().digest();
    assert_eq!(wants(&hears(&mut engine, Frame::Done { want })), 1, "then the rest");
    give(&mut engine, &runs);
    assert!(!is_in(&mut engine, &anna) && is_in(&mut engine, &ben));
    assert_eq!(engine.frontier().head(&owner.author.id()).map(|head| head.seq + 1), Some(owner.next));
    assert_ne!(engine.frontier().digest(), digest);
    let mut other = crate::engine::scribe::engine(&owner);
    give(&mut other, &runs);
    assert_eq!(engine.frontier().digest(), other.frontier().digest(), "nothing is ahead any more");
    assert!(!engine.fold().unwrap().is_provisional());
}

#[test]
fn an_act_with_a_hole_before_it_does_not_count_and_what_fills_the_hole_is_wanted() {
    let (owner, [anna, ben], acts, runs) = long();
    let mut engine = engine(&owner);
    give(&mut engine, &runs[..2]);
    let out = give(&mut engine, &acts[2..3]);
    assert!(!is_in(&mut engine, &ben));
    let (want, from) = wanted_acts(&out).unwrap();
    assert_eq!(from, [(owner.author.id().prefix(), 2)], "behind the ticket");
    hears(&mut engine, Frame::Runs { want, runs: acts[1..3].to_vec() });
    assert!(is_in(&mut engine, &anna) && is_in(&mut engine, &ben));
    give(&mut engine, &acts[3..]);
    assert!(!is_in(&mut engine, &anna), "a removal counts when it comes");
}

#[test]
fn whoever_holds_acts_ahead_serves_them_and_differs_from_whoever_does_not() {
    let (owner, _, acts, runs) = long();
    let (mut one, mut other) = (engine(&owner), engine(&owner));
    for engine in [&mut one, &mut other] {
        give(engine, &runs[..3]);
    }
    assert_eq!(one.frontier().digest(), other.frontier().digest());
    give(&mut one, &acts[2..]);
    assert_ne!(one.frontier().digest(), other.frontier().digest());
    let prefix = owner.author.id().prefix();
    let out = hears(&mut one, Frame::Acts { heads: vec![(prefix, 3)] });
    let told = out.iter().find_map(|output| match output {
        Output::Send { frame: Frame::Acts { heads }, .. } => Some(heads.clone()),
        _ => None,
    });
    let (want, from) = wanted_acts(&hears(&mut other, Frame::Acts { heads: told.unwrap() })).unwrap();
    for output in hears(&mut one, Frame::WantActs { want, from }) {
        if let Output::Send { frame, .. } = output {
            hears(&mut other, frame);
        }
    }
    assert_eq!(one.frontier().digest(), other.frontier().digest());
    assert_eq!(other.frontier().head(&owner.author.id()).map(|head| head.seq), Some(2));
}

#[test]
fn a_log_that_comes_to_another_entry_proves_that_the_act_ahead_was_on_another_branch() {
    let (owner, [_, ben], _, runs) = long();
    let mut engine = engine(&owner);
    give(&mut engine, &runs[..3]);
    // Of the same author, behind the same act, in the place of another line.
    let mut twin = Scribe::numbered(owner.room, 1);
    (twin.next, twin.prev, twin.time) = (runs[9].first(), runs[9].prev(), owner.time);
    twin.before = engine.frontier().head(&owner.author.id()).map(Into::into);
    let forged = twin.act(admits(&ben));
    let out = hears(&mut engine, Frame::Acts { heads: vec![(owner.author.id().prefix(), owner.next)] });
    let (want, _) = wanted_acts(&out).unwrap();
    hears(&mut engine, Frame::Runs { want, runs: vec![forged] });
    assert!(is_in(&mut engine, &ben));
    give(&mut engine, &runs[4..12]);
    assert!(is_in(&mut engine, &ben), "nothing of that has its place yet");
    let out = give(&mut engine, &runs[3..4]);
    let asked = out.iter().any(|output| matches!(output, Output::Recall(what) if what.author == owner.author.id()));
    assert!(asked, "the store has the other entry");
    assert_eq!(engine.frontier().head(&owner.author.id()).map(|head| head.seq), Some(runs[11].last()));
    assert!(!is_in(&mut engine, &ben));
}

#[test]
fn a_run_is_refused_from_an_act_on_whose_body_was_dropped() {
    let (owner, [anna, ben], acts, runs) = long();
    let lets_ben_in = acts[2].last();
    let bare: Vec<RawRun> = runs.iter().map(|run| run.with_bodies(|seq, _| seq != lets_ben_in).unwrap()).collect();
    let mut engine = engine(&owner);
    give(&mut engine, &bare);
    let held = |engine: &Engine| engine.frontier().head(&owner.author.id()).map_or(0, |head| head.seq + 1);
    assert_eq!(held(&engine), lets_ben_in, "what comes before it is taken");
    assert!(is_in(&mut engine, &anna) && !is_in(&mut engine, &ben));
    give(&mut engine, &runs);
    assert_eq!(held(&engine), owner.next);
    assert!(!is_in(&mut engine, &anna) && is_in(&mut engine, &ben));
}

/// What the store is asked for, and its answer from these runs.
fn asked(out: &[Output], owner: &Scribe, runs: &[RawRun]) -> Option<Input> {
    let looks = out.iter().find_map(|output| if let Output::Look(looks) = output { Some(looks) } else { None })?;
    let told = looks.iter().map(|look| {
        let within = |run: &&RawRun| run.author() == look.author && (look.first..=look.last).contains(&run.first());
        let found = runs.iter().filter(within).flat_map(|run| Signed::all_of(&owner.room, run, run.prev()));
        (*look, found.collect())
    });
    Some(Input::Looked(told.collect()))
}

fn head(engine: &Engine, who: &Scribe) -> Option<Seq> {
    engine.frontier().head(&who.author.id()).map(|head| head.seq)
}

#[test]
fn a_removal_that_names_a_word_of_long_ago_counts_once_the_store_has_told_that_word() {
    let (mut owner, mut runs, _) = founded();
    let (mut anna, mut ben) = (Scribe::numbered(owner.room, 2), Scribe::numbered(owner.room, 3));
    let mut engine = engine(&owner);
    runs.extend([owner.act(admits(&anna)), owner.act(admits(&ben))]);
    runs.extend(anna.say(4));
    let removal = owner.act(removes(&anna));
    runs.extend(anna.say(3));
    runs.extend(ben.say(3));
    give(&mut engine, &runs);
    let text = crate::entry::Kind::TEXT;
    let out = give(&mut engine, &[removal]);
    let answer = asked(&out, &owner, &runs).unwrap();
    assert!(matches!(&answer, Input::Looked(told) if told.len() == 1 && told[0].1.len() == 1), "one word: {answer:?}");
    assert_eq!(head(&engine, &anna), Some(6), "the log stays as it was until then");
    let out = give(&mut engine, &ben.say(1));
    assert_eq!(asked(&out, &owner, &runs).map(|_| ()), None, "one question at a time");
    let mut out = Vec::new();
    engine.handle(answer, NOW, &mut out);
    assert_eq!(head(&engine, &anna), Some(3));
    let counts = |seq| engine.counts(&anna.author.id(), seq, text);
    assert!(counts(3) && !counts(4));
    assert!(out.iter().any(|output| matches!(output, Output::Emit(Event::Counts { now: 4, .. }))));
    assert!(asked(&out, &owner, &runs).is_none() && !is_in(&mut engine, &anna));
}

#[test]
fn a_store_that_does_not_hold_the_word_that_a_removal_names_holds_up_nothing() {
    let (mut owner, runs, _) = founded();
    let (mut anna, mut ben) = (Scribe::numbered(owner.room, 2), Scribe::numbered(owner.room, 3));
    let mut engine = engine(&owner);
    give(&mut engine, &runs);
    give(&mut engine, &[owner.act(admits(&anna))]);
    give(&mut engine, &anna.say(4));
    let removal = owner.act(removes(&anna));
    give(&mut engine, &anna.say(3));
    let out = give(&mut engine, &[removal, owner.act(admits(&ben))]);
    let Some(Input::Looked(told)) = asked(&out, &owner, &[]) else { panic!("the word is asked for") };
    let mut out = Vec::new();
    engine.handle(Input::Looked(told), NOW, &mut out);
    assert!(!engine.counts(&anna.author.id(), 4, crate::entry::Kind::TEXT), "what it ends is ended");
    give(&mut engine, &ben.say(1));
    assert_eq!(head(&engine, &ben), Some(0));
}
