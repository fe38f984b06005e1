//! C7, L1, L5: proofs of ever lower forks of one log, at the largest size, and forks of many logs.

use bytes::Bytes;
use rumormill_proto::{
    admit::{Admission, Author},
    entry::{Body, Kind, RawEntry},
    fork::Proof,
    frame::Frame,
    ids::{AuthorId, EntryId, Seq},
    limits::{BLOCK, HEADERS_BYTES, SEEN_PAIRS},
    time::Time,
};

use crate::{
    Attack, Bound, Form, Outcome,
    engines::{Engines, ROOM},
};

/// The row of this attack.
pub(super) const ATTACK: Attack = Attack {
    threat: "C7, L1, L5",
    name: "undercut",
    says: "a member proves ever lower forks of its log, each as large as possible; all peers end with the lowest, and \
        few proofs are sent",
    defences: &["proofs"],
    run,
};

/// The `seen` of a proof's entries: as much as allowed, never the same author twice.
fn seen(seq: Seq) -> Vec<(AuthorId, Seq)> {
    let named = |at: usize| {
        let mut id = [0xee; 32];
        id[..8].copy_from_slice(&seq.to_be_bytes());
        id[8] = at as u8;
        (AuthorId(id), 1 << 40)
    };
    (0..SEEN_PAIRS).map(named).collect()
}

/// Proves that the log of the author with this secret is forked at the first seq of a block.
fn prove(secret: &[u8; 32], at: Seq, large: usize) -> Proof {
    let branch = |words: &'static [u8]| {
        let entry = |seq: Seq| RawEntry {
            time: Time::from_ms(seq),
            seen: seen(seq),
            kind: Kind::TEXT,
            body: Body::Here(Bytes::from_static(words)),
        };
        let entries = (at..at + large as u64).map(entry).collect();
        Author::from_secret(secret).sign(&ROOM, at, EntryId([7; 32]), entries).unwrap()
    };
    Proof::new(&mut Admission::new(ROOM), &branch(b"here"), &branch(b"there")).unwrap()
}

fn run(form: Form) -> Outcome {
    let mut stage = Engines::mesh(1, 6);
    let (liar, listener) = (stage.hostile(1), stage.hostile(2));
    stage.link(liar, stage.honest[0].peer);
    (0..6).for_each(|at| stage.link(listener, stage.honest[at].peer));
    stage.run_ms(1_000);
    stage.heard(listener);

    let proofs = form.pick(24, 600);
    let mut largest = 0;
    for number in (1..=proofs).rev() {
        let proof = prove(&[9; 32], number * BLOCK + 1, BLOCK as usize);
        largest = proof.wire().len().max(largest);
        stage.says(liar, 0, Frame::Fork { proof: proof.wire().clone() });
        stage.run_ms(10);
    }
    let is_fork = |frame: &Frame| matches!(frame, Frame::Fork { .. });
    let told = stage.heard(listener).iter().filter(|(_, frame)| is_fork(frame)).count() as u64;
    stage.run_ms(45_000);
    let digests = stage.digests();

    let logs = form.pick(16, 5_000u64);
    for number in 0..logs {
        let secret = *blake3::hash(&number.to_le_bytes()).as_bytes();
        stage.says(liar, 0, Frame::Fork { proof: prove(&secret, 1, 1).wire().clone() });
    }
    stage.run_ms(60_000);
    stage.says(liar, 0, Frame::Fork { proof: prove(&[9; 32], BLOCK, 1).wire().clone() });
    stage.run_ms(45_000);

    let mut outcome = Outcome::default();
    outcome.count("bytes of a proof, at least", largest as u64, Bound::AtLeast(HEADERS_BYTES as u64));
    // Six peers send it to a seventh, each at once and then after doubling pauses; and in rounds.
    outcome.count("proofs of one log sent to a bystander by six peers", told, Bound::AtMost(6 * 6));
    outcome.count("digests three rounds later", digests, Bound::Is(1));
    outcome.count("digests when all is sent", stage.digests(), Bound::Is(1));
    let cuts = stage
        .honest
        .iter()
        .map(|honest| honest.engine.frontier().logs().filter(|(_, log)| log.cut().is_some()).count());
    outcome.count("logs that all peers cut", cuts.min().unwrap_or(0) as u64, Bound::Is(logs + 1));
    outcome.count("things past their bounds", (0..6).map(|at| stage.excess(at)).max().unwrap_or(0), Bound::Is(0));
    outcome
}
