//! The contents of a chat's bodies: text, replies, edits, retractions, reactions, names, topics, files, and messages
//! from other systems.
//!
//! The engine never looks in here: to it a body is bytes. Interfaces and the store's indexes do. Every form has one
//! encoding, and any other encoding is refused, like everything in a log.
//!
//! ```text
//! kind        body
//! TEXT        text to the end
//! ADDRESSED   0, or 1 and whose entry it answers: author 32 bytes, seq; n, then n times an author of 32 bytes, each
//!             somebody the text names; text to the end
//! EDIT        seq of an own entry; text to the end
//! RETRACTION  seq of an own entry
//! REACTION    author 32 bytes, seq; 1 to react, 0 to take it back; the sign to the end
//! NICK        name to the end
//! TOPIC       text to the end
//! FILE        hash 32 bytes, size, both of the bytes that travel; flags: 1 if it answers something, 2 if its bytes are
//!             sealed; what it answers as above; the key of its bytes 32; type: its length and as many bytes of printable
//!             ASCII; name to the end: not empty, no path, no control characters
//! IMPORTED    where it was said and by whom, each as number of bytes and bytes; milliseconds as a number; text to the end
//! ```

use std::str;

use bytes::Bytes;

use crate::{
    codec::{Reader, put_bytes, put_number},
    entry::{Body, Kind},
    epochs::Secret,
    ids::{AuthorId, FileId, Seq},
    limits::{
        BODY_BYTES, FILE_BYTES, FILE_NAME_BYTES, MENTIONS, MIME_BYTES, NAME_BYTES, SIGN_BYTES, SOURCE_BYTES,
        TOPIC_BYTES,
    },
    pieces::{plain_size, sealed_size},
    reject::Reject,
};

/// The entry that another entry is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Target {
    /// Its author.
    pub author: AuthorId,
    /// Its seq in that author's log.
    pub seq: Seq,
}

/// Something said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Text {
    /// The words.
    pub text: String,
    /// The entry that it answers.
    pub reply_to: Option<Target>,
    /// The authors that it mentions, at most [`MENTIONS`].
    pub mentions: Vec<AuthorId>,
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self { text, ..Self::default() }
    }
}

impl From<&String> for Text {
    fn from(text: &String) -> Self {
        text.clone().into()
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}

/// A message from another system. Only the author who imported it vouches for it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    /// The name of the other system, at most [`SOURCE_BYTES`].
    pub source: String,
    /// The name of the speaker there, at most [`NAME_BYTES`].
    pub name: String,
    /// When it was said, in milliseconds since the Unix epoch.
    pub time_ms: u64,
    /// The text.
    pub text: String,
}

/// A file that somebody offers. A node that wants its bytes fetches them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Hash of the bytes that travel: of the sealed ones, if it has a key.
    pub hash: FileId,
    /// Its length in bytes; that of the bytes that travel is at most [`FILE_BYTES`].
    pub size: u64,
    /// The key under which its bytes are sealed, see [`crate::pieces`]; `None` if they are not, as in an open room.
    pub key: Option<Box<Secret>>,
    /// Its name, see [`is_file_name`].
    pub name: String,
    /// Its type, as the sender says: a MIME type, or empty.
    pub mime: String,
    /// The entry that it answers.
    pub reply_to: Option<Target>,
}

impl File {
    /// How many bytes travel.
    pub fn carried(&self) -> u64 {
        if self.key.is_some() { sealed_size(self.size) } else { self.size }
    }
}

/// What of the offer of a file whoever cannot read it is told: the hash and the number of the bytes that travel, and how
/// many bytes of the body say that.
pub fn carried(body: &Bytes) -> Option<(FileId, u64, usize)> {
    let mut reader = Reader::new(body.clone());
    let hash = FileId(reader.array("file hash").ok()?);
    let size = reader.number("file size").ok()?;
    Some((hash, size, body.len() - reader.left()))
}

/// The part in front of the offer of a file that stays in plain, if the bytes of that file are sealed.
pub(crate) fn carried_front(body: &[u8]) -> Option<usize> {
    let (.., front) = carried(&Bytes::copy_from_slice(body))?;
    body.get(front).filter(|flags| **flags & SEALED != 0).map(|_| front)
}

/// Whether a file may have this name: one part of a path, without control characters, that names no directory.
pub fn is_file_name(name: &str) -> bool {
    let strange = |char: char| char.is_control() || matches!(char, '/' | '\\');
    (1..=FILE_NAME_BYTES).contains(&name.len()) && !name.contains(strange) && name != "." && name != ".."
}

/// The content of a body. Only the author of an entry can edit or retract it; everybody can react to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// Something said.
    Text(Text),
    /// Replaces the text of an earlier entry by the same author.
    Edit {
        /// Seq of that entry, always below the entry that edits it.
        of: Seq,
        /// The new text.
        text: String,
    },
    /// Retracts an earlier entry by the same author: every reader drops its body.
    Retraction {
        /// Seq of that entry, always below the entry that retracts it.
        of: Seq,
    },
    /// A sign beside somebody's entry.
    Reaction {
        /// The entry that the reaction is about.
        to: Target,
        /// The sign, mostly an emoji; at most [`SIGN_BYTES`].
        sign: String,
        /// Whether the sign is added or taken back.
        on: bool,
    },
    /// The name under which the author wants to be shown.
    Nick(String),
    /// The topic of the room, until the next one.
    Topic(String),
    /// A file.
    File(File),
    /// Something that was said elsewhere.
    Imported(Imported),
}

impl Content {
    /// Reads the body of an entry of this kind; `None` for kinds that do not belong to a chat, and for kinds of later
    /// versions.
    ///
    /// # Errors
    /// [`Reject::Malformed`] and [`Reject::Limit`] when the body is malformed. Such an entry stays in its log and is
    /// shown to nobody.
    pub fn parse(kind: Kind, body: &Bytes) -> Result<Option<Self>, Reject> {
        let mut reader = Reader::new(body.clone());
        let content = match kind {
            Kind::TEXT => Self::Text(Text { text: text(reader, BODY_BYTES)?, ..Text::default() }),
            Kind::ADDRESSED => Self::Text(addressed(reader)?),
            Kind::EDIT => Self::Edit { of: reader.number("edited seq")?, text: text(reader, BODY_BYTES)? },
            Kind::RETRACTION => {
                let of = reader.number("retracted seq")?;
                reader.end("retraction")?;
                Self::Retraction { of }
            }
            Kind::REACTION => {
                let to = target(&mut reader)?;
                let on = reader.flag()?;
                let sign = Some(text(reader, SIGN_BYTES)?).filter(|sign| !sign.is_empty());
                Self::Reaction { to, on, sign: sign.ok_or(Reject::Malformed("sign"))? }
            }
            Kind::NICK => Self::Nick(text(reader, NAME_BYTES)?),
            Kind::TOPIC => Self::Topic(text(reader, TOPIC_BYTES)?),
            Kind::FILE => Self::File(file(reader)?),
            Kind::IMPORTED => Self::Imported(imported(reader)?),
            _ => return Ok(None),
        };
        Ok(Some(content))
    }

    /// The kind and the body of an entry that says this.
    ///
    /// # Errors
    /// [`Reject::Limit`] when it does not fit into an entry, [`Reject::Malformed`] when a reaction has no sign or a
    /// file has a name or a type that is not allowed.
    pub fn encode(&self) -> Result<(Kind, Bytes), Reject> {
        let mut body = Vec::new();
        let (kind, words, most) = match self {
            Self::Text(text) if text.reply_to.is_none() && text.mentions.is_empty() => {
                (Kind::TEXT, text.text.as_str(), BODY_BYTES)
            }
            Self::Text(text) => {
                put_addressed(&mut body, text)?;
                (Kind::ADDRESSED, text.text.as_str(), BODY_BYTES)
            }
            Self::Edit { of, text } => {
                put_number(&mut body, *of);
                (Kind::EDIT, text.as_str(), BODY_BYTES)
            }
            Self::Retraction { of } => {
                put_number(&mut body, *of);
                (Kind::RETRACTION, "", 0)
            }
            Self::Reaction { sign, .. } if sign.is_empty() => return Err(Reject::Malformed("sign")),
            Self::Reaction { to, sign, on } => {
                put_target(&mut body, to);
                body.push(u8::from(*on));
                (Kind::REACTION, sign.as_str(), SIGN_BYTES)
            }
            Self::Nick(name) => (Kind::NICK, name.as_str(), NAME_BYTES),
            Self::Topic(topic) => (Kind::TOPIC, topic.as_str(), TOPIC_BYTES),
            Self::Imported(imported) => {
                put_imported(&mut body, imported)?;
                (Kind::IMPORTED, imported.text.as_str(), BODY_BYTES)
            }
            Self::File(file) => {
                put_file(&mut body, file)?;
                (Kind::FILE, file.name.as_str(), FILE_NAME_BYTES)
            }
        };
        if words.len() > most || body.len() + words.len() > BODY_BYTES {
            return Err(Reject::Limit("body"));
        }
        body.extend_from_slice(words.as_bytes());
        Ok((kind, body.into()))
    }
}

/// One author vouches for another by an entry of its log, see `standing`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Vouch {
    /// The entry that vouches.
    pub seq: Seq,
    /// The author it vouches for.
    pub of: AuthorId,
}

/// The authors that an entry vouches for, in order: the author of the entry that it answers or reacts to, then the
/// authors that it names. The entry that founds a room vouches for its own author; no other entry can do that. A
/// reaction still vouches after its author takes it back; an entry without a body vouches for nobody.
pub fn vouched_for(author: &AuthorId, kind: Kind, body: &Body) -> Vec<AuthorId> {
    let Some(bytes) = body.bytes().filter(|_| kind != Kind::TEXT) else { return Vec::new() };
    if kind == Kind::FOUND {
        return vec![*author];
    }
    let (target, mut named) = match Content::parse(kind, bytes) {
        Ok(Some(Content::Text(text))) => (text.reply_to, text.mentions),
        Ok(Some(Content::File(file))) => (file.reply_to, Vec::new()),
        Ok(Some(Content::Reaction { to, on: true, .. })) => (Some(to), Vec::new()),
        _ => (None, Vec::new()),
    };
    if let Some(target) = target {
        named.insert(0, target.author);
    }
    named.retain(|of| of != author);
    named
}

/// The entry of the same log that an entry retracts, whose vouches go with it.
pub fn retracted(kind: Kind, body: &Body) -> Option<Seq> {
    match Content::parse(kind, body.bytes().filter(|_| kind == Kind::RETRACTION)?) {
        Ok(Some(Content::Retraction { of })) => Some(of),
        _ => None,
    }
}

fn text(reader: Reader, most: usize) -> Result<String, Reject> {
    let rest = reader.rest();
    if rest.len() > most {
        return Err(Reject::Limit("text"));
    }
    str::from_utf8(rest).map(str::to_owned).map_err(|_| Reject::Malformed("text"))
}

fn target(reader: &mut Reader) -> Result<Target, Reject> {
    Ok(Target { author: AuthorId(reader.array("target author")?), seq: reader.number("target seq")? })
}

fn put_target(out: &mut Vec<u8>, target: &Target) {
    out.extend_from_slice(&target.author.0);
    put_number(out, target.seq);
}

/// Flags of a file.
const ANSWERS: u8 = 1;
const SEALED: u8 = 2;

fn file(mut reader: Reader) -> Result<File, Reject> {
    let hash = FileId(reader.array("file hash")?);
    let size = reader.number("file size")?;
    let flags = reader.byte("file flags")?;
    if flags & !(ANSWERS | SEALED) != 0 {
        return Err(Reject::Malformed("file flags"));
    }
    let reply_to = if flags & ANSWERS != 0 { Some(target(&mut reader)?) } else { None };
    let key = if flags & SEALED != 0 { Some(Box::new(Secret::new(reader.array("file key")?))) } else { None };
    let size = if key.is_some() { plain_size(size).ok_or(Reject::Malformed("file size"))? } else { size };
    let mime = text(Reader::new(reader.bytes(MIME_BYTES, "file type")?), MIME_BYTES)?;
    let file = File { hash, size, key, name: text(reader, FILE_NAME_BYTES)?, mime, reply_to };
    judge(&file)?;
    Ok(file)
}

fn put_file(out: &mut Vec<u8>, file: &File) -> Result<(), Reject> {
    judge(file)?;
    out.extend_from_slice(&file.hash.0);
    put_number(out, file.carried());
    let flag = |flag: u8, is: bool| if is { flag } else { 0 };
    out.push(flag(ANSWERS, file.reply_to.is_some()) | flag(SEALED, file.key.is_some()));
    file.reply_to.iter().for_each(|target| put_target(out, target));
    file.key.iter().for_each(|key| out.extend_from_slice(key.bytes()));
    put_bytes(out, file.mime.as_bytes());
    Ok(())
}

/// Checks the rules for every file, written or read.
fn judge(file: &File) -> Result<(), Reject> {
    if file.carried() > FILE_BYTES || file.mime.len() > MIME_BYTES || file.name.len() > FILE_NAME_BYTES {
        return Err(Reject::Limit("file"));
    }
    let plain = file.mime.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    if plain && is_file_name(&file.name) { Ok(()) } else { Err(Reject::Malformed("file")) }
}

fn addressed(mut reader: Reader) -> Result<Text, Reject> {
    let reply_to = if reader.flag()? { Some(target(&mut reader)?) } else { None };
    let count = reader.count(MENTIONS, "mentions")?;
    let mentions: Vec<AuthorId> =
        (0..count).map(|_| reader.array("mention").map(AuthorId)).collect::<Result<_, _>>()?;
    if reply_to.is_none() && mentions.is_empty() {
        return Err(Reject::Malformed("addressed to nobody"));
    }
    Ok(Text { text: text(reader, BODY_BYTES)?, reply_to, mentions })
}

fn put_addressed(out: &mut Vec<u8>, text: &Text) -> Result<(), Reject> {
    if text.mentions.len() > MENTIONS {
        return Err(Reject::Limit("mentions"));
    }
    out.push(u8::from(text.reply_to.is_some()));
    text.reply_to.iter().for_each(|target| put_target(out, target));
    put_number(out, text.mentions.len() as u64);
    text.mentions.iter().for_each(|author| out.extend_from_slice(&author.0));
    Ok(())
}

fn imported(mut reader: Reader) -> Result<Imported, Reject> {
    let mut name = |most, what| {
        let bytes = reader.bytes(most, what)?;
        str::from_utf8(&bytes).map(str::to_owned).map_err(|_| Reject::Malformed(what))
    };
    let (source, name) = (name(SOURCE_BYTES, "source")?, name(NAME_BYTES, "name")?);
    let time_ms = reader.number("time")?;
    Ok(Imported { source, name, time_ms, text: text(reader, BODY_BYTES)? })
}

fn put_imported(out: &mut Vec<u8>, imported: &Imported) -> Result<(), Reject> {
    let Imported { source, name, time_ms, .. } = imported;
    if source.len() > SOURCE_BYTES || name.len() > NAME_BYTES {
        return Err(Reject::Limit("name"));
    }
    put_bytes(out, source.as_bytes());
    put_bytes(out, name.as_bytes());
    put_number(out, *time_ms);
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ada() -> AuthorId {
        AuthorId([7; 32])
    }

    fn said_elsewhere(source: &str, name: &str, text: &str) -> Imported {
        let time_ms = 1_551_535_320_000;
        Imported { source: source.into(), name: name.into(), time_ms, text: text.into() }
    }

    fn photo() -> File {
        let (name, mime) = ("photo of us.jpg".into(), "image/jpeg".into());
        File { hash: FileId([9; 32]), size: FILE_BYTES, key: None, name, mime, reply_to: None }
    }

    fn contents() -> Vec<Content> {
        let to = Target { author: ada(), seq: 300 };
        vec![
            Content::Text("hello".into()),
            Content::Text(Text { text: "yes".into(), reply_to: Some(to), mentions: vec![] }),
            Content::Text(Text { text: "@ada".into(), reply_to: None, mentions: vec![ada()] }),
            Content::Edit { of: 5, text: "hullo".into() },
            Content::Retraction { of: 1 << 40 },
            Content::Reaction { to, sign: "👍".into(), on: true },
            Content::Reaction { to, sign: "👍".into(), on: false },
            Content::Nick("ada".into()),
            Content::Topic("lunch at noon".into()),
            Content::File(photo()),
            Content::File(File { reply_to: Some(to), mime: String::new(), size: 0, ..photo() }),
            Content::File(File { key: Some(Box::new(Secret::new([8; 32]))), size: 0, ..photo() }),
            Content::File(File {
                key: Some(Box::new(Secret::new([8; 32]))),
                reply_to: Some(to),
                size: 300_000,
                ..photo()
            }),
            Content::Imported(said_elsewhere("irssi", "alice", "hi")),
        ]
    }

    #[test]
    fn what_is_encoded_is_what_is_read() {
        for content in contents() {
            let (kind, body) = content.encode().unwrap();
            assert_eq!(Content::parse(kind, &body), Ok(Some(content)));
        }
    }

    #[test]
    fn answers_reactions_and_mentions_vouch_for_others() {
        let (me, ada) = (AuthorId([1; 32]), ada());
        let of = |content: &Content, author: &AuthorId| {
            let (kind, body) = content.encode().unwrap();
            vouched_for(author, kind, &Body::Here(body))
        };
        let vouching = contents().into_iter().filter(|content| of(content, &me) == [ada]);
        let expected = |content: &Content| match content {
            Content::Text(text) => text.reply_to.is_some() || !text.mentions.is_empty(),
            Content::File(file) => file.reply_to.is_some(),
            Content::Reaction { on, .. } => *on,
            _ => false,
        };
        assert_eq!(vouching.collect::<Vec<_>>(), contents().into_iter().filter(expected).collect::<Vec<_>>());
        assert!(contents().iter().all(|content| of(content, &ada).is_empty()), "nobody vouches for itself");
        let (kind, body) = contents()[1].encode().unwrap();
        assert!(vouched_for(&me, kind, &Body::Here(body).dropped()).is_empty());
        assert_eq!(vouched_for(&me, Kind::FOUND, &Body::Here("x".into())), [me]);
        let taken_back = Content::Retraction { of: 7 }.encode().unwrap();
        assert_eq!(retracted(taken_back.0, &Body::Here(taken_back.1.clone())), Some(7));
        assert_eq!(retracted(Kind::TEXT, &Body::Here(taken_back.1)), None);
    }

    #[test]
    fn kinds_of_other_versions_say_nothing() {
        assert_eq!(Content::parse(Kind::new(99).unwrap(), &Bytes::from_static(b"?")), Ok(None));
        assert_eq!(Content::parse(Kind::FOUND, &Bytes::from_static(b"?")), Ok(None));
    }

    #[test]
    fn what_is_too_long_is_refused_both_ways() {
        let long = |bytes| "x".repeat(bytes);
        let cases = [
            Content::Text(long(BODY_BYTES + 1).as_str().into()),
            Content::Edit { of: 0, text: long(BODY_BYTES) },
            Content::Text(Text { mentions: vec![ada(); MENTIONS + 1], ..Text::default() }),
            Content::Reaction { to: Target { author: ada(), seq: 0 }, sign: long(SIGN_BYTES + 1), on: true },
            Content::Nick(long(NAME_BYTES + 1)),
            Content::Topic(long(TOPIC_BYTES + 1)),
            Content::Imported(said_elsewhere(&long(SOURCE_BYTES + 1), "alice", "hi")),
            Content::Imported(said_elsewhere("irssi", &long(NAME_BYTES + 1), "hi")),
            Content::Imported(said_elsewhere("irssi", "alice", &long(BODY_BYTES))),
            Content::File(File { name: long(FILE_NAME_BYTES + 1), ..photo() }),
            Content::File(File { mime: long(MIME_BYTES + 1), ..photo() }),
            Content::File(File { size: FILE_BYTES + 1, ..photo() }),
            Content::File(File { key: Some(Box::new(Secret::new([8; 32]))), ..photo() }),
        ];
        for content in cases {
            assert!(matches!(content.encode(), Err(Reject::Limit(_))));
        }
        let too_long = [(Kind::NICK, NAME_BYTES), (Kind::TOPIC, TOPIC_BYTES), (Kind::TEXT, BODY_BYTES)];
        for (kind, bytes) in too_long {
            assert!(Content::parse(kind, &long(bytes + 1).into()).is_err());
        }
    }

    #[test]
    fn names_that_lead_somewhere_are_refused_both_ways() {
        let (_, good) = Content::File(File { name: "x".into(), ..photo() }).encode().unwrap();
        for name in ["", ".", "..", "a/b", "../x", "a\\b", "a\nb", "\u{1b}[2J", "a\0b", "\u{85}"] {
            let file = Content::File(File { name: name.into(), ..photo() });
            assert_eq!(file.encode(), Err(Reject::Malformed("file")), "{name:?}");
            let body = [&good[..good.len() - 1], name.as_bytes()].concat();
            assert_eq!(Content::parse(Kind::FILE, &body.into()), Err(Reject::Malformed("file")), "{name:?}");
        }
        for name in ["a", "...", ".profile", "ein Bild – 1.jpg", "写真.png"] {
            assert!(is_file_name(name), "{name:?}");
        }
        for mime in ["image/png\n", "\u{7f}", "é"] {
            let file = Content::File(File { mime: mime.into(), ..photo() });
            assert_eq!(file.encode(), Err(Reject::Malformed("file")), "{mime:?}");
        }
    }

    proptest! {
        #[test]
        fn every_content_has_one_encoding(kind in 0u8..12, body in prop::collection::vec(any::<u8>(), 0..120)) {
            let (kind, body) = (Kind::new(kind).unwrap(), Bytes::from(body));
            if let Ok(Some(content)) = Content::parse(kind, &body) {
                prop_assert_eq!(content.encode(), Ok((kind, body)));
            }
        }

        #[test]
        fn a_broken_encoding_breaks_nothing(at in 0usize..12, cut in 0usize..80, flip in any::<u8>()) {
            let (kind, body) = contents()[at].encode().unwrap();
            let mut body = body.to_vec();
            body.truncate(cut);
            if let Some(byte) = body.last_mut() {
                *byte ^= flip;
            }
            let body = Bytes::from(body);
            if let Ok(Some(content)) = Content::parse(kind, &body) {
                prop_assert_eq!(content.encode(), Ok((kind, body)));
            }
        }
    }
}
