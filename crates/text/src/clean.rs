//! Makes text of others safe for a terminal: none of its characters can move the cursor, change colours, reverse the
//! direction of neighbouring text, or end our line.

use std::borrow::Cow;

/// Stands for a line break inside a text, so that nobody can fake another person's line.
const BREAK: &str = " ⏎ ";

/// `text` on one line, without control characters, characters that change the direction of text, and characters meant
/// to be invisible. Joiners stay, because scripts and emoji need them.
pub fn clean(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '\n' | '\u{2028}' | '\u{2029}' => out.push_str(BREAK),
            '\t' => out.push(' '),
            _ if steers(char) => {}
            _ => out.push(char),
        }
    }
    out
}

/// A name of at most `chars` characters, made safe.
pub fn clean_name(name: &str, chars: usize) -> String {
    let name = clean(name);
    let name = name.trim();
    match name.char_indices().nth(chars) {
        Some((end, _)) => format!("{}…", &name[..end]),
        None => name.to_owned(),
    }
}

/// Whether a character can control a terminal or the direction of text: control characters and Unicode's directional
/// formatting, line separators, interlinear annotation, byte order mark and tags.
pub fn steers(char: char) -> bool {
    char.is_control()
        || matches!(char,
        '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// JSON that is safe on a terminal and has the same meaning: characters that [`steers`] finds become escapes. They can
/// only stand inside strings, where JSON allows escapes.
pub fn escaped(json: &str) -> Cow<'_, str> {
    if !json.contains(steers) {
        return Cow::Borrowed(json);
    }
    let mut out = String::with_capacity(json.len());
    for char in json.chars() {
        match steers(char) {
            true => out.extend(char.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}"))),
            false => out.push(char),
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Escape sequences by family: introducer, content, terminator.
    fn sequences() -> Vec<String> {
        let mut all = Vec::new();
        for begin in
            ["\u{1b}[", "\u{9b}", "\u{1b}]", "\u{9d}", "\u{1b}P", "\u{90}", "\u{1b}_", "\u{1b}^", "\u{1b}X", "\u{1b}"]
        {
            for middle in
                ["", "2", "31;1", "0;evil title", "?1049", "8;;http://example.org", "52;c;aGk=", "=1;2", ">c", "!p"]
            {
                for end in ["J", "m", "\u{7}", "\u{1b}\\", "h", "\u{9c}"] {
                    all.push(format!("{begin}{middle}{end}"));
                }
            }
        }
        all
    }

    #[test]
    fn no_escape_sequence_passes() {
        let all = sequences();
        assert!(all.len() >= 300);
        for sequence in all {
            let shown = clean(&format!("a{sequence}b"));
            assert!(!shown.chars().any(char::is_control), "{sequence:?} shows as {shown:?}");
        }
    }

    #[test]
    fn every_control_character_is_removed() {
        for code in (0..0x20).chain(0x7f..0xa0) {
            let char = char::from_u32(code).unwrap();
            let want = match char {
                '\n' => "a ⏎ b",
                '\t' => "a b",
                _ => "ab",
            };
            assert_eq!(clean(&format!("a{char}b")), want, "U+{code:04X}");
        }
    }

    #[test]
    fn direction_overrides_are_removed_and_words_stay() {
        let cases = [
            ("\u{202e}evil\u{202c}", "evil"),
            ("a\u{2066}b\u{2069}c", "abc"),
            ("a\u{200f}\u{61c}b", "ab"),
            ("\u{feff}bom", "bom"),
            ("tag\u{e0041}\u{e007f}", "tag"),
            ("שלום, مرحبا", "שלום, مرحبا"),
            ("👩\u{200d}🚀 क्\u{200d}ष", "👩\u{200d}🚀 क्\u{200d}ष"),
            ("two\nlines", "two ⏎ lines"),
        ];
        for (text, want) in cases {
            assert_eq!(clean(text), want, "{text:?}");
        }
    }

    #[test]
    fn names_are_short() {
        assert_eq!(clean_name(" ada\u{1b}[31m ", 24), "ada[31m");
        assert_eq!(clean_name("абвгд", 3), "абв…");
        assert_eq!(clean_name("абв", 3), "абв");
    }

    #[test]
    fn escaped_json_has_the_same_meaning() {
        let text = "a\u{1b}[2J\u{9b}\u{202e}b\u{e0041}ü\u{7f}\n";
        let plain = serde_json::to_string(text).unwrap();
        let json = escaped(&plain);
        assert!(!json.chars().any(steers), "{json}");
        assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
        assert!(json.contains('ü'));
    }
}
