//! Bytes in and out, limits first: a bounded reader, and a writer for the one canonical form.
//!
//! Numbers are LEB128 in their shortest form. The reader refuses a longer form, so that every value has one encoding.
//! It allocates nothing for a length before the bytes that the length promises are there.

use bytes::Bytes;

use crate::reject::Reject;

/// Reads canonical bytes from the front. Slices share the buffer; nothing is copied.
///
/// `what` names the value in the error. Every method fails with [`Reject::Malformed`] when the bytes end early or are
/// not canonical, and with [`Reject::Limit`] when a count or length is past its `limit`.
#[derive(Debug)]
pub struct Reader {
    rest: Bytes,
}

impl Reader {
    /// A reader over `bytes`.
    pub fn new(bytes: Bytes) -> Self {
        Self { rest: bytes }
    }

    /// Bytes not read so far.
    pub fn left(&self) -> usize {
        self.rest.len()
    }

    /// Everything not read so far, without reading it.
    pub fn rest(&self) -> &Bytes {
        &self.rest
    }

    /// One byte.
    pub fn byte(&mut self, what: &'static str) -> Result<u8, Reject> {
        let byte = *self.rest.first().ok_or(Reject::Malformed(what))?;
        bytes::Buf::advance(&mut self.rest, 1);
        Ok(byte)
    }

    /// Reads a byte that is 0 or 1.
    ///
    /// # Errors
    /// When there is no byte left, or it is another one.
    pub fn flag(&mut self) -> Result<bool, Reject> {
        match self.byte("flag")? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(Reject::Malformed("flag")),
        }
    }

    /// The next `N` bytes.
    pub fn array<const N: usize>(&mut self, what: &'static str) -> Result<[u8; N], Reject> {
        let array = *self.rest.first_chunk().ok_or(Reject::Malformed(what))?;
        bytes::Buf::advance(&mut self.rest, N);
        Ok(array)
    }

    /// The next `len` bytes as a slice of the shared buffer.
    pub fn slice(&mut self, len: usize, what: &'static str) -> Result<Bytes, Reject> {
        if len > self.rest.len() {
            return Err(Reject::Malformed(what));
        }
        Ok(self.rest.split_to(len))
    }

    /// A number in its shortest LEB128 form.
    pub fn number(&mut self, what: &'static str) -> Result<u64, Reject> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte(what)?;
            let bits = u64::from(byte & 0x7f);
            let overflows = shift == 63 && bits > 1;
            let padded = byte == 0 && shift > 0;
            if overflows || padded {
                return Err(Reject::Malformed(what));
            }
            value |= bits << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(Reject::Malformed(what))
    }

    /// A count or length of at most `limit`.
    pub fn count(&mut self, limit: usize, what: &'static str) -> Result<usize, Reject> {
        let value = self.number(what)?;
        usize::try_from(value).ok().filter(|&count| count <= limit).ok_or(Reject::Limit(what))
    }

    /// A length of at most `limit`, then as many bytes.
    pub fn bytes(&mut self, limit: usize, what: &'static str) -> Result<Bytes, Reject> {
        let len = self.count(limit, what)?;
        self.slice(len, what)
    }

    /// Checks that no bytes are left over.
    pub fn end(self, what: &'static str) -> Result<(), Reject> {
        if self.rest.is_empty() { Ok(()) } else { Err(Reject::Malformed(what)) }
    }
}

/// Appends a number in its shortest LEB128 form.
pub fn put_number(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push((value as u8 & 0x7f) | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Appends a length and as many bytes.
pub fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    put_number(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn number(bytes: &[u8]) -> Result<u64, Reject> {
        let mut reader = Reader::new(Bytes::copy_from_slice(bytes));
        let value = reader.number("number")?;
        reader.end("number")?;
        Ok(value)
    }

    #[test]
    fn only_the_shortest_form_is_a_number() {
        let cases: [(&[u8], Option<u64>); 9] = [
            (&[0], Some(0)),
            (&[0x7f], Some(127)),
            (&[0x80, 1], Some(128)),
            (&[0x80, 0], None),
            (&[0x81, 0x80, 0], None),
            (&[0x80], None),
            (&[], None),
            (&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1], Some(u64::MAX)),
            (&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2], None),
        ];
        for (bytes, expected) in cases {
            assert_eq!(number(bytes).ok(), expected, "{bytes:?}");
        }
    }

    #[test]
    fn a_length_without_its_bytes_allocates_nothing_and_is_refused() {
        let mut bytes = Vec::new();
        put_number(&mut bytes, 1 << 32);
        let mut reader = Reader::new(bytes.into());
        assert_eq!(reader.bytes(usize::MAX, "body"), Err(Reject::Malformed("body")));
    }

    proptest! {
        #[test]
        fn numbers_round_trip(value: u64) {
            let mut bytes = Vec::new();
            put_number(&mut bytes, value);
            prop_assert_eq!(number(&bytes), Ok(value));
        }

        #[test]
        fn what_is_read_is_written_the_same(bytes in proptest::collection::vec(any::<u8>(), 0..12)) {
            if let Ok(value) = number(&bytes) {
                let mut again = Vec::new();
                put_number(&mut again, value);
                prop_assert_eq!(again, bytes);
            }
        }
    }
}
