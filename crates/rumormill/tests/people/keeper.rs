//! Two people who are never there together, and the keeper between them, which can read nothing.

#[cfg(target_os = "linux")]
use std::os::unix::fs::FileExt as _;
use std::{
    fs::{self, File},
    path::Path,
};

use crate::person::{Chat, Person};

/// A keeper that writes down what it logs.
fn keep(keeper: &Person, args: &[&str]) -> Chat {
    let mut command = keeper.command(&[&["keeper"], args].concat());
    command.env("RUST_LOG", "debug");
    let log = File::options().create(true).append(true).open(keeper.home.path().join("log")).unwrap();
    Chat::with_log(&mut command, log.into())
}

/// Waits until a command prints a line with these words.
fn until(of: &Person, args: &[&str], words: &str) -> Vec<String> {
    for _ in 0..600 {
        let lines = of.lines(args);
        if lines.iter().any(|line| line.contains(words)) {
            return lines;
        }
    }
    panic!("{args:?} never says {words}: {:?}", of.lines(args));
}

/// Looks for words in all files below a directory.
fn finds(dir: &Path, words: &str) -> bool {
    fs::read_dir(dir).unwrap().any(|entry| {
        let path = entry.unwrap().path();
        let holds = |bytes: Vec<u8>| bytes.windows(words.len()).any(|part| part == words.as_bytes());
        if path.is_dir() { finds(&path, words) } else { fs::read(&path).is_ok_and(holds) }
    })
}

/// Looks for words in the memory of a process.
#[cfg(target_os = "linux")]
fn remembers(pid: u32, words: &str) -> bool {
    let maps = fs::read_to_string(format!("/proc/{pid}/maps")).unwrap();
    let memory = File::open(format!("/proc/{pid}/mem")).unwrap();
    let holds = |line: &str| -> Option<bool> {
        let (range, rest) = line.split_once(' ')?;
        let (from, to) = range.split_once('-')?;
        let [from, to] = [from, to].map(|at| u64::from_str_radix(at, 16).unwrap());
        let mut bytes = vec![0; (to - from) as usize];
        // Some parts of a process cannot be read.
        let read = rest.starts_with("rw") && memory.read_exact_at(&mut bytes, from).is_ok();
        Some(read && bytes.windows(words.len()).any(|part| part == words.as_bytes()))
    };
    maps.lines().filter_map(holds).any(|holds| holds)
}

#[test]
fn ann_and_ben_are_never_there_together_and_talk_through_a_keeper() {
    let (ann, ben, keeper) = (Person::new(), Person::new(), Person::new());
    let mut at_ann = ann.open(&["new", "lunch", "--nick", "Ann"]);
    let ticket = at_ann.line();
    let for_keeper = ann.lines(&["ticket", "lunch", "--keeper"]).concat();
    // Each ticket is good for one thing only.
    assert!(keeper.fails(&["keeper", &ticket], 5).contains("this ticket is for people"));
    assert!(ben.fails(&["join", &for_keeper], 5).contains("this ticket is for a keeper"));
    let mut kept = keep(&keeper, &[&for_keeper, "--quota", "400M"]);
    assert!(kept.line().contains("waits for whoever made the ticket"));
    until(&ann, &["keepers", "lunch"], "here, holds all your entries");
    assert!(ann.lines(&["people", "lunch"]).iter().any(|line| line.ends_with("keeper")));
    at_ann.type_line("the soup is salty");
    at_ann.until("the soup is salty");
    let menu = ann.home.path().join("menu.txt");
    fs::write(&menu, "soup, fish and a pear\n".repeat(9)).unwrap();
    at_ann.type_line(&format!("/file {}", menu.display()));
    at_ann.until("menu.txt");
    until(&ann, &["keepers", "lunch"], "here, holds all your entries");
    until(&keeper, &["rooms", "--json"], r#""missing":0"#);
    // The ticket that names the keeper.
    let ticket = ann.lines(&["ticket", "lunch"]).concat();
    assert_eq!(at_ann.leave().1, Some(0));

    // Nobody is there who could let Ben in: he is let in while he is away.
    let at_ben = ben.open(&["join", &ticket, "--nick", "Ben"]);
    until(&keeper, &["people"], "waits to be let in");
    at_ben.leave();
    let mut at_ann = ann.open(&["chat", "lunch"]);
    until(&keeper, &["people"], "member");
    at_ann.type_line("come in");
    at_ann.until("come in");
    until(&ann, &["keepers", "lunch"], "here, holds all your entries");
    assert_eq!(at_ann.leave().1, Some(0));

    let mut at_ben = ben.open(&["chat"]);
    at_ben.until("the soup is salty");
    at_ben.until("come in");
    let got = ben.home.path().join("got.txt");
    let offer = ben.lines(&["log", "lunch", "--json"]).into_iter().find(|line| line.contains("menu.txt")).unwrap();
    let offer: serde_json::Value = serde_json::from_str(&offer).unwrap();
    ben.lines(&["get", offer["ref"].as_str().unwrap(), "--to", got.to_str().unwrap()]);
    assert_eq!(fs::read(&got).unwrap(), fs::read(&menu).unwrap());
    at_ben.type_line("thank you, Ann");
    at_ben.until("thank you, Ann");
    until(&ben, &["keepers", "lunch"], "here, holds all your entries");
    at_ben.leave();

    let mut at_ann = ann.open(&["chat", "lunch"]);
    at_ann.until("thank you, Ann");
    // What is stored is bounded, and whoever is dismissed is no keeper any more.
    assert!(keeper.lines(&["keep"]).iter().any(|line| line.contains("100.0 MB")), "{:?}", keeper.lines(&["keep"]));
    let name = ann.lines(&["keepers", "lunch"])[0].split("  ").next().unwrap().to_owned();
    at_ann.type_line(&format!("/dismiss {name} yes"));
    until(&keeper, &["rooms", "--json"], r#""role":"removed""#);
    assert!(ann.lines(&["keepers", "lunch"]).is_empty());
    let all = ["the soup is salty", "come in", "thank you, Ann", "menu.txt", "a pear", "\"Ann\"", "lunch"];
    #[cfg(target_os = "linux")]
    {
        assert!(remembers(at_ann.child.id(), "thank you, Ann"), "whoever reads it has it in memory");
        let found: Vec<&str> = all.into_iter().filter(|words| remembers(kept.child.id(), words)).collect();
        assert!(found.is_empty(), "{found:?}");
    }
    drop(kept);
    for words in all {
        assert!(!finds(keeper.home.path(), words), "{words}");
    }
}

#[test]
fn a_keeper_whose_quota_is_reached_tells_members_and_its_operator_in_figures() {
    let (ann, keeper) = (Person::new(), Person::new());
    let mut at_ann = ann.open(&["new", "lunch", "--nick", "Ann"]);
    at_ann.line();
    let for_keeper = ann.lines(&["ticket", "lunch", "--keeper"]).concat();
    let mut kept = keep(&keeper, &[&for_keeper, "--quota", "400M"]);
    kept.line();
    until(&ann, &["keepers", "lunch"], "here, holds all your entries; messages ");
    until(&ann, &["keepers", "lunch"], " of 100.0 MB; files 0 B of 300.0 MB");
    for number in 0..20 {
        at_ann.type_line(&format!("{number}: {}", "soup ".repeat(400)));
    }
    at_ann.until("19: soup");
    let menu = ann.home.path().join("menu.txt");
    fs::write(&menu, "soup, fish and a pear\n".repeat(5_000)).unwrap();
    at_ann.type_line(&format!("/file {}", menu.display()));
    at_ann.until("menu.txt");
    until(&ann, &["keepers", "lunch"], "here, holds all your entries; messages ");
    until(&keeper, &["rooms", "--json"], r#""missing":0"#);

    // The operator has less space: of 40 kB of messages 20 stay, and a file of 110 kB does not fit.
    keeper.lines(&["keeper", "--quota", "80k"]);
    let full = until(&ann, &["keepers", "lunch"], "1 file left out").concat();
    assert!(full.contains("here, holds all your entries; FULL: messages "), "{full}");
    assert!(full.contains(" kB of 20.0 kB, none from before ") && full.contains("; files 0 B of 60.0 kB"), "{full}");
    let advice = String::from_utf8(ann.run(&["keepers", "lunch"]).stderr).unwrap();
    assert!(advice.contains("`rumormill keeper --quota SIZE`") && advice.contains("--keeper`"), "{advice}");
    let json = ann.lines(&["keepers", "lunch", "--json"]).concat();
    let told: serde_json::Value = serde_json::from_str(&json).unwrap();
    let stock = &told["stock"];
    assert!(stock["message_bytes"].as_u64().unwrap() <= 20_000, "{json}");
    assert_eq!((&stock["message_limit"], &stock["full"]), (&20_000.into(), &true.into()), "{json}");
    // The operator reads the same.
    let doctor = until(&keeper, &["doctor"], "FULL: messages ").join("\n");
    assert!(doctor.contains("1 file left out") && doctor.contains("lets it store more of each room"), "{doctor}");
    let log = fs::read_to_string(keeper.home.path().join("log")).unwrap();
    assert!(log.contains("messages reach what this keeper may store of a room; the oldest go"), "{log}");
    assert!(log.contains("files exceed what this keeper may store of a room"), "{log}");

    // With more space the file comes; words that are gone there stay gone.
    keeper.lines(&["keeper", "--quota", "400M"]);
    let well = until(&ann, &["keepers", "lunch"], "files 110.0 kB of 300.0 MB").concat();
    assert!(well.contains("; messages ") && well.contains(" of 100.0 MB") && !well.contains("FULL"), "{well}");
    assert!(String::from_utf8(ann.run(&["keepers", "lunch"]).stderr).unwrap().is_empty());
}
