//! Files beside the database: imported, fetched in pieces, damaged, left over.

#![allow(clippy::unwrap_used, reason = "a failed setup is a failed test")]

use std::{
    fs,
    path::{Path, PathBuf},
};

use rumormill_proto::{
    ids::{FileId, RoomId},
    limits::FILE_BYTES,
};
use rumormill_store::{
    Error, Files, Listed, Part, Piece, RoomFile,
    limits::{PIECE_BYTES, SENT_PIECE_BYTES},
    used_bytes,
};

const ROOM: RoomId = RoomId([7; 32]);

/// The room's directory.
fn dir(home: &Path) -> PathBuf {
    home.join("files").join(ROOM.to_string())
}

/// Bytes that differ in each piece.
fn bytes(len: usize) -> Vec<u8> {
    (0..len).map(|at| (at / 7 + at / PIECE_BYTES) as u8).collect()
}

fn import(files: &Files, bytes: &[u8]) -> RoomFile {
    let mut import = files.import(&ROOM).unwrap();
    bytes.chunks(100_000).for_each(|chunk| import.write(chunk).unwrap());
    let (hash, size) = import.end().unwrap();
    assert_eq!((hash.0, size), (*blake3::hash(bytes).as_bytes(), bytes.len() as u64));
    RoomFile { room: ROOM, hash }
}

/// The pieces of a file in wire form.
fn pieces(files: &Files, file: RoomFile, size: usize) -> Vec<Vec<u8>> {
    let source = files.source(file, size as u64).unwrap().unwrap();
    (0..).map_while(|at| source.piece(at).unwrap()).collect()
}

fn fill(part: &mut Part, pieces: &[Vec<u8>]) {
    for piece in pieces {
        assert_eq!(part.put(piece).unwrap(), Piece::Taken);
    }
}

fn names(home: &Path) -> Vec<String> {
    let Ok(found) = fs::read_dir(dir(home)) else { return Vec::new() };
    let mut names: Vec<_> = found.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_file_crosses_piece_by_piece_whatever_its_size() {
    for size in [0, 1, 1024, 1025, PIECE_BYTES - 1, PIECE_BYTES, PIECE_BYTES + 1, 5 * PIECE_BYTES + 77] {
        let (home, from, whole) = (tempfile::tempdir().unwrap(), Files::nowhere(), bytes(size));
        let file = import(&from, &whole);
        let sent = pieces(&from, file, size);
        assert_eq!(sent.len(), size.div_ceil(PIECE_BYTES).max(1));
        assert!(sent.iter().all(|piece| piece.len() <= SENT_PIECE_BYTES));
        let to = Files::open(home.path()).unwrap();
        let mut part = to.part(file, size as u64).unwrap();
        if size > 0 {
            fill(&mut part, &sent);
        }
        assert!(part.is_whole() && part.have() == size as u64);
        part.end().unwrap();
        assert_eq!(fs::read(dir(home.path()).join(file.hash.to_string())).unwrap(), whole);
        assert_eq!(pieces(&to, file, size), sent, "a fetched file is served");
        let Listed { whole: held, parts, .. } = to.list().unwrap();
        assert_eq!((held.len(), held[0].file, held[0].size, parts.len()), (1, file, size as u64, 0));
        to.remove(file).unwrap();
        assert_eq!(names(home.path()), [""; 0]);
    }
}

#[test]
fn a_file_is_found_while_it_becomes_complete() {
    let (home, from, whole) = (tempfile::tempdir().unwrap(), Files::nowhere(), bytes(1024));
    let file = import(&from, &whole);
    let sent = pieces(&from, file, whole.len());
    let to = Files::open(home.path()).unwrap();
    for _ in 0..200 {
        let mut part = to.part(file, whole.len() as u64).unwrap();
        fill(&mut part, &sent);
        std::thread::scope(|scope| {
            let ends = scope.spawn(|| part.end().unwrap());
            while !ends.is_finished() {
                assert!(to.source(file, whole.len() as u64).unwrap().is_some());
            }
        });
        to.remove(file).unwrap();
    }
}

#[test]
fn what_is_no_piece_of_the_file_is_not_written() {
    let (from, to, size) = (Files::nowhere(), Files::nowhere(), 3 * PIECE_BYTES + 5);
    let file = import(&from, &bytes(size));
    let sent = pieces(&from, file, size);
    let mut part = to.part(file, size as u64).unwrap();
    fill(&mut part, &sent[..1]);
    let mut wrong =
        vec![vec![], sent[0].clone(), sent[2].clone(), sent[1][..100].to_vec(), [&sent[1][..], b"x"].concat()];
    for at in [0, 70, 200, sent[1].len() - 1] {
        let mut flipped = sent[1].clone();
        flipped[at] ^= 1;
        wrong.push(flipped);
    }
    for piece in &wrong {
        assert_eq!(part.put(piece).unwrap(), Piece::Wrong);
        assert_eq!((part.next(), part.is_whole()), (1, false));
    }
    fill(&mut part, &sent[1..]);
    part.end().unwrap();
    assert_eq!(pieces(&to, file, size), sent);
}

#[test]
fn a_fetch_goes_on_where_it_was_and_fetches_what_was_torn_again() {
    let (home, from, size) = (tempfile::tempdir().unwrap(), Files::nowhere(), 6 * PIECE_BYTES);
    let file = import(&from, &bytes(size));
    let sent = pieces(&from, file, size);
    fill(&mut Files::open(home.path()).unwrap().part(file, size as u64).unwrap(), &sent[..4]);
    let files = Files::open(home.path()).unwrap();
    assert_eq!(files.list().unwrap().parts, [(file, size as u64)]);
    assert_eq!(files.part(file, size as u64).unwrap().next(), 4);
    let path = dir(home.path()).join(format!("{}.{size}", file.hash));
    let mut torn = fs::read(&path).unwrap();
    torn[2 * PIECE_BYTES + 9] ^= 1;
    fs::write(&path, torn).unwrap();
    let mut part = files.part(file, size as u64).unwrap();
    assert_eq!(part.next(), 2);
    fill(&mut part, &sent[2..]);
    part.end().unwrap();
    assert_eq!(pieces(&files, file, size), sent);
}

#[test]
fn what_was_damaged_is_not_served() {
    let (home, size) = (tempfile::tempdir().unwrap(), 3 * PIECE_BYTES);
    let files = Files::open(home.path()).unwrap();
    let file = import(&files, &bytes(size));
    let path = dir(home.path()).join(file.hash.to_string());
    let mut damaged = fs::read(&path).unwrap();
    damaged[PIECE_BYTES + 1] ^= 1;
    fs::write(&path, damaged).unwrap();
    let source = files.source(file, size as u64).unwrap().unwrap();
    let served = |at| source.piece(at).unwrap().is_some();
    assert_eq!((served(0), served(1), served(2), served(3)), (true, false, true, false));
    assert!(files.source(file, size as u64 + 1).unwrap().is_none(), "no file with another size");
}

#[test]
fn what_was_not_taken_in_whole_leaves_nothing() {
    let home = tempfile::tempdir().unwrap();
    let files = Files::open(home.path()).unwrap();
    let mut import = files.import(&ROOM).unwrap();
    import.write(b"half of it").unwrap();
    assert_eq!(names(home.path()), ["new.0"]);
    drop(import);
    assert_eq!(names(home.path()), [""; 0]);
    fs::write(dir(home.path()).join("new.7"), b"a crash left this").unwrap();
    drop(Files::open(home.path()).unwrap());
    assert_eq!(names(home.path()), [""; 0]);
}

#[test]
fn rooms_share_nothing() {
    let files = Files::nowhere();
    let file = import(&files, b"of one room");
    let elsewhere = RoomFile { room: RoomId([8; 32]), ..file };
    assert!(files.source(elsewhere, 11).unwrap().is_none());
    files.remove(elsewhere).unwrap();
    assert!(files.source(file, 11).unwrap().is_some());
}

#[test]
fn a_file_past_the_bound_is_refused() {
    let files = Files::nowhere();
    assert_eq!(files.part(RoomFile { room: ROOM, hash: FileId([1; 32]) }, FILE_BYTES + 1).err(), Some(Error::TooLarge));
}

#[cfg(unix)]
#[test]
fn nobody_else_reads_them() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let home = tempfile::tempdir().unwrap();
    let files = Files::open(home.path()).unwrap();
    import(&files, b"private");
    let (dir, room) = (home.path().join("files"), dir(home.path()));
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&dir), mode(&room)), (0o700, 0o700));
    assert!(names(home.path()).iter().all(|name| mode(&room.join(name)) == 0o600));
    fs::set_permissions(&dir, fs::Permissions::from_mode(0o755)).unwrap();
    assert!(matches!(Files::open(home.path()), Err(Error::Exposed { mode: 0o755, .. })));
    fs::rename(&dir, home.path().join("elsewhere")).unwrap();
    symlink(home.path().join("elsewhere"), &dir).unwrap();
    assert!(matches!(Files::open(home.path()), Err(Error::Link { .. })));
}

#[test]
fn what_a_home_takes_is_the_sum_of_its_files_and_of_nothing_that_a_link_leads_to() {
    let (home, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    assert_eq!(used_bytes(home.path()).unwrap(), 0);
    fs::create_dir_all(home.path().join("a/b")).unwrap();
    fs::write(elsewhere.path().join("large"), [0; 4096]).unwrap();
    for (name, len) in [("one", 1), ("a/two", 20), ("a/b/three", 300)] {
        fs::write(home.path().join(name), vec![0; len]).unwrap();
    }
    std::os::unix::fs::symlink(elsewhere.path(), home.path().join("a/link")).unwrap();
    let link = fs::symlink_metadata(home.path().join("a/link")).unwrap().len();
    assert_eq!(used_bytes(home.path()).unwrap(), 321 + link);
    assert!(used_bytes(&home.path().join("nothing")).is_err());
}
