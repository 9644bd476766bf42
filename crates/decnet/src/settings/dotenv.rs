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
        match line.split_once('=') {
            Some((name, value)) if is_name(name.trim()) => {
                layer.push((name.trim().to_owned(), unquoted(value.trim()).to_owned(), origin));
            }
            _ => bad.push(BadSetting {
                origin: origin.to_string(),
                key: "line".to_owned(),
                message: "is not NAME=value".to_owned(),
            }),
        }
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
