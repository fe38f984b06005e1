//! A visit to a room: on a whole screen, or line by line where there is none.

use rumormill_api::Room;
use rumormill_client::Client;
use rumormill_tui::{Start, Visit, at_terminal};

use crate::{clipboard, failure::Failure, home::HomeArgs};

/// How a room is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Look {
    /// On a whole screen.
    Screen,
    /// Line by line.
    Lines,
}

impl Look {
    /// A screen where there is one, unless it is to be `plain`.
    pub(crate) fn of(plain: bool) -> Self {
        if at_terminal() && !plain { Self::Screen } else { Self::Lines }
    }
}

/// Opens a room for whoever sits here, until they leave.
///
/// # Errors
/// When the terminal, the room or the process that has the home open goes away, or nobody reads our output any more.
pub(crate) async fn visit(client: &Client, room: &Room, place: &HomeArgs, look: Look) -> Result<Visit, Failure> {
    let history = place.history()?;
    place.remember_room(room.id.as_str());
    if look == Look::Lines {
        return Ok(rumormill_tui::visit(client, room, &history).await?);
    }
    let settings = place.config()?.settings();
    let start = Start { room: Some(room.id.clone()), history, settings, clipboard: Some(clipboard::copy) };
    let last = rumormill_tui::run(client, start).await?;
    last.iter().for_each(|id| place.remember_room(id.as_str()));
    Ok(Visit { met: true })
}
