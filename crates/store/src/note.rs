//! What entries say of other entries, of their author and of the room, and which files they name; and whose body may be dropped.
//!
//! Of several that say the same kind of thing about the same, the last one of their author stands. Whatever has no
//! body any more says nothing.

use std::borrow::Cow;

use rumormill_proto::{
    admit::Run,
    content::{Content, Target},
    entry::{Body, Kind, RawEntry},
    ids::{AuthorId, Seq},
};

/// An entry that is about something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Note {
    /// The entry it is about; none when it is about its author or about the room.
    pub(crate) about: Option<Target>,
    /// What it says of that.
    pub(crate) kind: Kind,
    /// Of a reaction: several signs of one author stand side by side. Of a file, its hash in hexadecimal.
    pub(crate) sign: String,
    /// Of a nick.
    pub(crate) name: String,
    /// Whether it says something, and does not only take back what was said.
    pub(crate) says: bool,
}

impl Note {
    /// What an entry says of others, if anything. Nobody edits or retracts what is still to come.
    pub(crate) fn of(author: &AuthorId, seq: Seq, entry: &RawEntry) -> Option<Self> {
        let note = |about| Self { about, kind: entry.kind, sign: String::new(), name: String::new(), says: true };
        let own = |of| (of < seq).then_some(Some(Target { author: *author, seq: of }));
        match content(entry)? {
            Content::Edit { of, .. } | Content::Retraction { of } => own(of).map(note),
            Content::Reaction { to, sign, on } => Some(Self { sign, says: on, ..note(Some(to)) }),
            Content::Nick(name) => Some(Self { name, ..note(None) }),
            Content::Topic(_) => Some(note(None)),
            Content::File(file) => Some(Self { sign: file.hash.to_string(), ..note(None) }),
            Content::Text(_) | Content::Imported(_) => None,
        }
    }

    /// The entry of the same author that this one retracts.
    pub(crate) fn retracts(&self) -> Option<Seq> {
        self.about.filter(|_| self.kind == Kind::RETRACTION).map(|target| target.seq)
    }
}

fn content(entry: &RawEntry) -> Option<Content> {
    // Most entries are text, which need not be read to know that they are about nothing.
    if entry.kind == Kind::TEXT {
        return None;
    }
    Content::parse(entry.kind, entry.body.bytes()?).ok()?
}

/// Whether the body of an entry goes when its author takes it back. What makes a room, what makes others forget, and
/// what only versions to come understand stays.
pub(crate) fn may_go(entry: &RawEntry) -> bool {
    let notes = [Kind::EDIT, Kind::REACTION, Kind::NICK, Kind::TOPIC];
    (is_said(entry.kind) || notes.contains(&entry.kind)) && entry.body.bytes().is_some()
}

/// Whether an entry is retracted when those are of which `gone` says so. With a text go all its edits, earlier and
/// later ones: nothing brings it back.
pub(crate) fn goes<E>(
    author: &AuthorId,
    seq: Seq,
    entry: &RawEntry,
    mut gone: impl FnMut(Seq) -> Result<bool, E>,
) -> Result<bool, E> {
    if !may_go(entry) {
        return Ok(false);
    }
    let edited = match entry.kind {
        Kind::EDIT => Note::of(author, seq, entry).and_then(|note| note.about),
        _ => None,
    };
    Ok(gone(seq)? || edited.map_or(Ok(false), |target| gone(target.seq))?)
}

/// Whether an entry is a message: something that people read. What is about others is none, nor is what only versions to
/// come understand, or what makes no sense. Without its body its kind says so.
pub(crate) fn is_message(entry: &RawEntry) -> bool {
    match entry.body.bytes() {
        Some(body) if entry.kind == Kind::TEXT => str::from_utf8(body).is_ok(),
        Some(body) if entry.kind != Kind::FOUND => {
            matches!(Content::parse(entry.kind, body), Ok(Some(content)) if !is_about(&content))
        }
        _ => is_said(entry.kind) || [Kind::FOUND, Kind::NICK, Kind::TOPIC].contains(&entry.kind),
    }
}

fn is_about(content: &Content) -> bool {
    matches!(content, Content::Edit { .. } | Content::Retraction { .. } | Content::Reaction { .. })
}

/// The entries of a run as they are written down.
pub(crate) fn raw_entries(run: &Run) -> Vec<RawEntry> {
    let entries = run.entries().iter();
    entries
        .map(|entry| RawEntry {
            time: entry.time,
            seen: entry.seen.clone(),
            kind: entry.kind,
            body: entry.body.clone(),
        })
        .collect()
}

/// What a search looks into: the text of what was said, and of what it was edited to; a file's name.
pub(crate) fn said(kind: Kind, body: &Body) -> Option<Cow<'_, str>> {
    let bytes = body.bytes()?;
    match kind {
        // What is not UTF-8 in it is no letter.
        Kind::TEXT => Some(String::from_utf8_lossy(bytes)),
        Kind::ADDRESSED | Kind::EDIT | Kind::FILE | Kind::IMPORTED => match Content::parse(kind, bytes) {
            Ok(Some(Content::Text(said))) => Some(said.text.into()),
            Ok(Some(Content::Edit { text, .. })) => Some(text.into()),
            Ok(Some(Content::Imported(said))) => Some(said.text.into()),
            Ok(Some(Content::File(file))) => Some(file.name.into()),
            _ => None,
        },
        _ => None,
    }
}

/// Whether entries of this kind are what a search finds.
pub(crate) fn is_said(kind: Kind) -> bool {
    [Kind::TEXT, Kind::ADDRESSED, Kind::FILE, Kind::IMPORTED].contains(&kind)
}
