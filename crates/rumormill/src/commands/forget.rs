//! `rumormill forget`: remove a room, or everything, from this machine.

use std::{
    collections::BTreeSet,
    fs,
    io::{self, BufRead as _, IsTerminal as _, Write as _},
    path::{Path, PathBuf},
};

use rumormill_api::{Room, endpoints};
use rumormill_client::Client;
use rumormill_node::Inspector;
use rumormill_text::{show::count, title};

use crate::{
    client::{self, pick},
    commands::talk,
    failure::{Exit, Failure},
    home::{HomeArgs, KEYS, LAST_ROOM, Reach, TYPED},
    limits::PAGE_LINES,
    socket,
};

/// The files of a home and of its neighbouring directories. All other files belong to somebody else, and stay.
const FILES: [&str; 19] = [
    "rumormill.db",
    "rumormill.db-wal",
    "rumormill.db-shm",
    "lock",
    KEYS,
    socket::NAME,
    "token",
    "declined.json",
    "devices.json",
    "read.json",
    "reports.json",
    "hidden.json",
    "verified.json",
    "through.json",
    "rooms.json",
    "set.json",
    "step.json",
    TYPED,
    LAST_ROOM,
];

/// Arguments of `rumormill forget`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Name of the room, or the beginning of its id
    #[arg(required_unless_present = "all", conflicts_with = "all")]
    room: Option<String>,
    /// Forget every room, and your keys, settings and everything else that Rumormill keeps here
    #[arg(long)]
    all: bool,
    /// Do not ask first
    #[arg(long)]
    yes: bool,
}

/// Explains the consequences, asks, and removes.
///
/// # Errors
/// When there is no such room, the person declines or cannot be asked, or something cannot be removed.
pub(crate) async fn run(args: Args, place: HomeArgs) -> Result<(), Failure> {
    match &args.room {
        Some(wanted) => one(&place, wanted, args.yes).await,
        None => all(&place, args.yes).await,
    }
}

async fn one(place: &HomeArgs, wanted: &str, is_sure: bool) -> Result<(), Failure> {
    let owner = client::owner(place, Reach::Nobody).await?;
    let client = owner.client();
    let forgotten = async {
        let room = pick(&client, Some(wanted)).await?;
        talk(&meaning(&client, &room).await?);
        confirm(&format!("Forget {}?", title(&room.name)), is_sure, "forgotten")?;
        client.room(room.id.as_str()).leave().await?;
        Ok(room)
    };
    let forgotten: Result<Room, Failure> = forgotten.await;
    let is_elsewhere = !owner.is_us();
    owner.close().await;
    let room = forgotten?;
    forget_typed(place, is_elsewhere)?;
    if place.last_room().is_some_and(|id| id == room.id.as_str()) {
        remove(&place.state()?.join(LAST_ROOM))?;
    }
    talk(&format!("forgotten: {}", title(&room.name)));
    Ok(())
}

/// The consequences for the person and for others.
async fn meaning(client: &Client, room: &Room) -> Result<String, Failure> {
    let name = title(&room.name);
    let asks = client.room(room.id.as_str());
    let newest = asks.newest(PAGE_LINES).await?.messages;
    let others = asks.people().await?.iter().filter(|person| !person.me).count();
    let said = match newest.iter().rev().find(|message| message.mine).map(|message| message.holders) {
        None => "You have said nothing there of late that others would keep.".to_owned(),
        Some(Some(0) | None) => {
            "What you said stays with whoever has it; of what you said last, nobody is known to.".to_owned()
        }
        Some(Some(_)) => format!(
            "What you said stays, under your name, with {}.",
            count(others, "other who has it", "others who have it")
        ),
    };
    let bots = client.call(&endpoints::LIST_BOTS, &[], &[], ()).await?.bots;
    let bots: Vec<String> = bots.into_iter().filter(|bot| bot.rooms.contains(&room.id)).map(|bot| bot.name).collect();
    let bots = if bots.is_empty() { String::new() } else { format!("\nYour bots leave it too: {}.", bots.join(", ")) };
    Ok(format!(
        "{name} goes from this machine for good: its messages and files, your key for it, and the lines that you typed in any \
         room.{bots}\n{said} They are not told that you left.\nWith a ticket you can join again, as somebody new."
    ))
}

async fn all(place: &HomeArgs, is_sure: bool) -> Result<(), Failure> {
    let data = place.data()?;
    if client::there(&place.socket()?, Reach::Reading).await.is_some() || Inspector::is_open(&data) {
        return Err(Failure {
            exit: Exit::NotAllowed,
            code: "locked".into(),
            what: "another process has this home open".into(),
            help: "leave the chat, or end `rumormill serve`, and say it again".into(),
        });
    }
    talk(&format!(
        "Everything that Rumormill keeps in {} goes for good: every room with its messages and files, your bots, keys \
         and settings.\nWhat you said stays, under your names, with the others who have it. They are not told that you left.\nWith \
         a ticket you can join a room again, as somebody new.",
        data.display()
    ));
    confirm("Forget everything?", is_sure, "forgotten")?;
    // Messages are overwritten before their file is removed. If the home cannot be opened, its files are removed as
    // they are.
    if Inspector::is_home(&data)
        && let Err(failure) = client::with(place, Reach::Nobody, leave_all).await
    {
        talk(&format!("what was said could not be overwritten before it was removed: {}", failure.what));
    }
    let config = place.config_file()?;
    // Under `--home` these directories are the same.
    let dirs = [data.clone(), place.state()?].into_iter().chain(config.parent().map(Path::to_owned));
    let dirs: BTreeSet<PathBuf> = dirs.collect();
    for path in dirs.iter().flat_map(|dir| FILES.map(|name| dir.join(name))).chain([config]) {
        remove(&path)?;
    }
    for dir in ["files", "hooks", "bots"].map(|name| data.join(name)) {
        match fs::remove_dir_all(&dir) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(stays(&dir, &error)),
            _ => {}
        }
    }
    dirs.iter().for_each(|dir| close_off(dir));
    talk("forgotten: everything");
    Ok(())
}

async fn leave_all(client: &Client) -> Result<(), Failure> {
    for bot in client.call(&endpoints::LIST_BOTS, &[], &[], ()).await?.bots {
        client.call(&endpoints::REMOVE_BOT, &[&bot.name], &[], ()).await?;
    }
    for room in client.rooms().await? {
        client.room(room.id.as_str()).leave().await?;
    }
    Ok(())
}

/// Removes an empty directory; reports what is left in any other.
fn close_off(dir: &Path) {
    if fs::remove_dir(dir).is_ok() {
        return;
    }
    let left =
        fs::read_dir(dir).into_iter().flatten().flatten().map(|found| found.file_name().to_string_lossy().into_owned());
    let left: Vec<String> = left.collect();
    if left.iter().any(|name| name == "profiles") {
        talk(&format!("other profiles stay: {}; forget each with --profile NAME", dir.join("profiles").display()));
    } else if !left.is_empty() {
        talk(&format!("what is not Rumormill's stays in {}: {}", dir.display(), left.join(", ")));
    }
}

/// Clears the history of typed lines of all rooms, since it contains messages. Empties the file instead of removing it:
/// an open window would write a missing file again.
fn forget_typed(place: &HomeArgs, is_elsewhere: bool) -> Result<(), Failure> {
    let path: PathBuf = place.state()?.join(TYPED);
    match is_elsewhere && path.exists() {
        true => fs::write(&path, b"").map_err(|error| stays(&path, &error)),
        false => remove(&path),
    }
}

fn remove(path: &Path) -> Result<(), Failure> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(stays(path, &error)),
        _ => Ok(()),
    }
}

fn stays(path: &Path, error: &io::Error) -> Failure {
    Failure {
        exit: Exit::Ours,
        code: "home".into(),
        what: format!("{} stays: {error}", path.display()),
        help: "remove it yourself".into(),
    }
}

/// Asks the person at the terminal.
pub(super) fn confirm(question: &str, is_sure: bool, done: &str) -> Result<(), Failure> {
    if is_sure {
        return Ok(());
    }
    let refused =
        |what: String, help: &str| Failure { exit: Exit::Usage, code: "unconfirmed".into(), what, help: help.into() };
    if !io::stdin().is_terminal() {
        return Err(refused(format!("nothing was {done}: nobody could be asked"), "say --yes if you are sure"));
    }
    let mut stderr = io::stderr();
    let _ = write!(stderr, "{question} Type yes: ").and_then(|()| stderr.flush());
    let mut answer = String::new();
    let read = io::stdin().lock().read_line(&mut answer);
    match read.is_ok() && answer.trim().eq_ignore_ascii_case("yes") {
        true => Ok(()),
        false => Err(refused(format!("nothing was {done}"), "answer yes if you are sure")),
    }
}
