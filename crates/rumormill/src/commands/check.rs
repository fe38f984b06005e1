//! `rumormill check`: verify stored data.

use std::{
    fs::File,
    io::{BufRead as _, BufReader, Read as _},
    path::{Path, PathBuf},
};

use futures_util::StreamExt as _;
use rumormill_api::{
    Check, Damage, IMPORT_LINE_BYTES, Room, Work,
    endpoint::{Empty, Endpoint, Steps},
    endpoints,
};
use rumormill_client::Client;
use rumormill_node::Inspector;
use rumormill_server::{Bad, Reader, Verified, checked, spoil};
use rumormill_text::{choose, show::count, title};

use crate::{
    client::{self, pick},
    commands::{data, json},
    failure::{Exit, Failure},
    home::{HomeArgs, Reach},
    progress::Progress,
};

/// Arguments of `rumormill check`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Name of the room, or the beginning of its id; all rooms if omitted
    room: Option<String>,
    /// Check an export in JSON lines instead of a room; needs no home
    #[arg(long, value_name = "FILE", conflicts_with = "room")]
    file: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Verifies every hash and signature, and changes nothing.
///
/// # Errors
/// When something is damaged, or cannot be read.
pub(crate) async fn run(args: Args, place: HomeArgs) -> Result<(), Failure> {
    if let Some(file) = &args.file {
        return check_file(file, args.json);
    }
    let found = match client::there(&place.socket()?, Reach::Reading).await {
        Some(client) => ask(&client, args.room.as_deref()).await?,
        None => look(Inspector::open(&place.data()?, place.key()?)?, args.room.as_deref())?,
    };
    for (name, check) in &found {
        match args.json {
            true => json(&serde_json::json!({ "room": name, "check": check }))?,
            false => tell(name, check).iter().try_for_each(|line| data(line))?,
        }
    }
    match found.iter().find(|(_, check)| !check.clean) {
        Some((name, _)) => Err(damaged(name)),
        None => Ok(()),
    }
}

fn damaged(name: &str) -> Failure {
    Failure {
        exit: Exit::Integrity,
        code: "damaged".into(),
        what: format!("the stored data of {} is damaged", title(name)),
        help: "`rumormill resync ROOM` removes the damaged entries and fetches them again; check the disk".into(),
    }
}

/// Asks the process that has the home open.
///
/// # Errors
/// When there is no such room, or the answer breaks off.
pub(crate) async fn ask(client: &Client, wanted: Option<&str>) -> Result<Vec<(String, Check)>, Failure> {
    let rooms = match wanted {
        Some(wanted) => vec![pick(client, Some(wanted)).await?],
        None => client.rooms().await?,
    };
    let mut found = Vec::new();
    for room in rooms {
        let progress = Progress::new("checking", room.entries);
        let check = match work(client, &endpoints::CHECK, &room, &progress).await {
            Ok(Work::Report(check)) => check,
            Ok(_) => return Err(Failure::internal("check", "the check ended without a report".into())),
            Err(failure) => unreadable(failure)?,
        };
        found.push((room.name, check));
    }
    Ok(found)
}

/// Makes a long request, shows its progress, and returns its last line.
pub(crate) async fn work(
    client: &Client,
    endpoint: &Endpoint<Empty, Steps<Work>>,
    room: &Room,
    progress: &Progress,
) -> Result<Work, Failure> {
    let mut steps = client.call(endpoint, &[room.id.as_str()], &[], ()).await?;
    let mut last = None;
    while let Some(step) = steps.next().await {
        match step? {
            Work::Checked { entries, .. } => progress.reach(entries),
            Work::Back { entries, of } => progress.turn("fetching", entries, of),
            Work::Failed(refused) => return Err(refused.into()),
            end => last = Some(end),
        }
    }
    progress.end();
    last.ok_or_else(|| Failure::internal("answer", "it ended too early".into()))
}

/// Checks a home without opening it.
///
/// # Errors
/// When it cannot be read, or another process opened it meanwhile, so that the result may be wrong.
pub(crate) fn look(mut inspector: Inspector, wanted: Option<&str>) -> Result<Vec<(String, Check)>, Failure> {
    let rooms = inspector.rooms();
    let names: Vec<_> = rooms.iter().map(|(id, name)| (name.clone(), id.to_string())).collect();
    let wanted = wanted.map(|wanted| choose(&names, Some(wanted))).transpose()?;
    let mut found = Vec::new();
    for (at, (id, name)) in rooms.into_iter().enumerate() {
        if wanted.is_some_and(|wanted| wanted != at) {
            continue;
        }
        let progress = Progress::new("checking", inspector.entries(&id).unwrap_or(0));
        let looked = inspector.check(&id, &mut |entries| progress.reach(entries));
        let mut check = looked.map(|report| checked(&report)).or_else(|why| unreadable(why.into()))?;
        progress.end();
        if let Some(why) = inspector.damaged(&id) {
            spoil(&mut check, why.to_string());
        }
        found.push((name, check));
    }
    match found.iter().all(|(_, check)| check.clean) || inspector.is_unchanged() {
        true => Ok(found),
        false => Err(Failure {
            exit: Exit::Ours,
            code: "opened".into(),
            what: "the home was opened while it was looked into".into(),
            help: "ask again: the process that has it open will answer".into(),
        }),
    }
}

/// The result for a room that is too damaged to check: the check of the other rooms goes on.
fn unreadable(failure: Failure) -> Result<Check, Failure> {
    if failure.exit != Exit::Integrity {
        return Err(failure);
    }
    let mut check = Check::default();
    spoil(&mut check, failure.what);
    Ok(check)
}

/// The report about one room.
pub(crate) fn tell(name: &str, check: &Check) -> Vec<String> {
    let name = title(name);
    let Check { entries, signatures, .. } = check;
    let verified = count(*entries, "entry", "entries");
    let mut lines = vec![match check.clean {
        true => format!(
            "{name}: {verified} and {} verified, nothing is damaged",
            count(*signatures, "signature", "signatures")
        ),
        false => format!("{name}: {verified} verified, DAMAGED:"),
    }];
    if check.wanted > 0 {
        lines.push(format!("  what {} said is not here yet; it is asked for", count(check.wanted, "entry", "entries")));
    }
    lines.extend(check.damaged.iter().map(|damage| format!("  {}", span(damage))));
    if check.unlisted > 0 {
        lines.push(format!("  and {} more", check.unlisted));
    }
    lines.extend(check.file.iter().map(|what| format!("  {}", rumormill_text::clean(what))));
    lines
}

/// A range of damaged entries in one log.
pub(crate) fn span(damage: &Damage) -> String {
    let Damage { author, nick, first, last, what } = damage;
    let short: String = author.as_str().chars().take(8).collect();
    let who = if nick.is_empty() || *nick == short { short } else { format!("{nick} ({short})") };
    match first == last {
        true => format!("{who} {first}: {what}"),
        false => format!("{who} {first} to {last}: {what}"),
    }
}

/// The report about entries in an export without their content.
pub(crate) fn without(entries: u64) -> String {
    let entries = count(entries, "entry is", "entries are");
    format!("{entries} in it without what was said there: taken back, not kept, or not here when it was written")
}

fn check_file(path: &Path, as_json: bool) -> Result<(), Failure> {
    let unreadable = |error: std::io::Error| Failure {
        exit: Exit::Usage,
        code: "file".into(),
        what: format!("{}: {error}", path.display()),
        help: "name an export in JSON lines".into(),
    };
    let file = File::open(path).map_err(unreadable)?;
    let progress = Progress::bytes("checking");
    progress.turn("checking", 0, file.metadata().map_or(0, |known| known.len()));
    let (mut input, mut reader) = (BufReader::new(file), Reader::default());
    let mut line = Vec::new();
    let broken = |Bad { line, what }: Bad| Failure {
        exit: Exit::Integrity,
        code: "integrity".into(),
        what: format!("{}, line {line}: {what}", path.display()),
        help: "use another copy of the file, or export again where the room is whole".into(),
    };
    loop {
        line.clear();
        let most = IMPORT_LINE_BYTES as u64 + 1;
        let length = input.by_ref().take(most).read_until(b'\n', &mut line).map_err(unreadable)?;
        if length == 0 {
            break;
        }
        progress.add(length as u64);
        reader.line(&line).map_err(broken)?;
    }
    progress.end();
    let verified = reader.finish().map_err(broken)?;
    if as_json {
        return json(&verified);
    }
    let Verified { name, entries, signatures, authors, left_out, without_body, whole, .. } = verified;
    let whole = match (whole, left_out) {
        (true, _) => "it is whole".to_owned(),
        (false, 0) => "it is a part of the room".to_owned(),
        (false, left_out) => format!("{left_out} were left out when it was written"),
    };
    data(&format!(
        "{}: {entries} entries of {authors} authors and {signatures} signatures verified; {whole}",
        title(&name)
    ))?;
    match without_body {
        0 => Ok(()),
        some => data(&format!("  {}", without(some))),
    }
}
