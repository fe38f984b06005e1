//! The lab: the console interface of the first system, on the same engine and transport as everything else.

use std::{
    path::{Path, PathBuf},
    process::abort,
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

pub use crate::failure::{Cause, Failure};

mod command;
pub mod demo;
mod dir;
mod door;
mod failure;
mod keys;
mod limits;
mod lines;
mod process;
pub mod proxy;
mod scripts;
mod spawn;
mod start;
mod trace;

/// Commands of the lab.
#[derive(clap::Subcommand)]
pub enum Command {
    /// Leave ./process and ./stopall in a directory
    Init(scripts::Args),
    /// Run one process of a room that stands in a line
    Process(process::Args),
    /// Start all processes of a room
    Start(start::Args),
    /// Drive the processes by commands, one a line
    Proxy(proxy::Args),
    /// End the processes of this lab
    Stop(Dir),
}

/// Whose lab it is.
#[derive(clap::Args, Clone)]
pub struct Dir {
    /// Directory whose lab it is
    #[arg(long, default_value = ".", value_name = "DIR")]
    dir: PathBuf,
}

/// Runs a command of the lab.
///
/// # Errors
/// What the command failed with.
pub fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::Init(args) => scripts::run(&args),
        Command::Process(args) => process::run(&args),
        Command::Start(args) => start::run(&args),
        Command::Proxy(args) => proxy::run(&args),
        Command::Stop(args) => stop(&args.dir),
    }
}

/// A directory in which no lab ever ran has no processes to end.
fn stop(dir: &Path) -> Result<(), Failure> {
    if !dir::LabDir::exists(dir) {
        return Ok(());
    }
    dir::LabDir::open(dir)?.stop_all().map(|_| ())
}

/// Ends this process as a power cut would: nothing is flushed, nobody is told.
fn crash() -> ! {
    let _ = kill(Pid::this(), Signal::SIGKILL);
    abort()
}
