//! How much keepers store of a room: what others say, and what we store as a keeper.

use rumormill_proto::ids::PeerId;

use super::Seat;
use crate::stock::Stock;

impl Seat {
    /// Notes what a linked peer says about its own stock. It counts once the room knows it for a keeper.
    pub(crate) fn stocked(&mut self, peer: PeerId, stock: Stock) {
        self.stocks.insert(peer, stock);
        self.changed = true;
    }

    /// Posts how much we store as a keeper; returns whether that has changed.
    pub(crate) fn restock(&self, stock: Stock) -> bool {
        let before = self.board.posted().stock.replace(stock);
        let room = self.setup.id.short();
        let was_full = before.is_some_and(|before| before.is_full());
        if stock.messages_are_full() && !before.is_some_and(|before| before.messages_are_full()) {
            let (bytes, limit) = (stock.message_bytes, stock.message_limit);
            tracing::warn!(%room, bytes, limit, "messages reach what this keeper may store of a room; the oldest go");
        }
        if stock.files_are_full() && !before.is_some_and(|before| before.files_are_full()) {
            let (bytes, limit, left_out) = (stock.file_bytes, stock.file_limit, stock.files_left_out);
            tracing::warn!(%room, bytes, limit, left_out, "files exceed what this keeper may store of a room");
        }
        if was_full && !stock.is_full() {
            tracing::info!(%room, "this keeper stores all that comes to a room again");
        }
        before != Some(stock)
    }
}
