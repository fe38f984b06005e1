//! Hybrid logical time (Kulkarni et al. 2014): physical milliseconds with a counter that breaks ties,
//! always greater than every time its author had seen.

use std::fmt;

/// Hybrid logical time: 48 bits of milliseconds since the Unix epoch, then 16 bits of counter.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Time(pub u64);

const COUNTER_BITS: u32 = 16;
const MAX_MS: u64 = (1 << 48) - 1;

impl Time {
    /// The earliest time with these milliseconds; more than 48 bits of them become the largest.
    pub fn from_ms(ms: u64) -> Self {
        Self(ms.min(MAX_MS) << COUNTER_BITS)
    }

    /// Milliseconds since the Unix epoch.
    pub fn ms(self) -> u64 {
        self.0 >> COUNTER_BITS
    }

    /// The counter that orders events within one millisecond.
    pub fn counter(self) -> u16 {
        (self.0 & 0xffff) as u16
    }

    /// Milliseconds and counter put together; `None` past 48 bits of milliseconds.
    pub fn new(ms: u64, counter: u16) -> Option<Self> {
        (ms <= MAX_MS).then(|| Self(ms << COUNTER_BITS | u64::from(counter)))
    }

    /// The next time for an author that has seen `self` and whose clock says `wall_ms`.
    pub fn next(self, wall_ms: u64) -> Self {
        Self(Self::from_ms(wall_ms).0.max(self.0.saturating_add(1)))
    }
}

impl fmt::Debug for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}+{}", self.ms(), self.counter())
    }
}

/// The driver's clocks when it calls the engine. Timers follow `ticks_ms` only, so a clock that is set back ten years
/// stops nothing; entries are stamped with `wall_ms`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Now {
    /// Monotonic milliseconds since any fixed start.
    pub ticks_ms: u64,
    /// Milliseconds since the Unix epoch, as the machine's clock has it.
    pub wall_ms: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn next_is_always_greater() {
        let seen = Time::new(1_000, 7).unwrap();
        for wall in [0, 999, 1_000, 1_001, u64::MAX] {
            assert!(seen.next(wall) > seen, "wall {wall}");
        }
        assert_eq!(seen.next(2_000), Time::from_ms(2_000));
        assert_eq!(seen.next(1_000), Time::new(1_000, 8).unwrap());
    }

    #[test]
    fn a_full_counter_runs_into_the_next_millisecond() {
        let seen = Time::new(5, u16::MAX).unwrap();
        assert_eq!(seen.next(5), Time::new(6, 0).unwrap());
    }

    #[test]
    fn hostile_milliseconds_are_refused() {
        assert_eq!(Time::new(MAX_MS + 1, 0), None);
        assert_eq!(Time::from_ms(u64::MAX).ms(), MAX_MS);
    }
}
