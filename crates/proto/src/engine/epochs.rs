//! The keys of a closed room: under which epoch our words are sealed, who makes a new one, and who is handed secrets.

use std::collections::BTreeMap;

use super::Parts;
use crate::{
    epochs::{EpochId, Pool, Ring, SEAL_BYTES, Secret},
    frame::Frame,
    governance::Order,
    ids::PeerId,
    input::{Output, Saying, Unsaid},
    limits::{BODY_BYTES, EPOCH_MS, EPOCHS_UNNAMED, SECRETS_FRAME},
    own::BY_ITSELF,
    turn::Turn,
};

/// The secrets that we hold, and what follows from them.
#[derive(Debug)]
pub(super) struct Keys {
    pub(super) ring: Ring,
    pool: Pool,
    /// How many of the secrets, in the order in which they came, each linked peer has been handed.
    handed: BTreeMap<PeerId, usize>,
    /// The epoch under which we write, and whether we owe one; `None` if that has to be found out again.
    found: Option<(Option<EpochId>, bool)>,
    /// Until when our words wait for an epoch that somebody else makes.
    due_ms: Option<u64>,
}

impl Keys {
    pub(super) fn new(ring: Ring, entropy: Secret) -> Self {
        Self { ring, pool: Pool::new(entropy), handed: BTreeMap::new(), found: None, due_ms: None }
    }

    pub(super) fn next_deadline(&self) -> Option<u64> {
        self.due_ms
    }

    /// The fold changed, so another epoch may be the one to write under.
    pub(super) fn changed(&mut self) {
        self.found = None;
    }

    /// Another author writes at a peer, or nobody does any more.
    pub(super) fn forget(&mut self, peer: &PeerId) {
        self.handed.remove(peer);
    }
}

impl Parts {
    /// Why a body cannot be sealed.
    pub(super) fn unsealable(saying: &Saying) -> Option<Unsaid> {
        match saying.kind {
            kind if kind.opened().is_some() => Some(Unsaid::Refused),
            kind if kind.is_word() && saying.body.len() > BODY_BYTES - SEAL_BYTES => Some(Unsaid::TooLong),
            _ => None,
        }
    }

    /// The epoch under which we write, and whether we owe one.
    fn find_epoch(&mut self) -> (Option<EpochId>, bool) {
        let me = self.own.id();
        let (Some(keys), Some(fold)) = (&mut self.keys, self.logs.fold()) else { return (None, false) };
        let find =
            || (fold.epoch_to_write(|epoch| keys.ring.holds(epoch)), fold.is_present(&me) && fold.owes_epoch(&me));
        *keys.found.get_or_insert_with(find)
    }

    /// Makes the epoch that we owe: the first of our room, or the one that answers an ending of ours.
    pub(super) fn pay_epoch(&mut self, turn: &mut Turn<'_>) {
        if self.find_epoch().1 && self.own.may_begin() && self.own_next() > 0 {
            self.make_epoch(turn);
        }
    }

    /// The epoch under which the words that wait are written now: `Some(None)` if they stay in plain, and `None` if they
    /// wait for an epoch.
    pub(super) fn epoch_of_next(&mut self, turn: &mut Turn<'_>) -> Option<Option<EpochId>> {
        if self.keys.is_none() || !self.own.seals_next() {
            return Some(None);
        }
        let epoch = self.find_epoch().0;
        let keys = self.keys.as_mut()?;
        if epoch.is_some() {
            keys.due_ms = None;
            return Some(epoch);
        }
        let due_ms = *keys.due_ms.get_or_insert(turn.now.ticks_ms.saturating_add(EPOCH_MS));
        if due_ms > turn.now.ticks_ms {
            return None;
        }
        keys.due_ms = None;
        // The act goes first, and is written before the words are looked at again.
        self.make_epoch(turn).then_some(None)
    }

    /// Makes an epoch, hands it over, and lets the act that names it be written next. Returns whether it could.
    fn make_epoch(&mut self, turn: &mut Turn<'_>) -> bool {
        let me = self.own.id();
        let (Some(keys), Some(fold)) = (&mut self.keys, self.logs.fold()) else { return false };
        let secret = keys.pool.draw();
        let act = fold.act(&me, Order::Epoch(secret.id()));
        let Some((kind, body)) = act.ok().and_then(|act| act.encode().ok()) else { return false };
        if !keys.ring.insert(secret.clone()) {
            return false;
        }
        self.own.say_first(Saying { tag: BY_ITSELF, kind, body });
        self.keep_secret(secret, turn);
        self.hand_over(turn);
        true
    }

    fn keep_secret(&mut self, secret: Secret, turn: &mut Turn<'_>) {
        self.keys.iter_mut().for_each(Keys::changed);
        turn.out.push(Output::Keep(secret));
    }

    /// Hands the secrets to linked peers whose authors may read, as far as they have not got them.
    pub(super) fn hand_over(&mut self, turn: &mut Turn<'_>) {
        let Some(Keys { ring, handed, .. }) = &mut self.keys else { return };
        let lacks = |peer: &PeerId| handed.get(peer).copied().unwrap_or(0) < ring.epochs().len();
        let lacking: Vec<_> = self.authors.iter().filter(|(peer, _)| lacks(peer)).collect();
        if lacking.is_empty() {
            return;
        }
        let Some(fold) = self.logs.fold() else { return };
        for (peer, _) in lacking.into_iter().filter(|(_, author)| fold.may_read(author)) {
            let place = handed.insert(*peer, ring.epochs().len()).unwrap_or(0);
            let secrets: Vec<Secret> = ring.from(place).cloned().collect();
            for secrets in secrets.chunks(SECRETS_FRAME) {
                turn.send(*peer, Frame::Secrets { secrets: secrets.to_vec() });
            }
        }
    }

    /// Takes secrets that a peer hands over: those that acts name, and a bounded number of others, whose acts may be under
    /// way.
    pub(super) fn take_secrets(&mut self, from: PeerId, secrets: Vec<Secret>, turn: &mut Turn<'_>) {
        let me = self.own.id();
        let Some(author) = self.authors.get(&from) else { return };
        let (Some(keys), Some(fold)) = (&mut self.keys, self.logs.fold()) else { return };
        // Who is not in does not know who is.
        let trusted = fold.is_present(author) || !fold.is_present(&me);
        let unnamed = keys.ring.epochs().iter().filter(|epoch| !fold.is_epoch(epoch)).count();
        let mut places = if trusted { EPOCHS_UNNAMED.saturating_sub(unnamed) } else { 0 };
        let mut kept = Vec::new();
        for secret in secrets {
            let named = fold.is_epoch(&secret.id());
            if (named || places > 0) && keys.ring.insert(secret.clone()) {
                places -= usize::from(!named);
                kept.push(secret);
            }
        }
        kept.into_iter().for_each(|secret| self.keep_secret(secret, turn));
        self.hand_over(turn);
    }
}
