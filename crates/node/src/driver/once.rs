//! Sayings, and calls that are carried out once: the commit that writes an entry also records the key of its call.

use bytes::Bytes;
use rumormill_proto::{content::Target, entry::Kind, ids::RoomId};
use rumormill_store::Once;

use super::Driver;
use crate::{asked::Answer, error::Error};

impl Driver {
    /// Gives a room the sayings of a caller, except those that an earlier call with the same key wrote.
    pub(super) fn speak(&mut self, room: &RoomId, (sayings, once): (Vec<(Kind, Bytes)>, Vec<Once>), answer: Answer) {
        let (known, now) = (self.known(room, &once), self.now());
        let why = match (self.seats.get_mut(room), known) {
            (Some(seat), Ok(known)) => return seat.say(sayings, (&known, now), answer),
            (None, _) => self.stopped(room),
            (_, Err(why)) => why,
        };
        // The caller may have gone.
        let _ = answer.send(Err(why));
    }

    /// Each call, with the entry that it wrote before, if any.
    fn known(&mut self, room: &RoomId, once: &[Once]) -> Result<Vec<(Once, Option<Target>)>, Error> {
        let asked = self.seats.get(room).map(|seat| &seat.asked);
        let mut known = Vec::with_capacity(once.len());
        for call in once {
            if asked.is_some_and(|asked| asked.awaits(&call.key)) {
                return Err(Error::CallWaits);
            }
            let found = self.read.once(room, &call.key)?;
            if found.is_some_and(|(before, _)| before != *call) {
                return Err(Error::OtherCall);
            }
            known.push((*call, found.map(|(_, of)| of)));
        }
        Ok(known)
    }
}
