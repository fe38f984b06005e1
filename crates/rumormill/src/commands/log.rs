//! `rumormill log`: print the timeline.

use std::collections::BTreeSet;

use futures_util::{Stream, StreamExt as _};
use jiff::Span;
use rumormill_api::{Event, Message, PlaceText, Room};
use rumormill_client::{Client, RoomHandle};
use rumormill_text::{Clock, Names, show::message_line};

use crate::{
    client::{self, pick},
    commands::{data, json, since_ms, tell_hidden},
    failure::Failure,
    home::{HomeArgs, Reach},
    limits::{PAGE_LINES, PRINTED},
};

/// Arguments of `rumormill log`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Name of the room, or the beginning of its id; optional when there is only one room
    room: Option<String>,
    /// Print one JSON object per line, with every field of a message
    #[arg(long)]
    json: bool,
    /// Include messages from people you have hidden
    #[arg(long)]
    all: bool,
    /// Keep printing new messages as they arrive
    #[arg(long, short)]
    follow: bool,
    /// Print only this many of the newest messages
    #[arg(long, value_name = "N")]
    last: Option<usize>,
    /// Only messages from this long ago until now: 7d, 12h, 90m
    #[arg(long, value_name = "TIME")]
    since: Option<Span>,
}

/// Prints the timeline, oldest first. With `--follow`, a late message is printed when it comes.
///
/// # Errors
/// When there is no such room, or the home cannot be opened or read.
pub(crate) async fn run(args: Args, place: HomeArgs) -> Result<(), Failure> {
    let reach = if args.follow { Reach::Staying } else { Reach::Reading };
    client::with(&place, reach, async |client| print(client, &args).await).await
}

async fn print(client: &Client, args: &Args) -> Result<(), Failure> {
    let room = pick(client, args.room.as_deref()).await?;
    let clock = Clock::local();
    let (json, all) = (args.json, args.all);
    let asks = client.room(room.id.as_str());
    let names = Names::of_people(&asks.people().await?);
    let mut printer = Printer { asks, room, json, all, hidden: 0, clock, names, printed: BTreeSet::new() };
    let events = if args.follow { Some(client.lasting_events().await?) } else { None };
    let since = since_ms(&printer.clock, args.since.as_ref())?;
    printer.pages(args.last, since.map(PlaceText::earliest)).await?;
    tell_hidden(printer.hidden);
    match events {
        Some(mut events) => printer.follow(&mut events).await,
        None => Ok(()),
    }
}

struct Printer {
    asks: RoomHandle,
    room: Room,
    json: bool,
    all: bool,
    /// Messages that were not printed because their author is hidden.
    hidden: usize,
    clock: Clock,
    names: Names,
    /// The last printed places, at most [`PRINTED`]: events repeat messages of a page.
    printed: BTreeSet<PlaceText>,
}

impl Printer {
    /// Prints the messages after `since`: the newest `last` of them, or all.
    async fn pages(&mut self, last: Option<usize>, since: Option<PlaceText>) -> Result<(), Failure> {
        let mut after = match last {
            Some(count) => self.before_newest(count).await?.max(since),
            None => since,
        };
        loop {
            let from = after.take().unwrap_or_else(|| PlaceText::earliest(0));
            let page = self.asks.after(&from, PAGE_LINES).await?;
            let Some(last) = page.messages.last() else { return Ok(()) };
            after = Some(last.place.clone());
            page.messages.iter().try_for_each(|message| self.print(message))?;
            if !page.more {
                return Ok(());
            }
        }
    }

    /// The place right before the newest `count` messages; `None` when there are no others.
    async fn before_newest(&self, count: usize) -> Result<Option<PlaceText>, Failure> {
        let (mut left, mut before) = (count.saturating_add(1), None);
        loop {
            let page = match &before {
                Some(before) => self.asks.before(before, PAGE_LINES.min(left)).await?,
                None => self.asks.newest(PAGE_LINES.min(left)).await?,
            };
            let Some(first) = page.messages.first() else { return Ok(None) };
            left -= page.messages.len();
            match (left, page.more) {
                (0, _) => return Ok(Some(first.place.clone())),
                (_, false) => return Ok(None),
                _ => before = Some(first.place.clone()),
            }
        }
    }

    async fn follow(&mut self, events: &mut (impl Stream<Item = Event> + Unpin)) -> Result<(), Failure> {
        while let Some(event) = events.next().await {
            match event {
                Event::Message { room, message, .. } if room == self.room.id => self.print(&message)?,
                Event::Person { room, author, nick, .. } if room == self.room.id => self.names.learn(&author, &nick),
                Event::Lagged { .. } => {
                    let after = self.printed.last().cloned();
                    self.pages(None, after).await?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn print(&mut self, message: &Message) -> Result<(), Failure> {
        if self.printed.contains(&message.place) {
            return Ok(());
        }
        if self.printed.len() == PRINTED {
            self.printed.pop_first();
        }
        self.printed.insert(message.place.clone());
        if message.hidden && !self.all {
            self.hidden += 1;
            return Ok(());
        }
        self.names.meet(message);
        match self.json {
            true => json(message),
            false => data(&message_line(&self.clock, &self.names, message)),
        }
    }
}
