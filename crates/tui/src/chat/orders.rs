//! What a person may type besides text: orders that begin with a slash.

use indicatif::ProgressBar;
use rumormill_api::{
    Attention, FileState, Holders, Kind, Message, NewTicket, Path, Person, Refused, Role, Room, act, codes, endpoints,
};
use rumormill_text::{
    clean, keepers, safe_name,
    show::{count, looked_for, received, shared},
};

use crate::{
    ask::at_home,
    carry::{attended, hidden_where},
    chat::{Chat, Next},
    failure::Failure,
    governing::elsewhere,
    limits::{GETTING, SCREENFUL},
    output::Output,
    tickets, transfer,
};

/// Every order, with what it does.
const ORDERS: [(&str, &str); 36] = [
    ("/reply TEXT", "answer the last message of somebody else; ^2 TEXT answers the one before it"),
    ("/react SIGN", "set a sign under it, or take it back; ^2 SIGN for the one before it"),
    ("/edit TEXT", "write your last message anew; ^2 TEXT the one before it"),
    ("/delete", "take your last message back; ^2 the one before it"),
    ("/file PATH", "send a file"),
    ("/get", "save the last file; ^2 the one before it"),
    ("/me TEXT", "say what you do"),
    ("/nick NAME", "be shown by this name"),
    ("/names", "who is in the room"),
    (
        "/hide NAME",
        "do not show you what they say, or show it again; everywhere NAME: in all rooms; ^2 hides a message for everybody",
    ),
    ("/verify NAME", "your safety number with somebody; NAME yes: theirs is the same; NAME no takes that back"),
    ("/msg NAME TEXT", "talk privately; NAME,NAME TEXT: with several, as a group"),
    ("/requests", "who asks you to talk privately; open NAME enters that room, decline NAME does not"),
    ("/kick NAME", "remove somebody from a closed room"),
    ("/appoint NAME", "make somebody a moderator; NAME co-owner: a co-owner"),
    ("/dismiss NAME", "end the role of somebody"),
    ("/step-down", "give up your own role; NAME: they may close this open room instead"),
    ("/close", "close an open room that you may close; without NAME,NAME: without them"),
    ("/rules", "the rules here, in an open room your own"),
    ("/held", "what newcomers said that is held"),
    ("/through NAME", "show what a newcomer says, which is held"),
    ("/report WORDS", "report the last message of somebody else to the moderators; ^2 WORDS the one before it"),
    ("/reports", "what was reported to you"),
    ("/mute", "let nothing said here ring or notify, or undo it"),
    ("/pin", "let this room stand first, or undo it"),
    ("/topic TEXT", "set the topic, or show it"),
    ("/search WORDS", "find what was said"),
    ("/unread", "mark the last message of somebody else as unread; ^2 the one before it"),
    ("/seen", "who has your last message"),
    ("/log", "the newest page of the timeline, everything in its place"),
    ("/peers", "who is here, and how they are reached"),
    ("/keepers", "the keepers of this room, and what each stores"),
    ("/ticket", "show the ticket, with which others join; /ticket keeper makes one for a keeper"),
    ("/digest", "a digest, equal for people who hold the same entries"),
    ("/help", "this"),
    ("/quit", "leave; the room is kept. A line that begins with // says / and the rest"),
];

/// A line that was typed.
#[derive(Debug, PartialEq, Eq)]
enum Typed<'a> {
    Nothing,
    Text(&'a str),
    Order(&'a str, &'a str),
    Unknown(&'a str),
}

fn read(line: &str) -> Typed<'_> {
    let Some(order) = line.strip_prefix('/') else {
        return if line.trim().is_empty() { Typed::Nothing } else { Typed::Text(line) };
    };
    if act(line).is_some() {
        return Typed::Text(line);
    }
    if order.starts_with('/') {
        return Typed::Text(order);
    }
    let (word, rest) = order.split_once(' ').unwrap_or((order, ""));
    let is_known = |(known, _): &(&str, &str)| known[1..].split(' ').next() == Some(word);
    match ORDERS.iter().any(is_known) && word != "me" {
        true => Typed::Order(word, rest.trim()),
        false => Typed::Unknown(word),
    }
}

/// Which message is meant, counted from the last one, and the text for it: `^2 words`.
fn counted(rest: &str) -> (usize, &str) {
    let number = |rest: &'_ str| rest.strip_prefix('^')?.split(' ').next()?.parse::<usize>().ok().filter(|up| *up > 0);
    match number(rest) {
        Some(up) => (up, rest.split_once(' ').map_or("", |(_, rest)| rest.trim())),
        None => (1, rest),
    }
}

/// Whether people write messages of this kind.
pub(super) fn is_said(message: &Message) -> bool {
    matches!(message.kind, Kind::Text | Kind::File)
}

pub(super) fn usage(what: &str, help: &str) -> Failure {
    Failure::Choice(Refused::new("usage", what, help))
}

impl Chat<'_> {
    /// Carries out a typed line. Shows what the room refuses; the person stays.
    pub(super) async fn take(&mut self, line: &str) -> Result<Next, Failure> {
        let done = match read(line) {
            Typed::Order("quit", _) => return Ok(Next::Leave),
            Typed::Nothing => Ok(()),
            Typed::Text(text) => self.say(text).await,
            Typed::Order(word, rest) => self.carry_out(word, rest).await,
            Typed::Unknown(word) => self.screen.talk(&match elsewhere(word) {
                Some(what) => what.to_owned(),
                None => format!("there is no order /{}; /help lists them", clean(word)),
            }),
        };
        match done {
            Err(failure @ (Failure::OutputClosed | Failure::Stopped(_))) => Err(failure),
            Err(failure) => self.screen.talk(&failure.to_string()).map(|()| Next::Stay),
            Ok(()) => Ok(Next::Stay),
        }
    }

    async fn carry_out(&mut self, word: &str, rest: &str) -> Result<(), Failure> {
        match word {
            "nick" => self.be_called(rest).await,
            "seen" => self.seen().await,
            "peers" => self.peers(),
            "names" => self.names(),
            "keepers" => self.keepers().await,
            "log" => self.log().await,
            "ticket" => self.ticket(rest).await,
            "digest" => self.digest().await,
            "topic" => self.topic(rest).await,
            "search" => self.search(rest).await,
            "hide" if rest.starts_with('^') => self.hide_message(counted(rest).0).await,
            "hide" => self.hide(rest).await,
            "verify" => self.verify(rest).await,
            "msg" => self.message(rest).await,
            "requests" => self.requests(rest).await,
            "kick" => self.kick(rest).await,
            "appoint" => self.appoint(rest).await,
            "dismiss" => self.dismiss(rest).await,
            "step-down" => self.step_down(rest).await,
            "close" => self.close_room(rest).await,
            "rules" => self.rules(rest).await,
            "held" => self.held().await,
            "report" => self.report(counted(rest)).await,
            "reports" => self.reports().await,
            "through" => self.through(rest).await,
            "file" => self.file(rest).await,
            "get" => self.get(counted(rest).0).await,
            "mute" => self.attend(|room| Attention { muted: Some(!room.muted), pinned: None }).await,
            "pin" => self.attend(|room| Attention { pinned: Some(!room.pinned), muted: None }).await,
            "unread" => self.unread(counted(rest).0).await,
            "help" => ORDERS.iter().try_for_each(|(order, what)| self.screen.talk(&format!("{order:<13} {what}"))),
            _ => self.about(word, counted(rest)).await,
        }
    }

    /// Carries out an order about a message.
    async fn about(&mut self, word: &str, (up, rest): (usize, &str)) -> Result<(), Failure> {
        let mine = matches!(word, "edit" | "delete");
        if rest.is_empty() && word != "delete" {
            return Err(usage(&format!("what is /{word} to say?"), "/help lists what follows each order"));
        }
        let fits = |message: &Message| if mine { self.room.wrote(message) } else { !message.mine };
        let message = self.target(up, |message| is_said(message) && fits(message)).await?;
        let (room, entry) = (self.ask(), &message.r#ref);
        match word {
            "reply" => {
                let said = room.reply(entry, rest).await?;
                self.follow(said);
            }
            "edit" => _ = room.edit(entry, rest).await?,
            "delete" => _ = room.retract(entry).await?,
            _ if message.reactions.iter().any(|reaction| reaction.mine && reaction.sign == rest) => {
                room.unreact(entry, rest).await?;
            }
            _ => _ = room.react(entry, rest).await?,
        }
        Ok(())
    }

    /// The newest messages, as many as fit on a screen, without those of hidden people.
    pub(super) async fn newest(&self) -> Result<Vec<Message>, Failure> {
        let page = self.ask().newest(SCREENFUL).await?;
        Ok(page.messages.into_iter().filter(|message| !message.hidden).collect())
    }

    /// The n-th newest message that fits, `up` = 1 being the newest.
    pub(super) async fn target(&self, up: usize, fits: impl Fn(&Message) -> bool) -> Result<Message, Failure> {
        let found = self.newest().await?.into_iter().rev().filter(|message| fits(message)).nth(up - 1);
        found.ok_or_else(|| {
            let help = "/log shows the newest messages; ^2 means the last but one";
            Failure::Choice(codes::MESSAGE.refuse("there is no such message on the newest page", help))
        })
    }

    fn names(&mut self) -> Result<(), Failure> {
        let standing = |person: &Person| match (person.me, person.hidden, person.here) {
            (true, ..) => "you",
            (_, true, _) => "hidden",
            (_, _, true) => "here",
            _ => "away",
        };
        let mut people: Vec<&Person> = self.people.values().collect();
        people.sort_by_key(|person| (!person.me, !person.here, std::cmp::Reverse(person.last_ms)));
        people.retain(|person| person.role != Some(Role::Removed));
        let name = |person: &&Person| {
            let role = person.role.map(|role| format!(", {}", role.word())).unwrap_or_default();
            let role = if person.verified { format!("{role}, verified") } else { role };
            format!("{}  {}{role}", self.names.name(&person.author, &person.nick).whole(), standing(person))
        };
        let lines: Vec<String> = people.iter().take(SCREENFUL).map(name).collect();
        lines.iter().try_for_each(|line| self.screen.talk(line))?;
        match people.len().saturating_sub(SCREENFUL) {
            0 => Ok(()),
            more => self.screen.talk(&format!("and {more} more")),
        }
    }

    async fn keepers(&mut self) -> Result<(), Failure> {
        let people = self.ask().people().await?;
        let (lines, advice) = keepers::keepers(people.iter(), &self.names, &self.clock);
        lines.iter().map(String::as_str).chain(advice).try_for_each(|line| self.screen.talk(line))
    }

    async fn topic(&mut self, topic: &str) -> Result<(), Failure> {
        if topic.is_empty() {
            let topic = match clean(&self.ask().status().await?.topic) {
                topic if topic.is_empty() => "there is no topic; /topic TEXT sets one".to_owned(),
                topic => format!("the topic: {topic}"),
            };
            return self.screen.talk(&topic);
        }
        self.ask().set_topic(topic).await?;
        Ok(())
    }

    async fn search(&mut self, words: &str) -> Result<(), Failure> {
        if words.is_empty() {
            return Err(usage("which words?", "/search WORDS"));
        }
        let found = self.ask().search(words, SCREENFUL).await?.messages;
        if found.is_empty() {
            return self.screen.talk("nothing found");
        }
        for message in found.iter().rev().filter(|message| !message.hidden) {
            let line = self.line(message);
            self.screen.data(&line)?;
        }
        Ok(())
    }

    async fn hide(&mut self, name: &str) -> Result<(), Failure> {
        if name.is_empty() {
            return Err(usage("whom?", "/hide NAME; /names lists everybody"));
        }
        let (name, everywhere) = hidden_where(name);
        let author = self.names.choose(name).map_err(Failure::Choice)?;
        let person = self.person(&author);
        if person.me {
            return Err(usage("that is yourself", "/hide NAME hides somebody else"));
        }
        let hides = everywhere || !person.hidden;
        match hides {
            true if everywhere => self.ask().hide_everywhere(author.as_str()).await?,
            true => self.ask().hide(author.as_str()).await?,
            false => self.ask().show(author.as_str()).await?,
        };
        self.person(&author).hidden = hides;
        let name = self.names.name(&author, "").whole();
        self.screen.talk(&match hides {
            true if everywhere => {
                format!("{name} is hidden in all your rooms, for you alone; /hide {name} shows them again")
            }
            true => format!("{name} is hidden, for you alone; /hide {name} shows them again"),
            false => format!("{name} is shown again"),
        })
    }

    /// Gives the room more or less attention.
    async fn attend(&mut self, change: fn(&Room) -> Attention) -> Result<(), Failure> {
        let (room, attention) = (self.room.id.clone(), change(&self.room));
        self.room = self.asks.call(&endpoints::SET_ATTENTION, &[room.as_str()], &[], &attention).await?;
        attended(attention).try_for_each(|told| self.screen.talk(told))
    }

    /// Marks a message as unread, and whatever is below it, until more is shown.
    async fn unread(&mut self, up: usize) -> Result<(), Failure> {
        let message = self.target(up, |message| !message.mine && is_said(message)).await?;
        // The marker can only be moved back from where it is.
        self.tell_read().await?;
        self.stays_unread = true;
        self.room = self.ask().mark_unread(&message.r#ref).await?;
        self.screen.talk("unread from here on, in every window, until you come back or say something")
    }

    async fn file(&mut self, path: &str) -> Result<(), Failure> {
        if path.is_empty() {
            return Err(usage("which file?", "/file PATH"));
        }
        let sent = transfer::send(self.asks, &self.room.id, &at_home(path), &ProgressBar::hidden()).await?;
        self.follow(sent);
        Ok(())
    }

    /// Fetches a file, which is saved when it is here.
    async fn get(&mut self, up: usize) -> Result<(), Failure> {
        let message = self.target(up, |message| message.kind == Kind::File).await?;
        let Some(file) = &message.file else { return Ok(()) };
        if file.state == FileState::Here {
            return self.save(message).await;
        }
        if self.getting.len() >= GETTING {
            return Err(Failure::Choice(codes::BUSY.refuse("too many files are on their way", "wait for one of them")));
        }
        self.getting.insert(file.hash.clone(), message.clone());
        let path = [self.room.id.as_str(), message.r#ref.as_str()];
        let asked = self.asks.call(&endpoints::FETCH_FILE, &path, &[], ()).await?;
        self.screen.talk("asked for it; it is saved when it is here")?;
        if let Some(file) = asked.file.filter(|file| file.state == FileState::Here) {
            self.arrived.extend(self.getting.remove(&file.hash));
        }
        Ok(())
    }

    /// Saves a file that is here.
    pub(super) async fn save(&mut self, message: Message) -> Result<(), Failure> {
        let name = message.file.as_ref().map(|file| safe_name(&file.name)).unwrap_or_default();
        let to = Output::within(&transfer::downloads(), &name)?;
        let saved = transfer::save(self.asks, &self.room.id, &message, to, &ProgressBar::hidden()).await?;
        self.screen.talk(&format!("saved as {}", clean(&saved.unwrap_or_default().display().to_string())))
    }

    /// Shows my line once others have it.
    fn follow(&mut self, said: Message) {
        let line = self.line(&said);
        self.receipts.follow(said.r#ref, line, self.company());
    }

    async fn say(&mut self, text: &str) -> Result<(), Failure> {
        self.stays_unread = false;
        let message = self.ask().say(text).await?;
        self.follow(message);
        Ok(())
    }

    async fn be_called(&mut self, nick: &str) -> Result<(), Failure> {
        self.ask().set_nick(nick).await?;
        Ok(())
    }

    async fn seen(&mut self) -> Result<(), Failure> {
        let last = match self.receipts.last() {
            Some(said) => Some(said),
            None => self.newest().await?.into_iter().rev().find(|one| one.holders.is_some()).map(|one| one.r#ref),
        };
        let Some(said) = last else { return self.screen.talk("you have not said anything here lately") };
        let Holders { holders, acknowledged, of } = self.ask().holders(&said).await?;
        let name = |holder: &Person| self.names.name(&holder.author, &holder.nick).whole();
        let names: Vec<String> = holders.iter().take(SCREENFUL).map(name).collect();
        match names.is_empty() {
            true => self.screen.talk("nobody else has it yet"),
            false => {
                self.screen.talk(&format!("{}: {}", received(holders.len(), acknowledged.len(), of), names.join(", ")))
            }
        }
    }

    fn peers(&mut self) -> Result<(), Failure> {
        for peer in &self.room.peers {
            let way = match peer.path {
                Path::Direct => "direct",
                Path::Relayed => "relayed",
            };
            let name = self.names.name(&peer.author, &peer.nick).whole();
            self.screen.talk(&format!("{name}  {way}, {} ms", peer.rtt_ms.unwrap_or_default()))?;
        }
        if let Some(seeking) = &self.room.seeking {
            looked_for(seeking, &self.clock).iter().try_for_each(|line| self.screen.talk(line))?;
            return self.screen.talk(&self.room.reach);
        }
        let Room { entries, missing, .. } = self.room;
        let shares: Vec<String> = self.room.shares.iter().map(|share| shared(share, &self.clock)).collect();
        shares.iter().try_for_each(|share| self.screen.talk(share))?;
        let here = count(self.room.peers.len(), "peer", "peers");
        self.screen.talk(&format!("{here} here; entries: {entries}, missing: {missing}"))?;
        self.screen.talk(&self.room.reach)
    }

    async fn log(&mut self) -> Result<(), Failure> {
        let page = self.newest().await?;
        for message in page {
            let line = self.line(&message);
            self.screen.data(&line)?;
        }
        Ok(())
    }

    async fn ticket(&mut self, whom: &str) -> Result<(), Failure> {
        if whom == "keeper" {
            let wanted = NewTicket { keeper: true, uses: 1, expires_ms: None };
            let made = self.asks.call(&endpoints::MAKE_TICKET, &[self.room.id.as_str()], &[], &wanted).await?;
            self.screen.talk(&made.ticket)?;
            return self.screen.talk(tickets::KEEPER_TICKET);
        }
        let ticket = self.ask().ticket().await?;
        self.screen.talk(&ticket)
    }

    async fn digest(&mut self) -> Result<(), Failure> {
        let digest = self.ask().status().await?.digest;
        self.screen.talk(&format!("{digest}: whoever has the same digest holds the same messages"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_typed() {
        let cases = [
            ("hello", Typed::Text("hello")),
            ("  indented", Typed::Text("  indented")),
            ("", Typed::Nothing),
            ("   ", Typed::Nothing),
            ("/me waves", Typed::Text("/me waves")),
            ("/me", Typed::Unknown("me")),
            ("//quit", Typed::Text("/quit")),
            ("/quit", Typed::Order("quit", "")),
            ("/nick  ada lovelace ", Typed::Order("nick", "ada lovelace")),
            ("/nick", Typed::Order("nick", "")),
            ("/reply ^2 so am I", Typed::Order("reply", "^2 so am I")),
            ("/quitter", Typed::Unknown("quitter")),
            ("/", Typed::Unknown("")),
        ];
        for (typed, want) in cases {
            assert_eq!(read(typed), want, "{typed:?}");
        }
    }

    #[test]
    fn messages_are_counted_from_the_last_one() {
        let cases = [("words", (1, "words")), ("^2 words of it", (2, "words of it")), ("^3", (3, "")), ("", (1, ""))];
        for (typed, want) in cases.into_iter().chain([("^ 2", (1, "^ 2")), ("^0 x", (1, "^0 x")), ("^_^", (1, "^_^"))])
        {
            assert_eq!(counted(typed), want, "{typed:?}");
        }
    }
}
