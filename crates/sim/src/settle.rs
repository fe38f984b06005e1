//! The end of a story: all is quiet, and the final state is checked.

use rumormill_proto::{entry::Kind, log::Log};
use rumormill_store::TimelineRow;

use crate::{fact::Remains, nature::Nature, violation::Story, world::World};

/// Milliseconds between two checks for quiet.
const LOOK_MS: u64 = 100;

/// Milliseconds within which a room must become quiet: six rounds of anti-entropy at the slowest pace and the longest
/// backoff of a dial, twice over.
const PATIENCE_MS: u64 = 600_000;

impl World {
    /// Lets time pass until all running honest peers hold the same and lack nothing.
    ///
    /// # Errors
    /// The first property that breaks on the way, or a violation if the room never becomes quiet.
    pub fn settle(&mut self) -> Story {
        let all: Vec<_> = (0..self.peers.len()).collect();
        self.settle_among(&all)
    }

    /// As [`World::settle`], considering only these peers.
    ///
    /// # Errors
    /// As [`World::settle`].
    pub fn settle_among(&mut self, peers: &[usize]) -> Story {
        let until_ms = self.now_ms() + PATIENCE_MS;
        loop {
            self.run_ms(LOOK_MS)?;
            let Some(restless) = self.restless(peers) else { return Ok(()) };
            if self.now_ms() >= until_ms {
                return Err(self.violation("the room becomes quiet", restless));
            }
        }
    }

    /// Why these peers are not quiet, if they are not.
    fn restless(&self, peers: &[usize]) -> Option<String> {
        let mut first = None;
        for at in self.expected(peers) {
            let process = self.process(at)?;
            if !process.unanswered.is_empty() {
                return Some(format!("peer {at} has not answered what was said there"));
            }
            let frontier = process.engine.frontier();
            if let Some((author, log)) = frontier.logs().find(|(_, log)| log.gaps().next().is_some()) {
                let gaps: Vec<_> = log.gaps().collect();
                return Some(format!("peer {at} lacks {gaps:?} of {author:?}"));
            }
            let digest = frontier.digest();
            let (other, same) = *first.get_or_insert((at, digest));
            if same != digest {
                return Some(format!("peers {other} and {at} hold different things: {}", self.difference(other, at)));
            }
        }
        None
    }

    /// As [`World::expected`], of all peers.
    pub(crate) fn expected_all(&self) -> Vec<usize> {
        let all: Vec<_> = (0..self.peers.len()).collect();
        self.expected(&all)
    }

    fn difference(&self, one: usize, other: usize) -> String {
        let (Some(one), Some(other)) = (self.process(one), self.process(other)) else { return String::new() };
        let (one, other) = (one.engine.frontier(), other.engine.frontier());
        let authors = one.logs().chain(other.logs()).map(|(author, _)| *author);
        let told = |author| {
            let tell = |log: Option<&Log>| log.map_or((0, None), |log| (log.next(), log.cut()));
            (author, tell(one.log(&author)), tell(other.log(&author)))
        };
        let parted = authors.map(told).find(|(author, _, _)| {
            one.head(author) != other.head(author)
                || one.log(author).and_then(Log::cut) != other.log(author).and_then(Log::cut)
        });
        parted.map_or(String::new(), |(author, one, other)| format!("of {author:?} (next, cut) {one:?} and {other:?}"))
    }

    /// The honest peers that run, of these. In a closed room those of them whose authors are present by what the first of
    /// them holds: nobody tells others anything.
    pub(crate) fn expected(&self, peers: &[usize]) -> Vec<usize> {
        let runs = |at: &usize| self.peers.get(*at).is_some_and(|peer| peer.is_up() && peer.nature == Nature::Honest);
        let honest: Vec<usize> = peers.iter().copied().filter(runs).collect();
        let Some(first) = honest.iter().find(|at| self.is_member(**at, **at)).filter(|_| self.owner.is_some()) else {
            return honest;
        };
        honest.iter().copied().filter(|at| self.is_member(*first, *at)).collect()
    }

    /// Checks everything that must hold in a quiet room, and returns the one timeline.
    ///
    /// # Errors
    /// The property that fails.
    pub fn same_timeline(&mut self) -> Story<Vec<TimelineRow>> {
        let mut remains: Vec<_> = self.expected_all().into_iter().filter_map(|at| self.remains(at)).collect();
        for checker in &mut self.watch.checkers {
            if let Err(sentence) = checker.end(&remains) {
                let property = checker.property();
                return Err(self.violation(property, sentence));
            }
        }
        Ok(if remains.is_empty() { Vec::new() } else { remains.swap_remove(0).lines })
    }

    fn remains(&self, at: usize) -> Option<Remains> {
        let engine = &self.process(at)?.engine;
        // Nobody is told of a fork in a log of which nothing counts.
        let logs = engine.frontier().logs().filter(|(author, _)| engine.counts(author, 0, Kind::FOUND));
        let cuts = logs.filter_map(|(author, log)| Some((*author, log.cut()?))).collect();
        Some(Remains { peer: at, lines: self.timeline(at), cuts })
    }
}
