//! What `decnet sniffer --pcap` does, on one core: a capture that is made up, read again and again until about a
//! gigabyte has passed.

use crate::table::Row;
use anyhow::{Context as _, Result, ensure};
use decnet_sensors::{
    Sensor,
    capture::{Capture, CaptureWriter},
};
use std::time::Instant;

/// Bytes that pass in all, and of one capture.
const WHOLE: u64 = 1 << 30;
const CAPTURE: usize = 64 << 20;
/// Bytes that a segment of a transfer carries, and segments of one connection: a page, and what a scanner says.
const SIZES: [(&str, usize, u32); 2] =
    [("segments of 1,448 bytes", 1448, 40), ("segments of 64 bytes", 64, 8)];
/// Between two frames, in µs.
const STEP: i64 = 3;
/// 24 November 2025, 16:00 UTC.
const START: i64 = 1_764_000_000_000_000;
const FIN: u8 = 1;
const SYN: u8 = 2;
const PUSH: u8 = 8;
const ACK: u8 = 16;

/// Measures each size.
pub(crate) fn measure() -> Result<Vec<Row>> {
    SIZES.iter().map(|(name, size, segments)| of(name, *size, *segments)).collect()
}

#[expect(clippy::cast_precision_loss, reason = "a rate for people")]
fn of(name: &str, size: usize, segments: u32) -> Result<Row> {
    let capture = made(size, segments)?;
    let rounds = WHOLE.div_ceil(capture.len() as u64);
    let (mut packets, mut bytes, mut found) = (0_u64, 0_u64, Vec::new());
    let begun = Instant::now();
    for round in 0..rounds {
        let mut sensor = Sensor::new(round);
        let mut input = Capture::open(&capture[..]).context("read a capture")?;
        while let Some(frame) = input.next_frame().context("read a frame")? {
            sensor.take(frame.at, frame.link, frame.bytes, &mut found);
        }
        sensor.finish(&mut found);
        packets += sensor.seen().packets;
        bytes += sensor.seen().bytes;
        ensure!(!found.is_empty(), "nothing was found");
        found.clear();
    }
    let seconds = begun.elapsed().as_secs_f64();
    let rate = bytes as f64 * 8.0 / 1e9 / seconds;
    let each = seconds * 1e9 / packets as f64;
    let note = format!("{:.2} GB of captures; {each:.0} ns a packet", bytes as f64 / 1e9);
    Ok(Row::rate(format!("sniffer on a capture, {name}"), "Gbit/s per core", rate).note(note))
}

/// A capture of connections one after the other, sixteen at a time, of many hosts to one.
fn made(size: usize, segments: u32) -> Result<Vec<u8>> {
    let mut writer = CaptureWriter::new(Vec::with_capacity(CAPTURE + (1 << 20))).context("make a capture")?;
    let (mut written, mut at, mut first) = (0, START, 0_u32);
    while written < CAPTURE {
        for turn in 0..segments + 5 {
            for peer in first..first + 16 {
                let frame = frame(peer, turn, segments, size);
                writer.frame(at, &frame).context("make a capture")?;
                written += frame.len() + 16;
                at += STEP;
            }
        }
        first = first.wrapping_add(16);
    }
    writer.finish().context("make a capture")
}

/// Frame `turn` of the connection of a peer: its handshake, what both say, its end.
fn frame(peer: u32, turn: u32, segments: u32, size: usize) -> Vec<u8> {
    let carried = u32::try_from(size).unwrap_or(u32::MAX);
    let said = |segments: u32| 1001_u32.wrapping_add(segments.wrapping_mul(carried));
    let (inward, flags, sequence, length) = match turn {
        0 => (true, SYN, 1000, 0),
        1 => (false, SYN | ACK, 5000, 0),
        2 => (true, ACK, 1001, 0),
        turn if turn < segments + 3 => (true, PUSH | ACK, said(turn - 3), size),
        turn if turn == segments + 3 => (true, FIN | ACK, said(segments), 0),
        _ => (false, FIN | ACK, 5001, 0),
    };
    let (host, node) = ([10, 0, 0, 0], [192, 0, 2, 9]);
    let host = (u32::from_be_bytes(host) | (peer & 0xff_ffff)).to_be_bytes();
    let port = 32_768 | u16::try_from(peer >> 8 & 0x7fff).unwrap_or_default();
    let ((from, to), ports) =
        if inward { ((host, node), (port, 80)) } else { ((node, host), (80_u16, port)) };
    let options: &[u8] = &[1, 1, 8, 10, 0, 0, 16, 0, 0, 0, 16, 0];
    let total = u16::try_from(20 + 20 + options.len() + length).unwrap_or(u16::MAX);
    let mut bytes = Vec::with_capacity(14 + usize::from(total));
    bytes.extend([2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0, 0x45, 0]);
    bytes.extend(total.to_be_bytes());
    bytes.extend([0, 1, 0x40, 0, 64, 6, 0, 0]);
    bytes.extend(from);
    bytes.extend(to);
    bytes.extend(ports.0.to_be_bytes());
    bytes.extend(ports.1.to_be_bytes());
    bytes.extend(u32::to_be_bytes(sequence));
    let acknowledged: u32 = match (inward, turn) {
        (true, 0) => 0,
        (true, _) => 5001,
        (false, _) => 1001,
    };
    bytes.extend(acknowledged.to_be_bytes());
    bytes.extend([0x80, flags, 0xfa, 0xf0, 0, 0, 0, 0]);
    bytes.extend(options);
    bytes.resize(bytes.len() + length, b'x');
    bytes
}
