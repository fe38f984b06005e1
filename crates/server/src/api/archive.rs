//! Requests about a whole room: export, import, check of the disk, and repair.

use std::{collections::BTreeMap, time::Duration};

use axum::{
    body::{Body, Bytes},
    extract::{Path, State},
    http::header,
    response::{IntoResponse, Response},
};
use futures_util::stream;
use rumormill_node::{
    CheckReport, Room,
    proto::{
        ids::{AuthorId, Seq},
        log::Log,
    },
};
use rumormill_text::escaped;
use serde::Deserialize;
use tokio::{
    sync::mpsc,
    time::{Instant, timeout_at},
};

use super::{
    Api,
    asked::Asked,
    names::author_hex,
    words::{self, Check, Damage, Form, Repair, Work},
};
use crate::{
    answer::{Answer, SafeJson},
    archive::{
        checked::{checked, spoil},
        export::{Wanted, export as pieces},
        import::import as bring,
    },
    limits::{EXPORT_PIECES, RESYNC_MS},
    told::nick,
};

/// Query parameters of an export.
#[derive(Deserialize)]
pub(super) struct Which {
    #[serde(default)]
    format: Form,
    since_ms: Option<u64>,
}

/// `GET /v1/rooms/{room}/export`: all messages of the room, streamed from the disk.
pub(super) async fn export(
    State(api): State<Api>,
    Path(room): Path<String>,
    Asked(Which { format: form, since_ms }): Asked<Which>,
) -> Answer<Response> {
    let room = api.room(&room)?;
    let pieces = Body::from_stream(pieces(room, Wanted { form, since_ms }));
    Ok(([(header::CONTENT_TYPE, form.mime())], pieces).into_response())
}

/// `POST /v1/rooms/{room}/import`: an export in JSON lines, or messages of other systems as lines:
/// `{"is": "said", "source": "irssi", "name": "alice", "time_ms": 1551535320000, "text": "hi"}`.
pub(super) async fn import(
    State(api): State<Api>,
    Path(room): Path<String>,
    body: Body,
) -> Answer<SafeJson<words::ImportCounts>> {
    Ok(SafeJson(bring(&api.room(&room)?, body).await?))
}

/// `GET /v1/rooms/{room}/check`: verifies every hash and signature on disk. The answer is a line of JSON for each step;
/// the report is the last.
pub(super) async fn check(State(api): State<Api>, Path(room): Path<String>) -> Answer<Response> {
    let room = api.room(&room)?;
    Ok(working(async move |tell| {
        let report = look_at(&room, &tell).await?;
        Ok(Work::Report(shape(&room, &report)))
    }))
}

/// `POST /v1/rooms/{room}/resync`: removes damaged entries and fetches them again. The answer is a line of JSON for
/// each step.
pub(super) async fn resync(State(api): State<Api>, Path(room): Path<String>) -> Answer<Response> {
    let room = api.room(&room)?;
    Ok(working(async move |tell| repair(&room, tell).await.map(Work::Repaired)))
}

/// Receives the progress of a long request.
type Tell = mpsc::Sender<Work>;

/// The answer to a long request: each step as a line, then the result.
fn working<W>(work: impl FnOnce(Tell) -> W + Send + 'static) -> Response
where
    W: Future<Output = Answer<Work>> + Send,
{
    let (tell, told) = mpsc::channel(EXPORT_PIECES);
    tokio::spawn(async move {
        let last = match work(tell.clone()).await {
            Ok(last) => last,
            Err(why) => Work::Failed(why.refused),
        };
        // The client may have gone.
        let _ = tell.send(last).await;
    });
    let lines = stream::unfold(told, |mut told| async move {
        let step = told.recv().await?;
        let line = serde_json::to_string(&step).map(|json| Bytes::from((escaped(&json) + "\n").into_owned()));
        Some((line, told))
    });
    ([(header::CONTENT_TYPE, "application/x-ndjson")], Body::from_stream(lines)).into_response()
}

async fn look_at(room: &Room, tell: &Tell) -> Answer<CheckReport> {
    let (of, tell) = (room.status().entries, tell.clone());
    // A step is left out when the client does not read fast enough.
    Ok(room.check_telling(move |entries| _ = tell.try_send(Work::Checked { entries, of })).await?)
}

/// Converts a report into the types of the API, with the names of the authors whose logs are damaged.
fn shape(room: &Room, report: &CheckReport) -> Check {
    let mut check = checked(report);
    if let Some(why @ rumormill_node::Error::Damaged { .. }) = room.stopped() {
        spoil(&mut check, why.to_string());
    }
    let named = check.damaged.iter_mut().zip(&report.problems);
    named.for_each(|(damage, problem)| damage.nick = nick(room, &problem.author));
    check
}

async fn repair(room: &Room, tell: Tell) -> Answer<Repair> {
    let stopped = room.stopped();
    // A room that the node stopped is repaired whatever the check says, and even when the check fails.
    let found = match look_at(room, &tell).await {
        Err(why) if stopped.is_none() => return Err(why),
        found => found.unwrap_or_default(),
    };
    if found.is_clean() && stopped.is_none() {
        return Ok(Repair { found: shape(room, &found), ..Repair::default() });
    }
    let mended = room.mend().await?;
    let of: u64 = mended.lost.iter().map(|(_, first, last)| last - first + 1).sum();
    let wait = Duration::from_millis(RESYNC_MS);
    let (mut missing, mut deadline) = (mended.lost, Instant::now() + wait);
    loop {
        let renewed = room.renewed();
        let now = still_missing(room, &missing).await?;
        if now != missing {
            deadline = Instant::now() + wait;
        }
        missing = now;
        let left: u64 = missing.iter().map(|(_, first, last)| last - first + 1).sum();
        // A step is left out when the client does not read fast enough.
        let _ = tell.try_send(Work::Back { entries: of - left, of });
        if left == 0 || Instant::now() >= deadline {
            break;
        }
        // A timeout ends the wait; the loop then looks once more.
        let _ = timeout_at(deadline, renewed).await;
    }
    let missing: Vec<Damage> = missing.iter().map(|span| damage(room, span)).collect();
    let left: u64 = missing.iter().map(|damage| damage.last - damage.first + 1).sum();
    Ok(Repair { found: shape(room, &mended.report), taken_out: of, back: of - left, missing })
}

fn damage(room: &Room, (author, first, last): &(AuthorId, Seq, Seq)) -> Damage {
    let what = "missing".into();
    Damage { author: author_hex(author), nick: nick(room, author), first: *first, last: *last, what }
}

/// The parts of some spans that are not held.
async fn still_missing(room: &Room, wanted: &[(AuthorId, Seq, Seq)]) -> Answer<Vec<(AuthorId, Seq, Seq)>> {
    let logs: BTreeMap<AuthorId, Log> =
        room.entries().logs().await?.into_iter().map(|kept| (kept.author, kept.log)).collect();
    let mut missing = Vec::new();
    for (author, first, last) in wanted {
        let mut at = *first;
        for span in logs.get(author).into_iter().flat_map(|log| log.spans()) {
            if span.first <= *last && span.last.seq >= at {
                missing.extend((span.first > at).then(|| (*author, at, span.first - 1)));
                at = span.last.seq + 1;
            }
        }
        missing.extend((at <= *last).then_some((*author, at, *last)));
    }
    Ok(missing)
}
