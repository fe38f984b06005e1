//! The contract of `/v1`: its endpoints, and the types of requests, answers, events and refusals. Types and tables only;
//! nothing here opens a connection.
//!
//! [`endpoints`] is the one table of endpoints. The server routes by it, clients call by it, and [`openapi::describe`]
//! generates the description from it. To add an endpoint: add its types to the module of its noun, its row to
//! [`endpoints`] with an example of each new body in `examples.rs`, and its handler to the server. [`codes`] is the one
//! table of refusals: the meaning and the status of each code.
//!
//! # What may change within `/v1`
//!
//! Endpoints, optional fields of requests, fields of answers, kinds of events and codes of refusals may be added.
//! Everything else keeps its name, type and meaning. Clients ignore fields, events and codes that they do not know. The
//! page `docs/api.md` has the details, and how removals are announced.

mod archive;
mod bot;
mod described;
mod device;
pub mod endpoint;
pub mod endpoints;
mod event;
mod examples;
mod figures;
mod finding;
mod governing;
mod hook;
mod ids;
mod limits;
mod message;
pub mod openapi;
mod people;
mod private;
mod refusal;
mod report;
mod room;
mod stock;

pub use self::{
    archive::{Check, Damage, Form, ImportCounts, Repair, Said, Work},
    bot::{Bot, BotMade, Bots, NewBot},
    described::{Described, Row, Schemas},
    device::{
        BackedUp, Device, DeviceRoom, Devices, LinkDevice, Linked, LinkedRoom, Linking, NewBackup, NewDevice, Part,
        Restore,
    },
    event::{Arrival, Event, Lag, NoticeCode, Sent},
    figures::{Carried, Figures, LinkFigures, Queues, Rejected, Spread, Within},
    finding::{Finding, Findings},
    governing::{
        AnnouncedTicket, ChangeRules, Deed, Does, Foreseen, Named, NewTicket, Order, Ordered, Role, Rules, Standing,
        TicketState, Tickets,
    },
    hook::{Deliveries, Delivery, Hook, HookMade, HookPost, Hooks, NewHook, Only, Receiver},
    ids::{AuthorHex, EntryHex, EntryRef, FileHex, HookId, PeerHex, PlaceText, RoomHex},
    limits::{
        FLOOD, IMPORT_LINE_BYTES, KEY_BYTES, LINES_AT_ONCE, MENTIONS, NICK_BYTES, RUN_LINES, RUNS_AT_ONCE, RUNS_PER_S,
        TEXT_BYTES,
    },
    message::{
        ACT, Block, BlockKind, Edit, Elsewhere, File, FileState, Folded, Gone, Holders, Kind, Mark, Message, Page,
        Reaction, Reply, Say, Sign, Signs, Span, act,
    },
    people::{People, Person, Whois},
    private::{NewPrivate, Private, Request, Requests},
    refusal::{Code, Refusal, Refused, codes},
    report::{NewReport, Report, ReportMade, Reports},
    room::{
        Announced, Attention, ChangeDisplay, Display, Enter, Keep, KeepFiles, Nearby, NearbyRoom, Nick, Path, Peer,
        Read, Room, Rooms, Seeking, Share, Sought, Ticket, Topic, Traffic,
    },
    stock::Stock,
};
