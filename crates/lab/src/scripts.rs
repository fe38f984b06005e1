//! `rumormill lab init`: writes `./process` and `./stopall` to a directory, for consoles that other people wrote.
//!
//! Both are small shell scripts that execute this program. They belong to the lab in the directory of the path by which
//! they are called; so a link to them in another directory is another lab.

use std::{
    env, fs, io,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use crate::failure::{Cause, Failure};

/// Arguments of `rumormill lab init`.
#[derive(clap::Args)]
pub struct Args {
    /// Directory for `process` and `stopall`
    #[arg(default_value = ".")]
    dir: PathBuf,
}

/// Writes the two scripts.
///
/// # Errors
/// When they cannot be written.
pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    let dir = fs::canonicalize(&args.dir).map_err(|error| broken(&args.dir, &error))?;
    let program = env::current_exe().map_err(|error| broken(Path::new("this program"), &error))?;
    for (name, command) in [("process", "process"), ("stopall", "stop")] {
        let path = dir.join(name);
        write(&path, &script(&dir, &program, command)).map_err(|error| broken(&path, &error))?;
    }
    Ok(())
}

/// The script looks for the program first below its own directory, so that the tree may be moved, and then at the
/// original path, so that the script may be copied.
fn script(dir: &Path, program: &Path, command: &str) -> String {
    let absolute = quoted(program);
    let look = match program.strip_prefix(dir) {
        Ok(below) => format!("program=\"$dir\"/{}\n[ -x \"$program\" ] || program={absolute}\n", quoted(below)),
        Err(_) => format!("program={absolute}\n"),
    };
    let whose = "case $0 in */*) dir=${0%/*} ;; *) dir=. ;; esac\n";
    format!("#!/bin/sh\n{whose}{look}exec \"$program\" lab {command} --dir \"$dir\" \"$@\"\n")
}

fn quoted(path: &Path) -> String {
    format!("'{}'", path.display().to_string().replace('\'', r"'\''"))
}

/// Writes a temporary file and moves it into place, because the existing script may be running.
fn write(path: &Path, text: &str) -> io::Result<()> {
    let fresh = path.with_extension("new");
    fs::write(&fresh, text)?;
    fs::set_permissions(&fresh, fs::Permissions::from_mode(0o755))?;
    fs::rename(&fresh, path)
}

fn broken(path: &Path, error: &io::Error) -> Failure {
    Failure {
        cause: Cause::Ours,
        code: "lab".into(),
        what: format!("{}: {error}", path.display()),
        help: "name a directory that you may write to".into(),
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    fn said(process: &Path, from: &Path) -> String {
        let output = Command::new(process).args(["0", "4", "5000"]).current_dir(from).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    }

    /// Both in one test and thread: a process started by another test must not inherit a script that is being written.
    #[test]
    fn a_script_finds_its_lab_and_its_program() {
        let dir = tempfile::tempdir().unwrap();
        let [one, two, moved] = ["one", "two", "moved"].map(|name| dir.path().join(name));
        fs::create_dir(&one).unwrap();
        fs::create_dir(&two).unwrap();
        let program = one.join("it's here");
        write(&program, "#!/bin/sh\necho \"$@\"\n").unwrap();
        write(&one.join("process"), &script(&one, &program, "process")).unwrap();
        let relative = Path::new("./process");
        let in_place = "lab process --dir . 0 4 5000\n";

        assert_eq!(said(relative, &one), in_place);
        let elsewhere = format!("lab process --dir {} 0 4 5000\n", one.display());
        assert_eq!(said(&one.join("process"), Path::new("/")), elsewhere);
        fs::copy(one.join("process"), two.join("process")).unwrap();
        assert_eq!(said(relative, &two), in_place, "copied");
        fs::rename(&one, &moved).unwrap();
        assert_eq!(said(relative, &moved), in_place, "moved");
    }
}
