//! `rumormill keepers`: list the keepers of a room, and what each stores.

use rumormill_api::Role;
use rumormill_text::{Clock, Names, keepers};

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
    if args.json {
        return people.iter().filter(|person| person.role == Some(Role::Keeper)).try_for_each(json);
    }
    let (lines, advice) = keepers::keepers(people.iter(), &Names::of_people(&people), &Clock::local());
    lines.iter().try_for_each(|line| data(line))?;
    advice.into_iter().for_each(talk);
    Ok(())
}
