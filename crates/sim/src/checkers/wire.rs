//! Whatever a peer says, its receiver can read, and reads the same.

use bytes::Bytes;
use rumormill_proto::message::Message;

use super::{Checker, Fact, Verdict};

/// Reads every message back.
pub(super) struct Wire;

impl Checker for Wire {
    fn property(&self) -> &'static str {
        "what is said can be read"
    }

    fn see(&mut self, fact: &Fact<'_>) -> Verdict {
        let Fact::Sent { peer, message, wire, .. } = fact else {
            return Ok(());
        };
        match Message::decode(Bytes::copy_from_slice(wire)) {
            Ok(read) if read == **message => Ok(()),
            Ok(read) => Err(format!("peer {peer} says {message:?}, which is read as {read:?}")),
            Err(reject) => Err(format!("peer {peer} says {message:?}, which is refused: {reject}")),
        }
    }
}
