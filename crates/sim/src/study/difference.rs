//! Histories of which one peer lacks a part, and contenders that find out which part.
//!
//! A history can be as large as a study wants, because most of it is never read: only heads, times and ids of entries
//! are invented. The missing entries, and the newest page, which a newcomer requests in any case, are real runs.

use bytes::Bytes;
use rumormill_proto::{
    admit::{Admission, Author, Run, Trust},
    codec::put_number,
    entry::{Body, Kind, RawEntry},
    ids::{AuthorId, EntryId, RoomId, Seq},
    input::Kept,
    limits::NEWEST_PAGE,
    log::{Head, Log, Span},
    random::Random,
    reject::Reject,
    run::block_end,
    time::Time,
};

use crate::{
    violation::{Story, Violation},
    world::{BEGIN_MS, scatter},
};

/// Milliseconds between two entries of a room, on average.
const BETWEEN_MS: u64 = 1_000;

/// Bytes of a body.
const BODY: [u8; 100] = [b'x'; 100];

/// Where in a history the missing entries lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// Nowhere: both hold the same.
    Nothing,
    /// The newest entries of all, this many.
    Recent(usize),
    /// The last entries of this many authors, who last spoke at arbitrary times: entries are never missing in the
    /// middle of a log only.
    Scattered(usize),
}

/// A history of which one peer lacks a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Point {
    /// Number of authors.
    pub authors: usize,
    /// Entries by each author.
    pub entries_each: usize,
    /// The entries that one peer lacks.
    pub missing: Missing,
}

impl Point {
    /// Number of entries that one peer lacks.
    pub fn missing(&self) -> usize {
        match self.missing {
            Missing::Nothing => 0,
            Missing::Recent(count) | Missing::Scattered(count) => count,
        }
    }

    /// Bytes of each body.
    pub fn body_bytes(&self) -> usize {
        BODY.len()
    }
}

/// One entry, as seen by contenders that compare sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Item {
    /// Time of the entry, in milliseconds since the Unix epoch.
    pub ms: u64,
    /// Its id.
    pub id: EntryId,
}

/// One log of the history.
#[derive(Debug)]
pub struct Part {
    /// Its author.
    pub author: AuthorId,
    /// All its entries.
    pub items: Vec<Item>,
    /// How many of them, from the first on, the lacking peer holds.
    pub held: usize,
}

impl Part {
    /// The initial state of an engine that holds the first `count` entries.
    fn kept(&self, count: usize) -> Option<Kept> {
        let (first, last) = (self.items.first()?, self.items.get(..count)?.last()?);
        let head = Head { seq: count as Seq - 1, id: last.id, time: Time::from_ms(last.ms) };
        let first_time = Time::from_ms(first.ms);
        let span = Span { first: 0, prev: EntryId::default(), first_time, last: head };
        Some(Kept { author: self.author, log: Log::restored(vec![span], None), vouches: Vec::new() })
    }
}

/// The history that a seed generates for a [`Point`].
pub struct Difference {
    /// The room.
    pub room: RoomId,
    /// Seed of everything random about it.
    pub seed: u64,
    /// All logs.
    pub parts: Vec<Part>,
    /// The missing entries and the newest page; each log ascending.
    pub runs: Vec<Run>,
}

impl Difference {
    /// Generates a history.
    ///
    /// # Errors
    /// None in practice: entries signed here are admitted.
    pub fn new(point: &Point, seed: u64) -> Story<Self> {
        let drawn = Self::draw(point, seed);
        drawn.map_err(|reject| {
            let sentence = format!("a run is refused: {reject:?}");
            Violation { property: "signed entries are admitted", sentence, seed, at_us: 0, test: String::new() }
        })
    }

    fn draw(point: &Point, seed: u64) -> Result<Self, Reject> {
        let (mut random, room) = (Random::new(seed), RoomId(scatter(seed, 0)));
        let times: Vec<Vec<u64>> = (0..point.authors).map(|_| times(point, &mut random)).collect();
        let newest = newest(&times);
        let missing = missing(point, &newest, &mut random);
        let page = count_by_author(point.authors, &newest[..NEWEST_PAGE.min(newest.len())]);
        let (mut parts, mut runs) = (Vec::new(), Vec::new());
        let mut door = Admission::new(room);
        for (at, times) in times.into_iter().enumerate() {
            let real = times.len() - missing[at].max(page[at]);
            let author = Author::from_secret(&scatter(seed ^ 1, at as u64));
            let made_up = |seq: usize| EntryId(scatter(seed ^ 2, (at as u64) << 32 | seq as u64));
            let mut items: Vec<_> = (0..real).map(|seq| Item { ms: times[seq], id: made_up(seq) }).collect();
            let written = write(&author, real, &times, items.last().map(|item| item.id), &mut door)?;
            let entries = written.iter().flat_map(Run::entries);
            items.extend(entries.map(|entry| Item { ms: entry.time.ms(), id: entry.id }));
            runs.extend(written);
            parts.push(Part { author: author.id(), held: times.len() - missing[at], items });
        }
        Ok(Self { room, seed, parts, runs })
    }

    /// The initial states of the engine that lacks entries and of the other.
    pub fn kept(&self) -> [Vec<Kept>; 2] {
        let lacking = self.parts.iter().filter_map(|part| part.kept(part.held));
        let whole = self.parts.iter().filter_map(|part| part.kept(part.items.len()));
        [lacking.collect(), whole.collect()]
    }

    /// A moment after the last entry.
    pub fn after_ms(&self) -> u64 {
        self.parts.iter().filter_map(|part| part.items.last()).map(|item| item.ms).max().unwrap_or(BEGIN_MS) + 1
    }
}

/// The times of one log, ascending.
fn times(point: &Point, random: &mut Random) -> Vec<u64> {
    let count = point.entries_each as u64;
    let whole_ms = count * point.authors as u64 * BETWEEN_MS;
    let end_ms = match point.missing {
        Missing::Scattered(_) => random.below(whole_ms).max(count * 2),
        Missing::Nothing | Missing::Recent(_) => whole_ms,
    };
    let mut times: Vec<_> = (0..count).map(|_| BEGIN_MS + random.below(end_ms)).collect();
    times.sort_unstable();
    for at in 1..times.len() {
        times[at] = times[at].max(times[at - 1] + 1);
    }
    times
}

/// The authors of all entries, newest entry first.
fn newest(times: &[Vec<u64>]) -> Vec<usize> {
    let of_one = |(author, times): (usize, &Vec<u64>)| times.iter().map(|ms| (*ms, author)).collect::<Vec<_>>();
    let mut all: Vec<_> = times.iter().enumerate().flat_map(of_one).collect();
    all.sort_unstable_by(|one, other| other.cmp(one));
    all.into_iter().map(|(_, author)| author).collect()
}

/// The number of missing entries in each log.
fn missing(point: &Point, newest: &[usize], random: &mut Random) -> Vec<usize> {
    match point.missing {
        Missing::Nothing => vec![0; point.authors],
        Missing::Recent(count) => count_by_author(point.authors, &newest[..count.min(newest.len())]),
        Missing::Scattered(count) => {
            count_by_author(point.authors, &random.sample((0..point.authors).collect(), count))
        }
    }
}

fn count_by_author(authors: usize, entries: &[usize]) -> Vec<usize> {
    let mut counts = vec![0; authors];
    entries.iter().for_each(|author| counts[*author] += 1);
    counts
}

/// Writes the entries from seq `first` on, as runs.
fn write(
    author: &Author,
    first: usize,
    times: &[u64],
    before: Option<EntryId>,
    door: &mut Admission,
) -> Result<Vec<Run>, Reject> {
    let (mut prev, mut runs, mut first) = (before.unwrap_or_default(), Vec::new(), first);
    while first < times.len() {
        let end = times.len().min(block_end(first as Seq) as usize + 1);
        let entry = |ms: &u64| RawEntry {
            time: Time::from_ms(*ms),
            seen: Vec::new(),
            kind: Kind::TEXT,
            body: Body::Here(Bytes::from_static(&BODY)),
        };
        let entries = times[first..end].iter().map(entry).collect();
        let room = door.room();
        let run = door.admit(&author.sign(&room, first as Seq, prev, entries)?, Trust::Signature)?;
        (first, prev) = (end, run.last().id);
        runs.push(run);
    }
    Ok(runs)
}

/// Traffic of one comparison, until the lacking peer held everything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Said {
    /// Bytes sent by the lacking peer and by the other, without runs of entries.
    pub bytes: [usize; 2],
    /// Number of frames, including those with entries.
    pub frames: usize,
    /// Bytes of the runs that brought the entries, and of the bodies in them; `None` for a contender that only finds
    /// out what is missing.
    pub brought: Option<[usize; 2]>,
}

impl Said {
    /// Bytes sent by both.
    pub fn both(&self) -> usize {
        self.bytes.iter().sum()
    }
}

/// A method to find out what a peer lacks.
pub trait Contender: Sync {
    /// Its name in tables.
    fn name(&self) -> &str;

    /// Compares two peers until the lacking one knows what it lacks.
    ///
    /// # Errors
    /// When the comparison does not end.
    fn compare(&self, difference: &Difference) -> Story<Said>;
}

/// The status of the first system: for each author its key and the seq after its last entry. The lacking peer sends it,
/// and the other then knows what to send.
pub struct FlatVector;

impl Contender for FlatVector {
    fn name(&self) -> &str {
        "flat vector"
    }

    fn compare(&self, difference: &Difference) -> Story<Said> {
        let mut vector = Vec::new();
        put_number(&mut vector, difference.parts.len() as u64);
        for part in &difference.parts {
            vector.extend_from_slice(&part.author.0);
            put_number(&mut vector, part.held as u64);
        }
        Ok(Said { bytes: [vector.len(), 0], frames: 1, brought: None })
    }
}
