//! `rumormill lab proxy`: our own console, with the language of the first system's.
//!
//! It differs from a stock console only where scripts do not notice: it waits until a process is ready instead of a
//! second, accepts texts with spaces, reports which line of a script failed, and drives processes that `rumormill lab
//! start` left running. Like a stock console, it gives the room time before `get`.

use std::{
    collections::BTreeMap,
    io::{self, BufRead, BufReader, IsTerminal, Read, Write},
    net::{Ipv4Addr, Shutdown, TcpStream},
    process::Child,
    str::FromStr,
    thread::sleep,
    time::{Duration, Instant},
};

use rustyline::{DefaultEditor, error::ReadlineError};

use crate::{
    Dir,
    command::{Command, NoCommand, in_one_line, parse},
    dir::LabDir,
    failure::{Cause, Failure},
    limits::{ANSWER_BYTES, ANSWER_MS, LAB_PROCESSES, LINE_BYTES, PIECE_BYTES, SAY_SETTLE_MS, START_SETTLE_MS},
    lines::{Lines, TooLong},
    spawn::spawn,
};

/// Arguments of `rumormill lab proxy`.
#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    dir: Dir,
}

const HELP: &str = "\
<pid> start <n> <port>     start process <pid> of a room of <n>, its console port <port>
<pid> msg <id> <text>      let it say the rest of the line; the id is yours and proves nothing
<pid> get chatLog          print its log, a second after the last that was said
<pid> crash                end it at once, as a power cut would; start it again to see it recover
status                     which processes run
help                       this
exit                       end all processes of this lab; so does the end of input
";

/// Executes commands from standard input until `exit` or end of input, then ends all processes of the lab.
///
/// # Errors
/// When a command of a script failed.
pub fn run(args: &Args) -> Result<(), Failure> {
    let mut proxy = Proxy::open(args.dir.clone())?;
    let result = if io::stdin().is_terminal() { proxy.converse() } else { proxy.run_script() };
    let stopped = proxy.lab.stop_all();
    result.and(stopped.map(|_| ()))
}

/// The processes under its control.
struct Proxy {
    dir: Dir,
    lab: LabDir,
    connected: BTreeMap<u16, Connected>,
    /// When the room will have had as much time as a stock console gives it.
    settled: Instant,
}

/// A process with a console connection.
struct Connected {
    port: u16,
    console: BufReader<TcpStream>,
    /// Unsolicited lines from it: its error messages.
    complaints: Vec<String>,
    /// Our child process, kept to collect its exit status.
    child: Option<Child>,
}

/// The meaning of a line.
#[derive(Debug, PartialEq, Eq)]
enum Order {
    Nothing,
    Help,
    Status,
    Exit,
    Start { pid: u16, n: u16, port: u16 },
    Tell { pid: u16, line: String, command: Command },
}

/// What to do after a line.
enum Next {
    Line,
    Exit,
}

impl Proxy {
    /// Connects to the processes that already run.
    fn open(dir: Dir) -> Result<Self, Failure> {
        let lab = LabDir::open(&dir.dir)?;
        let mut connected = BTreeMap::new();
        for started in lab.running()? {
            connected.insert(started.pid, Connected::open(started.pid, started.port, None)?);
        }
        Ok(Self { dir, lab, connected, settled: Instant::now() })
    }

    fn converse(&mut self) -> Result<(), Failure> {
        let mut editor = DefaultEditor::new().map_err(|error| terminal(&error))?;
        loop {
            match editor.readline("lab> ") {
                Ok(line) => {
                    let _ = editor.add_history_entry(&line);
                    match self.take(&line) {
                        Ok(Next::Exit) => return Ok(()),
                        Ok(Next::Line) => {}
                        Err(failure) => {
                            let _ = writeln!(io::stderr(), "{failure}");
                        }
                    }
                }
                Err(ReadlineError::Eof | ReadlineError::Interrupted) => return Ok(()),
                Err(error) => return Err(terminal(&error)),
            }
        }
    }

    fn run_script(&mut self) -> Result<(), Failure> {
        let mut input = io::stdin().lock();
        let (mut failed, mut number, mut lines) = (0, 0, Lines::default());
        let mut piece = [0; PIECE_BYTES];
        let mut next = Next::Line;
        while matches!(next, Next::Line) {
            let length = match input.read(&mut piece) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                read => read.map_err(|error| Failure::output(&error))?,
            };
            // The last line may lack a line end.
            lines.feed(if length == 0 { b"\n" } else { &piece[..length] });
            while matches!(next, Next::Line)
                && let Some(line) = lines.next()
            {
                number += 1;
                let line = line.map(|line| String::from_utf8_lossy(line).into_owned());
                match line.map_err(|TooLong| too_long()).and_then(|line| self.take(&line)) {
                    Ok(then) => next = then,
                    Err(failure) if failure.cause == Cause::OutputClosed => return Err(failure),
                    Err(failure) => {
                        failed += 1;
                        let _ = writeln!(io::stderr(), "line {number}: {failure}");
                    }
                }
            }
            if length == 0 {
                break;
            }
        }
        self.part()?;
        match failed {
            0 => Ok(()),
            _ => Err(Failure {
                cause: Cause::Ours,
                code: "script".into(),
                what: format!("commands that failed: {failed}"),
                help: "the lines above say which and why".into(),
            }),
        }
    }

    fn take(&mut self, line: &str) -> Result<Next, Failure> {
        match line.parse()? {
            Order::Nothing => {}
            Order::Help => print(HELP)?,
            Order::Status => self.status()?,
            Order::Exit => return Ok(Next::Exit),
            Order::Start { pid, n, port } => self.start(pid, n, port)?,
            Order::Tell { pid, line, command } => self.tell(pid, &line, &command)?,
        }
        Ok(Next::Line)
    }

    fn status(&self) -> Result<(), Failure> {
        for started in self.lab.running()? {
            let connection = if self.connected.contains_key(&started.pid) { "connected" } else { "not connected" };
            print(&format!(
                "{} of {}: running, console port {}, system id {}, {connection}\n",
                started.pid, started.n, started.port, started.os_pid
            ))?;
        }
        Ok(())
    }

    fn start(&mut self, pid: u16, n: u16, port: u16) -> Result<(), Failure> {
        if let Some(connected) = self.connected.get(&pid) {
            return Err(refused(format!("process {pid} runs already, on port {}", connected.port)));
        }
        let child = spawn(&self.dir.dir, pid, n, port)?;
        self.connected.insert(pid, Connected::open(pid, port, Some(child))?);
        self.settle(START_SETTLE_MS);
        Ok(())
    }

    fn tell(&mut self, pid: u16, line: &str, command: &Command) -> Result<(), Failure> {
        if *command == Command::Log {
            sleep(self.settled.saturating_duration_since(Instant::now()));
        } else {
            self.settle(SAY_SETTLE_MS);
        }
        let Some(mut connected) = self.connected.remove(&pid) else {
            return Err(refused(format!("process {pid} does not run")));
        };
        let lost = |error: io::Error| refused(format!("process {pid} does not answer: {error}"));
        connected.send(line).map_err(lost)?;
        match command {
            Command::Say(_) => {}
            Command::Crash => return connected.gone().map_err(lost),
            Command::Log => {
                let answer = connected.answer().map_err(lost)?;
                print(&format!("{answer}\n"))?;
            }
        }
        let complaints = std::mem::take(&mut connected.complaints);
        self.connected.insert(pid, connected);
        complaint(pid, &complaints)
    }

    /// Lets every process finish its commands, and collects their errors.
    fn part(&mut self) -> Result<(), Failure> {
        let connected = std::mem::take(&mut self.connected);
        let all = connected.into_iter().map(|(pid, connected)| complaint(pid, &connected.part()));
        all.fold(Ok(()), Result::and)
    }

    /// Gives the room `ms` milliseconds from now to settle.
    fn settle(&mut self, ms: u64) {
        self.settled = self.settled.max(Instant::now() + Duration::from_millis(ms));
    }
}

impl Connected {
    fn open(pid: u16, port: u16, child: Option<Child>) -> Result<Self, Failure> {
        let open = || {
            let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
            stream.set_nodelay(true)?;
            stream.set_read_timeout(Some(Duration::from_millis(ANSWER_MS)))?;
            stream.set_write_timeout(Some(Duration::from_millis(ANSWER_MS)))?;
            Ok(BufReader::new(stream))
        };
        let console = open().map_err(|error: io::Error| refused(format!("process {pid} on port {port}: {error}")))?;
        Ok(Self { port, console, complaints: Vec::new(), child })
    }

    fn send(&mut self, line: &str) -> io::Result<()> {
        self.console.get_mut().write_all(format!("{line}\n").as_bytes())
    }

    /// The rest of the next line that begins with `chatLog`. Other lines are errors.
    fn answer(&mut self) -> io::Result<String> {
        loop {
            let line = self.line()?.ok_or(io::ErrorKind::UnexpectedEof)?;
            match line.strip_prefix("chatLog ") {
                Some(log) => return Ok(log.to_owned()),
                None => self.complaints.push(line),
            }
        }
    }

    /// The next line; `None` at the end.
    fn line(&mut self) -> io::Result<Option<String>> {
        let mut line = Vec::new();
        let length = self.console.by_ref().take(ANSWER_BYTES).read_until(b'\n', &mut line)?;
        let text = String::from_utf8_lossy(&line);
        Ok((length > 0).then(|| text.trim_end_matches('\n').to_owned()))
    }

    /// Waits until the process has exited.
    fn gone(mut self) -> io::Result<()> {
        if let Some(child) = &mut self.child {
            child.wait()?;
            return Ok(());
        }
        match self.line() {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Err(error),
            _ => Ok(()),
        }
    }

    /// Signals the end of commands; the process then closes its side after its last output.
    fn part(mut self) -> Vec<String> {
        if self.console.get_ref().shutdown(Shutdown::Write).is_ok() {
            while let Ok(Some(line)) = self.line() {
                self.complaints.push(line);
            }
        }
        self.complaints
    }
}

impl FromStr for Order {
    type Err = Failure;

    fn from_str(line: &str) -> Result<Self, Failure> {
        let line = line.trim_end_matches(['\r', '\n']).trim_start();
        let (first, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        match first {
            "" => return Ok(Self::Nothing),
            "help" => return Ok(Self::Help),
            "status" => return Ok(Self::Status),
            "exit" => return Ok(Self::Exit),
            _ => {}
        }
        let pid = first.parse().map_err(|_| refused(format!("`{first}` is neither a pid nor a command")))?;
        let rest = rest.trim_start();
        let words: Vec<&str> = rest.split_whitespace().collect();
        match words[..] {
            ["start", n, port] => start(pid, n, port),
            ["start", ..] => Err(refused("it is <pid> start <n> <port>".into())),
            _ => tell(pid, rest),
        }
    }
}

fn start(pid: u16, n: &str, port: &str) -> Result<Order, Failure> {
    let n = n.parse().ok().filter(|n| (1..=LAB_PROCESSES).contains(n));
    let n = n.ok_or_else(|| refused(format!("<n> is a number of processes, 1 to {LAB_PROCESSES}")))?;
    let port = port.parse().ok().filter(|port| *port > 0);
    let port = port.ok_or_else(|| refused("<port> is a TCP port, 1 to 65535".into()))?;
    if pid >= n {
        return Err(refused(format!("the pids of a room of {n} are 0 to {}", n - 1)));
    }
    Ok(Order::Start { pid, n, port })
}

/// A line for a process; refuses here whatever the process would refuse.
fn tell(pid: u16, line: &str) -> Result<Order, Failure> {
    match parse(Ok(line.as_bytes())) {
        Ok(Some(command)) => Ok(Order::Tell { pid, line: line.to_owned(), command }),
        Ok(None) => Err(refused(format!("tell process {pid} what?"))),
        Err(NoCommand::Say(why)) => Err(refused(why.to_owned())),
        Err(NoCommand::HangUp) => Err(refused("unknown command".into())),
    }
}

fn complaint(pid: u16, complaints: &[String]) -> Result<(), Failure> {
    match complaints.first() {
        None => Ok(()),
        Some(line) => Err(refused(format!("process {pid} says: {}", in_one_line(line).collect::<String>()))),
    }
}

fn too_long() -> Failure {
    let what = format!("a line is longer than {LINE_BYTES} bytes; nothing of it was done");
    Failure { cause: Cause::Usage, code: "too-long".into(), what, help: "say it in shorter lines".into() }
}

fn refused(what: String) -> Failure {
    Failure { cause: Cause::Ours, code: "command".into(), what, help: "`help` lists the commands".into() }
}

fn terminal(error: &ReadlineError) -> Failure {
    Failure {
        cause: Cause::Ours,
        code: "terminal".into(),
        what: error.to_string(),
        help: "give the commands on standard input".into(),
    }
}

fn print(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(|error| Failure::output(&error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines() {
        let told = |pid, line: &str, command| Order::Tell { pid, line: line.into(), command };
        let cases = [
            ("", Order::Nothing),
            ("  \r\n", Order::Nothing),
            ("help", Order::Help),
            ("exit\n", Order::Exit),
            ("0 start 4 10000\n", Order::Start { pid: 0, n: 4, port: 10000 }),
            ("3 get chatLog\n", told(3, "get chatLog", Command::Log)),
            (
                "3 msg 7 hello, all of you\n",
                told(3, "msg 7 hello, all of you", Command::Say("hello, all of you".into())),
            ),
            ("1 crash\n", told(1, "crash", Command::Crash)),
        ];
        for (line, want) in cases {
            assert_eq!(line.parse::<Order>().unwrap(), want, "{line:?}");
        }
    }

    #[test]
    fn lines_that_are_refused_say_why() {
        let cases = [
            ("4 start 4 10000", "0 to 3"),
            ("0 start 0 10000", "1 to"),
            ("0 start 4", "<pid> start <n> <port>"),
            ("0 start 4 70000", "65535"),
            ("zero start 4 10000", "zero"),
            ("0 msg 1", "missing field"),
            ("0 dance", "unknown command"),
            ("0", "tell process 0 what"),
        ];
        for (line, want) in cases {
            let failure = line.parse::<Order>().unwrap_err();
            assert!(failure.what.contains(want), "{line:?}: {}", failure.what);
        }
    }
}
