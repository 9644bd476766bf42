//! Frames of the bus: an ASCII header line, a four-byte big-endian length, a body.
//!
//! Knows sizes and borders only; what headers mean is in [`crate::verb`].

/// Longest header in bytes, newline included.
pub const MAX_HEADER: usize = 4096;

/// Longest body in bytes.
pub const MAX_BODY: usize = 1024 * 1024;

/// One frame as it crosses the socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// The header line without its newline.
    pub header: String,
    /// The body; may be empty.
    pub body: Vec<u8>,
}

/// Why bytes are not a frame, or a frame cannot be written. The connection cannot go on.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
pub enum FrameError {
    /// No newline within [`MAX_HEADER`] bytes.
    #[error("header is longer than {MAX_HEADER} bytes")]
    HeaderTooLong,
    /// The header has a byte outside printable UTF-8 text.
    #[error("header is not a line of text")]
    HeaderNotText,
    /// The announced body is longer than [`MAX_BODY`].
    #[error("body has {0} bytes, the longest has {MAX_BODY}")]
    BodyTooLong(usize),
}

impl Frame {
    /// Appends the frame to `out`.
    ///
    /// # Errors
    /// [`FrameError`] when a reader would refuse the frame; nothing is appended then.
    pub fn encode(&self, out: &mut Vec<u8>) -> Result<(), FrameError> {
        if self.header.len() + 1 > MAX_HEADER {
            return Err(FrameError::HeaderTooLong);
        }
        if self.header.contains(char::is_control) {
            return Err(FrameError::HeaderNotText);
        }
        let length = u32::try_from(self.body.len())
            .ok()
            .filter(|_| self.body.len() <= MAX_BODY)
            .ok_or(FrameError::BodyTooLong(self.body.len()))?;
        out.extend_from_slice(self.header.as_bytes());
        out.push(b'\n');
        out.extend_from_slice(&length.to_be_bytes());
        out.extend_from_slice(&self.body);
        Ok(())
    }
}

/// Finds frames in a stream of bytes, however it is cut.
#[derive(Debug, Default)]
pub struct Decoder {
    buffer: Vec<u8>,
    /// Bytes at the front of `buffer` that were handed out as frames.
    taken: usize,
    /// Bytes after `taken` that are known to hold no newline.
    searched: usize,
}

impl Decoder {
    /// Takes bytes as they arrived. Memory stays below [`MAX_HEADER`] + [`MAX_BODY`] + the longest
    /// slice pushed, provided that [`Decoder::next_frame`] is called until it has no more.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.taken > 0 {
            self.buffer.drain(..self.taken);
            self.taken = 0;
        }
        self.buffer.extend_from_slice(bytes);
    }

    /// The next whole frame, or `None` until more bytes come.
    ///
    /// # Errors
    /// [`FrameError`]; every later call fails too, because the borders are lost.
    pub fn next_frame(&mut self) -> Result<Option<Frame>, FrameError> {
        let rest = self.buffer.get(self.taken..).unwrap_or_default();
        let window = rest.get(..rest.len().min(MAX_HEADER)).unwrap_or_default();
        let fresh = window.get(self.searched..).unwrap_or_default();
        let Some(found) = fresh.iter().position(|&byte| byte == b'\n') else {
            if window.len() == MAX_HEADER {
                return Err(FrameError::HeaderTooLong);
            }
            self.searched = window.len();
            return Ok(None);
        };
        let newline = self.searched + found;
        // The search starts at the newline again until the whole body is here.
        self.searched = newline;
        let (Some(header), Some(after)) = (rest.get(..newline), rest.get(newline + 1..)) else {
            return Ok(None);
        };
        // Clients that write lines as telnet does end them in CR LF.
        let header = header.strip_suffix(b"\r").unwrap_or(header);
        let header = std::str::from_utf8(header).map_err(|_| FrameError::HeaderNotText)?;
        if header.contains(char::is_control) {
            return Err(FrameError::HeaderNotText);
        }
        let Some((length, after)) = after.split_first_chunk::<4>() else { return Ok(None) };
        let length = usize::try_from(u32::from_be_bytes(*length)).unwrap_or(usize::MAX);
        if length > MAX_BODY {
            return Err(FrameError::BodyTooLong(length));
        }
        let Some(body) = after.get(..length) else { return Ok(None) };
        let frame = Frame { header: header.to_owned(), body: body.to_vec() };
        self.taken += newline + 1 + 4 + length;
        self.searched = 0;
        Ok(Some(frame))
    }

    /// Bytes held that are not yet a whole frame.
    pub fn pending(&self) -> usize {
        self.buffer.len().saturating_sub(self.taken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn frames_of(bytes: &[u8], chunk: usize) -> Result<Vec<Frame>, FrameError> {
        let mut decoder = Decoder::default();
        let mut frames = Vec::new();
        for part in bytes.chunks(chunk.max(1)) {
            decoder.push(part);
            while let Some(frame) = decoder.next_frame()? {
                frames.push(frame);
            }
        }
        Ok(frames)
    }

    #[test]
    fn a_frame_looks_like_this() {
        let mut out = Vec::new();
        Frame { header: "PUB a.b".into(), body: b"{}".to_vec() }.encode(&mut out).unwrap();
        assert_eq!(out, b"PUB a.b\n\0\0\0\x02{}");
        Frame { header: "BYE".into(), body: Vec::new() }.encode(&mut out).unwrap();
        assert_eq!(frames_of(&out, 1).unwrap().len(), 2);
    }

    #[test]
    fn a_header_may_end_in_cr_lf_and_hold_no_other_control() {
        assert_eq!(frames_of(b"PUB a.b\r\n\0\0\0\x02{}BYE\r\n\0\0\0\0", 1).unwrap().len(), 2);
        for header in [&b"PUB a\rb\n\0\0\0\0"[..], b"BYE\r\r\n\0\0\0\0", b"BY\x00E\n\0\0\0\0"] {
            assert_eq!(frames_of(header, 1), Err(FrameError::HeaderNotText));
        }
    }

    #[test]
    fn sizes_have_an_end() {
        assert_eq!(frames_of(&[b'a'; MAX_HEADER], 100), Err(FrameError::HeaderTooLong));
        let mut longest = vec![b'a'; MAX_HEADER - 1];
        longest.extend_from_slice(b"\n\0\0\0\0");
        assert_eq!(frames_of(&longest, 4096).unwrap().len(), 1);
        assert_eq!(frames_of(b"A\n\0\x10\0\x01", 6), Err(FrameError::BodyTooLong(MAX_BODY + 1)));
        assert_eq!(frames_of(b"A\x01\n\0\0\0\0", 7), Err(FrameError::HeaderNotText));
        assert_eq!(frames_of(b"A\xff\n\0\0\0\0", 7), Err(FrameError::HeaderNotText));
        let long = Frame { header: "a".repeat(MAX_HEADER), body: Vec::new() };
        assert_eq!(long.encode(&mut Vec::new()), Err(FrameError::HeaderTooLong));
        let split = Frame { header: "a\nb".into(), body: Vec::new() };
        assert_eq!(split.encode(&mut Vec::new()), Err(FrameError::HeaderNotText));
        let large = Frame { header: "a".into(), body: vec![0; MAX_BODY + 1] };
        assert_eq!(large.encode(&mut Vec::new()), Err(FrameError::BodyTooLong(MAX_BODY + 1)));
    }

    fn any_frame() -> impl Strategy<Value = Frame> {
        ("[ -~]{0,60}", proptest::collection::vec(any::<u8>(), 0..200))
            .prop_map(|(header, body)| Frame { header, body })
    }

    proptest! {
        #[test]
        fn frames_survive_any_cut(frames in proptest::collection::vec(any_frame(), 0..6), chunk in 1_usize..64) {
            let mut bytes = Vec::new();
            for frame in &frames {
                frame.encode(&mut bytes).unwrap();
            }
            prop_assert_eq!(frames_of(&bytes, chunk).unwrap(), frames);
        }

        #[test]
        fn no_bytes_panic_and_the_cut_does_not_matter(bytes: Vec<u8>, chunk in 1_usize..9) {
            prop_assert_eq!(frames_of(&bytes, chunk), frames_of(&bytes, bytes.len()));
        }
    }
}
