//! Transports to a process: the socket in its home, loopback TCP, or any other.

use std::{
    future::Future,
    io,
    net::SocketAddr,
    path::{Path, PathBuf},
    pin::Pin,
    time::Duration,
};

use http::{HeaderValue, Request, Response, header};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpStream, UnixStream},
    time::{Instant, sleep},
};

use crate::{Body, Error, limits::CONNECT_AGAIN_MS};

/// A future answer.
pub type Answered<'a> = Pin<Box<dyn Future<Output = Result<Response<Body>, Error>> + Send + 'a>>;

/// Carries requests to a process.
pub trait Transport: Send + Sync {
    /// Sends one request.
    ///
    /// # Errors
    /// [`Error::Gone`] when there is no answer; a refusal is an answer.
    fn carry(&self, request: Request<Body>) -> Answered<'_>;

    /// Whether this process answers itself.
    fn is_in_process(&self) -> bool {
        false
    }
}

/// The socket in a home, which only its owner can open.
pub struct Unix {
    path: PathBuf,
    patience: Duration,
}

impl Unix {
    /// The socket at `path`.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), patience: Duration::ZERO }
    }

    /// The socket at `path`, where another process may follow the one that listens now. A request waits up to `patience`
    /// for it; no request is sent twice.
    pub fn patient(path: impl Into<PathBuf>, patience: Duration) -> Self {
        Self { path: path.into(), patience }
    }

    /// The path of the socket.
    pub fn path(&self) -> &Path {
        &self.path
    }

    async fn connect(&self) -> io::Result<UnixStream> {
        let deadline = Instant::now() + self.patience;
        loop {
            match UnixStream::connect(&self.path).await {
                Err(_) if Instant::now() < deadline => sleep(Duration::from_millis(CONNECT_AGAIN_MS)).await,
                connected => return connected,
            }
        }
    }
}

impl Transport for Unix {
    fn carry(&self, request: Request<Body>) -> Answered<'_> {
        Box::pin(async move { exchange(self.connect().await.map_err(Error::gone)?, request).await })
    }
}

/// Loopback TCP, with the token in the home or that of a bot.
pub struct Tcp {
    addr: SocketAddr,
    token: String,
}

impl Tcp {
    /// The process that listens at `addr`.
    pub fn new(addr: SocketAddr, token: impl Into<String>) -> Self {
        Self { addr, token: token.into() }
    }
}

impl Transport for Tcp {
    fn carry(&self, mut request: Request<Body>) -> Answered<'_> {
        Box::pin(async move {
            let value = |text: String| HeaderValue::from_str(&text).map_err(Error::garbled);
            request.headers_mut().insert(header::HOST, value(self.addr.to_string())?);
            request.headers_mut().insert(header::AUTHORIZATION, value(format!("Bearer {}", self.token.trim()))?);
            exchange(TcpStream::connect(self.addr).await.map_err(Error::gone)?, request).await
        })
    }
}

/// Sends one request over its own connection.
async fn exchange(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    request: Request<Body>,
) -> Result<Response<Body>, Error> {
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(Error::gone)?;
    tokio::spawn(connection);
    let response = sender.send_request(request).await.map_err(Error::gone)?;
    Ok(response.map(Body::new))
}
