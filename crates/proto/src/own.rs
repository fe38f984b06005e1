//! Writing: the one log that this node writes.
//!
//! A node that comes back first asks its peers what they hold of its own log, and writes only after it has taken back
//! what it lost: a restored backup must not write a seq again. If nobody is there, it waits a moment for somebody to
//! come, and then writes.

mod names;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use bytes::Bytes;

use names::Names;
pub(crate) use names::Regard;

use crate::{
    admit::{Author, Entry},
    content::vouched_for,
    entry::{Body, Founding, Kind, RawEntry, Seen, founding},
    epochs::{EpochId, Ring, Secret},
    ids::{AuthorId, EntryId, PeerId, RoomId, Seq},
    input::{Saying, Unsaid},
    limits::{ADOPT_MS, ALONE_MS, BODY_BYTES, CLAIM_MS, CLAIMS, FARTHER, PENDING_MS, RUN_ENTRIES, SAYINGS, SEEN_PAIRS},
    log::Head,
    reject::Reject,
    run::{RawRun, block_end},
    time::Time,
};

/// The tag of what a node says by itself: nobody is told what became of it.
pub(crate) const BY_ITSELF: u64 = u64::MAX;

/// The author that writes here.
pub(crate) struct Own {
    author: Author,
    /// The greatest time followed: the next entry is stamped above it.
    last: Time,
    /// Entries that we saw and that lie further ahead than we follow.
    farther: BTreeSet<(Time, AuthorId, Seq, Regard)>,
    /// We follow stamps up to this time.
    reach: Time,
    names: Names,
    waiting: VecDeque<Saying>,
    adoption: Option<Adoption>,
    /// The head of our log before we lost some of it here.
    lost: Option<Head>,
    /// The seq after the highest of our own words that came back and waited.
    returned: Seq,
    /// Until when we wait for our own words that came back, while we do.
    returned_until_ms: Option<u64>,
    /// What each peer is known to hold of our log: the seq after the last.
    held_by: BTreeMap<PeerId, Seq>,
}

/// The time before the first writing, in which we ask peers for what we lost.
struct Adoption {
    until_ms: u64,
    /// When waiting ends whatever peers claim, unless they bring something.
    latest_ms: u64,
    /// Peers that we dialled for the first time, and whether that dial has ended.
    dialled: BTreeMap<PeerId, bool>,
    /// Peers that have not answered the question.
    asked: Vec<PeerId>,
    /// What peers claim to hold of our log: the seq after the last.
    claims: BTreeMap<PeerId, Seq>,
}

impl Adoption {
    /// When waiting ends: not while a first dial is under way.
    fn ends_ms(&self) -> u64 {
        let dialling = self.dialled.values().any(|ended| !ended);
        if dialling { self.latest_ms.max(self.until_ms) } else { self.until_ms }
    }
}

impl Own {
    pub(crate) fn new(author: Author, fresh: bool, now_ms: u64) -> Self {
        let adoption = Adoption {
            until_ms: now_ms + ALONE_MS,
            latest_ms: now_ms + CLAIM_MS,
            dialled: BTreeMap::new(),
            asked: Vec::new(),
            claims: BTreeMap::new(),
        };
        Self {
            author,
            last: Time::default(),
            farther: BTreeSet::new(),
            reach: Time::default(),
            names: Names::default(),
            waiting: VecDeque::new(),
            adoption: (!fresh).then_some(adoption),
            lost: None,
            returned: 0,
            returned_until_ms: None,
            held_by: BTreeMap::new(),
        }
    }

    /// Sayings that wait to be written.
    pub(crate) fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// Steps taken so far to find what our entries name.
    pub(crate) fn work(&self) -> u64 {
        self.names.steps()
    }

    pub(crate) fn id(&self) -> AuthorId {
        self.author.id()
    }

    /// We saw an entry. One that lies further ahead than we follow counts as seen only later.
    pub(crate) fn saw(&mut self, (author, seq): (AuthorId, Seq), time: Time, regard: Regard) {
        if author == self.author.id() {
            self.last = self.last.max(time);
            return;
        }
        if time > self.reach {
            self.farther.insert((time, author, seq, regard));
            if self.farther.len() > FARTHER {
                self.farther.pop_last();
            }
            return;
        }
        self.last = self.last.max(time);
        self.names.saw(author, (time, seq), regard);
    }

    /// An entry is shown; `regard` says how our entries treat it. `loose` is the seq from which on its log came without
    /// its causes, if it did.
    pub(crate) fn shown(&mut self, entry: &Entry, regard: Regard, loose: Option<Seq>, now_ms: u64) {
        let own = entry.author == self.author.id();
        let from_ms = if own { 0 } else { self.names.shown(entry, loose, now_ms) };
        let regard = Regard { from_ms, act: entry.kind.is_act(), ..regard };
        self.saw((entry.author, entry.seq), entry.time, regard);
        if !own && from_ms == 0 && entry.time <= self.reach {
            self.names.spare(entry.author, &entry.seen);
        }
    }

    /// The log of an author is forked: what its entries named counts no more for those who name them.
    pub(crate) fn forked(&mut self, author: &AuthorId) {
        self.names.spare_no_more(author);
    }

    /// The log that the store kept has gaps, from `first` on.
    pub(crate) fn rest(&mut self, author: AuthorId, first: Seq, until_ms: u64) {
        self.names.rest(author, first, until_ms);
    }

    /// Our entries no longer name what we saw of an author.
    pub(crate) fn forget(&mut self, author: &AuthorId) {
        self.farther.retain(|(_, other, ..)| other != author);
        self.names.forget(author);
    }

    /// We follow stamps up to this time from now on.
    pub(crate) fn reach(&mut self, ms: u64) {
        self.reach = Time::from_ms(ms);
        while self.farther.first().is_some_and(|(time, ..)| *time <= self.reach) {
            let Some((time, author, seq, regard)) = self.farther.pop_first() else { return };
            self.saw((author, seq), time, regard);
        }
    }

    /// The greatest time followed.
    pub(crate) fn last(&self) -> Time {
        self.last
    }

    /// Makes another entry under our key in place of the one at `seq`, so that everybody cuts our log there.
    pub(crate) fn contradict(&self, room: &RoomId, seq: Seq, prev: EntryId, time: Time) -> Result<RawRun, Reject> {
        let entry = RawEntry { time, seen: Seen::new(), kind: Kind::TEXT, body: Body::Here(Bytes::new()) };
        self.author.sign(room, seq, prev, vec![entry])
    }

    /// A peer holds our log below `next`; returns whether that is news.
    pub(crate) fn held(&mut self, peer: PeerId, next: Seq) -> bool {
        let news = next > self.held_by.get(&peer).copied().unwrap_or(0);
        if news {
            self.held_by.insert(peer, next);
        }
        news
    }

    /// A peer is being dialled. A first dial is worth waiting for.
    pub(crate) fn dialled(&mut self, peer: PeerId) {
        if let Some(adoption) = &mut self.adoption
            && adoption.dialled.len() < CLAIMS
        {
            adoption.dialled.entry(peer).or_insert(false);
        }
    }

    /// A dial has ended.
    pub(crate) fn undialled(&mut self, peer: PeerId) {
        if let Some(ended) = self.adoption.as_mut().and_then(|adoption| adoption.dialled.get_mut(&peer)) {
            *ended = true;
        }
    }

    pub(crate) fn up(&mut self, peer: PeerId, now_ms: u64) {
        self.undialled(peer);
        if let Some(adoption) = &mut self.adoption
            && !adoption.asked.contains(&peer)
        {
            adoption.asked.push(peer);
            adoption.until_ms = adoption.until_ms.max((now_ms + ADOPT_MS).min(adoption.latest_ms));
        }
    }

    pub(crate) fn down(&mut self, peer: PeerId) {
        self.held_by.remove(&peer);
        if let Some(adoption) = &mut self.adoption {
            adoption.asked.retain(|asked| *asked != peer);
        }
    }

    /// A peer told us how much of our log it holds. Only its first answer counts. If that is more than we hold, it
    /// weighs more than silence: we wait for it as long as we wait for anything.
    pub(crate) fn told(&mut self, peer: PeerId, next: Seq, ours: Seq) {
        if let Some(adoption) = &mut self.adoption {
            adoption.asked.retain(|asked| *asked != peer);
            if adoption.claims.len() < CLAIMS {
                adoption.claims.entry(peer).or_insert(next);
            }
            if next > ours {
                adoption.until_ms = adoption.latest_ms;
            }
        }
    }

    /// Our own log grew by what peers gave back: they get more time to go on.
    pub(crate) fn adopted(&mut self, now_ms: u64) {
        if let Some(adoption) = &mut self.adoption {
            adoption.latest_ms = now_ms + CLAIM_MS;
            adoption.until_ms = adoption.latest_ms;
        }
    }

    /// We lost some of our log here, which reached up to `head`: it goes on above that.
    pub(crate) fn lost(&mut self, head: Option<Head>) {
        self.lost = highest(self.lost, head);
    }

    /// When waiting ends at the latest.
    pub(crate) fn next_deadline(&self) -> Option<u64> {
        self.adoption.as_ref().map(Adoption::ends_ms).into_iter().chain(self.returned_until_ms).min()
    }

    /// Whether we may write once there is something to say, and no act waits that we said by ourselves.
    pub(crate) fn may_begin(&self) -> bool {
        self.adoption.is_none() && !self.waiting.iter().any(|saying| saying.kind == Kind::EPOCH)
    }

    /// Whether an act waits to be written: another one would have to name it.
    pub(crate) fn acts_wait(&self) -> bool {
        self.waiting.iter().any(|saying| saying.kind.is_act())
    }

    /// The secret form of our X25519 key.
    pub(crate) fn exchange_secret(&self) -> Secret {
        self.author.exchange_secret()
    }

    /// Puts what we say by ourselves before what waits.
    pub(crate) fn say_first(&mut self, saying: Saying) {
        self.waiting.push_front(saying);
    }

    /// Whether any of what is written next is to be sealed, in a closed room.
    pub(crate) fn seals_next(&self, room: &RoomId) -> bool {
        self.waiting.iter().take(self.run_len(room)).any(|saying| saying.kind.is_word())
    }

    /// How many of the sayings that wait fit into one run. An act ends its run, so that its signature is kept and it can be
    /// verified alone; so does the founding of a closed room, for words have to wait for the first epoch.
    fn run_len(&self, room: &RoomId) -> usize {
        let closed = |body: &Bytes| matches!(founding(room, &self.author.id(), body), Ok(Founding::Closed { .. }));
        let ends = |saying: &Saying| saying.kind.is_act() || (saying.kind == Kind::FOUND && closed(&saying.body));
        self.waiting.iter().position(ends).map_or(self.waiting.len(), |last| last + 1)
    }

    /// Queues sayings; returns those that it refuses.
    pub(crate) fn say(&mut self, sayings: Vec<Saying>, cut: bool) -> Vec<(u64, Unsaid)> {
        let mut refused = Vec::new();
        for saying in sayings {
            let why = match saying.body.len() {
                _ if cut => Unsaid::Forked,
                len if len > BODY_BYTES => Unsaid::TooLong,
                _ if self.waiting.len() >= SAYINGS => Unsaid::Full,
                _ => {
                    self.waiting.push_back(saying);
                    continue;
                }
            };
            refused.push((saying.tag, why));
        }
        refused
    }

    /// Empties the queue, because nothing can be said any more.
    pub(crate) fn unsay(&mut self, why: Unsaid) -> Vec<(u64, Unsaid)> {
        self.waiting.drain(..).map(|saying| (saying.tag, why)).filter(|(tag, _)| *tag != BY_ITSELF).collect()
    }

    /// Whether a saying waits and may be written, now that our log reaches up to `next` and our own words up to
    /// `returned` have come back and wait.
    pub(crate) fn may_write(&mut self, next: Seq, returned: Option<Head>, now_ms: u64) -> bool {
        if let Some(adoption) = &self.adoption {
            let answered = !adoption.claims.is_empty() && adoption.asked.is_empty();
            let whole = answered && adoption.claims.values().all(|claim| *claim <= next);
            if whole || adoption.ends_ms() <= now_ms {
                self.adoption = None;
            }
        }
        let waits = self.waits_for(returned.filter(|head| head.seq >= next), now_ms);
        self.adoption.is_none() && !waits && !self.waiting.is_empty()
    }

    /// Whether we still wait for our own words that came back: what they name may be under way. It may also never come,
    /// so after a while we write on above them, and we wait for none of them a second time.
    fn waits_for(&mut self, returned: Option<Head>, now_ms: u64) -> bool {
        self.lost(returned);
        let next = returned.map_or(0, |head| head.seq.saturating_add(1));
        if next > self.returned {
            self.returned = next;
            self.returned_until_ms.get_or_insert(now_ms.saturating_add(PENDING_MS));
        }
        self.returned_until_ms = self.returned_until_ms.filter(|until_ms| next > 0 && now_ms < *until_ms);
        self.returned_until_ms.is_some()
    }

    /// Signs the sayings that wait, sealed under an epoch where there is one, as the run that follows `head`, as many of them as fit into one run, and returns
    /// their tags.
    pub(crate) fn write(
        &mut self,
        room: &RoomId,
        head: Option<Head>,
        (wall_ms, now_ms): (u64, u64),
        seal: Option<(EpochId, &Ring)>,
    ) -> (Result<RawRun, Reject>, Vec<u64>) {
        self.names.rested(now_ms);
        let head = highest(head, self.lost);
        let (first, prev) = head.map_or((0, EntryId::default()), |head| (head.seq + 1, head.id));
        self.last = self.last.max(head.map_or(Time::default(), |head| head.time));
        let room_left = (block_end(first) - first + 1).min(RUN_ENTRIES as u64) as usize;
        let sayings: Vec<Saying> = self.waiting.drain(..room_left.min(self.run_len(room))).collect();
        let tags = sayings.iter().map(|saying| saying.tag).collect();
        let entries = sayings.into_iter().map(|saying| self.entry(saying, wall_ms));
        let mut entries: Vec<RawEntry> = entries.collect();
        if let Some((epoch, ring)) = seal {
            for (entry, seq) in entries.iter_mut().zip(first..) {
                let body = entry.body.bytes();
                let sealed = body.and_then(|body| ring.seal(&epoch, (&self.author.id(), seq), entry.kind, body));
                if let Some((kind, body)) = sealed {
                    (entry.kind, entry.body) = (kind, Body::Here(body));
                }
            }
        }
        (self.author.sign(room, first, prev, entries), tags)
    }

    fn entry(&mut self, Saying { kind, body, .. }: Saying, wall_ms: u64) -> RawEntry {
        self.last = self.last.next(wall_ms);
        let body = Body::Here(body);
        RawEntry { time: self.last, seen: self.seen(kind, &body), kind, body }
    }

    /// What the entry names as seen: the newest entry of each author it is addressed to, then the newest of the others
    /// that no entry of ours has named and none that it names does. What does not fit goes into the next entry.
    fn seen(&mut self, kind: Kind, body: &Body) -> Seen {
        let mut seen = Seen::new();
        let mut addressed = vouched_for(&self.author.id(), kind, body).into_iter();
        while seen.len() < SEEN_PAIRS {
            let Some(author) = addressed.next().or_else(|| self.names.newest()) else { break };
            seen.extend(self.names.take(&author).map(|seq| (author, seq)));
        }
        seen.sort();
        seen
    }
}

fn highest(one: Option<Head>, other: Option<Head>) -> Option<Head> {
    [one, other].into_iter().flatten().max_by_key(|head| head.seq)
}
