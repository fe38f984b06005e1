//! `rumormill join`: enter a room with a ticket.

use rumormill_node::Ticket;

use crate::{
    chat,
    commands::talk,
    failure::{Exit, Failure},
    home::{Place, Reach},
};

/// What to give `rumormill join`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The ticket, as it was given to you; line breaks in it do no harm
    #[arg(num_args = 1.., required = true)]
    ticket: Vec<String>,
    /// By what name you want to be shown in it
    #[arg(long)]
    nick: Option<String>,
}

/// Enters the room, and opens it at once: who is there and what was said comes in while one looks.
///
/// # Errors
/// When the ticket is none, or the home cannot be opened; where nobody sits at a terminal, also when nobody of
/// the room was met.
pub(crate) async fn run(args: Args, place: Place) -> Result<(), Failure> {
    let ticket: Ticket = args.ticket.concat().parse().map_err(|error: rumormill_node::TicketError| Failure {
        exit: Exit::Ticket,
        code: "ticket".into(),
        what: error.to_string(),
        help: "a ticket is one word; ask for it again if a piece is lost".into(),
    })?;
    let history = place.history()?;
    let node = place.open(Reach::Peers).await?;
    let room = node.join(&ticket).await?;
    if let Some(nick) = &args.nick {
        room.set_nick(nick).await?;
    }
    talk("looking for the others");
    let visit = chat::run(room, &history).await;
    node.close().await;
    if visit?.met || chat::at_terminal() {
        return Ok(());
    }
    Err(Failure {
        exit: Exit::Unreachable,
        code: "unreachable".into(),
        what: "nobody of the room could be reached".into(),
        help: "the room is kept, `rumormill chat` tries again; or ask for a newer ticket".into(),
    })
}
