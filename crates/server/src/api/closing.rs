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
    Refusal::new(codes::RANK, "only the founder of an open room closes it, and only once", help)
}
