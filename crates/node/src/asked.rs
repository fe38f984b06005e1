//! Sayings that have no place in our log yet, and the callers who wait for their places.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use rumormill_proto::{content::Target, entry::Kind, input::Saying};
use rumormill_store::Once;
use tokio::sync::oneshot;

use crate::{error::Error, limits::SAYINGS};

/// The answer to a caller: the places of its sayings.
pub(crate) type Answer = oneshot::Sender<Result<Vec<Target>, Error>>;

/// All sayings of one room that wait. Each has a tag, and the sayings of one call have consecutive tags.
#[derive(Default)]
pub(crate) struct Asked {
    next_tag: u64,
    /// Calls by the tag of their first saying.
    calls: BTreeMap<u64, Call>,
    waiting: usize,
    /// By their tags, sayings of calls that are carried out once; and the keys of these calls.
    once: BTreeMap<u64, Once>,
    keys: BTreeSet<[u8; 32]>,
}

struct Call {
    sayings: Vec<Saying>,
    said: Vec<Option<Target>>,
    left: usize,
    /// `None` for sayings that are only repeated: no caller waits for them.
    answer: Option<Answer>,
}

impl Asked {
    /// How many sayings wait.
    pub(crate) fn waiting(&self) -> usize {
        self.waiting
    }

    /// Gives sayings their tags. Answers at once when there are none, or when too many wait.
    pub(crate) fn ask(&mut self, sayings: Vec<(Kind, Bytes)>, answer: Option<Answer>) -> Vec<Saying> {
        if sayings.is_empty() || self.waiting + sayings.len() > SAYINGS {
            let refused = if sayings.is_empty() { Ok(Vec::new()) } else { Err(Error::Busy) };
            // The caller may have gone.
            let _ = answer.map(|answer| answer.send(refused));
            return Vec::new();
        }
        let first = self.next_tag;
        let tagged = (first..).zip(sayings).map(|(tag, (kind, body))| Saying { tag, kind, body });
        let sayings: Vec<Saying> = tagged.collect();
        let count = sayings.len();
        self.next_tag += count as u64;
        self.waiting += count;
        self.calls.insert(first, Call { sayings: sayings.clone(), said: vec![None; count], left: count, answer });
        sayings
    }

    /// As [`Asked::ask`], for a call that is carried out once: sayings that already have the given places are not said
    /// again.
    pub(crate) fn ask_once(
        &mut self,
        sayings: Vec<(Kind, Bytes)>,
        once: &[(Once, Option<Target>)],
        answer: Answer,
    ) -> Vec<Saying> {
        let sayings = self.ask(sayings, Some(answer));
        let mut unsaid = Vec::with_capacity(sayings.len());
        for (at, saying) in sayings.into_iter().enumerate() {
            match once.get(at) {
                Some((_, Some(said))) => {
                    self.said(saying.tag, *said);
                    continue;
                }
                Some((call, None)) => {
                    self.once.insert(saying.tag, *call);
                    self.keys.insert(call.key);
                }
                None => {}
            }
            unsaid.push(saying);
        }
        unsaid
    }

    /// The call of a saying, if it is carried out once.
    pub(crate) fn once(&self, tag: u64) -> Option<Once> {
        self.once.get(&tag).copied()
    }

    /// Whether a call of this key waits.
    pub(crate) fn awaits(&self, key: &[u8; 32]) -> bool {
        self.keys.contains(key)
    }

    fn forget_call(&mut self, tag: u64) {
        if let Some(call) = self.once.remove(&tag) {
            self.keys.remove(&call.key);
        }
    }

    /// Notes that a saying has its place in the log, durably.
    pub(crate) fn said(&mut self, tag: u64, said: Target) {
        self.forget_call(tag);
        let Some((first, call)) = self.calls.range_mut(..=tag).next_back() else { return };
        let first = *first;
        let Some(place @ None) = call.said.get_mut((tag - first) as usize) else { return };
        *place = Some(said);
        call.left -= 1;
        self.waiting -= 1;
        if call.left == 0 {
            self.answer(first, Ok(()));
        }
    }

    /// Refuses a saying and the rest of its call. If some sayings of the call have places, those are the answer, so the
    /// caller knows which sayings not to repeat.
    pub(crate) fn unsaid(&mut self, tag: u64, error: Error) {
        self.forget_call(tag);
        if let Some(first) = self.calls.range(..=tag).next_back().map(|(first, _)| *first) {
            self.answer(first, Err(error));
        }
    }

    /// Refuses everything that waits. Returns the sayings that no caller waits for.
    pub(crate) fn fail(&mut self, error: &Error) -> Vec<(Kind, Bytes)> {
        let unanswered = self.calls.values().filter(|call| call.answer.is_none()).flat_map(Call::unsaid);
        let unanswered = unanswered.map(|saying| (saying.kind, saying.body)).collect();
        for first in self.calls.keys().copied().collect::<Vec<_>>() {
            self.answer(first, Err(error.clone()));
        }
        self.once.clear();
        self.keys.clear();
        unanswered
    }

    /// Everything that waits, for a new engine. Nothing else will be said.
    pub(crate) fn again(&mut self) -> Vec<Saying> {
        let again: Vec<Saying> = self.calls.values().flat_map(Call::unsaid).collect();
        let mut once = std::mem::take(&mut self.once);
        self.once = again.iter().filter_map(|saying| Some((saying.tag, once.remove(&saying.tag)?))).collect();
        self.keys = self.once.values().map(|call| call.key).collect();
        again
    }

    fn answer(&mut self, first: u64, result: Result<(), Error>) {
        let Some(call) = self.calls.remove(&first) else { return };
        self.waiting -= call.left;
        if let Some(answer) = call.answer {
            let said: Vec<Target> = call.said.into_iter().flatten().collect();
            let result = if said.is_empty() { result.map(|()| said) } else { Ok(said) };
            // The caller may have gone.
            let _ = answer.send(result);
        }
    }
}

impl Call {
    fn unsaid(&self) -> Vec<Saying> {
        let unsaid = self.sayings.iter().zip(&self.said).filter(|(_, said)| said.is_none());
        unsaid.map(|(saying, _)| saying.clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use rumormill_proto::ids::AuthorId;

    use super::*;

    fn texts(count: usize) -> Vec<(Kind, Bytes)> {
        vec![(Kind::TEXT, Bytes::new()); count]
    }

    fn at(seq: u64) -> Target {
        Target { author: AuthorId([1; 32]), seq }
    }

    #[test]
    fn a_call_is_answered_when_all_of_it_was_said() {
        let mut asked = Asked::default();
        let (answer, mut said) = oneshot::channel();
        let tags: Vec<u64> = asked.ask(texts(2), Some(answer)).iter().map(|saying| saying.tag).collect();
        let (other, mut other_said) = oneshot::channel();
        let other_tags = asked.ask(texts(1), Some(other));
        asked.said(tags[1], at(8));
        asked.said(tags[1], at(8));
        assert!(said.try_recv().is_err());
        assert_eq!(asked.again().len(), 2);
        asked.said(tags[0], at(7));
        assert_eq!(said.try_recv().unwrap(), Ok(vec![at(7), at(8)]));
        asked.unsaid(other_tags[0].tag, Error::TooLong);
        assert_eq!(other_said.try_recv().unwrap(), Err(Error::TooLong));
        assert_eq!(asked.waiting(), 0);
        asked.said(99, at(1));
    }

    #[test]
    fn what_was_said_of_a_call_is_told_whatever_becomes_of_the_rest() {
        let mut asked = Asked::default();
        let (answer, mut said) = oneshot::channel();
        let tags: Vec<u64> = asked.ask(texts(3), Some(answer)).iter().map(|saying| saying.tag).collect();
        let (other, mut other_said) = oneshot::channel();
        asked.ask(texts(2), Some(other));
        let mine = asked.ask(texts(2), None);
        asked.said(tags[0], at(7));
        asked.said(mine[0].tag, at(8));
        assert_eq!(asked.fail(&Error::Closed).len(), 1, "what nobody waits for is not forgotten");
        assert_eq!(said.try_recv().unwrap(), Ok(vec![at(7)]));
        assert_eq!(other_said.try_recv().unwrap(), Err(Error::Closed));
        let (answer, mut said) = oneshot::channel();
        let tags: Vec<u64> = asked.ask(texts(2), Some(answer)).iter().map(|saying| saying.tag).collect();
        asked.said(tags[0], at(9));
        asked.unsaid(tags[1], Error::Refused);
        assert_eq!(said.try_recv().unwrap(), Ok(vec![at(9)]));
        assert_eq!(asked.waiting(), 0);
    }

    #[test]
    fn what_a_call_said_before_is_not_said_again() {
        let mut asked = Asked::default();
        let call = |key| Once { key: [key; 32], asks: [0; 32] };
        let (answer, mut said) = oneshot::channel();
        let tags = asked.ask_once(texts(3), &[(call(1), None), (call(2), Some(at(7))), (call(3), None)], answer);
        let tags: Vec<u64> = tags.iter().map(|saying| saying.tag).collect();
        assert_eq!((&*tags, asked.again().len(), asked.waiting()), (&[0, 2][..], 2, 2));
        assert_eq!([1, 2, 3].map(|key| asked.awaits(&[key; 32])), [true, false, true]);
        assert_eq!((asked.once(2), asked.once(1)), (Some(call(3)), None));
        asked.said(tags[0], at(8));
        asked.said(tags[1], at(9));
        assert_eq!(said.try_recv().unwrap(), Ok(vec![at(8), at(7), at(9)]));
        let (answer, mut said) = oneshot::channel();
        assert_eq!(asked.ask_once(texts(1), &[(call(1), Some(at(8)))], answer), []);
        assert_eq!(said.try_recv().unwrap(), Ok(vec![at(8)]));
        for end in [Asked::fail as fn(&mut Asked, &Error) -> _, |asked, why| {
            asked.unsaid(5, why.clone());
            Vec::new()
        }] {
            let (answer, _said) = oneshot::channel();
            asked.next_tag = 5;
            asked.ask_once(texts(1), &[(call(4), None)], answer);
            assert!(asked.awaits(&[4; 32]));
            end(&mut asked, &Error::Closed);
            assert!(!asked.awaits(&[4; 32]) && asked.once(5).is_none());
        }
    }

    #[test]
    fn too_much_is_refused_and_nothing_is_answered_at_once() {
        let mut asked = Asked::default();
        let (answer, mut said) = oneshot::channel();
        assert_eq!(asked.ask(vec![], Some(answer)), []);
        assert_eq!(said.try_recv().unwrap(), Ok(vec![]));
        assert_eq!(asked.ask(texts(SAYINGS), None).len(), SAYINGS);
        let (answer, mut said) = oneshot::channel();
        assert_eq!(asked.ask(texts(1), Some(answer)), []);
        assert_eq!(said.try_recv().unwrap(), Err(Error::Busy));
        asked.fail(&Error::Closed);
        assert_eq!((asked.waiting(), asked.again().len()), (0, 0));
    }
}
