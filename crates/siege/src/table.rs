//! Runs all attacks, each in its own process, and writes the outcomes as Markdown.
//!
//! The tables stand in `docs/security.md` between two comments. Each row begins with a key that is known without a run.
//! The key identifies the row, and a test checks that no row is missing and none is left over.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "it reports to its caller")]

use std::{
    fs,
    io::{self, Read},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use crate::{
    Attack, Form, Held, Outcome, Verdict, attacks,
    outcome::{Delivery, Measured},
};

/// Time limit of a run, short and full; a run without its defence may never end, which is also a result. In full, the
/// longest takes ten minutes by its nature.
const PATIENCE: (Duration, Duration) = (Duration::from_secs(120), Duration::from_secs(1_200));

/// The comments around the tables.
const BEGIN: &str = "<!-- `rumormill-siege table` and `rows` write everything up to the next comment -->\n";
const END: &str = "<!-- end of the tables -->\n";

const ATTACKS: &str = "| threat | attack | verdict | p50 / p99 ms: calm, under attack, after | p99 allowed | MiB: before, \
                       during, after | idle cores | s |\n|---|---|---|---|---|---|---|---|\n";
const TESTS: &str = "\n| threat | attack | test that holds it |\n|---|---|---|\n";
const DEFENCES: &str = "\n| defence | caught by | without it |\n|---|---|---|\n";

/// The verdict of an attack that was not run.
const NOT_RUN: &str = "not carried out";

/// A finished run in its own process.
pub struct Ran {
    /// The verdict.
    pub verdict: Verdict,
    /// Its standard output.
    pub printed: String,
    /// The last line of its standard error.
    pub complaint: String,
    /// Its duration.
    pub seconds: f64,
}

/// Runs an attack in its own process, which is killed when it takes too long.
///
/// # Panics
/// When the program cannot be started.
pub fn child(program: &str, attack: &str, without: Option<&str>, form: Form) -> Ran {
    let mut command = Command::new(program);
    command.args(["run", attack]).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.args(without.map(|defence| ["--without", defence]).into_iter().flatten());
    command.args((form == Form::Short).then_some("--short"));
    let mut child = command.spawn().expect("the program starts once more");
    let (out, err) = (child.stdout.take().map(drain), child.stderr.take().map(drain));
    let begun = Instant::now();
    let status = loop {
        match child.try_wait().expect("a child can be waited for") {
            Some(status) => break Some(status),
            None if begun.elapsed() > form.pick(PATIENCE.0, PATIENCE.1) => {
                // It may just have ended by itself.
                let _ = child.kill();
                let _ = child.wait();
                break None;
            }
            None => thread::sleep(Duration::from_millis(20)),
        }
    };
    let seconds = begun.elapsed().as_secs_f64();
    let [printed, complaint] = [out, err].map(|read| read.and_then(|read| read.join().ok()).unwrap_or_default());
    let verdict = match status.and_then(|status| status.code()) {
        Some(0) => Verdict::Met,
        Some(1) => Verdict::NotMet,
        Some(3) => Verdict::Unjudged,
        _ => Verdict::Broke,
    };
    let complaint = match status {
        None => "it did not end".to_owned(),
        Some(_) => {
            complaint.lines().map(str::trim).find(|line| line.contains("panicked")).unwrap_or_default().to_owned()
        }
    };
    Ran { verdict, printed, complaint, seconds }
}

/// Reads everything, so that the child never waits for a full pipe.
fn drain(mut pipe: impl Read + Send + 'static) -> thread::JoinHandle<String> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        // The part read before an error is enough.
        let _ = pipe.read_to_end(&mut bytes);
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

/// Prints the outcome of one attack, in lines that [`carry_out`] parses.
pub fn tell(outcome: &Outcome, form: Form) {
    for count in &outcome.counts {
        let verdict = if count.holds() { "ok" } else { "BROKEN" };
        println!("count\t{}\t{}\t{}\t{verdict}", count.what, count.is, count.bound);
    }
    if let Some(measured) = &outcome.measured {
        let Measured { during, after, memory_mib: [before, under, behind], idle_cores, .. } = measured;
        let delivery = |delivery: &Delivery| format!("{:.1} / {:.1}", delivery.p50, delivery.p99);
        let calm = Delivery { p50: measured.calm.iter().map(|calm| calm.p50).sum(), p99: measured.worst_calm() };
        let calm = Delivery { p50: calm.p50 / measured.calm.len().max(1) as f64, ..calm };
        println!("measured\t{}\t{}\t{}", delivery(&calm), delivery(during), delivery(after));
        println!("memory\t{before}, {under}, {behind}");
        println!("idle\t{idle_cores:.1}");
        println!("allowed\t{:.1}", measured.allowed_ms());
    }
    println!("verdict\t{:?}", outcome.verdict(form));
}

/// Runs everything and writes the tables, reporting progress; returns whether all was as required.
///
/// # Panics
/// When this program cannot be found.
pub fn carry_out(form: Form) -> (String, bool) {
    let program = std::env::current_exe().expect("this program has a path").display().to_string();
    let (mut tables, mut good) = (ATTACKS.to_owned(), true);
    for attack in attacks::ALL {
        let ran = child(&program, attack.name, None, form);
        good &= ran.verdict == Verdict::Met;
        let row = format!("{} {} |\n", attack_key(attack), figures(&ran));
        eprint!("{row}");
        tables += &row;
    }
    tables += TESTS;
    attacks::HELD.iter().for_each(|held| tables += &format!("{}\n", held_key(held)));
    tables += DEFENCES;
    for (attack, defence) in defences() {
        let ran = child(&program, attack.name, Some(defence), Form::Short);
        good &= ran.verdict != Verdict::Met;
        let row = format!("{} {} |\n", defence_key(attack, defence), without(&ran));
        eprint!("{row}");
        tables += &row;
    }
    (tables, good)
}

/// The tables with the figures of `before`, and empty figures for new rows.
pub fn refreshed(before: &str) -> String {
    let known = |key: String, empty: &str| {
        let row = before.lines().find(|row| row.starts_with(&key)).map(str::to_owned);
        row.unwrap_or_else(|| format!("{key} {empty}")) + "\n"
    };
    let mut tables = ATTACKS.to_owned();
    let empty = format!("{NOT_RUN} | | | | | |");
    attacks::ALL.iter().for_each(|attack| tables += &known(attack_key(attack), &empty));
    tables += TESTS;
    attacks::HELD.iter().for_each(|held| tables += &format!("{}\n", held_key(held)));
    tables += DEFENCES;
    defences().for_each(|(attack, defence)| tables += &known(defence_key(attack, defence), &format!("{NOT_RUN} |")));
    tables
}

/// The document that contains the tables.
pub fn document() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/security.md")
}

/// The tables of a document. `None` without the comments around them.
pub fn within(text: &str) -> Option<&str> {
    let from = text.find(BEGIN)? + BEGIN.len();
    let len = text[from..].find(END)?;
    Some(&text[from..from + len])
}

/// Replaces the document's tables with the result of `make`.
///
/// # Errors
/// When the document cannot be read or written, or has no place for tables.
pub fn rewrite(make: impl FnOnce(&str) -> String) -> io::Result<()> {
    let text = fs::read_to_string(document())?;
    let before = within(&text).ok_or_else(|| io::Error::other("the document has no place for tables"))?;
    let (begins, ends) = (text.find(BEGIN).map_or(0, |at| at + BEGIN.len()), text.find(END).unwrap_or(text.len()));
    fs::write(document(), [&text[..begins], &make(before), &text[ends..]].concat())
}

fn defences() -> impl Iterator<Item = (&'static Attack, &'static str)> {
    attacks::ALL.iter().flat_map(|attack| attack.defences.iter().map(move |defence| (*attack, *defence)))
}

fn attack_key(Attack { threat, name, says, .. }: &Attack) -> String {
    format!("| {threat} | `{name}`: {says} |")
}

fn held_key(Held { threat, says, test: (file, name) }: &Held) -> String {
    format!("| {threat} | {says} | `{name}` in `{file}` |")
}

fn defence_key(attack: &Attack, defence: &str) -> String {
    format!("| {defence} | `{}` |", attack.name)
}

fn figures(ran: &Ran) -> String {
    let field = |word: &str| {
        let line = ran.printed.lines().find_map(|line| line.strip_prefix(word)?.strip_prefix('\t'));
        line.map(|line| line.replace('\t', ", ")).unwrap_or_default()
    };
    let verdict = match ran.verdict {
        Verdict::Met => "met".to_owned(),
        Verdict::Unjudged => "times not judged: the machine was not idle enough".to_owned(),
        Verdict::NotMet | Verdict::Broke => format!("**not met**: {}", broken(ran)),
    };
    let fields = [verdict, field("measured"), field("allowed"), field("memory"), field("idle")];
    format!("{} | {:.0}", fields.join(" | "), ran.seconds)
}

fn without(ran: &Ran) -> String {
    if ran.verdict == Verdict::Met { "**nothing happens**".to_owned() } else { broken(ran) }
}

/// The broken counts in words.
fn broken(ran: &Ran) -> String {
    if ran.verdict == Verdict::Broke {
        return format!("it breaks down: {}", ran.complaint.replace('|', "/"));
    }
    let broken = ran.printed.lines().filter(|line| line.ends_with("\tBROKEN")).filter_map(|line| {
        let fields: Vec<&str> = line.split('\t').collect();
        Some(format!("{}: {}, not {}", fields.get(1)?, fields.get(2)?, fields.get(3)?))
    });
    let broken: Vec<String> = broken.collect();
    if broken.is_empty() { "delivery or memory".to_owned() } else { broken.join("; ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_stay_when_rows_are_added() {
        let first = refreshed("");
        let key = attack_key(attacks::ALL[0]);
        let carried = first.replacen(&format!("{key} {NOT_RUN}"), &format!("{key} met"), 1);
        assert_ne!(carried, first);
        assert_eq!(refreshed(&carried), carried);
        assert_eq!(refreshed(&format!("{carried}| a row of a removed attack |\n")), carried);
    }

    #[test]
    fn tables_stand_between_two_comments() {
        assert_eq!(within(&format!("text\n{BEGIN}rows\n{END}more\n")), Some("rows\n"));
        assert_eq!(within(&format!("text\n{END}")), None);
    }
}
