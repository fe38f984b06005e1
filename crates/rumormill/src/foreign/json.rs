//! JSON read an element at a time, so that a file of any length needs no more memory than its largest element.

use std::{
    cell::Cell,
    fmt,
    io::{self, BufRead, BufReader, Read},
    rc::Rc,
};

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use crate::limits::FOREIGN_EVENT_BYTES;

/// Visits the elements of a list: of the one that stands by itself, or of those under one of `names` in an object or
/// in what that holds; or, where there is no such list, the objects that follow each other, one a line or not. Stops at
/// the first element for which `visit` says so.
pub(super) fn each(input: impl Read, names: &[&str], visit: &mut dyn FnMut(Value) -> bool) -> serde_json::Result<()> {
    let mut input = BufReader::with_capacity(FOREIGN_EVENT_BYTES, input);
    if follow_each_other(&mut input).map_err(serde_json::Error::io)? {
        return each_line(input, visit);
    }
    let left = Rc::new(Cell::new(FOREIGN_EVENT_BYTES));
    let metered = Metered { input, left: left.clone() };
    let mut json = serde_json::Deserializer::from_reader(metered);
    let mut stopped = false;
    let inner = Elements { left: &left, visit, stopped: &mut stopped, room: None };
    let read = Outer { names, inner, depth: 0 }.deserialize(&mut json);
    if stopped { Ok(()) } else { read.and_then(|()| json.end()) }
}

/// Whether the first line is an object by itself and another one follows, or nothing.
fn follow_each_other(input: &mut BufReader<impl Read>) -> io::Result<bool> {
    let beginning = input.fill_buf()?;
    let text = String::from_utf8_lossy(beginning);
    let mut lines = text.lines().filter(|line| !line.trim().is_empty());
    let is_whole = |line: &str| line.starts_with('{') && serde_json::from_str::<IgnoredAny>(line).is_ok();
    Ok(match (lines.next(), lines.next()) {
        (Some(first), Some(second)) => is_whole(first.trim_start_matches('\u{feff}')) && second.starts_with('{'),
        _ => false,
    })
}

fn each_line(mut input: BufReader<impl Read>, visit: &mut dyn FnMut(Value) -> bool) -> serde_json::Result<()> {
    let mut line = Vec::new();
    loop {
        line.clear();
        let most = FOREIGN_EVENT_BYTES as u64;
        let length = input.by_ref().take(most).read_until(b'\n', &mut line).map_err(serde_json::Error::io)?;
        if length as u64 == most {
            return Err(serde_json::Error::io(io::Error::other("one event is larger than any that a server takes")));
        }
        if length == 0 {
            return Ok(());
        }
        let text = line.trim_ascii().strip_prefix(b"\xef\xbb\xbf").unwrap_or(line.trim_ascii());
        if !text.is_empty() && !visit(serde_json::from_slice(text)?) {
            return Ok(());
        }
    }
}

/// Input of which no more may be read at once than one element may take.
struct Metered<R> {
    input: R,
    left: Rc<Cell<usize>>,
}

impl<R: Read> Read for Metered<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let length = self.input.read(into)?;
        let left = self.left.get().checked_sub(length);
        self.left.set(left.ok_or_else(|| io::Error::other("one event is larger than any that a server takes"))?);
        Ok(length)
    }
}

/// How deep lists are looked for: those of a Matrix sync lie five objects deep.
const DEPTH: usize = 8;

/// An object, or what one holds, in which lists are looked for.
struct Outer<'n, 'a> {
    names: &'n [&'n str],
    inner: Elements<'a>,
    depth: usize,
}

struct Elements<'a> {
    left: &'a Cell<usize>,
    visit: &'a mut dyn FnMut(Value) -> bool,
    stopped: &'a mut bool,
    /// The Matrix room under whose id the list stands: its elements need not say it.
    room: Option<String>,
}

impl<'de> DeserializeSeed<'de> for Outer<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        if self.depth < DEPTH {
            json.deserialize_any(self)
        } else {
            json.deserialize_ignored_any(IgnoredAny).map(|_| ())
        }
    }
}

impl<'de> Visitor<'de> for Outer<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of events, or an object that has one")
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut list: A) -> Result<(), A::Error> {
        if self.depth == 0 {
            return self.inner.all(list);
        }
        while list.next_element::<IgnoredAny>()?.is_some() {
            self.inner.left.set(FOREIGN_EVENT_BYTES);
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        while let Some(name) = map.next_key::<String>()? {
            self.inner.left.set(FOREIGN_EVENT_BYTES);
            match self.names.contains(&name.as_str()) {
                true => map.next_value_seed(&mut self.inner)?,
                false => {
                    let Elements { left, visit, stopped, room } = &mut self.inner;
                    let room = if name.starts_with('!') { Some(name) } else { room.clone() };
                    let inner = Elements { left, visit: &mut **visit, stopped, room };
                    map.next_value_seed(Outer { names: self.names, inner, depth: self.depth + 1 })?;
                }
            }
        }
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
}

impl Elements<'_> {
    fn all<'de, A: SeqAccess<'de>>(&mut self, mut list: A) -> Result<(), A::Error> {
        while let Some(mut element) = list.next_element::<Value>()? {
            self.left.set(FOREIGN_EVENT_BYTES);
            if let (Some(room), Some(fields)) = (&self.room, element.as_object_mut()) {
                fields.entry("room_id").or_insert_with(|| room.as_str().into());
            }
            if !(self.visit)(element) {
                *self.stopped = true;
                return Err(serde::de::Error::custom("enough"));
            }
        }
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for &mut Elements<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for &mut Elements<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of events")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<(), A::Error> {
        self.all(list)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> serde_json::Result<usize> {
        let mut count = 0;
        each(text.as_bytes(), &["messages", "chunk"], &mut |_| {
            count += 1;
            true
        })
        .map(|()| count)
    }

    #[test]
    fn lists_are_found_where_they_are() {
        let cases = [
            ("[1, {}, []]", 3),
            (r#"{"a": [1], "chunk": [1, 2]}"#, 2),
            (r#"{"a": {"messages": [1]}}"#, 1),
            ("[]", 0),
            (r#"{"a": [[1]], "b": {"c": {}}, "chunk": [1]}"#, 1),
            ("{\"a\": 1}\n{\"a\": 2}\n", 2),
        ];
        for (text, count) in cases {
            assert_eq!(read(text).unwrap(), count, "{text}");
        }
        for text in ["", "[1", r#"{"chunk": 7}"#, "[1] [2]", "{\"a\": 1}\n{\"a\""] {
            assert!(read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn elements_are_bounded_and_lists_are_not() {
        let element = format!("\"{}\",", "x".repeat(FOREIGN_EVENT_BYTES / 4));
        assert_eq!(read(&format!("[{}1]", element.repeat(12))).unwrap(), 13);
        assert!(read(&format!("[\"{}\"]", "x".repeat(FOREIGN_EVENT_BYTES))).is_err());
    }
}
