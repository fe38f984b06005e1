//! Replays the inputs that fuzzing found worth keeping.

use rumormill_siege::fuzz::{decoders, sequences};

#[test]
fn every_kept_input_is_answered_without_a_fault() {
    let replayed = decoders::replay(include_str!("../corpus/decoders.txt"));
    assert!(replayed > 200, "{replayed} ways of answering");
    assert!(decoders::run(20_000, 3).len() > 100, "some more are made up");
}

/// Seeds of the sequences in which one input had the largest effect.
const BUSIEST: [u64; 10] = [103, 214, 267, 330, 457, 598, 687, 793, 835, 979];

#[test]
fn engines_stay_within_their_bounds_whatever_comes() {
    let most = sequences::run(BUSIEST.into_iter().chain(0..60));
    assert!(most.inputs > 1_000 && most.outputs > 10, "something happened: {most:?}");
}
