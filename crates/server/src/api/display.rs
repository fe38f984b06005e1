//! What this person holds back in open rooms: the words of newcomers, and floods of one author. Only what is shown here
//! changes.

use std::{
    collections::{BTreeMap, BTreeSet},
    hash::{DefaultHasher, Hash as _, Hasher as _},
    sync::{Arc, Mutex},
};

use axum::extract::{Path, State};
use rumormill_node::{
    Message, Room, What,
    proto::ids::{AuthorId, RoomId},
};

use super::{
    Api,
    asked::Body,
    names::{author, author_hex, company, room_hex},
    words::{self, ChangeDisplay, Display, Event, Folded, codes},
};
use crate::{
    answer::{Answer, Refusal, SafeJson},
    limits::{HELD, HELD_AT_ONCE, HELD_PAGES, MINUTE_MS},
    lock::lock,
};

/// Who is known in the rooms in which newcomers are held, as far as that was asked for.
#[derive(Default)]
pub(super) struct Known(Mutex<Looked>);

#[derive(Default)]
struct Looked {
    rooms: BTreeMap<RoomId, Arc<People>>,
    /// How often something was forgotten: who looked before that may have seen too little.
    forgotten: u64,
}

/// Who is known in a room: one key for each author that the room has, at most.
struct People {
    authors: BTreeSet<AuthorId>,
    /// Another one for other people.
    stamp: u64,
}

impl Known {
    fn of(&self, room: &RoomId) -> Option<Arc<People>> {
        lock(&self.0).rooms.get(room).cloned()
    }

    fn forgotten(&self) -> u64 {
        lock(&self.0).forgotten
    }

    /// Remembers who is known, unless something was forgotten since `forgotten` was read.
    fn set(&self, room: RoomId, authors: BTreeSet<AuthorId>, forgotten: u64) -> Arc<People> {
        let mut hasher = DefaultHasher::new();
        authors.hash(&mut hasher);
        let people = Arc::new(People { authors, stamp: hasher.finish() });
        let mut looked = lock(&self.0);
        if looked.forgotten == forgotten {
            looked.rooms.insert(room, people.clone());
        }
        people
    }

    /// Forgets who is known in a room, to look again when that is asked for.
    pub(super) fn forget(&self, room: &RoomId) {
        let mut looked = lock(&self.0);
        looked.forgotten += 1;
        looked.rooms.remove(room);
    }
}

/// `PUT /v1/rooms/{room}/display`.
pub(super) async fn set(
    State(api): State<Api>,
    Path(room): Path<String>,
    Body(ChangeDisplay { hold, flood }): Body<ChangeDisplay>,
) -> Answer<SafeJson<words::Room>> {
    let room = api.room(&room)?;
    if room.is_closed() {
        let help = "`rumormill rules ROOM` prints them; the owner and co-owners change them";
        return Err(Refusal::new(codes::RULES, "in a closed room the rules hold for everybody", help));
    }
    let now = api.shelf().display(&room_hex(&room));
    let display = Display { hold: hold.unwrap_or(now.hold), flood: flood.unwrap_or(now.flood) };
    if display.flood > words::FLOOD {
        let help = format!("choose {} at most, or 0 to see all", words::FLOOD);
        return Err(Refusal::new(codes::RULES, "that many messages a minute are no flood", &help));
    }
    Ok(SafeJson(api.hold_back(&room, display).await?))
}

/// The newest messages that are held back in an open room.
pub(super) async fn held(api: &Api, room: &Room) -> Answer<Vec<words::Message>> {
    let (mut found, mut before) = (Vec::new(), None);
    if api.shelf().display(&room_hex(room)) == Display::default() {
        return Ok(found);
    }
    for _ in 0..HELD_PAGES {
        let page = room.messages(before, HELD_AT_ONCE).await?;
        before = page.messages.first().map(|message| message.place);
        for message in page.messages.into_iter().rev() {
            if found.len() < HELD && api.folded(room, &message).await.is_some() {
                found.push(api.message(room, message).await);
            }
        }
        if !page.more || found.len() == HELD {
            break;
        }
    }
    found.reverse();
    Ok(found)
}

/// Shows what a newcomer says in an open room.
pub(super) async fn let_through(api: &Api, room: &Room, who: &AuthorId) -> Answer<()> {
    api.through().set(&room_hex(room), author_hex(who), true)?;
    api.look_again(room).await;
    api.tell_room(room).await;
    Ok(())
}

impl Api {
    /// Holds this back in an open room from now on.
    pub(super) async fn hold_back(&self, room: &Room, display: Display) -> Answer<words::Room> {
        if self.shelf().set_display(&room_hex(room), display)? {
            self.known().forget(&room.id());
            self.hub().tell(Event::Recounted { room: room_hex(room), authors: Vec::new() });
        }
        Ok(self.tell_room(room).await)
    }

    /// Why a message is held back in an open room, if it is.
    pub(super) async fn folded(&self, room: &Room, message: &Message) -> Option<Folded> {
        let said = !matches!(message.what, What::Act(_) | What::Nick(_) | What::Founded(_));
        let (author, display) = (message.place.author, self.display(room)?);
        if !said || room.is_mine(&author) {
            return None;
        }
        if display.hold && self.who_is_known(room).await.is_some_and(|known| !known.authors.contains(&author)) {
            return Some(Folded::Newcomer);
        }
        let most = usize::try_from(display.flood).ok().filter(|most| *most > 0)?;
        let said = room.said_before(message.target(), MINUTE_MS, most).await.ok()?;
        (said >= most).then_some(Folded::Flood)
    }

    /// What is held back in a room, if it is open.
    pub(super) fn display(&self, room: &Room) -> Option<Display> {
        (!room.is_closed()).then(|| self.shelf().display(&room_hex(room)))
    }

    /// What is held back in a room, and who is known there if that matters: what counts of unread messages rest on.
    pub(super) async fn held_back(&self, room: &Room) -> (Option<Display>, u64) {
        let display = self.display(room);
        let holds = display.is_some_and(|display| display.hold);
        let known = if holds { self.who_is_known(room).await } else { None };
        (display, known.map_or(0, |known| known.stamp))
    }

    /// Who is known in a room. If that cannot be read, nobody is held back.
    async fn who_is_known(&self, room: &Room) -> Option<Arc<People>> {
        match self.known().of(&room.id()) {
            Some(known) => Some(known),
            None => {
                let forgotten = self.known().forgotten();
                Some(self.known().set(room.id(), self.look(room).await.ok()?, forgotten))
            }
        }
    }

    async fn look(&self, room: &Room) -> Result<BTreeSet<AuthorId>, rumormill_node::Error> {
        let read = |chosen: BTreeSet<words::AuthorHex>| chosen.into_iter().filter_map(|id| author(id.as_str()).ok());
        let company = company(room);
        let mut known: BTreeSet<AuthorId> = read(self.verified().of(&company)).collect();
        known.extend(read(self.through().of(&room_hex(room))).chain([room.author(), room.me()]));
        room.known(known, read(self.hidden().of(&company)).collect()).await
    }

    /// Looks again who is known in a room, and tells all listeners whose messages they have to read anew.
    pub(super) async fn look_again(&self, room: &Room) {
        let before = self.known().of(&room.id());
        self.known().forget(&room.id());
        let Some(before) = before else { return };
        let Some(now) = self.who_is_known(room).await else { return };
        let changed = before.authors.symmetric_difference(&now.authors);
        let authors: Vec<words::AuthorHex> = changed.map(author_hex).collect();
        if !authors.is_empty() {
            self.hub().tell(Event::Recounted { room: room_hex(room), authors });
        }
    }

    /// Looks again, if a message or the signs under it make somebody known.
    pub(super) async fn meet(&self, room: &Room, message: &Message) {
        match self.known().of(&room.id()) {
            Some(known) if !makes_known(message, &known.authors) => {}
            Some(_) => self.look_again(room).await,
            None if self.display(room).is_some_and(|display| display.hold) => {
                // Nobody knows who was known before, so everybody may be another.
                self.known().forget(&room.id());
                self.hub().tell(Event::Recounted { room: room_hex(room), authors: Vec::new() });
            }
            None => {}
        }
    }
}

/// Whether a message, or a sign under it, may make somebody known who is not yet.
fn makes_known(message: &Message, known: &BTreeSet<AuthorId>) -> bool {
    let is_new = |of: &AuthorId| !known.contains(of);
    match &message.what {
        What::Founded(_) => is_new(&message.place.author),
        _ if is_new(&message.place.author) => message.reactions.values().flatten().any(|by| known.contains(by)),
        What::Text(text) => text.mentions.iter().any(is_new) || text.reply_to.is_some_and(|of| is_new(&of.author)),
        What::File(file) => file.reply_to.is_some_and(|of| is_new(&of.author)),
        _ => false,
    }
}
