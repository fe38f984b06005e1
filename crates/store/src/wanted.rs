//! What a search is for.

use rumormill_proto::{
    content::Content,
    entry::{Body, Kind},
    ids::AuthorId,
};

use crate::{note::said, words::Query};

/// What is searched for: words, who said them, and when. What is empty or none does not matter; a search for nothing finds
/// nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Words that an entry has, all whole but for the last one, of which the beginning is enough.
    pub words: String,
    /// Who said it.
    pub by: Option<By>,
    /// Said then or later, in milliseconds since the Unix epoch.
    pub since_ms: Option<u64>,
    /// Said before that.
    pub until_ms: Option<u64>,
}

/// Somebody here or, of what was imported, elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct By {
    /// The author of that name in the room; none when nobody here has it.
    pub author: Option<AuthorId>,
    /// The name, in small letters.
    pub name: String,
}

impl From<&str> for Wanted {
    fn from(words: &str) -> Self {
        Self { words: words.into(), ..Self::default() }
    }
}

/// The same, with the words taken apart.
#[derive(Debug)]
pub(crate) struct Sought<'a> {
    wanted: &'a Wanted,
    /// None where words do not matter.
    pub(crate) query: Option<Query>,
}

impl<'a> Sought<'a> {
    /// None where nothing is searched for.
    pub(crate) fn new(wanted: &'a Wanted) -> Option<Self> {
        let query = Query::new(&wanted.words);
        let is_open = wanted.words.trim().is_empty()
            && (wanted.by.is_some() || wanted.since_ms.is_some() || wanted.until_ms.is_some());
        (query.is_some() || is_open).then_some(Self { wanted, query })
    }

    /// Whether a body, of what was said or of what it was changed to, has the words.
    pub(crate) fn finds_in(&self, kind: Kind, body: &Body) -> bool {
        match &self.query {
            Some(query) => query.finds_in(kind, body),
            None => said(kind, body).is_some(),
        }
    }

    /// Whether what was said by this author, in this body and at this time, is by whom and from when it is wanted. What
    /// was imported is by whoever said it there, and from then.
    pub(crate) fn fits(&self, author: AuthorId, (kind, body): (Kind, &Body), time_ms: u64) -> bool {
        let Wanted { by, since_ms, until_ms, .. } = self.wanted;
        if by.is_none() && since_ms.is_none() && until_ms.is_none() {
            return true;
        }
        let elsewhere = match body.bytes().filter(|_| kind == Kind::IMPORTED).map(|bytes| Content::parse(kind, bytes)) {
            Some(Ok(Some(Content::Imported(said)))) => Some((said.name, said.time_ms)),
            _ => None,
        };
        let time_ms = elsewhere.as_ref().map_or(time_ms, |(_, time_ms)| *time_ms);
        let is_by = |by: &By| match &elsewhere {
            Some((name, _)) => name.to_lowercase() == by.name,
            None => by.author == Some(author),
        };
        by.as_ref().is_none_or(is_by)
            && since_ms.is_none_or(|since| time_ms >= since)
            && until_ms.is_none_or(|until| time_ms < until)
    }

    /// Whether nothing that was written no later than this can fit.
    pub(crate) fn is_past(&self, newest_ms: u64) -> bool {
        self.wanted.since_ms.is_some_and(|since| newest_ms < since)
    }
}
