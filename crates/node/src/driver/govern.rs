//! What users set and want in a room: how much is kept, whether it is announced, and the orders of closed rooms.

use rumormill_proto::ids::RoomId;
use rumormill_store::{Keep, RoomRecord};

use super::Driver;
use crate::{error::Error, seat::Seat, wish::Govern};

impl Driver {
    /// Gives the seat of a closed room something to do. The callers may have gone.
    pub(super) fn govern(&mut self, room: &RoomId, what: Govern) {
        let stopped = self.stopped(room);
        if let Govern::Report(of, words, answer) = what {
            // The caller may have gone.
            let _ = answer.send(if self.seats.contains_key(room) {
                Ok(self.report(room, of, &words))
            } else {
                Err(stopped)
            });
            return;
        }
        match (self.seats.get_mut(room), what) {
            (Some(seat), Govern::Do(wish, answer)) => seat.wish(wish, answer),
            (Some(seat), Govern::Foresee(order, answer)) => _ = answer.send(seat.foresee(order)),
            (Some(seat), Govern::Record(answer)) => _ = answer.send(seat.record()),
            (None, Govern::Do(_, answer)) => _ = answer.send(Err(stopped)),
            (None, Govern::Foresee(_, answer)) => _ = answer.send(Err(stopped)),
            (None, Govern::Record(_)) | (_, Govern::Report(..)) => {}
        }
    }

    pub(super) fn retain(&mut self, room: &RoomId, retention: Keep) -> Result<(), Error> {
        let set = self.set(room, |record| record.keep = retention);
        self.expire_at = 0;
        match self.seats.get(room).is_some_and(Seat::keeps) {
            true => self.tools.shelf.keep_anew(*room),
            false => self.tools.shelf.tidy(),
        }
        set
    }

    pub(super) fn announce(&mut self, room: &RoomId, announced: bool) -> Result<(), Error> {
        self.set(room, |record| record.announced = announced)
    }

    /// Keeps the name to say once we are let in.
    pub(super) fn name_later(&mut self, room: &RoomId, nick: String) -> Result<(), Error> {
        self.set(room, |record| record.nick = Some(nick))?;
        self.seats.get_mut(room).into_iter().for_each(Seat::await_name);
        Ok(())
    }

    /// Changes the settings of a room, first in the home if that remembers the room. After an error nothing has
    /// changed.
    fn set(&mut self, room: &RoomId, change: impl FnOnce(&mut RoomRecord)) -> Result<(), Error> {
        let Some(seat) = self.seats.get_mut(room) else { return Err(self.stopped(room)) };
        let mut record = seat.record();
        change(&mut record);
        if seat.setup.keep {
            self.store.put_room(&record)?;
        }
        seat.set(&record);
        Ok(())
    }
}
