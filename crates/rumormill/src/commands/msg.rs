//! `rumormill msg` and `rumormill requests`: talk privately with people of a room.

use rumormill_api::{NewPrivate, endpoints};
use rumormill_client::Client;
use rumormill_text::{clean, title};
use rumormill_tui::private;

use crate::{
    client,
    commands::{data, json, spread::Spread, talk},
    failure::Failure,
    home::{HomeArgs, Reach},
};

/// Arguments of `rumormill msg`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Name of the room in which the person is, or the beginning of its id
    room: String,
    /// Name or id of the person; several, with commas between them, make a group
    people: String,
    /// Words to say; without any, the private room is only entered
    words: Vec<String>,
}

/// Begins or finds the private room with these people, says the words there, and waits for somebody to have them.
///
/// # Errors
/// When there is no such room or person, or the home cannot be opened.
pub(crate) async fn run(args: Args, place: HomeArgs) -> Result<(), Failure> {
    client::with(&place, Reach::Peers, async |client| say(client, &args).await).await
}

async fn say(client: &Client, args: &Args) -> Result<(), Failure> {
    let Args { room, people, words } = args;
    let (people, _) = private::addressed(&people.replace(' ', "\u{a0}"));
    let people = people.iter().map(|name| name.replace('\u{a0}', " ")).collect();
    let asked = NewPrivate { people };
    let private = client.call(&endpoints::BEGIN_PRIVATE, &[room.as_str()], &[], &asked).await?;
    let id = private.id.as_str();
    if words.is_empty() {
        data(&format!("{}  {}", title(&private.name), id.get(..8).unwrap_or_default()))?;
        talk("`rumormill chat` with that id opens it, and `rumormill send` says something there");
        return Ok(());
    }
    let mut spread = Spread::listen(client, id).await?;
    let last = spread.room.say(words.join(" ")).await?;
    spread.wait("said", &last.r#ref).await;
    Ok(())
}

/// Arguments of `rumormill requests`.
#[derive(clap::Args)]
pub(crate) struct Requests {
    #[command(subcommand)]
    what: Option<What>,
    /// Print one JSON object per line
    #[arg(long)]
    json: bool,
}

#[derive(clap::Subcommand)]
enum What {
    /// Enter a private room that somebody asks you into
    Open {
        /// Name of whoever asks, or the beginning of the room's id
        request: String,
    },
    /// Stop listing a private room that somebody asks you into; nobody is told
    Decline {
        /// Name of whoever asks, or the beginning of the room's id
        request: String,
    },
}

/// Lists, opens or declines requests.
///
/// # Errors
/// When there is no such request, or the home cannot be opened.
pub(crate) async fn requests(args: Requests, place: HomeArgs) -> Result<(), Failure> {
    match args.what {
        None => {
            let list = async |client: &Client| Ok(client.call(&endpoints::LIST_REQUESTS, &[], &[], ()).await?.requests);
            let requests = client::with(&place, Reach::Reading, list).await?;
            if requests.is_empty() {
                talk("nobody asks you into a private room");
            }
            requests
                .iter()
                .try_for_each(|request| if args.json { json(request) } else { data(&private::line(request)) })
        }
        Some(What::Open { request }) => {
            let open = async |client: &Client| Ok(client.call(&endpoints::OPEN_REQUEST, &[&request], &[], ()).await?);
            let room = client::with(&place, Reach::Staying, open).await?;
            data(&format!("{}  {}", title(&room.name), room.id.as_str().get(..8).unwrap_or_default()))?;
            talk("entered; what is said there comes from whoever is there");
            Ok(())
        }
        Some(What::Decline { request }) => {
            let decline = async |client: &Client| {
                client.call(&endpoints::DECLINE_REQUEST, &[&request], &[], ()).await?;
                Ok(())
            };
            client::with(&place, Reach::Staying, decline).await?;
            talk(&format!("not listed any more: {}", clean(&request)));
            Ok(())
        }
    }
}
