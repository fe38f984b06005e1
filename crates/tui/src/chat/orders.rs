//! What a person may type besides text: orders that begin with a slash.

use rumormill_api::{Path, Person, Room, act};
use rumormill_text::{
    clean,
    show::{count, looked_for, shared},
};

use crate::{
    chat::{Chat, Next},
    failure::Failure,
    limits::SCREENFUL,
};

/// Every order, with what it does.
const ORDERS: [(&str, &str); 9] = [
    ("/me TEXT", "say what you do"),
    ("/nick NAME", "be shown by this name"),
    ("/seen", "who has what you said last"),
    ("/peers", "who is here, and how they are reached"),
    ("/log", "the newest page of the timeline, everything in its place"),
    ("/ticket", "what lets others in"),
    ("/digest", "the same at two people who hold the same entries"),
    ("/help", "this"),
    ("/quit", "leave; the room is kept. A line that begins with // says / and the rest"),
];

/// A line that was typed.
#[derive(Debug, PartialEq, Eq)]
enum Typed<'a> {
    Nothing,
    Text(&'a str),
    Nick(&'a str),
    Seen,
    Peers,
    Log,
    Ticket,
    Digest,
    Help,
    Quit,
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
    match word {
        "nick" => Typed::Nick(rest.trim()),
        "seen" => Typed::Seen,
        "peers" => Typed::Peers,
        "log" => Typed::Log,
        "ticket" => Typed::Ticket,
        "digest" => Typed::Digest,
        "help" => Typed::Help,
        "quit" => Typed::Quit,
        _ => Typed::Unknown(word),
    }
}

impl Chat<'_> {
    /// Does what was typed. What the room refuses is told, and the person stays.
    pub(super) async fn take(&mut self, line: &str) -> Result<Next, Failure> {
        let done = match read(line) {
            Typed::Quit => return Ok(Next::Leave),
            Typed::Nothing => Ok(()),
            Typed::Text(text) => self.say(text).await,
            Typed::Nick(nick) => self.be_called(nick).await,
            Typed::Seen => self.seen().await,
            Typed::Peers => self.peers(),
            Typed::Log => self.log().await,
            Typed::Ticket => self.ticket().await,
            Typed::Digest => self.digest().await,
            Typed::Help => ORDERS.iter().try_for_each(|(order, what)| self.screen.talk(&format!("{order:<11} {what}"))),
            Typed::Unknown(word) => self.screen.talk(&format!("there is no order /{}; /help lists them", clean(word))),
        };
        match done {
            Err(failure @ (Failure::OutputClosed | Failure::Stopped(_))) => Err(failure),
            Err(failure) => self.screen.talk(&failure.to_string()).map(|()| Next::Stay),
            Ok(()) => Ok(Next::Stay),
        }
    }

    async fn say(&mut self, text: &str) -> Result<(), Failure> {
        let message = self.ask().say(text).await?;
        let line = self.line(&message);
        self.receipts.follow(message.r#ref, line);
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
        let holders = self.ask().holders(&said).await?.holders;
        let name = |holder: &Person| self.names.name(&holder.author, &holder.nick).whole();
        let names: Vec<String> = holders.iter().take(SCREENFUL).map(name).collect();
        match names.is_empty() {
            true => self.screen.talk("nobody else has it yet"),
            false => self.screen.talk(&format!(
                "{}: {}",
                count(holders.len(), "other has it", "others have it"),
                names.join(", ")
            )),
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
            return looked_for(seeking, &self.clock).iter().try_for_each(|line| self.screen.talk(line));
        }
        let Room { entries, missing, .. } = self.room;
        let shares: Vec<String> = self.room.shares.iter().map(|share| shared(share, &self.clock)).collect();
        shares.iter().try_for_each(|share| self.screen.talk(share))?;
        let here = count(self.room.peers.len(), "peer", "peers");
        self.screen.talk(&format!("{here} here; entries: {entries}, missing: {missing}"))
    }

    async fn log(&mut self) -> Result<(), Failure> {
        let page = self.newest().await?;
        for message in page {
            let line = self.line(&message);
            self.screen.data(&line)?;
        }
        Ok(())
    }

    async fn ticket(&mut self) -> Result<(), Failure> {
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
            ("/quit", Typed::Quit),
            ("/nick  ada lovelace ", Typed::Nick("ada lovelace")),
            ("/nick", Typed::Nick("")),
            ("/seen", Typed::Seen),
            ("/quitter", Typed::Unknown("quitter")),
            ("/", Typed::Unknown("")),
        ];
        for (typed, want) in cases {
            assert_eq!(read(typed), want, "{typed:?}");
        }
    }
}
