//! Carries out a typed line: sends a text, or runs an order.

use rumormill_api::{
    ACT, Attention, AuthorHex, Enter, EntryRef, Holders, Kind, MENTIONS, Message, NearbyRoom, NewReport,
    Order as ApiOrder, Person, Refused, Room, Say, Whois, codes,
};
use rumormill_text::{Named, choose, clean, clean_name, counts, holds_ticket, limits::NICK_CHARS, show::thousands};

use super::{
    ask::{Ask, OfRoom},
    files, governing,
    input::Effect,
    model::{Aim, Mode, Model, NoteKind, Open, Question, Unread},
    orders::{Order, Said, read, typed},
    panels::{self, last_word, way},
    private::{addressed, requested},
    rooms,
    rows::title,
    rules, scroll, settings, tickets,
};

/// Takes the line that was typed.
pub(super) fn enter(model: &mut Model, out: &mut Vec<Effect>) {
    let said = read(model.line.text());
    if said == Said::Nothing {
        return;
    }
    let line = model.line.take();
    model.panel = None;
    model.typed.add(line.clone());
    out.push(Effect::Remember(line));
    match said {
        Said::Nothing => {}
        Said::Text(text) => speak(model, text, out),
        Said::Order(order) => carry_out(model, order, out),
        Said::Unknown(word) => match governing::elsewhere(&word) {
            Some(what) => model.told(what.to_owned()),
            None => model.fail("order", &format!("there is no order /{}", clean(&word)), "/help lists all"),
        },
    }
}

/// Sends the typed text, or replaces the text of the message that is being edited.
fn speak(model: &mut Model, text: String, out: &mut Vec<Effect>) {
    match model.open.as_mut().and_then(|open| open.aim.take()) {
        Some(Aim::Edit(entry)) => {
            deselect(model);
            of_room(model, OfRoom::Edit(entry, text), out);
        }
        Some(Aim::Reply(entry)) => say(model, text, Some(entry), out),
        None => say(model, text, None, out),
    }
}

/// Sends a text to the open room.
pub(super) fn say(model: &mut Model, text: String, reply_to: Option<EntryRef>, out: &mut Vec<Effect>) {
    let Named { authors, unclear } = model.open.as_ref().map(|open| named(open, &text)).unwrap_or_default();
    let mentions = authors.into_iter().take(MENTIONS).collect();
    deselect(model);
    if let Some(open) = &mut model.open {
        open.unread = Unread::Passed;
    }
    of_room(model, OfRoom::Say(Say { text, reply_to, mentions }), out);
    scroll::to_end(model, out);
    unclear.into_iter().for_each(|what| model.told(what));
}

/// The other people whom a text mentions.
fn named(open: &Open, text: &str) -> Named {
    open.names.named(open.people.values().filter(|person| !person.me).map(|person| &person.author), text)
}

/// Makes a request about the open room.
fn of_room(model: &mut Model, ask: OfRoom, out: &mut Vec<Effect>) {
    match &model.open {
        Some(open) => out.push(Effect::Ask(Ask::Of(open.room.clone(), ask))),
        None => model.no_room(),
    }
}

/// The name in `/new NAME [--open]`, and whether the room is to be open.
fn named_new(rest: &str) -> (&str, bool) {
    match rest.strip_suffix("--open") {
        Some(name) if name.is_empty() || name.ends_with(' ') => (name.trim(), true),
        _ => (rest, false),
    }
}

/// Talks privately with people of the open room.
fn message(model: &mut Model, rest: &str, out: &mut Vec<Effect>) {
    let (people, words) = addressed(rest);
    match &model.open {
        _ if people.is_empty() => model.fail("usage", "whom?", "/msg NAME TEXT; /names lists everybody"),
        Some(open) => out.push(Effect::Ask(Ask::Private(open.room.clone(), people, words.to_owned()))),
        None => model.no_room(),
    }
}

/// Lists the private rooms that others ask us into, enters one or declines it.
fn requests(model: &mut Model, rest: &str, out: &mut Vec<Effect>) {
    match requested(rest) {
        Some(requested) => out.push(Effect::Ask(Ask::Requests(requested))),
        None => model.fail("usage", "which request?", "/requests, /requests open NAME, /requests decline NAME"),
    }
}

fn carry_out(model: &mut Model, order: Order, out: &mut Vec<Effect>) {
    match order {
        Order::Help(all) if all == "all" => panels::help_all(model),
        Order::Help(_) => panels::help(model),
        Order::Unread => mark_unread(model, out),
        Order::Mute => attend(model, |room| Attention { muted: Some(!room.muted), pinned: None }, out),
        Order::Pin => attend(model, |room| Attention { pinned: Some(!room.pinned), muted: None }, out),
        Order::New(rest) => match named_new(&rest) {
            ("", _) => model.fail("usage", "a room needs a name", "/new NAME, or /new NAME --open"),
            (name, open) => out.push(Effect::Ask(Ask::Enter(Enter::Founded { name: name.into(), open }))),
        },
        Order::Join(what) => join(model, what, out),
        Order::Announce(on) => match on.as_str() {
            "on" | "" => of_room(model, OfRoom::Announce(true), out),
            "off" => of_room(model, OfRoom::Announce(false), out),
            _ => model.fail("usage", "on or off?", "/announce on, /announce off"),
        },
        Order::Leave => match &model.open {
            Some(open) => model.mode = Mode::Question(Question::Leave(open.room.clone())),
            None => model.no_room(),
        },
        Order::Nick(nick) if nick.is_empty() => model.fail("usage", "by which name?", "/nick NAME"),
        Order::Nick(nick) => of_room(model, OfRoom::Nick(nick), out),
        Order::Me(text) if text.is_empty() => model.fail("usage", "what do you do?", "/me TEXT"),
        Order::Me(text) => speak(model, format!("{ACT}{text}"), out),
        Order::Names => panels::names(model),
        Order::Keepers => of_room(model, OfRoom::Keepers, out),
        Order::Whois(name) => whois(model, &name, out),
        Order::Verify(rest) => verify(model, &rest, out),
        Order::Hide(name) => hide(model, &name, out),
        Order::Msg(rest) => message(model, &rest, out),
        Order::Requests(rest) => requests(model, &rest, out),
        Order::Topic(topic) if topic.is_empty() => topic_told(model),
        Order::Topic(topic) => of_room(model, OfRoom::Topic(topic), out),
        Order::Search(words) => search(model, &words, out),
        Order::Seen => match target(model, |message| message.mine) {
            Some(message) => of_room(model, OfRoom::Holders(message.r#ref), out),
            None => no_target(model, "/seen", "you have said nothing here lately"),
        },
        Order::Ticket(whom) => tickets::asked(model, &whom).into_iter().for_each(|ask| of_room(model, ask, out)),
        Order::Qr => of_room(model, OfRoom::Picture, out),
        Order::Peers => panels::peers(model),
        Order::Digest => digest(model),
        Order::Reply(text) => reply(model, text, out),
        Order::Edit(text) => edit(model, text, out),
        Order::Delete => match own_target(model) {
            Some(message) => of_room(model, OfRoom::Retract(message.r#ref), out),
            None => no_target(model, "/delete", "that is not yours to take back"),
        },
        Order::React(sign) => react(model, sign, out),
        Order::File(path) => files::offer(model, &path, out),
        Order::Get(which) => files::get(model, &which, out),
        Order::Set(what) => set(model, &what, out),
        Order::Quit => out.push(Effect::Quit),
        order => govern(model, order, out),
    }
}

/// Carries out an order of closed rooms.
fn govern(model: &mut Model, order: Order, out: &mut Vec<Effect>) {
    match order {
        Order::Kick(name) => {
            let Some(who) = person_meant(model, &name, "/kick NAME") else { return };
            governing::ask_first(model, ApiOrder::Remove { who, hide: false }, out);
        }
        Order::Dismiss(name) => {
            let Some(who) = person_meant(model, &name, "/dismiss NAME") else { return };
            governing::ask_first(model, ApiOrder::Dismiss { who }, out);
        }
        Order::Appoint(rest) => {
            let (name, role) = governing::appointed(&rest);
            let Some(who) = person_meant(model, name, "/appoint NAME, or /appoint NAME co-owner") else { return };
            governing::give(model, ApiOrder::Appoint { who, role }, out);
        }
        Order::StepDown(name) => governing::step_down(model, &name, person_meant, out),
        Order::Close(rest) => governing::close(model, &rest, person_meant, out),
        Order::Rules(words) => rules::rules(model, &words, out),
        Order::Held => of_room(model, OfRoom::Held, out),
        Order::Through(name) => {
            let Some(who) = person_meant(model, &name, "/through NAME; /held lists what is held") else { return };
            governing::give(model, ApiOrder::LetThrough { who }, out);
        }
        Order::Report(words) => match target(model, |message| !message.mine) {
            Some(Message { r#ref: message, .. }) => of_room(model, OfRoom::Report(NewReport { message, words }), out),
            None => no_target(model, "/report WORDS", "there is nothing to report"),
        },
        Order::Reports => of_room(model, OfRoom::Reports, out),
        _ => {}
    }
}

/// The selected message, or the newest text that `fits`.
pub(super) fn target(model: &Model, fits: impl Fn(&Message) -> bool) -> Option<Message> {
    let open = model.open.as_ref()?;
    match &open.selected {
        Some(place) => open.timeline.at(place).cloned(),
        None => {
            let fits = |message: &&Message| is_said(message.kind) && !message.hidden && fits(message);
            open.timeline.messages().rev().find(fits).cloned()
        }
    }
}

/// The selected message if it is mine, or my newest.
pub(super) fn own_target(model: &Model) -> Option<Message> {
    let room = model.room()?;
    target(model, |message| room.wrote(message)).filter(|message| room.wrote(message) && is_said(message.kind))
}

/// Whether people write messages of this kind, and can take them back.
fn is_said(kind: Kind) -> bool {
    matches!(kind, Kind::Text | Kind::File)
}

fn no_target(model: &mut Model, order: &str, what: &str) {
    model.fail("message", what, &format!("Alt+Up selects a message, then {order}"));
}

/// Starts a reply to the selected message, or to the last one of somebody else; sends `text` if there is one.
pub(super) fn reply(model: &mut Model, text: String, out: &mut Vec<Effect>) {
    match (target(model, |message| !message.mine), text.is_empty()) {
        (None, _) => no_target(model, "/reply", "there is nothing to reply to"),
        (Some(message), true) => aim(model, Aim::Reply(message.r#ref)),
        (Some(message), false) => say(model, text, Some(message.r#ref), out),
    }
}

/// Starts an edit of my selected message, or of my last one; replaces its text by `text` if there is one.
pub(super) fn edit(model: &mut Model, text: String, out: &mut Vec<Effect>) {
    match (own_target(model).filter(|message| message.kind == Kind::Text), text.is_empty()) {
        (None, _) => no_target(model, "/edit", "that is not yours to edit"),
        (Some(message), true) => {
            model.line.set(&typed(&message.source()));
            aim(model, Aim::Edit(message.r#ref));
        }
        (Some(message), false) => {
            deselect(model);
            of_room(model, OfRoom::Edit(message.r#ref, text), out);
        }
    }
}

/// Ends the selection: the next typed line is not about that message.
fn deselect(model: &mut Model) {
    if let Some(open) = &mut model.open {
        open.selected = None;
    }
}

fn aim(model: &mut Model, aim: Aim) {
    if let Some(open) = &mut model.open {
        open.aim = Some(aim);
    }
}

fn react(model: &mut Model, sign: String, out: &mut Vec<Effect>) {
    let Some(message) = target(model, |message| !message.mine).filter(|_| !sign.is_empty()) else {
        return model.fail("usage", "which sign, under which message?", "Alt+Up selects a message, then /react SIGN");
    };
    let mine = message.reactions.iter().any(|reaction| reaction.mine && reaction.sign == sign);
    let ask = if mine { OfRoom::Unreact(message.r#ref, sign) } else { OfRoom::React(message.r#ref, sign) };
    deselect(model);
    of_room(model, ask, out);
}

/// Marks the selected message, or the last one of somebody else, and everything below it as unread.
pub(super) fn mark_unread(model: &mut Model, out: &mut Vec<Effect>) {
    let Some(message) = target(model, |message| !message.mine) else {
        return no_target(model, "/unread", "there is nothing to mark as unread");
    };
    if let Some(open) = &mut model.open {
        (open.unread, open.read, open.selected) = (Unread::Stays, None, None);
        open.timeline.seen();
        open.timeline.mark(&message.place);
    }
    of_room(model, OfRoom::Unread(message.r#ref), out);
    model.told("unread from here on, in every window, until you come back or say something");
}

/// Mutes or pins the open room, or undoes that.
fn attend(model: &mut Model, change: fn(&Room) -> Attention, out: &mut Vec<Effect>) {
    match model.room().map(change) {
        Some(attention) => of_room(model, OfRoom::Attention(attention), out),
        None => model.no_room(),
    }
}

/// Reports that a room was muted, pinned, or neither. Requests the list of rooms again, since pinned rooms come first.
pub(super) fn tell_attention(model: &mut Model, attention: Attention, out: &mut Vec<Effect>) {
    attended(attention).for_each(|what| model.told(what));
    out.push(Effect::Ask(Ask::Rooms));
}

/// Says how much attention a room is given from now on.
pub(super) fn attended(attention: Attention) -> impl Iterator<Item = &'static str> {
    let muted = attention.muted.map(|muted| match muted {
        true => "muted: nothing said here rings or notifies you; /mute undoes it",
        false => "no longer muted",
    });
    let pinned = attention.pinned.map(|pinned| match pinned {
        true => "pinned: this room stands first; /pin undoes it",
        false => "no longer pinned",
    });
    muted.into_iter().chain(pinned)
}

/// Joins with a ticket, wherever in the pasted text it stands, or opens a room of the list.
fn join(model: &mut Model, what: String, out: &mut Vec<Effect>) {
    match here(model, &what) {
        Ok(at) => rooms::open(model, at, out),
        Err(unclear) if unclear.is(codes::SEVERAL) => model.fail("room", &unclear.what, &unclear.help),
        Err(_) if holds_ticket(&what) => out.push(Effect::Ask(Ask::Enter(Enter::Invited { ticket: what }))),
        Err(_) => {
            model.tell(NoteKind::Outcome, "looking for rooms on this LAN");
            out.push(Effect::Ask(Ask::Nearby(Some(what).filter(|name| !name.is_empty()))));
        }
    }
}

/// The position of the named room: by its shown name, its id, or its number, since several rooms may have the same
/// name.
fn here(model: &Model, what: &str) -> Result<usize, Refused> {
    let rooms: Vec<(String, String)> =
        model.rooms.iter().map(|room| (title(room).to_lowercase(), room.id.to_string())).collect();
    let number = what.parse().ok().and_then(|number: usize| number.checked_sub(1)).filter(|at| *at < rooms.len());
    choose(&rooms, Some(&what.to_lowercase())).or_else(|failure| match number {
        Some(at) if !failure.is(codes::SEVERAL) => Ok(at),
        _ => Err(failure),
    })
}

/// Joins the room with this name that is announced on the LAN, or lists all.
pub(super) fn nearby(model: &mut Model, name: Option<&str>, rooms: &[NearbyRoom], out: &mut Vec<Effect>) {
    let Some(name) = name.map(|name| clean_name(name, NICK_CHARS)) else { return panels::nearby(model, rooms) };
    match rooms {
        [] => model.fail(
            "room",
            &format!("there is no room \"{name}\" here or on this LAN"),
            "/join TICKET enters one that somebody let you into, /new NAME begins one",
        ),
        [room, rest @ ..] if rest.iter().all(|other| other.id == room.id) => {
            out.push(Effect::Ask(Ask::Enter(Enter::Invited { ticket: room.ticket.clone() })));
        }
        _ => model.fail("room", &format!("several rooms on this LAN are called \"{name}\""), "ask for a ticket"),
    }
}

/// Searches the messages.
pub(super) fn search(model: &mut Model, words: &str, out: &mut Vec<Effect>) {
    if model.open.is_none() {
        return model.no_room();
    }
    let mut search = super::model::Search::default();
    search.words.set(words);
    model.mode = Mode::Search(search);
    if !words.is_empty() {
        of_room(model, OfRoom::Search(words.to_owned()), out);
    }
}

/// The author that a name means. Shows an error when there is none, or there may be several.
fn meant(model: &mut Model, name: &str) -> Option<AuthorHex> {
    let Some(open) = &model.open else {
        model.no_room();
        return None;
    };
    let chosen = open.names.choose(name);
    chosen.map_err(|Refused { code, what, help }| model.fail(&code, &what, &help)).ok()
}

fn whois(model: &mut Model, name: &str, out: &mut Vec<Effect>) {
    if let Some(author) = meant(model, name) {
        of_room(model, OfRoom::Whois(author), out);
    }
}

/// The author that a name means; shows how the order is used if there is none.
fn person_meant(model: &mut Model, name: &str, help: &str) -> Option<String> {
    if name.is_empty() {
        model.fail("usage", "whom?", help);
        return None;
    }
    meant(model, name).map(|author| author.as_str().to_owned())
}

/// Shows the safety number with somebody; `NAME yes` remembers that it was compared, `NAME no` takes that back.
fn verify(model: &mut Model, rest: &str, out: &mut Vec<Effect>) {
    let (name, verified) = compared(rest);
    let Some(author) = person_meant(model, name, "/verify NAME; /names lists everybody") else { return };
    let author = AuthorHex(author);
    of_room(model, verified.map_or(OfRoom::Safety(author.clone()), |yes| OfRoom::Verify(author, yes)), out);
}

/// The name in `/verify NAME [yes|no]`, and what was said of the number.
pub(crate) fn compared(rest: &str) -> (&str, Option<bool>) {
    match rest.rsplit_once(' ') {
        Some((name, "yes")) => (name.trim(), Some(true)),
        Some((name, "no")) => (name.trim(), Some(false)),
        _ => (rest, None),
    }
}

/// The safety number with somebody, and what to do with it.
pub(crate) fn safety_told(name: &str, whois: &Whois) -> String {
    match (whois.person.me, whois.person.verified) {
        (true, _) => "that is yourself: verify somebody else".into(),
        (_, true) => format!("{}\nyou have compared this with {name}; /verify {name} no takes it back", whois.safety),
        _ => format!(
            "{}\ncompare it with {name} by voice or face to face; /verify {name} yes if theirs is the same",
            whois.safety
        ),
    }
}

/// Shows a safety number.
pub(super) fn tell_safety(model: &mut Model, whois: &Whois) {
    let Some(open) = &model.open else { return };
    let name = open.names.name(&whois.person.author, &whois.person.nick).whole();
    let told = safety_told(&name, whois);
    if whois.person.me || !panels::draw_safety(model, &name, (&told, &whois.safety)) {
        model.told(told);
    }
}

/// Reports that somebody is verified now, or no longer.
pub(super) fn tell_verified(model: &mut Model, author: &AuthorHex, verified: bool) {
    let Some(open) = &model.open else { return };
    let name = open.names.name(author, "").whole();
    model.told(verified_told(&name, verified));
}

/// That somebody is verified now, or no longer.
pub(crate) fn verified_told(name: &str, verified: bool) -> String {
    format!("{name} is {}", if verified { "verified, for this key alone" } else { "not verified" })
}

/// Hides somebody, or shows them again; without a name, hides the selected message for everybody.
fn hide(model: &mut Model, name: &str, out: &mut Vec<Effect>) {
    let selected = model.open.as_ref().and_then(|open| open.timeline.at(open.selected.as_ref()?));
    if let Some(message) = selected.filter(|_| name.is_empty()) {
        let order = ApiOrder::Hide { message: message.r#ref.clone() };
        deselect(model);
        return governing::give(model, order, out);
    }
    if name.is_empty() {
        return hidden_told(model);
    }
    let (name, everywhere) = hidden_where(name);
    let Some(author) = meant(model, name) else { return };
    let person = model.open.as_ref().and_then(|open| open.people.get(&author));
    let (me, hidden) = person.map_or((false, false), |person| (person.me, person.hidden));
    if me {
        return model.fail("name", "that is yourself", "/hide NAME hides somebody else");
    }
    let ask = match (everywhere, hidden) {
        (true, _) => OfRoom::HideEverywhere(author),
        (false, true) => OfRoom::Unhide(author),
        (false, false) => OfRoom::Hide(author),
    };
    of_room(model, ask, out);
}

/// The name in `/hide [everywhere] NAME`, and whether they are hidden in all rooms.
pub(crate) fn hidden_where(rest: &str) -> (&str, bool) {
    rest.strip_prefix("everywhere ").map_or((rest, false), |name| (name.trim(), true))
}

fn hidden_told(model: &mut Model) {
    let Some(open) = &model.open else { return model.no_room() };
    let hidden = open.people.values().filter(|person| person.hidden);
    let names: Vec<String> = hidden.map(|person| open.names.name(&person.author, &person.nick).whole()).collect();
    let text = match names.is_empty() {
        true => "nobody is hidden; /hide NAME hides somebody, and nobody else learns of it".into(),
        false => format!("hidden: {}\n/hide NAME shows one of them again", names.join(", ")),
    };
    model.told(text);
}

/// Reports that somebody is now hidden, or shown again.
pub(super) fn tell_hidden(model: &mut Model, author: &AuthorHex, hidden: bool) {
    let Some(open) = &mut model.open else { return };
    open.timeline.hide(author, hidden);
    open.typists.remove(author);
    let name = open.names.name(author, "").whole();
    model.told(match hidden {
        true => format!("{name} is hidden, for you alone; /hide {name} shows them again"),
        false => format!("{name} is shown again"),
    });
}

/// Shows what is known of somebody.
pub(super) fn tell_whois(model: &mut Model, whois: &Whois) {
    let Whois { person, since_ms, entries, last: _, peer, safety: _ } = whois;
    let Some(open) = &model.open else { return };
    let name = open.names.name(&person.author, &person.nick).whole();
    let way = match (person.me, peer) {
        (true, _) => "you".into(),
        (false, Some(peer)) => way(peer.path, peer.rtt_ms),
        (false, None) => "away".into(),
    };
    let mut text = format!("{name}: {way}; {}", last_word(model, person));
    let since = since_ms.map(|ms| format!("since {} {}, ", model.clock.day(ms), model.clock.minutes(ms)));
    let entries = format!("{} {}", thousands(*entries), if *entries == 1 { "entry" } else { "entries" });
    text.push_str(&format!("\n{}{entries}", since.unwrap_or_default()));
    if person.verified {
        text.push_str("; verified");
    }
    if person.hidden {
        text.push_str(&format!("; hidden, /hide {name} shows them"));
    }
    let id: String = person.author.as_str().chars().take(16).collect();
    text.push_str(&format!("\nauthor {id}…"));
    model.told(text);
}

fn topic_told(model: &mut Model) {
    let text = match model.room().map(|room| clean(&room.topic)) {
        Some(topic) if topic.is_empty() => "there is no topic; /topic TEXT sets one".into(),
        Some(topic) => format!("the topic: {topic}"),
        None => "no room is open".into(),
    };
    model.told(text);
}

fn digest(model: &mut Model) {
    match model.room() {
        Some(room) => {
            let digits: Vec<char> = room.digest.chars().filter(char::is_ascii_hexdigit).collect();
            let groups: Vec<String> = digits.chunks(4).map(|group| group.iter().collect()).collect();
            model.told(format!("{}\npeople with the same digest hold the same entries", groups.join(" ")));
        }
        None => model.no_room(),
    }
}

fn set(model: &mut Model, what: &str, out: &mut Vec<Effect>) {
    let (name, value) = what.split_once(char::is_whitespace).unwrap_or((what, ""));
    if name.is_empty() {
        return panels::settings(model);
    }
    match model.settings.set(name, value.trim()) {
        Some(value) => {
            model.told(format!("{name}: {value}"));
            if name == "mouse" {
                out.push(Effect::Mouse(model.settings.mouse));
            }
            out.push(Effect::Set(name.to_owned(), value));
        }
        None => match settings::values(name).as_slice() {
            [] => model.fail("usage", "there is no such setting", "/set lists them, /set NAME VALUE changes one"),
            values => {
                model.fail(
                    "usage",
                    &format!("{name} is one of {}", values.join(", ")),
                    &format!("/set {name} {}", values[0]),
                );
            }
        },
    }
}

/// Shows who has a message.
pub(super) fn tell_holders(model: &mut Model, held: &Holders) {
    let Holders { holders, acknowledged, of } = held;
    let Some(open) = &model.open else { return };
    let name = |person: &Person| open.names.name(&person.author, &person.nick).whole();
    let has: Vec<String> = holders.iter().map(name).collect();
    let lacks = open
        .people
        .values()
        .filter(|person| !person.me && counts(person, model.now_ms))
        .filter(|person| !holders.iter().any(|holder| holder.author == person.author));
    let lacks: Vec<String> = lacks.map(name).collect();
    let mut text = match has.is_empty() {
        true => "nobody else is known to have it yet".into(),
        false => format!("received by {} of {of}: {}", has.len(), has.join(", ")),
    };
    let proved = holders.iter().filter(|person| acknowledged.contains(&person.author));
    let proved: Vec<String> = proved.map(name).collect();
    if !proved.is_empty() {
        text.push_str(&format!("\nacknowledged by {}: {}", proved.len(), proved.join(", ")));
    }
    if !lacks.is_empty() {
        text.push_str(&format!("\nnot known of: {}", lacks.join(", ")));
    }
    model.told(text);
}
