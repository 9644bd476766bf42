//! Messages of remote PowerShell and the fragments that they come in ([MS-PSRP] §2.2.1, §2.2.4).

use super::envelope::escape;
use std::fmt::Write;

/// Bytes before the blob of a fragment, and before the data of a message.
const FRAGMENT: usize = 21;
const MESSAGE: usize = 40;
/// Bytes of a fragment's blob that clients take.
const BLOB: usize = 32 * 1024;
/// Objects whose last fragment has not come, and their bytes.
const OPEN: usize = 8;
const OPEN_BYTES: usize = 1 << 20;
/// A mark that stands before the text of a message.
const MARK: &[u8] = b"\xef\xbb\xbf";

/// Kinds of messages (§2.2.1).
pub(super) mod kind {
    pub(in super::super) const CAPABILITY: u32 = 0x0001_0002;
    pub(in super::super) const INIT_POOL: u32 = 0x0001_0004;
    pub(in super::super) const POOL_STATE: u32 = 0x0002_1005;
    pub(in super::super) const CREATE_PIPELINE: u32 = 0x0002_1006;
    pub(in super::super) const PRIVATE_DATA: u32 = 0x0002_1009;
    pub(in super::super) const OUTPUT: u32 = 0x0004_1004;
    pub(in super::super) const ERROR: u32 = 0x0004_1005;
    pub(in super::super) const PIPELINE_STATE: u32 = 0x0004_1006;
}

/// A message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Message {
    pub(super) kind: u32,
    /// The pool and the pipeline that it is about.
    pub(super) pool: [u8; 16],
    pub(super) pipeline: [u8; 16],
    pub(super) data: String,
}

impl Message {
    fn read(bytes: &[u8]) -> Option<Message> {
        let data = bytes.get(MESSAGE..)?;
        let data = data.strip_prefix(MARK).unwrap_or(data);
        Some(Message {
            kind: u32::from_le_bytes(bytes.get(4..8)?.try_into().ok()?),
            pool: bytes.get(8..24)?.try_into().ok()?,
            pipeline: bytes.get(24..40)?.try_into().ok()?,
            data: String::from_utf8_lossy(data).into_owned(),
        })
    }

    /// To the client.
    fn bytes(&self) -> Vec<u8> {
        let mut bytes = 1_u32.to_le_bytes().to_vec();
        bytes.extend(self.kind.to_le_bytes());
        bytes.extend(self.pool);
        bytes.extend(self.pipeline);
        bytes.extend(MARK);
        bytes.extend(self.data.as_bytes());
        bytes
    }
}

/// What of objects has come so far, and how many were sent.
#[derive(Clone, Debug, Default)]
pub(super) struct Fragments {
    open: Vec<(u64, Vec<u8>)>,
    sent: u64,
}

impl Fragments {
    /// Takes fragments in, one behind the other; the messages that are whole now. `None`: they are no fragments, or
    /// more than is kept.
    pub(super) fn take(&mut self, bytes: &[u8]) -> Option<Vec<Message>> {
        let whole = self.read(bytes);
        if whole.is_none() {
            // Who is refused gets nothing kept: nobody counts it.
            self.open = Vec::new();
        }
        whole
    }

    fn read(&mut self, mut bytes: &[u8]) -> Option<Vec<Message>> {
        let mut whole = Vec::new();
        while !bytes.is_empty() {
            let number = |at: usize| Some(u64::from_be_bytes(bytes.get(at..at + 8)?.try_into().ok()?));
            let object = number(0)?;
            let flags = *bytes.get(16)?;
            let length = u32::from_be_bytes(bytes.get(17..FRAGMENT)?.try_into().ok()?);
            let end = FRAGMENT.checked_add(usize::try_from(length).ok()?)?;
            let blob = bytes.get(FRAGMENT..end)?;
            bytes = bytes.get(end..)?;
            if flags & 1 != 0 {
                self.open.retain(|(known, _)| *known != object);
                if OPEN <= self.open.len() {
                    return None;
                }
                self.open.push((object, Vec::new()));
            }
            let held = self.held();
            let at = self.open.iter().position(|(known, _)| *known == object)?;
            if OPEN_BYTES < held + blob.len() {
                return None;
            }
            self.open.get_mut(at)?.1.extend_from_slice(blob);
            if flags & 2 != 0 {
                whole.push(Message::read(&self.open.remove(at).1)?);
            }
        }
        Some(whole)
    }

    /// Bytes of what has not come whole.
    pub(super) fn held(&self) -> usize {
        self.open.iter().map(|(_, bytes)| bytes.len()).sum()
    }

    /// The fragments of a message.
    pub(super) fn give(&mut self, message: &Message) -> Vec<u8> {
        self.sent += 1;
        let bytes = message.bytes();
        let count = bytes.chunks(BLOB).len();
        let mut fragments = Vec::new();
        for (number, blob) in bytes.chunks(BLOB).enumerate() {
            let flags = u8::from(number == 0) | u8::from(number + 1 == count) << 1;
            fragments.extend(self.sent.to_be_bytes());
            fragments.extend((number as u64).to_be_bytes());
            fragments.push(flags);
            fragments.extend(u32::try_from(blob.len()).unwrap_or_default().to_be_bytes());
            fragments.extend(blob);
        }
        fragments
    }
}

/// `text` as a value of serialized objects: characters that XML has no place for are numbers (§2.2.5.3.2).
pub(super) fn value(text: &str) -> String {
    let mut written = String::with_capacity(text.len());
    for character in text.replace("_x", "_x005F_x").chars() {
        if character.is_control() {
            let _ = write!(written, "_x{:04X}_", u32::from(character));
        } else {
            written.push(character);
        }
    }
    escape(&written)
}

/// The text that a value of serialized objects stands for.
pub(super) fn plain(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    let mut rest = value;
    while let Some(at) = rest.find("_x") {
        let (before, from) = rest.split_at_checked(at).unwrap_or((rest, ""));
        text.push_str(before);
        let digits = from.get(2..6).filter(|_| from.get(6..7) == Some("_"));
        match digits.and_then(|digits| u32::from_str_radix(digits, 16).ok()) {
            Some(number) => {
                text.extend(char::from_u32(number));
                rest = from.get(7..).unwrap_or_default();
            }
            None => {
                text.push_str("_x");
                rest = from.get(2..).unwrap_or_default();
            }
        }
    }
    text.push_str(rest);
    text
}

#[cfg(test)]
mod unit {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn messages_come_back_from_their_fragments_in_any_order_of_pieces() {
        let message = Message { kind: 7, pool: [1; 16], pipeline: [2; 16], data: "ab".repeat(40_000) };
        let mut sender = Fragments::default();
        let mut bytes = sender.give(&message);
        let small = Message { data: "x".to_owned(), ..message.clone() };
        bytes.extend(sender.give(&small));
        let mut receiver = Fragments::default();
        assert_eq!(receiver.take(&bytes), Some(vec![message, small]));
        assert!(receiver.open.is_empty());
        assert_eq!(receiver.take(b"short"), None);
    }

    #[test]
    fn of_what_is_refused_nothing_is_kept() {
        let message = Message { kind: 7, pool: [1; 16], pipeline: [2; 16], data: "ab".repeat(40_000) };
        let mut bytes = Fragments::default().give(&message);
        bytes.truncate(FRAGMENT + BLOB);
        let mut receiver = Fragments::default();
        assert_eq!(receiver.take(&bytes), Some(Vec::new()));
        assert_eq!(receiver.held(), BLOB);
        bytes.push(0);
        assert_eq!((receiver.take(&bytes), receiver.held()), (None, 0));
    }

    #[test]
    fn values_say_what_xml_cannot() {
        assert_eq!(value("a<b>\r\n_x0041_"), "a&lt;b&gt;_x000D__x000A__x005F_x0041_");
        for text in ["plain", "a\r\nb", "_x0041_", "_x", "tab\t"] {
            assert_eq!(plain(&value(text).replace("&lt;", "<").replace("&gt;", ">")), text);
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_panic(bytes: Vec<u8>, text: String) {
            Fragments::default().take(&bytes);
            plain(&text);
        }
    }
}
