//! Bytes for every decoder: accepted input re-encodes to the same bytes, other input is refused, and nothing panics.

use std::collections::BTreeMap;

use bytes::Bytes;
use rumormill_node::{
    AboutRoom, Backup, HandedRoom, LinkBegun, LinkHanded, LinkKeys, LinkOffer, LinkTaken, Private, Ticket,
};
use rumormill_proto::{
    admit::Admission,
    codec::put_number,
    content::{Content, File, Target, Text},
    entry::Kind,
    epochs::Secret,
    fork::Proof,
    frame::{Brief, Contact, Frame, Heads, Hello, Push, Range, Ranges, Want},
    frontier::Branch,
    ids::{AuthorId, FileId, PeerId},
    run::RawRun,
    time::Time,
    timeline::Place,
};

use crate::{dice::Dice, engines::ROOM, pen::Pen};

/// What to decode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Decoder {
    /// A frame of the wire.
    Frame,
    /// A run of entries.
    Run,
    /// The proof of a fork.
    Proof,
    /// A body; its first byte stands for its kind.
    Content,
    /// A ticket.
    Ticket,
    /// What machines tell each other when they are linked, and backups; the first byte stands for which of it.
    Linking,
}

impl Decoder {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::Frame, Self::Run, Self::Proof, Self::Content, Self::Ticket, Self::Linking];

    /// Decodes the bytes; returns the result in a few words.
    ///
    /// # Panics
    /// When accepted input re-encodes to other bytes.
    pub fn read(self, bytes: &[u8], door: &mut Admission) -> String {
        let whole = Bytes::copy_from_slice(bytes);
        match self {
            Self::Frame => match Frame::decode(whole) {
                Ok(frame) => {
                    assert_eq!(frame.encode(), bytes, "one encoding for each frame");
                    format!("taken {}", bytes[0])
                }
                Err(reject) => format!("{reject} {}", bytes.first().map_or(0, |kind| *kind.min(&20))),
            },
            Self::Run => match RawRun::parse(whole) {
                Ok(run) => {
                    let signature = run.signature().copied();
                    let again = RawRun::new(run.author(), run.first(), run.prev(), run.entries().to_vec(), signature);
                    assert_eq!(again.unwrap().wire(), bytes, "one encoding for each run");
                    format!("taken {}", run.entries().len().min(2))
                }
                Err(reject) => reject.to_string(),
            },
            Self::Proof => match Proof::parse(door, whole) {
                Ok(proof) => {
                    let again = Proof::parse(door, proof.wire().clone());
                    assert_eq!(again.as_ref().map(Proof::wire), Ok(proof.wire()), "one form, whatever it came as");
                    "taken".into()
                }
                Err(reject) => reject.to_string(),
            },
            Self::Content => Self::read_content(bytes),
            Self::Ticket => match std::str::from_utf8(bytes).ok().map(str::parse::<Ticket>) {
                Some(Ok(ticket)) => {
                    let again: Ticket = ticket.to_string().parse().unwrap();
                    assert_eq!((again.room, &again.contacts), (ticket.room, &ticket.contacts));
                    "taken".into()
                }
                Some(Err(error)) => error.to_string(),
                None => "no text".into(),
            },
            Self::Linking => Self::read_linking(whole),
        }
    }

    fn read_content(bytes: &[u8]) -> String {
        let Some((kind, body)) = bytes.split_first() else { return "nothing".into() };
        let Some(kind) = Kind::new(*kind) else { return "no kind".into() };
        match Content::parse(kind, &Bytes::copy_from_slice(body)) {
            Ok(Some(content)) => {
                let (again, written) = content.encode().unwrap();
                assert_eq!((again, &written[..]), (kind, body), "one encoding for each content");
                format!("taken {}", kind.number())
            }
            Ok(None) => "unknown".into(),
            Err(reject) => format!("{reject} {}", kind.number()),
        }
    }

    fn read_linking(bytes: Bytes) -> String {
        let Some(which) = bytes.first().copied() else { return "nothing".into() };
        let said = bytes.slice(1..);
        let again = match which {
            0 => LinkOffer::decode(said).map(|word| word.encode()),
            1 => LinkKeys::decode(said).map(|word| word.encode()),
            2 => LinkHanded::decode(said).map(|word| word.encode()),
            3 => LinkBegun::decode(said).map(|word| word.encode()),
            4 => LinkTaken::decode(said).map(|word| word.encode()),
            5 => Backup::decode(&said).and_then(|backup| backup.encode()),
            _ => return "no message".into(),
        };
        match again {
            Ok(again) => {
                assert_eq!(&again[..], &bytes[1..], "one encoding for each message");
                format!("taken {which}")
            }
            Err(reject) => format!("{reject} {which}"),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Frame => "frame",
            Self::Run => "run",
            Self::Proof => "proof",
            Self::Content => "content",
            Self::Ticket => "ticket",
            Self::Linking => "linking",
        }
    }
}

/// Valid input for each decoder.
fn good() -> Vec<(Decoder, Vec<u8>)> {
    let mut pen = Pen::new(ROOM, 1, 1_000);
    let seen = vec![(AuthorId([9; 32]), 5)];
    let mut twin = pen.clone();
    let runs = vec![pen.line_seen("a", seen), pen.lines(3, "b")];
    let fork = twin.line("another");
    let proof = Proof::new(&mut Admission::new(ROOM), &runs[0], &fork).unwrap();
    let brief = Brief { author: 7, next: 3, check: 9, cut: Some(2) };
    let deep = Branch::new(2, 0b101_011 << 58).unwrap();
    let contact = Contact { peer: PeerId([3; 32]), address: Bytes::from_static(&[1, 4, 127, 0, 0, 1, 30, 97, 0]) };
    let frames = [
        Frame::Hello(Hello { author: pen.id(), wall_ms: 1 << 40 }),
        Frame::Known { next: 5 },
        Frame::Push(Push { push: 1, part: 3, hops: 2, runs: runs.clone() }),
        Frame::Ack { pushes: vec![(1, true), (300, false)] },
        Frame::Pull,
        Frame::Have { heads: vec![(1, 2), (u64::MAX, 0)] },
        Frame::Status { digest: [7; 16], answer: false },
        Frame::Ranges(Ranges { salt: 8, branch: deep, prints: [1; Branch::FANOUT] }),
        Frame::Heads(Heads { branch: deep, all: true, heads: vec![brief, Brief { cut: None, ..brief }] }),
        Frame::Want(Want { want: 4, newest: 256, ranges: vec![Range { author: 1, first: 2, last: 3 }] }),
        Frame::Runs { want: 4, runs: runs.clone() },
        Frame::Done { want: 4 },
        Frame::Evidence { run: runs[0].without_bodies().unwrap() },
        Frame::Fork { proof: proof.wire().clone() },
        Frame::Shuffle { peers: vec![contact], answer: true },
        Frame::Secrets { secrets: vec![Secret::new([5; 32]), Secret::new([6; 32])] },
        Frame::Acts { heads: vec![(7, 3), (9, 1)] },
        Frame::WantActs { want: 2, from: vec![(7, 1)] },
    ];
    let target = Target { author: pen.id(), seq: 3 };
    let text = |reply_to, mentions| Content::Text(Text { text: "hello".into(), reply_to, mentions });
    let file = File {
        hash: FileId([4; 32]),
        size: 99,
        key: None,
        name: "a.png".into(),
        mime: "image/png".into(),
        reply_to: None,
    };
    let contents =
        [text(None, vec![]), text(Some(target), vec![pen.id()]), Content::File(file), Content::Nick("n".into())];
    let content = |content: Content| {
        let (kind, body) = content.encode().unwrap();
        (Decoder::Content, [&[kind.number()], &body[..]].concat())
    };
    let others = (0..=12u8).map(|kind| (Decoder::Content, vec![kind, 1, b'x', 0, 0, 0, 0, 1]));
    let ticket = Ticket { room: ROOM, secret: [2; 32], admits: None, contacts: vec![] };
    let mut good: Vec<_> = frames.into_iter().map(|frame| (Decoder::Frame, frame.encode())).collect();
    good.extend(runs.iter().map(|run| (Decoder::Run, run.wire().to_vec())));
    good.push((Decoder::Run, runs[1].without_bodies().unwrap().wire().to_vec()));
    good.push((Decoder::Proof, proof.wire().to_vec()));
    good.extend(contents.into_iter().map(content).chain(others));
    good.push((Decoder::Ticket, ticket.to_string().into_bytes()));
    good.extend(linking(&runs[0]).into_iter().map(|bytes| (Decoder::Linking, bytes)));
    good
}

/// Valid messages of machines that are linked.
fn linking(run: &RawRun) -> Vec<Vec<u8>> {
    let (author, place) = (AuthorId([5; 32]), Place { time: Time(9), author: AuthorId([5; 32]), seq: 300 });
    let about =
        AboutRoom { name: "a".into(), read: Some(place), hidden: vec![author], muted: true, ..AboutRoom::default() };
    let contacts = vec![Contact { peer: PeerId([3; 32]), address: Bytes::from_static(b"there") }];
    let (private, about_it) = (Some(Private { of: ROOM, people: vec![vec![author]] }), about.clone());
    let room = HandedRoom { id: ROOM, secret: [2; 32], founder: author, author, contacts, private, about: about_it };
    let handed = LinkHanded { name: "b".into(), closed: vec![room], open: vec![("rumor2".into(), about)], own: None };
    let words = [
        LinkOffer { name: "a".into(), rooms: vec![(ROOM, author)] }.encode(),
        LinkKeys { name: "b".into(), keys: vec![(ROOM, author)] }.encode(),
        handed.encode(),
        LinkBegun(vec![(ROOM, run.clone())]).encode(),
        LinkTaken(vec![ROOM]).encode(),
        Backup { handed: LinkHanded::default(), keys: Vec::new() }.encode().unwrap(),
    ];
    words.iter().enumerate().map(|(which, word)| [&[which as u8], &word[..]].concat()).collect()
}

/// The shortest input found for each distinct result of a decoder.
pub type Corpus = BTreeMap<(Decoder, String), Vec<u8>>;

/// Distinct results beyond this number are not distinguished.
const CORPUS: usize = 4_096;

/// Bytes of one input at most; longer inputs are cut.
const INPUT_BYTES: usize = 4_096;

/// Gives `executions` generated inputs to the decoders.
pub fn run(executions: u64, seed: u64) -> Corpus {
    let (mut dice, mut door, mut corpus) = (Dice::new(seed), Admission::new(ROOM), Corpus::new());
    let mut pool = good();
    for (decoder, bytes) in &pool {
        corpus.insert((*decoder, decoder.read(bytes, &mut door)), bytes.clone());
    }
    for _ in 0..executions {
        let (mut decoder, mut bytes) = dice.pick(&pool).clone();
        if dice.below(64) == 0 {
            decoder = *dice.pick(&Decoder::ALL);
        }
        for _ in 0..=dice.below(4) {
            let other = dice.below(pool.len());
            change(&mut bytes, &pool[other].1, &mut dice);
        }
        bytes.truncate(INPUT_BYTES);
        let answer = decoder.read(&bytes, &mut door);
        let known = corpus.get(&(decoder, answer.clone())).map(Vec::len);
        if known.is_none_or(|len| bytes.len() < len) && (known.is_some() || corpus.len() < CORPUS) {
            if known.is_none() {
                pool.push((decoder, bytes.clone()));
            }
            corpus.insert((decoder, answer), bytes);
        }
    }
    corpus
}

/// Changes a few bytes.
fn change(bytes: &mut Vec<u8>, other: &[u8], dice: &mut Dice) {
    let at = dice.below(bytes.len() + 1);
    let to = (at + 1 + dice.below(16)).min(bytes.len());
    match dice.below(8) {
        0 if at < bytes.len() => bytes[at] ^= 1 << dice.below(8),
        1 if at < bytes.len() => bytes[at] = dice.number() as u8,
        2 => bytes.truncate(at),
        3 if at < to => drop(bytes.drain(at..to)),
        4 if at < to => {
            let again = bytes[at..to].to_vec();
            bytes.splice(at..at, again);
        }
        5 => {
            let mut number = Vec::new();
            put_number(&mut number, dice.edge());
            let end = (at + dice.below(3)).min(bytes.len());
            bytes.splice(at..end, number);
        }
        6 => {
            let from = dice.below(other.len() + 1);
            bytes.truncate(at);
            bytes.extend_from_slice(&other[from..]);
        }
        _ => bytes.insert(at, *dice.pick(&[0, 1, 0x7f, 0x80, 0xff])),
    }
}

/// The corpus as lines: decoder, result, bytes.
pub fn write(corpus: &Corpus) -> String {
    let line = |((decoder, answer), bytes): (&(Decoder, String), &Vec<u8>)| {
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        format!("{}\t{answer}\t{hex}\n", decoder.name())
    };
    corpus.iter().map(line).collect()
}

/// Gives a written corpus to the decoders again; returns the number of inputs.
///
/// # Panics
/// When a line is malformed.
pub fn replay(written: &str) -> usize {
    let mut door = Admission::new(ROOM);
    for line in written.lines() {
        let fields: Vec<&str> = line.split('\t').collect();
        let [name, _, hex] = fields[..] else { panic!("no line of a corpus: {line}") };
        let decoder = Decoder::ALL.into_iter().find(|decoder| decoder.name() == name).expect("a decoder");
        let digits = hex.as_bytes().chunks_exact(2);
        let bytes = digits.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap());
        decoder.read(&bytes.collect::<Vec<u8>>(), &mut door);
    }
    written.lines().count()
}
