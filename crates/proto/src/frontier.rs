//! The version vector: for every author the head of the log as far as we hold it; and its fingerprints.
//!
//! A fingerprint of a part of the author space is a hash over the sum, modulo 2^256, of one hash for each log in it.
//! The sum does not depend on order, and nobody can steer a hash over it as one could steer a plain sum. The sums of
//! the upper branches are kept as logs change, so a comparison costs the same however many authors there are.
//!
//! A log can be set aside: then this node holds it for itself alone, and nothing that peers compare counts it.

use std::collections::BTreeMap;

use crate::{
    ids::{AuthorId, EntryId, Seq},
    limits::{FANOUT_BITS, SUMMED_DEPTH},
    log::{Head, Log},
};

/// Sixteen bytes that summarise all heads and cuts.
pub type Digest = [u8; 16];

/// A part of the author space: all authors whose id begins with these bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Branch {
    depth: u8,
    /// The leading bits of the ids in this branch, the rest zero.
    low: u64,
}

impl Branch {
    /// All authors.
    pub const ROOT: Self = Self { depth: 0, low: 0 };
    /// Branches a branch splits into.
    pub const FANOUT: usize = 1 << FANOUT_BITS;
    /// Depth past which a branch is not split.
    pub const DEEPEST: u8 = (64 / FANOUT_BITS) as u8;

    /// The branch `depth` splits below the root whose ids begin like `low`; `None` when it is too deep or `low` has
    /// bits beyond the depth.
    pub fn new(depth: u8, low: u64) -> Option<Self> {
        let branch = Self { depth, low };
        (depth <= Self::DEEPEST && low & branch.mask() == 0).then_some(branch)
    }

    /// The branch at this depth that holds the ids with this prefix.
    fn of(prefix: u64, depth: u8) -> Self {
        let whole = Self { depth, low: prefix };
        Self { depth, low: prefix & !whole.mask() }
    }

    /// Splits below the root.
    pub fn depth(self) -> u8 {
        self.depth
    }

    /// The smallest id prefix in this branch.
    pub fn low(self) -> u64 {
        self.low
    }

    /// The last of the digits with which the ids in this branch begin; 0 at the root.
    pub fn digit(self) -> u8 {
        let beyond = 64 - u32::from(self.depth) * FANOUT_BITS;
        (self.low.checked_shr(beyond).unwrap_or(0) % Self::FANOUT as u64) as u8
    }

    /// The branches below this one, or `None` at the deepest.
    pub fn children(self) -> Option<impl Iterator<Item = Self>> {
        let depth = self.depth + 1;
        let shift = 64u32.checked_sub(u32::from(depth) * FANOUT_BITS)?;
        Some((0..Self::FANOUT as u64).map(move |child| Self { depth, low: self.low | child << shift }))
    }

    /// The largest id prefix in this branch.
    pub fn high(self) -> u64 {
        self.low | self.mask()
    }

    fn mask(self) -> u64 {
        u64::MAX.checked_shr(u32::from(self.depth) * FANOUT_BITS).unwrap_or(0)
    }
}

/// The held part of every author's log.
#[derive(Clone, Debug, Default)]
pub struct Frontier {
    logs: BTreeMap<AuthorId, Tracked>,
    /// The sum of the logs in each branch down to [`SUMMED_DEPTH`]; empty branches are left out.
    sums: BTreeMap<Branch, Total>,
}

#[derive(Clone, Debug, Default)]
struct Tracked {
    log: Log,
    /// The last act that is held ahead of the log.
    act: Option<(Seq, EntryId)>,
    /// The log's term of the sums: zero when it is set aside, or has neither head nor cut.
    item: Sum,
    aside: bool,
}

/// The sum over some logs, and the number of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Total {
    sum: Sum,
    count: u64,
}

impl Frontier {
    /// The log of `author`, if anything is known of it.
    pub fn log(&self, author: &AuthorId) -> Option<&Log> {
        self.logs.get(author).map(|tracked| &tracked.log)
    }

    /// All logs, authors ascending.
    pub fn logs(&self) -> impl Iterator<Item = (&AuthorId, &Log)> {
        self.logs.iter().map(|(author, tracked)| (author, &tracked.log))
    }

    /// The head of `author`'s log.
    pub fn head(&self, author: &AuthorId) -> Option<Head> {
        self.log(author).and_then(Log::head)
    }

    /// The lowest seq of a log that is missing, or `seq` if that is lower.
    pub(crate) fn whole_below(&self, author: &AuthorId, seq: Seq) -> Seq {
        let lowest = self.log(author).and_then(|log| log.gaps().last());
        lowest.map_or(seq, |(first, _)| first.min(seq))
    }

    /// Authors known.
    pub fn len(&self) -> usize {
        self.logs.len()
    }

    /// Whether no author is known.
    pub fn is_empty(&self) -> bool {
        self.logs.is_empty()
    }

    /// Changes one log, and the fingerprints with it.
    pub fn update<T>(&mut self, author: AuthorId, change: impl FnOnce(&mut Log) -> T) -> T {
        let tracked = self.logs.entry(author).or_default();
        let result = change(&mut tracked.log);
        self.sum_up(author);
        result
    }

    /// Notes the last act of a log of a closed room that is held ahead of the rest: peers that lack it differ.
    pub(crate) fn note_act(&mut self, author: AuthorId, act: Option<(Seq, EntryId)>) {
        let known = self.logs.get(&author).is_some_and(|tracked| tracked.act != act);
        if known || (act.is_some() && !self.logs.contains_key(&author)) {
            self.logs.entry(author).or_default().act = act;
            self.sum_up(author);
        }
    }

    /// Takes a log out of everything that peers compare; this node still holds it.
    pub(crate) fn set_aside(&mut self, author: AuthorId) {
        self.mark(author, true);
    }

    /// Lets a log that was set aside count again.
    pub(crate) fn take_up(&mut self, author: AuthorId) {
        self.mark(author, false);
    }

    /// Whether a log is set aside.
    pub(crate) fn is_aside(&self, author: &AuthorId) -> bool {
        self.logs.get(author).is_some_and(|tracked| tracked.aside)
    }

    fn mark(&mut self, author: AuthorId, aside: bool) {
        if let Some(tracked) = self.logs.get_mut(&author) {
            tracked.aside = aside;
            self.sum_up(author);
        }
    }

    /// Forgets a log.
    pub(crate) fn remove(&mut self, author: AuthorId) {
        self.set_aside(author);
        self.logs.remove(&author);
    }

    /// Brings the sums up to date with one log.
    fn sum_up(&mut self, author: AuthorId) {
        let Some(tracked) = self.logs.get_mut(&author) else { return };
        let (before, after) = match tracked.aside {
            true => (tracked.item, Sum::default()),
            false => (tracked.item, item(&author, tracked)),
        };
        tracked.item = after;
        for depth in 0..=SUMMED_DEPTH {
            let branch = Branch::of(author.prefix(), depth);
            let total = self.sums.entry(branch).or_default();
            total.less(&before);
            total.more(&after);
            if total.count == 0 {
                self.sums.remove(&branch);
            }
        }
    }

    /// The digest of everything, for a status.
    pub fn digest(&self) -> Digest {
        let hash = self.fingerprint(Branch::ROOT, &[]);
        std::array::from_fn(|at| hash[at])
    }

    /// A four-byte fingerprint of one branch. The salt changes from round to round: a difference that one fingerprint
    /// hides by chance, once in four thousand million, shows in the next.
    pub fn print(&self, branch: Branch, salt: u32) -> u32 {
        let [a, b, c, d, ..] = self.fingerprint(branch, &salt.to_be_bytes());
        u32::from_be_bytes([a, b, c, d])
    }

    /// The logs in `branch` that count: those with a head or a cut.
    pub fn within(&self, branch: Branch) -> impl Iterator<Item = (&AuthorId, &Log)> {
        self.tracked(branch).map(|(author, tracked)| (author, &tracked.log))
    }

    /// The authors whose ids begin with these eight bytes: one, unless somebody ground keys to collide.
    pub fn with_prefix(&self, prefix: u64) -> impl Iterator<Item = (&AuthorId, &Log)> {
        self.between(prefix, prefix).map(|(author, tracked)| (author, &tracked.log))
    }

    fn tracked(&self, branch: Branch) -> impl Iterator<Item = (&AuthorId, &Tracked)> {
        self.between(branch.low(), branch.high()).filter(|(_, tracked)| tracked.item != Sum::default())
    }

    fn between(&self, low: u64, high: u64) -> impl Iterator<Item = (&AuthorId, &Tracked)> {
        self.logs.range(AuthorId::lowest(low)..=AuthorId::highest(high))
    }

    fn total(&self, branch: Branch) -> Total {
        if branch.depth <= SUMMED_DEPTH {
            return self.sums.get(&branch).copied().unwrap_or_default();
        }
        let mut total = Total::default();
        self.tracked(branch).for_each(|(_, tracked)| total.more(&tracked.item));
        total
    }

    fn fingerprint(&self, branch: Branch, salt: &[u8]) -> [u8; 32] {
        let Total { sum, count } = self.total(branch);
        let mut hasher = blake3::Hasher::new();
        for limb in sum.0 {
            hasher.update(&limb.to_le_bytes());
        }
        hasher.update(&count.to_le_bytes()).update(salt);
        hasher.finalize().into()
    }
}

impl Total {
    fn more(&mut self, item: &Sum) {
        if *item != Sum::default() {
            self.sum.add(item);
            self.count += 1;
        }
    }

    fn less(&mut self, item: &Sum) {
        if *item != Sum::default() {
            self.sum.subtract(item);
            self.count -= 1;
        }
    }
}

/// The term of one log in a fingerprint: zero when it has neither head nor cut, nor an act ahead of these.
fn item(author: &AuthorId, Tracked { log, act, .. }: &Tracked) -> Sum {
    let head = log.head();
    let act = act.filter(|(seq, _)| head.is_none_or(|head| head.seq < *seq));
    if head.is_none() && log.cut().is_none() && act.is_none() {
        return Sum::default();
    }
    let cut: Seq = log.cut().unwrap_or(Seq::MAX);
    let mut hasher = blake3::Hasher::new();
    hasher.update(&author.0).update(&cut.to_le_bytes());
    if let Some(head) = head {
        hasher.update(&head.seq.to_le_bytes()).update(&head.id.0);
    }
    if let Some((seq, id)) = act {
        hasher.update(b"act").update(&seq.to_le_bytes()).update(&id.0);
    }
    let hash: [u8; 32] = hasher.finalize().into();
    Sum(std::array::from_fn(|limb| u64::from_le_bytes(std::array::from_fn(|byte| hash[limb * 8 + byte]))))
}

/// A number modulo 2^256, least limb first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Sum([u64; 4]);

impl Sum {
    fn add(&mut self, other: &Self) {
        let mut carry = false;
        for (limb, more) in self.0.iter_mut().zip(other.0) {
            (*limb, carry) = limb.carrying_add(more, carry);
        }
    }

    fn subtract(&mut self, other: &Self) {
        let mut borrow = false;
        for (limb, less) in self.0.iter_mut().zip(other.0) {
            (*limb, borrow) = limb.borrowing_sub(less, borrow);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::testing::{Writer, admit};

    fn frontier(order: impl Iterator<Item = u8>) -> Frontier {
        let mut frontier = Frontier::default();
        for author in order {
            let run = admit(&Writer::new(author).write(1, "x"));
            frontier.update(run.author(), |log| log.insert(&run)).unwrap();
        }
        frontier
    }

    #[test]
    fn a_digest_depends_on_what_is_held_and_not_on_the_order() {
        let (up, down) = (frontier(1..9), frontier((1..9).rev()));
        assert_eq!(up.digest(), down.digest());
        assert_ne!(up.digest(), frontier(1..8).digest());
        let mut cut = up.clone();
        let author = Writer::new(3).id();
        cut.update(author, |log| log.cut_at(7, None));
        assert_ne!(cut.digest(), up.digest());
    }

    #[test]
    fn branches_part_the_author_space() {
        let frontier = frontier(1..60);
        let children: Vec<_> = Branch::ROOT.children().unwrap().collect();
        let within: usize = children.iter().map(|child| frontier.within(*child).count()).sum();
        assert_eq!(within, 59);
        assert_eq!((children[0].low(), children[7].high()), (0, u64::MAX));
        assert!(children.windows(2).all(|pair| pair[0].high() + 1 == pair[1].low()));
        let mut deepest = Branch::ROOT;
        while let Some(children) = deepest.children() {
            deepest = children.last().unwrap();
        }
        assert_eq!(deepest.depth(), Branch::DEEPEST);
    }

    #[test]
    fn a_log_that_is_set_aside_counts_nowhere_and_is_held() {
        let without = frontier((1..40).filter(|author| *author != 7));
        let author = Writer::new(7).id();
        let mut aside = frontier(1..40);
        aside.set_aside(author);
        assert!(aside.log(&author).is_some() && aside.within(Branch::ROOT).count() == 38);
        let same = |one: &Frontier, other: &Frontier| {
            let mut branches = vec![Branch::ROOT];
            while let Some(branch) = branches.pop().filter(|branch| branch.depth() <= SUMMED_DEPTH + 1) {
                assert_eq!(one.print(branch, 7), other.print(branch, 7), "{branch:?}");
                branches.extend(branch.children().into_iter().flatten().filter(|child| one.within(*child).count() > 0));
            }
            assert_eq!(one.sums, other.sums);
        };
        same(&aside, &without);
        aside.take_up(author);
        same(&aside, &frontier(1..40));
        aside.remove(author);
        same(&aside, &without);
        assert!(aside.log(&author).is_none());
    }

    proptest! {
        #[test]
        fn one_difference_shows_in_one_child(missing in 1u8..40) {
            let all = frontier(1..40);
            let some = frontier((1..40).filter(|author| *author != missing));
            let differs = |child: &Branch| all.print(*child, 7) != some.print(*child, 7);
            let differing: Vec<_> = Branch::ROOT.children().unwrap().filter(differs).collect();
            prop_assert_eq!(differing.len(), 1);
            let author = Writer::new(missing).id();
            prop_assert!(all.within(differing[0]).any(|(id, _)| *id == author));
        }
    }
}
