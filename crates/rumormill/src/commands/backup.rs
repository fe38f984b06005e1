//! `rumormill backup` and `rumormill restore`: one file under a passphrase, and a home that comes back from it.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
};

use rumormill_api::{BackedUp, Device, NewBackup, Part, Restore, codes, endpoints};
use rumormill_client::Client;
use rumormill_text::{clean, title};
use rumormill_tui::output::{Output, Present};

use crate::{
    client,
    commands::{data, device, talk},
    failure::{Exit, Failure},
    home::{HomeArgs, Reach},
    passphrase::{Asked, passphrase, unreadable},
};

/// Arguments of `rumormill backup`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The file to write; an older one is replaced
    file: PathBuf,
    /// Read the passphrase from the first line of this file, instead of asking for it
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
}

/// Writes a backup, and ends the one before.
///
/// # Errors
/// When the passphrase is too short, the file cannot be written, or the home cannot be opened.
pub(crate) async fn run(args: Args, place: HomeArgs) -> Result<(), Failure> {
    client::with(&place, Reach::Staying, async |client| back_up(client, &args).await).await
}

async fn back_up(client: &Client, args: &Args) -> Result<(), Failure> {
    // Before the keys are made: a file that cannot be written must end no earlier backup.
    let mut output = Output::to(&args.file, Present::Replaced)?;
    let passphrase = passphrase("the backup", args.passphrase_file.as_deref(), Asked::Twice)?;
    let BackedUp { name, file, rooms } = client.call(&endpoints::BACK_UP, &[], &[], &NewBackup { passphrase }).await?;
    output.write(file.as_bytes())?;
    let Some(path) = output.close()? else { return Err(no_file(&args.file)) };
    File::open(&path).and_then(|file| file.sync_all()).map_err(|error| unreadable(&path, &error))?;
    for old in client.call(&endpoints::LIST_DEVICES, &[], &[], ()).await?.devices {
        let Device { name: known, backup, .. } = old;
        if backup && known != name {
            client.call(&endpoints::REVOKE_DEVICE, &[&known], &[], ()).await?;
            talk("the backup before this one is worth nothing any more");
        }
    }
    for room in &rooms {
        let says = match room.part {
            Part::Device => "comes back as you",
            Part::Own => "open: comes back under another key",
            Part::Before | Part::Absent => {
                "not in the backup: only the machine with which you came there can do that, while it is in"
            }
        };
        data(&format!("{}  {says}", title(&room.name)))?;
    }
    talk(&format!("written: {}", clean(&path.display().to_string())));
    talk(
        "`rumormill restore FILE` brings it back, with the passphrase only; messages come from whoever is in the rooms",
    );
    talk("make another one when you have entered another room");
    Ok(())
}

/// Arguments of `rumormill restore`.
#[derive(clap::Args)]
pub(crate) struct RestoreArgs {
    /// The file that `rumormill backup` wrote
    file: PathBuf,
    /// What this machine is called; its host name if omitted
    #[arg(long)]
    name: Option<String>,
    /// Read the passphrase from the first line of this file, instead of asking for it
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
}

/// Comes back into the rooms of a backup.
///
/// # Errors
/// When the home is in rooms already, the file is no backup, or the passphrase is another one.
pub(crate) async fn restore(args: RestoreArgs, place: HomeArgs) -> Result<(), Failure> {
    client::with(&place, Reach::Staying, async |client| bring_back(client, &args).await).await
}

async fn bring_back(client: &Client, args: &RestoreArgs) -> Result<(), Failure> {
    if !client.rooms().await?.is_empty() {
        return Err(codes::NOT_EMPTY
            .refuse("this home is in rooms already", "take an empty one: `rumormill --home DIR restore FILE`")
            .into());
    }
    let file = fs::read_to_string(&args.file).map_err(|error| unreadable(&args.file, &error))?;
    let passphrase = passphrase("the backup", args.passphrase_file.as_deref(), Asked::Once)?;
    let name = args.name.clone().unwrap_or_else(device::host_name);
    let restore = Restore { passphrase, file, name };
    let linked = client.call(&endpoints::RESTORE, &[], &[], &restore).await?;
    for room in &linked.rooms {
        let says = match room.part {
            Part::Device => "you write here as yourself, on a machine of its own",
            _ => "open: you write here under another key",
        };
        data(&format!("{}  {says}", title(&room.name)))?;
    }
    talk("restored; open a room with `rumormill chat`: what was said comes from whoever is there");
    talk("use this file on no other machine: two homes under one key spoil what both say");
    talk("if the old machine is not lost, revoke one of the two there: `rumormill device list`");
    Ok(())
}

fn no_file(path: &Path) -> Failure {
    let what = clean(&format!("{} is no file", path.display()));
    Failure { exit: Exit::Usage, code: "file".into(), what, help: "name a file for the backup".into() }
}
