//! The client: one way to call every endpoint.

use std::{net::SocketAddr, path::PathBuf, sync::Arc};

use http::{Method, Request, Response, header};
use rumormill_api::{
    Refusal,
    endpoint::{self, Endpoint},
    endpoints,
};

use crate::{Body, Error, Incoming, Outgoing, Tcp, Transport, Unix};

/// Asks a process that has a home open. Clones are the same.
#[derive(Clone)]
pub struct Client(Arc<dyn Transport>);

impl Client {
    /// Asks through whatever carries requests.
    pub fn new(transport: impl Transport + 'static) -> Self {
        Self(Arc::new(transport))
    }

    /// Asks through the socket in a home.
    pub fn unix(socket: impl Into<PathBuf>) -> Self {
        Self::new(Unix::new(socket))
    }

    /// Asks over loopback TCP, with the token in the home.
    pub fn tcp(addr: SocketAddr, token: impl Into<String>) -> Self {
        Self::new(Tcp::new(addr, token))
    }

    /// The rooms of the home.
    ///
    /// # Errors
    /// As [`Client::call`].
    pub async fn rooms(&self) -> Result<Vec<rumormill_api::Room>, Error> {
        Ok(self.call(&endpoints::LIST_ROOMS, &[], &[], ()).await?.rooms)
    }

    /// Calls an endpoint: `path` fills its braces in their order, `query` stands behind the `?`.
    ///
    /// # Errors
    /// When nobody answers, the answer is a refusal, or it is not what the contract says.
    pub async fn call<Q: Outgoing, A: Incoming>(
        &self,
        endpoint: &Endpoint<Q, A>,
        path: &[&str],
        query: &[(&str, &str)],
        value: Q::Value<'_>,
    ) -> Result<A::Value, Error> {
        let (media, body) = Q::body(value)?;
        let request = Request::builder()
            .method(method(endpoint.method))
            .uri(endpoint.at(path, query))
            .header(header::HOST, "localhost")
            .header(header::CONTENT_TYPE, media)
            .body(body)
            .map_err(Error::garbled)?;
        A::read(self.carry(request).await?).await
    }

    /// Carries a request that is no endpoint's.
    ///
    /// # Errors
    /// As [`Client::call`].
    pub async fn carry(&self, request: Request<Body>) -> Result<Response<Body>, Error> {
        let response = self.0.carry(request).await?;
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
    use bytes::Bytes;
    use futures_util::StreamExt as _;
    use http::StatusCode;
    use rumormill_api::Event;

    use super::*;
    use crate::Answered;

    /// Answers everything alike.
    struct Alike(StatusCode, &'static str);

    impl Transport for Alike {
        fn carry(&self, _: Request<Body>) -> Answered<'_> {
            let mut response = Response::new(Body::from(Bytes::from(self.1)));
            *response.status_mut() = self.0;
            Box::pin(async move { Ok(response) })
        }
    }

    #[tokio::test]
    async fn refusals_are_told_from_what_makes_no_sense() {
        let json = r#"{"error": {"code": "ticket", "what": "no", "help": "yes"}}"#;
        let error = Client::new(Alike(StatusCode::BAD_REQUEST, json)).rooms().await.unwrap_err();
        assert!(matches!(&error, Error::Refused { refused, .. } if refused.code == "ticket"), "{error:?}");
        assert_eq!(error.to_string(), "no; yes");
        for (status, body) in [(StatusCode::BAD_GATEWAY, "<html>"), (StatusCode::OK, "<html>"), (StatusCode::OK, "")] {
            let error = Client::new(Alike(status, body)).rooms().await.unwrap_err();
            assert!(matches!(error, Error::Garbled(_)), "{status} {body:?}: {error:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn events_come_back_after_a_break_and_say_that_there_was_one() {
        let one = "event: lagged\ndata: {\"missed\": 3}\n\n";
        let mut events = Client::new(Alike(StatusCode::OK, one)).events().await.unwrap();
        for missed in [3, 0, 3, 0, 3] {
            if missed == 0 {
                assert!(matches!(events.next().await, Some(Err(Error::Gone(_)))));
            }
            assert_eq!(events.next().await, Some(Ok(Event::Lagged { missed })));
        }
    }

    #[tokio::test]
    async fn nobody_listens_where_that_is_refused() {
        let refused = Client::new(Alike(StatusCode::UNAUTHORIZED, "{}")).events().await;
        assert!(refused.is_err());
    }
}
