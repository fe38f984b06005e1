//! Closing an open room: what it would mean, and doing it.

use std::collections::BTreeSet;

use rumormill_node::{Room, proto::ids::AuthorId};
use rumormill_text::show::count;

use super::{
    Api,
    names::{named, reference},
    people::whom,
    words::{Foreseen, Ordered, codes},
};
use crate::{
    answer::{Answer, Refusal},
    told::{called, names},
};

/// What people are told besides who stays.
const MEANS: [&str; 4] = [
    "what was said so far stays, and whoever held the room keeps what they have",
    "the ticket of the room would let nobody in any more; you get a new one",
    "whoever never wrote here, not even a name, would need a new ticket; programs of version 0.1 are told that they are too old",
    "this cannot be undone",
];

/// Closes a room without some people.
pub(super) async fn close(api: &Api, room: &Room, without: &[String]) -> Answer<Ordered> {
    let out = left_out(room, without).await?;
    api.paces().take(room, 1)?;
    Ok(Ordered { r#ref: reference(room.close(out).await?) })
}

/// What that would mean.
pub(super) async fn foresee(room: &Room, without: &[String]) -> Answer<Foreseen> {
    let out = left_out(room, without).await?;
    let (all, heads) = (names(room).await?, room.entries().heads().await?);
    let kept = heads.iter().filter(|(author, _)| *author != room.author() && !out.contains(author)).count();
    let stays = match kept {
        0 => "you alone would be in".into(),
        kept => format!("you and {} would be in, who wrote here", count(kept, "other person", "others")),
    };
    let gone = out.iter().map(|author| format!("{} would not", called(room, &all, author)));
    let means = MEANS.iter().map(|line| (*line).to_owned());
    Ok(Foreseen {
        says: std::iter::once(stays).chain(gone).chain(means).collect(),
        out: out.iter().map(|author| named(room, author)).collect(),
        ..Foreseen::default()
    })
}

/// Steps down as the founder of an open room, and names who may close it from then on.
pub(super) async fn name(api: &Api, room: &Room, who: &str) -> Answer<Ordered> {
    let who = named_here(room, who).await?;
    api.paces().take(room, 1)?;
    let done = room.name_closer(who).await?;
    api.tell_room(room).await;
    Ok(Ordered { r#ref: reference(done) })
}

/// What that would mean.
pub(super) async fn foresee_name(room: &Room, who: &str) -> Answer<Foreseen> {
    let who = named_here(room, who).await?;
    let name = called(room, &names(room).await?, &who);
    let says = vec![
        format!("{name} could close this room, and leave anybody out, you too"),
        "you could not close it any more, and nobody could be named instead".into(),
    ];
    Ok(Foreseen { says, ..Foreseen::default() })
}

/// Who may be named to close an open room that we founded.
async fn named_here(room: &Room, who: &str) -> Answer<AuthorId> {
    if room.is_closed() {
        let help = "appoint them co-owner first, and then step down without a name";
        return Err(Refusal::new(codes::RANK, "nobody is named to close a room that is closed", help));
    }
    let who = whom(room, who).await?;
    if who == room.author() {
        return Err(Refusal::new(codes::RANK, "you cannot name yourself", "name somebody else"));
    }
    Ok(who)
}

/// The people who do not stay, if the room can be closed here.
async fn left_out(room: &Room, without: &[String]) -> Answer<BTreeSet<AuthorId>> {
    if room.is_closed() || !room.may_close().await? {
        return Err(not_here());
    }
    let mut out = BTreeSet::new();
    for who in without {
        let who = whom(room, who).await?;
        if who == room.author() {
            return Err(Refusal::new(codes::RANK, "you cannot leave yourself out", "leave out somebody else"));
        }
        out.insert(who);
    }
    Ok(out)
}

/// Why a room is not closed here.
pub(super) fn not_here() -> Refusal {
    let help = "ask whoever founded it; a room whose founder lost that key stays open, so begin a closed one instead";
    let what = "only the founder of an open room closes it, or whom the founder named, and only once";
    Refusal::new(codes::RANK, what, help)
}
