//! The requests of the terminal to `/v1`, and their results.

use std::path::PathBuf;

use indicatif::ProgressBar;
use rumormill_api::{
    Attention, AuthorHex, ChangeDisplay, ChangeRules, Enter, EntryRef, Foreseen, Holders, Message, NearbyRoom,
    NewReport, NewTicket, Order, Page, Person, PlaceText, Refused, Report, Request, Room, RoomHex, Say, Whois,
    endpoints,
};
use rumormill_client::{Client, OneOrLines};
use rumormill_text::{safe_name, steers};

use crate::{
    Failure,
    limits::{HITS, JOIN_LOOKS_MS, PAGE_MESSAGES, PATHS_LOOKED_AT, PATHS_OFFERED, SIGNS_OFFERED},
    output::Output,
    private::{self, Requested},
    transfer,
};

/// A request.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Ask {
    Rooms,
    Enter(Enter),
    /// The rooms announced on the LAN, or only those with this name.
    Nearby(Option<String>),
    /// Begins a private room with people of a room, and says words there.
    Private(RoomHex, Vec<String>, String),
    /// Lists the private rooms that others ask us into, enters one or declines it.
    Requests(Requested),
    /// Emoji with a name that begins with this.
    Signs(String),
    /// Files with a path that begins with this.
    Paths(String),
    Of(RoomHex, OfRoom),
}

/// A request about one room.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum OfRoom {
    People,
    /// The same, to show the keepers.
    Keepers,
    Newest,
    Before(PlaceText),
    After(PlaceText),
    Search(String),
    Say(Say),
    Edit(EntryRef, String),
    Retract(EntryRef),
    /// Adds a sign to a message.
    React(EntryRef, String),
    /// Removes a sign.
    Unreact(EntryRef, String),
    Holders(EntryRef),
    Read(PlaceText),
    /// Moves the unread marker back to before a message.
    Unread(EntryRef),
    /// Mutes or pins the room, or undoes that.
    Attention(Attention),
    Nick(String),
    Topic(String),
    /// Announces the room on the LAN, or stops that.
    Announce(bool),
    /// Sends a file from this machine.
    File(PathBuf),
    /// Fetches the file of a message.
    Fetch(EntryRef),
    /// Saves the file of a message, which has been fetched.
    Save(Box<Message>),
    Ticket,
    /// A new ticket for a keeper.
    KeeperTicket,
    /// The ticket, to be drawn as a QR code.
    Picture,
    Whois(AuthorHex),
    /// Shows the safety number with somebody.
    Safety(AuthorHex),
    /// Remembers that the safety number was compared, or takes it back.
    Verify(AuthorHex, bool),
    Hide(AuthorHex),
    /// Hides somebody in all rooms.
    HideEverywhere(AuthorHex),
    /// Shows a hidden author again.
    Unhide(AuthorHex),
    /// Tells others that I am typing.
    Typing,
    Leave,
    /// Says that the hint of the room was told.
    DropHint,
    /// Tells what an order in a closed room would end.
    Foresee(Order),
    /// Does something in a closed room.
    Order(Order),
    /// Changes the rules of a closed room.
    Rules(ChangeRules),
    /// Changes what is held back in an open room.
    Display(ChangeDisplay),
    /// The messages of newcomers that are held.
    Held,
    /// Reports a message.
    Report(NewReport),
    /// The reports that came.
    Reports,
}

/// A result.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Outcome {
    /// Completions of a word.
    Options(Vec<String>),
    Rooms(Vec<Room>),
    Room(Box<Room>),
    People(Vec<Person>),
    Page(Page),
    Message(Box<Message>),
    Holders(Holders),
    Ticket(String),
    Whois(Box<Whois>),
    Nearby(Vec<NearbyRoom>),
    Requests(Vec<Request>),
    Foreseen(Foreseen),
    /// How many took a report.
    Reported(u64),
    Reports(Vec<Report>),
    /// The path where a file was saved.
    Saved(String),
    Done,
}

/// A result, with its request.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Answer {
    pub(super) ask: Ask,
    pub(super) told: Result<Outcome, Refused>,
}

impl Ask {
    /// Sends the request and waits for the result.
    ///
    /// # Errors
    /// When the node refuses the request or does not answer.
    pub(super) async fn put(&self, client: &Client) -> Result<Outcome, Refused> {
        let told = match self {
            Self::Rooms => client.rooms().await.map(Outcome::Rooms),
            Self::Enter(enter) => client.call(&endpoints::ENTER_ROOM, &[], &[], enter).await.map(standing),
            Self::Nearby(name) => {
                let wait = JOIN_LOOKS_MS.to_string();
                let query: Vec<(&str, &str)> =
                    [("wait_ms", &*wait)].into_iter().chain(name.as_deref().map(|name| ("name", name))).collect();
                client.call(&endpoints::LIST_NEARBY, &[], &query, ()).await.map(|nearby| Outcome::Nearby(nearby.rooms))
            }
            Self::Private(room, people, words) => {
                private::begin(client, room.as_str(), (people, words)).await.map(standing)
            }
            Self::Requests(Requested::List) => {
                client.call(&endpoints::LIST_REQUESTS, &[], &[], ()).await.map(|told| Outcome::Requests(told.requests))
            }
            Self::Requests(Requested::Open(name)) => {
                client.call(&endpoints::OPEN_REQUEST, &[name], &[], ()).await.map(standing)
            }
            Self::Requests(Requested::Decline(name)) => {
                client.call(&endpoints::DECLINE_REQUEST, &[name], &[], ()).await.map(|()| Outcome::Done)
            }
            Self::Signs(word) => {
                let limit = SIGNS_OFFERED.to_string();
                let query = [("q", word.as_str()), ("limit", &limit)];
                let found = client.call(&endpoints::LIST_SIGNS, &[], &query, ()).await;
                found.map(|found| Outcome::Options(found.signs.into_iter().map(|found| found.sign).collect()))
            }
            Self::Paths(typed) => Ok(Outcome::Options(paths(typed))),
            Self::Of(room, ask) => return ask.put(client, room).await.map_err(Refused::from),
        };
        told.map_err(Refused::from)
    }
}

impl OfRoom {
    async fn put(&self, client: &Client, id: &RoomHex) -> Result<Outcome, Failure> {
        let (path, room) = ([id.as_str()], client.room(id.as_str()));
        let told = match self {
            Self::People | Self::Keepers => room.people().await.map(Outcome::People),
            Self::Newest => room.newest(PAGE_MESSAGES).await.map(Outcome::Page),
            Self::Before(place) => room.before(place, PAGE_MESSAGES).await.map(Outcome::Page),
            Self::After(place) => room.after(place, PAGE_MESSAGES).await.map(Outcome::Page),
            Self::Search(words) => room.search(words, HITS).await.map(Outcome::Page),
            Self::Say(say) => client.call(&endpoints::SAY, &path, &[], OneOrLines::One(say)).await.map(Outcome::Page),
            Self::Edit(entry, text) => room.edit(entry, text).await.map(changed),
            Self::Retract(entry) => room.retract(entry).await.map(changed),
            Self::React(entry, sign) => room.react(entry, sign).await.map(changed),
            Self::Unreact(entry, sign) => room.unreact(entry, sign).await.map(changed),
            Self::Holders(entry) => room.holders(entry).await.map(Outcome::Holders),
            Self::Read(place) => room.mark_read(place).await.map(standing),
            Self::Unread(entry) => room.mark_unread(entry).await.map(standing),
            Self::Attention(attention) => {
                client.call(&endpoints::SET_ATTENTION, &path, &[], attention).await.map(standing)
            }
            Self::Nick(nick) => room.set_nick(nick).await.map(standing),
            Self::Topic(topic) => room.set_topic(topic).await.map(standing),
            Self::Announce(announced) => room.announce(*announced).await.map(standing),
            Self::Fetch(entry) => {
                client.call(&endpoints::FETCH_FILE, &[id.as_str(), entry.as_str()], &[], ()).await.map(changed)
            }
            Self::KeeperTicket => {
                let wanted = NewTicket { keeper: true, uses: 1, expires_ms: None };
                client.call(&endpoints::MAKE_TICKET, &path, &[], &wanted).await.map(|made| Outcome::Ticket(made.ticket))
            }
            Self::Ticket | Self::Picture => room.ticket().await.map(Outcome::Ticket),
            Self::Verify(author, verified) => {
                let about = [id.as_str(), author.as_str()];
                let endpoint = if *verified { &endpoints::VERIFY_PERSON } else { &endpoints::UNVERIFY_PERSON };
                client.call(endpoint, &about, &[], ()).await.map(|told| Outcome::People(told.people))
            }
            Self::Whois(author) | Self::Safety(author) => {
                let told = client.call(&endpoints::GET_PERSON, &[id.as_str(), author.as_str()], &[], ()).await;
                told.map(|whois| Outcome::Whois(Box::new(whois)))
            }
            Self::Hide(author) => room.hide(author.as_str()).await.map(Outcome::People),
            Self::HideEverywhere(author) => room.hide_everywhere(author.as_str()).await.map(Outcome::People),
            Self::Unhide(author) => room.show(author.as_str()).await.map(Outcome::People),
            Self::Typing => room.typing().await.map(|()| Outcome::Done),
            Self::Foresee(order) => client.call(&endpoints::FORESEE, &path, &[], order).await.map(Outcome::Foreseen),
            Self::Order(order) => client.call(&endpoints::ORDER, &path, &[], order).await.map(|_| Outcome::Done),
            Self::Rules(change) => client.call(&endpoints::SET_RULES, &path, &[], change).await.map(standing),
            Self::Display(change) => client.call(&endpoints::SET_DISPLAY, &path, &[], change).await.map(standing),
            Self::Held => client.call(&endpoints::LIST_HELD, &path, &[], ()).await.map(Outcome::Page),
            Self::Report(report) => {
                client.call(&endpoints::MAKE_REPORT, &path, &[], report).await.map(|made| Outcome::Reported(made.told))
            }
            Self::Reports => {
                client.call(&endpoints::LIST_REPORTS, &path, &[], ()).await.map(|came| Outcome::Reports(came.reports))
            }
            Self::DropHint => client.call(&endpoints::DROP_HINT, &path, &[], ()).await.map(|()| Outcome::Done),
            Self::Leave => room.leave().await.map(|()| Outcome::Done),
            Self::File(path) => {
                let sent = transfer::send(client, id, path, &ProgressBar::hidden()).await?;
                Ok(Outcome::Page(Page { messages: vec![sent], more: false }))
            }
            Self::Save(message) => {
                let name = message.file.as_ref().map(|file| safe_name(&file.name)).unwrap_or_default();
                let to = Output::within(&transfer::downloads(), &name)?;
                let saved = transfer::save(client, id, message, to, &ProgressBar::hidden()).await?;
                Ok(Outcome::Saved(saved.unwrap_or_default().display().to_string()))
            }
        };
        Ok(told?)
    }
}

/// Files and directories whose paths begin as typed, at most [`PATHS_OFFERED`]; hidden ones only when the dot is typed.
fn paths(typed: &str) -> Vec<String> {
    let (dir, begun) = typed.rsplit_once('/').map_or(("", typed), |(dir, begun)| (&typed[..=dir.len()], begun));
    let looked = match dir {
        "" => PathBuf::from("."),
        dir => at_home(dir),
    };
    let Ok(found) = std::fs::read_dir(looked) else { return Vec::new() };
    let fits = |name: &String| name.starts_with(begun) && (begun.starts_with('.') || !name.starts_with('.'));
    let names = found.take(PATHS_LOOKED_AT).filter_map(|entry| {
        let entry = entry.ok()?;
        let name = entry.file_name().into_string().ok().filter(fits)?;
        let is_dir = std::fs::metadata(entry.path()).is_ok_and(|meta| meta.is_dir());
        // A path with control characters cannot be typed.
        (!name.chars().any(steers)).then(|| format!("{dir}{name}{}", if is_dir { "/" } else { "" }))
    });
    let mut names: Vec<String> = names.collect();
    names.sort();
    names.truncate(PATHS_OFFERED);
    names
}

/// A typed path; `~/` is the home directory.
pub(crate) fn at_home(path: &str) -> PathBuf {
    let home = std::env::home_dir().filter(|_| path.starts_with("~/"));
    home.map_or_else(|| PathBuf::from(path), |home| home.join(&path[2..]))
}

fn standing(room: Room) -> Outcome {
    Outcome::Room(Box::new(room))
}

fn changed(message: Message) -> Outcome {
    Outcome::Message(Box::new(message))
}
