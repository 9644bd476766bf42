//! Editing of the line that is typed: cursor, erasing, history, completion.

use super::{MAX_LINE, Terminal};
use crate::fs::join;

impl Terminal {
    pub(super) fn insert(&mut self, character: char) {
        if self.line.len() >= MAX_LINE {
            return;
        }
        self.line.insert(self.cursor.min(self.line.len()), character);
        self.cursor += 1;
        self.redraw_tail(character.to_string());
    }

    /// Writes `first`, what is right of the cursor, and goes back to the cursor.
    pub(super) fn redraw_tail(&mut self, first: String) {
        let tail: String = self.line.iter().skip(self.cursor).collect();
        let back = "\x08".repeat(tail.chars().count());
        self.echo(&format!("{first}{tail}{back}"));
    }

    pub(super) fn erase(&mut self, count: usize) {
        let count = count.min(self.cursor);
        if count == 0 {
            return;
        }
        self.cursor -= count;
        self.line.drain(self.cursor..self.cursor + count);
        let tail: String = self.line.iter().skip(self.cursor).collect();
        let width = tail.chars().count() + count;
        let text = format!("{}{tail}{}{}", "\x08".repeat(count), " ".repeat(count), "\x08".repeat(width));
        self.echo(&text);
    }

    pub(super) fn move_to(&mut self, place: usize) {
        let place = place.min(self.line.len());
        let text: String = if place < self.cursor {
            "\x08".repeat(self.cursor - place)
        } else {
            self.line.iter().skip(self.cursor).take(place - self.cursor).collect()
        };
        self.cursor = place;
        self.echo(&text);
    }

    pub(super) fn sequence(&mut self, sequence: &str) {
        match sequence {
            "A" => self.recall(self.recall.saturating_sub(1)),
            "B" => self.recall(self.recall + 1),
            "C" => self.move_to(self.cursor + 1),
            "D" => self.move_to(self.cursor.saturating_sub(1)),
            "H" | "1~" => self.move_to(0),
            "F" | "4~" => self.move_to(self.line.len()),
            "3~" if self.cursor < self.line.len() => {
                self.move_to(self.cursor + 1);
                self.erase(1);
            }
            "200~" => self.begin_paste(),
            _ => {}
        }
    }

    pub(super) fn recall(&mut self, index: usize) {
        if self.waits.is_some() || index > self.shell.history.len() {
            return;
        }
        self.recall = index;
        self.move_to(self.line.len());
        self.erase(self.line.len());
        let line = self.shell.history.get(index).cloned().unwrap_or_default();
        for character in line.chars() {
            self.insert(character);
        }
    }

    pub(super) fn complete(&mut self) {
        let before: String = self.line.iter().take(self.cursor).collect();
        let word = before.rsplit([' ', ';', '|', '&', '<', '>']).next().unwrap_or("").to_owned();
        let first = before.trim_start() == word;
        let (folder, prefix) = match word.rsplit_once('/') {
            Some((folder, prefix)) => {
                (if folder.is_empty() { "/" } else { folder }.to_owned(), prefix.to_owned())
            }
            None => (".".to_owned(), word.clone()),
        };
        let mut names = if first && !word.contains('/') {
            self.shell.command_names(&prefix)
        } else {
            self.shell
                .fs
                .readdir(&folder)
                .unwrap_or_default()
                .into_iter()
                .filter(|name| name.starts_with(&prefix) && (!prefix.is_empty() || !name.starts_with('.')))
                .collect()
        };
        names.sort();
        let Some(start) = names.first().cloned() else {
            self.show(b"\x07");
            return;
        };
        let common = names.iter().fold(start.clone(), |common, name| {
            common
                .chars()
                .zip(name.chars())
                .take_while(|(left, right)| left == right)
                .map(|(left, _)| left)
                .collect()
        });
        let added: String = common.chars().skip(prefix.chars().count()).collect();
        let only = names.len() == 1;
        for character in added.chars() {
            self.insert(character);
        }
        if only {
            let directory =
                (!first || word.contains('/')) && self.shell.fs.is_directory(&join(&folder, &start));
            self.insert(if directory { '/' } else { ' ' });
        } else if added.is_empty() && names.len() <= 100 {
            let list = names.join("  ");
            self.show_text(&format!("\n{list}\n"));
            self.show_prompt();
            let line: String = self.line.iter().collect();
            self.echo(&line);
        } else if added.is_empty() {
            self.show(b"\x07");
        }
    }
}
