//! Keeps the machines of this person in step, by notes in a closed room of their own.
//!
//! The home remembers what was told last about each thing. Whatever differs from that is told, at most once in a while;
//! what the others tell is done here, unless something later was told about the same thing. So changes that were made
//! while nobody was connected, or right before the process ended, are told later.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::{Arc, Weak},
    time::Duration,
};

use data_encoding::HEXLOWER;
use futures_util::StreamExt as _;
use rumormill_node::{
    AboutRoom, Chosen as List, DeviceKey, DeviceNote, Keep, Membership, Room, RoomEvent,
    limits::SAYINGS,
    proto::{
        entry::Kind,
        ids::{AuthorId, RoomId},
        timeline::Place,
    },
};
use rumormill_text::Kept;
use serde::{Deserialize, Serialize};
use tokio::{sync::Notify, time::sleep};

use super::super::{
    Api, Inner,
    names::{author, author_hex, company, place, place_text, room_hex, room_id},
    words::{AuthorHex, Display, PlaceText, RoomHex},
};
use crate::{
    answer::{Answer, Refusal},
    limits::{STEP_BYTES, STEP_EVERY_MS, STEP_THINGS},
    told::said_nick,
};

/// The name of the room. Nobody sees it but by tools that read the home.
const NAME: &str = "devices";

/// Stands for all rooms, where people are hidden everywhere.
pub(super) const EVERYWHERE: RoomId = RoomId([0; 32]);

#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct State {
    /// The room of the machines.
    room: Option<RoomHex>,
    /// How many entries of each log there were read.
    read: BTreeMap<AuthorHex, u64>,
    /// The place of the last note about each thing.
    last: BTreeMap<String, PlaceText>,
    /// The last note about each thing, in hexadecimal.
    told: BTreeMap<String, String>,
    /// The secrets of keys for rooms that are not handed over yet.
    keys: BTreeMap<RoomHex, String>,
}

/// What this home knows of the room of this person's machines.
pub(in crate::api) struct Step {
    kept: Kept<State>,
    wake: Arc<Notify>,
}

impl Step {
    /// Reads the file in `dir`.
    ///
    /// # Errors
    /// When there is a file and it cannot be read, or makes no sense: without it the room would be listed.
    pub(in crate::api) fn open(dir: &Path) -> Result<Self, Refusal> {
        Ok(Self { kept: Kept::open_whole(dir.join("step.json"))?, wake: Arc::default() })
    }

    /// The room of the machines, if there is one.
    pub(in crate::api) fn room(&self) -> Option<RoomId> {
        self.kept.read(|state| state.room.as_ref().and_then(|room| room_id(room.as_str())))
    }

    /// Something may have changed that the other machines do not know.
    pub(in crate::api) fn wake(&self) {
        self.wake.notify_one();
    }

    /// How many entries of a log were read.
    pub(super) fn read(&self, log: &AuthorId) -> u64 {
        self.kept.read(|state| state.read.get(&author_hex(log)).copied().unwrap_or_default())
    }

    pub(super) fn set_read(&self, log: &AuthorId, next: u64) -> Answer<()> {
        let log = author_hex(log);
        self.kept.change(|state| state.read.insert(log, next) != Some(next))?;
        Ok(())
    }

    /// Whether a note is the last one about a thing as far as is known; it is from then on.
    pub(super) fn is_last(&self, thing: &str, place: &Place) -> Answer<bool> {
        let place = place_text(place);
        let mut is_last = false;
        self.kept.change(|state| {
            is_last = state.last.get(thing).is_none_or(|last| *last < place);
            if is_last {
                if state.last.len() >= STEP_THINGS {
                    state.last.pop_first();
                }
                state.last.insert(thing.to_owned(), place);
            }
            is_last
        })?;
        Ok(is_last)
    }

    /// Whether no later note moved the marker of a room back.
    pub(super) fn is_after(&self, thing: &str, place: &Place) -> bool {
        self.kept.read(|state| state.last.get(thing).is_none_or(|last| *last < place_text(place)))
    }

    /// Remembers that the others know this about a thing; with `None` that they know nothing.
    pub(super) fn is_told(&self, thing: &str, note: Option<&DeviceNote>) -> Answer<()> {
        self.kept.change(|state| match note {
            Some(note) => {
                let hex = HEXLOWER.encode(&note.encode());
                state.told.insert(thing.to_owned(), hex.clone()) != Some(hex)
            }
            None => state.told.remove(thing).is_some(),
        })?;
        Ok(())
    }

    /// What the others know about a thing.
    pub(super) fn told(&self, thing: &str) -> Option<DeviceNote> {
        self.kept.read(|state| state.told.get(thing).and_then(|note| read_note(note)))
    }

    /// The key that waits for a room.
    pub(super) fn key(&self, room: &RoomHex) -> Option<DeviceKey> {
        let secret = self.kept.read(|state| state.keys.get(room).cloned())?;
        let secret = HEXLOWER.decode(secret.as_bytes()).ok()?.try_into().ok()?;
        Some(DeviceKey::kept(secret))
    }

    pub(super) fn set_key(&self, room: RoomHex, key: Option<&DeviceKey>) -> Answer<()> {
        self.kept.change(|state| match key {
            Some(key) => state.keys.insert(room, HEXLOWER.encode(key.secret())).is_none(),
            None => state.keys.remove(&room).is_some(),
        })?;
        Ok(())
    }

    /// Has the people that were chosen in a room told again, for a machine that comes in.
    pub(super) fn tell_people_again(&self, of: &RoomHex) -> Answer<()> {
        let is_told =
            |thing: &str| ["hidden", "verified"].iter().any(|list| thing.starts_with(&format!("{list} {of}")));
        self.kept.change(|state| {
            let before = state.told.len();
            state.told.retain(|thing, _| !is_told(thing));
            state.told.len() < before
        })?;
        Ok(())
    }

    fn adopt(&self, room: &RoomId) -> Answer<()> {
        self.kept.change(|state| {
            *state = State { room: Some(RoomHex(room.to_string())), ..State::default() };
            true
        })?;
        Ok(())
    }

    /// The notes that tell what differs from what the others know. `here` are the rooms of this home.
    fn news(&self, things: &BTreeMap<String, DeviceNote>, here: &BTreeSet<RoomId>) -> Vec<DeviceNote> {
        let told: BTreeMap<String, DeviceNote> = self.kept.read(|state| {
            let note = |(thing, note): (&String, &String)| Some((thing.clone(), read_note(note)?));
            state.told.iter().filter_map(note).collect()
        });
        let changed = |(thing, note): (&String, &DeviceNote)| match (note, told.get(thing)) {
            (note, Some(before)) if note == before => None,
            (DeviceNote::Read { room, place, .. }, Some(DeviceNote::Read { place: before, .. })) => {
                Some(DeviceNote::Read { room: *room, place: *place, back: place < before })
            }
            (note, _) => Some(note.clone()),
        };
        let gone = told.iter().filter(|(thing, _)| !things.contains_key(*thing)).filter_map(|(_, note)| match note {
            DeviceNote::Read { room, .. } if here.contains(room) => {
                Some(DeviceNote::Read { room: *room, place: None, back: true })
            }
            DeviceNote::Chosen { list, room, author, .. } if here.contains(room) => {
                Some(DeviceNote::Chosen { list: *list, room: *room, author: *author, on: false })
            }
            DeviceNote::Display { room, .. } if here.contains(room) => {
                Some(DeviceNote::Display { room: *room, hold: false, flood: 0 })
            }
            _ => None,
        });
        things.iter().filter_map(changed).chain(gone).collect()
    }

    /// Remembers that the others know all this. What was told of rooms that are not here any more is forgotten.
    fn settle(&self, things: &BTreeMap<String, DeviceNote>, here: &BTreeSet<RoomId>) -> Answer<()> {
        let here: BTreeSet<String> = here.iter().map(RoomId::to_string).collect();
        let is_here = |thing: &String| thing.split(' ').nth(1).is_some_and(|room| here.contains(room));
        let stays = |thing: &String| is_here(thing) && (thing.starts_with("nick") || things.contains_key(thing));
        self.kept.change(|state| {
            let before = (state.told.clone(), state.last.len());
            state.told.retain(|thing, _| stays(thing));
            state.last.retain(|thing, _| is_here(thing));
            state.told.extend(things.iter().map(|(thing, note)| (thing.clone(), HEXLOWER.encode(&note.encode()))));
            before != (state.told.clone(), state.last.len())
        })?;
        Ok(())
    }
}

fn read_note(hex: &str) -> Option<DeviceNote> {
    DeviceNote::decode(HEXLOWER.decode(hex.as_bytes()).ok()?.into()).ok()
}

/// What a note is about; `None` if no other note is about the same.
pub(super) fn thing(note: &DeviceNote) -> Option<String> {
    match note {
        DeviceNote::Read { room, .. } => Some(format!("read {room}")),
        DeviceNote::Chosen { list: List::Hidden, room, author, .. } => Some(format!("hidden {room} {author}")),
        DeviceNote::Chosen { list: List::Verified, room, author, .. } => Some(format!("verified {room} {author}")),
        DeviceNote::Attend { room, .. } => Some(format!("attend {room}")),
        DeviceNote::Nick { room, .. } => Some(format!("nick {room}")),
        DeviceNote::Display { room, .. } => Some(format!("display {room}")),
        DeviceNote::Here { room } => Some(format!("here {room}")),
        DeviceNote::Key { .. } | DeviceNote::Handed { .. } | DeviceNote::Open { .. } => None,
    }
}

/// Whether we can bring another machine into a room. Private rooms reach all machines by themselves.
pub(super) fn brings(room: &Room) -> bool {
    match room.is_closed() {
        true => room.may_name_devices() && room.private().is_none(),
        false => room.stopped().is_none(),
    }
}

impl Api {
    /// The rooms of people, in the order of their ids: all but the one of this person's machines.
    pub(in crate::api) fn rooms(&self) -> Vec<Room> {
        let own = self.step().room();
        self.node().rooms().into_iter().filter(|room| Some(room.id()) != own).collect()
    }

    /// Makes the room of the machines, unless there is one.
    pub(super) async fn begin_step(&self) -> Answer<()> {
        if self.is_in_step() {
            return Ok(());
        }
        let room = self.node().create_closed(NAME).await?;
        self.step_with(&room.id())
    }

    /// Whether this machine stays in step with others.
    pub(super) fn is_in_step(&self) -> bool {
        let room = self.step().room().and_then(|room| self.node().room(&room));
        room.is_some_and(|room| matches!(room.membership(), Membership::Present(_) | Membership::Waiting))
    }

    /// Stays in step with the machines in a room that was entered, which have the same state now.
    pub(super) fn step_with(&self, room: &RoomId) -> Answer<()> {
        if self.node().room(room).is_none() || self.is_in_step() {
            return Ok(());
        }
        self.step().adopt(room)?;
        self.step().settle(&self.things(), &self.here())?;
        self.follow_step();
        Ok(())
    }

    /// Takes what this person does with a room that was handed over for what the others know.
    pub(super) fn settle_room(&self, room: &RoomId) -> Answer<()> {
        let of = self.node().room(room).map(|room| self.things_of(&room)).unwrap_or_default();
        of.into_iter().try_for_each(|note| self.told(note))
    }

    /// Stays in step from now on, if there is a room for it.
    pub(in crate::api) fn follow_step(&self) {
        if let Some(room) = self.step().room().and_then(|room| self.node().room(&room)) {
            tokio::spawn(follow(Arc::downgrade(&self.0), self.step().wake.clone(), room));
        }
    }

    async fn keep_in_step(&self, own: &Room) -> Answer<()> {
        if !matches!(own.membership(), Membership::Present(_)) {
            return Ok(());
        }
        self.tell_changes(own).await?;
        self.take_notes(own).await
    }

    /// Tells what changed here.
    async fn tell_changes(&self, own: &Room) -> Answer<()> {
        let (things, here) = (self.things(), self.here());
        let mut notes = Vec::new();
        for note in self.step().news(&things, &here) {
            match self.whole(note).await {
                Ok(note) => notes.push(note),
                Err(why) => tracing::warn!(why = %why.refused.what, "a room cannot be brought to the other machines"),
            }
        }
        for notes in notes.chunks(SAYINGS) {
            self.tell_notes(own, notes).await?;
        }
        self.step().settle(&things, &here)
    }

    pub(super) async fn tell_notes(&self, own: &Room, notes: &[DeviceNote]) -> Answer<()> {
        let sayings: Vec<_> = notes.iter().map(|note| (Kind::STEP, note.encode().to_vec().into())).collect();
        let said = own.entries().say(sayings).await?;
        match said.len() == notes.len() {
            true => Ok(()),
            false => Err(Refusal::internal("step", "the other machines were not told")),
        }
    }

    /// An open room is brought to others by a ticket.
    async fn whole(&self, note: DeviceNote) -> Answer<DeviceNote> {
        let DeviceNote::Here { room } = &note else { return Ok(note) };
        match self.node().room(room).filter(|room| !room.is_closed()) {
            Some(room) => {
                let ticket = room.ticket().await?.to_string();
                Ok(DeviceNote::Open { ticket, about: self.brief_about(&room) })
            }
            None => Ok(note),
        }
    }

    /// What this person does with a room, without the people, of whom notes of their own tell.
    pub(super) fn brief_about(&self, room: &Room) -> AboutRoom {
        AboutRoom { hidden: Vec::new(), verified: Vec::new(), ..self.about(room) }
    }

    /// The rooms that notes may be about.
    pub(super) fn here(&self) -> BTreeSet<RoomId> {
        let company = |room: &Room| room_id(company(room).as_str());
        let rooms = self.rooms().into_iter();
        rooms.flat_map(|room| [Some(room.id()), company(&room)]).flatten().chain([EVERYWHERE]).collect()
    }

    /// The state of this machine: a note about each thing.
    fn things(&self) -> BTreeMap<String, DeviceNote> {
        let rooms = self.rooms().into_iter().flat_map(|room| self.things_of(&room));
        let lists = [(List::Hidden, self.hidden()), (List::Verified, self.verified())];
        let chosen = lists.into_iter().flat_map(|(list, chosen)| {
            let notes = chosen.all().into_iter().flat_map(move |(room, authors)| {
                let room = room.map_or(Some(EVERYWHERE), |room| room_id(room.as_str()));
                authors.into_iter().filter_map(move |who| {
                    Some(DeviceNote::Chosen { list, room: room?, author: author(who.as_str()).ok()?, on: true })
                })
            });
            notes.collect::<Vec<_>>()
        });
        rooms.chain(chosen).filter_map(|note| Some((thing(&note)?, note))).collect()
    }

    fn things_of(&self, room: &Room) -> Vec<DeviceNote> {
        let (id, hex) = (room.id(), room_hex(room));
        let (muted, pinned) = self.shelf().attention(&hex);
        let mut notes = vec![DeviceNote::Attend { room: id, muted, pinned }];
        if let Some(place) = self.marks().of(&hex).and_then(|mark| place(mark.as_str()).ok()) {
            notes.push(DeviceNote::Read { room: id, place: Some(place), back: false });
        }
        let nick = said_nick(room, &room.me());
        if !room.is_closed() && !nick.is_empty() {
            notes.push(DeviceNote::Nick { room: id, nick });
        }
        if let Some(Display { hold, flood }) = self.display(room).filter(|display| *display != Display::default()) {
            notes.push(DeviceNote::Display { room: id, hold, flood });
        }
        if brings(room) {
            notes.push(DeviceNote::Here { room: id });
        }
        notes
    }
}

/// Stays in step with the machines in a room for as long as it is the room of the machines.
async fn follow(api: Weak<Inner>, wake: Arc<Notify>, own: Room) {
    let bounded = Keep { share: Some(STEP_BYTES), ..Keep::default() };
    if own.retention() != bounded
        && let Err(why) = own.retain(bounded).await
    {
        tracing::warn!(%why, "what the machines tell each other is kept without bound");
    }
    let mut events = own.events();
    loop {
        // Before the look: what changes meanwhile is looked at next.
        let renewed = own.renewed();
        {
            let Some(api) = api.upgrade().map(Api).filter(|api| api.step().room() == Some(own.id())) else { return };
            if let Err(why) = api.keep_in_step(&own).await {
                tracing::debug!(why = %why.refused.what, "the other machines are behind");
            }
        }
        tokio::select! {
            event = events.next() => if matches!(event, None | Some(RoomEvent::Left)) { return },
            () = renewed => {}
            () = wake.notified() => {}
        }
        sleep(Duration::from_millis(STEP_EVERY_MS)).await;
    }
}

#[cfg(test)]
mod tests {
    use rumormill_node::proto::time::Time;

    use super::*;

    fn at(time: u64) -> Place {
        Place { time: Time(time), author: AuthorId([1; 32]), seq: 0 }
    }

    fn of(notes: &[DeviceNote]) -> BTreeMap<String, DeviceNote> {
        notes.iter().map(|note| (thing(note).unwrap(), note.clone())).collect()
    }

    #[test]
    fn what_differs_is_told_and_the_last_note_about_a_thing_counts() {
        let dir = tempfile::tempdir().unwrap();
        let step = Step::open(dir.path()).unwrap();
        let room = RoomId([7; 32]);
        step.adopt(&room).unwrap();
        let here = BTreeSet::from([room]);
        let read = |time| DeviceNote::Read { room, place: Some(at(time)), back: false };
        let hidden = |on| DeviceNote::Chosen { list: List::Hidden, room, author: AuthorId([2; 32]), on };
        assert_eq!(step.news(&of(&[read(5), hidden(true)]), &here), [hidden(true), read(5)]);
        step.settle(&of(&[read(5), hidden(true)]), &here).unwrap();
        assert_eq!(step.news(&of(&[read(5), hidden(true)]), &here), []);
        let back = DeviceNote::Read { room, place: Some(at(3)), back: true };
        assert_eq!(step.news(&of(&[read(3)]), &here), [back, hidden(false)]);
        let unread = DeviceNote::Read { room, place: None, back: true };
        assert_eq!(step.news(&of(&[]), &here), [hidden(false), unread]);
        let display = |hold, flood| DeviceNote::Display { room, hold, flood };
        step.settle(&of(&[display(true, 10)]), &here).unwrap();
        assert_eq!(step.news(&of(&[display(false, 10)]), &here), [display(false, 10)]);
        assert_eq!(step.news(&of(&[]), &here), [display(false, 0)], "nothing is held back any more");
        step.settle(&of(&[read(5), hidden(true)]), &here).unwrap();
        assert_eq!(step.news(&of(&[]), &BTreeSet::new()), [], "whoever forgets a room shows nobody on other machines");
        assert!(step.is_last("hidden", &at(4)).unwrap() && !step.is_last("hidden", &at(3)).unwrap());
        let again = Step::open(dir.path()).unwrap();
        assert_eq!((again.room(), again.is_after("hidden", &at(3))), (Some(room), false));
        again.settle(&of(&[]), &BTreeSet::new()).unwrap();
        assert!(again.told("read").is_none() && again.is_after("hidden", &at(3)), "of a room that is gone");
    }
}
