//! How views form, and what strangers cannot do to them.

mod net;

use std::collections::BTreeSet;

use net::{Net, contact, line, peer};
use rumormill_proto::{
    frame::{Contact, Frame},
    ids::PeerId,
    input::Output,
    random::Random,
    rumor::Policy,
    time::Now,
    turn::Turn,
    view::{
        Shape, View,
        branch::{branch, shared},
    },
};

/// Branches, over all living peers, that have living members and no link.
fn uncovered(net: &Net) -> usize {
    let living: Vec<_> = (0..net.nodes.len()).filter(|&at| !net.nodes[at].dead).collect();
    let of = |&at: &usize| {
        let others = living.iter().filter(|other| **other != at);
        let needed: BTreeSet<_> = others.map(|&other| branch(&peer(at), &peer(other))).collect();
        let there: BTreeSet<_> = net.nodes[at].view.branches().map(|(_, branch)| branch).collect();
        needed.difference(&there).count()
    };
    living.iter().map(of).sum()
}

#[test]
fn a_mesh_forms_from_one_ticket_at_once() {
    for peers in [2, 5, 20, 33] {
        let mut net = Net::new(peers, &Policy::default(), 10..50, 1);
        net.join(0);
        net.run(1_000);
        assert_eq!(net.links.len(), peers * (peers - 1) / 2, "{peers} peers that come at the same time");
        assert!(net.nodes.iter().all(|node| node.view.is_mesh()));
    }
}

#[test]
fn a_newcomer_is_linked_with_a_whole_mesh_within_three_round_trips() {
    let mut net = Net::new(21, &Policy::default(), 50..51, 1);
    net.join_first(20, 0);
    net.run(10_000);
    net.hear(20, vec![contact(7)]);
    net.run(3 * 100 + 100);
    assert_eq!(net.nodes[20].view.len(), 20);
}

#[test]
fn a_large_room_covers_every_branch() {
    for seed in 0..2 {
        let mut net = Net::new(200, &Policy::default(), 10..50, seed);
        net.join(20);
        net.run(60_000);
        assert_eq!(uncovered(&net), 0, "seed {seed}");
        assert!(net.nodes.iter().all(|node| !node.view.is_mesh() && node.view.len() <= 128));
    }
}

#[test]
fn a_large_room_is_linked_with_its_neighbourhoods() {
    let mut net = Net::new(200, &Policy::default(), 10..50, 1);
    net.join(20);
    net.run(60_000);
    for at in 0..200 {
        let near = |other: &usize| *other != at && shared(&peer(at), &peer(*other)) >= 1;
        let neighbours: Vec<_> = (0..200).filter(near).collect();
        assert!(neighbours.len() <= 32, "one digit is enough for 200: {}", neighbours.len());
        let view = &net.nodes[at].view;
        assert!(neighbours.iter().all(|other| view.is_active(&peer(*other))), "{at}");
        assert!(neighbours.iter().all(|other| view.is_whole(branch(&peer(at), &peer(*other)))), "{at}");
    }
}

#[test]
fn a_view_heals_when_half_of_a_large_room_dies() {
    let mut net = Net::new(100, &Policy::default(), 10..50, 3);
    net.join(20);
    net.run(60_000);
    (0..100).step_by(2).for_each(|at| net.kill(at, 5_000));
    net.run(120_000);
    assert_eq!(uncovered(&net), 0);
}

#[test]
fn strangers_that_come_in_numbers_take_no_link_of_an_honest_mesh() {
    let mut net = Net::new(128, &Policy::default(), 10..50, 4);
    // Each by another's ticket: a peer that all others dial would have no link of its own that could count.
    for at in 1..32 {
        net.hear(at, vec![contact(at / 2)]);
    }
    net.run(60_000);
    net.nodes[32..].iter_mut().for_each(|node| node.mute = true);
    let honest = net.links.len();
    assert_eq!(honest, 32 * 31 / 2);
    for at in 32..128 {
        net.hear(at, (0..32).map(contact).collect());
        net.run(100);
    }
    for turn in 0..60 {
        net.say(turn % 32, line(turn as u8, 0));
        net.run(10_000);
        for at in 32..128 {
            let lies = (0..32).map(|lie| contact(32 + (at * 7 + lie * 3) % 96)).collect();
            net.shuffle(at, at % 32, lies);
        }
    }
    let dialled = |by: usize, to_false: bool| {
        let links = net.links.iter().filter(|(_, dialler)| **dialler == by);
        links.filter(|((a, b), _)| (*a.max(b) >= 32) == to_false).count()
    };
    assert_eq!(net.links.keys().filter(|(_, b)| *b < 32).count(), honest, "honest peers stay linked with each other");
    for at in 0..32 {
        let (to_false, to_honest) = (dialled(at, true), dialled(at, false));
        assert!(to_false <= to_honest, "{at} dialled {to_false} false peers and {to_honest} honest ones");
    }
}

/// A view in which the peers 1 to `links` have come, and its time.
struct Alone {
    view: View,
    now_ms: u64,
    random: Random,
    out: Vec<Output>,
    closed: Vec<PeerId>,
}

impl Alone {
    fn with_links(shape: Shape, links: usize) -> Self {
        let view = View::new(shape, peer(0));
        let mut alone = Self { view, now_ms: 1_000_000, random: Random::new(1), out: vec![], closed: vec![] };
        for at in 1..=links {
            alone.up(at);
        }
        alone.out.clear();
        alone
    }

    fn turn<T>(&mut self, act: impl FnOnce(&mut View, &mut Turn<'_>) -> T) -> T {
        let now = Now { ticks_ms: self.now_ms, wall_ms: 0 };
        act(&mut self.view, &mut Turn::new(now, &mut self.random, &mut self.out))
    }

    fn up(&mut self, at: usize) {
        let closed = self.turn(|view, turn| view.up(peer(at), Some(contact(at).address), turn));
        self.closed.extend(closed);
    }

    fn down(&mut self, at: usize) {
        self.turn(|view, turn| view.down(peer(at), turn));
    }

    fn heard(&mut self, at: usize) {
        self.turn(|view, turn| view.heard(vec![contact(at)], None, turn));
    }

    fn shuffle(&mut self, from: usize, peers: Vec<Contact>) {
        self.turn(|view, turn| view.shuffle(peer(from), peers, false, turn));
    }

    /// Lets time pass; every dial fails. Returns who was dialled and when.
    fn run(&mut self, ms: u64) -> Vec<(u64, PeerId)> {
        let end_ms = self.now_ms + ms;
        let mut dialled = Vec::new();
        loop {
            for output in std::mem::take(&mut self.out) {
                if let Output::Dial(contact) = output {
                    dialled.push((self.now_ms, contact.peer));
                    self.turn(|view, turn| view.unreachable(contact.peer, turn));
                }
            }
            if self.out.is_empty() {
                match self.view.next_deadline().filter(|ms| *ms <= end_ms) {
                    Some(ms) => self.now_ms = ms,
                    None => break,
                }
                self.turn(View::wake);
            }
        }
        self.now_ms = end_ms;
        dialled
    }

    fn brought(&mut self, at: usize) {
        self.view.brought(&peer(at));
    }

    /// Whom `at` was told of, in the order in which it was told.
    fn told(&self, at: usize) -> Vec<PeerId> {
        let told = self.out.iter().filter_map(|output| match output {
            Output::Send { to, frame: Frame::Shuffle { peers, .. } } if *to == peer(at) => Some(peers),
            _ => None,
        });
        told.flatten().map(|contact| contact.peer).collect()
    }

    /// Whom the view wants to dial at this moment.
    fn dials(&self) -> BTreeSet<PeerId> {
        let dials = self.out.iter().filter_map(|output| match output {
            Output::Dial(contact) => Some(contact.peer),
            _ => None,
        });
        dials.collect()
    }

    fn sent_to(&self, at: usize) -> usize {
        self.out.iter().filter(|output| matches!(output, Output::Send { to, .. } if *to == peer(at))).count()
    }
}

fn lies(from: usize, count: usize) -> Vec<Contact> {
    (0..count).map(|at| contact(1_000_000 * from + at)).collect()
}

#[test]
fn one_liar_fills_sixteen_places() {
    let mut alone = Alone::with_links(Shape::Open, 2);
    for round in 0..100 {
        alone.shuffle(1, lies(round, 32));
    }
    let dialled: BTreeSet<_> = alone.run(60_000).into_iter().map(|(_, peer)| peer).collect();
    assert_eq!(dialled.len(), 16);
}

#[test]
fn many_liars_fill_what_is_known_and_get_five_dials_a_second() {
    let mut alone = Alone::with_links(Shape::Open, 30);
    let mut dials = Vec::new();
    for round in 0..60 {
        (1..=30).for_each(|from| alone.shuffle(from, lies(round * 100 + from, 32)));
        dials.extend(alone.run(1_000));
    }
    assert!(dials.len() >= 100, "they are tried: {}", dials.len());
    for (at, (from_ms, _)) in dials.iter().enumerate() {
        let within = |ms: u64| dials[at..].iter().take_while(|(dial_ms, _)| *dial_ms <= from_ms + ms).count() as u64;
        assert!([0, 1_000, 10_000].iter().all(|&ms| within(ms) <= 16 + ms / 200 + 1));
    }
    let honest: BTreeSet<_> = alone.view.contacts().into_iter().map(|contact| contact.peer).collect();
    assert_eq!(honest, (1..=30).map(peer).collect(), "no liar drives out who works, nor is any lie told on");
}

#[test]
fn lies_are_not_told_on() {
    let mut alone = Alone::with_links(Shape::Open, 3);
    alone.shuffle(1, lies(1, 16));
    alone.up(4);
    assert_eq!(alone.told(4).into_iter().collect::<BTreeSet<_>>(), (1..=3).map(peer).collect());
}

#[test]
fn shuffles_are_answered_once_a_second() {
    let mut alone = Alone::with_links(Shape::Open, 3);
    (0..50).for_each(|_| alone.shuffle(1, vec![]));
    assert_eq!(alone.sent_to(1), 1);
    alone.now_ms += 1_000;
    alone.shuffle(1, vec![]);
    assert_eq!(alone.sent_to(1), 2);
    alone.shuffle(9, vec![]);
    assert_eq!(alone.sent_to(9), 0, "there is no link to it");
}

#[test]
fn who_once_worked_is_dialled_for_ever_and_others_eight_times() {
    let mut alone = Alone::with_links(Shape::Open, 1);
    alone.now_ms += 60_000;
    alone.down(1);
    alone.heard(2);
    let dialled = alone.run(3_600_000);
    let times = |at| dialled.iter().filter(|(_, dialled)| *dialled == peer(at)).count();
    assert_eq!(times(2), 8);
    assert!((288..=490).contains(&times(1)), "every ten seconds: {}", times(1));
}

#[test]
fn many_that_are_gone_cost_no_more_than_few() {
    let mut alone = Alone::with_links(Shape::Open, 30);
    alone.now_ms += 60_000;
    (1..=30).for_each(|at| alone.down(at));
    alone.run(600_000);
    let dialled = alone.run(600_000);
    assert!((240..=400).contains(&dialled.len()), "one every two seconds: {}", dialled.len());
    let gone: BTreeSet<_> = dialled.into_iter().map(|(_, peer)| peer).collect();
    assert_eq!(gone.len(), 30);
}

#[test]
fn a_peer_that_is_seen_on_the_lan_is_dialled_at_once() {
    let mut alone = Alone::with_links(Shape::Open, 1);
    alone.now_ms += 60_000;
    alone.down(1);
    alone.run(3_600_000);
    alone.heard(1);
    assert!(matches!(&alone.out[..], [Output::Dial(contact)] if contact.peer == peer(1)));
}

#[test]
fn a_fixed_view_dials_its_own_at_once_then_up_to_every_second_and_closes_all_others() {
    let mut alone = Alone::with_links(Shape::Fixed(vec![peer(1), peer(2)]), 0);
    alone.heard(1);
    alone.heard(3);
    alone.up(3);
    assert_eq!(alone.closed, [peer(3)]);
    let dialled = alone.run(60_000);
    assert!(dialled.iter().all(|(_, dialled)| *dialled == peer(1)));
    assert_eq!(dialled[0].0, 1_000_000);
    assert!(dialled[1].0 <= 1_000_125);
    let pauses: Vec<_> = dialled.windows(2).map(|pair| pair[1].0 - pair[0].0).collect();
    assert!(pauses[5..].iter().all(|pause| (750..=1_250).contains(pause)), "{pauses:?}");
    alone.up(1);
    alone.down(1);
    let again = alone.run(125);
    assert!(!again.is_empty(), "a link that broke is dialled again soon, however short it was");
}

#[test]
fn a_newcomer_displaces_no_link_that_was_chosen_or_lasts() {
    let mut alone = Alone::with_links(Shape::Open, 0);
    for at in 1..=10 {
        alone.heard(at);
        alone.up(at);
    }
    for at in 11..=74 {
        alone.now_ms += 1_000;
        alone.up(at);
    }
    assert_eq!(alone.view.len(), 74, "ten chosen, sixty-four that came");
    for at in 1_000..2_000 {
        alone.now_ms += 1_000;
        alone.up(at);
        assert!(alone.view.is_active(&peer(at)), "a newcomer gets in, to learn whom else to ask");
        assert_eq!(alone.view.len(), 74);
    }
    assert!((1..=42).all(|at| alone.view.is_active(&peer(at))), "ten chosen, thirty-two that last");
}

/// The first `count` peers from `first` on that are `near` to peer 0, sharing its first digit, or are not.
fn some(first: usize, count: usize, near: bool) -> Vec<usize> {
    (first..).filter(|at| (shared(&peer(0), &peer(*at)) > 0) == near).take(count).collect()
}

#[test]
fn a_newcomer_displaces_first_who_is_far_and_brought_nothing_and_last_who_is_near() {
    let mut alone = Alone::with_links(Shape::Open, 0);
    let (lasting, silent) = (some(1_000, 32, false), some(2_000, 12, false));
    let (telling, near) = (some(3_000, 10, false), some(4_000, 10, true));
    for &at in lasting.iter().chain(&silent).chain(&telling).chain(&near) {
        alone.now_ms += 60_000;
        alone.up(at);
    }
    telling.iter().for_each(|at| alone.brought(*at));
    let here = |alone: &Alone, peers: &[usize]| peers.iter().filter(|at| alone.view.is_active(&peer(**at))).count();
    // Each newcomer is the first to give us something, so that it is not the one to go.
    for (come, at) in some(10_000, 32, false).into_iter().enumerate() {
        alone.now_ms += 60_000;
        alone.up(at);
        alone.brought(at);
        let left = (here(&alone, &silent), here(&alone, &near), here(&alone, &lasting));
        assert_eq!(left, (12usize.saturating_sub(come + 1), 10, 32), "{come}");
    }
    for at in some(20_000, 100, true) {
        alone.now_ms += 60_000;
        alone.up(at);
    }
    assert!(here(&alone, &near) < 10, "when nobody else is left");
    assert_eq!((here(&alone, &telling), here(&alone, &lasting)), (0, 32));
}

/// Peers by the branch in which peer 0 sees them: of the largest branches so many each.
fn far(each: usize) -> Vec<Vec<usize>> {
    let branches: BTreeSet<_> = some(1, 200, false).iter().map(|at| branch(&peer(0), &peer(*at))).collect();
    let within = |seen| (1..).filter(move |at| branch(&peer(0), &peer(*at)) == seen).take(each).collect();
    branches.into_iter().map(within).collect()
}

#[test]
fn who_has_brought_something_is_dialled_before_who_merely_worked() {
    for best in 0..8 {
        let mut alone = Alone::with_links(Shape::Open, 0);
        let branches = far(9);
        assert_eq!(branches.len(), 7);
        for &at in branches.iter().flatten() {
            alone.up(at);
        }
        alone.now_ms += 60_000;
        branches[1..].iter().for_each(|others| alone.brought(others[0]));
        let (lone, [gone @ .., last]) = (&branches[0], &branches[0][..]) else { unreachable!("nine of them") };
        alone.brought(lone[best]);
        gone.iter().for_each(|at| alone.down(*at));
        alone.now_ms += 10_000;
        assert_eq!(alone.dials(), BTreeSet::new(), "there is one in that branch");
        alone.down(*last);
        assert_eq!(alone.dials(), [peer(lone[best])].into());
    }
}

#[test]
fn who_has_brought_something_is_told_of_first() {
    for seed in 0..10 {
        let mut alone = Alone::with_links(Shape::Open, 0);
        alone.random = Random::new(seed);
        let branches = far(6);
        let near = some(7_000, 20, true);
        branches.iter().flatten().chain(&near).for_each(|at| alone.up(*at));
        alone.now_ms += 60_000;
        let newcomer = some(5_000, 1, true)[0];
        let bringing = [&branches[0][..6], &branches[3][..1]].concat();
        bringing.iter().for_each(|at| alone.brought(*at));
        alone.out.clear();
        alone.up(newcomer);
        let told = alone.told(newcomer);
        assert!(bringing.iter().all(|at| told.contains(&peer(*at))), "a newcomer hears of all of them");
        assert_eq!(told.len(), 32, "and of others");
        alone.now_ms += 60_000;
        alone.out.clear();
        alone.shuffle(newcomer, vec![]);
        let told = alone.told(newcomer);
        assert!(told.contains(&peer(branches[3][0])), "of those in a branch it is the one to be told of");
    }
}

#[test]
fn strangers_that_cover_everything_leave_room_for_four_links_of_our_own() {
    let wanted = |bringing: usize| {
        let mut alone = Alone::with_links(Shape::Open, 0);
        let strangers = far(9);
        strangers.iter().flatten().for_each(|at| alone.up(*at));
        alone.now_ms += 60_000;
        strangers[0][..bringing].iter().for_each(|at| alone.brought(*at));
        some(5_000, 20, false).into_iter().for_each(|at| alone.heard(at));
        alone.dials().len()
    };
    assert_eq!((0..6).map(wanted).collect::<Vec<_>>(), [4, 3, 2, 1, 0, 0]);
}

#[test]
fn contacts_for_a_ticket_are_the_linked_then_the_last_that_worked() {
    let mut alone = Alone::with_links(Shape::Open, 4);
    alone.now_ms += 60_000;
    alone.down(2);
    alone.now_ms += 1_000;
    alone.down(3);
    alone.heard(9);
    let order: Vec<_> = alone.view.contacts().into_iter().map(|contact| contact.peer).collect();
    assert_eq!(order.len(), 4);
    assert_eq!(order[..2].iter().copied().collect::<BTreeSet<_>>(), [peer(1), peer(4)].into());
    assert_eq!(order[2..], [peer(3), peer(2)]);
}
