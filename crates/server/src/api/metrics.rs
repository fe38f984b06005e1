//! The figures of the process and the state of the rooms, for Prometheus.
//!
//! The number of series is bounded: fewer than a hundred of the process, most of them classes of the three histograms,
//! and thirteen for each of at most [`ROOMS`](rumormill_node::limits::ROOMS) rooms, five more if it is
//! kept. No label holds anything that a peer
//! chooses.

use std::{fmt, sync::atomic::AtomicU64};

use axum::{
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use prometheus_client::{
    encoding::{EncodeLabelSet, EncodeMetric, MetricEncoder, NoLabelSet, text::encode},
    metrics::{
        MetricType,
        counter::Counter,
        family::Family,
        gauge::{ConstGauge, Gauge},
        info::Info,
    },
    registry::{Metric, Registry, Unit},
};
use rumormill_node::Room;

use super::{
    Api,
    words::{Figures, LinkFigures, Path, Spread},
};
use crate::answer::{Answer, Refusal};

/// The label of a room's figure. The room's name is left out: a reader of figures may not be allowed to read names.
#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct OfRoom {
    room: String,
}

/// What was rejected.
#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct OfKind {
    kind: String,
}

/// A path to peers.
#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct OfPath {
    path: &'static str,
}

type Gauges<L> = Family<L, Gauge>;
type Counters<L> = Family<L, Counter<u64, AtomicU64>>;

/// `GET /metrics`.
pub(crate) async fn metrics(State(api): State<Api>) -> Answer<Response> {
    let mut registry = Registry::with_prefix("rumormill");
    let rooms = api.rooms();
    of_process(&mut registry, api.figures().await);
    of_rooms(&mut registry, &rooms);
    of_kept(&mut registry, &rooms);
    let mut text = String::new();
    encode(&mut text, &registry).map_err(|error| Refusal::internal("metrics", error.to_string()))?;
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    Ok(([(header::CONTENT_TYPE, kind)], text).into_response())
}

fn of_process(registry: &mut Registry, figures: Figures) {
    let Figures { up_s, home_bytes, free_bytes, rumor_lag, repair_lag, commits, rejected, carried, queues, links } =
        figures;
    of_links(registry, &links);
    registry.register("build", "The running version", Info::new([("version", env!("CARGO_PKG_VERSION"))]));
    let mut gauge = |name, unit: Unit, help, value: u64| {
        registry.register_with_unit(name, help, unit, ConstGauge::new(signed(value)));
    };
    gauge("up", Unit::Seconds, "Time since the home was opened", up_s);
    home_bytes.into_iter().for_each(|bytes| gauge("home", Unit::Bytes, "Bytes of all files in the home", bytes));
    free_bytes
        .into_iter()
        .for_each(|bytes| gauge("disk_free", Unit::Bytes, "Free bytes on the disk of the home", bytes));
    gauge("waiting_frame", Unit::Bytes, "Memory of the frames of peers that wait to be handled", queues.frame_bytes);
    let unsent = links.iter().map(|link| link.unsent_bytes).sum();
    gauge("unsent", Unit::Bytes, "Bytes that peers have yet to read", unsent);
    let mut waiting = |name, help, value| registry.register(name, help, ConstGauge::new(signed(value)));
    waiting("waiting_frames", "Frames of peers that wait to be handled", queues.frames);
    waiting("waiting_commands", "Requests of users and of the node that wait to be handled", queues.commands);
    let mut times = |name, help, spread| registry.register_with_unit(name, help, Unit::Seconds, Times(spread));
    times("rumor_lag", "Time from an author's clock to ours of entries that came as rumors", rumor_lag);
    times("repair_lag", "Time from an author's clock to ours of entries that anti-entropy brought", repair_lag);
    times("commit", "Time that a commit took; each is one fsync", commits);
    let kinds = family::<OfKind, Counter<u64, AtomicU64>>(
        registry,
        "rejected",
        "Peers barred for bytes that no honest peer sends, and pushes dropped as a flood",
    );
    for rejected in rejected {
        kinds.get_or_create(&OfKind { kind: rejected.kind }).inc_by(rejected.count);
    }
    let mut datagrams = |name, help, direct, relayed| {
        let bytes = family::<OfPath, Counter<u64, AtomicU64>>(registry, name, help);
        bytes.get_or_create(&OfPath { path: DIRECT }).inc_by(direct);
        bytes.get_or_create(&OfPath { path: RELAYED }).inc_by(relayed);
    };
    datagrams("received_datagram_bytes", "Bytes of datagrams received", carried.direct_in, carried.relayed_in);
    datagrams("sent_datagram_bytes", "Bytes of datagrams sent", carried.direct_out, carried.relayed_out);
}

const DIRECT: &str = "direct";
const RELAYED: &str = "relayed";

/// Counts linked peers by path.
fn of_links(registry: &mut Registry, links: &[LinkFigures]) {
    let counts: Gauges<OfPath> = family(registry, "links", "Linked peers, by the path to each");
    for (label, path) in [(DIRECT, Path::Direct), (RELAYED, Path::Relayed)] {
        let count = links.iter().filter(|link| link.path == path).count();
        counts.get_or_create(&OfPath { path: label }).set(signed(count as u64));
    }
}

fn of_rooms(registry: &mut Registry, rooms: &[Room]) {
    let mut gauge = |name, help| family::<OfRoom, Gauge>(registry, name, help);
    let peers = gauge("peers", "Peers with a link");
    let entries = gauge("entries", "Entries in the timeline");
    let missing = gauge("missing_entries", "Entries known to be missing");
    let authors = gauge("authors", "Authors who wrote something");
    let skew = gauge("clock_skew_milliseconds", "Offset of most peers' clocks from ours");
    let stopped = gauge("stopped", "Whether the room is stopped, because it is damaged or cannot write: 1 or 0");
    let mut counter = |name, help| family::<OfRoom, Counter<u64, AtomicU64>>(registry, name, help);
    let bytes_in = counter("received_bytes", "Bytes of frames received");
    let bytes_out = counter("sent_bytes", "Bytes of frames sent");
    let frames_in = counter("received_frames", "Frames received");
    let frames_out = counter("sent_frames", "Frames sent");
    let dropped = counter("dropped_frames", "Frames dropped because a peer did not read");
    let pushes = counter("rumors", "Rumors pushed to us");
    let known = counter("known_rumors", "Pushed rumors that we knew already");
    for room in rooms {
        let (label, status) = (OfRoom { room: room.id().short() }, room.status());
        let set = |gauges: &Gauges<OfRoom>, value| _ = gauges.get_or_create(&label).set(signed(value));
        set(&peers, status.peers.len() as u64);
        set(&entries, status.entries);
        set(&missing, status.missing);
        set(&authors, status.authors as u64);
        set(&stopped, u64::from(room.stopped().is_some()));
        skew.get_or_create(&label).set(status.skew.ms);
        let count = |counters: &Counters<OfRoom>, value| _ = counters.get_or_create(&label).inc_by(value);
        count(&bytes_in, status.traffic.bytes_in);
        count(&bytes_out, status.traffic.bytes_out);
        count(&frames_in, status.traffic.frames_in);
        count(&frames_out, status.traffic.frames_out);
        count(&dropped, status.traffic.dropped);
        count(&pushes, status.traffic.pushes_in);
        count(&known, status.traffic.pushes_known);
    }
}

/// How much the rooms take that this machine keeps, and how much each may.
fn of_kept(registry: &mut Registry, rooms: &[Room]) {
    let mut gauge = |name, help| family::<OfRoom, Gauge>(registry, name, help);
    let messages = gauge("kept_message_bytes", "Bytes of the messages of a room that this machine keeps");
    let most_messages = gauge("kept_message_limit_bytes", "Bytes of messages that it stores at most");
    let files = gauge("kept_file_bytes", "Bytes of the files of a room that this machine keeps");
    let most_files = gauge("kept_file_limit_bytes", "Bytes of files that it stores at most");
    let full = gauge("keeper_full", "Whether the oldest messages give way to new ones, or files do not fit: 1 or 0");
    for (room, stock) in rooms.iter().filter_map(|room| Some((room, room.stock()?))) {
        let label = OfRoom { room: room.id().short() };
        let set = |gauges: &Gauges<OfRoom>, value| _ = gauges.get_or_create(&label).set(signed(value));
        set(&messages, stock.message_bytes);
        stock.message_limit.into_iter().for_each(|limit| set(&most_messages, limit));
        set(&files, stock.file_bytes);
        stock.file_limit.into_iter().for_each(|limit| set(&most_files, limit));
        set(&full, u64::from(stock.is_full()));
    }
}

/// Times as a histogram in seconds.
#[derive(Debug)]
struct Times(Spread);

impl EncodeMetric for Times {
    fn encode(&self, mut encoder: MetricEncoder<'_>) -> fmt::Result {
        let Spread { count, sum_us, within } = &self.0;
        // The encoder adds up the classes by itself, and wants the last one without a bound.
        let mut before = 0;
        let mut class = |bound: f64, upto: u64| (bound, upto.saturating_sub(std::mem::replace(&mut before, upto)));
        let mut classes: Vec<(f64, u64)> =
            within.iter().map(|within| class(within.ms as f64 / 1_000.0, within.count)).collect();
        classes.push(class(f64::INFINITY, *count));
        encoder.encode_histogram::<NoLabelSet>(*sum_us as f64 / 1_000_000.0, *count, &classes, None)
    }

    fn metric_type(&self) -> MetricType {
        MetricType::Histogram
    }
}

/// A family of figures, one for each value of the label.
fn family<L, M>(registry: &mut Registry, name: &str, help: &str) -> Family<L, M>
where
    L: Clone + Eq + std::hash::Hash,
    M: Default + Clone,
    Family<L, M>: Metric + Default,
{
    let figures = Family::default();
    registry.register(name, help, figures.clone());
    figures
}

fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}
