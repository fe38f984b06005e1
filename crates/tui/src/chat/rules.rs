//! The rules of a closed room in line mode, and the newcomers whose words they hold.

use rumormill_api::{Message, Order, endpoints};
use rumormill_text::{RULES_HELP, read_rules, ruled, show::message_line};

use super::{Chat, orders::usage};
use crate::Failure;

impl Chat<'_> {
    /// Shows the rules, or changes one: `/rules`, `/rules slow 30`.
    pub(super) async fn rules(&mut self, words: &str) -> Result<(), Failure> {
        if words.is_empty() {
            let Some(rules) = self.ask().status().await?.rules else {
                return self.screen.talk("everybody is equal in an open room: it has no rules");
            };
            ruled(&rules).iter().try_for_each(|rule| self.screen.talk(rule))?;
            return self.screen.talk(&format!("/rules {RULES_HELP}"));
        }
        let change = read_rules(words).ok_or_else(|| usage("which rule?", &format!("/rules {RULES_HELP}")))?;
        let room = self.room.id.clone();
        self.room = self.asks.call(&endpoints::SET_RULES, &[room.as_str()], &[], &change).await?;
        Ok(())
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
        self.screen.talk("/through NAME shows what they say to everybody")
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
