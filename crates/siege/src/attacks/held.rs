//! Threats that tests elsewhere cover.

use crate::Held;

const fn held(threat: &'static str, says: &'static str, file: &'static str, name: &'static str) -> Held {
    Held { threat, says, test: (file, name) }
}

const CLAIMS: &str = "crates/proto/src/sync/attacks.rs";
const PENDING: &str = "crates/proto/src/pending/tests.rs";
const VIEW: &str = "crates/proto/tests/view.rs";
const CONNECTOR: &str = "crates/node/src/connector.rs";
const TURNS: &str = "crates/node/src/turns.rs";
const OUTBOUND: &str = "crates/node/src/outbound.rs";
const HOSTILE: &str = "crates/node/tests/hostile.rs";
const HOMES: &str = "crates/node/tests/homes.rs";
const FUZZ: &str = "crates/siege/tests/fuzz.rs";
const NETWORK: &str = "crates/sim/tests/network.rs";
const STUDIES: &str = "crates/sim/tests/studies.rs";
const FORKS: &str = "crates/sim/tests/forks.rs";
const POWER: &str = "crates/store/tests/power.rs";
const DAMAGE: &str = "crates/store/tests/damage.rs";
const ROOMS: &str = "crates/node/tests/damage.rs";
const HOME: &str = "crates/store/tests/home.rs";
const FULL: &str = "crates/store/tests/full.rs";
const SERVE: &str = "crates/rumormill/tests/serve/main.rs";
const LAB: &str = "crates/rumormill/tests/lab/door.rs";
const PEOPLE: &str = "crates/rumormill/tests/people/main.rs";
const TERMINAL: &str = "crates/tui/src/tests/hostile.rs";
const PAGE: &str = "crates/rumormill/tests/web/hostile.test.mjs";

/// All of them, in the order of the list of threats.
pub const HELD: &[Held] = &[
    held(
        "V1",
        "a bad entry costs a minute, the next two, up to an hour",
        "crates/node/src/bars.rs",
        "a_bar_doubles_up_to_an_hour",
    ),
    held("V2", "a flood of handshakes", HOSTILE, "a_flood_of_handshakes_leaves_members_alone"),
    held("V2", "strangers get twenty handshakes a second", CONNECTOR, "strangers_get_a_burst_and_then_a_rate"),
    held(
        "V2",
        "strangers that connect again and again",
        CONNECTOR,
        "whoever_comes_again_and_again_leaves_some_for_those_who_come_for_the_first_time",
    ),
    held(
        "V3, C12",
        "one author's flood by every link",
        TURNS,
        "an_honest_entry_waits_for_one_entry_of_the_flooder_on_each_link",
    ),
    held("V3, C12", "a flooder's incoming queue", TURNS, "a_flooder_fills_its_own_share_of_a_link_only"),
    held(
        "V3, C12",
        "a flooder's share of a commit",
        TURNS,
        "a_batch_holds_no_more_of_a_flooder_than_a_few_milliseconds_of_work",
    ),
    held("V3, C12", "a flooder's outgoing queue", OUTBOUND, "whoever_floods_leaves_room_for_others"),
    held(
        "V4",
        "old entries said again, a day later",
        "crates/sim/tests/stories.rs",
        "old_pushes_said_again_are_not_passed_on",
    ),
    held("V5", "a second encoding", "crates/proto/src/frame.rs", "any_bytes_are_refused_or_come_back_the_same"),
    held(
        "V6, V7",
        "generated frames, with numbers at their limits",
        FUZZ,
        "every_kept_input_is_answered_without_a_fault",
    ),
    held("V6, V7", "generated sequences", FUZZ, "engines_stay_within_their_bounds_whatever_comes"),
    held("V6", "rubbish instead of envelopes", HOSTILE, "random_bytes_bar"),
    held("V7", "times beyond the range of a stamp", "crates/proto/src/time.rs", "hostile_milliseconds_are_refused"),
    held(
        "V7",
        "clocks at the limits of their range",
        "crates/proto/src/clock.rs",
        "hostile_clocks_overflow_nothing_and_are_bounded",
    ),
    held(
        "V8",
        "huge lengths",
        "crates/proto/src/codec.rs",
        "a_length_without_its_bytes_allocates_nothing_and_is_refused",
    ),
    held("V8", "huge counts", "crates/proto/src/frame.rs", "hostile_counts_are_refused_before_anything_is_made"),
    held("V8", "an envelope past its bound", HOSTILE, "an_envelope_past_the_bound_bars"),
    held("V9", "a compressed bomb", HOSTILE, "a_compressed_bomb_bars"),
    held("V14", "odd signatures", "crates/siege/tests/signatures.rs", "every_vector_gets_the_verdict_it_says"),
    held(
        "V15",
        "a signature for another room",
        "crates/proto/src/admit.rs",
        "another_room_or_a_changed_byte_is_refused",
    ),
    held(
        "V15",
        "a signature for another connection",
        "crates/proto/src/introduction.rs",
        "it_holds_for_one_connection_one_direction_one_room_and_one_key",
    ),
    held(
        "L1",
        "forks, in every order of arrival",
        "crates/siege/tests/explore.rs",
        "whatever_the_order_all_end_with_the_same",
    ),
    held(
        "L1",
        "ever lower forks, within three rounds",
        FORKS,
        "ever_lower_forks_are_told_seldom_and_all_end_with_the_lowest_within_three_rounds",
    ),
    held("L2", "one key at two peers", FORKS, "two_peers_with_one_key_are_cut_at_the_same_place_by_all"),
    held(
        "L2",
        "a home copied to a second machine",
        HOMES,
        "one_key_in_two_places_is_found_and_nothing_of_either_is_lost",
    ),
    held("L2, S10", "a home opened twice", HOME, "a_home_is_open_once"),
    held(
        "L3, L4",
        "a restored backup, two hundred times",
        FORKS,
        "a_restored_backup_adopts_what_others_know_and_does_not_fork",
    ),
    held("L3", "the same on a lossy network", FORKS, "a_restored_backup_on_a_lossy_network_does_not_fork_either"),
    held(
        "L3, L4",
        "a restored home on a real node",
        HOMES,
        "a_restored_backup_adopts_what_it_said_before_and_forks_nothing",
    ),
    held(
        "L5",
        "forks of any number of logs",
        "crates/proto/src/evidence.rs",
        "forks_of_any_number_of_logs_take_bounded_memory",
    ),
    held(
        "L6",
        "four times as much costs four times as much",
        PENDING,
        "four_times_as_many_cost_about_four_times_as_much",
    ),
    held("L7", "one bad stored log", DAMAGE, "one_bad_log_keeps_no_other_from_being_read"),
    held("L8", "every order of arrival", "crates/siege/tests/explore.rs", "whatever_the_order_all_end_with_the_same"),
    held("O1", "honest peers among false ones", STUDIES, "honest_peers_hear_each_other_among_false_ones"),
    held("O4", "one liar's addresses", VIEW, "one_liar_fills_sixteen_places"),
    held("O4", "many liars' addresses", VIEW, "many_liars_fill_what_is_known_and_get_five_dials_a_second"),
    held(
        "O4",
        "a room that hears only of dead peers",
        "crates/node/src/dials.rs",
        "a_room_that_hears_of_dead_peers_delays_no_other",
    ),
    held("O6", "copies of an entry", STUDIES, "one_copy_a_peer_and_few_hops_are_enough"),
    held("O7", "a peer that never reads", HOSTILE, "a_peer_that_never_reads_slows_nobody"),
    held("O7", "the queue kept for it", OUTBOUND, "a_peer_that_never_reads_costs_a_bounded_queue"),
    held(
        "O8",
        "announcements never honoured",
        CLAIMS,
        "a_want_that_brings_nothing_keeps_others_from_being_asked_for_two_seconds_at_most",
    ),
    held(
        "O8",
        "a peer that brings nothing is dropped first",
        VIEW,
        "a_newcomer_displaces_first_who_is_far_and_brought_nothing_and_last_who_is_near",
    ),
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
    held(
        "N3, N5, S8",
        "links that flap, eight hours' sleep",
        NETWORK,
        "links_that_flap_and_laptops_that_sleep_lose_nothing",
    ),
    held("N4", "any order of packets", NETWORK, "a_log_that_arrives_in_any_order_is_shown_in_order"),
    held("N6", "no route but loopback", "crates/node/tests/exchange.rs", "a_line_crosses_both_ways"),
    held(
        "S1, S4",
        "the process killed, also while it opens the store",
        "crates/store/tests/kill.rs",
        "what_was_acknowledged_outlives_the_process",
    ),
    held(
        "S1",
        "a node killed, and its peers",
        "crates/node/tests/kills.rs",
        "what_was_acknowledged_is_there_after_any_kill",
    ),
    held("S2", "power lost", POWER, "what_was_acknowledged_outlives_the_power"),
    held("S2", "a disk that does not sync", POWER, "a_store_without_barriers_would_be_caught"),
    held("S3", "flipped bits", DAMAGE, "a_flipped_bit_in_a_run_is_found_and_not_served"),
    held("S3", "and repaired", DAMAGE, "what_is_mended_is_clean_and_can_be_fetched_again"),
    held("S3", "one room's pages lost", ROOMS, "pages_of_the_disk_that_are_lost_hinder_no_other_room"),
    held(
        "S3",
        "one room's keys lost",
        ROOMS,
        "a_room_without_its_keys_hinders_no_other_and_is_entered_again_with_a_ticket",
    ),
    held("S5", "a full disk", FULL, "a_full_disk_loses_nothing"),
    held("S5", "a read-only disk", FULL, "a_disk_that_is_not_to_be_written_is_told"),
    held(
        "S5",
        "a node on a full disk",
        "crates/node/src/driver/rest.rs",
        "a_full_disk_acknowledges_nothing_and_all_goes_on_when_there_is_room",
    ),
    held("S5", "one unwritable room", "crates/node/src/driver/rest.rs", "a_room_that_cannot_be_written_stops_no_other"),
    held("S6", "a wrong clock among many", NETWORK, "a_wrong_clock_among_many_is_corrected_by_them"),
    held(
        "S6",
        "a clock that jumps back",
        "crates/proto/src/clock.rs",
        "a_clock_that_is_set_back_is_told_from_one_that_is_set_right",
    ),
    held(
        "S9",
        "peers of version 0.1.0",
        "crates/node/tests/earlier.rs",
        "a_node_talks_with_peers_that_say_exactly_that",
    ),
    held("S9", "a newer version's home", HOME, "a_newer_version_is_refused_untouched"),
    held("S10, F12", "a home others can read", HOME, "what_others_can_read_is_refused_until_the_cure_is_taken"),
    held("S10", "links in a home", HOME, "links_are_refused"),
    held("F1", "300 slow connections to the page", SERVE, "those_who_never_finish_asking_are_hung_up_on"),
    held(
        "F1",
        "200 slow connections to the console",
        LAB,
        "clients_that_are_silent_or_stop_in_the_middle_keep_nobody_out",
    ),
    held(
        "F2, F3",
        "other hosts' names, and pages of other sites: twelve combinations",
        SERVE,
        "no_page_of_another_site_may_ask",
    ),
    held("F4", "a token in address, log, argv or cookie", SERVE, "a_code_opens_the_page_once_and_no_secret_is_told"),
    held(
        "F5",
        "two hundred hostile payloads on the page",
        PAGE,
        "hostile text in messages, nicks, topics, names and signs stays text",
    ),
    held(
        "F5",
        "a hostile file in the browser",
        "crates/rumormill/tests/serve/files.rs",
        "what_is_sent_to_a_browser_is_saved_and_never_run",
    ),
    held("F6, C13", "names that look alike", TERMINAL, "names_that_look_alike_are_told_apart"),
    held("F7", "three hundred escape sequences", "crates/text/src/clean.rs", "no_escape_sequence_passes"),
    held("F7", "hostile text everywhere on the screen", TERMINAL, "nothing_of_others_steers_the_terminal"),
    held("F7", "the same in lines", PEOPLE, "what_others_write_steers_no_terminal_and_json_has_all_of_it"),
    held("F9", "64 MiB without a newline", LAB, "a_line_without_end_is_thrown_away"),
    held("F11", "a web page at the console's port", LAB, "a_web_page_is_shut_out"),
    held(
        "F12, C14",
        "another user at the socket in the home",
        SERVE,
        "another_user_is_hung_up_on_even_where_the_socket_is_open_to_all",
    ),
    held("F17", "an address that cannot be used", SERVE, "an_address_that_others_reach_is_refused"),
    held("F17", "a meaningless setting", "crates/rumormill/src/config.rs", "what_is_not_known_is_refused_by_its_line"),
    held("C2", "meaningless frames", HOSTILE, "whoever_says_only_what_means_nothing_is_dropped"),
    held(
        "C2",
        "readers of files that accept nothing",
        "crates/node/src/files/slots.rs",
        "whoever_takes_nothing_yields_to_whoever_waits_after_a_turn",
    ),
    held("C2", "crowds announced on the LAN", "crates/node/src/found.rs", "a_crowd_at_one_address_yields_to_itself"),
    held("C4", "a chain in any order", PENDING, "a_chain_costs_its_edges_whatever_the_order"),
    held(
        "C8",
        "an author who did not sign the connection",
        "crates/node/src/introduced.rs",
        "a_few_authors_are_introduced_and_no_more_and_none_without_its_signature",
    ),
    held("C8", "typing as another author", HOSTILE, "what_a_later_version_says_is_skipped_and_typing_has_a_budget"),
    held("C10", "two authors share eight bytes", CLAIMS, "two_authors_with_one_prefix_are_told_apart"),
    held(
        "C10",
        "an entry names two such authors",
        CLAIMS,
        "a_signed_entry_of_a_log_that_shares_its_prefix_is_asked_for_from_the_bottom",
    ),
    held("C13", "a room named like another room's id", "crates/text/src/rooms.rs", "rooms_are_chosen_by_name_or_id"),
    held(
        "C13",
        "a nick that equals or resembles another's, or is an id or a reserved word",
        "crates/text/src/who.rs",
        "nobody_is_hidden_by_a_name_or_stands_for_another",
    ),
    held("C13", "a file name that leads elsewhere", "crates/text/src/file_name.rs", "names_that_harm_nobody"),
    held(
        "F12, C14",
        "the token of a bot, and tokens that are nobody's, at either door",
        "crates/rumormill/tests/serve/members.rs",
        "the_token_of_a_bot_reaches_nothing_of_its_owner",
    ),
    held(
        "C14",
        "another port of this machine, in a real browser",
        "crates/rumormill/tests/web/ports.test.mjs",
        "a signed-in page reveals nothing to another port of this machine",
    ),
    held("C14", "a page that was signed out", SERVE, "a_page_that_is_signed_out_is_told_nothing_more"),
    held("M8", "secrets in what is printed", "crates/node/src/ticket.rs", "the_secret_is_not_printed"),
    held("M9", "a stranger learns no room", HOSTILE, "a_stranger_learns_nothing_and_is_sent_away"),
    held(
        "M9",
        "room tags are useless elsewhere",
        "crates/node/src/greeting.rs",
        "a_tag_serves_one_connection_one_direction_and_one_secret",
    ),
    held(
        "V11",
        "a log whose every entry names something nobody has is shown with its first entry, and delays nobody",
        "crates/proto/src/pending/tests.rs",
        "all_that_waits_in_vain_is_shown_when_the_first_is",
    ),
    held(
        "C11",
        "a clock that jumps back shows nothing before its cause, and a liar's stamp delays no line",
        "crates/proto/src/pending/tests.rs",
        "what_is_stamped_after_a_word_that_names_it_is_no_cause",
    ),
];
