//! Takes connections and speaks HTTP on them, within bounds that a slow or greedy client cannot pass.

use std::{sync::Arc, time::Duration};

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, UnixListener, UnixStream},
    sync::Semaphore,
    time::sleep,
};

use crate::limits::{ACCEPT_AGAIN_MS, CLIENTS, HEADER_BYTES, HEADER_MS};

/// Serves whoever connects through the socket in the home and is its owner, or root, who can read everything anyway. The
/// modes of directory and socket keep all others out; those who find a way around them are hung up on.
pub(super) async fn unix(listener: UnixListener, owner: u32, router: Router) {
    let may_ask = |stream: &UnixStream| stream.peer_cred().is_ok_and(|asks| asks.uid() == owner || asks.uid() == 0);
    let places = places();
    loop {
        let Ok(place) = places.clone().acquire_owned().await else { return };
        match listener.accept().await {
            Ok((stream, _)) if may_ask(&stream) => _ = tokio::spawn(serve(stream, router.clone(), place)),
            Ok(_) => {}
            Err(_) => sleep(Duration::from_millis(ACCEPT_AGAIN_MS)).await,
        }
    }
}

/// Serves whoever connects over TCP.
pub(super) async fn tcp(listener: TcpListener, router: Router) {
    let places = places();
    loop {
        let Ok(place) = places.clone().acquire_owned().await else { return };
        match listener.accept().await {
            Ok((stream, _)) => {
                // Small answers go at once; that they cannot is no reason to refuse.
                let _ = stream.set_nodelay(true);
                tokio::spawn(serve(stream, router.clone(), place));
            }
            Err(_) => sleep(Duration::from_millis(ACCEPT_AGAIN_MS)).await,
        }
    }
}

/// Clients that are served at once; the next ones wait in the system's queue until one has gone.
fn places() -> Arc<Semaphore> {
    Arc::new(Semaphore::new(CLIENTS))
}

/// Serves one connection until either side ends it. Who takes too long to say what it wants is hung up on.
async fn serve<S>(stream: S, router: Router, place: tokio::sync::OwnedSemaphorePermit)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(Duration::from_millis(HEADER_MS)).max_buf_size(HEADER_BYTES);
    // What a client does wrong concerns nobody else.
    let _ = http.serve_connection(TokioIo::new(stream), TowerToHyperService::new(router)).await;
    drop(place);
}
