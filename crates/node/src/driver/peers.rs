//! What peers say, and what becomes of connections.

use rumormill_proto::{ids::PeerId, input::Input, reject::Reject, time::Now};

use super::{Driver, NOT_LET_IN};
use crate::{command::Received, connection::LinkId, envelope::Control, links::Inputs};

impl Driver {
    /// Takes a control of a connection.
    pub(super) fn controlled(&mut self, link: LinkId, control: Control, now: Now) -> Inputs {
        match control {
            Control::Proof { channel, sealed } => self.proof(link, channel, &sealed, now),
            Control::Typing(channel) => self.typing(link, channel, now),
            Control::Report { channel, of, words } => self.reported(link, channel, (of, &words), now),
            Control::Stock { channel, stock } => self.stocked(link, (channel, stock), now),
            control => match self.links.controlled(link, control) {
                Ok(mut inputs) => {
                    let peer = self.links.peer(link);
                    inputs.retain(|(room, input)| self.is_for(room, peer, input));
                    self.tried(inputs, NOT_LET_IN)
                }
                Err(reject) => self.fault(link, reject, now),
            },
        }
    }

    /// A connection has ended by itself.
    pub(super) fn gone(&mut self, link: LinkId) -> Inputs {
        let inputs = self.links.gone(link);
        self.tried(inputs, NOT_LET_IN)
    }

    /// A dial failed.
    pub(super) fn unreachable(&mut self, peer: PeerId, why: &str) -> Inputs {
        let inputs = self.links.not_reached(peer);
        self.tried(inputs, why)
    }

    /// Remembers why peers could not be reached.
    pub(super) fn tried(&mut self, inputs: Inputs, why: &str) -> Inputs {
        for (room, input) in &inputs {
            let failed = match input {
                Input::Unreachable { peer } => Some(peer),
                // Somebody in a closed room who let us not in.
                Input::Down { peer } => Some(peer).filter(|peer| !self.lets_in(room, peer)),
                _ => None,
            };
            if let (Some(peer), Some(seat)) = (failed, self.seats.get_mut(room)) {
                seat.tried(*peer, why);
                if matches!(input, Input::Down { .. }) {
                    seat.turned_away();
                }
            }
        }
        inputs
    }

    pub(super) fn received(&mut self, received: Received, now: Now) -> Inputs {
        let Received { link, channel, frame, bytes, .. } = received;
        match self.links.room(link, channel) {
            Ok(Some((room, from))) => {
                if let Some(seat) = self.seats.get_mut(&room) {
                    seat.receive(from, frame, bytes, now);
                }
                Inputs::new()
            }
            Ok(None) => Inputs::new(),
            Err(reject) => self.fault(link, reject, now),
        }
    }

    pub(super) fn typing(&mut self, link: LinkId, channel: u32, now: Now) -> Inputs {
        match self.links.typing(link, channel, now.ticks_ms) {
            Ok(Some((room, peer))) => {
                self.seats.get(&room).into_iter().for_each(|seat| seat.typing(&peer));
                Inputs::new()
            }
            Ok(None) => Inputs::new(),
            Err(reject) => self.fault(link, reject, now),
        }
    }

    pub(super) fn fault(&mut self, link: LinkId, reject: Reject, now: Now) -> Inputs {
        let peer = self.links.peer(link);
        peer.map(|peer| self.bar(peer, reject, now)).unwrap_or_default()
    }
}
