//! The outputs of engines, acted on in their order: append, send, emit.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use rumormill_proto::{
    content::Target,
    entry::Kind,
    frame::Frame,
    ids::{AuthorId, PeerId, RoomId, Seq},
    input::{Arrival, Event, Form, Input, Look, Output, Recall, Unsaid},
    limits::BLOCK,
    log::Log,
    reject::Reject,
    time::Now,
    timeline::Place,
};
use rumormill_store::{Change, Error as StoreError, Read, RoomRecord, Store};

use super::{Driver, Tools, find_nicks};
use crate::{
    command::{Command, Recalled},
    connection::Job,
    figures::Tally,
    links::Inputs,
    seat::Seat,
    turns::Strand,
};

/// The outputs of all engines, by room.
type Outputs = Vec<(RoomId, Vec<Output>)>;

/// A piece of a log: author, first and last seq.
type Range = (AuthorId, Seq, Seq);

impl Driver {
    /// Acts on the outputs of engines until there are none.
    pub(crate) fn settle(&mut self) {
        loop {
            let outputs: Outputs = self.seats.iter_mut().map(|(room, seat)| (*room, seat.outputs())).collect();
            let mut outputs: Outputs = outputs.into_iter().filter(|(_, outputs)| !outputs.is_empty()).collect();
            if !outputs.is_empty() {
                let cut = self.append(&mut outputs);
                self.send(&outputs);
                self.emit(outputs);
                for (room, author, log) in cut {
                    self.give(vec![(room, Input::CutDone { author, log })]);
                }
            } else if let Some(room) = self.forked.pop_first() {
                // Only once the engine has no outputs left: a new engine would lose them, and a caller may rely on one
                // of them.
                if let Err(why) = self.rekey(&room) {
                    self.rest(&room, &why.to_string());
                }
            } else if let Some(room) = self.closing.pop_first() {
                if let Err(why) = self.close_room(&room) {
                    self.rest(&room, &why.to_string());
                }
            } else {
                return;
            }
        }
    }

    /// Makes everything durable in one commit, or in one for each room when that fails. Rooms whose own commit fails
    /// too rest, and their other outputs are dropped.
    fn append(&mut self, outputs: &mut Outputs) -> Cut {
        outputs.iter().for_each(|(room, outputs)| self.note_closing(room, outputs));
        let changes: Vec<(RoomId, Change<'_>)> = outputs
            .iter()
            .flat_map(|(room, outputs)| {
                let seat = self.seats.get(room);
                outputs.iter().filter_map(move |output| change(seat, output)).map(move |change| (*room, change))
            })
            .collect();
        if changes.is_empty() {
            return Vec::new();
        }
        self.appended();
        let begun = Instant::now();
        let (cut, failed) = commit(&mut *self.store, &changes);
        self.tools.wires.tally.commits.note(begun.elapsed());
        for (room, why) in &failed {
            self.rest(room, &why.to_string());
        }
        outputs.retain(|(room, _)| !failed.iter().any(|(other, _)| other == room));
        cut
    }

    fn send(&mut self, outputs: &Outputs) {
        let mut bytes = Vec::new();
        for (room, outputs) in outputs {
            for output in outputs {
                match output {
                    Output::Send { to, frame } => {
                        bytes.clear();
                        frame.put(&mut bytes);
                        self.say(room, to, frame, &bytes);
                    }
                    Output::Serve { to, want, newest, ranges, form, hidden } => {
                        self.serve(room, to, *want, (*newest, (ranges, hidden), *form))
                    }
                    Output::Withdraw { to } => self.links.withdraw(room, to),
                    Output::Introduce { peer } => self.prove(room, peer),
                    Output::Look(looks) => self.tell_looks(*room, looks),
                    Output::Recall(what) => self.recall(*room, what.clone()),
                    Output::Bare { most } => self.tell_bare(*room, *most),
                    Output::Vouches { author, most } => self.tell_vouches(*room, *author, *most),
                    Output::Dial(contact) => {
                        let now_ms = self.now().ticks_ms;
                        let ours = self.seats.get(room).is_some_and(|seat| seat.has_found(contact));
                        let inputs = self.links.dial(*room, (contact, ours), now_ms);
                        self.give(inputs);
                    }
                    Output::Close { peer, reject } => self.hang_up(*room, *peer, *reject),
                    _ => {}
                }
            }
        }
    }

    fn say(&mut self, room: &RoomId, to: &PeerId, frame: &Frame, bytes: &[u8]) {
        let taken = match frame {
            // The peer that wants something waits for it.
            Frame::Done { .. } => self.links.insist(room, to, bytes),
            _ => self.links.send(room, to, Strand::of(frame), bytes),
        };
        if let Some(seat) = self.seats.get_mut(room) {
            seat.sent(frame, taken);
        }
    }

    fn serve(&mut self, room: &RoomId, to: &PeerId, want: u64, what: (usize, (&[Range], &[Range]), Form)) {
        let (newest, (ranges, hidden), form) = what;
        let (ranges, hidden) = (ranges.to_vec(), hidden.to_vec());
        let asked = self.links.asked(*room, to);
        let job = |channel| Job { channel, room: *room, want, newest, ranges, form, hidden, asked };
        if !self.links.serve(room, to, job) && want != 0 {
            let done = Frame::Done { want };
            self.say(room, to, &done, &done.encode());
        }
    }

    /// Reads what an engine asks for, on a reader's thread.
    fn recall(&mut self, room: RoomId, what: Recall) {
        let (readers, wires, recalling) =
            (self.tools.readers.clone(), self.tools.wires.clone(), self.recalling.clone());
        self.tools.runtime.spawn(async move {
            let asked = what.clone();
            let permit = recalling.acquire().await;
            let read = readers.read(move |read: &mut dyn Read| read.recalled(&room, &asked)).await;
            drop(permit);
            let found = read.unwrap_or_else(|why| {
                tracing::error!(%why, "cannot read what tells of a fork");
                None
            });
            wires.tell(Command::Recalled(Box::new(Recalled { room, what, found }))).await;
        });
    }

    /// Tells an engine entries that it let go of: a few blocks.
    fn tell_looks(&mut self, room: RoomId, looks: &[Look]) {
        let mut answer = Vec::with_capacity(looks.len());
        for look in looks {
            let found = self.read.looked(&room, look).unwrap_or_else(|why| {
                tracing::error!(%why, "cannot read what an act names");
                Vec::new()
            });
            answer.push((*look, found));
        }
        self.give(vec![(room, Input::Looked(answer))]);
    }

    /// Tells an engine which bodies its store lacks.
    fn tell_bare(&mut self, room: RoomId, most: usize) {
        match self.read.bare(&room, most) {
            Ok((bare, all)) => self.give(vec![(room, Input::Bare { bare, all })]),
            Err(why) => tracing::error!(%why, "cannot read which bodies are wanted"),
        }
    }

    /// Tells an engine for whom an author vouches, which is one walk along an index.
    fn tell_vouches(&mut self, room: RoomId, author: AuthorId, most: usize) {
        match self.read.vouches(&room, &author, most) {
            Ok(vouches) => self.give(vec![(room, Input::Vouches { author, vouches })]),
            Err(why) => tracing::error!(%why, "cannot read whom an author vouches for"),
        }
    }

    fn hang_up(&mut self, room: RoomId, peer: PeerId, reject: Option<Reject>) {
        let Some(reject) = reject else { return self.links.part(room, peer) };
        let mut inputs = self.bar(peer, reject, self.now());
        inputs.retain(|(other, input)| *other != room || !matches!(input, Input::Down { .. }));
        self.give(inputs);
    }

    /// Closes the connections of a peer that sent what no honest peer sends.
    pub(super) fn bar(&mut self, peer: PeerId, reject: Reject, now: Now) -> Inputs {
        self.tools.wires.tally.rejected(reject);
        self.links.bar(peer, reject, now.ticks_ms)
    }

    /// Answers callers who said something, and tells interfaces.
    fn emit(&mut self, outputs: Outputs) {
        let (mut noted, mut came) = (BTreeMap::new(), Vec::new());
        let now = self.now();
        for (room, outputs) in outputs {
            let Some(seat) = self.seats.get_mut(&room) else { continue };
            let mut filled = self.tools.look_round(seat, &outputs);
            for output in outputs {
                match output {
                    Output::Said { tag, seq } => seat.said(tag, seq),
                    Output::Unsaid { why: Unsaid::Forked, .. } => _ = self.forked.insert(room),
                    Output::Unsaid { tag, why } => seat.unsaid(tag, why),
                    Output::Keep(_) if seat.unlock() => {
                        filled = true;
                        noted.extend(find_name(seat, &mut *self.read).map(|record| (room, record)));
                    }
                    Output::Imported(imported) => {
                        // The caller may have gone.
                        let _ = seat.imports.pop_front().map(|answer| answer.send(imported));
                    }
                    Output::Emit(event) => {
                        time(&self.tools.wires.tally, &event, seat.author, now);
                        if let Event::Shown { entry, .. } = &event
                            && seat.note(Place::of(entry), entry.kind, &entry.body)
                        {
                            noted.insert(room, seat.record());
                        }
                        if seat.keeps() && may_offer(&event) {
                            self.tools.shelf.look_for_offers(room);
                        }
                        match &event {
                            Event::Shown { entry, .. } if entry.kind == Kind::RETRACTION => {
                                self.tools.shelf.tidy();
                                // The retracted entry may have more edits than are dropped at once.
                                self.sweeping.begin();
                            }
                            Event::Shown { entry, .. } if seat.is_closing(entry, &mut *self.read) => {
                                self.closing.insert(room);
                            }
                            Event::Came { peer, .. } => {
                                self.tools.shelf.came();
                                came.push((room, *peer));
                            }
                            // It may be a name, or retract a file.
                            Event::Filled { .. } => filled = true,
                            _ => {}
                        }
                        if let Event::Forked { author, .. } = &event
                            && (*author == seat.author || seat.former.contains_key(author))
                        {
                            self.forked.insert(room);
                        }
                        seat.tell(event);
                    }
                    _ => {}
                }
            }
            if filled {
                self.tools.shelf.tidy();
                self.tools.runtime.spawn(find_nicks(seat.board.clone(), self.tools.readers.clone()));
            }
        }
        came.iter().for_each(|(room, peer)| self.tell_stock(room, &[*peer]));
        self.hear_of(came);
        let keep = |room: &RoomId| self.seats.get(room).is_some_and(|seat| seat.setup.keep);
        for record in noted.into_iter().filter(|(room, _)| keep(room)).map(|(_, record)| record).collect::<Vec<_>>() {
            if let Err(why) = self.store.put_room(&record) {
                tracing::warn!(%why, "cannot keep the room's name");
            }
        }
    }
}

impl Tools {
    /// Posts what these outputs may have changed in a closed room. Returns whether names have to be read again.
    fn look_round(&self, seat: &mut Seat, outputs: &[Output]) -> bool {
        let filled = seat.look_round(outputs);
        // Whoever has just been let in has another tag.
        if outputs.iter().any(may_rekey) && seat.post_tags() {
            self.retag.send_replace(());
        }
        filled
    }
}

/// Whether another epoch may be the one to write under.
fn may_rekey(output: &Output) -> bool {
    match output {
        Output::Keep(_) | Output::Emit(Event::Counts { .. } | Event::Seated { .. }) => true,
        Output::Emit(Event::Shown { entry, .. }) => entry.kind.is_act(),
        _ => false,
    }
}

/// Whether a file may be offered, or be had of somebody, that a keeper lacks.
fn may_offer(event: &Event) -> bool {
    match event {
        Event::Shown { entry, .. } => entry.kind == Kind::CARRIED,
        event => matches!(event, Event::Came { .. }),
    }
}

/// Reads the name of a closed room that has none, once a secret came. Returns what there is to keep.
fn find_name(seat: &mut Seat, read: &mut dyn Read) -> Option<RoomRecord> {
    let closed = seat.setup.closed.filter(|_| seat.setup.name.is_empty())?;
    let run = read.run(&seat.setup.id, &closed.founder, 1, BLOCK).ok()??;
    let (place, kind, body) = seat.find_name(&run)?;
    seat.note(place, kind, &body).then(|| seat.record())
}

/// The logs that were cut, and the rest of each.
type Cut = Vec<(RoomId, AuthorId, Log)>;

/// Makes changes durable, all together if possible. Returns the rests of logs that were cut, and the rooms whose
/// changes failed, each with the reason.
fn commit(store: &mut dyn Store, changes: &[(RoomId, Change<'_>)]) -> (Cut, Vec<(RoomId, StoreError)>) {
    let shortened = |changes: &[(RoomId, Change<'_>)]| -> Vec<RoomId> {
        changes.iter().filter(|(_, change)| change.shortens()).map(|(room, _)| *room).collect()
    };
    let told = |changes: &[_], logs: Vec<(AuthorId, Log)>| -> Cut {
        shortened(changes).into_iter().zip(logs).map(|(room, (author, log))| (room, author, log)).collect()
    };
    let why = match store.commit(changes) {
        Ok(logs) => return (told(changes, logs), Vec::new()),
        Err(why) => why,
    };
    let by_room: Vec<&[(RoomId, Change<'_>)]> = changes.chunk_by(|(one, _), (other, _)| one == other).collect();
    if let [of_one] = by_room[..] {
        return (Cut::new(), of_one.first().map(|(room, _)| (*room, why)).into_iter().collect());
    }
    let (mut cut, mut failed) = (Cut::new(), Vec::new());
    for of_one in by_room {
        match (store.commit(of_one), of_one) {
            (Ok(logs), _) => cut.extend(told(of_one, logs)),
            (Err(why), [(room, _), ..]) => failed.push((*room, why)),
            (Err(_), []) => {}
        }
    }
    (cut, failed)
}

/// The change that an output makes. An entry that a call with a key writes is noted beside it.
fn change<'a>(seat: Option<&Seat>, output: &'a Output) -> Option<Change<'a>> {
    match output {
        Output::Said { tag, seq } => {
            let seat = seat?;
            Some(Change::Once(seat.asked.once(*tag)?, Target { author: seat.author, seq: *seq }))
        }
        _ => Change::of(output),
    }
}

/// Counts how long an entry of somebody else was on its way here, unless it is one of the past.
fn time(tally: &Tally, event: &Event, me: AuthorId, now: Now) {
    let Event::Shown { entry, arrival: Arrival::End | Arrival::Late, hops } = event else { return };
    if entry.author != me {
        let lag = Duration::from_millis(now.wall_ms.saturating_sub(entry.time.ms()));
        let by = if hops.is_some() { &tally.rumor_lag } else { &tally.repair_lag };
        by.note(lag);
    }
}
