//! `rumormill new`: create a room.

use std::io::{self, IsTerminal};

use fast_qr::QRBuilder;

use crate::{
    chat,
    commands::{data, talk},
    failure::{Exit, Failure},
    home::{Place, Reach},
    limits::NAME_BYTES,
};

/// What to give `rumormill new`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// How the room is called
    name: String,
    /// By what name you want to be shown in it
    #[arg(long)]
    nick: Option<String>,
}

/// Creates the room, prints its ticket, and opens it.
///
/// # Errors
/// When the name is no name, or the home cannot be opened.
pub(crate) async fn run(args: Args, place: Place) -> Result<(), Failure> {
    let name = args.name.trim();
    if name.is_empty() || name.len() > NAME_BYTES {
        return Err(Failure {
            exit: Exit::Usage,
            code: "name".into(),
            what: format!("{:?} is no name for a room", args.name),
            help: format!("choose one of 1 to {NAME_BYTES} bytes"),
        });
    }
    let history = place.history()?;
    let node = place.open(Reach::Peers).await?;
    let room = node.create(name).await?;
    if let Some(nick) = &args.nick {
        room.set_nick(nick).await?;
    }
    let ticket = room.ticket().to_string();
    show(&ticket)?;
    let visit = chat::run(room, &history).await;
    node.close().await;
    visit.map(|_| ())
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
