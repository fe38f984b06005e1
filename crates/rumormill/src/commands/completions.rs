//! `rumormill completions` and `rumormill man`: print shell completions and manual pages.

use std::io::{self, Write as _};

use clap::{Command, CommandFactory};
use clap_complete::Shell;

use crate::{
    Cli,
    failure::{Exit, Failure},
};

/// Arguments of `rumormill completions`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Shell to complete for
    shell: Shell,
}

/// Arguments of `rumormill man`.
#[derive(clap::Args)]
pub(crate) struct Page {
    /// Command whose page to print, such as `join` or `lab start`; the page of the program if omitted
    command: Vec<String>,
}

/// Prints the completions of a shell.
///
/// # Errors
/// When nobody reads the output.
pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "rumormill", &mut script);
    print(&script)
}

/// Prints a manual page.
///
/// # Errors
/// When there is no such command, or nobody reads the page.
pub(crate) fn man(page: &Page) -> Result<(), Failure> {
    let wanted = page.command.iter().flat_map(|word| word.trim_start_matches("rumormill").split('-'));
    let wanted = wanted.filter(|word| !word.is_empty());
    let page = write(find(wanted)?).map_err(|error| Failure::output(&error))?;
    print(&page)
}

fn write(command: Command) -> io::Result<Vec<u8>> {
    let title = command.get_display_name().unwrap_or(command.get_name()).to_owned();
    let mut page = Vec::new();
    clap_mangen::Man::new(command).title(title).render(&mut page)?;
    Ok(page)
}

/// The command with this name, named as on its page.
fn find<'a>(wanted: impl Iterator<Item = &'a str>) -> Result<Command, Failure> {
    // The pages also name the commands that short help leaves out.
    let inner = ["proxy", "demo-node"];
    let mut command = Cli::command().mut_subcommands(|one| {
        let is_inner = inner.contains(&one.get_name());
        one.hide(is_inner)
    });
    // Gives each command the name that its parent's page uses.
    command.build();
    for word in wanted {
        let found = command.find_subcommand(word).cloned();
        command = found.ok_or_else(|| Failure {
            exit: Exit::Usage,
            code: "usage".into(),
            what: format!("there is no command {word:?}"),
            help: "`rumormill --help` lists the commands".into(),
        })?;
    }
    Ok(command)
}

fn print(text: &[u8]) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    out.write_all(text).and_then(|()| out.flush()).map_err(|error| Failure::output(&error))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(words: &[&str]) -> Option<String> {
        Some(String::from_utf8(write(find(words.iter().copied()).ok()?).unwrap()).unwrap())
    }

    #[test]
    fn every_page_named_by_a_page_exists() {
        let first = page(&[]).unwrap();
        let mut named = 0;
        for line in first.lines().filter(|line| line.starts_with("rumormill\\-") && line.ends_with("(1)")) {
            let name = line.replace("\\-", "-");
            let words: Vec<&str> = name.trim_end_matches("(1)").split('-').skip(1).collect();
            let page = page(&words).unwrap_or_else(|| panic!("{name}"));
            assert!(page.contains(&format!(".TH {}", name.trim_end_matches("(1)"))), "{name}: {page}");
            named += 1;
        }
        assert!(named > 10, "{named}: {first}");
        assert_eq!(page(&["nothing"]), None);
    }
}
