//! The machines of this person that this home knows of: one small file in it. Nobody else learns of their names.

use std::{collections::BTreeMap, path::Path};

use rumormill_text::Kept;
use serde::{Deserialize, Serialize};

use super::super::words::{AuthorHex, RoomHex, codes};
use crate::{
    answer::Refusal,
    limits::{DEVICE_NAME_CHARS, DEVICES},
};

/// One machine.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Machine {
    pub(super) name: String,
    /// When it was linked.
    pub(super) since_ms: u64,
    /// Whether it is this one, whose keys are in its rooms.
    pub(super) me: bool,
    /// Whether this machine named its keys.
    pub(super) named: bool,
    /// Whether it is a backup.
    #[serde(default)]
    pub(super) backup: bool,
    /// Its keys.
    pub(super) keys: BTreeMap<RoomHex, AuthorHex>,
}

/// The machines that are known.
pub(in crate::api) struct Known(Kept<Vec<Machine>>);

impl Known {
    /// Reads the file in `dir`.
    ///
    /// # Errors
    /// When there is a file and it cannot be read, or makes no sense: without it a lost machine cannot be revoked by name.
    pub(in crate::api) fn open(dir: &Path) -> Result<Self, Refusal> {
        Ok(Self(Kept::open_whole(dir.join("devices.json"))?))
    }

    pub(super) fn all(&self) -> Vec<Machine> {
        self.0.read(Clone::clone)
    }

    /// The name of this machine, if it has one.
    pub(super) fn own_name(&self) -> Option<String> {
        self.0.read(|all| all.iter().find(|known| known.me).map(|known| known.name.clone()))
    }

    /// The keys that another machine of this name is known to have.
    pub(super) fn keys_of(&self, name: &str) -> BTreeMap<RoomHex, AuthorHex> {
        let other = |known: &&Machine| known.name == name && !known.me;
        self.0.read(|all| all.iter().find(other).map(|known| known.keys.clone()).unwrap_or_default())
    }

    /// The machine that has this key in a room.
    pub(super) fn of(&self, room: &RoomHex, key: &AuthorHex) -> Option<Machine> {
        let has = |known: &&Machine| !known.me && known.keys.get(room) == Some(key);
        self.0.read(|all| all.iter().find(has).cloned())
    }

    /// A name like the wanted one that no machine has: others get a number behind it.
    pub(super) fn free_name(&self, wanted: &str) -> String {
        let taken = |name: &str| self.0.read(|all| all.iter().any(|known| known.name == name));
        let numbered = (2..=DEVICES + 2).map(|number| format!("{wanted} {number}"));
        let mut names = [wanted.to_owned()].into_iter().chain(numbered);
        names.find(|name| !taken(name)).unwrap_or_else(|| wanted.to_owned())
    }

    /// Remembers a machine, in the place of one of that name.
    ///
    /// # Errors
    /// When there are too many, or the file cannot be written.
    pub(super) fn put(&self, machine: Machine) -> Result<(), Refusal> {
        let (name, me) = (machine.name.clone(), machine.me);
        let replaces = move |known: &Machine| known.name == name || known.me && me;
        if self.0.read(|all| all.iter().filter(|known| !replaces(known)).count()) >= DEVICES {
            let what = format!("this home knows {DEVICES} machines, the most that it can");
            return Err(Refusal::new(codes::DEVICE_NAME, what, "revoke one first"));
        }
        self.0.change(|all| {
            all.retain(|known| !replaces(known));
            all.push(machine);
            true
        })?;
        Ok(())
    }

    /// Forgets a machine.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(super) fn forget(&self, name: &str) -> Result<(), Refusal> {
        self.0.change(|all| {
            let before = all.len();
            all.retain(|known| known.name != name);
            all.len() < before
        })?;
        Ok(())
    }
}

/// Checks the name of a machine as people type it.
///
/// # Errors
/// When it is empty, too long, or would steer a terminal.
pub(super) fn read_name(text: &str) -> Result<&str, Refusal> {
    let name = text.trim();
    let fits = !name.is_empty() && name.chars().count() <= DEVICE_NAME_CHARS && rumormill_text::clean(name) == name;
    fits.then_some(name).ok_or_else(|| {
        let help = format!("choose one of 1 to {DEVICE_NAME_CHARS} letters");
        Refusal::new(codes::DEVICE_NAME, format!("{text:?} is no name for a device"), &help)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn machine(name: &str) -> Machine {
        Machine { name: name.into(), ..Machine::default() }
    }

    #[test]
    fn machines_have_names_of_their_own_and_are_bounded() {
        let dir = tempfile::tempdir().unwrap();
        let known = Known::open(dir.path()).unwrap();
        known.put(Machine { me: true, ..machine("desk") }).unwrap();
        assert_eq!((known.free_name("desk"), known.free_name("laptop")), ("desk 2".into(), "laptop".into()));
        (1..DEVICES).for_each(|number| known.put(machine(&format!("{number}"))).unwrap());
        assert!(known.put(machine("one more")).is_err());
        known.put(Machine { me: true, ..machine("table") }).unwrap();
        let again = Known::open(dir.path()).unwrap();
        assert_eq!((again.own_name(), again.all().len()), (Some("table".into()), DEVICES));
        again.forget("1").unwrap();
        again.put(machine("one more")).unwrap();
        assert!(read_name(" laptop ").is_ok() && read_name("").is_err() && read_name("a\u{1b}[2J").is_err());
    }
}
