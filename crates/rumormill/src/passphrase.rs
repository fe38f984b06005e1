//! Where a passphrase comes from: the first line of a file, or a terminal, which does not show it.

use std::{
    env, fs,
    io::{self, IsTerminal as _},
    path::{Path, PathBuf},
};

use rumormill_api::codes;
use rumormill_text::clean;

use crate::failure::{Exit, Failure};

/// The variable that names a file with the passphrase of the home.
const OF_HOME: &str = "RUMORMILL_PASSPHRASE_FILE";

/// How often a passphrase is asked for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asked {
    Once,
    Twice,
}

/// A passphrase: from a file, or asked for at a terminal.
///
/// # Errors
/// When the file cannot be read, or there is no terminal.
pub(crate) fn passphrase(of: &str, file: Option<&Path>, asked: Asked) -> Result<String, Failure> {
    read(of, file, asked, "give a file with it: --passphrase-file FILE")
}

/// The passphrase of the home.
///
/// # Errors
/// As for [`passphrase`].
pub(crate) fn of_home() -> Result<String, Failure> {
    let file = env::var_os(OF_HOME).map(PathBuf::from);
    read("the home", file.as_deref(), Asked::Once, &format!("set {OF_HOME} to the path of a file with it"))
}

/// Whether the passphrase of the home stands in a file, so that nobody is asked.
pub(crate) fn is_in_file() -> bool {
    env::var_os(OF_HOME).is_some()
}

fn read(of: &str, file: Option<&Path>, asked: Asked, help: &str) -> Result<String, Failure> {
    if let Some(path) = file {
        let text = fs::read_to_string(path).map_err(|error| unreadable(path, &error))?;
        return Ok(text.lines().next().unwrap_or_default().to_owned());
    }
    if !io::stdin().is_terminal() {
        return Err(Failure {
            exit: Exit::Usage,
            code: "passphrase".into(),
            what: format!("there is no terminal to ask for the passphrase of {of} at"),
            help: help.into(),
        });
    }
    let ask = |says: String| {
        let prompted = rpassword::prompt_password(says);
        prompted.map_err(|error| Failure::internal("terminal", error.to_string()))
    };
    let passphrase = ask(format!("Passphrase of {of}: "))?;
    if asked == Asked::Twice && ask("Once more: ".into())? != passphrase {
        return Err(codes::PASSPHRASE
            .refuse("these are two passphrases", "begin again, and type the same twice")
            .into());
    }
    Ok(passphrase)
}

/// The failure to read or write a file that a person named.
pub(crate) fn unreadable(path: &Path, error: &io::Error) -> Failure {
    let what = clean(&format!("{}: {error}", path.display()));
    Failure { exit: Exit::Usage, code: "file".into(), what, help: "name a file that you may read and write".into() }
}
