//! The one vocabulary that commands, terminal, web page and scripts speak: `/v1`.
//!
//! Whoever owns a home answers these requests: to itself without any wire, to other commands through the socket in the
//! home, to pages and scripts over loopback TCP.

mod answer;
mod archive;
mod counts;
mod files;
mod held;
mod hidden;
mod hub;
mod ids;
pub(crate) mod kept;
mod marks;
mod messages;
mod metrics;
mod names;
mod nearby;
mod people;
mod rooms;
mod shape;
pub(crate) mod words;

use std::{path::Path, sync::Arc};

use axum::{Json, Router, extract::DefaultBodyLimit, routing::get};
use rumormill_node::Node;
use utoipa::OpenApi;
use utoipa_axum::{router::OpenApiRouter, routes};

pub(crate) use self::{
    answer::{Answer, refused},
    rooms::{is_ticket, read_name, read_ticket},
};

use self::{counts::Counts, hidden::Hidden, hub::Hub, marks::Marks};
use crate::{config::Config, failure::Failure, limits::REQUEST_BYTES};

/// What requests are answered from. Clones are the same.
#[derive(Clone)]
pub(crate) struct Api(Arc<Inner>);

struct Inner {
    node: Node,
    hub: Hub,
    marks: Marks,
    hidden: Hidden,
    counts: Counts,
    /// Whether typing is told to others, and shown.
    typing: bool,
}

impl Api {
    /// Answers for a node as the configuration says; how far its rooms were read and who is hidden is kept in `state`.
    ///
    /// # Errors
    /// When that cannot be read.
    pub(crate) fn new(node: Node, state: &Path, config: &Config) -> Result<Self, Failure> {
        let (marks, hidden) = (Marks::open(state)?, Hidden::open(state)?);
        let api = Self(Arc::new(Inner {
            node,
            hub: Hub::default(),
            marks,
            hidden,
            counts: Counts::default(),
            typing: config.typing,
        }));
        api.node().rooms().into_iter().for_each(|room| api.hub().follow(&api, room));
        Ok(api)
    }

    pub(crate) fn node(&self) -> &Node {
        &self.0.node
    }

    fn hub(&self) -> &Hub {
        &self.0.hub
    }

    fn marks(&self) -> &Marks {
        &self.0.marks
    }

    fn hidden(&self) -> &Hidden {
        &self.0.hidden
    }

    /// Whether typing is told to others, and shown.
    fn tells_typing(&self) -> bool {
        self.0.typing
    }

    fn counts(&self) -> &Counts {
        &self.0.counts
    }

    /// Everything that can be asked.
    pub(crate) fn router(&self) -> Router {
        let (router, description) = OpenApiRouter::with_openapi(Description::openapi())
            .routes(routes!(healthz))
            .routes(routes!(metrics::metrics))
            .routes(routes!(rooms::list, rooms::enter))
            .routes(routes!(rooms::one, rooms::leave))
            .routes(routes!(rooms::ticket))
            .routes(routes!(rooms::picture))
            .routes(routes!(people::list))
            .routes(routes!(people::one))
            .routes(routes!(people::hide, people::show))
            .routes(routes!(people::typing))
            .routes(routes!(rooms::nick))
            .routes(routes!(rooms::topic))
            .routes(routes!(rooms::read))
            .routes(routes!(rooms::keep))
            .routes(routes!(nearby::announce))
            .routes(routes!(nearby::list))
            .routes(routes!(messages::page, messages::say))
            .routes(routes!(messages::one, messages::edit, messages::retract))
            .routes(routes!(messages::react, messages::unreact))
            .routes(routes!(messages::holders))
            .routes(routes!(archive::export))
            .routes(routes!(archive::import))
            .routes(routes!(archive::check))
            .routes(routes!(archive::resync))
            .routes(routes!(files::send))
            .routes(routes!(files::get, files::fetch, files::give_up))
            .routes(routes!(hub::events))
            .split_for_parts();
        let description = Arc::new(description);
        router
            .route("/v1/openapi.json", get(async move || Json(description.clone())))
            .fallback(answer::no_such_path)
            .layer(DefaultBodyLimit::max(REQUEST_BYTES))
            .with_state(self.clone())
    }
}

/// What the machine-readable description begins with.
#[derive(OpenApi)]
#[openapi(info(
    title = "Rumormill",
    description = "Rooms without a server: what is said, by whom, and who has it. On the socket in the home nothing more \
                   is asked for; over loopback TCP every request carries `Authorization: Bearer` and the token in the home."
))]
struct Description;

/// Whether the process lives.
#[utoipa::path(get, path = "/healthz", responses((status = 200, body = String)))]
async fn healthz() -> &'static str {
    "ok"
}
