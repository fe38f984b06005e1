//! What a person may type besides text: orders, which begin with a slash. An order, its help and its parsing are
//! neighbours.

use rumormill_api::act;

/// A typed order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Order {
    Help(String),
    New(String),
    Join(String),
    Leave,
    Nick(String),
    Me(String),
    Names,
    Whois(String),
    Verify(String),
    Hide(String),
    Msg(String),
    Requests(String),
    Kick(String),
    Appoint(String),
    Dismiss(String),
    StepDown(String),
    Close(String),
    Rules(String),
    Held,
    Through(String),
    Report(String),
    Reports,
    Topic(String),
    Search(String),
    Seen,
    Unread,
    Mute,
    Pin,
    Announce(String),
    Ticket(String),
    Qr,
    Peers,
    Keepers,
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

/// An order: its word, its arguments, its help, and how it is parsed.
pub(super) struct Known {
    pub(super) word: &'static str,
    pub(super) rest: &'static str,
    pub(super) what: &'static str,
    /// Where the help shows it.
    pub(super) often: Use,
    read: fn(String) -> Order,
}

/// How often an order is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Use {
    /// Every day: `/help` shows it, on one screen.
    Daily,
    /// Rarely: `/help all` shows it.
    Rare,
}

/// Every order, as `/help` lists them.
pub(super) const ORDERS: [Known; 42] = [
    daily("join", "TICKET or ROOM", "enter or go to a room; alone: rooms on this LAN", Order::Join),
    daily("new", "NAME", "begin a closed room; NAME --open: an open one", Order::New),
    daily("ticket", "", "show and copy the ticket for others", Order::Ticket),
    rare("nick", "NAME", "be shown by this name", Order::Nick),
    daily("reply", "TEXT", "answer the selected message, or the last one", Order::Reply),
    daily("edit", "TEXT", "write your message anew", Order::Edit),
    daily("delete", "", "take your message back", |_| Order::Delete),
    daily("react", "SIGN", "set a sign under a message, or take it back", Order::React),
    daily("file", "PATH", "send a file", Order::File),
    daily("get", "", "save the file of the selected message, or the last", Order::Get),
    daily("search", "WORDS", "find what was said", Order::Search),
    daily("names", "", "who is in the room", |_| Order::Names),
    rare("me", "TEXT", "say what you do", Order::Me),
    rare("topic", "TEXT", "set the topic, or show it", Order::Topic),
    rare("seen", "", "who has the selected message, or your last", |_| Order::Seen),
    rare("unread", "", "mark the selected message as unread, or the last one", |_| Order::Unread),
    rare("whois", "NAME", "who somebody is, and how they are reached", Order::Whois),
    rare("verify", "NAME", "your safety number; NAME yes: it is theirs, too", Order::Verify),
    rare("hide", "NAME", "hide them for you; everywhere NAME: in all rooms", Order::Hide),
    rare("msg", "NAME TEXT", "talk privately; NAME,NAME: as a group", Order::Msg),
    rare("requests", "open NAME", "who asks you to talk privately; decline NAME: no", Order::Requests),
    rare("kick", "NAME", "remove somebody from a closed room", Order::Kick),
    rare("appoint", "NAME", "make somebody a moderator; NAME co-owner: more", Order::Appoint),
    rare("dismiss", "NAME", "end the role of somebody", Order::Dismiss),
    rare("step-down", "", "give up your role; NAME: they may close this room", Order::StepDown),
    rare("close", "without NAME", "close an open room that you may close", Order::Close),
    rare("rules", "", "the rules here, in an open room your own", Order::Rules),
    rare("held", "", "what newcomers said that is held", |_| Order::Held),
    rare("through", "NAME", "show what a newcomer says, which is held", Order::Through),
    rare("report", "WORDS", "report the selected message to the moderators", Order::Report),
    rare("reports", "", "what was reported to you", |_| Order::Reports),
    rare("mute", "", "let nothing said here ring or notify, or undo it", |_| Order::Mute),
    rare("pin", "", "let this room stand first, or undo it", |_| Order::Pin),
    rare("leave", "", "leave this room and forget what was said in it", |_| Order::Leave),
    rare("announce", "on or off", "let those on this LAN enter the room by its name", Order::Announce),
    rare("qr", "", "the ticket as a picture, for a telephone", |_| Order::Qr),
    rare("peers", "", "who is connected, and how", |_| Order::Peers),
    rare("keepers", "", "the keepers of this room, and what each stores", |_| Order::Keepers),
    rare("digest", "", "a digest, equal for people who hold the same entries", |_| Order::Digest),
    rare("set", "NAME VALUE", "change a setting, or list them", Order::Set),
    rare("help", "all", "every order and key", Order::Help),
    daily("quit", "", "end the program; all rooms are kept", |_| Order::Quit),
];

const fn daily(word: &'static str, rest: &'static str, what: &'static str, read: fn(String) -> Order) -> Known {
    Known { word, rest, what, often: Use::Daily, read }
}

const fn rare(word: &'static str, rest: &'static str, what: &'static str, read: fn(String) -> Order) -> Known {
    Known { word, rest, what, often: Use::Rare, read }
}

/// Keys, as `/help` lists them.
pub(super) const KEYS: [(&str, &str, Use); 15] = [
    ("Alt+1 … Alt+9", "go to a room; Alt+Left, Alt+Right: the one beside it", Use::Daily),
    ("Alt+a", "go to a room with news", Use::Daily),
    ("PgUp PgDn", "read up and down, as the mouse wheel; Esc: to the end", Use::Daily),
    ("Home, Ctrl+Home", "go to the beginning of the room", Use::Rare),
    ("Alt+u", "go to the first unread message", Use::Daily),
    ("Alt+Up Alt+Down", "select a message, for the orders above", Use::Daily),
    ("Alt+r Alt+e Alt+c", "reply to the selected message, edit it, copy it", Use::Rare),
    ("Alt+m", "mark the selected message as unread", Use::Rare),
    ("Ctrl+s", "search", Use::Rare),
    ("Tab", "complete a name, an order, a path, :emoji", Use::Daily),
    ("Up Down Ctrl+r", "what you typed before", Use::Rare),
    ("Alt+Enter", "a line break", Use::Rare),
    ("Alt+l", "bare text, to be copied with the mouse", Use::Rare),
    ("Ctrl+a e k u w y", "and the other keys of a shell edit the line", Use::Rare),
    ("Ctrl+c", "forget the line; twice: end the program", Use::Rare),
];

/// A typed line.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Said {
    Nothing,
    Text(String),
    Order(Order),
    Unknown(String),
}

/// Reads a line. Two slashes at its beginning stand for one slash of a text.
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

/// Escapes a text so that [`read`] returns it.
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
    fn typed_texts_are_read_back() {
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
