//! Rooms in which people say what they do: `owner.appoints(&ada, Role::CoOwner)`. Everybody sees everything at once.

use std::{cell::RefCell, collections::BTreeMap, rc::Rc};

use rumormill_proto::{
    governance::{Appointed, Deed, End, Governance, Guest, Last, Role, Rules, Signed, TicketId, TicketKey},
    ids::{AuthorId, EntryId, Seq},
    random::Random,
    time::Time,
};

use crate::world::{KEY, author, entry_id, folded, state};

#[derive(Default)]
struct Written {
    entries: Vec<Signed>,
    people: u64,
}

/// A room, with all that was ever written in it.
#[derive(Clone, Default)]
pub(crate) struct Room(Rc<RefCell<Written>>);

/// Somebody with a key, who writes behind the entry that it wrote last.
#[derive(Clone)]
pub(crate) struct Person {
    room: Room,
    pub(crate) key: AuthorId,
    pub(crate) head: RefCell<Option<Last>>,
}

impl Room {
    /// A room and its owner, who has founded it.
    pub(crate) fn founded() -> (Self, Person) {
        let room = Self::default();
        let owner = room.stranger();
        owner.says();
        (room, owner)
    }

    /// Somebody who is not in. The lower key is the one that came first.
    pub(crate) fn stranger(&self) -> Person {
        let mut written = self.0.borrow_mut();
        let key = author(written.people);
        written.people += 1;
        Person { room: self.clone(), key, head: RefCell::new(None) }
    }

    pub(crate) fn strangers<const N: usize>(&self) -> [Person; N] {
        std::array::from_fn(|_| self.stranger())
    }

    pub(crate) fn entries(&self) -> Vec<Signed> {
        self.0.borrow().entries.clone()
    }

    /// What it all comes to, in whatever order it is read.
    pub(crate) fn fold(&self) -> Governance {
        let entries = self.entries();
        let mut fold = folded(&entries);
        let said = state(&mut fold);
        let mut shuffled = entries.clone();
        for seed in 0..4 {
            Random::new(seed).shuffle(&mut shuffled);
            assert_eq!(state(&mut folded(&shuffled)), said, "shuffled with {seed}");
        }
        fold
    }

    /// The same, read in the order of writing alone.
    pub(crate) fn fold_once(&self) -> Governance {
        folded(&self.entries())
    }

    /// Whether an entry is a message.
    pub(crate) fn is_message(&self, who: &Person, seq: Seq) -> bool {
        self.0.borrow().entries.iter().any(|entry| (entry.author, entry.seq) == (who.key, seq) && entry.message)
    }

    pub(crate) fn has(&self, who: &Person) -> bool {
        self.fold().fold().members().contains(&who.key)
    }

    pub(crate) fn is_present(&self, who: &Person) -> bool {
        self.fold().fold().present().contains(&who.key)
    }

    pub(crate) fn counts(&self, who: &Person, entry: Last) -> bool {
        self.fold().fold().counts(&who.key, entry.seq, &entry.id)
    }

    /// How many entries of somebody count.
    pub(crate) fn count(&self, who: &Person) -> Seq {
        self.fold().fold().count(&who.key)
    }

    /// The acts that end somebody or its grants.
    pub(crate) fn endings(&self, of: &Person) -> Vec<EntryId> {
        let mut endings: Vec<EntryId> = self.fold().fold().endings(&of.key).collect();
        endings.sort();
        endings
    }

    /// Whether each act that counts does so once, and is among the entries that count.
    pub(crate) fn acts_count_once(&self) -> bool {
        let mut fold = self.fold();
        let fold = fold.fold();
        let mut acts = BTreeMap::new();
        fold.grants().iter().flat_map(|grant| fold.acts(grant)).for_each(|act| *acts.entry(act.id).or_insert(0) += 1);
        let counted = fold.counted();
        acts.iter().all(|(act, times)| *times == 1 && counted.contains(act))
    }
}

impl Person {
    /// Says something at a time.
    pub(crate) fn says_message(&self, time: u64) -> Last {
        let said = self.writes_at(time, None);
        if let Some(entry) = self.room.0.borrow_mut().entries.last_mut() {
            entry.message = true;
        }
        said
    }

    /// Sets rules at a time, which rule what these people say from here on.
    pub(crate) fn sets(&self, time: u64, rules: Rules, of: &[&Self]) {
        let mut counts: Vec<(AuthorId, Seq)> =
            of.iter().map(|who| (who.key, who.last().map_or(0, |last| last.seq + 1))).collect();
        counts.sort_unstable();
        self.writes_at(time, Some(Deed::Rules { rules, counts }));
    }

    pub(crate) fn lets_through(&self, who: &Self) -> Last {
        self.writes(Some(Deed::LetThrough(who.key)))
    }

    /// Writes an entry.
    pub(crate) fn writes(&self, deed: Option<Deed>) -> Last {
        let time = self.room.0.borrow().entries.len() as u64 + 100;
        self.writes_at(time, deed)
    }

    pub(crate) fn writes_at(&self, time: u64, deed: Option<Deed>) -> Last {
        let mut written = self.room.0.borrow_mut();
        let before = *self.head.borrow();
        // In an order that is not that of writing, as hashes are.
        let number = (written.entries.len() as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let id = entry_id(number);
        let last = Last { seq: before.map_or(0, |last| last.seq + 1), id };
        let prev = before.map_or(EntryId::default(), |last| last.id);
        written.entries.push(Signed {
            author: self.key,
            seq: last.seq,
            id,
            prev,
            time: Time(time),
            deed,
            message: false,
        });
        *self.head.borrow_mut() = Some(last);
        last
    }

    /// The same key, writing from an earlier place of its log: whatever it writes forks the log.
    pub(crate) fn forking_behind(&self, place: Option<Last>) -> Self {
        Self { head: RefCell::new(place), ..self.clone() }
    }

    pub(crate) fn last(&self) -> Option<Last> {
        *self.head.borrow()
    }

    /// Where this log stands.
    pub(crate) fn here(&self) -> End {
        End { key: self.key, last: self.last() }
    }

    /// A cut of this log.
    pub(crate) fn at(&self, last: Option<Last>) -> End {
        End { key: self.key, last }
    }

    pub(crate) fn says(&self) -> Last {
        self.writes(None)
    }

    pub(crate) fn appoints(&self, who: &Self, role: Role) -> Last {
        self.appoints_despite(who, role, vec![])
    }

    pub(crate) fn appoints_despite(&self, who: &Self, role: Role, despite: Vec<EntryId>) -> Last {
        self.appoints_from(who, role, (0, despite))
    }

    pub(crate) fn appoints_from(&self, who: &Self, role: Role, (from, despite): (Seq, Vec<EntryId>)) -> Last {
        self.writes(Some(Deed::Appoint { keys: vec![Appointed { key: who.key, from }], role, despite }))
    }

    pub(crate) fn appoints_all(&self, keys: &[&Self], role: Role) -> Last {
        let keys = keys.iter().map(|who| Appointed { key: who.key, from: 0 }).collect();
        self.writes(Some(Deed::Appoint { keys, role, despite: vec![] }))
    }

    pub(crate) fn dismisses(&self, end: End) -> Last {
        self.writes(Some(Deed::Dismiss { ends: vec![end], tickets: vec![] }))
    }

    pub(crate) fn removes(&self, ends: &[End]) -> Last {
        self.removes_knowing(ends, vec![])
    }

    pub(crate) fn removes_knowing(&self, ends: &[End], knowing: Vec<EntryId>) -> Last {
        self.writes(Some(Deed::Remove { ends: ends.to_vec(), tickets: vec![], knowing }))
    }

    pub(crate) fn ends(&self, end: End) -> Last {
        self.writes(Some(Deed::End(end)))
    }

    pub(crate) fn vouches(&self, end: End) -> Last {
        self.writes(Some(Deed::Vouch(end)))
    }

    pub(crate) fn steps_down(&self) -> Last {
        self.writes(Some(Deed::StepDown { closer: None }))
    }

    pub(crate) fn admits(&self, who: &[&Self]) -> Last {
        self.admits_despite(who, vec![])
    }

    pub(crate) fn admits_despite(&self, who: &[&Self], despite: Vec<EntryId>) -> Last {
        self.writes(Some(Deed::Admit { who: who.iter().map(|who| who.key).collect(), ticket: None, despite }))
    }

    pub(crate) fn confirms(&self, who: &Self, ticket: TicketId) -> Last {
        self.writes(Some(Deed::Admit { who: vec![who.key], ticket: Some(ticket), despite: vec![] }))
    }

    pub(crate) fn opens_ticket(&self, uses: u64) -> TicketId {
        // The id is not known before the entry is written, so the entry is written and then told its own name.
        let announced = self.writes(None);
        let ticket = TicketId::from(announced.id);
        let mut written = self.room.0.borrow_mut();
        if let Some(entry) = written.entries.last_mut() {
            entry.deed = Some(Deed::Ticket { ticket, guest: Guest::Member, key: KEY, uses, expires_ms: None });
        }
        ticket
    }

    pub(crate) fn revokes(&self, ticket: TicketId) -> Last {
        self.writes(Some(Deed::Revoke(ticket)))
    }

    pub(crate) fn joins(&self, ticket: TicketId) -> Last {
        self.writes(Some(Deed::Join { ticket, key: KEY }))
    }

    pub(crate) fn joins_without_holding(&self, ticket: TicketId) -> Last {
        self.writes(Some(Deed::Join { ticket, key: TicketKey([2; 32]) }))
    }

    pub(crate) fn welcomes(&self, who: &Self, ticket: TicketId) -> Last {
        self.writes(Some(Deed::Welcome { who: who.key, ticket }))
    }

    pub(crate) fn welcomes_at(&self, time: u64, who: &Self, ticket: TicketId) -> Last {
        self.writes_at(time, Some(Deed::Welcome { who: who.key, ticket }))
    }

    pub(crate) fn is_device_of(&self, who: &Self) -> Last {
        self.writes(Some(Deed::Device(who.key)))
    }

    pub(crate) fn names_device(&self, device: &Self) -> Last {
        self.writes(Some(Deed::Mine(device.key)))
    }

    pub(crate) fn hides(&self, end: End, first: Seq) -> Last {
        self.writes(Some(Deed::Hide { until: end, first }))
    }
}
