//! Rumors: new entries that are still being pushed.
pub mod delegating;
pub mod mongering;

/// How rumors spread.
#[derive(Clone, Debug, PartialEq)]
pub enum Policy {
    /// As in Demers et al. 1987.
    Mongering(mongering::Mongering),
    /// Each push hands over a part of the id space.
    Delegating(delegating::Delegating),
}
