//! Proofs in closed rooms: the dialler proves first who writes here, and the other side answers a good proof.
//!
//! A proof that does not open, or proves nothing, bars nobody: whoever sent it is answered like somebody who does not know
//! the room, and comes again. It may have been sealed under an epoch that is not here, so it is answered with a proof of
//! ours once in a long while, unless that would open to everybody who holds the room's secret.

use bytes::Bytes;
use rumormill_proto::{
    ids::{PeerId, RoomId},
    input::Input,
    time::Now,
};

use super::Driver;
use crate::{
    connection::{Lane, LinkId},
    limits::{GREETED, GREETED_DIALLED},
    links::{Inputs, Secret},
    proof::{self, Shown},
};

impl Driver {
    /// A peer proves who writes there.
    pub(super) fn proof(&mut self, link: LinkId, channel: u32, sealed: &Bytes, now: Now) -> Inputs {
        let signed = match self.links.asked_in(link, channel) {
            Ok(Some(asked)) => asked,
            Ok(None) => return Inputs::new(),
            Err(reject) => return self.fault(link, reject, now),
        };
        let (room, peer) = (signed.room, signed.from);
        let Some(seat) = self.seats.get_mut(&room).filter(|seat| seat.setup.closed.is_some()) else {
            return Inputs::new();
        };
        match proof::open(&signed, seat.proof_keys(), sealed) {
            Ok((proof, key)) if seat.was_open() => {
                self.links.tell_anew(link, &room);
                let inputs = self.links.proved(link, room, proof, key);
                self.give(inputs);
                // Somebody who was let in by its introduction is answered, too.
                if self.lets_in(&room, &peer) {
                    self.prove(&room, &peer);
                }
                Inputs::new()
            }
            Ok((proof, key)) => self.links.proved(link, room, proof, key),
            Err(_) => {
                let answers = seat.answers_all();
                if answers || seat.may_answer() && self.links.may_answer((room, peer), now.ticks_ms) {
                    self.prove(&room, &peer);
                }
                Inputs::new()
            }
        }
    }

    /// Proves to a peer who writes here: under the key that opened the peer's proof, or else under our own.
    pub(super) fn prove(&mut self, room: &RoomId, peer: &PeerId) {
        let Some(seat) = self.seats.get_mut(room).filter(|seat| seat.setup.closed.is_some()) else { return };
        let shown = match seat.pass_shown() {
            Some(pass) => Shown::Pass(pass),
            None => Shown::Chain(self.read.acts(room, &seat.chain()).unwrap_or_else(|why| {
                tracing::warn!(%why, "cannot read the acts that make us a member");
                Vec::new()
            })),
        };
        self.links.prove((room, peer), seat.proof_key(), &seat.writer(), &shown);
    }

    /// A peer of a closed room came: proves first if we dialled, and tells the engine what the peer proved before.
    pub(super) fn meet(&mut self, room: &RoomId, peer: &PeerId) {
        if self.links.has_dialled(peer) {
            self.prove(room, peer);
        }
        let proved = [self.introduced_before(room, peer), self.links.proved_before(room, peer)];
        let now = self.now();
        if let Some(seat) = self.seats.get_mut(room) {
            proved.into_iter().flatten().for_each(|proved| seat.handle(proved, now));
        }
    }

    /// The rooms that are announced to a peer at once, and those that are when the peer announces them. A closed room is
    /// announced first to those only who are known in it.
    ///
    /// In many rooms a node that is dialled announces only some of them: whoever dials it knows in which rooms it is.
    pub(super) fn secrets(&self, peer: &PeerId, dialled: bool) -> (Vec<Secret>, Vec<Secret>) {
        let secret = |room: &RoomId| self.seats.get(room).map(|seat| (*room, seat.setup.secret));
        let (mut known, mut others): (Vec<RoomId>, Vec<RoomId>) =
            self.seats.keys().partition(|room| !dialled || self.is_known(room, peer));
        if !dialled && known.len() > GREETED {
            known.sort_by_cached_key(|room| !self.is_known_closed(room, peer));
        }
        if dialled && known.len() > GREETED_DIALLED {
            known.sort_by_cached_key(|room| !self.links.dials_for(room, peer));
        }
        others.extend(known.split_off(known.len().min(if dialled { GREETED_DIALLED } else { GREETED })));
        (known.iter().filter_map(secret).collect(), others.iter().filter_map(secret).collect())
    }

    /// Whether a room takes this input from a peer. In a closed room only a proof introduces somebody, and those alone are
    /// heard of who are let in.
    pub(super) fn is_for(&self, room: &RoomId, peer: Option<PeerId>, input: &Input) -> bool {
        let closed = self.seats.get(room).is_some_and(|seat| seat.setup.closed.is_some());
        match input {
            // Whoever has not read yet that the room was closed introduces itself as before.
            Input::Proved { .. } => !closed || self.was_open(room),
            Input::Heard { .. } => peer.is_some_and(|peer| self.lets_in(room, &peer)),
            _ => true,
        }
    }

    /// Tells closed rooms how those are reached who were let in.
    pub(super) fn hear_of(&mut self, came: Vec<(RoomId, PeerId)>) {
        for (room, peer) in came {
            if let Some(contact) = self.links.contact(&peer) {
                self.give(vec![(room, Input::Heard { contacts: vec![contact] })]);
            }
        }
    }

    /// Whether a peer is known in a room. In an open room everybody is.
    pub(crate) fn is_known(&self, room: &RoomId, peer: &PeerId) -> bool {
        self.links.dials_for(room, peer) || self.seats.get(room).is_some_and(|seat| seat.knows_peer(peer))
    }

    fn is_known_closed(&self, room: &RoomId, peer: &PeerId) -> bool {
        self.seats.get(room).is_some_and(|seat| seat.setup.closed.is_some() && seat.knows_peer(peer))
    }

    /// The linked peers that are let have everything of a room.
    pub(super) fn let_in(&self, room: &RoomId) -> Vec<PeerId> {
        self.links.used().filter(|peer| self.lets_in(room, peer)).collect()
    }

    /// The connections over which such peers can be asked for files.
    pub(super) fn lanes(&self, room: &RoomId) -> Vec<Lane> {
        let mut lanes = self.links.lanes(room);
        lanes.retain(|lane| self.links.peer(lane.link).is_some_and(|peer| self.lets_in(room, &peer)));
        lanes
    }

    /// Whether a peer is let have everything of a room.
    pub(crate) fn lets_in(&self, room: &RoomId, peer: &PeerId) -> bool {
        let lets_in =
            |seat: &crate::seat::Seat| seat.setup.closed.is_none() || seat.board.posted().members.contains_key(peer);
        self.seats.get(room).is_some_and(lets_in)
    }
}
