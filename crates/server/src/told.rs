//! Names of people and notices of a room, in words that every interface shows unchanged.

use rumormill_api::{Deed, Does, Named, Role, Rules};
use rumormill_node::{
    Reach, Room,
    proto::{
        clock::{Skew, Whose},
        governance::{self, Says},
        ids::AuthorId,
    },
};
use rumormill_text::{Names, clean_name, limits::NICK_CHARS, show::done};

/// The notice that slow mode keeps out something of ours.
pub(crate) const SLOWED: &str =
    "slow mode began before something that you said, and nobody sees it: say it again if it matters";

/// The hint for whoever may close an open room.
pub(crate) const CLOSABLE: &str =
    "you may close this open room: anyone with its ticket reads along, until you do, with /close";

/// What a node in the Mainline DHT tells strangers.
const IN_DHT: &str = "in the Mainline DHT, where anyone can take part, strangers";

/// Which relays a node uses, who runs them and what they learn, and what strangers do.
pub fn reached(reach: &Reach) -> String {
    match reach {
        Reach::Machine => "no relays: the node reaches this machine only".into(),
        Reach::Lan => "no relays: the node stays on this LAN, and sends nothing beyond it".into(),
        Reach::Direct { dht: true } => format!(
            "no relays: the node sends to the addresses that tickets, peers, the LAN and the Mainline DHT give; {IN_DHT} keep its \
             addresses, and see whom it looks up"
        ),
        Reach::Direct { dht: false } => {
            "no relays: the node sends to the addresses that tickets, peers and the LAN give, publishes nothing and \
                          looks up no name"
                .into()
        }
        Reach::Relays { relays, dht } => {
            let urls: Vec<String> = relays.iter().map(ToString::to_string).collect();
            let published = if *dht {
                format!("{IN_DHT} keep which of them it uses, and see from where and whom it looks up")
            } else {
                "nothing is published".into()
            };
            format!(
                "relays: {}; who runs them learns addresses, who talks with whom, when and how much, but not what; {published}",
                urls.join(" and ")
            )
        }
        Reach::Public { dht } => {
            let too = if *dht {
                format!("; {IN_DHT} keep which relay it uses, and see from where and whom it looks up")
            } else {
                String::new()
            };
            format!(
                "relays: the public ones of the company n0, which learns addresses, who talks with whom, when and how much, but not \
                 what, and whose DNS service publishes this node's address; `relays` and `relay` in config.toml choose others or \
                 none{too}"
            )
        }
    }
}

/// The name an author is shown by.
pub(crate) fn nick(room: &Room, author: &AuthorId) -> String {
    let nick = said_nick(room, author);
    if nick.is_empty() { author.short() } else { nick }
}

/// The name that an author has said; empty when there is none.
pub(crate) fn said_nick(room: &Room, author: &AuthorId) -> String {
    let nick = clean_name(&room.nick(author), NICK_CHARS);
    if nick == author.short() { String::new() } else { nick }
}

/// Everybody's names in a room.
///
/// # Errors
/// When the authors of the room cannot be read.
pub(crate) async fn names(room: &Room) -> Result<Names, rumormill_node::Error> {
    let heads = room.entries().heads().await?.into_iter().map(|(author, _)| author);
    let peers = room.status().peers.into_iter().map(|peer| peer.author);
    let mut names = Names::default();
    for who in heads.chain(peers).chain([room.author()]) {
        names.learn(&room.person(&who).to_string().as_str().into(), &nick(room, &who));
    }
    Ok(names)
}

/// The full form of the name of the person who writes under a key.
pub(crate) fn called(room: &Room, names: &Names, author: &AuthorId) -> String {
    names.name(&room.person(author).to_string().as_str().into(), "").whole()
}

/// What an act in a closed room did, for programs; `None` for what this version does not know. `named` tells who writes
/// under a key.
pub(crate) fn deed(says: &Says, named: impl Fn(&AuthorId) -> Named) -> Option<Deed> {
    let whom = |authors: &mut dyn Iterator<Item = &AuthorId>| {
        let mut whom: Vec<Named> = authors.map(&named).collect();
        // All keys of a person are one.
        whom.dedup_by(|one, other| one.author == other.author);
        whom
    };
    let (does, whom) = match says {
        Says::Appoint { keys, .. } => (Does::Appointed, whom(&mut keys.iter().map(|key| &key.key).take(1))),
        Says::Dismiss { ends, .. } => (Does::Dismissed, whom(&mut ends.iter().map(|ended| &ended.end.key))),
        Says::Remove { ends, .. } => (Does::Removed, whom(&mut ends.iter().map(|ended| &ended.end.key))),
        Says::End(ended) => (Does::Ended, vec![named(&ended.end.key)]),
        Says::StepDown { closer } => (Does::SteppedDown, whom(&mut closer.iter())),
        Says::Admit { who, .. } => (Does::LetIn, whom(&mut who.iter())),
        Says::Welcome { who, .. } => (Does::LetIn, vec![named(who)]),
        Says::Revoke(_) => (Does::Revoked, Vec::new()),
        Says::Hide { author, .. } => (Does::Hid, vec![named(author)]),
        Says::LetThrough(who) => (Does::LetThrough, vec![named(who)]),
        Says::Rules { .. } => (Does::Ruled, Vec::new()),
        Says::Close { .. } => (Does::Closed, Vec::new()),
        _ => return None,
    };
    let role = if let Says::Appoint { role: held, .. } = says { Some(role(*held)) } else { None };
    let rules = if let Says::Rules { rules: set, .. } = says { Some(rules(set)) } else { None };
    Some(Deed { does, whom, role, rules })
}

/// The same as the end of a sentence about who did it.
pub(crate) fn deed_text(says: &Says, named: impl Fn(&AuthorId) -> Named) -> String {
    let text = |deed: Deed| done(&deed, |whom| whom.nick.clone());
    deed(says, named).map_or_else(|| "did something that this version does not know".into(), text)
}

/// The rules of a room, as the API has them.
pub(crate) fn rules(rules: &governance::Rules) -> Rules {
    let governance::Rules { tickets, slow_s, hold } = *rules;
    Rules { tickets, slow_s, hold }
}

/// A role of the node as a role of the API.
pub(crate) fn role(role: governance::Role) -> Role {
    match role {
        governance::Role::Owner => Role::Owner,
        governance::Role::CoOwner => Role::CoOwner,
        governance::Role::Moderator => Role::Moderator,
        governance::Role::Keeper => Role::Keeper,
    }
}

/// The notice about an author whose key was used in two places.
pub(crate) fn forked(nick: &str) -> String {
    format!("{nick} wrote in two places under one key, as a copied home does; what came from one of them is not shown")
}

/// The notice about an author who has left a log because clocks differ.
pub(crate) fn left(nick: &str) -> String {
    format!("{nick} goes on under a fresh key, because clocks differ too far; what could not be read is said again")
}

/// The notice when this user's key was used in two places.
pub(crate) const REKEYED: &str = "your key was in use in two places, as in a copied home; you write under a fresh key from here on, and what was cut off is \
     said again under it";

/// The notice when this user's log was left because clocks differ.
pub(crate) const LEFT: &str = "others could not read what you wrote, because clocks differ too far; it is said again under a fresh key, which you \
     write under from here on";

/// The notice about clocks that differ; empty when none does. `nick` tells the name that an author has said, or none.
pub(crate) fn skewed(skew: Skew, nick: impl Fn(&AuthorId) -> String) -> String {
    let unnamed = "somebody whose name is not here yet";
    let (apart, side) = (span(skew.ms), if skew.ms > 0 { "behind" } else { "ahead of" });
    match skew.whose {
        Whose::Nobodys => String::new(),
        Whose::Ours => format!("your clock looks {apart} {side} the others'; set it right"),
        Whose::Theirs(author) => {
            let side = if skew.ms > 0 { "ahead" } else { "behind" };
            let whose = match nick(&author) {
                nick if nick.is_empty() => format!("the clock of {unnamed}"),
                nick => format!("{nick}'s clock"),
            };
            format!("{whose} looks {apart} {side}; ask them to set it right")
        }
        Whose::Unclear(author) => {
            let whose = match nick(&author) {
                nick if nick.is_empty() => format!("that of {unnamed}"),
                nick => format!("{nick}'s"),
            };
            format!("your clock is {apart} {side} {whose}; compare both with a third one and set the wrong one")
        }
    }
}

/// The notice when clocks agree again.
pub(crate) const AGREED: &str = "the clocks of all who are here agree again";

/// The difference of two clocks, in words.
fn span(ms: i64) -> String {
    let seconds = ms.unsigned_abs().div_ceil(1_000);
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds / 60),
        7_200..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} days", seconds / 86_400),
    }
}
