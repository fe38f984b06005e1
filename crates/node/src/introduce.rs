//! Who writes at the other end of a connection: author keys sign it, and nobody is believed before.
//!
//! Each side sends its signature when both talk about a room, and again when its engine takes the link up anew: under the
//! same key, or under a new one when the old log was left. To peers of the first version nothing is sent; without a
//! signature of theirs they exchange entries, and are not present.

use std::collections::BTreeMap;

use rumormill_proto::{
    admit::Author,
    ids::{AuthorId, PeerId, RoomId},
    input::Input,
    introduction::{Introduction, Side},
    reject::Reject,
    run::Signature,
};

use crate::{
    door::ALPN_FIRST,
    envelope::Control,
    greeting::Role,
    limits::INTRODUCTIONS,
    link::LinkId,
    links::{Inputs, Links},
};

/// Who writes at the other end, by room.
#[derive(Default)]
pub(crate) struct Introduced(BTreeMap<RoomId, (AuthorId, Signature, usize)>);

impl Introduced {
    /// Who writes there.
    fn author(&self, room: &RoomId) -> Option<AuthorId> {
        self.0.get(room).map(|(author, ..)| *author)
    }

    /// Takes a signature, unless it was the last one already.
    ///
    /// # Errors
    /// [`Reject::Signature`] when the author did not sign, [`Reject::Limit`] when too many were introduced.
    fn take(&mut self, signed: &Introduction, author: AuthorId, signature: Signature) -> Result<(), Reject> {
        let known = self.0.get(&signed.room).map(|(author, signature, count)| ((*author, *signature), *count));
        let (last, count) = known.unzip();
        if last == Some((author, signature)) {
            return Ok(());
        }
        let count = count.unwrap_or(0) + 1;
        if count > INTRODUCTIONS {
            return Err(Reject::Limit("introductions"));
        }
        author.introduces(signed, &signature)?;
        self.0.insert(signed.room, (author, signature, count));
        Ok(())
    }
}

fn side(role: Role) -> Side {
    match role {
        Role::Dialler => Side::Dialler,
        Role::Accepter => Side::Accepter,
    }
}

impl Links {
    /// An engine takes up a link: introduces its author to the peer, and answers whom the peer has introduced.
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

    /// A peer introduces who writes there.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_authors_are_introduced_and_no_more_and_none_without_its_signature() {
        let room = RoomId([1; 32]);
        let signed =
            Introduction { exported: [1; 32], side: Side::Dialler, from: PeerId([2; 32]), to: PeerId([3; 32]), room };
        let mut introduced = Introduced::default();
        let bob = Author::from_secret(&[9; 32]).id();
        let eve = Author::from_secret(&[8; 32]);
        assert_eq!(introduced.take(&signed, bob, eve.introduce(&signed)), Err(Reject::Signature));
        assert_eq!(introduced.author(&room), None);
        for secret in 0..INTRODUCTIONS as u8 {
            let author = Author::from_secret(&[secret; 32]);
            for _ in 0..3 {
                assert_eq!(introduced.take(&signed, author.id(), author.introduce(&signed)), Ok(()));
            }
            assert_eq!(introduced.author(&room), Some(author.id()));
        }
        let surplus = introduced.take(&signed, bob, Author::from_secret(&[9; 32]).introduce(&signed));
        assert_eq!(surplus, Err(Reject::Limit("introductions")));
    }
}
