//! What commands do after they have written something: wait until the people who are here have it, and tell how many do.

use std::time::Duration;

use futures_util::{Stream, StreamExt as _};
use rumormill_api::{EntryRef, Event, Holders, Room, Whois, endpoints};
use rumormill_client::{Client, Error, RoomHandle};
use rumormill_text::show::count;
use rumormill_tui::LEAVE_MS;
use tokio::time::{Instant, timeout_at};

use crate::{commands::talk, failure::Failure};

/// A room in which a command writes, and what happens there meanwhile.
pub(crate) struct Spread<'a> {
    client: &'a Client,
    /// The room.
    pub(crate) room: RoomHandle,
    events: Box<dyn Stream<Item = Event> + Unpin + Send>,
}

impl<'a> Spread<'a> {
    /// Listens to a room, before anything is written.
    ///
    /// # Errors
    /// When nobody answers.
    pub(crate) async fn listen(client: &'a Client, room: &str) -> Result<Self, Failure> {
        let events = Box::new(client.events().await?.until_gone());
        Ok(Self { client, room: client.room(room), events })
    }

    /// Waits until everybody who is here has an entry, for so long as leaving waits, and tells how many have it. Nobody
    /// there is no failure: it is kept, and goes out when the home is open and somebody is there.
    pub(crate) async fn wait(&mut self, done: &str, entry: &EntryRef) {
        let deadline = Instant::now() + Duration::from_millis(LEAVE_MS);
        let holders = loop {
            // What was written stays written, whoever holds it: an error here would have a program write it again.
            let (Ok(Holders { holders, .. }), Ok(room)) = (self.room.holders(entry).await, self.room.status().await)
            else {
                return talk(&format!("{done}; who has it is not known"));
            };
            let has = |author| holders.iter().any(|holder| holder.author == author);
            let everyone = !room.peers.is_empty() && room.peers.iter().all(|peer| has(peer.author.clone()));
            if everyone || !timeout_at(deadline, self.news()).await.unwrap_or(false) {
                break holders.len();
            }
        };
        match holders {
            0 => talk(&format!("{done}; nobody is here now, it goes out when somebody is")),
            others => talk(&format!("{done}; {}", count(others, "other has it", "others have it"))),
        }
    }

    /// The same for what was written last, where that is no message but changes one, or the room.
    pub(crate) async fn wait_for_last(&mut self, done: &str) {
        match self.last().await {
            Ok(last) => self.wait(done, &last).await,
            Err(_) => talk(&format!("{done}; who has it is not known")),
        }
    }

    async fn last(&self) -> Result<EntryRef, Error> {
        let Room { id, author, .. } = self.room.status().await?;
        let path = [id.as_str(), author.as_str()];
        let Whois { entries, .. } = self.client.call(&endpoints::GET_PERSON, &path, &[], ()).await?;
        Ok(EntryRef(format!("{author}.{}", entries.saturating_sub(1))))
    }

    /// Waits for something by which more may have it; false when nothing comes any more.
    async fn news(&mut self) -> bool {
        while let Some(event) = self.events.next().await {
            if matches!(event, Event::Held { .. } | Event::Person { .. } | Event::Room { .. }) {
                return true;
            }
        }
        false
    }
}
