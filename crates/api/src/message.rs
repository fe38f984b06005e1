//! Messages: their content, and their state.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{AuthorHex, Deed, EntryHex, EntryRef, FileHex, Person, PlaceText, limits::HANDED_ON_MS};

/// The kind of a message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A text.
    #[default]
    Text,
    /// The author took the name in `text`.
    Nick,
    /// The author set the topic to `text`.
    Topic,
    /// The author offers the file in `file`; `text` is its name.
    File,
    /// The author founded the room with the name in `text`.
    Founded,
    /// The author did something that changes who is in a closed room, or who may do what: `deed` has it, `text` says it,
    /// as in `removed mallory`.
    Act,
    /// The content is not here; `gone` says why.
    Gone,
}

/// Why the content of a message is not here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Gone {
    /// Its author took it back.
    Retracted,
    /// It was older than the room keeps.
    Expired,
    /// The message came without its text, which is being requested.
    Missing,
    /// No connected peer has its text.
    Unkept,
    /// It is sealed under a key that has not come yet.
    Locked,
    /// It was not sealed as it has to be, so nobody can read it.
    Damaged,
}

/// Why a message is held back in an open room, see `set_display`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Folded {
    /// Its author is a newcomer.
    Newcomer,
    /// Its author said too many in the minute before.
    Flood,
}

/// The beginning of a text that describes an action of its author.
pub const ACT: &str = "/me ";

/// The action in a text, if it describes one.
pub fn act(text: &str) -> Option<&str> {
    text.strip_prefix(ACT).filter(|act| !act.trim().is_empty())
}

/// A file that a message offers. Its bytes are at `/v1/rooms/{room}/files/{ref}`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct File {
    /// The BLAKE3 hash of its bytes.
    pub hash: FileHex,
    /// The name for saving: the sender's, without anything unsafe in a file name.
    pub name: String,
    /// Its media type, as its sender claims.
    pub mime: String,
    /// Its size in bytes.
    pub size: u64,
    /// Whether its bytes are here.
    pub state: FileState,
    /// Bytes of it that are here.
    pub have: u64,
    /// Width and height in pixels, read from the file, if it is a picture and is here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pixels: Option<[u32; 2]>,
}

/// Whether the bytes of a file are here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum FileState {
    /// They are not, and nobody requested them.
    #[default]
    Absent,
    /// Connected peers are being asked whether they have them.
    Asking,
    /// They are arriving.
    Fetching,
    /// No connected peer has them; the node asks again when a peer connects.
    Waiting,
    /// All of them are here.
    Here,
}

/// One item of the timeline, as people see it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Message {
    /// The reference of the message in requests.
    pub r#ref: EntryRef,
    /// Its place in the timeline.
    pub place: PlaceText,
    /// Its author: the person, whichever device it was written on.
    pub author: AuthorHex,
    /// The key under which it was written, if that is a device of its author. It is yours to edit when this is the
    /// `device` of the room.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<AuthorHex>,
    /// The author's name; empty if they have none. For a change of name, the beginning of their id.
    pub nick: String,
    /// The previous name, for a change of name; absent for an author's first name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// Its time, in milliseconds since the Unix epoch.
    pub time_ms: u64,
    /// Whether you are the author.
    pub mine: bool,
    /// Its kind.
    pub kind: Kind,
    /// Its text, as its author wrote it; for an action without the leading `/me `.
    pub text: String,
    /// The parsed text, if it contains formatting or links; otherwise the text is shown as it is.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub blocks: Vec<Block>,
    /// Whether it describes an action of its author, to be shown as `* ada waves`: its text began with `/me `.
    #[serde(default)]
    pub action: bool,
    /// Whether it should not be shown: you have hidden its author, or hold it back, see `folded`.
    #[serde(default)]
    pub hidden: bool,
    /// Why you hold it back in an open room, if you do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folded: Option<Folded>,
    /// Whether you have verified its author: you compared your safety number.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub verified: bool,
    /// Whether the rules of a closed room hold it: only its author, the owner, co-owners and moderators see it, until
    /// somebody lets its author through.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub held: bool,
    /// The original author, if the message was imported.
    pub from: Option<Elsewhere>,
    /// The message that it replies to.
    pub reply_to: Option<Reply>,
    /// The people whom it mentions.
    pub mentions: Vec<AuthorHex>,
    /// Whether it mentions you.
    pub names_me: bool,
    /// Whether its author edited it.
    pub edited: bool,
    /// Why its content is not here, if it is not.
    pub gone: Option<Gone>,
    /// The reactions to it.
    pub reactions: Vec<Reaction>,
    /// How many others received it: they say so, or their later entries prove it. Only for your own messages.
    pub holders: Option<u64>,
    /// How many of them acknowledged it: their later entries prove that they have it. Only for your own messages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acknowledged: Option<u64>,
    /// The file that it offers.
    pub file: Option<File>,
    /// What was done in a closed room.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deed: Option<Deed>,
    /// The hash of its entry.
    pub id: EntryHex,
}

impl Message {
    /// The text as its author would type it.
    pub fn source(&self) -> String {
        if self.action { format!("{ACT}{}", self.text) } else { self.text.clone() }
    }
}

/// A part of a text: a paragraph, an item of a list, or code.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Block {
    /// Its kind.
    pub kind: BlockKind,
    /// Its depth in quotes.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub quotes: u8,
    /// Its depth in lists.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub lists: u8,
    /// Its number in a numbered list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<u64>,
    /// Its words.
    pub spans: Vec<Span>,
}

/// The kind of a block.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum BlockKind {
    /// Words; each of their lines is shown as a line.
    #[default]
    Text,
    /// The beginning of an item in a list.
    Item,
    /// Code: one span, shown as it is.
    Code,
}

/// Words with the same formatting.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Span {
    /// The words, as their author wrote them.
    pub text: String,
    /// Their formatting.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub marks: Vec<Mark>,
    /// The target of a link: `http` or `https` only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub href: Option<String>,
}

/// A formatting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Mark {
    /// `*so*`
    Emphasis,
    /// `**so**`
    Strong,
    /// `~~so~~`
    Struck,
    /// `` `so` ``
    Code,
}

fn is_zero(depth: &u8) -> bool {
    *depth == 0
}

/// The emoji that a search found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Signs {
    /// The emoji, the best matches first.
    pub signs: Vec<Sign>,
}

/// An emoji and its name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Sign {
    /// The emoji.
    pub sign: String,
    /// Its name.
    pub name: String,
}

/// The origin of an imported message. Only the message's author vouches for it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Elsewhere {
    /// The name of the author there.
    pub name: String,
    /// The other system.
    pub source: String,
    /// The time of the message there, in milliseconds since the Unix epoch.
    pub time_ms: u64,
}

impl Elsewhere {
    /// Whether the message was passed on at once, by an import at `brought_ms`.
    pub fn is_handed_on(&self, brought_ms: u64) -> bool {
        self.time_ms.abs_diff(brought_ms) < HANDED_ON_MS
    }
}

/// The message that another one replies to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Reply {
    /// The reference of the message.
    pub r#ref: EntryRef,
    /// Its author's name; empty if they have none.
    pub nick: String,
    /// Its text, or the beginning of it.
    pub text: String,
}

/// One sign of the reactions to a message, and its authors.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Reaction {
    /// The sign, mostly an emoji.
    pub sign: String,
    /// The people who added it.
    pub authors: Vec<AuthorHex>,
    /// Whether you are among them.
    pub mine: bool,
}

/// A page of the timeline, oldest first, or the results of a search, newest first.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Page {
    /// The messages.
    pub messages: Vec<Message>,
    /// Whether there are more messages in the requested direction.
    #[serde(default)]
    pub more: bool,
}

/// The people who hold a message, besides you.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Holders {
    /// Everybody who has received it: its author, people who say so, and people who have acknowledged it.
    pub holders: Vec<Person>,
    /// Those who have acknowledged it: their later entries prove that they have it.
    #[serde(default)]
    pub acknowledged: Vec<AuthorHex>,
    /// How many others there are: people who are here, who wrote in the last 30 days, or who hold it.
    pub of: u64,
}

/// A message to send.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Say {
    /// The text.
    pub text: String,
    /// The message that it replies to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<EntryRef>,
    /// The people whom it mentions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mentions: Vec<AuthorHex>,
}

/// A new text for a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Edit {
    /// The new text.
    pub text: String,
}
