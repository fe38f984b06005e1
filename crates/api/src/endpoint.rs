//! The type of an endpoint: its method, its path, and the types of its request and answer.

use std::marker::PhantomData;

use percent_encoding::{NON_ALPHANUMERIC, PercentEncode, utf8_percent_encode};
use serde::Serialize;
use utoipa::ToSchema;

/// An example value of a body.
pub trait Example: Serialize + ToSchema {
    /// The value.
    fn example() -> Self;
}

/// A body of JSON.
pub struct Json<T>(PhantomData<fn() -> T>);

/// Lines of JSON, sent one at a time as the work proceeds.
pub struct Steps<T>(PhantomData<fn() -> T>);

/// Server-sent events.
pub struct Events<T>(PhantomData<fn() -> T>);

/// JSON, or plain text whose lines stand for one item each.
pub struct JsonOrLines<T>(PhantomData<fn() -> T>);

/// Plain text.
pub struct Text;

/// An SVG picture.
pub struct Svg;

/// Figures in the text format of OpenMetrics.
pub struct OpenMetrics;

/// Any bytes.
pub struct Bytes;

/// Nothing.
pub struct Empty;

/// The methods in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Reads.
    Get,
    /// Adds, or starts something.
    Post,
    /// Sets; repeating it changes nothing.
    Put,
    /// Removes.
    Delete,
}

/// The groups of endpoints in the description.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tag {
    /// Rooms and their settings.
    Rooms,
    /// Messages.
    Messages,
    /// People.
    People,
    /// Files.
    Files,
    /// Webhooks.
    Hooks,
    /// Bots.
    Bots,
    /// Machines of one person.
    Devices,
    /// Exports, imports and repairs.
    Archive,
    /// Events.
    Events,
    /// The state of the process.
    Process,
}

/// The header with which a reader resumes a stream of events: the last `id:` that it read.
pub const LAST_EVENT_ID: &str = "last-event-id";

/// The header with the key of a request. A request with a key is carried out once, however often it is repeated.
pub const IDEMPOTENCY_KEY: &str = "idempotency-key";

/// One endpoint: `Q` is the type of its request, `A` that of its answer.
pub struct Endpoint<Q, A> {
    /// The operation's name, unique in the table.
    pub id: &'static str,
    /// Its group.
    pub tag: Tag,
    /// The method.
    pub method: Method,
    /// The path, with parameters in braces.
    pub path: &'static str,
    /// Its summary, in one line.
    pub summary: &'static str,
    /// Further information for callers.
    pub details: &'static str,
    /// Its query parameters.
    pub queries: &'static [Query],
    /// The headers that it reads.
    pub headers: &'static [Header],
    /// The status of a successful answer.
    pub status: u16,
    /// Whether it needs no token.
    pub is_open: bool,
    /// Whether it writes an entry, so that its pace is limited.
    pub is_paced: bool,
    /// Whether it is answered to the owner of the home only, and not to bots.
    pub is_owners: bool,
    bodies: PhantomData<fn(Q) -> A>,
}

/// A query parameter.
pub struct Query {
    /// Its name.
    pub name: &'static str,
    /// Its possible values.
    pub value: Value,
    /// Whether it is required.
    pub needed: bool,
    /// Its meaning.
    pub says: &'static str,
}

/// A request header.
pub struct Header {
    /// Its name.
    pub name: &'static str,
    /// An example value.
    pub example: &'static str,
    /// Its meaning.
    pub says: &'static str,
}

/// The possible values of a parameter.
#[derive(Clone, Copy)]
pub enum Value {
    /// Any text, with an example.
    Text(&'static str),
    /// A number: its minimum, and an example.
    Number(u64, u64),
    /// One of these words.
    OneOf(&'static [&'static str]),
}

impl<Q, A> Endpoint<Q, A> {
    /// An endpoint that answers with status 200 and has no query parameters.
    pub const fn new(id: &'static str, tag: Tag, method: Method, path: &'static str, summary: &'static str) -> Self {
        Self {
            id,
            tag,
            method,
            path,
            summary,
            details: "",
            queries: &[],
            headers: &[],
            status: 200,
            is_open: false,
            is_paced: false,
            is_owners: false,
            bodies: PhantomData,
        }
    }

    /// The path with its query string: `parameters` fill the braces in order, percent-encoded.
    pub fn at(&self, parameters: &[&str], query: &[(&str, &str)]) -> String {
        let mut parameters = parameters.iter();
        let mut path = String::new();
        for step in self.path.split('/').skip(1) {
            path.push('/');
            match step.starts_with('{') {
                true => path.extend(piece(parameters.next().copied().unwrap_or_default())),
                false => path.push_str(step),
            }
        }
        for (at, (name, value)) in query.iter().enumerate() {
            path.push(if at == 0 { '?' } else { '&' });
            path.extend([name, "="]);
            path.extend(piece(value));
        }
        path
    }

    /// Whether a path matches this endpoint.
    pub fn is_at(&self, path: &str) -> bool {
        let fits = |(own, step): (&str, &str)| own == step || own.starts_with('{') && !step.is_empty();
        self.path.split('/').count() == path.split('/').count() && self.path.split('/').zip(path.split('/')).all(fits)
    }

    /// Adds information for callers.
    pub const fn details(self, details: &'static str) -> Self {
        Self { details, ..self }
    }

    /// Adds query parameters.
    pub const fn queries(self, queries: &'static [Query]) -> Self {
        Self { queries, ..self }
    }

    /// Adds request headers.
    pub const fn headers(self, headers: &'static [Header]) -> Self {
        Self { headers, ..self }
    }

    /// Sets the status of a successful answer.
    pub const fn status(self, status: u16) -> Self {
        Self { status, ..self }
    }

    /// Limits the pace.
    pub const fn paced(self) -> Self {
        Self { is_paced: true, ..self }
    }

    /// Refuses bots.
    pub const fn owners(self) -> Self {
        Self { is_owners: true, ..self }
    }

    /// Makes the token unnecessary.
    pub const fn open(self) -> Self {
        Self { is_open: true, ..self }
    }
}

impl Query {
    /// An optional parameter.
    pub const fn new(name: &'static str, value: Value, says: &'static str) -> Self {
        Self { name, value, needed: false, says }
    }

    /// Makes the parameter required.
    pub const fn needed(self) -> Self {
        Self { needed: true, ..self }
    }
}

/// Percent-encodes a path segment: everything except letters and digits.
pub fn piece(text: &str) -> PercentEncode<'_> {
    utf8_percent_encode(text, NON_ALPHANUMERIC)
}

#[cfg(test)]
mod tests {
    use super::piece;
    use crate::endpoints;

    #[test]
    fn path_segments_are_percent_encoded() {
        assert_eq!(piece("lunch 👍/?").to_string(), "lunch%20%F0%9F%91%8D%2F%3F");
    }

    #[test]
    fn path_parameters_may_hold_any_text() {
        assert_eq!(endpoints::LIST_ROOMS.at(&[], &[]), "/v1/rooms");
        assert_eq!(
            endpoints::REACT.at(&["a/b", "x.1", "👍"], &[]),
            "/v1/rooms/a%2Fb/messages/x%2E1/reactions/%F0%9F%91%8D"
        );
        let page = endpoints::LIST_MESSAGES.at(&["r"], &[("q", "a b&c"), ("limit", "3")]);
        assert_eq!(page, "/v1/rooms/r/messages?q=a%20b%26c&limit=3");
        for (path, is) in
            [("/v1/hooks/a/b", true), ("/v1/hooks/a", false), ("/v1/hooks/a/", false), ("/v1/rooms/a/b", false)]
        {
            assert_eq!(endpoints::POST_BY_HOOK.is_at(path), is, "{path}");
        }
        assert_eq!(endpoints::GET_TICKET_PICTURE.at(&["r"], &[]), "/v1/rooms/r/ticket.svg");
    }
}
