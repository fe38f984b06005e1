//! Linking another machine of the same person: two nodes talk over one connection that a code brings about.
//!
//! One node shows a [`LinkCode`] and waits, the other dials it under a protocol of its own. Before anything else each
//! proves that it knows the secret in the code, the dialler first:
//!
//! ```text
//! proof  keyed_hash(derive_key("rumormill 1 device", secret), exported 32 ++ role 1)
//! ```
//!
//! `exported` is keying material of the TLS session, so a proof is worth nothing on another connection; `role` is 0 for
//! the dialler and 1 for the other side. A code is good for ten minutes and one proof. A wrong proof ends nothing: of
//! 2^128 secrets nobody finds one by trying, and nobody can spoil a code that they do not know. `words` has what
//! follows.

mod code;
pub(crate) mod note;
pub(crate) mod words;

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use iroh::endpoint::{Connection, RecvStream, SendStream};
use rumormill_proto::frame::Contact;
use tokio::{
    sync::oneshot,
    time::{Instant, timeout, timeout_at},
};

pub use code::{LinkCode, NoCode};

use crate::{
    connection::Goodbye,
    error::Error,
    greeting::Role,
    limits::{GREETING_DEADLINE, LINK_BYTES, LINK_CODE, LINK_PATIENCE},
    random::random,
};
use words::{LinkBegun, LinkHanded, LinkKeys, LinkOffer, LinkTaken, Word, decode, encode};

/// Name of this protocol in the TLS handshake.
pub(crate) const ALPN: &[u8] = b"rumormill-device/1";

/// Label of the keying material that proofs are bound to.
const EXPORTER: &[u8] = b"rumormill 1 device";

/// Context of the key of proofs.
const CONTEXT: &str = "rumormill 1 device";

const PROOF_BYTES: usize = 32;

/// The code that a node shows now, if it shows one.
#[derive(Clone, Default)]
pub(crate) struct Shown(Arc<Mutex<Option<Waiting>>>);

struct Waiting {
    secret: [u8; 16],
    until: Instant,
    proved: oneshot::Sender<Dialogue>,
}

impl Shown {
    fn lock(&self) -> MutexGuard<'_, Option<Waiting>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Talks to whoever dialled with the code. Without a good proof it gets nothing but the end of the connection.
    pub(crate) async fn meet(self, connection: Connection) {
        let met = timeout(GREETING_DEADLINE, self.prove(&connection)).await.ok().flatten();
        if met.is_none() {
            Goodbye::NothingShared.say(&connection);
        }
    }

    async fn prove(&self, connection: &Connection) -> Option<()> {
        let (mut send, mut recv) = connection.accept_bi().await.ok()?;
        let mut said = [0; PROOF_BYTES];
        recv.read_exact(&mut said).await.ok()?;
        let (proved, ours) = {
            let mut shown = self.lock();
            let waiting = shown.take_if(|waiting| is_proved(waiting, connection, &said))?;
            (waiting.proved, proof(&waiting.secret, connection, Role::Accepter)?)
        };
        send.write_all(ours.as_bytes()).await.ok()?;
        proved.send(Dialogue { connection: connection.clone(), send, recv }).ok()
    }
}

fn is_proved(waiting: &Waiting, connection: &Connection, said: &[u8; PROOF_BYTES]) -> bool {
    let expected = proof(&waiting.secret, connection, Role::Dialler);
    // Compared in constant time.
    Instant::now() < waiting.until && expected.is_some_and(|expected| expected == *said)
}

/// What a side that knows the secret says first.
fn proof(secret: &[u8; 16], connection: &Connection, role: Role) -> Option<blake3::Hash> {
    let mut exported = [0; 32];
    connection.export_keying_material(&mut exported, EXPORTER, b"").ok()?;
    let mut hasher = blake3::Hasher::new_keyed(&blake3::derive_key(CONTEXT, secret));
    hasher.update(&exported).update(&[u8::from(role == Role::Accepter)]);
    Some(hasher.finalize())
}

/// A code that is shown. When this is dropped, it is good for nothing any more.
pub struct Linking {
    code: LinkCode,
    until: Instant,
    shown: Shown,
    proved: oneshot::Receiver<Dialogue>,
}

impl Linking {
    /// Shows a code for a machine that is reached at `contact`. It takes the place of a code that is shown already.
    pub(crate) fn show(shown: Shown, contact: Contact) -> Self {
        let [secret @ .., _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _] = random();
        let (until, (sender, proved)) = (Instant::now() + LINK_CODE, oneshot::channel());
        *shown.lock() = Some(Waiting { secret, until, proved: sender });
        Self { code: LinkCode { contact, secret }, until, shown, proved }
    }

    /// The code to show.
    pub fn code(&self) -> &LinkCode {
        &self.code
    }

    /// How long it is good from now on.
    pub fn left(&self) -> Duration {
        self.until.saturating_duration_since(Instant::now())
    }

    /// Waits for the other machine.
    ///
    /// # Errors
    /// [`Error::Code`] when nobody came in time, or another code is shown since.
    pub async fn proved(mut self) -> Result<Giver, Error> {
        match timeout_at(self.until, &mut self.proved).await {
            Ok(Ok(dialogue)) => Ok(Giver(dialogue)),
            _ => Err(Error::Code),
        }
    }
}

impl Drop for Linking {
    fn drop(&mut self) {
        let ours = |waiting: &mut Waiting| waiting.secret == self.code.secret;
        let _ = self.shown.lock().take_if(ours);
    }
}

/// The machine that shows the code, once the other one has proved that it knows it.
pub struct Giver(Dialogue);

impl Giver {
    /// Tells in which rooms this machine may name devices; returns the keys of the other one.
    ///
    /// # Errors
    /// [`Error::Unlinked`] when the other machine goes, or says what makes no sense.
    pub async fn offer(&mut self, offer: &LinkOffer) -> Result<LinkKeys, Error> {
        self.0.say(offer).await?;
        self.0.hear().await
    }

    /// Hands rooms over; returns the first entries of the keys that the other machine uses there.
    ///
    /// # Errors
    /// As [`Giver::offer`].
    pub async fn hand(&mut self, handed: &LinkHanded) -> Result<LinkBegun, Error> {
        self.0.say(handed).await?;
        self.0.hear().await
    }

    /// Tells in which rooms these entries were taken.
    ///
    /// # Errors
    /// As [`Giver::offer`].
    pub async fn end(mut self, taken: &LinkTaken) -> Result<(), Error> {
        self.0.say(taken).await?;
        self.0.send.finish().map_err(|_| Error::Unlinked)?;
        // The other side closes once it has read all. If it does not, it has gone.
        let _ = timeout(GREETING_DEADLINE, self.0.connection.closed()).await;
        Ok(())
    }
}

/// The machine that was given the code.
pub struct Taker {
    dialogue: Dialogue,
    offer: LinkOffer,
}

impl Taker {
    /// Talks to the machine that was dialled by this code.
    pub(crate) async fn begin(connection: Connection, code: &LinkCode) -> Result<Self, Error> {
        let mut dialogue = Dialogue::begin(connection, &code.secret).await?;
        let offer = dialogue.hear().await?;
        Ok(Self { dialogue, offer })
    }

    /// The rooms in which the other machine may name devices.
    pub fn offer(&self) -> &LinkOffer {
        &self.offer
    }

    /// Tells the keys of this machine; returns what is handed over.
    ///
    /// # Errors
    /// As [`Giver::offer`].
    pub async fn keys(&mut self, keys: &LinkKeys) -> Result<LinkHanded, Error> {
        self.dialogue.say(keys).await?;
        self.dialogue.hear().await
    }

    /// Tells the first entries of these keys; returns where they were taken.
    ///
    /// # Errors
    /// As [`Giver::offer`].
    pub async fn begun(mut self, begun: &LinkBegun) -> Result<LinkTaken, Error> {
        self.dialogue.say(begun).await?;
        let taken = self.dialogue.hear().await;
        Goodbye::Closing.say(&self.dialogue.connection);
        taken
    }
}

/// A connection on which both sides have proved that they know the code.
struct Dialogue {
    connection: Connection,
    send: SendStream,
    recv: RecvStream,
}

impl Dialogue {
    /// Proves the secret to the side that was dialled, and has it prove it too.
    async fn begin(connection: Connection, secret: &[u8; 16]) -> Result<Self, Error> {
        let begin = async {
            let (mut send, mut recv) = connection.open_bi().await.ok()?;
            send.write_all(proof(secret, &connection, Role::Dialler)?.as_bytes()).await.ok()?;
            let mut said = [0; PROOF_BYTES];
            recv.read_exact(&mut said).await.ok()?;
            (proof(secret, &connection, Role::Accepter)? == said).then_some((send, recv))
        };
        match timeout(GREETING_DEADLINE, begin).await.ok().flatten() {
            Some((send, recv)) => Ok(Self { connection, send, recv }),
            None => {
                Goodbye::NothingShared.say(&connection);
                Err(Error::Code)
            }
        }
    }

    async fn say(&mut self, word: &impl Word) -> Result<(), Error> {
        let bytes = encode(word);
        let len = u32::try_from(bytes.len()).ok().filter(|len| *len as usize <= LINK_BYTES).ok_or(Error::TooLong)?;
        let write = async {
            self.send.write_all(&len.to_be_bytes()).await?;
            self.send.write_all(&bytes).await
        };
        match timeout(LINK_PATIENCE, write).await {
            Ok(Ok(())) => Ok(()),
            _ => Err(Error::Unlinked),
        }
    }

    async fn hear<T: Word>(&mut self) -> Result<T, Error> {
        let read = async {
            let mut len = [0; 4];
            self.recv.read_exact(&mut len).await.ok()?;
            let mut left = usize::try_from(u32::from_be_bytes(len)).ok().filter(|len| *len <= LINK_BYTES)?;
            let mut bytes = Vec::new();
            while left > 0 {
                let piece = self.recv.read_chunk(left).await.ok()??;
                left -= piece.len();
                bytes.extend_from_slice(&piece);
            }
            decode(Bytes::from(bytes)).ok()
        };
        timeout(LINK_PATIENCE, read).await.ok().flatten().ok_or(Error::Unlinked)
    }
}

/// However the dialogue ends, the other side learns it.
impl Drop for Dialogue {
    fn drop(&mut self) {
        Goodbye::Closing.say(&self.connection);
    }
}
