//! No screen shows anything twice.

use std::collections::{BTreeMap, BTreeSet};

use rumormill_proto::ids::{AuthorId, Seq};

use super::{Checker, Fact, Verdict};

/// The content of every peer's screen.
#[derive(Default)]
pub(super) struct ShownOnce {
    screens: BTreeMap<usize, BTreeSet<(AuthorId, Seq)>>,
}

impl Checker for ShownOnce {
    fn property(&self) -> &'static str {
        "nothing is shown twice"
    }

    fn see(&mut self, fact: &Fact<'_>) -> Verdict {
        match fact {
            Fact::Started { peer, lines, .. } => {
                let screen = lines.iter().map(|line| (line.place.author, line.place.seq)).collect();
                self.screens.insert(*peer, screen);
                Ok(())
            }
            Fact::Shown { peer, entry, .. } => {
                match self.screens.entry(*peer).or_default().insert((entry.author, entry.seq)) {
                    true => Ok(()),
                    false => Err(format!("peer {peer} shows {:?} {} again", entry.author, entry.seq)),
                }
            }
            Fact::Parted { peer, author, at } => {
                let screen = self.screens.entry(*peer).or_default();
                screen.retain(|(shown, seq)| shown != author || seq < at);
                Ok(())
            }
            Fact::Evicted { peer, author } => {
                let screen = self.screens.entry(*peer).or_default();
                screen.retain(|(shown, _)| shown != author);
                Ok(())
            }
            _ => Ok(()),
        }
    }
}
