//! How a search splits text into words, the same in both forms of the store.
//!
//! Text is decomposed (NFKD), loses accents and optional vowel signs, and becomes lower case; anything other than
//! letters and digits separates words. In scripts without spaces every letter is a word, and so is every emoji. A word
//! that ends in `+` or `#`, such as c++, counts both with and without those signs.

use icu_normalizer::DecomposingNormalizerBorrowed;

use rumormill_proto::entry::{Body, Kind};

use crate::{limits::QUERY_WORDS, note::said};

/// Scripts without spaces between words: Thai to Myanmar, Khmer, kana, Han.
const UNSPACED: [(char, char); 6] = [
    ('\u{0e00}', '\u{109f}'),
    ('\u{1780}', '\u{17ff}'),
    ('\u{3040}', '\u{30ff}'),
    ('\u{3400}', '\u{4dbf}'),
    ('\u{4e00}', '\u{9fff}'),
    ('\u{20000}', '\u{3ffff}'),
];

/// Non-letters that people search for: arrows to dingbats, emoji.
const SYMBOLS: [(char, char); 2] = [('\u{2190}', '\u{2bff}'), ('\u{1f000}', '\u{1fbff}')];

/// Signs that are ignored: accents, signs above and below Cyrillic, Hebrew and Arabic, the stretching of Arabic, skin
/// tones, and emoji variation selectors.
const ACCENTS: [(char, char); 15] = [
    ('\u{300}', '\u{36f}'),
    ('\u{483}', '\u{489}'),
    ('\u{591}', '\u{5bd}'),
    ('\u{5bf}', '\u{5c7}'),
    ('\u{610}', '\u{61a}'),
    ('\u{640}', '\u{640}'),
    ('\u{64b}', '\u{65f}'),
    ('\u{670}', '\u{670}'),
    ('\u{6d6}', '\u{6ed}'),
    ('\u{1ab0}', '\u{1aff}'),
    ('\u{1dc0}', '\u{1dff}'),
    ('\u{20d0}', '\u{20ff}'),
    ('\u{3099}', '\u{309a}'),
    ('\u{fe00}', '\u{fe2f}'),
    ('\u{1f3fb}', '\u{1f3ff}'),
];

/// Visits the words of a text, in order.
pub(crate) fn each_word(text: &str, mut visit: impl FnMut(&str)) {
    each_signed(text, |word, signed| {
        visit(word);
        if signed != word {
            visit(signed);
        }
    });
}

/// Visits the words of a text, each without and with the signs behind it.
fn each_signed(text: &str, mut visit: impl FnMut(&str, &str)) {
    if text.is_ascii() && !text.contains(is_sign) {
        let small = text.to_ascii_lowercase();
        let words = small.split(|letter: char| !letter.is_ascii_alphanumeric());
        return words.filter(|word| !word.is_empty()).for_each(|word| visit(word, word));
    }
    let decomposed = DecomposingNormalizerBorrowed::new_nfkd().normalize(text);
    let letters = decomposed.chars().flat_map(char::to_lowercase).filter(|letter| !is_in(&ACCENTS, *letter));
    let (mut word, mut end) = (String::new(), 0);
    // The end of a text ends its last word.
    for letter in letters.chain([' ']) {
        let is_alone = is_in(&SYMBOLS, letter) || is_in(&UNSPACED, letter) && letter.is_alphanumeric();
        let is_letter = letter.is_alphanumeric() && !is_alone;
        let has_signs = word.len() > end;
        if is_letter && !has_signs {
            word.push(letter);
            end = word.len();
            continue;
        }
        if is_sign(letter) && end > 0 {
            word.push(letter);
            continue;
        }
        if end > 0 {
            // Signs between two words belong to neither.
            visit(&word[..end], if is_letter { &word[..end] } else { &word });
        }
        word.clear();
        if is_letter {
            word.push(letter);
        }
        end = word.len();
        if is_alone {
            let mut bytes = [0; 4];
            let letter: &str = letter.encode_utf8(&mut bytes);
            visit(letter, letter);
        }
    }
}

fn is_sign(letter: char) -> bool {
    matches!(letter, '+' | '#')
}

fn is_in(ranges: &[(char, char)], letter: char) -> bool {
    ranges.iter().any(|(low, high)| (*low..=*high).contains(&letter))
}

/// A query: some whole words and one prefix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Query {
    pub(crate) whole: Vec<String>,
    pub(crate) beginning: String,
}

impl Query {
    /// The query that a user typed; `None` when it has no word.
    pub(crate) fn new(text: &str) -> Option<Self> {
        let mut whole = Vec::new();
        each_signed(text, |_, word| whole.extend((whole.len() < QUERY_WORDS).then(|| word.to_owned())));
        let beginning = whole.pop()?;
        Some(Self { whole, beginning })
    }

    /// Whether a body has words that match.
    pub(crate) fn finds_in(&self, kind: Kind, body: &Body) -> bool {
        said(kind, body).is_some_and(|said| self.finds(&said))
    }

    fn finds(&self, text: &str) -> bool {
        let mut missing: Vec<_> = self.whole.iter().collect();
        let mut begun = false;
        each_word(text, |word| {
            missing.retain(|whole| *whole != word);
            begun |= word.starts_with(&self.beginning);
        });
        begun && missing.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        let mut words = Vec::new();
        each_word(text, |word| words.push(word.to_owned()));
        words
    }

    #[test]
    fn words_are_what_people_take_for_words() {
        let cases: [(&str, &[&str]); 16] = [
            ("", &[]),
            ("  ... --- !", &[]),
            ("Hello, world", &["hello", "world"]),
            ("Hello, w\u{f6}rld", &["hello", "world"]),
            ("don't say: \"x\" OR y*", &["don", "t", "say", "x", "or", "y"]),
            ("Café CAFE\u{301} İstanbul Ærø", &["cafe", "cafe", "istanbul", "ærø"]),
            ("ﬁne ２０２６", &["fine", "2026"]),
            ("東京tower", &["東", "京", "tower"]),
            ("snake_case/path.rs", &["snake", "case", "path", "rs"]),
            ("Привет ё", &["привет", "е"]),
            ("party 🎉 today", &["party", "🎉", "today"]),
            ("👍🏽👍 ❤️", &["👍", "👍", "❤"]),
            ("شكرا مُحَمَّد", &["شكرا", "محمد"]),
            ("שָׁלוֹם", &["שלום"]),
            ("c++ and C#, x+y+", &["c", "c++", "and", "c", "c#", "x", "y", "y+"]),
            ("+1 # a#b é+", &["1", "a", "b", "e", "e+"]),
        ];
        for (text, expected) in cases {
            assert_eq!(words(text), expected, "{text}");
        }
    }

    #[test]
    fn a_query_finds_whole_words_and_a_beginning() {
        let cases = [
            ("lunch", "Lunch at noon?", true),
            ("noon lu", "Lunch at noon?", true),
            ("lu noon", "Lunch at noon?", false),
            ("lunch dinner", "Lunch at noon?", false),
            ("京", "東京に行く", true),
            ("cafe", "au café", true),
            ("🎉", "party 🎉 today", true),
            ("🎂", "party 🎉 today", false),
            ("محمد", "شكرا مُحَمَّد", true),
            ("c++", "coffee", false),
            ("c++", "C++ is old", true),
            ("c", "C++ is old", true),
            ("c old", "C++ is old", true),
            ("c++ old", "C is old", false),
        ];
        for (query, text, found) in cases {
            assert_eq!(Query::new(query).unwrap().finds(text), found, "{query} in {text}");
        }
        assert_eq!(Query::new("\"*():-+#"), None);
    }

    #[test]
    fn words_past_the_limit_do_not_count() {
        let long = vec!["a"; QUERY_WORDS + 5].join(" ") + " missing";
        assert!(Query::new(&long).unwrap().finds("a"));
    }
}
