//! Fields of requests and answers as HTTP/2 packs them (RFC 7541).

use super::{
    huffman,
    table::{self, Entry, Table, USUAL},
};

/// Bytes of the fields of one head, counted as §4.1 does, beyond which the rest is only looked at.
pub(super) const LIMIT: usize = 48 * 1024;
/// The same beyond which it is not.
const END: usize = 2 * LIMIT;

/// Why a block was not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// It is broken, and so is all that follows on the connection.
    Broken,
    /// It unpacks to more than anybody needs.
    Endless,
}

/// What a block holds.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Block {
    /// The fields in order.
    pub(super) fields: Vec<Entry>,
    /// Bytes of all of them.
    pub(super) size: usize,
}

/// Unpacks what one side sends.
#[derive(Debug, Default)]
pub(super) struct Decoder {
    table: Table,
}

impl Decoder {
    /// The fields of a block.
    pub(super) fn decode(&mut self, block: &[u8]) -> Result<Block, Trouble> {
        let mut rest = block;
        let mut read = Block::default();
        let mut first = true;
        while let Some(&byte) = rest.first() {
            let (name, value) = match byte {
                0x80.. => {
                    let index = number(&mut rest, 7)?;
                    let (name, value) = self.table.get(index).ok_or(Trouble::Broken)?;
                    (name.to_vec(), value.to_vec())
                }
                0x40.. => {
                    let (name, value) = self.literal(&mut rest, 6)?;
                    self.table.add(&name, &value);
                    (name, value)
                }
                0x20.. => {
                    let size = number(&mut rest, 5)?;
                    if !first || USUAL < size {
                        return Err(Trouble::Broken);
                    }
                    self.table.resize(size);
                    continue;
                }
                _ => self.literal(&mut rest, 4)?,
            };
            first = false;
            read.size += table::room(&name, &value);
            if END < read.size {
                return Err(Trouble::Endless);
            }
            if read.size <= LIMIT {
                read.fields.push((name, value));
            }
        }
        Ok(read)
    }

    fn literal(&self, rest: &mut &[u8], bits: u32) -> Result<Entry, Trouble> {
        let name = match number(rest, bits)? {
            0 => text(rest)?,
            index => self.table.get(index).ok_or(Trouble::Broken)?.0.to_vec(),
        };
        Ok((name, text(rest)?))
    }
}

/// A number whose first `bits` bits stand in the first byte (§5.1).
fn number(rest: &mut &[u8], bits: u32) -> Result<usize, Trouble> {
    let (first, mut after) = rest.split_first().ok_or(Trouble::Broken)?;
    let full = (1_usize << bits) - 1;
    let mut value = usize::from(*first) & full;
    if value == full {
        let mut shift = 0;
        loop {
            let (byte, left) = after.split_first().ok_or(Trouble::Broken)?;
            after = left;
            // Nothing here has a length of more than 28 bits.
            if 21 < shift {
                return Err(Trouble::Broken);
            }
            value += usize::from(byte & 0x7f) << shift;
            shift += 7;
            if byte & 0x80 == 0 {
                break;
            }
        }
    }
    *rest = after;
    Ok(value)
}

fn text(rest: &mut &[u8]) -> Result<Vec<u8>, Trouble> {
    let coded = rest.first().ok_or(Trouble::Broken)? & 0x80 != 0;
    let length = number(rest, 7)?;
    let (bytes, after) = rest.split_at_checked(length).ok_or(Trouble::Broken)?;
    *rest = after;
    if coded { huffman::decode(bytes, END).ok_or(Trouble::Broken) } else { Ok(bytes.to_vec()) }
}

/// How a server packs the fields of its answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// As nginx: names that it knows with an index, never a value that was sent before.
    Plain,
    /// As nghttp2, which Apache httpd has: what was sent before is not said again.
    Indexed,
    /// As Go: everything that the table has room for is kept in it.
    Whole,
}

/// Packs what we send.
#[derive(Debug)]
pub(super) struct Encoder {
    manner: Manner,
    table: Table,
    /// Size of the table that the peer is still to be told of.
    change: Option<usize>,
}

/// Fields that nginx knows by their index; all others it spells out.
const KNOWN: &[&str] =
    &[":status", "server", "date", "content-type", "content-length", "last-modified", "location", "vary"];
/// Fields that nghttp2 keeps out of the table.
const UNKEPT: &[&str] = &["content-length", "etag", "location", "set-cookie", "age"];

impl Encoder {
    pub(super) fn new(manner: Manner) -> Self {
        Encoder { manner, table: Table::default(), change: None }
    }

    /// The peer keeps a table of so many bytes.
    pub(super) fn resize(&mut self, most: usize) {
        match self.manner {
            // nginx gives the table up as soon as it is told of one.
            Manner::Plain => self.change = Some(0),
            _ if most.min(USUAL) != self.table.most() => {
                self.table.resize(most.min(USUAL));
                self.change = Some(most.min(USUAL));
            }
            _ => {}
        }
    }

    /// The block of these fields.
    pub(super) fn encode(&mut self, fields: &[(String, String)]) -> Vec<u8> {
        let mut block = Vec::new();
        if let Some(size) = self.change.take() {
            put_number(&mut block, 0x20, 5, size);
        }
        for (name, value) in fields {
            match self.manner {
                Manner::Plain => self.plain(name, value, &mut block),
                _ => self.indexed(name, value, &mut block),
            }
        }
        block
    }

    fn plain(&self, name: &str, value: &str, block: &mut Vec<u8>) {
        let (whole, named) = self.table.find(name.as_bytes(), value.as_bytes());
        match (whole, named) {
            (Some(index), _) if name == ":status" => put_number(block, 0x80, 7, index),
            (_, Some(index)) if KNOWN.contains(&name) => put_number(block, 0x40, 6, index),
            _ => {
                block.push(0);
                put_text(block, name.as_bytes());
            }
        }
        if whole.is_none() || name != ":status" {
            put_text(block, value.as_bytes());
        }
    }

    fn indexed(&mut self, name: &str, value: &str, block: &mut Vec<u8>) {
        let (whole, named) = self.table.find(name.as_bytes(), value.as_bytes());
        if let Some(index) = whole {
            return put_number(block, 0x80, 7, index);
        }
        let room = table::room(name.as_bytes(), value.as_bytes());
        let kept = match self.manner {
            Manner::Whole => room <= self.table.most(),
            _ => !UNKEPT.contains(&name) && room <= self.table.most() * 3 / 4,
        };
        let (mark, bits) = if kept { (0x40, 6) } else { (0, 4) };
        put_number(block, mark, bits, named.unwrap_or(0));
        if named.is_none() {
            put_text(block, name.as_bytes());
        }
        put_text(block, value.as_bytes());
        if kept {
            self.table.add(name.as_bytes(), value.as_bytes());
        }
    }
}

fn put_number(block: &mut Vec<u8>, mark: u8, bits: u32, value: usize) {
    let full = (1_usize << bits) - 1;
    if value < full {
        block.push(mark | (value & 0xff) as u8);
        return;
    }
    block.push(mark | (full & 0xff) as u8);
    let mut rest = value - full;
    while 0x80 <= rest {
        block.push((rest & 0x7f) as u8 | 0x80);
        rest >>= 7;
    }
    block.push((rest & 0x7f) as u8);
}

fn put_text(block: &mut Vec<u8>, text: &[u8]) {
    match huffman::encode(text) {
        Some(coded) => {
            put_number(block, 0x80, 7, coded.len());
            block.extend(coded);
        }
        None => {
            put_number(block, 0, 7, text.len());
            block.extend_from_slice(text);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn fields(list: &[(&str, &str)]) -> Vec<(String, String)> {
        list.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    /// Appendix C.4.
    #[test]
    fn requests_are_unpacked_as_the_standard_does() {
        let mut decoder = Decoder::default();
        let mut read = |block: &str| -> Vec<String> {
            let block = decoder.decode(&hex::decode(block).unwrap()).unwrap();
            let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
            block.fields.iter().map(|(name, value)| format!("{} {}", text(name), text(value))).collect()
        };
        let first = [":method GET", ":scheme http", ":path /", ":authority www.example.com"];
        assert_eq!(read("828684418cf1e3c2e5f23a6ba0ab90f4ff"), first);
        assert_eq!(read("828684be5886a8eb10649cbf").last().unwrap(), "cache-control no-cache");
        let third = read("828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf");
        assert_eq!(third.last().unwrap(), "custom-key custom-value");
    }

    #[test]
    fn a_block_that_unpacks_without_end_is_given_up() {
        let mut decoder = Decoder::default();
        let value = [b'a'; 4000];
        let mut block = vec![0x40, 1, b'a', 0x7f];
        block.extend([0xa1, 0x1e]);
        block.extend(value);
        assert_eq!(decoder.decode(&block).unwrap().size, 4033);
        assert_eq!(decoder.decode(&[0xbe; 100]), Err(Trouble::Endless));
        for broken in
            [&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff][..], &[0x80], &[0x3f, 0xff, 0xff, 0x7f], &[0x40, 5]]
        {
            assert_eq!(decoder.decode(broken), Err(Trouble::Broken), "{broken:x?}");
        }
    }

    /// As the servers answered a request for a file.
    #[test]
    fn answers_are_packed_as_nginx_and_httpd_do() {
        let nginx = fields(&[
            (":status", "200"),
            ("server", "nginx/1.22.1"),
            ("content-length", "37"),
            ("etag", "\"6b0c17af-25\""),
            ("accept-ranges", "bytes"),
        ]);
        let packed = hex::encode(Encoder::new(Manner::Plain).encode(&nginx));
        assert_eq!(
            packed,
            "887689aa6355e580ae212e1f5c0233370\
             0832a47378bfe5c8c040ba3956137fcff008919085ad2b583aa62a3848fd24a8f"
                .replace(' ', "")
        );
        let httpd = fields(&[(":status", "405"), ("content-length", "37"), ("accept-ranges", "bytes")]);
        let mut encoder = Encoder::new(Manner::Indexed);
        assert_eq!(hex::encode(encoder.encode(&httpd)), "48033430350f0d02333752848fd24a8f");
        assert_eq!(hex::encode(encoder.encode(&httpd)), "bf0f0d023337be");
    }

    proptest! {
        #[test]
        fn any_bytes_are_unpacked_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = Decoder::default().decode(&bytes);
        }

        #[test]
        fn what_is_packed_is_unpacked(
            list in proptest::collection::vec(("[a-z-]{1,12}", "[ -~]{0,40}"), 0..20)
        ) {
            for manner in [Manner::Plain, Manner::Indexed, Manner::Whole] {
                let (mut encoder, mut decoder) = (Encoder::new(manner), Decoder::default());
                for _ in 0..3 {
                    let read = decoder.decode(&encoder.encode(&list)).unwrap();
                    let expected = list.iter().map(|(name, value)| (name.clone().into(), value.clone().into()));
                    prop_assert_eq!(read.fields, expected.collect::<Vec<Entry>>());
                }
            }
        }
    }
}
