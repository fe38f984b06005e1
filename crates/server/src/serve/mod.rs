//! The doors through which others ask: a socket in the home for commands, loopback TCP for pages and scripts.

mod clients;
mod guard;
mod keys;
mod listen;
mod page;

use std::{
    fs, io,
    net::SocketAddr,
    os::unix::fs::{MetadataExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
    sync::Arc,
};

use axum::{Json, Router, routing::post};
use rumormill_api::{
    codes,
    endpoint::{self, Empty, Endpoint, Method, Tag},
};
use serde::{Deserialize, Serialize};
use tokio::{
    net::{TcpListener, UnixListener},
    task::JoinHandle,
};

pub use self::page::PageFile;

use self::{clients::Clients, keys::Keys, page::Page};
use crate::answer::{Answer, Refusal};

/// The socket in the home, open to its owner's other commands.
pub struct Door {
    path: PathBuf,
    clients: Clients,
    task: JoinHandle<()>,
}

impl Door {
    /// Listens at `path`; a socket that a process left behind when it was killed is replaced. To be called by who
    /// owns the home.
    ///
    /// # Errors
    /// When the socket cannot be made.
    pub fn open(path: &Path, router: Router) -> Result<Self, Refusal> {
        let broken = |error: io::Error| {
            let help = "its directory must be yours and writable, and the whole path at most 100 bytes long";
            Refusal::failed("socket", format!("{}: {error}", path.display()), help)
        };
        match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(broken(error)),
            _ => {}
        }
        let listener = UnixListener::bind(path).map_err(broken)?;
        fs::set_permissions(path, fs::Permissions::from_mode(0o600)).map_err(broken)?;
        let owner = fs::metadata(path).map_err(broken)?.uid();
        let clients = Clients::new();
        let task = tokio::spawn(listen::unix(listener, owner, router, clients.clone()));
        Ok(Self { path: path.to_owned(), clients, task })
    }

    /// Listens no more, once those who asked have their answers.
    pub async fn close(self) {
        self.task.abort();
        // Somebody else may have taken it away; the next owner does otherwise.
        let _ = tokio::fs::remove_file(&self.path).await;
        self.clients.let_go().await;
    }
}

/// Pages and scripts over loopback.
pub struct Pages {
    addr: SocketAddr,
    keys: Arc<Keys>,
    clients: Clients,
    task: JoinHandle<()>,
}

/// Asks for a fresh link, through the socket in the home alone.
pub const LINK: Endpoint<Empty, endpoint::Json<Link>> =
    Endpoint::new("link", Tag::Process, Method::Post, "/link", "Get a link that opens the page");

/// The link that opens the page, once.
#[derive(Serialize, Deserialize)]
pub struct Link {
    /// The link.
    pub link: String,
}

impl Pages {
    /// Serves `router` and the page that these files make at `addr`.
    ///
    /// # Errors
    /// When the address is not this machine's own, or taken.
    pub async fn open(
        addr: SocketAddr,
        router: Router,
        token: &str,
        page: &'static [PageFile],
    ) -> Result<Self, Refusal> {
        if !addr.ip().is_loopback() {
            let help = "use 127.0.0.1 or [::1]; from elsewhere `ssh -L` leads there safely";
            return Err(Refusal::new(codes::ADDRESS, format!("{addr} can be reached by other machines"), help));
        }
        let listener = TcpListener::bind(addr).await.map_err(|error| {
            let help = "choose another with --http 127.0.0.1:PORT; port 0 takes any";
            Refusal::failed("address", format!("{addr}: {error}"), help)
        })?;
        let addr = listener.local_addr().map_err(|error| Refusal::internal("address", error.to_string()))?;
        let keys = Arc::new(Keys::new(token));
        let (clients, router) = (Clients::new(), guard::guarded(router, keys.clone(), Page(page)));
        let task = tokio::spawn(listen::tcp(listener, router, clients.clone()));
        Ok(Self { addr, keys, clients, task })
    }

    /// A fresh link.
    ///
    /// # Errors
    /// When the system gives no random bytes.
    pub fn link(&self) -> Result<String, Refusal> {
        link(self.addr, &self.keys)
    }

    /// What the socket in the home answers beside the API: fresh links.
    pub fn router(&self) -> Router {
        let (addr, keys) = (self.addr, self.keys.clone());
        let answer = move || async move { Answer::Ok(Json(Link { link: link(addr, &keys)? })) };
        Router::new().route(LINK.path, post(answer))
    }

    /// Listens no more, once those who asked have their answers.
    pub async fn close(self) {
        self.task.abort();
        self.clients.let_go().await;
    }
}

fn link(addr: SocketAddr, keys: &Keys) -> Result<String, Refusal> {
    Ok(format!("http://{addr}/#{}", keys.code()?))
}
