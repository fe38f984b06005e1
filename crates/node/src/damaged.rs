//! Rooms that cannot be entered because their data in the home is damaged. They do not hinder other rooms: each is
//! listed, and waits until it is mended, entered again with a ticket, or left.

use std::{collections::BTreeMap, sync::Arc};

use rumormill_proto::{admit::Author, ids::RoomId};
use rumormill_store::{DamagedRoom, RoomRecord};

use crate::{
    board::{Board, Stop},
    random::random,
    settings::RoomSetup,
};

/// A room that the home remembers.
pub(crate) enum Remembered {
    /// One with everything that is needed to enter it.
    Whole(RoomRecord),
    /// One without.
    Damaged(DamagedRoom),
}

impl Remembered {
    /// The setup to enter it with: under a new author key if the old one is lost. `None` without the room's secret.
    fn setup(&self) -> Option<RoomSetup> {
        match self {
            Self::Whole(record) => Some(RoomSetup::kept(record.clone())),
            Self::Damaged(room) => {
                let mut setup = RoomSetup::new(room.id, room.secret?, random(), &room.name);
                setup.contacts.clone_from(&room.contacts);
                setup.retention = room.keep;
                setup.closed = room.closed;
                Some(setup)
            }
        }
    }

    pub(crate) fn board(&self, why: String) -> Board {
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
        // There are no nicks to read.
        let _ = board.nicks_found.set(());
        board
    }
}

/// The rooms that cannot be entered.
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

    /// The setup to enter a damaged room with, as far as the home still knows it.
    pub(crate) fn setup(&self, room: &RoomId) -> Option<RoomSetup> {
        self.0.get(room)?.remembered.setup()
    }

    /// Lists a room whose users hear by this board that it is damaged.
    pub(crate) fn insert(&mut self, remembered: Remembered, board: Arc<Board>) {
        self.0.insert(board.id, Wreck { remembered, board });
    }

    /// Takes a room out; returns its board.
    pub(crate) fn remove(&mut self, room: &RoomId) -> Option<Arc<Board>> {
        self.0.remove(room).map(|wreck| wreck.board)
    }
}
