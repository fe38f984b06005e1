//! Rooms that members announce by name on the LAN, so that others enter without a ticket.
//!
//! A room is announced only when its user says so: anyone on the LAN may read and write in it then. Names do not travel
//! by mDNS. A peer that looks for rooms connects, and gets the list over an encrypted connection:
//!
//! ```text
//! stream   count     number, at most 24, then as many times
//!            name    number of bytes, at most 80, then UTF-8
//!            ticket  number of bytes, at most 1,024, then letters
//! ```
//!
//! A peer that asks from beyond the LAN gets an empty list.

use std::{
    sync::{Arc, PoisonError},
    time::Duration,
};

use iroh::{Endpoint, EndpointAddr, TransportAddr, endpoint::Connection};
use n0_future::{BufferedStreamExt as _, StreamExt as _, stream};
use rumormill_proto::{
    codec::{Reader, put_bytes, put_number},
    frame::Contact,
    ids::PeerId,
    limits::NAME_BYTES,
    reject::Reject,
};
use tokio::time::timeout;

use crate::{
    address::{self, is_local},
    board::{Boards, Stop},
    connection::Goodbye,
    limits::{LAN_PEERS, NEARBY_MS, NEARBY_ROOMS, TICKET_BYTES},
    ticket::Ticket,
};

/// Name of this protocol in the TLS handshake.
pub(crate) const ALPN: &[u8] = b"rumormill-nearby/1";

/// Bytes of the longest list.
const ANSWER_BYTES: usize = 2 + NEARBY_ROOMS * (NAME_BYTES + TICKET_BYTES + 4);

/// A room that a peer on the LAN announces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NearbyRoom {
    /// The name that the peer gives it. Any peer can claim any name.
    pub name: String,
    /// The peer that announces it.
    pub peer: PeerId,
    /// The ticket to join with.
    pub ticket: Ticket,
}

/// Tells the other side which rooms are announced here.
pub(crate) async fn tell(connection: Connection, endpoint: Endpoint, boards: Boards) {
    let told = async {
        let mut stream = connection.open_uni().await.ok()?;
        let rooms = if is_near(&connection) { announced(&endpoint, &boards) } else { Vec::new() };
        stream.write_all(&encode(&rooms)).await.ok()?;
        stream.finish().ok()?;
        connection.closed().await;
        Some(())
    };
    // A peer that does not read in time gets nothing.
    let _ = timeout(Duration::from_millis(NEARBY_MS), told).await;
    Goodbye::Closing.say(&connection);
}

/// Asks peers which rooms they announce, all at once, so that a peer that does not answer delays no other.
pub(crate) async fn ask_all(endpoint: &Endpoint, addrs: Vec<EndpointAddr>) -> Vec<NearbyRoom> {
    let asked = addrs.into_iter().map(|addr| ask(endpoint, addr));
    let rooms: Vec<Vec<NearbyRoom>> = stream::iter(asked).buffered_unordered(LAN_PEERS).collect().await;
    rooms.concat()
}

/// Asks a peer which rooms it announces; none when it does not answer.
async fn ask(endpoint: &Endpoint, addr: EndpointAddr) -> Vec<NearbyRoom> {
    let peer = address::peer(addr.id);
    let asked = async {
        let connection = endpoint.connect(addr, ALPN).await.ok()?;
        let mut stream = connection.accept_uni().await.ok()?;
        let bytes = stream.read_to_end(ANSWER_BYTES).await.ok()?;
        Goodbye::Closing.say(&connection);
        decode(peer, bytes).ok()
    };
    timeout(Duration::from_millis(NEARBY_MS), asked).await.ok().flatten().unwrap_or_default()
}

fn announced(endpoint: &Endpoint, boards: &Boards) -> Vec<(String, String)> {
    let addr = endpoint.addr();
    let me = Contact { peer: address::peer(addr.id), address: address::encode(&addr) };
    let boards: Vec<_> = boards.lock().unwrap_or_else(PoisonError::into_inner).values().map(Arc::clone).collect();
    let announced = boards.iter().filter_map(|board| {
        let posted = board.posted();
        let told = posted.announced && !matches!(posted.stopped, Some(Stop::Damaged(_)));
        let name = told.then(|| posted.name.clone()).filter(|name| name.len() <= NAME_BYTES)?;
        let admits = match &posted.closed {
            Some(closed) => Some(closed.admits?),
            None => None,
        };
        let ticket = Ticket { room: board.id, secret: *board.secret, admits, contacts: vec![me.clone()] };
        Some((name, ticket.to_string()))
    });
    announced.take(NEARBY_ROOMS).collect()
}

fn encode(rooms: &[(String, String)]) -> Vec<u8> {
    let mut out = Vec::new();
    put_number(&mut out, rooms.len() as u64);
    for (name, ticket) in rooms {
        put_bytes(&mut out, name.as_bytes());
        put_bytes(&mut out, ticket.as_bytes());
    }
    out
}

fn decode(peer: PeerId, bytes: Vec<u8>) -> Result<Vec<NearbyRoom>, Reject> {
    let mut reader = Reader::new(bytes.into());
    let mut rooms = Vec::new();
    for _ in 0..reader.count(NEARBY_ROOMS, "rooms")? {
        let text = |bytes: bytes::Bytes| String::from_utf8(bytes.to_vec()).map_err(|_| Reject::Malformed("text"));
        let name = text(reader.bytes(NAME_BYTES, "name")?)?;
        let ticket = text(reader.bytes(TICKET_BYTES, "ticket")?)?;
        let ticket = ticket.parse().map_err(|_| Reject::Malformed("ticket"))?;
        rooms.push(NearbyRoom { name, peer, ticket });
    }
    reader.end("rooms")?;
    Ok(rooms)
}

/// Whether the other side is on this machine or its LAN, by an address that is not routed any farther.
fn is_near(connection: &Connection) -> bool {
    connection.paths().iter().any(|path| match path.remote_addr() {
        TransportAddr::Ip(addr) => is_local(addr.ip()),
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{endpoint, node::Node, settings::Settings};
    use iroh::SecretKey;
    use rumormill_proto::ids::RoomId;

    async fn asked(of: &Node) -> Vec<String> {
        let asks = endpoint::bind(&Settings::memory(), None, None, SecretKey::from_bytes(&[9; 32])).await.unwrap();
        let rooms = ask(&asks, address::decode(&of.contact()).unwrap()).await;
        assert!(rooms.iter().all(|room| room.peer == of.peer()));
        asks.close().await;
        rooms.into_iter().map(|room| room.name).collect()
    }

    #[tokio::test]
    async fn a_room_is_told_of_only_while_it_is_announced() {
        let node = Node::open(Settings::memory()).await.unwrap();
        let (lunch, _work) = (node.create("lunch").await.unwrap(), node.create("work").await.unwrap());
        assert_eq!(asked(&node).await, Vec::<String>::new());
        lunch.announce(true).await.unwrap();
        assert_eq!(asked(&node).await, ["lunch"]);
        lunch.announce(false).await.unwrap();
        assert_eq!(asked(&node).await, Vec::<String>::new());
        node.close().await;
    }

    const PEER: PeerId = PeerId([7; 32]);

    fn ticket() -> Ticket {
        Ticket { room: RoomId([1; 32]), secret: [2; 32], admits: None, contacts: vec![] }
    }

    #[test]
    fn what_is_told_is_understood() {
        let rooms = vec![("lunch".to_owned(), ticket().to_string()), (String::new(), ticket().to_string())];
        let heard = decode(PEER, encode(&rooms)).unwrap();
        let names: Vec<&str> = heard.iter().map(|room| room.name.as_str()).collect();
        assert_eq!(names, ["lunch", ""]);
        assert!(heard.iter().all(|room| room.ticket == ticket() && room.peer == PEER));
        assert_eq!(decode(PEER, encode(&[])), Ok(vec![]));
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        let good = encode(&[("lunch".to_owned(), ticket().to_string())]);
        (0..good.len()).for_each(|end| assert!(decode(PEER, good[..end].to_vec()).is_err(), "{end}"));
        let mut more = good.clone();
        more.push(0);
        let many = encode(&vec![("a".to_owned(), ticket().to_string()); NEARBY_ROOMS + 1]);
        let long = encode(&[("a".repeat(NAME_BYTES + 1), ticket().to_string())]);
        let typo = encode(&[("a".to_owned(), "rumor1aaaa".to_owned())]);
        [more, many, long, typo].into_iter().for_each(|bytes| assert!(decode(PEER, bytes).is_err()));
    }

    #[test]
    fn the_longest_answer_fits() {
        let contact = Contact { peer: PEER, address: vec![0; rumormill_proto::limits::ADDRESS_BYTES].into() };
        let ticket = Ticket { contacts: vec![contact], ..ticket() }.to_string();
        assert!(ticket.len() <= TICKET_BYTES, "{}", ticket.len());
        assert!(encode(&vec![("a".repeat(NAME_BYTES), ticket); NEARBY_ROOMS]).len() <= ANSWER_BYTES);
    }

    #[test]
    fn only_what_is_routed_no_farther_is_near() {
        let near = ["127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.0.1", "::1", "fe80::1", "fd00::1"];
        near.iter().for_each(|ip| assert!(is_local(ip.parse().unwrap()), "{ip}"));
        assert!(is_local("::ffff:192.168.1.1".parse().unwrap()));
        let far = ["8.8.8.8", "172.32.0.1", "2001:db8::1", "::ffff:8.8.8.8", "100.64.0.1"];
        far.iter().for_each(|ip| assert!(!is_local(ip.parse().unwrap()), "{ip}"));
    }
}
