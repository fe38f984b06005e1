//! The events of a room for its listeners.

use std::collections::BTreeSet;

use rumormill_proto::{
    admit::Entry,
    clock::Skew,
    content::Target,
    ids::{AuthorId, FileId, PeerId, Seq},
    input::{Arrival, Step},
};

use crate::{membership::Membership, message::Message};

/// Something that happened in a room.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RoomEvent {
    /// A message is new at the end of the timeline.
    Message {
        /// The message. Nobody has edited it or reacted to it yet.
        message: Message,
        /// Links that its fastest copy crossed to get here, when it came as a rumor.
        hops: Option<u8>,
    },
    /// A message has its place above others, or came without its content. Others may have edited it or reacted to it
    /// already: [`Room::message`](crate::Room::message) reads its present state.
    Inserted {
        /// Which message.
        of: Target,
        /// Whether it was late or belongs to the history.
        arrival: Arrival,
        /// Links that its fastest copy crossed to get here, when it came as a rumor.
        hops: Option<u8>,
    },
    /// A message was edited, retracted or reacted to, or its content has come, or no connected peer keeps its content.
    /// [`Room::message`](crate::Room::message) reads its present state; it may not be here yet.
    Changed {
        /// Which message.
        of: Target,
    },
    /// A peer is connected, and its author has signed the connection.
    Came {
        /// The peer.
        peer: PeerId,
        /// The author who writes there.
        author: AuthorId,
    },
    /// A peer is connected no longer.
    Went {
        /// The peer.
        peer: PeerId,
        /// The author who writes there.
        author: AuthorId,
    },
    /// A peer says that it holds our own log up to an entry.
    Holds {
        /// The author who writes at that peer.
        author: AuthorId,
        /// Seq after the last entry of ours that it holds.
        next: Seq,
    },
    /// An author's own entry proves that the author has seen our log up to an entry: it names that, or an entry whose
    /// author had seen it.
    Saw {
        /// The author.
        author: AuthorId,
        /// Seq after the last entry of ours that was seen.
        next: Seq,
    },
    /// Somebody is typing. Comes every few seconds while they do; nothing comes when they stop.
    Typing {
        /// The author who types.
        author: AuthorId,
    },
    /// Another part of a file is here, all of it is, or it was dropped.
    File {
        /// The file.
        hash: FileId,
        /// Its state.
        state: FileState,
        /// Bytes of it that are here.
        have: u64,
        /// Bytes it has.
        size: u64,
    },
    /// More or fewer entries than before are known to be missing here.
    Missing {
        /// How many; 0 when the last one has come.
        entries: u64,
    },
    /// Somebody wrote under one author key in two places, or left a log: it was cut where it forked.
    Forked {
        /// The author of the log.
        author: AuthorId,
        /// Seq of the first entry that was cut off.
        at: Seq,
        /// Whether the author left the log because clocks differ, as far as can be seen. It says the cut messages again
        /// under a new key.
        left: bool,
    },
    /// The room has too many authors, and nobody vouches for this one: its messages have left the timeline. They come
    /// back when somebody vouches for the author.
    Evicted {
        /// The author of the messages.
        author: AuthorId,
    },
    /// We were let into a closed room, were removed from it, or the like.
    Membership(Membership),
    /// Somebody came into a closed room, went, knocks, was given a role or lost it. [`Room::member`](crate::Room::member)
    /// tells where it stands.
    Seated {
        /// Who.
        author: AuthorId,
    },
    /// Other messages than before count in a closed room: some left the timeline, or others came into it.
    Recounted {
        /// Their authors.
        authors: BTreeSet<AuthorId>,
    },
    /// A member reports a message to those who govern the room.
    Reported {
        /// Who reports it.
        by: AuthorId,
        /// The message.
        of: Target,
        /// Why; may be empty.
        words: String,
    },
    /// Somebody said a letter, which may ask us into a private room: [`Room::asked`](crate::Room::asked) reads it.
    Letter {
        /// Who.
        author: AuthorId,
    },
    /// Our clock or somebody else's disagrees with most others, or all agree again.
    Skewed(Skew),
    /// The store cannot make messages durable: the room takes nothing until [`RoomEvent::Resumed`].
    Stopped {
        /// The error of the store.
        why: String,
    },
    /// The room takes part again, after it was stopped or damaged.
    Resumed,
    /// We write under another author key from now on, because the log of the old one was forked, or was too far ahead
    /// of others' clocks to be read. The cut messages are said again under the new key.
    Rekeyed {
        /// The author who writes here now.
        author: AuthorId,
        /// Whether the old log was left because clocks differ.
        left: bool,
    },
    /// The room was left. No event follows.
    Left,
    /// This reader was too slow, and the oldest events that it had not read were dropped; those that are left follow.
    /// The information of the dropped ones is in [`Room::messages`](crate::Room::messages) and
    /// [`Room::status`](crate::Room::status).
    Lagged {
        /// How many events were dropped.
        missed: u64,
    },
    /// A step of the protocol. Comes only when [`Settings::trace`](crate::Settings::trace) is set.
    Step(Step),
}

/// Whether a file is on this node.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FileState {
    /// It is not here, and nobody has asked for it.
    #[default]
    Absent,
    /// Connected peers are being asked for it.
    Asking,
    /// It is arriving.
    Fetching,
    /// No connected peer has it. They are asked again when a peer comes.
    Waiting,
    /// All of it is here.
    Here,
}

/// News from the driver for the readers of a room's events. Readers put messages together themselves, so the driver
/// does not wait for that.
#[derive(Clone, Debug)]
pub(crate) enum News {
    /// A complete event.
    Event(RoomEvent),
    /// An entry has its place in the timeline.
    Shown {
        /// The entry.
        entry: Entry,
        /// The way it got its place.
        arrival: Arrival,
        /// Links that its fastest copy crossed to get here, when it came as a rumor.
        hops: Option<u8>,
        /// The highest seq of our log that its author proves to have seen by it, and by none before.
        saw: Option<Seq>,
    },
}
