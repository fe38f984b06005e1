//! What holds in every room, over random worlds with liars who fork their logs and date them back.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use rumormill_proto::{
    governance::{Deed, End, Fold, Governance, Grant, Guest, Last, Role, Signed, TicketId},
    ids::{AuthorId, EntryId, Seq},
    random::Random,
};

use crate::{
    people::{Person, Room},
    world::{KEY, folded, state},
};

/// Persons of a world: the owner first, then honest ones, then liars.
const PEOPLE: usize = 7;
const HONEST: usize = 4;

/// A world in the making. Each honest person has a node, which passes on what a fold says is passed on.
struct World {
    random: Random,
    room: Room,
    people: Vec<Person>,
    nodes: Vec<Node>,
    /// Every branch of a liar that can be prolonged.
    branches: BTreeMap<usize, Vec<Option<Last>>>,
    tickets: Vec<TicketId>,
    /// Whether people close the room, and the owner may step down and name who does.
    closes: bool,
}

#[derive(Clone)]
struct Node {
    fold: Governance,
    held: BTreeSet<EntryId>,
}

impl Node {
    fn new(founding: &Signed) -> Self {
        let mut node = Self { fold: Governance::new(AuthorId::default()), held: BTreeSet::new() };
        node.take(founding.clone());
        node
    }

    fn take(&mut self, entry: Signed) -> bool {
        let new = self.held.insert(entry.id);
        self.fold.insert(entry);
        new
    }
}

impl World {
    fn new(seed: u64) -> Self {
        let (room, owner) = Room::founded();
        let mut people = vec![owner];
        people.extend(room.strangers::<{ PEOPLE - 1 }>());
        let founding = room.entries().remove(0);
        let nodes = vec![Node::new(&founding); HONEST];
        let branches = (HONEST..PEOPLE).map(|liar| (liar, vec![None])).collect();
        let mut world =
            Self { random: Random::new(seed), room, people, nodes, branches, tickets: Vec::new(), closes: false };
        for who in 1..PEOPLE {
            if world.random.coin(2) {
                let role = if world.random.coin(3) { Role::Moderator } else { Role::CoOwner };
                let who = world.people[who].clone();
                world.honest(0, |owner| owner.appoints(&who, role));
            }
        }
        let ticket = world.people[0].opens_ticket(2);
        world.tickets.push(ticket);
        let entry = world.room.entries().pop().unwrap();
        world.nodes[0].take(entry);
        world
    }

    /// A world after so many steps.
    fn grown(seed: u64, steps: usize) -> Self {
        let mut world = Self::new(seed);
        world.grow(steps);
        world
    }

    /// The same, or that of an open room that may be closed.
    fn any(seed: u64, steps: usize) -> Self {
        let mut world = Self { closes: seed.is_multiple_of(2), ..Self::new(seed) };
        world.grow(steps);
        world
    }

    fn grow(&mut self, steps: usize) {
        for _ in 0..steps {
            let who = self.below(PEOPLE);
            self.step(who);
            self.gossip();
        }
    }

    fn below(&mut self, end: usize) -> usize {
        self.random.below(end as u64) as usize
    }

    fn honest(&mut self, who: usize, act: impl FnOnce(&Person) -> Last) {
        act(&self.people[who]);
        let entry = self.room.entries().pop().unwrap();
        self.nodes[who].take(entry);
    }

    /// Somebody writes something.
    fn step(&mut self, who: usize) {
        if who < HONEST {
            let deed = self.deed(who, who);
            self.honest(who, |person| person.writes(deed));
            return;
        }
        let node = self.below(HONEST);
        let deed = self.deed(who, node);
        let branches = self.branches[&who].clone();
        let longest = branches.iter().flatten().max_by_key(|last| last.seq).copied();
        let behind = if self.random.coin(3) { *self.random.pick(&branches).unwrap() } else { longest };
        let branch = self.people[who].forking_behind(behind);
        let time = self.random.below(200);
        let last = branch.writes_at(time, deed);
        self.branches.get_mut(&who).unwrap().push(Some(last));
        let shown = self.leading_to(last.id);
        for node in 0..HONEST {
            if self.random.coin(2) {
                for entry in &shown {
                    self.nodes[node].take(entry.clone());
                }
            }
        }
    }

    /// All entries of a log up to this one.
    fn leading_to(&self, id: EntryId) -> Vec<Signed> {
        let entries: BTreeMap<EntryId, Signed> =
            self.room.entries().into_iter().map(|entry| (entry.id, entry)).collect();
        let mut leading = Vec::new();
        let mut next = entries.get(&id);
        while let Some(entry) = next {
            leading.push(entry.clone());
            next = entries.get(&entry.prev);
        }
        leading
    }

    /// What somebody says who knows what this node knows.
    fn deed(&mut self, who: usize, node: usize) -> Option<Deed> {
        let whom = (who + 1 + self.below(PEOPLE - 1)) % PEOPLE;
        let key = self.people[whom].key;
        let mut knows = self.nodes[node].fold.clone();
        let knows = knows.fold();
        let mut endings: Vec<EntryId> = knows.endings(&key).collect();
        endings.sort();
        endings.retain(|_| self.random.coin(2));
        let last = knows.last(&key).filter(|_| !self.random.coin(4));
        let end = End { key, last };
        let ticket = *self.random.pick(&self.tickets).unwrap_or(&TicketId([9; 32]));
        let begins = who < HONEST && self.people[who].last().is_none();
        let deed = match (begins, self.random.below(if self.closes { 20 } else { 16 })) {
            (true, 0..8) | (false, 0) => Deed::Join { ticket, key: KEY },
            (true, _) | (false, 1) => Deed::Device(key),
            (_, 2 | 3) => {
                let roles = [Role::CoOwner, Role::Moderator, Role::Keeper];
                let role = *self.random.pick(&roles).unwrap();
                let from = if self.random.coin(2) { 0 } else { end.count() };
                let keys = vec![rumormill_proto::governance::Appointed { key, from }];
                Deed::Appoint { keys, role, despite: endings }
            }
            (_, 4) => Deed::Dismiss { ends: vec![end], tickets: vec![ticket] },
            (_, 5 | 6) => Deed::Remove { ends: vec![end], tickets: vec![], knowing: endings },
            (_, 7) => Deed::Vouch(end),
            (_, 8) => Deed::End(end),
            (_, 9 | 10) => Deed::Admit { who: vec![key], ticket: None, despite: endings },
            (_, 11) => return self.announces(),
            (_, 12) => Deed::Revoke(ticket),
            (_, 13) => Deed::Welcome { who: key, ticket },
            (_, 14) => Deed::Mine(key),
            (_, 16 | 17) => {
                Deed::List { ends: vec![end], kept: self.random.coin(2).then_some(key).into_iter().collect() }
            }
            (_, 18) => Deed::Close { lists: self.random.below(2) },
            (_, 19) if who == 0 && self.random.coin(2) => Deed::StepDown { closer: Some(key) },
            _ if who != 0 && self.random.coin(3) => Deed::StepDown { closer: None },
            _ => return None,
        };
        Some(deed)
    }

    fn announces(&mut self) -> Option<Deed> {
        let ticket = TicketId([self.tickets.len() as u8; 32]);
        self.tickets.push(ticket);
        Some(Deed::Ticket { ticket, guest: Guest::Member, key: KEY, uses: 1 + self.random.below(2), expires_ms: None })
    }

    /// Two nodes tell each other what is passed on.
    fn gossip(&mut self) {
        let (one, other) = (self.below(HONEST), self.below(HONEST));
        self.tell(one, other);
        self.tell(other, one);
    }

    fn tell(&mut self, from: usize, to: usize) -> bool {
        let told = self.nodes[from].fold.fold().passed_on();
        let new: Vec<Signed> = self.room.entries().into_iter().filter(|entry| told.contains(&entry.id)).collect();
        new.into_iter().filter(|entry| self.nodes[to].take(entry.clone())).count() > 0
    }

    /// All tell each other until nobody has anything new, a newcomer among them. Whether that ends.
    fn settle(&mut self) -> bool {
        let founding = self.room.entries().remove(0);
        self.nodes.push(Node::new(&founding));
        let nodes = self.nodes.len();
        (0..100).any(|_| {
            let mut news = false;
            for (from, to) in (0..nodes).flat_map(|from| (0..nodes).map(move |to| (from, to))) {
                news |= from != to && self.tell(from, to);
            }
            !news
        })
    }
}

/// What a grant is, whatever else there is.
type Plain = (AuthorId, Vec<(Seq, u8)>, Role, Seq, Option<Seq>, Vec<EntryId>);

fn plain(fold: &Fold<'_>, grant: &Grant) -> Plain {
    let acts = fold.grants().iter().filter(|other| *other == grant).flat_map(|grant| fold.acts(grant));
    let acts = acts.map(|act| act.id).collect();
    (grant.key, grant.path.steps().to_vec(), grant.role, grant.from, grant.cut, acts)
}

proptest! {
    #[test]
    fn equal_sets_of_entries_give_equal_states(seed: u64, steps in 1usize..50) {
        let mut entries = World::any(seed, steps).room.entries();
        let said = state(&mut folded(&entries));
        let mut random = Random::new(seed);
        for _ in 0..4 {
            random.shuffle(&mut entries);
            prop_assert_eq!(&state(&mut folded(&entries)), &said);
        }
    }

    #[test]
    fn a_fold_that_grows_equals_one_that_is_made_at_once(seed: u64, steps in 1usize..30) {
        let mut entries = World::any(seed, steps).room.entries();
        Random::new(seed).shuffle(&mut entries);
        let mut growing = folded(&[]);
        for at in 0..entries.len() {
            growing.insert(entries[at].clone());
            prop_assert_eq!(state(&mut growing), state(&mut folded(&entries[..=at])), "after {}", at);
            prop_assert_eq!(growing.fold().passed_on(), folded(&entries[..=at]).fold().passed_on(), "after {}", at);
        }
    }

    #[test]
    fn nobody_changes_what_ranks_above(seed: u64, steps in 1usize..50, whose in 1usize..PEOPLE, from in 0u64..4) {
        let world = World::grown(seed, steps);
        let (whose, entries) = (world.people[whose].key, world.room.entries());
        let without: Vec<Signed> =
            entries.iter().filter(|entry| entry.author != whose || entry.seq < from).cloned().collect();
        let (mut with, mut without) = (folded(&entries), folded(&without));
        let (with, without) = (with.fold(), without.fold());
        let first = with.grants().iter().position(|grant| grant.key == whose).unwrap_or(with.grants().len());
        let leaves = with.grants().iter().position(|grant| grant.role.is_leaf()).unwrap_or(with.grants().len());
        let governs = first < with.grants().len();
        let above = if governs { first.min(leaves) } else { first };
        for (one, other) in with.grants().iter().zip(without.grants()).take(above) {
            prop_assert_eq!(plain(&with, one), plain(&without, other));
        }
        prop_assert!(without.grants().len() >= above);
    }

    #[test]
    fn a_cut_is_undone_only_by_its_author_or_from_above(seed: u64, steps in 1usize..40, whom in 1usize..PEOPLE) {
        let mut world = World::grown(seed, steps);
        let mut all = folded(&world.room.entries());
        let key = world.people[whom].key;
        let last = all.fold().last(&key);
        world.people[0].removes(&[End { key, last }]);
        let mut before = folded(&world.room.entries());
        let before = before.fold();
        prop_assert!(!before.present().contains(&key));
        let before = before.counted();
        for step in 0..steps {
            let who = 1 + (step + seed as usize % PEOPLE) % (PEOPLE - 1);
            world.step(who);
        }
        let mut all = folded(&world.room.entries());
        let all = all.fold();
        prop_assert!(!all.present().contains(&key));
        for entry in world.room.entries().iter().filter(|entry| entry.author == key) {
            if all.counts(&key, entry.seq, &entry.id) {
                let acted = all.grants().iter().flat_map(|grant| all.acts(grant)).filter(|act| act.author == key);
                let acted = acted.map(|act| act.seq).max();
                prop_assert!(before.contains(&entry.id) || acted.is_some_and(|acted| entry.seq <= acted));
            }
        }
    }
}

proptest! {
    // Without a fork behind a named entry, or what leads to it, one world in a thousand ends in two states.
    #![proptest_config(ProptestConfig { cases: 4 * ProptestConfig::default().cases.max(1_000), ..ProptestConfig::default() })]

    #[test]
    fn nodes_that_pass_on_what_a_fold_says_end_alike_and_so_does_a_newcomer(seed: u64, steps in 1usize..40) {
        let mut world = World::any(seed, steps);
        prop_assert!(world.settle(), "they tell each other news for ever");
        let states: Vec<String> = world.nodes.iter_mut().map(|node| state(&mut node.fold)).collect();
        for (node, said) in states.iter().enumerate() {
            prop_assert_eq!(said, &states[0], "node {}", node);
        }
    }
}

/// The acts at these places, as a node holds them.
fn at(world: &World, fold: &Fold<'_>, places: &[(AuthorId, Seq)]) -> Vec<Signed> {
    let entries = world.room.entries();
    let held = |(author, seq): &(AuthorId, Seq)| {
        let is = |entry: &&Signed| (entry.author, entry.seq) == (*author, *seq) && fold.counts(author, *seq, &entry.id);
        entries.iter().find(is).cloned()
    };
    places.iter().filter_map(held).collect()
}

/// The acts of a chain whose authors nothing ends that a fold holds.
fn standing(fold: &Fold<'_>, acts: &[Signed]) -> Vec<Signed> {
    let governs = |act: &Signed| matches!(act.deed, Some(Deed::Appoint { .. } | Deed::Admit { .. }));
    let may = |act: &Signed| match fold.role(&act.author) {
        Some(Role::Owner | Role::CoOwner) => true,
        Some(Role::Moderator) => matches!(act.deed, Some(Deed::Admit { .. })),
        _ => false,
    };
    let dismissed = |act: &Signed| !may(act) && fold.endings(&act.author).next().is_some();
    let stands = |act: &&Signed| fold.is_present(&act.author) && !(governs(act) && dismissed(act));
    acts.iter().filter(stands).cloned().collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn a_chain_is_taken_by_who_knows_the_founder_alone_and_not_by_who_holds_an_ending_of_a_link(seed: u64) {
        let world = World::grown(seed, 60);
        let founding = world.room.entries().remove(0);
        for node in &world.nodes {
            let mut held = node.fold.clone();
            let fold = held.fold();
            for member in fold.members().iter().filter(|member| **member != founding.author) {
                let places = fold.chain(member);
                let acts = at(&world, &fold, &places);
                if places.is_empty() || acts.len() < places.len() {
                    continue;
                }
                let mut first = Governance::new(founding.author);
                first.insert(founding.clone());
                prop_assert!(first.fold().vouched(member, &acts), "{acts:?} for {member:?}");
                let mut fewer = acts.clone();
                fewer.remove(acts.len() / 2);
                prop_assert!(!first.fold().vouched(member, &fewer), "each link is needed: {acts:?}");
                let taken = fold.vouched(member, &acts);
                let standing = standing(&fold, &acts);
                prop_assert_eq!(taken, fold.vouched(member, &standing), "an ended link counts for nothing: {:?}", acts);
                let is_whole = standing.len() == acts.len();
                prop_assert!(taken || !is_whole || !fold.is_present(member), "{:?} for {:?}", acts, member);
                prop_assert!(!taken || fold.is_present(member), "{:?} for {:?}", acts, member);
            }
        }
    }
}
