//! Answers to wants, in small steps, so that one peer's large want delays no other peer.
//!
//! One task of each connection serves one want after the other. A step reads and checks a quarter of a mebibyte on a
//! reader's thread, and the next one is read while the network takes the last. The peer sets the pace: a step waits
//! until the one before the last is written.

use std::{collections::VecDeque, sync::Arc};

use iroh::endpoint::{Connection, SendStream};
use rumormill_proto::{
    frame::Frame,
    ids::{AuthorId, RoomId, Seq},
    input::Form,
    limits::{BLOCK, PUSH_RUNS},
    run::RawRun,
};
use rumormill_store::{Error as StoreError, Read};
use tokio::sync::{Semaphore, mpsc};

use crate::{
    command::Command,
    connection::Job,
    envelope::Packer,
    limits::{SERVE_AHEAD, SERVE_FRAME_ENTRIES, SERVE_LIVE_BYTES, SERVE_NEWEST, SERVE_STEP_BYTES},
    outbound::Outbound,
    readers::Readers,
    wires::Wires,
};

/// Serves the wants of one connection.
pub(crate) struct Server {
    pub(crate) connection: Connection,
    pub(crate) outbound: Arc<Outbound>,
    pub(crate) readers: Arc<Readers>,
    /// One permit for each step that may be under way, for all peers.
    pub(crate) serving: Arc<Semaphore>,
    pub(crate) wires: Wires,
}

/// The result of one step.
enum Piece {
    /// The whole answer, small enough for the live stream: encoded frames.
    Live(Vec<Vec<u8>>),
    /// Envelopes of a bulk stream, compressed.
    Bulk(Vec<u8>),
}

impl Server {
    /// Serves one job after the other, until no more can come.
    pub(crate) async fn run(self, mut jobs: mpsc::Receiver<Job>) {
        while let Some(job) = jobs.recv().await {
            let (room, bytes) = (job.room, self.answer(job).await);
            self.wires.tell(Command::Served { room, bytes }).await;
        }
    }

    /// Serves one job. Returns the bytes that it took on the wire.
    async fn answer(&self, job: Job) -> usize {
        let (pieces, ready) = mpsc::channel(SERVE_AHEAD);
        let channel = job.channel;
        let ((), written) = tokio::join!(self.read(job, pieces), self.write(channel, ready));
        written
    }

    async fn read(&self, job: Job, pieces: mpsc::Sender<Piece>) {
        let (room, want) = (job.room, job.want);
        let mut steps = Steps::new(job);
        while !steps.ended {
            let Ok(permit) = self.serving.acquire().await else { return };
            let read = move |read: &mut dyn Read| {
                let piece = steps.next(read);
                Ok((steps, piece))
            };
            let stepped = self.readers.read(read).await;
            drop(permit);
            let Ok((rest, piece)) = stepped else { return };
            steps = rest;
            match piece {
                Ok(piece) => {
                    if pieces.send(piece).await.is_err() {
                        return;
                    }
                }
                Err(why) => {
                    tracing::error!(room = %room.short(), %why, "cannot serve");
                    // The peer asks another one at once.
                    let done = (want != 0).then(|| Frame::Done { want }.encode());
                    let _ = pieces.send(Piece::Live(done.into_iter().collect())).await;
                    return;
                }
            }
        }
    }

    async fn write(&self, channel: u32, mut ready: mpsc::Receiver<Piece>) -> usize {
        let mut stream: Option<SendStream> = None;
        let mut written = 0;
        while let Some(piece) = ready.recv().await {
            match piece {
                Piece::Live(frames) => {
                    for frame in frames {
                        written += self.outbound.put(channel, &frame).await;
                    }
                }
                Piece::Bulk(bytes) => {
                    written += bytes.len();
                    let open = match &mut stream {
                        Some(open) => open,
                        None => match self.connection.open_uni().await {
                            Ok(open) => stream.insert(open),
                            Err(_) => return written,
                        },
                    };
                    if open.write_chunk(bytes.into()).await.is_err() {
                        return written;
                    }
                }
            }
        }
        if let Some(mut stream) = stream {
            // Fails only when the connection has ended.
            let _ = stream.finish();
        }
        written
    }
}

/// A job under way.
struct Steps {
    job: Job,
    walk: Walk,
    packer: Option<Packer>,
    ended: bool,
}

impl Steps {
    fn new(job: Job) -> Self {
        let walk = Walk::new(&job);
        Self { job, walk, packer: None, ended: false }
    }

    fn next(&mut self, read: &mut dyn Read) -> Result<Piece, Box<dyn std::error::Error + Send + Sync>> {
        let is_asked = self.job.asked.strong_count() > 0;
        let runs = if is_asked { self.walk.step(read)? } else { Vec::new() };
        self.ended = !is_asked || self.walk.ended();
        let bytes: usize = runs.iter().map(|run| run.wire().len()).sum();
        let mut frames = self.frames(runs);
        if self.ended && self.job.want != 0 {
            frames.push(Frame::Done { want: self.job.want }.encode());
        }
        if self.packer.is_none() && self.ended && bytes <= SERVE_LIVE_BYTES {
            return Ok(Piece::Live(frames));
        }
        let packer = match &mut self.packer {
            Some(packer) => packer,
            None => self.packer.insert(Packer::new()?),
        };
        let envelopes: Vec<_> =
            frames.iter().map(|frame| packer.envelope(self.job.channel, frame)).collect::<Result<_, _>>()?;
        Ok(Piece::Bulk(envelopes.concat()))
    }

    /// Frames that hold these runs, each within the bounds of a frame.
    fn frames(&self, runs: Vec<RawRun>) -> Vec<Vec<u8>> {
        let (mut groups, mut group) = (Vec::new(), Group::default());
        for run in runs {
            let (bytes, entries) = (run.wire().len(), run.entries().len());
            let has_room = group.bytes + bytes <= SERVE_STEP_BYTES
                && group.entries + entries <= SERVE_FRAME_ENTRIES
                && group.runs.len() < PUSH_RUNS;
            if !has_room {
                groups.push(std::mem::take(&mut group));
            }
            group.bytes += bytes;
            group.entries += entries;
            group.runs.push(run);
        }
        groups.push(group);
        let want = self.job.want;
        let groups = groups.into_iter().filter(|group| !group.runs.is_empty());
        groups.map(|Group { runs, .. }| Frame::Runs { want, runs }.encode()).collect()
    }
}

/// Runs of one frame.
#[derive(Default)]
struct Group {
    bytes: usize,
    entries: usize,
    runs: Vec<RawRun>,
}

/// The order in which entries are served: first the newest of the timeline, then the ranges. In both, a block of each
/// log in turn, from the top down.
struct Walk {
    room: RoomId,
    form: Form,
    hidden: Vec<(AuthorId, Seq, Seq)>,
    newest: usize,
    first: VecDeque<Part>,
    then: VecDeque<Part>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Part {
    author: AuthorId,
    first: Seq,
    last: Seq,
}

impl Part {
    /// The parts of this that `other` does not cover, the upper one first.
    fn without(self, other: Self) -> impl Iterator<Item = Self> {
        let apart = self.author != other.author || other.last < self.first || self.last < other.first;
        let whole = apart.then_some(self);
        let below = (!apart && self.first < other.first).then(|| Self { last: other.first - 1, ..self });
        let above = (!apart && other.last < self.last).then(|| Self { first: other.last + 1, ..self });
        [whole, above, below].into_iter().flatten()
    }
}

impl Walk {
    fn new(job: &Job) -> Self {
        let part = |&(author, first, last): &(AuthorId, Seq, Seq)| Part { author, first, last };
        let then = job.ranges.iter().map(part).collect();
        let newest = job.newest.min(SERVE_NEWEST);
        Self { room: job.room, form: job.form, hidden: job.hidden.clone(), newest, first: VecDeque::new(), then }
    }

    fn ended(&self) -> bool {
        self.newest == 0 && self.first.is_empty() && self.then.is_empty()
    }

    /// The next runs: a quarter of a mebibyte, or one run more.
    fn step(&mut self, read: &mut dyn Read) -> Result<Vec<RawRun>, StoreError> {
        if self.newest > 0 {
            let newest = read.newest(&self.room, std::mem::take(&mut self.newest))?;
            self.first = newest.into_iter().map(|(author, first, last)| Part { author, first, last }).collect();
            for part in &self.first {
                self.then = self.then.iter().flat_map(|range| range.without(*part)).collect();
            }
        }
        let (mut runs, mut bytes) = (Vec::new(), 0);
        while bytes < SERVE_STEP_BYTES {
            let is_first = !self.first.is_empty();
            let queue = if is_first { &mut self.first } else { &mut self.then };
            let Some(part) = queue.pop_front() else { break };
            let (run, rest) = self.top(read, part)?;
            let queue = if is_first { &mut self.first } else { &mut self.then };
            queue.extend(rest);
            bytes += run.as_ref().map_or(0, |run| run.wire().len());
            runs.extend(run);
        }
        Ok(runs)
    }

    /// The topmost run of a part, and the rest of the part. Leaves out a block that is damaged on disk, because other peers
    /// have it.
    fn top(&self, read: &mut dyn Read, part: Part) -> Result<(Option<RawRun>, Option<Part>), StoreError> {
        let below = |seq: Seq| seq.checked_sub(1).filter(|last| part.first <= *last).map(|last| Part { last, ..part });
        let run = match self.form {
            Form::Held => read.run(&self.room, &part.author, part.first, part.last),
            Form::Proved | Form::Acts => read.proved_run(&self.room, &part.author, part.first, part.last),
        };
        let run = match self.form {
            Form::Acts => run.map(|run| run.and_then(|run| run.with_acts().ok())),
            Form::Held | Form::Proved => run,
        };
        match run {
            Ok(Some(run)) => {
                let rest = below(run.first());
                Ok((run.without_hidden(&self.hidden).ok(), rest))
            }
            Ok(None) => Ok((None, None)),
            Err(why @ StoreError::Corrupt { .. }) => {
                let (room, author) = (self.room.short(), part.author.short());
                tracing::error!(%room, %author, %why, "a damaged block is not served");
                let block_start = part.last.saturating_sub(1) / BLOCK * BLOCK + 1;
                Ok((None, below(block_start.min(part.last))))
            }
            Err(why) => Err(why),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(author: u8, first: Seq, last: Seq) -> Part {
        Part { author: AuthorId([author; 32]), first, last }
    }

    #[test]
    fn what_was_served_first_is_not_served_again() {
        let cases = [
            (part(1, 0, 9), part(2, 0, 9), vec![part(1, 0, 9)]),
            (part(1, 0, 9), part(1, 10, 20), vec![part(1, 0, 9)]),
            (part(1, 0, 9), part(1, 0, 9), vec![]),
            (part(1, 0, 9), part(1, 5, 20), vec![part(1, 0, 4)]),
            (part(1, 5, 9), part(1, 0, 5), vec![part(1, 6, 9)]),
            (part(1, 0, 9), part(1, 3, 5), vec![part(1, 6, 9), part(1, 0, 2)]),
        ];
        for (range, served, left) in cases {
            assert_eq!(range.without(served).collect::<Vec<_>>(), left, "{range:?} without {served:?}");
        }
    }
}
