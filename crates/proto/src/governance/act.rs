//! The bytes of acts. Every act has one encoding, and any other encoding is refused; an act that is refused stays in its
//! log and counts for nothing.
//!
//! ```text
//! body      before: 0, or 1 and a place: the author's act before this one; then by kind
//! APPOINT   role 1 byte (1 co-owner, 2 moderator, 3 keeper); n, then n times key 32 and number: the first seq that
//!           counts; endings
//! DISMISS   n, then n times an end, keys ascending; tickets
//! REMOVE    n, then n times an end, keys ascending; tickets; endings
//! END       end
//! VOUCH     end
//! STEP_DOWN nothing, or 32: who may close an open room from then on
//! ADMIT     n, then n times a key of 32, ascending; 0, or 1 and a ticket of 32; endings
//! TICKET    whom it lets in 1 byte (0 members, 1 a keeper); key 32; uses number, 1 or more; milliseconds since the
//!           Unix epoch at which it ends, or 0; n, then n times a governor of 32 and a place: its last act, governors
//!           ascending
//! REVOKE    ticket 32
//! JOIN      ticket 32; its key 32; X25519 key 32; countersignature 64
//! WELCOME   author 32; ticket 32
//! DEVICE    whose it is 32; X25519 key 32
//! MINE      device 32
//! HIDE      author 32; first seq; place of the last
//! RULES     whether members make tickets 1 byte; slow mode in seconds number; whether newcomers are held 1 byte; n, then n
//!           times a key of 32 and number: how many entries of that log it does not rule, keys ascending
//! LET_THROUGH  author 32
//! EPOCH     id of the epoch 32; n, then n times the id of an epoch that it follows, ascending; endings
//! BOXES     id of an epoch 32; n, then n times a key 32 and its box 80, keys ascending; number of bytes, and as many: the
//!           secrets before it, sealed under the epoch. See the `boxes` module of the epochs
//! LIST      n, then n times a listed author, keys ascending
//! CLOSE     number of the rules 1 byte (1); number of lists, none if nobody else wrote: the author's last before this act; number of
//!           bytes, and as many: the body of the entry that founded the room; and if its founder stepped down before, number of
//!           bytes, and as many: the run of the founder's STEP_DOWN that names the author
//!
//! listed    key 32; place of the last entry that stays; 1 if the author is kept, or else 0
//! place     seq number; id 32
//! end       key 32; last: 0 if no entry counts, or 1 and the place of the last that counts; 0, or 1 and the place of the
//!           last act that counts
//! tickets   n, then n times 32, ascending
//! endings   n, then n times the id of an act, ascending
//!
//! countersignature  Ed25519 with the ticket's key over "rumormill 1 join" ++ room 32 ++ ticket 32 ++ author 32
//! ```

mod write;

use std::ops::RangeInclusive;

use bytes::Bytes;
use ed25519_dalek::{Signer, SigningKey};

use self::write::{put_maybe, put_place, put_says};
use super::{
    closing::Listed,
    deed::{Appointed, Deed, End, Last, Role, Signed, TicketId, TicketKey},
    rules::Rules,
};
use crate::{
    admit::{Entry, verify},
    codec::Reader,
    entry::{Kind, LogKey, RULES},
    epochs::{EpochBox, EpochId},
    ids::{AuthorId, EntryId, RoomId, Seq},
    limits::{
        ACT_ADMITTED, ACT_BOXES, ACT_ENDINGS, ACT_EPOCHS, ACT_KEYS, ACT_LISTED, ACT_TICKETS, BODY_BYTES, RULED_LOGS,
        SEQ_END, SLOW_S, TICKET_HEADS,
    },
    reject::Reject,
    run::{RawRun, Signature},
};

/// The label with which the countersigned bytes begin.
const LABEL: &[u8; 16] = b"rumormill 1 join";

/// What an act says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Act {
    /// The author's act before this one. So holes among acts show, and acts can be verified without what lies between.
    pub before: Option<Last>,
    /// The rest.
    pub says: Says,
}

/// A key that is ended or vouched for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ended {
    /// The key, and the last entry that counts.
    pub end: End,
    /// The last act that counts.
    pub act: Option<Last>,
}

/// Whom a ticket lets in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guest {
    /// People.
    Member,
    /// A keeper, whom the maker's node appoints. It makes nobody a member.
    Keeper,
}

/// What a ticket is worth.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// Whom it lets in.
    pub guest: Guest,
    /// Its key.
    pub key: TicketKey,
    /// How many it lets in, at least one.
    pub uses: u64,
    /// Milliseconds since the Unix epoch at which it ends, if it does.
    pub expires_ms: Option<u64>,
    /// The last act of every governor, governors ascending: a newcomer shows nothing before it holds these.
    pub heads: Vec<(AuthorId, Last)>,
}

/// What an act says besides which act was before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Says {
    /// Gives a role to all keys of a person.
    Appoint {
        /// The role; never the owner's.
        role: Role,
        /// The keys, the person's main one first, each once.
        keys: Vec<Appointed>,
        /// Endings that this appointment outlives.
        despite: Vec<EntryId>,
    },
    /// Ends grants.
    Dismiss {
        /// The keys, ascending.
        ends: Vec<Ended>,
        /// Tickets that end with it.
        tickets: Vec<TicketId>,
    },
    /// Ends grants and words of a person.
    Remove {
        /// The keys, ascending.
        ends: Vec<Ended>,
        /// Tickets that end with it.
        tickets: Vec<TicketId>,
        /// Endings of grants that the remover knows of.
        knowing: Vec<EntryId>,
    },
    /// Ends one key alone.
    End(Ended),
    /// Says which branch of a log stands.
    Vouch(Ended),
    /// Gives back all grants of the author.
    StepDown {
        /// Who may close an open room from then on, if the author founded it.
        closer: Option<AuthorId>,
    },
    /// Lets people in.
    Admit {
        /// Their keys, ascending.
        who: Vec<AuthorId>,
        /// The ticket by which they came, if they came by one.
        ticket: Option<TicketId>,
        /// Removals that it takes back.
        despite: Vec<EntryId>,
    },
    /// Announces a ticket.
    Ticket(Terms),
    /// Ends a ticket.
    Revoke(TicketId),
    /// The first entry of somebody who holds a ticket.
    Join {
        /// The ticket.
        ticket: TicketId,
        /// Its key.
        key: TicketKey,
        /// The X25519 key to which secrets are sealed.
        exchange: [u8; 32],
        /// Made with the ticket's key, see [`countersigned`].
        countersignature: Signature,
    },
    /// Lets in somebody who joined.
    Welcome {
        /// The newcomer.
        who: AuthorId,
        /// The ticket that it holds.
        ticket: TicketId,
    },
    /// The first entry of a device.
    Device {
        /// Whose it is.
        of: AuthorId,
        /// The X25519 key to which secrets are sealed.
        exchange: [u8; 32],
    },
    /// Names a device of the author.
    Mine(AuthorId),
    /// Takes words back that somebody said.
    Hide {
        /// Whose.
        author: AuthorId,
        /// The first of them.
        first: Seq,
        /// The last of them.
        last: Last,
    },
    /// Sets the rules of the room.
    Rules {
        /// The rules.
        rules: Rules,
        /// How many entries of each log they do not rule, authors ascending.
        counts: Vec<(AuthorId, Seq)>,
    },
    /// Shows the words of a newcomer.
    LetThrough(AuthorId),
    /// Names a secret under which words are sealed from now on.
    Epoch {
        /// Its hash.
        epoch: EpochId,
        /// The epochs it follows, ascending: what they answer it answers too.
        follows: Vec<EpochId>,
        /// The endings that it answers besides, ascending.
        answers: Vec<EntryId>,
    },
    /// Hands the secret of an epoch to keys whose owners may be away.
    Boxes {
        /// The epoch.
        epoch: EpochId,
        /// The keys, ascending, and the box of each.
        boxes: Vec<(AuthorId, EpochBox)>,
        /// Secrets of other epochs, sealed under this one; or nothing.
        before: Bytes,
    },
    /// Says of authors of an open room what stays of their logs when it is closed, keys ascending.
    List(Vec<Listed>),
    /// Closes an open room.
    Close {
        /// How many lists before it belong to it.
        lists: u64,
        /// The body of the entry that founded the room: so it counts only in an open room, and by its founder or whom that
        /// named.
        founding: Bytes,
        /// The founder's step-down that names the author, unless the author founded the room.
        named: Option<RawRun>,
    },
}

/// The bytes that whoever holds a ticket signs with its key to join.
pub fn countersigned(room: &RoomId, ticket: &TicketId, author: &AuthorId) -> [u8; 112] {
    let fields: [&[u8]; 4] = [LABEL, &room.0, &ticket.0, &author.0];
    let mut bytes = [0; 112];
    fields.into_iter().flatten().zip(&mut bytes).for_each(|(byte, place)| *place = *byte);
    bytes
}

/// Joins as `author` with the secret of a ticket: the ticket's key, and the countersignature.
pub fn countersign(secret: &[u8; 32], room: &RoomId, ticket: &TicketId, author: &AuthorId) -> (TicketKey, Signature) {
    let key = SigningKey::from_bytes(secret);
    let countersignature = key.sign(&countersigned(room, ticket, author)).to_bytes();
    (TicketKey(key.verifying_key().to_bytes()), countersignature)
}

impl Signed {
    /// An entry of a room as the fold reads it. An act that does not parse, or was not countersigned as it has to be,
    /// counts for nothing; and nothing is known of an act whose body was dropped.
    pub fn of(room: &RoomId, entry: &Entry) -> Self {
        let Entry { author, seq, id, prev, time, kind, .. } = *entry;
        let act = entry.body.bytes().and_then(|body| Act::parse(kind, body).ok().flatten());
        let deed = act.and_then(|act| act.says.deed(room, &author, id));
        Self { author, seq, id, prev, time, deed, message: kind.is_message() }
    }
}

impl Signed {
    /// The entries of a run that a store kept, of which the first follows `prev`. They were verified before they came
    /// there.
    pub fn all_of(room: &RoomId, run: &RawRun, mut prev: EntryId) -> Vec<Self> {
        let (author, mut scratch) = (run.author(), Vec::new());
        let key = LogKey::new(room, &author);
        let signed = (run.first()..).zip(run.entries()).map(|(seq, entry)| {
            let id = key.id(seq, &prev, entry, &mut scratch);
            let act = entry.body.bytes().and_then(|body| Act::parse(entry.kind, body).ok().flatten());
            let deed = act.and_then(|act| act.says.deed(room, &author, id));
            let before = std::mem::replace(&mut prev, id);
            Self { author, seq, id, prev: before, time: entry.time, deed, message: entry.kind.is_message() }
        });
        signed.collect()
    }
}

impl Says {
    /// What it does in the entry of this author and id.
    pub(crate) fn deed(self, room: &RoomId, author: &AuthorId, id: EntryId) -> Option<Deed> {
        let plain = |ends: Vec<Ended>| ends.into_iter().map(|ended| ended.end).collect();
        let deed = match self {
            Self::Appoint { role, keys, despite } => Deed::Appoint { keys, role, despite },
            Self::Dismiss { ends, tickets } => Deed::Dismiss { ends: plain(ends), tickets },
            Self::Remove { ends, tickets, knowing } => Deed::Remove { ends: plain(ends), tickets, knowing },
            Self::End(ended) => Deed::End(ended.end),
            Self::Vouch(ended) => Deed::Vouch(ended.end),
            Self::StepDown { closer } => Deed::StepDown { closer },
            Self::Admit { who, ticket, despite } => Deed::Admit { who, ticket, despite },
            Self::Ticket(Terms { guest, key, uses, expires_ms, .. }) => {
                Deed::Ticket { ticket: id.into(), guest, key, uses, expires_ms }
            }
            Self::Revoke(ticket) => Deed::Revoke(ticket),
            Self::Join { ticket, key, countersignature, .. } => {
                verify(&AuthorId(key.0), &countersigned(room, &ticket, author), &countersignature).ok()?;
                Deed::Join { ticket, key }
            }
            Self::Welcome { who, ticket } => Deed::Welcome { who, ticket },
            Self::Device { of, .. } => Deed::Device(of),
            Self::Mine(device) => Deed::Mine(device),
            Self::Hide { author: key, first, last } => Deed::Hide { until: End { key, last: Some(last) }, first },
            Self::Rules { rules, counts } => Deed::Rules { rules, counts },
            Self::LetThrough(who) => Deed::LetThrough(who),
            Self::Epoch { epoch, follows, answers } => Deed::Epoch { epoch, follows, answers },
            Self::Boxes { epoch, boxes, before } => {
                let of = boxes.into_iter().map(|(key, _)| key).collect();
                // A copy, so that it does not keep the whole run in memory.
                Deed::Boxes { epoch, of, before: Bytes::copy_from_slice(&before) }
            }
            Self::List(listed) => Deed::List {
                ends: listed.iter().map(|listed| listed.end).collect(),
                kept: listed.iter().filter(|listed| listed.kept).map(|listed| listed.end.key).collect(),
            },
            Self::Close { .. } if !self.is_of(room, author) => return None,
            Self::Close { lists, .. } => Deed::Close { lists },
        };
        Some(deed)
    }
}

impl Act {
    /// The act in the body of an entry of this kind; `None` for kinds that are no acts, and for acts of later versions.
    ///
    /// # Errors
    /// [`Reject::Malformed`] and [`Reject::Limit`] when the body is not of the form above.
    pub fn parse(kind: Kind, body: &Bytes) -> Result<Option<Self>, Reject> {
        if !kind.is_act() {
            return Ok(None);
        }
        let mut from = From(Reader::new(body.clone()));
        let before = from.maybe(From::place)?;
        let says = match kind {
            Kind::APPOINT => Says::Appoint { role: from.role()?, keys: from.keys()?, despite: from.endings()? },
            Kind::DISMISS => Says::Dismiss { ends: from.ends()?, tickets: from.tickets()? },
            Kind::REMOVE => Says::Remove { ends: from.ends()?, tickets: from.tickets()?, knowing: from.endings()? },
            Kind::END => Says::End(from.end()?),
            Kind::VOUCH => Says::Vouch(from.end()?),
            Kind::STEP_DOWN => Says::StepDown { closer: from.last(From::author)? },
            Kind::ADMIT => Says::Admit {
                who: from.list(1..=ACT_ADMITTED, "admitted", From::author, |who| *who)?,
                ticket: from.maybe(From::ticket)?,
                despite: from.endings()?,
            },
            Kind::TICKET => Says::Ticket(from.terms()?),
            Kind::REVOKE => Says::Revoke(from.ticket()?),
            Kind::JOIN => Says::Join {
                ticket: from.ticket()?,
                key: TicketKey(from.0.array("ticket key")?),
                exchange: from.0.array("exchange key")?,
                countersignature: from.0.array("countersignature")?,
            },
            Kind::WELCOME => Says::Welcome { who: from.author()?, ticket: from.ticket()? },
            Kind::DEVICE => Says::Device { of: from.author()?, exchange: from.0.array("exchange key")? },
            Kind::MINE => Says::Mine(from.author()?),
            Kind::HIDE => Says::Hide { author: from.author()?, first: from.seq()?, last: from.place()? },
            Kind::RULES => from.rules()?,
            Kind::LET_THROUGH => Says::LetThrough(from.author()?),
            Kind::EPOCH => Says::Epoch { epoch: from.epoch()?, follows: from.epochs()?, answers: from.endings()? },
            Kind::BOXES => Says::Boxes {
                epoch: from.epoch()?,
                boxes: from.list(0..=ACT_BOXES, "boxes", From::boxed, |(key, _)| *key)?,
                before: from.0.bytes(BODY_BYTES, "secrets")?,
            },
            Kind::LIST => Says::List(from.list(1..=ACT_LISTED, "listed", From::listed, |listed| listed.end.key)?),
            Kind::CLOSE => from.close()?,
            _ => return Ok(None),
        };
        from.0.end("act")?;
        Ok(Some(Self { before, says }))
    }

    /// The kind and the body of an entry that says this.
    ///
    /// # Errors
    /// What [`Act::parse`] would refuse.
    pub fn encode(&self) -> Result<(Kind, Bytes), Reject> {
        let mut body = Vec::new();
        put_maybe(&mut body, self.before.as_ref(), put_place);
        let kind = put_says(&mut body, &self.says);
        if body.len() > BODY_BYTES {
            return Err(Reject::Limit("body"));
        }
        let body = Bytes::from(body);
        match Self::parse(kind, &body)? {
            Some(again) if again == *self => Ok((kind, body)),
            _ => Err(Reject::Malformed("act")),
        }
    }
}

/// Reads the parts of acts.
struct From(Reader);

impl From {
    fn seq(&mut self) -> Result<Seq, Reject> {
        let seq = self.0.number("seq")?;
        if seq < SEQ_END { Ok(seq) } else { Err(Reject::Limit("seq")) }
    }

    fn place(&mut self) -> Result<Last, Reject> {
        Ok(Last { seq: self.seq()?, id: EntryId(self.0.array("id")?) })
    }

    fn author(&mut self) -> Result<AuthorId, Reject> {
        self.0.array("author").map(AuthorId)
    }

    fn ticket(&mut self) -> Result<TicketId, Reject> {
        self.0.array("ticket").map(TicketId)
    }

    fn maybe<T>(&mut self, read: fn(&mut Self) -> Result<T, Reject>) -> Result<Option<T>, Reject> {
        if self.0.flag()? { read(self).map(Some) } else { Ok(None) }
    }

    /// What an act ends with, if there is more of it.
    fn last<T>(&mut self, read: fn(&mut Self) -> Result<T, Reject>) -> Result<Option<T>, Reject> {
        if self.0.left() > 0 { read(self).map(Some) } else { Ok(None) }
    }

    /// So many things, in strictly ascending order of their key.
    fn list<T, K: Ord>(
        &mut self,
        counts: RangeInclusive<usize>,
        what: &'static str,
        read: fn(&mut Self) -> Result<T, Reject>,
        key: fn(&T) -> K,
    ) -> Result<Vec<T>, Reject> {
        let count = self.0.count(*counts.end(), what)?;
        let list: Vec<T> = (0..count).map(|_| read(self)).collect::<Result<_, _>>()?;
        let ascends = list.is_sorted_by(|one, next| key(one) < key(next));
        if ascends && counts.contains(&count) { Ok(list) } else { Err(Reject::Malformed(what)) }
    }

    fn end(&mut self) -> Result<Ended, Reject> {
        let end = End { key: self.author()?, last: self.maybe(Self::place)? };
        Ok(Ended { end, act: self.maybe(Self::place)? })
    }

    fn ends(&mut self) -> Result<Vec<Ended>, Reject> {
        self.list(1..=ACT_KEYS, "ended keys", Self::end, |ended| ended.end.key)
    }

    fn tickets(&mut self) -> Result<Vec<TicketId>, Reject> {
        self.list(0..=ACT_TICKETS, "tickets", Self::ticket, |ticket| *ticket)
    }

    fn endings(&mut self) -> Result<Vec<EntryId>, Reject> {
        self.list(0..=ACT_ENDINGS, "endings", |from| from.0.array("ending").map(EntryId), |id| *id)
    }

    fn epoch(&mut self) -> Result<EpochId, Reject> {
        self.0.array("epoch").map(EpochId)
    }

    fn epochs(&mut self) -> Result<Vec<EpochId>, Reject> {
        self.list(0..=ACT_EPOCHS, "epochs", Self::epoch, |epoch| *epoch)
    }

    fn boxed(&mut self) -> Result<(AuthorId, EpochBox), Reject> {
        Ok((self.author()?, self.0.array("box")?))
    }

    fn listed(&mut self) -> Result<Listed, Reject> {
        let end = End { key: self.author()?, last: Some(self.place()?) };
        Ok(Listed { end, kept: self.0.flag()? })
    }

    fn close(&mut self) -> Result<Says, Reject> {
        if self.0.byte("rules")? != RULES {
            return Err(Reject::Malformed("rules"));
        }
        let (lists, founding) = (self.0.number("lists")?, self.0.bytes(BODY_BYTES, "founding")?);
        let run = |from: &mut Self| RawRun::parse(from.0.bytes(BODY_BYTES, "run")?);
        Ok(Says::Close { lists, founding, named: self.last(run)? })
    }

    fn role(&mut self) -> Result<Role, Reject> {
        match self.0.byte("role")? {
            1 => Ok(Role::CoOwner),
            2 => Ok(Role::Moderator),
            3 => Ok(Role::Keeper),
            _ => Err(Reject::Malformed("role")),
        }
    }

    fn rules(&mut self) -> Result<Says, Reject> {
        let (tickets, slow_s, hold) = (self.0.flag()?, self.0.number("slow mode")?, self.0.flag()?);
        if slow_s > SLOW_S {
            return Err(Reject::Limit("slow mode"));
        }
        let count = |from: &mut Self| Ok((from.author()?, from.seq()?));
        let counts = self.list(0..=RULED_LOGS, "ruled logs", count, |(author, _)| *author)?;
        Ok(Says::Rules { rules: Rules { tickets, slow_s, hold }, counts })
    }

    /// The keys of a person, in the order of their rank, each once.
    fn keys(&mut self) -> Result<Vec<Appointed>, Reject> {
        let count = self.0.count(ACT_KEYS, "appointed keys")?;
        let mut keys: Vec<Appointed> = Vec::new();
        for _ in 0..count {
            let key = Appointed { key: self.author()?, from: self.seq()? };
            if keys.iter().any(|other| other.key == key.key) {
                return Err(Reject::Malformed("appointed keys"));
            }
            keys.push(key);
        }
        if keys.is_empty() { Err(Reject::Malformed("appointed keys")) } else { Ok(keys) }
    }

    fn terms(&mut self) -> Result<Terms, Reject> {
        let guest = match self.0.byte("guest")? {
            0 => Guest::Member,
            1 => Guest::Keeper,
            _ => return Err(Reject::Malformed("guest")),
        };
        let key = TicketKey(self.0.array("ticket key")?);
        let uses = Some(self.0.number("uses")?).filter(|uses| *uses > 0).ok_or(Reject::Malformed("uses"))?;
        let expires_ms = Some(self.0.number("expiry")?).filter(|ms| *ms > 0);
        let head = |from: &mut Self| Ok((from.author()?, from.place()?));
        let heads = self.list(0..=TICKET_HEADS, "heads", head, |(author, _)| *author)?;
        Ok(Terms { guest, key, uses, expires_ms, heads })
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;
    use crate::{
        admit::Author,
        entry::{Body, RawEntry},
        limits::BOXED_SECRETS,
        time::Time,
    };

    fn id(number: usize) -> [u8; 32] {
        let mut id = [7; 32];
        id[..8].copy_from_slice(&(number as u64).to_be_bytes());
        id
    }

    fn far(number: usize) -> Last {
        Last { seq: SEQ_END - 1, id: EntryId(id(number)) }
    }

    fn ended(number: usize) -> Ended {
        let end = End { key: AuthorId(id(number)), last: Some(far(number)) };
        Ended { end, act: Some(far(number)) }
    }

    fn many<T>(count: usize, of: impl Fn([u8; 32]) -> T) -> Vec<T> {
        (0..count).map(id).map(of).collect()
    }

    /// A founder's step-down that names somebody.
    fn step_down(who: AuthorId) -> RawRun {
        let (kind, body) = Act { before: None, says: Says::StepDown { closer: Some(who) } }.encode().unwrap();
        let entry = RawEntry { time: Time::from_ms(7), seen: vec![], kind, body: Body::Here(body) };
        Author::from_secret(&[1; 32]).sign(&RoomId([1; 32]), 9, EntryId::default(), vec![entry]).unwrap()
    }

    /// The largest act of each kind.
    fn largest() -> Vec<Says> {
        let ends: Vec<Ended> = (0..ACT_KEYS).map(ended).collect();
        let (tickets, despite) = (many(ACT_TICKETS, TicketId), many(ACT_ENDINGS, EntryId));
        let keys = many(ACT_KEYS, |key| Appointed { key: AuthorId(key), from: SEQ_END - 1 });
        let heads = (0..TICKET_HEADS).map(|number| (AuthorId(id(number)), far(number))).collect();
        let (guest, key) = (Guest::Keeper, TicketKey([8; 32]));
        let (ticket, who) = (TicketId(id(5)), AuthorId(id(6)));
        let terms = Terms { guest, key, uses: u64::MAX, expires_ms: Some(u64::MAX), heads };
        let admitted = many(ACT_ADMITTED, AuthorId);
        vec![
            Says::Appoint { role: Role::Keeper, keys, despite: despite.clone() },
            Says::Dismiss { ends: ends.clone(), tickets: tickets.clone() },
            Says::Remove { ends, tickets, knowing: despite.clone() },
            Says::End(ended(1)),
            Says::Vouch(ended(2)),
            Says::StepDown { closer: None },
            Says::StepDown { closer: Some(who) },
            Says::Admit { who: admitted, ticket: Some(ticket), despite },
            Says::Ticket(terms),
            Says::Revoke(ticket),
            Says::Join { ticket, key, exchange: [1; 32], countersignature: [2; 64] },
            Says::Welcome { who, ticket },
            Says::Device { of: who, exchange: [1; 32] },
            Says::Mine(who),
            Says::Hide { author: who, first: 3, last: far(9) },
            Says::Rules {
                rules: Rules { tickets: false, slow_s: SLOW_S, hold: true },
                counts: (0..RULED_LOGS).map(|number| (AuthorId(id(number)), SEQ_END - 1)).collect(),
            },
            Says::LetThrough(who),
            Says::Epoch {
                epoch: EpochId(id(3)),
                follows: many(ACT_EPOCHS, EpochId),
                answers: many(ACT_ENDINGS, EntryId),
            },
            Says::Boxes {
                epoch: EpochId(id(3)),
                boxes: many(ACT_BOXES, |key| (AuthorId(key), [7; 80])),
                before: Bytes::from(vec![8; BOXED_SECRETS * 32 + 16]),
            },
            Says::List((0..ACT_LISTED).map(|number| Listed { end: ended(number).end, kept: true }).collect()),
            Says::Close { lists: u64::MAX, founding: Bytes::from(vec![1; 500]), named: None },
            Says::Close { lists: 1, founding: Bytes::from(vec![1; 500]), named: Some(step_down(who)) },
        ]
    }

    #[test]
    fn the_largest_acts_fit_and_come_back() {
        for says in largest() {
            let act = Act { before: Some(far(1)), says };
            let (kind, body) = act.encode().unwrap();
            assert!(kind.is_act() && body.len() <= BODY_BYTES, "{kind:?} {}", body.len());
            assert_eq!(Act::parse(kind, &body), Ok(Some(act)));
            assert!(Act::parse(kind, &body.slice(..body.len() - 1)).is_err(), "{kind:?} cut short");
            let longer: Bytes = [&body[..], &[0]].concat().into();
            assert!(Act::parse(kind, &longer).is_err(), "{kind:?} and a byte");
        }
    }

    #[test]
    fn nothing_grows_past_its_bound() {
        let admit = |count| Says::Admit { who: many(count, AuthorId), ticket: None, despite: vec![] };
        let dismiss = |count| Says::Dismiss { ends: (0..count).map(ended).collect(), tickets: vec![] };
        let despite = |count| Says::Admit { who: many(1, AuthorId), ticket: None, despite: many(count, EntryId) };
        let follows = |follows| Says::Epoch { epoch: EpochId(id(1)), follows, answers: vec![] };
        let cases = [
            (admit(ACT_ADMITTED + 1), Reject::Limit("admitted")),
            (admit(0), Reject::Malformed("admitted")),
            (dismiss(ACT_KEYS + 1), Reject::Limit("ended keys")),
            (dismiss(0), Reject::Malformed("ended keys")),
            (despite(ACT_ENDINGS + 1), Reject::Limit("endings")),
            (follows(many(ACT_EPOCHS + 1, EpochId)), Reject::Limit("epochs")),
            (follows(vec![EpochId(id(1)); 2]), Reject::Malformed("epochs")),
            (Says::Hide { author: AuthorId(id(1)), first: SEQ_END, last: far(1) }, Reject::Limit("seq")),
        ];
        for (says, reject) in cases {
            assert_eq!(Act { before: None, says }.encode(), Err(reject));
        }
    }

    #[test]
    fn every_set_has_one_encoding() {
        let twice = vec![AuthorId(id(1)), AuthorId(id(1))];
        let falling = vec![AuthorId(id(2)), AuthorId(id(1))];
        for who in [twice.clone(), falling] {
            let act = Act { before: None, says: Says::Admit { who, ticket: None, despite: vec![] } };
            assert_eq!(act.encode(), Err(Reject::Malformed("admitted")));
        }
        let keys = twice.into_iter().map(|key| Appointed { key, from: 0 }).collect();
        let act = Act { before: None, says: Says::Appoint { role: Role::CoOwner, keys, despite: vec![] } };
        assert_eq!(act.encode(), Err(Reject::Malformed("appointed keys")));
        let keys = vec![Appointed { key: AuthorId(id(1)), from: 0 }];
        let act = Act { before: None, says: Says::Appoint { role: Role::Owner, keys, despite: vec![] } };
        assert_eq!(act.encode(), Err(Reject::Malformed("role")), "nobody is appointed owner");
    }

    #[test]
    fn only_the_holder_of_a_ticket_joins_and_only_for_itself() {
        let (room, ticket, who) = (RoomId([1; 32]), TicketId([2; 32]), AuthorId([3; 32]));
        let holder = ed25519_dalek::SigningKey::from_bytes(&[4; 32]);
        let key = TicketKey(holder.verifying_key().to_bytes());
        let bytes = countersigned(&room, &ticket, &who);
        let countersignature = ed25519_dalek::Signer::sign(&holder, &bytes).to_bytes();
        let join = Says::Join { ticket, key, exchange: [5; 32], countersignature };
        let deed = |join: &Says, room: &RoomId, who: &AuthorId| join.clone().deed(room, who, EntryId::default());
        assert_eq!(deed(&join, &room, &who), Some(Deed::Join { ticket, key }));
        assert_eq!(deed(&join, &RoomId([9; 32]), &who), None, "in another room");
        assert_eq!(deed(&join, &room, &AuthorId([9; 32])), None, "somebody else's join");
        let other = TicketKey(Author::from_secret(&[9; 32]).id().0);
        let forged = Says::Join { ticket, key: other, exchange: [5; 32], countersignature };
        assert_eq!(deed(&forged, &room, &who), None, "by another key");
    }

    #[test]
    fn a_keepers_ticket_is_made_by_those_who_appoint() {
        let terms = |guest| Terms { guest, key: TicketKey([1; 32]), uses: 1, expires_ms: None, heads: vec![] };
        let deed = |guest| Says::Ticket(terms(guest)).deed(&RoomId([1; 32]), &AuthorId([2; 32]), EntryId([3; 32]));
        let ticket = TicketId([3; 32]);
        for guest in [Guest::Member, Guest::Keeper] {
            let announced = Deed::Ticket { ticket, guest, key: TicketKey([1; 32]), uses: 1, expires_ms: None };
            assert_eq!(deed(guest), Some(announced.clone()));
            assert_eq!(Role::Moderator.may(&announced), guest == Guest::Member);
        }
    }

    proptest! {
        #[test]
        fn what_is_read_is_written_the_same(kind in 32u8..64, body in vec(prop_oneof![0u8..3, any::<u8>()], 0..200)) {
            let kind = Kind::new(kind).unwrap();
            let body = Bytes::from(body);
            if let Ok(Some(act)) = Act::parse(kind, &body) {
                prop_assert_eq!(act.encode(), Ok((kind, body)));
            }
        }

        #[test]
        fn a_changed_byte_is_refused_or_means_something_else(which in 0usize..22, at: usize, to: u8) {
            let act = Act { before: None, says: largest().swap_remove(which) };
            let (kind, body) = act.encode().unwrap();
            let mut changed = body.to_vec();
            let at = at % changed.len();
            changed[at] = to;
            if let Ok(Some(other)) = Act::parse(kind, &changed.clone().into()) {
                prop_assert_eq!(other == act, changed == body);
            }
        }
    }
}
