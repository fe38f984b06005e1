//! `rumormill send`: send a message or a file, and exit.

use std::{
    io::{self, BufRead},
    path::PathBuf,
};

use rumormill_api::{LINES_AT_ONCE, Message, TEXT_BYTES, codes};
use rumormill_client::{Client, Error, RoomHandle};
use rumormill_text::{Line, read_line, show::count};
use rumormill_tui::transfer;

use crate::{
    client,
    commands::spread::Spread,
    failure::{Exit, Failure},
    home::{HomeArgs, Reach},
    limits::LONG_NAMED,
};

/// Arguments of `rumormill send`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Name of the room, or the beginning of its id
    room: String,
    /// Text to send; without text and file, every line of standard input is sent
    text: Vec<String>,
    /// File to send; can be given more than once
    #[arg(long, value_name = "PATH")]
    file: Vec<PathBuf>,
}

/// Sends the message, waits for somebody to receive it, and reports how many have it. Nobody there is no failure: the
/// node keeps the message and sends it when the home is open and somebody is there.
///
/// # Errors
/// When there is no such room, a text is too long, or the home cannot be opened.
pub(crate) async fn run(args: Args, place: HomeArgs) -> Result<(), Failure> {
    client::with(&place, Reach::Peers, async |client| say(client, &args).await).await
}

async fn say(client: &Client, args: &Args) -> Result<(), Failure> {
    let mut spread = Spread::listen(client, &args.room).await?;
    let mut bulk = Bulk::default();
    let mut last = match args.text.is_empty() {
        false => Some(spread.room.say(args.text.join(" ")).await?),
        true if args.file.is_empty() => {
            bulk.say(&spread.room, &mut io::stdin().lock()).await?;
            bulk.last.take()
        }
        true => None,
    };
    let id = args.room.as_str().into();
    for file in &args.file {
        let bar = transfer::bar(0, &file.file_name().unwrap_or_default().to_string_lossy());
        let sent = transfer::send(client, &id, file, &bar).await;
        bar.finish_and_clear();
        last = Some(sent.map_err(|failure| in_part(last.as_ref(), failure.into()))?);
    }
    let Some(last) = last else {
        bulk.refused()?;
        return Err(Failure {
            exit: Exit::Usage,
            code: "nothing".into(),
            what: "there was nothing to say".into(),
            help: "give a text, or lines on standard input".into(),
        });
    };
    spread.wait("said", &last.r#ref).await;
    bulk.refused()
}

/// A failure that also says whether part was sent, so that people do not send that part again.
fn in_part(said: Option<&Message>, failure: Failure) -> Failure {
    if said.is_none() {
        return failure;
    }
    let Failure { exit, code, what, help } = failure;
    Failure { exit, code, what: format!("what came before was said, the rest was not: {what}"), help }
}

/// The lines of standard input, and their state.
#[derive(Default)]
struct Bulk {
    /// How many lines were sent, and the last of them.
    said: usize,
    last: Option<Message>,
    /// The last line of the input up to which all is done.
    done: u64,
    /// Lines of the input that were read.
    read: u64,
    /// Lines that are too long for a message: the first numbers, and the total.
    long: Vec<u64>,
    too_long: usize,
}

impl Bulk {
    /// Sends every line that is not empty, many at once.
    async fn say(&mut self, room: &RoomHandle, input: &mut impl BufRead) -> Result<(), Failure> {
        loop {
            let (mut lines, is_ended) = self.next(input).map_err(|failure| self.broken_off(failure))?;
            while !lines.is_empty() {
                let text = lines.iter().map(|(_, line)| line.as_str()).collect::<Vec<_>>().join("\n");
                let said = room.say_lines(text).await;
                let said = said.map_err(|error| match error {
                    Error::Refused { .. } => self.broken_off(error.into()),
                    // Without an answer, the lines may have been sent.
                    error => unsure(self.broken_off(error.into()), &lines),
                })?;
                // Lines that had no place are sent again, since nobody has received them.
                let count = said.len().min(lines.len());
                if count == 0 {
                    return Err(self.broken_off(rumormill_node::Error::Busy.into()));
                }
                self.said += count;
                self.done = lines.drain(..count).next_back().map_or(self.done, |(number, _)| number);
                self.last = said.into_iter().last();
            }
            self.done = self.read;
            if is_ended {
                return Ok(());
            }
        }
    }

    /// The next lines that are not empty, with their numbers, and whether the input ended.
    fn next(&mut self, input: &mut impl BufRead) -> Result<(Vec<(u64, String)>, bool), Failure> {
        let mut lines: Vec<(u64, String)> = Vec::new();
        while lines.len() < LINES_AT_ONCE && lines.iter().map(|(_, line)| line.len()).sum::<usize>() < 2 * TEXT_BYTES {
            let line = read_line(input, TEXT_BYTES);
            let Some(line) = line.map_err(|error| Failure::internal("input", error.to_string()))? else {
                return Ok((lines, true));
            };
            self.read += 1;
            match line {
                Line::Whole(text) if text.trim().is_empty() => {}
                Line::Whole(text) => lines.push((self.read, text)),
                Line::TooLong(_) => {
                    self.too_long += 1;
                    if self.long.len() < LONG_NAMED {
                        self.long.push(self.read);
                    }
                }
            }
        }
        Ok((lines, false))
    }

    /// Why the rest was not sent, what was sent, and how to go on.
    fn broken_off(&self, failure: Failure) -> Failure {
        if self.said == 0 {
            return failure;
        }
        let Failure { exit, code, what, help } = failure;
        let said = count(self.said, "line was said", "lines were said");
        Failure {
            exit,
            code,
            what: format!("{said}, up to line {} of the input; then: {what}", self.done),
            help: format!(
                "{help}; then go on with line {}: tail -n +{} FILE | rumormill send ROOM",
                self.done + 1,
                self.done + 1
            ),
        }
    }

    /// A failure if some lines were too long.
    fn refused(&self) -> Result<(), Failure> {
        if self.too_long == 0 {
            return Ok(());
        }
        let numbers: Vec<String> = self.long.iter().map(u64::to_string).collect();
        let more = if self.too_long > self.long.len() { ", ..." } else { "" };
        let long = count(self.too_long, "line is", "lines are");
        let rest = count(self.said, "other line was said", "other lines were said");
        Err(Failure {
            exit: Exit::Usage,
            code: codes::TOO_LONG.word.into(),
            what: format!(
                "{long} longer than the {TEXT_BYTES} bytes of a message and not said: line {}{more}; {rest}",
                numbers.join(", ")
            ),
            help: "say them again in shorter lines, or as a file with --file".into(),
        })
    }
}

/// A failure that says that the state of these lines is unknown.
fn unsure(failure: Failure, lines: &[(u64, String)]) -> Failure {
    let [Some((first, _)), Some((last, _))] = [lines.first(), lines.last()] else { return failure };
    let what = format!("{}; whether line {first} to {last} were said is not known", failure.what);
    Failure { what, help: format!("look with `rumormill log ROOM --last 5`; {}", failure.help), ..failure }
}
