//! Transfers files between the person's disk and the process that has the home open: sends them, and saves them under
//! safe names.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use rumormill_api::{Event, FileState, Message, Refused, RoomHex, endpoints};
use rumormill_client::{Body, Client};
use rumormill_text::safe_name;
use tokio::{fs, io::AsyncReadExt as _, time::timeout};

use crate::{
    Failure,
    limits::{FILE_READ_BYTES, LEAVE_MS},
    output::Output,
};

/// A progress bar on standard error, if that is a terminal.
pub fn bar(bytes: u64, name: &str) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(bytes), ProgressDrawTarget::stderr());
    let style = ProgressStyle::with_template("{msg} {bar:30} {bytes}/{total_bytes} {bytes_per_sec}");
    style.into_iter().for_each(|style| bar.set_style(style));
    bar.with_message(safe_name(name))
}

/// Sends a file to a room.
///
/// # Errors
/// When the file cannot be read, or the room refuses it.
pub async fn send(client: &Client, room: &RoomHex, path: &Path, bar: &ProgressBar) -> Result<Message, Failure> {
    let unreadable = |error: std::io::Error| {
        let help = "give a file that you can read";
        Failure::Choice(Refused::new("file", format!("{}: {error}", path.display()), help))
    };
    let file = fs::File::open(path).await.map_err(unreadable)?;
    let found = file.metadata().await.map_err(unreadable)?;
    if !found.is_file() {
        return Err(unreadable(std::io::ErrorKind::IsADirectory.into()));
    }
    bar.set_length(found.len());
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let read = async |(mut file, bar): (fs::File, ProgressBar)| {
        let mut bytes = vec![0; FILE_READ_BYTES];
        match file.read(&mut bytes).await {
            Ok(0) => None,
            Ok(count) => {
                bytes.truncate(count);
                bar.inc(count as u64);
                Some((Ok(Bytes::from(bytes)), (file, bar)))
            }
            Err(error) => Some((Err(error), (file, bar))),
        }
    };
    let body = Body::stream(stream::unfold((file, bar.clone()), read));
    let sent = client.call(&endpoints::SEND_FILE, &[room.as_str()], &[("name", &name)], body).await?;
    sent.messages.into_iter().next().ok_or_else(|| Failure::internal("answer", "nothing was sent"))
}

/// Requests the file of a message and waits a while for it to start: a process that has just opened the home has not
/// met any peer yet.
///
/// # Errors
/// When the file cannot be requested.
pub async fn ask(client: &Client, room: &RoomHex, message: &Message) -> Result<(), Failure> {
    let mut events = client.events().await?.until_gone();
    let asked = client.call(&endpoints::FETCH_FILE, &[room.as_str(), message.r#ref.as_str()], &[], ()).await?;
    let Some(file) = asked.file else { return Ok(()) };
    let comes = |state| matches!(state, FileState::Fetching | FileState::Here);
    let wait = async {
        let mut at = file.state;
        while !comes(at) {
            match events.next().await {
                Some(Event::File { hash, state, .. }) if hash == file.hash => at = state,
                Some(_) => {}
                None => return,
            }
        }
    };
    // After the deadline the read of the file reports that nobody has it.
    let _ = timeout(Duration::from_millis(LEAVE_MS), wait).await;
    Ok(())
}

/// Saves the file of a message once all of it is here; returns its path, unless the target is a pipe or a device.
///
/// # Errors
/// When nobody who has it is here, or it cannot be written.
pub async fn save(
    client: &Client,
    room: &RoomHex,
    message: &Message,
    mut to: Output,
    bar: &ProgressBar,
) -> Result<Option<PathBuf>, Failure> {
    let body = client.room(room.as_str()).file(&message.r#ref).await?;
    let mut pieces = body.pieces();
    while let Some(bytes) = pieces.next().await {
        let bytes = bytes.map_err(|error| {
            let what = format!("the file was cut off: {error}");
            Failure::BrokenOff(Refused::new("broken-off", what, "ask for it again; what came is kept"))
        })?;
        to.write(&bytes)?;
        bar.inc(bytes.len() as u64);
    }
    to.close()
}

/// The default directory for files of others: the person's downloads, or else the current directory.
pub fn downloads() -> PathBuf {
    let people = directories::UserDirs::new();
    let downloads = people.as_ref().and_then(directories::UserDirs::download_dir).filter(|dir| dir.is_dir());
    downloads.map_or_else(|| PathBuf::from("."), Path::to_owned)
}
