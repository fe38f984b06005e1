//! Ids as they travel over `/v1`: as text, so that whoever shows or scripts them needs no type of ours.

use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Texts that stand for something: one type each, so that none is taken for another.
macro_rules! texts {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
        #[serde(transparent)]
        pub struct $name(pub String);

        impl $name {
            /// The text itself.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.to_owned())
            }
        }
    )*};
}

texts! {
    /// A room id: 64 hex digits.
    RoomHex;
    /// An author id: 64 hex digits.
    AuthorHex;
    /// A peer id: 64 hex digits.
    PeerHex;
    /// The hash of an entry: 64 hex digits.
    EntryHex;
    /// The hash of a file: 64 hex digits.
    FileHex;
    /// Names an entry: `<author hex>.<seq>`.
    EntryRef;
    /// Where a message stands: `<time, 16 hex>.<author>.<seq, 16 hex>`. Compared as text, places order as the
    /// timeline does.
    PlaceText;
}

impl PlaceText {
    /// Before everything that was said at `ms` milliseconds since the Unix epoch or later.
    pub fn earliest(ms: u64) -> Self {
        Self(format!("{:016x}.{}.{:016x}", ms << 16, "0".repeat(64), 0))
    }

    /// The milliseconds since the Unix epoch at which it stands; none where it is no place.
    pub fn ms(&self) -> Option<u64> {
        let (time, _) = self.0.split_once('.')?;
        u64::from_str_radix(time, 16).ok().map(|time| time >> 16)
    }
}
