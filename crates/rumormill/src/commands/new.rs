//! `rumormill new`: create a room.

use std::io::{self, IsTerminal};

use axum::http::Method;
use fast_qr::QRBuilder;

use crate::{
    api::{
        read_name,
        words::{Enter, Room, Ticket},
    },
    chat::{self, Look, Visit},
    client::Client,
    commands::{data, talk},
    failure::Failure,
    home::{Place, Reach},
};

/// What to give `rumormill new`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// How the room is called
    name: String,
    /// By what name you want to be shown in it
    #[arg(long, env = "RUMORMILL_NICK")]
    nick: Option<String>,
    /// Line by line, also at a terminal
    #[arg(long)]
    plain: bool,
}

/// Creates the room, prints its ticket, and opens it.
///
/// # Errors
/// When the name is no name, or the home cannot be opened.
pub(crate) async fn run(args: Args, place: Place) -> Result<(), Failure> {
    let name = read_name(&args.name)?;
    let found = async |client: &Client| found(client, &place, name, &args).await;
    Client::with(&place, Reach::Peers, found).await.map(|_| ())
}

async fn found(client: &Client, place: &Place, name: &str, args: &Args) -> Result<Visit, Failure> {
    let name = name.to_owned();
    let room: Room = client.tell(Method::POST, "/v1/rooms", &Enter::Founded { name }).await?;
    let nick = args.nick.clone().map_or_else(|| place.config().map(|config| config.nick), |nick| Ok(Some(nick)))?;
    client.be_called(&room, nick.as_deref()).await?;
    let Ticket { ticket } = client.ask(Method::GET, &format!("/v1/rooms/{}/ticket", room.id)).await?;
    show(&ticket)?;
    chat::visit(client, &room, place, Look::of(args.plain)).await
}

/// The ticket is data; what to do with it, and a picture of it for a telephone, are for people.
fn show(ticket: &str) -> Result<(), Failure> {
    if io::stderr().is_terminal()
        && let Ok(picture) = QRBuilder::new(ticket.to_ascii_uppercase()).ecl(fast_qr::ECL::L).build()
    {
        talk(&picture.to_str());
    }
    data(ticket)?;
    talk("whoever has this ticket can enter: rumormill join TICKET");
    Ok(())
}
