//! Orders about private rooms, line by line.

use rumormill_api::{Room, endpoints};
use rumormill_text::title;

use super::{Chat, orders::usage};
use crate::{
    Failure,
    private::{self, Requested, addressed, requested},
};

impl Chat<'_> {
    /// Talks privately with people of this room.
    pub(super) async fn message(&mut self, rest: &str) -> Result<(), Failure> {
        let (people, words) = addressed(rest);
        if people.is_empty() {
            return Err(usage("whom?", "/msg NAME TEXT; /names lists everybody"));
        }
        let private = private::begin(self.asks, self.room.id.as_str(), (&people, words)).await?;
        let said = if words.is_empty() { "a private room" } else { "said privately" };
        self.screen.talk(&format!("{said}: {}", opens(&private)))
    }

    /// Lists requests, or enters or declines one.
    pub(super) async fn requests(&mut self, rest: &str) -> Result<(), Failure> {
        match requested(rest) {
            Some(Requested::List) => {
                let told = self.asks.call(&endpoints::LIST_REQUESTS, &[], &[], ()).await?;
                private::lines(&told.requests).iter().try_for_each(|line| self.screen.talk(line))
            }
            Some(Requested::Open(name)) => {
                let room = self.asks.call(&endpoints::OPEN_REQUEST, &[&name], &[], ()).await?;
                self.screen.talk(&format!("entered: {}", opens(&room)))
            }
            Some(Requested::Decline(name)) => {
                self.asks.call(&endpoints::DECLINE_REQUEST, &[&name], &[], ()).await?;
                self.screen.talk("this request is not listed any more")
            }
            None => Err(usage("which request?", "/requests, /requests open NAME, /requests decline NAME")),
        }
    }
}

/// The name of a private room, and how it is opened.
fn opens(room: &Room) -> String {
    let id = room.id.as_str().get(..8).unwrap_or_default();
    format!("{}; `rumormill chat {id}` opens it", title(&room.name))
}
