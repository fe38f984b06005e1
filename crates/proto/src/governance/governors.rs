//! The first step of the fold: the grants and the acts that count under them, in one pass from the top.
//!
//! The queue begins with the owner. Whatever can end a grant or choose a branch of its holder's log ranks above it, so it
//! was read before. An act is taken once, under the highest grant that covers it.

use std::collections::{BTreeMap, BTreeSet, BinaryHeap};

use super::{
    closing::Lists,
    deed::{Deed, End, Last, Role, Signed},
    entries::Entries,
    ranks::{Ending, Extent, Grant, LEAF, Path, Queued, Rank, Sort},
    tree::{ActNo, Branch, Spot, Tree},
};
use crate::{
    ids::{AuthorId, EntryId, Seq},
    limits::GRANTS_OF_KEY,
};

/// What the first step comes to.
#[derive(Clone, Debug, Default)]
pub(crate) struct Governors {
    /// All grants, the highest first.
    pub(crate) grants: Vec<Grant>,
    /// The numbers of the grants of each key.
    pub(crate) of_key: BTreeMap<AuthorId, Vec<usize>>,
    /// Everything that counts and ends a key or vouches for it.
    pub(crate) endings: Vec<Ending>,
    /// The numbers of the endings and vouchers of each key.
    pub(crate) ending_key: BTreeMap<AuthorId, Vec<usize>>,
    /// Where the owner's log ends because it forked, and who said so.
    pub(crate) owner: OwnerEnd,
    /// Whom the owner's step-down names to close an open room, and that act.
    pub(crate) closer: Option<(AuthorId, ActNo)>,
    /// How the room was closed, if it was founded as an open one.
    pub(crate) lists: Option<Lists>,
    /// Acts that are taken.
    taken: BTreeSet<ActNo>,
    /// Seqs of the step-downs of each key.
    downs: BTreeMap<AuthorId, BTreeSet<Seq>>,
}

/// How a forked log of the owner ends.
#[derive(Clone, Debug, Default)]
pub(crate) struct OwnerEnd {
    /// The entry for which the first co-owner vouches.
    pub(crate) tip: Option<Spot>,
    /// Vouchers for the owner's log by all the co-owners that it appointed below the fork.
    pub(crate) vouchers: Vec<ActNo>,
    /// The entries at or above the fork for which they vouch, held or not, in the order in which they choose a branch.
    pub(crate) named: Vec<Last>,
}

impl Governors {
    pub(crate) fn of(entries: &Entries) -> Self {
        let mut all = Self { owner: owner_end(entries), ..Self::default() };
        let path = Path::default();
        let owner = Queued { key: entries.owner(), path, role: Role::Owner, from: 0, by: None, number: 0 };
        let mut queue = BinaryHeap::from([owner]);
        let mut number = 0;
        let mut queued_of: BTreeMap<AuthorId, usize> = BTreeMap::new();
        while let Some(next) = queue.pop() {
            let grant = all.grants.len();
            all.take(entries, &next);
            for act in all.grants[grant].acts.clone() {
                let Signed { seq, deed, .. } = entries.act(act);
                all.note(entries, grant, act);
                if matches!(deed, Some(Deed::Close { .. })) && all.lists.is_none() {
                    all.close(entries, grant, act);
                }
                let Some(Deed::Appoint { keys, role, .. }) = deed else { continue };
                for (appointed, place) in keys.iter().zip(0..) {
                    let Some(path) = all.grants[grant].path.then((*seq, place)) else { break };
                    let queued = queued_of.entry(appointed.key).or_insert(0);
                    if *queued == GRANTS_OF_KEY {
                        continue;
                    }
                    *queued += 1;
                    number += 1;
                    let (key, from, by) = (appointed.key, appointed.from, Some((grant, act)));
                    queue.push(Queued { key, path, role: *role, from, by, number });
                }
            }
        }
        all
    }

    /// The endings and vouchers of a key, in the order in which they were noted.
    pub(crate) fn endings_of(&self, key: &AuthorId) -> impl Iterator<Item = &Ending> {
        self.ending_key.get(key).into_iter().flatten().map(|ending| &self.endings[*ending])
    }

    /// The grants of a key.
    pub(crate) fn grants_of(&self, key: &AuthorId) -> impl Iterator<Item = &Grant> {
        self.of_key.get(key).into_iter().flatten().map(|grant| &self.grants[*grant])
    }

    /// Makes the grant whose turn it is, with the acts that count under it.
    fn take(&mut self, entries: &Entries, next: &Queued) {
        let rank = if next.role.is_leaf() { LEAF } else { self.grants.len() as Rank };
        let above: Vec<&Ending> = self.endings_of(&next.key).filter(|ending| ending.rank < rank).collect();
        let (tip, counts) = line(entries.tree(&next.key), &above);
        let touching: Vec<(&Ending, Seq)> = above
            .iter()
            .zip(counts)
            .filter(|(ending, _)| ending.sort.cuts() && !self.outlives(entries, next, ending))
            .map(|(ending, count)| (*ending, count))
            .collect();
        let mut extent = Extent { tip, cut: touching.iter().map(|(_, count)| *count).min() };
        if next.key == entries.owner()
            && let Some(tip) = self.owner.tip
        {
            extent = Extent { tip: Some(tip), cut: Some(tip.seq + 1) };
        }
        let touching = touching.iter().map(|(ending, _)| ending.id).collect();
        let down = self.downs.get(&next.key).and_then(|downs| downs.range(next.from..).next().copied());
        let mut grant = Grant {
            key: next.key,
            path: next.path.clone(),
            role: next.role,
            from: next.from,
            cut: extent.cut,
            down,
            rank,
            by: next.by.map(|(_, act)| act),
            acts: Vec::new(),
            touching,
        };
        if let Some(tree) = entries.tree(&next.key) {
            self.read(entries, &mut grant, tree, &extent.of(tree));
        }
        self.of_key.entry(next.key).or_default().push(self.grants.len());
        self.grants.push(grant);
    }

    /// Takes the acts of a branch that count under a grant.
    fn read(&mut self, entries: &Entries, grant: &mut Grant, tree: &Tree, branch: &Branch) {
        for act in tree.acts(branch, grant.from) {
            let Signed { author, seq, deed, .. } = entries.act(act);
            if grant.down.is_some_and(|down| *seq > down) {
                break;
            }
            if !deed.as_ref().is_some_and(|deed| self.may(grant, deed)) || !self.taken.insert(act) {
                continue;
            }
            grant.acts.push(act);
            if entries.act(act).leaves() {
                self.downs.entry(*author).or_default().insert(*seq);
                grant.down = Some(*seq);
                if let (Role::Owner, Some(Deed::StepDown { closer: Some(closer) })) = (grant.role, deed) {
                    self.closer = Some((*closer, act));
                }
            }
        }
    }

    /// Whether an act counts under a grant. The owner is read first, so it is known whom it named.
    fn may(&self, grant: &Grant, deed: &Deed) -> bool {
        let closes = matches!(deed, Deed::List { .. } | Deed::Close { .. }) && grant.role == Role::CoOwner;
        grant.role.may(deed) || closes && self.closer.is_some_and(|(closer, _)| closer == grant.key)
    }

    /// Notes what an act ends or vouches for.
    fn note(&mut self, entries: &Entries, grant: usize, act: ActNo) {
        let Signed { author, id, deed: Some(deed), .. } = entries.act(act) else { return };
        let sort = match deed {
            Deed::Dismiss { .. } => Sort::Dismissal,
            Deed::Remove { .. } => Sort::Removal,
            Deed::End(end) if end.key != *author => Sort::OneKey,
            Deed::Vouch(_) => Sort::Voucher,
            _ => return,
        };
        for end in deed.ends() {
            let (rank, last) = (self.grants[grant].rank, end.last.map_or(EntryId::default(), |last| last.id));
            self.ending_key.entry(end.key).or_default().push(self.endings.len());
            let count = end.count();
            self.endings.push(Ending { rank, by: *author, act, id: *id, count, last, sort });
        }
    }

    /// Notes how the room was closed: of those who are not kept the logs end, and of the others a branch is chosen.
    fn close(&mut self, entries: &Entries, grant: usize, act: ActNo) {
        let Some(lists) = Lists::of(entries, &self.grants[grant], act) else { return };
        let Signed { author, id, .. } = entries.act(act);
        for (key, end) in &lists.ends {
            let sort = if lists.kept.contains_key(key) { Sort::Voucher } else { Sort::Removal };
            let (rank, last) = (self.grants[grant].rank, end.last.map_or(EntryId::default(), |last| last.id));
            self.ending_key.entry(*key).or_default().push(self.endings.len());
            self.endings.push(Ending { rank, by: *author, act, id: *id, count: end.count(), last, sort });
        }
        self.lists = Some(lists);
    }

    /// Whether an appointment names an ending, and comes from its author or from above.
    fn outlives(&self, entries: &Entries, next: &Queued, ending: &Ending) -> bool {
        let Some((grant, act)) = next.by else { return false };
        let Some(Deed::Appoint { despite, .. }) = &entries.act(act).deed else { return false };
        let by = &self.grants[grant];
        despite.binary_search(&ending.id).is_ok() && (by.key == ending.by || by.rank < ending.rank)
    }
}

/// What endings and vouchers of one key say together: the entry up to which they vouch for a branch, and how many
/// entries each of them leaves.
pub(crate) fn line(tree: Option<&Tree>, endings: &[&Ending]) -> (Option<Spot>, Vec<Seq>) {
    let mut counts: Vec<Seq> = endings.iter().map(|ending| ending.count).collect();
    let Some(tree) = tree else { return (None, counts) };
    let mut order: Vec<usize> = (0..endings.len()).collect();
    order.sort_by_key(|at| endings[*at].order());
    let mut line = tree.line();
    for at in order {
        let ending = endings[at];
        let place = ending.count.checked_sub(1).and_then(|seq| tree.find_whole(seq, &ending.last));
        if let Some(count) = line.tell(ending.count == 0, place) {
            counts[at] = count;
        }
    }
    (line.tip(), counts)
}

/// Where a forked log of the owner ends: the first co-owner that it appointed below the fork, and did not end there,
/// vouches for an entry at or above the fork; of several the lowest.
fn owner_end(entries: &Entries) -> OwnerEnd {
    let mut end = OwnerEnd::default();
    let owner = entries.owner();
    let Some(tree) = entries.tree(&owner) else { return end };
    let Some(fork) = tree.fork() else { return end };
    let below = tree.branch(None);
    let mut ended = BTreeSet::from([owner]);
    let mut appointed = Vec::new();
    for act in tree.acts(&below, 0) {
        match &entries.act(act).deed {
            Some(Deed::Dismiss { ends, .. } | Deed::Remove { ends, .. }) => {
                ended.extend(ends.iter().map(|end| end.key))
            }
            Some(Deed::End(End { key, .. })) => drop(ended.insert(*key)),
            Some(Deed::Appoint { keys, role: Role::CoOwner, .. }) => appointed.extend(keys.iter().map(|key| key.key)),
            _ => {}
        }
    }
    for key in appointed {
        if !ended.insert(key) {
            continue;
        }
        let told = vouchers_for_owner(entries, fork, &key);
        end.named.extend(told.iter().map(|(last, _)| *last));
        let held = told.iter().filter_map(|(last, act)| Some((tree.find_whole(last.seq, &last.id)?, *act)));
        let held: Vec<(Spot, ActNo)> = held.collect();
        end.vouchers.extend(held.iter().map(|(_, act)| *act));
        end.tip = end.tip.or_else(|| held.first().map(|(spot, _)| *spot));
    }
    end
}

/// The vouchers of a key for entries of the owner's log at or above a fork, on whatever branch of its log they stand;
/// the lowest entry first.
fn vouchers_for_owner(entries: &Entries, fork: Seq, key: &AuthorId) -> Vec<(Last, ActNo)> {
    let Some(log) = entries.tree(key) else { return Vec::new() };
    let told = log.all_acts().filter(|(spot, _)| log.is_whole(*spot)).filter_map(|(_, act)| {
        let Some(Deed::Vouch(End { key, last: Some(last) })) = &entries.act(act).deed else { return None };
        (*key == entries.owner() && last.seq >= fork).then_some((*last, act))
    });
    let mut told: Vec<_> = told.collect();
    told.sort_unstable();
    told
}
