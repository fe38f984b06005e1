//! Drives one engine as a node does: drains its inbox, makes the outputs durable, sends, shows.

use rumormill_proto::{
    entry::Kind,
    input::{Event as Told, Form, Input, Output},
};
use rumormill_store::{Change, Error as StoreError, Store as _, TimelineRow};

use crate::{
    fact::Fact,
    fault::Fault,
    nature::Nature,
    network::Lane,
    peer::{Stage, index_of},
    queue::{Event, Index, ProcessId},
    serving::Serving,
    trace,
    world::World,
};

/// Microseconds after which a paused peer's answer to a want checks whether the peer runs again.
const PAUSED_US: u64 = 100_000;

/// The outputs of a turn, in the order of their execution.
#[derive(Default)]
struct Outcome {
    keep: Vec<Output>,
    send: Vec<Output>,
    emit: Vec<Output>,
}

impl Outcome {
    fn of(outputs: Vec<Output>) -> Self {
        let mut outcome = Self::default();
        for output in outputs {
            let stage = match output {
                Output::Append(_)
                | Output::Cut(_)
                | Output::Prove(_)
                | Output::Part { .. }
                | Output::Prolong(_)
                | Output::Evict(_)
                | Output::Keep(_)
                | Output::Fill { .. } => &mut outcome.keep,
                Output::Said { .. } | Output::Unsaid { .. } | Output::Imported(_) | Output::Emit(_) => {
                    &mut outcome.emit
                }
                _ => &mut outcome.send,
            };
            stage.push(output);
        }
        outcome
    }
}

impl World {
    /// Puts an input into a peer's inbox and schedules a turn.
    pub(crate) fn put_in(&mut self, peer: Index, input: Input) {
        let Some(process) = &mut self.peers[peer as usize].process else { return };
        process.put(input);
        self.expect_turn(peer);
    }

    pub(crate) fn expect_turn(&mut self, peer: Index) {
        if !self.peers[peer as usize].is_up() {
            return;
        }
        let delay_us = self.random.below(self.setup.turn_us + 1);
        let Some(process) = &mut self.peers[peer as usize].process else { return };
        if !process.turn_due {
            process.turn_due = true;
            self.queue.put(delay_us, Event::Turn { peer, process: process.number });
        }
    }

    /// Handles a scheduled deadline, which may be obsolete.
    pub(crate) fn wake(&mut self, peer: Index, number: ProcessId) {
        let now_ms = self.now_ms();
        let up = self.peers[peer as usize].is_up();
        let Some(process) = self.peers[peer as usize].process_numbered(number) else { return };
        if process.wake_ms.take_if(|due_ms| *due_ms <= now_ms).is_none() || !up {
            return;
        }
        let due = process.engine.next_deadline() <= now_ms;
        match due {
            true => self.put_in(peer, Input::Wake),
            false => self.expect_wake(peer),
        }
    }

    /// Schedules the engine's next deadline, unless an earlier one is scheduled.
    pub(crate) fn expect_wake(&mut self, peer: Index) {
        let now_us = self.queue.now_us();
        let Some(process) = &mut self.peers[peer as usize].process else { return };
        let deadline_ms = process.engine.next_deadline();
        if process.wake_ms.is_none_or(|due_ms| deadline_ms < due_ms) {
            process.wake_ms = Some(deadline_ms);
            let delay_us = deadline_ms.saturating_mul(1_000).saturating_sub(now_us);
            self.queue.put(delay_us, Event::Wake { peer, process: process.number });
        }
    }

    /// One turn: drains the inbox and executes the outputs.
    pub(crate) fn turn(&mut self, peer: Index) {
        let (now, at_us) = (self.clock(peer), self.queue.now_us());
        let at = peer as usize;
        if !self.peers[at].is_up() {
            return;
        }
        let Some(process) = &mut self.peers[at].process else { return };
        let mut outputs = Vec::new();
        for input in std::mem::take(&mut process.inbox) {
            self.trace.line(at_us, at, "input", || trace::input(&input));
            process.engine.handle(input, now, &mut outputs);
        }
        if self.fault == Some(Fault::Repeats) {
            outputs = outputs.iter().flat_map(|output| std::iter::repeat_n(output.clone(), 10_000)).collect();
        }
        let count = outputs.len();
        if !self.watch.checkers.is_empty() {
            let (frontier, sizes) = (process.engine.frontier(), process.engine.sizes());
            self.watch.see(&Fact::Turn { peer: at, outputs: count, frontier, sizes: &sizes });
        }
        if self.watch.broken.is_none() {
            self.carry_out(peer, Outcome::of(outputs));
            self.expect_wake(peer);
        }
    }

    fn carry_out(&mut self, peer: Index, outcome: Outcome) {
        let at = peer as usize;
        let ends_at = if outcome.keep.is_empty() { None } else { self.peers[at].ends_at.take() };
        if ends_at == Some(Stage::BeforeAppend) {
            return self.end_process(peer);
        }
        self.keep(peer, &outcome.keep);
        if ends_at == Some(Stage::BeforeSend) {
            return self.end_process(peer);
        }
        outcome.send.into_iter().for_each(|output| self.say_out(peer, output));
        if ends_at == Some(Stage::BeforeEmit) {
            return self.end_process(peer);
        }
        let mut emit = outcome.emit;
        if self.fault == Some(Fault::ShowsSwapped) {
            emit.reverse();
        }
        let closes =
            |output: &Output| matches!(output, Output::Emit(Told::Shown { entry, .. }) if entry.kind == Kind::CLOSE);
        let closes = emit.iter().any(closes);
        emit.into_iter().for_each(|output| self.emit(peer, output));
        if closes {
            self.change_over(peer);
        }
    }

    /// One durable commit of all appends and cuts.
    fn keep(&mut self, peer: Index, outputs: &[Output]) {
        if outputs.is_empty() {
            return;
        }
        let at = peer as usize;
        let own = self.peers[at].home.author;
        let drops = |output: &Output| match (output, self.fault) {
            (Output::Append(run), Some(Fault::LosesOwnWords)) => run.author() == own,
            (Output::Append(run), Some(Fault::LosesOthersWords)) => run.author() != own,
            _ => false,
        };
        let room = self.room;
        let kept = outputs.iter().filter(|output| !drops(output));
        let changes: Vec<_> = kept.filter_map(Change::of).map(|change| (room, change)).collect();
        let left = match self.peers[at].home.store.commit(&changes) {
            Ok(left) => left,
            Err(error) => {
                return self
                    .watch
                    .break_off("the store takes what the engine appends", format!("peer {peer}: {error}"));
            }
        };
        for (_, change) in &changes {
            match change {
                Change::Append(run) => self.watch.see(&Fact::Appended { peer: at, run }),
                Change::Cut(proof) => self.watch.see(&Fact::WasCut { peer: at, proof }),
                Change::Part { author, at: from } => {
                    self.watch.see(&Fact::Parted { peer: at, author: **author, at: *from })
                }
                Change::Prove(_)
                | Change::Evict(_)
                | Change::Fill { .. }
                | Change::Prolong(_)
                | Change::Once(..)
                | Change::Keep(_) => {}
            }
        }
        for (author, log) in left {
            self.put_in(peer, Input::CutDone { author, log });
        }
    }

    /// Executes an output that concerns other peers.
    fn say_out(&mut self, peer: Index, output: Output) {
        match output {
            Output::Send { to, frame } => _ = self.send(peer, &to, frame, Lane::Live),
            Output::Dial(contact) => self.dial(peer, contact.peer),
            Output::Close { peer: other, reject } => self.close(peer, other, reject),
            Output::Withdraw { to } => self.withdraw(peer, index_of(&to)),
            Output::Introduce { peer: other } => self.introduce(peer, index_of(&other)),
            Output::Look(looks) => {
                let room = self.room;
                let Some(process) = &mut self.peers[peer as usize].process else { return };
                let told = looks.into_iter().map(|look| Ok((look, process.reader.looked(&room, &look)?)));
                match told.collect::<Result<Vec<_>, StoreError>>() {
                    Ok(told) => self.put_in(peer, Input::Looked(told)),
                    Err(error) => self.watch.break_off("stored entries are readable", format!("peer {peer}: {error}")),
                }
            }
            Output::Recall(what) => {
                self.note_leaving(peer, &what);
                let room = self.room;
                let Some(process) = &mut self.peers[peer as usize].process else { return };
                match process.reader.recalled(&room, &what) {
                    Ok(found) => self.put_in(peer, Input::Recalled { what, found }),
                    Err(error) => self.watch.break_off("stored entries are readable", format!("peer {peer}: {error}")),
                }
            }
            Output::Bare { most } => {
                let room = self.room;
                let Some(process) = &mut self.peers[peer as usize].process else { return };
                let (bare, all) = process.reader.bare(&room, most).unwrap_or_default();
                self.put_in(peer, Input::Bare { bare, all });
            }
            Output::Vouches { author, most } => {
                let room = self.room;
                let Some(process) = &mut self.peers[peer as usize].process else { return };
                let vouches = process.reader.vouches(&room, &author, most).unwrap_or_default();
                self.put_in(peer, Input::Vouches { author, vouches });
            }
            Output::Serve { to, want, newest, ranges, form, hidden } => {
                let serving = self.number();
                let room = self.room;
                let Some(process) = &mut self.peers[peer as usize].process else { return };
                let first = if newest == 0 { Ok(Vec::new()) } else { process.reader.newest(&room, newest) };
                match first {
                    Ok(first) => {
                        let answer = match form {
                            Form::Held => Serving::new(want, first, ranges),
                            form => Serving::formed(want, ranges, (form, hidden)),
                        };
                        process.servings.insert(serving, (index_of(&to), answer));
                        self.queue.put(0, Event::Serve { peer, process: process.number, serving });
                    }
                    Err(error) => self.watch.break_off("stored entries are readable", format!("peer {peer}: {error}")),
                }
            }
            Output::Append(_)
            | Output::Cut(_)
            | Output::Prove(_)
            | Output::Part { .. }
            | Output::Prolong(_)
            | Output::Evict(_)
            | Output::Keep(_)
            | Output::Fill { .. }
            | Output::Said { .. }
            | Output::Unsaid { .. }
            | Output::Imported(_)
            | Output::Emit(_) => {}
        }
    }

    /// Sends the next piece of an answer to a want, and schedules the one after it for when the link is free again.
    pub(crate) fn serve_on(&mut self, peer: Index, number: ProcessId, serving: u64) {
        let room = self.room;
        let paused = self.peers[peer as usize].paused;
        let Some(process) = self.peers[peer as usize].process_numbered(number) else { return };
        if paused {
            return self.queue.put(PAUSED_US, Event::Serve { peer, process: number, serving });
        }
        let Some((to, answer)) = process.servings.get_mut(&serving) else { return };
        let to = *to;
        let frame = match answer.next(&mut *process.reader, &room) {
            Ok(Some(frame)) => frame,
            Ok(None) => {
                process.servings.remove(&serving);
                return;
            }
            Err(error) => {
                return self.watch.break_off("stored entries are readable", format!("peer {peer}: {error}"));
            }
        };
        let to = self.peers[to as usize].home.id;
        let bytes = self.send(peer, &to, frame, Lane::Bulk) as u64;
        let delay_us = bytes.saturating_mul(1_000_000) / self.network.weather.bulk_bytes_per_second.max(1);
        self.queue.put(delay_us, Event::Serve { peer, process: number, serving });
    }

    /// Executes an output that concerns people.
    fn emit(&mut self, peer: Index, output: Output) {
        match output {
            Output::Said { tag, seq } => self.said(peer, tag, seq),
            Output::Unsaid { tag, why } => {
                self.peers[peer as usize].refused = Some(why);
                if let Some(process) = &mut self.peers[peer as usize].process {
                    process.unanswered.retain(|waiting| *waiting != tag);
                }
            }
            Output::Emit(event) => {
                self.told(peer, &event);
                match self.fault {
                    Some(Fault::ShowsTwice) => self.told(peer, &event),
                    Some(Fault::ShowsElsewhere) => self.told((peer + 1) % self.peers.len() as Index, &event),
                    _ => {}
                }
            }
            _ => {}
        }
    }

    fn said(&mut self, peer: Index, tag: u64, seq: u64) {
        let (at, at_us, room) = (peer as usize, self.queue.now_us(), self.room);
        let author = self.peers[at].home.author;
        let Some(process) = &mut self.peers[at].process else { return };
        process.unanswered.retain(|waiting| *waiting != tag);
        let line: Option<TimelineRow> = process.reader.line(&room, &author, seq).ok().flatten();
        self.trace.line(at_us, at, "said", || format!("{} {seq}", author.short()));
        self.watch.see(&Fact::Said { peer: at, author, seq, id: line.map(|line| line.id) });
    }

    fn told(&mut self, peer: Index, event: &Told) {
        let (at, at_us) = (peer as usize, self.queue.now_us());
        self.trace.line(at_us, at, "event", || trace::event(event));
        if self.peers[at].nature != Nature::Honest {
            return;
        }
        match event {
            Told::Shown { entry, arrival, hops } => {
                let (at_ms, wall_ms, arrival, hops) = (self.now_ms(), self.clock(peer).wall_ms, *arrival, *hops);
                self.watch.see(&Fact::Shown { peer: at, entry, arrival, at_ms, wall_ms, hops });
            }
            Told::Forked { author, .. } => {
                self.watch.see(&Fact::Forked { peer: at, author: *author });
                self.rekey(peer, author);
            }
            Told::Evicted { author } => self.watch.see(&Fact::Evicted { peer: at, author: *author }),
            _ => {}
        }
    }
}
