//! Logs of irssi: the day stands on lines of its own, the time of day before each line.

use jiff::civil::{Date, Time};

use super::{Failure, Line, Lines, Said, Sink, Stopped, Tally, bare};
use crate::clock::Clock;

const SOURCE: &str = "irssi";
const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

pub(super) fn read(lines: &mut Lines, clock: &Clock, sink: &mut Sink) -> Result<Tally, Stopped> {
    let (mut tally, mut day) = (Tally::new("lines"), None);
    while let Some(line) = lines.next().map_err(|failure: Failure| failure)? {
        let Line::Text(line) = line else {
            tally.malformed(lines.number);
            continue;
        };
        let parsed = match line.strip_prefix("--- ") {
            Some(mark) => note_day(mark, &mut day),
            None if line.trim().is_empty() => Some(None),
            None => said(&line),
        };
        match (parsed, day) {
            (Some(None), _) => {}
            (Some(Some((time, name, text))), Some(day)) => match clock.ms(Date::to_datetime(day, time)) {
                Some(time_ms) => sink.say(&Said { source: SOURCE.into(), name, time_ms, text })?,
                None => tally.malformed(lines.number),
            },
            _ => tally.malformed(lines.number),
        }
    }
    Ok(tally)
}

/// Whether this is how a line of such a log begins.
pub(super) fn is_line(line: &str) -> bool {
    ["--- Log opened ", "--- Day changed "].iter().any(|mark| line.starts_with(mark)) || said(line).is_some()
}

/// Who said what, and when.
type Spoken = (Time, String, String);

/// `Log opened Sat Mar 02 13:55:01 2019`, `Day changed Sun Mar 03 2019`.
fn note_day(mark: &str, day: &mut Option<Date>) -> Option<Option<Spoken>> {
    let words: Vec<&str> = mark.split_whitespace().collect();
    let found = match words[..] {
        ["Log", "opened", _, month, number, _, year] | ["Day", "changed", _, month, number, year] => {
            let month = MONTHS.iter().position(|known| *known == month)? as i8 + 1;
            Date::new(year.parse().ok()?, month, number.parse().ok()?).ok()?
        }
        ["Log", "closed", ..] => return Some(None),
        _ => return None,
    };
    *day = Some(found);
    Some(None)
}

/// What a line says; nothing when it tells who came, went, or was given a rank.
fn said(line: &str) -> Option<Option<Spoken>> {
    let (time, rest) = line.split_once(' ')?;
    let time = time_of_day(time)?;
    if let Some(rest) = rest.strip_prefix('<') {
        let (name, text) = rest.split_once("> ").or_else(|| Some((rest.strip_suffix('>')?, "")))?;
        return Some(Some((time, bare(name).to_owned(), text.to_owned())));
    }
    if let Some(act) = rest.trim_start().strip_prefix("* ") {
        let name = act.split(' ').next()?;
        return Some(Some((time, bare(name).to_owned(), format!("* {act}"))));
    }
    let passed_over = rest.starts_with("-!-") || rest.starts_with('-') || rest.starts_with('!');
    passed_over.then_some(None)
}

/// `14:02` or `14:02:11`, in brackets or not.
fn time_of_day(text: &str) -> Option<Time> {
    let text = text.trim_start_matches('[').trim_end_matches(']');
    let mut numbers = text.split(':').map(|number| if number.len() == 2 { number.parse::<i8>().ok() } else { None });
    let (hour, minute) = (numbers.next()??, numbers.next()??);
    let second = numbers.next().unwrap_or(Some(0))?;
    if numbers.next().is_some() { None } else { Time::new(hour, minute, second, 0).ok() }
}
