//! The notes: a row for each entry that is about something, marked when it is in effect.
//!
//! The rows of one thing that one author says lie together, ascending by place, so that the previous one is found when
//! the last is removed.

use rumormill_proto::{
    content::{self, Target},
    entry::{Kind, RawEntry},
    ids::{AuthorId, FileId, RoomId, Seq},
    timeline::Place,
};
use rusqlite::{Connection, OptionalExtension, Row};

use super::{
    batch::number_log,
    epochs,
    fail::Fail,
    forget::retract,
    piece::{Pieces, for_each},
    record::{self, array, int, put_time, read_time, seq},
};
use crate::{
    TimelineRow,
    limits::NICKS,
    note::{Note, plain},
};

/// An author's log, with the internal numbers of the log and its room.
#[derive(Clone, Copy)]
pub(super) struct Whose<'a> {
    pub(super) room: i64,
    pub(super) log: i64,
    pub(super) author: &'a AuthorId,
}

/// What all rows of one thing that one author says share.
struct Group<'a> {
    whose: Whose<'a>,
    target: i64,
    of: i64,
    note: Note,
}

/// Records what an entry is about, and what it retracts.
pub(super) fn add(db: &Connection, whose: Whose<'_>, at: Seq, entry: &RawEntry) -> Result<(), Fail> {
    let read = epochs::view(db, whose.room, (whose.author, at), entry)?;
    let Some(note) = Note::of(whose.author, at, &read) else { return Ok(()) };
    if let Some(of) = note.retracts() {
        put_gone(db, whose.log, of)?;
    }
    let group = Group::new(db, whose, note)?;
    let last = group.last(db)?;
    let here = (put_time(entry.time), int(at));
    let stands = last.is_none_or(|last| last <= here);
    if let Some(last) = last.filter(|_| stands) {
        group.mark(db, last, false)?;
    }
    group.insert(db, here, stands)
}

/// Whether the note and the retraction of an entry are recorded correctly.
pub(super) fn is_noted(db: &Connection, whose: Whose<'_>, at: Seq, entry: &RawEntry) -> Result<bool, Fail> {
    let read = epochs::view(db, whose.room, (whose.author, at), entry)?;
    let Some(note) = Note::of(whose.author, at, &read) else { return Ok(true) };
    let retracts = note.retracts();
    let (name, says) = (note.name.clone(), note.says);
    let Some(group) = Group::known(db, whose, note)? else { return Ok(false) };
    let (room, target, of, kind, log, sign) = group.key();
    let mut find = db.prepare_cached(
        "SELECT 1 FROM note WHERE room = ?1 AND target = ?2 AND of = ?3 AND kind = ?4 AND log = ?5 AND sign = ?6
            AND time = ?7 AND seq = ?8 AND name = ?9 AND says = ?10",
    )?;
    let noted = find.exists((room, target, of, kind, log, sign, put_time(entry.time), int(at), name, says))?;
    Ok(noted && retracts.map_or(Ok(true), |of| is_gone(db, log, of))?)
}

/// Whether what an entry says about its author or the room is in effect.
pub(super) fn stands(db: &Connection, whose: Whose<'_>, at: Seq, entry: &RawEntry) -> Result<bool, Fail> {
    let mut find = db.prepare_cached(
        "SELECT 1 FROM note WHERE room = ?1 AND target = 0 AND of = 0 AND kind = ?2 AND log = ?3 AND sign = ''
            AND time = ?4 AND seq = ?5 AND stands = 1",
    )?;
    Ok(find.exists((whose.room, plain(entry.kind).number(), whose.log, put_time(entry.time), int(at)))?)
}

/// Counts notes of a room that are wrongly marked as in effect or not. Edits of retracted entries are not in effect,
/// even those not yet dropped.
pub(super) fn misplaced(db: &Connection, room: i64) -> Result<u64, Fail> {
    let mut count = db.prepare_cached(
        "SELECT count(*) FROM note WHERE room = ?1 AND stands <> (says AND NOT EXISTS (SELECT 1 FROM note AS later
            WHERE (later.room, later.target, later.of, later.kind, later.log, later.sign) =
                (note.room, note.target, note.of, note.kind, note.log, note.sign)
            AND (later.time, later.seq) > (note.time, note.seq))
            AND NOT (kind = 4 AND (target, of) IN (SELECT log, of FROM retracting)))",
    )?;
    seq(count.query_row([room], |row| row.get(0))?)
}

/// Removes the note of an entry; the previous one comes into effect again.
pub(super) fn remove(db: &Connection, whose: Whose<'_>, at: Seq, entry: &RawEntry) -> Result<(), Fail> {
    let read = epochs::view(db, whose.room, (whose.author, at), entry)?;
    let Some(note) = Note::of(whose.author, at, &read) else { return Ok(()) };
    let group = Group::new(db, whose, note)?;
    let here = (put_time(entry.time), int(at));
    group.delete(db, here)?;
    match group.last(db)?.filter(|last| *last < here) {
        Some(last) => group.mark(db, last, true),
        None => Ok(()),
    }
}

/// Removes all notes of the entries `first..=last` of a log, which are unreadable. This reads all notes of the room.
pub(super) fn remove_unread(db: &Connection, whose: Whose<'_>, (first, last): (Seq, Seq)) -> Result<(), Fail> {
    let mut delete = db.prepare_cached("DELETE FROM note WHERE room = ?1 AND log = ?2 AND seq BETWEEN ?3 AND ?4")?;
    delete.execute((whose.room, whose.log, int(first), int(last)))?;
    let mut restore = db.prepare_cached(
        "UPDATE note SET stands = says WHERE room = ?1 AND log = ?2 AND NOT EXISTS (SELECT 1 FROM note AS later
            WHERE (later.room, later.target, later.of, later.kind, later.log, later.sign) =
                (note.room, note.target, note.of, note.kind, note.log, note.sign)
            AND (later.time, later.seq) > (note.time, note.seq))",
    )?;
    restore.execute((whose.room, whose.log))?;
    Ok(())
}

impl<'a> Group<'a> {
    fn new(db: &Connection, whose: Whose<'a>, note: Note) -> Result<Self, Fail> {
        let (target, of) = match note.about {
            Some(target) if target.author == *whose.author => (whose.log, int(target.seq)),
            Some(target) => (number_log(db, whose.room, &target.author)?.0, int(target.seq)),
            None => (0, 0),
        };
        Ok(Self { whose, target, of, note })
    }

    /// Assigns no number to a log that lacks one, because nothing can be recorded about it.
    fn known(db: &Connection, whose: Whose<'a>, note: Note) -> Result<Option<Self>, Fail> {
        let (target, of) = match note.about {
            Some(target) if target.author == *whose.author => (whose.log, int(target.seq)),
            Some(target) => match record::log(db, whose.room, &target.author)? {
                Some(log) => (log.id, int(target.seq)),
                None => return Ok(None),
            },
            None => (0, 0),
        };
        Ok(Some(Self { whose, target, of, note }))
    }

    fn key(&self) -> (i64, i64, i64, u8, i64, &str) {
        let Self { whose, target, of, note } = self;
        (whose.room, *target, *of, note.kind.number(), whose.log, &note.sign)
    }

    /// Time and seq of the last row.
    fn last(&self, db: &Connection) -> Result<Option<(i64, i64)>, Fail> {
        let mut find = db.prepare_cached(
            "SELECT time, seq FROM note WHERE room = ?1 AND target = ?2 AND of = ?3 AND kind = ?4 AND log = ?5
                AND sign = ?6 ORDER BY time DESC, seq DESC LIMIT 1",
        )?;
        Ok(find.query_row(self.key(), |row| Ok((row.get(0)?, row.get(1)?))).optional()?)
    }

    /// Marks a row as in effect, if it says something, or as not in effect.
    fn mark(&self, db: &Connection, (time, seq): (i64, i64), stands: bool) -> Result<(), Fail> {
        let (room, target, of, kind, log, sign) = self.key();
        let mut mark = db.prepare_cached(
            "UPDATE note SET stands = (says AND ?9) WHERE room = ?1 AND target = ?2 AND of = ?3 AND kind = ?4
                AND log = ?5 AND sign = ?6 AND time = ?7 AND seq = ?8",
        )?;
        mark.execute((room, target, of, kind, log, sign, time, seq, stands))?;
        Ok(())
    }

    fn insert(&self, db: &Connection, (time, seq): (i64, i64), stands: bool) -> Result<(), Fail> {
        let (room, target, of, kind, log, sign) = self.key();
        let Note { name, says, .. } = &self.note;
        let mut put = db.prepare_cached(
            "INSERT OR REPLACE INTO note VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, (?10 AND ?11))",
        )?;
        put.execute((room, target, of, kind, log, sign, time, seq, name, says, stands))?;
        Ok(())
    }

    fn delete(&self, db: &Connection, (time, seq): (i64, i64)) -> Result<(), Fail> {
        let (room, target, of, kind, log, sign) = self.key();
        let mut delete = db.prepare_cached(
            "DELETE FROM note WHERE room = ?1 AND target = ?2 AND of = ?3 AND kind = ?4 AND log = ?5 AND sign = ?6
                AND time = ?7 AND seq = ?8",
        )?;
        delete.execute((room, target, of, kind, log, sign, time, seq))?;
        Ok(())
    }
}

/// Marks an entry as retracted for good, even if the retraction is cut later.
pub(super) fn put_gone(db: &Connection, log: i64, of: Seq) -> Result<(), Fail> {
    db.prepare_cached("INSERT OR IGNORE INTO gone VALUES (?1, ?2)")?.execute((log, int(of)))?;
    Ok(())
}

/// Whether an entry is retracted.
pub(super) fn is_gone(db: &Connection, log: i64, of: Seq) -> Result<bool, Fail> {
    Ok(db.prepare_cached("SELECT 1 FROM gone WHERE log = ?1 AND of = ?2")?.exists((log, int(of)))?)
}

/// The retracted ones among the entries `first..=last`. Meant for about one block.
pub(super) fn gone(db: &Connection, log: i64, (first, last): (Seq, Seq)) -> Result<Vec<Seq>, Fail> {
    let mut find = db.prepare_cached("SELECT of FROM gone WHERE log = ?1 AND of BETWEEN ?2 AND ?3")?;
    let mut rows = find.query((log, int(first), int(last)))?;
    let mut gone = Vec::new();
    while let Some(row) = rows.next()? {
        gone.push(seq(row.get(0)?)?);
    }
    Ok(gone)
}

/// Marks all edits of an entry as not in effect.
pub(super) fn quiet(db: &Connection, whose: Whose<'_>, of: Seq) -> Result<(), Fail> {
    let mut quiet = db.prepare_cached(
        "UPDATE note SET stands = 0 WHERE room = ?1 AND target = ?2 AND of = ?3 AND kind = ?4 AND log = ?2 AND sign = ''
            AND stands = 1",
    )?;
    quiet.execute((whose.room, whose.log, int(of), Kind::EDIT.number()))?;
    Ok(())
}

/// The seqs of the first `most` edits of an entry.
pub(super) fn edits(db: &Connection, whose: Whose<'_>, of: Seq, most: usize) -> Result<Vec<Seq>, Fail> {
    let mut find = db.prepare_cached(
        "SELECT seq FROM note WHERE room = ?1 AND target = ?2 AND of = ?3 AND kind = ?4 AND log = ?2 AND sign = ''
            ORDER BY time, seq LIMIT ?5",
    )?;
    let mut rows = find.query((whose.room, whose.log, int(of), Kind::EDIT.number(), int(most as u64)))?;
    let mut edits = Vec::new();
    while let Some(row) = rows.next()? {
        edits.push(seq(row.get(0)?)?);
    }
    Ok(edits)
}

/// The seq of the edit in effect for an entry.
pub(super) fn edit(db: &Connection, room: i64, log: i64, of: Seq) -> Result<Option<Seq>, Fail> {
    let mut find = db.prepare_cached(
        "SELECT seq FROM note WHERE room = ?1 AND target = ?2 AND of = ?3 AND kind = ?4 AND stands = 1",
    )?;
    let found: Option<i64> = find.query_row((room, log, int(of), Kind::EDIT.number()), |row| row.get(0)).optional()?;
    found.map(seq).transpose()
}

/// The notes in effect about some entries, `limit` for each; ascending by place.
pub(super) fn about(
    db: &Connection,
    room: &RoomId,
    targets: &[Target],
    limit: usize,
) -> Result<Vec<TimelineRow>, Fail> {
    let Some(number) = record::room(db, room)?.filter(|_| limit > 0) else { return Ok(Vec::new()) };
    let mut targets = targets.to_vec();
    targets.sort_unstable();
    targets.dedup();
    let mut pieces = Pieces::new(db, room)?;
    let mut lines = Vec::new();
    let neighbours =
        |below: &Target, above: &Target| below.author == above.author && below.seq.checked_add(1) == Some(above.seq);
    for targets in targets.chunk_by(neighbours) {
        let (Some(first), Some(last)) = (targets.first(), targets.last()) else { continue };
        let Some(target) = record::log(db, number, &first.author)? else { continue };
        let mut from = Some(first.seq);
        while let Some(first) = from {
            from = within(db, (number, target.id), (first, last.seq), limit, |log, author, seq| {
                lines.extend(pieces.line(log, author, seq)?);
                Ok(())
            })?;
        }
    }
    lines.sort_by_key(|line| line.place);
    Ok(lines)
}

/// Visits the notes about entries `first..=last` of a log. At an entry with more than `limit` notes it stops after
/// those, and returns where to continue.
fn within(
    db: &Connection,
    (room, target): (i64, i64),
    (first, last): (Seq, Seq),
    limit: usize,
    mut visit: impl FnMut(i64, &AuthorId, Seq) -> Result<(), Fail>,
) -> Result<Option<Seq>, Fail> {
    let mut find = db.prepare_cached(
        "SELECT of, seq, log.id, author FROM note INDEXED BY standing CROSS JOIN log ON log.id = note.log
            WHERE note.room = ?1 AND target = ?2 AND of BETWEEN ?3 AND ?4 AND stands = 1
            ORDER BY of, kind, time DESC, author DESC, seq DESC",
    )?;
    let mut rows = find.query((room, target, int(first), int(last)))?;
    let mut of_one = (first, 0);
    while let Some(row) = rows.next()? {
        let of = seq(row.get(0)?)?;
        of_one = (of, if of == of_one.0 { of_one.1 + 1 } else { 1 });
        if of_one.1 > limit {
            return Ok(of.checked_add(1).filter(|next| *next <= last));
        }
        visit(row.get(2)?, &AuthorId(array(row, 3)?), seq(row.get(1)?)?)?;
    }
    Ok(None)
}

/// The names of authors, newest names first up to a bound; authors ascending.
pub(super) fn nicks(db: &Connection, room: &RoomId) -> Result<Vec<(AuthorId, Place, String)>, Fail> {
    let Some(number) = record::room(db, room)? else { return Ok(Vec::new()) };
    let mut find = db.prepare_cached(
        "SELECT author, time, seq, name FROM note INDEXED BY standing CROSS JOIN log ON log.id = note.log
            WHERE note.room = ?1 AND target = 0 AND of = 0 AND kind = ?2 AND stands = 1
            ORDER BY time DESC, author DESC LIMIT ?3",
    )?;
    let mut rows = find.query((number, Kind::NICK.number(), NICKS as i64))?;
    let mut nicks = Vec::new();
    while let Some(row) = rows.next()? {
        let author = AuthorId(array(row, 0)?);
        let place = Place { time: read_time(row.get(1)?), author, seq: seq(row.get(2)?)? };
        nicks.push((author, place, row.get(3)?));
    }
    nicks.sort_unstable_by_key(|(author, ..)| *author);
    Ok(nicks)
}

/// The name that an author had before the entry at a place.
pub(super) fn named_before(db: &Connection, room: &RoomId, place: Place) -> Result<Option<String>, Fail> {
    let Some(number) = record::room(db, room)? else { return Ok(None) };
    let Some(log) = record::log(db, number, &place.author)? else { return Ok(None) };
    let mut find = db.prepare_cached(
        "SELECT name FROM note WHERE room = ?1 AND target = 0 AND of = 0 AND kind = ?2 AND log = ?3 AND sign = ''
            AND (time, seq) < (?4, ?5) ORDER BY time DESC, seq DESC LIMIT 1",
    )?;
    let before = (number, Kind::NICK.number(), log.id, put_time(place.time), int(place.seq));
    Ok(find.query_row(before, |row| row.get(0)).optional()?)
}

/// The room's topic: the last one that is readable.
pub(super) fn topic(db: &Connection, room: &RoomId) -> Result<Option<TimelineRow>, Fail> {
    let Some(number) = record::room(db, room)? else { return Ok(None) };
    let mut find = db.prepare_cached(
        "SELECT log.id, author, seq FROM note INDEXED BY standing CROSS JOIN log ON log.id = note.log
            WHERE note.room = ?1 AND target = 0 AND of = 0 AND kind = ?2 AND stands = 1
            ORDER BY time DESC, author DESC",
    )?;
    let mut rows = find.query((number, Kind::TOPIC.number()))?;
    let mut pieces = Pieces::new(db, room)?;
    while let Some(row) = rows.next()? {
        let topic = pieces.line(row.get(0)?, &AuthorId(array(row, 1)?), seq(row.get(2)?)?)?;
        if topic.is_some() {
            return Ok(topic);
        }
    }
    Ok(None)
}

/// The newest letters of a room, newest first.
pub(super) fn letters(db: &Connection, room: &RoomId, most: usize) -> Result<Vec<TimelineRow>, Fail> {
    let Some(number) = record::room(db, room)? else { return Ok(Vec::new()) };
    let mut find = db.prepare_cached(
        "SELECT log.id, author, seq FROM note INDEXED BY standing CROSS JOIN log ON log.id = note.log
            WHERE note.room = ?1 AND target = 0 AND of = 0 AND kind = ?2 AND stands = 1
            ORDER BY time DESC, author DESC LIMIT ?3",
    )?;
    let mut rows = find.query((number, Kind::LETTER.number(), int(most as u64)))?;
    let (mut pieces, mut letters) = (Pieces::new(db, room)?, Vec::new());
    while let Some(row) = rows.next()? {
        letters.extend(pieces.line(row.get(0)?, &AuthorId(array(row, 1)?), seq(row.get(2)?)?)?);
    }
    Ok(letters)
}

/// The files of a room that unretracted entries offer and whose bytes are sealed, newest first.
pub(super) fn carried(db: &Connection, room: &RoomId, most: usize) -> Result<Vec<(FileId, u64)>, Fail> {
    let Some(number) = record::room(db, room)? else { return Ok(Vec::new()) };
    let mut find = db.prepare_cached(
        "SELECT log.id, seq, author FROM note INDEXED BY standing CROSS JOIN log ON log.id = note.log
            WHERE note.room = ?1 AND target = 0 AND of = 0 AND kind = ?2 AND stands = 1 ORDER BY time DESC, author DESC, seq DESC",
    )?;
    let mut rows = find.query((number, Kind::FILE.number()))?;
    let mut files = Vec::new();
    // Files in plain are notes of the same kind.
    while let Some(row) = rows.next()?.filter(|_| files.len() < most) {
        let (at, author) = (seq(row.get(1)?)?, AuthorId(array(row, 2)?));
        for_each(db, row.get(0)?, (at, at), |stored| {
            let run = stored.run(&author);
            let entries = run.iter().flat_map(|run| (run.first()..).zip(run.entries()));
            let entry = entries.filter(|(seq, entry)| *seq == at && entry.kind == Kind::CARRIED);
            let named = entry.filter_map(|(_, entry)| content::carried(entry.body.bytes()?));
            files.extend(named.map(|(hash, size, _)| (hash, size)));
            Ok(true)
        })?;
    }
    Ok(files)
}

/// Authors of entries that name a file in a room, ascending.
pub(super) fn offerers(db: &Connection, room: &RoomId, file: &FileId, most: usize) -> Result<Vec<AuthorId>, Fail> {
    let Some(number) = record::room(db, room)? else { return Ok(Vec::new()) };
    let mut find = db.prepare_cached(
        "SELECT author FROM note INDEXED BY naming CROSS JOIN log ON log.id = note.log
            WHERE sign = ?1 AND note.room = ?2 AND kind = 8 AND stands = 1 ORDER BY author LIMIT ?3",
    )?;
    let mut rows = find.query((file.to_string(), number, int(most as u64)))?;
    let mut offerers = Vec::new();
    while let Some(row) = rows.next()? {
        offerers.push(AuthorId(array(row, 0)?));
    }
    Ok(offerers)
}

/// Records notes for everything stored before this table existed, and drops what is retracted. Leaves damaged runs for
/// a mend.
pub(super) fn read_all(db: &Connection) -> Result<(), Fail> {
    let mut find = db.prepare("SELECT room, id, author, spans, cut FROM log ORDER BY id")?;
    let mut logs = find.query([])?;
    while let Some(row) = logs.next()? {
        match read_log(db, row) {
            Ok(()) | Err(Fail::Odd(_)) => {}
            Err(why) => return Err(why),
        }
    }
    Ok(())
}

fn read_log(db: &Connection, row: &Row<'_>) -> Result<(), Fail> {
    let author = AuthorId(array(row, 2)?);
    let whose = Whose { room: row.get(0)?, log: row.get(1)?, author: &author };
    let Some(last) = record::read_log(row, 3)?.next().checked_sub(1) else { return Ok(()) };
    for_each(db, whose.log, (0, last), |stored| {
        let run = stored.run(&author);
        let mut entries = run.iter().flat_map(|run| run.entries().iter().zip(run.first()..));
        entries.try_for_each(|(entry, seq)| add(db, whose, seq, entry)).map(|()| true)
    })?;
    let mut find = db.prepare_cached("SELECT of FROM gone WHERE log = ?1")?;
    let mut gone = find.query([whose.log])?;
    while let Some(row) = gone.next()? {
        retract(db, whose, seq(row.get(0)?)?)?;
    }
    Ok(())
}
