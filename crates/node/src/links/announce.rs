//! Which rooms are announced on which connections, and when.

use rumormill_proto::{
    frame::Contact,
    ids::{PeerId, RoomId},
    input::Input,
};

use super::{Inputs, Links, Secret};
use crate::{connection::LinkId, envelope::Control, greeting::Role, limits::GREETING_TAGS, random::random};

impl Links {
    /// A room was entered: announces it on the connections with these peers, and on others once they announce it.
    pub(crate) fn announce(&mut self, room: Secret, known: &[PeerId]) -> Inputs {
        let mut inputs = Inputs::new();
        for id in self.announces_to() {
            let Some(link) = self.links.get_mut(&id) else { continue };
            let before = link.channels.shared().collect();
            link.channels.keep_silent(&[room]);
            match known.contains(&link.peer) {
                true => self.announce_on(id, &[room]),
                false => self.announce_called(id),
            }
            inputs.extend(self.ups(id, &before));
        }
        inputs
    }

    /// The connections on which a room that is entered is announced at once.
    fn announces_to(&self) -> Vec<LinkId> {
        if self.opening { Vec::new() } else { self.links.keys().copied().collect() }
    }

    /// The rooms of the home are entered: dials from now on. Returns the connections of those who came before, their
    /// peers, and whether we dialled.
    pub(crate) fn opened(&mut self) -> Vec<(LinkId, PeerId, bool)> {
        self.opening = false;
        let came = self.links.iter().map(|(id, link)| (*id, link.peer, link.role == Role::Dialler)).collect();
        self.dial_more();
        came
    }

    /// Announces on a connection all rooms that were entered since it was made.
    pub(crate) fn announce_rest(&mut self, id: LinkId, (mut known, mut others): (Vec<Secret>, Vec<Secret>)) -> Inputs {
        let Some(link) = self.links.get_mut(&id) else { return Inputs::new() };
        let before = link.channels.shared().collect();
        known.retain(|(room, _)| !link.channels.has(room));
        others.retain(|(room, _)| !link.channels.has(room));
        link.channels.keep_silent(&others);
        self.announce_on(id, &known);
        self.announce_called(id);
        self.ups(id, &before)
    }

    pub(super) fn announce_on(&mut self, id: LinkId, rooms: &[Secret]) {
        for rooms in rooms.chunks(GREETING_TAGS) {
            let Some(link) = self.links.get_mut(&id) else { return };
            let tags = link.channels.announce(rooms, random);
            self.control(id, &Control::Greeting { boot: self.boot, tags });
        }
    }

    /// Announces the rooms that the peer announced before us.
    pub(super) fn announce_called(&mut self, id: LinkId) {
        let called = self.links.get(&id).map(|link| link.channels.called_for()).unwrap_or_default();
        self.announce_on(id, &called);
    }

    /// Whether a peer is dialled for a room.
    pub(crate) fn dials_for(&self, room: &RoomId, peer: &PeerId) -> bool {
        self.dials.wants_for(room, peer)
    }

    /// How a peer is reached, as it told us.
    pub(crate) fn contact(&self, peer: &PeerId) -> Option<Contact> {
        self.links.get(self.used.get(peer)?)?.reached.clone()
    }

    /// The peers with a connection, used or not.
    pub(crate) fn peers(&self) -> impl Iterator<Item = PeerId> {
        self.links.values().map(|link| link.peer)
    }

    /// The peers whose connection rooms use.
    pub(crate) fn used(&self) -> impl Iterator<Item = PeerId> {
        self.used.keys().copied()
    }

    /// Talks about a room again on a connection. `None` when the peer was never in the room.
    pub(super) fn ask_again(&mut self, id: LinkId, room: RoomId) -> Option<Inputs> {
        let link = self.links.get_mut(&id)?;
        if link.channels.shares(&room) {
            return Some(vec![(room, Input::Up { peer: link.peer, address: link.seen_at.clone() })]);
        }
        let before = link.channels.shared().collect();
        let peer = link.peer;
        if let Some(secret) = link.channels.silent(&room) {
            self.announce_on(id, &[(room, secret)]);
            return Some(self.ups(id, &before)).filter(|inputs| !inputs.is_empty());
        }
        let mine = link.channels.resume(&room)?;
        let shares = link.channels.shares(&room);
        self.control(id, &Control::Resume(mine));
        if !shares {
            self.dials.ask_again(room, peer);
            return Some(Inputs::new());
        }
        Some(self.ups(id, &before))
    }

    /// Tells a new engine of the peers that share its room.
    pub(crate) fn sharing(&self, room: &RoomId) -> Inputs {
        let links = self.used.values().filter_map(|id| self.links.get(id)).filter(|link| link.channels.shares(room));
        links.map(|link| (*room, Input::Up { peer: link.peer, address: link.seen_at.clone() })).collect()
    }

    /// Stops talking about a room with every peer.
    pub(crate) fn leave(&mut self, room: &RoomId) {
        let peers: Vec<PeerId> = self.used.keys().copied().collect();
        peers.into_iter().for_each(|peer| self.part(*room, peer));
    }
}
