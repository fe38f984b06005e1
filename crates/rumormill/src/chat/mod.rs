//! A room on the screen, line by line: what is said there, and how far what I said has come.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    time::{Duration, Instant},
};

use rumormill_node::{
    Events, Room, RoomEvent,
    proto::{
        admit::Entry,
        ids::{AuthorId, PeerId},
        input::{Arrival, Event},
        timeline::Place,
    },
};
use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    time::{sleep_until, timeout_at},
};

use crate::{
    api::words,
    chat::{
        receipts::Receipts,
        screen::{Screen, Typed},
        show::{REKEYED, count, forked, line, nick, row, said, skewed, who},
    },
    client::Client,
    clock::Clock,
    failure::{Exit, Failure},
    home::{Place as Home, title},
    limits::{EVENTS_AT_ONCE, LATE_MS, LEAVE_MS, PEERS_NAMED, PROGRESS_MS, SCREENFUL},
    tui,
};

mod orders;
mod receipts;
mod screen;
pub(crate) mod show;

pub(crate) use screen::at_terminal;

/// How a visit went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Visit {
    /// Whether anybody else of the room was met.
    pub(crate) met: bool,
}

/// How a room is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Look {
    /// On a whole screen.
    Screen,
    /// Line by line.
    Lines,
}

impl Look {
    /// A screen where there is one, unless it is to be `plain`.
    pub(crate) fn of(plain: bool) -> Self {
        if at_terminal() && !plain { Self::Screen } else { Self::Lines }
    }
}

/// Opens a room for whoever sits here.
///
/// # Errors
/// When the terminal, the room or the node goes away; line by line also when another process has the home open, for
/// only that one can show what happens so.
pub(crate) async fn visit(client: &Client, room: &words::Room, place: &Home, look: Look) -> Result<Visit, Failure> {
    let history = place.history()?;
    if look == Look::Screen {
        tui::run(client, tui::Start { room: Some(room.id.clone()), history, ..tui::Start::default() }).await?;
        return Ok(Visit { met: true });
    }
    let Client::Here { node, .. } = client else {
        return Err(Failure {
            exit: Exit::NotAllowed,
            code: "locked".into(),
            what: "another process has this home open".into(),
            help: "open the chat at a terminal, or use `rumormill send` and `rumormill log --follow`".into(),
        });
    };
    let kept = node.rooms().into_iter().find(|kept| kept.id().to_string() == room.id.as_str());
    let kept = kept.ok_or_else(|| Failure::internal("room", "a room has gone".into()))?;
    run(kept, &history).await
}

/// Shows a room until the person leaves, which at the end of standard input they do.
///
/// # Errors
/// When the room stops, or nobody reads our output any more.
async fn run(room: Room, history: &Path) -> Result<Visit, Failure> {
    let (screen, mut typed) = screen::open(history)?;
    let mut interrupts = Interrupts::new()?;
    let mut events = room.events();
    let mut chat = Chat::new(room, screen);
    let left = chat.stay(&mut typed, &mut interrupts, &mut events).await;
    drop(typed);
    if left? == Left::Willingly {
        chat.leave(&mut events).await?;
    }
    Ok(Visit { met: chat.has_met() })
}

/// How a visit came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Left {
    Willingly,
    Interrupted,
}

/// What asks a program to end from outside. The home is closed in good order then, and the terminal restored.
pub(crate) struct Interrupts([Signal; 3]);

impl Interrupts {
    /// Listens from now on.
    ///
    /// # Errors
    /// When the system does not let us.
    pub(crate) fn new() -> Result<Self, Failure> {
        let listen = |kind| signal(kind).map_err(|error| Failure::internal("signal", error.to_string()));
        Ok(Self([listen(SignalKind::interrupt())?, listen(SignalKind::terminate())?, listen(SignalKind::hangup())?]))
    }

    /// Resolves when the program is asked to end.
    pub(crate) async fn next(&mut self) {
        let [interrupt, terminate, hangup] = &mut self.0;
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hangup.recv() => {}
        }
    }
}

/// Whether the person stays after a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    Stay,
    Leave,
}

/// A room on a screen.
struct Chat {
    room: Room,
    screen: Screen,
    clock: Clock,
    receipts: Receipts,
    /// Lines of the first page, which events may tell once more.
    opened: BTreeSet<Place>,
    /// Who writes at the peers that came.
    came: BTreeMap<PeerId, AuthorId>,
    met: bool,
    late: Batch,
    /// When to show what came late; several lines mostly come together.
    late_due: Option<Instant>,
    /// When progress was last told.
    progress: Instant,
    missing: u64,
}

/// Lines to be shown together: how many, and the newest of them.
#[derive(Default)]
struct Batch {
    lines: Vec<String>,
    count: usize,
}

impl Batch {
    fn push(&mut self, line: String) {
        if self.lines.len() == SCREENFUL {
            self.lines.remove(0);
        }
        self.lines.push(line);
        self.count += 1;
    }
}

impl Chat {
    fn new(room: Room, screen: Screen) -> Self {
        Self {
            room,
            screen,
            clock: Clock::local(),
            receipts: Receipts::default(),
            opened: BTreeSet::new(),
            came: BTreeMap::new(),
            met: false,
            late: Batch::default(),
            late_due: None,
            progress: Instant::now(),
            missing: 0,
        }
    }

    /// Shows what happens and does what is typed.
    async fn stay(
        &mut self,
        typed: &mut Typed,
        interrupts: &mut Interrupts,
        events: &mut Events,
    ) -> Result<Left, Failure> {
        self.open().await?;
        loop {
            tokio::select! {
                line = typed.next() => match line {
                    Some(line) if self.take(&line).await? == Next::Stay => typed.go_on(),
                    _ => return Ok(Left::Willingly),
                },
                () = interrupts.next() => return Ok(Left::Interrupted),
                event = events.next() => self.hear(event, events)?,
                () = sleep_until(self.due().into()) => self.settle().await?,
            }
        }
    }

    /// Shows the newest page.
    async fn open(&mut self) -> Result<(), Failure> {
        self.room.nicks_found().await;
        let page = self.room.page(None, SCREENFUL).await?;
        for shown in &page {
            self.opened.insert(shown.place);
            if let Some(line) = row(&self.clock, &self.room, shown) {
                self.screen.data(&line)?;
            }
        }
        let title = match self.room.name() {
            name if name.is_empty() => format!("room {}", self.room.id().short()),
            name => title(&name),
        };
        self.screen.talk(&format!("you are in {title}; /help lists what you can do, /quit leaves"))?;
        // Who came before there was anybody to hear of it.
        self.room.status().peers.iter().try_for_each(|peer| self.came(peer.peer, peer.author))
    }

    /// Takes everything that is to be told now, and shows it together.
    fn hear(&mut self, first: Option<RoomEvent>, events: &mut Events) -> Result<(), Failure> {
        let mut batch = Batch::default();
        let mut next = Some(first.ok_or_else(|| Failure::internal("closed", "the node has closed".into()))?);
        for _ in 0..EVENTS_AT_ONCE {
            let Some(event) = next else { break };
            self.note(event, &mut batch)?;
            next = events.try_next();
        }
        if let Some(event) = next {
            self.note(event, &mut batch)?;
        }
        let hidden = batch.count - batch.lines.len();
        if hidden > 0 {
            self.screen.talk(&format!("{} above; /log shows the timeline", count(hidden, "message", "messages")))?;
        }
        batch.lines.iter().try_for_each(|line| self.screen.data(line))
    }

    fn note(&mut self, event: RoomEvent, batch: &mut Batch) -> Result<(), Failure> {
        match event {
            RoomEvent::Engine(event) => self.note_engine(event, batch),
            RoomEvent::Lagged { missed } => {
                self.screen.talk(&format!("{missed} events came too fast to be shown; /log shows the timeline"))
            }
            RoomEvent::Rekeyed { .. } => self.screen.talk(REKEYED),
            RoomEvent::Stopped { why } => Err(Failure {
                exit: Exit::Ours,
                code: "stopped".into(),
                what: format!("the room was stopped: {why}"),
                help: "make room on the disk and open the chat again; what was confirmed is kept".into(),
            }),
        }
    }

    fn note_engine(&mut self, event: Event, batch: &mut Batch) -> Result<(), Failure> {
        match event {
            Event::Shown { entry, arrival, .. } => {
                self.receipts.stir();
                self.shown(&entry, arrival, batch);
                Ok(())
            }
            Event::Holds { .. } => {
                self.receipts.stir();
                Ok(())
            }
            Event::Came { peer, author } => self.came(peer, author),
            Event::Went { peer } => match self.came.remove(&peer) {
                Some(author) => self.screen.talk(&format!("{} is away", nick(&self.room, &author))),
                None => Ok(()),
            },
            Event::Missing { entries } => self.progress(entries),
            Event::Forked { author, .. } => self.screen.talk(&forked(&nick(&self.room, &author))),
            Event::Skewed { ms } => self.screen.talk(&skewed(ms)),
            Event::Step(_) => Ok(()),
        }
    }

    fn came(&mut self, peer: PeerId, author: AuthorId) -> Result<(), Failure> {
        self.met = true;
        if self.came.contains_key(&peer) || self.came.len() == PEERS_NAMED {
            return Ok(());
        }
        self.came.insert(peer, author);
        self.screen.talk(&format!("{} is here", nick(&self.room, &author)))
    }

    fn shown(&mut self, entry: &Entry, arrival: Arrival, batch: &mut Batch) {
        if self.opened.contains(&Place::of(entry)) || self.receipts.awaits(entry.author, entry.seq) {
            return;
        }
        let body = entry.body.bytes().map(AsRef::as_ref);
        let Some(said) = said(&self.room.id(), &entry.author, entry.kind, body) else { return };
        let line = line(&self.clock, entry.time, &who(&self.room, &entry.author, entry.kind), &said);
        match arrival {
            Arrival::End => batch.push(line),
            Arrival::Late => {
                self.late.push(line);
                self.late_due.get_or_insert_with(|| Instant::now() + Duration::from_millis(LATE_MS));
            }
            Arrival::History => {}
        }
    }

    /// Tells how a long fetch goes, once in a while.
    fn progress(&mut self, missing: u64) -> Result<(), Failure> {
        let (before, now) = (std::mem::replace(&mut self.missing, missing), Instant::now());
        let many = before.max(missing) > SCREENFUL as u64;
        let due = now.saturating_duration_since(self.progress) >= Duration::from_millis(PROGRESS_MS);
        if !many || missing > 0 && !due {
            return Ok(());
        }
        self.progress = now;
        let here = self.room.status().entries;
        match missing {
            0 => self.screen.talk(&format!("everything is here: {here} entries")),
            _ => self.screen.talk(&format!("fetching: {here} of {} entries are here", here.saturating_add(missing))),
        }
    }

    /// When [`Chat::settle`] has something to do.
    fn due(&self) -> Instant {
        let far = Instant::now() + Duration::from_secs(3600);
        self.late_due.into_iter().chain(self.receipts.due()).min().unwrap_or(far)
    }

    /// Shows what came late, and receipts.
    async fn settle(&mut self) -> Result<(), Failure> {
        if self.late_due.is_some_and(|due| due <= Instant::now()) {
            self.late_due = None;
            let Batch { lines, count: late } = std::mem::take(&mut self.late);
            let arrived = count(late, "earlier message", "earlier messages");
            let which = if late > lines.len() { "; the newest of them:" } else { ":" };
            self.screen.talk(&format!("{arrived} arrived above{which}"))?;
            lines.iter().try_for_each(|line| self.screen.data(&format!("↑ {line}")))?;
        }
        let news = self.receipts.settle(&self.room).await?;
        news.iter().try_for_each(|line| self.screen.data(line))
    }

    /// Whether anybody was met: by an event, or before there was anybody to hear it.
    fn has_met(&self) -> bool {
        self.met || !self.room.status().peers.is_empty()
    }

    /// Gives what was said last the time to reach those who are here. Where nobody sits, also gives those who
    /// are not here yet the time to come, and the beginning of the room, which has its name, to get here.
    async fn leave(&mut self, events: &mut Events) -> Result<(), Failure> {
        let waiting = |chat: &Self| match at_terminal() {
            true => chat.receipts.unheard() && !chat.room.status().peers.is_empty(),
            false => !chat.has_met() || chat.room.name().is_empty() || chat.missing > 0 || chat.receipts.unheard(),
        };
        let deadline = Instant::now() + Duration::from_millis(LEAVE_MS);
        while waiting(self) && Instant::now() < deadline {
            match timeout_at(self.due().min(deadline).into(), events.next()).await {
                Ok(event) => self.hear(event, events)?,
                Err(_) => self.settle().await?,
            }
        }
        let rest = self.receipts.close(&self.room).await?;
        rest.iter().try_for_each(|line| self.screen.data(line))
    }
}
