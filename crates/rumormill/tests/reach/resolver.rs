//! The packets of a node whose resolver refuses every question.

use std::{thread, time::Duration};

use crate::net::{Machine, at, inside, sent};

/// A machine, and behind its only link the world, where a resolver refuses and nobody else answers.
const NETWORK: &str = "
for one in ada world; do ip netns add $one; ip -n $one link set lo up; done
ip link add lan netns ada type veth peer name ada netns world
for one in ada world; do ip netns exec $one sh -c 'for it in /proc/sys/net/ipv6/conf/*/disable_ipv6; do echo 1 >$it; done'; done
ip -n world addr add 198.51.100.53/24 dev ada; ip -n world link set ada arp off up; ip -n world route add default dev ada
ip -n ada addr add 10.77.0.1/24 dev lan; ip -n ada link set lan arp off up; ip -n ada route add default dev lan";

/// The time that is measured.
const SECONDS: u64 = 60;

/// Refuses each question.
const REFUSES: &str = "
import socket
server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(('198.51.100.53', 53))
print('ready', flush=True)
while True:
    question, asker = server.recvfrom(512)
    server.sendto(question[:2] + bytes([0x81, 0x85]) + question[4:], asker)";

#[test]
#[ignore = "takes two minutes and prints figures"]
fn packets_of_a_node_whose_resolver_refuses() {
    inside("resolver::packets_of_a_node_whose_resolver_refuses", NETWORK, || {
        let mut refuses = crate::person::Chat::of(at("world", "python3").args(["-c", REFUSES]));
        refuses.until("ready");
        for (config, is_quiet) in [("lan = false", false), ("lan = false\nrelay = false", true)] {
            let ada = Machine::new("ada");
            ada.configure(config);
            let before = sent("ada", "lan");
            let mut chat = ada.open(&["new", "lunch"]);
            chat.until("founded the room");
            thread::sleep(Duration::from_secs(SECONDS));
            let packets = sent("ada", "lan") - before;
            println!("measured: {}: {packets} packets in {SECONDS} s", config.replace('\n', ", "));
            assert!(!is_quiet || packets == 0);
        }
    });
}
