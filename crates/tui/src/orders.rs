//! What a person may type besides text: orders that begin with a slash. An order, its help and its reading are
//! neighbours.

use rumormill_api::act;

/// An order as it was typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Order {
    Help,
    New(String),
    Join(String),
    Leave,
    Nick(String),
    Me(String),
    Names,
    Whois(String),
    Hide(String),
    Topic(String),
    Search(String),
    Seen,
    Announce(String),
    Ticket,
    Qr,
    Peers,
    Digest,
    Reply(String),
    Edit(String),
    Delete,
    React(String),
    Set(String),
    File(String),
    Get(String),
    Quit,
}

/// One order: its word, what follows it, what it does, and how it is read.
pub(super) struct Known {
    pub(super) word: &'static str,
    pub(super) rest: &'static str,
    pub(super) what: &'static str,
    read: fn(String) -> Order,
}

/// Every order, as `/help` lists them.
pub(super) const ORDERS: [Known; 25] = [
    known("join", "TICKET or ROOM", "enter or go to a room; alone: rooms on this LAN", Order::Join),
    known("new", "NAME", "begin a room", Order::New),
    known("leave", "", "leave this room and forget what was said in it", |_| Order::Leave),
    known("announce", "on or off", "let those on this LAN enter the room by its name", Order::Announce),
    known("ticket", "", "what lets others in, shown and copied", |_| Order::Ticket),
    known("qr", "", "the same as a picture, for a telephone", |_| Order::Qr),
    known("nick", "NAME", "be shown by this name", Order::Nick),
    known("me", "TEXT", "say what you do", Order::Me),
    known("names", "", "who is in the room", |_| Order::Names),
    known("whois", "NAME", "who that is, and how they are reached", Order::Whois),
    known("hide", "NAME", "do not show what they say, or show it again", Order::Hide),
    known("topic", "TEXT", "set the topic, or show it", Order::Topic),
    known("search", "WORDS", "find what was said", Order::Search),
    known("seen", "", "who has the selected message, or your last", |_| Order::Seen),
    known("reply", "TEXT", "answer the selected message, or the last one", Order::Reply),
    known("edit", "TEXT", "write your message anew", Order::Edit),
    known("delete", "", "take your message back", |_| Order::Delete),
    known("react", "SIGN", "set a sign under a message, or take it back", Order::React),
    known("file", "PATH", "send a file", Order::File),
    known("get", "", "save the file of the selected message, or the last", Order::Get),
    known("peers", "", "who is connected, and how", |_| Order::Peers),
    known("digest", "", "the same at two people who hold the same entries", |_| Order::Digest),
    known("set", "NAME VALUE", "change a setting, or list them", Order::Set),
    known("help", "", "this", |_| Order::Help),
    known("quit", "", "end the program; all rooms are kept", |_| Order::Quit),
];

const fn known(word: &'static str, rest: &'static str, what: &'static str, read: fn(String) -> Order) -> Known {
    Known { word, rest, what, read }
}

/// Keys, as `/help` lists them.
pub(super) const KEYS: [(&str, &str); 13] = [
    ("Alt+1 … Alt+9", "go to a room; Alt+Left and Alt+Right to the one beside it"),
    ("Alt+a", "go to a room with news"),
    ("PgUp PgDn", "read up and down; Esc goes back to the end"),
    ("Alt+u", "go to the first unread message"),
    ("Alt+Up Alt+Down", "select a message, for the orders above"),
    ("Alt+r Alt+e Alt+c", "reply to the selected message, edit it, copy it"),
    ("Ctrl+s", "search"),
    ("Tab", "complete a name or an order"),
    ("Up Down Ctrl+r", "what you typed before"),
    ("Alt+Enter", "a line break"),
    ("Alt+l", "bare text, to be copied with the mouse"),
    ("Ctrl+a e k u w y", "and the other keys of a shell edit the line"),
    ("Ctrl+c", "forget the line; twice: end the program"),
];

/// A line that was typed.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Said {
    Nothing,
    Text(String),
    Order(Order),
    Unknown(String),
}

/// Reads a line. Two slashes at its beginning say one and the rest.
pub(super) fn read(line: &str) -> Said {
    let Some(order) = line.strip_prefix('/') else {
        return if line.trim().is_empty() { Said::Nothing } else { Said::Text(line.to_owned()) };
    };
    if order.starts_with('/') {
        return Said::Text(order.to_owned());
    }
    let (word, rest) = order.split_once(char::is_whitespace).unwrap_or((order, ""));
    match ORDERS.iter().find(|known| known.word == word) {
        Some(known) => Said::Order((known.read)(rest.trim().to_owned())),
        None => Said::Unknown(word.to_owned()),
    }
}

/// A text as it is typed: what [`read`] makes the text of again.
pub(super) fn typed(text: &str) -> String {
    if text.starts_with('/') && act(text).is_none() { format!("/{text}") } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_typed() {
        let cases = [
            ("hello", Said::Text("hello".into())),
            ("  indented", Said::Text("  indented".into())),
            ("", Said::Nothing),
            (" \n ", Said::Nothing),
            ("//quit", Said::Text("/quit".into())),
            ("/quit", Said::Order(Order::Quit)),
            ("/nick  ada lovelace ", Said::Order(Order::Nick("ada lovelace".into()))),
            ("/reply one\ntwo", Said::Order(Order::Reply("one\ntwo".into()))),
            ("/quitter", Said::Unknown("quitter".into())),
            ("/", Said::Unknown("".into())),
        ];
        for (typed, want) in cases {
            assert_eq!(read(typed), want, "{typed:?}");
        }
    }

    #[test]
    fn texts_are_typed_as_they_are_read() {
        assert_eq!(read(&typed("/quit")), Said::Text("/quit".into()));
        assert_eq!(read(&typed("hello")), Said::Text("hello".into()));
        assert_eq!(read(&typed("/me waves")), Said::Order(Order::Me("waves".into())));
    }

    #[test]
    fn every_order_reads_as_itself_and_fits_a_narrow_screen() {
        for known in &ORDERS {
            assert!(matches!(read(&format!("/{} x", known.word)), Said::Order(_)), "{}", known.word);
            assert!(known.what.len() <= 52, "{}", known.what);
        }
    }
}
