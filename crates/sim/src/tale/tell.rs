//! Runs stories in a world.

use rumormill_proto::rumor::{
    Policy,
    mongering::{Direction, Mongering, Stop},
};

use super::{Expected, Step, Tale, Verb};
use crate::{
    violation::{Story, Violation},
    world::World,
};

/// Rumors as in 1987: push, with feedback, until three peers knew it already.
pub(super) fn mongering() -> Policy {
    let stop = Stop::Counter(3);
    Policy::Mongering(Mongering { direction: Direction::Push, feedback: true, stop, ..Mongering::default() })
}

impl Tale {
    /// Runs the story in a world from [`Tale::world`].
    ///
    /// # Errors
    /// The first violation, the first expectation that is not met, or the first line that makes no sense where it
    /// stands.
    pub fn tell(&self, room: &mut World) -> Story {
        self.steps.iter().try_for_each(|step| step.happen(room))
    }
}

impl Step {
    fn happen(&self, room: &mut World) -> Story {
        self.make_sense(room)?;
        match &self.verb {
            Verb::Join(count) => _ = room.join(*count),
            Verb::Found(count) => _ = room.found(*count),
            Verb::Say { peers, text, times, every_ms } => {
                let times = times.unwrap_or(peers.len() as u64);
                for peer in peers.iter().cycle().take(times as usize) {
                    self.require(!room.is_crashed(*peer), room, || format!("peer {peer} is down"))?;
                    room.say(*peer, text);
                    room.run_ms(*every_ms)?;
                }
            }
            Verb::Wait(ms) => room.run_ms(*ms)?,
            Verb::Settle(None) => room.settle()?,
            Verb::Settle(Some(peers)) => room.settle_among(peers)?,
            Verb::Part(groups) => room.partition(&groups.iter().map(Vec::as_slice).collect::<Vec<_>>()),
            Verb::CutOneWay(from, to) => room.cut_one_way(*from, *to),
            Verb::Clog(from, to, ms) => room.clog(*from, *to, *ms),
            Verb::Heal => room.heal(),
            Verb::Weather(weather) => room.set_weather(weather.as_ref().clone()),
            Verb::Crash(peers, None) => peers.iter().for_each(|peer| room.crash(*peer)),
            Verb::Crash(peers, Some(stage)) => peers.iter().for_each(|peer| room.crash_in_turn(*peer, *stage)),
            Verb::Restart { peers, empty: false } => peers.iter().for_each(|peer| room.restart(*peer)),
            Verb::Restart { peers, empty: true } => peers.iter().for_each(|peer| room.restart_empty(*peer)),
            Verb::Pause(peers) => peers.iter().for_each(|peer| room.pause(*peer)),
            Verb::Move(peers) => peers.iter().for_each(|peer| room.shift(*peer)),
            Verb::Resume(peers) => peers.iter().for_each(|peer| room.resume(*peer)),
            Verb::Clock(peers, ahead_ms) => peers.iter().for_each(|peer| room.set_clock(*peer, *ahead_ms)),
            Verb::Turn(peers, nature) => peers.iter().for_each(|peer| room.turn_into(*peer, *nature)),
            Verb::SameTimeline => _ = room.same_timeline()?,
            Verb::Expect(peers, expected) => {
                peers.iter().try_for_each(|peer| self.look(*peer, expected, room))?;
            }
        }
        Ok(())
    }

    /// Checks that all named peers have joined, and are up or down as the verb requires.
    fn make_sense(&self, room: &World) -> Story {
        let named: &[usize] = match &self.verb {
            Verb::Say { peers, .. }
            | Verb::Settle(Some(peers))
            | Verb::Crash(peers, _)
            | Verb::Restart { peers, .. }
            | Verb::Pause(peers)
            | Verb::Move(peers)
            | Verb::Resume(peers)
            | Verb::Clock(peers, _)
            | Verb::Turn(peers, _)
            | Verb::Expect(peers, _) => peers,
            Verb::CutOneWay(from, to) | Verb::Clog(from, to, _) => &[*from, *to],
            Verb::Part(groups) => &groups.concat(),
            _ => &[],
        };
        let stranger = named.iter().find(|peer| **peer >= room.len());
        self.require(stranger.is_none(), room, || format!("peer {} has not joined", stranger.unwrap_or(&0)))?;
        match &self.verb {
            Verb::Found(_) => self.require(room.is_empty(), room, || "a peer joined before".into()),
            Verb::Restart { peers, .. } => {
                let up = peers.iter().find(|peer| !room.is_crashed(**peer));
                self.require(up.is_none(), room, || format!("peer {} is not down", up.unwrap_or(&0)))
            }
            _ => Ok(()),
        }
    }

    fn look(&self, peer: usize, expected: &Expected, room: &World) -> Story {
        match expected {
            Expected::Lines(count) => {
                let shown = room.texts(peer).len();
                self.require(shown == *count, room, || format!("peer {peer} shows {shown} lines"))
            }
            Expected::Texts(texts) => {
                let shown = room.texts(peer);
                self.require(shown == *texts, room, || format!("peer {peer} shows {shown:?}"))
            }
            Expected::Down => self.require(room.is_crashed(peer), room, || format!("peer {peer} is up")),
        }
    }

    fn require(&self, met: bool, room: &World, otherwise: impl FnOnce() -> String) -> Result<(), Violation> {
        match met {
            true => Ok(()),
            false => Err(room.violation("the story goes as written", format!("line {}: {}", self.line, otherwise()))),
        }
    }
}
