//! Open rooms that their owner closes.

use std::collections::BTreeSet;

use rumormill_proto::{
    entry::{Kind, found},
    governance::{Act, Governance, Says},
    ids::AuthorId,
    input::{Input, Saying},
};

use rumormill_store::Store as _;

use crate::{peer::contact, queue::Index, violation::Story, world::World};

impl World {
    /// Closes at a peer the open room that it founded, without some others.
    ///
    /// # Errors
    /// As [`World::run_ms`].
    pub fn close_room(&mut self, peer: usize, without: &[usize]) -> Story {
        let owner = self.author(peer);
        (self.owner, self.was_open) = (Some(owner), true);
        let (_, founding) = found(&owner, "a room", [0; 16]);
        let out: BTreeSet<AuthorId> = without.iter().map(|other| self.author(*other)).collect();
        let mut lists = self.read(peer, owner).fold().lists(&owner, &out);
        lists.push(Says::close(lists.len(), &founding, None));
        for says in lists {
            let before = self.peers[peer].home.store.reader().and_then(|mut read| read.last_act(&self.room, &owner));
            let act = before.map(|before| Act { before, says }.encode());
            let Ok(Ok((kind, body))) = act else { return Err(self.violation("acts fit", "a list does not".into())) };
            self.put_in(peer as Index, Input::Say(vec![Saying { tag: 0, kind, body }]));
            self.run_ms(1_000)?;
        }
        Ok(())
    }

    /// What the store of a peer holds of a room that was open.
    fn read(&self, peer: usize, owner: AuthorId) -> Governance {
        let reader = self.peers[peer].home.store.reader();
        reader.and_then(|mut reader| reader.governance(&self.room, owner)).unwrap_or_else(|_| Governance::new(owner))
    }

    /// Whether a peer takes part in a closed room: by what its store holds, or by its ticket.
    pub(crate) fn is_closed_at(&self, peer: usize) -> bool {
        match self.owner {
            Some(owner) if self.was_open && self.peers[peer].home.pass.is_none() => {
                self.read(peer, owner).fold().closing().is_some()
            }
            owner => owner.is_some(),
        }
    }

    /// A peer of an open room has read that it is closed, and goes on as one of a closed room. It says again what it said
    /// in plain and nobody listed.
    pub(crate) fn change_over(&mut self, peer: Index) {
        let (at, me) = (peer as usize, self.author(peer as usize));
        let is_open = self.process(at).is_some_and(|process| process.engine.ring().is_none());
        let Some(owner) = self.owner.filter(|_| is_open && self.is_closed_at(at)) else { return };
        let plain = self.read(at, owner).fold().closing().map_or(0, |closing| closing.plain(&me));
        let Some((engine, reader)) = self.engine(at) else { return };
        let others: Vec<Index> = self.peers[at].linked().collect();
        let Some(process) = &mut self.peers[at].process else { return };
        (process.engine, process.reader) = (engine, reader);
        for other in others {
            let id = self.peers[other as usize].home.id;
            self.put_in(peer, Input::Up { peer: id, address: Some(contact(id).address) });
            self.introduce(other, peer);
            self.introduce(peer, other);
        }
        let lines = self.held(at);
        let again = lines.iter().filter(|line| line.place.author == me && line.place.seq >= plain && me != owner);
        let bodies = again.filter(|line| line.kind == Kind::TEXT).filter_map(|line| line.body.bytes().cloned());
        self.say_bodies(peer, bodies.collect());
    }
}
