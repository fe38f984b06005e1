//! The listener for consoles: TCP on both loopbacks.
//!
//! A console costs one line, one piece and one reply of memory, whatever it does. Its next line is read only after it
//! took the previous reply, so a console that never reads delays only itself, and only for [`REPLY_MS`]. When
//! [`CONSOLES`] are connected, a newcomer replaces the console that has been silent longest since it connected, or else
//! the one whose last command is the oldest: silent clients cannot keep a console out, and an active console goes last.
//! Every console has [`HEARD_MS`] for its first command, so that a crowd that connects at once drives nobody out before
//! it is heard.

use std::{
    collections::BTreeMap,
    io,
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use rumormill_node::{
    Room,
    proto::{entry::Kind, limits::BODY_BYTES, limits::RUN_ENTRIES},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::watch,
    task::AbortHandle,
    time::{sleep, timeout},
};

use crate::{
    command::{Command, NoCommand, in_one_line, parse},
    crash,
    limits::{ACCEPT_AGAIN_MS, CONSOLES, HEARD_MS, PAGE_LINES, PIECE_BYTES, REPLY_BYTES, REPLY_MS},
    lines::Lines,
};

/// The room, once it is open. A console may connect before.
pub(crate) type Entered = watch::Receiver<Option<Room>>;

/// Listens on a TCP port of both loopbacks.
pub(crate) struct Listener {
    four: std::net::TcpListener,
    six: Option<std::net::TcpListener>,
}

impl Listener {
    /// Starts to listen; clients that connect before [`Listener::serve`] wait. A host without IPv6 has only one
    /// loopback.
    ///
    /// # Errors
    /// When the port is in use.
    pub(crate) fn bind(port: u16) -> io::Result<Self> {
        let four = listen((Ipv4Addr::LOCALHOST, port).into())?;
        let six = match listen((Ipv6Addr::LOCALHOST, port).into()) {
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => return Err(error),
            other => other.ok(),
        };
        Ok(Self { four, six })
    }

    /// Serves consoles while the process lives.
    ///
    /// # Errors
    /// When the runtime does not accept the sockets.
    pub(crate) async fn serve(self, room: Entered) -> io::Result<()> {
        let four = TcpListener::from_std(self.four)?;
        let six = self.six.map(TcpListener::from_std).transpose()?;
        let mut consoles = Consoles::default();
        loop {
            let accepted = tokio::select! {
                accepted = four.accept() => accepted,
                accepted = accept(six.as_ref()) => accepted,
            };
            match accepted {
                Ok((stream, _)) => consoles.admit(stream, room.clone()).await,
                // Probably out of descriptors, so waiting is all we can do.
                Err(_) => {
                    consoles.make_room().await;
                    sleep(Duration::from_millis(ACCEPT_AGAIN_MS)).await;
                }
            }
        }
    }
}

fn listen(address: SocketAddr) -> io::Result<std::net::TcpListener> {
    let listener = std::net::TcpListener::bind(address)?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

async fn accept(listener: Option<&TcpListener>) -> io::Result<(TcpStream, SocketAddr)> {
    match listener {
        Some(listener) => listener.accept().await,
        None => std::future::pending().await,
    }
}

/// The connected consoles, by order of arrival.
struct Consoles {
    began: Instant,
    next: u64,
    connected: BTreeMap<u64, Connected>,
}

struct Connected {
    task: AbortHandle,
    since: Instant,
    /// Time of its last command, in milliseconds since the listener started; 0 before the first.
    spoke_ms: Arc<AtomicU64>,
}

impl Default for Consoles {
    fn default() -> Self {
        Self { began: Instant::now(), next: 0, connected: BTreeMap::new() }
    }
}

impl Consoles {
    async fn admit(&mut self, stream: TcpStream, room: Entered) {
        self.connected.retain(|_, console| !console.task.is_finished());
        if self.connected.len() >= CONSOLES {
            self.make_room().await;
        }
        let spoke_ms = Arc::new(AtomicU64::new(0));
        let console = Console { stream, room, began: self.began, spoke_ms: Arc::clone(&spoke_ms), sayings: Vec::new() };
        let task = tokio::spawn(console.serve()).abort_handle();
        self.connected.insert(self.next, Connected { task, since: Instant::now(), spoke_ms });
        self.next += 1;
    }

    /// Disconnects the idlest console, once it has had its time to be heard.
    async fn make_room(&mut self) {
        while let Some((number, console)) = self.idlest() {
            let heard = Duration::from_millis(HEARD_MS).saturating_sub(console.since.elapsed());
            if heard.is_zero() {
                console.task.abort();
                self.connected.remove(&number);
                return;
            }
            sleep(heard).await;
        }
    }

    fn idlest(&self) -> Option<(u64, &Connected)> {
        let idlest = |(number, console): &(u64, &Connected)| (console.spoke_ms.load(Ordering::Relaxed), *number);
        self.connected.iter().map(|(number, console)| (*number, console)).min_by_key(idlest)
    }
}

/// One console.
struct Console {
    stream: TcpStream,
    room: Entered,
    began: Instant,
    spoke_ms: Arc<AtomicU64>,
    /// Texts of commands that arrived together: they become one run.
    sayings: Vec<String>,
}

impl Console {
    /// Serves until the client disconnects or is disconnected.
    async fn serve(mut self) -> io::Result<()> {
        self.stream.set_nodelay(true)?;
        let mut lines = Lines::default();
        let mut piece = vec![0; PIECE_BYTES];
        loop {
            let length = self.stream.read(&mut piece).await?;
            if length == 0 {
                return Ok(());
            }
            lines.feed(&piece[..length]);
            while let Some(line) = lines.next() {
                self.take(parse(line)).await?;
            }
            self.say().await?;
        }
    }

    async fn take(&mut self, parsed: Result<Option<Command>, NoCommand>) -> io::Result<()> {
        if matches!(parsed, Ok(Some(_))) {
            let since = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
            self.spoke_ms.store(since.max(1), Ordering::Relaxed);
        }
        match parsed {
            Ok(None) => Ok(()),
            Ok(Some(Command::Say(text))) if text.len() > BODY_BYTES => self.refuse("text too long").await,
            Ok(Some(Command::Say(text))) => {
                self.sayings.push(text);
                if self.sayings.len() < RUN_ENTRIES { Ok(()) } else { self.say().await }
            }
            Ok(Some(Command::Log)) => {
                self.say().await?;
                self.tell_log().await
            }
            Ok(Some(Command::Crash)) => crash(),
            Err(NoCommand::Say(why)) => self.refuse(why).await,
            Err(NoCommand::HangUp) => Err(io::ErrorKind::InvalidInput.into()),
        }
    }

    /// Refuses a line. Replies keep the order of the lines, so pending texts are said first.
    async fn refuse(&mut self, why: &str) -> io::Result<()> {
        self.say().await?;
        self.reply(format!("error: {why}\n").as_bytes()).await
    }

    /// Says the pending texts; returns once they are in the log.
    async fn say(&mut self) -> io::Result<()> {
        if self.sayings.is_empty() {
            return Ok(());
        }
        let sayings = self.sayings.drain(..).map(|text| (Kind::TEXT, text.into())).collect();
        match self.room().await?.entries().say(sayings).await {
            Ok(_) => Ok(()),
            Err(error) => {
                let line: String = in_one_line(&error.to_string()).collect();
                self.reply(format!("error: {line}\n").as_bytes()).await
            }
        }
    }

    /// Writes one line with every text of the timeline, reading and writing page by page.
    async fn tell_log(&mut self) -> io::Result<()> {
        let room = self.room().await?;
        let mut reply = String::from("chatLog ");
        let mut between = "";
        let mut after = None;
        loop {
            let page = room.entries().page_after(after, PAGE_LINES).await.map_err(io::Error::other)?;
            let Some(last) = page.last() else { break };
            after = Some(last.place);
            for line in page.iter().filter(|line| line.kind == Kind::TEXT) {
                let Some(text) = line.body.bytes() else { continue };
                reply.push_str(between);
                reply.extend(in_one_line(&String::from_utf8_lossy(text)));
                between = ",";
                if reply.len() >= REPLY_BYTES {
                    self.reply(std::mem::take(&mut reply).as_bytes()).await?;
                }
            }
        }
        if between.is_empty() {
            reply.push_str("<empty>");
        }
        reply.push('\n');
        self.reply(reply.as_bytes()).await
    }

    async fn room(&mut self) -> io::Result<Room> {
        let entered = self.room.wait_for(Option::is_some).await.map_err(io::Error::other)?;
        entered.clone().ok_or_else(|| io::ErrorKind::NotConnected.into())
    }

    async fn reply(&mut self, bytes: &[u8]) -> io::Result<()> {
        timeout(Duration::from_millis(REPLY_MS), self.stream.write_all(bytes)).await?
    }
}
