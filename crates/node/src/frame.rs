//! What stands on the streams of a connection.
//!
//! ```text
//! stream   frames, one after the other
//! frame    length   number, bytes of the rest
//!          channel  number: 0, a control of the connection follows; n, a message about the room of the
//!                   n-th tag that the sender announced
//!          body     on the live stream, a control or a message as it is; on a bulk stream, the message's
//!                   length, then the message in one zstd frame
//! control  kind     1 byte: 0 greeting, 1 address, 2 part, 3 resume, 4 typing, 5 introduction; what is of another kind is skipped
//!          greeting 8 bytes drawn when the process began, then tags of 32 bytes each; see the greeting module
//!          address  how the sender is reached; see the address module
//!          part     number: the sender no longer talks about the room of this channel of its own
//!          resume   number: it does again
//!          typing   number: whoever is at the sender writes something in the room of this channel; said to peers of
//!                   `rumormill/1.1` and later only, for the first version refuses kinds it does not know
//!          introduction  number: the author who writes in the room of this channel of the sender's own: key 32, signature
//!                   64 over what `proto/src/introduction.rs` lays out
//! ```
//!
//! Nothing is allocated for a length before it was found to be within its bound.

use bytes::{Buf, Bytes, BytesMut};
use rumormill_proto::{
    codec::{Reader, put_number},
    ids::AuthorId,
    limits::{ADDRESS_BYTES, MESSAGE_BYTES},
    message::Message,
    reject::Reject,
    run::Signature,
};

use crate::{greeting::Tag, limits::TAGS};

/// The most bytes that zstd makes of a message, with the numbers before it.
const PACKED_BYTES: usize = MESSAGE_BYTES + MESSAGE_BYTES / 256 + 128;

/// Compression level: the fastest; text shrinks to a third and costs a tenth of what hashing it does.
const LEVEL: i32 = 1;

/// Bytes that a length takes at most: three digits of seven bits are enough for two million.
const LENGTH_BYTES: usize = 3;

const GREETING: u8 = 0;
const ADDRESS: u8 = 1;
const PART: u8 = 2;
const RESUME: u8 = 3;
const TYPING: u8 = 4;
const INTRODUCTION: u8 = 5;

/// What peers say about their connection, on channel 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Control {
    /// Tags of rooms the sender is in, behind those it named before.
    Greeting {
        /// Drawn when the sender's process began: tells a restarted peer from a second connection.
        boot: [u8; 8],
        /// In no order that tells anything.
        tags: Vec<Tag>,
    },
    /// How the sender is reached.
    Address(Bytes),
    /// The sender no longer talks about the room of this channel of its own.
    Part(u32),
    /// It does again.
    Resume(u32),
    /// Whoever is at the sender writes something in the room of this channel.
    Typing(u32),
    /// This author writes in the room of this channel.
    Introduction {
        /// Of the sender's own.
        channel: u32,
        /// Who writes.
        author: AuthorId,
        /// The author's, over the connection and the room.
        signature: Box<Signature>,
    },
}

/// One frame as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Frame {
    /// 0 for a control, otherwise one more than the index of the sender's tag.
    pub(crate) channel: u32,
    /// A control or a message.
    pub(crate) body: Bytes,
}

/// Cuts a stream of bytes into frames. Holds one incomplete frame at most, and what was read with it.
pub(crate) struct Frames {
    buffer: BytesMut,
    limit: usize,
}

impl Frames {
    /// Frames of a live stream.
    pub(crate) fn live() -> Self {
        Self { buffer: BytesMut::new(), limit: crate::limits::FRAME_BYTES }
    }

    /// Frames of a bulk stream.
    pub(crate) fn bulk() -> Self {
        Self { buffer: BytesMut::new(), limit: PACKED_BYTES }
    }

    /// Takes what was read.
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// Whether the bytes so far end between two frames.
    pub(crate) fn is_empty(&self) -> bool {
        self.buffer.is_empty()
    }

    /// The next whole frame, in memory of its own, so that keeping a line does not keep all that came with it.
    ///
    /// # Errors
    /// [`Reject`] when the length is past the bound or the channel is none.
    pub(crate) fn next(&mut self) -> Result<Option<Frame>, Reject> {
        let digits = self.buffer.iter().take(LENGTH_BYTES).position(|byte| byte & 0x80 == 0);
        let Some(digits) = digits.map(|last| last + 1) else {
            return if self.buffer.len() < LENGTH_BYTES { Ok(None) } else { Err(Reject::Limit("frame")) };
        };
        let mut reader = Reader::new(Bytes::copy_from_slice(&self.buffer[..digits]));
        let len = reader.count(self.limit, "frame")?;
        if self.buffer.len() < digits + len {
            return Ok(None);
        }
        self.buffer.advance(digits);
        let mut reader = Reader::new(Bytes::copy_from_slice(&self.buffer[..len]));
        self.buffer.advance(len);
        let channel = reader.count(TAGS, "channel")? as u32;
        Ok(Some(Frame { channel, body: reader.rest().clone() }))
    }
}

/// Appends a frame with `body`; `channel` is the index of the sender's tag.
fn put_frame(out: &mut Vec<u8>, channel: u32, body: &[u8]) {
    let mut head = Vec::with_capacity(LENGTH_BYTES);
    put_number(&mut head, u64::from(channel));
    put_number(out, (head.len() + body.len()) as u64);
    out.extend_from_slice(&head);
    out.extend_from_slice(body);
}

/// Appends a frame that says `control`.
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
    }
    put_frame(out, 0, &body);
}

/// Reads the body of a frame on channel 0; `None` for a kind that only later versions know.
///
/// # Errors
/// [`Reject`] when it is not of the form.
pub(crate) fn read_control(body: Bytes) -> Result<Option<Control>, Reject> {
    let mut reader = Reader::new(body);
    let control = match reader.byte("control")? {
        GREETING => {
            let boot = reader.array("boot")?;
            let count = reader.left() / size_of::<Tag>();
            if count > TAGS {
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
        ADDRESS => return Err(Reject::Limit("address")),
        _ => return Ok(None),
    };
    reader.end("control")?;
    Ok(Some(control))
}

/// Appends a frame with a message about the room of our tag `index`.
pub(crate) fn put_message(out: &mut Vec<u8>, index: u32, message: &[u8]) {
    put_frame(out, index + 1, message);
}

/// Compresses messages for a bulk stream.
pub(crate) struct Packer(zstd::bulk::Compressor<'static>);

impl Packer {
    /// A packer; reusing it spares its tables.
    ///
    /// # Errors
    /// When zstd has no memory.
    pub(crate) fn new() -> std::io::Result<Self> {
        zstd::bulk::Compressor::new(LEVEL).map(Self)
    }

    /// One frame of a bulk stream.
    ///
    /// # Errors
    /// When zstd has no memory.
    pub(crate) fn frame(&mut self, index: u32, message: &[u8]) -> std::io::Result<Vec<u8>> {
        let mut body = Vec::with_capacity(message.len() / 2 + 64);
        put_number(&mut body, message.len() as u64);
        body.extend_from_slice(&self.0.compress(message)?);
        let mut out = Vec::with_capacity(body.len() + 8);
        put_message(&mut out, index, &body);
        Ok(out)
    }
}

/// Reads the body of a bulk stream's frame: what comes out is of the length that was told, and that is
/// bounded, or it is refused.
///
/// # Errors
/// [`Reject`] when the bytes are not of the form or larger than they say.
pub(crate) fn unpack(body: Bytes) -> Result<Message, Reject> {
    let mut reader = Reader::new(body);
    let len = reader.count(MESSAGE_BYTES, "message")?;
    let raw = zstd::bulk::decompress(reader.rest(), len).map_err(|_| Reject::Malformed("compressed message"))?;
    if raw.len() != len {
        return Err(Reject::Malformed("compressed message"));
    }
    match Message::decode(raw.into())? {
        message @ (Message::Runs { .. } | Message::Done { .. }) => Ok(message),
        _ => Err(Reject::Malformed("message on a bulk stream")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frames(bytes: &[u8], step: usize) -> Result<Vec<Frame>, Reject> {
        let mut frames = Frames::live();
        let mut found = Vec::new();
        for piece in bytes.chunks(step) {
            frames.push(piece);
            while let Some(frame) = frames.next()? {
                found.push(frame);
            }
        }
        assert!(frames.is_empty());
        Ok(found)
    }

    #[test]
    fn frames_come_out_as_they_went_in_however_they_are_cut() {
        let mut bytes = Vec::new();
        put_message(&mut bytes, 0, b"one");
        put_message(&mut bytes, 300, &[7; 1000]);
        put_control(&mut bytes, &Control::Part(3));
        for step in [1, 2, 3, 100, 5000] {
            let found = frames(&bytes, step).unwrap();
            let read: Vec<_> = found.iter().map(|frame| (frame.channel, frame.body.len())).collect();
            assert_eq!(read, [(1, 3), (301, 1000), (0, 2)], "step {step}");
        }
    }

    #[test]
    fn a_length_past_the_bound_is_refused_before_its_bytes_come() {
        for bytes in [&[0xff, 0xff, 0xff][..], &[0xff, 0xff, 0x7f], &[0x80, 0x80, 0x80, 0x80]] {
            let mut frames = Frames::live();
            frames.push(bytes);
            assert_eq!(frames.next(), Err(Reject::Limit("frame")), "{bytes:?}");
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
        ] {
            let mut bytes = Vec::new();
            put_control(&mut bytes, &control);
            let found = frames(&bytes, 7).unwrap();
            assert_eq!(read_control(found[0].body.clone()), Ok(Some(control)));
        }
    }

    #[test]
    fn hostile_controls_are_refused() {
        let many = [&[GREETING][..], &[0; 8], &[0; 32 * (TAGS + 1)]].concat();
        let long = [&[ADDRESS][..], &[0; ADDRESS_BYTES + 1]].concat();
        let cases: [&[u8]; 8] = [
            &[],
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

    fn packed(message: &[u8], told: usize) -> Bytes {
        let mut body = Vec::new();
        put_number(&mut body, told as u64);
        body.extend_from_slice(&zstd::bulk::compress(message, LEVEL).unwrap());
        body.into()
    }

    #[test]
    fn a_bulk_frame_is_what_it_says_or_refused() {
        let done = Message::Done { want: 4 }.encode();
        assert_eq!(unpack(packed(&done, done.len())), Ok(Message::Done { want: 4 }));
        assert!(unpack(packed(&done, done.len() + 1)).is_err());
        assert!(unpack(packed(&done, done.len() - 1)).is_err());
        assert!(unpack(Bytes::from_static(&[4, 1, 2, 3])).is_err());
        let pull = Message::Pull.encode();
        assert_eq!(unpack(packed(&pull, pull.len())), Err(Reject::Malformed("message on a bulk stream")));
        let bomb = vec![0; 100 * MESSAGE_BYTES];
        assert!(unpack(packed(&bomb, MESSAGE_BYTES)).is_err());
        assert_eq!(unpack(packed(&bomb, bomb.len())), Err(Reject::Limit("message")));
    }
}
