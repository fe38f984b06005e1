//! Which authors know how much of one log, as proved by what they wrote.
//!
//! An entry *knows* an entry of the log when it names that or a later one as seen, when it names an entry of another
//! author that knows it, or when its predecessor knows it. Its author had seen it then: an honest node shows no entry
//! before the entries that it names. A lie in `seen` counts for the liar, and for those who name the liar's entry, who
//! waited for the same.
//!
//! Callers look at entries in the order of the timeline. Then nothing is known through an entry that claims to have seen
//! what was said after it.

use std::collections::BTreeMap;

use crate::{
    ids::{AuthorId, Seq},
    limits::KNOWS_STEPS,
};

/// An entry that knows more of the log than those before it in its own log.
#[derive(Clone, Copy, Debug)]
struct Step {
    at: Seq,
    knows: Seq,
}

/// How much of one author's log each of the others knows.
#[derive(Clone, Debug)]
pub struct Knows {
    log: AuthorId,
    /// Of each author the last [`KNOWS_STEPS`] steps; both seqs increase.
    steps: BTreeMap<AuthorId, Vec<Step>>,
}

impl Knows {
    /// Nobody knows anything of the log of `author` yet.
    pub fn new(author: AuthorId) -> Self {
        Self { log: author, steps: BTreeMap::new() }
    }

    /// Whose log it is about.
    pub fn log(&self) -> AuthorId {
        self.log
    }

    /// Looks at the entry `at` of `author`, which names these as seen. Returns the highest seq of the log that it knows,
    /// unless an entry of its author that was looked at before knows as much. Costs the logarithm of the number of
    /// authors for each name.
    pub fn look(&mut self, (author, at): (AuthorId, Seq), seen: &[(AuthorId, Seq)]) -> Option<Seq> {
        if author == self.log {
            return None;
        }
        let known = |(named, up_to): &(AuthorId, Seq)| match *named == self.log {
            true => Some(*up_to),
            false => self.steps.get(named).and_then(|steps| step_at(steps, *up_to)).map(|step| step.knows),
        };
        let knows = seen.iter().filter_map(known).max()?;
        let steps = self.steps.entry(author).or_default();
        let before = steps.last().map(|step| step.knows);
        let place = steps.partition_point(|step| step.at < at);
        let is_step = place.checked_sub(1).and_then(|below| steps.get(below)).is_none_or(|step| step.knows < knows);
        if is_step {
            let end = place + steps[place..].partition_point(|step| step.knows <= knows);
            steps.splice(place..end, [Step { at, knows }]);
            if steps.len() > KNOWS_STEPS {
                steps.remove(0);
            }
        }
        before.is_none_or(|before| before < knows).then_some(knows)
    }

    /// Forgets what an author's entries know: its log has left the room.
    pub fn forget(&mut self, author: &AuthorId) {
        self.steps.remove(author);
    }

    /// Whether an entry of `author` knows the entry of the log at `seq`.
    pub fn has(&self, author: &AuthorId, seq: Seq) -> bool {
        self.steps.get(author).and_then(|steps| steps.last()).is_some_and(|step| step.knows >= seq)
    }

    /// Authors of whom an entry knows the entry of the log at `seq`; ascending.
    pub fn holders(&self, seq: Seq) -> Vec<AuthorId> {
        self.steps.keys().filter(|author| self.has(author, seq)).copied().collect()
    }
}

/// The last step at `seq` or below.
fn step_at(steps: &[Step], seq: Seq) -> Option<&Step> {
    steps.partition_point(|step| step.at <= seq).checked_sub(1).and_then(|last| steps.get(last))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANN: AuthorId = AuthorId([1; 32]);
    const BOB: AuthorId = AuthorId([2; 32]);
    const CARL: AuthorId = AuthorId([3; 32]);
    const DORA: AuthorId = AuthorId([4; 32]);

    #[test]
    fn what_one_entry_names_those_know_who_name_that_one() {
        let mut knows = Knows::new(ANN);
        assert_eq!(knows.look((BOB, 3), &[(ANN, 7)]), Some(7));
        assert_eq!(knows.look((CARL, 0), &[(BOB, 2)]), None, "an entry of Bob's that had not seen it");
        assert_eq!(knows.look((CARL, 1), &[(BOB, 3)]), Some(7));
        assert_eq!(knows.look((CARL, 2), &[(BOB, 9), (ANN, 6)]), None, "no news");
        assert_eq!(knows.look((DORA, 5), &[(CARL, 2)]), Some(7));
        assert_eq!(knows.look((ANN, 8), &[(DORA, 5)]), None, "it is her own");
        assert_eq!(knows.holders(7), [BOB, CARL, DORA]);
        assert_eq!(knows.holders(8), []);
        assert!(knows.has(&BOB, 7) && !knows.has(&BOB, 8) && !knows.has(&ANN, 0));
    }

    #[test]
    fn an_entry_knows_what_those_of_its_log_below_it_know() {
        let mut knows = Knows::new(ANN);
        knows.look((BOB, 1), &[(ANN, 4)]);
        knows.look((BOB, 8), &[(ANN, 9)]);
        assert_eq!(knows.look((CARL, 0), &[(BOB, 7)]), Some(4));
        assert_eq!(knows.look((DORA, 0), &[(BOB, 8)]), Some(9));
        // What is fetched later stands lower in its log.
        assert_eq!(knows.look((BOB, 5), &[(ANN, 6)]), None);
        assert_eq!(knows.look((CARL, 1), &[(BOB, 7)]), Some(6));
        assert_eq!(knows.look((BOB, 3), &[(ANN, 6)]), None);
        assert_eq!(knows.look((CARL, 2), &[(BOB, 4)]), None);
        assert_eq!(knows.steps[&BOB].iter().map(|step| step.at).collect::<Vec<_>>(), [1, 3, 8]);
    }

    #[test]
    fn the_last_steps_are_remembered() {
        let mut knows = Knows::new(ANN);
        let last = 3 * KNOWS_STEPS as Seq;
        (0..=last).for_each(|seq| _ = knows.look((BOB, seq), &[(ANN, seq)]));
        assert_eq!(knows.steps[&BOB].len(), KNOWS_STEPS);
        assert_eq!(knows.look((CARL, 0), &[(BOB, 0)]), None, "long ago");
        assert_eq!(knows.look((CARL, 1), &[(BOB, last - 1)]), Some(last - 1));
        assert!(knows.has(&BOB, last));
        knows.forget(&BOB);
        assert!(!knows.has(&BOB, 0));
        assert_eq!(knows.holders(0), [CARL]);
    }
}
