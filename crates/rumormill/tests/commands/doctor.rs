//! `doctor` reports only what it tested, and leaves nothing behind.

use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink},
    path::{Path, PathBuf},
    process::{Command, Output},
};

use crate::{
    person::{Chat, Person},
    space::apart,
};

/// The findings of `doctor`: `ok`, `ILL` or `--`, and the rest of the line.
fn said(output: &Output) -> BTreeMap<String, (String, String)> {
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    let line = |line: &str| {
        let (mark, rest) = line.split_once(' ')?;
        let (what, says) = rest.trim_start().split_once(' ')?;
        Some((what.to_owned(), (mark.to_owned(), says.trim_start().to_owned())))
    };
    text.lines().filter(|line| !line.starts_with(' ')).filter_map(line).collect()
}

fn mark<'a>(said: &'a BTreeMap<String, (String, String)>, what: &str) -> &'a str {
    said.get(what).map_or_else(|| panic!("nothing is said of {what}: {said:?}"), |(mark, _)| mark)
}

fn says<'a>(said: &'a BTreeMap<String, (String, String)>, what: &str) -> &'a str {
    said.get(what).map_or_else(|| panic!("nothing is said of {what}: {said:?}"), |(_, says)| says)
}

/// A snapshot of everything in a directory.
fn all(dir: &Path) -> BTreeMap<PathBuf, (u64, i64, i64)> {
    let found = fs::read_dir(dir).unwrap().map(|found| found.unwrap().path());
    let stamp = |path: PathBuf| {
        let found = fs::symlink_metadata(&path).unwrap();
        (path, (found.len(), found.mtime(), found.mtime_nsec()))
    };
    found.map(stamp).collect()
}

#[test]
fn the_doctor_creates_nothing() {
    let ada = Person::new();
    let output = ada.run(&["doctor"]);
    assert!(output.status.success(), "{output:?}");
    let told = said(&output);
    for untested in ["home", "entries", "lan", "internet", "peer-clocks"] {
        assert_eq!(mark(&told, untested), "--", "{told:?}");
    }
    for well in ["config", "disk", "clock", "process", "network"] {
        assert_eq!(mark(&told, well), "ok", "{told:?}");
    }
    assert_eq!(fs::read_dir(ada.home.path()).unwrap().count(), 0);

    assert_eq!(ada.open(&["new", "lunch", "--open"]).leave().1, Some(0));
    let before = all(&ada.home.path().join("home"));
    let output = ada.run(&["doctor"]);
    assert!(says(&said(&output), "entries").contains("lunch: 1 entries verified"), "{output:?}");
    assert_eq!(all(&ada.home.path().join("home")), before);
}

#[test]
fn the_doctor_asks_the_process_that_has_the_home_open() {
    let ada = Person::new();
    let mut chat = ada.open(&["new", "lunch", "--open"]);
    chat.line();
    let output = ada.run(&["doctor"]);
    assert!(output.status.success(), "{output:?}");
    let told = said(&output);
    let socket = ada.home.path().join("home/socket").canonicalize().unwrap();
    assert!(says(&told, "process").ends_with(&format!("answers at {}", socket.display())), "{told:?}");
    assert!(says(&told, "entries").contains("lunch: 1 entries verified"));
    assert!(says(&told, "network").contains("127.0.0.1:"), "the socket of the chat: {told:?}");
    for line in ada.lines(&["doctor", "--json"]) {
        let finding: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert!(finding["ok"].is_boolean() && finding["tested"].is_boolean(), "{line}");
    }
    assert_eq!(chat.leave().1, Some(0));
}

#[test]
fn the_doctor_names_what_is_wrong_with_the_home_and_what_to_do() {
    let ada = Person::new();
    assert_eq!(ada.open(&["new", "lunch", "--open"]).leave().1, Some(0));
    let home = ada.home.path().join("home");
    let ill = |words: &str| {
        let output = ada.run(&["doctor"]);
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        let text = String::from_utf8(output.stdout.clone()).unwrap();
        assert!(text.contains("ILL") && text.contains(words), "{words}: {text}");
        said(&output)
    };
    fs::set_permissions(&home, fs::Permissions::from_mode(0o755)).unwrap();
    ill("chmod go= ");
    fs::set_permissions(&home, fs::Permissions::from_mode(0o700)).unwrap();
    fs::write(home.join("config.toml"), "nik = \"ada\"\n").unwrap();
    assert_eq!(mark(&ill("unknown field `nik`"), "config"), "ILL");
    fs::remove_file(home.join("config.toml")).unwrap();
    // A process that has the home open and does not answer.
    let lock = fs::File::options().write(true).open(home.join("lock")).unwrap();
    lock.lock().unwrap();
    assert_eq!(mark(&ill("does not answer"), "process"), "ILL");
}

/// A command that may use the real network.
fn reaching(person: &Person, args: &[&str]) -> Command {
    let like = person.command(args);
    let mut command = Command::new(like.get_program());
    command.args(args);
    like.get_envs().for_each(|(name, value)| match value {
        Some(value) => _ = command.env(name, value),
        None => _ = command.env_remove(name),
    });
    command
}

#[test]
fn the_doctor_reports_a_missing_network() {
    let ada = Person::new();
    let mut doctor = reaching(&ada, &["doctor"]);
    doctor.env("RUMORMILL_DHT", "1");
    let Some(output) = apart("--net", "ip link set lo up", &doctor) else { return };
    let told = said(&output);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    for ill in ["udp", "lan", "internet", "relay", "dht"] {
        assert_eq!(mark(&told, ill), "ILL", "{told:?}");
    }
    assert_eq!(mark(&told, "nat"), "--");
}

#[test]
fn the_doctor_reports_a_lan_without_internet() {
    let ada = Person::new();
    let doctor = reaching(&ada, &["doctor"]);
    let lan = "ip link set lo up && ip link add lan0 type dummy && ip addr add 10.9.8.7/24 dev lan0 && \
               ip link set lan0 up && ip route add 224.0.0.0/4 dev lan0";
    let Some(output) = apart("--net", lan, &doctor) else { return };
    let told = said(&output);
    assert_eq!((mark(&told, "udp"), mark(&told, "lan")), ("ok", "ok"), "{told:?}");
    assert!(says(&told, "udp").contains("10.9.8.7"), "{told:?}");
    assert_eq!((mark(&told, "internet"), mark(&told, "relay")), ("ILL", "ILL"), "{told:?}");
}

/// A home whose path is too long for a socket.
fn far_away(person: &Person) -> PathBuf {
    let home = person.home.path().join("a-long-directory-name/".repeat(6)).join("home");
    fs::create_dir_all(home.parent().unwrap()).unwrap();
    home
}

#[test]
fn a_home_with_a_long_path_works() {
    let ada = Person::new();
    let home = far_away(&ada);
    let session = tempfile::tempdir().unwrap();
    fs::set_permissions(session.path(), fs::Permissions::from_mode(0o700)).unwrap();
    let command = |args: &[&str]| {
        let mut command = ada.command(args);
        command.env("RUMORMILL_HOME", &home).env("XDG_RUNTIME_DIR", session.path());
        command
    };
    let mut chat = Chat::of(&mut command(&["new", "lunch", "--nick", "ada"]));
    chat.line();
    let socket = fs::read_link(home.join("socket")).unwrap();
    assert!(socket.starts_with(session.path()), "{socket:?}");
    assert_eq!(fs::metadata(socket.parent().unwrap()).unwrap().mode() & 0o777, 0o700);
    assert_eq!(fs::metadata(&socket).unwrap().mode() & 0o777, 0o600);
    // Every command finds the socket, even without that session and by another path of the home.
    let by_link = ada.home.path().join("short");
    symlink(&home, &by_link).unwrap();
    for home in [&home, &by_link] {
        let mut send = command(&["send", "lunch", "from elsewhere"]);
        let sent = send.env("RUMORMILL_HOME", home).env_remove("XDG_RUNTIME_DIR").output().unwrap();
        assert!(sent.status.success(), "{sent:?}");
        chat.until("from elsewhere");
    }
    let doctor = command(&["doctor"]).output().unwrap();
    assert!(says(&said(&doctor), "process").contains(&socket.display().to_string()), "{doctor:?}");
    let paths = String::from_utf8(command(&["paths"]).output().unwrap().stdout).unwrap();
    assert!(paths.contains(&format!("socket  {}\n", socket.display())), "{paths}");
    assert_eq!(chat.leave().1, Some(0));
    assert!(!home.join("socket").is_symlink() && !socket.exists());
    let doctor = command(&["doctor"]).output().unwrap();
    assert!(says(&said(&doctor), "process").contains("too long for a socket"), "{doctor:?}");
}

#[test]
fn a_socket_of_another_user_is_not_used() {
    let ada = Person::new();
    let home = far_away(&ada);
    let command = |args: &[&str]| {
        let mut command = ada.command(args);
        command.env("RUMORMILL_HOME", &home).env("XDG_RUNTIME_DIR", ada.home.path().join("session"));
        command
    };
    fs::DirBuilder::new().create(ada.home.path().join("session")).unwrap();
    fs::set_permissions(ada.home.path().join("session"), fs::Permissions::from_mode(0o700)).unwrap();
    assert!(command(&["new", "lunch"]).stdin(std::process::Stdio::null()).output().unwrap().status.success());
    // An attacker's leftovers after the process was killed: a directory open to all, with the attacker's socket.
    let theirs = ada.home.path().join("theirs");
    fs::create_dir(&theirs).unwrap();
    fs::set_permissions(&theirs, fs::Permissions::from_mode(0o777)).unwrap();
    let listener = std::os::unix::net::UnixListener::bind(theirs.join("s")).unwrap();
    symlink(theirs.join("s"), home.join("socket")).unwrap();
    listener.set_nonblocking(true).unwrap();
    let sent = command(&["send", "lunch", "a secret"]).output().unwrap();
    assert!(sent.status.success(), "{sent:?}");
    assert_eq!(listener.accept().unwrap_err().kind(), std::io::ErrorKind::WouldBlock, "it was not asked");
}
