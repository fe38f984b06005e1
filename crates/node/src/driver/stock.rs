//! How much the rooms take that we keep: looked at with the bounds of rooms, and told to those whom we serve.

use rumormill_proto::{
    ids::{PeerId, RoomId},
    time::Now,
};

use super::Driver;
use crate::{connection::LinkId, envelope::Control, links::Inputs, stock::Stock};

impl Driver {
    /// Looks how much the rooms take that we keep.
    pub(super) fn restock_all(&mut self) {
        let kept: Vec<RoomId> = self.seats.iter().filter(|(_, seat)| seat.keeps()).map(|(room, _)| *room).collect();
        kept.iter().for_each(|room| self.restock(room));
    }

    /// The files of a room that we keep have changed.
    pub(super) fn restocked(&mut self, room: &RoomId) -> Inputs {
        self.restock(room);
        Inputs::new()
    }

    /// Looks how much a room takes that we keep, and tells those whom we serve when that has changed.
    fn restock(&mut self, room: &RoomId) {
        let Some(seat) = self.seats.get(room).filter(|seat| seat.keeps()) else { return };
        let filled = match self.read.filled(room) {
            Ok(filled) => filled,
            Err(why) => {
                tracing::warn!(room = %room.short(), %why, "cannot read how much a room takes that is kept here");
                return;
            }
        };
        let stock = Stock::of(filled, seat.setup.retention, self.tools.shelf.stored(room));
        if seat.restock(stock) {
            self.tell_stock(room, &self.let_in(room));
        }
    }

    /// Tells these peers how much we store of a room, if we keep it.
    pub(super) fn tell_stock(&self, room: &RoomId, to: &[PeerId]) {
        let stock = self.seats.get(room).and_then(|seat| seat.board.posted().stock);
        if let Some(stock) = stock {
            self.links.tell(room, to, |channel| Control::Stock { channel, stock });
        }
    }

    /// Takes what a peer says about its own stock.
    pub(super) fn stocked(&mut self, link: LinkId, (channel, stock): (u32, Stock), now: Now) -> Inputs {
        match self.links.room(link, channel) {
            Ok(found) => {
                if let Some((room, peer)) = found
                    && let Some(seat) = self.seats.get_mut(&room)
                {
                    seat.stocked(peer, stock);
                }
                Inputs::new()
            }
            Err(reject) => self.fault(link, reject, now),
        }
    }
}
