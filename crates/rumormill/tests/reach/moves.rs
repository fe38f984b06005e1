//! A laptop that is carried from one network to another, awake or asleep.

use std::{
    thread,
    time::{Duration, Instant},
};

use crate::{
    net::inside,
    relay::with_relay,
    routers::{NETWORK, Talk, move_bob, signal},
};

/// Bob's program stops, as on a closed laptop, and goes on behind another router. Ada says something meanwhile.
fn sleep(talk: &mut Talk, asleep: impl FnOnce(&Talk)) -> Duration {
    signal(&talk.there, "-STOP");
    asleep(talk);
    talk.here.type_line("are you asleep?");
    talk.here.until("  are you asleep?");
    move_bob("third", "second", "192.168.2.1");
    let start = Instant::now();
    signal(&talk.there, "-CONT");
    talk.there.until("are you asleep?");
    start.elapsed()
}

#[test]
fn a_laptop_that_changes_its_network_goes_on_awake_and_asleep() {
    with_relay(|relay| {
        inside("moves::a_laptop_that_changes_its_network_goes_on_awake_and_asleep", NETWORK, || {
            let (_relay, mut talk) = Talk::directly(relay);
            move_bob("second", "third", "192.168.3.1");
            let start = Instant::now();
            let took = talk.go_on();
            talk.until_direct();
            println!(
                "measured: another network: Bob reads after {:.1?}, Ada after {:.1?}, on a direct path after {:.1?}",
                took[0],
                took[1],
                start.elapsed()
            );
            let woke = sleep(&mut talk, |talk| while talk.ada.says(&["peers"]).contains(" ms") {});
            let took = talk.go_on();
            println!("measured: awake elsewhere: Bob reads after {woke:.1?}, then Ada after {:.1?}", took[1]);
            talk.end();
        });
    });
}

#[test]
#[ignore = "takes ten minutes"]
fn a_laptop_that_slept_ten_minutes_wakes_elsewhere_and_goes_on() {
    with_relay(|relay| {
        inside("moves::a_laptop_that_slept_ten_minutes_wakes_elsewhere_and_goes_on", NETWORK, || {
            let (_relay, mut talk) = Talk::directly(relay);
            move_bob("second", "third", "192.168.3.1");
            talk.go_on();
            let woke = sleep(&mut talk, |_| thread::sleep(Duration::from_secs(600)));
            let took = talk.go_on();
            println!("measured: after ten minutes: Bob reads after {woke:.1?}, then Ada after {:.1?}", took[1]);
            talk.end();
        });
    });
}
