//! The figures on the screen, and as a plain table.

use bytes::Bytes;
use futures_util::stream::pending;
use http::{Request, Response};
use ratatui::{Terminal, backend::TestBackend};
use rumormill_api::{
    AuthorHex, Carried, Figures, LinkFigures, Path, Peer, PeerHex, Queues, Rejected, Room, Spread, Traffic, Within,
    endpoints::GET_FIGURES,
};
use rumormill_client::{Answered, Body, Client, Error, Transport};
use serde_json::json;

use super::{keys, shell::typed, text};
use crate::{
    paint::Paint,
    top::{Next, Sample, Top, draw, plain, stay},
};

fn peer(digits: &str) -> PeerHex {
    PeerHex(digits.repeat(16))
}

fn linked(digits: &str, nick: &str) -> Peer {
    Peer {
        peer: peer(digits),
        author: AuthorHex(digits.repeat(16)),
        nick: nick.into(),
        path: Path::Direct,
        rtt_ms: None,
    }
}

fn room(name: &str, missing: u64, [bytes_in, bytes_out]: [u64; 2], peers: Vec<Peer>) -> Room {
    let traffic = Traffic { bytes_in, bytes_out, ..Traffic::default() };
    Room { id: name.into(), name: name.into(), entries: 1_234, missing, traffic, peers, ..Room::default() }
}

fn link(digits: &str, path: Path, rtt_ms: u64, [bytes_in, bytes_out]: [u64; 2]) -> LinkFigures {
    LinkFigures { peer: peer(digits), path, rtt_ms, bytes_in, bytes_out, unsent_bytes: 0, rooms: 1 }
}

fn spread(counts: [u64; 3]) -> Spread {
    let within = [10, 100, 2_000].into_iter().zip(counts).map(|(ms, count)| Within { ms, count }).collect();
    Spread { count: counts[2], sum_us: 0, within }
}

/// Two rooms and two links, `seconds` after the first sample.
fn sample(seconds: u64) -> Sample {
    let ann = || vec![linked("9d20", "ann")];
    let mut damaged = room("archive", 0, [10, 10], Vec::new());
    (damaged.stopped, damaged.damaged) = (Some("a page is broken".into()), true);
    let rooms = vec![
        room("lunch", 3, [2_000 * seconds, 500 * seconds], vec![linked("9d20", "ann"), linked("77f0", "漢字 ben")]),
        room("work", 0, [9_000 * seconds, 0], ann()),
        damaged,
    ];
    let figures = Figures {
        up_s: 3_840 + seconds,
        home_bytes: Some(12_600_000),
        free_bytes: Some(8_600_000_000),
        rumor_lag: spread([90 + seconds, 98 + seconds, 100 + seconds]),
        repair_lag: Spread::default(),
        commits: spread([7 * seconds; 3]),
        rejected: vec![Rejected { kind: "signature".into(), count: 2 }, Rejected { kind: "flood".into(), count: 0 }],
        carried: Carried {
            direct_in: 9_000 * seconds,
            direct_out: 600 * seconds,
            relayed_in: 2_400 * seconds,
            relayed_out: 0,
        },
        queues: Queues { commands: 0, frames: 12, frame_bytes: 34_000 },
        links: vec![
            link("77f0", Path::Direct, 12, [9_000 * seconds, 600 * seconds]),
            link("9d20", Path::Relayed, 140, [2_400 * seconds, 0]),
        ],
    };
    Sample { at_ms: 1_000 * seconds, rooms, figures }
}

fn screen(top: &mut Top, columns: u16, rows: u16) -> String {
    let mut terminal = Terminal::new(TestBackend::new(columns, rows)).unwrap();
    text(terminal.draw(|frame| draw(top, frame)).unwrap().buffer)
}

fn press(top: &mut Top, names: &str) -> Next {
    keys(names).into_iter().map(|key| top.press(key)).last().unwrap()
}

/// What the screen shows after samples of these seconds.
fn shown(seconds: impl IntoIterator<Item = u64>) -> Top {
    let mut top = Top::new(Paint::None);
    seconds.into_iter().for_each(|seconds| top.take(sample(seconds)));
    top
}

#[test]
fn before_the_first_sample() {
    assert_eq!(screen(&mut Top::new(Paint::None), 40, 4), " rumormill top\n …\n\n");
}

#[test]
fn rates_are_those_of_the_last_second_and_times_those_of_the_last_minute() {
    let mut top = shown(1..=70);
    let want = r#"
 rumormill top   up 1 h 5 min   3 rooms   2 links, 1 relayed   3 missing
 rumors    60 in the last 60 s: 50 % within 10 ms, 95 % 10 ms, 99 % 10 ms
 repairs   none in the last 60 s
 commits   420 in the last 60 s: 50 % within 10 ms, 95 % 10 ms, 99 % 10 ms
 bytes     11.4 kB/s in, 600 B/s out; 20 % of all so far relayed
 waiting   12 frames (34.0 kB), 0 commands, 0 B unsent
 refused   signature 2, flood 0
 disk      home 12.6 MB, free 8.6 GB

 ROOM                   PEERS   ENTRIES  MISSING      IN/s     OUT/s  STATE
 work                       1     1,234        0    9.0 kB       0 B  well
 lunch                      2     1,234        3    2.0 kB     500 B  catches up
 archive                    0     1,234        0       0 B       0 B  damaged

 PEER     NAME               PATH        RTT      IN/s     OUT/s    UNSENT ROOMS
 77f077f0 漢字 ben           direct    12 ms    9.0 kB     600 B       0 B     1
 9d209d20 ann                relayed  140 ms    2.4 kB       0 B       0 B     1






 q quit   s sorted by rate   ↑↓ scroll"#;
    assert_eq!(screen(&mut top, 80, 24), want.trim_start_matches('\n'));
}

#[test]
fn keys_sort_scroll_and_leave() {
    let mut top = shown([1, 2]);
    let order = |top: &mut Top| {
        let screen = screen(top, 80, 24);
        let words: Vec<String> = screen
            .lines()
            .filter_map(|row| row.split_whitespace().next())
            .filter(|word| ["lunch", "work", "archive", "9d209d20", "77f077f0"].contains(word))
            .map(str::to_owned)
            .collect();
        (words.join(" "), screen.lines().last().unwrap().trim().to_owned())
    };
    assert_eq!(
        order(&mut top),
        ("work lunch archive 77f077f0 9d209d20".into(), "q quit   s sorted by rate   ↑↓ scroll".into())
    );
    press(&mut top, "s");
    assert_eq!(
        order(&mut top),
        ("archive lunch work 9d209d20 77f077f0".into(), "q quit   s sorted by trouble   ↑↓ scroll".into())
    );
    press(&mut top, "s");
    assert_eq!(
        order(&mut top),
        ("archive lunch work 77f077f0 9d209d20".into(), "q quit   s sorted by name   ↑↓ scroll".into())
    );
    press(&mut top, "s");
    assert!(order(&mut top).1.contains("rate"));

    // Only four rows are left for the tables; the end stops at the last link.
    let tables = |top: &mut Top| {
        screen(top, 80, 14).lines().skip(9).take(4).map(|row| row.chars().take(10).collect()).collect::<Vec<String>>()
    };
    assert_eq!(tables(&mut top), [" ROOM     ", " work     ", " lunch    ", " archive  "]);
    press(&mut top, "Down");
    assert_eq!(tables(&mut top)[0], " work     ");
    press(&mut top, "End");
    assert_eq!(tables(&mut top)[3], " 9d209d20 ");
    press(&mut top, "Up");
    assert_eq!(tables(&mut top)[3], " 77f077f0 ");
    press(&mut top, "Home");
    assert_eq!(tables(&mut top)[0], " ROOM     ");
    assert_eq!(press(&mut top, "x"), Next::Stay);
    for leave in ["q", "Esc", "C-c"] {
        assert_eq!(press(&mut shown([1]), leave), Next::Leave, "{leave}");
    }
}

#[test]
fn a_link_that_began_anew_has_no_rate_of_millions() {
    let mut top = shown([50]);
    let mut anew = sample(51);
    anew.figures.links[0].bytes_in = 10;
    top.take(anew);
    let screen = screen(&mut top, 80, 24);
    let row = screen.lines().find(|row| row.starts_with(" 77f077f0")).unwrap().to_owned();
    assert!(row.contains("  0 B ") && row.contains("600 B"), "{row}");
}

#[test]
fn names_of_others_do_nothing_to_the_screen() {
    let mut evil = sample(1);
    evil.rooms[0].name = "\u{1b}[2Jroom\u{202e}\n".into();
    evil.rooms[0].peers[0].nick = "\u{1b}]0;title\u{7}".into();
    let mut top = Top::new(Paint::None);
    top.take(evil.clone());
    for shown in [screen(&mut top, 80, 24), plain(&evil).join("\n")] {
        assert!(!shown.chars().any(|char| char.is_control() && char != '\n' || char == '\u{202e}'), "{shown:?}");
    }
}

#[test]
fn a_narrow_screen_cuts_rows_and_shows_the_keys() {
    let mut top = shown([1, 2]);
    for (columns, rows) in [(20, 5), (1, 1), (200, 60), (80, 2)] {
        let screen = screen(&mut top, columns, rows);
        assert!(
            screen.lines().all(|row| unicode_width::UnicodeWidthStr::width(row) <= usize::from(columns)),
            "{screen}"
        );
    }
    assert!(screen(&mut top, 30, 3).lines().last().unwrap().contains("q quit"));
}

#[test]
fn once_is_a_plain_table_of_totals() {
    let want = r#"
rumormill top   up 1 h 5 min   3 rooms   2 links, 1 relayed   3 missing
rumors    170 since the home was opened: 50 % within 10 ms, 95 % 100 ms, 99 % 2 s
repairs   none since the home was opened
commits   490 since the home was opened: 50 % within 10 ms, 95 % 10 ms, 99 % 10 ms
bytes     798.0 kB in, 42.0 kB out; 20 % of all so far relayed
waiting   12 frames (34.0 kB), 0 commands, 0 B unsent
refused   signature 2, flood 0
disk      home 12.6 MB, free 8.6 GB

ROOM                   PEERS   ENTRIES  MISSING        IN       OUT  STATE
lunch                      2     1,234        3  140.0 kB   35.0 kB  catches up
work                       1     1,234        0  630.0 kB       0 B  well
archive                    0     1,234        0      10 B      10 B  damaged

PEER     NAME               PATH        RTT        IN       OUT    UNSENT ROOMS
77f077f0 漢字 ben           direct    12 ms  630.0 kB   42.0 kB       0 B     1
9d209d20 ann                relayed  140 ms  168.0 kB       0 B       0 B     1"#;
    assert_eq!(plain(&sample(70)).join("\n"), want.trim_start_matches('\n'));
}

/// A process that answers with one sample, or no longer answers.
struct Fake(Option<Sample>);

impl Transport for Fake {
    fn carry(&self, request: Request<Body>) -> Answered<'_> {
        let told = self.0.as_ref().map(|Sample { rooms, figures, .. }| match request.uri().path() {
            path if path == GET_FIGURES.path => json!(figures),
            _ => json!({ "rooms": rooms }),
        });
        Box::pin(async move {
            let told = told.ok_or_else(|| Error::Gone("it has ended".into()))?;
            Ok(Response::new(Body::from(Bytes::from(told.to_string()))))
        })
    }
}

#[tokio::test]
async fn the_screen_is_fed_by_the_process_and_left_by_a_key_or_when_the_process_ends() {
    let mut terminal = Terminal::new(TestBackend::new(80, 20)).unwrap();
    let client = Client::new(Fake(Some(sample(1))));
    stay(&client, typed("q"), &mut terminal, Top::new(Paint::None)).await.unwrap();
    assert!(text(terminal.backend().buffer()).contains(" lunch "));
    let gone = Client::new(Fake(None));
    let why = stay(&gone, pending(), &mut terminal, Top::new(Paint::None)).await.unwrap_err();
    assert!(why.to_string().contains("it has ended"), "{why}");
}
