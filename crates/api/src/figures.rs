//! What a process has done, and what waits in it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{Path, PeerHex};

/// What a process has done since it opened the home, and what waits in it. The state of each room is in `Room`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Figures {
    /// Seconds since the home was opened.
    pub up_s: u64,
    /// Bytes of all files in the home; absent if they cannot be read.
    pub home_bytes: Option<u64>,
    /// Bytes that are free on the home's disk; absent if the system does not say.
    pub free_bytes: Option<u64>,
    /// The time from an author's clock to this one, for each message or other entry that came as a rumor.
    pub rumor_lag: Spread,
    /// The same for those that the rumor missed and anti-entropy brought.
    pub repair_lag: Spread,
    /// The time that each commit took. A commit is one fsync.
    pub commits: Spread,
    /// Peers that were barred, and pushes that were dropped, by kind. Each kind is listed, even at 0.
    pub rejected: Vec<Rejected>,
    /// Bytes of datagrams.
    pub carried: Carried,
    /// What waits.
    pub queues: Queues,
    /// The linked peers, ascending by id.
    pub links: Vec<LinkFigures>,
}

/// A linked peer. One connection carries all rooms that it shares with this home.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LinkFigures {
    /// The peer's id.
    pub peer: PeerHex,
    /// The path to the peer.
    pub path: Path,
    /// The measured round trip, in milliseconds.
    pub rtt_ms: u64,
    /// Bytes of datagrams received over this connection.
    pub bytes_in: u64,
    /// Bytes of datagrams sent over it.
    pub bytes_out: u64,
    /// Bytes that the peer has yet to read.
    pub unsent_bytes: u64,
    /// How many rooms it carries.
    pub rooms: u64,
}

/// How long something took, each time that it was done.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Spread {
    /// How many times it was done.
    pub count: u64,
    /// The sum of all times, in microseconds.
    pub sum_us: u64,
    /// How many took at most so long; ascending, each including the one before.
    pub within: Vec<Within>,
}

/// How many took at most so long.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Within {
    /// The bound, in milliseconds.
    pub ms: u64,
    /// How many.
    pub count: u64,
}

/// What was refused.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Rejected {
    /// `malformed`, `limit`, `signature` or `unlinked` for a peer that sent what no honest peer sends; `flood` for a
    /// push whose author pushes too many, which anti-entropy brings later.
    pub kind: String,
    /// How many.
    pub count: u64,
}

/// Bytes of datagrams since the home was opened, by the path that carried them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Carried {
    /// Received from address to address.
    pub direct_in: u64,
    /// Sent from address to address.
    pub direct_out: u64,
    /// Received through relays.
    pub relayed_in: u64,
    /// Sent through relays.
    pub relayed_out: u64,
}

/// What waits in a process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Queues {
    /// Requests of users and of the node itself.
    pub commands: u64,
    /// Frames that peers sent.
    pub frames: u64,
    /// The memory that these frames take, as an estimate in bytes.
    pub frame_bytes: u64,
}

impl Spread {
    /// The least bound that this share of all times keeps, in milliseconds; `None` when there were none, or when they
    /// took longer than all bounds.
    pub fn at_most_ms(&self, percent: u64) -> Option<u64> {
        let needed = u128::from(self.count) * u128::from(percent);
        let keeps = |within: &&Within| u128::from(within.count) * 100 >= needed;
        self.within.iter().find(keeps).filter(|_| self.count > 0).map(|within| within.ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_of_the_times_keeps_the_least_bound() {
        let within = [(10, 90), (100, 98), (1_000, 99)].map(|(ms, count)| Within { ms, count }).to_vec();
        let spread = Spread { count: 100, sum_us: 0, within };
        let at = |percent| spread.at_most_ms(percent);
        assert_eq!([at(50), at(90), at(91), at(99), at(100)], [Some(10), Some(10), Some(100), Some(1_000), None]);
        assert_eq!(Spread::default().at_most_ms(50), None);
    }
}
