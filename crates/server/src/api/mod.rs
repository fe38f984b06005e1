//! `/v1`: the one interface that commands, terminal, web page and scripts use.
//!
//! The process that has a home open answers these requests: to itself without any wire, to other commands through the
//! socket in the home, to pages and scripts over loopback TCP.

mod archive;
mod asked;
mod bots;
mod chosen;
mod closing;
mod counts;
mod devices;
mod display;
mod events;
mod figures;
mod files;
mod findings;
mod governing;
mod held;
mod hooks;
mod hub;
mod marks;
mod markup;
mod messages;
mod metrics;
mod names;
mod nearby;
mod once;
mod pace;
mod people;
mod private;
mod recent;
mod reports;
mod rooms;
mod routes;
mod rules;
mod say;
mod shape;
mod shelf;
mod signs;

use std::{
    path::Path,
    sync::{Arc, LazyLock},
};

use axum::{Json, Router, routing::get};
use rumormill_api::{codes, openapi};
use rumormill_client::Client;
use rumormill_node::Node;

pub(crate) use rumormill_api as words;

pub use self::{
    rooms::{for_keepers, read_name, read_ticket},
    shape::shares,
};

use self::{
    bots::Bots,
    chosen::Chosen,
    counts::Counts,
    devices::{Known as KnownDevices, Step},
    display::Known,
    hooks::Hooks,
    hub::Hub,
    marks::Marks,
    pace::Paces,
    private::Declined,
    reports::Reports,
    shelf::Shelf,
};
use crate::{answer::Refusal, in_process::InProcess};

/// Made at the first request.
static DESCRIPTION: LazyLock<openapi::OpenApi> = LazyLock::new(openapi::describe);

/// The state that answers requests. Clones share it.
#[derive(Clone)]
pub struct Api(Arc<Inner>);

struct Inner {
    node: Node,
    hub: Hub,
    marks: Marks,
    hidden: Chosen,
    verified: Chosen,
    through: Chosen,
    known: Known,
    hooks: Hooks,
    reports: Reports,
    bots: Bots,
    devices: KnownDevices,
    step: Step,
    declined: Declined,
    shelf: Shelf,
    counts: Counts,
    paces: Paces,
    typing: Typing,
    whose: Whose,
}

/// Whose home it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Whose {
    /// A person's.
    Owner,
    /// That of a bot, inside a person's.
    Bot,
}

/// Whether others learn that somebody types here, and this node shows that others type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Typing {
    /// Yes.
    Told,
    /// Neither.
    Kept,
}

impl Api {
    /// Answers for a node. The directory `state` holds the unread markers, the hidden authors and the order of the
    /// rooms.
    ///
    /// # Errors
    /// When a file in it cannot be read.
    pub fn new(node: Node, state: &Path, typing: Typing) -> Result<Self, Refusal> {
        Self::of(node, state, typing, Whose::Owner)
    }

    fn of(node: Node, state: &Path, typing: Typing, whose: Whose) -> Result<Self, Refusal> {
        let (marks, hidden) = (Marks::open(state)?, Chosen::open(state, "hidden.json")?);
        let (verified, through) = (Chosen::open(state, "verified.json")?, Chosen::open(state, "through.json")?);
        let reports = Reports::open(state)?;
        let (hooks, bots, shelf) = (Hooks::open(state)?, Bots::read(state), Shelf::open(state)?);
        let (devices, step, declined) = (KnownDevices::open(state)?, Step::open(state)?, Declined::open(state)?);
        let mut run = [0; 8];
        getrandom::fill(&mut run).map_err(|error| Refusal::internal("random", error.to_string()))?;
        let hub = Hub::new(run);
        let api = Self(Arc::new(Inner {
            node,
            hub,
            marks,
            hidden,
            verified,
            through,
            known: Known::default(),
            hooks,
            reports,
            bots,
            devices,
            step,
            declined,
            shelf,
            counts: Counts::default(),
            paces: Paces::default(),
            typing,
            whose,
        }));
        api.rooms().into_iter().for_each(|room| api.hub().follow(&api, room));
        api.follow_step();
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

    fn hidden(&self) -> &Chosen {
        &self.0.hidden
    }

    fn verified(&self) -> &Chosen {
        &self.0.verified
    }

    fn through(&self) -> &Chosen {
        &self.0.through
    }

    fn known(&self) -> &Known {
        &self.0.known
    }

    fn reports(&self) -> &Reports {
        &self.0.reports
    }

    fn hooks(&self) -> &Hooks {
        &self.0.hooks
    }

    pub(crate) fn bots(&self) -> &Bots {
        &self.0.bots
    }

    fn devices(&self) -> &KnownDevices {
        &self.0.devices
    }

    fn step(&self) -> &Step {
        &self.0.step
    }

    fn declined(&self) -> &Declined {
        &self.0.declined
    }

    fn shelf(&self) -> &Shelf {
        &self.0.shelf
    }

    /// Whether typing is sent and shown.
    fn tells_typing(&self) -> bool {
        self.0.typing == Typing::Told
    }

    fn paces(&self) -> &Paces {
        &self.0.paces
    }

    fn counts(&self) -> &Counts {
        &self.0.counts
    }

    /// A client that asks this process without any wire.
    pub fn client(&self) -> Client {
        Client::new(InProcess::new(self.router()))
    }

    /// All endpoints for the person, or the bot, whose home this is.
    pub fn router(&self) -> Router {
        routes::all(self.0.whose)
            .route("/v1/openapi.json", get(async || Json(&*DESCRIPTION)))
            .fallback(no_such_path)
            .with_state(self.clone())
    }
}

/// Refuses an unknown path.
async fn no_such_path() -> Refusal {
    Refusal::missing(codes::PATH, "there is nothing at this path")
}

/// Answers as long as the process lives.
async fn healthz() -> &'static str {
    "ok"
}
