//! The rules of a closed room in line mode, what is held back in an open one, and the newcomers whose words are held.

use rumormill_api::{Arrival, Message, Order, endpoints};
use rumormill_text::{NO_RULES, clean, displayed, held_back, read_display, read_rules, rules_here, show::message_line};

use super::{Chat, orders::usage};
use crate::{Failure, limits::FOLDED_NAMED};

impl Chat<'_> {
    /// Shows the rules, or changes one: `/rules`, `/rules slow 30`. In an open room they are this person's alone.
    pub(super) async fn rules(&mut self, words: &str) -> Result<(), Failure> {
        let now = self.ask().status().await?;
        let Some((told, help)) = rules_here(&now) else { return self.screen.talk(NO_RULES) };
        if words.is_empty() {
            told.iter().try_for_each(|rule| self.screen.talk(rule))?;
            return self.screen.talk(&format!("/rules {help}"));
        }
        let (room, unclear) = (now.id.as_str(), || usage("which rule?", &format!("/rules {help}")));
        if now.rules.is_some() {
            let change = read_rules(words).ok_or_else(unclear)?;
            self.room = self.asks.call(&endpoints::SET_RULES, &[room], &[], &change).await?;
            return Ok(());
        }
        let change = read_display(words).ok_or_else(unclear)?;
        self.room = self.asks.call(&endpoints::SET_DISPLAY, &[room], &[], &change).await?;
        let display = self.room.display.unwrap_or_default();
        displayed(&display).iter().skip(1).try_for_each(|rule| self.screen.talk(rule))
    }

    /// Tells once that what somebody says is held back.
    pub(super) fn note_folded(&mut self, message: &Message, arrival: Arrival) -> Result<(), Failure> {
        let Some(why) = message.folded.filter(|_| arrival != Arrival::History) else { return Ok(()) };
        if self.folded.len() >= FOLDED_NAMED || !self.folded.insert((message.author.clone(), why)) {
            return Ok(());
        }
        self.names.learn(&message.author, &message.nick);
        let name = self.names.name(&message.author, &message.nick).whole();
        self.screen.talk(&format!("what {name} says is held back: {}", held_back(why, &clean(&name))))
    }

    /// Lists what is held.
    pub(super) async fn held(&mut self) -> Result<(), Failure> {
        let room = self.room.id.clone();
        let held = self.asks.call(&endpoints::LIST_HELD, &[room.as_str()], &[], ()).await?.messages;
        if held.is_empty() {
            return self.screen.talk("nothing is held");
        }
        for message in &held {
            let line = self.line(message);
            self.screen.data(&line)?;
        }
        let whom = if self.room.rules.is_some() { "everybody" } else { "you" };
        self.screen.talk(&format!("/through NAME shows what they say to {whom}"))
    }

    /// The line that shows a message.
    pub(super) fn line(&mut self, message: &Message) -> String {
        self.names.meet(message);
        message_line(&self.clock, &self.names, message)
    }

    /// Shows what a newcomer says: `/through NAME`.
    pub(super) async fn through(&mut self, name: &str) -> Result<(), Failure> {
        let who = self.whom(name, "/through NAME; /held lists what is held")?;
        self.govern(Order::LetThrough { who }, true, "").await
    }
}
