//! A QR code as PNG (ISO/IEC 15948).

use super::{Body, Task};
use flate2::{Compression, Crc, write::ZlibEncoder};
use qrcodegen::{QrCode, QrCodeEcc};
use std::io::Write;

/// Pixels of a module, and modules of the margin (ISO/IEC 18004 asks for four).
const SCALE: usize = 6;
const MARGIN: usize = 4;

/// A code that leads to an address.
pub(super) fn code(task: &mut Task<'_>) -> Body {
    let url = task.url("go/{id}");
    // An address is far shorter than what a code takes.
    let content = QrCode::encode_text(&url, QrCodeEcc::Medium).map(|code| image(&code)).unwrap_or_default();
    Body { content, lead: url, secrets: Vec::new() }
}

fn image(code: &QrCode) -> Vec<u8> {
    let modules = usize::try_from(code.size()).unwrap_or(0);
    let side = (modules + 2 * MARGIN) * SCALE;
    let mut rows = Vec::with_capacity(side * (side + 1));
    for y in 0..side {
        // Each row begins with its filter: none.
        rows.push(0);
        for x in 0..side {
            let module =
                |at: usize| i32::try_from(at / SCALE).unwrap_or(0) - i32::try_from(MARGIN).unwrap_or(0);
            rows.push(if code.get_module(module(x), module(y)) { 0 } else { 255 });
        }
    }
    let mut packer = ZlibEncoder::new(Vec::new(), Compression::default());
    // Writing to memory does not fail.
    let _ = packer.write_all(&rows);
    let size = u32::try_from(side).unwrap_or(0).to_be_bytes();
    // Eight bits of grey.
    let head = [size.as_slice(), &size, &[8, 0, 0, 0, 0]].concat();
    let mut out = b"\x89PNG\r\n\x1a\n".to_vec();
    chunk(&mut out, b"IHDR", &head);
    chunk(&mut out, b"IDAT", &packer.finish().unwrap_or_default());
    chunk(&mut out, b"IEND", &[]);
    out
}

fn chunk(out: &mut Vec<u8>, kind: &[u8; 4], data: &[u8]) {
    let mut crc = Crc::new();
    crc.update(kind);
    crc.update(data);
    out.extend_from_slice(&u32::try_from(data.len()).unwrap_or(0).to_be_bytes());
    out.extend_from_slice(kind);
    out.extend_from_slice(data);
    out.extend_from_slice(&crc.sum().to_be_bytes());
}
