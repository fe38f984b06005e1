//! Rooms of the home that cannot be entered because what is kept of them is damaged. They hinder no other room: each is
//! listed, and waits until it is mended, entered again with a ticket, or left.

use std::{collections::BTreeMap, sync::Arc};

use rumormill_proto::{admit::Author, ids::RoomId};
use rumormill_store::{DamagedRoom, RoomRecord};

use crate::{
    board::{Board, Stop},
    driver::Driver,
    error::Error,
    mend::Mended,
    node::{kept, setup},
    random::random,
    room::RoomEvent,
    settings::RoomSetup,
};

/// A room that the home remembers.
pub(crate) enum Remembered {
    /// With all that is needed to enter it.
    Whole(RoomRecord),
    /// Without.
    Damaged(DamagedRoom),
}

impl Remembered {
    /// How to enter it; under a new author key where the old one is lost, and not at all without the room's secret.
    fn setup(&self) -> Option<RoomSetup> {
        match self {
            Self::Whole(record) => Some(kept(record.clone())),
            Self::Damaged(room) => {
                let mut setup = setup(room.id, room.secret?, random(), &room.name);
                setup.contacts.clone_from(&room.contacts);
                setup.retention = room.keep;
                Some(setup)
            }
        }
    }

    fn board(&self, why: String) -> Board {
        let board = match self {
            Self::Whole(record) => {
                let author = Author::from_secret(&record.author_secret).id();
                let board = Board::new(record.id, record.secret, record.name.clone(), author);
                board.posted().set(record);
                board
            }
            Self::Damaged(DamagedRoom { id, name, secret, .. }) => {
                Board::new(*id, secret.unwrap_or_default(), name.clone(), Default::default())
            }
        };
        board.posted().stopped = Some(Stop::Damaged(why));
        // There are none to be looked for.
        let _ = board.nicks_found.set(());
        board
    }
}

/// Rooms that cannot be entered.
#[derive(Default)]
pub(crate) struct Damaged(BTreeMap<RoomId, Wreck>);

struct Wreck {
    remembered: Remembered,
    board: Arc<Board>,
}

impl Damaged {
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn holds(&self, room: &RoomId) -> bool {
        self.0.contains_key(room)
    }

    /// How to enter a room that is damaged, as far as the home still knows.
    pub(crate) fn setup(&self, room: &RoomId) -> Option<RoomSetup> {
        self.0.get(room)?.remembered.setup()
    }

    /// Takes a room out; what it told by.
    pub(crate) fn remove(&mut self, room: &RoomId) -> Option<Arc<Board>> {
        self.0.remove(room).map(|wreck| wreck.board)
    }
}

impl Driver {
    /// Takes part in a room that the home remembers. One that cannot be entered is listed as damaged.
    pub(crate) fn remember(&mut self, remembered: Remembered) {
        let entered = match &remembered {
            Remembered::Whole(record) => self.prepare(kept(record.clone())).map(|prepared| self.take_part(prepared)),
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
        self.damaged.0.insert(board.id, Wreck { remembered, board });
    }

    /// Takes out what is damaged of a room that takes part in nothing for it, and enters it.
    ///
    /// # Errors
    /// [`Error::Damaged`] when that is not enough, and why.
    pub(crate) fn mend_damaged(&mut self, room: &RoomId) -> Result<Mended, Error> {
        let report = self.store.mend(room).map_err(|why| Error::Damaged { why: why.to_string() })?;
        self.appended();
        let setup = self.damaged.setup(room).ok_or_else(|| self.stopped(room))?;
        self.enter_damaged(setup)?;
        Ok(Mended { report, lost: Vec::new() })
    }

    /// Enters a room that was damaged. Whoever listens to it goes on listening.
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
