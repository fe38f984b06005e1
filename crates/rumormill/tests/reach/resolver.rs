//! The packets of a node whose resolver refuses every question, or answers none.

use std::{thread, time::Duration};

use crate::{
    net::{Machine, at, inside, sent},
    person::Chat,
};

/// A machine, and behind its only link the world, where there is a resolver and nobody else.
const NETWORK: &str = "
for one in ada world; do ip netns add $one; ip -n $one link set lo up; done
ip link add lan netns ada type veth peer name ada netns world
for one in ada world; do ip netns exec $one sh -c 'for it in /proc/sys/net/ipv6/conf/*/disable_ipv6; do echo 1 >$it; done'; done
ip -n world addr add 198.51.100.53/24 dev ada; ip -n world link set ada up; ip -n world route add default dev ada
ip -n ada addr add 10.77.0.1/24 dev lan; ip -n ada link set lan up; ip -n ada route add default via 198.51.100.53 dev lan onlink";

/// The time that is measured.
const SECONDS: u64 = 15;

/// Refuses each question, or is silent.
const RESOLVER: &str = "
import socket, sys
server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(('198.51.100.53', 53))
print('ready', flush=True)
while True:
    question, asker = server.recvfrom(512)
    if sys.argv[1] == 'refuses':
        server.sendto(question[:2] + bytes([0x81, 0x85]) + question[4:], asker)";

#[test]
#[ignore = "takes a minute and prints figures"]
fn packets_of_a_node_whose_resolver_refuses_or_is_silent() {
    inside("resolver::packets_of_a_node_whose_resolver_refuses_or_is_silent", NETWORK, || {
        for (resolver, config, most) in [
            ("is silent", "lan = false\nrelay = false", 0),
            ("refuses", "lan = false", 200),
            ("is silent", "lan = false", 200),
        ] {
            let mut answers = Chat::of(at("world", "python3").args(["-c", RESOLVER, resolver]));
            answers.until("ready");
            let ada = Machine::new("ada");
            ada.configure(config);
            let before = sent("ada", "lan");
            let mut chat = ada.open(&["new", "lunch"]);
            chat.until("founded the room");
            thread::sleep(Duration::from_secs(SECONDS));
            let packets = sent("ada", "lan") - before;
            println!(
                "measured: {}, the resolver {resolver}: {packets} packets in {SECONDS} s",
                config.replace('\n', ", ")
            );
            assert!(packets <= most, "{packets} packets, {resolver}, {config:?}");
        }
    });
}
