//! A relay whose certificate comes from an ACME server, for a name that only this network knows.

use std::{path::Path, process::Command};

use crate::{
    net::{at, inside},
    person::Chat,
    relay::{NETWORK, with_relay},
    routers::{Talk, self_signed},
};

/// The machine of the relay has an address of the world, and answers for all names with it.
const NAMES: &str = "
ip -n relay addr add 203.0.113.5/32 dev lo; ip -n relay addr add 198.51.100.53/32 dev lo";

/// The root of the ACME server, which is new each time. What it serves that with is of its own making.
const ROOT: &str = "
import ssl, sys, urllib.request
print(urllib.request.urlopen('https://127.0.0.1:15000/roots/0', context=ssl._create_unverified_context()).read().decode())";

/// Whether Pebble is here, an ACME server for tests.
#[expect(clippy::print_stderr, reason = "whoever runs the tests is told what was left out")]
fn has_pebble() -> bool {
    let has = Command::new("pebble").arg("-h").output().is_ok();
    assert!(has || std::env::var_os("CI").is_none(), "`apt-get install pebble` comes first");
    if !has {
        eprintln!("skipped: Pebble, an ACME server for tests, is not installed");
    }
    has
}

/// The server for names, and Pebble, with a certificate of its own making in `dir`.
fn acme(dir: &Path) -> [Chat; 2] {
    let [cert, key] = self_signed(dir, &["198.51.100.53", "127.0.0.1"]);
    let config = serde_json::json!({ "pebble": {
        "listenAddress": "198.51.100.53:14000", "managementListenAddress": "127.0.0.1:15000",
        "certificate": cert, "privateKey": key, "httpPort": 80, "tlsPort": 443,
    } });
    std::fs::write(dir.join("pebble.json"), config.to_string()).unwrap();
    let mut names = at("relay", "pebble-challtestsrv");
    names.args(["-defaultIPv4", "203.0.113.5", "-defaultIPv6", "", "-dns01", "198.51.100.53:53"]);
    names.args(["-http01", "", "-https01", "", "-tlsalpn01", "", "-management", "127.0.0.1:8055"]);
    let mut pebble = at("relay", "pebble");
    pebble
        .args(["-dnsserver", "198.51.100.53:53", "-config"])
        .arg(dir.join("pebble.json"))
        .env("PEBBLE_VA_NOSLEEP", "1");
    let mut both = [Chat::of(&mut names), Chat::of(&mut pebble)];
    both[1].until("ACME directory available");
    both
}

#[test]
fn a_relay_gets_its_certificate_from_an_acme_server_and_keeps_it() {
    if !has_pebble() {
        return;
    }
    with_relay(|program| {
        let network = format!("{NETWORK}{NAMES}");
        inside("acme::a_relay_gets_its_certificate_from_an_acme_server_and_keeps_it", &network, || {
            let dir = tempfile::tempdir().unwrap();
            let [_names, server] = acme(dir.path());
            let relay = || {
                let mut relay = at("relay", program);
                relay.args(["--acme", "relay.example.org", "--contact", "ada@example.org", "--state"]);
                relay.arg(dir.path().join("state")).args(["--acme-directory", "https://198.51.100.53:14000/dir"]);
                let mut relay = Chat::of(relay.env("SSL_CERT_FILE", dir.path().join("cert.pem")));
                relay.until("rumormill --relay https://relay.example.org");
                relay
            };
            let first = relay();
            let root = at("relay", "python3").args(["-c", ROOT]).output().unwrap();
            assert!(root.status.success(), "{root:?}");
            let root = String::from_utf8(root.stdout).unwrap();
            let mut talk = Talk::begin(&["https://relay.example.org"], &root);
            talk.go_on();

            // Nobody is left to ask for another.
            drop((first, server));
            let _second = relay();
            talk.go_on();
            assert_eq!(talk.way(), Some("relayed"));
            talk.end();
        });
    });
}
