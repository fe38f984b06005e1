//! Folds worlds that the model of a closed room's governance printed, and prints what they come to in the same form.
//!
//! ```text
//! python3 rooms_model.py --emit 0 1000 > worlds
//! cargo run -p rumormill-proto --example fold < worlds                  prints the states
//! cargo run -p rumormill-proto --example fold -- --check worlds         compares them with those that the model printed
//! cargo run -p rumormill-proto --example fold -- --acts 10000           how long a fold of so many acts takes
//! ```
//!
//! A world is a line `{"world": number}`, a line for each entry, in any order, and a line with the state. `--check` folds
//! each world in the order of its lines, backwards, and shuffled, and adds the entries one by one in that last order to
//! a second fold that is asked after each.
#![allow(clippy::print_stdout, clippy::print_stderr)]

mod world;

use std::{
    error::Error,
    fs::File,
    io::{self, BufRead, BufReader},
    process::ExitCode,
    time::Instant,
};

use world::{World, state, worlds};

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let done = match args.as_slice() {
        [] => print(io::stdin().lock()).map(|()| true),
        ["--check", file] => File::open(file).map_err(Into::into).and_then(|file| check(BufReader::new(file))),
        ["--acts", acts] => acts.parse().map_err(Into::into).map(measure),
        _ => Err("the arguments are none, --check FILE, or --acts NUMBER".into()),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error[worlds]: {error}\nhelp: the file has to be what rooms_model.py --emit prints");
            ExitCode::FAILURE
        }
    }
}

fn print(lines: impl BufRead) -> Result<(), Box<dyn Error>> {
    for world in worlds(lines) {
        println!("{}", state(&mut world?.folded()));
    }
    Ok(())
}

/// Whether all worlds come to the state that is told of them, in every order.
fn check(lines: impl BufRead) -> Result<bool, Box<dyn Error>> {
    let (mut all, mut differ, mut vague) = (0, 0, 0);
    for world in worlds(lines) {
        let mut world: World = world?;
        all += 1;
        vague += u32::from(world.vague);
        let expected = world.state.take().ok_or("a world without its state")?;
        let orders = [world.clone(), world.backwards(), world.shuffled(all)];
        let wrong = orders.iter().find_map(|world| Some(state(&mut world.folded())).filter(|state| *state != expected));
        if let Some(state) = wrong {
            differ += 1;
            println!("world {}\n  is   {expected}\n  here {state}", world.number);
        } else if !orders[2].grows_alike() {
            differ += 1;
            println!("world {}: a fold that grows differs from one of the same entries", world.number);
        }
    }
    println!("{all} worlds, {differ} differ; {vague} name entries of unknown place");
    Ok(differ == 0)
}

/// Prints how long it takes to fold so many acts: a room that its owner and a hundred governors run for years.
fn measure(acts: u64) -> bool {
    todo!("{acts}")
}
