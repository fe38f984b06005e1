//! The verbs of stories.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use rumormill_proto::{
    admit::Author,
    config::Config,
    content::{Content, Target, Text},
    engine::Engine,
    entry::{Kind, found},
    frame::Frame,
    frontier::Digest,
    ids::{AuthorId, PeerId, RoomId, Seq},
    input::{Input, Kept, Saying},
    timeline::Place,
    view::Shape,
};
use rumormill_store::{Error, Memory, Read, Store as _, TimelineRow};

use crate::{
    fact::Fact,
    nature::Nature,
    network::{Lane, Weather},
    peer::{Peer, Process, Remains, Stage, contact, index_of, peer_id},
    queue::{Event, Index},
    world::{Form, World, scatter},
};

/// Peers named in a ticket.
const TICKET: usize = 3;

/// Peers considered for a ticket: some come up twice.
const TICKET_TRIES: usize = 4 * TICKET;

/// A copy of a peer's store.
pub struct Backup(Memory);

impl World {
    /// Lets `count` more peers join at this moment, each with a ticket that names a few earlier peers.
    pub fn join(&mut self, count: usize) -> Vec<usize> {
        (0..count).map(|_| self.join_with(None)).collect()
    }

    /// Lets `count` more peers join, each with a ticket that names a few of `hosts`.
    pub fn join_by(&mut self, hosts: &[usize], count: usize) -> Vec<usize> {
        let join = |_| {
            let ticket = self.random.sample(hosts.to_vec(), TICKET).into_iter().map(|host| self.id(host)).collect();
            let peer = self.move_in(None, ticket);
            self.look_around(peer);
            peer
        };
        (0..count).map(join).collect()
    }

    /// Lets a peer join whose home is a copy of another's: the same author with the same entries so far. It has its own
    /// transport key, because two machines with the same one cannot both be reached.
    pub fn twin(&mut self, of: usize) -> usize {
        let home = &self.peers[of].home;
        let (author, copy) = (home.author, (home.author_secret, home.store.backup()));
        self.watch.see(&Fact::Twinned { author });
        self.join_with(Some(copy))
    }

    fn join_with(&mut self, home: Option<([u8; 32], Memory)>) -> usize {
        let contacts = self.ticket(self.peers.len());
        let peer = self.move_in(home, contacts);
        self.look_around(peer);
        peer
    }

    /// Gives a peer a home and starts its process.
    pub(crate) fn move_in(&mut self, home: Option<([u8; 32], Memory)>, contacts: Vec<PeerId>) -> usize {
        let peer = self.peers.len();
        let fresh = scatter(self.setup.seed ^ 1, peer as u64);
        let is_fresh = home.is_none();
        let (secret, store) = home.unwrap_or_else(|| (fresh, Memory::new()));
        let home = Remains::new(self.name_of(peer), secret, store);
        let shape = match self.setup.form {
            Form::Open => Shape::Open,
            Form::Line(_) => Shape::Fixed(contacts.clone()),
        };
        let home = Remains { fresh: is_fresh, contacts, ..home };
        self.peers.push(Peer::new(home, shape));
        self.begin(peer);
        peer
    }

    /// The first name of the peer with this index.
    fn name_of(&self, peer: usize) -> PeerId {
        peer_id(scatter(self.setup.seed ^ 2, peer as u64), peer as Index)
    }

    /// The peers that a peer hears of first: a few others, if a bounded number of tries finds some; its neighbours in a
    /// line.
    pub(crate) fn ticket(&mut self, peer: usize) -> Vec<PeerId> {
        let mut ticket = Vec::new();
        match self.setup.form {
            Form::Line(length) => {
                let neighbours = peer.checked_sub(1).into_iter().chain((peer + 1 < length).then_some(peer + 1));
                ticket.extend(neighbours.map(|at| self.name_of(at)));
            }
            Form::Open => {
                for _ in 0..TICKET_TRIES {
                    let other = self.random.below(self.peers.len() as u64) as usize;
                    let known = self.peers.get(other).filter(|_| other != peer && ticket.len() < TICKET);
                    ticket.extend(known.map(|known| known.home.id).filter(|id| !ticket.contains(id)));
                }
            }
        }
        ticket
    }

    fn start(&mut self, at: usize) {
        self.begin(at);
        self.look_around(at);
    }

    /// Lets a new process dial the contacts of its home.
    fn look_around(&mut self, at: usize) {
        let peer = at as Index;
        let contacts: Vec<_> = self.peers[at].home.contacts.iter().copied().map(contact).collect();
        if !contacts.is_empty() {
            self.put_in(peer, Input::Heard { contacts });
        }
        self.expect_wake(peer);
    }

    /// Starts a process with the content of its home.
    fn begin(&mut self, at: usize) {
        let number = self.number();
        let Some((engine, reader)) = self.engine(at) else { return };
        let home = &self.peers[at].home;
        self.trace.line(self.queue.now_us(), at, "start", || format!("{} {}", home.id.short(), home.author.short()));
        self.peers[at].process = Some(Process::new(number, engine, reader));
        self.peers[at].home.fresh = false;
        self.peers[at].paused = false;
    }

    /// An engine with the content of a home, and a reader of its store.
    pub(crate) fn engine(&mut self, at: usize) -> Option<(Engine, Box<dyn Read>)> {
        let (seed, now) = (self.random.number(), self.clock(at as Index));
        let (kept, reader, end) = match opened(&self.peers[at].home.store, &self.room) {
            Ok(opened) => opened,
            Err(error) => {
                self.watch.break_off("a store opens", format!("peer {at}: {error}"));
                return None;
            }
        };
        let closed = self.closed(at);
        let Peer { home, shape, .. } = &self.peers[at];
        let setup = &self.setup;
        let config = Config {
            room: self.room,
            me: home.id,
            policy: setup.policy.clone(),
            shape: shape.clone(),
            pace: setup.pace.clone(),
            crowd: setup.crowd,
            closed: closed.map(Box::new),
            fresh_author: home.fresh,
            trace: self.trace.is_on(),
            seed,
        };
        let cuts: Vec<_> = kept.iter().filter_map(|kept| Some((kept.author, kept.log.cut()?))).collect();
        let engine = Engine::new(config, Author::from_secret(&home.author_secret), kept, end, now);
        if !self.watch.checkers.is_empty() {
            let lines = self.held(at);
            let author = self.peers[at].home.author;
            self.watch.see(&Fact::Started { peer: at, author, lines: &lines, cuts: &cuts });
        }
        self.note_liar(at);
        Some((engine, reader))
    }

    /// Notes that a liar which writes two logs does so under its current key.
    fn note_liar(&mut self, peer: usize) {
        if matches!(self.peers[peer].nature, Nature::Forker | Nature::Undercutter | Nature::Hand) {
            self.watch.see(&Fact::Twinned { author: self.peers[peer].home.author });
        }
    }

    /// Ends a peer's process as if killed: everything not durable is gone.
    pub fn crash(&mut self, peer: usize) {
        self.end_process(peer as Index);
    }

    pub(crate) fn end_process(&mut self, peer: Index) {
        self.fall_silent(peer);
        self.trace.line(self.queue.now_us(), peer as usize, "end", String::new);
        self.peers[peer as usize].end();
    }

    /// Ends a peer's process in the middle of its next turn that has something to store.
    pub fn crash_in_turn(&mut self, peer: usize, stage: Stage) {
        self.peers[peer].ends_at = Some(stage);
    }

    /// Withdraws [`World::crash_in_turn`], if it has not taken effect.
    pub fn spare(&mut self, peer: usize) {
        self.peers[peer].ends_at = None;
    }

    /// Restarts a crashed peer with its store.
    pub fn restart(&mut self, peer: usize) {
        assert!(self.peers[peer].process.is_none(), "only a crashed peer starts again");
        self.start(peer);
    }

    /// Restarts a crashed peer without its store and keys, as a new author who joins with a ticket. In a line the
    /// peer's name follows from its position.
    pub fn restart_empty(&mut self, peer: usize) {
        assert!(self.peers[peer].process.is_none(), "only a crashed peer starts again");
        let fresh = self.number();
        let id = match self.setup.form {
            Form::Line(_) => self.peers[peer].home.id,
            Form::Open => peer_id(scatter(self.setup.seed ^ 3, fresh), peer as Index),
        };
        let contacts = self.ticket(peer);
        let home = Remains::new(id, scatter(self.setup.seed ^ 4, fresh), Memory::new());
        self.peers[peer].home = Remains { contacts, fresh: true, ..home };
        self.start(peer);
    }

    /// Keeps a copy of a peer's store.
    pub fn backup(&self, peer: usize) -> Backup {
        Backup(self.peers[peer].home.store.backup())
    }

    /// Restarts a crashed peer with a backup of its store.
    pub fn restart_from(&mut self, peer: usize, backup: Backup) {
        assert!(self.peers[peer].process.is_none(), "only a crashed peer starts again");
        self.peers[peer].home.store = backup.0;
        self.start(peer);
    }

    /// Stops a peer like a closed laptop: it loses nothing but time.
    pub fn pause(&mut self, peer: usize) {
        self.trace.line(self.queue.now_us(), peer, "pause", String::new);
        self.peers[peer].paused = true;
        self.fall_silent(peer as Index);
    }

    /// Gives a paused peer another address. Others learn it when that peer links to them.
    pub fn shift(&mut self, peer: usize) {
        assert!(self.peers[peer].paused, "a link goes along with a peer that is awake");
        self.trace.line(self.queue.now_us(), peer, "move", String::new);
        self.peers[peer].met = Some(BTreeSet::new());
    }

    /// Lets a paused peer continue; it finds out which of its links are gone.
    pub fn resume(&mut self, peer: usize) {
        self.trace.line(self.queue.now_us(), peer, "resume", String::new);
        self.peers[peer].paused = false;
        let at = peer as Index;
        let others: Vec<_> = self.peers[peer].linked().collect();
        others.into_iter().for_each(|other| self.expect_silence(at, other));
        self.expect_turn(at);
        if let Some(process) = &mut self.peers[peer].process {
            process.wake_ms = None;
        }
        self.expect_wake(at);
    }

    /// Whether a peer runs.
    pub fn is_up(&self, peer: usize) -> bool {
        self.peers[peer].is_up()
    }

    /// Whether a peer's process has ended and was not restarted.
    pub fn is_crashed(&self, peer: usize) -> bool {
        self.peers[peer].process.is_none()
    }

    /// Sets how far a peer's clock is ahead of the world's.
    pub fn set_clock(&mut self, peer: usize, ahead_ms: i64) {
        self.trace.line(self.queue.now_us(), peer, "clock", || format!("{ahead_ms} ms ahead"));
        self.peers[peer].clock_ms = ahead_ms;
    }

    /// Makes a peer lie from here on; checkers expect nothing of it any more.
    pub fn turn_into(&mut self, peer: usize, nature: Nature) {
        self.trace.line(self.queue.now_us(), peer, "turns", || format!("into a liar: {nature:?}"));
        self.peers[peer].nature = nature;
        self.watch.see(&Fact::Turned { peer });
        self.note_liar(peer);
    }

    /// Says one text at this peer.
    pub fn say(&mut self, peer: usize, text: &str) {
        self.say_all(peer, &[text]);
    }

    /// Says several texts at once at this peer.
    pub fn say_all(&mut self, peer: usize, texts: &[&str]) {
        let first = self.count + 1;
        self.count += texts.len() as u64;
        let sayings: Vec<_> = (first..)
            .zip(texts)
            .map(|(tag, text)| Saying { tag, kind: Kind::TEXT, body: Bytes::copy_from_slice(text.as_bytes()) })
            .collect();
        let process = self.peers[peer].process.as_mut();
        assert!(process.is_some(), "a crashed peer says nothing");
        if let Some(process) = process {
            process.unanswered.extend(sayings.iter().map(|saying| saying.tag));
        }
        self.put_in(peer as Index, Input::Say(sayings));
    }

    /// Lets a peer speak under `count` new keys. It sends each to only one of its linked peers, and mentions as many of
    /// them as it can to all.
    pub fn speak_as_strangers(&mut self, peer: usize, count: usize) {
        let linked: Vec<_> = self.peers[peer].linked().map(|other| self.peers[other as usize].home.id).collect();
        let runs = self.strangers(count);
        let mention = self.mention(peer, &runs);
        for (runs, to) in runs.chunks(count.div_ceil(linked.len().max(1))).zip(&linked) {
            let push = self.push_of(runs.iter().chain(&mention).cloned().collect());
            self.send_one(peer as Index, to, push, Lane::Live);
        }
    }

    /// Lets a founder join: the first peer, whose first entry founds the room.
    pub fn begin_room(&mut self) -> usize {
        assert!(self.peers.is_empty(), "the first peer founds the room");
        let owner = Author::from_secret(&scatter(self.setup.seed ^ 1, 0));
        let (room, body) = found(&owner.id(), "a room", [0; 16]);
        self.room = room;
        let founder = self.join(1)[0];
        self.put_in(founder as Index, Input::Say(vec![Saying { tag: 0, kind: Kind::FOUND, body }]));
        founder
    }

    /// Replies at this peer to the last entry of another.
    pub fn reply(&mut self, peer: usize, other: usize, text: &str) {
        let author = self.peers[other].home.author;
        let text = Text { text: text.to_owned(), reply_to: Some(Target { author, seq: 0 }), mentions: Vec::new() };
        let Ok((kind, body)) = Content::Text(text).encode() else { return };
        let saying = Saying { tag: self.number(), kind, body };
        self.put_in(peer as Index, Input::Say(vec![saying]));
    }

    /// Whether a peer shows an entry of another.
    pub fn shows(&self, peer: usize, other: usize) -> bool {
        let author = self.peers[other].home.author;
        let head = self.process(peer).and_then(|process| process.engine.frontier().head(&author));
        head.is_some()
    }

    /// The distinct digests of these peers.
    pub fn digests(&self, peers: &[usize]) -> BTreeSet<Digest> {
        peers.iter().filter_map(|peer| Some(self.process(*peer)?.engine.frontier().digest())).collect()
    }

    /// The number of authors that a peer holds.
    pub fn authors(&self, peer: usize) -> usize {
        self.process(peer).map_or(0, |process| process.engine.frontier().len())
    }

    /// Sends a frame to a peer again, as if another had just sent it, if the two are linked.
    pub fn replay(&mut self, from: usize, to: usize, frame: &Frame) {
        if let Some(link) = self.peers[to].link_to(from as Index) {
            let frame = Box::new(frame.clone());
            self.queue.put(0, Event::Arrive { to: to as Index, from: from as Index, link, frame });
        }
    }

    /// Records every push from here on, for [`World::replay`].
    pub fn keep_pushes(&mut self) {
        self.pushes = Some(Vec::new());
    }

    /// Takes the recorded pushes, each with its sender.
    pub fn take_pushes(&mut self) -> Vec<(usize, Frame)> {
        self.pushes.replace(Vec::new()).unwrap_or_default()
    }

    /// Changes the weather.
    pub fn set_weather(&mut self, weather: Weather) {
        self.note("weather", || weather.to_string());
        self.network.weather = weather;
    }

    /// Cuts two peers off from each other.
    pub fn cut(&mut self, one: usize, other: usize) {
        self.cut_one_way(one, other);
        self.cut_one_way(other, one);
    }

    /// Blocks everything from one peer to the other.
    pub fn cut_one_way(&mut self, from: usize, to: usize) {
        self.note("cut", || format!("p{from} to p{to}"));
        self.network.cut(from as Index, to as Index);
        self.expect_silence(from as Index, to as Index);
        self.expect_silence(to as Index, from as Index);
    }

    /// Delays everything from one peer to the other for this long.
    pub fn clog(&mut self, from: usize, to: usize, ms: u64) {
        self.note("clog", || format!("p{from} to p{to} for {ms} ms"));
        let until_us = self.queue.now_us() + ms * 1_000;
        self.network.clog(from as Index, to as Index, until_us);
    }

    /// Puts the peers of each group on a side of their own; nothing crosses between sides. Peers in no group stay
    /// together.
    pub fn partition(&mut self, groups: &[&[usize]]) {
        self.note("part", || format!("{groups:?}"));
        self.network.join_sides();
        for (side, group) in (1..).zip(groups) {
            group.iter().for_each(|peer| self.network.put_on_side(*peer as Index, side));
        }
        for at in 0..self.peers.len() as Index {
            let others = self.peers[at as usize].linked().filter(|other| !self.network.connects(at, *other));
            others.collect::<Vec<_>>().into_iter().for_each(|other| self.expect_silence(at, other));
        }
    }

    /// Undoes all cuts, partitions and clogs.
    pub fn heal(&mut self) {
        self.note("heal", String::new);
        self.network.heal();
    }

    /// The number of peers that ever joined.
    pub fn len(&self) -> usize {
        self.peers.len()
    }

    /// Whether no peer joined yet.
    pub fn is_empty(&self) -> bool {
        self.peers.is_empty()
    }

    /// The peers linked with a peer, ascending.
    pub fn links(&self, peer: usize) -> Vec<usize> {
        self.peers[peer].linked().map(|other| other as usize).collect()
    }

    /// The linked peers that a peer dialled, ascending.
    pub fn dialled(&self, peer: usize) -> Vec<usize> {
        let chosen = self.process(peer).into_iter().flat_map(|process| process.engine.chosen());
        let mut dialled: Vec<_> = chosen.map(|id| index_of(&id) as usize).collect();
        dialled.sort_unstable();
        dialled
    }

    /// The name by which others know a peer.
    pub fn id(&self, peer: usize) -> PeerId {
        self.peers[peer].home.id
    }

    /// The cuts of forked logs, as a peer knows them; empty when it does not run.
    pub fn cuts(&self, peer: usize) -> BTreeMap<AuthorId, Seq> {
        let logs = self.process(peer).into_iter().flat_map(|process| process.engine.frontier().logs());
        logs.filter_map(|(author, log)| Some((*author, log.cut()?))).collect()
    }

    pub(crate) fn note(&mut self, verb: &str, rest: impl FnOnce() -> String) {
        self.trace.world(self.queue.now_us(), verb, rest);
    }

    /// A peer's timeline: in a closed room what counts of it.
    pub fn timeline(&self, peer: usize) -> Vec<TimelineRow> {
        let mut lines = self.held(peer);
        match (self.owner, self.process(peer)) {
            (None, _) => {}
            (Some(_), Some(process)) => {
                lines.retain(|line| process.engine.counts(&line.place.author, line.place.seq, line.signed_kind()))
            }
            (Some(_), None) => {
                let mut governance = self.governance(peer);
                let fold = governance.as_mut().map(|governance| governance.fold());
                let counts =
                    |line: &TimelineRow| fold.is_some_and(|fold| line.place.seq < fold.count(&line.place.author));
                lines.retain(counts);
            }
        }
        lines
    }

    /// Everything that a peer's store has in its timeline.
    pub fn held(&self, peer: usize) -> Vec<TimelineRow> {
        let store = &self.peers[peer].home.store;
        store.reader().and_then(|mut reader| all_lines(&mut *reader, &self.room)).unwrap_or_default()
    }

    /// The texts in a peer's timeline.
    pub fn texts(&self, peer: usize) -> Vec<String> {
        let text = |line: &TimelineRow| line.body.bytes().map(|bytes| String::from_utf8_lossy(bytes).into_owned());
        self.timeline(peer).iter().filter_map(text).collect()
    }
}

/// The initial state of an engine: what is known of each log, a reader, and the place of the last entry.
type Opened = (Vec<Kept>, Box<dyn Read>, Option<Place>);

fn opened(store: &Memory, room: &RoomId) -> Result<Opened, Error> {
    let mut reader = store.reader()?;
    let end = reader.page(room, None, 1)?.last().map(|line| line.place);
    Ok((store.kept(room)?, reader, end))
}

fn all_lines(reader: &mut dyn Read, room: &RoomId) -> Result<Vec<TimelineRow>, Error> {
    const PAGE: usize = 1_000;
    let mut lines: Vec<TimelineRow> = Vec::new();
    loop {
        let page = reader.page_after(room, lines.last().map(|line| line.place), PAGE)?;
        if page.is_empty() {
            return Ok(lines);
        }
        lines.extend(page);
    }
}
