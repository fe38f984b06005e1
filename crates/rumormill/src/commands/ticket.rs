//! `rumormill ticket`: print the ticket that lets others join a room; of a closed room also make, list and end tickets.

use jiff::Span;
use rumormill_api::{AnnouncedTicket, NewTicket, Room, TicketState, endpoints};
use rumormill_client::Client;
use rumormill_text::{Clock, clean, show::count};

use crate::{
    client::{self, pick},
    commands::{data, json, new, talk},
    failure::{Exit, Failure},
    home::{HomeArgs, Reach},
};

/// Arguments of `rumormill ticket`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Name of the room, or the beginning of its id; optional when there is only one room
    room: Option<String>,
    /// Print a link instead: it opens the web page of a machine where `rumormill serve` runs, and offers to join
    #[arg(long)]
    link: bool,
    /// Make a new ticket of a closed room
    #[arg(long, group = "making")]
    new: bool,
    /// Make a ticket for a keeper: a machine that stores and serves a closed room and cannot read it
    #[arg(long, group = "making", conflicts_with_all = ["link", "list", "revoke"])]
    keeper: bool,
    /// How many people or keepers the new ticket lets in
    #[arg(long, value_name = "N", requires = "making", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..))]
    uses: u64,
    /// How long the new ticket lets people in: 7d, 12h, 90m; without end if omitted
    #[arg(long, value_name = "TIME", requires = "making")]
    expires: Option<Span>,
    /// List the tickets of a closed room
    #[arg(long, conflicts_with_all = ["new", "link", "revoke"])]
    list: bool,
    /// End a ticket of a closed room, by its id or the beginning of it
    #[arg(long, value_name = "ID", conflicts_with_all = ["new", "link"])]
    revoke: Option<String>,
    /// List tickets as one JSON object per line
    #[arg(long, requires = "list")]
    json: bool,
}

/// Prints a ticket with the current peers, or does something with the tickets of a closed room.
///
/// # Errors
/// When there is no such room, when the room is open and only closed ones can do this, or when the home cannot be
/// opened.
pub(crate) async fn run(args: Args, place: HomeArgs) -> Result<(), Failure> {
    let ask = async |client: &Client| {
        let room = pick(client, args.room.as_deref()).await?;
        Ok::<_, Failure>(carry_out(client, &room, &args).await?.map(|ticket| (room, ticket)))
    };
    let Some((room, ticket)) = client::with(&place, Reach::Peers, ask).await? else { return Ok(()) };
    let link = if args.link { place.config()?.http.link(&ticket) } else { None };
    new::show(&room, &ticket, link.as_deref())
}

/// Does what was asked for; returns a ticket to print.
async fn carry_out(client: &Client, room: &Room, args: &Args) -> Result<Option<String>, Failure> {
    let id = room.id.as_str();
    if args.list {
        let mut tickets = client.call(&endpoints::LIST_TICKETS, &[id], &[], ()).await?.tickets.into_iter();
        return tickets.try_for_each(|ticket| print(&ticket, args.json)).map(|()| None);
    }
    if let Some(ticket) = &args.revoke {
        client.call(&endpoints::REVOKE_TICKET, &[id, ticket], &[], ()).await?;
        talk("the ticket lets nobody in any more");
        return Ok(None);
    }
    if args.new || args.keeper {
        let expires_ms = args.expires.as_ref().map(|span| Clock::local().after(span)).transpose();
        let expires_ms = expires_ms.map_err(|why| Failure {
            exit: Exit::Usage,
            code: "expires".into(),
            what: why.to_string(),
            help: "say how long, as 7d, 12h or 90m".into(),
        })?;
        let ticket = NewTicket { keeper: args.keeper, uses: args.uses, expires_ms };
        let made = client.call(&endpoints::MAKE_TICKET, &[id], &[], &ticket).await?.ticket;
        if args.keeper {
            // People who join by it would only wonder, so nothing tells them to.
            data(&made)?;
            talk("on a machine that is always on: rumormill keeper TICKET; this home appoints it when both are online");
            return Ok(None);
        }
        return Ok(Some(made));
    }
    Ok(Some(client.room(id).ticket().await?))
}

fn print(ticket: &AnnouncedTicket, as_json: bool) -> Result<(), Failure> {
    if as_json {
        return json(ticket);
    }
    let clock = Clock::local();
    let state = match (ticket.state, ticket.expires_ms) {
        (TicketState::Good, None) => "good".to_owned(),
        (TicketState::Good, Some(ms)) => format!("good until {} {}", clock.day(ms), clock.minutes(ms)),
        (TicketState::Revoked, _) => "revoked".into(),
        (TicketState::UsedUp, _) => "used up".into(),
        (TicketState::Expired, _) => "expired".into(),
    };
    let by = if ticket.mine { "you".into() } else { clean(&ticket.maker.nick) };
    let state = if ticket.keeper { format!("{state}, for keepers") } else { state };
    let id: String = ticket.id.chars().take(8).collect();
    data(&format!("{id}  by {by}, {} of {}, {state}", ticket.used, count(ticket.uses, "use", "uses")))
}
