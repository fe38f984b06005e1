//! Entries that arrived without their bodies although neither a retraction nor the room's bounds explain it. Their
//! bodies are wanted until they arrive or an explanation does.

use bytes::Bytes;
use rumormill_proto::{
    entry::{Body, Kind, RawEntry},
    epochs::Opened,
    ids::{AuthorId, Seq},
    input::Bare,
    run::RawRun,
    timeline::Place,
};
use rusqlite::Connection;

use super::{
    epochs::{self, Opener},
    fail::Fail,
    forget::{Dropped, retract, reword, texts},
    notes::{self, Whose},
    piece::{covering, for_each},
    place,
    record::{array, int, put_time, read_log, read_time, seq},
    share, vouches,
};
use crate::{
    keep::{Tally, is_below},
    note::{Note, goes, view_as},
    share::weight,
};

/// Records an entry whose body is wanted.
pub(super) fn put(db: &Connection, whose: Whose<'_>, at: Seq, entry: &RawEntry) -> Result<(), Fail> {
    let mut put = db.prepare_cached("INSERT OR IGNORE INTO bare VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?;
    let kind = i64::from(entry.kind.number());
    put.execute((whose.room, put_time(entry.time), whose.log, int(at), kind, &entry.body.hash()))?;
    Ok(())
}

/// The bodies of `first..=last` are no longer wanted.
pub(super) fn remove(db: &Connection, log: i64, (first, last): (Seq, Seq)) -> Result<(), Fail> {
    let mut remove = db.prepare_cached("DELETE FROM bare WHERE log = ?1 AND seq BETWEEN ?2 AND ?3")?;
    remove.execute((log, int(first), int(last)))?;
    Ok(())
}

/// The bodies of `first..=last` are no longer wanted, because they exceed their author's share.
pub(super) fn let_go(db: &Connection, log: i64, (first, last): (Seq, Seq)) -> Result<(), Fail> {
    let mut remove = db.prepare_cached("DELETE FROM bare WHERE log = ?1 AND seq BETWEEN ?2 AND ?3 AND kind <> ?4")?;
    remove.execute((log, int(first), int(last), i64::from(Kind::FOUND.number())))?;
    Ok(())
}

/// Finds entries without bodies among everything stored before this table existed. When a text below an edit was
/// retracted, the edit's missing body counts as explained: edits go with their text, and nothing shows which text this
/// edit was about.
pub(super) fn look_all(db: &Connection) -> Result<(), Fail> {
    let mut find = db.prepare("SELECT room, id, author, spans, cut FROM log ORDER BY id")?;
    let mut logs = find.query([])?;
    while let Some(row) = logs.next()? {
        let (Ok(author), Ok(held)) = (array(row, 2).map(AuthorId), read_log(row, 3)) else { continue };
        let whose = Whose { room: row.get(0)?, log: row.get(1)?, author: &author };
        let Some(last) = held.next().checked_sub(1) else { continue };
        look(db, whose, last)?;
    }
    Ok(())
}

fn look(db: &Connection, whose: Whose<'_>, last: Seq) -> Result<(), Fail> {
    let floor = super::expire::floor(db, whose.room)?;
    let mut lowest = db.prepare_cached("SELECT min(of) FROM gone WHERE log = ?1")?;
    let lowest: Option<i64> = lowest.query_row([whose.log], |row| row.get(0))?;
    for_each(db, whose.log, (0, last), |stored| {
        let run = stored.run(whose.author);
        for (entry, at) in run.iter().flat_map(|run| run.entries().iter().zip(run.first()..)) {
            let place = Place { time: entry.time, author: *whose.author, seq: at };
            let edits_what_is_gone = entry.kind == Kind::EDIT && lowest.is_some_and(|lowest| lowest < int(at));
            let explained = edits_what_is_gone
                || is_below(floor, place, entry.kind)
                || at > last
                || notes::is_gone(db, whose.log, at)?;
            if entry.body.bytes().is_none() && !explained {
                put(db, whose, at, entry)?;
            }
        }
        Ok(true)
    })
}

/// Bodies older than the room keeps are no longer wanted.
pub(super) fn expire(db: &Connection, room: i64, floor: Place) -> Result<(), Fail> {
    let mut find = db.prepare_cached(
        "SELECT log, seq, kind, time, author FROM bare CROSS JOIN log ON log.id = bare.log
            WHERE bare.room = ?1 AND time <= ?2",
    )?;
    let mut rows = find.query((room, put_time(floor.time)))?;
    while let Some(row) = rows.next()? {
        let at = seq(row.get(1)?)?;
        let place = Place { time: read_time(row.get(3)?), author: AuthorId(array(row, 4)?), seq: at };
        let kind = u8::try_from(row.get::<_, i64>(2)?).ok().and_then(Kind::new);
        if kind.is_some_and(|kind| is_below(Some(floor), place, kind)) {
            remove(db, row.get(0)?, (at, at))?;
        }
    }
    Ok(())
}

/// Bodies of entries outside the timeline are not wanted.
pub(super) fn tidy(db: &Connection, room: i64) -> Result<(), Fail> {
    db.execute(
        "DELETE FROM bare WHERE room = ?1 AND NOT EXISTS (SELECT 1 FROM place WHERE place.room = bare.room
            AND place.time = bare.time AND place.log = bare.log AND place.seq = bare.seq)
            AND NOT EXISTS (SELECT 1 FROM aside WHERE aside.room = bare.room
            AND aside.time = bare.time AND aside.log = bare.log AND aside.seq = bare.seq)",
        [room],
    )?;
    Ok(())
}

/// The newest entries whose bodies are wanted, and how many there are in all.
pub(super) fn newest(db: &Connection, room: i64, most: usize) -> Result<(Vec<Bare>, u64), Fail> {
    let mut find = db.prepare_cached(
        "SELECT author, seq, hash FROM bare CROSS JOIN log ON log.id = bare.log WHERE bare.room = ?1
            ORDER BY time DESC, bare.log, seq LIMIT ?2",
    )?;
    let mut rows = find.query((room, int(most as u64)))?;
    let mut bare = Vec::new();
    while let Some(row) = rows.next()? {
        bare.push(Bare { author: AuthorId(array(row, 0)?), seq: seq(row.get(1)?)?, hash: array(row, 2)? });
    }
    let mut count = db.prepare_cached("SELECT count(*) FROM bare WHERE room = ?1")?;
    let all: i64 = count.query_row([room], |row| row.get(0))?;
    Ok((bare, u64::try_from(all).unwrap_or(0)))
}

/// Whether the body of an entry is wanted.
pub(super) fn is_bare(db: &Connection, log: i64, at: Seq) -> Result<bool, Fail> {
    Ok(db.prepare_cached("SELECT 1 FROM bare WHERE log = ?1 AND seq = ?2")?.exists((log, int(at)))?)
}

/// The effect of filling a body in.
#[derive(Default)]
pub(super) struct Filled {
    /// Additions to the counts.
    pub(super) came: Tally,
    /// Bodies dropped because of what the new one says.
    pub(super) dropped: Dropped,
}

/// Stores a body where it is wanted, if it matches the header, and applies what it says.
pub(super) fn fill(
    db: &Connection,
    whose: Whose<'_>,
    floor: Option<Place>,
    (at, body): (Seq, &Bytes),
) -> Result<Filled, Fail> {
    let mut filled = Filled::default();
    let stored = covering(db, whose.log, at)?.filter(|stored| stored.last >= at);
    let (true, Some(stored)) = (is_bare(db, whose.log, at)?, stored) else { return Ok(filled) };
    let Some(run) = stored.run(whose.author) else { return Ok(filled) };
    let mut entries = run.entries().to_vec();
    let Some(entry) = entries.get_mut((at - run.first()) as usize) else { return Ok(filled) };
    let here = Body::Here(body.clone());
    if entry.body.len() != here.len() || entry.body.hash() != here.hash() {
        return Ok(filled);
    }
    remove(db, whose.log, (at, at))?;
    entry.body = here;
    let entry = entry.clone();
    let place = Place { time: entry.time, author: *whose.author, seq: at };
    let opened = Opener::new(db).open(whose.room, (whose.author, at), &entry)?;
    if opened == Opened::Locked {
        epochs::lock(db, whose.room, (whose.log, at), &entry)?;
    }
    let read = view_as(opened, &entry);
    let goes = goes(whose.author, at, &read, |of| notes::is_gone(db, whose.log, of))?;
    if goes || is_below(floor, place, entry.kind) {
        return Ok(filled);
    }
    let texts = texts(db, whose.author, (whose.log, at, at))?;
    let run = RawRun::new(*whose.author, run.first(), run.prev(), entries, run.signature().copied())?;
    let mut put = db.prepare_cached("UPDATE run SET wire = ?3 WHERE log = ?1 AND first = ?2")?;
    put.execute((whose.log, int(stored.first), &run.wire()[..]))?;
    texts.iter().try_for_each(|(arrival, text)| reword(db, arrival, text))?;
    vouches::add(db, (whose.log, whose.author), at, &read)?;
    share::add(db, whose.log, weight(&entry))?;
    filled.came += Tally::of(&entry);
    // The note is complete from here on; a second retraction finds nothing to do.
    if let Some(of) = Note::of(whose.author, at, &entry).and_then(|note| note.retracts())
        && !notes::is_gone(db, whose.log, of)?
    {
        notes::put_gone(db, whose.log, of)?;
        filled.dropped = retract(db, whose, of)?;
    }
    notes::add(db, whose, at, &read)?;
    place::judge(db, (whose.room, put_time(entry.time), whose.log, int(at)), &read)?;
    Ok(filled)
}
