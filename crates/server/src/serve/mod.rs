//! The listeners: a socket in the home for commands, loopback TCP for pages and scripts.

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
    sync::{Arc, Mutex as Lock},
};

use axum::{Json, Router, middleware::from_fn_with_state, routing::post};
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
use crate::{
    Api,
    answer::{Answer, Refusal},
    lock::lock,
};

/// The socket in the home, open to its owner's other commands.
pub struct Door {
    path: PathBuf,
    clients: Clients,
    task: JoinHandle<()>,
}

impl Door {
    /// Listens at `path` and replaces a socket that a killed process left behind. Only the process that has the home
    /// open may call it.
    ///
    /// # Errors
    /// When the socket cannot be created.
    pub fn open(path: &Path, router: Router) -> Result<Self, Refusal> {
        let broken = |error: io::Error| {
            let help = "make sure that you own its directory and can write to it";
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
        // The file may already be gone; otherwise the next process replaces it.
        let _ = tokio::fs::remove_file(&self.path).await;
        self.clients.let_go().await;
    }
}

/// Asks for a fresh link, only through the socket in the home. Starts serving the page if it is not served yet.
pub const LINK: Endpoint<endpoint::Json<Wanted>, endpoint::Json<Link>> =
    Endpoint::new("link", Tag::Process, Method::Post, "/link", "Get a link that opens the page");

/// The addresses for the page.
#[derive(Default, Serialize, Deserialize)]
pub struct Wanted {
    /// Addresses of this machine, best first, for a page that is not served yet; if empty, the usual ones.
    pub at: Vec<SocketAddr>,
}

/// The link that opens the page, once.
#[derive(Serialize, Deserialize)]
pub struct Link {
    /// The link.
    pub link: String,
    /// The address of the page.
    pub at: SocketAddr,
}

/// Serves pages and scripts over loopback once somebody asks for a link. Clones share the state.
#[derive(Clone)]
pub struct Desk(Arc<Inside>);

struct Inside {
    api: Api,
    settings: PageSettings,
    keys: Lock<Option<Arc<Keys>>>,
    pages: Mutex<Option<Pages>>,
}

/// The settings of the page.
pub struct PageSettings {
    /// Addresses of this machine, best first.
    pub at: Vec<SocketAddr>,
    /// The file with the token for scripts; created when missing.
    pub token: PathBuf,
    /// The files of the page.
    pub page: &'static [PageFile],
    /// Who may read the metrics.
    pub metrics: Metrics,
}

/// Who may read `/metrics` over loopback. They tell how much is said and how well it travels, and neither names nor texts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Metrics {
    /// Programs with the token, as for every other request.
    #[default]
    Token,
    /// Every program and user of this machine, so that a scraper needs no token, which would let it do everything else.
    Open,
}

impl Desk {
    /// Answers with `api` once somebody asks for it.
    pub fn new(api: Api, settings: PageSettings) -> Self {
        Self(Arc::new(Inside { api, settings, keys: Lock::default(), pages: Mutex::default() }))
    }

    /// The credentials, read when they are needed first.
    fn keys(&self) -> Result<Arc<Keys>, Refusal> {
        let mut known = lock(&self.0.keys);
        if let Some(keys) = &*known {
            return Ok(keys.clone());
        }
        Ok(known.insert(Arc::new(Keys::open(&self.0.settings.token)?)).clone())
    }

    /// A fresh link. Starts serving if necessary, at the first of the addresses that this machine has.
    ///
    /// # Errors
    /// When an address is not this machine's own, all are taken, or the token cannot be read.
    pub async fn link(&self, Wanted { at }: Wanted) -> Result<Link, Refusal> {
        let mut pages = self.0.pages.lock().await;
        if pages.is_none() {
            let PageSettings { at: usual, page, metrics, .. } = &self.0.settings;
            let at = if at.is_empty() { usual } else { &at };
            let listener = listen_at(at).await?;
            *pages = Some(Pages::open(listener, &self.0.api, self.keys()?, (Page(page), *metrics))?);
        }
        match &*pages {
            Some(pages) => pages.link(),
            None => Err(Refusal::internal("link", "the page is not served")),
        }
    }

    /// What the socket in the home answers: the API, and fresh links. A request with a token asks as whoever has it.
    pub fn at_socket(&self) -> Router {
        let desk = self.clone();
        let answer = move |wanted: Option<Json<Wanted>>| async move {
            Answer::Ok(Json(desk.link(wanted.map(|Json(wanted)| wanted).unwrap_or_default()).await?))
        };
        let links = Router::new().route(LINK.path, post(answer));
        self.0.api.router().merge(links).layer(from_fn_with_state(self.clone(), guard::at_socket))
    }

    /// Listens no more, once those who asked have their answers.
    pub async fn close(self) {
        if let Some(pages) = self.0.pages.lock().await.take() {
            pages.task.abort();
            pages.clients.let_go().await;
        }
    }
}

/// The running server.
struct Pages {
    at: SocketAddr,
    keys: Arc<Keys>,
    clients: Clients,
    task: JoinHandle<()>,
}

impl Pages {
    fn open(
        listener: TcpListener,
        api: &Api,
        keys: Arc<Keys>,
        (page, metrics): (Page, Metrics),
    ) -> Result<Self, Refusal> {
        let at = listener.local_addr().map_err(|error| Refusal::internal("address", error.to_string()))?;
        tracing::info!(%at, "serves the page and the API");
        let (clients, router) = (Clients::new(), guard::guarded(api, keys.clone(), page, metrics));
        let task = tokio::spawn(listen::tcp(listener, router, clients.clone()));
        Ok(Self { at, keys, clients, task })
    }

    fn link(&self) -> Result<Link, Refusal> {
        let at = self.at;
        Ok(Link { link: format!("http://{at}/#{}", self.keys.code()?), at })
    }
}

/// Listens at the first of the addresses that this machine has: a machine without IPv4 has no 127.0.0.1.
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
