//! The rooms of a home. Each is read by itself, so that a damaged one does not hide the others.

use std::path::Path;

use rumormill_proto::{
    governance::TicketId,
    ids::{AuthorId, RoomId},
};
use rusqlite::{Connection, OptionalExtension, Row, types::ValueRef};

use super::{
    batch::number_room,
    expire,
    fail::Fail,
    record::{array, blob, put_contacts, put_private, read_contacts, read_private},
};
use crate::{Closed, DamagedRoom, Pass, RoomRecord, Rooms, error::Error};

/// Keeps a room or replaces its record.
pub(super) fn put(db: &Connection, room: &RoomRecord) -> Result<(), Fail> {
    let RoomRecord { id, secret, author_secret, name, contacts, keep, announced, closed, private, nick } = room;
    let mut put = db.prepare_cached(
        "UPDATE room SET secret = sealed(?2, 'room', room), author_secret = sealed(?3, 'author', room), name = ?4, contacts = ?5, announced = ?6,
            founder = ?7, ticket = ?8, ticket_secret = sealed(?9, 'ticket', room), private = ?10, keeps = ?11, nick = ?12
            WHERE id = ?1",
    )?;
    let number = number_room(db, id)?;
    let founder = closed.map(|closed| closed.founder.0);
    let pass = closed.and_then(|closed| closed.pass);
    let device_of = closed.and_then(|closed| closed.device_of);
    // A ticket without a secret is the author whose device the home is.
    let ticket = pass.map(|pass| pass.ticket.0).or(device_of.map(|of| of.0));
    let ticket_secret = pass.map(|pass| pass.secret);
    let contacts = put_contacts(contacts);
    let private = private.as_ref().map(put_private);
    let keeps = closed.is_some_and(|closed| closed.keeps);
    put.execute((
        number,
        secret,
        author_secret,
        name,
        contacts,
        announced,
        founder,
        ticket,
        ticket_secret,
        private,
        keeps,
        nick,
    ))?;
    expire::put_keep(db, number, keep)
}

/// All rooms that were put, ids ascending. The index of ids finds each one even when other rooms are damaged.
pub(super) fn rooms(db: &Connection, path: &Path) -> Result<Rooms, Error> {
    let mut rooms = Rooms::default();
    for (number, id) in ids(db).map_err(|why| why.at(path))? {
        match room(db, number, id) {
            Ok(Some(Ok(record))) => rooms.whole.push(record),
            Ok(Some(Err(damaged))) => rooms.damaged.push(*damaged),
            Ok(None) => {}
            Err(why) => {
                let (name, contacts, keep, closed) = Default::default();
                let why = why.at(path).to_string();
                rooms.damaged.push(DamagedRoom { id, name, secret: None, contacts, keep, closed, why });
            }
        }
    }
    Ok(rooms)
}

/// Numbers and ids of rooms. A room that was left no longer has an id.
fn ids(db: &Connection) -> Result<Vec<(i64, RoomId)>, Fail> {
    let mut find = db.prepare_cached("SELECT id, room FROM room ORDER BY room")?;
    let mut rows = find.query([])?;
    let mut ids = Vec::new();
    while let Some(row) = rows.next()? {
        if let Ok(id) = array(row, 1) {
            ids.push((row.get(0)?, RoomId(id)));
        }
    }
    Ok(ids)
}

/// A room, or the remains of a damaged one; `None` when it was never put.
fn room(db: &Connection, number: i64, id: RoomId) -> Result<Option<Result<RoomRecord, Box<DamagedRoom>>>, Fail> {
    let mut find = db.prepare_cached(
        "SELECT room, opened(secret, 'room', room), opened(author_secret, 'author', room), name, contacts, age_ms,
            keep_entries, keep_bytes, file_age_ms, keep_files, file_bytes, share_bytes, announced, founder, ticket,
            opened(ticket_secret, 'ticket', room), private, keeps, nick
            FROM room WHERE id = ?1 AND secret IS NOT NULL",
    )?;
    let read = |row: &Row<'_>| Ok(read(row, id));
    Ok(find.query_row([number], read).optional()?)
}

/// Reads a room. Only its secrets are indispensable for opening it.
fn read(row: &Row<'_>, id: RoomId) -> Result<RoomRecord, Box<DamagedRoom>> {
    let name: String = row.get(3).unwrap_or_default();
    let contacts = blob(row, 4).and_then(read_contacts).unwrap_or_default();
    let keep = expire::read_keep(row, 5).unwrap_or_default();
    let closed = read_closed(row);
    let same = array(row, 0).is_ok_and(|known: [u8; 32]| known == id.0);
    let (secret, author_secret) = (array(row, 1).ok().filter(|_| same), array(row, 2).ok().filter(|_| same));
    let (Some(secret), Some(author_secret)) = (secret, author_secret) else {
        let why = "its stored keys are malformed".into();
        return Err(Box::new(DamagedRoom { id, name, secret, contacts, keep, closed, why }));
    };
    let announced = row.get(12).unwrap_or_default();
    let private = blob(row, 16).and_then(read_private).ok();
    let nick = row.get(18).unwrap_or_default();
    Ok(RoomRecord { id, secret, author_secret, name, contacts, keep, announced, closed, private, nick })
}

/// Reads how a closed room is held. A ticket that cannot be read is none: it matters only until it has let in.
fn read_closed(row: &Row<'_>) -> Option<Closed> {
    let founder = array(row, 13).map(AuthorId).ok()?;
    let ticket: Option<[u8; 32]> = array(row, 14).ok();
    let pass = ticket.and_then(|ticket| Some(Pass { ticket: TicketId(ticket), secret: array(row, 15).ok()? }));
    let alone = row.get_ref(15).is_ok_and(|secret| secret == ValueRef::Null);
    // A home that cannot tell takes no secret.
    let keeps = row.get(17).unwrap_or(true);
    Some(Closed { founder, pass, device_of: ticket.filter(|_| alone).map(AuthorId), keeps })
}
