//! Whom a rumor reaches, how far and how often.

mod net;

use net::{Net, line};
use rumormill_proto::rumor::{
    Policy,
    delegating::Delegating,
    mongering::{Direction, Mongering},
};

fn delegating() -> Policy {
    Policy::Delegating(Delegating::default())
}

/// Delegation without announcements.
fn without_announcements() -> Policy {
    Policy::Delegating(Delegating { announced: 0, ..Delegating::default() })
}

/// A room that has had a minute to settle.
fn large_room(peers: usize, policy: &Policy, seed: u64) -> Net {
    let mut net = Net::new(peers, policy, 10..50, seed);
    net.join(20);
    net.run(60_000);
    net
}

#[test]
fn in_a_mesh_delegation_is_one_hop_and_no_copy_too_many() {
    for peers in [2, 3, 8, 33] {
        let mut net = Net::new(peers, &delegating(), 10..50, 1);
        net.join(0);
        net.run(5_000);
        assert_eq!(net.links.len(), peers * (peers - 1) / 2, "{peers} peers are a mesh");
        net.say(0, line(1, 0));
        net.run(2_000);
        assert_eq!((net.holders(1, 0), net.copies), (peers, peers as u64 - 1));
        assert!(net.nodes.iter().flat_map(|node| node.held.values()).all(|&hops| hops <= 1));
    }
}

#[test]
fn in_a_large_room_delegation_reaches_all_in_a_few_hops_with_hardly_a_copy_too_many() {
    for peers in [60, 200] {
        let mut net = large_room(peers, &without_announcements(), 1);
        for (author, writer) in [(1, 0), (2, peers / 2), (3, peers - 1)] {
            net.copies = 0;
            net.say(writer, line(author, 0));
            net.run(3_000);
            assert_eq!(net.holders(author, 0), peers);
            assert!(net.copies as f64 <= 1.05 * peers as f64, "{} copies for {peers} peers", net.copies);
            let hops = net.nodes.iter().flat_map(|node| node.held.values()).max().copied().unwrap_or(0);
            assert!(hops <= 5, "{hops} hops for {peers} peers");
        }
    }
}

#[test]
fn what_a_dead_contact_leaves_untold_goes_to_another() {
    let mut net = large_room(100, &without_announcements(), 2);
    for (author, living) in [(1, 99), (2, 98), (3, 97)] {
        net.say(0, line(author, 0));
        let contact = net.under_way().into_iter().find(|&to| !net.nodes[to].dead).unwrap();
        net.kill(contact, 10_000);
        net.run(2_000);
        assert_eq!(net.holders(author, 0), living, "after the death of {contact}, which nobody knows of");
        net.run(60_000);
    }
}

#[test]
fn what_a_broken_link_carried_goes_to_another_without_waiting() {
    let mut net = large_room(100, &without_announcements(), 3);
    net.say(0, line(1, 0));
    let contact = net.under_way()[0];
    net.kill(contact, 20);
    net.run(400);
    assert_eq!(net.holders(1, 0), 99);
}

#[test]
fn announcements_find_most_of_what_peers_that_tell_nobody_leave_out() {
    let missed = |policy| {
        let mut net = large_room(100, &policy, 4);
        (5..100).step_by(5).for_each(|at| net.nodes[at].mute = true);
        let rumors = 1..=16;
        rumors.clone().for_each(|author| {
            net.say(0, line(author, 0));
            net.run(5_000);
        });
        rumors.map(|author| 100 - net.holders(author, 0)).sum::<usize>()
    };
    let (with, without) = (missed(delegating()), missed(without_announcements()));
    assert!(without >= 150 && with <= without / 2, "{with} of {without} are still missed");
}

#[test]
fn announcements_cost_little_and_come_to_an_end() {
    let mut net = large_room(60, &delegating(), 5);
    for seq in 0..50 {
        net.say(7, line(1, seq));
    }
    net.run(3_000);
    let haves = net.haves;
    assert!(haves <= 3 * 2 * 60, "{haves} heads for fifty lines by one author to sixty peers");
    net.run(60_000);
    assert_eq!(net.haves, haves);
}

#[test]
fn a_rumor_always_crosses_a_line_of_sixteen() {
    let first_system = Mongering::default();
    let both = Mongering { direction: Direction::PushPull, ..Mongering::default() };
    for (policy, within_ms) in
        [(Policy::Mongering(first_system), 100), (Policy::Mongering(both), 100), (delegating(), 100)]
    {
        for seed in 0..20 {
            let mut net = Net::line(16, &policy, seed);
            net.run(1_000);
            assert_eq!(net.links.len(), 15);
            for (author, writer) in [(1, 0), (2, 15), (3, 6)] {
                net.say(writer, line(author, 0));
                net.run(within_ms);
                assert_eq!(net.holders(author, 0), 16, "{policy:?}, from {writer}, seed {seed}");
            }
        }
    }
}

#[test]
fn what_was_said_before_anybody_came_is_told_when_they_come() {
    let mut net = Net::line(2, &Policy::Mongering(Mongering::default()), 1);
    net.say(0, line(1, 0));
    net.run(1_000);
    assert_eq!(net.holders(1, 0), 2);
}

#[test]
fn rumors_by_many_at_once_all_arrive() {
    let mut net = Net::new(20, &delegating(), 10..50, 6);
    net.join(0);
    net.run(5_000);
    for seq in 0..50 {
        (0..20).for_each(|at| net.say(at, line(at as u8, seq)));
        net.run(10);
    }
    net.run(5_000);
    assert!((0..20).all(|author| (0..50).all(|seq| net.holders(author, seq) == 20)));
    assert_eq!(net.copies, 20 * 50 * 19);
}
