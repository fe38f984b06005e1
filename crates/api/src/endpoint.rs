//! What an endpoint is: a method, a path, and the types of what goes in and comes out.

use std::marker::PhantomData;

use percent_encoding::{NON_ALPHANUMERIC, PercentEncode, utf8_percent_encode};
use serde::Serialize;
use utoipa::ToSchema;

/// A value that shows what a body looks like.
pub trait Example: Serialize + ToSchema {
    /// The value.
    fn example() -> Self;
}

/// A body of JSON.
pub struct Json<T>(PhantomData<fn() -> T>);

/// Lines of JSON, one at a time as the work goes on.
pub struct Steps<T>(PhantomData<fn() -> T>);

/// Server-sent events.
pub struct Events<T>(PhantomData<fn() -> T>);

/// JSON, or plain text of which each line stands for one.
pub struct JsonOrLines<T>(PhantomData<fn() -> T>);

/// Plain text.
pub struct Text;

/// An SVG picture.
pub struct Svg;

/// Figures in the text format of OpenMetrics.
pub struct Figures;

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
    /// Sets; asking twice is as good as once.
    Put,
    /// Takes away.
    Delete,
}

/// The groups that the description lists endpoints in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tag {
    /// Rooms and what one sets in them.
    Rooms,
    /// What is said.
    Messages,
    /// Who takes part.
    People,
    /// Files that messages offer.
    Files,
    /// Webhooks.
    Hooks,
    /// Bots.
    Bots,
    /// Exports, imports and repairs.
    Archive,
    /// What happens, as it happens.
    Events,
    /// How the process is.
    Process,
}

/// The header by which a reader of events comes back: the last `id:` that it read.
pub const LAST_EVENT_ID: &str = "last-event-id";

/// The header that gives a call a name, under which it is carried out once however often it is made.
pub const IDEMPOTENCY_KEY: &str = "idempotency-key";

/// One endpoint: `Q` goes in, `A` comes out.
pub struct Endpoint<Q, A> {
    /// The operation's name, unique in the table.
    pub id: &'static str,
    /// The group it belongs to.
    pub tag: Tag,
    /// The method.
    pub method: Method,
    /// The path, with parameters in braces.
    pub path: &'static str,
    /// What it does, in a line.
    pub summary: &'static str,
    /// What else a caller has to know.
    pub details: &'static str,
    /// Parameters behind the `?`.
    pub queries: &'static [Query],
    /// Headers that matter to it.
    pub headers: &'static [Header],
    /// The status of success.
    pub status: u16,
    /// Whether it is answered to whoever asks, without the token.
    pub is_open: bool,
    /// Whether it writes an entry, and so at a pace.
    pub is_paced: bool,
    /// Whether it is answered to the owner of the home only, and not to bots.
    pub is_owners: bool,
    bodies: PhantomData<fn(Q) -> A>,
}

/// A parameter behind the `?`.
pub struct Query {
    /// Its name.
    pub name: &'static str,
    /// What it may be.
    pub value: Value,
    /// Whether the request needs it.
    pub needed: bool,
    /// What it means.
    pub says: &'static str,
}

/// A header that a request may carry.
pub struct Header {
    /// Its name.
    pub name: &'static str,
    /// What it may be.
    pub example: &'static str,
    /// What it means.
    pub says: &'static str,
}

/// What a parameter may be.
#[derive(Clone, Copy)]
pub enum Value {
    /// Any text, like this one.
    Text(&'static str),
    /// A number, at least the first, like the second.
    Number(u64, u64),
    /// One of these words.
    OneOf(&'static [&'static str]),
}

impl<Q, A> Endpoint<Q, A> {
    /// An endpoint that is answered with 200 and needs no parameters behind the `?`.
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

    /// The path and what stands behind the `?`: `parameters` fill the braces in their order, whatever they contain.
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

    /// Whether a path is of this form.
    pub fn is_at(&self, path: &str) -> bool {
        let fits = |(own, step): (&str, &str)| own == step || own.starts_with('{') && !step.is_empty();
        self.path.split('/').count() == path.split('/').count() && self.path.split('/').zip(path.split('/')).all(fits)
    }

    /// The same, with what else a caller has to know.
    pub const fn details(self, details: &'static str) -> Self {
        Self { details, ..self }
    }

    /// The same, with parameters behind the `?`.
    pub const fn queries(self, queries: &'static [Query]) -> Self {
        Self { queries, ..self }
    }

    /// The same, where these headers matter.
    pub const fn headers(self, headers: &'static [Header]) -> Self {
        Self { headers, ..self }
    }

    /// The same, answered with another status.
    pub const fn status(self, status: u16) -> Self {
        Self { status, ..self }
    }

    /// The same, at the pace of a room.
    pub const fn paced(self) -> Self {
        Self { is_paced: true, ..self }
    }

    /// The same, answered to no bot.
    pub const fn owners(self) -> Self {
        Self { is_owners: true, ..self }
    }

    /// The same, answered without the token.
    pub const fn open(self) -> Self {
        Self { is_open: true, ..self }
    }
}

impl Query {
    /// A parameter that may be left out.
    pub const fn new(name: &'static str, value: Value, says: &'static str) -> Self {
        Self { name, value, needed: false, says }
    }

    /// The same, as one that the request needs.
    pub const fn needed(self) -> Self {
        Self { needed: true, ..self }
    }
}

/// A piece of a path: everything that is not plainly a letter or digit is written by number.
pub fn piece(text: &str) -> PercentEncode<'_> {
    utf8_percent_encode(text, NON_ALPHANUMERIC)
}

#[cfg(test)]
mod tests {
    use super::piece;
    use crate::endpoints;

    #[test]
    fn pieces_of_paths() {
        assert_eq!(piece("lunch 👍/?").to_string(), "lunch%20%F0%9F%91%8D%2F%3F");
    }

    #[test]
    fn paths_are_filled_whatever_stands_in_them() {
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
