//! How far my own lines have come: `✓ 4/7` behind each.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use axum::http::Method;

use crate::{
    api::words::{EntryRef, Holders, RoomHex},
    chat::show::receipt,
    client::Client,
    failure::Failure,
    limits::{RECEIPT_MS, RECEIPTS, STIR_MS},
};

/// My lines on their way, oldest first.
#[derive(Default)]
pub(crate) struct Receipts {
    lines: VecDeque<OnTheWay>,
    /// When to look again, after something stirred.
    look: Option<Instant>,
}

struct OnTheWay {
    said: EntryRef,
    /// As it is shown, without the receipt.
    line: String,
    /// When it is shown even though not all have it.
    due: Instant,
    /// How many had it when it was shown.
    shown: Option<usize>,
}

impl Receipts {
    /// Follows a line. When [`RECEIPTS`] are followed already, the oldest is forgotten.
    pub(crate) fn follow(&mut self, said: EntryRef, line: String) {
        if self.lines.len() == RECEIPTS {
            self.lines.pop_front();
        }
        let due = Instant::now() + Duration::from_millis(RECEIPT_MS);
        self.lines.push_back(OnTheWay { said, line, due, shown: None });
    }

    /// Something happened by which a line may have come further.
    pub(crate) fn stir(&mut self) {
        if !self.lines.is_empty() {
            self.look.get_or_insert_with(|| Instant::now() + Duration::from_millis(STIR_MS));
        }
    }

    /// Whether this entry is one of the lines followed, which are shown with their receipt.
    pub(crate) fn awaits(&self, entry: &EntryRef) -> bool {
        self.lines.iter().any(|line| line.said == *entry)
    }

    /// Whether some line has not been shown yet.
    pub(crate) fn unheard(&self) -> bool {
        self.lines.iter().any(|line| line.shown.is_none())
    }

    /// The line said last, if it is still followed.
    pub(crate) fn last(&self) -> Option<EntryRef> {
        self.lines.back().map(|line| line.said.clone())
    }

    /// When [`Receipts::settle`] has something to do.
    pub(crate) fn due(&self) -> Option<Instant> {
        let unshown = self.lines.iter().filter(|line| line.shown.is_none()).map(|line| line.due);
        unshown.chain(self.look).min()
    }

    /// Lines to show: those that everyone has, and those that have waited long enough.
    ///
    /// # Errors
    /// When nobody answers.
    pub(crate) async fn settle(&mut self, client: &Client, room: &RoomHex) -> Result<Vec<String>, Failure> {
        let now = Instant::now();
        if self.due().is_none_or(|due| due > now) {
            return Ok(Vec::new());
        }
        self.look = None;
        let mut news = Vec::new();
        let mut left = VecDeque::new();
        for mut line in std::mem::take(&mut self.lines) {
            let Holding { holders, others } = holding(client, room, &line.said).await?;
            let all = others > 0 && holders >= others;
            if all && line.shown.is_none_or(|shown| shown < holders) || line.shown.is_none() && line.due <= now {
                news.push(line.with_receipt(holders, others));
                line.shown = Some(holders);
            }
            if !all {
                left.push_back(line);
            }
        }
        self.lines = left;
        Ok(news)
    }

    /// The lines that were never shown, as far as they came.
    ///
    /// # Errors
    /// When nobody answers.
    pub(crate) async fn close(&mut self, client: &Client, room: &RoomHex) -> Result<Vec<String>, Failure> {
        let mut rest = Vec::new();
        for line in std::mem::take(&mut self.lines).into_iter().filter(|line| line.shown.is_none()) {
            let Holding { holders, others } = holding(client, room, &line.said).await?;
            rest.push(line.with_receipt(holders, others));
        }
        Ok(rest)
    }
}

impl OnTheWay {
    fn with_receipt(&self, holders: usize, others: usize) -> String {
        format!("{}  {}", self.line, receipt(holders, others))
    }
}

/// How many of how many others hold an entry of ours.
struct Holding {
    holders: usize,
    others: usize,
}

/// Who holds what was said here, of all who are in the room.
async fn holding(client: &Client, room: &RoomHex, said: &EntryRef) -> Result<Holding, Failure> {
    let Holders { holders, of } = client.ask(Method::GET, &format!("/v1/rooms/{room}/messages/{said}/holders")).await?;
    Ok(Holding { holders: holders.len(), others: holders.len().max(of as usize) })
}
