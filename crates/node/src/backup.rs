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
    limits::{BACKUP_BYTES, LINK_ROOMS},
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
    /// Most rooms that one holds.
    pub const ROOMS: usize = LINK_ROOMS;

    /// Its bytes, which are as secret as the home itself.
    ///
    /// # Errors
    /// When it holds more than [`Backup::decode`] reads.
    pub fn encode(&self) -> Result<Zeroizing<Vec<u8>>, Reject> {
        let handed = self.handed.encode();
        if [self.handed.closed.len(), self.handed.open.len(), self.keys.len()].iter().any(|rooms| *rooms > Self::ROOMS)
        {
            return Err(Reject::Limit("rooms"));
        }
        if handed.len() > BACKUP_BYTES {
            return Err(Reject::Limit("handed"));
        }
        let mut out = Zeroizing::new(BEGINS.to_vec());
        put_bytes(&mut out, &handed);
        put_number(&mut out, self.keys.len() as u64);
        for (room, key) in &self.keys {
            out.extend_from_slice(&room.0);
            out.extend_from_slice(key.secret());
        }
        Ok(out)
    }

    /// What these bytes say.
    ///
    /// # Errors
    /// When they are not of the form above.
    pub fn decode(bytes: &[u8]) -> Result<Self, Reject> {
        let rest = bytes.strip_prefix(BEGINS).ok_or(Reject::Malformed("backup"))?;
        let mut from = Reader::new(Bytes::copy_from_slice(rest));
        let handed = LinkHanded::decode(from.bytes(BACKUP_BYTES, "handed")?)?;
        let count = from.count(Self::ROOMS, "keys")?;
        let key = |from: &mut Reader| Ok((RoomId(from.array("room")?), DeviceKey::kept(from.array("key")?)));
        let keys = (0..count).map(|_| key(&mut from)).collect::<Result<_, Reject>>()?;
        from.end("backup")?;
        Ok(Self { handed, keys })
    }
}

#[cfg(test)]
mod tests {
    use rumormill_proto::{
        frame::Contact,
        ids::{AuthorId, PeerId},
        limits::{ADDRESS_BYTES, LETTER_KEYS, LETTER_PEOPLE, SEQ_END},
        time::Time,
        timeline::Place,
    };
    use rumormill_store::Private;

    use super::*;
    use crate::{
        limits::{LINK_HIDDEN, LINK_NAME_BYTES, TICKET_CONTACTS},
        linking::words::{AboutRoom, HandedRoom},
    };

    /// A room with every bound reached.
    fn largest() -> HandedRoom {
        let author = AuthorId([9; 32]);
        let name = "n".repeat(LINK_NAME_BYTES);
        let about = AboutRoom {
            name: name.clone(),
            nick: name,
            read: Some(Place { time: Time(u64::MAX), author, seq: SEQ_END - 1 }),
            hidden: vec![author; LINK_HIDDEN],
            verified: vec![author; LINK_HIDDEN],
            muted: true,
            pinned: true,
            hold: true,
            flood: u64::MAX,
        };
        let contact = Contact { peer: PeerId([3; 32]), address: Bytes::from(vec![4; ADDRESS_BYTES]) };
        HandedRoom {
            id: RoomId([1; 32]),
            secret: [2; 32],
            founder: author,
            author,
            contacts: vec![contact; TICKET_CONTACTS],
            private: Some(Private { of: RoomId([5; 32]), people: vec![vec![author; LETTER_KEYS]; LETTER_PEOPLE] }),
            about,
        }
    }

    #[test]
    fn the_largest_backup_that_is_written_is_read_and_a_larger_one_is_not_written() {
        let handed = LinkHanded { closed: vec![largest(); Backup::ROOMS], ..LinkHanded::default() };
        let keys = |rooms| (0..rooms).map(|_| (RoomId([1; 32]), DeviceKey::kept([6; 32]))).collect();
        let mut backup = Backup { handed, keys: keys(Backup::ROOMS) };
        let again = Backup::decode(&backup.encode().unwrap()).unwrap();
        assert!((again.handed == backup.handed) && again.keys.len() == Backup::ROOMS);
        backup.handed.closed.push(largest());
        assert_eq!(backup.encode().err(), Some(Reject::Limit("rooms")));
        let many = Backup { handed: LinkHanded::default(), keys: keys(Backup::ROOMS + 1) };
        assert_eq!(many.encode().err(), Some(Reject::Limit("rooms")));
    }

    #[test]
    fn a_backup_is_read_as_it_was_written_and_not_when_it_is_cut() {
        let backup = Backup { handed: LinkHanded::default(), keys: vec![(RoomId([7; 32]), DeviceKey::fresh())] };
        let bytes = backup.encode().unwrap();
        let again = Backup::decode(&bytes).unwrap();
        assert_eq!((again.handed, again.keys[0].1.author()), (backup.handed, backup.keys[0].1.author()));
        for end in 0..bytes.len() {
            assert!(Backup::decode(&bytes[..end]).is_err(), "{end} bytes");
        }
    }
}
