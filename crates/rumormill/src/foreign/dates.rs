//! Dates as people and programs write them, and the order of day and month in a file.

use std::cmp::Ordering;

use jiff::civil::Date;

use super::scan::{blank, digits, number, skip, word};

/// The date of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Day {
    /// A complete date.
    Date(Date),
    /// Three numbers, whose order follows from the whole file.
    Numbers(i16, i16, i16),
    /// Two numbers, without a year.
    Pair(i16, i16),
    /// Month and day, as HexChat writes it.
    OfYear(i8, i8),
    /// Nothing.
    Unsaid,
}

/// The order of day, month and year in a numeric date.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Order {
    #[default]
    Day,
    Month,
    Year,
}

impl Order {
    /// The order in words.
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Day => "day, month, year",
            Self::Month => "month, day, year",
            Self::Year => "year, month, day",
        }
    }
}

/// Whether people wrote to each other over a network in this year.
pub(super) fn year(number: i16) -> bool {
    (1970..2200).contains(&number)
}

fn whole(numbers: (i16, i16, i16), order: Order) -> Option<Date> {
    let (first, second, third) = numbers;
    let (of, month, day) = match order {
        Order::Day => (third, second, first),
        Order::Month => (third, first, second),
        Order::Year => (first, second, third),
    };
    let of = match of {
        0..70 => of + 2000,
        70..100 => of + 1900,
        of => of,
    };
    Date::new(Some(of).filter(|of| year(*of))?, month.try_into().ok()?, day.try_into().ok()?).ok()
}

impl Day {
    /// The date; without a year, the year that brings it closest to the day before.
    pub(super) fn on(self, order: Order, before: Option<Date>) -> Option<Date> {
        match self {
            Self::Date(date) => Some(date),
            Self::Numbers(first, second, third) => whole((first, second, third), order),
            Self::Pair(first, second) => {
                let (month, day) = if order == Order::Day { (second, first) } else { (first, second) };
                closest(month.try_into().ok()?, day.try_into().ok()?, before?)
            }
            Self::OfYear(month, day) => closest(month, day, before?),
            Self::Unsaid => before,
        }
    }
}

fn closest(month: i8, day: i8, before: Date) -> Option<Date> {
    let years = [before.year(), before.year() + 1, before.year() - 1];
    let dates = years.iter().filter_map(|year| Date::new(*year, month, day).ok());
    dates.min_by_key(|date| (*date - before).get_days().abs())
}

/// Finds the order of the numbers in a file's dates: it must not give an impossible date, and the days should follow
/// each other.
#[derive(Default)]
pub(super) struct Dates {
    orders: [Follows; 3],
    /// The order that the region's style of writing suggests.
    american: bool,
    seen: bool,
}

#[derive(Clone, Copy, Default)]
struct Follows {
    impossible: u64,
    backwards: u64,
    /// The sum of days from each date to the next.
    days: u64,
    last: Option<Date>,
}

/// Indexed as [`Dates::orders`].
const ORDERS: [Order; 3] = [Order::Day, Order::Month, Order::Year];

impl Dates {
    /// Looks at one more date; `american` if a twelve-hour time follows a date with slashes.
    pub(super) fn note(&mut self, day: Day, american: bool) {
        let date = |order| match day {
            Day::Numbers(first, second, third) => Some(whole((first, second, third), order)),
            Day::Pair(first, second) if order != Order::Year => Some(whole((first, second, 2000), order)),
            Day::Pair(..) => Some(None),
            _ => None,
        };
        for (follows, order) in self.orders.iter_mut().zip(ORDERS) {
            let Some(date) = date(order) else { return };
            match date {
                None => follows.impossible += 1,
                Some(date) => {
                    let last = follows.last.replace(date).unwrap_or(date);
                    follows.backwards += u64::from(date < last);
                    follows.days += u64::from((date - last).get_days().unsigned_abs());
                }
            }
        }
        self.american |= american;
        self.seen = true;
    }

    /// The order, and whether the file proves it.
    pub(super) fn order(&self) -> (Order, bool) {
        let [day, month, year] = self.orders;
        let wrong = |follows: Follows| (follows.impossible, follows.backwards);
        // People who talk on one day are more likely to talk on the next than a month later.
        let closer = |one: Follows, other: Follows| one.days * 4 < other.days;
        let is_month = match wrong(month).cmp(&wrong(day)) {
            Ordering::Equal if closer(month, day) => true,
            Ordering::Equal if closer(day, month) => false,
            Ordering::Equal => self.american,
            ordering => ordering == Ordering::Less,
        };
        let (order, best, other) = if is_month { (Order::Month, month, day) } else { (Order::Day, day, month) };
        // Few people write a two-digit year first.
        if wrong(year) < wrong(best) || (wrong(year) == wrong(best) && closer(year, best)) {
            return (Order::Year, year.impossible < best.impossible);
        }
        (order, !self.seen || wrong(best) != wrong(other))
    }
}

/// Reads a date at the beginning of a text; returns it and the rest.
pub(super) fn date(text: &str) -> Option<(Day, &str)> {
    if let Some((name, rest)) = word(text) {
        return month_first(month(name)?, rest);
    }
    let (first, count, rest) = digits(text)?;
    if count == 8 || count == 6 {
        return together(first, count, rest);
    }
    let first = i16::try_from(first).ok().filter(|_| count == 4 || count <= 2)?;
    parted(first, count, rest).or_else(|| day_first(first, rest))
}

/// `20190302`; `190302` before a time.
fn together(number: i32, count: usize, rest: &str) -> Option<(Day, &str)> {
    let part = |number: i32| i16::try_from(number).ok();
    let date = whole((part(number / 10_000)?, part(number / 100 % 100)?, part(number % 100)?), Order::Year)?;
    let before_time = rest.starts_with([' ', 'T', '_', '-']);
    (before_time && (count == 8 || rest.contains(':'))).then_some((Day::Date(date), rest))
}

/// Numbers with a separator: `2019-03-02`, `2. 3. 2019`, `2019年3月2日`, `3/2`.
fn parted(first: i16, count: usize, rest: &str) -> Option<(Day, &str)> {
    let sign = rest.chars().next().filter(|sign| ['-', '/', '.', '年', '년'].contains(sign))?;
    let behind = |rest: &'_ str| rest.chars().next().map_or(0, char::len_utf8);
    let (second, seconds, rest) = number(skip(&rest[sign.len_utf8()..], false))?;
    let third = match rest.chars().next() {
        Some(next) if next == sign || ['月', '월'].contains(&next) => number(skip(&rest[behind(rest)..], false)),
        _ => None,
    };
    if seconds > 2 {
        return None;
    }
    match third {
        Some((third, thirds, left)) if !left.starts_with(':') && (thirds <= 2 || (thirds == 4 && count <= 2)) => {
            let left = left.strip_prefix(['日', '일', '.']).unwrap_or(left);
            let numbers = (first, second, third);
            let day =
                if count == 4 { Day::Date(whole(numbers, Order::Year)?) } else { Day::Numbers(first, second, third) };
            Some((day, left))
        }
        // Two numbers are a date only before a time.
        _ => {
            let left = rest.strip_prefix(sign).unwrap_or(rest);
            let hour = left.strip_prefix(|char: char| blank(char) || char == ',').map(|left| skip(left, true))?;
            let timed = number(hour).is_some_and(|(_, count, rest)| count <= 2 && rest.starts_with(':'));
            (timed && count <= 2).then_some((Day::Pair(first, second), left))
        }
    }
}

/// `02 Mar 2019`, `2. März`, `02-Mar-2019`.
fn day_first(day: i16, rest: &str) -> Option<(Day, &str)> {
    let signs = |char: char| blank(char) || ['.', '-', '/'].contains(&char);
    let (name, rest) = word(rest.trim_start_matches(signs))?;
    let (month, day) = (month(name)?, i8::try_from(day).ok()?);
    let (_, 4, left) = number(rest.trim_start_matches(signs))? else { return with_month(month, day, rest) };
    let (of, ..) = number(rest.trim_start_matches(signs))?;
    year(of).then_some(())?;
    Some((Day::Date(Date::new(of, month, day).ok()?), left))
}

fn with_month(month: i8, day: i8, rest: &str) -> Option<(Day, &str)> {
    Date::new(2000, month, day).ok().map(|_| (Day::OfYear(month, day), rest.strip_prefix('.').unwrap_or(rest)))
}

/// `Mar 02`, `March 2, 2019`.
fn month_first(month: i8, rest: &str) -> Option<(Day, &str)> {
    let rest = skip(rest.strip_prefix('.').unwrap_or(rest), false);
    let (day, 1..=2, rest) = number(rest)? else { return None };
    // The number is an hour if minutes follow.
    if rest.starts_with(':') {
        return None;
    }
    let day = i8::try_from(day).ok()?;
    match number(skip(rest, false)) {
        Some((of, 4, left)) if year(of) && !left.starts_with(':') => {
            Some((Day::Date(Date::new(of, month, day).ok()?), left))
        }
        _ => with_month(month, day, rest),
    }
}

/// Beginnings of the names of months.
const MONTHS: [&[&str]; 12] = [
    &["jan", "gen", "ene", "янв", "sty", "led", "oca", "tammi", "jaan", "ian", "січ", "ιαν"],
    &["feb", "fév", "fev", "фев", "lut", "úno", "şub", "helmi", "veebr", "лют", "φεβ"],
    &["mar", "mär", "mrt", "мар", "bře", "mær", "maalis", "már", "бер", "μάρ", "μαρ"],
    &["apr", "avr", "abr", "апр", "kwi", "dub", "nis", "huhti", "ápr", "кві", "απρ"],
    &["may", "mai", "maj", "mag", "mei", "май", "мая", "kvě", "touko", "máj", "тра", "μάι", "μαΐ"],
    &["jun", "jui", "giu", "июн", "cze", "čer", "haz", "kesä", "jún", "juuni", "iun", "чер", "ιούν", "ιουν"],
    &["jul", "juil", "lug", "июл", "črc", "červenec", "tem", "heinä", "júl", "juuli", "iul", "лип", "ιούλ", "ιουλ"],
    &["aug", "aoû", "aou", "ago", "авг", "sie", "srp", "ağu", "elo", "сер", "αύγ", "αυγ"],
    &["sep", "set", "сен", "wrz", "zář", "eyl", "syys", "szep", "вер", "σεπ"],
    &["oct", "okt", "ott", "out", "окт", "paź", "říj", "eki", "loka", "жов", "οκτ"],
    &["nov", "ноя", "lis", "kas", "marras", "noi", "лис", "νοέ", "νοε"],
    &["dec", "dez", "dic", "déc", "des", "дек", "gru", "pro", "ara", "joulu", "dets", "гру", "δεκ"],
];

fn month(word: &str) -> Option<i8> {
    let word = word.to_lowercase();
    let longest = |names: &[&str]| names.iter().filter(|name| word.starts_with(**name)).map(|name| name.len()).max();
    let found = MONTHS.iter().zip(1i8..).filter_map(|(names, month)| Some((longest(names)?, month))).max();
    found.map(|(_, month)| month)
}

/// How many words of a day line are read.
const WORDS: usize = 24;

/// The day in a day line, for example `Sat Mar 02 13:55:01 2019` or `So Mär 03 2019`. If the month is in an unknown
/// language, the day before supplies it.
pub(super) fn day_named(line: &str, before: Option<Date>) -> Option<Date> {
    let starts = std::iter::once(0).chain(line.match_indices(' ').map(|(at, _)| at + 1)).take(WORDS);
    let spelt = starts.filter_map(|at| date(line.get(at..)?)).find_map(|(day, _)| match day {
        Day::Date(date) => Some(date),
        Day::Numbers(first, second, third) => whole((first, second, third), Order::Day),
        _ => None,
    });
    if spelt.is_some() {
        return spelt;
    }
    let words: Vec<&str> = line.split([' ', ',']).filter(|word| !word.is_empty()).take(WORDS).collect();
    let number =
        |word: &&str| word.trim_end_matches(|char: char| char == '.' || char.is_alphabetic()).parse::<i16>().ok();
    let of = words.iter().rev().filter_map(number).find(|number| year(*number))?;
    let day = words.iter().filter_map(number).find(|number| (1..=31).contains(number));
    let day = day.and_then(|day| i8::try_from(day).ok())?;
    // Weekdays come before the month, and some begin like a month.
    match words.iter().rev().find_map(|word| month(word)) {
        Some(month) => Date::new(of, month, day).ok(),
        None => before.and_then(|before| before.tomorrow().ok()).filter(|next| (next.day(), next.year()) == (day, of)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_read_in_many_languages() {
        let day = |day| Date::new(2019, 3, day).ok();
        assert_eq!(day_named("Log opened Sat Mar 02 13:55:01 2019", None), day(2));
        assert_eq!(day_named("Tag geändert So Mär 03 2019", None), day(3));
        assert_eq!(day_named("Le jour a changé dim. mars 3 2019", None), day(3));
        assert_eq!(day_named("Le jour a changé mar. avril 02 2019", None), Date::new(2019, 4, 2).ok());
        assert_eq!(day_named("Päivä vaihtui su 3. maalis 2019", None), day(3));
        assert_eq!(day_named("Day changed to 2019-03-03", None), day(3));
        assert_eq!(day_named("日付が変わりました 2019年03月03日", None), day(3));
        assert_eq!(day_named("Jaj choHpu' qq 03 2019", day(2)), day(3), "the day after");
        assert_eq!(day_named("Jaj choHpu' qq 03 2019", None), None);
        assert_eq!(day_named("nothing of days", day(2)), None);
    }

    #[test]
    fn the_dates_of_a_file_show_the_order_of_day_and_month() {
        let cases = [
            (&[(2, 3, 19), (14, 3, 19)][..], false, (Order::Day, true)),
            (&[(3, 2, 19), (3, 14, 19)], false, (Order::Month, true)),
            (&[(19, 3, 2), (19, 3, 14), (99, 1, 1)], false, (Order::Year, true)),
            (&[(1, 3, 19), (2, 3, 19), (1, 4, 19)], false, (Order::Day, true)),
            (&[(19, 3, 2), (19, 3, 3), (19, 3, 14)], false, (Order::Year, false)),
            (&[(3, 2, 19), (3, 3, 19), (3, 5, 19)], false, (Order::Month, false)),
            (&[(3, 2, 19)], false, (Order::Day, false)),
            (&[(3, 2, 19)], true, (Order::Month, false)),
            (&[], false, (Order::Day, true)),
        ];
        for (numbers, american, expected) in cases {
            let mut dates = Dates::default();
            for (first, second, third) in numbers {
                dates.note(Day::Numbers(*first, *second, *third), american);
            }
            assert_eq!(dates.order(), expected, "{numbers:?}");
        }
    }

    #[test]
    fn a_date_without_a_year_gets_the_closest_year() {
        let before = Date::new(2018, 12, 30).ok();
        assert_eq!(Day::OfYear(1, 2).on(Order::Day, before), Date::new(2019, 1, 2).ok());
        assert_eq!(Day::OfYear(12, 31).on(Order::Day, Date::new(2019, 1, 1).ok()), Date::new(2018, 12, 31).ok());
        assert_eq!(Day::Pair(2, 3).on(Order::Month, before), Date::new(2019, 2, 3).ok());
        assert_eq!(Day::OfYear(2, 29).on(Order::Day, Date::new(2020, 3, 1).ok()), Date::new(2020, 2, 29).ok());
    }
}
