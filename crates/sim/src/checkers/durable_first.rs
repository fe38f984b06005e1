//! Everything that a peer shows, acknowledges or sends of its own log is already on its disk.

use std::collections::{BTreeMap, BTreeSet};

use rumormill_proto::{
    frame::Frame,
    ids::{AuthorId, EntryId, Seq},
    run::RawRun,
};

use super::{Checker, Fact, Verdict};

/// The content of a peer's disk.
#[derive(Default)]
struct Disk {
    author: AuthorId,
    entries: BTreeMap<(AuthorId, Seq), EntryId>,
    /// Cut logs, each with the seq of its cut: entries beyond are on the disk but not shown.
    cuts: BTreeMap<AuthorId, Seq>,
}

impl Disk {
    fn is_cut(&self, author: AuthorId, seq: Seq) -> bool {
        self.cuts.get(&author).is_some_and(|cut| *cut <= seq)
    }
}

/// Tracks all disks.
#[derive(Default)]
pub(super) struct DurableFirst {
    disks: BTreeMap<usize, Disk>,
    /// Peers that lie: what they write by hand is on no disk.
    liars: BTreeSet<usize>,
}

impl Checker for DurableFirst {
    fn property(&self) -> &'static str {
        "durable before shown or sent"
    }

    fn see(&mut self, fact: &Fact<'_>) -> Verdict {
        match fact {
            Fact::Started { peer, author, lines, cuts } => {
                let entries = lines.iter().map(|line| ((line.place.author, line.place.seq), line.id)).collect();
                self.disks.insert(*peer, Disk { author: *author, entries, cuts: cuts.iter().copied().collect() });
                Ok(())
            }
            Fact::Appended { peer, run } => {
                let entries = run.entries().iter().map(|entry| ((entry.author, entry.seq), entry.id));
                self.disks.entry(*peer).or_default().entries.extend(entries);
                Ok(())
            }
            Fact::WasCut { peer, proof } => {
                self.disks.entry(*peer).or_default().cuts.insert(proof.author(), proof.at());
                Ok(())
            }
            Fact::Shown { peer, entry, .. } => self.on_disk(*peer, entry.author, entry.seq, Some(entry.id), "shows"),
            Fact::Said { peer, author, seq, id } => self.on_disk(*peer, *author, *seq, *id, "acknowledges"),
            Fact::Turned { peer } => {
                self.liars.insert(*peer);
                Ok(())
            }
            Fact::Sent { peer, .. } if self.liars.contains(peer) => Ok(()),
            Fact::Sent { peer, frame, .. } => self.own_runs(*peer, frame),
            _ => Ok(()),
        }
    }
}

impl DurableFirst {
    fn on_disk(&self, peer: usize, author: AuthorId, seq: Seq, id: Option<EntryId>, does: &str) -> Verdict {
        let disk = self.disks.get(&peer);
        let kept = disk.and_then(|disk| disk.entries.get(&(author, seq)));
        let cut = disk.is_some_and(|disk| disk.is_cut(author, seq));
        match kept {
            Some(kept) if Some(*kept) == id || (id.is_none() && cut) => Ok(()),
            _ => Err(format!("peer {peer} {does} {author:?} {seq}, which is not on its disk")),
        }
    }

    fn own_runs(&self, peer: usize, frame: &Frame) -> Verdict {
        let Some(disk) = self.disks.get(&peer) else {
            return Ok(());
        };
        let is_own = |run: &&RawRun| run.author() == disk.author;
        let missing =
            |run: &RawRun| (run.first()..=run.last()).find(|seq| !disk.entries.contains_key(&(disk.author, *seq)));
        match frame.runs().iter().filter(is_own).find_map(missing) {
            Some(seq) => Err(format!("peer {peer} sends its own entry {seq}, which is not on its disk")),
            None => Ok(()),
        }
    }
}
