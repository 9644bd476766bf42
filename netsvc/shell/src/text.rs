//! Text of the shell: a `String` in which every character stands for one byte (U+0000 to U+00FF).
//!
//! Peers send any bytes and programs write any bytes. With one character per byte a line can be walked
//! with `chars()`, matched with patterns and written back without loss, whatever its encoding was.

/// Text for `bytes`.
pub fn decode(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| char::from(*byte)).collect()
}

/// Bytes of `text`. A character above U+00FF, which [`decode`] never makes, is written as UTF-8.
pub fn encode(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    for character in text.chars() {
        match u8::try_from(u32::from(character)) {
            Ok(byte) => bytes.push(byte),
            Err(_) => bytes.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    bytes
}

/// Lines of `text` without their ends. A last line without an end counts; nothing follows a last end.
pub fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.strip_suffix('\n')
        .map_or_else(|| (!text.is_empty()).then(|| text.split('\n')), |body| Some(body.split('\n')))
        .into_iter()
        .flatten()
}

/// The first `count` characters.
pub fn head(text: &str, count: usize) -> String {
    text.chars().take(count).collect()
}

/// A number from 0 to 2⁶⁴−1 that depends on `parts` only: FNV-1a, for sizes and spreads that need no secrecy.
pub fn hash(parts: &[&str]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for part in parts {
        for byte in part.bytes().chain([0]) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    hash ^ (hash >> 29)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_bytes_survive_the_way_there_and_back() {
        let bytes: Vec<u8> = (0..=255).collect();
        assert_eq!(encode(&decode(&bytes)), bytes);
    }

    #[test]
    fn lines_end_at_line_ends_only() {
        assert_eq!(lines("a\nb\n").collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(lines("a\n\nb").collect::<Vec<_>>(), ["a", "", "b"]);
        assert_eq!(lines("").count(), 0);
        assert_eq!(lines("\n").collect::<Vec<_>>(), [""]);
    }
}
