//! `rumormill rooms`: list the rooms in this home.

use rumormill_api::endpoints;
use rumormill_client::Client;
use rumormill_text::{Clock, beginnings, clean, show::shared, title};
use rumormill_tui::private;

use crate::{
    client,
    commands::{data, json, talk},
    failure::Failure,
    home::{HomeArgs, Reach},
};

/// What to do about a damaged room.
const REPAIR: &str = "`rumormill resync ROOM` removes damaged entries and fetches them again; or leave the room";

/// Arguments of `rumormill rooms`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Print one JSON object per line
    #[arg(long)]
    json: bool,
}

/// Prints a line for each room.
///
/// # Errors
/// When the home cannot be opened.
pub(crate) async fn run(args: Args, place: HomeArgs) -> Result<(), Failure> {
    let list = async |client: &Client| {
        let requests = client.call(&endpoints::LIST_REQUESTS, &[], &[], ()).await?.requests;
        Ok((client.rooms().await?, requests))
    };
    let (rooms, requests) = client::with(&place, Reach::Reading, list).await?;
    if rooms.is_empty() {
        talk("there is no room here: make one with `rumormill new NAME`");
    }
    let ids: Vec<&str> = rooms.iter().map(|room| room.id.as_str()).collect();
    rooms.iter().zip(beginnings(&ids)).try_for_each(|(room, id)| match args.json {
        true => json(room),
        false => {
            let name = title(&room.name);
            let told = match &room.stopped {
                None if room.seeking.is_some() => {
                    "nobody of it was found so far; `rumormill chat` looks for them".into()
                }
                None => format!("entries: {}, authors: {}", room.entries, room.people),
                Some(why) if room.damaged => format!("DAMAGED: {}; {REPAIR}", clean(why)),
                Some(why) => format!("stopped: {}", clean(why)),
            };
            data(&format!("{name}  {id}  {told}"))?;
            room.shares.iter().try_for_each(|share| data(&format!("  {}", shared(share, &Clock::local()))))
        }
    })?;
    if !requests.is_empty() {
        talk("asked to talk privately (`rumormill requests open NAME` enters):");
        requests.iter().for_each(|request| talk(&format!("  {}", private::line(request))));
    }
    Ok(())
}
