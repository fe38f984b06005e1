//! A few handles for reading the store, which are lent to callers. Reading happens on threads of its own.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rumormill_store::{Read, Store};
use tokio::sync::Semaphore;

use crate::{error::Error, limits::READERS};

/// The handles, and which of them are free.
pub(crate) struct Readers {
    idle: Mutex<Vec<Box<dyn Read>>>,
    /// One permit for each handle.
    free: Arc<Semaphore>,
}

impl Readers {
    /// Opens all handles.
    ///
    /// # Errors
    /// [`Error::Store`] when the home cannot be read.
    pub(crate) fn open(store: &dyn Store) -> Result<Self, Error> {
        let idle = (0..READERS).map(|_| store.reader()).collect::<Result<Vec<_>, _>>()?;
        Ok(Self { idle: Mutex::new(idle), free: Arc::new(Semaphore::new(READERS)) })
    }

    /// Reads as soon as a handle is free.
    ///
    /// # Errors
    /// Those of `read`, and [`Error::Closed`].
    pub(crate) async fn read<T: Send + 'static>(
        self: &Arc<Self>,
        read: impl FnOnce(&mut dyn Read) -> Result<T, rumormill_store::Error> + Send + 'static,
    ) -> Result<T, Error> {
        let permit = self.free.clone().acquire_owned().await.map_err(|_| Error::Closed)?;
        let readers = self.clone();
        let task = tokio::task::spawn_blocking(move || {
            let mut reader = readers.idle().pop().ok_or(Error::Closed)?;
            let result = read(&mut *reader);
            readers.idle().push(reader);
            drop(permit);
            Ok(result?)
        });
        task.await.map_err(|_| Error::Closed)?
    }

    /// Waits until no handle is lent, then lets the store go.
    pub(crate) async fn close(&self) {
        let all = self.free.acquire_many(READERS as u32).await;
        self.free.close();
        self.idle().clear();
        drop(all);
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Box<dyn Read>>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
