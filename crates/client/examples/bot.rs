//! A bot to start from: it listens to every room of a home and answers `!count some words`, each question once.
//!
//! Run `rumormill serve` (or leave a chat open), then `cargo run --example bot -- SOCKET STATE`; `rumormill paths`
//! prints the socket. With the token of `rumormill bot new` in RUMORMILL_TOKEN the bot is a member of its own, and SOCKET
//! can be an address such as 127.0.0.1:7667; without a token, it speaks in your name. The bot and the process may each be
//! killed at any time: STATE holds the last place that the bot has read in each room, where it continues, and each answer
//! is sent once under a key derived from its question.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "that is how a bot tells its owner")]

use std::{collections::BTreeMap, env, fs, io, path::PathBuf, time::Duration};

use futures_util::StreamExt as _;
use rumormill_client::{Arrival, Client, Error, Event, Kind, Message, PlaceText, RoomHandle, codes};

/// How far before the last place the bot reads again: a message written offline stands where it was written.
const AGAIN_MS: u64 = 3_600_000;

/// How long the bot waits for a process that is away.
const PAUSE: Duration = Duration::from_millis(500);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let mut args = env::args().skip(1);
    let (Some(at), Some(state)) = (args.next(), args.next()) else {
        return Err(Error::Gone("give the socket of a home and a file for the bot's state".into()));
    };
    run(client(&at, env::var("RUMORMILL_TOKEN").ok())?, state.into()).await
}

/// A client of the process at a socket, or at an address of this machine.
pub(crate) fn client(at: &str, token: Option<String>) -> Result<Client, Error> {
    match (at.parse(), token) {
        (Ok(addr), Some(token)) => Ok(Client::tcp(addr, token)),
        (Err(_), Some(token)) => Client::unix(at).with("authorization", &format!("Bearer {token}")),
        (_, None) => Ok(Client::unix(at)),
    }
}

/// Runs forever.
pub(crate) async fn run(client: Client, state: PathBuf) -> Result<(), Error> {
    let mut bot = Bot { places: read(&state), client: client.clone(), state };
    let mut events = loop {
        match client.events().await {
            Err(Error::Gone(_)) => tokio::time::sleep(PAUSE).await,
            events => break events?,
        }
    };
    // Connect to the events first, so that no message is missed between the two.
    until_done(async || bot.catch_up().await).await;
    println!("listening");
    while let Some(event) = events.next().await {
        match event {
            // Messages from history are from before this home joined the room.
            Ok(Event::Message { room, message, arrival, .. }) if arrival != Arrival::History => {
                until_done(async || bot.take(&client.room(room.as_str()), room.as_str(), &message).await).await;
            }
            Ok(Event::Lagged { .. }) => until_done(async || bot.catch_up().await).await,
            Ok(_) => {}
            Err(why) => eprintln!("{why}"), // The next event comes when the process is back.
        }
    }
    Ok(())
}

struct Bot {
    client: Client,
    /// For each room, the place where the bot began to read, and the last place that it has read.
    places: BTreeMap<String, (PlaceText, PlaceText)>,
    state: PathBuf,
}

impl Bot {
    /// Reads the messages since the last run; in a room that it does not know, only messages from now on.
    async fn catch_up(&mut self) -> Result<(), Error> {
        for room in self.client.rooms().await? {
            let (id, asks) = (room.id.as_str(), self.client.room(room.id.as_str()));
            let Some((begun, read)) = self.places.get(id) else {
                let newest = asks.newest(1).await?.messages.pop().map(|message| message.place);
                self.read_to(id, newest.unwrap_or_else(|| PlaceText::earliest(0)));
                continue;
            };
            let again = PlaceText::earliest(read.ms().unwrap_or_default().saturating_sub(AGAIN_MS));
            let mut after = again.max(begun.clone());
            loop {
                let page = asks.after(&after, 200).await?;
                for message in &page.messages {
                    self.take(&asks, id, message).await?;
                    after = message.place.clone();
                }
                if !page.more {
                    break;
                }
            }
        }
        Ok(())
    }

    /// Answers a message if it is a question, and then counts it as read.
    async fn take(&mut self, room: &RoomHandle, id: &str, message: &Message) -> Result<(), Error> {
        let question = message.text.strip_prefix("!count ").filter(|_| message.kind == Kind::Text && !message.mine);
        if let Some(words) = question {
            let answer = format!("{} words", words.split_whitespace().count());
            let key = format!("count {}", message.r#ref);
            match room.once(&key)?.reply(&message.r#ref, answer).await {
                // The question was edited after it was answered: the answer stands.
                Err(Error::Refused { refused, .. }) if refused.is(codes::KEY_USED) => {}
                said => _ = said?,
            }
        }
        self.read_to(id, message.place.clone());
        Ok(())
    }

    /// Notes that everything up to a place is read. If the state cannot be written, the bot only reads old questions
    /// again.
    fn read_to(&mut self, room: &str, place: PlaceText) {
        let begun = self.places.get(room).map_or_else(|| place.clone(), |(begun, _)| begun.clone());
        if self.places.get(room).is_none_or(|(_, read)| *read < place) {
            self.places.insert(room.to_owned(), (begun, place));
            if let Err(why) = write(&self.state, &self.places) {
                eprintln!("{}: {why}", self.state.display());
            }
        }
    }
}

/// Repeats something for as long as the process is away. Reports a refusal, for example because the room was left.
async fn until_done(mut work: impl AsyncFnMut() -> Result<(), Error>) {
    loop {
        match work().await {
            Err(Error::Gone(_) | Error::BrokenOff(_)) => {}
            Err(Error::Refused { refused, .. }) if refused.is(codes::KEY_WAITS) => {}
            Err(why) => return eprintln!("{why}"),
            Ok(()) => return,
        }
        tokio::time::sleep(PAUSE).await;
    }
}

fn read(state: &PathBuf) -> BTreeMap<String, (PlaceText, PlaceText)> {
    fs::read(state).ok().and_then(|json| serde_json::from_slice(&json).ok()).unwrap_or_default()
}

/// Replaces the file in one step, so that it is always whole.
fn write(state: &PathBuf, places: &BTreeMap<String, (PlaceText, PlaceText)>) -> io::Result<()> {
    let fresh = state.with_extension("new");
    fs::write(&fresh, serde_json::to_vec(places)?)?;
    fs::File::open(&fresh)?.sync_all()?;
    fs::rename(&fresh, state)
}
