//! Calls that must be carried out only once: the key and content of each, and the entry that it wrote.

use rumormill_proto::{
    content::Target,
    ids::{AuthorId, RoomId},
};
use rusqlite::Connection;

use super::{
    fail::Fail,
    record::{self, array, int, seq},
};
use crate::{Once, limits::ONCE};

/// Records that a call in a room wrote an entry, and forgets the oldest calls beyond the bound.
pub(super) fn put(db: &Connection, room: i64, once: &Once, of: Target) -> Result<(), Fail> {
    let next = "SELECT coalesce(max(at), 0) + 1 FROM once WHERE room = ?1";
    let next: i64 = db.prepare_cached(next)?.query_row([room], |row| row.get(0))?;
    let mut put = db.prepare_cached("INSERT OR REPLACE INTO once VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?;
    put.execute((room, next, &once.key, &once.asks, &of.author.0, int(of.seq)))?;
    db.prepare_cached("DELETE FROM once WHERE room = ?1 AND at <= ?2")?.execute((room, next - int(ONCE)))?;
    Ok(())
}

/// The call with this key, and the entry that it wrote.
pub(super) fn find(db: &Connection, room: &RoomId, key: &[u8; 32]) -> Result<Option<(Once, Target)>, Fail> {
    let Some(room) = record::room(db, room)? else { return Ok(None) };
    let mut find = db.prepare_cached("SELECT asks, author, seq FROM once WHERE room = ?1 AND key = ?2")?;
    let mut rows = find.query((room, key))?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let of = Target { author: AuthorId(array(row, 1)?), seq: seq(row.get(2)?)? };
    Ok(Some((Once { key: *key, asks: array(row, 0)? }, of)))
}
