//! How often something may happen: a number of times at once, and then at a rate.

/// The number of times that something may still happen, in thousandths; bounded, and filled up evenly.
#[derive(Debug)]
pub struct Budget {
    left: u64,
    full: u64,
    per_s: u64,
    at_ms: u64,
}

impl Budget {
    /// A full budget of `at_once`, filled up at `per_s` a second.
    pub fn new(at_once: u32, per_s: u32) -> Self {
        let full = u64::from(at_once) * 1000;
        Self { left: full, full, per_s: u64::from(per_s), at_ms: 0 }
    }

    /// Whether less than half is left.
    pub(crate) fn is_low(&mut self, now_ms: u64) -> bool {
        self.fill(now_ms);
        self.left < self.full / 2
    }

    /// Whether the budget is full.
    pub fn is_full(&mut self, now_ms: u64) -> bool {
        self.fill(now_ms);
        self.left == self.full
    }

    /// Takes one, if one is left.
    pub(crate) fn take(&mut self, now_ms: u64) -> bool {
        let has = self.spares(now_ms, 0);
        self.left -= if has { 1000 } else { 0 };
        has
    }

    /// Takes `count` if that many are left; otherwise returns in how many milliseconds they will be. A `count` above
    /// the full budget counts as the full budget.
    ///
    /// # Errors
    /// The milliseconds to wait.
    pub fn take_many(&mut self, count: u32, now_ms: u64) -> Result<(), u64> {
        self.fill(now_ms);
        let wanted = (u64::from(count) * 1000).min(self.full);
        let lacking = wanted.saturating_sub(self.left);
        if lacking > 0 {
            return Err(lacking.div_ceil(self.per_s.max(1)));
        }
        self.left -= wanted;
        Ok(())
    }

    /// Whether `kept` would be left after taking one.
    pub(crate) fn spares(&mut self, now_ms: u64, kept: u32) -> bool {
        self.fill(now_ms);
        self.left >= (u64::from(kept) + 1) * 1000
    }

    fn fill(&mut self, now_ms: u64) {
        let passed_ms = now_ms.saturating_sub(self.at_ms);
        self.at_ms = now_ms;
        self.left = self.left.saturating_add(passed_ms.saturating_mul(self.per_s)).min(self.full);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_at_once_and_then_at_a_rate() {
        let mut budget = Budget::new(4, 2);
        let mut taken = |now_ms| (0..100).filter(|_| budget.take(now_ms)).count();
        assert_eq!((taken(0), taken(499), taken(500), taken(1_500), taken(u64::MAX)), (4, 0, 1, 2, 4));
    }

    #[test]
    fn what_is_not_left_is_there_when_it_is_said_to_be() {
        let mut budget = Budget::new(4, 2);
        assert_eq!((budget.take_many(3, 0), budget.take_many(3, 0)), (Ok(()), Err(1_000)));
        assert_eq!((budget.take_many(3, 999), budget.take_many(3, 1_000)), (Err(1), Ok(())));
        assert_eq!((budget.take_many(99, 1_000), budget.take_many(99, 3_000)), (Err(2_000), Ok(())));
    }
}
