//! The answering side of a round, which is stateless: it finds the difference of two frontiers, and lists or serves
//! entries.

use std::collections::BTreeMap;

use super::Sync;
use crate::{
    defence,
    frame::{Brief, Frame, Heads, Ranges, Want},
    frontier::Branch,
    ids::{AuthorId, PeerId, Seq},
    input::{Form, Output, Purpose, Recall, Step},
    limits::{DENSE_HEADS, HEADS, HEADS_REPLIES, LEAF_HEADS, NEWEST_PAGE, RANGES, SERVE_AT_ONCE},
    log::Log,
    logs::Logs,
    turn::Turn,
};

impl Sync {
    /// Goes into the branches that differ.
    pub(crate) fn ranges(&self, from: PeerId, ranges: &Ranges, logs: &Logs, turn: &mut Turn<'_>) {
        let children = ranges.branch.children().into_iter().flatten().zip(ranges.prints);
        let differs = |(child, theirs): &(Branch, u32)| logs.frontier().print(*child, ranges.salt) != *theirs;
        let differing: Vec<_> = children.filter(differs).collect();
        let dense = differing.len() > Branch::FANOUT / 2;
        let few = if dense { DENSE_HEADS } else { LEAF_HEADS };
        for (child, _) in differing {
            detail(logs, child, (few, ranges.salt), from, turn);
        }
    }

    /// Serves a little, lists much.
    pub(super) fn answer(&self, to: PeerId, found: &Compared, logs: &Logs, turn: &mut Turn<'_>) {
        let now_ms = turn.now.ticks_ms;
        let is_late = |(author, first, _): &&(AuthorId, Seq, Seq)| *first < self.patience.fresh_from(author, now_ms);
        let lacks: Vec<_> = found.lacking.iter().filter(is_late).copied().collect();
        let lacking = lacks.iter().map(|(_, first, last)| last - first + 1).fold(0, u64::saturating_add);
        let mut listed = found.listed.clone();
        if lacking <= SERVE_AT_ONCE {
            self.serve(to, 0, 0, lacks, turn);
        } else {
            listed.extend(lacks.iter().map(|(author, ..)| *author));
        }
        listed.sort();
        listed.dedup();
        for authors in listed.chunks(HEADS).take(HEADS_REPLIES) {
            let logs = authors.iter().filter_map(|author| logs.frontier().log(author).map(|log| (author, log)));
            let heads = Heads { branch: Branch::ROOT, all: false, heads: logs.map(brief).collect() };
            turn.send(to, Frame::Heads(heads));
        }
    }

    /// Serves a want. It serves runs that are held for their time too: the peer may have been shown an entry that names
    /// them, and judges the time by its own clock.
    pub(crate) fn want(&self, from: PeerId, want: &Want, logs: &Logs, turn: &mut Turn<'_>) {
        let early = want.ranges.iter().flat_map(|range| logs.early(range.author, (range.first, range.last)));
        for run in early.take(RANGES).filter(|_| defence::is_on("early-served")) {
            turn.send(from, Frame::Runs { want: want.want, runs: vec![run.clone()] });
        }
        let named = want.ranges.iter().flat_map(|range| {
            let authors = logs.frontier().with_prefix(range.author);
            authors.filter_map(|(author, log)| {
                let last = range.last.min(log.head()?.seq);
                (range.first <= last).then_some((*author, range.first, last))
            })
        });
        let ranges = named.take(RANGES).collect();
        self.serve(from, want.want, (want.newest as usize).min(NEWEST_PAGE), ranges, turn);
    }

    pub(crate) fn serve(
        &self,
        to: PeerId,
        want: u64,
        newest: usize,
        ranges: Vec<(AuthorId, Seq, Seq)>,
        turn: &mut Turn<'_>,
    ) {
        if want == 0 && ranges.is_empty() {
            return;
        }
        let entries = ranges.iter().map(|(_, first, last)| last - first + 1).fold(newest as u64, u64::saturating_add);
        turn.step(Step::Served { peer: to, entries });
        turn.out.push(Output::Serve { to, want, newest, ranges, form: Form::Held, hidden: Vec::new() });
    }
}

/// Lists a branch that holds `few` heads at most; otherwise sends the fingerprints of its children.
pub(super) fn detail(logs: &Logs, branch: Branch, (few, salt): (usize, u32), to: PeerId, turn: &mut Turn<'_>) {
    let listed = logs.frontier().within(branch).nth(few).is_none();
    let frame = match branch.children() {
        Some(children) if !listed => {
            let mut prints = [0; Branch::FANOUT];
            for (print, child) in prints.iter_mut().zip(children) {
                *print = logs.frontier().print(child, salt);
            }
            Frame::Ranges(Ranges { salt, branch, prints })
        }
        _ => {
            let heads = logs.frontier().within(branch).take(HEADS).map(brief).collect();
            Frame::Heads(Heads { branch, all: true, heads })
        }
    };
    turn.send(to, frame);
}

fn brief((author, log): (&AuthorId, &Log)) -> Brief {
    Brief { author: author.prefix(), next: log.next(), check: Logs::check(log), cut: log.cut() }
}

/// The result of a comparison of heads.
#[derive(Debug, Default)]
pub(super) struct Compared {
    /// Entries that the peer lacks.
    lacking: Vec<(AuthorId, Seq, Seq)>,
    /// Authors whose heads to send the peer, whatever it lacks.
    listed: Vec<AuthorId>,
    /// Authors whose forks the peer does not know.
    proofs: Vec<AuthorId>,
    /// Heads whose signed run to show the peer: it has another entry at that seq, or another author's log under the
    /// same prefix.
    conflicts: Vec<(AuthorId, Seq)>,
}

impl Compared {
    /// Questions for the store, to show the peer the proofs of cuts, and the runs that contradict its own logs.
    pub(super) fn questions(self, to: PeerId, logs: &Logs) -> Vec<Recall> {
        let prove = |author| Some(Recall { author, seq: logs.cut(&author)?, purpose: Purpose::Prove(to) });
        let show = |(author, seq)| Recall { author, seq, purpose: Purpose::Show(to) };
        let proofs = self.proofs.into_iter().filter_map(prove);
        proofs.chain(self.conflicts.into_iter().map(show)).collect()
    }
}

pub(super) fn compare(heads: &Heads, theirs: &BTreeMap<u64, Vec<Brief>>, logs: &Logs) -> Compared {
    let mut found = Compared::default();
    let frontier = logs.frontier();
    let under = |prefix: u64| theirs.get(&prefix).map_or(&[][..], Vec::as_slice);
    if heads.all {
        // A peer that lists little of a large room may lack all the rest. We list no more than this at once.
        let most = heads.heads.len() + HEADS * HEADS_REPLIES;
        let ours: Vec<_> = frontier.within(heads.branch).take(most).collect();
        for ours in ours.chunk_by(|(one, _), (other, _)| one.prefix() == other.prefix()) {
            compare_under(ours, (under(ours[0].0.prefix()), heads.all), &mut found);
        }
    } else {
        for (prefix, theirs) in theirs {
            let ours: Vec<_> = frontier.with_prefix(*prefix).collect();
            compare_under(&ours, (theirs, heads.all), &mut found);
        }
    }
    found
}

/// Compares all logs under one prefix. The heads do not say whose they are, so equal ones cancel out, and the peer is
/// shown the signed runs of the rest. `all` says whether the peer listed all of its heads or only some.
fn compare_under(ours: &[(&AuthorId, &Log)], (theirs, all): (&[Brief], bool), found: &mut Compared) {
    if let ([one], [] | [_]) = (ours, theirs) {
        return compare_one(*one, theirs.first().copied(), found);
    }
    let left: Vec<_> = ours.iter().filter(|ours| !theirs.contains(&brief(**ours))).collect();
    let theirs_left = theirs.iter().any(|brief_of| !ours.iter().any(|ours| brief(*ours) == *brief_of));
    if theirs.is_empty() {
        left.into_iter().for_each(|ours| compare_one(*ours, None, found));
    } else if all || theirs_left {
        found.conflicts.extend(left.iter().filter_map(|(author, log)| Some((**author, log.head()?.seq))));
        found.proofs.extend(left.iter().filter(|(_, log)| log.cut().is_some()).map(|(author, _)| **author));
    }
    if theirs_left && all {
        found.listed.extend(ours.iter().map(|(author, _)| **author));
    }
}

fn compare_one((author, log): (&AuthorId, &Log), theirs: Option<Brief>, found: &mut Compared) {
    let end = |cut: Option<Seq>| cut.unwrap_or(Seq::MAX);
    let their_cut = end(theirs.and_then(|brief| brief.cut));
    let their_next = theirs.map_or(0, |brief| brief.next);
    let our_cut = end(log.cut());
    if our_cut < their_cut {
        found.proofs.push(*author);
    }
    if their_cut < our_cut {
        found.listed.push(*author);
    }
    let next = log.next().min(their_cut);
    let check = theirs.map_or(0, |brief| brief.check);
    match log.head() {
        Some(_) if their_next < next => found.lacking.push((*author, their_next, next - 1)),
        Some(head) if their_next == head.seq + 1 && check != Logs::check(log) => {
            found.conflicts.push((*author, head.seq));
        }
        _ => {}
    }
}
