//! The processes of the demo, as seen by the process that leads it.

use std::{collections::BTreeMap, env, path::Path, process::Stdio, time::Duration};

use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    process::{Child, ChildStdin, Command},
    sync::mpsc,
    time::{Instant, timeout_at},
};

use crate::{
    demo::node::{Address, Order, Report, Shown, State},
    failure::Failure,
    limits::{DEMO_MS, DEMO_REPORTS},
};

/// Identifies an entry: author and seq.
pub(crate) type Which = (String, u64);

/// All processes of the demo, and their reports.
pub(crate) struct Cast {
    pub(crate) members: Vec<Member>,
    reports: mpsc::Receiver<(usize, u32, Report)>,
    teller: mpsc::Sender<(usize, u32, Report)>,
}

/// One process, and its reports since its last start.
pub(crate) struct Member {
    process: Child,
    orders: ChildStdin,
    /// How often it was started: late reports of an earlier start are ignored.
    start: u32,
    pub(crate) address: Option<Address>,
    pub(crate) author: Option<String>,
    pub(crate) said: Option<(u64, u64)>,
    pub(crate) shown: BTreeMap<Which, Shown>,
    state: Option<State>,
}

impl Cast {
    /// An empty cast.
    pub(crate) fn new() -> Self {
        let (teller, reports) = mpsc::channel(DEMO_REPORTS);
        Self { members: Vec::new(), reports, teller }
    }

    /// Starts one more process, which keeps its log in `dir`, and waits until it is reachable.
    ///
    /// # Errors
    /// When it does not start.
    pub(crate) async fn join(&mut self, dir: &Path) -> Result<(), Failure> {
        let member = self.spawn(self.members.len(), 0, dir)?;
        self.members.push(member);
        let at = self.members.len() - 1;
        self.wait("start", |cast| cast.members[at].address.is_some()).await
    }

    /// Kills a process like a power cut.
    ///
    /// # Errors
    /// When it cannot be killed.
    pub(crate) async fn kill(&mut self, at: usize) -> Result<(), Failure> {
        self.members[at].process.kill().await.map_err(|error| failed(&format!("p{at} cannot be killed: {error}")))
    }

    /// Restarts a killed process in the same directory.
    ///
    /// # Errors
    /// When it does not start.
    pub(crate) async fn restart(&mut self, at: usize, dir: &Path) -> Result<(), Failure> {
        self.members[at] = self.spawn(at, self.members[at].start + 1, dir)?;
        self.wait("start again", |cast| cast.members[at].address.is_some()).await
    }

    fn spawn(&self, at: usize, start: u32, dir: &Path) -> Result<Member, Failure> {
        let spawn = || {
            Command::new(env::current_exe()?)
                .arg("demo-node")
                .arg(dir)
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .kill_on_drop(true)
                .spawn()
        };
        let mut process = spawn().map_err(|error| failed(&format!("p{at} does not start: {error}")))?;
        let (Some(orders), Some(stdout)) = (process.stdin.take(), process.stdout.take()) else {
            return Err(failed("a process has no standard streams"));
        };
        let teller = self.teller.clone();
        tokio::spawn(async move {
            let mut lines = BufReader::new(stdout).lines();
            while let Ok(Some(line)) = lines.next_line().await {
                let Ok(report) = serde_json::from_str(&line) else { return };
                if teller.send((at, start, report)).await.is_err() {
                    return;
                }
            }
        });
        let (address, author, said, shown, state) = (None, None, None, BTreeMap::new(), None);
        Ok(Member { process, orders, start, address, author, said, shown, state })
    }

    /// Sends an order to one process.
    ///
    /// # Errors
    /// When it has ended.
    pub(crate) async fn order(&mut self, at: usize, order: &Order) -> Result<(), Failure> {
        let mut line = serde_json::to_string(order).map_err(|error| failed(&error.to_string()))?;
        line.push('\n');
        let written = self.members[at].orders.write_all(line.as_bytes()).await;
        written.map_err(|error| failed(&format!("p{at} has ended: {error}")))
    }

    /// Waits until the reports satisfy `done`.
    ///
    /// # Errors
    /// When that takes longer than any step should.
    pub(crate) async fn wait(&mut self, what: &str, done: impl Fn(&Self) -> bool) -> Result<(), Failure> {
        let deadline = Instant::now() + Duration::from_millis(DEMO_MS);
        while !done(self) {
            match timeout_at(deadline, self.reports.recv()).await {
                Ok(Some((at, start, report))) => self.take(at, start, report),
                Ok(None) | Err(_) => return Err(failed(&format!("waited in vain for the processes to {what}"))),
            }
        }
        Ok(())
    }

    fn take(&mut self, at: usize, start: u32, report: Report) {
        let member = &mut self.members[at];
        if member.start != start {
            return;
        }
        match report {
            Report::Open(address) => member.address = Some(address),
            Report::In { author } => member.author = Some(author),
            Report::Said { seq, at_us } => member.said = Some((seq, at_us)),
            Report::Shown(shown) => {
                member.shown.entry((shown.author.clone(), shown.seq)).or_insert(shown);
            }
            Report::State(state) => member.state = Some(state),
        }
    }

    /// Lets one process say something; returns the entry and its time in microseconds.
    ///
    /// # Errors
    /// When it does not say it.
    pub(crate) async fn say(&mut self, at: usize, text: &str) -> Result<(Which, u64), Failure> {
        self.members[at].said = None;
        self.order(at, &Order::Say { text: text.into() }).await?;
        self.wait("speak", |cast| cast.members[at].said.is_some()).await?;
        match (&self.members[at].author, self.members[at].said) {
            (Some(author), Some((seq, at_us))) => Ok(((author.clone(), seq), at_us)),
            _ => Err(failed("a process spoke in no room")),
        }
    }

    /// The states of these processes.
    ///
    /// # Errors
    /// When one does not report.
    pub(crate) async fn states(&mut self, who: &[usize]) -> Result<Vec<State>, Failure> {
        for at in who {
            self.members[*at].state = None;
            self.order(*at, &Order::Tell).await?;
        }
        self.wait("tell where they stand", |cast| who.iter().all(|at| cast.members[*at].state.is_some())).await?;
        Ok(who.iter().filter_map(|at| self.members[*at].state.take()).collect())
    }
}

/// The failure of a demo that does not go as planned.
pub(crate) fn failed(what: &str) -> Failure {
    Failure::internal("demo", what.into())
}
