//! Worlds that the model of the fold printed, liars and forks included, and what the model says they come to.

use std::io::BufReader;

use crate::world::{World, state, worlds};

/// 300 of the first 12,000 worlds of `rooms_model.py --emit`, as they are printed: a third with a forked log of the owner,
/// a third with another forked log.
const WORLDS: &[u8] = include_bytes!("worlds.zst");

fn kept() -> impl Iterator<Item = World> {
    let lines = BufReader::new(zstd::Decoder::new(WORLDS).unwrap());
    worlds(lines).map(Result::unwrap)
}

#[test]
fn worlds_come_to_what_the_model_says_in_every_order() {
    let mut read = 0;
    for mut world in kept() {
        let expected = world.state.take().unwrap();
        for world in [world.clone(), world.backwards(), world.shuffled(1), world.shuffled(2)] {
            assert_eq!(state(&mut world.folded()), expected, "world {}", world.number);
        }
        read += 1;
    }
    assert_eq!(read, 300);
}

#[test]
fn a_fold_that_lets_go_of_words_says_what_one_says_that_keeps_them() {
    let mut told = 0;
    for world in kept() {
        for seed in 0..3 {
            let world = world.shuffled(seed).one_branch();
            for world in [world.wordy(), world] {
                let (alike, again) = world.forgets_alike();
                assert!(alike, "world {} shuffled with {seed}", world.number);
                told += again;
            }
        }
    }
    assert!(told > 50, "acts name words that were let go of: {told}");
}

#[test]
fn a_fold_that_grows_says_after_each_entry_what_a_whole_one_says() {
    for world in kept().step_by(3) {
        assert!(world.shuffled(world.number).grows_alike(), "world {}", world.number);
    }
}
