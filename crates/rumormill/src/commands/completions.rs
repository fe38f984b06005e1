//! `rumormill completions` and `rumormill man`: what a shell and `man` know of the commands.

use std::io;

use clap::CommandFactory;
use clap_complete::Shell;

use crate::{Cli, failure::Failure};

/// What to give `rumormill completions`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Shell to complete for
    shell: Shell,
}

/// Prints what makes the shell complete commands and flags.
pub(crate) fn run(args: &Args) {
    clap_complete::generate(args.shell, &mut Cli::command(), "rumormill", &mut io::stdout());
}

/// Prints the manual page.
///
/// # Errors
/// When nobody reads it.
pub(crate) fn man() -> Result<(), Failure> {
    clap_mangen::Man::new(Cli::command()).render(&mut io::stdout()).map_err(|error| Failure::output(&error))
}
