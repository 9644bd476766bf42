//! rtnetlink messages as bytes: header, body, attributes (rtnetlink(7)).

/// One request under construction.
#[derive(Debug)]
pub(crate) struct Message {
    bytes: Vec<u8>,
}

impl Message {
    /// A request of type `kind` with `flags` beside REQUEST and ACK.
    pub(crate) fn new(kind: u16, flags: i32) -> Self {
        let flags = (flags | libc::NLM_F_REQUEST | libc::NLM_F_ACK) as u16;
        let mut bytes = vec![0; 4];
        bytes.extend_from_slice(&kind.to_ne_bytes());
        bytes.extend_from_slice(&flags.to_ne_bytes());
        bytes.extend_from_slice(&[0; 8]);
        Message { bytes }
    }

    /// A body inside an attribute, such as the link message of a veth's peer.
    pub(crate) fn inner() -> Self {
        Message { bytes: Vec::new() }
    }

    /// `struct ifinfomsg`.
    pub(crate) fn link(self, index: u32, flags: i32, change: i32) -> Self {
        self.raw(&[0; 4]).raw(&index.to_ne_bytes()).raw(&flags.to_ne_bytes()).raw(&change.to_ne_bytes())
    }

    /// Bytes as they are: the fixed body.
    pub(crate) fn raw(mut self, bytes: &[u8]) -> Self {
        self.bytes.extend_from_slice(bytes);
        self
    }

    /// An attribute, padded to four bytes.
    pub(crate) fn attribute(mut self, kind: u16, value: &[u8]) -> Self {
        let length = u16::try_from(value.len() + 4).unwrap_or(u16::MAX);
        self.bytes.extend_from_slice(&length.to_ne_bytes());
        self.bytes.extend_from_slice(&kind.to_ne_bytes());
        self.bytes.extend_from_slice(value);
        self.bytes.resize(self.bytes.len().next_multiple_of(4), 0);
        self
    }

    /// An attribute with a number.
    pub(crate) fn number(self, kind: u16, value: u32) -> Self {
        self.attribute(kind, &value.to_ne_bytes())
    }

    /// An attribute with a text that ends in NUL.
    pub(crate) fn text(self, kind: u16, value: &str) -> Self {
        let mut bytes = value.as_bytes().to_vec();
        bytes.push(0);
        self.attribute(kind, &bytes)
    }

    /// An attribute that holds others.
    pub(crate) fn nested(self, kind: u16, inner: Message) -> Self {
        self.attribute(kind, &inner.bytes)
    }

    /// The finished request with its length and number.
    pub(crate) fn finish(mut self, sequence: u32) -> Vec<u8> {
        let length = u32::try_from(self.bytes.len()).unwrap_or(u32::MAX);
        // `new` laid down sixteen bytes of header, so both places exist.
        self.bytes.splice(0..4, length.to_ne_bytes());
        self.bytes.splice(8..12, sequence.to_ne_bytes());
        self.bytes
    }
}

/// The messages of one datagram from the kernel: type, sequence, body.
pub(crate) fn messages(mut datagram: &[u8]) -> Vec<(u16, u32, &[u8])> {
    let mut found = Vec::new();
    while let Some((length, kind, sequence)) = header(datagram) {
        let Some(body) = datagram.get(16..length) else { break };
        found.push((kind, sequence, body));
        datagram = datagram.get(length.next_multiple_of(4)..).unwrap_or_default();
    }
    found
}

fn header(bytes: &[u8]) -> Option<(usize, u16, u32)> {
    let length = usize::try_from(u32::from_ne_bytes(array(bytes, 0)?)).ok()?;
    Some((length, u16::from_ne_bytes(array(bytes, 4)?), u32::from_ne_bytes(array(bytes, 8)?)))
}

/// The attributes behind a fixed body: type and value.
pub(crate) fn attributes(mut bytes: &[u8]) -> Vec<(u16, &[u8])> {
    let mut found = Vec::new();
    while let (Some(length), Some(kind)) = (array(bytes, 0), array(bytes, 2)) {
        let length = usize::from(u16::from_ne_bytes(length));
        let Some(value) = bytes.get(4..length) else { break };
        found.push((u16::from_ne_bytes(kind), value));
        bytes = bytes.get(length.next_multiple_of(4)..).unwrap_or_default();
    }
    found
}

/// `N` bytes of `bytes` from `start`.
pub(crate) fn array<const N: usize>(bytes: &[u8], start: usize) -> Option<[u8; N]> {
    bytes.get(start..start + N)?.try_into().ok()
}
