//! Abandons a log that is too far ahead of others' clocks for a new key, and repeats its entries, as a node does.

use bytes::Bytes;
use rumormill_proto::{
    admit::Author,
    entry::Kind,
    ids::AuthorId,
    input::{Input, Purpose, Recall, Saying},
};

use crate::{
    fact::Fact,
    peer::contact,
    queue::Index,
    world::{World, scatter},
};

impl World {
    /// Notes that an engine is about to contradict its own log.
    pub(crate) fn note_leaving(&mut self, peer: Index, what: &Recall) {
        let Some(process) = &mut self.peers[peer as usize].process else { return };
        if matches!(what.purpose, Purpose::Leave { .. }) {
            process.leaves = true;
            self.watch.see(&Fact::Twinned { author: what.author });
        }
    }

    /// Continues under a new key after the engine abandoned its log, and repeats the entries that were cut off.
    pub(crate) fn rekey(&mut self, peer: Index, author: &AuthorId) {
        let (at, room) = (peer as usize, self.room);
        let own = self.peers[at].home.author;
        let Some(process) = &mut self.peers[at].process else { return };
        if *author != own || !std::mem::take(&mut process.leaves) {
            return;
        }
        let clock = process.engine.clock().clone();
        let lines = process.reader.beyond_cut(&room, author).unwrap_or_default();
        let secret = scatter(self.setup.seed ^ 6, self.number());
        let home = &mut self.peers[at].home;
        (home.author_secret, home.author, home.fresh) = (secret, Author::from_secret(&secret).id(), true);
        let author = home.author;
        let Some((mut engine, reader)) = self.engine(at) else { return };
        engine.set_clock(clock);
        self.trace.line(self.queue.now_us(), at, "rekey", || author.short());
        let others: Vec<Index> = self.peers[at].linked().collect();
        if let Some(process) = &mut self.peers[at].process {
            (process.engine, process.reader) = (engine, reader);
        }
        self.peers[at].home.fresh = false;
        for other in others {
            let id = self.peers[other as usize].home.id;
            self.put_in(peer, Input::Up { peer: id, address: Some(contact(id).address) });
            self.introduce(other, peer);
            self.introduce(peer, other);
        }
        let texts = lines.into_iter().filter(|line| line.kind == Kind::TEXT);
        self.say_bodies(peer, texts.filter_map(|line| line.body.bytes().cloned()).collect());
    }

    /// Says texts at a peer.
    pub(crate) fn say_bodies(&mut self, peer: Index, bodies: Vec<Bytes>) {
        let at = peer as usize;
        let first = self.count + 1;
        self.count += bodies.len() as u64;
        let saying = |(tag, body)| Saying { tag, kind: Kind::TEXT, body };
        let sayings: Vec<_> = (first..).zip(bodies).map(saying).collect();
        if let Some(process) = &mut self.peers[at].process {
            process.unanswered.extend(sayings.iter().map(|saying| saying.tag));
        }
        self.put_in(peer, Input::Say(sayings));
        self.expect_wake(peer);
    }
}
