//! Takes connections and speaks HTTP on them, within bounds that a slow or greedy client cannot pass.

use std::{pin::pin, sync::Arc, time::Duration};

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, UnixListener, UnixStream},
    sync::{OwnedSemaphorePermit, Semaphore, watch},
    time::{sleep, timeout},
};

use crate::limits::{ACCEPT_AGAIN_MS, CLIENTS, HEADER_BYTES, HEADER_MS, LAST_ANSWERS_MS};

/// Who is served over one door. Clones are the same.
#[derive(Clone)]
pub(super) struct Clients {
    /// Clients that are served at once; the next ones wait in the system's queue until one has gone.
    places: Arc<Semaphore>,
    closing: watch::Sender<bool>,
}

impl Clients {
    pub(super) fn new() -> Self {
        Self { places: Arc::new(Semaphore::new(CLIENTS as usize)), closing: watch::Sender::new(false) }
    }

    /// Lets those go who ask for nothing, and the others once they have their answer. Whoever listens for events has none, and is
    /// not waited for long.
    pub(super) async fn let_go(&self) {
        self.closing.send_replace(true);
        let _ = timeout(Duration::from_millis(LAST_ANSWERS_MS), self.places.acquire_many(CLIENTS)).await;
    }
}

/// Serves whoever connects through the socket in the home and is its owner, or root, who can read everything anyway. The
/// modes of directory and socket keep all others out; those who find a way around them are hung up on.
pub(super) async fn unix(listener: UnixListener, owner: u32, router: Router, clients: Clients) {
    let may_ask = |stream: &UnixStream| stream.peer_cred().is_ok_and(|asks| asks.uid() == owner || asks.uid() == 0);
    loop {
        let Ok(place) = clients.places.clone().acquire_owned().await else { return };
        match listener.accept().await {
            Ok((stream, _)) if may_ask(&stream) => {
                tokio::spawn(serve(stream, router.clone(), place, clients.closing.subscribe()));
            }
            Ok(_) => {}
            Err(_) => sleep(Duration::from_millis(ACCEPT_AGAIN_MS)).await,
        }
    }
}

/// Serves whoever connects over TCP.
pub(super) async fn tcp(listener: TcpListener, router: Router, clients: Clients) {
    loop {
        let Ok(place) = clients.places.clone().acquire_owned().await else { return };
        match listener.accept().await {
            Ok((stream, _)) => {
                // Small answers go at once; that they cannot is no reason to refuse.
                let _ = stream.set_nodelay(true);
                tokio::spawn(serve(stream, router.clone(), place, clients.closing.subscribe()));
            }
            Err(_) => sleep(Duration::from_millis(ACCEPT_AGAIN_MS)).await,
        }
    }
}

/// Serves one connection until either side ends it. Who takes too long to say what it wants is hung up on.
async fn serve<S>(stream: S, router: Router, place: OwnedSemaphorePermit, mut closing: watch::Receiver<bool>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(Duration::from_millis(HEADER_MS)).max_buf_size(HEADER_BYTES);
    let mut connection = pin!(http.serve_connection(TokioIo::new(stream), TowerToHyperService::new(router)));
    let is_closing = tokio::select! {
        // What a client does wrong concerns nobody else.
        _ = connection.as_mut() => false,
        _ = closing.wait_for(|closing| *closing) => true,
    };
    if is_closing {
        connection.as_mut().graceful_shutdown();
        let _ = connection.await;
    }
    drop(place);
}
