//! Events as a stream that reconnects.

use std::{
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use futures_util::{Stream, StreamExt as _, future::ready, stream, stream::BoxStream};
use rumormill_api::{Event, Lag, endpoint::LAST_EVENT_ID, endpoints};
use tokio::time::sleep;

use crate::{
    Client, Error,
    limits::{AGAIN_MOST_MS, AGAIN_MS, EVENT_BYTES},
};

/// Events as they happen: first the state of each room, then each event.
///
/// When the process goes away, the stream yields an error, and reconnects at the next item, however long that takes. It
/// continues with the first event that it missed, and repeats only the states of the rooms. When the process no longer
/// knows what was missed, for example after a restart, [`Event::Lagged`] says so: read the messages after the last
/// place you know. The stream ends at a refusal, for example of a wrong token.
pub struct Events(BoxStream<'static, Result<Event, Error>>);

impl Client {
    /// Events from now on, after the present state of each room.
    ///
    /// # Errors
    /// As [`Client::call`].
    pub async fn events(&self) -> Result<Events, Error> {
        let open = Some(Open::ask(self).await?);
        let follower = Follower { client: self.clone(), open, last: None, pause_ms: AGAIN_MS, is_over: false };
        Ok(Events(stream::unfold(follower, Follower::next).boxed()))
    }

    /// Events for somebody who stays. If another process answers, the one after it may as well, and what was missed
    /// between them is an [`Event::Lagged`]; if this process does, nobody answers after it, and the stream ends.
    ///
    /// # Errors
    /// As [`Client::call`].
    pub async fn lasting_events(&self) -> Result<BoxStream<'static, Event>, Error> {
        let events = self.events().await?;
        let lasts = !self.is_in_process();
        Ok(if lasts { events.0.filter_map(|event| ready(event.ok())).boxed() } else { events.until_gone().boxed() })
    }
}

impl Events {
    /// The same events up to the first break, for a caller that ends together with the process.
    pub fn until_gone(self) -> impl Stream<Item = Event> + Send + Unpin {
        self.0.map(Result::ok).take_while(|event| ready(event.is_some())).filter_map(ready)
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
    /// The connection that carries events.
    open: Option<Open>,
    /// The id of the last event.
    last: Option<String>,
    /// Pause before the next attempt.
    pause_ms: u64,
    /// Whether the stream has ended.
    is_over: bool,
}

impl Follower {
    async fn next(mut self) -> Option<(Result<Event, Error>, Self)> {
        if self.is_over {
            return None;
        }
        let event = self.event().await;
        if let Err(error) = &event {
            self.is_over = matches!(error, Error::Refused { .. });
            self.open = None;
        }
        Some((event, self))
    }

    async fn event(&mut self) -> Result<Event, Error> {
        if self.open.is_none() {
            sleep(Duration::from_millis(self.pause_ms)).await;
            self.pause_ms = (2 * self.pause_ms).min(AGAIN_MOST_MS);
            let Some(last) = &self.last else {
                // A process that sends no ids cannot say what was missed.
                self.open = Some(Open::ask(&self.client).await?);
                return Ok(Event::lagged(0, Lag::Break));
            };
            self.open = Some(Open::ask(&self.client.with(LAST_EVENT_ID, last)?).await?);
        }
        let open = self.open.as_mut().ok_or_else(|| Error::gone("it ended"))?;
        let event = open.event(&mut self.last).await?;
        self.pause_ms = AGAIN_MS;
        Ok(event)
    }
}

/// A connection that carries events.
struct Open {
    pieces: BoxStream<'static, Result<Bytes, Error>>,
    read: Vec<u8>,
}

impl Open {
    async fn ask(client: &Client) -> Result<Self, Error> {
        let body = client.call(&endpoints::EVENTS, &[], &[], ()).await?;
        Ok(Self { pieces: body.pieces(), read: Vec::new() })
    }

    /// The next event; sets `last` to the id of the last event read.
    async fn event(&mut self, last: &mut Option<String>) -> Result<Event, Error> {
        loop {
            if let Some(event) = next_event(&mut self.read, last) {
                return Ok(event);
            }
            if self.read.len() > EVENT_BYTES {
                return Err(Error::garbled("an event is too long"));
            }
            let piece = self.pieces.next().await.ok_or_else(|| Error::gone("it ended"))?;
            self.read.extend_from_slice(&piece?);
        }
    }
}

/// Takes the next event out of the bytes read; of comments and events unknown to this version it keeps only the ids.
fn next_event(read: &mut Vec<u8>, last: &mut Option<String>) -> Option<Event> {
    loop {
        let end = read.windows(2).position(|pair| pair == b"\n\n")?;
        let block: Vec<u8> = read.drain(..end + 2).collect();
        let block = String::from_utf8_lossy(&block);
        let field = |name: &str| block.lines().find_map(|line| line.strip_prefix(name).map(str::trim_start));
        if let Some(id) = field("id:") {
            *last = Some(id.to_owned());
        }
        let (Some(name), Some(data)) = (field("event:"), field("data:")) else { continue };
        if let Ok(event) = Event::receive(name, data) {
            return Some(event);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_read_in_pieces_of_any_size() {
        let text = b": hello\n\nevent: lagged\nid: a.1\ndata: {\"missed\":3}\n\nevent: unknown\ndata: {}\n\nevent: lagged\ndata: {\"missed\":4}\n\nid: a.7\n: \n\nevent:";
        let (mut read, mut events, mut last) = (Vec::new(), Vec::new(), None);
        for byte in text {
            read.push(*byte);
            if let Some(Event::Lagged { missed, .. }) = next_event(&mut read, &mut last) {
                events.push((missed, last.clone()));
            }
        }
        assert_eq!(events, [3, 4].map(|missed| (missed, Some("a.1".to_owned()))));
        assert_eq!((&*read, last.as_deref()), (&b"event:"[..], Some("a.7")));
    }
}
