//! Introducing the author who writes at each end of a connection. The author's key signs it, and no author counts as
//! present before. In closed rooms the signature is sealed and lets in, see the proof module.
//!
//! Each side sends its signature when both talk about a room, and again when its engine takes the link up anew: under
//! the same key, or under a new one when it has left the old log. Peers of the first version get no signature; they
//! exchange entries without being present.

use rumormill_proto::{
    admit::Author,
    ids::{AuthorId, PeerId, RoomId},
    input::{Credential, Input},
    introduction::{Introduction, Side},
    reject::Reject,
    run::Signature,
};

use crate::{
    connection::LinkId,
    endpoint::ALPN_FIRST,
    envelope::Control,
    greeting::Role,
    limits::{ANSWERED, PROVE_AGAIN},
    links::{Inputs, Link, Links},
    proof::{self, Proof, ProofKey, Shown},
};

fn side(role: Role) -> Side {
    match role {
        Role::Dialler => Side::Dialler,
        Role::Accepter => Side::Accepter,
    }
}

/// What somebody signs who writes at this end of a connection.
fn signed_here(me: PeerId, link: &Link, room: RoomId) -> Introduction {
    Introduction { exported: link.channels.exported(), side: side(link.role), from: me, to: link.peer, room }
}

/// What somebody signs who writes at the other end, in the room of its channel; `None` if we are not in that.
fn signed_there(me: PeerId, link: &Link, channel: u32) -> Result<Option<Introduction>, Reject> {
    let (exported, side, from) = (link.channels.exported(), side(link.role.other()), link.peer);
    Ok(link.channels.named(channel)?.map(|room| Introduction { exported, side, from, to: me, room }))
}

impl Links {
    /// An engine takes up a link: introduces our author to the peer, and returns whom the peer has introduced.
    pub(crate) fn introduce(&self, room: &RoomId, peer: &PeerId, author: &Author) -> Option<Input> {
        let (id, link) = self.used_with(peer)?;
        if let Some(channel) = link.channels.mine(room).filter(|_| link.connection.alpn() != ALPN_FIRST) {
            let signature = Box::new(author.introduce(&signed_here(self.me, link, *room)));
            self.control(id, &Control::Introduction { channel, author: author.id(), signature });
        }
        self.introduced_before(room, peer)
    }

    /// Whom a peer has introduced on the connection that is used.
    pub(crate) fn introduced_before(&self, room: &RoomId, peer: &PeerId) -> Option<Input> {
        let author = self.used_with(peer)?.1.introduced.author(room)?;
        Some(Input::Proved { peer: *peer, author, by: Credential::default() })
    }

    /// Whether a peer with which we talk about a room has not said who writes there. Those of the first version never do.
    pub(crate) fn has_nameless(&self, room: &RoomId) -> bool {
        self.used()
            .filter_map(|peer| self.used_with(&peer))
            .any(|(_, link)| link.channels.shares(room) && link.introduced.author(room).is_none())
    }

    /// A peer introduces the author who writes there.
    ///
    /// # Errors
    /// [`Reject`] when no honest peer says this.
    pub(crate) fn introduced(
        &mut self,
        id: LinkId,
        channel: u32,
        author: AuthorId,
        signature: Signature,
    ) -> Result<Inputs, Reject> {
        let me = self.me;
        let Some(link) = self.link_mut(id) else { return Ok(Inputs::new()) };
        let Some(signed) = signed_there(me, link, channel)? else { return Ok(Inputs::new()) };
        link.introduced.take(&signed, author, signature)?;
        let proved = Input::Proved { peer: signed.from, author, by: Credential::default() };
        Ok(self.talks(id, &signed.room).then_some((signed.room, proved)).into_iter().collect())
    }

    /// A peer sent a proof: what it has to have signed. `None` if it is not looked at.
    ///
    /// # Errors
    /// [`Reject`] when the peer announced no such channel.
    pub(crate) fn asked_in(&mut self, id: LinkId, channel: u32) -> Result<Option<Introduction>, Reject> {
        let me = self.me;
        let Some(link) = self.link_mut(id) else { return Ok(None) };
        let signed = signed_there(me, link, channel)?;
        Ok(signed.filter(|signed| link.proved.may_come(signed.room)))
    }

    /// A peer proved who writes there.
    pub(crate) fn proved(&mut self, id: LinkId, room: RoomId, proof: Proof, key: ProofKey) -> Inputs {
        let Some(link) = self.link_mut(id) else { return Inputs::new() };
        let peer = link.peer;
        link.proved.take(room, proof, key);
        let proved = self.proved_before(&room, &peer).filter(|_| self.talks(id, &room));
        proved.map(|proved| (room, proved)).into_iter().collect()
    }

    /// A peer proves for the first time who writes in a room that was open: it may have dropped our proof, for it had not
    /// read that the room is closed.
    pub(crate) fn tell_anew(&mut self, id: LinkId, room: &RoomId) {
        self.link_mut(id).into_iter().for_each(|link| link.proved.tell_anew(room));
    }

    /// What a peer proved in a closed room on the connection that is used.
    pub(crate) fn proved_before(&self, room: &RoomId, peer: &PeerId) -> Option<Input> {
        let (_, link) = self.used_with(peer)?;
        let (Proof { author, by }, _) = link.proved.theirs(room)?;
        Some(Input::Proved { peer: *peer, author: *author, by: by.clone() })
    }

    /// Proves to a peer of a closed room who writes here, unless it was told: under the key that opened its own proof, or
    /// else under `key`.
    pub(crate) fn prove(&mut self, (room, peer): (&RoomId, &PeerId), key: ProofKey, author: &Author, shown: &Shown) {
        let me = self.me;
        let Some((id, _)) = self.used_with(peer) else { return };
        let Some(link) = self.link_mut(id) else { return };
        let Some(channel) = link.channels.mine(room) else { return };
        let key = link.proved.theirs(room).map_or(key, |(_, key)| *key);
        if link.proved.tells(*room, author.id(), key) {
            let sealed = proof::seal(&signed_here(me, link, *room), &key, author, shown);
            self.control(id, &Control::Proof { channel, sealed });
        }
    }

    /// Whether both sides talk about a room over this connection, and it is the one that is used with its peer.
    fn talks(&self, id: LinkId, room: &RoomId) -> bool {
        let used = |link: &Link| self.used_with(&link.peer).is_some_and(|(used, _)| used == id);
        self.link(id).is_some_and(|link| link.channels.shares(room) && used(link))
    }

    /// Whether we dialled the connection that is used with a peer.
    pub(crate) fn has_dialled(&self, peer: &PeerId) -> bool {
        self.used_with(peer).is_some_and(|(_, link)| link.role == Role::Dialler)
    }

    /// Whether a proof of a peer in a room that does not open may be answered. From now on it was.
    pub(crate) fn may_answer(&mut self, proved: (RoomId, PeerId), now_ms: u64) -> bool {
        self.answered.retain(|_, again_ms| now_ms < *again_ms);
        let may = !self.answered.contains_key(&proved) && self.answered.len() < ANSWERED;
        if may {
            self.answered.insert(proved, now_ms + PROVE_AGAIN.as_millis() as u64);
        }
        may
    }
}
