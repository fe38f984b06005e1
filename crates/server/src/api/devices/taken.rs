//! What the other machines of this person tell is done here.

use rumormill_node::{
    Chosen as List, DeviceKey, DeviceNote, HandedRoom, Room,
    proto::{
        content::Target,
        entry::Kind,
        ids::{AuthorId, RoomId},
        timeline::Place,
    },
};
use rumormill_text::Clock;

use super::{
    super::{
        Api,
        chosen::Chosen,
        names::{author_hex, company, place_text, room_hex},
        words::{Attention, Display, FLOOD, RoomHex},
    },
    enter_open,
    known::{Machine, read_name},
    step::{EVERYWHERE, brings, thing},
};
use crate::{answer::Answer, told::said_nick};

impl Api {
    /// Does what the other machines told since the last look.
    pub(super) async fn take_notes(&self, own: &Room) -> Answer<()> {
        let mut heads = own.entries().heads().await?;
        // Ours first, so that older ones of others about the same change nothing.
        heads.sort_by_key(|(log, _)| *log != own.author());
        for (log, head) in heads {
            let mut next = self.step().read(&log);
            while next <= head.seq {
                // Some acts are in no timeline.
                let Some(line) = own.entries().one(Target { author: log, seq: next }).await? else {
                    next += 1;
                    continue;
                };
                // What cannot be read yet is read later.
                if line.kind.opened().is_some() {
                    break;
                }
                let body = line.body.bytes().filter(|_| line.kind == Kind::STEP);
                // A note of a later version means nothing here.
                if let Some(note) = body.and_then(|body| DeviceNote::decode(body.clone()).ok())
                    && let Err(why) = self.take_note(own, &line.place, note).await
                {
                    if own.stopped().is_some() || why.refused.code == rumormill_node::Error::Closed.code() {
                        return Err(why);
                    }
                    tracing::warn!(why = %why.refused.what, "what another machine tells cannot be done");
                }
                next += 1;
                self.step().set_read(&log, next)?;
            }
            self.step().set_read(&log, next)?;
        }
        Ok(())
    }

    async fn take_note(&self, own: &Room, at: &Place, note: DeviceNote) -> Answer<()> {
        let mine = at.author == own.author();
        if let DeviceNote::Read { room, place, back } = &note {
            return self.take_read(room, (*place, *back), (at, mine)).await;
        }
        if let Some(thing) = thing(&note)
            && (!self.step().is_last(&thing, at)? || mine)
        {
            return Ok(());
        }
        match note {
            _ if mine => Ok(()),
            DeviceNote::Chosen { list, room, author, on } => self.take_chosen(list, &room, &author, on).await,
            DeviceNote::Attend { room, muted, pinned } => {
                let Some(here) = self.node().room(&room) else { return Ok(()) };
                self.shelf().attend(&room_hex(&here), Attention { muted: Some(muted), pinned: Some(pinned) })?;
                self.told(DeviceNote::Attend { room, muted, pinned })?;
                self.tell_room(&here).await;
                Ok(())
            }
            DeviceNote::Nick { room, nick } => {
                let Some(here) = self.node().room(&room).filter(|room| !room.is_closed()) else { return Ok(()) };
                self.told(DeviceNote::Nick { room, nick: nick.clone() })?;
                if said_nick(&here, &here.me()) != nick {
                    here.set_nick(&nick).await?;
                }
                Ok(())
            }
            DeviceNote::Display { room, hold, flood } => {
                self.take_display(&room, Display { hold, flood: flood.min(FLOOD) }).await
            }
            DeviceNote::Here { room } => self.ask_in(own, room, at.author).await,
            DeviceNote::Key { room, key, to, name } if to == own.author() => {
                self.hand_on(own, (room, key), (at.author, &name)).await
            }
            DeviceNote::Handed { key, room } => self.take_handed(&key, &room).await,
            DeviceNote::Open { ticket, about } => {
                enter_open(self, &ticket, &about).await?;
                self.settle_room(&super::super::read_ticket(&ticket)?.room)
            }
            DeviceNote::Read { .. } | DeviceNote::Key { .. } => Ok(()),
        }
    }

    /// The others know this already.
    pub(super) fn told(&self, note: DeviceNote) -> Answer<()> {
        thing(&note).map_or(Ok(()), |thing| self.step().is_told(&thing, Some(&note)))
    }

    async fn take_read(&self, room: &RoomId, read: (Option<Place>, bool), (at, mine): (&Place, bool)) -> Answer<()> {
        let ((place, back), thing) = (read, format!("read {room}"));
        let counts = if back { self.step().is_last(&thing, at)? } else { self.step().is_after(&thing, at) };
        let Some(here) = self.node().room(room).filter(|_| counts && !mine) else { return Ok(()) };
        let before = match self.step().told(&thing) {
            Some(DeviceNote::Read { place, .. }) if !back => place,
            _ => None,
        };
        let known = place.max(before).map(|place| DeviceNote::Read { room: *room, place: Some(place), back: false });
        self.step().is_told(&thing, known.as_ref())?;
        match place {
            _ if back => self.marks().reset(&room_hex(&here), place.as_ref().map(place_text))?,
            Some(place) => self.marks().set(room_hex(&here), place_text(&place))?,
            None => {}
        }
        self.tell_room(&here).await;
        Ok(())
    }

    async fn take_chosen(&self, list: List, room: &RoomId, who: &AuthorId, on: bool) -> Answer<()> {
        if !self.here().contains(room) {
            return Ok(());
        }
        let chosen: &Chosen = if list == List::Hidden { self.hidden() } else { self.verified() };
        let of = Some(RoomHex(room.to_string())).filter(|_| *room != EVERYWHERE);
        chosen.put(of.as_ref(), author_hex(who), on)?;
        let note = DeviceNote::Chosen { list, room: *room, author: *who, on };
        let thing = thing(&note).unwrap_or_default();
        self.step().is_told(&thing, Some(&note).filter(|_| on))?;
        let concerned = |here: &Room| of.as_ref().is_none_or(|of| company(here) == *of);
        for here in self.rooms().into_iter().filter(concerned) {
            self.hub().tell_person(room_hex(&here), self.person(&here, who, 0));
            self.tell_room(&here).await;
        }
        Ok(())
    }

    async fn take_display(&self, room: &RoomId, display: Display) -> Answer<()> {
        let Some(here) = self.node().room(room).filter(|room| !room.is_closed()) else { return Ok(()) };
        let Display { hold, flood } = display;
        let note = DeviceNote::Display { room: *room, hold, flood };
        let thing = thing(&note).unwrap_or_default();
        self.step().is_told(&thing, Some(&note).filter(|_| display != Display::default()))?;
        self.hold_back(&here, display).await?;
        Ok(())
    }

    /// Asks a machine for a room in which we are not.
    async fn ask_in(&self, own: &Room, room: RoomId, to: AuthorId) -> Answer<()> {
        let hex = RoomHex(room.to_string());
        if self.node().room(&room).is_some() || self.step().key(&hex).is_some() {
            return Ok(());
        }
        let key = DeviceKey::fresh();
        self.step().set_key(hex, Some(&key))?;
        let name = self.devices().own_name().unwrap_or_default();
        self.tell_notes(own, &[DeviceNote::Key { room, key: key.author(), to, name }]).await
    }

    /// Names the key of another machine in a room, and hands the room over.
    async fn hand_on(&self, own: &Room, (id, key): (RoomId, AuthorId), (from, name): (AuthorId, &str)) -> Answer<()> {
        let Some(room) = self.node().room(&id).filter(|room| room.is_closed() && brings(room)) else { return Ok(()) };
        let mut machine = match self.devices().of(&room_hex(own), &author_hex(&from)) {
            Some(machine) => machine,
            None => Machine {
                name: self.devices().free_name(read_name(name)?),
                since_ms: Clock::utc().now_ms(),
                named: true,
                ..Machine::default()
            },
        };
        machine.keys.insert(room_hex(own), author_hex(&from));
        machine.keys.insert(room_hex(&room), author_hex(&key));
        // Before the act: a key that was named must be known here.
        self.devices().put(machine)?;
        let handed = room.hand_over(key, self.brief_about(&room)).await?;
        self.tell_notes(own, &[DeviceNote::Handed { key, room: Box::new(handed) }]).await?;
        self.step().tell_people_again(&company(&room))?;
        self.step().wake();
        Ok(())
    }

    async fn take_handed(&self, to: &AuthorId, handed: &HandedRoom) -> Answer<()> {
        let hex = RoomHex(handed.id.to_string());
        let Some(key) = self.step().key(&hex).filter(|key| key.author() == *to) else { return Ok(()) };
        if self.node().room(&handed.id).is_none() {
            self.enter_handed(handed, &key, false).await?;
        }
        self.step().set_key(hex, None)?;
        self.settle_room(&handed.id)
    }
}
