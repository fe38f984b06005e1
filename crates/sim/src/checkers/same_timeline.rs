//! When all is quiet, all honest peers show the same entries in the same order, with the same cuts.

use rumormill_store::TimelineRow;

use super::{Checker, Remains, Verdict};

/// Compares each peer with the first.
pub(super) struct SameTimeline;

impl Checker for SameTimeline {
    fn property(&self) -> &'static str {
        "same timeline everywhere"
    }

    fn end(&mut self, remains: &[Remains]) -> Verdict {
        remains.iter().try_for_each(in_order)?;
        let Some((first, others)) = remains.split_first() else {
            return Ok(());
        };
        others.iter().try_for_each(|other| same(first, other))
    }
}

fn in_order(remains: &Remains) -> Verdict {
    match remains.lines.windows(2).find(|pair| pair[0].place >= pair[1].place) {
        Some(pair) => Err(format!("peer {} shows {:?} above {:?}", remains.peer, pair[0].place, pair[1].place)),
        None => Ok(()),
    }
}

fn same(one: &Remains, other: &Remains) -> Verdict {
    if one.cuts != other.cuts {
        return Err(format!("peer {} cut {:?}, peer {} cut {:?}", one.peer, one.cuts, other.peer, other.cuts));
    }
    let ids = |remains: &Remains| remains.lines.iter().map(|line| line.id).collect::<Vec<_>>();
    let (ours, theirs) = (ids(one), ids(other));
    if ours == theirs {
        return Ok(());
    }
    let at = ours.iter().zip(&theirs).take_while(|(one, other)| one == other).count();
    let place = |lines: &[TimelineRow]| lines.get(at).map_or("nothing".into(), |line| format!("{:?}", line.place));
    Err(format!(
        "the timelines of peers {} ({} entries) and {} ({}) part at {at}: {} and {}",
        one.peer,
        ours.len(),
        other.peer,
        theirs.len(),
        place(&one.lines),
        place(&other.lines)
    ))
}
