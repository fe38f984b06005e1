//! The engine's only source of chance: a generator seeded once, the same on every machine.
//!
//! It is ChaCha8: a seed names one run for ever, and nobody who sees some draws can foretell the others.

use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};

/// A seeded generator.
#[derive(Clone, Debug)]
pub struct Random(ChaCha8Rng);

impl Random {
    /// The generator that `seed` names.
    pub fn new(seed: u64) -> Self {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        Self(ChaCha8Rng::from_seed(key))
    }

    /// Any number.
    pub fn number(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// A number below `end`, all equally likely; 0 when `end` is 0.
    ///
    /// The result is the high half of a draw times `end`. If the low half is below 2^64 mod `end` the draw is repeated:
    /// otherwise some results would have one more draw that leads to them (Lemire 2019).
    pub fn below(&mut self, end: u64) -> u64 {
        let end = end.max(1);
        let uneven = end.wrapping_neg() % end;
        loop {
            let product = u128::from(self.number()) * u128::from(end);
            if product as u64 >= uneven {
                return (product >> 64) as u64;
            }
        }
    }

    /// True once in `k` times on average; always when `k` is 0 or 1.
    pub fn coin(&mut self, k: u32) -> bool {
        self.below(u64::from(k)) == 0
    }

    /// Between three and five quarters of `ms`, so that nodes that began together do not go on together.
    pub fn jitter(&mut self, ms: u64) -> u64 {
        (ms - ms / 4).saturating_add(self.below(ms / 2 + 1))
    }

    /// One of `items`, all equally likely.
    pub fn pick<'a, T>(&mut self, items: &'a [T]) -> Option<&'a T> {
        items.get(self.below(items.len() as u64) as usize)
    }

    /// Brings `items` into any order, all equally likely.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        self.draw(items, items.len());
    }

    /// At most `count` of `items`, all choices and orders equally likely.
    pub fn sample<T>(&mut self, mut items: Vec<T>, count: usize) -> Vec<T> {
        self.draw(&mut items, count);
        items.truncate(count);
        items
    }

    /// Draws the first `count` places from all items without putting any back.
    fn draw<T>(&mut self, items: &mut [T], count: usize) {
        for at in 0..count.min(items.len()) {
            let from = at + self.below((items.len() - at) as u64) as usize;
            items.swap(at, from);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_names_one_sequence_on_every_machine() {
        let mut random = Random::new(1);
        let drawn: Vec<_> = (0..4).map(|_| random.below(1000)).collect();
        assert_eq!(drawn, [381, 294, 798, 916]);
    }

    #[test]
    fn draws_are_even() {
        let mut random = Random::new(7);
        for end in [2, 3, 7, 10] {
            let mut hits = vec![0u32; end as usize];
            (0..6000 * end).for_each(|_| hits[random.below(end) as usize] += 1);
            assert!(hits.iter().all(|&hits| (5700..6300).contains(&hits)), "{end}: {hits:?}");
        }
        let heads = (0..30_000).filter(|_| random.coin(3)).count();
        assert!((9_600..10_400).contains(&heads), "{heads}");
    }

    #[test]
    fn every_order_and_every_choice_comes() {
        let mut random = Random::new(3);
        let orders: std::collections::BTreeSet<_> = (0..500)
            .map(|_| {
                let mut items = [0, 1, 2, 3];
                random.shuffle(&mut items);
                items
            })
            .collect();
        assert_eq!(orders.len(), 24);
        let pairs: std::collections::BTreeSet<_> = (0..500).map(|_| random.sample(vec![0, 1, 2, 3], 2)).collect();
        assert_eq!(pairs.len(), 12);
    }

    #[test]
    fn edges_have_answers() {
        let mut random = Random::new(5);
        assert_eq!(random.below(0), 0);
        assert!(random.coin(0) && random.coin(1));
        assert_eq!(random.pick::<u8>(&[]), None);
        assert!(random.sample(Vec::<u8>::new(), 3).is_empty());
        assert_eq!(random.jitter(0), 0);
        assert!((0..1000).all(|_| (75..=125).contains(&random.jitter(100))));
    }
}
