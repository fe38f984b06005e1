//! Who may do what in a closed room: a pure function of the set of verified entries that a node holds.
//!
//! Every ending is a cut that a governor signs, and it names an entry: how many entries of a log count, and the id of the
//! last of them. Nobody's clock decides, nothing can be slipped in before an ending, and a fork made later cannot undo
//! what the named entry vouches for. No clock and no order of arrival is read.
//!
//! [`Governance`] holds the entries. [`Governance::fold`] says what they come to, in four steps, a module each:
//!
//! 1. `governors`: from the owner down, the grants and the acts that count under them.
//! 2. `removals`: the removals that count, and how far each log goes because of them.
//! 3. `members`: whom governors let in, devices, and newcomers by ticket, one at a time.
//! 4. `epochs`: under which secrets words may be sealed.
//!
//! `room` says what the engine asks of the result, and `books` what governors' nodes do by themselves.
//!
//! An act names its author's act before it. So acts are read as soon as all acts before them are here, whether or not the
//! words between them are, see [`Governance::insert_ahead`].
//!
//! An entry counts if its author is a member and it lies within that log's cut. A fold takes as long as it takes to sort
//! the acts. An entry that is no act and follows the end of its log changes nothing but how far that log goes, and costs
//! one look-up; what people do who hold no grant repeats the last two steps alone.
//!
//! `rules` says what of all that counts is not shown, by the rules of the room.
//!
//! Memory grows with what governs the room, and not with what is said in it. Invariant: **of an entry that is let go of,
//! nothing is asked but whether its place is held, until the host tells it again.** The host holds every entry, and one branch
//! of each log; it lets go of words by [`Governance::let_go`]. What remains of a log is where its stretches begin and end,
//! its acts, and the entries that are *marked*: acts name them, or a proved fork lies above. An act may mark an entry
//! that was let go of. Then it is in [`Governance::looks`], the host reads it and hands it over by [`Governance::looked`].
//! Until then it is read as an entry that is not held: it chooses no branch.

mod act;
mod books;
mod chain;
mod closing;
mod deed;
mod entries;
mod epochs;
mod fold;
mod foresee;
mod governors;
mod members;
mod order;
mod persons;
mod ranks;
mod removals;
mod room;
mod rules;
mod shown;
mod tickets;
mod tree;

pub use act::{Act, Ended, Guest, Says, Terms, countersign, countersigned};
pub use closing::{Closing, Listed};
pub use deed::{Appointed, Deed, End, Last, Role, Signed, TicketId, TicketKey};
pub use fold::Fold;
pub use foresee::Foreseen;
pub use order::Order;
pub use ranks::{Grant, Path, Step};
pub use room::Seat;
pub(crate) use room::{Named, Reach};
pub use rules::Rules;
pub use shown::Shown;
pub use tickets::Announced;

use std::collections::BTreeSet;

use crate::{
    ids::{AuthorId, EntryId, Seq},
    input::Look,
    limits::LOOKS,
    log::Span,
};
use entries::{Entries, Touched};
use fold::Steps;
use rules::Pace;

/// The verified entries of a closed room that a node holds, and what they come to.
#[derive(Clone, Debug)]
pub struct Governance {
    entries: Entries,
    steps: Steps,
    touched: Touched,
    pace: Pace,
}

impl Governance {
    /// Of a room that `owner` founded, no entry of which is held.
    pub fn new(owner: AuthorId) -> Self {
        let entries = Entries::new(owner);
        Self { steps: Steps::of(&entries), entries, touched: Touched::Nothing, pace: Pace::default() }
    }

    /// Who founded the room.
    pub fn owner(&self) -> AuthorId {
        self.entries.owner()
    }

    /// Takes a verified entry, whether it counts or not. An entry that is held already changes nothing.
    pub fn insert(&mut self, entry: Signed) {
        let (governors, author) = (&self.steps.governors, entry.author);
        let touched = self.entries.insert(entry, |author| governors.of_key.contains_key(author));
        match touched {
            Touched::Everything => self.pace.forget(&author),
            Touched::Nothing | Touched::Members => self.pace.grew(author),
        }
        self.touched = self.touched.max(touched);
    }

    /// Takes a piece of a log at once, which its author's hashes link: `acts` are all the acts in it. The pieces of a log
    /// ascend and come before any other entry of it. The host tells the words in it when it is asked.
    pub fn insert_span(&mut self, author: AuthorId, span: &Span, acts: Vec<Signed>) {
        self.entries.insert_span(author, span, acts);
        self.pace.forget(&author);
        self.touched = Touched::Everything;
    }

    /// Lets go of words that nothing reads any more. Only a host that can tell them again does this, and that holds one branch
    /// of each log.
    pub fn let_go(&mut self) {
        if self.entries.has_grown() && self.touched == Touched::Nothing {
            self.fold();
            self.entries.let_go();
        }
    }

    /// The entries that the host is to tell again by [`Governance::looked`], [`LOOKS`] ranges at most.
    pub fn looks(&self) -> Vec<Look> {
        let marked = self.entries.lacking().map(|(author, seq)| Look { author, first: seq, last: seq });
        marked.chain(self.pace.looks()).take(LOOKS).collect()
    }

    /// Takes what the host holds in a range that was asked for, in order.
    pub fn looked(&mut self, look: &Look, found: Vec<Signed>) {
        self.pace.answered(look, found.first().map(|entry| entry.seq));
        found.into_iter().for_each(|entry| self.insert(entry));
        self.entries.give_up(look.author, (look.first, look.last));
    }

    /// Whether an entry is held and was let go of.
    pub(crate) fn lacks(&self, author: &AuthorId, seq: Seq) -> bool {
        self.entries.lacks(author, seq)
    }

    /// Keeps what stands at a place, for something is about to name it.
    pub(crate) fn mark(&mut self, author: AuthorId, seq: Seq) {
        self.entries.mark(author, seq);
    }

    /// Takes a verified act ahead of what is held of its log, so that it counts before the entries between are here: it has to
    /// name the last act that is known of its author as the one before it. Returns whether it does.
    pub fn insert_ahead(&mut self, act: Signed, before: Option<EntryId>) -> bool {
        let governors = &self.steps.governors;
        let touched = self.entries.insert_ahead(act, before, |author| governors.of_key.contains_key(author));
        self.touched = self.touched.max(touched.unwrap_or(Touched::Nothing));
        touched.is_some()
    }

    /// Whether an act is known ahead of what is held of its log.
    pub(crate) fn is_ahead(&self, author: &AuthorId, seq: Seq, id: &EntryId) -> bool {
        self.entries.tree(author).is_some_and(|tree| tree.ahead(seq, id).is_some())
    }

    /// Forgets the acts of a log that were taken ahead.
    pub(crate) fn forget_ahead(&mut self, author: &AuthorId) {
        if self.entries.forget_ahead(author) {
            self.touched = Touched::Everything;
        }
    }

    /// Sets where a log is proved to be forked.
    pub fn prove(&mut self, author: AuthorId, forks: BTreeSet<Seq>) {
        if self.entries.prove(author, forks) {
            self.pace.forget(&author);
            self.touched = Touched::Everything;
        }
    }

    /// Where a log is proved to be forked.
    pub(crate) fn proved(&self, author: &AuthorId) -> BTreeSet<Seq> {
        self.entries.tree(author).map(|tree| tree.proved().clone()).unwrap_or_default()
    }

    /// Whether a log is proved to be forked.
    pub(crate) fn is_proved(&self, author: &AuthorId) -> bool {
        self.entries.tree(author).is_some_and(|tree| !tree.proved().is_empty())
    }

    /// Forgets what is held of a log from `at` on: another branch takes its place, or its author no longer waits. A node
    /// holds one branch of each log.
    pub(crate) fn forget(&mut self, author: &AuthorId, at: Seq) {
        if self.entries.forget(author, at) {
            self.pace.forget(author);
            self.touched = Touched::Everything;
        }
    }

    /// Whether entries came that may change more than how far one log goes.
    pub(crate) fn is_touched(&self) -> bool {
        self.touched > Touched::Nothing
    }

    /// What the entries that are held come to.
    pub fn fold(&mut self) -> Fold<'_> {
        let touched = std::mem::replace(&mut self.touched, Touched::Nothing);
        match touched {
            Touched::Nothing => {}
            Touched::Members => self.steps.let_in(&self.entries),
            Touched::Everything => self.steps = Steps::of(&self.entries),
        }
        self.pace.refresh(&self.entries, &self.steps, touched > Touched::Nothing);
        Fold { entries: &self.entries, steps: &self.steps, pace: &self.pace }
    }
}
