//! The scroll position: at the end, which moves as messages come, or at a place that stays whatever comes in above or
//! below it.

use rumormill_api::PlaceText;

use super::{
    ask::{Ask, OfRoom},
    input::Effect,
    layout::parts,
    model::{BlockKey, Goal, Model, Scroll, Unread},
    rows::{Block, Sheet, blocks},
};

/// A row of the timeline: the number of its block, and how many rows of the block are below it.
type Spot = (usize, usize);

/// Heights of the blocks on a screen, computed near the position only.
struct Tape<'a> {
    blocks: Vec<Block<'a>>,
    sheet: Sheet<'a>,
    height: usize,
}

impl<'a> Tape<'a> {
    fn new(model: &'a Model) -> Self {
        let middle = parts(model).middle;
        Self { blocks: blocks(model), sheet: Sheet::new(model, middle.width), height: usize::from(middle.height) }
    }

    fn rows(&self, at: usize) -> usize {
        self.sheet.rows(&self.blocks, at).len()
    }

    /// The spot at the bottom of the screen.
    fn spot(&self, scroll: &Scroll) -> Spot {
        let end = (self.blocks.len().saturating_sub(1), 0);
        match scroll {
            Scroll::End => end,
            Scroll::At(key, hidden) => {
                self.blocks.iter().position(|block| block.key() == *key).map_or(end, |at| (at, *hidden))
            }
        }
    }

    fn up(&self, (mut at, mut hidden): Spot, rows: usize) -> Spot {
        hidden += rows;
        while hidden >= self.rows(at) {
            if at == 0 {
                return (0, self.rows(0).saturating_sub(1));
            }
            hidden -= self.rows(at);
            at -= 1;
        }
        (at, hidden)
    }

    fn down(&self, (mut at, hidden): Spot, rows: usize) -> Spot {
        if rows <= hidden {
            return (at, hidden - rows);
        }
        let mut left = rows - hidden;
        while at + 1 < self.blocks.len() {
            at += 1;
            let height = self.rows(at);
            if left <= height {
                return (at, height - left);
            }
            left -= height;
        }
        (at, 0)
    }

    /// The highest spot at which the screen is still full.
    fn highest(&self) -> Spot {
        let first = (0, self.rows(0).saturating_sub(1));
        self.down(first, self.height.saturating_sub(1))
    }

    fn lower(a: Spot, b: Spot) -> Spot {
        if (a.0, std::cmp::Reverse(a.1)) >= (b.0, std::cmp::Reverse(b.1)) { a } else { b }
    }

    fn scroll(&self, spot: Spot) -> Scroll {
        match self.blocks.get(spot.0) {
            Some(block) if spot != (self.blocks.len() - 1, 0) => Scroll::At(block.key(), spot.1),
            _ => Scroll::End,
        }
    }
}

/// Scrolls by most of a screen.
pub(super) fn page(model: &mut Model, down: bool, out: &mut Vec<Effect>) {
    let step = usize::from(parts(model).middle.height).saturating_sub(2).max(1);
    by(model, down, step, out);
}

/// Scrolls by some rows, and requests more messages where the window ends.
pub(super) fn by(model: &mut Model, down: bool, step: usize, out: &mut Vec<Effect>) {
    let Some(open) = &mut model.open else { return };
    open.centre = None;
    let Some(open) = &model.open else { return };
    let tape = Tape::new(model);
    let from = tape.spot(&open.scroll);
    let to = if down { tape.down(from, step) } else { tape.up(from, step) };
    let scroll = tape.scroll(Tape::lower(to, tape.highest()));
    // The next page is requested while this one is read.
    let (above, below) =
        (tape.up(from, 3 * tape.height).0 == 0, tape.down(from, 3 * tape.height) == tape.spot(&Scroll::End));
    set(model, scroll);
    match down {
        true if below => ask_below(model, out),
        false if above => ask_above(model, out),
        _ => {}
    }
}

/// Shows a block in the middle of the screen.
pub(super) fn show(model: &mut Model, key: &BlockKey) {
    let tape = Tape::new(model);
    let Some(at) = tape.blocks.iter().position(|block| block.key() == *key) else { return };
    let spot = tape.down((at, 0), tape.height / 2);
    let scroll = tape.scroll(Tape::lower(spot, tape.highest()));
    set(model, scroll);
}

/// Shows a block at the top of the screen.
fn show_on_top(model: &mut Model, key: &BlockKey) {
    let tape = Tape::new(model);
    let Some(at) = tape.blocks.iter().position(|block| block.key() == *key) else { return };
    let first = (at, tape.rows(at).saturating_sub(1));
    let scroll = tape.scroll(tape.down(first, tape.height.saturating_sub(1)));
    set(model, scroll);
}

/// Shows what was to be shown once a page has come.
pub(super) fn reach(model: &mut Model) {
    let Some(open) = &mut model.open else { return };
    match open.goal.take() {
        None => {}
        Some(Goal::Start) => show_on_top(model, &BlockKey::Top),
        Some(Goal::Unread) => {
            let marker = open.timeline.marker.clone().map(BlockKey::Message);
            if let Some(marker) = marker.filter(|marker| !is_shown(model, marker)) {
                show_on_top(model, &marker);
            }
        }
    }
}

/// The first and the last message on the screen, the last of them in full.
pub(super) fn shown(model: &Model) -> Option<(PlaceText, PlaceText)> {
    let open = model.open.as_ref()?;
    let tape = Tape::new(model);
    let bottom = tape.spot(&open.scroll);
    let top = tape.up(bottom, tape.height.saturating_sub(1)).0;
    let place = |block: &Block<'_>| match block {
        Block::Message(message) | Block::Hidden(message, _) => Some(message.place.clone()),
        Block::Top | Block::Hint | Block::Note(_) => None,
    };
    let end = if bottom.1 == 0 { bottom.0 + 1 } else { bottom.0 };
    let on_screen = tape.blocks.get(top..end)?;
    Some((on_screen.iter().find_map(place)?, on_screen.iter().rev().find_map(place)?))
}

/// Goes to the beginning, which may have to be requested first.
pub(super) fn to_start(model: &mut Model, out: &mut Vec<Effect>) {
    let Some(open) = &mut model.open else { return };
    open.goal = Some(Goal::Start);
    if !open.timeline.above {
        return reach(model);
    }
    open.timeline = super::timeline::Timeline::from_start();
    out.push(Effect::Ask(Ask::Of(open.room.clone(), OfRoom::After(PlaceText::earliest(0)))));
}

/// Goes to the first unread message, which may have to be requested first.
pub(super) fn to_unread(model: &mut Model, out: &mut Vec<Effect>) {
    let read = model.room().filter(|room| room.unread > 0).and_then(|room| room.read.clone());
    let Some(open) = &mut model.open else { return };
    match (open.timeline.marker.clone(), read) {
        (Some(marker), _) if open.timeline.at(&marker).is_some() => show(model, &BlockKey::Message(marker)),
        (_, Some(read)) => {
            open.goal = Some(Goal::Unread);
            open.timeline = super::timeline::Timeline::unread(read.clone());
            out.push(Effect::Ask(Ask::Of(open.room.clone(), OfRoom::After(read))));
        }
        _ => {}
    }
}

/// Whether a block is on the screen in full.
pub(super) fn is_shown(model: &Model, key: &BlockKey) -> bool {
    let Some(open) = &model.open else { return false };
    let tape = Tape::new(model);
    let Some(at) = tape.blocks.iter().position(|block| block.key() == *key) else { return false };
    let bottom = tape.spot(&open.scroll);
    let top = tape.up(bottom, tape.height.saturating_sub(1));
    let inside = at < bottom.0 || at == bottom.0 && bottom.1 == 0;
    inside && (at > top.0 || at == top.0 && top.1 + 1 == tape.rows(at))
}

/// Goes back to the end, which may have to be requested again.
pub(super) fn to_end(model: &mut Model, out: &mut Vec<Effect>) {
    set(model, Scroll::End);
    let Some(open) = &mut model.open else { return };
    if open.unread == Unread::Follows {
        open.unread = Unread::Passed;
    }
    if open.timeline.below {
        (open.timeline, open.scroll) = (super::timeline::Timeline::new(None), Scroll::End);
        out.push(Effect::Ask(Ask::Of(open.room.clone(), OfRoom::Newest)));
    }
}

fn set(model: &mut Model, scroll: Scroll) {
    if let Some(open) = &mut model.open {
        // The end of a window is not the end of the room: messages that come in below must not move the text being
        // read.
        let window = open.timeline.below && scroll == Scroll::End;
        open.scroll = match open.timeline.newest().filter(|_| window) {
            Some(newest) => Scroll::At(BlockKey::Message(newest.clone()), 0),
            None => scroll,
        };
    }
}

fn ask_above(model: &mut Model, out: &mut Vec<Effect>) {
    let Some(open) = &mut model.open else { return };
    let oldest = open.timeline.oldest().filter(|_| open.timeline.above && !open.timeline.asked);
    if let Some(oldest) = oldest.cloned() {
        open.timeline.asked = true;
        out.push(Effect::Ask(Ask::Of(open.room.clone(), OfRoom::Before(oldest))));
    }
}

fn ask_below(model: &mut Model, out: &mut Vec<Effect>) {
    let Some(open) = &mut model.open else { return };
    let newest = open.timeline.newest().filter(|_| open.timeline.below && !open.timeline.asked);
    if let Some(newest) = newest.cloned() {
        open.timeline.asked = true;
        out.push(Effect::Ask(Ask::Of(open.room.clone(), OfRoom::After(newest))));
    }
}
