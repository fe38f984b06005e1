//! A room on a node: what can be said, read and known there.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

use bytes::Bytes;
use iroh::endpoint::WeakConnectionHandle;
use rumormill_proto::{
    clock::Skew,
    content::{Content, Target},
    entry::Kind,
    frontier::Digest,
    ids::{AuthorId, FileId, PeerId, RoomId, Seq},
    input::Event,
    limits::NAME_BYTES,
    log::Head,
    timeline::Place,
};
use rumormill_store::{CheckReport, Keep, Line, Read, Shared};
use tokio::sync::broadcast;

use crate::{
    board::{Board, Linked, Standing, Stop},
    command::Command,
    error::Error,
    files::FileState,
    limits::{NOTES, PAGE_LINES, SAYINGS, TEXT_BYTES, TICKET_CONTACTS},
    node::Inner,
    talk::{Message, What, about},
    ticket::Ticket,
};

/// A room that a node takes part in. Clones are the same room.
#[derive(Clone)]
pub struct Room {
    pub(crate) board: Arc<Board>,
    pub(crate) node: Arc<Inner>,
}

/// Place of something said: the author key it was said under, which changes when a log turned out to be
/// forked, and its seq.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Said {
    /// Under which key.
    pub author: AuthorId,
    /// Which entry of that author's log.
    pub seq: Seq,
}

/// What a room tells an interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RoomEvent {
    /// The engine tells something.
    Engine(Event),
    /// The reader was too slow: read pages instead of what it missed.
    Lagged {
        /// Events that were dropped.
        missed: u64,
    },
    /// Somebody writes something. Told every few seconds while they do, and by nobody when they stop.
    Typing {
        /// Who.
        author: AuthorId,
    },
    /// What was said could not be made durable; the room takes nothing more until [`RoomEvent::Resumed`].
    Stopped {
        /// What the store said.
        why: String,
    },
    /// What is said can be made durable again.
    Resumed,
    /// The room was left: nothing comes after this.
    Left,
    /// A file came nearer, is here, or is here no more.
    File {
        /// Which.
        hash: FileId,
        /// How it stands.
        state: FileState,
        /// Bytes of it that are here.
        have: u64,
        /// Bytes it has.
        size: u64,
    },
    /// Our own log was forked, or lay too far ahead of others' clocks to be read, so we write under another key from now
    /// on. What was cut off is said again under it.
    Rekeyed {
        /// The author who writes from here now.
        author: AuthorId,
    },
}

/// Events of a room, from the moment it was asked for them.
pub struct Events(broadcast::Receiver<RoomEvent>);

impl Events {
    /// The next event; `None` when the node has closed or the room was stopped.
    pub async fn next(&mut self) -> Option<RoomEvent> {
        match self.0.recv().await {
            Ok(event) => Some(event),
            Err(broadcast::error::RecvError::Lagged(missed)) => Some(RoomEvent::Lagged { missed }),
            Err(broadcast::error::RecvError::Closed) => None,
        }
    }

    /// The next event, if one is there already.
    pub fn try_next(&mut self) -> Option<RoomEvent> {
        match self.0.try_recv() {
            Ok(event) => Some(event),
            Err(broadcast::error::TryRecvError::Lagged(missed)) => Some(RoomEvent::Lagged { missed }),
            Err(_) => None,
        }
    }
}

/// Who is known to hold an entry.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Holders {
    /// Their authors, ascending.
    pub authors: Vec<AuthorId>,
}

/// How a room stands. Renewed twenty times a second while things change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RoomStatus {
    /// Peers we have a link with.
    pub peers: Vec<PeerStatus>,
    /// Entries in the timeline.
    pub entries: u64,
    /// Entries we know to be missing.
    pub missing: u64,
    /// Authors who wrote something.
    pub authors: usize,
    /// The same at two nodes exactly when they hold the same entries.
    pub digest: Digest,
    /// How our clock differs from others', and whose looks wrong.
    pub skew: Skew,
    /// What went over the network for this room.
    pub traffic: Traffic,
}

/// A peer we have a link with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerStatus {
    /// Which.
    pub peer: PeerId,
    /// Who writes from there.
    pub author: AuthorId,
    /// How it is reached.
    pub path: Path,
    /// Round trip in milliseconds; 0 below one.
    pub rtt_ms: u32,
    /// Seq after the last entry of our own log that it is known to hold.
    pub holds: Seq,
}

/// How a peer is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Path {
    /// Without anybody between.
    Direct,
    /// Through a relay, which sees nothing but sealed packets.
    Relayed,
}

/// What went over the network for one room since it was entered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Bytes of frames sent, bulk answers compressed.
    pub bytes_out: u64,
    /// Bytes of frames received, bulk answers compressed.
    pub bytes_in: u64,
    /// Frames sent on live streams.
    pub frames_out: u64,
    /// Frames received.
    pub frames_in: u64,
    /// Frames dropped because a peer did not read; anti-entropy repairs what they said.
    pub dropped: u64,
    /// Rumors pushed to us.
    pub pushes_in: u64,
    /// Those of them that we knew already.
    pub pushes_known: u64,
}

impl Room {
    pub(crate) fn new(board: Arc<Board>, node: Arc<Inner>) -> Self {
        Self { board, node }
    }

    /// The room's id.
    pub fn id(&self) -> RoomId {
        self.board.id
    }

    /// A number that no other room of this process has, nor this one when it is left and entered again.
    pub fn instance(&self) -> u64 {
        self.board.instance
    }

    /// How the user calls the room, or else its owner; empty until that is known.
    pub fn name(&self) -> String {
        self.board.posted().name.clone()
    }

    /// Who writes from here.
    pub fn author(&self) -> AuthorId {
        self.board.posted().author
    }

    /// What lets others in: with this node and some of the peers it is linked with as contacts.
    pub fn ticket(&self) -> Ticket {
        let standing = self.standing();
        let linked = |contact: &&_| {
            standing.peers.iter().any(|peer| peer.peer == rumormill_proto::frame::Contact::clone(contact).peer)
        };
        let others = standing.contacts.iter().filter(linked).take(TICKET_CONTACTS / 4).cloned();
        let contacts = [self.node.contact()].into_iter().chain(others).collect();
        Ticket { room: self.board.id, secret: *self.board.secret, contacts }
    }

    /// Says a line. Resolves once it is durable here.
    ///
    /// # Errors
    /// [`Error::TooLong`], and what [`Room::say_all`] says.
    pub async fn say(&self, text: &str) -> Result<Said, Error> {
        self.say_content(&Content::Text(text.into())).await
    }

    /// Says several things at once: they travel as one run. Resolves once all are durable here; answers come
    /// in the order of the sayings. When there are fewer than sayings, the rest was not said.
    ///
    /// # Errors
    /// [`Error::TooLong`] when one does not fit into an entry and [`Error::Busy`] when they are too many, in
    /// both cases before anything is said; [`Error::Stopped`] and [`Error::Closed`].
    pub async fn say_all(&self, sayings: Vec<(Kind, Bytes)>) -> Result<Vec<Said>, Error> {
        if sayings.iter().any(|(_, body)| body.len() > TEXT_BYTES) {
            return Err(Error::TooLong);
        }
        if sayings.len() > SAYINGS {
            return Err(Error::Busy);
        }
        self.node.ask(|answer| Command::Say { room: self.board.id, sayings, answer }).await
    }

    /// Says anything a chat can say.
    ///
    /// # Errors
    /// [`Error::TooLong`], and what [`Room::say_all`] says.
    pub async fn say_content(&self, content: &Content) -> Result<Said, Error> {
        let (kind, body) = content.encode().map_err(|_| Error::TooLong)?;
        self.say_one(kind, body).await
    }

    async fn say_one(&self, kind: Kind, body: Bytes) -> Result<Said, Error> {
        let said = self.say_all(vec![(kind, body)]).await?;
        said.first().copied().ok_or(Error::Closed)
    }

    /// Tells everyone by which name we want to be shown.
    ///
    /// # Errors
    /// [`Error::Nick`] when it is empty or too long, and what [`Room::say_all`] says.
    pub async fn set_nick(&self, nick: &str) -> Result<Said, Error> {
        self.say_content(&Content::Nick(read_nick(nick)?.to_owned())).await
    }

    /// Tells those who are connected that somebody writes here, unless that was told a moment ago.
    ///
    /// # Errors
    /// [`Error::Closed`].
    pub async fn typing(&self) -> Result<(), Error> {
        self.node.command(Command::Type { room: self.board.id }).await
    }

    /// What happens from now on. A reader that falls behind is told so and pages instead; it slows nobody.
    pub fn events(&self) -> Events {
        Events(self.board.events())
    }

    /// The `limit` lines before `before`, or the last ones; ascending. At most [`PAGE_LINES`].
    ///
    /// # Errors
    /// [`Error::Store`] when the home cannot be read, [`Error::Closed`].
    pub async fn page(&self, before: Option<Place>, limit: usize) -> Result<Vec<Line>, Error> {
        self.read(move |read, room| read.page(room, before, limit.min(PAGE_LINES))).await
    }

    /// The `limit` lines after `after`, or the first ones; ascending. At most [`PAGE_LINES`].
    ///
    /// # Errors
    /// As [`Room::page`].
    pub async fn page_after(&self, after: Option<Place>, limit: usize) -> Result<Vec<Line>, Error> {
        self.read(move |read, room| read.page_after(room, after, limit.min(PAGE_LINES))).await
    }

    /// The `limit` messages before `before`, or the last ones, and whether there are earlier ones; ascending. At most
    /// [`PAGE_LINES`].
    ///
    /// # Errors
    /// As [`Room::page`].
    pub async fn messages(&self, before: Option<Place>, limit: usize) -> Result<(Vec<Message>, bool), Error> {
        self.read(move |read, room| newest_messages(read, room, before, limit.min(PAGE_LINES))).await
    }

    /// The `limit` messages after `after`, or the first ones, and whether there are later ones; ascending. At most
    /// [`PAGE_LINES`].
    ///
    /// # Errors
    /// As [`Room::page`].
    pub async fn messages_after(&self, after: Option<Place>, limit: usize) -> Result<(Vec<Message>, bool), Error> {
        self.read(move |read, room| messages_after(read, room, after, limit.min(PAGE_LINES))).await
    }

    /// One message; `None` when there is no such entry, or it is no message.
    ///
    /// # Errors
    /// As [`Room::page`].
    pub async fn message(&self, target: Target) -> Result<Option<Message>, Error> {
        let read = move |read: &mut dyn Read, room: &RoomId| {
            let line = read.line(room, &target.author, target.seq)?;
            Ok(fold(read, room, line.as_slice())?.pop())
        };
        self.read(read).await
    }

    /// One entry; `None` when it is not here.
    ///
    /// # Errors
    /// As [`Room::page`].
    pub async fn line(&self, target: Target) -> Result<Option<Line>, Error> {
        self.read(move |read, room| read.line(room, &target.author, target.seq)).await
    }

    /// Messages with all these words, the last of which may be a beginning; newest first. At most [`PAGE_LINES`].
    ///
    /// # Errors
    /// As [`Room::page`].
    pub async fn find(&self, words: &str, limit: usize) -> Result<Vec<Message>, Error> {
        let words = words.to_owned();
        let read = move |read: &mut dyn Read, room: &RoomId| {
            let lines = read.search(room, &words, limit.min(PAGE_LINES))?;
            fold(read, room, &lines)
        };
        self.read(read).await
    }

    /// Lines with all these words, the last of which may be a beginning; newest first. At most [`PAGE_LINES`].
    ///
    /// # Errors
    /// As [`Room::page`].
    pub async fn search(&self, words: &str, limit: usize) -> Result<Vec<Line>, Error> {
        let words = words.to_owned();
        self.read(move |read, room| read.search(room, &words, limit.min(PAGE_LINES))).await
    }

    /// Who is known to hold an entry: those whose own entries prove to have seen it and, when it is ours, who
    /// writes at peers that told us so.
    ///
    /// # Errors
    /// As [`Room::page`].
    pub async fn holders(&self, author: AuthorId, seq: Seq) -> Result<Holders, Error> {
        let mut authors = self.read(move |read, room| read.holders(room, &author, seq)).await?;
        if author == self.author() {
            let standing = self.standing();
            authors.extend(standing.peers.iter().filter(|peer| peer.holds > seq).map(|peer| peer.author));
        }
        authors.retain(|holder| *holder != author);
        authors.sort_unstable();
        authors.dedup();
        Ok(Holders { authors })
    }

    /// Takes part no more, and keeps nothing of the room. Whoever has a ticket can enter again, as a new author.
    ///
    /// # Errors
    /// [`Error::Store`] when the home cannot be written, [`Error::Stopped`] and [`Error::Closed`].
    pub async fn leave(&self) -> Result<(), Error> {
        self.node.ask(|answer| Command::Leave { room: self.board.id, answer }).await?;
        self.node.announce().await;
        Ok(())
    }

    /// Whether nobody who is connected keeps what a message said, as far as it is looked for; see [`What::Missing`].
    pub fn is_lost(&self, of: &Target) -> bool {
        self.board.posted().lost.contains(of)
    }

    /// Authors of whom something was let go here because they said more than their share; authors ascending.
    ///
    /// # Errors
    /// As [`Room::page`].
    pub async fn shares(&self) -> Result<Vec<Shared>, Error> {
        self.read(|read, room| read.shares(room)).await
    }

    /// How much of what is said here is kept.
    pub fn retention(&self) -> Keep {
        self.board.posted().retention
    }

    /// Keeps so much of what is said from now on, and drops what is over the bounds within a minute or so. Others keep
    /// what they want; what was dropped here does not come back.
    ///
    /// # Errors
    /// [`Error::Store`] when the home cannot be written, [`Error::Stopped`] and [`Error::Closed`].
    pub async fn retain(&self, retention: Keep) -> Result<(), Error> {
        self.node.ask(|answer| Command::Retain { room: self.board.id, retention, answer }).await
    }

    /// Whether those who ask on the LAN are told of the room, see [`Room::announce`].
    pub fn announced(&self) -> bool {
        self.board.posted().announced
    }

    /// Tells those who ask on the LAN of the room by name from now on, and lets them in; or no longer.
    ///
    /// # Errors
    /// [`Error::Store`] when the home cannot be written, [`Error::Stopped`] and [`Error::Closed`].
    pub async fn announce(&self, announced: bool) -> Result<(), Error> {
        self.node.ask(|answer| Command::Announce { room: self.board.id, announced, answer }).await
    }

    /// Verifies every hash and signature that is kept of the room.
    ///
    /// # Errors
    /// As [`Room::page`].
    pub async fn check(&self) -> Result<CheckReport, Error> {
        self.look(|read, room| read.check(room)).await
    }

    /// What the room is about, as it was said last; empty when nobody did.
    ///
    /// # Errors
    /// As [`Room::page`].
    pub async fn topic(&self) -> Result<String, Error> {
        let line = self.read(|read, room| read.topic(room)).await?;
        let body = line.as_ref().and_then(|line| line.body.bytes().map(|body| (line.kind, body)));
        Ok(match body.map(|(kind, body)| Content::parse(kind, body)) {
            Some(Ok(Some(Content::Topic(topic)))) => topic,
            _ => String::new(),
        })
    }

    /// Who wrote something, and the head of each log; authors ascending.
    ///
    /// # Errors
    /// As [`Room::page`].
    pub async fn heads(&self) -> Result<Vec<(AuthorId, Head)>, Error> {
        self.read(|read, room| read.heads(room)).await
    }

    /// How the room stands.
    pub fn status(&self) -> RoomStatus {
        let Standing { peers, contacts: _, entries, missing, authors, digest, skew, traffic } = self.standing();
        let peers = peers.iter().map(peer_status).collect();
        RoomStatus { peers, entries, missing, authors, digest, skew, traffic }
    }

    /// Resolves when [`Room::status`] was renewed after this call, or the node has closed.
    pub fn renewed(&self) -> impl Future<Output = ()> + Send + '_ {
        self.board.renewed.notified()
    }

    /// The last nick shown of an author, or else the beginning of its id.
    pub fn nick(&self, author: &AuthorId) -> String {
        self.board.posted().nick(author).map_or_else(|| author.short(), str::to_owned)
    }

    /// Resolves when the nicks that were said before the room was entered are known to [`Room::nick`].
    pub async fn nicks_found(&self) {
        self.board.nicks_found.wait().await;
    }

    /// Why the room takes part in nothing, if it does not.
    pub fn stopped(&self) -> Option<Error> {
        self.board.posted().stopped.as_ref().map(Stop::error)
    }

    fn standing(&self) -> Standing {
        self.board.posted().standing.clone()
    }

    pub(crate) async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&mut dyn Read, &RoomId) -> Result<T, rumormill_store::Error> + Send + 'static,
    ) -> Result<T, Error> {
        let stopped = self.board.posted().stopped.clone();
        if let Some(stop @ (Stop::Damaged(_) | Stop::Left)) = stopped {
            return Err(stop.error());
        }
        self.look(read).await
    }

    /// Reads, however the room stands.
    pub(crate) async fn look<T: Send + 'static>(
        &self,
        read: impl FnOnce(&mut dyn Read, &RoomId) -> Result<T, rumormill_store::Error> + Send + 'static,
    ) -> Result<T, Error> {
        let room = self.board.id;
        self.node.readers.read(move |reader| read(reader, &room)).await
    }
}

/// The messages that lines make, in their order.
/// A nick as it is told, without blanks around it.
///
/// # Errors
/// [`Error::Nick`] when it is empty or too long.
pub fn read_nick(text: &str) -> Result<&str, Error> {
    let nick = text.trim();
    let fits = !nick.is_empty() && nick.len() <= NAME_BYTES;
    fits.then_some(nick).ok_or(Error::Nick)
}

fn fold(read: &mut dyn Read, room: &RoomId, lines: &[Line]) -> Result<Vec<Message>, rumormill_store::Error> {
    let target = |line: &Line| Target { author: line.place.author, seq: line.place.seq };
    let targets: Vec<Target> = lines.iter().map(target).collect();
    let mut notes: BTreeMap<Target, Vec<Line>> = BTreeMap::new();
    for note in read.notes(room, &targets, NOTES)? {
        let content = note.body.bytes().and_then(|body| Content::parse(note.kind, body).ok().flatten());
        if let Some(target) = content.and_then(|content| about(note.place.author, &content)) {
            notes.entry(target).or_default().push(note);
        }
    }
    let of = |line: &Line| notes.get(&target(line)).map_or(&[][..], Vec::as_slice);
    let mut messages: Vec<Message> = lines.iter().filter_map(|line| Message::fold(room, line, of(line))).collect();
    for message in messages.iter_mut().filter(|message| message.what == What::Expired) {
        if read.is_bare(room, &message.place.author, message.place.seq)? {
            message.what = What::Missing;
        }
    }
    Ok(messages)
}

fn newest_messages(
    read: &mut dyn Read,
    room: &RoomId,
    mut before: Option<Place>,
    limit: usize,
) -> Result<(Vec<Message>, bool), rumormill_store::Error> {
    let mut messages: VecDeque<Message> = VecDeque::new();
    loop {
        let lines = read.messages(room, before, (limit + 1 - messages.len()).min(PAGE_LINES))?;
        let Some(first) = lines.first() else { return Ok((messages.into(), false)) };
        before = Some(first.place);
        for message in fold(read, room, &lines)?.into_iter().rev() {
            if messages.len() == limit {
                return Ok((messages.into(), true));
            }
            messages.push_front(message);
        }
    }
}

fn messages_after(
    read: &mut dyn Read,
    room: &RoomId,
    mut after: Option<Place>,
    limit: usize,
) -> Result<(Vec<Message>, bool), rumormill_store::Error> {
    let mut messages = Vec::new();
    loop {
        let lines = read.messages_after(room, after, (limit + 1 - messages.len()).min(PAGE_LINES))?;
        let Some(last) = lines.last() else { return Ok((messages, false)) };
        after = Some(last.place);
        for message in fold(read, room, &lines)? {
            if messages.len() == limit {
                return Ok((messages, true));
            }
            messages.push(message);
        }
    }
}

fn peer_status(linked: &Linked) -> PeerStatus {
    let (path, rtt_ms) = path(&linked.connection);
    PeerStatus { peer: linked.peer, author: linked.author, path, rtt_ms, holds: linked.holds }
}

/// The path that the connection uses now, and its round trip.
fn path(connection: &WeakConnectionHandle) -> (Path, u32) {
    let Some(connection) = connection.upgrade() else { return (Path::Direct, 0) };
    let paths = connection.paths();
    let used = paths.iter().find(|path| path.is_selected()).or_else(|| paths.iter().next());
    used.map_or((Path::Direct, 0), |path| {
        let way = if path.is_relay() { Path::Relayed } else { Path::Direct };
        (way, u32::try_from(path.rtt().as_millis()).unwrap_or(u32::MAX))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nick_is_of_some_bytes_and_not_of_many() {
        assert_eq!(read_nick("  ada ").unwrap(), "ada");
        assert!(read_nick(&"x".repeat(NAME_BYTES)).is_ok());
        for nick in ["", "  ", &"x".repeat(NAME_BYTES + 1)] {
            assert_eq!(read_nick(nick).unwrap_err().code(), "nick", "{nick:?}");
        }
    }
}
