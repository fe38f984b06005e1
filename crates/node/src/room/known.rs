//! Who is known in an open room, and how much somebody said of late: for interfaces that hold back some of what is said.

use std::collections::{BTreeMap, BTreeSet};

use rumormill_proto::{
    content::{Target, Vouch},
    ids::AuthorId,
};

use super::Room;
use crate::{error::Error, limits::LOOKED_BACK};

impl Room {
    /// Everybody who is known: the founder, those in `known`, and everybody whom somebody known answered, reacted to or
    /// mentioned. Nobody is known by what those in `ignored` wrote.
    ///
    /// # Errors
    /// As [`Room::messages`].
    pub async fn known(
        &self,
        known: BTreeSet<AuthorId>,
        ignored: BTreeSet<AuthorId>,
    ) -> Result<BTreeSet<AuthorId>, Error> {
        let logs = self.read(|read, room| read.kept(room)).await?;
        let founds = |author: &AuthorId, vouches: &[Vouch]| vouches.first() == Some(&Vouch { seq: 0, of: *author });
        let founder = logs.iter().find(|log| founds(&log.author, &log.vouches)).map(|log| log.author);
        let logs = logs.into_iter().filter(|log| !ignored.contains(&log.author));
        Ok(spread(known.into_iter().chain(founder), &logs.map(|log| (log.author, log.vouches)).collect()))
    }

    /// How many messages the author of this one said in the `ms` milliseconds before it, by the times that they claim; at
    /// most `most`.
    ///
    /// # Errors
    /// As [`Room::messages`].
    pub async fn said_before(&self, of: Target, ms: u64, most: usize) -> Result<usize, Error> {
        let read = move |read: &mut dyn rumormill_store::Read, room: &_| {
            let Some(line) = read.line(room, &of.author, of.seq)? else { return Ok(0) };
            let since_ms = line.place.time.ms().saturating_sub(ms);
            let mut said = 0;
            for seq in (of.seq.saturating_sub(LOOKED_BACK)..of.seq).rev() {
                let Some(line) = read.line(room, &of.author, seq)? else { continue };
                if said == most || line.place.time.ms() <= since_ms {
                    break;
                }
                said += usize::from(line.kind.is_message());
            }
            Ok(said)
        };
        self.read(read).await
    }
}

/// These authors, and everybody to whom a chain of vouches leads from them.
fn spread(known: impl Iterator<Item = AuthorId>, vouches: &BTreeMap<AuthorId, Vec<Vouch>>) -> BTreeSet<AuthorId> {
    let mut next: Vec<AuthorId> = known.collect();
    let mut all = BTreeSet::new();
    while let Some(author) = next.pop() {
        if all.insert(author) {
            next.extend(vouches.get(&author).into_iter().flatten().map(|vouch| vouch.of));
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_a_chain_of_answers_leads_to_is_known() {
        let author = |number| AuthorId([number; 32]);
        let vouch = |of| Vouch { seq: 1, of: author(of) };
        // The first answers the second, who answers the third, who answers both; the fourth answers everybody.
        let all = [(1, vec![2]), (2, vec![3]), (3, vec![1, 2]), (4, vec![1, 2, 3, 5])];
        let vouches = all.map(|(by, of)| (author(by), of.into_iter().map(vouch).collect())).into();
        let known = |of: &[u8]| spread(of.iter().copied().map(author), &vouches);
        assert_eq!(known(&[1]), [1, 2, 3].map(author).into());
        assert_eq!(known(&[6]), [author(6)].into());
        assert_eq!(known(&[4]).len(), 5);
    }
}
