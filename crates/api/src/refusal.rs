//! Refusals: why a request was not carried out, and what to do; and the one table of their codes, each with the status
//! that it is answered with.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The answer to a request that was not carried out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Refusal {
    /// Why not.
    pub error: Refused,
}

/// Why a request was not carried out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Refused {
    /// One word that stays the same from version to version.
    pub code: String,
    /// What happened.
    pub what: String,
    /// What to do next.
    pub help: String,
}

/// A kind of refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Code {
    /// Its word.
    pub word: &'static str,
    /// The status that it is answered with.
    pub status: u16,
    /// What it means.
    pub says: &'static str,
}

impl Refused {
    /// Why, and what to do.
    pub fn new(code: impl Into<String>, what: impl Into<String>, help: impl Into<String>) -> Self {
        Self { code: code.into(), what: what.into(), help: help.into() }
    }

    /// Something of ours that nobody but us can mend.
    pub fn internal(code: impl Into<String>, what: impl Into<String>) -> Self {
        Self::new(code, what, "this should not happen; `rumormill doctor` may know more")
    }

    /// The status that goes with its code: the first of the table, or that of a fault of the process.
    pub fn status(&self) -> u16 {
        codes::ALL.iter().find(|code| self.is(**code)).map_or(INTERNAL, |code| code.status)
    }

    /// Whether it has this code.
    pub fn is(&self, code: Code) -> bool {
        self.code == code.word
    }
}

/// The status of what the process cannot do by a fault of its own.
const INTERNAL: u16 = 500;

impl Code {
    const fn new(word: &'static str, status: u16, says: &'static str) -> Self {
        Self { word, status, says }
    }

    /// Refuses: why, and what to do.
    pub fn refuse(self, what: impl Into<String>, help: impl Into<String>) -> Refused {
        Refused::new(self.word, what, help)
    }
}

/// The codes of refusals. Whatever is not among them is a fault of the process, answered with 500.
pub mod codes {
    use super::Code;

    /// Names each code, and lists all of them.
    macro_rules! table {
        ($($name:ident = $word:literal, $status:literal, $says:literal;)*) => {
            $(
                #[doc = concat!("`", $word, "`: ", $says, ".")]
                pub const $name: Code = Code::new($word, $status, $says);
            )*

            /// All codes, as the description lists them.
            pub const ALL: &[Code] = &[$($name),*];
        };
    }

    table! {
        PATH = "path", 404, "There is nothing at this path";
        ROOM = "room", 404, "There is no such room, or an export is of another one";
        SEVERAL = "several", 409, "A name may mean several rooms or people";
        NOBODY = "nobody", 404, "Nobody is called so";
        NO_AUTHOR = "author", 404, "Nobody in the room has this id";
        AUTHOR = "author", 400, "This names no author, or yourself where it must be somebody else";
        MESSAGE = "message", 404, "There is no such message";
        REF = "ref", 400, "This names no message";
        PLACE = "place", 400, "This names no place";
        PAGE = "page", 400, "Only one of `before`, `after` and `q` may be given";
        SEARCH = "search", 400, "What is searched for names a day or a time that is none";
        JSON = "json", 400, "The body is not the JSON that goes here";
        BODY = "body", 400, "The body did not come to its end, or is too long";
        QUERY = "query", 400, "What stands behind the `?` makes no sense";
        TEXT = "text", 400, "The body is no text in UTF-8";
        LINES = "lines", 400, "These are too many lines for one request";
        NOTHING = "nothing", 400, "There was nothing to say";
        KIND = "kind", 400, "This cannot be done with a message of this kind";
        SIGN = "sign", 400, "This is no sign";
        NAME = "name", 400, "This is no name for a room";
        NICK = "nick", 400, "This is no name for a person";
        TOPIC = "topic", 400, "The topic is too long";
        TICKET = "ticket", 400, "The ticket is no good";
        FILE_NAME = "file-name", 400, "A file cannot be called so";
        TOO_LONG = "too-long", 400, "The text is longer than a message may be";
        TOO_LARGE = "too-large", 413, "This is more than the home takes at once";
        KEY = "key", 400, "The `Idempotency-Key` is no plain text of 1 to 256 bytes";
        KEY_USED = "key-used", 422, "Something else was said under this `Idempotency-Key`";
        KEY_WAITS = "key-waits", 409, "What is said under this `Idempotency-Key` is not on disk yet";
        HOOK = "hook", 404, "There is no such webhook, or this is not its secret";
        HOOKS = "hooks", 409, "The home has as many webhooks as it may have";
        URL = "url", 400, "This is no URL that messages could go to";
        BOT = "bot", 404, "There is no such bot";
        BOT_NAME = "bot-name", 400, "A bot cannot be called so";
        BOT_EXISTS = "bot-exists", 409, "There is a bot of this name";
        BOTS = "bots", 409, "The home has as many bots as it may have";
        OWNER = "owner", 403, "Only the owner of the home may do this, and no bot";
        INTEGRITY = "integrity", 422, "What was to be imported does not verify";
        NOT_YOURS = "not-yours", 403, "Somebody else said this";
        HIDDEN = "hidden", 403, "As many people are hidden as can be";
        NO_FILE = "no-file", 404, "The message offers no file";
        LEFT = "left", 404, "You have left the room";
        DAMAGED = "damaged", 409, "What is kept of the room is damaged";
        GIVEN_UP = "given-up", 409, "The file is no longer asked for";
        TOO_MANY_ROOMS = "too-many-rooms", 409, "The home is in as many rooms as it may be";
        TOO_MANY_FILES = "too-many-files", 429, "As many files are asked for as may be";
        BUSY = "busy", 429, "Too much waits to be said";
        TOO_FAST = "too-fast", 429, "This is faster than a room takes; nothing was done, and `Retry-After` says how long to wait";
        NOBODY_HAS_IT = "nobody-has-it", 503, "Nobody who has the file is here";
        FULL = "full", 507, "The disk is full";
        LOCKED = "locked", 403, "Another process has the home open";
        PERMISSIONS = "permissions", 403, "Others could read the home";
        READ_ONLY = "read-only", 403, "The home cannot be written";
        CORRUPT = "corrupt", 500, "The home is damaged, or of a version that is not known";
        HOST = "host", 421, "The `Host` is not this machine";
        ORIGIN = "origin", 403, "A page of another site asks";
        TOKEN = "token", 401, "No token is shown, or a wrong one";
        CODE = "code", 403, "The code of a link was used, or is too old";
        SESSION = "session", 400, "The token belongs to no page";
        ADDRESS = "address", 400, "Other machines could reach this address";
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_tells_the_status_wherever_it_is_read() {
        assert_eq!(codes::TICKET.refuse("no", "yes").status(), 400);
        assert_eq!(Refused::new("left", "no", "yes").status(), 404);
        assert_eq!(Refused::internal("metrics", "no").status(), 500);
    }

    #[test]
    fn every_code_is_one_word_and_says_what_it_means() {
        for (at, code) in codes::ALL.iter().enumerate() {
            let Code { word, status, says } = code;
            assert!(word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-') && !says.is_empty(), "{word}");
            assert!((400..600).contains(status), "{word}: {status}");
            assert!(!codes::ALL[..at].contains(code), "{word} stands there twice");
        }
    }
}
