//! The one door from bytes to [`Entry`]: for rumor, anti-entropy, import and local input alike.
//!
//! Nothing else in the workspace can construct an [`Entry`] or a [`Run`], so code that holds one knows that its author
//! wrote it.

use std::collections::BTreeMap;

use ed25519_dalek::{Signer, SigningKey, VerifyingKey};

use crate::{
    defence,
    entry::{Body, Kind, LogKey, RawEntry, Seen, founding},
    epochs::Secret,
    ids::{AuthorId, EntryId, RoomId, Seq},
    introduction::Introduction,
    limits::CACHED_KEYS,
    reject::Reject,
    run::{RawRun, Signature, block_end, check_span},
    time::Time,
};

/// Bytes that a signature covers before the id, so that it is valid for nothing else.
const SIGNED: &[u8; 15] = b"rumormill 1 run";

/// One signed, hash-linked item of an author's log, verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Hash of the canonical header.
    pub id: EntryId,
    /// The author.
    pub author: AuthorId,
    /// Position in the author's log.
    pub seq: Seq,
    /// Id of the author's previous entry; zeros at seq 0.
    pub prev: EntryId,
    /// Hybrid logical time at the author.
    pub time: Time,
    /// The entries that the author had seen since its previous entry.
    pub seen: Seen,
    /// The kind of the body.
    pub kind: Kind,
    /// The body.
    pub body: Body,
    /// Keeps every other module from constructing an entry.
    sealed: Sealed,
}

/// A contiguous piece of one log, verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    entries: Vec<Entry>,
    signature: Option<Signature>,
    sealed: Sealed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Sealed;

impl Run {
    /// The author of the log.
    pub fn author(&self) -> AuthorId {
        self.last().author
    }

    /// The entries in order; never empty.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The first entry.
    pub fn first(&self) -> &Entry {
        &self.entries[0]
    }

    /// The last entry.
    pub fn last(&self) -> &Entry {
        &self.entries[self.entries.len() - 1]
    }

    /// The author's signature over the last entry's id; absent when a trusted hash vouched.
    pub fn signature(&self) -> Option<&Signature> {
        self.signature.as_ref()
    }

    /// The part of the run in `first..=last`; `None` when the run has no entry there. The part is signed only if it
    /// keeps the end.
    pub fn part(mut self, first: Seq, last: Seq) -> Option<Self> {
        if last < self.last().seq {
            self.signature = None;
        }
        self.entries.retain(|entry| (first..=last).contains(&entry.seq));
        (!self.entries.is_empty()).then_some(self)
    }
}

/// The evidence that a run is genuine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trust {
    /// Its own signature.
    Signature,
    /// This id of its last entry, to which something verified earlier points. A signature that comes along is verified too.
    LeadsTo(EntryId),
    /// The same for a run that a peer brings. A signature that comes along is kept, and so verified, only at the end of a block,
    /// and at an act: those are the ones that others are shown.
    Backfills(EntryId),
}

/// Verifies runs of one room, and remembers the keys it has prepared.
pub struct Admission {
    room: RoomId,
    keys: BTreeMap<AuthorId, Box<Keys>>,
}

struct Keys {
    log: LogKey,
    verifying: VerifyingKey,
}

impl Admission {
    /// The door of `room`.
    pub fn new(room: RoomId) -> Self {
        Self { room, keys: BTreeMap::new() }
    }

    /// The room this door belongs to.
    pub fn room(&self) -> RoomId {
        self.room
    }

    /// Verifies a run: hashes its chain, then checks the evidence for the last id.
    ///
    /// # Errors
    /// [`Reject::Signature`] and [`Reject::Unlinked`] when nothing vouches for it, [`Reject::NotFounder`]
    /// and [`Reject::Malformed`] for a founding entry that is not this room's.
    pub fn admit(&mut self, raw: &RawRun, trust: Trust) -> Result<Run, Reject> {
        let keys = self.keys(raw.author())?;
        let entries = chain(&keys.log, raw);
        let shown = raw.last() == block_end(raw.last()) || raw.ends_with_act();
        let is_needed = !matches!(trust, Trust::Backfills(_)) || shown;
        let signature = raw.signature().filter(|_| is_needed);
        vouch(&keys.verifying, &entries, signature, trust)?;
        check_founding(&self.room, &entries)?;
        Ok(Run { entries, signature: signature.copied(), sealed: Sealed })
    }

    fn keys(&mut self, author: AuthorId) -> Result<&Keys, Reject> {
        if self.keys.len() >= CACHED_KEYS && !self.keys.contains_key(&author) {
            self.keys.pop_first();
        }
        match self.keys.entry(author) {
            std::collections::btree_map::Entry::Occupied(found) => Ok(found.into_mut()),
            std::collections::btree_map::Entry::Vacant(vacant) => {
                let verifying = VerifyingKey::from_bytes(&author.0).map_err(|_| Reject::Signature)?;
                Ok(vacant.insert(Box::new(Keys { log: LogKey::new(&self.room, &author), verifying })))
            }
        }
    }
}

fn chain(key: &LogKey, raw: &RawRun) -> Vec<Entry> {
    let mut scratch = Vec::new();
    let author = raw.author();
    let mut prev = raw.prev();
    let link = |(entry, seq): (&RawEntry, Seq)| {
        let id = key.id(seq, &prev, entry, &mut scratch);
        let RawEntry { time, seen, kind, body } = entry.clone();
        let entry = Entry { id, author, seq, prev, time, seen, kind, body, sealed: Sealed };
        prev = id;
        entry
    };
    raw.entries().iter().zip(raw.first()..).map(link).collect()
}

fn vouch(key: &VerifyingKey, entries: &[Entry], signature: Option<&Signature>, trust: Trust) -> Result<(), Reject> {
    let id = entries.last().ok_or(Reject::Malformed("run"))?.id;
    if let Trust::LeadsTo(trusted) | Trust::Backfills(trusted) = trust
        && trusted != id
    {
        return Err(Reject::Unlinked);
    }
    match (signature, trust) {
        (Some(signature), _) => {
            let verdict = verify_by(key, &signed_bytes(&id), signature);
            if defence::is_on("signatures") { verdict } else { Ok(()) }
        }
        (None, Trust::LeadsTo(_) | Trust::Backfills(_)) => Ok(()),
        (None, Trust::Signature) => Err(Reject::Unlinked),
    }
}

/// The one verdict on a signature. It is strict: it takes no second encoding of a signature or key, and no key of small
/// order.
///
/// # Errors
/// [`Reject::Signature`] when it is not the author's over `signed`.
pub fn verify(author: &AuthorId, signed: &[u8], signature: &Signature) -> Result<(), Reject> {
    let key = VerifyingKey::from_bytes(&author.0).map_err(|_| Reject::Signature)?;
    verify_by(&key, signed, signature)
}

fn verify_by(key: &VerifyingKey, signed: &[u8], signature: &Signature) -> Result<(), Reject> {
    let signature = ed25519_dalek::Signature::from_bytes(signature);
    key.verify_strict(signed, &signature).map_err(|_| Reject::Signature)
}

fn signed_bytes(id: &EntryId) -> [u8; 47] {
    let mut bytes = [0; 47];
    bytes[..15].copy_from_slice(SIGNED);
    bytes[15..].copy_from_slice(&id.0);
    bytes
}

fn check_founding(room: &RoomId, entries: &[Entry]) -> Result<(), Reject> {
    let first = entries.iter().find(|entry| entry.kind == Kind::FOUND);
    match first {
        None => Ok(()),
        Some(Entry { seq: 0, author, body: Body::Here(body), .. }) => founding(room, author, body).map(|_| ()),
        Some(Entry { seq: 0, body: Body::Dropped { .. }, .. }) => Ok(()),
        Some(_) => Err(Reject::NotFounder),
    }
}

/// A signing key: the one who can write a log.
pub struct Author {
    key: SigningKey,
    id: AuthorId,
}

impl Author {
    /// The author with this secret. Wiped from memory when dropped.
    pub fn from_secret(secret: &[u8; 32]) -> Self {
        let key = SigningKey::from_bytes(secret);
        let id = AuthorId(key.verifying_key().to_bytes());
        Self { key, id }
    }

    /// The public key.
    pub fn id(&self) -> AuthorId {
        self.id
    }

    /// Signs `entries` as the run that follows `prev` at seq `first` in `room`. The result still has to pass
    /// [`Admission::admit`], like every other run.
    ///
    /// # Errors
    /// Those of [`RawRun::new`]: too many entries, a body that is too large, times that do not increase.
    pub fn sign(&self, room: &RoomId, first: Seq, prev: EntryId, entries: Vec<RawEntry>) -> Result<RawRun, Reject> {
        check_span(first, entries.len())?;
        let key = LogKey::new(room, &self.id);
        let mut scratch = Vec::new();
        let link = |prev, (seq, entry): (Seq, &RawEntry)| key.id(seq, &prev, entry, &mut scratch);
        let last = (first..).zip(&entries).fold(prev, link);
        let signature = self.key.sign(&signed_bytes(&last)).to_bytes();
        RawRun::new(self.id, first, prev, entries, Some(signature))
    }

    /// Its X25519 key, to which others seal secrets: the same key in the other form.
    pub fn exchange(&self) -> [u8; 32] {
        self.key.verifying_key().to_montgomery().to_bytes()
    }

    /// The secret form of its X25519 key.
    pub fn exchange_secret(&self) -> Secret {
        Secret::new(self.key.to_scalar_bytes())
    }

    /// Signs that this author writes at one end of a connection.
    pub fn introduce(&self, introduction: &Introduction) -> Signature {
        self.key.sign(&introduction.bytes(&self.id)).to_bytes()
    }
}

impl AuthorId {
    /// Its X25519 key, to which secrets are sealed; `None` if nobody can sign as this author.
    pub fn exchange(&self) -> Option<[u8; 32]> {
        VerifyingKey::from_bytes(&self.0).ok().map(|key| key.to_montgomery().to_bytes())
    }

    /// Whether this author signed the introduction.
    ///
    /// # Errors
    /// [`Reject::Signature`] when it did not.
    pub fn introduces(&self, introduction: &Introduction, signature: &Signature) -> Result<(), Reject> {
        let key = VerifyingKey::from_bytes(&self.0).map_err(|_| Reject::Signature)?;
        let signature = ed25519_dalek::Signature::from_bytes(signature);
        key.verify_strict(&introduction.bytes(self), &signature).map_err(|_| Reject::Signature)
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use proptest::prelude::*;

    use super::*;
    use crate::limits::{BODY_BYTES, RUN_ENTRIES};

    const ROOM: RoomId = RoomId([1; 32]);

    fn author() -> Author {
        Author::from_secret(&[5; 32])
    }

    fn text(ms: u64, body: &str) -> RawEntry {
        RawEntry {
            time: Time::from_ms(ms),
            seen: vec![],
            kind: Kind::TEXT,
            body: Body::Here(Bytes::copy_from_slice(body.as_bytes())),
        }
    }

    fn run(first: Seq, count: u64) -> RawRun {
        let entries = (0..count).map(|at| text(10 + at, "hello")).collect();
        author().sign(&ROOM, first, EntryId([9; 32]), entries).unwrap()
    }

    #[test]
    fn what_was_signed_is_admitted() {
        let run = Admission::new(ROOM).admit(&run(1, 64), Trust::Signature).unwrap();
        assert_eq!((run.first().seq, run.last().seq), (1, 64));
        assert!(run.entries().windows(2).all(|pair| pair[1].prev == pair[0].id));
    }

    #[test]
    fn another_room_or_a_changed_byte_is_refused() {
        assert_eq!(Admission::new(RoomId([2; 32])).admit(&run(1, 2), Trust::Signature), Err(Reject::Signature));
        let wire = run(1, 2).wire().to_vec();
        for at in 0..wire.len() {
            let mut changed = wire.clone();
            changed[at] ^= 1;
            let admitted =
                RawRun::parse(changed.into()).and_then(|raw| Admission::new(ROOM).admit(&raw, Trust::Signature));
            assert!(admitted.is_err(), "byte {at}");
        }
    }

    #[test]
    fn a_trusted_hash_vouches_in_place_of_a_signature() {
        let signed = run(1, 3);
        let last = Admission::new(ROOM).admit(&signed, Trust::Signature).unwrap().last().id;
        let bare = RawRun::new(signed.author(), 1, signed.prev(), signed.entries().to_vec(), None).unwrap();
        let mut door = Admission::new(ROOM);
        assert_eq!(door.admit(&bare, Trust::Signature), Err(Reject::Unlinked));
        assert_eq!(door.admit(&bare, Trust::LeadsTo(EntryId([3; 32]))), Err(Reject::Unlinked));
        assert!(door.admit(&bare, Trust::LeadsTo(last)).is_ok());
    }

    #[test]
    fn a_signature_that_is_not_needed_is_dropped_and_not_checked() {
        let signed_by = |signed: &RawRun, signature| {
            RawRun::new(signed.author(), 1, signed.prev(), signed.entries().to_vec(), Some(signature)).unwrap()
        };
        let mut door = Admission::new(ROOM);
        let (part, block) = (run(1, 3), run(1, 64));
        let mut leads_to = |run: &RawRun| {
            let last = door.admit(run, Trust::Signature).unwrap().last().id;
            let foreign = door.admit(&signed_by(run, [7; 64]), Trust::Backfills(last));
            (door.admit(run, Trust::Backfills(last)).unwrap().signature().is_some(), foreign.map(|_| ()))
        };
        assert_eq!(leads_to(&part), (false, Ok(())));
        assert_eq!(leads_to(&block), (true, Err(Reject::Signature)));
    }

    #[test]
    fn a_run_is_bounded_and_stays_in_its_block() {
        let entries = |count: usize| (0..count as u64).map(|at| text(at, "x")).collect::<Vec<_>>();
        let sign = |first, count| author().sign(&ROOM, first, EntryId::default(), entries(count)).map(|_| ());
        assert_eq!(sign(1, RUN_ENTRIES), Ok(()));
        assert_eq!(sign(1, RUN_ENTRIES + 1), Err(Reject::Malformed("span of a run")));
        assert_eq!(sign(60, 5), Ok(()));
        assert_eq!(sign(60, 6), Err(Reject::Malformed("span of a run")));
        assert_eq!(sign(0, 1), Ok(()));
        assert_eq!(sign(0, 2), Err(Reject::Malformed("span of a run")));
        assert!(sign(u64::MAX, 1).is_err() && sign(u64::MAX - 1, 2).is_err());
    }

    #[test]
    fn a_body_past_the_limit_and_times_that_stand_still_are_refused() {
        let big = "x".repeat(BODY_BYTES + 1);
        let sign = |entries| author().sign(&ROOM, 1, EntryId::default(), entries).map(|_| ());
        assert_eq!(sign(vec![text(1, &big)]), Err(Reject::Limit("body")));
        assert!(sign(vec![text(2, "a"), text(1, "b")]).is_err());
        assert!(sign(vec![text(2, "a"), text(2, "b")]).is_err());
    }

    #[test]
    fn only_the_owner_founds_the_room_and_only_first() {
        let author = author();
        let (room, body) = crate::entry::found(&author.id(), "lunch", [0; 16]);
        let found = RawEntry { kind: Kind::FOUND, body: Body::Here(body), ..text(1, "") };
        let admit = |by: &Author, first| {
            let raw = by.sign(&room, first, EntryId::default(), vec![found.clone()]).unwrap();
            Admission::new(room).admit(&raw, Trust::Signature).map(|_| ())
        };
        assert_eq!(admit(&author, 0), Ok(()));
        assert_eq!(admit(&author, 1), Err(Reject::NotFounder));
        assert_eq!(admit(&Author::from_secret(&[6; 32]), 0), Err(Reject::NotFounder));
    }

    prop_compose! {
        fn any_entry()(step in 0u64..3, counter in 0u16..3, kind in 1u8..128, drop: bool,
            body in proptest::collection::vec(any::<u8>(), 0..40),
            seen in proptest::collection::btree_map(0u8..5, 0u64..1 << 48, 0..5)) -> (u64, u16, RawEntry) {
            let body = Body::Here(body.into());
            let body = if drop { body.dropped() } else { body };
            let seen = seen.into_iter().map(|(author, seq)| (AuthorId([author; 32]), seq)).collect();
            (step, counter, RawEntry { time: Time::default(), seen, kind: Kind::new(kind).unwrap(), body })
        }
    }

    proptest! {
        #[test]
        fn decode_then_encode_is_the_identity(
            drafts in proptest::collection::vec(any_entry(), 1..20), block in 0u64..100, offset in 0u64..40,
        ) {
            let mut time = Time::default();
            let entries: Vec<_> = drafts.into_iter().map(|(step, counter, mut entry)| {
                time = Time(time.next(time.ms() + step).0 + u64::from(counter));
                entry.time = time;
                entry
            }).collect();
            let first = block * 64 + 1 + offset;
            let signed = author().sign(&ROOM, first, EntryId([4; 32]), entries.clone()).unwrap();
            let read = RawRun::parse(signed.wire().clone()).unwrap();
            prop_assert_eq!(read.entries(), &entries[..]);
            let again = RawRun::new(read.author(), read.first(), read.prev(), read.entries().to_vec(), read.signature().copied()).unwrap();
            prop_assert_eq!(again.wire(), signed.wire());
            let headers = signed.without_bodies().unwrap();
            let mut door = Admission::new(ROOM);
            let full = door.admit(&signed, Trust::Signature).unwrap();
            let bare = door.admit(&headers, Trust::Signature).unwrap();
            prop_assert_eq!(full.last().id, bare.last().id);
        }

        #[test]
        fn any_bytes_are_refused_or_canonical(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            if let Ok(run) = RawRun::parse(bytes.clone().into()) {
                let again = RawRun::new(run.author(), run.first(), run.prev(), run.entries().to_vec(), run.signature().copied()).unwrap();
                prop_assert_eq!(&again.wire()[..], &bytes[..]);
            }
        }
    }
}
