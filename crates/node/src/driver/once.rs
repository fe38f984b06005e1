//! What people say, and calls that are carried out once: what such a call wrote is noted in the commit that writes it.

use std::collections::BTreeMap;

use bytes::Bytes;
use rumormill_proto::{content::Target, entry::Kind, ids::RoomId, input::Output};
use rumormill_store::Once;

use super::Driver;
use crate::{asked::Answer, error::Error};

impl Driver {
    /// Lets a room say what a caller wants said, but for what the same call said before.
    pub(super) fn speak(&mut self, room: &RoomId, (sayings, once): (Vec<(Kind, Bytes)>, Vec<Once>), answer: Answer) {
        let known = self.known(room, &once);
        let why = match (self.seats.get_mut(room), known) {
            (Some(seat), Ok(known)) => return seat.say(sayings, &known, answer),
            (None, _) => self.stopped(room),
            (_, Err(why)) => why,
        };
        // The caller may have gone.
        let _ = answer.send(Err(why));
    }

    /// Each call with the entry that it wrote before, if it did.
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

    /// What calls that are carried out once wrote by these outputs, by room.
    pub(super) fn written(&self, outputs: &[(RoomId, Vec<Output>)]) -> BTreeMap<RoomId, Vec<(Once, Target)>> {
        let mut written = BTreeMap::new();
        for (room, outputs) in outputs {
            let Some(seat) = self.seats.get(room) else { continue };
            let of_room = outputs.iter().filter_map(|output| match output {
                Output::Said { tag, seq } => Some((seat.asked.once(*tag)?, Target { author: seat.author, seq: *seq })),
                _ => None,
            });
            let of_room: Vec<_> = of_room.collect();
            if !of_room.is_empty() {
                written.insert(*room, of_room);
            }
        }
        written
    }
}
