//! A chat room without a server: the commands. Each command except the lab and the demo is one file in `commands`.

use std::{
    io::{self, Write},
    process::ExitCode,
};

use clap::{CommandFactory, Parser, error::ErrorKind};

use crate::{
    failure::{Exit, Failure},
    home::HomeArgs,
};

mod client;
mod clipboard;
mod commands;
mod config;
mod failure;
mod foreign;
mod home;
mod journal;
mod limits;
mod passphrase;
mod progress;
mod socket;
mod visit;
mod web;

/// A chat room without a server.
///
/// `rumormill new lunch` creates a room and prints a ticket; `rumormill join TICKET` joins it. `rumormill` alone opens
/// the last room.
#[derive(Parser)]
#[command(name = "rumormill", version, disable_help_subcommand = true)]
#[command(after_help = MORE)]
struct Cli {
    #[command(flatten)]
    place: HomeArgs,
    #[command(subcommand)]
    command: Option<Command>,
}

/// Commands that the short list omits; each has its own `--help`.
const MORE: &str = "More: reply, react, edit, retract, read, people, verify, msg, requests, topic, nick, hook, bot,\n  device, backup, restore, lock, unlock, get, ticket, keeper, keepers, seen, digest, peers, rules,\n  report, close, keep, forget, export, import, check, resync, top, paths, completions, lab, man";

#[derive(clap::Subcommand)]
enum Command {
    /// Create a room, print its ticket, open it
    New(commands::new::Args),
    /// Join a room with a ticket
    Join(commands::join::Args),
    /// Open a room again
    Chat(commands::chat::Args),
    /// Send a message or a file, and exit
    Send(commands::send::Args),
    /// Reply to a message
    #[command(hide = true)]
    Reply(commands::reply::Args),
    /// Add a reaction to a message, or remove it
    #[command(hide = true)]
    React(commands::react::Args),
    /// Change the text of one of your messages
    #[command(hide = true)]
    Edit(commands::edit::Args),
    /// Take one of your messages back
    #[command(hide = true)]
    Retract(commands::retract::Args),
    /// Mark a room as read, or a message as unread
    #[command(hide = true)]
    Read(commands::read::Args),
    /// List the people of a room
    #[command(hide = true)]
    People(commands::people::Args),
    /// Show your safety number with a person, to compare it, and remember that you did
    #[command(hide = true)]
    Verify(commands::verify::Args),
    /// Talk privately with people of a room
    #[command(hide = true)]
    Msg(commands::msg::Args),
    /// List the private rooms that others ask you into, and enter or decline them
    #[command(hide = true)]
    Requests(commands::msg::Requests),
    /// Print or set the topic of a room
    #[command(hide = true)]
    Topic(commands::topic::Args),
    /// Print or set the name that others see you by
    #[command(hide = true)]
    Nick(commands::nick::Args),
    /// Make, list and remove webhooks
    #[command(hide = true)]
    Hook(commands::hook::Args),
    /// Make, list and remove bots, which are members of their own
    #[command(hide = true)]
    Bot(commands::bot::Args),
    /// Link, list and revoke machines of yours
    #[command(hide = true)]
    Device(commands::device::Args),
    /// Write a backup of this home into one file under a passphrase
    #[command(hide = true)]
    Backup(commands::backup::Args),
    /// Come back into the rooms of a backup
    #[command(hide = true)]
    Restore(commands::backup::RestoreArgs),
    /// Put the keys of this home under a passphrase, or under another one
    #[command(hide = true)]
    Lock(commands::lock::Args),
    /// Take the keys of this home out from under the passphrase
    #[command(hide = true)]
    Unlock(commands::lock::UnlockArgs),
    /// Print the messages of a room
    Log(commands::log::Args),
    /// Print the ticket that lets others join
    #[command(hide = true)]
    Ticket(commands::ticket::Args),
    /// Print or change the rules of a closed room
    #[command(hide = true)]
    Rules(commands::rules::Args),
    /// Close an open room that you founded, or were named to close: from then on its members decide who comes in
    #[command(hide = true)]
    Close(commands::close::Args),
    /// Report a message to those who govern a closed room
    #[command(hide = true)]
    Report(commands::report::Args),
    /// List your rooms
    Rooms(commands::rooms::Args),
    /// List the peers of a room and the path to each
    #[command(hide = true)]
    Peers(commands::peers::Args),
    /// Save a file that somebody sent
    #[command(hide = true)]
    Get(commands::get::Args),
    /// List the people who have a message
    #[command(hide = true)]
    Seen(commands::seen::Args),
    /// Search the messages of a room
    Search(commands::search::Args),
    /// Print the digest that two people compare to check that they hold the same messages
    #[command(hide = true)]
    Digest(commands::digest::Args),
    /// Show or set how much of a room this disk keeps
    #[command(hide = true)]
    Keep(commands::keep::Args),
    /// Remove a room, or everything, from this machine
    #[command(hide = true)]
    Forget(commands::forget::Args),
    /// Export a room to a file
    #[command(hide = true)]
    Export(commands::export::Args),
    /// Import exports, and logs from IRC clients, Slack, Matrix and other systems
    #[command(hide = true)]
    Import(commands::import::Args),
    /// Verify every hash and signature of a room or an export
    #[command(hide = true)]
    Check(commands::check::Args),
    /// Remove damaged entries and fetch them again
    #[command(hide = true)]
    Resync(commands::resync::Args),
    /// Store and serve rooms that this machine cannot read, for a machine that you do not trust
    #[command(hide = true)]
    Keeper(commands::keeper::Args),
    /// List the keepers of a room, and what each holds
    #[command(hide = true)]
    Keepers(commands::people::Args),
    /// Run all rooms without a screen, with the web page and the HTTP API
    Serve(commands::serve::Args),
    /// Watch rooms, links, delivery lag and refusals of a running node
    #[command(hide = true)]
    Top(commands::top::Args),
    /// Check what works on this machine and what does not
    Doctor(commands::doctor::Args),
    /// Print the paths of the program's files
    #[command(hide = true)]
    Paths(commands::paths::Args),
    /// Print shell completions
    #[command(hide = true)]
    Completions(commands::completions::Args),
    /// Print the manual page
    #[command(hide = true)]
    Man(commands::completions::Page),
    /// Watch four processes hold a conversation, lose one, and repair
    Demo,
    /// Run the console of the first system
    #[command(subcommand, hide = true)]
    Lab(rumormill_lab::Command),
    #[command(hide = true)]
    Proxy(rumormill_lab::proxy::Args),
    #[command(hide = true)]
    DemoNode(rumormill_lab::demo::node::Args),
}

fn main() -> ExitCode {
    let parsed = parse();
    let logs_json = matches!(&parsed, Ok(Some(cli)) if cli.place.logs_json());
    match parsed.and_then(|cli| cli.map_or(Ok(()), run)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            match failure.exit {
                Exit::Done => {}
                _ if logs_json => journal::end(&failure),
                _ => _ = writeln!(io::stderr(), "{failure}"),
            }
            ExitCode::from(failure.exit as u8)
        }
    }
}

fn run(Cli { place, command }: Cli) -> Result<(), Failure> {
    let Some(command) = command else {
        if !rumormill_tui::at_terminal() {
            return help();
        }
        place.log();
        return commands::run(commands::start::run(place));
    };
    match command {
        Command::Lab(command) => Ok(rumormill_lab::run(command)?),
        Command::Proxy(args) => Ok(rumormill_lab::proxy::run(&args)?),
        Command::Paths(args) => commands::paths::run(&args, &place),
        Command::Lock(args) => commands::lock::run(&args, &place),
        Command::Unlock(_) => commands::lock::unlock(&place),
        Command::Completions(args) => commands::completions::run(&args),
        Command::Man(page) => commands::completions::man(&page),
        command => {
            place.log();
            commands::run(run_online(command, place))
        }
    }
}

/// Prints help when no command is named and there is no terminal to ask at.
fn help() -> Result<(), Failure> {
    let help = Cli::command().render_help();
    io::stdout().write_all(help.to_string().as_bytes()).map_err(|error| Failure::output(&error))?;
    Err(usage("a command is missing".into()))
}

async fn run_online(command: Command, place: HomeArgs) -> Result<(), Failure> {
    match command {
        Command::New(args) => commands::new::run(args, place).await,
        Command::Join(args) => commands::join::run(args, place).await,
        Command::Chat(args) => commands::chat::run(args, place).await,
        Command::Send(args) => commands::send::run(args, place).await,
        Command::Reply(args) => commands::reply::run(args, place).await,
        Command::React(args) => commands::react::run(args, place).await,
        Command::Edit(args) => commands::edit::run(args, place).await,
        Command::Retract(args) => commands::retract::run(args, place).await,
        Command::Read(args) => commands::read::run(args, place).await,
        Command::People(args) => commands::people::run(args, place).await,
        Command::Verify(args) => commands::verify::run(args, place).await,
        Command::Msg(args) => commands::msg::run(args, place).await,
        Command::Requests(args) => commands::msg::requests(args, place).await,
        Command::Topic(args) => commands::topic::run(args, place).await,
        Command::Nick(args) => commands::nick::run(args, place).await,
        Command::Hook(args) => commands::hook::run(args, place).await,
        Command::Bot(args) => commands::bot::run(args, place).await,
        Command::Device(args) => commands::device::run(args, place).await,
        Command::Backup(args) => commands::backup::run(args, place).await,
        Command::Restore(args) => commands::backup::restore(args, place).await,
        Command::Log(args) => commands::log::run(args, place).await,
        Command::Ticket(args) => commands::ticket::run(args, place).await,
        Command::Rules(args) => commands::rules::run(args, place).await,
        Command::Close(args) => commands::close::run(args, place).await,
        Command::Report(args) => commands::report::run(args, place).await,
        Command::Rooms(args) => commands::rooms::run(args, place).await,
        Command::Peers(args) => commands::peers::run(args, place).await,
        Command::Get(args) => commands::get::run(args, place).await,
        Command::Seen(args) => commands::seen::run(args, place).await,
        Command::Search(args) => commands::search::run(args, place).await,
        Command::Digest(args) => commands::digest::run(args, place).await,
        Command::Keep(args) => commands::keep::run(args, place).await,
        Command::Forget(args) => commands::forget::run(args, place).await,
        Command::Export(args) => commands::export::run(args, place).await,
        Command::Import(args) => commands::import::run(args, place).await,
        Command::Check(args) => commands::check::run(args, place).await,
        Command::Resync(args) => commands::resync::run(args, place).await,
        Command::Keeper(args) => commands::keeper::run(args, place).await,
        Command::Keepers(args) => commands::keepers::run(args, place).await,
        Command::Serve(args) => commands::serve::run(args, place).await,
        Command::Top(args) => commands::top::run(args, place).await,
        Command::Doctor(args) => commands::doctor::run(args, place).await,
        Command::Demo => Ok(rumormill_lab::demo::run().await?),
        Command::DemoNode(args) => Ok(rumormill_lab::demo::node::run(args).await?),
        Command::Lab(_) | Command::Proxy(_) | Command::Paths(_) | Command::Completions(_) | Command::Man(_) => Ok(()),
        Command::Lock(_) | Command::Unlock(_) => Ok(()),
    }
}

/// Parses the command line; `None` when it asked for help, which this prints.
fn parse() -> Result<Option<Cli>, Failure> {
    let error = match Cli::try_parse() {
        Ok(cli) => return Ok(Some(cli)),
        Err(error) => error,
    };
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            error.print().map_err(|error| Failure::output(&error)).map(|()| None)
        }
        _ => {
            let text = error.to_string();
            let lines: Vec<&str> = text.lines().map(str::trim).take_while(|line| !line.is_empty()).collect();
            Err(usage(lines.join(" ").trim_start_matches("error: ").to_owned()))
        }
    }
}

fn usage(what: String) -> Failure {
    let typed = std::env::args().nth(1);
    let known = |name: &str| Cli::command().get_subcommands().any(|command| command.get_name() == name);
    let help = match typed.filter(|name| known(name)) {
        Some(name) => format!("rumormill {name} --help"),
        None => "rumormill --help".into(),
    };
    Failure { exit: Exit::Usage, code: "usage".into(), what, help }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn help_names_every_command() {
        let help = Cli::command().render_help().to_string();
        let inner = ["proxy", "demo-node"];
        for command in Cli::command().get_subcommands().map(|command| command.get_name().to_owned()) {
            let named = help.contains(&format!("  {command} ")) || help.contains(&format!(" {command},"));
            assert!(named || help.trim_end().ends_with(&command) || inner.contains(&command.as_str()), "{command}");
        }
    }

    #[test]
    fn help_fits_a_screen() {
        let command = Cli::command();
        for command in [&command].into_iter().chain(command.get_subcommands()) {
            let lines = command.clone().render_help().to_string().lines().count();
            assert!(lines <= 24, "{}: {lines} lines", command.get_name());
        }
    }
}
