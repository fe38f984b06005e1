//! A private network or disk for tests that must not affect the machine. If the system does not allow one, the test
//! reports that it was skipped.

use std::process::{Command, Output};

/// Runs a command with a private network or disk, given by `what`, some options of `unshare`; `None` if that is not
/// allowed.
#[expect(clippy::print_stderr, reason = "whoever runs the tests is told what was left out")]
pub(crate) fn apart(what: &str, prepare: &str, command: &Command) -> Option<Output> {
    let script = format!("{prepare} || exit 77; exec \"$0\" \"$@\"");
    let mut apart = Command::new("unshare");
    apart
        .args(what.split(' '))
        .args(["--map-root-user", "sh", "-c", &script])
        .arg(command.get_program())
        .args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => apart.env(name, value),
            None => apart.env_remove(name),
        };
    }
    let output = apart.stdin(std::process::Stdio::null()).output().ok();
    // `unshare` reports that with exit code 1 and an error under its own name.
    let refused = |output: &Output| {
        output.status.code() == Some(77) || String::from_utf8_lossy(&output.stderr).starts_with("unshare: ")
    };
    match output {
        Some(output) if !refused(&output) => Some(output),
        _ => {
            eprintln!(
                "skipped: the system does not allow a private {}",
                what.trim_start_matches('-').replace(" --", " and ")
            );
            None
        }
    }
}

/// A shell that runs a script with the program as `$1`.
pub(crate) fn shell(script: &str, like: &Command) -> Command {
    let mut shell = Command::new("sh");
    shell.args(["-c", script, "sh"]).arg(like.get_program());
    for (name, value) in like.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    shell
}
