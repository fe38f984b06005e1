//! `rumormill lock` and `rumormill unlock`: the keys of a home under a passphrase, and without one again.
//!
//! The file with the key of the home is on the disk before the first key is sealed, and goes after the last one was opened.
//! So the passphrase opens the home wherever a crash comes between.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use rumormill_node::{Disk, Error, HomeKey, Inspector, StoreError};
use rumormill_server::seal_key;
use rumormill_tui::output::{Output, Present};

use crate::{
    commands::talk,
    failure::{Exit, Failure},
    home::{HomeArgs, KEYS, broken},
    passphrase::{Asked, passphrase},
};

/// Arguments of `rumormill lock`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Read the new passphrase from the first line of this file, instead of asking for it
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
}

/// Puts the keys of the home, and of its bots, under a passphrase, or under another one.
///
/// # Errors
/// When a process has the home open, the passphrase is too short, or the home cannot be written.
pub(crate) fn run(args: &Args, place: &HomeArgs) -> Result<(), Failure> {
    let home = place.data()?;
    if !Inspector::is_home(&home) {
        return Err(Failure {
            exit: Exit::Usage,
            code: "home".into(),
            what: "there are no keys here yet".into(),
            help: "create or join a room first, or name a home with --home DIR".into(),
        });
    }
    refuse_open(&home)?;
    let before = place.key()?;
    let mut disks = open(&home, before)?;
    let key = match before {
        Some(key) => key.clone(),
        None => fresh()?,
    };
    let file = seal_key(passphrase("the home", args.passphrase_file.as_deref(), Asked::Twice)?, &key)?;
    let mut output = Output::to(&home.join(KEYS), Present::Replaced)?;
    output.write(file.as_bytes())?;
    output.close()?;
    sync(&home)?;
    // Again, if a crash came between before.
    for disk in &mut disks {
        disk.seal(&key).map_err(Error::from)?;
    }
    talk(match before {
        Some(_) => "the passphrase is another one; one that leaked: `rumormill unlock`, then `rumormill lock`",
        None => "the keys of this home are under the passphrase; if you forget it, nobody can open the home",
    });
    Ok(())
}

/// Arguments of `rumormill unlock`.
#[derive(clap::Args)]
pub(crate) struct UnlockArgs {}

/// Takes the keys out from under the passphrase.
///
/// # Errors
/// When the home is under none, a process has it open, or it cannot be written.
pub(crate) fn unlock(place: &HomeArgs) -> Result<(), Failure> {
    let home = place.data()?;
    refuse_open(&home)?;
    let Some(key) = place.key()? else {
        return Err(Failure {
            exit: Exit::Usage,
            code: "passphrase".into(),
            what: "this home is under no passphrase".into(),
            help: "`rumormill lock` puts its keys under one".into(),
        });
    };
    // Open until the file has gone, so that no process seals anything under its key meanwhile.
    let mut disks = open(&home, Some(key))?;
    for disk in &mut disks {
        disk.unseal().map_err(Error::from)?;
    }
    let keys = home.join(KEYS);
    fs::remove_file(&keys).map_err(|error| broken(&keys, &error))?;
    sync(&home)?;
    talk("the home opens without a passphrase; whoever can read it has your keys");
    Ok(())
}

/// Refuses a home that a process has open, before the passphrase is asked for.
fn refuse_open(home: &Path) -> Result<(), Failure> {
    match Disk::is_open(home) {
        true => Err(Error::Store(StoreError::Locked { path: home.to_owned() }).into()),
        false => Ok(()),
    }
}

/// Opens the home, and the homes of its bots, so that no process has them meanwhile.
fn open(home: &Path, key: Option<&HomeKey>) -> Result<Vec<Disk>, Failure> {
    let mut disks = vec![Disk::open_under(home, key).map_err(Error::from)?];
    let bots = match fs::read_dir(home.join("bots")) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(disks),
        found => found.map_err(|error| broken(home, &error))?,
    };
    for bot in bots {
        let bot = bot.map_err(|error| broken(home, &error))?.path();
        if bot.is_dir() && Disk::is_in(&bot) {
            disks.push(Disk::open_under(&bot, key).map_err(Error::from)?);
        }
    }
    Ok(disks)
}

fn fresh() -> Result<HomeKey, Failure> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|error| Failure::internal("random", error.to_string()))?;
    Ok(HomeKey::new(bytes))
}

/// Makes the names of files in the home durable.
fn sync(home: &Path) -> Result<(), Failure> {
    File::open(home).and_then(|dir| dir.sync_all()).map_err(|error| broken(home, &error))
}
