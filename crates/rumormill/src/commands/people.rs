//! `rumormill people`: list the people of a room.

use rumormill_api::Person;
use rumormill_client::Client;
use rumormill_text::{Clock, Names};

use crate::{
    client::{self, pick},
    commands::{data, json},
    failure::Failure,
    home::{HomeArgs, Reach},
};

/// Arguments of `rumormill people` and `rumormill keepers`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Name of the room, or the beginning of its id; optional when there is only one room
    room: Option<String>,
    /// Print one JSON object per line
    #[arg(long)]
    pub(super) json: bool,
}

/// Prints a line for everybody who wrote in the room or is connected.
///
/// # Errors
/// When there is no such room, or the home cannot be opened.
pub(crate) async fn run(args: Args, place: HomeArgs) -> Result<(), Failure> {
    let people = people(&args, &place, Reach::Reading).await?;
    let (names, clock) = (Names::of_people(&people), Clock::local());
    people.iter().try_for_each(|person| match args.json {
        true => json(person),
        false => data(&line(&names, &clock, person)),
    })
}

/// The people of the room that the arguments name.
///
/// # Errors
/// When there is no such room, or the home cannot be opened.
pub(crate) async fn people(args: &Args, place: &HomeArgs, reach: Reach) -> Result<Vec<Person>, Failure> {
    let list = async |client: &Client| {
        let room = pick(client, args.room.as_deref()).await?;
        Ok(client.room(room.id.as_str()).people().await?)
    };
    client::with(place, reach, list).await
}

/// `ada  1a0c39ec  you`, `ben  c0ffee01  here, wrote 2026-03-02 14:02`.
fn line(names: &Names, clock: &Clock, person: &Person) -> String {
    let Person { author, nick, here, me, last_ms, hidden, verified, role, .. } = person;
    let wrote = format!("wrote {} {}", clock.day(*last_ms), clock.minutes(*last_ms));
    let told =
        [(*me, "you"), (*here && !*me, "here"), (*last_ms > 0, &wrote), (*hidden, "hidden"), (*verified, "verified")];
    let role = role.iter().map(|role| role.word());
    let told: Vec<&str> = told.into_iter().filter(|(is, _)| *is).map(|(_, word)| word).chain(role).collect();
    let id = author.as_str().get(..8).unwrap_or_default();
    format!("{}  {id}  {}", names.name(author, nick).whole(), told.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_shows_a_person() {
        let clock = Clock::utc();
        let person =
            |nick: &str| Person { author: "1a".repeat(32).as_str().into(), nick: nick.into(), ..Person::default() };
        let ada = Person { me: true, here: true, ..person("ada") };
        let ben = Person { here: true, last_ms: 1_700_000_000_000, hidden: true, ..person("ben") };
        let told = |person: &Person| line(&Names::of_people(std::slice::from_ref(person)), &clock, person);
        assert_eq!(told(&ada), "ada  1a1a1a1a  you");
        assert_eq!(told(&ben), "ben  1a1a1a1a  here, wrote 2023-11-14 22:13, hidden");
    }
}
