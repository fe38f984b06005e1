//! The machine-readable description of the API is what the process does.

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

use crate::{Two, process::Serving, two};

#[test]
fn every_described_operation_is_answered() {
    let ada = Serving::start();
    let description = ada.get("/v1/openapi.json").ok();
    let mut asked = 0;
    for (path, item) in description["paths"].as_object().unwrap() {
        let path =
            path.replace("{room}", "nowhere").replace("{ref}", "x.1").replace("{author}", "x").replace("{sign}", "x");
        for method in item.as_object().unwrap().keys().filter(|_| path != "/v1/events") {
            let reply = ada.ask(&method.to_uppercase(), &path, Some(("application/json", "{}".into())));
            let says = &reply.body;
            assert!(
                reply.status != 405 && !says.contains(r#""code":"path""#),
                "{method} {path}: {} {says}",
                reply.status
            );
            asked += 1;
        }
    }
    assert!(asked > 30, "{asked}");
}

/// Runs a program to its end; what it printed, where it failed.
fn run(program: &Path, args: &[&str]) -> Result<(), String> {
    let done = Command::new(program).args(args).output().map_err(|error| error.to_string())?;
    let said = || format!("{}{}", String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
    if done.status.success() { Ok(()) } else { Err(said()) }
}

/// A generator of clients in Python, and a validator; none where they cannot be had.
#[expect(clippy::print_stderr, reason = "whoever runs the tests is told what was left out")]
fn generators(dir: &Path) -> Option<PathBuf> {
    let wanted = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/serve/requirements.txt");
    let pip = ["install", "--quiet", "--requirement", wanted.to_str()?];
    let have = run(Path::new("python3"), &["-m", "venv", dir.to_str()?]).and_then(|()| run(&dir.join("bin/pip"), &pip));
    if have.is_err() && env::var_os("CI").is_none() {
        eprintln!("no client was generated: that needs Python's venv module and its package index: {have:?}");
        return None;
    }
    have.unwrap();
    Some(dir.join("bin"))
}

#[test]
fn a_generated_client_lists_pages_posts_and_reacts() {
    let Two { ada, said, .. } = two();
    let dir = tempfile::tempdir().unwrap();
    let Some(bin) = generators(&dir.path().join("venv")) else { return };
    let description: Value = ada.get("/v1/openapi.json").ok();
    let file = dir.path().join("openapi.json");
    std::fs::write(&file, description.to_string()).unwrap();
    let (file, client) = (file.to_str().unwrap(), dir.path().join("client"));
    run(&bin.join("openapi-spec-validator"), &[file]).unwrap();
    run(&bin.join("openapi-python-client"), &["generate", "--path", file, "--output-path", client.to_str().unwrap()])
        .unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/serve/client.py");
    let token = std::fs::read_to_string(ada.home().join("token")).unwrap();
    let args = [script.to_str().unwrap(), client.to_str().unwrap(), &ada.origin(), token.trim(), &said];
    run(&bin.join("python"), &args).unwrap();
    let message = ada.get(&format!("/v1/rooms/lunch/messages/{said}")).ok();
    assert_eq!(message["reactions"][0]["sign"], "👍");
    let page = ada.get("/v1/rooms/lunch/messages?limit=2").ok();
    assert_eq!(
        (&page["messages"][0]["text"], page["messages"][0]["reply_to"]["ref"].as_str()),
        (&"from a client".into(), Some(said.as_str()))
    );
}
