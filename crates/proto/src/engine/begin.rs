//! The state with which an engine begins.

use std::collections::BTreeMap;

use super::{Parts, acts::Acts, books::Books, epochs::Keys, gate::Gate, quarantine::Quarantine, vouch::Vouching};
use crate::{
    admit::Author,
    bodies::Bodies,
    clock::Clock,
    config::{Closed, Config},
    epochs::Ring,
    evidence::Evidence,
    ids::AuthorId,
    input::Kept,
    limits::{FOLLOW_MS, REST_MS},
    logs::Logs,
    own::{Own, Regard},
    receipts::Receipts,
    rumor::Rumors,
    sync::Sync,
    time::{Now, Time},
    timeline::Place,
    view::View,
};

impl Parts {
    pub(super) fn new(config: Config, author: Author, kept: Vec<Kept>, end: Option<Place>, now: Now) -> Self {
        let look_ms = (!kept.is_empty()).then_some(now.ticks_ms);
        let mut logs = Logs::of(config.room, config.crowd, kept);
        let keys = config.closed.and_then(|closed| {
            let Closed { governance, secrets, entropy, keeps } = *closed;
            logs.close(governance, author.id());
            (!keeps).then(|| Keys::new(Ring::new(config.room, secrets), entropy))
        });
        let seats = logs.fold().map(|fold| fold.seats()).unwrap_or_default();
        logs.befriend(author.id());
        let end = end.unwrap_or(Place { time: Time::default(), author: AuthorId::default(), seq: 0 });
        let mut own = Own::new(author, config.fresh_author, now.ticks_ms);
        own.reach(now.wall_ms.saturating_add(FOLLOW_MS));
        let said = logs.frontier().head(&own.id()).map_or(Time::default(), |head| head.time);
        for (author, log) in logs.frontier().logs() {
            let gap = log.gaps().last().map(|(first, _)| first);
            let from_ms = if gap.is_some() { now.ticks_ms.saturating_add(REST_MS) } else { 0 };
            gap.into_iter().for_each(|first| own.rest(*author, first, from_ms));
            // When the founder left this log, the entry that founded the room remains, and we may have to write below
            // it.
            let left = log.cut() == Some(1) && logs.founder() == Some(*author);
            if let Some(head) = log.head().filter(|head| head.time > said && !left) {
                let regard = Regard { named: logs.is_regarded(author), from_ms, act: false };
                own.saw((*author, head.seq), head.time, regard);
            }
        }
        Self {
            room: config.room,
            me: config.me,
            logs,
            rumors: Rumors::new(&config.policy, config.me),
            receipts: Receipts::default(),
            sync: Sync::new(config.pace, now.ticks_ms),
            evidence: Evidence::default(),
            bodies: Bodies::new(look_ms),
            view: View::new(config.shape, config.me),
            own,
            clock: Clock::default(),
            authors: BTreeMap::new(),
            strayed: None,
            others: (0, 0),
            pushed: BTreeMap::new(),
            brought_by: None,
            end,
            due_ms: None,
            seats,
            gate: Gate::default(),
            joins: None,
            hides: None,
            vouching: Vouching::default(),
            acts: Acts::default(),
            quarantine: Quarantine::default(),
            books: Books::begun(now.ticks_ms),
            keys,
        }
    }
}
