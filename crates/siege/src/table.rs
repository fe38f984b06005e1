//! Carries all attacks out, each in a process of its own, and prints what came of them as Markdown.

#![allow(clippy::print_stdout, reason = "that is what it is for")]

use std::{
    process::{Command, ExitCode, Stdio},
    time::{Duration, Instant},
};

use crate::{
    Attack, Form, Held, Outcome, attacks,
    outcome::{Delivery, Measured},
};

/// How long a run may last; one without its defence may never end, and that is noticed too.
const PATIENCE: Duration = Duration::from_secs(180);

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The attack came to nothing.
    Met,
    /// It did not.
    NotMet,
    /// It did not even end, or broke down.
    Broke,
}

/// A run in a process of its own: its verdict and what it printed.
///
/// # Panics
/// When the program cannot be started.
pub fn child(program: &str, attack: &str, without: Option<&str>, form: Form) -> (Verdict, String) {
    let mut command = Command::new(program);
    command.args(["run", attack]).stdout(Stdio::piped()).stderr(Stdio::null());
    command.args(without.map(|defence| ["--without", defence]).into_iter().flatten());
    command.args((form == Form::Short).then_some("--short"));
    let mut child = command.spawn().expect("the program starts once more");
    let begun = Instant::now();
    let status = loop {
        match child.try_wait().expect("a child can be waited for") {
            Some(status) => break Some(status),
            None if begun.elapsed() > PATIENCE => {
                let _ = child.kill();
                break None;
            }
            None => std::thread::sleep(Duration::from_millis(20)),
        }
    };
    let printed = child.wait_with_output().map(|output| output.stdout).unwrap_or_default();
    let verdict = match status.and_then(|status| status.code()) {
        Some(0) => Verdict::Met,
        Some(1) => Verdict::NotMet,
        _ => Verdict::Broke,
    };
    (verdict, String::from_utf8_lossy(&printed).into_owned())
}

/// Prints what came of one attack, in lines that [`print`] reads.
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
        println!("memory\t{before}, {under}, {behind}\tidle\t{idle_cores:.1}");
        println!("allowed\t{:.1}", measured.allowed_ms());
    }
    println!("verdict\t{}", if outcome.is_met(form) { "met" } else { "NOT MET" });
}

/// The two tables: attacks, and what each defence is worth.
///
/// # Panics
/// When this program cannot be found.
pub fn print(form: Form) -> ExitCode {
    let program = std::env::current_exe().expect("this program has a path").display().to_string();
    println!("| threat | attack | p50 / p99 ms: calm, under attack, after | MiB: before, during, after | verdict |");
    println!("|---|---|---|---|---|");
    let mut all_met = true;
    for attack in attacks::ALL {
        let (verdict, printed) = child(&program, attack.name, None, form);
        all_met &= verdict == Verdict::Met;
        println!("{}", row(attack, verdict, &printed));
    }
    for Held { threat, says, test: (file, name) } in attacks::HELD {
        println!("| {threat} | {says} | | | test `{name}` in `{file}` |");
    }
    println!("\n| defence | without it | caught by |\n|---|---|---|");
    for attack in attacks::ALL {
        for defence in attack.defences {
            let (verdict, printed) = child(&program, attack.name, Some(defence), Form::Short);
            all_met &= verdict != Verdict::Met;
            println!("| {defence} | {} | {} |", broken(verdict, &printed), attack.name);
        }
    }
    if all_met { ExitCode::SUCCESS } else { ExitCode::from(1) }
}

fn row(attack: &Attack, verdict: Verdict, printed: &str) -> String {
    let field = |word: &str, at: usize| {
        let line = printed.lines().find_map(|line| line.strip_prefix(word)?.strip_prefix('\t'));
        line.and_then(|line| line.split('\t').nth(at)).unwrap_or("").to_owned()
    };
    let delivery = [0, 1, 2].map(|at| field("measured", at));
    let delivery = if delivery[0].is_empty() { String::new() } else { delivery.join(", ") };
    let verdict = match verdict {
        Verdict::Met => "met".to_owned(),
        other => format!("**not met**: {}", broken(other, printed)),
    };
    let Attack { threat, name, says, .. } = attack;
    format!("| {threat} | `{name}`: {says} | {delivery} | {} | {verdict} |", field("memory", 0))
}

/// What broke, in words.
fn broken(verdict: Verdict, printed: &str) -> String {
    if verdict == Verdict::Met {
        return "**nothing happens**".into();
    }
    let broken = printed.lines().filter(|line| line.ends_with("\tBROKEN")).filter_map(|line| {
        let fields: Vec<&str> = line.split('\t').collect();
        Some(format!("{}: {}, not {}", fields.get(1)?, fields.get(2)?, fields.get(3)?))
    });
    let broken: Vec<String> = broken.collect();
    match (verdict, broken.is_empty()) {
        (Verdict::Broke, _) => "it does not end, or breaks down".into(),
        (_, true) => "delivery or memory".into(),
        (_, false) => broken.join("; "),
    }
}
