//! An open room that was closed: it goes on as a closed one, with the same key, as soon as the act that closed it is
//! here.
//!
//! The home notes that the room is closed before that act is durable. If only the note survives a crash, the room begins as
//! an open one again, and the act comes again.

use bytes::Bytes;
use rumormill_proto::{
    entry::{Founding, Kind, founding},
    governance::{Closing, Governance},
    ids::{AuthorId, PeerId, RoomId, Seq},
    input::{Input, Output},
};
use rumormill_store::Closed;

use super::{Driver, rekey::sayable};
use crate::{error::Error, seat::Seat, settings::RoomSetup};

impl Driver {
    /// Notes in the home, before it becomes durable, that an open room is closed.
    pub(super) fn note_closing(&mut self, room: &RoomId, outputs: &[Output]) {
        let Some(seat) = self.seats.get(room).filter(|seat| seat.setup.closed.is_none() && seat.setup.keep) else {
            return;
        };
        let read = &mut *self.read;
        let closes = |output: &Output| match output {
            Output::Append(run) => run.entries().iter().any(|entry| seat.is_closing(entry, read)),
            _ => false,
        };
        if outputs.iter().any(closes) {
            let mut record = seat.record();
            record.closed = seat.founder().map(closed);
            if let Err(why) = self.store.put_room(&record) {
                tracing::warn!(%why, "cannot note that a room is closed");
            }
        }
    }

    /// Goes on as a closed room, if what is here closes it.
    ///
    /// # Errors
    /// [`Error::Store`] when the home cannot be read or written; the room is open then.
    pub(super) fn close_room(&mut self, room: &RoomId) -> Result<(), Error> {
        let Some(seat) = self.seats.get(room).filter(|seat| seat.setup.closed.is_none()) else { return Ok(()) };
        let (Some(founder), me) = (seat.founder(), seat.author) else { return Ok(()) };
        let mut governance = self.read.governance(room, founder)?;
        let fold = governance.fold();
        let Some(closing) = fold.closing().cloned() else { return Ok(()) };
        let kept = fold.is_present(&me);
        let again = if kept && me != closing.by.0 { self.unlisted(room, &me, &closing)? } else { Vec::new() };
        let Some(seat) = self.seats.get_mut(room) else { return Ok(()) };
        let mut record = seat.record();
        record.closed = Some(closed(founder));
        if seat.setup.keep {
            self.store.put_room(&record)?;
        }
        seat.setup.closed = record.closed;
        seat.setup.fresh_author = false;
        let (setup, now) = (seat.setup.clone(), self.now());
        let start = self.start_with(&setup, Some(governance), now)?;
        let Some(seat) = self.seats.get_mut(room) else { return Ok(()) };
        tracing::info!(room = %room.short(), "the room was closed");
        seat.again.extend(again);
        seat.restart(start);
        seat.tell_closed();
        // Its tag on the LAN is another one from here on.
        self.tools.retag.send_replace(());
        let mut inputs = self.links.sharing(room);
        let peers: Vec<PeerId> = inputs
            .iter()
            .filter_map(|(_, input)| if let Input::Up { peer, .. } = input { Some(*peer) } else { None })
            .collect();
        inputs.push((*room, Input::Heard { contacts: setup.contacts.clone() }));
        self.give(inputs);
        // Whoever has read it before us dropped our introduction, or waits for our proof.
        peers.iter().for_each(|peer| self.prove(room, peer));
        Ok(())
    }

    /// What we said in plain beyond what was listed.
    fn unlisted(&mut self, room: &RoomId, me: &AuthorId, closing: &Closing) -> Result<Vec<(Kind, Bytes)>, Error> {
        let next: Seq = self.read.heads(room)?.iter().find(|(key, _)| key == me).map_or(0, |(_, head)| head.seq + 1);
        let mut again = Vec::new();
        for seq in closing.plain(me)..next {
            let line = self.read.line(room, me, seq)?.filter(|line| !line.sealed);
            again.extend(line.and_then(|line| match line.kind {
                Kind::NICK => line.body.bytes().map(|body| (Kind::NICK, body.clone())),
                _ => sayable(line),
            }));
        }
        Ok(again)
    }

    /// The setup with which a room begins: as an open one, if the home noted that it is closed and nothing here closes it;
    /// and what its entries come to, if they had to be read for that.
    pub(super) fn as_held(&mut self, mut setup: RoomSetup) -> Result<(RoomSetup, Option<Governance>), Error> {
        let Some(Closed { founder, pass: None, device_of: None, .. }) = setup.closed else { return Ok((setup, None)) };
        let found = self.read.line(&setup.id, &founder, 0)?;
        let found = found.and_then(|line| founding(&setup.id, &founder, line.body.bytes()?).ok());
        if !matches!(found, Some(Founding::Open { .. })) {
            return Ok((setup, None));
        }
        let mut governance = self.read.governance(&setup.id, founder)?;
        if governance.fold().closing().is_none() {
            setup.closed = None;
            return Ok((setup, None));
        }
        Ok((setup, Some(governance)))
    }

    /// What a peer told of who writes there before it read that the room is closed: it may not have read that yet.
    pub(super) fn introduced_before(&self, room: &RoomId, peer: &PeerId) -> Option<Input> {
        self.was_open(room).then(|| self.links.introduced_before(room, peer)).flatten()
    }

    /// Whether a closed room was founded as an open one.
    pub(super) fn was_open(&self, room: &RoomId) -> bool {
        self.seats.get(room).is_some_and(Seat::was_open)
    }
}

fn closed(founder: AuthorId) -> Closed {
    Closed { founder, pass: None, device_of: None, keeps: false }
}
