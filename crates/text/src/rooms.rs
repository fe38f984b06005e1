//! Rooms by name: how one is called, and which one a word means.

use rumormill_api::{Code, Refused, codes};

use crate::{clean::clean_name, limits::NICK_CHARS};

/// Which of the rooms, told by name and id, a person means: by its id, by name, by the beginning of its id, or, when nothing is
/// said, the only one.
///
/// # Errors
/// When there is no such room, or more than one.
pub fn choose(rooms: &[(String, String)], wanted: Option<&str>) -> Result<usize, Refused> {
    let all = || rooms.iter().enumerate();
    let those = |is: &dyn Fn(&str, &str) -> bool| -> Vec<usize> {
        all().filter(|(_, (name, id))| is(name, id)).map(|(at, _)| at).collect()
    };
    let meant = match wanted {
        None => those(&|_, _| true),
        // Anybody can give a room any name, so that it neither hides a room whose id it is nor stands for it.
        Some(wanted) => {
            let digits = wanted.to_ascii_lowercase();
            let by_id = those(&|_, id| id == digits);
            let by_name = those(&|name, _| name == wanted);
            let by_beginning = those(&|_, id| wanted.len() >= 4 && id.starts_with(&digits));
            [by_id, by_name, by_beginning].into_iter().find(|meant| !meant.is_empty()).unwrap_or_default()
        }
    };
    match (&meant[..], wanted) {
        (&[at], _) => Ok(at),
        ([], Some(wanted)) => Err(unclear(codes::ROOM, format!("there is no room {wanted:?} here"), rooms)),
        ([], None) => Err(unclear(codes::ROOM, "there is no room here".into(), rooms)),
        (several, Some(wanted)) => {
            let those: Vec<_> = several.iter().filter_map(|at| rooms.get(*at).cloned()).collect();
            Err(unclear(codes::SEVERAL, format!("several rooms are called {wanted:?}"), &those))
        }
        (_, None) => Err(unclear(codes::ROOM, "there are several rooms here".into(), rooms)),
    }
}

/// The name of a room as it is shown.
pub fn title(name: &str) -> String {
    let name = clean_name(name, NICK_CHARS);
    if name.is_empty() { "(its name is not known yet)".into() } else { name }
}

fn unclear(code: Code, what: String, rooms: &[(String, String)]) -> Refused {
    let known: Vec<String> = rooms.iter().take(8).map(|(name, id)| format!("{} ({})", title(name), &id[..8])).collect();
    let help = match known.is_empty() {
        true => "make one with `rumormill new NAME`, or enter one with `rumormill join TICKET`".into(),
        false => format!("name one, or the beginning of its id: {}", known.join(", ")),
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
        // A room that is named like the id of another, or like its beginning.
        let id = "aaaaaaaa".repeat(8);
        let rooms = [("lunch", "aaaaaaaa"), (&id[..], "bbbbbbbb"), ("aaaaaaaa", "cccccccc")];
        check(&rooms, Some(&id), Ok(0));
        check(&rooms, Some("aaaaaaaa"), Ok(2));
        check(&rooms, Some("aaaaaa"), Ok(0));
    }
}
