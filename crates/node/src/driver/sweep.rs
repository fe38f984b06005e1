//! What is left on the disk of rooms that the user left goes in steps, between two turns of the driver, so that other rooms
//! need not wait. When the store cannot be written it goes on later, with growing pauses.

use super::Driver;
use crate::limits::SWEEP_ROWS;

impl Driver {
    /// Takes some more off the disk of what has to go, when it is time.
    pub(crate) fn sweep(&mut self) {
        let now_ms = self.now().ticks_ms;
        if !self.sweeping.is_due(now_ms) {
            return;
        }
        let swept = self.store.sweep(SWEEP_ROWS).map_err(|why| why.to_string());
        if let Err(why) = &swept {
            tracing::warn!(%why, "what was said in a room that was left is on the disk still; it goes when that can be written");
        }
        self.sweeping.swept(swept, now_ms);
    }
}
