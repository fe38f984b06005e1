//! Applies inputs to the model, and returns the effects.

use super::{
    answers,
    ask::{Ask, OfRoom},
    events,
    input::{Copied, Effect, Input},
    keys,
    model::{Mode, Model, NoteKind, Question, Scroll, Unread},
    scroll,
};
use crate::limits::{PASTE_LINES, TYPED_BYTES};

/// Takes one input.
pub(super) fn update(model: &mut Model, input: Input) -> Vec<Effect> {
    let mut out = Vec::new();
    match input {
        Input::Key(key) => keys::press(model, key, &mut out),
        Input::Paste(text) => paste(model, text, &mut out),
        Input::Resize(size) => model.size = size,
        Input::Wheel(down) => keys::wheel(model, down, &mut out),
        Input::Focus(focused) => focus(model, focused),
        Input::Tick(now_ms) => {
            model.now_ms = now_ms;
            if let Some(open) = &mut model.open {
                open.typists.retain(|_, until_ms| *until_ms > now_ms);
            }
            tell_read(model, &mut out);
        }
        Input::Event(event) => events::hear(model, *event, &mut out),
        Input::Answer(answer) => answers::hear(model, *answer, &mut out),
        Input::Copied(Copied::Done) => model.tell(NoteKind::Outcome, "copied"),
        Input::Copied(Copied::Asked) => model.tell(
            NoteKind::Outcome,
            "the terminal was asked to copy it; where it does not, Alt+l shows bare text to select",
        ),
    }
    out
}

/// Asks before many lines are sent.
fn paste(model: &mut Model, text: String, out: &mut Vec<Effect>) {
    model.completion = None;
    if text.len() > TYPED_BYTES {
        let what = format!("{} bytes are too many for one message", text.len());
        return model.fail("paste", &what, "paste less at once, or pipe a file: rumormill send ROOM < FILE");
    }
    match &mut model.mode {
        Mode::Chat if text.trim_end().lines().count() > PASTE_LINES && model.open.is_some() => {
            model.mode = Mode::Question(Question::Paste(text.trim_end().to_owned()));
        }
        Mode::Chat => model.line.insert(text.trim_end_matches(['\r', '\n'])),
        Mode::Search(_) => keys::search_typed(model, &text, out),
        Mode::Recall(recall) => recall.words.insert(&text.replace('\n', " ")),
        Mode::Question(_) => {}
    }
}

/// Messages that come while the terminal has no focus are unread.
fn focus(model: &mut Model, focused: bool) {
    model.focused = focused;
    if let Some(open) = model.open.as_mut().filter(|_| !focused) {
        open.timeline.seen();
    }
}

/// Marks as read what is on the screen of a focused terminal, as far as no unread message was skipped; everything, if
/// the person went to the end.
fn tell_read(model: &mut Model, out: &mut Vec<Effect>) {
    let looks = model.focused && model.panel.is_none() && !matches!(model.mode, Mode::Search(_));
    let Some((top, bottom)) = scroll::shown(model).filter(|_| looks) else { return };
    let known = model.room().and_then(|room| room.read.clone());
    let Some(open) = &mut model.open else { return };
    let follows = match open.unread {
        Unread::Follows => known.as_ref().is_none_or(|read| open.timeline.leads_on(read, &top)),
        Unread::Passed => {
            open.scroll == Scroll::End || known.as_ref().is_none_or(|read| open.timeline.leads_on(read, &top))
        }
        Unread::Stays => false,
    };
    let read = known.max(open.read.clone());
    if follows && read.is_none_or(|read| read < bottom) {
        open.read = Some(bottom.clone());
        out.push(Effect::Ask(Ask::Of(open.room.clone(), OfRoom::Read(bottom))));
    }
}
