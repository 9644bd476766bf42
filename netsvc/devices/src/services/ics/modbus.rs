//! Modbus over TCP (MODBUS Messaging on TCP/IP Implementation Guide 1.0b; Application Protocol 1.1b3).

use super::{
    device::{Brand, Site},
    peer::Peer,
    plant::Space,
};
use crate::bytes::Reader;
use netsvc_kit::{Gathered, Host, Input, Link, Machine, Out, Pieces};
use std::sync::Arc;

/// Bytes before the unit: transaction, protocol, length.
const HEAD: usize = 6;
/// Longest of unit, function and data.
const LONGEST: usize = 254;
/// Registers and bits that are there.
const WORDS: u16 = 256;
const BITS: u16 = 64;

/// Why a request is refused (Application Protocol, 7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Exception {
    Function = 1,
    Address = 2,
    Value = 3,
    Target = 11,
}

/// A connection.
struct Stream {
    peer: Peer,
    site: Arc<Site>,
    input: Gathered,
}

/// What a request is called, and its answer.
struct Done {
    what: String,
    answer: Result<Vec<u8>, Exception>,
}

/// A connection's machine.
pub(super) fn open(host: &Arc<Host>, link: &Link) -> Box<dyn Machine> {
    Box::new(Pieces::of(HEAD + LONGEST, Stream::new(host, link)))
}

impl Stream {
    fn new(host: &Arc<Host>, link: &Link) -> Stream {
        Stream {
            peer: Peer::new(host, link),
            site: Site::of(host),
            input: Gathered::new(2 * (HEAD + LONGEST)),
        }
    }

    /// Takes one request; false when more bytes are needed for it.
    fn turn(&mut self, out: &mut Out) -> bool {
        let mut head = Reader::new(self.input.bytes());
        let (Some(transaction), Some(protocol), Some(length)) = (head.word(), head.word(), head.word())
        else {
            return false;
        };
        let length = usize::from(length);
        if protocol != 0 || !(2..=LONGEST).contains(&length) {
            Peer::malformed("header", self.input.bytes(), out);
            out.close();
            return false;
        }
        if self.input.len() < HEAD + length {
            return false;
        }
        self.input.skip(HEAD);
        let request = self.input.take(length);
        if let Some((unit, answer)) = self.answer(&request, out) {
            let length = u16::try_from(answer.len() + 1).unwrap_or_default();
            out.send([transaction, 0, length].map(u16::to_be_bytes).concat());
            out.send([&[unit][..], &answer].concat());
        }
        true
    }

    /// The unit, and what it answers; `None`: nothing.
    fn answer(&mut self, request: &[u8], out: &mut Out) -> Option<(u8, Vec<u8>)> {
        let (unit, rest) = request.split_first()?;
        let (function, data) = rest.split_first()?;
        let done = match self.site.device.brand {
            // A station on its line does not answer for others.
            Brand::Ace3600 if ![1, 255].contains(unit) => return None,
            Brand::Modicon if ![0, 1, 255].contains(unit) => {
                Done { what: format!("function {function}"), answer: Err(Exception::Target) }
            }
            _ => self.perform(*function, data),
        };
        let accepted = done.answer.is_ok();
        let detail = if accepted { String::new() } else { format!(" exception {}", code(&done.answer)) };
        Peer::command(&format!("modbus unit {unit} {}{detail}", done.what), accepted, out);
        let answer = match done.answer {
            Ok(answer) => [&[*function][..], &answer].concat(),
            Err(exception) => vec![*function | 0x80, exception as u8],
        };
        Some((*unit, answer))
    }

    fn perform(&self, function: u8, data: &[u8]) -> Done {
        let mut reader = Reader::new(data);
        let own = |what: &str, answer| Done { what: what.to_owned(), answer };
        let siemens = self.site.device.brand == Brand::Simatic;
        match function {
            1..=4 => self.read(function, &mut reader),
            5 => self.write_coil(&mut reader),
            6 => self.write_word(&mut reader),
            8 if !siemens => {
                // Return query data; the counters of a serial line are not there.
                let (sub, rest) = (reader.word(), reader.rest());
                let what = format!("diagnostics {} {}", sub.unwrap_or_default(), hex::encode(rest));
                let answer = if sub == Some(0) { Ok(data.to_vec()) } else { Err(Exception::Value) };
                Done { what, answer }
            }
            15 => self.write_coils(&mut reader),
            16 => self.write_words("write_multiple_registers", &mut reader),
            22 if !siemens => self.mask(&mut reader),
            23 if !siemens => self.read_write(&mut reader),
            43 if !siemens => own("read_device_identification", self.identify(&mut reader)),
            _ => Done {
                what: format!("function {function} {}", hex::encode(data)),
                answer: Err(Exception::Function),
            },
        }
    }

    fn read(&self, function: u8, reader: &mut Reader<'_>) -> Done {
        let (start, count) = (reader.word().unwrap_or_default(), reader.word().unwrap_or_default());
        let name = match function {
            1 => "read_coils",
            2 => "read_discrete_inputs",
            3 => "read_holding_registers",
            _ => "read_input_registers",
        };
        let what = format!("{name} {start} {count}");
        let bits = function < 3;
        let (most, there) = if bits { (2000, BITS) } else { (125, WORDS) };
        let answer = check(start, count, most, there).map(|()| {
            let values = if bits { self.bits(function == 2, start, count) } else { self.words(start, count) };
            [&[u8::try_from(values.len()).unwrap_or_default()][..], &values].concat()
        });
        Done { what, answer }
    }

    fn words(&self, start: u16, count: u16) -> Vec<u8> {
        let from = start.saturating_mul(2);
        let ats = from..from.saturating_add(count.saturating_mul(2));
        self.peer.look(&self.site, |plant, second, deeds| {
            ats.map(|at| plant.byte(Space::Process, at, second, deeds)).collect()
        })
    }

    fn bits(&self, inputs: bool, start: u16, count: u16) -> Vec<u8> {
        let space = if inputs { Space::Inputs } else { Space::Marks };
        let bits: Vec<bool> = self.peer.look(&self.site, |plant, second, deeds| {
            let bit = |at: u16| plant.byte(space, at / 8, second, deeds) >> (at % 8) & 1 == 1;
            (start..start.saturating_add(count)).map(bit).collect()
        });
        bits.chunks(8)
            .map(|eight| eight.iter().rev().fold(0, |byte, bit| byte << 1 | u8::from(*bit)))
            .collect()
    }

    fn write_coil(&self, reader: &mut Reader<'_>) -> Done {
        let (at, value) = (reader.word().unwrap_or_default(), reader.word().unwrap_or(1));
        let what = format!("write_single_coil {at} {value:04x}");
        let answer = match value {
            0 | 0xff00 => check(at, 1, 1, BITS).map(|()| {
                self.peer.set_bit(&self.site, Space::Marks, at, value != 0);
                [at, value].map(u16::to_be_bytes).concat()
            }),
            _ => Err(Exception::Value),
        };
        Done { what, answer }
    }

    fn write_coils(&self, reader: &mut Reader<'_>) -> Done {
        let (start, count) = (reader.word().unwrap_or_default(), reader.word().unwrap_or_default());
        let bytes = reader.byte().map_or(0, usize::from);
        let values = reader.rest();
        let what = format!("write_multiple_coils {start} {count} {}", hex::encode(values));
        let whole = bytes == values.len() && bytes == usize::from(count).div_ceil(8);
        let answer = check(start, count, 1968, BITS).and_then(|()| {
            if !whole {
                return Err(Exception::Value);
            }
            for at in 0..count {
                let byte = values.get(usize::from(at / 8)).copied().unwrap_or_default();
                self.peer.set_bit(&self.site, Space::Marks, start + at, byte >> (at % 8) & 1 == 1);
            }
            Ok([start, count].map(u16::to_be_bytes).concat())
        });
        Done { what, answer }
    }

    fn write_word(&self, reader: &mut Reader<'_>) -> Done {
        let (at, value) = (reader.word().unwrap_or_default(), reader.word());
        let what = format!("write_single_register {at} {}", value.unwrap_or_default());
        let answer = match value {
            Some(value) => check(at, 1, 1, WORDS).map(|()| {
                self.peer.write(&self.site, Space::Process, at * 2, &value.to_be_bytes());
                [at, value].map(u16::to_be_bytes).concat()
            }),
            None => Err(Exception::Value),
        };
        Done { what, answer }
    }

    fn write_words(&self, name: &str, reader: &mut Reader<'_>) -> Done {
        let (start, count) = (reader.word().unwrap_or_default(), reader.word().unwrap_or_default());
        let bytes = reader.byte().map_or(0, usize::from);
        let values = reader.rest();
        let what = format!("{name} {start} {count} {}", hex::encode(values));
        let whole = bytes == values.len() && bytes == usize::from(count) * 2;
        let answer = check(start, count, 123, WORDS).and_then(|()| {
            if !whole {
                return Err(Exception::Value);
            }
            self.peer.write(&self.site, Space::Process, start * 2, values);
            Ok([start, count].map(u16::to_be_bytes).concat())
        });
        Done { what, answer }
    }

    fn mask(&self, reader: &mut Reader<'_>) -> Done {
        let (at, and, or) = (reader.word(), reader.word(), reader.word());
        let (Some(at), Some(and), Some(or)) = (at, and, or) else {
            return Done { what: "mask_write_register".to_owned(), answer: Err(Exception::Value) };
        };
        let answer = check(at, 1, 1, WORDS).map(|()| {
            let old = self.words(at, 1).first_chunk().map_or(0, |word| u16::from_be_bytes(*word));
            let new = old & and | or & !and;
            self.peer.write(&self.site, Space::Process, at * 2, &new.to_be_bytes());
            [at, and, or].map(u16::to_be_bytes).concat()
        });
        Done { what: format!("mask_write_register {at} {and:04x} {or:04x}"), answer }
    }

    fn read_write(&self, reader: &mut Reader<'_>) -> Done {
        let (start, count) = (reader.word().unwrap_or_default(), reader.word().unwrap_or_default());
        let written = self.write_words("read_write_multiple_registers", reader);
        let what = format!("{} read {start} {count}", written.what);
        let answer = written.answer.and_then(|_| check(start, count, 125, WORDS)).map(|()| {
            let values = self.words(start, count);
            [&[u8::try_from(values.len()).unwrap_or_default()][..], &values].concat()
        });
        Done { what, answer }
    }

    /// Function 43, 14: who made the device (Application Protocol, 6.21).
    fn identify(&self, reader: &mut Reader<'_>) -> Result<Vec<u8>, Exception> {
        let (Some(14), Some(code), Some(first)) = (reader.byte(), reader.byte(), reader.byte()) else {
            return Err(Exception::Value);
        };
        let device = &self.site.device;
        let texts = [device.maker.as_str(), device.model.as_str(), device.revision.as_str()];
        let objects: Vec<(u8, &str)> = (0..).zip(texts).collect();
        let told: Vec<_> = match code {
            // All of a stream; an object that is not there begins it anew.
            1..=3 => objects.into_iter().skip(if first < 3 { usize::from(first) } else { 0 }).collect(),
            4 => {
                let one: Vec<_> = objects.into_iter().filter(|(id, _)| *id == first).collect();
                if one.is_empty() {
                    return Err(Exception::Address);
                }
                one
            }
            _ => return Err(Exception::Value),
        };
        let mut answer = vec![14, code, 0x81, 0, 0, u8::try_from(told.len()).unwrap_or_default()];
        for (id, text) in told {
            answer.extend([id, u8::try_from(text.len()).unwrap_or_default()]);
            answer.extend(text.as_bytes());
        }
        Ok(answer)
    }
}

fn code(answer: &Result<Vec<u8>, Exception>) -> u8 {
    answer.as_ref().err().map_or(0, |exception| *exception as u8)
}

/// Whether there are `count`, at most `most` at a time, from `start` on among those that are there.
fn check(start: u16, count: u16, most: u16, there: u16) -> Result<(), Exception> {
    if count == 0 || most < count {
        return Err(Exception::Value);
    }
    let fits = start.checked_add(count).is_some_and(|end| end <= there);
    if fits { Ok(()) } else { Err(Exception::Address) }
}

impl Machine for Stream {
    fn step(&mut self, input: Input<'_>, out: &mut Out) {
        match input {
            Input::Open => {}
            Input::Eof => out.close(),
            Input::Bytes(piece) => {
                if self.input.push(piece).is_err() {
                    return out.close();
                }
                while !out.closing() && !out.full() && self.turn(out) {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{SERVICE, device::tests_site};
    use super::*;
    use netsvc_kit::testing;

    fn ask(system: &str, request: &[u8]) -> Vec<u8> {
        let folder = tempfile::tempdir().unwrap();
        let host = tests_site(system, folder.path());
        let mut stream = open(&host, &testing::link(502));
        let mut out = Out::default();
        let length = u8::try_from(request.len()).unwrap();
        stream.step(Input::Bytes(&[&[0, 7, 0, 0, 0, length], request].concat()), &mut out);
        assert_eq!(SERVICE.slug, "ics");
        testing::sent(&out.take()).get(6..).unwrap_or_default().to_vec()
    }

    #[test]
    fn functions_answer_as_the_standard_says() {
        for (request, answer) in [
            ("0103000a0002", "010304033401 5e"),
            ("01060014abcd", "01060014abcd"),
            ("01100014000204 00010002", "011000140002"),
            ("0116000a00f20025", "0116000a00f20025"),
            ("010500010000", "010500010000"),
            ("010500011234", "018503"),
            ("010300ff0002", "018302"),
            ("010300000000", "018303"),
            ("01030000007e", "018303"),
            ("0142", "01c201"),
            ("05030000 0001", "05830b"),
            ("01080000 a5a5", "01080000a5a5"),
            ("0110000000020100", "019003"),
            ("012b0e0100", "012b0e018100000301020d"),
        ] {
            let bytes = |text: &str| hex::decode(text.replace(' ', "")).unwrap();
            let said = ask("modicon_plc", &bytes(request));
            if request == "012b0e0100" {
                assert!(String::from_utf8_lossy(&said).contains("Schneider Electric"), "{said:?}");
                continue;
            }
            assert_eq!(hex::encode(said), hex::encode(bytes(answer)), "{request}");
        }
        assert_eq!(ask("rtu", &[5, 3, 0, 0, 0, 1]), b"");
        assert_eq!(ask("siemens_plc", &[0, 43, 14, 1, 0]), [0, 0xab, 1]);
    }

    #[test]
    fn what_is_written_is_read_back_and_the_pump_obeys() {
        let folder = tempfile::tempdir().unwrap();
        let host = tests_site("modicon_plc", folder.path());
        let mut stream = open(&host, &testing::link(502));
        let mut say = |request: &[u8]| {
            let mut out = Out::default();
            let length = u8::try_from(request.len()).unwrap();
            stream.step(Input::Bytes(&[&[0, 7, 0, 0, 0, length], request].concat()), &mut out);
            testing::sent(&out.take()).get(7..).unwrap_or_default().to_vec()
        };
        say(&[1, 6, 0, 40, 0xab, 0xcd]);
        assert_eq!(say(&[1, 3, 0, 40, 0, 1]), [3, 2, 0xab, 0xcd]);
        say(&[1, 22, 0, 40, 0xf0, 0xf0, 0, 5]);
        assert_eq!(say(&[1, 3, 0, 40, 0, 1]), [3, 2, 0xa0, 0xc5]);
        assert_eq!(say(&[1, 23, 0, 41, 0, 1, 0, 41, 0, 1, 2, 1, 2]), [23, 2, 1, 2]);
        say(&[1, 15, 0, 0, 0, 2, 1, 0b10]);
        assert_eq!(say(&[1, 2, 0, 0, 0, 2]), [2, 1, 0b10], "by hand, and running");
        say(&[1, 5, 0, 1, 0, 0]);
        assert_eq!(say(&[1, 4, 0, 5, 0, 1]), [4, 2, 0, 0], "it stands still");
    }
}
