//! Asks a TLS server the ten questions of JARM, each on a connection of its own.

use decnet_analysis::jarm::{Answer, rest_of_record};
use std::io::{self, Read, Write};

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
    let mut head = [0; 5];
    stream.read_exact(&mut head)?;
    let no_record = || io::Error::new(io::ErrorKind::InvalidData, "no record of TLS");
    let length = rest_of_record(head).ok_or_else(no_record)?;
    let mut record = head.to_vec();
    stream.take(length as u64).read_to_end(&mut record)?;
    Ok(record)
}

#[cfg(test)]
mod tests {
    use super::*;
    use decnet_analysis::jarm::Jarm;

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
        assert_eq!(Jarm::of(vec![Ok(None), ask(&[], Some(io::ErrorKind::TimedOut))]), None);
        assert_eq!(Jarm::of((0..10).map(|_| io::Result::Ok(None)).collect()), None);
    }

    #[test]
    fn a_record_is_no_longer_than_records_are() {
        assert_eq!(ask(Peer { answer: &[22, 3, 3, 255, 255, 2], end: None }, &[]).unwrap(), None);
        let mut hello = vec![22, 3, 3, 0, 44, 2, 0, 0, 40, 3, 3];
        hello.extend_from_slice(&[1; 32]);
        hello.extend_from_slice(&[0, 0xc0, 0x30, 0, 0, 0]);
        let answer = ask(Peer { answer: &hello, end: None }, &[]).unwrap();
        assert_eq!(answer.as_ref().map(|answer| answer.cipher), Some(0xc030));
        let jarm = Jarm::of(vec![io::Result::Ok(answer), Ok(None)]).unwrap();
        assert!(jarm.hash().starts_with("2ad000"), "{}", jarm.hash());
    }
}
