//! The keys of a home, sealed one by one where they lie in the tables, under a key that is not on the disk.
//!
//! ```text
//! sealed  AES-256-GCM-SIV under the key of the home, with a nonce of zeros and, as associated data, the name of the column
//!         and a zero, and the id of the room or epoch: ciphertext 32, tag 16
//! ```
//!
//! Every connection has two functions for it, `sealed` and `opened`, each of a value, a name and an id. Without a key of the
//! home both leave values as they are. The nonce of this cipher may be the same each time: equal keys in one place seal alike,
//! and nothing else is seen.

use std::path::Path;

use aes_gcm_siv::{
    Aes256GcmSiv, KeyInit as _, Nonce,
    aead::{Aead as _, Payload},
};
use rusqlite::{
    Connection, OptionalExtension as _,
    functions::{Context, FunctionFlags},
    types::{Value, ValueRef},
};
use zeroize::Zeroizing;

use super::{fail::Fail, record::int};
use crate::error::Error;

/// Bytes of a key as it is.
const PLAIN_BYTES: usize = 32;

/// Bytes of a sealed one.
const SEALED_BYTES: usize = PLAIN_BYTES + 16;

/// The key under which the keys of a home are sealed.
#[derive(Clone)]
pub struct HomeKey(Zeroizing<[u8; PLAIN_BYTES]>);

impl HomeKey {
    /// The key with these bytes.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// Its bytes, which open all keys of the home.
    pub fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// Leaves the bytes out.
impl std::fmt::Debug for HomeKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HomeKey").finish_non_exhaustive()
    }
}

/// Gives a connection the functions that seal and open.
pub(super) fn give(db: &Connection, key: Option<&HomeKey>) -> Result<(), Fail> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC | FunctionFlags::SQLITE_DIRECTONLY;
    let cipher = || key.map(|key| Aes256GcmSiv::new((&*key.0).into()));
    let (sealing, opening) = (cipher(), cipher());
    db.create_scalar_function("sealed", 3, flags, move |given| {
        pass(given, (sealing.as_ref(), PLAIN_BYTES), |cipher, said| cipher.encrypt(&Nonce::default(), said).ok())
    })?;
    db.create_scalar_function("opened", 3, flags, move |given| {
        pass(given, (opening.as_ref(), SEALED_BYTES), |cipher, said| cipher.decrypt(&Nonce::default(), said).ok())
    })?;
    Ok(())
}

/// Changes a value of this length with a cipher. Others, and what the cipher refuses, stay as they are.
fn pass(
    given: &Context<'_>,
    (cipher, len): (Option<&Aes256GcmSiv>, usize),
    change: impl Fn(&Aes256GcmSiv, Payload<'_, '_>) -> Option<Vec<u8>>,
) -> rusqlite::Result<Value> {
    let place = [given.get_raw(1).as_str()?.as_bytes(), &[0], given.get_raw(2).as_blob()?].concat();
    let changed = match (cipher, given.get_raw(0)) {
        (Some(cipher), ValueRef::Blob(msg)) if msg.len() == len => change(cipher, Payload { msg, aad: &place }),
        _ => None,
    };
    Ok(changed.map_or_else(|| given.get_raw(0).try_into(), |bytes| Ok(Value::Blob(bytes)))?)
}

/// Whether the keys are sealed: those of the whole home are sealed and opened in one commit. `None` when there is none yet.
///
/// # Errors
/// [`Error::Sealed`] when they are, and not under the key that the connection has.
pub(super) fn is_sealed(db: &Connection, path: &Path) -> Result<Option<bool>, Error> {
    let ask = "SELECT length(secret), length(opened(secret, 'peer', x'')) FROM peer";
    let found = db.query_row(ask, [], |row| Ok((row.get(0)?, row.get(1)?))).optional();
    let is_sealed = |len: i64| len == int(SEALED_BYTES as u64);
    match found.map_err(|why| Fail::from(why).at(path))? {
        Some((_, opened)) if is_sealed(opened) => Err(Error::Sealed { path: path.to_owned() }),
        found => Ok(found.map(|(len, _)| is_sealed(len))),
    }
}

/// Seals all keys that are not.
pub(super) fn seal(db: &Connection) -> Result<(), Fail> {
    change(db, "sealed")
}

/// Opens all keys that are sealed.
pub(super) fn open(db: &Connection) -> Result<(), Fail> {
    change(db, "opened")
}

fn change(db: &Connection, how: &str) -> Result<(), Fail> {
    Ok(db.execute_batch(&format!(
        "UPDATE peer SET secret = {how}(secret, 'peer', x'');
        UPDATE room SET secret = {how}(secret, 'room', room), author_secret = {how}(author_secret, 'author', room),
            ticket_secret = {how}(ticket_secret, 'ticket', room);
        UPDATE epoch SET secret = {how}(secret, 'epoch', id);"
    ))?)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use rumormill_proto::{
        epochs::Secret,
        governance::TicketId,
        ids::{AuthorId, RoomId},
    };

    use super::*;
    use crate::{Change, Closed, Disk, Keep, Pass, RoomRecord, Still, Store as _};

    const ROOM: RoomId = RoomId([1; 32]);
    const EPOCH: [u8; 32] = [0xe1; 32];

    fn record() -> RoomRecord {
        let pass = Some(Pass { ticket: TicketId([7; 32]), secret: [0xd4; 32] });
        RoomRecord {
            id: ROOM,
            secret: [0xb2; 32],
            author_secret: [0xc3; 32],
            name: "lunch".into(),
            contacts: Vec::new(),
            keep: Keep::default(),
            announced: false,
            closed: Some(Closed { founder: AuthorId([8; 32]), pass, device_of: None, keeps: false }),
            private: None,
            nick: None,
        }
    }

    /// The keys that some file of a home holds as they are.
    fn plain(home: &Path) -> Vec<u8> {
        let files: Vec<Vec<u8>> =
            fs::read_dir(home).unwrap().map(|file| fs::read(file.unwrap().path()).unwrap()).collect();
        let is_in = |key: &u8| files.iter().any(|file| file.windows(32).any(|bytes| bytes == [*key; 32]));
        [0xa5, 0xb2, 0xc3, 0xd4, 0xe1].into_iter().filter(is_in).collect()
    }

    fn holds_all(disk: &mut Disk) {
        assert_eq!(disk.rooms().unwrap().whole, [record()]);
        assert_eq!(disk.peer_secret([0; 32]).unwrap(), [0xa5; 32]);
        assert!(disk.reader().unwrap().secrets(&ROOM).unwrap().contains(&Secret::new(EPOCH)));
    }

    #[test]
    fn sealed_keys_are_in_no_file_and_open_under_their_key_only() {
        let dir = tempfile::tempdir().unwrap();
        let home = dir.path().join("home");
        let (key, other) = (HomeKey::new([3; 32]), HomeKey::new([4; 32]));
        let mut disk = Disk::open(&home).unwrap();
        disk.peer_secret([0xa5; 32]).unwrap();
        disk.put_room(&record()).unwrap();
        disk.commit(&[(ROOM, Change::Keep(&Secret::new(EPOCH)))]).unwrap();
        assert_eq!(plain(&home), [0xa5, 0xb2, 0xc3, 0xd4, 0xe1]);
        disk.seal(&key).unwrap();
        assert_eq!(plain(&home), []);
        holds_all(&mut disk);
        drop(disk);
        assert_eq!(plain(&home), []);
        for wrong in [None, Some(&other)] {
            assert!(matches!(Disk::open_under(&home, wrong), Err(Error::Sealed { .. })));
            assert!(matches!(Disk::inspect(&home, wrong), Err(Error::Sealed { .. })));
            assert!(matches!(Still::open(&home, wrong), Err(Error::Sealed { .. })));
        }
        assert_eq!(Disk::inspect(&home, Some(&key)).unwrap().0.whole, [record()]);
        // What is written from then on is sealed too.
        let mut disk = Disk::open_under(&home, Some(&key)).unwrap();
        holds_all(&mut disk);
        disk.put_room(&record()).unwrap();
        disk.commit(&[(ROOM, Change::Keep(&Secret::new([0xe2; 32])))]).unwrap();
        assert_eq!(disk.reader().unwrap().secrets(&ROOM).unwrap().len(), 2);
        assert_eq!(plain(&home), []);
        disk.unseal().unwrap();
        drop(disk);
        assert_eq!(Disk::open(&home).unwrap().rooms().unwrap().whole, [record()]);
        // Whoever still has the key seals nothing by opening the home, whose key may be gone by now.
        let mut disk = Disk::open_under(&home, Some(&key)).unwrap();
        disk.put_room(&record()).unwrap();
        drop(disk);
        holds_all(&mut Disk::open(&home).unwrap());
    }

    #[test]
    fn a_home_that_begins_under_a_key_never_holds_one_as_it_is() {
        let dir = tempfile::tempdir().unwrap();
        let (home, key) = (dir.path().join("home"), HomeKey::new([3; 32]));
        let mut disk = Disk::open_under(&home, Some(&key)).unwrap();
        disk.peer_secret([0xa5; 32]).unwrap();
        disk.put_room(&record()).unwrap();
        disk.commit(&[(ROOM, Change::Keep(&Secret::new(EPOCH)))]).unwrap();
        holds_all(&mut disk);
        assert_eq!(plain(&home), []);
        drop(disk);
        assert!(matches!(Disk::open(&home), Err(Error::Sealed { .. })));
    }
}
