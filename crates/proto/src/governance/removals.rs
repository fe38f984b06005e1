//! The second step of the fold: which removals count, and how far each log goes because of them.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    deed::{Deed, Last, Role},
    entries::Entries,
    governors::{Governors, line},
    ranks::{Ending, Extent, Grant, Rank, Sort},
    tree::Tree,
};
use crate::ids::{AuthorId, EntryId, Seq};

/// What the second step comes to.
#[derive(Clone, Debug, Default)]
pub(crate) struct Removals {
    /// Keys that a counting removal names, or that were ended alone.
    pub(crate) out: BTreeSet<AuthorId>,
    /// Those of them whose devices fall with them, unless the removal names them.
    pub(crate) persons: BTreeSet<AuthorId>,
    /// How far a log counts, where that is not all of it up to its lowest fork.
    pub(crate) extents: BTreeMap<AuthorId, Extent>,
    /// The entries of a log that endings and vouchers name, in the order in which these choose a branch of it.
    pub(crate) named: BTreeMap<AuthorId, Vec<Last>>,
    /// The acts that keep somebody out.
    pub(crate) endings: BTreeSet<EntryId>,
}

/// The acts that take a removal of somebody back: rank and author of each.
type Pardons = BTreeMap<(EntryId, AuthorId), Vec<(Rank, AuthorId)>>;

impl Removals {
    pub(crate) fn of(entries: &Entries, governors: &Governors) -> Self {
        let pardons = pardons(entries, governors);
        let mut all = Self::default();
        for (key, endings) in &governors.ending_key {
            let endings: Vec<&Ending> = endings.iter().map(|ending| &governors.endings[*ending]).collect();
            let tree = entries.tree(key);
            let counts = |ending: &&&Ending| {
                let pardons = pardons.get(&(ending.id, *key)).into_iter().flatten();
                let taken_back = pardons.into_iter().any(|(rank, by)| *by == ending.by || *rank < ending.rank);
                let shielded = || governors.grants_of(key).any(|grant| shields(entries, tree, grant, ending));
                ending.sort.removes() && !taken_back && !shielded()
            };
            let cutting: Vec<&Ending> = endings.iter().filter(counts).copied().collect();
            let counted: BTreeSet<EntryId> = cutting.iter().map(|ending| ending.id).collect();
            if !cutting.is_empty() {
                all.out.insert(*key);
                all.endings.extend(&counted);
            }
            if cutting.iter().any(|ending| ending.sort == Sort::Removal) {
                all.persons.insert(*key);
            }
            let lowest = governors.grants_of(key).map(|grant| grant.rank).max();
            let mut known = cutting;
            let cuts = known.len();
            // What an open room's lists name stays whatever its author does, and needs no grant.
            let lists = |ending: &Ending| matches!(entries.act(ending.act).deed, Some(Deed::Close { .. }));
            let outranks = |ending: &&Ending| lists(ending) || lowest.is_some_and(|lowest| ending.rank < lowest);
            known.extend(endings.into_iter().filter(|ending| !counted.contains(&ending.id) && outranks(ending)));
            let (tip, counts) = line(tree, &known);
            let cut = counts[..cuts].iter().min().map(|cut| (*cut).max(acted(entries, governors, key)));
            all.extents.insert(*key, Extent { tip, cut });
            known.sort_by_key(|ending| ending.order());
            let place = |ending: &&Ending| Some(Last { seq: ending.count.checked_sub(1)?, id: ending.last });
            all.named.insert(*key, known.iter().filter_map(place).collect());
        }
        if !governors.owner.named.is_empty() {
            all.named.insert(entries.owner(), governors.owner.named.clone());
        }
        if let Some(tip) = governors.owner.tip {
            all.extents.insert(entries.owner(), Extent { tip: Some(tip), cut: Some(tip.seq + 1) });
        }
        all.let_go(entries, governors);
        all
    }

    /// How far a log counts.
    pub(crate) fn extent(&self, key: &AuthorId) -> Extent {
        self.extents.get(key).copied().unwrap_or_default()
    }

    /// Ends the logs of those who ended their own key behind that act.
    fn let_go(&mut self, entries: &Entries, governors: &Governors) {
        for (key, tree) in entries.trees() {
            let extent = self.extent(key);
            let branch = extent.of(tree);
            let mut acts = tree.acts(&branch, 0).map(|act| entries.act(act));
            let ended = acts.find(|act| matches!(&act.deed, Some(Deed::End(_))) && act.leaves());
            if let Some(act) = ended {
                let cut = (act.seq + 1).max(acted(entries, governors, key));
                self.extents
                    .insert(*key, Extent { cut: Some(extent.cut.map_or(cut, |other| other.min(cut))), ..extent });
                self.out.insert(*key);
                self.endings.insert(act.id);
            }
        }
    }
}

/// How many entries of a log there are up to its last act that counts.
fn acted(entries: &Entries, governors: &Governors, key: &AuthorId) -> Seq {
    let acts = governors.grants_of(key).filter_map(|grant| grant.acts.last());
    acts.map(|act| entries.act(*act).seq + 1).max().unwrap_or(0)
}

/// Whether a grant protects its holder from a removal.
fn shields(entries: &Entries, tree: Option<&Tree>, grant: &Grant, removal: &Ending) -> bool {
    if grant.role == Role::Keeper || removal.rank < grant.rank {
        return false;
    }
    let knowing = match &entries.act(removal.act).deed {
        Some(Deed::Remove { knowing, .. }) => knowing.as_slice(),
        _ => &[],
    };
    !knowing.iter().any(|ending| grant.touching.contains(ending)) && !behind_step_down(entries, tree, grant, removal)
}

/// Whether a removal leaves the step-down that ended this grant.
fn behind_step_down(entries: &Entries, tree: Option<&Tree>, grant: &Grant, removal: &Ending) -> bool {
    let (Some(tree), Some(down), Some(last)) = (tree, grant.down, removal.count.checked_sub(1)) else { return false };
    let Some(tip) = tree.find(last, &removal.last) else { return false };
    tree.act_below(tip, down).is_some_and(|act| entries.act(act).leaves())
}

fn pardons(entries: &Entries, governors: &Governors) -> Pardons {
    let mut pardons = Pardons::new();
    for grant in &governors.grants {
        for act in &grant.acts {
            let (despite, keys): (_, Vec<AuthorId>) = match &entries.act(*act).deed {
                Some(Deed::Admit { who, despite, .. }) => (despite, who.clone()),
                Some(Deed::Appoint { keys, despite, .. }) => (despite, keys.iter().map(|key| key.key).collect()),
                _ => continue,
            };
            for ending in despite {
                for key in &keys {
                    pardons.entry((*ending, *key)).or_default().push((grant.rank, grant.key));
                }
            }
        }
    }
    pardons
}
