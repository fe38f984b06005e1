//! Exports the held part of a room, a piece at a time.

use std::io;

use axum::body::Bytes;
use data_encoding::{BASE64, HEXLOWER};
use futures_util::{Stream, stream};
use jiff::Timestamp;
use rumormill_api::Form;
use rumormill_node::{
    Room,
    proto::{
        entry::{Kind, LogKey, room_name},
        frontier::Frontier,
        ids::{AuthorId, Seq},
        input::Kept,
        run::{RawRun, block_end},
    },
};
use rumormill_text::{Clock, escaped};
use tokio::sync::mpsc;

use super::{
    line::{End, Entry, ExportLine, Fork, Head, Nicks, Placed, VERSION, stamp},
    render,
};
use crate::{
    Refusal,
    limits::{EXPORT_PIECE_BYTES, EXPORT_PIECES},
};

/// The form of the export.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted {
    pub(crate) form: Form,
    /// Only entries from this time on, in milliseconds since the Unix epoch.
    pub(crate) since_ms: Option<u64>,
}

/// The export of a room in pieces. It ends with an error when reading the room fails.
pub(crate) fn export(room: Room, wanted: Wanted) -> impl Stream<Item = io::Result<Bytes>> + Send {
    let (pieces, ready) = mpsc::channel(EXPORT_PIECES);
    tokio::spawn(async move {
        let mut sink = Sink { pieces, gathered: String::new() };
        let written = match wanted.form {
            Form::Jsonl => write(&room, wanted.since_ms, &mut sink).await,
            form => render::write(&room, (form, wanted.since_ms), &Clock::local(), &mut sink).await,
        };
        let last = match written {
            Ok(()) => Ok(std::mem::take(&mut sink.gathered).into()),
            Err(why) => Err(io::Error::other(why.refused.what)),
        };
        // The reader may have gone.
        let _ = sink.pieces.send(last).await;
    });
    stream::unfold(ready, |mut ready| async move { ready.recv().await.map(|piece| (piece, ready)) })
}

/// The receiver of an export.
pub(super) struct Sink {
    pieces: mpsc::Sender<io::Result<Bytes>>,
    gathered: String,
}

impl Sink {
    /// Writes some text; waits for the reader.
    ///
    /// # Errors
    /// When the reader has gone.
    pub(super) async fn put(&mut self, text: &str) -> Result<(), Refusal> {
        self.gathered.push_str(text);
        if self.gathered.len() < EXPORT_PIECE_BYTES {
            return Ok(());
        }
        let piece = std::mem::take(&mut self.gathered).into();
        let sent = self.pieces.send(Ok(piece)).await;
        sent.map_err(|_| Refusal::internal("export", "the reader of the export has gone"))
    }

    async fn line(&mut self, line: &ExportLine) -> Result<(), Refusal> {
        let json = serde_json::to_string(line).map_err(|error| Refusal::internal("json", error.to_string()))?;
        self.put(&(escaped(&json) + "\n")).await
    }
}

async fn write(room: &Room, since_ms: Option<u64>, sink: &mut Sink) -> Result<(), Refusal> {
    let logs = room.entries().logs().await?;
    let mut frontier = Frontier::default();
    logs.iter().for_each(|kept| frontier.update(kept.author, |log| log.clone_from(&kept.log)));
    let head = Head {
        version: VERSION,
        room: room.id().to_string(),
        name: founder_name(room, &logs).await?.unwrap_or_else(|| room.name()),
        at: Timestamp::now().to_string(),
        digest: HEXLOWER.encode(&frontier.digest()),
        since: since_ms.map(stamp),
    };
    sink.line(&ExportLine::Room(head)).await?;
    let mut writer = Writer { room, sink, nicks: Nicks::default(), end: End::default() };
    for kept in &logs {
        writer.log(kept, since_ms).await?;
    }
    let end = writer.end;
    sink.line(&ExportLine::End(end)).await
}

/// The name that the room's founder gave it, if the founding entry is held.
async fn founder_name(room: &Room, logs: &[Kept]) -> Result<Option<String>, Refusal> {
    for kept in logs.iter().filter(|kept| kept.log.holds(0)) {
        let first = room.entries().run(kept.author, 0, 0).await?;
        let founding = first.as_ref().and_then(|run| run.entries().first()).filter(|entry| entry.kind == Kind::FOUND);
        if let Some(body) = founding.and_then(|entry| entry.body.bytes()) {
            return Ok(room_name(&room.id(), &kept.author, body).ok());
        }
    }
    Ok(None)
}

struct Writer<'a> {
    room: &'a Room,
    sink: &'a mut Sink,
    nicks: Nicks,
    end: End,
}

impl Writer<'_> {
    async fn log(&mut self, kept: &Kept, since_ms: Option<u64>) -> Result<(), Refusal> {
        let Kept { author, log, .. } = kept;
        if let Some(proof) = self.room.entries().proof(*author).await? {
            let (at, wire) = (proof.at(), BASE64.encode(proof.wire()));
            self.sink.line(&ExportLine::Fork(Fork { author: author.to_string(), at, proof: wire })).await?;
        }
        for span in log.spans() {
            let mut at = match since_ms {
                Some(since_ms) => self.first_since(author, (span.first, span.last.seq), since_ms).await?,
                None => span.first,
            };
            while at <= span.last.seq {
                let last = block_end(at).min(span.last.seq);
                let run = self.room.entries().run(*author, at, last).await?;
                // An act stands on its own: its signature stays in the middle of what is read at once.
                let acts = run.iter().flat_map(|run| (run.first()..).zip(run.entries()));
                let acts = acts.filter(|(seq, entry)| entry.kind.is_act() && *seq < last);
                let acts: Vec<Seq> = acts.map(|(seq, _)| seq).collect();
                if acts.is_empty() {
                    self.signed(run, (at, last)).await?;
                } else {
                    for end in acts.into_iter().chain([last]) {
                        let part = self.room.entries().run(*author, at, end).await?;
                        self.signed(part, (at, end)).await?;
                        at = end + 1;
                    }
                }
                at = last + 1;
            }
        }
        Ok(())
    }

    /// Writes a run that is whole and signed; counts what is left out of another one.
    async fn signed(&mut self, run: Option<RawRun>, (first, last): (Seq, Seq)) -> Result<(), Refusal> {
        match run.filter(|run| run.signature().is_some() && run.first() == first) {
            Some(run) => self.run(&run).await,
            None => {
                self.end.left_out += last - first + 1;
                Ok(())
            }
        }
    }

    /// The first entry of a span with a time of `since_ms` or later: times only increase along a log.
    async fn first_since(&self, author: &AuthorId, (first, last): (Seq, Seq), since_ms: u64) -> Result<Seq, Refusal> {
        let (mut low, mut high) = (first, last + 1);
        while low < high {
            let middle = low + (high - low) / 2;
            let run = self.room.entries().run(*author, middle, middle).await?;
            let ms = run.as_ref().and_then(|run| run.entries().first()).map(|entry| entry.time.ms());
            // A damaged entry has no readable time: the export reads it, and leaves it out.
            match ms {
                Some(ms) if ms < since_ms => low = middle + 1,
                _ => high = middle,
            }
        }
        Ok(low)
    }

    async fn run(&mut self, run: &RawRun) -> Result<(), Refusal> {
        let room = self.room.id();
        let key = LogKey::new(&room, &run.author());
        let (mut prev, mut scratch) = (run.prev(), Vec::new());
        for (entry, seq) in run.entries().iter().zip(run.first()..) {
            let signature = run.signature().filter(|_| seq == run.last());
            let placed = Placed { room: &room, author: run.author(), seq, prev, signature };
            let line = ExportLine::Entry(Box::new(Entry::of(&placed, entry, &mut self.nicks)));
            self.sink.line(&line).await?;
            self.end.entries += 1;
            self.end.without_body += u64::from(entry.body.bytes().is_none());
            prev = key.id(seq, &prev, entry, &mut scratch);
        }
        Ok(())
    }
}
