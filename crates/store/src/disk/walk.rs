//! Walks along the timeline.
//!
//! The table is ordered by time, then by internal log number. Entries with the same time, usually at most one from each
//! author, are sorted here by author.

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

/// The direction of a walk, and its start, which is excluded.
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

/// The entries that a walk visits.
#[derive(Clone, Copy)]
pub(super) enum Which {
    /// All entries.
    All,
    /// Messages only.
    Messages,
}

/// Rows of one table, or of both combined.
macro_rules! rows {
    ($table:literal, $bound:literal) => {
        concat!(
            "SELECT time, seq, log.id, author FROM ",
            $table,
            " CROSS JOIN log ON log.id = ",
            $table,
            ".log WHERE ",
            $table,
            ".room = ?1 AND time ",
            $bound,
            " ?2"
        )
    };
}

const ALL_DOWN: &str = concat!(rows!("place", "<="), " UNION ALL ", rows!("aside", "<="), " ORDER BY 1 DESC");
const ALL_UP: &str = concat!(rows!("place", ">="), " UNION ALL ", rows!("aside", ">="), " ORDER BY 1");
const MESSAGES_DOWN: &str = concat!(rows!("place", "<="), " ORDER BY 1 DESC");
const MESSAGES_UP: &str = concat!(rows!("place", ">="), " ORDER BY 1");

/// Visits entries of a room with their place and log number, until `visit` returns false.
pub(super) fn walk(
    db: &Connection,
    room: &RoomId,
    (which, way): (Which, Way),
    mut visit: impl FnMut(Place, i64) -> Result<bool, Fail>,
) -> Result<(), Fail> {
    let Some(room) = record::room(db, room)? else { return Ok(()) };
    let from = match way {
        Way::Down(from) => from.map_or(Time(u64::MAX), |from| from.time),
        Way::Up(from) => from.map_or(Time(0), |from| from.time),
    };
    let sql = match (which, way) {
        (Which::All, Way::Down(_)) => ALL_DOWN,
        (Which::All, Way::Up(_)) => ALL_UP,
        (Which::Messages, Way::Down(_)) => MESSAGES_DOWN,
        (Which::Messages, Way::Up(_)) => MESSAGES_UP,
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

#[cfg(test)]
mod tests {
    use rumormill_proto::{
        admit::{Admission, Author, Run, Trust},
        entry::{Body, Kind, RawEntry},
        ids::EntryId,
        run::block_end,
    };
    use rusqlite::StatementStatus;

    use super::*;
    use crate::{Change, Disk, Store as _};

    const ROOM: RoomId = RoomId([1; 32]);

    /// Three messages, each followed by `quiet` entries of a kind unknown here.
    fn runs(quiet: u64) -> Vec<Run> {
        let (author, mut door) = (Author::from_secret(&[5; 32]), Admission::new(ROOM));
        let entry = |seq: u64| {
            let kind = if seq.is_multiple_of(quiet + 1) { Kind::TEXT } else { Kind::new(99).unwrap() };
            RawEntry { time: Time::from_ms(1 + seq), seen: vec![], kind, body: Body::Here("x".into()) }
        };
        let (mut first, mut prev, mut runs) = (0, EntryId::default(), Vec::new());
        while first < 3 * (quiet + 1) {
            let last = block_end(first);
            let raw = author.sign(&ROOM, first, prev, (first..=last).map(entry).collect()).unwrap();
            let run = door.admit(&raw, Trust::Signature).unwrap();
            (first, prev) = (last + 1, run.last().id);
            runs.push(run);
        }
        runs
    }

    /// Database steps to read two rows.
    fn steps(db: &Connection, sql: &str) -> (i32, i32) {
        let mut find = db.prepare(sql).unwrap();
        let mut rows = find.query((1, put_time(Time(u64::MAX)))).unwrap();
        assert!(rows.next().unwrap().is_some() && rows.next().unwrap().is_some());
        drop(rows);
        (find.get_status(StatementStatus::VmStep), find.get_status(StatementStatus::Sort))
    }

    #[test]
    fn a_page_of_messages_walks_past_nothing_that_is_none() {
        let counts = [300, 1_200].map(|quiet| {
            let dir = tempfile::tempdir().unwrap();
            let mut disk = Disk::open(&dir.path().join("home")).unwrap();
            let runs = runs(quiet);
            let changes: Vec<_> = runs.iter().map(|run| (ROOM, Change::Append(run))).collect();
            disk.commit(&changes).unwrap();
            let page = disk.reader().unwrap().messages(&ROOM, None, 2).unwrap();
            assert_eq!(page.iter().map(|line| line.kind).collect::<Vec<_>>(), [Kind::TEXT; 2]);
            let db = Connection::open(dir.path().join("home/rumormill.db")).unwrap();
            let [messages, all] = [MESSAGES_DOWN, ALL_DOWN].map(|sql| steps(&db, sql));
            assert_eq!((messages.1, all.1), (0, 0), "nothing is sorted");
            (messages.0, all.0)
        });
        assert_eq!(counts[0], counts[1], "four times as many unread entries cost the same");
        assert!(counts[0].0 < 100 && counts[0].1 < 200, "{counts:?}");
    }
}
