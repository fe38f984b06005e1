//! The pasteable string that lets others into a room.
//!
//! ```text
//! ticket   "rumor2", then in base32 (RFC 4648, lower case, no padding):
//!          closed    1 byte, 0 for an open room, 1 for a closed one, 2 for a keeper of a closed one
//!          room      32 bytes
//!          secret    32 bytes
//!          of a closed room:
//!            founder 32 bytes
//!            ticket  32 bytes, the id of the entry that announces it
//!            key     32 bytes, the secret key of the ticket
//!          contacts  number, at most 8, then as many times
//!                      peer     32 bytes
//!                      address  number of bytes, then these; see the address module
//!          checksum  4 bytes, the first of the BLAKE3 hash of all before
//! ```
//!
//! The tickets of the first version begin with "rumor1", say nothing of `closed`, and open open rooms.
//!
//! Case, blanks and line breaks do not matter, because people paste tickets from mails and read them aloud.

use std::{fmt, str::FromStr};

use bytes::Bytes;
use data_encoding::{BASE32_NOPAD, DecodeKind};
use rumormill_proto::{
    codec::{Reader, put_bytes, put_number},
    frame::Contact,
    governance::{Guest, TicketId},
    ids::{AuthorId, PeerId, RoomId},
    limits::ADDRESS_BYTES,
    reject::Reject,
};
use rumormill_store::{Closed, Pass};
use zeroize::Zeroize;

use crate::limits::TICKET_CONTACTS;

const WORD: &str = "rumor";
const VERSION: &str = "2";
const FIRST_VERSION: &str = "1";
const CHECKSUM_BYTES: usize = 4;

/// A ticket to a room: its id, its secret, and peers to dial first.
#[derive(Clone, PartialEq, Eq)]
pub struct Ticket {
    /// The room.
    pub room: RoomId,
    /// The secret that its members know.
    pub secret: [u8; 32],
    /// What lets into a closed room; `None` for an open one.
    pub admits: Option<Admits>,
    /// Peers that were in the room when the ticket was made. Only the first eight are written.
    pub contacts: Vec<Contact>,
}

/// What lets into a closed room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Admits {
    /// Who founded the room.
    pub founder: AuthorId,
    /// The ticket as the room knows it.
    pub pass: Pass,
    /// Whom it lets in.
    pub guest: Guest,
}

impl Admits {
    /// How whoever comes with it holds the room.
    pub(crate) fn closed(self) -> Closed {
        let keeps = self.guest == Guest::Keeper;
        Closed { founder: self.founder, pass: Some(self.pass), device_of: None, keeps }
    }
}

/// Why a string is no ticket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TicketError {
    /// It does not begin as tickets do.
    NotATicket,
    /// The end is missing.
    CutShort,
    /// A letter is wrong.
    Typo,
    /// A newer Rumormill made it.
    Newer,
}

impl fmt::Display for TicketError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotATicket => "this is not a ticket: a ticket begins with rumor2",
            Self::CutShort => "the end of the ticket is missing: copy all of it",
            Self::Typo => "a letter of the ticket is wrong: copy it again",
            Self::Newer => "the ticket was made by a newer Rumormill: update this one",
        })
    }
}

impl std::error::Error for TicketError {}

impl fmt::Display for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = self.encode();
        let mut letters = BASE32_NOPAD.encode(&bytes).to_ascii_lowercase();
        let written = write!(f, "{WORD}{VERSION}{letters}");
        bytes.zeroize();
        letters.zeroize();
        written
    }
}

/// Leaves the secret out.
impl fmt::Debug for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ticket")
            .field("room", &self.room)
            .field("admits", &self.admits)
            .field("contacts", &self.contacts)
            .finish_non_exhaustive()
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.secret.zeroize();
        if let Some(admits) = &mut self.admits {
            admits.pass.secret.zeroize();
        }
    }
}

/// Reads the fields of a ticket of one version.
type Fields = fn(&mut Reader) -> Result<Ticket, Reject>;

impl FromStr for Ticket {
    type Err = TicketError;

    fn from_str(text: &str) -> Result<Self, TicketError> {
        let text: String = text.split_whitespace().flat_map(str::chars).map(|c| c.to_ascii_lowercase()).collect();
        let rest = text.strip_prefix(WORD).ok_or(TicketError::NotATicket)?;
        let (letters, read): (_, Fields) = match (rest.strip_prefix(VERSION), rest.strip_prefix(FIRST_VERSION)) {
            (Some(letters), _) => (letters, Self::read),
            (_, Some(letters)) => (letters, |reader| Self::read_fields(reader, None)),
            _ if rest.starts_with(|c: char| ('3'..='9').contains(&c)) => return Err(TicketError::Newer),
            _ => return Err(TicketError::NotATicket),
        };
        let bytes = BASE32_NOPAD.decode(letters.to_ascii_uppercase().as_bytes()).map_err(|error| match error.kind {
            DecodeKind::Length | DecodeKind::Trailing => TicketError::CutShort,
            DecodeKind::Symbol | DecodeKind::Padding => TicketError::Typo,
        })?;
        Self::decode(bytes.into(), read)
    }
}

impl Ticket {
    fn encode(&self) -> Vec<u8> {
        let contacts = &self.contacts[..self.contacts.len().min(TICKET_CONTACTS)];
        let mut out = vec![match self.admits.map(|admits| admits.guest) {
            None => 0,
            Some(Guest::Member) => 1,
            Some(Guest::Keeper) => 2,
        }];
        out.extend_from_slice(&self.room.0);
        out.extend_from_slice(&self.secret);
        if let Some(Admits { founder, pass, .. }) = &self.admits {
            out.extend_from_slice(&founder.0);
            out.extend_from_slice(&pass.ticket.0);
            out.extend_from_slice(&pass.secret);
        }
        put_number(&mut out, contacts.len() as u64);
        for contact in contacts {
            out.extend_from_slice(&contact.peer.0);
            put_bytes(&mut out, &contact.address);
        }
        let checksum = checksum(&out);
        out.extend_from_slice(&checksum);
        out
    }

    /// Distinguishes a missing end from a wrong letter by the lengths inside: the checksum comes exactly where they
    /// say.
    fn decode(bytes: Bytes, read: fn(&mut Reader) -> Result<Self, Reject>) -> Result<Self, TicketError> {
        let mut reader = Reader::new(bytes.clone());
        let ticket = read(&mut reader).map_err(|reject| match reject {
            Reject::Malformed(_) => TicketError::CutShort,
            _ => TicketError::Typo,
        })?;
        let told = reader.left();
        let (said, sum) = bytes.split_at(bytes.len() - told);
        match told {
            0..CHECKSUM_BYTES => Err(TicketError::CutShort),
            CHECKSUM_BYTES if checksum(said) == sum => Ok(ticket),
            _ => Err(TicketError::Typo),
        }
    }

    fn read(reader: &mut Reader) -> Result<Self, Reject> {
        let guest = match reader.byte("closed")? {
            0 => None,
            1 => Some(Guest::Member),
            2 => Some(Guest::Keeper),
            _ => return Err(Reject::Malformed("closed")),
        };
        Self::read_fields(reader, guest)
    }

    fn read_fields(reader: &mut Reader, guest: Option<Guest>) -> Result<Self, Reject> {
        let room = RoomId(reader.array("room")?);
        let secret = reader.array("secret")?;
        let admits = guest.map(|guest| Self::read_admits(reader, guest)).transpose()?;
        let count = reader.count(TICKET_CONTACTS, "contacts")?;
        let mut contacts = Vec::new();
        for _ in 0..count {
            let peer = PeerId(reader.array("peer")?);
            contacts.push(Contact { peer, address: reader.bytes(ADDRESS_BYTES, "address")? });
        }
        Ok(Self { room, secret, admits, contacts })
    }

    fn read_admits(reader: &mut Reader, guest: Guest) -> Result<Admits, Reject> {
        let founder = AuthorId(reader.array("founder")?);
        let pass = Pass { ticket: TicketId(reader.array("ticket")?), secret: reader.array("ticket key")? };
        Ok(Admits { founder, pass, guest })
    }
}

fn checksum(bytes: &[u8]) -> [u8; CHECKSUM_BYTES] {
    let hash: [u8; 32] = blake3::hash(bytes).into();
    std::array::from_fn(|at| hash[at])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ticket() -> Ticket {
        let contact =
            |peer| Contact { peer: PeerId([peer; 32]), address: Bytes::from(vec![1, 4, 127, 0, 0, 1, 2, peer]) };
        let contacts = vec![contact(3), contact(4)];
        Ticket { room: RoomId([1; 32]), secret: [2; 32], admits: None, contacts }
    }

    fn closed() -> Ticket {
        let pass = Pass { ticket: TicketId([6; 32]), secret: [2; 32] };
        let mut ticket = ticket();
        ticket.admits = Some(Admits { founder: AuthorId([5; 32]), pass, guest: Guest::Member });
        ticket
    }

    fn read(text: &str) -> Result<Ticket, TicketError> {
        text.parse()
    }

    #[test]
    fn a_ticket_survives_paper_and_mail() {
        let text = ticket().to_string();
        assert!(text.starts_with("rumor2"));
        let (front, back) = text.split_at(40);
        for pasted in [
            text.clone(),
            format!("  {text}\n"),
            text.to_uppercase(),
            format!("{front}\r\n  {back}"),
            text.chars().map(|c| format!("{c} ")).collect(),
        ] {
            assert_eq!(read(&pasted), Ok(ticket()), "{pasted}");
        }
        assert_eq!(read(&closed().to_string()), Ok(closed()));
        let mut keeper = closed();
        keeper.admits.iter_mut().for_each(|admits| admits.guest = Guest::Keeper);
        assert_eq!(read(&keeper.to_string()), Ok(keeper));
    }

    #[test]
    fn a_ticket_of_the_first_version_opens_an_open_room() {
        let mut bytes = ticket().encode();
        bytes.truncate(bytes.len() - CHECKSUM_BYTES);
        bytes.remove(0);
        let sum = checksum(&bytes);
        bytes.extend_from_slice(&sum);
        let letters = BASE32_NOPAD.encode(&bytes).to_ascii_lowercase();
        assert_eq!(read(&format!("rumor1{letters}")), Ok(ticket()));
    }

    #[test]
    fn each_fault_is_named() {
        let text = ticket().to_string();
        assert_eq!(read(""), Err(TicketError::NotATicket));
        assert_eq!(read("lunch"), Err(TicketError::NotATicket));
        assert_eq!(read("rumor"), Err(TicketError::NotATicket));
        assert_eq!(read(&text.replacen("rumor2", "rumor3", 1)), Err(TicketError::Newer));
        assert_eq!(read("rumor2"), Err(TicketError::CutShort));
        assert_eq!(read(&text.replacen('a', "1", 1)), Err(TicketError::Typo));
        assert_eq!(read(&format!("{text}aaaaaaaa")), Err(TicketError::Typo));
        for keep in 6..text.len() {
            assert_eq!(read(&text[..keep]), Err(TicketError::CutShort), "{keep} letters");
        }
    }

    #[test]
    fn no_wrong_letter_passes() {
        let text = closed().to_string();
        for at in 6..text.len() {
            let mut wrong = text.clone();
            let other = if &text[at..=at] == "b" { "c" } else { "b" };
            wrong.replace_range(at..=at, other);
            assert!(read(&wrong).is_err(), "letter {at}");
        }
    }

    #[test]
    fn contacts_past_the_limit_are_left_out() {
        let mut many = ticket();
        many.contacts = vec![many.contacts[0].clone(); TICKET_CONTACTS + 3];
        assert_eq!(read(&many.to_string()).map(|ticket| ticket.contacts.len()), Ok(TICKET_CONTACTS));
    }

    #[test]
    fn the_secret_is_not_printed() {
        assert!(!format!("{:?}", closed()).contains("2, 2, 2"));
    }
}
