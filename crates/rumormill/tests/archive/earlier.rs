//! A home of version 0.1.0 and an export of one of its rooms, opened by the current program.

use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use serde_json::Value;

use crate::person::Person;

fn left(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/0.1.0").join(name)
}

/// Copies a directory with the rights of a home: nobody else can read it.
fn copy(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    fs::set_permissions(to, Permissions::from_mode(0o700)).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), &to).unwrap();
            fs::set_permissions(&to, Permissions::from_mode(0o600)).unwrap();
        }
    }
}

/// Ada, who updates the program.
pub(crate) fn ada() -> Person {
    let ada = Person::new();
    copy(&left("home"), &ada.home());
    ada
}

/// Each room and its messages, as 0.1.0 printed them.
fn told() -> Vec<(Value, Vec<Value>)> {
    let text = fs::read_to_string(left("timeline.jsonl")).unwrap();
    let mut lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let mut rooms = Vec::new();
    while let Some(room) = lines.next() {
        let count = room["messages"].as_u64().unwrap() as usize;
        rooms.push((room, lines.by_ref().take(count).collect()));
    }
    rooms
}

/// Whether the new value has every field of the old one; additional fields do not matter.
fn same(then: &Value, now: &Value) -> bool {
    match then {
        Value::Object(fields) => fields.iter().all(|(name, then)| same(then, &now[name])),
        Value::Array(items) => {
            let now = now.as_array().map_or(&[][..], |now| now);
            items.len() == now.len() && items.iter().zip(now).all(|(then, now)| same(then, now))
        }
        _ => then == now,
    }
}

fn log(person: &Person, room: &str) -> Vec<Value> {
    let lines = person.lines(&["log", room, "--json"]);
    lines.iter().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn assert_same(then: &[Value], now: &[Value]) {
    for (then, now) in then.iter().zip(now) {
        assert!(same(then, now), "then {then}\nnow  {now}");
    }
    assert_eq!(then.len(), now.len());
}

#[test]
fn an_old_home_shows_its_messages_and_its_log_continues() {
    let ada = ada();
    for (room, messages) in told() {
        let name = room["name"].as_str().unwrap();
        assert_same(&messages, &log(&ada, name));
        let digest = ada.lines(&["digest", name, "--json"]).join("");
        let digest: Value = serde_json::from_str(&digest).unwrap();
        assert_eq!(digest["digest"], room["digest"], "of {name}");
        assert_eq!((&digest["entries"], digest["missing"].as_u64()), (&room["entries"], Some(0)));
        assert!(ada.lines(&["check", name])[0].ends_with("nothing is damaged"));
    }
    ada.say("lunch", "still the same author\n");
    let now = log(&ada, "lunch");
    let (room, messages) = told().into_iter().find(|(room, _)| room["name"] == "lunch").unwrap();
    assert_same(&messages, &now[..messages.len()]);
    let [said] = &now[messages.len()..] else { panic!("one message more") };
    assert_eq!((&said["text"], &said["mine"]), (&"still the same author".into(), &true.into()));
    assert!(said["ref"].as_str().unwrap().starts_with(room["author"].as_str().unwrap()));
}

#[test]
fn whoever_founded_a_room_is_told_once_that_it_can_be_closed() {
    let ada = ada();
    let told = |room| {
        let visit = ada.run(&["chat", room, "--plain"]);
        let said = [visit.stdout, visit.stderr].concat();
        assert!(visit.status.success());
        String::from_utf8(said).unwrap().matches("you may close this open room").count()
    };
    // Bob founded the other one.
    assert_eq!([told("dinner"), told("lunch"), told("lunch")], [0, 1, 0]);
}

#[test]
fn a_file_of_an_old_home_is_readable() {
    let ada = ada();
    let lunch = told().into_iter().find(|(room, _)| room["name"] == "lunch").unwrap();
    let file = lunch.1.iter().find(|message| message["kind"] == "file").unwrap();
    let to = ada.path("menu");
    ada.lines(&["get", file["ref"].as_str().unwrap(), "--room", "lunch", "--to", &to]);
    let whole: Vec<u8> = (0..3000).map(|at| ((at * 7 + at / 251) % 256) as u8).collect();
    assert_eq!(fs::read(to).unwrap(), whole);
}

#[test]
fn an_old_export_verifies_and_imports() {
    let (ada, bob) = (ada(), Person::new());
    let file = left("lunch.jsonl").display().to_string();
    assert!(ada.lines(&["check", "--file", &file])[0].ends_with("verified; it is whole"));
    assert!(ada.lines(&["import", "lunch", &file])[0].starts_with("0 entries imported, "));

    // Ada is offline.
    bob.fails(&["join", &ada.lines(&["ticket", "lunch"])[0]], 6);
    let (room, messages) = told().into_iter().find(|(room, _)| room["name"] == "lunch").unwrap();
    let id = room["id"].as_str().unwrap();
    assert!(bob.lines(&["import", id, &file])[0].ends_with(" imported, 0 were here before"));
    // An export has neither the file nor Bob's own entries.
    let without = |message: &Value| {
        let mut message = message.clone();
        message.as_object_mut().unwrap().remove("file");
        message
    };
    let then: Vec<Value> = messages.iter().map(without).collect();
    assert_same(&then, &log(&bob, id));
    let digest: Value = serde_json::from_str(&bob.lines(&["digest", id, "--json"]).join("")).unwrap();
    assert_eq!(digest["digest"], room["digest"]);
}
