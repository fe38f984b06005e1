//! Closed rooms: who is in, with which role, and what we do there.

use rumormill_proto::{
    content::Target,
    governance::{Announced, Foreseen, Guest, Order, Role},
    ids::AuthorId,
};

use super::Room;
use crate::{
    board::Closed,
    command::Command,
    error::Error,
    membership::{Member, Membership, Place},
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

    pub(super) fn founder(&self) -> Option<AuthorId> {
        self.board.posted().closed.as_ref().map(|closed| closed.founder)
    }
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
