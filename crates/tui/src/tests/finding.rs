//! Search through the messages.

use super::{Stage, node::Node};

fn archive() -> Node {
    let mut node = Node::with("archive");
    for line in 1..400 {
        node.says("bob", &format!("line {line}{}", if line % 100 == 50 { " of gold" } else { "" }));
    }
    node
}

#[test]
fn a_search_result_can_be_opened() {
    let mut stage = Stage::open(archive(), 60, 12);
    stage
        .keys("C-s")
        .shows(
            r#"
 archive
─── type words that were said; Esc goes back








 nobody connected · nothing missing · clock ok
search:
"#,
        )
        .keys("gold")
        .shows(
            r#"
 archive
─── 4 found; Up, Down, Enter goes there, Esc back




 2026-11-22 12:50  bob  line 50 of gold
 2026-11-22 14:30  bob  line 150 of gold
 2026-11-22 16:10  bob  line 250 of gold
>2026-11-22 17:50  bob  line 350 of gold
 nobody connected · nothing missing · clock ok
search: gold
"#,
        );
    stage.keys("Up Up Up Up Down Enter").shows(
        r#"
 archive                         201 shown, all 400 fetched
 14:26        bob  line 146
 14:27             line 147
 14:28             line 148
 14:29             line 149
>14:30        bob  line 150 of gold
 14:31             line 151
 14:32             line 152
 14:33             line 153
 14:34             line 154
 nobody connected · nothing missing · ↓ more, Esc
ada>
"#,
    );
    stage.keys(&"PgDn ".repeat(60)).has("line 399").lacks("↓ more");
}

#[test]
fn a_result_in_the_window_is_shown_without_a_request() {
    let mut stage = Stage::open(archive(), 60, 12);
    stage.keys("/search Space gold Enter Enter").has(">17:50").has("line 351").has("line 349");
    assert_eq!(stage.model.open.as_ref().unwrap().timeline.len(), 100);
}

#[test]
fn nothing_found() {
    let mut stage = Stage::open(archive(), 60, 12);
    stage.keys("/search Space silver Enter").has("nothing found; Esc goes back").keys("Enter").has("line 399");
    stage.keys("C-s").pastes("gold\n").has("4 found").keys("C-u").has("type words that were said").keys("Esc");
    stage.has("line 399");
}
