//! `serve` beside another process, and without IPv4.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    process::{Command, Stdio},
};

use crate::{
    person::{Chat, Person},
    space::{apart, shell},
};

/// Requests the page from a link's address.
fn page(link: &str) -> String {
    let host = link.strip_prefix("http://").unwrap().split('/').next().unwrap();
    let mut stream = TcpStream::connect(host).unwrap();
    write!(stream, "GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn serve_beside_an_open_chat_turns_the_page_on_there() {
    let ada = Person::new();
    let mut chat = ada.open(&["new", "lunch"]);
    chat.line();
    let output = ada.run(&["serve", "--http", "localhost:0"]);
    assert!(output.status.success(), "{output:?}");
    let link = String::from_utf8(output.stdout).unwrap().trim().to_owned();
    assert!(link.starts_with("http://127.0.0.1:") && page(&link).starts_with("HTTP/1.1 200"), "{link}");
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("another process has this home open"), "{said}");
    // A second `serve` prints a link to the same page with another code.
    let again = ada.lines(&["serve"]).concat();
    assert_eq!(again.split('#').next(), link.split('#').next());
    assert_ne!(again, link);
    let elsewhere = ada.run(&["serve", "--http", "127.0.0.1:1"]);
    assert!(String::from_utf8(elsewhere.stderr).unwrap().contains("already, so not where --http says"));
    // How far the node goes was decided when it was opened.
    for (command, flags) in [("rooms", "--lan-only"), ("serve", "--relay https://a.example.org/"), ("doctor", "--dht")]
    {
        let args: Vec<&str> = [command].into_iter().chain(flags.split(' ')).collect();
        let said = ada.fails(&args, 3);
        assert!(said.contains("error[locked]") && said.contains(&format!("rumormill serve {flags}")), "{said}");
    }
    let output = ada.command(&["rooms"]).env("RUMORMILL_RELAY", "https://a.example.org").output().unwrap();
    assert!(output.status.success(), "a variable is there for the other process too: {output:?}");
    assert_eq!(chat.leave().1, Some(0));
    let host = link.strip_prefix("http://").unwrap().split('/').next().unwrap().to_owned();
    assert!(TcpStream::connect(host).is_err(), "it ends with the chat");
}

#[test]
fn serve_beside_serve_prints_a_link_to_the_first() {
    let ada = Person::new();
    let mut first = Chat::of(&mut ada.command(&["serve", "--http", "localhost:0"]));
    let link = first.line();
    let again = ada.lines(&["serve"]).concat();
    assert_eq!(again.split('#').next(), link.split('#').next());
}

#[test]
fn the_page_has_only_addresses_of_this_machine() {
    let ada = Person::new();
    assert!(ada.fails(&["serve", "--http", "0.0.0.0:0"], 2).contains("other machines"));
    assert!(ada.fails(&["serve", "--http", "localhost"], 2).contains("localhost:7667"));
}

#[test]
fn serve_works_without_ipv4() {
    let ada = Person::new();
    let script = r#"
        "$1" --loopback serve --http localhost:0 >"$2" 2>&1 & serving=$!
        until grep -q '^http' "$2" || ! kill -0 $serving 2>/dev/null; do sleep 0.1; done
        link=$(grep '^http' "$2") && "$1" --loopback rooms && "$1" --loopback doctor; echo "doctor $?"
        kill $serving; wait $serving; echo "ended $?"; cat "$2""#;
    let mut serve: Command = shell(script, &ada.command(&[]));
    serve.arg(ada.home.path().join("said")).stdin(Stdio::null());
    let Some(output) = apart("--net", "ip link set lo up && ip addr del 127.0.0.1/8 dev lo", &serve) else { return };
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.contains("http://[::1]:") && said.contains("ended 0") && said.contains("doctor 0"), "{said}");
}
