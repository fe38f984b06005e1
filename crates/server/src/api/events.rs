//! Requests to follow events.

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
use rumormill_node::Room;
use serde::Deserialize;
use tokio::{
    sync::broadcast::{Receiver, error::RecvError},
    time::timeout,
};

use super::{
    Api, Inner,
    asked::Asked,
    hub::Heard,
    names::room_hex,
    recent::{Numbered, Since},
    words::{Event, RoomHex},
};
use crate::{answer::Answer, limits::ALIVE_MS};

/// Query parameters of the event stream.
#[derive(Deserialize)]
pub(super) struct Of {
    room: Option<String>,
}

/// `GET /v1/events`: the missed events, the state of each room, then each event as it happens.
pub(super) async fn events(
    State(api): State<Api>,
    Asked(Of { room }): Asked<Of>,
    headers: HeaderMap,
) -> Answer<Sse<impl Stream<Item = Result<Sent, Infallible>>>> {
    let only = room.map(|room| api.room(&room)).transpose()?.map(|room| room_hex(&room));
    let id = headers.get(LAST_EVENT_ID).map(|id| String::from_utf8_lossy(id.as_bytes()).into_owned());
    let listener = Listener::new(&api, id.map_or(Since::Now, Since::Id), only).await;
    Ok(Sse::new(stream::unfold(listener, Listener::next)))
}

/// One listener.
struct Listener {
    api: Weak<Inner>,
    /// The only room whose events it wants; all rooms if `None`.
    only: Option<RoomHex>,
    /// Events to send before those in `heard`.
    first: VecDeque<Arc<Numbered>>,
    heard: Receiver<Arc<Numbered>>,
    /// The number of the last event that was sent or filtered out.
    at: u64,
}

impl Listener {
    async fn new(api: &Api, since: Since, only: Option<RoomHex>) -> Self {
        let Begun { first, heard, last } = begin(api, &since, only.as_ref()).await;
        // Sending `first` brings the reader to `last`.
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
                        let begun = begin(&self.api()?, &Since::Number(self.at), self.only.as_ref()).await;
                        (self.first, self.heard) = (begun.first, begun.heard);
                        continue;
                    }
                    // An id without data is no event; it only updates where the reader resumes.
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

    /// The id from which the reader resumes.
    fn id(&self) -> Option<String> {
        Some(self.api()?.hub().id(self.at))
    }
}

/// What a listener starts with.
struct Begun {
    first: VecDeque<Arc<Numbered>>,
    heard: Receiver<Arc<Numbered>>,
    /// The number of the last event before those in `heard`.
    last: u64,
}

/// Starts listening: missed events come first, then the state of each room, or of `only` one.
async fn begin(api: &Api, since: &Since, only: Option<&RoomHex>) -> Begun {
    let Heard { mut first, last, receiver: heard } = api.hub().listen(since);
    let is_wanted = |room: &Room| only.is_none_or(|only| *only == room_hex(room));
    for room in api.rooms().into_iter().filter(is_wanted) {
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
