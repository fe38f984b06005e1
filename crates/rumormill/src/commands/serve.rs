//! `rumormill serve`: take part without a screen, and let pages, scripts and other commands in.

use std::{
    fs,
    io::{self, Write},
    net::SocketAddr,
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
};

use data_encoding::BASE32_NOPAD;
use rumormill_server::{Api, Door, LINK, Link, Pages};
use rumormill_tui::Interrupts;

use crate::{
    client,
    commands::{data, talk},
    failure::{Exit, Failure},
    home::{Place, Reach},
    web,
};

/// What to give `rumormill serve`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Address of the web page and the HTTP API, 127.0.0.1:7667 unless configured; port 0 picks a free one
    #[arg(long, value_name = "ADDRESS", env = "RUMORMILL_HTTP")]
    http: Option<SocketAddr>,
}

/// Serves until it is asked to end, and prints the link that opens the page. Where a process serves already, prints a
/// fresh link of that one.
///
/// # Errors
/// When the home or the address cannot be opened.
pub(crate) async fn run(args: Args, place: Place) -> Result<(), Failure> {
    let socket = place.socket()?;
    if let Some(client) = client::there(&socket).await {
        let Link { link } = client.call(&LINK, &[], &[], ()).await.map_err(|_| Failure {
            exit: Exit::NotAllowed,
            code: "locked".into(),
            what: "a chat has this home open, and it serves no page".into(),
            help: "leave it, run `rumormill serve`, and open the chat again beside it".into(),
        })?;
        talk("another process serves this home already; this opens its page:");
        return data(&link);
    }
    let mut interrupts = Interrupts::new()?;
    let http = match args.http {
        Some(http) => http,
        None => place.config()?.http,
    };
    let mut settings = place.settings(Reach::Peers)?;
    settings.trace = true;
    let node = rumormill_node::Node::open(settings).await?;
    let api = Api::new(node.clone(), &place.data()?, place.config()?.typing())?;
    let pages = Pages::open(http, api.router(), &token(&place.token()?)?, &web::FILES).await?;
    let door = Door::open(&socket, api.router().merge(pages.router()))?;
    data(&pages.link()?)?;
    talk("open this link in a browser of this machine; it works once. `rumormill serve` prints another");
    interrupts.next().await;
    door.close().await;
    pages.close().await;
    node.close().await;
    Ok(())
}

/// The token in the home, made when there is none. Only its owner can read it.
fn token(path: &Path) -> Result<String, Failure> {
    let broken = |error: &io::Error| Failure {
        exit: Exit::Ours,
        code: "token".into(),
        what: format!("{}: {error}", path.display()),
        help: "make it yours and readable, or delete it for a fresh one".into(),
    };
    match fs::read_to_string(path) {
        Ok(token) if token.trim().len() >= 32 => return Ok(token.trim().to_owned()),
        Ok(_) => return Err(broken(&io::Error::new(io::ErrorKind::InvalidData, "this is no token"))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(broken(&error)),
    }
    let mut bytes = [0; 25];
    getrandom::fill(&mut bytes).map_err(|error| Failure::internal("random", error.to_string()))?;
    let token = BASE32_NOPAD.encode(&bytes).to_ascii_lowercase();
    let file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    file.and_then(|mut file| writeln!(file, "{token}")).map_err(|error| broken(&error))?;
    Ok(token)
}
