//! Two nodes in one process: one founds a room, the other joins it with a ticket, and a line crosses.

#![allow(clippy::print_stdout, reason = "this is what it is for")]

use rumormill_node::{Node, RoomEvent, Settings, Ticket};
use rumormill_proto::{entry::Kind, input::Event};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let alice = Node::open(Settings::memory()).await?;
    let bob = Node::open(Settings::memory()).await?;

    let lunch = alice.create("lunch").await?;
    let ticket: Ticket = lunch.ticket().to_string().parse()?;
    let here = bob.join(&ticket).await?;
    let mut events = here.events();

    let said = lunch.say("pizza at noon?").await?;
    while let Some(event) = events.next().await {
        let RoomEvent::Engine(Event::Shown { entry, .. }) = event else { continue };
        if (entry.author, entry.seq) == (said.author, said.seq) {
            break;
        }
    }
    here.say("yes").await?;
    for line in here.page(None, 10).await?.iter().filter(|line| line.kind == Kind::TEXT) {
        let text = line.body.bytes().map(|bytes| String::from_utf8_lossy(bytes).into_owned());
        println!("{}: {}", here.nick(&line.place.author), text.unwrap_or_default());
    }
    println!("{} of them prove to hold the first", here.holders(said.author, said.seq).await?.authors.len());

    bob.close().await;
    alice.close().await;
    Ok(())
}
