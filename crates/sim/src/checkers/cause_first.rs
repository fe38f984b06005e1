//! No screen ever shows an effect before its cause.
//!
//! The causes of an entry are its predecessor and everything its author had seen. When an entry appears, each cause
//! must stand above it already. Exceptions are causes beyond a cut, and causes in a part of the history that is still
//! being fetched: below the head of their log; or anywhere, when the entry itself belongs to such a part, or the peer
//! is so far behind that it began with the newest page.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use rumormill_proto::{
    admit::Entry,
    frame::Frame,
    ids::{AuthorId, Seq},
    input::Arrival,
    time::Time,
};
use rumormill_store::TimelineRow;

use super::{Checker, Fact, Remains, Verdict};

/// The content of one peer's screen.
#[derive(Default)]
struct Screen {
    shown: BTreeMap<(AuthorId, Seq), Time>,
    cuts: BTreeMap<AuthorId, Seq>,
    /// Whether the peer asked for the newest page.
    paged: bool,
}

impl Screen {
    fn of(lines: &[TimelineRow], cuts: BTreeMap<AuthorId, Seq>) -> Self {
        let shown = lines.iter().map(|line| ((line.place.author, line.place.seq), line.place.time)).collect();
        Self { shown, cuts, ..Self::default() }
    }

    fn check(&self, entry: &Entry, cause: (AuthorId, Seq)) -> Result<(), Amiss> {
        let (author, seq) = cause;
        match self.shown.get(&cause) {
            Some(time) if *time < entry.time => Ok(()),
            Some(_) if self.is_cut(author, seq) => Ok(()),
            Some(_) => Err(Amiss::Below),
            None if self.is_out_of_reach(author, seq) => Ok(()),
            None => Err(Amiss::NotShown),
        }
    }

    fn is_cut(&self, author: AuthorId, seq: Seq) -> bool {
        self.cuts.get(&author).is_some_and(|cut| *cut <= seq)
    }

    /// Whether an entry is cut off, or known to be missing and being fetched.
    fn is_out_of_reach(&self, author: AuthorId, seq: Seq) -> bool {
        self.paged || self.is_cut(author, seq) || self.shown.range((author, seq)..=(author, Seq::MAX)).next().is_some()
    }
}

/// The fault of a cause.
enum Amiss {
    NotShown,
    Below,
}

impl fmt::Display for Amiss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotShown => "is not shown",
            Self::Below => "stands below it",
        })
    }
}

/// All screens.
#[derive(Default)]
pub(super) struct CauseFirst {
    screens: BTreeMap<usize, Screen>,
    /// Authors who write two logs: until the cut is known, one of their entries may be a different one than the cause.
    twinned: BTreeSet<AuthorId>,
}

impl Checker for CauseFirst {
    fn property(&self) -> &'static str {
        "no effect before its cause"
    }

    fn see(&mut self, fact: &Fact<'_>) -> Verdict {
        match fact {
            Fact::Started { peer, lines, cuts, .. } => {
                self.screens.insert(*peer, Screen::of(lines, cuts.iter().copied().collect()));
            }
            Fact::Sent { peer, frame: Frame::Want(want), .. } if want.newest > 0 => self.screen(*peer).paged = true,
            Fact::WasCut { peer, proof } => {
                let cut = self.screen(*peer).cuts.entry(proof.author()).or_insert(proof.at());
                *cut = proof.at().min(*cut);
            }
            Fact::Twinned { author } => _ = self.twinned.insert(*author),
            Fact::Shown { peer, entry, arrival, .. } => {
                return self
                    .shown(*peer, entry, *arrival)
                    .map_err(|why| format!("peer {peer} shows {:?} {}: {why}", entry.author, entry.seq));
            }
            _ => {}
        }
        Ok(())
    }

    fn end(&mut self, remains: &[Remains]) -> Verdict {
        remains.iter().try_for_each(|remains| {
            let mut above = BTreeSet::new();
            remains.lines.iter().try_for_each(|line| {
                let place = line.place;
                let missing = causes(place.author, place.seq, &line.seen)
                    .find(|(author, seq)| !above.contains(&(*author, *seq)) && !remains.is_cut(author, *seq));
                above.insert((place.author, place.seq));
                match missing {
                    Some((author, seq)) => Err(format!(
                        "peer {} shows {:?} {} without {author:?} {seq} above it",
                        remains.peer, place.author, place.seq
                    )),
                    None => Ok(()),
                }
            })
        })
    }
}

impl CauseFirst {
    fn screen(&mut self, peer: usize) -> &mut Screen {
        self.screens.entry(peer).or_default()
    }

    fn shown(&mut self, peer: usize, entry: &Entry, arrival: Arrival) -> Verdict {
        let screen = self.screens.entry(peer).or_default();
        let meant = |(author, _): &(AuthorId, Seq)| *author == entry.author || !self.twinned.contains(author);
        let mut causes = causes(entry.author, entry.seq, &entry.seen).filter(meant);
        let judged = causes.try_for_each(|cause| match screen.check(entry, cause) {
            Err(Amiss::NotShown) if arrival == Arrival::History => Ok(()),
            judged => judged.map_err(|amiss| format!("its cause {:?} {} {amiss}", cause.0, cause.1)),
        });
        screen.shown.insert((entry.author, entry.seq), entry.time);
        judged
    }
}

fn causes(author: AuthorId, seq: Seq, seen: &[(AuthorId, Seq)]) -> impl Iterator<Item = (AuthorId, Seq)> + '_ {
    let before = seq.checked_sub(1).map(|before| (author, before));
    before.into_iter().chain(seen.iter().copied())
}
