//! What a backup holds: all that a home needs to come back into its rooms, under keys that were made for it.
//!
//! ```text
//! backup  "rumormill backup 1\n"; number of bytes, and what one machine hands over to another; n, then n times a closed room
//!         of 32 and the secret key of a device of 32
//! ```

use bytes::Bytes;
use rumormill_proto::{
    codec::{Reader, put_bytes, put_number},
    ids::RoomId,
    reject::Reject,
};
use zeroize::Zeroizing;

use crate::{
    devices::DeviceKey,
    limits::{LINK_BYTES, ROOMS},
    linking::words::LinkHanded,
};

/// With this a backup begins.
const BEGINS: &[u8; 19] = b"rumormill backup 1\n";

/// All that a home needs to come back into its rooms.
pub struct Backup {
    /// The rooms.
    pub handed: LinkHanded,
    /// The key under which one writes in each closed room.
    pub keys: Vec<(RoomId, DeviceKey)>,
}

impl Backup {
    /// Its bytes, which are as secret as the home itself.
    pub fn encode(&self) -> Zeroizing<Vec<u8>> {
        let mut out = Zeroizing::new(BEGINS.to_vec());
        put_bytes(&mut out, &self.handed.encode());
        put_number(&mut out, self.keys.len() as u64);
        for (room, key) in &self.keys {
            out.extend_from_slice(&room.0);
            out.extend_from_slice(key.secret());
        }
        out
    }

    /// What these bytes say.
    ///
    /// # Errors
    /// When they are not of the form above.
    pub fn decode(bytes: &[u8]) -> Result<Self, Reject> {
        let rest = bytes.strip_prefix(BEGINS).ok_or(Reject::Malformed("backup"))?;
        let mut from = Reader::new(Bytes::copy_from_slice(rest));
        let handed = LinkHanded::decode(from.bytes(LINK_BYTES, "handed")?)?;
        let count = from.count(ROOMS, "keys")?;
        let key = |from: &mut Reader| Ok((RoomId(from.array("room")?), DeviceKey::kept(from.array("key")?)));
        let keys = (0..count).map(|_| key(&mut from)).collect::<Result<_, Reject>>()?;
        from.end("backup")?;
        Ok(Self { handed, keys })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_backup_is_read_as_it_was_written_and_not_when_it_is_cut() {
        let backup = Backup { handed: LinkHanded::default(), keys: vec![(RoomId([7; 32]), DeviceKey::fresh())] };
        let bytes = backup.encode();
        let again = Backup::decode(&bytes).unwrap();
        assert_eq!((again.handed, again.keys[0].1.author()), (backup.handed, backup.keys[0].1.author()));
        for end in 0..bytes.len() {
            assert!(Backup::decode(&bytes[..end]).is_err(), "{end} bytes");
        }
    }
}
