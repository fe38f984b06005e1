//! Looking for what was said.

use super::{Stage, node::Node};

fn archive() -> Node {
    let mut node = Node::with("archive");
    for line in 1..400 {
        node.says("bob", &format!("line {line}{}", if line % 100 == 50 { " of gold" } else { "" }));
    }
    node
}

#[test]
fn searching_and_going_there() {
    let mut stage = Stage::open(archive(), 60, 12);
    stage.keys("C-s").shows("@1").keys("gold").shows("@2");
    stage.keys("Up Up Up Up Down Enter").shows("@3");
    stage.keys(&"PgDn ".repeat(60)).has("line 399").lacks("more below");
}

#[test]
fn what_is_near_is_gone_to_without_reading_anew() {
    let mut stage = Stage::open(archive(), 60, 12);
    stage.keys("/search Space gold Enter Enter").has(">18:50").has("line 351").has("line 349");
    assert_eq!(stage.model.open.as_ref().unwrap().timeline.len(), 100);
}

#[test]
fn nothing_found() {
    let mut stage = Stage::open(archive(), 60, 12);
    stage.keys("/search Space silver Enter").has("nothing found; Esc goes back").keys("Enter").has("line 399");
    stage.keys("C-s").pastes("gold\n").has("4 found").keys("C-u").has("type words that were said").keys("Esc");
    stage.has("line 399");
}
