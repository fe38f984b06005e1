//! Lists attacks, or runs one of them, or all of them in child processes.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command reports to its caller")]

use std::{io, process::ExitCode};

use rumormill_proto::defence;
use rumormill_siege::{
    Form, Verdict, attacks, explore,
    fuzz::{decoders, sequences},
    nodes, process, table,
};

const USAGE: &str = "rumormill-siege list
rumormill-siege run ATTACK [--without DEFENCE] [--short]
rumormill-siege table [--short]                     carries all out; in full, the tables go into docs/security.md
rumormill-siege rows                                gives what is new a row there, and takes out what is gone
rumormill-siege fuzz decoders EXECUTIONS [SEED]     prints the corpus found
rumormill-siege explore                             every order of four entries at three peers; some minutes
rumormill-siege fuzz sequences COUNT [FIRST SEED]";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    let form = if words.contains(&"--short") { Form::Short } else { Form::Full };
    match words.as_slice() {
        ["list", ..] => list(),
        ["run", name, options @ ..] => run(name, options, form),
        ["table", ..] => carry_out(form),
        ["rows"] => done(table::rewrite(table::refreshed)),
        ["node", ticket] => {
            nodes::run(process::node(ticket));
            ExitCode::SUCCESS
        }
        ["open", home] => {
            nodes::run(process::open(home, attacks::PAGE));
            ExitCode::SUCCESS
        }
        ["explore"] => explore_all(),
        ["fuzz", what, numbers @ ..] => fuzz(what, numbers),
        _ => {
            eprintln!("{USAGE}");
            ExitCode::from(2)
        }
    }
}

fn list() -> ExitCode {
    for attack in attacks::ALL {
        println!("{:10} {:14} {}", attack.threat, attack.name, attack.says);
        attack.defences.iter().for_each(|defence| println!("{:25} without {defence}", ""));
    }
    for held in attacks::HELD {
        println!("{:10} {:14} {}", held.threat, "(a test)", held.says);
    }
    ExitCode::SUCCESS
}

/// Runs all attacks. The short form has no times, so its table is only printed.
fn carry_out(form: Form) -> ExitCode {
    let (tables, good) = table::carry_out(form);
    println!("{tables}");
    if form == Form::Full && done(table::rewrite(|_| tables)) != ExitCode::SUCCESS || !good {
        return ExitCode::from(1);
    }
    ExitCode::SUCCESS
}

fn done(result: io::Result<()>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{}: {error}", table::document().display());
            ExitCode::from(1)
        }
    }
}

/// Runs one attack and prints the outcome. Exits with 0 when the attack is met, with 3 when its times cannot be judged,
/// else with 1.
fn run(name: &str, options: &[&str], form: Form) -> ExitCode {
    let Some(attack) = attacks::ALL.iter().find(|attack| attack.name == name) else {
        eprintln!("there is no attack {name}");
        return ExitCode::from(2);
    };
    if let Some(defence) = options.iter().skip_while(|option| **option != "--without").nth(1) {
        if !attack.defences.contains(defence) {
            eprintln!("{name} does not prove {defence}");
            return ExitCode::from(2);
        }
        defence::switch_off(defence);
    }
    let outcome = (attack.run)(form);
    table::tell(&outcome, form);
    match outcome.verdict(form) {
        Verdict::Met => ExitCode::SUCCESS,
        Verdict::Unjudged => ExitCode::from(3),
        Verdict::NotMet | Verdict::Broke => ExitCode::from(1),
    }
}

fn explore_all() -> ExitCode {
    for case in explore::cases() {
        let tried = explore::explore(&case, explore::Orders::Some);
        println!("{}: {tried} choices of three orders, and nothing failed", case.name);
    }
    ExitCode::SUCCESS
}

fn fuzz(what: &str, numbers: &[&str]) -> ExitCode {
    let numbers: Vec<u64> = numbers.iter().filter_map(|number| number.parse().ok()).collect();
    let (count, seed) = (numbers.first().copied().unwrap_or(0), numbers.get(1).copied().unwrap_or(0));
    match what {
        "decoders" => print!("{}", decoders::write(&decoders::run(count, seed))),
        "sequences" => println!("{:?}", sequences::run(seed..seed + count)),
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    }
    eprintln!("{count} executions without a fault");
    ExitCode::SUCCESS
}
