//! The short form of every attack is met, and is not met without its defence.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed expectation ends a test")]

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use rumormill_siege::{
    Form, Held, Verdict,
    attacks::{ALL, HELD},
    table::{self, child},
};

const PROGRAM: &str = env!("CARGO_BIN_EXE_rumormill-siege");

/// Runs at once. More would only wait for each other on a small machine.
const AT_ONCE: usize = 2;

#[test]
fn every_attack_is_met_and_every_defence_is_seen_to_work() {
    let whole = ALL.iter().map(|attack| (attack.name, None));
    let mutants = ALL.iter().flat_map(|attack| attack.defences.iter().map(|defence| (attack.name, Some(*defence))));
    let runs: Vec<(&str, Option<&str>)> = whole.chain(mutants).collect();
    let (next, wrong) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some((attack, without)) = runs.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let ran = child(PROGRAM, attack, *without, Form::Short);
                    if (ran.verdict == Verdict::Met) != without.is_none() {
                        let table::Ran { verdict, printed, complaint, seconds } = ran;
                        let told = format!("{verdict:?} in {seconds:.0} s: {complaint}\n{printed}");
                        wrong.lock().unwrap().push(format!("{attack} without {without:?}: {told}"));
                    }
                }
            });
        }
    });
    let wrong = wrong.into_inner().unwrap();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The sources of the product.
fn sources(dir: &Path, found: &mut Vec<String>) {
    for entry in fs::read_dir(dir).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() {
            if !["siege", "target", "tests"].iter().any(|name| path.ends_with(name)) {
                sources(&path, found);
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(fs::read_to_string(path).unwrap());
        }
    }
}

#[test]
fn every_defence_has_an_attack_and_every_attack_its_defence() {
    let mut texts = Vec::new();
    sources(&root().join("crates"), &mut texts);
    let switch = "is_on(\"";
    let named = texts.iter().flat_map(|text| text.match_indices(switch).map(|(at, _)| &text[at + switch.len()..]));
    let asked: Vec<&str> = named.filter_map(|rest| rest.split('"').next()).collect();
    let proved: Vec<&str> = ALL.iter().flat_map(|attack| attack.defences).copied().collect();
    let unproved: Vec<_> = asked.iter().filter(|defence| !proved.contains(defence)).collect();
    assert!(unproved.is_empty(), "defences without an attack: {unproved:?}");
    let idle: Vec<_> = proved.iter().filter(|defence| !asked.contains(defence)).collect();
    assert!(idle.is_empty(), "attacks for defences that the product does not have: {idle:?}");
}

#[test]
fn what_is_held_elsewhere_is_there() {
    for Held { threat, test: (file, name), .. } in HELD {
        let text = fs::read_to_string(root().join(file)).unwrap_or_else(|error| panic!("{threat}: {file}: {error}"));
        let begins = if file.ends_with(".mjs") { format!("test(\"{name}\"") } else { format!("fn {name}(") };
        assert!(text.contains(&begins), "{threat}: {file} has no {name}");
    }
}

#[test]
fn the_document_has_a_row_for_each_and_no_other() {
    let text = fs::read_to_string(table::document()).unwrap();
    let tables = table::within(&text).unwrap();
    let right = table::refreshed(tables);
    let missing: Vec<&str> = right.lines().filter(|row| !tables.contains(row)).collect();
    assert!(tables == right, "`cargo run -p rumormill-siege -- rows` corrects it; missing: {missing:#?}");
}

#[test]
fn attacks_have_names_of_their_own() {
    let mut names: Vec<&str> = ALL.iter().map(|attack| attack.name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), ALL.len());
}
