//! Requests about rooms.

use axum::{
    extract::{Path, State},
    http::header,
    response::{IntoResponse, Response},
};
use fast_qr::{
    ECL, QRBuilder,
    convert::{Builder as _, svg::SvgBuilder},
};
use rumormill_node::{
    Room, Ticket, TicketError,
    proto::{governance::Guest, limits::TOPIC_BYTES},
};
use rumormill_text::find_ticket;

use super::{
    Api,
    asked::Body,
    messages::find,
    names::{company, place, place_text, room_hex, target},
    words::{self, Enter, Rooms, codes},
};
use crate::{
    answer::{Answer, Refusal, SafeJson},
    limits::NAME_BYTES,
};

/// `GET /v1/rooms`.
pub(super) async fn list(State(api): State<Api>) -> Answer<SafeJson<Rooms>> {
    let mut rooms = Vec::new();
    for room in api.rooms() {
        rooms.push(api.shape(&room).await);
    }
    rooms.sort_by(|one, other| (&one.name, &one.id).cmp(&(&other.name, &other.id)));
    // The rooms are listed in the right order even if their order cannot be written.
    let _ = api.shelf().place(rooms.iter().map(|room| &room.id));
    rooms.sort_by_cached_key(|room| api.shelf().rank(&room.id));
    Ok(SafeJson(Rooms { rooms }))
}

/// `POST /v1/rooms`.
pub(super) async fn enter(State(api): State<Api>, Body(enter): Body<Enter>) -> Answer<SafeJson<words::Room>> {
    let room = match enter {
        Enter::Founded { name, open: true } => {
            let room = api.node().create(read_name(&name)?).await?;
            // Whoever founds an open room on purpose knows that it can be closed. If that cannot be noted, they are told.
            let _ = api.shelf().drop_hint(&room_hex(&room));
            room
        }
        Enter::Founded { name, open: false } => api.node().create_closed(read_name(&name)?).await?,
        Enter::Invited { ticket } => api.node().join(&for_people(read_ticket(&ticket)?)?).await?,
        Enter::Kept { keeper } => api.node().join(&for_keepers(read_ticket(&keeper)?)?).await?,
    };
    api.entered(&room);
    Ok(SafeJson(api.shape(&room).await))
}

/// A ticket for people: with one for keepers this home would come into the room and read nothing.
///
/// # Errors
/// When the ticket is for keepers.
fn for_people(ticket: Ticket) -> Result<Ticket, Refusal> {
    let what = "this ticket is for a keeper, which stores the room and cannot read it";
    let help = "`rumormill keeper TICKET` on a machine that is always on; ask for another ticket to read and write";
    if keeps(&ticket) { Err(Refusal::new(codes::TICKET, what, help)) } else { Ok(ticket) }
}

/// A ticket for keepers: with another one this machine could read the room.
///
/// # Errors
/// When the ticket is for people.
pub fn for_keepers(ticket: Ticket) -> Result<Ticket, Refusal> {
    let what = "this ticket is for people: whoever has it can read the room";
    let help = "`rumormill ticket ROOM --keeper` makes one for keepers; `rumormill join TICKET` comes in as a person";
    if keeps(&ticket) { Ok(ticket) } else { Err(Refusal::new(codes::TICKET, what, help)) }
}

fn keeps(ticket: &Ticket) -> bool {
    ticket.admits.is_some_and(|admits| admits.guest == Guest::Keeper)
}

/// Checks a room's name as people type it.
///
/// # Errors
/// When the name is empty, too long or otherwise unusable.
pub fn read_name(text: &str) -> Result<&str, Refusal> {
    let name = text.trim();
    let fits = !name.is_empty() && name.len() <= NAME_BYTES;
    fits.then_some(name).ok_or_else(|| {
        let help = format!("choose one of 1 to {NAME_BYTES} bytes");
        Refusal::new(codes::NAME, format!("{text:?} is no name for a room"), &help)
    })
}

/// Reads a ticket as people paste it.
///
/// # Errors
/// When the text is no ticket.
pub fn read_ticket(text: &str) -> Result<Ticket, Refusal> {
    find_ticket(text, TicketError::NotATicket).map_err(|error: TicketError| {
        let help = "a ticket is one word; ask for it again if a piece is lost";
        Refusal::new(codes::TICKET, error.to_string(), help)
    })
}

/// `GET /v1/rooms/{room}`.
pub(super) async fn one(State(api): State<Api>, Path(room): Path<String>) -> Answer<SafeJson<words::Room>> {
    Ok(SafeJson(api.shape(&api.room(&room)?).await))
}

/// `GET /v1/rooms/{room}/ticket`.
pub(super) async fn ticket(State(api): State<Api>, Path(room): Path<String>) -> Answer<SafeJson<words::Ticket>> {
    Ok(SafeJson(words::Ticket { ticket: whole(&api, &room)?.ticket().await?.to_string() }))
}

/// A room that is not damaged: a damaged room gives no ticket.
fn whole(api: &Api, room: &str) -> Answer<Room> {
    let room = api.room(room)?;
    match room.stopped() {
        Some(why @ rumormill_node::Error::Damaged { .. }) => Err(why.into()),
        _ => Ok(room),
    }
}

/// `GET /v1/rooms/{room}/ticket.svg`: the ticket as a QR code for the camera of a phone.
pub(super) async fn ticket_picture(State(api): State<Api>, Path(room): Path<String>) -> Answer<Response> {
    let ticket = whole(&api, &room)?.ticket().await?.to_string().to_ascii_uppercase();
    picture(ticket)
}

/// A text as a QR code.
pub(super) fn picture(text: String) -> Answer<Response> {
    let code = QRBuilder::new(text).ecl(ECL::L).build();
    let code = code.map_err(|_| Refusal::internal("qr", "the text is too long for a picture"))?;
    let picture = SvgBuilder::default().margin(2).to_str(&code);
    Ok(([(header::CONTENT_TYPE, "image/svg+xml"), (header::CACHE_CONTROL, "no-store")], picture).into_response())
}

/// `PUT /v1/rooms/{room}/nick`.
pub(super) async fn nick(
    State(api): State<Api>,
    Path(room): Path<String>,
    Body(words::Nick { nick }): Body<words::Nick>,
) -> Answer<SafeJson<words::Room>> {
    let room = api.room(&room)?;
    api.paces().take(&room, 1)?;
    room.set_nick(&nick).await?;
    api.step().wake();
    Ok(SafeJson(api.shape(&room).await))
}

/// `PUT /v1/rooms/{room}/topic`.
pub(super) async fn topic(
    State(api): State<Api>,
    Path(room): Path<String>,
    Body(words::Topic { topic }): Body<words::Topic>,
) -> Answer<SafeJson<words::Room>> {
    let room = api.room(&room)?;
    let topic = topic.trim();
    if topic.len() > TOPIC_BYTES {
        let what = format!("a topic of {} bytes is too long", topic.len());
        return Err(Refusal::new(codes::TOPIC, what, &format!("keep it to {TOPIC_BYTES} bytes")));
    }
    api.paces().take(&room, 1)?;
    room.set_topic(topic).await?;
    Ok(SafeJson(api.shape(&room).await))
}

/// `PUT /v1/rooms/{room}/read`.
pub(super) async fn read(
    State(api): State<Api>,
    Path(room): Path<String>,
    Body(words::Read { place: text }): Body<words::Read>,
) -> Answer<SafeJson<words::Room>> {
    let room = api.room(&room)?;
    place(text.as_str())?;
    api.marks().set(room_hex(&room), text)?;
    Ok(SafeJson(api.tell_room(&room).await))
}

/// `PUT /v1/rooms/{room}/messages/{ref}/unread`: moves the unread marker to before the message.
pub(super) async fn unread(
    State(api): State<Api>,
    Path((room, text)): Path<(String, String)>,
) -> Answer<SafeJson<words::Room>> {
    let room = api.room(&room)?;
    let place = find(&room, target(&text)?).await?.place;
    let before = room.messages(Some(place), 1).await?.messages;
    let before = before.last().map(|message| place_text(&message.place));
    api.marks().set_back(room_hex(&room), before, place_text(&place))?;
    Ok(SafeJson(api.tell_room(&room).await))
}

/// `PUT /v1/rooms/{room}/attention`.
pub(super) async fn attention(
    State(api): State<Api>,
    Path(room): Path<String>,
    Body(attention): Body<words::Attention>,
) -> Answer<SafeJson<words::Room>> {
    let room = api.room(&room)?;
    api.shelf().attend(&room_hex(&room), attention)?;
    Ok(SafeJson(api.tell_room(&room).await))
}

/// `DELETE /v1/rooms/{room}/hint`.
pub(super) async fn drop_hint(State(api): State<Api>, Path(room): Path<String>) -> Answer<()> {
    let room = api.room(&room)?;
    api.shelf().drop_hint(&room_hex(&room))?;
    api.tell_room(&room).await;
    Ok(())
}

/// `PUT /v1/rooms/{room}/keep`.
pub(super) async fn keep(
    State(api): State<Api>,
    Path(room): Path<String>,
    Body(words::Keep { age_ms, entries, bytes, files, share }): Body<words::Keep>,
) -> Answer<SafeJson<words::Room>> {
    let room = api.room(&room)?;
    let files = rumormill_node::KeepFiles { age_ms: files.age_ms, count: files.count, bytes: files.bytes };
    room.retain(rumormill_node::Keep { age_ms, entries, bytes, files, share }).await?;
    Ok(SafeJson(api.shape(&room).await))
}

/// `DELETE /v1/rooms/{room}`: leaves the room and deletes everything of it. The bots of the home leave it first.
pub(super) async fn leave(State(api): State<Api>, Path(room): Path<String>) -> Answer<()> {
    let room = api.room(&room)?;
    api.bots().leave(&api, &room.id()).await?;
    api.part(&room).await
}

impl Api {
    /// Follows a room that was entered, and lists it.
    pub(super) fn entered(&self, room: &Room) {
        self.hub().follow(self, room.clone());
        // The room is entered even if its place in the list cannot be written.
        let _ = self.shelf().place(&[room_hex(room)]);
        self.step().wake();
    }

    /// Leaves a room and deletes everything of it.
    pub(super) async fn part(&self, room: &Room) -> Answer<()> {
        self.end_private(room).await?;
        room.leave().await?;
        // The room is left even if other files about it, which mean nothing without it, cannot be changed.
        let _ = self.forget(room);
        Ok(())
    }

    /// Sends the state of a room to all listeners.
    pub(super) async fn tell_room(&self, room: &Room) -> words::Room {
        self.step().wake();
        let shape = self.shape(room).await;
        self.hub().tell(words::Event::Room { room: shape.clone() });
        shape
    }

    /// Deletes the marker, the hidden authors and the like of a room that was left, unless it was entered again.
    fn forget(&self, room: &Room) -> Result<(), Refusal> {
        if self.node().room(&room.id()).is_some() {
            return Ok(());
        }
        let id = room_hex(room);
        self.counts().forget(&room.id());
        self.known().forget(&room.id());
        self.marks().forget(&id)?;
        self.hooks().forget(&id)?;
        self.reports().forget(&id)?;
        self.shelf().forget(&id)?;
        self.through().forget(&id)?;
        // A private room and the room that it comes out of have the same people.
        let of = company(room);
        if self.rooms().iter().any(|other| self::company(other) == of) {
            return Ok(());
        }
        self.hidden().forget(&of)?;
        self.verified().forget(&of)
    }
}
