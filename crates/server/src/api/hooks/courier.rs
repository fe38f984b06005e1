//! Posts the messages of a room to the URL of a webhook, one after the other, each until the receiver has accepted it
//! or the tries are used up. The room never waits for it.

use std::{
    error::Error as _,
    net::{IpAddr, Ipv4Addr},
    sync::{Arc, Weak},
    time::Duration,
};

use data_encoding::HEXLOWER;
use futures_util::{FutureExt as _, StreamExt as _};
use reqwest::{Client, Url, header, redirect};
use ring::hmac;
use rumormill_node::{Error, Events, Message, Room, RoomEvent, proto::content::Target};
use rumormill_text::{Clock, Kept};
use tokio::time::sleep;

use super::{Record, due::due, progress::Progress};
use crate::{
    answer::Refusal,
    api::{
        Api, Inner,
        names::author_hex,
        shape::calls,
        words::{self, Delivery, Hook, Kind, Only, Receiver},
    },
    limits::{HOOK_AGAIN_MOST_MS, HOOK_AGAIN_MS, HOOK_ANSWER_MS, HOOK_EVERY_MS, HOOK_TRIES},
};

/// Posts messages for one webhook.
pub(super) struct Courier {
    api: Weak<Inner>,
    room: Room,
    hook: Hook,
    to: Receiver,
    key: hmac::Key,
    http: Client,
    progress: Arc<Kept<Progress>>,
}

/// The result for a message.
enum Carried {
    /// The message does not go to this URL.
    Passed,
    Delivered,
}

/// The HTTP client of all couriers. Making it reads the certificates of the system.
pub(super) fn http() -> Result<Client, Refusal> {
    // The first caller installs the provider for the process.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder()
        .redirect(redirect::Policy::none())
        .no_proxy()
        .timeout(Duration::from_millis(HOOK_ANSWER_MS))
        .user_agent(concat!("rumormill/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(|error| Refusal::internal("hook", why(&error)))
}

impl Courier {
    pub(super) fn new(api: &Api, room: Room, record: &Record, progress: Arc<Kept<Progress>>) -> Result<Self, Refusal> {
        let hook = record.hook.clone();
        let to = hook.to.clone().ok_or_else(|| Refusal::internal("hook", "the hook names no URL"))?;
        let http = api.hooks().http()?;
        let key = hmac::Key::new(hmac::HMAC_SHA256, record.secret.as_bytes());
        Ok(Self { api: Arc::downgrade(&api.0), room, hook, to, key, http, progress })
    }

    /// Runs until the room is left or the process closes its home.
    pub(super) async fn run(self) {
        if !self.is_reached() {
            let why = "the node stays on the LAN, and this URL is not an address there".to_owned();
            // It is not written, so nothing fails: it holds for this process.
            let _ = self.progress.change(|progress| {
                progress.deliveries.why = Some(why);
                false
            });
            return;
        }
        let mut events = self.room.events();
        loop {
            let due = match due(self.room.clone(), self.hook.since_ms, self.progress.clone()).await {
                Ok(due) => due,
                Err(Error::Left | Error::Closed) => return,
                // A room that is damaged or unreadable is tried again when something happens in it.
                Err(error) => {
                    tracing::warn!("the webhook {} cannot read its room: {error}", self.hook.id);
                    Vec::new()
                }
            };
            if due.is_empty() && !news(&mut events).await {
                return;
            }
            for message in due {
                if self.carry(&message).await.is_err() {
                    return;
                }
            }
        }
    }

    /// Whether a node that stays on the LAN may post to the URL. It looks up no name.
    fn is_reached(&self) -> bool {
        let Some(api) = self.api.upgrade().map(Api) else { return false };
        let url = Url::parse(&self.to.url).ok();
        let host = url.as_ref().and_then(Url::host_str).unwrap_or_default();
        let ip = match host.trim_matches(['[', ']']) {
            "localhost" => Some(Ipv4Addr::LOCALHOST.into()),
            host => host.parse::<IpAddr>().ok(),
        };
        api.node().goes_to(ip)
    }

    /// Posts one message and notes the result. Fails when the room or the home is closed.
    async fn carry(&self, message: &Message) -> Result<(), Error> {
        let target = message.target();
        let hear = |why: &str| {
            self.note(target, |progress| {
                progress.deliveries.why = Some(why.to_owned());
                false
            });
        };
        match insist(|| self.attempt(target), hear).await {
            Ok(Carried::Passed) => self.note(target, |progress| {
                done(progress, target);
                false
            }),
            Ok(Carried::Delivered) => self.note(target, |progress| {
                done(progress, target);
                progress.deliveries.delivered += 1;
                progress.deliveries.why = None;
                true
            }),
            Err(Failed::Gone(error)) => return Err(error),
            Err(Failed::Refused(why)) => {
                let id = author_hex(&target.author);
                tracing::warn!("the webhook {} gave up the message {id}.{}: {why}", self.hook.id, target.seq);
                self.note(target, |progress| {
                    done(progress, target);
                    progress.deliveries.given_up += 1;
                    progress.deliveries.why = Some(why);
                    true
                });
            }
        }
        Ok(())
    }

    /// One attempt, with the current text of the message.
    async fn attempt(&self, target: Target) -> Result<Carried, Failed> {
        let api = self.api.upgrade().map(Api).ok_or(Failed::Gone(Error::Closed))?;
        let Some(message) = self.room.message(target).await.map_err(Failed::Gone)? else { return Ok(Carried::Passed) };
        let message = api.message(&self.room, message).await;
        drop(api);
        if !goes(&message, &self.to.only) {
            return Ok(Carried::Passed);
        }
        self.post(message).await.map(|()| Carried::Delivered).map_err(Failed::Refused)
    }

    async fn post(&self, message: words::Message) -> Result<(), String> {
        let id = message.id.clone();
        let delivery = Delivery {
            id: id.clone(),
            sent_ms: Clock::utc().now_ms(),
            hook: self.hook.id.clone(),
            room: self.hook.room.clone(),
            room_name: self.room.name(),
            message,
        };
        let body = serde_json::to_vec(&delivery).map_err(|error| error.to_string())?;
        let signature = format!("sha256={}", HEXLOWER.encode(hmac::sign(&self.key, &body).as_ref()));
        let request = self.http.post(&self.to.url).header(header::CONTENT_TYPE, "application/json");
        let request = request.header("X-Hub-Signature-256", signature).header("X-Rumormill-Delivery", id.as_str());
        let answer = request.body(body).send().await.map_err(|error| why(&error.without_url()))?;
        match answer.status() {
            status if status.is_success() => Ok(()),
            status if status.is_redirection() => Err(format!("it answered {status}, and redirects are not followed")),
            status => Err(format!("it answered {status}")),
        }
    }

    /// Changes the progress of the hook. A change that cannot be written now is written with the next one; a process
    /// that starts before that delivers the message again.
    fn note(&self, target: Target, change: impl FnOnce(&mut Progress) -> bool) {
        if let Err(refused) = self.progress.change(change) {
            tracing::warn!(
                "the progress of the webhook {} ({}) is not saved: {}",
                self.hook.id,
                target.seq,
                refused.what
            );
        }
    }
}

fn done(progress: &mut Progress, target: Target) {
    progress.done(&author_hex(&target.author), target.seq, target.seq);
}

/// Why a message was not posted.
enum Failed {
    /// The receiver did not accept it.
    Refused(String),
    /// The room or the home is closed.
    Gone(Error),
}

/// Repeats an attempt until it succeeds, at most [`HOOK_TRIES`] times, with growing pauses; passes the reason of each
/// failure to `hear`.
async fn insist<T, F>(mut attempt: impl FnMut() -> F, mut hear: impl FnMut(&str)) -> Result<T, Failed>
where
    F: Future<Output = Result<T, Failed>>,
{
    let mut pause_ms = HOOK_AGAIN_MS;
    for _ in 1..HOOK_TRIES {
        match attempt().await {
            Err(Failed::Refused(why)) => hear(&why),
            settled => return settled,
        }
        sleep(Duration::from_millis(pause_ms)).await;
        pause_ms = (2 * pause_ms).min(HOOK_AGAIN_MOST_MS);
    }
    attempt().await
}

/// Waits for an event after which there may be more to post, and gathers those that follow it closely; false when the
/// events end.
async fn news(events: &mut Events) -> bool {
    use RoomEvent::{Changed, Inserted, Lagged, Left, Rekeyed, Resumed};
    loop {
        match events.next().await {
            None | Some(Left) => return false,
            Some(
                RoomEvent::Message { .. } | Inserted { .. } | Changed { .. } | Lagged { .. } | Resumed | Rekeyed { .. },
            ) => break,
            Some(_) => {}
        }
    }
    sleep(Duration::from_millis(HOOK_EVERY_MS)).await;
    while let Some(Some(_)) = events.next().now_or_never() {}
    true
}

/// Whether a message goes to the URL: it was said in this room, by an author who is not hidden, and matches the filter.
fn goes(message: &words::Message, only: &Only) -> bool {
    let text = message.source();
    let is_said = matches!(message.kind, Kind::Text | Kind::File) && message.from.is_none() && message.gone.is_none();
    is_said
        && !message.hidden
        && only.prefix.as_ref().is_none_or(|prefix| text.starts_with(prefix))
        && (only.words.is_empty() || only.words.iter().any(|word| calls(&text, word)))
        && (!only.mention || message.names_me)
}

/// An error and its causes, in one line.
fn why(error: &reqwest::Error) -> String {
    let mut told = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        told.push_str(&format!(": {error}"));
        cause = error.source();
    }
    told
}

#[cfg(test)]
mod tests {
    use std::future::ready;

    use tokio::time::Instant;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn pauses_grow_and_refused_messages_are_given_up() {
        let (mut at, mut heard) = (Vec::new(), 0);
        let begun = Instant::now();
        let refuse = || {
            at.push(begun.elapsed().as_millis() as u64);
            ready(Err::<(), _>(Failed::Refused("no".into())))
        };
        let given_up = insist(refuse, |_| heard += 1).await;
        assert!(matches!(given_up, Err(Failed::Refused(why)) if why == "no"));
        assert_eq!((at.len(), heard), (HOOK_TRIES, HOOK_TRIES - 1));
        let pauses: Vec<u64> = at.windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert!(pauses[0] >= HOOK_AGAIN_MS && pauses.windows(2).all(|pair| pair[1] > pair[0]), "{pauses:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn accepted_messages_are_not_repeated() {
        let mut attempts = 0;
        let take_the_third = || {
            attempts += 1;
            ready(if attempts < 3 { Err(Failed::Refused("no".into())) } else { Ok(()) })
        };
        assert!(insist(take_the_third, |_| {}).await.is_ok());
        assert_eq!(attempts, 3);
        let gone = insist(|| ready(Err::<(), _>(Failed::Gone(Error::Closed))), |_| {}).await;
        assert!(matches!(gone, Err(Failed::Gone(Error::Closed))));
    }

    #[test]
    fn matching_messages_are_posted() {
        let said = |text: &str| words::Message { text: text.into(), ..words::Message::default() };
        let only = |prefix: Option<&str>, words: &[&str]| Only {
            prefix: prefix.map(str::to_owned),
            words: words.iter().map(|word| (*word).to_owned()).collect(),
            mention: false,
        };
        let cases = [
            ("hello", only(None, &[]), true),
            ("!deploy now", only(Some("!deploy"), &[]), true),
            ("please !deploy", only(Some("!deploy"), &[]), false),
            ("the Build broke", only(None, &["deploy", "build"]), true),
            ("rebuilding", only(None, &["build"]), false),
            ("!deploy it", only(Some("!"), &["build"]), false),
        ];
        for (text, only, want) in cases {
            assert_eq!(goes(&said(text), &only), want, "{text}: {only:?}");
        }
        let mention = Only { mention: true, ..Only::default() };
        assert!(!goes(&said("ada"), &mention));
        assert!(goes(&words::Message { names_me: true, ..said("ada") }, &mention));
        let not_said = [
            words::Message { hidden: true, ..said("a") },
            words::Message { kind: Kind::Nick, ..said("a") },
            words::Message { kind: Kind::Gone, ..said("") },
            words::Message { from: Some(words::Elsewhere::default()), ..said("a") },
        ];
        assert!(not_said.iter().all(|message| !goes(message, &Only::default())));
    }
}
