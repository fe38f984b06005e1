//! `rumormill top`: watch the rooms and links of a running node.

use rumormill_client::Client;
use rumormill_tui::{at_terminal, top, top_once};

use crate::{
    client,
    commands::data,
    failure::Failure,
    home::{HomeArgs, Reach},
};

/// Arguments of `rumormill top`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Print one plain table, with totals instead of rates; so does an output that is no terminal
    #[arg(long)]
    once: bool,
}

/// Shows the figures of the process that has the home open, or of this one, which takes part meanwhile.
///
/// # Errors
/// When the home or the terminal cannot be opened.
pub(crate) async fn run(args: Args, place: HomeArgs) -> Result<(), Failure> {
    let stays = !args.once && at_terminal();
    let reach = if stays { Reach::Staying } else { Reach::Reading };
    let show = async |client: &Client| match stays {
        true => Ok(top(client).await?),
        false => top_once(client).await?.iter().try_for_each(|row| data(row)),
    };
    client::with(&place, reach, show).await
}
