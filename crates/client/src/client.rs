//! The client, which can call every endpoint.

use std::{net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

use http::{HeaderMap, HeaderName, Method, Request, Response, header};
use rumormill_api::{
    Enter, Refusal, codes,
    endpoint::{self, Endpoint},
    endpoints,
};

use tokio::time::sleep;

use crate::{Body, Error, Incoming, Outgoing, Tcp, Transport, Unix, limits::WAIT_MOST_S};

/// Calls a process that has a home open. Clones share one transport.
#[derive(Clone)]
pub struct Client {
    transport: Arc<dyn Transport>,
    /// Additional headers of every request.
    headers: HeaderMap,
}

impl Client {
    /// A client over any transport.
    pub fn new(transport: impl Transport + 'static) -> Self {
        Self { transport: Arc::new(transport), headers: HeaderMap::new() }
    }

    /// Whether this process answers itself.
    pub fn is_in_process(&self) -> bool {
        self.transport.is_in_process()
    }

    /// A client over the socket in a home.
    pub fn unix(socket: impl Into<PathBuf>) -> Self {
        Self::new(Unix::new(socket))
    }

    /// A client over loopback TCP, with the token in the home or that of a bot.
    pub fn tcp(addr: SocketAddr, token: impl Into<String>) -> Self {
        Self::new(Tcp::new(addr, token))
    }

    /// The same client, which adds this header to every request.
    ///
    /// # Errors
    /// [`Error::Garbled`] when the value is not valid in a header.
    pub fn with(&self, name: &'static str, value: &str) -> Result<Self, Error> {
        let mut client = self.clone();
        client.headers.insert(HeaderName::from_static(name), value.parse().map_err(Error::garbled)?);
        Ok(client)
    }

    /// The rooms of the home.
    ///
    /// # Errors
    /// As [`Client::call`].
    pub async fn rooms(&self) -> Result<Vec<rumormill_api::Room>, Error> {
        Ok(self.call(&endpoints::LIST_ROOMS, &[], &[], ()).await?.rooms)
    }

    /// Founds a closed room: its members decide who is in.
    ///
    /// # Errors
    /// As [`Client::call`].
    pub async fn found(&self, name: impl Into<String>) -> Result<rumormill_api::Room, Error> {
        self.call(&endpoints::ENTER_ROOM, &[], &[], &Enter::Founded { name: name.into(), open: false }).await
    }

    /// Joins the room of a ticket.
    ///
    /// # Errors
    /// As [`Client::call`].
    pub async fn join(&self, ticket: impl Into<String>) -> Result<rumormill_api::Room, Error> {
        self.call(&endpoints::ENTER_ROOM, &[], &[], &Enter::Invited { ticket: ticket.into() }).await
    }

    /// Calls an endpoint: `path` fills the braces of its path in order, `query` becomes the query string. A call that
    /// is too fast for a room waits as long as the answer says and is repeated, unless its body is a stream.
    ///
    /// # Errors
    /// When there is no answer, the answer is a refusal, or it violates the contract.
    pub async fn call<Q: Outgoing, A: Incoming>(
        &self,
        endpoint: &Endpoint<Q, A>,
        path: &[&str],
        query: &[(&str, &str)],
        value: Q::Value<'_>,
    ) -> Result<A::Value, Error> {
        let (media, mut body) = Q::body(value)?;
        let uri = endpoint.at(path, query);
        loop {
            let again = body.again();
            let mut request = Request::builder()
                .method(method(endpoint.method))
                .uri(&uri)
                .header(header::HOST, "localhost")
                .header(header::CONTENT_TYPE, media)
                .body(body)
                .map_err(Error::garbled)?;
            request.headers_mut().extend(self.headers.clone());
            let response = self.transport.carry(request).await?;
            let wait = wait(&response);
            match (whole(response).await, again, wait) {
                (Err(Error::Refused { refused, .. }), Some(again), Some(wait)) if refused.is(codes::TOO_FAST) => {
                    sleep(wait).await;
                    body = again;
                }
                (answer, ..) => return A::read(answer?).await,
            }
        }
    }

    /// Sends a request that belongs to no endpoint.
    ///
    /// # Errors
    /// As [`Client::call`].
    pub async fn carry(&self, request: Request<Body>) -> Result<Response<Body>, Error> {
        whole(self.transport.carry(request).await?).await
    }
}

/// A response that is not a refusal.
async fn whole(response: Response<Body>) -> Result<Response<Body>, Error> {
    let status = response.status();
    if status.is_success() {
        return Ok(response);
    }
    let bytes = response.into_body().whole().await?;
    Err(match serde_json::from_slice(&bytes) {
        Ok(Refusal { error: refused }) => Error::Refused { status, refused },
        Err(_) => Error::garbled(format!("{status}: {}", String::from_utf8_lossy(&bytes))),
    })
}

/// How long a response asks to wait.
fn wait(response: &Response<Body>) -> Option<Duration> {
    let seconds: u64 = response.headers().get(header::RETRY_AFTER)?.to_str().ok()?.parse().ok()?;
    Some(Duration::from_secs(seconds.clamp(1, WAIT_MOST_S)))
}

fn method(method: endpoint::Method) -> Method {
    match method {
        endpoint::Method::Get => Method::GET,
        endpoint::Method::Post => Method::POST,
        endpoint::Method::Put => Method::PUT,
        endpoint::Method::Delete => Method::DELETE,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use bytes::Bytes;
    use futures_util::StreamExt as _;
    use http::StatusCode;
    use rumormill_api::{Event, RoomHex, Say, endpoint::LAST_EVENT_ID};

    use super::*;
    use crate::{Answered, OneOrLines};

    /// Answers every request the same.
    struct Alike(StatusCode, &'static str);

    impl Transport for Alike {
        fn carry(&self, _: Request<Body>) -> Answered<'_> {
            let mut response = Response::new(Body::from(Bytes::from(self.1)));
            *response.status_mut() = self.0;
            Box::pin(async move { Ok(response) })
        }
    }

    #[tokio::test]
    async fn refusals_differ_from_malformed_answers() {
        let json = r#"{"error": {"code": "ticket", "what": "no", "help": "yes"}}"#;
        let error = Client::new(Alike(StatusCode::BAD_REQUEST, json)).rooms().await.unwrap_err();
        assert!(matches!(&error, Error::Refused { refused, .. } if refused.code == "ticket"), "{error:?}");
        assert_eq!(error.to_string(), "no; yes");
        for (status, body) in [(StatusCode::BAD_GATEWAY, "<html>"), (StatusCode::OK, "<html>"), (StatusCode::OK, "")] {
            let error = Client::new(Alike(status, body)).rooms().await.unwrap_err();
            assert!(matches!(error, Error::Garbled(_)), "{status} {body:?}: {error:?}");
        }
    }

    /// Sends one event at each request, and then breaks off; the event repeats the id after which the request
    /// continues.
    struct Breaking(AtomicU64);

    impl Transport for Breaking {
        fn carry(&self, request: Request<Body>) -> Answered<'_> {
            let (number, last) = (self.0.fetch_add(1, Ordering::Relaxed), request.headers().get(LAST_EVENT_ID));
            let last = last.map_or("none", |last| last.to_str().unwrap());
            let event = Event::Left { room: RoomHex(format!("{number} after {last}")) }.send().unwrap();
            let text = format!("event: {}\nid: run.{number}\ndata: {}\n\n", event.name, event.data);
            Box::pin(async move { Ok(Response::new(Body::from(Bytes::from(text)))) })
        }
    }

    #[tokio::test(start_paused = true)]
    async fn events_resume_after_a_break() {
        let mut events = Client::new(Breaking(AtomicU64::new(0))).events().await.unwrap();
        for told in ["0 after none", "1 after run.0", "2 after run.1"] {
            assert_eq!(events.next().await, Some(Ok(Event::Left { room: told.into() })));
            assert!(matches!(events.next().await, Some(Err(Error::Gone(_)))));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn events_without_ids_report_a_break() {
        let one = "event: lagged\ndata: {\"missed\": 3}\n\n";
        let mut events = Client::new(Alike(StatusCode::OK, one)).events().await.unwrap();
        for missed in [3, 0, 3, 0, 3] {
            if missed == 0 {
                assert!(matches!(events.next().await, Some(Err(Error::Gone(_)))));
            }
            let event = events.next().await.unwrap().unwrap();
            assert!(matches!(event, Event::Lagged { missed: told, .. } if told == missed), "{event:?}");
        }
    }

    /// Answers three times that the call is too fast.
    struct Slow(AtomicU64);

    impl Transport for Slow {
        fn carry(&self, request: Request<Body>) -> Answered<'_> {
            let asked = self.0.fetch_add(1, Ordering::Relaxed);
            Box::pin(async move {
                let said = request.into_body().whole().await?;
                assert_eq!(said, r#"{"text":"hi"}"#);
                let refused = r#"{"error": {"code": "too-fast", "what": "no", "help": "yes"}}"#;
                let mut response = Response::new(Body::from(Bytes::from(refused)));
                *response.status_mut() = StatusCode::TOO_MANY_REQUESTS;
                response.headers_mut().insert(header::RETRY_AFTER, "7".parse().unwrap());
                Ok(if asked < 3 { response } else { Response::new(Body::from(Bytes::from(r#"{"messages": []}"#))) })
            })
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_that_is_too_fast_waits_and_repeats() {
        let begun = tokio::time::Instant::now();
        let client = Client::new(Slow(AtomicU64::new(0)));
        let say = Say { text: "hi".into(), ..Say::default() };
        client.call(&endpoints::SAY, &["lunch"], &[], OneOrLines::One(&say)).await.unwrap();
        assert_eq!(begun.elapsed(), Duration::from_secs(21));
    }

    #[tokio::test]
    async fn a_refusal_ends_the_events() {
        let refused = Client::new(Alike(StatusCode::UNAUTHORIZED, "{}")).events().await;
        assert!(refused.is_err());
    }
}
