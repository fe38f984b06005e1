//! A room on the screen, line by line, with receipts for my lines.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    time::{Duration, Instant},
};

use futures_util::{FutureExt as _, Stream, StreamExt as _};
use rumormill_api::{
    Arrival, AuthorHex, Does, Event, FileHex, FileState, Folded, Kind, Lag, Message, NoticeCode, Person, PlaceText,
    Refused, Role, Room, Seeking, TEXT_BYTES, codes,
};
use rumormill_client::{Client, RoomHandle};
use rumormill_text::{
    Clock, Line, Names, clean, counts,
    show::{count, looked_for, thousands},
    title,
};
use tokio::time::{sleep_until, timeout_at};

use crate::{
    chat::{
        batch::{Batch, Late},
        receipts::{Company, Receipts},
        screen::{Screen, Typed},
        told::Told,
    },
    failure::Failure,
    limits::{EVENTS_AT_ONCE, FIND_MS, LATE_MS, LEAVE_MS, PEERS_NAMED, PROGRESS_MS, SCREENFUL},
};

mod batch;
mod governing;
mod interrupts;
mod orders;
mod private;
mod receipts;
mod reports;
mod rules;
mod screen;
mod told;

pub use interrupts::Interrupts;
pub use screen::at_terminal;

/// The result of a visit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Visit {
    /// Whether anybody else in the room was reached.
    pub met: bool,
}

/// Opens a room line by line until the person leaves, at the latest at the end of standard input. `history` keeps the
/// typed lines.
///
/// # Errors
/// When the terminal, the room or the process that has the home open goes away, or nobody reads the output any more.
pub async fn visit(client: &Client, room: &Room, history: &Path) -> Result<Visit, Failure> {
    let mut events = client.lasting_events().await?;
    let (screen, mut typed) = screen::open(history)?;
    let mut interrupts = Interrupts::new()?;
    let mut chat = Chat::new(client, room.clone(), screen);
    let left = chat.stay(&mut typed, &mut interrupts, &mut events).await;
    drop(typed);
    match left? {
        Left::Willingly => chat.leave(&mut events).await?,
        Left::Interrupted => chat.tell_read().await?,
        Left::Elsewhere => {}
    }
    Ok(Visit { met: chat.met })
}

/// How a visit ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Left {
    Willingly,
    Interrupted,
    /// The room was left for good in another window.
    Elsewhere,
}

/// Whether the person stays after a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    Stay,
    Leave,
}

/// A room on a screen.
struct Chat<'a> {
    asks: &'a Client,
    /// The last known state.
    room: Room,
    screen: Screen,
    clock: Clock,
    names: Names,
    /// Bounded by the authors of the room.
    people: BTreeMap<AuthorHex, Person>,
    receipts: Receipts,
    told: Told,
    /// People who are here and were reported so.
    here: BTreeMap<AuthorHex, String>,
    met: bool,
    /// Whether the reason why nobody is found was shown.
    in_vain: bool,
    late: Late,
    /// When to show late messages, several of which mostly arrive together.
    late_due: Option<Instant>,
    /// When progress was last shown.
    progress: Instant,
    /// Files to save once they are fetched, and those being saved; at most [`GETTING`](crate::limits::GETTING).
    getting: BTreeMap<FileHex, Message>,
    arrived: Vec<Message>,
    /// The last message shown to a person, and when to report it as read.
    shown: Option<PlaceText>,
    /// When this visit began, whether it is not the first, and whether it was told where the one before ended.
    came_ms: u64,
    returns: bool,
    marked: bool,
    read_due: Option<Instant>,
    /// Whether a message was marked as unread: nothing is told to be read until the person says something.
    stays_unread: bool,
    /// What was told last about clocks.
    clock_told: String,
    /// Whether the room was left for good.
    gone: bool,
    /// Whether the newest messages have to be read again: others than before count, or some came while nobody answered.
    recounted: bool,
    /// Of whom it was told why something they said is held back in an open room, at most [`FOLDED_NAMED`].
    folded: BTreeSet<(AuthorHex, Folded)>,
}

/// Whether a dial failed, so that the reason why nobody is found is known.
fn is_in_vain(seeking: &Seeking) -> bool {
    seeking.peers.iter().any(|sought| sought.tries > 0)
}

/// Whether the person waits to be let into a closed room.
fn waits(room: &Room) -> bool {
    room.standing.as_ref().is_some_and(|standing| standing.role == Role::Waiting)
}

fn closed() -> Failure {
    Failure::internal("closed", "the room's process has ended")
}

impl<'a> Chat<'a> {
    fn new(asks: &'a Client, room: Room, screen: Screen) -> Self {
        Self {
            asks,
            room,
            screen,
            clock: Clock::local(),
            names: Names::default(),
            people: BTreeMap::new(),
            receipts: Receipts::default(),
            told: Told::default(),
            here: BTreeMap::new(),
            met: false,
            in_vain: false,
            late: Late::default(),
            late_due: None,
            progress: Instant::now(),
            getting: BTreeMap::new(),
            arrived: Vec::new(),
            shown: None,
            came_ms: 0,
            returns: false,
            marked: false,
            read_due: None,
            stays_unread: false,
            clock_told: String::new(),
            gone: false,
            recounted: false,
            folded: BTreeSet::new(),
        }
    }

    /// The client for this room.
    fn ask(&self) -> RoomHandle {
        self.asks.room(self.room.id.as_str())
    }

    /// Shows events and carries out typed lines.
    async fn stay(
        &mut self,
        typed: &mut Typed,
        interrupts: &mut Interrupts,
        events: &mut (impl Stream<Item = Event> + Unpin),
    ) -> Result<Left, Failure> {
        tokio::select! {
            found = self.find(events) => found?,
            () = interrupts.next() => return Ok(Left::Interrupted),
        }
        self.open().await?;
        loop {
            if self.gone {
                self.screen.talk("you left this room in another window; nothing of it is kept here any more")?;
                return Ok(Left::Elsewhere);
            }
            tokio::select! {
                line = typed.next() => match line {
                    Some(Line::TooLong(bytes)) => self.refuse(bytes)?,
                    Some(Line::Whole(line)) if self.take(&line).await? == Next::Stay => typed.go_on(),
                    _ => return Ok(Left::Willingly),
                },
                () = interrupts.next() => return Ok(Left::Interrupted),
                event = events.next() => self.hear(event, events)?,
                () = sleep_until(self.due().into()) => self.settle().await?,
            }
        }
    }

    /// Reports that a line was too long, and that nothing of it was sent.
    fn refuse(&mut self, bytes: u64) -> Result<(), Failure> {
        let what =
            format!("a line of {bytes} bytes is longer than the {TEXT_BYTES} of a message; nothing of it was said");
        let refused = codes::TOO_LONG.refuse(what, "say it in shorter lines, or send it as a file");
        self.screen.talk(&Failure::Choice(refused).to_string())
    }

    /// Gives a newcomer a moment to find the others, so that earlier messages stand above new ones.
    async fn find(&mut self, events: &mut (impl Stream<Item = Event> + Unpin)) -> Result<(), Failure> {
        let is_early = |room: &Room| room.name.is_empty() && room.entries < SCREENFUL as u64;
        let deadline = Instant::now() + Duration::from_millis(FIND_MS);
        let mut is_alone = self.room.seeking.is_some() || waits(&self.room);
        while is_alone && !self.gone {
            let Ok(event) = timeout_at(deadline.into(), events.next()).await else { break };
            match event.ok_or_else(closed)? {
                Event::Room { room } if room.id == self.room.id => {
                    is_alone = room.seeking.is_some() || is_early(&room) || waits(&room);
                    self.room = room;
                }
                // The first page shows these messages.
                Event::Message { .. } | Event::Changed { .. } => {}
                event => self.note(event, &mut Batch::default())?,
            }
        }
        Ok(())
    }

    /// Shows the newest page.
    async fn open(&mut self) -> Result<(), Failure> {
        let people = self.ask().people().await?;
        self.names = Names::of_people(&people);
        self.people = people.into_iter().map(|person| (person.author.clone(), person)).collect();
        let mut read = self.room.read.clone();
        (self.came_ms, self.returns) = (self.clock.now_ms(), read.is_some());
        let newest = self.newest().await?;
        let here =
            newest.iter().filter(|message| !message.mine && read.as_ref().is_some_and(|read| *read < message.place));
        // Messages that came since the room was read are not counted in it.
        let unread = self.room.unread.max(here.count() as u64);
        self.told.begin(newest.first().map(|message| message.place.clone()));
        for message in newest {
            // Once, before the first unread message.
            if !message.mine && read.take_if(|read| *read < message.place).is_some() {
                self.marked = true;
                self.screen.talk(&format!("{} new", thousands(unread)))?;
            }
            let line = self.line(&message);
            self.screen.data(&line)?;
            self.shows(&message.place);
            self.told.note(message.place);
        }
        let title = match self.room.name.as_str() {
            "" => "a room whose name has not come yet".into(),
            name => title(name),
        };
        self.screen.talk(&format!("you are in {title}; /help lists what you can do, /quit leaves"))?;
        self.seek()?;
        if !self.room.clock.is_empty() {
            self.tell_clock(&self.room.clock.clone())?;
        }
        self.tell_standing(None)?;
        self.tell_hint().await?;
        // People who came before this chat listened to events.
        self.note_room(self.room.clone())
    }

    /// Shows which peers the room looks for, and what to do, as long as none was found.
    fn seek(&mut self) -> Result<(), Failure> {
        let Some(seeking) = &self.room.seeking else { return Ok(()) };
        self.in_vain = is_in_vain(seeking);
        looked_for(seeking, &self.clock).iter().try_for_each(|line| self.screen.talk(line))?;
        let is_waiting = self.room.standing.as_ref().is_some_and(|standing| standing.role == Role::Waiting);
        self.screen.talk(match is_waiting {
            true => "ask them to open the room; you can write here once you are let in",
            false => "ask them to open the room; what you write is kept and goes out when somebody is found",
        })
    }

    /// Takes all events that are at hand, and shows them together.
    fn hear(&mut self, first: Option<Event>, events: &mut (impl Stream<Item = Event> + Unpin)) -> Result<(), Failure> {
        let mut batch = Batch::default();
        let mut next = Some(first.ok_or_else(closed)?);
        for _ in 0..EVENTS_AT_ONCE {
            let Some(event) = next else { break };
            self.note(event, &mut batch)?;
            next = events.next().now_or_never().flatten();
        }
        if let Some(event) = next {
            self.note(event, &mut batch)?;
        }
        let hidden = batch.count - batch.lines.len();
        let mark = batch.old.filter(|_| !self.marked);
        self.marked |= mark.is_some();
        if hidden > 0 {
            self.screen.talk(&format!("{} above; /log shows the timeline", count(hidden, "message", "messages")))?;
        }
        for (at, line) in (hidden..).zip(&batch.lines) {
            if mark.is_some_and(|mark| at == mark.max(hidden)) {
                self.screen.talk("new since you were here")?;
            }
            self.screen.data(line)?;
        }
        Ok(())
    }

    fn note(&mut self, event: Event, batch: &mut Batch) -> Result<(), Failure> {
        if event.room().is_some_and(|room| *room != self.room.id) {
            return Ok(());
        }
        match event {
            Event::Message { message, arrival, .. } => {
                self.note_folded(&message, arrival)?;
                self.shown(&message, arrival, batch);
            }
            Event::Changed { message, .. } if message.hidden => {}
            Event::Changed { message, .. } => {
                self.told.note(message.place.clone());
                batch.push(format!("~ {}", self.line(&message)));
            }
            Event::Held { r#ref, holders, .. } => self.receipts.held(&r#ref, holders),
            Event::Room { room } => self.note_room(room)?,
            Event::Notice { code: NoticeCode::Shared, text, .. } => self.screen.talk(&text)?,
            Event::Left { .. } => self.gone = true,
            Event::Notice { code: NoticeCode::Stopped, text, .. } => {
                let help = "make room on the disk and open the chat again; what was confirmed is kept";
                return Err(Failure::Stopped(Refused::new("stopped", text, help)));
            }
            Event::Notice { code: NoticeCode::Skewed, text, .. } => self.tell_clock(&text)?,
            Event::Notice { text, .. } => self.screen.talk(&clean(&text))?,
            Event::Lagged { why: Lag::Break | Lag::Restart, .. } => self.recounted = true,
            Event::Lagged { missed, why: Lag::Slow, .. } => {
                self.screen.talk(&format!("{missed} events came too fast to be shown; /log shows the timeline"))?;
            }
            Event::Recounted { .. } => self.recounted = true,
            Event::Asked { request, .. } => self.screen.talk(&crate::private::told(&request))?,
            Event::Person { author, nick, here, hidden, verified, role, .. } => {
                self.names.learn(&author, &nick);
                if self.room.others_here().contains(&author) {
                    self.note_here(&author, &nick)?;
                }
                let person = self.person(&author);
                (person.nick, person.here, person.hidden, person.role) = (nick, here, hidden, role);
                person.verified = verified;
            }
            Event::File { hash, state: FileState::Here, .. } => self.arrived.extend(self.getting.remove(&hash)),
            Event::File { hash, state: FileState::Absent, .. } => _ = self.getting.remove(&hash),
            Event::Step { .. } | Event::Typing { .. } | Event::File { .. } => {}
        }
        Ok(())
    }

    /// Reports people who came or went, and the progress of a long fetch.
    fn note_room(&mut self, room: Room) -> Result<(), Failure> {
        room.peers.iter().for_each(|peer| self.names.learn(&peer.author, &peer.nick));
        let peers = room.others_here();
        self.met |= !room.peers.is_empty();
        for person in self.people.values_mut() {
            person.me = person.author == room.author;
            person.here = person.me || peers.contains(&person.author);
        }
        for peer in &room.peers {
            let person = self.person(&peer.author);
            person.nick.clone_from(&peer.nick);
            person.here = true;
        }
        let gone: Vec<AuthorHex> = self.here.keys().filter(|author| !peers.contains(author)).cloned().collect();
        for nick in gone.iter().filter_map(|author| self.here.remove(author)).collect::<Vec<_>>() {
            self.screen.talk(&format!("{nick} is away"))?;
        }
        let mut others = room.peers.iter().filter(|peer| peers.contains(&peer.author));
        others.try_for_each(|peer| self.note_here(&peer.author, &peer.nick))?;
        let before = std::mem::replace(&mut self.room, room);
        self.tell_standing(before.standing.as_ref())?;
        if before.name.is_empty() && !self.room.name.is_empty() {
            self.screen.talk(&format!("this is the room {}", title(&self.room.name)))?;
        }
        if let Some(seeking) = self.room.seeking.as_ref().filter(|seeking| !self.in_vain && is_in_vain(seeking)) {
            self.in_vain = true;
            looked_for(seeking, &self.clock).iter().skip(1).try_for_each(|line| self.screen.talk(line))?;
        }
        self.progress(before.missing)
    }

    /// Reports somebody who came, once its name is here.
    fn note_here(&mut self, author: &AuthorHex, nick: &str) -> Result<(), Failure> {
        if author.as_str().starts_with(nick) || self.here.len() >= PEERS_NAMED || self.here.contains_key(author) {
            return Ok(());
        }
        let name = self.names.name(author, nick).whole();
        self.here.insert(author.clone(), name.clone());
        self.screen.talk(&format!("{name} is here"))
    }

    fn shown(&mut self, message: &Message, arrival: Arrival, batch: &mut Batch) {
        if message.hidden || self.told.is_repeated(&message.place) {
            return;
        }
        self.told.note(message.place.clone());
        // What somebody said before it was let through is to be shown.
        self.recounted |= message.deed.as_ref().is_some_and(|deed| deed.does == Does::LetThrough);
        if self.receipts.awaits(&message.r#ref) {
            return;
        }
        let line = self.line(message);
        let person = self.person(&message.author);
        person.nick.clone_from(if message.kind == Kind::Nick { &message.text } else { &message.nick });
        person.last_ms = person.last_ms.max(message.time_ms);
        match arrival {
            Arrival::End => {
                self.shows(&message.place);
                if !message.mine && message.time_ms < self.came_ms && self.returns {
                    batch.old.get_or_insert(batch.count);
                }
                batch.push(line);
            }
            Arrival::Late => self.is_late(message.clone()),
            Arrival::History => {}
        }
    }

    /// Shows a message above others in a moment, together with those that come until then.
    fn is_late(&mut self, message: Message) {
        self.late.push(message);
        self.late_due.get_or_insert_with(|| Instant::now() + Duration::from_millis(LATE_MS));
    }

    /// The entry of a person of this room.
    fn person(&mut self, author: &AuthorHex) -> &mut Person {
        let me = *author == self.room.author;
        let person = || Person { author: author.clone(), me, ..Person::default() };
        self.people.entry(author.clone()).or_insert_with(person)
    }

    /// The people whom my lines may reach.
    fn company(&self) -> Company {
        let now_ms = self.clock.now_ms();
        let here = self.room.others_here().len() as u64;
        let others = self.people.values().filter(|person| !person.me && counts(person, now_ms)).count() as u64;
        Company { here, others: others.max(here) }
    }

    /// Notes that a person saw this message and all before it.
    fn shows(&mut self, place: &PlaceText) {
        if self.shown.as_ref().is_none_or(|shown| shown < place) {
            self.shown = Some(place.clone());
            self.read_due.get_or_insert_with(|| Instant::now() + Duration::from_millis(PROGRESS_MS));
        }
    }

    /// Reports what was read.
    async fn tell_read(&mut self) -> Result<(), Failure> {
        self.read_due = None;
        if let Some(place) = self.shown.clone().filter(|_| !self.stays_unread) {
            self.ask().mark_read(&place).await?;
        }
        Ok(())
    }

    /// Says what differs between clocks, once.
    fn tell_clock(&mut self, text: &str) -> Result<(), Failure> {
        if self.clock_told == text {
            return Ok(());
        }
        self.clock_told = text.to_owned();
        self.screen.talk(&clean(text))
    }

    /// Shows the progress of a long fetch from time to time.
    fn progress(&mut self, before: u64) -> Result<(), Failure> {
        let Room { missing, entries, .. } = self.room;
        let many = before.max(missing) > SCREENFUL as u64;
        let now = Instant::now();
        let due = now.saturating_duration_since(self.progress) >= Duration::from_millis(PROGRESS_MS);
        if !many || missing > 0 && !due {
            return Ok(());
        }
        self.progress = now;
        match missing {
            0 => self.screen.talk(&format!("everything is here: {entries} entries")),
            _ => self
                .screen
                .talk(&format!("fetching: {entries} of {} entries are here", entries.saturating_add(missing))),
        }
    }

    /// When [`Chat::settle`] has something to do.
    fn due(&self) -> Instant {
        let far = Instant::now() + Duration::from_secs(if self.recounted { 0 } else { 3600 });
        let arrived = self.arrived.first().map(|_| Instant::now());
        self.late_due.into_iter().chain(self.receipts.due()).chain(self.read_due).chain(arrived).min().unwrap_or(far)
    }

    /// Shows late messages and receipts.
    async fn settle(&mut self) -> Result<(), Failure> {
        if self.late_due.is_some_and(|due| due <= Instant::now()) {
            self.late_due = None;
            let Late { messages, count: late } = std::mem::take(&mut self.late);
            let arrived = count(late, "earlier message", "earlier messages");
            let which = if late > messages.len() { "; the newest of them:" } else { ":" };
            self.screen.talk(&format!("{arrived} arrived above{which}"))?;
            for message in &messages {
                let line = self.line(message);
                self.screen.data(&format!("↑ {line}"))?;
            }
        }
        if self.read_due.is_some_and(|due| due <= Instant::now()) {
            self.tell_read().await?;
        }
        if std::mem::take(&mut self.recounted) {
            self.read_again().await?;
        }
        for message in std::mem::take(&mut self.arrived) {
            self.save(message).await?;
        }
        let news = self.receipts.settle(self.company());
        news.iter().try_for_each(|line| self.screen.data(line))
    }

    /// Waits for the last lines to reach the people who are here. When standard input is no terminal, also waits for
    /// others to come, if there are any, and for the founding entry, which has the room's name.
    async fn leave(&mut self, events: &mut (impl Stream<Item = Event> + Unpin)) -> Result<(), Failure> {
        // Events report the state of the room a moment late, so this requests it.
        let others =
            !at_terminal() && (self.room.name.is_empty() || self.ask().people().await?.iter().any(|one| !one.me));
        let waiting = |chat: &Self| match at_terminal() {
            true => chat.receipts.unheard() && !chat.room.others_here().is_empty(),
            false => !chat.met && others || chat.room.missing > 0 || chat.receipts.unheard() || waits(&chat.room),
        };
        let deadline = Instant::now() + Duration::from_millis(LEAVE_MS);
        while waiting(self) && Instant::now() < deadline {
            match timeout_at(self.due().min(deadline).into(), events.next()).await {
                Ok(event) => self.hear(event, events)?,
                Err(_) => self.settle().await?,
            }
        }
        if self.read_due.is_some() {
            self.tell_read().await?;
        }
        let rest = self.receipts.close(self.company());
        rest.iter().try_for_each(|line| self.screen.data(line))
    }
}
