//! Ids in `/v1`: plain text, so that programs can show and pass them on without types of ours.

use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Defines one type for each kind of id, so that they cannot be confused.
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
    /// The id of a webhook.
    HookId;
    /// The hash of a file: 64 hex digits.
    FileHex;
    /// An entry: `<author hex>.<seq>`.
    EntryRef;
    /// The place of a message in the timeline: `<time, 16 hex>.<author>.<seq, 16 hex>`. The order of places as text is
    /// the order of the timeline.
    PlaceText;
}

impl PlaceText {
    /// The place before all messages of `ms` milliseconds since the Unix epoch and later.
    pub fn earliest(ms: u64) -> Self {
        Self(format!("{:016x}.{}.{:016x}", ms << 16, "0".repeat(64), 0))
    }

    /// Its time in milliseconds since the Unix epoch; `None` if the text is no place.
    pub fn ms(&self) -> Option<u64> {
        let (time, _) = self.0.split_once('.')?;
        u64::from_str_radix(time, 16).ok().map(|time| time >> 16)
    }
}
