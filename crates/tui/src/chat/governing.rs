//! Orders of closed rooms in line mode. A removal and a dismissal say first what they end, and are typed again with
//! `yes`.

use rumormill_api::{Order, Standing, endpoints};
use rumormill_text::clean;

use super::{Chat, orders::usage};
use crate::{
    Failure,
    carry::{compared, safety_told, verified_told},
    governing::{GIVEN_BACK, appointed, left_out},
};

impl Chat<'_> {
    /// Removes somebody: `/kick NAME`, `/kick NAME yes`, `/kick NAME yes hide`.
    pub(super) async fn kick(&mut self, rest: &str) -> Result<(), Failure> {
        let (rest, hide) = rest.strip_suffix(" hide").map_or((rest, false), |rest| (rest, true));
        let (name, sure) = sure(rest);
        let who = self.whom(name, "/kick NAME; /names lists everybody")?;
        let again = format!("/kick {name} yes removes them; /kick {name} yes hide hides what they said, too");
        self.govern(Order::Remove { who, hide }, sure, &again).await
    }

    /// Ends the roles of somebody: `/dismiss NAME`, `/dismiss NAME yes`.
    pub(super) async fn dismiss(&mut self, rest: &str) -> Result<(), Failure> {
        let (name, sure) = sure(rest);
        let who = self.whom(name, "/dismiss NAME; /names lists everybody")?;
        self.govern(Order::Dismiss { who }, sure, &format!("/dismiss {name} yes does it")).await
    }

    /// Gives up our own roles: `/step-down`, and of an open room, naming who may close it: `/step-down NAME`; each with `yes`
    /// behind it.
    pub(super) async fn step_down(&mut self, rest: &str) -> Result<(), Failure> {
        let (name, sure) = if rest == "yes" { ("", true) } else { sure(rest) };
        let (who, again) = match name {
            "" => (None, format!("/step-down yes does it. {GIVEN_BACK}")),
            name => {
                let who = self.whom(name, "/step-down NAME; /names lists everybody")?;
                (Some(who), format!("/step-down {name} yes does it, for good"))
            }
        };
        self.govern(Order::StepDown { who }, sure, &again).await
    }

    /// Closes an open room: `/close`, `/close without NAME,NAME`, each with `yes` behind it.
    pub(super) async fn close_room(&mut self, rest: &str) -> Result<(), Failure> {
        let (rest, sure) = if rest == "yes" { ("", true) } else { sure(rest) };
        let without = left_out(rest).ok_or_else(|| usage("without whom?", "/close, or /close without NAME,NAME"))?;
        let without = without.into_iter().map(|name| self.whom(name, "/close without NAME,NAME"));
        let without = without.collect::<Result<Vec<_>, _>>()?;
        let again = format!("/close {rest} yes closes it").replace("  ", " ");
        self.govern(Order::Close { without }, sure, &again).await
    }

    /// Gives a role: `/appoint NAME`, `/appoint NAME co-owner`.
    pub(super) async fn appoint(&mut self, rest: &str) -> Result<(), Failure> {
        let (name, role) = appointed(rest);
        let who = self.whom(name, "/appoint NAME, or /appoint NAME co-owner")?;
        self.govern(Order::Appoint { who, role }, true, "").await
    }

    /// Shows the safety number with somebody, or remembers that it was compared: `/verify NAME`, `/verify NAME yes`.
    pub(super) async fn verify(&mut self, rest: &str) -> Result<(), Failure> {
        let (name, verified) = compared(rest);
        let who = self.whom(name, "/verify NAME; /names lists everybody")?;
        let room = self.room.id.clone();
        let path = [room.as_str(), who.as_str()];
        let Some(verified) = verified else {
            let whois = self.asks.call(&endpoints::GET_PERSON, &path, &[], ()).await?;
            return self.screen.talk(&safety_told(name, &whois));
        };
        let endpoint = if verified { &endpoints::VERIFY_PERSON } else { &endpoints::UNVERIFY_PERSON };
        let people = self.asks.call(endpoint, &path, &[], ()).await?.people;
        self.people.extend(people.into_iter().map(|person| (person.author.clone(), person)));
        self.screen.talk(&verified_told(name, verified))
    }

    /// Hides a message for everybody: `/hide ^2`.
    pub(super) async fn hide_message(&mut self, up: usize) -> Result<(), Failure> {
        let message = self.target(up, |message| !message.mine && super::orders::is_said(message)).await?;
        self.govern(Order::Hide { message: message.r#ref }, true, "").await
    }

    /// Says where the person stands in a closed room, if that differs from before.
    pub(super) fn tell_standing(&mut self, before: Option<&Standing>) -> Result<(), Failure> {
        let Some(now) = &self.room.standing else { return Ok(()) };
        let says = clean(&now.says);
        match before {
            Some(before) if before.says == now.says => Ok(()),
            Some(_) if says.is_empty() => self.screen.talk("you are in"),
            _ if says.is_empty() => Ok(()),
            _ => self.screen.talk(&says),
        }
    }

    /// Tells what is to be told once about the room.
    pub(super) async fn tell_hint(&mut self) -> Result<(), Failure> {
        if self.room.hint.is_empty() {
            return Ok(());
        }
        self.screen.talk(&clean(&self.room.hint))?;
        self.room.hint.clear();
        let room = self.room.id.clone();
        // If that cannot be noted, the hint is told again.
        let _ = self.asks.call(&endpoints::DROP_HINT, &[room.as_str()], &[], ()).await;
        Ok(())
    }

    /// Shows messages on the newest page that came to count in a closed room, or came while nobody answered. Those that
    /// ceased to count were shown before; the line that tells who removed their author is all that can be done here.
    pub(super) async fn read_again(&mut self) -> Result<(), Failure> {
        let people = self.ask().people().await?;
        people.iter().for_each(|person| self.names.learn(&person.author, &person.nick));
        self.people.extend(people.into_iter().map(|person| (person.author.clone(), person)));
        for message in self.newest().await? {
            if self.told.has(&message.place) || self.receipts.awaits(&message.r#ref) {
                continue;
            }
            self.told.note(message.place.clone());
            if self.shown.as_ref() > Some(&message.place) {
                self.is_late(message);
                continue;
            }
            let line = self.line(&message);
            self.screen.data(&line)?;
            self.shows(&message.place);
        }
        Ok(())
    }

    /// The author that a name means; without a name, how the order is used.
    pub(super) fn whom(&self, name: &str, help: &str) -> Result<String, Failure> {
        if name.is_empty() {
            return Err(usage("whom?", help));
        }
        self.names.choose(name).map(|author| author.as_str().to_owned()).map_err(Failure::Choice)
    }

    /// Gives an order if the person is sure, or says what it would end.
    pub(super) async fn govern(&mut self, order: Order, sure: bool, again: &str) -> Result<(), Failure> {
        let room = self.room.id.clone();
        if sure {
            self.asks.call(&endpoints::ORDER, &[room.as_str()], &[], &order).await?;
            return Ok(());
        }
        let foreseen = self.asks.call(&endpoints::FORESEE, &[room.as_str()], &[], &order).await?;
        foreseen.says.iter().try_for_each(|line| self.screen.talk(&clean(line)))?;
        self.screen.talk(again)
    }
}

/// A name, and whether `yes` follows it.
fn sure(rest: &str) -> (&str, bool) {
    rest.strip_suffix(" yes").map_or((rest, false), |name| (name.trim(), true))
}

#[cfg(test)]
mod tests {
    use rumormill_api::Role;

    use super::*;

    #[test]
    fn a_removal_is_sure_only_with_yes_behind_the_name() {
        for (typed, want) in
            [("mallory", ("mallory", false)), ("mallory yes", ("mallory", true)), ("yes", ("yes", false))]
        {
            assert_eq!(sure(typed), want);
        }
        assert_eq!(appointed("ada lovelace co-owner"), ("ada lovelace", Role::CoOwner));
        assert_eq!(appointed("ada lovelace"), ("ada lovelace", Role::Moderator));
        let cases = [("", Some(vec![])), ("without ada lovelace, ben", Some(vec!["ada lovelace", "ben"]))];
        for (typed, want) in cases.into_iter().chain([("ben", None), ("without", None)]) {
            assert_eq!(left_out(typed), want, "{typed}");
        }
    }
}
