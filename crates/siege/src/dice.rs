//! Random numbers from a seed: fast, and good enough to make bytes and choices.

/// A stream of random numbers.
#[derive(Clone)]
pub struct Dice(u64);

impl Dice {
    /// Equal seeds give equal streams.
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x6a09_e667_f3bc_c909)
    }

    /// Any number (SplitMix64: Steele, Lea, Flood 2014).
    pub fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`, which must not be 0.
    pub fn below(&mut self, end: usize) -> usize {
        (self.number() % end as u64) as usize
    }

    /// One of these, at random.
    pub fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }

    /// A number of the kind that tends to break programs.
    pub fn edge(&mut self) -> u64 {
        const EDGES: [u64; 16] = [
            0,
            1,
            2,
            63,
            64,
            65,
            127,
            255,
            65_535,
            1 << 32,
            (1 << 48) - 1,
            1 << 48,
            (1 << 48) + 1,
            1 << 63,
            u64::MAX - 1,
            u64::MAX,
        ];
        match self.below(4) {
            0 => self.number(),
            1 => self.number() % 100,
            _ => *self.pick(&EDGES),
        }
    }
}
