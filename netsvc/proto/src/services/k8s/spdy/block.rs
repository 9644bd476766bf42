//! Blocks of headers: zlib with a dictionary that both sides know (2.6.10.1 of the draft). The crate that unpacks
//! takes no dictionary, so it is shown the dictionary as a block of its own first, which comes to the same.

use super::Header;
use flate2::{Decompress, FlushDecompress};
use netsvc_kit::Charge;

/// What the first block of a side begins with: zlib's head at the best level, and the dictionary's checksum.
pub(super) const BEGINNING: &[u8] = b"\x78\xf9\xe3\xc6\xa7\xc2";
/// What each block ends with, so that the other side sees all of it.
const FLUSH: &[u8] = b"\0\0\0\xff\xff";
/// Most bytes of a block that is unpacked, and most headers of it.
const MOST: usize = 16 * 1024;
const HEADERS: usize = 64;
/// What unpacking takes: the window and what it is read by.
const WINDOW: usize = 48 * 1024;

/// The dictionary.
pub(super) const DICTIONARY: &[u8] = b"\
    \0\0\0\x07options\0\0\0\x04head\0\0\0\x04post\0\0\0\x03put\0\0\0\x06delete\0\0\0\x05trace\0\0\0\x06accept\
    \0\0\0\x0eaccept-charset\0\0\0\x0faccept-encoding\0\0\0\x0faccept-language\0\0\0\x0daccept-ranges\
    \0\0\0\x03age\0\0\0\x05allow\0\0\0\x0dauthorization\0\0\0\x0dcache-control\0\0\0\x0aconnection\
    \0\0\0\x0ccontent-base\0\0\0\x10content-encoding\0\0\0\x10content-language\0\0\0\x0econtent-length\
    \0\0\0\x10content-location\0\0\0\x0bcontent-md5\0\0\0\x0dcontent-range\0\0\0\x0ccontent-type\0\0\0\x04date\
    \0\0\0\x04etag\0\0\0\x06expect\0\0\0\x07expires\0\0\0\x04from\0\0\0\x04host\0\0\0\x08if-match\
    \0\0\0\x11if-modified-since\0\0\0\x0dif-none-match\0\0\0\x08if-range\0\0\0\x13if-unmodified-since\
    \0\0\0\x0dlast-modified\0\0\0\x08location\0\0\0\x0cmax-forwards\0\0\0\x06pragma\0\0\0\x12proxy-authenticate\
    \0\0\0\x13proxy-authorization\0\0\0\x05range\0\0\0\x07referer\0\0\0\x0bretry-after\0\0\0\x06server\
    \0\0\0\x02te\0\0\0\x07trailer\0\0\0\x11transfer-encoding\0\0\0\x07upgrade\0\0\0\x0auser-agent\0\0\0\x04vary\
    \0\0\0\x03via\0\0\0\x07warning\0\0\0\x10www-authenticate\0\0\0\x06method\0\0\0\x03get\0\0\0\x06status\
    \0\0\0\x06200 OK\0\0\0\x07version\0\0\0\x08HTTP/1.1\0\0\0\x03url\0\0\0\x06public\0\0\0\x0aset-cookie\
    \0\0\0\x0akeep-alive\0\0\0\x06origin\
    100101201202205206300302303304305306307402405406407408409410411412413414415416417502504505203 Non-Au\
    thoritative Information204 No Content301 Moved Permanently400 Bad Request401 Unauthorized403 Forbidd\
    en404 Not Found500 Internal Server Error501 Not Implemented503 Service UnavailableJan Feb Mar Apr Ma\
    y Jun Jul Aug Sept Oct Nov Dec 00:00:00 Mon, Tue, Wed, Thu, Fri, Sat, Sun, GMTchunked,text/html,imag\
    e/png,image/jpg,image/gif,application/xml,application/xhtml+xml,text/plain,text/javascript,publicpri\
    vatemax-age=gzip,deflate,sdchcharset=utf-8charset=iso-8859-1,utf-,*,enq=0.";

/// Unpacks the blocks of one side.
#[derive(Default)]
pub(super) struct Unpacker(Option<(Decompress, Charge)>);

impl std::fmt::Debug for Unpacker {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Unpacker({})", self.0.is_some())
    }
}

impl Unpacker {
    /// The headers of a block; `None`: it is broken or too long, and so is the rest.
    pub(super) fn headers(&mut self, packed: &[u8]) -> Option<Vec<Header>> {
        let (inflate, rest) = match &mut self.0 {
            Some((inflate, _)) => (inflate, packed),
            None => {
                let (head, rest) = packed.split_at_checked(BEGINNING.len())?;
                let [method, flags, checksum @ ..] = head.first_chunk::<6>()?;
                // Deflate, whole heads, with a dictionary, which is this one (RFC 1950, 2.2).
                let whole = u16::from_be_bytes([*method, *flags]).is_multiple_of(31);
                if method & 0x0f != 8
                    || flags & 0x20 == 0
                    || !whole
                    || Some(&checksum[..]) != BEGINNING.get(2..)
                {
                    return None;
                }
                let mut inflate = Decompress::new(false);
                inflated(&mut inflate, &stored(DICTIONARY))?;
                (&mut self.0.insert((inflate, Charge::current(WINDOW))).0, rest)
            }
        };
        read(&inflated(inflate, rest)?)
    }
}

/// A block that is stored as it is.
fn stored(bytes: &[u8]) -> Vec<u8> {
    let length = u16::try_from(bytes.len()).unwrap_or_default();
    [&[0][..], &length.to_le_bytes(), &(!length).to_le_bytes(), bytes].concat()
}

/// What `packed` unpacks to, up to [`MOST`] bytes.
fn inflated(inflate: &mut Decompress, packed: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(packed.len() + 64);
    let mut rest = packed;
    loop {
        let (before, length) = (inflate.total_in(), out.len());
        if out.capacity() == length {
            out.reserve(1024);
        }
        inflate.decompress_vec(rest, &mut out, FlushDecompress::Sync).ok()?;
        let used = usize::try_from(inflate.total_in() - before).ok()?;
        rest = rest.get(used..)?;
        if MOST < out.len() {
            return None;
        }
        // It is done when it stands still.
        if used == 0 && out.len() == length && length < out.capacity() {
            return rest.is_empty().then_some(out);
        }
    }
}

/// Names and values, each with its length before it.
fn read(mut rest: &[u8]) -> Option<Vec<Header>> {
    let count = number(&mut rest).filter(|count| *count <= HEADERS)?;
    let mut headers = Vec::with_capacity(count);
    for _ in 0..count {
        headers.push((text(&mut rest)?, text(&mut rest)?));
    }
    Some(headers)
}

fn number(rest: &mut &[u8]) -> Option<usize> {
    let (number, after) = rest.split_first_chunk()?;
    *rest = after;
    usize::try_from(u32::from_be_bytes(*number)).ok()
}

fn text(rest: &mut &[u8]) -> Option<String> {
    let length = number(rest)?;
    let (text, after) = rest.split_at_checked(length)?;
    *rest = after;
    Some(String::from_utf8_lossy(text).into_owned())
}

/// Headers as they are before they are packed.
pub(super) fn plain(headers: &[(&str, &str)]) -> Vec<u8> {
    let size = |count: usize| u32::try_from(count).unwrap_or_default().to_be_bytes();
    let long = |text: &str| [&size(text.len())[..], text.as_bytes()].concat();
    let mut plain = size(headers.len()).to_vec();
    plain.extend(headers.iter().flat_map(|(name, value)| [long(name), long(value)].concat()));
    plain
}

/// A block of headers as it is sent; `first`: it is the first of this side.
pub(super) fn packed(headers: &[(&str, &str)], first: bool) -> Vec<u8> {
    let beginning = if first { BEGINNING } else { &[] };
    [beginning, &stored(&plain(headers)), FLUSH].concat()
}

#[cfg(test)]
mod unit {
    use super::*;

    #[test]
    fn the_dictionary_is_whole_and_a_bomb_is_refused() {
        assert_eq!(DICTIONARY.len(), 1423);
        let mut unpacker = Unpacker::default();
        assert_eq!(
            unpacker.headers(&packed(&[("a", "b")], true)),
            Some(vec![("a".to_owned(), "b".to_owned())])
        );
        let long = "x".repeat(MOST);
        assert_eq!(unpacker.headers(&packed(&[("a", &long)], false)), None);
        assert_eq!(Unpacker::default().headers(&packed(&[], false)), None, "it does not begin with a head");
    }
}
