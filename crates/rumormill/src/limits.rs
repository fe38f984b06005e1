//! Bounds of the commands, each with the arithmetic that chose it.

/// Lines of the timeline read at once: 256 of 100 bytes are 25 kB, of the largest body 2 MiB.
pub(crate) const PAGE_LINES: usize = 256;

/// Milliseconds that a program may take to put a text into the clipboard: a hundred times what it needs.
pub(crate) const COPY_MS: u64 = 1_000;

/// Lines of standard input that are too long and listed by number; more are only counted.
pub(crate) const LONG_NAMED: usize = 5;

/// Printed lines that `log --follow` remembers: four times the events a node keeps for a reader.
pub(crate) const PRINTED: usize = 4096;

/// Milliseconds that the process which has the home open may take to open its socket, or to end.
pub(crate) const OWNER_MS: u64 = 5_000;

/// Milliseconds between two attempts to reach that process.
pub(crate) const OWNER_AGAIN_MS: u64 = 50;

/// Bytes of a configuration: a hundred times one with every option.
pub(crate) const CONFIG_BYTES: u64 = 64 * 1024;

/// Bytes of a profile's name, which becomes a directory.
pub(crate) const PROFILE_BYTES: usize = 32;

/// Unreadable lines of a foreign file that are listed by number; more are only counted.
pub(crate) const MALFORMED_NAMED: usize = 5;

/// Bytes of one event of a foreign export: 64 times what a Matrix server takes, and a post of Mattermost with a thousand
/// answers; read into memory it takes up to sixteen times as much.
pub(crate) const FOREIGN_EVENT_BYTES: usize = 4 * 1024 * 1024;

/// Files of one channel of a Slack export: a day each, thirty years.
pub(crate) const SLACK_DAYS: usize = 11_000;

/// Edited and redacted events of a Matrix export that are remembered between two passes: 200 bytes each, 20 MB.
pub(crate) const FOREIGN_CHANGES: usize = 100_000;

/// Bytes of the texts of those edits.
pub(crate) const FOREIGN_CHANGES_BYTES: usize = 32 * 1024 * 1024;

/// Messages of a foreign export that are sorted in memory: 300 bytes each, 60 MB.
pub(crate) const FOREIGN_SORTED: usize = 200_000;

/// Bytes of the texts of those messages.
pub(crate) const FOREIGN_SORTED_BYTES: usize = 64 * 1024 * 1024;

/// Custom prefixes that users of WeeChat put before events: it has six.
pub(crate) const FOREIGN_PREFIXES: usize = 32;

/// People of a foreign export whose names are remembered: the largest workspaces; 100 bytes each.
pub(crate) const FOREIGN_PEOPLE: usize = 200_000;

/// Bytes of a file that are read to detect its format: more than any export has before its first message.
pub(crate) const FOREIGN_GUESS_BYTES: u64 = 1024 * 1024;

/// Bytes of a log that are read to detect the encoding of text that is not UTF-8: years of a quiet channel.
pub(crate) const FOREIGN_SAMPLE_BYTES: u64 = 4 * 1024 * 1024;

/// Logs of one directory that are imported together: a file a day for thirty years.
pub(crate) const IMPORT_FILES: usize = 11_000;

/// Milliseconds that a writing command waits at most for the linked peers to receive the entry, which takes them a
/// third of a second: as long as leaving waits, because a machine may be busy.
pub(crate) const TAKES_MS: u64 = rumormill_tui::LEAVE_MS;
