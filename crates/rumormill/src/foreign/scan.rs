//! Parts of dates and times: blanks, numbers in digits of any script, words.

/// Blanks, and marks of writing direction.
pub(super) fn blank(char: char) -> bool {
    matches!(char, ' ' | '\u{a0}' | '\u{202f}') || directs(char)
}

fn directs(char: char) -> bool {
    matches!(char, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// Skips blanks and commas at the beginning; after a day also the `T` before the hour, or a word.
pub(super) fn skip(text: &str, behind_day: bool) -> &str {
    let text = text.trim_start_matches(|char: char| blank(char) || [',', '،'].contains(&char));
    if !behind_day {
        return text;
    }
    let before_hour = ["T", "t", "klo ", "um ", "at ", "à ", "kl. ", "_", "-"];
    let hour = before_hour.iter().find_map(|sign| text.strip_prefix(sign));
    hour.filter(|hour| number(hour).is_some()).unwrap_or(text)
}

/// The zeros of scripts that people write dates in.
const ZEROS: [char; 5] = ['0', '\u{660}', '\u{6f0}', '\u{966}', '\u{9e6}'];

fn digit(char: char) -> Option<i16> {
    let value = |zero: &char| u32::from(char).checked_sub(u32::from(*zero)).filter(|value| *value < 10);
    ZEROS.iter().find_map(value).and_then(|value| i16::try_from(value).ok())
}

/// The number at the beginning, its count of digits, and the rest. [`digits`] reads numbers longer than a year.
pub(super) fn number(text: &str) -> Option<(i16, usize, &str)> {
    let (number, count, rest) = digits(text)?;
    Some((i16::try_from(number).ok().filter(|_| count <= 4)?, count, rest))
}

/// A number of at most eight digits, and the rest after marks of direction.
pub(super) fn digits(text: &str) -> Option<(i32, usize, &str)> {
    let (mut value, mut count) = (0, 0);
    for (at, char) in text.char_indices() {
        match digit(char) {
            Some(digit) if count < 8 => (value, count) = (value * 10 + i32::from(digit), count + 1),
            Some(_) => return None,
            None if count > 0 => return Some((value, count, text[at..].trim_start_matches(directs))),
            None => return None,
        }
    }
    (count > 0).then_some((value, count, ""))
}

/// The word at the beginning, and the rest.
pub(super) fn word(text: &str) -> Option<(&str, &str)> {
    let length = text.find(|char: char| !char.is_alphabetic()).unwrap_or(text.len());
    (1..=32).contains(&length).then(|| text.split_at(length))
}
