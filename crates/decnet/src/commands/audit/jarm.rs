//! Asks a TLS server the ten questions of JARM, each on a connection of its own.

use decnet_analysis::jarm::{Answer, Jarm, hellos};
use netsvc_wire::stamp;
use sha2::{Digest, Sha256};
use std::{
    io::{self, Read, Write},
    net::IpAddr,
};

/// Longest record of a server (RFC 8446, 5.2).
const RECORD: usize = 18_432;

/// The ten hellos for the server at `address`, each to be sent by [`ask`].
pub(super) fn questions(address: IpAddr) -> Vec<Vec<u8>> {
    // Nothing is kept secret with it; it only must not be the same each time.
    let entropy = Sha256::digest(format!("{address} {}", stamp::now())).into();
    hellos(&address.to_string(), &entropy)
}

/// What the server answers to one hello; `None`: it refuses.
///
/// # Errors
/// When it says nothing at all for as long as the stream waits.
pub(super) fn ask(mut stream: impl Read + Write, hello: &[u8]) -> io::Result<Option<Answer>> {
    match stream.write_all(hello).and_then(|()| first_record(&mut stream)) {
        Ok(record) => Ok(Answer::read(&record)),
        Err(error) if silent(&error) => Err(error),
        Err(_) => Ok(None),
    }
}

/// Whether nothing came; a connection that is closed is an answer.
fn silent(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut)
}

fn first_record(stream: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut record = vec![0; 5];
    stream.read_exact(&mut record)?;
    let length = match record.as_slice() {
        [.., high, low] => usize::from(u16::from_be_bytes([*high, *low])),
        _ => 0,
    };
    if length > RECORD {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "no record of TLS"));
    }
    stream.take(length as u64).read_to_end(&mut record)?;
    Ok(record)
}

/// The fingerprint of `answers`; `None`: of no use, because somebody kept silent.
pub(super) fn whole(answers: Vec<io::Result<Option<Answer>>>) -> Option<Jarm> {
    let answers: Vec<Option<Answer>> = answers.into_iter().collect::<io::Result<_>>().ok()?;
    answers.iter().any(Option::is_some).then_some(Jarm(answers))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A peer that says `answer` and then what `end` is.
    struct Peer<'a> {
        answer: &'a [u8],
        end: Option<io::ErrorKind>,
    }

    impl Read for Peer<'_> {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            match (self.answer.is_empty(), self.end) {
                (true, Some(kind)) => Err(kind.into()),
                _ => self.answer.read(into),
            }
        }
    }

    impl Write for Peer<'_> {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn who_hangs_up_refuses_and_who_says_nothing_is_not_judged() {
        let ask = |answer: &[u8], end| ask(Peer { answer, end }, &[1]);
        assert_eq!(ask(&[], None).unwrap(), None);
        assert_eq!(ask(&[], Some(io::ErrorKind::ConnectionReset)).unwrap(), None);
        assert_eq!(ask(&[21, 3, 3, 0, 2, 2, 40], None).unwrap(), None);
        assert!(ask(&[22, 3], Some(io::ErrorKind::WouldBlock)).is_err());
        assert_eq!(whole(vec![Ok(None), ask(&[], Some(io::ErrorKind::TimedOut))]), None);
        assert_eq!(whole((0..10).map(|_| Ok(None)).collect()), None);
    }

    #[test]
    fn a_record_is_no_longer_than_records_are() {
        assert_eq!(ask(Peer { answer: &[22, 3, 3, 255, 255, 2], end: None }, &[]).unwrap(), None);
        let mut hello = vec![22, 3, 3, 0, 44, 2, 0, 0, 40, 3, 3];
        hello.extend_from_slice(&[1; 32]);
        hello.extend_from_slice(&[0, 0xc0, 0x30, 0, 0, 0]);
        let answer = ask(Peer { answer: &hello, end: None }, &[]).unwrap();
        assert_eq!(answer.as_ref().map(|answer| answer.cipher), Some(0xc030));
        let jarm = whole(vec![Ok(answer), Ok(None)]).unwrap();
        assert!(jarm.hash().starts_with("2ad000"), "{}", jarm.hash());
    }
}
