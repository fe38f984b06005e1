//! Removes what is damaged, so that it can be fetched again.
//!
//! The runs decide: every run that `admit` still accepts stays, and logs, timeline and notes are rebuilt from those.
//! The search index of all rooms is rebuilt, because words cannot be removed from it without their texts.

use rumormill_proto::{
    admit::{Admission, Run, Trust},
    fork::Proof,
    ids::{AuthorId, RoomId, Seq},
    log::Log,
};
use rusqlite::Connection;

use super::{
    acts, bare, epochs, expire,
    fail::Fail,
    leave,
    notes::{self, Whose},
    piece::Stored,
    place::Places,
    record::{self, array, int, put_spans, put_time, seq},
    schema::ARRIVAL_BITS,
};
use crate::note::raw_entries;

/// Mends one room.
pub(super) fn mend(db: &Connection, room_id: &RoomId) -> Result<(), Fail> {
    let Some(room) = record::room(db, room_id)? else { return Ok(()) };
    // Lost pages of another room make this fail, which does not affect this room.
    let _ = db.execute_batch("REINDEX");
    db.execute_batch(
        "DELETE FROM log WHERE typeof(author) <> 'blob' OR length(author) <> 32;
        DELETE FROM run WHERE log NOT IN (SELECT id FROM log)",
    )?;
    db.execute("DELETE FROM place WHERE room = ?1", [room])?;
    db.execute("DELETE FROM aside WHERE room = ?1", [room])?;
    db.execute("DELETE FROM note WHERE room = ?1", [room])?;
    db.execute("DELETE FROM act WHERE log IN (SELECT id FROM log WHERE room = ?1)", [room])?;
    let base = room << ARRIVAL_BITS;
    db.execute("DELETE FROM arrival WHERE id > ?1 AND id < ?2", (base, base + (1 << ARRIVAL_BITS)))?;
    leave::index_anew(db)?;
    let mut mending = Mending { db, room, next_arrival: base + 1, door: Admission::new(*room_id) };
    let mut find = db.prepare("SELECT id, author, cut FROM log WHERE room = ?1")?;
    let mut logs = find.query([room])?;
    while let Some(row) = logs.next()? {
        // A malformed cut has to be proved again.
        let cut: Option<i64> = row.get(2).unwrap_or_default();
        mending.log(row.get(0)?, &AuthorId(array(row, 1)?), cut)?;
    }
    let mut find =
        db.prepare("SELECT log, author, of FROM retracting CROSS JOIN log ON log.id = retracting.log WHERE room = ?1")?;
    let mut retracting = find.query([room])?;
    while let Some(row) = retracting.next()? {
        let whose = Whose { room, log: row.get(0)?, author: &AuthorId(array(row, 1)?) };
        notes::quiet(db, whose, seq(row.get(2)?)?)?;
    }
    bare::tidy(db, room)?;
    expire::recount_shares(db, Some(room))?;
    expire::recount(db, Some(room))
}

struct Mending<'a> {
    db: &'a Connection,
    room: i64,
    next_arrival: i64,
    door: Admission,
}

impl Mending<'_> {
    /// Rebuilds a log. Forgets a cut without a valid proof: peers will prove it again.
    fn log(&mut self, id: i64, author: &AuthorId, cut: Option<i64>) -> Result<(), Fail> {
        let cut = cut.map_or(Ok(None), |cut| seq(cut).map(Some)).ok().flatten();
        let cut = self.proved(id, author)?.filter(|at| Some(*at) == cut);
        let mut log = Log::restored(Vec::new(), cut);
        let mut bad = Vec::new();
        // From the top down, so that the oldest part is lost when a log is too long.
        let mut find = self
            .db
            .prepare_cached("SELECT first, last, top, seal, wire, id FROM run WHERE log = ?1 ORDER BY first DESC")?;
        let mut rows = find.query([id])?;
        while let Some(row) = rows.next()? {
            let run = Stored::read(row).ok().and_then(|stored| self.admit(author, &stored));
            let beyond = |run: &Run| cut.is_some_and(|cut| run.first().seq >= cut);
            match run {
                Some(run) if beyond(&run) => {}
                Some(run) if log.insert(&run).is_ok() => self.place(id, &run)?,
                _ => bad.push(row.get::<_, i64>(5)?),
            }
        }
        let mut delete = self.db.prepare_cached("DELETE FROM run WHERE id = ?1")?;
        bad.iter().try_for_each(|row| delete.execute([row]).map(|_| ()))?;
        let mut keep = self.db.prepare_cached("UPDATE log SET spans = ?2, cut = ?3 WHERE id = ?1")?;
        keep.execute((id, put_spans(log.spans()), cut.map(int)))?;
        if cut.is_none() {
            self.db.prepare_cached("DELETE FROM proof WHERE log = ?1")?.execute([id])?;
        }
        Ok(())
    }

    /// The seq at which a stored proof shows the log to be forked.
    fn proved(&mut self, log: i64, author: &AuthorId) -> Result<Option<Seq>, Fail> {
        let mut find = self.db.prepare_cached("SELECT wire FROM proof WHERE log = ?1")?;
        let mut rows = find.query([log])?;
        let wire = rows.next()?.map(|row| record::blob(row, 0).map(<[u8]>::to_vec)).transpose()?;
        let proof = wire.and_then(|wire| Proof::parse(&mut self.door, wire.into()).ok());
        Ok(proof.filter(|proof| proof.author() == *author).map(|proof| proof.at()))
    }

    fn admit(&mut self, author: &AuthorId, stored: &Stored) -> Option<Run> {
        let run = stored.run(author).filter(|run| stored.sealed(run))?;
        self.door.admit(&run, Trust::LeadsTo(stored.top)).ok()
    }

    fn place(&mut self, log: i64, run: &Run) -> Result<(), Fail> {
        let mut arrive = self.db.prepare_cached("INSERT INTO arrival VALUES (?1, ?2, ?3, ?4, ?5)")?;
        let (first, last) = (int(run.first().seq), int(run.last().seq));
        arrive.execute((self.next_arrival, log, first, last, put_time(run.last().time)))?;
        self.next_arrival += 1;
        let mut places = Places::default();
        let whose = Whose { room: self.room, log, author: &run.author() };
        for (entry, raw) in run.entries().iter().zip(raw_entries(run)) {
            if raw.kind.is_act() {
                acts::add(self.db, log, entry.seq)?;
            }
            let read = epochs::view(self.db, self.room, (whose.author, entry.seq), &raw)?;
            places.add((self.room, log, entry.seq), &read);
            notes::add(self.db, whose, entry.seq, &raw)?;
        }
        places.write(self.db)
    }
}
