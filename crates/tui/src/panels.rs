//! Answers that are too long to stand between the messages: they replace the messages until they are closed.

use fast_qr::{ECL, QRBuilder};
use ratatui::{
    style::Style,
    text::{Line, Span},
};
use rumormill_api::{NearbyRoom, Path, Peer, Person, Role};
use rumormill_text::{
    fit, keepers,
    show::{shared, thousands},
    title,
};
use unicode_width::UnicodeWidthStr;

use super::{
    layout::parts,
    model::{Model, Panel},
    orders::{KEYS, ORDERS, Use},
    wrap::wrap,
};

/// Columns for the subject of a row.
const ABOUT: usize = 26;

/// The rows of a panel on a screen of `width` columns: each text beside its subject, with a hanging indent.
pub(super) fn laid(panel: &Panel, width: usize) -> Vec<Line<'static>> {
    let mut rows = Vec::new();
    for (about, text) in &panel.rows {
        let indent = if about.is_empty() { 1 } else { ABOUT };
        let about = fit(about, indent - 1);
        let mut head = Some(format!(" {about}{}", " ".repeat(indent - 1 - about.width())));
        for mut row in wrap(&[(text.clone(), Style::new())], width.saturating_sub(indent)) {
            row.spans.insert(0, Span::raw(head.take().unwrap_or_else(|| " ".repeat(indent))));
            rows.push(row);
        }
    }
    rows
}

pub(super) fn show(model: &mut Model, title: impl Into<String>, rows: Vec<(String, String)>) {
    model.panel = Some(Panel { title: title.into(), rows, ..Panel::default() });
}

/// Shows the daily orders and keys.
pub(super) fn help(model: &mut Model) {
    let orders = orders(&[Use::Daily]).chain([("/help all".into(), "every order, key and sign".into())]);
    let rows = orders.chain([blank()]).chain(keys(&[Use::Daily])).collect();
    show(model, "every day's orders and keys", rows);
}

fn orders(often: &[Use]) -> impl Iterator<Item = (String, String)> + use<'_> {
    let orders = ORDERS.iter().filter(|order| often.contains(&order.often));
    orders.map(|order| (format!("/{} {}", order.word, order.rest), order.what.to_owned()))
}

fn keys(often: &[Use]) -> impl Iterator<Item = (String, String)> + use<'_> {
    let keys = KEYS.iter().filter(|(_, _, use_of)| often.contains(use_of));
    keys.map(|(keys, what, _)| ((*keys).to_owned(), (*what).to_owned()))
}

/// Shows all orders and keys.
pub(super) fn help_all(model: &mut Model) {
    let all = [Use::Daily, Use::Rare];
    let (orders, keys) = (orders(&all), keys(&all));
    let signs = SIGNS.iter().map(|(sign, what)| ((*sign).to_owned(), (*what).to_owned()));
    let rows = orders.chain([blank()]).chain(keys).chain([blank()]).chain(signs).collect();
    show(model, "orders, keys and signs", rows);
}

/// The marks on the screen.
const SIGNS: [(&str, &str); 9] = [
    ("Ann°", "you have compared your safety number with Ann's"),
    ("//", "at the beginning of a line says / and the rest"),
    ("✓ 4/7", "received by four of seven others; /seen: by whom, and who acknowledged it"),
    ("@12:30", "it names you"),
    ("12:30↑", "it came late, above what you had seen"),
    ("^2 lunch", "a room that is pinned"),
    ("-2 lunch", "a room that is muted"),
    ("[👍 2]", "two set this sign, one of them is you"),
    ("ada~9f2c", "one of several who look alike, by the beginning of the author's id"),
];

fn blank() -> (String, String) {
    (String::new(), String::new())
}

/// Shows the settings and their values.
pub(super) fn settings(model: &mut Model) {
    show(model, "settings; /set NAME VALUE changes one", model.settings.rows());
}

/// Shows who is in the room.
pub(super) fn names(model: &mut Model) {
    let Some(open) = &model.open else { return model.no_room() };
    let mut people: Vec<&Person> = open.people.values().collect();
    people.sort_by_key(|person| (!person.me, !person.here, std::cmp::Reverse(person.last_ms)));
    people.retain(|person| person.role != Some(Role::Removed));
    let row = |person: &&Person| {
        let here = match (person.me, person.here) {
            (true, _) => "you",
            (false, true) => "here",
            (false, false) => "away",
        };
        let name = open.names.name(&person.author, &person.nick).fit(ABOUT - 2);
        let hidden = if person.hidden { ", hidden" } else { "" };
        let verified = if person.verified { ", verified" } else { "" };
        let role = person.role.filter(|role| *role != Role::Member).map(|role| format!(", {}", role.word()));
        (name, format!("{here}{verified}{}, {}{hidden}", role.unwrap_or_default(), last_word(model, person)))
    };
    let rows = people.iter().map(row).collect();
    show(model, format!("{} people", people.len()), rows);
}

/// Shows the keepers of the room.
pub(super) fn tell_keepers(model: &mut Model) {
    let Some(open) = &model.open else { return };
    let (mut lines, advice) = keepers::keepers(open.people.values(), &open.names, &model.clock);
    lines.extend(advice.map(str::to_owned));
    model.told(lines.join("\n"));
}

/// When somebody spoke last.
pub(super) fn last_word(model: &Model, person: &Person) -> String {
    match person.last_ms {
        0 => "has not said anything".into(),
        ms => format!("last spoke {} {}", model.clock.day(ms), model.clock.minutes(ms)),
    }
}

/// Shows the rooms that are announced on the LAN.
pub(super) fn nearby(model: &mut Model, rooms: &[NearbyRoom]) {
    let row = |room: &NearbyRoom| {
        let peer = room.peer.as_str();
        (fit(&title(&room.name), ABOUT - 2), format!("announced by {}", peer.get(..8).unwrap_or(peer)))
    };
    let mut rows: Vec<(String, String)> = rooms.iter().map(row).collect();
    if rows.is_empty() {
        rows.push((String::new(), "none; /announce tells of a room that you are in, or ask for a ticket".into()));
    }
    show(model, "rooms on this LAN; /join NAME enters one", rows);
}

/// Shows who is connected.
pub(super) fn peers(model: &mut Model) {
    let Some((open, room)) = model.open.as_ref().zip(model.room()) else { return model.no_room() };
    let peer = |peer: &Peer| (open.names.name(&peer.author, &peer.nick).fit(ABOUT - 2), way(peer.path, peer.rtt_ms));
    let mut rows: Vec<(String, String)> = room.peers.iter().map(peer).collect();
    if rows.is_empty() {
        rows.push((String::new(), "nobody; what you say is kept and goes out when somebody comes".into()));
    }
    rows.extend(room.shares.iter().map(|share| ("share full".into(), shared(share, &model.clock))));
    let traffic = &room.traffic;
    let moved = |bytes, messages| format!("{} bytes in {} messages", thousands(bytes), thousands(messages));
    rows.push(blank());
    rows.push(("entries".into(), format!("{} here, {} missing", thousands(room.entries), thousands(room.missing))));
    rows.push(("received".into(), moved(traffic.bytes_in, traffic.frames_in)));
    rows.push(("sent".into(), moved(traffic.bytes_out, traffic.frames_out)));
    rows.push(("reach".into(), room.reach.clone()));
    show(model, "who is connected", rows);
}

/// How a peer is reached.
pub(super) fn way(path: Path, rtt_ms: Option<u64>) -> String {
    let path = match path {
        Path::Direct => "direct",
        Path::Relayed => "relayed",
    };
    rtt_ms.map_or_else(|| path.to_owned(), |ms| format!("{path}, {ms} ms"))
}

/// The rows of a QR code.
fn picture(text: &str) -> Option<Vec<(String, String)>> {
    let picture = QRBuilder::new(text).ecl(ECL::L).build().ok()?;
    Some(picture.to_str().lines().map(|row| (String::new(), row.to_owned())).collect())
}

/// Draws the safety number with somebody as a QR code below what is told of it; returns whether that fits the screen.
pub(super) fn draw_safety(model: &mut Model, name: &str, (told, number): (&str, &str)) -> bool {
    let Some(drawn) = picture(&number.replace(' ', "")).filter(|_| !number.is_empty()) else { return false };
    let rows: Vec<(String, String)> = told.lines().map(|line| (String::new(), line.to_owned())).chain(drawn).collect();
    let middle = parts(model).middle;
    let columns = rows.iter().map(|(_, row)| row.width() + 1).max().unwrap_or(0);
    // A line that is told may need a second row.
    if columns > 2 * usize::from(middle.width) || rows.len() + 3 > usize::from(middle.height) {
        return false;
    }
    show(model, format!("your safety number with {name}"), rows);
    true
}

/// Draws a ticket as a QR code.
pub(super) fn draw_ticket(model: &mut Model, ticket: &str) {
    let Some(rows) = picture(&ticket.to_ascii_uppercase()) else {
        return model.fail("picture", "the ticket is too long for a picture", "/ticket shows it as text");
    };
    let before = model.panel.replace(Panel { tall: true, ..Panel::default() });
    let middle = parts(model).middle;
    model.panel = before;
    let columns = rows.iter().map(|(_, row)| row.width() + 1).max().unwrap_or(0);
    if columns > usize::from(middle.width) || rows.len() + 1 > usize::from(middle.height) {
        let (rows, here) = (rows.len() + 2, model.size);
        return model.fail(
            "picture",
            &format!("the picture needs {columns} columns, {rows} rows; here are {}, {}", here.columns, here.rows),
            "make the window larger or its letters smaller, or take /ticket",
        );
    }
    show(model, "the ticket; anyone who has it can join", rows);
    model.panel.iter_mut().for_each(|panel| panel.tall = true);
}
