//! The bytes on the streams of a connection.
//!
//! ```text
//! stream   envelopes, one after the other
//! envelope length   number, bytes of the rest
//!          channel  number: 0, a control of the connection follows; n, a frame about the room of the
//!                   n-th tag that the sender announced
//!          body     on the live stream, a control or a frame as it is; on a bulk stream, the frame's
//!                   length, then the frame in one block of zstd
//! control  kind     1 byte: 0 greeting, 1 address, 2 part, 3 resume, 4 typing, 5 introduction, 6 proof, 7 report,
//!                   8 stock; another kind is skipped
//!          greeting 8 bytes drawn when the process began, then tags of 32 bytes each; see the greeting module
//!          address  how the sender is reached; see the address module
//!          part     number: the sender no longer talks about the room of this channel of its own
//!          resume   number: it does again
//!          typing   number: somebody is typing at the sender in the room of this channel; said only to peers of
//!                   `rumormill/1.1` and later, for the first version refuses kinds it does not know
//!          introduction  number: the author who writes in the room of this channel of the sender's own: key 32, signature
//!                   64 over what `proto/src/introduction.rs` lays out; of open rooms
//!          proof    number: the same of a closed room, sealed; see the proof module
//!          report   number, author 32, seq number, then words in UTF-8: somebody reports this message in the closed room of
//!                   this channel of the sender's own; said only to those who govern there
//!          stock    number, then six numbers: how much the sender, a keeper, stores of the room of this channel of its
//!                   own; see the stock module
//! ```
//!
//! A length is checked against its bound before anything is allocated for it.

use bytes::{Buf, Bytes, BytesMut};
use rumormill_proto::{
    codec::{Reader, put_number},
    content::Target,
    frame::Frame,
    ids::AuthorId,
    limits::{ADDRESS_BYTES, FRAME_BYTES},
    reject::Reject,
    run::Signature,
};

use crate::{
    greeting::Tag,
    limits::{GREETING_TAGS, PROOF_BYTES, REPORT_BYTES, TAGS},
    stock::Stock,
};

/// The most bytes that zstd makes of a frame, and the numbers before it.
const PACKED_BYTES: usize = FRAME_BYTES + FRAME_BYTES / 256 + 128;

/// Compression level: the fastest; text shrinks to a third, at a tenth of the cost of hashing it.
const LEVEL: i32 = 1;

/// Bytes that a length takes at most: three digits of seven bits are enough for two million.
const LENGTH_BYTES: usize = 3;

const GREETING: u8 = 0;
const ADDRESS: u8 = 1;
const PART: u8 = 2;
const RESUME: u8 = 3;
const TYPING: u8 = 4;
const INTRODUCTION: u8 = 5;
const PROOF: u8 = 6;
const REPORT: u8 = 7;
const STOCK: u8 = 8;

/// Controls: frames about the connection itself, on channel 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Control {
    /// Tags of rooms that the sender is in, beside those of its earlier greetings.
    Greeting {
        /// Drawn when the sender's process began: it tells a restarted peer from a second connection.
        boot: [u8; 8],
        /// In an order that tells nothing.
        tags: Vec<Tag>,
    },
    /// How the sender is reached.
    Address(Bytes),
    /// The sender no longer talks about the room of this channel of its own.
    Part(u32),
    /// The sender talks about it again.
    Resume(u32),
    /// Somebody is typing at the sender in the room of this channel.
    Typing(u32),
    /// An author writes at the sender in the room of this channel.
    Introduction {
        /// A channel of the sender.
        channel: u32,
        /// The author.
        author: AuthorId,
        /// The author's signature over the connection and the room.
        signature: Box<Signature>,
    },
    /// Who writes at the sender in the closed room of this channel.
    Proof {
        /// A channel of the sender.
        channel: u32,
        /// What [`crate::proof`] lays out.
        sealed: Bytes,
    },
    /// Somebody reports a message in the closed room of this channel.
    Report {
        /// A channel of the sender.
        channel: u32,
        /// The message.
        of: Target,
        /// Why, in UTF-8.
        words: Bytes,
    },
    /// How much the sender stores of the room of this channel.
    Stock {
        /// A channel of the sender.
        channel: u32,
        /// How much.
        stock: Stock,
    },
}

/// One envelope that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Envelope {
    /// 0 for a control, otherwise one more than the index of the sender's tag.
    pub(crate) channel: u32,
    /// A control or a frame.
    pub(crate) body: Bytes,
}

/// Cuts a stream of bytes into envelopes. Holds at most one incomplete envelope, and the bytes read with it.
pub(crate) struct Envelopes {
    buffer: BytesMut,
    limit: usize,
}

impl Envelopes {
    /// Envelopes of a live stream.
    pub(crate) fn live() -> Self {
        Self { buffer: BytesMut::new(), limit: crate::limits::ENVELOPE_BYTES }
    }

    /// Envelopes of a bulk stream.
    pub(crate) fn bulk() -> Self {
        Self { buffer: BytesMut::new(), limit: PACKED_BYTES }
    }

    /// Takes bytes that were read.
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// Whether the bytes so far end between two envelopes.
    pub(crate) fn is_empty(&self) -> bool {
        self.buffer.is_empty()
    }

    /// The next whole envelope, in memory of its own, so that a frame that is kept does not keep all that was read with
    /// it.
    ///
    /// # Errors
    /// [`Reject`] when the length is past the bound or the channel is too high.
    pub(crate) fn next(&mut self) -> Result<Option<Envelope>, Reject> {
        let digits = self.buffer.iter().take(LENGTH_BYTES).position(|byte| byte & 0x80 == 0);
        let Some(digits) = digits.map(|last| last + 1) else {
            return if self.buffer.len() < LENGTH_BYTES { Ok(None) } else { Err(Reject::Limit("envelope")) };
        };
        let mut reader = Reader::new(Bytes::copy_from_slice(&self.buffer[..digits]));
        let len = reader.count(self.limit, "envelope")?;
        if self.buffer.len() < digits + len {
            return Ok(None);
        }
        self.buffer.advance(digits);
        let mut reader = Reader::new(Bytes::copy_from_slice(&self.buffer[..len]));
        self.buffer.advance(len);
        let channel = reader.count(TAGS, "channel")? as u32;
        Ok(Some(Envelope { channel, body: reader.rest().clone() }))
    }
}

/// Appends an envelope with `body`; `channel` is the index of the sender's tag.
fn put_envelope(out: &mut Vec<u8>, channel: u32, body: &[u8]) {
    let mut head = Vec::with_capacity(LENGTH_BYTES);
    put_number(&mut head, u64::from(channel));
    put_number(out, (head.len() + body.len()) as u64);
    out.extend_from_slice(&head);
    out.extend_from_slice(body);
}

/// Appends an envelope that says `control`.
pub(crate) fn put_control(out: &mut Vec<u8>, control: &Control) {
    let mut body = Vec::new();
    match control {
        Control::Greeting { boot, tags } => {
            body.push(GREETING);
            body.extend_from_slice(boot);
            tags.iter().for_each(|tag| body.extend_from_slice(tag));
        }
        Control::Address(address) => {
            body.push(ADDRESS);
            body.extend_from_slice(address);
        }
        Control::Part(channel) => {
            body.push(PART);
            put_number(&mut body, u64::from(*channel));
        }
        Control::Resume(channel) => {
            body.push(RESUME);
            put_number(&mut body, u64::from(*channel));
        }
        Control::Typing(channel) => {
            body.push(TYPING);
            put_number(&mut body, u64::from(*channel));
        }
        Control::Introduction { channel, author, signature } => {
            body.push(INTRODUCTION);
            put_number(&mut body, u64::from(*channel));
            body.extend_from_slice(&author.0);
            body.extend_from_slice(&**signature);
        }
        Control::Proof { channel, sealed } => {
            body.push(PROOF);
            put_number(&mut body, u64::from(*channel));
            body.extend_from_slice(sealed);
        }
        Control::Report { channel, of, words } => {
            body.push(REPORT);
            put_number(&mut body, u64::from(*channel));
            body.extend_from_slice(&of.author.0);
            put_number(&mut body, of.seq);
            body.extend_from_slice(words);
        }
        Control::Stock { channel, stock } => {
            body.push(STOCK);
            put_number(&mut body, u64::from(*channel));
            stock.put(&mut body);
        }
    }
    put_envelope(out, 0, &body);
}

/// Reads the body of an envelope on channel 0; `None` for a kind that only later versions know.
///
/// # Errors
/// [`Reject`] when it is not of the form.
pub(crate) fn read_control(body: Bytes) -> Result<Option<Control>, Reject> {
    let mut reader = Reader::new(body);
    let control = match reader.byte("control")? {
        GREETING => {
            let boot = reader.array("boot")?;
            let count = reader.left() / size_of::<Tag>();
            if count > GREETING_TAGS {
                return Err(Reject::Limit("tags"));
            }
            let tags = (0..count).map(|_| reader.array("tag"));
            Control::Greeting { boot, tags: tags.collect::<Result<_, _>>()? }
        }
        ADDRESS if reader.left() <= ADDRESS_BYTES => Control::Address(reader.slice(reader.left(), "address")?),
        PART => Control::Part(reader.count(TAGS, "channel")? as u32),
        RESUME => Control::Resume(reader.count(TAGS, "channel")? as u32),
        TYPING => Control::Typing(reader.count(TAGS, "channel")? as u32),
        INTRODUCTION => Control::Introduction {
            channel: reader.count(TAGS, "channel")? as u32,
            author: AuthorId(reader.array("author")?),
            signature: Box::new(reader.array("signature")?),
        },
        PROOF => {
            let channel = reader.count(TAGS, "channel")? as u32;
            if reader.left() > PROOF_BYTES {
                return Err(Reject::Limit("proof"));
            }
            Control::Proof { channel, sealed: reader.slice(reader.left(), "proof")? }
        }
        REPORT => {
            let channel = reader.count(TAGS, "channel")? as u32;
            let of = Target { author: AuthorId(reader.array("author")?), seq: reader.number("seq")? };
            if reader.left() > REPORT_BYTES {
                return Err(Reject::Limit("report"));
            }
            Control::Report { channel, of, words: reader.slice(reader.left(), "words")? }
        }
        STOCK => Control::Stock { channel: reader.count(TAGS, "channel")? as u32, stock: Stock::read(&mut reader)? },
        ADDRESS => return Err(Reject::Limit("address")),
        _ => return Ok(None),
    };
    reader.end("control")?;
    Ok(Some(control))
}

/// Appends an envelope with a frame about the room of our tag `index`.
pub(crate) fn put_frame(out: &mut Vec<u8>, index: u32, frame: &[u8]) {
    put_envelope(out, index + 1, frame);
}

/// Compresses frames for a bulk stream.
pub(crate) struct Packer(zstd::bulk::Compressor<'static>);

impl Packer {
    /// A packer. Reusing it saves making its tables.
    ///
    /// # Errors
    /// When zstd has no memory.
    pub(crate) fn new() -> std::io::Result<Self> {
        zstd::bulk::Compressor::new(LEVEL).map(Self)
    }

    /// One envelope of a bulk stream.
    ///
    /// # Errors
    /// When zstd has no memory.
    pub(crate) fn envelope(&mut self, index: u32, frame: &[u8]) -> std::io::Result<Vec<u8>> {
        let mut body = Vec::with_capacity(frame.len() / 2 + 64);
        put_number(&mut body, frame.len() as u64);
        body.extend_from_slice(&self.0.compress(frame)?);
        let mut out = Vec::with_capacity(body.len() + 8);
        put_frame(&mut out, index, &body);
        Ok(out)
    }
}

/// Reads the body of a bulk stream's envelope. The frame must have the length that the envelope says, which is bounded.
///
/// # Errors
/// [`Reject`] when the bytes are not of the form or larger than they say.
pub(crate) fn unpack(body: Bytes) -> Result<Frame, Reject> {
    let mut reader = Reader::new(body);
    let len = reader.count(FRAME_BYTES, "frame")?;
    let raw = zstd::bulk::decompress(reader.rest(), len).map_err(|_| Reject::Malformed("compressed frame"))?;
    if raw.len() != len {
        return Err(Reject::Malformed("compressed frame"));
    }
    match Frame::decode(raw.into())? {
        frame @ (Frame::Runs { .. } | Frame::Done { .. }) => Ok(frame),
        _ => Err(Reject::Malformed("frame on a bulk stream")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn envelopes(bytes: &[u8], step: usize) -> Result<Vec<Envelope>, Reject> {
        let mut envelopes = Envelopes::live();
        let mut found = Vec::new();
        for piece in bytes.chunks(step) {
            envelopes.push(piece);
            while let Some(envelope) = envelopes.next()? {
                found.push(envelope);
            }
        }
        assert!(envelopes.is_empty());
        Ok(found)
    }

    #[test]
    fn envelopes_come_out_as_they_went_in_however_they_are_cut() {
        let mut bytes = Vec::new();
        put_frame(&mut bytes, 0, b"one");
        put_frame(&mut bytes, 300, &[7; 1000]);
        put_control(&mut bytes, &Control::Part(3));
        for step in [1, 2, 3, 100, 5000] {
            let found = envelopes(&bytes, step).unwrap();
            let read: Vec<_> = found.iter().map(|envelope| (envelope.channel, envelope.body.len())).collect();
            assert_eq!(read, [(1, 3), (301, 1000), (0, 2)], "step {step}");
        }
    }

    #[test]
    fn a_length_past_the_bound_is_refused_before_its_bytes_come() {
        for bytes in [&[0xff, 0xff, 0xff][..], &[0xff, 0xff, 0x7f], &[0x80, 0x80, 0x80, 0x80]] {
            let mut envelopes = Envelopes::live();
            envelopes.push(bytes);
            assert_eq!(envelopes.next(), Err(Reject::Limit("envelope")), "{bytes:?}");
        }
    }

    #[test]
    fn controls_round_trip() {
        let tags = vec![[1; 32], [2; 32]];
        let address = Bytes::from_static(b"address");
        for control in [
            Control::Greeting { boot: [9; 8], tags },
            Control::Greeting { boot: [0; 8], tags: vec![] },
            Control::Address(address),
            Control::Part(5),
            Control::Resume(400),
            Control::Typing(2),
            Control::Introduction { channel: 3, author: AuthorId([4; 32]), signature: Box::new([5; 64]) },
            Control::Proof { channel: 3, sealed: Bytes::from_static(b"sealed") },
            Control::Report {
                channel: 3,
                of: Target { author: AuthorId([4; 32]), seq: 300 },
                words: Bytes::from_static(b"spam"),
            },
            Control::Stock { channel: 3, stock: Stock { message_bytes: 700, ..Stock::default() } },
        ] {
            let mut bytes = Vec::new();
            put_control(&mut bytes, &control);
            let found = envelopes(&bytes, 7).unwrap();
            assert_eq!(read_control(found[0].body.clone()), Ok(Some(control)));
        }
    }

    #[test]
    fn hostile_controls_are_refused() {
        let many = [&[GREETING][..], &[0; 8], &[0; 32 * (TAGS + 1)]].concat();
        let long = [&[ADDRESS][..], &[0; ADDRESS_BYTES + 1]].concat();
        let proof = [&[PROOF, 0][..], &[0; PROOF_BYTES + 1]].concat();
        let report = [&[REPORT, 0][..], &[0; 33 + REPORT_BYTES + 1]].concat();
        let cases: [&[u8]; 13] = [
            &[],
            &proof,
            &report,
            &[REPORT, 0, 1],
            &[STOCK, 0, 1, 0, 0, 0, 0],
            &[STOCK, 0, 1, 0, 0, 0, 0, 0, 0],
            &long,
            &[GREETING, 1],
            &[GREETING, 0, 0, 0, 0, 0, 0, 0, 0, 1],
            &many,
            &[PART, 0xff, 0xff, 3],
            &[RESUME, 1, 1],
            &[TYPING, 0xff, 0xff, 3],
        ];
        for bytes in cases {
            assert!(read_control(Bytes::copy_from_slice(bytes)).is_err());
        }
        assert_eq!(read_control(Bytes::from_static(&[200, 1, 2, 3])), Ok(None), "of a later version");
    }

    fn packed(frame: &[u8], told: usize) -> Bytes {
        let mut body = Vec::new();
        put_number(&mut body, told as u64);
        body.extend_from_slice(&zstd::bulk::compress(frame, LEVEL).unwrap());
        body.into()
    }

    #[test]
    fn a_bulk_envelope_is_what_it_says_or_refused() {
        let done = Frame::Done { want: 4 }.encode();
        assert_eq!(unpack(packed(&done, done.len())), Ok(Frame::Done { want: 4 }));
        assert!(unpack(packed(&done, done.len() + 1)).is_err());
        assert!(unpack(packed(&done, done.len() - 1)).is_err());
        assert!(unpack(Bytes::from_static(&[4, 1, 2, 3])).is_err());
        let pull = Frame::Pull.encode();
        assert_eq!(unpack(packed(&pull, pull.len())), Err(Reject::Malformed("frame on a bulk stream")));
        let bomb = vec![0; 100 * FRAME_BYTES];
        assert!(unpack(packed(&bomb, FRAME_BYTES)).is_err());
        assert_eq!(unpack(packed(&bomb, bomb.len())), Err(Reject::Limit("frame")));
    }
}
