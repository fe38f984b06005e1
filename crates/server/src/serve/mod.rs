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
    endpoint::{self, Endpoint, Method, Tag},
};
use serde::{Deserialize, Serialize};
use tokio::{
    net::{TcpListener, UnixListener},
    sync::Mutex,
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
            let help = "its directory must be yours and writable";
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

/// Asks for a fresh link, through the socket in the home alone. Begins to serve the page where that is not done yet.
pub const LINK: Endpoint<endpoint::Json<Wanted>, endpoint::Json<Link>> =
    Endpoint::new("link", Tag::Process, Method::Post, "/link", "Get a link that opens the page");

/// Where the page is wanted.
#[derive(Default, Serialize, Deserialize)]
pub struct Wanted {
    /// Addresses of this machine, best first, for a page that is not served yet; where there are none, the usual ones.
    pub at: Vec<SocketAddr>,
}

/// The link that opens the page, once.
#[derive(Serialize, Deserialize)]
pub struct Link {
    /// The link.
    pub link: String,
    /// Where the page is.
    pub at: SocketAddr,
}

/// Pages and scripts over loopback, from when somebody asks for a link. Clones are the same.
#[derive(Clone)]
pub struct Desk(Arc<Inside>);

struct Inside {
    router: Router,
    settings: PageSettings,
    pages: Mutex<Option<Pages>>,
}

/// How pages are served.
pub struct PageSettings {
    /// Addresses of this machine, best first.
    pub at: Vec<SocketAddr>,
    /// The file with the token that lets scripts in; made when there is none.
    pub token: PathBuf,
    /// The files of the page.
    pub page: &'static [PageFile],
}

impl Desk {
    /// Serves `router` once somebody asks for it.
    pub fn new(router: Router, settings: PageSettings) -> Self {
        Self(Arc::new(Inside { router, settings, pages: Mutex::default() }))
    }

    /// A fresh link. Where nothing is served yet that begins, at the first of the addresses that this machine has.
    ///
    /// # Errors
    /// When an address is not this machine's own, all are taken, or the token cannot be read.
    pub async fn link(&self, Wanted { at }: Wanted) -> Result<Link, Refusal> {
        let mut pages = self.0.pages.lock().await;
        if pages.is_none() {
            let PageSettings { at: usual, token, page } = &self.0.settings;
            let at = if at.is_empty() { usual } else { &at };
            *pages = Some(Pages::open(at, self.0.router.clone(), Keys::open(token)?, Page(page)).await?);
        }
        match &*pages {
            Some(pages) => pages.link(),
            None => Err(Refusal::internal("link", "nothing is served")),
        }
    }

    /// What the socket in the home answers beside the API: fresh links.
    pub fn router(&self) -> Router {
        let desk = self.clone();
        let answer = move |wanted: Option<Json<Wanted>>| async move {
            Answer::Ok(Json(desk.link(wanted.map(|Json(wanted)| wanted).unwrap_or_default()).await?))
        };
        Router::new().route(LINK.path, post(answer))
    }

    /// Listens no more, once those who asked have their answers.
    pub async fn close(self) {
        if let Some(pages) = self.0.pages.lock().await.take() {
            pages.task.abort();
            pages.clients.let_go().await;
        }
    }
}

/// What is served.
struct Pages {
    at: SocketAddr,
    keys: Arc<Keys>,
    clients: Clients,
    task: JoinHandle<()>,
}

impl Pages {
    async fn open(at: &[SocketAddr], router: Router, keys: Keys, page: Page) -> Result<Self, Refusal> {
        let listener = listen_at(at).await?;
        let at = listener.local_addr().map_err(|error| Refusal::internal("address", error.to_string()))?;
        let keys = Arc::new(keys);
        let (clients, router) = (Clients::new(), guard::guarded(router, keys.clone(), page));
        let task = tokio::spawn(listen::tcp(listener, router, clients.clone()));
        Ok(Self { at, keys, clients, task })
    }

    fn link(&self) -> Result<Link, Refusal> {
        let at = self.at;
        Ok(Link { link: format!("http://{at}/#{}", self.keys.code()?), at })
    }
}

/// Listens at the first of the addresses that this machine has: one without IPv4 has no 127.0.0.1.
async fn listen_at(at: &[SocketAddr]) -> Result<TcpListener, Refusal> {
    let mut why = Refusal::internal("address", "no address is named");
    for addr in at {
        if !addr.ip().is_loopback() {
            let help = "use localhost, 127.0.0.1 or [::1]; from elsewhere `ssh -L` leads there safely";
            return Err(Refusal::new(codes::ADDRESS, format!("{addr} can be reached by other machines"), help));
        }
        match TcpListener::bind(addr).await {
            Ok(listener) => return Ok(listener),
            Err(error) => {
                let is_missing = error.kind() == io::ErrorKind::AddrNotAvailable;
                let help = "choose another with --http localhost:PORT; port 0 takes any";
                why = Refusal::failed("address", format!("{addr}: {error}"), help);
                if !is_missing {
                    break;
                }
            }
        }
    }
    Err(why)
}
