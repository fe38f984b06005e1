//! C1, C8, C11, V12: wrong clocks in greetings and in stamps, and a peer that greets in another author's name.

use rumormill_proto::{
    frame::{Frame, Hello},
    input::{Credential, Event, Input},
    limits::AHEAD_MS,
};

use crate::{
    Attack, Bound, Form, Outcome,
    engines::{BEGIN_MS, Engines, ROOM, push},
    pen::Pen,
};

/// The row of this attack.
pub(super) const ATTACK: Attack = Attack {
    threat: "C1, C8, C11, V12",
    name: "clocks",
    says: "members lie about their clocks by years, stamp at the edge of the bound, and greet as another author; a \
        log that was ahead once is abandoned",
    defences: &["proved-author", "clock-up", "follow", "leave-log"],
    run,
};

const YEAR_MS: u64 = 365 * 86_400_000;

fn run(_: Form) -> Outcome {
    let mut outcome = Outcome::default();
    liars(&mut outcome);
    spoof(&mut outcome);
    edge(&mut outcome);
    ahead_once(&mut outcome);
    outcome
}

/// Someone meets only four authors a year ahead, one of them at the end of time; then an honest peer joins.
fn liars(outcome: &mut Outcome) {
    let mut stage = Engines::new(1);
    let (talker, friend) = (stage.join(), stage.join());
    for number in 0..4 {
        let liar = stage.hostile(number);
        let author = Pen::new(ROOM, number, BEGIN_MS).id();
        stage.link(liar, stage.honest[talker].peer);
        stage.input(talker, Input::Proved { peer: liar, author, by: Credential::default() });
        let wall_ms = if number == 0 { u64::MAX } else { BEGIN_MS + YEAR_MS };
        stage.says(liar, talker, Frame::Hello(Hello { author, wall_ms }));
    }
    stage.run_ms(1_000);
    stage.say(talker, "among liars");
    stage.run_ms(1_000);
    stage.link(stage.honest[talker].peer, stage.honest[friend].peer);
    stage.run_ms(5_000);
    stage.say(talker, "with a friend");
    stage.run_ms(1_000);
    outcome.count("honest people who read the line said among liars", stage.shown("among liars"), Bound::Is(2));
    outcome.count("honest people who read the line said afterwards", stage.shown("with a friend"), Bound::Is(2));
}

/// Greets as another author, without that author's key.
fn spoof(outcome: &mut Outcome) {
    let mut stage = Engines::mesh(2, 2);
    let victim = stage.honest[1].engine.author();
    let liar = stage.hostile(1);
    stage.link(liar, stage.honest[0].peer);
    stage.says(liar, 0, Frame::Hello(Hello { author: victim, wall_ms: BEGIN_MS }));
    stage.run_ms(1_000);
    let came = |event: &&Event| matches!(event, Event::Came { peer, .. } if *peer == liar);
    let spoofed = stage.honest[0].events.iter().filter(came).count() as u64;
    outcome.count("people shown as present who are absent", spoofed, Bound::Is(0));
}

/// An entry just within the bound must not drag stamps beyond what a lagging honest clock accepts.
fn edge(outcome: &mut Outcome) {
    let mut stage = Engines::new(3);
    let (one, other) = (stage.join(), stage.join());
    stage.honest[other].ahead_ms = -5_000;
    stage.link(stage.honest[one].peer, stage.honest[other].peer);
    stage.run_ms(1_000);
    let liar = stage.hostile(1);
    stage.link(liar, stage.honest[one].peer);
    let entry = Pen::new(ROOM, 1, BEGIN_MS + stage.now_ms() + AHEAD_MS - 1_100).line("from the edge");
    stage.says(liar, one, push(1, entry));
    stage.say(one, "an honest line");
    stage.run_ms(500);
    outcome.count("honest people who can read honest lines beside it", stage.shown("an honest line"), Bound::Is(2));
}

/// A clock was a year ahead once and is right now.
fn ahead_once(outcome: &mut Outcome) {
    let mut stage = Engines::new(4);
    let (one, other) = (stage.join(), stage.join());
    stage.honest[one].ahead_ms = YEAR_MS as i64;
    stage.say(one, "a year ahead");
    stage.honest[one].ahead_ms = 0;
    stage.run_ms(1_000);
    stage.link(stage.honest[one].peer, stage.honest[other].peer);
    stage.run_ms(2_000);
    let author = stage.honest[one].engine.author();
    let left = |event: &&Event| matches!(event, Event::Forked { author: whose, .. } if *whose == author);
    let left = stage.honest.iter().filter(|honest| honest.events.iter().any(|event| left(&event))).count() as u64;
    outcome.count("nodes at which the log that was ahead is abandoned", left, Bound::Is(2));
}
