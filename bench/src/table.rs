//! The result: one row per measurement, with the baseline and how much better or worse ours is.

use serde::Serialize;

/// Which direction of a figure is good.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Better {
    /// A rate.
    More,
    /// A time or a size.
    Less,
}

/// A figure of the Python original and where it was written down.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(crate) struct Baseline {
    /// In the unit of the row.
    pub(crate) figure: f64,
    /// Section of the page of baselines.
    pub(crate) section: &'static str,
}

/// One line of the table.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Row {
    /// What was measured.
    pub(crate) line: String,
    /// Unit of both figures.
    pub(crate) unit: &'static str,
    better: Better,
    /// The original's figure.
    pub(crate) baseline: Option<Baseline>,
    /// Our figure; `None`: it could not be measured, and `note` says why.
    pub(crate) ours: Option<f64>,
    /// How many times better ours is; below 1 it is worse.
    pub(crate) ratio: Option<f64>,
    /// What one has to know to read the figure.
    pub(crate) note: String,
}

impl Row {
    /// A measured rate.
    pub(crate) fn rate(line: impl Into<String>, unit: &'static str, ours: f64) -> Row {
        Row::new(line.into(), unit, Better::More, Some(ours))
    }

    /// A measured time or size.
    pub(crate) fn cost(line: impl Into<String>, unit: &'static str, ours: f64) -> Row {
        Row::new(line.into(), unit, Better::Less, Some(ours))
    }

    /// A line that could not be measured.
    pub(crate) fn missing(line: impl Into<String>, why: &str) -> Row {
        Row::new(line.into(), "", Better::Less, None)
            .note(format!("not measured: {}", why.replace('\n', "; ").replace('|', "/")))
    }

    fn new(line: String, unit: &'static str, better: Better, ours: Option<f64>) -> Row {
        Row { line, unit, better, baseline: None, ours, ratio: None, note: String::new() }
    }

    /// With the original's figure beside it.
    pub(crate) fn against(mut self, baseline: impl Into<Option<Baseline>>) -> Row {
        self.baseline = baseline.into();
        self.ratio = self.baseline.zip(self.ours).map(|(baseline, ours)| match self.better {
            Better::More => ours / baseline.figure,
            Better::Less => baseline.figure / ours,
        });
        self
    }

    /// With a remark.
    pub(crate) fn note(mut self, note: impl Into<String>) -> Row {
        self.note = note.into();
        self
    }

    fn cells(&self) -> [String; 6] {
        let baseline = self.baseline.map_or_else(
            || "-".to_owned(),
            |baseline| format!("{} ({})", figure(baseline.figure), baseline.section),
        );
        [
            self.line.clone(),
            self.unit.to_owned(),
            baseline,
            self.ours.map_or_else(|| "-".to_owned(), figure),
            self.ratio.map_or_else(|| "-".to_owned(), |ratio| format!("{} x", figure(ratio))),
            self.note.clone(),
        ]
    }
}

const HEAD: [&str; 6] = ["line", "unit", "Python original", "ours", "better by", "note"];

/// The rows as a table that is Markdown as well.
pub(crate) fn text(rows: &[Row]) -> String {
    let mut table = vec![HEAD.map(str::to_owned)];
    table.extend(rows.iter().map(Row::cells));
    let mut widths = [0, 0, 0, 0, 0, 4];
    for row in &table {
        // The last column may be as wide as it likes.
        for (width, cell) in widths.iter_mut().zip(row.iter().take(5)) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let mut lines = Vec::new();
    for (number, row) in table.iter().enumerate() {
        let cells: Vec<String> = row
            .iter()
            .zip(widths)
            .enumerate()
            .map(|(column, (cell, width))| match column {
                2..=4 => format!("{cell:>width$}"),
                _ => format!("{cell:<width$}"),
            })
            .collect();
        lines.push(format!("| {} |", cells.join(" | ").trim_end()));
        if number == 0 {
            let rule: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
            lines.push(format!("| {} |", rule.join(" | ")));
        }
    }
    lines.join("\n")
}

/// Three significant digits, thousands apart.
fn figure(value: f64) -> String {
    let decimals = match value.abs() {
        size if size >= 100.0 => 0,
        size if size >= 10.0 => 1,
        size if size >= 0.1 => 2,
        _ => 4,
    };
    let text = format!("{value:.decimals$}");
    let (whole, fraction) = text.split_once('.').map_or((text.as_str(), ""), |(whole, part)| (whole, part));
    let mut grouped = String::new();
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (whole.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    if fraction.is_empty() { grouped } else { format!("{grouped}.{fraction}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ratio_says_how_many_times_better_ours_is() {
        let baseline = Baseline { figure: 100.0, section: "4" };
        assert_eq!(Row::rate("a", "lines/s", 1000.0).against(baseline).ratio, Some(10.0));
        assert_eq!(Row::cost("a", "µs", 50.0).against(baseline).ratio, Some(2.0));
        assert_eq!(Row::cost("a", "µs", 50.0).against(None).ratio, None);
        assert_eq!(Row::missing("a", "no rights").against(baseline).ratio, None);
    }

    #[test]
    fn figures_have_three_digits_and_thousands_apart() {
        for (value, text) in [
            (1_234_567.8, "1,234,568"),
            (999.6, "1,000"),
            (123.4, "123"),
            (12.34, "12.3"),
            (1.234, "1.23"),
            (0.0123, "0.0123"),
        ] {
            assert_eq!(figure(value), text);
        }
    }
}
