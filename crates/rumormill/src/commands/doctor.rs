//! `rumormill doctor`: tests what works here, and says what to do about the rest. Each line names its test; nothing
//! untested is reported to work. Creates and changes nothing.

use std::{
    fs,
    os::unix::fs::{MetadataExt as _, PermissionsExt},
    path::Path,
};

use nix::unistd::{AccessFlags, access, geteuid};
use rumormill_api::{Check, Finding, Findings, endpoints};
use rumormill_client::Client;
use rumormill_node::{Error, FREE_BYTES, Home, Inspector, Node, StoreError, free_bytes};
use rumormill_server::Api;
use rumormill_text::{Clock, show::shared, size, title};

use crate::{
    client,
    commands::{check, data, json},
    failure::{Exit, Failure},
    home::{HomeArgs, Reach},
    socket,
};

/// Milliseconds since the Unix epoch at the beginning of 2025: no correct clock shows less.
const RELEASED_MS: u64 = 1_735_689_600_000;

/// What helps people who are never online together.
const AWAY: &str = "whoever is away gets messages once somebody is online who has them: a machine that is always on, with \
     `rumormill serve` if you trust it, and with `rumormill keeper`, which cannot read, if you do not";

/// Arguments of `rumormill doctor`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Print one JSON object per line
    #[arg(long)]
    json: bool,
}

/// Runs all tests and prints a line for each. Asks the process that has the home open for what it knows.
///
/// # Errors
/// When a test fails; damaged data comes before anything else.
pub(crate) async fn run(args: Args, place: HomeArgs) -> Result<(), Failure> {
    let (dir, socket) = (place.data()?, place.socket()?);
    let mut findings = vec![config(&place), rights(&dir), space(&dir), clock()];
    findings.extend(match client::there(&socket, Reach::Reading).await {
        Some(client) => {
            place.decides_nothing()?;
            ask(&client, &socket).await
        }
        None => look(&place, &dir, &socket).await,
    });
    if place.is_locked()? {
        findings.push(Finding::well("keys", "the keys of this home are under a passphrase"));
    }
    findings.push(Finding::untested("away", AWAY));
    for finding in &findings {
        print(finding, args.json)?;
    }
    let ill = |finding: &&Finding| !finding.ok;
    let is_damaged = findings.iter().filter(ill).any(|finding| finding.what == "entries");
    match findings.iter().filter(ill).count() {
        0 => Ok(()),
        count => Err(Failure {
            exit: if is_damaged { Exit::Integrity } else { Exit::Ours },
            code: "ill".into(),
            what: format!("not well: {count}"),
            help: "the lines above say what to do".into(),
        }),
    }
}

fn print(finding: &Finding, as_json: bool) -> Result<(), Failure> {
    if as_json {
        return json(finding);
    }
    let mark = match finding {
        Finding { tested: false, .. } => "--",
        Finding { ok: true, .. } => "ok",
        _ => "ILL",
    };
    data(&format!("{mark:<4} {:<12} {}", finding.what, finding.says))?;
    finding.help.iter().try_for_each(|help| data(&format!("     {:<12} {help}", "")))
}

fn failed(what: &str, failure: &Failure) -> Finding {
    Finding::ill(what, failure.what.clone(), failure.help.clone())
}

/// The configuration; an invalid one prevents the rooms from opening.
fn config(place: &HomeArgs) -> Finding {
    let read = place.config_file().and_then(|path| place.config().map(|_| path));
    match read {
        Ok(path) if path.exists() => Finding::well("config", format!("{} was read", path.display())),
        Ok(path) => Finding::well("config", format!("{} does not exist; the defaults apply", path.display())),
        Err(failure) => failed("config", &failure),
    }
}

/// The rights of a directory: nobody else may read keys and logs, and their owner must be able to write them.
fn rights(dir: &Path) -> Finding {
    let shown = dir.display();
    let found = match fs::metadata(dir) {
        Ok(found) => found,
        Err(_) if !Inspector::is_home(dir) => return Finding::untested("home", format!("{shown} is not there yet")),
        Err(error) => return Finding::ill("home", format!("{shown}: {error}"), "make it yours and readable"),
    };
    let is_open = |path: &Path| fs::metadata(path).is_ok_and(|found| found.permissions().mode() & 0o077 != 0);
    let files = fs::read_dir(dir).into_iter().flatten().flatten().map(|found| found.path());
    if let Some(path) = [dir.to_owned()].into_iter().chain(files).find(|path| is_open(path)) {
        let path = path.display();
        return Finding::ill("home", format!("other users can access {path}"), format!("chmod go= {path}"));
    }
    let me = geteuid().as_raw();
    if found.uid() != me && me != 0 {
        let owner = found.uid();
        return Finding::ill(
            "home",
            format!("{shown} belongs to user {owner}, you are user {me}"),
            "use a home of yours",
        );
    }
    match access(dir, AccessFlags::W_OK) {
        Ok(()) => Finding::well("home", format!("{shown} is yours alone and can be written")),
        Err(why) => Finding::ill(
            "home",
            format!("{shown} cannot be written ({why}); what is in it can be read"),
            format!("chmod u+w {shown}, or put it on a disk that can be written"),
        ),
    }
}

/// Free space for messages and files.
fn space(dir: &Path) -> Finding {
    let there = dir.ancestors().find(|dir| dir.exists()).unwrap_or(Path::new("/"));
    let free = match free_bytes(there) {
        Ok(free) => free,
        Err(why) => return Finding::untested("disk", format!("the system does not say how full the disk is: {why}")),
    };
    let says = format!("{} are free on the disk of {}", size(free), dir.display());
    match free < FREE_BYTES {
        false => Finding::well("disk", says),
        true => Finding::ill("disk", says, format!("make room: files are not fetched below {}", size(FREE_BYTES))),
    }
}

fn clock() -> Finding {
    let clock = Clock::local();
    let now_ms = clock.now_ms();
    let says = format!("this machine's clock shows {} {}", clock.day(now_ms), clock.minutes(now_ms));
    match now_ms >= RELEASED_MS {
        true => Finding::well("clock", says),
        false => Finding::ill("clock", format!("{says}, which is years behind"), "set it, or switch network time on"),
    }
}

/// The findings of the process that has the home open.
async fn ask(client: &Client, socket: &Path) -> Vec<Finding> {
    let says = format!("a process has the home open and answers at {}", socket.display());
    let mut findings = vec![Finding::well("process", says)];
    match check::ask(client, None).await {
        Ok(checked) => findings.extend(entries(&checked)),
        Err(failure) => findings.push(failed("entries", &failure)),
    }
    findings.extend(shares(client).await);
    findings.extend(found(client).await);
    findings
}

/// The findings about a home that no process has open, and about the network, from a temporary node.
async fn look(place: &HomeArgs, dir: &Path, socket: &Path) -> Vec<Finding> {
    let mut findings = vec![meeting(dir, socket)];
    match Inspector::is_home(dir) {
        true => findings.extend(kept(place, dir)),
        false => findings.push(Finding::untested("entries", "nothing is kept yet")),
    }
    let network = async {
        let mut settings = place.settings(Reach::Peers)?;
        settings.home = Home::Memory;
        let node = Node::open(settings).await?;
        let api = Api::new(node.clone(), dir, place.config()?.typing())?;
        let findings = found(&api.client()).await;
        node.close().await;
        Ok(findings)
    };
    match network.await {
        Ok(network) => findings.extend(network),
        Err(failure) => findings.push(failed("network", &failure)),
    }
    findings
}

/// Whether a process that has the home open is reachable.
fn meeting(dir: &Path, path: &Path) -> Finding {
    let at = path.display();
    if Inspector::is_open(dir) {
        let says = format!("a process has the home open, and does not answer at {at}");
        return Finding::ill("process", says, "wait until it has started or ended, or end it");
    }
    if !socket::fits(path) {
        let says = format!("there would be no place for its socket: {at} is too long");
        return Finding::ill("process", says, "choose a home with a shorter path with --home DIR");
    }
    let elsewhere = if path.starts_with(dir) { "" } else { ", for the path of the home is too long for a socket" };
    Finding::well("process", format!("no process has the home open; it would answer at {at}{elsewhere}"))
}

/// Verifies every stored hash and signature.
fn kept(place: &HomeArgs, dir: &Path) -> Vec<Finding> {
    let key = match place.key() {
        Ok(key) => key,
        Err(failure) => return vec![Finding::untested("entries", failure.what).advise(failure.help)],
    };
    let looked = match Inspector::open(dir, key) {
        Err(why @ Error::Store(StoreError::Older { .. })) => {
            return vec![Finding::untested("entries", why.to_string()).advise(why.help())];
        }
        opened => opened.map_err(Failure::from).and_then(|inspector| check::look(inspector, None)),
    };
    match looked {
        Ok(checked) => entries(&checked),
        Err(failure) => vec![failed("entries", &failure)],
    }
}

fn entries(checked: &[(String, Check)]) -> Vec<Finding> {
    if checked.is_empty() {
        return vec![Finding::untested("entries", "there is no room yet")];
    }
    let help =
        "the disk may be failing: copy the home elsewhere; `rumormill resync ROOM` fetches again what was damaged";
    let finding = |(name, check): &(String, Check)| match check.clean {
        true => Finding::well("entries", format!("{}: {} entries verified", title(name), check.entries)),
        false => Finding::ill("entries", check::tell(name, check).join(";"), help),
    };
    checked.iter().map(finding).collect()
}

/// Authors who exceed their share: nothing is wrong, but this node dropped some of their messages.
async fn shares(client: &Client) -> Vec<Finding> {
    let rooms = match client.rooms().await {
        Ok(rooms) => rooms,
        Err(error) => return vec![failed("rooms", &error.into())],
    };
    let shares = rooms.iter().flat_map(|room| &room.shares);
    shares.map(|share| Finding::well("share", shared(share, &Clock::local()))).collect()
}

/// The findings of a process.
async fn found(client: &Client) -> Vec<Finding> {
    match client.call(&endpoints::GET_FINDINGS, &[], &[], ()).await {
        Ok(Findings { findings }) => findings,
        Err(error) => vec![failed("network", &error.into())],
    }
}
