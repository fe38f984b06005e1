//! Reports of messages to those who govern a closed room: those that came, and ours that wait for somebody to take them.
//! One file in the home. A report goes from program to program, and nobody else learns of it.

use std::path::Path as FilePath;

use axum::extract::{Path, State};
use rumormill_node::{
    Membership, Room,
    proto::{content::Target, ids::AuthorId},
};
use rumormill_text::{Clock, Kept, clean, limits::EXCERPT_CHARS};
use serde::{Deserialize, Serialize};

use super::{
    Api,
    asked::Body,
    messages::find,
    names::{author, author_hex, named, reference, room_hex, target},
    words::{self, AuthorHex, EntryRef, Event, NewReport, NoticeCode, ReportMade, RoomHex, codes},
};
use crate::{
    answer::{Answer, Refusal, SafeJson},
    limits::{REPORTS_KEPT, REPORTS_WAITING},
    told::nick,
};

/// The reports of a home.
pub(super) struct Reports(Kept<Lists>);

#[derive(Default, Serialize, Deserialize)]
struct Lists {
    /// Those that came, the newest last.
    came: Vec<Came>,
    /// Ours that nobody has taken.
    waiting: Vec<Waiting>,
}

#[derive(Clone, Serialize, Deserialize)]
struct Came {
    room: RoomHex,
    by: AuthorHex,
    message: EntryRef,
    words: String,
    time_ms: u64,
}

#[derive(Clone, PartialEq, Serialize, Deserialize)]
struct Waiting {
    room: RoomHex,
    message: EntryRef,
    words: String,
}

impl Reports {
    /// Reads the file in `dir`.
    ///
    /// # Errors
    /// When there is a file and it cannot be read.
    pub(super) fn open(dir: &FilePath) -> Result<Self, Refusal> {
        Ok(Self(Kept::open(dir.join("reports.json"))?))
    }

    /// Notes a report that came. One that came before is not noted twice.
    fn take(&self, report: Came) -> Result<bool, Refusal> {
        Ok(self.0.change(|lists| {
            let is = |known: &Came| (&known.by, &known.message) == (&report.by, &report.message);
            if lists.came.iter().any(is) {
                return false;
            }
            lists.came.push(report);
            let over = lists.came.len().saturating_sub(REPORTS_KEPT);
            lists.came.drain(..over);
            true
        })?)
    }

    /// Keeps a report of ours until somebody takes it.
    fn wait(&self, report: Waiting) -> Answer<()> {
        let full = self.0.read(|lists| lists.waiting.len() >= REPORTS_WAITING);
        if full {
            let help = "nobody who governs the rooms was connected; try again when somebody is";
            return Err(Refusal::new(codes::BUSY, "too many reports wait already", help));
        }
        self.0.change(|lists| {
            let news = !lists.waiting.contains(&report);
            lists.waiting.extend(Some(report).filter(|_| news));
            news
        })?;
        Ok(())
    }

    fn waiting(&self, room: &RoomHex) -> Vec<Waiting> {
        self.0.read(|lists| lists.waiting.iter().filter(|report| report.room == *room).cloned().collect())
    }

    /// Forgets what fits.
    fn drop(&self, came: impl Fn(&Came) -> bool, waiting: impl Fn(&Waiting) -> bool) -> Result<bool, Refusal> {
        Ok(self.0.change(|lists| {
            let before = lists.came.len() + lists.waiting.len();
            lists.came.retain(|report| !came(report));
            lists.waiting.retain(|report| !waiting(report));
            before > lists.came.len() + lists.waiting.len()
        })?)
    }

    /// Forgets a room.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(super) fn forget(&self, room: &RoomHex) -> Result<(), Refusal> {
        self.drop(|report| report.room == *room, |report| report.room == *room).map(|_| ())
    }
}

/// `POST /v1/rooms/{room}/reports`.
pub(super) async fn report(
    State(api): State<Api>,
    Path(room): Path<String>,
    Body(NewReport { message, words }): Body<NewReport>,
) -> Answer<SafeJson<ReportMade>> {
    let room = api.room(&room)?;
    let of = find(&room, target(message.as_str())?).await?.target();
    if room.is_mine(&of.author) {
        return Err(Refusal::new(codes::AUTHOR, "you said this yourself", "take it back instead"));
    }
    if room.private().is_some() {
        let help = "nobody governs a private room: hide its author, or leave";
        return Err(Refusal::new(codes::AUTHOR, "there is nobody to report this to", help));
    }
    if governs(&room) {
        let help = "you govern this room yourself: hide the message, or remove its author";
        return Err(Refusal::new(codes::AUTHOR, "there is nobody to report this to", help));
    }
    api.paces().take(&room, 1)?;
    let told = room.report(of, words.trim()).await?;
    if told == 0 {
        api.reports().wait(Waiting { room: room_hex(&room), message, words: words.trim().to_owned() })?;
    }
    Ok(SafeJson(ReportMade { told: told as u64 }))
}

/// `GET /v1/rooms/{room}/reports`.
pub(super) async fn list(State(api): State<Api>, Path(room): Path<String>) -> Answer<SafeJson<words::Reports>> {
    let room = api.room(&room)?;
    let id = room_hex(&room);
    let came: Vec<Came> =
        api.reports().0.read(|lists| lists.came.iter().filter(|report| report.room == id).cloned().collect());
    let mut reports = Vec::new();
    for Came { by, message, words, time_ms, .. } in came {
        let of = target(message.as_str())?;
        let (by, text) = (author(by.as_str())?, excerpt(&api, &room, of).await);
        let author = named(&room, &of.author);
        reports.push(words::Report { by: named(&room, &by), message, author, text, words, time_ms });
    }
    Ok(SafeJson(words::Reports { reports }))
}

/// `DELETE /v1/rooms/{room}/reports/{ref}`.
pub(super) async fn close(State(api): State<Api>, Path((room, message)): Path<(String, String)>) -> Answer<()> {
    let room = room_hex(&api.room(&room)?);
    let is = |report: &Came| report.room == room && report.message.as_str() == message;
    match api.reports().drop(is, |_| false)? {
        true => Ok(()),
        false => Err(Refusal::missing(codes::MESSAGE, "nobody reported this message")),
    }
}

impl Api {
    /// Takes a report that came, and tells of it.
    pub(super) async fn reported(&self, room: &Room, (by, of): (AuthorId, Target), words: String) {
        let report = Came {
            room: room_hex(room),
            by: author_hex(&by),
            message: reference(of),
            words: words.clone(),
            time_ms: Clock::utc().now_ms(),
        };
        match self.reports().take(report) {
            Ok(true) => {}
            Ok(false) => return,
            // It is told of, even if it cannot be kept.
            Err(why) => tracing::warn!(what = %why.refused.what, "cannot keep a report"),
        }
        let why = if words.is_empty() { String::new() } else { format!(" ({})", clean(&words)) };
        let (by, author, said) = (nick(room, &by), nick(room, &of.author), excerpt(self, room, of).await);
        let text = format!("{by} reports what {author} said{why}: {said}; /reports lists what was reported");
        self.hub().tell(Event::Notice { room: room_hex(room), code: NoticeCode::Reported, text });
    }

    /// Hands on reports that waited, if somebody who governs the room is connected now.
    pub(super) async fn hand_on_reports(&self, room: &Room) {
        for waiting in self.reports().waiting(&room_hex(room)) {
            let Ok(of) = target(waiting.message.as_str()) else { continue };
            if !matches!(room.report(of, &waiting.words).await, Ok(1..)) {
                return;
            }
            if let Err(why) = self.reports().drop(|_| false, |other| *other == waiting) {
                tracing::warn!(what = %why.refused.what, "cannot forget a report that was made");
            }
        }
    }
}

fn governs(room: &Room) -> bool {
    matches!(room.membership(), Membership::Present(Some(role)) if role.governs())
}

/// The beginning of what a message says.
async fn excerpt(api: &Api, room: &Room, of: Target) -> String {
    let Ok(message) = find(room, of).await else { return String::new() };
    let text = clean(&api.message(room, message).await.text);
    text.chars().take(EXCERPT_CHARS).collect()
}
