//! Reports of messages: they go to the programs of those who govern the room and are linked, and to nobody else.

use rumormill_proto::{
    content::Target,
    ids::{PeerId, RoomId},
    time::Now,
};

use super::Driver;
use crate::{connection::LinkId, envelope::Control, links::Inputs};

impl Driver {
    /// Sends a report to every linked governor of a room; returns to how many.
    pub(super) fn report(&mut self, room: &RoomId, of: Target, words: &[u8]) -> usize {
        let to: Vec<PeerId> = self.seats.get(room).map(|seat| seat.governors_linked()).unwrap_or_default();
        self.links.tell(room, &to, |channel| Control::Report { channel, of, words: words.to_vec().into() })
    }

    /// Takes a report of a linked peer.
    pub(super) fn reported(&mut self, link: LinkId, channel: u32, (of, words): (Target, &[u8]), now: Now) -> Inputs {
        match self.links.room(link, channel) {
            Ok(Some((room, peer))) => {
                self.seats.get_mut(&room).into_iter().for_each(|seat| seat.reported(&peer, of, words, now));
                Inputs::new()
            }
            Ok(None) => Inputs::new(),
            Err(reject) => self.fault(link, reject, now),
        }
    }
}
