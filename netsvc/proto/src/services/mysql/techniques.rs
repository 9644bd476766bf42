//! What intruders do with statements: the techniques by name, and the files that they write.

use regex::bytes::Regex;
use std::sync::LazyLock;

/// Techniques that a query shows, with what shows them.
pub(super) fn techniques(query: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    static KNOWN: LazyLock<Vec<(&str, Option<Regex>)>> = LazyLock::new(|| {
        [
            ("mysql write file", r"(?is-u)into\s+(?:out|dump)file\s+\S+"),
            (
                "mysql user-defined function",
                r"(?is-u)create\s+(?:aggregate\s+)?function\s+.+?\s+soname\s+\S+",
            ),
            ("mysql read file", r"(?is-u)load_file\s*\([^)]*\)"),
            ("mysql read client file", r"(?is-u)load\s+data\s+(?:local\s+)?infile\s+\S+"),
            ("mysql general log shell", r"(?is-u)set\s+global\s+general_log_file\s*=\s*\S+"),
            ("mysql data destruction", r"(?is-u)drop\s+(?:database|schema|table)\s+\S+"),
        ]
        .into_iter()
        .map(|(name, pattern)| (name, Regex::new(pattern).ok()))
        .collect()
    });
    let found = KNOWN.iter().filter_map(|(name, pattern)| {
        let shown = pattern.as_ref()?.find(query)?;
        Some((*name, shown.as_bytes().to_vec()))
    });
    found.collect()
}

/// Path and content of `SELECT 'content' INTO OUTFILE 'path'`, hexadecimal literals decoded.
pub(super) fn written_file(query: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
    static WRITE: LazyLock<Option<Regex>> = LazyLock::new(|| {
        let content = r#"(?is-u)select\s+(0x[0-9a-f]+|'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")"#;
        Regex::new(&format!(r#"{content}.*?into\s+(?:out|dump)file\s+['"]([^'"]+)['"]"#)).ok()
    });
    let captures = WRITE.as_ref()?.captures(query)?;
    let literal = captures.get(1)?.as_bytes();
    let content = match literal.strip_prefix(b"0x").or_else(|| literal.strip_prefix(b"0X")) {
        Some(digits) => hex::decode(digits).ok()?,
        None => unquoted(literal),
    };
    Some((captures.get(2)?.as_bytes().to_vec(), content))
}

fn unquoted(literal: &[u8]) -> Vec<u8> {
    let inner = literal.get(1..literal.len().saturating_sub(1)).unwrap_or_default();
    let mut text = Vec::with_capacity(inner.len());
    let mut bytes = inner.iter();
    while let Some(&byte) = bytes.next() {
        match (byte, bytes.as_slice().first()) {
            (b'\\', Some(_)) => text.extend(bytes.next().map(|&escaped| match escaped {
                b'n' => b'\n',
                b't' => b'\t',
                b'r' => b'\r',
                b'0' => 0,
                other => other,
            })),
            _ => text.push(byte),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_written_file_is_found_with_its_content() {
        for (query, path, content) in [
            (
                "select '<?php system($_GET[1]); ?>' into outfile '/var/www/html/x.php'",
                "/var/www/html/x.php",
                &b"<?php system($_GET[1]); ?>"[..],
            ),
            (
                "SELECT 0x7f454c46 INTO DUMPFILE '/usr/lib/mysql/plugin/u.so'",
                "/usr/lib/mysql/plugin/u.so",
                b"\x7fELF",
            ),
        ] {
            assert_eq!(written_file(query.as_bytes()), Some((path.into(), content.to_vec())));
        }
        assert_eq!(written_file(b"select 1"), None);
    }

    #[test]
    fn techniques_are_named_with_what_shows_them() {
        let found = techniques(b"create function sys_eval returns string soname 'u.so'");
        assert_eq!(found.first().map(|(name, _)| *name), Some("mysql user-defined function"));
        assert!(techniques(b"select version()").is_empty());
    }
}
