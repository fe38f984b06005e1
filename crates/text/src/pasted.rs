//! Tickets as people paste them: in quotes or brackets, in the middle of a sentence, behind the command, wrapped and
//! quoted by mail, with invisible letters from a web page or a chat.

use std::str::FromStr;

use crate::limits::{PASTED_BYTES, PASTED_PIECES};

/// The beginning of every ticket; its version number follows.
const WORD: &str = "rumor";

/// Whether a text contains the beginning of a ticket. Few rooms have such a name.
pub fn holds_ticket(text: &str) -> bool {
    starts(&plain(text)).next().is_some()
}

/// The first ticket in a text.
///
/// # Errors
/// `none` when there is none; otherwise the fault of the first thing that looks like one.
pub fn find_ticket<T: FromStr>(text: &str, none: T::Err) -> Result<T, T::Err> {
    if text.len() > PASTED_BYTES {
        return Err(none);
    }
    let text = plain(text);
    let mut wrong = none;
    for start in starts(&text) {
        match read(&text[start..]) {
            Ok(ticket) => return Ok(ticket),
            Err(error) => wrong = error.unwrap_or(wrong),
        }
    }
    Err(wrong)
}

/// The ticket at the beginning of a text. It may be wrapped: pieces are joined until its checksum is right.
fn read<T: FromStr>(text: &str) -> Result<T, Option<T::Err>> {
    let (mut letters, mut wrong) = (String::new(), None);
    for piece in text.split_whitespace().take(PASTED_PIECES) {
        let end = piece.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(piece.len());
        letters.push_str(&piece[..end]);
        match letters.parse() {
            Ok(ticket) => return Ok(ticket),
            // Keep the first error: words after the ticket would change it.
            Err(error) => _ = wrong.get_or_insert(error),
        }
        if end < piece.len() {
            break;
        }
    }
    Err(wrong)
}

/// The positions where a ticket may begin.
fn starts(text: &str) -> impl Iterator<Item = usize> {
    let bytes = text.as_bytes();
    let is_start = |at: &usize| {
        let rest = &bytes[*at..];
        rest.get(..WORD.len()).is_some_and(|word| word.eq_ignore_ascii_case(WORD.as_bytes()))
            && rest.get(WORD.len()).is_some_and(u8::is_ascii_digit)
            && (*at == 0 || !bytes[at - 1].is_ascii_alphanumeric())
    };
    (0..bytes.len()).filter(is_start)
}

/// A text without invisible letters and the marks with which mail quotes lines.
fn plain(text: &str) -> String {
    let visible: String = text.chars().filter(|c| !is_invisible(*c)).collect();
    let lines =
        visible.lines().map(|line| line.trim_start_matches(|c: char| c.is_whitespace() || matches!(c, '>' | '|')));
    lines.collect::<Vec<_>>().join("\n")
}

fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2064}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use rumormill_node::{Ticket, TicketError, proto::ids::RoomId};

    use super::*;

    fn found(text: &str) -> Result<Ticket, TicketError> {
        find_ticket(text, TicketError::NotATicket)
    }

    fn ticket() -> Ticket {
        Ticket { room: RoomId([7; 32]), secret: [9; 32], admits: None, contacts: Vec::new() }
    }

    #[test]
    fn a_ticket_is_found_in_any_pasted_text() {
        let word = ticket().to_string();
        let (begin, end) = word.split_at(40);
        let pasted = [
            word.clone(),
            word.to_uppercase(),
            format!("  {word}\n"),
            format!("\"{word}\""),
            format!("'{word}'"),
            format!("`{word}`"),
            format!("``` {word} ```"),
            format!("<{word}>"),
            format!("({word})"),
            format!("[{word}]"),
            format!("“{word}”"),
            format!("{word}."),
            format!("{word}, see you"),
            format!("come to lunch: {word} at noon"),
            format!("rumormill join {word}"),
            format!("$ rumormill --profile bob join '{word}' --nick bob"),
            format!("\u{feff}{word}\u{200b}"),
            format!("{begin}\u{200b}{end}"),
            format!("{begin}\u{ad}{end}"),
            format!("{begin}\n{end}"),
            format!("{begin}\r\n    {end}\r\nsee you"),
            format!("> On Monday Ada wrote:\n> {begin}\n> {end}\n> Ada"),
            format!(">> {begin}\n>> {end}"),
            format!("http://127.0.0.1:7667/#{word}"),
            format!("rumor2 is how tickets begin: {word}"),
        ];
        for text in pasted {
            assert!(holds_ticket(&text), "{text:?}");
            assert_eq!(found(&text).unwrap(), ticket(), "{text:?}");
        }
    }

    #[test]
    fn a_text_without_a_ticket_is_refused_with_the_reason() {
        let word = ticket().to_string();
        let wrong = word.replace(&word[20..21], if &word[20..21] == "a" { "b" } else { "a" });
        let check = |text: &str, want: TicketError| assert_eq!(found(text).err(), Some(want), "{text:?}");
        check("", TicketError::NotATicket);
        check("lunch", TicketError::NotATicket);
        check("rumormill join lunch", TicketError::NotATicket);
        check(&format!("x{word}"), TicketError::NotATicket);
        check(&word[..word.len() - 8], TicketError::CutShort);
        check(&wrong, TicketError::Typo);
        check("rumor3abc", TicketError::Newer);
        check(&format!("{}{word}", " ".repeat(PASTED_BYTES)), TicketError::NotATicket);
    }

    #[test]
    fn a_ticket_differs_from_a_name() {
        for word in ["rumor2abc", "RUMOR1", " rumor2x"] {
            assert!(holds_ticket(word), "{word}");
        }
        for word in ["lunch", "rumors", "rumor", "rümor1", "the rumor 1", "xrumor2", ""] {
            assert!(!holds_ticket(word), "{word}");
        }
    }
}
