//! The driver's side of all connections: which peers are linked, which rooms they share, which peers are barred. The
//! consequences for a room are returned as inputs of the room's engine.
//!
//! Two peers use one connection. They have two when both dial at once, or when a peer that vanished comes back. If the
//! peer's process began anew, the new connection is used. If it is the same process, the one that the smaller id
//! dialled is used, so that both sides choose alike; of two that the same side dialled, the new one.
//!
//! No peer keeps a slot by staying. Connections on which no room is shared yet have a few slots of their own, and the
//! oldest yields to a new one. When all slots of those that share rooms are taken, the room with the most connections
//! gives up its newest one, so one room's peers take no slot from another's.

mod announce;

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Weak},
};

use bytes::Bytes;
use iroh::endpoint::{Connection, WeakConnectionHandle};
use rumormill_proto::{
    defence,
    frame::Contact,
    ids::{PeerId, RoomId},
    input::Input,
    reject::Reject,
};
use tokio::sync::{Semaphore, SetOnce, mpsc};

use crate::{
    address,
    bars::Bars,
    budget::Budget,
    connection::{Goodbye, Job, Lane, LinkId, Met},
    connector::Connector,
    dials::{Dials, Way},
    endpoint::{self, ALPN_FIRST},
    envelope::Control,
    greeting::{Channels, Role},
    introduced::Introduced,
    limits::{DIALS, GREETING_TAGS, LINKS, STRANGERS, TYPINGS_AT_ONCE, TYPINGS_PER_S},
    outbound::Outbound,
    proved::Proved,
    random::random,
    turns::Strand,
    unanswered::Unanswered,
};

/// Inputs for engines, by room.
pub(crate) type Inputs = Vec<(RoomId, Input)>;

/// A room and its secret.
pub(crate) type Secret = (RoomId, [u8; 32]);

/// All connections.
pub(crate) struct Links {
    pub(crate) me: PeerId,
    /// A random number that this process drew when it began.
    boot: [u8; 8],
    /// Our address.
    address: Bytes,
    connector: Connector,
    links: BTreeMap<LinkId, Link>,
    /// The connection that rooms use with each peer.
    used: BTreeMap<PeerId, LinkId>,
    dials: Dials,
    /// Whether rooms of the home are still to be entered. All are announced together, so nobody is dialled before.
    opening: bool,
    unanswered: Unanswered,
    bars: Bars,
    /// Rooms and peers whose proofs we could not open and answered, and when they may be answered again, in ticks.
    pub(crate) answered: BTreeMap<(RoomId, PeerId), u64>,
}

pub(crate) struct Link {
    pub(crate) peer: PeerId,
    pub(crate) role: Role,
    /// The random number that the peer's process drew when it began; `None` until it has greeted us.
    boot: Option<[u8; 8]>,
    pub(crate) channels: Channels,
    pub(crate) connection: Connection,
    outbound: Arc<Outbound>,
    serves: mpsc::Sender<Job>,
    /// What is served, by room, is served as long as this is here.
    asked: BTreeMap<RoomId, Arc<()>>,
    /// One permit: we ask a peer for one file at a time.
    asking: Arc<Semaphore>,
    seen_at: Option<Bytes>,
    /// How the peer is reached, as it told.
    reached: Option<Contact>,
    /// Set once a room is shared.
    shared: Arc<SetOnce<()>>,
    /// The authors who write at the other end.
    pub(crate) introduced: Introduced,
    /// The same in closed rooms.
    pub(crate) proved: Proved,
    /// How often the peer may still say that somebody is typing there.
    typings: Budget,
}

impl Link {
    /// Whether the smaller id dialled.
    fn by_smaller(&self, me: PeerId) -> bool {
        (self.role == Role::Dialler) == (me < self.peer)
    }

    /// Whether this connection is used instead of `old`.
    fn replaces(&self, old: &Self, me: PeerId) -> bool {
        self.boot != old.boot || self.by_smaller(me) || !old.by_smaller(me)
    }

    fn downs(&self) -> Inputs {
        let peer = self.peer;
        self.channels.shared().map(|room| (room, Input::Down { peer })).collect()
    }
}

impl Links {
    pub(crate) fn new(me: PeerId, address: Bytes, connector: Connector) -> Self {
        let [a, b, c, d, e, f, g, h, ..] = random();
        Self {
            me,
            boot: [a, b, c, d, e, f, g, h],
            address,
            connector,
            links: BTreeMap::new(),
            used: BTreeMap::new(),
            dials: Dials::default(),
            opening: true,
            unanswered: Unanswered::default(),
            bars: Bars::default(),
            answered: BTreeMap::new(),
        }
    }

    /// A connection was made: greets the peer, if we may have it.
    pub(crate) fn met(&mut self, met: Met, (rooms, silent): (Vec<Secret>, Vec<Secret>), now_ms: u64) -> Inputs {
        if met.role == Role::Dialler {
            self.dials.reached(&met.peer);
            self.unanswered.answered(&met.peer);
            self.dial_more();
        }
        if self.bars.bars(&met.peer, now_ms) {
            Goodbye::Barred.say(&met.connection);
            return if met.role == Role::Dialler { self.undialled(met.peer) } else { Inputs::new() };
        }
        let Some(yielded) = self.make_room_for_stranger(met.role) else {
            Goodbye::Full.say(&met.connection);
            return if met.role == Role::Dialler { self.undialled(met.peer) } else { Inputs::new() };
        };
        let Met { link, peer, role, exported, connection, outbound, serves, seen_at, shared } = met;
        let mut channels = Channels::new(exported, role);
        let (first, rest) = rooms.split_at(rooms.len().min(GREETING_TAGS));
        let tags = channels.announce(first, random);
        channels.keep_silent(&silent);
        // The queue is empty, so there is room.
        let _ = outbound.control(&Control::Greeting { boot: self.boot, tags });
        let (typings, asking) = (Budget::new(TYPINGS_AT_ONCE, TYPINGS_PER_S), Arc::new(Semaphore::new(1)));
        let introduced = Introduced::default();
        let new = Link {
            peer,
            role,
            boot: None,
            channels,
            connection,
            outbound,
            serves,
            asked: BTreeMap::new(),
            asking,
            seen_at,
            reached: None,
            shared,
            introduced,
            proved: Proved::default(),
            typings,
        };
        self.links.insert(link, new);
        self.announce_on(link, rest);
        yielded
    }

    /// Makes room for one more connection that shares no room yet: the oldest such connection yields. `None` when none
    /// does.
    fn make_room_for_stranger(&mut self, role: Role) -> Option<Inputs> {
        let most = if role == Role::Accepter { STRANGERS } else { DIALS };
        let strangers = self.links.iter().filter(|(_, link)| link.boot.is_none() && link.role == role);
        let ids: Vec<LinkId> = strangers.map(|(id, _)| *id).collect();
        match ids.first() {
            Some(oldest) if ids.len() >= most => defence::is_on("strangers-yield").then(|| self.give_up(*oldest)),
            _ => Some(Inputs::new()),
        }
    }

    /// Gives up a connection because others need its slot.
    fn give_up(&mut self, id: LinkId) -> Inputs {
        if let Some(link) = self.links.get(&id) {
            Goodbye::Full.say(&link.connection);
            link.outbound.close();
        }
        self.gone(id)
    }

    /// When more connections share rooms than there are slots, the room with the most gives up its newest one,
    /// preferably one that we did not dial, and never `newcomer`.
    fn make_room_for(&mut self, newcomer: LinkId) -> Inputs {
        if self.used.len() <= LINKS {
            return Inputs::new();
        }
        let mut crowds: BTreeMap<RoomId, usize> = BTreeMap::new();
        let used = || self.used.values().filter_map(|id| Some((*id, self.links.get(id)?)));
        used().flat_map(|(_, link)| link.channels.shared()).for_each(|room| *crowds.entry(room).or_default() += 1);
        let crowd = |link: &Link| link.channels.shared().filter_map(|room| crowds.get(&room)).min().copied();
        let worst = used().filter(|(id, _)| *id != newcomer).max_by_key(|(id, link)| {
            let crowd = crowd(link);
            (Reverse(crowd.is_some()), crowd, link.role == Role::Accepter, *id)
        });
        let worst = worst.map(|(id, _)| id);
        worst.map(|id| self.give_up(id)).unwrap_or_default()
    }

    /// Takes a control, other than one that says that somebody is typing, and than a proof.
    ///
    /// # Errors
    /// [`Reject`] when no honest peer says this.
    pub(crate) fn controlled(&mut self, id: LinkId, control: Control) -> Result<Inputs, Reject> {
        let Some(link) = self.links.get_mut(&id) else { return Ok(Inputs::new()) };
        match control {
            Control::Greeting { boot, tags } => {
                if link.boot.is_some_and(|known| known != boot) {
                    return Err(Reject::Malformed("greeting"));
                }
                let before: BTreeSet<RoomId> = link.channels.shared().collect();
                link.channels.learn(tags)?;
                let is_first = link.boot.replace(boot).is_none();
                self.announce_called(id);
                Ok(if is_first { self.greeted(id) } else { self.ups(id, &before) })
            }
            _ if link.boot.is_none() => Err(Reject::Malformed("greeting")),
            Control::Address(address) => Ok(self.reached(id, &address)),
            Control::Part(channel) => {
                let peer = link.peer;
                let room = link.channels.parted(channel)?;
                if link.channels.shared().next().is_none() {
                    self.end(id, Goodbye::NothingShared);
                    self.used.remove(&peer);
                }
                Ok(room.map(|room| (room, Input::Down { peer })).into_iter().collect())
            }
            Control::Resume(channel) => {
                let before = link.channels.shared().collect();
                if let Some(room) = link.channels.resumed(channel)?
                    && !link.channels.shares(&room)
                    && let Some(mine) = link.channels.resume(&room)
                {
                    self.control(id, &Control::Resume(mine));
                }
                Ok(self.ups(id, &before))
            }
            Control::Introduction { channel, author, signature } => self.introduced(id, channel, author, *signature),
            Control::Typing(_) | Control::Proof { .. } | Control::Report { .. } | Control::Stock { .. } => {
                Ok(Inputs::new())
            }
        }
    }

    /// Somebody is typing at the other end: returns in which room and at which peer; `None` when the peer says so too
    /// often.
    ///
    /// # Errors
    /// [`Reject`] when the peer announced no such channel.
    pub(crate) fn typing(&mut self, id: LinkId, channel: u32, now_ms: u64) -> Result<Option<(RoomId, PeerId)>, Reject> {
        let found = self.room(id, channel)?;
        Ok(found.filter(|_| self.links.get_mut(&id).is_some_and(|link| link.typings.take(now_ms))))
    }

    /// Tells these linked peers of a room, if their version knows this control, that somebody is typing here.
    pub(crate) fn tell_typing(&self, room: &RoomId, to: &[PeerId]) {
        for link in self.used.values().filter_map(|id| self.links.get(id)).filter(|link| to.contains(&link.peer)) {
            if let Some(mine) = link.channels.mine(room).filter(|_| link.connection.alpn() != ALPN_FIRST) {
                link.outbound.hint(&Control::Typing(mine));
            }
        }
    }

    /// Sends a control about a room to these linked peers, if their version knows it; returns to how many.
    pub(crate) fn tell(&self, room: &RoomId, to: &[PeerId], control: impl Fn(u32) -> Control) -> usize {
        let links = self.used.values().filter_map(|id| self.links.get(id)).filter(|link| to.contains(&link.peer));
        let told = links.filter(|link| {
            let mine = link.channels.mine(room).filter(|_| link.connection.alpn() != ALPN_FIRST);
            mine.is_some_and(|mine| link.outbound.control(&control(mine)))
        });
        told.count()
    }

    /// The peer has greeted us for the first time: decides whether its connection is used.
    fn greeted(&mut self, id: LinkId) -> Inputs {
        let Some(link) = self.links.get(&id) else { return Inputs::new() };
        let peer = link.peer;
        if link.channels.shared().next().is_none() {
            self.end(id, Goodbye::NothingShared);
            return if self.used.contains_key(&peer) { Inputs::new() } else { self.undialled(peer) };
        }
        let mut inputs = Inputs::new();
        if let Some((old_id, old)) = self.used.get(&peer).and_then(|old| Some((*old, self.links.get(old)?))) {
            if !link.replaces(old, self.me) {
                self.end(id, Goodbye::Replaced);
                return Inputs::new();
            }
            let kept: BTreeSet<RoomId> = link.channels.shared().collect();
            inputs.extend(old.downs().into_iter().filter(|(room, _)| !kept.contains(room)));
            self.end(old_id, Goodbye::Replaced);
        }
        self.used.insert(peer, id);
        if let Some(link) = self.links.get(&id) {
            // Set only here.
            let _ = link.shared.set(());
            endpoint::widen(&link.connection);
        }
        self.control(id, &Control::Address(self.address.clone()));
        inputs.extend(self.ups(id, &BTreeSet::new()));
        inputs.extend(self.make_room_for(id));
        inputs
    }

    /// Tells engines of the rooms that are shared now and were not before.
    fn ups(&mut self, id: LinkId, before: &BTreeSet<RoomId>) -> Inputs {
        let Some(link) = self.links.get(&id) else { return Inputs::new() };
        let peer = link.peer;
        if self.used.get(&peer) != Some(&id) {
            return Inputs::new();
        }
        let address = link.seen_at.clone();
        self.connector.know(address.iter().flat_map(address::sockets));
        let shared: BTreeSet<RoomId> = link.channels.shared().collect();
        let up = |room: &RoomId| (*room, Input::Up { peer, address: address.clone() });
        let mut inputs: Inputs = shared.difference(before).map(up).collect();
        let dialled = self.dials.end(&peer);
        inputs.extend(dialled.difference(&shared).map(|room| (*room, Input::Unreachable { peer })));
        inputs
    }

    /// The peer tells its addresses; the one at which we see it is added.
    fn reached(&mut self, id: LinkId, address: &Bytes) -> Inputs {
        let Some(link) = self.links.get_mut(&id) else { return Inputs::new() };
        let Some(address) = address::join(link.peer, address, link.seen_at.as_ref()) else { return Inputs::new() };
        // An address becomes familiar only when a room was shared from it, and not because a peer claims it.
        if !defence::is_on("hearsay") {
            self.connector.know(address::sockets(&address));
        }
        let contact = Contact { peer: link.peer, address };
        link.reached = Some(contact.clone());
        let contacts = vec![contact];
        link.channels.shared().map(|room| (room, Input::Heard { contacts: contacts.clone() })).collect()
    }

    /// The room and peer that a frame is about; `None` when we no longer talk about that room with that peer.
    ///
    /// # Errors
    /// [`Reject`] when the peer announced no such channel.
    pub(crate) fn room(&self, id: LinkId, channel: u32) -> Result<Option<(RoomId, PeerId)>, Reject> {
        let Some(link) = self.links.get(&id) else { return Ok(None) };
        if link.boot.is_none() {
            return Err(Reject::Malformed("greeting"));
        }
        let room = link.channels.theirs(channel)?;
        let used = self.used.get(&link.peer) == Some(&id);
        Ok(room.filter(|_| used).map(|room| (room, link.peer)))
    }

    /// Our address has changed: tells every linked peer.
    pub(crate) fn readdressed(&mut self, address: Bytes) {
        if self.address == address {
            return;
        }
        self.address = address.clone();
        let ids: Vec<LinkId> = self.used.values().copied().collect();
        for id in ids {
            self.control(id, &Control::Address(address.clone()));
        }
    }

    /// We found members of a room ourselves.
    pub(crate) fn found(&mut self, room: RoomId, contacts: Vec<Contact>) -> Inputs {
        self.unanswered.found(&contacts);
        vec![(room, Input::Heard { contacts })]
    }

    /// Dials a peer for a room, or talks about the room on the existing connection. An address from hearsay, which is
    /// not `ours`, is tried once an hour.
    pub(crate) fn dial(&mut self, room: RoomId, (contact, ours): (&Contact, bool), now_ms: u64) -> Inputs {
        let peer = contact.peer;
        let unreachable = vec![(room, Input::Unreachable { peer })];
        if peer == self.me || self.bars.bars(&peer, now_ms) {
            return unreachable;
        }
        if let Some(id) = self.used.get(&peer).copied() {
            return self.ask_again(id, room).unwrap_or(unreachable);
        }
        let Ok(addr) = address::decode(contact) else { return unreachable };
        let addr = if ours { Some(addr) } else { self.unanswered.may_try(peer, addr, now_ms) };
        let Some(addr) = addr else { return unreachable };
        if !self.dials.add(room, peer, Way { addr, told: !ours }) {
            return unreachable;
        }
        self.dial_more();
        Inputs::new()
    }

    /// Dials those of these peers that are being dialled at these addresses too. The engine dials a peer at one address
    /// at a time, which may be where the peer was before.
    pub(crate) fn dial_also(&mut self, room: RoomId, contacts: &[Contact], now_ms: u64) {
        for contact in contacts {
            let may = self.dials.wants(&contact.peer) && !self.bars.bars(&contact.peer, now_ms);
            if let Some(addr) = address::decode(contact).ok().filter(|_| may) {
                self.dials.add(room, contact.peer, Way { addr, told: false });
            }
        }
        self.dial_more();
    }

    /// Begins the dials whose turn it is.
    fn dial_more(&mut self) {
        while !self.opening
            && let Some((peer, way)) = self.dials.next()
        {
            self.connector.dial(peer, way);
        }
    }

    /// A dial came to nothing.
    pub(crate) fn not_reached(&mut self, peer: PeerId) -> Inputs {
        let rooms = self.dials.failed(&peer);
        self.dial_more();
        rooms.into_iter().map(|room| (room, Input::Unreachable { peer })).collect()
    }

    /// A peer is dialled no more.
    fn undialled(&mut self, peer: PeerId) -> Inputs {
        let rooms = self.dials.end(&peer);
        self.dial_more();
        rooms.into_iter().map(|room| (room, Input::Unreachable { peer })).collect()
    }

    /// A connection has ended by itself.
    pub(crate) fn gone(&mut self, id: LinkId) -> Inputs {
        let Some(link) = self.links.remove(&id) else { return Inputs::new() };
        if self.used.get(&link.peer) == Some(&id) {
            self.used.remove(&link.peer);
            let mut inputs = link.downs();
            inputs.extend(self.undialled(link.peer));
            return inputs;
        }
        let dialled = link.role == Role::Dialler && !self.used.contains_key(&link.peer);
        if dialled { self.undialled(link.peer) } else { Inputs::new() }
    }

    /// A room stops talking with this peer. The connection ends when no room is left on it.
    pub(crate) fn part(&mut self, room: RoomId, peer: PeerId) {
        let Some(id) = self.used.get(&peer).copied() else { return };
        let Some(link) = self.links.get_mut(&id) else { return };
        let Some(mine) = link.channels.part(&room) else { return };
        if link.channels.shared().next().is_some() {
            self.control(id, &Control::Part(mine));
        } else {
            self.used.remove(&peer);
            self.end(id, Goodbye::NothingShared);
        }
    }

    /// A peer has sent bytes that no honest peer sends: closes its connections and bars it.
    pub(crate) fn bar(&mut self, peer: PeerId, reject: Reject, now_ms: u64) -> Inputs {
        tracing::warn!(peer = %peer.short(), %reject, "barred");
        self.bars.bar(peer, now_ms);
        let mut inputs = Inputs::new();
        if let Some(id) = self.used.remove(&peer) {
            inputs.extend(self.links.get(&id).map(Link::downs).unwrap_or_default());
        }
        let links = self.links.iter().filter(|(_, link)| link.peer == peer);
        self.connector.forget(links.clone().filter_map(|(_, link)| link.seen_at.as_ref()).flat_map(address::sockets));
        let ids: Vec<LinkId> = links.map(|(id, _)| *id).collect();
        for id in ids {
            self.end(id, Goodbye::Barred);
        }
        inputs.extend(self.undialled(peer));
        inputs
    }

    /// The peer at the other end.
    pub(crate) fn peer(&self, id: LinkId) -> Option<PeerId> {
        self.links.get(&id).map(|link| link.peer)
    }

    /// Sends a frame about a room. Returns the bytes on the wire, 0 when it was dropped. `strand` is that of the frame,
    /// and `bytes` its encoding.
    pub(crate) fn send(&self, room: &RoomId, peer: &PeerId, strand: Strand, bytes: &[u8]) -> usize {
        let author = match strand {
            Strand::Of(author) => Some(author),
            _ => None,
        };
        self.shared(room, peer).map_or(0, |(link, channel)| link.outbound.offer(author, channel, bytes))
    }

    /// Sends a frame that must not be lost. A peer that has not read for long is given up.
    pub(crate) fn insist(&self, room: &RoomId, peer: &PeerId, bytes: &[u8]) -> usize {
        let Some((link, channel)) = self.shared(room, peer) else { return 0 };
        link.outbound.insist(channel, bytes).unwrap_or_else(|| {
            Goodbye::TooSlow.say(&link.connection);
            0
        })
    }

    /// Queues a job to be served; `false` when too many wait for this peer.
    pub(crate) fn serve(&self, room: &RoomId, peer: &PeerId, job: impl FnOnce(u32) -> Job) -> bool {
        self.shared(room, peer).is_some_and(|(link, channel)| link.serves.try_send(job(channel)).is_ok())
    }

    /// A sign that what a peer asked for in a room is still to be served. It goes with [`Links::withdraw`].
    pub(crate) fn asked(&mut self, room: RoomId, peer: &PeerId) -> Weak<()> {
        let link = self.used.get(peer).and_then(|id| self.links.get_mut(id));
        link.map(|link| Arc::downgrade(link.asked.entry(room).or_default())).unwrap_or_default()
    }

    /// Serves nothing more to a peer of what it asked for in a room.
    pub(crate) fn withdraw(&mut self, room: &RoomId, peer: &PeerId) {
        let link = self.used.get(peer).and_then(|id| self.links.get_mut(id));
        link.into_iter().for_each(|link| _ = link.asked.remove(room));
    }

    /// The connection that a room uses with a peer, and the queue of what it sends.
    pub(crate) fn connection(&self, room: &RoomId, peer: &PeerId) -> Option<(WeakConnectionHandle, Weak<Outbound>)> {
        self.shared(room, peer).map(|(link, _)| (link.connection.weak_handle(), Arc::downgrade(&link.outbound)))
    }

    /// The connections over which peers of a room can be asked for files.
    pub(crate) fn lanes(&self, room: &RoomId) -> Vec<Lane> {
        let links = self.used.values().filter_map(|id| Some((id, self.links.get(id)?)));
        let lane = |(id, link): (&LinkId, &Link)| {
            let channel = link.channels.mine(room).filter(|_| link.connection.alpn() != ALPN_FIRST)?;
            let (connection, asking) = (link.connection.clone(), link.asking.clone());
            Some(Lane { link: *id, channel, connection, asking })
        };
        links.filter_map(lane).collect()
    }

    /// Closes all connections.
    pub(crate) fn close(&mut self) {
        for link in std::mem::take(&mut self.links).into_values() {
            Goodbye::Closing.say(&link.connection);
        }
        self.used.clear();
    }

    /// Closes the endpoint.
    pub(crate) fn close_endpoint(&self) {
        self.connector.close();
    }

    /// The connection that is used with a peer.
    pub(crate) fn used_with(&self, peer: &PeerId) -> Option<(LinkId, &Link)> {
        let id = self.used.get(peer)?;
        Some((*id, self.links.get(id)?))
    }

    pub(crate) fn link(&self, id: LinkId) -> Option<&Link> {
        self.links.get(&id)
    }

    pub(crate) fn link_mut(&mut self, id: LinkId) -> Option<&mut Link> {
        self.links.get_mut(&id)
    }

    fn shared(&self, room: &RoomId, peer: &PeerId) -> Option<(&Link, u32)> {
        let (_, link) = self.used_with(peer)?;
        Some((link, link.channels.mine(room)?))
    }

    /// Sends a control that must not be lost. A peer that has not read for long is given up.
    pub(crate) fn control(&self, id: LinkId, control: &Control) {
        if let Some(link) = self.links.get(&id)
            && !link.outbound.control(control)
        {
            Goodbye::TooSlow.say(&link.connection);
        }
    }

    fn end(&mut self, id: LinkId, goodbye: Goodbye) {
        if let Some(link) = self.links.remove(&id) {
            goodbye.say(&link.connection);
            link.outbound.close();
        }
    }
}
