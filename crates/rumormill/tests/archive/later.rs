//! A home that a later version has opened, under the current program: every command says so, and changes nothing.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use crate::{earlier, person::Person};

/// The database in a home, and the place of the version of its tables in it: SQLite's `user_version`.
const DATABASE: &str = "rumormill.db";
const VERSION_AT: usize = 60;

/// Ada, who goes back to this version after a later one changed the tables of her home.
fn ada() -> Person {
    let ada = earlier::ada();
    let path = ada.home().join(DATABASE);
    let mut bytes = fs::read(&path).unwrap();
    bytes[VERSION_AT..VERSION_AT + 4].copy_from_slice(&99u32.to_be_bytes());
    fs::write(&path, bytes).unwrap();
    ada
}

/// The content of a home, without empty files and the index of the write-ahead log, which every reader makes anew.
fn contents(dir: &Path, found: &mut BTreeMap<PathBuf, Vec<u8>>) {
    for entry in fs::read_dir(dir).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() {
            contents(&path, found);
        } else if !path.ends_with("rumormill.db-shm") && entry.metadata().unwrap().len() > 0 {
            found.insert(path.clone(), fs::read(&path).unwrap());
        }
    }
}

/// A way to call each command that opens the home.
const COMMANDS: [&[&str]; 50] = [
    &["new", "dinner"],
    &["join", "TICKET"],
    &["chat", "lunch"],
    &["send", "lunch", "hi"],
    &["reply", "lunch", "1", "hi"],
    &["react", "lunch", "1", "+"],
    &["edit", "lunch", "1", "hi"],
    &["retract", "lunch", "1"],
    &["read", "lunch"],
    &["people", "lunch"],
    &["verify", "lunch", "ada"],
    &["topic", "lunch"],
    &["nick", "lunch"],
    &["hook", "list"],
    &["bot", "list"],
    &["bot", "new", "ci"],
    &["msg", "lunch", "bob", "hi"],
    &["requests"],
    &["backup", "FILE.age", "--passphrase-file", "FILE"],
    &["restore", "FILE", "--passphrase-file", "FILE"],
    &["keeper"],
    &["keepers", "lunch"],
    &["rules", "lunch"],
    &["close", "lunch", "--yes"],
    &["lock"],
    &["report", "lunch", "1"],
    &["device", "add"],
    &["device", "link", "CODE"],
    &["device", "list"],
    &["device", "revoke", "old"],
    &["log", "lunch"],
    &["ticket", "lunch"],
    &["rooms"],
    &["peers", "lunch"],
    &["get", "1", "--room", "lunch"],
    &["seen", "1", "--room", "lunch"],
    &["search", "lunch", "pizza"],
    &["digest", "lunch"],
    &["keep", "lunch"],
    &["keep", "lunch", "--messages", "10"],
    &["forget", "lunch", "--yes"],
    &["export", "lunch"],
    &["import", "lunch", "FILE"],
    &["import", "lunch", "FILE", "--dry-run"],
    &["check"],
    &["check", "lunch"],
    &["resync", "lunch"],
    &["serve", "--http", "127.0.0.1:0"],
    &["top", "--once"],
    &["doctor"],
];

/// Commands that never open the home, `unlock` if it is under no passphrase.
const OTHERS: [&str; 6] = ["paths", "completions", "man", "demo", "lab", "unlock"];

/// The commands that the help names.
fn named(help: &str) -> BTreeSet<String> {
    let (_, commands) = help.split_once("Commands:\n").unwrap();
    let (listed, _) = commands.split_once("\n\n").unwrap();
    let (_, more) = help.split_once("More: ").unwrap();
    let listed = listed.lines().filter_map(|line| line.split_whitespace().next());
    listed.chain(more.split([',', '\n'])).map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).collect()
}

#[test]
fn every_command_refuses_a_home_of_a_later_version_and_leaves_its_bytes_alone() {
    let (ada, bob) = (ada(), Person::new());
    let (ticket, file) = (bob.found("lunch"), bob.path("lunch.jsonl"));
    bob.lines(&["export", "lunch", "--to", &file]);
    let mut before = BTreeMap::new();
    contents(&ada.home(), &mut before);
    assert!(before.len() > 1);
    let mut called = BTreeSet::from(OTHERS.map(str::to_owned));
    for command in COMMANDS {
        called.insert(command[0].to_owned());
        let given = |word: &&str| match *word {
            "TICKET" => ticket.clone(),
            "FILE" => file.clone(),
            word => word.to_owned(),
        };
        let args: Vec<String> = command.iter().map(given).collect();
        let output = ada.run(&args.iter().map(String::as_str).collect::<Vec<_>>());
        let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        assert!(!output.status.success(), "{command:?}: {said}");
        assert!(said.contains("has version 99; this Rumormill knows up to "), "{command:?}: {said}");
        assert!(said.contains("use the newer Rumormill that wrote it"), "{command:?}: {said}");
        let mut after = BTreeMap::new();
        contents(&ada.home(), &mut after);
        assert!(before == after, "{command:?} changed the home");
    }
    let help = ada.lines(&["--help"]).join("\n");
    let missing: Vec<_> = named(&help).difference(&called).cloned().collect();
    assert!(missing.is_empty(), "how are these called? {missing:?}");
}
