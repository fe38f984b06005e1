//! `rumormill bot`: programs that are members of their own, each with a nick, rooms and a token.

use rumormill_api::{Bot, BotMade, NewBot, Room, RoomHex, endpoints};
use rumormill_client::Client;
use rumormill_text::{clean, title};

use crate::{
    client::{self, pick},
    commands::{data, json, talk},
    failure::Failure,
    home::{HomeArgs, Reach},
};

/// What to give `rumormill bot`.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(clap::Subcommand)]
enum What {
    /// Make a bot, and print its token
    New {
        /// Name of the bot, which is also its nick
        name: String,
        /// Names of the rooms that it enters, or the beginnings of their ids; optional when there is only one room
        room: Vec<String>,
    },
    /// List the bots of this home
    List {
        /// Print one JSON object per line
        #[arg(long)]
        json: bool,
    },
    /// Remove a bot
    Remove {
        /// Name of the bot
        name: String,
    },
}

/// Makes, lists or removes bots.
///
/// # Errors
/// When there is no such room or bot, no bot can be called so, or the home cannot be opened.
pub(crate) async fn run(args: Args, place: HomeArgs) -> Result<(), Failure> {
    match args.what {
        What::New { name, room } => {
            let usual = place.config()?.http.0;
            let make = async |client: &Client| make(client, name, room).await;
            let (made, rooms, served) = client::with(&place, Reach::Nobody, make).await?;
            let at = served.or(usual.first().copied()).map(|at| format!("http://{at}"));
            data(&made.token)?;
            usage(&made, &rooms, &at.unwrap_or_default()).iter().for_each(|line| talk(line));
            Ok(())
        }
        What::List { json } => {
            let list = async |client: &Client| {
                let bots = client.call(&endpoints::LIST_BOTS, &[], &[], ()).await?.bots;
                Ok((bots, client.rooms().await?))
            };
            let (bots, rooms) = client::with(&place, Reach::Reading, list).await?;
            if bots.is_empty() {
                talk("there is no bot here: make one with `rumormill bot new NAME ROOM`");
            }
            bots.iter().try_for_each(|bot| if json { self::json(bot) } else { data(&line(bot, &rooms)) })
        }
        What::Remove { name } => {
            let remove = async |client: &Client| {
                client.call(&endpoints::REMOVE_BOT, &[&name], &[], ()).await?;
                Ok(())
            };
            client::with(&place, Reach::Nobody, remove).await?;
            talk(&format!("removed: {name}; what it said stays with those who have it"));
            Ok(())
        }
    }
}

type Made = (BotMade, Vec<Room>, Option<std::net::SocketAddr>);

/// Makes the bot; returns also its rooms, and where another process that has the home open listens.
async fn make(client: &Client, name: String, wanted: Vec<String>) -> Result<Made, Failure> {
    let mut rooms = Vec::new();
    for room in &wanted {
        rooms.push(pick(client, Some(room)).await?);
    }
    if wanted.is_empty() {
        rooms.push(pick(client, None).await?);
    }
    let new = NewBot { name, rooms: rooms.iter().map(|room| room.id.to_string()).collect() };
    let made = client.call(&endpoints::ADD_BOT, &[], &[], &new).await?;
    Ok((made, rooms, client::listens(client).await?))
}

/// How a program acts for the bot.
fn usage(BotMade { bot, .. }: &BotMade, rooms: &[Room], at: &str) -> Vec<String> {
    let name = &bot.name;
    let room: String = rooms.iter().take(1).flat_map(|room| room.id.as_str().chars().take(8)).collect();
    let rooms: Vec<String> = rooms.iter().map(|room| title(&room.name)).collect();
    vec![
        format!(
            "{name} is in {}; its token is told only now, and lets anyone on this machine act for {name}",
            rooms.join(", ")
        ),
        format!("programs send it to {at} or to the socket while the home is open, as `Authorization: Bearer TOKEN`"),
        "`rumormill` and the example bots read it from RUMORMILL_TOKEN; with it they act for the bot, not for you"
            .into(),
        format!(
            "try: curl -H \"Authorization: Bearer $RUMORMILL_TOKEN\" -H 'content-type: text/plain' -d hello {at}/v1/rooms/{room}/messages"
        ),
    ]
}

/// `ci  lunch, work`, or why it takes no part.
fn line(Bot { name, rooms: ids, why, .. }: &Bot, rooms: &[Room]) -> String {
    let called = |id: &RoomHex| match rooms.iter().find(|room| room.id == *id) {
        Some(room) => title(&room.name),
        None => id.as_str().chars().take(8).collect(),
    };
    let rooms: Vec<String> = ids.iter().map(called).collect();
    let why = why.as_ref().map(|why| format!("takes no part: {}", clean(why)));
    let told = if rooms.is_empty() && why.is_none() { "in no room".into() } else { rooms.join(", ") };
    let told: Vec<String> = [told].into_iter().filter(|told| !told.is_empty()).chain(why).collect();
    format!("{name}  {}", told.join("  "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_tells_where_a_bot_takes_part_or_why_it_does_not() {
        let rooms = [Room { id: "r".into(), name: "lunch".into(), ..Room::default() }];
        let ci = Bot { name: "ci".into(), rooms: vec!["r".into(), "0123456789".into()], ..Bot::default() };
        assert_eq!(line(&ci, &rooms), "ci  lunch, 01234567");
        let ill = Bot { rooms: Vec::new(), why: Some("it is damaged\u{1b}[2J".into()), ..ci };
        assert!(line(&ill, &rooms).starts_with("ci  takes no part: it is damaged"));
        assert!(!line(&ill, &rooms).contains('\u{1b}'));
        assert_eq!(line(&Bot { why: None, ..ill }, &rooms), "ci  in no room");
    }
}
