//! Closed rooms: who is in, with which role, and what we do there.

use std::sync::Arc;

use bytes::Bytes;
use rumormill_proto::{
    content::Target,
    governance::{Announced, Foreseen, Guest, Order, Role, Rules, Shown},
    ids::{AuthorId, RoomId},
};
use rumormill_store::Read;

use super::Room;
use crate::{
    board::Closed,
    command::Command,
    counting::Counting,
    error::Error,
    limits::{HELD_PAGES, PAGE_LINES, REPORT_BYTES},
    membership::{Member, Membership, Place},
    message::{Message, What},
    messages,
    ticket::{Admits, Ticket},
    wish::{Done, Govern, Wish},
};

impl Room {
    /// Whether the room governs itself: somebody has to let people in, and some may do more than others.
    pub fn is_closed(&self) -> bool {
        self.board.posted().closed.is_some()
    }

    /// Whether we are in.
    pub fn membership(&self) -> Membership {
        self.board.posted().closed.as_ref().map_or(Membership::Open, |closed| closed.membership)
    }

    /// Everybody who is in a closed room, waits to be let in, or was removed; by their ids. Nobody in an open room.
    pub fn members(&self) -> Vec<Member> {
        let Some(closed) = self.board.posted().closed.clone() else { return Vec::new() };
        let all = closed.seats.keys().chain(closed.removed.keys());
        let all: std::collections::BTreeSet<AuthorId> = all.copied().collect();
        all.iter().filter_map(|author| member(&closed, author)).collect()
    }

    /// Where somebody stands in a closed room, if anywhere.
    pub fn member(&self, author: &AuthorId) -> Option<Member> {
        let closed = self.board.posted().closed.clone()?;
        member(&closed, author)
    }

    /// The rules of a closed room.
    pub fn rules(&self) -> Rules {
        self.board.posted().closed.as_ref().map_or(Rules::default(), |closed| closed.rules)
    }

    /// Whether somebody's words are held until somebody lets it through: then only governors see them, and that person.
    pub fn holds(&self, author: &AuthorId) -> bool {
        self.board.posted().closed.as_ref().is_some_and(|closed| closed.shown.holds(author))
    }

    /// Whether slow mode keeps out something that we said, mostly before we knew of it.
    pub fn is_slowed(&self) -> bool {
        let me = self.author();
        self.board.posted().closed.as_ref().is_some_and(|closed| closed.shown.slowed.contains_key(&me))
    }

    /// The newest messages whose words are held, newest last, at most `limit` and [`PAGE_LINES`].
    ///
    /// # Errors
    /// As [`Room::messages`].
    pub async fn held(&self, limit: usize) -> Result<Vec<Message>, Error> {
        let Some(closed) = self.board.posted().closed.clone() else { return Ok(Vec::new()) };
        if closed.shown.held.is_empty() {
            return Ok(Vec::new());
        }
        let shown = Arc::new(Shown { lifts: true, ..(*closed.shown).clone() });
        let (room, limit) = (self.board.id, limit.min(PAGE_LINES));
        let read = move |read: &mut dyn Read| held(&mut Counting::new(read, shown.clone()), &shown, (&room, limit));
        self.node.readers.read(read).await
    }

    /// Reports a message to those who govern the room and are linked with us; nobody else learns of it. Returns how many
    /// these are: with 0 it has to be repeated when one comes.
    ///
    /// # Errors
    /// [`Error::TooLong`] when the words are longer than a report may be, [`Error::Open`] in an open room; [`Error::Left`] and
    /// [`Error::Closed`].
    pub async fn report(&self, of: Target, words: &str) -> Result<usize, Error> {
        if words.len() > REPORT_BYTES {
            return Err(Error::TooLong);
        }
        if !self.is_closed() {
            return Err(Error::Open);
        }
        let words = Bytes::copy_from_slice(words.as_bytes());
        self.node.ask(|answer| Command::Govern { room: self.board.id, what: Govern::Report(of, words, answer) }).await
    }

    /// Whether this node stores and serves the room without being able to read it, or waits for that.
    pub fn keeps(&self) -> bool {
        self.board.posted().keeps
    }

    /// Whether somebody stores and serves a closed room without being able to read it.
    pub fn is_keeper(&self, author: &AuthorId) -> bool {
        self.member(author).is_some_and(|member| member.place == Place::Present(Some(Role::Keeper)))
    }

    /// The tickets that members of a closed room made, also those that ended; by maker, each maker's in their order.
    pub fn tickets(&self) -> Vec<Announced> {
        self.board.posted().closed.as_ref().map(|closed| closed.tickets.clone()).unwrap_or_default()
    }

    /// Makes a ticket of a closed room that lets in so many, until a time in milliseconds since the Unix epoch.
    ///
    /// # Errors
    /// Those of [`Room::order`].
    pub async fn new_ticket(&self, uses: u64, expires_ms: Option<u64>) -> Result<Ticket, Error> {
        self.new_ticket_for(Guest::Member, uses, expires_ms).await
    }

    /// Makes a ticket of a closed room for members or keepers. This node appoints the keepers that come by it.
    ///
    /// # Errors
    /// Those of [`Room::order`].
    pub async fn new_ticket_for(&self, guest: Guest, uses: u64, expires_ms: Option<u64>) -> Result<Ticket, Error> {
        let (_, pass) = self.wish(Wish::Ticket { guest, uses, expires_ms }).await?;
        let founder = self.founder().ok_or(Error::Open)?;
        let admits = pass.map(|pass| Admits { founder, pass, guest }).ok_or(Error::Busy)?;
        Ok(self.ticket_of(Some(admits)))
    }

    /// Does something in a closed room. Resolves once that is durable, with the act that did it.
    ///
    /// # Errors
    /// [`Error::NotMember`], [`Error::Rank`] and [`Error::NothingThere`] when the act would not count, [`Error::Open`] in an
    /// open room, [`Error::Busy`], [`Error::Stopped`], [`Error::Damaged`], [`Error::Left`] and [`Error::Closed`].
    pub async fn order(&self, order: Order) -> Result<Target, Error> {
        self.wish(Wish::Order(order)).await.map(|(of, _)| of)
    }

    /// What an order would end in a closed room.
    ///
    /// # Errors
    /// As [`Room::order`].
    pub async fn foresee(&self, order: Order) -> Result<Foreseen, Error> {
        self.node.ask(|answer| Command::Govern { room: self.board.id, what: Govern::Foresee(order, answer) }).await
    }

    async fn wish(&self, wish: Wish) -> Result<Done, Error> {
        self.node.ask(|answer| Command::Govern { room: self.board.id, what: Govern::Do(wish, answer) }).await
    }

    pub(crate) fn founder(&self) -> Option<AuthorId> {
        self.board.posted().closed.as_ref().map(|closed| closed.founder)
    }
}

/// The newest held messages among the last ones of the timeline.
fn held(
    read: &mut dyn Read,
    shown: &Shown,
    (room, limit): (&RoomId, usize),
) -> Result<Vec<Message>, rumormill_store::Error> {
    let (mut found, mut before) = (Vec::new(), None);
    for _ in 0..HELD_PAGES {
        let page = messages::page(read, room, before, PAGE_LINES)?;
        before = page.messages.first().map(|message| message.place);
        let (more, all) = (page.more, page.messages.into_iter().rev());
        found.extend(all.filter(|message| shown.holds(&message.place.author)).filter(is_said));
        if !more || found.len() >= limit {
            break;
        }
    }
    found.truncate(limit);
    found.reverse();
    Ok(found)
}

fn is_said(message: &Message) -> bool {
    !matches!(message.what, What::Act(_) | What::Nick(_))
}

fn member(closed: &Closed, author: &AuthorId) -> Option<Member> {
    let by = |(author, seq)| Target { author, seq };
    if let Some(seat) = closed.seats.get(author) {
        let place = seat.knocks.map_or(Place::Present(seat.role), Place::Waiting);
        return Some(Member { author: *author, place, by: seat.by.map(by) });
    }
    let ended = closed.removed.get(author)?;
    Some(Member { author: *author, place: Place::Removed, by: ended.map(by) })
}
