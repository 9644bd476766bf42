//! Cells of comma-separated values (RFC 4180).

/// A cell that a spreadsheet takes for text: OWASP "CSV Injection", a leading apostrophe before what
/// begins a formula. Control characters are the caller's to escape.
pub fn cell(text: &str) -> String {
    let first = text.trim_start_matches([' ', '"', '\'', '\t', '\r', '\n']).chars().next();
    let formula = matches!(first, Some('=' | '+' | '-' | '@' | '|' | '%' | '＝' | '＋' | '－' | '＠'));
    let guard = if formula { "'" } else { "" };
    format!("\"{guard}{}\"", text.replace('"', "\"\""))
}

/// A line of cells, with its end.
pub fn line<'a>(cells: impl IntoIterator<Item = &'a str>) -> String {
    let cells: Vec<_> = cells.into_iter().map(cell).collect();
    format!("{}\r\n", cells.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spreadsheet_runs_no_formula() {
        for (text, shown) in [
            ("=1+1", "\"'=1+1\""),
            (" @SUM(A1)", "\"' @SUM(A1)\""),
            ("\t=1", "\"'\t=1\""),
            ("-2", "\"'-2\""),
            ("a\"b,c", "\"a\"\"b,c\""),
            ("plain", "\"plain\""),
            ("", "\"\""),
        ] {
            assert_eq!(cell(text), shown);
        }
        assert_eq!(line(["a", "=b"]), "\"a\",\"'=b\"\r\n");
    }
}
