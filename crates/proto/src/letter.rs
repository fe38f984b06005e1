//! Letters: what an author of a room says to a few others there, and nobody else reads.
//!
//! A letter tells of a *private room*: a closed room whose founder admits the keys that its people have in the room it
//! comes out of, and then steps down, so that nobody is let in or removed any more. Everybody in the shared room carries
//! the letter. Neither its receivers nor their number can be seen: the boxes are filled up with boxes for nobody, and the
//! text with zeros.
//!
//! ```text
//! body   number of boxes, 4, 8, 16, 32 or 48; as many boxes of 80, each of which holds the key of the text; the text under
//!        AES-256-GCM-SIV with that key, a nonce of zeros and the data below; tag 16
//! box    see `boxes`; info "rumormill 1 letter"; data: shared room 32, author of the letter 32
//! text   private room 32; its secret 32; n people, at most 16, each with m keys of 32 in the shared room, the main one
//!        first; c contacts, at most 1, peer 32 and address; zeros to a multiple of 512
//! ```

use aes_gcm_siv::{Aes256GcmSiv, Key, KeyInit, Nonce, aead::Aead, aead::Payload};
use bytes::Bytes;
use zeroize::Zeroizing;

use crate::{
    admit::Author,
    boxes::{self, BOX_BYTES},
    codec::{Reader, put_bytes, put_number},
    epochs::{Pool, Secret},
    frame::Contact,
    ids::{AuthorId, PeerId, RoomId},
    limits::{ADDRESS_BYTES, LETTER_KEYS, LETTER_PEOPLE},
    reject::Reject,
};

const INFO: &[u8] = b"rumormill 1 letter";

/// How many boxes a letter has.
const BOXES: [usize; 5] = [4, 8, 16, 32, LETTER_KEYS];

/// Bytes of the box of one receiver.
const ONE_BOX: usize = 32 + BOX_BYTES;

/// The text of a letter is as long as a multiple of this many bytes.
const STEP: usize = 512;

const CONTACTS: usize = 1;

/// What a letter says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// The private room. The author of the letter founded it.
    pub room: RoomId,
    /// The secret of that room.
    pub secret: Secret,
    /// The people in it, its founder among them: the keys of each in the shared room, the main one first.
    pub people: Vec<Vec<AuthorId>>,
    /// Where its founder is reached.
    pub contact: Option<Contact>,
}

impl Letter {
    /// The body of an entry by `from` in the shared room. Everybody in the letter can read it but the key that writes it.
    ///
    /// # Errors
    /// [`Reject::Limit`] when there are too many keys or people, [`Reject::Malformed`] when nobody can have one of them.
    pub fn seal(&self, shared: &RoomId, from: &AuthorId, entropy: Secret) -> Result<Bytes, Reject> {
        let mut pool = Pool::new(entropy);
        let (key, data) = (pool.draw(), data(shared, from));
        let receivers: Vec<&AuthorId> = self.people.iter().flatten().filter(|key| *key != from).collect();
        let count = BOXES.into_iter().find(|count| *count >= receivers.len()).ok_or(Reject::Limit("keys"))?;
        if self.people.len() > LETTER_PEOPLE {
            return Err(Reject::Limit("people"));
        }
        let mut boxes = Vec::new();
        for at in 0..count {
            let to = match receivers.get(at) {
                Some(author) => author.exchange().ok_or(Reject::Malformed("author"))?,
                None => Author::from_secret(pool.draw().bytes()).exchange(),
            };
            boxes.push(boxes::seal(&to, INFO, &data, key.bytes(), &pool.draw())?);
        }
        // Boxes for nobody lie among the others.
        boxes.sort_unstable();
        let mut body = Vec::new();
        put_number(&mut body, count as u64);
        boxes.iter().for_each(|one| body.extend_from_slice(one));
        let text = self.text();
        let payload = Payload { msg: &text, aad: &data };
        let sealed = cipher(&key).encrypt(&Nonce::default(), payload).map_err(|_| Reject::Limit("letter"))?;
        body.extend_from_slice(&sealed);
        Ok(body.into())
    }

    /// Reads a letter that `from` wrote in the shared room; `None` if it is not for this author, or malformed.
    pub fn open(author: &Author, shared: &RoomId, from: &AuthorId, body: &Bytes) -> Option<Self> {
        let mut reader = Reader::new(body.clone());
        let count = reader.count(LETTER_KEYS, "boxes").ok()?;
        let boxes: Vec<[u8; ONE_BOX]> = (0..count).map(|_| reader.array("box")).collect::<Result<_, _>>().ok()?;
        let (secret, data) = (author.exchange_secret(), data(shared, from));
        let key = boxes.iter().find_map(|one| boxes::open(&secret, INFO, &data, one))?;
        let key = Secret::new(key.as_slice().try_into().ok()?);
        let payload = Payload { msg: reader.rest(), aad: &data };
        let text = Zeroizing::new(cipher(&key).decrypt(&Nonce::default(), payload).ok()?);
        let letter = Self::read(&mut Reader::new(Bytes::copy_from_slice(&text))).ok()?;
        let is_of = |key: &AuthorId| letter.people.iter().flatten().any(|other| other == key);
        (is_of(from) && is_of(&author.id())).then_some(letter)
    }

    fn text(&self) -> Zeroizing<Vec<u8>> {
        let mut text = Zeroizing::new(Vec::with_capacity(8 * STEP));
        text.extend_from_slice(&self.room.0);
        text.extend_from_slice(self.secret.bytes());
        put_number(&mut text, self.people.len() as u64);
        for keys in &self.people {
            put_number(&mut text, keys.len() as u64);
            keys.iter().for_each(|key| text.extend_from_slice(&key.0));
        }
        let contact = self.contact.iter().filter(|contact| contact.address.len() <= ADDRESS_BYTES);
        put_number(&mut text, contact.clone().count() as u64);
        for Contact { peer, address } in contact {
            text.extend_from_slice(&peer.0);
            put_bytes(&mut text, address);
        }
        let whole = text.len().next_multiple_of(STEP);
        text.resize(whole, 0);
        text
    }

    fn read(from: &mut Reader) -> Result<Self, Reject> {
        let (room, secret) = (RoomId(from.array("room")?), Secret::new(from.array("secret")?));
        let mut people = Vec::new();
        for _ in 0..from.count(LETTER_PEOPLE, "people")? {
            let count = from.count(LETTER_KEYS, "keys")?;
            let keys: Vec<_> = (0..count).map(|_| from.array("key").map(AuthorId)).collect::<Result<_, _>>()?;
            if keys.is_empty() {
                return Err(Reject::Malformed("people"));
            }
            people.push(keys);
        }
        let contact = match from.count(CONTACTS, "contacts")? {
            0 => None,
            _ => Some(Contact {
                peer: PeerId(from.array("peer")?),
                address: Bytes::copy_from_slice(&from.bytes(ADDRESS_BYTES, "address")?),
            }),
        };
        Ok(Self { room, secret, people, contact })
    }
}

fn data(shared: &RoomId, from: &AuthorId) -> [u8; 64] {
    let mut data = [0; 64];
    shared.0.iter().chain(&from.0).zip(&mut data).for_each(|(byte, place)| *place = *byte);
    data
}

fn cipher(key: &Secret) -> Aes256GcmSiv {
    Aes256GcmSiv::new(Key::<Aes256GcmSiv>::from_slice(key.bytes()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::limits::BODY_BYTES;

    const LUNCH: RoomId = RoomId([1; 32]);

    fn author(number: u8) -> Author {
        Author::from_secret(&[number; 32])
    }

    fn letter(keys: &[&[u8]]) -> Letter {
        let people = keys.iter().map(|keys| keys.iter().map(|number| author(*number).id()).collect()).collect();
        let contact = Some(Contact { peer: PeerId([7; 32]), address: Bytes::from_static(b"somewhere") });
        Letter { room: RoomId([2; 32]), secret: Secret::new([3; 32]), people, contact }
    }

    fn sealed(letter: &Letter) -> Bytes {
        letter.seal(&LUNCH, &author(1).id(), Secret::new([9; 32])).unwrap()
    }

    #[test]
    fn its_receivers_read_it_and_nobody_else() {
        let letter = letter(&[&[1], &[2, 3]]);
        let (body, ann) = (sealed(&letter), author(1).id());
        for number in [2, 3] {
            assert_eq!(Letter::open(&author(number), &LUNCH, &ann, &body).as_ref(), Some(&letter));
        }
        assert_eq!(Letter::open(&author(4), &LUNCH, &ann, &body), None);
        assert_eq!(Letter::open(&author(2), &RoomId([8; 32]), &ann, &body), None, "in another room");
        assert_eq!(Letter::open(&author(2), &LUNCH, &author(4).id(), &body), None, "said again by somebody else");
        let short = body.slice(..body.len() - 1);
        assert_eq!(Letter::open(&author(2), &LUNCH, &ann, &short), None);
    }

    #[test]
    fn letters_to_one_to_four_keys_are_of_one_length_and_the_longest_fits() {
        let lengths: Vec<usize> =
            [letter(&[&[1], &[2]]), letter(&[&[1], &[2, 3], &[4]])].iter().map(|letter| sealed(letter).len()).collect();
        assert_eq!(lengths[0], lengths[1]);
        let many: Vec<u8> = (2..=LETTER_KEYS as u8 + 1).collect();
        let mut longest = letter(&[&[1], &many]);
        longest.contact = Some(Contact { peer: PeerId([7; 32]), address: vec![7; ADDRESS_BYTES].into() });
        assert!(sealed(&longest).len() + crate::epochs::SEAL_BYTES <= BODY_BYTES);
        longest.people.push(vec![author(200).id()]);
        let refused = longest.seal(&LUNCH, &author(1).id(), Secret::new([9; 32]));
        assert_eq!(refused, Err(Reject::Limit("keys")));
    }

    #[test]
    fn a_letter_that_leaves_out_its_author_or_its_reader_is_none() {
        let without_author = letter(&[&[2], &[3]]);
        let body = sealed(&without_author);
        assert_eq!(Letter::open(&author(2), &LUNCH, &author(1).id(), &body), None);
    }

    proptest! {
        #[test]
        fn a_changed_letter_or_text_panics_nowhere(at: usize, to: u8, cut: usize) {
            let letter = letter(&[&[1], &[2, 3]]);
            let body = sealed(&letter);
            for (bytes, is_body) in [(body.to_vec(), true), (letter.text().to_vec(), false)] {
                let (at, cut) = (at % bytes.len(), cut % bytes.len());
                let mut changed = bytes.clone();
                changed[at] = to;
                for some in [changed, bytes[..cut].to_vec()] {
                    let some = Bytes::from(some);
                    let opened = Letter::open(&author(2), &LUNCH, &author(1).id(), &some);
                    prop_assert!(opened.is_none() || is_body && opened.as_ref() == Some(&letter));
                    let _ = Letter::read(&mut Reader::new(some));
                }
            }
        }
    }
}
