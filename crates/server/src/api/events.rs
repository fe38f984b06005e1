//! Requests to follow what happens.

use std::{
    collections::VecDeque,
    convert::Infallible,
    sync::{Arc, Weak},
    time::Duration,
};

use axum::{
    extract::State,
    http::HeaderMap,
    response::{Sse, sse::Event as Sent},
};
use futures_util::{Stream, stream};
use rumormill_api::endpoint::LAST_EVENT_ID;
use serde::Deserialize;
use tokio::{
    sync::broadcast::{Receiver, error::RecvError},
    time::timeout,
};

use super::{
    Api, Inner,
    asked::Asked,
    hub::Heard,
    recent::{Numbered, Since},
    words::{Event, RoomHex},
};
use crate::{answer::Answer, limits::ALIVE_MS};

/// Of which room.
#[derive(Deserialize)]
pub(super) struct Of {
    room: Option<String>,
}

/// `GET /v1/events`: what was missed, how the rooms stand, then what happens.
pub(super) async fn events(
    State(api): State<Api>,
    Asked(Of { room }): Asked<Of>,
    headers: HeaderMap,
) -> Answer<Sse<impl Stream<Item = Result<Sent, Infallible>>>> {
    let only = room.map(|room| api.room(&room)).transpose()?.map(|room| RoomHex(room.id().to_string()));
    let id = headers.get(LAST_EVENT_ID).map(|id| String::from_utf8_lossy(id.as_bytes()).into_owned());
    let listener = Listener::new(&api, id.map_or(Since::Now, Since::Id), only).await;
    Ok(Sse::new(stream::unfold(listener, Listener::next)))
}

/// Somebody who listens.
struct Listener {
    api: Weak<Inner>,
    /// The one room that is asked for.
    only: Option<RoomHex>,
    /// What is told before what is heard.
    first: VecDeque<Arc<Numbered>>,
    heard: Receiver<Arc<Numbered>>,
    /// The number of the last event that was told, or passed over as another room's.
    at: u64,
}

impl Listener {
    async fn new(api: &Api, since: Since, only: Option<RoomHex>) -> Self {
        let Begun { first, heard, last } = begin(api, &since).await;
        // Whatever is told first leads there.
        let at = if first.is_empty() { last } else { 0 };
        Self { api: Arc::downgrade(&api.0), only, first, heard, at }
    }

    async fn next(mut self) -> Option<(Result<Sent, Infallible>, Self)> {
        loop {
            let told = match self.first.pop_front() {
                Some(told) => told,
                None => match timeout(Duration::from_millis(ALIVE_MS), self.heard.recv()).await {
                    Ok(Ok(told)) => told,
                    Ok(Err(RecvError::Closed)) => return None,
                    Ok(Err(RecvError::Lagged(_))) => {
                        let begun = begin(&self.api()?, &Since::Number(self.at)).await;
                        (self.first, self.heard) = (begun.first, begun.heard);
                        continue;
                    }
                    // An id alone is no event, but the place to come back to.
                    Err(_) => return Some((Ok(Sent::default().id(self.id()?).comment("")), self)),
                },
            };
            self.at = self.at.max(told.number);
            if self.wants(&told) {
                let sent = Sent::default().event(&told.name).data(&told.data);
                let sent = if told.is_mark { sent.id(self.id()?) } else { sent };
                return Some((Ok(sent), self));
            }
        }
    }

    fn wants(&self, told: &Numbered) -> bool {
        self.only.as_ref().is_none_or(|only| told.room.as_ref().is_none_or(|room| room == only))
    }

    fn api(&self) -> Option<Api> {
        self.api.upgrade().map(Api)
    }

    /// The id to come back with.
    fn id(&self) -> Option<String> {
        Some(self.api()?.hub().id(self.at))
    }
}

/// What a listener begins with.
struct Begun {
    first: VecDeque<Arc<Numbered>>,
    heard: Receiver<Arc<Numbered>>,
    /// The number of the last event before what is heard.
    last: u64,
}

/// Begins to listen: what was missed comes first, then how each room stands.
async fn begin(api: &Api, since: &Since) -> Begun {
    let Heard { mut first, last, receiver: heard } = api.hub().listen(since);
    for room in api.node().rooms() {
        let room = Event::Room { room: api.shape(&room).await };
        first.extend(Numbered::new(&room, last, true).map(Arc::new));
    }
    Begun { first, heard, last }
}

impl Drop for Listener {
    fn drop(&mut self) {
        if let Some(api) = self.api() {
            api.hub().goes();
        }
    }
}
