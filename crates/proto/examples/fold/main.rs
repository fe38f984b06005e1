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
//! a second fold that is asked after each. Of one branch of each log it does so too with a fold that lets go of words.
#![allow(clippy::print_stdout, clippy::print_stderr)]

mod world;

use std::{
    collections::BTreeMap,
    error::Error,
    fs::File,
    io::{self, BufRead, BufReader},
    process::ExitCode,
    time::Instant,
};

use rumormill_proto::{
    governance::{Appointed, Deed, End, Governance, Last, Role, Signed},
    ids::{AuthorId, EntryId},
    time::Time,
};
use world::{World, author as key, state, worlds};

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
    let (mut all, mut differ, mut vague, mut told) = (0, 0, 0, 0);
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
        } else {
            let (alike, again) = orders[2].one_branch().wordy().forgets_alike();
            told += again;
            if !alike {
                differ += 1;
                println!("world {}: a fold that lets go of words differs from one that keeps them", world.number);
            }
        }
    }
    println!("{all} worlds, {differ} differ; {vague} name entries of unknown place; {told} entries were told again");
    Ok(differ == 0)
}

/// Prints how long folds of so many acts take: once where governors and members act by turns, and once where two
/// co-owners do what costs most, appointing and ending the same key over and over.
fn measure(acts: u64) -> bool {
    for (name, entries) in [("a room of years", peaceful(acts)), ("one key fought over", fought_over(acts))] {
        let mut fold = Governance::new(AuthorId::default());
        let begun = Instant::now();
        entries.into_iter().for_each(|entry| fold.insert(entry));
        let inserted = begun.elapsed();
        fold.fold();
        let folded = begun.elapsed() - inserted;
        println!("{name}: {acts} acts inserted in {inserted:.1?}, folded in {folded:.1?}");
    }
    true
}

/// The log of everybody who writes in a measured room.
struct Writer {
    heads: BTreeMap<u64, (u64, EntryId)>,
    entries: Vec<Signed>,
}

impl Writer {
    fn write(&mut self, author: u64, deed: Option<Deed>) -> Last {
        let (seq, prev) = self.heads.get(&author).map_or((0, EntryId::default()), |(seq, id)| (seq + 1, *id));
        let id = EntryId(*blake3::hash(&(self.entries.len() as u64).to_be_bytes()).as_bytes());
        self.heads.insert(author, (seq, id));
        let time = Time(self.entries.len() as u64);
        self.entries.push(Signed { author: key(author), seq, id, prev, time, deed, message: false });
        Last { seq, id }
    }

    fn end(&self, author: u64) -> End {
        End { key: key(author), last: self.heads.get(&author).map(|(seq, id)| Last { seq: *seq, id: *id }) }
    }
}

fn appoint(author: u64, role: Role) -> Option<Deed> {
    Some(Deed::Appoint { keys: vec![Appointed { key: key(author), from: 0 }], role, despite: vec![] })
}

fn peaceful(acts: u64) -> Vec<Signed> {
    let mut room = Writer { heads: BTreeMap::new(), entries: Vec::new() };
    room.write(0, None);
    for moderator in 1..=100 {
        room.write(0, appoint(moderator, Role::Moderator));
    }
    for act in 100..acts {
        let (by, newcomer) = (1 + act % 100, 1_000 + act);
        room.write(newcomer, None);
        let deed = match act % 4 {
            0 => Deed::Remove { ends: vec![room.end(newcomer - 1)], tickets: vec![], knowing: vec![] },
            _ => Deed::Admit { who: vec![key(newcomer)], ticket: None, despite: vec![] },
        };
        room.write(by, Some(deed));
    }
    room.entries
}

fn fought_over(acts: u64) -> Vec<Signed> {
    let mut room = Writer { heads: BTreeMap::new(), entries: Vec::new() };
    room.write(0, appoint(1, Role::CoOwner));
    room.write(0, appoint(2, Role::CoOwner));
    let mut dismissals = Vec::new();
    for act in 0..acts / 3 {
        room.write(3, Some(Deed::Admit { who: vec![key(act)], ticket: None, despite: vec![] }));
        let end = room.end(3);
        let deed = Deed::Remove { ends: vec![end], tickets: vec![], knowing: dismissals.clone() };
        let ended = room.write(1 + act % 2, Some(deed));
        room.write(1 + act % 2, appoint(3, Role::CoOwner));
        dismissals.insert(dismissals.binary_search(&ended.id).unwrap_or_else(|at| at), ended.id);
        dismissals.truncate(64);
    }
    room.entries
}
