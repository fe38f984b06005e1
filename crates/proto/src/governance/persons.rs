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
