//! Delegation by id prefix.

/// Parameters of delegation.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Delegating {}
