//! `rumormill join`: enter a room with a ticket.

use axum::http::Method;

use crate::{
    api::{
        read_ticket,
        words::{Enter, Room},
    },
    chat::{self, Look, Visit},
    client::Client,
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
    #[arg(long, env = "RUMORMILL_NICK")]
    nick: Option<String>,
    /// Line by line, also at a terminal
    #[arg(long)]
    plain: bool,
}

/// Enters the room, and opens it at once: who is there and what was said comes in while one looks.
///
/// # Errors
/// When the ticket is none, or the home cannot be opened; where nobody sits at a terminal, also when nobody of
/// the room was met.
pub(crate) async fn run(args: Args, place: Place) -> Result<(), Failure> {
    let ticket = args.ticket.concat();
    read_ticket(&ticket)?;
    let enter = async |client: &Client| enter(client, &place, ticket, &args).await;
    let visit = Client::with(&place, Reach::Peers, enter).await?;
    if visit.met || chat::at_terminal() {
        return Ok(());
    }
    Err(Failure {
        exit: Exit::Unreachable,
        code: "unreachable".into(),
        what: "nobody of the room could be reached".into(),
        help: "the room is kept, `rumormill chat` tries again; or ask for a newer ticket".into(),
    })
}

async fn enter(client: &Client, place: &Place, ticket: String, args: &Args) -> Result<Visit, Failure> {
    let room: Room = client.tell(Method::POST, "/v1/rooms", &Enter::Invited { ticket }).await?;
    let nick = args.nick.clone().map_or_else(|| place.config().map(|config| config.nick), |nick| Ok(Some(nick)))?;
    client.be_called(&room, nick.as_deref()).await?;
    talk("looking for the others");
    chat::visit(client, &room, place, Look::of(args.plain)).await
}
