//! Two people whom no path connects, and a relay of their own that both reach.

use std::path::Path;

use crate::{
    net::{Machine, at, inside},
    person::Chat,
};

/// The machine of the relay does not forward.
const NETWORK: &str = "
for one in relay ada bob; do ip netns add $one; ip -n $one link set lo up; done
for one in ada:1 bob:2; do
  ip link add net netns ${one%:*} type veth peer name ${one%:*} netns relay
  ip -n relay addr add 10.77.${one#*:}.1/24 dev ${one%:*}; ip -n relay link set ${one%:*} up
  ip -n ${one%:*} addr add 10.77.${one#*:}.2/24 dev net; ip -n ${one%:*} link set net up
  ip -n ${one%:*} route add default via 10.77.${one#*:}.1
done
ip netns exec relay sh -c 'echo 0 >/proc/sys/net/ipv4/ip_forward'";

/// The relay stands beside the program; `make test` builds it.
#[expect(clippy::print_stderr, reason = "whoever runs the tests is told what was left out")]
pub(crate) fn with_relay(story: impl FnOnce(&str)) {
    let relay = Path::new(env!("CARGO_BIN_EXE_rumormill")).with_file_name("rumormill-relay");
    if relay.exists() {
        return story(&relay.to_string_lossy());
    }
    assert!(std::env::var_os("CI").is_none(), "`cargo build --bins` comes first");
    eprintln!("skipped: the relay is not built; `cargo build --bins` builds it");
}

#[test]
fn two_people_without_a_path_talk_through_a_relay_of_their_own() {
    with_relay(|relay| {
        inside("relay::two_people_without_a_path_talk_through_a_relay_of_their_own", NETWORK, || {
            let mut relay = Chat::of(at("relay", relay).args(["--http", "0.0.0.0:3340"]));
            relay.until("rumormill --relay http://HOST:3340");
            let uses = ["--relay", "http://10.77.1.1:3340"];
            let (ada, bob) = (Machine::new("ada"), Machine::new("bob"));
            let mut here = ada.open(&[&["new", "lunch"][..], &uses].concat());
            let ticket = here.until("rumor2");
            let mut there = bob.open(&[&["join", &ticket][..], &uses].concat());
            there.until("founded the room lunch");
            there.type_line("is this the relay's way?");
            here.until("is this the relay's way?");
            assert!(ada.says(&["peers"]).contains("relayed, "), "{}", ada.says(&["peers"]));
            assert_eq!((there.leave().1, here.leave().1), (Some(0), Some(0)));
        });
    });
}
