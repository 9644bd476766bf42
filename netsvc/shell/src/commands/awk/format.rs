//! `printf` and `sprintf` of awk.

use super::value::Value;
use crate::commands::output::Formatter;

/// Values that a format takes at most.
const VALUES: usize = 1_000;

/// `sprintf`: the first value is the format.
pub(super) fn format_values(values: &[Value]) -> String {
    let Some((format, values)) = values.split_first() else { return String::new() };
    let format = format.text();
    let texts = arguments(&format, values);
    let mut formatter = Formatter {
        dialect: crate::dialect::Dialect::Bash,
        values: &texts,
        status: 0,
        complaints: Vec::new(),
        stop: false,
    };
    let mut out = String::new();
    formatter.round(&format.replace('\\', "\\\\"), &mut out);
    out
}

/// The values as the directives that take them read them: whole numbers, numbers, characters, texts.
fn arguments(format: &str, values: &[Value]) -> Vec<String> {
    let mut values = values.iter();
    let mut texts = Vec::new();
    let mut characters = format.chars();
    while texts.len() < VALUES && characters.by_ref().any(|character| character == '%') {
        for code in characters.by_ref() {
            let text = |value: &Value| match code {
                'd' | 'i' | 'o' | 'x' | 'X' | 'u' | '*' => format!("{:.0}", value.number().trunc()),
                'e' | 'E' | 'f' | 'F' | 'g' | 'G' => value.number().to_string(),
                'c' => match value {
                    Value::Number(number) => {
                        char::from_u32(*number as u32).map_or_else(String::new, String::from)
                    }
                    other => other.text(),
                },
                _ => value.text(),
            };
            if code == '*' || code.is_ascii_alphabetic() && !"hlLqjzt".contains(code) {
                texts.push(values.next().map_or_else(String::new, text));
            }
            if code == '%' || code.is_ascii_alphabetic() && !"hlLqjzt".contains(code) {
                break;
            }
        }
    }
    texts
}
