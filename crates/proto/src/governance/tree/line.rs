//! Where a log goes on by what several acts say.

use std::collections::{BTreeMap, BTreeSet};

use super::{Below, Spot, Tree};
use crate::ids::Seq;

/// What the endings and vouchers of one key say together about where its log goes on, told in the order of their rank.
///
/// The first of them chooses a branch. One that names an entry on the line is lower on it; one that names an entry that
/// follows the end of the line prolongs it; one that names another branch counts as naming the end of the line as it is
/// then. Each stretch is looked at once for all of them.
pub(crate) struct Line<'a> {
    tree: &'a Tree,
    chosen: bool,
    tip: Option<Spot>,
    /// The stretches of the line, and the last seq of each that is on it.
    upto: BTreeMap<usize, Seq>,
    /// Stretches that leave the line below its end.
    off: BTreeSet<usize>,
}

impl<'a> Line<'a> {
    pub(super) fn of(tree: &'a Tree) -> Self {
        Self { tree, chosen: false, tip: None, upto: BTreeMap::new(), off: BTreeSet::new() }
    }

    /// Takes what the next act names: the last entry that counts, or that none does. The place is `None` where that entry
    /// or one below it is not held. Returns where the log ends by this act, if not where it says.
    pub(crate) fn tell(&mut self, none_counts: bool, place: Option<Spot>) -> Option<Seq> {
        let Some(spot) = place else {
            self.chosen |= none_counts;
            return None;
        };
        if !self.chosen {
            self.chosen = true;
            self.prolong(spot);
            return None;
        }
        if self.holds(spot) || self.prolong(spot) {
            return None;
        }
        Some(self.tip.map_or(0, |tip| tip.seq + 1))
    }

    /// The entry up to which the line is vouched for.
    pub(crate) fn tip(&self) -> Option<Spot> {
        self.tip
    }

    fn holds(&self, spot: Spot) -> bool {
        self.upto.get(&spot.stretch).is_some_and(|upto| spot.seq <= *upto)
    }

    /// Lets the line go on to an entry, if that follows its end. Returns whether it does.
    fn prolong(&mut self, spot: Spot) -> bool {
        let mut steps = vec![(spot.stretch, spot.seq)];
        let mut stretch = spot.stretch;
        let follows = loop {
            if self.off.contains(&stretch) {
                break false;
            }
            if let Some(upto) = self.upto.get(&stretch) {
                let at = steps.last().map_or(0, |(_, seq)| *seq);
                break self.tip.is_some_and(|tip| tip.stretch == stretch && tip.seq == *upto && tip.seq <= at);
            }
            let Below::Held(lower) = self.tree.stretches[stretch].below else { break self.tip.is_none() };
            steps.push((lower, self.tree.stretches[stretch].first - 1));
            stretch = lower;
        };
        if follows {
            self.upto.extend(steps);
            self.tip = Some(spot);
        } else {
            self.off
                .extend(steps.iter().map(|(stretch, _)| *stretch).filter(|stretch| !self.upto.contains_key(stretch)));
        }
        follows
    }
}
