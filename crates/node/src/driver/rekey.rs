//! What is done when our own log turned out to be forked, because its key was used in two places, or when the engine left
//! it because it lay too far ahead of others' clocks to be read.
//!
//! The log is cut where it forked, by everyone. We go on under a new key, and say again under it what the cut
//! took: both places do, so nothing of either is lost.

use bytes::Bytes;
use rumormill_proto::{
    admit::Author,
    entry::Kind,
    ids::{AuthorId, RoomId, Seq},
};
use rumormill_store::Line;

use super::Driver;
use crate::{error::Error, event::RoomEvent, random::random};

impl Driver {
    /// Gives the room a new author key, when its own is cut, and says again what the cut of this key or an
    /// earlier one took.
    ///
    /// # Errors
    /// [`Error::Store`] when the new key cannot be kept; it is not used then.
    pub(crate) fn rekey(&mut self, room: &RoomId) -> Result<(), Error> {
        let now = self.now();
        let start = self.start(room, now)?;
        let Some(seat) = self.seats.get_mut(room) else { return Ok(()) };
        let cut = |author: &AuthorId| start.kept.iter().find(|kept| kept.author == *author)?.log.cut();
        let lost: Vec<(AuthorId, Seq, Seq)> = seat
            .former
            .iter()
            .map(|(author, from)| (*author, *from))
            .chain([(seat.author, Seq::MAX)])
            .filter_map(|(author, from)| Some((author, cut(&author)?, from)))
            .filter(|(_, at, from)| at < from)
            .collect();
        // The key that is new to all says its nick first, whether or not that was cut.
        let nick = seat.board.posted().nick(&seat.author).map(|nick| Bytes::copy_from_slice(nick.as_bytes()));
        let cut_now = lost.iter().any(|(author, ..)| *author == seat.author);
        seat.again.extend(nick.filter(|_| cut_now).map(|nick| (Kind::NICK, nick)));
        for (author, at, from) in &lost {
            let lines = self.read.beyond_cut(room, author)?;
            let taken = lines.into_iter().filter(|line| (*at..*from).contains(&line.place.seq));
            seat.again.extend(taken.filter_map(sayable));
            seat.former.insert(*author, *at);
        }
        if !cut_now {
            return Ok(());
        }
        let mut record = seat.record();
        record.author_secret = random();
        if seat.setup.keep {
            self.store.put_room(&record)?;
        }
        seat.setup.author_secret = record.author_secret;
        seat.setup.fresh_author = true;
        seat.restart(start);
        let author = Author::from_secret(&seat.setup.author_secret).id();
        tracing::warn!(room = %room.short(), author = %author.short(), "our log is cut; we write under a new key");
        seat.board.tell(RoomEvent::Rekeyed { author });
        let contacts = seat.setup.contacts.clone();
        let mut inputs = self.links.sharing(room);
        inputs.push((*room, rumormill_proto::input::Input::Heard { contacts }));
        self.give(inputs);
        Ok(())
    }
}

/// What people said is said again; what only had a meaning in the old log is not.
fn sayable(line: Line) -> Option<(Kind, bytes::Bytes)> {
    let kinds = [Kind::TEXT, Kind::NICK, Kind::FILE, Kind::IMPORTED];
    kinds.contains(&line.kind).then(|| line.body.bytes().cloned()).flatten().map(|body| (line.kind, body))
}
