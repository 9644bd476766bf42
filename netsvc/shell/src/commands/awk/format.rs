//! `printf` and `sprintf` of awk.

use crate::commands::output::Formatter;

/// `sprintf`: the first text is the format.
pub(super) fn format_texts(texts: &[String]) -> String {
    let Some((format, values)) = texts.split_first() else { return String::new() };
    let whole: Vec<String> = values.to_vec();
    let mut formatter = Formatter {
        dialect: crate::dialect::Dialect::Bash,
        values: &whole,
        status: 0,
        complaints: Vec::new(),
        stop: false,
    };
    let mut out = String::new();
    formatter.round(&format.replace('\\', "\\\\"), &mut out);
    out
}
