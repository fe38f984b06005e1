//! Logs of WeeChat: time, prefix and message, parted by tabs.

use jiff::civil::DateTime;

use super::{Line, Lines, Said, Sink, Stopped, Tally, bare};
use crate::clock::Clock;

const SOURCE: &str = "WeeChat";

/// Prefixes of lines that nobody said: who came, went, and what happened on the network.
const EVENTS: [&str; 5] = ["-->", "<--", "--", "=!=", ""];

pub(super) fn read(lines: &mut Lines, clock: &Clock, sink: &mut Sink) -> Result<Tally, Stopped> {
    let mut tally = Tally::new("lines");
    while let Some(line) = lines.next()? {
        let parsed = match line {
            Line::Text(line) if line.trim().is_empty() => continue,
            Line::Text(line) => said(&line),
            Line::TooLong => None,
        };
        let placed = parsed.and_then(|(time, said)| Some((clock.ms(time)?, said)));
        match placed {
            Some((time_ms, Some((name, text)))) => sink.say(&Said { source: SOURCE.into(), name, time_ms, text })?,
            Some((_, None)) => {}
            None => tally.malformed(lines.number),
        }
    }
    Ok(tally)
}

/// Whether this is a line of such a log.
pub(super) fn is_line(line: &str) -> bool {
    said(line).is_some()
}

/// When, and who said what if it is something that was said.
fn said(line: &str) -> Option<(DateTime, Option<(String, String)>)> {
    let mut parts = line.splitn(3, '\t');
    let (time, prefix, text) = (parts.next()?, parts.next()?, parts.next()?);
    let time: DateTime = time.parse().ok()?;
    let prefix = prefix.trim();
    if EVENTS.contains(&prefix) {
        return Some((time, None));
    }
    if prefix == "*" {
        let name = text.split(' ').next()?;
        return Some((time, Some((bare(name).to_owned(), format!("* {text}")))));
    }
    Some((time, Some((bare(prefix).to_owned(), text.to_owned()))))
}
