//! Two nodes in one process: one founds a room, the other joins it with a ticket, and they talk.

#![allow(clippy::print_stdout, reason = "this is what it is for")]

use futures_util::StreamExt as _;
use rumormill_node::{Node, RoomEvent, Settings, Ticket, What};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let alice = Node::open(Settings::memory()).await?;
    let bob = Node::open(Settings::memory()).await?;

    let lunch = alice.create("lunch").await?;
    let ticket: Ticket = lunch.ticket().await?.to_string().parse()?;
    let here = bob.join(&ticket).await?;
    let mut events = here.events();

    let question = lunch.say("pizza at noon?").await?;
    while let Some(event) = events.next().await {
        let of = match event {
            RoomEvent::Message { message, .. } => message.target(),
            RoomEvent::Inserted { of, .. } => of,
            _ => continue,
        };
        if of == question {
            break;
        }
    }
    here.reply(question, "yes").await?;
    here.react(question, "🍕", true).await?;
    for message in here.messages(None, 10).await?.messages {
        if let What::Text(text) = &message.what {
            let signs: Vec<&str> = message.reactions.keys().map(String::as_str).collect();
            println!("{}: {} {}", here.nick(&message.place.author), text.text, signs.join(" "));
        }
    }
    println!("{} others are known to hold the question", here.holders(question).await?.received.len());

    bob.close().await;
    alice.close().await;
    Ok(())
}
