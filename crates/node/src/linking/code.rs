//! The code by which another machine is linked: where this one is reached, and a secret that only who sees it knows.
//!
//! ```text
//! code     "rumordevice1", then in base32 (RFC 4648, lower case, no padding):
//!          secret    16 bytes
//!          peer      32 bytes
//!          address   number of bytes, then these; see the address module
//!          checksum  4 bytes, the first of the BLAKE3 hash of all before
//! ```

use std::{fmt, str::FromStr};

use bytes::Bytes;
use data_encoding::BASE32_NOPAD;
use rumormill_proto::{
    codec::{Reader, put_bytes},
    frame::Contact,
    ids::PeerId,
    limits::ADDRESS_BYTES,
    reject::Reject,
};
use zeroize::Zeroize;

/// The word with which codes begin, and their version.
const WORD: &str = "rumordevice1";

const CHECKSUM_BYTES: usize = 4;

/// A code, good for one machine and ten minutes.
#[derive(Clone, PartialEq, Eq)]
pub struct LinkCode {
    /// The machine that shows it.
    pub(crate) contact: Contact,
    pub(crate) secret: [u8; 16],
}

impl fmt::Display for LinkCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = self.secret.to_vec();
        bytes.extend_from_slice(&self.contact.peer.0);
        put_bytes(&mut bytes, &self.contact.address);
        let sum = checksum(&bytes);
        bytes.extend_from_slice(&sum);
        let mut letters = BASE32_NOPAD.encode(&bytes).to_ascii_lowercase();
        let written = write!(f, "{WORD}{letters}");
        bytes.zeroize();
        letters.zeroize();
        written
    }
}

/// Leaves the secret out.
impl fmt::Debug for LinkCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LinkCode").field("contact", &self.contact).finish_non_exhaustive()
    }
}

impl Drop for LinkCode {
    fn drop(&mut self) {
        self.secret.zeroize();
    }
}

/// A string that is no code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoCode;

impl FromStr for LinkCode {
    type Err = NoCode;

    fn from_str(text: &str) -> Result<Self, NoCode> {
        let text: String = text.split_whitespace().flat_map(str::chars).map(|c| c.to_ascii_lowercase()).collect();
        let letters = text.strip_prefix(WORD).ok_or(NoCode)?.to_ascii_uppercase();
        let bytes = Bytes::from(BASE32_NOPAD.decode(letters.as_bytes()).map_err(|_| NoCode)?);
        let said = bytes.slice(..bytes.len().checked_sub(CHECKSUM_BYTES).ok_or(NoCode)?);
        if checksum(&said) != bytes[said.len()..] {
            return Err(NoCode);
        }
        read(said).map_err(|_| NoCode)
    }
}

fn read(bytes: Bytes) -> Result<LinkCode, Reject> {
    let mut reader = Reader::new(bytes);
    let secret = reader.array("secret")?;
    let peer = PeerId(reader.array("peer")?);
    let address = reader.bytes(ADDRESS_BYTES, "address")?;
    reader.end("code")?;
    Ok(LinkCode { contact: Contact { peer, address }, secret })
}

fn checksum(bytes: &[u8]) -> [u8; CHECKSUM_BYTES] {
    let hash: [u8; 32] = blake3::hash(bytes).into();
    std::array::from_fn(|at| hash[at])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_survives_being_written_down_and_no_wrong_letter_passes() {
        let contact = Contact { peer: PeerId([3; 32]), address: Bytes::from_static(&[1, 4, 127, 0, 0, 1, 2, 3, 0]) };
        let code = LinkCode { contact, secret: [7; 16] };
        let text = code.to_string();
        assert_eq!(text.parse(), Ok(code.clone()));
        assert_eq!(format!(" {}\n{}", text[..40].to_uppercase(), &text[40..]).parse(), Ok(code.clone()));
        assert!(!format!("{code:?}").contains("7, 7"));
        for at in 0..text.len() {
            let other = if &text[at..=at] == "b" { "c" } else { "b" };
            let mut wrong = text.clone();
            wrong.replace_range(at..=at, other);
            assert_eq!(wrong.parse::<LinkCode>(), Err(NoCode), "letter {at}");
            assert_eq!(text[..at].parse::<LinkCode>(), Err(NoCode), "{at} letters");
        }
    }
}
