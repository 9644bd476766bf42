//! Frames of SPDY/3.1 as far as clients of the API server use them: streams with names, pings, ends.
//!
//! Source: the draft of SPDY/3.1 (2.2, 2.6), and `moby/spdystream`, which both sides of Kubernetes are built on. It
//! heeds no windows, so none are heeded here.

mod block;

use block::Unpacker;

/// Bytes of a frame's head.
const HEAD: usize = 8;
/// Longest frame with data, and longest other.
const LONGEST: usize = 256 * 1024;
const LONGEST_CONTROL: usize = 16 * 1024;
/// Version that frames say.
const VERSION: u16 = 3;
/// The last piece of a side.
const FIN: u8 = 1;

/// Kinds of frames.
mod kind {
    pub(super) const SYN_STREAM: u16 = 1;
    pub(super) const SYN_REPLY: u16 = 2;
    pub(super) const RST_STREAM: u16 = 3;
    pub(super) const PING: u16 = 6;
    pub(super) const GOAWAY: u16 = 7;
}

/// A name and a value of a stream.
pub(super) type Header = (String, String);

/// What a peer sends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Frame {
    /// A stream begins; `end`: nothing comes on it.
    Open {
        stream: u32,
        headers: Vec<Header>,
        end: bool,
    },
    Data {
        stream: u32,
        bytes: Vec<u8>,
        end: bool,
    },
    Reset(u32),
    Ping(u32),
    Leave,
    Other,
}

/// Why a connection cannot go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Broken {
    #[error("a frame of another version")]
    Version,
    #[error("a frame of that length")]
    Length,
    #[error("a block of headers that is none")]
    Block,
}

/// One side of a connection: headers are packed from stream to stream.
#[derive(Debug, Default)]
pub(super) struct Spdy {
    unpacker: Unpacker,
    /// Whether a block was sent.
    begun: bool,
}

impl Spdy {
    /// The first frame of `bytes` and its length; `Ok(None)`: it is not whole.
    ///
    /// # Errors
    /// When it is none, after which nothing more can be read.
    pub(super) fn read(&mut self, bytes: &[u8]) -> Result<Option<(Frame, usize)>, Broken> {
        let Some([a, b, c, d, flags, size @ ..]) = bytes.first_chunk::<HEAD>() else { return Ok(None) };
        let [high, middle, low] = *size;
        let length = usize::try_from(u32::from_be_bytes([0, high, middle, low])).unwrap_or(usize::MAX);
        let control = a & 0x80 != 0;
        if LONGEST < length || control && LONGEST_CONTROL < length {
            return Err(Broken::Length);
        }
        let Some(payload) = bytes.get(HEAD..HEAD + length) else { return Ok(None) };
        let end = flags & FIN != 0;
        let frame = if control {
            if u16::from_be_bytes([a & 0x7f, *b]) != VERSION {
                return Err(Broken::Version);
            }
            self.control(u16::from_be_bytes([*c, *d]), payload, end)?
        } else {
            let stream = u32::from_be_bytes([*a, *b, *c, *d]);
            Frame::Data { stream, bytes: payload.to_vec(), end }
        };
        Ok(Some((frame, HEAD + length)))
    }

    fn control(&mut self, kind: u16, payload: &[u8], end: bool) -> Result<Frame, Broken> {
        let first = || number(payload).ok_or(Broken::Length);
        Ok(match kind {
            // Stream, the one that it belongs to, priority and slot.
            kind::SYN_STREAM => {
                let block = payload.get(10..).ok_or(Broken::Length)?;
                let headers = self.unpacker.headers(block).ok_or(Broken::Block)?;
                Frame::Open { stream: first()? & 0x7fff_ffff, headers, end }
            }
            kind::SYN_REPLY => {
                let block = payload.get(4..).ok_or(Broken::Length)?;
                self.unpacker.headers(block).ok_or(Broken::Block)?;
                Frame::Other
            }
            kind::RST_STREAM => Frame::Reset(first()? & 0x7fff_ffff),
            kind::PING => Frame::Ping(first()?),
            kind::GOAWAY => Frame::Leave,
            _ => Frame::Other,
        })
    }

    /// The answer to the beginning of a stream.
    pub(super) fn reply(&mut self, stream: u32) -> Vec<u8> {
        let block = block::packed(&[], !std::mem::replace(&mut self.begun, true));
        control(kind::SYN_REPLY, 0, &[&stream.to_be_bytes()[..], &block].concat())
    }
}

/// The number that `bytes` begins with.
fn number(bytes: &[u8]) -> Option<u32> {
    bytes.first_chunk().map(|bytes| u32::from_be_bytes(*bytes))
}

/// The length of a frame, without its first byte of four.
fn size(length: usize) -> [u8; 3] {
    let [_, high, middle, low] = u32::try_from(length).unwrap_or_default().to_be_bytes();
    [high, middle, low]
}

fn control(kind: u16, flags: u8, payload: &[u8]) -> Vec<u8> {
    let head = (0x8000 | VERSION).to_be_bytes();
    [&head[..], &kind.to_be_bytes(), &[flags], &size(payload.len()), payload].concat()
}

/// Bytes on a stream; they are short enough for a frame.
pub(super) fn data(stream: u32, bytes: &[u8], end: bool) -> Vec<u8> {
    [&stream.to_be_bytes()[..], &[u8::from(end)], &size(bytes.len()), bytes].concat()
}

/// A ping as it came.
pub(super) fn ping(number: u32) -> Vec<u8> {
    control(kind::PING, 0, &number.to_be_bytes())
}

/// A stream that is not wanted any more (`CANCEL`).
pub(super) fn reset(stream: u32) -> Vec<u8> {
    control(kind::RST_STREAM, 0, &[stream.to_be_bytes(), 5_u32.to_be_bytes()].concat())
}

/// The end of the connection; `last`: the last stream that was taken.
pub(super) fn leave(last: u32) -> Vec<u8> {
    control(kind::GOAWAY, 0, &[last.to_be_bytes(), [0; 4]].concat())
}

#[cfg(test)]
pub(super) mod testing {
    //! The client's side.

    use super::*;
    use flate2::{Compress, Compression, FlushCompress};

    /// What packs as zlib does with the dictionary; the stream goes on from block to block.
    pub(crate) struct Client {
        packer: Compress,
        begun: bool,
    }

    impl Client {
        pub(crate) fn new() -> Client {
            let mut packer = Compress::new(Compression::best(), false);
            let mut unwanted = Vec::with_capacity(4096);
            packer.compress_vec(block::DICTIONARY, &mut unwanted, FlushCompress::Sync).unwrap();
            assert_eq!(packer.total_in(), block::DICTIONARY.len() as u64);
            Client { packer, begun: false }
        }

        fn packed(&mut self, headers: &[(&str, &str)]) -> Vec<u8> {
            let plain = block::plain(headers);
            let mut packed = Vec::with_capacity(4096);
            if !std::mem::replace(&mut self.begun, true) {
                packed.extend(block::BEGINNING);
            }
            let before = self.packer.total_in();
            self.packer.compress_vec(&plain, &mut packed, FlushCompress::Sync).unwrap();
            assert_eq!(self.packer.total_in() - before, plain.len() as u64);
            packed
        }

        /// A stream begins.
        pub(crate) fn open(&mut self, stream: u32, headers: &[(&str, &str)]) -> Vec<u8> {
            let block = self.packed(headers);
            let payload = [&stream.to_be_bytes()[..], &[0; 6], &block].concat();
            control(kind::SYN_STREAM, 0, &payload)
        }
    }

    /// Frames of a server: of which stream, what, and whether that ends it.
    pub(crate) fn read(mut bytes: &[u8]) -> Vec<(u32, String, bool)> {
        let (mut frames, mut spdy) = (Vec::new(), Spdy::default());
        while let Ok(Some((frame, length))) = spdy.read(bytes) {
            bytes = &bytes[length..];
            if let Frame::Data { stream, bytes, end } = frame {
                frames.push((stream, String::from_utf8_lossy(&bytes).into_owned(), end));
            }
        }
        frames
    }
}

#[cfg(test)]
mod unit {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn streams_begin_with_their_names_from_block_to_block() {
        let (mut client, mut spdy) = (testing::Client::new(), Spdy::default());
        for (stream, name) in [(1, "error"), (3, "stdin"), (5, "stdout"), (7, "stderr")] {
            let bytes = client.open(stream, &[("streamtype", name), ("user-agent", "kubectl")]);
            let headers = vec![
                ("streamtype".to_owned(), name.to_owned()),
                ("user-agent".to_owned(), "kubectl".to_owned()),
            ];
            let open = Frame::Open { stream, headers, end: false };
            assert_eq!(spdy.read(&bytes[..bytes.len() - 1]), Ok(None), "{name}");
            assert_eq!(spdy.read(&bytes), Ok(Some((open, bytes.len()))), "{name}");
        }
    }

    /// What zlib 1.2 wrote of these headers with the dictionary, at its best level.
    #[test]
    fn blocks_of_zlib_are_read() {
        let mut spdy = Spdy::default();
        for (packed, name, value) in RECORDED {
            let payload = [&[0, 0, 0, 1, 0, 0, 0, 0, 0, 0][..], &hex::decode(packed).unwrap()].concat();
            let bytes = control(kind::SYN_STREAM, 1, &payload);
            let headers = vec![((*name).to_owned(), (*value).to_owned())];
            let open = Frame::Open { stream: 1, headers, end: true };
            assert_eq!(spdy.read(&bytes), Ok(Some((open, bytes.len()))));
        }
    }

    const RECORDED: &[(&str, &str, &str)] = &[
        ("78f9e3c6a7c202a623461006256cc62400000000ffff", "a", "b"),
        ("82f2b88a4b8a521373a1050b6b2a28d801000000ffff", "streamtype", "error"),
        ("c22a054cda29f9a52500000000ffff", "streamtype", "stdout"),
        ("82ca71164122391394f8190d00000000ffff", "requestid", "0"),
    ];

    #[test]
    fn what_is_sent_is_what_go_reads() {
        let mut spdy = Spdy::default();
        assert_eq!(
            hex::encode(spdy.reply(1)),
            "800300020000001800000001\
             78f9e3c6a7c2000400fbff00000000000000ffff"
        );
        assert_eq!(hex::encode(spdy.reply(3)), "800300020000001200000003000400fbff00000000000000ffff");
        assert_eq!(hex::encode(data(5, b"ok", true)), "00000005010000026f6b");
        assert_eq!(hex::encode(ping(7)), "800300060000000400000007");
    }

    #[test]
    fn what_is_too_long_or_of_another_version_is_refused() {
        for (bytes, broken) in [
            (&[0, 0, 0, 1, 0, 0xff, 0, 0][..], Broken::Length),
            (&[0x80, 3, 0, 1, 0, 1, 0, 0], Broken::Length),
            (&[0x80, 2, 0, 6, 0, 0, 0, 0], Broken::Version),
            (&[0x80, 3, 0, 1, 0, 0, 0, 4, 0, 0, 0, 1], Broken::Length),
        ] {
            assert_eq!(Spdy::default().read(bytes), Err(broken), "{bytes:?}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_panic(
            bytes in proptest::collection::vec(any::<u8>(), 0..300),
            kind in 0..10_u16,
        ) {
            let mut spdy = Spdy::default();
            let _ = spdy.read(&bytes);
            let _ = spdy.read(&control(kind, 0, &bytes));
            let _ = spdy.read(&control(1, 0, &[&[0; 10][..], block::BEGINNING, &bytes].concat()));
        }
    }
}
