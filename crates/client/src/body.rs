//! Bodies of requests and answers, of each kind in the contract.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use futures_util::{Stream, StreamExt as _, TryStreamExt as _, stream, stream::BoxStream};
use http::Response;
use http_body::Frame;
use http_body_util::{BodyExt as _, BodyStream, Collected, Full, Limited, StreamBody, combinators::UnsyncBoxBody};
use rumormill_api::endpoint::{Bytes as AnyBytes, Empty, Events, Json, JsonOrLines, OpenMetrics, Steps, Svg, Text};
use serde::{Serialize, de::DeserializeOwned};

use crate::{Error, limits::ANSWERED_BYTES};

/// The bytes of a request or an answer, possibly streamed.
pub struct Body {
    bytes: UnsyncBoxBody<Bytes, Error>,
    /// The whole body, if it is in memory.
    whole: Option<Bytes>,
}

impl Body {
    /// Wraps another body.
    pub fn new<B>(body: B) -> Self
    where
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: std::fmt::Display,
    {
        Self { bytes: body.map_err(|error| Error::BrokenOff(error.to_string())).boxed_unsync(), whole: None }
    }

    /// An empty body.
    pub fn empty() -> Self {
        Self::from(Bytes::new())
    }

    /// A body with the pieces of a stream.
    pub fn stream<E: std::fmt::Display>(pieces: impl Stream<Item = Result<Bytes, E>> + Send + 'static) -> Self {
        Self::new(StreamBody::new(pieces.map(|piece| piece.map(Frame::data).map_err(|error| error.to_string()))))
    }

    /// A copy of the body, if all of it is in memory.
    pub(crate) fn again(&self) -> Option<Self> {
        self.whole.clone().map(Self::from)
    }

    /// Collects all bytes.
    ///
    /// # Errors
    /// When they exceed the bound on answers, or are cut off.
    pub async fn whole(self) -> Result<Bytes, Error> {
        let bytes = Limited::new(self.bytes, ANSWERED_BYTES).collect().await;
        bytes.map(Collected::to_bytes).map_err(Error::garbled)
    }

    /// The bytes as they arrive.
    pub fn pieces(self) -> BoxStream<'static, Result<Bytes, Error>> {
        let data = |frame: Frame<Bytes>| async move { Ok(frame.into_data().ok()) };
        BodyStream::new(self.bytes).try_filter_map(data).boxed()
    }
}

impl From<Bytes> for Body {
    fn from(bytes: Bytes) -> Self {
        Self { whole: Some(bytes.clone()), ..Self::new(Full::new(bytes)) }
    }
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        Pin::new(&mut self.bytes).poll_frame(context)
    }
}

/// A kind of request body.
pub trait Outgoing {
    /// The value that a caller passes.
    type Value<'a>;

    /// Its media type and bytes.
    ///
    /// # Errors
    /// When the value cannot be serialized to JSON.
    fn body(value: Self::Value<'_>) -> Result<(&'static str, Body), Error>;
}

/// A kind of answer body.
pub trait Incoming {
    /// The value that a caller receives.
    type Value;

    /// Decodes an answer.
    fn read(response: Response<Body>) -> impl Future<Output = Result<Self::Value, Error>> + Send;
}

/// Text sent as one message, or as one message a line.
pub enum OneOrLines<'a, T> {
    /// One message.
    One(&'a T),
    /// One message for each line.
    Lines(String),
}

impl Outgoing for Empty {
    type Value<'a> = ();

    fn body((): ()) -> Result<(&'static str, Body), Error> {
        Ok(("text/plain", Body::empty()))
    }
}

impl<T: Serialize + 'static> Outgoing for Json<T> {
    type Value<'a> = &'a T;

    fn body(value: &T) -> Result<(&'static str, Body), Error> {
        Ok(("application/json", Body::from(Bytes::from(serde_json::to_vec(value).map_err(Error::garbled)?))))
    }
}

impl<T: Serialize + 'static> Outgoing for JsonOrLines<T> {
    type Value<'a> = OneOrLines<'a, T>;

    fn body(value: OneOrLines<'_, T>) -> Result<(&'static str, Body), Error> {
        match value {
            OneOrLines::One(value) => <Json<T> as Outgoing>::body(value),
            OneOrLines::Lines(lines) => Ok(("text/plain; charset=utf-8", Body::from(Bytes::from(lines)))),
        }
    }
}

impl Outgoing for AnyBytes {
    type Value<'a> = Body;

    fn body(value: Body) -> Result<(&'static str, Body), Error> {
        Ok(("application/octet-stream", value))
    }
}

impl Incoming for Empty {
    type Value = ();

    async fn read(response: Response<Body>) -> Result<(), Error> {
        response.into_body().whole().await.map(drop)
    }
}

impl<T: DeserializeOwned + 'static> Incoming for Json<T> {
    type Value = T;

    async fn read(response: Response<Body>) -> Result<T, Error> {
        serde_json::from_slice(&response.into_body().whole().await?).map_err(Error::garbled)
    }
}

/// Answers whose bytes are passed on as they arrive.
macro_rules! as_they_come {
    ($([$($of:ident)?] $name:ty;)*) => {$(
        impl$(<$of>)? Incoming for $name {
            type Value = Body;

            async fn read(response: Response<Body>) -> Result<Body, Error> {
                Ok(response.into_body())
            }
        }
    )*};
}

as_they_come! {
    [] Text;
    [] Svg;
    [] OpenMetrics;
    [] AnyBytes;
    [T] Events<T>;
}

impl<T: DeserializeOwned + Send + 'static> Incoming for Steps<T> {
    type Value = BoxStream<'static, Result<T, Error>>;

    async fn read(response: Response<Body>) -> Result<Self::Value, Error> {
        let lines = Lines { pieces: response.into_body().pieces(), read: Vec::new() };
        // Nothing follows malformed input.
        let steps = stream::unfold(Some(lines), |lines| async {
            let mut lines = lines?;
            let line = lines.next().await.transpose()?;
            let step = line.and_then(|line| serde_json::from_slice(&line).map_err(Error::garbled));
            let rest = step.is_ok().then_some(lines);
            Some((step, rest))
        });
        Ok(steps.boxed())
    }
}

/// The lines of an answer, as they arrive.
struct Lines {
    pieces: BoxStream<'static, Result<Bytes, Error>>,
    read: Vec<u8>,
}

impl Lines {
    async fn next(&mut self) -> Result<Option<Vec<u8>>, Error> {
        loop {
            if let Some(end) = self.read.iter().position(|byte| *byte == b'\n') {
                return Ok(Some(self.read.drain(..=end).collect()));
            }
            if self.read.len() > ANSWERED_BYTES {
                return Err(Error::garbled("a line is too long"));
            }
            match self.pieces.next().await {
                Some(piece) => self.read.extend_from_slice(&piece?),
                // A line without an end was cut off.
                None if self.read.is_empty() => return Ok(None),
                None => return Err(Error::BrokenOff("a line has no end".into())),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn steps(pieces: &'static [&'static str]) -> Vec<Result<u64, Error>> {
        let pieces = stream::iter(pieces.iter().map(|piece| Ok::<_, String>(Bytes::from(*piece))));
        Steps::<u64>::read(Response::new(Body::stream(pieces))).await.unwrap().collect().await
    }

    #[tokio::test]
    async fn steps_are_read_in_pieces_of_any_size() {
        assert_eq!(steps(&["1\n2", "2\n3", "\n"]).await, [Ok(1), Ok(22), Ok(3)]);
        assert_eq!(steps(&[]).await, []);
    }

    #[tokio::test]
    async fn a_truncated_or_malformed_step_is_an_error() {
        let steps = [steps(&["1\n2"]).await, steps(&["1\n<html>\n"]).await];
        assert_eq!(steps.each_ref().map(|steps| steps[0].clone()), [Ok(1), Ok(1)]);
        assert!(matches!(steps[0][1], Err(Error::BrokenOff(_))), "{steps:?}");
        assert!(matches!(steps[1][1], Err(Error::Garbled(_))), "{steps:?}");
    }
}
