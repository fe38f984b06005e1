//! The 32-byte names of things: rooms, authors, peers, entries and files.

use std::{cmp::Ordering, fmt};

use data_encoding::HEXLOWER;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
        pub struct $name(pub [u8; 32]);

        impl $name {
            /// The raw 32 bytes.
            pub fn as_bytes(&self) -> &[u8; 32] {
                &self.0
            }

            /// The first eight bytes as a big-endian number: orders like the id itself.
            pub fn prefix(&self) -> u64 {
                let [a, b, c, d, e, f, g, h, ..] = self.0;
                u64::from_be_bytes([a, b, c, d, e, f, g, h])
            }

            /// The smallest id with this prefix.
            pub fn lowest(prefix: u64) -> Self {
                let mut id = [0; 32];
                id[..8].copy_from_slice(&prefix.to_be_bytes());
                Self(id)
            }

            /// The largest id with this prefix.
            pub fn highest(prefix: u64) -> Self {
                let mut id = [0xff; 32];
                id[..8].copy_from_slice(&prefix.to_be_bytes());
                Self(id)
            }

            /// The first four bytes in hexadecimal, for people.
            pub fn short(&self) -> String {
                let [a, b, c, d, ..] = self.0;
                HEXLOWER.encode(&[a, b, c, d])
            }
        }

        /// In the order of the bytes. Eight of them nearly always decide, and those compare as one number.
        impl Ord for $name {
            fn cmp(&self, other: &Self) -> Ordering {
                self.prefix().cmp(&other.prefix()).then_with(|| self.0.cmp(&other.0))
            }
        }

        impl PartialOrd for $name {
            fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
                Some(self.cmp(other))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                HEXLOWER.encode_display(&self.0).fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.short())
            }
        }
    };
}

id!(
    /// The room that people join: the hash of its founding, see [`crate::entry::found`].
    RoomId
);
id!(
    /// The author of an entry: an Ed25519 public key.
    AuthorId
);
id!(
    /// A running process we can talk to: the public key of its transport.
    PeerId
);
id!(
    /// An entry: the hash of its canonical header, see [`crate::entry`].
    EntryId
);

id!(
    /// A file: the BLAKE3 hash of its bytes.
    FileId
);

/// Position of an entry in its author's log, from 0.
pub type Seq = u64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefix_orders_like_the_id() {
        let mut low = AuthorId([0; 32]);
        let mut high = low;
        low.0[7] = 1;
        high.0[0] = 1;
        assert!(low < high && low.prefix() < high.prefix());
        assert_eq!(low.short(), "00000000");
        assert_eq!(high.to_string(), format!("01{}", "0".repeat(62)));
        high.0[..4].copy_from_slice(&[0x9a, 0xf0, 0x0f, 0xc3]);
        assert_eq!((high.short().as_str(), &high.to_string()[..8]), ("9af00fc3", "9af00fc3"));
    }

    #[test]
    fn ids_order_as_their_bytes_do() {
        let id = |at: usize, byte: u8| {
            let mut id = PeerId([7; 32]);
            id.0[at] = byte;
            id
        };
        let ids = [0, 7, 8, 31].map(|at| [id(at, 0), id(at, 7), id(at, 255)]).concat();
        for (one, other) in ids.iter().flat_map(|one| ids.iter().map(move |other| (one, other))) {
            assert_eq!(one.cmp(other), one.0.cmp(&other.0));
            assert_eq!(one == other, one.cmp(other).is_eq());
        }
    }
}
