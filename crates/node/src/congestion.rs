//! How many bytes may be in flight to a peer: as many as BBR allows, or CUBIC if that is more.
//!
//! A chat sends little for hours and then much at once. BBR (noq's is version 3) estimates the bandwidth of a path from
//! the bytes sent over it, so after an hour of chat it takes seconds to let a burst through, and everything sent
//! meanwhile waits behind it. CUBIC (RFC 9438) holds back only after losses. But where a packet in a hundred is lost
//! for no reason, as on a weak radio link, CUBIC carries a twelfth of what BBR does. Both controllers follow the same
//! path, and the larger window counts: CUBIC's as long as nothing is lost, BBR's where losses mean nothing.

use std::{
    any::Any,
    sync::Arc,
    time::{Duration, Instant},
};

use noq_proto::{
    RttEstimator,
    congestion::{Bbr3Config, Controller, ControllerFactory, ControllerMetrics, CubicConfig},
};

/// Makes a controller for each path.
#[derive(Debug, Default)]
pub(crate) struct Larger {
    bbr: Arc<Bbr3Config>,
    cubic: Arc<CubicConfig>,
}

impl ControllerFactory for Larger {
    fn build(self: Arc<Self>, now: Instant, mtu: u16) -> Box<dyn Controller> {
        Box::new(Both { bbr: self.bbr.clone().build(now, mtu), cubic: self.cubic.clone().build(now, mtu) })
    }
}

/// The two controllers of a path.
#[derive(Debug)]
struct Both {
    bbr: Box<dyn Controller>,
    cubic: Box<dyn Controller>,
}

impl Both {
    fn each(&mut self, tell: impl Fn(&mut dyn Controller)) {
        tell(self.bbr.as_mut());
        tell(self.cubic.as_mut());
    }

    fn larger(&self) -> &dyn Controller {
        if self.cubic.window() > self.bbr.window() { self.cubic.as_ref() } else { self.bbr.as_ref() }
    }
}

impl Controller for Both {
    fn on_sent(&mut self, now: Instant, bytes: u64, largest: u64) {
        self.each(|controller| controller.on_sent(now, bytes, largest));
    }

    fn on_packet_sent(&mut self, now: Instant, bytes: u16, number: u64) {
        self.each(|controller| controller.on_packet_sent(now, bytes, number));
    }

    fn on_cwnd_limited(&mut self) {
        self.each(|controller| controller.on_cwnd_limited());
    }

    fn on_ack(&mut self, now: Instant, sent: Instant, bytes: u64, number: u64, idle: bool, rtt: &RttEstimator) {
        self.each(|controller| controller.on_ack(now, sent, bytes, number, idle, rtt));
    }

    fn on_end_acks(&mut self, now: Instant, in_flight: u64, idle: bool, largest: Option<u64>) {
        self.each(|controller| controller.on_end_acks(now, in_flight, idle, largest));
    }

    fn on_congestion_event(
        &mut self,
        now: Instant,
        sent: Instant,
        is_persistent: bool,
        is_ecn: bool,
        lost: u64,
        largest: u64,
    ) {
        self.each(|controller| controller.on_congestion_event(now, sent, is_persistent, is_ecn, lost, largest));
    }

    fn on_packet_lost(&mut self, lost: u16, number: u64, now: Instant) {
        self.each(|controller| controller.on_packet_lost(lost, number, now));
    }

    fn on_spurious_congestion_event(&mut self) {
        self.each(|controller| controller.on_spurious_congestion_event());
    }

    fn on_mtu_update(&mut self, mtu: u16) {
        self.each(|controller| controller.on_mtu_update(mtu));
    }

    fn on_ack_frequency_update(&mut self, threshold: u64, longest: Duration) {
        self.each(|controller| controller.on_ack_frequency_update(threshold, longest));
    }

    fn window(&self) -> u64 {
        self.larger().window()
    }

    fn metrics(&self) -> ControllerMetrics {
        self.larger().metrics()
    }

    fn clone_box(&self) -> Box<dyn Controller> {
        Box::new(Self { bbr: self.bbr.clone_box(), cubic: self.cubic.clone_box() })
    }

    fn initial_window(&self) -> u64 {
        self.bbr.initial_window().max(self.cubic.initial_window())
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any> {
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MTU: u16 = 1_200;

    fn both(now: Instant) -> Both {
        let (bbr, cubic) = (Arc::new(Bbr3Config::default()), Arc::new(CubicConfig::default()));
        Both { bbr: bbr.build(now, MTU), cubic: cubic.build(now, MTU) }
    }

    #[test]
    fn the_larger_window_speaks_and_its_pace_with_it() {
        let now = Instant::now();
        let mut both = both(now);
        let windows = |both: &Both| (both.bbr.window(), both.cubic.window());
        let (bbr, cubic) = windows(&both);
        assert_eq!(both.window(), bbr.max(cubic));
        // Every loss shrinks CUBIC's window, so BBR's counts.
        for number in 0..20 {
            both.on_packet_sent(now, MTU, number);
            both.on_congestion_event(
                now + Duration::from_secs(number),
                now + Duration::from_secs(number),
                false,
                false,
                MTU.into(),
                number,
            );
        }
        let (bbr, cubic) = windows(&both);
        assert!(bbr > cubic, "{bbr} {cubic}");
        assert_eq!((both.window(), both.metrics().pacing_rate), (bbr, both.bbr.metrics().pacing_rate));
    }
}
