//! Every order in which three peers can receive four entries, and what must hold at the end of each.
//!
//! Three peers receive the entries of one case from hostile peers, each in its own order and possibly not all of them;
//! then they are left alone with each other. Peers are interchangeable, so it does not matter which peer gets which
//! order: of 24 orders there are 2,600 choices of three, and of the 65 orders of some or all entries 47,905. An engine
//! is deterministic, but cannot be compared or hashed as a model checker requires of states; so the orders are
//! enumerated, which omits none.

use rumormill_proto::{content::Content, entry::Body, run::RawRun};

use crate::{
    engines::{BEGIN_MS, Engines, ROOM, push},
    pen::Pen,
};

/// Four entries, each a run of its own, and what all peers show of them at the end, as text and in order.
pub struct Case {
    /// Its name.
    pub name: &'static str,
    entries: [RawRun; 4],
    /// What all peers may show: exactly one of these. A case has several where a fork may stay unseen because all peers
    /// received the same side of it first.
    shown: &'static [&'static [&'static str]],
    /// Pairs of entries with the same place in a log: when different peers were shown both, neither remains.
    rivals: &'static [[&'static str; 2]],
}

fn pen(number: u64) -> Pen {
    Pen::new(ROOM, number, BEGIN_MS - 1_000 + number)
}

/// A fork at seq 1, and an entry that has seen one side of it.
fn fork() -> Case {
    let (mut a, mut b) = (pen(1), pen(2));
    let first = a.line("a0");
    let mut twin = a.clone();
    let (one, other) = (a.line("a1"), twin.line("a1 too"));
    let effect = b.line_seen("b0", vec![(a.id(), 1)]);
    let shown: &[&[&str]] = &[&["a0", "b0"], &["a0", "a1", "b0"], &["a0", "a1 too", "b0"]];
    Case { name: "fork", entries: [first, one, other, effect], shown, rivals: &[["a1", "a1 too"]] }
}

/// Two forks of one log, of which the lower one counts.
fn lower_fork() -> Case {
    let mut a = pen(1);
    let mut low = a.clone();
    let first = a.line("a0");
    let mut twin = a.clone();
    let (one, other) = (a.line("a1"), twin.line("a1 too"));
    let shown: &[&[&str]] = &[&[], &["a0"], &["a0", "a1"], &["a0", "a1 too"], &["a0 too"]];
    let rivals = &[["a0", "a0 too"], ["a1", "a1 too"]];
    Case { name: "lower fork", entries: [first, one, other, low.line("a0 too")], shown, rivals }
}

/// A chain of causes over three logs, with two entries that wait for each other's authors.
fn release() -> Case {
    let (mut a, mut b, mut c) = (pen(1), pen(2), pen(3));
    let first = a.line("a0");
    let second = b.line_seen("b0", vec![(a.id(), 0)]);
    let third = c.line_seen("c0", vec![(b.id(), 0)]);
    let last = a.at(BEGIN_MS).line_seen("a1", vec![(c.id(), 0)]);
    Case { name: "release", entries: [first, second, third, last], shown: &[&["a0", "b0", "c0", "a1"]], rivals: &[] }
}

/// Entries of two logs that name each other.
fn circle() -> Case {
    let (mut a, mut b, mut c) = (pen(1), pen(2), pen(3));
    let one = a.line_seen("a0", vec![(b.id(), 0)]);
    let other = b.line_seen("b0", vec![(a.id(), 0)]);
    let mut both = vec![(a.id(), 0), (b.id(), 0)];
    both.sort();
    let after = c.line_seen("c0", both);
    let last = c.line("c1");
    Case { name: "circle", entries: [one, other, after, last], shown: &[&["a0", "b0", "c0", "c1"]], rivals: &[] }
}

/// An entry that its author retracts, and one that has seen it: no peer keeps its text.
fn removal() -> Case {
    let (mut a, mut b) = (pen(1), pen(2));
    let said = a.line("a0");
    let (kind, body) = Content::Retraction { of: 0 }.encode().unwrap();
    let back = a.write(vec![(vec![], kind, Body::Here(body))]);
    let answer = b.line_seen("b0", vec![(a.id(), 0)]);
    let after = b.line("b1");
    Case { name: "removal", entries: [said, back, answer, after], shown: &[&["b0", "b1"]], rivals: &[] }
}

/// All cases.
pub fn cases() -> Vec<Case> {
    vec![fork(), lower_fork(), release(), circle(), removal()]
}

/// Which orders of the four entries to try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Orders {
    /// Orders of all four, for each peer.
    Whole,
    /// Orders of some or all, for each peer, if the peers together receive all.
    Some,
}

/// Orders of four entries as lists of their indexes.
fn orders(which: Orders) -> Vec<Vec<usize>> {
    let mut found: Vec<Vec<usize>> = vec![vec![]];
    let mut from = 0;
    for _ in 0..4 {
        let longest = found.len();
        for at in from..longest {
            let shorter = found[at].clone();
            let others = (0..4).filter(|entry| !shorter.contains(entry));
            found.extend(others.map(|entry| [&shorter[..], &[entry]].concat()));
        }
        from = longest;
    }
    found.retain(|order| which == Orders::Some || order.len() == 4);
    found
}

/// Tries all orders; returns the number of choices of three.
///
/// # Panics
/// When a property fails; the message names the case and the orders.
pub fn explore(case: &Case, which: Orders) -> u64 {
    let orders = orders(which);
    let mut tried = 0;
    for (at, one) in orders.iter().enumerate() {
        for (beside, other) in orders[..=at].iter().enumerate() {
            for third in &orders[..=beside] {
                let all = (0..4).all(|entry| [one, other, third].iter().any(|order| order.contains(&entry)));
                if all {
                    check(case, [one, other, third]);
                    tried += 1;
                }
            }
        }
    }
    tried
}

fn check(case: &Case, orders: [&Vec<usize>; 3]) {
    let mut stage = Engines::new(1);
    let peers = orders.map(|_| stage.join());
    for (at, order) in peers.into_iter().zip(orders) {
        let hostile = stage.hostile(at as u64);
        let honest = stage.honest[at].peer;
        stage.link(hostile, honest);
        for (number, entry) in order.iter().enumerate() {
            stage.says(hostile, at, push(number as u64, case.entries[*entry].clone()));
        }
        stage.unlink(hostile, honest);
    }
    let before: Vec<String> = peers.into_iter().flat_map(|at| stage.texts(at)).collect();
    for (at, other) in [(0, 1), (0, 2), (1, 2)] {
        stage.link(stage.honest[at].peer, stage.honest[other].peer);
    }
    stage.run_ms(30_000);
    let what = format!("{} in orders {orders:?}", case.name);
    assert_eq!(stage.digests(), 1, "{what}: one digest");
    assert_eq!(stage.shown_twice(), 0, "{what}: nothing is shown twice");
    let shown = stage.texts(0);
    assert!(case.shown.iter().any(|good| shown == *good), "{what}: {shown:?}");
    for at in peers {
        assert_eq!(stage.texts(at), shown, "{what}: the timeline of {at}");
        assert_eq!(stage.size(at, "runs that wait"), 0, "{what}: nothing waits at {at}");
    }
    let holds = |texts: &[String], text: &str| texts.iter().any(|held| held == text);
    for rivals in case.rivals {
        if rivals.iter().all(|text| holds(&before, text)) {
            assert!(!rivals.iter().any(|text| holds(&shown, text)), "{what}: a fork that was seen stays");
        }
    }
}
