//! Every acknowledged entry is in all timelines at the end, unless its author's log was cut there or every disk that
//! held it was lost.

use std::collections::{BTreeMap, BTreeSet};

use rumormill_proto::ids::{AuthorId, EntryId, Seq};

use super::{Checker, Fact, Remains, Verdict};

struct Acknowledged {
    id: EntryId,
    /// Peers whose disks hold it.
    holders: BTreeSet<usize>,
}

/// All acknowledged entries and their holders.
#[derive(Default)]
pub(super) struct NothingLost {
    acknowledged: BTreeMap<(AuthorId, Seq), Acknowledged>,
}

impl Checker for NothingLost {
    fn property(&self) -> &'static str {
        "nothing acknowledged is lost"
    }

    fn see(&mut self, fact: &Fact<'_>) -> Verdict {
        match fact {
            Fact::Said { peer, author, seq, id } => {
                let holders = BTreeSet::from([*peer]);
                let id = id.unwrap_or_default();
                self.acknowledged.entry((*author, *seq)).or_insert(Acknowledged { id, holders });
            }
            Fact::Appended { peer, run } => {
                for entry in run.entries() {
                    if let Some(known) = self.acknowledged.get_mut(&(entry.author, entry.seq))
                        && known.id == entry.id
                    {
                        known.holders.insert(*peer);
                    }
                }
            }
            Fact::Started { peer, lines, .. } => {
                let held: BTreeSet<EntryId> = lines.iter().map(|line| line.id).collect();
                for known in self.acknowledged.values_mut().filter(|known| !held.contains(&known.id)) {
                    known.holders.remove(peer);
                }
                self.acknowledged.retain(|_, known| !known.holders.is_empty());
            }
            _ => {}
        }
        Ok(())
    }

    fn end(&mut self, remains: &[Remains]) -> Verdict {
        let running: BTreeSet<usize> = remains.iter().map(|remains| remains.peer).collect();
        let expected = self.acknowledged.iter().filter(|(_, known)| !known.holders.is_disjoint(&running));
        let expected: Vec<_> = expected.collect();
        remains.iter().try_for_each(|remains| {
            let held: BTreeSet<EntryId> = remains.lines.iter().map(|line| line.id).collect();
            let lost = expected
                .iter()
                .find(|((author, seq), known)| !held.contains(&known.id) && !remains.is_cut(author, *seq));
            match lost {
                Some(((author, seq), known)) => Err(format!(
                    "{author:?} {seq} was acknowledged and is held by {:?}, but peer {} does not show it",
                    known.holders, remains.peer
                )),
                None => Ok(()),
            }
        })
    }
}
