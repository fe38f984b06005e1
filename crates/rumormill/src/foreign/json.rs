//! Reads JSON one element at a time, so a file of any length needs only memory for its largest element.

use std::{
    cell::Cell,
    fmt,
    io::{self, BufRead, BufReader, Read},
    rc::Rc,
};

use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor,
};
use serde_json::{Result, Value};

use super::{mended::Mended, text::skip_line};
use crate::limits::FOREIGN_EVENT_BYTES;

/// An element of a list, or a line of its own.
pub(super) struct Event {
    /// Null for a line that is no JSON or too long.
    pub(super) value: Value,
    /// The number of its list.
    pub(super) list: u64,
    /// The Matrix room whose id is the key of the list.
    pub(super) room: Option<Rc<str>>,
}

/// Visits the elements of a top-level list, or of the lists under one of `names` in an object or its nested objects. If
/// there is no such list, visits consecutive objects, on one line each or not. Stops at the first element for which
/// `visit` says so.
pub(super) fn each(mut input: impl Read, names: &[&str], visit: &mut dyn FnMut(Event) -> bool) -> Result<()> {
    let mut beginning = Vec::new();
    let peeked = input.by_ref().take(FOREIGN_EVENT_BYTES as u64).read_to_end(&mut beginning);
    peeked.map_err(serde_json::Error::io)?;
    let walk = walk(&beginning);
    let input = BufReader::new(beginning.chain(input));
    let mut stopped = false;
    let mut inner = Elements { left: Rc::default(), visit, stopped: &mut stopped, lists: &Cell::new(0), room: None };
    let read = match walk {
        Walk::Lines => lines(input, names, &mut inner),
        Walk::Objects => objects(Mended::new(input), names, &mut inner),
        Walk::Whole => whole(Mended::new(input), names, inner),
    };
    if stopped { Ok(()) } else { read }
}

/// The layout of a file.
enum Walk {
    /// One object on each line.
    Lines,
    /// One object that fits into memory, or several consecutive objects over several lines each.
    Objects,
    /// One list, or one object that contains lists.
    Whole,
}

fn walk(beginning: &[u8]) -> Walk {
    let lines = beginning.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii).filter(|line| !line.is_empty());
    let first: Vec<&[u8]> = lines.take(3).collect();
    let is_object = |line: &[u8]| line.starts_with(b"{") && from_line::<IgnoredAny>(line).is_ok();
    let begins = |line: Option<&&[u8]>| line.is_none_or(|line| line.starts_with(b"{"));
    // Some programs cut a file in the middle of its first line.
    let is_lines = match &first[..] {
        [one, rest @ ..] if is_object(one) => begins(rest.first()),
        [one, two, rest @ ..] if !one.starts_with(b"[") && is_object(two) => one.len() > 1 && begins(rest.first()),
        _ => false,
    };
    if is_lines {
        return Walk::Lines;
    }
    let mut values = serde_json::Deserializer::from_reader(Mended::new(beginning)).into_iter::<IgnoredAny>();
    let is_all = beginning.len() < FOREIGN_EVENT_BYTES;
    match (values.next(), values.next()) {
        (Some(Ok(_)), next) if beginning.trim_ascii_start().starts_with(b"{") && (is_all || next.is_some()) => {
            Walk::Objects
        }
        _ => Walk::Whole,
    }
}

/// Parses the JSON of a line by itself. A text ends with its line, so each line is repaired separately.
fn from_line<T: DeserializeOwned>(line: &[u8]) -> Result<T> {
    serde_json::from_slice(line).or_else(|_| serde_json::from_reader(Mended::new(line)))
}

const TOO_LARGE: &str = "one event is larger than any that a server takes";

fn lines(mut input: impl BufRead, names: &[&str], inner: &mut Elements<'_>) -> Result<()> {
    let mut line = Vec::new();
    loop {
        line.clear();
        let most = FOREIGN_EVENT_BYTES as u64;
        let length = input.by_ref().take(most).read_until(b'\n', &mut line).map_err(serde_json::Error::io)?;
        if length == 0 {
            return Ok(());
        }
        let is_cut = length as u64 == most && !line.ends_with(b"\n");
        if is_cut {
            skip_line(&mut input).map_err(serde_json::Error::io)?;
        }
        if !line.trim_ascii().is_empty() {
            let value = if is_cut { Value::Null } else { from_line(&line).unwrap_or_default() };
            inner.object(value, names)?;
        }
    }
}

fn objects(input: impl Read, names: &[&str], inner: &mut Elements<'_>) -> Result<()> {
    let left = Rc::new(Cell::new(2 * FOREIGN_EVENT_BYTES));
    let metered = Metered { input, left: left.clone() };
    for value in serde_json::Deserializer::from_reader(metered).into_iter() {
        left.set(2 * FOREIGN_EVENT_BYTES);
        inner.object(value?, names)?;
    }
    Ok(())
}

fn whole(input: impl Read, names: &[&str], inner: Elements<'_>) -> Result<()> {
    let left = Rc::new(Cell::new(FOREIGN_EVENT_BYTES));
    let mut json = serde_json::Deserializer::from_reader(Metered { input, left: left.clone() });
    Outer { names, inner: Elements { left, ..inner }, depth: 0 }.deserialize(&mut json)?;
    json.end()
}

/// Input that refuses an element larger than the bound.
struct Metered<R> {
    input: R,
    left: Rc<Cell<usize>>,
}

impl<R: Read> Read for Metered<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let length = self.input.read(into)?;
        let left = self.left.get().checked_sub(length);
        self.left.set(left.ok_or_else(|| io::Error::other(TOO_LARGE))?);
        Ok(length)
    }
}

/// How deep to look for lists: those of a Matrix sync are five objects deep.
const DEPTH: usize = 8;

/// An object, or a nested one, to search for lists.
struct Outer<'n, 'a> {
    names: &'n [&'n str],
    inner: Elements<'a>,
    depth: usize,
}

struct Elements<'a> {
    left: Rc<Cell<usize>>,
    visit: &'a mut dyn FnMut(Event) -> bool,
    stopped: &'a mut bool,
    /// The number of lists so far.
    lists: &'a Cell<u64>,
    room: Option<Rc<str>>,
}

impl<'de> DeserializeSeed<'de> for Outer<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> std::result::Result<(), D::Error> {
        if self.depth < DEPTH {
            json.deserialize_any(self)
        } else {
            json.deserialize_ignored_any(IgnoredAny).map(|_| ())
        }
    }
}

impl Outer<'_, '_> {
    /// The value under a name.
    fn below(&mut self, name: Option<String>) -> Outer<'_, '_> {
        let Elements { left, visit, stopped, lists, room } = &mut self.inner;
        let room = match name {
            Some(name) if name.starts_with('!') => Some(name.into()),
            _ => room.clone(),
        };
        let inner = Elements { left: left.clone(), visit: &mut **visit, stopped, lists, room };
        Outer { names: self.names, inner, depth: self.depth + 1 }
    }
}

impl<'de> Visitor<'de> for Outer<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of events, or an object that has one")
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut list: A) -> std::result::Result<(), A::Error> {
        if self.depth == 0 {
            return self.inner.all(list);
        }
        while list.next_element_seed(self.below(None))?.is_some() {
            self.inner.left.set(FOREIGN_EVENT_BYTES);
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> std::result::Result<(), A::Error> {
        while let Some(name) = map.next_key::<String>()? {
            self.inner.left.set(FOREIGN_EVENT_BYTES);
            match name.as_str() {
                name if self.names.contains(&name) => map.next_value_seed(&mut self.inner)?,
                // The content of a Matrix event is no list of events.
                "content" => map.next_value::<IgnoredAny>().map(|_| ())?,
                _ => map.next_value_seed(self.below(Some(name)))?,
            }
        }
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> std::result::Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> std::result::Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> std::result::Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> std::result::Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> std::result::Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> std::result::Result<(), E> {
        Ok(())
    }
}

impl Elements<'_> {
    fn all<'de, A: SeqAccess<'de>>(&mut self, mut list: A) -> std::result::Result<(), A::Error> {
        self.lists.set(self.lists.get() + 1);
        while let Some(element) = list.next_element::<Value>()? {
            self.left.set(FOREIGN_EVENT_BYTES);
            self.one(element).map_err(A::Error::custom)?;
        }
        Ok(())
    }

    fn one(&mut self, value: Value) -> std::result::Result<(), &'static str> {
        let event = Event { value, list: self.lists.get(), room: self.room.clone() };
        if (self.visit)(event) {
            return Ok(());
        }
        *self.stopped = true;
        Err("enough")
    }

    /// An object alone: its lists, or else the object itself.
    fn object(&mut self, value: Value, names: &[&str]) -> Result<()> {
        let before = self.lists.get();
        let Self { left, visit, stopped, lists, .. } = self;
        let inner = Elements { left: left.clone(), visit: &mut **visit, stopped, lists, room: None };
        Outer { names, inner, depth: 0 }.deserialize(&value)?;
        if self.lists.get() == before { self.one(value).map_err(serde_json::Error::custom) } else { Ok(()) }
    }
}

impl<'de> DeserializeSeed<'de> for &mut Elements<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> std::result::Result<(), D::Error> {
        json.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for &mut Elements<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of events")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> std::result::Result<(), A::Error> {
        self.all(list)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The number of elements, and the number of nulls among them.
    fn read(text: &str) -> Result<(usize, usize)> {
        let (mut count, mut broken) = (0, 0);
        each(text.as_bytes(), &["messages", "chunk"], &mut |event| {
            count += 1;
            broken += usize::from(event.value.is_null());
            true
        })
        .map(|()| (count, broken))
    }

    #[test]
    fn lists_are_found_at_any_depth() {
        let cases = [
            ("[1, {}, []]", 3),
            (r#"{"a": [1], "chunk": [1, 2]}"#, 2),
            (r#"{"a": {"messages": [1]}}"#, 1),
            (r#"{"a": {"list": [{"messages": [1]}, {"messages": [1, 2]}]}}"#, 3),
            ("[]", 0),
            (r#"{"messages": []}"#, 0),
            (r#"{"a": [[1]], "b": {"c": {}}, "chunk": [1]}"#, 1),
            ("{\"a\": 1}", 1),
            ("{\n\"a\": 1\n}\n", 1),
            ("{\"a\": 1}\n{\"a\": 2}\n", 2),
            ("{\"a\": 1}\n\n{\"chunk\": [1, 2]}\n", 3),
            ("{\n\"a\": 1\n}\n{\n\"a\": 2\n}\n", 2),
            ("{\"content\": {\"chunk\": [1, 2]}}\n{}", 2),
        ];
        for (text, count) in cases {
            assert_eq!(read(text).unwrap(), (count, 0), "{text}");
        }
        for text in ["", "[1", r#"{"chunk": [1"#, "[1] [2]"] {
            assert!(read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_truncated_line_does_not_affect_the_others() {
        assert_eq!(read("{\"a\": 1}\n{\"a\"").unwrap(), (2, 1));
        assert_eq!(read("\"a\": 1}\n{\"a\": 2}\n{\"a\": 3}").unwrap(), (3, 1));
        let long = format!("{{\"a\": 1}}\n{{\"a\": \"{}\"}}\n{{\"a\": 3}}\n", "x".repeat(FOREIGN_EVENT_BYTES));
        assert_eq!(read(&long).unwrap(), (3, 1));
    }

    #[test]
    fn missing_escapes_are_repaired() {
        let cases = [
            ("[\"a\u{1}b\", 2]", 2),
            ("{\"messages\": [\n{\"a\": \"x\ny\tz\"},\n{\"a\": \"\\ud83d\"}]}", 2),
            ("{\"a\": \"\u{b}\"}\n{\"a\": \"\\udc00 \\q\"}\n", 2),
        ];
        for (text, count) in cases {
            assert_eq!(read(text).unwrap(), (count, 0), "{text}");
        }
    }

    #[test]
    fn elements_are_bounded_and_lists_are_not() {
        let element = format!("\"{}\",", "x".repeat(FOREIGN_EVENT_BYTES / 4));
        assert_eq!(read(&format!("[{}1]", element.repeat(12))).unwrap(), (13, 0));
        assert!(read(&format!("[\"{}\"]", "x".repeat(2 * FOREIGN_EVENT_BYTES))).is_err());
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        assert!(read(&deep).is_err());
    }
}
