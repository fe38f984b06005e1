//! The state of the rooms, for Prometheus.

use std::sync::atomic::AtomicU64;

use axum::{
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{counter::Counter, family::Family, gauge::Gauge},
    registry::{Metric, Registry},
};

use super::Api;
use crate::answer::{Answer, Refusal};

/// The labels of a figure. The room's name is left out: a reader of figures may not be allowed to read names.
#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Labels {
    room: String,
}

type Gauges = Family<Labels, Gauge>;
type Counters = Family<Labels, Counter<u64, AtomicU64>>;

/// `GET /metrics`.
pub(crate) async fn metrics(State(api): State<Api>) -> Answer<Response> {
    let mut registry = Registry::with_prefix("rumormill");
    let mut gauge = |name, help| family::<Gauge>(&mut registry, name, help);
    let peers = gauge("peers", "Peers with a link");
    let entries = gauge("entries", "Entries in the timeline");
    let missing = gauge("missing_entries", "Entries known to be missing");
    let authors = gauge("authors", "Authors who wrote something");
    let skew = gauge("clock_skew_milliseconds", "Offset of most peers' clocks from ours");
    let mut counter = |name, help| family::<Counter<u64, AtomicU64>>(&mut registry, name, help);
    let bytes_in = counter("received_bytes", "Bytes of frames received");
    let bytes_out = counter("sent_bytes", "Bytes of frames sent");
    let frames_in = counter("received_frames", "Frames received");
    let frames_out = counter("sent_frames", "Frames sent");
    let dropped = counter("dropped_frames", "Frames dropped because a peer did not read");
    let pushes = counter("rumors", "Rumors pushed to us");
    let known = counter("known_rumors", "Pushed rumors that we knew already");
    for room in api.node().rooms() {
        let (labels, status) = (Labels { room: room.id().short() }, room.status());
        let set = |gauges: &Gauges, value: u64| {
            gauges.get_or_create(&labels).set(i64::try_from(value).unwrap_or(i64::MAX));
        };
        set(&peers, status.peers.len() as u64);
        set(&entries, status.entries);
        set(&missing, status.missing);
        set(&authors, status.authors as u64);
        skew.get_or_create(&labels).set(status.skew.ms);
        let count = |counters: &Counters, value| _ = counters.get_or_create(&labels).inc_by(value);
        count(&bytes_in, status.traffic.bytes_in);
        count(&bytes_out, status.traffic.bytes_out);
        count(&frames_in, status.traffic.frames_in);
        count(&frames_out, status.traffic.frames_out);
        count(&dropped, status.traffic.dropped);
        count(&pushes, status.traffic.pushes_in);
        count(&known, status.traffic.pushes_known);
    }
    let mut text = String::new();
    encode(&mut text, &registry).map_err(|error| Refusal::internal("metrics", error.to_string()))?;
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    Ok(([(header::CONTENT_TYPE, kind)], text).into_response())
}

/// A family of figures, one for each room.
fn family<M>(registry: &mut Registry, name: &str, help: &str) -> Family<Labels, M>
where
    M: Default + Clone,
    Family<Labels, M>: Metric + Default,
{
    let figures = Family::default();
    registry.register(name, help, figures.clone());
    figures
}
