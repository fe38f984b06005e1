//! The answer to a want, read from the store in pieces: the newest entries first, then the ranges in turn, one block of
//! each, from the top down, in frames of bounded size, and `Done` at the end.

use std::collections::VecDeque;

use rumormill_proto::{
    frame::Frame,
    ids::{AuthorId, RoomId, Seq},
    input::Form,
    limits::PUSH_RUNS,
    run::RawRun,
};
use rumormill_store::{Error, Read};

/// Bytes of runs at which a frame is closed: large enough to make its envelope negligible, small enough that a slow
/// link loses little with it.
const FULL_BYTES: usize = 64 * 1024;

/// A piece of a log to send.
type Piece = (AuthorId, Seq, Seq);

/// An answer to a want in progress.
pub(crate) struct Serving {
    want: u64,
    first: VecDeque<Piece>,
    then: VecDeque<Piece>,
    done: bool,
    form: Form,
    hidden: Vec<Piece>,
}

impl Serving {
    /// The answer to `want` (0 when there was none): `newest`, then the rest of `ranges`.
    pub(crate) fn new(want: u64, newest: Vec<Piece>, ranges: Vec<Piece>) -> Self {
        Self::of(want, newest, ranges, (Form::Held, Vec::new()))
    }

    /// The same of a closed room, in the form that the receiver is let have, and without what was taken back.
    pub(crate) fn formed(want: u64, ranges: Vec<Piece>, form: (Form, Vec<Piece>)) -> Self {
        Self::of(want, Vec::new(), ranges, form)
    }

    fn of(want: u64, newest: Vec<Piece>, ranges: Vec<Piece>, (form, hidden): (Form, Vec<Piece>)) -> Self {
        let then = ranges.into_iter().flat_map(|range| without(range, &newest)).collect();
        Self { want, first: newest.into(), then, done: false, form, hidden }
    }

    /// The next frame, or `None` at the end.
    pub(crate) fn next(&mut self, read: &mut dyn Read, room: &RoomId) -> Result<Option<Frame>, Error> {
        let mut runs: Vec<RawRun> = Vec::new();
        let mut bytes = 0;
        while bytes < FULL_BYTES && runs.len() < PUSH_RUNS {
            let Some(run) = self.next_run(read, room)? else { break };
            bytes += run.wire().len();
            runs.push(run);
        }
        if !runs.is_empty() {
            return Ok(Some(Frame::Runs { want: self.want, runs }));
        }
        let last = self.want != 0 && !self.done;
        self.done = true;
        Ok(last.then_some(Frame::Done { want: self.want }))
    }

    fn next_run(&mut self, read: &mut dyn Read, room: &RoomId) -> Result<Option<RawRun>, Error> {
        loop {
            let queue = if self.first.is_empty() { &mut self.then } else { &mut self.first };
            let Some((author, first, last)) = queue.pop_front() else { return Ok(None) };
            let run = match self.form {
                Form::Held => read.run(room, &author, first, last)?,
                Form::Proved => read.proved_run(room, &author, first, last)?,
                Form::Acts => read.proved_run(room, &author, first, last)?.and_then(|run| run.with_acts().ok()),
            };
            let Some(run) = run.and_then(|run| run.without_hidden(&self.hidden).ok()) else { continue };
            if run.first() > first {
                queue.push_back((author, first, run.first() - 1));
            }
            return Ok(Some(run));
        }
    }
}

/// The rest of a range without the pieces already sent, highest first.
fn without(range: Piece, sent: &[Piece]) -> Vec<Piece> {
    let (author, first, last) = range;
    let overlap = sent.iter().find(|(other, low, high)| *other == author && *low <= last && first <= *high);
    let Some((_, low, high)) = overlap else { return vec![range] };
    let above = (*high < last).then(|| (author, high + 1, last));
    let below = (first < *low).then(|| (author, first, low - 1));
    above.into_iter().chain(below).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_sent_first_is_not_sent_again() {
        let author = AuthorId([1; 32]);
        let left = |range: (Seq, Seq), sent: (Seq, Seq)| {
            without((author, range.0, range.1), &[(author, sent.0, sent.1)])
                .into_iter()
                .map(|(_, first, last)| (first, last))
                .collect::<Vec<_>>()
        };
        assert_eq!(left((0, 99), (90, 99)), [(0, 89)]);
        assert_eq!(left((0, 99), (40, 49)), [(50, 99), (0, 39)]);
        assert_eq!(left((0, 99), (0, 200)), []);
        assert_eq!(left((0, 9), (10, 20)), [(0, 9)]);
        assert_eq!(without((author, 0, 9), &[(AuthorId([2; 32]), 0, 9)]), [(author, 0, 9)]);
    }
}
