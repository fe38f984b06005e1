//! Commands that read a home that no process has open or that is read-only, and the files they write.

use std::{
    fs,
    os::unix::fs::{FileTypeExt as _, MetadataExt as _, symlink},
    path::Path,
    process::{Command, Output, Stdio},
    thread,
};

use crate::{
    person::Person,
    space::{apart, shell},
};

#[test]
fn rooms_and_digests_are_right_without_a_running_process() {
    let (ada, names) = (Person::new(), ["a", "b", "c", "d"]);
    for name in names {
        ada.lines(&["new", name, "--open"]);
        ada.lines(&["send", name, "hello"]);
    }
    let rooms = ada.lines(&["rooms"]);
    assert!(rooms.len() == 4 && rooms.iter().all(|room| room.ends_with("entries: 2, authors: 1")), "{rooms:?}");
    let mut digests: Vec<String> = names.iter().map(|name| ada.lines(&["digest", name]).concat()).collect();
    assert!(digests.iter().all(|digest| digest.chars().any(|digit| digit != '0')), "{digests:?}");
    // The answers of a process that has the home open are the same.
    let mut open = ada.open(&["chat", "a"]);
    open.until("hello");
    assert_eq!(names.map(|name| ada.lines(&["digest", name]).concat()).to_vec(), digests);
    digests.dedup();
    assert_eq!(digests.len(), 4, "rooms differ");
}

/// Runs a command with a read-only home; `None` if the system does not allow one.
fn unwritable(ada: &Person, args: &[&str]) -> Option<Output> {
    let home = ada.home.path().join("home").display().to_string();
    let mount = format!("mount --bind {home} {home} && mount -o remount,bind,ro {home}");
    apart("--mount", &mount, &ada.command(args))
}

#[test]
fn a_read_only_home_can_be_read() {
    let ada = Person::new();
    ada.lines(&["new", "lunch", "--nick", "ada"]);
    ada.lines(&["send", "lunch", "pizza or pasta"]);
    let commands: [&[&str]; 7] = [
        &["log", "lunch"],
        &["rooms"],
        &["search", "lunch", "pasta"],
        &["export", "lunch"],
        &["digest"],
        &["check"],
        &["log", "--json"],
    ];
    // An export contains its time.
    let told =
        |lines: Vec<String>| -> Vec<String> { lines.into_iter().filter(|line| !line.contains("\"at\":")).collect() };
    let writable = commands.map(|args| told(ada.lines(args)));
    let home = ada.home.path().join("home");
    let read_all = || {
        for (args, want) in commands.iter().zip(&writable) {
            let output = unwritable(&ada, args)?;
            assert!(output.status.success(), "{args:?}: {output:?}");
            let lines: Vec<String> = String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect();
            assert_eq!(&told(lines), want, "{args:?}");
        }
        Some(())
    };
    if read_all().is_none() {
        return;
    }
    // Commands also read the write-ahead log that a killed process left.
    let mut killed = ada.open(&["chat", "lunch"]);
    killed.type_line("and ice cream");
    killed.until("and ice cream");
    drop(killed);
    assert!(fs::metadata(home.join("rumormill.db-wal")).unwrap().len() > 0);
    let found = unwritable(&ada, &["search", "lunch", "cream"]).unwrap();
    assert!(String::from_utf8_lossy(&found.stdout).contains("and ice cream"), "{found:?}");
    // Commands that write report that they cannot.
    let refused = unwritable(&ada, &["send", "lunch", "more"]).unwrap();
    assert_eq!(refused.status.code(), Some(3), "{refused:?}");
    assert!(String::from_utf8_lossy(&refused.stderr).contains("may not be written"));
    let doctor = unwritable(&ada, &["doctor"]).unwrap();
    assert!(String::from_utf8_lossy(&doctor.stdout).contains("cannot be written"), "{doctor:?}");
}

#[test]
fn a_search_finds_an_authors_messages_of_a_day() {
    let ada = Person::new();
    ada.lines(&["new", "lunch", "--nick", "ada lovelace"]);
    ada.lines(&["send", "lunch", "pizza or pasta"]);
    let log = ada.home.path().join("old.log");
    fs::write(&log, "--- Log opened Sat Mar 02 13:55:01 2019\n14:02 <bob> pizza\n14:03 <eve> pasta\n").unwrap();
    ada.lines(&["import", "lunch", log.to_str().unwrap(), "--zone", "UTC"]);
    let finds = |words: &str| -> Vec<String> {
        let found = ada.lines(&["search", "lunch", words]);
        found.iter().map(|line| line.rsplit_once("  ").unwrap().1.to_owned()).collect()
    };
    let bob = "bob (irssi), 2019-03-02 14:02: pizza";
    assert_eq!(finds("pizza"), [bob, "pizza or pasta"]);
    assert_eq!(finds("pizza from:bob"), [bob]);
    assert_eq!(finds("from:\"ada lovelace\""), ["pizza or pasta"]);
    assert_eq!(finds("pizza until:2019-03-02"), [bob]);
    assert_eq!(finds("pizza until:2019-03-01"), [""; 0]);
    assert_eq!(finds("since:7d"), ["pizza or pasta"]);
    assert_eq!(finds("from:nobody"), [""; 0]);
    let refused = ada.fails(&["search", "lunch", "since:yesterday"], 2);
    assert!(refused.contains("error[search]") && refused.contains("7d"), "{refused}");
}

#[test]
fn reading_creates_no_home() {
    let ada = Person::new();
    assert_eq!(ada.lines(&["rooms"]), [""; 0]);
    assert!(ada.fails(&["log", "lunch"], 2).contains("rumormill new"));
    ada.fails(&["search", "lunch", "pasta"], 2);
    assert_eq!(fs::read_dir(ada.home.path()).unwrap().count(), 0);
}

/// Reads a pipe to its end.
fn reader(pipe: &Path) -> thread::JoinHandle<Vec<u8>> {
    nix::unistd::mkfifo(pipe, nix::sys::stat::Mode::S_IRWXU).unwrap();
    let pipe = pipe.to_owned();
    thread::spawn(move || fs::read(pipe).unwrap())
}

#[test]
fn exports_and_files_follow_links_and_replace_no_pipe() {
    let ada = Person::new();
    ada.lines(&["new", "lunch"]);
    let menu = ada.home.path().join("menu.txt");
    fs::write(&menu, "soup\n").unwrap();
    ada.lines(&["send", "lunch", "--file", menu.to_str().unwrap()]);
    let last = ada.lines(&["log", "--json", "--last", "1"]).concat();
    let message = serde_json::from_str::<serde_json::Value>(&last).unwrap()["ref"].as_str().unwrap().to_owned();

    let at = |name: &str| ada.home.path().join(name);
    let export = |to: &Path| ada.lines(&["export", "lunch", "--format", "text", "--to", to.to_str().unwrap()]);
    let get = |to: &Path, force: &[&str]| ada.run(&[&["get", &message, "--to", to.to_str().unwrap()], force].concat());
    for force in [&[][..], &["--force"]] {
        let (pipe, saved) = (at("pipe"), at("saved"));
        let read = reader(&pipe);
        assert!(get(&pipe, force).status.success());
        assert_eq!(read.join().unwrap(), b"soup\n");
        assert!(fs::metadata(&pipe).unwrap().file_type().is_fifo());
        fs::remove_file(pipe).unwrap();
        // A link to a device stays a link, and the device stays a device.
        symlink("/dev/null", &saved).unwrap();
        assert!(get(&saved, force).status.success());
        assert!(saved.is_symlink() && fs::metadata("/dev/null").unwrap().file_type().is_char_device());
        fs::remove_file(saved).unwrap();
    }
    let (real, link) = (at("real"), at("link"));
    symlink("real", &link).unwrap();
    assert_eq!(get(&link, &[]).status.code(), Some(0), "where it leads nothing is yet");
    assert_eq!(fs::read(&real).unwrap(), b"soup\n");
    fs::write(&real, "mine").unwrap();
    let refused = get(&link, &[]);
    assert_eq!((refused.status.code(), fs::read(&real).unwrap()), (Some(2), b"mine".to_vec()));
    assert!(get(&link, &["--force"]).status.success());
    assert!(link.is_symlink() && fs::read(&real).unwrap() == b"soup\n");

    export(&link);
    assert!(link.is_symlink() && fs::read_to_string(&real).unwrap().contains("founded"));
    let pipe = at("pipe");
    let read = reader(&pipe);
    export(&pipe);
    assert!(String::from_utf8(read.join().unwrap()).unwrap().contains("founded"));
    assert!(fs::metadata(&pipe).unwrap().file_type().is_fifo());
}

#[test]
fn output_is_appended_to_an_open_file() {
    let ada = Person::new();
    ada.lines(&["new", "lunch"]);
    let script = r#"echo before >"$2" && "$1" --loopback export lunch --format text --to /dev/stdout >>"$2""#;
    let out = ada.home.path().join("out");
    let number = |path: &Path| fs::metadata(path).unwrap().ino();
    fs::write(&out, "").unwrap();
    let before = number(&out);
    let mut shell: Command = shell(script, &ada.command(&[]));
    assert!(shell.arg(&out).stdin(Stdio::null()).status().unwrap().success());
    let text = fs::read_to_string(&out).unwrap();
    assert!(text.starts_with("before\n") && text.contains("founded"), "{text}");
    assert_eq!(number(&out), before, "it is the same file");
}
