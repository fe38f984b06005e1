//! The end of commands that write: wait until the people who are here have the entry, and report how many do.

use std::time::Duration;

use futures_util::{Stream, StreamExt as _};
use rumormill_api::{AuthorHex, EntryRef, Event, Holders, Room, Whois, endpoints};
use rumormill_client::{Client, Error, RoomHandle};
use rumormill_tui::LEAVE_MS;
use tokio::time::{Instant, timeout_at};

use crate::{
    client,
    commands::talk,
    failure::Failure,
    home::{HomeArgs, Reach},
    limits::TAKES_MS,
};

/// Changes a message or a room, waits until the people who are here have the change, and reports how many do: `done`.
///
/// # Errors
/// Those of `change`, or that the home cannot be opened.
pub(crate) async fn change<T>(
    place: &HomeArgs,
    room: &str,
    done: &str,
    change: impl AsyncFnOnce(&RoomHandle) -> Result<T, Error>,
) -> Result<(), Failure> {
    let write = async |client: &Client| {
        let mut spread = Spread::listen(client, room).await?;
        change(&spread.room).await?;
        spread.wait_for_last(done).await;
        Ok(())
    };
    client::with(place, Reach::Peers, write).await
}

/// A room in which a command writes, and its events meanwhile.
pub(crate) struct Spread<'a> {
    client: &'a Client,
    /// The room.
    pub(crate) room: RoomHandle,
    events: Box<dyn Stream<Item = Event> + Unpin + Send>,
}

impl<'a> Spread<'a> {
    /// Starts to listen to a room, before anything is written.
    ///
    /// # Errors
    /// When nobody answers.
    pub(crate) async fn listen(client: &'a Client, room: &str) -> Result<Self, Failure> {
        let events = Box::new(client.events().await?.until_gone());
        Ok(Self { client, room: client.room(room), events })
    }

    /// Waits until every linked peer has an entry, at most [`TAKES_MS`], and reports how many do. If this process has
    /// just opened the home, it first waits for a peer to link, as long as leaving a chat waits, if there is anybody but
    /// us. Nobody there is no failure: the node keeps the entry and sends it when the home is open and somebody is there.
    pub(crate) async fn wait(&mut self, done: &str, entry: &EntryRef) {
        let begun = Instant::now();
        let looks = self.client.is_in_process() && self.has_others().await;
        let looks_ms = if looks { LEAVE_MS } else { 0 };
        let mut met = None;
        loop {
            // The entry is written whatever its holders: after an error, a program would write it again.
            let (Ok(Holders { holders, .. }), Ok(room)) = (self.room.holders(entry).await, self.room.status().await)
            else {
                return talk(&format!("{done}; who has it is not known"));
            };
            let has = |author: &AuthorHex| holders.iter().any(|holder| holder.author == *author);
            let here = room.others_here();
            let lacking = here.iter().filter(|author| !has(author)).count();
            if !here.is_empty() {
                met.get_or_insert_with(Instant::now);
            }
            let deadline = match met {
                Some(met) => met + Duration::from_millis(TAKES_MS),
                None => begun + Duration::from_millis(looks_ms),
            };
            let waits = lacking > 0 || here.is_empty();
            if !waits || !timeout_at(deadline, self.news()).await.unwrap_or(false) {
                return talk(&format!("{done}; {}", reached(here.len(), holders.len(), lacking)));
            }
        }
    }

    /// Whether anybody but us was ever in the room.
    async fn has_others(&self) -> bool {
        self.room.people().await.map_or(true, |people| people.iter().any(|person| !person.me))
    }

    /// The same for the last entry, when that is no message but changes one, or the room.
    async fn wait_for_last(&mut self, done: &str) {
        match self.last().await {
            Ok(last) => self.wait(done, &last).await,
            Err(_) => talk(&format!("{done}; who has it is not known")),
        }
    }

    async fn last(&self) -> Result<EntryRef, Error> {
        let Room { id, author, .. } = self.room.status().await?;
        let path = [id.as_str(), author.as_str()];
        let Whois { last, .. } = self.client.call(&endpoints::GET_PERSON, &path, &[], ()).await?;
        Ok(last.unwrap_or_default())
    }

    /// Waits for an event after which more may have it; false when the events end.
    async fn news(&mut self) -> bool {
        while let Some(event) = self.events.next().await {
            if matches!(event, Event::Held { .. } | Event::Person { .. } | Event::Room { .. }) {
                return true;
            }
        }
        false
    }
}

/// The report about an entry that `holders` received, while some of the `linked` peers are `lacking` it.
fn reached(linked: usize, holders: usize, lacking: usize) -> String {
    match (linked, holders, lacking) {
        (0, 0, _) => "nobody is here now, it goes out when somebody is".into(),
        (0, ..) => format!("received by {holders}"),
        (_, _, 0) => format!("received by {holders}: everybody who is here"),
        (_, 0, _) => "nobody who is here has confirmed it yet".into(),
        _ => format!("received by {holders}; of those who are here, {lacking} have not confirmed it yet"),
    }
}
