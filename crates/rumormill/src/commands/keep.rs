//! `rumormill keep`: how much of a room stays on this disk.

use jiff::{Span, SpanRelativeTo, Unit};
use rumormill_api::{Keep, KeepFiles, endpoints};
use rumormill_client::Client;
use rumormill_text::{show::thousands, size};

use crate::{
    client::{self, pick},
    commands::{data, json},
    failure::Failure,
    home::{HomeArgs, Reach},
};

/// Arguments of `rumormill keep`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Name of the room, or the beginning of its id; optional when there is only one room
    room: Option<String>,
    /// Keep messages for this long: 30d, 12h
    #[arg(long, value_name = "TIME", value_parser = milliseconds)]
    age: Option<u64>,
    /// Keep this many of the newest messages
    #[arg(long, value_name = "N")]
    messages: Option<u64>,
    /// Keep this many bytes of messages: 500k, 20M, 1G
    #[arg(long, value_name = "SIZE", value_parser = bytes)]
    bytes: Option<u64>,
    /// Keep files for this long after they arrived
    #[arg(long, value_name = "TIME", value_parser = milliseconds)]
    file_age: Option<u64>,
    /// Keep this many of the newest files
    #[arg(long, value_name = "N")]
    files: Option<u64>,
    /// Keep this many bytes of files
    #[arg(long, value_name = "SIZE", value_parser = bytes)]
    file_bytes: Option<u64>,
    /// Keep this many bytes of what each author says; 268M unless you choose another share
    #[arg(long, value_name = "SIZE", value_parser = share)]
    author_bytes: Option<u64>,
    /// Remove all bounds except those given with this command
    #[arg(long)]
    everything: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Sets the given bounds, if any, and prints all of them. Other people's nodes are not affected.
///
/// # Errors
/// When there is no such room, or the home cannot be opened.
pub(crate) async fn run(args: Args, place: HomeArgs) -> Result<(), Failure> {
    client::with(&place, Reach::Nobody, async |client| keep(client, &args).await).await
}

async fn keep(client: &Client, args: &Args) -> Result<(), Failure> {
    let room = pick(client, args.room.as_deref()).await?;
    let before = if args.everything { Keep::default() } else { room.keep };
    let keep = Keep {
        age_ms: args.age.or(before.age_ms),
        entries: args.messages.or(before.entries),
        bytes: args.bytes.or(before.bytes),
        files: KeepFiles {
            age_ms: args.file_age.or(before.files.age_ms),
            count: args.files.or(before.files.count),
            bytes: args.file_bytes.or(before.files.bytes),
        },
        share: args.author_bytes.or(before.share),
    };
    let room = match keep == room.keep {
        true => room,
        false => client.call(&endpoints::SET_KEEP, &[room.id.as_str()], &[], &keep).await?,
    };
    if args.json {
        return json(&room.keep);
    }
    let Keep { age_ms, entries, bytes, files, share } = room.keep;
    data(&format!("messages  {}", bounds(age_ms, entries, bytes)))?;
    data(&format!("files     {}", bounds(files.age_ms, files.count, files.bytes)))?;
    share.map_or(Ok(()), |share| data(&format!("authors   {} each", size(share))))
}

/// Bounds as people write them: `30d, the newest 1,000, 20.0 MB`.
fn bounds(age_ms: Option<u64>, count: Option<u64>, bytes: Option<u64>) -> String {
    let age = age_ms.map(|ms| match (ms / 3_600_000, ms / 60_000) {
        (hours, _) if hours >= 24 && ms.is_multiple_of(86_400_000) => format!("{}d", hours / 24),
        (hours, _) if hours > 0 && ms.is_multiple_of(3_600_000) => format!("{hours}h"),
        (_, minutes) => format!("{minutes}m"),
    });
    let count = count.map(|count| format!("the newest {}", thousands(count)));
    let bounds: Vec<String> = age.into_iter().chain(count).chain(bytes.map(size)).collect();
    if bounds.is_empty() { "everything".into() } else { bounds.join(", ") }
}

fn milliseconds(text: &str) -> Result<u64, String> {
    let help = "say how long, as 30d, 12h or 90m";
    let span: Span = text.parse().map_err(|_| help.to_owned())?;
    let ms = span.total((Unit::Millisecond, SpanRelativeTo::days_are_24_hours())).map_err(|_| help.to_owned())?;
    if ms >= 60_000.0 { Ok(ms as u64) } else { Err("keep a minute at least".into()) }
}

fn share(text: &str) -> Result<u64, String> {
    let share = bytes(text)?;
    if share >= 1_000_000 { Ok(share) } else { Err("keep a megabyte of each author at least".into()) }
}

/// Reads how many bytes people mean.
pub(super) fn bytes(text: &str) -> Result<u64, String> {
    let help = || "say how much, as 500k, 20M or 1G".to_owned();
    let (digits, unit) = text.split_at(text.find(|char: char| !char.is_ascii_digit()).unwrap_or(text.len()));
    let factor = match unit.to_ascii_lowercase().trim_end_matches('b') {
        "" => 1,
        "k" => 1_000,
        "m" => 1_000_000,
        "g" => 1_000_000_000,
        _ => return Err(help()),
    };
    digits.parse::<u64>().ok().and_then(|number| number.checked_mul(factor)).ok_or_else(help)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_parsed_and_shown() {
        let cases = [("30d", 30 * 86_400_000), ("12h", 12 * 3_600_000), ("90m", 90 * 60_000), ("1w", 7 * 86_400_000)];
        for (text, ms) in cases {
            assert_eq!(milliseconds(text).ok(), Some(ms), "{text}");
        }
        for text in ["", "30", "1s", "abc", "1y"] {
            assert!(milliseconds(text).is_err(), "{text}");
        }
        let cases = [("7", 7), ("500k", 500_000), ("20M", 20_000_000), ("1G", 1_000_000_000), ("3kB", 3_000)];
        for (text, want) in cases {
            assert_eq!(bytes(text), Ok(want), "{text}");
        }
        for text in ["", "k", "-1", "1.5M", "3T", "99999999999999999999", "18446744073709551615k"] {
            assert!(bytes(text).is_err(), "{text}");
        }
        assert_eq!(bounds(None, None, None), "everything");
        assert_eq!(bounds(Some(30 * 86_400_000), Some(1000), Some(20_000_000)), "30d, the newest 1,000, 20.0 MB");
        assert_eq!(bounds(Some(36 * 3_600_000), None, None), "36h");
    }
}
