//! Studies: questions that many worlds answer together, each with a table and its plots.
//!
//! A study makes points (a size, a latency, a policy ...), lets a [`Lot`] draw samples of each, one a seed, and returns
//! the results as [`Table`]s. The command line prints them and writes CSV and SVG; a test runs the quick form and
//! checks the figures.

#[cfg(feature = "command")]
pub mod command;
pub mod crash;
pub mod crowd;
pub mod demers;
pub mod difference;
mod gauge;
pub mod glomers;
pub mod idle;
pub mod pair;
pub mod partition;
pub mod removal;
pub mod repair;
#[cfg(feature = "command")]
pub mod report;
pub mod spread;
pub mod sybil;
mod table;
pub mod talk;

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
};

pub use table::{Figure, Measure, Plot, Row, Table};

use crate::violation::Story;

/// The size of a study, and its progress report.
pub struct Lot<'a> {
    /// Whether to use small rooms and few points.
    pub quick: bool,
    /// The first seed; there is no sample with seed 0.
    pub first_seed: u64,
    /// Samples of each point; a study takes fewer of a very costly point.
    pub seeds: u64,
    /// Samples drawn at the same time.
    pub workers: usize,
    /// Called with the number of samples drawn and the total of this part of the study.
    pub progress: &'a (dyn Fn(usize, usize) + Sync),
}

impl Lot<'static> {
    /// For tests: this many seeds, small, on all cores, without a progress report.
    pub fn quick(seeds: u64) -> Self {
        Self { quick: true, first_seed: 1, seeds, workers: cores(), progress: &|_, _| {} }
    }
}

/// Number of cores that this process may use.
pub fn cores() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

impl Lot<'_> {
    /// Draws a sample of every point with every seed. Returns, for each point in order, the samples in order of their
    /// seeds. The order in which they are drawn is undefined and does not matter.
    ///
    /// # Errors
    /// The violation of the first world, by point and seed, that has one.
    pub fn draw<P: Sync, S: Send>(
        &self,
        points: &[P],
        sample: impl Fn(&P, u64) -> Story<S> + Sync,
    ) -> Story<Vec<Vec<S>>> {
        let seeds = self.seeds as usize;
        let count = points.len() * seeds;
        let drawn: Mutex<Vec<Option<Story<S>>>> = Mutex::new((0..count).map(|_| None).collect());
        let (next, done, broken) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicBool::new(false));
        let work = || {
            // Large points come last in a table. They run first here, so that the cores finish at about the same time.
            while let Some(at) = count.checked_sub(next.fetch_add(1, Ordering::Relaxed) + 1)
                && !broken.load(Ordering::Relaxed)
            {
                let outcome = sample(&points[at / seeds], self.first_seed + (at % seeds) as u64);
                broken.fetch_or(outcome.is_err(), Ordering::Relaxed);
                drawn.lock().unwrap_or_else(PoisonError::into_inner)[at] = Some(outcome);
                (self.progress)(done.fetch_add(1, Ordering::Relaxed) + 1, count);
            }
        };
        thread::scope(|scope| {
            (1..self.workers).for_each(|_| _ = scope.spawn(work));
            work();
        });
        let mut drawn = drawn.into_inner().unwrap_or_else(PoisonError::into_inner).into_iter().flatten();
        let mut samples = Vec::with_capacity(points.len());
        for _ in points {
            samples.push(drawn.by_ref().take(seeds).collect::<Story<Vec<S>>>()?);
        }
        Ok(samples)
    }

    /// As [`Lot::draw`], for samples that are a number for each of `N` measures; returns a figure for each.
    ///
    /// # Errors
    /// As [`Lot::draw`].
    pub fn figures<P: Sync, const N: usize>(
        &self,
        points: &[P],
        sample: impl Fn(&P, u64) -> Story<[f64; N]> + Sync,
    ) -> Story<Vec<[Figure; N]>> {
        let samples = self.draw(points, sample)?;
        Ok(samples
            .iter()
            .map(|of_point| std::array::from_fn(|at| of_point.iter().map(|one| one[at]).collect()))
            .collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::violation::Violation;

    #[test]
    fn samples_come_back_by_point_and_seed_whoever_drew_them() {
        let lot = Lot { workers: 3, ..Lot::quick(4) };
        let samples = lot.draw(&[10, 20, 30], |point, seed| Ok(point + seed)).unwrap();
        assert_eq!(samples, [[11, 12, 13, 14], [21, 22, 23, 24], [31, 32, 33, 34]]);
        let figures = lot.figures(&[1.0, 2.0], |point, seed| Ok([*point, seed as f64])).unwrap();
        assert_eq!((figures[1][0].mean, figures[1][1].mean), (2.0, 2.5));
    }

    #[test]
    fn what_breaks_in_one_world_ends_the_study() {
        let broken = |seed| Violation { property: "no", sentence: String::new(), seed, at_us: 0, test: String::new() };
        let drawn = Lot::quick(5).draw(&[()], |(), seed| if seed == 3 { Err(broken(seed)) } else { Ok(seed) });
        assert_eq!(drawn.map_err(|violation| violation.seed), Err(3));
    }
}
