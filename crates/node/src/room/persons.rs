//! People with several devices in a closed room: each is one person.

use std::collections::BTreeSet;

use rumormill_proto::ids::AuthorId;

use super::Room;

impl Room {
    /// The author that stands for the person who writes under this key: the key itself, unless it is a device.
    pub fn person(&self, author: &AuthorId) -> AuthorId {
        self.board.posted().closed.as_ref().map_or(*author, |closed| closed.person(author))
    }

    /// The author that stands for us here.
    pub fn me(&self) -> AuthorId {
        self.person(&self.author())
    }

    /// Whether we write under this key, here or on another device of ours.
    pub fn is_mine(&self, author: &AuthorId) -> bool {
        self.person(author) == self.me()
    }

    /// All keys of the person who writes under this one, its author first; those that were ended too.
    pub fn keys_of(&self, author: &AuthorId) -> Vec<AuthorId> {
        self.board.posted().closed.as_ref().map_or_else(|| vec![*author], |closed| closed.keys_of(author).collect())
    }

    /// Devices of people in the room.
    pub fn devices(&self) -> usize {
        self.board.posted().closed.as_ref().map_or(0, |closed| closed.persons.len())
    }

    /// The people who write under these keys, without us; ascending.
    pub(super) fn others(&self, keys: impl IntoIterator<Item = AuthorId>) -> BTreeSet<AuthorId> {
        let closed = self.board.posted().closed.clone();
        let person = |key: &AuthorId| closed.as_ref().map_or(*key, |closed| closed.person(key));
        let me = person(&self.author());
        keys.into_iter().map(|key| person(&key)).filter(|key| *key != me).collect()
    }
}
