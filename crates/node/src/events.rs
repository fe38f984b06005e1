//! The events of a room as a stream.

use std::{
    collections::VecDeque,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use n0_future::{Stream, stream};
use rumormill_proto::{admit::Entry, content::Content, entry::Kind, input::Arrival};
use tokio::sync::broadcast::{Receiver, error::RecvError};

use crate::{
    board::Board,
    event::{News, RoomEvent},
    message::{Message, about},
};

/// The events of a room, from the call of [`Room::events`](crate::Room::events) on: a [`Stream`] that ends when the room
/// was left or the node has closed.
///
/// A slow reader does not slow down anything else. It gets [`RoomEvent::Lagged`] once for the events that it lost, and
/// then those that are left.
pub struct Events(Pin<Box<dyn Stream<Item = RoomEvent> + Send>>);

impl Events {
    pub(crate) fn of(board: Arc<Board>) -> Self {
        let reader = Reader { news: board.news(), board, next: VecDeque::new() };
        let read = async |mut reader: Reader| reader.read().await.map(|event| (event, reader));
        Self(Box::pin(stream::unfold(reader, read)))
    }
}

impl Stream for Events {
    type Item = RoomEvent;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<RoomEvent>> {
        self.0.as_mut().poll_next(context)
    }
}

/// One reader of a room's events.
struct Reader {
    board: Arc<Board>,
    news: Receiver<Arc<News>>,
    /// Events that stem from one piece of news and are not read yet: two at most.
    next: VecDeque<RoomEvent>,
}

impl Reader {
    async fn read(&mut self) -> Option<RoomEvent> {
        loop {
            if let Some(event) = self.next.pop_front() {
                return Some(event);
            }
            match self.news.recv().await.map(Arc::unwrap_or_clone) {
                Ok(News::Event(event)) => return Some(event),
                Ok(News::Shown { entry, arrival, hops, saw }) => {
                    self.shown(&entry, arrival, hops);
                    let saw = saw.map(|seq| RoomEvent::Saw { author: entry.author, next: seq.saturating_add(1) });
                    self.next.extend(saw);
                }
                Err(RecvError::Lagged(missed)) => return Some(RoomEvent::Lagged { missed }),
                Err(RecvError::Closed) => return None,
            }
        }
    }

    /// The events of an entry in the timeline: a message or a change of one.
    fn shown(&mut self, entry: &Entry, arrival: Arrival, hops: Option<u8>) {
        if entry.kind == Kind::LETTER {
            return self.next.push_back(RoomEvent::Letter { author: entry.author });
        }
        let content = entry.body.bytes().and_then(|body| Content::parse(entry.kind, body).ok().flatten());
        let event = match content.and_then(|content| about(entry.author, &content)) {
            Some(of) => Some(RoomEvent::Changed { of }),
            None => Message::at_end(&self.board.id, entry).map(|message| match arrival {
                Arrival::End if entry.body.bytes().is_some() => RoomEvent::Message { message, hops },
                _ => RoomEvent::Inserted { of: message.target(), arrival, hops },
            }),
        };
        self.next.extend(event);
    }
}

#[cfg(test)]
mod tests {
    use n0_future::StreamExt as _;
    use rumormill_proto::ids::{AuthorId, RoomId};

    use super::*;
    use crate::limits::EVENTS;

    const ANN: AuthorId = AuthorId([1; 32]);

    fn board() -> Arc<Board> {
        Arc::new(Board::new(RoomId([7; 32]), [0; 32], "lunch".into(), AuthorId([9; 32])))
    }

    #[tokio::test]
    async fn a_reader_that_fell_behind_is_told_how_much_it_lost_and_goes_on() {
        let board = board();
        let mut events = Events::of(board.clone());
        let sizes = (EVENTS + 3) as u64;
        (0..sizes).for_each(|entries| board.tell(RoomEvent::Missing { entries }));
        assert_eq!(events.next().await, Some(RoomEvent::Lagged { missed: 3 }));
        for entries in 3..sizes {
            assert_eq!(events.next().await, Some(RoomEvent::Missing { entries }));
        }
        board.tell(RoomEvent::Typing { author: ANN });
        assert_eq!(events.next().await, Some(RoomEvent::Typing { author: ANN }));
    }

    #[tokio::test]
    async fn what_was_told_before_the_end_comes_before_the_end() {
        let board = board();
        let mut events = Events::of(board.clone());
        board.tell(RoomEvent::Left);
        board.close();
        assert_eq!(events.next().await, Some(RoomEvent::Left));
        assert_eq!(events.next().await, None);
        assert_eq!(Events::of(board).next().await, None, "who comes later hears nothing");
    }
}
