//! The state of taking rooms that were left off the disk.

use tokio::sync::oneshot;

use crate::{
    error::Error,
    limits::{REST, REST_LONGEST},
};

/// The rooms that were left and are not gone from the disk yet.
pub(crate) struct Sweeping {
    /// When the next step is, if anything is left; at first perhaps from before a crash.
    at: Option<u64>,
    /// The pause after the last error in milliseconds; 0 when there was none.
    pause_ms: u64,
    /// The callers that wait until everything is gone.
    leaving: Vec<oneshot::Sender<Result<(), Error>>>,
}

impl Default for Sweeping {
    fn default() -> Self {
        Self { at: Some(0), pause_ms: 0, leaving: Vec::new() }
    }
}

impl Sweeping {
    /// When the next step is.
    pub(crate) fn next_deadline(&self) -> Option<u64> {
        self.at
    }

    /// Whether it is time for the next step.
    pub(crate) fn is_due(&self, now_ms: u64) -> bool {
        self.at.is_some_and(|at| at <= now_ms)
    }

    /// Begins, because a room was left or something else has to go in steps.
    pub(crate) fn begin(&mut self) {
        self.at = Some(0);
    }

    /// Notes a caller that waits until everything is gone.
    pub(crate) fn awaited(&mut self, answer: oneshot::Sender<Result<(), Error>>) {
        self.leaving.push(answer);
    }

    /// Notes the result of a step: whether anything is left, or why it failed. Callers learn of the end or of a
    /// failure.
    pub(crate) fn swept(&mut self, swept: Result<bool, String>, now_ms: u64) {
        let result = match swept {
            Ok(true) => {
                (self.at, self.pause_ms) = (Some(0), 0);
                return;
            }
            Ok(false) => {
                (self.at, self.pause_ms) = (None, 0);
                Ok(())
            }
            Err(why) => {
                let (first, longest) = (REST.as_millis() as u64, REST_LONGEST.as_millis() as u64);
                self.pause_ms = (2 * self.pause_ms).clamp(first, longest);
                self.at = Some(now_ms + self.pause_ms);
                Err(why)
            }
        };
        for answer in self.leaving.drain(..) {
            // The caller may have gone.
            let _ = answer.send(result.clone().map_err(|why| Error::Unswept { why }));
        }
    }
}

/// A node that closes leaves the rest to its next start. The rooms are left all the same.
impl Drop for Sweeping {
    fn drop(&mut self) {
        for answer in self.leaving.drain(..) {
            // The caller may have gone.
            let _ = answer.send(Ok(()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_pauses_it_and_ends_nothing() {
        let mut sweeping = Sweeping::default();
        let (answer, mut told) = oneshot::channel();
        sweeping.awaited(answer);
        sweeping.swept(Ok(true), 5);
        assert!(told.try_recv().is_err() && sweeping.next_deadline() == Some(0));
        let mut now_ms = 10;
        let pauses: Vec<u64> = (0..10)
            .map(|_| {
                sweeping.swept(Err("full".into()), now_ms);
                let at = sweeping.next_deadline().unwrap();
                let pause_ms = at - now_ms;
                now_ms = at;
                pause_ms
            })
            .collect();
        assert_eq!(told.try_recv().unwrap(), Err(Error::Unswept { why: "full".into() }), "who waits is told at once");
        let (first, longest) = (REST.as_millis() as u64, REST_LONGEST.as_millis() as u64);
        assert_eq!((pauses[..3].to_vec(), pauses[9]), (vec![first, 2 * first, 4 * first], longest));
        sweeping.swept(Ok(true), now_ms);
        assert_eq!(sweeping.next_deadline(), Some(0), "it goes on at once");
        sweeping.swept(Ok(false), now_ms);
        assert_eq!(sweeping.next_deadline(), None);
    }

    #[test]
    fn who_leaves_as_the_node_closes_has_left() {
        let mut sweeping = Sweeping::default();
        let (answer, mut told) = oneshot::channel();
        sweeping.awaited(answer);
        drop(sweeping);
        assert_eq!(told.try_recv().unwrap(), Ok(()));
    }
}
