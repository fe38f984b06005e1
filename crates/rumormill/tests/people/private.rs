//! Ann writes to Ben out of a room with Eve: a request, which Ben opens, and another that he declines.

use crate::{lines::Window, person::Person};

fn ids(of: &Person) -> Vec<String> {
    of.lines(&["requests"]).iter().filter_map(|line| line.rsplit("  ").next().map(str::to_owned)).collect()
}

#[test]
fn ann_asks_ben_to_talk_privately_and_he_opens_one_request_and_declines_another() {
    let (ann, ben, eve) = (Person::new(), Person::new(), Person::new());
    let mut at_ann = Window::of(&mut ann.command(&["new", "lunch", "--nick", "Ann"]));
    let ticket = at_ann.until("rumor2");
    let mut at_ben = Window::of(&mut ben.command(&["join", &ticket, "--nick", "Ben"]));
    at_ben.shows("you are in lunch");
    let mut at_eve = Window::of(&mut eve.command(&["join", &ticket, "--nick", "Eve"]));
    at_eve.shows("you are in lunch");
    at_ann.until("Eve joined");
    ann.lines(&["verify", "lunch", "Ben", "--yes"]);

    at_ann.types("/msg Ben can you keep a secret?");
    at_ann.shows("said privately: @Ben");
    at_ben.shows("Ann out of lunch asks you to talk privately");
    assert_eq!(ids(&ben).len(), 1);
    assert!(ids(&eve).is_empty() && ids(&ann).is_empty());
    assert!(ben.fails(&["requests", "open", "Eve"], 2).contains("error[request]"));
    at_ben.types("/requests open Ann");
    at_ben.shows("entered: @Ann");
    let mut privately = Window::of(&mut ben.command(&["chat", "@Ann"]));
    privately.until("Ann  can you keep a secret?");
    privately.types("yes");
    let mut there = Window::of(&mut ann.command(&["chat", "@Ben"]));
    there.until("Ben°  yes");
    privately.until("Ben  yes  ✓ 1/1");

    // What was verified in the room is verified there, and nobody is let in or removed.
    let people = ann.lines(&["people", "@Ben"]);
    assert!(people.iter().any(|line| line.starts_with("Ben") && line.contains("verified")), "{people:?}");
    there.types("/kick Ben");
    there.shows("error[private]");
    assert!(ann.fails(&["ticket", "@Ben"], 3).contains("error[private]"));
    assert!(!eve.lines(&["log", "lunch"]).join("\n").contains("secret"));
    assert!(ben.lines(&["requests"]).is_empty());

    // The same people have one private room, whoever writes, and a group is another.
    ben.run(&["msg", "lunch", "Ann", "by command"]);
    there.until("Ben°  by command");
    at_eve.types("/msg Ann,Ben  us three?");
    at_ben.shows("Eve out of lunch, with Ann asks you to talk privately");
    at_ben.types("/requests decline Eve");
    at_ben.shows("not listed any more");
    assert!(ids(&ben).is_empty());
    let rooms = ann.run(&["rooms"]);
    assert!(String::from_utf8(rooms.stderr).unwrap().contains("Eve out of lunch, with Ben"));
    for window in [privately, there, at_eve, at_ben, at_ann] {
        window.leaves();
    }
}
