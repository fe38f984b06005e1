//! Requests about the machines of this person: linking another one, and revoking one.

pub(super) mod backup;
mod known;
mod step;
mod taken;

use axum::{
    body::{Body as Bytes, Bytes as Piece},
    extract::{Path, State},
    http::header,
    response::{IntoResponse, Response},
};
use futures_util::stream;
use rumormill_node::{
    AboutRoom, DeviceKey, Giver, HandedRoom, LinkBegun, LinkCode, LinkHanded, LinkKeys, LinkOffer, LinkTaken,
    Membership, NoCode, Place, Room, Taker, Ticket,
    proto::{
        governance::Order,
        ids::{AuthorId, RoomId},
        run::RawRun,
    },
};
use rumormill_text::{Clock, escaped};
use tokio::sync::mpsc;

pub(super) use self::{known::Known, step::Step};

use self::known::{Machine, read_name};
use super::{
    Api,
    asked::Body,
    chosen::Chosen,
    names::{author, author_hex, company, place, place_text, room_hex},
    words::{
        Attention, Device, DeviceRoom, Devices, Display, FLOOD, LinkDevice, Linked, LinkedRoom, Linking, NewDevice,
        Part, RoomHex, codes,
    },
};
use crate::{
    answer::{Answer, Refusal, SafeJson},
    told::said_nick,
};

/// `GET /v1/devices`.
pub(super) async fn list(State(api): State<Api>) -> Answer<SafeJson<Devices>> {
    let devices = api.devices().all().iter().map(|machine| device(&api, machine)).collect();
    Ok(SafeJson(Devices { devices }))
}

/// `POST /v1/devices`: shows a code and waits for the machine that uses it.
pub(super) async fn add(State(api): State<Api>, Body(NewDevice { name }): Body<NewDevice>) -> Answer<Response> {
    can_link(&api)?;
    let name = match api.devices().own_name() {
        Some(name) => name,
        None => {
            let name = read_name(&name)?.to_owned();
            let since_ms = Clock::utc().now_ms();
            api.devices().put(Machine { name: name.clone(), since_ms, me: true, ..Machine::default() })?;
            name
        }
    };
    let (tell, told) = mpsc::channel(2);
    tokio::spawn(async move {
        tokio::select! {
            // The code ends with the request.
            () = tell.closed() => {}
            last = give(&api, name, &tell) => {
                let last = last.map_or_else(|why| Linking::Failed(why.refused), Linking::Linked);
                let _ = tell.send(last).await;
            }
        }
    });
    let lines = stream::unfold(told, |mut told| async move {
        let step = told.recv().await?;
        let line = serde_json::to_string(&step).map(|json| Piece::from((escaped(&json) + "\n").into_owned()));
        Some((line, told))
    });
    Ok(([(header::CONTENT_TYPE, "application/x-ndjson")], Bytes::from_stream(lines)).into_response())
}

/// Whether there is anything that this machine can hand over: a machine that was linked itself names no devices.
fn can_link(api: &Api) -> Answer<()> {
    let (own, rooms) = (api.step().room(), api.node().rooms());
    let mut others = rooms.iter().filter(|room| Some(room.id()) != own && room.stopped().is_none()).peekable();
    if others.peek().is_none() || others.any(|room| room.may_name_devices() || !room.is_device()) {
        return Ok(());
    }
    let linked_us = |machine: &Machine| !machine.me && !machine.named && !machine.backup;
    let names: Vec<String> = api.devices().all().into_iter().filter(linked_us).map(|machine| machine.name).collect();
    let help = format!("run `rumormill device add` there: {}", names.join(", "));
    Err(Refusal::new(codes::DEVICE, "this machine was linked itself: only the one that linked it can link more", &help))
}

/// Links the machine that uses the code.
async fn give(api: &Api, of: String, tell: &mpsc::Sender<Linking>) -> Answer<Linked> {
    let linking = api.node().show_code();
    let left_ms = u64::try_from(linking.left().as_millis()).unwrap_or(u64::MAX);
    // The client may have gone; then this ends.
    let _ = tell.send(Linking::Code { code: linking.code().to_string(), left_ms }).await;
    let mut giver = linking.proved().await?;
    api.begin_step().await?;
    let rooms = api.node().rooms();
    let mine: Vec<&Room> = rooms.iter().filter(|room| room.may_name_devices()).collect();
    let offered = mine.iter().map(|room| (room.id(), room.author())).collect();
    let LinkKeys { name, keys } = giver.offer(&LinkOffer { name: of.clone(), rooms: offered }).await?;
    let name = api.devices().free_name(read_name(&name)?);
    let own = api.step().room();
    let (mut handed, mut linked) = (LinkHanded { name: name.clone(), own, ..LinkHanded::default() }, Vec::new());
    let mut machine = Machine { name, since_ms: Clock::utc().now_ms(), named: true, ..Machine::default() };
    for room in &rooms {
        let key = keys.iter().find(|(id, _)| *id == room.id()).map(|(_, key)| *key);
        let part = match key.filter(|_| room.may_name_devices()) {
            Some(key) => {
                // Before the act: a key that was named must be known here.
                machine.keys.insert(room_hex(room), author_hex(&key));
                api.devices().put(machine.clone())?;
                match room.hand_over(key, api.about(room)).await {
                    Ok(room) => {
                        handed.closed.push(room);
                        Part::Device
                    }
                    Err(why) => {
                        tracing::warn!(%why, room = %room.id().short(), "a device cannot be named");
                        Part::Absent
                    }
                }
            }
            None if room.may_name_devices() => Part::Before,
            None if !room.is_closed() && room.stopped().is_none() => {
                handed.open.push((room.ticket().await?.to_string(), api.about(room)));
                Part::Own
            }
            None => Part::Absent,
        };
        if Some(room.id()) != own {
            linked.push(linked_room(room, part));
        }
    }
    api.devices().put(machine.clone())?;
    let LinkBegun(begun) = giver.hand(&handed).await?;
    take_firsts(giver, &mine, (&machine, begun)).await?;
    Ok(Linked { name: machine.name, of, rooms: linked })
}

/// Takes the first entries of the other machine's keys.
async fn take_firsts(giver: Giver, rooms: &[&Room], (of, begun): (&Machine, Vec<(RoomId, RawRun)>)) -> Answer<()> {
    let mut taken = Vec::new();
    for (id, run) in begun {
        let Some(room) = rooms.iter().find(|room| room.id() == id) else { continue };
        let named = of.keys.get(&room_hex(room)) == Some(&author_hex(&run.author()));
        if named && run.first() == 0 && room.take_device(run).await? {
            taken.push(id);
        }
    }
    Ok(giver.end(&LinkTaken(taken)).await?)
}

/// `POST /v1/devices/link`: links this machine to the one that shows a code.
pub(super) async fn link(
    State(api): State<Api>,
    Body(LinkDevice { code, name }): Body<LinkDevice>,
) -> Answer<SafeJson<Linked>> {
    let name = read_name(&name)?;
    let code: LinkCode = code.parse().map_err(|NoCode| {
        let help = "copy all of it, from `rumordevice1` on, as `rumormill device add` shows it";
        Refusal::new(codes::LINK_CODE, "this is no code to link a device by", help)
    })?;
    let taker = api.node().link(&code).await?;
    Ok(SafeJson(take(&api, taker, name).await?))
}

/// Enters the rooms that are handed over.
async fn take(api: &Api, mut taker: Taker, name: &str) -> Answer<Linked> {
    let of = read_name(&taker.offer().name)?.to_owned();
    let fresh = |(room, _): &&(RoomId, AuthorId)| api.node().room(room).is_none();
    let keys: Vec<(RoomId, DeviceKey)> =
        taker.offer().rooms.iter().filter(fresh).map(|(room, _)| (*room, DeviceKey::fresh())).collect();
    let told = keys.iter().map(|(room, key)| (*room, key.author())).collect();
    let known = taker.offer().rooms.iter().filter_map(|(room, _)| api.node().room(room));
    let mut linked: Vec<LinkedRoom> = known.map(|room| linked_room(&room, Part::Before)).collect();
    let handed = taker.keys(&LinkKeys { name: name.to_owned(), keys: told }).await?;
    // That machine may have handed over other rooms before.
    let mut other = Machine { name: of.clone(), keys: api.devices().keys_of(&of), ..Machine::default() };
    let mut firsts = Vec::new();
    for room in &handed.closed {
        let Some((_, key)) = keys.iter().find(|(id, _)| *id == room.id) else { continue };
        let is_own = handed.own == Some(room.id);
        if is_own && api.is_in_step() {
            continue;
        }
        let entered = api.enter_handed(room, key, is_own).await?;
        other.keys.insert(room_hex(&entered), author_hex(&room.author));
        firsts.push((room.id, entered.first_run().await?));
        if !is_own {
            linked.push(linked_room(&entered, Part::Device));
        }
    }
    for (ticket, about) in &handed.open {
        linked.push(enter_open(api, ticket, about).await?);
    }
    let since_ms = Clock::utc().now_ms();
    let name = read_name(&handed.name)?.to_owned();
    api.devices().put(Machine { name: name.clone(), since_ms, me: true, ..Machine::default() })?;
    api.devices().put(Machine { since_ms, ..other })?;
    if let Some(own) = &handed.own {
        api.step_with(own)?;
    }
    taker.begun(&LinkBegun(firsts)).await?;
    Ok(Linked { name, of, rooms: linked })
}

/// Enters an open room, as somebody of one's own.
async fn enter_open(api: &Api, ticket: &str, about: &AboutRoom) -> Answer<LinkedRoom> {
    let ticket: Ticket = super::read_ticket(ticket)?;
    if let Some(room) = api.node().room(&ticket.room) {
        return Ok(linked_room(&room, Part::Before));
    }
    let room = api.node().join(&ticket).await?;
    api.entered(&room);
    api.take_over(&room, about)?;
    if !about.nick.is_empty() {
        room.set_nick(&about.nick).await?;
    }
    Ok(LinkedRoom { id: room_hex(&room), name: about.name.clone(), part: Part::Own })
}

/// `DELETE /v1/devices/{device}`.
pub(super) async fn revoke(State(api): State<Api>, Path(name): Path<String>) -> Answer<()> {
    let all = api.devices().all();
    let Some(machine) = all.iter().find(|machine| machine.name == name) else {
        let names: Vec<&str> = all.iter().map(|machine| &*machine.name).collect();
        let help = format!("there are: {}", names.join(", "));
        return Err(Refusal::new(codes::DEVICE, format!("no device is called {name:?}"), &help));
    };
    let keys = keys(&api, machine);
    let is_device = |(room, _): &(Room, AuthorId)| room.is_device();
    let may = machine.named || machine.me && keys.iter().any(is_device);
    if !may {
        let help = "the machine that linked a device revokes it, or the device itself does";
        return Err(Refusal::new(codes::DEVICE, format!("{name:?} cannot be revoked from here"), help));
    }
    // A room in which it fails keeps the machine out of no other: whoever lost it wants it out wherever it can be.
    let mut failed = None;
    for (room, key) in keys.iter().filter(|device| machine.named || is_device(device)) {
        // The key of a backup that was not restored is a member only if it has a role.
        if (is_present(room, key) || machine.backup && room.may_name_devices())
            && let Err(why) = room.order(Order::End(*key)).await
        {
            failed.get_or_insert(why);
        }
    }
    if let Some(why) = failed {
        return Err(why.into());
    }
    if machine.named {
        api.devices().forget(&name)?;
    }
    Ok(())
}

fn device(api: &Api, machine: &Machine) -> Device {
    let own = api.step().room();
    let listed = keys(api, machine).into_iter().filter(|(room, _)| Some(room.id()) != own);
    let rooms = listed.map(|(room, key)| DeviceRoom {
        room: room_hex(&room),
        name: room.name(),
        author: author_hex(&key),
        // Right after it was linked it has met nobody there.
        present: is_present(&room, &key) || machine.me && room.membership() == Membership::Waiting,
    });
    let Machine { name, me, since_ms, backup, .. } = machine;
    Device { name: name.clone(), me: *me, since_ms: *since_ms, backup: *backup, rooms: rooms.collect() }
}

/// The closed rooms that are here and the key of a machine in each.
fn keys(api: &Api, machine: &Machine) -> Vec<(Room, AuthorId)> {
    let key = |room: &Room| match machine.me {
        true => Some(room.author()),
        false => author(machine.keys.get(&room_hex(room))?.as_str()).ok(),
    };
    let closed = api.node().rooms().into_iter().filter(Room::is_closed);
    closed.filter_map(|room| key(&room).map(|key| (room, key))).collect()
}

fn is_present(room: &Room, key: &AuthorId) -> bool {
    room.member(key).is_some_and(|member| matches!(member.place, Place::Present(_)))
}

fn linked_room(room: &Room, part: Part) -> LinkedRoom {
    LinkedRoom { id: room_hex(room), name: room.name(), part }
}

impl Api {
    /// Whether another machine or a backup of ours is in a room, as far as this home knows.
    pub(super) fn is_elsewhere(&self, room: &Room) -> bool {
        let all = self.devices().all();
        all.iter().any(|machine| !machine.me && machine.keys.contains_key(&room_hex(room)))
    }

    /// What this person does with a room.
    fn about(&self, room: &Room) -> AboutRoom {
        let id: RoomHex = room_hex(room);
        let (muted, pinned) = self.shelf().attention(&id);
        let read = self.marks().of(&id).and_then(|mark| place(mark.as_str()).ok());
        let authors =
            |chosen: &Chosen| chosen.of(&company(room)).iter().filter_map(|who| author(who.as_str()).ok()).collect();
        let (hidden, verified) = (authors(self.hidden()), authors(self.verified()));
        let nick = said_nick(room, &room.me());
        let Display { hold, flood } = self.display(room).unwrap_or_default();
        AboutRoom { name: room.name(), nick, read, hidden, verified, muted, pinned, hold, flood }
    }

    /// Enters a closed room as a device. Of that of the machines people hear nothing.
    async fn enter_handed(&self, handed: &HandedRoom, key: &DeviceKey, is_own: bool) -> Answer<Room> {
        let room = self.node().enter_as_device(handed, key).await?;
        if !is_own {
            self.entered(&room);
            self.take_over(&room, &handed.about)?;
        }
        Ok(room)
    }

    /// Does the same with it here.
    fn take_over(&self, room: &Room, about: &AboutRoom) -> Answer<()> {
        let id = room_hex(room);
        if let Some(read) = &about.read {
            self.marks().set(id.clone(), place_text(read))?;
        }
        for (chosen, authors) in [(self.hidden(), &about.hidden), (self.verified(), &about.verified)] {
            for who in authors {
                chosen.set(&company(room), author_hex(who), true)?;
            }
        }
        if !room.is_closed() {
            self.shelf().set_display(&id, Display { hold: about.hold, flood: about.flood.min(FLOOD) })?;
        }
        self.shelf().attend(&id, Attention { muted: Some(about.muted), pinned: Some(about.pinned) })
    }
}
