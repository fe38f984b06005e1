//! Finding members of our rooms on the LAN, by mDNS.
//!
//! An announcement carries a short tag for each room. Only members know the secret that it is made from, without which a
//! tag looks random, and every peer has another tag for the same room. A tag that matches by chance costs a dial on which
//! no room is shared. In a closed room the tag is made from the epoch under which its sender writes, and from the room's secret
//! by newcomers and keepers, so somebody who was removed does not recognise who is there.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use data_encoding::BASE32_NOPAD;
use iroh::{
    Endpoint, EndpointAddr,
    address_lookup::{EndpointInfo, UserData},
};
use iroh_mdns_address_lookup::{DiscoveryEvent, MdnsAddressLookup};
use n0_future::StreamExt;
use rumormill_proto::{
    frame::Contact,
    ids::{PeerId, RoomId},
};
use tokio::sync::watch;
use zeroize::Zeroizing;

use crate::{
    address,
    board::Boards,
    command::Command,
    error::Error,
    found::{Found, Names},
    limits::{LAN_ROOMS, TAG_GROUP},
    proof::ProofKey,
    random::random,
    wires::Wires,
};

/// The mDNS service name.
const SERVICE: &str = "rumormill";

/// Letters of a tag. They are 40 bits: of a thousand peers with 24 tags each, none matches by chance in a million years
/// of looking.
const TAG_LETTERS: usize = 8;

/// Looks for members of our rooms, and lets them find us.
pub(crate) struct Lan {
    endpoint: Endpoint,
    wires: Wires,
    boards: Boards,
    /// The peers that are announced now, and their tags.
    found: Arc<Mutex<Found>>,
    /// Changes whenever a peer is found.
    news: watch::Receiver<()>,
    /// Tags of no room, which hide how many rooms we are in.
    padding: Vec<String>,
}

impl Lan {
    /// Begins to look and to announce.
    ///
    /// # Errors
    /// [`Error::Lan`] when the system does not allow it.
    pub(crate) fn start(
        endpoint: &Endpoint,
        wires: Wires,
        boards: Boards,
        retagged: watch::Receiver<()>,
    ) -> Result<Arc<Self>, Error> {
        let failed = |why: String| Error::Lan { why };
        let mdns = MdnsAddressLookup::builder()
            .service_name(SERVICE)
            .build(endpoint.id())
            .map_err(|error| failed(error.to_string()))?;
        endpoint.address_lookup().map_err(|error| failed(error.to_string()))?.add(mdns.clone());
        let found = Arc::<Mutex<Found>>::default();
        let (tell, news) = watch::channel(());
        let padding = (0..TAG_GROUP).map(|_| letters(&random())).collect();
        tokio::spawn(look(mdns, wires.clone(), boards.clone(), Arc::clone(&found), tell));
        let lan = Arc::new(Self { endpoint: endpoint.clone(), wires, boards, found, news, padding });
        tokio::spawn(announce_again(Arc::downgrade(&lan), retagged));
        Ok(lan)
    }

    /// Announces our present rooms, and looks for them among the peers that were found before.
    pub(crate) async fn announce(&self) {
        let me = address::peer(self.endpoint.id());
        let ours = keys(&self.boards);
        let mut tags: Vec<String> =
            ours.iter().take(LAN_ROOMS).filter_map(|(room, keys)| Some(tag(room, keys.first()?, &me))).collect();
        let padded = tags.len().next_multiple_of(TAG_GROUP);
        tags.extend(self.padding.iter().take(padded - tags.len()).cloned());
        tags.sort();
        // 24 tags always fit.
        self.endpoint.set_user_data_for_address_lookup(UserData::try_from(tags.concat()).ok());
        let found: Vec<EndpointInfo> = lock(&self.found).infos().cloned().collect();
        for info in found {
            hear(&info, &self.wires, &self.boards).await;
        }
    }

    /// Changes whenever a peer is found from now on.
    pub(crate) fn news(&self) -> watch::Receiver<()> {
        let mut news = self.news.clone();
        news.mark_unchanged();
        news
    }

    /// The addresses of the peers that are announced now.
    pub(crate) fn found(&self) -> Vec<EndpointAddr> {
        lock(&self.found).infos().map(EndpointInfo::to_endpoint_addr).collect()
    }
}

/// Announces other tags whenever they change, as long as the node is there.
async fn announce_again(lan: Weak<Lan>, mut retagged: watch::Receiver<()>) {
    while retagged.changed().await.is_ok() {
        let Some(lan) = lan.upgrade() else { return };
        lan.announce().await;
    }
}

async fn look(
    mdns: MdnsAddressLookup,
    wires: Wires,
    boards: Boards,
    found: Arc<Mutex<Found>>,
    tell: watch::Sender<()>,
) {
    let mut events = mdns.subscribe().await;
    drop(mdns);
    while let Some(event) = events.next().await {
        match event {
            DiscoveryEvent::Discovered { endpoint_info, .. } => {
                let names = hear(&endpoint_info, &wires, &boards).await;
                let is_new = lock(&found).insert(endpoint_info, names);
                if is_new {
                    tell.send_replace(());
                }
            }
            DiscoveryEvent::Expired { endpoint_id } => lock(&found).remove(&endpoint_id),
            _ => {}
        }
    }
}

/// Tells our rooms of a peer that announces them. Returns whether it announces any.
async fn hear(info: &EndpointInfo, wires: &Wires, boards: &Boards) -> Names {
    let mut found = Names::Others;
    let Some(told) = info.user_data().map(ToString::to_string) else { return found };
    let peer = address::peer(info.endpoint_id);
    let address = address::encode(&info.to_endpoint_addr());
    for (room, keys) in keys(boards) {
        if keys.iter().any(|key| names(&told, &tag(&room, key, &peer))) {
            let contacts = vec![Contact { peer, address: address.clone() }];
            wires.tell(Command::Heard { room, contacts }).await;
            found = Names::Ours;
        }
    }
    found
}

/// Whether a tag is in an announcement.
fn names(told: &str, tag: &str) -> bool {
    told.as_bytes().chunks(TAG_LETTERS).any(|one| one == tag.as_bytes())
}

/// The keys of the tags of our rooms, those of our own tags first.
fn keys(boards: &Boards) -> Vec<(RoomId, Zeroizing<Vec<ProofKey>>)> {
    let boards = lock(boards);
    let whole = boards.values().filter(|board| !board.is_damaged());
    let keys = whole.map(|board| match board.posted().tags.clone() {
        tags if tags.is_empty() => (board.id, Zeroizing::new(vec![*board.secret])),
        tags => (board.id, tags),
    });
    keys.collect()
}

/// The tag of a room in the announcement of `peer`.
fn tag(room: &RoomId, secret: &ProofKey, peer: &PeerId) -> String {
    let key = blake3::derive_key("rumormill 1 lan", secret);
    letters(blake3::Hasher::new_keyed(&key).update(&peer.0).update(&room.0).finalize().as_bytes())
}

fn letters(bytes: &[u8; 32]) -> String {
    let mut letters = BASE32_NOPAD.encode(bytes);
    letters.truncate(TAG_LETTERS);
    letters
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use iroh::{
        RelayMode,
        endpoint::{PortmapperConfig, RecvStream, presets},
    };
    use rumormill_proto::{
        governance::Order,
        introduction::{Introduction, Side},
    };

    use super::*;
    use crate::{
        endpoint::ALPN,
        envelope::{Control, Envelope, Envelopes, put_control, read_control},
        greeting::{Channels, EXPORTER, Role},
        membership::Membership,
        node::Node,
        proof,
        room::Room,
        settings::Settings,
    };

    fn keys_at(node: &Node) -> Vec<ProofKey> {
        keys(&node.inner.boards)[0].1.to_vec()
    }

    async fn until(room: &Room, what: &str, good: impl Fn() -> bool) {
        let mut events = room.events();
        let wait = async {
            loop {
                let renewed = room.renewed();
                if good() {
                    return;
                }
                tokio::select! {
                    _ = events.next() => {}
                    () = renewed => {}
                }
            }
        };
        assert!(tokio::time::timeout(Duration::from_secs(60), wait).await.is_ok(), "this never came: {what}");
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn whoever_was_removed_recognises_nobody_on_the_lan_and_whoever_slept_is_recognised() {
        let [ann, ben, mallory] =
            [(); 3].map(|()| Node::open(Settings::memory())).map(|node| async { node.await.unwrap() });
        let (ann, ben, mallory) = tokio::join!(ann, ben, mallory);
        let room = ann.create_closed("lunch").await.unwrap();
        let ticket = room.ticket().await.unwrap();
        assert_ne!(keys_at(&ann)[0], ticket.secret);
        let mut others = Vec::new();
        for node in [&ben, &mallory] {
            let other = node.join(&ticket).await.unwrap();
            assert_eq!(keys_at(node)[0], ticket.secret, "a newcomer holds no other secret");
            until(&other, "to be let in", || matches!(other.membership(), Membership::Present(_))).await;
            until(&other, "our own tag is that of a member", || keys_at(node)[0] == keys_at(&ann)[0]).await;
            others.push(other);
        }
        room.order(Order::Remove(others[1].author())).await.unwrap();
        until(&others[0], "another epoch", || keys_at(&ben)[0] != keys_at(&mallory)[0]).await;
        until(&others[1], "the removal", || matches!(others[1].membership(), Membership::Removed { .. })).await;
        assert_eq!(keys_at(&ann)[0], keys_at(&ben)[0]);
        assert!(!keys_at(&mallory).contains(&keys_at(&ann)[0]));
        // Whoever slept since announces the epoch of before, and is recognised.
        assert!(keys_at(&ann).contains(&keys_at(&mallory)[0]) && keys_at(&ann).contains(&ticket.secret));
        for node in [ann, ben, mallory] {
            node.close().await;
        }
    }

    /// What a peer says over a connection that it dialled, until it ends.
    async fn said(replies: &mut RecvStream, within: &mut Envelopes) -> Option<Envelope> {
        loop {
            if let Some(envelope) = within.next().unwrap() {
                return Some(envelope);
            }
            let mut piece = [0; 4096];
            let read = replies.read(&mut piece).await.ok()??;
            within.push(&piece[..read]);
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn whoever_was_removed_and_waits_on_the_lan_for_who_dials_is_told_nothing_but_that_somebody_is_there() {
        let (ann, mallory) = tokio::join!(Node::open(Settings::memory()), Node::open(Settings::memory()));
        let (ann, mallory) = (ann.unwrap(), mallory.unwrap());
        let room = ann.create_closed("lunch").await.unwrap();
        let ticket = room.ticket().await.unwrap();
        let hers = mallory.join(&ticket).await.unwrap();
        until(&hers, "to be let in", || matches!(hers.membership(), Membership::Present(_))).await;
        until(&hers, "the epoch", || keys_at(&mallory)[0] == keys_at(&ann)[0]).await;
        room.order(Order::Remove(hers.author())).await.unwrap();
        until(&hers, "the removal", || matches!(hers.membership(), Membership::Removed { .. })).await;
        room.say("behind her back").await.unwrap();
        let keys = keys_at(&mallory);
        mallory.close().await;

        // She announces the room under a name that nobody has met, with every tag that she can make.
        let builder = Endpoint::builder(presets::Minimal).relay_mode(RelayMode::Disabled).clear_ip_transports();
        let builder = builder.portmapper_config(PortmapperConfig::Disabled).bind_addr("127.0.0.1:0").unwrap();
        let trap = builder.alpns(vec![ALPN.to_vec()]).bind().await.unwrap();
        let me = address::peer(trap.id());
        let tags: String = keys.iter().map(|key| tag(&room.id(), key, &me)).collect();
        let info = EndpointInfo::new(trap.id()).with_ip_addrs(trap.bound_sockets());
        let info = info.with_user_data(Some(UserData::try_from(tags).unwrap()));
        let wires = Wires::new(ann.inner.commands.downgrade(), ann.inner.readers.clone(), ann.inner.shelf.clone());
        assert_eq!(hear(&info, &wires, &ann.inner.boards).await, Names::Ours, "she may be somebody who slept");

        let connection = trap.accept().await.unwrap().await.unwrap();
        let mut exported = [0; 32];
        connection.export_keying_material(&mut exported, EXPORTER, b"").unwrap();
        let (mut live, mut replies) = connection.accept_bi().await.unwrap();
        let mut channels = Channels::new(exported, Role::Accepter);
        let secrets = [(room.id(), ticket.secret)];
        let mut out = Vec::new();
        put_control(&mut out, &Control::Greeting { boot: [7; 8], tags: channels.announce(&secrets, random) });
        live.write_all(&out).await.unwrap();
        let (from, to) = (address::peer(ann.inner.endpoint.id()), me);
        let signed = Introduction { exported, side: Side::Dialler, from, to, room: room.id() };
        let (mut within, mut proofs) = (Envelopes::live(), 0);
        while let Some(Envelope { channel, body }) = said(&mut replies, &mut within).await {
            assert_eq!(channel, 0, "nothing is said in the room");
            match read_control(body).unwrap() {
                Some(Control::Proof { sealed, .. }) => {
                    let opened = proof::open(&signed, keys.iter().copied().chain([ticket.secret]), &sealed);
                    assert!(opened.is_err(), "it is sealed under an epoch that she was not handed");
                    proofs += 1;
                }
                Some(Control::Greeting { .. } | Control::Address(_) | Control::Part(_)) => {}
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(proofs, 1);
        ann.close().await;
    }

    #[test]
    fn a_tag_is_found_among_those_told_by_members_only() {
        let (room, me, other) = (RoomId([1; 32]), PeerId([2; 32]), PeerId([3; 32]));
        let told = [letters(&random()), tag(&room, &[4; 32], &me), letters(&random())].concat();
        assert!(names(&told, &tag(&room, &[4; 32], &me)));
        assert!(!names(&told, &tag(&room, &[5; 32], &me)));
        assert!(!names(&told, &tag(&room, &[4; 32], &other)));
        assert!(!names("", &tag(&room, &[4; 32], &me)));
    }

    #[test]
    fn an_announcement_fits() {
        assert_eq!(LAN_ROOMS % TAG_GROUP, 0);
        let tags = "x".repeat(LAN_ROOMS * TAG_LETTERS);
        assert!(UserData::try_from(tags).is_ok());
    }
}
