//! Which messages a webhook has still to look at. The room's own logs are the queue: nothing waits anywhere else.

use std::sync::Arc;

use rumormill_node::{
    Error, Message, Room, What,
    proto::{content::Target, ids::AuthorId, ids::Seq, input::Kept as KeptLog, log::Span},
};
use rumormill_text::Kept;

use super::progress::Progress;
use crate::{api::names::author_hex, limits::HOOK_DUE};

/// The oldest messages that are held, were said since `since_ms` and are not done, at most [`HOOK_DUE`], as the timeline
/// orders them. What else is not done and never will be a message said since then is done with this. A message whose text
/// has not come yet is left for later.
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

/// A look through one log.
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

    /// The first entry of `first..=last` that is not older than the hook: within a log time only goes on.
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

    /// The message that an entry makes, if it makes one and is not older than the hook.
    async fn read(&self, seq: Seq) -> Result<Option<Message>, Error> {
        let message = self.room.message(Target { author: self.author, seq }).await?;
        Ok(message.filter(|message| message.place.time.ms() >= self.since_ms))
    }

    fn waits(&self, message: &Message) -> bool {
        matches!(message.what, What::Missing) && !self.room.is_lost(&message.target())
    }

    /// What is done here is found again at little cost, so that it need not be on disk.
    fn done(&self, first: Seq, last: Seq) {
        let note = |progress: &mut Progress| {
            progress.done(&author_hex(&self.author), first, last);
            false
        };
        // Nothing is written, so nothing can fail.
        let _ = self.progress.change(note);
    }
}
