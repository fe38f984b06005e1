//! Files: offered, fetched, saved.

use rumormill_api::{Arrival, FileState};

use super::{Stage, node::Node};
use crate::{
    ask::{Answer, Ask, OfRoom, Outcome},
    input::Input,
};

fn lunch() -> Node {
    let mut node = Node::with("lunch");
    node.meets("bob", true);
    node
}

#[test]
fn a_requested_file_is_saved_when_it_is_here() {
    let mut node = lunch();
    let photo = node.offers("bob", "photo.jpg", 2_100_000);
    let mut stage = Stage::open(node, 80, 12);
    stage.has("bob  photo.jpg, 2.1 MB, image/jpeg  /get fetches it");
    stage.keys("/get Enter").has("2.1 MB, image/jpeg  asking for it");
    let event = stage.node.stands(&photo, FileState::Waiting, 0);
    stage.hears(event).has("image/jpeg  nobody who has it is here;");
    let event = stage.node.stands(&photo, FileState::Fetching, 1_050_000);
    stage.hears(event).has("2.1 MB, image/jpeg  50 %").lacks("saved");
    let event = stage.node.stands(&photo, FileState::Here, 2_100_000);
    stage.hears(event).has("here; /get saves it").has("saved as /home/ada/photo.jpg");
    // A file that nobody asked for is not saved.
    let mut stage = Stage::open(lunch(), 80, 12);
    let photo = stage.node.offers("bob", "photo.jpg", 2_100_000);
    let event = stage.node.stands(&photo, FileState::Here, 2_100_000);
    stage.hears(event).lacks("saved");
}

#[test]
fn an_answer_that_events_overtook_changes_nothing() {
    let mut stage = Stage::open(lunch(), 80, 12);
    let photo = stage.node.offers("bob", "photo.jpg", 2_100_000);
    let arrived = stage.node.event(&photo, Arrival::End);
    let here = stage.node.stands(&photo, FileState::Here, 2_100_000);
    stage.hears(arrived).hears(here).has("here; /get saves it");
    let room = stage.node.rooms[0].room.id.clone();
    for ask in [OfRoom::Fetch(photo.r#ref.clone()), OfRoom::Unreact(photo.r#ref.clone(), "+".into())] {
        let told = Ok(Outcome::Message(Box::new(photo.clone())));
        stage.takes(Input::Answer(Box::new(Answer { ask: Ask::Of(room.clone(), ask), told })));
        stage.has("here; /get saves it");
    }
}

#[test]
fn files_are_chosen_by_selection_number_or_newest() {
    let mut node = lunch();
    node.offers("bob", "first.jpg", 1_000);
    node.offers("bob", "second.jpg", 2_000);
    node.says("bob", "look at these");
    let mut stage = Stage::open(node, 80, 14);
    stage
        .keys("/get Space 2 Enter")
        .has("first.jpg, 1.0 kB, image/jpeg  asking")
        .has("second.jpg, 2.0 kB, image/jpeg  /get");
    stage.keys("M-Up /get Enter").has("that offers no file");
    stage.keys("M-Up /get Enter").has("second.jpg, 2.0 kB, image/jpeg  asking");
    stage.keys("Esc /get Space 3 Enter").has("that offers no file");
}

#[test]
fn a_file_of_mine_is_offered_and_taken_back() {
    let mut stage = Stage::open(lunch(), 80, 14);
    stage.keys("/file Enter").has("which file?");
    stage.keys("/file Space notes.txt Enter").has("ada  notes.txt, 12 B, image/jpeg  here; /get saves it");
    stage.keys("/edit Enter").has("that is not yours to edit");
    stage.keys("/delete Enter").has("(taken back)");
}

#[test]
fn a_hostile_name_is_shown_as_a_name() {
    let mut node = lunch();
    node.offers("bob", "\u{1b}[2J\u{202e}gpj.exe\n/../../x", 5);
    let mut stage = Stage::open(node, 80, 12);
    stage.has("bob  [2Jgpj.exe_.._.._x, 5 B");
}
