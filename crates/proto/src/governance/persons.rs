//! One person with several devices: a device is a key whose first entry says whose it is, and which that author's log
//! names in return.

use std::collections::BTreeMap;

use super::{deed::Deed, fold::Fold};
use crate::{ids::AuthorId, input::Unsaid, limits::DEVICES};

impl<'a> Fold<'a> {
    /// The devices that count, ended or not, and the author that each belongs to.
    pub fn devices(&self) -> &'a BTreeMap<AuthorId, AuthorId> {
        &self.steps.members.devices
    }

    /// The author that stands for the person who writes under this key: the key itself, unless it is a device.
    pub fn person_of(&self, key: &AuthorId) -> AuthorId {
        self.devices().get(key).copied().unwrap_or(*key)
    }

    /// Whether a key is of the person who writes under another one: they are devices of one person, or it was named as such and
    /// has said nothing yet.
    pub fn is_of(&self, key: &AuthorId, other: &AuthorId) -> bool {
        let person = self.person_of(other);
        self.person_of(key) == person || self.names(&person, key)
    }

    /// Whether a present member named this key as a device, of which nothing is held yet: a machine that was restored comes back
    /// by what it says first.
    pub(crate) fn is_awaited(&self, key: &AuthorId) -> bool {
        let named = &self.steps.members.named;
        self.first_deed(key).is_none() && named.iter().any(|(of, device)| device == key && self.is_present(of))
    }

    /// Backups: keys that have said nothing, were given a role, ended or not, and that whoever gave it named as devices. For
    /// each that author.
    pub fn backups(&self) -> BTreeMap<AuthorId, AuthorId> {
        let mut backups = BTreeMap::new();
        for grant in self.grants() {
            let Some(by) = grant.by.map(|act| self.entries.act(act).author) else { continue };
            if self.names(&by, &grant.key) && self.entries.tree(&grant.key).is_none_or(|tree| tree.whole().len() == 0) {
                backups.insert(grant.key, by);
            }
        }
        backups
    }

    /// Whether an author named this key as a device.
    pub(super) fn names(&self, author: &AuthorId, key: &AuthorId) -> bool {
        self.steps.members.named.contains(&(*author, *key))
    }

    /// Whether a key is a device of an author.
    pub(super) fn is_device_of(&self, key: &AuthorId, author: &AuthorId) -> bool {
        self.devices().get(key) == Some(author)
    }

    /// Whether `me` may name this key as its device: a device has no devices, and only so many pairs count.
    pub(super) fn may_name(&self, me: &AuthorId, device: &AuthorId) -> Result<(), Unsaid> {
        let is_device = matches!(self.first_deed(me), Some(Deed::Device(_)));
        let named = self.devices().values().filter(|of| *of == me).count();
        let known = device == me || self.members().contains(device);
        if is_device || known || named >= DEVICES { Err(Unsaid::Nothing) } else { Ok(()) }
    }
}
