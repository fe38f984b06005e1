//! The cost of finding out that two peers hold the same, against the size of the room: `idle`.

use super::{
    Lot, Measure, Plot, Row, Table,
    difference::{Contender, Difference, Missing, Point},
};
use crate::violation::Story;

/// Entries of each author.
const ENTRIES_EACH: usize = 100;

/// Compares two peers that hold the same, with all contenders.
///
/// # Errors
/// When a contender does not finish.
pub fn study(lot: &Lot<'_>, contenders: &[&dyn Contender]) -> Story<Vec<Table>> {
    let sizes: &[usize] = if lot.quick { &[10, 300] } else { &[10, 100, 1_000, 10_000] };
    let points: Vec<_> = contenders.iter().flat_map(|one| sizes.iter().map(move |authors| (*one, *authors))).collect();
    let figures = lot.figures(&points, |(contender, authors), seed| {
        let point = Point { authors: *authors, entries_each: ENTRIES_EACH, missing: Missing::Nothing };
        let said = contender.compare(&Difference::new(&point, seed)?)?;
        let [there, back] = said.bytes.map(|bytes| bytes as f64);
        Ok([there.max(back), there.min(back), there + back, said.frames as f64])
    })?;
    let row = |((contender, authors), figures): (&(&dyn Contender, usize), [_; 4])| Row {
        keys: vec![contender.name().to_owned(), authors.to_string()],
        figures: figures.to_vec(),
    };
    Ok(vec![Table {
        file: "idle",
        caption: format!(
            "One exchange between two peers that hold the same: bytes of all frames above the transport, in the \
             larger direction, in the other and in both. Each author wrote {ENTRIES_EACH} entries."
        ),
        keys: &["who", "authors"],
        measures: &[
            Measure { name: "one way", digits: 0 },
            Measure { name: "other way", digits: 0 },
            Measure { name: "bytes", digits: 0 },
            Measure { name: "frames", digits: 1 },
        ],
        rows: points.iter().zip(figures).map(row).collect(),
        plots: &[Plot { file: "idle-bytes", x: 1, y: 2, log_x: true, log_y: true, only: &[] }],
    }])
}
