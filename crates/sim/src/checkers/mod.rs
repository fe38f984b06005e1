//! The properties that hold in every world, one a file. A checker sees every [`Fact`] as it happens, and the
//! [`Remains`] of all honest peers when all is quiet. The first sentence that a checker returns ends the story.

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

/// The verdict of a checker: success, or one sentence about the fault.
pub type Verdict = Result<(), String>;

/// A checker of one property.
pub trait Checker: Send {
    /// The property, briefly.
    fn property(&self) -> &'static str;

    /// Checks one fact.
    ///
    /// # Errors
    /// A sentence that says how the fact violates the property.
    fn see(&mut self, fact: &Fact<'_>) -> Verdict {
        let _ = fact;
        Ok(())
    }

    /// Checks the final state of all running honest peers.
    ///
    /// # Errors
    /// A sentence that says how the state violates the property.
    fn end(&mut self, remains: &[Remains]) -> Verdict {
        let _ = remains;
        Ok(())
    }
}

/// The checker of bounds, with every bound divided by `share`, to test that it detects excess.
pub fn bounded(share: usize) -> Box<dyn Checker> {
    Box::new(bounded::Bounded { share: share.max(1) })
}

/// All checkers.
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
