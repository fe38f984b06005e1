//! What leaves a LAN: two machines and a router that counts the packets that it sends into the world.

use crate::net::{Machine, at, inside, sent};

/// The router sends whatever is not for the LAN into the world, where nobody answers. Ada's machine has another address,
/// of which only she knows.
const NETWORK: &str = "
for one in router ada bob world; do ip netns add $one; ip -n $one link set lo up; done
ip -n router link add lan type bridge
ip -n router addr add 10.77.0.254/24 dev lan; ip -n router link set lan up
for one in ada:1 bob:2; do
  ip link add lan netns ${one%:*} type veth peer name ${one%:*} netns router
  ip -n router link set ${one%:*} master lan; ip -n router link set ${one%:*} up
  ip -n ${one%:*} addr add 10.77.0.${one#*:}/24 dev lan; ip -n ${one%:*} link set lan up
  ip -n ${one%:*} route add default via 10.77.0.254
done
ip -n ada addr add 203.0.113.9/32 dev lan
ip link add world netns router type veth peer name router netns world
ip netns exec router sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward; echo 1 >/proc/sys/net/ipv6/conf/world/disable_ipv6'
ip -n world link set router arp off up
ip -n router link set world arp off up; ip -n router route add default dev world";

/// Packets that left the LAN so far.
fn left() -> u64 {
    sent("router", "world")
}

/// Ada founds a room and Bob joins it; both talk and leave. `args` go to each command.
fn talk(ada: &Machine, bob: &Machine, args: &[&str]) {
    let mut here = ada.open(&[&["new", "lunch"], args].concat());
    let ticket = here.until("rumor2");
    let mut there = bob.open(&[&["join", &ticket], args].concat());
    there.until("founded the room lunch");
    here.type_line("soup or salad?");
    there.until("soup or salad?");
    there.type_line("soup");
    here.until("  soup");
    assert_eq!((there.leave().1, here.leave().1), (Some(0), Some(0)));
}

/// Webhooks post to the LAN alone: what is beyond it is neither dialled nor looked up, and the list says why.
fn posts_stay_there(bob: &Machine) {
    let mut there = bob.open(&["chat", "lunch"]);
    there.until("soup or salad?");
    for (name, host) in [("far", "203.0.113.9:9"), ("named", "hook.example.org"), ("near", "10.77.0.1:9")] {
        let made = bob.says(&["hook", "new", "lunch", "--name", name, "--to", &format!("http://{host}/")]);
        assert!(made.contains("signed with this secret"), "{made}");
    }
    there.type_line("who hears it?");
    there.until("who hears it?");
    let ends = |list: &str| list.lines().filter(|line| line.contains("last attempt: ")).count() == 3;
    let list = std::iter::repeat_with(|| bob.says(&["hook", "list"])).take(600).find(|list| ends(list)).unwrap();
    for line in list.lines() {
        assert_eq!(line.contains("the node stays on the LAN"), !line.contains("  near  "), "{list}");
    }
    there.leave();
}

#[test]
fn with_lan_only_not_a_packet_leaves_the_lan() {
    inside("lan::with_lan_only_not_a_packet_leaves_the_lan", NETWORK, || {
        assert_eq!(left(), 0);
        let probe = "import socket\nfor _ in range(3): socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('203.0.113.9', 9))";
        assert!(at("bob", "python3").args(["-c", probe]).status().unwrap().success());
        assert_eq!(left(), 3, "each packet that leaves is counted");

        let (ada, bob) = (Machine::new("ada"), Machine::new("bob"));
        talk(&ada, &bob, &["--lan-only"]);
        bob.configure("lan_only = true\ndht = true\nrelays = [\"https://relay.example.org\"]");
        let doctor = bob.says(&["doctor"]);
        assert!(doctor.contains("was reached over UDP at 10.77.0.2"), "{doctor}");
        posts_stay_there(&bob);
        assert_eq!(left(), 3);

        // The same two without it: the node looks names up, and tries the other address of the ticket.
        let (ada, bob) = (Machine::new("ada"), Machine::new("bob"));
        talk(&ada, &bob, &[]);
        assert!(left() > 3);
    });
}

#[test]
fn without_relays_packets_go_only_where_tickets_and_the_lan_say() {
    inside("lan::without_relays_packets_go_only_where_tickets_and_the_lan_say", NETWORK, || {
        let (ada, bob) = (Machine::new("ada"), Machine::new("bob"));
        for one in [&ada, &bob] {
            one.configure("relay = false");
        }
        talk(&ada, &bob, &[]);
        let tried = left();
        assert!(tried > 0, "the other address of the ticket is tried");

        // A ticket that names addresses on the LAN alone.
        assert!(at("ada", "ip").args(["addr", "del", "203.0.113.9/32", "dev", "lan"]).status().unwrap().success());
        let (ada, bob) = (Machine::new("ada"), Machine::new("bob"));
        for one in [&ada, &bob] {
            one.configure("relay = false");
        }
        talk(&ada, &bob, &[]);
        assert_eq!(left(), tried, "no relay, no publishing, no look-up");
    });
}
