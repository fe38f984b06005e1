//! The rows: what the process does, a table of rooms, a table of links.

use ratatui::style::Style;
use rumormill_api::{Carried, Figures, LinkFigures, Path, Queues, Rejected, Room, Spread};
use rumormill_text::{
    clean_name, fit,
    limits::NICK_CHARS,
    show::{count, thousands},
    size, title,
};
use unicode_width::UnicodeWidthStr as _;

use super::model::{Sample, Top};
use crate::paint::Paint;

/// How a row is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tone {
    Plain,
    Head,
    Alarm,
}

type Row = (Tone, String);

/// The screen, with the style of each row: a bar, the process, the tables as far as they fit, and the keys.
pub(super) fn drawn(top: &mut Top, columns: usize, height: usize) -> Vec<(String, Style)> {
    let paint = top.paint;
    let bar = |text: &str| (cell(&format!(" {text}"), columns), paint.bar());
    let Some(last) = top.last() else { return vec![bar("rumormill top"), (" …".into(), paint.dim())] };
    let mut rows = vec![bar(&state(last))];
    let lately = |of: fn(&Figures) -> &Spread| {
        let (spread, seconds) = top.lately(of);
        times(&spread, &format!("in the last {seconds} s"))
    };
    let [bytes_in, bytes_out] = top.carried();
    let rates = format!("{}/s in, {}/s out", size(bytes_in), size(bytes_out));
    let process = process(&last.figures, lately, &rates);
    rows.extend(process.into_iter().map(|row| styled(row, columns, paint)));
    let rooms = top.rooms();
    let links = top.links();
    let tables = tables(last, ["IN/s", "OUT/s"], &rooms, &links);
    let room = height.saturating_sub(rows.len() + 1);
    let above = top.above.min(tables.len().saturating_sub(room));
    rows.extend(tables.into_iter().skip(above).take(room).map(|row| styled(row, columns, paint)));
    rows.resize(height.saturating_sub(1), Default::default());
    let keys = format!("q quit   s sorted by {}   ↑↓ scroll", top.sort.word());
    rows.push(bar(&keys));
    top.above = above;
    rows
}

/// The same as plain lines, with what was counted since the home was opened instead of rates.
pub(crate) fn plain(sample: &Sample) -> Vec<String> {
    let all = |of: fn(&Figures) -> &Spread| times(of(&sample.figures), "since the home was opened");
    let rooms: Vec<_> =
        sample.rooms.iter().map(|room| (room, [room.traffic.bytes_in, room.traffic.bytes_out])).collect();
    let links: Vec<_> = sample.figures.links.iter().map(|link| (link, [link.bytes_in, link.bytes_out])).collect();
    let Carried { direct_in, direct_out, relayed_in, relayed_out } = sample.figures.carried;
    let (bytes_in, bytes_out) = (direct_in.saturating_add(relayed_in), direct_out.saturating_add(relayed_out));
    let carried = format!("{} in, {} out", size(bytes_in), size(bytes_out));
    let process = process(&sample.figures, all, &carried);
    let tables = tables(sample, ["IN", "OUT"], &rooms, &links);
    let state = [(Tone::Head, format!(" {}", state(sample)))];
    let rows = state.into_iter().chain(process).chain(tables);
    rows.map(|(_, row)| row.strip_prefix(' ').unwrap_or(&row).trim_end().to_owned()).collect()
}

fn styled((tone, text): Row, columns: usize, paint: Paint) -> (String, Style) {
    let style = match tone {
        Tone::Plain => Style::new(),
        Tone::Head => paint.dim(),
        Tone::Alarm => paint.alarm(),
    };
    (fit(&text, columns), style)
}

/// The state in one line.
fn state(Sample { rooms, figures, .. }: &Sample) -> String {
    let relayed = figures.links.iter().filter(|link| link.path == Path::Relayed).count();
    let missing = rooms.iter().fold(0_u64, |sum, room| sum.saturating_add(room.missing));
    let (rooms, links) = (count(rooms.len(), "room", "rooms"), count(figures.links.len(), "link", "links"));
    let up = span(figures.up_s.max(1).saturating_mul(1_000));
    format!("rumormill top   up {up}   {rooms}   {links}, {relayed} relayed   {} missing", thousands(missing))
}

/// What the process does: a subject and what is told of it in each row.
fn process(figures: &Figures, times: impl Fn(fn(&Figures) -> &Spread) -> String, carried: &str) -> Vec<Row> {
    let Figures { home_bytes, free_bytes, rejected, carried: bytes, queues, links, .. } = figures;
    let Queues { commands, frames, frame_bytes } = queues;
    let unsent: u64 = links.iter().map(|link| link.unsent_bytes).sum();
    let refused: Vec<String> = rejected.iter().map(|Rejected { kind, count }| format!("{kind} {count}")).collect();
    let is_refused = rejected.iter().any(|rejected| rejected.count > 0);
    let known = |bytes: &Option<u64>| bytes.map_or("unknown".into(), size);
    let row = |about: &str, tells: String| (Tone::Plain, format!(" {about:<9} {tells}"));
    let (tone, refused) = match is_refused {
        true => (Tone::Alarm, refused.join(", ")),
        false => (Tone::Plain, "nothing".into()),
    };
    vec![
        row("rumors", times(|figures| &figures.rumor_lag)),
        row("repairs", times(|figures| &figures.repair_lag)),
        row("commits", times(|figures| &figures.commits)),
        row("bytes", format!("{carried}; {} of all so far relayed", relayed_share(bytes))),
        row(
            "waiting",
            format!("{frames} frames ({}), {commands} commands, {} unsent", size(*frame_bytes), size(unsent)),
        ),
        (tone, row("refused", refused).1),
        row("disk", format!("home {}, free {}", known(home_bytes), known(free_bytes))),
        (Tone::Plain, String::new()),
    ]
}

/// The table of rooms and the table of links; the columns for bytes have these names.
fn tables(
    sample: &Sample,
    [bytes_in, bytes_out]: [&str; 2],
    rooms: &[(&Room, [u64; 2])],
    links: &[(&LinkFigures, [u64; 2])],
) -> Vec<Row> {
    let head = format!(
        " {:<22} {:>5} {:>9} {:>8} {bytes_in:>9} {bytes_out:>9}  {}",
        "ROOM", "PEERS", "ENTRIES", "MISSING", "STATE"
    );
    let mut rows = vec![(Tone::Head, head)];
    rows.extend(rooms.iter().map(|(room, bytes)| of_room(room, *bytes)));
    let head = format!(
        " {:<8} {:<18} {:<7} {:>7} {bytes_in:>9} {bytes_out:>9} {:>9} {:>5}",
        "PEER", "NAME", "PATH", "RTT", "UNSENT", "ROOMS"
    );
    rows.extend([(Tone::Plain, String::new()), (Tone::Head, head)]);
    rows.extend(links.iter().map(|(link, bytes)| of_link(sample, link, *bytes)));
    rows
}

fn of_room(room: &Room, [bytes_in, bytes_out]: [u64; 2]) -> Row {
    let Room { peers, entries, missing, stopped, damaged, seeking, .. } = room;
    let (tone, state) = match (stopped, seeking) {
        (Some(_), _) if *damaged => (Tone::Alarm, "damaged"),
        (Some(_), _) => (Tone::Alarm, "stopped"),
        (None, Some(_)) => (Tone::Plain, "looks for others"),
        (None, None) if peers.is_empty() => (Tone::Plain, "alone"),
        (None, None) if *missing > 0 => (Tone::Plain, "catches up"),
        (None, None) => (Tone::Plain, "well"),
    };
    let row = format!(
        " {} {:>5} {:>9} {:>8} {:>9} {:>9}  {state}",
        cell(&title(&room.name), 22),
        peers.len(),
        thousands(*entries),
        thousands(*missing),
        size(bytes_in),
        size(bytes_out),
    );
    (tone, row)
}

fn of_link(sample: &Sample, link: &LinkFigures, [bytes_in, bytes_out]: [u64; 2]) -> Row {
    let peers = sample.rooms.iter().flat_map(|room| &room.peers);
    let nick = peers.filter(|peer| peer.peer == link.peer).map(|peer| clean_name(&peer.nick, NICK_CHARS)).next();
    let path = match link.path {
        Path::Direct => "direct",
        Path::Relayed => "relayed",
    };
    let row = format!(
        " {} {} {path:<7} {:>7} {:>9} {:>9} {:>9} {:>5}",
        cell(link.peer.as_str().get(..8).unwrap_or_default(), 8),
        cell(&nick.unwrap_or_default(), 18),
        format!("{} ms", link.rtt_ms),
        size(bytes_in),
        size(bytes_out),
        size(link.unsent_bytes),
        link.rooms,
    );
    (Tone::Plain, row)
}

/// How long something took, each time that it was done.
fn times(spread: &Spread, when: &str) -> String {
    if spread.count == 0 {
        return format!("none {when}");
    }
    let most = spread.within.last().map(|within| format!("more than {}", span(within.ms))).unwrap_or_default();
    let within = |percent| match spread.at_most_ms(percent) {
        Some(ms) => span(ms),
        None => most.clone(),
    };
    format!("{} {when}: 50 % within {}, 95 % {}, 99 % {}", thousands(spread.count), within(50), within(95), within(99))
}

/// The share of relayed bytes since the home was opened.
fn relayed_share(Carried { direct_in, direct_out, relayed_in, relayed_out }: &Carried) -> String {
    let relayed = u128::from(*relayed_in) + u128::from(*relayed_out);
    let all = relayed + u128::from(*direct_in) + u128::from(*direct_out);
    format!("{} %", (relayed * 100).checked_div(all).unwrap_or(0))
}

/// A time in one or two units.
fn span(ms: u64) -> String {
    match (ms, ms / 1_000) {
        (0..1_000, _) => format!("{ms} ms"),
        (_, seconds @ 0..60) => format!("{seconds} s"),
        (_, seconds @ 60..3_600) => format!("{} min", seconds / 60),
        (_, seconds @ 3_600..86_400) if seconds % 3_600 < 60 => format!("{} h", seconds / 3_600),
        (_, seconds @ 3_600..86_400) => format!("{} h {} min", seconds / 3_600, seconds % 3_600 / 60),
        (_, seconds) => format!("{} d", seconds / 86_400),
    }
}

/// A text in exactly this many columns.
fn cell(text: &str, columns: usize) -> String {
    let text = fit(text, columns);
    let blanks = columns.saturating_sub(text.width());
    format!("{text}{}", " ".repeat(blanks))
}
