//! Who is who: a nick is chosen freely, so that two people may take the same or one that looks the same. Where
//! that happens, or where a nick could pass for a sign of ours, the beginning of the author id stands beside it.

use std::collections::{BTreeMap, BTreeSet};

use unicode_security::confusable_detection::skeleton;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::wrap::fit;
use crate::{
    api::words::AuthorHex,
    clean::clean_name,
    limits::{NICK_CHARS, PEOPLE_KNOWN},
};

/// Digits of an author id that tell two of the same nick apart, or as many more as it takes.
const TAG_DIGITS: usize = 4;

/// Digits that stand for somebody without a nick.
const NAMELESS_DIGITS: usize = 8;

/// A name as it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Name {
    nick: String,
    /// `~` and digits, or nothing.
    tag: String,
}

impl Name {
    /// In at most `width` columns; the tag is never cut before the nick is.
    pub(super) fn fit(&self, width: usize) -> String {
        fit(&format!("{}{}", fit(&self.nick, width.saturating_sub(self.tag.width())), self.tag), width)
    }

    /// In full.
    pub(super) fn whole(&self) -> String {
        format!("{}{}", self.nick, self.tag)
    }
}

/// The nicks of a room.
#[derive(Debug, Default)]
pub(super) struct Names {
    nicks: BTreeMap<AuthorHex, String>,
    alike: BTreeMap<String, BTreeSet<AuthorHex>>,
}

impl Names {
    /// Takes note of what an author is called.
    pub(super) fn learn(&mut self, author: &AuthorHex, nick: &str) {
        let nick = shown(author, nick);
        match self.nicks.get(author) {
            Some(known) if *known == nick => return,
            Some(known) => {
                for fold in folds(known) {
                    self.forget(&fold, author);
                }
            }
            None if self.nicks.len() == PEOPLE_KNOWN => return,
            None => {}
        }
        for fold in folds(&nick) {
            self.alike.entry(fold).or_default().insert(author.clone());
        }
        self.nicks.insert(author.clone(), nick);
    }

    fn forget(&mut self, fold: &str, author: &AuthorHex) {
        if let Some(authors) = self.alike.get_mut(fold) {
            authors.remove(author);
            if authors.is_empty() {
                self.alike.remove(fold);
            }
        }
    }

    /// Whether this author's nick is known.
    pub(super) fn knows(&self, author: &AuthorHex) -> bool {
        self.nicks.contains_key(author)
    }

    /// What an author is shown as; `nick` is what they are called as far as the teller knows.
    pub(super) fn name(&self, author: &AuthorHex, nick: &str) -> Name {
        let Some(nick) = self.nicks.get(author) else {
            return Name { nick: shown(author, nick), tag: tag(author, TAG_DIGITS) };
        };
        let others: BTreeSet<&AuthorHex> = folds(nick)
            .iter()
            .filter_map(|fold| self.alike.get(fold))
            .flatten()
            .filter(|other| *other != author)
            .collect();
        let imitates = nick.contains('~') || !nick.chars().any(char::is_alphanumeric);
        let tag = match !others.is_empty() || imitates {
            true => tag(author, digits_apart(author, &others)),
            false => String::new(),
        };
        Name { nick: nick.clone(), tag }
    }

    /// Authors that may be meant by `word`: what they are shown as, or their nick.
    pub(super) fn meant(&self, word: &str) -> Vec<AuthorHex> {
        let word = word.to_lowercase();
        let whole = |author: &AuthorHex, nick: &str| self.name(author, nick).whole().to_lowercase();
        let near = self.nicks.iter().filter(|(_, nick)| word.starts_with(&nick.to_lowercase()));
        near.filter(|(author, nick)| nick.to_lowercase() == word || whole(author, nick) == word)
            .map(|(author, _)| author.clone())
            .collect()
    }
}

fn shown(author: &AuthorHex, nick: &str) -> String {
    match clean_name(nick, NICK_CHARS) {
        nick if nick.is_empty() => author.as_str().chars().take(NAMELESS_DIGITS).collect(),
        nick => nick,
    }
}

fn tag(author: &AuthorHex, digits: usize) -> String {
    format!("~{}", author.as_str().chars().take(digits).collect::<String>())
}

/// How many digits tell an author from all the others.
fn digits_apart(author: &AuthorHex, others: &BTreeSet<&AuthorHex>) -> usize {
    let shared =
        |other: &&AuthorHex| author.as_str().bytes().zip(other.as_str().bytes()).take_while(|(a, b)| a == b).count();
    others.iter().map(shared).max().map_or(TAG_DIGITS, |shared| TAG_DIGITS.max(shared + 1))
}

/// What a nick looks like, to careless eyes: in one case before and after, since `I` looks like `l` and `i` does not.
fn folds(nick: &str) -> BTreeSet<String> {
    let visible = |nick: &str| -> String {
        let kept = |char: &char| char.width() != Some(0) && !char.is_whitespace();
        skeleton(nick).filter(kept).flat_map(char::to_lowercase).collect()
    };
    BTreeSet::from([visible(nick), visible(&nick.to_lowercase())])
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "9f2c11";
    const B: &str = "41aa07";

    fn check(nicks: [(&str, &str); 2], want: [&str; 2]) {
        let mut names = Names::default();
        for (author, nick) in nicks {
            names.learn(&author.into(), nick);
        }
        let shown = nicks.map(|(author, nick)| names.name(&author.into(), nick).whole());
        assert_eq!(shown, want);
    }

    #[test]
    fn names_that_look_alike_are_told_apart() {
        check([(A, "ada"), (B, "bob")], ["ada", "bob"]);
        check([(A, "ada"), (B, "ada")], ["ada~9f2c", "ada~41aa"]);
        check([(A, "ada"), (B, "Ada")], ["ada~9f2c", "Ada~41aa"]);
        check([(A, "ada"), (B, "аdа")], ["ada~9f2c", "аdа~41aa"]);
        check([(A, "ada"), (B, "ａｄａ")], ["ada~9f2c", "ａｄａ~41aa"]);
        check([(A, "Ian"), (B, "lan")], ["Ian~9f2c", "lan~41aa"]);
        check([(A, "ian"), (B, "lan")], ["ian", "lan"]);
        check([(A, "ada"), (B, "a\u{200d}d a")], ["ada~9f2c", "a\u{200d}d a~41aa"]);
        check([("9f2c11", "ada"), ("9f2c1a", "ada")], ["ada~9f2c11", "ada~9f2c1a"]);
    }

    #[test]
    fn no_nick_passes_for_a_sign_of_ours() {
        check([(A, "--"), (B, "*")], ["--~9f2c", "*~41aa"]);
        check([(A, "ada~41aa"), (B, "bob\u{1b}[2J\u{202e}")], ["ada~41aa~9f2c", "bob[2J"]);
        check([(A, ""), (B, "\u{200b}")], ["9f2c11", "41aa07"]);
    }

    #[test]
    fn a_new_nick_frees_the_old_one() {
        let mut names = Names::default();
        names.learn(&A.into(), "ada");
        names.learn(&B.into(), "ada");
        names.learn(&B.into(), "bob");
        assert_eq!(names.name(&A.into(), "").whole(), "ada");
    }

    #[test]
    fn a_tag_outlives_a_nick_that_is_cut() {
        let name = Name { nick: "ada-lovelace".into(), tag: "~9f2c".into() };
        let cases = [(20, "ada-lovelace~9f2c"), (10, "ada-…~9f2c"), (6, "…~9f2c"), (3, "~9…")];
        for (width, want) in cases {
            assert_eq!(name.fit(width), want, "{width}");
        }
    }

    #[test]
    fn a_word_means_people() {
        let mut names = Names::default();
        names.learn(&A.into(), "ada");
        names.learn(&B.into(), "Ada");
        assert_eq!(names.meant("ADA").len(), 2);
        assert_eq!(names.meant("ada~41aa"), [B.into()]);
        assert!(names.meant("ad").is_empty());
    }

    #[test]
    fn who_is_beyond_the_bound_is_tagged() {
        let mut names = Names::default();
        for author in 0..=PEOPLE_KNOWN {
            names.learn(&AuthorHex(format!("{author:08x}")), &format!("n{author}"));
        }
        let beyond = AuthorHex(format!("{PEOPLE_KNOWN:08x}"));
        assert!(!names.knows(&beyond));
        assert_eq!(names.name(&beyond, "ada").whole(), "ada~0000");
    }
}
