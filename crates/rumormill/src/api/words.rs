//! What is said over `/v1`, in both directions: requests, answers and events, as JSON with the names of the
//! fields here.

use rumormill_node::{CheckReport, Fault, Problem};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub(crate) use super::ids::{AuthorHex, EntryHex, EntryRef, FileHex, PeerHex, PlaceText, RoomHex};

/// A room kept here.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct Room {
    pub(crate) id: RoomHex,
    /// Empty until the room's first entry is here.
    pub(crate) name: String,
    pub(crate) topic: String,
    /// Who I am in it.
    pub(crate) author: AuthorHex,
    /// By which name; empty when I have none.
    pub(crate) nick: String,
    /// Entries that are here.
    pub(crate) entries: u64,
    /// Entries that are known to exist and are not here.
    pub(crate) missing: u64,
    /// Authors who wrote.
    pub(crate) people: u64,
    pub(crate) peers: Vec<Peer>,
    /// Messages after the unread marker.
    pub(crate) unread: u64,
    /// Those of them that name me.
    pub(crate) mentions: u64,
    /// How far it was read.
    pub(crate) read: Option<PlaceText>,
    /// The same at two people who hold the same entries.
    pub(crate) digest: String,
    /// How far others' clocks are ahead of mine; 0 when they agree, or only theirs looks wrong.
    pub(crate) skew_ms: i64,
    /// Whose clock looks wrong and what to do; empty when all agree.
    #[serde(default)]
    pub(crate) clock: String,
    /// Why the room takes no part any more.
    pub(crate) stopped: Option<String>,
    pub(crate) traffic: Traffic,
    pub(crate) keep: Keep,
    /// Whether whoever asks on the LAN is told of the room by name, and let in.
    pub(crate) announced: bool,
}

/// Whether whoever asks on the LAN is told of a room by name, and let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) struct Announced {
    pub(crate) announced: bool,
}

/// Rooms that are announced on the LAN.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) struct Nearby {
    pub(crate) rooms: Vec<NearbyRoom>,
}

/// A room that is announced on the LAN.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
pub(crate) struct NearbyRoom {
    /// As who announces it calls it; any peer can claim any name.
    pub(crate) name: String,
    pub(crate) id: RoomHex,
    /// Who announces it.
    pub(crate) peer: PeerHex,
    /// What lets one in.
    pub(crate) ticket: String,
}

/// How much of what is said is kept: everything within all of these bounds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub(crate) struct Keep {
    /// Milliseconds.
    pub(crate) age_ms: Option<u64>,
    /// Messages.
    pub(crate) entries: Option<u64>,
    /// Bytes of what is said.
    pub(crate) bytes: Option<u64>,
    /// The same for files, apart from texts.
    pub(crate) files: KeepFiles,
}

/// How many of the files are kept here that came or were sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub(crate) struct KeepFiles {
    /// Milliseconds since a file came.
    pub(crate) age_ms: Option<u64>,
    /// Files.
    pub(crate) count: Option<u64>,
    /// Bytes of files.
    pub(crate) bytes: Option<u64>,
}

/// What went over the wire since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) struct Traffic {
    pub(crate) bytes_in: u64,
    pub(crate) bytes_out: u64,
    pub(crate) messages_in: u64,
    pub(crate) messages_out: u64,
}

/// How a peer is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Path {
    Direct,
    Relayed,
}

/// A peer that is connected.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct Peer {
    pub(crate) peer: PeerHex,
    pub(crate) author: AuthorHex,
    pub(crate) nick: String,
    pub(crate) path: Path,
    /// The measured round trip; none before the first.
    pub(crate) rtt_ms: Option<u64>,
}

/// Somebody of a room.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) struct Person {
    pub(crate) author: AuthorHex,
    pub(crate) nick: String,
    /// Whether a peer of theirs is connected.
    pub(crate) here: bool,
    pub(crate) me: bool,
    /// When they last wrote, in milliseconds since the Unix epoch; 0 when never.
    pub(crate) last_ms: u64,
    /// Whether I do not want to read them.
    #[serde(default)]
    pub(crate) hidden: bool,
}

/// Answer: who somebody is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct Whois {
    #[serde(flatten)]
    pub(crate) person: Person,
    /// When they wrote first, in milliseconds since the Unix epoch; none where that is not here.
    pub(crate) since_ms: Option<u64>,
    /// Entries of theirs that there are.
    pub(crate) entries: u64,
    /// How they are reached, while they are.
    pub(crate) peer: Option<Peer>,
}

/// What a message tells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    /// Somebody said something.
    #[default]
    Text,
    /// Somebody took the name in `text`.
    Nick,
    /// Somebody set the topic to `text`.
    Topic,
    /// Somebody offers the file in `file`; `text` is its name.
    File,
    /// Somebody founded the room by the name in `text`.
    Founded,
    /// What was said is not here any more; `gone` says why.
    Gone,
}

/// Why what was said is not here any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Gone {
    /// Its author took it back.
    Retracted,
    /// It was older than the room keeps.
    Expired,
    /// It came without its text, which is being asked for.
    Missing,
    /// Nobody who is connected keeps its text.
    Unkept,
}

/// What a text begins with that tells what its author does.
pub(crate) const ACT: &str = "/me ";

/// What somebody does, where a text tells that.
pub(crate) fn act(text: &str) -> Option<&str> {
    text.strip_prefix(ACT).filter(|act| !act.trim().is_empty())
}

impl Message {
    /// As its author would write it.
    pub(crate) fn source(&self) -> String {
        if self.action { format!("{ACT}{}", self.text) } else { self.text.clone() }
    }
}

/// A file that a message offers. Its bytes are at `/v1/rooms/{room}/files/{ref}`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) struct File {
    /// The BLAKE3 hash of its bytes: 64 hex digits.
    pub(crate) hash: FileHex,
    pub(crate) name: String,
    /// What it is, as its sender says.
    pub(crate) mime: String,
    /// Bytes.
    pub(crate) size: u64,
    pub(crate) state: FileState,
    /// Bytes of it that are here.
    pub(crate) have: u64,
}

/// How a file stands here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum FileState {
    /// It is not here, and nobody asked for it.
    #[default]
    Absent,
    /// Those who are here are asked for it.
    Asking,
    /// It is on its way.
    Fetching,
    /// Nobody who has it is here; it is asked for again when somebody comes.
    Waiting,
    /// All of it is here.
    Here,
}

/// One item of the timeline as people see it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct Message {
    pub(crate) r#ref: EntryRef,
    pub(crate) place: PlaceText,
    pub(crate) author: AuthorHex,
    pub(crate) nick: String,
    pub(crate) time_ms: u64,
    pub(crate) mine: bool,
    pub(crate) kind: Kind,
    /// What is told, as its author wrote it; of an action without the sign that makes it one.
    pub(crate) text: String,
    /// Whether it tells what the author does: to be shown as `* ada waves`. What is said makes it so by beginning with
    /// [`ACT`].
    #[serde(default)]
    pub(crate) action: bool,
    /// Whether I do not want to read its author, so that it is not to be shown.
    #[serde(default)]
    pub(crate) hidden: bool,
    /// Who said it elsewhere, when its author only brought it here.
    pub(crate) from: Option<Elsewhere>,
    pub(crate) reply_to: Option<Reply>,
    pub(crate) mentions: Vec<AuthorHex>,
    pub(crate) names_me: bool,
    pub(crate) edited: bool,
    pub(crate) gone: Option<Gone>,
    pub(crate) reactions: Vec<Reaction>,
    /// How many others have it; of my own messages only.
    pub(crate) holders: Option<u64>,
    /// Of a file.
    pub(crate) file: Option<File>,
    pub(crate) id: EntryHex,
}

/// Where something was said before it was brought here. Only the message's author vouches for that.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) struct Elsewhere {
    /// How the other system calls who said it.
    pub(crate) name: String,
    /// The other system.
    pub(crate) source: String,
    /// When, in milliseconds since the Unix epoch.
    pub(crate) time_ms: u64,
}

/// What a message answers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) struct Reply {
    pub(crate) r#ref: EntryRef,
    pub(crate) nick: String,
    /// What was said, or its beginning.
    pub(crate) text: String,
}

/// One sign, and who set it under a message.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) struct Reaction {
    pub(crate) sign: String,
    pub(crate) authors: Vec<AuthorHex>,
    /// Whether I am among them.
    pub(crate) mine: bool,
}

/// Answer: rooms kept here.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct Rooms {
    pub(crate) rooms: Vec<Room>,
}

/// Answer: a page of the timeline, ascending, or what a search found, newest first.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct Page {
    pub(crate) messages: Vec<Message>,
    /// Whether there is more in the direction that was asked for.
    #[serde(default)]
    pub(crate) more: bool,
}

/// Answer: people of a room.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) struct People {
    pub(crate) people: Vec<Person>,
}

/// Answer: who holds a message, of how many others.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) struct Holders {
    pub(crate) holders: Vec<Person>,
    pub(crate) of: u64,
}

/// Answer: what lets others in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) struct Ticket {
    pub(crate) ticket: String,
}

/// Request: begin a room, or enter one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum Enter {
    Founded { name: String },
    Invited { ticket: String },
}

/// Request: say something.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) struct Say {
    pub(crate) text: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) reply_to: Option<EntryRef>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) mentions: Vec<AuthorHex>,
}

/// Request: let a message read so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) struct Edit {
    pub(crate) text: String,
}

/// Request: be shown by this name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) struct Nick {
    pub(crate) nick: String,
}

/// Request: set the room's topic.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) struct Topic {
    pub(crate) topic: String,
}

/// Request: everything up to here is read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) struct Read {
    pub(crate) place: PlaceText,
}

/// Answer: no.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) struct Refusal {
    pub(crate) error: Refused,
}

/// Why not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) struct Refused {
    /// One word that stays the same from version to version.
    pub(crate) code: String,
    /// What happened.
    pub(crate) what: String,
    /// What to do next.
    pub(crate) help: String,
}

/// Answer: what became of an import, in entries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) struct Imported {
    pub(crate) new: u64,
    /// That were here before.
    pub(crate) known: u64,
    /// That have no place here: beyond a fork, or from the future.
    pub(crate) refused: u64,
}

/// Entries of one log that something is wrong with.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) struct Damage {
    pub(crate) author: AuthorHex,
    pub(crate) nick: String,
    pub(crate) first: u64,
    pub(crate) last: u64,
    /// What, in a word.
    pub(crate) what: String,
}

/// What a check found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) struct Check {
    /// Whether everything is as it was written.
    pub(crate) clean: bool,
    /// Entries that verify.
    pub(crate) entries: u64,
    pub(crate) signatures: u64,
    pub(crate) damaged: Vec<Damage>,
    /// Damages past those listed.
    pub(crate) unlisted: u64,
    /// What is wrong with the indexes, or with the file as a whole.
    pub(crate) file: Vec<String>,
}

impl Check {
    /// What a report says, without names.
    pub(crate) fn of(report: &CheckReport) -> Self {
        let damage = |problem: &Problem| Damage {
            author: AuthorHex(problem.author.to_string()),
            nick: String::new(),
            first: problem.first,
            last: problem.last,
            what: match problem.fault {
                Fault::Missing => "missing".into(),
                Fault::Refused(why) => why.to_string(),
                fault => format!("{fault:?}").to_lowercase(),
            },
        };
        Self {
            clean: report.is_clean(),
            entries: report.entries,
            signatures: report.signatures,
            damaged: report.problems.iter().map(damage).collect(),
            unlisted: report.unlisted,
            file: report.file.clone(),
        }
    }
}

/// What a repair came to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) struct Repair {
    pub(crate) found: Check,
    /// Entries that were damaged and taken out.
    pub(crate) taken_out: u64,
    /// Those of them that came back from others.
    pub(crate) back: u64,
    /// What is still missing: whoever has it must come.
    pub(crate) missing: Vec<Damage>,
}

/// A step of work that takes long, or what it came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "is", rename_all = "lowercase")]
pub(crate) enum Work {
    /// So many of the room's entries were looked at.
    Checked { entries: u64, of: u64 },
    /// So many of those that were taken out have come back.
    Back { entries: u64, of: u64 },
    /// The check has come to its end.
    Report(Check),
    /// The repair has come to its end.
    Repaired(Repair),
    /// It could not be done.
    Failed(Refused),
}

/// How a message came into the timeline.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Arrival {
    /// At its end.
    #[default]
    End,
    /// Above what was shown already.
    Late,
    /// From before I came.
    History,
}

/// What a notice is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum NoticeCode {
    /// Somebody wrote under one key in two places.
    Forked,
    /// My clock and the others' disagree, or agree again.
    Skewed,
    /// I write under a fresh author key.
    Rekeyed,
    /// The room takes no part any more.
    Stopped,
}

/// What happened in a room. As server-sent events the tag is the `event:` and the content the `data:`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "event", content = "data", rename_all = "lowercase")]
pub(crate) enum Event {
    /// A message is in the timeline that was not.
    Message {
        room: RoomHex,
        message: Message,
        arrival: Arrival,
        /// Over how many peers it came, where that is known.
        hops: Option<u64>,
    },
    /// A message was edited, retracted or reacted to.
    Changed { room: RoomHex, message: Message },
    /// One more peer told that it has one of my messages.
    Held { room: RoomHex, r#ref: EntryRef, holders: u64 },
    /// A file came nearer, is here, or is here no more.
    File { room: RoomHex, hash: FileHex, state: FileState, have: u64, size: u64 },
    /// A room's status changed; at most four times a second, and less often the more peers it names.
    Room { room: Room },
    /// Somebody came, went, goes by another name, or was hidden or shown again.
    Person { room: RoomHex, author: AuthorHex, nick: String, here: bool, hidden: bool },
    /// Somebody writes something. Told every few seconds while they do; 6 s after the last time they have stopped.
    Typing { room: RoomHex, author: AuthorHex, nick: String },
    /// Something a person should know.
    Notice { room: RoomHex, code: NoticeCode, text: String },
    /// A message of the wire came or went, for a picture of the network.
    Step { room: RoomHex, kind: String, from: Option<PeerHex>, to: Option<PeerHex>, entries: u64 },
    /// So many events were lost to this reader, who reads the pages again.
    Lagged { missed: u64 },
}

impl Event {
    /// In which room it happened.
    pub(crate) fn room(&self) -> Option<&RoomHex> {
        match self {
            Self::Message { room, .. }
            | Self::Changed { room, .. }
            | Self::Held { room, .. }
            | Self::File { room, .. }
            | Self::Person { room, .. }
            | Self::Typing { room, .. }
            | Self::Notice { room, .. }
            | Self::Step { room, .. } => Some(room),
            Self::Room { room } => Some(&room.id),
            Self::Lagged { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Debug;

    use serde::de::DeserializeOwned;
    use serde_json::{Value, json};

    use super::*;

    fn check<T: Serialize + DeserializeOwned + PartialEq + Debug>(word: T, want: Value) {
        assert_eq!(serde_json::to_value(&word).unwrap(), want);
        assert_eq!(serde_json::from_value::<T>(want).unwrap(), word);
    }

    #[test]
    fn requests() {
        check(Enter::Founded { name: "lunch".into() }, json!({"name": "lunch"}));
        check(Enter::Invited { ticket: "rumor1".into() }, json!({"ticket": "rumor1"}));
        check(Say { text: "hi".into(), ..Say::default() }, json!({"text": "hi"}));
        let reply = Say { text: "hi".into(), reply_to: Some("a.1".into()), mentions: vec!["b".into()] };
        check(reply, json!({"text": "hi", "reply_to": "a.1", "mentions": ["b"]}));
    }

    #[test]
    fn answers() {
        let message =
            Message { r#ref: "a.1".into(), gone: Some(Gone::Retracted), kind: Kind::Gone, ..Message::default() };
        check(
            Page { messages: vec![message], more: true },
            json!({"messages": [{"ref": "a.1", "place": "", "author": "", "nick": "", "time_ms": 0, "mine": false,
                "kind": "gone", "text": "", "action": false, "hidden": false, "from": null, "reply_to": null,
                "mentions": [], "names_me": false, "edited": false,
                "gone": "retracted", "reactions": [], "holders": null, "file": null, "id": ""}], "more": true}),
        );
        let refused = Refused { code: "room".into(), what: "no".into(), help: "yes".into() };
        check(Refusal { error: refused }, json!({"error": {"code": "room", "what": "no", "help": "yes"}}));
    }

    #[test]
    fn events_have_a_name_and_content() {
        check(Event::Lagged { missed: 3 }, json!({"event": "lagged", "data": {"missed": 3}}));
        check(
            Event::Held { room: "r".into(), r#ref: "a.1".into(), holders: 2 },
            json!({"event": "held", "data": {"room": "r", "ref": "a.1", "holders": 2}}),
        );
        check(
            Event::Notice { room: "r".into(), code: NoticeCode::Rekeyed, text: "".into() },
            json!({"event": "notice", "data": {"room": "r", "code": "rekeyed", "text": ""}}),
        );
    }

    #[test]
    fn what_somebody_does_is_what_a_text_says_behind_me() {
        let cases = [
            ("/me waves", Some("waves")),
            ("/me ", None),
            ("/me", None),
            ("/meow", None),
            (" /me waves", None),
            ("me", None),
        ];
        for (text, want) in cases {
            assert_eq!(act(text), want, "{text:?}");
        }
        let message = Message { text: "waves".into(), action: true, ..Message::default() };
        assert_eq!(message.source(), "/me waves");
    }

    #[test]
    fn places_order_as_text() {
        let place = |time: u64, seq: u64| PlaceText(format!("{time:016x}.{}.{seq:016x}", "a".repeat(64)));
        assert!(place(9, 0) < place(16, 0) && place(16, 9) < place(16, 10));
    }
}
