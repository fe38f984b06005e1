//! No honest author writes two entries with one seq, or is accused of it.

use std::collections::{BTreeMap, BTreeSet};

use rumormill_proto::ids::{AuthorId, EntryId, Seq};

use super::{Checker, Fact, Verdict};

/// The id of each entry.
#[derive(Default)]
pub(super) struct OneLog {
    ids: BTreeMap<(AuthorId, Seq), EntryId>,
    twinned: BTreeSet<AuthorId>,
}

impl Checker for OneLog {
    fn property(&self) -> &'static str {
        "no honest author forks"
    }

    fn see(&mut self, fact: &Fact<'_>) -> Verdict {
        match fact {
            Fact::Twinned { author } => {
                self.twinned.insert(*author);
                Ok(())
            }
            Fact::Appended { peer, run } if !self.twinned.contains(&run.author()) => {
                let two = run
                    .entries()
                    .iter()
                    .find(|entry| *self.ids.entry((entry.author, entry.seq)).or_insert(entry.id) != entry.id);
                match two {
                    Some(entry) => Err(format!(
                        "peer {peer} keeps a second entry of {:?} at {}, which is honest",
                        entry.author, entry.seq
                    )),
                    None => Ok(()),
                }
            }
            Fact::Forked { peer, author } if !self.twinned.contains(author) => {
                Err(format!("peer {peer} holds {author:?} for forked, which is honest"))
            }
            _ => Ok(()),
        }
    }
}
