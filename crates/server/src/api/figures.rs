//! What the process has done, and what waits in it.

use axum::extract::State;
use rumormill_node::{self as node, SPREAD_MS};

use super::{
    Api,
    shape::shape_path,
    words::{Carried, Figures, LinkFigures, PeerHex, Queues, Rejected, Spread, Within},
};
use crate::answer::{Answer, SafeJson};

/// `GET /v1/figures`.
pub(super) async fn figures(State(api): State<Api>) -> Answer<SafeJson<Figures>> {
    Ok(SafeJson(api.figures().await))
}

impl Api {
    /// The figures of the process.
    pub(super) async fn figures(&self) -> Figures {
        let node::Figures {
            up,
            home_bytes,
            free_bytes,
            rumor_lag,
            repair_lag,
            commits,
            rejected,
            flooded,
            carried: node::Carried { direct_in, direct_out, relayed_in, relayed_out },
            queues: node::Queues { commands, frames, frame_bytes },
            links,
        } = self.node().figures().await;
        let rejected = rejected.into_iter().chain([("flood", flooded)]);
        Figures {
            up_s: up.as_secs(),
            home_bytes,
            free_bytes,
            rumor_lag: spread(&rumor_lag),
            repair_lag: spread(&repair_lag),
            commits: spread(&commits),
            rejected: rejected.map(|(kind, count)| Rejected { kind: kind.into(), count }).collect(),
            carried: Carried { direct_in, direct_out, relayed_in, relayed_out },
            queues: Queues { commands, frames, frame_bytes },
            links: links.iter().map(link).collect(),
        }
    }
}

fn link(link: &node::LinkFigures) -> LinkFigures {
    let node::LinkFigures { peer, path, rtt_ms, carried: [bytes_in, bytes_out], unsent_bytes, rooms } = *link;
    LinkFigures {
        peer: PeerHex(peer.to_string()),
        path: shape_path(path),
        rtt_ms: u64::from(rtt_ms),
        bytes_in,
        bytes_out,
        unsent_bytes,
        rooms: rooms as u64,
    }
}

fn spread(spread: &node::Spread) -> Spread {
    let mut count = 0_u64;
    let within = SPREAD_MS.iter().zip(spread.counts).map(|(ms, more)| {
        count = count.saturating_add(more);
        Within { ms: *ms, count }
    });
    Spread { within: within.collect(), count: spread.count(), sum_us: spread.sum_us }
}
