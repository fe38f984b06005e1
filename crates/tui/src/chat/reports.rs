//! Reports of messages in line mode.

use rumormill_api::{NewReport, endpoints};

use super::{Chat, orders::is_said};
use crate::{Failure, reports};

impl Chat<'_> {
    /// Reports a message to those who govern the room: `/report WORDS`, `/report ^2 WORDS`.
    pub(super) async fn report(&mut self, (up, words): (usize, &str)) -> Result<(), Failure> {
        let message = self.target(up, |message| !message.mine && is_said(message)).await?.r#ref;
        let (room, report) = (self.room.id.clone(), NewReport { message, words: words.to_owned() });
        let made = self.asks.call(&endpoints::MAKE_REPORT, &[room.as_str()], &[], &report).await?;
        self.screen.talk(&reports::made(made.told))
    }

    /// Lists the reports that came.
    pub(super) async fn reports(&mut self) -> Result<(), Failure> {
        let room = self.room.id.clone();
        let came = self.asks.call(&endpoints::LIST_REPORTS, &[room.as_str()], &[], ()).await?.reports;
        if came.is_empty() {
            return self.screen.talk("nobody has reported anything to you here");
        }
        came.iter().try_for_each(|report| self.screen.talk(&reports::line(&self.names, report)))
    }
}
