//! One connection to a peer: its tasks, and their commands for the driver.
//!
//! One task writes what the driver put into the [`Outbound`] queue, one reads the live stream, one the bulk streams,
//! one serves wants, and one serves files. Frames are read here and judged by the engine. A reader that has a frame
//! waits until the driver has room for it, and QUIC makes the peer wait.

use std::sync::Arc;

use bytes::Bytes;
use iroh::endpoint::{Connection, RecvStream, SendStream};
use rumormill_proto::{frame::Frame, reject::Reject};
use tokio::{
    sync::{Semaphore, SetOnce, mpsc},
    task::JoinSet,
    time::{Instant, timeout_at},
};

use crate::{
    address,
    command::{Command, Received},
    connection::{Goodbye, LinkId, Met},
    envelope::{Envelope, Envelopes, read_control, unpack},
    greeting::{EXPORTER, Role},
    limits::{ENTRY_BYTES, GREETING_DEADLINE, LINK_CONTROLS, LINK_INBOX_BYTES, SERVES_WAITING},
    outbound::Outbound,
    pace::Paces,
    serve::Server,
    turns::Strand,
    wires::Wires,
};

/// Bytes read from a stream at once.
const READ_BYTES: usize = 64 * 1024;

/// Runs one connection from the handshake to its end.
pub(crate) async fn run(connection: Connection, role: Role, wires: Wires) {
    let link = wires.next_link();
    let mut exported = [0; 32];
    let peer = address::peer(connection.remote_id());
    if connection.export_keying_material(&mut exported, EXPORTER, b"").is_err() {
        Goodbye::NothingShared.say(&connection);
        return if role == Role::Dialler {
            let why = "the connection cannot be bound to the room's secret".into();
            wires.tell(Command::Unreachable { peer, why }).await
        };
    }
    let (deadline, shared) = (Instant::now() + GREETING_DEADLINE, Arc::new(SetOnce::new()));
    let (outbound, (serves, jobs)) = (Arc::new(Outbound::default()), mpsc::channel(SERVES_WAITING));
    let met = Met {
        link,
        peer,
        role,
        exported,
        connection: connection.clone(),
        outbound: outbound.clone(),
        serves,
        seen_at: seen_at(&connection),
        shared: shared.clone(),
    };
    wires.tell(Command::Met(Box::new(met))).await;
    let Some((live_out, live_in)) = timeout_at(deadline, live_stream(&connection, role)).await.ok().flatten() else {
        Goodbye::TooSlow.say(&connection);
        return wires.turns.end(link);
    };
    let inlet = Inlet {
        link,
        inbox: Arc::new(Semaphore::new(LINK_INBOX_BYTES)),
        controls: Arc::new(Semaphore::new(LINK_CONTROLS)),
        paces: Arc::new(Paces::new()),
        wires: wires.clone(),
    };
    let server = Server {
        connection: connection.clone(),
        outbound: outbound.clone(),
        readers: wires.readers.clone(),
        serving: wires.serving.clone(),
        wires: wires.clone(),
    };
    let mut tasks = JoinSet::new();
    tasks.spawn(write_live(live_out, outbound.clone(), connection.clone()));
    tasks.spawn(read_live(live_in, inlet.clone(), connection.clone()));
    tasks.spawn(read_bulk(connection.clone(), inlet));
    tasks.spawn(server.run(jobs));
    tasks.spawn(wires.shelf.clone().serve(connection.clone(), link));
    tokio::select! {
        _ = connection.closed() => {}
        Err(_) = timeout_at(deadline, shared.wait()) => {
            Goodbye::TooSlow.say(&connection);
        }
    }
    connection.closed().await;
    outbound.close();
    tasks.shutdown().await;
    wires.turns.end(link);
}

/// The address at which we see a peer that is connected without a relay.
fn seen_at(connection: &Connection) -> Option<Bytes> {
    let paths = connection.paths();
    paths.iter().find_map(|path| match path.remote_addr() {
        iroh::TransportAddr::Ip(addr) => Some(address::encode_socket(*addr)),
        _ => None,
    })
}

/// The stream for everything that is live, which the dialler opens. It goes before bulk answers.
async fn live_stream(connection: &Connection, role: Role) -> Option<(SendStream, RecvStream)> {
    let open = async {
        match role {
            Role::Dialler => connection.open_bi().await,
            Role::Accepter => connection.accept_bi().await,
        }
    };
    let (send, recv) = open.await.ok()?;
    send.set_priority(1).ok()?;
    Some((send, recv))
}

async fn write_live(mut stream: SendStream, outbound: Arc<Outbound>, connection: Connection) {
    while let Some(bytes) = outbound.take().await {
        if stream.write_chunk(bytes.into()).await.is_err() {
            return Goodbye::NothingShared.say(&connection);
        }
    }
}

async fn read_live(stream: RecvStream, inlet: Inlet, connection: Connection) {
    match live_envelopes(stream, &inlet).await {
        Ok(()) => Goodbye::NothingShared.say(&connection),
        Err(reject) => inlet.fault(reject).await,
    }
}

/// Reads the live stream to its end, which comes only with the end of the connection.
async fn live_envelopes(mut stream: RecvStream, inlet: &Inlet) -> Result<(), Reject> {
    let mut envelopes = Envelopes::live();
    while let Some(envelope) = next_envelope(&mut stream, &mut envelopes).await? {
        match envelope.channel.checked_sub(1) {
            None => inlet.control(envelope).await?,
            Some(channel) => {
                let bytes = envelope.body.len();
                inlet.frame(channel, Frame::decode(envelope.body)?, bytes).await;
            }
        }
    }
    Ok(())
}

/// The next envelope; `None` at the end of the stream or connection.
async fn next_envelope(stream: &mut RecvStream, envelopes: &mut Envelopes) -> Result<Option<Envelope>, Reject> {
    loop {
        if let Some(envelope) = envelopes.next()? {
            return Ok(Some(envelope));
        }
        match stream.read_chunk(READ_BYTES).await {
            Ok(Some(bytes)) => envelopes.push(&bytes),
            Ok(None) if !envelopes.is_empty() => return Err(Reject::Malformed("stream")),
            Ok(None) | Err(_) => return Ok(None),
        }
    }
}

/// Reads bulk answers one after the other: a peer has no reason to send two at once.
async fn read_bulk(connection: Connection, inlet: Inlet) {
    while let Ok(stream) = connection.accept_uni().await {
        if let Err(reject) = bulk_envelopes(stream, &inlet).await {
            return inlet.fault(reject).await;
        }
    }
}

async fn bulk_envelopes(mut stream: RecvStream, inlet: &Inlet) -> Result<(), Reject> {
    let mut envelopes = Envelopes::bulk();
    while let Some(envelope) = next_envelope(&mut stream, &mut envelopes).await? {
        let channel = envelope.channel.checked_sub(1).ok_or(Reject::Malformed("channel"))?;
        let bytes = envelope.body.len();
        inlet.frame(channel, unpack(envelope.body)?, bytes).await;
    }
    Ok(())
}

/// The way from one connection to the driver.
#[derive(Clone)]
struct Inlet {
    link: LinkId,
    /// One permit for each byte of this peer's frames that may wait.
    inbox: Arc<Semaphore>,
    /// One permit for each of its controls that may wait.
    controls: Arc<Semaphore>,
    paces: Arc<Paces>,
    wires: Wires,
}

impl Inlet {
    async fn control(&self, envelope: Envelope) -> Result<(), Reject> {
        let Some(control) = read_control(envelope.body)? else { return Ok(()) };
        // The semaphore is never closed.
        let Ok(permit) = self.controls.clone().acquire_owned().await else { return Ok(()) };
        let command = Command::Controlled { link: self.link, control, _permit: permit };
        self.wires.turns.put(self.link, Strand::Exchange, command);
        Ok(())
    }

    /// Passes a frame on once there is room for it. A push does not wait for room: anti-entropy brings entries that an
    /// author says faster than the driver takes them.
    async fn frame(&self, channel: u32, frame: Frame, bytes: usize) {
        if matches!(&frame, Frame::Push(push) if !self.paces.takes(push)) {
            return self.wires.tally.flooded();
        }
        let (weight, strand) = (weight(&frame, bytes), Strand::of(&frame));
        let acquire = async |from: &Arc<Semaphore>| match strand {
            Strand::Of(_) => from.clone().try_acquire_many_owned(weight).ok(),
            // The semaphores are never closed.
            _ => from.clone().acquire_many_owned(weight).await.ok(),
        };
        let Some(mine) = acquire(&self.inbox).await else { return };
        let Some(all) = acquire(&self.wires.inbox).await else { return };
        let (link, weight) = (self.link, weight as usize);
        let received = Received { link, channel, frame, bytes, weight, _permits: [mine, all] };
        if !self.wires.turns.put(link, strand, Command::Received(Box::new(received))) {
            self.wires.tally.flooded();
            tracing::debug!("an author says more than its share of a link");
        }
    }

    async fn fault(&self, reject: Reject) {
        self.wires.tell(Command::Faulted { link: self.link, reject }).await;
    }
}

/// The memory that a frame takes, as an estimate in bytes; never more than one peer may use.
fn weight(frame: &Frame, bytes: usize) -> u32 {
    let entries: usize = frame.runs().iter().map(|run| run.entries().len()).sum();
    (bytes + (entries + 1) * ENTRY_BYTES).min(LINK_INBOX_BYTES) as u32
}
