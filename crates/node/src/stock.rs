//! How much a keeper stores of a room, and how much it may: it tells those whom it serves, who could not know otherwise
//! that their oldest words are gone there.
//!
//! ```text
//! stock  bytes of messages number, their limit and one more number, 0 for none; messages before this time were
//!        dropped: milliseconds since the Unix epoch number, 0 for none; bytes of files number, their limit and one
//!        more number, 0 for none; files that do not fit number
//! ```

use rumormill_proto::{
    codec::{Reader, put_number},
    limits::BODY_BYTES,
    reject::Reject,
};
use rumormill_store::{Filled, Keep};

/// How much of a room a keeper stores, as it says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stock {
    /// Bytes of messages.
    pub message_bytes: u64,
    /// Bytes of messages that it stores at most, if it has a bound.
    pub message_limit: Option<u64>,
    /// Milliseconds since the Unix epoch: messages before that were dropped, if any were.
    pub since_ms: Option<u64>,
    /// Bytes of files.
    pub file_bytes: u64,
    /// Bytes of files that it stores at most, if it has a bound.
    pub file_limit: Option<u64>,
    /// Files that members offer and that do not fit.
    pub files_left_out: u64,
}

impl Stock {
    /// What we store ourselves: messages, then bytes of files, and the number of those that do not fit.
    pub(crate) fn of(filled: Filled, keep: Keep, (file_bytes, files_left_out): (u64, u64)) -> Self {
        Self {
            message_bytes: filled.bytes,
            message_limit: keep.bytes,
            since_ms: filled.since.map(|since| since.ms()),
            file_bytes,
            file_limit: keep.files.bytes,
            files_left_out,
        }
    }

    /// Whether older messages give way to the next one.
    pub fn messages_are_full(&self) -> bool {
        let next = self.message_bytes.saturating_add(BODY_BYTES as u64);
        self.since_ms.is_some() && self.message_limit.is_some_and(|limit| next > limit)
    }

    /// Whether files do not fit.
    pub fn files_are_full(&self) -> bool {
        self.files_left_out > 0
    }

    /// Whether either is so.
    pub fn is_full(&self) -> bool {
        self.messages_are_full() || self.files_are_full()
    }

    pub(crate) fn put(&self, out: &mut Vec<u8>) {
        let or_none = |bound: Option<u64>| bound.map_or(0, |bound| bound.saturating_add(1));
        for number in [
            self.message_bytes,
            or_none(self.message_limit),
            self.since_ms.unwrap_or(0),
            self.file_bytes,
            or_none(self.file_limit),
            self.files_left_out,
        ] {
            put_number(out, number);
        }
    }

    /// Reads what [`Stock::put`] wrote.
    ///
    /// # Errors
    /// [`Reject`] when a number is missing or not in its shortest form.
    pub(crate) fn read(reader: &mut Reader) -> Result<Self, Reject> {
        let mut number = || reader.number("stock");
        Ok(Self {
            message_bytes: number()?,
            message_limit: number()?.checked_sub(1),
            since_ms: Some(number()?).filter(|since_ms| *since_ms > 0),
            file_bytes: number()?,
            file_limit: number()?.checked_sub(1),
            files_left_out: number()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use rumormill_store::KeepFiles;

    use super::*;

    #[test]
    fn a_stock_is_read_as_it_was_put() {
        let some = Stock {
            message_bytes: 1 << 40,
            message_limit: Some(0),
            since_ms: Some(1_700_000_000_000),
            file_bytes: 7,
            file_limit: Some(u64::MAX - 1),
            files_left_out: u64::MAX,
        };
        for stock in [Stock::default(), some] {
            let mut bytes = Vec::new();
            stock.put(&mut bytes);
            let mut reader = Reader::new(bytes.into());
            assert_eq!(Stock::read(&mut reader), Ok(stock));
            assert!(reader.end("stock").is_ok());
        }
    }

    #[test]
    fn it_is_full_once_something_gives_way_or_does_not_fit() {
        let next = BODY_BYTES as u64;
        let files = KeepFiles { bytes: Some(300), ..KeepFiles::default() };
        let keep = Keep { bytes: Some(2 * next), files, ..Keep::default() };
        let stock = |bytes, dropped: bool, left_out| {
            let since = dropped.then_some(rumormill_proto::time::Time::from_ms(5));
            Stock::of(Filled { bytes, since }, keep, (100, left_out))
        };
        assert!(!stock(2 * next, false, 0).is_full(), "nothing was dropped yet");
        assert!(stock(next + 1, true, 0).messages_are_full() && !stock(next, true, 0).is_full(), "another one fits");
        assert!(stock(0, false, 1).files_are_full() && !stock(0, false, 1).messages_are_full());
        let unbound = Stock { message_limit: None, ..stock(next, true, 0) };
        assert!(!unbound.is_full(), "its age is another bound");
        assert_eq!((unbound.since_ms, unbound.file_limit), (Some(5), Some(300)));
    }
}
