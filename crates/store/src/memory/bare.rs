//! Entries that arrived without their bodies although nothing here explains it.

use bytes::Bytes;
use rumormill_proto::{
    entry::Body,
    ids::{AuthorId, Seq},
    input::Bare,
    timeline::Place,
};

use super::{Shelf, epochs::view};
use crate::{
    keep::{Tally, is_below},
    note::is_message,
    row::Row,
    share::{explains, weight},
};

impl Shelf {
    /// Records an entry that arrives without its body, unless something explains that.
    pub(super) fn note_bare(&mut self, author: AuthorId, row: &Row) {
        let place = row.place(author);
        let reaches = self.taken.get(&author).map_or(0, |taken| taken.floor);
        let explained = self.gone.contains(&(author, row.seq))
            || is_below(self.floor, place, row.raw.kind)
            || explains(reaches, row.seq, row.raw.kind);
        if row.raw.body.bytes().is_none() && !explained {
            self.bare.insert(place, row.raw.body.hash());
        }
    }

    /// Bodies older than the room keeps are no longer wanted.
    pub(super) fn expire_bare(&mut self) {
        let (rows, floor) = (&self.rows, self.floor);
        let kept = |place: &Place| {
            rows.get(&(place.author, place.seq)).is_some_and(|row| !is_below(floor, *place, row.raw.kind))
        };
        self.bare.retain(|place, _| kept(place));
    }

    pub(super) fn bare(&self, most: usize) -> (Vec<Bare>, u64) {
        let bare = |(place, hash): (&Place, &[u8; 32])| Bare { author: place.author, seq: place.seq, hash: *hash };
        (self.bare.iter().rev().take(most).map(bare).collect(), self.bare.len() as u64)
    }

    pub(super) fn is_bare(&self, author: &AuthorId, seq: Seq) -> bool {
        let place = self.rows.get(&(*author, seq)).map(|row| row.place(*author));
        place.is_some_and(|place| self.bare.contains_key(&place))
    }

    /// Stores a body where it is wanted, if it matches the header, and applies what it says.
    pub(super) fn fill(&mut self, author: AuthorId, seq: Seq, body: &Bytes) {
        let here = Body::Here(body.clone());
        let Some(row) = self.rows.get_mut(&(author, seq)) else { return };
        let fits = row.raw.body.len() == here.len() && row.raw.body.hash() == here.hash();
        if !fits || self.bare.remove(&row.place(author)).is_none() {
            return;
        }
        row.raw.body = here;
        let row = row.clone();
        self.vouch(author, &row);
        if !is_message(&view(&self.ring, author, &row)) {
            self.messages.remove(&row.place(author));
        }
        self.note(author, &row);
        self.tally += Tally::of(&row.raw);
        self.taken.entry(author).or_default().bytes += weight(&row.raw);
        self.forget(author, seq);
    }
}
