//! What a search takes for words, the same in both forms of the store.
//!
//! Text is decomposed (NFKD), accents fall off, letters become small; whatever is neither letter nor digit parts words.
//! In scripts that put no spaces between words every letter is a word of its own.

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

/// Visits the words of a text, in order.
pub(crate) fn each_word(text: &str, mut visit: impl FnMut(&str)) {
    if text.is_ascii() {
        let small = text.to_ascii_lowercase();
        let words = small.split(|letter: char| !letter.is_ascii_alphanumeric());
        return words.filter(|word| !word.is_empty()).for_each(visit);
    }
    let decomposed = DecomposingNormalizerBorrowed::new_nfkd().normalize(text);
    let mut word = String::new();
    for letter in decomposed.chars().flat_map(char::to_lowercase).filter(|letter| !is_accent(*letter)) {
        let alone = is_unspaced(letter);
        if letter.is_alphanumeric() && !alone {
            word.push(letter);
        } else if !word.is_empty() {
            visit(&word);
            word.clear();
        }
        if alone {
            visit(letter.encode_utf8(&mut [0; 4]));
        }
    }
    if !word.is_empty() {
        visit(&word);
    }
}

fn is_accent(letter: char) -> bool {
    matches!(letter, '\u{300}'..='\u{36f}' | '\u{3099}' | '\u{309a}')
}

fn is_unspaced(letter: char) -> bool {
    UNSPACED.iter().any(|(low, high)| (*low..=*high).contains(&letter)) && letter.is_alphanumeric()
}

/// What is searched for: some whole words and the beginning of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Query {
    pub(crate) whole: Vec<String>,
    pub(crate) beginning: String,
}

impl Query {
    /// The query that a user means; `None` when there is no word in it.
    pub(crate) fn new(text: &str) -> Option<Self> {
        let mut whole = Vec::new();
        each_word(text, |word| whole.extend((whole.len() < QUERY_WORDS).then(|| word.to_owned())));
        let beginning = whole.pop()?;
        Some(Self { whole, beginning })
    }

    /// Whether something was said in a body that has what is searched for.
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
        let cases: [(&str, &[&str]); 10] = [
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
        ];
        for (query, text, found) in cases {
            assert_eq!(Query::new(query).unwrap().finds(text), found, "{query} in {text}");
        }
        assert_eq!(Query::new("\"*():-"), None);
    }

    #[test]
    fn words_past_the_limit_do_not_count() {
        let long = vec!["a"; QUERY_WORDS + 5].join(" ") + " missing";
        assert!(Query::new(&long).unwrap().finds("a"));
    }
}
