//! What one peer does with a rumor, step by step.

mod net;

use net::line;
use rumormill_proto::{
    frame::{Contact, Frame, Push},
    ids::{PeerId, Seq},
    input::{Event, Output, Step},
    limits::PUSH_BYTES,
    random::Random,
    rumor::{
        Policy, Rumors, Source,
        delegating::{Delegating, NOBODY},
        mongering::{Mongering, Stop},
    },
    run::RawRun,
    time::Now,
    turn::Turn,
    view::{Shape, View},
};

/// The peer whose id begins with these octal digits.
fn peer(digits: &str) -> PeerId {
    let bits = digits.chars().zip(0u32..).map(|(digit, at)| u64::from(digit as u32 - 48) << (61 - 3 * at));
    let mut id = PeerId([7; 32]);
    id.0[..8].copy_from_slice(&bits.fold(0, |all, bits| all | bits).to_be_bytes());
    id
}

/// One peer, its links and its rumors.
struct Desk {
    view: View,
    rumors: Rumors,
    random: Random,
    now_ms: u64,
    out: Vec<Output>,
}

impl Desk {
    /// A peer in a room that is no mesh, because there is somebody it has no link to.
    fn new(me: &str, links: &[&str], policy: Policy) -> Self {
        let mut desk = Self::in_a_mesh(me, links, policy);
        let stranger = Contact { peer: PeerId([1; 32]), address: "nowhere".into() };
        desk.view.heard(vec![stranger], None, &mut Turn::new(Now::default(), &mut desk.random, &mut vec![]));
        assert!(!desk.view.is_mesh());
        desk
    }

    fn in_a_mesh(me: &str, links: &[&str], policy: Policy) -> Self {
        let mut view = View::new(Shape::Open, peer(me));
        let mut random = Random::new(1);
        for link in links {
            let closed = view.up(peer(link), None, &mut Turn::new(Now::default(), &mut random, &mut vec![]));
            assert_eq!(closed, None);
        }
        Self { view, rumors: Rumors::new(&policy, peer(me)), random, now_ms: 1_000, out: vec![] }
    }

    /// Lets the rumors have a turn, in which steps are traced.
    fn turn(&mut self, act: impl FnOnce(&mut Rumors, &View, &mut Turn<'_>)) -> &mut Self {
        let now = Now { ticks_ms: self.now_ms, wall_ms: 0 };
        let mut turn = Turn::new(now, &mut self.random, &mut self.out);
        turn.trace = true;
        act(&mut self.rumors, &self.view, &mut turn);
        self
    }

    fn hot(&mut self, runs: Vec<RawRun>, from: Option<(&str, u8)>) -> &mut Self {
        let from = from.map(|(digits, part)| Source { peer: peer(digits), part, hops: 1 });
        self.turn(|rumors, view, turn| rumors.hot(runs, from, view, turn))
    }

    fn known(&mut self, run: RawRun, from: &str, part: u8) -> &mut Self {
        let from = Source { peer: peer(from), part, hops: 1 };
        self.turn(|rumors, view, turn| rumors.known(vec![run], from, view, turn))
    }

    fn ack(&mut self, from: PeerId, push: u64, new: bool) -> &mut Self {
        self.turn(|rumors, view, turn| rumors.ack(from, (push, new), view, turn))
    }

    fn down(&mut self, digits: &str) -> &mut Self {
        let now = Now { ticks_ms: self.now_ms, wall_ms: 0 };
        self.view.down(peer(digits), &mut Turn::new(now, &mut self.random, &mut vec![]));
        self.turn(|rumors, view, turn| rumors.down(peer(digits), view, turn))
    }

    /// Waits for the next deadline; returns how long that took.
    fn wait(&mut self) -> u64 {
        let before_ms = self.now_ms;
        self.now_ms = self.rumors.next_deadline().unwrap_or(before_ms);
        self.turn(Rumors::wake);
        self.now_ms - before_ms
    }

    /// The pushes since the last call.
    fn pushes(&mut self) -> Vec<(PeerId, Push)> {
        let push = |output| match output {
            Output::Send { to, frame: Frame::Push(push) } => Some((to, push)),
            _ => None,
        };
        self.out.drain(..).filter_map(push).collect()
    }

    /// The parts handed over since the last call.
    fn parts(&mut self) -> Vec<(PeerId, u8)> {
        let mut parts: Vec<_> = self.pushes().into_iter().map(|(to, push)| (to, push.part)).collect();
        parts.sort_unstable();
        parts
    }

    fn announced(&mut self) -> Vec<(PeerId, Vec<(u64, Seq)>)> {
        let have = |output| match output {
            Output::Send { to, frame: Frame::Have { heads } } => Some((to, heads)),
            _ => None,
        };
        self.out.drain(..).filter_map(have).collect()
    }
}

fn delegating(announced: usize) -> Policy {
    Policy::Delegating(Delegating { announced, ..Delegating::default() })
}

fn parts<const N: usize>(parts: [(&str, u8); N]) -> Vec<(PeerId, u8)> {
    parts.map(|(digits, part)| (peer(digits), part)).into()
}

const LINKS: [&str; 6] = ["0", "5", "27", "262", "2634", "2650"];

#[test]
fn every_branch_of_the_part_received_is_handed_to_one_contact() {
    let all = [("0", 1), ("5", 1), ("27", 2), ("262", 3), ("2634", 4), ("2650", 3)];
    let cases: [(_, &[_]); 6] = [
        (None, &all),
        (Some(("5", 1)), &all[2..]),
        (Some(("27", 2)), &all[3..]),
        (Some(("2650", 3)), &[("2634", 4)]),
        (Some(("5", NOBODY)), &[]),
        (Some(("5", 255)), &[]),
    ];
    for (from, expected) in cases {
        let mut desk = Desk::new("2630", &LINKS, delegating(0));
        let mut expected: Vec<_> = expected.iter().map(|(digits, part)| (peer(digits), *part)).collect();
        expected.sort_unstable();
        assert_eq!(desk.hot(vec![line(1, 0)], from).parts(), expected, "{from:?}");
    }
}

#[test]
fn nobody_hands_over_more_than_the_branch_it_sees_us_in() {
    let mut desk = Desk::new("2630", &LINKS, delegating(0));
    assert_eq!(desk.hot(vec![line(1, 0)], Some(("27", 0))).parts(), parts([("262", 3), ("2634", 4), ("2650", 3)]));
}

#[test]
fn in_a_mesh_all_of_the_part_received_are_told_and_nothing_is_handed_over() {
    let mut desk = Desk::in_a_mesh("2630", &LINKS, delegating(0));
    assert_eq!(desk.hot(vec![line(1, 0)], None).parts().len(), 6);
    desk.hot(vec![line(1, 1)], Some(("5", 1)));
    assert_eq!(desk.parts(), parts([("262", NOBODY), ("2634", NOBODY), ("2650", NOBODY), ("27", NOBODY)]));
}

#[test]
fn a_part_handed_over_again_is_told_once_and_a_wider_one_only_where_it_is_wider() {
    let mut desk = Desk::new("2630", &LINKS, delegating(0));
    desk.hot(vec![line(1, 0)], Some(("2650", 3)));
    assert_eq!(desk.parts(), parts([("2634", 4)]));
    assert_eq!(desk.known(line(1, 0), "262", 3).parts(), []);
    assert_eq!(desk.known(line(1, 0), "5", 1).parts(), parts([("262", 3), ("2650", 3), ("27", 2)]));
    assert_eq!(desk.known(line(1, 0), "0", 1).parts(), []);
}

#[test]
fn what_anti_entropy_found_is_told_on_when_a_part_comes_with_it_later() {
    let mut desk = Desk::new("2630", &LINKS, delegating(0));
    assert_eq!(desk.hot(vec![line(1, 0)], Some(("0", NOBODY))).parts(), []);
    assert_eq!(desk.known(line(1, 0), "5", 1).parts().len(), 4);
}

#[test]
fn a_replay_goes_nowhere() {
    let mut desk = Desk::new("2630", &LINKS, delegating(2));
    desk.known(line(1, 0), "5", 1);
    assert_eq!((desk.out.len(), desk.rumors.next_deadline()), (0, None));
    let mut desk = Desk::new("2630", &LINKS, Policy::Mongering(Mongering::default()));
    desk.known(line(1, 0), "5", 1);
    assert_eq!((desk.out.len(), desk.rumors.next_deadline()), (0, None));
}

#[test]
fn rumors_of_one_instant_travel_together_while_they_fit() {
    let mut desk = Desk::in_a_mesh("2630", &["0"], gathering());
    for seq in 0..300 {
        desk.hot(vec![line(1, seq)], None);
    }
    desk.wait();
    let pushes = desk.pushes();
    assert_eq!(pushes.iter().map(|(_, push)| push.runs.len()).collect::<Vec<_>>(), [256, 44]);
    let bytes = |push: &Push| push.runs.iter().map(|run| run.wire().len()).sum::<usize>();
    assert!(pushes.iter().all(|(_, push)| bytes(push) <= PUSH_BYTES));
    for (to, push) in pushes {
        desk.ack(to, push.push, true);
    }
    assert_eq!(desk.rumors.next_deadline(), None, "two answers settle them all");
}

#[test]
fn an_unanswered_part_goes_to_others_in_its_branch_each_once() {
    let mut desk = Desk::new("2630", &["50", "51", "52", "53", "54", "0"], delegating(0));
    let first = desk.hot(vec![line(1, 0)], None).pushes();
    let (other, push) = first.iter().find(|(to, _)| *to == peer("0")).unwrap();
    desk.ack(*other, push.push, true);
    let mut tried: Vec<_> = first.iter().map(|(to, _)| *to).filter(|to| *to != peer("0")).collect();
    for _ in 0..3 {
        assert_eq!(desk.wait(), 900, "three round trips of a peer that has never answered");
        let again = desk.pushes();
        assert_eq!(again.len(), 1);
        assert!(again[0].1.part == 1 && !tried.contains(&again[0].0), "{again:?} after {tried:?}");
        tried.push(again[0].0);
    }
    desk.wait();
    assert_eq!((desk.pushes().len(), desk.rumors.next_deadline()), (0, None), "three others are enough");
}

#[test]
fn a_broken_link_gives_back_its_part_at_once() {
    let mut desk = Desk::new("2630", &["50", "51"], delegating(0));
    let (to, _) = desk.hot(vec![line(1, 0)], None).pushes()[0].clone();
    let (gone, other) = if to == peer("50") { ("50", "51") } else { ("51", "50") };
    assert_eq!(desk.down(gone).parts(), parts([(other, 1)]));
    assert_eq!(desk.down(other).parts(), []);
    assert_eq!(desk.rumors.next_deadline(), None);
}

#[test]
fn patience_follows_the_round_trips() {
    let mut desk = Desk::new("2630", &["50"], delegating(0));
    for seq in 0..20 {
        let (to, push) = desk.hot(vec![line(1, seq)], None).pushes()[0].clone();
        desk.now_ms += 100;
        desk.ack(to, push.push, true);
    }
    desk.hot(vec![line(1, 20)], None).pushes();
    assert_eq!(desk.wait(), 300, "three times what the answers took");
    desk.hot(vec![line(1, 21)], None);
    assert_eq!(desk.wait(), 600, "twice as long after one that did not come");
}

#[test]
fn the_last_head_of_each_author_is_announced_once_to_links_that_may_lack_it() {
    let mut desk = Desk::new("2630", &["0", "50"], delegating(2));
    desk.hot(vec![line(1, 0), line(1, 1), line(2, 5)], Some(("50", NOBODY))).pushes();
    assert!((450..=750).contains(&desk.wait()), "two round trips of peers that have never answered");
    let heads = vec![(u64::from_be_bytes([1; 8]), 1), (u64::from_be_bytes([2; 8]), 5)];
    assert_eq!(desk.announced(), [(peer("0"), heads)], "not to who told us");
    assert_eq!(desk.rumors.next_deadline(), None);
    let (to, push) = desk.hot(vec![line(3, 0)], None).pushes().swap_remove(0);
    desk.ack(to, push.push, true);
    while desk.rumors.next_deadline().is_some() {
        desk.wait();
    }
    assert!(desk.announced().iter().all(|(told, _)| *told != to), "nor to who answered");
}

#[test]
fn when_nobody_in_a_branch_answers_all_links_hear_of_it() {
    let mut desk = Desk::new("2630", &["50", "0", "1", "3", "4"], delegating(1));
    let pushes = desk.hot(vec![line(1, 0)], None).pushes();
    for (to, push) in pushes.iter().filter(|(to, _)| *to != peer("50")) {
        desk.ack(*to, push.push, true);
    }
    while desk.rumors.next_deadline().is_some() {
        desk.wait();
    }
    let heard: Vec<_> = desk.announced().into_iter().map(|(to, _)| to).collect();
    assert!(heard.contains(&peer("50")), "{heard:?}");
    assert!(heard.iter().all(|to| *to == peer("50")), "those that answered need not be told");
}

#[test]
fn what_a_rumor_missed_is_announced_to_all_links() {
    for (hops, expected) in [(1, 1), (0, 3)] {
        let mut desk = Desk::new("2630", &["50", "0", "1", "3"], delegating(1));
        let from = Source { peer: peer("50"), part: NOBODY, hops };
        desk.turn(|rumors, view, turn| rumors.hot(vec![line(1, 0)], Some(from), view, turn));
        desk.wait();
        let heard = desk.announced();
        assert!(heard.len() <= expected && (hops > 0 || heard.len() == expected), "{heard:?}");
    }
}

#[test]
fn the_contact_that_answers_soonest_is_handed_the_part() {
    let mut desk = Desk::new("2630", &["50", "51", "52"], delegating(0));
    for (digits, took_ms) in [("50", 80), ("51", 20), ("52", 90)] {
        desk.turn(|rumors, view, turn| rumors.up(peer(digits), view, turn));
        desk.rumors.greeted(peer(digits), 1_000 + took_ms);
    }
    for seq in 0..10 {
        assert_eq!(desk.hot(vec![line(1, seq)], None).parts(), parts([("51", 1)]));
    }
}

fn gathering() -> Policy {
    Policy::Delegating(Delegating { announced: 0, gather_ms: 50 })
}

#[test]
fn what_is_written_within_a_while_goes_to_one_relay_which_tells_everybody() {
    let links = ["0", "1", "3", "4", "5"];
    let mut desk = Desk::in_a_mesh("2630", &links, gathering());
    desk.hot(vec![line(1, 0)], None).hot(vec![line(1, 1)], None);
    assert!(desk.pushes().is_empty());
    assert_eq!(desk.wait(), 50);
    let pushes = desk.pushes();
    let [(relay, push)] = &pushes[..] else {
        return assert_eq!(pushes.len(), 5, "we are the relay ourselves: {pushes:?}");
    };
    assert_eq!((push.part, push.runs.len()), (0, 2));
    let others: Vec<_> = ["2630"].iter().chain(&links).copied().filter(|digits| peer(digits) != *relay).collect();
    let digits = links.iter().copied().find(|digits| peer(digits) == *relay).unwrap_or("2630");
    let mut desk = Desk::in_a_mesh(digits, &others, gathering());
    desk.hot(push.runs.clone(), Some(("2630", 0)));
    desk.wait();
    let told = desk.parts();
    assert_eq!(told.len(), 4, "all but itself and the writer: {told:?}");
    assert!(told.iter().all(|(to, part)| *to != peer("2630") && *part == NOBODY));
}

#[test]
fn a_relay_that_does_not_answer_is_passed_over() {
    let mut desk = Desk::in_a_mesh("2630", &["0", "1", "3", "4", "5"], gathering());
    desk.hot(vec![line(1, 0)], None).wait();
    if desk.pushes().len() == 1 {
        desk.wait();
        assert_eq!(desk.parts().len(), 5);
    }
}

fn mongering(stop: Stop) -> Policy {
    Policy::Mongering(Mongering { stop, ..Mongering::default() })
}

#[test]
fn a_useful_contact_is_followed_at_once_an_unnecessary_one_after_a_cycle() {
    let mut desk = Desk::new("2630", &LINKS, mongering(Stop::Counter(2)));
    let (first, push) = desk.hot(vec![line(1, 0)], None).pushes().swap_remove(0);
    desk.now_ms += 3;
    let (second, push) = desk.ack(first, push.push, true).pushes().swap_remove(0);
    assert_ne!(first, second, "nobody is told twice");
    desk.now_ms += 3;
    assert!(desk.ack(second, push.push, false).pushes().is_empty());
    assert_eq!(desk.wait(), 17, "a cycle of 20 ms after the contact began");
    let (third, push) = desk.pushes().swap_remove(0);
    assert!(desk.ack(third, push.push, false).pushes().is_empty());
    assert_eq!(desk.rumors.next_deadline(), None, "interest is lost after two");
}

#[test]
fn a_useful_contact_puts_the_counter_back() {
    let mut desk = Desk::new("2630", &LINKS, mongering(Stop::Counter(2)));
    desk.hot(vec![line(1, 0)], None);
    for new in [false, true, false, true, false] {
        let (to, push) = desk.pushes().swap_remove(0);
        desk.ack(to, push.push, new);
        if !new {
            desk.wait();
        }
    }
    assert_eq!(desk.pushes().len(), 1);
}

#[test]
fn a_coin_is_told_and_obeyed() {
    let (mut on, mut off) = (0, 0);
    for seed in 0..200 {
        let mut desk = Desk::new("2630", &LINKS, mongering(Stop::Coin(2)));
        desk.random = Random::new(seed);
        let (to, push) = desk.hot(vec![line(1, 0)], None).pushes().swap_remove(0);
        desk.ack(to, push.push, false);
        match desk.out[..] {
            [Output::Emit(Event::Step(Step::Coin { go_on }))] => {
                assert_eq!(desk.rumors.next_deadline().is_some(), go_on);
                if go_on { on += 1 } else { off += 1 }
            }
            _ => panic!("{:?}", desk.out),
        }
    }
    assert!((70..=130).contains(&on), "{on} on, {off} off");
}

#[test]
fn whoever_pushes_a_rumor_is_not_told_it() {
    let mut desk = Desk::new("2630", &["0", "5"], mongering(Stop::Coin(2)));
    let (first, push) = desk.hot(vec![line(1, 0)], None).pushes().swap_remove(0);
    let other = if first == peer("0") { "5" } else { "0" };
    desk.known(line(1, 0), other, 0);
    assert!(desk.ack(first, push.push, true).pushes().is_empty());
    assert_eq!(desk.rumors.next_deadline(), None, "everybody knows");
}

#[test]
fn a_partner_that_does_not_answer_is_followed_by_another_three_times() {
    let mut desk = Desk::new("2630", &LINKS, mongering(Stop::Coin(2)));
    desk.hot(vec![line(1, 0)], None);
    let mut contacts = 0;
    while desk.rumors.next_deadline().is_some() {
        contacts += desk.pushes().len();
        desk.wait();
    }
    assert_eq!(contacts + desk.pushes().len(), 4);
}
