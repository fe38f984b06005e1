//! Finds the messages that a webhook has still to look at. The room's own logs are the queue: nothing is queued
//! anywhere else.

use std::sync::Arc;

use rumormill_node::{
    Error, Message, Room, What,
    proto::{content::Target, ids::AuthorId, ids::Seq, input::Kept as KeptLog, log::Span},
};
use rumormill_text::Kept;

use super::progress::Progress;
use crate::{api::names::author_hex, limits::HOOK_DUE};

/// The oldest held messages that were said since `since_ms` and are not done, at most [`HOOK_DUE`], in the order of the
/// timeline. Marks as done all other entries that can never become a message said since then. A message whose text has
/// not come yet is left for later.
pub(super) async fn due(room: Room, since_ms: u64, progress: Arc<Kept<Progress>>) -> Result<Vec<Message>, Error> {
    let mut due = Vec::new();
    for KeptLog { author, log, .. } in room.entries().logs().await? {
        for span in log.spans().to_vec() {
            let open = progress.read(|progress| progress.open(&author_hex(&author), span.first, span.last.seq));
            let search = Search { room: room.clone(), author, since_ms, progress: progress.clone() };
            for (first, last) in open {
                search.look(span, (first, last), &mut due).await?;
            }
        }
        if due.len() >= HOOK_DUE {
            break;
        }
    }
    due.sort_by_key(|message| message.place);
    Ok(due)
}

/// The search through one log.
struct Search {
    room: Room,
    author: AuthorId,
    since_ms: u64,
    progress: Arc<Kept<Progress>>,
}

impl Search {
    async fn look(&self, span: Span, (first, last): (Seq, Seq), due: &mut Vec<Message>) -> Result<(), Error> {
        let begin = match span {
            span if span.last.time.ms() < self.since_ms => last.saturating_add(1),
            span if span.first_time.ms() >= self.since_ms => first,
            _ => self.first_since(first, last).await?,
        };
        if begin > first {
            self.done(first, begin - 1);
        }
        for seq in begin..=last {
            if due.len() >= HOOK_DUE {
                break;
            }
            match self.read(seq).await? {
                None => self.done(seq, seq),
                Some(message) if self.waits(&message) => {}
                Some(message) => due.push(message),
            }
        }
        Ok(())
    }

    /// The first entry of `first..=last` that is not older than the hook: times only increase along a log.
    async fn first_since(&self, first: Seq, last: Seq) -> Result<Seq, Error> {
        let (mut low, mut high) = (first, last.saturating_add(1));
        while low < high {
            let middle = low + (high - low) / 2;
            let row = self.room.entries().one(Target { author: self.author, seq: middle }).await?;
            match row.is_some_and(|row| row.place.time.ms() < self.since_ms) {
                true => low = middle + 1,
                false => high = middle,
            }
        }
        Ok(low)
    }

    /// The message of an entry, if it has one that is not older than the hook.
    async fn read(&self, seq: Seq) -> Result<Option<Message>, Error> {
        let message = self.room.message(Target { author: self.author, seq }).await?;
        Ok(message.filter(|message| message.place.time.ms() >= self.since_ms))
    }

    fn waits(&self, message: &Message) -> bool {
        matches!(message.what, What::Missing) && !self.room.is_lost(&message.target())
    }

    /// Marks entries as done in memory only: the search finds them again at little cost.
    fn done(&self, first: Seq, last: Seq) {
        let note = |progress: &mut Progress| {
            progress.done(&author_hex(&self.author), first, last);
            false
        };
        // Nothing is written, so nothing can fail.
        let _ = self.progress.change(note);
    }
}
