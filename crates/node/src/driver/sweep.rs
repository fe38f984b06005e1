//! Rooms that the user left are taken off the disk in steps between two turns of the driver, so that other rooms need
//! not wait. When the store cannot be written the steps go on later, with growing pauses.

use super::Driver;
use crate::limits::SWEEP_ROWS;

impl Driver {
    /// Takes another step, when it is time.
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
