//! A closed room at its seat: what its entries come to is posted, what people here want to do becomes an order, and
//! whoever knocks with a good ticket is let in.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::Arc,
};

use rumormill_proto::{
    admit::Author,
    content::Target,
    entry::Kind,
    governance::{Announced, Foreseen, Guest, Order, Role, TicketKey, countersign},
    ids::{AuthorId, Seq},
    input::{Event, Input, Output, Unsaid},
    limits::ACT_ADMITTED,
    time::Now,
};
use rumormill_store::{Closed as Held, Pass};
use zeroize::Zeroizing;

use super::Seat;
use crate::{
    board::Closed,
    error::Error,
    event::RoomEvent,
    limits::{LAN_EPOCHS, ORDER_AGAIN_MS, ORDERS, TICKET_USES, WELCOME_LATER_MS},
    membership::{Membership, Refusal},
    proof::ProofKey,
    random::random,
    settings::RoomSetup,
    ticket::Admits,
    wish::{Answer, Wish},
};

/// Tags of orders are these and above; sayings never come that far.
const ORDER_TAG: u64 = 1 << 63;

/// Orders and newcomers of one room.
#[derive(Default)]
pub(crate) struct Governed {
    /// Wishes in their order. Each names what was done before, so one is under way at a time.
    wishes: VecDeque<(Wish, Option<Answer>)>,
    under_way: Option<(u64, Wish, Option<Answer>)>,
    next_tag: u64,
    /// Whom we admitted on account of the next wish.
    kept: BTreeSet<AuthorId>,
    /// When the next wish is tried, in ticks.
    try_ms: u64,
    /// Who knocks, and from when on we let it in, in ticks.
    knocking: BTreeMap<AuthorId, u64>,
    /// Whether somebody may have knocked since we last looked.
    pub(super) looks: bool,
    /// When the ticket by which we wait comes to its end, in ticks.
    outlives_ms: Option<u64>,
    /// Whether somebody who knows the room let us not in.
    turned_away: bool,
    /// How often the messages that slow mode keeps out had changed when the room was posted last.
    slowed: u64,
    /// When slow mode lets us say the next message, by our clock, as far as what waits to be written has it.
    next_ms: u64,
}

impl Governed {
    /// Refuses everything that waits.
    pub(super) fn fail(&mut self, why: &Error) {
        let answers = self.wishes.drain(..).map(|(_, answer)| answer);
        let all = answers.chain(self.under_way.take().map(|(_, _, answer)| answer));
        // The callers may have gone.
        all.flatten().for_each(|answer| _ = answer.send(Err(why.clone())));
    }

    fn wish(&mut self, wish: Wish, answer: Option<Answer>) {
        if self.wishes.len() < ORDERS {
            self.wishes.push_back((wish, answer));
        } else if let Some(answer) = answer {
            // The caller may have gone.
            let _ = answer.send(Err(Error::Busy));
        }
    }
}

impl Seat {
    /// Takes a wish of somebody here.
    pub(crate) fn wish(&mut self, wish: Wish, answer: Answer) {
        let refused = match self.setup.closed.is_some() {
            true if self.allows(&wish) => return self.governed.wish(wish, Some(answer)),
            true => Error::Private,
            false => Error::Open,
        };
        // The caller may have gone.
        let _ = answer.send(Err(refused));
    }

    /// Whether people may do this here: in a private room its founder admits those whom it is for, and afterwards nobody
    /// lets in or removes anybody.
    fn allows(&mut self, wish: &Wish) -> bool {
        let Some(private) = &self.setup.private else { return true };
        let Wish::Order(order) = wish else { return false };
        match order {
            Order::Admit(who) => who.iter().all(|key| private.people.iter().flatten().any(|other| other == key)),
            Order::End(key) => {
                private.people.iter().any(|keys| keys.contains(key) && keys.contains(&self.author))
                    || self.engine.fold().is_some_and(|fold| fold.is_of(key, &self.author))
            }
            Order::StepDown | Order::Mine(_) => true,
            _ => false,
        }
    }

    /// What an order would end.
    pub(crate) fn foresee(&mut self, order: Order) -> Result<Foreseen, Error> {
        if !self.allows(&Wish::Order(order.clone())) {
            return Err(Error::Private);
        }
        let (mut foreseen, stay) = self.weigh(order)?;
        if !stay.is_empty() {
            let lost = std::mem::take(&mut foreseen.lost);
            foreseen.out.retain(|author| !lost.contains(author) || foreseen.named.contains(author));
        }
        Ok(foreseen)
    }

    /// What an order would end, and whom we may admit before it because they would be lost by it.
    fn weigh(&mut self, order: Order) -> Result<(Foreseen, Vec<AuthorId>), Error> {
        let (room, me) = (self.setup.id, self.author);
        let fold = self.engine.fold().ok_or(Error::Open)?;
        let foreseen = fold.foresee(&room, &me, order).map_err(refused)?;
        let lost = foreseen.lost.difference(&self.governed.kept).take(ACT_ADMITTED);
        let mut stay: Vec<AuthorId> = lost.copied().collect();
        if !stay.is_empty() && fold.foresee(&room, &me, Order::Admit(stay.clone())).is_err() {
            stay.clear();
        }
        Ok((foreseen, stay))
    }

    /// Posts a closed room anew if these outputs may have changed it, and tells what changed. Returns whether names have
    /// to be read again.
    pub(crate) fn look_round(&mut self, outputs: &[Output]) -> bool {
        let changes = |output: &Output| match output {
            Output::Emit(Event::Counts { .. } | Event::Seated { .. }) => true,
            Output::Emit(Event::Shown { entry, .. }) => entry.kind.is_act(),
            _ => false,
        };
        if self.setup.closed.is_none() {
            return false;
        }
        let said =
            |output: &Output| matches!(output, Output::Emit(Event::Shown { entry, .. }) if entry.kind.is_message());
        let slowed = if outputs.iter().any(said) { self.engine.slowed() } else { self.governed.slowed };
        if slowed == self.governed.slowed && !outputs.iter().any(changes) {
            return false;
        }
        let fresh: BTreeSet<(AuthorId, Seq)> = outputs.iter().filter_map(shown).collect();
        self.post_closed(&fresh)
    }

    /// Posts a closed room. `fresh` are the entries that interfaces hear of by themselves.
    pub(super) fn post_closed(&mut self, fresh: &BTreeSet<(AuthorId, Seq)>) -> bool {
        let Some(closed) = self.closed(self.now.wall_ms) else { return false };
        self.governed.slowed = self.engine.slowed();
        let closed = Arc::new(closed);
        let before = self.board.posted().closed.replace(closed.clone());
        self.governed.looks = true;
        self.governed.outlives_ms = self.outlives_ms(&closed);
        let Some(before) = before else { return false };
        if before.membership != closed.membership {
            self.board.tell(RoomEvent::Membership(closed.membership));
        }
        let keys = before.seats.keys().chain(closed.seats.keys()).collect::<BTreeSet<_>>();
        for author in keys.into_iter().filter(|key| before.seats.get(*key) != closed.seats.get(*key)) {
            self.board.tell(RoomEvent::Seated { author: *author });
        }
        let authors = recounted(&before, &closed, fresh);
        let named = !authors.is_empty();
        if named {
            self.board.tell(RoomEvent::Recounted { authors });
        }
        named
    }

    /// What the entries of a closed room come to.
    fn closed(&mut self, now_ms: u64) -> Option<Closed> {
        let held = self.setup.closed?;
        let (me, secret, pass) = (self.author, self.setup.author_secret, held.pass);
        let fold = self.engine.fold()?;
        let tickets = fold.tickets();
        let membership = match (fold.members().contains(&me), fold.is_present(&me)) {
            (false, _) if fold.is_keeper(&me) => Membership::Keeping,
            (false, _) if fold.was_keeper(&me) => Membership::Removed { by: fold.ended_by(&me).map(|(by, _)| by) },
            (_, true) => Membership::Present(fold.role(&me)),
            (true, false) => Membership::Removed { by: fold.ended_by(&me).map(|(by, _)| by) },
            (false, false) => {
                let ours = tickets.iter().find(|ticket| pass.is_some_and(|pass| pass.ticket == ticket.id));
                let why = ours.and_then(|ticket| Refusal::of(ticket, now_ms));
                // Nobody lets in whom the owner of an open room did not list.
                let unlisted = fold.closing().is_some() && pass.is_none() && held.device_of.is_none();
                let why = why.or((self.governed.turned_away || unlisted).then_some(Refusal::Unwelcome));
                why.map_or(Membership::Waiting, Membership::Refused)
            }
        };
        let is_in = matches!(membership, Membership::Present(_) | Membership::Keeping | Membership::Removed { .. });
        let mut shown = if is_in { fold.shown() } else { Default::default() };
        shown.lifts = fold.role(&me).is_some_and(Role::governs);
        shown.reader = Some(me);
        let rules = fold.rules();
        // A backup that was ended before it said anything is nobody to tell of.
        let backups = fold.backups();
        let removed = fold.members().iter().filter(|key| !fold.is_present(key) && !backups.contains_key(key));
        let removed = removed.map(|key| (*key, fold.ended_by(key))).collect();
        let seats = fold.seats();
        let handed = |ticket: &&Announced| {
            ticket.maker == me
                && ticket.guest == Guest::Member
                && ticket.uses == TICKET_USES
                && ticket.expires_ms.is_none()
                && ticket.lets_in(now_ms)
        };
        let handed = tickets.iter().rfind(handed);
        let pass = handed.and_then(|ticket| pass_of(&secret, ticket, &tickets));
        let admits = pass.map(|pass| Admits { founder: held.founder, pass, guest: Guest::Member });
        let (founder, mut persons) = (held.founder, fold.devices().clone());
        persons.extend(backups);
        for keys in self.setup.private.iter().flat_map(|private| &private.people) {
            let Some((main, devices)) = keys.split_first() else { continue };
            persons.extend(devices.iter().map(|device| (*device, *main)));
        }
        Some(Closed { shown: Arc::new(shown), seats, removed, persons, founder, tickets, rules, membership, admits })
    }

    /// Whether an entry is shown here.
    pub(super) fn shows(&self, author: &AuthorId, seq: Seq, kind: Kind) -> bool {
        self.board.posted().closed.as_ref().is_none_or(|closed| closed.shown.shows(author, seq, kind))
    }

    /// The least time between two messages of ours, in milliseconds; 0 for none.
    fn slow_ms(&self) -> u64 {
        let slow_s = self.board.posted().closed.as_ref().map_or(0, |closed| closed.rules.slow_s);
        if self.governs() { 0 } else { slow_s * 1_000 }
    }

    /// Our next message has to wait.
    pub(super) fn take_slow_turn(&mut self, now: Now) {
        self.governed.next_ms = now.wall_ms + self.slow_ms();
    }

    /// Tells for how many milliseconds slow mode would keep out so many messages, if it would.
    pub(super) fn may_speak(&mut self, messages: usize, now: Now) -> Result<(), u64> {
        let slow_ms = self.slow_ms();
        if messages == 0 || slow_ms == 0 {
            return Ok(());
        }
        let waits_ms = self.governed.next_ms.saturating_sub(now.wall_ms).min(slow_ms);
        match self.engine.slow_left_ms(now).max(waits_ms) {
            0 if messages == 1 => Ok(()),
            0 => Err(slow_ms),
            left_ms => Err(left_ms),
        }
    }

    /// Whether we govern a closed room.
    pub(super) fn governs(&self) -> bool {
        matches!(self.membership(), Some(Membership::Present(Some(role))) if role.governs())
    }

    /// The parts of others' logs that do not count here; see [`Engine::lapsed`](rumormill_proto::engine::Engine::lapsed).
    pub(crate) fn lapsed(&self) -> Vec<(AuthorId, Seq, Seq)> {
        self.engine.lapsed()
    }

    /// Whether we may say something: in a closed room only its present members do.
    pub(crate) fn is_in(&self) -> bool {
        let posted = self.board.posted();
        posted.closed.as_ref().is_none_or(|closed| matches!(closed.membership, Membership::Present(_)))
    }

    /// Whether we store and serve what we cannot read, or wait for that.
    pub(crate) fn keeps(&self) -> bool {
        self.setup.closed.is_some_and(|closed| closed.keeps)
    }

    /// Whether this ticket lets us into a closed room that we are not in, and is another one than that by which we came.
    pub(crate) fn wants_anew(&self, setup: &RoomSetup) -> bool {
        // A device and whoever was called into a private room wait for the acts that made them a member, under that key.
        let is_called = self.setup.private.is_some() || self.setup.closed.is_some_and(|held| held.device_of.is_some());
        if is_called && self.membership() == Some(Membership::Waiting) {
            return false;
        }
        let pass = |setup: &RoomSetup| setup.closed.and_then(|closed| closed.pass).map(|pass| pass.ticket);
        // We hold the room as it was when it was open, and somebody gave us a ticket of what it is since its owner closed it.
        let of_owner = setup.closed.is_some_and(|held| self.founder() == Some(held.founder));
        if self.setup.closed.is_none() {
            return of_owner && pass(setup).is_some();
        }
        let keeps = self.membership() == Some(Membership::Keeping) && setup.closed.is_some_and(|closed| closed.keeps);
        !self.is_in() && !keeps && pass(setup).is_some() && pass(setup) != pass(&self.setup)
    }

    /// Begins to take part in a closed room: with the ticket by which we came or as somebody's device, if we have said
    /// nothing yet.
    pub(super) fn begin_closed(&mut self) {
        self.governed.turned_away = false;
        self.post_closed(&BTreeSet::new());
        self.post_tags();
        let author = self.writer();
        let said = self.engine.frontier().log(&author.id()).is_some_and(|log| !log.is_empty());
        if said || self.is_in() {
            return;
        }
        let exchange = author.exchange();
        let first = match self.setup.closed {
            Some(Held { device_of: Some(of), .. }) => Order::Device { of, exchange },
            Some(Held { pass: Some(Pass { ticket, secret }), .. }) => {
                let (key, countersignature) = countersign(&secret, &self.setup.id, &ticket, &author.id());
                Order::Join { ticket, key, exchange, countersignature }
            }
            _ => return,
        };
        self.governed.wish(Wish::Order(first), None);
    }

    /// Somebody who knows the room let us not in.
    pub(crate) fn turned_away(&mut self) {
        if self.pass_shown().is_some() && !std::mem::replace(&mut self.governed.turned_away, true) {
            self.post_closed(&BTreeSet::new());
        }
    }

    /// The key under which we seal our proofs.
    pub(crate) fn proof_key(&mut self) -> ProofKey {
        // Who comes with a ticket is known to nobody yet, and others may hold no secret that we hold.
        let epoch = if self.pass_shown().is_some() { None } else { self.engine.proof_key() };
        epoch.map_or(self.setup.secret, |key| *key.bytes())
    }

    /// The keys under which the proofs of others may be sealed.
    pub(crate) fn proof_keys(&self) -> impl Iterator<Item = ProofKey> {
        self.engine.proof_keys().map(|key| *key.bytes()).chain([self.setup.secret])
    }

    /// Posts the keys of tags on the LAN. Returns whether our own has changed: somebody who is out knows the one before.
    pub(crate) fn post_tags(&mut self) -> bool {
        if self.setup.closed.is_none() {
            return false;
        }
        let ours = self.proof_key();
        let others = self.engine.proof_keys().map(|key| *key.bytes()).take(LAN_EPOCHS).chain([self.setup.secret]);
        let tags = Zeroizing::new([ours].into_iter().chain(others.filter(|key| *key != ours)).collect());
        std::mem::replace(&mut self.board.posted().tags, tags).first() != Some(&ours)
    }

    /// Whether a proof of ours tells nothing to those who hold the room's secret alone.
    pub(crate) fn may_answer(&mut self) -> bool {
        self.proof_key() != self.setup.secret
    }

    /// Whether we answer every proof that we cannot open: with no acts of the room, and as a keeper, we can open none of a
    /// member's, and members know us by our own alone.
    pub(crate) fn answers_all(&self) -> bool {
        self.is_guest() || self.keeps()
    }

    /// The ticket by which we ask to be let in.
    pub(crate) fn pass_shown(&self) -> Option<Pass> {
        self.setup.closed.and_then(|closed| closed.pass).filter(|_| self.is_guest())
    }

    /// Whether we are no member as far as we know: we come with a ticket, as a device, or to a private room.
    pub(crate) fn is_guest(&self) -> bool {
        matches!(self.membership(), Some(Membership::Waiting | Membership::Refused(_)))
    }

    fn membership(&self) -> Option<Membership> {
        self.board.posted().closed.as_ref().map(|closed| closed.membership)
    }

    /// The acts that make us a member.
    pub(crate) fn chain(&mut self) -> Vec<(AuthorId, Seq)> {
        self.engine.chain()
    }

    /// Carries out what waits, if its time has come.
    pub(super) fn wake_closed(&mut self, now: Now) {
        if self.setup.closed.is_none() {
            return;
        }
        if self.governed.outlives_ms.is_some_and(|ends_ms| ends_ms <= now.ticks_ms) {
            self.post_closed(&BTreeSet::new());
        }
        self.look_out(now);
        self.welcome(now);
        if self.governed.under_way.is_some() || now.ticks_ms < self.governed.try_ms {
            return;
        }
        let Some((wish, answer)) = self.governed.wishes.pop_front() else { return };
        let order = match &wish {
            Wish::Order(order) => order.clone(),
            Wish::Ticket { guest, uses, expires_ms } => self.new_ticket(*guest, *uses, *expires_ms),
        };
        if let Some(admit) = self.keeping(&order) {
            self.governed.wishes.push_front((wish, answer));
            return self.put(admit.clone(), (Wish::Order(admit), None), now);
        }
        self.governed.kept.clear();
        self.put(order, (wish, answer), now);
    }

    fn put(&mut self, order: Order, (wish, answer): (Wish, Option<Answer>), now: Now) {
        let tag = ORDER_TAG | self.governed.next_tag;
        self.governed.next_tag += 1;
        self.governed.under_way = Some((tag, wish, answer));
        self.handle(Input::Order { tag, order }, now);
    }

    /// The admission of those who came by a ticket that ends with this order. They stay members, somebody whom the order
    /// removes for what it said before.
    fn keeping(&mut self, order: &Order) -> Option<Order> {
        if !matches!(order, Order::Remove(_) | Order::Revoke(_)) {
            return None;
        }
        let (_, stay) = self.weigh(order.clone()).ok()?;
        self.governed.kept.extend(&stay);
        (!stay.is_empty()).then_some(Order::Admit(stay))
    }

    /// When [`Seat::wake_closed`] has something to do, in ticks.
    pub(super) fn closed_deadline(&self) -> Option<u64> {
        let Governed { wishes, under_way, try_ms, knocking, looks, outlives_ms, .. } = &self.governed;
        let wish = (!wishes.is_empty() && under_way.is_none()).then_some(*try_ms);
        let look = looks.then_some(0);
        wish.into_iter().chain(look).chain(*outlives_ms).chain(knocking.values().copied()).min()
    }

    /// When the ticket by which we wait comes to its end, in ticks.
    fn outlives_ms(&self, closed: &Closed) -> Option<u64> {
        let pass = self.setup.closed.and_then(|closed| closed.pass)?;
        let ours = closed.tickets.iter().find(|ticket| ticket.id == pass.ticket)?;
        let left_ms = ours.expires_ms?.saturating_sub(self.now.wall_ms);
        (closed.membership == Membership::Waiting).then(|| self.now.ticks_ms.saturating_add(left_ms))
    }

    /// Looks who knocks. Whoever is linked with us is let in at once; others by the members that they meet, or by us
    /// after a while.
    fn look_out(&mut self, now: Now) {
        if !std::mem::take(&mut self.governed.looks) {
            return;
        }
        let Some(closed) = self.board.posted().closed.clone() else { return };
        let linked: BTreeSet<AuthorId> = self.engine.waiting().collect();
        let knocks = closed.seats.iter().filter(|(_, seat)| seat.knocks.is_some()).map(|(who, _)| *who);
        let mut knocking = BTreeMap::new();
        for who in knocks.filter(|_| matches!(closed.membership, Membership::Present(_))) {
            let [some, ..] = random();
            let later = if linked.contains(&who) { 0 } else { WELCOME_LATER_MS * (256 + u64::from(some)) / 256 };
            let known = self.governed.knocking.get(&who).copied();
            let due = now.ticks_ms + later;
            knocking.insert(who, known.map_or(due, |known| known.min(due)));
        }
        self.governed.knocking = knocking;
    }

    /// Lets in whoever has knocked long enough with a ticket that lets in by our clock.
    fn welcome(&mut self, now: Now) {
        let due: Vec<AuthorId> =
            self.governed.knocking.iter().filter(|(_, due)| **due <= now.ticks_ms).map(|(who, _)| *who).collect();
        for who in due {
            self.governed.knocking.remove(&who);
            let ticket = {
                let posted = self.board.posted();
                let closed = posted.closed.as_ref();
                let ticket = closed.and_then(|closed| closed.seats.get(&who)?.knocks);
                let shown = |known: &&Announced| Some(known.id) == ticket && known.lets_in(now.wall_ms);
                closed.and_then(|closed| closed.tickets.iter().find(shown).copied())
            };
            let me = self.author;
            if let Some(Announced { guest: Guest::Keeper, maker, .. }) = ticket {
                // Others leave that to the maker of the ticket.
                if maker == me {
                    self.governed.wish(Wish::Order(Order::Appoint(who, Role::Keeper)), None);
                }
                continue;
            }
            let may = self.engine.fold().and_then(|fold| fold.may_welcome(&me, &who, now.wall_ms));
            if may.is_some() {
                self.governed.wish(Wish::Order(Order::Welcome(who)), None);
            }
        }
    }

    /// The order that announces a ticket of ours. Its secret follows from our key and from how many we made before.
    fn new_ticket(&self, guest: Guest, uses: u64, expires_ms: Option<u64>) -> Order {
        let made = {
            let posted = self.board.posted();
            let tickets = posted.closed.iter().flat_map(|closed| &closed.tickets);
            tickets.filter(|ticket| ticket.maker == self.author).count()
        };
        let key = key_of(&secret_of(&self.setup.author_secret, made as u64));
        Order::Ticket { guest, key, uses, expires_ms }
    }

    /// Takes the answer to an order. Returns whether it was one.
    pub(super) fn ordered(&mut self, tag: u64, result: Result<Seq, Unsaid>) -> bool {
        if tag < ORDER_TAG {
            return false;
        }
        let Some((_, wish, answer)) = self.governed.under_way.take_if(|(of, ..)| *of == tag) else { return true };
        match result {
            Err(Unsaid::Early | Unsaid::Full) => {
                self.governed.wishes.push_front((wish, answer));
                self.governed.try_ms = self.now.ticks_ms + ORDER_AGAIN_MS;
            }
            result => {
                let done = result.map(|seq| (Target { author: self.author, seq }, self.pass_at(seq)));
                // The caller may have gone.
                let _ = answer.map(|answer| answer.send(done.map_err(refused)));
            }
        }
        true
    }

    /// The ticket that an entry of ours announces.
    pub(crate) fn pass_at(&self, seq: Seq) -> Option<Pass> {
        let closed = self.board.posted().closed.clone()?;
        let ticket = closed.tickets.iter().find(|ticket| ticket.maker == self.author && ticket.seq == seq)?;
        pass_of(&self.setup.author_secret, ticket, &closed.tickets)
    }
}

/// The author and the seq of an entry that interfaces are about to hear of.
fn shown(output: &Output) -> Option<(AuthorId, Seq)> {
    match output {
        Output::Emit(Event::Shown { entry, .. }) => Some((entry.author, entry.seq)),
        _ => None,
    }
}

/// The authors of whom other entries are shown than before, besides those that interfaces hear of by themselves.
fn recounted(before: &Closed, now: &Closed, fresh: &BTreeSet<(AuthorId, Seq)>) -> BTreeSet<AuthorId> {
    let (old, new) = (&before.shown, &now.shown);
    let known = |author: &AuthorId| old.ends.contains_key(author);
    let ends = old.ends.iter().filter(|(author, end)| new.ends.get(*author) != Some(end)).map(|(author, _)| *author);
    let came = new.ends.keys().filter(|author| !known(author) && !fresh.iter().any(|(who, _)| who == *author)).copied();
    let taken = old.hidden.keys().chain(new.hidden.keys());
    let taken = taken.filter(|author| old.hidden.get(*author) != new.hidden.get(*author)).copied();
    let acts = old.done.symmetric_difference(&new.done).filter(|act| !fresh.contains(act)).map(|(author, _)| *author);
    let held = old.held.symmetric_difference(&new.held).copied();
    let lifted = new.held.iter().filter(|_| old.lifts != new.lifts).copied();
    let slow = old.slowed.keys().chain(new.slowed.keys());
    let slow = slow.filter(|author| old.slowed.get(*author) != new.slowed.get(*author)).copied();
    ends.chain(came).chain(taken).chain(acts).chain(held).chain(lifted).chain(slow).collect()
}

/// The secret key of the ticket that an author makes after so many others.
fn secret_of(author_secret: &[u8; 32], number: u64) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new_derive_key("rumormill 1 ticket of an author");
    hasher.update(author_secret).update(&number.to_be_bytes());
    hasher.finalize().into()
}

fn key_of(secret: &[u8; 32]) -> TicketKey {
    TicketKey(Author::from_secret(secret).id().0)
}

/// A ticket of ours with its secret; `None` if another key of ours made it.
fn pass_of(author_secret: &[u8; 32], ticket: &Announced, all: &[Announced]) -> Option<Pass> {
    let made = all.iter().filter(|other| other.maker == ticket.maker).count() as u64;
    let secrets = (0..made).rev().map(|number| secret_of(author_secret, number));
    let secret = secrets.into_iter().find(|secret| key_of(secret) == ticket.key)?;
    Some(Pass { ticket: ticket.id, secret })
}

/// Why an order or a saying was refused.
pub(super) fn refused(why: Unsaid) -> Error {
    match why {
        Unsaid::TooLong => Error::TooLong,
        Unsaid::Full | Unsaid::Forked | Unsaid::Early => Error::Busy,
        Unsaid::Refused => Error::Refused,
        Unsaid::NotMember => Error::NotMember,
        Unsaid::Rank => Error::Rank,
        Unsaid::Nothing => Error::NothingThere,
    }
}
