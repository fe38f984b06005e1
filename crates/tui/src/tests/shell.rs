//! The shell around the core: its inputs from the terminal and the node, and its effects on them.

use std::{io, sync::Mutex, task::Poll};

use bytes::Bytes;
use crossterm::event::{Event as Pressed, KeyCode, KeyEvent, KeyModifiers};
use futures_util::{Stream, StreamExt as _, stream};
use http::{Request, Response};
use ratatui::{Terminal, backend::TestBackend};
use rumormill_api::{Arrival, Event, endpoints};
use rumormill_client::{Answered, Body, Client, Error, Transport};
use rumormill_text::{Clock, Kept};

use super::node::{Asked, Node};
use crate::{
    input::Size,
    links::{Leads, Links},
    model::Model,
    paint::Paint,
    run::{Remembered, Shell},
    screen::Desktop,
    settings::{Chosen, Loud, Preferences},
};

/// Polls after which everything at hand has been taken and drawn: a story causes a dozen answers.
const SETTLED: usize = 200;

impl Leads for TestBackend {
    fn lead(&mut self, _: Links) {}
}

/// A node, and its events.
struct Fake {
    node: Asked,
    events: Mutex<Vec<Event>>,
    /// Whether the stream of events ends.
    closes: bool,
}

impl Fake {
    fn new(node: Node, events: Vec<Event>) -> Self {
        Self { node: Asked::new(node), events: Mutex::new(events), closes: false }
    }
}

impl Transport for Fake {
    fn is_in_process(&self) -> bool {
        true
    }

    fn carry(&self, request: Request<Body>) -> Answered<'_> {
        if request.uri().path() != endpoints::EVENTS.path {
            return self.node.carry(request);
        }
        let events = std::mem::take(&mut *self.events.lock().unwrap());
        let sent = events.iter().map(sent).map(Ok::<_, Error>).collect::<Vec<_>>();
        let rest = if self.closes { stream::empty().boxed() } else { stream::pending().boxed() };
        Box::pin(async move { Ok(Response::new(Body::stream(stream::iter(sent).chain(rest)))) })
    }
}

/// An event as it is sent.
fn sent(event: &Event) -> Bytes {
    let event = serde_json::to_value(event).unwrap();
    format!("event: {}\ndata: {}\n\n", event["event"].as_str().unwrap(), event["data"]).into()
}

/// A person who waits until the screen has settled, and then types.
pub(super) fn typed(text: &str) -> impl Stream<Item = io::Result<Pressed>> + Unpin + use<> {
    let mut polls = 0;
    let settled = stream::poll_fn(move |context| {
        polls += 1;
        if polls > SETTLED {
            return Poll::Ready(None);
        }
        context.waker().wake_by_ref();
        Poll::Pending
    });
    let code = |char| if char == '\n' { KeyCode::Enter } else { KeyCode::Char(char) };
    let press = move |char| Ok(Pressed::Key(KeyEvent::new(code(char), KeyModifiers::NONE)));
    settled.chain(stream::iter(text.chars().map(press).collect::<Vec<_>>()))
}

/// The result of a visit.
struct Visit {
    ended: Result<(), String>,
    screen: String,
    /// The control sequences written to the terminal besides the screen.
    signs: String,
    node: Node,
    /// When the room was opened, by the clock.
    opened_ms: Option<u64>,
    remembered: Vec<String>,
    /// The changed settings, as the next visit reads them.
    chosen: Chosen,
}

/// A visit that ends with the keys.
async fn visit(fake: Fake, keys: impl Stream<Item = io::Result<Pressed>> + Unpin) -> Visit {
    visit_with(None, fake, keys).await
}

/// The same with a program that copies texts to the clipboard.
async fn visit_with(
    clipboard: Option<fn(&str) -> bool>,
    fake: Fake,
    keys: impl Stream<Item = io::Result<Pressed>> + Unpin,
) -> Visit {
    let home = tempfile::tempdir().unwrap();
    let mut terminal = Terminal::new(TestBackend::new(60, 16)).unwrap();
    let mut history = Remembered::load(home.path().join("history"));
    let model = Model::new(Size { columns: 1, rows: 1 }, Clock::utc(), Paint::Colours);
    let mut signs = Vec::new();
    let chosen = Kept::open(home.path().join("set.json")).unwrap();
    let mut shell = Shell {
        model,
        terminal: &mut terminal,
        signs: &mut signs,
        desktop: Desktop::Text,
        clipboard,
        copies: false,
        history: &mut history,
        chosen: &chosen,
    };
    let asked = fake.node.clone();
    let ended = shell.stay(&Client::new(fake), keys).await.map_err(|failure| failure.to_string());
    let opened_ms = shell.model.open.as_ref().map(|open| open.opened_ms);
    let screen = terminal.backend().to_string();
    let remembered = Remembered::load(home.path().join("history")).lines();
    let node = asked.take();
    let chosen = Kept::<Chosen>::open(home.path().join("set.json")).unwrap().read(Clone::clone);
    Visit { chosen, ended, opened_ms, screen, signs: String::from_utf8(signs).unwrap(), node, remembered }
}

#[tokio::test]
async fn typed_lines_are_sent_shown_and_remembered() {
    let mut node = Node::with("lunch");
    let said = node.says("bob", "ada: hungry?");
    let ring = node.event(&said, Arrival::End);
    let keys = typed("pizza\n").chain(typed("/ticket\n")).chain(typed(""));
    let visit = visit(Fake::new(node, vec![ring]), keys).await;
    assert_eq!(visit.ended, Ok(()));
    assert_eq!(visit.node.rooms[0].messages.last().unwrap().text, "pizza");
    assert!(visit.screen.contains("ada  pizza"), "{}", visit.screen);
    assert!(visit.signs.contains("\u{1b}]52;c;"), "the terminal is asked to copy the ticket: {:?}", visit.signs);
    assert!(visit.screen.contains("was asked to copy it"), "{}", visit.screen);
    assert_eq!(visit.remembered, ["pizza", "/ticket"]);
}

/// Messages from before that moment are unread, even if they arrive a moment later.
#[tokio::test]
async fn the_first_room_opens_at_the_present_time() {
    let before_ms = Clock::utc().now_ms();
    let visit = visit(Fake::new(Node::with("lunch"), vec![]), typed("")).await;
    assert!(visit.opened_ms.is_some_and(|opened_ms| opened_ms >= before_ms), "{:?}", visit.opened_ms);
}

#[tokio::test]
async fn a_program_that_copied_spares_asking_the_terminal() {
    let keys = || typed("/ticket\n").chain(typed(""));
    let copied =
        visit_with(Some(|text| text.starts_with("rumor2")), Fake::new(Node::with("lunch"), vec![]), keys()).await;
    assert!(copied.screen.contains("copied") && !copied.signs.contains("]52;"), "{}{}", copied.screen, copied.signs);
    let failed = visit_with(Some(|_| false), Fake::new(Node::with("lunch"), vec![]), keys()).await;
    assert!(failed.screen.contains("was asked to copy it") && failed.signs.contains("]52;"), "{}", failed.screen);
}

#[tokio::test]
async fn settings_last_until_the_next_visit() {
    let keys = typed("/set bell off\n").chain(typed("/set notify all\n/set bell loud\n")).chain(typed(""));
    let visit = visit(Fake::new(Node::with("lunch"), Vec::new()), keys).await;
    assert_eq!(visit.ended, Ok(()));
    let settings = Preferences::default().with(&visit.chosen);
    assert_eq!((settings.bell, settings.notify), (Loud::None, Loud::All));
}

#[tokio::test]
async fn quitting_ends_it() {
    let keys = typed("/quit\n").chain(stream::pending());
    assert_eq!(visit(Fake::new(Node::with("lunch"), Vec::new()), keys).await.ended, Ok(()));
}

#[tokio::test]
async fn a_node_that_closes_is_an_error() {
    let fake = Fake { closes: true, ..Fake::new(Node::with("lunch"), Vec::new()) };
    let ended = visit(fake, stream::pending()).await.ended.unwrap_err();
    assert!(ended.starts_with("error[closed]: the node has closed"), "{ended}");
}

#[tokio::test]
async fn a_terminal_that_goes_away_is_an_error() {
    let keys = stream::iter([Err(io::Error::other("hung up"))]);
    let ended = visit(Fake::new(Node::with("lunch"), Vec::new()), keys).await.ended.unwrap_err();
    assert!(ended.starts_with("error[terminal]: hung up"), "{ended}");
}
