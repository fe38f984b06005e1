//! Calls that must be carried out only once.

use std::collections::{BTreeMap, VecDeque};

use rumormill_proto::content::Target;

use crate::{Once, limits::ONCE};

/// The key and content of each call, and the entry that it wrote.
#[derive(Clone, Default)]
pub(super) struct Calls {
    named: BTreeMap<[u8; 32], (Once, Target)>,
    /// Their keys, oldest first.
    order: VecDeque<[u8; 32]>,
}

impl Calls {
    pub(super) fn put(&mut self, once: &Once, of: Target) {
        if self.named.insert(once.key, (*once, of)).is_some() {
            self.order.retain(|key| *key != once.key);
        }
        self.order.push_back(once.key);
        while self.order.len() as u64 > ONCE
            && let Some(oldest) = self.order.pop_front()
        {
            self.named.remove(&oldest);
        }
    }

    pub(super) fn find(&self, key: &[u8; 32]) -> Option<(Once, Target)> {
        self.named.get(key).copied()
    }
}
