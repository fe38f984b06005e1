//! An example of each body, as values of its type, so that an example always fits.

use crate::{
    Announced, AnnouncedTicket, Attention, AuthorHex, BackedUp, Bot, BotMade, Bots, Carried, ChangeDisplay,
    ChangeRules, Device, DeviceRoom, Devices, Edit, Enter, EntryHex, Event, Figures, Finding, Findings, Foreseen,
    Holders, Hook, HookMade, HookPost, Hooks, ImportCounts, Keep, LinkDevice, LinkFigures, Linked, LinkedRoom, Linking,
    Message, Named, Nearby, NearbyRoom, NewBackup, NewBot, NewDevice, NewHook, NewPrivate, NewReport, NewTicket, Nick,
    Order, Ordered, Page, Part, Path, Peer, People, Person, Queues, Read, Refusal, Rejected, Report, ReportMade,
    Reports, Request, Requests, Restore, Room, Rooms, Say, Sign, Signs, Spread, Ticket, Tickets, Topic, Traffic, Whois,
    Within, Work, codes, endpoint::Example,
};

/// An example of a place.
pub(crate) const PLACE: &str =
    "018f6e2a3b4c0000.1a0c39ec9b7f4c0d5a1f6f1f5f6f5d0b6a8d2b4b0f7a6c7e2c5d4b3a29181706.0000000000000003";

/// An example of a message's reference.
pub(crate) const REF: &str = "1a0c39ec9b7f4c0d5a1f6f1f5f6f5d0b6a8d2b4b0f7a6c7e2c5d4b3a29181706.3";

const ROOM: &str = "5a7c1b2e93d04f68a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718";
const PEER: &str = "c0ffee0123456789c0ffee0123456789c0ffee0123456789c0ffee0123456789";
const TICKET: &str = "rumor2ae3gk4lfoq7x2mvb5wz6yhd";
const CODE: &str = "rumordevice1mfrggzdfmztwq2lk";
const SECRET: &str = "k2v5zq7w3hd4x6ybnm2a5sft7gjr4pce";
const SAID_MS: u64 = 1_700_000_000_000;

fn author() -> AuthorHex {
    REF[..64].into()
}

impl Example for Room {
    fn example() -> Self {
        Self {
            id: ROOM.into(),
            name: "lunch".into(),
            topic: "Where do we eat?".into(),
            author: author(),
            nick: "ada".into(),
            entries: 42,
            people: 3,
            peers: vec![Peer::example()],
            unread: 1,
            read: Some(PLACE.into()),
            digest: "9f2c41d7".into(),
            traffic: Traffic { bytes_in: 20_480, bytes_out: 18_432, frames_in: 120, frames_out: 118 },
            reach: "no relays: the node stays on this LAN, and sends nothing beyond it".into(),
            ..Self::default()
        }
    }
}

impl Example for Peer {
    fn example() -> Self {
        Self { peer: PEER.into(), author: author(), nick: "ben".into(), path: Path::Direct, rtt_ms: Some(12) }
    }
}

impl Example for Findings {
    fn example() -> Self {
        Self { findings: vec![Finding::well("network", "listens for UDP at 0.0.0.0:22345")] }
    }
}

impl Example for Figures {
    fn example() -> Self {
        let spread = |ms| Spread { count: 1, sum_us: 500 * ms, within: vec![Within { ms, count: 1 }] };
        Self {
            up_s: 86_400,
            home_bytes: Some(12_582_912),
            free_bytes: Some(8_589_934_592),
            rumor_lag: spread(50),
            repair_lag: spread(2_000),
            commits: spread(2),
            rejected: vec![Rejected { kind: "signature".into(), count: 0 }],
            carried: Carried { direct_in: 409_600, direct_out: 393_216, relayed_in: 2_048, relayed_out: 1_024 },
            queues: Queues::default(),
            links: vec![LinkFigures {
                peer: PEER.into(),
                path: Path::Direct,
                rtt_ms: 12,
                bytes_in: 409_600,
                bytes_out: 393_216,
                unsent_bytes: 0,
                rooms: 1,
            }],
        }
    }
}

impl Example for Rooms {
    fn example() -> Self {
        Self { rooms: vec![Room::example()] }
    }
}

impl Example for Enter {
    fn example() -> Self {
        Self::Founded { name: "lunch".into(), open: false }
    }
}

impl Example for Ticket {
    fn example() -> Self {
        Self { ticket: TICKET.into() }
    }
}

impl Example for Tickets {
    fn example() -> Self {
        let maker = Named { author: author(), nick: "ada".into() };
        let ticket = AnnouncedTicket { id: ROOM.into(), maker, mine: true, uses: 200, used: 3, ..Default::default() };
        Self { tickets: vec![ticket] }
    }
}

impl Example for NewTicket {
    fn example() -> Self {
        Self { keeper: false, uses: 1, expires_ms: Some(SAID_MS + 7 * 24 * 3_600_000) }
    }
}

impl Example for Order {
    fn example() -> Self {
        Self::Remove { who: "mallory".into(), hide: false }
    }
}

impl Example for ChangeRules {
    fn example() -> Self {
        Self { slow_s: Some(30), ..Self::default() }
    }
}

impl Example for ChangeDisplay {
    fn example() -> Self {
        Self { flood: Some(10), ..Self::default() }
    }
}

impl Example for NewReport {
    fn example() -> Self {
        Self { message: REF.into(), words: "spam".into() }
    }
}

impl Example for ReportMade {
    fn example() -> Self {
        Self { told: 1 }
    }
}

impl Example for Reports {
    fn example() -> Self {
        let named = |nick: &str| Named { author: author(), nick: nick.into() };
        let (by, author, text, words) = (named("ada"), named("mallory"), "buy this".into(), "spam".into());
        Self { reports: vec![Report { by, message: REF.into(), author, text, words, time_ms: SAID_MS }] }
    }
}

impl Example for Ordered {
    fn example() -> Self {
        Self { r#ref: REF.into() }
    }
}

impl Example for Foreseen {
    fn example() -> Self {
        let mallory = Named { author: author(), nick: "mallory".into() };
        Self { out: vec![mallory], says: vec!["mallory would be out".into()], ..Self::default() }
    }
}

impl Example for Nick {
    fn example() -> Self {
        Self { nick: "ada".into() }
    }
}

impl Example for Topic {
    fn example() -> Self {
        Self { topic: "Where do we eat?".into() }
    }
}

impl Example for Read {
    fn example() -> Self {
        Self { place: PLACE.into() }
    }
}

impl Example for Keep {
    fn example() -> Self {
        Self { age_ms: Some(30 * 24 * 3_600_000), ..Self::default() }
    }
}

impl Example for Attention {
    fn example() -> Self {
        Self { muted: Some(true), pinned: None }
    }
}

impl Example for Announced {
    fn example() -> Self {
        Self { announced: true }
    }
}

impl Example for Nearby {
    fn example() -> Self {
        let room = NearbyRoom { name: "lunch".into(), id: ROOM.into(), peer: PEER.into(), ticket: TICKET.into() };
        Self { rooms: vec![room] }
    }
}

impl Example for Message {
    fn example() -> Self {
        Self {
            r#ref: REF.into(),
            place: PLACE.into(),
            author: author(),
            nick: "ada".into(),
            time_ms: SAID_MS,
            mine: true,
            text: "pizza?".into(),
            holders: Some(2),
            acknowledged: Some(1),
            id: EntryHex("0b".repeat(32)),
            ..Self::default()
        }
    }
}

impl Example for Hook {
    fn example() -> Self {
        Self { id: "q3xk7ab2".into(), room: ROOM.into(), name: "CI".into(), since_ms: SAID_MS, ..Self::default() }
    }
}

impl Example for Hooks {
    fn example() -> Self {
        Self { hooks: vec![Hook::example()] }
    }
}

impl Example for NewHook {
    fn example() -> Self {
        Self { name: "CI".into(), to: None }
    }
}

impl Example for HookMade {
    fn example() -> Self {
        let secret = SECRET.to_owned();
        Self { hook: Hook::example(), path: Some(format!("/v1/hooks/q3xk7ab2/{secret}")), secret }
    }
}

impl Example for HookPost {
    fn example() -> Self {
        Self { text: "the build is green".into() }
    }
}

impl Example for Bot {
    fn example() -> Self {
        Self { name: "ci".into(), rooms: vec![ROOM.into()], since_ms: SAID_MS, why: None }
    }
}

impl Example for Bots {
    fn example() -> Self {
        Self { bots: vec![Bot::example()] }
    }
}

impl Example for NewBot {
    fn example() -> Self {
        Self { name: "ci".into(), rooms: vec!["lunch".into()] }
    }
}

impl Example for BotMade {
    fn example() -> Self {
        Self { bot: Bot::example(), token: SECRET.into() }
    }
}

impl Example for Devices {
    fn example() -> Self {
        let room = DeviceRoom { room: ROOM.into(), name: "lunch".into(), author: author(), present: true };
        let device = Device { name: "laptop".into(), me: true, since_ms: SAID_MS, backup: false, rooms: vec![room] };
        Self { devices: vec![device] }
    }
}

impl Example for NewBackup {
    fn example() -> Self {
        Self { passphrase: "correct horse battery staple".into() }
    }
}

impl Example for BackedUp {
    fn example() -> Self {
        let room = LinkedRoom { id: ROOM.into(), name: "lunch".into(), part: Part::Device };
        Self { name: "backup".into(), file: "-----BEGIN AGE ENCRYPTED FILE-----".into(), rooms: vec![room] }
    }
}

impl Example for Restore {
    fn example() -> Self {
        let NewBackup { passphrase } = NewBackup::example();
        Self { passphrase, file: BackedUp::example().file, name: "laptop".into() }
    }
}

impl Example for NewDevice {
    fn example() -> Self {
        Self { name: "desk".into() }
    }
}

impl Example for LinkDevice {
    fn example() -> Self {
        Self { code: CODE.into(), name: "laptop".into() }
    }
}

impl Example for Linking {
    fn example() -> Self {
        Self::Code { code: CODE.into(), left_ms: 600_000 }
    }
}

impl Example for Linked {
    fn example() -> Self {
        let room = LinkedRoom { id: ROOM.into(), name: "lunch".into(), part: Part::Device };
        Self { name: "laptop".into(), of: "desk".into(), rooms: vec![room] }
    }
}

impl Example for NewPrivate {
    fn example() -> Self {
        Self { people: vec!["ben".into()] }
    }
}

impl Example for Requests {
    fn example() -> Self {
        let from = Named { author: author(), nick: "ada".into() };
        let of_name = "lunch".into();
        let request = Request { id: ROOM.into(), of: ROOM.into(), of_name, from, with: Vec::new(), time_ms: SAID_MS };
        Self { requests: vec![request] }
    }
}

impl Example for Signs {
    fn example() -> Self {
        Self { signs: vec![Sign { sign: "🎉".into(), name: "party popper".into() }] }
    }
}

impl Example for Page {
    fn example() -> Self {
        Self { messages: vec![Message::example()], more: true }
    }
}

impl Example for Say {
    fn example() -> Self {
        Self { text: "pizza?".into(), ..Self::default() }
    }
}

impl Example for Edit {
    fn example() -> Self {
        Self { text: "pasta?".into() }
    }
}

impl Example for Person {
    fn example() -> Self {
        Self { author: author(), nick: "ada".into(), here: true, last_ms: SAID_MS, ..Self::default() }
    }
}

impl Example for People {
    fn example() -> Self {
        Self { people: vec![Person::example()] }
    }
}

/// A safety number.
const SAFETY: &str = "30414 71192 05570 88231 46605 19928 73310 25544 60187 90023 41776 08895";

impl Example for Whois {
    fn example() -> Self {
        Self {
            person: Person::example(),
            since_ms: Some(SAID_MS),
            entries: 17,
            last: Some(REF.into()),
            peer: Some(Peer::example()),
            safety: SAFETY.into(),
        }
    }
}

impl Example for Holders {
    fn example() -> Self {
        Self { holders: vec![Person::example()], acknowledged: vec![author()], of: 2 }
    }
}

impl Example for ImportCounts {
    fn example() -> Self {
        Self { new: 40, known: 2, refused: 0 }
    }
}

impl Example for Work {
    fn example() -> Self {
        Self::Checked { entries: 20, of: 42 }
    }
}

impl Example for Event {
    fn example() -> Self {
        Self::Typing { room: ROOM.into(), author: author(), nick: "ada".into() }
    }
}

impl Example for Refusal {
    fn example() -> Self {
        Self { error: codes::ROOM.refuse("you have no room \"launch\"", "`rumormill rooms` lists yours") }
    }
}
