//! How lines of a room look in plain text.

use std::fmt::Display;

use rumormill_api::{AuthorHex, Deed, Does, Elsewhere, File, Gone, Kind, Message, Named, Seeking, Share, Sought};

use crate::{
    clean::{clean, clean_name},
    clock::Clock,
    file_name::{safe_name, size},
    limits::{NICK_CHARS, SOUGHT_NAMED},
    rules::ruled,
    who::{NAMELESS_DIGITS, Names},
};

/// The sign behind the name of somebody whose safety number the person has compared.
pub const VERIFIED: &str = "°";

/// The visible part of a message.
enum Said {
    /// A line of text.
    Text(String),
    /// An action, told in the third person.
    Act(String),
}

/// `hh:mm nick  text`, or `hh:mm * nick did something`, followed by its reply and reactions.
pub fn message_line(clock: &Clock, names: &Names, message: &Message) -> String {
    let text = clean(&message.text);
    let said = match (message.kind, message.gone) {
        (Kind::Text, _) if message.action => Said::Act(text),
        (Kind::Text, _) => Said::Text(match &message.from {
            Some(from) => format!("{}: {text}", elsewhere(clock, from, message.time_ms)),
            None => text,
        }),
        (Kind::File, _) => Said::Text(message.file.as_ref().map_or(text, offered)),
        (Kind::Nick, _) => {
            let (who, what) = named(names, &message.author, message.before.as_deref(), &text);
            return format!("{} * {who} {what}", clock.moment(message.time_ms));
        }
        (Kind::Topic, _) => Said::Act(format!("set the topic: {text}")),
        (Kind::Act, _) => Said::Act(message.deed.as_ref().map_or(text, |deed| done_to(names, deed))),
        (Kind::Founded, _) => Said::Act(format!("founded the room {}", clean_name(&text, NICK_CHARS))),
        (Kind::Gone, Some(Gone::Retracted)) => Said::Act("took back what was here".into()),
        (Kind::Gone, Some(Gone::Missing)) => Said::Act("said something that has not arrived yet".into()),
        (Kind::Gone, Some(Gone::Locked)) => {
            Said::Act("said something that cannot be read yet: its key has not come".into())
        }
        (Kind::Gone, Some(Gone::Damaged)) => Said::Act("said something that is damaged".into()),
        (Kind::Gone, Some(Gone::Unkept)) => Said::Act("said something that is no longer kept by anybody here".into()),
        (Kind::Gone, _) => Said::Act("said something that is gone".into()),
    };
    let (moment, mut nick) = (clock.moment(message.time_ms), names.by(message));
    if message.verified {
        nick.push_str(VERIFIED);
    }
    let mut shown = match said {
        Said::Text(text) => format!("{moment} {nick}  {text}"),
        Said::Act(act) => format!("{moment} * {nick} {act}"),
    };
    if let Some(reply) = &message.reply_to {
        shown.push_str(&format!("  (to {}: {})", names.answered(reply), clean(&reply.text)));
    }
    if message.held {
        shown.push_str("  (held)");
    }
    if message.edited {
        shown.push_str("  (edited)");
    }
    for reaction in &message.reactions {
        shown.push_str(&format!("  {} {}", clean(&reaction.sign), reaction.authors.len()));
    }
    shown
}

/// Describes how an author took a name: it joined, if the name is its first or the same once more under a fresh key, or
/// changed its name from `before`. The old name may belong to someone else by now, so the beginning of the id stands
/// behind it.
pub fn named(names: &Names, author: &AuthorHex, before: Option<&str>, name: &str) -> (String, String) {
    let name = clean_name(name, NICK_CHARS);
    let had = |name: &str| format!("{name} ({})", author.as_str().chars().take(NAMELESS_DIGITS).collect::<String>());
    let shown = names.name(author, &name).whole();
    match before.filter(|before| clean_name(before, NICK_CHARS) != name) {
        None if shown.starts_with(&name) => (shown, "joined".into()),
        None => (had(&name), "joined".into()),
        Some(before) => (had(&clean_name(before, NICK_CHARS)), format!("is now called {name}")),
    }
}

/// What was done in a closed room, with people named as a screen names them.
pub fn done_to(names: &Names, deed: &Deed) -> String {
    done(deed, |whom| names.name(&whom.author, &whom.nick).whole())
}

/// What was done in a closed room, as the end of a sentence about who did it. `name` names people.
pub fn done(deed: &Deed, name: impl Fn(&Named) -> String) -> String {
    let whom = deed.whom.iter().map(name).collect::<Vec<_>>().join(", ");
    match deed.does {
        Does::Appointed => format!("made {whom} a {}", deed.role.unwrap_or_default().word()),
        Does::Dismissed => format!("ended the role of {whom}"),
        Does::Removed => format!("removed {whom}"),
        Does::Ended => format!("ended a key of {whom}"),
        Does::SteppedDown if whom.is_empty() => "stepped down".into(),
        Does::SteppedDown => format!("stepped down; {whom} may close this room"),
        Does::LetIn => format!("let {whom} in"),
        Does::Revoked => "ended a ticket".into(),
        Does::Hid => format!("hid words of {whom}"),
        Does::LetThrough => format!("let {whom} through: what they said is shown"),
        Does::Closed => "closed the room".into(),
        Does::Ruled => format!("set the rules: {}", ruled(&deed.rules.unwrap_or_default()).join("; ")),
    }
}

/// The original author, source and, unless the message was handed on at once, time of an imported message: `alice (irssi),
/// 2019-03-02 14:02`, or `CI (webhook)`.
pub fn elsewhere(clock: &Clock, from: &Elsewhere, brought_ms: u64) -> String {
    let Elsewhere { name, source, time_ms } = from;
    let (name, source) = (clean_name(name, NICK_CHARS), clean_name(source, NICK_CHARS));
    if from.is_handed_on(brought_ms) {
        return format!("{name} ({source})");
    }
    format!("{name} ({source}), {} {}", clock.day(*time_ms), clock.minutes(*time_ms))
}

/// How a file is shown: `photo.jpg, 2.1 MB, image/jpeg`.
pub fn offered(file: &File) -> String {
    let mut told = format!("{}, {}", safe_name(&file.name), size(file.size));
    if !file.mime.is_empty() {
        told.push_str(&format!(", {}", clean(&file.mime)));
    }
    told
}

/// The notice about an author whose share of this disk is full.
pub fn shared(share: &Share, clock: &Clock) -> String {
    let Share { nick, share_bytes, until_ms, .. } = share;
    let (nick, until) = (clean(nick), format!("{} {}", clock.day(*until_ms), clock.minutes(*until_ms)));
    format!("{nick}'s messages fill their share of {} here: those up to {until} were dropped", size(*share_bytes))
}

/// How many of `others` hold a message of one's own.
pub fn receipt(holders: u64, others: u64) -> String {
    match (holders, others.max(holders)) {
        (_, 0) => "(nobody else has been here yet)".into(),
        (0, others) => format!("… 0/{others}"),
        (holders, others) => format!("✓ {holders}/{others}"),
    }
}

/// Says which peers a room searches for while it has found nobody: one sentence for each peer with a known address.
pub fn looked_for(seeking: &Seeking, clock: &Clock) -> Vec<String> {
    let one = |sought: &Sought| {
        let peer: String = sought.peer.as_str().chars().take(NAMELESS_DIGITS).collect();
        let at = match sought.routes.is_empty() {
            true => String::new(),
            false => format!(" at {}", clean(&sought.routes.join(", "))),
        };
        let why = if sought.why.is_empty() { String::new() } else { format!(": {}", clean(&sought.why)) };
        let how = match sought.tries {
            0 => "is being dialled".to_owned(),
            tries => format!("was dialled {} in vain{why}", count(tries, "time", "times")),
        };
        format!("{peer}{at} {how}")
    };
    let since = clock.minutes(seeking.since_ms);
    let routes = seeking.peers.iter().take(SOUGHT_NAMED).map(one);
    let lan = if seeking.lan { ", on the LAN too" } else { "" };
    let lead = format!("nobody of this room was found so far, looking since {since}{lan}");
    std::iter::once(lead).chain(routes).collect()
}

/// How many people received a message, and how many of them acknowledged it.
pub fn received(holders: usize, acknowledged: usize, of: u64) -> String {
    format!("received by {holders} of {}, acknowledged by {acknowledged}", count(of, "other", "others"))
}

/// A count with the singular or plural of a noun.
pub fn count(number: impl Copy + Display + PartialEq + From<u8>, one: &str, several: &str) -> String {
    match number == 1.into() {
        true => format!("1 {one}"),
        false => format!("{number} {several}"),
    }
}

/// A number with separated thousands.
pub fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        for (number, want) in [(0, "0"), (999, "999"), (1000, "1,000"), (38412, "38,412"), (1234567, "1,234,567")] {
            assert_eq!(thousands(number), want);
        }
    }

    #[test]
    fn a_full_share_is_reported_in_one_sentence() {
        let share =
            Share { nick: "Ann".into(), share_bytes: 64_000_000, until_ms: 1_700_000_000_000, ..Share::default() };
        assert_eq!(
            shared(&share, &Clock::utc()),
            "Ann's messages fill their share of 64.0 MB here: those up to 2023-11-14 22:13 were dropped"
        );
    }

    #[test]
    fn receipts() {
        let cases = [(0, 0, "(nobody else has been here yet)"), (0, 3, "… 0/3"), (2, 3, "✓ 2/3"), (2, 1, "✓ 2/2")];
        for (holders, others, want) in cases {
            assert_eq!(receipt(holders, others), want);
        }
    }

    #[test]
    fn searched_peers_are_listed_with_their_addresses_and_errors() {
        let sought = |tries, why: &str| Sought {
            peer: "c0ffee0123".into(),
            routes: vec!["192.168.1.5:4711".into()],
            tries,
            why: why.into(),
        };
        let by = |lan, peers| looked_for(&Seeking { since_ms: 1_700_000_000_000, lan, peers }, &Clock::utc());
        let told = |peers| by(true, peers);
        let lead = "nobody of this room was found so far, looking since 22:13, on the LAN too";
        assert_eq!(told(Vec::new()), [lead]);
        assert_eq!(by(false, Vec::new()), ["nobody of this room was found so far, looking since 22:13"]);
        assert_eq!(told(vec![sought(0, "")]), [lead, "c0ffee01 at 192.168.1.5:4711 is being dialled"]);
        let vain = "c0ffee01 at 192.168.1.5:4711 was dialled 3 times in vain: it does not answer";
        assert_eq!(told(vec![sought(3, "it does not answer")]), [lead, vain]);
    }

    #[test]
    fn lines() {
        let shown = |kind, text: &str| {
            let (nick, time_ms, text) = ("ada".into(), 1_700_000_000_000, text.into());
            let message = Message { nick, time_ms, kind, text, ..Message::default() };
            message_line(&Clock::utc(), &Names::of([(&message.author, "ada")]), &message)
        };
        assert_eq!(shown(Kind::Text, "hi\x1b[2J"), "2023-11-14 22:13 ada  hi[2J");
        assert_eq!(shown(Kind::Founded, "lunch"), "2023-11-14 22:13 * ada founded the room lunch");
        let mallory = Named { author: "77ab34cd90".into(), nick: "mallory".into() };
        let deed = Deed { does: Does::Removed, whom: vec![mallory], ..Deed::default() };
        assert_eq!(done_to(&Names::default(), &deed), "removed mallory~77ab");
        assert_eq!(shown(Kind::Gone, ""), "2023-11-14 22:13 * ada said something that is gone");
    }

    #[test]
    fn a_first_name_is_a_join_and_another_one_a_change() {
        let (ann, mut names) = ("03c66105aa".into(), Names::default());
        names.learn(&ann, "Ann");
        let told = |names: &Names, before, name| {
            let (who, what) = named(names, &ann, before, name);
            format!("{who} {what}")
        };
        assert_eq!(told(&names, None, "Ann\u{202e}"), "Ann joined");
        assert_eq!(told(&names, Some("Annie"), "Ann"), "Annie (03c66105) is now called Ann");
        assert_eq!(told(&names, Some("Ann"), "Ann"), "Ann joined");
        names.learn(&"41aa0711".into(), "Ann");
        assert_eq!(told(&names, None, "Ann"), "Ann~03c6 joined");
        names.learn(&ann, "Bea");
        assert_eq!(told(&names, None, "Ann"), "Ann (03c66105) joined");
    }
}
