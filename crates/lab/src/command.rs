//! The commands that a console may send to a process, one a line.
//!
//! ```text
//! msg <messageID> <text to the end of the line>
//! get chatLog
//! crash, and any letters after it
//! ```

use crate::lines::TooLong;

/// A command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Command {
    /// Say this text in the room. The id that came with it is the user's own and means nothing.
    Say(String),
    /// Print the room's log.
    Log,
    /// End at once, without cleanup.
    Crash,
}

/// Why a line is not a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoCommand {
    /// Answer with one line: `error: ` and this text.
    Say(&'static str),
    /// An HTTP client is a web page that was directed to this port: close the connection without an answer.
    HangUp,
}

/// Parses a line. An empty line is `None`.
///
/// # Errors
/// How to answer a line that is not a command.
pub(crate) fn parse(line: Result<&[u8], TooLong>) -> Result<Option<Command>, NoCommand> {
    let line = line.map_err(|TooLong| NoCommand::Say("line too long, at most 16384 bytes"))?;
    if speaks_http(line) {
        return Err(NoCommand::HangUp);
    }
    let line = std::str::from_utf8(line).map_err(|_| NoCommand::Say("not UTF-8"))?.trim_start();
    let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    match word {
        "" => Ok(None),
        "msg" => say(rest).map(Some),
        "get" if rest.trim() == "chatLog" => Ok(Some(Command::Log)),
        "get" => Err(NoCommand::Say("get what? There is `get chatLog`")),
        _ if word.starts_with("crash") => Ok(Some(Command::Crash)),
        _ => Err(NoCommand::Say("unknown command; there are msg <messageID> <text>, get chatLog, crash")),
    }
}

/// Refuses a blank text: it would leave the log without a second word, and consoles wait for one for ever.
fn say(rest: &str) -> Result<Command, NoCommand> {
    match rest.trim_start().split_once(char::is_whitespace) {
        Some((_, text)) if !text.trim().is_empty() => Ok(Command::Say(text.to_owned())),
        _ => Err(NoCommand::Say("missing field; it is msg <messageID> <text>")),
    }
}

fn speaks_http(line: &[u8]) -> bool {
    let method = line.iter().take_while(|byte| byte.is_ascii_uppercase()).count();
    method > 0 && line.get(method) == Some(&b' ') && line.windows(6).any(|piece| piece == b" HTTP/")
}

/// A text as shown in a log: without the characters that would break its line.
pub(crate) fn in_one_line(text: &str) -> impl Iterator<Item = char> {
    text.chars().map(|char| match char {
        '\t' => char,
        '\u{2028}' | '\u{2029}' => char::REPLACEMENT_CHARACTER,
        _ if char.is_control() => char::REPLACEMENT_CHARACTER,
        _ => char,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, want: Option<Command>) {
        assert_eq!(parse(Ok(line.as_bytes())), Ok(want), "{line:?}");
    }

    fn say(text: &str) -> Option<Command> {
        Some(Command::Say(text.into()))
    }

    #[test]
    fn commands() {
        check("msg 1 hello", say("hello"));
        check("msg 1 hello, you there ", say("hello, you there "));
        check("msg 1  two spaces", say(" two spaces"));
        check("msg x,y text", say("text"));
        check("msg 1 a\tb", say("a\tb"));
        check("msg 1 POST / HTTP/1.1", say("POST / HTTP/1.1"));
        check("get chatLog", Some(Command::Log));
        check("get chatLog ", Some(Command::Log));
        check("crash", Some(Command::Crash));
        check("crash...", Some(Command::Crash));
        check("crashed now", Some(Command::Crash));
        check("", None);
        check("   ", None);
    }

    #[test]
    fn refusals() {
        for line in ["msg", "msg 1", "msg 1 ", "msg 1 \u{3000}", "get", "get log", "hello", "MSG 1 x", "start 0 4 5000"]
        {
            assert!(matches!(parse(Ok(line.as_bytes())), Err(NoCommand::Say(_))), "{line:?}");
        }
        assert!(matches!(parse(Ok(b"msg 1 \xff")), Err(NoCommand::Say(_))));
        assert!(matches!(parse(Err(TooLong)), Err(NoCommand::Say(_))));
        for line in ["POST / HTTP/1.1", "GET /?get%20chatLog HTTP/1.0", "OPTIONS * HTTP/1.1"] {
            assert_eq!(parse(Ok(line.as_bytes())), Err(NoCommand::HangUp), "{line:?}");
        }
    }

    #[test]
    fn a_text_stays_in_its_line() {
        let hostile = "a\rb\u{b}c\u{85}d\u{2028}e\u{1b}[2Jf\0g\th";
        let safe: String = in_one_line(hostile).collect();
        assert!(!safe.contains(|char: char| char.is_control() && char != '\t'), "{safe:?}");
        assert_eq!(in_one_line("grüße, 你好 👋🏽").collect::<String>(), "grüße, 你好 👋🏽");
    }
}
