//! The proof by which somebody is let into a closed room over a connection: who writes there, signed, and sealed so that
//! whoever is no member learns nothing of it.
//!
//! ```text
//! sealed  AES-256-GCM-SIV of the plain bytes, and its tag of 16 bytes; nonce zeros, for the key serves one direction of
//!         one connection; key derive_key("rumormill 1 proof", secret 32 ++ exported 32 ++ role 1 ++ room 32)
//! plain   author 32, signature 64; then 0, number of runs, and each run: number of its bytes, and these, a chain;
//!         or 1, ticket 32, its key 32, signature by that 64; then zeros, up to 1, 2, 4, 8 or 16 KiB
//! ```
//!
//! `secret` is that of the epoch under which the sender would write, see `Engine::proof_key`, or the room's: where there is no
//! epoch, or for somebody who comes with a ticket and whoever answers it. `exported` and `role` are those of the greeting. The signatures
//! are laid out in `proto/src/introduction.rs`.

use aes_gcm_siv::{Aes256GcmSiv, KeyInit as _, aead::Aead as _};
use bytes::Bytes;
use rumormill_proto::{
    admit::Author,
    codec::{Reader, put_bytes, put_number},
    governance::{TicketId, TicketKey},
    ids::{AuthorId, RoomId},
    input::Credential,
    introduction::{Introduction, Side},
    limits::{CHAIN_ACTS, CHAIN_BYTES},
    reject::Reject,
    run::{RawRun, Signature},
};
use rumormill_store::Pass;

use crate::limits::PROOF_LEAST;

/// A secret from which the key of a proof is derived.
pub(crate) type ProofKey = [u8; 32];

/// By what we ask to be let in.
#[derive(Clone, Debug)]
pub(crate) enum Shown {
    Chain(Vec<RawRun>),
    Pass(Pass),
}

/// What somebody proved.
#[derive(Clone, Debug)]
pub(crate) struct Proof {
    pub(crate) author: AuthorId,
    pub(crate) by: Credential,
}

/// Proves who writes at this end of a connection.
pub(crate) fn seal(signed: &Introduction, key: &ProofKey, author: &Author, shown: &Shown) -> Bytes {
    let mut plain = author.id().0.to_vec();
    plain.extend_from_slice(&author.introduce(signed));
    match shown {
        Shown::Chain(runs) => {
            let mut chain = vec![0];
            put_number(&mut chain, runs.len() as u64);
            runs.iter().for_each(|run| put_bytes(&mut chain, run.wire()));
            let fits = plain.len() + chain.len() <= CHAIN_BYTES;
            plain.extend_from_slice(if fits { &chain } else { &[0, 0] });
        }
        Shown::Pass(pass) => {
            plain.push(1);
            plain.extend_from_slice(&pass.ticket.0);
            plain.extend_from_slice(&Author::from_secret(&pass.secret).id().0);
            plain.extend_from_slice(&signed.countersign(&pass.secret, &author.id()));
        }
    }
    plain.resize(padded(plain.len()), 0);
    // Fails only beyond 64 GiB.
    cipher(signed, key).encrypt(&Default::default(), &*plain).unwrap_or_default().into()
}

/// Opens what somebody sealed under one of these keys. Returns also which one it was.
///
/// # Errors
/// [`Reject`] when none opens it, or what it holds is not of the form or not signed.
pub(crate) fn open(
    signed: &Introduction,
    mut keys: impl Iterator<Item = ProofKey>,
    sealed: &Bytes,
) -> Result<(Proof, ProofKey), Reject> {
    let opened = |key| Some((cipher(signed, &key).decrypt(&Default::default(), &**sealed).ok()?, key));
    let (plain, key) = keys.find_map(opened).ok_or(Reject::Signature)?;
    read(signed, plain.into()).map(|proof| (proof, key))
}

fn read(signed: &Introduction, plain: Bytes) -> Result<Proof, Reject> {
    let len = plain.len();
    let mut reader = Reader::new(plain);
    let author = AuthorId(reader.array("author")?);
    let signature: Signature = reader.array("signature")?;
    let by = match reader.byte("proof")? {
        0 => {
            let count = reader.count(CHAIN_ACTS, "chain")?;
            let runs = (0..count).map(|_| {
                let len = reader.count(CHAIN_BYTES, "run")?;
                RawRun::parse(reader.slice(len, "run")?)
            });
            Credential::Chain(runs.collect::<Result<_, _>>()?)
        }
        1 => {
            let (ticket, key) = (TicketId(reader.array("ticket")?), TicketKey(reader.array("key")?));
            signed.countersigned(&key, &author, &reader.array("signature")?)?;
            Credential::Ticket(ticket, key)
        }
        _ => return Err(Reject::Malformed("proof")),
    };
    let padding = reader.rest();
    if padding.iter().any(|byte| *byte != 0) || padded(len - padding.len()) != len {
        return Err(Reject::Malformed("proof"));
    }
    author.introduces(signed, &signature)?;
    Ok(Proof { author, by })
}

/// The length to which so many bytes are padded.
fn padded(len: usize) -> usize {
    len.max(PROOF_LEAST).next_power_of_two()
}

fn cipher(signed: &Introduction, key: &ProofKey) -> Aes256GcmSiv {
    let Introduction { exported, side, room: RoomId(room), .. } = signed;
    let side = match side {
        Side::Dialler => 0,
        Side::Accepter => 1,
    };
    let mut hasher = blake3::Hasher::new_derive_key("rumormill 1 proof");
    hasher.update(key).update(exported).update(&[side]).update(room);
    Aes256GcmSiv::new(&<[u8; 32]>::from(hasher.finalize()).into())
}

#[cfg(test)]
mod tests {
    use rumormill_proto::ids::PeerId;

    use super::*;

    const SECRET: ProofKey = [7; 32];

    fn signed() -> Introduction {
        let (from, to) = (PeerId([2; 32]), PeerId([3; 32]));
        Introduction { exported: [1; 32], side: Side::Accepter, from, to, room: RoomId([4; 32]) }
    }

    #[test]
    fn a_proof_opens_for_whoever_holds_its_key_on_this_connection_alone() {
        let author = Author::from_secret(&[5; 32]);
        let pass = Pass { ticket: TicketId([6; 32]), secret: [8; 32] };
        let key = TicketKey(Author::from_secret(&pass.secret).id().0);
        for (shown, by) in [
            (Shown::Chain(Vec::new()), Credential::default()),
            (Shown::Pass(pass), Credential::Ticket(pass.ticket, key)),
        ] {
            let sealed = seal(&signed(), &SECRET, &author, &shown);
            assert_eq!(sealed.len(), PROOF_LEAST + 16);
            let (proof, opened) = open(&signed(), [[9; 32], SECRET].into_iter(), &sealed).unwrap();
            assert_eq!((proof.author, proof.by, opened), (author.id(), by, SECRET));
            assert!(open(&signed(), [[9; 32]].into_iter(), &sealed).is_err());
            let elsewhere = [
                Introduction { exported: [9; 32], ..signed() },
                Introduction { side: Side::Dialler, ..signed() },
                Introduction { room: RoomId([9; 32]), ..signed() },
                Introduction { from: PeerId([9; 32]), ..signed() },
            ];
            assert!(elsewhere.iter().all(|other| open(other, [SECRET].into_iter(), &sealed).is_err()));
            for at in [0, 40, sealed.len() - 1] {
                let mut other = sealed.to_vec();
                other[at] ^= 1;
                assert!(open(&signed(), [SECRET].into_iter(), &other.into()).is_err());
            }
        }
        assert!(open(&signed(), [SECRET].into_iter(), &Bytes::new()).is_err());
    }

    #[test]
    fn plain_bytes_that_are_not_of_the_form_are_refused() {
        let plain = |fill: &[u8]| Bytes::from([&[0; 96][..], fill].concat());
        for fill in [&[][..], &[2], &[0, 200], &[0, 1, 0xff, 0xff, 3], &[1, 0, 0], &[0, 0, 1]] {
            assert!(read(&signed(), plain(fill)).is_err(), "{fill:?}");
        }
        let author = Author::from_secret(&[5; 32]);
        let signature = author.introduce(&signed());
        let good = |len: usize| {
            let mut plain = [&author.id().0[..], &signature, &[0, 0]].concat();
            plain.resize(len, 0);
            read(&signed(), plain.into()).is_ok()
        };
        assert_eq!([98, 1023, 1024, 1025, 2048].map(good), [false, false, true, false, false]);
    }
}
