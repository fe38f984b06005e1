//! Things that liars make honest entries name: whatever they are, the next honest peer must show these entries soon.

use rumormill_proto::{
    entry::{Body, Kind},
    frame::Frame,
    ids::PeerId,
    limits::{AHEAD_MS, LACK_MS},
    standing::Crowd,
};

use crate::{
    Attack, Bound, Form, Outcome,
    engines::{BEGIN_MS, Engines, ROOM, push},
    pen::Pen,
};

/// The row of this attack.
pub(super) const ATTACK: Attack = Attack {
    threat: "C11",
    name: "named",
    says: "members send one honest peer forks, missing bodies, floods of authors and announcements, and stamps ahead \
        of time; its next line names these, and all others show that line at once",
    defences: &["early-cause", "early-served", "early-shorter", "hidden", "lack-shares"],
    run,
};

/// What a liar does before an honest line.
struct Nature {
    says: &'static str,
    does: fn(&mut Engines, PeerId, u64),
}

const NATURES: [Nature; 10] = [
    Nature { says: "a fork sent in two halves", does: forks },
    Nature { says: "a fork of two lengths", does: uneven_forks },
    Nature { says: "an entry stamped ahead and named by a correct one", does: ahead },
    Nature { says: "two entries stamped ahead and named by a correct one", does: two_ahead },
    Nature { says: "an entry that arrives alone, and with one stamped ahead", does: with_one_ahead },
    Nature { says: "an entry that arrives alone, and then with one at the edge", does: with_one_at_the_edge },
    Nature { says: "dropped bodies", does: dropped },
    Nature { says: "endless authors", does: authors },
    Nature { says: "a long log", does: long },
    Nature { says: "logs that twenty peers announce and nobody has", does: announced },
];

/// Entries sent to one peer only: just the first of them is waited for.
const HIDDEN: Nature = Nature { says: "entries sent to one peer only", does: hidden };

/// One of the above in a line of peers: the peer in the middle holds back the entry that the last peer requests.
const PASSED_ON: Nature = Nature { says: "an entry stamped ahead that its holder passes on", does: ahead };

/// The links among the three peers.
const MESH: &[(usize, usize)] = &[(0, 1), (0, 2), (1, 2)];
const LINE: &[(usize, usize)] = &[(0, 1), (1, 2)];

/// Milliseconds within which all peers show an honest line: what it names is requested at once, or after [`LACK_MS`]
/// where it may be on its way, and arrives in a few round trips of two.
const WITHIN_MS: u64 = LACK_MS + 50;

fn run(form: Form) -> Outcome {
    let mut outcome = Outcome::default();
    let mut count = |nature: &Nature, links, within_ms, bound| {
        let late = late(nature, form, links, within_ms);
        outcome.count(format!("{}: honest lines shown late", nature.says), late, bound);
    };
    NATURES.iter().for_each(|nature| count(nature, MESH, WITHIN_MS, Bound::Is(0)));
    count(&HIDDEN, MESH, LACK_MS / 4, Bound::AtMost(1));
    count(&PASSED_ON, LINE, WITHIN_MS, Bound::Is(0));
    outcome
}

/// Honest people talk in turn, the first with a clock slightly ahead; returns how many of their lines some peer shows
/// too late.
fn late(nature: &Nature, form: Form, links: &[(usize, usize)], within_ms: u64) -> u64 {
    let mut stage = Engines::new(3);
    stage.crowd = Crowd { vouched: 64, unvouched: 64 };
    (0..3).for_each(|_| _ = stage.join());
    stage.honest[0].ahead_ms = 20_000;
    let peers: Vec<PeerId> = stage.honest.iter().map(|honest| honest.peer).collect();
    let liar = stage.hostile(1);
    links.iter().for_each(|(one, other)| stage.link(peers[*one], peers[*other]));
    peers.iter().for_each(|peer| stage.link(liar, *peer));
    stage.run_ms(1_000);
    let words = form.pick(24, 200);
    for word in 0..words {
        (nature.does)(&mut stage, liar, word);
        stage.say(if word % 4 == 3 { 1 } else { 0 }, &word.to_string());
        stage.run_ms(700);
    }
    stage.run_ms(10_000);
    (0..words).filter(|word| stage.took_ms(&word.to_string()).is_none_or(|ms| ms > within_ms)).count() as u64
}

fn author(word: u64, number: u64) -> Pen {
    Pen::new(ROOM, 1_000 * (word + 1) + number, BEGIN_MS)
}

/// Entries of one log, of which only the first is sent to all peers.
fn hidden(stage: &mut Engines, liar: PeerId, word: u64) {
    let mut pen = author(0, 0);
    let words: Vec<_> = (0..=word).map(|_| pen.line("x")).collect();
    let told = if word == 0 { 0..3 } else { 0..1 };
    told.for_each(|at| _ = stage.says(liar, at, push(word, words[word as usize].clone())));
}

fn forks(stage: &mut Engines, liar: PeerId, word: u64) {
    let mut one = author(word, 0);
    let base = one.line("x");
    let mut other = one.clone();
    let (here, there) = (one.line("here"), other.line("there"));
    for (at, run) in [(0, here), (1, there)] {
        stage.says(liar, at, push(2 * word, base.clone()));
        stage.says(liar, at, push(2 * word + 1, run));
    }
}

fn uneven_forks(stage: &mut Engines, liar: PeerId, word: u64) {
    let mut one = author(word, 0);
    let base = one.line("x");
    let mut other = one.clone();
    let (here, more, there) = (one.line("here"), one.line("more"), other.line("there"));
    for (at, run) in [(0, base.clone()), (0, here), (0, more), (1, base), (1, there)] {
        stage.says(liar, at, push(word, run));
    }
}

/// Milliseconds just within what the first peer accepts; too early for the others, whose clocks are behind.
const EDGE_MS: u64 = AHEAD_MS + 19_000;

fn ahead(stage: &mut Engines, liar: PeerId, word: u64) {
    name_early(stage, liar, word, 1);
}

fn two_ahead(stage: &mut Engines, liar: PeerId, word: u64) {
    name_early(stage, liar, word, 2);
}

fn name_early(stage: &mut Engines, liar: PeerId, word: u64, count: u64) {
    let now_ms = BEGIN_MS + stage.now_ms();
    let mut seen = Vec::new();
    for number in 0..count {
        let mut early = author(word, number);
        seen.push((early.id(), 0));
        stage.says(liar, 0, push(10 * word + number, early.at(now_ms + EDGE_MS).line("soon")));
    }
    seen.sort();
    let effect = author(word, count).at(now_ms).line_seen("now", seen);
    stage.says(liar, 0, push(10 * word + count, effect));
}

fn with_one_ahead(stage: &mut Engines, liar: PeerId, word: u64) {
    alone_and_with_another(stage, liar, word, 2 * AHEAD_MS);
}

fn with_one_at_the_edge(stage: &mut Engines, liar: PeerId, word: u64) {
    alone_and_with_another(stage, liar, word, EDGE_MS);
}

fn alone_and_with_another(stage: &mut Engines, liar: PeerId, word: u64, ahead_ms: u64) {
    let now_ms = BEGIN_MS + stage.now_ms();
    let mut pen = author(word, 0);
    let base = pen.at(now_ms).line("x");
    (0..3).for_each(|at| _ = stage.says(liar, at, push(3 * word, base.clone())));
    let mut both = pen.clone();
    let alone = pen.line("x");
    let line = || (vec![], Kind::TEXT, Body::Here("x".into()));
    let both = both.write_ahead(vec![line(), line()], ahead_ms);
    stage.says(liar, 0, push(3 * word + 1, alone));
    (0..3).for_each(|at| _ = stage.says(liar, at, push(3 * word + 2, both.clone())));
}

fn dropped(stage: &mut Engines, liar: PeerId, word: u64) {
    let body = Body::Here("x".into()).dropped();
    let run = author(word, 0).write(vec![(vec![], Kind::TEXT, body)]);
    stage.says(liar, 0, push(word, run));
}

fn authors(stage: &mut Engines, liar: PeerId, word: u64) {
    for number in 0..40 {
        let run = author(word, number).line("one more of us");
        stage.says(liar, 0, push(100 * word + number, run));
    }
}

/// Served as if requested, so that it is not passed on as a rumor.
fn long(stage: &mut Engines, liar: PeerId, word: u64) {
    let mut pen = author(word, 0);
    let runs = (0..250).map(|_| pen.line("x")).collect();
    stage.says(liar, 0, Frame::Runs { want: 0, runs });
}

/// An honest line's causes are requested nevertheless.
fn announced(stage: &mut Engines, liar: PeerId, word: u64) {
    for number in 2..22 {
        let other = stage.hostile(number);
        if !stage.is_linked(1, &other) {
            stage.link(other, stage.honest[1].peer);
        }
        let name = |at: u64| (((word * 100 + number) * 1_000 + at).wrapping_mul(0x9e37_79b9_7f4a_7c15), 0);
        stage.says(other, 1, Frame::Have { heads: (0..256).map(name).collect() });
    }
    let runs = vec![author(word, 0).line("x")];
    stage.says(liar, 0, Frame::Runs { want: 0, runs });
}
