//! Peers that lie about forks: one proves ever lower forks of its own log, the other sends evidence that proves
//! nothing.

use bytes::Bytes;
use rumormill_proto::{
    admit::{Admission, Author},
    entry::{Body, Kind, RawEntry},
    fork::Proof,
    frame::Frame,
    ids::{EntryId, Seq},
    run::{RawRun, block_end},
    time::Time,
};
use rumormill_store::Store as _;

use crate::{queue::Index, world::World};

/// Seq of the first fork. Each next one is lower by one, every few milliseconds.
const HIGHEST: Seq = 5_000;

/// Pieces of evidence with every frame.
const ACCUSATIONS: usize = 16;

impl World {
    /// Adds to a peer's frame the proof of a fork in its log, lower than all its earlier ones.
    pub(crate) fn undercut(&self, from: Index, frame: Frame) -> Vec<Frame> {
        let author = Author::from_secret(&self.peers[from as usize].home.author_secret);
        let at = HIGHEST.saturating_sub(self.now_ms() / 4).max(1);
        let branch = |words: &'static str| -> Option<RawRun> {
            let header = |seq: Seq| RawEntry {
                time: Time::from_ms(seq),
                seen: Vec::new(),
                kind: Kind::TEXT,
                body: Body::Here(Bytes::from_static(words.as_bytes())),
            };
            author.sign(&self.room, at, EntryId([7; 32]), (at..=block_end(at)).map(header).collect()).ok()
        };
        let runs = branch("here").zip(branch("there"));
        let proof = runs.and_then(|(here, there)| Proof::new(&mut Admission::new(self.room), &here, &there).ok());
        let fork = proof.map(|proof| Frame::Fork { proof: proof.wire().clone() });
        [frame].into_iter().chain(fork).collect()
    }

    /// Adds to a peer's frame much of what everybody holds, as if it contradicted something.
    pub(crate) fn accuse(&mut self, from: Index, frame: Frame) -> Vec<Frame> {
        let mut said = vec![frame];
        let Ok(mut read) = self.peers[from as usize].home.store.reader() else { return said };
        let Ok(kept) = read.kept(&self.room) else { return said };
        for _ in 0..ACCUSATIONS {
            let Some(seqs) = self.random.pick(&kept).map(|kept| (kept.author, kept.log.next())) else { break };
            let seq = self.random.below(seqs.1.max(1));
            if let Ok(Some(run)) = read.recall(&self.room, &seqs.0, seq) {
                said.push(Frame::Evidence { run });
            }
        }
        said
    }
}
