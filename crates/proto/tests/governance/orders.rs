//! Every order in which the acts of three governors can arrive.

use rumormill_proto::governance::{Deed, Role, Signed};

use crate::{
    people::{Person, Room},
    world::{folded, state},
};

/// Acts of one governor.
const ACTS: usize = 8;

/// Of how many choices of four acts the quick test takes one.
const EVERY: usize = 331;

/// The owner, a co-owner that it appointed, a co-owner that this one appointed, and a member.
struct Governed {
    room: Room,
    governors: [Person; 3],
    member: Person,
    newcomer: Person,
}

impl Governed {
    fn new() -> Self {
        let (room, owner) = Room::founded();
        let [ada, bea, member, newcomer] = room.strangers();
        owner.appoints(&ada, Role::CoOwner);
        ada.appoints(&bea, Role::CoOwner);
        owner.admits(&[&member]);
        member.says();
        Self { room, governors: [owner, ada, bea], member, newcomer }
    }

    /// One of [`ACTS`] acts of a governor.
    fn act(&self, governor: usize, which: usize) {
        let by = &self.governors[governor];
        let other = &self.governors[if governor == 2 { 1 } else { 2 }];
        match which {
            0 => by.dismisses(other.here()),
            1 => by.removes_knowing(&[other.at(None)], self.room.endings(other)),
            2 => by.appoints_despite(other, Role::Moderator, self.room.endings(other)),
            3 => by.removes(&[self.member.here()]),
            4 => by.admits_despite(&[&self.member], self.room.endings(&self.member)),
            5 => by.admits(&[&self.newcomer]),
            6 => by.vouches(other.here()),
            _ => by.writes(Some(Deed::StepDown { closer: None })),
        };
    }
}

/// Folds each choice of four acts in each of the 24 orders of their arrival, and looks after each arrival.
fn check(choices: impl Iterator<Item = usize>) -> usize {
    let orders = permutations();
    let mut checked = 0;
    for choice in choices {
        let governed = Governed::new();
        let before = governed.room.entries().len();
        let acts = 3 * ACTS;
        let mut left = choice;
        for _ in 0..4 {
            governed.act(left % acts / ACTS, left % ACTS);
            left /= acts;
        }
        let entries = governed.room.entries();
        let (known, four) = entries.split_at(before);
        let said: Vec<String> = (0..16).map(|held| state(&mut folded(&chosen(known, four, held)))).collect();
        for order in &orders {
            let mut growing = folded(known);
            let mut held = 0;
            for act in order {
                growing.insert(four[*act].clone());
                held |= 1 << act;
                assert_eq!(state(&mut growing), said[held], "choice {choice}, order {order:?}, held {held:#06b}");
            }
        }
        checked += 1;
    }
    checked
}

fn chosen(known: &[Signed], four: &[Signed], held: usize) -> Vec<Signed> {
    let here = four.iter().enumerate().filter(|(act, _)| held & 1 << act != 0).map(|(_, entry)| entry);
    known.iter().chain(here).cloned().collect()
}

fn permutations() -> Vec<[usize; 4]> {
    let all = (0..256).map(|number| [number & 3, number >> 2 & 3, number >> 4 & 3, number >> 6]);
    all.filter(|order| (0..4).all(|act| order.contains(&act))).collect()
}

fn all() -> usize {
    (3 * ACTS).pow(4)
}

#[test]
fn four_acts_of_three_governors_in_every_order_of_arrival() {
    assert_eq!(permutations().len(), 24);
    assert_eq!(check((0..all()).step_by(EVERY)), all().div_ceil(EVERY));
}

/// All 331,776 choices: `cargo test -p rumormill-proto --test governance -- --ignored every_choice`.
#[test]
#[ignore = "takes many minutes"]
fn every_choice_of_four_acts_in_every_order_of_arrival() {
    assert_eq!(check(0..all()), all());
}
