//! Webhooks: the table of them in the home, the requests about them, and the messages that programs post through them.
//! A [`Courier`] for each sends messages out.

mod courier;
mod due;
mod posted;
mod progress;

use std::{
    collections::BTreeMap,
    fs::{self, DirBuilder},
    os::unix::fs::DirBuilderExt as _,
    path::{Path as FilePath, PathBuf},
    sync::{Arc, Mutex, OnceLock},
};

use axum::{
    body::Bytes,
    extract::{Path, State, rejection::BytesRejection},
    http::HeaderMap,
};
use rumormill_node::{
    Room,
    proto::content::{Content, Imported},
    read_nick,
};
use rumormill_text::{Clock, Kept};
use serde::{Deserialize, Serialize};
use tokio::task::AbortHandle;
use url::Url;

use self::{courier::Courier, progress::Progress};
use super::{
    Api,
    asked::Body,
    names::room_hex,
    words::{self, Hook, HookId, HookMade, NewHook, Receiver, RoomHex, codes, endpoints},
};
use crate::{
    answer::{Answer, Refusal, SafeJson},
    limits::{HOOK_URL_BYTES, HOOK_WORDS, HOOKS},
    lock::lock,
    secret::{hash, secret},
};

/// The source of messages that came by a webhook, as everybody reads it.
const SOURCE: &str = "webhook";

/// Letters of a hook's id, which is the beginning of a separate secret: 40 random bits.
const ID_LETTERS: usize = 8;

/// The webhooks of a home, at most [`HOOKS`].
pub(super) struct Hooks {
    dir: PathBuf,
    table: Kept<BTreeMap<HookId, Record>>,
    /// The progress of each hook that posts to a URL.
    progress: Mutex<BTreeMap<HookId, Arc<Kept<Progress>>>>,
    couriers: Mutex<Couriers>,
    /// The HTTP client of all couriers, made when the first one needs it.
    http: OnceLock<reqwest::Client>,
}

/// A webhook as it is stored.
#[derive(Clone, Serialize, Deserialize)]
struct Record {
    hook: Hook,
    /// The hash of the secret that lets programs post, or the key that signs deliveries.
    secret: String,
}

/// The couriers of this process.
#[derive(Default)]
enum Couriers {
    /// None may start: this process only runs one command.
    #[default]
    Idle,
    Busy(BTreeMap<HookId, AbortHandle>),
}

impl Hooks {
    /// Reads the table in `dir`.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(super) fn open(dir: &FilePath) -> Result<Self, Refusal> {
        let dir = dir.join("hooks");
        let table: Kept<BTreeMap<HookId, Record>> = Kept::open_whole(dir.join("hooks.json"))?;
        let records = table.read(BTreeMap::clone);
        let sends = records.into_iter().filter(|(_, record)| record.hook.to.is_some());
        let progress = sends.map(|(id, _)| Ok((id.clone(), Arc::new(Kept::open_whole(file(&dir, &id))?))));
        let progress: Result<_, Refusal> = progress.collect();
        Ok(Self { dir, table, progress: Mutex::new(progress?), couriers: Mutex::default(), http: OnceLock::new() })
    }

    /// All webhooks, with the state of their deliveries.
    fn list(&self) -> Vec<Hook> {
        let hooks: Vec<Hook> = self.table.read(|table| table.values().map(|record| record.hook.clone()).collect());
        let progress = lock(&self.progress);
        let deliveries = |id: &HookId| progress.get(id).map(|kept| kept.read(|progress| progress.deliveries.clone()));
        hooks.into_iter().map(|hook| Hook { deliveries: deliveries(&hook.id), ..hook }).collect()
    }

    /// Stores a hook, and the progress of one that posts to a URL.
    fn put(&self, record: Record, progress: Option<Progress>) -> Result<(), Refusal> {
        DirBuilder::new().recursive(true).mode(0o700).create(&self.dir).map_err(|error| {
            let help = "its directory must be yours and writable";
            Refusal::failed("file", format!("{}: {error}", self.dir.display()), help)
        })?;
        let id = record.hook.id.clone();
        if let Some(progress) = progress {
            let kept = Kept::open_whole(file(&self.dir, &id))?;
            kept.change(|kept| {
                *kept = progress;
                true
            })?;
            lock(&self.progress).insert(id.clone(), Arc::new(kept));
        }
        let fits = self.table.change(|table| {
            let fits = table.len() < HOOKS;
            if fits {
                table.insert(id.clone(), record);
            }
            fits
        })?;
        if fits {
            return Ok(());
        }
        self.end(&id);
        let what = format!("this home has {HOOKS} webhooks, the most that it may have");
        Err(Refusal::new(codes::HOOKS, what, "remove one first: `rumormill hook list` lists them"))
    }

    /// Removes a hook; returns whether there was one.
    fn remove(&self, id: &HookId) -> Result<bool, Refusal> {
        let found = self.table.change(|table| table.remove(id).is_some())?;
        self.end(id);
        Ok(found)
    }

    /// Stops the courier of a hook and deletes its progress.
    fn end(&self, id: &HookId) {
        if let Couriers::Busy(couriers) = &mut *lock(&self.couriers) {
            couriers.remove(id).iter().for_each(AbortHandle::abort);
        }
        lock(&self.progress).remove(id);
        // A file that stays means nothing without its row in the table.
        let _ = fs::remove_file(file(&self.dir, id));
    }

    fn http(&self) -> Result<reqwest::Client, Refusal> {
        if let Some(http) = self.http.get() {
            return Ok(http.clone());
        }
        let http = courier::http()?;
        Ok(self.http.get_or_init(|| http).clone())
    }

    /// Removes the hooks of a room.
    ///
    /// # Errors
    /// When the table cannot be written.
    pub(super) fn forget(&self, room: &RoomHex) -> Result<(), Refusal> {
        let of: Vec<HookId> = self.table.read(|table| {
            table.iter().filter(|(_, record)| record.hook.room == *room).map(|(id, _)| id.clone()).collect()
        });
        of.iter().try_for_each(|id| self.remove(id).map(drop))
    }

    /// The hook with this id, if it has this secret.
    fn of_secret(&self, id: &HookId, secret: &str) -> Option<Hook> {
        let record = self.table.read(|table| table.get(id).cloned())?;
        let known = blake3::Hash::from_hex(&record.secret).ok().filter(|_| record.hook.to.is_none())?;
        (known == hash(secret)).then_some(record.hook)
    }

    /// Starts the courier of a hook, if this process runs couriers.
    fn carry(&self, api: &Api, record: &Record) {
        let mut couriers = lock(&self.couriers);
        let Couriers::Busy(couriers) = &mut *couriers else { return };
        let (hook, progress) = (&record.hook, lock(&self.progress).get(&record.hook.id).cloned());
        let (Some(progress), Ok(room)) = (progress, api.room(hook.room.as_str())) else { return };
        match Courier::new(api, room, record, progress) {
            Ok(courier) => _ = couriers.insert(hook.id.clone(), tokio::spawn(courier.run()).abort_handle()),
            Err(why) => tracing::warn!("the webhook {} carries nothing: {}", hook.id, why.refused.what),
        }
    }
}

impl Drop for Hooks {
    fn drop(&mut self) {
        if let Couriers::Busy(couriers) = &*lock(&self.couriers) {
            couriers.values().for_each(AbortHandle::abort);
        }
    }
}

impl Api {
    /// Starts the couriers, for a process that keeps running.
    pub fn carry_hooks(&self) {
        *lock(&self.hooks().couriers) = Couriers::Busy(BTreeMap::new());
        let records: Vec<Record> = self.hooks().table.read(|table| table.values().cloned().collect());
        records.iter().for_each(|record| self.hooks().carry(self, record));
    }
}

/// `GET /v1/hooks`.
pub(super) async fn list(State(api): State<Api>) -> Answer<SafeJson<words::Hooks>> {
    Ok(SafeJson(words::Hooks { hooks: api.hooks().list() }))
}

/// `POST /v1/rooms/{room}/hooks`.
pub(super) async fn add(
    State(api): State<Api>,
    Path(room): Path<String>,
    Body(NewHook { name, to }): Body<NewHook>,
) -> Answer<SafeJson<HookMade>> {
    let room = api.room(&room)?;
    let name = read_nick(&name)?.to_owned();
    to.as_ref().map_or(Ok(()), judge)?;
    let (secret, id) = (secret()?, HookId(secret()?.chars().take(ID_LETTERS).collect()));
    let path = to.is_none().then(|| endpoints::POST_BY_HOOK.at(&[id.as_str(), &secret], &[]));
    let hook = Hook { id, room: room_hex(&room), name, since_ms: Clock::utc().now_ms(), to, deliveries: None };
    let kept = if hook.to.is_some() { secret.clone() } else { hash(&secret).to_hex().to_string() };
    let record = Record { hook, secret: kept };
    let progress = match record.hook.to {
        Some(_) => Some(Progress::of(&room.entries().logs().await?)),
        None => None,
    };
    api.hooks().put(record.clone(), progress)?;
    api.hooks().carry(&api, &record);
    Ok(SafeJson(HookMade { hook: record.hook, secret, path }))
}

/// `DELETE /v1/hooks/{hook}`.
pub(super) async fn remove(State(api): State<Api>, Path(id): Path<String>) -> Answer<()> {
    if api.hooks().remove(&HookId(id))? { Ok(()) } else { Err(no_hook()) }
}

/// `POST /v1/hooks/{hook}/{secret}`.
pub(super) async fn post(
    State(api): State<Api>,
    Path((id, secret)): Path<(String, String)>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Answer<&'static str> {
    let hook = api.hooks().of_secret(&HookId(id), &secret).ok_or_else(no_hook)?;
    let room: Room = api.room(hook.room.as_str())?;
    let text = posted::read(&headers, &body?)?;
    let said = Imported { source: SOURCE.into(), name: hook.name, time_ms: Clock::utc().now_ms(), text };
    let saying = Content::Imported(said).encode().map_err(|_| rumormill_node::Error::TooLong)?;
    api.paces().take(&room, 1)?;
    let said = room.entries().say(vec![saying]).await?;
    if said.is_empty() { Err(rumormill_node::Error::Busy.into()) } else { Ok("ok") }
}

fn no_hook() -> Refusal {
    let help = "`rumormill hook list` lists the webhooks; make another if the secret is lost";
    Refusal::new(codes::HOOK, "there is no such webhook, or this is not its secret", help)
}

/// Refuses an address that messages cannot be posted to, and filters with too many words.
fn judge(to: &Receiver) -> Result<(), Refusal> {
    let help = "give http://HOST/PATH or https://HOST/PATH";
    let refuse = |what: String| Err(Refusal::new(codes::URL, what, help));
    let only = &to.only;
    let words = only.words.iter().chain(&only.prefix).map(String::len).sum::<usize>();
    if to.url.len() > HOOK_URL_BYTES || only.words.len() > HOOK_WORDS || words > HOOK_URL_BYTES {
        let what = format!("the URL, or the words to look for, are longer than {HOOK_URL_BYTES} bytes or too many");
        return Err(Refusal::new(codes::URL, what, &format!("give {HOOK_WORDS} words at most")));
    }
    match Url::parse(&to.url) {
        Err(error) => refuse(format!("{:?} is no URL: {error}", to.url)),
        Ok(url) if !matches!(url.scheme(), "http" | "https") => refuse(format!("{:?} is no web address", to.url)),
        Ok(_) => Ok(()),
    }
}

fn file(dir: &FilePath, id: &HookId) -> PathBuf {
    dir.join(format!("{id}.json"))
}
