//! What entries say about others, for readers.

use std::cmp::Reverse;

use rumormill_proto::{
    content::Target,
    entry::Kind,
    ids::{AuthorId, Seq},
    timeline::Place,
};

use super::{Group, Shelf, epochs::view};
use crate::{TimelineRow, limits::NICKS, note::Note, row::Row};

impl Shelf {
    pub(super) fn line(&self, place: &Place) -> Option<TimelineRow> {
        self.rows.get(&(place.author, place.seq)).map(|row| self.read_line(place.author, row))
    }

    pub(super) fn read_line(&self, author: AuthorId, row: &Row) -> TimelineRow {
        Row { raw: view(&self.ring, author, row).into_owned(), ..row.clone() }.to_line(author)
    }

    pub(super) fn notes_of(&self, target: Target, limit: usize) -> Vec<TimelineRow> {
        let mut found: Vec<_> =
            self.about(Some(target), Kind::EDIT..=Kind::REACTION).map(|(group, place)| (group.kind, place)).collect();
        found.sort_unstable_by_key(|(kind, place)| (*kind, Reverse(*place)));
        found.iter().take(limit).filter_map(|(_, place)| self.line(place)).collect()
    }

    pub(super) fn act_seqs(&self, author: &AuthorId) -> Vec<Seq> {
        self.rows(author, 0, Seq::MAX).filter(|row| row.raw.kind.is_act()).map(|row| row.seq).collect()
    }

    pub(super) fn nicks(&self) -> Vec<(AuthorId, Place, String)> {
        let mut places: Vec<Place> = self.about(None, Kind::NICK..=Kind::NICK).map(|(_, place)| place).collect();
        places.sort_unstable_by_key(|place| Reverse(*place));
        places.truncate(NICKS);
        places.sort_unstable_by_key(|place| place.author);
        let name = |place: &Place| {
            let row = self.rows.get(&(place.author, place.seq))?;
            Some((place.author, *place, Note::of(&place.author, place.seq, &view(&self.ring, place.author, row))?.name))
        };
        places.iter().filter_map(name).collect()
    }

    pub(super) fn letters(&self, most: usize) -> Vec<TimelineRow> {
        let mut places: Vec<Place> = self.about(None, Kind::LETTER..=Kind::LETTER).map(|(_, place)| place).collect();
        places.sort_unstable_by_key(|place| Reverse(*place));
        places.iter().take(most).filter_map(|place| self.line(place)).collect()
    }

    pub(super) fn named_before(&self, place: Place) -> Option<String> {
        let named = Group { about: None, kind: Kind::NICK, author: place.author, sign: String::new() };
        let ((_, seq), _) = self.notes.get(&named)?.range(..(place.time, place.seq)).next_back()?;
        let row = self.rows.get(&(place.author, *seq))?;
        Some(Note::of(&place.author, *seq, &view(&self.ring, place.author, row))?.name)
    }
}
