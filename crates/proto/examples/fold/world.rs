//! Worlds as the model prints them, and states in the same form.

use std::{
    collections::{BTreeMap, BTreeSet},
    error::Error,
    io::BufRead,
    iter,
};

use rumormill_proto::{
    governance::{Appointed, Deed, End, Fold, Governance, Grant, Guest, Last, Role, Signed, TicketId, TicketKey},
    ids::{AuthorId, EntryId},
    log::{Head, Span},
    random::Random,
    time::Time,
};
use serde_json::Value;

/// The key of every ticket: whoever joins in the model holds the ticket.
pub(crate) const KEY: TicketKey = TicketKey([1; 32]);

type Failure = Box<dyn Error>;

/// The entries of a world, and what the model says they come to.
#[derive(Clone)]
pub(crate) struct World {
    pub(crate) number: u64,
    pub(crate) entries: Vec<Signed>,
    pub(crate) state: Option<String>,
    /// Whether it names an entry of which nothing tells the seq.
    pub(crate) vague: bool,
}

/// The fold of these entries, given in this order, of a room that the author of number 0 founded.
pub(crate) fn folded(entries: &[Signed]) -> Governance {
    let mut fold = Governance::new(author(0));
    entries.iter().cloned().for_each(|entry| fold.insert(entry));
    fold
}

impl World {
    pub(crate) fn folded(&self) -> Governance {
        folded(&self.entries)
    }

    pub(crate) fn backwards(&self) -> Self {
        let mut world = self.clone();
        world.entries.reverse();
        world
    }

    pub(crate) fn shuffled(&self, seed: u64) -> Self {
        let mut world = self.clone();
        Random::new(seed).shuffle(&mut world.entries);
        world
    }

    /// Whether a fold that is asked after each entry says the same as one that was given all entries before it was asked.
    pub(crate) fn grows_alike(&self) -> bool {
        let mut growing = folded(&[]);
        self.entries.iter().enumerate().all(|(at, entry)| {
            growing.insert(entry.clone());
            state(&mut growing) == state(&mut folded(&self.entries[..=at]))
        })
    }

    /// One branch of each log, as a node holds it: where a log forks, the entry of the lowest id.
    pub(crate) fn one_branch(&self) -> Self {
        let mut next: BTreeMap<(AuthorId, u64, EntryId), &Signed> = BTreeMap::new();
        for entry in &self.entries {
            let other = next.entry((entry.author, entry.seq, entry.prev)).or_insert(entry);
            *other = if entry.id < other.id { entry } else { *other };
        }
        let mut kept: BTreeSet<EntryId> = BTreeSet::new();
        for ((_, seq, prev), entry) in &next {
            // Of one log the entries come by their seqs.
            if *seq == 0 && *prev == EntryId::default() || kept.contains(prev) {
                kept.insert(entry.id);
            }
        }
        let mut world = self.clone();
        world.entries.retain(|entry| kept.contains(&entry.id));
        world
    }

    /// With half of its acts said as words, and all words before the acts: these name words more often.
    pub(crate) fn wordy(&self) -> Self {
        let mut world = self.clone();
        world.entries.iter_mut().filter(|entry| low(&entry.id.0).is_multiple_of(2)).for_each(|entry| entry.deed = None);
        world.entries.sort_by_key(|entry| entry.deed.is_some());
        world
    }

    /// Whether a fold that lets go of words after each entry says the same as one that keeps them, in a world of one branch of
    /// each log; and how many entries it had to be told again.
    pub(crate) fn forgets_alike(&self) -> (bool, usize) {
        let mut forgetful = Forgetful::new(author(0));
        let mut keeping = folded(&[]);
        let mut alike = true;
        for entry in &self.entries {
            forgetful.insert(entry.clone());
            keeping.insert(entry.clone());
            alike &= ends(&mut forgetful.fold) == ends(&mut keeping);
        }
        let told = forgetful.told;
        (alike && ends(&mut forgetful.reopened().fold) == ends(&mut keeping), told)
    }
}

/// A fold that lets go of words after each entry, and what its host holds.
pub(crate) struct Forgetful {
    pub(crate) fold: Governance,
    pub(crate) held: BTreeMap<(AuthorId, u64), Signed>,
    /// How many entries the host told again.
    pub(crate) told: usize,
}

impl Forgetful {
    pub(crate) fn new(owner: AuthorId) -> Self {
        Self { fold: Governance::new(owner), held: BTreeMap::new(), told: 0 }
    }

    pub(crate) fn insert(&mut self, entry: Signed) {
        self.held.insert((entry.author, entry.seq), entry.clone());
        self.fold.insert(entry);
        self.answer();
    }

    /// The same when the host has begun anew: the fold takes the pieces of each log at once.
    pub(crate) fn reopened(self) -> Self {
        let mut anew = Self { fold: Governance::new(self.fold.owner()), ..self };
        let entries: Vec<Signed> = anew.held.values().cloned().collect();
        for piece in
            entries.chunk_by(|one, next| (next.author, next.seq, next.prev) == (one.author, one.seq + 1, one.id))
        {
            let [Signed { author, seq: first, prev, time: first_time, .. }, ..] = *piece else { continue };
            let Some(last) = piece.last().map(|last| Head { seq: last.seq, id: last.id, time: last.time }) else {
                continue;
            };
            let acts = piece.iter().filter(|entry| entry.deed.is_some()).cloned().collect();
            anew.fold.insert_span(author, &Span { first, prev, first_time, last }, acts);
        }
        anew.answer();
        anew
    }

    /// Answers until nothing is asked. Each question brings something new: nobody asks more often than there are entries.
    fn answer(&mut self) {
        for _ in 0..=self.held.len() {
            self.fold.fold();
            self.fold.let_go();
            let looks = self.fold.looks();
            if looks.is_empty() {
                return;
            }
            for look in looks {
                let range = (look.author, look.first)..=(look.author, look.last);
                let found: Vec<Signed> = self.held.range(range).map(|(_, entry)| entry.clone()).collect();
                self.told += found.len();
                self.fold.looked(&look, found);
            }
        }
        assert_eq!(self.fold.looks(), [], "the same is asked again and again");
    }
}

/// Reads worlds one after the other. The state may be missing.
pub(crate) fn worlds(lines: impl BufRead) -> impl Iterator<Item = Result<World, Failure>> {
    let mut lines = lines.lines().peekable();
    iter::from_fn(move || {
        let first = lines.next()?;
        Some(first.map_err(Failure::from).and_then(|first| {
            let mut told = vec![first];
            while let Some(line) = lines.next_if(|line| line.as_ref().is_ok_and(|line| !line.starts_with("{\"world\"")))
            {
                told.push(line?);
            }
            world(&told)
        }))
    })
}

fn world(lines: &[String]) -> Result<World, Failure> {
    let [first, rest @ ..] = lines else { return Err("no world".into()) };
    let head: Value = serde_json::from_str(first)?;
    let (state, entries) = match rest.split_last() {
        Some((last, entries)) if last.starts_with("{\"grants\"") => (Some(last.clone()), entries),
        _ => (None, rest),
    };
    let entries: Vec<Value> = entries.iter().map(|line| serde_json::from_str(line)).collect::<Result<_, _>>()?;
    let mut reader = Reader { seqs: BTreeMap::new(), vague: false };
    for entry in &entries {
        reader.seqs.insert(number(&entry["id"])?, number(&entry["seq"])?);
    }
    for (id, seq) in head["seqs"].as_object().into_iter().flatten() {
        reader.seqs.insert(id.parse()?, number(seq)?);
    }
    let entries = entries.iter().map(|entry| reader.entry(entry)).collect::<Result<_, _>>()?;
    Ok(World { number: number(&head["world"])?, entries, state, vague: reader.vague })
}

struct Reader {
    /// The seq of every entry of which it is known.
    seqs: BTreeMap<u64, u64>,
    vague: bool,
}

impl Reader {
    fn entry(&mut self, of: &Value) -> Result<Signed, Failure> {
        Ok(Signed {
            author: author(number(&of["author"])?),
            seq: number(&of["seq"])?,
            id: entry_id(number(&of["id"])?),
            prev: of["prev"].as_u64().map_or(EntryId::default(), entry_id),
            time: Time(number(&of["time"])?),
            deed: self.deed(of)?,
            message: false,
        })
    }

    fn deed(&mut self, of: &Value) -> Result<Option<Deed>, Failure> {
        let who = || number(&of["who"]).map(author);
        let ticket = || number(&of["ticket"]).map(ticket);
        let names =
            || -> Result<Vec<EntryId>, Failure> { Ok(numbers(&of["names"])?.into_iter().map(entry_id).collect()) };
        let deed = match of["kind"].as_str().ok_or("an entry without a kind")? {
            "appoint" => {
                let role = match of["role"].as_str() {
                    Some("co") => Role::CoOwner,
                    Some("mod") => Role::Moderator,
                    Some("keeper") => Role::Keeper,
                    _ => return Err("no such role".into()),
                };
                Deed::Appoint {
                    keys: vec![Appointed { key: who()?, from: number(&of["from"])? }],
                    role,
                    despite: names()?,
                }
            }
            "dismiss" => Deed::Dismiss { ends: vec![self.end(who()?, &of["tip"])], tickets: Vec::new() },
            "vouch" => Deed::Vouch(self.end(who()?, &of["tip"])),
            "remove" => {
                let pairs = of["ends"].as_array().ok_or("a removal without ends")?;
                let ends = pairs.iter().map(|pair| Ok(self.end(author(number(&pair[0])?), &pair[1])));
                let ends = ends.collect::<Result<_, Failure>>()?;
                let tickets = numbers(&of["tickets"])?.into_iter().map(self::ticket).collect();
                Deed::Remove { ends, tickets, knowing: names()? }
            }
            "admit" => {
                let who = numbers(&of["who"])?.into_iter().map(author).collect();
                Deed::Admit { who, ticket: of["ticket"].as_u64().map(self::ticket), despite: names()? }
            }
            "ticket" => Deed::Ticket {
                ticket: ticket()?,
                guest: Guest::Member,
                key: KEY,
                uses: number(&of["uses"])?,
                expires_ms: None,
            },
            "revoke" => Deed::Revoke(ticket()?),
            "stepdown" => Deed::StepDown { closer: None },
            "join" => Deed::Join { ticket: ticket()?, key: KEY },
            "welcome" => Deed::Welcome { who: who()?, ticket: ticket()? },
            "device" => Deed::Device(author(number(&of["of"])?)),
            "mine" => Deed::Mine(author(number(&of["device"])?)),
            _ => return Ok(None),
        };
        Ok(Some(deed))
    }

    fn end(&mut self, key: AuthorId, tip: &Value) -> End {
        let last = tip.as_u64().map(|id| {
            let seq = self.seqs.get(&id).copied();
            self.vague |= seq.is_none();
            Last { seq: seq.unwrap_or(u64::from(u32::MAX)), id: entry_id(id) }
        });
        End { key, last }
    }
}

/// What a world comes to, as the model prints it.
pub(crate) fn state(of: &mut Governance) -> String {
    let fold = of.fold();
    format!("{}, \"counts\": {}}}", governed(&fold), list(fold.counted().iter().map(|id| low(&id.0))))
}

/// The same, with the last entry of each log that counts in place of all of them.
fn ends(of: &mut Governance) -> String {
    let fold = of.fold();
    let last = fold.members().iter().map(|member| fold.last(member).map_or(0, |last| low(&last.id.0)));
    format!("{}, {}", governed(&fold), list(last))
}

fn governed(fold: &Fold<'_>) -> String {
    let mut grants: Vec<&Grant> = fold.grants().iter().collect();
    grants.sort_by_key(|grant| (grant.role.is_leaf(), &grant.path, grant.key, grant.from));
    let grants = grants.iter().map(|grant| {
        let acts = fold.acts(grant).map(|act| act.id.0);
        let role = match grant.role {
            Role::Owner => "owner",
            Role::CoOwner => "co",
            Role::Moderator => "mod",
            Role::Keeper => "keeper",
        };
        let cut = grant.cut.map_or("null".to_owned(), |cut| cut.to_string());
        format!(
            "{{\"author\": {}, \"path\": {}, \"role\": \"{role}\", \"from\": {}, \"cut\": {cut}, \"acts\": {}}}",
            low(&grant.key.0),
            list(grant.path.steps().iter().map(|(seq, _)| *seq)),
            grant.from,
            list(acts.map(|id| low(&id))),
        )
    });
    let grants: Vec<String> = grants.collect();
    format!(
        "{{\"grants\": [{}], \"members\": {}, \"present\": {}",
        grants.join(", "),
        list(fold.members().iter().map(|key| low(&key.0))),
        list(fold.present().iter().map(|key| low(&key.0))),
    )
}

fn list(of: impl Iterator<Item = u64>) -> String {
    format!("[{}]", of.map(|number| number.to_string()).collect::<Vec<_>>().join(", "))
}

fn number(of: &Value) -> Result<u64, Failure> {
    of.as_u64().ok_or_else(|| format!("{of} where a number belongs").into())
}

fn numbers(of: &Value) -> Result<Vec<u64>, Failure> {
    of.as_array().ok_or("no list")?.iter().map(number).collect()
}

/// A number as 32 bytes that compare as it does.
fn bytes(number: u64) -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes[24..].copy_from_slice(&number.to_be_bytes());
    bytes
}

fn low(bytes: &[u8; 32]) -> u64 {
    bytes[24..].iter().fold(0, |number, byte| number << 8 | u64::from(*byte))
}

pub(crate) fn author(number: u64) -> AuthorId {
    AuthorId(bytes(number))
}

pub(crate) fn entry_id(number: u64) -> EntryId {
    EntryId(bytes(number))
}

/// The model's tickets are numbers that several entries can announce: none of them is the name of an entry.
fn ticket(number: u64) -> TicketId {
    let mut bytes = bytes(number);
    bytes[0] = 0xff;
    TicketId(bytes)
}
