//! pcapng: blocks, of which those with frames and with interfaces matter.

use super::{CaptureError, FRAME_MAX, Input, Link, Order};
use netsvc_wire::stamp::Micros;
use std::{io::Read, ops::Range};

const SECTION: u32 = 0x0a0d_0d0a;
const INTERFACE: u32 = 1;
const SIMPLE: u32 = 3;
const ENHANCED: u32 = 6;
const MAGIC: u32 = 0x1a2b_3c4d;
/// Interfaces of a section that are known.
const INTERFACES: usize = 1024;
/// Longest block: one with the longest frame, and its options.
const BLOCK_MAX: usize = FRAME_MAX + 64 * 1024;
/// Option of an interface: the unit of its times.
const UNIT: u16 = 9;

/// A section, and what it has said so far.
pub(super) struct Section {
    order: Order,
    interfaces: Vec<Interface>,
    last: Micros,
}

#[derive(Clone, Copy)]
struct Interface {
    link: Link,
    /// Units of time in a second.
    units: u64,
}

impl Section {
    /// Reads the block that `magic` begins; `None`: it is another form of file.
    pub(super) fn read<R: Read>(magic: [u8; 4], input: &mut Input<R>) -> Result<Option<Self>, CaptureError> {
        if u32::from_be_bytes(magic) != SECTION {
            return Ok(None);
        }
        let Some(length) = input.array::<4>()? else { return Err(CaptureError::Unknown) };
        let mut section = Section { order: Order::Little, interfaces: Vec::new(), last: 0 };
        section.begin(length, input)?;
        Ok(Some(section))
    }

    /// The rest of a section's first block, whose length is in an order that only comes after it.
    fn begin<R: Read>(&mut self, length: [u8; 4], input: &mut Input<R>) -> Result<(), CaptureError> {
        let Some(magic) = input.array::<4>()? else { return Err(CaptureError::Unknown) };
        self.order = match (u32::from_le_bytes(magic), u32::from_be_bytes(magic)) {
            (MAGIC, _) => Order::Little,
            (_, MAGIC) => Order::Big,
            _ => return Err(input.broken("its section has no byte order")),
        };
        self.interfaces.clear();
        let length = usize::try_from(self.order.number32(length)).unwrap_or(usize::MAX);
        let rest = length.checked_sub(12).filter(|rest| *rest <= BLOCK_MAX);
        let rest = rest.ok_or_else(|| input.broken("its section has no such length"))?;
        input.take(rest).map(drop)
    }

    /// The next frame: when, how it begins, and where in the buffer.
    pub(super) fn next<R: Read>(
        &mut self,
        input: &mut Input<R>,
    ) -> Result<Option<(Micros, Link, Range<usize>)>, CaptureError> {
        loop {
            let Some(kind) = input.array::<4>()? else { return Ok(None) };
            let Some(length) = input.array::<4>()? else { return Ok(None) };
            if u32::from_be_bytes(kind) == SECTION {
                self.begin(length, input)?;
                continue;
            }
            let (kind, length) = (self.order.number32(kind), self.order.number32(length));
            let body = usize::try_from(length).ok().and_then(|length| length.checked_sub(8));
            let body = body.filter(|body| (4..=BLOCK_MAX).contains(body) && length % 4 == 0);
            let body = body.ok_or_else(|| input.broken("its block has no such length"))?;
            if !input.take(body)? {
                input.cut = true;
                return Ok(None);
            }
            // The length comes again at the end.
            let body = body - 4;
            match kind {
                INTERFACE => self.interface(input.taken().get(..body).unwrap_or_default()),
                ENHANCED => {
                    if let Some(frame) = self.enhanced(input, body)? {
                        return Ok(Some(frame));
                    }
                }
                SIMPLE => {
                    if let Some(frame) = self.simple(input, body) {
                        return Ok(Some(frame));
                    }
                }
                _ => {}
            }
        }
    }

    fn interface(&mut self, block: &[u8]) {
        let order = self.order;
        let mut units = 1_000_000;
        let mut options = block.get(8..).unwrap_or_default();
        while options.len() >= 4 {
            let (kind, length) = (order.at16(options, 0), usize::from(order.at16(options, 2)));
            let value = options.get(4..4 + length).unwrap_or_default();
            if let (UNIT, Some(exponent)) = (kind, value.first()) {
                let power = u32::from(exponent & 0x7f);
                let base: u64 = if exponent & 0x80 == 0 { 10 } else { 2 };
                units = base.checked_pow(power).unwrap_or(1_000_000);
            }
            if kind == 0 {
                break;
            }
            options = options.get(4 + length.next_multiple_of(4)..).unwrap_or_default();
        }
        if self.interfaces.len() < INTERFACES {
            self.interfaces.push(Interface { link: Link::of(order.at16(block, 0)), units });
        }
    }

    fn enhanced<R: Read>(
        &mut self,
        input: &Input<R>,
        body: usize,
    ) -> Result<Option<(Micros, Link, Range<usize>)>, CaptureError> {
        let order = self.order;
        let block = input.taken().get(..body).unwrap_or_default();
        let number = |at| order.at32(block, at);
        let length = usize::try_from(number(12)).unwrap_or(usize::MAX);
        if FRAME_MAX < length || body < 20_usize.saturating_add(length) {
            return Err(input.broken("it is longer than its block"));
        }
        let index = usize::try_from(number(0)).unwrap_or(usize::MAX);
        let Some(interface) = self.interfaces.get(index) else { return Ok(None) };
        let ticks = u128::from(number(4)) << 32 | u128::from(number(8));
        let at = ticks * 1_000_000 / u128::from(interface.units.max(1));
        self.last = Micros::try_from(at).unwrap_or(self.last);
        Ok(Some((self.last, interface.link, 20..20 + length)))
    }

    /// A frame without a time has that of the one before it.
    fn simple<R: Read>(&self, input: &Input<R>, body: usize) -> Option<(Micros, Link, Range<usize>)> {
        let whole = usize::try_from(self.order.at32(input.taken(), 0)).unwrap_or(usize::MAX);
        let length = whole.min(body.checked_sub(4)?);
        (length <= FRAME_MAX).then_some((self.last, self.interfaces.first()?.link, 4..4 + length))
    }
}
