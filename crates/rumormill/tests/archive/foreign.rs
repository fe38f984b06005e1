//! Imports of other systems' exports, from files in their formats.

use std::fs;

use serde_json::Value;

use crate::person::Person;

fn fixture(name: &str) -> String {
    format!("{}/tests/fixtures/{name}", env!("CARGO_MANIFEST_DIR"))
}

/// An imported message: name, source, time, text.
pub(crate) fn imported(person: &Person) -> Vec<(String, String, u64, String)> {
    let log = person.lines(&["log", "lunch", "--json"]);
    let messages = log.iter().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    messages
        .filter(|message| !message["from"].is_null())
        .map(|message| {
            let from = &message["from"];
            (text(&from["name"]), text(&from["source"]), from["time_ms"].as_u64().unwrap(), text(&message["text"]))
        })
        .collect()
}

/// Imports a file twice, and checks the report and the messages.
fn check(file: &str, tells: &[&str], source: &str, brings: &[(&str, u64, &str)]) {
    let ada = Person::new();
    ada.found("lunch");
    let path = fixture(file);
    assert_eq!(ada.lines(&["import", "lunch", &path, "--zone", "UTC"]), tells, "{file}");
    let brings: Vec<_> = brings
        .iter()
        .map(|(name, time_s, text)| ((*name).to_owned(), source.to_owned(), time_s * 1000, (*text).to_owned()))
        .collect();
    assert_eq!(imported(&ada), brings, "{file}");
    let again = ada.lines(&["import", "lunch", &path, "--zone", "UTC", "--json"]);
    let again: Value = serde_json::from_str(&again[0]).unwrap();
    assert_eq!((&again["new"], again["known"].as_u64()), (&0.into(), Some(brings.len() as u64)), "{file}");
    assert_eq!(imported(&ada).len(), brings.len(), "{file}");
}

const UTC: &str = "times without a zone were read in the zone UTC; --zone names another";

/// 2019-03-02, midnight.
const DAY: u64 = 1_551_484_800;
const NOON: u64 = DAY + 14 * 3600;

#[test]
fn irssi() {
    let brings = [
        ("alice", NOON + 120, "anybody hungry?"),
        ("bob", NOON + 120, "always"),
        ("carol", NOON + 120, "always"),
        ("carol", NOON + 120, "always"),
        ("bob", NOON + 180, "* bob waves"),
        ("alice", NOON + 360, "a > b, <c> and \"d\""),
        ("alice", DAY + 86_340, "good night"),
        ("carol", DAY + 86_460, "still here"),
        ("carol", DAY + 86_550, "with seconds"),
        ("alice", DAY + 2 * 86_400 + 9 * 3600, "back"),
    ];
    let tells = [
        "10 entries imported, 0 were here before",
        "3 were not understood: lines 3, 13, 19",
        "left out: 3 joins, leaves and other changes, 1 notices, 1 without text",
        UTC,
    ];
    check("irssi.log", &tells, "irssi", &brings);
}

#[test]
fn weechat() {
    let brings = [
        ("alice", NOON + 131, "anybody hungry?"),
        ("bob", NOON + 135, "always"),
        ("bob", NOON + 180, "* bob waves"),
        ("carol", NOON + 240, "a\ttab inside"),
        ("dave", DAY + 86_460, "last"),
    ];
    let tells = [
        "5 entries imported, 0 were here before",
        "2 were not understood: lines 8, 9",
        "left out: 4 joins, leaves and other changes",
        UTC,
    ];
    check("weechat.log", &tells, "WeeChat", &brings);
}

#[test]
fn slack() {
    let ada = Person::new();
    ada.found("lunch");
    let said = ada.fails(&["import", "lunch", &fixture("slack")], 2);
    assert!(said.contains("2 channels") && said.contains("general, random"), "{said}");
    ada.lines(&["import", "lunch", &fixture("slack/general")]);
    let bot = imported(&ada).into_iter().find(|(name, ..)| name == "ci").unwrap();
    assert_eq!((bot.2, bot.3.as_str()), (1_551_535_350_250, "the build is green"));
    let texts: Vec<_> = imported(&ada).into_iter().map(|(name, source, _, text)| (name, source, text)).collect();
    let expected = [
        ("alice", "@Bob Example salt & pepper <or> this (https://example.org)?"),
        ("Bob Example", "↳ both, see #random"),
        ("Bob Example", "* Bob Example is hungry"),
        ("ci", "the build is green"),
        ("alice", "menu [file: menu.pdf]"),
        ("U999", "who I am is not in the list"),
    ];
    assert_eq!(texts, expected.map(|(name, text)| (name.to_owned(), "Slack".to_owned(), text.to_owned())));
    let again = ada.lines(&["import", "lunch", &fixture("slack/general")]);
    assert_eq!(again[..2], ["0 entries imported, 6 were here before", "1 was not understood: events 8"]);
}

#[test]
fn matrix() {
    let brings = [
        ("Alice", NOON + 120, "anybody hungry?"),
        ("bob", NOON + 130, "always"),
        ("bob", NOON + 150, "* bob waves"),
        ("bob", NOON + 160, "[image: soup.jpg]"),
    ];
    let tells = [
        "4 entries imported, 0 were here before",
        "1 was not understood: events 12",
        "left out: 1 edits, whose text is in the edited message, 1 encrypted, without the key in the file, \
         1 joins, leaves and other changes, 1 retractions, 1 settings of the room, calls and other events, \
         2 taken back",
    ];
    check("element.json", &tells, "Matrix", &brings);
    let newest_first = [("alice", NOON + 120, "first"), ("bob", NOON + 130, "second")];
    check("matrix-messages.json", &["2 entries imported, 0 were here before"], "Matrix", &newest_first);
}

#[test]
fn imported_messages_show_their_origin_and_are_found() {
    let ada = Person::new();
    ada.found("lunch");
    ada.lines(&["import", "lunch", &fixture("irssi.log"), "--zone", "UTC"]);
    let found = ada.lines(&["search", "lunch", "still"]);
    assert!(found[0].ends_with(" ada  carol (irssi), 2019-03-03 00:01: still here"), "{found:?}");
    let text = ada.lines(&["export", "lunch", "--format", "text"]).join("\n");
    assert!(text.contains(" <ada> alice (irssi), 2019-03-02 14:02: anybody hungry?"), "{text}");
    // Imported messages travel and verify like all others.
    let file = ada.path("lunch.jsonl");
    ada.lines(&["export", "lunch", "--to", &file]);
    assert!(ada.lines(&["check", "--file", &file])[0].ends_with("it is whole"));
    // Another zone gives other times: everything is imported once more, and the name of the zone shows it.
    let berlin = ada.lines(&["import", "lunch", &fixture("irssi.log"), "--zone", "Europe/Berlin"]);
    assert_eq!(berlin[0], "10 entries imported, 0 were here before");
    assert!(
        ada.fails(&["import", "lunch", &fixture("irssi.log"), "--zone", "Mars/Olympus"], 2).contains("error[zone]")
    );
}

#[test]
fn failed_imports_are_reported() {
    let ada = Person::new();
    ada.found("lunch");
    let file = ada.path("file");
    let cases: [(&[u8], i32, &str); 6] = [
        (b"PK\x03\x04rest", 2, "unpack it"),
        (b"dear diary", 2, "--format"),
        (b"{\"messages\": [", 2, "must be JSON"),
        (b"{\"is\": \"said\", \"source\": \"x\", \"name\": \"y\", \"time_ms\": 1, \"text\": \"z\"}\n{}", 4, "line 2"),
        (b"{\"is\": \"room\"}", 4, "line 1"),
        (b"", 2, "is empty"),
    ];
    for (content, exit, told) in cases {
        fs::write(&file, content).unwrap();
        let said = ada.fails(&["import", "lunch", &file], exit);
        assert!(said.contains(told), "{said}");
    }
    // Messages before the refused line stay, and a repeated import continues after them.
    assert_eq!(imported(&ada), [("y".to_owned(), "x".to_owned(), 1, "z".to_owned())]);
    let line = |text: &str| {
        format!("{{\"is\": \"said\", \"source\": \"x\", \"name\": \"y\", \"time_ms\": 1, \"text\": \"{text}\"}}\n")
    };
    fs::write(&file, line("z") + &line("z") + &line("w")).unwrap();
    assert_eq!(ada.lines(&["import", "lunch", &file]), ["2 entries imported, 1 was here before"]);
    fs::write(&file, "x".repeat(1_000_000)).unwrap();
    let long = ada.fails(&["import", "lunch", &file, "--format", "irssi"], 2);
    assert!(long.contains("error[nothing]") && long.contains("1 was not understood: lines 1"), "{long}");
    let nothing = ada.fails(&["import", "lunch", &fixture("wild/nothing.txt"), "--format", "irssi"], 2);
    assert!(nothing.contains("2 were not understood: lines 1, 2"), "{nothing}");
}

/// The messages of a real file: name, seconds since the Unix epoch and text.
fn wild(files: &[&str], zone: &str) -> (Vec<(String, u64, String)>, Vec<String>) {
    let ada = Person::new();
    ada.found("lunch");
    let paths: Vec<String> = files.iter().map(|file| fixture(&format!("wild/{file}"))).collect();
    let mut args = vec!["import", "lunch", "--zone", zone];
    args.extend(paths.iter().map(String::as_str));
    let tells = ada.lines(&args);
    (imported(&ada).into_iter().map(|(name, _, ms, text)| (name, ms / 1000, text)).collect(), tells)
}

fn brings(file: &str, expected: &[(&str, u64, &str)]) {
    let (brought, tells) = wild(&[file], "UTC");
    let expected: Vec<_> =
        expected.iter().map(|(name, at, text)| ((*name).to_owned(), *at, (*text).to_owned())).collect();
    assert_eq!(brought, expected, "{file}: {tells:?}");
}

#[test]
fn real_files_are_imported() {
    let (autumn, new_year) = (1_569_862_740, 1_546_300_800);
    let noon = NOON + 131;
    brings(
        "irssi-tight.log",
        &[("mira", autumn + 5, "the kettle is on"), ("tomas", autumn + 20, "coming"), ("mira", autumn + 124, "fine")],
    );
    brings("irssi-latin1.log", &[("mira", autumn, "café au lait"), ("jörg", autumn + 60, "grüße")]);
    let zoned = autumn - 2 * 3600;
    brings(
        "weechat-zoned.log",
        &[("mira", autumn + 5, "one"), ("mira", zoned + 5, "two"), ("mira", zoned + 6, "three")],
    );
    brings(
        "hexchat.log",
        &[
            ("alice", new_year - 86_400 + 50_531, "anybody hungry?"),
            ("bob", new_year - 1, "* bob waves"),
            ("bob", new_year + 1, "happy new year"),
        ],
    );
    brings("thelounge.log", &[("alice", noon, "anybody hungry?"), ("bob", NOON + 180, "* bob waves")]);
    brings(
        "whatsapp.txt",
        &[("Alice", noon, "anybody hungry?\nsoup or salad?"), ("Bob", NOON + 180 + 12 * 86_400, "image omitted")],
    );
    brings(
        "whatsapp-us.txt",
        &[("Alice", NOON + 120, "anybody hungry?"), ("Bob", DAY + 12 * 86_400 + 300, "late: always")],
    );
    brings(
        "discord.json",
        &[
            ("Alice", noon, "anybody hungry?"),
            ("bob", NOON + 135, "Menu\nsoup\n[file: menu.pdf] https://example.org/menu.pdf\n[sticker: hungry]"),
        ],
    );
    brings(
        "telegram.json",
        &[
            ("Alice", noon, "see the menu (https://example.org)?"),
            ("Bob", NOON + 135, "[file: photos/soup.jpg]"),
            ("Bob", NOON + 180, "[poll] soup?\n- yes\n- no"),
        ],
    );
    brings(
        "mattermost.jsonl",
        &[("alice", noon, "anybody hungry?\n[file: menu.pdf]"), ("bob", NOON + 135, "↳ always")],
    );
    brings(
        "matrix-lines.jsonl",
        &[
            ("Mira", 1_700_000_001, "first"),
            ("tomas", 1_700_000_002, "answer"),
            ("tomas", 1_700_000_003, "↳ in thread"),
        ],
    );
    brings(
        "sync.json",
        &[
            ("Alice", noon, "> I said\nand I say"),
            ("Alice", noon + 1, "[sticker: soup]"),
            ("Alice", noon + 2, "[poll] soup?\n- yes"),
        ],
    );
    brings(
        "slack-words/general",
        &[("B01", 1_577_950_001, "Build 12\nall green"), ("Mira", 1_577_950_002, "only in blocks")],
    );
    brings("slack-no-users/general", &[("U01", 1_577_950_001, "hello")]);
}

#[test]
fn a_directory_of_logs_is_imported_file_by_file() {
    let (brought, tells) = wild(&["znc"], "UTC");
    let texts: Vec<_> = brought.iter().map(|(name, at, text)| (name.as_str(), *at, text.as_str())).collect();
    assert_eq!(
        texts,
        [
            ("alice", NOON + 131, "anybody hungry?"),
            ("bob", NOON + 180, "* bob waves"),
            ("bob", DAY + 86_460, "still here"),
        ]
    );
    assert!(tells[0].ends_with("2019-03-02.log: 2 entries imported, 0 were here before"), "{tells:?}");
}

#[test]
fn one_bad_file_does_not_stop_the_others_and_a_dry_run_changes_nothing() {
    let ada = Person::new();
    ada.found("lunch");
    let (good, bad) = (fixture("wild/hexchat.log"), fixture("wild/nothing.txt"));
    let dry = ada.lines(&["import", "lunch", &good, "--dry-run"]);
    assert_eq!(dry[0], "3 messages would be imported; nothing was");
    assert_eq!(imported(&ada), []);
    let said = ada.fails(&["import", "lunch", &bad, &good], 2);
    assert!(said.contains("error[format]") && said.contains("nothing.txt"), "{said}");
    assert_eq!(imported(&ada).len(), 3);
}
