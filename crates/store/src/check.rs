//! Verification of everything kept of a room, through the one door that it came in by.

use rumormill_proto::{
    admit::{Admission, Trust},
    fork::Proof,
    ids::{AuthorId, EntryId, RoomId, Seq},
    input::Kept,
    log::Span,
    reject::Reject,
    run::RawRun,
};

use crate::{error::Error, keep::Tally, limits::PROBLEMS, note::Note};

/// What [`Read::check`](crate::Read::check) found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CheckReport {
    /// Entries verified, those beyond a cut included.
    pub entries: u64,
    /// Signatures verified.
    pub signatures: u64,
    /// Entries whose bodies are wanted: nothing is damaged there, but what they said is not here.
    pub wanted: u64,
    /// What is wrong, at most [`PROBLEMS`].
    pub problems: Vec<Problem>,
    /// Problems past those listed.
    pub unlisted: u64,
    /// What is wrong with the file as a whole, in the words of the database.
    pub file: Vec<String>,
}

impl CheckReport {
    /// Whether everything is as it was written.
    pub fn is_clean(&self) -> bool {
        self.problems.is_empty() && self.file.is_empty()
    }
}

/// Something wrong with some entries of one log: with the one at `first`, up to that at `last`, or with some of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// In whose log.
    pub author: AuthorId,
    /// From which entry on.
    pub first: Seq,
    /// Up to which.
    pub last: Seq,
    /// What.
    pub fault: Fault,
}

/// What can be wrong with entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The log says that they are held, but they are not there.
    Missing,
    /// They are there, but the log does not say so.
    Stray,
    /// What is there is no run of this log.
    Unreadable,
    /// They do not hash to the id that is kept.
    Hash,
    /// They do not follow the entry before.
    Unlinked,
    /// The signature is not the author's over them.
    Signature,
    /// The door refuses them for another reason.
    Refused(Reject),
    /// The log says something else of its own end.
    Edge,
    /// The timeline does not lead to them.
    Misplaced,
    /// The notes do not say what it says of others.
    Unnoted,
    /// The log is cut here, but no proof says why.
    Unproved,
}

/// Entries as they were found, which may be not as they were written.
pub(crate) struct Found {
    pub(crate) first: Seq,
    pub(crate) last: Seq,
    /// Id kept of the last one.
    pub(crate) top: EntryId,
    /// Whether the signature, or that there is none, is what was kept.
    pub(crate) sealed: bool,
    /// `None` when they are not readable.
    pub(crate) run: Option<RawRun>,
}

/// How much the indexes of a room have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Totals {
    /// Entries in the timeline.
    pub(crate) places: u64,
    pub(crate) notes: u64,
    /// What is counted of bodies.
    pub(crate) bodies: Tally,
    /// Entries whose bodies are wanted.
    pub(crate) wanted: u64,
    /// Notes that stand and should not, or the other way round.
    pub(crate) misplaced_notes: u64,
}

/// What a check reads from.
pub(crate) trait Source {
    fn kept(&mut self) -> Result<Vec<Kept>, Error>;
    /// Why a log is cut.
    fn proof(&mut self, author: &AuthorId) -> Result<Option<Proof>, Error>;
    /// Some of the runs that begin within `first..=last` of a log, from the lowest on; none when there are none.
    fn runs(&mut self, author: &AuthorId, first: Seq, last: Seq) -> Result<Vec<Found>, Error>;
    /// The first entry of a run that the timeline does not lead to.
    fn misplaced(&mut self, run: &RawRun) -> Result<Option<Seq>, Error>;
    /// The first entry of a run whose note is not there, or says something else.
    fn unnoted(&mut self, run: &RawRun) -> Result<Option<Seq>, Error>;
    /// How much the indexes have.
    fn totals(&mut self) -> Result<Totals, Error>;
    /// What is wrong with the file as a whole.
    fn file(&mut self) -> Result<Vec<String>, Error>;
}

/// Verifies everything that `source` has of `room`. One bad log keeps no other from being read.
pub(crate) fn check(room: &RoomId, source: &mut impl Source, tell: &mut dyn FnMut(u64)) -> Result<CheckReport, Error> {
    let report = CheckReport { file: source.file()?, ..Default::default() };
    let mut checker = Checker { report, door: Admission::new(*room), totals: Totals::default(), tell };
    let kept = checker.tolerate(source.kept())?.unwrap_or_default();
    for kept in &kept {
        let checked = checker.log(source, kept);
        checker.tolerate(checked)?;
    }
    checker.totals.places = kept.iter().map(|kept| kept.log.len()).sum();
    let totals = checker.tolerate(source.totals())?.unwrap_or(checker.totals);
    checker.report.wanted = totals.wanted;
    checker.compare(&totals);
    Ok(checker.report)
}

struct Checker<'a> {
    report: CheckReport,
    door: Admission,
    /// What the entries come to.
    totals: Totals,
    tell: &'a mut dyn FnMut(u64),
}

impl Checker<'_> {
    /// Holds what the indexes come to against what the entries do. Where an entry is not to be read, only their number
    /// is known.
    fn compare(&mut self, totals: &Totals) {
        let (there, here) = (totals, &self.totals);
        let mut differing = vec![("entries in the timeline", there.places as i64, here.places as i64)];
        if self.report.problems.is_empty() {
            differing.push(("notes", there.notes as i64, here.notes as i64));
            differing.push(("notes out of order", there.misplaced_notes as i64, 0));
            differing.push(("bodies counted", there.bodies.entries, here.bodies.entries));
            differing.push(("bytes counted", there.bodies.bytes, here.bodies.bytes));
        }
        differing.retain(|(_, there, here)| there != here);
        let told = |(what, there, here): &(&str, i64, i64)| format!("{what}: {there}, but {here} by the entries");
        self.report.file.extend(differing.iter().map(told));
    }

    /// Notes what makes no sense, and lets the check go on.
    fn tolerate<T>(&mut self, read: Result<T, Error>) -> Result<Option<T>, Error> {
        match read {
            Err(Error::Corrupt { what, .. }) => {
                self.report.file.push(what);
                Ok(None)
            }
            other => other.map(Some),
        }
    }

    fn log(&mut self, source: &mut impl Source, kept: &Kept) -> Result<(), Error> {
        let Kept { author, log, .. } = kept;
        for span in log.spans() {
            self.span(source, author, span)?;
        }
        let above = log.cut().unwrap_or(Seq::MAX).checked_sub(1).map(|last| (log.next(), last));
        for (first, last) in log.gaps().chain(above) {
            if let Some(stray) = source.runs(author, first, last)?.first() {
                self.problem(author, (stray.first, stray.last), Fault::Stray);
            }
        }
        if let Some(cut) = log.cut() {
            self.evidence(source, author, cut)?;
            if source.proof(author)?.as_ref().map(Proof::at) != Some(cut) {
                self.problem(author, (cut, cut), Fault::Unproved);
            }
        }
        Ok(())
    }

    fn span(&mut self, source: &mut impl Source, author: &AuthorId, span: &Span) -> Result<(), Error> {
        let mut below = Some((span.first, span.prev));
        let mut at = span.first;
        loop {
            let runs = source.runs(author, at, span.last.seq)?;
            if runs.is_empty() {
                break;
            }
            for found in runs {
                if found.first > at {
                    self.problem(author, (at, found.first - 1), Fault::Missing);
                }
                at = found.last.saturating_add(1);
                self.found(author, &found, below);
                below = Some((at, found.top));
                let Some(run) = &found.run else { continue };
                self.edges(author, span, run, &found.top);
                if let Some(seq) = source.misplaced(run)? {
                    self.problem(author, (seq, seq), Fault::Misplaced);
                }
                if let Some(seq) = source.unnoted(run)? {
                    self.problem(author, (seq, seq), Fault::Unnoted);
                }
                self.count(run);
            }
        }
        if at <= span.last.seq {
            self.problem(author, (at, span.last.seq), Fault::Missing);
        }
        Ok(())
    }

    fn count(&mut self, run: &RawRun) {
        for (entry, seq) in run.entries().iter().zip(run.first()..) {
            self.totals.bodies += Tally::of(entry);
            self.totals.notes += u64::from(Note::of(&run.author(), seq, entry).is_some());
        }
        (self.tell)(self.report.entries);
    }

    fn evidence(&mut self, source: &mut impl Source, author: &AuthorId, cut: Seq) -> Result<(), Error> {
        let mut at = cut;
        loop {
            let runs = source.runs(author, at, Seq::MAX)?;
            if runs.is_empty() {
                return Ok(());
            }
            for found in runs {
                at = found.last.saturating_add(1);
                self.found(author, &found, None);
            }
        }
    }

    /// Lets a run through the door. `below` is the id that the one before leads on with, and from which seq.
    fn found(&mut self, author: &AuthorId, found: &Found, below: Option<(Seq, EntryId)>) {
        let span = (found.first, found.last);
        let Some(run) = &found.run else { return self.problem(author, span, Fault::Unreadable) };
        if below.is_some_and(|(next, id)| next == run.first() && id != run.prev()) {
            self.problem(author, span, Fault::Unlinked);
        }
        match self.door.admit(run, Trust::LeadsTo(found.top)) {
            Ok(_) if !found.sealed => self.problem(author, span, Fault::Signature),
            Ok(run) => {
                self.report.entries += run.entries().len() as u64;
                self.report.signatures += u64::from(run.signature().is_some());
            }
            Err(Reject::Unlinked) => self.problem(author, span, Fault::Hash),
            Err(Reject::Signature) => self.problem(author, span, Fault::Signature),
            Err(other) => self.problem(author, span, Fault::Refused(other)),
        }
    }

    /// What the log knows of its own ends must be what is there.
    fn edges(&mut self, author: &AuthorId, span: &Span, run: &RawRun, top: &EntryId) {
        let first_time = run.entries().first().map(|entry| entry.time);
        let last_time = run.entries().last().map(|entry| entry.time);
        if run.first() == span.first && first_time != Some(span.first_time) {
            self.problem(author, (run.first(), run.first()), Fault::Edge);
        }
        let crosses = run.first() <= span.last.seq && span.last.seq < run.last();
        let differs = run.last() == span.last.seq && (*top != span.last.id || last_time != Some(span.last.time));
        if crosses || differs {
            self.problem(author, (run.last(), run.last()), Fault::Edge);
        }
    }

    fn problem(&mut self, author: &AuthorId, (first, last): (Seq, Seq), fault: Fault) {
        match self.report.problems.len() < PROBLEMS {
            true => self.report.problems.push(Problem { author: *author, first, last, fault }),
            false => self.report.unlisted += 1,
        }
    }
}
