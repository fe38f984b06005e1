//! `rumormill topic`: print or set the topic of a room.

use rumormill_client::{Client, RoomHandle};
use rumormill_text::clean;

use crate::{
    client::{self, pick},
    commands::{data, spread},
    failure::Failure,
    home::{HomeArgs, Reach},
};

/// Arguments of `rumormill topic`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Name of the room, or the beginning of its id
    room: String,
    /// Topic to set, `""` for none; prints the topic if omitted
    topic: Vec<String>,
}

/// Sets the topic and reports how many people have the change, or prints it.
///
/// # Errors
/// When there is no such room, the topic is too long, or the home cannot be opened.
pub(crate) async fn run(args: Args, place: HomeArgs) -> Result<(), Failure> {
    if args.topic.is_empty() {
        let read = async |client: &Client| pick(client, Some(&args.room)).await;
        return data(&clean(&client::with(&place, Reach::Reading, read).await?.topic));
    }
    let set = async |room: &RoomHandle| room.set_topic(args.topic.join(" ")).await;
    spread::change(&place, &args.room, "set", set).await
}
