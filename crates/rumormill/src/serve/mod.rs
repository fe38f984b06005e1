//! The doors through which others ask: a socket in the home for commands, loopback TCP for pages and scripts.

mod guard;
mod keys;
mod listen;

use std::{
    fs, io,
    net::SocketAddr,
    os::unix::fs::{MetadataExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
    sync::Arc,
};

use axum::{Json, Router, routing::post};
use serde::{Deserialize, Serialize};
use tokio::{
    net::{TcpListener, UnixListener},
    task::JoinHandle,
};

use self::keys::Keys;
use crate::{
    api::Answer,
    failure::{Exit, Failure},
    web,
};

/// The socket in the home, open to its owner's other commands.
pub(crate) struct Door {
    path: PathBuf,
    task: JoinHandle<()>,
}

impl Door {
    /// Listens at `path`; a socket that a process left behind when it was killed is replaced. To be called by who
    /// owns the home.
    ///
    /// # Errors
    /// When the socket cannot be made.
    pub(crate) fn open(path: &Path, router: Router) -> Result<Self, Failure> {
        let broken = |error: io::Error| Failure {
            exit: Exit::Ours,
            code: "socket".into(),
            what: format!("{}: {error}", path.display()),
            help: "its directory must be yours and writable, and the whole path at most 100 bytes long".into(),
        };
        match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(broken(error)),
            _ => {}
        }
        let listener = UnixListener::bind(path).map_err(broken)?;
        fs::set_permissions(path, fs::Permissions::from_mode(0o600)).map_err(broken)?;
        let owner = fs::metadata(path).map_err(broken)?.uid();
        Ok(Self { path: path.to_owned(), task: tokio::spawn(listen::unix(listener, owner, router)) })
    }

    /// Listens no more.
    pub(crate) async fn close(self) {
        self.task.abort();
        // Somebody else may have taken it away; the next owner does otherwise.
        let _ = tokio::fs::remove_file(&self.path).await;
    }
}

/// Pages and scripts over loopback.
pub(crate) struct Pages {
    addr: SocketAddr,
    keys: Arc<Keys>,
    task: JoinHandle<()>,
}

/// The link that opens the page, once.
#[derive(Serialize, Deserialize)]
pub(crate) struct Link {
    pub(crate) link: String,
}

impl Pages {
    /// Serves `router` and the page at `addr`.
    ///
    /// # Errors
    /// When the address is not this machine's own, or taken.
    pub(crate) async fn open(addr: SocketAddr, router: Router, token: &str) -> Result<Self, Failure> {
        if !addr.ip().is_loopback() {
            return Err(Failure {
                exit: Exit::Usage,
                code: "address".into(),
                what: format!("{addr} can be reached by other machines"),
                help: "use 127.0.0.1 or [::1]; from elsewhere `ssh -L` leads there safely".into(),
            });
        }
        let listener = TcpListener::bind(addr).await.map_err(|error| Failure {
            exit: Exit::Ours,
            code: "address".into(),
            what: format!("{addr}: {error}"),
            help: "choose another with --http 127.0.0.1:PORT; port 0 takes any".into(),
        })?;
        let addr = listener.local_addr().map_err(|error| Failure::internal("address", error.to_string()))?;
        let keys = Arc::new(Keys::new(token));
        let task = tokio::spawn(listen::tcp(listener, guard::guarded(router.merge(web::router()), keys.clone())));
        Ok(Self { addr, keys, task })
    }

    /// A fresh link.
    ///
    /// # Errors
    /// When the system gives no random bytes.
    pub(crate) fn link(&self) -> Result<String, Failure> {
        link(self.addr, &self.keys)
    }

    /// What the socket in the home answers beside the API: fresh links.
    pub(crate) fn router(&self) -> Router {
        let (addr, keys) = (self.addr, self.keys.clone());
        let answer = move || async move { Answer::Ok(Json(Link { link: link(addr, &keys)? })) };
        Router::new().route("/link", post(answer))
    }

    /// Listens no more.
    pub(crate) fn close(self) {
        self.task.abort();
    }
}

fn link(addr: SocketAddr, keys: &Keys) -> Result<String, Failure> {
    Ok(format!("http://{addr}/#{}", keys.code()?))
}
