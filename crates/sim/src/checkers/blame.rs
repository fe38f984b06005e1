//! No peer bars an honest peer for what it sent.

use std::collections::BTreeSet;

use super::{Checker, Fact, Verdict};

/// Tracks the deliberate liars.
#[derive(Default)]
pub(super) struct Blame {
    turned: BTreeSet<usize>,
}

impl Checker for Blame {
    fn property(&self) -> &'static str {
        "no honest peer is barred"
    }

    fn see(&mut self, fact: &Fact<'_>) -> Verdict {
        match fact {
            Fact::Turned { peer } => {
                self.turned.insert(*peer);
                Ok(())
            }
            Fact::Barred { peer, other, reject } if !self.turned.contains(other) => {
                Err(format!("peer {peer} barred peer {other}, which is honest: {reject}"))
            }
            _ => Ok(()),
        }
    }
}
