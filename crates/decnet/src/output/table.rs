//! Tables that fit the terminal.
//!
//! A cell is escaped when it is made, and nothing is made into a cell twice. Cells of captured text give way
//! when a row is too wide; names, times and hashes are never cut, because they are copied into commands.

use netsvc_wire::escape::{Shown, printable};
use std::{env, io::stdout};
use terminal_size::{Width, terminal_size_of};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Columns of a captured cell where nobody says how wide the terminal is.
const UNKNOWN: usize = 80;
/// Columns that a captured cell always keeps.
const LEAST: usize = 12;
/// Columns between two cells.
const GAP: usize = 2;

/// What stands in one row and column.
#[derive(Clone, Debug, Default)]
pub struct Cell {
    text: Shown,
    captured: bool,
}

impl Cell {
    /// A cell of what a peer sent; cut when the row is too wide.
    pub fn captured(bytes: &[u8]) -> Cell {
        Cell { text: printable(bytes), captured: true }
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Cell {
        Cell { text: printable(text.as_bytes()), captured: false }
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Cell {
        text.as_str().into()
    }
}

impl From<&String> for Cell {
    fn from(text: &String) -> Cell {
        text.as_str().into()
    }
}

/// Prints rows as a table.
pub fn table<T, C: Into<Cell>>(header: &[&str], rows: &[T], cells: impl Fn(&T) -> Vec<C>) {
    let rows = rows.iter().map(|row| cells(row).into_iter().map(Into::into).collect()).collect();
    list(header, rows, false);
}

/// Prints rows as a table; `wide`: every cell whole.
pub fn list(header: &[&str], rows: Vec<Vec<Cell>>, wide: bool) {
    super::line(&lines(header, &rows, if wide { Room::Endless } else { Room::here() }).join("\n"));
}

/// How wide a row may be.
#[derive(Clone, Copy, Debug)]
enum Room {
    Endless,
    /// Nobody knows: captured cells are short.
    Unknown,
    Columns(usize),
}

impl Room {
    /// The terminal's width, else what `COLUMNS` says.
    fn here() -> Room {
        let terminal = terminal_size_of(stdout()).map(|(Width(width), _)| usize::from(width));
        let asked = || env::var("COLUMNS").ok().and_then(|text| text.parse().ok());
        match terminal.or_else(asked) {
            Some(width) if 0 < width => Room::Columns(width),
            _ => Room::Unknown,
        }
    }
}

fn lines(header: &[&str], rows: &[Vec<Cell>], room: Room) -> Vec<String> {
    let limits = limits(header, rows, room);
    let cut_row =
        |row: &Vec<Cell>| -> Vec<String> {
            row.iter()
                .zip(limits.iter().chain(std::iter::repeat(&usize::MAX)))
                .map(|(cell, &limit)| {
                    if cell.captured { cut(cell.text.as_str(), limit) } else { cell.text.as_str().to_owned() }
                })
                .collect()
        };
    let mut table = comfy_table::Table::new();
    table.load_style(comfy_table::presets::NOTHING).set_header(header.to_vec());
    for row in rows {
        table.add_row(cut_row(row));
    }
    table.lines().map(|line| line.trim_end().to_owned()).collect()
}

/// The most columns of each column's captured cells.
fn limits(header: &[&str], rows: &[Vec<Cell>], room: Room) -> Vec<usize> {
    let columns = match room {
        Room::Endless => return vec![usize::MAX; header.len()],
        Room::Unknown => return vec![UNKNOWN; header.len()],
        Room::Columns(columns) => columns,
    };
    let mut fixed = vec![0; header.len()];
    let mut wanted = vec![0; header.len()];
    for (index, head) in header.iter().enumerate() {
        let cells = || rows.iter().filter_map(|row| row.get(index));
        let widest = |captured: bool| {
            cells().filter(|cell| cell.captured == captured).map(|cell| cell.text.as_str().width()).max()
        };
        if let Some(fixed) = fixed.get_mut(index) {
            *fixed = head.width().max(widest(false).unwrap_or(0));
        }
        if let Some(wanted) = wanted.get_mut(index) {
            *wanted = widest(true).unwrap_or(0);
        }
    }
    // Columns that give way share what the others leave; who needs less than a share takes less.
    let mut giving: Vec<usize> =
        (0..header.len()).filter(|index| fixed.get(*index) < wanted.get(*index)).collect();
    let kept = (0..header.len()).filter(|index| !giving.contains(index)).filter_map(|index| fixed.get(index));
    let mut left = columns.saturating_sub(kept.sum::<usize>() + header.len() * GAP);
    giving.sort_by_key(|index| wanted.get(*index).copied());
    let mut limits = vec![usize::MAX; header.len()];
    let mut remaining = giving.len();
    for index in giving {
        let least = fixed.get(index).copied().unwrap_or(0).max(LEAST);
        let given = (left / remaining.max(1)).max(least).min(wanted.get(index).copied().unwrap_or(0));
        remaining -= 1;
        left = left.saturating_sub(given);
        if let Some(limit) = limits.get_mut(index) {
            *limit = given;
        }
    }
    limits
}

/// `text` in at most `width` columns, the last of which shows that something is missing.
pub(super) fn cut(text: &str, width: usize) -> String {
    if text.len() <= width || text.width() <= width {
        return text.to_owned();
    }
    let mut taken = 0;
    let kept: String = text
        .chars()
        .take_while(|c| {
            taken += c.width().unwrap_or(0);
            taken < width
        })
        .collect();
    kept + "…"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(secret: &[u8]) -> Vec<Cell> {
        vec!["web-01".into(), Cell::captured(secret), "00000000000000aa".into(), Cell::captured(b"root")]
    }

    const HEADER: [&str; 4] = ["DECKY", "SECRET", "SESSION", "NAME"];

    fn widest(lines: &[String]) -> usize {
        lines.iter().map(|line| line.width()).max().unwrap_or(0)
    }

    #[test]
    fn one_hostile_value_does_not_widen_every_row() {
        let rows = [row(&vec![b'A'; 7000]), row("漢".repeat(900).as_bytes()), row(b"x")];
        for (columns, least) in [(80, 60), (120, 100), (200, 180)] {
            let lines = lines(&HEADER, &rows, Room::Columns(columns));
            assert!((least..=columns).contains(&widest(&lines)), "{} of {columns}", widest(&lines));
            assert!(lines.iter().any(|line| line.contains('…')));
            assert!(lines.iter().skip(1).all(|line| line.contains("00000000000000aa")), "ids are whole");
        }
        assert!(widest(&lines(&HEADER, &rows, Room::Unknown)) < 150);
        assert!(widest(&lines(&HEADER, &rows, Room::Endless)) > 7000);
        assert_eq!(
            widest(&lines(&HEADER, &[row(b"x")], Room::Columns(10))),
            39,
            "what is short is never cut"
        );
    }

    #[test]
    fn captured_text_is_escaped_once() {
        let shown = lines(&HEADER, &[row(b"a:b\xff\\\x1b\xe2\x80\x8b")], Room::Endless).join("\n");
        assert!(shown.contains(r"a:b\xff\\\x1b\xe2\x80\x8b  "), "{shown}");
        let name = lines(&["A"], &[vec!["\u{9b}2J".into()]], Room::Endless).join("\n");
        assert!(name.contains(r"\xc2\x9b2J"), "{name}");
    }
}
