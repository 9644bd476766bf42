//! What a peer has left in the printer: its message, variables, files and jobs.

use super::file_system::Files;
use std::collections::BTreeMap;

/// Variables, and jobs, that are kept.
const VARIABLES: usize = 32;
const JOBS: usize = 16;
/// Longest message and value.
const TEXT: usize = 128;

/// A job that was printed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Printed {
    pub(super) number: u32,
    pub(super) title: String,
    pub(super) user: String,
    pub(super) size: usize,
    /// Seconds from the start of the printer.
    pub(super) at: u32,
    pub(super) cancelled: bool,
}

/// See above.
#[derive(Debug, Default)]
pub(super) struct Panel {
    message: Option<String>,
    variables: BTreeMap<String, String>,
    pub(super) files: Files,
    jobs: Vec<Printed>,
    last: u32,
}

impl Panel {
    /// What the display shows.
    pub(super) fn message(&self) -> Option<&str> {
        self.message.as_deref()
    }

    pub(super) fn show(&mut self, text: &str) {
        self.message = (!text.is_empty()).then(|| text.chars().take(TEXT).collect());
    }

    pub(super) fn variable(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str)
    }

    pub(super) fn set(&mut self, name: &str, value: &str) {
        if self.variables.len() < VARIABLES || self.variables.contains_key(name) {
            let short = |text: &str| text.chars().take(TEXT).collect::<String>();
            self.variables.insert(short(name), short(value));
        }
    }

    /// Everything is as it was delivered.
    pub(super) fn reset(&mut self) {
        self.variables.clear();
        self.message = None;
    }

    pub(super) fn jobs(&self) -> &[Printed] {
        &self.jobs
    }

    pub(super) fn job(&mut self, number: u32) -> Option<&mut Printed> {
        self.jobs.iter_mut().find(|job| job.number == number)
    }

    /// A job was printed; its number.
    pub(super) fn print(&mut self, title: &str, user: &str, size: usize, at: u32) -> u32 {
        self.last += 1;
        if JOBS <= self.jobs.len() {
            self.jobs.remove(0);
        }
        let short = |text: &str| text.chars().take(TEXT).collect::<String>();
        let (number, title, user) = (self.last, short(title), short(user));
        self.jobs.push(Printed { number, title, user, size, at, cancelled: false });
        number
    }
}
