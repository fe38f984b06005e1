//! `rumormill-relay`: the relay of iroh, so that two people whom no direct path connects meet through a machine of theirs.
//! It passes on packets that are sealed between two nodes, and knows neither rooms nor names.

mod busy;
mod tls;

use std::{
    io::{self, Write as _},
    net::{Ipv6Addr, SocketAddr},
    num::NonZeroU32,
    path::PathBuf,
    process::ExitCode,
    sync::Arc,
};

use clap::Parser;
use iroh_relay::{
    defaults::{DEFAULT_HTTP_PORT, DEFAULT_HTTPS_PORT, DEFAULT_RELAY_QUIC_PORT},
    server::{ClientRateLimit, QuicConfig, RelayConfig, Server, ServerConfig},
};
use tokio::signal::unix::{SignalKind, signal};
use url::Url;

use crate::busy::Busy;

/// The port without TLS: a user needs no rights to take it.
const PLAIN_PORT: u16 = 3340;

/// A relay for Rumormill: two people whom no direct path connects meet through it.
///
/// Nodes use it after `relays = ["https://HOST"]` in their config.toml, or with `--relay https://HOST`. It learns the
/// addresses of nodes, which of them talk with each other, when and how much, and nothing of what they say. With TLS it
/// also tells nodes at which address they are seen, without which two of them behind NATs find no direct path.
#[derive(Parser)]
#[command(version)]
struct Args {
    /// Listen here without TLS [default: port 3340; with TLS, port 80, for tests of the network only]
    #[arg(long, value_name = "ADDRESS")]
    http: Option<SocketAddr>,
    /// Listen here with TLS, if there is a certificate [default: port 443]
    #[arg(long, value_name = "ADDRESS")]
    https: Option<SocketAddr>,
    /// The certificate chain, as PEM; read again each day
    #[arg(long, value_name = "FILE", requires = "key", conflicts_with = "acme")]
    cert: Option<PathBuf>,
    /// The certificate's private key, as PEM
    #[arg(long, value_name = "FILE", requires = "cert")]
    key: Option<PathBuf>,
    /// Get a certificate for this name of the machine from Let's Encrypt, whose terms you accept by that; may be repeated
    #[arg(long, value_name = "NAME", requires_all = ["contact", "state"])]
    acme: Vec<String>,
    /// Get it from the ACME server with this directory instead, which a certificate that the system trusts may vouch for
    #[arg(long, value_name = "URL", requires = "acme")]
    acme_directory: Option<Url>,
    /// The mail address that the ACME server may write to
    #[arg(long, value_name = "MAIL")]
    contact: Option<String>,
    /// The directory where certificates from the ACME server are kept
    #[arg(long, value_name = "DIR")]
    state: Option<PathBuf>,
    /// Serve at most this many nodes at once
    #[arg(long, value_name = "NODES", default_value_t = 1000)]
    nodes: usize,
    /// Take at most this many bytes a second from each node
    #[arg(long, value_name = "BYTES", default_value = "1000000")]
    rate: NonZeroU32,
    /// Serve metrics for Prometheus here
    #[arg(long, value_name = "ADDRESS")]
    metrics: Option<SocketAddr>,
}

/// What went wrong, and what to do about it.
struct Failure {
    what: String,
    help: &'static str,
}

#[tokio::main]
async fn main() -> ExitCode {
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::from_default_env())
        .with_writer(io::stderr)
        .init();
    match run(Args::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure { what, help }) => {
            let _ = writeln!(io::stderr(), "error: {what}\nhelp: {help}");
            ExitCode::FAILURE
        }
    }
}

async fn run(args: Args) -> Result<(), Failure> {
    let names = args.acme.clone();
    let mut relay = Server::spawn(config(args).await?).await.map_err(|error| Failure {
        what: why(&error),
        help: "choose addresses that are free, with --http and --https; ports below 1024 need rights",
    })?;
    say(&relay, &names);
    let (mut interrupt, mut terminate) = (listen(SignalKind::interrupt())?, listen(SignalKind::terminate())?);
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
        _ = relay.join() => {}
    }
    relay.shutdown().await.map_err(|error| Failure { what: why(&error), help: "start it again" })
}

fn listen(kind: SignalKind) -> Result<tokio::signal::unix::Signal, Failure> {
    signal(kind).map_err(|error| Failure { what: error.to_string(), help: "start it again" })
}

async fn config(args: Args) -> Result<ServerConfig, Failure> {
    let everywhere = |port| SocketAddr::from((Ipv6Addr::UNSPECIFIED, port));
    let tls = tls::config(&args, args.https.unwrap_or_else(|| everywhere(DEFAULT_HTTPS_PORT))).await?;
    let port = if tls.is_some() { DEFAULT_HTTP_PORT } else { PLAIN_PORT };
    let mut relay = RelayConfig::new(args.http.unwrap_or_else(|| everywhere(port)));
    let mut config = ServerConfig::default();
    config.quic = tls.is_some().then(|| QuicConfig::new(everywhere(DEFAULT_RELAY_QUIC_PORT)));
    config.metrics_addr = args.metrics;
    relay.tls = tls;
    relay.access = Arc::new(Busy::new(args.nodes));
    let mut rate = ClientRateLimit::new(args.rate);
    // A file is sent in pieces, with pauses between them.
    rate.max_burst_bytes = Some(args.rate.saturating_mul(NonZeroU32::MIN.saturating_add(3)));
    relay.limits.client_rx = Some(rate);
    config.relay = Some(relay);
    Ok(config)
}

/// Says where the relay is, and how nodes come to use it.
fn say(relay: &Server, names: &[String]) {
    let host = names.first().map_or("HOST", String::as_str);
    let (url, note) = match (relay.https_addr(), relay.http_addr()) {
        (Some(addr), _) if addr.port() == DEFAULT_HTTPS_PORT => (format!("https://{host}"), ""),
        (Some(addr), _) => (format!("https://{host}:{}", addr.port()), ""),
        (None, addr) => {
            let port = addr.map_or(PLAIN_PORT, |addr| addr.port());
            let note = "\nwithout TLS, a node behind a NAT does not learn its address here: what two of them say goes through this \
                        relay; what they say is sealed all the same";
            (format!("http://{host}:{port}"), note)
        }
    };
    let _ = writeln!(io::stdout(), "nodes use this relay with: rumormill --relay {url}{note}");
}

/// An error and its causes.
fn why(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |error| error.source()).map(ToString::to_string);
    std::iter::once(error.to_string()).chain(causes).collect::<Vec<_>>().join(": ")
}
