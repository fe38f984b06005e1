//! What an order would end, before it is carried out: the fold of what is held and of the act that it would be.

use std::collections::BTreeSet;

use super::{
    Order,
    act::Says,
    deed::{Role, Signed, TicketId},
    fold::{Fold, Steps},
};
use crate::{
    ids::{AuthorId, EntryId, RoomId},
    input::Unsaid,
    time::Time,
};

/// What an order would end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Foreseen {
    /// Who would be out.
    pub out: BTreeSet<AuthorId>,
    /// Whom the order names.
    pub named: BTreeSet<AuthorId>,
    /// Who would be no member any more, not even for what it said before: it came by a ticket that ends with the order, and
    /// no governor has admitted it. An admission before the order prevents that.
    pub lost: BTreeSet<AuthorId>,
    /// Whose roles would end or change, and the role before. Those who would be out are among them.
    pub roles: Vec<(AuthorId, Role)>,
    /// The tickets that would let in nobody any more.
    pub tickets: BTreeSet<TicketId>,
}

impl Fold<'_> {
    /// What an order of `me` would end.
    ///
    /// # Errors
    /// Why it would not count.
    pub fn foresee(&self, room: &RoomId, me: &AuthorId, order: Order) -> Result<Foreseen, Unsaid> {
        let says = self.act(me, order)?.says;
        let named: BTreeSet<AuthorId> = match &says {
            Says::Remove { ends, .. } => ends.iter().map(|ended| ended.end.key).collect(),
            Says::End(ended) => [ended.end.key].into(),
            _ => BTreeSet::new(),
        };
        let held = self.entries.tree(me).map_or(0, |tree| tree.branch(None).len());
        let head = held.checked_sub(1).and_then(|seq| self.head_at(me, seq));
        let (prev, time) = head.map_or((EntryId::default(), Time::default()), |head| (head.id, head.time));
        // No entry has this id: it is the hash of nothing.
        let id = EntryId([0xff; 32]);
        let act = Signed {
            author: *me,
            seq: held,
            id,
            prev,
            time: time.next(0),
            deed: says.deed(room, me, id),
            message: false,
        };
        let mut entries = self.entries.clone();
        entries.insert(act, |_| true);
        let steps = Steps::of(&entries);
        let after = Fold { entries: &entries, steps: &steps, pace: self.pace };
        let present = after.present();
        let open = |ticket: &&TicketId| !after.is_open(ticket);
        let seats = self.seats();
        let roles = seats.iter().filter_map(|(key, seat)| Some((*key, seat.role?)));
        Ok(Foreseen {
            out: self.present().difference(&present).copied().collect(),
            named,
            lost: self.members().difference(after.members()).copied().collect(),
            roles: roles.filter(|(key, role)| after.role(key) != Some(*role)).collect(),
            tickets: self.steps.members.open.keys().filter(open).copied().collect(),
        })
    }
}
