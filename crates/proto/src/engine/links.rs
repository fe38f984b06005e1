//! Links that come and go, and the frames that peers exchange when a link is up.

use super::Parts;
use crate::{
    defence,
    frame::{Frame, Hello},
    ids::{PeerId, Seq},
    input::{Event, Output},
    reject::Reject,
    turn::Turn,
};

impl Parts {
    pub(super) fn up(&mut self, peer: PeerId, address: Option<bytes::Bytes>, turn: &mut Turn<'_>) {
        if self.view.is_active(&peer) {
            self.lose(peer, turn);
        }
        match self.logs.is_closed() {
            true => self.call(peer, address, turn),
            false => self.link(peer, address, turn),
        }
    }

    /// Takes up the exchange with a peer.
    pub(super) fn link(&mut self, peer: PeerId, address: Option<bytes::Bytes>, turn: &mut Turn<'_>) {
        let before = turn.out.len();
        if let Some(other) = self.view.up(peer, address, turn) {
            // The other link ends before the new one is reported.
            let told = turn.out.split_off(before);
            self.close(other, None, turn);
            turn.out.extend(told);
        }
        if !self.view.is_active(&peer) {
            return;
        }
        let hello = Hello { author: self.own.id(), wall_ms: turn.now.wall_ms };
        turn.send(peer, Frame::Hello(hello));
        self.own.up(peer, turn.now.ticks_ms);
        self.bodies.up(peer, turn);
        if self.me < peer {
            self.sync.begin(peer, &self.logs, turn);
        }
        self.sync.up(peer, turn.now.ticks_ms);
        self.rumors.up(peer, &self.view, turn);
    }

    pub(super) fn down(&mut self, peer: PeerId, turn: &mut Turn<'_>) {
        if self.view.is_active(&peer) {
            self.lose(peer, turn);
        }
        self.hang_up(peer, turn);
    }

    /// Forgets a link; other peers take over its unfinished parts.
    pub(super) fn lose(&mut self, peer: PeerId, turn: &mut Turn<'_>) {
        self.gate.forget(&peer);
        self.acts.forget(&peer);
        self.quarantine.forget(&peer);
        self.view.down(peer, turn);
        self.rumors.down(peer, &self.view, turn);
        self.receipts.forget(&peer);
        self.logs.down(peer, turn.now.ticks_ms);
        self.sync.down(peer);
        self.evidence.forget(&peer);
        self.bodies.down(peer, turn.now.ticks_ms);
        self.own.down(peer);
        let pushed: Vec<_> = self.pushed.range((peer, 0)..=(peer, u64::MAX)).map(|(push, _)| *push).collect();
        pushed.iter().for_each(|push| _ = self.pushed.remove(push));
        self.clock.down(&peer);
        self.judge(turn);
        self.keys.iter_mut().for_each(|keys| keys.forget(&peer));
        if let Some(author) = self.authors.remove(&peer) {
            self.parted(author);
            turn.emit(Event::Went { peer });
        }
        let others: Vec<_> = self.view.active().collect();
        others.into_iter().for_each(|other| self.sync.plan(other, &mut self.logs, turn));
    }

    pub(super) fn hello(&mut self, from: PeerId, hello: &Hello, turn: &mut Turn<'_>) {
        let next = self.next_of(&hello.author);
        turn.send(from, Frame::Known { next });
        self.receipts.told(from, next);
        self.clock.said(from, hello.wall_ms, turn.now);
        if !defence::is_on("proved-author") {
            self.proved(from, hello.author, turn);
        }
        self.judge(turn);
    }

    /// A peer holds our own log below `next`, perhaps more of it than we do.
    pub(super) fn known(&mut self, from: PeerId, next: Seq, turn: &mut Turn<'_>) {
        let ours = self.own_next();
        self.own.told(from, next, ours);
        if next > ours {
            self.sync.tell(from, self.own.id().prefix(), next);
            self.sync.plan(from, &mut self.logs, turn);
        } else {
            self.held(from, next, turn);
            self.introduce(from, next, turn);
        }
    }

    pub(super) fn held(&mut self, peer: PeerId, next: Seq, turn: &mut Turn<'_>) {
        if self.own.held(peer, next) {
            turn.emit(Event::Holds { peer, next });
        }
    }

    /// Closes a link, because of a fault of the peer or because there is no place for it.
    pub(super) fn close(&mut self, peer: PeerId, reject: Option<Reject>, turn: &mut Turn<'_>) {
        self.lose(peer, turn);
        turn.out.push(Output::Close { peer, reject });
    }

    /// Notes the peers that we dial: a peer that is dialled for the first time may hold entries that we lost of our own
    /// log.
    pub(super) fn note_dials(&mut self, turn: &Turn<'_>) {
        for output in turn.said() {
            if let Output::Dial(contact) = output {
                self.own.dialled(contact.peer);
            }
        }
    }
}
