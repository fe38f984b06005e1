//! `rumormill serve`: run all rooms without a screen, and serve pages, scripts and other commands.

use rumormill_server::{LINK, Link, Wanted};
use rumormill_tui::Interrupts;

use crate::{
    client::{self, Owner},
    commands::{data, talk},
    config::Http,
    failure::Failure,
    home::{HomeArgs, Reach},
};

/// Arguments of `rumormill serve`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Address of the web page and the HTTP API, localhost:7667 unless configured; port 0 picks a free one
    #[arg(long, value_name = "ADDRESS", env = "RUMORMILL_HTTP")]
    http: Option<Http>,
}

/// Serves until it is asked to end, and prints the link that opens the page. If another process has the home open, that
/// one serves, and this prints its link.
///
/// # Errors
/// When the home or the address cannot be opened.
pub(crate) async fn run(args: Args, place: HomeArgs) -> Result<(), Failure> {
    let wanted = args.http.map(|Http(at)| at).unwrap_or_default();
    let mut interrupts = Interrupts::new()?;
    match client::owner(&place, Reach::Serving).await? {
        Owner::Other(client) => {
            let Link { link, at } = client.call(&LINK, &[], &[], &Wanted { at: wanted.clone() }).await?;
            data(&link)?;
            talk(
                "another process has this home open: it serves the page for as long as it runs; open this link in a browser",
            );
            if !wanted.is_empty() && !wanted.iter().any(|addr| *addr == at || addr.port() == 0) {
                talk(&format!("it serves the page at {at} already, so not where --http says"));
            }
            Ok(())
        }
        Owner::Us(here) => {
            let served = async {
                data(&here.link(Wanted { at: wanted }).await?.link)?;
                if !place.logs_json() {
                    talk(
                        "open this link in a browser of this machine; it works once. `rumormill serve` prints another",
                    );
                }
                interrupts.next().await;
                Ok(())
            };
            let served = served.await;
            here.close().await;
            served
        }
    }
}
