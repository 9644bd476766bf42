//! The fields of an event in one column: the values, escaped as on the screen, one a line; NUL; the names,
//! one a line. Every byte comes back, and a text search over what stands before the NUL finds what is shown
//! and no names.

use netsvc_wire::escape::{printable, unprintable};

/// Between values and names; no value has one, because it would be escaped.
const MIDDLE: char = '\0';

/// One column from fields.
pub(crate) fn pack(fields: &[(String, Vec<u8>)]) -> Vec<u8> {
    let size = fields.iter().map(|(name, value)| name.len() + value.len() + 2).sum::<usize>() + 1;
    let mut packed = Vec::with_capacity(size);
    for (_, value) in fields {
        // Most values are plain text, which needs no copy.
        if value.iter().all(|byte| matches!(byte, 0x20..=0x7e) && *byte != b'\\') {
            packed.extend_from_slice(value);
        } else {
            packed.extend_from_slice(printable(value).as_str().as_bytes());
        }
        packed.push(b'\n');
    }
    packed.push(0);
    for (name, _) in fields {
        packed.extend_from_slice(name.as_bytes());
        packed.push(b'\n');
    }
    packed
}

/// Fields from one column. What no [`pack`] wrote is left out.
pub(crate) fn unpack(packed: &[u8]) -> Vec<(String, Vec<u8>)> {
    let text = String::from_utf8_lossy(packed);
    match text.split_once(MIDDLE) {
        Some((values, names)) => {
            let values = values.split_terminator('\n').map(unprintable);
            names
                .split_terminator('\n')
                .zip(values)
                .filter_map(|(name, value)| Some((name.to_owned(), value?)))
                .collect()
        }
        // As the first release wrote them: `name=value` lines.
        None => text
            .split('\n')
            .filter_map(|line| {
                let (name, value) = line.split_once('=')?;
                Some((name.to_owned(), unprintable(value)?))
            })
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_the_first_release_packed_is_read() {
        let fields = unpack(b"src_ip=192.0.2.7\ncommand=a=b\\x0a\n");
        assert_eq!(
            fields,
            [("src_ip".to_owned(), b"192.0.2.7".to_vec()), ("command".into(), b"a=b\n".to_vec())]
        );
    }

    proptest! {
        #[test]
        fn fields_come_back_byte_for_byte(fields in proptest::collection::vec(("[a-z_0-9,.]{1,12}", any::<Vec<u8>>()), 0..6)) {
            prop_assert_eq!(unpack(&pack(&fields)), fields);
        }

        #[test]
        fn any_bytes_unpack_without_panic(packed: Vec<u8>) {
            let _ = unpack(&packed);
        }
    }
}
