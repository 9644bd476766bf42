//! Messages that are sealed in the body of a request ([MS-WSMV] §2.2.9.1).

use netsvc_daemon::ntlm::Sealing;

const BOUNDARY: &str = "--Encrypted Boundary";
const OCTETS: &[u8] = b"Content-Type: application/octet-stream\r\n";
/// Bytes of a signature, and of the number before it.
const SIGNATURE: usize = 16;

/// Kind of a body that is sealed.
pub(super) const KIND: &str = "multipart/encrypted;protocol=\"application/HTTP-SPNEGO-session-encrypted\";\
                               boundary=\"Encrypted Boundary\"";

/// Whether a Content-Type is that of a sealed body.
pub(super) fn is_sealed(kind: &str) -> bool {
    kind.to_ascii_lowercase().starts_with("multipart/encrypted")
}

/// What was sealed in `body`.
pub(super) fn open(sealing: &mut Sealing, body: &[u8]) -> Option<Vec<u8>> {
    let at = body.windows(OCTETS.len()).position(|window| window == OCTETS)?;
    let rest = body.get(at + OCTETS.len()..)?;
    // The end stands behind the sealed bytes, without a line of its own.
    let close = format!("{BOUNDARY}--");
    let end = rest.windows(close.len()).rposition(|window| window == close.as_bytes())?;
    let (length, sealed) = rest.get(..end)?.split_first_chunk::<4>()?;
    let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
    (length == SIGNATURE).then(|| sealing.unseal(sealed))?
}

/// `message` as a sealed body.
pub(super) fn seal(sealing: &mut Sealing, message: &[u8]) -> Vec<u8> {
    let mut body = format!(
        "{BOUNDARY}\r\n\tContent-Type: application/HTTP-SPNEGO-session-encrypted\r\n\tOriginalContent: \
         type=application/soap+xml;charset=UTF-8;Length={}\r\n{BOUNDARY}\r\n\t",
        message.len()
    )
    .into_bytes();
    body.extend_from_slice(OCTETS);
    body.extend_from_slice(&[16, 0, 0, 0]);
    body.extend(sealing.seal(message));
    body.extend_from_slice(BOUNDARY.as_bytes());
    body.extend_from_slice(b"--\r\n");
    body
}
