//! Machines that are network namespaces, and what goes over the links between them.

use std::process::{Command, Stdio};

use tempfile::NamedTempFile;

use crate::{
    person::{Chat, Person},
    space::apart,
};

/// Set inside the network.
const INSIDE: &str = "RUMORMILL_INSIDE_A_NETWORK";

/// A story in a network that has not ended by then never will.
const PATIENCE_S: &str = "1200";

/// Runs a test of this binary again inside a network of its own, which a script of `ip` makes. Resolvers are beyond
/// everything there. Lines that begin with `measured: ` are printed.
#[expect(clippy::print_stdout, reason = "whoever measures reads them")]
pub(crate) fn inside(test: &str, network: &str, story: impl FnOnce()) {
    if std::env::var_os(INSIDE).is_some() {
        return story();
    }
    let prepare = format!(
        "set -e; mount -t tmpfs tmpfs /run; echo nameserver 198.51.100.53 >/run/resolv.conf; \
         mount --bind /run/resolv.conf /etc/resolv.conf; {network}"
    );
    let mut again = Command::new("timeout");
    again.args(["--kill-after=10", PATIENCE_S]).arg(std::env::current_exe().unwrap());
    again.args([test, "--exact", "--include-ignored", "--nocapture"]).env(INSIDE, "1");
    match apart("--net --mount", &format!("( {prepare} )"), &again) {
        Some(output) => {
            let [said, failed] =
                [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
            assert!(output.status.success(), "{said}{failed}");
            said.lines().filter_map(|line| line.strip_prefix("measured: ")).for_each(|line| println!("{line}"));
        }
        None => assert!(std::env::var_os("CI").is_none(), "network namespaces are needed here"),
    }
}

/// A machine, and somebody at it.
pub(crate) struct Machine {
    name: &'static str,
    person: Person,
    /// The certificates that its system trusts, if not the usual ones.
    trusts: Option<NamedTempFile>,
}

impl Machine {
    pub(crate) fn new(name: &'static str) -> Self {
        Self { name, person: Person::new(), trusts: None }
    }

    /// A machine whose system trusts these certificates alone.
    pub(crate) fn trusting(name: &'static str, certs: &str) -> Self {
        let file = NamedTempFile::new().unwrap();
        std::fs::write(&file, certs).unwrap();
        Self { trusts: Some(file), ..Self::new(name) }
    }

    /// Writes the configuration.
    pub(crate) fn configure(&self, config: &str) {
        let home = self.person.home.path().join("home");
        std::fs::create_dir_all(&home).unwrap();
        std::fs::set_permissions(&home, std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
        std::fs::write(home.join("config.toml"), config).unwrap();
    }

    /// The program at this machine.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = at(self.name, env!("CARGO_BIN_EXE_rumormill"));
        command.args(args).env("RUMORMILL_HOME", self.person.home.path().join("home")).env("TZ", "UTC");
        command.env_remove("RUST_LOG").env_remove("LOGNAME").env_remove("USER");
        if let Some(certs) = &self.trusts {
            command.env("SSL_CERT_FILE", certs.path());
        }
        command
    }

    pub(crate) fn open(&self, args: &[&str]) -> Chat {
        Chat::of(&mut self.command(args))
    }

    /// What a command prints, whether it succeeds or not.
    pub(crate) fn says(&self, args: &[&str]) -> String {
        let output = self.command(args).stdin(Stdio::null()).output().unwrap();
        [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat()
    }
}

/// A program at a machine.
pub(crate) fn at(machine: &str, program: &str) -> Command {
    let mut command = Command::new("ip");
    command.args(["netns", "exec", machine, program]);
    command
}

/// The packets that a machine has sent over a link.
pub(crate) fn sent(machine: &str, link: &str) -> u64 {
    let output = Command::new("ip").args(["-n", machine, "-s", "-j", "link", "show", link]).output().unwrap();
    let told: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    told[0]["stats64"]["tx"]["packets"].as_u64().unwrap()
}
