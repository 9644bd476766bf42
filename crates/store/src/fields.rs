//! The fields of an event in one column: `name=value` lines with the value escaped as on the screen, so
//! that every byte comes back and a text search finds what is shown.

use netsvc_wire::escape::{printable, unprintable};

/// One column from fields.
pub(crate) fn pack(fields: &[(String, Vec<u8>)]) -> Vec<u8> {
    let size = fields.iter().map(|(name, value)| name.len() + value.len() + 2).sum();
    let mut packed = Vec::with_capacity(size);
    for (name, value) in fields {
        packed.extend_from_slice(name.as_bytes());
        packed.push(b'=');
        // Most values are plain text, which needs no copy.
        if value.iter().all(|byte| matches!(byte, 0x20..=0x7e) && *byte != b'\\') {
            packed.extend_from_slice(value);
        } else {
            packed.extend_from_slice(printable(value).as_bytes());
        }
        packed.push(b'\n');
    }
    packed
}

/// Fields from one column. A line that no [`pack`] wrote is left out.
pub(crate) fn unpack(packed: &[u8]) -> Vec<(String, Vec<u8>)> {
    let text = String::from_utf8_lossy(packed);
    text.split('\n')
        .filter_map(|line| {
            let (name, value) = line.split_once('=')?;
            Some((name.to_owned(), unprintable(value)?))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn fields_come_back_byte_for_byte(fields in proptest::collection::vec(("[a-z_0-9]{1,12}", any::<Vec<u8>>()), 0..6)) {
            prop_assert_eq!(unpack(&pack(&fields)), fields);
        }

        #[test]
        fn any_bytes_unpack_without_panic(packed: Vec<u8>) {
            let _ = unpack(&packed);
        }
    }
}
