//! `rumormill keeper`: store and serve rooms that this machine cannot read.

use rumormill_api::{Enter, Keep, KeepFiles, Role, Room, endpoints};
use rumormill_client::Client;
use rumormill_server::{for_keepers, read_ticket};
use rumormill_text::{Clock, keepers::stocked, show::count};
use rumormill_tui::Interrupts;

use crate::{
    client::{self, Owner},
    commands::{data, keep::bytes, talk},
    failure::Failure,
    home::{HomeArgs, Reach},
};

/// Arguments of `rumormill keeper`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Ticket for a keeper, as `rumormill ticket ROOM --keeper` prints it; goes on with the rooms of before if omitted
    #[arg(value_name = "TICKET")]
    ticket: Vec<String>,
    /// Store so much of each room: a quarter for messages, the rest for files; the oldest go: 500M, 20G
    #[arg(long, value_name = "SIZE", value_parser = bytes)]
    quota: Option<u64>,
}

/// Serves until it is asked to end. If another process has the home open, that one does it.
///
/// # Errors
/// When the ticket is none for a keeper, or the home cannot be opened.
pub(crate) async fn run(args: Args, place: HomeArgs) -> Result<(), Failure> {
    let ticket = args.ticket.join(" ");
    if !ticket.is_empty() {
        for_keepers(read_ticket(&ticket)?)?;
    }
    let mut interrupts = Interrupts::new()?;
    let owner = client::owner(&place, Reach::Serving).await?;
    let begun = begin(&owner.client(), ticket, args.quota).await;
    match (&owner, begun) {
        (Owner::Us(_), Ok(())) => _ = interrupts.next().await,
        (Owner::Other(_), Ok(())) => talk("another process has this home open: it keeps rooms for as long as it runs"),
        (_, Err(failure)) => {
            owner.close().await;
            return Err(failure);
        }
    }
    owner.close().await;
    Ok(())
}

/// Enters the room of a ticket, bounds what is stored of each, and tells which there are.
async fn begin(client: &Client, ticket: String, quota: Option<u64>) -> Result<(), Failure> {
    if !ticket.is_empty() {
        client.call(&endpoints::ENTER_ROOM, &[], &[], &Enter::Kept { keeper: ticket }).await?;
    }
    let rooms: Vec<Room> = client.rooms().await?.into_iter().filter(|room| room.keeper).collect();
    for room in &rooms {
        if let Some(quota) = quota {
            let files = KeepFiles { bytes: Some(quota - quota / 4), ..room.keep.files };
            let keep = Keep { bytes: Some(quota / 4), files, ..room.keep };
            client.call(&endpoints::SET_KEEP, &[room.id.as_str()], &[], &keep).await?;
        }
        let keeps = room.standing.as_ref().is_some_and(|standing| standing.role == Role::Keeper);
        let says = if keeps { "kept" } else { "waits for whoever made the ticket" };
        let stock = room.stock.as_ref().map(|stock| format!("; {}", stocked(stock, &Clock::local())));
        let id = room.id.as_str().get(..8).unwrap_or_default();
        data(&format!("{id}  {says}{}", stock.unwrap_or_default()))?;
    }
    talk(&match rooms.len() as u64 {
        0 => "no room is kept here: `rumormill ticket ROOM --keeper` on a member's machine prints a ticket".to_owned(),
        rooms => format!("keeping {}; Ctrl+C ends it", count(rooms, "room", "rooms")),
    });
    Ok(())
}
