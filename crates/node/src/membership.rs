//! Whether we are in a closed room, and who else is.

use rumormill_proto::{
    content::Target,
    governance::{Announced, Role, TicketId},
    ids::AuthorId,
};

/// Whether we are in a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Membership {
    /// The room is open: whoever has a ticket reads and writes.
    Open,
    /// We are a member, with this role if it is one.
    Present(Option<Role>),
    /// We store and serve the room, and cannot read it.
    Keeping,
    /// A member that we meet lets us in.
    Waiting,
    /// The ticket by which we came lets nobody in any more.
    Refused(Refusal),
    /// We were removed.
    Removed {
        /// By whom, if that is known.
        by: Option<AuthorId>,
    },
}

/// Why a ticket lets nobody in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Somebody ended it.
    Revoked,
    /// As many have come by it as it lets in.
    UsedUp,
    /// Its time is over.
    Expired,
    /// Members do not say: somebody who was reached lets us not in.
    Unwelcome,
}

impl Refusal {
    /// Why a ticket lets in nobody at a time in milliseconds since the Unix epoch; `None` if it does.
    pub fn of(ticket: &Announced, now_ms: u64) -> Option<Self> {
        match ticket {
            _ if ticket.lets_in(now_ms) => None,
            Announced { ended: true, .. } => Some(Self::Revoked),
            Announced { used, uses, .. } if used >= uses => Some(Self::UsedUp),
            _ => Some(Self::Expired),
        }
    }
}

/// Somebody who is in a closed room, waits to be let in, or was removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Member {
    /// Who.
    pub author: AuthorId,
    /// Where it stands.
    pub place: Place,
    /// The act that last let it in, gave it its role or removed it; `None` for the founder.
    pub by: Option<Target>,
}

/// Where somebody stands in a closed room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// It is present, with this role if it has one.
    Present(Option<Role>),
    /// It waits to be let in by this ticket.
    Waiting(TicketId),
    /// It was removed.
    Removed,
}
