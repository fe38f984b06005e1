//! A chat as WhatsApp exports it: a stamp in the form of the telephone's region, then `name: text`.

use jiff::civil::{Date, DateTime, Time};
use rumormill_text::Clock;

use super::{
    Out, Said, Stopped,
    text::{Line, Lines},
};

const SOURCE: &str = "WhatsApp";

/// Which of day, month and year a region's dates begin with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum First {
    Day,
    Month,
    Year,
}

/// Reads the chat; `order` comes from a walk of its own, for a single line often does not tell day from month.
pub(super) fn read(lines: &mut Lines, order: Dates, clock: &Clock, out: &mut Out) -> Result<(), Stopped> {
    let mut last: Option<Said> = None;
    while let Some(line) = lines.next()? {
        let Line::Text(line) = line else {
            out.malformed(lines.number);
            continue;
        };
        let Some((numbers, time, rest)) = stamp(&line) else {
            match &mut last {
                Some(said) => {
                    said.text.push('\n');
                    said.text.push_str(&line);
                }
                None if line.trim().is_empty() => {}
                None => out.malformed(lines.number),
            }
            continue;
        };
        if let Some(said) = last.take() {
            out.say(&said)?;
        }
        let Some((time_ms, twice)) =
            date(numbers, order.0).and_then(|date| clock.placed(DateTime::from_parts(date, time)))
        else {
            out.malformed(lines.number);
            continue;
        };
        out.twice(twice);
        match rest.split_once(": ").or_else(|| Some((rest.strip_suffix(':')?, ""))) {
            Some((name, text)) => {
                let name = name.trim_start_matches(['\u{200e}', '~', '\u{a0}', '\u{202f}', ' ']).to_owned();
                let text = text.trim_start_matches('\u{200e}').to_owned();
                last = Some(Said { source: SOURCE.into(), name, time_ms, text });
            }
            None => out.left_out("who came, went and changed"),
        }
    }
    last.map_or(Ok(()), |said| out.say(&said))?;
    Ok(())
}

/// The order of the dates of a chat.
#[derive(Clone, Copy, Debug)]
pub(super) struct Dates(First);

/// Finds the order of a chat's dates: by a number that is no month, or else by the signs that regions use.
pub(super) fn order(lines: &mut Lines) -> Result<Dates, Stopped> {
    let mut guess = First::Day;
    while let Some(line) = lines.next()? {
        let Line::Text(line) = line else { continue };
        let Some(((first, second, _), ..)) = stamp(&line) else { continue };
        match (first, second) {
            (1000.., _) => return Ok(Dates(First::Year)),
            (13.., _) => return Ok(Dates(First::Day)),
            (_, 13..) => return Ok(Dates(First::Month)),
            _ => {}
        }
        let beginning: String = line.chars().take(24).collect();
        let american = beginning.contains('/') && ["AM", "PM"].iter().any(|half| beginning.contains(half));
        guess = if american { First::Month } else { First::Day };
    }
    Ok(Dates(guess))
}

/// Whether this is a line of such a chat.
pub(super) fn is_line(line: &str) -> bool {
    stamp(line).is_some_and(|(.., rest)| rest.contains(": "))
}

/// The three numbers of the date, the time, and the rest: `[02.03.19, 14:02:11] ` or `3/2/19, 2:02 PM - `.
fn stamp(line: &str) -> Option<((i16, i16, i16), Time, &str)> {
    let line = line.trim_start_matches('\u{200e}');
    let (inside, rest) = match line.strip_prefix('[') {
        Some(open) => open.split_once("] ")?,
        None => line.split_once(" - ")?,
    };
    let (date, time) = inside.split_once(", ").or_else(|| inside.split_once(' '))?;
    let mut numbers = date.split(['.', '/', '-']).map(|number| number.trim().parse::<i16>().ok());
    let date = (numbers.next()??, numbers.next()??, numbers.next()??);
    let time = time.replace(['\u{202f}', '\u{a0}'], " ").to_uppercase().replace("A.M.", "AM").replace("P.M.", "PM");
    let formats = ["%I:%M:%S %p", "%I:%M %p", "%H:%M:%S", "%H:%M"];
    let time = formats.iter().find_map(|format| Time::strptime(format, time.trim()).ok())?;
    numbers.next().is_none().then_some((date, time, rest))
}

fn date((first, second, third): (i16, i16, i16), order: First) -> Option<Date> {
    let (year, month, day) = match order {
        First::Day => (third, second, first),
        First::Month => (third, first, second),
        First::Year => (first, second, third),
    };
    let year = if year < 100 { year + 2000 } else { year };
    Date::new(year, month.try_into().ok()?, day.try_into().ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regions_write_stamps_in_their_ways() {
        let noon = |hour, second| Time::new(hour, 2, second, 0).unwrap();
        let cases = [
            ("[02.03.19, 14:02:11] Alice: hi", (2, 3, 19), noon(14, 11), "Alice: hi"),
            ("02.03.19, 14:02 - Alice: hi", (2, 3, 19), noon(14, 0), "Alice: hi"),
            ("3/2/19, 2:02\u{202f}PM - Alice: hi", (3, 2, 19), noon(14, 0), "Alice: hi"),
            ("2019-03-02, 2:02 p.m. - Alice: hi", (2019, 3, 2), noon(14, 0), "Alice: hi"),
            ("\u{200e}[02/03/2019 14:02:11] Alice: hi", (2, 3, 2019), noon(14, 11), "Alice: hi"),
        ];
        for (line, numbers, time, rest) in cases {
            assert_eq!(stamp(line), Some((numbers, time, rest)), "{line}");
        }
        for line in ["hi - there", "[x] y: z", "14:02 <alice> hi"] {
            assert_eq!(stamp(line), None, "{line}");
        }
    }
}
