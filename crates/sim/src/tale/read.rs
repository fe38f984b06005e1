//! Parses stories.

use std::{fmt, iter::Peekable, vec::IntoIter};

use super::{Expected, Step, Tale, Verb};
use crate::{nature::Nature, network::Weather, peer::Stage, world::Form};

/// Most peers that a line may name, and most repetitions: what a machine can hold.
const MOST: u64 = 1_000_000;

/// Most milliseconds that a line may last: a year, far from where sums overflow.
const LONGEST_MS: u64 = 365 * 24 * 3_600_000;

/// A line of a story that cannot be parsed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Amiss {
    /// Number of the line, from 1.
    pub line: usize,
    /// Column in the line, from 1.
    pub column: usize,
    /// What is wrong there.
    pub what: String,
}

impl fmt::Display for Amiss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line, column, what } = self;
        write!(f, "line {line}, column {column}: {what}")
    }
}

impl std::error::Error for Amiss {}

/// Parses a story.
pub(super) fn tale(text: &str) -> Result<Tale, Amiss> {
    let mut tale = Tale { form: Form::Open, mongering: false, steps: Vec::new() };
    for (number, line) in (1..).zip(text.lines()) {
        let mut words = Words::of(number, line)?;
        let Some(verb) = words.rest.next() else { continue };
        match (verb.text.as_str(), tale.steps.is_empty()) {
            ("line", true) => tale.form = Form::Line(words.number("a number of peers")? as usize),
            ("mongering", true) => tale.mongering = true,
            ("line" | "mongering", false) => return Err(words.amiss(verb.column, "must come before the first join")),
            _ => tale.steps.push(Step { line: number, verb: words.verb(&verb)? }),
        }
        words.end()?;
    }
    Ok(tale)
}

/// A word of a line.
#[derive(Clone, Debug)]
struct Word {
    column: usize,
    text: String,
    quoted: bool,
}

/// The remaining words of a line.
struct Words {
    line: usize,
    /// Column of the line's end.
    end: usize,
    rest: Peekable<IntoIter<Word>>,
}

impl Words {
    /// Splits a line into words, which stand between spaces or between quotes; a `#` begins a comment.
    fn of(line: usize, text: &str) -> Result<Self, Amiss> {
        let mut words: Vec<Word> = Vec::new();
        let mut open: Option<Word> = None;
        let mut end = 0;
        for (column, letter) in (1..).zip(text.chars()) {
            end = column;
            let quoted = open.as_ref().is_some_and(|word| word.quoted);
            match (letter, quoted) {
                ('"', true) => words.extend(open.take()),
                ('"', false) => {
                    words.extend(open.take());
                    open = Some(Word { column, text: String::new(), quoted: true });
                }
                ('#', false) => break,
                (space, false) if space.is_whitespace() => words.extend(open.take()),
                (letter, _) => {
                    open.get_or_insert(Word { column, text: String::new(), quoted: false }).text.push(letter);
                }
            }
        }
        if let Some(Word { column, .. }) = open.as_ref().filter(|word| word.quoted) {
            return Err(Amiss { line, column: *column, what: "the quote is never closed".into() });
        }
        words.extend(open);
        Ok(Self { line, end: end + 1, rest: words.into_iter().peekable() })
    }

    fn amiss(&self, column: usize, what: impl Into<String>) -> Amiss {
        Amiss { line: self.line, column, what: what.into() }
    }

    fn next(&mut self, wanted: &str) -> Result<Word, Amiss> {
        let missing = self.amiss(self.end, format!("missing: {wanted}"));
        self.rest.next().ok_or(missing)
    }

    /// Parses the next word with `read`.
    fn read<T>(&mut self, wanted: &str, read: impl FnOnce(&str) -> Option<T>) -> Result<T, Amiss> {
        let word = self.next(wanted)?;
        let found = if word.quoted { None } else { read(&word.text) };
        found.ok_or_else(|| self.amiss(word.column, format!("{:?} is not {wanted}", word.text)))
    }

    /// Takes the next word if it is this one.
    fn take(&mut self, text: &str) -> bool {
        self.rest.next_if(|word| !word.quoted && word.text == text).is_some()
    }

    fn number(&mut self, wanted: &str) -> Result<u64, Amiss> {
        self.read(wanted, |word| word.parse().ok().filter(|number| *number <= MOST))
    }

    fn percent(&mut self) -> Result<u64, Amiss> {
        self.read("a number up to 100", |word| word.parse().ok().filter(|number| *number <= 100))
    }

    fn ms(&mut self) -> Result<u64, Amiss> {
        self.read("a time like 300ms, 2s, 10m or 8h", ms)
    }

    fn peer(&mut self) -> Result<usize, Amiss> {
        self.number("a peer's number").map(|peer| peer as usize)
    }

    fn peers(&mut self) -> Result<Vec<usize>, Amiss> {
        self.read("peers like 2, 0-3 or 0,2,5", peers)
    }

    /// Takes the next word if it is quoted.
    fn quoted(&mut self) -> Option<String> {
        self.rest.next_if(|word| word.quoted).map(|word| word.text)
    }

    fn end(&mut self) -> Result<(), Amiss> {
        match self.rest.next() {
            Some(word) => Err(self.amiss(word.column, format!("{:?} is unexpected here", word.text))),
            None => Ok(()),
        }
    }

    fn verb(&mut self, verb: &Word) -> Result<Verb, Amiss> {
        Ok(match verb.text.as_str() {
            "join" => Verb::Join(self.number("a number of peers")? as usize),
            "found" => Verb::Found(self.number("a number of peers")? as usize),
            "say" => self.say()?,
            "wait" => Verb::Wait(self.ms()?),
            "settle" => Verb::Settle(if self.rest.peek().is_some() { Some(self.peers()?) } else { None }),
            "cut" => self.cut()?,
            "clog" => {
                let (from, to) = self.way()?;
                Verb::Clog(from, to, self.ms()?)
            }
            "heal" => Verb::Heal,
            "weather" => Verb::Weather(Box::new(self.weather()?)),
            "crash" => {
                let peers = self.peers()?;
                let stage = if self.take("before") { Some(self.read("append, send or emit", stage)?) } else { None };
                Verb::Crash(peers, stage)
            }
            "restart" => Verb::Restart { peers: self.peers()?, empty: self.take("empty") },
            "pause" => Verb::Pause(self.peers()?),
            "move" => Verb::Move(self.peers()?),
            "resume" => Verb::Resume(self.peers()?),
            "clock" => Verb::Clock(self.peers()?, self.read("a time like 600s or -10s", ahead_ms)?),
            "turn" => Verb::Turn(self.peers()?, self.read("a way to lie", nature)?),
            "same_timeline" => Verb::SameTimeline,
            "expect" => Verb::Expect(self.peers()?, self.expected()?),
            unknown => return Err(self.amiss(verb.column, format!("{unknown:?} is not a verb"))),
        })
    }

    fn say(&mut self) -> Result<Verb, Amiss> {
        let peers = self.peers()?;
        let missing = self.amiss(self.end, "missing: the text to say, between quotes");
        let text = self.quoted().ok_or(missing)?;
        let (mut times, mut every_ms) = (None, 0);
        if self.rest.peek().is_some_and(|word| word.text != "every") {
            times = Some(self.number("how many")?);
            self.read("times", |word| (word == "times").then_some(()))?;
        }
        if self.take("every") {
            every_ms = self.ms()?;
        }
        Ok(Verb::Say { peers, text, times, every_ms })
    }

    fn cut(&mut self) -> Result<Verb, Amiss> {
        let first = self.peers()?;
        if let (Some(from), true) = (first.first(), self.take(">")) {
            return Ok(Verb::CutOneWay(*from, self.peer()?));
        }
        let mut groups = vec![first];
        while self.take("|") {
            groups.push(self.peers()?);
        }
        Ok(Verb::Part(groups))
    }

    fn way(&mut self) -> Result<(usize, usize), Amiss> {
        let from = self.peer()?;
        self.read(">", |word| (word == ">").then_some(()))?;
        Ok((from, self.peer()?))
    }

    fn weather(&mut self) -> Result<Weather, Amiss> {
        let mut weather = Weather::clear();
        while let Some(word) = self.rest.next() {
            match word.text.as_str() {
                "loss" => weather.loss_percent = self.percent()?,
                "resend" => weather.resend_percent = self.percent()?,
                "twice" => weather.duplicate_percent = self.percent()?,
                "jitter" => weather.jitter_us = self.ms()? * 1_000,
                "latency" => weather.latency_us = self.read("two times like 5ms-30ms", between_us)?,
                "bulk" => weather.bulk_bytes_per_second = self.number("a number of bytes a second")?,
                "live" => weather.live_bytes_per_second = self.number("a number of bytes a second")?,
                "reorder" => weather.reorder = true,
                unknown => return Err(self.amiss(word.column, format!("{unknown:?} is not a kind of weather"))),
            }
        }
        Ok(weather)
    }

    fn expected(&mut self) -> Result<Expected, Amiss> {
        if self.take("lines") {
            return Ok(Expected::Lines(self.number("how many")? as usize));
        }
        if self.take("down") {
            return Ok(Expected::Down);
        }
        if self.take("nothing") {
            return Ok(Expected::Texts(Vec::new()));
        }
        let missing = self.amiss(self.end, "missing: lines, nothing, down, or texts between quotes");
        let texts: Vec<_> = std::iter::from_fn(|| self.quoted()).collect();
        if texts.is_empty() { Err(missing) } else { Ok(Expected::Texts(texts)) }
    }
}

fn ms(word: &str) -> Option<u64> {
    let at = word.find(|letter: char| !letter.is_ascii_digit())?;
    let (number, unit) = word.split_at(at);
    let unit_ms = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(unit_ms).filter(|ms| *ms <= LONGEST_MS)
}

fn ahead_ms(word: &str) -> Option<i64> {
    match word.strip_prefix('-') {
        Some(behind) => ms(behind)?.try_into().ok().map(|ms: i64| -ms),
        None => ms(word)?.try_into().ok(),
    }
}

fn between_us(word: &str) -> Option<(u64, u64)> {
    let (least, most) = word.split_once('-')?;
    let (least, most) = (ms(least)?, ms(most)?);
    (least <= most).then_some((least * 1_000, most * 1_000))
}

fn peers(word: &str) -> Option<Vec<usize>> {
    let mut peers = Vec::new();
    for part in word.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last) = (first.parse::<usize>().ok()?, last.parse::<usize>().ok()?);
        if first > last || last - first > MOST as usize {
            return None;
        }
        peers.extend(first..=last);
    }
    Some(peers)
}

fn stage(word: &str) -> Option<Stage> {
    match word {
        "append" => Some(Stage::BeforeAppend),
        "send" => Some(Stage::BeforeSend),
        "emit" => Some(Stage::BeforeEmit),
        _ => None,
    }
}

fn nature(word: &str) -> Option<Nature> {
    Nature::LIARS.into_iter().find(|nature| format!("{nature:?}").eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_read_is_named_by_its_place() {
        let cases = [
            ("jion 4", 1, 1, "\"jion\" is not a verb"),
            ("join 4\n\n  wait 2", 3, 8, "\"2\" is not a time like 300ms, 2s, 10m or 8h"),
            ("join 4\nsay 0 \"hello", 2, 7, "the quote is never closed"),
            ("say 0", 1, 6, "missing: the text to say, between quotes"),
            ("join four", 1, 6, "\"four\" is not a number of peers"),
            ("join 4 5", 1, 8, "\"5\" is unexpected here"),
            ("join 2\nline 2", 2, 1, "must come before the first join"),
            ("crash 3-1", 1, 7, "\"3-1\" is not peers like 2, 0-3 or 0,2,5"),
            ("turn 1 honest", 1, 8, "\"honest\" is not a way to lie"),
            ("weather loss 101", 1, 14, "\"101\" is not a number up to 100"),
            ("weather sunny", 1, 9, "\"sunny\" is not a kind of weather"),
            ("expect 1", 1, 9, "missing: lines, nothing, down, or texts between quotes"),
            ("wait 99999999999999999999h", 1, 6, "\"99999999999999999999h\" is not a time like 300ms, 2s, 10m or 8h"),
        ];
        for (text, line, column, what) in cases {
            assert_eq!(tale(text), Err(Amiss { line, column, what: what.into() }), "{text}");
        }
    }

    #[test]
    fn words_quotes_and_comments() {
        let tale = tale("line 3 # in a row\n\njoin 3\n  say 0,2-3 \"a # b\" 4 times every 2s # and so on").unwrap();
        assert_eq!(tale.form, Form::Line(3));
        let say = Verb::Say { peers: vec![0, 2, 3], text: "a # b".into(), times: Some(4), every_ms: 2_000 };
        assert_eq!(tale.steps, [Step { line: 3, verb: Verb::Join(3) }, Step { line: 4, verb: say }]);
    }
}
