//! Finding members of our rooms on the LAN, by mDNS.
//!
//! An announcement carries a short tag for each room. Only members know the room's secret, without which a tag looks
//! random, and every peer has another tag for the same room. A tag that matches by chance costs a dial on which no room
//! is shared.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

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

use crate::{
    address,
    board::Boards,
    command::Command,
    error::Error,
    found::{Found, Names},
    limits::{LAN_ROOMS, TAG_GROUP},
    links::Secret,
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
    pub(crate) fn start(endpoint: &Endpoint, wires: Wires, boards: Boards) -> Result<Self, Error> {
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
        Ok(Self { endpoint: endpoint.clone(), wires, boards, found, news, padding })
    }

    /// Announces our present rooms, and looks for them among the peers that were found before.
    pub(crate) async fn announce(&self) {
        let me = address::peer(self.endpoint.id());
        let mut tags: Vec<String> =
            secrets(&self.boards).iter().take(LAN_ROOMS).map(|(room, secret)| tag(room, secret, &me)).collect();
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
    for (room, secret) in secrets(boards) {
        if names(&told, &tag(&room, &secret, &peer)) {
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

fn secrets(boards: &Boards) -> Vec<Secret> {
    let boards = lock(boards);
    boards.values().filter(|board| !board.is_damaged()).map(|board| (board.id, *board.secret)).collect()
}

/// The tag of a room in the announcement of `peer`.
fn tag(room: &RoomId, secret: &[u8; 32], peer: &PeerId) -> String {
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
    use super::*;

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
