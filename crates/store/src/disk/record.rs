//! How rooms and logs are encoded in rows, and how they are looked up.
//!
//! ```text
//! spans     times: first number, prev 32 bytes, first time 8 bytes, last number, id 32 bytes, time 8 bytes
//! contacts  times: peer 32 bytes, address as a length and bytes
//! private   room it comes out of 32 bytes, then times: number of keys of a person, and as many of 32 bytes
//! ```

use bytes::Bytes;
use rumormill_proto::{
    codec::{Reader, put_bytes, put_number},
    frame::Contact,
    ids::{AuthorId, EntryId, PeerId, RoomId, Seq},
    limits::{ADDRESS_BYTES, LETTER_KEYS, LETTER_PEOPLE, SPANS},
    log::{Head, Log, Span},
    reject::Reject,
    time::Time,
};
use rusqlite::{Connection, OptionalExtension, Row, types::ValueRef};

use super::fail::Fail;
use crate::{Private, limits::CONTACTS};

/// A log with its internal numbers.
#[derive(Clone, Debug)]
pub(super) struct Numbered {
    pub(super) id: i64,
    pub(super) log: Log,
}

/// The internal number of a room.
pub(super) fn room(db: &Connection, room: &RoomId) -> Result<Option<i64>, Fail> {
    let mut find = db.prepare_cached("SELECT id FROM room WHERE room = ?1")?;
    Ok(find.query_row([&room.0], |row| row.get(0)).optional()?)
}

/// The state of a log.
pub(super) fn log(db: &Connection, room: i64, author: &AuthorId) -> Result<Option<Numbered>, Fail> {
    let mut find = db.prepare_cached("SELECT id, spans, cut FROM log WHERE room = ?1 AND author = ?2")?;
    let mut rows = find.query((room, &author.0))?;
    rows.next()?.map(|row| Ok(Numbered { id: row.get(0)?, log: read_log(row, 1)? })).transpose()
}

/// Reads a log from its spans and cut, in two columns from `at` on.
pub(super) fn read_log(row: &Row<'_>, at: usize) -> Result<Log, Fail> {
    let spans = Bytes::copy_from_slice(blob(row, at)?);
    let cut = row.get::<_, Option<i64>>(at + 1)?.map(seq).transpose()?;
    Ok(Log::restored(read_spans(spans)?, cut))
}

pub(super) fn put_spans(spans: &[Span]) -> Vec<u8> {
    let mut out = Vec::with_capacity(spans.len() * 92);
    for Span { first, prev, first_time, last } in spans {
        put_number(&mut out, *first);
        out.extend_from_slice(&prev.0);
        out.extend_from_slice(&first_time.0.to_be_bytes());
        put_number(&mut out, last.seq);
        out.extend_from_slice(&last.id.0);
        out.extend_from_slice(&last.time.0.to_be_bytes());
    }
    out
}

fn read_spans(bytes: Bytes) -> Result<Vec<Span>, Fail> {
    let mut reader = Reader::new(bytes);
    let mut spans: Vec<Span> = Vec::new();
    while reader.left() > 0 {
        let span = read_span(&mut reader)?;
        let follows = spans.last().is_none_or(|below| below.last.seq.saturating_add(1) < span.first);
        if !follows || span.last.seq < span.first || spans.len() == SPANS {
            return Err(Fail::Odd("spans of a log are out of order".into()));
        }
        spans.push(span);
    }
    Ok(spans)
}

fn read_span(reader: &mut Reader) -> Result<Span, Reject> {
    let first = reader.number("span")?;
    let prev = EntryId(reader.array("span")?);
    let first_time = Time(u64::from_be_bytes(reader.array("span")?));
    let seq = reader.number("span")?;
    let id = EntryId(reader.array("span")?);
    let time = Time(u64::from_be_bytes(reader.array("span")?));
    Ok(Span { first, prev, first_time, last: Head { seq, id, time } })
}

pub(super) fn put_contacts(contacts: &[Contact]) -> Vec<u8> {
    let mut out = Vec::new();
    let storable = contacts.iter().filter(|contact| contact.address.len() <= ADDRESS_BYTES);
    for Contact { peer, address } in storable.take(CONTACTS) {
        out.extend_from_slice(&peer.0);
        put_bytes(&mut out, address);
    }
    out
}

pub(super) fn read_contacts(bytes: &[u8]) -> Result<Vec<Contact>, Fail> {
    let mut reader = Reader::new(Bytes::copy_from_slice(bytes));
    let mut contacts = Vec::new();
    while reader.left() > 0 && contacts.len() < CONTACTS {
        let peer = PeerId(reader.array("contact")?);
        contacts.push(Contact { peer, address: reader.bytes(ADDRESS_BYTES, "contact")? });
    }
    Ok(contacts)
}

pub(super) fn put_private(private: &Private) -> Vec<u8> {
    let mut out = private.of.0.to_vec();
    for keys in &private.people {
        put_number(&mut out, keys.len() as u64);
        keys.iter().for_each(|key| out.extend_from_slice(&key.0));
    }
    out
}

pub(super) fn read_private(bytes: &[u8]) -> Result<Private, Fail> {
    let mut reader = Reader::new(Bytes::copy_from_slice(bytes));
    let (of, mut people) = (RoomId(reader.array("private room")?), Vec::new());
    while reader.left() > 0 && people.len() < LETTER_PEOPLE {
        let count = reader.count(LETTER_KEYS, "keys")?;
        people.push((0..count).map(|_| reader.array("key").map(AuthorId)).collect::<Result<_, _>>()?);
    }
    Ok(Private { of, people })
}

/// Reads the bytes in a column.
pub(super) fn blob<'a>(row: &'a Row<'_>, at: usize) -> Result<&'a [u8], Fail> {
    match row.get_ref(at)? {
        ValueRef::Blob(bytes) | ValueRef::Text(bytes) => Ok(bytes),
        _ => Err(Fail::Odd("a column does not hold bytes".into())),
    }
}

/// Reads exactly `N` bytes from a column.
pub(super) fn array<const N: usize>(row: &Row<'_>, at: usize) -> Result<[u8; N], Fail> {
    blob(row, at)?.try_into().map_err(|_| Fail::Odd(format!("a column does not hold {N} bytes")))
}

/// A number as the database can hold it. Larger numbers, which no entry's seq reaches, become the largest.
pub(super) fn int(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// Reads a seq.
pub(super) fn seq(number: i64) -> Result<Seq, Fail> {
    Seq::try_from(number).map_err(|_| Fail::Odd("a seq is negative".into()))
}

/// A time as a signed number in the same order.
pub(super) fn put_time(time: Time) -> i64 {
    (time.0 ^ (1 << 63)) as i64
}

/// Reads a time.
pub(super) fn read_time(number: i64) -> Time {
    Time(number as u64 ^ (1 << 63))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_keep_their_order() {
        let times = [0, 1, 5 << 16, (1 << 63) - 1, 1 << 63, u64::MAX].map(Time);
        let numbers = times.map(put_time);
        assert!(numbers.is_sorted());
        assert_eq!(numbers.map(read_time), times);
    }

    #[test]
    fn spans_are_read_as_written_or_refused() {
        let span = |first, last| Span {
            first,
            prev: EntryId([1; 32]),
            first_time: Time(7),
            last: Head { seq: last, id: EntryId([2; 32]), time: Time(9) },
        };
        let good = [vec![], vec![span(0, 0)], vec![span(3, 300), span(302, 1 << 40)]];
        for spans in good {
            assert_eq!(read_spans(put_spans(&spans).into()).unwrap(), spans);
        }
        let bad = [vec![span(5, 4)], vec![span(0, 4), span(5, 9)], vec![span(6, 9), span(0, 4)]];
        for spans in bad {
            assert!(read_spans(put_spans(&spans).into()).is_err(), "{spans:?}");
        }
        let cut_short = &put_spans(&[span(3, 300)])[..50];
        assert!(read_spans(Bytes::copy_from_slice(cut_short)).is_err());
    }
}
