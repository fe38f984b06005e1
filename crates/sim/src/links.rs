//! Links between peers: dialling, breaking, and the frames on them.

use rumormill_proto::{
    frame::Frame,
    ids::PeerId,
    input::{Credential, Input},
    reject::Reject,
};

use crate::{
    fact::Fact,
    fault::Fault,
    nature::Nature,
    network::{End, Lane, Sent},
    peer::{contact, index_of},
    queue::{Event, Index, LinkId, ProcessId},
    trace,
    world::World,
};

/// Microseconds until a node gives up a dial.
const DIAL_US: u64 = 3_000_000;

/// Microseconds after which the first packet of a dial is resent: three times the round trip that QUIC is told to
/// expect.
const DIAL_AGAIN_US: u64 = 300_000;

/// Microseconds for which a node bars a peer that sent something no honest peer sends.
const BARRED_US: u64 = 60_000_000;

impl World {
    pub(crate) fn dial(&mut self, dialler: Index, dialled: PeerId) {
        let Some(process) = self.process(dialler as usize).map(|process| process.number) else { return };
        self.traffic.dials += 1;
        let target = index_of(&dialled);
        let there =
            self.is_there(&dialled) && self.knows_address(dialler, target) && self.network.connects(dialler, target);
        let delay_us = 2 * self.network.latency_us(dialler, target) + self.lost_dials_us();
        let (delay_us, event) = match there && delay_us < DIAL_US {
            true => (delay_us, Event::Knock { dialler, process, dialled }),
            false => (DIAL_US, Event::GiveUp { dialler, process, dialled }),
        };
        self.queue.put(delay_us, event);
    }

    /// Microseconds lost to resending first packets or their answers, each after twice the previous pause.
    fn lost_dials_us(&mut self) -> u64 {
        let mut pause_us = DIAL_AGAIN_US;
        let mut lost_us = 0;
        while lost_us < DIAL_US && (self.network.loses(&mut self.random) || self.network.loses(&mut self.random)) {
            lost_us += pause_us;
            pause_us *= 2;
        }
        lost_us
    }

    /// Whether a peer with this name runs or is paused.
    fn is_there(&self, id: &PeerId) -> bool {
        let peer = self.peers.get(index_of(id) as usize);
        peer.is_some_and(|peer| peer.home.id == *id && peer.process.is_some())
    }

    /// Whether a peer has the present address of another.
    fn knows_address(&self, peer: Index, of: Index) -> bool {
        self.peers[of as usize].met.as_ref().is_none_or(|met| met.contains(&peer))
    }

    /// A dial has crossed the network: links the two peers, unless something prevents it.
    pub(crate) fn knock(&mut self, dialler: Index, process: ProcessId, dialled: PeerId) {
        let at = index_of(&dialled);
        let same = self.process(dialler as usize).is_some_and(|running| running.number == process);
        if !same {
            return;
        }
        let open = at != dialler
            && self.is_there(&dialled)
            && self.peers[at as usize].is_up()
            && self.network.connects(dialler, at)
            && !self.bars(at, dialler)
            && !self.bars(dialler, at);
        if !open {
            self.queue.put(DIAL_US, Event::GiveUp { dialler, process, dialled });
            return;
        }
        let link = self.number();
        self.peers[dialler as usize].met.iter_mut().for_each(|met| _ = met.insert(at));
        self.link(dialler, at, link);
        self.link(at, dialler, link);
        self.introduce(dialler, at);
        if !self.is_closed_at(at as usize) {
            self.introduce(at, dialler);
        }
    }

    /// A peer proves to another at the end of its link who writes here. In a closed room the dialler does so, and then
    /// those who find its proof good.
    pub(crate) fn introduce(&mut self, from: Index, to: Index) {
        let room = self.room;
        let home = &self.peers[from as usize].home;
        let (peer, author, pass) = (home.id, home.author, home.pass);
        let Some(process) = &mut self.peers[from as usize].process else { return };
        let acts = process.engine.chain();
        let by = match pass.filter(|_| acts.is_empty()) {
            Some((ticket, key)) => Credential::Ticket(ticket, key),
            None => Credential::Chain(process.reader.acts(&room, &acts).unwrap_or_default()),
        };
        if self.peers[to as usize].end_to(from).is_some_and(|end| end.peer == peer) {
            self.put_in(to, Input::Proved { peer, author, by });
        }
    }

    /// Gives `at` its end of a new link, replacing an existing one.
    fn link(&mut self, at: Index, other: Index, link: LinkId) {
        let peer = self.peers[other as usize].home.id;
        let before = self.peers[at as usize].end_to(other).map(|end| end.peer);
        if let Some(before) = before.filter(|before| *before != peer) {
            self.put_in(at, Input::Down { peer: before });
        }
        self.put_end(at, other, link);
        self.put_in(at, Input::Up { peer, address: Some(contact(peer).address) });
    }

    pub(crate) fn put_end(&mut self, at: Index, other: Index, link: LinkId) {
        let peer = self.peers[other as usize].home.id;
        self.drop_end(at, other);
        if let Some(process) = &mut self.peers[at as usize].process {
            process.ends.insert(other, End::new(link, peer));
        }
    }

    fn bars(&self, peer: Index, other: Index) -> bool {
        self.peers[peer as usize].barred.get(&other).is_some_and(|until| *until > self.queue.now_us())
    }

    pub(crate) fn give_up(&mut self, dialler: Index, process: ProcessId, dialled: PeerId) {
        if self.peers[dialler as usize].process_numbered(process).is_some() {
            self.put_in(dialler, Input::Unreachable { peer: dialled });
        }
    }

    /// One end of a link has been silent for long: the link breaks, unless the other end is still there.
    pub(crate) fn silence(&mut self, at: Index, other: Index, link: LinkId) {
        let (here, there) = (&self.peers[at as usize], &self.peers[other as usize]);
        let alive = there.link_to(at) == Some(link) && there.is_up() && self.network.connects(at, other);
        let Some(peer) = here.end_to(other).filter(|end| end.link == link && !alive).map(|end| end.peer) else {
            return;
        };
        self.drop_end(at, other);
        self.put_in(at, Input::Down { peer });
        self.expect_silence(other, at);
    }

    /// Lets `at` notice after a while that nothing more arrives from `other`.
    pub(crate) fn expect_silence(&mut self, at: Index, other: Index) {
        if let Some(link) = self.peers[at as usize].link_to(other) {
            let delay_us = self.network.silence_us(&mut self.random);
            self.queue.put(delay_us, Event::Silence { at, other, link });
        }
    }

    /// Lets all peers linked with `peer` notice after a while that nothing more arrives from it.
    pub(crate) fn fall_silent(&mut self, peer: Index) {
        let others: Vec<_> = self.peers[peer as usize].linked().collect();
        others.into_iter().for_each(|other| self.expect_silence(other, peer));
    }

    /// A peer serves another nothing more of what that asked for.
    pub(crate) fn withdraw(&mut self, at: Index, other: Index) {
        if let Some(process) = &mut self.peers[at as usize].process {
            process.servings.retain(|_, (to, _)| *to != other);
        }
    }

    pub(crate) fn drop_end(&mut self, at: Index, other: Index) {
        if let Some(process) = &mut self.peers[at as usize].process {
            process.ends.remove(&other);
            process.servings.retain(|_, (to, _)| *to != other);
        }
    }

    /// A peer closes a link; the other end learns of it if a frame gets through.
    pub(crate) fn close(&mut self, at: Index, peer: PeerId, reject: Option<Reject>) {
        let other = index_of(&peer);
        let link = self.peers[at as usize].link_to(other);
        self.drop_end(at, other);
        if let Some(reject) = reject {
            let until_us = self.queue.now_us() + BARRED_US;
            self.peers[at as usize].barred.insert(other, until_us);
            self.watch.see(&Fact::Barred { peer: at as usize, other: other as usize, reject });
        }
        let Some(link) = link else { return };
        let delay_us = match self.network.carries(at, other) {
            true => self.network.latency_us(at, other),
            false => self.network.silence_us(&mut self.random),
        };
        self.queue.put(delay_us, Event::Silence { at: other, other: at, link });
    }

    /// Sends a frame on the link to its receiver; without a link the frame is lost. Returns the bytes sent.
    pub(crate) fn send(&mut self, from: Index, peer: &PeerId, frame: Frame, lane: Lane) -> usize {
        if self.is_true(from) {
            return self.send_one(from, peer, frame, lane);
        }
        let lies = self.lies(from, index_of(peer), frame);
        lies.into_iter().map(|frame| self.send_one(from, peer, frame, lane)).sum()
    }

    pub(crate) fn send_one(&mut self, from: Index, peer: &PeerId, frame: Frame, lane: Lane) -> usize {
        let (to, at_us) = (index_of(peer), self.queue.now_us());
        self.trace.line(at_us, from as usize, "send", || format!("to p{to:<6} {}", trace::frame(&frame)));
        if self.peers[from as usize].end_to(to).is_none_or(|end| end.peer != *peer) {
            return 0;
        }
        let mut wire = std::mem::take(&mut self.wire);
        wire.clear();
        frame.put(&mut wire);
        if self.fault == Some(Fault::Truncates) {
            wire.pop();
        }
        let bytes = wire.len();
        self.watch.see(&Fact::Sent { peer: from as usize, to: to as usize, frame: &frame, wire: &wire });
        self.wire = wire;
        self.count_sent(from, &frame, bytes);
        if let (Some(pushes), Frame::Push(_)) = (&mut self.pushes, &frame) {
            pushes.push((from as usize, frame.clone()));
        }
        self.carry(Sent { from, to, lane, bytes, now_us: at_us }, frame);
        bytes
    }

    fn carry(&mut self, sent: Sent, frame: Frame) {
        let lost = !self.network.carries(sent.from, sent.to) || self.network.loses(&mut self.random);
        if lost || self.fault == Some(Fault::Deaf) {
            return;
        }
        let twice = self.network.doubles(&mut self.random);
        let Some(process) = &mut self.peers[sent.from as usize].process else { return };
        let Some(end) = process.ends.get_mut(&sent.to) else { return };
        let copies = if twice { vec![frame.clone(), frame] } else { vec![frame] };
        for frame in copies {
            let Some(arrival_us) = self.network.arrival_us(end, &sent, &mut self.random) else { return };
            let delay_us = arrival_us - sent.now_us;
            let frame = Box::new(frame);
            self.queue.put(delay_us, Event::Arrive { to: sent.to, from: sent.from, link: end.link, frame });
        }
    }

    pub(crate) fn arrive(&mut self, to: Index, from: Index, link: LinkId, frame: Frame) {
        let end = self.peers[to as usize].end_to(from).filter(|end| end.link == link);
        let Some(peer) = end.map(|end| end.peer) else { return };
        if self.peers[to as usize].nature == Nature::Parrot && matches!(frame, Frame::Push(_)) {
            let others: Vec<_> =
                self.peers[to as usize].linked().map(|other| self.peers[other as usize].home.id).collect();
            others.iter().for_each(|other| _ = self.send(to, other, frame.clone(), Lane::Live));
        }
        self.put_in(to, Input::Received { from: peer, frame });
    }
}
