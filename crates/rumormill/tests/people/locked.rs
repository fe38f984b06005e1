//! Ann puts the keys of her home under a passphrase, and takes them out again.

use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt as _,
    path::Path,
    process::{Output, Stdio},
};

use rumormill_node::Disk;

use crate::person::{Chat, Person};

/// Runs a command that finds the passphrase in this file.
fn with(words: &Path, ann: &Person, args: &[&str]) -> Output {
    let mut command = ann.command(args);
    command.env("RUMORMILL_PASSPHRASE_FILE", words).stdin(Stdio::null()).output().unwrap()
}

/// The same, for a command that must succeed; returns what it says.
fn says(words: &Path, ann: &Person, args: &[&str]) -> String {
    let Output { status, stdout, stderr } = with(words, ann, args);
    assert!(status.success(), "{args:?}: {}", String::from_utf8_lossy(&stderr));
    String::from_utf8([stdout, stderr].concat()).unwrap()
}

/// The same, for a command that must fail with this exit code.
fn refused(words: &Path, ann: &Person, args: &[&str], exit: i32) -> String {
    let Output { status, stderr, .. } = with(words, ann, args);
    let said = String::from_utf8(stderr).unwrap();
    assert_eq!(status.code(), Some(exit), "{args:?}: {said}");
    said
}

/// Whether a file somewhere below a directory holds these bytes.
fn holds(dir: &Path, bytes: &[u8]) -> bool {
    let mut paths = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    paths.any(|path| match path.is_dir() {
        true => holds(&path, bytes),
        false => fs::read(&path).is_ok_and(|file| file.windows(bytes.len()).any(|part| part == bytes)),
    })
}

/// The author keys of a home and of its bot.
fn author_keys(home: &Path) -> Vec<[u8; 32]> {
    let rooms = [home.to_owned(), home.join("bots/ci")].map(|dir| Disk::inspect(&dir, None).unwrap().0.whole);
    rooms.iter().flatten().map(|room| room.author_secret).collect()
}

#[test]
fn a_locked_home_opens_with_its_passphrase_only_and_holds_no_key_as_it_is() {
    let ann = Person::new();
    let (home, words, other) =
        (ann.home.path().join("home"), ann.home.path().join("words"), ann.home.path().join("other"));
    let [at_words, at_other] = [&words, &other].map(|path| path.to_str().unwrap());
    fs::write(&words, "correct horse battery\n").unwrap();
    fs::write(&other, "staple under the moon\n").unwrap();
    assert!(ann.fails(&["lock", "--passphrase-file", at_words], 2).contains("there are no keys here yet"));
    ann.lines(&["new", "lunch", "--nick", "Ann"]);
    ann.lines(&["bot", "new", "ci", "lunch"]);
    assert!(ann.fails(&["unlock"], 2).contains("this home is under no passphrase"));
    let keys = author_keys(&home);
    assert_eq!(keys.len(), 2);
    assert!(keys.iter().all(|key| holds(&home, key)));
    assert!(ann.fails(&["lock"], 2).contains("--passphrase-file"));
    ann.run(&["lock", "--passphrase-file", at_words]);
    assert!(!keys.iter().any(|key| holds(&home, key)));

    for command in [&["rooms"][..], &["send", "lunch", "nobody"], &["check"], &["unlock"], &["lock"]] {
        let said = ann.fails(command, 2);
        assert!(
            said.contains("error[passphrase]") && said.contains("RUMORMILL_PASSPHRASE_FILE"),
            "{command:?}: {said}"
        );
    }
    assert!(refused(&other, &ann, &["rooms"], 2).contains("error[passphrase]: this is not the passphrase of the home"));
    assert!(says(&words, &ann, &["bot", "list"]).contains("lunch"));
    let doctor = ann.run(&["doctor"]).stdout;
    assert!(String::from_utf8(doctor).unwrap().contains("under a passphrase"));

    // Whoever asks a process that has the home open needs none.
    let mut chat = Chat::of(ann.command(&["chat", "lunch", "--plain"]).env("RUMORMILL_PASSPHRASE_FILE", &words));
    chat.type_line("I am in");
    chat.until("I am in");
    ann.lines(&["send", "lunch", "and so am I"]);
    chat.until("and so am I");
    for command in ["lock", "unlock"] {
        assert!(ann.fails(&[command], 3).contains("error[locked]"));
    }
    assert_eq!(chat.leave().1, Some(0));
    assert!(!keys.iter().any(|key| holds(&home, key)));

    let key = home.join("keys.age");
    let file = fs::read(&key).unwrap();
    says(&words, &ann, &["unlock"]);
    assert!(!key.exists());
    assert_eq!(author_keys(&home), keys);
    assert!(ann.lines(&["log", "lunch"]).join("\n").contains("and so am I"));

    // A crash came before the first key was sealed, or after the last one was opened.
    fs::write(&key, file).unwrap();
    fs::set_permissions(&key, Permissions::from_mode(0o600)).unwrap();
    assert!(says(&words, &ann, &["log", "lunch"]).contains("and so am I"));
    assert_eq!(author_keys(&home), keys);
    // Locking again completes it, and takes another passphrase.
    says(&words, &ann, &["lock", "--passphrase-file", at_other]);
    assert!(!keys.iter().any(|key| holds(&home, key)));
    refused(&words, &ann, &["rooms"], 2);
    assert!(says(&other, &ann, &["log", "lunch"]).contains("and so am I"));
}
