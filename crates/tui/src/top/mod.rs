//! How the rooms and links of a node fare, second by second, or once as a plain table.
//!
//! `Top` is a pure core: it takes samples and keys, and `rows` lays it out. This module feeds it from `/v1` and
//! draws.

mod model;
mod rows;

use std::{
    env, io,
    time::{Duration, Instant},
};

use crossterm::event::{Event as Pressed, EventStream, KeyEventKind};
use futures_util::{Stream, StreamExt as _};
use ratatui::{Frame, Terminal, backend::Backend};
use rumormill_api::endpoints::GET_FIGURES;
use rumormill_client::Client;
use tokio::{sync::mpsc, time};

pub(crate) use self::{
    model::{Next, Sample, Top},
    rows::plain,
};

use self::rows::drawn;
use crate::{chat::Interrupts, failure::Failure, input::Key, limits::SAMPLE_MS, paint::Paint, screen::Screen};

/// The figures as a plain table: those of the process, its rooms and its links.
///
/// # Errors
/// When the process does not answer.
pub async fn top_once(client: &Client) -> Result<Vec<String>, Failure> {
    Ok(plain(&sample(client, Instant::now()).await?))
}

/// Shows the figures on the whole screen until the person leaves.
///
/// # Errors
/// When the terminal cannot be used or goes away, or the process no longer answers.
pub async fn top(client: &Client) -> Result<(), Failure> {
    let mut interrupts = Interrupts::new()?;
    let mut screen = Screen::open().map_err(broken)?;
    let paint = match env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty()) {
        true => Paint::None,
        false => Paint::Colours,
    };
    tokio::select! {
        left = stay(client, EventStream::new(), &mut screen.terminal, Top::new(paint)) => left,
        () = interrupts.next() => Ok(()),
    }
}

/// Takes samples and keys, and draws after each.
pub(crate) async fn stay<B: Backend<Error: ToString>>(
    client: &Client,
    mut keys: impl Stream<Item = io::Result<Pressed>> + Unpin,
    terminal: &mut Terminal<B>,
    mut top: Top,
) -> Result<(), Failure> {
    let (taken, mut samples) = mpsc::channel(1);
    let sampling = sampling(client, taken);
    tokio::pin!(sampling);
    loop {
        terminal.draw(|frame| draw(&mut top, frame)).map_err(broken)?;
        tokio::select! {
            biased;
            key = keys.next() => match key {
                Some(Ok(Pressed::Key(key))) if key.kind != KeyEventKind::Release => {
                    if top.press(Key::new(key.code, key.modifiers)) == Next::Leave {
                        return Ok(());
                    }
                }
                Some(Ok(_)) => {}
                Some(Err(error)) => return Err(broken(error)),
                None => return Ok(()),
            },
            Some(sample) = samples.recv() => top.take(sample),
            Err(why) = &mut sampling => return Err(why),
        }
    }
}

/// Takes a sample a second, until the process no longer answers.
async fn sampling(client: &Client, taken: mpsc::Sender<Sample>) -> Result<(), Failure> {
    let began = Instant::now();
    while taken.send(sample(client, began).await?).await.is_ok() {
        time::sleep(Duration::from_millis(SAMPLE_MS)).await;
    }
    Ok(())
}

async fn sample(client: &Client, began: Instant) -> Result<Sample, Failure> {
    let rooms = client.rooms().await?;
    let figures = client.call(&GET_FIGURES, &[], &[], ()).await?;
    let at_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    Ok(Sample { at_ms, rooms, figures })
}

/// Draws the figures over the whole screen.
pub(crate) fn draw(top: &mut Top, frame: &mut Frame<'_>) {
    let area = frame.area();
    let buffer = frame.buffer_mut();
    let (columns, height) = (usize::from(area.width), usize::from(area.height));
    for (y, (row, style)) in (area.y..).zip(drawn(top, columns, height)) {
        buffer.set_stringn(area.x, y, row, columns, style);
    }
}

fn broken(error: impl ToString) -> Failure {
    Failure::internal("terminal", error.to_string())
}
