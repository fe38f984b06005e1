//! Which person a name means. People choose nicks freely, so two may have the same or similar ones, and a nick may
//! resemble the beginning of an id, or a word with its own meaning on a screen. In these cases the beginning of the
//! author id follows the nick. A word that may mean several people means nobody until the user picks one.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::LazyLock,
};

use rumormill_api::{AuthorHex, Kind, Message, Person, Refused, Reply, codes};
use unicode_security::confusable_detection::skeleton;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::{
    clean::{clean, clean_name},
    fit::fit,
    limits::{AWAY_MS, ID_DIGITS, NAMED_AT_ONCE, NICK_CHARS, PEOPLE_KNOWN},
};

/// Least number of digits of an author id that follow a nick, extended as needed; also the fewest digits that identify
/// a person.
const TAG_DIGITS: usize = 4;

/// Digits that stand for a person without a nick.
pub(crate) const NAMELESS_DIGITS: usize = 8;

/// Signs that separate a name from other text on some screen, or say of it that its owner is verified, and signs that look alike.
const SIGNS: [char; 11] = ['~', ':', '*', '<', '>', '↳', '⏎', '°', '˚', 'º', '∘'];

/// Beginnings of lines that are not messages.
const BEGINS: [char; 9] = ['-', '(', '/', '#', '…', '✓', '↑', '·', '─'];

/// Words that mean other people or the program on some screen, in folded form.
static OURS: LazyLock<BTreeSet<String>> = LazyLock::new(|| {
    let words = "you me yourself myself everyone everybody all here nobody somebody author member founder owner admin \
                 moderator system server error help rumormill";
    words.split(' ').flat_map(folds).collect()
});

/// A name for display.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    nick: String,
    /// `~` and digits, or empty.
    tag: String,
}

impl Name {
    /// Fits the name into `width` columns; shortens the nick before the tag.
    pub fn fit(&self, width: usize) -> String {
        fit(&format!("{}{}", fit(&self.nick, width.saturating_sub(self.tag.width())), self.tag), width)
    }

    /// The full name.
    pub fn whole(&self) -> String {
        format!("{}{}", self.nick, self.tag)
    }
}

/// The people that a text mentions.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Named {
    /// People whose shown name stands in the text.
    pub authors: Vec<AuthorHex>,
    /// Ambiguous mentions, each as a message for the writer.
    pub unclear: Vec<String>,
}

/// The nicks of a room's people.
#[derive(Debug, Default)]
pub struct Names {
    nicks: BTreeMap<AuthorHex, String>,
    alike: BTreeMap<String, BTreeSet<AuthorHex>>,
    /// Nicks that somebody gave up, by their looks.
    former: BTreeMap<String, BTreeSet<AuthorHex>>,
    /// Who took a nick that others had given up: it is marked, for a reader may take it for one of them.
    took: BTreeMap<AuthorHex, BTreeSet<AuthorHex>>,
}

impl Names {
    /// The names of these people.
    pub fn of<'a>(people: impl IntoIterator<Item = (&'a AuthorHex, &'a str)>) -> Self {
        let mut names = Self::default();
        people.into_iter().for_each(|(author, nick)| names.learn(author, nick));
        names
    }

    /// The names of the people of a room.
    pub fn of_people(people: &[Person]) -> Self {
        Self::of(people.iter().map(|person| (&person.author, &*person.nick)))
    }

    /// Records the nick of an author.
    pub fn learn(&mut self, author: &AuthorHex, nick: &str) {
        let nick = shown(author, nick);
        match self.nicks.get(author) {
            Some(known) if *known == nick => return,
            Some(known) => {
                let known = known.clone();
                for fold in folds(&known) {
                    self.forget(&fold, author);
                }
                // Whoever left a log has no nick there any more, and took no other: the next key with that nick is theirs.
                let unnamed = shown(author, "");
                if known != unnamed && nick != unnamed {
                    self.had(author, &known);
                }
            }
            None if self.nicks.len() == PEOPLE_KNOWN => return,
            None => {}
        }
        let mut before = BTreeSet::new();
        for fold in folds(&nick) {
            before.extend(self.former.get(&fold).into_iter().flatten().filter(|other| *other != author).cloned());
            self.alike.entry(fold).or_default().insert(author.clone());
        }
        match before.is_empty() {
            true => drop(self.took.remove(author)),
            false => drop(self.took.insert(author.clone(), before)),
        }
        self.nicks.insert(author.clone(), nick);
    }

    /// Records that somebody had a nick before.
    fn had(&mut self, author: &AuthorHex, nick: &str) {
        for fold in folds(nick) {
            if self.former.len() < PEOPLE_KNOWN || self.former.contains_key(&fold) {
                let authors = self.former.entry(fold).or_default();
                if authors.len() < PEOPLE_KNOWN {
                    authors.insert(author.clone());
                }
            }
        }
    }

    fn forget(&mut self, fold: &str, author: &AuthorHex) {
        if let Some(authors) = self.alike.get_mut(fold) {
            authors.remove(author);
            if authors.is_empty() {
                self.alike.remove(fold);
            }
        }
    }

    /// Records the author of a message and its present name, as far as the message tells it. A message that announces a
    /// new name carries the name before it as its `nick`.
    pub fn meet(&mut self, message: &Message) {
        let is_naming = message.kind == Kind::Nick;
        let nick = if is_naming { &message.text } else { &message.nick };
        if !self.is_called(&message.author) || !is_naming && !nick.is_empty() {
            self.learn(&message.author, nick);
        }
    }

    /// The full shown name of a message's author.
    pub fn by(&self, message: &Message) -> String {
        self.name(&message.author, &message.nick).whole()
    }

    /// The full shown name of a reply's target author.
    pub fn answered(&self, reply: &Reply) -> String {
        let author = reply.r#ref.as_str().split('.').next().unwrap_or_default();
        self.name(&author.into(), &reply.nick).whole()
    }

    /// Whether the nick of this author is known.
    pub fn knows(&self, author: &AuthorHex) -> bool {
        self.nicks.contains_key(author)
    }

    /// Whether this author has a nick, as far as is known.
    fn is_called(&self, author: &AuthorHex) -> bool {
        self.nicks.get(author).is_some_and(|nick| *nick != shown(author, ""))
    }

    /// The shown name of an author; `nick` is its nick as far as the caller knows.
    pub fn name(&self, author: &AuthorHex, nick: &str) -> Name {
        let Some(nick) = self.nicks.get(author) else {
            return Name { nick: shown(author, nick), tag: tag(author, TAG_DIGITS) };
        };
        let looks = folds(nick);
        let mut others = self.alike(&looks);
        others.extend(self.took.get(author).into_iter().flatten());
        others.remove(author);
        let tag = match !others.is_empty() || self.imitates(author, nick, &looks) {
            true => tag(author, digits_apart(author, &others)),
            false => String::new(),
        };
        Name { nick: nick.clone(), tag }
    }

    /// Whether a nick resembles a sign or a word of ours, or another author's id.
    fn imitates(&self, author: &AuthorHex, nick: &str, looks: &BTreeSet<String>) -> bool {
        let is_sign = nick.contains(SIGNS) || nick.starts_with(BEGINS) || !nick.chars().any(char::is_alphanumeric);
        is_sign || !looks.is_disjoint(&OURS) || self.beginning(nick).any(|other| other != author)
    }

    /// Authors whose nick looks like this.
    fn alike(&self, looks: &BTreeSet<String>) -> BTreeSet<&AuthorHex> {
        looks.iter().filter_map(|look| self.alike.get(look)).flatten().collect()
    }

    /// Authors whose id begins with these digits; none if there are too few digits.
    fn beginning(&self, digits: &str) -> impl Iterator<Item = &AuthorHex> {
        let digits = digits.to_ascii_lowercase();
        let fits = digits.len() >= TAG_DIGITS && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
        let from = AuthorHex(digits.clone());
        let found = self.nicks.range(from..).map(|(author, _)| author);
        found.take_while(move |author| fits && author.as_str().starts_with(&digits))
    }

    /// The author that a word means: by the whole id, by the shown name or the nick with more digits, or else by the
    /// beginning of the id, if nobody's nick looks like that.
    ///
    /// # Errors
    /// When it means nobody, or may mean several: the refusal lists them to pick one.
    pub fn choose(&self, word: &str) -> Result<AuthorHex, Refused> {
        let word = clean_name(word.trim().strip_prefix('@').unwrap_or(word), usize::MAX);
        let lower = word.to_lowercase();
        if lower.len() == ID_DIGITS && lower.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            let whole = AuthorHex(lower);
            return if self.knows(&whole) { Ok(whole) } else { Err(self.unclear(&word, &BTreeSet::new())) };
        }
        let shown = self.shown_as(&lower);
        let (meant, sure) = match shown.is_empty() {
            false => (shown, true),
            true => {
                let begins: BTreeSet<&AuthorHex> = self.beginning(&lower).collect();
                let sure = begins.len() == 1;
                (begins.into_iter().chain(self.alike(&folds(&word))).collect(), sure)
            }
        };
        match meant.first() {
            Some(one) if sure && meant.len() == 1 => Ok((*one).clone()),
            _ => Err(self.unclear(&word, &meant)),
        }
    }

    /// Authors with this shown name, or with this nick and digits of their id behind it.
    fn shown_as(&self, lower: &str) -> BTreeSet<&AuthorHex> {
        let tagged = lower.rsplit_once('~').filter(|(_, digits)| digits.len() >= TAG_DIGITS);
        let is = |author: &AuthorHex, nick: &str| {
            let by_tag = tagged.is_some_and(|(name, digits)| nick == name && author.as_str().starts_with(digits));
            by_tag || lower.starts_with(nick) && self.name(author, "").whole().to_lowercase() == lower
        };
        self.nicks.iter().filter(|(author, nick)| is(author, &nick.to_lowercase())).map(|(author, _)| author).collect()
    }

    fn unclear(&self, word: &str, meant: &BTreeSet<&AuthorHex>) -> Refused {
        let word = clean_name(word, NICK_CHARS);
        if meant.is_empty() {
            let (what, help) =
                (format!("nobody here is called \"{word}\""), "/names lists everybody, Tab completes a name");
            return codes::NOBODY.refuse(what, help);
        }
        let names = self.listed(meant);
        let what = format!(
            "\"{word}\" may mean {}",
            if meant.len() == 1 { "someone other than you think" } else { "several people" }
        );
        codes::SEVERAL.refuse(what, format!("say which: {names}"))
    }

    /// The names of these people, each unambiguous.
    fn listed(&self, people: &BTreeSet<&AuthorHex>) -> String {
        let sure = |author: &&AuthorHex| match self.name(author, "") {
            Name { nick, tag: none } if none.is_empty() => format!("{nick}{}", tag(author, TAG_DIGITS)),
            name => name.whole(),
        };
        let mut names: Vec<String> = people.iter().take(NAMED_AT_ONCE).map(sure).collect();
        if people.len() > NAMED_AT_ONCE {
            names.push(format!("and {} more", people.len() - NAMED_AT_ONCE));
        }
        names.join(", ")
    }

    /// The people that a text mentions: those of `people` whose shown name stands in it as a separate word. A mention
    /// of a nick that several people may have mentions nobody, and is reported.
    pub fn named<'a>(&self, people: impl IntoIterator<Item = &'a AuthorHex>, text: &str) -> Named {
        let text = text.to_lowercase();
        let (mut named, mut sure) = (Named::default(), BTreeSet::new());
        let mut unclear: BTreeMap<String, BTreeSet<&AuthorHex>> = BTreeMap::new();
        for author in people {
            let name = self.name(author, "");
            let whole = name.whole().to_lowercase();
            if stands(&text, &whole).is_some() {
                named.authors.push(author.clone());
                sure.insert(whole);
            } else if stands(&text, &name.nick.to_lowercase()) == Some(true) {
                let alike = self.alike(&folds(&name.nick));
                unclear.entry(name.nick.to_lowercase()).or_default().extend(alike.into_iter().chain([author]));
            }
        }
        // An exact shown name means its owner, even if others use it as a nick.
        unclear.retain(|nick, _| !sure.contains(nick));
        let told = |(nick, people): (&String, &BTreeSet<&AuthorHex>)| {
            format!("nobody is named by \"{nick}\", which may mean {}", self.listed(people))
        };
        named.unclear = unclear.iter().take(NAMED_AT_ONCE).map(told).collect();
        named
    }
}

/// Whether a name stands in a text as a separate word, and if so, whether it is used as an address: after `@`, or at
/// the beginning with `:` or `,` after it.
fn stands(text: &str, name: &str) -> Option<bool> {
    let part = |char: Option<char>| char.is_some_and(|char| char.is_alphanumeric() || char == '~');
    let found = text.match_indices(name).filter(|(at, _)| {
        !name.is_empty() && { !part(text[..*at].chars().next_back()) && !part(text[at + name.len()..].chars().next()) }
    });
    let addressed =
        |(at, _): (usize, &str)| text[..at].ends_with('@') || at == 0 && text[name.len()..].starts_with([':', ',']);
    found.map(addressed).reduce(|one, other| one || other)
}

/// A nick for display: each run of blanks becomes one, because two blanks end a name.
fn shown(author: &AuthorHex, nick: &str) -> String {
    let nick = clean(nick).split_whitespace().collect::<Vec<_>>().join(" ");
    match clean_name(&nick, NICK_CHARS) {
        nick if nick.is_empty() => author.as_str().chars().take(NAMELESS_DIGITS).collect(),
        nick => nick,
    }
}

fn tag(author: &AuthorHex, digits: usize) -> String {
    format!("~{}", author.as_str().chars().take(digits).collect::<String>())
}

/// The number of digits that distinguish an author from the others.
fn digits_apart(author: &AuthorHex, others: &BTreeSet<&AuthorHex>) -> usize {
    let shared =
        |other: &&AuthorHex| author.as_str().bytes().zip(other.as_str().bytes()).take_while(|(a, b)| a == b).count();
    others.iter().map(shared).max().map_or(TAG_DIGITS, |shared| TAG_DIGITS.max(shared + 1))
}

/// What a nick looks like to a careless reader: lower-cased before and after folding, because `I` looks like `l` and
/// `i` does not.
pub(crate) fn folds(nick: &str) -> BTreeSet<String> {
    let visible = |nick: &str| -> String {
        let kept = |char: &char| char.width() != Some(0) && !char.is_whitespace();
        skeleton(nick).filter(kept).flat_map(char::to_lowercase).collect()
    };
    BTreeSet::from([visible(nick), visible(&nick.to_lowercase())])
}

/// Whether somebody counts among those whom a message may reach: they are here, or spoke not long ago. Everybody says
/// their name as they join, so whoever is away without one is a key that somebody gave up.
pub fn counts(person: &Person, now_ms: u64) -> bool {
    let spoke = person.last_ms > 0 && person.last_ms.saturating_add(AWAY_MS) >= now_ms;
    // `""` begins every id.
    let is_named = !person.author.as_str().starts_with(&person.nick);
    person.here || spoke && is_named
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Deserialize;

    use super::*;

    /// The page must pass these cases too.
    const CASES: &str = include_str!("../tests/names.json");

    #[derive(Deserialize)]
    struct Case {
        about: String,
        people: Vec<(String, String)>,
        shown: Vec<String>,
        /// Words and their meanings: an author, `nobody` or `several`.
        means: BTreeMap<String, String>,
        /// Texts, and the people that each mentions.
        named: BTreeMap<String, Vec<String>>,
        /// Texts whose mention is ambiguous.
        unclear: Vec<String>,
    }

    #[test]
    fn nobody_is_hidden_by_a_name_or_stands_for_another() {
        for case in serde_json::from_str::<Vec<Case>>(CASES).unwrap() {
            let about = &case.about;
            let people: Vec<AuthorHex> = case.people.iter().map(|(author, _)| author.as_str().into()).collect();
            let names = Names::of(people.iter().zip(case.people.iter().map(|(_, nick)| nick.as_str())));
            let shown: Vec<String> = people.iter().map(|author| names.name(author, "").whole()).collect();
            assert_eq!(shown, case.shown, "{about}");
            for (word, meant) in &case.means {
                let found = names.choose(word).map_or_else(|refused| refused.code, |author| author.to_string());
                assert_eq!(&found, meant, "{about}: {word:?}");
            }
            for (text, meant) in &case.named {
                let Named { authors, unclear } = names.named(&people, text);
                let authors: Vec<String> = authors.iter().map(ToString::to_string).collect();
                let wanted: BTreeSet<&String> = meant.iter().collect();
                assert_eq!(authors.iter().collect::<BTreeSet<_>>(), wanted, "{about}: {text:?}");
                assert_eq!(!unclear.is_empty(), case.unclear.contains(text), "{about}: {text:?}: {unclear:?}");
            }
        }
    }

    #[test]
    fn ambiguous_names_list_the_people() {
        let people = [("9f2c11aa", "ada"), ("41aa0711", "аdа"), ("41aa0712", "41aa07")];
        let people = people.map(|(author, nick)| (AuthorHex::from(author), nick));
        let names = Names::of(people.iter().map(|(author, nick)| (author, *nick)));
        let told = |word| names.choose(word).unwrap_err();
        let several = codes::SEVERAL.refuse("\"ada\" may mean several people", "say which: аdа~41aa, ada~9f2c");
        assert_eq!(told("ada"), several);
        assert_eq!(told("41aa07").help, "say which: аdа~41aa, 41aa07~41aa");
        let Named { unclear, .. } = names.named(people.iter().map(|(author, _)| author), "ada: hi");
        assert_eq!(unclear, ["nobody is named by \"ada\", which may mean аdа~41aa, ada~9f2c"]);
    }

    #[test]
    fn a_list_of_many_ends() {
        let people: Vec<AuthorHex> = (0..20).map(|at| AuthorHex(format!("{at:08x}"))).collect();
        let names = Names::of(people.iter().map(|author| (author, "ada")));
        let help = names.choose("ada").unwrap_err().help;
        assert!(help.ends_with("and 12 more"), "{help}");
    }

    #[test]
    fn a_nick_that_was_another_persons_a_moment_ago_is_marked() {
        let (ada, mallory) = (AuthorHex::from("9f2c11"), AuthorHex::from("41aa07"));
        let mut names = Names::of([(&ada, "ada"), (&mallory, "mallory")]);
        names.learn(&ada, "countess");
        names.learn(&mallory, "Ada");
        assert_eq!(names.name(&mallory, "").whole(), "Ada~41aa");
        assert!(names.choose("ada").is_err(), "nobody is meant by it alone");
        names.learn(&mallory, "mallory");
        names.learn(&ada, "ada");
        assert_eq!(names.name(&ada, "").whole(), "ada~9f2c", "it was Mallory's meanwhile");
        names.learn(&ada, "lovelace");
        assert_eq!(names.name(&ada, "").whole(), "lovelace");
        let (old, new) = (AuthorHex::from("12ab34"), AuthorHex::from("56cd78"));
        names.learn(&old, "grace");
        names.learn(&old, "");
        names.learn(&new, "grace");
        assert_eq!(names.name(&new, "").whole(), "grace", "she goes on under another key");
    }

    #[test]
    fn a_new_nick_frees_the_old_one() {
        let (a, b) = ("9f2c11".into(), "41aa07".into());
        let mut names = Names::of([(&a, "ada"), (&b, "ada")]);
        names.learn(&b, "bob");
        assert_eq!(names.name(&a, "").whole(), "ada");
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
    fn people_beyond_the_bound_get_a_tag() {
        let mut names = Names::default();
        for author in 0..=PEOPLE_KNOWN {
            names.learn(&AuthorHex(format!("{author:08x}")), &format!("n{author}"));
        }
        let beyond = AuthorHex(format!("{PEOPLE_KNOWN:08x}"));
        assert!(!names.knows(&beyond));
        assert_eq!(names.name(&beyond, "bob").whole(), "bob~0000");
    }
}
