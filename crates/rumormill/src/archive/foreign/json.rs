//! JSON read an element at a time, so that a file of any length needs no more memory than its largest element.

use std::{
    cell::Cell,
    fmt,
    io::{self, Read},
    rc::Rc,
};

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use crate::limits::FOREIGN_EVENT_BYTES;

/// Visits the elements of a list: of the one that stands by itself, or of that under one of `names` in an object.
/// Stops at the first error of `visit`.
pub(super) fn each(input: impl Read, names: &[&str], visit: &mut dyn FnMut(Value) -> bool) -> serde_json::Result<()> {
    let left = Rc::new(Cell::new(FOREIGN_EVENT_BYTES));
    let metered = Metered { input, left: left.clone() };
    let mut json = serde_json::Deserializer::from_reader(metered);
    let mut stopped = false;
    let read = Outer { names, inner: Elements { left: &left, visit, stopped: &mut stopped } }.deserialize(&mut json);
    if stopped { Ok(()) } else { read.and_then(|()| json.end()) }
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

struct Outer<'a> {
    names: &'a [&'a str],
    inner: Elements<'a>,
}

struct Elements<'a> {
    left: &'a Cell<usize>,
    visit: &'a mut dyn FnMut(Value) -> bool,
    stopped: &'a mut bool,
}

impl<'de> DeserializeSeed<'de> for Outer<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Outer<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of events, or an object that has one")
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, list: A) -> Result<(), A::Error> {
        self.inner.all(list)
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        while let Some(name) = map.next_key::<String>()? {
            match self.names.contains(&name.as_str()) {
                true => map.next_value_seed(&mut self.inner)?,
                false => _ = map.next_value::<IgnoredAny>()?,
            }
        }
        Ok(())
    }
}

impl Elements<'_> {
    fn all<'de, A: SeqAccess<'de>>(&mut self, mut list: A) -> Result<(), A::Error> {
        while let Some(element) = list.next_element()? {
            self.left.set(FOREIGN_EVENT_BYTES);
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
        let cases =
            [("[1, {}, []]", 3), (r#"{"a": [1], "chunk": [1, 2]}"#, 2), (r#"{"a": {"messages": [1]}}"#, 0), ("[]", 0)];
        for (text, count) in cases {
            assert_eq!(read(text).unwrap(), count, "{text}");
        }
        for text in ["", "7", "[1", r#"{"chunk": 7}"#, "[1] [2]"] {
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
