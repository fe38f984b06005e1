//! The outcome of an attack, and its verdict.

use std::fmt;

/// How much of an attack to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Enough to see every count: a few seconds.
    Short,
    /// As in the list of threats, with times and memory.
    Full,
}

impl Form {
    /// One value or the other.
    pub fn pick<T>(self, short: T, full: T) -> T {
        match self {
            Self::Short => short,
            Self::Full => full,
        }
    }
}

/// The bound of a count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    /// This or less.
    AtMost(u64),
    /// This or more.
    AtLeast(u64),
    /// Exactly this.
    Is(u64),
}

impl Bound {
    fn holds(self, is: u64) -> bool {
        match self {
            Self::AtMost(most) => is <= most,
            Self::AtLeast(least) => is >= least,
            Self::Is(value) => is == value,
        }
    }
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtMost(most) => write!(f, "at most {most}"),
            Self::AtLeast(least) => write!(f, "at least {least}"),
            Self::Is(value) => write!(f, "exactly {value}"),
        }
    }
}

/// A count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Count {
    /// What is counted.
    pub what: String,
    /// The number.
    pub is: u64,
    /// Its bound.
    pub bound: Bound,
}

impl Count {
    /// Whether the count is within its bound.
    pub fn holds(&self) -> bool {
        self.bound.holds(self.is)
    }
}

/// Milliseconds that lines of honest people took.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Delivery {
    /// Median.
    pub p50: f64,
    /// 99th percentile.
    pub p99: f64,
}

impl Delivery {
    /// The percentiles of these times; all 0 for none.
    pub fn of(mut times_ms: Vec<f64>) -> Self {
        times_ms.sort_by(f64::total_cmp);
        let at = |part: f64| {
            let last = times_ms.len().saturating_sub(1);
            times_ms.get((last as f64 * part).ceil() as usize).copied().unwrap_or_default()
        };
        Self { p50: at(0.5), p99: at(0.99) }
    }
}

/// Measurements of honest nodes; only the full form judges them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Measured {
    /// Five measurements before the attack.
    pub calm: Vec<Delivery>,
    /// During the attack.
    pub during: Delivery,
    /// After the attack.
    pub after: Delivery,
    /// MiB that the process uses, with nodes and attacker, before, during and after.
    pub memory_mib: [u64; 3],
    /// Number of honest nodes that must keep the attacker's entries, and so may each grow; 0 if none must.
    pub keepers: u64,
    /// Idle cores of the machine during the attack, whoever used the others.
    pub idle_cores: f64,
}

impl Measured {
    /// The worst calm 99th percentile.
    pub fn worst_calm(&self) -> f64 {
        self.calm.iter().map(|calm| calm.p99).fold(0.0, f64::max)
    }

    /// The allowed 99th percentile under attack: 1.2 times the worst calm one, or 10 ms more.
    pub fn allowed_ms(&self) -> f64 {
        (1.2 * self.worst_calm()).max(self.worst_calm() + 10.0)
    }

    /// Allowed growth of memory in MiB: of all nodes and the attacker together, or of each node that must keep the
    /// attacker's entries.
    pub const GROWTH_MIB: u64 = 32;

    /// Idle cores required for times to mean anything.
    pub const IDLE_CORES: f64 = 0.5;

    /// Whether memory stayed within the allowed growth.
    fn is_bounded(&self) -> bool {
        let [before, during, after] = self.memory_mib;
        during.max(after) <= before + self.keepers.max(1) * Self::GROWTH_MIB
    }
}

/// Whether the attack failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It failed.
    Met,
    /// It succeeded.
    NotMet,
    /// Lines took too long, and the machine was too busy to judge times.
    Unjudged,
    /// It did not end, or crashed.
    Broke,
}

/// The outcome of an attack.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outcome {
    /// The counts.
    pub counts: Vec<Count>,
    /// The measurements, if nodes took part.
    pub measured: Option<Measured>,
}

impl Outcome {
    /// Adds a count.
    pub fn count(&mut self, what: impl Into<String>, is: u64, bound: Bound) {
        self.counts.push(Count { what: what.into(), is, bound });
    }

    /// Whether the attack failed. The short form judges counts only.
    pub fn verdict(&self, form: Form) -> Verdict {
        assert!(!self.counts.is_empty(), "an attack counts something");
        match self.measured.as_ref().filter(|_| form == Form::Full) {
            _ if !self.counts.iter().all(Count::holds) => Verdict::NotMet,
            None => Verdict::Met,
            Some(measured) if !measured.is_bounded() => Verdict::NotMet,
            Some(measured) if measured.during.p99 <= measured.allowed_ms() => Verdict::Met,
            Some(measured) if measured.idle_cores >= Measured::IDLE_CORES => Verdict::NotMet,
            Some(_) => Verdict::Unjudged,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verdict_follows_from_counts_and_in_full_from_what_was_measured() {
        let mut outcome = Outcome::default();
        outcome.count("lines", 3, Bound::Is(3));
        assert_eq!([Form::Short, Form::Full].map(|form| outcome.verdict(form)), [Verdict::Met; 2]);
        let calm = vec![Delivery { p50: 2.0, p99: 5.0 }, Delivery { p50: 2.0, p99: 20.0 }];
        let measured = Measured { calm, ..Measured::default() };
        let cases = [
            (30.0, 42, 0.5, Verdict::Met),
            (30.1, 42, 0.5, Verdict::NotMet),
            (30.1, 42, 0.4, Verdict::Unjudged),
            (1.0, 42, 0.0, Verdict::Met),
            (1.0, 43, 0.5, Verdict::NotMet),
            (30.1, 43, 0.4, Verdict::NotMet),
        ];
        for (p99, memory, idle_cores, verdict) in cases {
            let (during, memory_mib) = (Delivery { p50: 1.0, p99 }, [10, memory, 10]);
            outcome.measured = Some(Measured { during, memory_mib, idle_cores, ..measured.clone() });
            assert_eq!(outcome.verdict(Form::Full), verdict);
            assert_eq!(outcome.verdict(Form::Short), Verdict::Met);
        }
        let kept = Measured { keepers: 2, memory_mib: [10, 74, 74], idle_cores: 0.5, ..measured };
        outcome.measured = Some(kept);
        assert_eq!(outcome.verdict(Form::Full), Verdict::Met);
        outcome.count("more", 3, Bound::AtMost(2));
        assert_eq!(outcome.verdict(Form::Short), Verdict::NotMet);
    }

    #[test]
    fn percentiles_are_those_of_the_sorted_times() {
        assert_eq!(Delivery::of((0..=100).rev().map(f64::from).collect()), Delivery { p50: 50.0, p99: 99.0 });
        assert_eq!(Delivery::of(vec![]), Delivery::default());
    }
}
