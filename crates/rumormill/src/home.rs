//! Where things are kept, and how the node in there is opened.

use std::{
    fs,
    io::{self, Write as _},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use directories::ProjectDirs;
use rumormill_node::{Bind, Home, Inspector, Node, Settings, StoreError};

use crate::{
    config::Config,
    failure::{Exit, Failure},
    limits::PROFILE_BYTES,
    socket,
};

/// The file that names the room that was open last.
pub(crate) const LAST_ROOM: &str = "last-room";

/// The file with the lines typed.
pub(crate) const TYPED: &str = "typed";

/// Flags that every command takes.
#[derive(clap::Args, Clone)]
pub(crate) struct HomeArgs {
    /// Keep everything in this directory
    #[arg(long, global = true, env = "RUMORMILL_HOME", value_name = "DIR")]
    home: Option<PathBuf>,
    /// Be somebody else: with rooms, keys and a configuration of their own
    #[arg(long, global = true, env = "RUMORMILL_PROFILE", value_name = "NAME", value_parser = profile, hide_short_help = true)]
    profile: Option<String>,
    /// Talk to this machine only, for trying things out and for tests
    #[arg(long, global = true, hide_short_help = true)]
    loopback: bool,
}

/// Whom a command wants to talk to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// Peers, wherever they are.
    Peers,
    /// The same, and whoever looks at the page is told each step of the protocol.
    Serving,
    /// Nobody: what is kept here is enough.
    Nobody,
    /// Nobody, and nothing is to be changed: a home that cannot be written will do, and none is made.
    Reading,
}

impl HomeArgs {
    /// Rooms, logs and keys.
    ///
    /// # Errors
    /// When the system knows no home directory for this user.
    pub(crate) fn data(&self) -> Result<PathBuf, Failure> {
        self.pick(|dirs| dirs.data_dir().to_owned())
    }

    /// Where the process that has the home open listens for other commands, or would.
    ///
    /// # Errors
    /// As [`HomeArgs::data`].
    pub(crate) fn socket(&self) -> Result<PathBuf, Failure> {
        Ok(socket::find(&self.data()?))
    }

    /// How the program behaves here.
    ///
    /// # Errors
    /// As [`HomeArgs::data`].
    pub(crate) fn config_file(&self) -> Result<PathBuf, Failure> {
        Ok(self.pick(|dirs| dirs.config_dir().to_owned())?.join("config.toml"))
    }

    /// What the configuration says.
    ///
    /// # Errors
    /// When it cannot be read, or makes no sense.
    pub(crate) fn config(&self) -> Result<Config, Failure> {
        Config::load(&self.config_file()?)
    }

    /// What lets pages and scripts in over loopback.
    ///
    /// # Errors
    /// As [`HomeArgs::data`].
    pub(crate) fn token(&self) -> Result<PathBuf, Failure> {
        Ok(self.data()?.join("token"))
    }

    /// What may get lost: the lines typed.
    ///
    /// # Errors
    /// As [`HomeArgs::data`].
    pub(crate) fn state(&self) -> Result<PathBuf, Failure> {
        self.pick(|dirs| dirs.state_dir().unwrap_or_else(|| dirs.data_dir()).to_owned())
    }

    /// The file with the lines typed, in a directory for this user alone.
    ///
    /// # Errors
    /// When the directory cannot be made.
    pub(crate) fn history(&self) -> Result<PathBuf, Failure> {
        let dir = self.state()?;
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&dir).map_err(|error| broken(&dir, &error))?;
        Ok(dir.join(TYPED))
    }

    /// The id of the room that was open last, if one was.
    pub(crate) fn last_room(&self) -> Option<String> {
        let id = fs::read_to_string(self.state().ok()?.join(LAST_ROOM)).ok()?;
        Some(id.trim().to_owned()).filter(|id| !id.is_empty())
    }

    /// Remembers the room that is open. What cannot be written is a convenience less.
    pub(crate) fn remember_room(&self, id: &str) {
        if let Ok(dir) = self.state() {
            let file =
                fs::File::options().write(true).create(true).truncate(true).mode(0o600).open(dir.join(LAST_ROOM));
            let _ = file.and_then(|mut file| file.write_all(id.as_bytes()));
        }
    }

    fn pick(&self, of: impl FnOnce(&ProjectDirs) -> PathBuf) -> Result<PathBuf, Failure> {
        let dirs = || ProjectDirs::from("", "", "rumormill").map(|dirs| of(&dirs));
        let dir = self.home.clone().or_else(dirs).ok_or_else(|| Failure {
            exit: Exit::Ours,
            code: "home".into(),
            what: "the system names no home directory for this user".into(),
            help: "name one with --home DIR".into(),
        })?;
        Ok(self.profile.iter().fold(dir, |dir, profile| dir.join("profiles").join(profile)))
    }

    /// Opens the node that lives here.
    ///
    /// # Errors
    /// When another process has it open, or it cannot be opened.
    pub(crate) async fn open(&self, reach: Reach) -> Result<Node, Failure> {
        let mut settings = self.settings(reach)?;
        if reach != Reach::Reading {
            let node = Node::open(settings).await?;
            Config::write_first(&self.config_file()?);
            return Ok(node);
        }
        if !Inspector::is_home(&self.data()?) {
            settings.home = Home::Memory;
        }
        match Node::open(settings.clone()).await {
            Err(rumormill_node::Error::Store(StoreError::ReadOnly { .. })) => {
                settings.home = Home::Still(self.data()?);
                Ok(Node::open(settings).await?)
            }
            opened => Ok(opened?),
        }
    }

    /// How the node that lives here is opened.
    ///
    /// # Errors
    /// As [`HomeArgs::data`].
    pub(crate) fn settings(&self, reach: Reach) -> Result<Settings, Failure> {
        let mut settings = Settings::dir(self.data()?);
        Config { lan: settings.lan, relay: settings.relay, .. } = self.config()?;
        settings.trace = reach == Reach::Serving;
        if self.loopback || matches!(reach, Reach::Nobody | Reach::Reading) {
            settings.bind = Bind::Loopback { port: 0 };
            settings.lan = false;
            settings.relay = false;
        }
        debug_assert!(settings.home != Home::Memory, "people's rooms are kept");
        Ok(settings)
    }
}

/// The name of a profile, which is that of a directory as well.
fn profile(text: &str) -> Result<String, String> {
    let fits = (1..=PROFILE_BYTES).contains(&text.len());
    match fits && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')) {
        true => Ok(text.to_owned()),
        false => Err(format!("choose 1 to {PROFILE_BYTES} letters, digits, `-` and `_`")),
    }
}

fn broken(path: &Path, error: &io::Error) -> Failure {
    Failure {
        exit: Exit::Ours,
        code: "home".into(),
        what: format!("{}: {error}", path.display()),
        help: "make it yours and writable, or choose another with --home DIR".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_is_one_directory() {
        for name in ["work", "a", "A-1_b"] {
            assert_eq!(profile(name), Ok(name.to_owned()));
        }
        for name in ["", ".", "..", "a/b", "a b", "ä", &"x".repeat(33)] {
            assert!(profile(name).is_err(), "{name:?}");
        }
    }
}
