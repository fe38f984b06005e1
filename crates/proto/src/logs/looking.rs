//! What the store is asked for because the fold let go of it, see [`crate::governance`].
//!
//! Invariant: one question is out at a time, and its answer says nothing about a log that was shortened meanwhile. As long as it
//! is out, and once before the next one, how far each log reaches stays as it was. So nothing is shown, or taken back, only
//! because an entry is not known yet, and nobody who makes ever new questions holds up the room.

use std::collections::BTreeSet;

use super::Logs;
use crate::{
    governance::Signed,
    ids::{AuthorId, Seq},
    input::Look,
    limits::LOOKS,
};

/// The question that is out.
#[derive(Debug, Default)]
pub(super) struct Looking {
    /// The logs that it is about, those apart that were shortened since.
    out: Option<BTreeSet<AuthorId>>,
    /// Whether an answer has come since how far each log reaches was looked at.
    answered: bool,
}

impl Looking {
    /// A log was shortened: the store may hold other entries of it when it answers.
    pub(super) fn forget(&mut self, author: &AuthorId) {
        self.out.as_mut().into_iter().for_each(|out| _ = out.remove(author));
    }
}

impl Logs {
    /// Whether how far each log reaches can be told: nothing is asked, or an answer has just come.
    pub(crate) fn may_govern(&mut self) -> bool {
        let Some(closed) = self.closed.as_deref_mut() else { return true };
        let answered = std::mem::take(&mut closed.looking.answered);
        closed.looking.out.is_none() && (answered || self.wanted_looks().is_empty())
    }

    fn wanted_looks(&self) -> Vec<Look> {
        let Some(closed) = self.closed.as_deref() else { return Vec::new() };
        let branches = closed.branches.looks.values().copied();
        branches.chain(closed.governance.looks()).take(LOOKS).collect()
    }

    /// What the store is to be asked now; nothing as long as a question is out.
    pub(crate) fn looks(&mut self) -> Vec<Look> {
        if self.closed.as_deref().is_none_or(|closed| closed.looking.out.is_some()) {
            return Vec::new();
        }
        let looks = self.wanted_looks();
        if let Some(closed) = self.closed.as_deref_mut().filter(|_| !looks.is_empty()) {
            closed.looking.out = Some(looks.iter().map(|look| look.author).collect());
        }
        looks
    }

    /// Takes the answer of the store.
    pub(crate) fn looked(&mut self, answer: Vec<(Look, Vec<Signed>)>) {
        let Some(closed) = self.closed.as_deref_mut() else { return };
        let Some(out) = closed.looking.out.take() else { return };
        closed.looking.answered = true;
        let mut authors = BTreeSet::new();
        for (look, found) in answer.into_iter().filter(|(look, _)| out.contains(&look.author)) {
            closed.governance.looked(&look, found);
            authors.insert(look.author);
        }
        closed.fold();
        for author in authors {
            self.look_at_branches(author);
            self.closed.as_deref_mut().into_iter().for_each(|closed| _ = closed.branches.looks.remove(&author));
        }
        self.closed.as_deref_mut().into_iter().for_each(|closed| closed.governance.let_go());
    }

    /// Whether an entry is held of which the store has to tell the id before an act can name it. Then it is asked.
    pub(crate) fn lacks_id(&mut self, author: AuthorId, seq: Seq) -> bool {
        let Some(closed) = self.closed.as_deref_mut() else { return false };
        let lacks = closed.governance.lacks(&author, seq);
        if lacks {
            closed.governance.mark(author, seq);
        }
        lacks
    }
}
