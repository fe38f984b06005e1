//! `rumormill send`: say something and leave.

use std::{
    io::{self, BufRead, Read},
    time::Duration,
};

use rumormill_node::{
    Events, Room, RoomEvent, Said,
    proto::{
        entry::Kind,
        input::Event,
        limits::{BODY_BYTES, RUN_ENTRIES},
    },
};
use tokio::time::{Instant, timeout_at};

use crate::{
    chat::show::count,
    commands::talk,
    failure::{Exit, Failure},
    home::{Place, Reach, pick},
    limits::{LEAVE_MS, TYPED_BYTES},
};

/// What to give `rumormill send`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The room's name, or the beginning of its id
    room: String,
    /// What to say; without it, every line of standard input
    text: Vec<String>,
}

/// Says it, waits for somebody to take it, and tells how many have it. Nobody there is no failure: it is kept, and
/// goes out when the home is open and somebody is there.
///
/// # Errors
/// When there is no such room, a text is too long, or the home cannot be opened.
pub(crate) async fn run(args: Args, place: Place) -> Result<(), Failure> {
    let node = place.open(Reach::Peers).await?;
    let said = match pick(&node, Some(&args.room)) {
        Ok(room) => say(&room, &args.text).await,
        Err(failure) => Err(failure),
    };
    node.close().await;
    said
}

async fn say(room: &Room, words: &[String]) -> Result<(), Failure> {
    let mut events = room.events();
    let last = match words.is_empty() {
        false => Some(room.say(&words.join(" ")).await?),
        true => say_input(room).await?,
    };
    let Some(last) = last else {
        return Err(Failure {
            exit: Exit::Usage,
            code: "nothing",
            what: "there was nothing to say".into(),
            help: "give a text, or lines on standard input".into(),
        });
    };
    let deadline = Instant::now() + Duration::from_millis(LEAVE_MS);
    while !everyone_here_has(room, last).await? {
        match timeout_at(deadline, news(&mut events)).await {
            Ok(true) => {}
            Ok(false) | Err(_) => break,
        }
    }
    match room.holders(last.author, last.seq).await?.authors.len() {
        0 => talk("said; nobody is here now, it goes out when somebody is"),
        others => talk(&format!("said; {}", count(others, "other has it", "others have it"))),
    }
    Ok(())
}

/// Says every line that is not empty, those that come together in one run; the answer is the last one's place.
async fn say_input(room: &Room) -> Result<Option<Said>, Failure> {
    let mut input = io::stdin().lock();
    let mut last = None;
    loop {
        let mut sayings = Vec::new();
        while sayings.len() < RUN_ENTRIES {
            let mut line = Vec::new();
            let length = input.by_ref().take(TYPED_BYTES).read_until(b'\n', &mut line);
            if length.map_err(|error| Failure::internal("input", error.to_string()))? == 0 {
                break;
            }
            let text = String::from_utf8_lossy(&line).trim_end_matches(['\r', '\n']).to_owned();
            if text.len() > BODY_BYTES {
                return Err(rumormill_node::Error::TooLong.into());
            }
            if !text.trim().is_empty() {
                sayings.push((Kind::TEXT, text.into()));
            }
        }
        if sayings.is_empty() {
            return Ok(last);
        }
        last = room.say_all(sayings).await?.last().copied();
    }
}

async fn everyone_here_has(room: &Room, said: Said) -> Result<bool, Failure> {
    let holders = room.holders(said.author, said.seq).await?.authors;
    let peers = room.status().peers;
    Ok(!peers.is_empty() && peers.iter().all(|peer| holders.contains(&peer.author)))
}

/// Waits for something by which more may have it; false when nothing comes any more.
async fn news(events: &mut Events) -> bool {
    loop {
        match events.next().await {
            Some(RoomEvent::Engine(Event::Holds { .. } | Event::Came { .. } | Event::Went { .. })) => return true,
            Some(RoomEvent::Stopped { .. }) | None => return false,
            Some(_) => {}
        }
    }
}
