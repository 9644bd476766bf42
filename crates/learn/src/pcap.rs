//! Captures in the classic format of libpcap (<https://www.tcpdump.org/manpages/pcap-savefile.5.html>).

/// Longest frame that is looked at.
const FRAME: usize = 65_535;
/// Ethernet, as captures number their link layers.
const ETHERNET: u32 = 1;

/// Why a file is no capture that can be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadCapture {
    /// It is a capture of the newer form.
    #[error("this is a pcapng file; `tcpdump -r FILE -w OTHER` or `editcap -F pcap` makes a pcap file of it")]
    Newer,
    /// It is something else.
    #[error("this is no capture of tcpdump (pcap)")]
    Other,
    /// Its frames are not Ethernet's.
    #[error("frames of link type {0}; only Ethernet (1) is understood")]
    Link(u32),
}

/// The frames of a capture as far as it is whole: each with its µs since the epoch. What is cut off at its end is left
/// out.
///
/// # Errors
/// [`BadCapture`] when it has another form.
pub fn frames(capture: &[u8]) -> Result<impl Iterator<Item = (i64, &[u8])>, BadCapture> {
    let magic = capture.get(..4).ok_or(BadCapture::Other)?;
    let (big, nanos) = match magic {
        [0xa1, 0xb2, 0xc3, 0xd4] => (true, false),
        [0xd4, 0xc3, 0xb2, 0xa1] => (false, false),
        [0xa1, 0xb2, 0x3c, 0x4d] => (true, true),
        [0x4d, 0x3c, 0xb2, 0xa1] => (false, true),
        [0x0a, 0x0d, 0x0d, 0x0a] => return Err(BadCapture::Newer),
        _ => return Err(BadCapture::Other),
    };
    // The upper bits say what checksums the frames have.
    let link = number(capture, 20, big).ok_or(BadCapture::Other)? & 0xffff;
    if link != ETHERNET {
        return Err(BadCapture::Link(link));
    }
    let mut at = 24;
    Ok(std::iter::from_fn(move || {
        let seconds = i64::from(number(capture, at, big)?);
        let fraction = i64::from(number(capture, at + 4, big)?);
        let length = usize::try_from(number(capture, at + 8, big)?).ok().filter(|length| *length <= FRAME)?;
        let frame = capture.get(at + 16..at + 16 + length)?;
        at += 16 + length;
        Some((seconds * 1_000_000 + if nanos { fraction / 1000 } else { fraction }, frame))
    }))
}

fn number(bytes: &[u8], at: usize, big: bool) -> Option<u32> {
    let four: [u8; 4] = bytes.get(at..at.checked_add(4)?)?.try_into().ok()?;
    Some(if big { u32::from_be_bytes(four) } else { u32::from_le_bytes(four) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn capture(big: bool, link: u32, frames: &[&[u8]]) -> Vec<u8> {
        let word = |value: u32| if big { value.to_be_bytes() } else { value.to_le_bytes() };
        let mut out = word(0xa1b2_c3d4).to_vec();
        for value in [0x0004_0002, 0, 0, 65_535, link] {
            out.extend(word(value));
        }
        for frame in frames {
            let length = u32::try_from(frame.len()).unwrap();
            for value in [7, 5, length, length] {
                out.extend(word(value));
            }
            out.extend_from_slice(frame);
        }
        out
    }

    #[test]
    fn captures_of_both_orders_are_read_as_far_as_they_are_whole() {
        for big in [false, true] {
            let whole = capture(big, 1, &[b"abc", b""]);
            let read: Vec<_> = frames(&whole).unwrap().collect();
            assert_eq!(read, [(7_000_005, &b"abc"[..]), (7_000_005, &b""[..])]);
            for length in 24..whole.len() {
                assert!(frames(&whole[..length]).unwrap().count() <= 2);
            }
            assert_eq!(frames(&capture(big, 113, &[])).err(), Some(BadCapture::Link(113)));
        }
        assert_eq!(frames(b"\x0a\x0d\x0d\x0a").err(), Some(BadCapture::Newer));
        assert!(
            ["", "abc", "abcdefgh"]
                .iter()
                .all(|text| frames(text.as_bytes()).err() == Some(BadCapture::Other))
        );
        let mut long = capture(false, 1, &[b"x"]);
        long.splice(32..36, u32::MAX.to_le_bytes());
        assert_eq!(frames(&long).unwrap().count(), 0);
    }
}
