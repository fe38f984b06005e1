//! Emoji by name, for a picker.

use std::{cmp::Reverse, num::NonZeroUsize};

use emojis::Emoji;
use serde::Deserialize;

use super::{
    asked::Asked,
    words::{Sign, Signs},
};
use crate::{
    answer::{Answer, SafeJson},
    limits::SIGNS_FOUND,
};

/// Query parameters of a search.
#[derive(Deserialize)]
pub(super) struct Which {
    #[serde(default)]
    q: String,
    limit: Option<NonZeroUsize>,
}

/// `GET /v1/signs`.
pub(super) async fn list(Asked(Which { q, limit: most }): Asked<Which>) -> Answer<SafeJson<Signs>> {
    Ok(SafeJson(Signs { signs: find(&q, most.map_or(SIGNS_FOUND, NonZeroUsize::get)) }))
}

/// The emoji whose name or short names contain, for each given word, a word that begins with it; those whose name
/// begins so come first.
fn find(sought: &str, most: usize) -> Vec<Sign> {
    let sought = sought.to_lowercase();
    let words: Vec<&str> = words(&sought).collect();
    let mut found: Vec<(_, &Emoji)> = emojis::iter().filter_map(|emoji| Some((fits(emoji, &words)?, emoji))).collect();
    found.sort_by_key(|(fit, _)| Reverse(*fit));
    let told = |(_, emoji): (_, &Emoji)| Sign { sign: emoji.as_str().into(), name: emoji.name().into() };
    found.into_iter().take(most).map(told).collect()
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|char: char| !char.is_alphanumeric() && !"+-".contains(char)).filter(|word| !word.is_empty())
}

/// How well the words fit: a whole short name, the beginning of one, or any other way.
fn fits(emoji: &Emoji, sought: &[&str]) -> Option<u8> {
    let name = emoji.name().to_lowercase();
    let called: Vec<&str> = emoji.shortcodes().flat_map(words).chain(words(&name)).collect();
    let all = sought.iter().all(|word| called.iter().any(|called| called.starts_with(word)));
    let short = |is: fn(&str, &str) -> bool| {
        let joined = sought.join("_");
        emoji.shortcodes().any(|code| is(code, &joined))
    };
    all.then(|| match sought {
        [] => 0,
        _ if short(|code, word| code == word) => 2,
        _ if short(|code, word| code.starts_with(word)) => 1,
        _ => 0,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn emoji_are_found_by_beginnings_of_their_names() {
        let first = |sought: &str| find(sought, 1).pop().map(|sign| sign.sign).unwrap_or_default();
        for (sought, sign) in
            [("party popper", "🎉"), ("tada", "🎉"), ("+1", "👍"), ("Thumbs u", "👍"), ("cheese", "🧀"), ("xyzzy", "")]
        {
            assert_eq!(first(sought), sign, "{sought}");
        }
        assert_eq!(find("", 5).len(), 5);
        assert!(find("face", 1_000_000).len() > 100);
    }
}
