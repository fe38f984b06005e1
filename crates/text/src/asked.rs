//! Search queries as people type them: words, and filters for the author and the time.

use jiff::{Span, civil::Date};
use rumormill_api::{Refused, codes};

use crate::Clock;

/// A search query.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Search {
    /// The words, separated by blanks.
    pub words: String,
    /// The name after `from:`.
    pub from: Option<String>,
    /// Only messages from this time on, in milliseconds since the Unix epoch: the beginning of the day after `since:`,
    /// or a time ago.
    pub since_ms: Option<u64>,
    /// Only messages before this time: the end of the day after `until:`, or a time ago.
    pub until_ms: Option<u64>,
}

impl Search {
    /// Reads `soup from:ann since:2026-05-01 until:7d`. A name with blanks must be quoted.
    ///
    /// # Errors
    /// When a day or a time is invalid.
    pub fn read(text: &str, clock: &Clock) -> Result<Self, Refused> {
        let (mut search, mut words, mut rest) = (Self::default(), Vec::new(), text.trim());
        while !rest.is_empty() {
            let length = rest.find(char::is_whitespace).unwrap_or(rest.len());
            let (whole, (word, behind)) = (rest, rest.split_at(length));
            rest = behind;
            match word.split_once(':').filter(|(_, value)| !value.is_empty()) {
                Some((key, _)) if key.eq_ignore_ascii_case("from") => {
                    let (name, behind) = quoted(&whole[key.len() + 1..]);
                    (search.from, rest) = (Some(name.into()), behind);
                }
                Some((key, day)) if key.eq_ignore_ascii_case("since") => search.since_ms = Some(begin(day, clock, 0)?),
                Some((key, day)) if key.eq_ignore_ascii_case("until") => search.until_ms = Some(begin(day, clock, 1)?),
                _ => words.push(word),
            }
            rest = rest.trim_start();
        }
        search.words = words.join(" ");
        Ok(search)
    }
}

/// A name up to the next blank, or a quoted name; and the rest.
fn quoted(text: &str) -> (&str, &str) {
    let in_quotes = text.strip_prefix('"').and_then(|text| text.split_once('"'));
    in_quotes.unwrap_or_else(|| text.split_at(text.find(char::is_whitespace).unwrap_or(text.len())))
}

/// The beginning of a day, plus `days` days; or the time this long ago.
fn begin(text: &str, clock: &Clock, days: i64) -> Result<u64, Refused> {
    let day = |day: Date| {
        let day = day.checked_add(Span::new().days(days)).ok()?;
        clock.placed(day.to_datetime(jiff::civil::Time::midnight())).map(|(ms, _)| ms)
    };
    let ago = |text: &str| text.parse::<Span>().ok().and_then(|span| clock.before(&span).ok());
    text.parse().ok().and_then(day).or_else(|| ago(text)).ok_or_else(|| {
        let what = format!("\"{}\" is neither a day nor a time ago", crate::clean_name(text, 40));
        codes::SEARCH.refuse(what, "write a day as 2026-05-01, or how long ago as 7d or 12h")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_stand_among_the_words() {
        let may = 1_777_593_600_000;
        let day = 86_400_000;
        let cases = [
            ("  soup  at noon ", "soup at noon", None, None, None),
            ("soup from:ann", "soup", Some("ann"), None, None),
            ("From:\"Ada Lovelace\"  soup c++", "soup c++", Some("Ada Lovelace"), None, None),
            ("from:\"ada soup", "soup", Some("\"ada"), None, None),
            ("since:2026-05-01 soup until:2026-05-02", "soup", None, Some(may), Some(may + 2 * day)),
            ("https://example.org/ 12:30 from: since:", "https://example.org/ 12:30 from: since:", None, None, None),
            ("", "", None, None, None),
            ("東京 from:美", "東京", Some("美"), None, None),
        ];
        for (text, words, from, since_ms, until_ms) in cases {
            let expected = Search { words: words.into(), from: from.map(str::to_owned), since_ms, until_ms };
            assert_eq!(Search::read(text, &Clock::utc()), Ok(expected), "{text}");
        }
        let now = Clock::utc().now_ms();
        let week = Search::read("since:7d", &Clock::utc()).unwrap().since_ms.unwrap();
        assert!((now - 8 * day..now - 6 * day).contains(&week));
        for text in ["since:yesterday", "until:2026-13-01"] {
            assert!(Search::read(text, &Clock::utc()).is_err(), "{text}");
        }
    }
}
