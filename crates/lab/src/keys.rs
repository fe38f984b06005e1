//! What a process of the lab knows about the others before meeting them, derived from the lab's secret.

use std::net::{Ipv4Addr, SocketAddr};

use rumormill_node::{
    contact,
    proto::{frame::Contact, ids::RoomId},
};

/// The keys of one lab.
pub(crate) struct Keys {
    secret: [u8; 32],
    /// UDP port of process 0.
    udp: u16,
}

impl Keys {
    /// The keys of the lab with this `secret`; process p uses UDP port `udp + p`.
    pub(crate) fn new(secret: [u8; 32], udp: u16) -> Self {
        Self { secret, udp }
    }

    /// The room. It has no founder: it exists with the lab.
    pub(crate) fn room(&self) -> RoomId {
        RoomId(self.derive("rumormill 1 lab room", 0))
    }

    /// The room secret, known to all members.
    pub(crate) fn room_secret(&self) -> [u8; 32] {
        self.derive("rumormill 1 lab room secret", 0)
    }

    /// The transport key of process `pid`.
    pub(crate) fn peer_secret(&self, pid: u16) -> [u8; 32] {
        self.derive("rumormill 1 lab peer", pid)
    }

    /// How to reach process `pid`.
    pub(crate) fn contact(&self, pid: u16) -> Contact {
        contact(&self.peer_secret(pid), SocketAddr::from((Ipv4Addr::LOCALHOST, self.port(pid))))
    }

    /// The UDP port of process `pid`; the code that sets up a lab checks that all are below 65536.
    pub(crate) fn port(&self, pid: u16) -> u16 {
        self.udp.saturating_add(pid)
    }

    fn derive(&self, what: &'static str, pid: u16) -> [u8; 32] {
        let mut hasher = blake3::Hasher::new_derive_key(what);
        hasher.update(&self.secret).update(&pid.to_be_bytes());
        hasher.finalize().into()
    }
}

/// The neighbours of `pid` in a line of `n` processes.
pub(crate) fn neighbours(pid: u16, n: u16) -> impl Iterator<Item = u16> {
    let above = pid.checked_add(1).filter(|above| *above < n);
    pid.checked_sub(1).into_iter().chain(above)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_two_ends() {
        let all = |pid, n| neighbours(pid, n).collect::<Vec<_>>();
        assert!(all(0, 1).is_empty());
        assert_eq!(all(0, 4), [1]);
        assert_eq!(all(2, 4), [1, 3]);
        assert_eq!(all(3, 4), [2]);
        assert_eq!(all(u16::MAX, u16::MAX), [u16::MAX - 1]);
    }

    #[test]
    fn keys_differ_by_process_purpose_and_lab() {
        let keys = Keys::new([1; 32], 20000);
        let other = Keys::new([2; 32], 20000);
        let all = [keys.peer_secret(0), keys.peer_secret(1), keys.room_secret(), keys.room().0, other.peer_secret(0)];
        for (at, one) in all.iter().enumerate() {
            assert!(all[at + 1..].iter().all(|other| other != one), "{at}");
        }
        assert_eq!(keys.contact(3), Keys::new([1; 32], 20000).contact(3));
    }
}
