//! What the fold reads of an entry: its place in its log, and what it does if it is an act.

use std::collections::BTreeSet;

use bytes::Bytes;

use super::{act::Guest, rules::Rules};
use crate::{
    epochs::EpochId,
    ids::{AuthorId, EntryId, Seq},
    log::Head,
    time::Time,
};

/// A ticket: in a room, the id of the entry that announces it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TicketId(pub [u8; 32]);

impl From<EntryId> for TicketId {
    fn from(id: EntryId) -> Self {
        Self(id.0)
    }
}

impl TicketId {
    /// Whether this entry announces the ticket.
    pub(crate) fn is(&self, id: &EntryId) -> bool {
        self.0 == id.0
    }
}

/// The public key of a ticket. Whoever holds the ticket can countersign with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TicketKey(pub [u8; 32]);

/// A verified entry, as the fold reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    /// Whose log it is in.
    pub author: AuthorId,
    /// Its position there.
    pub seq: Seq,
    /// Its hash.
    pub id: EntryId,
    /// The entry before it; zeros for seq 0.
    pub prev: EntryId,
    /// Hybrid logical time at the author.
    pub time: Time,
    /// What it does; `None` if it is no act, or one that does not parse.
    pub deed: Option<Deed>,
    /// Whether it is a message of a person, which slow mode may keep out.
    pub message: bool,
}

impl Signed {
    /// Whether its author gives up its own grants by it.
    pub(crate) fn leaves(&self) -> bool {
        match &self.deed {
            Some(Deed::StepDown { .. }) => true,
            Some(Deed::End(end)) => end.key == self.author,
            _ => false,
        }
    }
}

/// What somebody may do by an appointment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Founded the room. Nobody is appointed to it.
    Owner,
    /// Everything, against those of lower rank.
    CoOwner,
    /// Admits, removes members, makes and revokes tickets.
    Moderator,
    /// Stores and serves what it cannot read. Writes nothing that counts as an act.
    Keeper,
}

/// The last entry of a log that counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Last {
    /// Its seq.
    pub seq: Seq,
    /// Its hash: it says on which branch of a forked log it lies.
    pub id: EntryId,
}

impl From<Head> for Last {
    fn from(Head { seq, id, .. }: Head) -> Self {
        Self { seq, id }
    }
}

/// A key, and how much of its log counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct End {
    /// Whose log.
    pub key: AuthorId,
    /// The last entry that counts; `None` if none does.
    pub last: Option<Last>,
}

impl End {
    /// How many entries count.
    pub fn count(&self) -> Seq {
        self.last.map_or(0, |last| last.seq.saturating_add(1))
    }
}

/// A key that is appointed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Appointed {
    /// Whose acts are to count.
    pub key: AuthorId,
    /// The first seq of its log from which they do.
    pub from: Seq,
}

/// What an act does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deed {
    /// Gives a role to all keys of a person.
    Appoint {
        /// The keys, the person's main one first.
        keys: Vec<Appointed>,
        /// The role.
        role: Role,
        /// Endings that this appointment outlives.
        despite: Vec<EntryId>,
    },
    /// Ends every grant of these keys that ranks below.
    Dismiss {
        /// The keys, and where their grants end.
        ends: Vec<End>,
        /// Tickets that end with it.
        tickets: Vec<TicketId>,
    },
    /// Ends grants and words of a person.
    Remove {
        /// The keys, and where their logs end.
        ends: Vec<End>,
        /// Tickets that end with it.
        tickets: Vec<TicketId>,
        /// Endings of grants of that person that the remover knows of.
        knowing: Vec<EntryId>,
    },
    /// Ends one key alone.
    End(End),
    /// Says which branch of a log stands.
    Vouch(End),
    /// Gives back all grants of the author.
    StepDown {
        /// Who may close an open room from then on, if the author is its owner.
        closer: Option<AuthorId>,
    },
    /// Lets people in.
    Admit {
        /// Their keys.
        who: Vec<AuthorId>,
        /// The ticket by which they came, if they came by one.
        ticket: Option<TicketId>,
        /// Removals that this admission takes back.
        despite: Vec<EntryId>,
    },
    /// Announces a ticket.
    Ticket {
        /// Its name.
        ticket: TicketId,
        /// Whom it lets in.
        guest: Guest,
        /// Its key.
        key: TicketKey,
        /// How many people it lets in.
        uses: u64,
        /// Milliseconds since the Unix epoch at which it ends, if it does. No clock is read here: honest nodes let nobody
        /// in afterwards.
        expires_ms: Option<u64>,
    },
    /// Ends a ticket.
    Revoke(TicketId),
    /// The first entry of a newcomer.
    Join {
        /// The ticket by which it comes.
        ticket: TicketId,
        /// The key that countersigned. It has to be the ticket's.
        key: TicketKey,
    },
    /// Lets in a newcomer who joined by this ticket.
    Welcome {
        /// The newcomer.
        who: AuthorId,
        /// The ticket.
        ticket: TicketId,
    },
    /// The first entry of a device: whose it is.
    Device(AuthorId),
    /// Names a device of the author.
    Mine(AuthorId),
    /// Takes words of somebody back, from seq `first` to the last.
    Hide {
        /// Whose words, and the last one of them.
        until: End,
        /// The first.
        first: Seq,
    },
    /// Sets the rules of the room.
    Rules {
        /// The rules.
        rules: Rules,
        /// How many entries of each log they do not rule.
        counts: Vec<(AuthorId, Seq)>,
    },
    /// Says that the words of a newcomer are shown.
    LetThrough(AuthorId),
    /// Names a secret under which words are sealed from now on.
    Epoch {
        /// Its hash.
        epoch: EpochId,
        /// The epochs it follows.
        follows: Vec<EpochId>,
        /// The endings that it answers besides.
        answers: Vec<EntryId>,
    },
    /// Hands the secret of an epoch to keys whose owners may be away.
    Boxes {
        /// The epoch.
        epoch: EpochId,
        /// Whose keys open one of the boxes.
        of: Vec<AuthorId>,
        /// Secrets of other epochs, sealed under this one; or nothing.
        before: Bytes,
    },
    /// Says of authors of an open room what stays of their logs when it is closed.
    List {
        /// The authors, and the last entry of each that stays.
        ends: Vec<End>,
        /// Those of them who are kept.
        kept: BTreeSet<AuthorId>,
    },
    /// Closes the open room that its author founded, or may close since its founder stepped down.
    Close {
        /// How many lists before it belong to it.
        lists: u64,
    },
}

impl Role {
    /// Whether all who have it are of one rank, below every co-owner.
    pub fn is_leaf(self) -> bool {
        matches!(self, Self::Moderator | Self::Keeper)
    }

    /// Whether it lets people in and removes them.
    pub const fn governs(self) -> bool {
        matches!(self, Self::Owner | Self::CoOwner | Self::Moderator)
    }

    /// Whether an act of this role counts.
    pub(crate) fn may(self, deed: &Deed) -> bool {
        let moderates = match deed {
            Deed::Admit { .. } | Deed::Remove { .. } | Deed::End(_) => true,
            Deed::Ticket { guest, .. } => *guest == Guest::Member,
            Deed::Revoke(_) | Deed::StepDown { .. } | Deed::Hide { .. } | Deed::LetThrough(_) => true,
            Deed::Appoint { .. } | Deed::Dismiss { .. } | Deed::Vouch(_) | Deed::Rules { .. } => false,
            Deed::Join { .. } | Deed::Welcome { .. } | Deed::Device(_) | Deed::Mine(_) => return false,
            Deed::Epoch { .. } | Deed::Boxes { .. } => return false,
            Deed::List { .. } | Deed::Close { .. } => return self == Self::Owner,
        };
        match self {
            Self::Owner | Self::CoOwner => true,
            Self::Moderator => moderates,
            Self::Keeper => false,
        }
    }
}

impl Deed {
    /// The keys whose logs this act ends, vouches for or lists, and where.
    pub fn ends(&self) -> &[End] {
        match self {
            Self::Dismiss { ends, .. } | Self::Remove { ends, .. } | Self::List { ends, .. } => ends,
            Self::End(end) | Self::Vouch(end) | Self::Hide { until: end, .. } => std::slice::from_ref(end),
            _ => &[],
        }
    }

    /// The tickets that this act ends.
    pub(crate) fn revoked(&self) -> &[TicketId] {
        match self {
            Self::Dismiss { tickets, .. } | Self::Remove { tickets, .. } => tickets,
            Self::Revoke(ticket) => std::slice::from_ref(ticket),
            _ => &[],
        }
    }
}
