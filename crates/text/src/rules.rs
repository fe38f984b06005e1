//! The rules of a closed room, and what a person holds back in an open one, in words, as people read and type them.

use rumormill_api::{ChangeDisplay, ChangeRules, Display, Folded, Room, Rules};

/// What can be said to change the rules.
pub const RULES_HELP: &str =
    "slow SECONDS, slow off, newcomers held, newcomers shown, tickets members, tickets governors";

/// The rules of a room, a sentence each.
pub fn ruled(rules: &Rules) -> [String; 3] {
    [
        match rules.slow_s {
            0 => "slow mode is off".into(),
            slow_s => format!("slow mode: a member says one message in {slow_s} s"),
        },
        match rules.hold {
            true => "what newcomers say is held until somebody lets them through".into(),
            false => "what newcomers say is shown at once".into(),
        },
        match rules.tickets {
            true => "members make tickets".into(),
            false => "only the owner, co-owners and moderators make tickets".into(),
        },
    ]
}

/// Reads a change of the rules: `slow 30`, `slow 5m`, `slow off`, `newcomers held`, `tickets governors`; `None` for anything
/// else.
pub fn read_rules(words: &str) -> Option<ChangeRules> {
    let (what, value) = words.trim().split_once(char::is_whitespace)?;
    let change = ChangeRules::default();
    match (what, value.trim()) {
        ("slow", "off") => Some(ChangeRules { slow_s: Some(0), ..change }),
        ("slow", value) => Some(ChangeRules { slow_s: Some(seconds(value)?), ..change }),
        ("newcomers", "held") => Some(ChangeRules { hold: Some(true), ..change }),
        ("newcomers", "shown") => Some(ChangeRules { hold: Some(false), ..change }),
        ("tickets", "members") => Some(ChangeRules { tickets: Some(true), ..change }),
        ("tickets", "governors") => Some(ChangeRules { tickets: Some(false), ..change }),
        _ => None,
    }
}

/// Why there is nothing to set in a private room.
pub const NO_RULES: &str = "nobody sets rules in a private room";

/// What can be said to change what is held back in an open room.
pub const DISPLAY_HELP: &str = "newcomers held, newcomers shown, flood NUMBER, flood off";

/// What a person holds back in an open room, a sentence each.
pub fn displayed(display: &Display) -> [String; 3] {
    [
        "everybody is equal in an open room: it has no rules, but you can hold back some of what you see".into(),
        match display.hold {
            true => "what newcomers say is held, for you alone, until somebody known answers or reacts".into(),
            false => "what newcomers say is shown at once".into(),
        },
        match display.flood {
            0 => "everything that one person says is shown".into(),
            1 => "one message of one person a minute is shown to you".into(),
            flood => format!("{flood} messages of one person a minute are shown to you"),
        },
    ]
}

/// The rules of a closed room, or what a person holds back in an open one, a sentence each, and what can be said to change
/// them; `None` where there is nothing to set, see [`NO_RULES`].
pub fn rules_here(room: &Room) -> Option<([String; 3], &'static str)> {
    match (&room.rules, &room.display) {
        (Some(rules), _) => Some((ruled(rules), RULES_HELP)),
        (None, Some(display)) => Some((displayed(display), DISPLAY_HELP)),
        (None, None) => None,
    }
}

/// Reads a change of that: `newcomers held`, `flood 10`, `flood off`; `None` for anything else.
pub fn read_display(words: &str) -> Option<ChangeDisplay> {
    let (what, value) = words.trim().split_once(char::is_whitespace)?;
    let change = ChangeDisplay::default();
    match (what, value.trim()) {
        ("newcomers", "held") => Some(ChangeDisplay { hold: Some(true), ..change }),
        ("newcomers", "shown") => Some(ChangeDisplay { hold: Some(false), ..change }),
        ("flood", "off") => Some(ChangeDisplay { flood: Some(0), ..change }),
        ("flood", number) => Some(ChangeDisplay { flood: Some(number.parse().ok()?), ..change }),
        _ => None,
    }
}

/// Why messages of somebody are held back, and how they are read.
pub fn held_back(why: Folded, name: &str) -> String {
    match why {
        Folded::Newcomer => format!("new here; /through {name} shows them"),
        Folded::Flood => "too many in a minute; /held lists them".into(),
    }
}

/// `30`, `30s`, `5m` or `1h` in seconds.
fn seconds(text: &str) -> Option<u64> {
    let (digits, unit) = match text.strip_suffix(['s', 'm', 'h']) {
        Some(digits) => (digits, text.get(digits.len()..)?),
        None => (text, "s"),
    };
    let number: u64 = digits.parse().ok()?;
    number.checked_mul(match unit {
        "h" => 3_600,
        "m" => 60,
        _ => 1,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_read_from_words() {
        let slow = |slow_s| Some(ChangeRules { slow_s: Some(slow_s), ..ChangeRules::default() });
        let hold = |hold| Some(ChangeRules { hold: Some(hold), ..ChangeRules::default() });
        let tickets = |tickets| Some(ChangeRules { tickets: Some(tickets), ..ChangeRules::default() });
        let cases = [
            ("slow 30", slow(30)),
            ("slow 30s", slow(30)),
            (" slow  5m ", slow(300)),
            ("slow 1h", slow(3_600)),
            ("slow off", slow(0)),
            ("newcomers held", hold(true)),
            ("newcomers shown", hold(false)),
            ("tickets members", tickets(true)),
            ("tickets governors", tickets(false)),
            ("slow", None),
            ("slow -1", None),
            ("slow 99999999999999999999", None),
            ("slow 18446744073709551615h", None),
            ("slow é", None),
            ("faster", None),
        ];
        for (words, want) in cases {
            assert_eq!(read_rules(words), want, "{words:?}");
        }
    }

    #[test]
    fn what_is_held_back_is_read_and_told() {
        let cases = [
            ("newcomers held", Some(ChangeDisplay { hold: Some(true), flood: None })),
            (" newcomers  shown", Some(ChangeDisplay { hold: Some(false), flood: None })),
            ("flood 10", Some(ChangeDisplay { hold: None, flood: Some(10) })),
            ("flood off", Some(ChangeDisplay { hold: None, flood: Some(0) })),
            ("flood -1", None),
            ("flood", None),
            ("slow 30", None),
        ];
        for (words, want) in cases {
            assert_eq!(read_display(words), want, "{words:?}");
        }
        let told = displayed(&Display { hold: true, flood: 10 });
        assert!(told[1].contains("held, for you alone") && told[2].starts_with("10 messages"), "{told:?}");
        assert!(displayed(&Display::default())[2].starts_with("everything"));
        assert!(held_back(Folded::Newcomer, "mallory").contains("/through mallory"));
    }

    #[test]
    fn rules_are_told_as_sentences() {
        let told = ruled(&Rules { tickets: false, slow_s: 30, hold: true });
        assert_eq!(told[0], "slow mode: a member says one message in 30 s");
        assert!(told[1].contains("held") && told[2].starts_with("only"));
        assert_eq!(ruled(&Rules::default())[0], "slow mode is off");
    }
}
