//! Paths of the program's files, and opening the node in the home.

use std::{
    env, fs,
    io::{self, Write as _},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt as _},
    path::{Path, PathBuf},
    sync::{Arc, OnceLock},
};

use clap::builder::FalseyValueParser;
use directories::ProjectDirs;
use rumormill_node::{Bind, Home, HomeKey, Inspector, Node, Relay, Settings, StoreError};
use rumormill_server::{open_key, reached};

use crate::{
    config::Config,
    failure::{Exit, Failure},
    journal::{self, Format},
    limits::PROFILE_BYTES,
    passphrase, socket,
};

/// The file that names the last room.
pub(crate) const LAST_ROOM: &str = "last-room";

/// The file with the history of typed lines.
pub(crate) const TYPED: &str = "typed";

/// The variable with the relays to use.
const RELAYS: &str = "RUMORMILL_RELAY";

/// The variable that says whether to use the Mainline DHT.
const DHT: &str = "RUMORMILL_DHT";

/// The file with the key of the home, under a passphrase, if the home is.
pub(crate) const KEYS: &str = "keys.age";

/// Flags that every command takes.
#[derive(clap::Args, Clone)]
pub(crate) struct HomeArgs {
    /// Keep everything in this directory
    #[arg(long, global = true, env = "RUMORMILL_HOME", value_name = "DIR")]
    home: Option<PathBuf>,
    /// Use another profile, with its own rooms, keys and configuration
    #[arg(long, global = true, env = "RUMORMILL_PROFILE", value_name = "NAME", value_parser = profile, hide_short_help = true)]
    profile: Option<String>,
    /// Talk to this machine only, to try things out and for tests
    #[arg(long, global = true, hide_short_help = true)]
    loopback: bool,
    /// Use this relay instead of the public ones; may be repeated
    #[arg(
        long = "relay",
        global = true,
        env = RELAYS,
        value_name = "URL",
        value_delimiter = ',',
        hide_short_help = true
    )]
    relays: Vec<Relay>,
    /// Find peers, and be found, in the Mainline DHT, where strangers see it
    #[arg(long, global = true, env = DHT, value_parser = FalseyValueParser::new(), hide_short_help = true)]
    dht: bool,
    /// Log to standard error in this form: warnings, links and stops, or what RUST_LOG says
    #[arg(long, global = true, env = "RUMORMILL_LOG_FORMAT", value_name = "FORMAT", hide_short_help = true)]
    log_format: Option<Format>,
    /// Stay on the LAN: send nothing beyond it, and use no relay
    #[arg(long, global = true, hide_short_help = true)]
    lan_only: bool,
    /// The key of the home, once the passphrase was given.
    #[arg(skip)]
    key: Arc<OnceLock<HomeKey>>,
}

/// The peers that a command wants to talk to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// Peers anywhere.
    Peers,
    /// The same for as long as somebody looks at a room: the bots of the home take part meanwhile.
    Staying,
    /// The same, and the page shows each step of the protocol.
    Serving,
    /// No peers: the command needs only the home.
    Nobody,
    /// No peers and no changes: a read-only home is enough, and a missing home is not created.
    Reading,
}

impl HomeArgs {
    /// The directory with rooms, logs and keys.
    ///
    /// # Errors
    /// When the system has no home directory for this user.
    pub(crate) fn data(&self) -> Result<PathBuf, Failure> {
        self.pick(|dirs| dirs.data_dir().to_owned())
    }

    /// The socket where the process that has the home open listens for other commands.
    ///
    /// # Errors
    /// As [`HomeArgs::data`].
    pub(crate) fn socket(&self) -> Result<PathBuf, Failure> {
        Ok(socket::find(&self.data()?))
    }

    /// The path of the configuration.
    ///
    /// # Errors
    /// As [`HomeArgs::data`].
    pub(crate) fn config_file(&self) -> Result<PathBuf, Failure> {
        Ok(self.pick(|dirs| dirs.config_dir().to_owned())?.join("config.toml"))
    }

    /// Reads the configuration.
    ///
    /// # Errors
    /// When it cannot be read or is invalid.
    pub(crate) fn config(&self) -> Result<Config, Failure> {
        Config::load(&self.config_file()?)
    }

    /// The file with the token for pages and scripts over loopback.
    ///
    /// # Errors
    /// As [`HomeArgs::data`].
    pub(crate) fn token(&self) -> Result<PathBuf, Failure> {
        Ok(self.data()?.join("token"))
    }

    /// The directory for files that may get lost: the history of typed lines.
    ///
    /// # Errors
    /// As [`HomeArgs::data`].
    pub(crate) fn state(&self) -> Result<PathBuf, Failure> {
        self.pick(|dirs| dirs.state_dir().unwrap_or_else(|| dirs.data_dir()).to_owned())
    }

    /// The file with the history of typed lines, in a directory that only this user can access.
    ///
    /// # Errors
    /// When the directory cannot be created.
    pub(crate) fn history(&self) -> Result<PathBuf, Failure> {
        let dir = self.state()?;
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&dir).map_err(|error| broken(&dir, &error))?;
        Ok(dir.join(TYPED))
    }

    /// The id of the last room, if there is one.
    pub(crate) fn last_room(&self) -> Option<String> {
        let id = fs::read_to_string(self.state().ok()?.join(LAST_ROOM)).ok()?;
        Some(id.trim().to_owned()).filter(|id| !id.is_empty())
    }

    /// Remembers the open room. A write error only costs a convenience, so it is ignored.
    pub(crate) fn remember_room(&self, id: &str) {
        let Ok(dir) = self.state() else { return };
        let file = fs::File::options().write(true).create(true).truncate(true).mode(0o600).open(dir.join(LAST_ROOM));
        let _ = file.and_then(|mut file| file.write_all(id.as_bytes()));
    }

    fn pick(&self, of: impl FnOnce(&ProjectDirs) -> PathBuf) -> Result<PathBuf, Failure> {
        let dirs = || ProjectDirs::from("", "", "rumormill").map(|dirs| of(&dirs));
        let dir = self.home.clone().or_else(dirs).ok_or_else(|| Failure {
            exit: Exit::Ours,
            code: "home".into(),
            what: "the system has no home directory for this user".into(),
            help: "name one with --home DIR".into(),
        })?;
        Ok(self.profile.iter().fold(dir, |dir, profile| dir.join("profiles").join(profile)))
    }

    /// Begins the log.
    pub(crate) fn log(&self) {
        journal::begin(self.log_format);
    }

    /// Whether standard error takes a log of JSON and nothing else.
    pub(crate) fn logs_json(&self) -> bool {
        self.log_format == Some(Format::Json)
    }

    /// Refuses flags that say how far the node goes: another process has the home open, and decides that. A variable of
    /// the environment is there for both.
    ///
    /// # Errors
    /// When there is such a flag.
    pub(crate) fn decides_nothing(&self) -> Result<(), Failure> {
        let inherited = env::var(RELAYS).unwrap_or_default();
        let inherited: Vec<Relay> = inherited.split(',').filter_map(|relay| relay.parse().ok()).collect();
        let relays = self.relays.iter().filter(|relay| !inherited.contains(relay)).map(|it| format!("--relay {it}"));
        let dht = self.dht && env::var_os(DHT).is_none();
        let alone = [(self.lan_only, "--lan-only"), (dht, "--dht")].into_iter().filter(|(is_said, _)| *is_said);
        let flags: Vec<String> = alone.map(|(_, flag)| flag.into()).chain(relays).collect();
        if flags.is_empty() {
            return Ok(());
        }
        let flags = flags.join(" ");
        Err(Failure {
            exit: Exit::NotAllowed,
            code: "locked".into(),
            what: format!("another process has this home open and decides how far it goes, so {flags} has no effect"),
            help: format!(
                "end that process and start it again with {flags}, such as `rumormill serve {flags}`; or leave that out here"
            ),
        })
    }

    /// Whether the keys of the home are under a passphrase.
    ///
    /// # Errors
    /// As [`HomeArgs::data`].
    pub(crate) fn is_locked(&self) -> Result<bool, Failure> {
        Ok(fs::symlink_metadata(self.data()?.join(KEYS)).is_ok())
    }

    /// The key of the home, if it is under a passphrase, which is asked for once.
    ///
    /// # Errors
    /// When the passphrase is missing or another one.
    pub(crate) fn key(&self) -> Result<Option<&HomeKey>, Failure> {
        if self.key.get().is_none() && self.is_locked()? {
            let path = self.data()?.join(KEYS);
            let file = fs::read_to_string(&path).map_err(|error| broken(&path, &error))?;
            let _ = self.key.set(open_key(passphrase::of_home()?, &file)?);
        }
        Ok(self.key.get())
    }

    /// Whether opening the home asks the person for its passphrase.
    ///
    /// # Errors
    /// When there is no place for a home.
    pub(crate) fn asks(&self) -> Result<bool, Failure> {
        Ok(self.key.get().is_none() && self.is_locked()? && !passphrase::is_in_file())
    }

    /// Opens the node in this home.
    ///
    /// # Errors
    /// When another process has it open, its passphrase is missing, or opening it fails.
    pub(crate) async fn open(&self, reach: Reach) -> Result<Node, Failure> {
        self.key()?;
        let mut settings = self.settings(reach)?;
        if reach != Reach::Reading {
            let node = Node::open(settings).await?;
            if self.key.get().is_some() && !self.is_locked()? {
                node.close().await;
                return Err(Failure {
                    exit: Exit::Ours,
                    code: "passphrase".into(),
                    what: "the passphrase of this home was taken off meanwhile".into(),
                    help: "say it again".into(),
                });
            }
            self.say_first()?;
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

    /// Writes a configuration that explains the options, if there is none, and says what matters before them: who learns of
    /// this node. A node that only this machine reaches tells nobody.
    fn say_first(&self) -> Result<(), Failure> {
        let is_first = Config::write_first(&self.config_file()?);
        let reach = self.settings(Reach::Peers)?.reach();
        if is_first && reach != rumormill_node::Reach::Machine {
            let _ = writeln!(io::stderr(), "{}", reached(&reach));
        }
        Ok(())
    }

    /// The settings with which the node in this home is opened.
    ///
    /// # Errors
    /// As [`HomeArgs::data`].
    pub(crate) fn settings(&self, reach: Reach) -> Result<Settings, Failure> {
        let mut settings = Settings::dir(self.data()?);
        let Config { lan, lan_only, relay, relays, dht, dht_nodes, .. } = self.config()?;
        (settings.lan, settings.relay, settings.relays) = (lan, relay, relays);
        (settings.dht, settings.dht_nodes) = (dht || self.dht, dht_nodes);
        settings.lan_only = lan_only || self.lan_only;
        if !self.relays.is_empty() {
            (settings.relay, settings.relays) = (true, self.relays.clone());
        }
        settings.trace = reach == Reach::Serving;
        settings.key = self.key.get().cloned();
        if self.loopback || matches!(reach, Reach::Nobody | Reach::Reading) {
            settings.bind = Bind::Loopback { port: 0 };
            settings.lan = false;
            settings.relay = false;
        }
        debug_assert!(settings.home != Home::Memory, "people's rooms are kept");
        Ok(settings)
    }
}

/// Checks the name of a profile, which is the name of a directory too.
fn profile(text: &str) -> Result<String, String> {
    let fits = (1..=PROFILE_BYTES).contains(&text.len());
    match fits && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')) {
        true => Ok(text.to_owned()),
        false => Err(format!("choose 1 to {PROFILE_BYTES} letters, digits, `-` and `_`")),
    }
}

/// The failure to use a file of the home.
pub(crate) fn broken(path: &Path, error: &io::Error) -> Failure {
    Failure {
        exit: Exit::Ours,
        code: "home".into(),
        what: format!("{}: {error}", path.display()),
        help: "make sure that you own it and can write to it, or choose another with --home DIR".into(),
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

    #[test]
    fn relays_of_the_command_line_replace_those_of_the_file() {
        let home = tempfile::tempdir().unwrap();
        let relay = |host: &str| format!("https://{host}.example.org").parse::<Relay>().unwrap();
        let mut args = HomeArgs {
            home: Some(home.path().into()),
            profile: None,
            loopback: false,
            relays: Vec::new(),
            log_format: None,
            lan_only: false,
            dht: false,
            key: Arc::default(),
        };
        let uses = |args: &HomeArgs| args.settings(Reach::Peers).map(|it| (it.relay, it.relays.clone())).unwrap();
        assert_eq!(uses(&args), (true, Vec::new()));
        fs::write(home.path().join("config.toml"), "relays = [\"https://a.example.org\"]").unwrap();
        assert_eq!(uses(&args), (true, vec![relay("a")]));
        fs::write(home.path().join("config.toml"), "relay = false").unwrap();
        args.relays = vec![relay("b"), relay("c")];
        assert_eq!(uses(&args), (true, vec![relay("b"), relay("c")]));
        let enters = |args: &HomeArgs| args.settings(Reach::Peers).map(|it| it.reach().dht()).unwrap();
        assert!(!enters(&args), "only whoever asks for it enters the DHT");
        args.dht = true;
        assert!(enters(&args));
        args.lan_only = true;
        assert!(!enters(&args), "it is beyond the LAN");
        args.lan_only = false;
        fs::write(home.path().join("config.toml"), "dht = true").unwrap();
        args.dht = false;
        assert!(enters(&args));
        args.loopback = true;
        assert!(!enters(&args), "--loopback reaches this machine only");
        assert!(!uses(&args).0, "--loopback reaches this machine only");
    }
}
