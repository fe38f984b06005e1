//! How one peer sees the id space: as branches that each hold other peers, and at no depth itself.
//!
//! Ids are read as digits of three bits, the most significant first. Seen from me, the branch of another peer is the
//! smallest part of the id space that holds it and not me: all ids that share as many digits with me as it does, and
//! then have its next digit.

use crate::{frontier::Branch, ids::PeerId, limits::FANOUT_BITS};

/// Leading digits that two ids share, at most [`Branch::DEEPEST`].
pub fn shared(a: &PeerId, b: &PeerId) -> u8 {
    let bits = (a.prefix() ^ b.prefix()).leading_zeros();
    Branch::DEEPEST.min((bits / FANOUT_BITS) as u8)
}

/// The branch in which `me` sees `peer`. Its depth is one more than the digits they share.
pub fn branch(me: &PeerId, peer: &PeerId) -> Branch {
    let depth = Branch::DEEPEST.min(shared(me, peer) + 1);
    let beyond = 64 - u32::from(depth) * FANOUT_BITS;
    Branch::new(depth, peer.prefix() >> beyond << beyond).unwrap_or(Branch::ROOT)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A peer whose id begins with these octal digits.
    fn peer(digits: &str) -> PeerId {
        let bits = digits.chars().zip(0u32..).map(|(digit, at)| u64::from(digit.to_digit(8).unwrap()) << (61 - 3 * at));
        let mut id = PeerId::default();
        id.0[..8].copy_from_slice(&bits.fold(0, |all, bits| all | bits).to_be_bytes());
        id
    }

    #[test]
    fn the_branch_is_the_smallest_part_without_me() {
        let cases = [("0123", "4567", 1), ("0123", "0567", 2), ("0123", "0122", 4), ("7777", "7770", 4)];
        for (me, other, depth) in cases {
            let (me, other) = (peer(me), peer(other));
            let seen = branch(&me, &other);
            assert_eq!((seen.depth(), shared(&me, &other)), (depth, depth - 1));
            assert!((seen.low()..=seen.high()).contains(&other.prefix()));
            assert!(!(seen.low()..=seen.high()).contains(&me.prefix()));
            assert_eq!(branch(&other, &me).depth(), depth, "{me} and {other} see each other at the same depth");
        }
    }

    #[test]
    fn ids_that_share_every_digit_have_a_branch_too() {
        let mut other = peer("0123");
        other.0[31] = 1;
        assert_eq!(shared(&peer("0123"), &other), Branch::DEEPEST);
        assert_eq!(branch(&peer("0123"), &other).depth(), Branch::DEEPEST);
    }
}
