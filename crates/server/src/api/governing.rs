//! Requests about closed rooms: tickets, and what governors do.

use axum::extract::{Path, State};
use rumormill_node::{
    Member, Membership, Place, Refusal as Refused, Room,
    proto::{
        governance::{self, Announced, Guest, Order},
        ids::AuthorId,
    },
};
use rumormill_text::Clock;

use super::{
    Api,
    asked::Body,
    closing, display,
    names::{named, reference, target},
    people::whom,
    rules::let_through,
    words::{self, AnnouncedTicket, Foreseen, NewTicket, Ordered, Role, Standing, TicketState, Tickets, codes},
};
use crate::{
    answer::{Answer, Refusal, SafeJson},
    told::{called, names, role},
};

/// `GET /v1/rooms/{room}/tickets`.
pub(super) async fn tickets(State(api): State<Api>, Path(room): Path<String>) -> Answer<SafeJson<Tickets>> {
    let room = governed(&api, &room)?;
    let now_ms = Clock::utc().now_ms();
    let announced = |ticket| announced(&room, ticket, now_ms);
    let mut tickets: Vec<AnnouncedTicket> = room.tickets().iter().map(announced).collect();
    tickets.sort_by_key(|ticket| ticket.state != TicketState::Good);
    Ok(SafeJson(Tickets { tickets }))
}

/// `POST /v1/rooms/{room}/tickets`.
pub(super) async fn make(
    State(api): State<Api>,
    Path(room): Path<String>,
    Body(NewTicket { keeper, uses, expires_ms }): Body<NewTicket>,
) -> Answer<SafeJson<words::Ticket>> {
    let room = governed(&api, &room)?;
    if uses == 0 {
        return Err(Refusal::new(codes::USES, "a ticket for nobody is none", "let it in 1 or more"));
    }
    api.paces().take(&room, 1)?;
    let guest = if keeper { Guest::Keeper } else { Guest::Member };
    Ok(SafeJson(words::Ticket { ticket: room.new_ticket_for(guest, uses, expires_ms).await?.to_string() }))
}

/// `DELETE /v1/rooms/{room}/tickets/{ticket}`.
pub(super) async fn revoke(State(api): State<Api>, Path((room, id)): Path<(String, String)>) -> Answer<()> {
    let room = governed(&api, &room)?;
    let id = id.to_lowercase();
    let fits = |ticket: &&Announced| !id.is_empty() && hex(&ticket.id.0).starts_with(&id);
    let found: Vec<Announced> = room.tickets().iter().filter(fits).copied().collect();
    let ticket = match found[..] {
        [ticket] => ticket.id,
        [] => {
            let help = "`rumormill ticket --list` shows the tickets";
            return Err(Refusal::new(codes::NOTHING_THERE, format!("no ticket begins with {id:?}"), help));
        }
        _ => return Err(Refusal::new(codes::SEVERAL, format!("{id:?} begins several tickets"), "give more letters")),
    };
    api.paces().take(&room, 1)?;
    room.order(Order::Revoke(ticket)).await?;
    Ok(())
}

/// `POST /v1/rooms/{room}/orders`.
pub(super) async fn order(
    State(api): State<Api>,
    Path(room): Path<String>,
    Body(order): Body<words::Order>,
) -> Answer<SafeJson<Ordered>> {
    if let words::Order::Close { without } = &order {
        return Ok(SafeJson(closing::close(&api, &api.room(&room)?, without).await?));
    }
    if let words::Order::StepDown { who: Some(who) } = &order {
        return Ok(SafeJson(closing::name(&api, &api.room(&room)?, who).await?));
    }
    if let words::Order::LetThrough { who } = &order {
        let room = api.room(&room)?;
        if !room.is_closed() {
            display::let_through(&api, &room, &whom(&room, who).await?).await?;
            return Ok(SafeJson(Ordered::default()));
        }
    }
    let room = governed(&api, &room)?;
    let read = read_order(&room, &order).await?;
    api.paces().take(&room, 1)?;
    let mut done = room.order(read.clone()).await?;
    if let (Order::Remove(who), words::Order::Remove { hide: true, .. }) = (&read, order) {
        // After the removal, so that nothing is said in between.
        let heads = room.entries().heads().await?.into_iter();
        for (author, head) in heads.filter(|(author, _)| room.person(author) == *who) {
            done = room.order(Order::Hide { author, first: 0, last: head.seq }).await?;
        }
    }
    if let Order::Admit(admitted) = read {
        // Somebody whom a governor lets in by name is to be heard.
        for who in admitted {
            let_through(&room, &who).await?;
        }
    }
    Ok(SafeJson(Ordered { r#ref: reference(done) }))
}

/// `POST /v1/rooms/{room}/foreseen`.
pub(super) async fn foresee(
    State(api): State<Api>,
    Path(room): Path<String>,
    Body(order): Body<words::Order>,
) -> Answer<SafeJson<Foreseen>> {
    if let words::Order::Close { without } = &order {
        return Ok(SafeJson(closing::foresee(&api.room(&room)?, without).await?));
    }
    if let words::Order::StepDown { who: Some(who) } = &order {
        return Ok(SafeJson(closing::foresee_name(&api.room(&room)?, who).await?));
    }
    let room = governed(&api, &room)?;
    let mut foreseen = room.foresee(read_order(&room, &order).await?).await?;
    // All keys of a person are one.
    foreseen.out = foreseen.out.iter().map(|author| room.person(author)).collect();
    let all = names(&room).await?;
    let tickets = room.tickets();
    let made = |id: &governance::TicketId| tickets.iter().find(|ticket| ticket.id == *id);
    let out = foreseen.out.iter().map(|author| format!("{} would be out", called(&room, &all, author)));
    let roles = foreseen.roles.iter().filter(|(author, _)| !foreseen.out.contains(author));
    let roles =
        roles.map(|(author, held)| format!("{} would no longer be {}", called(&room, &all, author), a(role(*held))));
    let over = foreseen.tickets.iter().filter_map(made).map(|ticket| {
        let by = called(&room, &all, &ticket.maker);
        format!("the ticket {} of {by} would let nobody in any more", short(ticket))
    });
    Ok(SafeJson(Foreseen {
        says: out.chain(roles).chain(over).collect(),
        out: foreseen.out.iter().map(|author| named(&room, author)).collect(),
        roles: foreseen.roles.iter().map(|(author, _)| named(&room, author)).collect(),
        tickets: foreseen.tickets.iter().map(|ticket| hex(&ticket.0)).collect(),
    }))
}

/// A room that governs itself.
pub(super) fn governed(api: &Api, room: &str) -> Answer<Room> {
    let room = api.room(room)?;
    if room.is_closed() { Ok(room) } else { Err(rumormill_node::Error::Open.into()) }
}

async fn read_order(room: &Room, order: &words::Order) -> Answer<Order> {
    Ok(match order {
        words::Order::Remove { who, .. } => Order::Remove(whom(room, who).await?),
        words::Order::Admit { who } => Order::Admit(vec![whom(room, who).await?]),
        words::Order::Dismiss { who } => Order::Dismiss(whom(room, who).await?),
        words::Order::Appoint { who, role } => {
            let role = match role {
                Role::CoOwner => governance::Role::CoOwner,
                Role::Moderator => governance::Role::Moderator,
                _ => {
                    let what = "nobody is appointed to this";
                    return Err(Refusal::new(codes::RANK, what, "appoint a co-owner or a moderator"));
                }
            };
            Order::Appoint(whom(room, who).await?, role)
        }
        words::Order::Hide { message } => {
            let of = target(message.as_str())?;
            Order::Hide { author: of.author, first: of.seq, last: of.seq }
        }
        words::Order::LetThrough { who } => Order::LetThrough(whom(room, who).await?),
        words::Order::StepDown { who: None } => Order::StepDown,
        words::Order::StepDown { who: Some(_) } | words::Order::Close { .. } => return Err(closing::not_here()),
    })
}

fn announced(room: &Room, ticket: &Announced, now_ms: u64) -> AnnouncedTicket {
    AnnouncedTicket {
        id: hex(&ticket.id.0),
        maker: named(room, &ticket.maker),
        mine: room.is_mine(&ticket.maker),
        keeper: ticket.guest == Guest::Keeper,
        uses: ticket.uses,
        used: ticket.used,
        expires_ms: ticket.expires_ms,
        state: Refused::of(ticket, now_ms).and_then(state).unwrap_or(TicketState::Good),
    }
}

fn state(why: Refused) -> Option<TicketState> {
    match why {
        Refused::Revoked => Some(TicketState::Revoked),
        Refused::UsedUp => Some(TicketState::UsedUp),
        Refused::Expired => Some(TicketState::Expired),
        Refused::Unwelcome => None,
    }
}

fn hex(bytes: &[u8; 32]) -> String {
    data_encoding::HEXLOWER.encode(bytes)
}

fn short(ticket: &Announced) -> String {
    hex(&ticket.id.0).chars().take(8).collect()
}

/// Where we stand in a room.
pub(super) fn standing(room: &Room) -> Option<Standing> {
    let standing = |role, says: &str| Standing { role, says: says.into(), ..Standing::default() };
    Some(match room.membership() {
        Membership::Open => return None,
        Membership::Present(held) => standing(held.map_or(Role::Member, role), ""),
        Membership::Keeping => {
            standing(Role::Keeper, "this machine stores and serves the room, and cannot read it or write in it")
        }
        Membership::Waiting if room.keeps() => standing(
            Role::Waiting,
            "this machine waits to store and serve the room: whoever made the ticket has to be online once",
        ),
        Membership::Waiting => {
            standing(Role::Waiting, "you wait to be let in: the first member that you reach does it")
        }
        Membership::Refused(why) => {
            let says = match why {
                Refused::Revoked => "your ticket was revoked: ask for a new one, and join with it",
                Refused::UsedUp => "your ticket has let in as many as it may: ask for a new one, and join with it",
                Refused::Expired => "your ticket has expired: ask for a new one, and join with it",
                Refused::Unwelcome => {
                    "nobody whom you reach lets you in: your ticket may have ended; ask for a new one, and join with it"
                }
            };
            Standing { why: state(why), ..standing(Role::Refused, says) }
        }
        Membership::Removed { .. } if room.is_device() && room.member(&room.me()).is_some_and(is_present) => {
            standing(Role::Removed, "this device was revoked; nobody reads what you say on it")
        }
        Membership::Removed { by } => {
            let by = by.map(|by| named(room, &by));
            let says = match &by {
                Some(by) => format!("{} removed you from this room; nobody reads what you say here", by.nick),
                None => "you were removed from this room; nobody reads what you say here".into(),
            };
            Standing { role: Role::Removed, by, says, why: None }
        }
    })
}

/// Where a person stands in a closed room, by whichever of its keys; `None` in an open one, and for somebody who is not
/// there. A person is in as long as one of its devices is.
pub(super) fn role_of(room: &Room, author: &AuthorId) -> Option<Role> {
    let places: Vec<Member> = room.keys_of(author).iter().filter_map(|key| room.member(key)).collect();
    let present = places.iter().find(|member| is_present(**member));
    present.or(places.first()).map(placed)
}

/// Whether a key was removed: then who writes under it is not here, even if its program is connected.
pub(super) fn is_out(room: &Room, author: &AuthorId) -> bool {
    room.member(author).is_some_and(|member| member.place == Place::Removed)
}

/// Whether we are in a closed room and know nobody of this key: it may be a device of which the first entry is on its
/// way.
pub(super) fn is_strange(room: &Room, author: &AuthorId) -> bool {
    matches!(room.membership(), Membership::Present(_)) && room.member(author).is_none()
}

fn is_present(member: Member) -> bool {
    matches!(member.place, Place::Present(_))
}

/// Where a member stands.
fn placed(member: &Member) -> Role {
    match member.place {
        Place::Present(held) => held.map_or(Role::Member, role),
        Place::Waiting(_) => Role::Waiting,
        Place::Removed => Role::Removed,
    }
}

fn a(role: Role) -> &'static str {
    match role {
        Role::Owner => "the owner",
        Role::CoOwner => "a co-owner",
        Role::Moderator => "a moderator",
        Role::Keeper => "a keeper",
        _ => "a member",
    }
}
