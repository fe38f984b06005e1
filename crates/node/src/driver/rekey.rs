//! A new author key for a room whose own log is forked, because its key was used in two places, or whose engine has
//! left the log because it lay too far ahead of others' clocks.
//!
//! Everybody cuts the log where it forked. The node continues under a new key, and says the cut messages again under
//! it. Both places do so, and neither loses a message.

use bytes::Bytes;
use rumormill_proto::{
    admit::Author,
    entry::Kind,
    ids::{AuthorId, RoomId, Seq},
};
use rumormill_store::TimelineRow;

use super::Driver;
use crate::{error::Error, event::RoomEvent, random::random, seat::Start, settings::RoomSetup};

impl Driver {
    /// Gives the room a new author key when its present one is cut, and says again the messages that the cut of this
    /// key or of an earlier one took.
    ///
    /// # Errors
    /// [`Error::Store`] when the new key cannot be written; it is not used then.
    pub(crate) fn rekey(&mut self, room: &RoomId) -> Result<(), Error> {
        let now = self.now();
        let Some(setup) = self.seats.get(room).map(|seat| seat.setup.clone()) else { return Ok(()) };
        let start = self.start(&setup, now)?;
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
        // Nobody knows the new key, so it says its nick first, even if the old nick was not cut.
        let nick = seat.board.posted().nick(&seat.author).map(|nick| Bytes::copy_from_slice(nick.as_bytes()));
        let cut_now = lost.iter().any(|(author, ..)| *author == seat.author);
        seat.again.extend(nick.filter(|_| cut_now).map(|nick| (Kind::NICK, nick)));
        for (author, at, from) in &lost {
            let lines = self.read.beyond_cut(room, author)?;
            let taken = lines.into_iter().filter(|line| (*at..*from).contains(&line.place.seq));
            seat.again.extend(taken.filter_map(sayable));
            seat.former.insert(*author, *at);
            seat.board.posted().forget_nick(author, *at);
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
        let author = Author::from_secret(&seat.setup.author_secret).id();
        tracing::warn!(room = %room.short(), author = %author.short(), "our log is cut; we write under a new key");
        let left = std::mem::take(&mut seat.left);
        self.begin_anew(room, start, Some(RoomEvent::Rekeyed { author, left }));
        Ok(())
    }

    /// Comes to a closed room with another ticket, under a new key: the log of the old one begins with the old ticket.
    ///
    /// # Errors
    /// As [`Driver::rekey`].
    pub(super) fn come_anew(&mut self, setup: &RoomSetup) -> Result<(), Error> {
        let Some(seat) = self.seats.get_mut(&setup.id) else { return Ok(()) };
        let mut record = seat.record();
        (record.author_secret, record.closed) = (setup.author_secret, setup.closed);
        record.nick = record.nick.or_else(|| seat.board.posted().nick(&seat.author).map(str::to_owned));
        if seat.setup.keep {
            self.store.put_room(&record)?;
        }
        (seat.setup.author_secret, seat.setup.closed, seat.setup.nick) =
            (setup.author_secret, setup.closed, record.nick);
        seat.await_name();
        let (setup, now) = (seat.setup.clone(), self.now());
        let start = self.start(&setup, now)?;
        self.begin_anew(&setup.id, start, None);
        Ok(())
    }

    /// Starts the engine of a room under the key in its setup, which nobody knows yet.
    fn begin_anew(&mut self, room: &RoomId, start: Start, event: Option<RoomEvent>) {
        let Some(seat) = self.seats.get_mut(room) else { return };
        seat.setup.fresh_author = true;
        seat.restart(start);
        event.into_iter().for_each(|event| seat.board.tell(event));
        let contacts = seat.setup.contacts.clone();
        let mut inputs = self.links.sharing(room);
        inputs.push((*room, rumormill_proto::input::Input::Heard { contacts }));
        self.give(inputs);
    }
}

/// Only messages are said again. Edits, reactions and retractions had a meaning only in the old log, and the present nick
/// was said first.
pub(super) fn sayable(line: TimelineRow) -> Option<(Kind, bytes::Bytes)> {
    let kinds = [Kind::TEXT, Kind::FILE, Kind::IMPORTED];
    kinds.contains(&line.kind).then(|| line.body.bytes().cloned()).flatten().map(|body| (line.kind, body))
}
