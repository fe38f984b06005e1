//! Figures and columns for the demo's output.

/// Characters between two columns.
const GAP: usize = 2;
/// Characters a line, as on the smallest terminal.
const WIDTH: usize = 80;

/// Lays out columns, each with a head, side by side.
pub(crate) fn side_by_side(columns: &[(String, Vec<String>)]) -> Vec<String> {
    let width = (WIDTH + GAP) / columns.len().max(1) - GAP;
    let rows = columns.iter().map(|(_, lines)| lines.len()).max().unwrap_or(0);
    let row = |cells: Vec<&str>| {
        let cells: Vec<String> = cells.into_iter().map(|cell| fit(cell, width)).collect();
        cells.join(&" ".repeat(GAP)).trim_end().to_owned()
    };
    let head = row(columns.iter().map(|(head, _)| head.as_str()).collect());
    let body =
        (0..rows).map(|at| row(columns.iter().map(|(_, lines)| lines.get(at).map_or("", String::as_str)).collect()));
    [head].into_iter().chain(body).collect()
}

fn fit(cell: &str, width: usize) -> String {
    match cell.char_indices().nth(width) {
        Some(_) => cell.chars().take(width - 1).chain(['…']).collect(),
        None => format!("{cell:<width$}"),
    }
}

/// Microseconds as milliseconds.
pub(crate) fn milliseconds(us: u128) -> String {
    match us {
        0..10_000 => format!("{}.{} ms", us / 1000, us % 1000 / 100),
        _ => format!("{} ms", us / 1000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures() {
        for (us, want) in [(0, "0.0 ms"), (1_250, "1.2 ms"), (12_999, "12 ms")] {
            assert_eq!(milliseconds(us), want);
        }
    }

    #[test]
    fn columns() {
        let columns = [("p0".into(), vec!["a".into(), "b".into()]), ("p1".into(), vec!["a".into()])];
        assert_eq!(side_by_side(&columns)[1..], [format!("{:<39}  a", "a"), "b".to_owned()]);
        let long = [("p0".into(), vec!["x".repeat(100)])];
        assert_eq!(side_by_side(&long)[1].chars().count(), WIDTH);
        assert!(side_by_side(&long)[1].ends_with('…'));
    }
}
