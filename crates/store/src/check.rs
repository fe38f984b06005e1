//! Verification of everything a store holds of a room. Entries pass the same `admit` that they came in by.

use rumormill_proto::{
    admit::{Admission, Trust},
    fork::Proof,
    ids::{AuthorId, EntryId, RoomId, Seq},
    input::Kept,
    log::Span,
    reject::Reject,
    run::RawRun,
};

use crate::{error::Error, keep::Tally, limits::PROBLEMS};

/// What [`Read::check`](crate::Read::check) found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CheckReport {
    /// Entries verified, those beyond a cut included.
    pub entries: u64,
    /// Signatures verified.
    pub signatures: u64,
    /// Entries whose bodies are wanted. They are not damaged; their bodies are just not here.
    pub wanted: u64,
    /// The problems, at most [`PROBLEMS`].
    pub problems: Vec<Problem>,
    /// Problems beyond those listed.
    pub unlisted: u64,
    /// Problems of the file as a whole, in the database's own words.
    pub file: Vec<String>,
}

impl CheckReport {
    /// Whether everything is as written.
    pub fn is_clean(&self) -> bool {
        self.problems.is_empty() && self.file.is_empty()
    }
}

/// A fault in some entries of one log: in all of `first..=last` or in part of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Author of the log.
    pub author: AuthorId,
    /// First entry concerned.
    pub first: Seq,
    /// Last entry concerned.
    pub last: Seq,
    /// The fault.
    pub fault: Fault,
}

/// A fault in entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The log lists them, but they are not there.
    Missing,
    /// They are there, but the log does not list them.
    Stray,
    /// The stored bytes are not a run of this log.
    Unreadable,
    /// They do not hash to the stored id.
    Hash,
    /// They do not follow the entry below.
    Unlinked,
    /// The signature over them is not the author's.
    Signature,
    /// `admit` refuses them for another reason.
    Refused(Reject),
    /// The log records a different end.
    Edge,
    /// The timeline does not lead to them.
    Misplaced,
    /// The notes do not match what it says about other entries, or it is an act and nothing leads to it.
    Unnoted,
    /// The log is cut here, but no proof explains it.
    Unproved,
}

/// Entries as found, which may differ from what was written.
pub(crate) struct Found {
    pub(crate) first: Seq,
    pub(crate) last: Seq,
    /// Stored id of the last one.
    pub(crate) top: EntryId,
    /// Whether the signature, or its absence, is as stored.
    pub(crate) sealed: bool,
    /// `None` when unreadable.
    pub(crate) run: Option<RawRun>,
}

/// Sizes of a room's indexes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Totals {
    /// Entries in the timeline.
    pub(crate) places: u64,
    pub(crate) notes: u64,
    /// Count of the bodies.
    pub(crate) bodies: Tally,
    /// Entries whose bodies are wanted.
    pub(crate) wanted: u64,
    /// Notes marked as in effect that should not be, or the reverse.
    pub(crate) misplaced_notes: u64,
}

/// Where a check reads from.
pub(crate) trait Source {
    fn kept(&mut self) -> Result<Vec<Kept>, Error>;
    /// Why a log is cut.
    fn proof(&mut self, author: &AuthorId) -> Result<Option<Proof>, Error>;
    /// Some of the runs that begin within `first..=last` of a log, lowest first; empty when none do.
    fn runs(&mut self, author: &AuthorId, first: Seq, last: Seq) -> Result<Vec<Found>, Error>;
    /// The first entry of a run that the timeline lacks.
    fn misplaced(&mut self, run: &RawRun) -> Result<Option<Seq>, Error>;
    /// The first entry of a run whose note is missing or wrong, or that is an act to which nothing leads.
    fn unnoted(&mut self, run: &RawRun) -> Result<Option<Seq>, Error>;
    /// How many entries of a run have notes.
    fn notes(&mut self, run: &RawRun) -> Result<u64, Error>;
    /// Sizes of the indexes.
    fn totals(&mut self) -> Result<Totals, Error>;
    /// Problems of the file as a whole.
    fn file(&mut self) -> Result<Vec<String>, Error>;
}

/// Verifies everything that `source` has of `room`. One bad log does not keep others from being read.
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
    /// Totals computed from the entries.
    totals: Totals,
    tell: &'a mut dyn FnMut(u64),
}

impl Checker<'_> {
    /// Compares the indexes with the entries. For an unreadable entry only the count is known.
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
        let told = |(what, there, here): &(&str, i64, i64)| format!("{what}: {there} recorded, {here} found");
        self.report.file.extend(differing.iter().map(told));
    }

    /// Records corrupt data as a problem and lets the check go on.
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
                self.totals.notes += source.notes(run)?;
            }
        }
        if at <= span.last.seq {
            self.problem(author, (at, span.last.seq), Fault::Missing);
        }
        Ok(())
    }

    fn count(&mut self, run: &RawRun) {
        run.entries().iter().for_each(|entry| self.totals.bodies += Tally::of(entry));
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

    /// Admits a run. `below` is the id that the next lower run links from, and its seq.
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

    /// The ends recorded for the log must match what is there.
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
