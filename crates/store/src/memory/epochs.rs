//! Secrets of epochs, and bodies that are opened with them.

use std::borrow::Cow;

use rumormill_proto::{
    content::vouched_for,
    entry::RawEntry,
    epochs::{Ring, Secret},
    ids::{AuthorId, RoomId, Seq},
};

use super::Shelf;
use crate::{
    note::{epoch_of, is_message, view_as},
    row::Row,
};

/// An entry as it is read: with its body opened where that can be done.
pub(super) fn view<'r>(ring: &Ring, author: AuthorId, row: &'r Row) -> Cow<'r, RawEntry> {
    view_as(ring.open((&author, row.seq), row.raw.kind, &row.raw.body), &row.raw)
}

impl Shelf {
    /// An entry as it is read.
    pub(super) fn opened<'e>(&self, author: &AuthorId, seq: Seq, entry: &'e RawEntry) -> Cow<'e, RawEntry> {
        view_as(self.ring.open((author, seq), entry.kind, &entry.body), entry)
    }

    /// Keeps a secret, and reads the entries that waited for it.
    pub(super) fn keep(&mut self, room: &RoomId, secret: &Secret) {
        if self.ring.epochs().is_empty() {
            self.ring = Ring::new(*room, []);
        }
        if !self.ring.insert(secret.clone()) {
            return;
        }
        let prefix = secret.id().prefix();
        let waiting = self.rows.iter().filter(|(_, row)| epoch_of(&row.raw) == Some(prefix));
        let waiting: Vec<(AuthorId, Row)> = waiting.map(|((author, _), row)| (*author, row.clone())).collect();
        for (author, row) in waiting {
            let place = row.place(author);
            if !self.timeline.contains(&place) {
                continue;
            }
            self.vouch(author, &row);
            self.note(author, &row);
            if !is_message(&view(&self.ring, author, &row)) {
                self.messages.remove(&place);
            }
            self.forget(author, row.seq);
        }
    }

    /// Notes whom an entry vouches for.
    pub(super) fn vouch(&mut self, author: AuthorId, row: &Row) {
        let read = view(&self.ring, author, row);
        let named = vouched_for(&author, read.kind, &read.body);
        if !named.is_empty() {
            self.vouches.insert((author, row.seq), named);
        }
    }
}
