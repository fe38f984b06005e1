//! `rumormill hook`: webhooks, through which other programs post into a room, or receive its messages.

use rumormill_api::{Deliveries, Hook, HookMade, NewHook, Only, Receiver, Room, endpoints};
use rumormill_client::Client;
use rumormill_text::{clean, clean_name, limits::NICK_CHARS, title};

use crate::{
    client::{self, pick},
    commands::{data, json, talk},
    failure::Failure,
    home::{HomeArgs, Reach},
};

/// Arguments of `rumormill hook`.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(clap::Subcommand)]
enum What {
    /// Make a webhook: print the URL to post to, or the secret that deliveries are signed with
    New(New),
    /// List the webhooks of this home
    List {
        /// Print one JSON object per line
        #[arg(long)]
        json: bool,
    },
    /// Remove a webhook
    Remove {
        /// Webhook, named as `rumormill hook list` names it
        hook: String,
    },
}

#[derive(clap::Args)]
struct New {
    /// Name of the room, or the beginning of its id
    room: String,
    /// Name that its messages are shown under, or your own name for the hook
    #[arg(long)]
    name: String,
    /// Post each message that is said in the room from now on to this URL
    #[arg(long, value_name = "URL")]
    to: Option<String>,
    /// With --to: only messages that begin with this
    #[arg(long, value_name = "TEXT", requires = "to")]
    prefix: Option<String>,
    /// With --to: only messages with this word; can be given more than once, and one of them is enough
    #[arg(long, value_name = "WORD", requires = "to")]
    word: Vec<String>,
    /// With --to: only messages that mention you
    #[arg(long, requires = "to")]
    mention: bool,
}

/// Makes, lists or removes webhooks.
///
/// # Errors
/// When there is no such room or webhook, the URL is invalid, or the home cannot be opened.
pub(crate) async fn run(args: Args, place: HomeArgs) -> Result<(), Failure> {
    match args.what {
        What::New(new) => {
            let usual = place.config()?.http.0;
            let make = async |client: &Client| make(client, new).await;
            let (made, served) = client::with(&place, Reach::Nobody, make).await?;
            match (&made.path, served.or(usual.first().copied())) {
                (Some(path), Some(at)) => posts(&format!("http://{at}{path}")),
                _ => sends(&made),
            }
        }
        What::List { json } => {
            let list = async |client: &Client| {
                let hooks = client.call(&endpoints::LIST_HOOKS, &[], &[], ()).await?.hooks;
                Ok((hooks, client.rooms().await?))
            };
            let (hooks, rooms) = client::with(&place, Reach::Reading, list).await?;
            if hooks.is_empty() {
                talk("there is no webhook here: make one with `rumormill hook new ROOM --name NAME`");
            }
            hooks.iter().try_for_each(|hook| if json { self::json(hook) } else { data(&line(hook, &rooms)) })
        }
        What::Remove { hook } => {
            let remove = async |client: &Client| {
                client.call(&endpoints::REMOVE_HOOK, &[&hook], &[], ()).await?;
                Ok(())
            };
            client::with(&place, Reach::Nobody, remove).await
        }
    }
}

/// Makes the hook; also returns the address where another process that has the home open accepts posts.
async fn make(client: &Client, new: New) -> Result<(HookMade, Option<std::net::SocketAddr>), Failure> {
    let New { room, name, to, prefix, word: words, mention } = new;
    let room = pick(client, Some(&room)).await?;
    let to = to.map(|url| Receiver { url, only: Only { prefix, words, mention } });
    let posts = to.is_none();
    let made = client.call(&endpoints::ADD_HOOK, &[room.id.as_str()], &[], &NewHook { name, to }).await?;
    if !posts {
        return Ok((made, None));
    }
    Ok((made, client::listens(client).await?))
}

fn posts(url: &str) -> Result<(), Failure> {
    data(url)?;
    talk(
        "post JSON with a `text`, or the text itself, to this URL; it is shown only now, and lets anyone on this machine post",
    );
    talk(&format!("try: curl -d 'the build is green' {url}    (while `rumormill serve` runs)"));
    Ok(())
}

fn sends(made: &HookMade) -> Result<(), Failure> {
    data(&made.secret)?;
    talk("messages from now on go there while the home is open, signed with this secret, which is shown only now");
    talk("`X-Hub-Signature-256` is `sha256=` and the HMAC-SHA256 of the body; `rumormill hook list` tells how it goes");
    Ok(())
}

/// `q3xk7ab2  lunch  CI  posts into the room`, or the target of a hook and the state of its deliveries.
fn line(hook: &Hook, rooms: &[Room]) -> String {
    let room = rooms.iter().find(|room| room.id == hook.room).map(|room| title(&room.name)).unwrap_or_default();
    let name = clean_name(&hook.name, NICK_CHARS);
    let what = match (&hook.to, &hook.deliveries) {
        (None, _) => "posts into the room".into(),
        (Some(to), deliveries) => {
            let Deliveries { delivered, given_up, why } = deliveries.clone().unwrap_or_default();
            let why = why.map(|why| format!("; last attempt: {}", clean(&why))).unwrap_or_default();
            format!("to {}  delivered: {delivered}, given up: {given_up}{why}", clean(&to.url))
        }
    };
    format!("{}  {room}  {name}  {what}", hook.id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_shows_a_hook_and_its_deliveries() {
        let rooms = [Room { id: "r".into(), name: "lunch".into(), ..Room::default() }];
        let ci = Hook { id: "q3xk7ab2".into(), room: "r".into(), name: "CI".into(), ..Hook::default() };
        assert_eq!(line(&ci, &rooms), "q3xk7ab2  lunch  CI  posts into the room");
        let to = Receiver { url: "http://x/".into(), only: Only::default() };
        let deliveries = Deliveries { delivered: 2, given_up: 1, why: Some("it answered 500".into()) };
        let out = Hook { to: Some(to), deliveries: Some(deliveries), ..ci };
        let told = "q3xk7ab2  lunch  CI  to http://x/  delivered: 2, given up: 1; last attempt: it answered 500";
        assert_eq!(line(&out, &rooms), told);
    }
}
