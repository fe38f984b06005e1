//! A node of the Maelstrom workbench with our engine inside: the broadcast workload over lines of JSON.
//!
//! The driver reads lines, supplies the time and prints the output; see `examples/maelstrom.rs`. Maelstrom has no
//! connections, only messages between names: at first all nodes are linked with each other, and a node announces links
//! that its engine makes or gives up. All frames of one turn to one node go in one message.

use std::{collections::BTreeMap, fmt};

use bytes::Bytes;
use data_encoding::BASE64;
use rumormill_proto::{
    admit::Author,
    config::Config,
    engine::Engine,
    entry::Kind,
    frame::Frame,
    ids::{PeerId, RoomId},
    input::{Event, Input, Output, Saying},
    rumor::Policy,
    standing::Crowd,
    time::Now,
    view::Shape,
};
use rumormill_store::{Change, Memory, Read, Store as _};
use serde_json::{Map, Value, json};

use crate::{serving::Serving, study::glomers::PACE};

/// The room that all nodes of a cluster share.
const ROOM: RoomId = RoomId([0x6d; 32]);

/// Broadcasts that wait for their answer; further broadcasts get an error.
const UNANSWERED: usize = 10_000;

/// Why a line was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Amiss(String);

impl fmt::Display for Amiss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not understood: {}", self.0)
    }
}

impl std::error::Error for Amiss {}

/// One node: it has no engine until it learns its name, then it is a peer of the room.
pub struct Node {
    policy: Policy,
    peer: Option<Peer>,
    out: Vec<String>,
}

struct Peer {
    name: String,
    engine: Engine,
    store: Memory,
    reader: Box<dyn Read>,
    names: BTreeMap<PeerId, String>,
    /// Values broadcast so far, in order of arrival.
    values: Vec<Value>,
    /// Unanswered requests: the client and the number of its request, by tag.
    asked: BTreeMap<u64, (String, Value)>,
    sayings: u64,
    /// Frames of this turn, by receiver.
    said: BTreeMap<PeerId, Vec<Value>>,
}

impl Node {
    /// A node that spreads rumors by `policy`.
    pub fn new(policy: Policy) -> Self {
        Self { policy, peer: None, out: Vec::new() }
    }

    /// The monotonic milliseconds at which to call [`Node::wake`]; `None` before the node has a name.
    pub fn next_deadline(&self) -> Option<u64> {
        self.peer.as_ref().map(|peer| peer.engine.next_deadline())
    }

    /// Takes the lines to print since the last call.
    pub fn take_lines(&mut self) -> Vec<String> {
        std::mem::take(&mut self.out)
    }

    /// Handles the deadline.
    pub fn wake(&mut self, now: Now) {
        if let Some(peer) = &mut self.peer {
            peer.turn(vec![Input::Wake], now, &mut self.out);
        }
    }

    /// Takes a line.
    ///
    /// # Errors
    /// When it is not a message of the workbench, or not one that a node expects; the state is unchanged then.
    pub fn take(&mut self, line: &str, now: Now) -> Result<(), Amiss> {
        let message: Value = serde_json::from_str(line).map_err(|why| Amiss(why.to_string()))?;
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let (Some(from), Some(body)) = (text(&message["src"]), message["body"].as_object()) else {
            return Err(Amiss("no src or no body".into()));
        };
        let kind = body.get("type").and_then(Value::as_str).unwrap_or_default();
        match (kind, &mut self.peer) {
            ("init", None) => self.begin(&from, body, now),
            ("init", Some(_)) => Err(Amiss("a second init".into())),
            (_, Some(peer)) => peer.take(&from, kind, body, now, &mut self.out),
            (_, None) => Err(Amiss(format!("{kind} before init"))),
        }
    }

    fn begin(&mut self, from: &str, body: &Map<String, Value>, now: Now) -> Result<(), Amiss> {
        let Some(name) = body.get("node_id").and_then(Value::as_str) else { return Err(Amiss("no node_id".into())) };
        let ids = body.get("node_ids").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let others: Vec<&str> = ids.iter().filter_map(Value::as_str).filter(|id| *id != name).collect();
        let mut peer = Peer::new(name, &others, &self.policy, now).map_err(|why| Amiss(why.to_string()))?;
        let up = peer.names.keys().map(|peer| Input::Up { peer: *peer, address: Some(Bytes::new()) }).collect();
        peer.answer(from, body.get("msg_id"), json!({ "type": "init_ok" }), &mut self.out);
        peer.turn(up, now, &mut self.out);
        self.peer = Some(peer);
        Ok(())
    }
}

/// Derives thirty-two bytes from a name, for one use.
fn bytes_of(name: &str, usage: &str) -> [u8; 32] {
    blake3::derive_key(&format!("rumormill 2026 maelstrom {usage}"), name.as_bytes())
}

impl Peer {
    fn new(name: &str, others: &[&str], policy: &Policy, now: Now) -> Result<Self, rumormill_store::Error> {
        let store = Memory::new();
        let id = |name: &str| PeerId(bytes_of(name, "peer"));
        let [a, b, c, d, e, f, g, h, ..] = bytes_of(name, "seed");
        let config = Config {
            room: ROOM,
            me: id(name),
            policy: policy.clone(),
            shape: Shape::Open,
            pace: PACE,
            crowd: Crowd::default(),
            closed: None,
            fresh_author: true,
            trace: false,
            seed: u64::from_be_bytes([a, b, c, d, e, f, g, h]),
        };
        let author = Author::from_secret(&bytes_of(name, "author"));
        Ok(Self {
            name: name.to_owned(),
            engine: Engine::new(config, author, Vec::new(), None, now),
            reader: store.reader()?,
            store,
            names: others.iter().map(|other| (id(other), (*other).to_owned())).collect(),
            values: Vec::new(),
            asked: BTreeMap::new(),
            sayings: 0,
            said: BTreeMap::new(),
        })
    }

    fn take(
        &mut self,
        from: &str,
        kind: &str,
        body: &Map<String, Value>,
        now: Now,
        out: &mut Vec<String>,
    ) -> Result<(), Amiss> {
        let number = body.get("msg_id");
        match kind {
            "topology" => self.answer(from, number, json!({ "type": "topology_ok" }), out),
            "read" => self.answer(from, number, json!({ "type": "read_ok", "messages": self.values }), out),
            "broadcast" if self.asked.len() >= UNANSWERED => {
                let busy = json!({ "type": "error", "code": 11, "text": "too many broadcasts are waiting" });
                self.answer(from, number, busy, out);
            }
            "broadcast" => {
                let value = body.get("message").ok_or_else(|| Amiss("no message to broadcast".into()))?;
                self.sayings += 1;
                self.asked.insert(self.sayings, (from.to_owned(), number.cloned().unwrap_or_default()));
                let saying = Saying { tag: self.sayings, kind: Kind::TEXT, body: value.to_string().into() };
                self.turn(vec![Input::Say(vec![saying])], now, out);
            }
            "link" | "unlink" | "say" => self.hear(from, kind, body, now, out)?,
            "error" => {}
            _ => self.answer(from, number, json!({ "type": "error", "code": 10, "text": "not supported" }), out),
        }
        Ok(())
    }

    /// Handles a message from another node.
    fn hear(
        &mut self,
        from: &str,
        kind: &str,
        body: &Map<String, Value>,
        now: Now,
        out: &mut Vec<String>,
    ) -> Result<(), Amiss> {
        let peer = PeerId(bytes_of(from, "peer"));
        if !self.names.contains_key(&peer) {
            return Err(Amiss(format!("{from} is not a node of this cluster")));
        }
        let inputs = match kind {
            "link" => vec![Input::Up { peer, address: Some(Bytes::new()) }],
            "unlink" => vec![Input::Down { peer }],
            _ => {
                let wires = body.get("frames").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
                let mut inputs = Vec::with_capacity(wires.len());
                for wire in wires {
                    let bytes = wire.as_str().and_then(|text| BASE64.decode(text.as_bytes()).ok());
                    let bytes = bytes.ok_or_else(|| Amiss("a frame that is not base64".into()))?;
                    let frame = Frame::decode(bytes.into()).map_err(|why| Amiss(format!("{why:?}")))?;
                    inputs.push(Input::Received { from: peer, frame });
                }
                inputs
            }
        };
        self.turn(inputs, now, out);
        Ok(())
    }

    /// One turn, as in a node: take in, store, send, answer.
    fn turn(&mut self, mut inputs: Vec<Input>, now: Now, out: &mut Vec<String>) {
        while !inputs.is_empty() {
            let mut outputs = Vec::new();
            inputs.drain(..).for_each(|input| self.engine.handle(input, now, &mut outputs));
            self.keep(&outputs, &mut inputs);
            outputs.into_iter().for_each(|output| self.follow(output, &mut inputs, out));
        }
        for (peer, frames) in std::mem::take(&mut self.said) {
            self.tell(&peer, json!({ "type": "say", "frames": frames }), out);
        }
    }

    fn keep(&mut self, outputs: &[Output], inputs: &mut Vec<Input>) {
        let changes: Vec<_> = outputs.iter().filter_map(Change::of).map(|change| (ROOM, change)).collect();
        // Memory accepts whatever the engine appends.
        let cut = self.store.commit(&changes).unwrap_or_default();
        inputs.extend(cut.into_iter().map(|(author, log)| Input::CutDone { author, log }));
    }

    fn follow(&mut self, output: Output, inputs: &mut Vec<Input>, out: &mut Vec<String>) {
        match output {
            Output::Send { to, frame } => self.say(to, &frame),
            Output::Serve { to, want, newest, ranges, .. } => {
                let first = self.reader.newest(&ROOM, newest).unwrap_or_default();
                let mut serving = Serving::new(want, first, ranges);
                while let Ok(Some(frame)) = serving.next(&mut *self.reader, &ROOM) {
                    self.say(to, &frame);
                }
            }
            // The room is an open one.
            Output::Look(_) => {}
            Output::Recall(what) => {
                let found = self.reader.recalled(&ROOM, &what).ok().flatten();
                inputs.push(Input::Recalled { what, found });
            }
            Output::Dial(contact) => {
                self.tell(&contact.peer, json!({ "type": "link" }), out);
                inputs.push(Input::Up { peer: contact.peer, address: Some(contact.address) });
            }
            Output::Introduce { .. } | Output::Withdraw { .. } => {}
            Output::Close { peer, .. } => self.tell(&peer, json!({ "type": "unlink" }), out),
            Output::Said { tag, .. } => self.answered(tag, json!({ "type": "broadcast_ok" }), out),
            Output::Unsaid { tag, why } => {
                self.answered(tag, json!({ "type": "error", "code": 13, "text": format!("{why:?}") }), out);
            }
            Output::Emit(Event::Shown { entry, .. }) => {
                let value = entry.body.bytes().and_then(|bytes| serde_json::from_slice(bytes).ok());
                self.values.extend(value);
            }
            Output::Bare { most } => {
                let (bare, all) = self.reader.bare(&ROOM, most).unwrap_or_default();
                inputs.push(Input::Bare { bare, all });
            }
            Output::Vouches { author, most } => {
                let vouches = self.reader.vouches(&ROOM, &author, most).unwrap_or_default();
                inputs.push(Input::Vouches { author, vouches });
            }
            Output::Emit(_)
            | Output::Append(_)
            | Output::Cut(_)
            | Output::Prove(_)
            | Output::Part { .. }
            | Output::Prolong(_)
            | Output::Evict(_)
            | Output::Keep(_)
            | Output::Fill { .. }
            | Output::Imported(_) => {}
        }
    }

    fn say(&mut self, to: PeerId, frame: &Frame) {
        self.said.entry(to).or_default().push(BASE64.encode(&frame.encode()).into());
    }

    fn answered(&mut self, tag: u64, body: Value, out: &mut Vec<String>) {
        if let Some((to, number)) = self.asked.remove(&tag) {
            self.answer(&to, Some(&number), body, out);
        }
    }

    fn answer(&self, to: &str, number: Option<&Value>, mut body: Value, out: &mut Vec<String>) {
        body["in_reply_to"] = number.cloned().unwrap_or_default();
        self.print(to, &body, out);
    }

    fn tell(&self, to: &PeerId, body: Value, out: &mut Vec<String>) {
        if let Some(name) = self.names.get(to) {
            self.print(name, &body, out);
        }
    }

    fn print(&self, to: &str, body: &Value, out: &mut Vec<String>) {
        out.push(json!({ "src": self.name, "dest": to, "body": body }).to_string());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Carries lines between nodes, one hop every 100 ms, and keeps the answers to clients.
    struct Bench {
        nodes: BTreeMap<String, Node>,
        now_ms: u64,
        under_way: Vec<(u64, String)>,
        told: Vec<Value>,
        between: usize,
    }

    impl Bench {
        fn new(count: usize) -> Self {
            let names: Vec<String> = (0..count).map(|number| format!("n{number}")).collect();
            let nodes = names.iter().map(|name| (name.clone(), Node::new(Policy::default()))).collect();
            let mut bench = Self { nodes, now_ms: 0, under_way: Vec::new(), told: Vec::new(), between: 0 };
            for name in &names {
                bench.ask(name, json!({ "type": "init", "msg_id": 1, "node_id": name, "node_ids": names }));
            }
            bench
        }

        fn now(&self) -> Now {
            Now { ticks_ms: self.now_ms, wall_ms: 1_700_000_000_000 + self.now_ms }
        }

        fn ask(&mut self, node: &str, body: Value) {
            let line = json!({ "src": "c1", "dest": node, "body": body }).to_string();
            let now = self.now();
            let asked = self.nodes.get_mut(node).unwrap();
            asked.take(&line, now).unwrap();
            self.collect(node);
        }

        fn collect(&mut self, node: &str) {
            for line in self.nodes.get_mut(node).unwrap().take_lines() {
                let message: Value = serde_json::from_str(&line).unwrap();
                match message["dest"].as_str() {
                    Some("c1") => self.told.push(message["body"].clone()),
                    _ => {
                        self.between += 1;
                        self.under_way.push((self.now_ms + 100, line));
                    }
                }
            }
        }

        fn run_ms(&mut self, ms: u64) {
            for _ in 0..ms / 10 {
                self.now_ms += 10;
                let now = self.now();
                let due: Vec<_> = self.under_way.extract_if(.., |(at_ms, _)| *at_ms <= now.ticks_ms).collect();
                for (_, line) in due {
                    let message: Value = serde_json::from_str(&line).unwrap();
                    let name = message["dest"].as_str().unwrap().to_owned();
                    self.nodes.get_mut(&name).unwrap().take(&line, now).unwrap();
                    self.collect(&name);
                }
                let names: Vec<String> = self.nodes.keys().cloned().collect();
                for name in names {
                    let node = self.nodes.get_mut(&name).unwrap();
                    if node.next_deadline().is_some_and(|ms| ms <= now.ticks_ms) {
                        node.wake(now);
                        self.collect(&name);
                    }
                }
            }
        }
    }

    #[test]
    fn a_cluster_answers_and_everything_broadcast_is_read_everywhere() {
        let mut bench = Bench::new(25);
        bench.run_ms(1_000);
        bench.ask("n3", json!({ "type": "topology", "msg_id": 2, "topology": {} }));
        let before = bench.between;
        for number in 0..50 {
            bench.ask(&format!("n{}", number % 25), json!({ "type": "broadcast", "msg_id": 3, "message": number }));
            bench.run_ms(20);
        }
        bench.run_ms(1_000);
        let between = bench.between - before;
        let told = |kind: &str| bench.told.iter().filter(|body| body["type"] == kind).count();
        assert_eq!((told("init_ok"), told("topology_ok"), told("broadcast_ok")), (25, 1, 50));
        // Each peer hears each value once and answers within 300 ms, for in so short a time no link is busy; a few compare.
        assert!(between <= 50 * 24 + 50 * 24 + 100, "{between} messages for fifty broadcasts");
        bench.told.clear();
        for node in 0..25 {
            bench.ask(&format!("n{node}"), json!({ "type": "read", "msg_id": 4 }));
        }
        for body in bench.told {
            assert_eq!((&body["type"], &body["in_reply_to"]), (&json!("read_ok"), &json!(4)));
            let mut read: Vec<u64> = body["messages"].as_array().unwrap().iter().filter_map(Value::as_u64).collect();
            read.sort_unstable();
            assert_eq!(read, (0..50).collect::<Vec<_>>());
        }
    }

    #[test]
    fn what_is_no_message_is_refused_and_changes_nothing() {
        let mut node = Node::new(Policy::default());
        let now = Now { ticks_ms: 1, wall_ms: 1 };
        let early = r#"{"src":"c1","dest":"n1","body":{"type":"read","msg_id":1}}"#;
        for line in ["", "{", "[]", "{}", r#"{"src":"c1","body":1}"#, early] {
            assert!(node.take(line, now).is_err(), "{line}");
        }
        let init = r#"{"src":"c0","body":{"type":"init","msg_id":1,"node_id":"n1","node_ids":["n1","n2"]}}"#;
        node.take(init, now).unwrap();
        node.take_lines();
        let stranger = r#"{"src":"n9","body":{"type":"say","frames":[]}}"#;
        let rubbish = r#"{"src":"n2","body":{"type":"say","frames":["AAAA"]}}"#;
        for line in [init, stranger, rubbish, r#"{"src":"c1","body":{"type":"broadcast"}}"#] {
            assert!(node.take(line, now).is_err(), "{line}");
        }
        node.take(r#"{"src":"c1","body":{"type":"dance","msg_id":7}}"#, now).unwrap();
        assert!(node.take_lines()[0].contains("\"code\":10"));
    }
}
