//! The only loop: one thread that owns the store and the engines of all rooms.
//!
//! A turn takes the commands that have come in, up to a bound, and gives them to the engines. Then it carries out the
//! engines' outputs for all rooms together: first it makes everything durable in one commit, then it tells peers, then
//! interfaces. Nothing in here waits for a peer or for a reader of events.

mod closing;
mod govern;
mod mend;
mod once;
mod peers;
mod prove;
mod rekey;
mod remember;
mod report;
mod rest;
mod settle;
mod stock;
mod sweep;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, MutexGuard, PoisonError},
    time::{Instant, SystemTime, UNIX_EPOCH},
};

use rumormill_proto::{
    config::Closed,
    epochs,
    frame::Contact,
    governance::Governance,
    ids::{AuthorId, PeerId, RoomId},
    input::{Input, Kept},
    time::Now,
    timeline::Place,
};
use rumormill_store::{Read, Store};
use tokio::{
    runtime::{Handle, Runtime},
    sync::{Semaphore, mpsc, oneshot, watch},
};

use crate::{
    board::{Board, Boards, Stop},
    command::{Command, Recalled},
    counting::Counting,
    damaged::Damaged,
    error::Error,
    event::RoomEvent,
    files::Shelf,
    greeting::Role,
    limits::{
        COMMANDS, CONTACTS_EVERY, EXPIRE_ENTRIES, EXPIRE_EVERY, INDEX_BUSY, INDEX_ENTRIES, INDEX_QUIET, RECALLING,
        ROOMS, STATUS_EVERY,
    },
    links::{Inputs, Links, Secret},
    random::random,
    readers::Readers,
    resting::Resting,
    seat::{Seat, Start},
    settings::{ClockShift, RoomSetup},
    sweeping::Sweeping,
    wires::Wires,
};

/// Why a peer that shares no room with us was not reached, whichever side ended the connection.
const NOT_LET_IN: &str = "it answers, and does not let us into this room";

/// The state of the loop.
pub(crate) struct Driver {
    pub(crate) store: Box<dyn Store>,
    pub(crate) seats: BTreeMap<RoomId, Seat>,
    pub(crate) links: Links,
    pub(crate) tools: Tools,
    /// One permit for each question about a fork that may be read at once.
    pub(crate) recalling: Arc<Semaphore>,
    /// Rooms whose messages cannot be made durable at present.
    pub(crate) resting: Resting,
    /// Rooms that cannot be entered.
    pub(crate) damaged: Damaged,
    /// Rooms whose own log is forked, and that need a new author key.
    pub(crate) forked: BTreeSet<RoomId>,
    /// Open rooms that their owner may have closed.
    closing: BTreeSet<RoomId>,
    /// When entries that wait to be indexed are indexed, if any wait: once nothing was appended for a while, and after
    /// a longer while in any case.
    quiet_at: Option<u64>,
    busy_at: u64,
    /// When entries over the bounds of rooms are dropped.
    expire_at: u64,
    /// The driver's own handle, for rare reads.
    pub(crate) read: Box<dyn Read>,
    /// The rooms that were left and are still on the disk.
    pub(crate) sweeping: Sweeping,
    start: Instant,
    status_at: u64,
    contacts_at: u64,
}

/// The driver's inputs from the node.
pub(crate) struct Tools {
    pub(crate) me: PeerId,
    pub(crate) trace: bool,
    pub(crate) clock: ClockShift,
    pub(crate) runtime: Handle,
    pub(crate) wires: Wires,
    pub(crate) readers: Arc<Readers>,
    pub(crate) boards: Boards,
    pub(crate) shelf: Arc<Shelf>,
    /// Told when tags on the LAN change.
    pub(crate) retag: watch::Sender<()>,
}

/// A room that can be entered.
pub(crate) struct Prepared {
    pub(crate) seat: Seat,
    /// Whether its own log is cut, so that it needs a new key.
    is_forked: bool,
}

/// What a room begins from.
type Begun = (Vec<Kept>, Option<Place>, Option<Box<Closed>>);

/// Whether the loop continues.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Turn {
    Next,
    Last,
}

impl Driver {
    pub(crate) fn new(store: Box<dyn Store>, links: Links, tools: Tools) -> Result<Self, Error> {
        let read = store.reader()?;
        Ok(Self {
            store,
            seats: BTreeMap::new(),
            links,
            tools,
            recalling: Arc::new(Semaphore::new(RECALLING)),
            resting: Resting::default(),
            damaged: Damaged::default(),
            forked: BTreeSet::new(),
            closing: BTreeSet::new(),
            quiet_at: Some(0),
            busy_at: 0,
            expire_at: 0,
            read,
            sweeping: Sweeping::default(),
            start: Instant::now(),
            status_at: 0,
            contacts_at: 0,
        })
    }

    /// Runs until the node closes or nothing holds it any more. `clock` belongs to this thread.
    pub(crate) fn run(mut self, clock: &Runtime, mut commands: mpsc::Receiver<Command>) {
        let mut closing = None;
        let mut batch = Vec::new();
        loop {
            let turn = self.wait(clock, &mut commands, &mut batch);
            for command in batch.drain(..) {
                match command {
                    Command::Close { answer } => closing = Some(answer),
                    command => self.take(command),
                }
            }
            self.turn();
            if turn == Turn::Last || closing.is_some() {
                break;
            }
        }
        commands.close();
        self.close(closing);
    }

    /// Fills `batch` with the commands that have come in, or with none when a deadline comes first. Commands of people
    /// come first; after them peers take turns.
    fn wait(&mut self, clock: &Runtime, commands: &mut mpsc::Receiver<Command>, batch: &mut Vec<Command>) -> Turn {
        self.sweep();
        let turns = self.tools.wires.turns.clone();
        if commands.is_empty() && turns.is_empty() {
            self.index();
            self.expire();
        }
        let deadline = self.next_deadline();
        let at = deadline.map(|deadline| self.start + std::time::Duration::from_millis(deadline));
        let due = async {
            match at {
                Some(at) => tokio::time::sleep_until(at.into()).await,
                None => std::future::pending().await,
            }
        };
        let first = clock.block_on(async {
            tokio::select! {
                biased;
                first = commands.recv() => Some(first),
                () = turns.ready() => None,
                () = due => None,
            }
        });
        match first {
            Some(None) => return Turn::Last,
            Some(first) => batch.extend(first),
            None => {}
        }
        let mut said = Vec::new();
        turns.take(&mut said);
        // Everything that came before those frames, such as the news that their links exist.
        while batch.len() <= COMMANDS
            && let Ok(next) = commands.try_recv()
        {
            batch.push(next);
        }
        batch.append(&mut said);
        Turn::Next
    }

    fn next_deadline(&self) -> Option<u64> {
        let engines = self.seats.values().map(Seat::next_deadline);
        let own = [self.status_at, self.contacts_at].into_iter().filter(|at| *at > 0);
        let own = own.chain(self.sweeping.next_deadline());
        engines
            .chain(own)
            .chain((!self.seats.is_empty()).then_some(self.expire_at))
            .chain(self.resting.next_deadline())
            .chain(self.quiet_at.map(|quiet_at| quiet_at.min(self.busy_at)))
            .min()
    }

    /// Notes that entries were appended: they are indexed when it is quiet, so that catching up is not slowed.
    pub(crate) fn appended(&mut self) {
        let now_ms = self.now().ticks_ms;
        if self.quiet_at.is_none() {
            self.busy_at = now_ms + INDEX_BUSY.as_millis() as u64;
        }
        self.quiet_at = Some(now_ms + INDEX_QUIET.as_millis() as u64);
    }

    /// Indexes some entries, when it is time.
    fn index(&mut self) {
        let now_ms = self.now().ticks_ms;
        let Some(quiet_at) = self.quiet_at.filter(|quiet_at| now_ms >= self.busy_at.min(*quiet_at)) else { return };
        self.busy_at = now_ms + INDEX_BUSY.as_millis() as u64;
        match self.store.index(INDEX_ENTRIES) {
            Ok(more) => self.quiet_at = more.then_some(quiet_at),
            Err(why) => {
                // Search finds unindexed entries too; the next commit shows whether the store is broken.
                tracing::warn!(%why, "cannot index");
                self.quiet_at = None;
            }
        }
    }

    /// Drops some entries that are over the bounds of rooms or the shares of authors, or have not counted for long, when it is
    /// time.
    fn expire(&mut self) {
        let Now { ticks_ms, wall_ms } = self.now();
        if ticks_ms < self.expire_at {
            return;
        }
        let mut more = false;
        for (room, seat) in &self.seats {
            let lapsed = self.store.lapse(room, &seat.lapsed(), wall_ms, EXPIRE_ENTRIES);
            let expired = self.store.expire(room, wall_ms, EXPIRE_ENTRIES);
            match lapsed.and_then(|waits| Ok(expired? || waits)) {
                Ok(waits) => more |= waits,
                Err(why) => tracing::warn!(%why, "cannot drop what is over the bounds of a room"),
            }
        }
        self.restock_all();
        self.expire_at = if more { ticks_ms } else { ticks_ms + EXPIRE_EVERY.as_millis() as u64 };
    }

    /// The time by our clocks.
    pub(crate) fn now(&self) -> Now {
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let wall_ms = (wall.as_millis() as u64).saturating_add_signed(self.tools.clock.ahead_ms());
        Now { ticks_ms: self.start.elapsed().as_millis() as u64, wall_ms }
    }

    fn take(&mut self, command: Command) {
        let now = self.now();
        let inputs = match command {
            Command::Enter { setup, answer } => told(answer, self.enter(*setup)),
            Command::Resume { room, answer } => self.remembered(*room, answer),
            Command::Resumed => self.resumed(),
            Command::Leave { room, answer } => match self.leave(&room) {
                Ok(()) => {
                    self.sweeping.awaited(answer);
                    Inputs::new()
                }
                Err(why) => told(answer, Err(why)),
            },
            Command::Say { room, sayings, once, answer } => {
                self.speak(&room, (sayings, once), answer);
                Inputs::new()
            }
            Command::Govern { room, what } => {
                self.govern(&room, what);
                Inputs::new()
            }
            Command::Retain { room, retention, answer } => told(answer, self.retain(&room, retention)),
            Command::Announce { room, announced, answer } => told(answer, self.announce(&room, announced)),
            Command::Name { room, nick, answer } => told(answer, self.name_later(&room, nick)),
            Command::Type { room } => {
                if self.seats.get_mut(&room).is_some_and(|seat| seat.may_type(now.ticks_ms)) {
                    let to = self.let_in(&room);
                    self.links.tell_typing(&room, &to);
                }
                Inputs::new()
            }
            Command::Import { room, import, answer } => self.import(room, import, answer),
            Command::Mend { room, answer } => told(answer, self.mend(&room)),
            Command::Met(met) => {
                let secrets = self.secrets(&met.peer, met.role == Role::Dialler);
                self.links.met(*met, secrets, now.ticks_ms)
            }
            Command::Controlled { link, control, .. } => self.controlled(link, control, now),
            Command::Received(received) => self.received(*received, now),
            Command::Faulted { link, reject } => self.fault(link, reject, now),
            Command::Gone { link } => self.gone(link),
            Command::Unreachable { peer, why } => self.unreachable(peer, &why),
            Command::Heard { room, contacts } => self.links.found(room, contacts),
            Command::Recalled(recalled) => {
                let Recalled { room, what, found } = *recalled;
                vec![(room, Input::Recalled { what, found })]
            }
            Command::Served { room, bytes } => {
                self.seats.get_mut(&room).into_iter().for_each(|seat| seat.served(bytes));
                Inputs::new()
            }
            Command::Lanes { room, answer } => told(answer, self.lanes(&room)),
            Command::Nameless { room, answer } => told(answer, Ok(self.links.has_nameless(&room))),
            Command::Channel { link, channel, answer } => {
                // The peer's greeting may still be on its way on another stream; until then the channel means nothing.
                let room = self.links.room(link, channel).ok().flatten();
                told(answer, room.filter(|(room, peer)| self.lets_in(room, peer)).map(|(room, _)| room))
            }
            Command::Restock { room } => self.restocked(&room),
            Command::Readdressed { address } => {
                self.links.readdressed(address);
                Inputs::new()
            }
            Command::Close { .. } => Inputs::new(),
        };
        self.give(inputs);
    }

    /// Gives inputs to engines.
    pub(crate) fn give(&mut self, inputs: Inputs) {
        let now = self.now();
        for (room, input) in inputs {
            let Some(seat) = self.seats.get_mut(&room) else { continue };
            let up = if let Input::Up { peer, .. } = &input { Some(*peer) } else { None };
            seat.handle(input, now);
            match up {
                Some(peer) if seat.setup.closed.is_some() => self.meet(&room, &peer),
                Some(peer) => {
                    let proved = self.links.introduce(&room, &peer, &seat.writer());
                    proved.into_iter().for_each(|proved| seat.handle(proved, now));
                }
                None => {}
            }
        }
    }

    /// Why a room takes nothing. A room that is not here was left.
    pub(crate) fn stopped(&self, room: &RoomId) -> Error {
        let stopped = self.boards().get(room).and_then(|board| board.posted().stopped.clone());
        stopped.as_ref().map_or(Error::Left, Stop::error)
    }

    fn enter(&mut self, setup: RoomSetup) -> Result<Arc<Board>, Error> {
        let id = setup.id;
        let contacts = setup.contacts.clone();
        if let Some(seat) = self.seats.get(&id) {
            let board = seat.board.clone();
            if seat.wants_anew(&setup) {
                self.come_anew(&setup)?;
            }
            self.give(vec![(id, Input::Heard { contacts: contacts.clone() })]);
            self.links.dial_also(id, &contacts, self.now().ticks_ms);
            return Ok(board);
        }
        if let Some(seat) = self.resting.seat(&id) {
            return Ok(seat.board.clone());
        }
        if self.damaged.holds(&id) {
            // With the setup in the home's record, if there is one.
            let setup = self.damaged.setup(&id).unwrap_or(setup);
            let board = self.enter_damaged(setup)?;
            self.give(vec![(id, Input::Heard { contacts })]);
            return Ok(board);
        }
        if self.seats.len() + self.resting.len() + self.damaged.len() >= ROOMS {
            return Err(Error::TooManyRooms);
        }
        let prepared = self.prepare(setup)?;
        if prepared.seat.setup.keep {
            self.store.put_room(&prepared.seat.record())?;
        }
        Ok(self.take_part(prepared))
    }

    /// Prepares to enter a room, from its data in the store.
    pub(crate) fn prepare(&mut self, setup: RoomSetup) -> Result<Prepared, Error> {
        let now = self.now();
        let (setup, governance) = self.as_held(setup)?;
        let start = self.start_with(&setup, governance, now)?;
        let cut: Vec<AuthorId> =
            start.kept.iter().filter(|kept| kept.log.cut().is_some()).map(|kept| kept.author).collect();
        let seat = Seat::new(setup, start);
        // Posted at once, so that the first reader of the status does not see an empty room.
        seat.post(&self.links);
        let is_forked = cut.contains(&seat.author);
        Ok(Prepared { seat, is_forked })
    }

    /// Takes part in a room from now on.
    pub(crate) fn take_part(&mut self, Prepared { seat, is_forked }: Prepared) -> Arc<Board> {
        let (board, id, secret) = (seat.board.clone(), seat.setup.id, seat.setup.secret);
        let contacts = seat.setup.contacts.clone();
        if seat.keeps() {
            self.expire_at = 0;
        }
        self.tools.runtime.spawn(find_nicks(board.clone(), self.tools.readers.clone()));
        self.boards().insert(id, board.clone());
        self.seats.insert(id, seat);
        if is_forked && let Err(why) = self.rekey(&id) {
            self.rest(&id, &why.to_string());
            return board;
        }
        self.give(vec![(id, Input::Heard { contacts })]);
        self.come((id, secret));
        board
    }

    /// Announces a room on the connections that stand, a closed one to those who are known in it.
    pub(crate) fn come(&mut self, room: Secret) {
        let known: Vec<PeerId> = self.links.peers().filter(|peer| self.is_known(&room.0, peer)).collect();
        let inputs = self.links.announce(room, &known);
        self.give(inputs);
    }

    fn leave(&mut self, room: &RoomId) -> Result<(), Error> {
        if !self.seats.contains_key(room) && self.resting.seat(room).is_none() && !self.damaged.holds(room) {
            return Err(self.stopped(room));
        }
        // First the store: a room that cannot be forgotten is not left.
        self.store.leave(room)?;
        self.sweeping.begin();
        // Removed text in the write-ahead log goes when the node is idle, and the index of words is rebuilt.
        self.appended();
        // Held to the end: dropping the seat closes its board, and readers are to hear first that the room was left.
        let mut seat = self.seats.remove(room).or_else(|| self.resting.remove(room).map(|(seat, _)| seat));
        self.links.leave(room);
        seat.iter_mut().for_each(|seat| seat.abandon(&Error::Left));
        let board = seat.as_ref().map(|seat| seat.board.clone()).or_else(|| self.damaged.remove(room));
        if let Some(board) = board {
            board.posted().stopped = Some(Stop::Left);
            board.tell(RoomEvent::Left);
            board.close();
        }
        self.boards().remove(room);
        self.tools.shelf.tidy();
        Ok(())
    }

    /// Boards of all rooms.
    pub(crate) fn boards(&self) -> MutexGuard<'_, BTreeMap<RoomId, Arc<Board>>> {
        self.tools.boards.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The state from which an engine starts. If the store cannot read it, the damaged parts are removed first, because
    /// other peers have them.
    pub(crate) fn start(&mut self, setup: &RoomSetup, now: Now) -> Result<Start, Error> {
        self.start_with(setup, None, now)
    }

    /// As [`Driver::start`], with what the entries of a closed room come to, if that was read already.
    fn start_with(&mut self, setup: &RoomSetup, governance: Option<Governance>, now: Now) -> Result<Start, Error> {
        let room = &setup.id;
        let begun = match self.begin(setup, governance) {
            Err(rumormill_store::Error::Corrupt { what, .. }) => {
                tracing::error!(room = %room.short(), %what, "what is kept of a room makes no sense; what is damaged is taken out");
                self.store.mend(room)?;
                self.begin(setup, None)
            }
            begun => begun,
        };
        let (kept, end, closed) = begun?;
        Ok(Start { me: self.tools.me, trace: self.tools.trace, kept, end, now, closed })
    }

    /// The kept logs, the last place of the timeline and, of a closed room, what its entries come to.
    fn begin(&mut self, setup: &RoomSetup, governance: Option<Governance>) -> Result<Begun, rumormill_store::Error> {
        let room = &setup.id;
        let kept = self.store.kept(room)?;
        let end = self.read.page(room, None, 1)?.last().map(|line| line.place);
        let Some((founder, keeps)) = setup.closed.map(|closed| (closed.founder, closed.keeps)) else {
            return Ok((kept, end, None));
        };
        let governance = match governance {
            Some(governance) => governance,
            None => self.read.governance(room, founder)?,
        };
        let (secrets, entropy) = (self.read.secrets(room)?, epochs::Secret::new(random()));
        Ok((kept, end, Some(Box::new(Closed { governance, secrets, entropy, keeps }))))
    }

    /// Wakes engines, carries out their outputs, and renews the status of rooms.
    fn turn(&mut self) {
        let now = self.now();
        self.resume(now);
        for seat in self.seats.values_mut() {
            seat.say_again();
            seat.wake(now);
        }
        self.settle();
        let is_due = self.status_at <= now.ticks_ms;
        let mut any = false;
        for seat in self.seats.values_mut() {
            if seat.has_news(is_due) {
                seat.post(&self.links);
                any = true;
            }
        }
        if is_due {
            self.status_at = if any { now.ticks_ms + STATUS_EVERY.as_millis() as u64 } else { 0 };
        }
        if self.contacts_at <= now.ticks_ms {
            self.keep_contacts();
            self.contacts_at = now.ticks_ms + CONTACTS_EVERY.as_millis() as u64;
        }
    }

    /// Writes down the peers that rooms know, so that the node finds them again after a restart.
    fn keep_contacts(&mut self) {
        for seat in self.seats.values_mut() {
            let contacts: Vec<Contact> = seat.contacts();
            if !seat.setup.keep || contacts.is_empty() || contacts == seat.setup.contacts {
                continue;
            }
            seat.setup.contacts = contacts;
            if let Err(why) = self.store.put_room(&seat.record()) {
                tracing::warn!(%why, "cannot keep contacts");
            }
        }
    }

    fn close(mut self, answer: Option<oneshot::Sender<Box<dyn Store>>>) {
        self.keep_contacts();
        self.links.close();
        // Whoever closes the node waits for the endpoint, which does not let two of them wait. Nobody does where the last
        // handle was dropped.
        if answer.is_none_or(|answer| answer.send(self.store).is_err()) {
            self.links.close_endpoint();
        }
    }
}

/// Answers a caller, who may have gone meanwhile. The work is not undone.
fn told<T>(answer: oneshot::Sender<T>, what: T) -> Inputs {
    let _ = answer.send(what);
    Inputs::new()
}

/// Reads the nicks that were said last, while the room is in use already.
pub(crate) async fn find_nicks(board: Arc<Board>, readers: Arc<Readers>) {
    let (room, closed) = (board.id, board.posted().closed.clone());
    let nicks = move |read: &mut dyn Read| match closed {
        Some(closed) => Counting::new(read, closed.shown.clone()).nicks(&room),
        None => read.nicks(&room),
    };
    match readers.read(nicks).await {
        Ok(nicks) => nicks.into_iter().for_each(|(_, place, nick)| board.posted().set_nick(place, nick)),
        Err(why) => tracing::warn!(%why, "cannot read nicks"),
    }
    // Set only here.
    let _ = board.nicks_found.set(());
}
