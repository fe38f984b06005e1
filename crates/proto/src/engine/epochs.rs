//! The keys of a closed room: under which epoch our words are sealed, who makes a new one, and who is handed secrets.

use std::collections::BTreeMap;

use super::{Engine, Parts, handed::Handed};
use crate::{
    epochs::{EpochId, Pool, Ring, Secret},
    frame::Frame,
    governance::Order,
    ids::PeerId,
    input::{Output, Saying, Unsaid},
    limits::{EPOCH_MS, SECRETS_ASK_MS, SECRETS_ASKED, SECRETS_FRAME},
    own::BY_ITSELF,
    turn::Turn,
};

/// The secrets that we hold, and what follows from them.
#[derive(Debug)]
pub(super) struct Keys {
    pub(super) ring: Ring,
    pub(super) pool: Pool,
    /// The epochs that may be handed on, in the order in which that became so, and those that may not yet.
    pub(super) released: Vec<EpochId>,
    pub(super) withheld: Vec<EpochId>,
    /// Secrets for those who are away.
    pub(super) handed: Handed,
    /// How many of the first each linked peer has been given.
    given: BTreeMap<PeerId, usize>,
    /// The epoch under which we write, and whether we owe one; `None` if that has to be found out again.
    found: Option<(Option<EpochId>, bool)>,
    /// Until when our words wait for an epoch that somebody else makes.
    due_ms: Option<u64>,
    /// When we ask a peer for secrets that we lack although acts name them, and how often we did since one came.
    ask: Option<(u64, u32)>,
    /// When each linked peer may ask us again.
    answers_ms: BTreeMap<PeerId, u64>,
}

impl Keys {
    pub(super) fn new(ring: Ring, entropy: Secret) -> Self {
        let (withheld, released, given) = (ring.epochs().to_vec(), Vec::new(), BTreeMap::new());
        Self {
            ring,
            pool: Pool::new(entropy),
            released,
            withheld,
            handed: Handed::default(),
            given,
            found: None,
            due_ms: None,
            ask: None,
            answers_ms: BTreeMap::new(),
        }
    }

    pub(super) fn next_deadline(&self) -> Option<u64> {
        let ask_ms = self.ask.map(|(at_ms, _)| at_ms);
        self.due_ms.into_iter().chain(ask_ms).chain(self.handed.next_deadline()).min()
    }

    /// The fold changed, so another epoch may be the one to write under.
    fn changed(&mut self) {
        self.found = None;
        self.handed.stale = true;
    }

    /// Another author writes at a peer, or nobody does any more.
    pub(super) fn forget(&mut self, peer: &PeerId) {
        self.given.remove(peer);
        self.answers_ms.remove(peer);
    }
}

impl Engine {
    /// The key under which to prove who writes here: it is that of the epoch under which our next words are sealed, or else of
    /// the last that came; `None` without any.
    pub fn proof_key(&mut self) -> Option<Secret> {
        let epoch = self.parts.find_epoch().0;
        let ring = &self.parts.keys.as_ref()?.ring;
        ring.secret(&epoch.or_else(|| ring.epochs().last().copied())?).map(proof_key)
    }

    /// The keys under which others may prove who they are, the last that came first.
    pub fn proof_keys(&self) -> impl Iterator<Item = Secret> {
        let ring = self.parts.keys.as_ref().map(|keys| &keys.ring);
        ring.into_iter().flat_map(|ring| ring.epochs().iter().rev().filter_map(|id| ring.secret(id)).map(proof_key))
    }
}

fn proof_key(epoch: &Secret) -> Secret {
    epoch.derive("rumormill 1 proof of an epoch", &[])
}

impl Parts {
    /// Why a saying cannot be sealed: it says that it is.
    pub(super) fn unsealable(saying: &Saying) -> Option<Unsaid> {
        saying.kind.opened().map(|_| Unsaid::Refused)
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
        if self.keys.is_none() || !self.own.seals_next(&self.room) {
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
        // We know what it answers.
        keys.released.push(secret.id());
        keys.changed();
        self.own.say_first(Saying { tag: BY_ITSELF, kind, body });
        turn.out.push(Output::Keep(secret));
        self.hand_over(turn);
        true
    }

    /// Finds out which secrets may be handed on, and whether we lack any, after the fold changed, a peer came or secrets
    /// came.
    pub(super) fn release_secrets(&mut self, now_ms: u64) {
        let me = self.own.id();
        let (Some(keys), Some(fold)) = (&mut self.keys, self.logs.fold()) else { return };
        keys.changed();
        let lacks = fold.is_present(&me) && fold.named_epochs().any(|epoch| !keys.ring.holds(epoch));
        keys.ask = lacks.then(|| keys.ask.unwrap_or((now_ms.saturating_add(SECRETS_ASK_MS), 0)));
        let (released, withheld) = std::mem::take(&mut keys.withheld).into_iter().partition(|id| fold.is_settled(id));
        keys.withheld = withheld;
        keys.released.extend::<Vec<EpochId>>(released);
    }

    /// Asks a peer for secrets that we lack: a frame that brought them may have been lost. An empty frame asks.
    pub(super) fn ask_for_secrets(&mut self, turn: &mut Turn<'_>) {
        let now_ms = turn.now.ticks_ms;
        let (Some(keys), Some(fold)) = (&mut self.keys, self.logs.fold()) else { return };
        let Some((_, asked)) = keys.ask.filter(|(at_ms, _)| *at_ms <= now_ms) else { return };
        let present: Vec<PeerId> =
            self.authors.iter().filter(|(_, author)| fold.is_present(author)).map(|(peer, _)| *peer).collect();
        if let Some(peer) = present.get(asked as usize % present.len().max(1)) {
            turn.send(*peer, Frame::Secrets { secrets: Vec::new() });
        }
        // It may be that nobody has them.
        let pause_ms = SECRETS_ASK_MS << asked.min(SECRETS_ASKED);
        keys.ask = Some((now_ms.saturating_add(pause_ms), asked.saturating_add(1)));
    }

    /// Hands the secrets to linked peers whose authors may read, as far as they have not got them.
    pub(super) fn hand_over(&mut self, turn: &mut Turn<'_>) {
        let Some(Keys { ring, released, given, .. }) = &mut self.keys else { return };
        let lacks = |peer: &PeerId| given.get(peer).copied().unwrap_or(0) < released.len();
        let lacking: Vec<_> = self.authors.iter().filter(|(peer, _)| lacks(peer)).collect();
        if lacking.is_empty() {
            return;
        }
        let Some(fold) = self.logs.fold() else { return };
        for (peer, _) in lacking.into_iter().filter(|(_, author)| fold.may_read(author)) {
            let place = given.insert(*peer, released.len()).unwrap_or(0);
            let secrets: Vec<Secret> = released[place..].iter().filter_map(|id| ring.secret(id)).cloned().collect();
            for secrets in secrets.chunks(SECRETS_FRAME) {
                turn.send(*peer, Frame::Secrets { secrets: secrets.to_vec() });
            }
        }
    }

    /// Takes secrets that a peer hands over: those that acts name, and a bounded number of others, whose acts may be under
    /// way.
    pub(super) fn take_secrets(&mut self, from: PeerId, secrets: Vec<Secret>, turn: &mut Turn<'_>) {
        let (me, now_ms) = (self.own.id(), turn.now.ticks_ms);
        // A newcomer is handed secrets by those whom it exchanges acts with.
        let Some(author) = &self.gate.author(&from) else { return };
        let (Some(keys), Some(fold)) = (&mut self.keys, self.logs.fold()) else { return };
        if secrets.is_empty() && keys.answers_ms.get(&from).is_none_or(|at_ms| *at_ms <= now_ms) {
            keys.answers_ms.insert(from, now_ms.saturating_add(SECRETS_ASK_MS / 2));
            keys.given.remove(&from);
        }
        // Who is not in does not know who is.
        let trusted = fold.is_present(author) || !fold.is_present(&me);
        let taken = secrets.into_iter().filter(|secret| trusted || fold.is_epoch(&secret.id())).collect();
        self.keep_secrets(taken, turn);
        self.release_secrets(now_ms);
        self.hand_over(turn);
    }
}
