//! Rooms whose messages cannot be made durable: they pause for a while, and resume by themselves.
//!
//! The engine of such a room holds more than the store, so it begins again from the store. A saying whose caller was
//! not answered yet is refused or, if no caller waits for it, said again. Answers that were given stay true.

use rumormill_proto::{ids::RoomId, input::Input, time::Now};

use super::Driver;
use crate::{board::Stop, error::Error, event::RoomEvent, seat::Seat};

impl Driver {
    /// Lets a room rest for a while. Its engine's other outputs are dropped.
    pub(crate) fn rest(&mut self, room: &RoomId, why: &str) {
        let Some(mut seat) = self.seats.remove(room) else { return };
        tracing::error!(room = %room.short(), %why, "cannot make durable what was said; the room rests");
        self.links.leave(room);
        seat.board.posted().stopped = Some(Stop::Rests(why.to_owned()));
        seat.abandon(&Error::Stopped { why: why.to_owned() });
        seat.board.tell(RoomEvent::Stopped { why: why.to_owned() });
        let Now { ticks_ms, .. } = self.now();
        let until_ms = ticks_ms + seat.rest_ms(ticks_ms);
        self.resting.insert(seat, until_ms);
    }

    /// Lets the rooms go on whose time has come.
    pub(crate) fn resume(&mut self, now: Now) {
        for room in self.resting.due(now.ticks_ms) {
            let Some((mut seat, _)) = self.resting.remove(&room) else { continue };
            match self.begin_again(&mut seat, now) {
                Ok(()) => self.went_on(room, seat),
                Err(why) => {
                    tracing::warn!(room = %room.short(), %why, "the room still rests");
                    let until_ms = now.ticks_ms + seat.rest_ms(now.ticks_ms);
                    self.resting.insert(seat, until_ms);
                }
            }
        }
    }

    /// Starts the engine from what the store holds, if the store can be written.
    fn begin_again(&mut self, seat: &mut Seat, now: Now) -> Result<(), Error> {
        if seat.setup.keep {
            self.store.put_room(&seat.record())?;
        }
        seat.setup.fresh_author = false;
        let start = self.start(&seat.setup, now)?;
        seat.restart(start);
        Ok(())
    }

    /// Lets a room go on before its time, so that it can be mended.
    ///
    /// # Errors
    /// [`Error::Store`] when it cannot be read or written; it rests on then.
    pub(crate) fn wake(&mut self, room: &RoomId) -> Result<(), Error> {
        let now = self.now();
        let Some((mut seat, until_ms)) = self.resting.remove(room) else { return Ok(()) };
        if let Err(why) = self.begin_again(&mut seat, now) {
            self.resting.insert(seat, until_ms);
            return Err(why);
        }
        self.went_on(*room, seat);
        Ok(())
    }

    fn went_on(&mut self, room: RoomId, seat: Seat) {
        seat.board.posted().stopped = None;
        tracing::info!(room = %room.short(), "the room goes on");
        seat.board.tell(RoomEvent::Resumed);
        let (secret, contacts) = (seat.setup.secret, seat.setup.contacts.clone());
        self.seats.insert(room, seat);
        self.forked.insert(room);
        self.give(vec![(room, Input::Heard { contacts })]);
        self.come((room, secret));
    }
}

#[cfg(test)]
mod tests {
    use std::{
        collections::BTreeSet,
        path::PathBuf,
        sync::{Arc, Mutex, mpsc},
    };

    use bytes::Bytes;
    use n0_future::StreamExt as _;
    use rumormill_proto::{
        entry::Kind,
        ids::{AuthorId, Seq},
        input::Kept,
        log::{Log, Unfit},
    };
    use rumormill_store::{Change, CheckReport, Error as StoreError, Files, Memory, Read, RoomRecord, Rooms, Store};
    use tokio::sync::oneshot;

    use super::*;
    use crate::{
        events::Events,
        node::{Node, Opened},
        room::Room,
        settings::Settings,
    };

    /// The flaws of a store at present.
    #[derive(Default)]
    struct Flaws {
        full: bool,
        /// Rooms that nothing can be appended to.
        bad: BTreeSet<RoomId>,
        joint: usize,
        /// The next commit says that it has begun, and waits until it may go on.
        gate: Option<(oneshot::Sender<()>, mpsc::Receiver<()>)>,
        /// The store cannot sweep what was left.
        stuck: bool,
        swept: Arc<tokio::sync::Notify>,
    }

    /// A store that fails when it is told to.
    struct Flawed(Memory, Arc<Mutex<Flaws>>);

    impl Flawed {
        fn writes(&self) -> Result<(), StoreError> {
            match self.1.lock().unwrap().full {
                true => Err(StoreError::Full { path: PathBuf::from("home") }),
                false => Ok(()),
            }
        }
    }

    impl Store for Flawed {
        fn commit(&mut self, changes: &[(RoomId, Change<'_>)]) -> Result<Vec<(AuthorId, Log)>, StoreError> {
            self.writes()?;
            let gate = self.1.lock().unwrap().gate.take();
            if let Some((begun, go)) = gate {
                begun.send(()).unwrap();
                go.recv().unwrap();
            }
            let mut flaws = self.1.lock().unwrap();
            flaws.joint += usize::from(changes.chunk_by(|(one, _), (other, _)| one == other).count() > 1);
            if let Some((_, change)) = changes.iter().find(|(room, _)| flaws.bad.contains(room)) {
                return Err(StoreError::Unfit { author: change.author().unwrap(), why: Unfit::NoPlace });
            }
            drop(flaws);
            self.0.commit(changes)
        }

        fn kept(&self, room: &RoomId) -> Result<Vec<Kept>, StoreError> {
            self.0.kept(room)
        }

        fn rooms(&self) -> Result<Rooms, StoreError> {
            self.0.rooms()
        }

        fn put_room(&mut self, room: &RoomRecord) -> Result<(), StoreError> {
            self.writes()?;
            self.0.put_room(room)
        }

        fn leave(&mut self, room: &RoomId) -> Result<(), StoreError> {
            self.0.leave(room)
        }

        fn sweep(&mut self, rows: usize) -> Result<bool, StoreError> {
            let flaws = self.1.lock().unwrap();
            if flaws.stuck {
                return Err(StoreError::Full { path: PathBuf::from("home") });
            }
            flaws.swept.notify_one();
            self.0.sweep(rows)
        }

        fn peer_secret(&mut self, fresh: [u8; 32]) -> Result<[u8; 32], StoreError> {
            self.0.peer_secret(fresh)
        }

        fn index(&mut self, entries: usize) -> Result<bool, StoreError> {
            self.0.index(entries)
        }

        fn expire(&mut self, room: &RoomId, now_ms: u64, most: usize) -> Result<bool, StoreError> {
            self.0.expire(room, now_ms, most)
        }

        fn lapse(
            &mut self,
            room: &RoomId,
            parts: &[(AuthorId, Seq, Seq)],
            now_ms: u64,
            most: usize,
        ) -> Result<bool, StoreError> {
            self.0.lapse(room, parts, now_ms, most)
        }

        fn mend(&mut self, room: &RoomId) -> Result<CheckReport, StoreError> {
            self.0.mend(room)
        }

        fn reader(&self) -> Result<Box<dyn Read>, StoreError> {
            self.0.reader()
        }
    }

    async fn flawed() -> (Node, Arc<Mutex<Flaws>>) {
        let flaws = Arc::new(Mutex::new(Flaws::default()));
        let files = Files::nowhere();
        let held = files.list().unwrap();
        let store = Box::new(Flawed(Memory::new(), flaws.clone()));
        let opened = Opened { store, rooms: Rooms::default(), files, held };
        (Node::on(opened, Settings::memory()).await.unwrap(), flaws)
    }

    fn lines(word: &str, count: usize) -> Vec<(Kind, Bytes)> {
        (0..count).map(|at| (Kind::TEXT, Bytes::from(format!("{word} {at}")))).collect()
    }

    async fn until(events: &mut Events, what: &str, good: impl Fn(&RoomEvent) -> bool) {
        let wait = async { while !good(&events.next().await.unwrap()) {} };
        tokio::time::timeout(std::time::Duration::from_secs(60), wait).await.expect(what);
    }

    async fn goes_on(events: &mut Events) {
        until(events, "it goes on", |event| *event == RoomEvent::Resumed).await;
    }

    async fn texts(room: &Room) -> Vec<String> {
        let lines = room.entries().page(None, 5_000).await.unwrap().into_iter().filter(|line| line.kind == Kind::TEXT);
        lines.filter_map(|line| Some(String::from_utf8_lossy(line.body.bytes()?).into_owned())).collect()
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_room_that_cannot_be_written_stops_no_other() {
        let (node, flaws) = flawed().await;
        let (good, bad) = (node.create("good").await.unwrap(), node.create("bad").await.unwrap());
        let mut events = bad.events();
        let ((begun, has_begun), (go, may_go)) = (oneshot::channel(), mpsc::channel());
        {
            let mut flaws = flaws.lock().unwrap();
            flaws.bad.insert(bad.id());
            flaws.gate = Some((begun, may_go));
        }
        let before = tokio::spawn({
            let good = good.clone();
            async move { good.say("before").await }
        });
        has_begun.await.unwrap();
        // Both are said during a commit, so that the driver takes both in its next turn.
        let (here, there, ()) =
            tokio::join!(good.entries().say(lines("good", 2)), bad.entries().say(lines("bad", 2)), async {
                go.send(()).unwrap()
            });
        before.await.unwrap().unwrap();
        assert_eq!(here.unwrap().len(), 2);
        assert!(matches!(there, Err(Error::Stopped { .. })), "{there:?}");
        assert!(flaws.lock().unwrap().joint > 0, "both were in one batch");
        assert!(bad.stopped().is_some() && good.stopped().is_none());
        flaws.lock().unwrap().bad.clear();
        goes_on(&mut events).await;
        assert_eq!(bad.stopped(), None);
        bad.say("again").await.unwrap();
        assert_eq!(texts(&bad).await, ["again"], "what was answered with an error was not said");
        node.close().await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_full_disk_acknowledges_nothing_and_all_goes_on_when_there_is_room() {
        let (node, flaws) = flawed().await;
        let room = node.create("room").await.unwrap();
        room.say("before").await.unwrap();
        let mut events = room.events();
        flaws.lock().unwrap().full = true;
        for _ in 0..3 {
            assert!(matches!(room.say("lost").await, Err(Error::Stopped { .. })));
        }
        until(&mut events, "it is told", |event| matches!(event, RoomEvent::Stopped { .. })).await;
        assert_eq!(texts(&room).await, ["before"]);
        flaws.lock().unwrap().full = false;
        goes_on(&mut events).await;
        room.say("after").await.unwrap();
        assert_eq!(texts(&room).await, ["before", "after"]);
        // A resting room can be left.
        flaws.lock().unwrap().full = true;
        assert!(room.say("lost").await.is_err());
        room.leave().await.unwrap();
        assert_eq!(node.rooms().len(), 0);
        node.close().await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn what_was_left_goes_when_it_can_be_written_and_its_leaver_is_told() {
        let (node, flaws) = flawed().await;
        let room = node.create("room").await.unwrap();
        let swept = flaws.lock().unwrap().swept.clone();
        // At the start the driver finds out that there is nothing to sweep.
        swept.notified().await;
        flaws.lock().unwrap().stuck = true;
        assert!(matches!(room.leave().await, Err(Error::Unswept { .. })));
        assert_eq!(node.rooms().len(), 0, "it is left all the same");
        flaws.lock().unwrap().stuck = false;
        tokio::time::timeout(std::time::Duration::from_secs(60), swept.notified()).await.expect("it goes on by itself");
        node.close().await;
    }
}
