//! Machines of one person. In closed rooms they are devices: each writes under a key of its own, and all are shown as
//! one person.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{AuthorHex, Message, Refused, Room, RoomHex};

/// A machine of yours.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Device {
    /// The name that you gave it.
    pub name: String,
    /// Whether it is this one.
    pub me: bool,
    /// When it was linked, in milliseconds since the Unix epoch; of the machine that linked the others, when it did so
    /// first.
    pub since_ms: u64,
    /// Whether it is a backup, and no machine.
    #[serde(default)]
    pub backup: bool,
    /// Its keys, as far as the rooms are here.
    pub rooms: Vec<DeviceRoom>,
}

/// A request for a backup.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NewBackup {
    /// The passphrase without which nobody can open it, at least eight letters.
    pub passphrase: String,
}

/// A backup.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BackedUp {
    /// What it is called among your devices.
    pub name: String,
    /// The file: an age file in its text form.
    pub file: String,
    /// The rooms, and what the backup is in each.
    pub rooms: Vec<LinkedRoom>,
}

/// A request to come back into the rooms of a backup.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Restore {
    /// The passphrase of the backup.
    pub passphrase: String,
    /// The file.
    pub file: String,
    /// What this machine is called.
    pub name: String,
}

/// Leaves the passphrase out.
impl std::fmt::Debug for NewBackup {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewBackup").finish_non_exhaustive()
    }
}

/// Leaves the passphrase out.
impl std::fmt::Debug for Restore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Restore").field("name", &self.name).finish_non_exhaustive()
    }
}

/// A machine in a room.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DeviceRoom {
    /// The room.
    pub room: RoomHex,
    /// The room's name.
    pub name: String,
    /// The key under which the machine writes there.
    pub author: AuthorHex,
    /// Whether others read it there: it was not revoked.
    pub present: bool,
}

/// Your machines, as far as this home knows of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Devices {
    /// The machines.
    pub devices: Vec<Device>,
}

/// A request for a code to link another machine.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NewDevice {
    /// What this machine is called, if it has no name yet.
    pub name: String,
}

/// A request to link this machine.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LinkDevice {
    /// The code that the other machine shows.
    pub code: String,
    /// What this machine is called.
    pub name: String,
}

/// A step of linking another machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Linking {
    /// The code to use on the other machine: once, and within so many milliseconds.
    Code {
        /// The code.
        code: String,
        /// How long it is good, in milliseconds.
        left_ms: u64,
    },
    /// The other machine is linked.
    Linked(Linked),
    /// Why it is not.
    Failed(Refused),
}

/// What came of linking a machine.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Linked {
    /// The name of the machine that was linked.
    pub name: String,
    /// The name of the machine that it was linked to.
    pub of: String,
    /// The rooms.
    pub rooms: Vec<LinkedRoom>,
}

/// A room of a machine that was linked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LinkedRoom {
    /// The room.
    pub id: RoomHex,
    /// Its name.
    pub name: String,
    /// How the machine takes part in it.
    pub part: Part,
}

/// How a machine takes part in a room.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Part {
    /// As a device: both machines are one person.
    #[default]
    Device,
    /// Under a name of its own, because the room is open.
    Own,
    /// As before, because it was in the room already.
    Before,
    /// Not at all: only the machine that came there first can name devices, and only while it is in.
    Absent,
}

impl Room {
    /// The people besides you who are connected; other machines of yours are not among them.
    pub fn others_here(&self) -> BTreeSet<&AuthorHex> {
        self.peers.iter().map(|peer| &peer.author).filter(|author| **author != self.author).collect()
    }

    /// Whether you wrote a message on this machine, so that you can change it here.
    pub fn wrote(&self, message: &Message) -> bool {
        message.mine && message.device == self.device
    }
}
