//! `rumormill resync`: remove damaged entries and fetch them again.

use rumormill_api::{Repair, Work, endpoints};
use rumormill_client::Client;
use rumormill_text::show::count;

use crate::{
    client::{self, pick},
    commands::{
        check::{span, tell, work},
        data, json,
    },
    failure::{Exit, Failure},
    home::{HomeArgs, Reach},
    progress::Progress,
};

/// Arguments of `rumormill resync`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Name of the room, or the beginning of its id; optional when there is only one room
    room: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Repairs a room while it runs.
///
/// # Errors
/// When there is no such room, or not all entries came back.
pub(crate) async fn run(args: Args, place: HomeArgs) -> Result<(), Failure> {
    client::with(&place, Reach::Peers, async |client| resync(client, &args).await).await
}

async fn resync(client: &Client, args: &Args) -> Result<(), Failure> {
    let room = pick(client, args.room.as_deref()).await?;
    let progress = Progress::new("checking", room.entries);
    let Work::Repaired(repair) = work(client, &endpoints::RESYNC, &room, &progress).await? else {
        return Err(Failure::internal("resync", "the repair ended without a report".into()));
    };
    match args.json {
        true => json(&repair)?,
        false => lines(&room.name, &repair).iter().try_for_each(|line| data(line))?,
    }
    let left: u64 = repair.missing.iter().map(|damage| damage.last - damage.first + 1).sum();
    if left == 0 {
        return Ok(());
    }
    Err(Failure {
        exit: Exit::Unreachable,
        code: "missing".into(),
        what: format!("{} still missing", count(left, "entry is", "entries are")),
        help: "somebody who has them must come: keep the room open, and they are fetched as soon as that happens"
            .into(),
    })
}

fn lines(name: &str, repair: &Repair) -> Vec<String> {
    let mut lines = tell(name, &repair.found);
    if !repair.found.clean {
        lines.push(format!("taken out: {}; came back: {}", repair.taken_out, repair.back));
        lines.extend(repair.missing.iter().map(|damage| format!("  {}", span(damage))));
    }
    lines
}
