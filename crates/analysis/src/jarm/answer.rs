//! What a server answers to one hello.

const HANDSHAKE: u8 = 22;
const SERVER_HELLO: u8 = 2;
const CERTIFICATE: u8 = 11;
const ALPN: u16 = 16;
/// Version and random of a hello.
const FIXED: usize = 34;

/// The choices of a server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// The cipher.
    pub cipher: u16,
    /// The version that its hello says outside of extensions.
    pub version: u16,
    /// The protocol that it chose among those of ALPN; empty: none.
    pub protocol: String,
    /// Kinds of its extensions, in their order.
    pub extensions: Vec<u16>,
}

impl Answer {
    /// Reads the first record that came; `None`: it holds no hello.
    pub fn read(record: &[u8]) -> Option<Answer> {
        let ([kind, _, _, length @ ..], body) = record.split_first_chunk::<5>()?;
        let body = body.get(..number(length))?;
        let ([message, length @ ..], hello) = body.split_first_chunk::<4>()?;
        if (*kind, *message) != (HANDSHAKE, SERVER_HELLO) {
            return None;
        }
        let (fixed, rest) = hello.split_at_checked(FIXED)?;
        let (session, rest) = rest.split_first()?;
        let ([high, low, _compression], rest) =
            rest.get(usize::from(*session)..)?.split_first_chunk::<3>()?;
        let mut answer = Answer {
            cipher: u16::from_be_bytes([*high, *low]),
            version: u16::try_from(number(fixed.get(..2)?)).ok()?,
            ..Answer::default()
        };
        // A hello without extensions counts if the certificate follows in the same record; if nothing does,
        // the description's first implementation reads on beyond it and gives up.
        let end = number(length).checked_sub(hello.len() - rest.len())?;
        match rest.split_first_chunk::<2>() {
            Some(([CERTIFICATE, _], _)) if end == 0 => Some(answer),
            Some((length, rest)) => {
                answer.extend(rest.get(..number(length))?)?;
                Some(answer)
            }
            None => None,
        }
    }

    fn extend(&mut self, mut extensions: &[u8]) -> Option<()> {
        while !extensions.is_empty() {
            let ([high, low, length @ ..], rest) = extensions.split_first_chunk::<4>()?;
            let (value, after) = rest.split_at_checked(number(length))?;
            let kind = u16::from_be_bytes([*high, *low]);
            if kind == ALPN && !self.extensions.contains(&kind) {
                // Lengths of the list and of the only name come before it.
                self.protocol = String::from_utf8(value.get(3..).unwrap_or_default().to_vec()).ok()?;
            }
            self.extensions.push(kind);
            extensions = after;
        }
        Some(())
    }

    /// Kinds of extensions, as JARM writes them.
    pub(super) fn kinds(&self) -> String {
        self.extensions.iter().map(|kind| format!("{kind:04x}")).collect::<Vec<_>>().join("-")
    }
}

fn number(bytes: &[u8]) -> usize {
    bytes.iter().fold(0, |all, byte| all << 8 | usize::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A record with a hello that has these extensions, and then `behind`.
    fn record(extensions: Option<&[u8]>, behind: &[u8]) -> Vec<u8> {
        let mut hello = vec![3, 3];
        hello.extend_from_slice(&[1; 32]);
        hello.extend_from_slice(&[2, 8, 8, 0xc0, 0x2f, 0]);
        if let Some(extensions) = extensions {
            hello.extend_from_slice(&[0, u8::try_from(extensions.len()).unwrap()]);
            hello.extend_from_slice(extensions);
        }
        let mut body = vec![2, 0, 0, u8::try_from(hello.len()).unwrap()];
        body.extend(hello);
        body.extend_from_slice(behind);
        [&[22, 3, 3, 0, u8::try_from(body.len()).unwrap()], body.as_slice()].concat()
    }

    #[test]
    fn choices_are_read() {
        let extensions = [0xff, 1, 0, 1, 0, 0, 16, 0, 5, 0, 3, 2, b'h', b'2', 0, 23, 0, 0];
        let answer = Answer::read(&record(Some(&extensions), &[11, 0, 0, 0])).unwrap();
        assert_eq!((answer.cipher, answer.version, answer.protocol.as_str()), (0xc02f, 0x0303, "h2"));
        assert_eq!(answer.kinds(), "ff01-0010-0017");
    }

    #[test]
    fn a_hello_without_extensions_counts_before_a_certificate_only() {
        let answer = Answer::read(&record(None, &[11, 0, 0, 0])).unwrap();
        assert_eq!((answer.cipher, answer.kinds().as_str()), (0xc02f, ""));
        assert_eq!(Answer::read(&record(None, &[])), None);
        assert_eq!(Answer::read(&record(Some(&[]), &[])).unwrap().kinds(), "");
    }

    #[test]
    fn alerts_and_lengths_that_lie_are_no_answer() {
        assert_eq!(Answer::read(&[21, 3, 3, 0, 2, 2, 40]), None);
        assert_eq!(Answer::read(&record(Some(&[0, 23, 0, 9]), &[])), None);
        let whole = record(Some(&[0, 23, 0, 0]), &[]);
        assert!((0..whole.len()).all(|cut| Answer::read(&whole[..cut]).is_none()));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = Answer::read(&bytes);
            let _ = Answer::read(&record(Some(&bytes[..bytes.len().min(150)]), &[]));
        }
    }
}
