//! `.env` files: `NAME=value` lines, `#` comments, optional quotes and `export`.

use super::{BadSetting, Layer, Origin};
use std::path::Path;

/// The variables of `path`; lines that are none go to `bad`.
pub(super) fn read(path: &Path, bad: &mut Vec<BadSetting>) -> Layer {
    let mut layer = Layer::new();
    let Ok(text) = fs_err::read_to_string(path) else {
        bad.push(BadSetting {
            origin: path.display().to_string(),
            key: "file".to_owned(),
            message: "cannot be read as text".to_owned(),
        });
        return layer;
    };
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let line = line.strip_prefix("export ").unwrap_or(line);
        let origin = Origin::File(path.to_owned(), index + 1);
        let named = line.split_once('=').map(|(name, value)| (name.trim(), unquoted(value.trim())));
        let Some((name, value)) = named.filter(|(name, _)| is_name(name)) else {
            let (key, message) = ("line".to_owned(), "is not NAME=value".to_owned());
            bad.push(BadSetting { origin: origin.to_string(), key, message });
            continue;
        };
        if let Some((_, _, first)) = layer.iter().find(|(known, ..)| known == name) {
            let message = format!("is set already, at {first}; remove one of the two");
            bad.push(BadSetting { origin: origin.to_string(), key: name.to_owned(), message });
            continue;
        }
        layer.push((name.to_owned(), value.to_owned(), origin));
    }
    layer
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

fn unquoted(value: &str) -> &str {
    for quote in ['"', '\''] {
        if let Some(inner) = value.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote)) {
            return inner;
        }
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_is_set_twice_names_both_lines() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "# x\nexport DECNET_API_PORT='81'\nDECNET_API_PORT=82\nno\n").unwrap();
        let mut bad = Vec::new();
        let layer = read(file.path(), &mut bad);
        assert_eq!(layer.len(), 1);
        assert_eq!(layer.first().unwrap().1, "81");
        let bad: Vec<String> = bad.into_iter().map(|bad| format!("{}: {}", bad.key, bad.message)).collect();
        let path = file.path().display();
        let twice = format!("DECNET_API_PORT: is set already, at {path}:2; remove one of the two");
        assert_eq!(bad, [twice, "line: is not NAME=value".to_owned()]);
    }
}
