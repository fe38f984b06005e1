//! The fourth step of the fold: the epochs, and under which of them words may be sealed.
//!
//! New words are sealed only under an epoch whose maker is present and which answers every ending that counts, itself or
//! by the epochs that it follows. So whoever was kept out by one of them was never handed its secret.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    act::Says,
    deed::{Deed, Role, Signed},
    entries::Entries,
    fold::{Fold, Steps},
    governors::Governors,
    members::Members,
    ranks::Sort,
    removals::Removals,
    tree::Tree,
};
use bytes::Bytes;

use super::{act::Guest, deed::TicketId};
use crate::{
    epochs::EpochId,
    ids::{AuthorId, EntryId, Seq},
    limits::{ACT_ENDINGS, ACT_EPOCHS, ACTS_WITHOUT_GRANT, EPOCH_STEPS},
};

/// What the fourth step comes to.
#[derive(Clone, Debug, Default)]
pub(crate) struct Epochs {
    /// The acts that keep somebody out, and which new words have to have answered.
    endings: BTreeSet<EntryId>,
    /// The epochs that members made, and what their acts say of them.
    made: BTreeMap<EpochId, Made>,
    /// The epochs whose secrets may be handed on: of everything that they answer it is known whom it keeps out.
    settled: BTreeSet<EpochId>,
    /// The keys for which present members wrote boxes, by epoch.
    boxed: BTreeMap<EpochId, BTreeSet<AuthorId>>,
}

#[derive(Clone, Debug, Default)]
struct Made {
    /// Who made it.
    makers: BTreeSet<AuthorId>,
    /// Whether one of those who made it is present.
    present: bool,
    follows: BTreeSet<EpochId>,
    answers: BTreeSet<EntryId>,
}

impl Epochs {
    pub(crate) fn of(entries: &Entries, governors: &Governors, removals: &Removals, members: &Members) -> Self {
        let noted = |counts: fn(Sort) -> bool| {
            let noted = governors.endings.iter().filter(move |ending| counts(ending.sort));
            noted.map(|ending| ending.id)
        };
        // With the roles of somebody who was dismissed an admission may fall, and somebody whom it let back is out again.
        let dismissals = noted(|sort| sort == Sort::Dismissal);
        let mut endings: BTreeSet<EntryId> =
            removals.endings.union(&members.endings).copied().chain(dismissals).collect();
        if governors.grants.iter().any(|grant| grant.role == Role::Keeper) {
            // Whoever waits is given boxes, and may come by them when its ticket is over.
            endings.extend(&members.revocations);
        }
        let noted = noted(Sort::cuts);
        let known: BTreeSet<EntryId> = noted.chain(endings.union(&members.revocations).copied()).collect();
        let settled = settled(entries, governors, &known);
        let mut all = Self { endings, made: BTreeMap::new(), settled, boxed: BTreeMap::new() };
        let mut of_author: BTreeMap<AuthorId, BTreeMap<Seq, &Signed>> = BTreeMap::new();
        for act in entries.epochs().filter(|act| members.all.contains(&act.author)) {
            of_author.entry(act.author).or_default().insert(act.seq, act);
        }
        for (author, acts) in of_author {
            let Some(tree) = entries.tree(&author) else { continue };
            let branch = members.extent(removals, &author).of(tree);
            let present = !removals.out.contains(&author) && !members.ended.contains_key(&author);
            let counts =
                |act: &&Signed| tree.find(act.seq, &act.id).is_some_and(|spot| Tree::leads_through(&branch, spot));
            all.read(acts.into_values().filter(counts), present, &known);
        }
        all.note_boxes(entries, removals, members);
        all
    }

    /// Notes for whom there are boxes. Those of somebody who is out may hold anything, and the next epoch is near.
    fn note_boxes(&mut self, entries: &Entries, removals: &Removals, members: &Members) {
        for act in entries.boxes() {
            let author = &act.author;
            let present =
                members.all.contains(author) && !removals.out.contains(author) && !members.ended.contains_key(author);
            let Some(Deed::Boxes { epoch, of, .. }) = act.deed.as_ref().filter(|_| present) else { continue };
            let boxed = self.boxed.entry(*epoch).or_default();
            boxed.extend(of);
            // Whoever writes boxes holds the secret.
            boxed.insert(*author);
        }
    }

    /// Reads the epochs of one author. Behind its first one, those count that answer an ending which none of its earlier
    /// ones answers: so nobody makes more of them than there are endings.
    fn read<'a>(&mut self, acts: impl Iterator<Item = &'a Signed>, present: bool, known: &BTreeSet<EntryId>) {
        let mut answered: Option<BTreeSet<EntryId>> = None;
        for act in acts.take(ACTS_WITHOUT_GRANT) {
            let Some(Deed::Epoch { epoch, follows, answers }) = &act.deed else { continue };
            let news = |answered: &BTreeSet<EntryId>| {
                answers.iter().any(|ending| known.contains(ending) && !answered.contains(ending))
            };
            if !answered.as_ref().is_none_or(news) {
                continue;
            }
            answered.get_or_insert_default().extend(answers);
            let made = self.made.entry(*epoch).or_default();
            made.present |= present;
            made.makers.insert(act.author);
            made.follows.extend(follows);
            made.answers.extend(answers);
        }
    }

    /// What an epoch answers, itself or by what it follows; nothing if that takes more than `steps`.
    fn answered(&self, epoch: &EpochId, steps: &mut usize) -> BTreeSet<EntryId> {
        let (mut open, mut seen) = (vec![*epoch], BTreeSet::new());
        let mut answered = BTreeSet::new();
        while let Some(epoch) = open.pop() {
            if !seen.insert(epoch) {
                continue;
            }
            let Some(made) = self.made.get(&epoch) else { continue };
            let Some(left) = steps.checked_sub(1 + made.follows.len()) else { return BTreeSet::new() };
            *steps = left;
            answered.extend(&made.answers);
            open.extend(&made.follows);
        }
        answered
    }

    /// The epochs whose maker is present and that no other such epoch follows, then the others.
    fn newest_first(&self) -> Vec<EpochId> {
        let present = || self.made.iter().filter(|(_, made)| made.present);
        let followed: BTreeSet<&EpochId> = present().flat_map(|(_, made)| &made.follows).collect();
        let (below, top): (Vec<EpochId>, _) = present().map(|(id, _)| *id).partition(|id| followed.contains(id));
        [top, below].concat()
    }
}

/// The epochs of which all that they answer, themselves or by what they follow, is known: as an act that counts, or as one
/// of a governor that does not. Their own acts need not count. Each act is looked at once for each epoch it follows.
fn settled(entries: &Entries, governors: &Governors, known: &BTreeSet<EntryId>) -> BTreeSet<EpochId> {
    let mut unknown: BTreeSet<EntryId> = BTreeSet::new();
    let mut open: Vec<(EpochId, &[EpochId], &[EntryId])> = Vec::new();
    for act in entries.epochs() {
        let Some(Deed::Epoch { epoch, follows, answers }) = &act.deed else { continue };
        unknown.extend(answers.iter().filter(|ending| !known.contains(ending)));
        open.push((*epoch, follows, answers));
    }
    for author in governors.of_key.keys() {
        let Some(tree) = entries.tree(author).filter(|_| !unknown.is_empty()) else { continue };
        tree.read_acts().for_each(|act| _ = unknown.remove(&entries.act(act).id));
    }
    open.retain(|(_, _, answers)| !answers.iter().any(|ending| unknown.contains(ending)));
    let mut followed_by: BTreeMap<EpochId, Vec<usize>> = BTreeMap::new();
    let mut left: Vec<usize> = open.iter().map(|(_, follows, _)| follows.len()).collect();
    for (at, (_, follows, _)) in open.iter().enumerate() {
        follows.iter().for_each(|epoch| followed_by.entry(*epoch).or_default().push(at));
    }
    let mut ready: Vec<EpochId> =
        open.iter().filter(|(_, follows, _)| follows.is_empty()).map(|(id, ..)| *id).collect();
    let mut settled = BTreeSet::new();
    while let Some(epoch) = ready.pop() {
        if !settled.insert(epoch) {
            continue;
        }
        for at in followed_by.get(&epoch).into_iter().flatten() {
            left[*at] -= 1;
            ready.extend((left[*at] == 0).then_some(open[*at].0));
        }
    }
    settled
}

/// Whose boxes of an epoch are lacking.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Lacking {
    /// The keys whose boxes are to be written at once.
    pub(crate) now: Vec<AuthorId>,
    /// The keys whose boxes others should have written, or will write.
    pub(crate) later: Vec<AuthorId>,
}

impl Fold<'_> {
    /// The epoch under which new words are to be sealed: one of those whose secret is held that answers every ending.
    pub(crate) fn epoch_to_write(&self, holds: impl Fn(&EpochId) -> bool) -> Option<EpochId> {
        let epochs = &self.steps.epochs;
        let mut steps = EPOCH_STEPS;
        let mut held = epochs.newest_first().into_iter().filter(holds);
        held.find(|id| epochs.endings.is_subset(&epochs.answered(id, &mut steps)))
    }

    /// Whether `me` is to make an epoch at once: nobody has answered an ending of its own, or the room has no epoch and is
    /// its own.
    pub(crate) fn owes_epoch(&self, me: &AuthorId) -> bool {
        let epochs = &self.steps.epochs;
        if epochs.made.is_empty() {
            return *me == self.entries.owner();
        }
        let present = epochs.made.values().filter(|made| made.present);
        let answered: BTreeSet<&EntryId> = present.flat_map(|made| &made.answers).collect();
        let mut open = epochs.endings.iter().filter(|ending| !answered.contains(ending));
        open.any(|ending| self.made(me, &(*ending).into()))
    }

    /// The epochs that nobody present follows: words are written under one of them, or were last.
    pub(crate) fn last_epochs(&self) -> Vec<EpochId> {
        let made = &self.steps.epochs.made;
        let followed: BTreeSet<&EpochId> =
            made.values().filter(|made| made.present).flat_map(|made| &made.follows).collect();
        made.iter().filter(|(id, made)| made.present && !followed.contains(id)).map(|(id, _)| *id).collect()
    }

    /// The boxes of an epoch that `me` is to write: those at once that it owes, and those later that anybody may write. With
    /// the first of them it begins to owe all; `filing` says that it has written some of these. In rooms without keepers
    /// whoever holds a secret meets those who lack it.
    pub(crate) fn lacks_boxes(&self, me: &AuthorId, (epoch, filing): (&EpochId, bool), now_ms: u64) -> Lacking {
        let epochs = &self.steps.epochs;
        let Some(made) = epochs.made.get(epoch).filter(|_| self.has_keepers()) else { return Lacking::default() };
        let boxed = epochs.boxed.get(epoch);
        let owes = boxed.is_none() && (made.makers.contains(me) || self.appointed_keeper(me));
        let has =
            |key: &AuthorId| key == me || made.makers.contains(key) || boxed.is_some_and(|boxed| boxed.contains(key));
        let lacks: Vec<AuthorId> = self.present().into_iter().filter(|key| !has(key) && self.may_read(key)).collect();
        if owes || filing {
            let tickets = self.tickets();
            let comes = |ticket: TicketId| {
                tickets.iter().any(|known| known.id == ticket && known.guest == Guest::Member && known.lets_in(now_ms))
            };
            let waits = self.joining().into_iter().filter(|key| !has(key) && self.knocks(key).is_some_and(comes));
            let now = lacks.into_iter().chain(waits).collect();
            return Lacking { now, later: Vec::new() };
        }
        let (now, later) = lacks.into_iter().partition(|key| self.let_in_by(key) == Some(*me));
        Lacking { now, later }
    }

    /// Whoever let somebody in last.
    fn let_in_by(&self, key: &AuthorId) -> Option<AuthorId> {
        self.steps.members.let_in.get(key).map(|act| self.entries.act(*act).author)
    }

    /// What authors sealed under epochs: the act, its author, the epoch, and the sealed secrets of others.
    pub(crate) fn sealed_before(&self) -> impl Iterator<Item = (EntryId, AuthorId, &EpochId, &Bytes)> {
        self.entries.boxes().filter_map(|act| match &act.deed {
            Some(Deed::Boxes { epoch, before, .. }) if !before.is_empty() => Some((act.id, act.author, epoch, before)),
            _ => None,
        })
    }

    /// Whether the secret of an epoch may be handed on, to those who [may read](Fold::may_read).
    pub fn is_settled(&self, epoch: &EpochId) -> bool {
        self.steps.epochs.settled.contains(epoch)
    }

    /// The epochs that acts name, whether these count or not.
    pub(crate) fn named_epochs(&self) -> impl Iterator<Item = &EpochId> {
        self.entries.epochs().filter_map(|act| match &act.deed {
            Some(Deed::Epoch { epoch, .. }) => Some(epoch),
            _ => None,
        })
    }

    /// Whether a member made this epoch.
    pub(crate) fn is_epoch(&self, epoch: &EpochId) -> bool {
        self.steps.epochs.made.contains_key(epoch)
    }

    /// The act that names an epoch made now. It follows epochs that answer nothing but what counts here as well: a node
    /// hands the secret to nobody whom it knows to be out, so it may answer for no more.
    pub(crate) fn epoch(&self, epoch: EpochId) -> Says {
        let epochs = &self.steps.epochs;
        let mut steps = EPOCH_STEPS;
        let (mut follows, mut open) = (BTreeSet::new(), epochs.endings.clone());
        for id in epochs.newest_first() {
            let answered = epochs.answered(&id, &mut steps);
            if follows.len() < ACT_EPOCHS
                && answered.is_subset(&epochs.endings)
                && answered.iter().any(|id| open.contains(id))
            {
                open.retain(|ending| !answered.contains(ending));
                follows.insert(id);
            }
        }
        let answers = open.into_iter().take(ACT_ENDINGS).collect();
        Says::Epoch { epoch, follows: follows.into_iter().collect(), answers }
    }

    /// Whether somebody may be handed secrets: it is present, and no governor's removal of it fell by a fork alone.
    pub fn may_read(&self, key: &AuthorId) -> bool {
        self.is_present(key) && !self.fell_by_fork(key)
    }

    fn fell_by_fork(&self, key: &AuthorId) -> bool {
        let Steps { governors, members, removals, .. } = self.steps;
        let pardons = |ending: &EntryId| {
            let acts = governors.grants.iter().flat_map(|grant| self.acts(grant));
            acts.into_iter().any(|act| match &act.deed {
                Some(Deed::Admit { who, despite, .. }) => who.contains(key) && despite.contains(ending),
                Some(Deed::Appoint { keys, despite, .. }) => {
                    keys.iter().any(|appointed| appointed.key == *key) && despite.contains(ending)
                }
                _ => false,
            })
        };
        governors.of_key.keys().any(|governor| {
            let Some(tree) = self.entries.tree(governor) else { return false };
            let Some(fork) = tree.fork() else { return false };
            let cut = members.extent(removals, governor).cut.unwrap_or(Seq::MAX);
            let mut acts = tree.all_acts().filter(|(spot, _)| fork <= spot.seq && spot.seq < cut);
            acts.any(|(_, act)| {
                let Signed { id, deed, .. } = self.entries.act(act);
                let removes = match deed {
                    Some(deed @ (Deed::Remove { .. } | Deed::End(_))) => deed.ends().iter().any(|end| end.key == *key),
                    _ => false,
                };
                removes && !pardons(id)
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        governance::{Appointed, End, Governance, Last, Role, TicketKey},
        time::Time,
    };

    /// Somebody who writes.
    struct Log {
        author: AuthorId,
        next: Seq,
        prev: EntryId,
    }

    impl Log {
        fn new(number: u8) -> Self {
            Self { author: AuthorId([number; 32]), next: 0, prev: EntryId::default() }
        }

        fn write(&mut self, deed: Option<Deed>) -> Signed {
            let mut id = [0; 32];
            id[..2].copy_from_slice(&[self.author.0[0], self.next as u8 + 1]);
            let (author, seq, id, prev) = (self.author, self.next, EntryId(id), self.prev);
            (self.next, self.prev) = (seq + 1, id);
            Signed { author, seq, id, prev, time: Time::from_ms(1_000 + seq), deed, message: false }
        }

        fn act(&mut self, room: &mut Governance, deed: Deed) -> EntryId {
            let signed = self.write(Some(deed));
            let id = signed.id;
            room.insert(signed);
            id
        }

        fn removes(&mut self, room: &mut Governance, other: &Log) -> EntryId {
            let last = other.next.checked_sub(1).map(|seq| Last { seq, id: other.prev });
            let ends = vec![End { key: other.author, last }];
            self.act(room, Deed::Remove { ends, tickets: vec![], knowing: vec![] })
        }

        /// Makes an epoch as an honest node does.
        fn makes(&mut self, room: &mut Governance, number: u8) -> EpochId {
            let id = EpochId([number; 32]);
            let Says::Epoch { epoch, follows, answers } = room.fold().epoch(id) else { return id };
            self.act(room, Deed::Epoch { epoch, follows, answers });
            id
        }
    }

    /// A founder and three others whom it let in.
    fn room() -> (Governance, [Log; 4]) {
        let mut logs = [1, 2, 3, 4].map(Log::new);
        let mut room = Governance::new(logs[0].author);
        room.insert(logs[0].write(None));
        let who = logs[1..].iter().map(|log| log.author).collect();
        logs[0].act(&mut room, Deed::Admit { who, ticket: None, despite: vec![] });
        (room, logs)
    }

    fn to_write(room: &mut Governance) -> Option<EpochId> {
        room.fold().epoch_to_write(|_| true)
    }

    #[test]
    fn words_are_written_under_an_epoch_that_answers_every_ending() {
        let (mut room, [mut owner, mut anna, mut ben, _]) = room();
        assert!(to_write(&mut room).is_none() && room.fold().owes_epoch(&owner.author));
        assert!(!room.fold().owes_epoch(&anna.author), "the first epoch is the founder's");
        let first = owner.makes(&mut room, 1);
        assert_eq!(to_write(&mut room), Some(first));
        let removed = owner.removes(&mut room, &ben);
        assert!(to_write(&mut room).is_none() && room.fold().owes_epoch(&owner.author));
        ben.makes(&mut room, 9);
        assert_eq!(to_write(&mut room), None, "who is out makes none that counts");
        let second = anna.makes(&mut room, 2);
        assert_eq!(to_write(&mut room), Some(second));
        assert!(!room.fold().owes_epoch(&owner.author) && !room.fold().may_read(&ben.author));
        // Let back and removed again: what answered the first removal does not answer the second.
        owner.act(&mut room, Deed::Admit { who: vec![ben.author], ticket: None, despite: vec![removed] });
        assert!(room.fold().may_read(&ben.author));
        owner.removes(&mut room, &ben);
        assert_eq!(to_write(&mut room), None);
        let third = owner.makes(&mut room, 3);
        assert_eq!(to_write(&mut room), Some(third));
        // Its maker is removed later.
        let last = anna.makes(&mut room, 4);
        assert!(!room.fold().is_epoch(&last), "it answers nothing new");
        owner.removes(&mut room, &anna);
        assert_eq!(to_write(&mut room), None);
    }

    #[test]
    fn of_concurrent_epochs_a_third_answers_what_both_do() {
        let (mut room, [mut owner, mut anna, ben, cleo]) = room();
        let keys = vec![Appointed { key: anna.author, from: 0 }];
        owner.act(&mut room, Deed::Appoint { keys, role: Role::Moderator, despite: vec![] });
        let epoch = |number: u8, answers| Deed::Epoch { epoch: EpochId([number; 32]), follows: vec![], answers };
        let one = owner.removes(&mut room, &ben);
        owner.act(&mut room, epoch(1, vec![one]));
        let other = anna.removes(&mut room, &cleo);
        anna.act(&mut room, epoch(2, vec![other]));
        assert_eq!(to_write(&mut room), None);
        assert!(
            !room.fold().owes_epoch(&owner.author) && !room.fold().owes_epoch(&anna.author),
            "both answered theirs"
        );
        let says = room.fold().epoch(EpochId([3; 32]));
        let follows = vec![EpochId([1; 32]), EpochId([2; 32])];
        assert_eq!(says, Says::Epoch { epoch: EpochId([3; 32]), follows, answers: vec![] });
    }

    #[test]
    fn in_a_room_with_a_keeper_the_end_of_a_ticket_is_answered_too() {
        let (mut room, [mut owner, anna, ben, _]) = room();
        let key = TicketKey([7; 32]);
        let announce = |room: &mut Governance, owner: &mut Log| {
            let ticket = TicketId([owner.author.0[0]; 32]);
            let deed = Deed::Ticket { ticket, guest: Guest::Member, key, uses: 9, expires_ms: None };
            owner.act(room, deed);
            ticket
        };
        owner.makes(&mut room, 1);
        let ticket = announce(&mut room, &mut owner);
        owner.act(&mut room, Deed::Revoke(ticket));
        assert_eq!(
            to_write(&mut room),
            Some(EpochId([1; 32])),
            "whoever holds secrets hands them to nobody who is not in"
        );
        let keeper = Log::new(9);
        let keys = vec![Appointed { key: keeper.author, from: 0 }];
        owner.act(&mut room, Deed::Appoint { keys, role: Role::Keeper, despite: vec![] });
        assert!(to_write(&mut room).is_none() && room.fold().owes_epoch(&owner.author));
        assert!(!room.fold().owes_epoch(&anna.author) && !room.fold().owes_epoch(&ben.author));
        let second = owner.makes(&mut room, 2);
        assert_eq!(to_write(&mut room), Some(second));
        assert!(room.fold().is_keeper(&keeper.author) && !room.fold().may_read(&keeper.author));
    }

    #[test]
    fn whoever_makes_an_epoch_writes_all_boxes_and_whoever_lets_somebody_in_that_one() {
        let (mut room, [mut owner, mut anna, ben, cleo]) = room();
        let epoch = owner.makes(&mut room, 1);
        let lacks = |room: &mut Governance, of: &Log, filing| room.fold().lacks_boxes(&of.author, (&epoch, filing), 0);
        assert_eq!(lacks(&mut room, &owner, false), Lacking::default(), "without a keeper there are none");
        let keys = vec![Appointed { key: AuthorId([9; 32]), from: 0 }];
        owner.act(&mut room, Deed::Appoint { keys, role: Role::Keeper, despite: vec![] });
        let others = vec![anna.author, ben.author, cleo.author];
        assert_eq!(lacks(&mut room, &owner, false).now, others);
        // She did not make it, and holds it herself.
        let later = lacks(&mut room, &anna, false);
        assert_eq!((later.now, later.later), (vec![], vec![ben.author, cleo.author]));
        let of = vec![anna.author, ben.author];
        owner.act(&mut room, Deed::Boxes { epoch, of, before: Bytes::new() });
        assert_eq!(lacks(&mut room, &owner, true).now, [cleo.author], "it goes on with what it began");
        let rest = lacks(&mut room, &owner, false);
        assert_eq!((rest.now, rest.later), (vec![cleo.author], vec![]), "whom it let in itself");
        assert_eq!(lacks(&mut room, &anna, false).later, [cleo.author], "after an hour any member writes it");
        anna.act(&mut room, Deed::Boxes { epoch, of: vec![cleo.author], before: Bytes::new() });
        assert_eq!(lacks(&mut room, &owner, false), Lacking::default());
        // Boxes of somebody who is out may hold anything.
        owner.removes(&mut room, &anna);
        assert_eq!(room.fold().lacks_boxes(&owner.author, (&epoch, false), 0).now, [cleo.author]);
    }

    #[test]
    fn no_secret_is_handed_on_before_the_removal_that_it_answers_is_known() {
        let (mut room, [mut owner, mut anna, ben, _]) = room();
        let (one, two, three) = (EpochId([1; 32]), EpochId([2; 32]), EpochId([3; 32]));
        let epoch = |epoch, follows, answers| Some(Deed::Epoch { epoch, follows, answers });
        let first = owner.write(epoch(one, vec![], vec![]));
        let ends = vec![End { key: ben.author, last: None }];
        let removal = owner.write(Some(Deed::Remove { ends, tickets: vec![], knowing: vec![] }));
        room.insert(anna.write(epoch(two, vec![one], vec![removal.id])));
        room.insert(anna.write(epoch(three, vec![two], vec![])));
        let settled = |room: &mut Governance| [one, two, three].map(|epoch| room.fold().is_settled(&epoch));
        assert_eq!(settled(&mut room), [false; 3], "what they follow and answer is not known");
        room.insert(first);
        assert_eq!(settled(&mut room), [true, false, false]);
        room.insert(removal);
        assert_eq!(settled(&mut room), [true; 3]);
    }
}
