//! Somebody with a home of their own, and the commands and chats that they run.

#![allow(clippy::unwrap_used, reason = "a test ends where something is not as it must be")]

use std::{
    io::{BufRead, BufReader, Read, Write},
    process::{Child, ChildStdin, ChildStdout, Command, Output, Stdio},
};

use tempfile::TempDir;

/// Somebody with a home of their own.
pub(crate) struct Person {
    pub(crate) home: TempDir,
}

impl Person {
    pub(crate) fn new() -> Self {
        Self { home: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rumormill"));
        command.args(args).arg("--loopback").env("RUMORMILL_HOME", self.home.path().join("home"));
        command.env("TZ", "UTC").env_remove("RUST_LOG").env_remove("LOGNAME").env_remove("USER");
        command
    }

    /// Runs a command to its end, with nothing on standard input.
    pub(crate) fn run(&self, args: &[&str]) -> Output {
        self.command(args).stdin(Stdio::null()).output().unwrap()
    }

    /// Runs a command that must succeed; returns its lines.
    pub(crate) fn lines(&self, args: &[&str]) -> Vec<String> {
        let output = self.run(args);
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
    }

    /// Runs a command that must fail with this exit code; returns its two lines.
    pub(crate) fn fails(&self, args: &[&str], exit: i32) -> String {
        let output = self.run(args);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(exit), "{args:?}: {said}");
        let lines: Vec<&str> = said.lines().rev().take(2).collect();
        assert!(lines[1].starts_with("error[") && lines[0].starts_with("help: "), "{args:?}: {said}");
        said
    }

    pub(crate) fn open(&self, args: &[&str]) -> Chat {
        Chat::of(&mut self.command(args))
    }
}

/// An open chat.
pub(crate) struct Chat {
    pub(crate) child: Child,
    stdin: Option<ChildStdin>,
    pub(crate) stdout: BufReader<ChildStdout>,
}

impl Chat {
    /// Runs a command that opens one.
    pub(crate) fn of(command: &mut Command) -> Self {
        Self::with_log(command, Stdio::null())
    }

    /// The same, with its standard error going somewhere.
    pub(crate) fn with_log(command: &mut Command, log: Stdio) -> Self {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(log).spawn().unwrap();
        let (stdin, stdout) = (child.stdin.take(), BufReader::new(child.stdout.take().unwrap()));
        Self { child, stdin, stdout }
    }

    pub(crate) fn type_line(&mut self, line: &str) {
        writeln!(self.stdin.as_mut().unwrap(), "{line}").unwrap();
    }

    pub(crate) fn line(&mut self) -> String {
        let mut line = String::new();
        assert_ne!(self.stdout.read_line(&mut line).unwrap(), 0, "the chat has ended");
        line.trim_end().to_owned()
    }

    /// Reads until a line contains these words.
    pub(crate) fn until(&mut self, words: &str) -> String {
        loop {
            let line = self.line();
            if line.contains(words) {
                return line;
            }
        }
    }

    /// Closes standard input; returns the rest of the output and the exit code.
    pub(crate) fn leave(mut self) -> (Vec<String>, Option<i32>) {
        drop(self.stdin.take());
        let rest = self.stdout.by_ref().lines().map(Result::unwrap).collect();
        (rest, self.child.wait().unwrap().code())
    }
}

impl Drop for Chat {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
