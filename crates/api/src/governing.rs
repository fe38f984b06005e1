//! Closed rooms: who is in and with which role, tickets, and what governors do.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{AuthorHex, EntryRef};

/// Where somebody stands in a closed room.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Founded the room, and may do everything.
    Owner,
    /// May do everything, but only to people of lower rank.
    CoOwner,
    /// Lets people in, removes members, ends tickets and hides messages.
    Moderator,
    /// Stores and serves the room.
    Keeper,
    /// Reads and writes, and makes tickets.
    #[default]
    Member,
    /// Waits for a member to let it in.
    Waiting,
    /// Came by a ticket that lets nobody in any more.
    Refused,
    /// Was removed.
    Removed,
}

impl Role {
    /// What people call it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::CoOwner => "co-owner",
            Self::Moderator => "moderator",
            Self::Keeper => "keeper",
            Self::Member => "member",
            Self::Waiting => "waits to be let in",
            Self::Refused => "refused",
            Self::Removed => "removed",
        }
    }
}

/// A person, by id and name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Named {
    /// The author's id.
    pub author: AuthorHex,
    /// The author's name; empty if they have none.
    pub nick: String,
}

/// Where you stand in a closed room.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Standing {
    /// Your role.
    pub role: Role,
    /// Why the ticket lets nobody in, if you were refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<TicketState>,
    /// Who removed you, if you were removed and it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<Named>,
    /// What it means for you, as a sentence; empty if you are in.
    #[serde(default)]
    pub says: String,
}

/// Whether a ticket lets anybody in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TicketState {
    /// It does.
    #[default]
    Good,
    /// Somebody ended it.
    Revoked,
    /// As many came by it as it lets in.
    UsedUp,
    /// Its time is over.
    Expired,
}

/// What somebody did that changes who is in a closed room, or who may do what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Does {
    /// Gave somebody the role in `role`.
    #[default]
    Appointed,
    /// Ended somebody's roles.
    Dismissed,
    /// Removed somebody from the room.
    Removed,
    /// Ended one key of somebody.
    Ended,
    /// Gave up its own roles.
    SteppedDown,
    /// Let somebody in.
    LetIn,
    /// Ended a ticket.
    Revoked,
    /// Hid words of somebody.
    Hid,
    /// Let a newcomer through: its words are shown.
    LetThrough,
    /// Set the rules in `rules`.
    Ruled,
    /// Closed the room, which was open.
    Closed,
}

/// A deed in a closed room: the message's author did it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Deed {
    /// What was done.
    pub does: Does,
    /// To whom.
    pub whom: Vec<Named>,
    /// The role, for an appointment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// The rules, if they were set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rules: Option<Rules>,
}

/// Something to do in a closed room, or to close an open one. A person is named by id, or by the name that everybody sees.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "does", rename_all = "kebab-case")]
pub enum Order {
    /// Remove a person and their devices.
    Remove {
        /// The person.
        who: String,
        /// Whether their messages are hidden too.
        #[serde(default)]
        hide: bool,
    },
    /// Let in a person who waits or was removed.
    Admit {
        /// The person.
        who: String,
    },
    /// Give a role to a person.
    Appoint {
        /// The person.
        who: String,
        /// `co-owner` or `moderator`.
        role: Role,
    },
    /// End the roles of a person.
    Dismiss {
        /// The person.
        who: String,
    },
    /// Hide a message for everybody.
    Hide {
        /// The message.
        message: EntryRef,
    },
    /// Show what a newcomer says, where the rules of the room hold it; in an open room, where you do, for yourself alone.
    LetThrough {
        /// The newcomer.
        who: String,
    },
    /// Give up your own roles; in an open room that you founded, name who may close it instead.
    StepDown {
        /// Who may close it; in an open room only.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        who: Option<String>,
    },
    /// Close an open room that you founded, or that its founder named you to close, once and for good. Everybody who wrote in it stays, as a member.
    Close {
        /// The people who do not stay. What they said so far does.
        #[serde(default)]
        without: Vec<String>,
    },
}

/// The rules of a closed room. Every node applies them alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Rules {
    /// Whether members make tickets, and not only the owner, co-owners and moderators.
    pub tickets: bool,
    /// Slow mode: the least time between two messages of one member, in seconds; 0 for none.
    pub slow_s: u64,
    /// Whether what newcomers say is held until somebody lets them through or reacts to it.
    pub hold: bool,
}

impl Default for Rules {
    fn default() -> Self {
        Self { tickets: true, slow_s: 0, hold: false }
    }
}

/// A change of the rules; an absent field changes nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ChangeRules {
    /// Whether members make tickets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tickets: Option<bool>,
    /// The least time between two messages of one member, in seconds; 0 for none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slow_s: Option<u64>,
    /// Whether what newcomers say is held.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold: Option<bool>,
}

/// What an order would end.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Foreseen {
    /// The people and devices that would be out.
    pub out: Vec<Named>,
    /// The people whose roles would end.
    pub roles: Vec<Named>,
    /// Tickets that would let nobody in any more.
    pub tickets: Vec<String>,
    /// The same as sentences.
    pub says: Vec<String>,
}

/// The act that carried out an order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Ordered {
    /// The reference of the act; empty if none was written, because the order concerns only what is shown to you.
    pub r#ref: EntryRef,
}

/// A ticket of a closed room.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AnnouncedTicket {
    /// The ticket's id.
    pub id: String,
    /// Who made it.
    pub maker: Named,
    /// Whether you made it.
    pub mine: bool,
    /// Whether it is for keepers, which store and serve the room without being able to read it.
    #[serde(default)]
    pub keeper: bool,
    /// How many people it lets in.
    pub uses: u64,
    /// How many came by it.
    pub used: u64,
    /// When it ends, in milliseconds since the Unix epoch; absent if by itself it does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_ms: Option<u64>,
    /// Whether it lets anybody in.
    pub state: TicketState,
}

/// The tickets of a closed room.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Tickets {
    /// The tickets; those that let nobody in any more are last.
    pub tickets: Vec<AnnouncedTicket>,
}

/// A ticket to make.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NewTicket {
    /// Whether it is for keepers, which store and serve the room without being able to read it. Owners and co-owners make
    /// such tickets.
    #[serde(default)]
    pub keeper: bool,
    /// How many people it lets in.
    pub uses: u64,
    /// When it ends, in milliseconds since the Unix epoch; absent for never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_ms: Option<u64>,
}
