//! Logs of IRC clients and bouncers: a timestamp, then name and text. Each client writes these in a few forms, and its
//! settings multiply them, so one reader handles all; only WeeChat separates columns by tabs. A first pass finds the
//! style of a file, a second pass reads the messages.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use jiff::civil::Date;
use rumormill_text::Clock;

use super::{
    Format, Out, Refused, Said, Stopped,
    dates::{Dates, Day, Order, day_named, year},
    stamp::{Stamp, looks_stamped, stamp},
    text::{self, LogLine},
};
use crate::{
    limits::{FOREIGN_PEOPLE, FOREIGN_PREFIXES},
    progress::Progress,
};

/// WeeChat's default prefixes of event lines.
const EVENTS: [&str; 6] = ["-->", "<--", "--", "=!=", "", "<=>"];

/// Beginnings of day lines.
const MARKS: [&str; 7] = ["---", "****", "===", "###", "***", "+++", "%%%"];

const CAME_AND_WENT: &str = "joins, leaves and other changes";
const NOTICES: &str = "notices";

/// The content of a line after its timestamp.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Remark {
    Said {
        name: String,
        text: String,
    },
    /// An event that nobody said, by kind.
    Event(&'static str),
}

/// The form in which a line names the speaker.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Style {
    /// `<alice> hi`.
    #[default]
    Angle,
    /// `[alice] hi`.
    Square,
    /// `(alice) hi`.
    Round,
    /// `alice> hi`.
    Arrow,
    /// `alice | hi`.
    Bar,
    /// `alice: hi`.
    Colon,
}

const STYLES: [Style; 5] = [Style::Square, Style::Round, Style::Arrow, Style::Bar, Style::Colon];

/// The style of a file's lines.
#[derive(Clone, Debug, Default)]
struct Habits {
    format: Option<Format>,
    order: Order,
    style: Style,
    /// Prefixes with which WeeChat marks actions in this file.
    actions: BTreeSet<String>,
}

/// Reads the log.
pub(super) fn read(
    path: &Path,
    format: Format,
    clock: &Clock,
    out: &mut Out,
    progress: &Progress,
) -> Result<(), Stopped> {
    let (habits, sure) = habits(path, format, progress)?;
    out.assume(habits.order, sure);
    let mut lines = text::lines(path, progress)?;
    let mut log = Log { source: format.source(), habits, clock, date: day_of_name(path), last: None };
    while let Some(line) = lines.next()? {
        match line {
            LogLine::Text(line) if line.trim().is_empty() => {}
            LogLine::Text(line) => log.line(&line, lines.number, out)?,
            LogLine::TooLong => out.malformed(lines.number),
        }
    }
    log.ends(out)?;
    out.decoded(lines.decoded, lines.encoding());
    Ok(())
}

/// The state of reading a log.
struct Log<'a> {
    source: &'static str,
    habits: Habits,
    clock: &'a Clock,
    date: Option<Date>,
    /// The last message, which may continue on the next line.
    last: Option<Said>,
}

impl Log<'_> {
    fn line(&mut self, line: &str, number: u64, out: &mut Out) -> Result<(), Refused> {
        if let Some(mark) = MARKS.iter().find_map(|mark| line.strip_prefix(mark))
            && let Some(named) = day_named(mark, self.date)
        {
            self.date = Some(named);
            return self.ends(out);
        }
        let Some((stamp, rest)) = stamp(line) else { return self.goes_on(line, number, out) };
        let Some(told) = told(&stamp, rest, &self.habits) else { return self.goes_on(line, number, out) };
        self.ends(out)?;
        self.date = stamp.day.on(self.habits.order, self.date).or(self.date);
        match told {
            Remark::Event(what) => {
                if stamp.day == Day::Unsaid && rest.contains("changed") {
                    self.date = day_named(rest, self.date).or(self.date);
                }
                out.left_out(what);
            }
            Remark::Said { name, text } => match stamp.when(self.habits.order, self.date, self.clock) {
                Some(_) if text.trim().is_empty() => out.left_out("without text"),
                Some(when) => {
                    out.placed(when);
                    self.last = Some(Said { source: self.source.into(), name, time_ms: when.ms, text });
                }
                None if self.date.is_none() && stamp.day == Day::Unsaid => {
                    out.left_out("without a date in the file or its name");
                }
                None => out.malformed(number),
            },
        }
        Ok(())
    }

    /// A line of a message with several lines, which some clients write.
    fn goes_on(&mut self, line: &str, number: u64, out: &mut Out) -> Result<(), Refused> {
        match &mut self.last {
            Some(said) if !looks_stamped(line) => out.go_on(said, line.trim_end()),
            _ => {
                out.malformed(number);
                Ok(())
            }
        }
    }

    fn ends(&mut self, out: &mut Out) -> Result<(), Refused> {
        self.last.take().map_or(Ok(()), |said| out.say(&said))
    }
}

/// The format of a log line; none for other lines.
pub(super) fn guess(line: &str) -> Option<Format> {
    if line.starts_with("**** ") && day_named(line, None).is_some() {
        return Some(Format::Hexchat);
    }
    if line.starts_with("--- ") && day_named(line, None).is_some() {
        return Some(Format::Irssi);
    }
    let (stamp, rest) = stamp(line)?;
    let columns = rest.contains('\t') && !rest.starts_with(['<', '*', '-']) && matches!(stamp.day, Day::Date(_));
    if columns || (stamp.tab && (rest.contains('\t') || rest.starts_with("***"))) {
        return Some(Format::Weechat);
    }
    let speaks = rest.starts_with(['<', '*', '-']) && told(&stamp, rest, &Habits::default()).is_some();
    match (stamp.day, line.starts_with('[')) {
        _ if !speaks => None,
        (Day::OfYear(..), _) => Some(Format::Hexchat),
        (Day::Date(_), true) => Some(Format::Thelounge),
        (Day::Unsaid, true) => Some(Format::Znc),
        _ => Some(Format::Irssi),
    }
}

/// The results of the first pass.
#[derive(Default)]
struct Found {
    dates: Dates,
    angles: u64,
    styles: BTreeMap<Style, u64>,
    people: BTreeSet<String>,
    prefixes: BTreeMap<String, Prefix>,
}

/// The lines with one prefix in WeeChat's first column.
#[derive(Default)]
struct Prefix {
    /// Whether one of them is an event.
    tells: bool,
    /// The first words after the prefix.
    words: BTreeSet<String>,
}

/// How many different first words after a prefix are collected; if all are people, the prefix marks actions.
const WORDS: usize = 32;

fn habits(path: &Path, format: Format, progress: &Progress) -> Result<(Habits, bool), Stopped> {
    let mut lines = text::lines(path, progress)?;
    let mut found = Found::default();
    while let Some(line) = lines.next()? {
        let LogLine::Text(line) = line else { continue };
        if let Some((stamp, rest)) = stamp(&line) {
            found.dates.note(stamp.day, stamp.halves && line.contains('/'));
            if format == Format::Weechat { found.column(rest) } else { found.spoken(rest) }
        }
    }
    let (order, sure) = found.dates.order();
    let most = found.styles.iter().max_by_key(|(_, count)| **count).map(|(style, _)| *style);
    let style = if found.angles > 0 { Style::Angle } else { most.unwrap_or_default() };
    let acts = |prefix: &Prefix| !prefix.tells && prefix.words.iter().all(|word| found.people.contains(word));
    let actions = found.prefixes.iter().filter(|(_, prefix)| acts(prefix)).map(|(sign, _)| sign.clone()).collect();
    Ok((Habits { format: Some(format), order, style, actions }, sure))
}

impl Found {
    fn spoken(&mut self, rest: &str) {
        if in_style(rest, Style::Angle).is_some() {
            self.angles += 1;
        } else if self.angles == 0 && event(rest, None).is_none() {
            let styles = STYLES.iter().filter(|style| in_style(rest, **style).is_some());
            styles.for_each(|style| *self.styles.entry(*style).or_default() += 1);
        }
    }

    fn column(&mut self, rest: &str) {
        let Some((prefix, text)) = rest.split_once('\t') else { return };
        let prefix = prefix.trim();
        if is_nick(prefix) {
            if self.people.len() < FOREIGN_PEOPLE {
                self.people.insert(bare(unframed(prefix)).to_owned());
            }
        } else if !EVENTS.contains(&prefix)
            && (self.prefixes.len() < FOREIGN_PREFIXES || self.prefixes.contains_key(prefix))
        {
            let of = self.prefixes.entry(prefix.to_owned()).or_default();
            of.tells |= happens(text);
            if of.words.len() < WORDS {
                of.words.insert(bare(text.split_whitespace().next().unwrap_or_default()).to_owned());
            }
        }
    }
}

/// Reads a line as a message or an event.
fn told(stamp: &Stamp, rest: &str, habits: &Habits) -> Option<Remark> {
    match habits.format {
        Some(Format::Weechat) if !stamp.tab && !rest.contains('\t') => None,
        Some(Format::Weechat) => tabbed(rest, &habits.actions),
        format => spoken(rest, habits.style, format),
    }
}

/// WeeChat's columns: the prefix, and the text after the tab.
fn tabbed(rest: &str, actions: &BTreeSet<String>) -> Option<Remark> {
    let Some((prefix, text)) = rest.split_once('\t') else {
        // `****  Beginning of log  ****`
        return rest.starts_with("***").then_some(Remark::Event(CAME_AND_WENT));
    };
    let prefix = prefix.trim();
    if prefix == "*" || actions.contains(prefix) {
        return Some(acts(text));
    }
    if EVENTS.contains(&prefix) || !is_nick(prefix) {
        return Some(Remark::Event(if text.starts_with("Notice(") { NOTICES } else { CAME_AND_WENT }));
    }
    Some(said(unframed(prefix), text))
}

/// A nick without the decoration that WeeChat's settings add.
fn unframed(prefix: &str) -> &str {
    prefix.trim_matches(['<', '>', '(', ')', ':', '│', '|'])
}

/// Nicks have letters or digits, or consist of the few signs that servers allow; custom WeeChat prefixes of events do
/// not.
fn is_nick(prefix: &str) -> bool {
    let allowed = |char: char| ['_', '^', '`', '[', ']', '{', '}', '\\'].contains(&char);
    // Symbols that count as letters, such as ℹ, are no nicks.
    let lettered = |char: char| char.is_alphanumeric() && !('\u{2100}'..='\u{214f}').contains(&char);
    prefix.contains(lettered) || (!prefix.is_empty() && prefix.chars().all(allowed))
}

/// The content of a line of any other client.
fn spoken(rest: &str, style: Style, format: Option<Format>) -> Option<Remark> {
    in_style(rest, Style::Angle)
        .map(|(name, text)| said(name, text))
        .or_else(|| event(rest, format))
        .or_else(|| in_style(rest, style).map(|(name, text)| said(name, text)))
}

/// The name and the text of a line in a given style.
fn in_style(rest: &str, style: Style) -> Option<(&str, &str)> {
    let closed = |open, close| rest.strip_prefix(open)?.split_once(close);
    let (name, text) = match style {
        Style::Angle => closed('<', '>')?,
        Style::Square => closed('[', ']')?,
        Style::Round => closed('(', ')')?,
        Style::Arrow => rest.split_once("> ")?,
        Style::Bar => rest.split_once(" | ").or_else(|| rest.split_once(" │ "))?,
        Style::Colon => rest.split_once(": ")?,
    };
    let nick = bare(name);
    let fits = match style {
        Style::Angle => !nick.is_empty() && !nick.starts_with(['-', '=']),
        _ => is_nick(nick) && !nick.contains([' ', '\t', '<', '>', '*']) && !nick.starts_with('-'),
    };
    fits.then_some((name, text.strip_prefix([' ', '\t']).unwrap_or(text)))
}

/// Reads an event or an action.
fn event(rest: &str, format: Option<Format>) -> Option<Remark> {
    let signs = ["***", "-!-", "-->", "<--", "---", "<->", "=!=", "==", "!", "→", "←", "⇒", "⇐"];
    if signs.iter().any(|sign| rest.starts_with(sign)) {
        return Some(Remark::Event(CAME_AND_WENT));
    }
    if let Some(act) = rest.strip_prefix(['*', '•']) {
        let act = act.trim_start_matches([' ', '\t', '*']);
        let happened = has_host(act) || (format == Some(Format::Hexchat) && happens(act));
        return Some(if happened { Remark::Event(CAME_AND_WENT) } else { acts(act) });
    }
    let (name, _) = rest.strip_prefix('-')?.split_once('-')?;
    let is_name = !name.is_empty() && !name.contains([' ', '\t']);
    is_name.then_some(Remark::Event(NOTICES))
}

/// Whether the second word is somebody's user and host: `bob (~bob@192.0.2.1) has joined`.
fn has_host(text: &str) -> bool {
    text.split_whitespace().nth(1).is_some_and(|word| word.starts_with(['(', '[']) && word.contains('@'))
}

/// HexChat and WeeChat write events in the form of actions: `bob is now known as rob`.
fn happens(text: &str) -> bool {
    let behind = [
        "has quit (",
        "is now known as ",
        "sets mode",
        "has changed ",
        "has kicked ",
        "gives ",
        "removes ",
        "sets ban",
    ];
    let begins = [
        "Now talking on",
        "Topic for",
        "Topic on",
        "Channel",
        "Disconnected",
        "You are now known as",
        "Mode ",
        "Nicks ",
        "irc:",
        "Notice(",
        "Connecti",
        "connecti",
        "Looking up",
    ];
    let rest = text.split_once([' ', '\t']).map_or("", |(_, behind)| behind);
    has_host(text)
        || begins.iter().any(|begin| text.starts_with(begin))
        || behind.iter().any(|what| rest.starts_with(what))
}

fn said(name: &str, text: &str) -> Remark {
    match text.strip_prefix("\u{1}ACTION ") {
        Some(act) => acts(&format!("{} {}", bare(name), act.trim_end_matches('\u{1}'))),
        None => Remark::Said { name: bare(name).to_owned(), text: text.to_owned() },
    }
}

fn acts(act: &str) -> Remark {
    let name = act.split([' ', '\t']).next().unwrap_or_default();
    Remark::Said { name: bare(name).to_owned(), text: format!("* {}", act.replace('\t', " ")) }
}

/// A nick without its rank sign, and without the channel that irssi writes beside it.
fn bare(nick: &str) -> &str {
    let nick = nick.trim().trim_start_matches(['~', '&', '@', '%', '+', '!', ' ', '\u{200b}']);
    match nick.split_once(':') {
        Some((channel, nick)) if channel.starts_with('#') => nick,
        Some((nick, _)) if !nick.is_empty() => nick,
        _ => nick,
    }
}

/// The date in the name of a file or of the directories above it, as ZNC and others name them: `2019-03-02.log`,
/// `#lunch_20190302.log`, `2019/03/02.log`.
pub(super) fn day_of_name(path: &Path) -> Option<Date> {
    let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let parts: Vec<String> = path.iter().map(|part| part.to_string_lossy().into_owned()).collect();
    let name = path.file_stem()?.to_string_lossy().into_owned();
    let (_, above) = parts.split_last()?;
    in_name(&numbers(&name)).or_else(|| {
        let own = numbers(&name);
        let of_above: Vec<(i32, usize)> = above.iter().rev().take(2).rev().flat_map(|part| numbers(part)).collect();
        let tail = own.len().checked_sub(2).map_or(&own[..], |from| &own[from..]);
        let at = of_above.iter().rposition(|number| is_year(*number))?;
        in_name(&[&of_above[at..], tail].concat())
    })
}

fn is_year((number, digits): (i32, usize)) -> bool {
    digits == 4 && i16::try_from(number).is_ok_and(|number| year(number) && number >= 1988)
}

/// The numbers in a name, each with its count of digits.
fn numbers(name: &str) -> Vec<(i32, usize)> {
    let groups = name.split(|char: char| !char.is_ascii_digit()).filter(|group| !group.is_empty());
    groups.filter_map(|group| Some((group.parse().ok()?, group.len()))).collect()
}

fn in_name(numbers: &[(i32, usize)]) -> Option<Date> {
    let date = |of: i32, month: i32, day: i32| {
        let of = i16::try_from(of).ok().filter(|of| is_year((i32::from(*of), 4)))?;
        Date::new(of, month.try_into().ok()?, day.try_into().ok()?).ok()
    };
    let together = numbers.iter().rev().filter(|(_, digits)| *digits == 8);
    let together = together.filter_map(|(number, _)| date(number / 10_000, number / 100 % 100, number % 100)).next();
    together.or_else(|| {
        let parted = numbers.windows(3).rev().filter(|three| is_year(three[0]));
        parted.filter_map(|three| date(three[0].0, three[1].0, three[2].0)).next()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_are_detected_by_their_style() {
        let cases = [
            ("--- Log opened Sat Mar 02 13:55:01 2019", Some(Format::Irssi)),
            ("--- Tag geändert So Mär 03 2019", Some(Format::Irssi)),
            ("14:02 <@alice> hi", Some(Format::Irssi)),
            ("14:02<@alice> hi", Some(Format::Irssi)),
            ("2019-03-02 14:02:11\talice\thi", Some(Format::Weechat)),
            ("2019-03-02 14:02:11\t<alice>\thi", Some(Format::Weechat)),
            ("2019-03-02 14:02:11\t****  Beginning of log  ****", Some(Format::Weechat)),
            ("3/2/19, 2:02 PM - Messages are end-to-end encrypted.", None),
            ("14:02:11\talice\thi", Some(Format::Weechat)),
            ("1551535331\talice\thi", Some(Format::Weechat)),
            ("[14:02:11] <alice> hi", Some(Format::Znc)),
            ("[14:02:11] *** Joins: bob (~bob@192.0.2.1)", Some(Format::Znc)),
            ("[2019-03-02T14:02:11.000Z] <alice> hi", Some(Format::Thelounge)),
            ("[2019-03-02 14:02:11] <alice> hi: there", Some(Format::Thelounge)),
            ("**** BEGIN LOGGING AT Sat Mar  2 13:55:01 2019", Some(Format::Hexchat)),
            ("**** PROTOKOLL BEGINNT AM Sa Mär  2 13:55:01 2019", Some(Format::Hexchat)),
            ("Mar 02 14:02:11 <alice>\thi", Some(Format::Hexchat)),
            ("dear diary", None),
            ("14:02 is when we meet", None),
        ];
        for (line, format) in cases {
            assert_eq!(guess(line), format, "{line}");
        }
    }

    #[test]
    fn events_differ_from_actions() {
        let said = |name: &str, text: &str| Remark::Said { name: name.into(), text: text.into() };
        let cases = [
            ("*\tbob waves", said("bob", "* bob waves")),
            ("* bob has a question", said("bob", "* bob has a question")),
            ("* bob has quit smoking", said("bob", "* bob has quit smoking")),
            ("*\tbob (~bob@192.0.2.1) has joined", Remark::Event(CAME_AND_WENT)),
            ("*\tbob (~bob@192.0.2.1) hat den Raum betreten", Remark::Event(CAME_AND_WENT)),
            ("*\tbob is now known as rob", Remark::Event(CAME_AND_WENT)),
            ("-!- bob [~bob@192.0.2.1] has joined #lunch", Remark::Event(CAME_AND_WENT)),
            ("-bob:#lunch- soup", Remark::Event(NOTICES)),
            ("< carol> fine", said("carol", "fine")),
            ("<@tomas> a > b", said("tomas", "a > b")),
            ("<@tomas:#lunch> hi", said("tomas", "hi")),
            ("<bob> \u{1}ACTION waves\u{1}", said("bob", "* bob waves")),
            ("** bob waves", said("bob", "* bob waves")),
        ];
        for (rest, told) in cases {
            assert_eq!(spoken(rest, Style::Angle, Some(Format::Hexchat)), Some(told), "{rest}");
        }
        assert_eq!(spoken("[Users #lunch]", Style::Square, None), None);
        let known_as = spoken("* bob is now known as the cook", Style::Angle, Some(Format::Irssi));
        assert_eq!(known_as, Some(said("bob", "* bob is now known as the cook")));
        let styles = [
            (Style::Square, "[@bob] hi"),
            (Style::Round, "(bob) hi"),
            (Style::Arrow, "bob> hi"),
            (Style::Bar, "bob | hi"),
            (Style::Colon, "bob: hi"),
        ];
        for (style, rest) in styles {
            assert_eq!(spoken(rest, style, None), Some(said("bob", "hi")), "{rest}");
        }
    }

    #[test]
    fn a_file_name_may_hold_the_date() {
        let day = Date::new(2019, 3, 2).ok();
        for name in [
            "2019-03-02.log",
            "#lunch_20190302.log",
            "net_#lunch2_2019-03-02.txt",
            "#lunch.2019.03.02.log",
            "/2019/03/02.log",
            "/2019/net/#lunch2.03-02.weechatlog",
        ] {
            assert_eq!(day_of_name(Path::new(name)), day, "{name}");
        }
        assert_eq!(day_of_name(Path::new("/lunch.log")), None);
    }
}
