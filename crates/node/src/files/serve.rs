//! Serving files to peers: one at a time to each, only files that a common room names, and only after everything live.
//! Peers take turns at every piece.

use std::sync::Arc;

use bytes::Bytes;
use iroh::endpoint::{Connection, RecvStream, SendStream};
use rumormill_proto::{codec::Reader, ids::FileId, limits::FILE_BYTES, reject::Reject};
use rumormill_store::{FileSource, RoomFile};
use tokio::time::timeout;

use super::{shelf::Shelf, slots::Moved};
use crate::{
    command::Command,
    connection::LinkId,
    error::Error,
    limits::{FILE_ASKED_BYTES, FILE_STALL, TAGS},
};

/// A peer's request.
struct Asked {
    /// Index of the peer's tag for the room.
    channel: u32,
    hash: FileId,
    size: u64,
    /// The piece to begin with.
    first: u64,
}

impl Asked {
    fn read(bytes: Bytes) -> Result<Self, Reject> {
        let mut reader = Reader::new(bytes);
        let channel = reader.count(TAGS, "channel")? as u32;
        let hash = FileId(reader.array("file hash")?);
        let size = reader.number("file size")?;
        let first = reader.number("first piece")?;
        reader.end("file asked for")?;
        if size > FILE_BYTES { Err(Reject::Limit("file size")) } else { Ok(Self { channel, hash, size, first }) }
    }
}

impl Shelf {
    /// Answers one peer, until the connection ends.
    pub(crate) async fn serve(self: Arc<Self>, connection: Connection, link: LinkId) {
        while let Ok((send, receive)) = connection.accept_bi().await {
            let Err(reject) = self.answer(link, send, receive).await else { continue };
            if let Some(commands) = self.ways.commands.upgrade() {
                // Fails only when the driver has just ended.
                let _ = commands.send(Command::Faulted { link, reject }).await;
            }
        }
    }

    async fn answer(self: &Arc<Self>, link: LinkId, mut send: SendStream, receive: RecvStream) -> Result<(), Reject> {
        let Some(asked) = asked(receive).await? else { return Ok(()) };
        let first = asked.first;
        let source = self.allowed(link, &asked).await.unwrap_or_else(|why| {
            tracing::warn!(%why, "cannot serve a file");
            None
        });
        // Errors from here on mean that the peer has gone.
        let _ = send.set_priority(-1);
        let has = timeout(FILE_STALL, send.write_all(&[u8::from(source.is_some())])).await;
        if let (Some(source), Ok(Ok(()))) = (source, has) {
            self.pieces(source, first, &mut send).await;
        }
        let _ = send.finish();
        Ok(())
    }

    /// Opens the file, if it is here and the peer may have it.
    async fn allowed(self: &Arc<Self>, link: LinkId, asked: &Asked) -> Result<Option<FileSource>, Error> {
        let Asked { channel, hash, size, .. } = *asked;
        let Some(room) = self.ask(|answer| Command::Channel { link, channel, answer }).await? else { return Ok(None) };
        let file = RoomFile { room, hash };
        let held = self.state().held.get(&file).is_some_and(|held| held.size == size);
        if !held || !self.names(file).await? {
            return Ok(None);
        }
        self.on_disk(move |files| files.source(file, size)).await
    }

    /// Reads and writes one piece after the other. Ends at a peer that stalls, and at a damaged piece, because other
    /// peers have it.
    async fn pieces(self: &Arc<Self>, source: FileSource, first: u64, send: &mut SendStream) {
        let source = Arc::new(source);
        for at in first.. {
            let source = source.clone();
            let Some(_slot) = self.served.take().await else { return };
            let piece = match self.on_disk(move |_| source.piece(at)).await {
                Ok(Some(piece)) => piece,
                Ok(None) => return,
                Err(why) => return tracing::error!(%why, "cannot read a file"),
            };
            if !matches!(self.served.hold(write(send, piece), || false).await, Moved::Done(true)) {
                // Fails only when the stream was finished or reset before.
                let _ = send.reset(0u32.into());
                return;
            }
        }
    }
}

/// Reads a peer's request; `None` when the peer goes before it is complete.
async fn asked(mut stream: RecvStream) -> Result<Option<Asked>, Reject> {
    match timeout(FILE_STALL, stream.read_to_end(FILE_ASKED_BYTES)).await {
        Ok(Ok(bytes)) => Asked::read(bytes.into()).map(Some),
        Ok(Err(iroh::endpoint::ReadToEndError::TooLong)) => Err(Reject::Limit("file asked for")),
        _ => Ok(None),
    }
}

/// Writes a piece. Returns whether the peer is still there. The next piece is read while the network takes this one.
async fn write(stream: &mut SendStream, piece: Vec<u8>) -> bool {
    let write = async {
        stream.write_all(&(piece.len() as u32).to_be_bytes()).await?;
        stream.write_chunk(piece.into()).await
    };
    write.await.is_ok()
}
