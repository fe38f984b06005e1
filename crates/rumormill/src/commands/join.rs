//! `rumormill join`: join a room with a ticket, or by its name if it is announced on this LAN.

use rumormill_api::{Enter, NearbyRoom, Role, Room, codes, endpoints};
use rumormill_client::Client;
use rumormill_server::read_ticket;
use rumormill_text::{holds_ticket, title};
use rumormill_tui::{JOIN_LOOKS_MS, Visit};

use crate::{
    client,
    commands::{data, json, nick, talk, unreachable},
    failure::{Exit, Failure},
    home::{HomeArgs, Reach},
    visit::{Look, visit},
};

/// Arguments of `rumormill join`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Ticket you were given, or name of a room on this LAN; lists those rooms if omitted
    #[arg(value_name = "TICKET|NAME")]
    ticket: Vec<String>,
    /// Name you want to be shown by; the one in your other rooms, or your login name, if omitted
    #[arg(long, env = "RUMORMILL_NICK")]
    nick: Option<String>,
    /// Use plain lines instead of the full screen, even at a terminal
    #[arg(long)]
    plain: bool,
    /// List rooms as one JSON object per line
    #[arg(long, conflicts_with_all = ["ticket", "nick", "plain"])]
    json: bool,
}

/// Joins the room and opens it at once; people and messages come in while the person looks.
///
/// # Errors
/// When the ticket is invalid, or the home cannot be opened; without a terminal, also when we were removed from the room
/// or nobody of it was reached.
pub(crate) async fn run(args: Args, place: HomeArgs) -> Result<(), Failure> {
    if args.ticket.is_empty() {
        return client::with(&place, Reach::Peers, async |client| list(client, args.json).await).await;
    }
    let words = args.ticket.join(" ");
    let is_ticket = holds_ticket(&words);
    if is_ticket {
        read_ticket(&words)?;
    }
    let enter = async |client: &Client| {
        let ticket = match is_ticket {
            true => words.clone(),
            false => find(client, &words).await?,
        };
        enter(client, &place, ticket, &args).await
    };
    let (visit, left) = client::with(&place, Reach::Staying, enter).await?;
    if visit.met || rumormill_tui::at_terminal() {
        return Ok(());
    }
    let standing = left.as_ref().and_then(|room| room.standing.clone());
    if let Some(standing) = standing.filter(|standing| standing.role == Role::Removed) {
        let help = "ask somebody in the room for a ticket, and join with it";
        return Err(Failure {
            exit: Exit::NotAllowed,
            code: codes::NO_MEMBER.word.into(),
            what: standing.says,
            help: help.into(),
        });
    }
    let seeking = left.and_then(|room| room.seeking);
    let help = "the room is kept: ask somebody in it to open it, then `rumormill chat` tries again; or ask for a newer ticket. \
                A keeper would be there always: `rumormill keeper` on a machine that nobody has to trust, or `rumormill serve` on \
                one that you do";
    Err(unreachable(seeking.as_ref(), help))
}

async fn enter(
    client: &Client,
    place: &HomeArgs,
    ticket: String,
    args: &Args,
) -> Result<(Visit, Option<Room>), Failure> {
    let nick = nick::choose(client, place, args.nick.as_deref()).await?;
    let room = client.call(&endpoints::ENTER_ROOM, &[], &[], &Enter::Invited { ticket }).await?;
    let nick = nick.filter(|_| args.nick.is_some() || !nick::is_named(&room));
    // The room is joined even if the name cannot be set.
    if let Err(failure) = nick::tell(client, &room, nick).await {
        talk(&failure.to_string());
    }
    talk("looking for the others");
    let visit = visit(client, &room, place, Look::of(args.plain)).await?;
    // A room that was left meanwhile is not there.
    let left = client.room(room.id.as_str()).status().await.ok();
    Ok((visit, left))
}

/// Prints the rooms that are announced on this LAN.
async fn list(client: &Client, as_json: bool) -> Result<(), Failure> {
    talk("looking for rooms on this LAN");
    let rooms = nearby(client, &[]).await?;
    for room in &rooms {
        match as_json {
            true => json(room)?,
            false => {
                data(&format!("{}  {}  by {}", title(&room.name), &room.id.as_str()[..8], &room.peer.as_str()[..8]))?
            }
        }
    }
    if rooms.is_empty() {
        return Err(none("no room is announced on this LAN".into()));
    }
    talk("enter one by its name: rumormill join NAME");
    Ok(())
}

async fn nearby(client: &Client, of: &[(&str, &str)]) -> Result<Vec<NearbyRoom>, Failure> {
    let wait = JOIN_LOOKS_MS.to_string();
    let query = [&[("wait_ms", &*wait)], of].concat();
    Ok(client.call(&endpoints::LIST_NEARBY, &[], &query, ()).await?.rooms)
}

/// The ticket of the room that is announced under this name.
async fn find(client: &Client, name: &str) -> Result<String, Failure> {
    talk(&format!("looking for {name:?} on this LAN"));
    let rooms = nearby(client, &[("name", name)]).await?;
    let Some(NearbyRoom { id, peer, ticket, .. }) = rooms.first() else {
        return Err(none(format!("no room {name:?} is announced on this LAN")));
    };
    if rooms.iter().any(|room| room.id != *id) {
        return Err(Failure {
            exit: Exit::Usage,
            code: "room".into(),
            what: format!("several rooms on this LAN are called {name:?}"),
            help: "ask for the ticket of the one you mean".into(),
        });
    }
    talk(&format!("{name:?} is announced by {}", &peer.as_str()[..8]));
    Ok(ticket.clone())
}

fn none(what: String) -> Failure {
    Failure {
        exit: Exit::Unreachable,
        code: "nearby".into(),
        what,
        help: "ask for a ticket; `rumormill new NAME --lan` announces a room".into(),
    }
}
