//! Errors in two lines: what happened, and what to do next.

use std::{fmt, path::PathBuf};

use rumormill_proto::limits::{FILE_NAME_BYTES, NAME_BYTES};

use crate::limits::{ROOMS, TEXT_BYTES, WANTS};

/// The reason why a node refused a request. Nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// The home cannot be opened, read or written.
    Store(rumormill_store::Error),
    /// The network cannot be used.
    Bind {
        /// The error of the system.
        why: String,
    },
    /// LAN discovery cannot be started.
    Lan {
        /// The error of the system.
        why: String,
    },
    /// The system refuses another thread.
    Thread {
        /// The error of the system.
        why: String,
    },
    /// The node was closed.
    Closed,
    /// The room is stopped: the store cannot make its messages durable.
    Stopped {
        /// The error of the store.
        why: String,
    },
    /// The room was left, but it is still on the disk. It goes as soon as the home can be written and nobody reads it.
    Unswept {
        /// The error of the store.
        why: String,
    },
    /// The part of the home that keeps the room is damaged, so the room takes part in nothing.
    Damaged {
        /// The problem.
        why: String,
    },
    /// The room was left.
    Left,
    /// A text is larger than an entry may be.
    TooLong,
    /// A nick is empty or too long.
    Nick,
    /// A sign is too long, or is none.
    Sign,
    /// There is no such message.
    NoMessage,
    /// Only the author of a message can do this.
    NotYours,
    /// This cannot be done with a message of this kind.
    Kind,
    /// The room does not take this entry: it is a founding that is not the room's, or the room has too many authors.
    Refused,
    /// The room is closed, and we are no member of it.
    NotMember,
    /// Slow mode would keep this out.
    Slow {
        /// Milliseconds until it would not.
        left_ms: u64,
    },
    /// Our role in the closed room does not allow it, or not against somebody of that rank.
    Rank,
    /// In the closed room there is no such member, role, newcomer, ticket or message.
    NothingThere,
    /// The room is open: nobody governs it.
    Open,
    /// Too many sayings wait.
    Busy,
    /// Something else was asked for under the key of this call.
    OtherCall,
    /// The same call is already under way.
    CallWaits,
    /// Nobody is let into a private room or removed from it.
    Private,
    /// A private room is for two to sixteen people who are in the room that it comes out of.
    People,
    /// Nobody shows this code to link a machine by, or no longer.
    Code,
    /// The other machine is not reached.
    Unreachable {
        /// Why.
        why: String,
    },
    /// The machine that is being linked went away, or does not speak as it should.
    Unlinked,
    /// The node is in as many rooms as it may be.
    TooManyRooms,
    /// The message offers no file.
    NoFile,
    /// A file cannot have this name.
    FileName,
    /// The file to be sent cannot be read.
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The error of the system.
        why: String,
    },
    /// No connected peer has the file. The node asks again when a peer comes.
    NobodyHasIt,
    /// The node is fetching as many files as it may.
    TooManyFiles,
    /// The file is no longer asked for.
    GivenUp,
}

impl Error {
    /// The code of the error, for scripts.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Store(_) => "store",
            Self::Bind { .. } => "bind",
            Self::Lan { .. } => "lan",
            Self::Thread { .. } => "thread",
            Self::Closed => "closed",
            Self::Stopped { .. } => "stopped",
            Self::Unswept { .. } => "unswept",
            Self::Damaged { .. } => "damaged",
            Self::Left => "left",
            Self::TooLong => "too-long",
            Self::Nick => "nick",
            Self::Sign => "sign",
            Self::NoMessage => "message",
            Self::NotYours => "not-yours",
            Self::Kind => "kind",
            Self::Refused => "refused",
            Self::NotMember => "no-member",
            Self::Slow { .. } => "slow-mode",
            Self::Rank => "rank",
            Self::NothingThere => "nothing-there",
            Self::Open => "open-room",
            Self::Busy => "busy",
            Self::OtherCall => "key-used",
            Self::CallWaits => "key-waits",
            Self::Private => "private",
            Self::People => "people",
            Self::Code => "link-code",
            Self::Unreachable { .. } => "unreachable",
            Self::Unlinked => "unlinked",
            Self::TooManyRooms => "too-many-rooms",
            Self::NoFile => "no-file",
            Self::FileName => "file-name",
            Self::Unreadable { .. } => "unreadable",
            Self::NobodyHasIt => "nobody-has-it",
            Self::TooManyFiles => "too-many-files",
            Self::GivenUp => "given-up",
        }
    }

    /// What to do next.
    pub fn help(&self) -> String {
        match self {
            Self::Store(error) => error.help(),
            Self::Bind { .. } => "choose another port, or end the program that uses this one".into(),
            Self::Lan { .. } => "switch LAN discovery off; tickets still work".into(),
            Self::Thread { .. } => "end other programs, or raise the limit on processes".into(),
            Self::Closed => "open the node again".into(),
            Self::Stopped { .. } => {
                "make room on the disk: the room goes on by itself, and nothing that was confirmed is lost".into()
            }
            Self::Unswept { .. } => "make room on the disk, or end the program that reads the home: what was said goes by itself then".into(),
            Self::Damaged { .. } => {
                "`rumormill check` shows what is damaged, `rumormill resync ROOM` takes it out and fetches it again; or \
                 leave the room and join it again with a ticket"
                    .into()
            }
            Self::Left => "enter it again with a ticket".into(),
            Self::TooLong => "say it in several parts".into(),
            Self::Nick => format!("choose a name of 1 to {NAME_BYTES} bytes"),
            Self::Sign => "use an emoji or a word".into(),
            Self::NoMessage => "choose a message of this room".into(),
            Self::NotYours | Self::Kind => "choose something that you said".into(),
            Self::Refused => "say it in another room".into(),
            Self::NotMember => "a member lets you in, with a ticket that is good; ask for a new one if yours is not".into(),
            Self::Slow { .. } => "wait, then say it again: nobody would see it before; /rules shows the rules".into(),
            Self::Rank => "ask somebody of higher rank; /names shows the roles".into(),
            Self::NothingThere => "look again: /names shows who is in, `rumormill ticket --list` the tickets".into(),
            Self::Open => "everybody is equal in an open room; hide somebody for yourself, or found a closed room".into(),
            Self::Busy => "wait for what was said before to be confirmed".into(),
            Self::OtherCall => "use a fresh key for each thing that you say".into(),
            Self::CallWaits => "ask again in a second, with the same key".into(),
            Self::Private => "leave it, or begin another one with the people whom you want there".into(),
            Self::People => "name one to fifteen other people who are in the room now".into(),
            Self::Code | Self::Unlinked => "run `rumormill device add` again on the other machine, and use the new code within ten minutes".into(),
            Self::Unreachable { .. } => "let both machines reach each other: on one LAN, or both over the internet".into(),
            Self::TooManyRooms => "leave a room first, or use a second home".into(),
            Self::NoFile => "choose a message that offers a file".into(),
            Self::Unreadable { .. } => "choose a file that you may read".into(),
            Self::FileName => format!("give it a name of 1 to {FILE_NAME_BYTES} bytes without slashes"),
            Self::NobodyHasIt => "leave the room open: it is asked for again when somebody comes".into(),
            Self::TooManyFiles => "wait for one that is on its way, or give one up".into(),
            Self::GivenUp => "ask for it again".into(),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Store(error) => error.fmt(f),
            Self::Bind { why } => write!(f, "cannot use the network: {why}"),
            Self::Lan { why } => write!(f, "cannot look for peers on the LAN: {why}"),
            Self::Thread { why } => write!(f, "cannot start a thread: {why}"),
            Self::Closed => f.write_str("the node is closed"),
            Self::Stopped { why } => write!(f, "the room was stopped: {why}"),
            Self::Unswept { why } => write!(f, "you have left the room, but what was said is on the disk still: {why}"),
            Self::Damaged { why } => write!(f, "the room is damaged and takes part in nothing: {why}"),
            Self::Left => f.write_str("you have left the room"),
            Self::TooLong => write!(f, "this is longer than the {TEXT_BYTES} bytes that fit in one entry"),
            Self::Nick => f.write_str("this is not a nick"),
            Self::Sign => f.write_str("this is no sign"),
            Self::NoMessage => f.write_str("there is no such message"),
            Self::NotYours => f.write_str("somebody else said this"),
            Self::Kind => f.write_str("this cannot be done with a message of this kind"),
            Self::Refused => f.write_str("the room does not take this"),
            Self::NotMember => f.write_str("you are no member of this room"),
            Self::Slow { left_ms } => {
                write!(f, "slow mode: your next message can be said in {} s", left_ms.div_ceil(1_000))
            }
            Self::Rank => f.write_str("your role does not allow this"),
            Self::NothingThere => f.write_str("there is nobody and nothing to do this to"),
            Self::Open => f.write_str("nobody governs an open room"),
            Self::Busy => f.write_str("too much waits to be said already"),
            Self::OtherCall => f.write_str("something else was said under this key"),
            Self::CallWaits => f.write_str("the same is being said, and is not durable yet"),
            Self::Private => f.write_str("nobody is let into a private room, or removed from it"),
            Self::People => {
                f.write_str("a private room is for people who are in the room that it comes out of, two to sixteen")
            }
            Self::Code => f.write_str("nobody shows this code, or it was used or is too old"),
            Self::Unreachable { why } => write!(f, "the other machine is not reached: {why}"),
            Self::Unlinked => f.write_str("the other machine has gone, or is of another version"),
            Self::TooManyRooms => write!(f, "a node is in {ROOMS} rooms at most"),
            Self::NoFile => f.write_str("this message offers no file"),
            Self::FileName => f.write_str("a file cannot be called so"),
            Self::Unreadable { path, why } => write!(f, "cannot read {}: {why}", path.display()),
            Self::NobodyHasIt => f.write_str("nobody who has this file is here"),
            Self::TooManyFiles => write!(f, "{WANTS} files are asked for already"),
            Self::GivenUp => f.write_str("the file is no longer asked for"),
        }
    }
}

impl std::error::Error for Error {}

impl From<rumormill_store::Error> for Error {
    fn from(error: rumormill_store::Error) -> Self {
        Self::Store(error)
    }
}
