//! What entries say about other entries, their author or the room, which files they name, and whose bodies may be
//! dropped.
//!
//! When an author says the same kind of thing about the same target several times, the last one is in effect. An entry
//! without its body says nothing.

use std::borrow::Cow;

use rumormill_proto::{
    admit::Run,
    content::{Content, Target, carried},
    entry::{Body, Kind, RawEntry},
    epochs::{Opened, sealed_under},
    ids::{AuthorId, Seq},
};

/// What an entry says about something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Note {
    /// The target entry; `None` when the note is about its author or the room.
    pub(crate) about: Option<Target>,
    /// Kind of the note.
    pub(crate) kind: Kind,
    /// The sign of a reaction: one author can have several in effect. For a file, its hash in hexadecimal.
    pub(crate) sign: String,
    /// The name, for a nick.
    pub(crate) name: String,
    /// Whether it says something, rather than only taking an earlier note back.
    pub(crate) says: bool,
}

impl Note {
    /// The note of an entry, if it has one. An entry cannot edit or retract a later one.
    pub(crate) fn of(author: &AuthorId, seq: Seq, entry: &RawEntry) -> Option<Self> {
        let note = |about| Self { about, kind: entry.kind, sign: String::new(), name: String::new(), says: true };
        if entry.kind == Kind::LETTER {
            // Each has a group of its own, so that none takes the place of another.
            return Some(Self { sign: seq.to_string(), ..note(None) }).filter(|_| entry.body.bytes().is_some());
        }
        // Whoever cannot read the offer of a file can keep its bytes.
        if entry.kind == Kind::CARRIED {
            let (hash, ..) = carried(entry.body.bytes()?)?;
            return Some(Self { sign: hash.to_string(), kind: Kind::FILE, ..note(None) });
        }
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

    /// Seq of the entry, by the same author, that this note retracts.
    pub(crate) fn retracts(&self) -> Option<Seq> {
        self.about.filter(|_| self.kind == Kind::RETRACTION).map(|target| target.seq)
    }
}

/// The kind that an entry has once its body is opened.
pub(crate) fn plain(kind: Kind) -> Kind {
    kind.opened().unwrap_or(kind)
}

/// The first bytes of the id of the epoch under which a body is sealed, if it is.
pub(crate) fn epoch_of(entry: &RawEntry) -> Option<[u8; 8]> {
    sealed_under(entry.kind, &entry.body)
}

/// An entry as it is read, given what came of opening its body.
pub(crate) fn view_as(opened: Opened, entry: &RawEntry) -> Cow<'_, RawEntry> {
    match entry.kind.opened() {
        None => Cow::Borrowed(entry),
        Some(_) => {
            let (kind, body) = opened.shown(entry.kind, &entry.body);
            Cow::Owned(RawEntry { kind, body, time: entry.time, seen: entry.seen.clone() })
        }
    }
}

fn content(entry: &RawEntry) -> Option<Content> {
    // Most entries are text, which is never about anything, so parsing is skipped.
    if entry.kind == Kind::TEXT {
        return None;
    }
    Content::parse(entry.kind, entry.body.bytes()?).ok()?
}

/// Whether retracting an entry drops its body. The bodies of room foundations, retractions and kinds of future versions
/// stay.
pub(crate) fn may_go(entry: &RawEntry) -> bool {
    let notes = [Kind::EDIT, Kind::REACTION, Kind::NICK, Kind::TOPIC];
    (is_said(plain(entry.kind)) || notes.contains(&plain(entry.kind))) && entry.body.bytes().is_some()
}

/// Whether an entry is retracted, given `gone`, which knows the retracted seqs. A retracted text takes all its edits
/// with it, earlier and later: nothing brings it back.
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

/// Whether an entry is a message, that is, people read it, as they do acts that concern somebody. Entries about others, kinds of future versions and malformed
/// entries are not. Without its body, its kind decides.
pub(crate) fn is_message(entry: &RawEntry) -> bool {
    match entry.body.bytes() {
        _ if entry.kind.is_act() => entry.kind.is_deed(),
        // What cannot be read yet keeps its place.
        _ if entry.kind.opened().is_some() => is_read(plain(entry.kind)),
        Some(body) if entry.kind == Kind::TEXT => str::from_utf8(body).is_ok(),
        Some(body) if entry.kind != Kind::FOUND => {
            matches!(Content::parse(entry.kind, body), Ok(Some(content)) if !is_about(&content))
        }
        _ => is_read(entry.kind),
    }
}

fn is_read(kind: Kind) -> bool {
    is_said(kind) || [Kind::FOUND, Kind::NICK, Kind::TOPIC].contains(&kind)
}

fn is_about(content: &Content) -> bool {
    matches!(content, Content::Edit { .. } | Content::Retraction { .. } | Content::Reaction { .. })
}

/// The entries of a run in raw form.
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

/// The text that search covers: of a text, of an edit, or a file's name.
pub(crate) fn said(kind: Kind, body: &Body) -> Option<Cow<'_, str>> {
    let bytes = body.bytes()?;
    match kind {
        // Invalid UTF-8 counts as no letter.
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

/// Whether search covers entries of this kind.
pub(crate) fn is_said(kind: Kind) -> bool {
    [Kind::TEXT, Kind::ADDRESSED, Kind::FILE, Kind::IMPORTED].contains(&kind)
}
