//! Requests about rooms that peers announce on the LAN.

use std::{collections::BTreeSet, time::Duration};

use axum::extract::{Path, State};
use serde::Deserialize;
use tokio::time::{Instant, timeout_at};

use super::{
    Api,
    asked::{Asked, Body},
    words::{self, Announced, Nearby, NearbyRoom},
};
use crate::{
    answer::{Answer, SafeJson},
    limits::NEARBY_WAIT_MS,
};

/// Query parameters of a search.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Look {
    /// Only rooms of this name, and no longer than until one is found
    name: Option<String>,
    /// Milliseconds to look for
    wait_ms: Option<u64>,
}

/// `GET /v1/nearby`.
pub(super) async fn list(State(api): State<Api>, Asked(look): Asked<Look>) -> Answer<SafeJson<Nearby>> {
    let wait_ms = look.wait_ms.unwrap_or_default().min(NEARBY_WAIT_MS);
    let deadline = Instant::now() + Duration::from_millis(wait_ms);
    let mut rooms = BTreeSet::new();
    loop {
        let found = api.node().found();
        let asked = api.node().nearby().await.into_iter().map(|room| NearbyRoom {
            name: room.name,
            id: room.ticket.room.to_string().as_str().into(),
            peer: room.peer.to_string().as_str().into(),
            ticket: room.ticket.to_string(),
        });
        rooms.extend(asked.filter(|room| look.name.as_ref().is_none_or(|name| *name == room.name)));
        let enough = look.name.is_some() && !rooms.is_empty();
        // A peer that keeps announcing new addresses cannot prolong the search.
        if enough || Instant::now() >= deadline || timeout_at(deadline, found).await.is_err() {
            return Ok(SafeJson(Nearby { rooms: rooms.into_iter().collect() }));
        }
    }
}

/// `PUT /v1/rooms/{room}/announced`.
pub(super) async fn announce(
    State(api): State<Api>,
    Path(room): Path<String>,
    Body(Announced { announced }): Body<Announced>,
) -> Answer<SafeJson<words::Room>> {
    let room = api.room(&room)?;
    room.announce(announced).await?;
    Ok(SafeJson(api.shape(&room).await))
}
