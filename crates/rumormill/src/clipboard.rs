//! Puts text into the clipboard with the programs that systems have for it. Their exit codes say whether they
//! succeeded.

use std::{
    env,
    io::Write as _,
    process::{Command, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use crate::limits::COPY_MS;

/// The programs, each with the environment variable that it needs.
const PROGRAMS: [(&str, &[&str], Option<&str>); 5] = [
    ("wl-copy", &[], Some("WAYLAND_DISPLAY")),
    ("xclip", &["-selection", "clipboard"], Some("DISPLAY")),
    ("xsel", &["--clipboard", "--input"], Some("DISPLAY")),
    ("tmux", &["load-buffer", "-w", "-"], Some("TMUX")),
    ("pbcopy", &[], None),
];

/// Copies a text; returns whether a program succeeded.
pub(crate) fn copy(text: &str) -> bool {
    let is_here =
        |variable: Option<&str>| variable.is_none_or(|name| env::var_os(name).is_some_and(|value| !value.is_empty()));
    PROGRAMS.iter().any(|(program, args, variable)| is_here(*variable) && by(program, args, text))
}

/// Passes a text to a program. Kills a program that does not end soon, because its display does not answer.
fn by(program: &str, args: &[&str], text: &str) -> bool {
    let mut command = Command::new(program);
    command.args(args).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    let Ok(mut child) = command.spawn() else { return false };
    let (done, ended) = mpsc::channel();
    let process = child.id();
    let text = text.to_owned();
    thread::spawn(move || {
        let written = child.stdin.take().is_some_and(|mut stdin| stdin.write_all(text.as_bytes()).is_ok());
        let is_done = child.wait().is_ok_and(|status| status.success());
        // The receiver may have gone.
        let _ = done.send(written && is_done);
    });
    ended.recv_timeout(Duration::from_millis(COPY_MS)).unwrap_or_else(|_| {
        // The program may just have ended.
        let _ = i32::try_from(process).map(|process| kill(Pid::from_raw(process), Signal::SIGKILL));
        false
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_failing_or_hanging_program_copies_nothing() {
        assert!(by("cat", &[], "words"));
        assert!(!by("a program that nobody has", &[], "words"));
        assert!(!by("false", &[], "words"));
        assert!(!by("tail", &["-f", "/dev/null"], "words"));
    }

    #[test]
    fn the_program_gets_the_text() {
        let dir = tempfile::tempdir().unwrap();
        let to = dir.path().join("clip");
        assert!(by("tee", &[to.to_str().unwrap()], "rumor2abc"));
        assert_eq!(std::fs::read_to_string(to).unwrap(), "rumor2abc");
    }
}
