//! The results of a study: figures over seeds, in rows.

use std::fmt;

/// One measure over the samples of a point.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Figure {
    /// Their mean; NaN when there are none.
    pub mean: f64,
    /// Half the width of the interval that holds the true mean with 95 % confidence, by the normal approximation: 1.96
    /// standard errors. Zero for a single sample.
    pub error: f64,
    /// The smallest.
    pub least: f64,
    /// The largest.
    pub most: f64,
    /// Their number; 0 for a figure that others published.
    pub samples: usize,
}

impl Figure {
    /// A figure that others published.
    pub const fn published(mean: f64) -> Self {
        Self { mean, error: 0.0, least: mean, most: mean, samples: 0 }
    }

    /// Neither measured nor published.
    pub const NONE: Self = Self::published(f64::NAN);
}

impl FromIterator<f64> for Figure {
    fn from_iter<I: IntoIterator<Item = f64>>(samples: I) -> Self {
        let samples: Vec<f64> = samples.into_iter().collect();
        let count = samples.len() as f64;
        let mean = samples.iter().sum::<f64>() / count;
        let squares: f64 = samples.iter().map(|sample| (sample - mean).powi(2)).sum();
        let error = if samples.len() > 1 { 1.96 * (squares / (count - 1.0) / count).sqrt() } else { 0.0 };
        let least = samples.iter().copied().fold(f64::INFINITY, f64::min);
        let most = samples.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        Self { mean, error, least, most, samples: samples.len() }
    }
}

/// What a column measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Measure {
    /// A short name, with the unit last.
    pub name: &'static str,
    /// Digits after the point when printed.
    pub digits: usize,
}

/// One point of a study.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Its identification: one for each of [`Table::keys`].
    pub keys: Vec<String>,
    /// Its figures: one for each of [`Table::measures`].
    pub figures: Vec<Figure>,
}

/// A plot of a table: one line or row of marks for each series.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plot {
    /// Name of its file, without extension.
    pub file: &'static str,
    /// Index of the key on the horizontal axis; that key is a number in all rows drawn.
    pub x: usize,
    /// Index of the measure on the vertical axis.
    pub y: usize,
    /// Whether the horizontal axis is logarithmic.
    pub log_x: bool,
    /// Whether the vertical axis is logarithmic.
    pub log_y: bool,
    /// Keys, by index, of the rows to draw.
    pub only: &'static [(usize, &'static str)],
}

/// The results of a study.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// Name of the file, without extension.
    pub file: &'static str,
    /// What it shows, in a sentence or two: what was counted, and how.
    pub caption: String,
    /// Names of the keys.
    pub keys: &'static [&'static str],
    /// The measures.
    pub measures: &'static [Measure],
    /// The points, in order.
    pub rows: Vec<Row>,
    /// How to draw it. Keys that are not axes make the series.
    pub plots: &'static [Plot],
}

impl Table {
    /// The row with these keys.
    pub fn row(&self, keys: &[&str]) -> Option<&Row> {
        self.rows.iter().find(|row| row.keys == keys)
    }

    /// The figure of a measure, by its name, in the row with these keys.
    pub fn figure(&self, keys: &[&str], measure: &str) -> Option<Figure> {
        let at = self.measures.iter().position(|one| one.name == measure)?;
        self.row(keys)?.figures.get(at).copied()
    }
}

impl fmt::Display for Figure {
    /// Prints the mean and any error, with the requested number of digits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = f.precision().unwrap_or(2);
        let Self { mean, error, .. } = self;
        match () {
            () if mean.is_nan() => f.write_str("-"),
            () if *error == 0.0 => write!(f, "{mean:.digits$}"),
            () => write!(f, "{mean:.digits$} ±{error:.digits$}"),
        }
    }
}

impl fmt::Display for Table {
    /// Prints aligned columns of Markdown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let head = self.keys.iter().copied().chain(self.measures.iter().map(|measure| measure.name));
        let mut lines: Vec<Vec<String>> = vec![head.map(str::to_owned).collect()];
        for row in &self.rows {
            let figures = row.figures.iter().zip(self.measures);
            let figures = figures.map(|(figure, measure)| format!("{figure:.*}", measure.digits));
            lines.push(row.keys.iter().cloned().chain(figures).collect());
        }
        let width =
            |column: usize| lines.iter().filter_map(|line| line.get(column)).map(|cell| cell.chars().count()).max();
        let widths: Vec<usize> = (0..lines[0].len()).map(|column| width(column).unwrap_or(0)).collect();
        writeln!(f, "{}\n", self.caption)?;
        for (number, line) in lines.iter().enumerate() {
            for (column, (cell, width)) in line.iter().zip(&widths).enumerate() {
                let left = column < self.keys.len();
                if left { write!(f, "| {cell:<width$} ")? } else { write!(f, "| {cell:>width$} ")? }
            }
            writeln!(f, "|")?;
            if number == 0 {
                for (column, width) in widths.iter().enumerate() {
                    let end = if column < self.keys.len() { '-' } else { ':' };
                    write!(f, "|{}{end}", "-".repeat(width + 1))?;
                }
                writeln!(f, "|")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        let row = |key: &str, figure| Row { keys: vec![key.into(), "10".into()], figures: vec![figure] };
        Table {
            file: "example",
            caption: "An example.".into(),
            keys: &["who", "peers"],
            measures: &[Measure { name: "time ms", digits: 1 }],
            rows: vec![
                row("ours", [1.0, 2.0, 3.0].into_iter().collect()),
                row("theirs, \"published\"", Figure::published(7.0)),
                row("nobody's", Figure::NONE),
            ],
            plots: &[],
        }
    }

    #[test]
    fn a_figure_is_the_mean_with_its_error() {
        let figure = table().figure(&["ours", "10"], "time ms").unwrap();
        assert_eq!((figure.mean, figure.least, figure.most, figure.samples), (2.0, 1.0, 3.0, 3));
        assert!((figure.error - 1.96 / 3f64.sqrt()).abs() < 1e-12);
        assert_eq!(table().figure(&["ours", "10"], "other"), None);
    }

    #[test]
    fn printed_for_people() {
        let shown = table().to_string();
        let want = "An example.\n\n\
            | who                 | peers |  time ms |\n\
            |---------------------|-------|---------:|\n\
            | ours                | 10    | 2.0 ±1.1 |\n\
            | theirs, \"published\" | 10    |      7.0 |\n\
            | nobody's            | 10    |        - |\n";
        assert_eq!(shown, want);
    }
}
