//! The lab: the console interface of the first system, on our engine and transport.

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
    /// Write ./process and ./stopall to a directory
    Init(scripts::Args),
    /// Run one process of a room whose processes form a line
    Process(process::Args),
    /// Start all processes of a room
    Start(start::Args),
    /// Drive the processes with commands, one a line
    Proxy(proxy::Args),
    /// End the processes of this lab
    Stop(Dir),
}

/// The directory of a lab.
#[derive(clap::Args, Clone)]
pub struct Dir {
    /// Directory of the lab
    #[arg(long, default_value = ".", value_name = "DIR")]
    dir: PathBuf,
}

/// Runs a command of the lab.
///
/// # Errors
/// The failure of the command.
pub fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::Init(args) => scripts::run(&args),
        Command::Process(args) => process::run(&args),
        Command::Start(args) => start::run(&args),
        Command::Proxy(args) => proxy::run(&args),
        Command::Stop(args) => stop(&args.dir),
    }
}

/// Ends all processes of the lab. A directory without a lab has none.
fn stop(dir: &Path) -> Result<(), Failure> {
    if !dir::LabDir::exists(dir) {
        return Ok(());
    }
    dir::LabDir::open(dir)?.stop_all().map(|_| ())
}

/// Ends this process like a power cut: without flushing or telling anyone.
fn crash() -> ! {
    let _ = kill(Pid::this(), Signal::SIGKILL);
    abort()
}
