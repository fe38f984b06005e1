//! The stories in files, each run in worlds of several seeds.

#![allow(clippy::unwrap_used, reason = "an unreadable story is a failure")]

use std::{collections::BTreeSet, fs};

use rumormill_sim::{Story, seeds, tale::Tale};

fn tell(text: &str) -> Story {
    let tale = Tale::read(text).map_err(|amiss| amiss.to_string()).unwrap();
    seeds::each(10, |seed| tale.tell(&mut tale.world(seed)))
}

macro_rules! stories {
    ($($name:ident)*) => {
        $(#[test]
        fn $name() -> Story {
            tell(include_str!(concat!("../stories/", stringify!($name), ".story")))
        })*

        #[test]
        fn every_story_is_told() {
            let told = BTreeSet::from([$(concat!(stringify!($name), ".story").to_owned()),*]);
            let folder = fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/stories")).unwrap();
            let there = folder.map(|file| file.unwrap().file_name().into_string().unwrap());
            assert_eq!(there.collect::<BTreeSet<_>>(), told);
        }
    };
}

stories! {
    a_clock_set_back_hinders_nobody_from_speaking
    a_crash_before_the_commit_loses_what_nobody_knew
    a_crash_before_the_screen_loses_nothing
    a_crash_before_the_wire_loses_nothing
    a_forked_log_is_cut_alike_by_all
    a_laptop_that_slept_eight_hours_wakes_elsewhere_and_goes_on
    a_silent_peer_hinders_nobody
    both_sides_of_a_partition_end_with_one_timeline
    cuts_clogs_and_a_closed_laptop_delay_but_lose_nothing
    half_of_a_room_dies_at_once_and_comes_back
    one_who_boasts_delays_nobody_for_long
    the_middle_of_a_line_crashes_and_comes_back
    what_a_forger_sends_is_refused_and_changes_nothing
    what_is_said_is_shown_to_all
    who_lost_the_store_comes_back_as_somebody_else
    with_a_third_of_all_frames_lost_everything_arrives
    words_from_the_future_are_said_again_in_time
    words_said_before_the_neighbours_exist_reach_them
}

#[test]
fn what_is_not_met_is_named_by_its_line() {
    let told = |text: &str| {
        let tale = Tale::read(text).unwrap();
        tale.tell(&mut tale.world(1)).unwrap_err().sentence
    };
    assert_eq!(told("join 2\nwait 2s\nsay 0 \"hello\"\nsettle\nexpect 1 nothing"), "line 5: peer 1 shows [\"hello\"]");
    assert_eq!(told("join 2\nsay 2 \"hello\""), "line 2: peer 2 has not joined");
    assert_eq!(told("join 2\ncrash 1\nsay 1 \"hello\""), "line 3: peer 1 is down");
    assert_eq!(told("join 2\nrestart 1"), "line 2: peer 1 is not down");
}
