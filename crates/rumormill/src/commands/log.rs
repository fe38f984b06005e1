//! `rumormill log`: print the timeline.

use std::collections::BTreeSet;

use rumormill_node::{
    Events, Line, Room, RoomEvent,
    proto::{input::Event, timeline::Place as At},
};
use serde::Serialize;

use crate::{
    chat::show::{nick, row},
    clock::Clock,
    commands::{data, json},
    failure::Failure,
    home::{Place, Reach, pick},
    limits::{PAGE_LINES, PRINTED},
};

/// What to give `rumormill log`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The room's name, or the beginning of its id; not needed when there is one room only
    room: Option<String>,
    /// One JSON object a line, with everything an entry has
    #[arg(long)]
    json: bool,
    /// Then go on with what comes
    #[arg(long, short)]
    follow: bool,
    /// Only the newest so many entries
    #[arg(long, value_name = "N")]
    last: Option<usize>,
}

/// Prints the timeline, oldest first. What comes late while following is printed when it comes.
///
/// # Errors
/// When there is no such room, or the home cannot be opened or read.
pub(crate) async fn run(args: Args, place: Place) -> Result<(), Failure> {
    let node = place.open(if args.follow { Reach::Peers } else { Reach::Nobody }).await?;
    let printed = match pick(&node, args.room.as_deref()) {
        Ok(room) => Printer { json: args.json, clock: Clock::local(), room, printed: BTreeSet::new() }.run(&args).await,
        Err(failure) => Err(failure),
    };
    node.close().await;
    printed
}

/// An entry as JSON.
#[derive(Serialize)]
struct Row<'a> {
    id: String,
    author: String,
    seq: u64,
    time_ms: u64,
    nick: String,
    kind: u8,
    /// `null` when it was dropped, or is no text.
    text: Option<&'a str>,
    seen: Vec<(String, u64)>,
}

struct Printer {
    json: bool,
    clock: Clock,
    room: Room,
    /// The last places printed, at most [`PRINTED`]: events tell again what a page showed already.
    printed: BTreeSet<At>,
}

impl Printer {
    async fn run(&mut self, args: &Args) -> Result<(), Failure> {
        self.room.nicks_found().await;
        let mut events = self.room.events();
        let after = match args.last {
            Some(count) => self.before_newest(count).await?,
            None => None,
        };
        let after = self.rest(after).await?;
        if args.follow { self.follow(&mut events, after).await } else { Ok(()) }
    }

    async fn follow(&mut self, events: &mut Events, mut after: Option<At>) -> Result<(), Failure> {
        while let Some(event) = events.next().await {
            match event {
                RoomEvent::Engine(Event::Shown { entry, .. }) => {
                    let at = At::of(&entry);
                    if after.is_none_or(|after| at > after) {
                        after = self.rest(after).await?;
                    } else if !self.printed.contains(&at) {
                        self.late(at).await?;
                    }
                }
                RoomEvent::Lagged { .. } => after = self.rest(after).await?,
                RoomEvent::Stopped { why } => return Err(Failure::internal("stopped", why)),
                _ => {}
            }
        }
        Ok(())
    }

    /// The place after which the newest `count` entries stand; `None` when there are no others.
    async fn before_newest(&self, count: usize) -> Result<Option<At>, Failure> {
        let (mut left, mut before) = (count, None);
        loop {
            let page = self.room.page(before, PAGE_LINES.min(left.saturating_add(1))).await?;
            let Some(first) = page.first() else { return Ok(None) };
            if let Some(at) = page.len().checked_sub(left.saturating_add(1)) {
                return Ok(Some(page[at].place));
            }
            left -= page.len();
            before = Some(first.place);
        }
    }

    /// Prints everything after a place; answers the place of the last.
    async fn rest(&mut self, mut after: Option<At>) -> Result<Option<At>, Failure> {
        loop {
            let page = self.room.page_after(after, PAGE_LINES).await?;
            let Some(last) = page.last() else { return Ok(after) };
            after = Some(last.place);
            page.iter().try_for_each(|line| self.print(line))?;
        }
    }

    /// Prints the line at a place that others come after.
    async fn late(&mut self, at: At) -> Result<(), Failure> {
        let before = At { seq: at.seq + 1, ..at };
        let page = self.room.page(Some(before), 1).await?;
        page.iter().filter(|line| line.place == at).try_for_each(|line| self.print(line))
    }

    fn print(&mut self, line: &Line) -> Result<(), Failure> {
        self.printed.insert(line.place);
        if self.printed.len() > PRINTED {
            self.printed.pop_first();
        }
        if !self.json {
            return row(&self.clock, &self.room, line).map_or(Ok(()), |text| data(&text));
        }
        json(&Row {
            id: line.id.to_string(),
            author: line.place.author.to_string(),
            seq: line.place.seq,
            time_ms: line.place.time.ms(),
            nick: nick(&self.room, &line.place.author),
            kind: line.kind.number(),
            text: line.body.bytes().and_then(|bytes| std::str::from_utf8(bytes).ok()),
            seen: line.seen.iter().map(|(author, seq)| (author.to_string(), *seq)).collect(),
        })
    }
}
