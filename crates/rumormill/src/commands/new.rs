//! `rumormill new`: create a room.

use std::io::{self, IsTerminal};

use fast_qr::QRBuilder;
use rumormill_api::{Enter, Room, endpoints};
use rumormill_client::Client;
use rumormill_server::read_name;
use rumormill_text::{founded, handing_over};
use rumormill_tui::Visit;

use crate::{
    client,
    commands::{data, nick, talk},
    failure::{Exit, Failure},
    home::{HomeArgs, Reach},
    visit::{Look, visit},
};

/// Arguments of `rumormill new`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Name of the room
    name: String,
    /// Name you want to be shown by; the one in your other rooms, or your login name, if omitted
    #[arg(long, env = "RUMORMILL_NICK")]
    nick: Option<String>,
    /// Found an open room: anyone with its ticket comes in, for ever, and nobody can be removed. Without this the room is
    /// closed: members let people in, and you can remove them and end tickets
    #[arg(long)]
    open: bool,
    /// Announce the room on this LAN: anyone there can find it by name and gets a ticket of yours
    #[arg(long)]
    lan: bool,
    /// Use plain lines instead of the full screen, even at a terminal
    #[arg(long)]
    plain: bool,
}

/// Creates the room, prints its ticket, and opens it.
///
/// # Errors
/// When the name is invalid, or the home cannot be opened.
pub(crate) async fn run(args: Args, place: HomeArgs) -> Result<(), Failure> {
    let name = read_name(&args.name)?;
    let create = async |client: &Client| create(client, &place, name, &args).await;
    client::with(&place, Reach::Staying, create).await.map(|_| ())
}

async fn create(client: &Client, place: &HomeArgs, name: &str, args: &Args) -> Result<Visit, Failure> {
    let nick = nick::choose(client, place, args.nick.as_deref()).await?;
    let enter = Enter::Founded { name: name.to_owned(), open: args.open };
    let room = client.call(&endpoints::ENTER_ROOM, &[], &[], &enter).await?;
    // The room exists, so a failure to announce it is only reported: after an error, people would create it again.
    if let Err(failure) = nick::tell(client, &room, nick).await {
        talk(&failure.to_string());
    }
    if args.lan {
        announce(client, &room, place).await?;
    }
    talk(founded(&room));
    let ticket = client.room(room.id.as_str()).ticket().await?;
    show(&room, &ticket, None)?;
    if !args.open {
        talk(
            "if this machine is lost, nobody governs the room: `rumormill backup FILE` or `rumormill device add` helps",
        );
    }
    visit(client, &room, place, Look::of(args.plain)).await
}

async fn announce(client: &Client, room: &Room, place: &HomeArgs) -> Result<(), Failure> {
    if !place.settings(Reach::Peers)?.lan {
        return Err(Failure {
            exit: Exit::Usage,
            code: "lan".into(),
            what: "the room was made, but nothing is announced on the LAN from here".into(),
            help: "take `lan = false` out of the configuration, or --loopback off the command".into(),
        });
    }
    client.room(room.id.as_str()).announce(true).await?;
    talk("anyone on this LAN can join without a ticket: rumormill join NAME");
    Ok(())
}

/// Prints a ticket, or a link with it, as data; for people also a hint and a QR code.
///
/// # Errors
/// When nobody reads the output.
pub(crate) fn show(room: &Room, ticket: &str, link: Option<&str>) -> Result<(), Failure> {
    if io::stderr().is_terminal()
        && let Ok(picture) = QRBuilder::new(ticket.to_ascii_uppercase()).ecl(fast_qr::ECL::L).build()
    {
        talk(&picture.to_str());
    }
    data(link.unwrap_or(ticket))?;
    talk(handing_over(room));
    Ok(())
}
