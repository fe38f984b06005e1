//! Timestamps of lines: day, time of day and zone at the beginning of a line, in any order and form.

use jiff::{
    Timestamp,
    civil::{Date, DateTime, Time},
    tz::{Offset, TimeZone},
};
use rumormill_text::Clock;

use super::{
    dates::{Day, Order, date, year},
    scan::{blank, digits, number, skip, word},
};

/// The timestamp at the beginning of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    pub(super) day: Day,
    /// The time of day.
    pub(super) time: Time,
    /// Minutes ahead of UTC, if the line says so.
    pub(super) offset: Option<Offset>,
    /// Whether it is a twelve-hour time.
    pub(super) halves: bool,
    /// Whether a tab follows it, as in WeeChat.
    pub(super) tab: bool,
}

/// The time of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct When {
    /// Milliseconds since the Unix epoch.
    pub(super) ms: u64,
    /// Whether the line names no zone, so the user's choice applies.
    pub(super) local: bool,
    /// Whether clocks were set back or forward in that hour, so the time is ambiguous.
    pub(super) unsure: bool,
}

/// Splits the timestamp off a line: the timestamp, and the rest without leading blanks.
pub(super) fn stamp(line: &str) -> Option<(Stamp, &str)> {
    let open = line.trim_start_matches(|char: char| blank(char) || ['[', '(', '{', '|'].contains(&char));
    let opened = open.strip_prefix('<').filter(|inside| number(inside).is_some()).unwrap_or(open);
    let (stamp, rest) = epoch(opened).or_else(|| of_day(opened))?;
    let in_angles = opened.len() < open.len();
    let closed = rest.trim_start_matches(|char: char| {
        blank(char) || [']', ')', '}', '│'].contains(&char) || (char == '>' && in_angles)
    });
    let closed = match closed.strip_prefix([':', '|']) {
        Some(behind) if behind.starts_with([' ', '\t']) => behind,
        _ => closed,
    };
    // More digits follow the apparent time, as in an address.
    let directly = closed.len() == rest.len();
    if directly && closed.starts_with(|next: char| next.is_alphanumeric() || next == ':' || next == '.') {
        return None;
    }
    let behind = closed.trim_start_matches([' ', '\t']);
    let tab = rest[..rest.len() - behind.len()].ends_with('\t');
    Some((Stamp { tab, ..stamp }, behind))
}

/// Seconds or milliseconds since the Unix epoch, as a number of ten or thirteen digits.
fn epoch(text: &str) -> Option<(Stamp, &str)> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).take(14).count();
    let (number, rest) = text.split_at_checked(digits)?;
    let ms = match digits {
        10 => number.parse::<i64>().ok()?.checked_mul(1000)?,
        13 => number.parse().ok()?,
        _ => return None,
    };
    let (fraction, rest) = fraction(rest);
    let at = Timestamp::from_millisecond(ms.checked_add(fraction.into())?).ok()?.to_zoned(TimeZone::UTC).datetime();
    let stamp =
        Stamp { day: Day::Date(at.date()), time: at.time(), offset: Some(Offset::UTC), halves: false, tab: false };
    Some((stamp, rest))
}

fn of_day(text: &str) -> Option<(Stamp, &str)> {
    let (mut day, mut time, mut rest, mut words) = (Day::Unsaid, None, text, 0);
    // Weekdays, dates, hours and years come in many orders, but no other parts.
    for _ in 0..6 {
        let next = skip(rest, day != Day::Unsaid);
        if day == Day::Unsaid
            && let Some((found, behind)) = date(next)
            && (time.is_none() || matches!(found, Day::Date(_)))
        {
            (day, rest) = (found, behind);
        } else if time.is_none()
            && let Some((found, behind)) = time_of_day(next, day)
        {
            (time, rest) = (Some(found), behind);
        } else if let (Day::OfYear(month, of), Some(_)) = (day, time)
            && let Some((number, 4, behind)) = number(next)
            && year(number)
            && let Ok(whole) = Date::new(number, month, of)
        {
            (day, rest) = (Day::Date(whole), behind);
        } else if time.is_none()
            && let Some((_, behind)) = word(next)
            && words < 2
        {
            words += 1;
            rest = behind.strip_prefix(['.', ',']).unwrap_or(behind);
        } else {
            break;
        }
    }
    let (time, halves) = time?;
    // A single word is no part of a date.
    if words > 0 && day == Day::Unsaid {
        return None;
    }
    let (offset, behind) = offset(rest);
    match offset {
        // The year may follow the zone, as `date` writes it.
        Some(_) => match (day, number(skip(behind, false))) {
            (Day::OfYear(month, of), Some((number, 4, behind))) if year(number) => {
                let day = Date::new(number, month, of).map(Day::Date).ok()?;
                Some((Stamp { day, time, offset, halves, tab: false }, behind))
            }
            _ => Some((Stamp { day, time, offset, halves, tab: false }, behind)),
        },
        None => Some((Stamp { day, time, offset, halves, tab: false }, rest)),
    }
}

/// Whether a line seems to begin with a timestamp, so it does not continue the line above.
pub(super) fn looks_stamped(line: &str) -> bool {
    let opened = line.trim_start_matches(['[', '(']);
    let beginning = opened.split([' ', '\t', '<']).next().unwrap_or_default();
    opened.starts_with(|first: char| first.is_ascii_digit()) && beginning.contains([':', '-'])
}

impl Stamp {
    /// The time of the timestamp. Without a date it uses the date of the line before, and without a zone the zone of
    /// `clock`.
    pub(super) fn when(&self, order: Order, before: Option<Date>, clock: &Clock) -> Option<When> {
        let at = DateTime::from_parts(self.day.on(order, before)?, self.time);
        match self.offset {
            None => clock.placed(at).map(|(ms, unsure)| When { ms, local: true, unsure }),
            Some(offset) => {
                let ms = u64::try_from(offset.to_timestamp(at).ok()?.as_millisecond()).ok()?;
                Some(When { ms, local: false, unsure: false })
            }
        }
    }
}

/// Words of regions for the halves of the day, before or after the hours; returns whether it is the second half.
const HALVES: [(&str, bool); 30] = [
    ("a. m.", false),
    ("p. m.", true),
    ("a.m.", false),
    ("p.m.", true),
    ("am", false),
    ("pm", true),
    ("上午", false),
    ("下午", true),
    ("午前", false),
    ("午後", true),
    ("오전", false),
    ("오후", true),
    ("凌晨", false),
    ("早上", false),
    ("中午", true),
    ("晚上", true),
    ("öö", false),
    ("ös", true),
    ("πμ", false),
    ("μμ", true),
    ("π.μ.", false),
    ("μ.μ.", true),
    ("de.", false),
    ("du.", true),
    ("ptg", true),
    ("pg", false),
    ("ص", false),
    ("م", true),
    ("ق.ظ.", false),
    ("ب.ظ.", true),
];

fn half(text: &str) -> Option<(bool, &str)> {
    let text = skip(text, false);
    let beginning: String = text.chars().take(6).collect::<String>().to_lowercase().replace(blank, " ");
    let (name, second) = HALVES.iter().find(|(name, _)| beginning.starts_with(name))?;
    let behind = text.char_indices().nth(name.chars().count()).map_or("", |(at, _)| &text[at..]);
    Some((*second, behind))
}

/// A time of day, whether it is a twelve-hour time, and the rest.
fn time_of_day(text: &str, day: Day) -> Option<((Time, bool), &str)> {
    let before = half(text);
    let text = before.map_or(text, |(_, behind)| skip(behind, false));
    let (hour, minute, second, rest) = match digits(text)? {
        (number, 6, rest) if day != Day::Unsaid => (number / 10_000, number / 100 % 100, number % 100, rest),
        (hour, 1..=2, rest) => parted(hour, rest)?,
        _ => return None,
    };
    let (thousandths, rest) = fraction(rest);
    let behind = half(rest).filter(|(_, behind)| before.is_none() && !behind.starts_with(char::is_alphanumeric));
    let second_half = before.or(behind).map(|(second, _)| second);
    let hour = match (hour, second_half) {
        (12, Some(false)) | (24, None) => 0,
        (1..=11, Some(true)) => hour + 12,
        _ => hour,
    };
    let part = |number: i32| i8::try_from(number).ok();
    // Leap seconds are not represented here.
    let time = Time::new(part(hour)?, part(minute)?, part(second.min(59))?, i32::from(thousandths) * 1_000_000).ok()?;
    Some(((time, second_half.is_some()), behind.map_or(rest, |(_, behind)| behind)))
}

/// Minutes and seconds after the hour.
fn parted(hour: i32, rest: &str) -> Option<(i32, i32, i32, &str)> {
    let sign = rest.chars().next().filter(|sign| [':', '.', 'h', '：', '時', '时', '点', '시'].contains(sign))?;
    let (minute @ 0..60, 2, rest) = digits(skip(&rest[sign.len_utf8()..], false))? else { return None };
    let rest = rest.strip_prefix(['分', '분']).unwrap_or(rest);
    let again = if sign == '.' { '.' } else { ':' };
    match rest.strip_prefix([again, '：']).and_then(digits) {
        Some((second, 2, behind)) if second <= 60 => Some((hour, minute, second, behind)),
        _ => Some((hour, minute, 0, rest)),
    }
}

/// Milliseconds after a point or comma.
fn fraction(text: &str) -> (u16, &str) {
    let Some(digits) = text.strip_prefix(['.', ',']) else { return (0, text) };
    let length = digits.bytes().take_while(u8::is_ascii_digit).count();
    if length == 0 {
        return (0, text);
    }
    let thousandths: String = digits[..length].chars().chain("000".chars()).take(3).collect();
    (thousandths.parse().unwrap_or(0), &digits[length..])
}

/// Unambiguous zone abbreviations, in minutes ahead of UTC.
const ZONES: [(&str, i32); 24] = [
    ("Z", 0),
    ("UTC", 0),
    ("GMT", 0),
    ("WET", 0),
    ("WEST", 60),
    ("CET", 60),
    ("MEZ", 60),
    ("CEST", 120),
    ("MESZ", 120),
    ("EET", 120),
    ("EEST", 180),
    ("MSK", 180),
    ("JST", 540),
    ("KST", 540),
    ("AEST", 600),
    ("AEDT", 660),
    ("EST", -300),
    ("EDT", -240),
    ("CST", -360),
    ("CDT", -300),
    ("MST", -420),
    ("MDT", -360),
    ("PST", -480),
    ("PDT", -420),
];

/// The zone, if there is one: as an abbreviation, or as hours and minutes ahead of UTC.
fn offset(text: &str) -> (Option<Offset>, &str) {
    let after = text.trim_start_matches([' ', '(']);
    let letters = after.bytes().take_while(u8::is_ascii_uppercase).count();
    let (name, behind) = after.split_at(letters);
    let named = ZONES.iter().find(|(zone, _)| *zone == name);
    let (base, behind) = named.map_or((None, after), |(_, minutes)| (Some(*minutes), behind));
    let ends = |rest: &str| !rest.starts_with(|next: char| next.is_alphanumeric() || next == '-' || next == ':');
    if base.is_none_or(|base| base == 0)
        && let Some((minutes, rest)) = ahead(behind)
        && ends(rest)
    {
        return (Offset::from_seconds(minutes * 60).ok(), rest);
    }
    match base.filter(|_| ends(behind) && !behind.starts_with('>')) {
        Some(minutes) => (Offset::from_seconds(minutes * 60).ok(), behind),
        None => (None, text),
    }
}

/// `+0200`, `+02:00`, `-3`: minutes.
fn ahead(text: &str) -> Option<(i32, &str)> {
    let sign = text.chars().next().filter(|sign| ['+', '-', '−'].contains(sign))?;
    let (hours, digits, rest) = number(&text[sign.len_utf8()..])?;
    let (hours, minutes, rest) = match (digits, rest.strip_prefix(':').and_then(number)) {
        (4, _) => (hours / 100, hours % 100, rest),
        (1..=2, Some((minutes, 2, behind))) => (hours, minutes, behind),
        (1..=2, _) => (hours, 0, rest),
        _ => return None,
    };
    let minutes = i32::from(hours) * 60 + i32::from(minutes);
    (minutes <= 18 * 60).then_some((if sign == '+' { minutes } else { -minutes }, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamps_are_read_in_all_forms() {
        let utc = Clock::utc();
        let on = Date::new(2019, 3, 2).ok();
        let cases = [
            ("16:59 <a> x", "2019-03-02T16:59:00Z", "<a> x"),
            ("16:59:05< a> x", "2019-03-02T16:59:05Z", "< a> x"),
            ("16:59:05<+a> x", "2019-03-02T16:59:05Z", "<+a> x"),
            ("[16:59:05] <a> x", "2019-03-02T16:59:05Z", "<a> x"),
            ("[16:59:05]<a> x", "2019-03-02T16:59:05Z", "<a> x"),
            ("(16:59) <a> x", "2019-03-02T16:59:00Z", "<a> x"),
            ("<16:59> <a> x", "2019-03-02T16:59:00Z", "<a> x"),
            ("{16:59:05} <a> x", "2019-03-02T16:59:05Z", "<a> x"),
            ("16:59 | <a> x", "2019-03-02T16:59:00Z", "<a> x"),
            ("16.59 <a> x", "2019-03-02T16:59:00Z", "<a> x"),
            ("16h59 <a> x", "2019-03-02T16:59:00Z", "<a> x"),
            ("16:59: <a> x", "2019-03-02T16:59:00Z", "<a> x"),
            ("2019-03-02 14:02:11\ta\tx", "2019-03-02T14:02:11Z", "a\tx"),
            ("2019-03-02T14:02:11.5Z a", "2019-03-02T14:02:11.5Z", "a"),
            ("2019-03-02 14:02:11,25 a", "2019-03-02T14:02:11.25Z", "a"),
            ("2019-03-02T14:02:11.123456+0200\ta", "2019-03-02T12:02:11.123Z", "a"),
            ("2019-03-02T14:02:11.123456789-03\ta", "2019-03-02T17:02:11.123Z", "a"),
            ("2019-03-02 14:02:11 +02:00 a", "2019-03-02T12:02:11Z", "a"),
            ("2019-03-02 14:02:11 CET\ta\tx", "2019-03-02T13:02:11Z", "a\tx"),
            ("2019-03-02 14:02:11 UTC+2 a", "2019-03-02T12:02:11Z", "a"),
            ("[2019-03-02 14:02 EDT] a", "2019-03-02T18:02:00Z", "a"),
            ("[2019-03-02T14:02:11.000Z] <a> x", "2019-03-02T14:02:11Z", "<a> x"),
            ("20190302T140211Z a", "2019-03-02T14:02:11Z", "a"),
            ("20190302 14:02 a", "2019-03-02T14:02:00Z", "a"),
            ("190302 14:02 a", "2019-03-02T14:02:00Z", "a"),
            ("2019/03/02 14:02 a", "2019-03-02T14:02:00Z", "a"),
            ("02.03.2019 14:02 a", "2019-03-02T14:02:00Z", "a"),
            ("02/03/2019 14:02 a", "2019-03-02T14:02:00Z", "a"),
            ("02.03. 14:02 a", "2019-03-02T14:02:00Z", "a"),
            ("Mar 02 14:02:11 <a>\tx", "2019-03-02T14:02:11Z", "<a>\tx"),
            ("Mär 02 14:02:11 <a>\tx", "2019-03-02T14:02:11Z", "<a>\tx"),
            ("02 Mar 14:02:11 <a>\tx", "2019-03-02T14:02:11Z", "<a>\tx"),
            ("02-Mar-2019 14:02:11 a", "2019-03-02T14:02:11Z", "a"),
            ("2. März 2019 14:02:11 a", "2019-03-02T14:02:11Z", "a"),
            ("Sat Mar 02 2019 14:02 a", "2019-03-02T14:02:00Z", "a"),
            ("Sat Mar  2 14:02:11 2019 a", "2019-03-02T14:02:11Z", "a"),
            ("Sat Mar  2 14:02:11 UTC 2019 a", "2019-03-02T14:02:11Z", "a"),
            ("Sat, 02 Mar 2019 14:02:11 +0000 a", "2019-03-02T14:02:11Z", "a"),
            ("mar. avril 02 2019 14:02 a", "2019-04-02T14:02:00Z", "a"),
            ("14:02:11 2019-03-02 a", "2019-03-02T14:02:11Z", "a"),
            ("02:02 PM a", "2019-03-02T14:02:00Z", "a"),
            ("02:02:11pm <a> x", "2019-03-02T14:02:11Z", "<a> x"),
            ("12:05 AM a", "2019-03-02T00:05:00Z", "a"),
            ("1569862745 <a> x", "2019-09-30T16:59:05Z", "<a> x"),
            ("1569862745.5\ta\tx", "2019-09-30T16:59:05.5Z", "a\tx"),
            ("2019年3月2日 下午2:02 - a", "2019-03-02T14:02:00Z", "- a"),
            ("[2019. 3. 2. 오후 2:02:11] a", "2019-03-02T14:02:11Z", "a"),
            ("[2.3.2019 klo 14.02.11] a", "2019-03-02T14:02:11Z", "a"),
            ("٠٢/٠٣/٢٠١٩، ٢:٠٢ م - a", "2019-03-02T14:02:00Z", "- a"),
        ];
        for (line, at, rest) in cases {
            let (stamp, left) = stamp(line).unwrap_or_else(|| panic!("{line}"));
            let expected = at.parse::<jiff::Timestamp>().unwrap().as_millisecond() as u64;
            let when = stamp.when(Order::Day, on, &utc).map(|when| when.ms);
            assert_eq!((when, left), (Some(expected), rest), "{line}");
        }
        for line in [
            "",
            "half a line",
            "25:00 <a> x",
            "16:61 <a> x",
            "2019-13-02 14:05:00\ta",
            "10.0.0.1:80 is up",
            "[Users #lunch]",
            "at 14:02 <a> came",
            "123456 apples",
        ] {
            let when = stamp(line).and_then(|(stamp, _)| stamp.when(Order::Day, on, &utc));
            assert_eq!(when, None, "{line}");
        }
    }

    #[test]
    fn ambiguous_and_missing_hours_are_reported() {
        let berlin = Clock::at("Europe/Berlin").unwrap();
        let unsure = |line: &str| {
            let (stamp, _) = stamp(line).unwrap();
            stamp.when(Order::Day, None, &berlin).map(|when| when.unsure)
        };
        assert_eq!(unsure("2019-10-27 02:30 a"), Some(true));
        assert_eq!(unsure("2019-03-31 02:30 a"), Some(true));
        assert_eq!(unsure("2019-10-27 02:30 CET a"), Some(false));
        assert_eq!(unsure("2019-10-27 03:30 a"), Some(false));
    }
}
