//! Reports of messages, as every screen and the command line tell of them.

use rumormill_api::Report;
use rumormill_text::{Names, clean};

use super::{model::Model, panels};

/// What became of a report.
pub fn made(told: u64) -> String {
    match told {
        0 => "nobody who governs this room is connected; the report waits here until somebody is".into(),
        1 => "reported to one person who governs this room; nobody else learns of it".into(),
        told => format!("reported to {told} people who govern this room; nobody else learns of it"),
    }
}

/// A report that came, in a line.
pub(crate) fn line(names: &Names, report: &Report) -> String {
    let words = if report.words.is_empty() { String::new() } else { format!(" ({})", clean(&report.words)) };
    let [by, author] = [&report.by, &report.author].map(|who| names.name(&who.author, &who.nick).whole());
    format!("{by} reports{words} {author}: {}", clean(&report.text))
}

/// Lists the reports that came.
pub(super) fn tell(model: &mut Model, reports: &[Report]) {
    if reports.is_empty() {
        return model.told("nobody has reported anything to you here");
    }
    let Some(open) = &model.open else { return };
    let rows = reports.iter().map(|report| (String::new(), line(&open.names, report))).collect();
    panels::show(model, "reported; /hide or /kick does something about it", rows);
}
