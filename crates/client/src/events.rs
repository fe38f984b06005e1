//! Events as a stream that comes back after a break.

use std::{
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use futures_util::{Stream, StreamExt as _, stream, stream::BoxStream};
use http::{Method, Request, header};
use rumormill_api::{Event, endpoints};
use tokio::time::sleep;

use crate::{
    Body, Client, Error,
    limits::{AGAIN_MOST_MS, AGAIN_MS, EVENT_BYTES},
};

/// What happens, as it happens: first how each room stands, then each event.
///
/// When the process goes away the stream says so by an error and asks again at the next item, for as long as it takes. What
/// happened meanwhile follows where the process still knows it; where not, [`Event::Lagged`] says that something may
/// have been missed. The stream ends at a refusal, as of a wrong token.
pub struct Events(BoxStream<'static, Result<Event, Error>>);

impl Events {
    pub(crate) fn new(client: Client) -> Self {
        let follower = Follower { client, open: None, last: None, pause_ms: 0, is_over: false };
        Self(stream::unfold(follower, Follower::next).boxed())
    }
}

impl Stream for Events {
    type Item = Result<Event, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_next_unpin(context)
    }
}

struct Follower {
    client: Client,
    /// The connection that events come over.
    open: Option<Open>,
    /// The id of the last event that came.
    last: Option<String>,
    /// How long to wait before asking again.
    pause_ms: u64,
    /// Whether nothing more comes.
    is_over: bool,
}

struct Open {
    pieces: BoxStream<'static, Result<Bytes, Error>>,
    read: Vec<u8>,
}

impl Follower {
    async fn next(mut self) -> Option<(Result<Event, Error>, Self)> {
        if self.is_over {
            return None;
        }
        let event = self.event().await;
        match &event {
            Ok(_) => self.pause_ms = 0,
            Err(error) => {
                self.is_over = matches!(error, Error::Refused { .. });
                self.open = None;
                self.pause_ms = (2 * self.pause_ms).clamp(AGAIN_MS, AGAIN_MOST_MS);
            }
        }
        Some((event, self))
    }

    async fn event(&mut self) -> Result<Event, Error> {
        if self.open.is_none() {
            sleep(Duration::from_millis(self.pause_ms)).await;
            self.open = Some(Open { pieces: ask(&self.client, self.last.as_deref()).await?, read: Vec::new() });
        }
        let Some(open) = &mut self.open else { return Err(Error::gone("nobody was asked")) };
        loop {
            if let Some((id, event)) = next_event(&mut open.read) {
                self.last = id.or(self.last.take());
                return Ok(event);
            }
            if open.read.len() > EVENT_BYTES {
                return Err(Error::garbled("an event is longer than events are"));
            }
            match open.pieces.next().await {
                Some(piece) => open.read.extend_from_slice(&piece?),
                None => return Err(Error::gone("it ended")),
            }
        }
    }
}

/// Asks for what happens after the event with this id.
async fn ask(client: &Client, last: Option<&str>) -> Result<BoxStream<'static, Result<Bytes, Error>>, Error> {
    let mut request =
        Request::builder().method(Method::GET).uri(endpoints::EVENTS.path).header(header::HOST, "localhost");
    if let Some(last) = last {
        request = request.header("last-event-id", last);
    }
    let request = request.body(Body::empty()).map_err(Error::garbled)?;
    Ok(client.carry(request).await?.into_body().pieces())
}

/// Takes the next event, and its id, out of what was read; comments and what this version does not know are passed
/// over.
fn next_event(read: &mut Vec<u8>) -> Option<(Option<String>, Event)> {
    loop {
        let end = read.windows(2).position(|pair| pair == b"\n\n")?;
        let block: Vec<u8> = read.drain(..end + 2).collect();
        let block = String::from_utf8_lossy(&block);
        let field = |name: &str| block.lines().find_map(|line| line.strip_prefix(name).map(str::trim_start));
        let (Some(name), Some(data)) = (field("event:"), field("data:")) else { continue };
        let Ok(name) = serde_json::to_string(name) else { continue };
        if let Ok(event) = serde_json::from_str(&format!(r#"{{"event":{name},"data":{data}}}"#)) {
            return Some((field("id:").map(str::to_owned), event));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_read_however_they_are_cut() {
        let text = b": hello\n\nid: 7\nevent: lagged\ndata: {\"missed\":3}\n\nevent: unknown\ndata: {}\n\nevent: lagged\ndata: {\"missed\":4}\n\nevent:";
        let (mut read, mut events) = (Vec::new(), Vec::new());
        for byte in text {
            read.push(*byte);
            events.extend(next_event(&mut read));
        }
        assert_eq!(events, [(Some("7".into()), Event::Lagged { missed: 3 }), (None, Event::Lagged { missed: 4 })]);
        assert_eq!(read, b"event:");
    }
}
