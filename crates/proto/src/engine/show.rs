//! Work after each input: showing the entries that may be shown, and writing waiting entries.

use std::collections::BTreeSet;

use super::{ANY_TIME_MS, Parts};
use crate::{
    entry::Kind,
    input::{Arrival, Event, Output, Saying, Unsaid},
    limits::FOLLOW_MS,
    logs::{Origin, Released, Taken},
    own::{BY_ITSELF, Regard},
    rumor::{Source, delegating::NOBODY},
    run::RawRun,
    time::Now,
    timeline::Place,
    turn::Turn,
};

impl Parts {
    /// Shows and writes all entries that may be shown and written, until nothing changes any more.
    pub(super) fn settle(&mut self, turn: &mut Turn<'_>) {
        self.follow_owner();
        self.join(turn);
        let wall_ms = self.time_ms(turn.now);
        self.own.reach(self.clock.reach_ms(turn.now, self.said_ms(), self.own.last()));
        let released = self.logs.release(Now { wall_ms, ..turn.now });
        self.show(released, turn);
        self.settle_forks(turn);
        while self.govern(turn) {
            let released = self.logs.release(Now { wall_ms, ..turn.now });
            self.show(released, turn);
        }
        self.open_boxes(turn);
        self.reckon(turn);
        self.write(turn);
        self.look_up(turn);
        self.stray(turn.now);
        self.logs.count_waiting();
        self.sync.count_missing(&self.logs, self.bodies.missing(), turn);
        let due = self.logs.next_due().map(|due| turn.now.ticks_ms.saturating_add(due.saturating_sub(wall_ms)));
        self.due_ms = due;
    }

    /// Queues sayings, as far as there is room.
    pub(super) fn say(&mut self, sayings: Vec<Saying>, turn: &mut Turn<'_>) {
        let cut = self.logs.cut(&self.own.id()).is_some();
        let mut refused = Vec::new();
        let mut sayable = Vec::new();
        for saying in sayings {
            match self.unsayable(&saying) {
                Some(why) => refused.push((saying.tag, why)),
                None => sayable.push(saying),
            }
        }
        refused.extend(self.own.say(sayable, cut));
        turn.out.extend(refused.into_iter().map(|(tag, why)| Output::Unsaid { tag, why }));
    }

    pub(super) fn write(&mut self, turn: &mut Turn<'_>) {
        let wall_ms = self.time_ms(turn.now);
        self.pay_epoch(turn);
        self.pay_boxes(turn);
        // Our own entries that peers gave back may wait for the entries they name.
        while self.own.may_write(self.own_next(), self.logs.pending.head(self.own.id()), turn.now.ticks_ms) {
            if self.is_ended() {
                let gone = self.own.unsay(Unsaid::NotMember);
                turn.out.extend(gone.into_iter().map(|(tag, why)| Output::Unsaid { tag, why }));
                break;
            }
            let Some(epoch) = self.epoch_of_next(turn) else { break };
            let head = self.logs.frontier().head(&self.own.id());
            let write_ms = self.clock.write_ms(turn.now, self.said_ms(), self.own.last());
            let seal = epoch.zip(self.keys.as_ref()).map(|(epoch, keys)| (epoch, &keys.ring));
            let (run, tags) = self.own.write(&self.room, head, (write_ms, turn.now.ticks_ms), seal);
            let taken = run.and_then(|run| {
                self.logs.take(&run, Origin::Here, Now { wall_ms: ANY_TIME_MS, ..turn.now }).map(|taken| (run, taken))
            });
            let Ok((run, Taken::New)) = taken else {
                self.settle_forks(turn);
                let cut = self.logs.cut(&self.own.id()).is_some();
                let why = if cut { Unsaid::Forked } else { Unsaid::Refused };
                turn.out
                    .extend(tags.into_iter().filter(|tag| *tag != BY_ITSELF).map(|tag| Output::Unsaid { tag, why }));
                continue;
            };
            let first = run.first();
            let released = self.logs.release(Now { wall_ms, ..turn.now });
            self.show(released, turn);
            let asked = (first..).zip(tags).filter(|(_, tag)| *tag != BY_ITSELF);
            turn.out.extend(asked.map(|(seq, tag)| Output::Said { tag, seq }));
            while self.govern(turn) {
                let released = self.logs.release(Now { wall_ms, ..turn.now });
                self.show(released, turn);
            }
            self.pay_epoch(turn);
            self.pay_boxes(turn);
        }
    }

    /// Shortens logs of which another branch comes next.
    fn part(&mut self, turn: &mut Turn<'_>) {
        for (author, at) in self.logs.parted() {
            turn.out.push(Output::Part { author, at });
            let before = self.logs.counted(&author);
            if at < before {
                turn.emit(Event::Counts { author, before, now: at });
                self.own.forget(&author);
            }
        }
    }

    /// Appends, emits and passes on the released runs.
    pub(super) fn show(&mut self, released: Vec<Released>, turn: &mut Turn<'_>) {
        self.part(turn);
        let (mut shown, mut authors) = (Vec::new(), BTreeSet::new());
        let mut hot: Vec<(Option<Source>, Vec<RawRun>)> = Vec::new();
        let write_ms = self.clock.write_ms(turn.now, self.said_ms(), self.own.last());
        for Released { run, raw, origin, history } in released {
            let regard = Regard { named: self.logs.is_regarded(&run.author()), from_ms: 0, act: false };
            let loose = history.then(|| self.logs.frontier().whole_below(&run.author(), run.first().seq));
            for entry in run.entries() {
                // A node that has to write far below the founding, to be read, does not follow its stamp.
                let below = entry.author != self.own.id() && entry.time.ms() > write_ms.saturating_add(FOLLOW_MS);
                if entry.kind != Kind::FOUND || !below {
                    self.own.shown(entry, regard, loose, turn.now.ticks_ms);
                }
                shown.push((Place::of(entry), entry.clone(), origin, history));
            }
            if run.author() == self.own.id() && origin != Origin::Here {
                self.own.adopted(turn.now.ticks_ms);
            }
            authors.insert(run.author());
            self.bodies.shown(&run, turn.now.ticks_ms);
            self.note_boxes(run.entries());
            let is_head = self.logs.frontier().head(&raw.author()).is_some_and(|head| head.seq == raw.last());
            let beyond = self.logs.prolonging(&run, &raw);
            turn.out.push(Output::Append(run));
            turn.out.extend(beyond.map(Output::Prolong));
            if history && is_head {
                self.rumors.untold(&raw);
            }
            if !history {
                self.sync.patience().came(raw.author(), raw.first(), turn.now.ticks_ms);
                let source = hot_source(origin);
                match hot.last_mut() {
                    Some((last, runs)) if *last == source => runs.push(raw),
                    _ => hot.push((source, vec![raw])),
                }
            }
        }
        self.owe(&authors);
        shown.sort_by_key(|(place, ..)| *place);
        // What counts only from now on is told of by `govern`.
        shown.retain(|(place, entry, ..)| {
            place.seq < self.logs.counted(&place.author) && !self.logs.is_hidden(&place.author, place.seq, entry.kind)
        });
        for (place, entry, origin, history) in shown {
            let arrival = match place > self.end {
                true => Arrival::End,
                false if history => Arrival::History,
                false => Arrival::Late,
            };
            // A founding far ahead is last in the timeline until its time comes, and makes no other entry late.
            if entry.kind != Kind::FOUND {
                self.end = self.end.max(place);
            }
            let hops = match origin {
                Origin::Rumor(source) => Some(source.hops),
                Origin::Here | Origin::Repair(_) | Origin::History(_) | Origin::Import => None,
            };
            turn.emit(Event::Shown { entry, arrival, hops });
        }
        for (source, runs) in hot {
            self.rumors.hot(runs, source, &self.view, turn);
        }
    }
}

/// On whose behalf a run is passed on. A run that was written here starts afresh, and one that came as a rumor
/// continues its way. A run that anti-entropy brought may be new to our neighbours, but no part of the id space was
/// handed over with it.
fn hot_source(origin: Origin) -> Option<Source> {
    match origin {
        Origin::Here | Origin::Import => None,
        Origin::Rumor(source) => Some(source),
        Origin::Repair(peer) | Origin::History(peer) => Some(Source { peer, part: NOBODY, hops: 0 }),
    }
}
