//! C5 on real nodes: a newcomer meets only peers that serve a room without other people's bodies.

use rumormill_node::{Node, Room, Settings};
use rumormill_proto::{content::Target, frame::Frame, ids::Seq, run::RawRun};

use crate::{
    Attack, Bound, Form, Outcome,
    nodes::{Town, comes, run as run_nodes},
    rogue::{Rogue, Server},
};

/// The row of this attack.
pub(super) const ATTACK: Attack = Attack {
    threat: "C5",
    name: "erasers",
    says: "real nodes: a newcomer meets only peers that serve the room without bodies; it learns what is missing, and \
        has all of it once an honest peer joins",
    defences: &[],
    run,
};

/// Number of erasing peers.
const LIARS: usize = 2;

fn run(form: Form) -> Outcome {
    run_nodes(async {
        let town = Town::new(vec![Settings::memory()]).await;
        let lines = form.pick(20, 2_000);
        for number in 0..lines {
            town.rooms[0].say(&line(number)).await.unwrap();
        }
        let newcomer = Node::open(Settings::memory()).await.unwrap();
        let mut ticket = town.rooms[0].ticket().await.unwrap();
        ticket.contacts.clear();
        let room = newcomer.join(&ticket).await.unwrap();

        let bare = bare(&town.rooms[0], lines).await;
        let mut liars = Vec::new();
        for _ in 0..LIARS {
            let rogue = Rogue::new(&newcomer).await;
            let server = rogue.member(&room).await.unwrap().serving(bare.clone());
            server.say(&Frame::Runs { want: 0, runs: bare.clone() }).await;
            liars.push((rogue, server));
        }
        // First the bodies are missing; then every peer has said that it has none.
        let author = town.rooms[0].author();
        let lost = |room: &Room| (1..=lines).filter(|seq| room.is_lost(&Target { author, seq: *seq })).count() as u64;
        let told = comes(&room, |status| status.entries > lines && status.missing + lost(&room) >= lines).await;
        let linked = liars.iter().filter(|(_, server)| stands(server)).count() as u64;
        let before = texts(&room, lines).await;
        newcomer.join(&town.rooms[0].ticket().await.unwrap()).await.unwrap();
        let filled = comes(&room, |status| status.missing == 0 && status.entries > lines).await;

        let mut outcome = Outcome::default();
        outcome.count("liars let in", linked, Bound::Is(LIARS as u64));
        outcome.count("bodies that the newcomer has from liars", before, Bound::Is(0));
        outcome.count("the newcomer learns that they are missing", u64::from(told), Bound::Is(1));
        outcome.count("and that they are here later", u64::from(filled), Bound::Is(1));
        outcome.count("bodies it has after an honest peer joined", texts(&room, lines).await, Bound::Is(lines));
        newcomer.close().await;
        for (rogue, _) in liars {
            rogue.endpoint.close().await;
        }
        town.close().await;
        outcome
    })
}

fn line(number: u64) -> String {
    format!("kept by one {number}")
}

fn stands(server: &Server) -> bool {
    server.connection.close_reason().is_none()
}

/// All runs of the room's founder, from the top down, without bodies except the room's foundation.
async fn bare(room: &Room, last: Seq) -> Vec<RawRun> {
    let (mut runs, mut next) = (Vec::new(), Some(last));
    while let Some(top) = next {
        let run = room.entries().run(room.author(), 0, top).await.unwrap().expect("the founder has all of it");
        next = run.first().checked_sub(1);
        runs.push(if run.first() == 0 { run } else { run.without_bodies().unwrap() });
    }
    runs
}

/// The number of lines with bodies.
async fn texts(room: &Room, lines: u64) -> u64 {
    let (mut found, mut after) = (0, None);
    loop {
        let page = room.entries().page_after(after, 1_000).await.unwrap();
        let Some(last) = page.last() else { return found };
        after = Some(last.place);
        let said: Vec<String> = (0..lines).map(line).collect();
        let is_one = |body: &bytes::Bytes| said.iter().any(|line| line.as_bytes() == body);
        found += page.iter().filter(|line| line.body.bytes().is_some_and(is_one)).count() as u64;
    }
}
