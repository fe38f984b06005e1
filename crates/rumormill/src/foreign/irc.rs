//! Logs of IRC clients and bouncers: a stamp, then who said what. Each client writes that in a few forms, which the
//! settings of its user multiply, so all are read alike; only WeeChat parts its columns by tabs.

use std::path::Path;

use jiff::civil::Date;
use rumormill_text::Clock;

use super::{
    Format, Out, Said, Stopped,
    stamp::{Day, Stamp, day_named, looks_stamped, stamp},
    text::{Line, Lines},
};

/// Prefixes of WeeChat's lines that nobody said, as long as its user did not change them.
const EVENTS: [&str; 6] = ["-->", "<--", "--", "=!=", "", "<=>"];

const CAME_AND_WENT: &str = "who came, went and changed";
const NOTICES: &str = "notices";

/// What stands behind a stamp.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Told {
    Said {
        name: String,
        text: String,
    },
    /// Nobody said it; what it is.
    Event(&'static str),
}

/// Reads the log.
pub(super) fn read(lines: &mut Lines, format: Format, clock: &Clock, out: &mut Out) -> Result<(), Stopped> {
    let source = format.source();
    let mut date = day_of_name(lines.path());
    let mut last: Option<Said> = None;
    while let Some(line) = lines.next()? {
        let Line::Text(line) = line else {
            out.malformed(lines.number);
            continue;
        };
        if line.trim().is_empty() {
            continue;
        }
        if let Some(mark) = line.strip_prefix("---").or_else(|| line.strip_prefix("****")) {
            match day_named(mark, date) {
                Some(named) => date = Some(named),
                None => out.malformed(lines.number),
            }
            continue;
        }
        let Some((stamp, told)) = told(&line, format) else {
            match &mut last {
                // A line of several, as some clients write them.
                Some(said) if !looks_stamped(&line) => {
                    said.text.push('\n');
                    said.text.push_str(line.trim_end());
                }
                _ => out.malformed(lines.number),
            }
            continue;
        };
        if let Some(said) = last.take() {
            out.say(&said)?;
        }
        date = turned(date, &stamp);
        match told {
            Told::Event(what) => out.left_out(what),
            Told::Said { name, text } => match stamp.ms(date, clock) {
                Some((time_ms, twice)) => {
                    out.twice(twice);
                    if text.is_empty() {
                        out.left_out("without words");
                    } else {
                        last = Some(Said { source: source.into(), name, time_ms, text });
                    }
                }
                None => out.malformed(lines.number),
            },
        }
    }
    last.map_or(Ok(()), |said| out.say(&said))?;
    out.decoded(lines.decoded, lines.encoding());
    Ok(())
}

/// Which of the formats a line of a log is in; none when it is no such line.
pub(super) fn guess(line: &str) -> Option<Format> {
    if line.starts_with("**** BEGIN LOGGING AT ") {
        return Some(Format::Hexchat);
    }
    if line.starts_with("--- ") && day_named(line, None).is_some() {
        return Some(Format::Irssi);
    }
    let (stamp, rest) = stamp(line)?;
    let tabs = tabbed(rest).is_some() && matches!(stamp.day, Day::Date(_));
    let speaks = rest.starts_with(['<', '*', '-']) && told(line, Format::Irssi).is_some();
    match (stamp.day, line.starts_with('[')) {
        _ if tabs && !rest.starts_with('<') => Some(Format::Weechat),
        _ if !speaks => None,
        (Day::OfYear(..), _) => Some(Format::Hexchat),
        (Day::Date(_), true) => Some(Format::Thelounge),
        (Day::Unsaid, true) => Some(Format::Znc),
        _ => Some(Format::Irssi),
    }
}

/// The date in the name of a file, as ZNC and others name them: `2019-03-02.log`, `#lunch_20190302.log`.
fn day_of_name(path: &Path) -> Option<Date> {
    let name = path.file_stem()?.to_str()?;
    let digits: String = name.chars().filter(char::is_ascii_digit).collect();
    let last = digits.get(digits.len().checked_sub(8)?..)?;
    Date::strptime("%Y%m%d", last).ok().filter(|date| date.year() >= 1988)
}

/// The day of a line; where lines name no year, it is a new one when the month goes back to the first.
fn turned(date: Option<Date>, stamp: &Stamp) -> Option<Date> {
    match (stamp.day, date) {
        (Day::Date(named), _) => Some(named),
        (Day::OfYear(month, day), Some(date)) => {
            let year = date.year() + i16::from(month == 1 && date.month() == 12);
            Date::new(year, month, day).ok()
        }
        (_, date) => date,
    }
}

/// When, and who said what or what happened.
fn told(line: &str, format: Format) -> Option<(Stamp, Told)> {
    let (stamp, rest) = stamp(line)?;
    let told = if format == Format::Weechat { tabbed(rest)? } else { spoken(rest)? };
    Some((stamp, told))
}

/// WeeChat's columns: the prefix, and what stands behind a tab.
fn tabbed(rest: &str) -> Option<Told> {
    let (prefix, text) = rest.split_once('\t')?;
    let prefix = prefix.trim();
    if prefix == "*" {
        return Some(acts(text));
    }
    // Nicks have letters or digits; what its user put in place of the prefixes of events has not.
    if EVENTS.contains(&prefix) || !prefix.contains(char::is_alphanumeric) {
        return Some(Told::Event(CAME_AND_WENT));
    }
    Some(Told::Said { name: bare(prefix.trim_matches(['<', '>'])).to_owned(), text: text.to_owned() })
}

/// What stands behind the stamp of a line of any other client.
fn spoken(rest: &str) -> Option<Told> {
    if let Some(inside) = rest.strip_prefix('<') {
        let (name, text) = inside.split_once('>')?;
        let text = text.strip_prefix([' ', '\t']).unwrap_or(text);
        return Some(Told::Said { name: bare(name).to_owned(), text: text.to_owned() });
    }
    if rest.starts_with("***") || rest.starts_with("-!-") || rest.starts_with("-->") || rest.starts_with("<--") {
        return Some(Told::Event(CAME_AND_WENT));
    }
    if let Some(act) = rest.strip_prefix(['*', '•']) {
        let act = act.trim_start_matches([' ', '\t']);
        return Some(if is_event(act) { Told::Event(CAME_AND_WENT) } else { acts(act) });
    }
    if let Some(inside) = rest.strip_prefix('-') {
        return inside.contains('-').then_some(Told::Event(NOTICES));
    }
    rest.starts_with('!').then_some(Told::Event(CAME_AND_WENT))
}

/// HexChat writes what happens as it writes what people do: `bob (~bob@192.0.2.1) has joined`.
fn is_event(act: &str) -> bool {
    let words: Vec<&str> = act.split_whitespace().take(8).collect();
    let has_host = words.get(1).is_some_and(|word| word.starts_with(['(', '[']) && word.contains('@'));
    let happens = ["has joined", "has quit", "has left", "is now known as", "sets mode", "has changed the topic to"];
    let begins = ["Now talking on", "Topic for", "Channel", "Disconnected", "You are now known as", "Topic on"];
    (has_host && act.contains(" has ")) || begins.iter().any(|begin| act.starts_with(begin)) || {
        let behind = act.split_once([' ', '\t']).map_or("", |(_, behind)| behind);
        happens.iter().any(|event| behind.starts_with(event))
    }
}

fn acts(act: &str) -> Told {
    let name = act.split([' ', '\t']).next().unwrap_or_default();
    Told::Said { name: bare(name).to_owned(), text: format!("* {}", act.replace('\t', " ")) }
}

/// A nick without the sign of its rank.
fn bare(nick: &str) -> &str {
    nick.trim().trim_start_matches(['~', '&', '@', '%', '+', '!', ' '])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_are_told_apart_by_how_they_write() {
        let cases = [
            ("--- Log opened Sat Mar 02 13:55:01 2019", Some(Format::Irssi)),
            ("--- Tag geändert So Mär 03 2019", Some(Format::Irssi)),
            ("14:02 <@alice> hi", Some(Format::Irssi)),
            ("14:02<@alice> hi", Some(Format::Irssi)),
            ("2019-03-02 14:02:11\talice\thi", Some(Format::Weechat)),
            ("[14:02:11] <alice> hi", Some(Format::Znc)),
            ("[14:02:11] *** Joins: bob (~bob@192.0.2.1)", Some(Format::Znc)),
            ("[2019-03-02T14:02:11.000Z] <alice> hi", Some(Format::Thelounge)),
            ("**** BEGIN LOGGING AT Sat Mar  2 13:55:01 2019", Some(Format::Hexchat)),
            ("Mar 02 14:02:11 <alice>\thi", Some(Format::Hexchat)),
            ("dear diary", None),
            ("14:02 is when we meet", None),
        ];
        for (line, format) in cases {
            assert_eq!(guess(line), format, "{line}");
        }
    }

    #[test]
    fn what_happened_is_told_from_what_people_do() {
        let said = |name: &str, text: &str| Told::Said { name: name.into(), text: text.into() };
        let cases = [
            ("*\tbob waves", said("bob", "* bob waves")),
            ("* bob has a question", said("bob", "* bob has a question")),
            ("*\tbob (~bob@192.0.2.1) has joined", Told::Event(CAME_AND_WENT)),
            ("*\tbob is now known as rob", Told::Event(CAME_AND_WENT)),
            ("-!- bob [~bob@192.0.2.1] has joined #lunch", Told::Event(CAME_AND_WENT)),
            ("-bob:#lunch- soup", Told::Event(NOTICES)),
            ("< carol> fine", said("carol", "fine")),
            ("<@tomas> a > b", said("tomas", "a > b")),
        ];
        for (rest, told) in cases {
            assert_eq!(spoken(rest), Some(told), "{rest}");
        }
        assert_eq!(spoken("[Users #lunch]"), None);
    }

    #[test]
    fn the_name_of_a_file_may_be_its_day() {
        let day = Date::new(2019, 3, 2).ok();
        for name in ["2019-03-02.log", "#lunch_20190302.log", "net_#lunch_2019-03-02.txt"] {
            assert_eq!(day_of_name(Path::new(name)), day, "{name}");
        }
        assert_eq!(day_of_name(Path::new("lunch.log")), None);
    }
}
