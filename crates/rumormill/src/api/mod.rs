//! The one vocabulary that commands, terminal, web page and scripts speak: `/v1`.
//!
//! Whoever owns a home answers these requests: to itself without any wire, to other commands through the socket in the
//! home, to pages and scripts over loopback TCP.

mod answer;
mod hub;
mod marks;
mod messages;
mod metrics;
mod names;
mod rooms;
mod shape;
pub(crate) mod words;

use std::{path::Path, sync::Arc};

use axum::{
    Router,
    extract::DefaultBodyLimit,
    routing::{get, put},
};
use rumormill_node::Node;

pub(crate) use answer::{Answer, refused};

use self::{hub::Hub, marks::Marks};
use crate::{failure::Failure, limits::REQUEST_BYTES};

/// What requests are answered from. Clones are the same.
#[derive(Clone)]
pub(crate) struct Api(Arc<Inner>);

struct Inner {
    node: Node,
    hub: Hub,
    marks: Marks,
}

impl Api {
    /// Answers for a node whose unread markers are kept in `state`.
    ///
    /// # Errors
    /// When the markers cannot be read.
    pub(crate) fn new(node: Node, state: &Path) -> Result<Self, Failure> {
        let api = Self(Arc::new(Inner { node, hub: Hub::default(), marks: Marks::open(state)? }));
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

    /// Everything that can be asked.
    pub(crate) fn router(&self) -> Router {
        let message = get(messages::one).put(messages::edit).delete(messages::retract);
        let reaction = put(messages::react).delete(messages::unreact);
        Router::new()
            .route("/healthz", get(async || "ok"))
            .route("/metrics", get(metrics::metrics))
            .route("/v1/rooms", get(rooms::list).post(rooms::enter))
            .route("/v1/rooms/{room}", get(rooms::one))
            .route("/v1/rooms/{room}/ticket", get(rooms::ticket))
            .route("/v1/rooms/{room}/ticket.svg", get(rooms::picture))
            .route("/v1/rooms/{room}/people", get(rooms::people))
            .route("/v1/rooms/{room}/nick", put(rooms::nick))
            .route("/v1/rooms/{room}/topic", put(rooms::topic))
            .route("/v1/rooms/{room}/read", put(rooms::read))
            .route("/v1/rooms/{room}/messages", get(messages::page).post(messages::say))
            .route("/v1/rooms/{room}/messages/{ref}", message)
            .route("/v1/rooms/{room}/messages/{ref}/holders", get(messages::holders))
            .route("/v1/rooms/{room}/messages/{ref}/reactions/{sign}", reaction)
            .route("/v1/events", get(hub::events))
            .fallback(answer::no_such_path)
            .layer(DefaultBodyLimit::max(REQUEST_BYTES))
            .with_state(self.clone())
    }
}
