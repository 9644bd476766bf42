//! Values of awk: numbers, texts, and input that may be either.

use crate::commands::calculate::general;

#[derive(Clone, Debug)]
pub(super) enum Value {
    Number(f64),
    Text(String),
    /// Input that looks like a number: compared as one.
    Input(String),
}

impl Value {
    pub(super) fn number(&self) -> f64 {
        match self {
            Value::Number(number) => *number,
            Value::Text(text) | Value::Input(text) => leading_number(text),
        }
    }

    /// Bytes of a text.
    pub(super) fn length(&self) -> usize {
        match self {
            Value::Number(_) => 0,
            Value::Text(text) | Value::Input(text) => text.len(),
        }
    }

    pub(super) fn text(&self) -> String {
        match self {
            Value::Number(number) if number.fract() == 0.0 && number.abs() < 1e16 => format!("{number:.0}"),
            Value::Number(number) => general(*number, 6),
            Value::Text(text) | Value::Input(text) => text.clone(),
        }
    }

    pub(super) fn truth(&self) -> bool {
        match self {
            Value::Number(number) => *number != 0.0,
            Value::Input(text) if numeric(text) => leading_number(text) != 0.0,
            Value::Text(text) | Value::Input(text) => !text.is_empty(),
        }
    }

    pub(super) fn is_number(&self) -> bool {
        match self {
            Value::Number(_) => true,
            Value::Input(text) => numeric(text),
            Value::Text(_) => false,
        }
    }
}

fn numeric(text: &str) -> bool {
    let text = text.trim();
    text.is_empty()
        || text
            .parse::<f64>()
            .is_ok_and(|_| text.starts_with(|first: char| first.is_ascii_digit() || "+-.".contains(first)))
}

pub(super) fn leading_number(text: &str) -> f64 {
    let text = text.trim_start();
    let mut best = 0.0;
    let candidates = text.char_indices().map(|(at, character)| at + character.len_utf8()).take(32);
    for end in candidates {
        match text.get(..end) {
            Some(prefix) if prefix.ends_with(|last: char| last.is_ascii_digit() || last == '.') => {
                match prefix.parse() {
                    Ok(number) => best = number,
                    Err(_) => break,
                }
            }
            Some(prefix) if prefix.ends_with(['-', '+', 'e', 'E']) => {}
            _ => break,
        }
    }
    best
}
