//! `config.toml`: the options of this user. The first run writes a file in which every option is commented out.

use std::{
    fs::{self, DirBuilder, OpenOptions},
    io::{self, Write as _},
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::Path,
    str::FromStr,
};

use rumormill_node::{DhtNode, Relay};
use rumormill_server::{Metrics, Typing};
use rumormill_tui::{Hours, Loud, Preferences};
use serde::{Deserialize, Deserializer, de::Error as _};

use crate::{
    failure::{Exit, Failure},
    limits::CONFIG_BYTES,
};

/// The file that the first run writes: every key with its default.
const COMMENTED: &str = include_str!("config.toml");

/// The default port for pages and scripts.
const HTTP_PORT: u16 = 7667;

/// The addresses of this machine for pages and scripts, the best first.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Http(pub(crate) Vec<SocketAddr>);

impl Http {
    /// A link that opens the page at its usual address with a ticket.
    pub(crate) fn link(&self, ticket: &str) -> Option<String> {
        self.0.first().map(|addr| format!("http://{addr}/#{ticket}"))
    }

    fn localhost(port: u16) -> Self {
        Self(vec![(Ipv4Addr::LOCALHOST, port).into(), (Ipv6Addr::LOCALHOST, port).into()])
    }
}

impl FromStr for Http {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if let Some((host, port)) = text.rsplit_once(':')
            && host.eq_ignore_ascii_case("localhost")
            && let Ok(port) = port.parse()
        {
            return Ok(Self::localhost(port));
        }
        let help =
            || format!("{text:?} is no address of this machine: use localhost:7667, 127.0.0.1:7667 or [::1]:7667");
        text.parse().map(|addr| Self(vec![addr])).map_err(|_| help())
    }
}

impl TryFrom<String> for Http {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

/// The options of the program.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Config {
    /// The user's name in rooms joined from now on.
    pub(crate) nick: Option<String>,
    /// The addresses of the web page and the HTTP API.
    pub(crate) http: Http,
    /// Who may read the metrics.
    pub(crate) metrics: Metrics,
    /// Whether to find peers on the LAN.
    pub(crate) lan: bool,
    /// Whether to use relays on the internet.
    pub(crate) relay: bool,
    /// The relays to use instead of the public ones.
    #[serde(deserialize_with = "each")]
    pub(crate) relays: Vec<Relay>,
    /// Whether to find peers in the Mainline DHT, and be found there.
    pub(crate) dht: bool,
    /// The nodes that the DHT is entered by, instead of the usual ones.
    #[serde(deserialize_with = "each")]
    pub(crate) dht_nodes: Vec<DhtNode>,
    /// Whether to stay on the LAN.
    pub(crate) lan_only: bool,
    /// When the terminal rings.
    pub(crate) bell: Loud,
    /// When the desktop notifies.
    pub(crate) notify: Loud,
    /// Hours in which nothing rings or notifies.
    #[serde(deserialize_with = "hours")]
    pub(crate) quiet: Option<Hours>,
    /// Whether typing is reported and shown.
    pub(crate) typing: bool,
}

fn hours<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Hours>, D::Error> {
    let text = String::deserialize(from)?;
    let help = || D::Error::custom(format!("{text:?} is neither hours, such as \"22:00-07:00\", nor \"off\""));
    Hours::read_or_off(&text).ok_or_else(help)
}

impl Default for Config {
    fn default() -> Self {
        Self {
            nick: None,
            http: Http::localhost(HTTP_PORT),
            metrics: Metrics::default(),
            lan: true,
            relay: true,
            relays: Vec::new(),
            dht: false,
            dht_nodes: Vec::new(),
            lan_only: false,
            bell: Loud::default(),
            notify: Loud::default(),
            quiet: None,
            typing: true,
        }
    }
}

impl Config {
    /// The settings of the terminal.
    pub(crate) fn settings(&self) -> Preferences {
        let Self { bell, notify, quiet, typing, .. } = *self;
        Preferences { bell, notify, quiet, typing, ..Preferences::default() }
    }

    /// Whether typing is reported and shown.
    pub(crate) fn typing(&self) -> Typing {
        if self.typing { Typing::Told } else { Typing::Kept }
    }

    /// Reads the file at `path`, if there is one.
    ///
    /// # Errors
    /// When it cannot be read, or has a key or value that this version does not know.
    pub(crate) fn load(path: &Path) -> Result<Self, Failure> {
        match fs::metadata(path) {
            Ok(file) if file.len() > CONFIG_BYTES => Err(wrong(path, &format!("more than {CONFIG_BYTES} bytes"))),
            Ok(_) => Self::parse(path, &fs::read_to_string(path).map_err(|error| wrong(path, &error.to_string()))?),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(wrong(path, &error.to_string())),
        }
    }

    /// Writes a commented file if there is none, and returns whether it did. The file only explains the options, so a write
    /// error is ignored.
    pub(crate) fn write_first(path: &Path) -> bool {
        let made = path.parent().map_or(Ok(()), |dir| DirBuilder::new().recursive(true).mode(0o700).create(dir));
        let create = |()| OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
        made.and_then(create).and_then(|mut file| file.write_all(COMMENTED.as_bytes())).is_ok()
    }

    fn parse(path: &Path, text: &str) -> Result<Self, Failure> {
        toml::from_str(text).map_err(|error| {
            let line = error.span().map(|span| text.bytes().take(span.start).filter(|byte| *byte == b'\n').count() + 1);
            let line = line.map(|line| format!("line {line}: ")).unwrap_or_default();
            wrong(path, &format!("{line}{}", error.message().replace('\n', " ")))
        })
    }
}

/// Reads a list of what is written as text.
fn each<'de, D: Deserializer<'de>, T: FromStr<Err = String>>(from: D) -> Result<Vec<T>, D::Error> {
    let texts = Vec::<String>::deserialize(from)?;
    texts.iter().map(|text| text.parse().map_err(D::Error::custom)).collect()
}

fn wrong(path: &Path, what: &str) -> Failure {
    Failure {
        exit: Exit::Usage,
        code: "config".into(),
        what: format!("{}: {what}", path.display()),
        help: "correct the file, or move it away to get a fresh one that lists all options".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Config, String> {
        Config::parse(Path::new("config.toml"), text).map_err(|failure| failure.what)
    }

    #[test]
    fn what_is_written_first_says_what_holds_without_it() {
        assert_eq!(parse(COMMENTED), Ok(Config::default()));
        let uncommented: Vec<&str> = COMMENTED.lines().filter_map(|line| line.strip_prefix('#')).collect();
        let keys: Vec<&str> = uncommented.into_iter().filter(|line| !line.starts_with(' ')).collect();
        assert_eq!(keys.len(), 13);
        let mut said = parse(&keys.join("\n")).unwrap();
        assert_eq!(said.nick.take(), Some("alice".into()));
        assert_eq!(said, Config::default());
    }

    #[test]
    fn the_address_of_the_page_is_configurable() {
        let at =
            |text: &str| text.parse::<Http>().map(|Http(at)| at.iter().map(ToString::to_string).collect::<Vec<_>>());
        assert_eq!(at("localhost:80").unwrap(), ["127.0.0.1:80", "[::1]:80"]);
        assert_eq!(at(" LOCALHOST:0").unwrap(), ["127.0.0.1:0", "[::1]:0"]);
        assert_eq!(at("127.0.0.1:7667").unwrap(), ["127.0.0.1:7667"]);
        assert_eq!(at("[::1]:1").unwrap(), ["[::1]:1"]);
        for text in
            ["", "localhost", "localhost:", "localhost:x", "localhost:70000", "7667", "example.org:80", "127.0.0.1"]
        {
            assert!(at(text).unwrap_err().contains("localhost:7667"), "{text}");
        }
    }

    #[test]
    fn quiet_hours_reach_the_terminal() {
        let quiet = |text: &str| parse(text).unwrap().settings().quiet.map(|hours| hours.to_string());
        assert_eq!(quiet("quiet = \"22:00-7:00\""), Some("22:00-07:00".into()));
        assert_eq!(quiet("quiet = \"off\""), None);
    }

    #[test]
    fn what_is_not_known_is_refused_by_its_line() {
        let check = |text: &str, words: &str| {
            let what = parse(text).unwrap_err();
            assert!(what.contains(words) && what.contains("config.toml: line "), "{text:?}: {what}");
        };
        check("lan = true\nnik = \"x\"", "line 2: unknown field `nik`");
        check("\n\nlan = \"yes\"", "line 3: invalid type");
        check("bell = \"loud\"", "unknown variant `loud`");
        check("metrics = \"closed\"", "unknown variant `closed`");
        check("http = \"everywhere\"", "line 1: ");
        check(
            "lan = true\nquiet = \"night\"",
            "line 2: \"night\" is neither hours, such as \"22:00-07:00\", nor \"off\"",
        );
        check("lan = tr", "line 1: ");
        check("relays = [\"example\"]", "line 1: \"example\" is no relay");
        check("dht_nodes = [\"example\"]", "line 1: \"example\" is no node of the DHT");
    }

    #[test]
    fn the_first_run_writes_a_private_file() {
        use std::os::unix::fs::PermissionsExt as _;
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("a/config.toml");
        assert_eq!(Config::load(&path).unwrap(), Config::default());
        assert!(!home.path().join("a").exists(), "reading creates nothing");
        assert!(Config::write_first(&path));
        assert_eq!(Config::load(&path).unwrap(), Config::default());
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        fs::write(&path, "nick = \"bob\"").unwrap();
        assert!(!Config::write_first(&path));
        assert_eq!(Config::load(&path).unwrap().nick, Some("bob".into()));
        fs::write(&path, vec![b'#'; CONFIG_BYTES as usize + 1]).unwrap();
        assert!(Config::load(&path).unwrap_err().what.contains("more than"));
    }
}
