//! Times for people, in this machine's time zone.

use jiff::{
    Span, Timestamp,
    civil::DateTime,
    tz::{AmbiguousOffset, TimeZone},
};

/// Formats times of day.
#[derive(Clone)]
pub struct Clock(TimeZone);

impl Clock {
    /// A clock in this machine's time zone.
    pub fn local() -> Self {
        Self(TimeZone::system())
    }

    /// A clock in another time zone.
    ///
    /// # Errors
    /// When the name of the zone is unknown.
    pub fn at(zone: &str) -> Result<Self, jiff::Error> {
        TimeZone::get(zone).map(Self)
    }

    /// The name of the zone, if it has one.
    pub fn zone(&self) -> &str {
        self.0.iana_name().unwrap_or("of this machine")
    }

    /// Converts a local date and time to milliseconds since the Unix epoch, and says whether that hour exists twice or
    /// not at all. Of two it is the earlier; one that does not exist is moved forward by the clock change.
    pub fn placed(&self, time: DateTime) -> Option<(u64, bool)> {
        let zoned = self.0.to_ambiguous_zoned(time);
        let unsure = !matches!(zoned.offset(), AmbiguousOffset::Unambiguous { .. });
        let ms = zoned.compatible().ok()?.timestamp().as_millisecond();
        u64::try_from(ms).ok().map(|ms| (ms, unsure))
    }

    /// A clock in UTC, for tests.
    pub fn utc() -> Self {
        Self(TimeZone::UTC)
    }

    /// Now, in milliseconds since the Unix epoch.
    pub fn now_ms(&self) -> u64 {
        u64::try_from(Timestamp::now().as_millisecond()).unwrap_or(0)
    }

    /// The milliseconds since the Unix epoch at this span before now.
    ///
    /// # Errors
    /// When the time is outside the calendar.
    pub fn before(&self, span: &Span) -> Result<u64, jiff::Error> {
        let then = Timestamp::now().to_zoned(self.0.clone()).checked_sub(span.abs())?;
        Ok(u64::try_from(then.timestamp().as_millisecond()).unwrap_or(0))
    }

    /// The milliseconds since the Unix epoch at this span after now.
    ///
    /// # Errors
    /// When the time is outside the calendar.
    pub fn after(&self, span: &Span) -> Result<u64, jiff::Error> {
        let then = Timestamp::now().to_zoned(self.0.clone()).checked_add(span.abs())?;
        Ok(u64::try_from(then.timestamp().as_millisecond()).unwrap_or(0))
    }

    /// Milliseconds since the Unix epoch as `hh:mm`; `--:--` outside the calendar.
    pub fn minutes(&self, ms: u64) -> String {
        let time = i64::try_from(ms).ok().and_then(|ms| Timestamp::from_millisecond(ms).ok());
        time.map_or_else(|| "--:--".into(), |time| time.to_zoned(self.0.clone()).strftime("%H:%M").to_string())
    }

    /// The time of a message: the time of day, preceded by the day unless that is today.
    pub fn moment(&self, ms: u64) -> String {
        match self.day(ms) == self.day(self.now_ms()) {
            true => self.minutes(ms),
            false => format!("{} {}", self.day(ms), self.minutes(ms)),
        }
    }

    /// The day of milliseconds since the Unix epoch as `2023-11-14`; `beyond all calendars` outside the calendar.
    pub fn day(&self, ms: u64) -> String {
        let time = i64::try_from(ms).ok().and_then(|ms| Timestamp::from_millisecond(ms).ok());
        let day = |time: Timestamp| time.to_zoned(self.0.clone()).strftime("%Y-%m-%d").to_string();
        time.map_or_else(|| "beyond all calendars".into(), day)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_day_is_shown_unless_it_is_today() {
        let utc = Clock::utc();
        let now_ms = utc.now_ms();
        let told = utc.moment(now_ms);
        assert!(told == utc.minutes(now_ms) || utc.day(now_ms) != utc.day(utc.now_ms()), "{told}");
        assert_eq!(utc.moment(1_700_000_000_000), "2023-11-14 22:13");
    }

    #[test]
    fn times_of_day() {
        let utc = Clock::utc();
        assert_eq!(utc.minutes(1_700_000_000_000), "22:13");
        assert_eq!(utc.day(1_700_000_000_000), "2023-11-14");
        for beyond in [(1 << 48) - 1, u64::MAX] {
            assert_eq!(utc.minutes(beyond), "--:--");
            assert_eq!(utc.day(beyond), "beyond all calendars");
        }
    }
}
