//! The rules of a closed room in words, as people read and type them.

use rumormill_api::{ChangeRules, Rules};

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
    fn rules_are_told_as_sentences() {
        let told = ruled(&Rules { tickets: false, slow_s: 30, hold: true });
        assert_eq!(told[0], "slow mode: a member says one message in 30 s");
        assert!(told[1].contains("held") && told[2].starts_with("only"));
        assert_eq!(ruled(&Rules::default())[0], "slow mode is off");
    }
}
