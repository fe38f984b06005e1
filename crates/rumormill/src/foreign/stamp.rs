//! When a line of a log was said: the time, and what of the date and the zone, that stand at its beginning.

use jiff::{
    civil::{Date, DateTime, Time},
    fmt::strtime::BrokenDownTime,
    tz::Offset,
};
use rumormill_text::Clock;

/// Dates as clients write them, tried in this order.
const DATES: [&str; 7] = ["%Y-%m-%d", "%Y/%m/%d", "%Y%m%d", "%d.%m.%Y", "%a %b %d %Y", "%d %b %Y", "%b %d %Y"];

/// Times as clients write them, the longest first.
const TIMES: [&str; 4] = ["%I:%M:%S %p", "%I:%M %p", "%H:%M:%S", "%H:%M"];

/// What stands at the beginning of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    /// The day, where the line names it.
    pub(super) day: Day,
    /// The time of day.
    pub(super) time: Time,
    /// How far ahead of UTC, where the line says so.
    pub(super) offset: Option<Offset>,
}

/// What a line says of its day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Day {
    /// All of it.
    Date(Date),
    /// Month and day, as HexChat writes it.
    OfYear(i8, i8),
    /// Nothing.
    Unsaid,
}

/// Takes the stamp off the beginning of a line: the stamp, and the rest without the blanks before it.
pub(super) fn stamp(line: &str) -> Option<(Stamp, &str)> {
    let opened = line.trim_start_matches(['[', '(', '\u{200e}', ' ']);
    let (day, rest) = day(opened);
    let rest = match day {
        Day::Unsaid => rest,
        _ => rest.trim_start_matches(['T', 't', ',', ' ']),
    };
    let (time, rest) = time(rest)?;
    let (offset, rest) = offset(rest);
    let closed = rest.trim_start_matches([']', ')']);
    // A number goes on behind what looked like a time, as in an address.
    if closed.starts_with(|next: char| next.is_alphanumeric() || next == ':' || next == '.') {
        return None;
    }
    Some((Stamp { day, time, offset }, closed.trim_start_matches([' ', '\t'])))
}

/// Whether a line begins as if a stamp stood there, so that it is no part of the line above.
pub(super) fn looks_stamped(line: &str) -> bool {
    let opened = line.trim_start_matches(['[', '(']);
    let beginning = opened.split([' ', '\t', '<']).next().unwrap_or_default();
    opened.starts_with(|first: char| first.is_ascii_digit()) && beginning.contains([':', '-'])
}

impl Stamp {
    /// Milliseconds since the Unix epoch, and whether the hour comes twice in the zone of `clock`; on `date` where the
    /// line names none.
    pub(super) fn ms(&self, date: Option<Date>, clock: &Clock) -> Option<(u64, bool)> {
        let date = match self.day {
            Day::Date(date) => date,
            Day::OfYear(month, day) => Date::new(date?.year(), month, day).ok()?,
            Day::Unsaid => date?,
        };
        let at = DateTime::from_parts(date, self.time);
        match self.offset {
            None => clock.placed(at),
            Some(offset) => u64::try_from(offset.to_timestamp(at).ok()?.as_millisecond()).ok().map(|ms| (ms, false)),
        }
    }
}

fn day(text: &str) -> (Day, &str) {
    for format in DATES {
        if let Some((parsed, rest)) = prefix(format, text)
            && let Ok(date) = parsed.to_date()
            // No year of four digits: what was read as one is an hour.
            && date.year() >= 1970
        {
            return (Day::Date(date), rest);
        }
    }
    match prefix("%b %d", text).map(|(parsed, rest)| (parsed.month(), parsed.day(), rest)) {
        Some((Some(month), Some(day), rest)) => (Day::OfYear(month, day), rest),
        _ => (Day::Unsaid, text),
    }
}

fn time(text: &str) -> Option<(Time, &str)> {
    let (parsed, rest) = TIMES.iter().find_map(|format| prefix(format, text))?;
    let mut time = parsed.to_time().ok()?;
    let mut rest = rest;
    if let Some(fraction) = rest.strip_prefix(['.', ','])
        && fraction.starts_with(|first: char| first.is_ascii_digit())
    {
        let digits = fraction.chars().take_while(char::is_ascii_digit).count();
        let thousandths: String = fraction.chars().take(digits.min(3)).chain("000".chars()).take(3).collect();
        time = time.with().millisecond(thousandths.parse().ok()?).build().ok()?;
        rest = &fraction[digits..];
    }
    Some((time, rest))
}

fn offset(text: &str) -> (Option<Offset>, &str) {
    let after = text.trim_start_matches(' ');
    for name in ["Z", "UTC", "GMT"] {
        if let Some(rest) = after.strip_prefix(name)
            && !rest.starts_with(char::is_alphanumeric)
        {
            return (Some(Offset::UTC), rest);
        }
    }
    if after.starts_with(['+', '-']) {
        for format in ["%:z", "%z"] {
            if let Some((parsed, rest)) = prefix(format, after) {
                return (parsed.offset(), rest);
            }
        }
    }
    (None, text)
}

/// What of a text is of this form, and the rest.
fn prefix<'a>(format: &str, text: &'a str) -> Option<(BrokenDownTime, &'a str)> {
    let (parsed, length) = BrokenDownTime::parse_prefix(format, text).ok()?;
    Some((parsed, text.get(length..)?))
}

/// Beginnings of the names of months, in the languages whose three letters differ.
const MONTHS: [&[&str]; 12] = [
    &["jan", "gen", "ene", "янв", "sty", "led", "oca"],
    &["feb", "fév", "fev", "фев", "lut", "úno", "şub"],
    &["mar", "mär", "mrt", "мар", "bře", "mær"],
    &["apr", "avr", "abr", "апр", "kwi", "dub", "nis"],
    &["may", "mai", "maj", "mag", "mei", "май", "мая", "kvě"],
    &["jun", "jui", "giu", "июн", "cze", "čer", "haz"],
    &["jul", "juil", "lug", "июл", "lip", "črc", "tem"],
    &["aug", "aoû", "aou", "ago", "авг", "sie", "srp", "ağu"],
    &["sep", "set", "сен", "wrz", "zář", "eyl"],
    &["oct", "okt", "ott", "out", "окт", "paź", "říj", "eki"],
    &["nov", "ноя", "lis", "kas"],
    &["dec", "dez", "dic", "déc", "des", "дек", "gru", "pro", "ara"],
];

/// The day that a line about days names, as `Sat Mar 02 13:55:01 2019` or `So Mär 03 2019`. A month in a language that
/// is not known is taken from the day before.
pub(super) fn day_named(words: &str, before: Option<Date>) -> Option<Date> {
    let words: Vec<&str> = words.split([' ', ',']).filter(|word| !word.is_empty()).collect();
    let number = |word: &&str| word.trim_end_matches('.').parse::<i16>().ok();
    let year = words.iter().rev().filter_map(number).find(|number| (1970..10_000).contains(number))?;
    let day = words
        .iter()
        .filter_map(number)
        .find(|number| (1..=31).contains(number))
        .and_then(|day| i8::try_from(day).ok())?;
    let month = words.iter().find_map(|word| month(word));
    match month {
        Some(month) => Date::new(year, month, day).ok(),
        None => {
            before.and_then(|before| before.tomorrow().ok()).filter(|next| (next.day(), next.year()) == (day, year))
        }
    }
}

fn month(word: &str) -> Option<i8> {
    let word = word.to_lowercase();
    let longest = |names: &[&str]| names.iter().filter(|name| word.starts_with(**name)).map(|name| name.len()).max();
    let found = MONTHS.iter().zip(1i8..).filter_map(|(names, month)| Some((longest(names)?, month))).max();
    found.map(|(_, month)| month)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stamps_are_read_in_all_their_forms() {
        let utc = Clock::utc();
        let on = Date::new(2019, 9, 30).ok();
        let cases = [
            ("16:59 <a> x", "2019-09-30T16:59:00Z", "<a> x"),
            ("16:59:05< a> x", "2019-09-30T16:59:05Z", "< a> x"),
            ("[16:59:05] <a> x", "2019-09-30T16:59:05Z", "<a> x"),
            ("2019-03-02 14:02:11\ta\tx", "2019-03-02T14:02:11Z", "a\tx"),
            ("2019-03-02T14:02:11.5Z a", "2019-03-02T14:02:11.5Z", "a"),
            ("2019-03-02T14:02:11.123456+0200\ta", "2019-03-02T12:02:11.123Z", "a"),
            ("2019-03-02 14:02:11 +02:00 a", "2019-03-02T12:02:11Z", "a"),
            ("[2019-03-02T14:02:11.000Z] <a> x", "2019-03-02T14:02:11Z", "<a> x"),
            ("20190302 14:02 a", "2019-03-02T14:02:00Z", "a"),
            ("02.03.2019 14:02 a", "2019-03-02T14:02:00Z", "a"),
            ("Mar 02 14:02:11 <a>\tx", "2019-03-02T14:02:11Z", "<a>\tx"),
            ("Sat Mar 02 2019 14:02 a", "2019-03-02T14:02:00Z", "a"),
            ("02:02 PM a", "2019-09-30T14:02:00Z", "a"),
        ];
        for (line, at, rest) in cases {
            let (stamp, left) = stamp(line).unwrap_or_else(|| panic!("{line}"));
            let expected = at.parse::<jiff::Timestamp>().unwrap().as_millisecond() as u64;
            assert_eq!((stamp.ms(on, &utc), left), (Some((expected, false)), rest), "{line}");
        }
        for line in ["", "half a line", "25:00 <a> x", "2019-13-02 14:05:00\ta", "10.0.0.1:80 is up", "[Users #lunch]"]
        {
            assert_eq!(stamp(line), None, "{line}");
        }
    }

    #[test]
    fn an_hour_that_comes_twice_is_said_to() {
        let berlin = Clock::at("Europe/Berlin").unwrap();
        let (stamp, _) = stamp("2019-10-27 02:30 a").unwrap();
        assert_eq!(stamp.ms(None, &berlin).map(|(_, twice)| twice), Some(true));
    }

    #[test]
    fn days_are_named_in_many_languages() {
        let day = |day| Date::new(2019, 3, day).ok();
        assert_eq!(day_named("Log opened Sat Mar 02 13:55:01 2019", None), day(2));
        assert_eq!(day_named("Tag geändert So Mär 03 2019", None), day(3));
        assert_eq!(day_named("Le jour a changé dim. mars 3 2019", None), day(3));
        assert_eq!(day_named("Päivä vaihtui Su maalis 03 2019", day(2)), day(3), "the day after");
        assert_eq!(day_named("Päivä vaihtui Su maalis 03 2019", None), None);
        assert_eq!(day_named("nothing of days", day(2)), None);
    }
}
