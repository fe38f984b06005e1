//! What both ends of one connection proved in closed rooms.

use std::collections::BTreeMap;

use rumormill_proto::ids::{AuthorId, RoomId};

use crate::{
    limits::INTRODUCTIONS,
    proof::{Proof, ProofKey},
};

/// What both ends proved, by room.
#[derive(Default)]
pub(crate) struct Proved(BTreeMap<RoomId, Ends>);

#[derive(Default)]
struct Ends {
    /// The last good proof of the other side, and the key that opened it.
    theirs: Option<(Proof, ProofKey)>,
    /// How many proofs the other side sent.
    count: usize,
    /// Who writes here, as the other side was told, and under which key.
    ours: Option<(AuthorId, ProofKey)>,
}

impl Proved {
    /// Whether one more proof of the other side is looked at.
    pub(crate) fn may_come(&mut self, room: RoomId) -> bool {
        let ends = self.0.entry(room).or_default();
        ends.count += 1;
        ends.count <= INTRODUCTIONS
    }

    pub(crate) fn take(&mut self, room: RoomId, proof: Proof, key: ProofKey) {
        self.0.entry(room).or_default().theirs = Some((proof, key));
    }

    pub(crate) fn theirs(&self, room: &RoomId) -> Option<&(Proof, ProofKey)> {
        self.0.get(room)?.theirs.as_ref()
    }

    /// The other side has still to be told who writes here, if it has proved nothing so far.
    pub(crate) fn tell_anew(&mut self, room: &RoomId) {
        if let Some(ends) = self.0.get_mut(room).filter(|ends| ends.theirs.is_none()) {
            ends.ours = None;
        }
    }

    /// Whether the other side has still to be told who writes here, under this key. From now on it was.
    pub(crate) fn tells(&mut self, room: RoomId, author: AuthorId, key: ProofKey) -> bool {
        self.0.entry(room).or_default().ours.replace((author, key)) != Some((author, key))
    }
}
