//! The properties that hold in every world, one a file. A checker sees every [`Fact`] as it happens and what
//! [`Remains`] of all honest peers when all is quiet; the first sentence it returns ends the story.

mod blame;
mod bounded;
mod cause_first;
mod durable_first;
mod nothing_lost;
mod one_log;
mod same_timeline;
mod seen_told;
mod shown_once;
mod wire;

use crate::fact::{Fact, Remains};

/// What a checker says: nothing, or one sentence about what is wrong.
pub type Verdict = Result<(), String>;

/// One property.
pub trait Checker: Send {
    /// The property in a few words.
    fn property(&self) -> &'static str;

    /// Sees one fact.
    ///
    /// # Errors
    /// A sentence that says how the fact breaks the property.
    fn see(&mut self, fact: &Fact<'_>) -> Verdict {
        let _ = fact;
        Ok(())
    }

    /// Sees what remains at the end, of all honest peers that run.
    ///
    /// # Errors
    /// A sentence that says how it breaks the property.
    fn end(&mut self, remains: &[Remains]) -> Verdict {
        let _ = remains;
        Ok(())
    }
}

/// The one for bounds, which are made narrower by so much: to see that it finds what passes them.
pub fn bounded(share: usize) -> Box<dyn Checker> {
    Box::new(bounded::Bounded { share: share.max(1) })
}

/// All of them.
pub fn all() -> Vec<Box<dyn Checker>> {
    vec![
        Box::new(blame::Blame::default()),
        bounded(1),
        Box::new(cause_first::CauseFirst::default()),
        Box::new(durable_first::DurableFirst::default()),
        Box::new(nothing_lost::NothingLost::default()),
        Box::new(one_log::OneLog::default()),
        Box::new(same_timeline::SameTimeline),
        Box::new(seen_told::SeenTold::default()),
        Box::new(shown_once::ShownOnce::default()),
        Box::new(wire::Wire),
    ]
}
