//! Where the socket of a home is: in the home. Where its path is longer than the system lets a socket's be, the socket is in a
//! directory of this user's with a short path, and a link in the home leads to it, for everybody who opens that home.

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

/// Where the process that has a home open listens, or would. What a link leads to counts only in a directory that nobody else
/// can have put there.
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

/// Makes ready what it takes to listen; returns where. To be called by who has the home open.
///
/// # Errors
/// When there is no place for a socket.
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

/// Takes the link out of a home, if one is there.
pub(crate) fn clear(home: &Path) {
    let inside = home.join(NAME);
    if inside.is_symlink() {
        // What cannot be removed cannot be replaced either, which is told then.
        let _ = fs::remove_file(inside);
    }
}

/// Whether the system takes this path for a socket.
pub(crate) fn fits(path: &Path) -> bool {
    SocketAddr::from_pathname(path).is_ok()
}

/// Where the socket of a home with too long a path would be.
fn elsewhere(home: &Path) -> Option<PathBuf> {
    dirs().into_iter().map(|dir| dir.join(name(home))).find(|path| fits(path))
}

/// Directories with short paths, the best first: what the session of this user has for sockets, or what everybody has.
fn dirs() -> Vec<PathBuf> {
    let session = env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from);
    let session = session.filter(|dir| dir.is_absolute() && is_private(dir, &[Some(geteuid().as_raw())]));
    let ours = |dir: PathBuf| dir.join(format!("rumormill-{}", geteuid()));
    session.map(|dir| dir.join("rumormill")).into_iter().chain([env::temp_dir(), "/tmp".into()].map(ours)).collect()
}

/// What tells homes apart.
fn name(home: &Path) -> String {
    blake3::hash(home.as_os_str().as_encoded_bytes()).to_hex()[..16].to_owned()
}

/// Makes a directory for this user alone. One that somebody else has made is not used.
fn make(dir: &Path) -> io::Result<()> {
    match fs::DirBuilder::new().mode(0o700).create(dir) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    match is_private(dir, &[Some(geteuid().as_raw())]) {
        true => Ok(()),
        false => Err(io::Error::new(ErrorKind::PermissionDenied, "somebody else has made it, or may look into it")),
    }
}

/// Whether a directory belongs to one of these and nobody else may look into it.
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
    fn a_directory_that_others_may_look_into_or_lead_elsewhere_is_not_used() {
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
    fn a_link_to_what_others_could_have_put_there_is_not_followed() {
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
