//! The cost of finding out what a peer lacks, against the amount it lacks: `repair`.

use super::{
    Figure, Lot, Measure, Plot, Row, Table,
    difference::{Contender, Difference, Missing, Point, Said},
};
use crate::violation::Story;

const MEASURES: &[Measure] = &[
    Measure { name: "bytes", digits: 0 },
    Measure { name: "an entry", digits: 2 },
    Measure { name: "frames", digits: 1 },
    Measure { name: "header an entry", digits: 1 },
    Measure { name: "brought twice %", digits: 1 },
];

/// Rooms of everyday sizes, by the amount missing.
const EVERYDAY: [(&str, Point); 2] = [
    ("1 of 1,000 by 100", Point { authors: 100, entries_each: 10, missing: Missing::Scattered(1) }),
    ("1,000 of 2,000 by 10", Point { authors: 10, entries_each: 200, missing: Missing::Recent(1_000) }),
];

/// Compares two peers of which one lacks entries, with all contenders.
///
/// # Errors
/// When a contender does not finish.
pub fn study(lot: &Lot<'_>, contenders: &[&dyn Contender]) -> Story<Vec<Table>> {
    Ok(vec![everyday(lot, contenders)?, large(lot, contenders)?])
}

fn everyday(lot: &Lot<'_>, contenders: &[&dyn Contender]) -> Story<Table> {
    let points: Vec<_> = EVERYDAY.iter().flat_map(|(name, point)| by_all(contenders, point, vec![*name])).collect();
    Ok(Table {
        file: "repair",
        caption: format!("{COUNTED} Missing: missing entries, of all entries in the room, by this many authors."),
        keys: &["who", "missing"],
        measures: MEASURES,
        rows: rows(lot, points)?,
        plots: &[],
    })
}

fn large(lot: &Lot<'_>, contenders: &[&dyn Contender]) -> Story<Table> {
    let (authors, entries_each) = if lot.quick { (100, 20) } else { (10_000, 100) };
    let counts: &[usize] = if lot.quick { &[1, 100] } else { &[1, 10, 100, 1_000, 10_000] };
    let mut points = Vec::new();
    for (name, missing) in [("recent", Missing::Recent as fn(usize) -> Missing), ("scattered", Missing::Scattered)] {
        for count in counts {
            let point = Point { authors, entries_each, missing: missing(*count) };
            points.extend(by_all(contenders, &point, vec![name, &count.to_string()]));
        }
    }
    Ok(Table {
        file: "repair-large",
        caption: format!(
            "{COUNTED} In a room of {} entries by {authors} authors; missing are the newest of all, or the last \
             entries of that many authors, who last spoke at arbitrary times.",
            authors * entries_each
        ),
        keys: &["who", "where", "missing"],
        measures: MEASURES,
        rows: rows(lot, points)?,
        plots: &[Plot { file: "repair-bytes", x: 2, y: 1, log_x: true, log_y: true, only: &[] }],
    })
}

const COUNTED: &str = "Bytes of all frames of both peers above the transport, from the link until the lacking peer \
    knows what is missing and has requested it, if requests exist: without the runs that bring the entries. For ours \
    also the bytes that an entry costs in its run beside its body (its kind, time, length and share of author, hash \
    and signature), and how much of what was brought was held already.";

/// One point of a table: contender, keys and point.
type Asked<'a> = (&'a dyn Contender, Vec<String>, Point);

fn by_all<'a>(contenders: &[&'a dyn Contender], point: &Point, keys: Vec<&str>) -> Vec<Asked<'a>> {
    let keys =
        |who: &dyn Contender| std::iter::once(who.name()).chain(keys.iter().copied()).map(str::to_owned).collect();
    contenders.iter().map(|one| (*one, keys(*one), *point)).collect()
}

fn rows(lot: &Lot<'_>, points: Vec<Asked<'_>>) -> Story<Vec<Row>> {
    let figures = lot.figures(&points, |(contender, _, point), seed| {
        let said = contender.compare(&Difference::new(point, seed)?)?;
        Ok(measures(&said, point))
    })?;
    let row = |((_, keys, _), figures): (Asked<'_>, [Figure; 5])| Row { keys, figures: figures.to_vec() };
    Ok(points.into_iter().zip(figures).map(row).collect())
}

fn measures(said: &Said, point: &Point) -> [f64; 5] {
    let missing = point.missing() as f64;
    let (header, twice) = match said.brought {
        Some([runs, bodies]) => {
            let brought = bodies as f64 / point.body_bytes() as f64;
            ((runs - bodies) as f64 / brought, 100.0 * (brought / missing - 1.0))
        }
        None => (f64::NAN, f64::NAN),
    };
    [said.both() as f64, said.both() as f64 / missing, said.frames as f64, header, twice]
}
