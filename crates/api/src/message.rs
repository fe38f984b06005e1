//! Messages: what people say, and what becomes of it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{AuthorHex, EntryHex, EntryRef, FileHex, Person, PlaceText, limits::HANDED_ON_MS};

/// What a message tells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
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
    /// What was said is no longer here; `gone` says why.
    Gone,
}

/// Why what was said is not here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Gone {
    /// Its author took it back.
    Retracted,
    /// It was older than the room keeps.
    Expired,
    /// It came without its text, which is being asked for.
    Missing,
    /// Nobody who is connected keeps its text.
    Unkept,
}

/// How a text begins that tells what its author does.
pub const ACT: &str = "/me ";

/// What somebody does, where a text tells that.
pub fn act(text: &str) -> Option<&str> {
    text.strip_prefix(ACT).filter(|act| !act.trim().is_empty())
}

/// A file that a message offers. Its bytes are at `/v1/rooms/{room}/files/{ref}`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct File {
    /// The BLAKE3 hash of its bytes.
    pub hash: FileHex,
    /// The name by which it is saved: its sender's, but for what no name of a file may do.
    pub name: String,
    /// Its media type, as its sender claims.
    pub mime: String,
    /// Its size in bytes.
    pub size: u64,
    /// Whether its bytes are here.
    pub state: FileState,
    /// Bytes of it that are here.
    pub have: u64,
    /// Its width and height in pixels, where it is a picture that is here: what it says of itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pixels: Option<[u32; 2]>,
}

/// Whether the bytes of a file are here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum FileState {
    /// They are not, and nobody asked for them.
    #[default]
    Absent,
    /// Connected peers are being asked who has them.
    Asking,
    /// They are arriving.
    Fetching,
    /// No connected peer has them; they are asked for again when somebody comes.
    Waiting,
    /// All of them are here.
    Here,
}

/// One item of the timeline, as people see it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Message {
    /// Names the message in requests.
    pub r#ref: EntryRef,
    /// Where it stands in the timeline.
    pub place: PlaceText,
    /// Who said it.
    pub author: AuthorHex,
    /// The author's name; empty when there is none. Where somebody took a name it is the beginning of their id.
    pub nick: String,
    /// The name that somebody had who took another; absent for their first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// When it was said, in milliseconds since the Unix epoch.
    pub time_ms: u64,
    /// Whether you said it.
    pub mine: bool,
    /// What it tells.
    pub kind: Kind,
    /// What was said, as its author wrote it; of an action without the word that makes it one.
    pub text: String,
    /// The text taken apart, where it has marks or links in it; without any it is shown as it is.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub blocks: Vec<Block>,
    /// Whether it tells what its author does, to be shown as `* ada waves`: its text began with `/me `.
    #[serde(default)]
    pub action: bool,
    /// Whether you have hidden its author, so that it is not to be shown.
    #[serde(default)]
    pub hidden: bool,
    /// Who said it elsewhere, when its author only brought it here.
    pub from: Option<Elsewhere>,
    /// The message that it answers.
    pub reply_to: Option<Reply>,
    /// The people whom it names.
    pub mentions: Vec<AuthorHex>,
    /// Whether it names you.
    pub names_me: bool,
    /// Whether its author has changed it since.
    pub edited: bool,
    /// Why its text is not here, when it is not.
    pub gone: Option<Gone>,
    /// The signs that people set under it.
    pub reactions: Vec<Reaction>,
    /// How many others have it; of your own messages only.
    pub holders: Option<u64>,
    /// The file that it offers.
    pub file: Option<File>,
    /// The hash of its entry.
    pub id: EntryHex,
}

impl Message {
    /// The text as its author would type it.
    pub fn source(&self) -> String {
        if self.action { format!("{ACT}{}", self.text) } else { self.text.clone() }
    }
}

/// A piece of a text that stands by itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Block {
    /// What it is.
    pub kind: BlockKind,
    /// How deep it stands in quotes.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub quotes: u8,
    /// How deep it stands in lists.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub lists: u8,
    /// Its number in a list, where items are numbered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<u64>,
    /// What it says.
    pub spans: Vec<Span>,
}

/// What a block is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum BlockKind {
    /// Words, of which each line is shown as one.
    #[default]
    Text,
    /// The beginning of an item of a list.
    Item,
    /// Code: one span, shown as it is.
    Code,
}

/// Words that are shown alike.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Span {
    /// The words, as their author wrote them.
    pub text: String,
    /// How they are set off.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub marks: Vec<Mark>,
    /// Where they lead: `http` or `https` only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub href: Option<String>,
}

/// How words are set off.
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

/// Signs that fit some words.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Signs {
    /// The signs, those that fit best first.
    pub signs: Vec<Sign>,
}

/// An emoji and what it is called.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Sign {
    /// The sign.
    pub sign: String,
    /// Its name.
    pub name: String,
}

/// Where something was said before it was brought here. Only the message's author vouches for that.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Elsewhere {
    /// The name of whoever said it there.
    pub name: String,
    /// The other system.
    pub source: String,
    /// When it was said, in milliseconds since the Unix epoch.
    pub time_ms: u64,
}

impl Elsewhere {
    /// Whether it was handed on as it was said, by what was brought here at `brought_ms`.
    pub fn is_handed_on(&self, brought_ms: u64) -> bool {
        self.time_ms.abs_diff(brought_ms) < HANDED_ON_MS
    }
}

/// The message that another one answers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Reply {
    /// Names the message.
    pub r#ref: EntryRef,
    /// Its author's name; empty when there is none.
    pub nick: String,
    /// Its text, or the beginning of it.
    pub text: String,
}

/// One sign, and who set it under a message.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Reaction {
    /// The sign, mostly an emoji.
    pub sign: String,
    /// Who set it.
    pub authors: Vec<AuthorHex>,
    /// Whether you are among them.
    pub mine: bool,
}

/// A page of the timeline, oldest first, or what a search found, newest first.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Page {
    /// The messages.
    pub messages: Vec<Message>,
    /// Whether there is more in the direction that was asked for.
    #[serde(default)]
    pub more: bool,
}

/// Who holds a message.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Holders {
    /// Those who hold it.
    pub holders: Vec<Person>,
    /// How many others there are in all.
    pub of: u64,
}

/// Something to say.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Say {
    /// The text.
    pub text: String,
    /// The message that it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<EntryRef>,
    /// The people whom it names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mentions: Vec<AuthorHex>,
}

/// What a message shall say instead.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Edit {
    /// The new text.
    pub text: String,
}
