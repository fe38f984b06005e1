//! The program itself in its own process, for attacks on its inputs. `cargo build --bin rumormill` leaves it beside
//! this program, so its defences cannot be switched off.

use std::{
    fs,
    net::{Ipv4Addr, TcpListener, UdpSocket},
    path::PathBuf,
    process::Stdio,
};

use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader, Lines},
    net::TcpStream,
    process::{Child, ChildStdin, ChildStdout, Command},
    time::timeout,
};

use crate::nodes::{PATIENCE, soon};

/// File descriptors that a process may open on most systems.
const DESCRIPTORS: u32 = 1_024;

/// A command of the program that runs until its input ends.
pub struct Product {
    dir: TempDir,
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
    /// Its standard input.
    pub input: ChildStdin,
    /// The first line it printed.
    pub first: String,
}

impl Product {
    /// Starts it with its own home and directory, and waits for its first line.
    pub async fn start(args: &[&str]) -> Self {
        let mut product = Self::start_silent(args);
        product.first = product.line().await;
        product
    }

    /// The same for a command that prints nothing until asked.
    pub fn start_silent(args: &[&str]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut child = command(&dir, args).stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let input = child.stdin.take().unwrap();
        Self { dir, child, lines, input, first: String::new() }
    }

    /// A lab with a single process, and the port of its console.
    pub async fn console() -> (Self, u16) {
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
        (Self::start(&["lab", "process", "0", "1", &port.to_string()]).await, port)
    }

    /// A process that serves the page, and its port.
    pub async fn serve() -> (Self, u16) {
        let product = Self::start(&["serve", "--loopback", "--http", "127.0.0.1:0"]).await;
        let origin = product.first.split("/#").next().unwrap_or_default();
        let port = origin.rsplit(':').next().and_then(|port| port.parse().ok()).unwrap();
        (product, port)
    }

    /// Another command with the same home.
    pub fn beside(&self, args: &[&str]) -> Child {
        command(&self.dir, args).stdout(Stdio::null()).spawn().unwrap()
    }

    /// The socket in its home.
    pub fn socket(&self) -> PathBuf {
        self.dir.path().join("home/socket")
    }

    /// The next line it prints.
    pub async fn line(&mut self) -> String {
        soon("a line of the program", self.lines.next_line()).await.unwrap().expect("the program goes on")
    }

    /// Its peak memory so far in KiB.
    pub fn peak_kib(&self) -> u64 {
        let status = fs::read_to_string(self.proc("status")).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    }

    /// Number of its open file descriptors.
    pub fn descriptors(&self) -> u64 {
        fs::read_dir(self.proc("fd")).unwrap().count() as u64
    }

    fn proc(&self, what: &str) -> PathBuf {
        let id = self.child.id().expect("the program still runs");
        PathBuf::from(format!("/proc/{id}/{what}"))
    }

    /// Closes its input, and waits until it has exited.
    pub async fn end(mut self) {
        drop(self.input);
        soon("the end of the program", self.child.wait()).await.unwrap();
    }
}

fn command(dir: &TempDir, args: &[&str]) -> Command {
    let program = std::env::current_exe().unwrap().with_file_name("rumormill");
    assert!(program.exists(), "no {}: build it with `cargo build --bin rumormill`", program.display());
    let udp = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
    let mut command = Command::new("sh");
    command.args(["-c", &format!("ulimit -n {DESCRIPTORS} && exec \"$0\" \"$@\"")]).arg(program).args(args);
    command.current_dir(dir.path()).env("RUMORMILL_HOME", dir.path().join("home"));
    command.env("RUMORMILL_LAB_UDP", udp.to_string()).env_remove("RUST_LOG");
    command.stdin(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true);
    command
}

/// Whether the page's port answers an honest request.
pub async fn page_answers(port: u16) -> bool {
    let asked = async {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?;
        http_answers(stream, &format!("localhost:{port}")).await
    };
    matches!(timeout(PATIENCE, asked).await, Ok(Ok(true)))
}

/// Whether this connection gets a successful answer.
///
/// # Errors
/// When the connection breaks.
pub async fn http_answers(mut stream: impl AsyncRead + AsyncWrite + Unpin, host: &str) -> std::io::Result<bool> {
    let request = format!("GET /healthz HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    Ok(answer.starts_with(b"HTTP/1.1 200"))
}

/// Whether a console that sends these lines gets this answer.
pub async fn console_answers(port: u16, lines: &str, want: &str) -> bool {
    let asked = async {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?;
        stream.write_all(lines.as_bytes()).await?;
        BufReader::new(stream).lines().next_line().await
    };
    matches!(timeout(PATIENCE, asked).await, Ok(Ok(Some(line))) if line == want)
}
