//! Introducing the author who writes at each end of a connection. The author's key signs it, and no author counts as
//! present before.
//!
//! Each side sends its signature when both talk about a room, and again when its engine takes the link up anew: under
//! the same key, or under a new one when it has left the old log. Peers of the first version get no signature; they
//! exchange entries without being present.

use rumormill_proto::{
    admit::Author,
    ids::{AuthorId, PeerId, RoomId},
    input::Input,
    introduction::{Introduction, Side},
    reject::Reject,
    run::Signature,
};

use crate::{
    connection::LinkId,
    endpoint::ALPN_FIRST,
    envelope::Control,
    greeting::Role,
    links::{Inputs, Links},
};

fn side(role: Role) -> Side {
    match role {
        Role::Dialler => Side::Dialler,
        Role::Accepter => Side::Accepter,
    }
}

impl Links {
    /// An engine takes up a link: introduces our author to the peer, and returns whom the peer has introduced.
    pub(crate) fn introduce(&self, room: &RoomId, peer: &PeerId, author: &Author) -> Option<Input> {
        let (id, link) = self.used_with(peer)?;
        if let Some(channel) = link.channels.mine(room).filter(|_| link.connection.alpn() != ALPN_FIRST) {
            let exported = link.channels.exported();
            let signed = Introduction { exported, side: side(link.role), from: self.me, to: *peer, room: *room };
            let signature = Box::new(author.introduce(&signed));
            self.control(id, &Control::Introduction { channel, author: author.id(), signature });
        }
        let author = link.introduced.author(room)?;
        Some(Input::Proved { peer: *peer, author })
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
        let used = |peer: &PeerId, links: &Self| links.used_with(peer).is_some_and(|(used, _)| used == id);
        let Some(link) = self.link_mut(id) else { return Ok(Inputs::new()) };
        let Some(room) = link.channels.named(channel)? else { return Ok(Inputs::new()) };
        let (peer, exported) = (link.peer, link.channels.exported());
        let signed = Introduction { exported, side: side(link.role.other()), from: peer, to: me, room };
        link.introduced.take(&signed, author, signature)?;
        let shares = link.channels.shares(&room) && used(&peer, self);
        Ok(shares.then_some((room, Input::Proved { peer, author })).into_iter().collect())
    }
}
