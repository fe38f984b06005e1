//! What works in this process and what does not, each found by a test.

use axum::extract::State;
use rumormill_node::{
    DhtProbe, Error, Internet, LanProbe, Member, Network, Place, Room,
    proto::clock::{Skew, Whose},
};
use rumormill_text::{
    Clock,
    keepers::{MORE_SPACE, stocked},
    show::count,
    title,
};

use super::{
    Api,
    governing::role_of,
    shape::shape_stock,
    words::{Bot, Finding, Findings, Role},
};
use crate::{
    answer::{Answer, SafeJson},
    told::{reached, role, said_nick, skewed},
};

/// `GET /v1/findings`.
pub(super) async fn list(State(api): State<Api>) -> Answer<SafeJson<Findings>> {
    let rooms = api.rooms();
    let mut findings: Vec<Finding> = rooms.iter().filter_map(stopped).collect();
    findings.extend(api.bots().list().into_iter().map(bot));
    findings.extend(rooms.iter().filter_map(kept));
    findings.extend(rooms.iter().filter_map(lone_owner));
    findings.extend(unsaved(&api, &rooms));
    findings.push(clocks(&rooms));
    findings.push(Finding::well("reach", reached(api.node().reach())));
    findings.extend(network(&api.node().network().await));
    Ok(SafeJson(Findings { findings }))
}

/// The reason why the node stopped a room, if it did. A check finds what is damaged.
fn stopped(room: &Room) -> Option<Finding> {
    let why = room.stopped().filter(|why| !matches!(why, Error::Damaged { .. }))?;
    Some(Finding::ill("room", format!("{}: {why}", title(&room.name())), why.help()))
}

/// How much a room takes that this machine keeps, and how much it may.
fn kept(room: &Room) -> Option<Finding> {
    let stock = shape_stock(room.stock()?);
    let finding = Finding::well("keeper", format!("{}: {}", room.id().short(), stocked(&stock, &Clock::local())));
    Some(if stock.full { finding.advise(MORE_SPACE) } else { finding })
}

/// Reminds the only owner of a closed room with other members: without this home nobody could appoint or dismiss there.
fn lone_owner(room: &Room) -> Option<Finding> {
    let owns = |role: &Role| matches!(role, Role::Owner | Role::CoOwner);
    let present: Vec<Option<Role>> = room.members().into_iter().filter_map(present).collect();
    let owners = present.iter().flatten().filter(|role| owns(role)).count();
    let mine = role_of(room, &room.author()).is_some_and(|role| owns(&role));
    (mine && owners == 1 && present.len() > 1).then(|| {
        let name = title(&room.name());
        let what = "you are its only owner, and if this home is lost, nobody can give or end roles there";
        Finding::untested("owners", format!("{name}: {what}; `/appoint NAME co-owner` makes another"))
    })
}

/// Reminds the owner of closed rooms that neither a backup nor another machine has them.
fn unsaved(api: &Api, rooms: &[Room]) -> Option<Finding> {
    let mine = |room: &&Room| matches!(role_of(room, &room.author()), Some(Role::Owner));
    let names: Vec<String> =
        rooms.iter().filter(mine).filter(|room| !api.is_elsewhere(room)).map(|room| title(&room.name())).collect();
    (!names.is_empty()).then(|| {
        let what = "you are the owner, and neither a backup nor another machine of yours could go on there";
        Finding::untested(
            "backup",
            format!("{}: {what}; `rumormill backup FILE` or `rumormill device add`", names.join(", ")),
        )
    })
}

/// The role of a member who is in.
fn present(member: Member) -> Option<Option<Role>> {
    match member.place {
        Place::Present(held) => Some(held.map(role)),
        Place::Waiting(_) | Place::Removed => None,
    }
}

/// Whether a bot can take part.
fn bot(Bot { name, rooms, why, .. }: Bot) -> Finding {
    match why {
        None => Finding::well("bot", format!("{name} takes part in {}", count(rooms.len(), "room", "rooms"))),
        Some(why) => {
            let help = format!("if this does not pass, `rumormill bot remove {name}` removes it; then make it again");
            Finding::ill("bot", format!("{name}: {why}"), help)
        }
    }
}

/// Compares this machine's clock with those of the connected peers.
fn clocks(rooms: &[Room]) -> Finding {
    let what = "peer-clocks";
    let differ = |room: &Room| {
        let skew: Skew = room.status().skew;
        (skew.whose != Whose::Nobodys).then(|| (skew.whose, skewed(skew, |author| said_nick(room, author))))
    };
    match rooms.iter().find_map(differ) {
        Some((Whose::Theirs(_), says)) => return Finding::well(what, says),
        Some((_, says)) => return Finding::ill(what, says, "compare with a third clock, and switch network time on"),
        None => {}
    }
    match rooms.iter().map(|room| room.status().peers.len()).sum::<usize>() {
        0 => Finding::untested(what, "no peer is connected whose clock could be compared with this one"),
        peers => Finding::well(what, format!("this clock agrees with that of {}", count(peers, "peer", "peers"))),
    }
}

fn network(network: &Network) -> Vec<Finding> {
    let Network { sockets, lan, internet, dht } = network;
    let at: Vec<String> = sockets.iter().map(ToString::to_string).collect();
    let mut findings = vec![Finding::well("network", format!("listens for UDP at {}", at.join(" and ")))];
    if sockets.iter().all(|socket| socket.ip().is_loopback()) {
        findings.push(Finding::untested("lan", "switched off: --loopback reaches this machine only"));
        findings.push(Finding::untested("internet", "switched off: --loopback reaches this machine only"));
        return findings;
    }
    match lan {
        Some(lan) => findings.extend(probed(lan)),
        None => findings.push(Finding::untested("lan", "switched off: the configuration says `lan = false`")),
    }
    match internet {
        Some(internet) => findings.extend(asked(internet)),
        None => {
            findings.push(Finding::untested("internet", "switched off: the node uses no relays, which this test asks"))
        }
    }
    findings.extend(dht.as_ref().map(entered));
    findings
}

/// How far the node has come in the Mainline DHT.
fn entered(DhtProbe { nodes, stored }: &DhtProbe) -> Finding {
    let what = "dht";
    match stored {
        _ if *nodes == 0 => Finding::ill(
            what,
            "no node of the Mainline DHT answered",
            "let UDP over IPv4 out through the firewall, or name other nodes with `dht_nodes` in the configuration",
        ),
        None => Finding::ill(
            what,
            "the Mainline DHT was entered, but nobody there stored how this node is reached",
            "test again in a minute; until then others reach this node by tickets, the LAN and relays",
        ),
        Some(stored) if stored.is_empty() => Finding::well(
            what,
            "the Mainline DHT was entered; nothing is stored there, because no address of this node can be used from elsewhere",
        )
        .advise("use a relay, or IPv6, or a router that forwards a UDP port to this machine"),
        Some(stored) => Finding::well(
            what,
            format!("stored in the Mainline DHT, for whoever knows this node's id: {}", stored.join(" and ")),
        ),
    }
}

/// The result of the test with a second node on this machine.
fn probed(LanProbe { heard, reached, others, failed }: &LanProbe) -> Vec<Finding> {
    if let Some(why) = failed {
        return vec![Finding::ill("lan", why.clone(), "let the program listen for UDP, on port 5353 too")];
    }
    let udp = match reached {
        Some(addr) => Finding::well("udp", format!("a second node on this machine was reached over UDP at {addr}")),
        None => Finding::ill(
            "udp",
            "a second node on this machine was not reached over UDP by any address but the loopback's",
            "connect to a network; if you are on one, let UDP in and out through this machine's firewall",
        ),
    };
    let found = count(*others, "other node is announced", "other nodes are announced");
    let lan = match heard {
        true => Finding::well("lan", format!("mDNS: what a second node announced was heard; {found} here")),
        false => Finding::ill(
            "lan",
            format!("mDNS: what a second node on this machine announced was not heard; {found} here"),
            "let multicast UDP on port 5353 through the firewall; where the network blocks it, as for guests, tickets still work",
        ),
    };
    vec![udp, lan]
}

/// The results from relays.
fn asked(Internet { udp_v4, udp_v6, varies, relay, captive }: &Internet) -> Vec<Finding> {
    let seen: Vec<String> =
        udp_v4.iter().map(ToString::to_string).chain(udp_v6.iter().map(ToString::to_string)).collect();
    let udp = match seen.is_empty() {
        false => Finding::well(
            "internet",
            format!("UDP goes out and answers come in; seen from there as {}", seen.join(" and ")),
        ),
        true => Finding::ill(
            "internet",
            "no answer came over UDP from the internet",
            "without internet the LAN works all the same; otherwise let UDP out through the firewall, or relays carry everything",
        ),
    };
    let relay = match relay {
        Some((url, took)) => Finding::well("relay", format!("{url} answered in {} ms", took.as_millis())),
        None => Finding::ill(
            "relay",
            "no relay answered",
            "without relays, peers behind two NATs cannot meet; to do without them, say `relay = false` in the configuration",
        ),
    };
    let nat = match varies {
        Some(false) => Finding::well("nat", "relays see one address: peers elsewhere can mostly be reached directly"),
        Some(true) => Finding::well(
            "nat",
            "each relay sees another address (symmetric NAT): a peer behind such a NAT too is reached by a relay only",
        )
        .advise("forward a UDP port of the router to this machine, or use IPv6, for direct paths"),
        None => Finding::untested("nat", "fewer than two relays reported the address that they see"),
    };
    let portal =
        Finding::ill("portal", "a captive portal stands before the internet", "sign in to the network with a browser");
    [udp, relay, nat].into_iter().chain((*captive == Some(true)).then_some(portal)).collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn told(findings: &[Finding]) -> Vec<(&str, bool, bool)> {
        assert!(findings.iter().all(|finding| finding.ok || finding.help.is_some()), "what is ill says what to do");
        findings.iter().map(|finding| (&*finding.what, finding.ok, finding.tested)).collect()
    }

    fn at(socket: &str) -> Vec<std::net::SocketAddr> {
        vec![socket.parse().unwrap()]
    }

    #[test]
    fn disabled_parts_are_not_reported_to_work() {
        let here = Network { sockets: at("127.0.0.1:5"), lan: None, internet: None, dht: None };
        let want = [("network", true, true), ("lan", true, false), ("internet", true, false)];
        assert_eq!(told(&network(&here)), want);
        let off = Network { sockets: at("0.0.0.0:5"), ..here };
        assert_eq!(told(&network(&off)), want);
        assert!(network(&off)[1].says.contains("lan = false"));
    }

    #[test]
    fn a_machine_without_a_network_gets_a_failure_for_each_test() {
        let cut_off = Network {
            sockets: at("0.0.0.0:5"),
            lan: Some(LanProbe::default()),
            internet: Some(Internet { captive: Some(true), ..Internet::default() }),
            dht: Some(DhtProbe::default()),
        };
        let ill = |what| (what, false, true);
        let want = [
            ("network", true, true),
            ill("udp"),
            ill("lan"),
            ill("internet"),
            ill("relay"),
            ("nat", true, false),
            ill("portal"),
            ill("dht"),
        ];
        assert_eq!(told(&network(&cut_off)), want);
    }

    #[test]
    fn a_healthy_machine_gets_details_for_each_test() {
        let internet = Internet {
            udp_v4: Some("203.0.113.5:77".parse().unwrap()),
            udp_v6: None,
            varies: Some(true),
            relay: Some(("https://relay.example/".into(), Duration::from_millis(31))),
            captive: Some(false),
        };
        let findings = asked(&internet);
        assert_eq!(told(&findings), [("internet", true, true), ("relay", true, true), ("nat", true, true)]);
        assert!(findings[0].says.contains("203.0.113.5:77") && findings[1].says.contains("31 ms"));
        assert!(findings[2].says.contains("symmetric") && findings[2].help.is_some());
        let says = |stored: Option<&[&str]>| {
            let stored = stored.map(|stored| stored.iter().map(|addr| (*addr).to_owned()).collect());
            let finding = entered(&DhtProbe { nodes: 20, stored });
            (finding.ok, finding.says, finding.help.is_some())
        };
        assert!(matches!(says(Some(&["203.0.113.5:77"])), (true, text, false) if text.ends_with(": 203.0.113.5:77")));
        assert!(matches!(says(Some(&[])), (true, _, true)));
        assert!(matches!(says(None), (false, _, true)));
        let lan = LanProbe { heard: true, reached: at("192.168.1.5:9").pop(), others: 2, failed: None };
        let findings = probed(&lan);
        assert_eq!(told(&findings), [("udp", true, true), ("lan", true, true)]);
        assert!(findings[1].says.contains("2 other nodes"));
    }
}
