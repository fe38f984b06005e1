//! A separate lab for a test: a directory with `./process` and `./stopall`, ports that nobody else uses, and consoles
//! that speak to it.

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::{Ipv4Addr, TcpListener, TcpStream, UdpSocket},
    path::PathBuf,
    process::{Child, Command, Output, Stdio},
    sync::{Mutex, PoisonError},
    thread::{self, sleep},
    time::{Duration, Instant},
};

use tempfile::TempDir;

/// The program under test.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_rumormill");

/// The time after which anything counts as hanging.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// Ports given to labs of this test program so far.
static GIVEN: Mutex<u16> = Mutex::new(0);

/// A lab of processes.
pub(crate) struct Lab {
    dir: TempDir,
    /// TCP port of process 0, and UDP port too; the others have the next ones.
    pub(crate) port: u16,
    started: Mutex<Vec<Child>>,
}

impl Lab {
    /// A lab with ports for `n` processes.
    pub(crate) fn new(n: u16) -> Self {
        let port = free_ports(n, &mut GIVEN.lock().unwrap_or_else(PoisonError::into_inner));
        let dir = tempfile::tempdir().unwrap();
        let made = Command::new(PROGRAM).args(["lab", "init"]).current_dir(dir.path()).status().unwrap();
        assert!(made.success());
        Self { dir, port, started: Mutex::default() }
    }

    /// A command in the lab's directory, with its ports.
    pub(crate) fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.current_dir(self.dir.path()).env("RUMORMILL_LAB_UDP", self.port.to_string()).env_remove("RUST_LOG");
        command
    }

    /// Runs a foreign console with a script in which `$p` is the port of process p; returns its output.
    pub(crate) fn console(&self, console: &str, script: &str) -> Vec<String> {
        let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/lab/consoles").join(console);
        let mut command = self.command("python3");
        let output = fed(command.arg(path), &self.script(script));
        assert!(output.status.success(), "{console}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
    }

    /// Runs our own console with a script.
    pub(crate) fn proxy(&self, script: &str) -> Output {
        let mut command = self.command(PROGRAM);
        fed(command.args(["lab", "proxy"]), &self.script(script))
    }

    fn script(&self, script: &str) -> String {
        let ports = (0..100u16).rev();
        ports.fold(script.to_owned(), |script, pid| script.replace(&format!("${pid}"), &(self.port + pid).to_string()))
    }

    /// Starts a process as a console does and discards its output; returns its process id, because the script becomes
    /// the process.
    pub(crate) fn start(&self, pid: u16, n: u16) -> u32 {
        let mut command = self.command("./process");
        command.args([pid, n, self.port + pid].map(|number| number.to_string()));
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let os_pid = child.id();
        self.started.lock().unwrap().push(child);
        os_pid
    }

    /// Waits until every process started here has ended.
    pub(crate) fn all_ended(&self) {
        for mut child in self.started.lock().unwrap().drain(..) {
            assert!(!child.wait().unwrap().success());
        }
    }

    /// Connects to a process that may not be ready yet.
    pub(crate) fn connect(&self, pid: u16) -> Client {
        let deadline = Instant::now() + PATIENCE;
        loop {
            match TcpStream::connect((Ipv4Addr::LOCALHOST, self.port + pid)) {
                Ok(stream) => return Client::new(stream),
                Err(error) => assert!(Instant::now() < deadline, "process {pid}: {error}"),
            }
            sleep(Duration::from_millis(10));
        }
    }

    /// Runs `./stopall`; returns whether it exited with 0.
    pub(crate) fn stop(&self) -> bool {
        self.command("./stopall").status().unwrap().success()
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        let _ = self.command("./stopall").status();
        for child in self.started.get_mut().unwrap_or_else(PoisonError::into_inner) {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// A connection to a process.
pub(crate) struct Client {
    reader: BufReader<TcpStream>,
}

impl Client {
    fn new(stream: TcpStream) -> Self {
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_nodelay(true).unwrap();
        Self { reader: BufReader::new(stream) }
    }

    /// Sends raw bytes.
    pub(crate) fn send(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.reader.get_mut().write_all(bytes)
    }

    /// The next line without its newline; empty when the process closed the connection.
    pub(crate) fn line(&mut self) -> String {
        let mut line = String::new();
        match self.reader.read_line(&mut line) {
            Ok(_) => line.trim_end_matches('\n').to_owned(),
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => panic!("no answer"),
            Err(_) => String::new(),
        }
    }

    /// Asks for the log.
    pub(crate) fn log(&mut self) -> String {
        self.send(b"get chatLog\n").unwrap();
        self.line()
    }

    /// Asks for the log until it satisfies a condition.
    pub(crate) fn log_until(&mut self, done: impl Fn(&str) -> bool) -> String {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let log = self.log();
            if done(&log) {
                return log;
            }
            assert!(Instant::now() < deadline, "{log}");
            sleep(Duration::from_millis(20));
        }
    }

    /// Waits until the process closes the connection.
    pub(crate) fn closed(&mut self) {
        let mut rest = Vec::new();
        match self.reader.read_to_end(&mut rest) {
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => panic!("still open"),
            _ => assert_eq!(String::from_utf8_lossy(&rest), ""),
        }
    }
}

/// Runs a command with this standard input, and collects its output.
pub(crate) fn fed(command: &mut Command, input: &str) -> Output {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_owned();
    let feeder = thread::spawn(move || stdin.write_all(input.as_bytes()));
    let output = child.wait_with_output().unwrap();
    // A command that ends early leaves some of its input unread.
    let _ = feeder.join().unwrap();
    output
}

/// Resident memory of a process, in bytes.
pub(crate) fn resident(os_pid: u32) -> u64 {
    let statm = fs::read_to_string(format!("/proc/{os_pid}/statm")).unwrap();
    statm.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 4096
}

/// The first of `n` neighbouring ports that are free for UDP and TCP, below the system's ephemeral ports.
fn free_ports(n: u16, next: &mut u16) -> u16 {
    let start = (std::process::id() % 97) as u16 * 100;
    for _ in 0..200 {
        let base = 21_000 + (start + *next) % 10_000;
        *next += n;
        let free = |port| {
            UdpSocket::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
                && TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
        };
        if (base..base + n).all(free) {
            return base;
        }
    }
    panic!("no {n} neighbouring ports are free");
}
