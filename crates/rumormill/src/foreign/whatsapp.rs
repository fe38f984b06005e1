//! A chat exported by WhatsApp: a timestamp in the form of the phone's region, then `name: text`.

use std::path::Path;

use rumormill_text::Clock;

use super::{
    Out, Said, Stopped,
    dates::{Dates, Day},
    scan::blank,
    stamp::{Stamp, stamp},
    text::{self, LogLine},
};
use crate::progress::Progress;

const SOURCE: &str = "WhatsApp";

/// Reads the chat. A separate pass finds the order of day and month, which a single line often does not show.
pub(super) fn read(path: &Path, clock: &Clock, out: &mut Out, progress: &Progress) -> Result<(), Stopped> {
    let mut dates = Dates::default();
    let mut lines = text::lines(path, progress)?;
    while let Some(line) = lines.next()? {
        let LogLine::Text(line) = line else { continue };
        if let Some((stamp, _)) = stamped(&line) {
            dates.note(stamp.day, stamp.halves && line.chars().take(12).any(|char| char == '/'));
        }
    }
    let (order, sure) = dates.order();
    out.assume(order, sure);
    let mut lines = text::lines(path, progress)?;
    let mut last: Option<Said> = None;
    while let Some(line) = lines.next()? {
        let LogLine::Text(line) = line else {
            out.malformed(lines.number);
            continue;
        };
        let Some((stamp, rest)) = stamped(&line) else {
            match &mut last {
                Some(said) => out.go_on(said, &line)?,
                None if line.trim().is_empty() => {}
                None => out.malformed(lines.number),
            }
            continue;
        };
        if let Some(said) = last.take() {
            out.say(&said)?;
        }
        match (named(rest), stamp.when(order, None, clock)) {
            (Some((name, text)), Some(when)) => {
                out.placed(when);
                last = Some(Said { source: SOURCE.into(), name: name.into(), time_ms: when.ms, text: text.into() });
            }
            (None, Some(_)) => out.left_out("joins, leaves and other changes"),
            (_, None) => out.malformed(lines.number),
        }
    }
    last.map_or(Ok(()), |said| out.say(&said))?;
    out.decoded(lines.decoded, lines.encoding());
    Ok(())
}

/// Whether this is a line of such a chat.
pub(super) fn is_line(line: &str) -> bool {
    stamped(line).is_some_and(|(_, rest)| !rest.starts_with(['<', '*', '-', '[']) && named(rest).is_some())
}

/// The timestamp and the rest: `[02.03.19, 14:02:11] `, or `3/2/19, 2:02 PM - `.
fn stamped(line: &str) -> Option<(Stamp, &str)> {
    let line = line.trim_start_matches(blank);
    let (stamp, rest) = stamp(line)?;
    if matches!(stamp.day, Day::Unsaid | Day::Pair(..) | Day::OfYear(..)) || stamp.tab {
        return None;
    }
    let rest = match line.starts_with('[') {
        true => rest,
        false => rest.strip_prefix(['-', '–', ','])?.strip_prefix(' ')?,
    };
    Some((stamp, rest))
}

/// The speaker and the text; none for a notice of WhatsApp itself.
fn named(rest: &str) -> Option<(&str, &str)> {
    let (name, text) = rest.split_once(": ").or_else(|| Some((rest.strip_suffix(':')?, "")))?;
    let name = name.trim_matches(|char| blank(char) || char == '~');
    // The quoted text is the new name of the group, not a person's name.
    let is_name = !name.is_empty() && !name.contains(['"', '“', '”', '„', '«']);
    is_name.then_some((name, text.trim_start_matches('\u{200e}')))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::foreign::dates::Order;

    #[test]
    fn timestamps_of_all_regions_are_read() {
        let cases = [
            ("[02.03.19, 14:02:11] Alice: hi", Order::Day),
            ("02.03.19, 14:02 - Alice: hi", Order::Day),
            ("2/3/2019 14:02 - Alice: hi", Order::Day),
            ("02-03-2019 14:02 - Alice: hi", Order::Day),
            ("3/2/19, 2:02\u{202f}PM - Alice: hi", Order::Month),
            ("2019-03-02, 2:02 p.m. - Alice: hi", Order::Day),
            ("2019-03-02, 2:02 p.\u{a0}m. - Alice: hi", Order::Day),
            ("\u{200e}[02/03/2019 14:02:11] \u{202a}Alice\u{202c}: hi", Order::Day),
            ("[2/3/19 2:02:11 PM] ~\u{a0}Alice: hi", Order::Day),
            ("2.3.2019 klo 14.02 - Alice: hi", Order::Day),
            ("2. 3. 2019 14:02 - Alice: hi", Order::Day),
            ("2019년 3월 2일 오후 2:02 - Alice : hi", Order::Day),
            ("2019/3/2 下午2:02 - Alice: hi", Order::Day),
            ("[2019/3/2 下午2:02:11] Alice: hi", Order::Day),
            ("2019. 03. 02. 14:02 - Alice: hi", Order::Day),
            ("[٢‏/٣‏/٢٠١٩ ٢:٠٢:١١ م] Alice: hi", Order::Day),
        ];
        for (line, order) in cases {
            let (stamp, rest) = stamped(line).unwrap_or_else(|| panic!("{line}"));
            let at = stamp.when(order, None, &Clock::utc()).map(|when| when.ms / 60_000);
            assert_eq!((at, named(rest)), (Some(1_551_535_320 / 60), Some(("Alice", "hi"))), "{line}");
            assert!(is_line(line), "{line}");
        }
        for line in ["hi - there", "[x] y: z", "14:02 <alice> hi: x", "[2019-03-02 14:02:11] <alice> hi: x"] {
            assert!(!is_line(line), "{line}");
        }
        assert_eq!(named("Alice changed the subject to \"Lunch: now\""), None);
    }
}
