//! Bots: members of their own inside this home.
//!
//! One author key writes one log in each room, so a second author needs a second store. Each bot therefore has a home of
//! its own, `bots/NAME` in this one, which the same process opens as another node. The router of that node answers each
//! request that carries the bot's token.

mod open;

use std::{
    collections::BTreeMap,
    fs::{self, DirBuilder},
    io,
    os::unix::fs::DirBuilderExt as _,
    path::{Path as FilePath, PathBuf},
    sync::{Arc, Mutex, OnceLock},
};

use axum::extract::{Path, State};
use blake3::Hash;
use rumormill_node::{Home, Inspector, Room, Settings, proto::ids::RoomId};
use rumormill_text::{Clock, Kept};
use serde::{Deserialize, Serialize};

pub(crate) use self::open::Open;

use super::{
    Api,
    asked::Body,
    words::{self, BotMade, NewBot, RoomHex, codes},
};
use crate::{
    answer::{Answer, Refusal, SafeJson},
    limits::{BOT_NAME_BYTES, BOTS},
    lock::lock,
    secret::{hash, secret},
};

/// The file in the home of a bot that says what its token is.
const RECORD: &str = "bot.json";

/// Why a bot without a record does nothing.
const UNTOLD: &str = "its token cannot be read, so nobody can act for it";

/// The bots of a home, at most [`BOTS`].
pub(crate) struct Bots {
    dir: PathBuf,
    /// How the node of a bot is opened; unset in a process that only reads the home.
    settings: OnceLock<Settings>,
    table: Mutex<BTreeMap<String, Known>>,
    /// Held by the caller that opens, makes or removes a bot, so that there is one at a time.
    turn: tokio::sync::Mutex<()>,
}

/// What this process knows of a bot.
#[derive(Clone)]
struct Known {
    /// `None` if its record cannot be read: then nobody can act for it.
    token: Option<Hash>,
    since_ms: u64,
    /// Its open node, or why that could not be opened; `None` before it was tried.
    opened: Option<Answer<Arc<Open>>>,
}

/// What is kept of a bot beside its node.
#[derive(Default, Serialize, Deserialize)]
struct Record {
    /// The hash of its token.
    token: String,
    since_ms: u64,
}

impl Bots {
    /// Reads which bots there are in the home at `state`. A damaged one hinders nothing.
    pub(super) fn read(state: &FilePath) -> Self {
        let dir = state.join("bots");
        let found = fs::read_dir(&dir).into_iter().flatten().flatten();
        let dirs = found.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
        let mut names: Vec<String> = dirs.filter_map(|entry| entry.file_name().into_string().ok()).collect();
        names.retain(|name| read_name(name).is_ok());
        names.sort();
        let table = names.into_iter().take(BOTS).map(|name| (name.clone(), Known::read(&dir.join(name))));
        Self { table: Mutex::new(table.collect()), dir, settings: OnceLock::new(), turn: tokio::sync::Mutex::default() }
    }

    /// The bot that has this token. Comparing hashes takes the same time whatever the token is.
    pub(crate) fn of_token(&self, token: &str) -> Option<String> {
        let token = hash(token);
        let table = lock(&self.table);
        table.iter().find(|(_, known)| known.token == Some(token)).map(|(name, _)| name.clone())
    }

    /// All bots.
    pub(super) fn list(&self) -> Vec<words::Bot> {
        let table = lock(&self.table).clone();
        let told = |(name, known): (String, Known)| {
            let rooms = self.rooms(&name, &known);
            let untold = known.token.is_none().then(|| UNTOLD.to_owned());
            let failed = known.opened.and_then(Result::err).map(|why| why.refused.what);
            let why = untold.or(failed).or(rooms.as_ref().err().cloned());
            let rooms = rooms.unwrap_or_default().iter().map(|id| RoomHex(id.to_string())).collect();
            words::Bot { name, rooms, since_ms: known.since_ms, why }
        };
        table.into_iter().map(told).collect()
    }

    /// The rooms of a bot, whether it is open or not; or why they are not known.
    fn rooms(&self, name: &str, known: &Known) -> Result<Vec<RoomId>, String> {
        match &known.opened {
            Some(Ok(open)) => Ok(open.rooms()),
            _ => match Inspector::open(&self.dir.join(name), self.settings.get().and_then(|set| set.key.as_ref())) {
                Ok(inspector) => Ok(inspector.rooms().into_iter().map(|(id, _)| id).collect()),
                Err(why) => Err(why.to_string()),
            },
        }
    }

    fn known(&self, name: &str) -> Answer<Known> {
        lock(&self.table).get(name).cloned().ok_or_else(|| {
            let help = "`rumormill bot list` lists your bots";
            Refusal::new(codes::BOT, format!("there is no bot {name:?}"), help)
        })
    }

    /// The open node of a bot; opens it if necessary. The caller holds the turn.
    ///
    /// # Errors
    /// When there is no such bot, or its home cannot be opened.
    async fn open(&self, owner: &Api, name: &str) -> Answer<Arc<Open>> {
        match self.known(name)?.opened {
            Some(Ok(open)) => Ok(open),
            _ => {
                let opened = Open::open(owner, self.settings(name)?, &self.dir.join(name)).await.map(Arc::new);
                if let Some(known) = lock(&self.table).get_mut(name) {
                    known.opened = Some(opened.clone());
                }
                opened
            }
        }
    }

    fn settings(&self, name: &str) -> Answer<Settings> {
        let settings = self.settings.get().cloned();
        let mut settings = settings.ok_or_else(|| Refusal::internal("bots", "this process only reads the home"))?;
        settings.home = Home::Dir(self.dir.join(name));
        settings.trace = false;
        // Far peers get what a bot says through its owner's node. A relay for each bot would cost hundreds of sockets where
        // the internet does not answer.
        (settings.relay, settings.dht) = (false, false);
        Ok(settings)
    }

    /// Makes a bot that takes part in these rooms of its owner.
    async fn make(&self, owner: &Api, name: &str, rooms: &[Room]) -> Answer<BotMade> {
        let _turn = self.turn.lock().await;
        if lock(&self.table).len() >= BOTS {
            let what = format!("this home has {BOTS} bots, which is all that it may have");
            return Err(Refusal::new(codes::BOTS, what, "remove one first: `rumormill bot list` lists them"));
        }
        let (token, since_ms, dir) = (secret()?, Clock::utc().now_ms(), self.dir.join(name));
        self.make_dir(name)?;
        let made = async {
            let record = Kept::open_whole(dir.join(RECORD))?;
            record.change(|record| {
                *record = Record { token: hash(&token).to_hex().to_string(), since_ms };
                true
            })?;
            let open = Open::open(owner, self.settings(name)?, &dir).await?;
            open.enter(name, rooms).await?;
            Ok(Arc::new(open))
        };
        let open = match made.await {
            Ok(open) => open,
            Err(why) => {
                // Its node has ended with the error. Files that stay are listed as a bot that cannot take part.
                let _ = fs::remove_dir_all(&dir);
                return Err(why);
            }
        };
        let known = Known { token: Some(hash(&token)), since_ms, opened: Some(Ok(open)) };
        let rooms = rooms.iter().map(super::names::room_hex).collect();
        lock(&self.table).insert(name.to_owned(), known);
        Ok(BotMade { bot: words::Bot { name: name.to_owned(), rooms, since_ms, why: None }, token })
    }

    fn make_dir(&self, name: &str) -> Answer<()> {
        let dir = self.dir.join(name);
        let mut private = DirBuilder::new();
        let above = private.mode(0o700).recursive(true).create(&self.dir);
        match above.and_then(|()| private.recursive(false).create(&dir)) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                let help = "choose another name, or remove that bot: `rumormill bot list` lists yours";
                Err(Refusal::new(codes::BOT_EXISTS, format!("there is a bot {name:?} already"), help))
            }
            made => made.map_err(|error| broken(&dir, &error)),
        }
    }

    /// Removes a bot, and everything that its home keeps.
    async fn remove(&self, owner: &Api, name: &str) -> Answer<()> {
        let _turn = self.turn.lock().await;
        self.known(name)?;
        // Opened only to overwrite what was said before its files go, so it may fail.
        let open = self.open(owner, name).await;
        let dir = self.dir.join(name);
        // The token goes first: if the rest fails, nobody can act for the bot.
        match fs::remove_file(dir.join(RECORD)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(broken(&dir, &error)),
            _ => {}
        }
        if let Some(known) = lock(&self.table).get_mut(name) {
            known.token = None;
            known.opened = None;
        }
        if let Ok(open) = open {
            open.end().await;
        }
        fs::remove_dir_all(&dir).map_err(|error| broken(&dir, &error))?;
        lock(&self.table).remove(name);
        Ok(())
    }

    /// Lets every bot leave a room that its owner leaves.
    ///
    /// # Errors
    /// When one that is in it, or may be, cannot be opened or cannot leave.
    pub(super) async fn leave(&self, owner: &Api, room: &RoomId) -> Answer<()> {
        let _turn = self.turn.lock().await;
        let table = lock(&self.table).clone();
        for (name, known) in table {
            if self.rooms(&name, &known).is_ok_and(|rooms| !rooms.contains(room)) {
                continue;
            }
            let left = async { self.open(owner, &name).await?.leave(room).await };
            if let Err(mut why) = left.await {
                why.refused.what = format!("the bot {name} cannot leave the room: {}", why.refused.what);
                why.refused.help = format!("remove it with `rumormill bot remove {name}`, and repeat this");
                return Err(why);
            }
        }
        Ok(())
    }
}

impl Known {
    fn read(dir: &FilePath) -> Self {
        let record: Result<Kept<Record>, _> = Kept::open_whole(dir.join(RECORD));
        let (token, since_ms) = match &record {
            Ok(record) => record.read(|record| (Hash::from_hex(&record.token).ok(), record.since_ms)),
            Err(_) => (None, 0),
        };
        Self { token, since_ms, opened: None }
    }
}

impl Api {
    /// Opens bots as these settings say, each when it is asked for; [`Api::open_bots`] opens all.
    pub fn keep_bots(&self, settings: Settings) {
        // A process has one home and keeps its settings.
        let _ = self.bots().settings.set(settings);
    }

    /// Opens all bots, one after another, for a process that stays.
    pub fn open_bots(&self) {
        let api = self.clone();
        tokio::spawn(async move {
            let names: Vec<String> = lock(&api.bots().table).keys().cloned().collect();
            for name in names {
                if let Err(why) = api.bot(&name).await {
                    tracing::warn!("the bot {name} takes no part: {}", why.refused.what);
                }
            }
        });
    }

    /// Closes all bots. None can be opened again.
    pub async fn close_bots(&self) {
        let _turn = self.bots().turn.lock().await;
        let table = std::mem::take(&mut *lock(&self.bots().table));
        let open = table.into_values().filter_map(|known| known.opened?.ok());
        futures_util::future::join_all(open.map(|open| async move { open.close().await })).await;
    }

    /// The open node of a bot; opens it if necessary, even if the caller goes away meanwhile.
    ///
    /// # Errors
    /// When there is no such bot, or its home cannot be opened.
    pub(crate) async fn bot(&self, name: &str) -> Answer<Arc<Open>> {
        if let Some(Ok(open)) = self.bots().known(name)?.opened {
            return Ok(open);
        }
        let (api, name) = (self.clone(), name.to_owned());
        let open = async move {
            let _turn = api.bots().turn.lock().await;
            api.bots().open(&api, &name).await
        };
        to_its_end(open).await
    }
}

/// `GET /v1/bots`.
pub(super) async fn list(State(api): State<Api>) -> Answer<SafeJson<words::Bots>> {
    Ok(SafeJson(words::Bots { bots: api.bots().list() }))
}

/// `POST /v1/bots`.
pub(super) async fn add(
    State(api): State<Api>,
    Body(NewBot { name, rooms }): Body<NewBot>,
) -> Answer<SafeJson<BotMade>> {
    let name = read_name(&name)?.to_owned();
    let rooms = rooms.iter().map(|room| api.room(room)).collect::<Answer<Vec<Room>>>()?;
    let rooms: BTreeMap<RoomId, Room> = rooms.into_iter().map(|room| (room.id(), room)).collect();
    let rooms: Vec<Room> = rooms.into_values().collect();
    Ok(SafeJson(to_its_end(async move { api.bots().make(&api, &name, &rooms).await }).await?))
}

/// `DELETE /v1/bots/{bot}`.
pub(super) async fn remove(State(api): State<Api>, Path(name): Path<String>) -> Answer<()> {
    to_its_end(async move { api.bots().remove(&api, &name).await }).await
}

/// What a bot is answered where only the owner may ask.
pub(super) async fn owners_only() -> Refusal {
    Refusal::new(codes::OWNER, "a bot may not do this", "ask its owner, who needs no token for it")
}

/// Carries something out whether or not the caller waits for it, so that no bot stays half made or half removed.
async fn to_its_end<T: Send + 'static>(work: impl Future<Output = Answer<T>> + Send + 'static) -> Answer<T> {
    tokio::spawn(work).await.map_err(|error| Refusal::internal("bot", error.to_string()))?
}

/// The name of a bot, which is also the name of its directory.
fn read_name(name: &str) -> Answer<&str> {
    let fits = (1..=BOT_NAME_BYTES).contains(&name.len()) && name.as_bytes()[0].is_ascii_alphanumeric();
    match fits && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')) {
        true => Ok(name),
        false => {
            let help = format!("choose 1 to {BOT_NAME_BYTES} letters, digits, `-` and `_`");
            Err(Refusal::new(codes::BOT_NAME, format!("a bot cannot be called {name:?}"), &help))
        }
    }
}

fn broken(path: &FilePath, error: &io::Error) -> Refusal {
    Refusal::failed("file", format!("{}: {error}", path.display()), "make it your own, readable and writable")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_bot_is_one_directory() {
        for name in ["ci", "C", "build-7_x"] {
            assert_eq!(read_name(name).unwrap(), name);
        }
        for name in ["", ".", "..", "-x", "_x", "a/b", "a b", "ä", "a\0", &"x".repeat(BOT_NAME_BYTES + 1)] {
            assert_eq!(read_name(name).unwrap_err().refused.code, "bot-name", "{name:?}");
        }
    }
}
