//! The frames of one room on the wire, each described by its receiver's reaction.
//!
//! ```text
//! on a new link    A -> B  Hello            B remembers who A is
//!                  B -> A  Known            A learns how much of its own log B holds, and adopts what it lost
//! rumor            A -> B  Push             B admits the runs, passes them on, and
//!                  B -> A  Ack              says whether they were new, at once if A handed over a part with it
//!                  A -> B  Pull             B pushes what is hot (mongering by pull)
//! anti-entropy     A -> B  Status           B compares; if equal it answers with the same Status: the end
//!                  B -> A  Ranges           A compares branch by branch and answers with
//!                  A -> B  Ranges | Heads   the branches that differ, until they are small enough to list;
//!                                           the side that lacks something wants it, the other serves it
//!                  A -> B  Want             B serves
//!                  B -> A  Runs ... Done    A admits, and may want again
//! fork             A -> B  Evidence         B compares with its own entries and may find a proof
//!                  A -> B  Fork             B verifies the proof, cuts the log and passes the proof on
//! acts             A -> B  Acts             B wants the acts that it lacks, before the rest of their logs
//!                  B -> A  WantActs         A serves them
//!                  A -> B  Runs ... Done
//! keys             A -> B  Secrets          B keeps those that acts name, and hands them on to members
//! view             A -> B  Shuffle          B answers with peers it knows, and remembers some of these
//! ```
//!
//! A frame begins with one byte for its kind. Receivers hold no state for a round: each frame can be answered on
//! its own, so a lost one costs only time.

use bytes::Bytes;

use crate::{
    codec::{Reader, put_bytes, put_number},
    epochs::Secret,
    frontier::{Branch, Digest},
    ids::{AuthorId, PeerId, Seq},
    limits::{
        ADDRESS_BYTES, FRAME_BYTES, HEADS, PUSH_RUNS, RANGES, RECEIPTS, RUN_BYTES, SECRETS_FRAME, SEQ_END,
        SHUFFLE_PEERS,
    },
    reject::Reject,
    run::RawRun,
};

/// One frame about one room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frame {
    /// The first on every link, from both sides. The receiver answers with [`Frame::Known`].
    Hello(Hello),
    /// How much the sender holds of the receiver's own log: the seq after the last, 0 for nothing.
    Known {
        /// Seq after the last entry held.
        next: Seq,
    },
    /// A rumor. The receiver admits the runs, takes over telling the named part of the id space, and answers with
    /// [`Frame::Ack`].
    Push(Push),
    /// The answer to pushes: whether anything in them was new.
    Ack {
        /// The pushes that are answered, and whether any of each was new to the sender of this answer.
        pushes: Vec<(u64, bool)>,
    },
    /// The receiver pushes its hot rumors.
    Pull,
    /// Heads that the sender got lately. After a while the receiver asks for those that have not reached it.
    Have {
        /// Author prefixes and seqs.
        heads: Vec<(u64, Seq)>,
    },
    /// The sender's digest. The receiver answers with the same frame if its own digest is equal, otherwise with
    /// [`Frame::Ranges`] of the root.
    Status {
        /// Digest of the sender's frontier.
        digest: Digest,
        /// Whether this answers a status; then neither side says more.
        answer: bool,
    },
    /// Fingerprints of the branches below one. The receiver goes into those that differ from its own.
    Ranges(Ranges),
    /// All heads in one branch. The receiver serves the entries that the sender lacks if they are few, or else lists
    /// their heads; and it wants those that it lacks itself.
    Heads(Heads),
    /// The receiver serves these ranges, each downwards from its top, then says [`Frame::Done`].
    Want(Want),
    /// Entries that the receiver wanted, or that it lacks as the sender knows.
    Runs {
        /// The want that this answers; 0 if there was none.
        want: u64,
        /// Runs of any logs.
        runs: Vec<RawRun>,
    },
    /// The sender has served a want as far as it can.
    Done {
        /// The want that it served.
        want: u64,
    },
    /// A signed run without bodies that seems to contradict the receiver's log.
    Evidence {
        /// The run.
        run: RawRun,
    },
    /// The bytes of a [`crate::fork::Proof`].
    Fork {
        /// The bytes that [`crate::fork::Proof::parse`] reads.
        proof: Bytes,
    },
    /// Peers of this room that the sender knows. The receiver answers a shuffle with another, unless it is an answer
    /// itself.
    Shuffle {
        /// Peers and how to reach them.
        peers: Vec<Contact>,
        /// Whether this answers a shuffle.
        answer: bool,
    },
    /// The last act of each of some logs of a closed room, as the sender knows them: those of the heads that it lists next.
    /// The receiver wants the acts that it lacks before anything else of these logs.
    Acts {
        /// Author prefixes, and the seq after the last act.
        heads: Vec<(u64, Seq)>,
    },
    /// The receiver serves the acts of these logs, upwards, each in a run of its own, then says [`Frame::Done`].
    WantActs {
        /// A number that the answer repeats; not 0.
        want: u64,
        /// Author prefixes, and the seq from which on acts are wanted.
        from: Vec<(u64, Seq)>,
    },
    /// Secrets of epochs of a closed room. The receiver keeps those that acts name, or will name soon.
    Secrets {
        /// At most [`SECRETS_FRAME`].
        secrets: Vec<Secret>,
    },
}

/// The sender, see [`Frame::Hello`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hello {
    /// The author that writes at the sender.
    pub author: AuthorId,
    /// The sender's clock in milliseconds since the Unix epoch.
    pub wall_ms: u64,
}

/// Runs that are still being pushed, see [`Frame::Push`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Push {
    /// A number that the answer repeats.
    pub push: u64,
    /// The receiver tells the peers whose ids begin with this many digits of its own id, see
    /// [`crate::rumor::delegating`]. Other policies ignore it.
    pub part: u8,
    /// Links that the fastest copy has crossed, counting this one. For people and studies: nothing depends on it.
    pub hops: u8,
    /// The rumor.
    pub runs: Vec<RawRun>,
}

/// Fingerprints below one branch, see [`Frame::Ranges`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ranges {
    /// Salt of the fingerprints. The first peer that names ranges in a round draws it, the other repeats it.
    pub salt: u32,
    /// The branch whose children these are.
    pub branch: Branch,
    /// One for each child.
    pub prints: [u32; Branch::FANOUT],
}

/// A log as listed in a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Brief {
    /// First eight bytes of the author.
    pub author: u64,
    /// Seq after the head, 0 when there is none.
    pub next: Seq,
    /// First four bytes of the head's id.
    pub check: u32,
    /// Seq of the cut, when the log is forked.
    pub cut: Option<Seq>,
}

/// The heads in one branch, see [`Frame::Heads`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heads {
    /// The branch compared.
    pub branch: Branch,
    /// Whether these are all heads in the branch, so that the sender lacks every author that is not named.
    pub all: bool,
    /// Heads, authors ascending.
    pub heads: Vec<Brief>,
}

/// A contiguous piece of a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    /// First eight bytes of the author.
    pub author: u64,
    /// Lowest seq.
    pub first: Seq,
    /// Highest seq.
    pub last: Seq,
}

/// Entries that the sender lacks, see [`Frame::Want`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Want {
    /// A number that the answer repeats; not 0.
    pub want: u64,
    /// How many of the newest entries of the timeline to serve before anything else.
    pub newest: u32,
    /// Pieces of logs, served in turn, a block of each.
    pub ranges: Vec<Range>,
}

/// A peer and how to reach it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contact {
    /// The peer.
    pub peer: PeerId,
    /// Its addresses, in a form that only the transport understands.
    pub address: Bytes,
}

mod kind {
    pub(super) const HELLO: u8 = 1;
    pub(super) const KNOWN: u8 = 2;
    pub(super) const PUSH: u8 = 3;
    pub(super) const ACK: u8 = 4;
    pub(super) const PULL: u8 = 5;
    pub(super) const HAVE: u8 = 6;
    pub(super) const STATUS: u8 = 7;
    pub(super) const RANGES: u8 = 8;
    pub(super) const HEADS: u8 = 9;
    pub(super) const WANT: u8 = 10;
    pub(super) const RUNS: u8 = 11;
    pub(super) const DONE: u8 = 12;
    pub(super) const EVIDENCE: u8 = 13;
    pub(super) const FORK: u8 = 14;
    pub(super) const SHUFFLE: u8 = 15;
    pub(super) const SECRETS: u8 = 16;
    pub(super) const ACTS: u8 = 17;
    pub(super) const WANT_ACTS: u8 = 18;
}

impl Frame {
    /// The runs in it, of a push or an answer.
    pub fn runs(&self) -> &[RawRun] {
        match self {
            Self::Push(Push { runs, .. }) | Self::Runs { runs, .. } => runs,
            _ => &[],
        }
    }

    /// The frame as bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.put(&mut out);
        out
    }

    /// Appends the frame as bytes.
    pub fn put(&self, out: &mut Vec<u8>) {
        match self {
            Self::Hello(hello) => {
                out.push(kind::HELLO);
                out.extend_from_slice(&hello.author.0);
                put_number(out, hello.wall_ms);
            }
            Self::Known { next } => {
                out.push(kind::KNOWN);
                put_number(out, *next);
            }
            Self::Push(push) => {
                out.push(kind::PUSH);
                put_number(out, push.push);
                out.extend_from_slice(&[push.part, push.hops]);
                put_runs(out, &push.runs);
            }
            Self::Ack { pushes } => {
                out.push(kind::ACK);
                put_number(out, pushes.len() as u64);
                for (push, new) in pushes {
                    put_number(out, *push);
                    out.push(u8::from(*new));
                }
            }
            Self::Pull => out.push(kind::PULL),
            Self::Have { heads } => put_seqs(out, kind::HAVE, heads),
            Self::Status { digest, answer } => {
                out.extend_from_slice(&[kind::STATUS, u8::from(*answer)]);
                out.extend_from_slice(digest);
            }
            Self::Ranges(ranges) => {
                out.push(kind::RANGES);
                out.extend_from_slice(&ranges.salt.to_be_bytes());
                put_branch(out, ranges.branch);
                ranges.prints.iter().for_each(|print| out.extend_from_slice(&print.to_be_bytes()));
            }
            Self::Heads(heads) => put_heads(out, heads),
            Self::Want(want) => put_want(out, want),
            Self::Runs { want, runs } => {
                out.push(kind::RUNS);
                put_number(out, *want);
                put_runs(out, runs);
            }
            Self::Done { want } => {
                out.push(kind::DONE);
                put_number(out, *want);
            }
            Self::Evidence { run } => {
                out.push(kind::EVIDENCE);
                out.extend_from_slice(run.wire());
            }
            Self::Fork { proof } => {
                out.push(kind::FORK);
                out.extend_from_slice(proof);
            }
            Self::Shuffle { peers, answer } => put_shuffle(out, peers, *answer),
            Self::Secrets { secrets } => put_secrets(out, secrets),
            Self::Acts { heads } => put_seqs(out, kind::ACTS, heads),
            Self::WantActs { want, from } => {
                put_seqs(out, kind::WANT_ACTS, from);
                put_number(out, *want);
            }
        }
    }

    /// Reads one frame that takes up all of `bytes`.
    ///
    /// # Errors
    /// [`Reject::Malformed`] when the bytes are not of the form, [`Reject::Limit`] past a bound.
    pub fn decode(bytes: Bytes) -> Result<Self, Reject> {
        if bytes.len() > FRAME_BYTES {
            return Err(Reject::Limit("frame"));
        }
        let mut reader = Reader::new(bytes);
        let frame = Self::read(&mut reader)?;
        reader.end("frame")?;
        Ok(frame)
    }

    fn read(reader: &mut Reader) -> Result<Self, Reject> {
        Ok(match reader.byte("frame kind")? {
            kind::HELLO => {
                Self::Hello(Hello { author: AuthorId(reader.array("author")?), wall_ms: reader.number("clock")? })
            }
            kind::KNOWN => Self::Known { next: read_seq(reader)? },
            kind::PUSH => Self::Push(Push {
                push: reader.number("push")?,
                part: reader.byte("part")?,
                hops: reader.byte("hops")?,
                runs: read_runs(reader)?,
            }),
            kind::ACK => Self::Ack {
                pushes: read_list(reader, RECEIPTS, |reader| Ok((reader.number("push")?, reader.flag()?)))?,
            },
            kind::PULL => Self::Pull,
            kind::HAVE => Self::Have { heads: read_seqs(reader)? },
            kind::STATUS => Self::Status { answer: reader.flag()?, digest: reader.array("digest")? },
            kind::RANGES => Self::Ranges(read_ranges(reader)?),
            kind::HEADS => Self::Heads(Heads {
                all: reader.flag()?,
                branch: read_branch(reader)?,
                heads: read_list(reader, HEADS, read_brief)?,
            }),
            kind::WANT => Self::Want(Want {
                want: reader.number("want")?,
                newest: reader.count(u32::MAX as usize, "newest")? as u32,
                ranges: read_list(reader, RANGES, read_range)?,
            }),
            kind::RUNS => Self::Runs { want: reader.number("want")?, runs: read_runs(reader)? },
            kind::DONE => Self::Done { want: reader.number("want")? },
            kind::EVIDENCE => Self::Evidence { run: RawRun::parse(reader.slice(reader.left(), "run")?)? },
            kind::FORK => Self::Fork { proof: reader.slice(reader.left(), "fork")? },
            kind::SHUFFLE => Self::Shuffle {
                answer: reader.flag()?,
                peers: read_list(reader, SHUFFLE_PEERS, |reader| {
                    let peer = PeerId(reader.array("peer")?);
                    Ok(Contact { peer, address: reader.bytes(ADDRESS_BYTES, "address")? })
                })?,
            },
            kind::SECRETS => Self::Secrets {
                secrets: read_list(reader, SECRETS_FRAME, |reader| Ok(Secret::new(reader.array("secret")?)))?,
            },
            kind::ACTS => Self::Acts { heads: read_seqs(reader)? },
            kind::WANT_ACTS => Self::WantActs { from: read_seqs(reader)?, want: reader.number("want")? },
            _ => return Err(Reject::Malformed("frame kind")),
        })
    }
}

fn put_seqs(out: &mut Vec<u8>, kind: u8, seqs: &[(u64, Seq)]) {
    out.push(kind);
    put_number(out, seqs.len() as u64);
    for (author, seq) in seqs {
        out.extend_from_slice(&author.to_be_bytes());
        put_number(out, *seq);
    }
}

fn put_branch(out: &mut Vec<u8>, branch: Branch) {
    out.push(branch.depth());
    put_number(out, branch.low().reverse_bits());
}

fn put_runs(out: &mut Vec<u8>, runs: &[RawRun]) {
    put_number(out, runs.len() as u64);
    runs.iter().for_each(|run| put_bytes(out, run.wire()));
}

fn put_shuffle(out: &mut Vec<u8>, peers: &[Contact], answer: bool) {
    out.extend_from_slice(&[kind::SHUFFLE, u8::from(answer)]);
    put_number(out, peers.len() as u64);
    for contact in peers {
        out.extend_from_slice(&contact.peer.0);
        put_bytes(out, &contact.address);
    }
}

fn put_secrets(out: &mut Vec<u8>, secrets: &[Secret]) {
    out.push(kind::SECRETS);
    put_number(out, secrets.len() as u64);
    secrets.iter().for_each(|secret| out.extend_from_slice(secret.bytes()));
}

fn put_heads(out: &mut Vec<u8>, heads: &Heads) {
    out.extend_from_slice(&[kind::HEADS, u8::from(heads.all)]);
    put_branch(out, heads.branch);
    put_number(out, heads.heads.len() as u64);
    for brief in &heads.heads {
        out.extend_from_slice(&brief.author.to_be_bytes());
        put_number(out, brief.next);
        out.extend_from_slice(&brief.check.to_be_bytes());
        put_number(out, brief.cut.map_or(0, |cut| cut.saturating_add(1)));
    }
}

fn put_want(out: &mut Vec<u8>, want: &Want) {
    out.push(kind::WANT);
    put_number(out, want.want);
    put_number(out, u64::from(want.newest));
    put_number(out, want.ranges.len() as u64);
    for range in &want.ranges {
        out.extend_from_slice(&range.author.to_be_bytes());
        put_number(out, range.first);
        put_number(out, range.last);
    }
}

/// A seq, or the seq after one: at most [`SEQ_END`], so that sums of a few cannot overflow.
fn read_seq(reader: &mut Reader) -> Result<Seq, Reject> {
    let seq = reader.number("seq")?;
    if seq <= SEQ_END { Ok(seq) } else { Err(Reject::Limit("seq")) }
}

fn read_prefix(reader: &mut Reader) -> Result<u64, Reject> {
    Ok(u64::from_be_bytes(reader.array("author prefix")?))
}

/// A count of at most `limit`, then as many items; the list grows as they come.
fn read_list<T>(
    reader: &mut Reader,
    limit: usize,
    mut read: impl FnMut(&mut Reader) -> Result<T, Reject>,
) -> Result<Vec<T>, Reject> {
    let count = reader.count(limit, "list")?;
    (0..count).map(|_| read(reader)).collect()
}

fn read_seqs(reader: &mut Reader) -> Result<Vec<(u64, Seq)>, Reject> {
    read_list(reader, HEADS, |reader| Ok((read_prefix(reader)?, read_seq(reader)?)))
}

fn read_runs(reader: &mut Reader) -> Result<Vec<RawRun>, Reject> {
    read_list(reader, PUSH_RUNS, |reader| RawRun::parse(reader.bytes(RUN_BYTES, "run")?))
}

fn read_branch(reader: &mut Reader) -> Result<Branch, Reject> {
    let depth = reader.byte("depth")?;
    let low = reader.number("branch")?.reverse_bits();
    Branch::new(depth, low).ok_or(Reject::Malformed("branch"))
}

fn read_ranges(reader: &mut Reader) -> Result<Ranges, Reject> {
    let salt = u32::from_be_bytes(reader.array("salt")?);
    let branch = read_branch(reader)?;
    let mut prints = [0; Branch::FANOUT];
    for print in &mut prints {
        *print = u32::from_be_bytes(reader.array("fingerprint")?);
    }
    Ok(Ranges { salt, branch, prints })
}

fn read_brief(reader: &mut Reader) -> Result<Brief, Reject> {
    Ok(Brief {
        author: read_prefix(reader)?,
        next: read_seq(reader)?,
        check: u32::from_be_bytes(reader.array("check")?),
        cut: read_seq(reader)?.checked_sub(1),
    })
}

fn read_range(reader: &mut Reader) -> Result<Range, Reject> {
    let range = Range { author: read_prefix(reader)?, first: read_seq(reader)?, last: read_seq(reader)? };
    if range.first > range.last { Err(Reject::Malformed("range")) } else { Ok(range) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::testing::Writer;

    fn one_of_each() -> Vec<Frame> {
        let mut writer = Writer::new(1);
        let runs = vec![writer.write(1, "a"), writer.write(3, "b")];
        let brief = Brief { author: 7, next: 3, check: 9, cut: Some(2) };
        let deep = Branch::new(2, 0b101_011 << 58).unwrap();
        vec![
            Frame::Hello(Hello { author: writer.id(), wall_ms: 1 << 40 }),
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
            Frame::Evidence { run: runs[0].clone() },
            Frame::Fork { proof: Bytes::from_static(b"proof") },
            Frame::Shuffle {
                peers: vec![Contact { peer: PeerId([3; 32]), address: Bytes::from_static(b"here") }],
                answer: true,
            },
            Frame::Secrets { secrets: vec![Secret::new([4; 32]), Secret::new([5; 32])] },
            Frame::Acts { heads: vec![(1, 2), (u64::MAX, 9)] },
            Frame::WantActs { want: 4, from: vec![(1, 2)] },
        ]
    }

    #[test]
    fn every_frame_comes_back_and_is_refused_when_cut_short_or_prolonged() {
        for frame in one_of_each() {
            let bytes = frame.encode();
            assert_eq!(Frame::decode(bytes.clone().into()).as_ref(), Ok(&frame));
            if !matches!(frame, Frame::Fork { .. }) {
                for end in 0..bytes.len() {
                    assert!(Frame::decode(bytes[..end].to_vec().into()).is_err(), "{frame:?} cut at {end}");
                }
                let longer = [&bytes[..], &[0]].concat();
                assert!(Frame::decode(longer.into()).is_err(), "{frame:?} prolonged");
            }
        }
    }

    #[test]
    fn a_status_is_small() {
        assert!(Frame::Status { digest: [7; 16], answer: false }.encode().len() <= 18);
    }

    #[test]
    fn hostile_counts_are_refused_before_anything_is_made() {
        let greets_or_forks = |kind: &u8| [1, 14].contains(kind);
        for kind in (1..=18u8).filter(|kind| !greets_or_forks(kind)) {
            for value in [u64::MAX, u64::MAX - 1, 1 << 32, 1 << 63] {
                let mut bytes = vec![kind];
                (0..4).for_each(|_| put_number(&mut bytes, value));
                assert!(Frame::decode(bytes.into()).is_err(), "kind {kind}, value {value}");
            }
        }
        assert_eq!(Frame::decode(vec![0; FRAME_BYTES + 1].into()), Err(Reject::Limit("frame")));
    }

    proptest! {
        #[test]
        fn any_bytes_are_refused_or_come_back_the_same(
            which in 0..18usize,
            flips in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..4),
        ) {
            let mut bytes = one_of_each()[which].encode();
            for (at, value) in flips {
                let at = at.index(bytes.len());
                bytes[at] = value;
            }
            if let Ok(frame) = Frame::decode(bytes.clone().into()) {
                prop_assert_eq!(frame.encode(), bytes);
            }
        }
    }
}
