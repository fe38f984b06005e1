//! Files between the disk of the person and the process that has the home open: sent, and saved under a name that harms
//! nobody.

use std::{
    io::Write as _,
    path::{Path, PathBuf},
    time::Duration,
};

use axum::{body::Bytes, http::Method};
use futures_util::{StreamExt as _, stream};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use rumormill_api::endpoint::piece;
use rumormill_client::Body;
use tokio::{fs, io::AsyncReadExt as _, time::timeout};

use crate::{
    api::words::{Event, FileState, Message, Page},
    clean::clean,
    client::Client,
    failure::{Exit, Failure},
    limits::{FILE_END_BYTES, FILE_NAME_BYTES, FILE_READ_BYTES, LEAVE_MS},
};

/// The name by which a file of others is shown and saved, everywhere the same: no path, nothing that steers a terminal or
/// pushes the end of the name out of sight, nothing that is hidden, an option or a device, and nothing that a browser or
/// another system would change when it saves it. The name of a safe name is itself.
pub(crate) fn safe_name(name: &str) -> String {
    let name = clean(name).replace(" ⏎ ", "");
    let part = |char: char| match char {
        '/' | '\\' | '<' | '>' | ':' | '"' | '|' | '?' | '*' => '_',
        // Slashes of other kinds, which some systems make plain ones of.
        '\u{2044}' | '\u{2215}' | '\u{29f5}' | '\u{29f8}' | '\u{fe68}' | '\u{ff0f}' | '\u{ff3c}' => '_',
        _ => char,
    };
    let mut name: String = name.split_whitespace().collect::<Vec<_>>().join(" ").chars().map(part).collect();
    if name.starts_with(['.', '-', '~']) {
        name.replace_range(..1, "_");
    }
    let (stem, end) = parts(&name);
    name = format!("{}{end}", beginning(stem, FILE_NAME_BYTES.saturating_sub(end.len())));
    if name.ends_with('.') {
        name.replace_range(name.len() - 1.., "_");
    }
    if is_device(&name) {
        name.insert(0, '_');
    }
    if name.is_empty() { "file".into() } else { name }
}

/// Whether a name is that of a device on some systems, whatever stands behind its first dot.
fn is_device(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default().trim_end().to_ascii_lowercase();
    let numbered = |port: &str| {
        stem.strip_prefix(port).is_some_and(|rest| {
            matches!(rest.chars().next(), Some('0'..='9' | '¹' | '²' | '³')) && rest.chars().count() == 1
        })
    };
    matches!(&*stem, "con" | "prn" | "aux" | "nul" | "conin$" | "conout$" | "clock$")
        || numbered("com")
        || numbered("lpt")
}

/// A name and the end that says what it is, which is none when it is long.
fn parts(name: &str) -> (&str, &str) {
    match name.rfind('.').filter(|at| *at > 0 && name.len() - at <= FILE_END_BYTES) {
        Some(at) => name.split_at(at),
        None => (name, ""),
    }
}

/// As much of a text as so many bytes hold.
fn beginning(text: &str, bytes: usize) -> &str {
    if text.len() <= bytes { text } else { text[..text.floor_char_boundary(bytes)].trim_end() }
}

/// Bytes as people say them.
pub(crate) fn size(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["kB", "MB", "GB", "TB"];
    let (mut size, mut unit) = (bytes as f64 / 1000.0, 0);
    if bytes < 1000 {
        return format!("{bytes} B");
    }
    while size >= 999.95 && unit + 1 < UNITS.len() {
        size /= 1000.0;
        unit += 1;
    }
    format!("{size:.1} {}", UNITS[unit])
}

/// A bar on standard error, if that is a terminal.
pub(crate) fn bar(bytes: u64, name: &str) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(bytes), ProgressDrawTarget::stderr());
    let style = ProgressStyle::with_template("{msg} {bar:30} {bytes}/{total_bytes} {bytes_per_sec}");
    style.into_iter().for_each(|style| bar.set_style(style));
    bar.with_message(safe_name(name))
}

/// Sends a file to the room at `room`, a path of the API.
///
/// # Errors
/// When it cannot be read, or is refused.
pub(crate) async fn send(client: &Client, room: &str, path: &Path, bar: &ProgressBar) -> Result<Message, Failure> {
    let unreadable = |error: std::io::Error| Failure {
        exit: Exit::Usage,
        code: "file".into(),
        what: format!("{}: {error}", path.display()),
        help: "give a file that you can read".into(),
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
    let sent: Page = client.upload(&format!("{room}/files?name={}", piece(&name)), body).await?;
    sent.messages.into_iter().next().ok_or_else(|| Failure::internal("answer", "nothing was sent".into()))
}

/// Asks for the file that a message offers and waits for a while, until it is on its way: who has just opened the home
/// has not met anybody yet.
///
/// # Errors
/// When it cannot be asked for.
pub(crate) async fn ask(client: &Client, room: &str, message: &Message) -> Result<(), Failure> {
    let mut events = Box::pin(client.events().await?);
    let asked: Message = client.ask(Method::POST, &format!("{room}/files/{}", message.r#ref)).await?;
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
    // Past the deadline, whoever reads it is told that nobody has it.
    let _ = timeout(Duration::from_millis(LEAVE_MS), wait).await;
    Ok(())
}

/// Where a file is saved.
pub(crate) enum To {
    /// Under its own name in this directory, or another that is free.
    Dir(PathBuf),
    /// Exactly there, unless something is.
    New(PathBuf),
    /// Exactly there, whatever is.
    Over(PathBuf),
}

/// Saves the file that a message offers, once all of it is here; returns where.
///
/// # Errors
/// When nobody who has it is here, or it cannot be written.
pub(crate) async fn save(
    client: &Client,
    room: &str,
    message: &Message,
    to: To,
    bar: &ProgressBar,
) -> Result<PathBuf, Failure> {
    let name = message.file.as_ref().map(|file| safe_name(&file.name)).unwrap_or_default();
    let dir = match &to {
        To::Dir(dir) => dir.clone(),
        To::New(path) | To::Over(path) => match path.parent() {
            Some(dir) if dir != Path::new("") => dir.to_owned(),
            _ => PathBuf::from("."),
        },
    };
    if let To::New(path) = &to
        && fs::symlink_metadata(path).await.is_ok()
    {
        return Err(taken(path));
    }
    let response = client.download(Method::GET, &format!("{room}/files/{}", message.r#ref)).await?;
    let failed = |error: std::io::Error| Failure {
        exit: Exit::Ours,
        code: "output".into(),
        what: format!("{}: {error}", dir.display()),
        help: "choose a place that you can write to, and that has room".into(),
    };
    let mut file = tempfile::Builder::new().prefix(".rumormill-").tempfile_in(&dir).map_err(failed)?;
    let mut pieces = response.pieces();
    while let Some(bytes) = pieces.next().await {
        let bytes = bytes.map_err(|error| Failure {
            exit: Exit::Unreachable,
            code: "broken-off".into(),
            what: format!("the file did not come to its end: {error}"),
            help: "ask for it again; what came is kept".into(),
        })?;
        file.write_all(&bytes).map_err(failed)?;
        bar.inc(bytes.len() as u64);
    }
    file.as_file().sync_all().map_err(failed)?;
    match to {
        To::Over(path) => file.persist(&path).map(|_| path).map_err(|error| failed(error.error)),
        To::New(path) => file.persist_noclobber(&path).map(|_| path.clone()).map_err(|_| taken(&path)),
        To::Dir(dir) => free(file, &dir, &name).map_err(failed),
    }
}

/// Where files of others go when nobody says where: the person's downloads, or else here.
pub(crate) fn downloads() -> PathBuf {
    let people = directories::UserDirs::new();
    let downloads = people.as_ref().and_then(directories::UserDirs::download_dir).filter(|dir| dir.is_dir());
    downloads.map_or_else(|| PathBuf::from("."), Path::to_owned)
}

/// Gives a file the first name that is free: `a.jpg`, `a (2).jpg`, …
fn free(mut file: tempfile::NamedTempFile, dir: &Path, name: &str) -> std::io::Result<PathBuf> {
    let (stem, end) = parts(name);
    for number in 1..=99 {
        let name = if number == 1 { name.to_owned() } else { format!("{stem} ({number}){end}") };
        let path = dir.join(name);
        match file.persist_noclobber(&path) {
            Ok(_) => return Ok(path),
            Err(error) if error.error.kind() == std::io::ErrorKind::AlreadyExists => file = error.file,
            Err(error) => return Err(error.error),
        }
    }
    Err(std::io::ErrorKind::AlreadyExists.into())
}

fn taken(path: &Path) -> Failure {
    Failure {
        exit: Exit::Usage,
        code: "exists".into(),
        what: format!("{} is there already", path.display()),
        help: "choose another name with --to, or --force to replace it".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_harm_nobody() {
        let long = "x".repeat(400);
        let cases = [
            ("photo.jpg", "photo.jpg"),
            ("photo of us (2).jpg", "photo of us (2).jpg"),
            ("größe 🎉.txt", "größe 🎉.txt"),
            // Paths, with slashes of every kind.
            ("../../x", "_._.._x"),
            ("/etc/passwd", "_etc_passwd"),
            ("C:\\x", "C__x"),
            ("a\u{2215}b\u{ff0f}c\u{2044}d", "a_b_c_d"),
            ("..", "__"),
            (".", "_"),
            // Hidden ones, options, homes.
            (".bashrc", "_bashrc"),
            ("-rf", "_rf"),
            ("--help", "_-help"),
            ("~root", "_root"),
            // What steers, and what pushes the end out of sight.
            ("a\u{1b}[2Jb\nc", "a[2Jbc"),
            ("gpj\u{202e}exe", "gpjexe"),
            ("photo.jpg                    .exe", "photo.jpg .exe"),
            ("photo.jpg\u{a0}\u{3000}\u{2003}.exe", "photo.jpg .exe"),
            (" \u{200b} ", "file"),
            ("", "file"),
            // What other systems drop or take for something else.
            ("a.exe.", "a.exe_"),
            ("a.exe. . ", "a.exe. _"),
            ("a\"b|c?d*e<f>.txt", "a_b_c_d_e_f_.txt"),
            ("file.txt:stream", "file.txt_stream"),
            ("CON", "_CON"),
            ("nul.txt", "_nul.txt"),
            ("com1.tar.gz", "_com1.tar.gz"),
            ("LPT²", "_LPT²"),
            ("aux .h", "_aux .h"),
            ("con\u{200b}", "_con"),
            ("comic.cbz", "comic.cbz"),
            ("com10", "com10"),
            // Too long for a number behind it.
            (&format!("{long}.jpg"), &format!("{}.jpg", &long[..FILE_NAME_BYTES - 4])),
            (&format!("a.{long}"), &format!("a.{}", &long[..FILE_NAME_BYTES - 2])),
        ];
        for (name, safe) in cases {
            assert_eq!(safe_name(name), safe, "{name:?}");
            assert_eq!(safe_name(safe), safe, "a safe name is its own");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_name_is_anything_but_a_name(name in "(\\PC|[./\\\\ ~:-]|\u{202e}|\u{0}|con|nul){0,90}") {
            let safe = safe_name(&name);
            proptest::prop_assert_eq!(&safe_name(&safe), &safe);
            proptest::prop_assert!(!safe.is_empty() && safe.len() <= FILE_NAME_BYTES + 1);
            proptest::prop_assert_eq!(Path::new(&safe).components().count(), 1);
            proptest::prop_assert!(matches!(Path::new(&safe).components().next(), Some(std::path::Component::Normal(_))));
            proptest::prop_assert!(!safe.contains(crate::clean::steers) && !safe.starts_with(['.', '-', '~']) && !safe.ends_with(['.', ' ']));
        }
    }

    #[test]
    fn sizes() {
        let cases = [
            (0, "0 B"),
            (999, "999 B"),
            (1000, "1.0 kB"),
            (2_100_000, "2.1 MB"),
            (999_960, "1.0 MB"),
            (1 << 30, "1.1 GB"),
        ];
        for (bytes, text) in cases {
            assert_eq!(size(bytes), text);
        }
    }

    #[test]
    fn a_name_that_is_taken_is_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let put = |name: &str| free(tempfile::NamedTempFile::new_in(dir.path()).unwrap(), dir.path(), name).unwrap();
        let names = ["a.jpg", "a.jpg", "a.jpg", "b", "b"].map(|name| put(name).file_name().unwrap().to_owned());
        assert_eq!(names, ["a.jpg", "a (2).jpg", "a (3).jpg", "b", "b (2)"]);
    }
}
