//! Every export imports unchanged, whatever was said, and no changed export passes.

use axum::body::Body;
use futures_util::StreamExt as _;
use proptest::{prelude::*, test_runner::TestRunner};
use rumormill_api::Form;
use rumormill_node::{
    Bind, Home, Node, Room, RoomSetup, Settings,
    proto::{
        admit::{Admission, Author},
        content::{Content, Imported, Target},
        entry::{Body as EntryBody, Kind, RawEntry, found},
        fork::Proof,
        ids::{EntryId, RoomId},
        input::Import,
        run::RawRun,
        time::Time,
    },
};

use super::{
    export::{Wanted, export},
    import::import,
    reader::{Bad, Piece, Reader},
};

/// A sample message for a number.
fn said(author: &Author, seq: u64, what: u8) -> (Kind, axum::body::Bytes) {
    let own = Target { author: author.id(), seq: seq / 2 };
    let content = match what % 9 {
        0 => Content::Nick(format!("nick {what}")),
        1 => Content::Topic(format!("topic \u{202e}{what}")),
        2 => Content::Edit { of: seq / 2, text: format!("edited \"{what}\"") },
        3 => Content::Retraction { of: seq / 2 },
        4 => Content::Reaction { to: own, sign: "👍".into(), on: what > 99 },
        5 => Content::Imported(Imported {
            source: "irssi".into(),
            name: "alice".into(),
            time_ms: 7,
            text: format!("{what}"),
        }),
        6 => return (Kind::new(99).unwrap(), vec![what, 0xff].into()),
        7 => return (Kind::TEXT, vec![what, 0xff].into()),
        _ => Content::Text(format!("line\n{what}").as_str().into()),
    };
    content.encode().unwrap()
}

/// A log of these messages, in runs of a block each.
fn log(room: &RoomId, secret: u8, said_all: &[(Kind, axum::body::Bytes)]) -> Vec<RawRun> {
    let author = Author::from_secret(&[secret; 32]);
    let (mut runs, mut prev, mut seq) = (Vec::new(), EntryId::default(), 0);
    let mut door = Admission::new(*room);
    while (seq as usize) < said_all.len() {
        let end = (rumormill_node::proto::run::block_end(seq) as usize + 1).min(said_all.len());
        let entries = said_all[seq as usize..end].iter().zip(seq..).map(|((kind, body), at)| RawEntry {
            time: Time::from_ms(1_000 + at * 7 + u64::from(secret)),
            seen: if at % 3 == 0 { vec![(Author::from_secret(&[secret ^ 1; 32]).id(), at / 2)] } else { vec![] },
            kind: *kind,
            body: EntryBody::Here(body.clone()),
        });
        let run = author.sign(room, seq, prev, entries.collect()).unwrap();
        let admitted = door.admit(&run, rumormill_node::proto::admit::Trust::Signature).unwrap();
        prev = admitted.last().id;
        seq = end as u64;
        runs.push(run);
    }
    runs
}

async fn enter(node: &Node, id: RoomId, secret: u8) -> Room {
    let setup = RoomSetup {
        id,
        secret: [9; 32],
        author_secret: [secret; 32],
        fresh_author: true,
        name: "lunch".into(),
        shape: rumormill_node::proto::view::Shape::Open,
        policy: rumormill_node::proto::rumor::Policy::Delegating(Default::default()),
        pace: Default::default(),
        contacts: vec![],
        keep: true,
        retention: rumormill_node::Keep::default(),
        announced: false,
        closed: None,
        private: None,
        nick: None,
    };
    node.enter(setup).await.unwrap()
}

async fn node() -> Node {
    let mut settings = Settings::memory();
    settings.home = Home::Memory;
    settings.bind = Bind::Loopback { port: 0 };
    Node::open(settings).await.unwrap()
}

async fn exported(room: &Room) -> String {
    let mut pieces = Box::pin(export(room.clone(), Wanted { form: Form::Jsonl, since_ms: None }));
    let mut text = String::new();
    while let Some(piece) = pieces.next().await {
        text.push_str(std::str::from_utf8(&piece.unwrap()).unwrap());
    }
    text
}

/// The result of a whole export.
fn read(text: &str) -> Result<Vec<Piece>, Bad> {
    let (mut reader, mut pieces) = (Reader::default(), Vec::new());
    for line in text.lines() {
        pieces.extend(reader.line(line.as_bytes())?);
    }
    reader.finish().map(|_| pieces)
}

/// A room with two logs, and a third that is forked: its id, and the lines to import.
fn room(what: &[u8], fork_at: Option<usize>) -> (RoomId, Import) {
    let mut proofs = Vec::new();
    let owner = Author::from_secret(&[2; 32]);
    let (id, body) = found(&owner.id(), "lunch", [7; 16]);
    let by = |secret: u8| -> Vec<_> {
        let author = Author::from_secret(&[secret; 32]);
        what.iter().zip(1..).map(|(what, seq)| said(&author, seq, what.wrapping_add(secret))).collect()
    };
    let mut owners = by(2);
    owners.insert(0, (Kind::FOUND, body));
    let mut runs = log(&id, 2, &owners);
    runs.extend(log(&id, 3, &by(3)));
    if let Some(at) = fork_at {
        let one = by(4);
        let mut other = one.clone();
        other.truncate(at + 1);
        other[at] = (Kind::TEXT, "another".into());
        let (one, other) = (log(&id, 4, &one), log(&id, 4, &other));
        let mut door = Admission::new(id);
        let mut pairs = one.iter().zip(&other);
        proofs.extend(
            pairs.find_map(|(one, other)| Proof::new(&mut door, one, other).ok()).map(|proof| proof.wire().clone()),
        );
        assert_eq!(proofs.len(), 1);
        runs.extend(one);
    }
    (id, Import { runs, proofs })
}

#[test]
fn every_export_imports_unchanged() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let mut runner = TestRunner::new(ProptestConfig { cases: 8, failure_persistence: None, ..Default::default() });
    let rooms = (prop::collection::vec(any::<u8>(), 1..150), prop::option::of(0usize..150));
    let check = |(what, fork_at): (Vec<u8>, Option<usize>)| {
        let fork_at = fork_at.map(|at| at % what.len());
        let (id, held) = room(&what, fork_at);
        runtime.block_on(async {
            let (ours, theirs) = (node().await, node().await);
            let (here, there) = (enter(&ours, id, 20).await, enter(&theirs, id, 21).await);
            let held = here.entries().import(held).await.unwrap();
            assert_eq!(held.reject, None);
            let text = exported(&here).await;
            let brought = import(&there, Body::from(text.clone())).await.unwrap();
            assert_eq!(
                here.entries().page(None, 5_000).await.unwrap(),
                there.entries().page(None, 5_000).await.unwrap()
            );
            let again = import(&there, Body::from(text.clone())).await.unwrap();
            // Entries beyond the cut came once, as evidence.
            assert_eq!((again.new, again.known + again.refused), (0, brought.new));
            let below_head = |text: &str| text.lines().skip(1).map(str::to_owned).collect::<Vec<_>>();
            assert_eq!(below_head(&text), below_head(&exported(&there).await));
            let digest = |text: &str| text.split("\"digest\":").nth(1).unwrap()[..34].to_owned();
            assert_eq!(digest(&text), digest(&exported(&there).await));
            assert!(there.check().await.unwrap().is_clean());
            ours.close().await;
            theirs.close().await;
        });
        Ok(())
    };
    runner.run(&rooms, check).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn entries_without_text_are_requested_until_they_are_imported() {
    // The second log has imported text.
    let (id, held) = room(&[2, 2, 2], None);
    let (whole, mut lacking) = (held.runs.clone(), held);
    let blank = |run: &RawRun| run.without_bodies().unwrap();
    let runs = lacking.runs.iter().map(|run| if run.author() == whole[0].author() { run.clone() } else { blank(run) });
    lacking.runs = runs.collect();
    let lacks: u64 =
        lacking.runs.iter().flat_map(RawRun::entries).filter(|entry| entry.body.bytes().is_none()).count() as u64;
    assert_eq!(lacks, 3);
    let (ours, theirs) = (node().await, node().await);
    let (here, there) = (enter(&ours, id, 20).await, enter(&theirs, id, 21).await);
    here.entries().import(lacking).await.unwrap();
    let report = here.check().await.unwrap();
    assert!(report.is_clean() && report.wanted == lacks, "{report:?}");
    let text = exported(&here).await;
    let mut reader = Reader::default();
    for line in text.lines() {
        reader.line(line.as_bytes()).unwrap();
    }
    assert_eq!(reader.finish().unwrap().without_body, lacks);
    import(&there, Body::from(text)).await.unwrap();
    assert_eq!(there.check().await.unwrap().wanted, lacks, "whoever brings it in wants them too");

    for room in [&here, &there] {
        // The engine learns the wishes of its store a moment later.
        while room.check().await.unwrap().wanted > 0 {
            room.entries().import(Import { proofs: vec![], runs: whole.clone() }).await.unwrap();
        }
        assert!(!exported(room).await.contains("without_body"));
    }
    assert_eq!(here.entries().page(None, 99).await.unwrap(), there.entries().page(None, 99).await.unwrap());
    ours.close().await;
    theirs.close().await;
}

#[test]
fn every_changed_byte_is_noticed() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let what: Vec<u8> = (0..40).collect();
    let (id, held) = room(&what, Some(30));
    let text = runtime.block_on(async {
        let ours = node().await;
        let here = enter(&ours, id, 20).await;
        here.entries().import(held).await.unwrap();
        let text = exported(&here).await;
        ours.close().await;
        text
    });
    let whole = read(&text).unwrap();
    let at = text.find("\"at\":\"").unwrap()..text.find("\",\"digest\"").unwrap();
    let (mut refused, mut tried) = (0, 0);
    for place in (0..text.len()).step_by(23).filter(|place| !at.contains(place)) {
        for change in [1u8, 0x20] {
            let mut bytes = text.clone().into_bytes();
            bytes[place] ^= change;
            let Ok(changed) = String::from_utf8(bytes) else { continue };
            tried += 1;
            match read(&changed) {
                Err(bad) => {
                    refused += 1;
                    assert!(bad.line > 0 && !bad.what.is_empty());
                }
                Ok(pieces) => {
                    assert!(pieces == whole, "byte {place}: {}", &changed[place.saturating_sub(40)..place + 1])
                }
            }
        }
    }
    assert!(tried > 1_000 && refused * 100 > tried * 99, "{refused} of {tried} were refused");
    // Removed, repeated and moved lines are noticed too.
    let lines: Vec<&str> = text.lines().collect();
    for at in 0..lines.len() {
        let without: Vec<&str> =
            lines.iter().enumerate().filter(|(other, _)| *other != at).map(|(_, line)| *line).collect();
        assert!(read(&without.join("\n")).is_err(), "without line {}", at + 1);
        let mut twice = lines.clone();
        twice.insert(at, lines[at]);
        assert!(read(&twice.join("\n")).is_err(), "line {} twice", at + 1);
    }
}

#[test]
fn random_lines_do_not_pass_the_reader() {
    let long = format!("{{\"is\":\"room\",\"version\":1,\"room\":\"{}\"", "7".repeat(64));
    for line in
        ["", "{}", "[]", "\"room\"", "{\"is\":\"entry\"}", "{\"is\":\"end\",\"entries\":0,\"left_out\":0}", &long]
    {
        assert!(Reader::default().line(line.as_bytes()).is_err(), "{line}");
    }
    let head = |version: u32| {
        format!("{long},\"name\":\"\",\"at\":\"\",\"digest\":\"\"}}")
            .replace("version\":1", &format!("version\":{version}"))
    };
    let mut reader = Reader::default();
    assert!(reader.line(head(1).as_bytes()).is_ok() && reader.line(head(1).as_bytes()).is_err());
    assert!(Reader::default().line(head(2).as_bytes()).is_err_and(|bad| bad.what.contains("version 2")));
}
