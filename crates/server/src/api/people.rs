//! Requests about the people in a room.

use std::collections::BTreeSet;

use axum::{
    extract::{Path, State},
    response::Response,
};
use rumormill_node::{
    Room,
    proto::{content::Target, ids::AuthorId, log::Head, time::Time},
};

use serde::Deserialize;

use super::{
    Api,
    asked::Asked,
    governing::{is_out, role_of},
    names::{author, author_hex, company, person_hex, reference, room_hex},
    rooms::picture,
    shape::{shape_stock, stocks},
    words::{self, People, Whois, codes},
};
use crate::{
    answer::{Answer, Refusal, SafeJson},
    limits::SAFETY_GROUPS,
    told::{names, nick},
};

/// `GET /v1/rooms/{room}/people`.
pub(super) async fn list(State(api): State<Api>, Path(room): Path<String>) -> Answer<SafeJson<People>> {
    Ok(SafeJson(People { people: api.people(&api.room(&room)?).await? }))
}

/// `GET /v1/rooms/{room}/people/{author}`.
pub(super) async fn one(State(api): State<Api>, Path((room, who)): Path<(String, String)>) -> Answer<SafeJson<Whois>> {
    let room = api.room(&room)?;
    let who = whom(&room, &who).await?;
    let heads = room.entries().heads().await?.into_iter();
    let heads: Vec<(AuthorId, Head)> = heads.filter(|(author, _)| room.person(author) == who).collect();
    let peer = room.status().peers.into_iter().find(|peer| room.person(&peer.author) == who);
    if heads.is_empty() && peer.is_none() && who != room.me() {
        return Err(stranger());
    }
    Ok(SafeJson(Whois {
        since_ms: room.entries().since(who).await?.map(Time::ms),
        entries: heads.iter().map(|(_, head)| head.seq + 1).sum(),
        last: last(&room, &heads).map(reference),
        peer: peer.map(|peer| super::shape::shape_peer(&room, &peer)),
        safety: if who == room.me() { String::new() } else { safety_number(&room.me(), &who) },
        person: api.person(&room, &who, heads.iter().map(|(_, head)| head.time.ms()).max().unwrap_or(0)),
    }))
}

/// The last entry of somebody; of ours, the last that was written here.
fn last(room: &Room, heads: &[(AuthorId, Head)]) -> Option<Target> {
    let here = heads.iter().find(|(author, _)| *author == room.author());
    let (author, head) = here.or(heads.iter().max_by_key(|(_, head)| head.time))?;
    Some(Target { author: *author, seq: head.seq })
}

/// Query parameters of a person that is hidden.
#[derive(Deserialize)]
pub(super) struct Where {
    everywhere: Option<bool>,
}

/// `PUT /v1/rooms/{room}/hidden/{author}`: hides this author's messages, which then cause no notice either.
pub(super) async fn hide(
    State(api): State<Api>,
    Path((room, who)): Path<(String, String)>,
    Asked(Where { everywhere }): Asked<Where>,
) -> Answer<SafeJson<People>> {
    let room = api.room(&room)?;
    let who = other(&room, &who).await?;
    if everywhere.unwrap_or(false) {
        hide_everywhere(&api, &room, &who).await?;
    }
    set_hidden(&api, &room, &who, true).await
}

/// Hides an author in all other rooms: by its key, and where another key of the same program is connected.
async fn hide_everywhere(api: &Api, room: &Room, who: &AuthorId) -> Answer<()> {
    let peers = |room: &Room| room.status().peers.into_iter();
    let at: Vec<_> = peers(room).filter(|peer| room.person(&peer.author) == *who).map(|peer| peer.peer).collect();
    api.hidden().put(None, author_hex(who), true)?;
    for other in api.rooms().iter().filter(|other| other.id() != room.id()) {
        let there = peers(other).filter(|peer| at.contains(&peer.peer) && !other.is_mine(&peer.author));
        for person in there.map(|peer| other.person(&peer.author)).collect::<BTreeSet<_>>() {
            api.hidden().set(&company(other), author_hex(&person), true)?;
            api.hub().tell_person(room_hex(other), api.person(other, &person, 0));
        }
        api.tell_room(other).await;
    }
    Ok(())
}

/// `DELETE /v1/rooms/{room}/hidden/{author}`: shows this author's messages again.
pub(super) async fn show(
    State(api): State<Api>,
    Path((room, who)): Path<(String, String)>,
) -> Answer<SafeJson<People>> {
    let room = api.room(&room)?;
    let who = whom(&room, &who).await?;
    set_hidden(&api, &room, &who, false).await
}

/// Hides an author or shows them again, and informs all listeners.
async fn set_hidden(api: &Api, room: &Room, who: &AuthorId, hidden: bool) -> Answer<SafeJson<People>> {
    if api.hidden().set(&company(room), author_hex(who), hidden)? {
        api.hub().tell_person(room_hex(room), api.person(room, who, 0));
        api.look_again(room).await;
        api.tell_room(room).await;
    }
    Ok(SafeJson(People { people: api.people(room).await? }))
}

/// `PUT /v1/rooms/{room}/verified/{author}`: remembers that I compared our safety number.
pub(super) async fn verify(
    State(api): State<Api>,
    Path((room, who)): Path<(String, String)>,
) -> Answer<SafeJson<People>> {
    set_verified(&api, (&room, &who), true).await
}

/// `DELETE /v1/rooms/{room}/verified/{author}`.
pub(super) async fn unverify(
    State(api): State<Api>,
    Path((room, who)): Path<(String, String)>,
) -> Answer<SafeJson<People>> {
    set_verified(&api, (&room, &who), false).await
}

async fn set_verified(api: &Api, (room, who): (&str, &str), verified: bool) -> Answer<SafeJson<People>> {
    let room = api.room(room)?;
    let who = other(&room, who).await?;
    if api.verified().set(&company(&room), author_hex(&who), verified)? {
        api.hub().tell_person(room_hex(&room), api.person(&room, &who, 0));
        api.look_again(&room).await;
        api.step().wake();
    }
    Ok(SafeJson(People { people: api.people(&room).await? }))
}

/// `GET /v1/rooms/{room}/people/{author}/safety.svg`.
pub(super) async fn safety_picture(
    State(api): State<Api>,
    Path((room, who)): Path<(String, String)>,
) -> Answer<Response> {
    let room = api.room(&room)?;
    let number = safety_number(&room.me(), &other(&room, &who).await?);
    picture(number.replace(' ', ""))
}

/// Somebody else than me.
async fn other(room: &Room, who: &str) -> Answer<AuthorId> {
    let who = whom(room, who).await?;
    match who == room.me() {
        true => Err(Refusal::new(codes::AUTHOR, "this is yourself", "name somebody else")),
        false => Ok(who),
    }
}

/// The safety number of two authors, the same for both: twelve groups of five digits from a hash of both keys in
/// order.
fn safety_number(one: &AuthorId, other: &AuthorId) -> String {
    let mut keys = [*one.as_bytes(), *other.as_bytes()];
    keys.sort_unstable();
    let mut digits = [0; SAFETY_GROUPS * 8];
    blake3::Hasher::new_derive_key("rumormill 1 safety number")
        .update(keys.as_flattened())
        .finalize_xof()
        .fill(&mut digits);
    let (groups, _) = digits.as_chunks::<8>();
    let groups = groups.iter().map(|group| format!("{:05}", u64::from_le_bytes(*group) % 100_000));
    groups.collect::<Vec<_>>().join(" ")
}

/// `POST /v1/rooms/{room}/typing`: tells the connected peers that I am typing; at most once in three seconds, however
/// often it is called, and never where the configuration says `typing = false`.
pub(super) async fn typing(State(api): State<Api>, Path(room): Path<String>) -> Answer<()> {
    let room = api.room(&room)?;
    if api.tells_typing() {
        room.typing().await?;
    }
    Ok(())
}

/// The person that a word names: by a whole id, of whatever author or device, or by a name as every screen shows it.
pub(super) async fn whom(room: &Room, word: &str) -> Answer<AuthorId> {
    match author(word) {
        Ok(whole) => Ok(room.person(&whole)),
        Err(_) => author(names(room).await?.choose(word)?.as_str()),
    }
}

/// The author of a room whom a name means, if there is one.
pub(super) async fn member(room: &Room, name: &str) -> Answer<Option<AuthorId>> {
    match names(room).await?.choose(name) {
        Ok(whole) => author(whole.as_str()).map(Some),
        Err(refused) if refused.code == codes::NOBODY.word => Ok(None),
        Err(refused) => Err(refused.into()),
    }
}

fn stranger() -> Refusal {
    Refusal::missing(codes::NO_AUTHOR, "nobody here has this id")
}

impl Api {
    /// The person in a room who writes under a key, and whose last entry has the time `last_ms`.
    pub(super) fn person(&self, room: &Room, who: &AuthorId, last_ms: u64) -> words::Person {
        let (person, me) = (room.person(who), room.is_mine(who));
        let linked = |author: &AuthorId| room.person(author) == person && !is_out(room, author);
        words::Person {
            author: author_hex(&person),
            nick: nick(room, who),
            here: me || room.status().peers.iter().any(|peer| linked(&peer.author)),
            me,
            last_ms,
            hidden: self.hides(room, who),
            verified: self.verified().has(&company(room), &author_hex(&person)),
            role: role_of(room, who),
            lacks: None,
            stock: stocks(&room.status().peers, &person).map(shape_stock),
        }
    }

    /// Whether I have hidden an author.
    pub(super) fn hides(&self, room: &Room, who: &AuthorId) -> bool {
        self.hidden().has(&company(room), &person_hex(room, who))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_see_the_same_safety_number_and_a_fresh_key_has_another() {
        let [ada, ben, fresh] = [1, 2, 3].map(|key| AuthorId([key; 32]));
        let number = safety_number(&ada, &ben);
        assert_eq!(number, safety_number(&ben, &ada));
        assert_ne!(number, safety_number(&ada, &fresh));
        let groups: Vec<&str> = number.split(' ').collect();
        assert!(groups.len() == SAFETY_GROUPS && groups.iter().all(|group| group.len() == 5), "{number}");
    }
}
