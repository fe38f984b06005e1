//! C6: peers that claim to hold what they do not, in a few bytes each.

use std::collections::BTreeSet;

use rumormill_proto::{
    frame::{Brief, Frame, Heads, Want},
    frontier::Branch,
    ids::{AuthorId, PeerId, Seq},
    input::Event,
    limits::{BLOCK, CLAIMS_IN_VAIN, GAP_COUNTED, WANT_ENTRIES},
    run::RawRun,
};

use crate::{
    Attack, Bound, Form, Outcome,
    engines::{BEGIN_MS, Engines, ROOM, push},
    pen::Pen,
};

/// The row of this attack.
pub(super) const ATTACK: Attack = Attack {
    threat: "C6",
    name: "claims",
    says: "a peer claims 2^47 entries of every author; lines keep their order and spread, and nothing counts as \
        missing",
    defences: &["history", "gap-counted", "credit", "reserved"],
    run,
};

/// The claimed number of entries.
const HUGE: Seq = 1 << 47;

fn run(form: Form) -> Outcome {
    let mut outcome = Outcome::default();
    order(form, &mut outcome);
    signed_huge(&mut outcome);
    in_vain(form, &mut outcome);
    slow(&mut outcome);
    outcome
}

fn heads(authors: &[AuthorId], next: Seq) -> Frame {
    let brief = |author: &AuthorId| Brief { author: author.prefix(), next, check: 7, cut: None };
    Frame::Heads(Heads { branch: Branch::ROOT, all: false, heads: authors.iter().map(brief).collect() })
}

fn wants(stage: &mut Engines, peer: PeerId) -> Vec<Want> {
    let heard = stage.heard(peer).into_iter();
    let want = |(_, frame)| match frame {
        Frame::Want(want) => Some(want),
        _ => None,
    };
    heard.filter_map(want).collect()
}

/// Answers arrive before their questions over an honest link, while a liar claims everything possible.
fn order(form: Form, outcome: &mut Outcome) {
    let mut stage = Engines::mesh(1, 2);
    let (liar, friend) = (stage.hostile(1), stage.hostile(2));
    stage.link(stage.honest[0].peer, liar);
    stage.link(stage.honest[0].peer, friend);
    let mut asker = Pen::new(ROOM, 1, BEGIN_MS);
    let mut answerer = Pen::new(ROOM, 2, BEGIN_MS);
    let rounds = form.pick(20, 1_000);
    for round in 0..rounds {
        let everybody = [asker.id(), answerer.id(), stage.honest[0].engine.author(), stage.honest[1].engine.author()];
        stage.says(liar, 0, Frame::Known { next: HUGE });
        stage.says(liar, 0, heads(&everybody, HUGE));
        let announced = everybody.iter().map(|author| (author.prefix(), HUGE - 1)).collect();
        stage.says(liar, 0, Frame::Have { heads: announced });
        let question = asker.line("where?");
        let answer = answerer.line_seen("here", vec![(asker.id(), round)]);
        stage.says(friend, 0, push(2 * round, answer));
        stage.run_ms(20);
        stage.says(friend, 0, push(2 * round + 1, question));
        stage.say(0, "mine");
        stage.run_ms(20);
    }
    stage.run_ms(10_000);
    let mut asked = BTreeSet::new();
    let mut early = 0;
    for (_, entry) in &stage.honest[0].shown {
        if entry.author == asker.id() {
            asked.insert(entry.seq);
        }
        early += u64::from(entry.author == answerer.id() && !asked.contains(&entry.seq));
    }
    let told = |event: &Event| matches!(event, Event::Missing { entries } if *entries > 2 * rounds);
    outcome.count("answers shown before their questions", early, Bound::Is(0));
    outcome.count("questions shown", asked.len() as u64, Bound::Is(rounds));
    let mine = stage.honest[1].shown.iter().filter(|(_, entry)| entry.author == stage.honest[0].engine.author());
    outcome.count("own lines that spread", mine.count() as u64, Bound::Is(rounds));
    let nonsense = stage.honest[0].events.iter().filter(|event| told(event)).count() as u64;
    outcome.count("times that more was missing than exists", nonsense, Bound::Is(0));
    outcome.count("digests", stage.digests(), Bound::Is(1));
}

/// A member signs entries at a seq that nobody ever reaches.
fn signed_huge(outcome: &mut Outcome) {
    let mut stage = Engines::mesh(2, 2);
    let liar = stage.hostile(1);
    stage.link(stage.honest[0].peer, liar);
    let mut pen = Pen::new(ROOM, 1, BEGIN_MS);
    pen.next = HUGE;
    let mut runs: Vec<RawRun> = Vec::new();
    while pen.next < HUGE + 2 * BLOCK {
        let left = (HUGE + 2 * BLOCK - pen.next).min(if pen.next == HUGE { 1 } else { BLOCK });
        runs.push(pen.lines(left as usize, "far up"));
    }
    stage.says(liar, 0, heads(&[pen.id()], HUGE + 2 * BLOCK));
    stage.run_ms(10);
    let want = wants(&mut stage, liar).pop().map_or(0, |want| want.want);
    runs.reverse();
    stage.says(liar, 0, Frame::Runs { want, runs });
    outcome.count("entries of one log that are missing", stage.honest[0].engine.missing(), Bound::AtMost(GAP_COUNTED));
    stage.run_ms(60_000);
    outcome.count("digests", stage.digests(), Bound::Is(1));
}

/// A peer claims again and again, and answers every want with nothing.
fn in_vain(form: Form, outcome: &mut Outcome) {
    let mut stage = Engines::mesh(3, 1);
    let liar = stage.hostile(1);
    stage.link(stage.honest[0].peer, liar);
    let times = form.pick(50, 5_000);
    let mut asked = 0;
    for number in 0..times {
        stage.says(liar, 0, heads(&[Pen::new(ROOM, number, BEGIN_MS).id()], HUGE));
        stage.run_ms(10);
        for want in wants(&mut stage, liar) {
            asked += u64::from(want.newest) + want.ranges.iter().map(|range| range.last - range.first + 1).sum::<u64>();
            stage.says(liar, 0, Frame::Done { want: want.want });
        }
    }
    let bound = (u64::from(CLAIMS_IN_VAIN) + 1) * WANT_ENTRIES + times * 2 * BLOCK;
    outcome.count("entries asked of a peer that brings none", asked, Bound::AtMost(bound.min(asked_at_most(times))));
}

/// A few pages, and a block for each claim.
fn asked_at_most(times: u64) -> u64 {
    (u64::from(CLAIMS_IN_VAIN) + 1) * 256 + times * BLOCK
}

/// A peer brings one requested entry every two seconds, so that nobody else is asked.
fn slow(outcome: &mut Outcome) {
    const ENTRIES: u64 = 600;
    let mut stage = Engines::mesh(4, 1);
    let (liar, friend) = (stage.hostile(1), stage.hostile(2));
    stage.link(stage.honest[0].peer, friend);
    let mut pen = Pen::new(ROOM, 1, BEGIN_MS);
    let lines: Vec<RawRun> = (0..ENTRIES).map(|_| pen.line("x")).collect();
    for (number, line) in (0..).zip(&lines) {
        stage.says(friend, 0, push(number, line.clone()));
    }
    stage.run_ms(1_000);
    let newcomer = stage.join();
    stage.link(stage.honest[newcomer].peer, liar);
    stage.says(liar, newcomer, heads(&[pen.id()], ENTRIES));
    stage.link(stage.honest[newcomer].peer, stage.honest[0].peer);
    let mut rest = lines.iter().rev();
    let mut last = None;
    for _ in 0..6 {
        stage.run_ms(1_000);
        last = wants(&mut stage, liar).pop().map(|want| want.want).or(last);
        let (Some(want), Some(line)) = (last, rest.next()) else { continue };
        stage.says(liar, newcomer, Frame::Runs { want, runs: vec![line.clone()] });
    }
    let held = stage.honest[newcomer].engine.frontier().log(&pen.id()).map_or(0, |log| log.len());
    outcome.count("entries a newcomer holds beside a slow peer", held, Bound::Is(ENTRIES));
}
