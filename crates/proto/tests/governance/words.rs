//! What a fold lets go of, and asks for.

use rumormill_proto::{
    governance::{Deed, End, Governance, Signed},
    input::Look,
    limits::LOOKS,
};

use crate::people::{Person, Room};

#[test]
fn more_words_than_one_question_asks_for_are_asked_for_one_after_the_other() {
    let (room, owner) = Room::founded();
    let people: Vec<Person> = (0..LOOKS + 3).map(|_| room.stranger()).collect();
    owner.admits(&people.iter().collect::<Vec<_>>());
    let said = |who: &Person| {
        who.writes(None);
        let last = Some(who.writes(None));
        who.writes(None);
        End { key: who.key, last }
    };
    let ends: Vec<End> = people.iter().map(said).collect();
    owner.writes(Some(Deed::Remove { ends: ends.clone(), tickets: vec![], knowing: vec![] }));
    let mut entries = room.entries();
    let removal = entries.pop().unwrap();
    let mut fold = Governance::new(owner.key);
    entries.iter().cloned().for_each(|entry| fold.insert(entry));
    fold.fold();
    let all = fold.fold().counted().len();
    fold.let_go();
    assert_eq!(all - fold.fold().counted().len(), 2 * people.len() + 1, "all but the last of each, and the founding");
    assert_eq!(fold.looks(), []);
    fold.insert(removal);
    fold.fold();
    for asked in [LOOKS, 3, 0] {
        let looks = fold.looks();
        assert_eq!(looks.len(), asked);
        for look in looks {
            let Look { author, first, last } = look;
            assert_eq!((first, last), (1, 1), "the word that is named");
            let held = |entry: &&Signed| entry.author == author && (first..=last).contains(&entry.seq);
            fold.looked(&look, entries.iter().filter(held).cloned().collect());
        }
        fold.fold();
        fold.let_go();
    }
    assert!(ends.iter().all(|end| fold.fold().last(&end.key) == end.last));
}
