//! Threats that tests elsewhere hold.

use crate::Held;

const fn held(threat: &'static str, says: &'static str, file: &'static str, name: &'static str) -> Held {
    Held { threat, says, test: (file, name) }
}

const CLAIMS: &str = "crates/proto/src/sync/attacks.rs";
const HOSTILE: &str = "crates/node/tests/hostile.rs";
const NETWORK: &str = "crates/sim/tests/network.rs";
const STUDIES: &str = "crates/sim/tests/studies.rs";
const FORKS: &str = "crates/sim/tests/forks.rs";
const DAMAGE: &str = "crates/store/tests/damage.rs";
const HOME: &str = "crates/store/tests/home.rs";
const FULL: &str = "crates/store/tests/full.rs";

/// All of them, in the order of the list of threats.
pub const HELD: &[Held] = &[
    held("C10", "two authors share eight bytes", CLAIMS, "two_authors_with_one_prefix_are_told_apart"),
    held(
        "C10",
        "an entry names two such authors",
        CLAIMS,
        "a_signed_entry_of_a_log_that_shares_its_prefix_is_asked_for_from_the_bottom",
    ),
    held("V2", "a flood of handshakes", HOSTILE, "a_flood_of_handshakes_leaves_members_alone"),
    held(
        "V2",
        "strangers who come again and again",
        "crates/node/src/door.rs",
        "whoever_comes_again_and_again_leaves_some_for_those_who_come_for_the_first_time",
    ),
    held(
        "V3, C12",
        "one author's flood by every link",
        "crates/node/src/turns.rs",
        "an_honest_entry_waits_for_one_entry_of_the_flooder_on_each_link",
    ),
    held("V4", "old entries said again", "crates/sim/tests/stories.rs", "old_pushes_said_again_are_not_passed_on"),
    held("V5", "a second encoding", "crates/proto/src/message.rs", "any_bytes_are_refused_or_come_back_the_same"),
    held("V6, V7", "made-up frames", "crates/siege/tests/fuzz.rs", "every_kept_input_is_answered_without_a_fault"),
    held("V6", "made-up sequences", "crates/siege/tests/fuzz.rs", "engines_stay_within_their_bounds_whatever_comes"),
    held(
        "V8",
        "huge lengths",
        "crates/proto/src/codec.rs",
        "a_length_without_its_bytes_allocates_nothing_and_is_refused",
    ),
    held("V8", "huge counts", "crates/proto/src/message.rs", "hostile_counts_are_refused_before_anything_is_made"),
    held("V8", "a frame past its bound", HOSTILE, "a_frame_past_the_bound_bars"),
    held("V9", "a compressed bomb", HOSTILE, "a_compressed_bomb_bars"),
    held("V14", "odd signatures", "crates/siege/tests/signatures.rs", "every_vector_gets_the_verdict_it_says"),
    held("V15", "a signature for elsewhere", "crates/proto/src/admit.rs", "another_room_or_a_changed_byte_is_refused"),
    held("L2", "one key at two peers", FORKS, "two_peers_with_one_key_are_cut_at_the_same_place_by_all"),
    held("L2, S10", "a home opened twice", HOME, "a_home_is_open_once"),
    held("L3", "a restored backup", FORKS, "a_restored_backup_on_a_lossy_network_does_not_fork_either"),
    held("L4", "peers know more of my log", FORKS, "a_restored_backup_adopts_what_others_know_and_does_not_fork"),
    held("L7", "one bad stored log", DAMAGE, "one_bad_log_keeps_no_other_from_being_read"),
    held("L8", "every order of arrival", "crates/siege/tests/explore.rs", "whatever_the_order_all_end_with_the_same"),
    held("O1, O2, O3", "false peers in numbers", STUDIES, "honest_peers_hear_each_other_among_false_ones"),
    held("O4", "one liar's addresses", "crates/proto/tests/view.rs", "one_liar_fills_sixteen_places"),
    held(
        "O4",
        "many liars' addresses",
        "crates/proto/tests/view.rs",
        "many_liars_fill_what_is_known_and_get_five_dials_a_second",
    ),
    held("O6", "copies of an entry", STUDIES, "one_copy_a_peer_and_few_hops_are_enough"),
    held("O7", "a peer that never reads", HOSTILE, "a_peer_that_never_reads_slows_nobody"),
    held(
        "O1-O8",
        "weather with every liar",
        "crates/sim/tests/weather.rs",
        "whatever_the_weather_all_end_with_one_timeline",
    ),
    held(
        "N1",
        "a third of all packets lost",
        NETWORK,
        "with_a_third_of_all_packets_lost_lines_arrive_within_two_seconds",
    ),
    held("N2", "a healed partition", NETWORK, "healing_a_partition_costs_little_more_than_what_was_missing"),
    held("N3, N5", "links that flap, sleep", NETWORK, "links_that_flap_and_laptops_that_sleep_lose_nothing"),
    held("N4", "any order of packets", NETWORK, "a_log_that_arrives_in_any_order_is_shown_in_order"),
    held("N6", "no route but loopback", "crates/node/tests/exchange.rs", "a_line_crosses_both_ways"),
    held("S1", "the process killed", "crates/store/tests/kill.rs", "what_was_acknowledged_outlives_the_process"),
    held("S2", "power lost", "crates/store/tests/power.rs", "what_was_acknowledged_outlives_the_power"),
    held("S2", "a disk that does not sync", "crates/store/tests/power.rs", "a_store_without_barriers_would_be_caught"),
    held("S3", "flipped bits", DAMAGE, "a_flipped_bit_in_a_run_is_found_and_not_served"),
    held("S3", "and repaired", DAMAGE, "what_is_mended_is_clean_and_can_be_fetched_again"),
    held("S5", "a full disk", FULL, "a_full_disk_loses_nothing"),
    held("S5", "a disk not to be written", FULL, "a_disk_that_is_not_to_be_written_is_told"),
    held("S6", "a wrong clock among many", NETWORK, "a_wrong_clock_among_many_is_corrected_by_them"),
    held(
        "S9",
        "peers of version 0.1.0",
        "crates/node/tests/earlier.rs",
        "a_node_talks_with_peers_that_say_exactly_that",
    ),
    held("S9", "a newer version's home", HOME, "a_newer_version_is_refused_untouched"),
    held("S10", "a home others can read", HOME, "what_others_can_read_is_refused_until_the_cure_is_taken"),
    held("S10", "links in a home", HOME, "links_are_refused"),
    held(
        "O4",
        "a room that hears of dead peers only",
        "crates/node/src/dials.rs",
        "a_room_that_hears_of_dead_peers_delays_no_other",
    ),
    held("O7", "a peer that never reads", HOSTILE, "a_peer_that_never_reads_slows_nobody"),
    held("C2", "words that mean nothing", HOSTILE, "whoever_says_only_what_means_nothing_is_dropped"),
    held("M9", "a stranger learns no room", HOSTILE, "a_stranger_learns_nothing_and_is_sent_away"),
];
