//! No effect before its cause, at any moment, on anybody's screen.
//!
//! The causes of an entry are its predecessor and what its author had seen. When it appears, each of them
//! stands above it already, unless it lies beyond a cut, or in a part of the history that is still being fetched:
//! below the head of its log, or anywhere when the peer is so far behind that it began with the newest page.

use std::collections::{BTreeMap, BTreeSet};

use rumormill_proto::{
    admit::Entry,
    frontier::Frontier,
    ids::{AuthorId, Seq},
    message::Message,
    time::Time,
};
use rumormill_store::Line;

use super::{Checker, Fact, Remains, Verdict};

type Screen = BTreeMap<(AuthorId, Seq), Time>;

/// What stands on every peer's screen, and who began with the newest page.
#[derive(Default)]
pub(super) struct CauseFirst {
    screens: BTreeMap<usize, Screen>,
    behind: BTreeSet<usize>,
}

impl Checker for CauseFirst {
    fn property(&self) -> &'static str {
        "no effect before its cause"
    }

    fn see(&mut self, fact: &Fact<'_>) -> Verdict {
        match fact {
            Fact::Started { peer, lines, .. } => {
                self.screens.insert(*peer, screen(lines));
                self.behind.remove(peer);
                Ok(())
            }
            Fact::Sent { peer, message: Message::Want(want), .. } if want.newest > 0 => {
                self.behind.insert(*peer);
                Ok(())
            }
            Fact::Shown { peer, entry, frontier, missing, .. } => {
                let screen = self.screens.entry(*peer).or_default();
                let reach = Reach { frontier, fetches: *missing > 0 && self.behind.contains(peer) };
                let judged = causes_of(entry).try_for_each(|cause| check_cause(screen, &reach, entry, cause));
                screen.insert((entry.author, entry.seq), entry.time);
                judged.map_err(|why| format!("peer {peer} shows {:?} {}: {why}", entry.author, entry.seq))
            }
            _ => Ok(()),
        }
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

fn screen(lines: &[Line]) -> Screen {
    lines.iter().map(|line| ((line.place.author, line.place.seq), line.place.time)).collect()
}

fn causes(author: AuthorId, seq: Seq, seen: &[(AuthorId, Seq)]) -> impl Iterator<Item = (AuthorId, Seq)> + '_ {
    let before = seq.checked_sub(1).map(|before| (author, before));
    before.into_iter().chain(seen.iter().copied())
}

fn causes_of(entry: &Entry) -> impl Iterator<Item = (AuthorId, Seq)> + '_ {
    causes(entry.author, entry.seq, &entry.seen)
}

fn check_cause(screen: &Screen, reach: &Reach<'_>, entry: &Entry, cause: (AuthorId, Seq)) -> Verdict {
    let (author, seq) = cause;
    match screen.get(&cause) {
        Some(time) if *time < entry.time => Ok(()),
        Some(_) => Err(format!("its cause {author:?} {seq} stands below it")),
        None if reach.excludes(author, seq) => Ok(()),
        None => Err(format!("its cause {author:?} {seq} is not shown")),
    }
}

/// What a peer can show by now.
struct Reach<'a> {
    frontier: &'a Frontier,
    /// Whether it fetches history of any log.
    fetches: bool,
}

impl Reach<'_> {
    /// Whether an entry is cut off, or known to be missing and being fetched.
    fn excludes(&self, author: AuthorId, seq: Seq) -> bool {
        match self.frontier.log(&author) {
            Some(log) if log.cut().is_some_and(|cut| cut <= seq) => true,
            Some(log) => !log.holds(seq) && (self.fetches || seq < log.next()),
            None => self.fetches,
        }
    }
}
