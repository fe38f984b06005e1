//! The read handle: pages, entries and runs.

use std::collections::BTreeMap;

use rumormill_proto::{
    content::{Target, Vouch},
    entry::LogKey,
    epochs::Secret,
    fork::Proof,
    ids::{AuthorId, FileId, RoomId, Seq},
    input::{Bare, Kept},
    log::Head,
    run::{RawRun, block_end},
    timeline::Place,
};
use rusqlite::Connection;

use super::{
    acts, bare, epochs,
    expire::filled,
    fail::Fail,
    holders::holders,
    inspect::Inspection,
    notes, once,
    piece::{Pieces, for_each, rows},
    record::{self, Numbered, read_log},
    schema,
    seal::HomeKey,
    search::search,
    share,
    source::Source,
    vouches,
    walk::{Way, Which, walk},
};
use crate::{
    CheckReport, Filled, Once, Read, Shared, TimelineRow, check,
    error::Error,
    row::{assemble, block_start, heads, prolonged, recall, topmost, unproved, widen},
    wanted::{Sought, Wanted},
};

/// A connection of its own. Each query sees one snapshot.
pub(super) struct DiskReader {
    db: Connection,
    source: Source,
    key: Option<HomeKey>,
}

impl DiskReader {
    pub(super) fn open(source: Source, key: Option<HomeKey>) -> Result<Self, Error> {
        let db = schema::reader(&source, key.as_ref()).map_err(|why| why.at(source.path()))?;
        Ok(Self { db, source, key })
    }

    fn ask<T>(&mut self, question: impl FnOnce(&Connection) -> Result<T, Fail>) -> Result<T, Error> {
        let ask = || {
            let snapshot = self.db.unchecked_transaction()?;
            question(&snapshot)
        };
        ask().map_err(|why| why.at(self.source.path()))
    }
}

impl Read for DiskReader {
    fn page(&mut self, room: &RoomId, before: Option<Place>, limit: usize) -> Result<Vec<TimelineRow>, Error> {
        self.ask(|db| {
            let mut page = page(db, room, (Which::All, Way::Down(before)), limit)?;
            page.reverse();
            Ok(page)
        })
    }

    fn messages(&mut self, room: &RoomId, before: Option<Place>, limit: usize) -> Result<Vec<TimelineRow>, Error> {
        self.ask(|db| {
            let mut page = page(db, room, (Which::Messages, Way::Down(before)), limit)?;
            page.reverse();
            Ok(page)
        })
    }

    fn messages_after(&mut self, room: &RoomId, after: Option<Place>, limit: usize) -> Result<Vec<TimelineRow>, Error> {
        self.ask(|db| page(db, room, (Which::Messages, Way::Up(after)), limit))
    }

    fn page_after(&mut self, room: &RoomId, after: Option<Place>, limit: usize) -> Result<Vec<TimelineRow>, Error> {
        self.ask(|db| page(db, room, (Which::All, Way::Up(after)), limit))
    }

    fn run(&mut self, room: &RoomId, author: &AuthorId, first: Seq, last: Seq) -> Result<Option<RawRun>, Error> {
        self.ask(|db| match find(db, room, author)? {
            Some(Numbered { id, log }) => match topmost(&log, first, last) {
                Some(span) => {
                    let run = run(db, room, (id, author), span)?;
                    if unproved(&log, &run) {
                        let block = (block_start(span.1), block_end(span.1));
                        let held = rows(db, &LogKey::new(room, author), (id, author), block)?;
                        return Ok(prolonged(*author, &held, span).or(Some(run)));
                    }
                    Ok(Some(run))
                }
                None => Ok(None),
            },
            None => Ok(None),
        })
    }

    fn act_seqs(&mut self, room: &RoomId, author: &AuthorId) -> Result<Vec<Seq>, Error> {
        self.ask(|db| find(db, room, author)?.map_or(Ok(Vec::new()), |log| acts::of_log(db, log.id)))
    }

    fn recall(&mut self, room: &RoomId, author: &AuthorId, seq: Seq) -> Result<Option<RawRun>, Error> {
        self.ask(|db| {
            let Some(Numbered { id, .. }) = find(db, room, author)? else { return Ok(None) };
            let block = (block_start(seq), block_end(seq));
            Ok(recall(*author, &rows(db, &LogKey::new(room, author), (id, author), block)?, seq))
        })
    }

    fn newest(&mut self, room: &RoomId, count: usize) -> Result<Vec<(AuthorId, Seq, Seq)>, Error> {
        self.ask(|db| {
            let mut spans = BTreeMap::new();
            let mut left = count;
            walk(db, room, (Which::All, Way::Down(None)), |place, _| {
                if left > 0 {
                    widen(&mut spans, &place);
                }
                left = left.saturating_sub(1);
                Ok(left > 0)
            })?;
            Ok(spans.into_iter().map(|(author, (first, last))| (author, first, last)).collect())
        })
    }

    fn line(&mut self, room: &RoomId, author: &AuthorId, seq: Seq) -> Result<Option<TimelineRow>, Error> {
        self.ask(|db| match find(db, room, author)? {
            Some(Numbered { id, log }) if log.holds(seq) => {
                let line = Pieces::new(db, room)?.line(id, author, seq)?;
                line.map(Some).ok_or_else(|| damaged(author, seq, seq))
            }
            _ => Ok(None),
        })
    }

    fn notes(&mut self, room: &RoomId, targets: &[Target], limit: usize) -> Result<Vec<TimelineRow>, Error> {
        self.ask(|db| notes::about(db, room, targets, limit))
    }

    fn vouches(&mut self, room: &RoomId, author: &AuthorId, most: usize) -> Result<Vec<Vouch>, Error> {
        self.ask(|db| find(db, room, author)?.map_or(Ok(Vec::new()), |log| vouches::of_log(db, log.id, most)))
    }

    fn bare(&mut self, room: &RoomId, most: usize) -> Result<(Vec<Bare>, u64), Error> {
        self.ask(|db| record::room(db, room)?.map_or(Ok((Vec::new(), 0)), |room| bare::newest(db, room, most)))
    }

    fn shares(&mut self, room: &RoomId) -> Result<Vec<Shared>, Error> {
        self.ask(|db| record::room(db, room)?.map_or(Ok(Vec::new()), |room| share::told(db, room)))
    }

    fn is_bare(&mut self, room: &RoomId, author: &AuthorId, seq: Seq) -> Result<bool, Error> {
        self.ask(|db| find(db, room, author)?.map_or(Ok(false), |log| bare::is_bare(db, log.id, seq)))
    }

    fn once(&mut self, room: &RoomId, key: &[u8; 32]) -> Result<Option<(Once, Target)>, Error> {
        self.ask(|db| once::find(db, room, key))
    }

    fn secrets(&mut self, room: &RoomId) -> Result<Vec<Secret>, Error> {
        self.ask(|db| record::room(db, room)?.map_or(Ok(Vec::new()), |room| epochs::all(db, room)))
    }

    fn nicks(&mut self, room: &RoomId) -> Result<Vec<(AuthorId, Place, String)>, Error> {
        self.ask(|db| notes::nicks(db, room))
    }

    fn named_before(&mut self, room: &RoomId, place: Place) -> Result<Option<String>, Error> {
        self.ask(|db| notes::named_before(db, room, place))
    }

    fn kept(&mut self, room: &RoomId) -> Result<Vec<Kept>, Error> {
        self.ask(|db| super::kept(db, room))
    }

    fn proofs(&mut self, room: &RoomId, author: &AuthorId) -> Result<Vec<Proof>, Error> {
        self.ask(|db| find(db, room, author)?.map_or(Ok(Vec::new()), |log| super::proofs(db, room, (log.id, author))))
    }

    fn heads(&mut self, room: &RoomId) -> Result<Vec<(AuthorId, Head)>, Error> {
        self.ask(|db| Ok(heads(super::kept(db, room)?)))
    }

    fn letters(&mut self, room: &RoomId, most: usize) -> Result<Vec<TimelineRow>, Error> {
        self.ask(|db| notes::letters(db, room, most))
    }

    fn topic(&mut self, room: &RoomId) -> Result<Option<TimelineRow>, Error> {
        self.ask(|db| notes::topic(db, room))
    }

    fn carried(&mut self, room: &RoomId, most: usize) -> Result<Vec<(FileId, u64)>, Error> {
        self.ask(|db| notes::carried(db, room, most))
    }

    fn offerers(&mut self, room: &RoomId, file: &FileId, most: usize) -> Result<Vec<AuthorId>, Error> {
        self.ask(|db| notes::offerers(db, room, file, most))
    }

    fn beyond_cut(&mut self, room: &RoomId, author: &AuthorId) -> Result<Vec<TimelineRow>, Error> {
        self.ask(|db| {
            let Some(Numbered { id, log }) = find(db, room, author)? else { return Ok(Vec::new()) };
            let Some(cut) = log.cut() else { return Ok(Vec::new()) };
            let mut pieces = Pieces::new(db, room)?;
            let rows = rows(db, &LogKey::new(room, author), (id, author), (cut, Seq::MAX))?;
            let lines = rows.iter().map(|row| pieces.line(id, author, row.seq));
            lines.filter_map(Result::transpose).collect()
        })
    }

    fn search(&mut self, room: &RoomId, wanted: &Wanted, limit: usize) -> Result<Vec<TimelineRow>, Error> {
        match Sought::new(wanted) {
            Some(sought) => self.ask(|db| search(db, room, &sought, limit)),
            None => Ok(Vec::new()),
        }
    }

    fn count(&mut self, room: &RoomId) -> Result<u64, Error> {
        self.ask(|db| {
            let Some(number) = record::room(db, room)? else { return Ok(0) };
            let mut find = db.prepare_cached("SELECT spans, cut FROM log WHERE room = ?1")?;
            let mut rows = find.query([number])?;
            let mut count = 0;
            while let Some(row) = rows.next()? {
                count += read_log(row, 0)?.len();
            }
            Ok(count)
        })
    }

    fn filled(&mut self, room: &RoomId) -> Result<Filled, Error> {
        self.ask(|db| filled(db, room))
    }

    fn holders(&mut self, room: &RoomId, author: &AuthorId, seq: Seq) -> Result<Vec<AuthorId>, Error> {
        self.ask(|db| holders(db, room, author, seq))
    }

    fn check_telling(&mut self, room: &RoomId, tell: &mut dyn FnMut(u64)) -> Result<CheckReport, Error> {
        // On a separate connection: this one's cache of the word index may be older than the index, and the check would
        // report that as damage.
        let path = self.source.path();
        let fresh = schema::reader(&self.source, self.key.as_ref()).map_err(|why| why.at(path))?;
        let snapshot = fresh.unchecked_transaction().map_err(|why| Fail::from(why).at(path))?;
        check::check(room, &mut Inspection::new(&snapshot, path, room)?, tell)
    }
}

fn find(db: &Connection, room: &RoomId, author: &AuthorId) -> Result<Option<Numbered>, Fail> {
    record::room(db, room)?.map_or(Ok(None), |room| record::log(db, room, author))
}

/// Entries in the order of the walk. Leaves out an entry that fails to verify, so that it does not block the others.
fn page(db: &Connection, room: &RoomId, way: (Which, Way), limit: usize) -> Result<Vec<TimelineRow>, Fail> {
    let mut pieces = Pieces::new(db, room)?;
    let mut page = Vec::new();
    if limit == 0 {
        return Ok(page);
    }
    walk(db, room, way, |place, log| {
        page.extend(pieces.line(log, &place.author, place.seq)?);
        Ok(page.len() < limit)
    })?;
    Ok(page)
}

/// The run `first..=last` of a log, which is held and lies in one block. Usually it is stored exactly like that.
fn run(
    db: &Connection,
    room: &RoomId,
    (log, author): (i64, &AuthorId),
    (first, last): (Seq, Seq),
) -> Result<RawRun, Fail> {
    let key = LogKey::new(room, author);
    let mut pieces = Vec::new();
    for_each(db, log, (first, last), |stored| {
        let piece = stored.verify(&key, author).filter(|piece| piece.sealed);
        pieces.push(piece.ok_or_else(|| damaged(author, stored.first, stored.last))?);
        Ok(true)
    })?;
    if let [piece] = &pieces[..]
        && (piece.run.first(), piece.run.last()) == (first, last)
    {
        return Ok(piece.run.clone());
    }
    let rows: Vec<_> = pieces.iter().flat_map(|piece| piece.rows(first, last)).collect();
    let whole = rows.len() as u64 == last - first + 1 && rows.windows(2).all(|pair| pair[0].leads_to(&pair[1]));
    match whole {
        true => Ok(assemble(*author, &rows)?),
        false => Err(damaged(author, first, last)),
    }
}

pub(super) fn damaged(author: &AuthorId, first: Seq, last: Seq) -> Fail {
    Fail::Odd(format!("entries {first} to {last} of {} are damaged", author.short()))
}
