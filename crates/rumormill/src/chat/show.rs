//! How lines of a room look in plain text.

use rumormill_node::{
    Room,
    proto::{
        clock::{Skew, Whose},
        ids::AuthorId,
    },
};

use crate::{
    api::words::{AuthorHex, Elsewhere, File, Gone, Kind, Message, Share},
    clean::{clean, clean_name},
    clock::Clock,
    files::{safe_name, size},
    limits::NICK_CHARS,
    who::{NAMELESS_DIGITS, Names},
};

/// What of a message is shown.
enum Said {
    /// A line of text.
    Text(String),
    /// Something that happened, told about the author.
    Act(String),
}

/// `hh:mm nick  text`, or `hh:mm * nick did something`, with what was done to it.
pub(crate) fn message_line(clock: &Clock, names: &Names, message: &Message) -> String {
    let text = clean(&message.text);
    let said = match (message.kind, message.gone) {
        (Kind::Text, _) if message.action => Said::Act(text),
        (Kind::Text, _) => Said::Text(match &message.from {
            Some(from) => format!("{}: {text}", elsewhere(clock, from)),
            None => text,
        }),
        (Kind::File, _) => Said::Text(message.file.as_ref().map_or(text, offered)),
        (Kind::Nick, _) => {
            let (who, what) = named(names, &message.author, message.before.as_deref(), &text);
            return format!("{} * {who} {what}", clock.minutes(message.time_ms));
        }
        (Kind::Topic, _) => Said::Act(format!("set the topic: {text}")),
        (Kind::Founded, _) => Said::Act(format!("founded the room {}", clean_name(&text, NICK_CHARS))),
        (Kind::Gone, Some(Gone::Retracted)) => Said::Act("took back what was here".into()),
        (Kind::Gone, Some(Gone::Missing)) => Said::Act("said something that has not come yet".into()),
        (Kind::Gone, Some(Gone::Unkept)) => Said::Act("said something that is no longer kept by anybody here".into()),
        (Kind::Gone, _) => Said::Act("said something that is gone".into()),
    };
    let (minutes, nick) = (clock.minutes(message.time_ms), names.by(message));
    let mut shown = match said {
        Said::Text(text) => format!("{minutes} {nick}  {text}"),
        Said::Act(act) => format!("{minutes} * {nick} {act}"),
    };
    if let Some(reply) = &message.reply_to {
        shown.push_str(&format!("  (to {}: {})", names.answered(reply), clean(&reply.text)));
    }
    if message.edited {
        shown.push_str("  (edited)");
    }
    for reaction in &message.reactions {
        shown.push_str(&format!("  {} {}", clean(&reaction.sign), reaction.authors.len()));
    }
    shown
}

/// What is told of somebody who took a name, and had another one `before`: who they were, and what they did. It is how
/// people join, when that is their first. A name that they no longer have may be somebody else's by now, so that the
/// beginning of the id stands behind it.
pub(crate) fn named(names: &Names, author: &AuthorHex, before: Option<&str>, name: &str) -> (String, String) {
    let name = clean_name(name, NICK_CHARS);
    let had = |name: &str| format!("{name} ({})", author.as_str().chars().take(NAMELESS_DIGITS).collect::<String>());
    let shown = names.name(author, &name).whole();
    match before {
        None if shown.starts_with(&name) => (shown, "joined".into()),
        None => (had(&name), "joined".into()),
        Some(before) => (had(&clean_name(before, NICK_CHARS)), format!("is now called {name}")),
    }
}

/// Who said something elsewhere, where and when: `alice (irssi), 2019-03-02 14:02`.
pub(crate) fn elsewhere(clock: &Clock, from: &Elsewhere) -> String {
    let Elsewhere { name, source, time_ms } = from;
    let (name, source) = (clean_name(name, NICK_CHARS), clean_name(source, NICK_CHARS));
    format!("{name} ({source}), {} {}", clock.day(*time_ms), clock.minutes(*time_ms))
}

/// How a file is told of: `photo.jpg, 2.1 MB, image/jpeg`.
pub(crate) fn offered(file: &File) -> String {
    let mut told = format!("{}, {}", safe_name(&file.name), size(file.size));
    if !file.mime.is_empty() {
        told.push_str(&format!(", {}", clean(&file.mime)));
    }
    told
}

/// The name an author is shown by.
pub(crate) fn nick(room: &Room, author: &AuthorId) -> String {
    let nick = clean_name(&room.nick(author), NICK_CHARS);
    if nick.is_empty() { author.short() } else { nick }
}

/// Everybody's names in a room.
///
/// # Errors
/// When it cannot be read who wrote in it.
pub(crate) async fn names(room: &Room) -> Result<Names, rumormill_node::Error> {
    let heads = room.heads().await?.into_iter().map(|(author, _)| author);
    let peers = room.status().peers.into_iter().map(|peer| peer.author);
    let mut names = Names::default();
    for who in heads.chain(peers).chain([room.author()]) {
        names.learn(&who.to_string().as_str().into(), &nick(room, &who));
    }
    Ok(names)
}

/// What an author is shown as, in full.
pub(crate) fn called(names: &Names, author: &AuthorId) -> String {
    names.name(&author.to_string().as_str().into(), "").whole()
}

/// What is told of an author whose key was in use in two places.
pub(crate) fn forked(nick: &str) -> String {
    format!("{nick} wrote two logs under one key, or left one that was ahead of its time; one of the two is not shown")
}

/// What is told when that author was I.
pub(crate) const REKEYED: &str = "your log was cut, for its key was in use in two places or your clock was ahead; you write under a fresh key from here \
     on, and what was cut off is said again under it";

/// What is told of clocks that differ; empty when none does.
pub(crate) fn skewed(skew: Skew, nick: impl Fn(&AuthorId) -> String) -> String {
    let (apart, side) = (span(skew.ms), if skew.ms > 0 { "behind" } else { "ahead of" });
    match skew.whose {
        Whose::Nobodys => String::new(),
        Whose::Ours => format!("your clock looks {apart} {side} the others'; set it right"),
        Whose::Theirs(author) => {
            let side = if skew.ms > 0 { "ahead" } else { "behind" };
            format!("{}'s clock looks {apart} {side}; ask them to set it right", nick(&author))
        }
        Whose::Unclear(author) => {
            format!(
                "your clock is {apart} {side} {}'s; compare both with a third one and set the wrong one",
                nick(&author)
            )
        }
    }
}

/// What people are told of an author whose share of this disk is full.
pub(crate) fn shared(share: &Share, clock: &Clock) -> String {
    let Share { nick, share_bytes, until_ms, .. } = share;
    let (nick, until) = (clean(nick), format!("{} {}", clock.day(*until_ms), clock.minutes(*until_ms)));
    format!(
        "{nick}'s messages fill their share of {} here: what they said up to {until} was let go",
        size(*share_bytes)
    )
}

/// What is told when clocks agree again.
pub(crate) const AGREED: &str = "all clocks agree again";

/// How far two clocks are apart.
fn span(ms: i64) -> String {
    let seconds = ms.unsigned_abs().div_ceil(1_000);
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds / 60),
        7_200..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} days", seconds / 86_400),
    }
}

/// How many of `others` hold one of my lines.
pub(crate) fn receipt(holders: u64, others: u64) -> String {
    match (holders, others.max(holders)) {
        (_, 0) => "(nobody else has been here yet)".into(),
        (0, others) => format!("… 0/{others}"),
        (holders, others) => format!("✓ {holders}/{others}"),
    }
}

/// One thing or several.
pub(crate) fn count(number: usize, one: &str, several: &str) -> String {
    match number {
        1 => format!("1 {one}"),
        _ => format!("{number} {several}"),
    }
}

/// A number with its thousands apart.
pub(crate) fn thousands(number: u64) -> String {
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
    fn a_full_share_is_told_in_one_sentence() {
        let share =
            Share { nick: "Ann".into(), share_bytes: 64_000_000, until_ms: 1_700_000_000_000, ..Share::default() };
        assert_eq!(
            shared(&share, &Clock::utc()),
            "Ann's messages fill their share of 64.0 MB here: what they said up to 2023-11-14 22:13 was let go"
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
    fn lines() {
        let shown = |kind, text: &str| {
            let (nick, time_ms, text) = ("ada".into(), 1_700_000_000_000, text.into());
            let message = Message { nick, time_ms, kind, text, ..Message::default() };
            message_line(&Clock::utc(), &Names::of([(&message.author, "ada")]), &message)
        };
        assert_eq!(shown(Kind::Text, "hi\x1b[2J"), "22:13 ada  hi[2J");
        assert_eq!(shown(Kind::Founded, "lunch"), "22:13 * ada founded the room lunch");
        assert_eq!(shown(Kind::Gone, ""), "22:13 * ada said something that is gone");
    }

    #[test]
    fn who_takes_a_first_name_joins_and_who_takes_another_is_called_so() {
        let (ann, mut names) = ("03c66105aa".into(), Names::default());
        names.learn(&ann, "Ann");
        let told = |names: &Names, before, name| {
            let (who, what) = named(names, &ann, before, name);
            format!("{who} {what}")
        };
        assert_eq!(told(&names, None, "Ann\u{202e}"), "Ann joined");
        assert_eq!(told(&names, Some("Annie"), "Ann"), "Annie (03c66105) is now called Ann");
        names.learn(&"41aa0711".into(), "Ann");
        assert_eq!(told(&names, None, "Ann"), "Ann~03c6 joined");
        names.learn(&ann, "Bea");
        assert_eq!(told(&names, None, "Ann"), "Ann (03c66105) joined");
    }
}
