//! Files that rooms name, beside the database: complete under their hash, or partial while being fetched.
//!
//! ```text
//! files/<room>/<hash>         the whole file
//! files/<room>/<hash>.tree    hashes of its pieces and of pairs of these, up to the root, which is the file's hash
//! files/<room>/<hash>.<size>  the part fetched so far, from the front
//! files/<room>/new.<n>        being imported
//! ```
//!
//! Rooms share no files, so that nobody can use a hash to learn what another room has.
//!
//! Everything in this module blocks on the disk. A piece is written only when it verifies, and read only when it still
//! does.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, BufReader, Cursor, Seek as _, Write as _},
    path::{Path, PathBuf},
    sync::{
        OnceLock,
        atomic::{AtomicU64, Ordering},
    },
    time::UNIX_EPOCH,
};

use bao_tree::{
    BaoTree, BlockSize, ChunkNum, ChunkRanges,
    io::{
        DecodeError, EncodeError,
        outboard::PreOrderOutboard,
        sync::{CreateOutboard as _, ReadAt as _, decode_ranges, encode_ranges_validated},
    },
};
pub use bytes::Bytes;
use rumormill_proto::{
    ids::{FileId, RoomId},
    limits::FILE_BYTES,
};
use tempfile::TempDir;

use crate::{
    disk::home::{make, refuse_exposed, sync},
    error::Error,
    limits::{FREE_BYTES, PIECE_BYTES, SENT_PIECE_BYTES, WALKED},
};

/// The hash function uses chunks of 1 KiB; this power of two of them makes [`PIECE_BYTES`].
const PIECE_CHUNKS_LOG: u8 = 8;

/// The files of a home.
pub struct Files {
    place: Root,
    /// Number of the next file to import.
    next: AtomicU64,
}

enum Root {
    Home(PathBuf),
    /// A temporary directory, made at first use and removed on drop.
    Nowhere(OnceLock<TempDir>),
}

/// A file of a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RoomFile {
    /// The room.
    pub room: RoomId,
    /// Hash of the file.
    pub hash: FileId,
}

/// A file that is complete here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeldFile {
    /// Its room and hash.
    pub file: RoomFile,
    /// Size in bytes.
    pub size: u64,
    /// When it was completed here, in milliseconds since the Unix epoch.
    pub came_ms: u64,
}

/// A list of the files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listed {
    /// Complete files.
    pub whole: Vec<HeldFile>,
    /// Partial files, each with its full size.
    pub parts: Vec<(RoomFile, u64)>,
    /// Why the files of some rooms are missing from this list.
    pub unread: Vec<Error>,
}

/// What happened to a piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece {
    /// It was written.
    Taken,
    /// It is not this piece of this file.
    Wrong,
}

impl Files {
    /// Opens the files of the home in `dir`, which is locked. Removes unfinished imports of earlier processes.
    ///
    /// # Errors
    /// [`Error::Exposed`] and [`Error::Link`] when they are not private; [`Error::Io`] and similar.
    pub fn open(dir: &Path) -> Result<Self, Error> {
        let dir = dir.join("files");
        let files = Self { place: Root::Home(dir.clone()), next: AtomicU64::new(0) };
        match fs::symlink_metadata(&dir) {
            Err(why) if why.kind() == io::ErrorKind::NotFound => return Ok(files),
            Err(why) => return Err(Error::io(&dir, &why)),
            Ok(found) if !found.is_dir() => return Err(Error::Link { path: dir }),
            Ok(found) => refuse_exposed(&dir, &found)?,
        }
        for room in rooms(&dir)? {
            let dir = dir.join(room.to_string());
            // `list` reports an unreadable room; the other rooms stay usable.
            for name in names(&dir).unwrap_or_default().into_iter().filter(|name| name.starts_with("new.")) {
                let _ = remove(&dir.join(name));
            }
        }
        Ok(files)
    }

    /// Files that are deleted on drop.
    pub fn nowhere() -> Self {
        Self { place: Root::Nowhere(OnceLock::new()), next: AtomicU64::new(0) }
    }

    /// Lists the files.
    ///
    /// # Errors
    /// When the directory cannot be read.
    pub fn list(&self) -> Result<Listed, Error> {
        let Listed { mut whole, mut parts, mut unread } = Listed::default();
        let Some(dir) = self.found() else { return Ok(Listed { whole, parts, unread }) };
        for room in rooms(&dir)? {
            let dir = dir.join(room.to_string());
            let file = |name: &str| read_hash(name).map(|hash| RoomFile { room, hash: FileId(hash) });
            // An unreadable room does not hide the others.
            let listed = match names(&dir) {
                Ok(listed) => listed,
                Err(why) => {
                    unread.push(why);
                    continue;
                }
            };
            for name in listed {
                match name.split_once('.') {
                    None => whole.extend(file(&name).and_then(|file| held(&dir.join(&name), file))),
                    Some((name, size)) => parts.extend(file(name).zip(size.parse().ok())),
                }
            }
        }
        Ok(Listed { whole, parts, unread })
    }

    /// Starts to import a file into a room.
    ///
    /// # Errors
    /// [`Error::Full`] and similar.
    pub fn import(&self, room: &RoomId) -> Result<Import, Error> {
        let dir = self.dir(room)?;
        let path = dir.join(format!("new.{}", self.next.fetch_add(1, Ordering::Relaxed)));
        let file = create(&path)?;
        Ok(Import { dir, file, path, size: 0 })
    }

    /// The part of a file fetched so far, possibly empty.
    ///
    /// # Errors
    /// [`Error::TooLarge`], [`Error::Full`] and similar.
    pub fn part(&self, RoomFile { room, hash }: RoomFile, size: u64) -> Result<Part, Error> {
        if size > FILE_BYTES {
            return Err(Error::TooLarge);
        }
        let dir = self.dir(&room)?;
        let path = dir.join(format!("{hash}.{size}"));
        let data = open_or_create(&path)?;
        let tree = open_or_create(&dir.join(format!("{hash}.tree")))?;
        let source = FileSource { path, data, tree: tree_of(hash, size, tree) };
        let held = source.data.metadata().map_err(|why| Error::io(&source.path, &why))?.len();
        // Pieces torn by a crash are fetched again.
        let mut pieces = 0;
        while pieces < count(held.min(size)) && source.piece(pieces)?.is_some() {
            pieces += 1;
        }
        Ok(Part { dir, source, pieces })
    }

    /// A file to read, complete or partial; `None` when nothing of it is here.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn source(&self, RoomFile { room, hash }: RoomFile, size: u64) -> Result<Option<FileSource>, Error> {
        let Some(dir) = self.found() else { return Ok(None) };
        let dir = dir.join(room.to_string());
        let tree = dir.join(format!("{hash}.tree"));
        let whole = (dir.join(hash.to_string()), true);
        let partial = (dir.join(format!("{hash}.{size}")), false);
        // Twice, because a partial file that becomes complete between two looks is under neither name.
        for (path, whole) in [whole.clone(), partial, whole] {
            let Some(data) = open(&path)? else { continue };
            let held = data.metadata().map_err(|why| Error::io(&path, &why))?.len();
            let Some(tree) = open(&tree)?.filter(|_| !whole || held == size) else { return Ok(None) };
            return Ok(Some(FileSource { path, data, tree: tree_of(hash, size, tree) }));
        }
        Ok(None)
    }

    /// Removes a file, complete or partial.
    ///
    /// # Errors
    /// When it cannot be removed.
    pub fn remove(&self, RoomFile { room, hash }: RoomFile) -> Result<(), Error> {
        let Some(dir) = self.found().map(|dir| dir.join(room.to_string())).filter(|dir| dir.is_dir()) else {
            return Ok(());
        };
        let hash = hash.to_string();
        for name in names(&dir)?.into_iter().filter(|name| name.starts_with(&hash)) {
            remove(&dir.join(name))?;
        }
        // Fails while the directory is not empty.
        let _ = fs::remove_dir(&dir);
        Ok(())
    }

    /// The directory, if it exists.
    fn found(&self) -> Option<PathBuf> {
        match &self.place {
            Root::Home(dir) => Some(dir.clone()).filter(|dir| dir.is_dir()),
            Root::Nowhere(dir) => dir.get().map(|dir| dir.path().to_owned()),
        }
    }

    /// The directory of a room, created if missing.
    fn dir(&self, room: &RoomId) -> Result<PathBuf, Error> {
        let dir = match &self.place {
            Root::Home(dir) => dir,
            Root::Nowhere(dir) => match dir.get() {
                Some(dir) => dir.path(),
                None => {
                    let made = TempDir::new().map_err(|why| Error::io(&std::env::temp_dir(), &why))?;
                    dir.get_or_init(|| made).path()
                }
            },
        };
        let dir = dir.join(room.to_string());
        make(&dir).map_err(|why| Error::io(&dir, &why))?;
        Ok(dir)
    }
}

/// A file being imported. Dropping an unfinished import removes it.
pub struct Import {
    dir: PathBuf,
    path: PathBuf,
    file: File,
    size: u64,
}

impl Import {
    /// Appends the next bytes.
    ///
    /// # Errors
    /// [`Error::TooLarge`] and [`Error::Full`].
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.size += bytes.len() as u64;
        if self.size > FILE_BYTES {
            return Err(Error::TooLarge);
        }
        spare(&self.dir, bytes.len() as u64)?;
        self.file.write_all(bytes).map_err(|why| Error::io(&self.path, &why))
    }

    /// Ends the import; returns the file's hash and size once it is durable.
    ///
    /// # Errors
    /// [`Error::Full`] and similar.
    pub fn end(mut self) -> Result<(FileId, u64), Error> {
        let failed = |why| Error::io(&self.path, &why);
        let beside = self.dir.join(format!("{}.tree", self.path.file_name().unwrap_or_default().display()));
        let mut tree = tree_of(FileId::default(), self.size, create(&beside)?);
        let hashed = (|| {
            self.file.rewind()?;
            tree.init_from(BufReader::with_capacity(PIECE_BYTES, &self.file))?;
            tree.data.sync_all()?;
            self.file.sync_all()
        })();
        let named = hashed.and_then(|()| {
            let hash = FileId(*tree.root.as_bytes());
            fs::rename(&beside, self.dir.join(format!("{hash}.tree")))?;
            fs::rename(&self.path, self.dir.join(hash.to_string()))?;
            sync(&self.dir)?;
            Ok(hash)
        });
        if named.is_err() {
            remove(&beside)?;
        }
        Ok((named.map_err(failed)?, self.size))
    }
}

impl Drop for Import {
    fn drop(&mut self) {
        // After `end`, this name no longer exists. A file that cannot be removed goes when the home is opened again.
        let _ = remove(&self.path);
    }
}

/// The part of a file fetched so far.
pub struct Part {
    dir: PathBuf,
    source: FileSource,
    /// Number of pieces here, counted from the front.
    pieces: u64,
}

impl Part {
    /// The next piece to fetch, from 0.
    pub fn next(&self) -> u64 {
        self.pieces
    }

    /// Number of bytes here.
    pub fn have(&self) -> u64 {
        (self.pieces * PIECE_BYTES as u64).min(self.source.size())
    }

    /// Whether all of it is here.
    pub fn is_whole(&self) -> bool {
        self.pieces == count(self.source.size())
    }

    /// Takes the next piece in its wire form, if this is it.
    ///
    /// # Errors
    /// [`Error::Full`] and similar.
    pub fn put(&mut self, sent: &[u8]) -> Result<Piece, Error> {
        spare(&self.dir, sent.len() as u64)?;
        let mut left = Cursor::new(sent);
        let FileSource { path, data, tree } = &mut self.source;
        match decode_ranges(&mut left, &ranges(self.pieces), data, tree) {
            Ok(()) if left.position() == sent.len() as u64 => {
                self.pieces += 1;
                Ok(Piece::Taken)
            }
            Err(DecodeError::Io(why)) => Err(Error::io(path, &why)),
            _ => Ok(Piece::Wrong),
        }
    }

    /// Makes the complete file durable under its hash.
    ///
    /// # Errors
    /// [`Error::Full`] and similar.
    pub fn end(self) -> Result<(), Error> {
        let FileSource { path, data, tree } = &self.source;
        let ended = (|| {
            tree.data.sync_all()?;
            data.set_len(tree.tree.size())?;
            data.sync_all()?;
            fs::rename(path, self.dir.join(tree.root.to_hex().as_str()))?;
            sync(&self.dir)
        })();
        ended.map_err(|why| Error::io(path, &why))
    }
}

/// A file to read, complete or partial.
pub struct FileSource {
    path: PathBuf,
    data: File,
    tree: PreOrderOutboard<File>,
}

impl FileSource {
    /// Size of the complete file in bytes.
    pub fn size(&self) -> u64 {
        self.tree.tree.size()
    }

    /// A piece in its wire form, with its proof: at most [`SENT_PIECE_BYTES`]. `None` when it is not here or no longer
    /// verifies.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn piece(&self, at: u64) -> Result<Option<Vec<u8>>, Error> {
        if at >= count(self.size()) {
            return Ok(None);
        }
        let mut sent = Vec::with_capacity(SENT_PIECE_BYTES);
        match encode_ranges_validated(&self.data, &self.tree, &ranges(at), &mut sent) {
            Ok(()) => Ok(Some(sent)),
            Err(EncodeError::Io(why)) if why.kind() != io::ErrorKind::UnexpectedEof => Err(Error::io(&self.path, &why)),
            Err(_) => Ok(None),
        }
    }

    /// Up to `len` bytes from `at`.
    ///
    /// # Errors
    /// When they cannot be read or are not here.
    pub fn read(&self, at: u64, len: usize) -> Result<Bytes, Error> {
        let mut bytes = vec![0; len.min(PIECE_BYTES)];
        self.data.read_exact_at(at, &mut bytes).map_err(|why| Error::io(&self.path, &why))?;
        Ok(bytes.into())
    }
}

/// Number of pieces in a file. An empty file has one piece, which says so.
fn count(size: u64) -> u64 {
    size.div_ceil(PIECE_BYTES as u64).max(1)
}

fn ranges(piece: u64) -> ChunkRanges {
    let chunks = |piece: u64| ChunkNum(piece << PIECE_CHUNKS_LOG);
    ChunkRanges::from(chunks(piece)..chunks(piece + 1))
}

fn tree_of(hash: FileId, size: u64, data: File) -> PreOrderOutboard<File> {
    let tree = BaoTree::new(size, BlockSize::from_chunk_log(PIECE_CHUNKS_LOG));
    PreOrderOutboard { root: blake3::Hash::from_bytes(hash.0), tree, data }
}

/// Free bytes on the disk of a directory.
///
/// # Errors
/// When the system does not say.
#[cfg(unix)]
pub fn free_bytes(dir: &Path) -> io::Result<u64> {
    let disk = nix::sys::statvfs::statvfs(dir)?;
    #[allow(clippy::useless_conversion, reason = "other systems count in fewer bits")]
    Ok(u64::from(disk.blocks_available()).saturating_mul(disk.fragment_size()))
}

/// Bytes of the files in a directory and below, at most the first [`WALKED`] names. Links are not followed.
///
/// # Errors
/// When a directory cannot be read.
pub fn used_bytes(dir: &Path) -> io::Result<u64> {
    let (mut dirs, mut walked, mut bytes) = (vec![dir.to_owned()], 0, 0_u64);
    while let Some(dir) = dirs.pop() {
        for name in fs::read_dir(&dir)?.take(WALKED - walked) {
            walked += 1;
            // A file may have gone meanwhile.
            let Ok((path, found)) = name.and_then(|name| Ok((name.path(), name.metadata()?))) else { continue };
            if found.is_dir() {
                dirs.push(path);
            } else {
                bytes = bytes.saturating_add(found.len());
            }
        }
    }
    Ok(bytes)
}

/// Fails when the file would leave too little room for everything else.
fn spare(dir: &Path, bytes: u64) -> Result<(), Error> {
    let free = free_bytes(dir).map_err(|why| Error::io(dir, &why))?;
    if free < FREE_BYTES + bytes { Err(Error::Full { path: dir.to_owned() }) } else { Ok(()) }
}

/// Other systems do not say; they are assumed to have room.
#[cfg(not(unix))]
pub fn free_bytes(_: &Path) -> io::Result<u64> {
    Ok(u64::MAX)
}

fn names(dir: &Path) -> Result<Vec<String>, Error> {
    let failed = |why| Error::io(dir, &why);
    let mut names = Vec::new();
    for entry in fs::read_dir(dir).map_err(failed)? {
        names.extend(entry.map_err(failed)?.file_name().into_string());
    }
    Ok(names)
}

/// The rooms that have a directory in `dir`.
fn rooms(dir: &Path) -> Result<Vec<RoomId>, Error> {
    Ok(names(dir)?.iter().filter_map(|name| read_hash(name)).map(RoomId).collect())
}

fn read_hash(name: &str) -> Option<[u8; 32]> {
    blake3::Hash::from_hex(name).ok().map(|hash| *hash.as_bytes())
}

fn held(path: &Path, file: RoomFile) -> Option<HeldFile> {
    let found = fs::symlink_metadata(path).ok().filter(fs::Metadata::is_file)?;
    let came = found.modified().ok()?.duration_since(UNIX_EPOCH).unwrap_or_default();
    Some(HeldFile { file, size: found.len(), came_ms: came.as_millis() as u64 })
}

/// Removes a file, if it is there.
fn remove(path: &Path) -> Result<(), Error> {
    match fs::remove_file(path) {
        Err(why) if why.kind() != io::ErrorKind::NotFound => Err(Error::io(path, &why)),
        _ => Ok(()),
    }
}

fn open(path: &Path) -> Result<Option<File>, Error> {
    match File::open(path) {
        Ok(file) => Ok(Some(file)),
        Err(why) if why.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(why) => Err(Error::io(path, &why)),
    }
}

fn create(path: &Path) -> Result<File, Error> {
    remove(path)?;
    open_or_create(path)
}

/// A file for its owner only.
fn open_or_create(path: &Path) -> Result<File, Error> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map_err(|why| Error::io(path, &why))
}
