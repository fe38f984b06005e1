//! Places of their own for what must not happen to the machine: a network, a disk. Where the system does not allow that, a test
//! says that it was skipped.

use std::process::{Command, Output};

/// Runs a command where it has `what` of its own, some options of `unshare`; `None` where that is not allowed.
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
    // `unshare` says so by 1 and in its own name.
    let refused = |output: &Output| {
        output.status.code() == Some(77) || String::from_utf8_lossy(&output.stderr).starts_with("unshare: ")
    };
    match output {
        Some(output) if !refused(&output) => Some(output),
        _ => {
            eprintln!(
                "skipped: no {} of its own can be had here",
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
