//! A trace of a world, one aligned line an event: for people, and to compare two runs byte for byte.

use std::{env, fmt::Write as _, io::Write as _};

use rumormill_proto::{
    frame::Frame,
    input::{Event, Found, Input, Step},
    run::RawRun,
};

use crate::peer::index_of;

/// Where lines go.
#[derive(Debug, Default)]
enum Sink {
    #[default]
    Nowhere,
    Text(String),
    Stdout,
    Stderr,
}

/// Writes lines to a sink.
#[derive(Debug, Default)]
pub(crate) struct Trace {
    sink: Sink,
}

impl Trace {
    /// Writes to standard error when `RUMORMILL_TRACE` is set, otherwise nowhere.
    pub(crate) fn from_environment() -> Self {
        let asked = env::var_os("RUMORMILL_TRACE").is_some_and(|value| !value.is_empty() && value != "0");
        Self { sink: if asked { Sink::Stderr } else { Sink::Nowhere } }
    }

    /// Writes to memory from here on.
    pub(crate) fn keep(&mut self) {
        self.sink = Sink::Text(String::new());
    }

    /// Writes to standard output from here on.
    pub(crate) fn print(&mut self) {
        self.sink = Sink::Stdout;
    }

    /// The lines in memory.
    pub(crate) fn kept(&self) -> &str {
        match &self.sink {
            Sink::Text(text) => text,
            _ => "",
        }
    }

    /// Whether lines go anywhere.
    pub(crate) fn is_on(&self) -> bool {
        !matches!(self.sink, Sink::Nowhere)
    }

    /// Writes one line: time, peer, verb and the rest.
    pub(crate) fn line(&mut self, at_us: u64, peer: usize, verb: &str, rest: impl FnOnce() -> String) {
        if self.is_on() {
            self.put(at_us, &format!("p{peer}"), verb, &rest());
        }
    }

    /// Writes one line about the whole world.
    pub(crate) fn world(&mut self, at_us: u64, verb: &str, rest: impl FnOnce() -> String) {
        if self.is_on() {
            self.put(at_us, "world", verb, &rest());
        }
    }

    fn put(&mut self, at_us: u64, place: &str, verb: &str, rest: &str) {
        let (s, us) = (at_us / 1_000_000, at_us % 1_000_000);
        let line = format!("{s:>6}.{us:06}  {place:<6} {verb:<9} {rest}");
        let line = line.trim_end();
        match &mut self.sink {
            Sink::Text(text) => _ = writeln!(text, "{line}"),
            // A closed output is no reason to stop.
            Sink::Stdout => _ = writeln!(std::io::stdout().lock(), "{line}"),
            Sink::Stderr => _ = writeln!(std::io::stderr().lock(), "{line}"),
            Sink::Nowhere => {}
        }
    }
}

/// An input in short form.
pub(crate) fn input(input: &Input) -> String {
    match input {
        Input::Up { peer, .. } => format!("up        p{}", index_of(peer)),
        Input::Proved { peer, author, .. } => format!("proved    p{} writes as {}", index_of(peer), author.short()),
        Input::Down { peer } => format!("down      p{}", index_of(peer)),
        Input::Unreachable { peer } => format!("no answer p{}", index_of(peer)),
        Input::Heard { contacts } => format!("heard     of {} peers", contacts.len()),
        Input::Received { from, frame } => format!("from p{:<4} {}", index_of(from), self::frame(frame)),
        Input::Order { order, .. } => format!("order     {order:?}"),
        Input::Say(sayings) => format!("say       {} entries", sayings.len()),
        Input::Looked(told) => {
            let told = told.iter().map(|(look, found)| {
                let (author, first) = (look.author.short(), look.first);
                format!("{} from {first} of {author}", found.len())
            });
            format!("looked    {}", told.collect::<Vec<_>>().join(", "))
        }
        Input::Recalled { what, found } => {
            let found = match found {
                Some(Found::Run(run)) => self::run(run),
                Some(Found::Proof(_)) => "the proof".into(),
                None => "nothing".into(),
            };
            format!("recalled  {} {}: {found}", what.author.short(), what.seq)
        }
        Input::CutDone { author, log } => format!("cut done  {} next {}", author.short(), log.next()),
        Input::Bare { bare, all } => format!("bare      {} of {all} entries without bodies", bare.len()),
        Input::Vouches { author, vouches } => format!("vouches   {} of {}", vouches.len(), author.short()),
        Input::Import(import) => format!("import    {}", runs(&import.runs)),
        Input::Lost { logs } => format!("lost      something of {} logs", logs.len()),
        Input::Wake => "wake".into(),
    }
}

/// An event in short form.
pub(crate) fn event(event: &Event) -> String {
    match event {
        Event::Shown { entry, arrival, hops } => {
            let hops = hops.map_or(String::new(), |hops| format!(", {hops} hops"));
            format!("{} {} at {:?} ({arrival:?}{hops})", entry.author.short(), entry.seq, entry.time)
        }
        Event::Came { peer, author } => format!("p{} came, writing as {}", index_of(peer), author.short()),
        Event::Went { peer } => format!("p{} went", index_of(peer)),
        Event::Holds { peer, next } => format!("p{} holds our log below {next}", index_of(peer)),
        Event::Missing { entries } => format!("missing {entries}"),
        Event::Forked { author, at, .. } => format!("{} forked at {at}", author.short()),
        Event::Filled { author, seq } => format!("body of {}.{seq} came or is lost", author.short()),
        Event::Counts { author, before, now } => format!("of {} {now} entries count, not {before}", author.short()),
        Event::Seated { author, seat } => format!("{} has the seat {seat:?}", author.short()),
        Event::Evicted { author } => format!("{} has no place any more", author.short()),
        Event::Skewed(skew) => format!("clock off by {} ms: {:?}", skew.ms, skew.whose),
        Event::Step(step) => self::step(step),
    }
}

fn step(step: &Step) -> String {
    match step {
        Step::RumorTo { peer, entries } => format!("rumor of {entries} to p{}", index_of(peer)),
        Step::RumorFrom { peer, entries, new } => format!("rumor of {entries} from p{}, new: {new}", index_of(peer)),
        Step::AckFrom { peer, new } => format!("answer from p{}, new: {new}", index_of(peer)),
        Step::Coin { go_on } => format!("coin says go on: {go_on}"),
        Step::RoundWith { peer } => format!("round with p{}", index_of(peer)),
        Step::StatusFrom { peer, same } => format!("status from p{}, same: {same}", index_of(peer)),
        Step::Wanted { peer, entries } => format!("wants {entries} from p{}", index_of(peer)),
        Step::Served { peer, entries } => format!("serves {entries} to p{}", index_of(peer)),
        Step::Pending { author, seq } => format!("{} {seq} waits", author.short()),
    }
}

/// A frame in short form.
pub(crate) fn frame(frame: &Frame) -> String {
    match frame {
        Frame::Hello(hello) => format!("Hello {}", hello.author.short()),
        Frame::Known { next } => format!("Known {next}"),
        Frame::Push(push) => format!("Push {} part {} hops {} {}", push.push, push.part, push.hops, runs(&push.runs)),
        Frame::Ack { pushes } => {
            let pushes = pushes.iter().map(|(push, new)| format!(" {push} new: {new}"));
            format!("Ack{}", pushes.collect::<String>())
        }
        Frame::Pull => "Pull".into(),
        Frame::Have { heads } => format!("Have {} heads", heads.len()),
        Frame::Status { digest, answer } => {
            let [a, b, c, d, ..] = digest;
            format!("Status {a:02x}{b:02x}{c:02x}{d:02x}{}", if *answer { " answer" } else { "" })
        }
        Frame::Ranges(ranges) => format!("Ranges depth {}", ranges.branch.depth()),
        Frame::Heads(heads) => {
            format!("Heads {} of depth {}, all: {}", heads.heads.len(), heads.branch.depth(), heads.all)
        }
        Frame::Want(want) => {
            let ranges =
                want.ranges.iter().map(|range| format!(" {:08x} {}..={}", range.author >> 32, range.first, range.last));
            format!("Want {} newest {}{}", want.want, want.newest, ranges.collect::<String>())
        }
        Frame::Runs { want, runs } => format!("Runs {want} {}", self::runs(runs)),
        Frame::Done { want } => format!("Done {want}"),
        Frame::Evidence { run } => format!("Evidence {}", self::run(run)),
        Frame::Fork { .. } => "Fork".into(),
        Frame::Secrets { secrets } => format!("Secrets {}", secrets.len()),
        Frame::Acts { heads } => format!("Acts {heads:?}"),
        Frame::WantActs { want, from } => format!("WantActs {want} {from:?}"),
        Frame::Shuffle { peers, answer } => {
            format!("Shuffle {} peers{}", peers.len(), if *answer { ", answer" } else { "" })
        }
    }
}

fn runs(runs: &[RawRun]) -> String {
    let runs: Vec<_> = runs.iter().map(run).collect();
    format!("[{}]", runs.join(", "))
}

fn run(run: &RawRun) -> String {
    format!("{} {}..={}", run.author().short(), run.first(), run.last())
}
