//! Requests about private rooms: beginning one, and those that others ask us into.

use std::{collections::BTreeSet, path::Path as FilePath};

use axum::extract::{Path, State};
use rumormill_node::{
    Asked, Error, Membership, Room,
    proto::{
        governance::Order,
        ids::{AuthorId, RoomId},
    },
};
use rumormill_text::Kept;
use serde::{Deserialize, Serialize};

use super::{
    Api,
    asked::Body,
    names::{named, room_hex, room_id},
    people::whom,
    words::{self, Event, NewPrivate, Request, Requests, RoomHex, codes},
};
use crate::{
    answer::{Answer, Refusal, SafeJson},
    limits::{DECLINED, NAME_BYTES},
    told::nick,
};

/// `POST /v1/rooms/{room}/private`.
pub(super) async fn begin(
    State(api): State<Api>,
    Path(room): Path<String>,
    Body(NewPrivate { people }): Body<NewPrivate>,
) -> Answer<SafeJson<words::Room>> {
    let shared = api.room(&room)?;
    if shared.private().is_some() {
        return Err(Error::Private.into());
    }
    let mut others = Vec::new();
    for word in &people {
        others.push(whom(&shared, word).await?);
    }
    let name = name(&shared, &others);
    let left = api.declined().left();
    let room = api.node().begin_private(&shared, &others, &name, &left).await?;
    api.entered(&room);
    Ok(SafeJson(api.shape(&room).await))
}

/// `GET /v1/requests`.
pub(super) async fn requests(State(api): State<Api>) -> Answer<SafeJson<Requests>> {
    let waiting = api.waiting().await;
    let requests = waiting.iter().map(|(shared, asked)| request(shared, asked)).collect();
    Ok(SafeJson(Requests { requests }))
}

/// `POST /v1/requests/{id}`.
pub(super) async fn open(State(api): State<Api>, Path(id): Path<String>) -> Answer<SafeJson<words::Room>> {
    let (shared, asked) = api.find_request(&id).await?;
    let room = api.enter_asked(&shared, &asked).await?;
    Ok(SafeJson(api.shape(&room).await))
}

/// `DELETE /v1/requests/{id}`.
pub(super) async fn decline(State(api): State<Api>, Path(id): Path<String>) -> Answer<()> {
    let (_, asked) = api.find_request(&id).await?;
    api.declined().decline(&asked.room())
}

/// What a private room is called here: by the people in it.
fn name(shared: &Room, others: &[AuthorId]) -> String {
    let mut others: Vec<AuthorId> = others.iter().map(|who| shared.person(who)).collect();
    others.sort_unstable();
    others.dedup();
    let mut name = String::new();
    for who in others.iter().filter(|who| **who != shared.me()) {
        let next = format!("{}@{}", if name.is_empty() { "" } else { ", " }, nick(shared, who));
        if name.len() + next.len() > NAME_BYTES {
            break;
        }
        name.push_str(&next);
    }
    name
}

fn request(shared: &Room, asked: &Asked) -> Request {
    let others = asked.people();
    let with = others.iter().filter(|who| **who != asked.from && **who != shared.me());
    Request {
        id: RoomHex(asked.room().to_string()),
        of: room_hex(shared),
        of_name: shared.name(),
        from: named(shared, &asked.from),
        with: with.map(|who| named(shared, who)).collect(),
        time_ms: asked.time_ms,
    }
}

impl Api {
    /// What a room is if it is a private one.
    pub(super) fn private(&self, room: &Room) -> Option<words::Private> {
        let private = room.private()?;
        // Names are said in the room that it comes out of, as long as we are there.
        let shared = self.node().room(&private.of);
        let mains = private.people.iter().filter_map(|keys| keys.first());
        let with = mains.filter(|who| **who != room.me()).map(|who| named(shared.as_ref().unwrap_or(room), who));
        Some(words::Private {
            of: RoomHex(private.of.to_string()),
            with: with.collect(),
            goes_on: self.node().goes_on(room).map(|other| room_hex(&other)),
        })
    }

    /// The requests that wait, newest first, each with the room that it comes out of.
    async fn waiting(&self) -> Vec<(Room, Asked)> {
        let mut waiting = Vec::new();
        for shared in self.rooms() {
            // A room that cannot be read has no requests that could be opened.
            let asked = shared.asked().await.unwrap_or_default();
            waiting.extend(
                asked.into_iter().filter(|asked| self.waits(&shared, asked)).map(|asked| (shared.clone(), asked)),
            );
        }
        waiting.sort_by_key(|(_, asked)| std::cmp::Reverse(asked.time_ms));
        waiting
    }

    fn waits(&self, shared: &Room, asked: &Asked) -> bool {
        let id = asked.room();
        let hidden = self.hides(shared, &asked.from);
        self.node().room(&id).is_none() && !hidden && !self.declined().has(&id)
    }

    /// The request that the whole id of a private room, or the beginning of one, or the name of whoever asks means.
    async fn find_request(&self, word: &str) -> Answer<(Room, Asked)> {
        let waiting = self.waiting().await;
        let is_meant = |(shared, asked): &&(Room, Asked)| {
            asked.room().to_string().starts_with(word) || nick(shared, &asked.from) == word
        };
        let mut meant = waiting.iter().filter(is_meant);
        match (meant.next(), meant.next()) {
            _ if word.is_empty() => Err(no_request()),
            (None, _) => Err(no_request()),
            (Some(found), None) => Ok(found.clone()),
            (Some(_), Some(_)) => {
                Err(Refusal::new(codes::SEVERAL, format!("{word:?} may mean several requests"), "name one by its id"))
            }
        }
    }

    async fn enter_asked(&self, shared: &Room, asked: &Asked) -> Answer<Room> {
        let name = name(shared, &asked.people());
        let room = self.node().enter_private(shared, asked, &name).await?;
        self.entered(&room);
        Ok(room)
    }

    /// Looks for new letters in a room. A private room of our own other machines is entered, and one of people with whom
    /// we began one ourselves; of others the listeners are told.
    pub(super) async fn look_at_letters(&self, shared: &Room) {
        if shared.private().is_some() {
            return;
        }
        for asked in shared.asked().await.unwrap_or_default() {
            if !self.waits(shared, &asked) {
                continue;
            }
            if asked.from == shared.me() || self.node().has_private(shared, &asked) {
                if let Err(why) = self.enter_asked(shared, &asked).await {
                    tracing::warn!(why = %why.refused.what, "a private room cannot be entered");
                }
            } else if self.declined().is_news(&asked.room()) {
                self.hub().tell(Event::Asked { room: room_hex(shared), request: request(shared, &asked) });
            }
        }
    }

    /// Ends our key in a private room that we leave, so that the others see it.
    pub(super) async fn end_private(&self, room: &Room) -> Answer<()> {
        if room.private().is_none() {
            return Ok(());
        }
        if matches!(room.membership(), Membership::Present(_)) {
            // A room that takes part in nothing is left without a word.
            if let Err(why) = room.order(Order::End(room.author())).await {
                tracing::warn!(%why, "the others are not told that we leave");
            }
        }
        self.declined().leave(&room.id())
    }
}

fn no_request() -> Refusal {
    Refusal::missing(codes::REQUEST, "nobody asks you into such a private room")
}

/// Private rooms that we do not want to be asked into, and those that we left.
pub(super) struct Declined {
    kept: Kept<Refused>,
    /// Those that listeners were told of since the process began.
    told: std::sync::Mutex<BTreeSet<RoomId>>,
}

#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct Refused {
    declined: Vec<RoomHex>,
    left: Vec<RoomHex>,
}

impl Declined {
    /// Reads the file in `dir`.
    ///
    /// # Errors
    /// When there is a file and it cannot be read.
    pub(super) fn open(dir: &FilePath) -> Result<Self, Refusal> {
        Ok(Self { kept: Kept::open(dir.join("declined.json"))?, told: Default::default() })
    }

    fn has(&self, room: &RoomId) -> bool {
        let id = room.to_string();
        self.kept.read(|kept| kept.declined.iter().chain(&kept.left).any(|known| known.as_str() == id))
    }

    fn left(&self) -> BTreeSet<RoomId> {
        self.kept.read(|kept| kept.left.iter().filter_map(|id| room_id(id.as_str())).collect())
    }

    fn decline(&self, room: &RoomId) -> Answer<()> {
        self.change(room, |kept| &mut kept.declined)
    }

    fn leave(&self, room: &RoomId) -> Answer<()> {
        self.change(room, |kept| &mut kept.left)
    }

    /// Remembers a room in one of the lists. Past the bound the oldest is forgotten, and listed again.
    fn change(&self, room: &RoomId, list: impl FnOnce(&mut Refused) -> &mut Vec<RoomHex>) -> Answer<()> {
        self.kept.change(|kept| {
            let list = list(kept);
            let id = RoomHex(room.to_string());
            list.retain(|known| *known != id);
            list.push(id);
            let over = list.len().saturating_sub(DECLINED);
            list.drain(..over);
            true
        })?;
        Ok(())
    }

    /// Whether listeners have not been told of a room.
    fn is_news(&self, room: &RoomId) -> bool {
        let mut told = crate::lock::lock(&self.told);
        if told.len() >= DECLINED {
            told.clear();
        }
        told.insert(*room)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rooms_that_were_declined_or_left_are_remembered_and_bounded() {
        let dir = tempfile::tempdir().unwrap();
        let declined = Declined::open(dir.path()).unwrap();
        let room = |number: usize| {
            let mut id = [0; 32];
            id[..8].copy_from_slice(&number.to_be_bytes());
            RoomId(id)
        };
        declined.leave(&room(0)).unwrap();
        (1..DECLINED + 2).for_each(|number| declined.decline(&room(number)).unwrap());
        let again = Declined::open(dir.path()).unwrap();
        assert!(again.has(&room(0)) && again.left().contains(&room(0)));
        assert!(!again.has(&room(1)) && again.has(&room(2)) && !again.left().contains(&room(2)));
        assert!(again.is_news(&room(5)) && !again.is_news(&room(5)));
    }
}
