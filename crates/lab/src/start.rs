//! `rumormill lab start`: starts all processes of a room.

use std::io::{self, Write};

use crate::{
    Dir,
    dir::LabDir,
    failure::{Cause, Failure},
    limits::LAB_PROCESSES,
    spawn::spawn,
};

/// Arguments of `rumormill lab start`.
#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    dir: Dir,
    /// Number of processes in the room
    #[arg(default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=i64::from(LAB_PROCESSES)))]
    n: u16,
    /// Console port of process 0; the others use the ports after it
    #[arg(long, default_value_t = 30000, value_name = "PORT")]
    port: u16,
}

/// Starts the processes that are not running, and prints each one's pid and console port.
///
/// # Errors
/// When a process does not start.
pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    if args.port.checked_add(args.n).is_none() {
        return Err(Failure {
            cause: Cause::Usage,
            code: "usage".into(),
            what: format!("{} ports from {} on go past 65535", args.n, args.port),
            help: "take a smaller --port".into(),
        });
    }
    let lab = LabDir::open(&args.dir.dir)?;
    let running = lab.running()?;
    for pid in 0..args.n {
        let port = match running.iter().find(|started| started.pid == pid) {
            Some(started) => started.port,
            None => {
                spawn(&args.dir.dir, pid, args.n, args.port + pid)?;
                args.port + pid
            }
        };
        writeln!(io::stdout(), "{pid} {port}").map_err(|error| Failure::output(&error))?;
    }
    let _ = writeln!(io::stderr(), "talk to them: rumormill lab proxy; end them: rumormill lab stop");
    Ok(())
}
