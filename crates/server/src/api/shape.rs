//! Converts rooms, people and messages of the node into the types of the API.

use std::collections::{BTreeMap, BTreeSet};

use data_encoding::HEXLOWER;
use rumormill_node::{
    Error, FileState, Holders, Keep, KeepFiles, Message, Page, Path, PeerStatus, Room, SHARE_BYTES, Sought, Stock,
    StoreError, What,
    proto::{
        clock::Whose,
        content::{File, Imported, Target},
        ids::AuthorId,
    },
};
use rumormill_text::safe_name;

use super::{
    Api,
    counts::{Basis, Counted, Known},
    files::PICTURES,
    governing::{is_out, is_strange, role_of, standing},
    markup::blocks,
    names::{author_hex, company, named, person_hex, place, place_text, reference, room_hex},
    rules::{is_held, rules_of},
    words::{self, Gone, Kind, PeerHex},
};
use crate::{
    answer::Answer,
    limits::{PEOPLE, PICTURE_BYTES, QUOTED_CHARS, SHARES, UNREAD},
    told::{CLOSABLE, deed, deed_text, nick, reached, said_nick, skewed},
};

impl Api {
    /// The state of a room. Anything unreadable is left out, with the reason: a client that sent something must learn
    /// that it was sent, and one room must not hide the others.
    pub(super) async fn shape(&self, room: &Room) -> words::Room {
        room.nicks_found().await;
        let (status, me) = (room.status(), room.author());
        let id = room_hex(room);
        let read = self.marks().of(&id);
        // The topic is read each time: whoever was told of a new one asks for it before the counts follow.
        let found = async { Ok((self.counted(room, read.clone()).await?, room.topic().await?)) };
        let ((Counted { unread, mentions, .. }, topic), unreadable) = match found.await {
            Ok(found) => (found, None),
            Err(why) => (Default::default(), Some(why)),
        };
        let why = room.stopped().or(unreadable);
        let (muted, pinned) = self.shelf().attention(&id);
        let may_close = room.may_close().await.unwrap_or_default();
        let hint = if may_close && self.shelf().has_hint(&id) { CLOSABLE } else { "" };
        words::Room {
            id,
            name: room.name(),
            topic,
            author: person_hex(room, &me),
            device: (me != room.me()).then(|| author_hex(&me)),
            nick: nick(room, &me),
            entries: status.entries,
            missing: status.missing,
            people: status.authors.saturating_sub(room.devices()) as u64,
            peers: status
                .peers
                .iter()
                .filter(|peer| !is_out(room, &peer.author) && !is_strange(room, &peer.author))
                .map(|peer| shape_peer(room, peer))
                .collect(),
            unread,
            read,
            mentions,
            digest: HEXLOWER.encode(&status.digest),
            skew_ms: if matches!(status.skew.whose, Whose::Theirs(_)) { 0 } else { status.skew.ms },
            clock: skewed(status.skew, |author| said_nick(room, author)),
            damaged: why.as_ref().is_some_and(is_damage),
            stopped: why.as_ref().map(stopped),
            keep: shape_keep(room.retention()),
            shares: shares(room).await.unwrap_or_default(),
            announced: room.announced(),
            reach: reached(self.node().reach()),
            muted,
            pinned,
            standing: standing(room),
            rules: rules_of(room),
            display: self.display(room),
            may_close,
            hint: hint.into(),
            private: self.private(room),
            keeper: room.keeps(),
            stock: room.stock().map(shape_stock),
            seeking: seeking(room, self.node().searches_lan()).await,
            traffic: words::Traffic {
                bytes_in: status.traffic.bytes_in,
                bytes_out: status.traffic.bytes_out,
                frames_in: status.traffic.frames_in,
                frames_out: status.traffic.frames_out,
            },
        }
    }

    /// The counts from the unread marker on; remembered as long as nothing changes.
    async fn counted(&self, room: &Room, read: Option<words::PlaceText>) -> Result<Counted, Error> {
        let (status, me) = (room.status(), room.author());
        let basis = Basis {
            digest: status.digest,
            entries: status.entries,
            read,
            nick: room.nick(&me),
            hidden: self.hidden().of(&company(room)),
            display: self.held_back(room).await,
        };
        let on = match self.counts().of(&room.id(), &basis) {
            Known::Same(counted) => return Ok(counted),
            Known::Grown { counted, by } => self.count_on(room, &basis, counted, by).await?,
            Known::Nothing => None,
        };
        let counted = match on {
            Some(counted) => counted,
            None => self.count(room, &basis).await?,
        };
        self.counts().set(room.id(), basis, counted.clone());
        Ok(counted)
    }

    /// All authors and everybody present, at most [`PEOPLE`]; those present first, then by name.
    pub(super) async fn people(&self, room: &Room) -> Answer<Vec<words::Person>> {
        let linked = room.status().peers.into_iter().map(|peer| peer.author);
        let known = linked.filter(|author| !is_out(room, author) && !is_strange(room, author));
        let here: BTreeSet<AuthorId> = known.map(|author| room.person(&author)).collect();
        let mut last: BTreeMap<AuthorId, u64> = BTreeMap::new();
        let (mut own, held) = (0, room.status().peers);
        for (author, head) in room.entries().heads().await? {
            own = if author == room.author() { head.seq + 1 } else { own };
            let last_ms = last.entry(room.person(&author)).or_default();
            *last_ms = head.time.ms().max(*last_ms);
        }
        let me = room.me();
        let members = room.members().into_iter().map(|member| room.person(&member.author));
        let everybody: BTreeSet<AuthorId> =
            here.iter().chain(last.keys()).chain([&me]).copied().chain(members).collect();
        let hidden = self.hidden().of(&company(room));
        let verified = self.verified().of(&company(room));
        let mut people: Vec<_> = everybody
            .iter()
            .map(|author| words::Person {
                author: author_hex(author),
                nick: nick(room, author),
                here: *author == me || here.contains(author),
                me: *author == me,
                last_ms: last.get(author).copied().unwrap_or(0),
                hidden: hidden.contains(&author_hex(author)),
                verified: verified.contains(&author_hex(author)),
                role: role_of(room, author),
                ..keeping(room, &held, author, own)
            })
            .collect();
        people
            .sort_by(|one, other| (!one.here, &one.nick, &one.author).cmp(&(!other.here, &other.nick, &other.author)));
        people.truncate(PEOPLE);
        Ok(people)
    }

    /// Messages, each with the message it answers and, for ours, how many others have it.
    pub(super) async fn messages(&self, room: &Room, messages: Vec<Message>) -> Vec<words::Message> {
        let mut shaped = Vec::with_capacity(messages.len());
        for message in messages {
            shaped.push(self.message(room, message).await);
        }
        shaped
    }

    /// One message. Anything about it that cannot be read is left out.
    pub(super) async fn message(&self, room: &Room, message: Message) -> words::Message {
        let (key, author) = (message.place.author, room.person(&message.place.author));
        let mine = author == room.me();
        let (kind, mut text, gone) = told(room, &message.what);
        let lost = gone == Some(Gone::Missing) && room.is_lost(&message.target());
        let gone = if lost { Some(Gone::Unkept) } else { gone };
        let company = company(room);
        let hides = |author: &AuthorId| self.hidden().has(&company, &person_hex(room, author));
        let folded = if hides(&author) { None } else { self.folded(room, &message).await };
        let hidden = hides(&author) || folded.is_some();
        let names_me = !mine && !hidden && names_me(room, &message, &room.nick(&room.me()));
        let verified = !mine && self.verified().has(&company, &author_hex(&author));
        let held = is_held(room, &message);
        let deed = if let What::Act(says) = &message.what { deed(says, |author| named(room, author)) } else { None };
        let act = words::act(&text).filter(|_| kind == Kind::Text).map(str::to_owned);
        let action = act.is_some();
        text = act.unwrap_or(text);
        let file = match &message.what {
            What::File(file) => Some(shape_file(room, message.target(), file).await),
            _ => None,
        };
        let (reply_to, mentions) = match message.what {
            What::Text(ref text) => (text.reply_to, text.mentions.clone()),
            What::File(ref file) => (file.reply_to, Vec::new()),
            _ => (None, Vec::new()),
        };
        let from = match &message.what {
            What::Imported(said) => Some(elsewhere(said)),
            _ => None,
        };
        let has = holders(room, &message, mine && matches!(kind, Kind::Text | Kind::File)).await;
        let reply_to = match reply_to {
            Some(target) if hides(&target.author) => Some(unsaid(room, target)),
            Some(target) => Some(quote(room, target).await),
            None => None,
        };
        let reactions = if gone.is_none() { reactions(room, &message, hides) } else { Vec::new() };
        words::Message {
            r#ref: reference(message.target()),
            place: place_text(&message.place),
            author: author_hex(&author),
            device: (key != author).then(|| author_hex(&key)),
            nick: who(room, &author, kind),
            before: if kind == Kind::Nick { room.named_before(message.place).await.ok().flatten() } else { None },
            time_ms: message.place.time.ms(),
            mine,
            kind,
            reply_to,
            names_me,
            blocks: if kind == Kind::Text { blocks(&text) } else { Vec::new() },
            text,
            action,
            hidden,
            folded,
            verified,
            held,
            from,
            mentions: mentions.iter().map(|author| person_hex(room, author)).collect(),
            edited: message.edited && gone.is_none(),
            gone,
            reactions,
            holders: has.as_ref().map(|has| has.received.len() as u64),
            acknowledged: has.as_ref().map(|has| has.acknowledged.len() as u64),
            file,
            deed,
            id: words::EntryHex(message.id.to_string()),
        }
    }
}

impl Api {
    /// Counts the messages of others behind the marker, the first [`UNREAD`] at most, and those among them that mention me.
    async fn count(&self, room: &Room, basis: &Basis) -> Result<Counted, Error> {
        let upto = basis.read.as_ref().and_then(|mark| place(mark.as_str()).ok());
        let Page { messages, more: many } = room.messages_after(upto, UNREAD).await?;
        let mut counted = Counted { upto, many, ..Counted::default() };
        self.add(&mut counted, room, basis, &messages).await;
        Ok(counted)
    }

    /// Continues a count when `by` entries have come and each of them is a message after the counted ones.
    async fn count_on(
        &self,
        room: &Room,
        basis: &Basis,
        mut counted: Counted,
        by: u64,
    ) -> Result<Option<Counted>, Error> {
        if counted.many {
            return Ok(Some(counted));
        }
        let Page { messages, more } = room.messages_after(counted.upto, UNREAD).await?;
        if more || messages.len() as u64 != by {
            return Ok(None);
        }
        self.add(&mut counted, room, basis, &messages).await;
        Ok(Some(counted))
    }

    /// Adds messages to the counts. Messages that are hidden or held back are not counted, just like mine.
    async fn add(&self, counted: &mut Counted, room: &Room, basis: &Basis, messages: &[Message]) {
        for message in messages {
            let author = room.person(&message.place.author);
            counted.upto = Some(message.place);
            if author != room.me()
                && is_said(message)
                && !basis.hidden.contains(&author_hex(&author))
                && self.folded(room, message).await.is_none()
            {
                counted.unread += 1;
                counted.mentions += u64::from(names_me(room, message, &basis.nick));
            }
        }
    }
}

/// The reactions to a message, without those of people that we hide; each person once, on whichever device it reacted.
fn reactions(room: &Room, message: &Message, hides: impl Fn(&AuthorId) -> bool) -> Vec<words::Reaction> {
    let shaped = message.reactions.iter().filter_map(|(sign, by)| {
        let by: BTreeSet<AuthorId> = by.iter().map(|author| room.person(author)).collect();
        let authors: Vec<_> = by.iter().filter(|author| !hides(author)).map(author_hex).collect();
        let mine = by.contains(&room.me());
        (!authors.is_empty()).then(|| words::Reaction { sign: sign.clone(), authors, mine })
    });
    shaped.collect()
}

/// Who else has a message, if it is one of ours that is followed.
async fn holders(room: &Room, message: &Message, follows: bool) -> Option<Holders> {
    if follows { room.holders(message.target()).await.ok() } else { None }
}

/// Why the node stopped a room, as the end of a sentence.
fn stopped(why: &Error) -> String {
    match why {
        Error::Stopped { why } => why.clone(),
        why => why.to_string(),
    }
}

/// Whether the cause is damage that a repair has to remove.
fn is_damage(why: &Error) -> bool {
    matches!(why, Error::Damaged { .. } | Error::Store(StoreError::Corrupt { .. }))
}

/// The content of a message, as its author wrote it: every interface makes it safe for its own display.
fn told(room: &Room, what: &What) -> (Kind, String, Option<Gone>) {
    match what {
        What::Text(text) => (Kind::Text, text.text.clone(), None),
        What::Nick(nick) => (Kind::Nick, nick.clone(), None),
        What::Topic(topic) => (Kind::Topic, topic.clone(), None),
        What::File(file) => (Kind::File, safe_name(&file.name), None),
        What::Founded(name) if name.is_empty() => (Kind::Founded, room.name(), None),
        What::Founded(name) => (Kind::Founded, name.clone(), None),
        What::Act(says) => (Kind::Act, deed_text(says, |author| named(room, author)), None),
        What::Retracted => (Kind::Gone, String::new(), Some(Gone::Retracted)),
        What::Imported(said) => (Kind::Text, said.text.clone(), None),
        What::Expired => (Kind::Gone, String::new(), Some(Gone::Expired)),
        What::Missing => (Kind::Gone, String::new(), Some(Gone::Missing)),
        What::Locked => (Kind::Gone, String::new(), Some(Gone::Locked)),
        What::Damaged => (Kind::Gone, String::new(), Some(Gone::Damaged)),
    }
}

/// The name an author is shown by; for a message that sets a new name, the short form of the author's key.
fn who(room: &Room, author: &AuthorId, kind: Kind) -> String {
    if kind == Kind::Nick { author.short() } else { nick(room, author) }
}

/// The peers that a joined room looks for, on the LAN too if that is on, as long as no entry has come from any.
async fn seeking(room: &Room, lan: bool) -> Option<words::Seeking> {
    let others = |heads: Vec<(AuthorId, _)>| heads.iter().any(|(author, _)| *author != room.author());
    if !room.name().is_empty() || room.entries().heads().await.ok().is_none_or(others) {
        return None;
    }
    let (peers, since_ms) = room.sought();
    let shaped = peers.into_iter().map(|Sought { peer, sockets, relay, tries, why }| words::Sought {
        peer: PeerHex(peer.to_string()),
        routes: sockets.iter().map(ToString::to_string).chain(relay).collect(),
        tries,
        why,
    });
    Some(words::Seeking { since_ms, lan, peers: shaped.collect() })
}

/// Whether a message is new to read here; imported messages, which were said elsewhere long before, are not.
fn is_said(message: &Message) -> bool {
    match &message.what {
        What::Text(_) | What::File(_) => true,
        What::Imported(said) => elsewhere(said).is_handed_on(message.place.time.ms()),
        _ => false,
    }
}

fn elsewhere(said: &Imported) -> words::Elsewhere {
    words::Elsewhere { name: said.name.clone(), source: said.source.clone(), time_ms: said.time_ms }
}

/// Whether a message mentions me: by a key of mine, or by my nick in its text.
fn names_me(room: &Room, message: &Message, nick: &str) -> bool {
    is_said(message)
        && match &message.what {
            What::Text(text) => text.mentions.iter().any(|who| room.is_mine(who)) || calls(&text.text, nick),
            What::Imported(said) => calls(&said.text, nick),
            _ => false,
        }
}

/// Whether a text contains somebody's name as a separate word, in any case and spelling.
pub(super) fn calls(text: &str, nick: &str) -> bool {
    let (text, nick) = (text.to_lowercase(), nick.to_lowercase());
    let alone = |char: Option<char>| char.is_none_or(|char| !char.is_alphanumeric());
    !nick.is_empty()
        && text
            .match_indices(&nick)
            .any(|(at, _)| alone(text[..at].chars().next_back()) && alone(text[at + nick.len()..].chars().next()))
}

/// The message that a reply answers, as far as it is held.
async fn quote(room: &Room, target: Target) -> words::Reply {
    let text = match room.message(target).await.ok().flatten().map(|message| message.what) {
        Some(What::Text(text)) => words::act(&text.text).unwrap_or(&text.text).chars().take(QUOTED_CHARS).collect(),
        Some(What::File(file)) => safe_name(&file.name),
        Some(What::Imported(said)) => said.text.chars().take(QUOTED_CHARS).collect(),
        _ => String::new(),
    };
    words::Reply { text, ..unsaid(room, target) }
}

/// The same without its text.
fn unsaid(room: &Room, target: Target) -> words::Reply {
    words::Reply { r#ref: reference(target), nick: nick(room, &target.author), text: String::new() }
}

/// The full shares of a room, at most 32, those that dropped most first.
///
/// # Errors
/// When the room cannot be read.
pub async fn shares(room: &Room) -> Result<Vec<words::Share>, rumormill_node::Error> {
    let share_bytes = room.retention().share.unwrap_or(SHARE_BYTES);
    let mut shares = room.shares().await?;
    shares.sort_by_key(|share| std::cmp::Reverse(share.let_go));
    let told = shares.into_iter().take(SHARES).map(|share| words::Share {
        author: person_hex(room, &share.author),
        nick: nick(room, &share.author),
        share_bytes,
        bytes: share.bytes,
        let_go: share.let_go,
        until_ms: share.newest.ms(),
    });
    Ok(told.collect())
}

/// What a connected keeper holds of `own` entries of ours, and how much it stores.
fn keeping(room: &Room, linked: &[PeerStatus], author: &AuthorId, own: u64) -> words::Person {
    let keeper = linked.iter().find(|peer| peer.author == *author && room.is_keeper(author));
    words::Person {
        lacks: keeper.map(|peer| own.saturating_sub(peer.holds)),
        stock: stocks(linked, author).map(shape_stock),
        ..words::Person::default()
    }
}

/// How much a connected keeper stores, as it says.
pub(super) fn stocks(linked: &[PeerStatus], author: &AuthorId) -> Option<Stock> {
    linked.iter().find(|peer| peer.author == *author)?.stock
}

/// How much a keeper stores.
pub(super) fn shape_stock(stock: Stock) -> words::Stock {
    let full = stock.is_full();
    let Stock { message_bytes, message_limit, since_ms, file_bytes, file_limit, files_left_out } = stock;
    words::Stock { message_bytes, message_limit, since_ms, file_bytes, file_limit, files_left_out, full }
}

fn shape_keep(keep: Keep) -> words::Keep {
    let Keep { age_ms, entries, bytes, files: KeepFiles { age_ms: file_age_ms, count, bytes: file_bytes }, share } =
        keep;
    let files = words::KeepFiles { age_ms: file_age_ms, count, bytes: file_bytes };
    words::Keep { age_ms, entries, bytes, files, share }
}

async fn shape_file(room: &Room, target: Target, file: &File) -> words::File {
    let (state, have) = room.file_state(file);
    let File { hash, size, name, mime, .. } = file;
    let pixels = match state {
        FileState::Here if PICTURES.contains(&mime.as_str()) => pixels(room, target).await,
        _ => None,
    };
    let hash = words::FileHex(hash.to_string());
    let state = shape_state(state);
    words::File { hash, name: safe_name(name), mime: mime.clone(), size: *size, state, have, pixels }
}

/// The width and height in the header of a picture.
async fn pixels(room: &Room, target: Target) -> Option<[u32; 2]> {
    let mut fetch = room.fetch(target).await.ok()?;
    let end = fetch.file().size.min(PICTURE_BYTES);
    let mut begin = Vec::new();
    while (begin.len() as u64) < end {
        let piece = fetch.read(begin.len() as u64, end).await.ok()?;
        if piece.is_empty() {
            break;
        }
        begin.extend_from_slice(&piece);
    }
    let size = imagesize::blob_size(&begin).ok()?;
    Some([u32::try_from(size.width).ok()?, u32::try_from(size.height).ok()?])
}

/// Converts the state of a file.
pub(super) fn shape_state(state: FileState) -> words::FileState {
    match state {
        FileState::Absent => words::FileState::Absent,
        FileState::Asking => words::FileState::Asking,
        FileState::Fetching => words::FileState::Fetching,
        FileState::Waiting => words::FileState::Waiting,
        FileState::Here => words::FileState::Here,
    }
}

pub(super) fn shape_path(path: Path) -> words::Path {
    match path {
        Path::Direct => words::Path::Direct,
        Path::Relayed => words::Path::Relayed,
    }
}

pub(super) fn shape_peer(room: &Room, peer: &PeerStatus) -> words::Peer {
    words::Peer {
        peer: PeerHex(peer.peer.to_string()),
        author: person_hex(room, &peer.author),
        nick: nick(room, &peer.author),
        path: shape_path(peer.path),
        rtt_ms: Some(u64::from(peer.rtt_ms)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_counts_as_a_separate_word_only() {
        let cases = [
            ("ada: pizza?", "ada", true),
            ("@Ada, look", "ada", true),
            ("adamant", "ada", false),
            ("canada", "ada", false),
            ("thanks ada", "ada", true),
            ("nobody", "", false),
            ("hi Jörg!", "jörg", true),
        ];
        for (text, nick, called) in cases {
            assert_eq!(calls(text, nick), called, "{nick} in {text}");
        }
    }
}
