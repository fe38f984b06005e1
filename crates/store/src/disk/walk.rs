//! Walks along the timeline.
//!
//! The table is ordered by time, then by the number that a log has inside. Entries of one time, mostly one of
//! each author at most, are put in the order of their authors here.

use rumormill_proto::{
    ids::{AuthorId, RoomId},
    time::Time,
    timeline::Place,
};
use rusqlite::Connection;

use super::{
    fail::Fail,
    record::{self, array, put_time, read_time, seq},
};

/// Which way to walk, and from where: the place itself is left out.
#[derive(Clone, Copy)]
pub(super) enum Way {
    /// Towards older entries.
    Down(Option<Place>),
    /// Towards newer entries.
    Up(Option<Place>),
}

impl Way {
    fn leads_past(self, place: &Place) -> bool {
        match self {
            Self::Down(from) => from.is_none_or(|from| *place < from),
            Self::Up(from) => from.is_none_or(|from| from < *place),
        }
    }
}

const DOWN: &str = "SELECT time, seq, log.id, author FROM place CROSS JOIN log ON log.id = place.log
    WHERE place.room = ?1 AND time <= ?2 ORDER BY time DESC";
const UP: &str = "SELECT time, seq, log.id, author FROM place CROSS JOIN log ON log.id = place.log
    WHERE place.room = ?1 AND time >= ?2 ORDER BY time";

/// Visits entries of a room by place and number of their log, until `visit` says false.
pub(super) fn walk(
    db: &Connection,
    room: &RoomId,
    way: Way,
    mut visit: impl FnMut(Place, i64) -> Result<bool, Fail>,
) -> Result<(), Fail> {
    let Some(room) = record::room(db, room)? else { return Ok(()) };
    let (sql, from) = match way {
        Way::Down(from) => (DOWN, from.map_or(Time(u64::MAX), |from| from.time)),
        Way::Up(from) => (UP, from.map_or(Time(0), |from| from.time)),
    };
    let mut find = db.prepare_cached(sql)?;
    let mut rows = find.query((room, put_time(from)))?;
    let mut of_one_time: Vec<(Place, i64)> = Vec::new();
    loop {
        let found = rows.next()?.map(read).transpose()?;
        let time_ends = match (&found, of_one_time.first()) {
            (Some((place, _)), Some((first, _))) => place.time != first.time,
            (None, _) => true,
            (Some(_), None) => false,
        };
        if time_ends {
            of_one_time.sort_unstable();
            if let Way::Down(_) = way {
                of_one_time.reverse();
            }
            for (place, log) in of_one_time.drain(..).filter(|(place, _)| way.leads_past(place)) {
                if !visit(place, log)? {
                    return Ok(());
                }
            }
        }
        match found {
            Some(found) => of_one_time.push(found),
            None => return Ok(()),
        }
    }
}

fn read(row: &rusqlite::Row<'_>) -> Result<(Place, i64), Fail> {
    let place = Place { time: read_time(row.get(0)?), seq: seq(row.get(1)?)?, author: AuthorId(array(row, 3)?) };
    Ok((place, row.get(2)?))
}
