//! What keepers store of a room, and how much they may.

use rumormill_api::{Person, Role, Stock};

use crate::{Clock, Names, show::count, size};

/// What whoever runs a full keeper can do.
pub const MORE_SPACE: &str =
    "a full keeper drops the oldest: `rumormill keeper --quota SIZE` lets it store more of each room from then on";

/// What the members of a room can do whose keeper is full.
pub const FULL_KEEPER: &str = "a full keeper drops the oldest, which members still have: whoever runs it gives it more \
     space with `rumormill keeper --quota SIZE`, or `rumormill ticket ROOM --keeper` makes a ticket for another keeper";

/// What to do in a room without keepers.
pub const NO_KEEPER: &str = "this room has no keeper: `rumormill ticket ROOM --keeper` prints a ticket for one";

/// How much a keeper stores of a room, and how much it may: `messages 90.2 kB of 25.0 MB; files 4.1 MB of 75.0 MB`.
pub fn stocked(stock: &Stock, clock: &Clock) -> String {
    let of = |bytes, limit: Option<u64>| match limit {
        Some(limit) => format!("{} of {}", size(bytes), size(limit)),
        None => size(bytes),
    };
    let since = stock.since_ms.map(|ms| format!(", none from before {} {}", clock.day(ms), clock.minutes(ms)));
    let left_out = match stock.files_left_out {
        0 => String::new(),
        files => format!(", {} left out", count(files, "file", "files")),
    };
    let messages = of(stock.message_bytes, stock.message_limit);
    let files = of(stock.file_bytes, stock.file_limit);
    let full = if stock.full { "FULL: " } else { "" };
    format!("{full}messages {messages}{}; files {files}{left_out}", since.unwrap_or_default())
}

/// A line for each keeper among people, and what to do if one is full or there is none.
pub fn keepers<'a>(
    people: impl Iterator<Item = &'a Person>,
    names: &Names,
    clock: &Clock,
) -> (Vec<String>, Option<&'static str>) {
    let keepers: Vec<&Person> = people.filter(|person| person.role == Some(Role::Keeper)).collect();
    let is_full = keepers.iter().filter_map(|keeper| keeper.stock.as_ref()).any(|stock| stock.full);
    let advice = if keepers.is_empty() { Some(NO_KEEPER) } else { is_full.then_some(FULL_KEEPER) };
    (keepers.into_iter().map(|keeper| line(keeper, names, clock)).collect(), advice)
}

/// `1a0c39ec  1a0c39ec  here, holds all your entries; messages 90.2 kB of 25.0 MB; files 4.1 MB of 75.0 MB`. A keeper
/// that dropped messages holds all your entries, some without their words.
fn line(keeper: &Person, names: &Names, clock: &Clock) -> String {
    let Person { author, nick, here, lacks, stock, .. } = keeper;
    let holds = match (here, lacks) {
        (false, _) => "not reached".to_owned(),
        (true, Some(0)) => "here, holds all your entries".into(),
        (true, Some(lacks)) => format!("here, lacks {} of yours", count(*lacks, "entry", "entries")),
        (true, None) => "here".into(),
    };
    let stock = stock.as_ref().map(|stock| format!("; {}", stocked(stock, clock))).unwrap_or_default();
    let id = author.as_str().get(..8).unwrap_or_default();
    format!("{}  {id}  {holds}{stock}", names.name(author, nick).whole())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(keeper: Person) -> (String, Option<&'static str>) {
        let people = [keeper, Person { me: true, ..Person::default() }];
        let (lines, advice) = keepers(people.iter(), &Names::of_people(&people), &Clock::utc());
        (lines.concat(), advice)
    }

    fn keeper(here: bool, lacks: Option<u64>) -> Person {
        Person { author: "1a".repeat(32).as_str().into(), here, lacks, role: Some(Role::Keeper), ..Person::default() }
    }

    #[test]
    fn a_line_says_what_a_keeper_holds() {
        assert_eq!(told(keeper(true, Some(0))), ("1a1a1a1a  1a1a1a1a  here, holds all your entries".into(), None));
        assert!(told(keeper(true, Some(2))).0.ends_with("here, lacks 2 entries of yours"));
        assert!(told(keeper(false, None)).0.ends_with("not reached"));
        assert_eq!(told(Person::default()), (String::new(), Some(NO_KEEPER)));
    }

    #[test]
    fn a_full_keeper_says_so_in_figures() {
        let stores = |stock: &Stock| told(Person { stock: Some(stock.clone()), ..keeper(true, Some(0)) });
        let stock = Stock { message_bytes: 90_200, file_limit: Some(75_000_000), ..Stock::default() };
        let (line, advice) = stores(&stock);
        assert!(line.ends_with("all your entries; messages 90.2 kB; files 0 B of 75.0 MB"), "{line}");
        assert_eq!(advice, None);
        let since_ms = Some(1_764_444_600_000);
        let full = Stock { message_limit: Some(95_000), since_ms, files_left_out: 1, full: true, ..stock };
        let (line, advice) = stores(&full);
        let says = "here, holds all your entries; FULL: messages 90.2 kB of 95.0 kB, none from before 2025-11-29 \
                    19:30; files 0 B of 75.0 MB, 1 file left out";
        assert!(line.ends_with(says), "{line}");
        assert_eq!(advice, Some(FULL_KEEPER));
    }
}
