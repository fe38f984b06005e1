//! Rooms by name: how to show one, and which one a word means.

use rumormill_api::{Code, Refused, Room, codes};

use crate::{clean::clean_name, limits::NICK_CHARS, who::folds};

/// Rooms to list in a refusal.
const LISTED: usize = 8;

/// Digits of an id with which a room is shown.
const ID_SHOWN: usize = 8;

/// Whether a word means the room with this name and id.
type Meant<'a> = &'a dyn Fn(&str, &str) -> bool;

/// Which of the rooms, given by name and id, a person means: by its id, its name, its name as shown, or the beginning
/// of its id; without a word, the only room.
///
/// # Errors
/// When there is no such room, or more than one.
pub fn choose(rooms: &[(String, String)], wanted: Option<&str>) -> Result<usize, Refused> {
    let all = || rooms.iter().enumerate();
    let those =
        |is: Meant<'_>| -> Vec<usize> { all().filter(|(_, (name, id))| is(name, id)).map(|(at, _)| at).collect() };
    let Some(wanted) = wanted else {
        return match rooms.len() {
            1 => Ok(0),
            0 => Err(unclear(codes::ROOM, "there is no room here".into(), rooms, &[])),
            _ => Err(unclear(codes::ROOM, "there are several rooms here".into(), rooms, &those(&|_, _| true))),
        };
    };
    let digits = wanted.to_ascii_lowercase();
    // Anyone can give a room any name, so a name neither hides nor stands for the room that has it as its id.
    let ways: [Meant<'_>; 4] = [
        &|_, id| id == digits,
        &|name, _| name == wanted,
        &|name, _| !name.is_empty() && title(name) == wanted,
        &|_, id| wanted.len() >= 4 && id.starts_with(&digits),
    ];
    let meant = ways.into_iter().map(those).find(|meant| !meant.is_empty()).unwrap_or_default();
    match meant[..] {
        [at] => Ok(at),
        [] => {
            let looks = folds(wanted);
            let alike = those(&|name, _| !folds(name).is_disjoint(&looks));
            let what = format!("there is no room {wanted:?} here");
            match alike.is_empty() {
                true => Err(unclear(codes::ROOM, what, rooms, &those(&|_, _| true))),
                false => Err(unclear(codes::ROOM, format!("{what}, but one that looks like it"), rooms, &alike)),
            }
        }
        _ => Err(unclear(codes::SEVERAL, format!("several rooms are called {wanted:?}"), rooms, &meant)),
    }
}

/// Tells the founder of a room whether it is closed or open, and what that means.
pub fn founded(room: &Room) -> &'static str {
    match room.standing {
        Some(_) => {
            "this room is closed: whoever comes by a ticket is let in, and you can remove people and end tickets"
        }
        None => "this room is open: whoever gets the ticket can come, read and write, for ever",
    }
}

/// What handing over a ticket of a room means.
pub fn handing_over(room: &Room) -> &'static str {
    match room.standing {
        Some(_) => {
            "anyone with this ticket of yours can join: rumormill join TICKET; rumormill ticket --revoke ends it"
        }
        None => "anyone with this ticket can join: rumormill join TICKET",
    }
}

/// The name of a room for display.
pub fn title(name: &str) -> String {
    let name = clean_name(name, NICK_CHARS);
    if name.is_empty() { "(its name is not known yet)".into() } else { name }
}

/// The beginning of each id, long enough to tell them apart.
pub fn beginnings<'a>(ids: &[&'a str]) -> Vec<&'a str> {
    let shared = |one: &str, other: &str| one.bytes().zip(other.bytes()).take_while(|(a, b)| a == b).count();
    let digits = |id: &str| {
        let others = ids.iter().filter(|other| **other != id);
        others.map(|other| shared(id, other) + 1).max().unwrap_or(0).max(ID_SHOWN)
    };
    ids.iter().map(|id| id.get(..digits(id)).unwrap_or(id)).collect()
}

/// A refusal that lists the rooms that may be meant.
fn unclear(code: Code, what: String, rooms: &[(String, String)], those: &[usize]) -> Refused {
    let those: Vec<_> = those.iter().filter_map(|at| rooms.get(*at)).collect();
    let ids: Vec<&str> = those.iter().map(|(_, id)| id.as_str()).collect();
    let named = those.iter().zip(beginnings(&ids)).take(LISTED);
    let known: Vec<String> = named.map(|((name, _), id)| format!("{} ({id})", title(name))).collect();
    let more = if those.len() > LISTED { ", ..." } else { "" };
    let help = match known.is_empty() {
        true => "make one with `rumormill new NAME`, or join one with `rumormill join TICKET`".into(),
        false => format!("name one, or the beginning of its id: {}{more}", known.join(", ")),
    };
    code.refuse(what, help)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(rooms: &[(&str, &str)], wanted: Option<&str>, want: Result<usize, &str>) {
        let rooms: Vec<_> = rooms.iter().map(|(name, id)| ((*name).to_owned(), id.repeat(8))).collect();
        match (choose(&rooms, wanted), want) {
            (Ok(at), Ok(want)) => assert_eq!(at, want, "{wanted:?}"),
            (Err(failure), Err(want)) => assert!(failure.what.contains(want), "{wanted:?}: {failure:?}"),
            (chosen, want) => panic!("{wanted:?}: {:?}, not {want:?}", chosen.ok()),
        }
    }

    #[test]
    fn rooms_are_chosen_by_name_or_id() {
        let rooms = [("lunch", "aaaaaaaa"), ("work", "bbbbbbbb"), ("work", "cccccccc")];
        check(&rooms, Some("lunch"), Ok(0));
        check(&rooms, Some("AAAA"), Ok(0));
        check(&rooms, Some("bbbbbbbb"), Ok(1));
        check(&rooms, Some("work"), Err("several"));
        check(&rooms, Some("a"), Err("no room \"a\""));
        check(&rooms, None, Err("several"));
        check(&rooms[..1], None, Ok(0));
        check(&[], None, Err("no room here"));
        // A room named like the id of another, or like its beginning.
        let id = "aaaaaaaa".repeat(8);
        let rooms = [("lunch", "aaaaaaaa"), (&id[..], "bbbbbbbb"), ("aaaaaaaa", "cccccccc")];
        check(&rooms, Some(&id), Ok(0));
        check(&rooms, Some("aaaaaaaa"), Ok(2));
        check(&rooms, Some("aaaaaa"), Ok(0));
    }

    fn refused(rooms: &[(&str, &str)], wanted: Option<&str>) -> Refused {
        let rooms: Vec<_> = rooms.iter().map(|(name, id)| ((*name).to_owned(), (*id).to_owned())).collect();
        choose(&rooms, wanted).unwrap_err()
    }

    #[test]
    fn a_refusal_lists_both_rooms_of_one_name_and_no_other() {
        let (one, other) = ("0a".repeat(32), format!("{}ff", "0a".repeat(31)));
        let rooms = [("lunch", &*one), ("work", "bbbbbbbbbbbb"), ("lunch", &*other)];
        let Refused { code, help, .. } = refused(&rooms, Some("lunch"));
        assert_eq!(code, "several");
        assert!(!help.contains("work"), "{help}");
        // Their ids begin alike, and each beginning shown picks one.
        let said: Vec<&str> = help.split(['(', ')']).skip(1).step_by(2).collect();
        let named: Vec<_> = rooms.iter().map(|(name, id)| ((*name).to_owned(), (*id).to_owned())).collect();
        assert_eq!(said.iter().map(|id| choose(&named, Some(id)).unwrap()).collect::<Vec<_>>(), [0, 2]);
    }

    #[test]
    fn a_room_is_found_by_its_shown_name_and_never_by_a_lookalike() {
        let invisible = [("lun\u{200b}ch", "aaaaaaaaaaaa"), ("work", "bbbbbbbbbbbb")];
        check(&invisible, Some("lunch"), Ok(0));
        let both = [("lun\u{200b}ch", "aaaaaaaaaaaa"), ("lunch", "bbbbbbbbbbbb")];
        check(&both, Some("lunch"), Ok(1));
        // A Cyrillic letter in place of a Latin one.
        let cyrillic = [("lun\u{441}h", "aaaaaaaaaaaa"), ("work", "bbbbbbbbbbbb")];
        let Refused { what, help, .. } = refused(&cyrillic, Some("lunch"));
        assert!(
            what.contains("looks like it") && help.contains("aaaaaaaa") && !help.contains("work"),
            "{what}; {help}"
        );
        check(&[("lun\u{441}h", "aaaaaaaaaaaa"), ("lunch", "bbbbbbbbbbbb")], Some("lunch"), Ok(1));
        check(&[("", "aaaaaaaaaaaa"), ("", "bbbbbbbbbbbb")], Some("(its name is not known yet)"), Err("no room"));
    }
}
