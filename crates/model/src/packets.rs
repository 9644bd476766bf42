//! Captures of packets that belong together, as one file.

/// Bytes of the head of a pcap file.
const HEAD: usize = 24;

/// One capture of several, which were written in the same way (the first says which); their packets stay in the order
/// of the captures. What was written otherwise is left out.
pub fn joined(captures: &[Vec<u8>]) -> Vec<u8> {
    let mut whole: Vec<u8> = Vec::new();
    for capture in captures {
        let Some((head, packets)) = capture.split_first_chunk::<HEAD>() else { continue };
        if whole.is_empty() {
            whole.extend_from_slice(head);
        } else if whole.first_chunk::<HEAD>() != Some(head) {
            continue;
        }
        whole.extend_from_slice(packets);
    }
    whole
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn captures_with_the_same_head_become_one() {
        let capture = |head: u8, packets: &[u8]| [&[head; HEAD][..], packets].concat();
        let whole =
            joined(&[capture(1, b"one"), b"short".to_vec(), capture(2, b"other"), capture(1, b"two")]);
        assert_eq!(whole, capture(1, b"onetwo"));
        assert!(joined(&[]).is_empty());
    }
}
