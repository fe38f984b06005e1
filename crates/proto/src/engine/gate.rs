//! Who is let into the exchange of a closed room, link by link.
//!
//! Whoever knows the room's secret may link with us, and is a *caller*: nothing is sent to it, and of what it says only a
//! few runs are read, as a newcomer shows its join and others tell us that we were removed. What it proves on that link,
//! and what the fold says of that, gives it a standing:
//!
//! - *acts*: somebody whose ticket lives and whose join is here, or who shows by a chain that it is a member. It gets acts,
//!   and of everything else the headers that lead to them.
//! - *member*: a present member, or a keeper. It gets everything.
//! - *out*: somebody who was removed. It gets the acts that removed it, and is parted.
//!
//! The fold is asked again whenever it changed, before anything else of that turn is sent.
//!
//! A newcomer knows the founder alone. It exchanges acts with one peer at a time that shows by a chain that it is a member,
//! and shows its join to it.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use bytes::Bytes;

use super::{Engine, Parts};
use crate::{
    admit::Trust,
    frame::{Frame, Hello, Push},
    governance::{Signed, TicketId, TicketKey},
    ids::{AuthorId, PeerId, Seq},
    input::{Credential, Form, Output},
    limits::{
        CALLER_FRAMES, CALLER_MS, CALLERS, SHOW_MS, TELL_AGAIN_MS, TELL_LONGEST_MS, TELL_MS, TOLD_ENTRIES, TOLD_OUT,
    },
    logs::Origin,
    run::RawRun,
    turn::Turn,
};

/// What somebody proved on a link.
#[derive(Clone, Debug)]
struct Proved {
    author: AuthorId,
    shows: Shows,
}

#[derive(Clone, Debug)]
enum Shows {
    Ticket(TicketId, TicketKey),
    Chain(Vec<Signed>),
}

/// A link on which nothing is sent.
#[derive(Clone, Debug)]
struct Caller {
    address: Option<Bytes>,
    proved: Option<Proved>,
    /// How many more frames of it are read.
    frames: usize,
    /// When it is parted, in ticks.
    due_ms: u64,
    /// Whether it was told that it is out.
    told: bool,
    /// Whether it was told who writes here, and the time by our clock.
    greeted: bool,
}

impl Caller {
    fn shows_chain(&self) -> bool {
        self.proved.as_ref().is_some_and(|proved| matches!(proved.shows, Shows::Chain(_)))
    }
}

/// What a link is let have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    Stranger,
    /// A newcomer whose ticket lives and whose join is not here, or a device that a member named and that said nothing here.
    Guest,
    /// Somebody whose ticket has ended.
    Unwelcome,
    Out,
    Acts,
    Member,
}

/// A peer that was told that it is out.
#[derive(Clone, Copy, Debug)]
struct Told {
    /// How long the pause before it may be told again is, in milliseconds.
    pause_ms: u64,
    /// When it may be told again, in ticks.
    again_ms: u64,
}

/// The links of a closed room.
#[derive(Debug, Default)]
pub(super) struct Gate {
    callers: BTreeMap<PeerId, Caller>,
    /// The links that are let in, and whether they get acts alone.
    inside: BTreeMap<PeerId, (Proved, bool)>,
    /// Peers that were told that they are out.
    told: BTreeMap<PeerId, Told>,
    /// The peer that a newcomer takes on trust, and when it tries another, in ticks.
    trusted: Option<(PeerId, u64)>,
    /// Whether the fold changed since it was asked last.
    pub(super) stale: bool,
    /// The acts that are told to those who are out.
    says: Vec<Output>,
}

impl Gate {
    pub(super) fn len(&self) -> usize {
        self.callers.len()
    }

    pub(super) fn next_deadline(&self) -> Option<u64> {
        let trusted = self.trusted.filter(|_| self.callers.values().any(Caller::shows_chain));
        self.callers.values().map(|caller| caller.due_ms).chain(trusted.map(|(_, due_ms)| due_ms)).min()
    }

    /// Who writes at a link that is let in, whatever it is let have.
    pub(super) fn author(&self, peer: &PeerId) -> Option<AuthorId> {
        self.inside.get(peer).map(|(proved, _)| proved.author)
    }

    /// Forgets a link that is gone.
    pub(super) fn forget(&mut self, peer: &PeerId) {
        self.callers.remove(peer);
        self.inside.remove(peer);
        self.trusted.take_if(|(trusted, _)| trusted == peer);
    }
}

impl Engine {
    /// The authors of whom it was proved that they write at linked peers, and that wait to be let in.
    pub fn waiting(&self) -> impl Iterator<Item = AuthorId> {
        self.parts.gate.inside.values().filter(|(_, acts)| *acts).map(|(proved, _)| proved.author)
    }

    /// The acts by which the author who writes here shows that it is a member.
    pub fn chain(&mut self) -> Vec<(AuthorId, Seq)> {
        let me = self.parts.own.id();
        self.parts.logs.fold().map(|fold| fold.chain(&me)).unwrap_or_default()
    }
}

impl Parts {
    /// Somebody calls at a closed room.
    pub(super) fn call(&mut self, peer: PeerId, address: Option<Bytes>, turn: &mut Turn<'_>) {
        let ms = turn.now.ticks_ms;
        let longest = self.gate.callers.iter().min_by_key(|(_, caller)| caller.due_ms).map(|(peer, _)| *peer);
        if let Some(longest) = longest.filter(|_| self.gate.callers.len() >= CALLERS) {
            self.turn_away(longest, turn);
        }
        let caller = Caller {
            address,
            proved: None,
            frames: CALLER_FRAMES,
            due_ms: ms + CALLER_MS,
            told: false,
            greeted: false,
        };
        self.gate.callers.insert(peer, caller);
    }

    /// Somebody proved on a link who it is.
    pub(super) fn shows(&mut self, peer: PeerId, author: AuthorId, by: Credential, turn: &mut Turn<'_>) {
        if !self.logs.is_closed() {
            return self.proved(peer, author, turn);
        }
        let shows = match by {
            Credential::Ticket(ticket, key) => Shows::Ticket(ticket, key),
            Credential::Chain(runs) => Shows::Chain(self.read_chain(&runs)),
        };
        let proved = Proved { author, shows };
        if let Some((before, _)) = self.gate.inside.get_mut(&peer) {
            *before = proved;
        } else if let Some(caller) = self.gate.callers.get_mut(&peer) {
            (caller.proved, caller.frames, caller.greeted) = (Some(proved), CALLER_FRAMES, false);
        }
        self.regard(peer, turn);
    }

    /// The acts of a chain that their authors signed.
    fn read_chain(&mut self, runs: &[RawRun]) -> Vec<Signed> {
        let room = self.room;
        let runs = runs.iter().filter(|run| run.signature().is_some());
        let runs = runs.filter_map(|run| self.logs.door().admit(run, Trust::Signature).ok());
        runs.flat_map(|run| run.entries().iter().map(|entry| Signed::of(&room, entry)).collect::<Vec<_>>()).collect()
    }

    /// Whether we were never let in.
    fn is_newcomer(&mut self) -> bool {
        let me = self.own.id();
        self.logs.fold().is_some_and(|fold| fold.is_unheard(&me))
    }

    fn standing(&mut self, peer: PeerId, turn: &Turn<'_>) -> Standing {
        let newcomer = self.is_newcomer();
        let now = turn.now;
        let inside = self.gate.inside.get(&peer).map(|(proved, _)| proved);
        let outside = || self.gate.callers.get(&peer).and_then(|caller| caller.proved.as_ref());
        let Some(Proved { author, shows }) = inside.or_else(outside) else { return Standing::Stranger };
        let Some(fold) = self.logs.fold() else { return Standing::Stranger };
        if fold.lets_in(author) {
            return Standing::Member;
        }
        if fold.is_out(author) {
            return Standing::Out;
        }
        let acts = match shows {
            Shows::Ticket(ticket, key) => match fold.ticket_lives(ticket, key, now.wall_ms) {
                Some(true) if fold.knocks(author) == Some(*ticket) => true,
                Some(true) => return Standing::Guest,
                Some(false) if inside.is_some() => return Standing::Out,
                Some(false) => return Standing::Unwelcome,
                None => false,
            },
            Shows::Chain(acts) if newcomer && fold.vouched(author, acts) => {
                let trusted = self.gate.trusted.get_or_insert((peer, now.ticks_ms + SHOW_MS));
                trusted.0 == peer
            }
            Shows::Chain(acts) if acts.is_empty() && fold.is_awaited(author) => return Standing::Guest,
            Shows::Chain(acts) => fold.vouched(author, acts),
        };
        if acts { Standing::Acts } else { Standing::Stranger }
    }

    /// Asks the fold about every link, if it changed, and parts with callers that waited for long.
    pub(super) fn regard_all(&mut self, turn: &mut Turn<'_>) {
        if !self.logs.is_closed() {
            return;
        }
        if std::mem::take(&mut self.gate.stale) {
            let all: Vec<PeerId> = self.gate.inside.keys().chain(self.gate.callers.keys()).copied().collect();
            all.into_iter().for_each(|peer| self.regard(peer, turn));
        }
        let ms = turn.now.ticks_ms;
        let late = self.gate.callers.iter().filter(|(_, caller)| caller.due_ms <= ms);
        for peer in late.map(|(peer, _)| *peer).collect::<Vec<_>>() {
            self.turn_away(peer, turn);
        }
        self.try_another(turn);
    }

    /// A newcomer that nobody let in for a while shows its join to another peer.
    fn try_another(&mut self, turn: &mut Turn<'_>) {
        let Some((last, due_ms)) = self.gate.trusted else { return };
        if turn.now.ticks_ms < due_ms {
            return;
        }
        if !self.is_newcomer() {
            self.gate.trusted = None;
            return;
        }
        let waits = |(peer, caller): (&PeerId, &Caller)| caller.shows_chain().then_some(*peer);
        let above = self.gate.callers.range(last..).find_map(waits);
        let Some(next) = above.or_else(|| self.gate.callers.iter().find_map(waits)) else { return };
        self.gate.trusted = Some((next, turn.now.ticks_ms + SHOW_MS));
        self.regard(next, turn);
        self.regard(last, turn);
    }

    /// Gives a link the standing that it has by the fold.
    fn regard(&mut self, peer: PeerId, turn: &mut Turn<'_>) {
        let standing = self.standing(peer, turn);
        match (self.gate.inside.get(&peer).map(|(_, acts)| *acts), standing) {
            (None, Standing::Member | Standing::Acts) => self.let_in(peer, standing, turn),
            (None, Standing::Out) => self.tell_out(peer, turn),
            (None, Standing::Stranger) | (Some(true), Standing::Acts) => {}
            (None, Standing::Guest) => self.greet(peer, turn),
            (None, Standing::Unwelcome) => self.turn_away(peer, turn),
            (Some(true), Standing::Member) => self.rise(peer, turn),
            (Some(false), Standing::Member) => self.present(peer, turn),
            (Some(false), Standing::Acts) => {
                self.put_out(peer, turn);
                self.let_in(peer, standing, turn);
            }
            (Some(_), Standing::Stranger | Standing::Guest | Standing::Unwelcome) => self.put_out(peer, turn),
            (Some(_), Standing::Out) => {
                self.put_out(peer, turn);
                self.tell_out(peer, turn);
            }
        }
    }

    /// A guest does not show its join before it knows whom it meets, and how late it is there.
    fn greet(&mut self, peer: PeerId, turn: &mut Turn<'_>) {
        if let Some(caller) = self.gate.callers.get_mut(&peer).filter(|caller| !caller.greeted) {
            caller.greeted = true;
            turn.out.push(Output::Introduce { peer });
            let hello = Hello { author: self.own.id(), wall_ms: turn.now.wall_ms };
            turn.send(peer, Frame::Hello(hello));
        }
    }

    fn let_in(&mut self, peer: PeerId, standing: Standing, turn: &mut Turn<'_>) {
        let Some(Caller { address, proved: Some(proved), .. }) = self.gate.callers.remove(&peer) else { return };
        let author = proved.author;
        self.gate.inside.insert(peer, (proved, standing == Standing::Acts));
        self.gate.told.remove(&peer);
        turn.out.push(Output::Introduce { peer });
        self.link(peer, address, turn);
        if self.view.is_active(&peer) {
            self.present(peer, turn);
            if self.is_newcomer() {
                self.clock.proved(peer, author);
            }
            self.show_join(peer, turn);
        } else {
            self.gate.forget(&peer);
        }
    }

    /// Its author writes at the other end of a link that is let have everything.
    fn present(&mut self, peer: PeerId, turn: &mut Turn<'_>) {
        if let Some(author) = self.gate.inside.get(&peer).filter(|(_, acts)| !acts).map(|(proved, _)| proved.author) {
            self.proved(peer, author, turn);
        }
    }

    /// A link that was let have acts is let have everything.
    fn rise(&mut self, peer: PeerId, turn: &mut Turn<'_>) {
        self.gate.inside.entry(peer).and_modify(|(_, acts)| *acts = false);
        self.gate.trusted.take_if(|(trusted, _)| *trusted == peer);
        self.present(peer, turn);
        self.bodies.up(peer, turn);
        self.view.greet(peer, turn);
        self.sync.begin(peer, &self.logs, turn);
    }

    /// A newcomer shows its first entry.
    fn show_join(&mut self, peer: PeerId, turn: &mut Turn<'_>) {
        let me = self.own.id();
        if self.own_next() > 0 && self.is_newcomer() {
            self.sync.serve(peer, 0, 0, vec![(me, 0, 0)], turn);
        }
    }

    /// Takes a link out of the exchange: it is a caller again, and nothing that was to be sent to it is.
    fn put_out(&mut self, peer: PeerId, turn: &mut Turn<'_>) {
        let Some((proved, _)) = self.gate.inside.get(&peer).cloned() else { return };
        self.lose(peer, turn);
        turn.out.push(Output::Withdraw { to: peer });
        let due_ms = turn.now.ticks_ms + CALLER_MS;
        let caller =
            Caller { address: None, proved: Some(proved), frames: CALLER_FRAMES, due_ms, told: false, greeted: false };
        self.gate.callers.insert(peer, caller);
    }

    /// Tells somebody who was removed by which acts, and parts a moment later. Whether they arrive is not known here, so it
    /// is told again when it comes back, after ever longer pauses.
    fn tell_out(&mut self, peer: PeerId, turn: &mut Turn<'_>) {
        let ms = turn.now.ticks_ms;
        let Some(Caller { proved: Some(proved), told: false, .. }) = self.gate.callers.get(&peer) else { return };
        let author = proved.author;
        self.view.forget(&peer);
        let before = self.gate.told.get(&peer).copied();
        if before.is_some_and(|told| ms < told.again_ms) {
            return self.turn_away(peer, turn);
        }
        let acts = self.logs.fold().map(|fold| fold.put_out_by(&author)).unwrap_or_default();
        let mut last: BTreeMap<AuthorId, Seq> = BTreeMap::new();
        acts.into_iter().for_each(|(by, seq)| _ = last.insert(by, seq));
        let ranges = last.into_iter().map(|(by, seq)| (by, seq.saturating_sub(TOLD_ENTRIES), seq)).collect();
        self.gate.says.push(Output::Serve {
            to: peer,
            want: 0,
            newest: 0,
            ranges,
            form: Form::Acts,
            hidden: Vec::new(),
        });
        if self.gate.told.len() >= TOLD_OUT {
            self.gate.told.retain(|_, told| ms < told.again_ms);
            let first = self.gate.told.iter().min_by_key(|(_, told)| told.again_ms).map(|(peer, _)| *peer);
            first.filter(|_| self.gate.told.len() >= TOLD_OUT).map(|first| self.gate.told.remove(&first));
        }
        let pause_ms = before.map_or(TELL_MS, |told| (2 * told.pause_ms).min(TELL_AGAIN_MS));
        self.gate.told.insert(peer, Told { pause_ms, again_ms: ms + pause_ms });
        if let Some(caller) = self.gate.callers.get_mut(&peer) {
            (caller.told, caller.due_ms, caller.frames) = (true, ms + pause_ms.min(TELL_LONGEST_MS), 0);
        }
    }

    /// Parts with a caller.
    fn turn_away(&mut self, peer: PeerId, turn: &mut Turn<'_>) {
        self.hang_up(peer, turn);
        turn.out.push(Output::Close { peer, reject: None });
    }

    /// Forgets a caller.
    pub(super) fn hang_up(&mut self, peer: PeerId, turn: &mut Turn<'_>) {
        if self.gate.callers.contains_key(&peer) {
            self.gate.forget(&peer);
            self.clock.down(&peer);
            self.quarantine.forget(&peer);
            self.own.undialled(peer);
            self.logs.down(peer, turn.now.ticks_ms);
            self.sync.down(peer);
            self.evidence.forget(&peer);
            self.view.unreachable(peer, turn);
        }
    }

    /// Reads what a caller says: its clock, and runs, and few of them.
    pub(super) fn called(&mut self, from: PeerId, frame: Frame, turn: &mut Turn<'_>) {
        if let Frame::Hello(hello) = &frame {
            // It may arrive before the proof of who says so.
            return self.clock.said(from, hello.wall_ms, turn.now);
        }
        let Some(caller) = self.gate.callers.get_mut(&from).filter(|caller| caller.frames > 0) else { return };
        let (Frame::Runs { want: 0, runs } | Frame::Push(Push { runs, .. })) = frame else { return };
        caller.frames -= 1;
        self.take(from, &runs, Origin::Repair(from), turn);
    }

    /// Takes back what was to be sent to callers, and words that were to be sent to those who get acts alone.
    pub(super) fn admit(&self, output: Output) -> Option<Output> {
        let all_acts = |run: &RawRun| run.entries().iter().all(|entry| entry.kind.is_act());
        let acts = |to: &PeerId| self.gate.inside.get(to).is_some_and(|(_, acts)| *acts);
        let greeted = |to: &PeerId| self.gate.callers.get(to).is_some_and(|caller| caller.greeted);
        let told = |to: &PeerId| self.gate.callers.get(to).is_some_and(|caller| caller.told);
        match output {
            // A guest is told our clock.
            Output::Send { to, frame: Frame::Hello(_) } if greeted(&to) => Some(output),
            // What an earlier input of the same batch lets somebody know who is out.
            Output::Serve { to, want: 0, form: Form::Acts, .. } if told(&to) => Some(output),
            Output::Send { to, .. } | Output::Serve { to, .. } if !self.gate.inside.contains_key(&to) => None,
            Output::Send { to, frame } if acts(&to) => {
                let frame = match frame {
                    Frame::Shuffle { .. } | Frame::Secrets { .. } => return None,
                    Frame::Push(mut push) => {
                        push.runs.retain(all_acts);
                        (!push.runs.is_empty()).then_some(Frame::Push(push))?
                    }
                    Frame::Runs { want, mut runs } => {
                        runs.retain(all_acts);
                        (!runs.is_empty()).then_some(Frame::Runs { want, runs })?
                    }
                    frame => frame,
                };
                Some(Output::Send { to, frame })
            }
            Output::Serve { to, want, ranges, .. } => {
                let form = if acts(&to) { Form::Acts } else { Form::Proved };
                let hidden = self.logs.hidden_of(ranges.iter().map(|(author, ..)| author));
                Some(Output::Serve { to, want, newest: 0, ranges, form, hidden })
            }
            output => Some(output),
        }
    }

    /// What is told to those who are out.
    pub(super) fn tell_those_out(&mut self, turn: &mut Turn<'_>) {
        turn.out.append(&mut self.gate.says);
    }
}
