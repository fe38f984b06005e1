//! Somebody with a home of their own, who uses the commands.

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    os::unix::net::UnixStream,
    path::PathBuf,
    process::{Child, Command, Output, Stdio},
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use tempfile::TempDir;

/// Catches hangs.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) struct Person {
    dir: TempDir,
}

/// `rumormill serve`, stopped on drop.
pub(crate) struct Serving(Child);

impl Drop for Serving {
    fn drop(&mut self) {
        // A process that is asked to end closes the home properly, and everything is in the database.
        let _ = Command::new("kill").args(["-TERM", &self.0.id().to_string()]).status();
        let _ = self.0.wait();
    }
}

impl Person {
    pub(crate) fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn home(&self) -> PathBuf {
        self.dir.path().join("home")
    }

    /// A file beside the home.
    pub(crate) fn path(&self, name: &str) -> String {
        self.dir.path().join(name).display().to_string()
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rumormill"));
        command.args(args).arg("--loopback").env("RUMORMILL_HOME", self.home());
        command.env("TZ", "UTC").env_remove("RUST_LOG").env_remove("LOGNAME").env_remove("USER").stdin(Stdio::null());
        command
    }

    pub(crate) fn run(&self, args: &[&str]) -> Output {
        self.command(args).output().unwrap()
    }

    /// Runs a command that must succeed; returns its lines.
    pub(crate) fn lines(&self, args: &[&str]) -> Vec<String> {
        let output = self.run(args);
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
    }

    /// Runs a command that must fail with this exit code; returns its error.
    pub(crate) fn fails(&self, args: &[&str], exit: i32) -> String {
        let output = self.run(args);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(exit), "{args:?}: {said}");
        said
    }

    /// Founds an open room, whose words the disk holds in plain, as ada; returns its ticket.
    pub(crate) fn found(&self, name: &str) -> String {
        self.founds(&["new", name, "--open", "--nick", "ada"])
    }

    /// Runs the command that founds a room; returns the room's ticket.
    pub(crate) fn founds(&self, args: &[&str]) -> String {
        let mut chat = self.command(args);
        let mut chat = chat.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut said = BufReader::new(chat.stdout.take().unwrap());
        let mut ticket = String::new();
        said.read_line(&mut ticket).unwrap();
        drop(chat.stdin.take());
        said.read_to_string(&mut String::new()).unwrap();
        assert!(chat.wait().unwrap().success());
        ticket.trim().to_owned()
    }

    /// Says lines while no peer is online.
    pub(crate) fn say(&self, room: &str, lines: &str) {
        let mut send = self.command(&["send", room]);
        let mut send = send.stdin(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        send.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
        assert!(send.wait().unwrap().success());
    }

    /// Runs `serve`.
    pub(crate) fn serve(&self) -> Serving {
        let mut serve = self.command(&["serve", "--http", "127.0.0.1:0"]);
        let mut child = serve.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut String::new()).unwrap();
        Serving(child)
    }

    /// Asks the process that has the home open.
    pub(crate) fn ask(&self, method: &str, path: &str, body: &Value) -> Value {
        let mut stream = UnixStream::connect(self.home().join("socket")).unwrap();
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let head = "Host: localhost\r\nConnection: close\r\nContent-Type: application/json";
        let length = body.len();
        write!(stream, "{method} {path} HTTP/1.1\r\n{head}\r\nContent-Length: {length}\r\n\r\n{body}").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (_, json) = answer.split_once("\r\n\r\n").unwrap();
        serde_json::from_str(json).unwrap_or_else(|_| panic!("{method} {path}: {answer}"))
    }

    /// Joins the room of somebody who serves, and waits until both hold the same.
    pub(crate) fn meets(&self, other: &Self) {
        let ticket = other.ask("GET", "/v1/rooms/lunch/ticket", &Value::Null)["ticket"].clone();
        self.ask("POST", "/v1/rooms", &json!({ "ticket": ticket }));
        let begun = Instant::now();
        let stand = |person: &Self| {
            let room = person.ask("GET", "/v1/rooms", &Value::Null)["rooms"][0].clone();
            (room["digest"].clone(), room["entries"].clone(), room["missing"].clone())
        };
        while stand(self) != stand(other) || stand(self).2 != 0 {
            assert!(begun.elapsed() < PATIENCE, "they never came to hold the same");
        }
    }

    /// Flips a bit in every copy of these bytes in the database, as a failing disk does; returns how many.
    pub(crate) fn flip(&self, needle: &str) -> usize {
        // Closing the home moves everything into the database.
        self.lines(&["rooms"]);
        let path = self.home().join("rumormill.db");
        let mut bytes = fs::read(&path).unwrap();
        let found = bytes.windows(needle.len()).enumerate().filter(|(_, window)| *window == needle.as_bytes());
        let places: Vec<usize> = found.map(|(at, _)| at).collect();
        places.iter().for_each(|at| bytes[*at] ^= 1);
        fs::write(&path, bytes).unwrap();
        places.len()
    }
}
