//! `rumormill rooms`: list the rooms kept here.

use serde::Serialize;

use crate::{
    commands::{data, json, talk},
    failure::Failure,
    home::{Place, Reach, title},
};

/// What to give `rumormill rooms`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// One JSON object a line
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Row {
    id: String,
    name: String,
    entries: u64,
    authors: usize,
    me: String,
}

/// Prints a line a room.
///
/// # Errors
/// When the home cannot be opened.
pub(crate) async fn run(args: Args, place: Place) -> Result<(), Failure> {
    let node = place.open(Reach::Nobody).await?;
    let rooms = node.rooms();
    let rows: Vec<Row> = rooms
        .iter()
        .map(|room| {
            let status = room.status();
            Row {
                id: room.id().to_string(),
                name: room.name(),
                entries: status.entries,
                authors: status.authors,
                me: room.author().to_string(),
            }
        })
        .collect();
    node.close().await;
    if rows.is_empty() {
        talk("there is no room here: make one with `rumormill new NAME`");
    }
    rows.iter().try_for_each(|row| match args.json {
        true => json(row),
        false => {
            let name = title(&row.name);
            data(&format!("{name}  {}  entries: {}, authors: {}", &row.id[..8], row.entries, row.authors))
        }
    })
}
