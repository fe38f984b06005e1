//! `rumormill keepers`: list the keepers of a room, and what each holds.

use rumormill_api::{Person, Role};
use rumormill_text::{Names, show::count};

use crate::{
    commands::{
        data, json,
        people::{Args, people},
        talk,
    },
    failure::Failure,
    home::{HomeArgs, Reach},
};

/// Prints a line for each keeper of a closed room.
///
/// # Errors
/// When there is no such room, or the home cannot be opened.
pub(crate) async fn run(args: Args, place: HomeArgs) -> Result<(), Failure> {
    let people = people(&args, &place, Reach::Peers).await?;
    let names = Names::of_people(&people);
    let keepers: Vec<&Person> = people.iter().filter(|person| person.role == Some(Role::Keeper)).collect();
    if keepers.is_empty() {
        talk("this room has no keeper: `rumormill ticket --keeper` prints a ticket for one");
    }
    keepers.into_iter().try_for_each(|keeper| match args.json {
        true => json(keeper),
        false => data(&line(&names, keeper)),
    })
}

/// `1a0c39ec  1a0c39ec  here, holds all that you wrote`.
fn line(names: &Names, keeper: &Person) -> String {
    let Person { author, nick, here, lacks, .. } = keeper;
    let holds = match (here, lacks) {
        (false, _) => "not reached".to_owned(),
        (true, Some(0)) => "here, holds all that you wrote".into(),
        (true, Some(lacks)) => format!("here, lacks {} of yours", count(*lacks, "entry", "entries")),
        (true, None) => "here".into(),
    };
    format!("{}  {}  {holds}", names.name(author, nick).whole(), author.as_str().get(..8).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_what_a_keeper_holds() {
        let keeper = |here, lacks| Person { author: "1a".repeat(32).as_str().into(), here, lacks, ..Person::default() };
        let told = |keeper: Person| line(&Names::of_people(std::slice::from_ref(&keeper)), &keeper);
        assert!(told(keeper(true, Some(0))).ends_with("1a1a1a1a  here, holds all that you wrote"));
        assert!(told(keeper(true, Some(2))).ends_with("here, lacks 2 entries of yours"));
        assert!(told(keeper(false, None)).ends_with("not reached"));
    }
}
