//! Secrets for people who are away, in a room with keepers: boxes that members write, and those that they open.
//!
//! Whoever makes an epoch writes a box for each present key and each newcomer that waits, and, sealed under the epoch, the
//! secrets before it. Whoever lets somebody in writes the boxes that this one lacks. Boxes that are lacking for long are
//! written by any member. Without keepers nobody writes any: whoever has the entries can hand over secrets.

use std::collections::BTreeSet;

use super::Parts;
use crate::{
    admit::Entry,
    entry::Kind,
    epochs::{EpochBox, EpochId, Secret, open_before, open_box, seal_before, seal_box},
    governance::{Act, Order, Says},
    ids::{AuthorId, EntryId},
    input::{Output, Saying},
    limits::{ACT_BOXES, BOXED_SECRETS, BOXES_MS, EPOCHS_UNNAMED},
    own::BY_ITSELF,
    turn::Turn,
};

/// The boxes of a room, as its member's engine knows them.
#[derive(Debug, Default)]
pub(super) struct Handed {
    /// Whether boxes may be lacking that were not before.
    pub(super) stale: bool,
    /// When the boxes are written that others should have written.
    due_ms: Option<u64>,
    /// The epoch whose boxes we are writing, an act after the other, and how many other secrets were written.
    filing: Option<(EpochId, usize)>,
    /// Boxes for us that came.
    came: Vec<(EpochId, EpochBox)>,
    /// The acts whose secrets under an epoch were read.
    read: BTreeSet<EntryId>,
}

impl Handed {
    pub(super) fn next_deadline(&self) -> Option<u64> {
        self.due_ms
    }
}

/// What is written next.
struct Due {
    epoch: EpochId,
    to: Vec<AuthorId>,
    before: Vec<Secret>,
}

impl Parts {
    /// Notes the boxes for us among entries that came.
    pub(super) fn note_boxes(&mut self, entries: &[Entry]) {
        let me = self.own.id();
        let Some(keys) = &mut self.keys else { return };
        for entry in entries.iter().filter(|entry| entry.kind == Kind::BOXES && entry.author != me) {
            let act = entry.body.bytes().and_then(|body| Act::parse(entry.kind, body).ok().flatten());
            let Some(Act { says: Says::Boxes { epoch, boxes, .. }, .. }) = act else { continue };
            if let Ok(at) = boxes.binary_search_by_key(&me, |(key, _)| *key)
                && !keys.ring.holds(&epoch)
            {
                keys.handed.came.push((epoch, boxes[at].1));
            }
        }
    }

    /// Opens the boxes for us, and the secrets that are sealed under epochs that we hold.
    pub(super) fn open_boxes(&mut self, turn: &mut Turn<'_>) {
        let room = self.room;
        let Some(keys) = self.keys.as_mut().filter(|keys| keys.handed.stale || !keys.handed.came.is_empty()) else {
            return;
        };
        let came = std::mem::take(&mut keys.handed.came);
        // Nothing is opened in most turns, and the key is a hash away.
        let key = (!came.is_empty()).then(|| self.own.exchange_secret());
        let boxed =
            key.iter().flat_map(|key| came.iter().filter_map(|(epoch, sealed)| open_box(&room, epoch, key, sealed)));
        let boxed = boxed.collect();
        let mut news = self.keep_secrets(boxed, turn);
        while let (Some(keys), Some(fold)) = (&mut self.keys, self.logs.fold()) {
            let mut found = Vec::new();
            for (act, author, epoch, sealed) in fold.sealed_before() {
                let Some(secret) = keys.ring.secret(epoch) else { continue };
                if keys.handed.read.insert(act) && author != self.own.id() {
                    found.extend(open_before(&room, secret, &author, sealed));
                }
            }
            if !self.keep_secrets(found, turn) {
                break;
            }
            news = true;
        }
        if news {
            self.release_secrets(turn.now.ticks_ms);
        }
    }

    /// Keeps secrets that acts name, and a bounded number of others. Returns whether any is new.
    pub(super) fn keep_secrets(&mut self, secrets: Vec<Secret>, turn: &mut Turn<'_>) -> bool {
        if secrets.is_empty() {
            return false;
        }
        let (Some(keys), Some(fold)) = (&mut self.keys, self.logs.fold()) else { return false };
        let unnamed = keys.ring.epochs().iter().filter(|epoch| !fold.is_epoch(epoch)).count();
        let (mut places, mut news) = (EPOCHS_UNNAMED.saturating_sub(unnamed), false);
        for secret in secrets {
            let named = fold.is_epoch(&secret.id());
            if (named || places > 0) && keys.ring.insert(secret.clone()) {
                places -= usize::from(!named);
                news = true;
                keys.withheld.push(secret.id());
                turn.out.push(Output::Keep(secret));
            }
        }
        news
    }

    /// Writes the next act with boxes that we owe, or that nobody wrote for long.
    pub(super) fn pay_boxes(&mut self, turn: &mut Turn<'_>) {
        let me = self.own.id();
        let late = |keys: &super::epochs::Keys| keys.handed.due_ms.is_some_and(|due_ms| due_ms <= turn.now.ticks_ms);
        let due = self.keys.as_ref().is_some_and(|keys| keys.handed.stale || late(keys));
        if !due || !self.own.may_begin() || self.own.acts_wait() || self.own_next() == 0 {
            return;
        }
        let Some(Due { epoch, to, before }) = self.find_boxes(turn) else { return };
        let room = self.room;
        let (Some(keys), Some(fold)) = (&mut self.keys, self.logs.fold()) else { return };
        let Some(secret) = keys.ring.secret(&epoch).cloned() else { return };
        let boxed = |to: AuthorId| Some((to, seal_box(&room, &secret, &to, &keys.pool.draw())?));
        let boxes = to.into_iter().filter_map(boxed).collect();
        let before = seal_before(&room, &secret, &me, &before);
        let act = fold.act(&me, Order::Boxes { epoch, boxes, before });
        let Some((kind, body)) = act.ok().and_then(|act| act.encode().ok()) else { return };
        self.own.say_first(Saying { tag: BY_ITSELF, kind, body });
    }

    fn find_boxes(&mut self, turn: &mut Turn<'_>) -> Option<Due> {
        let (me, now) = (self.own.id(), turn.now);
        let (Some(keys), Some(fold)) = (&mut self.keys, self.logs.fold()) else { return None };
        let late = keys.handed.due_ms.is_some_and(|due_ms| due_ms <= now.ticks_ms);
        let (handed, mut later) = (&mut keys.handed, false);
        let last = if fold.is_present(&me) { fold.last_epochs() } else { Vec::new() };
        for epoch in last.into_iter().filter(|epoch| keys.released.contains(epoch)) {
            let filing = handed.filing.filter(|(of, _)| *of == epoch);
            let lacking = fold.lacks_boxes(&me, (&epoch, filing.is_some()), now.wall_ms);
            let mut to = lacking.now;
            match late {
                true => to.extend(lacking.later),
                false => later |= !lacking.later.is_empty(),
            }
            to.retain(|key| key.exchange().is_some());
            to.sort_unstable();
            to.truncate(ACT_BOXES);
            if to.is_empty() && filing.is_none() {
                continue;
            }
            let begins = filing.is_none() && fold.sealed_before().all(|(_, _, under, _)| *under != epoch);
            let written = if begins { Some(0) } else { filing.map(|(_, written)| written) };
            let others = keys.released.iter().rev().filter(|id| **id != epoch).skip(written.unwrap_or(usize::MAX));
            let before: Vec<Secret> =
                others.take(BOXED_SECRETS).filter_map(|id| keys.ring.secret(id)).cloned().collect();
            if to.is_empty() && before.is_empty() {
                handed.filing = None;
                continue;
            }
            handed.filing = Some((epoch, written.map_or(usize::MAX, |written| written.saturating_add(before.len()))));
            return Some(Due { epoch, to, before });
        }
        handed.stale = false;
        let wait_ms = BOXES_MS + turn.random.below(BOXES_MS);
        handed.due_ms = later.then(|| handed.due_ms.filter(|_| !late).unwrap_or(now.ticks_ms.saturating_add(wait_ms)));
        None
    }
}
