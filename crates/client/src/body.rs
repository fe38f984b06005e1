//! What goes out and comes back: bodies of each kind that the contract knows.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use futures_util::{Stream, StreamExt as _, TryStreamExt as _, stream::BoxStream};
use http::Response;
use http_body::Frame;
use http_body_util::{BodyExt as _, BodyStream, Collected, Full, Limited, StreamBody, combinators::UnsyncBoxBody};
use rumormill_api::endpoint::{Bytes as AnyBytes, Empty, Events, Figures, Json, JsonOrLines, Steps, Svg, Text};
use serde::{Serialize, de::DeserializeOwned};

use crate::{Error, limits::ANSWERED_BYTES};

/// The bytes of a request or an answer, as they come.
pub struct Body(UnsyncBoxBody<Bytes, Error>);

impl Body {
    /// What somebody else's body brings.
    pub fn new<B>(body: B) -> Self
    where
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: std::fmt::Display,
    {
        Self(body.map_err(|error| Error::BrokenOff(error.to_string())).boxed_unsync())
    }

    /// Nothing.
    pub fn empty() -> Self {
        Self::from(Bytes::new())
    }

    /// What a stream brings.
    pub fn stream<E: std::fmt::Display>(pieces: impl Stream<Item = Result<Bytes, E>> + Send + 'static) -> Self {
        Self::new(StreamBody::new(pieces.map(|piece| piece.map(Frame::data).map_err(|error| error.to_string()))))
    }

    /// All bytes together.
    ///
    /// # Errors
    /// When they are more than an answer may have, or break off.
    pub async fn whole(self) -> Result<Bytes, Error> {
        let bytes = Limited::new(self.0, ANSWERED_BYTES).collect().await;
        bytes.map(Collected::to_bytes).map_err(Error::garbled)
    }

    /// The bytes as they come.
    pub fn pieces(self) -> BoxStream<'static, Result<Bytes, Error>> {
        let data = |frame: Frame<Bytes>| async move { Ok(frame.into_data().ok()) };
        BodyStream::new(self.0).try_filter_map(data).boxed()
    }
}

impl From<Bytes> for Body {
    fn from(bytes: Bytes) -> Self {
        Self::new(Full::new(bytes))
    }
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        Pin::new(&mut self.0).poll_frame(context)
    }
}

/// A kind of body that a request can have.
pub trait Outgoing {
    /// What a caller gives.
    type Value<'a>;

    /// Its media type and its bytes.
    ///
    /// # Errors
    /// When it cannot be written as JSON.
    fn body(value: Self::Value<'_>) -> Result<(&'static str, Body), Error>;
}

/// A kind of body that an answer can have.
pub trait Incoming {
    /// What a caller gets.
    type Value;

    /// Reads it.
    fn read(response: Response<Body>) -> impl Future<Output = Result<Self::Value, Error>> + Send;
}

/// Text of which each line is a message, or one message.
pub enum OneOrLines<'a, T> {
    /// One.
    One(&'a T),
    /// A line for each.
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

/// Answers that are handed on as their bytes come.
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
    [] Figures;
    [] AnyBytes;
    [T] Steps<T>;
    [T] Events<T>;
}
