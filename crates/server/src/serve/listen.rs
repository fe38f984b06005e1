//! Accepts connections and speaks HTTP on them, within bounds that a slow or greedy client cannot exceed.

use std::{pin::pin, sync::Arc, time::Duration};

use axum::Router;
use http_body_util::BodyExt as _;
use hyper::{server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, UnixListener, UnixStream},
    sync::watch,
    time::sleep,
};
use tower::ServiceExt as _;

use super::clients::{Clients, Slot};
use crate::limits::{ACCEPT_AGAIN_MS, HEADER_BYTES, HEADER_MS};

/// Serves clients of the socket in the home that run as its owner, or as root, who can read everything anyway. The
/// modes of directory and socket keep all others out; this hangs up on any that get around them.
pub(super) async fn unix(listener: UnixListener, owner: u32, router: Router, clients: Clients) {
    let may_ask = |stream: &UnixStream| stream.peer_cred().is_ok_and(|asks| asks.uid() == owner || asks.uid() == 0);
    loop {
        match listener.accept().await {
            Ok((stream, _)) if may_ask(&stream) => {
                let Some(place) = clients.place().await else { return };
                tokio::spawn(serve(stream, router.clone(), place, clients.closing()));
            }
            Ok(_) => {}
            Err(_) => sleep(Duration::from_millis(ACCEPT_AGAIN_MS)).await,
        }
    }
}

/// Serves clients over TCP.
pub(super) async fn tcp(listener: TcpListener, router: Router, clients: Clients) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                // Small answers should go out at once; an error here is no reason to refuse.
                let _ = stream.set_nodelay(true);
                let Some(place) = clients.place().await else { return };
                tokio::spawn(serve(stream, router.clone(), place, clients.closing()));
            }
            Err(_) => sleep(Duration::from_millis(ACCEPT_AGAIN_MS)).await,
        }
    }
}

/// Serves one connection until either side ends it. Hangs up on a client that takes too long to send a request.
async fn serve<S>(stream: S, router: Router, place: Arc<Slot>, mut closing: watch::Receiver<bool>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(Duration::from_millis(HEADER_MS)).max_buf_size(HEADER_BYTES);
    let answer = service_fn(|request: hyper::Request<hyper::body::Incoming>| {
        let answering = place.answers();
        let answer = router.clone().oneshot(request);
        // The answer's body keeps the request under way until it is sent or dropped.
        async move {
            let held = move |error| {
                let _ = &answering;
                error
            };
            answer.await.map(|answer| answer.map(|body| body.map_err(held)))
        }
    });
    let mut connection = pin!(http.serve_connection(TokioIo::new(stream), answer));
    tokio::select! {
        // An error of one client concerns no other.
        _ = connection.as_mut() => return,
        _ = closing.wait_for(|closing| *closing) => {}
        () = place.left() => if !place.is_answering() { return },
    }
    connection.as_mut().graceful_shutdown();
    let _ = connection.await;
}

#[cfg(test)]
mod tests {
    use axum::routing::get;
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        net::TcpStream,
    };

    use super::*;
    use crate::limits::CLIENTS;

    async fn client(listens: std::net::SocketAddr, says: &str) -> TcpStream {
        let mut stream = TcpStream::connect(listens).await.unwrap();
        stream.write_all(says.as_bytes()).await.unwrap();
        stream
    }

    #[tokio::test]
    async fn idle_clients_make_room_and_clients_with_requests_do_not() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        // An answer without an end, like that to a client that listens for events.
        let endless =
            || async { axum::body::Body::from_stream(futures_util::stream::pending::<Result<String, String>>()) };
        let router = Router::new().route("/", get(|| async { "well" })).route("/endless", get(endless));
        let door = tokio::spawn(tcp(listener, router, Clients::new()));

        let mut listens = client(addr, "GET /endless HTTP/1.1\r\nHost: x\r\n\r\n").await;
        let mut head = [0; 12];
        listens.read_exact(&mut head).await.unwrap();
        assert_eq!(&head, b"HTTP/1.1 200");
        let mut slow = Vec::new();
        for _ in 1..CLIENTS {
            slow.push(client(addr, "GET / HTTP/1.1\r\nHost: x").await);
        }
        let mut asks = client(addr, "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await;
        let mut answer = String::new();
        asks.read_to_string(&mut answer).await.unwrap();
        assert!(answer.ends_with("well"), "{answer}");

        // One slow client had to go: not all, as after their time, and not the one that listens.
        let hung_up = |stream: &TcpStream| matches!(stream.try_read(&mut [0; 64]), Ok(0));
        assert_eq!(slow.iter().filter(|stream| hung_up(stream)).count(), 1);
        assert!(!hung_up(&listens));
        door.abort();
    }
}
