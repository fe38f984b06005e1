//! C5: a room's foundation without its body, and a foundation by someone who did not found the room.

use bytes::Bytes;
use rumormill_proto::{
    entry::{Body, Kind, found},
    ids::{AuthorId, RoomId},
};

use crate::{
    Attack, Bound, Form, Outcome,
    engines::{BEGIN_MS, Engines, push},
    pen::{Pen, with_body},
};

/// The row of this attack.
pub(super) const ATTACK: Attack = Attack {
    threat: "C5",
    name: "founding",
    says: "a newcomer first meets liars that serve the founding entry without its body, and a founding entry of \
        another room; it learns the room's name all the same, and holds what all others hold",
    defences: &["founding-body"],
    run,
};

fn founding(room: RoomId, number: u64, body: Body) -> (AuthorId, rumormill_proto::run::RawRun) {
    let mut pen = Pen::new(room, number, BEGIN_MS);
    (pen.id(), pen.write(vec![(vec![], Kind::FOUND, body)]))
}

fn run(_: Form) -> Outcome {
    let founder = Pen::new(RoomId::default(), 1, BEGIN_MS).id();
    let (room, body) = found(&founder, "the room's name", [3; 16]);
    let (_, true_one) = founding(room, 1, Body::Here(body.clone()));
    let said = Body::Here(Bytes::from_static(b"\x01sixteen bytes.. another name"));
    let (pretender, bare) = founding(room, 2, said.dropped());

    let mut stage = Engines::in_room(1, room);
    let (keeper, newcomer) = (stage.join(), stage.join());
    let [writer, liar, other] = [1, 2, 3].map(|number| stage.hostile(number));
    stage.link(writer, stage.honest[keeper].peer);
    [liar, other].into_iter().for_each(|hostile| stage.link(hostile, stage.honest[newcomer].peer));
    stage.says(writer, keeper, push(1, true_one.clone()));
    stage.says(writer, keeper, push(2, with_body(&bare, said)));
    stage.says(liar, newcomer, push(1, true_one.without_bodies().unwrap()));
    stage.says(other, newcomer, push(2, bare));
    stage.run_ms(5_000);
    stage.link(stage.honest[newcomer].peer, stage.honest[keeper].peer);
    stage.run_ms(20_000);

    let knows = |at: usize| {
        let named = |(_, entry): &(u64, rumormill_proto::admit::Entry)| entry.body.bytes() == Some(&body);
        u64::from(stage.honest[at].shown.iter().any(named))
    };
    let held =
        |at: usize| u64::from(stage.honest[at].engine.frontier().log(&pretender).is_some_and(|log| !log.is_empty()));
    let mut outcome = Outcome::default();
    outcome.count("peers that know the room's name", knows(keeper) + knows(newcomer), Bound::Is(2));
    outcome.count("peers that hold another room's foundation", held(keeper) + held(newcomer), Bound::Is(0));
    outcome.count("digests", stage.digests(), Bound::Is(1));
    outcome.count("bodies still requested", stage.honest[newcomer].engine.missing(), Bound::Is(0));
    outcome
}
