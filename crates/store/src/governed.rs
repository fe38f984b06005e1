//! What an engine reads of a closed room: where its logs begin and end, their acts, and the words that are asked for.

use rumormill_proto::{
    fork::Proof,
    governance::{Governance, Last, Signed},
    ids::{AuthorId, RoomId, Seq},
    input::{Kept, Look},
    log::Span,
    run::block_end,
};

use crate::{Error, Read};

/// What the entries of a room come to, of which nothing is asked any more.
pub(crate) fn governance(read: &mut (impl Read + ?Sized), room: &RoomId, owner: AuthorId) -> Result<Governance, Error> {
    let mut governance = Governance::new(owner);
    for Kept { author, log, .. } in read.kept(room)? {
        let forks = read.proofs(room, &author)?.iter().map(Proof::at).collect();
        governance.prove(author, forks);
        let seqs = read.act_seqs(room, &author)?;
        for span in log.spans() {
            let acts = acts_of(read, (room, author), span, &seqs)?;
            governance.insert_span(author, span, acts);
        }
    }
    loop {
        governance.fold();
        let looks = governance.looks();
        if looks.is_empty() {
            return Ok(governance);
        }
        for look in looks {
            governance.looked(&look, looked(read, room, &look)?);
        }
        governance.let_go();
    }
}

/// The acts in a piece of a log. Each block in which some stand is read once.
fn acts_of(
    read: &mut (impl Read + ?Sized),
    (room, author): (&RoomId, AuthorId),
    span: &Span,
    seqs: &[Seq],
) -> Result<Vec<Signed>, Error> {
    let within = |seq: &Seq| (span.first..=span.last.seq).contains(seq);
    let seqs: Vec<Seq> = seqs.iter().copied().filter(within).collect();
    let mut acts = Vec::new();
    for block in seqs.chunk_by(|one, other| block_end(*one) == block_end(*other)) {
        let (Some(first), Some(last)) = (block.first(), block.last()) else { continue };
        let found = looked(read, room, &Look { author, first: *first, last: *last })?;
        acts.extend(found.into_iter().filter(|entry| entry.deed.is_some()));
    }
    Ok(acts)
}

/// The last act of a log, as far as it is held.
pub(crate) fn last_act(
    read: &mut (impl Read + ?Sized),
    room: &RoomId,
    author: &AuthorId,
) -> Result<Option<Last>, Error> {
    for seq in read.act_seqs(room, author)?.into_iter().rev() {
        let found = looked(read, room, &Look { author: *author, first: seq, last: seq })?;
        if let Some(act) = found.iter().find(|entry| entry.deed.is_some()) {
            return Ok(Some(Last { seq, id: act.id }));
        }
    }
    Ok(None)
}

/// What is held of a range, ascending.
pub(crate) fn looked(read: &mut (impl Read + ?Sized), room: &RoomId, look: &Look) -> Result<Vec<Signed>, Error> {
    let (mut found, mut from) = (Vec::new(), look.first);
    while from <= look.last {
        let end = look.last.min(block_end(from));
        if let Some(run) = read.run(room, &look.author, from, end)? {
            let signed = Signed::all_of(room, &run, run.prev()).into_iter();
            found.extend(signed.filter(|entry| (from..=end).contains(&entry.seq)));
        }
        from = end + 1;
    }
    Ok(found)
}
