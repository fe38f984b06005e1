//! Entering the rooms that the home remembers, and damaged ones as soon as they are mended.

use std::sync::Arc;

use rumormill_proto::ids::RoomId;

use tokio::sync::oneshot;

use super::{Driver, told};
use crate::{
    board::Board, damaged::Remembered, error::Error, event::RoomEvent, links::Inputs, settings::RoomSetup,
    status::Mended,
};

impl Driver {
    /// Enters a room that the home remembers, or lists it as damaged, and says when that is done.
    pub(crate) fn remembered(&mut self, remembered: Remembered, answer: oneshot::Sender<()>) -> Inputs {
        self.remember(remembered);
        told(answer, ())
    }

    fn remember(&mut self, remembered: Remembered) {
        let entered = match &remembered {
            Remembered::Whole(record) => {
                self.prepare(RoomSetup::kept(record.clone())).map(|prepared| self.take_part(prepared))
            }
            Remembered::Damaged(room) => Err(Error::Damaged { why: room.why.clone() }),
        };
        let Err(why) = entered else { return };
        let why = match why {
            Error::Damaged { why } => why,
            why => why.to_string(),
        };
        let board = Arc::new(remembered.board(why.clone()));
        tracing::error!(room = %board.id.short(), %why, "a room is damaged and takes part in nothing");
        self.boards().insert(board.id, board.clone());
        self.damaged.insert(remembered, board);
    }

    /// All rooms that the home remembers are entered: dials, and announces them to those who came before.
    pub(crate) fn resumed(&mut self) -> Inputs {
        let mut inputs = Inputs::new();
        for (link, peer, dialled) in self.links.opened() {
            let secrets = self.secrets(&peer, dialled);
            inputs.extend(self.links.announce_rest(link, secrets));
        }
        inputs
    }

    /// Removes the damaged parts of a room that could not be entered because of them, and enters the room.
    ///
    /// # Errors
    /// [`Error::Damaged`] when that does not suffice, and why.
    pub(crate) fn mend_damaged(&mut self, room: &RoomId) -> Result<Mended, Error> {
        let report = self.store.mend(room).map_err(|why| Error::Damaged { why: why.to_string() })?;
        self.appended();
        let setup = self.damaged.setup(room).ok_or_else(|| self.stopped(room))?;
        self.enter_damaged(setup)?;
        Ok(Mended { report, lost: Vec::new() })
    }

    /// Enters a room that was damaged. Readers of its events go on reading.
    ///
    /// # Errors
    /// [`Error::Damaged`] when it still is, [`Error::Store`] when the home cannot be written.
    pub(crate) fn enter_damaged(&mut self, setup: RoomSetup) -> Result<Arc<Board>, Error> {
        let (room, keeps) = (setup.id, setup.keep);
        let damaged = |why: Error| Error::Damaged { why: why.to_string() };
        let mut prepared = self.prepare(setup).map_err(damaged)?;
        if keeps {
            self.store.put_room(&prepared.seat.record())?;
        }
        if let Some(board) = self.damaged.remove(&room) {
            match *board.secret == prepared.seat.setup.secret {
                true => prepared.seat.sit_at(board),
                false => board.close(),
            }
        }
        let board = self.take_part(prepared);
        board.tell(RoomEvent::Resumed);
        Ok(board)
    }
}
