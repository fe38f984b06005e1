//! Frames that the driver has not taken yet. Links take turns, and so do the authors within each link, because the
//! flood of one author comes over every link when peers pass it on. So a flooder delays only itself.
//!
//! ```text
//! link 1   controls, and what is said about the exchange    first, in order
//!          answers to wants                                 \
//!          pushes of several authors                         } a frame of each in turn
//!          pushes of author A, of author B, ...             /
//! link 2   ...
//! ```
//!
//! No valid push is refused for coming fast, or nodes would differ. A push past its author's share of a link is
//! dropped, as if the network had lost it, and anti-entropy brings its entries in blocks that cost a fortieth of it.

use std::{
    collections::{BTreeMap, VecDeque},
    ops::Bound::{Excluded, Unbounded},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use rumormill_proto::{frame::Frame, ids::AuthorId};
use tokio::sync::Notify;

use crate::{
    command::Command,
    connection::LinkId,
    limits::{
        AUTHOR_INBOX_BYTES, BATCH_ANSWERED, BATCH_ANSWERED_BESIDE, BATCH_BYTES, BATCH_OF_AUTHOR, BATCH_PEERS, TALK,
    },
};

/// A group of frames that takes turns within a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Strand {
    /// Controls, and all frames about the exchange itself.
    Exchange,
    /// Answers to wants.
    Answers,
    /// Pushes of several authors.
    Several,
    /// Pushes of one author.
    Of(AuthorId),
}

impl Strand {
    /// The strand of a frame.
    pub(crate) fn of(frame: &Frame) -> Self {
        match frame {
            Frame::Push(push) => match push.runs.split_first() {
                Some((one, others)) if others.iter().all(|run| run.author() == one.author()) => Self::Of(one.author()),
                _ => Self::Several,
            },
            Frame::Runs { .. } | Frame::Done { .. } => Self::Answers,
            _ => Self::Exchange,
        }
    }
}

/// The frames that wait, by link.
#[derive(Default)]
pub(crate) struct Turns {
    queues: Mutex<Queues>,
    news: Notify,
}

#[derive(Default)]
struct Queues {
    links: BTreeMap<LinkId, Queue>,
    /// The link whose turn it was last.
    last: Option<LinkId>,
    /// When a push of one author came last.
    talked: Option<Instant>,
}

/// The frames of one link that wait.
#[derive(Default)]
struct Queue {
    strands: BTreeMap<Strand, Waiting>,
    last: Option<Strand>,
    /// The link is gone: nothing comes after the waiting frames.
    ended: bool,
}

#[derive(Default)]
struct Waiting {
    commands: VecDeque<Command>,
    bytes: usize,
}

/// The bounded part of the work for one commit: each run costs a signature.
struct Taken {
    /// Pushes of each author.
    pushes: BTreeMap<AuthorId, usize>,
    /// How many runs of answers, and of pushes of several authors, may still be taken.
    answers: usize,
}

impl Taken {
    /// Whether one more of a strand may be taken.
    fn may(&self, strand: &Strand) -> bool {
        match strand {
            Strand::Of(author) => self.pushes.get(author).is_none_or(|count| *count < BATCH_OF_AUTHOR),
            Strand::Answers | Strand::Several => self.answers > 0,
            Strand::Exchange => true,
        }
    }

    fn count(&mut self, strand: Strand, command: &Command) {
        match strand {
            Strand::Of(author) => *self.pushes.entry(author).or_default() += 1,
            Strand::Answers | Strand::Several => self.answers = self.answers.saturating_sub(command.runs()),
            Strand::Exchange => {}
        }
    }
}

impl Turns {
    /// Puts in a command that came over a link. `false` when it is a push past its author's share, which is dropped.
    pub(crate) fn put(&self, link: LinkId, strand: Strand, command: Command) -> bool {
        let mut queues = self.lock();
        if matches!(strand, Strand::Of(_)) {
            queues.talked = Some(Instant::now());
        }
        let waiting = queues.links.entry(link).or_default().strands.entry(strand).or_default();
        let bytes = command.weight();
        let full = matches!(strand, Strand::Of(_)) && waiting.bytes > 0 && waiting.bytes + bytes > AUTHOR_INBOX_BYTES;
        if !full {
            waiting.bytes += bytes;
            waiting.commands.push_back(command);
            drop(queues);
            self.news.notify_one();
        }
        !full
    }

    /// Notes that a link is gone. The driver learns of it after all waiting frames of the link.
    pub(crate) fn end(&self, link: LinkId) {
        self.lock().links.entry(link).or_default().ended = true;
        self.news.notify_one();
    }

    /// Whether nothing waits.
    pub(crate) fn is_empty(&self) -> bool {
        self.lock().links.is_empty()
    }

    /// How many commands wait, and the memory that the frames among them take.
    pub(crate) fn waiting(&self) -> (usize, usize) {
        let queues = self.lock();
        let waiting = queues.links.values().flat_map(|queue| queue.strands.values());
        waiting.fold((0, 0), |(count, bytes), more| (count + more.commands.len(), bytes + more.bytes))
    }

    /// Resolves when something waits.
    pub(crate) async fn ready(self: &Arc<Self>) {
        loop {
            let news = self.news.notified();
            if !self.is_empty() {
                return;
            }
            news.await;
        }
    }

    /// Takes the commands to handle before the next commit: a frame of each link in turn and of each strand of it. Of
    /// one author, and of answers, it takes no more than a few milliseconds of work, so that callers who come meanwhile
    /// need not wait longer.
    pub(crate) fn take(&self, batch: &mut Vec<Command>) {
        let mut queues = self.lock();
        let is_talk = queues.talked.is_some_and(|talked| talked.elapsed() < TALK);
        let answers = if is_talk { BATCH_ANSWERED_BESIDE } else { BATCH_ANSWERED };
        let mut taken = Taken { pushes: BTreeMap::new(), answers };
        let (mut count, mut bytes) = (0, 0);
        while count < BATCH_PEERS && bytes < BATCH_BYTES {
            let Some(command) = queues.next(&mut taken) else { break };
            (count, bytes) = (count + 1, bytes + command.bytes());
            batch.push(command);
        }
        if !queues.links.is_empty() {
            self.news.notify_one();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Queues> {
        self.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Queues {
    /// The next command in turn, of those that may be taken.
    fn next(&mut self, taken: &mut Taken) -> Option<Command> {
        for _ in 0..self.links.len() {
            let last = self.last.map_or(Unbounded, Excluded);
            let after = self.links.range((last, Unbounded)).next().map(|(id, _)| *id);
            let id = after.or_else(|| self.links.keys().next().copied())?;
            self.last = Some(id);
            let queue = self.links.get_mut(&id)?;
            let next = queue.next(taken);
            let empty = queue.strands.is_empty();
            match (next, queue.ended) {
                (Some(next), ended) => {
                    if empty && !ended {
                        self.links.remove(&id);
                    }
                    return Some(next);
                }
                (None, true) if empty => {
                    self.links.remove(&id);
                    return Some(Command::Gone { link: id });
                }
                (None, _) => {}
            }
        }
        None
    }
}

impl Queue {
    fn next(&mut self, taken: &mut Taken) -> Option<Command> {
        let strand = match self.strands.contains_key(&Strand::Exchange) {
            true => Strand::Exchange,
            false => {
                let last = self.last.unwrap_or(Strand::Exchange);
                let strands = self.strands.range((Excluded(last), Unbounded)).chain(self.strands.range(..=last));
                *strands.map(|(strand, _)| strand).find(|strand| taken.may(strand))?
            }
        };
        let waiting = self.strands.get_mut(&strand)?;
        let next = waiting.commands.pop_front()?;
        waiting.bytes -= next.weight();
        if waiting.commands.is_empty() {
            self.strands.remove(&strand);
        }
        taken.count(strand, &next);
        self.last = Some(strand);
        Some(next)
    }
}

#[cfg(test)]
mod tests {
    use rumormill_proto::{
        admit::Author,
        entry::{Body, Kind, RawEntry},
        frame::Push,
        ids::{EntryId, RoomId},
        time::Time,
    };
    use tokio::sync::Semaphore;

    use super::*;
    use crate::command::Received;

    /// A push of one entry by this author over a link.
    fn push(link: LinkId, number: u8) -> (Strand, Command) {
        let author = Author::from_secret(&[number; 32]);
        let entry = RawEntry { time: Time::from_ms(1), seen: vec![], kind: Kind::TEXT, body: Body::Here("x".into()) };
        let run = author.sign(&RoomId::default(), 0, EntryId::default(), vec![entry]).unwrap();
        let frame = Frame::Push(Push { push: 0, hops: 0, part: 0, runs: vec![run] });
        said(link, frame)
    }

    fn said(link: LinkId, frame: Frame) -> (Strand, Command) {
        let permits = || Arc::new(Semaphore::new(1)).try_acquire_owned().unwrap();
        let strand = Strand::of(&frame);
        let received = Received { link, channel: 0, frame, bytes: 200, weight: 456, _permits: [permits(), permits()] };
        (strand, Command::Received(Box::new(received)))
    }

    fn put(turns: &Turns, link: u64, made: impl Fn(LinkId) -> (Strand, Command)) -> bool {
        let link = LinkId::from(link);
        let (strand, command) = made(link);
        turns.put(link, strand, command)
    }

    /// The strands of the frames that are taken before a commit; `None` for the end of a link.
    fn taken(turns: &Turns) -> Vec<Option<Strand>> {
        let mut batch = Vec::new();
        turns.take(&mut batch);
        let strand = |command| match command {
            Command::Received(received) => Some(Strand::of(&received.frame)),
            _ => None,
        };
        batch.into_iter().map(strand).collect()
    }

    fn of(number: u8) -> Option<Strand> {
        Some(Strand::Of(Author::from_secret(&[number; 32]).id()))
    }

    #[test]
    fn an_honest_entry_waits_for_one_entry_of_the_flooder_on_each_link() {
        for honest_link in [1, 4, 7] {
            let turns = Turns::default();
            for link in 1..=7 {
                (0..200).for_each(|_| assert!(put(&turns, link, |link| push(link, 1))));
            }
            assert!(put(&turns, honest_link, |link| push(link, 2)));
            let before = taken(&turns).iter().position(|strand| *strand == of(2)).unwrap();
            assert!(before <= 2 * 7, "{before} of others were handled first");
        }
    }

    #[test]
    fn a_batch_holds_no_more_of_a_flooder_than_a_few_milliseconds_of_work() {
        let turns = Turns::default();
        (1..=7).for_each(|link| (0..200).for_each(|_| assert!(put(&turns, link, |link| push(link, 1)))));
        assert_eq!(taken(&turns).len(), BATCH_OF_AUTHOR);
        assert!(put(&turns, 3, |link| push(link, 2)));
        assert!(taken(&turns)[..2 * 7].contains(&of(2)));
    }

    #[test]
    fn a_batch_holds_no_more_answers_than_a_few_milliseconds_of_work_and_fewer_while_somebody_talks() {
        let turns = Turns::default();
        let Command::Received(received) = push(LinkId::from(1), 1).1 else { unreachable!() };
        let Frame::Push(Push { runs, .. }) = received.frame else { unreachable!() };
        let answer = |link| said(link, Frame::Runs { want: 1, runs: vec![runs[0].clone(); BATCH_ANSWERED_BESIDE] });
        (1..=7).for_each(|link| (0..200).for_each(|_| assert!(put(&turns, link, answer))));
        assert_eq!(taken(&turns), vec![Some(Strand::Answers); BATCH_ANSWERED / BATCH_ANSWERED_BESIDE]);
        assert!(put(&turns, 3, |link| push(link, 2)));
        let beside = taken(&turns);
        assert!(beside.len() == 2 && beside.contains(&of(2)), "{beside:?}");
    }

    #[test]
    fn a_flooder_fills_its_own_share_of_a_link_only() {
        let turns = Turns::default();
        let kept = (0..10_000).filter(|_| put(&turns, 1, |link| push(link, 1))).count();
        assert_eq!(kept, AUTHOR_INBOX_BYTES / 456);
        assert!(put(&turns, 1, |link| push(link, 2)) && put(&turns, 2, |link| push(link, 1)));
    }

    #[test]
    fn what_is_said_about_the_exchange_goes_first_and_the_end_comes_last() {
        let turns = Turns::default();
        assert!(turns.is_empty());
        put(&turns, 1, |link| push(link, 1));
        put(&turns, 1, |link| said(link, Frame::Done { want: 1 }));
        put(&turns, 1, |link| said(link, Frame::Pull));
        put(&turns, 1, |link| said(link, Frame::Pull));
        turns.end(LinkId::from(1));
        let (exchange, answers) = (Some(Strand::Exchange), Some(Strand::Answers));
        assert_eq!(taken(&turns), [exchange, exchange, answers, of(1), None]);
        assert!(turns.is_empty());
    }
}
