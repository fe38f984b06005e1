//! An engine never exceeds its bounds, holds each log in few pieces, and has few outputs in a turn.

use rumormill_proto::{engine::Size, limits::SPANS};

use super::{Checker, Fact, Verdict};

/// Most outputs of one turn in the small rooms of stories: a round with each of a dozen peers and everything they sent
/// at once, with space to spare. Unbounded growth soon exceeds it.
const OUTPUTS: usize = 20_000;

/// Checks against a fraction of the bounds: one in `share`.
pub(super) struct Bounded {
    pub(super) share: usize,
}

impl Checker for Bounded {
    fn property(&self) -> &'static str {
        "everything is bounded"
    }

    fn see(&mut self, fact: &Fact<'_>) -> Verdict {
        let Fact::Turn { peer, outputs, frontier, sizes } = fact else {
            return Ok(());
        };
        if *outputs > OUTPUTS {
            return Err(format!("peer {peer} put out {outputs} things in one turn"));
        }
        if let Some(Size { what, count, bound }) = sizes.iter().find(|size| size.count > size.bound / self.share) {
            return Err(format!("peer {peer} holds {count} {what}, the bound is {bound} / {}", self.share));
        }
        match frontier.logs().find(|(_, log)| log.spans().len() > SPANS) {
            Some((author, log)) => {
                Err(format!("peer {peer} holds {author:?}'s log in {} pieces, the bound is {SPANS}", log.spans().len()))
            }
            None => Ok(()),
        }
    }
}
