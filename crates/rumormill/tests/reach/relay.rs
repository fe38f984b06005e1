//! Two people whom no path connects, and relays that both reach, some of which die, lie or keep silent.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use crate::{
    net::{Machine, at, inside, sent},
    person::Chat,
    routers::{self, Kind, Own, Talk, ip, set},
};

/// The machine of the relay does not forward.
pub(crate) const NETWORK: &str = "
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

/// Ada and Bob behind routers that let no UDP through.
fn apart(test: &str, story: impl FnOnce(&str)) {
    with_relay(|relay| {
        inside(test, routers::NETWORK, || {
            ["first", "second"].into_iter().for_each(|router| set(router, Kind::Tcp));
            story(relay);
        });
    });
}

/// Two relays, of which the one that Ada and Bob talk over ends as `ends` says. Nothing tells either side of it.
#[expect(clippy::print_stdout, reason = "whoever measures reads it")]
fn another_takes_over(test: &str, ends: impl Fn(&Own, &str)) {
    apart(test, |program| {
        let (relay, spare) = (Own::new(program, "relay", "203.0.113.5"), Own::new(program, "spare", "203.0.113.6"));
        let mut talk = Talk::begin(&[&relay.url, &spare.url], &[relay.cert.clone(), spare.cert.clone()].concat());
        talk.go_on();
        assert_eq!(talk.way(), Some("relayed"));
        let packets = || ["relay", "spare"].map(|machine| sent(machine, "net"));
        let before = packets();
        for _ in 0..20 {
            talk.go_on();
        }
        let now = packets();
        match now[0] - before[0] > now[1] - before[1] {
            true => ends(&relay, "relay"),
            false => ends(&spare, "spare"),
        }
        let took = talk.go_on();
        println!("measured: another relay: Bob reads after {:.1?}, Ada after {:.1?}", took[0], took[1]);
        assert_eq!(talk.way(), Some("relayed"));
        talk.end();
    });
}

#[test]
fn when_a_relay_vanishes_another_takes_over() {
    another_takes_over("relay::when_a_relay_vanishes_another_takes_over", |_, machine| {
        ip(&format!("-n {machine} link set net down"));
    });
}

#[test]
#[ignore = "takes half a minute, as the one above"]
fn when_a_relay_hangs_another_takes_over() {
    another_takes_over("relay::when_a_relay_hangs_another_takes_over", |relay, _| relay.hang());
}

#[test]
fn beside_a_direct_path_a_relay_may_hang_and_vanish() {
    with_relay(|relay| {
        inside("relay::beside_a_direct_path_a_relay_may_hang_and_vanish", routers::NETWORK, || {
            let (relay, mut talk) = Talk::directly(relay);
            relay.hang();
            // Longer than a connection lives without a packet.
            let start = Instant::now();
            while start.elapsed() < Duration::from_secs(9) {
                talk.go_on();
            }
            ip("-n relay link set net down");
            talk.go_on();
            assert_eq!(talk.way(), Some("direct"));
            talk.end();
        });
    });
}

/// Ada and Bob talk by these relays; says how long that took.
#[expect(clippy::print_stdout, reason = "whoever measures reads it")]
fn talk_by(what: &str, relays: &[&str], certs: &str) {
    let mut talk = Talk::begin(relays, certs);
    let took = talk.go_on();
    println!("measured: {what}: joined after {:.1?}, then a line after {:.1?}", talk.first_line, took[1]);
    talk.end();
}

#[test]
fn a_relay_that_is_slow_holds_nobody_up_and_alone_still_brings_words_across() {
    apart("relay::a_relay_that_is_slow_holds_nobody_up_and_alone_still_brings_words_across", |program| {
        let (relay, slow) = (Own::new(program, "relay", "203.0.113.5"), Own::new(program, "spare", "203.0.113.6"));
        let certs = [relay.cert.clone(), slow.cert.clone()].concat();
        slow.slowly(|| {
            for relays in [&[&*slow.url][..], &[&slow.url, &relay.url]] {
                talk_by(&format!("a slow relay of {}", relays.len()), relays, &certs);
            }
        });
    });
}

/// Answers each connection with what it is told to, and closes it; without that, says nothing and keeps it.
const LIAR: &str = "
import socket, sys
server = socket.create_server(('203.0.113.6', 80))
print('ready', flush=True)
kept = []
while True:
    it, _ = server.accept()
    if len(sys.argv) > 1:
        it.sendall(sys.argv[1].encode())
        it.close()
    else:
        kept.append(it)";

#[test]
fn a_relay_that_lies_or_keeps_silent_does_not_keep_people_apart() {
    apart("relay::a_relay_that_lies_or_keeps_silent_does_not_keep_people_apart", |program| {
        let relay = Own::new(program, "relay", "203.0.113.5");
        let switched = "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\nnonsense";
        for (what, says) in [("garbage", &["nonsense"][..]), ("a false upgrade", &[switched]), ("nothing", &[])] {
            let mut liar = Chat::of(at("spare", "python3").args(["-c", LIAR]).args(says));
            liar.until("ready");
            talk_by(&format!("a relay says {what}"), &["http://203.0.113.6", &relay.url], &relay.cert);
        }
    });
}
