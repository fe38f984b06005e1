//! `rumormill nick`: print or set the name that others see; also chooses the name for a new room.

use std::env;

use rumormill_api::Room;
use rumormill_client::{Client, RoomHandle};
use rumormill_node::read_nick;
use rumormill_text::clean;

use crate::{
    client::{self, pick},
    commands::{data, spread},
    failure::Failure,
    home::{HomeArgs, Reach},
};

/// Arguments of `rumormill nick`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Name of the room, or the beginning of its id
    room: String,
    /// Name to take in it; prints your name if omitted
    nick: Option<String>,
}

/// Sets the name and reports how many people have the change, or prints the name.
///
/// # Errors
/// When there is no such room, the name is invalid, or the home cannot be opened.
pub(crate) async fn run(args: Args, place: HomeArgs) -> Result<(), Failure> {
    let Some(nick) = args.nick else {
        let read = async |client: &Client| pick(client, Some(&args.room)).await;
        return data(&clean(&client::with(&place, Reach::Reading, read).await?.nick));
    };
    let set = async |room: &RoomHandle| room.set_nick(nick).await;
    spread::change(&place, &args.room, "set", set).await
}

/// The name for a room that is about to be entered: the given one, or that in the configuration, or that in the
/// person's other rooms, or the login name. Never asks.
///
/// # Errors
/// When the given or configured name is invalid, the configuration cannot be read, or the rooms cannot be listed.
pub(crate) async fn choose(client: &Client, place: &HomeArgs, given: Option<&str>) -> Result<Option<String>, Failure> {
    let said = match given {
        Some(nick) => Some(nick.to_owned()),
        None => place.config()?.nick,
    };
    match said {
        Some(nick) => Ok(Some(read_nick(&nick)?.to_owned())),
        None => Ok(elsewhere(client, place).await?.or_else(login)),
    }
}

/// Sets the name in a room.
///
/// # Errors
/// When the room refuses it, or nobody answers.
pub(crate) async fn tell(client: &Client, room: &Room, nick: Option<String>) -> Result<(), Failure> {
    let Some(nick) = nick.filter(|nick| *nick != room.nick) else { return Ok(()) };
    client.room(room.id.as_str()).set_nick(nick).await?;
    Ok(())
}

/// The name in the last room, or in any other.
async fn elsewhere(client: &Client, place: &HomeArgs) -> Result<Option<String>, Failure> {
    let rooms = client.rooms().await?;
    let last = place.last_room();
    let named = || rooms.iter().filter(|room| is_named(room));
    let room = named().find(|room| Some(room.id.as_str()) == last.as_deref()).or_else(|| named().next());
    Ok(room.map(|room| room.nick.clone()))
}

/// Whether the person has a name in a room. A person without one is shown by the beginning of their author id.
pub(crate) fn is_named(room: &Room) -> bool {
    !room.nick.is_empty() && !room.author.as_str().starts_with(&room.nick)
}

/// The login name, if the system knows it and it can be a name.
pub(crate) fn login() -> Option<String> {
    ["LOGNAME", "USER"].iter().find_map(|name| Some(read_nick(&env::var(name).ok()?).ok()?.to_owned()))
}
