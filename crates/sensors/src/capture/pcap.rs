//! pcap: a head, then a head of 16 bytes before each frame.

use super::{CaptureError, FRAME_MAX, Input, Link, Order};
use netsvc_wire::stamp::Micros;
use std::{io::Read, ops::Range};

/// Magic numbers: with microseconds and with nanoseconds.
const MICROS: u32 = 0xa1b2_c3d4;
const NANOS: u32 = 0xa1b2_3c4d;

/// What the head of a file says.
pub(super) struct Head {
    order: Order,
    nanos: bool,
    link: Link,
}

impl Head {
    /// Reads the rest of the head after `magic`; `None`: it is another form of file.
    pub(super) fn read<R: Read>(magic: [u8; 4], input: &mut Input<R>) -> Result<Option<Head>, CaptureError> {
        let found = [Order::Little, Order::Big].into_iter().find_map(|order| match order.number32(magic) {
            MICROS => Some((order, false)),
            NANOS => Some((order, true)),
            _ => None,
        });
        let Some((order, nanos)) = found else { return Ok(None) };
        let Some(rest) = input.array::<20>()? else { return Err(CaptureError::Unknown) };
        // The upper half may say how long check sequences are.
        let link = u16::try_from(order.at32(&rest, 16) & 0xffff).unwrap_or_default();
        Ok(Some(Head { order, nanos, link: Link::of(link) }))
    }

    /// The next frame: when, how it begins, and where in the buffer.
    pub(super) fn next<R: Read>(
        &mut self,
        input: &mut Input<R>,
    ) -> Result<Option<(Micros, Link, Range<usize>)>, CaptureError> {
        let Some(head) = input.array::<16>()? else { return Ok(None) };
        let number = |at| self.order.at32(&head, at);
        let length = usize::try_from(number(8)).unwrap_or(usize::MAX);
        if FRAME_MAX < length {
            return Err(input.broken("it is longer than frames are"));
        }
        let fraction = i64::from(number(4)) / if self.nanos { 1000 } else { 1 };
        let at = i64::from(number(0)) * 1_000_000 + fraction;
        if !input.take(length)? {
            input.cut = true;
            return Ok(None);
        }
        Ok(Some((at, self.link, 0..length)))
    }
}
