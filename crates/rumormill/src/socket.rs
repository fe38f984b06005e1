//! The socket of a home is in the home. When its path is longer than the system allows for a socket, the socket is in a
//! directory of this user with a short path, and a link in the home leads every command to it.

use std::{
    env, fs,
    io::{self, ErrorKind},
    os::unix::{
        fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _, symlink},
        net::SocketAddr,
    },
    path::{Path, PathBuf},
};

use nix::unistd::geteuid;

use crate::failure::{Exit, Failure};

/// The name of the socket, or of the link to it, in a home.
pub(crate) const NAME: &str = "socket";

/// The path where the process that has a home open listens. Follows a link only into a directory that nobody else can
/// have created.
pub(crate) fn find(home: &Path) -> PathBuf {
    let home = fs::canonicalize(home).or_else(|_| std::path::absolute(home)).unwrap_or_else(|_| home.to_owned());
    let inside = home.join(NAME);
    let owners = [Some(geteuid().as_raw()), fs::metadata(&home).ok().map(|found| found.uid())];
    match fs::read_link(&inside) {
        Ok(elsewhere) if elsewhere.parent().is_some_and(|dir| is_private(dir, &owners)) => elsewhere,
        Ok(_) => elsewhere(&home).unwrap_or(inside),
        Err(_) if fits(&inside) => inside,
        Err(_) => elsewhere(&home).unwrap_or(inside),
    }
}

/// Prepares the socket's directory or link and returns the path to listen at. Only the process that has the home open
/// may call it.
///
/// # Errors
/// When no directory can hold the socket.
pub(crate) fn prepare(home: &Path) -> Result<PathBuf, Failure> {
    let home = fs::canonicalize(home).map_err(|error| broken(home, &error))?;
    let inside = home.join(NAME);
    clear(&home);
    if fits(&inside) {
        return Ok(inside);
    }
    let mut why = io::Error::from(ErrorKind::InvalidFilename);
    for dir in dirs() {
        let short = dir.join(name(&home));
        let made = if fits(&short) { make(&dir) } else { Err(ErrorKind::InvalidFilename.into()) };
        match made.and_then(|()| symlink(&short, &inside)) {
            Ok(()) => return Ok(short),
            Err(error) => why = io::Error::new(error.kind(), format!("{}: {error}", dir.display())),
        }
    }
    Err(broken(&inside, &why))
}

/// Removes the link from a home, if there is one.
pub(crate) fn clear(home: &Path) {
    let inside = home.join(NAME);
    if inside.is_symlink() {
        // A link that cannot be removed cannot be replaced either, and that error is reported.
        let _ = fs::remove_file(inside);
    }
}

/// Whether the system allows this path for a socket.
pub(crate) fn fits(path: &Path) -> bool {
    SocketAddr::from_pathname(path).is_ok()
}

/// The socket of a home whose path is too long, if a directory can hold one.
fn elsewhere(home: &Path) -> Option<PathBuf> {
    dirs().into_iter().map(|dir| dir.join(name(home))).find(|path| fits(path))
}

/// Directories with short paths, the best first: that of the user's session for sockets, then the shared one.
fn dirs() -> Vec<PathBuf> {
    let session = env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from);
    let session = session.filter(|dir| dir.is_absolute() && is_private(dir, &[Some(geteuid().as_raw())]));
    let ours = |dir: PathBuf| dir.join(format!("rumormill-{}", geteuid()));
    session.map(|dir| dir.join("rumormill")).into_iter().chain([env::temp_dir(), "/tmp".into()].map(ours)).collect()
}

/// A name that differs between homes.
fn name(home: &Path) -> String {
    blake3::hash(home.as_os_str().as_encoded_bytes()).to_hex()[..16].to_owned()
}

/// Creates a directory for this user alone, and refuses one that somebody else has created.
fn make(dir: &Path) -> io::Result<()> {
    match fs::DirBuilder::new().mode(0o700).create(dir) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    match is_private(dir, &[Some(geteuid().as_raw())]) {
        true => Ok(()),
        false => Err(io::Error::new(ErrorKind::PermissionDenied, "somebody else created it, or can access it")),
    }
}

/// Whether a directory belongs to one of these users and nobody else can access it.
fn is_private(dir: &Path, owners: &[Option<u32>]) -> bool {
    fs::symlink_metadata(dir).is_ok_and(|found| {
        found.is_dir() && found.permissions().mode() & 0o077 == 0 && owners.contains(&Some(found.uid()))
    })
}

fn broken(path: &Path, error: &io::Error) -> Failure {
    Failure {
        exit: Exit::Ours,
        code: "socket".into(),
        what: format!("no place for the socket {}: {error}", path.display()),
        help: "choose a home with a shorter path with --home DIR, or set XDG_RUNTIME_DIR to a directory of yours"
            .into(),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_shared_or_linked_directory_is_not_used() {
        let dir = tempfile::tempdir().unwrap();
        let (ours, open, link) = (dir.path().join("ours"), dir.path().join("open"), dir.path().join("link"));
        make(&ours).unwrap();
        make(&ours).unwrap();
        fs::create_dir(&open).unwrap();
        fs::set_permissions(&open, fs::Permissions::from_mode(0o755)).unwrap();
        assert!(make(&open).is_err());
        symlink(&ours, &link).unwrap();
        assert!(make(&link).is_err(), "a link of somebody else could lead anywhere");
        assert!(!is_private(&ours, &[Some(geteuid().as_raw() + 1)]), "it is somebody else's");
    }

    #[test]
    fn a_link_to_a_directory_of_others_is_not_followed() {
        let dir = tempfile::tempdir().unwrap();
        let theirs = dir.path().join("theirs");
        fs::create_dir(&theirs).unwrap();
        fs::set_permissions(&theirs, fs::Permissions::from_mode(0o777)).unwrap();
        let home = dir.path().join("long-directory-name/".repeat(6));
        fs::create_dir_all(&home).unwrap();
        symlink(theirs.join("s"), home.join(NAME)).unwrap();
        assert_ne!(find(&home), theirs.join("s"));
        fs::set_permissions(&theirs, fs::Permissions::from_mode(0o700)).unwrap();
        assert_eq!(find(&home), theirs.join("s"));
    }
}
