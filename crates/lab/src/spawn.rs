//! Starts a process of the lab from one of our processes.

use std::{
    env,
    io::{BufRead, BufReader},
    os::unix::process::CommandExt,
    path::Path,
    process::{Child, Command, Stdio},
};

use crate::failure::{Cause, Failure};

/// What a process prints to standard output once consoles may connect.
pub(crate) const READY: &str = "ready";

/// Starts process `pid` of a room of `n`, and returns when consoles may connect to `port`. It has its own process
/// group, so that an interrupt for us does not end it.
///
/// # Errors
/// When it cannot be started, or exits before it is ready; then it has printed the reason to standard error.
pub(crate) fn spawn(dir: &Path, pid: u16, n: u16, port: u16) -> Result<Child, Failure> {
    let failed = |what: String| Failure {
        cause: Cause::Ours,
        code: "start".into(),
        what,
        help: format!("see why: rumormill lab process {pid} {n} {port}"),
    };
    let program = env::current_exe().map_err(|error| failed(error.to_string()))?;
    let mut child = Command::new(program)
        .args(["lab", "process", "--dir"])
        .arg(dir)
        .args([pid, n, port].map(|number| number.to_string()))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn()
        .map_err(|error| failed(error.to_string()))?;
    let mut said = String::new();
    if let Some(stdout) = child.stdout.take() {
        let _ = BufReader::new(stdout).read_line(&mut said);
    }
    if said.trim_end() == READY {
        return Ok(child);
    }
    let _ = child.wait();
    Err(failed(format!("process {pid} did not start on port {port}")))
}
