//! What a study observes in a running world.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A tally, shared by the world that counts and the study that reads it.
#[derive(Default)]
pub(super) struct Gauge<T>(Arc<Mutex<T>>);

impl<T> Gauge<T> {
    pub(super) fn lock(&self) -> MutexGuard<'_, T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Clone for Gauge<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}
