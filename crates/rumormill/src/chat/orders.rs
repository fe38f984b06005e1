//! What a person may type besides text: orders that begin with a slash.

use rumormill_node::{
    Path,
    proto::{entry::Kind, ids::AuthorId},
};

use crate::{
    chat::{
        Chat, Next,
        show::{Said, count, line, nick, row},
    },
    clean::clean,
    failure::{Exit, Failure},
    limits::SCREENFUL,
};

/// Every order, with what it does.
const ORDERS: [(&str, &str); 8] = [
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

impl Chat {
    /// Does what was typed. What the room refuses is told, and the person stays.
    pub(super) async fn take(&mut self, line: &str) -> Result<Next, Failure> {
        let done = match read(line) {
            Typed::Quit => return Ok(Next::Leave),
            Typed::Nothing => Ok(()),
            Typed::Text(text) => self.say(text).await,
            Typed::Nick(nick) => self.room.set_nick(nick).await.map(|_| ()).map_err(Failure::from),
            Typed::Seen => self.seen().await,
            Typed::Peers => self.peers(),
            Typed::Log => self.log().await,
            Typed::Ticket => {
                let ticket = self.room.ticket().to_string();
                self.screen.talk(&ticket)
            }
            Typed::Digest => self.digest(),
            Typed::Help => ORDERS.iter().try_for_each(|(order, what)| self.screen.talk(&format!("{order:<11} {what}"))),
            Typed::Unknown(word) => self.screen.talk(&format!("there is no order /{}; /help lists them", clean(word))),
        };
        match done {
            Err(failure) if failure.exit == Exit::Done || failure.code == "stopped" => Err(failure),
            Err(failure) => self.screen.talk(&failure.to_string()).map(|()| Next::Stay),
            Ok(()) => Ok(Next::Stay),
        }
    }

    async fn say(&mut self, text: &str) -> Result<(), Failure> {
        let said = self.room.say(text).await?;
        let own = nick(&self.room, &said.author);
        let text = Said::Text(clean(text));
        self.receipts.follow(said, line(&self.clock, self.clock.now(), &own, &text));
        self.receipts.stir();
        Ok(())
    }

    async fn seen(&mut self) -> Result<(), Failure> {
        let me = self.room.author();
        let last = match self.receipts.last() {
            Some(said) => Some((said.author, said.seq)),
            None => self.last_said(me).await?,
        };
        let Some((author, seq)) = last else { return self.screen.talk("you have not said anything here lately") };
        let holders = self.room.holders(author, seq).await?.authors;
        let names: Vec<String> = holders.iter().take(SCREENFUL).map(|holder| nick(&self.room, holder)).collect();
        match names.is_empty() {
            true => self.screen.talk("nobody else has it yet"),
            false => self.screen.talk(&format!(
                "{}: {}",
                count(holders.len(), "other has it", "others have it"),
                names.join(", ")
            )),
        }
    }

    async fn last_said(&self, me: AuthorId) -> Result<Option<(AuthorId, u64)>, Failure> {
        let page = self.room.page(None, SCREENFUL).await?;
        let mine = |line: &&rumormill_node::Line| line.place.author == me && line.kind == Kind::TEXT;
        Ok(page.iter().rev().find(mine).map(|line| (line.place.author, line.place.seq)))
    }

    fn peers(&mut self) -> Result<(), Failure> {
        let status = self.room.status();
        for peer in &status.peers {
            let way = match peer.path {
                Path::Direct => "direct",
                Path::Relayed => "relayed",
            };
            let nick = nick(&self.room, &peer.author);
            self.screen.talk(&format!("{nick}  {way}, {} ms", peer.rtt_ms))?;
        }
        let here = count(status.peers.len(), "peer", "peers");
        self.screen.talk(&format!("{here} here; entries: {}, missing: {}", status.entries, status.missing))
    }

    async fn log(&mut self) -> Result<(), Failure> {
        let page = self.room.page(None, SCREENFUL).await?;
        let lines: Vec<String> = page.iter().filter_map(|shown| row(&self.clock, &self.room, shown)).collect();
        lines.iter().try_for_each(|line| self.screen.data(line))
    }

    fn digest(&mut self) -> Result<(), Failure> {
        let digest: Vec<String> = self
            .room
            .status()
            .digest
            .chunks(2)
            .map(|pair| pair.iter().map(|byte| format!("{byte:02x}")).collect())
            .collect();
        self.screen.talk(&digest.join(" "))
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
