//! Two people whose ticket is out of date, and a DHT of their own instead of a service.

use std::io::{BufRead as _, BufReader};

use n0_mainline::Dht;
use tokio::runtime::Runtime;

use crate::{
    net::{Machine, inside},
    person::Chat,
    routers::ip,
};

/// Ada and Bob have addresses of the world, and the nodes of the DHT are at 203.0.113.1.
const NETWORK: &str = "
ip link set lo up
ip link add net type bridge; ip addr add 203.0.113.1/24 dev net; ip link set net up
for one in ada:2 bob:3; do
  ip netns add ${one%:*}; ip -n ${one%:*} link set lo up
  ip link add to-${one%:*} type veth peer name net netns ${one%:*}
  ip link set to-${one%:*} master net; ip link set to-${one%:*} up
  ip -n ${one%:*} addr add 203.0.113.${one#*:}/24 dev net; ip -n ${one%:*} link set net up
done";

/// No mDNS and no relay: tickets, and what peers say.
const ALONE: &str = "lan = false\nrelay = false\n";

const ENTERS: &str = "dht = true\ndht_nodes = [\"203.0.113.1:6881\"]\n";

/// Some nodes of a DHT, which know each other by addresses of the world.
fn dht() -> (Runtime, Vec<Dht>) {
    let runtime = Runtime::new().unwrap();
    let nodes = runtime.block_on(async {
        let mut nodes = vec![Dht::builder().server_mode().no_bootstrap().port(6881).build().unwrap()];
        for port in 6882..6885 {
            let node = Dht::builder().server_mode().bootstrap(&["203.0.113.1:6881"]).port(port).build().unwrap();
            assert!(node.bootstrapped().await.unwrap());
            nodes.push(node);
        }
        nodes
    });
    (runtime, nodes)
}

#[test]
fn people_whose_ticket_is_out_of_date_meet_by_the_dht_and_without_it_do_not() {
    inside("dht::people_whose_ticket_is_out_of_date_meet_by_the_dht_and_without_it_do_not", NETWORK, || {
        let _dht = dht();
        let [ada, bob, other] = ["ada", "bob", "bob"].map(Machine::new);
        [&ada, &bob].into_iter().for_each(|machine| machine.configure(&format!("{ALONE}{ENTERS}")));
        other.configure(ALONE);
        let mut here = ada.open(&["new", "lunch"]);
        let ticket = here.until("rumor2");
        here.type_line("soup or salad?");
        here.until("  soup or salad?");
        ip("-n ada addr del 203.0.113.2/24 dev net");
        ip("-n ada addr add 203.0.113.12/24 dev net");

        let (told, tells) = std::io::pipe().unwrap();
        let _elsewhere = Chat::with_log(&mut other.command(&["join", &ticket]), tells.into());
        let mut told = BufReader::new(told).lines();
        assert!(told.any(|line| line.unwrap().contains(" in vain")), "it did not look for Ada");
        let mut there = bob.open(&["join", &ticket]);
        there.until("soup or salad?");
        assert!(!other.says(&["peers"]).contains("  direct, "), "{}", other.says(&["peers"]));
        let doctor = ada.says(&["doctor"]);
        assert!(doctor.contains("stored in the Mainline DHT") && doctor.contains(": 203.0.113.12:"), "{doctor}");
        assert_eq!((there.leave().1, here.leave().1), (Some(0), Some(0)));
    });
}
