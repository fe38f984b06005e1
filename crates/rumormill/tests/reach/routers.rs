//! Two people behind routers of their own, and a relay of theirs with TLS on a machine that both reach.

use std::{
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::mpsc::{RecvTimeoutError, channel},
    thread,
    time::{Duration, Instant},
};

use crate::{
    net::{Machine, at, inside},
    person::Chat,
    relay::with_relay,
};

/// `ada` is behind `first`, `bob` behind `second`, with a plug in `third` that nothing is in. Home routers drop whatever comes
/// from outside uninvited. `relay` and `spare` have addresses of the world.
pub(crate) const NETWORK: &str = "
nft --version >/dev/null
for one in world relay spare first second third ada bob; do
  ip netns add $one; ip -n $one link set lo up
  ip netns exec $one sh -c 'for it in all default; do echo 1 >/proc/sys/net/ipv6/conf/$it/disable_ipv6; done'
done
ip -n world link add net type bridge; ip -n world link set net up
for one in first:1 second:2 third:3 relay:5 spare:6; do
  ip link add net netns ${one%:*} type veth peer name ${one%:*} netns world
  ip -n world link set ${one%:*} master net; ip -n world link set ${one%:*} up
  ip -n ${one%:*} addr add 203.0.113.${one#*:}/24 dev net; ip -n ${one%:*} link set net up
done
for one in first:ada:1 second:bob:2 third:bob:3; do
  router=${one%%:*}; rest=${one#*:}; person=${rest%:*}; number=${rest#*:}
  ip link add lan netns $router type veth peer name to-$router netns $person
  ip -n $router addr add 192.168.$number.1/24 dev lan; ip -n $router link set lan up
  ip -n $person addr add 192.168.$number.2/24 dev to-$router
  ip netns exec $router sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward'
done
ip -n ada link set to-first up; ip -n ada route add default via 192.168.1.1
ip -n bob link set to-second up; ip -n bob route add default via 192.168.2.1";

/// What a router does with packets from inside.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Kind {
    /// Keeps the port that the machine chose, whoever the packet is for.
    Keeps,
    /// Draws another port for each address that is talked to: a symmetric NAT.
    Draws,
    /// Lets TCP out, and no UDP.
    Tcp,
}

const KINDS: [Kind; 3] = [Kind::Keeps, Kind::Draws, Kind::Tcp];

impl Kind {
    fn called(self) -> &'static str {
        match self {
            Self::Keeps => "keeps ports",
            Self::Draws => "draws ports",
            Self::Tcp => "no UDP",
        }
    }
}

/// Makes a router be of this kind, and forget whom it let in.
pub(crate) fn set(router: &str, kind: Kind) {
    let how = if kind == Kind::Draws { "random,fully-random" } else { "" };
    let what = if kind == Kind::Tcp { "meta l4proto tcp accept" } else { "accept" };
    let rules = format!(
        "flush ruleset
        table ip home {{
          chain out {{ type nat hook postrouting priority 100; oifname net masquerade {how}; }}
          chain through {{ type filter hook forward priority 0; policy drop; ct state established accept; iifname lan {what}; }}
          chain own {{ type filter hook input priority 0; iifname net ct state new drop; }}
        }}"
    );
    let mut nft = at(router, "nft").args(["-f", "-"]).stdin(Stdio::piped()).spawn().unwrap();
    nft.stdin.take().unwrap().write_all(rules.as_bytes()).unwrap();
    assert!(nft.wait().unwrap().success());
}

/// Unplugs Bob's machine, and plugs it in behind another router: an address that nobody told it, as in a café. Its system
/// drops the old one, as those of laptops do.
pub(crate) fn move_bob(from: &str, to: &str, gateway: &str) {
    ip(&format!("-n bob addr flush dev to-{from}"));
    ip(&format!("-n bob link set to-{from} down"));
    ip(&format!("-n bob addr replace {}.2/24 dev to-{to}", gateway.trim_end_matches(".1")));
    ip(&format!("-n bob link set to-{to} up"));
    ip(&format!("-n bob route add default via {gateway}"));
}

/// Changes the network.
pub(crate) fn ip(args: &str) {
    assert!(Command::new("ip").args(args.split(' ')).status().unwrap().success(), "{args}");
}

/// The files of a certificate for these names, which nobody vouches for, and of its key.
pub(crate) fn self_signed(dir: &Path, names: &[&str]) -> [PathBuf; 2] {
    let names: Vec<String> = names.iter().map(ToString::to_string).collect();
    let made = rcgen::generate_simple_self_signed(names).unwrap();
    [("cert.pem", made.cert.pem()), ("key.pem", made.signing_key.serialize_pem())].map(|(name, pem)| {
        let file = dir.join(name);
        std::fs::write(&file, pem).unwrap();
        file
    })
}

/// A relay, with a certificate of its own making.
pub(crate) struct Own {
    relay: Chat,
    pub(crate) url: String,
    pub(crate) cert: String,
}

impl Own {
    pub(crate) fn new(relay: &str, machine: &str, addr: &str) -> Self {
        let files = tempfile::tempdir().unwrap();
        let [cert, key] = self_signed(files.path(), &[addr]);
        let mut relay = Chat::of(at(machine, relay).arg("--cert").arg(&cert).arg("--key").arg(&key));
        relay.until("rumormill --relay https://HOST");
        Self { relay, url: format!("https://{addr}"), cert: std::fs::read_to_string(cert).unwrap() }
    }

    /// From here on it keeps its connections, and passes nothing on.
    pub(crate) fn hang(&self) {
        signal(&self.relay, "-STOP");
    }

    /// While something is done, it works for a tenth of each half second.
    pub(crate) fn slowly<T>(&self, done: impl FnOnce() -> T) -> T {
        let (goes_on, end) = channel::<()>();
        thread::scope(|scope| {
            scope.spawn(move || {
                loop {
                    signal(&self.relay, "-STOP");
                    thread::sleep(Duration::from_millis(450));
                    signal(&self.relay, "-CONT");
                    if end.recv_timeout(Duration::from_millis(50)) == Err(RecvTimeoutError::Disconnected) {
                        return;
                    }
                }
            });
            let _goes_on = goes_on;
            done()
        })
    }
}

/// Stops a program, or lets it go on.
pub(crate) fn signal(chat: &Chat, name: &str) {
    assert!(Command::new("kill").args([name, &chat.child.id().to_string()]).status().unwrap().success());
}

/// Two people who talk.
pub(crate) struct Talk {
    pub(crate) bob: Machine,
    pub(crate) ada: Machine,
    pub(crate) here: Chat,
    pub(crate) there: Chat,
    /// From the moment at which Bob joined until he read what Ada had said.
    pub(crate) first_line: Duration,
    lines: usize,
}

impl Talk {
    /// Ada opens a room and says something; Bob joins. Their systems trust these certificates.
    pub(crate) fn begin(relays: &[&str], certs: &str) -> Self {
        let [ada, bob] = ["ada", "bob"].map(|name| Machine::trusting(name, certs));
        [&ada, &bob].into_iter().for_each(|machine| machine.configure(&format!("relays = {relays:?}")));
        let mut here = ada.open(&["new", "lunch"]);
        let ticket = here.until("rumor2");
        here.type_line("soup or salad?");
        here.until("  soup or salad?");
        let start = Instant::now();
        let mut there = bob.open(&["join", &ticket]);
        there.until("soup or salad?");
        Self { bob, ada, here, there, first_line: start.elapsed(), lines: 0 }
    }

    /// The same on a direct path, behind routers that keep ports.
    pub(crate) fn directly(relay: &str) -> (Own, Self) {
        ["first", "second", "third"].into_iter().for_each(|router| set(router, Kind::Keeps));
        let relay = Own::new(relay, "relay", "203.0.113.5");
        let mut talk = Self::begin(&[&relay.url], &relay.cert);
        talk.until_direct();
        talk.go_on();
        (relay, talk)
    }

    /// Each says something that the other reads; returns how long that took.
    pub(crate) fn go_on(&mut self) -> [Duration; 2] {
        self.lines += 1;
        let (lines, start) = (self.lines, Instant::now());
        self.here.type_line(&format!("Ada's line {lines}"));
        self.there.type_line(&format!("Bob's line {lines}"));
        self.there.until(&format!("Ada's line {lines}"));
        let there = start.elapsed();
        self.here.until(&format!("Bob's line {lines}"));
        [there, start.elapsed()]
    }

    /// The way to Ada, as Bob's program says it.
    pub(crate) fn way(&self) -> Option<&'static str> {
        let peers = self.bob.says(&["peers"]);
        ["direct", "relayed"].into_iter().find(|way| peers.contains(&format!("  {way}, ")))
    }

    /// Waits until Bob's program says that the way to Ada is direct.
    pub(crate) fn until_direct(&self) {
        while self.way() != Some("direct") {}
    }

    pub(crate) fn end(self) {
        assert_eq!((self.there.leave().1, self.here.leave().1), (Some(0), Some(0)));
    }
}

/// How long a direct path may take before it is said that there is none.
const PATIENCE: Duration = Duration::from_secs(10);

#[test]
#[ignore = "takes a minute and a half and prints figures"]
fn who_reaches_whom_behind_which_router() {
    with_relay(|relay| {
        inside("routers::who_reaches_whom_behind_which_router", NETWORK, || {
            let relay = Own::new(relay, "relay", "203.0.113.5");
            println!("measured: | Ada's router | Bob's router | path | first line after, ms | direct after, ms |");
            println!("measured: |---|---|---|---|---|");
            for (first, second) in KINDS.into_iter().flat_map(|first| KINDS.map(|second| (first, second))) {
                set("first", first);
                set("second", second);
                let start = Instant::now();
                let mut talk = Talk::begin(&[&relay.url], &relay.cert);
                let is_direct = std::iter::repeat_with(|| talk.way() == Some("direct"))
                    .take_while(|_| start.elapsed() < PATIENCE)
                    .any(|is_direct| is_direct);
                let direct = if is_direct { start.elapsed().as_millis().to_string() } else { String::new() };
                let way = talk.way().unwrap();
                talk.go_on();
                let (first, second, line) = (first.called(), second.called(), talk.first_line.as_millis());
                println!("measured: | {first} | {second} | {way} | {line} | {direct} |");
                talk.end();
            }
        });
    });
}
