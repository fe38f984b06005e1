//! The verbs of closed rooms.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use rumormill_proto::{
    admit::Author,
    config::Closed,
    entry::{Body, Kind, LogKey, RawEntry, found_closed},
    epochs::{Opened, Ring, Secret},
    governance::{Act, End, Ended, Governance, Guest, Last, Order, Role, Says, Seat, TicketId, TicketKey, countersign},
    ids::{AuthorId, EntryId, Seq},
    input::{Input, Saying, Unsaid},
    knows::Knows,
    limits::BLOCK,
    run::RawRun,
    time::Time,
    timeline::Place,
};
use rumormill_store::{Store as _, TimelineRow};

use crate::{
    nature::Nature,
    network::Lane,
    queue::Index,
    violation::Story,
    world::{BEGIN_MS, World, scatter},
};

/// The secret of a ticket, and its maker.
#[derive(Clone, Copy, Debug)]
pub struct Made {
    maker: usize,
    secret: [u8; 32],
}

impl World {
    /// Lets a founder join: the first peer, whose first entry founds a closed room.
    pub fn begin_closed(&mut self) -> usize {
        assert!(self.peers.is_empty(), "the first peer founds the room");
        let owner = Author::from_secret(&scatter(self.setup.seed ^ 1, 0)).id();
        let (room, body) = found_closed(&owner, [0; 16]);
        (self.room, self.owner) = (room, Some(owner));
        let founder = self.join(1)[0];
        self.put_in(founder as Index, Input::Say(vec![Saying { tag: 0, kind: Kind::FOUND, body }]));
        founder
    }

    /// Founds a closed room that the first peer lets so many others into, and settles.
    ///
    /// # Errors
    /// As [`World::settle`], and when not all end with the same members.
    pub fn begin_closed_with(&mut self, others: usize) -> Story {
        self.begin_closed();
        self.join(others);
        self.run_ms(2_000)?;
        for other in 1..=others {
            self.admit(0, other);
            self.run_ms(100)?;
        }
        self.settle()?;
        self.same_members()
    }

    /// The author who writes at a peer.
    pub fn author(&self, peer: usize) -> AuthorId {
        self.peers[peer].home.author
    }

    /// Does something at a peer.
    pub fn order(&mut self, peer: usize, order: Order) {
        let tag = self.number();
        self.peers[peer].refused = None;
        if let Some(process) = &mut self.peers[peer].process {
            process.unanswered.push(tag);
        }
        self.put_in(peer as Index, Input::Order { tag, order });
    }

    /// Lets another in at a peer.
    pub fn admit(&mut self, peer: usize, other: usize) {
        self.order(peer, Order::Admit(vec![self.author(other)]));
    }

    /// Removes another at a peer.
    pub fn remove(&mut self, peer: usize, other: usize) {
        self.order(peer, Order::Remove(self.author(other)));
    }

    /// Gives a role to another at a peer.
    pub fn appoint(&mut self, peer: usize, other: usize, role: Role) {
        self.order(peer, Order::Appoint(self.author(other), role));
    }

    /// Ends the roles of another at a peer.
    pub fn dismiss(&mut self, peer: usize, other: usize) {
        self.order(peer, Order::Dismiss(self.author(other)));
    }

    /// Takes back, at a peer, what another said up to an entry that counts.
    pub fn hide(&mut self, peer: usize, other: usize, (first, last): (Seq, Seq)) {
        self.order(peer, Order::Hide { author: self.author(other), first, last });
    }

    /// Makes a ticket at a peer.
    pub fn make_ticket(&mut self, peer: usize, uses: u64) -> Made {
        self.make_ticket_for(peer, Guest::Member, uses)
    }

    /// Makes a ticket at a peer for members or keepers.
    pub fn make_ticket_for(&mut self, peer: usize, guest: Guest, uses: u64) -> Made {
        let secret = scatter(self.setup.seed ^ 7, self.number());
        let key = TicketKey(Author::from_secret(&secret).id().0);
        self.order(peer, Order::Ticket { guest, key, uses, expires_ms: None });
        Made { maker: peer, secret }
    }

    /// The entry that announces a ticket, once its maker has written it.
    pub fn ticket_id(&self, made: Made) -> Option<TicketId> {
        let key = TicketKey(Author::from_secret(&made.secret).id().0);
        let lines = self.held(made.maker);
        let announces = |line: &&rumormill_store::TimelineRow| {
            let act = line.body.bytes().and_then(|body| Act::parse(line.kind, body).ok().flatten());
            matches!(act, Some(Act { says: Says::Ticket(terms), .. }) if terms.key == key)
        };
        lines.iter().find(announces).map(|line| line.id.into())
    }

    /// Asks at a peer to be let in by a ticket.
    pub fn use_ticket(&mut self, peer: usize, made: Made) {
        let author = self.author(peer);
        let Some(ticket) = self.ticket_id(made) else { return };
        let (key, countersignature) = countersign(&made.secret, &self.room, &ticket, &author);
        self.peers[peer].home.pass = Some((ticket, key));
        if self.was_open {
            self.crash(peer);
            self.restart(peer);
        }
        let linked: Vec<Index> = self.peers[peer].linked().collect();
        linked.into_iter().for_each(|other| self.introduce(peer as Index, other));
        self.order(peer, Order::Join { ticket, key, exchange: [0; 32], countersignature });
    }

    /// Lets a peer store and serve what it cannot read, from its next start on.
    pub fn become_keeper(&mut self, peer: usize) {
        self.peers[peer].home.keeps = true;
        self.crash(peer);
        self.restart(peer);
    }

    /// The secrets that the store of a peer holds, and the bodies there that are in plain.
    pub fn reads(&self, peer: usize) -> (usize, Vec<Kind>) {
        let plain = |line: &TimelineRow| !line.kind.is_act() && line.kind.opened().is_none();
        let bodies = self.held(peer).into_iter().filter(|line| line.body.bytes().is_some() && plain(line));
        (self.ring(peer).epochs().len(), bodies.map(|line| line.kind).collect())
    }

    /// The texts in the store of `at` that are sealed under an epoch of which a box for `whose` key lies there, as that box shows
    /// them to whoever gets hold of both.
    pub fn boxed_for(&self, at: usize, whose: usize) -> Vec<String> {
        let (lines, key) = (self.held(at), self.author(whose));
        let boxed = |line: &TimelineRow| match line.body.bytes().map(|body| Act::parse(line.kind, body)) {
            Some(Ok(Some(Act { says: Says::Boxes { epoch, boxes, .. }, .. }))) => {
                boxes.iter().any(|(to, _)| *to == key).then_some(epoch)
            }
            _ => None,
        };
        let epochs: BTreeSet<_> = lines.iter().filter_map(boxed).collect();
        // Whoever makes an epoch holds its secret, and so do all who were there.
        let secrets = (0..self.peers.len()).flat_map(|peer| self.ring(peer).from(0).cloned().collect::<Vec<_>>());
        let ring = Ring::new(self.room, secrets.filter(|secret| epochs.contains(&secret.id())));
        let opened = lines.iter().filter_map(|line| {
            match ring.open((&line.place.author, line.place.seq), line.kind, &line.body) {
                Opened::Body(kind, body) if kind == Kind::TEXT => Some(String::from_utf8_lossy(&body).into_owned()),
                _ => None,
            }
        });
        opened.collect()
    }

    /// Lets in, at a peer, everybody who waits there.
    pub fn welcome_all(&mut self, peer: usize) {
        let waiting = self.seats(peer).into_iter().filter(|(_, seat)| seat.knocks.is_some());
        waiting.collect::<Vec<_>>().into_iter().for_each(|(who, _)| self.order(peer, Order::Welcome(who)));
    }

    /// Why the engine of a peer refused what was last to be said or done there.
    pub fn refused(&self, peer: usize) -> Option<Unsaid> {
        self.peers[peer].refused
    }

    /// Who is in or waits, as a peer knows it.
    pub fn seats(&self, peer: usize) -> BTreeMap<AuthorId, Seat> {
        self.process(peer).map(|process| process.engine.seats().clone()).unwrap_or_default()
    }

    /// Whether somebody is a member at a peer.
    pub fn is_member(&self, at: usize, other: usize) -> bool {
        let is_in = |seat: &Seat| seat.knocks.is_none() && seat.role != Some(Role::Keeper);
        self.seats(at).get(&self.author(other)).is_some_and(is_in)
    }

    /// What the engine of a peer begins with in a closed room.
    pub(crate) fn closed(&mut self, peer: usize) -> Option<Closed> {
        if !self.is_closed_at(peer) {
            return None;
        }
        let governance = self.governance(peer)?;
        let reader = self.peers[peer].home.store.reader();
        let secrets = reader.and_then(|mut reader| reader.secrets(&self.room)).unwrap_or_default();
        let number = self.number();
        let entropy = Secret::new(scatter(self.setup.seed ^ 9, number));
        Some(Closed { governance, secrets, entropy, keeps: self.peers[peer].home.keeps })
    }

    /// What the store of a peer holds of a closed room, as the fold reads it.
    pub(crate) fn governance(&self, peer: usize) -> Option<Governance> {
        let owner = self.owner?;
        let reader = self.peers[peer].home.store.reader();
        let governance = reader.and_then(|mut reader| reader.governance(&self.room, owner));
        Some(governance.unwrap_or_else(|_| Governance::new(owner)))
    }

    /// The seqs and texts of an author that the store of a peer holds, whether they count or not.
    pub fn held_of(&self, peer: usize, author: &AuthorId) -> Vec<Seq> {
        let lines = self.held(peer);
        lines.iter().filter(|line| line.place.author == *author).map(|line| line.place.seq).collect()
    }

    /// How many entries of an author a peer holds with their bodies that do not count.
    pub fn bodies_beyond(&self, peer: usize, author: &AuthorId) -> usize {
        let shown: BTreeSet<EntryId> = self.timeline(peer).iter().map(|line| line.id).collect();
        let lines = self.held(peer);
        let beyond = lines.iter().filter(|line| line.place.author == *author && !shown.contains(&line.id));
        beyond.filter(|line| line.body.bytes().is_some()).count()
    }

    /// Lets the stores of all that run drop bodies of what has not counted for long, as their nodes do every minute.
    pub fn lapse(&mut self) {
        let room = self.room;
        for at in 0..self.peers.len() {
            let now_ms = self.clock(at as Index).wall_ms;
            let Some(parts) = self.process(at).map(|process| process.engine.lapsed()) else { continue };
            while self.peers[at].home.store.lapse(&room, &parts, now_ms, 7).unwrap_or(false) {}
        }
    }

    /// Writes entries by hand under the key of a peer, above what its store holds of its log below `from`, and pushes them
    /// to everybody it is linked with. The engine of the peer knows nothing of it.
    pub fn write_by_hand(&mut self, peer: usize, from: Seq, entries: Vec<(Kind, Bytes)>) {
        let (author, begin) = self.held_below(peer, from);
        let runs = entries.into_iter().map(|entry| vec![entry]).collect();
        self.push_by_hand(peer, &author, begin, runs);
    }

    /// The author who writes at a peer, and where its log goes on below `from`: seq, the entry before, and its time.
    fn held_below(&self, peer: usize, from: Seq) -> (Author, (Seq, EntryId, Time)) {
        let author = Author::from_secret(&self.peers[peer].home.author_secret);
        let lines = self.held(peer);
        let below = lines.iter().filter(|line| line.place.author == author.id() && line.place.seq < from);
        let below = below.max_by_key(|line| line.place.seq).map(|line| (line.place.seq + 1, line.id, line.place.time));
        (author, below.unwrap_or((0, EntryId::default(), Time::from_ms(BEGIN_MS))))
    }

    /// Writes another branch of a log by hand: words and acts in place of those that the peer said from `from` on, in runs
    /// as long as they may be.
    pub fn fork_by_hand(&mut self, peer: usize, from: Seq, entries: Vec<(Kind, Bytes)>) {
        self.turn_into(peer, Nature::Hand);
        let (author, begin) = self.held_below(peer, from);
        let mut runs: Vec<Vec<(Kind, Bytes)>> = Vec::new();
        for (entry, seq) in entries.into_iter().zip(begin.0..) {
            match runs.last_mut().filter(|_| seq % BLOCK != 1) {
                Some(run) => run.push(entry),
                None => runs.push(vec![entry]),
            }
        }
        self.push_by_hand(peer, &author, begin, runs);
    }

    /// Says at a peer that of another's forked log the branch stands that is held there.
    pub fn vouch(&mut self, peer: usize, other: usize) {
        self.order(peer, Order::Vouch(self.author(other)));
    }

    /// How many entries an author wrote, as its peer holds them.
    pub fn written(&self, peer: usize) -> Seq {
        let author = self.author(peer);
        self.held_of(peer, &author).last().map_or(0, |seq| seq + 1)
    }

    /// Floods everybody a peer is linked with with the words of a key that nobody let in, one after the other.
    pub fn flood(&mut self, peer: usize, count: usize) -> AuthorId {
        let author = Author::from_secret(&scatter(self.setup.seed ^ 8, self.number()));
        let words = (Kind::TEXT, Bytes::from_static(b"let me in"));
        self.push_by_hand(peer, &author, (0, EntryId::default(), Time::from_ms(BEGIN_MS)), vec![vec![words]; count]);
        author.id()
    }

    /// Does something by hand under the key of a peer, whether or not the room lets it, above what its store holds of its log;
    /// behind a word that it keeps to itself, if it hides one.
    pub fn act_by_hand(&mut self, peer: usize, says: Says, hides: bool) {
        self.turn_into(peer, Nature::Hand);
        let (author, begin) = self.held_below(peer, Seq::MAX);
        let held = self.held(peer);
        let own = held.iter().filter(|line| line.place.author == author.id() && line.kind.is_act());
        let before = own.max_by_key(|line| line.place.seq).map(|line| Last { seq: line.place.seq, id: line.id });
        let Ok(act) = (Act { before, says }).encode() else { return };
        let word = (Kind::TEXT, Bytes::from_static(b"you will never know"));
        let said = hides.then_some(word).into_iter().chain([act]).map(|entry| vec![entry]).collect();
        let mut runs = self.runs_by_hand(peer, &author, begin, said);
        if hides {
            let hidden = runs.drain(..1).map(|run| (peer, run));
            self.kept_back.extend(hidden);
        }
        self.push_all(peer, runs);
    }

    /// Whoever keeps words to itself shows them after all.
    pub fn show_what_was_kept_back(&mut self) {
        for (peer, run) in std::mem::take(&mut self.kept_back) {
            self.push_all(peer, vec![run]);
        }
    }

    /// Passes on, by hand, all that a peer holds of another's log, whether it counts or not.
    pub fn pass_on_by_hand(&mut self, peer: usize, other: usize) {
        self.turn_into(peer, Nature::Hand);
        let (author, room) = (self.author(other), self.room);
        let Ok(mut reader) = self.peers[peer].home.store.reader() else { return };
        let runs = self.held_of(peer, &author).into_iter();
        let runs = runs.filter_map(|seq| reader.run(&room, &author, seq, seq).ok().flatten());
        let runs: Vec<RawRun> = runs.filter(|run| run.signature().is_some()).collect();
        self.push_all(peer, runs);
    }

    /// What a peer may name as the end of another's log: some entry that it holds.
    pub fn some_end(&self, peer: usize, other: usize, which: u64) -> Ended {
        let key = self.author(other);
        let lines: Vec<_> = self.held(peer).into_iter().filter(|line| line.place.author == key).collect();
        let line = lines.get(which as usize % lines.len().max(1));
        let last = line.map(|line| Last { seq: line.place.seq, id: line.id });
        Ended { end: End { key, last }, act: None }
    }

    fn push_by_hand(
        &mut self,
        peer: usize,
        author: &Author,
        begin: (Seq, EntryId, Time),
        said: Vec<Vec<(Kind, Bytes)>>,
    ) {
        let runs = self.runs_by_hand(peer, author, begin, said);
        self.push_all(peer, runs);
    }

    fn push_all(&mut self, peer: usize, runs: Vec<RawRun>) {
        let linked: Vec<_> = self.peers[peer].linked().map(|other| self.peers[other as usize].home.id).collect();
        for run in runs {
            for to in &linked {
                let push = self.push_of(vec![run.clone()]);
                self.send_one(peer as Index, to, push, Lane::Live);
            }
        }
    }

    /// Runs that somebody signs who holds the secrets that a peer holds: words are sealed under the oldest of them.
    fn runs_by_hand(
        &self,
        peer: usize,
        author: &Author,
        (mut seq, mut prev, mut time): (Seq, EntryId, Time),
        said: Vec<Vec<(Kind, Bytes)>>,
    ) -> Vec<RawRun> {
        let (key, ring) = (LogKey::new(&self.room, &author.id()), self.ring(peer));
        let seal =
            |seq: Seq, kind: Kind, body: &Bytes| ring.seal(ring.epochs().first()?, (&author.id(), seq), kind, body);
        let mut runs = Vec::new();
        for said in said {
            let (first, below) = (seq, prev);
            let mut entries = Vec::new();
            for (kind, body) in said {
                time = time.next(BEGIN_MS + self.now_ms());
                let (kind, body) = seal(seq, kind, &body).unwrap_or((kind, body));
                let entry = RawEntry { time, seen: Vec::new(), kind, body: Body::Here(body) };
                prev = key.id(seq, &prev, &entry, &mut Vec::new());
                seq += 1;
                entries.push(entry);
            }
            runs.extend(author.sign(&self.room, first, below, entries).ok());
        }
        runs
    }

    /// Checks that all honest peers of members know the same members, and that each shows exactly what counts by a fold over its
    /// store alone.
    ///
    /// # Errors
    /// The property that fails.
    pub fn same_members(&self) -> Story {
        let mut first: Option<(usize, BTreeMap<AuthorId, Seat>)> = None;
        for at in self.expected_all() {
            let seats = self.seats(at);
            let (one, same) = first.get_or_insert_with(|| (at, seats.clone()));
            if *same != seats {
                let all: BTreeSet<&AuthorId> = same.keys().chain(seats.keys()).collect();
                let differs = all.into_iter().filter(|key| same.get(*key) != seats.get(*key));
                let differs: Vec<_> = differs.map(|key| (key.short(), same.get(key), seats.get(key))).collect();
                let sentence = format!("peers {one} and {at} know other members: {differs:?}");
                return Err(self.violation("same members everywhere", sentence));
            }
            let Some(mut governance) = self.governance(at) else { continue };
            let fold = governance.fold();
            let counts = |line: &&TimelineRow| line.place.seq < fold.count(&line.place.author);
            let counted: BTreeSet<EntryId> = self.held(at).iter().filter(counts).map(|line| line.id).collect();
            let shown: BTreeSet<EntryId> = self.timeline(at).iter().map(|line| line.id).collect();
            let hidden: Vec<_> = governance.fold().hidden().collect();
            let closing = governance.fold().closing().cloned();
            let taken_back = |line: &&TimelineRow| {
                let Place { author, seq, .. } = line.place;
                let voids = closing.as_ref().is_some_and(|closing| closing.voids(&author, seq, line.signed_kind()));
                voids
                    || line.kind.can_be_hidden()
                        && hidden.iter().any(|(of, first, last)| *of == author && (*first..=*last).contains(&seq))
            };
            let back: BTreeSet<EntryId> = self.held(at).iter().filter(taken_back).map(|line| line.id).collect();
            let counts: BTreeSet<EntryId> = counted.difference(&back).copied().collect();
            if shown != counts {
                let sentence = format!("peer {at} shows {} entries, and {} count", shown.len(), counts.len());
                return Err(self.violation("what counts is shown and nothing else", sentence));
            }
        }
        Ok(())
    }

    /// The secrets that the store of a peer holds.
    fn ring(&self, peer: usize) -> Ring {
        let reader = self.peers[peer].home.store.reader();
        Ring::new(self.room, reader.and_then(|mut reader| reader.secrets(&self.room)).unwrap_or_default())
    }

    /// Checks that everybody who is in can read all that counts, as far as somebody with whom it is linked, and who lies about
    /// nothing, may hand it the secrets. Nobody does to whom a governor's removal applied that fell by a fork alone, nor as
    /// long as it is unknown what an epoch answers.
    ///
    /// # Errors
    /// The property that fails.
    pub fn members_read_all(&self) -> Story {
        let reads =
            |at: usize| self.peers[at].is_up() && self.peers[at].nature == Nature::Honest && self.is_member(at, at);
        for peer in (0..self.peers.len()).filter(|at| reads(*at)) {
            // What is damaged has no body.
            let locked = |line: &&TimelineRow| line.kind.opened().is_some() && line.body.bytes().is_some();
            for line in self.timeline(peer).iter().filter(locked) {
                let named = line.body.bytes().and_then(|body| body.get(..8)).unwrap_or_default();
                let hands = |other: &usize| reads(*other) && self.hands_over(*other, peer, named);
                if let Some(other) = self.peers[peer].linked().map(|other| other as usize).find(hands) {
                    let Place { author, seq, .. } = line.place;
                    let sentence = format!("peer {peer} cannot read {seq} of {}, and {other} can", author.short());
                    return Err(self.violation("members read all that counts", sentence));
                }
            }
        }
        Ok(())
    }

    /// Whether a peer may hand another the secret of the epoch whose id begins so.
    fn hands_over(&self, at: usize, other: usize, named: &[u8]) -> bool {
        let (Some(mut governance), key) = (self.governance(at), self.author(other)) else { return false };
        let (fold, ring) = (governance.fold(), self.ring(at));
        let held = ring.epochs().iter().any(|id| id.0.starts_with(named) && fold.is_settled(id));
        held && fold.may_read(&key)
    }

    /// Checks invariant 5: nobody who is out holds the secret under which somebody wrote who had seen that.
    ///
    /// # Errors
    /// The property that fails.
    pub fn who_is_out_reads_nothing(&self) -> Story {
        // Somebody who is out does not hear who was let back.
        let knows = |at: &usize| {
            self.peers[*at].is_up() && self.peers[*at].nature == Nature::Honest && self.is_member(*at, *at)
        };
        for witness in (0..self.peers.len()).filter(knows) {
            let Some(mut governance) = self.governance(witness) else { continue };
            let lines = self.timeline(witness);
            for out in 0..self.peers.len() {
                let key = self.author(out);
                let fold = governance.fold();
                let ended = fold.ended_by(&key).filter(|_| !fold.is_present(&key));
                let acts = |line: &&TimelineRow| ended == Some((line.place.author, line.place.seq));
                let Some(ending) = lines.iter().find(acts) else { continue };
                if ![Kind::REMOVE, Kind::END].contains(&ending.kind) {
                    continue;
                }
                self.reads_nothing_after(witness, out, ending, &lines)?;
            }
        }
        Ok(())
    }

    fn reads_nothing_after(&self, witness: usize, out: usize, ending: &TimelineRow, lines: &[TimelineRow]) -> Story {
        let (ring, mut knows) = (self.ring(out), Knows::new(ending.place.author));
        let Ok(mut reader) = self.peers[witness].home.store.reader() else { return Ok(()) };
        let liars: BTreeSet<AuthorId> =
            self.peers.iter().filter(|peer| peer.nature != Nature::Honest).map(|peer| peer.home.author).collect();
        for line in lines.iter().filter(|line| line.place > ending.place) {
            let Place { author, seq, .. } = line.place;
            if liars.contains(&author) {
                continue;
            }
            knows.look((author, seq), &line.seen);
            let knew = author == ending.place.author || knows.has(&author, ending.place.seq);
            let run = reader.run(&self.room, &author, seq, seq).ok().flatten().filter(|_| knew);
            let Some(raw) = run.as_ref().and_then(|run| run.entries().first()) else { continue };
            if matches!(ring.open((&author, seq), raw.kind, &raw.body), Opened::Body(..)) {
                let sentence = format!("peer {out} is out and reads {seq} of {}", author.short());
                return Err(self.violation("who is out reads nothing", sentence));
            }
        }
        Ok(())
    }
}
