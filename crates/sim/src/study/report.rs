//! Tables as files: CSV and plots.

use std::{
    collections::BTreeMap,
    error::Error,
    fs,
    path::{Path, PathBuf},
};

use plotters::{
    coord::ranged1d::{KeyPointHint, NoDefaultFormatting, Ranged, ValueFormatter},
    prelude::*,
};

use super::table::{Figure, Plot, Row, Table};

/// Pixels of a plot, and of its margins; the names of the series stand to its right.
const SIZE: (u32, u32) = (960, 480);
const MARGIN: i32 = 16;
const NAMES: i32 = 280;
const NAME_HEIGHT: i32 = 18;

/// Colours that everyone can tell apart (Okabe and Ito 2008).
const COLORS: [RGBColor; 8] = [
    RGBColor(0, 114, 178),
    RGBColor(213, 94, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(86, 180, 233),
    RGBColor(230, 159, 0),
    RGBColor(0, 0, 0),
    RGBColor(140, 140, 140),
];

/// Marks along an axis, at most.
const MARKS: usize = 10;

/// Writes a table and its plots to a folder, created if missing; returns the paths written.
///
/// # Errors
/// When a file cannot be written.
pub fn write(table: &Table, folder: &Path) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    fs::create_dir_all(folder)?;
    let values = folder.join(table.file).with_extension("csv");
    write_csv(table, &values)?;
    let mut written = vec![values];
    for plot in table.plots {
        let path = folder.join(plot.file).with_extension("svg");
        if draw(table, plot, &path)? {
            written.push(path);
        }
    }
    Ok(written)
}

/// Writes for each measure the mean, the error, the least and the most.
fn write_csv(table: &Table, path: &Path) -> Result<(), csv::Error> {
    let mut csv = csv::Writer::from_path(path)?;
    let names = |name: &str| ["", " error", " least", " most"].map(|suffix| format!("{name}{suffix}"));
    let keys = table.keys.iter().map(|key| (*key).to_owned());
    let measures = table.measures.iter().flat_map(|measure| names(measure.name));
    csv.write_record(keys.chain(measures).chain(["samples".to_owned()]))?;
    for row in &table.rows {
        let values = row.figures.iter().flat_map(|Figure { mean, error, least, most, .. }| {
            [mean, error, least, most].map(|value| if value.is_nan() { String::new() } else { value.to_string() })
        });
        let samples = row.figures.iter().map(|figure| figure.samples).max().unwrap_or(0);
        csv.write_record(row.keys.iter().cloned().chain(values).chain([samples.to_string()]))?;
    }
    csv.flush()?;
    Ok(())
}

/// A point of a series: its position, and the interval of the true value.
struct Mark {
    x: f64,
    y: f64,
    low: f64,
    high: f64,
}

/// The series of a plot, by the keys that are not axes. Skips points that a logarithmic axis cannot show.
fn series(table: &Table, plot: &Plot) -> BTreeMap<String, Vec<Mark>> {
    let mut series: BTreeMap<String, Vec<Mark>> = BTreeMap::new();
    let fixed = |at: usize| plot.only.iter().find(|(key, _)| *key == at).map(|(_, value)| *value);
    let drawn = |row: &&Row| row.keys.iter().enumerate().all(|(at, key)| fixed(at).is_none_or(|value| value == key));
    for row in table.rows.iter().filter(drawn) {
        let (Some(Ok(x)), Some(figure)) = (row.keys.get(plot.x).map(|key| key.parse::<f64>()), row.figures.get(plot.y))
        else {
            continue;
        };
        let Figure { mean: y, error, .. } = *figure;
        let off_scale = (plot.log_x && x <= 0.0) || (plot.log_y && y <= 0.0) || y.is_nan();
        if off_scale {
            continue;
        }
        let low = if plot.log_y { (y - error).max(y / 10.0) } else { y - error };
        let names = row
            .keys
            .iter()
            .enumerate()
            .filter(|(at, _)| *at != plot.x && fixed(*at).is_none())
            .map(|(_, key)| key.as_str());
        let name = names.filter(|name| !name.is_empty()).collect::<Vec<_>>().join(", ");
        series.entry(name).or_default().push(Mark { x, y, low, high: y + error });
    }
    series
}

/// Draws a plot; returns whether there was anything to draw.
fn draw(table: &Table, plot: &Plot, path: &Path) -> Result<bool, Box<dyn Error>> {
    let series = series(table, plot);
    let marks = || series.values().flatten();
    if marks().next().is_none() {
        return Ok(false);
    }
    let root = SVGBackend::new(path, SIZE).into_drawing_area();
    root.fill(&WHITE)?;
    let x = Axis::around(marks().flat_map(|mark| [mark.x]), plot.log_x);
    let y = Axis::around(marks().flat_map(|mark| [mark.low, mark.high]), plot.log_y);
    let mut chart = ChartBuilder::on(&root)
        .margin(MARGIN)
        .margin_right(NAMES)
        .x_label_area_size(40)
        .y_label_area_size(64)
        .build_cartesian_2d(x, y)?;
    let (x_name, y_name) = (table.keys.get(plot.x), table.measures.get(plot.y).map(|measure| measure.name));
    chart
        .configure_mesh()
        .x_desc(x_name.copied().unwrap_or_default())
        .y_desc(y_name.unwrap_or_default())
        .light_line_style(WHITE)
        .bold_line_style(BLACK.mix(0.1))
        .draw()?;
    for (number, (name, marks)) in series.iter().enumerate() {
        let color = COLORS[number % COLORS.len()];
        chart.draw_series(LineSeries::new(marks.iter().map(|mark| (mark.x, mark.y)), color.stroke_width(2)))?;
        let (left, middle) = (SIZE.0 as i32 - NAMES + MARGIN, 2 * MARGIN + NAME_HEIGHT * number as i32);
        root.draw(&PathElement::new([(left, middle), (left + MARGIN, middle)], color.stroke_width(2)))?;
        root.draw(&Text::new(name.as_str(), (left + 2 * MARGIN, middle - NAME_HEIGHT / 3), ("sans-serif", 12)))?;
        let bar = |mark: &Mark| ErrorBar::new_vertical(mark.x, mark.low, mark.y, mark.high, color.filled(), 6);
        chart.draw_series(marks.iter().map(bar))?;
    }
    root.present()?;
    Ok(true)
}

/// An axis, possibly logarithmic.
#[derive(Clone)]
struct Axis {
    least: f64,
    most: f64,
    log: bool,
}

impl Axis {
    /// An axis that includes all these values, with a margin; a linear one begins at zero unless a value is below.
    fn around(values: impl Iterator<Item = f64>, log: bool) -> Self {
        let (least, most) =
            values.fold((f64::MAX, f64::MIN), |(least, most), value| (least.min(value), most.max(value)));
        match log {
            true => Self { least: least / 1.2, most: most * 1.2, log },
            false => Self { least: least.min(0.0), most: if most > 0.0 { most * 1.05 } else { 1.0 }, log },
        }
    }

    fn share(&self, value: f64) -> f64 {
        match self.log {
            true => (value / self.least).ln() / (self.most / self.least).ln(),
            false => (value - self.least) / (self.most - self.least),
        }
    }
}

impl Ranged for Axis {
    type FormatOption = NoDefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, (from, to): (i32, i32)) -> i32 {
        from + (f64::from(to - from) * self.share(*value)).round() as i32
    }

    /// Round numbers: 1, 2 and 5 times powers of ten, as many as fit.
    fn key_points<Hint: KeyPointHint>(&self, _hint: Hint) -> Vec<f64> {
        if self.log {
            let decades = self.least.log10().floor() as i32..=self.most.log10().ceil() as i32;
            let steps: &[f64] = if decades.clone().count() > MARKS / 2 { &[1.0] } else { &[1.0, 2.0, 5.0] };
            let points = decades.flat_map(|decade| steps.iter().map(move |step| step * 10f64.powi(decade)));
            return points.filter(|point| (self.least..=self.most).contains(point)).collect();
        }
        let rough = (self.most - self.least) / MARKS as f64;
        let decade = 10f64.powf(rough.log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0].iter().map(|step| step * decade).find(|step| *step >= rough).unwrap_or(rough);
        let first = (self.least / step).ceil() as i64;
        (first..).map(|number| number as f64 * step).take_while(|point| *point <= self.most).collect()
    }

    fn range(&self) -> std::ops::Range<f64> {
        self.least..self.most
    }
}

impl ValueFormatter<f64> for Axis {
    /// Formats a number as short as possible, without artefacts of binary fractions.
    fn format(value: &f64) -> String {
        ((value * 1e9).round() / 1e9).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::study::Measure;

    fn table() -> Table {
        let row = |who: &str, peers: &str, figure| Row { keys: vec![who.into(), peers.into()], figures: vec![figure] };
        Table {
            file: "example",
            caption: "An example.".into(),
            keys: &["who", "peers"],
            measures: &[Measure { name: "time ms", digits: 1 }],
            rows: vec![
                row("ours", "10", [1.0, 2.0, 3.0].into_iter().collect()),
                row("ours", "100", [2.0, 4.0].into_iter().collect()),
                row("theirs, \"published\"", "10", Figure::published(7.0)),
                row("nobody's", "10", Figure::NONE),
            ],
            plots: &[Plot { file: "example-plot", x: 1, y: 0, log_x: true, log_y: true, only: &[] }],
        }
    }

    #[test]
    fn a_table_becomes_values_and_a_plot() {
        let folder = std::env::temp_dir().join(format!("rumormill-report-{}", std::process::id()));
        let written = write(&table(), &folder).unwrap();
        let texts: Vec<String> = written.iter().map(|path| fs::read_to_string(path).unwrap()).collect();
        fs::remove_dir_all(&folder).unwrap();
        let lines: Vec<_> = texts[0].lines().collect();
        assert_eq!(lines[0], "who,peers,time ms,time ms error,time ms least,time ms most,samples");
        assert_eq!(lines[3], "\"theirs, \"\"published\"\"\",10,7,0,7,7,0");
        assert_eq!(lines[4], "nobody's,10,,0,,,0");
        assert!(texts[1].starts_with("<svg") && texts[1].contains("time ms") && texts[1].contains("ours"));
        assert!(!texts[1].contains("nobody"), "a contender without a value has no line");
    }

    #[test]
    fn axes_are_marked_with_round_numbers() {
        use plotters::coord::ranged1d::BoldPoints;
        let points = |least, most, log| Axis { least, most, log }.key_points(BoldPoints(10));
        assert_eq!(points(0.0, 9.0, false).len(), 10);
        assert_eq!(points(0.9, 60.0, true), [1.0, 2.0, 5.0, 10.0, 20.0, 50.0]);
        assert_eq!([0.05, 3.0 * 0.4, 200.0].map(|value| Axis::format(&value)), ["0.05", "1.2", "200"]);
    }
}
