//! The released runs, compared with a plain search for the greatest set; and how many steps that takes.

use proptest::prelude::*;

use super::*;
use crate::{
    limits::{AHEAD_MS, IN_VAIN_MS, PENDING_RUNS, RUN_ENTRIES, SEEN_PAIRS},
    logs::{Logs, Taken},
    testing::{ROOM, Writer},
    time::Now,
};

const LENGTH: Seq = 9;
const AUTHORS: u8 = 4;

fn peer(number: u8) -> PeerId {
    PeerId([number; 32])
}

fn now(ticks_ms: u64) -> Now {
    Now { ticks_ms, wall_ms: 1_000_000 }
}

fn take(logs: &mut Logs, run: &RawRun, from: u8) -> Taken {
    logs.take(run, Origin::Repair(peer(from)), now(0)).unwrap()
}

fn release(logs: &mut Logs) -> Vec<(AuthorId, Seq)> {
    logs.release(now(0)).iter().map(|released| (released.run.author(), released.run.last().seq)).collect()
}

/// A need, as an author's number and a seq.
type Named = (u8, Seq);

/// The log of each author, told in pieces that end where `ends` says; the entries are the same whatever the pieces.
fn pieces(names: &[Vec<Named>], ends: u64) -> Vec<RawRun> {
    let ids: Vec<_> = (0..AUTHORS).map(|author| Writer::new(author + 1).id()).collect();
    let mut runs = Vec::new();
    for author in 0..AUTHORS {
        let mut writer = Writer::new(author + 1);
        let mut piece = Vec::new();
        for seq in 0..LENGTH {
            let named = &names[usize::from(author) * LENGTH as usize + seq as usize];
            let named: BTreeMap<_, _> = named.iter().map(|(who, seq)| (ids[usize::from(*who)], *seq)).collect();
            piece.push(named.into_iter().filter(|(who, _)| *who != writer.id()).collect());
            let ended = seq == 0 || seq + 1 == LENGTH || ends >> ((u64::from(author) * LENGTH + seq) % 64) & 1 == 1;
            if ended {
                runs.push(writer.write_seen(std::mem::take(&mut piece), "x"));
            }
        }
    }
    runs
}

/// The heads of the greatest set of these runs whose needs are met within the set.
fn greatest(runs: &[&RawRun]) -> BTreeSet<(AuthorId, Seq)> {
    let mut set: Vec<&RawRun> = runs.to_vec();
    loop {
        let has = |author: AuthorId, seq: Seq| {
            set.iter().any(|run| run.author() == author && (run.first()..=run.last()).contains(&seq))
        };
        let met = |run: &&&RawRun| {
            let seen = run.entries().iter().flat_map(|entry| &entry.seen);
            run.first().checked_sub(1).is_none_or(|before| has(run.author(), before))
                && seen.into_iter().all(|(author, seq)| has(*author, *seq))
        };
        let left: Vec<&RawRun> = set.iter().filter(met).copied().collect();
        if left.len() == set.len() {
            return set.iter().flat_map(|run| (run.first()..=run.last()).map(|seq| (run.author(), seq))).collect();
        }
        set = left;
    }
}

fn held(logs: &Logs) -> BTreeSet<(AuthorId, Seq)> {
    let heads = logs.frontier().logs().flat_map(|(author, log)| (0..log.next()).map(|seq| (*author, seq)));
    heads.collect()
}

fn names() -> impl Strategy<Value = Vec<Vec<Named>>> {
    let named = (0..AUTHORS, 0..LENGTH + 1);
    proptest::collection::vec(proptest::collection::vec(named, 0..2), usize::from(AUTHORS) * LENGTH as usize)
}

proptest! {
    #[test]
    fn exactly_the_greatest_set_is_released(
        names in names(), ends in any::<u64>(), order in Just((0..64usize).collect::<Vec<_>>()).prop_shuffle(),
    ) {
        let runs = pieces(&names, ends);
        let mut logs = Logs::new(ROOM, vec![]);
        let mut came = Vec::new();
        for run in order.into_iter().filter_map(|at| runs.get(at)) {
            take(&mut logs, run, 1);
            release(&mut logs);
            came.push(run);
            prop_assert_eq!(held(&logs), greatest(&came));
        }
    }

    #[test]
    fn pieces_of_all_sizes_and_evictions_end_in_the_greatest_set(
        names in names(), ends in (any::<u64>(), any::<u64>()),
        order in proptest::collection::vec((0..64usize, any::<u8>()), 0..80),
    ) {
        let mut runs = pieces(&names, ends.0);
        runs.extend(pieces(&names, ends.1));
        let mut logs = Logs::new(ROOM, vec![]);
        let mut came = Vec::new();
        for (at, luck) in order {
            let run = &runs[at % runs.len()];
            take(&mut logs, run, 1);
            came.push(run);
            if luck < 30 {
                let gone = logs.pending.runs.keys().nth(usize::from(luck) % logs.waiting().max(1)).copied();
                gone.into_iter().for_each(|number| logs.pending.evict(number));
            }
            release(&mut logs);
            logs.pending.check();
            prop_assert!(held(&logs).is_subset(&greatest(&came)));
        }
        for _ in 0..2 {
            for run in &runs {
                take(&mut logs, run, 1);
                release(&mut logs);
                logs.pending.check();
            }
        }
        let all: Vec<_> = runs.iter().collect();
        prop_assert_eq!(held(&logs), greatest(&all));
        logs.pending.expire(u64::MAX);
        prop_assert_eq!(logs.pending.forest.len(), 0);
        prop_assert!(logs.pending.groups.is_empty() && logs.pending.wanted.is_empty());
    }
}

impl Pending {
    /// Checks that every run is in the group that it names, and that every group that is not to be looked at waits for
    /// an entry that is wanted.
    fn check(&self) {
        for (name, group) in &self.groups {
            assert!(group.members.iter().all(|member| self.runs[member].group == *name));
            let early = group.open.last().is_some_and(|member| self.runs[member].early);
            assert!(self.woken.contains(name) || early || self.wanted[&group.waits_for.unwrap()].groups.contains(name));
        }
        let members: usize = self.groups.values().map(|group| group.members.len()).sum();
        assert_eq!(members, self.runs.len());
        assert_eq!(self.forest.len(), self.runs.len() + self.wanted.len());
    }
}

/// How many steps `runs` take that all wait for `key` and then go, and how many edges they have.
fn steps(runs: &[RawRun], key: &RawRun) -> (u64, u64) {
    let mut logs = Logs::new(ROOM, vec![]);
    for run in runs {
        assert_eq!(take(&mut logs, run, 1), Taken::New);
        assert_eq!(release(&mut logs), []);
    }
    take(&mut logs, key, 1);
    assert_eq!(release(&mut logs).len(), runs.len() + 1);
    let edges = runs.iter().flat_map(RawRun::entries).map(|entry| 1 + entry.seen.len() as u64).sum();
    (logs.work(), edges)
}

/// `n` runs by as many authors. Each names the one before, and the first names `key`. The first also names the last if
/// they are to wait for each other.
fn chain(n: u32, ring: bool) -> (Vec<RawRun>, RawRun) {
    let mut key = Writer::new(1);
    let mut writers: Vec<_> = (0..n).map(Writer::numbered).collect();
    let ids: Vec<_> = writers.iter().map(Writer::id).collect();
    let mut runs = Vec::new();
    for (at, writer) in writers.iter_mut().enumerate() {
        let mut seen = vec![if at == 0 { (key.id(), 0) } else { (ids[at - 1], 0) }];
        if at == 0 && ring {
            seen.push((ids[ids.len() - 1], 0));
            seen.sort();
        }
        runs.push(writer.write_seen(vec![seen], "x"));
    }
    (runs, key.write(1, "the key"))
}

#[test]
fn a_chain_costs_its_edges_whatever_the_order() {
    for ring in [false, true] {
        let (runs, key) = chain(1_000, ring);
        let backwards: Vec<_> = runs.iter().rev().cloned().collect();
        let mixed: Vec<_> = (0..1_000).map(|at| runs[(at * 367) % 1_000].clone()).collect();
        for runs in [&runs, &backwards, &mixed] {
            let (few, edges) = steps(&runs[..0], &key);
            assert_eq!((few / 10, edges), (0, 0));
            let (steps, edges) = steps(runs, &key);
            assert!(steps < edges * 60, "{steps} steps for {edges} edges, ring: {ring}");
        }
    }
}

#[test]
fn four_times_as_many_cost_about_four_times_as_much() {
    let few = steps(&chain(250, true).0, &chain(250, true).1).0;
    let many = steps(&chain(1_000, true).0, &chain(1_000, true).1).0;
    assert!(many < few * 6, "{few} steps, then {many}");
}

#[test]
fn what_waits_goes_when_it_is_old_or_its_bringer_went() {
    let mut logs = Logs::new(ROOM, vec![]);
    let [one, other] = [1, 2].map(|number| {
        let mut writer = Writer::new(number);
        writer.write(1, "never sent");
        writer.write(1, "x")
    });
    take(&mut logs, &one, 1);
    take(&mut logs, &other, 2);
    logs.down(peer(1), 0);
    logs.release(now(ORPHAN_MS - 1));
    assert_eq!(logs.waiting(), 2);
    logs.release(now(ORPHAN_MS));
    assert!(logs.waiting() == 1 && logs.has(other.author(), 1));
    assert_eq!(logs.next_wanted(one.author()), 0, "it is wanted again");
    logs.release(now(PENDING_MS));
    assert_eq!(logs.waiting(), 0);
}

#[test]
fn all_that_waits_in_vain_is_shown_when_the_first_is() {
    let mut writer = Writer::new(1);
    let nobody = AuthorId([9; 32]);
    let runs: Vec<_> = (0..5).map(|seq| writer.write_seen(vec![vec![(nobody, seq)]], "x")).collect();
    let mut logs = Logs::new(ROOM, vec![]);
    runs.iter().for_each(|run| _ = take(&mut logs, run, 1));
    assert_eq!(release(&mut logs), []);
    logs.wait_in_vain(peer(1), (nobody.prefix(), None), 10);
    assert_eq!(logs.release(now(IN_VAIN_MS - 1)).len(), 0);
    assert_eq!(
        logs.release(now(IN_VAIN_MS)).len(),
        5,
        "what follows was asked for too, and looks at its causes only now"
    );
}

#[test]
fn what_is_asked_of_a_peer_that_came_again_gets_its_time() {
    let (mut writer, nobody) = (Writer::new(1), AuthorId([9; 32]));
    let run = writer.write_seen(vec![vec![(nobody, 0)]], "x");
    let mut logs = Logs::new(ROOM, vec![]);
    take(&mut logs, &run, 1);
    release(&mut logs);
    logs.down(peer(1), 0);
    logs.wait_in_vain(peer(1), (nobody.prefix(), None), 0);
    assert_eq!(logs.release(now(ORPHAN_MS)).len(), 0, "others may bring it");
    assert_eq!(logs.release(now(IN_VAIN_MS)).len(), 1);
}

#[test]
fn what_is_stamped_after_a_word_that_names_it_is_no_cause() {
    let at = |wall_ms| Now { ticks_ms: 0, wall_ms };
    let take = |logs: &mut Logs, run: &RawRun, wall_ms| logs.take(run, Origin::Repair(peer(1)), at(wall_ms)).unwrap();
    let early = Writer::new(1).later(2 * AHEAD_MS).write(1, "soon");
    let word = Writer::new(2).write_seen(vec![vec![(early.author(), 0)]], "x");
    let mut logs = Logs::new(ROOM, vec![]);
    take(&mut logs, &early, 0);
    take(&mut logs, &word, 0);
    assert_eq!(logs.release(at(0)).len(), 1, "a liar's cause holds nobody");
    // A clock that jumped back holds what it would have taken before.
    let late = Writer::new(3).later(3 * AHEAD_MS).write(1, "x");
    let word = Writer::new(4).later(3 * AHEAD_MS + 1).write_seen(vec![vec![(late.author(), 0)]], "x");
    take(&mut logs, &word, 4 * AHEAD_MS);
    take(&mut logs, &late, 0);
    assert_eq!(logs.release(at(0)).len(), 0, "and nothing is shown before its cause");
    assert_eq!(logs.early(late.author().prefix(), (0, 0)).count(), 1);
    assert_eq!(logs.release(at(4 * AHEAD_MS)).len(), 3);
}

#[test]
fn a_flood_by_many_authors_pushes_out_only_what_its_own_peer_brought() {
    let mut logs = Logs::new(ROOM, vec![]);
    let mut honest = Writer::new(1);
    let cause = honest.write(1, "x");
    let effect = honest.write(1, "x");
    take(&mut logs, &effect, 1);
    for number in 0..2 * PENDING_RUNS as u32 {
        let mut author = Writer::numbered(number);
        let run = author.write_seen(vec![vec![(AuthorId([7; 32]), 0)]], "x");
        take(&mut logs, &run, 2);
        assert!(release(&mut logs).is_empty() && logs.waiting() <= PENDING_RUNS);
    }
    take(&mut logs, &cause, 1);
    assert_eq!(release(&mut logs).len(), 2);
}

#[test]
fn a_run_that_names_many_is_looked_at_once() {
    let mut author = Writer::new(1);
    let name = |entry: usize, pair: usize| {
        let mut id = [0; 32];
        id[..2].copy_from_slice(&((entry * SEEN_PAIRS + pair) as u16).to_be_bytes());
        (AuthorId(id), 0)
    };
    author.write(1, "x");
    let seen = (0..RUN_ENTRIES).map(|entry| (0..SEEN_PAIRS).map(|pair| name(entry, pair)).collect()).collect();
    let run = author.write_seen(seen, "x");
    let mut logs = Logs::new(ROOM, vec![]);
    take(&mut logs, &run, 1);
    let before = logs.work();
    release(&mut logs);
    assert!(logs.work() - before < 10, "it waits for the first");
    assert_eq!(
        logs.lacks(&run).len(),
        1 + RUN_ENTRIES * SEEN_PAIRS,
        "what is below it too; a share of that is asked for"
    );
}

#[test]
fn a_shorter_piece_frees_who_waits_for_no_more() {
    let (mut liar, mut honest) = (Writer::new(1), Writer::new(2));
    let mut short = liar.clone();
    let (named, nobody) = (vec![], vec![(AuthorId([9; 32]), 0)]);
    liar.write(1, "x");
    short.write(1, "x");
    let long = liar.write_seen(vec![named.clone(), nobody], "x");
    let short = short.write_seen(vec![named], "x");
    let answer = honest.write_seen(vec![vec![(liar.id(), 1)]], "x");
    let mut logs = Logs::new(ROOM, vec![]);
    take(&mut logs, &Writer::new(1).write(1, "x"), 1);
    take(&mut logs, &long, 1);
    take(&mut logs, &answer, 1);
    assert_eq!(release(&mut logs), [(liar.id(), 0)]);
    assert_eq!(take(&mut logs, &short, 1), Taken::New);
    assert_eq!(release(&mut logs).len(), 2, "the long run waits for what nobody has, and nobody waits for it");
}

#[test]
fn a_group_that_falls_apart_again_and_again_goes() {
    let mut liar = Writer::new(1);
    let mut logs = Logs::new(ROOM, vec![]);
    take(&mut logs, &liar.write(1, "x"), 1);
    release(&mut logs);
    let mut writers: Vec<_> = (0..200).map(Writer::numbered).collect();
    let ids: Vec<_> = writers.iter().map(Writer::id).collect();
    for (at, writer) in writers.iter_mut().enumerate() {
        let named = if at == 0 { (liar.id(), 1) } else { (ids[at - 1], 0) };
        take(&mut logs, &writer.write_seen(vec![vec![named]], "x"), 1);
    }
    let mut nobody = vec![(ids[199], 0), (AuthorId([0xff; 32]), 0)];
    nobody.sort();
    let mut edges = 600;
    for length in (1..=60).rev() {
        let mut seen = vec![vec![]; length];
        seen[0] = nobody.clone();
        take(&mut logs, &liar.clone().write_seen(seen, "x"), 2);
        assert_eq!(release(&mut logs), []);
        edges += length as u64 + 2;
    }
    assert!(logs.work() < 10 * edges, "{} steps for {edges} edges", logs.work());
    assert_eq!(logs.waiting(), 60);
}
