//! Refusals: why a request was not carried out, and what to do; and the table of their codes with the status of each.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The answer to a request that was not carried out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Refusal {
    /// The reason.
    pub error: Refused,
}

/// Why a request was not carried out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Refused {
    /// One word that is stable across versions.
    pub code: String,
    /// What happened.
    pub what: String,
    /// What to do next.
    pub help: String,
}

/// A code of refusals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Code {
    /// Its word.
    pub word: &'static str,
    /// Its status.
    pub status: u16,
    /// Its meaning.
    pub says: &'static str,
}

impl Refused {
    /// A refusal: its code, what happened, and what to do.
    pub fn new(code: impl Into<String>, what: impl Into<String>, help: impl Into<String>) -> Self {
        Self { code: code.into(), what: what.into(), help: help.into() }
    }

    /// A fault in the program that only we can fix.
    pub fn internal(code: impl Into<String>, what: impl Into<String>) -> Self {
        Self::new(code, what, "this should not happen; `rumormill doctor` may know more")
    }

    /// The status of its code; 500 for a code that is not in the table.
    pub fn status(&self) -> u16 {
        codes::ALL.iter().find(|code| self.is(**code)).map_or(INTERNAL, |code| code.status)
    }

    /// Whether it has this code.
    pub fn is(&self, code: Code) -> bool {
        self.code == code.word
    }
}

/// The status of a fault of the process.
const INTERNAL: u16 = 500;

impl Code {
    const fn new(word: &'static str, status: u16, says: &'static str) -> Self {
        Self { word, status, says }
    }

    /// Makes a refusal with this code: what happened, and what to do.
    pub fn refuse(self, what: impl Into<String>, help: impl Into<String>) -> Refused {
        Refused::new(self.word, what, help)
    }
}

/// The codes of refusals. Any other code is a fault of the process, with status 500.
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
        NOBODY = "nobody", 404, "Nobody has this name";
        NO_AUTHOR = "author", 404, "Nobody in the room has this id";
        AUTHOR = "author", 400, "This is no author, or yourself where somebody else is required";
        MESSAGE = "message", 404, "There is no such message";
        REF = "ref", 400, "This is no reference of a message";
        PLACE = "place", 400, "This is no place in a timeline";
        PAGE = "page", 400, "Only one of `before`, `after` and `q` may be given";
        SEARCH = "search", 400, "The search has an invalid day or time";
        JSON = "json", 400, "The body is not the expected JSON";
        BODY = "body", 400, "The body was cut off, or is too long";
        QUERY = "query", 400, "A query parameter is invalid";
        TEXT = "text", 400, "The body is not text in UTF-8";
        LINES = "lines", 400, "The request has too many lines";
        NOTHING = "nothing", 400, "There is no text to send";
        KIND = "kind", 400, "This cannot be done with a message of this kind";
        SIGN = "sign", 400, "This cannot be a sign";
        NAME = "name", 400, "This cannot be the name of a room";
        NICK = "nick", 400, "This cannot be the name of a person";
        TOPIC = "topic", 400, "The topic is too long";
        TICKET = "ticket", 400, "The ticket is invalid";
        FILE_NAME = "file-name", 400, "This cannot be the name of a file";
        TOO_LONG = "too-long", 400, "The text is longer than a message may be";
        TOO_LARGE = "too-large", 413, "The request is larger than the home accepts";
        KEY = "key", 400, "The `Idempotency-Key` is not plain text of 1 to 256 bytes";
        KEY_USED = "key-used", 422, "Another message was sent with this `Idempotency-Key`";
        KEY_WAITS = "key-waits", 409, "The message with this `Idempotency-Key` is not on disk yet";
        HOOK = "hook", 404, "There is no such webhook, or this is not its secret";
        HOOKS = "hooks", 409, "The home has as many webhooks as it may have";
        URL = "url", 400, "This is no URL that messages could go to";
        BOT = "bot", 404, "There is no such bot";
        BOT_NAME = "bot-name", 400, "The name is not allowed for a bot";
        BOT_EXISTS = "bot-exists", 409, "A bot of this name exists";
        BOTS = "bots", 409, "The home has as many bots as it may have";
        REQUEST = "request", 404, "Nobody asks you into such a private room";
        PRIVATE = "private", 403, "Nobody is let into a private room, or removed from it";
        PEOPLE = "people", 400, "A private room is for two to sixteen people who are in the room that it comes out of";
        DEVICE = "device", 404, "There is no such device, or this machine cannot revoke it";
        DEVICE_NAME = "device-name", 400, "The name is not allowed for a device";
        LINK_CODE = "link-code", 400, "No machine shows this code, or no longer";
        UNLINKED = "unlinked", 503, "The machine that is being linked has gone";
        UNREACHABLE = "unreachable", 503, "The other machine is not reached";
        PASSPHRASE = "passphrase", 400, "The passphrase is too short, or not that of the backup or the home";
        BACKUP = "backup", 400, "The file is no backup, or not all of it";
        NOT_EMPTY = "not-empty", 409, "The home is in rooms already";
        OWNER = "owner", 403, "Only the owner of the home may do this";
        INTEGRITY = "integrity", 422, "The import does not verify";
        NOT_YOURS = "not-yours", 403, "Somebody else said this";
        HIDDEN = "hidden", 403, "The room has as many hidden or verified people as it may have";
        NO_FILE = "no-file", 404, "The message offers no file";
        LEFT = "left", 404, "You have left the room";
        DAMAGED = "damaged", 409, "The stored data of the room is damaged";
        GIVEN_UP = "given-up", 409, "The file is no longer being fetched";
        TOO_MANY_ROOMS = "too-many-rooms", 409, "The home has as many rooms as it may have, or more than a backup holds";
        TOO_MANY_FILES = "too-many-files", 429, "Too many files are being fetched";
        NO_MEMBER = "no-member", 403, "You are no member of this closed room";
        RANK = "rank", 403, "Your role in the closed room does not allow it, or not against this person";
        NOTHING_THERE = "nothing-there", 404, "There is no such member, role, ticket or message to do it to";
        OPEN_ROOM = "open-room", 409, "The room is open, and nobody governs it";
        RULES = "rules", 400, "No room can have these rules";
        SLOW_MODE = "slow-mode", 429, "Slow mode would keep the message out; nothing was done, and `Retry-After` says how long to wait";
        USES = "uses", 400, "A ticket lets in at least one person";
        BUSY = "busy", 429, "The queue of unsent messages is full";
        TOO_FAST = "too-fast", 429, "The request is too fast for the room; nothing was done, and `Retry-After` says how long to wait";
        NOBODY_HAS_IT = "nobody-has-it", 503, "Nobody who has the file is here";
        FULL = "full", 507, "The disk is full";
        LOCKED = "locked", 403, "Another process has the home open";
        PERMISSIONS = "permissions", 403, "Others could read the home";
        READ_ONLY = "read-only", 403, "The home cannot be written";
        CORRUPT = "corrupt", 500, "The home is damaged, or of an unknown version";
        HOST = "host", 421, "The `Host` is not this machine";
        ORIGIN = "origin", 403, "A page of another site sent the request";
        TOKEN = "token", 401, "The token is missing or wrong";
        CODE = "code", 403, "The code of a link was used, or is too old";
        SESSION = "session", 400, "The token belongs to no page";
        ADDRESS = "address", 400, "Other machines could reach this address";
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_implies_its_status() {
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
