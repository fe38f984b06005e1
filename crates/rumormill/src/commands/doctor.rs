//! `rumormill doctor`: what works here, what does not, and what to do about it.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::Path,
    time::{SystemTime, UNIX_EPOCH},
};

use rumormill_node::{Error, Home, Node, Room, Settings};
use rumormill_server::shares;
use rumormill_text::{Clock, show::shared, title};
use serde::Serialize;

use crate::{
    commands::{data, json},
    failure::{Exit, Failure},
    home::{Place, Reach},
};

/// Milliseconds since the Unix epoch at the beginning of 2025: no clock that is right shows less.
const RELEASED_MS: u128 = 1_735_689_600_000;

/// What to give `rumormill doctor`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Print one JSON object per line
    #[arg(long)]
    json: bool,
}

/// What was looked at, and how it is.
#[derive(Serialize)]
struct Finding {
    what: &'static str,
    ok: bool,
    says: String,
    /// What to do, when it is not well.
    help: Option<String>,
}

impl Finding {
    fn well(what: &'static str, says: impl Into<String>) -> Self {
        Self { what, ok: true, says: says.into(), help: None }
    }

    fn ill(what: &'static str, says: impl Into<String>, help: impl Into<String>) -> Self {
        Self { what, ok: false, says: says.into(), help: Some(help.into()) }
    }

    fn failed(what: &'static str, failure: &Failure) -> Self {
        Self::ill(what, failure.what.clone(), failure.help.clone())
    }
}

/// Looks at everything, and prints a line each.
///
/// # Errors
/// When something is not well: damage of what is kept first.
pub(crate) async fn run(args: Args, place: Place) -> Result<(), Failure> {
    let dir = place.data()?;
    let mut findings = vec![config(&place), permissions(&dir), clock()];
    findings.extend(kept(&place, &dir).await);
    findings.extend(network(&place).await);
    for finding in &findings {
        print(finding, args.json)?;
    }
    let ill = |finding: &&Finding| !finding.ok;
    match findings.iter().find(ill) {
        None => Ok(()),
        Some(finding) => Err(Failure {
            exit: if finding.what == "entries" { Exit::Integrity } else { Exit::Ours },
            code: "ill".into(),
            what: format!("not well: {}", findings.iter().filter(ill).count()),
            help: "the lines above say what to do".into(),
        }),
    }
}

fn print(finding: &Finding, as_json: bool) -> Result<(), Failure> {
    if as_json {
        return json(finding);
    }
    let mark = if finding.ok { "ok" } else { "ILL" };
    data(&format!("{mark:<4} {:<12} {}", finding.what, finding.says))?;
    finding.help.iter().try_for_each(|help| data(&format!("     {:<12} {help}", "")))
}

/// A configuration that makes no sense keeps rooms closed.
fn config(place: &Place) -> Finding {
    let path = place.config_file().map(|path| path.display().to_string());
    match place.config().and(path) {
        Ok(path) => Finding::well("config", path),
        Err(failure) => Finding::failed("config", &failure),
    }
}

/// Nobody else may read keys and logs.
fn permissions(dir: &Path) -> Finding {
    let open = |path: &Path| fs::metadata(path).is_ok_and(|found| found.permissions().mode() & 0o077 != 0);
    if !dir.exists() {
        return Finding::well("home", format!("{} will be made when it is needed", dir.display()));
    }
    let files = fs::read_dir(dir).into_iter().flatten().flatten().map(|found| found.path());
    match [dir.to_owned()].into_iter().chain(files).find(|path| open(path)) {
        None => Finding::well("home", format!("{} is yours alone", dir.display())),
        Some(path) => Finding::ill(
            "home",
            format!("others may look into {}", path.display()),
            format!("chmod go= {}", path.display()),
        ),
    }
}

fn clock() -> Finding {
    match SystemTime::now().duration_since(UNIX_EPOCH) {
        Ok(now) if now.as_millis() >= RELEASED_MS => {
            Finding::well("clock", "plausible; peers' clocks are compared in a chat")
        }
        _ => Finding::ill("clock", "this machine's clock is years behind", "set it, or switch network time on"),
    }
}

/// The lock, and every hash and signature that is kept.
async fn kept(place: &Place, dir: &Path) -> Vec<Finding> {
    if !dir.exists() {
        return vec![Finding::well("entries", "nothing is kept yet")];
    }
    let node = match place.open(Reach::Nobody).await {
        Ok(node) => node,
        Err(failure) => return vec![Finding::failed("lock", &failure)],
    };
    let mut findings = vec![Finding::well("lock", "no other process has the home open")];
    for room in node.rooms() {
        let name = title(&room.name());
        if let Some(why @ Error::Damaged { .. }) = room.stopped() {
            findings.push(Finding::ill("entries", format!("{name}: {why}"), why.help()));
            continue;
        }
        findings.push(match room.check().await {
            Ok(report) if report.is_clean() => {
                Finding::well("entries", format!("{name}: {} entries verified", report.entries))
            }
            Ok(report) if report.problems.is_empty() => Finding::ill(
                "entries",
                format!("{name}: its entries are whole, but not the file that keeps them: {}", report.file.join("; ")),
                "the disk may be failing: copy the home elsewhere; `rumormill rooms` says whether a room is damaged",
            ),
            Ok(report) => Finding::ill(
                "entries",
                format!("{name}: {} of {} entries are damaged", report.problems.len(), report.entries),
                "the disk may be failing: copy the home elsewhere; peers still hold what was damaged here",
            ),
            Err(error) => Finding::failed("entries", &error.into()),
        });
        findings.extend(full(&room).await);
    }
    node.close().await;
    findings
}

/// Authors who said more than their share: nothing is wrong, but not all that they said is here.
async fn full(room: &Room) -> Vec<Finding> {
    match shares(room).await {
        Ok(shares) => shares.iter().map(|share| Finding::well("share", shared(share, &Clock::local()))).collect(),
        Err(error) => vec![Finding::failed("share", &error.into())],
    }
}

/// Whether sockets can be bound, and the LAN be asked.
async fn network(place: &Place) -> Vec<Finding> {
    let mut settings = Settings::memory();
    let bound = bind("network", settings.clone(), "sockets can be bound").await;
    let Ok(own) = place.settings(Reach::Peers) else { return vec![bound] };
    if !own.lan {
        return vec![bound, Finding::well("lan", "switched off by --loopback")];
    }
    settings = own.clone();
    settings.home = Home::Memory;
    settings.relay = false;
    vec![bound, bind("lan", settings, "rooms are announced and looked for by mDNS").await]
}

async fn bind(what: &'static str, settings: Settings, well: &str) -> Finding {
    match Node::open(settings).await {
        Ok(node) => {
            node.close().await;
            Finding::well(what, well)
        }
        Err(error) => Finding::failed(what, &error.into()),
    }
}
