//! Verification of everything kept of a room, through the one door that it came in by.

use rumormill_proto::{
    admit::{Admission, Trust},
    entry::LogKey,
    fork::Proof,
    ids::{AuthorId, EntryId, RoomId, Seq},
    input::Kept,
    limits::BLOCK,
    log::Span,
    reject::Reject,
};

use crate::{
    error::Error,
    limits::PROBLEMS,
    row::{Row, assemble},
};

/// What [`Read::check`](crate::Read::check) found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CheckReport {
    /// Entries read, those beyond a cut included.
    pub entries: u64,
    /// Signatures verified.
    pub signatures: u64,
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

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// In whose log.
    pub author: AuthorId,
    /// At which entry.
    pub seq: Seq,
    /// What.
    pub fault: Fault,
}

/// What can be wrong with an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The log says that it is held, but it is not there.
    Missing,
    /// It is there, but the log does not say so.
    Stray,
    /// What is there is not an entry.
    Unreadable,
    /// Its id is not the hash of what is there.
    Hash,
    /// The signature is not the author's over this entry.
    Signature,
    /// It is not what the log says of its own end.
    Edge,
    /// The log is cut here, but no proof says why.
    Unproved,
    /// The door refuses it for another reason.
    Refused(Reject),
}

/// An entry as it was found, which may be not as it was written.
pub(crate) struct Found {
    pub(crate) seq: Seq,
    /// The id before it, where that is kept apart.
    pub(crate) prev: Option<EntryId>,
    /// `None` when it is not readable.
    pub(crate) row: Option<Row>,
}

/// What a check reads from.
pub(crate) trait Source {
    fn kept(&mut self) -> Result<Vec<Kept>, Error>;
    /// The lowest entries of the timeline within `first..=last` of a log, at most [`BLOCK`]; ascending.
    fn entries(&mut self, author: &AuthorId, first: Seq, last: Seq) -> Result<Vec<Found>, Error>;
    /// The lowest entries beyond the cut from `first` on, at most [`BLOCK`], each with its prev; ascending.
    fn evidence(&mut self, author: &AuthorId, first: Seq) -> Result<Vec<Found>, Error>;
    /// What is wrong with the file as a whole.
    fn file(&mut self) -> Result<Vec<String>, Error>;
}

/// Verifies everything that `source` has of `room`. One bad log keeps no other from being read.
pub(crate) fn check(room: &RoomId, source: &mut impl Source) -> Result<CheckReport, Error> {
    let mut checker =
        Checker { report: CheckReport { file: source.file()?, ..Default::default() }, door: Admission::new(*room) };
    for kept in source.kept()? {
        match checker.log(source, &kept) {
            Err(Error::Corrupt { what, .. }) => checker.report.file.push(what),
            other => other?,
        }
    }
    Ok(checker.report)
}

struct Checker {
    report: CheckReport,
    door: Admission,
}

impl Checker {
    fn log(&mut self, source: &mut impl Source, kept: &Kept) -> Result<(), Error> {
        let Kept { author, log, proof } = kept;
        for span in log.spans() {
            self.span(source, author, span)?;
        }
        for (first, last) in log.gaps().chain([(log.next(), Seq::MAX)]) {
            if let Some(stray) = source.entries(author, first, last)?.first() {
                self.problem(*author, stray.seq, Fault::Stray);
            }
        }
        self.evidence(source, author)?;
        match log.cut() {
            Some(cut) if proof.as_ref().map(Proof::at) != Some(cut) => self.problem(*author, cut, Fault::Unproved),
            _ => {}
        }
        Ok(())
    }

    fn span(&mut self, source: &mut impl Source, author: &AuthorId, span: &Span) -> Result<(), Error> {
        let mut chain = Chain { next: span.first, prev: Some(span.prev), piece: Vec::new() };
        loop {
            let found = source.entries(author, chain.next, span.last.seq)?;
            if found.is_empty() {
                break;
            }
            for found in found {
                self.edges(author, span, &found);
                self.link(author, &mut chain, found);
            }
        }
        self.admit(author, &mut chain);
        if chain.next <= span.last.seq {
            self.problem(*author, chain.next, Fault::Missing);
        }
        Ok(())
    }

    fn evidence(&mut self, source: &mut impl Source, author: &AuthorId) -> Result<(), Error> {
        let mut chain = Chain { next: 0, prev: None, piece: Vec::new() };
        loop {
            let found = source.evidence(author, chain.next)?;
            if found.is_empty() {
                break;
            }
            for found in found {
                if found.seq != chain.next {
                    self.admit(author, &mut chain);
                    (chain.next, chain.prev) = (found.seq, found.prev);
                }
                self.link(author, &mut chain, found);
            }
        }
        self.admit(author, &mut chain);
        Ok(())
    }

    /// What the log knows of its own ends must be what is there.
    fn edges(&mut self, author: &AuthorId, span: &Span, found: &Found) {
        let Some(row) = &found.row else { return };
        let first_differs = found.seq == span.first && row.raw.time != span.first_time;
        let last_differs = found.seq == span.last.seq && row.head(found.seq) != span.last;
        if first_differs || last_differs {
            self.problem(*author, found.seq, Fault::Edge);
        }
    }

    /// Puts an entry on top of a chain, and lets the chain through the door where a run may end.
    fn link(&mut self, author: &AuthorId, chain: &mut Chain, found: Found) {
        self.report.entries += 1;
        if found.seq != chain.next {
            self.admit(author, chain);
            self.problem(*author, chain.next, Fault::Missing);
            chain.prev = None;
        }
        chain.next = found.seq + 1;
        let Some(row) = found.row else {
            self.admit(author, chain);
            self.problem(*author, found.seq, Fault::Unreadable);
            chain.prev = None;
            return;
        };
        if chain.piece.is_empty() && chain.prev.is_none() {
            chain.prev = Some(row.id);
            return;
        }
        let ends = row.signature.is_some() || found.seq.is_multiple_of(BLOCK);
        chain.piece.push((found.seq, row));
        if ends {
            self.admit(author, chain);
        }
    }

    fn admit(&mut self, author: &AuthorId, chain: &mut Chain) {
        let piece = std::mem::take(&mut chain.piece);
        let (Some((_, last)), Some(prev)) = (piece.last(), chain.prev) else { return };
        chain.prev = Some(last.id);
        let trust = Trust::LeadsTo(last.id);
        let admitted = assemble(*author, prev, piece.clone()).and_then(|raw| self.door.admit(&raw, trust));
        match admitted {
            Ok(run) => {
                self.report.signatures += u64::from(run.signature().is_some());
                let told = run.entries().iter().zip(&piece);
                let wrong: Vec<_> =
                    told.filter(|(entry, (_, row))| entry.id != row.id).map(|(entry, _)| entry.seq).collect();
                wrong.into_iter().for_each(|seq| self.problem(*author, seq, Fault::Hash));
            }
            Err(reject) => self.diagnose(author, prev, &piece, reject),
        }
    }

    /// Finds out which entries made the door refuse a piece.
    fn diagnose(&mut self, author: &AuthorId, mut prev: EntryId, piece: &[(Seq, Row)], reject: Reject) {
        let key = LogKey::new(&self.door.room(), author);
        let mut found = false;
        for (seq, row) in piece {
            if key.id(*seq, &prev, &row.raw, &mut Vec::new()) != row.id {
                self.problem(*author, *seq, Fault::Hash);
                found = true;
            }
            prev = row.id;
        }
        let fault = match reject {
            Reject::Signature => Fault::Signature,
            other => Fault::Refused(other),
        };
        if let (false, Some((last, _))) = (found, piece.last()) {
            self.problem(*author, *last, fault);
        }
    }

    fn problem(&mut self, author: AuthorId, seq: Seq, fault: Fault) {
        match self.report.problems.len() < PROBLEMS {
            true => self.report.problems.push(Problem { author, seq, fault }),
            false => self.report.unlisted += 1,
        }
    }
}

/// Entries that were linked and wait for the end of their run.
struct Chain {
    /// Seq that the next one should have.
    next: Seq,
    /// Id before the first of the piece; `None` when it is not known, and the next entry is taken at its word.
    prev: Option<EntryId>,
    piece: Vec<(Seq, Row)>,
}
