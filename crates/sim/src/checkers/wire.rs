//! A receiver can decode every frame that a peer sends, and decodes it to the same.

use bytes::Bytes;
use rumormill_proto::frame::Frame;

use super::{Checker, Fact, Verdict};

/// Decodes every frame.
pub(super) struct Wire;

impl Checker for Wire {
    fn property(&self) -> &'static str {
        "sent frames are readable"
    }

    fn see(&mut self, fact: &Fact<'_>) -> Verdict {
        let Fact::Sent { peer, frame, wire, .. } = fact else {
            return Ok(());
        };
        match Frame::decode(Bytes::copy_from_slice(wire)) {
            Ok(read) if read == **frame => Ok(()),
            Ok(read) => Err(format!("peer {peer} says {frame:?}, which is read as {read:?}")),
            Err(reject) => Err(format!("peer {peer} says {frame:?}, which is refused: {reject}")),
        }
    }
}
