//! A laptop that is carried from one network to another, awake or asleep.

use std::{
    process::Command,
    thread,
    time::{Duration, Instant},
};

use crate::{
    net::inside,
    relay::with_relay,
    routers::{Kind, NETWORK, Own, Talk, move_bob, set},
};

/// Ada and Bob, who talk on a direct path.
fn talk(relay: &str) -> (Own, Talk) {
    ["first", "second", "third"].into_iter().for_each(|router| set(router, Kind::Keeps));
    let relay = Own::new(relay, "relay", "203.0.113.5");
    let mut talk = Talk::begin(&[&relay.url], &relay.cert);
    talk.until_direct();
    talk.go_on();
    (relay, talk)
}

/// Bob's program stops, as on a closed laptop, and goes on behind another router. Ada says something meanwhile.
fn sleep(talk: &mut Talk, asleep: impl FnOnce(&Talk)) -> Duration {
    let bob = talk.there.child.id().to_string();
    let signal = |name: &str| assert!(Command::new("kill").args([name, &bob]).status().unwrap().success());
    signal("-STOP");
    asleep(talk);
    talk.here.type_line("are you asleep?");
    talk.here.until("  are you asleep?");
    move_bob("third", "second", "192.168.2.1");
    let start = Instant::now();
    signal("-CONT");
    talk.there.until("are you asleep?");
    start.elapsed()
}

#[test]
fn a_laptop_that_changes_its_network_goes_on_awake_and_asleep() {
    with_relay(|relay| {
        inside("moves::a_laptop_that_changes_its_network_goes_on_awake_and_asleep", NETWORK, || {
            let (_relay, mut talk) = talk(relay);
            move_bob("second", "third", "192.168.3.1");
            let took = talk.go_on();
            println!("measured: another network: Bob reads after {:.1?}, Ada after {:.1?}", took[0], took[1]);
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
            let (_relay, mut talk) = talk(relay);
            move_bob("second", "third", "192.168.3.1");
            talk.go_on();
            let woke = sleep(&mut talk, |_| thread::sleep(Duration::from_secs(600)));
            let took = talk.go_on();
            println!("measured: after ten minutes: Bob reads after {woke:.1?}, then Ada after {:.1?}", took[1]);
            talk.end();
        });
    });
}
