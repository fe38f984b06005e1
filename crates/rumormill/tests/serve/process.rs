//! A serving process, and a minimal HTTP client for it.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test ends where something is not as it must be")]

use std::{
    fs::{self, DirBuilder},
    io::{BufRead as _, BufReader, Read, Write},
    net::TcpStream,
    os::unix::{fs::DirBuilderExt as _, net::UnixStream},
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    time::Duration,
};

use serde_json::Value;
use tempfile::TempDir;

/// Catches hangs; nothing else waits this long.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// A command of the program, with its home in this directory.
pub(crate) fn rumormill(dir: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rumormill"));
    command
        .env("RUMORMILL_HOME", dir.join("home"))
        .env_remove("RUST_LOG")
        .env_remove("RUMORMILL_LOG_FORMAT")
        .env_remove("LOGNAME")
        .env_remove("USER")
        .args(args);
    command
}

/// `rumormill serve`, killed on drop.
pub(crate) struct Serving {
    dir: TempDir,
    child: Child,
    /// Its output.
    pub(crate) link: String,
}

impl Serving {
    pub(crate) fn start() -> Self {
        Self::start_with("")
    }

    /// A process with this configuration.
    pub(crate) fn start_with(config: &str) -> Self {
        Self::start_as(config, |_| {})
    }

    /// A process that logs everything, and a function that ends it and returns the log.
    pub(crate) fn heard() -> (Self, impl FnOnce(Self) -> String) {
        Self::logging(&[("RUST_LOG", "trace")])
    }

    /// A process with these variables, and a function that ends it and returns the log.
    pub(crate) fn logging(env: &[(&str, &str)]) -> (Self, impl FnOnce(Self) -> String) {
        let log = tempfile::NamedTempFile::new().unwrap();
        let file = log.reopen().unwrap();
        let serving = Self::start_as("", |command| {
            command.envs(env.iter().copied()).stderr(file);
        });
        let end = move |serving: Self| {
            drop(serving);
            fs::read_to_string(log.path()).unwrap()
        };
        (serving, end)
    }

    fn start_as(config: &str, set: impl FnOnce(&mut Command)) -> Self {
        let dir = tempfile::tempdir().unwrap();
        if !config.is_empty() {
            DirBuilder::new().mode(0o700).create(dir.path().join("home")).unwrap();
            fs::write(dir.path().join("home/config.toml"), config).unwrap();
        }
        let (child, link) = serve(dir.path(), set);
        Self { dir, child, link }
    }

    /// Kills the process at once, and starts it again.
    pub(crate) fn crash(&mut self) {
        self.crash_while(|| ());
    }

    /// Kills the process, does something else, and starts the process again.
    pub(crate) fn crash_while(&mut self, done: impl FnOnce()) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        done();
        (self.child, self.link) = serve(self.dir.path(), |_| {});
    }

    pub(crate) fn home(&self) -> PathBuf {
        self.dir.path().join("home")
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn origin(&self) -> String {
        self.link.split("/#").next().unwrap().to_owned()
    }

    pub(crate) fn port(&self) -> u16 {
        self.origin().rsplit(':').next().unwrap().parse().unwrap()
    }

    /// Another command with the same home.
    pub(crate) fn command(&self, args: &[&str]) -> Output {
        rumormill(self.dir.path(), args).output().unwrap()
    }

    pub(crate) fn get(&self, path: &str) -> Reply {
        self.ask("GET", path, None)
    }

    pub(crate) fn delete(&self, path: &str) -> Reply {
        self.ask("DELETE", path, None)
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Reply {
        self.ask("POST", path, Some(("application/json", body.to_string())))
    }

    pub(crate) fn put(&self, path: &str, body: &Value) -> Reply {
        self.ask("PUT", path, Some(("application/json", body.to_string())))
    }

    /// Asks through the socket in the home.
    pub(crate) fn ask(&self, method: &str, path: &str, body: Option<(&str, String)>) -> Reply {
        let (kind, body) = body.unwrap_or(("text/plain", String::new()));
        let headers = [("Host", "localhost".to_owned()), ("Content-Type", kind.to_owned())];
        Reply::of(self.socket(), &request(method, path, &headers, &body))
    }

    /// Sends a request through the socket in the home, with the token of a bot and more headers.
    pub(crate) fn ask_as(&self, token: &str, method: &str, path: &str, more: &[(&str, String)], body: &str) -> Reply {
        let headers = [("Host", "localhost".to_owned()), ("Authorization", format!("Bearer {token}"))];
        Reply::of(self.socket(), &request(method, path, &[&headers, more].concat(), body))
    }

    /// Sends a message with an idempotency key.
    pub(crate) fn post_once(&self, path: &str, key: &str, (kind, body): (&str, &str)) -> Reply {
        let headers = [("Host", "localhost"), ("Content-Type", kind), ("Idempotency-Key", key)];
        Reply::of(self.socket(), &request("POST", path, &headers.map(|(name, value)| (name, value.to_owned())), body))
    }

    /// Asks through the socket in the home, with extra headers.
    pub(crate) fn ask_with(&self, path: &str, headers: &[(&str, String)]) -> Reply {
        let headers = [&[("Host", "localhost".to_owned())], headers].concat();
        Reply::of(self.socket(), &request("GET", path, &headers, ""))
    }

    /// Asks over TCP, as a page or a script does.
    pub(crate) fn ask_page(&self, method: &str, path: &str, headers: &[(&str, String)], body: &str) -> Reply {
        let stream = TcpStream::connect(("127.0.0.1", self.port())).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut headers = headers.to_vec();
        if !body.is_empty() && !headers.iter().any(|(name, _)| *name == "Content-Type") {
            headers.push(("Content-Type", "application/json".into()));
        }
        Reply::of(stream, &request(method, path, &headers, body))
    }

    /// The events from now on; returns when the first one arrives.
    pub(crate) fn events(&self) -> Events {
        self.events_since("/v1/events", None)
    }

    /// The events at `path` since the event with this id.
    pub(crate) fn events_since(&self, path: &str, last: Option<&str>) -> Events {
        let mut stream = self.socket();
        let last = last.map(|last| format!("Last-Event-ID: {last}\r\n")).unwrap_or_default();
        stream.write_all(format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n{last}\r\n").as_bytes()).unwrap();
        let mut lines = BufReader::new(stream);
        let mut line = String::new();
        while line != "\r\n" {
            line.clear();
            lines.read_line(&mut line).unwrap();
        }
        Events { lines, id: String::new() }
    }

    pub(crate) fn socket(&self) -> UnixStream {
        let stream = UnixStream::connect(self.home().join("socket")).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream
    }
}

/// Starts the process with its home in this directory, and waits for its link.
fn serve(dir: &Path, set: impl FnOnce(&mut Command)) -> (Child, String) {
    let mut command = rumormill(dir, &["serve", "--loopback", "--http", "127.0.0.1:0"]);
    command.stdout(Stdio::piped()).stderr(Stdio::null());
    set(&mut command);
    let mut child = command.spawn().unwrap();
    let mut link = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut link).unwrap();
    (child, link.trim().to_owned())
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn request(method: &str, path: &str, headers: &[(&str, String)], body: &str) -> String {
    let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let length = body.len();
    format!("{method} {path} HTTP/1.1\r\n{headers}Content-Length: {length}\r\nConnection: close\r\n\r\n{body}")
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    head: String,
    pub(crate) body: String,
}

impl Reply {
    fn of(mut stream: impl Read + Write, request: &str) -> Self {
        // The server may refuse a long body without reading all of it.
        let _ = stream.write_all(request.as_bytes());
        let mut text = Vec::new();
        let _ = stream.read_to_end(&mut text);
        let text = String::from_utf8(text).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer to {request:?}: {text:?}"));
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Self { status, head: head.to_owned(), body: body.to_owned() }
    }

    /// The body, which must not be an error.
    pub(crate) fn ok(self) -> Value {
        assert!(self.status < 300, "{self:?}");
        serde_json::from_str(&self.body).unwrap()
    }

    /// The refusal.
    pub(crate) fn refused(self, status: u16) -> String {
        assert_eq!(self.status, status, "{self:?}");
        let value: Value = serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("{self:?}"));
        assert!(["what", "help"].iter().all(|line| !value["error"][line].as_str().unwrap().is_empty()));
        value["error"]["code"].as_str().unwrap().to_owned()
    }

    pub(crate) fn header(&self, name: &str) -> Option<String> {
        let headers = self.head.lines().filter_map(|line| line.split_once(": "));
        headers.filter(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.to_owned()).next()
    }
}

/// Events as they come.
pub(crate) struct Events {
    lines: BufReader<UnixStream>,
    /// The id of the last event.
    pub(crate) id: String,
}

impl Events {
    /// The first matching event with this name.
    pub(crate) fn until(&mut self, name: &str, meant: impl Fn(&Value) -> bool) -> Value {
        self.read_until(name, meant).1
    }

    /// Names of the events up to the first matching one with this name.
    pub(crate) fn names_until(&mut self, name: &str, meant: impl Fn(&Value) -> bool) -> Vec<String> {
        self.read_until(name, meant).0
    }

    fn read_until(&mut self, name: &str, meant: impl Fn(&Value) -> bool) -> (Vec<String>, Value) {
        let mut names = Vec::new();
        loop {
            let (event, data) = self.next();
            names.push(event.clone());
            if event == name && meant(&data) {
                return (names, data);
            }
        }
    }

    /// The next event.
    pub(crate) fn next(&mut self) -> (String, Value) {
        let (mut line, mut event, mut content) = (String::new(), String::new(), Value::Null);
        loop {
            line.clear();
            assert!(self.lines.read_line(&mut line).unwrap() > 0, "the process has gone");
            if let Some(name) = line.strip_prefix("event: ") {
                event = name.trim().to_owned();
            } else if let Some(id) = line.strip_prefix("id: ") {
                self.id = id.trim().to_owned();
            } else if let Some(data) = line.strip_prefix("data: ") {
                content = serde_json::from_str(data).unwrap();
            } else if line == "\n" && !event.is_empty() {
                return (event, content);
            }
        }
    }
}
