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
pub(crate) mod kept;
mod marks;
mod markup;
mod messages;
mod metrics;
mod names;
mod nearby;
mod people;
mod rooms;
mod routes;
mod shape;
mod signs;

use std::{path::Path, sync::Arc};

use axum::{Json, Router, extract::DefaultBodyLimit, routing::get};
use rumormill_api::openapi;
use rumormill_node::Node;

pub(crate) use rumormill_api as words;

pub(crate) use self::{
    answer::{Answer, refused},
    rooms::{read_name, read_ticket},
    shape::shares,
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
        let description = Arc::new(openapi::describe());
        routes::all()
            .route("/v1/openapi.json", get(async move || Json(description.clone())))
            .fallback(answer::no_such_path)
            .layer(DefaultBodyLimit::max(REQUEST_BYTES))
            .with_state(self.clone())
    }
}

/// Whether the process lives.
async fn healthz() -> &'static str {
    "ok"
}
