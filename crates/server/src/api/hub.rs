//! Sends what happens in the rooms to every listener; each event is serialized once.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, Weak},
    time::Duration,
};

use futures_util::StreamExt as _;
use rumormill_node::{
    Events, Message, Room, RoomEvent, What,
    proto::{
        content::Target,
        ids::{AuthorId, PeerId, RoomId},
        input::{Arrival, Step},
    },
};
use rumormill_text::{Clock, show::shared};
use tokio::{
    sync::broadcast,
    time::{Instant, sleep_until},
};

use super::{
    Api, Inner,
    governing::is_strange,
    held::{Held, News},
    names::{author_hex, person_hex, reference, room_hex},
    recent::{Numbered, Recent, Since},
    shape::shape_state,
    words::{self, Event, Lag, NoticeCode, PeerHex, Person, RoomHex},
};
use crate::{
    limits::{COME_BACK_MS, HEARD, ROOM_EVERY_MS, ROOM_PEER_MS},
    lock::lock,
    told::{AGREED, LEFT, REKEYED, SLOWED, called, forked, left, names, nick, said_nick},
};

/// Sends events to all listeners.
pub(super) struct Hub {
    sender: broadcast::Sender<Arc<Numbered>>,
    recent: Mutex<Recent>,
    /// When the last listener left.
    gone: Mutex<Option<Instant>>,
    /// The rooms whose events are sent, each with its instance: a room that was left and entered again is another
    /// instance.
    followed: Mutex<BTreeMap<RoomId, u64>>,
}

/// What a new listener receives.
pub(super) struct Heard {
    /// Missed events, or one event that says that they are lost.
    pub(super) first: VecDeque<Arc<Numbered>>,
    /// The number of the last event before those in `receiver`.
    pub(super) last: u64,
    /// Events from now on.
    pub(super) receiver: broadcast::Receiver<Arc<Numbered>>,
}

impl Hub {
    /// A hub without listeners. `run` is unique to this run of the process.
    pub(super) fn new(run: [u8; 8]) -> Self {
        Self {
            sender: broadcast::Sender::new(HEARD),
            recent: Mutex::new(Recent::new(run)),
            gone: Mutex::default(),
            followed: Mutex::default(),
        }
    }

    /// Sends an event to all listeners, and keeps it for those who resume.
    pub(super) fn tell(&self, event: Event) {
        let mut recent = self.recent();
        if let Some(told) = recent.note(&event) {
            // Under the lock: a new listener would receive it twice otherwise. It fails only without listeners.
            let _ = self.sender.send(told);
        }
    }

    /// Tells how somebody stands in a room.
    pub(super) fn tell_person(&self, room: RoomHex, person: Person) {
        let Person { author, nick, here, hidden, verified, role, .. } = person;
        self.tell(Event::Person { room, author, nick, here, hidden, verified, role });
    }

    /// Adds a listener that starts at `since`.
    pub(super) fn listen(&self, since: &Since) -> Heard {
        let recent = self.recent();
        Heard { first: recent.since(since), last: recent.last(), receiver: self.sender.subscribe() }
    }

    /// The id of an event of this run.
    pub(super) fn id(&self, number: u64) -> String {
        self.recent().id(number)
    }

    /// Notes that a listener has gone.
    pub(super) fn goes(&self) {
        *lock(&self.gone) = Some(Instant::now());
    }

    /// Sends the events of a room from now on.
    pub(super) fn follow(&self, api: &Api, room: Room) {
        let mut followed = self.followed();
        let (id, instance) = (room.id(), room.instance());
        let before = followed.get(&id).copied();
        if before.is_some_and(|before| before >= instance) {
            return;
        }
        if before.is_some() {
            // Before any event of the new instance: the follower of the old one may still run.
            self.tell(Event::Left { room: room_hex(&room) });
        }
        followed.insert(id, instance);
        let events = room.events();
        let held = Held::new(room.author());
        let me = room.author();
        let slowed = room.is_slowed();
        let follower = Follower { api: Arc::downgrade(&api.0), room, me, held, told: None, slowed };
        tokio::spawn(follower.run(events));
    }

    /// Sends once that a room was left.
    fn left(&self, room: &Room) {
        let mut followed = self.followed();
        if followed.get(&room.id()) == Some(&room.instance()) {
            followed.remove(&room.id());
            self.tell(Event::Left { room: room_hex(room) });
        }
    }

    fn followed(&self) -> MutexGuard<'_, BTreeMap<RoomId, u64>> {
        lock(&self.followed)
    }

    fn recent(&self) -> MutexGuard<'_, Recent> {
        lock(&self.recent)
    }

    /// Whether somebody listens.
    fn is_heard(&self) -> bool {
        self.sender.receiver_count() > 0
    }

    /// Whether somebody listens or may resume soon. Otherwise the event is dropped, and nobody can resume across it.
    fn listens(&self) -> bool {
        let gone = *lock(&self.gone);
        let may_return = gone.is_some_and(|gone| gone.elapsed() < Duration::from_millis(COME_BACK_MS));
        let listens = may_return || self.is_heard();
        if !listens {
            self.recent().skip();
        }
        listens
    }
}

/// Turns what happens in one room into events.
struct Follower {
    api: Weak<Inner>,
    room: Room,
    /// The author who writes here, as of the last event.
    me: AuthorId,
    held: Held,
    /// The state of the room that was last sent.
    told: Option<words::Room>,
    /// Whether slow mode kept out something of ours.
    slowed: bool,
}

impl Follower {
    async fn run(mut self, mut events: Events) {
        let room = self.room.clone();
        let mut due = None;
        self.letters().await;
        loop {
            let at = due.unwrap_or_else(|| Instant::now() + Duration::from_secs(3600));
            tokio::select! {
                event = events.next() => match event {
                    None => return,
                    Some(RoomEvent::Left) => {
                        if let Some(inner) = self.api.upgrade() {
                            inner.hub.left(&room);
                        }
                        return;
                    }
                    Some(event) => {
                        due.get_or_insert_with(|| Instant::now() + self.every());
                        // A letter that came before its secret is readable once the room is counted again.
                        if matches!(event, RoomEvent::Letter { .. } | RoomEvent::Recounted { .. }) {
                            self.letters().await;
                        }
                        self.hear(event).await;
                    }
                },
                () = room.renewed() => { due.get_or_insert_with(|| Instant::now() + self.every()); }
                () = sleep_until(at) => {
                    due = None;
                    self.renew().await;
                }
            }
        }
    }

    fn api(&self) -> Option<Api> {
        self.api.upgrade().map(Api).filter(|api| api.hub().listens())
    }

    /// The time between two events with the state of the room.
    fn every(&self) -> Duration {
        let peers = self.told.as_ref().map_or(0, |room| room.peers.len() as u64);
        Duration::from_millis(ROOM_EVERY_MS.max(peers * ROOM_PEER_MS))
    }

    fn id(&self) -> RoomHex {
        room_hex(&self.room)
    }

    /// Sends the state of the room, and the counts of its texts that changed.
    async fn renew(&mut self) {
        let Some(api) = self.api() else { return };
        // A new listener receives the state of the room when it connects.
        if self.told.is_none() || api.hub().is_heard() {
            self.stand(&api).await;
        }
        let author = self.room.author();
        self.held.write_as(author);
        for peer in self.room.status().peers {
            self.other(&peer.author).into_iter().for_each(|person| self.held.received(person, peer.holds));
        }
        self.tell_held();
    }

    /// The person who writes under a key, unless that is us.
    fn other(&self, author: &AuthorId) -> Option<AuthorId> {
        Some(self.room.person(author)).filter(|person| *person != self.room.me())
    }

    /// Sends the counts of our texts that changed.
    fn tell_held(&mut self) {
        let Some(api) = self.api() else { return };
        let author = self.room.author();
        for News { seq, holders, acknowledged } in self.held.news() {
            let r#ref = reference(Target { author, seq });
            api.hub().tell(Event::Held { room: self.id(), r#ref, holders, acknowledged });
        }
    }

    async fn stand(&mut self, api: &Api) {
        let room = api.shape(&self.room).await;
        if self.told.as_ref() == Some(&room) {
            return;
        }
        let before = self.told.replace(room.clone());
        let known = |share: &&words::Share| {
            before.as_ref().is_none_or(|before| before.shares.iter().any(|known| known.author == share.author))
        };
        for share in room.shares.iter().filter(|share| !known(share)) {
            let text = shared(share, &Clock::local());
            api.hub().tell(Event::Notice { room: self.id(), code: NoticeCode::Shared, text });
        }
        let clock = before.map(|before| before.clock).unwrap_or_default();
        if room.clock != clock && !(room.clock.is_empty() && room.peers.is_empty()) {
            let text = if room.clock.is_empty() { AGREED.to_owned() } else { room.clock.clone() };
            api.hub().tell(Event::Notice { room: self.id(), code: NoticeCode::Skewed, text });
        }
        api.hub().tell(Event::Room { room });
    }

    async fn hear(&mut self, event: RoomEvent) {
        let room = self.id();
        match event {
            RoomEvent::Message { message, hops } => self.message(message, Arrival::End, hops).await,
            RoomEvent::Inserted { of, arrival, hops } => self.inserted(of, arrival, hops).await,
            RoomEvent::Changed { of } => self.changed(of).await,
            RoomEvent::Holds { author, next } => {
                self.held.write_as(self.room.author());
                self.other(&author).into_iter().for_each(|person| self.held.received(person, next));
                self.tell_held();
            }
            RoomEvent::Saw { author, next } => {
                self.held.write_as(self.room.author());
                self.other(&author).into_iter().for_each(|person| self.held.acknowledged(person, next));
                self.tell_held();
            }
            RoomEvent::Reported { by, of, words } => {
                if let Some(api) = self.api.upgrade().map(Api) {
                    api.reported(&self.room, (by, of), words).await;
                }
            }
            RoomEvent::Came { author, .. } => self.came(&author).await,
            RoomEvent::Seated { author } => {
                let Some(api) = self.api() else { return };
                api.hub().tell_person(room, api.person(&self.room, &author, 0));
            }
            RoomEvent::Membership(_) => {
                self.me = self.room.author();
                self.wake_step();
                self.renew().await;
            }
            RoomEvent::Recounted { authors } => {
                self.tell_slowed();
                let authors = authors.iter().map(|author| person_hex(&self.room, author)).collect();
                self.tell(Event::Recounted { room, authors });
            }
            RoomEvent::Forked { author, left, .. } => self.forked(&author, left).await,
            RoomEvent::Step(step) => self.step(&step),
            RoomEvent::Lagged { missed } => self.lagged(missed),
            RoomEvent::Typing { author } => {
                let api = self.api().filter(|api| api.tells_typing() && !api.hides(&self.room, &author));
                if let (Some(api), Some(person)) = (api, self.other(&author)) {
                    let nick = nick(&self.room, &person);
                    api.hub().tell(Event::Typing { room, author: author_hex(&person), nick });
                }
            }
            RoomEvent::File { hash, state, have, size } => {
                let (hash, state) = (words::FileHex(hash.to_string()), shape_state(state));
                self.tell(Event::File { room, hash, state, have, size });
            }
            RoomEvent::Rekeyed { author, left } => {
                let former = std::mem::replace(&mut self.me, author);
                if let Some(api) = self.api() {
                    api.hub().tell_person(room.clone(), api.person(&self.room, &former, 0));
                }
                let text = if left { LEFT } else { REKEYED };
                self.tell(Event::Notice { room, code: NoticeCode::Rekeyed, text: text.into() });
            }
            RoomEvent::Resumed | RoomEvent::Left => self.renew().await,
            RoomEvent::Stopped { why } => {
                self.tell(Event::Notice {
                    room,
                    code: NoticeCode::Stopped,
                    text: format!("the room was stopped: {why}"),
                });
            }
            // The state of the room is sent periodically.
            _ => {}
        }
    }

    /// Once we are in a room, our other machines come along.
    fn wake_step(&self) {
        self.api.upgrade().into_iter().for_each(|inner| inner.step.wake());
    }

    /// Sends once that slow mode keeps out something of ours.
    fn tell_slowed(&mut self) {
        let before = std::mem::replace(&mut self.slowed, self.room.is_slowed());
        if self.slowed && !before {
            self.tell(Event::Notice { room: self.id(), code: NoticeCode::Slowed, text: SLOWED.into() });
        }
    }

    /// Sends that somebody is connected, who may be the one for whom reports waited.
    async fn came(&self, author: &AuthorId) {
        if let Some(api) = self.api.upgrade().map(Api) {
            api.hand_on_reports(&self.room).await;
        }
        let Some(api) = self.api().filter(|_| !is_strange(&self.room, author)) else { return };
        let person = api.person(&self.room, author, 0);
        let here = person.role != Some(words::Role::Removed);
        api.hub().tell_person(self.id(), Person { here, ..person });
    }

    /// Looks who asks us into a private room.
    async fn letters(&self) {
        if let Some(inner) = self.api.upgrade() {
            Api(inner).look_at_letters(&self.room).await;
        }
    }

    /// Sends a notice that a log was cut, unless it is ours: then a notice names our new key. It is left out for a
    /// newcomer without a name who left a log: nobody here has read anything of it.
    async fn forked(&mut self, author: &AuthorId, is_left: bool) {
        let Some(api) = self.api().filter(|_| *author != self.me) else { return };
        let person = api.person(&self.room, author, 0);
        let is_unnamed = said_nick(&self.room, author).is_empty();
        let Ok(mut names) = names(&self.room).await else { return };
        names.learn(&person.author, &person.nick);
        let name = called(&self.room, &names, author);
        let text = if is_left { left(&name) } else { forked(&name) };
        if !is_left || !is_unnamed {
            api.hub().tell(Event::Notice { room: self.id(), code: NoticeCode::Forked, text });
        }
        api.hub().tell_person(self.id(), person);
    }

    /// Sends a message, and watches the counts of a text or file of ours.
    async fn message(&mut self, message: Message, arrival: Arrival, hops: Option<u8>) {
        let me = self.room.author();
        self.held.write_as(me);
        if message.place.author == me && matches!(message.what, What::Text(_) | What::File(_)) {
            self.held.said(message.place.seq);
        }
        let Some(api) = self.api() else { return self.forget_known() };
        api.meet(&self.room, &message).await;
        let message = api.message(&self.room, message).await;
        let arrival = match arrival {
            Arrival::End => words::Arrival::End,
            Arrival::Late => words::Arrival::Late,
            Arrival::History => words::Arrival::History,
        };
        api.hub().tell(Event::Message { room: self.id(), message, arrival, hops: hops.map(u64::from) });
    }

    /// Sends a message that stands above others.
    async fn inserted(&mut self, of: Target, arrival: Arrival, hops: Option<u8>) {
        if self.api().is_none() && of.author != self.room.author() {
            return self.forget_known();
        }
        let Some(message) = self.room.message(of).await.ok().flatten() else { return };
        self.message(message, arrival, hops).await;
    }

    /// Sends a message that was edited, retracted or reacted to, or whose text arrived or is held by no connected peer.
    async fn changed(&mut self, of: Target) {
        let Some(api) = self.api() else { return self.forget_known() };
        let Some(message) = self.room.message(of).await.ok().flatten() else { return };
        api.meet(&self.room, &message).await;
        let message = api.message(&self.room, message).await;
        api.hub().tell(Event::Changed { room: self.id(), message });
    }

    /// Tells that events were missed.
    fn lagged(&self, missed: u64) {
        self.forget_known();
        self.tell(Event::lagged(missed, Lag::Slow));
    }

    /// Looks again who is known in the room once that is asked for: what happened meanwhile was not looked at.
    fn forget_known(&self) {
        if let Some(inner) = self.api.upgrade() {
            inner.known.forget(&self.room.id());
        }
    }

    /// Sends a step of the protocol. Steps are not kept, so without a listener none are made.
    fn step(&self, step: &Step) {
        let Some(api) = self.api().filter(|api| api.hub().is_heard()) else { return };
        let (kind, from, to, entries) = match step {
            Step::RumorTo { peer, entries } => ("push", None, Some(peer), *entries),
            Step::RumorFrom { peer, entries, .. } => ("rumor", Some(peer), None, *entries),
            Step::AckFrom { peer, new: true } => ("new", Some(peer), None, 0),
            Step::AckFrom { peer, new: false } => ("known", Some(peer), None, 0),
            Step::RoundWith { peer } => ("round", None, Some(peer), 0),
            _ => return,
        };
        let peer = |peer: Option<&PeerId>| peer.map(|peer| PeerHex(peer.to_string()));
        let (from, to) = (peer(from), peer(to));
        api.hub().tell(Event::Step { room: self.id(), kind: kind.into(), from, to, entries: entries as u64 });
    }

    fn tell(&self, event: Event) {
        if let Some(api) = self.api() {
            api.hub().tell(event);
        }
    }
}
